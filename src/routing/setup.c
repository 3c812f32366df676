/* What somebody sets up: workspaces, activities, task channels, queues, workflows. */
#include "routing/internal.h"
#include <ctype.h>
#include <string.h>

static fault_t in_use(struct tx *tx, const char *what, const char *name, const char *by)
{
    return fault(tx->arena, F_INVALID_PARAMETER, "%s '%s' cannot be deleted: it is %s", what, name, by);
}

/* --- workspaces */

static const char *const default_channels[][2] = { { "default", "Default" },
                                                   { "voice", "Voice" },
                                                   { "chat", "Programmable Chat" },
                                                   { "sms", "SMS" },
                                                   { "video", "Video" } };

static struct activity_live *add_activity(struct routing *e, struct tx *tx, struct workspace_live *w, const char *name)
{
    struct activity_live *a = row_new(tx, &activity_kind, NULL);

    row_set(tx, a, &a->row.account_sid, w->row.account_sid);
    row_set(tx, a, &a->row.workspace_sid, w->row.sid);
    row_set(tx, a, &a->row.friendly_name, name);
    a->row.available = str_eq(name, "Available") || str_eq(name, "Idle");
    link_activity(e, tx, a);
    tell_activity(e, tx, EV_ACTIVITY_CREATED, a);
    return a;
}

static void add_channel(struct routing *e, struct tx *tx, struct workspace_live *w, const char *unique_name,
                        const char *friendly_name)
{
    struct channel_live *c = row_new(tx, &task_channel_kind, NULL);

    row_set(tx, c, &c->row.account_sid, w->row.account_sid);
    row_set(tx, c, &c->row.workspace_sid, w->row.sid);
    row_set(tx, c, &c->row.unique_name, unique_name);
    row_set(tx, c, &c->row.friendly_name, friendly_name);
    link_channel(e, tx, c);
    tell_channel(e, tx, EV_TASK_CHANNEL_CREATED, c);
}

static fault_t add_fifo_template(struct routing *e, struct tx *tx, struct workspace_live *w)
{
    struct queue_live *q = row_new(tx, &task_queue_kind, NULL);
    struct workflow_live *f = row_new(tx, &workflow_kind, NULL);

    row_set(tx, q, &q->row.account_sid, w->row.account_sid);
    row_set(tx, q, &q->row.workspace_sid, w->row.sid);
    row_set(tx, q, &q->row.friendly_name, "Sample Queue");
    row_set(tx, q, &q->row.target_workers, "1==1");
    q->row.max_reserved_workers = 1;
    fault_t why = single_queue(e, tx, &q->row);
    if (why)
        return why;
    link_queue(e, tx, q);
    tell_queue(e, tx, EV_TASK_QUEUE_CREATED, q);
    row_set(tx, f, &f->row.account_sid, w->row.account_sid);
    row_set(tx, f, &f->row.workspace_sid, w->row.sid);
    row_set(tx, f, &f->row.friendly_name, "Default Fifo Workflow");
    row_set(tx, f, &f->row.document_content_type, "application/json");
    row_set(tx, f, &f->row.configuration,
            arena_printf(tx->arena, "{\"task_routing\":{\"default_filter\":{\"queue\":\"%s\"}}}", q->row.sid));
    f->row.task_reservation_timeout = 120;
    link_workflow(e, tx, f);
    tell_workflow(e, tx, EV_WORKFLOW_CREATED, f);
    return NULL;
}

static fault_t check_multi_task(struct tx *tx, const struct workspace *w, const struct workspace *was)
{
    if (w->multi_task_enabled || !was->multi_task_enabled)
        return NULL;
    return fault(tx->arena, F_INVALID_PARAMETER, "MultiTaskEnabled cannot be set to false once it is true");
}

