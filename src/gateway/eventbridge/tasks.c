/* Tasks, as far as a worker has to do with them. */
#include "gateway/eventbridge/internal.h"

#include "codec/date.h"
#include <string.h>

struct held {
    const char *worker_sid;
    bool found;
};

static void look(void *arg, struct reservation *r)
{
    struct held *h = arg;

    h->found |= str_eq(r->worker_sid, h->worker_sid);
}

/* Has this worker been asked to take that task?  Then it may still read it when it is over. */
static fault_t has_held(struct call *c, const struct task *t, bool *out)
{
    struct held h = { .worker_sid = c->op->who.worker_sid };
    struct condition conditions[] = {
        { .column = "task_sid", .compare = IS, .value = value_text(t->sid) },
        { .column = "worker_sid", .compare = IS, .value = value_text(h.worker_sid) },
    };

    routing_each_reservation_of_task(c->bridge->engine, c->op->tx, t->sid, look, &h);
    *out = h.found;
    if (h.found)
        return NULL;
    void *one;
    if (record_first(c->op->db, c->op->arena, &reservation_kind,
                     &(struct selection){ .conditions = conditions, .nconditions = 2 }, &one) != DB_OK)
        return op_failed(c->op);
    *out = one;
    return NULL;
}

static fault_t find_task(struct call *c, struct task **out)
{
    void *row = NULL;
    fault_t f = call_find(c, &task_kind, c->sids[1], &row);
    bool may = c->elevated;

    *out = row;
    if (!f && !may)
        may = str_eq((*out)->routing_target, c->op->who.worker_sid);
    if (!f && !may)
        f = has_held(c, *out, &may);
    if (!f && !may)
        f = refuse(c->op, F_FORBIDDEN, "Task %s is not one of worker %s", (*out)->sid, c->op->who.worker_sid);
    return f;
}

void answer_task(struct call *c, const struct task *t)
{
    struct json_out o;

    json_begin(&o, c->op->arena);
    task_json(&o, c->op->tx, t);
    call_answer(c, &o);
}

fault_t task_fetch(struct call *c)
{
    struct task *t;
    fault_t f = find_task(c, &t);

    if (!f)
        answer_task(c, t);
    return f;
}

static fault_t move(struct call *c, struct task *t, const char *status)
{
    static const enum task_status possible[] = { TASK_WRAPPING, TASK_COMPLETED, TASK_CANCELED };

    for (size_t i = 0; i < sizeof(possible) / sizeof(*possible); i++)
        if (str_ieq(task_status_names[possible[i]], status))
            return task_move(c->bridge->engine, c->op->tx, t, possible[i], call_param(c, "Reason"));
    return refuse(c->op, F_INVALID_PARAMETER, "AssignmentStatus '%.64s' is not one of: wrapping, completed, canceled",
                  status);
}

static fault_t take_start(struct call *c, int64_t *out)
{
    const char *text = call_param(c, "VirtualStartTime");

    if (text && !date_parse(text, out))
        return refuse(c->op, F_INVALID_PARAMETER, "VirtualStartTime '%.64s' is not a date and time in ISO 8601 form",
                      text);
    return NULL;
}

static fault_t change(struct call *c, struct task *t)
{
    struct tx *tx = c->op->tx;
    const char *attributes = NULL;
    fault_t f = call_attributes(c, &task_kind, &attributes);

    if (f)
        return f;
    row_edit(tx, t);
    if (attributes)
        row_set(tx, t, &t->attributes, attributes);
    f = take_start(c, &t->virtual_start_time);
    return f ? f : task_changed(c->bridge->engine, tx, t, row_was(tx, t));
}

fault_t task_update(struct call *c)
{
    const char *status = call_param(c, "AssignmentStatus");
    struct task *t;
    fault_t f = find_task(c, &t);

    f = f ? f : call_version(c, t->version);
    if (!f)
        f = status ? move(c, t, status) : change(c, t);
    if (!f)
        answer_task(c, t);
    return f;
}

/* --- making one --------------------------------------------------------------------------------------------------- */

static fault_t check_sid(struct call *c, const char *name, const char *prefix)
{
    const char *sid = call_param(c, name);

    if (!sid || sid_valid(sid, prefix))
        return NULL;
    return refuse(
        c->op, F_INVALID_PARAMETER,
        "Value '%.64s' provided for %s as RoutingTarget has an invalid format. WorkspaceSid: %s, AccountSid: %s", sid,
        name, c->workspace->sid, c->workspace->account_sid);
}

/* Workers make tasks for themselves: a call out, a mail that they begin. */
static fault_t check_create(struct call *c)
{
    const char *target = call_param(c, "RoutingTarget");
    fault_t f = check_sid(c, "WorkflowSid", "WW");

    f = f ? f : check_sid(c, "TaskQueueSid", "WQ");
    f = f ? f : check_sid(c, "RoutingTarget", NULL);
    if (!f && !c->elevated && !str_eq(target, c->op->who.worker_sid))
        f = refuse(c->op, F_FORBIDDEN, "RoutingTarget must be worker %s, for whom this token is",
                   c->op->who.worker_sid);
    return f;
}

/* What a task is when nothing is said, as its description has it. */
static void set_initial(struct tx *tx, struct task *t)
{
    for (EACH_FIELD(f, &task_kind)) {
        if (!(f->flags & ON_CREATE))
            continue;
        if (field_is_text(f))
            row_set(tx, t, field_text(f, t), f->initial);
        else if (f->type == T_BOOL)
            (void)str_to_bool(f->initial ? f->initial : "false", field_bool(f, t));
        else if (!f->initial || !str_to_int(f->initial, field_int(f, t)))
            *field_int(f, t) = NO_VALUE;
    }
}

static void take(struct call *c, struct task *t, const char **member, const char *name)
{
    const char *text = call_param(c, name);

    if (text)
        row_set(c->op->tx, t, member, text);
}

fault_t task_create(struct call *c)
{
    struct tx *tx = c->op->tx;
    const char *attributes = NULL;
    fault_t f = check_create(c);

    f = f ? f : call_attributes(c, &task_kind, &attributes);
    if (f)
        return f;
    struct task *t = row_new(tx, &task_kind, NULL);
    set_initial(tx, t);
    row_set(tx, t, &t->account_sid, c->workspace->account_sid);
    row_set(tx, t, &t->workspace_sid, c->workspace->sid);
    if (attributes)
        row_set(tx, t, &t->attributes, attributes);
    take(c, t, &t->workflow_sid, "WorkflowSid");
    take(c, t, &t->task_queue_sid, "TaskQueueSid");
    take(c, t, &t->routing_target, "RoutingTarget");
    take(c, t, &t->task_channel_sid, "TaskChannelUniqueName");
    take(c, t, &t->task_channel_sid, "TaskChannelSid");
    f = take_start(c, &t->virtual_start_time);
    f = f ? f : task_created(c->bridge->engine, tx, t);
    if (!f)
        answer_task(c, t);
    return f;
}
