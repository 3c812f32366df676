/* Tasks: creation, changes, ends; and the one alarm that each has. */
#include "codec/date.h"
#include "routing/internal.h"
#include <string.h>

enum { KEPT_AFTER_END = 300 * 1000, ASSIGNED_MOST = 24 * 3600 * 1000 };
#define EARLIEST_START INT64_C(-2208988800000) /* 1900-01-01 */

void edit_task(struct tx *tx, struct task_live *t)
{
    const struct task *was;

    row_edit(tx, t);
    was = row_was(tx, t);
    if (was && was->version == t->row.version)
        t->row.version++;
}

bool was_assigned(const struct task_live *t)
{
    return t->row.assigned_at != NO_VALUE;
}

/* What the alarm means depends on the task's state when it rings (ring_task). */
void arm_task(struct tx *tx, struct task_live *t, int64_t deadline)
{
    int64_t due = t->row.date_created + t->row.timeout * SECOND;

    if (was_assigned(t))
        due = t->row.assigned_at + ASSIGNED_MOST;
    else if (deadline != NO_VALUE && deadline < due)
        due = deadline;
    alarm_set(tx, ALARM_TASK, t->row.sid, due);
}

/* --- ends */

static void end_reservations(struct routing *e, struct tx *tx, struct task_live *t, enum reservation_status pending,
                             enum reservation_status others)
{
    for (LIST_EACH(l, &t->reservations)) {
        struct reservation_live *r = CONTAINER_OF(l, struct reservation_live, in_task);
        end_reservation(e, tx, r, r->row.reservation_status == RESERVATION_PENDING ? pending : others);
    }
}

void finish_task(struct routing *e, struct tx *tx, struct task_live *t, enum task_status to, const char *reason)
{
    edit_task(tx, t);
    t->row.assignment_status = to;
    if (reason)
        row_set(tx, t, &t->row.reason, reason);
    task_leaves_lane(t);
    if (to == TASK_CANCELED) {
        tell_task(e, tx, EV_TASK_CANCELED, t);
        transfer_end(e, tx, t, "Transfer failed because the task was canceled");
        end_reservations(e, tx, t, RESERVATION_CANCELED, RESERVATION_COMPLETED);
    } else {
        tell_task(e, tx, EV_TASK_COMPLETED, t);
        end_reservations(e, tx, t, RESERVATION_CANCELED, RESERVATION_COMPLETED);
        tell_task(e, tx, EV_TASK_UPDATED, t);
    }
    link_task(e, tx, t);
    alarm_set(tx, ALARM_TASK, t->row.sid, tx->now + KEPT_AFTER_END);
}

void cancel_task(struct routing *e, struct tx *tx, struct task_live *t, const char *reason)
{
    finish_task(e, tx, t, TASK_CANCELED, reason);
}

/* The task goes for good, and says so; its row is the caller's to delete. */
static void remove_live(struct routing *e, struct tx *tx, struct task_live *t, enum event_type type)
{
    task_leaves_lane(t);
    transfer_end(e, tx, t, "Transfer failed because the task was deleted");
    end_reservations(e, tx, t, RESERVATION_CANCELED, RESERVATION_COMPLETED);
    tell_task(e, tx, type, t);
    unlink_task(e, t);
}

/* A task that has ended is only a row: what it was, for those who are told of it. */
static void tell_ended(struct routing *e, struct tx *tx, enum event_type type, const struct task *row)
{
    struct task_live *t = arena_alloc(tx->arena, sizeof *t);

    t->row = *row;
    t->workspace = find_workspace(e, tx, row->workspace_sid);
    t->queue = find_queue(e, tx, row->task_queue_sid);
    t->workflow = find_workflow(e, tx, row->workflow_sid);
    t->channel = find_channel(e, tx, row->task_channel_sid);
    if (t->workspace)
        tell_task(e, tx, type, t);
}

fault_t task_removed(struct routing *e, struct tx *tx, struct task *row)
{
    struct task_live *t = task_kind.is_live(row) ? find_task(e, tx, row->sid) : NULL;

    engine_enter(e);
    if (t)
        remove_live(e, tx, t, EV_TASK_DELETED);
    else
        tell_ended(e, tx, EV_TASK_DELETED, row);
    alarm_set(tx, ALARM_TASK, row->sid, tx->now + KEPT_AFTER_END); /* then its reservations go, too */
    return engine_leave(e, tx, NULL);
}

