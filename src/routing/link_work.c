/* What is derived from workers and work: who is in which queue, who is ready, what waits where, what is counted. */
#include "routing/internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int compare_idle(const struct idle_key *a, const struct idle_key *b)
{
    int d = compare_numbers(a->reserved, b->reserved);

    if (!d)
        d = compare_numbers(a->status_changed, b->status_changed);
    return d ? d : strcmp(a->worker_sid, b->worker_sid);
}

int compare_wait(const struct wait_key *a, const struct wait_key *b)
{
    int d;

    if (a->lifo) {
        d = compare_numbers(b->start, a->start);
        if (!d)
            d = compare_numbers(b->created, a->created);
        return d ? d : strcmp(b->sid, a->sid);
    }
    d = compare_numbers(b->priority, a->priority);
    if (!d)
        d = compare_numbers(a->start, b->start);
    if (!d)
        d = compare_numbers(a->created, b->created);
    return d ? d : strcmp(a->sid, b->sid);
}

static int by_idleness(struct worker_channel_live *a, struct worker_channel_live *b)
{
    return compare_idle(&a->key, &b->key);
}
static int by_waiting(struct task_live *a, struct task_live *b)
{
    return compare_wait(&a->key, &b->key);
}
RB_GENERATE_STATIC(ready_tree, worker_channel_live, in_ready, by_idleness)
RB_GENERATE_STATIC(wait_tree, task_live, in_lane, by_waiting)

struct worker_channel_live *ready_first(struct channel_live *c)
{
    return RB_MIN(ready_tree, &c->ready);
}
struct worker_channel_live *ready_next(struct worker_channel_live *c)
{
    return RB_NEXT(ready_tree, NULL, c);
}
struct task_live *waiting_first(struct lane *l)
{
    return RB_MIN(wait_tree, &l->waiting);
}

struct task_live *waiting_after(struct lane *l, const struct wait_key *key)
{
    struct task_live *t = RB_ROOT(&l->waiting), *found = NULL;

    while (t)
        if (compare_wait(key, &t->key) < 0) {
            found = t;
            t = RB_LEFT(t, in_lane);
        } else {
            t = RB_RIGHT(t, in_lane);
        }
    return found;
}

/* --- marks */

void mark_dirty(struct routing *e, struct worker_live *w)
{
    if (!e->loading && !list_linked(&w->dirty))
        list_append(&e->dirty, &w->dirty);
}

void mark_fresh(struct routing *e, struct task_live *t)
{
    if (!e->loading && !list_linked(&t->fresh))
        list_append(&e->fresh, &t->fresh);
}

void clear_marks(struct routing *e)
{
    while (!list_empty(&e->dirty))
        list_remove(e->dirty.next);
    while (!list_empty(&e->fresh))
        list_remove(e->fresh.next);
}

/* --- readiness */

struct worker_channel_live *worker_channel_for(const struct worker_live *w, const struct channel_live *c)
{
    return c->slot < w->nchannels ? w->channels[c->slot] : NULL;
}

/* The lanes of the worker's queues count who is ready. */
static void count_ready(struct worker_channel_live *c, bool more)
{
    struct worker_live *w = c->worker;

    for (size_t i = 0; (i = bits_next(&w->queues, i)) != NO_SLOT; i++) {
        struct lane *l = lane_of(slots_get(&w->workspace->queue_slots, i), c->channel->slot);
        l->nready = more ? l->nready + 1 : l->nready - 1;
    }
}

static void leave_ready(struct worker_channel_live *c)
{
    if (!c->ready)
        return;
    RB_REMOVE(ready_tree, &c->channel->ready, c);
    c->channel->nready--;
    c->ready = false;
    count_ready(c, false);
}

