/* Reservations: an offer of a task to a worker, from pending to its end. */
#include "routing/internal.h"

enum { DEFAULT_TIMEOUT = 120 };

void edit_reservation(struct tx *tx, struct reservation_live *r)
{
    const struct reservation *was;

    row_edit(tx, r);
    was = row_was(tx, r);
    if (was && was->version == r->row.version)
        r->row.version++;
}

/* For whoever asks later why it was this worker (explain.c): the line is not what it was by then. */
static void note_line(const struct task_live *t, const struct worker_live *w, const struct worker_channel_live *c,
                      struct reservation *row)
{
    row->idle_since = row->free_workers = NO_VALUE;
    if (c) {
        struct idle_key key = idle_key_of(w, c);
        row->idle_since = key.reserved == NO_VALUE ? key.status_changed : key.reserved;
    }
    if (t->queue && t->channel)
        row->free_workers = (int64_t)lane_of(t->queue, t->channel->slot)->nready;
}

/* The worker's line starts anew behind the others, whatever becomes of this offer. */
static void note_reserved(struct routing *e, struct tx *tx, struct worker_live *w, struct worker_channel_live *c)
{
    row_edit(tx, w);
    w->row.version++;
    if (!c)
        return;
    row_edit(tx, c);
    c->row.last_reserved_time = tx->now;
    link_worker_channel(e, tx, c);
}

void make_reservation(struct routing *e, struct tx *tx, struct task_live *t, struct worker_live *w)
{
    struct reservation_live *r = row_new(tx, &reservation_kind, NULL);
    const struct workflow *f = t->workflow ? &t->workflow->row : NULL;
    struct reservation *row = &r->row;

    row_set(tx, r, &row->account_sid, t->row.account_sid);
    row_set(tx, r, &row->workspace_sid, t->row.workspace_sid);
    row_set(tx, r, &row->task_sid, t->row.sid);
    row_set(tx, r, &row->task_queue_sid, t->row.task_queue_sid);
    row_set(tx, r, &row->workflow_sid, t->row.workflow_sid);
    row_set(tx, r, &row->worker_sid, w->row.sid);
    row_set(tx, r, &row->worker_name, w->row.friendly_name);
    row_set(tx, r, &row->worker_previous_activity_sid, w->row.activity_sid);
    if (t->transfer)
        row_set(tx, r, &row->transfer_sid, t->transfer->row.sid);
    row->reservation_status = RESERVATION_PENDING;
    row->reservation_timeout = f ? f->task_reservation_timeout : DEFAULT_TIMEOUT;
    row->canceled_reason_code = NO_VALUE;
    note_line(t, w, worker_channel_for(w, t->channel), row);
    note_reserved(e, tx, w, worker_channel_for(w, t->channel));
    link_reservation(e, tx, r);
    alarm_set(tx, ALARM_RESERVATION, row->sid, tx->now + row->reservation_timeout * SECOND);
    tell_reservation(e, tx, EV_RESERVATION_CREATED, r);
    single_offered(e, tx, r);
    if (e->port && f && f->assignment_callback_url)
        e->port->assign(e->port->arg, tx, row, &t->row, &w->row, f);
}

static const enum event_type told_as[] = {
    [RESERVATION_PENDING] = EV_RESERVATION_CREATED,   [RESERVATION_ACCEPTED] = EV_RESERVATION_ACCEPTED,
    [RESERVATION_REJECTED] = EV_RESERVATION_REJECTED, [RESERVATION_TIMEOUT] = EV_RESERVATION_TIMEOUT,
    [RESERVATION_CANCELED] = EV_RESERVATION_CANCELED, [RESERVATION_RESCINDED] = EV_RESERVATION_RESCINDED,
    [RESERVATION_WRAPPING] = EV_RESERVATION_WRAPUP,   [RESERVATION_COMPLETED] = EV_RESERVATION_COMPLETED,
};