/* --- the alarm */

static void ring_live(struct routing *e, struct tx *tx, struct task_live *t)
{
    enum task_status s = t->row.assignment_status;

    if (was_assigned(t)) {
        if (s == TASK_WRAPPING || tx->now < t->row.assigned_at + ASSIGNED_MOST)
            return;
        remove_live(e, tx, t, EV_TASK_SYSTEM_DELETED);
        row_delete(tx, t);
        alarm_set(tx, ALARM_TASK, t->row.sid, tx->now + KEPT_AFTER_END);
    } else if (s == TASK_PENDING || s == TASK_RESERVED) {
        if (tx->now >= t->row.date_created + t->row.timeout * SECOND)
            cancel_task(e, tx, t, REASON_TTL);
        else if (s == TASK_PENDING)
            route_deadline(e, tx, t);
        else /* the reservation may finish; when it fails, the task is routed by its age */
            arm_task(tx, t, NO_VALUE);
    }
}

void ring_task(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct task *row = row_find(tx, &task_kind, subject);
    struct routing *e = arg;
    struct task_live *t = row && task_kind.is_live(row) ? find_task(e, tx, subject) : NULL;

    (void)due;
    engine_enter(e);
    if (t) {
        ring_live(e, tx, t);
    } else {
        (void)rows_delete(tx, &reservation_kind, "task_sid", subject); /* what stays, nobody finds without its task */
        (void)rows_delete(tx, &transfer_kind, "task_sid", subject);
        if (row)
            row_delete(tx, row);
    }
    engine_done(e, tx);
}

/* --- creation */

static fault_t check_start(struct tx *tx, const struct task *t)
{
    if (t->virtual_start_time > tx->now)
        return fault(tx->arena, F_INVALID_PARAMETER, "VirtualStartTime must not be in the future");
    if (t->virtual_start_time < EARLIEST_START)
        return fault(tx->arena, F_INVALID_PARAMETER, "VirtualStartTime must not be before 1900");
    return NULL;
}

static fault_t resolve_channel(struct routing *e, struct tx *tx, struct task *t)
{
    const char *name = t->task_channel_sid && *t->task_channel_sid ? t->task_channel_sid : "default";
    struct task_channel *c = routing_channel(e, tx, t->workspace_sid, name);

    if (!c)
        return fault(tx->arena, F_INVALID_PARAMETER, "TaskChannel '%s' does not exist in this Workspace", name);
    row_set(tx, t, &t->task_channel_sid, c->sid);
    return NULL;
}

static fault_t resolve_workflow(struct routing *e, struct tx *tx, struct workspace_live *ws, struct task_live *t,
                                bool needed)
{
    const char *target = t->row.routing_target;
    struct workflow_live *f;

    if (target && str_starts(target, "WW"))
        row_set(tx, t, &t->row.workflow_sid, target);
    if (t->row.workflow_sid && *t->row.workflow_sid) {
        f = find_workflow(e, tx, t->row.workflow_sid);
        if (f && f->workspace == ws)
            return NULL;
        if (target && str_starts(target, "WK"))
            return fault(tx->arena, F_INVALID_PARAMETER,
                         "Value '%s' provided for WorkflowSid as RoutingTarget has an invalid format. WorkspaceSid: "
                         "%s, AccountSid: %s",
                         t->row.workflow_sid, ws->row.sid, ws->row.account_sid);
        return fault(tx->arena, F_INVALID_PARAMETER, "Workflow %s does not exist in this Workspace",
                     t->row.workflow_sid);
    }
    if (!list_empty(&ws->workflows) && ws->workflows.next == ws->workflows.prev) {
        f = CONTAINER_OF(ws->workflows.next, struct workflow_live, in_workspace);
        row_set(tx, t, &t->row.workflow_sid, f->row.sid);
        return NULL;
    }
    row_set(tx, t, &t->row.workflow_sid, NULL);
    return needed ? fault(tx->arena, F_INVALID_PARAMETER, "WorkflowSid field is required") : NULL;
}

