/* Who takes which task.
 *
 * The rule that holds between commands: no worker who could take a waiting task is free.  So after a change only two
 * kinds of pairs can match: a fresh task (it has just entered its step) with anybody who is ready, and a dirty worker
 * (he has just become ready, a member, or another) with anything that waits for him.  routing_settle() looks at these
 * pairs only, tasks in the order of their queues, and for each task it asks all ready workers whose turn it is. */
#include "routing/internal.h"
#include <stdlib.h>
#include <string.h>

/* --- facts about workers, for expressions */

static void count_by_activity(const struct queue_live *q, enum expr_fact fact, const char *activity_sid,
                              struct expr_value *out)
{
    int64_t n = 0;

    for (size_t i = 0; (i = bits_next(&q->workers, i)) != NO_SLOT; i++) {
        const struct worker_live *w = slots_get(&q->workspace->worker_slots, i);
        bool available = w->activity && w->activity->row.available;
        if (fact == EXPR_WORKERS_ACTIVITY)
            n += str_eq(w->row.activity_sid, activity_sid);
        else
            n += available == (fact == EXPR_WORKERS_AVAILABLE);
    }
    *out = expr_value_int(n);
}

void worker_fact(const struct expr_scope *scope, enum expr_fact fact, const char *of, struct expr_value *out)
{
    const struct fact_subject *s = scope->subject;
    const struct worker_live *w = s->worker;
    const struct worker_channel_live *c = NULL;

    if (fact == EXPR_WORKERS_AVAILABLE || fact == EXPR_WORKERS_UNAVAILABLE || fact == EXPR_WORKERS_ACTIVITY) {
        if (s->queue)
            count_by_activity(s->queue, fact, of, out);
        return;
    }
    if (!w)
        return;
    if (fact == EXPR_WORKER_SID)
        *out = expr_value_string(w->row.sid);
    else if (fact == EXPR_WORKER_FRIENDLY_NAME)
        *out = expr_value_string(w->row.friendly_name);
    else if (fact == EXPR_WORKER_ACTIVITY_SID)
        *out = expr_value_string(w->row.activity_sid);
    else if (fact == EXPR_WORKER_ACTIVITY_NAME)
        *out = expr_value_string(w->activity ? w->activity->row.friendly_name : NULL);
    for (size_t i = 0; of && i < w->nchannels; i++)
        if (w->channels[i] && str_eq(w->channels[i]->channel->row.unique_name, of))
            c = w->channels[i];
    if (!c)
        return;
    if (fact == EXPR_CHANNEL_CONFIGURED_CAPACITY)
        *out = expr_value_int(c->row.configured_capacity);
    else if (fact == EXPR_CHANNEL_ASSIGNED_TASKS)
        *out = expr_value_int(c->assigned);
    else if (fact == EXPR_CHANNEL_AVAILABLE_PERCENTAGE)
        *out = expr_value_int(percentage(c->row.configured_capacity, c->used));
}

/* --- one task, one worker */

bool is_known_worker(const json_t *task, const struct step *s, const struct worker_live *w)
{
    struct expr_value v = expr_reference_get(s->known, task);
    const char *wanted = s->known_by_name ? w->row.friendly_name : w->row.sid;

    if (v.kind != EXPR_STRING || strlen(wanted) != v.string.n)
        return false;
    return s->known_by_name ? strncasecmp(wanted, v.string.s, v.string.n) == 0
                            : strncmp(wanted, v.string.s, v.string.n) == 0;
}

/* What the step asks of a worker of its queue who is ready. */
static bool step_admits(struct tx *tx, struct task_live *t, const struct step *s, const struct worker_live *w)
{
    struct fact_subject subject = { w, t->queue };
    struct expr_scope scope = { .worker = w->attributes, .fact = worker_fact, .subject = &subject, .now = tx->now };

    if (s && s->known && !is_known_worker(task_attributes(t), s, w))
        return false;
    if (!s || !s->expression)
        return true;
    if (expr_reads(s->expression) & EXPR_READS_TASK)
        scope.task = task_attributes(t);
    return expr_eval(s->expression, &scope);
}

