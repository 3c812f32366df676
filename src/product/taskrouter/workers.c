/* Worker: who takes tasks; and Worker Channel, how many of a kind at a time. */
#include "product/taskrouter/internal.h"

#include <string.h>

struct worker_update {
    bool reject_pending_reservations;
};
struct worker_list {
    const char *activity_name, *available, *target_workers_expression, *task_queue_name, *task_queue_sid;
};

static const struct field worker_update_fields[] = {
    FIELD(worker_update, reject_pending_reservations, BOOL, .initial = "false"),
};

static const struct field worker_list_fields[] = {
    FIELD(worker_list, activity_name, STR),
    FIELD(worker_list, available, STR),
    FIELD(worker_list, target_workers_expression, STR, .max = EXPR_SOURCE_MAX),
    FIELD(worker_list, task_queue_name, STR),
    FIELD(worker_list, task_queue_sid, SID, .prefix = "WQ"),
};

static const struct link_row worker_links[] = {
    { "statistics", WORKSPACE_PATH "/Workers/{sid}/Statistics" },
    { "real_time_statistics", WORKSPACE_PATH "/Workers/RealTimeStatistics" },
    { "cumulative_statistics", WORKSPACE_PATH "/Workers/CumulativeStatistics" },
    { "activity", WORKSPACE_PATH "/Activities/{activity_sid}" },
    { "channels", WORKSPACE_PATH "/Workers/{sid}/Channels" },
    { "reservations", WORKSPACE_PATH "/Workers/{sid}/Reservations" },
    { "workspace", WORKSPACE_PATH },
    { "worker_statistics", WORKSPACE_PATH "/Workers/Statistics" },
};

static fault_t worker_create(struct op *op, void *row)
{
    return worker_created(engine_of(op), op->tx, row);
}

static fault_t worker_update(struct op *op, void *row, const void *was)
{
    const struct worker_update *p = op->params;

    return worker_changed(engine_of(op), op->tx, row, was, p->reject_pending_reservations);
}

static fault_t worker_remove(struct op *op, void *row)
{
    return worker_removed(engine_of(op), op->tx, row);
}

static fault_t worker_present(struct op *op, void *copy)
{
    struct worker *w = copy;
    const struct activity *a = op_find(op, &activity_kind, w->activity_sid);

    w->activity_name = a ? a->friendly_name : NULL;
    w->available = a && a->available;
    return NULL;
}

/* --- filters: those that concern the activity become conditions, expressions a test in C -------------------------- */

struct activities_wanted {
    struct op *op;
    bool available;
    struct value *sids;
    size_t n;
};

static bool take_activity(void *arg, void *row)
{
    struct activities_wanted *w = arg;
    const struct activity *a = row;

    if (a->available == w->available && w->n < 1000)
        w->sids[w->n++] = value_text(a->sid);
    return true;
}

static fault_t select_available(struct op *op, struct list_plan *plan, const char *text)
{
    struct activities_wanted w = { .op = op, .sids = arena_alloc(op->arena, 1000 * sizeof(*w.sids)) };
    struct condition scope = { .column = "workspace_sid",
                               .compare = IS,
                               .value = value_text(op_path(op, "workspace_sid")) };

    (void)str_to_bool(text, &w.available);
    if (record_select(op->db, op->arena, &activity_kind, &(struct selection){ .conditions = &scope, .nconditions = 1 },
                      take_activity, &w) != DB_OK)
        return op_failed(op);
    plan->nothing |= !w.n;
    if (plan->nconditions < PLAN_CONDITIONS)
        plan->conditions[plan->nconditions++] =
            (struct condition){ .column = "activity_sid", .compare = ONE_OF, .values = w.sids, .nvalues = w.n };
    return NULL;
}

struct worker_test {
    const struct expr *queue, *expression; /* either may be NULL */
};

static bool worker_passes(struct op *op, const void *row, void *arg)
{
    const struct worker_test *t = arg;
    struct worker w = *(const struct worker *)row;
    struct expr_scope scope = { .fact = fact_of_worker,
                                .subject = &w,
                                .now = op->now,
                                .worker = json_parse_object(op->arena, w.attributes, strlen(w.attributes), NULL) };

    w.activity_name = NAME_OF(op, activity, w.activity_sid, friendly_name);
    return (!t->queue || expr_eval(t->queue, &scope)) && (!t->expression || expr_eval(t->expression, &scope));
}

