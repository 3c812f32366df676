/* What is counted while it happens, so that nobody has to count it later: tasks by status and priority and who waits
 * longest, for each channel of a workspace, a workflow and a queue; workers by activity, for a workspace and a queue.
 *
 * A task remembers as what it is counted (struct counted_task), and so does a worker; count_x() compares that with what
 * the row says now, and moves it.  So, like all that is derived, it may be called at any time, any number of times. */
#include "routing/internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int by_age(const struct age_node *a, const struct age_node *b)
{
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return strcmp(a->task->row.sid, b->task->row.sid);
}

static int compare_ages(struct age_node *a, struct age_node *b)
{
    return by_age(a, b);
}
RB_GENERATE_STATIC(age_tree, age_node, in_tree, compare_ages)

/* Behind the last one there is no walk to the place, only the tree's balance. */
static void line_put(struct age_line *line, struct age_node *n)
{
    struct age_node *last = line->last;

    if (!last || by_age(last, n) > 0) {
        RB_INSERT(age_tree, &line->tree, n);
        line->last = last ? last : n;
        return;
    }
    RB_SET(n, last, in_tree);
    RB_RIGHT(last, in_tree) = n;
    age_tree_RB_INSERT_COLOR(&line->tree, n);
    line->last = n;
}

static void line_take(struct age_line *line, struct age_node *n)
{
    if (line->last == n)
        line->last = RB_PREV(age_tree, &line->tree, n);
    RB_REMOVE(age_tree, &line->tree, n);
}

/* A zeroed element at index i of an array that grows. */
static void *room_for(void *array, size_t *n, size_t i, size_t each)
{
    if (i < *n)
        return array;
    size_t more = i + 4;
    char *grown = reallocarray(array, more, each);
    if (!grown)
        abort();
    memset(grown + *n * each, 0, (more - *n) * each);
    *n = more;
    return grown;
}

/* --- tasks */

/* Channel slot + 1; the first one is of tasks whose channel is gone. */
static struct tally *tally_of(struct tallies *t, size_t place)
{
    t->at = room_for(t->at, &t->n, place, sizeof *t->at);
    if (!t->at[place] && !(t->at[place] = calloc(1, sizeof *t->at[place])))
        abort();
    return t->at[place];
}

void tallies_free(struct tallies *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i]) {
            assert(RB_EMPTY(&t->at[i]->ages.tree));
            free(t->at[i]->priorities);
            free(t->at[i]);
        }
    free(t->at);
    *t = (struct tallies){ 0 };
}

static size_t priority_place(const struct tally *t, int64_t priority)
{
    size_t low = 0, high = t->npriorities;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->priorities[middle].priority < priority)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void count_priority(struct tally *t, int64_t priority, int by)
{
    size_t i = priority_place(t, priority);
    struct priority_count *p;

    if (i == t->npriorities || t->priorities[i].priority != priority) {
        if (t->npriorities == t->priorities_cap)
            t->priorities = room_for(t->priorities, &t->priorities_cap, 2 * t->npriorities, sizeof *t->priorities);
        p = &t->priorities[i];
        memmove(p + 1, p, (t->npriorities++ - i) * sizeof *p);
        *p = (struct priority_count){ .priority = priority };
    }
    p = &t->priorities[i];
    p->tasks += by;
    if (!p->tasks)
        memmove(p, p + 1, (--t->npriorities - i) * sizeof *p);
}

static void tally_put(struct task_live *t, int by)
{
    struct counted_task *c = &t->counted;

    for (size_t i = 0; i < TALLIES; i++)
        if (c->in[i]) {
            c->in[i]->by_status[c->status] += by;
            count_priority(c->in[i], c->priority, by);
        }
}

/* Who waits is in the trees of its workflow and its queue; a workspace asks its queues. */
static void ages_put(struct task_live *t, bool in)
{
    struct counted_task *c = &t->counted;
    struct tally *queue = c->in[OF_QUEUE], *workflow = c->in[OF_WORKFLOW];
    struct age_line *lines[AGE_NODES] = { [AGE_IN_WORKFLOW] = workflow ? &workflow->ages : NULL,
                                          [AGE_IN_QUEUE] = queue ? &queue->ages : NULL,
                                          [AGE_SINCE_ENTERED] = queue ? &queue->entries : NULL };

    for (size_t i = 0; i < AGE_NODES && c->status == TASK_PENDING; i++) {
        if (!lines[i])
            continue;
        if (in) {
            c->nodes[i] =
                (struct age_node){ .task = t, .at = i == AGE_SINCE_ENTERED ? c->entered : t->row.date_created };
            line_put(lines[i], &c->nodes[i]);
        } else {
            line_take(lines[i], &c->nodes[i]);
        }
    }
}

