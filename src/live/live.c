/* Marks, and the command that looks at what is marked. */
#include "live/internal.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- pools and marks */

struct pool *live_pool(struct live *v, const char *workspace_sid, int index)
{
    char key[POOL_KEY_SIZE];

    if (!v->pools.n)
        return NULL;
    snprintf(key, sizeof key, "%s%s", workspace_sid, live_indexes[index].name);
    return map_get(&v->pools, key);
}

void live_mark(struct pool *p, const char *sid, bool gone)
{
    struct mark *m = map_get(&p->marks, sid);

    if (!m) {
        m = calloc(1, sizeof *m);
        if (!m)
            abort();
        memcpy(m->sid, sid, strnlen(sid, SID_LENGTH));
        list_append(&p->marked, &m->in_pool);
        map_put(&p->marks, m->sid, m);
    }
    m->gone = gone;
    beat_start(&p->live->queries);
}

static void mark(struct live *v, const char *workspace_sid, int index, const char *sid, bool gone)
{
    struct pool *p = live_pool(v, workspace_sid, index);

    if (p)
        live_mark(p, sid, gone);
}

static void mark_all(struct live *v, const char *workspace_sid, int index)
{
    struct pool *p = live_pool(v, workspace_sid, index);

    if (!p)
        return;
    p->all = true;
    beat_start(&v->queries);
}

/* --- what rows mean to the indexes */

static void mark_figure(void *arg, const struct task_queue *q)
{
    figures_mark(arg, q->sid);
}

static void worker_seen(void *arg, const void *row, const void *before, bool gone)
{
    struct live *v = arg;
    const struct worker *w = row, *was = before;

    mark(v, w->workspace_sid, TR_WORKER, w->sid, gone);
    if (!figures_watched(v->figures) || (was && !gone && str_eq(was->activity_sid, w->activity_sid)))
        return;
    figures_mark(v->figures, w->workspace_sid);
    routing_each_queue_of_worker(v->engine, w->sid, mark_figure, v->figures);
}

static void member_seen(void *arg, const struct task_queue *q, const struct worker *w)
{
    struct live *v = arg;

    mark(v, w->workspace_sid, TR_WORKER, w->sid, false);
    figures_mark(v->figures, q->sid);
}

static void activity_seen(void *arg, const void *row, const void *before, bool gone)
{
    struct live *v = arg;
    const struct activity *a = row, *was = before;

    if (was && (gone || !str_eq(was->friendly_name, a->friendly_name)))
        mark_all(v, a->workspace_sid, TR_WORKER);
    figures_mark_all(v->figures);
}

static void reservation_seen(void *arg, const void *row, const void *before, bool gone)
{
    struct live *v = arg;
    const struct reservation *r = row;

    (void)before;
    mark(v, r->workspace_sid, TR_RESERVATION, r->sid, gone);
    mark(v, r->workspace_sid, TR_TASK, r->sid, gone);
    if (gone || !before) /* the task stands there by itself again, or does not any more */
        mark(v, r->workspace_sid, TR_TASK, r->task_sid, false);
    figures_mark(v->figures, r->task_queue_sid);
    figures_mark(v->figures, r->workspace_sid);
}

static void task_seen(void *arg, const void *row, const void *before, bool gone)
{
    struct live *v = arg;
    const struct task *t = row, *was = before;

    mark(v, t->workspace_sid, TR_RESERVATION, t->sid, gone);
    mark(v, t->workspace_sid, TR_TASK, t->sid, gone);
    figures_mark(v->figures, t->workspace_sid);
    figures_mark(v->figures, t->task_queue_sid);
    if (was && !str_eq(was->task_queue_sid, t->task_queue_sid))
        figures_mark(v->figures, was->task_queue_sid);
}

static void queue_seen(void *arg, const void *row, const void *before, bool gone)
{
    struct live *v = arg;
    const struct task_queue *q = row, *was = before;

    mark(v, q->workspace_sid, TR_QUEUE, q->sid, gone);
    figures_mark(v->figures, q->sid);
    if (!was || gone || str_eq(was->friendly_name, q->friendly_name))
        return;
    mark_all(v, q->workspace_sid, TR_RESERVATION);
    mark_all(v, q->workspace_sid, TR_TASK);
}

static void channel_seen(void *arg, const void *row, const void *before, bool gone)
{
    struct live *v = arg;
    const struct task_channel *c = row;

    (void)gone;
    figures_mark_all(v->figures);
    if (!before)
        return;
    mark_all(v, c->workspace_sid, TR_RESERVATION);
    mark_all(v, c->workspace_sid, TR_TASK);
}

