/* A worker hands a task on, and thinks better of it. */
#include "gateway/eventbridge/internal.h"

#include <string.h>

static void answer_transfer(struct call *c, const struct transfer *x)
{
    struct json_out o;

    json_begin(&o, c->op->arena);
    transfer_json(&o, c->op->tx, x);
    call_answer(c, &o);
}

static fault_t missing(struct call *c, const char *name)
{
    return refuse(c->op, F_INVALID_PARAMETER, "Missing required parameter %s", name);
}

static fault_t read_mode(struct call *c, enum transfer_mode *out)
{
    const char *text = call_param(c, "Mode");

    *out = TRANSFER_WARM;
    if (!text || str_ieq(text, transfer_mode_names[TRANSFER_WARM]))
        return NULL;
    *out = TRANSFER_COLD;
    if (str_ieq(text, transfer_mode_names[TRANSFER_COLD]))
        return NULL;
    return refuse(c->op, F_INVALID_PARAMETER, "Mode '%.64s' is not one of: WARM, COLD", text);
}

/* The transferor's reservation, and its task. */
static fault_t find_held(struct call *c, const struct worker *w, struct reservation **r, struct task **t)
{
    const char *reservation = call_param(c, "ReservationSid"), *task = call_param(c, "TaskSid");
    void *row = NULL;
    fault_t f = NULL;

    if (!reservation || !task || !call_param(c, "To"))
        return missing(c, !reservation ? "ReservationSid" : !task ? "TaskSid" : "To");
    f = call_find(c, &reservation_kind, reservation, &row);
    *r = row;
    if (!f && (!str_eq((*r)->worker_sid, w->sid) || !str_eq((*r)->task_sid, task)))
        f = refuse(c->op, F_NOT_FOUND, "Reservation %.64s of worker %s for task %.64s was not found", reservation,
                   w->sid, task);
    f = f ? f : call_find(c, &task_kind, task, &row);
    *t = row;
    return f;
}

/* Attributes and Priority are the task's from now on. */
static fault_t change_task(struct call *c, struct task *t)
{
    const struct field *priority = field_named(&task_kind, "priority");
    const char *attributes = NULL, *text = call_param(c, "Priority");
    struct tx *tx = c->op->tx;
    int64_t wanted = t->priority;
    fault_t f = call_attributes(c, &task_kind, &attributes);

    if (f || (!attributes && !text))
        return f;
    if (text && (!str_to_int(text, &wanted) || wanted < priority->min || wanted > priority->max))
        return refuse(c->op, F_INVALID_PARAMETER, "Priority '%.32s' is not between %lld and %lld", text,
                      (long long)priority->min, (long long)priority->max);
    row_edit(tx, t);
    if (attributes)
        row_set(tx, t, &t->attributes, attributes);
    t->priority = wanted;
    return task_changed(c->bridge->engine, tx, t, row_was(tx, t));
}

fault_t transfer_begin(struct call *c)
{
    struct tx *tx = c->op->tx;
    struct worker *w;
    struct reservation *r = NULL;
    struct task *t = NULL;
    enum transfer_mode mode;
    fault_t f = call_worker(c, false, &w);

    f = f ? f : find_held(c, w, &r, &t);
    f = f ? f : read_mode(c, &mode);
    f = f ? f : change_task(c, t);
    if (f)
        return f;
    struct transfer *x = row_new(tx, &transfer_kind, NULL);
    row_set(tx, x, &x->account_sid, t->account_sid);
    row_set(tx, x, &x->workspace_sid, t->workspace_sid);
    row_set(tx, x, &x->task_sid, t->sid);
    row_set(tx, x, &x->initiating_reservation_sid, r->sid);
    row_set(tx, x, &x->transfer_to, call_param(c, "To"));
    x->transfer_mode = mode;
    f = transfer_created(c->bridge->engine, tx, x);
    if (!f)
        answer_transfer(c, x);
    return f;
}

fault_t transfer_update(struct call *c)
{
    const char *status = call_param(c, "TransferStatus"), *task = call_param(c, "TaskSid");
    struct transfer *x;
    struct worker *w;
    void *row = NULL;
    fault_t f = call_worker(c, false, &w);

    f = f ? f : call_find(c, &transfer_kind, c->sids[2], &row);
    if (f)
        return f;
    x = row;
    if (!str_eq(x->initiating_worker_sid, w->sid) || (task && !str_eq(x->task_sid, task)))
        return refuse(c->op, F_NOT_FOUND, "Transfer %.64s of worker %s was not found", c->sids[2], w->sid);
    if (!status)
        return missing(c, "TransferStatus");
    if (!str_ieq(status, transfer_status_names[TRANSFER_CANCELED]))
        return refuse(c->op, F_INVALID_PARAMETER, "TransferStatus '%.64s' is not canceled", status);
    f = transfer_cancel(c->bridge->engine, c->op->tx, x);
    if (!f)
        answer_transfer(c, x);
    return f;
}
