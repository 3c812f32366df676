/* Who hears of an event, and when.
 *
 * deliver() listens inside the transaction: there it decides who hears, and renders the payload as the rows are at this
 * moment. After the commit the frames go to their sessions; the sessions are flushed by a command of its own, because
 * all callbacks after a commit come before the replies of that batch.  From there a frame goes straight to the socket,
 * or, when it must wait, with the courier; while the courier holds one frame of a session, the others of that session
 * follow it. */
#include "gateway/eventbridge/internal.h"
#include "interaction/interaction.h"

#include <stdlib.h>
#include <string.h>

struct known {
    char sid[SID_SIZE];
};

/* An event on its way through the commit: in the command's arena. */
struct parcel {
    struct bridge *bridge;
    enum event_type type;
    const char *sid, *text;
    bool asked;
    const char *first_text; /* as the first SDK wants it; NULL: the same */
    size_t first_sdks;      /* how many of `to` want that */
    struct session **to;
    size_t n, cap;
};

/* --- what a client knows ------------------------------------------------------------------------------------------ */

static void learn(struct session *s, const char *sid)
{
    struct known *k;

    if (map_get(&s->known, sid))
        return;
    k = calloc(1, sizeof(*k));
    if (!k)
        abort();
    memcpy(k->sid, sid, strnlen(sid, SID_LENGTH)); /* the rest is zero */
    map_put(&s->known, k->sid, k);
}

void known_forget(struct session *s)
{
    void *k;

    for (size_t i = 0; (k = map_next(&s->known, &i));)
        free(k);
    map_clear(&s->known);
}

static bool is_end(enum event_type type)
{
    return type == EV_RESERVATION_REJECTED || type == EV_RESERVATION_TIMEOUT || type == EV_RESERVATION_CANCELED ||
           type == EV_RESERVATION_RESCINDED || type == EV_RESERVATION_COMPLETED;
}

/* The SDK throws at the application when it hears of an acceptance that it knows no reservation for. */
static bool may_hear(struct session *s, const struct frame *f)
{
    if (s->first_sdk)
        return true;
    if (f->type == EV_RESERVATION_CREATED) {
        if (map_get(&s->known, f->sid))
            return false; /* it was in the list already */
        learn(s, f->sid);
    } else if (f->type == EV_RESERVATION_ACCEPTED || f->type == EV_RESERVATION_WRAPUP) {
        return map_get(&s->known, f->sid) != NULL;
    } else if (is_end(f->type)) {
        free(map_remove(&s->known, f->sid));
    }
    return true;
}

/* --- flushing ----------------------------------------------------------------------------------------------------- */

void frames_free(struct link *list)
{
    for (LIST_EACH(l, list)) {
        list_remove(l);
        free(CONTAINER_OF(l, struct frame, link));
    }
}

static void dispatch(struct session *s, struct frame *f, int64_t now)
{
    if (f->after_reply && s->hold_until < now + REPLY_FIRST_MS)
        s->hold_until = now + REPLY_FIRST_MS;
    if (atomic_load(&s->travelling) || s->hold_until > now) {
        f->due = s->hold_until;
        atomic_fetch_add(&s->travelling, 1);
        courier_send(s->bridge->courier, f);
        return;
    }
    socket_send(s->socket, f->text, f->n, true);
    free(f);
}

static void flush_session(struct session *s, int64_t now)
{
    for (LIST_EACH(l, &s->out)) {
        list_remove(l);
        dispatch(s, CONTAINER_OF(l, struct frame, link), now);
    }
}

static void flush_all(struct bridge *b)
{
    int64_t now = steady_ms();

    while (!list_empty(&b->dirty)) {
        struct session *s = CONTAINER_OF(b->dirty.next, struct session, in_dirty);
        list_remove(&s->in_dirty);
        flush_session(s, now);
    }
}

static fault_t run_flush(struct tx *tx, struct command *c)
{
    struct bridge *b = CONTAINER_OF(c, struct bridge, flush);

    (void)tx;
    flush_all(b);
    return NULL;
}

static void ask_flush(struct bridge *b);

static void flush_done(struct command *c, fault_t f)
{
    struct bridge *b = CONTAINER_OF(c, struct bridge, flush);

    (void)f;
    arena_reset(c->arena);
    b->flushing = false;
    if (!list_empty(&b->dirty)) /* of the commands beside this one, which are about to be answered */
        ask_flush(b);
}

/* When the queue is full, replies are late anyway. */
static void ask_flush(struct bridge *b)
{
    if (b->flushing)
        return;
    b->flush.run = run_flush;
    b->flush.done = flush_done;
    b->flushing = ledger_send(b->ledger, &b->flush);
    if (!b->flushing)
        flush_all(b);
}