/* clang-format off */
static const struct { const struct kind *kind; void (*changed)(void *arg, const void *row, const void *was, bool gone); } watched[] = {
    { &worker_kind,       worker_seen },
    { &activity_kind,     activity_seen },
    { &task_queue_kind,   queue_seen },
    { &task_channel_kind, channel_seen },
    { &task_kind,         task_seen },
    { &reservation_kind,  reservation_seen },
};
/* clang-format on */

/* --- looking */

static void mark_sid(void *arg, const char *sid)
{
    live_mark(arg, sid, false);
}

static void mark_each(struct pool *p, struct tx *tx)
{
    struct entry *e;

    p->all = false;
    for (size_t i = 0; (e = map_next(&p->entries, &i));)
        live_mark(p, e->sid, false);
    p->index->rows(p->live, tx, p->workspace_sid, NULL, NULL, mark_sid, p);
}

static void mark_reservation(void *arg, struct reservation *r)
{
    live_mark(arg, r->sid, false);
}

/* A task stands in the index as its reservations: a change of it is one of theirs. */
static void spread(struct pool *p, struct tx *tx, const char *sid)
{
    if (p->index->private && sid_valid(sid, "WT"))
        routing_each_reservation_of_task(p->live->engine, tx, sid, mark_reservation, p);
}

static size_t look(struct pool *p, struct tx *tx, size_t room)
{
    size_t n = 0;

    if (p->all)
        mark_each(p, tx);
    for (; n < room && !list_empty(&p->marked); n++) {
        struct mark *m = CONTAINER_OF(p->marked.next, struct mark, in_pool);
        map_remove(&p->marks, m->sid);
        list_remove(&m->in_pool);
        if (!m->gone)
            spread(p, tx, m->sid);
        live_look(p, tx, m->sid, m->gone);
        free(m);
    }
    return n;
}

static fault_t look_at_marked(struct tx *tx, struct command *c)
{
    struct beat *b = CONTAINER_OF(c, struct beat, command);
    struct live *v = CONTAINER_OF(b, struct live, queries);
    size_t room = LOOK_ROWS;
    struct pool *p;

    queries_expire(v, tx->now, false);
    for (size_t i = 0; (p = map_next(&v->pools, &i));)
        room -= look(p, tx, room);
    for (size_t i = 0; (p = map_next(&v->pools, &i));)
        if (p->all || !list_empty(&p->marked))
            beat_start(b);
    return NULL;
}

/* --- set-up */

/* What rows said before a failed commit may be wrong, and nothing was told of it yet. */
static void loaded(void *arg, struct tx *tx)
{
    struct live *v = arg;
    struct pool *p;

    (void)tx;
    for (size_t i = 0; (p = map_next(&v->pools, &i));)
        p->all = true;
    figures_mark_all(v->figures);
    if (v->pools.n)
        beat_start(&v->queries);
}

struct live *live_new(struct ledger *l, struct routing *e, struct sync *s)
{
    struct live *v = calloc(1, sizeof *v);

    if (!v)
        abort();
    *v = (struct live){ .ledger = l, .engine = e, .sync = s };
    list_init(&v->idle);
    v->pacer = pacer_start(l);
    beat_init(&v->queries, v->pacer, PACE_QUERIES_MS, look_at_marked);
    v->figures = figures_new(v);
    v->members = (struct routing_watch){ member_seen, v };
    routing_watch(e, &v->members);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        ledger_watch(l, watched[i].kind->name, &(struct watcher){ watched[i].changed, v });
    ledger_on_loaded(l, loaded, v);
    live_source_add(v);
    return v;
}

void live_past_from(struct live *v, const struct live_history *port)
{
    v->history = port;
}

void live_free(struct live *v)
{
    struct pool *p;

    if (!v)
        return;
    pacer_stop(v->pacer);
    for (size_t i = 0; (p = map_next(&v->pools, &i));)
        live_pool_end(p);
    map_clear(&v->pools);
    map_clear(&v->handles);
    beat_free(&v->queries);
    figures_free(v->figures);
    free(v);
}

struct live_count live_count(const struct live *v)
{
    struct live_count n = { .pools = v->pools.n, .maps = figures_count(v->figures) };
    struct pool *p;

    for (size_t i = 0; (p = map_next(&v->pools, &i));) {
        n.queries += p->queries.n;
        n.entries += p->entries.n;
    }
    return n;
}