static int64_t last_reserved(const struct worker_live *w, const struct worker_channel_live *c)
{
    int64_t last = NO_VALUE;

    if (c->channel->row.channel_optimized_routing)
        return c->row.last_reserved_time;
    for (size_t i = 0; i < w->nchannels; i++)
        if (w->channels[i] && w->channels[i]->row.last_reserved_time > last)
            last = w->channels[i]->row.last_reserved_time;
    return last;
}

struct idle_key idle_key_of(const struct worker_live *w, const struct worker_channel_live *c)
{
    return (struct idle_key){ last_reserved(w, c), w->row.date_status_changed, w->row.sid };
}

static void refresh_channel(struct routing *e, struct worker_channel_live *c)
{
    struct worker_live *w = c->worker;
    struct idle_key key = idle_key_of(w, c);
    bool ready = w->activity && w->activity->row.available && c->row.available &&
                 c->used < c->row.configured_capacity && !worker_is_taken(w);

    if (c->ready && ready && compare_idle(&c->key, &key) != 0) { /* only its place in the line */
        RB_REMOVE(ready_tree, &c->channel->ready, c);
        c->key = key;
        RB_INSERT(ready_tree, &c->channel->ready, c);
    }
    if (c->ready && !ready)
        leave_ready(c);
    if (c->ready || !ready)
        return;
    c->key = key;
    c->ready = true;
    RB_INSERT(ready_tree, &c->channel->ready, c);
    c->channel->nready++;
    count_ready(c, true);
    mark_dirty(e, w);
}

void refresh_readiness(struct routing *e, struct worker_live *w)
{
    count_worker(w);
    for (size_t i = 0; i < w->nchannels; i++)
        if (w->channels[i])
            refresh_channel(e, w->channels[i]);
}

/* --- membership */

void put_member(struct routing *e, struct queue_live *q, struct worker_live *w, bool now)
{
    if (bits_has(&q->workers, w->slot) == now)
        return;
    bits_put(&q->workers, w->slot, now);
    bits_put(&w->queues, q->slot, now);
    q->nworkers = now ? q->nworkers + 1 : q->nworkers - 1;
    count_member(&q->crowds, w, now ? 1 : -1);
    for (size_t i = 0; i < w->nchannels; i++)
        if (w->channels[i] && w->channels[i]->ready) {
            struct lane *l = lane_of(q, i);
            l->nready = now ? l->nready + 1 : l->nready - 1;
        }
    if (now)
        mark_dirty(e, w);
    if (e->watch)
        e->watch->member(e->watch->arg, &q->row, &w->row);
}

void refresh_member(struct routing *e, struct queue_live *q, struct worker_live *w)
{
    struct fact_subject subject = { w, q };
    struct expr_scope scope = { .worker = w->attributes, .fact = worker_fact, .subject = &subject };

    put_member(e, q, w, q->expression && expr_eval(q->expression, &scope));
}

void refresh_membership(struct routing *e, struct worker_live *w, bool only_by_facts)
{
    const struct bits *queues = only_by_facts ? &w->workspace->finder.by_facts : finder_look(w);

    for (size_t i = 0; (i = bits_next(queues, i)) != NO_SLOT; i++)
        refresh_member(e, slots_get(&w->workspace->queue_slots, i), w);
}

/* The tree, for whoever keeps it; tx may be NULL. */
static json_t *parse_attributes(const struct tx *tx, const char *text)
{
    json_t *v = NULL;

    if (tx && text && str_eq(tx->parsed.text, text))
        v = json_incref(tx->parsed.tree);
    else if (text)
        v = json_loads(text, 0, NULL);
    return v ? v : json_object();
}

fault_t attributes_check(struct tx *tx, const char *text)
{
    const char *why = NULL;
    json_t *tree;

    if (text && str_eq(tx->parsed.text, text))
        return NULL;
    tree = text ? json_parse_object(tx->arena, text, strlen(text), &why) : NULL;
    if (!tree)
        return fault(tx->arena, F_INVALID_PARAMETER, "Attributes must be a JSON object: %s",
                     why ? why : "it is missing");
    tx->parsed.text = text;
    tx->parsed.tree = tree;
    return NULL;
}