static void put_out(struct session *s, struct frame *f)
{
    if (!may_hear(s, f)) {
        free(f);
        return;
    }
    list_append(&s->out, &f->link);
    if (!list_linked(&s->in_dirty))
        list_append(&s->bridge->dirty, &s->in_dirty);
    ask_flush(s->bridge);
}

static void prime(struct session *s)
{
    s->primed = true;
    s->nheld = 0;
    for (LIST_EACH(l, &s->held)) {
        list_remove(l);
        put_out(s, CONTAINER_OF(l, struct frame, link));
    }
}

void session_offer(struct session *s, struct frame *f)
{
    f->to = s;
    if (!s->primed && steady_ms() - s->opened > UNPRIMED_MS)
        prime(s);
    if (s->primed) {
        put_out(s, f);
    } else if (s->nheld < WAITING_MAX) {
        list_append(&s->held, &f->link);
        s->nheld++;
    } else {
        free(f);
        socket_close(s->socket, 1013, "Too much happened before the lists were asked for");
    }
}

/* --- priming ------------------------------------------------------------------------------------------------------ */

/* Whose list is it?  The oldest socket that waits for one and has this token; the client may have renewed its token
 * meanwhile. */
static struct session *waiting_session(struct bridge *b, const char *worker_sid, uint64_t token)
{
    struct desk *d = desk_of(b, worker_sid);
    struct session *first = NULL;

    if (!d)
        return NULL;
    for (LIST_EACH(l, &d->sessions)) {
        struct session *s = CONTAINER_OF(l, struct session, in_desk);
        if (s->primed || !session_is_open(s))
            continue;
        if (s->token == token)
            return s;
        first = first ? first : s;
    }
    return first;
}

/* The list says it all; what happens to the worker itself it does not say. */
static bool is_in_the_list(enum event_type type)
{
    return str_starts(event_name(type), "reservation.") || str_starts(event_name(type), "task.");
}

static int64_t held_offers(const struct session *s)
{
    int64_t n = 0;

    for (const struct link *l = s->held.next; l != &s->held; l = l->next)
        n += CONTAINER_OF(l, const struct frame, link)->type == EV_RESERVATION_CREATED;
    return n;
}

int64_t session_untold(struct bridge *b, const char *worker_sid, uint64_t token)
{
    struct desk *d = desk_of(b, worker_sid);
    int64_t now = steady_ms();

    if (!d)
        return 0;
    for (LIST_EACH(l, &d->sessions)) {
        struct session *s = CONTAINER_OF(l, struct session, in_desk);
        if (s->token != token || !session_is_open(s))
            continue;
        if (!s->primed)
            return held_offers(s);
        if (s->untold && now < s->told_at)
            return s->untold;
    }
    return 0;
}

static void drop(struct frame *f)
{
    list_remove(&f->link);
    free(f);
}

static bool has_row(struct reservation *const *rows, size_t n, const char *sid)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(rows[i]->sid, sid))
            return true;
    return false;
}

/* Was this reservation made after the handshake?  Then the frame that says so stands before this one. */
static bool is_news(const struct session *s, const struct frame *f)
{
    for (const struct link *l = &f->link; l != &s->held; l = l->prev) {
        const struct frame *before = CONTAINER_OF(l, const struct frame, link);
        if (before->type == EV_RESERVATION_CREATED && !strcmp(before->sid, f->sid))
            return true;
    }
    return false;
}

/* What was made since the handshake is in the list, and it is news: the SDK tells applications of a reservation when it
 * hears of it, not when it finds it in the list.  So that is told, with all that became of it; what the list says of
 * others is not. */
void session_listed(struct bridge *b, const char *worker_sid, uint64_t token, struct reservation *const *rows, size_t n)
{
    struct session *s = waiting_session(b, worker_sid, token);
    bool news = false;

    if (!s)
        return;
    for (LIST_EACH(l, &s->held)) {
        struct frame *f = CONTAINER_OF(l, struct frame, link);
        if (!is_in_the_list(f->type))
            continue;
        bool keep = str_starts(event_name(f->type), "task.") ? news : is_news(s, f) && has_row(rows, n, f->sid);
        news |= keep;
        s->untold += keep && f->type == EV_RESERVATION_CREATED;
        if (!keep)
            drop(f);
    }
    s->hold_until = s->told_at = steady_ms() + PRIMING_MS;
    prime(s);
    for (size_t i = 0; i < n; i++)
        learn(s, rows[i]->sid);
}

/* --- after the commit --------------------------------------------------------------------------------------------- */

