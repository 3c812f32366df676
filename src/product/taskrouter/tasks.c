/* Task: something that a worker is wanted for. */
#include "product/taskrouter/internal.h"

#include <string.h>

struct task_update {
    const char *assignment_status, *reason;
};
struct task_list {
    const char *workflow_name, *task_queue_name, *evaluate_task_attributes, *has_addons;
};

static const struct field task_update_fields[] = {
    FIELD(task_update, assignment_status, STR),
    FIELD(task_update, reason, STR, .max = 4096),
};

static const struct field task_list_fields[] = {
    FIELD(task_list, workflow_name, STR),
    FIELD(task_list, task_queue_name, STR),
    FIELD(task_list, evaluate_task_attributes, STR, .max = EXPR_SOURCE_MAX),
    FIELD(task_list, has_addons, STR),
};

static const struct link_row links[] = {
    { "task_queue", WORKSPACE_PATH "/TaskQueues/{task_queue_sid}" },
    { "workflow", WORKSPACE_PATH "/Workflows/{workflow_sid}" },
    { "workspace", WORKSPACE_PATH },
    { "reservations", WORKSPACE_PATH "/Tasks/{sid}/Reservations" },
};

static fault_t create(struct op *op, void *row)
{
    struct task *t = row;

    if (op_given(op, "IgnoreCapacity") && !(t->routing_target && str_starts(t->routing_target, "WK")))
        return refuse(op, F_INVALID_PARAMETER, "IgnoreCapacity can only be given with a worker as RoutingTarget");
    return task_created(engine_of(op), op->tx, t);
}

static fault_t move(struct op *op, struct task *t, const struct task_update *p)
{
    static const enum task_status possible[] = { TASK_CANCELED, TASK_WRAPPING, TASK_COMPLETED };

    for (size_t i = 0; i < sizeof(possible) / sizeof(*possible); i++)
        if (str_ieq(task_status_names[possible[i]], p->assignment_status))
            return task_move(engine_of(op), op->tx, t, possible[i], p->reason);
    return refuse(op, F_INVALID_PARAMETER, "AssignmentStatus '%.64s' is not one of: canceled, wrapping, completed",
                  p->assignment_status);
}

/* A change of status and a change of attributes take two requests: with a status, the rest stays as it was. */
static void take_back(struct op *op, struct task *t, const struct task *was)
{
    row_set(op->tx, t, &t->attributes, was->attributes);
    row_set(op->tx, t, &t->task_channel_sid, was->task_channel_sid);
    t->priority = was->priority;
    t->virtual_start_time = was->virtual_start_time;
}

static fault_t update(struct op *op, void *row, const void *was)
{
    const struct task_update *p = op->params;

    if (!p->assignment_status)
        return task_changed(engine_of(op), op->tx, row, was);
    take_back(op, row, was);
    return move(op, row, p);
}

static fault_t destroy(struct op *op, void *row)
{
    return task_removed(engine_of(op), op->tx, row);
}

static fault_t present(struct op *op, void *copy)
{
    struct task *t = copy;

    t->age = (op->now - t->date_created) / SECOND;
    t->workflow_friendly_name = NAME_OF(op, workflow, t->workflow_sid, friendly_name);
    t->task_queue_friendly_name = NAME_OF(op, task_queue, t->task_queue_sid, friendly_name);
    t->task_channel_unique_name = NAME_OF(op, task_channel, t->task_channel_sid, unique_name);
    return NULL;
}

static bool attributes_pass(struct op *op, const void *row, void *arg)
{
    const struct task *t = row;
    struct expr_scope scope = { .task = json_parse_object(op->arena, t->attributes, strlen(t->attributes), NULL),
                                .now = op->now };

    return expr_eval(arg, &scope);
}

static void select_named(struct op *op, struct list_plan *plan, const struct kind *k, const char *name,
                         const char *column)
{
    const void *row = name ? find_named(op, k, name) : NULL;

    if (!name)
        return;
    plan->nothing |= !row;
    if (row)
        plan_add(plan, column, IS, value_text(*field_text(field_flagged(k, KEY), row)));
}

static fault_t select_tasks(struct op *op, struct list_plan *plan)
{
    const struct task_list *p = op->params;
    const char *ordering = op_param(op, "Ordering");
    struct expr_error error;
    bool wanted = false;

    if (ordering && strstr(ordering, "DateCreated") && strstr(ordering, "VirtualStartTime"))
        return refuse(op, F_INVALID_PARAMETER, "Ordering by DateCreated and VirtualStartTime cannot be combined");
    select_named(op, plan, &workflow_kind, p->workflow_name, "workflow_sid");
    select_named(op, plan, &task_queue_kind, p->task_queue_name, "task_queue_sid");
    if (p->has_addons) {
        (void)str_to_bool(p->has_addons, &wanted);
        plan_add(plan, "addons", wanted ? IS_NOT : IS, value_text("{}"));
    }
    if (!p->evaluate_task_attributes)
        return NULL;
    plan->keep = attributes_pass;
    plan->keep_arg = (void *)expr_compile(op->arena, p->evaluate_task_attributes, EXPR_TASK_LIST, &error);
    return plan->keep_arg ? NULL
                          : refuse(op, F_INVALID_PARAMETER, "EvaluateTaskAttributes: %s at column %d", error.message,
                                   error.column);
}

const struct resource task_resource = {
    .product = "taskrouter",
    .name = "Task",
    .path = WORKSPACE_PATH "/Tasks",
    .many = "tasks",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &task_kind,
    .update_params = PARAMS(task_update, task_update_fields),
    .list_params = PARAMS(task_list, task_list_fields),
    .links = ROWS(links),
    .create = create,
    .update = update,
    .remove = destroy,
    .present = present,
    .select = select_tasks,
};