static fault_t find_target_queue(struct routing *e, struct tx *tx, struct task_live *t, const char *sid,
                                 struct queue_live **out)
{
    *out = sid ? find_queue(e, tx, sid) : NULL;
    if (!sid || (*out && (*out)->workspace == t->workspace))
        return NULL;
    return fault(tx->arena, F_INVALID_PARAMETER, "TaskQueue %s does not exist in this Workspace", sid);
}

/* To one worker and nobody else: now, or the task is canceled. */
static fault_t offer_to_worker(struct routing *e, struct tx *tx, struct task_live *t)
{
    struct worker_live *w = find_worker(e, tx, t->row.routing_target);
    struct queue_live *q;

    if (!w || w->workspace != t->workspace)
        return fault(tx->arena, F_INVALID_PARAMETER, "RoutingTarget %s does not exist in this Workspace",
                     t->row.routing_target);
    fault_t f = find_target_queue(e, tx, t, t->row.task_queue_sid, &q);
    if (f)
        return f;
    struct worker_channel_live *c = worker_channel_for(w, t->channel);
    bool ready = t->row.ignore_capacity ? !worker_is_taken(w) : c && c->ready;
    t->row.assignment_status = ready ? TASK_RESERVED : TASK_PENDING;
    t->row.assignments = ready;
    if (q)
        t->row.task_queue_entered_date = tx->now;
    link_task(e, tx, t);
    if (q)
        tell_task(e, tx, EV_TASK_QUEUE_ENTERED, t);
    tell_task(e, tx, EV_TASK_CREATED, t);
    if (ready) {
        arm_task(tx, t, NO_VALUE);
        make_reservation(e, tx, t, w);
    } else {
        tell_task(e, tx, EV_RESERVATION_FAILED, t);
        cancel_task(e, tx, t, REASON_TARGET);
    }
    return NULL;
}

static fault_t place_in_queue(struct routing *e, struct tx *tx, struct task_live *t)
{
    struct queue_live *q;
    fault_t f = find_target_queue(e, tx, t, t->row.routing_target, &q);

    if (f)
        return f;
    arm_task(tx, t, NO_VALUE);
    enter_queue(e, tx, t, q);
    tell_task(e, tx, EV_TASK_CREATED, t);
    mark_fresh(e, t);
    return NULL;
}

static void set_initial(struct tx *tx, struct task *t)
{
    t->assignment_status = TASK_PENDING;
    t->assignments = 0;
    t->filter_index = t->target_index = -1;
    t->task_queue_entered_date = t->assigned_at = NO_VALUE;
    if (!t->attributes)
        row_set(tx, t, &t->attributes, "{}");
    if (!t->addons)
        row_set(tx, t, &t->addons, "{}");
    if (t->virtual_start_time == NO_VALUE || !t->virtual_start_time)
        t->virtual_start_time = t->date_created;
    if (t->priority == NO_VALUE)
        t->priority = 0;
    if (t->timeout == NO_VALUE || !t->timeout)
        t->timeout = 86400;
}

static fault_t create(struct routing *e, struct tx *tx, struct task_live *t)
{
    const char *target = t->row.routing_target;
    bool to_worker = target && str_starts(target, "WK"), to_queue = target && str_starts(target, "WQ");
    struct workspace_live *ws = find_workspace(e, tx, t->row.workspace_sid);

    if (!ws)
        return fault(tx->arena, F_NOT_FOUND, "The requested resource /Workspaces/%s was not found",
                     t->row.workspace_sid);
    set_initial(tx, &t->row);
    if (!to_worker)
        t->row.ignore_capacity = false;
    if (!to_worker && t->row.task_queue_sid) /* whoever routes decides */
        row_set(tx, t, &t->row.task_queue_sid, NULL);
    fault_t f = attributes_check(tx, t->row.attributes);
    if (!f)
        f = check_start(tx, &t->row);
    if (!f)
        f = resolve_channel(e, tx, &t->row);
    if (f)
        return f;
    f = resolve_workflow(e, tx, ws, t, !to_worker && !to_queue);
    if (f)
        return f;
    link_task(e, tx, t);
    if (to_worker)
        return offer_to_worker(e, tx, t);
    return to_queue ? place_in_queue(e, tx, t) : route_new(e, tx, t);
}

fault_t task_created(struct routing *e, struct tx *tx, struct task *t)
{
    engine_enter(e);
    return engine_leave(e, tx, create(e, tx, (struct task_live *)t));
}

