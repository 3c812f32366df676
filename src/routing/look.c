/* Looking at the engine from above: names, counters, open reservations; and the fingerprint that tests compare. */
#include "routing/internal.h"
#include <stdlib.h>
#include <string.h>

struct task_channel *routing_channel(struct routing *e, struct tx *tx, const char *workspace_sid,
                                     const char *sid_or_name)
{
    struct workspace_live *w = find_workspace(e, tx, workspace_sid);
    struct channel_live *c = find_channel(e, tx, sid_or_name);

    if (!w || (c && c->workspace == w))
        return w ? &c->row : NULL;
    for (LIST_EACH(l, &w->channels)) {
        c = CONTAINER_OF(l, struct channel_live, in_workspace);
        if (str_eq(c->row.unique_name, sid_or_name))
            return &c->row;
    }
    return NULL;
}

struct worker_channel *routing_worker_channel(struct routing *e, struct tx *tx, const char *worker_sid,
                                              const char *sid_or_name)
{
    struct worker_live *w = find_worker(e, tx, worker_sid);

    for (size_t i = 0; w && i < w->nchannels; i++) {
        struct worker_channel_live *c = w->channels[i];
        if (c && (str_eq(c->row.sid, sid_or_name) || str_eq(c->channel->row.sid, sid_or_name) ||
                  str_eq(c->channel->row.unique_name, sid_or_name)))
            return &c->row;
    }
    return NULL;
}

/* c may be a copy of the row, made to be shown. */
static const struct worker_channel_live *live_channel(struct routing *e, const struct worker_channel *c)
{
    struct worker_channel_live *live = map_get(&e->rows, c->sid);

    return live && row_kind(live) == &worker_channel_kind ? live : NULL;
}

int64_t routing_used(struct routing *e, const struct worker_channel *c)
{
    const struct worker_channel_live *live = live_channel(e, c);

    return live ? live->used : 0;
}

int64_t routing_assigned(struct routing *e, const struct worker_channel *c)
{
    const struct worker_channel_live *live = live_channel(e, c);

    return live ? live->assigned : 0;
}

int64_t percentage(int64_t capacity, int64_t used)
{
    if (capacity <= 0 || used >= capacity)
        return 0;
    return (capacity - used) * 100 / capacity;
}

int64_t routing_percentage(struct routing *e, const struct worker_channel *c)
{
    return percentage(c->configured_capacity, routing_used(e, c));
}

void routing_each_reservation_of_worker(struct routing *e, struct tx *tx, const char *worker_sid,
                                        void (*each)(void *arg, struct reservation *r), void *arg)
{
    struct worker_live *w = find_worker(e, tx, worker_sid);

    if (!w)
        return;
    for (LIST_EACH(l, &w->reservations))
        each(arg, &CONTAINER_OF(l, struct reservation_live, in_worker)->row);
}

void routing_each_reservation_of_task(struct routing *e, struct tx *tx, const char *task_sid,
                                      void (*each)(void *arg, struct reservation *r), void *arg)
{
    struct task_live *t = find_task(e, tx, task_sid);

    if (!t)
        return;
    for (LIST_EACH(l, &t->reservations))
        each(arg, &CONTAINER_OF(l, struct reservation_live, in_task)->row);
}

void routing_each_channel_of_worker(struct routing *e, struct tx *tx, const char *worker_sid,
                                    void (*each)(void *arg, struct worker_channel *c), void *arg)
{
    struct worker_live *w = find_worker(e, tx, worker_sid);

    for (size_t i = 0; w && i < w->nchannels; i++)
        if (w->channels[i])
            each(arg, &w->channels[i]->row);
}

struct transfer *routing_transfer_of_task(struct routing *e, struct tx *tx, const char *task_sid)
{
    struct task_live *t = find_task(e, tx, task_sid);

    return t && t->transfer ? &t->transfer->row : NULL;
}

bool routing_queue_has(struct routing *e, const char *queue_sid, const char *worker_sid)
{
    struct queue_live *q = find_queue(e, NULL, queue_sid);
    struct worker_live *w = find_worker(e, NULL, worker_sid);

    return q && w && q->workspace == w->workspace && bits_has(&q->workers, w->slot);
}

