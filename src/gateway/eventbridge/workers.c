/* Workers, their channels and their reservations. */
#include "gateway/eventbridge/internal.h"

#include <string.h>

static bool is_own(const struct call *c)
{
    return str_eq(c->sids[1], c->op->who.worker_sid);
}

static uint64_t token_hash(const struct call *c)
{
    return hash_bytes(c->envelope.token, strlen(c->envelope.token));
}

static int64_t untold(struct call *c)
{
    return is_own(c) ? session_untold(c->bridge, c->sids[1], token_hash(c)) : 0;
}

fault_t call_worker(struct call *c, bool directory, struct worker **out)
{
    void *row = NULL;
    fault_t f = NULL;

    if (!is_own(c) && !c->elevated && !directory)
        f = refuse(c->op, F_FORBIDDEN, "This token is for worker %s, not for %.64s", c->op->who.worker_sid, c->sids[1]);
    f = f ? f : call_find(c, &worker_kind, c->sids[1], &row);
    *out = row;
    return f;
}

static void answer_worker(struct call *c, const struct worker *w)
{
    struct json_out o;

    struct stamp s = stamp_of(c->op->tx, w);

    s.version -= untold(c);
    json_begin(&o, c->op->arena);
    worker_json(&o, w, row_find(c->op->tx, &activity_kind, w->activity_sid), s);
    call_answer(c, &o);
}

fault_t worker_fetch(struct call *c)
{
    struct worker *w;
    fault_t f = call_worker(c, true, &w);

    if (!f)
        answer_worker(c, w);
    return f;
}

static fault_t take_activity(struct call *c, struct worker *w, bool *reject)
{
    const char *sid = call_param(c, "ActivitySid"), *text = call_param(c, "RejectPendingReservations");
    const struct activity *a = sid ? row_find(c->op->tx, &activity_kind, sid) : NULL;

    if (text)
        (void)str_to_bool(text, reject);
    if (!sid)
        return NULL;
    if (!a || !str_eq(a->workspace_sid, w->workspace_sid))
        return refuse(c->op, F_INVALID_PARAMETER, "ActivitySid '%.64s' is not an activity of workspace %s", sid,
                      w->workspace_sid);
    row_set(c->op->tx, w, &w->activity_sid, sid);
    return NULL;
}

fault_t worker_update(struct call *c)
{
    struct tx *tx = c->op->tx;
    struct worker *w;
    const char *attributes = NULL;
    bool reject = false;
    fault_t f = call_worker(c, false, &w);

    if (!f && is_own(c)) /* a supervisor's client sends its own version with somebody else's change */
        f = call_version(c, w->version - untold(c));
    f = f ? f : call_attributes(c, &worker_kind, &attributes);
    if (f)
        return f;
    row_edit(tx, w);
    f = take_activity(c, w, &reject);
    if (!f && attributes)
        row_set(tx, w, &w->attributes, attributes);
    f = f ? f : worker_changed(c->bridge->engine, tx, w, row_was(tx, w), reject);
    if (!f)
        answer_worker(c, w);
    return f;
}

/* --- lists of one worker: short, and from memory ------------------------------------------------------------------ */

struct gathered {
    struct arena *arena;
    void **rows;
    size_t n, cap;
};

static void gather(struct gathered *g, void *row)
{
    if (g->n == g->cap) {
        size_t cap = g->cap ? 2 * g->cap : 16;
        void **rows = arena_alloc(g->arena, cap * sizeof(*rows));
        if (g->n)
            memcpy(rows, g->rows, g->n * sizeof(*rows));
        g->rows = rows;
        g->cap = cap;
    }
    g->rows[g->n++] = row;
}

static void gather_channel(void *arg, struct worker_channel *row)
{
    gather(arg, row);
}

static void gather_reservation(void *arg, struct reservation *row)
{
    gather(arg, row);
}

static const char *sid_of(const struct kind *k, const void *row)
{
    return *field_text(field_flagged(k, KEY), row);
}

/* The page of PageSize rows behind AfterSid: [*from, *to). */
static fault_t page_of(struct call *c, const struct kind *k, const struct gathered *g, size_t *from, size_t *to)
{
    const char *after = call_param(c, "AfterSid"), *text = call_param(c, "PageSize");
    int64_t size = PAGE_DEFAULT;

    if (text && (!str_to_int(text, &size) || size < 1 || size > PAGE_MAX))
        return refuse(c->op, F_INVALID_PARAMETER, "PageSize '%.32s' is not between 1 and %d", text, PAGE_MAX);
    *from = 0;
    if (after) {
        while (*from < g->n && strcmp(sid_of(k, g->rows[*from]), after) != 0)
            ++*from;
        if (*from == g->n)
            return refuse(c->op, F_INVALID_PARAMETER, "AfterSid '%.64s' is not in this list", after);
        ++*from;
    }
    *to = g->n - *from > (size_t)size ? *from + (size_t)size : g->n;
    return NULL;
}