/* --- changes */

/* A task that has ended keeps its row for a while; attributes may still be corrected. */
static fault_t change_ended(struct routing *e, struct tx *tx, struct task *row, const struct task *was)
{
    if (row->priority != was->priority || !str_eq(row->task_channel_sid, was->task_channel_sid) ||
        row->virtual_start_time != was->virtual_start_time)
        return fault(tx->arena, F_INVALID_PARAMETER, "Task %s is %s", row->sid,
                     task_status_names[row->assignment_status]);
    tell_ended(e, tx, EV_TASK_UPDATED, row);
    return NULL;
}

static fault_t change(struct routing *e, struct tx *tx, struct task *row, const struct task *was)
{
    bool attributes = !str_eq(row->attributes, was->attributes),
         channel = !str_eq(row->task_channel_sid, was->task_channel_sid);
    fault_t f = attributes ? attributes_check(tx, row->attributes) : NULL;

    if (!f)
        f = check_start(tx, row);
    if (!f && channel)
        f = resolve_channel(e, tx, row);
    if (f)
        return f;
    if (!task_kind.is_live(row))
        return change_ended(e, tx, row, was);
    struct task_live *t = (struct task_live *)row;
    edit_task(tx, t);
    link_task(e, tx, t);
    tell_task(e, tx, EV_TASK_UPDATED, t);
    if (t->row.assignment_status != TASK_PENDING)
        return NULL;
    if (attributes)
        route_again(e, tx, t);
    else if (channel)
        mark_fresh(e, t);
    return NULL;
}

fault_t task_changed(struct routing *e, struct tx *tx, struct task *t, const struct task *was)
{
    engine_enter(e);
    return engine_leave(e, tx, change(e, tx, t, was));
}

static fault_t wrap(struct routing *e, struct tx *tx, struct task_live *t, const char *reason)
{
    fault_t f = single_refuses(tx, t->workspace, "Wrapping up");

    if (f)
        return f;
    for (LIST_EACH(l, &t->reservations)) {
        struct reservation_live *r = CONTAINER_OF(l, struct reservation_live, in_task);
        if (r->row.reservation_status == RESERVATION_ACCEPTED)
            end_reservation(e, tx, r, RESERVATION_WRAPPING);
    }
    edit_task(tx, t);
    t->row.assignment_status = TASK_WRAPPING;
    if (reason)
        row_set(tx, t, &t->row.reason, reason);
    link_task(e, tx, t);
    alarm_cancel(tx, ALARM_TASK, t->row.sid);
    tell_task(e, tx, EV_TASK_WRAPUP, t);
    return NULL;
}

static fault_t wrong_state(struct tx *tx, const struct task *t, const char *verb, const char *because)
{
    return fault(tx->arena, F_INVALID_PARAMETER,
                 "Cannot %s task %s in workspace %s for account %s because it is not %s.", verb, t->sid,
                 t->workspace_sid, t->account_sid, because);
}

static fault_t move(struct routing *e, struct tx *tx, struct task *row, enum task_status to, const char *reason)
{
    struct task_live *t = (struct task_live *)row;
    enum task_status s = row->assignment_status;

    switch (to) {
    case TASK_CANCELED:
        if (s != TASK_PENDING && s != TASK_RESERVED)
            return wrong_state(tx, row, "cancel", "pending or reserved");
        cancel_task(e, tx, t, reason);
        return NULL;
    case TASK_WRAPPING:
        return s == TASK_ASSIGNED ? wrap(e, tx, t, reason) : wrong_state(tx, row, "wrap up", "currently assigned");
    case TASK_COMPLETED:
        if (s != TASK_ASSIGNED && s != TASK_WRAPPING)
            return wrong_state(tx, row, "complete", "currently assigned");
        finish_task(e, tx, t, TASK_COMPLETED, reason);
        return NULL;
    default:
        return fault(tx->arena, F_INVALID_PARAMETER, "AssignmentStatus cannot be set to '%s'", task_status_names[to]);
    }
}

fault_t task_move(struct routing *e, struct tx *tx, struct task *t, enum task_status to, const char *reason)
{
    engine_enter(e);
    return engine_leave(e, tx, move(e, tx, t, to, reason));
}