void routing_each_queue_of_worker(struct routing *e, const char *worker_sid,
                                  void (*each)(void *arg, const struct task_queue *q), void *arg)
{
    struct worker_live *w = find_worker(e, NULL, worker_sid);

    for (size_t i = w ? bits_next(&w->queues, 0) : NO_SLOT; i != NO_SLOT; i = bits_next(&w->queues, i + 1)) {
        struct queue_live *q = slots_get(&w->workspace->queue_slots, i);
        each(arg, &q->row);
    }
}

void routing_each_channel(struct routing *e, const char *workspace_sid,
                          void (*each)(void *arg, const struct task_channel *c), void *arg)
{
    struct workspace_live *s = find_workspace(e, NULL, workspace_sid);

    for (struct link *l = s ? s->channels.next : NULL; s && l != &s->channels; l = l->next)
        each(arg, &CONTAINER_OF(l, struct channel_live, in_workspace)->row);
}

void routing_each_task(struct routing *e, const char *workspace_sid, void (*each)(void *arg, const struct task *t),
                       void *arg)
{
    struct workspace_live *s = find_workspace(e, NULL, workspace_sid);

    for (struct link *l = s ? s->tasks.next : NULL; s && l != &s->tasks; l = l->next)
        each(arg, &CONTAINER_OF(l, struct task_live, in_workspace)->row);
}

const json_t *routing_worker_attributes(struct routing *e, const char *worker_sid)
{
    struct worker_live *w = find_worker(e, NULL, worker_sid);

    return w ? w->attributes : NULL;
}

void routing_watch(struct routing *e, const struct routing_watch *w)
{
    e->watch = w;
}

bool routing_gave_reason(const char *reason, bool *ttl)
{
    static const char *const own[] = {
        REASON_TTL, REASON_ASSIGNMENTS, REASON_WORKFLOW_TIMEOUT, REASON_NO_FILTER, REASON_SKIPPED,
    };

    *ttl = str_eq(reason, REASON_TTL);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (str_eq(reason, own[i]))
            return true;
    return reason && str_starts(reason, "RoutingTarget "); /* missed, rejected, not answered */
}

/* --- the fingerprint: a line a fact, sorted */

struct lines {
    struct arena *arena;
    const char **at;
    size_t n, cap;
};

static void add_line(struct lines *l, const char *line)
{
    if (l->n == l->cap) {
        const char **more = arena_alloc(l->arena, (l->cap ? 2 * l->cap : 64) * sizeof *more);
        if (l->n)
            memcpy(more, l->at, l->n * sizeof *more);
        l->at = more;
        l->cap = l->cap ? 2 * l->cap : 64;
    }
    l->at[l->n++] = line;
}

static void print_tallies(struct lines *out, const char *sid, const struct workspace_live *ws, const struct tallies *t)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct channel_live *c = i ? slots_get(&ws->channel_slots, i - 1) : NULL;
        for (size_t p = 0; t->at[i] && p < t->at[i]->npriorities; p++)
            add_line(out, arena_printf(out->arena, "%s %s priority %lld: %lld", sid, c ? c->row.sid : "-",
                                       (long long)t->at[i]->priorities[p].priority,
                                       (long long)t->at[i]->priorities[p].tasks));
        for (size_t s = 0; t->at[i] && s < LIVE_STATUSES; s++)
            if (t->at[i]->by_status[s])
                add_line(out, arena_printf(out->arena, "%s %s %s: %lld", sid, c ? c->row.sid : "-",
                                           task_status_names[s], (long long)t->at[i]->by_status[s]));
    }
}

static void print_crowds(struct lines *out, const char *sid, const struct workspace_live *ws, const struct crowds *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct channel_live *ch = i ? slots_get(&ws->channel_slots, i - 1) : NULL;
        for (size_t k = 0; k < c->at[i].n; k++) {
            const struct activity_live *a = slots_get(&ws->activity_slots, k);
            if (c->at[i].by_activity[k])
                add_line(out, arena_printf(out->arena, "%s %s at %s: %lld", sid, ch ? ch->row.sid : "*",
                                           a ? a->row.sid : "-", (long long)c->at[i].by_activity[k]));
        }
    }
}

