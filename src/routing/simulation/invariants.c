/* What must be true between commands, asked of everything.  story_check() does so after each line of a story. */
#include "routing/simulation/world.h"
#include <stdlib.h>
#include <string.h>

struct judge {
    struct routing *e;
    struct tx *tx;
    const char *found; /* the first thing that is wrong */
};

__attribute__((format(printf, 3, 4))) static void must(struct judge *j, bool holds, const char *fmt, ...)
{
    va_list ap;

    if (holds || j->found)
        return;
    va_start(ap, fmt);
    j->found = arena_vprintf(j->tx->arena, fmt, ap);
    va_end(ap);
}

/* --- tasks */

static void judge_reservations(struct judge *j, struct task_live *t)
{
    enum task_status st = t->row.assignment_status;
    int pending = 0, accepted = 0, wrapping = 0, routed = 0;

    for (LIST_EACH(l, &t->reservations)) {
        struct reservation_live *r = CONTAINER_OF(l, struct reservation_live, in_task);
        pending += r->row.reservation_status == RESERVATION_PENDING;
        accepted += r->row.reservation_status == RESERVATION_ACCEPTED;
        wrapping += r->row.reservation_status == RESERVATION_WRAPPING;
        routed += r->row.reservation_status == RESERVATION_ACCEPTED && !r->row.transfer_sid;
        must(j, str_eq(r->row.task_sid, t->row.sid), "%s stands with another task", r->row.sid);
    }
    must(j, routed <= 1, "%s is with %d workers at once, and nobody handed it on", t->row.sid, routed);
    must(j, (st == TASK_RESERVED) == (pending > 0), "%s is %s with %d pending offers", t->row.sid,
         task_status_names[st], pending);
    if (st == TASK_ASSIGNED || st == TASK_WRAPPING || !was_assigned(t))
        must(j, (st == TASK_ASSIGNED || st == TASK_WRAPPING) == (accepted + wrapping > 0),
             "%s is %s with %d accepted offers", t->row.sid, task_status_names[st], accepted + wrapping);
    if (st == TASK_PENDING || st == TASK_RESERVED)
        must(j, !accepted || t->transfer, "%s is %s, and somebody has it", t->row.sid, task_status_names[st]);
    else
        must(j, !t->transfer, "%s is %s and being handed on", t->row.sid, task_status_names[st]);
}

static void judge_task(struct judge *j, struct task_live *t)
{
    enum task_status st = t->row.assignment_status;
    int64_t due = alarm_due(j->tx, ALARM_TASK, t->row.sid);

    must(j, t->workspace && map_get(&j->e->rows, t->row.sid) == t, "%s is not linked", t->row.sid);
    if (j->found)
        return;
    must(j, st <= TASK_WRAPPING, "%s has ended and is still here", t->row.sid);
    judge_reservations(j, t);
    must(j, t->waiting == (st == TASK_PENDING), "%s is %s and %s", t->row.sid, task_status_names[st],
         t->waiting ? "waits" : "does not wait");
    must(j, st == TASK_WRAPPING || due != NO_VALUE, "%s is %s and has no alarm", t->row.sid, task_status_names[st]);
    if ((st == TASK_PENDING || st == TASK_RESERVED) && !was_assigned(t))
        must(j, due <= t->row.date_created + t->row.timeout * SECOND, "%s would outlive its timeout", t->row.sid);
    for (LIST_EACH(l, &t->workspace->workers)) {
        struct worker_live *w = CONTAINER_OF(l, struct worker_live, in_workspace);
        if (st == TASK_PENDING && !j->found)
            must(j, !engine_could_take(j->tx, w, t), "%s waits while %s is free", t->row.sid, w->row.friendly_name);
    }
}

/* --- workers */

static void judge_worker(struct judge *j, struct worker_live *w)
{
    int64_t used = 0, counted = 0;

    must(j, w->activity && str_eq(w->activity->row.sid, w->row.activity_sid), "%s is at two activities",
         w->row.friendly_name);
    for (size_t i = 0; i < w->nchannels && !j->found; i++) {
        struct worker_channel_live *c = w->channels[i];
        int64_t here = 0, assigned = 0;
        if (!c)
            continue;
        for (LIST_EACH(l, &w->reservations)) {
            struct reservation_live *r = CONTAINER_OF(l, struct reservation_live, in_worker);
            bool mine = r->task->channel == c->channel;
            here += mine;
            assigned += mine && r->row.reservation_status == RESERVATION_ACCEPTED;
        }
        must(j, here == c->used && assigned == c->assigned, "%s has %lld of %s and %lld are counted",
             w->row.friendly_name, (long long)here, c->channel->row.unique_name, (long long)c->used);
        counted += here;
        bool free = w->activity->row.available && c->row.available && here < c->row.configured_capacity &&
                    (w->workspace->row.multi_task_enabled || list_empty(&w->reservations));
        must(j, free == c->ready, "%s is %s for %s", w->row.friendly_name, c->ready ? "thought ready" : "forgotten",
             c->channel->row.unique_name);
    }
    for (LIST_EACH(l, &w->reservations))
        used++;
    must(j, used == counted, "%s has %lld reservations, %lld of them on channels", w->row.friendly_name,
         (long long)used, (long long)counted);
}