static uint64_t hash_facts(const struct worker_live *w)
{
    return hash_text(w->row.friendly_name) ^ (hash_text(w->row.activity_sid) * 3) ^
           ((w->activity ? w->activity->name_hash : 0) * 5);
}

/* --- workers */

void link_worker(struct routing *e, struct tx *tx, struct worker_live *w)
{
    bool fresh = !w->workspace;

    if (fresh) {
        w->workspace = find_workspace(e, tx, w->row.workspace_sid);
        if (!w->workspace)
            return;
        list_append(&w->workspace->workers, &w->in_workspace);
        list_init(&w->reservations);
        list_init(&w->words);
        w->slot = slots_take(&w->workspace->worker_slots, w);
        map_put(&e->rows, w->row.sid, w);
    }
    struct activity_live *a = find_activity(e, tx, w->row.activity_sid);
    if (a != w->activity) {
        list_remove(&w->in_activity);
        w->activity = a;
        if (a)
            list_append(&a->workers, &w->in_activity);
    }
    uint64_t attributes = hash_text(w->row.attributes), facts = hash_facts(w);
    bool told = fresh || attributes != w->attributes_hash;
    if (told) {
        json_decref(w->attributes);
        w->attributes = parse_attributes(tx, w->row.attributes);
        finder_learn(w);
    }
    if (told || facts != w->facts_hash) {
        w->attributes_hash = attributes;
        w->facts_hash = facts;
        refresh_membership(e, w, !told);
        mark_dirty(e, w);
    }
    refresh_readiness(e, w);
}

void unlink_worker(struct routing *e, struct worker_live *w)
{
    if (!w->workspace)
        return;
    for (LIST_EACH(l, &w->reservations))
        unlink_reservation(e, CONTAINER_OF(l, struct reservation_live, in_worker));
    for (size_t i = 0; i < w->nchannels; i++)
        if (w->channels[i])
            unlink_worker_channel(e, w->channels[i]);
    uncount_worker(w);
    finder_forget(w);
    for (size_t i = 0; (i = bits_next(&w->queues, i)) != NO_SLOT; i++)
        put_member(e, slots_get(&w->workspace->queue_slots, i), w, false);
    slots_release(&w->workspace->worker_slots, w->slot);
    free(w->channels);
    w->channels = NULL;
    w->nchannels = 0;
    bits_free(&w->queues);
    json_decref(w->attributes);
    w->attributes = NULL;
    w->activity = NULL;
    list_remove(&w->in_activity);
    list_remove(&w->in_workspace);
    list_remove(&w->dirty);
    map_remove(&e->rows, w->row.sid);
    w->workspace = NULL;
}

/* --- reservations, as they are counted on a worker's channel */

static void count_reservation(struct routing *e, struct reservation_live *r)
{
    struct worker_channel_live *was = r->counted, *now = NULL;
    bool assigned = r->row.reservation_status == RESERVATION_ACCEPTED;

    if (r->task && r->worker && r->task->channel)
        now = worker_channel_for(r->worker, r->task->channel);
    if (now == was && assigned == r->counted_assigned)
        return;
    if (was) {
        was->used--;
        was->assigned -= r->counted_assigned;
    }
    r->counted = now;
    r->counted_assigned = now && assigned;
    if (now) {
        now->used++;
        now->assigned += r->counted_assigned;
    }
    if (was && was != now)
        refresh_channel(e, was);
    if (now)
        refresh_channel(e, now);
    if (r->worker && r->worker->workspace->nfact_readers) /* expressions ask how much a worker has in hand */
        mark_dirty(e, r->worker);
}

/* --- worker channels */

