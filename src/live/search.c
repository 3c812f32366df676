/* Finding a result: the rows that may be part of it are listed once, and looked at some at a time, a command each. What
 * changes meanwhile is looked at as any change is, for a query that is being opened stands in its pool already. */
#include "live/internal.h"
#include <string.h>

/* --- which rows */

static void list_row(void *arg, const char *sid)
{
    struct rows *r = arg;

    if (map_get(&r->seen, sid)) /* a worker of two queues that were asked for */
        return;
    if (r->n == r->room) {
        const char **more = arena_alloc(r->arena, 2 * (r->room + 8) * sizeof *more);
        if (r->n)
            memcpy(more, r->at, r->n * sizeof *more);
        r->at = more;
        r->room = 2 * (r->room + 8);
    }
    r->at[r->n] = arena_strdup(r->arena, sid);
    map_put(&r->seen, r->at[r->n], r);
    r->n++;
}

static void list_rows(struct rows *r, const struct index_kind *k, struct live *v, struct tx *tx,
                      const char *workspace_sid, const struct expr_pin *pin)
{
    for (size_t i = 0; pin && i < pin->n; i++)
        if (!k->rows(v, tx, workspace_sid, pin->field, pin->texts[i], list_row, r))
            pin = NULL; /* it cannot be narrowed down by that field */
    if (!pin)
        k->rows(v, tx, workspace_sid, NULL, NULL, list_row, r);
    map_clear(&r->seen);
}

static const char *next_row(struct rows *r)
{
    return r->next < r->n ? r->at[r->next++] : NULL;
}

/* --- opening */

void query_begin(struct query *q, struct tx *tx)
{
    struct arena *a = arena_new();
    struct pool *p = q->pool;

    q->opening = arena_alloc(a, sizeof *q->opening);
    q->opening->arena = a;
    list_rows(q->opening, p->index, p->live, tx, p->workspace_sid, q->pin);
}

void query_go_on(struct query *q, struct tx *tx, size_t most)
{
    _arena_ struct arena *scratch = arena_new();
    struct pool *p = q->pool;
    struct subject s = {
        .live = p->live, .tx = tx, .arena = scratch, .index = p->index, .workspace_sid = p->workspace_sid
    };
    int64_t id = live_next_id(p->live, tx->now);

    while (q->opening && most--) {
        s.sid = next_row(q->opening);
        if (!s.sid) {
            query_opened(q, tx);
            return;
        }
        arena_reset(scratch);
        subject_fill(&s);
        if (query_matches(q, &s))
            query_add(q, &s, id);
    }
}

/* --- searches */

struct live_search {
    struct live *live;
    const char *query_id; /* of one that is opened; NULL: it is only asked */
    const struct index_kind *index;
    const char *workspace_sid;
    struct query question;
    struct rows rows;
    struct live_result found;
    size_t room;
};

fault_t live_search(struct live *v, struct tx *tx, const struct live_viewer *who, const char *index, const char *text,
                    bool open, struct live_search **out)
{
    struct live_search *s = *out = arena_alloc(tx->arena, sizeof *s);
    struct handle *h;
    int i = 0;
    fault_t f;

    s->live = v;
    if (open) {
        f = query_open(v, tx, who, index, text, NULL, &h);
        s->query_id = f ? NULL : arena_strdup(tx->arena, h->sid);
        return f;
    }
    f = live_index_of(tx, index, &i);
    if (!f)
        f = query_compile(tx, tx->arena, text, &s->question.expr);
    if (f)
        return f;
    s->index = &live_indexes[i];
    s->workspace_sid = arena_strdup(tx->arena, who->workspace_sid);
    s->question.worker_sid = arena_strdup(tx->arena, live_scope_of(s->index, who));
    s->rows.arena = tx->arena;
    s->found = (struct live_result){ .query_id = tx_sid(tx, "QR"), .last_event_id = live_next_id(v, tx->now) };
    list_rows(&s->rows, s->index, v, tx, s->workspace_sid,
              live_pin_of(s->index, tx->arena, s->question.expr, s->question.worker_sid));
    return NULL;
}

static void find(struct live_search *s, struct arena *home, struct subject *subject)
{
    struct live_result *found = &s->found;
    size_t stable;

    if (found->n == s->room) {
        struct live_item *more = arena_alloc(home, 2 * (s->room + 8) * sizeof *more);
        if (found->n)
            memcpy(more, found->items, found->n * sizeof *more);
        found->items = more;
        s->room = 2 * (s->room + 8);
    }
    found->items[found->n++] =
        (struct live_item){ subject->sid, arena_strdup(home, subject_text(subject, &stable)), found->last_event_id };
}

/* True: there is nothing left to look at. */
static bool ask_some(struct live_search *s, struct tx *tx)
{
    _arena_ struct arena *scratch = arena_new();
    struct subject subject = {
        .live = s->live, .tx = tx, .arena = scratch, .index = s->index, .workspace_sid = s->workspace_sid
    };

    for (size_t n = 0; n < LIVE_SLICE; n++) {
        subject.sid = next_row(&s->rows);
        if (!subject.sid)
            return true;
        arena_reset(scratch);
        subject_fill(&subject);
        if (query_matches(&s->question, &subject))
            find(s, tx->arena, &subject);
    }
    return false;
}

fault_t live_search_on(struct live_search *s, struct tx *tx, struct live_result *out, bool *done)
{
    struct handle *h = s->query_id ? map_get(&s->live->handles, s->query_id) : NULL;

    if (!s->query_id) {
        *done = ask_some(s, tx);
        *out = s->found;
        return NULL;
    }
    if (!h)
        return fault(tx->arena, F_UNAVAILABLE, "The query was forgotten before it was answered");
    query_go_on(h->query, tx, LIVE_SLICE);
    *done = !h->query->opening;
    *out = (struct live_result){ .query_id = s->query_id };
    if (*done)
        query_results(h->query, tx->arena, out);
    return NULL;
}