void uncount_task(struct task_live *t)
{
    ages_put(t, false);
    tally_put(t, -1);
    memset(t->counted.in, 0, sizeof t->counted.in);
}

void count_task(struct task_live *t)
{
    struct counted_task *c = &t->counted;
    size_t place = t->channel ? t->channel->slot + 1 : 0;
    struct tally *in[TALLIES] = { tally_of(&t->workspace->tallies, place),
                                  t->workflow ? tally_of(&t->workflow->tallies, place) : NULL,
                                  t->queue ? tally_of(&t->queue->tallies, place) : NULL };

    if (memcmp(in, c->in, sizeof in) == 0 && c->status == t->row.assignment_status && c->priority == t->row.priority &&
        c->entered == t->row.task_queue_entered_date)
        return;
    uncount_task(t);
    if (t->row.assignment_status >= LIVE_STATUSES)
        return;
    memcpy(c->in, in, sizeof in);
    c->status = t->row.assignment_status;
    c->priority = t->row.priority;
    c->entered = t->row.task_queue_entered_date;
    tally_put(t, 1);
    ages_put(t, true);
}

/* --- workers */

static int64_t *crowd_of(struct crowds *c, size_t place, size_t activity)
{
    c->at = room_for(c->at, &c->n, place, sizeof *c->at);
    struct crowd *crowd = &c->at[place];
    crowd->by_activity = room_for(crowd->by_activity, &crowd->n, activity, sizeof *crowd->by_activity);
    return &crowd->by_activity[activity];
}

void crowds_free(struct crowds *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->at[i].by_activity);
    free(c->at);
    *c = (struct crowds){ 0 };
}

/* The first crowd is of all, the others of those who take that channel. */
void count_member(struct crowds *c, const struct worker_live *w, int by)
{
    if (!w->counted_activity)
        return;
    *crowd_of(c, 0, w->counted_activity - 1) += by;
    for (size_t i = 0; (i = bits_next(&w->counted_channels, i)) != NO_SLOT; i++)
        *crowd_of(c, i + 1, w->counted_activity - 1) += by;
}

static void count_everywhere(struct worker_live *w, int by)
{
    count_member(&w->workspace->crowds, w, by);
    for (size_t i = 0; (i = bits_next(&w->queues, i)) != NO_SLOT; i++)
        count_member(&((struct queue_live *)slots_get(&w->workspace->queue_slots, i))->crowds, w, by);
}

static bool takes(const struct worker_live *w, size_t channel)
{
    const struct worker_channel_live *c = channel < w->nchannels ? w->channels[channel] : NULL;

    return c && c->row.available && c->row.configured_capacity > 0;
}

void uncount_worker(struct worker_live *w)
{
    count_everywhere(w, -1);
    w->counted_activity = 0;
    bits_free(&w->counted_channels);
}

void count_worker(struct worker_live *w)
{
    size_t activity = w->activity ? w->activity->slot + 1 : 0, n = w->nchannels;
    bool same = activity == w->counted_activity;

    if (w->counted_channels.n * 64 > n)
        n = w->counted_channels.n * 64;
    for (size_t i = 0; same && i < n; i++)
        same = takes(w, i) == bits_has(&w->counted_channels, i);
    if (same)
        return;
    uncount_worker(w);
    w->counted_activity = activity;
    for (size_t i = 0; i < w->nchannels; i++)
        bits_put(&w->counted_channels, i, takes(w, i));
    count_everywhere(w, 1);
}

/* --- looking */

static void take_older(const struct task **oldest, int64_t *at, struct age_line *line)
{
    struct age_node *n = RB_MIN(age_tree, &line->tree);
    struct age_node best = { .at = *at };

    if (!n)
        return;
    if (*oldest)
        best.task = CONTAINER_OF(*oldest, struct task_live, row);
    if (!*oldest || by_age(n, &best) < 0) {
        *oldest = &n->task->row;
        *at = n->at;
    }
}

static void take_longest(struct routing_tasks *out, const struct tallies *t, size_t only)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i] && (!only || i == only)) {
            take_older(&out->longest, &out->longest_since, &t->at[i]->ages);
            take_older(&out->longest_here, &out->longest_here_since, &t->at[i]->entries);
        }
}

static void add_priority(struct routing_tasks *out, struct priority_count p)
{
    size_t i = out->npriorities;

    while (i && out->priorities[i - 1].priority > p.priority)
        i--;
    if (i && out->priorities[i - 1].priority == p.priority) {
        out->priorities[i - 1].tasks += p.tasks;
        return;
    }
    memmove(&out->priorities[i + 1], &out->priorities[i], (out->npriorities++ - i) * sizeof p);
    out->priorities[i] = p;
}