static void judge_members(struct judge *j, struct queue_live *q)
{
    for (LIST_EACH(l, &q->workspace->workers)) {
        struct worker_live *w = CONTAINER_OF(l, struct worker_live, in_workspace);
        struct fact_subject subject = { w, q };
        struct expr_scope scope = {
            .worker = w->attributes, .fact = worker_fact, .subject = &subject, .now = j->tx->now
        };
        must(j, expr_eval(q->expression, &scope) == bits_has(&q->workers, w->slot),
             "%s and %s disagree on who belongs to whom", q->row.friendly_name, w->row.friendly_name);
    }
}

/* --- what is counted is what a walk over all tasks and workers counts */

struct scope {
    struct queue_live *queue;
    struct workflow_live *workflow;
    struct channel_live *channel;
    const char *sid;
};

static bool in_scope(const struct scope *p, const struct task_live *t)
{
    return (!p->queue || t->queue == p->queue) && (!p->workflow || t->workflow == p->workflow) &&
           (!p->channel || t->channel == p->channel);
}

static bool is_earlier(const struct task *a, int64_t a_at, const struct task *b, int64_t b_at)
{
    return !b || a_at < b_at || (a_at == b_at && strcmp(a->sid, b->sid) < 0);
}

static void judge_counted_tasks(struct judge *j, struct workspace_live *ws, const struct scope *p)
{
    const struct task *longest = NULL, *here = NULL;
    int64_t by_status[LIVE_STATUSES] = { 0 }, all = 0;
    struct routing_tasks counted;

    routing_count_tasks(j->e, j->tx->arena, p->sid, p->channel ? p->channel->row.sid : NULL, &counted);
    for (LIST_EACH(l, &ws->tasks)) {
        const struct task_live *t = CONTAINER_OF(l, struct task_live, in_workspace);
        const struct task *r = &t->row;
        if (!in_scope(p, t))
            continue;
        by_status[r->assignment_status]++;
        if (r->assignment_status != TASK_PENDING)
            continue;
        if (is_earlier(r, r->date_created, longest, longest ? longest->date_created : 0))
            longest = r;
        if (is_earlier(r, r->task_queue_entered_date, here, here ? here->task_queue_entered_date : 0))
            here = r;
    }
    for (size_t i = 0; i < LIVE_STATUSES; i++)
        must(j, counted.by_status[i] == by_status[i], "%s counts %lld %s tasks, not %lld", p->sid,
             (long long)counted.by_status[i], task_status_names[i], (long long)by_status[i]);
    for (size_t i = 0; i < counted.npriorities; i++) {
        must(j, counted.priorities[i].tasks > 0, "%s counts a priority that nothing has", p->sid);
        must(j, !i || counted.priorities[i - 1].priority < counted.priorities[i].priority,
             "%s has its priorities in no order", p->sid);
        all += counted.priorities[i].tasks;
    }
    must(j, all == counted.total, "%s counts %lld tasks by priority, %lld by state", p->sid, (long long)all,
         (long long)counted.total);
    must(j, counted.longest == longest, "%s has another who has waited longest", p->sid);
    must(j, p->workflow || counted.longest_here == here, "%s has another who has waited longest here", p->sid);
}

static void judge_counted_workers(struct judge *j, struct workspace_live *ws, const struct scope *p)
{
    struct routing_workers counted;
    int64_t total = 0, available = 0, sum = 0;

    routing_count_workers(j->e, j->tx->arena, p->sid, p->channel ? p->channel->row.sid : NULL, &counted);
    for (LIST_EACH(l, &ws->workers)) {
        const struct worker_live *w = CONTAINER_OF(l, struct worker_live, in_workspace);
        const struct worker_channel_live *c = p->channel ? worker_channel_for(w, p->channel) : NULL;
        if (p->queue && !bits_has(&p->queue->workers, w->slot))
            continue;
        if (p->channel && !(c && c->row.available && c->row.configured_capacity > 0))
            continue;
        total++;
        available += w->activity->row.available;
    }
    for (size_t i = 0; i < counted.nactivities; i++)
        sum += counted.activities[i].workers;
    must(j, counted.total == total && sum == total, "%s counts %lld workers and %lld at their activities, not %lld",
         p->sid, (long long)counted.total, (long long)sum, (long long)total);
    must(j, counted.available == available, "%s counts %lld who are available, not %lld", p->sid,
         (long long)counted.available, (long long)available);
}