fault_t workspace_created(struct routing *e, struct tx *tx, struct workspace *row, bool fifo_template,
                          const char *const *activities)
{
    static const char *const usual[] = { "Offline", "Available", "Unavailable", NULL };
    static const char *const single[] = { "Offline", "Idle", SINGLE_RESERVED, SINGLE_ASSIGNED, NULL };
    struct workspace_live *w = (struct workspace_live *)row;
    const char *const *name = activities ? activities : row->multi_task_enabled ? usual : single;

    engine_enter(e);
    link_workspace(e, tx, w);
    tell_workspace(e, tx, EV_WORKSPACE_CREATED, w);
    for (; *name; name++) {
        struct activity_live *a = add_activity(e, tx, w, *name);
        if (row->default_activity_sid && !str_eq(*name, "Offline"))
            continue; /* the first one, unless there is an Offline */
        row_set(tx, w, &row->default_activity_sid, a->row.sid);
        row_set(tx, w, &row->timeout_activity_sid, a->row.sid);
    }
    for (size_t i = 0; i < sizeof default_channels / sizeof *default_channels; i++)
        add_channel(e, tx, w, default_channels[i][0], default_channels[i][1]);
    return engine_leave(e, tx, fifo_template ? add_fifo_template(e, tx, w) : NULL);
}

static bool is_activity_of(struct routing *e, struct tx *tx, const char *workspace_sid, const char *sid)
{
    struct activity_live *a = find_activity(e, tx, sid);

    return a && str_eq(a->row.workspace_sid, workspace_sid);
}

fault_t workspace_changed(struct routing *e, struct tx *tx, struct workspace *row, const struct workspace *was)
{
    struct workspace_live *w = (struct workspace_live *)row;
    fault_t f = check_multi_task(tx, row, was);

    if (!f && !is_activity_of(e, tx, row->sid, row->default_activity_sid))
        f = fault(tx->arena, F_INVALID_PARAMETER, "DefaultActivitySid %s is not an Activity of this Workspace",
                  row->default_activity_sid);
    if (!f && !is_activity_of(e, tx, row->sid, row->timeout_activity_sid))
        f = fault(tx->arena, F_INVALID_PARAMETER, "TimeoutActivitySid %s is not an Activity of this Workspace",
                  row->timeout_activity_sid);
    if (f)
        return f;
    engine_enter(e);
    link_workspace(e, tx, w);
    tell_workspace(e, tx, EV_WORKSPACE_UPDATED, w);
    return engine_leave(e, tx, NULL);
}

/* Rows are deleted from the lists that hold them; unlinking one takes it out. */
static void delete_all(struct tx *tx, struct link *head, size_t offset)
{
    for (LIST_EACH(l, head))
        row_delete(tx, (char *)l - offset);
}

static void delete_work(struct routing *e, struct tx *tx, struct workspace_live *w)
{
    for (LIST_EACH(l, &w->tasks)) {
        struct task_live *t = CONTAINER_OF(l, struct task_live, in_workspace);
        for (LIST_EACH(r, &t->reservations)) {
            alarm_cancel(tx, ALARM_RESERVATION, CONTAINER_OF(r, struct reservation_live, in_task)->row.sid);
            row_delete(tx, CONTAINER_OF(r, struct reservation_live, in_task));
        }
        if (t->transfer)
            row_delete(tx, t->transfer);
        alarm_set(tx, ALARM_TASK, t->row.sid, tx->now); /* ended reservations are in the store only */
        row_delete(tx, t);
    }
    for (LIST_EACH(l, &w->workers)) {
        struct worker_live *k = CONTAINER_OF(l, struct worker_live, in_workspace);
        for (size_t i = 0; i < k->nchannels; i++)
            if (k->channels[i])
                row_delete(tx, k->channels[i]);
        row_delete(tx, k);
    }
    clear_marks(e);
}

fault_t workspace_removed(struct routing *e, struct tx *tx, struct workspace *row)
{
    struct workspace_live *w = (struct workspace_live *)row;

    engine_enter(e);
    tell_workspace(e, tx, EV_WORKSPACE_DELETED, w);
    delete_work(e, tx, w);
    delete_all(tx, &w->workflows, offsetof(struct workflow_live, in_workspace));
    delete_all(tx, &w->queues, offsetof(struct queue_live, in_workspace));
    delete_all(tx, &w->channels, offsetof(struct channel_live, in_workspace));
    delete_all(tx, &w->activities, offsetof(struct activity_live, in_workspace));
    unlink_workspace(e, w);
    return engine_leave(e, tx, NULL);
}