static void add_tallies(struct arena *a, const struct tallies *t, size_t only, struct routing_tasks *out)
{
    size_t room = 1;

    for (size_t i = 0; i < t->n; i++)
        room += t->at[i] ? t->at[i]->npriorities : 0;
    out->priorities = arena_alloc(a, room * sizeof *out->priorities);
    for (size_t i = 0; i < t->n; i++) {
        const struct tally *one = t->at[i];
        if (!one || (only && i != only))
            continue;
        for (size_t s = 0; s < LIVE_STATUSES; s++) {
            out->by_status[s] += one->by_status[s];
            out->total += one->by_status[s];
        }
        for (size_t p = 0; p < one->npriorities; p++)
            add_priority(out, one->priorities[p]);
    }
}

/* Of a channel that is not one of the workspace's: a place where nothing is. */
static size_t place_of(struct routing *e, const char *channel_sid)
{
    const struct channel_live *c = channel_sid ? find_channel(e, NULL, channel_sid) : NULL;

    return !channel_sid ? 0 : c ? c->slot + 1 : SIZE_MAX;
}

void routing_count_tasks(struct routing *e, struct arena *a, const char *sid, const char *channel_sid,
                         struct routing_tasks *out)
{
    struct workspace_live *ws = find_workspace(e, NULL, sid);
    struct workflow_live *f = find_workflow(e, NULL, sid);
    struct queue_live *q = find_queue(e, NULL, sid);
    const struct tallies *t = ws ? &ws->tallies : f ? &f->tallies : q ? &q->tallies : NULL;
    size_t only = place_of(e, channel_sid);

    *out = (struct routing_tasks){ 0 };
    if (!t)
        return;
    add_tallies(a, t, only, out);
    if (!ws) {
        take_longest(out, t, only);
        return;
    }
    for (LIST_EACH(l, &ws->queues))
        take_longest(out, &CONTAINER_OF(l, struct queue_live, in_workspace)->tallies, only);
}

static int by_sid(const void *a, const void *b)
{
    return strcmp(((const struct routing_activity *)a)->activity->sid,
                  ((const struct routing_activity *)b)->activity->sid);
}

void routing_count_workers(struct routing *e, struct arena *a, const char *sid, const char *channel_sid,
                           struct routing_workers *out)
{
    struct workspace_live *ws = find_workspace(e, NULL, sid);
    struct queue_live *q = find_queue(e, NULL, sid);
    const struct crowds *c = ws ? &ws->crowds : q ? &q->crowds : NULL;
    size_t place = place_of(e, channel_sid), room = 0;

    *out = (struct routing_workers){ 0 };
    ws = ws ? ws : q ? q->workspace : NULL;
    if (!ws)
        return;
    for (LIST_EACH(l, &ws->activities))
        room++;
    out->activities = arena_alloc(a, (room + 1) * sizeof *out->activities);
    for (LIST_EACH(l, &ws->activities)) {
        const struct activity_live *act = CONTAINER_OF(l, struct activity_live, in_workspace);
        const struct crowd *crowd = place < c->n ? &c->at[place] : NULL;
        int64_t n = crowd && act->slot < crowd->n ? crowd->by_activity[act->slot] : 0;
        out->activities[out->nactivities++] = (struct routing_activity){ &act->row, n };
        out->total += n;
        out->available += act->row.available ? n : 0;
    }
    qsort(out->activities, out->nactivities, sizeof *out->activities, by_sid);
}

void routing_each_queue(struct routing *e, const char *workspace_sid,
                        void (*each)(void *arg, const struct task_queue *q), void *arg)
{
    struct workspace_live *ws = find_workspace(e, NULL, workspace_sid);

    if (!ws)
        return;
    for (LIST_EACH(l, &ws->queues))
        each(arg, &CONTAINER_OF(l, struct queue_live, in_workspace)->row);
}

void routing_each_worker(struct routing *e, const char *sid, void (*each)(void *arg, const struct worker *w), void *arg)
{
    struct workspace_live *ws = find_workspace(e, NULL, sid);
    struct queue_live *q = find_queue(e, NULL, sid);

    for (size_t i = 0; q && (i = bits_next(&q->workers, i)) != NO_SLOT; i++)
        each(arg, &((const struct worker_live *)slots_get(&q->workspace->worker_slots, i))->row);
    if (!ws)
        return;
    for (LIST_EACH(l, &ws->workers))
        each(arg, &CONTAINER_OF(l, struct worker_live, in_workspace)->row);
}

const char *routing_left_queue(const struct routing *e)
{
    return e->left_queue;
}