static void judge_channel(struct judge *j, struct workspace_live *ws, struct channel_live *channel)
{
    struct scope p = { .channel = channel, .sid = ws->row.sid };

    judge_counted_tasks(j, ws, &p);
    judge_counted_workers(j, ws, &p);
    for (LIST_EACH(l, &ws->queues)) {
        p.queue = CONTAINER_OF(l, struct queue_live, in_workspace);
        p.sid = p.queue->row.sid;
        judge_counted_tasks(j, ws, &p);
        judge_counted_workers(j, ws, &p);
    }
    p.queue = NULL;
    for (LIST_EACH(l, &ws->workflows)) {
        p.workflow = CONTAINER_OF(l, struct workflow_live, in_workspace);
        p.sid = p.workflow->row.sid;
        judge_counted_tasks(j, ws, &p);
    }
}

static void judge_workspace(struct judge *j, struct workspace_live *ws)
{
    judge_channel(j, ws, NULL);
    for (LIST_EACH(l, &ws->channels))
        judge_channel(j, ws, CONTAINER_OF(l, struct channel_live, in_workspace));
    for (LIST_EACH(l, &ws->queues))
        judge_members(j, CONTAINER_OF(l, struct queue_live, in_workspace));
    for (LIST_EACH(l, &ws->workers))
        judge_worker(j, CONTAINER_OF(l, struct worker_live, in_workspace));
}

/* --- alarms: each is somebody's */

static void judge_alarms(struct judge *j)
{
    const struct field *name = field_named(&alarm_kind_record, "name"),
                       *subject = field_named(&alarm_kind_record, "subject"),
                       *due = field_named(&alarm_kind_record, "due");
    void *row;

    for (size_t i = 0; (row = row_each(j->tx, &alarm_kind_record, &i)) && !j->found;) {
        const char *sid = *field_text(subject, row);
        int64_t at = *field_int(due, row);
        if (str_eq(*field_text(name, row), ALARM_RESERVATION)) {
            const struct reservation_live *r = map_get(&j->e->rows, sid);
            must(j, r && r->row.reservation_status == RESERVATION_PENDING, "the timer of %s was not stopped", sid);
            if (!j->found)
                must(j, at == r->row.date_created + r->row.reservation_timeout * SECOND, "the timer of %s is wrong",
                     sid);
        } else if (!map_get(&j->e->rows, sid)) {
            must(j, at <= j->tx->now + 300 * SECOND, "%s has ended and will not be cleared away", sid);
        }
    }
}

const char *task_broken(struct routing *e, struct tx *tx, struct task_live *t)
{
    struct judge j = { e, tx, NULL };

    judge_task(&j, t);
    return j.found;
}

const char *worker_broken(struct routing *e, struct tx *tx, struct worker_live *w)
{
    struct judge j = { e, tx, NULL };

    judge_worker(&j, w);
    return j.found;
}

const char *engine_broken(struct routing *e, struct tx *tx)
{
    struct judge j = { e, tx, NULL };
    struct reservation_live *r;
    struct transfer_live *x;
    struct task_live *t;

    for (LIST_EACH(l, &e->workspaces))
        judge_workspace(&j, CONTAINER_OF(l, struct workspace_live, self));
    for (size_t i = 0; !j.found && (t = row_each(tx, &task_kind, &i));)
        if (task_kind.is_live(t)) /* or it leaves with the batch */
            judge_task(&j, t);
    for (size_t i = 0; !j.found && (r = row_each(tx, &reservation_kind, &i));)
        if (reservation_kind.is_live(r))
            must(&j,
                 (r->row.reservation_status == RESERVATION_PENDING) ==
                     (alarm_due(tx, ALARM_RESERVATION, r->row.sid) != NO_VALUE),
                 "%s is %s, and its timer says otherwise", r->row.sid,
                 reservation_status_names[r->row.reservation_status]);
    for (size_t i = 0; !j.found && (x = row_each(tx, &transfer_kind, &i));)
        if (transfer_kind.is_live(x))
            must(&j, x->task && x->task->transfer == x && str_eq(x->task->row.sid, x->row.task_sid),
                 "%s is under way, and its task does not know", x->row.sid);
    judge_alarms(&j);
    return j.found;
}
