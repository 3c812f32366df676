/* What is derived from the rows that somebody sets up: workspaces, activities, channels, queues, workflows. */
#include "base/log.h"
#include "routing/internal.h"
#include <stdlib.h>
#include <string.h>

enum { QUEUE_ROOM = 512 }; /* most expressions are short, and there are thousands */

uint64_t hash_text(const char *s)
{
    return s ? hash_bytes(s, strlen(s)) : 1;
}

/* The linked row; or the one in memory that `link` makes a linked one. */
static void *find(struct routing *e, struct tx *tx, const struct kind *k, const char *sid,
                  void (*link)(struct routing *, struct tx *, void *))
{
    void *row = sid ? map_get(&e->rows, sid) : NULL;

    if (row)
        return row_kind(row) == k ? row : NULL;
    if (!sid || !tx || !(row = row_find(tx, k, sid)))
        return NULL;
    if (!row_is_live(row) || (k->is_live && !k->is_live(row)))
        return NULL;
    link(e, tx, row);
    return map_get(&e->rows, sid);
}

#define FIND(x, live)                                                                                                  \
    static void link_any_##x(struct routing *e, struct tx *tx, void *row)                                              \
    {                                                                                                                  \
        link_##x(e, tx, row);                                                                                          \
    }                                                                                                                  \
    struct live *find_##x(struct routing *e, struct tx *tx, const char *sid)

/* clang-format off */
FIND(workspace, workspace_live) { return find(e, tx, &workspace_kind, sid, link_any_workspace); }
FIND(activity, activity_live)   { return find(e, tx, &activity_kind, sid, link_any_activity); }
FIND(channel, channel_live)     { return find(e, tx, &task_channel_kind, sid, link_any_channel); }
FIND(queue, queue_live)         { return find(e, tx, &task_queue_kind, sid, link_any_queue); }
FIND(workflow, workflow_live)   { return find(e, tx, &workflow_kind, sid, link_any_workflow); }
FIND(worker, worker_live)       { return find(e, tx, &worker_kind, sid, link_any_worker); }
FIND(task, task_live)           { return find(e, tx, &task_kind, sid, link_any_task); }
/* clang-format on */

/* --- workspaces */

void link_workspace(struct routing *e, struct tx *tx, struct workspace_live *w)
{
    (void)tx;
    if (w->linked) {
        if (w->single == w->row.multi_task_enabled) {
            w->single = !w->row.multi_task_enabled;
            for (LIST_EACH(l, &w->workers))
                refresh_readiness(e, CONTAINER_OF(l, struct worker_live, in_workspace));
        }
        return;
    }
    w->single = !w->row.multi_task_enabled;
    w->linked = true;
    list_append(&e->workspaces, &w->self);
    list_init(&w->activities);
    list_init(&w->channels);
    list_init(&w->queues);
    list_init(&w->workflows);
    list_init(&w->workers);
    list_init(&w->tasks);
    map_put(&e->rows, w->row.sid, w);
}

static void free_slots(struct slots *s)
{
    free(s->at);
    *s = (struct slots){ 0 };
}

void unlink_workspace(struct routing *e, struct workspace_live *w)
{
    if (!w->linked)
        return;
    for (LIST_EACH(l, &w->tasks))
        unlink_task(e, CONTAINER_OF(l, struct task_live, in_workspace));
    for (LIST_EACH(l, &w->workers))
        unlink_worker(e, CONTAINER_OF(l, struct worker_live, in_workspace));
    for (LIST_EACH(l, &w->workflows))
        unlink_workflow(e, CONTAINER_OF(l, struct workflow_live, in_workspace));
    for (LIST_EACH(l, &w->queues))
        unlink_queue(e, CONTAINER_OF(l, struct queue_live, in_workspace));
    for (LIST_EACH(l, &w->channels))
        unlink_channel(e, CONTAINER_OF(l, struct channel_live, in_workspace));
    for (LIST_EACH(l, &w->activities))
        unlink_activity(e, CONTAINER_OF(l, struct activity_live, in_workspace));
    free_slots(&w->worker_slots);
    free_slots(&w->queue_slots);
    free_slots(&w->channel_slots);
    free_slots(&w->activity_slots);
    finder_free(&w->finder);
    tallies_free(&w->tallies);
    crowds_free(&w->crowds);
    list_remove(&w->self);
    map_remove(&e->rows, w->row.sid);
    w->linked = false;
}