void link_worker_channel(struct routing *e, struct tx *tx, struct worker_channel_live *c)
{
    if (!c->worker) {
        struct worker_live *w = find_worker(e, tx, c->row.worker_sid);
        struct channel_live *ch = find_channel(e, tx, c->row.task_channel_sid);
        if (!w || !ch)
            return;
        c->worker = w;
        c->channel = ch;
        c->used = c->assigned = 0;
        if (ch->slot >= w->nchannels) {
            w->channels = reallocarray(w->channels, ch->slot + 1, sizeof *w->channels);
            if (!w->channels)
                abort();
            while (w->nchannels <= ch->slot)
                w->channels[w->nchannels++] = NULL;
        }
        w->channels[ch->slot] = c;
        map_put(&e->rows, c->row.sid, c);
        for (LIST_EACH(l, &w->reservations))
            count_reservation(e, CONTAINER_OF(l, struct reservation_live, in_worker));
    }
    refresh_readiness(e, c->worker); /* the others, too: their clock may be this one's */
}

void unlink_worker_channel(struct routing *e, struct worker_channel_live *c)
{
    if (!c->worker)
        return;
    leave_ready(c);
    for (LIST_EACH(l, &c->worker->reservations)) {
        struct reservation_live *r = CONTAINER_OF(l, struct reservation_live, in_worker);
        if (r->counted != c)
            continue;
        r->counted = NULL;
        r->counted_assigned = false;
    }
    struct worker_live *w = c->worker;
    w->channels[c->channel->slot] = NULL;
    map_remove(&e->rows, c->row.sid);
    c->worker = NULL;
    c->channel = NULL;
    refresh_readiness(e, w); /* their clock may have been this one's */
}

/* --- tasks */

const json_t *task_attributes(struct task_live *t)
{
    if (!t->attributes)
        t->attributes = parse_attributes(NULL, t->row.attributes);
    return t->attributes;
}

void task_forget_attributes(struct task_live *t)
{
    json_decref(t->attributes);
    t->attributes = NULL;
}

void task_leaves_lane(struct task_live *t)
{
    if (!t->waiting)
        return;
    struct lane *l = lane_of(t->queue, t->channel->slot);
    if (l->last == t)
        l->last = RB_PREV(wait_tree, &l->waiting, t);
    RB_REMOVE(wait_tree, &l->waiting, t);
    t->waiting = false;
    if (--l->nwaiting == 0)
        bits_put(&t->channel->busy, t->queue->slot, false);
}

static void task_takes_place(struct task_live *t, struct wait_key key)
{
    struct lane *l = lane_of(t->queue, t->channel->slot);

    t->key = key;
    t->waiting = true;
    if (l->last && by_waiting(l->last, t) < 0) { /* nearly everybody comes last: no walk down the tree */
        RB_SET(t, l->last, in_lane);
        RB_RIGHT(l->last, in_lane) = t;
        wait_tree_RB_INSERT_COLOR(&l->waiting, t);
        l->last = t;
    } else {
        RB_INSERT(wait_tree, &l->waiting, t);
        l->last = l->last ? l->last : t;
    }
    if (l->nwaiting++ == 0)
        bits_put(&t->channel->busy, t->queue->slot, true);
}

static void task_relates(struct routing *e, struct tx *tx, struct task_live *t)
{
    struct queue_live *q = find_queue(e, tx, t->row.task_queue_sid);
    struct workflow_live *f = find_workflow(e, tx, t->row.workflow_sid);
    struct channel_live *c = find_channel(e, tx, t->row.task_channel_sid);

    if (q != t->queue) {
        task_leaves_lane(t);
        list_remove(&t->in_queue);
        t->queue = q;
        if (q)
            list_append(&q->tasks, &t->in_queue);
    }
    if (f != t->workflow) {
        list_remove(&t->in_workflow);
        list_remove(&t->stale);
        t->workflow = f;
        if (f)
            list_append(&f->tasks, &t->in_workflow);
    }
    if (c == t->channel)
        return;
    task_leaves_lane(t);
    t->channel = c;
    for (LIST_EACH(l, &t->reservations))
        count_reservation(e, CONTAINER_OF(l, struct reservation_live, in_task));
}