static void print_queue(struct lines *out, const struct queue_live *q)
{
    struct workspace_live *ws = q->workspace;

    for (size_t i = 0; (i = bits_next(&q->workers, i)) != NO_SLOT; i++) {
        const struct worker_live *w = slots_get(&ws->worker_slots, i);
        add_line(out, arena_printf(out->arena, "%s has %s %d", q->row.sid, w->row.sid, bits_has(&w->queues, q->slot)));
    }
    add_line(out, arena_printf(out->arena, "%s members %zu", q->row.sid, q->nworkers));
    print_tallies(out, q->row.sid, ws, &q->tallies);
    print_crowds(out, q->row.sid, ws, &q->crowds);
    for (size_t i = 0; i < q->nlanes; i++) {
        const struct channel_live *c = slots_get(&ws->channel_slots, i);
        struct lane *l = &q->lanes[i];
        size_t place = 0;
        if (!c || (!l->nwaiting && !l->nready))
            continue;
        add_line(out, arena_printf(out->arena, "%s %s waiting %zu ready %zu busy %d", q->row.sid, c->row.sid,
                                   l->nwaiting, l->nready, bits_has(&c->busy, q->slot)));
        for (struct task_live *t = waiting_first(l); t; t = waiting_after(l, &t->key))
            add_line(out, arena_printf(out->arena, "%s %s waits %zu %s", q->row.sid, c->row.sid, place++, t->row.sid));
    }
}

static void print_worker(struct lines *out, const struct worker_live *w)
{
    size_t n = 0;

    add_line(out, arena_printf(out->arena, "%s in %s", w->row.sid, w->activity ? w->activity->row.sid : "nothing"));
    for (size_t i = 0; i < w->nchannels; i++)
        if (w->channels[i])
            add_line(out, arena_printf(out->arena, "%s %s used %lld assigned %lld ready %d", w->row.sid,
                                       w->channels[i]->channel->row.unique_name, (long long)w->channels[i]->used,
                                       (long long)w->channels[i]->assigned, w->channels[i]->ready));
    for (LIST_EACH(l, &w->reservations))
        add_line(out, arena_printf(out->arena, "%s reservation %zu %s", w->row.sid, n++,
                                   CONTAINER_OF(l, struct reservation_live, in_worker)->row.sid));
}

static void print_task(struct lines *out, const struct task_live *t)
{
    size_t n = 0;

    add_line(out, arena_printf(out->arena, "%s in %s %s %s waiting %d", t->row.sid, t->queue ? t->queue->row.sid : "-",
                               t->workflow ? t->workflow->row.sid : "-", t->channel ? t->channel->row.sid : "-",
                               t->waiting));
    if (t->transfer)
        add_line(out, arena_printf(out->arena, "%s transfer %s", t->row.sid, t->transfer->row.sid));
    for (LIST_EACH(l, &t->reservations)) {
        const struct reservation_live *r = CONTAINER_OF(l, struct reservation_live, in_task);
        add_line(out, arena_printf(out->arena, "%s reservation %zu %s %s", t->row.sid, n++, r->row.sid,
                                   r->counted ? r->counted->row.sid : "-"));
    }
}

static void print_workspace(struct lines *out, struct workspace_live *w)
{
    for (LIST_EACH(l, &w->channels)) {
        struct channel_live *c = CONTAINER_OF(l, struct channel_live, in_workspace);
        size_t place = 0;
        for (struct worker_channel_live *r = ready_first(c); r; r = ready_next(r))
            add_line(out, arena_printf(out->arena, "%s line %zu %s", c->row.sid, place++, r->worker->row.sid));
        add_line(out, arena_printf(out->arena, "%s ready %zu", c->row.sid, c->nready));
    }
    for (LIST_EACH(l, &w->queues))
        print_queue(out, CONTAINER_OF(l, struct queue_live, in_workspace));
    for (LIST_EACH(l, &w->workers))
        print_worker(out, CONTAINER_OF(l, struct worker_live, in_workspace));
    for (LIST_EACH(l, &w->tasks))
        print_task(out, CONTAINER_OF(l, struct task_live, in_workspace));
    add_line(out, arena_printf(out->arena, "%s fact readers %zu", w->row.sid, w->nfact_readers));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *routing_fingerprint(struct routing *e, struct arena *a)
{
    struct lines out = { .arena = a };
    struct text text = { .arena = a };

    for (LIST_EACH(l, &e->workspaces))
        print_workspace(&out, CONTAINER_OF(l, struct workspace_live, self));
    if (out.n)
        qsort(out.at, out.n, sizeof *out.at, by_text);
    for (size_t i = 0; i < out.n; i++)
        text_putf(&text, "%s\n", out.at[i]);
    text_putf(&text, "%zu rows\n", e->rows.n);
    return text_str(&text);
}