/* --- activities */

void link_activity(struct routing *e, struct tx *tx, struct activity_live *a)
{
    if (!a->workspace) {
        a->workspace = find_workspace(e, tx, a->row.workspace_sid);
        if (!a->workspace)
            return;
        list_append(&a->workspace->activities, &a->in_workspace);
        list_init(&a->workers);
        a->slot = slots_take(&a->workspace->activity_slots, a);
        a->name_hash = 0;
        map_put(&e->rows, a->row.sid, a);
    }
    uint64_t hash = hash_text(a->row.friendly_name);
    if (hash == a->name_hash)
        return;
    a->name_hash = hash; /* before the workers, who read it */
    for (LIST_EACH(l, &a->workers))
        link_worker(e, tx, CONTAINER_OF(l, struct worker_live, in_activity));
}

void unlink_activity(struct routing *e, struct activity_live *a)
{
    if (!a->workspace)
        return;
    for (LIST_EACH(l, &a->workers)) {
        struct worker_live *w = CONTAINER_OF(l, struct worker_live, in_activity);
        list_remove(&w->in_activity);
        w->activity = NULL;
        refresh_readiness(e, w);
    }
    slots_release(&a->workspace->activity_slots, a->slot);
    list_remove(&a->in_workspace);
    map_remove(&e->rows, a->row.sid);
    a->workspace = NULL;
}

/* --- task channels */

void link_channel(struct routing *e, struct tx *tx, struct channel_live *c)
{
    if (!c->workspace) {
        c->workspace = find_workspace(e, tx, c->row.workspace_sid);
        if (!c->workspace)
            return;
        list_append(&c->workspace->channels, &c->in_workspace);
        c->slot = slots_take(&c->workspace->channel_slots, c);
        RB_INIT(&c->ready);
        c->nready = 0;
        map_put(&e->rows, c->row.sid, c);
    }
    /* channel_optimized_routing says which clock counts. */
    for (LIST_EACH(l, &c->workspace->workers))
        refresh_readiness(e, CONTAINER_OF(l, struct worker_live, in_workspace));
}

void unlink_channel(struct routing *e, struct channel_live *c)
{
    if (!c->workspace)
        return;
    for (LIST_EACH(l, &c->workspace->workers)) {
        struct worker_channel_live *wc = worker_channel_for(CONTAINER_OF(l, struct worker_live, in_workspace), c);
        if (wc)
            unlink_worker_channel(e, wc);
    }
    for (LIST_EACH(l, &c->workspace->tasks)) {
        struct task_live *t = CONTAINER_OF(l, struct task_live, in_workspace);
        if (t->channel != c)
            continue;
        task_leaves_lane(t);
        t->channel = NULL;
        count_task(t);
    }
    slots_release(&c->workspace->channel_slots, c->slot);
    bits_free(&c->busy);
    list_remove(&c->in_workspace);
    map_remove(&e->rows, c->row.sid);
    c->workspace = NULL;
}

/* --- task queues */

struct lane *lane_of(struct queue_live *q, size_t channel_slot)
{
    if (channel_slot >= q->nlanes) {
        q->lanes = reallocarray(q->lanes, channel_slot + 4, sizeof *q->lanes);
        if (!q->lanes)
            abort();
        while (q->nlanes < channel_slot + 4)
            q->lanes[q->nlanes++] = (struct lane){ 0 };
    }
    return &q->lanes[channel_slot];
}

struct asking {
    struct routing *engine;
    struct queue_live *queue;
};

static void ask_member(void *arg, struct worker_live *w)
{
    refresh_member(((struct asking *)arg)->engine, ((struct asking *)arg)->queue, w);
}

/* Which workers belong to a queue, when its expression is new. */
static void compile_queue(struct routing *e, struct queue_live *q)
{
    struct expr_error err = { 0 };
    struct arena *before = q->arena;

    q->arena = arena_new_sized(QUEUE_ROOM);
    q->expression = expr_compile(q->arena, q->row.target_workers, EXPR_QUEUE, &err);
    if (!q->expression) /* refused when it was set; an older server was more liberal */
        log_warn("routing.queue", "%s has no valid expression: %s", q->row.sid, err.message);
    finder_put(q);
    arena_free(before);
    for (size_t i = 0; (i = bits_next(&q->workers, i)) != NO_SLOT; i++) /* may belong to it no longer */
        refresh_member(e, q, slots_get(&q->workspace->worker_slots, i));
    if (!q->expression || finder_each(q, ask_member, &(struct asking){ e, q }))
        return;
    for (LIST_EACH(l, &q->workspace->workers))
        refresh_member(e, q, CONTAINER_OF(l, struct worker_live, in_workspace));
}