/* --- activities */

fault_t activity_created(struct routing *e, struct tx *tx, struct activity *row)
{
    struct activity_live *a = (struct activity_live *)row;

    engine_enter(e);
    link_activity(e, tx, a);
    tell_activity(e, tx, EV_ACTIVITY_CREATED, a);
    return engine_leave(e, tx, NULL);
}

fault_t activity_changed(struct routing *e, struct tx *tx, struct activity *row, const struct activity *was)
{
    struct activity_live *a = (struct activity_live *)row;

    engine_enter(e);
    if (row->available != was->available) { /* fixed for life: silently, as the original */
        row_edit(tx, row);
        row->available = was->available;
    }
    link_activity(e, tx, a);
    tell_activity(e, tx, EV_ACTIVITY_UPDATED, a);
    return engine_leave(e, tx, NULL);
}

fault_t activity_removed(struct routing *e, struct tx *tx, struct activity *row)
{
    struct activity_live *a = (struct activity_live *)row;
    const struct workspace *w = &a->workspace->row;

    if (str_eq(w->default_activity_sid, row->sid))
        return in_use(tx, "Activity", row->friendly_name, "the default activity of the Workspace");
    if (str_eq(w->timeout_activity_sid, row->sid))
        return in_use(tx, "Activity", row->friendly_name, "the timeout activity of the Workspace");
    if (!list_empty(&a->workers))
        return in_use(tx, "Activity", row->friendly_name, "the activity of a Worker");
    for (LIST_EACH(l, &a->workspace->queues)) {
        const struct task_queue *q = &CONTAINER_OF(l, struct queue_live, in_workspace)->row;
        if (str_eq(q->reservation_activity_sid, row->sid) || str_eq(q->assignment_activity_sid, row->sid))
            return in_use(tx, "Activity", row->friendly_name, "used by a TaskQueue");
    }
    engine_enter(e);
    tell_activity(e, tx, EV_ACTIVITY_DELETED, a);
    unlink_activity(e, a);
    return engine_leave(e, tx, NULL);
}

/* --- task channels */

/* A name that expressions can say: worker.channel.<name>.assigned_tasks. */
static bool is_identifier(const char *s)
{
    if (!s || !*s || isdigit((unsigned char)*s))
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '_' && *s != '$')
            return false;
    return true;
}

fault_t task_channel_created(struct routing *e, struct tx *tx, struct task_channel *row)
{
    struct channel_live *c = (struct channel_live *)row;

    if (!is_identifier(row->unique_name))
        return fault(tx->arena, F_INVALID_PARAMETER,
                     "UniqueName may have letters, digits, '_' and '$' only, and must not begin with a digit");
    engine_enter(e);
    link_channel(e, tx, c);
    for (LIST_EACH(l, &c->workspace->workers))
        make_worker_channel(e, tx, CONTAINER_OF(l, struct worker_live, in_workspace), c);
    tell_channel(e, tx, EV_TASK_CHANNEL_CREATED, c);
    return engine_leave(e, tx, NULL);
}

fault_t task_channel_changed(struct routing *e, struct tx *tx, struct task_channel *row, const struct task_channel *was)
{
    struct channel_live *c = (struct channel_live *)row;

    (void)was;
    engine_enter(e);
    link_channel(e, tx, c);
    tell_channel(e, tx, EV_TASK_CHANNEL_UPDATED, c);
    return engine_leave(e, tx, NULL);
}

