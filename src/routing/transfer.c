/* Transfers: a worker hands on what he has accepted, to another worker or to a queue.
 *
 * While one is under way the task is reserved or pending again, but its age, its workflow and its routing target have
 * no say any more: was_assigned() is true of it, and so it waits in its queue without steps and without their
 * deadlines. The transferor keeps his reservation: accepted in a warm transfer, wrapping in a cold one.
 *
 *   accepted by anybody                    complete; the task is assigned
 *   to a worker, who does not take it      failed; the task goes back
 *   to a queue, an offer is not taken      an attempt failed; the next one is tried
 *   canceled                               the task goes back
 *   the task ends                          failed
 *
 * Going back is to whoever still has an accepted reservation.  If there is none (a cold transfer), nobody would talk to
 * the customer any more: so the task waits in the queue from which it came for the next who is free. */
#include "routing/internal.h"

/* --- what is derived */

void link_transfer(struct routing *e, struct tx *tx, struct transfer_live *x)
{
    if (!transfer_kind.is_live(x)) {
        unlink_transfer(e, x);
        return;
    }
    if (x->task)
        return;
    struct task_live *t = find_task(e, tx, x->row.task_sid);
    if (!t)
        return;
    x->task = t;
    t->transfer = x;
    map_put(&e->rows, x->row.sid, x);
}

void unlink_transfer(struct routing *e, struct transfer_live *x)
{
    if (!x->task)
        return;
    x->task->transfer = NULL;
    x->task = NULL;
    map_remove(&e->rows, x->row.sid);
}

/* --- ends */

static void set_status(struct routing *e, struct tx *tx, struct transfer_live *x, enum transfer_status to,
                       const char *reason)
{
    row_edit(tx, x);
    x->row.transfer_status = to;
    if (reason)
        row_set(tx, x, &x->row.transfer_failed_reason, reason);
    link_transfer(e, tx, x);
}

static void wait_in_queue(struct task_live *t)
{
    t->row.assignment_status = TASK_PENDING;
    t->row.filter_index = t->row.target_index = -1;
}

/* To the transferor or, without him, to the queue from which it came.  True: it must look for somebody. */
static bool give_back(struct routing *e, struct tx *tx, const struct transfer_live *x, struct task_live *t)
{
    struct queue_live *home = find_queue(e, tx, x->row.initiating_queue_sid);
    bool held = holds_task(t, RESERVATION_ACCEPTED);

    edit_task(tx, t);
    if (held)
        t->row.assignment_status = TASK_ASSIGNED;
    else
        wait_in_queue(t);
    link_task(e, tx, t);
    if (home && home != t->queue)
        enter_queue(e, tx, t, home);
    return !held;
}

static void tell_back(struct routing *e, struct tx *tx, struct task_live *t, bool looks)
{
    tell_task(e, tx, EV_TASK_UPDATED, t);
    if (looks)
        route_again(e, tx, t);
}

/* Clients read what became of the transfer and the task in the event of the reservation, so these go first. */
static void fail(struct routing *e, struct tx *tx, struct reservation_live *r, enum reservation_status to)
{
    static const char *const reasons[] = {
        [RESERVATION_REJECTED] = "Transfer failed because the reservation was rejected",
        [RESERVATION_TIMEOUT] = "Transfer failed because the reservation timed out",
        [RESERVATION_CANCELED] = "Transfer failed because the reservation was canceled",
    };
    struct task_live *t = r->task;
    struct transfer_live *x = t->transfer;

    set_status(e, tx, x, TRANSFER_FAILED, reasons[to]);
    bool looks = give_back(e, tx, x, t);
    end_reservation(e, tx, r, to);
    tell_transfer(e, tx, EV_TASK_TRANSFER_FAILED, x, t);
    tell_back(e, tx, t, looks);
}