static void close_page(struct call *c, struct json_out *o, const char *after_sid)
{
    json_close(o, ']');
    json_pair_str(o, "after_sid", after_sid);
    json_pair_raw(o, "meta", "{\"next_token\":null}");
    json_close(o, '}');
    call_answer(c, o);
}

static void open_page(struct call *c, struct json_out *o)
{
    json_begin(o, c->op->arena);
    json_open(o, '{');
    json_key(o, "contents");
    json_open(o, '[');
}

fault_t worker_channels(struct call *c)
{
    struct gathered g = { .arena = c->op->arena };
    struct worker *w;
    struct json_out o;
    size_t from, to;
    fault_t f = call_worker(c, false, &w);

    if (f)
        return f;
    routing_each_channel_of_worker(c->bridge->engine, c->op->tx, w->sid, gather_channel, &g);
    f = page_of(c, &worker_channel_kind, &g, &from, &to);
    if (f)
        return f;
    open_page(c, &o);
    for (size_t i = from; i < to; i++)
        channel_json(&o, c->bridge->engine, c->op->tx, g.rows[i]);
    close_page(c, &o, to < g.n ? sid_of(&worker_channel_kind, g.rows[to - 1]) : NULL);
    return NULL;
}

/* Open ones only, whatever is asked for: the SDK keeps no others. */
fault_t worker_reservations(struct call *c)
{
    struct gathered g = { .arena = c->op->arena };
    struct tx *tx = c->op->tx;
    struct worker *w;
    struct json_out o;
    size_t from, to;
    fault_t f = call_worker(c, false, &w);

    if (f)
        return f;
    routing_each_reservation_of_worker(c->bridge->engine, tx, w->sid, gather_reservation, &g);
    f = page_of(c, &reservation_kind, &g, &from, &to);
    if (f)
        return f;
    open_page(c, &o);
    for (size_t i = from; i < to; i++) {
        const struct reservation *r = g.rows[i];
        reservation_json(&o, c->bridge->engine, tx, r, row_find(tx, &task_kind, r->task_sid));
    }
    close_page(c, &o, to < g.n ? sid_of(&reservation_kind, g.rows[to - 1]) : NULL);
    if (is_own(c) && !from)
        session_listed(c->bridge, w->sid, token_hash(c), (struct reservation *const *)g.rows, g.n);
    return NULL;
}

/* --- reservations ------------------------------------------------------------------------------------------------- */

static fault_t find_reservation(struct call *c, struct reservation **out)
{
    struct worker *w;
    void *row = NULL;
    fault_t f = call_worker(c, false, &w);

    f = f ? f : call_find(c, &reservation_kind, c->sids[2], &row);
    *out = row;
    if (!f && !str_eq((*out)->worker_sid, w->sid))
        f = refuse(c->op, F_NOT_FOUND, "Reservation %.64s of worker %s was not found", c->sids[2], w->sid);
    return f;
}

fault_t reservation_fetch(struct call *c)
{
    struct reservation *r;
    struct json_out o;
    fault_t f = find_reservation(c, &r);
    const struct task *t = f ? NULL : row_find(c->op->tx, &task_kind, r->task_sid);

    if (!f && !t) /* the client has no use for one without */
        f = refuse(c->op, F_NOT_FOUND, "The task of reservation %s was not found", r->sid);
    if (f)
        return f;
    json_begin(&o, c->op->arena);
    reservation_json(&o, c->bridge->engine, c->op->tx, r, t);
    call_answer(c, &o);
    return NULL;
}

static fault_t parse_status(struct call *c, enum reservation_status *out)
{
    static const enum reservation_status possible[] = { RESERVATION_ACCEPTED, RESERVATION_REJECTED,
                                                        RESERVATION_WRAPPING, RESERVATION_COMPLETED };
    const char *text = call_param(c, "ReservationStatus");

    if (!text)
        return refuse(c->op, F_INVALID_PARAMETER, "Missing required parameter ReservationStatus");
    for (size_t i = 0; i < sizeof(possible) / sizeof(*possible); i++) {
        *out = possible[i];
        if (str_ieq(reservation_status_names[*out], text))
            return NULL;
    }
    return refuse(c->op, F_INVALID_PARAMETER,
                  "ReservationStatus '%.64s' is not one of: accepted, rejected, wrapping, completed", text);
}

fault_t reservation_update(struct call *c)
{
    struct tx *tx = c->op->tx;
    struct reservation *r;
    struct json_out o;
    enum reservation_status to = RESERVATION_PENDING;
    const char *instruction = call_param(c, "Instruction");
    fault_t f = find_reservation(c, &r);

    if (!f && !instruction)
        f = parse_status(c, &to);
    f = f ? f : call_version(c, r->version);
    if (!f && instruction)
        f = call_instruct(c, r, instruction);
    else if (!f)
        f = reservation_move(c->bridge->engine, tx, r, to, call_param(c, "WorkerActivitySid"));
    if (f)
        return f;
    json_begin(&o, c->op->arena);
    reservation_json(&o, c->bridge->engine, tx, r, NULL);
    call_answer(c, &o);
    return NULL;
}