static void hand_out(void *arg)
{
    const struct parcel *p = arg;

    for (size_t i = 0; i < p->n; i++) {
        struct session *s = p->to[i];
        const char *text = s->first_sdk && p->first_text ? p->first_text : p->text;
        size_t n = strlen(text);
        struct frame *f = malloc(sizeof(*f) + n);
        if (!f)
            abort();
        *f = (struct frame){ .type = p->type, .n = n, .after_reply = p->asked };
        if (p->sid)
            strncpy(f->sid, p->sid, SID_LENGTH);
        memcpy(f->text, text, n);
        session_offer(s, f);
    }
}

/* --- in the transaction ------------------------------------------------------------------------------------------- */

static void add_desk(struct parcel *p, struct arena *a, const char *worker_sid)
{
    struct desk *d = worker_sid ? desk_of(p->bridge, worker_sid) : NULL;

    if (!d)
        return;
    struct session **to = arena_alloc(a, (p->n + d->n) * sizeof(struct session *));
    if (p->n)
        memcpy(to, p->to, p->n * sizeof(struct session *));
    p->to = to;
    for (LIST_EACH(l, &d->sessions)) {
        struct session *s = CONTAINER_OF(l, struct session, in_desk);
        if (!session_is_open(s))
            continue;
        p->to[p->n++] = s;
        p->first_sdks += s->first_sdk;
    }
}

struct holders {
    struct parcel *parcel;
    struct arena *arena;
    const char **seen; /* a worker may hold a task twice, after a transfer */
    size_t n;
};

static void add_once(void *arg, const char *worker_sid)
{
    struct holders *h = arg;

    for (size_t i = 0; i < h->n; i++)
        if (!strcmp(h->seen[i], worker_sid))
            return;
    const char **seen = arena_alloc(h->arena, (h->n + 1) * sizeof(*seen));
    if (h->n)
        memcpy(seen, h->seen, h->n * sizeof(*seen));
    h->seen = seen;
    h->seen[h->n++] = worker_sid;
    add_desk(h->parcel, h->arena, worker_sid);
}

static void add_holder(void *arg, struct reservation *r)
{
    add_once(arg, r->worker_sid);
}

static void open_event(struct json_out *o, struct tx *tx, const struct event *e)
{
    json_begin(o, tx->arena);
    json_open(o, '{');
    json_pair_str(o, "event_type", event_name(e->type));
    json_key(o, "payload");
}

static bool render_reservation(struct parcel *p, struct tx *tx, const struct event *e, struct json_out *o)
{
    const struct reservation *r = row_find(tx, &reservation_kind, e->resource_sid);
    const struct task *t = r ? row_find(tx, &task_kind, r->task_sid) : NULL;

    if (t)
        add_desk(p, tx->arena, r->worker_sid);
    if (!p->n)
        return false;
    if (p->first_sdks) {
        open_event(o, tx, e);
        task_offer_json(o, tx, r, t);
        json_close(o, '}');
        p->first_text = json_done(o);
    }
    open_event(o, tx, e);
    reservation_json(o, p->bridge->engine, tx, r, t);
    return true;
}

static bool render_transfer(struct parcel *p, struct tx *tx, const struct event *e, struct json_out *o)
{
    const struct transfer *x = e->subject;

    if (x)
        add_desk(p, tx->arena, x->initiating_worker_sid);
    if (!p->n)
        return false;
    open_event(o, tx, e);
    transfer_json(o, tx, x);
    return true;
}

static bool render_task(struct parcel *p, struct tx *tx, const struct event *e, struct json_out *o)
{
    const struct task *t = row_find(tx, &task_kind, e->resource_sid);

    if (!t)
        return false;
    if (e->type == EV_RESERVATION_FAILED)
        add_desk(p, tx->arena, t->routing_target);
    else
        routing_each_reservation_of_task(p->bridge->engine, tx, t->sid, add_holder,
                                         &(struct holders){ .parcel = p, .arena = tx->arena });
    if (!p->n)
        return false;
    open_event(o, tx, e);
    task_json(o, tx, t);
    return true;
}

static bool render_worker(struct parcel *p, struct tx *tx, const struct event *e, struct json_out *o)
{
    const struct worker *w = row_find(tx, &worker_kind, e->resource_sid);
    bool of_channel = e->type == EV_WORKER_CAPACITY_UPDATE || e->type == EV_WORKER_CHANNEL_AVAILABILITY_UPDATE;

    if (w)
        add_desk(p, tx->arena, w->sid);
    if (!p->n || (of_channel && !e->other))
        return false;
    open_event(o, tx, e);
    if (of_channel)
        channel_json(o, p->bridge->engine, tx, e->other);
    else
        worker_json_live(o, tx, w);
    return true;
}