/* To its next state; says so; frees what it held.  The task is the caller's to look after. */
void end_reservation(struct routing *e, struct tx *tx, struct reservation_live *r, enum reservation_status to)
{
    bool answered = r->row.reservation_status == RESERVATION_PENDING;
    const struct queue_live *q = r->task->queue;
    struct worker_live *w = r->worker;

    if (answered)
        alarm_cancel(tx, ALARM_RESERVATION, r->row.sid);
    edit_reservation(tx, r);
    r->row.reservation_status = to;
    tell_reservation(e, tx, told_as[to], r);
    link_reservation(e, tx, r);
    if (answered)
        single_answered(e, tx, r, w, q);
}

bool holds_task(const struct task_live *t, enum reservation_status s)
{
    for (const struct link *l = t->reservations.next; l != &t->reservations; l = l->next)
        if (CONTAINER_OF(l, const struct reservation_live, in_task)->row.reservation_status == s)
            return true;
    return false;
}

/* When no offer of a reserved task is left: back to the line; but a task for one worker only has had its chance. */
void lose_reservation(struct routing *e, struct tx *tx, struct task_live *t, const char *how)
{
    if (t->row.assignment_status != TASK_RESERVED || holds_task(t, RESERVATION_PENDING))
        return;
    if (t->row.routing_target && str_starts(t->row.routing_target, "WK") && !was_assigned(t)) {
        cancel_task(e, tx, t, how);
        return;
    }
    edit_task(tx, t);
    t->row.assignment_status = TASK_PENDING;
    link_task(e, tx, t);
    route_again(e, tx, t);
}

void drop_reservation(struct routing *e, struct tx *tx, struct reservation_live *r, enum reservation_status to)
{
    static const char *const reasons[] = {
        [RESERVATION_REJECTED] = "RoutingTarget rejected the Reservation",
        [RESERVATION_TIMEOUT] = "RoutingTarget did not answer the Reservation in time",
        [RESERVATION_CANCELED] = "The Reservation of the RoutingTarget was canceled",
    };
    struct task_live *t = r->task;

    if (t->transfer) {
        transfer_drop(e, tx, r, to);
        return;
    }
    end_reservation(e, tx, r, to);
    lose_reservation(e, tx, t, reasons[to]);
}

/* --- what people do with it */

static fault_t accept(struct routing *e, struct tx *tx, struct reservation_live *r)
{
    struct task_live *t = r->task;
    struct transfer_live *x = t->transfer;

    if (x)
        transfer_complete(e, tx, x);
    end_reservation(e, tx, r, RESERVATION_ACCEPTED);
    for (LIST_EACH(l, &t->reservations)) {
        struct reservation_live *other = CONTAINER_OF(l, struct reservation_live, in_task);
        if (other != r && other->row.reservation_status == RESERVATION_PENDING)
            end_reservation(e, tx, other, RESERVATION_RESCINDED);
    }
    edit_task(tx, t);
    t->row.assignment_status = TASK_ASSIGNED;
    t->row.assigned_at = tx->now;
    link_task(e, tx, t);
    arm_task(tx, t, NO_VALUE);
    if (x)
        tell_transfer(e, tx, EV_TASK_TRANSFER_COMPLETED, x, t);
    tell_task(e, tx, EV_TASK_UPDATED, t);
    return NULL;
}

static fault_t reject(struct routing *e, struct tx *tx, struct reservation_live *r, const char *activity_sid)
{
    struct activity_live *a = activity_sid ? find_activity(e, tx, activity_sid) : NULL;
    struct worker_live *w = r->worker;

    if (activity_sid && (!a || a->workspace != w->workspace))
        return fault(tx->arena, F_INVALID_PARAMETER, "Activity %s does not exist in this Workspace", activity_sid);
    if (a)
        move_worker(e, tx, w, a);
    drop_reservation(e, tx, r, RESERVATION_REJECTED);
    return NULL;
}