static void try_next(struct routing *e, struct tx *tx, struct reservation_live *r, enum reservation_status to)
{
    static const char *const verbs[] = {
        [RESERVATION_REJECTED] = "reject",
        [RESERVATION_TIMEOUT] = "timeout",
        [RESERVATION_CANCELED] = "cancel",
    };
    struct task_live *t = r->task;
    struct transfer_live *x = t->transfer;

    set_status(e, tx, x, TRANSFER_INITIATED,
               arena_printf(tx->arena,
                            "Transfer attempt failed on reservation %s because there are no more pending reservations",
                            verbs[to]));
    edit_task(tx, t);
    wait_in_queue(t);
    link_task(e, tx, t);
    end_reservation(e, tx, r, to);
    tell_transfer(e, tx, EV_TASK_TRANSFER_ATTEMPT_FAILED, x, t);
    tell_back(e, tx, t, true);
}

static bool is_last_offer(const struct reservation_live *r)
{
    const struct link *head = &r->task->reservations;

    for (const struct link *l = head->next; l != head; l = l->next) {
        const struct reservation_live *other = CONTAINER_OF(l, const struct reservation_live, in_task);
        if (other != r && other->row.reservation_status == RESERVATION_PENDING)
            return false;
    }
    return true;
}

void transfer_drop(struct routing *e, struct tx *tx, struct reservation_live *r, enum reservation_status to)
{
    if (!is_last_offer(r))
        end_reservation(e, tx, r, to);
    else if (r->task->transfer->row.transfer_type == TRANSFER_WORKER)
        fail(e, tx, r, to);
    else
        try_next(e, tx, r, to);
}

void transfer_complete(struct routing *e, struct tx *tx, struct transfer_live *x)
{
    set_status(e, tx, x, TRANSFER_COMPLETE, NULL);
}

void transfer_end(struct routing *e, struct tx *tx, struct task_live *t, const char *reason)
{
    struct transfer_live *x = t->transfer;

    if (!x)
        return;
    set_status(e, tx, x, TRANSFER_FAILED, reason);
    tell_transfer(e, tx, EV_TASK_TRANSFER_FAILED, x, t);
}

static fault_t cancel(struct routing *e, struct tx *tx, struct transfer_live *x)
{
    struct task_live *t = x->task;

    set_status(e, tx, x, TRANSFER_CANCELED, NULL);
    bool looks = give_back(e, tx, x, t);
    tell_transfer(e, tx, EV_TASK_TRANSFER_CANCELED, x, t);
    for (LIST_EACH(l, &t->reservations)) {
        struct reservation_live *r = CONTAINER_OF(l, struct reservation_live, in_task);
        if (r->row.reservation_status == RESERVATION_PENDING)
            end_reservation(e, tx, r, RESERVATION_CANCELED);
    }
    tell_back(e, tx, t, looks);
    return NULL;
}

fault_t transfer_cancel(struct routing *e, struct tx *tx, struct transfer *x)
{
    if (x->transfer_status != TRANSFER_INITIATED) /* the blank before the full stop is the original's */
        return fault(tx->arena, F_INVALID_PARAMETER, "Transfer %s is already %s . Cannot cancel transfer.", x->sid,
                     transfer_status_names[x->transfer_status]);
    engine_enter(e);
    return engine_leave(e, tx, cancel(e, tx, (struct transfer_live *)x));
}

/* --- beginning */

static struct reservation_live *find_reservation(struct routing *e, const char *sid)
{
    struct reservation_live *r = map_get(&e->rows, sid);

    return r && row_kind(r) == &reservation_kind ? r : NULL;
}

static fault_t check(struct tx *tx, const struct transfer_live *x, const struct task_live *t,
                     const struct reservation_live *r)
{
    if (!t || t->row.assignment_status != TASK_ASSIGNED)
        return fault(tx->arena, F_INVALID_PARAMETER,
                     "Cannot transfer task %s in workspace %s for account %s because it is not currently assigned.",
                     x->row.task_sid, x->row.workspace_sid, x->row.account_sid);
    if (!r || r->task != t || r->row.reservation_status != RESERVATION_ACCEPTED)
        return fault(tx->arena, F_INVALID_PARAMETER, "Reservation %s is not an accepted one of task %s",
                     x->row.initiating_reservation_sid, t->row.sid);
    return NULL;
}