static fault_t compile_test(struct op *op, const struct worker_list *p, struct worker_test *t, bool *nothing)
{
    struct expr_error error;
    struct task_queue *q = NULL;

    if (p->task_queue_sid)
        q = op_find(op, &task_queue_kind, p->task_queue_sid);
    else if (p->task_queue_name)
        q = find_named(op, &task_queue_kind, p->task_queue_name);
    *nothing = (p->task_queue_sid || p->task_queue_name) && !q;
    if (q)
        t->queue = expr_compile(op->arena, q->target_workers, EXPR_QUEUE, &error);
    if (!p->target_workers_expression)
        return NULL;
    t->expression = expr_compile(op->arena, p->target_workers_expression, EXPR_WORKER_LIST, &error);
    return t->expression ? NULL
                         : refuse(op, F_INVALID_PARAMETER, "TargetWorkersExpression: %s at column %d", error.message,
                                  error.column);
}

static fault_t worker_select(struct op *op, struct list_plan *plan)
{
    const struct worker_list *p = op->params;
    const char *activity = op_param(op, "ActivitySid");
    fault_t f = NULL;

    if (activity && *activity && !op_find(op, &activity_kind, activity))
        return refuse(op, F_INVALID_PARAMETER, "ActivitySid '%.64s' is not an activity of this workspace", activity);
    if (p->activity_name) {
        const struct activity *a = find_named(op, &activity_kind, p->activity_name);
        plan->nothing |= !a;
        if (a)
            plan_add(plan, "activity_sid", IS, value_text(a->sid));
    }
    if (p->available)
        f = select_available(op, plan, p->available);
    if (!f && (p->target_workers_expression || p->task_queue_name || p->task_queue_sid)) {
        struct worker_test *t = arena_alloc(op->arena, sizeof(*t));
        bool nothing;
        f = compile_test(op, p, t, &nothing);
        plan->nothing |= nothing;
        plan->keep = worker_passes;
        plan->keep_arg = t;
    }
    return f;
}

const struct resource worker_resource = {
    .product = "taskrouter",
    .name = "Worker",
    .path = WORKSPACE_PATH "/Workers",
    .many = "workers",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &worker_kind,
    .update_params = PARAMS(worker_update, worker_update_fields),
    .list_params = PARAMS(worker_list, worker_list_fields),
    .links = ROWS(worker_links),
    .create = worker_create,
    .update = worker_update,
    .remove = worker_remove,
    .present = worker_present,
    .select = worker_select,
};

/* --- Worker Channel --------------------------------------------------------------------------------------- */

static fault_t channel_find(struct op *op, const char *key, void **row)
{
    struct worker *w = op_find(op, &worker_kind, op_path(op, "worker_sid"));

    *row = w ? routing_worker_channel(engine_of(op), op->tx, w->sid, key) : NULL;
    return NULL;
}

static fault_t channel_update(struct op *op, void *row, const void *was)
{
    return worker_channel_changed(engine_of(op), op->tx, row, was);
}

static fault_t channel_present(struct op *op, void *copy)
{
    struct worker_channel *c = copy;
    const struct worker_channel *live = routing_worker_channel(engine_of(op), op->tx, c->worker_sid, c->sid);

    c->task_channel_unique_name = NAME_OF(op, task_channel, c->task_channel_sid, unique_name);
    if (live) {
        c->assigned_tasks = routing_assigned(engine_of(op), live);
        c->available_capacity_percentage = routing_percentage(engine_of(op), live);
    }
    return NULL;
}

const struct resource worker_channel_resource = {
    .product = "taskrouter",
    .name = "WorkerChannel",
    .path = WORKSPACE_PATH "/Workers/{worker_sid}/Channels",
    .many = "channels",
    .verbs = LIST | FETCH | UPDATE,
    .kind = &worker_channel_kind,
    .reads_live = true,
    .find = channel_find,
    .update = channel_update,
    .present = channel_present,
};