/* The reservation moves on, and the task with it when it was the last one that held it. */
static fault_t proceed(struct routing *e, struct tx *tx, struct reservation_live *r, enum reservation_status to)
{
    struct task_live *t = r->task;
    fault_t f = to == RESERVATION_WRAPPING ? single_refuses(tx, t->workspace, "Wrapping up") : NULL;

    if (f)
        return f;
    end_reservation(e, tx, r, to);
    if (t->row.assignment_status != TASK_ASSIGNED && t->row.assignment_status != TASK_WRAPPING)
        return NULL; /* he has handed it on, and nobody has it yet */
    for (LIST_EACH(l, &t->reservations)) {
        enum reservation_status s = CONTAINER_OF(l, struct reservation_live, in_task)->row.reservation_status;
        if (s == RESERVATION_PENDING || s == RESERVATION_ACCEPTED ||
            (s == RESERVATION_WRAPPING && to == RESERVATION_COMPLETED))
            return NULL;
    }
    if (to == RESERVATION_COMPLETED) {
        finish_task(e, tx, t, TASK_COMPLETED, NULL);
        return NULL;
    }
    return t->row.assignment_status == TASK_ASSIGNED ? task_move(e, tx, &t->row, TASK_WRAPPING, NULL) : NULL;
}

static fault_t wrong_state(struct tx *tx, const struct reservation *r, enum reservation_status to)
{
    if (to == RESERVATION_ACCEPTED && r->reservation_status == RESERVATION_RESCINDED)
        return fault(tx->arena, F_GONE, "Reservation %s was rescinded", r->sid);
    return fault(tx->arena, F_INVALID_PARAMETER,
                 "Cannot set reservation %s in workspace %s for account %s to %s because it is %s.", r->sid,
                 r->workspace_sid, r->account_sid, reservation_status_names[to],
                 reservation_status_names[r->reservation_status]);
}

static fault_t move(struct routing *e, struct tx *tx, struct reservation *row, enum reservation_status to,
                    const char *activity_sid)
{
    struct reservation_live *r = reservation_kind.is_live(row) ? map_get(&e->rows, row->sid) : NULL;
    enum reservation_status s = row->reservation_status;

    if (!r)
        return wrong_state(tx, row, to);
    if (to == RESERVATION_ACCEPTED && s == RESERVATION_PENDING)
        return accept(e, tx, r);
    if (to == RESERVATION_REJECTED && s == RESERVATION_PENDING)
        return reject(e, tx, r, activity_sid);
    if (to == RESERVATION_WRAPPING && s == RESERVATION_ACCEPTED)
        return proceed(e, tx, r, to);
    if (to == RESERVATION_COMPLETED && (s == RESERVATION_ACCEPTED || s == RESERVATION_WRAPPING))
        return proceed(e, tx, r, to);
    return wrong_state(tx, row, to);
}

fault_t reservation_move(struct routing *e, struct tx *tx, struct reservation *r, enum reservation_status to,
                         const char *activity_sid)
{
    engine_enter(e);
    return engine_leave(e, tx, move(e, tx, r, to, activity_sid));
}

void reservation_fail(struct routing *e, struct tx *tx, struct reservation *row, int64_t reason_code)
{
    struct reservation_live *r = row->reservation_status == RESERVATION_PENDING ? map_get(&e->rows, row->sid) : NULL;

    if (!r)
        return;
    engine_enter(e);
    edit_reservation(tx, r);
    r->row.canceled_reason_code = reason_code;
    drop_reservation(e, tx, r, RESERVATION_CANCELED);
    engine_done(e, tx);
}

void ring_reservation(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct routing *e = arg;
    struct reservation_live *r = map_get(&e->rows, subject);

    (void)due;
    if (!r || r->row.reservation_status != RESERVATION_PENDING)
        return;
    engine_enter(e);
    struct worker_live *w = r->worker;
    struct task_live *t = r->task;
    bool transferred = t->transfer;
    if (transferred)
        transfer_drop(e, tx, r, RESERVATION_TIMEOUT);
    else
        end_reservation(e, tx, r, RESERVATION_TIMEOUT);
    struct activity_live *a = find_activity(e, tx, w->workspace->row.timeout_activity_sid);
    if (a)
        move_worker(e, tx, w, a);
    if (!transferred)
        lose_reservation(e, tx, t, "RoutingTarget did not answer the Reservation in time");
    engine_done(e, tx);
}