/* Whoever is meant must be there: a worker at work, or a queue, which may wait for one. */
static fault_t find_target(struct routing *e, struct tx *tx, struct transfer_live *x, const struct task_live *t,
                           struct worker_live **w, struct queue_live **q)
{
    const char *to = x->row.transfer_to;

    *w = sid_valid(to, "WK") ? find_worker(e, tx, to) : NULL;
    *q = sid_valid(to, "WQ") ? find_queue(e, tx, to) : NULL;
    if ((!*w || (*w)->workspace != t->workspace) && (!*q || (*q)->workspace != t->workspace))
        return fault(tx->arena, F_INVALID_PARAMETER, "To '%.64s' is not a worker or task queue of this workspace", to);
    if (*w && (!(*w)->activity || !(*w)->activity->row.available))
        return fault(tx->arena, F_INVALID_PARAMETER, "Cannot transfer task %s to worker %s, who is not available",
                     t->row.sid, to);
    x->row.transfer_type = *w ? TRANSFER_WORKER : TRANSFER_QUEUE;
    return NULL;
}

static void note_origin(struct tx *tx, struct transfer_live *x, const struct task_live *t,
                        const struct reservation_live *r)
{
    row_set(tx, x, &x->row.initiating_worker_sid, r->row.worker_sid);
    row_set(tx, x, &x->row.initiating_queue_sid, t->row.task_queue_sid);
    row_set(tx, x, &x->row.initiating_workflow_sid, t->row.workflow_sid);
    x->row.transfer_status = TRANSFER_INITIATED;
}

static void offer_to_worker(struct routing *e, struct tx *tx, struct task_live *t, struct worker_live *w)
{
    edit_task(tx, t);
    t->row.assignment_status = TASK_RESERVED;
    link_task(e, tx, t);
    make_reservation(e, tx, t, w);
}

/* Whoever is free takes it now: so what follows can tell that it is reserved.  Nobody jumps a queue by that, because
 * those who are free had nothing to do. */
static void offer_to_queue(struct routing *e, struct tx *tx, struct task_live *t, struct queue_live *q)
{
    edit_task(tx, t);
    wait_in_queue(t);
    link_task(e, tx, t);
    if (t->queue != q)
        enter_queue(e, tx, t, q);
    reserve(e, tx, t);
}

static fault_t begin(struct routing *e, struct tx *tx, struct transfer_live *x)
{
    struct task_live *t = find_task(e, tx, x->row.task_sid);
    struct reservation_live *r = find_reservation(e, x->row.initiating_reservation_sid);
    struct worker_live *w;
    struct queue_live *q;
    fault_t f = check(tx, x, t, r);

    f = f ? f : single_refuses(tx, t->workspace, "A transfer");
    f = f ? f : find_target(e, tx, x, t, &w, &q);
    if (f)
        return f;
    note_origin(tx, x, t, r);
    link_transfer(e, tx, x);
    tell_transfer(e, tx, EV_TASK_TRANSFER_INITIATED, x, t);
    if (w)
        offer_to_worker(e, tx, t, w);
    else
        offer_to_queue(e, tx, t, q);
    if (!transfer_kind.is_live(x))
        return NULL; /* assigned too often: the task is over, and has said so */
    tell_task(e, tx, EV_TASK_UPDATED, t);
    if (x->row.transfer_mode == TRANSFER_COLD)
        end_reservation(e, tx, r, RESERVATION_WRAPPING);
    return NULL;
}

fault_t transfer_created(struct routing *e, struct tx *tx, struct transfer *x)
{
    engine_enter(e);
    return engine_leave(e, tx, begin(e, tx, (struct transfer_live *)x));
}