fault_t task_channel_removed(struct routing *e, struct tx *tx, struct task_channel *row)
{
    struct channel_live *c = (struct channel_live *)row;

    for (size_t i = 0; i < sizeof default_channels / sizeof *default_channels; i++)
        if (str_eq(row->unique_name, default_channels[i][0]))
            return in_use(tx, "TaskChannel", row->unique_name, "one of the default channels");
    for (LIST_EACH(l, &c->workspace->tasks))
        if (CONTAINER_OF(l, struct task_live, in_workspace)->channel == c)
            return in_use(tx, "TaskChannel", row->unique_name, "the channel of a Task");
    engine_enter(e);
    tell_channel(e, tx, EV_TASK_CHANNEL_DELETED, c);
    for (LIST_EACH(l, &c->workspace->workers)) {
        struct worker_channel_live *wc = worker_channel_for(CONTAINER_OF(l, struct worker_live, in_workspace), c);
        if (wc)
            row_delete(tx, wc);
    }
    unlink_channel(e, c);
    return engine_leave(e, tx, NULL);
}

/* --- task queues */

static fault_t check_queue_activity(struct routing *e, struct tx *tx, const struct task_queue *q, const char *name,
                                    const char *sid)
{
    if (!sid || is_activity_of(e, tx, q->workspace_sid, sid))
        return NULL;
    return fault(tx->arena, F_INVALID_PARAMETER, "%s %s is not an Activity of this Workspace", name, sid);
}

static fault_t check_queue(struct routing *e, struct tx *tx, struct task_queue *q)
{
    struct expr_error err = { 0 };
    fault_t f = single_queue(e, tx, q);

    if (!f)
        f = check_queue_activity(e, tx, q, "ReservationActivitySid", q->reservation_activity_sid);

    if (!f)
        f = check_queue_activity(e, tx, q, "AssignmentActivitySid", q->assignment_activity_sid);
    if (!f && !expr_compile(tx->arena, q->target_workers, EXPR_QUEUE, &err))
        f = fault(tx->arena, F_INVALID_PARAMETER, "TargetWorkers: %s at column %d", err.message, err.column);
    return f;
}

fault_t task_queue_created(struct routing *e, struct tx *tx, struct task_queue *row)
{
    struct queue_live *q = (struct queue_live *)row;
    fault_t f = check_queue(e, tx, row);

    if (f)
        return f;
    engine_enter(e);
    link_queue(e, tx, q);
    tell_queue(e, tx, EV_TASK_QUEUE_CREATED, q);
    return engine_leave(e, tx, NULL);
}

fault_t task_queue_changed(struct routing *e, struct tx *tx, struct task_queue *row, const struct task_queue *was)
{
    struct queue_live *q = (struct queue_live *)row;
    fault_t f = check_queue(e, tx, row);

    if (f)
        return f;
    engine_enter(e);
    link_queue(e, tx, q);
    if (!str_eq(row->target_workers, was->target_workers))
        tell_queue(e, tx, EV_TASK_QUEUE_EXPRESSION_UPDATED, q);
    return engine_leave(e, tx, NULL);
}

fault_t task_queue_removed(struct routing *e, struct tx *tx, struct task_queue *row)
{
    struct queue_live *q = (struct queue_live *)row;

    if (!list_empty(&q->tasks))
        return in_use(tx, "TaskQueue", row->friendly_name, "the queue of a Task");
    for (LIST_EACH(l, &q->workspace->workflows)) {
        const struct workflow_live *f = CONTAINER_OF(l, struct workflow_live, in_workspace);
        if (program_uses_queue(f->program, row->sid))
            return in_use(tx, "TaskQueue", row->friendly_name,
                          arena_printf(tx->arena, "used by Workflow %s", f->row.sid));
    }
    engine_enter(e);
    tell_queue(e, tx, EV_TASK_QUEUE_DELETED, q);
    unlink_queue(e, q);
    return engine_leave(e, tx, NULL);
}

/* --- workflows */

fault_t workflow_created(struct routing *e, struct tx *tx, struct workflow *row)
{
    struct workflow_live *w = (struct workflow_live *)row;
    fault_t f = workflow_check(e, tx, row->workspace_sid, row->configuration);

    if (f)
        return f;
    engine_enter(e);
    if (!row->document_content_type)
        row_set(tx, row, &row->document_content_type, "application/json");
    link_workflow(e, tx, w);
    tell_workflow(e, tx, EV_WORKFLOW_CREATED, w);
    return engine_leave(e, tx, NULL);
}