/* --- one task, all who are ready */

struct candidates {
    struct worker_channel_live **at;
    size_t n;
};

static int by_key(const void *a, const void *b)
{
    return compare_idle(&(*(struct worker_channel_live *const *)a)->key,
                        &(*(struct worker_channel_live *const *)b)->key);
}

/* All ready members of the queue whom the step admits, longest idle first; at most `most`.
 *
 * Two ways lead to them: along the line of all who are ready on the channel, or through the queue's members.  The first
 * is short when many of the workspace are members, the second when few are; so walk the line, but not further than the
 * members are many. */
static struct candidates find_candidates(struct tx *tx, struct task_live *t, const struct step *s, size_t most)
{
    struct queue_live *q = t->queue;
    struct channel_live *ch = t->channel;
    size_t ready = lane_of(q, ch->slot)->nready, seen = 0, steps = 0;
    struct candidates out = { 0 };

    if (!ready)
        return out;
    out.at = arena_alloc(tx->arena, (ready < most ? ready : most) * sizeof(struct worker_channel_live *));
    for (struct worker_channel_live *c = ready_first(ch); c && seen < ready && out.n < most; c = ready_next(c)) {
        if (++steps > q->nworkers + 8)
            break;
        if (!bits_has(&q->workers, c->worker->slot))
            continue;
        seen++;
        if (step_admits(tx, t, s, c->worker))
            out.at[out.n++] = c;
    }
    if (seen == ready || out.n == most)
        return out;

    struct worker_channel_live **members = arena_alloc(tx->arena, ready * sizeof(struct worker_channel_live *));
    size_t n = 0;
    for (size_t i = 0; (i = bits_next(&q->workers, i)) != NO_SLOT; i++) {
        struct worker_channel_live *c = worker_channel_for(slots_get(&q->workspace->worker_slots, i), ch);
        if (c && c->ready)
            members[n++] = c;
    }
    qsort(members, n, sizeof *members, by_key);
    out.n = 0;
    for (size_t i = 0; i < n && out.n < most; i++)
        if (step_admits(tx, t, s, members[i]->worker))
            out.at[out.n++] = members[i];
    return out;
}

static int longest_idle(const struct expr_candidate *a, const struct expr_candidate *b, void *arg)
{
    const struct worker_channel_live *x = a->subject, *y = b->subject;

    (void)arg;
    return compare_idle(&x->key, &y->key);
}

static void sort_candidates(struct tx *tx, const struct step *s, struct candidates *c)
{
    struct expr_candidate *list = arena_alloc(tx->arena, c->n * sizeof *list);

    for (size_t i = 0; i < c->n; i++)
        list[i] = (struct expr_candidate){ c->at[i]->worker->attributes, c->at[i] };
    expr_order_sort(s->order, list, c->n, longest_idle, NULL);
    for (size_t i = 0; i < c->n; i++)
        c->at[i] = list[i].subject;
}

enum { ASSIGNMENTS_MOST = 1000 };

bool reserve(struct routing *e, struct tx *tx, struct task_live *t)
{
    if (!t->waiting)
        return false;
    const struct step *s = step_of(t);
    size_t wanted = (size_t)t->queue->row.max_reserved_workers;
    struct candidates c = find_candidates(tx, t, s, s && s->order ? SIZE_MAX : wanted);

    if (!c.n)
        return false;
    if (t->row.assignments >= ASSIGNMENTS_MOST) {
        cancel_task(e, tx, t, REASON_ASSIGNMENTS);
        return true;
    }
    if (s && s->order && c.n > 1)
        sort_candidates(tx, s, &c);
    edit_task(tx, t);
    t->row.assignment_status = TASK_RESERVED;
    t->row.assignments++;
    link_task(e, tx, t);
    for (size_t i = 0; i < c.n && i < wanted; i++)
        make_reservation(e, tx, t, c.at[i]->worker);
    return true;
}

/* --- settling */