void link_queue(struct routing *e, struct tx *tx, struct queue_live *q)
{
    bool fresh = !q->workspace;

    if (fresh) {
        q->workspace = find_workspace(e, tx, q->row.workspace_sid);
        if (!q->workspace)
            return;
        list_append(&q->workspace->queues, &q->in_workspace);
        list_init(&q->tasks);
        q->slot = slots_take(&q->workspace->queue_slots, q);
        q->lifo = q->row.task_order == ORDER_LIFO;
        map_put(&e->rows, q->row.sid, q);
    }
    uint64_t hash = hash_text(q->row.target_workers);
    if (fresh || hash != q->source_hash) {
        q->source_hash = hash;
        compile_queue(e, q);
    }
    if (q->lifo == (q->row.task_order == ORDER_LIFO))
        return;
    for (LIST_EACH(l, &q->tasks)) /* all out of the trees first: a tree has one order */
        task_leaves_lane(CONTAINER_OF(l, struct task_live, in_queue));
    q->lifo = !q->lifo;
    for (LIST_EACH(l, &q->tasks))
        link_task(e, tx, CONTAINER_OF(l, struct task_live, in_queue));
}

void unlink_queue(struct routing *e, struct queue_live *q)
{
    if (!q->workspace)
        return;
    for (size_t i = 0; (i = bits_next(&q->workers, i)) != NO_SLOT; i++)
        put_member(e, q, slots_get(&q->workspace->worker_slots, i), false);
    for (LIST_EACH(l, &q->tasks)) {
        struct task_live *t = CONTAINER_OF(l, struct task_live, in_queue);
        task_leaves_lane(t);
        list_remove(&t->in_queue);
        t->queue = NULL;
        count_task(t);
    }
    finder_drop(q);
    slots_release(&q->workspace->queue_slots, q->slot);
    tallies_free(&q->tallies);
    crowds_free(&q->crowds);
    bits_free(&q->workers);
    free(q->lanes);
    q->lanes = NULL;
    q->nlanes = 0;
    arena_free(q->arena);
    q->arena = NULL;
    q->expression = NULL;
    list_remove(&q->in_workspace);
    map_remove(&e->rows, q->row.sid);
    q->workspace = NULL;
}

/* --- workflows */

static void forget_program(struct workflow_live *f)
{
    if (f->program && f->program->reads_facts)
        f->workspace->nfact_readers--;
    arena_free(f->arena);
    f->arena = NULL;
    f->program = NULL;
}

struct arena *keep_program(struct workflow_live *f)
{
    struct arena *home = f->arena;

    f->arena = NULL;
    return home;
}

void link_workflow(struct routing *e, struct tx *tx, struct workflow_live *f)
{
    bool fresh = !f->workspace;

    if (fresh) {
        f->workspace = find_workspace(e, tx, f->row.workspace_sid);
        if (!f->workspace)
            return;
        list_append(&f->workspace->workflows, &f->in_workspace);
        list_init(&f->tasks);
        list_init(&f->stale);
        map_put(&e->rows, f->row.sid, f);
    }
    uint64_t hash = hash_text(f->row.configuration);
    if (!fresh && hash == f->source_hash)
        return;
    forget_program(f);
    f->source_hash = hash;
    f->arena = arena_new();
    if (program_compile(f->arena, f->arena, f->row.configuration, &f->program))
        f->program = NULL; /* refused when it was set; an older server was more liberal: its tasks find no way */
    else if (f->program->reads_facts)
        f->workspace->nfact_readers++;
}

void unlink_workflow(struct routing *e, struct workflow_live *f)
{
    if (!f->workspace)
        return;
    for (LIST_EACH(l, &f->tasks)) {
        struct task_live *t = CONTAINER_OF(l, struct task_live, in_workflow);
        list_remove(&t->in_workflow);
        list_remove(&t->stale);
        t->workflow = NULL;
        count_task(t);
    }
    forget_program(f);
    tallies_free(&f->tallies);
    list_remove(&f->in_workspace);
    map_remove(&e->rows, f->row.sid);
    f->workspace = NULL;
}