static void put_participant(struct json_out *o, struct tx *tx, const struct event *e, const char *task_sid)
{
    json_begin(o, tx->arena);
    json_open(o, '{');
    json_pair_str(o, "event_type", event_name(e->type) + strlen("interaction."));
    json_key(o, "payload");
    part_json(o, e->subject, task_sid);
}

/* To one worker, who knows the participant by a task of his own. */
static void tell_of_participant(const struct parcel *like, struct tx *tx, const struct event *e, const char *worker_sid)
{
    const struct interaction_participant *part = e->subject, *own = NULL;
    struct parcel *p = arena_alloc(tx->arena, sizeof(*p));
    const char *sid = interaction_part_of_worker(like->bridge->interactions, part->channel_sid, worker_sid);
    struct json_out o;

    if (sid)
        own = row_find(tx, &interaction_participant_kind, sid);
    *p = (struct parcel){ .bridge = like->bridge, .type = like->type, .sid = like->sid, .asked = like->asked };
    add_desk(p, tx->arena, worker_sid);
    if (!own || !own->task_sid || !p->n)
        return;
    put_participant(&o, tx, e, own->task_sid);
    json_close(&o, '}');
    p->text = json_done(&o);
    tx_after(tx, hand_out, p);
}

/* Who works in the channel hears who comes and goes, under the names that Flex's SDK knows.  It finds the task by the
 * event, and does not live on when there is none in it: who has no task of his own comes with the hearer's. */
static bool render_participant(struct parcel *p, struct tx *tx, const struct event *e, struct json_out *o)
{
    const struct interaction_participant *part = e->subject;
    struct holders h = { .parcel = p, .arena = tx->arena };

    interaction_each_worker(p->bridge->interactions, tx, part->channel_sid, add_once, &h);
    for (size_t i = 0; i < h.n && !part->task_sid; i++)
        tell_of_participant(p, tx, e, h.seen[i]);
    if (!p->n || !part->task_sid)
        return false;
    put_participant(o, tx, e, part->task_sid);
    return true;
}

typedef bool render(struct parcel *p, struct tx *tx, const struct event *e, struct json_out *o);

/* What is not here is of no interest to a worker's client. */
static render *const renderers[EV_COUNT] = {
    [EV_RESERVATION_CREATED] = render_reservation,
    [EV_RESERVATION_ACCEPTED] = render_reservation,
    [EV_RESERVATION_REJECTED] = render_reservation,
    [EV_RESERVATION_TIMEOUT] = render_reservation,
    [EV_RESERVATION_CANCELED] = render_reservation,
    [EV_RESERVATION_RESCINDED] = render_reservation,
    [EV_RESERVATION_COMPLETED] = render_reservation,
    [EV_RESERVATION_WRAPUP] = render_reservation,
    [EV_RESERVATION_FAILED] = render_task,
    [EV_TASK_UPDATED] = render_task,
    [EV_TASK_CANCELED] = render_task,
    [EV_TASK_COMPLETED] = render_task,
    [EV_TASK_WRAPUP] = render_task,
    [EV_TASK_TRANSFER_INITIATED] = render_transfer,
    [EV_TASK_TRANSFER_ATTEMPT_FAILED] = render_transfer,
    [EV_TASK_TRANSFER_FAILED] = render_transfer,
    [EV_TASK_TRANSFER_CANCELED] = render_transfer,
    [EV_TASK_TRANSFER_COMPLETED] = render_transfer,
    [EV_WORKER_ACTIVITY_UPDATE] = render_worker,
    [EV_WORKER_ATTRIBUTES_UPDATE] = render_worker,
    [EV_WORKER_CAPACITY_UPDATE] = render_worker,
    [EV_WORKER_CHANNEL_AVAILABILITY_UPDATE] = render_worker,
    [EV_INTERACTION_PARTICIPANT_ADDED] = render_participant,
    [EV_INTERACTION_PARTICIPANT_ADD_FAILED] = render_participant,
    [EV_INTERACTION_PARTICIPANT_MODIFIED] = render_participant,
    [EV_INTERACTION_PARTICIPANT_REMOVED] = render_participant,
};

void deliver(void *bridge, struct tx *tx, const struct event *e)
{
    struct bridge *b = bridge;
    render *how = b->desks.n ? renderers[e->type] : NULL;
    struct parcel *p;
    struct json_out o;

    if (!how)
        return;
    p = arena_alloc(tx->arena, sizeof(*p));
    *p = (struct parcel){ .bridge = b, .type = e->type, .sid = e->resource_sid, .asked = b->asked };
    if (!how(p, tx, e, &o))
        return;
    json_close(&o, '}');
    p->text = json_done(&o);
    tx_after(tx, hand_out, p);
}