void link_task(struct routing *e, struct tx *tx, struct task_live *t)
{
    if (!task_kind.is_live(t)) {
        unlink_task(e, t);
        return;
    }
    if (!t->workspace) {
        t->workspace = find_workspace(e, tx, t->row.workspace_sid);
        if (!t->workspace)
            return;
        list_append(&t->workspace->tasks, &t->in_workspace);
        list_init(&t->reservations);
        map_put(&e->rows, t->row.sid, t);
    }
    task_relates(e, tx, t);
    uint64_t hash = hash_text(t->row.attributes);
    if (hash != t->attributes_hash) {
        t->attributes_hash = hash;
        task_forget_attributes(t);
        if (tx && t->row.attributes && str_eq(tx->parsed.text, t->row.attributes)) /* its filters will ask */
            t->attributes = parse_attributes(tx, t->row.attributes);
    }
    bool waits = t->row.assignment_status == TASK_PENDING && t->queue && t->channel;
    struct wait_key key = { .lifo = t->queue && t->queue->lifo,
                            .priority = t->row.priority,
                            .start = t->row.virtual_start_time,
                            .created = t->row.date_created,
                            .sid = t->row.sid };
    if (t->waiting && (!waits || t->key.lifo != key.lifo || compare_wait(&t->key, &key) != 0))
        task_leaves_lane(t);
    if (waits && !t->waiting)
        task_takes_place(t, key);
    count_task(t);
}

void unlink_task(struct routing *e, struct task_live *t)
{
    if (!t->workspace)
        return;
    for (LIST_EACH(l, &t->reservations))
        unlink_reservation(e, CONTAINER_OF(l, struct reservation_live, in_task));
    if (t->transfer)
        unlink_transfer(e, t->transfer);
    task_leaves_lane(t);
    uncount_task(t);
    task_forget_attributes(t);
    t->attributes_hash = 0;
    t->queue = NULL;
    t->workflow = NULL;
    t->channel = NULL;
    list_remove(&t->in_queue);
    list_remove(&t->in_workflow);
    list_remove(&t->in_workspace);
    list_remove(&t->fresh);
    list_remove(&t->stale);
    map_remove(&e->rows, t->row.sid);
    t->workspace = NULL;
}

/* --- reservations */

/* Kept in the order of creation; nearly always the new one is the last. */
static void insert_by_age(struct link *head, struct reservation_live *r, size_t offset)
{
    struct link *at = head;

    while (at->prev != head &&
           strcmp(((struct reservation_live *)((char *)at->prev - offset))->row.sid, r->row.sid) > 0)
        at = at->prev;
    list_insert_before(at, (struct link *)((char *)r + offset));
}

void link_reservation(struct routing *e, struct tx *tx, struct reservation_live *r)
{
    if (!reservation_kind.is_live(r)) {
        unlink_reservation(e, r);
        return;
    }
    if (!r->task) {
        struct task_live *t = find_task(e, tx, r->row.task_sid);
        struct worker_live *w = find_worker(e, tx, r->row.worker_sid);
        if (!t || !w)
            return;
        r->task = t;
        r->worker = w;
        insert_by_age(&t->reservations, r, offsetof(struct reservation_live, in_task));
        insert_by_age(&w->reservations, r, offsetof(struct reservation_live, in_worker));
        map_put(&e->rows, r->row.sid, r);
        if (w->workspace->single) /* it takes him on all his channels */
            refresh_readiness(e, w);
    }
    count_reservation(e, r);
}

void unlink_reservation(struct routing *e, struct reservation_live *r)
{
    if (!r->task)
        return;
    struct worker_live *w = r->worker;
    r->task = NULL;
    list_remove(&r->in_task);
    list_remove(&r->in_worker);
    count_reservation(e, r);
    r->worker = NULL;
    map_remove(&e->rows, r->row.sid);
    if (w->workspace->single)
        refresh_readiness(e, w);
}