/* A line of tasks in the merge: those of a lane, or the fresh ones.  The place in it is a copy: the task may leave. */
struct turn {
    const char *workspace_sid;
    bool second;
    struct wait_key key;
};
struct cursor {
    struct task_live *next;
    struct turn turn;
    struct lane *lane; /* NULL: the fresh ones, */
    struct channel_live *channel;
    struct queue_live *queue;
    const struct step *hopeless; /* no dirty worker is admitted to it, whatever the task */
    struct task_live **fresh;    /* … which follow here, up to a NULL */
};

struct merge {
    struct tx *tx;
    struct worker_live **dirty;
    size_t ndirty;
    struct cursor *heap;
    size_t n, cap;
};

/* Whose turn is it?  Queues of the workspace's preferred order first; within an order, as in a queue. */
static int compare_turns(const struct turn *a, const struct turn *b)
{
    int d = strcmp(a->workspace_sid, b->workspace_sid);

    if (!d)
        d = a->second - b->second;
    return d ? d : compare_wait(&a->key, &b->key);
}

static struct turn turn_of(const struct task_live *t)
{
    bool preferred = t->key.lifo == (t->workspace->row.prioritize_queue_order == ORDER_LIFO);

    return (struct turn){ t->workspace->row.sid, !preferred, t->key };
}

static bool comes_before(const struct cursor *a, const struct cursor *b)
{
    return compare_turns(&a->turn, &b->turn) < 0;
}

static void sift_down(struct merge *m, size_t i)
{
    for (;;) {
        size_t least = i, l = 2 * i + 1, r = l + 1;
        if (l < m->n && comes_before(&m->heap[l], &m->heap[least]))
            least = l;
        if (r < m->n && comes_before(&m->heap[r], &m->heap[least]))
            least = r;
        if (least == i)
            return;
        struct cursor c = m->heap[i];
        m->heap[i] = m->heap[least];
        m->heap[least] = c;
        i = least;
    }
}

static void add_cursor(struct merge *m, struct cursor c)
{
    c.turn = turn_of(c.next);
    if (m->n == m->cap) {
        struct cursor *more = arena_alloc(m->tx->arena, (m->cap ? 2 * m->cap : 16) * sizeof *more);
        if (m->n)
            memcpy(more, m->heap, m->n * sizeof *more);
        m->heap = more;
        m->cap = m->cap ? 2 * m->cap : 16;
    }
    m->heap[m->n++] = c;
}

/* The lanes in which a task may wait for one of the dirty workers; each once. */
static void add_lanes(struct merge *m, struct worker_live *w, struct map *seen)
{
    for (size_t i = 0; i < w->nchannels; i++) {
        if (!w->channels[i] || !w->channels[i]->ready)
            continue;
        struct channel_live *ch = w->channels[i]->channel;
        for (size_t k = 0; (k = bits_next_common(&ch->busy, &w->queues, k)) != NO_SLOT; k++) {
            struct queue_live *q = slots_get(&w->workspace->queue_slots, k);
            const char *name = m->ndirty > 1 ? arena_printf(m->tx->arena, "%s%s", q->row.sid, ch->row.sid) : "";
            if (m->ndirty > 1 && map_put(seen, name, q))
                continue;
            struct lane *l = lane_of(q, ch->slot);
            add_cursor(m, (struct cursor){ .next = waiting_first(l), .lane = l, .channel = ch, .queue = q });
        }
    }
}

/* Is there a dirty worker for this task?  A lane of a thousand tasks in one step is asked once, if the task has no say
 * in it. */
static bool has_dirty(struct merge *m, struct cursor *c)
{
    const struct step *s = step_of(c->next);

    if (s && s == c->hopeless)
        return false;
    for (size_t i = 0; i < m->ndirty; i++) {
        struct worker_live *w = m->dirty[i];
        if (w->workspace != c->queue->workspace || !bits_has(&c->queue->workers, w->slot))
            continue;
        struct worker_channel_live *wc = worker_channel_for(w, c->channel);
        if (wc && wc->ready && step_admits(m->tx, c->next, s, w))
            return true;
    }
    if (s && !s->known && !(s->expression && (expr_reads(s->expression) & EXPR_READS_TASK)))
        c->hopeless = s;
    return false;
}