/* All tasks of a workflow that wait are sent through it again.  A few at once; many in slices, by an alarm, so that
 * nobody waits for it: until its turn comes, a task stands where keep_places() left it.  The alarm is a row, the list
 * of those who have not had their turn is not: after a restart, and for the next configuration, all are asked from the
 * beginning, which does no harm to who has been asked already. */
static void evaluate_some(struct routing *e, struct tx *tx, struct workflow_live *w)
{
    for (size_t n = 0; n < e->slice && !list_empty(&w->stale); n++) {
        struct task_live *t = CONTAINER_OF(w->stale.next, struct task_live, stale);
        list_remove(&t->stale);
        if (t->row.assignment_status == TASK_PENDING)
            route_again(e, tx, t);
    }
}

static void gather_stale(struct workflow_live *w)
{
    for (LIST_EACH(l, &w->tasks)) {
        struct task_live *t = CONTAINER_OF(l, struct task_live, in_workflow);
        list_remove(&t->stale);
        if (t->row.assignment_status == TASK_PENDING)
            list_append(&w->stale, &t->stale);
    }
    w->stale_hash = w->source_hash;
}

static bool has_many(const struct routing *e, const struct workflow_live *w)
{
    size_t n = 0;

    for (const struct link *l = w->tasks.next; l != &w->tasks && n <= e->slice; l = l->next)
        n += CONTAINER_OF(l, const struct task_live, in_workflow)->row.assignment_status == TASK_PENDING;
    return n > e->slice;
}

static void evaluate_again(struct routing *e, struct tx *tx, struct workflow_live *w)
{
    if (has_many(e, w)) {
        alarm_set(tx, ALARM_WORKFLOW, w->row.sid, tx->now + 1);
        return;
    }
    for (LIST_EACH(l, &w->tasks)) {
        struct task_live *t = CONTAINER_OF(l, struct task_live, in_workflow);
        if (t->row.assignment_status == TASK_PENDING)
            route_again(e, tx, t);
    }
}

void ring_workflow(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct routing *e = arg;
    struct workflow_live *w = find_workflow(e, tx, subject);

    (void)due;
    if (!w)
        return;
    engine_enter(e);
    if (list_empty(&w->stale) || w->stale_hash != w->source_hash)
        gather_stale(w);
    evaluate_some(e, tx, w);
    if (!list_empty(&w->stale))
        alarm_set(tx, ALARM_WORKFLOW, subject, tx->now + 1);
    engine_done(e, tx);
}

fault_t workflow_changed(struct routing *e, struct tx *tx, struct workflow *row, const struct workflow *was,
                         bool re_evaluate)
{
    struct workflow_live *w = (struct workflow_live *)row;
    struct arena *before = NULL;
    const struct program *program = w->program;
    fault_t f = NULL;

    if (!str_eq(row->configuration, was->configuration))
        f = workflow_check(e, tx, row->workspace_sid, row->configuration);
    if (f)
        return f;
    engine_enter(e);
    if (!str_eq(row->configuration, was->configuration)) {
        before = keep_program(w);
        link_workflow(e, tx, w);
        keep_places(e, tx, w, program);
    }
    tell_workflow(e, tx, EV_WORKFLOW_UPDATED, w);
    if (re_evaluate)
        evaluate_again(e, tx, w);
    arena_free(before);
    return engine_leave(e, tx, NULL);
}

fault_t workflow_removed(struct routing *e, struct tx *tx, struct workflow *row)
{
    struct workflow_live *w = (struct workflow_live *)row;

    if (!list_empty(&w->tasks))
        return in_use(tx, "Workflow", row->friendly_name, "the workflow of a Task");
    engine_enter(e);
    tell_workflow(e, tx, EV_WORKFLOW_DELETED, w);
    unlink_workflow(e, w);
    return engine_leave(e, tx, NULL);
}