/* Could the lane's next task still find one of the dirty workers? */
static bool lane_is_of_use(struct merge *m, const struct cursor *c)
{
    for (size_t i = 0; i < m->ndirty; i++) {
        struct worker_live *w = m->dirty[i];
        struct worker_channel_live *wc = worker_channel_for(w, c->channel);
        if (wc && wc->ready && bits_has(&c->queue->workers, w->slot))
            return true;
    }
    return false;
}

static bool advance(struct merge *m, struct cursor *c)
{
    if (c->lane)
        c->next = lane_is_of_use(m, c) ? waiting_after(c->lane, &c->turn.key) : NULL;
    else
        do
            c->next = *c->fresh++;
        while (c->next && !c->next->waiting);
    if (c->next)
        c->turn = turn_of(c->next);
    return c->next;
}

static int by_turn(const void *a, const void *b)
{
    struct turn x = turn_of(*(struct task_live *const *)a), y = turn_of(*(struct task_live *const *)b);

    return compare_turns(&x, &y);
}

static size_t list_length(const struct link *head)
{
    size_t n = 0;

    for (const struct link *l = head->next; l != head; l = l->next)
        n++;
    return n;
}

/* Takes the marks off, and lists what was marked.  Fresh tasks: in the order of their turn, NULL behind the last. */
static struct task_live **take_fresh(struct routing *e, struct tx *tx, size_t *n)
{
    struct task_live **fresh = arena_alloc(tx->arena, (list_length(&e->fresh) + 1) * sizeof(struct task_live *));

    *n = 0;
    for (LIST_EACH(l, &e->fresh)) {
        struct task_live *t = CONTAINER_OF(l, struct task_live, fresh);
        list_remove(l);
        if (t->waiting)
            fresh[(*n)++] = t;
    }
    qsort(fresh, *n, sizeof *fresh, by_turn);
    return fresh;
}

static void take_dirty(struct routing *e, struct merge *m)
{
    struct map seen = { 0 };

    m->dirty = arena_alloc(m->tx->arena, (list_length(&e->dirty) + 1) * sizeof(struct worker_live *));
    for (LIST_EACH(l, &e->dirty)) {
        m->dirty[m->ndirty++] = CONTAINER_OF(l, struct worker_live, dirty);
        list_remove(l);
    }
    for (size_t i = 0; i < m->ndirty; i++)
        add_lanes(m, m->dirty[i], &seen);
    map_clear(&seen);
}

/* One round: all that is marked now. */
static void settle_round(struct routing *e, struct tx *tx)
{
    struct merge m = { .tx = tx };
    size_t nfresh;
    struct task_live **fresh = take_fresh(e, tx, &nfresh);

    take_dirty(e, &m);
    if (nfresh)
        add_cursor(&m, (struct cursor){ .next = fresh[0], .fresh = fresh + 1 });
    for (size_t i = m.n / 2; i-- > 0;)
        sift_down(&m, i);
    while (m.n) {
        struct cursor c = m.heap[0];
        if (c.next->waiting && (!c.lane || has_dirty(&m, &c)))
            reserve(e, tx, c.next);
        if (advance(&m, &c))
            m.heap[0] = c;
        else
            m.heap[0] = m.heap[--m.n];
        sift_down(&m, 0);
    }
    for (size_t i = 0; i < nfresh; i++) /* nobody could take them at once */
        if (fresh[i]->waiting && !list_linked(&fresh[i]->fresh))
            route_skip(e, tx, fresh[i]);
}

void routing_settle(struct routing *e, struct tx *tx)
{
    if (e->settling)
        return; /* a listener's change: the round under way is followed by another */
    e->settling = true;
    while (!list_empty(&e->dirty) || !list_empty(&e->fresh))
        settle_round(e, tx);
    e->settling = false;
}
