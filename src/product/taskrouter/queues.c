/* Task Queue: which workers may take the tasks that wait in it; and Task Channel, a medium that a task comes by. */
#include "product/taskrouter/internal.h"

#include <string.h>

/* --- Task Queue -------------------------------------------------------------------------------------------------- */

struct task_queue_list {
    const char *evaluate_worker_attributes, *worker_sid;
};

static const struct field task_queue_list_fields[] = {
    FIELD(task_queue_list, evaluate_worker_attributes, STR, .max = EXPR_SOURCE_MAX),
    FIELD(task_queue_list, worker_sid, SID, .prefix = "WK", .refers = "worker"),
};

static const struct link_row task_queue_links[] = {
    { "statistics", WORKSPACE_PATH "/TaskQueues/{sid}/Statistics" },
    { "real_time_statistics", WORKSPACE_PATH "/TaskQueues/{sid}/RealTimeStatistics" },
    { "cumulative_statistics", WORKSPACE_PATH "/TaskQueues/{sid}/CumulativeStatistics" },
    { "assignment_activity", WORKSPACE_PATH "/Activities/{assignment_activity_sid}" },
    { "reservation_activity", WORKSPACE_PATH "/Activities/{reservation_activity_sid}" },
    { "workspace", WORKSPACE_PATH },
    { "list_statistics", WORKSPACE_PATH "/TaskQueues/Statistics" },
};

static fault_t task_queue_create(struct op *op, void *row)
{
    return task_queue_created(engine_of(op), op->tx, row);
}

static fault_t task_queue_update(struct op *op, void *row, const void *was)
{
    return task_queue_changed(engine_of(op), op->tx, row, was);
}

static fault_t task_queue_remove(struct op *op, void *row)
{
    return task_queue_removed(engine_of(op), op->tx, row);
}

static fault_t task_queue_present(struct op *op, void *copy)
{
    struct task_queue *q = copy;

    q->assignment_activity_name = NAME_OF(op, activity, q->assignment_activity_sid, friendly_name);
    q->reservation_activity_name = NAME_OF(op, activity, q->reservation_activity_sid, friendly_name);
    return NULL;
}

/* Whether the queue's expression is true of these attributes. */
struct someone {
    const json_t *attributes;
    const struct worker *worker; /* NULL: hypothetical */
};

static bool queue_takes(struct op *op, const void *row, void *arg)
{
    const struct task_queue *q = row;
    const struct someone *s = arg;
    struct expr_error error;
    const struct expr *e = expr_compile(op->arena, q->target_workers, EXPR_QUEUE, &error);

    return e &&
           expr_eval(e, &(struct expr_scope){
                            .worker = s->attributes, .fact = fact_of_worker, .subject = s->worker, .now = op->now });
}

/* The value is a JSON object of attributes that somebody might have. */
static fault_t select_by_attributes(struct op *op, struct list_plan *plan, const char *text)
{
    struct someone *s = arena_alloc(op->arena, sizeof(*s));
    const char *why;

    s->attributes = json_parse_object(op->arena, text, strlen(text), &why);
    if (!s->attributes)
        return refuse(op, F_INVALID_PARAMETER, "EvaluateWorkerAttributes is not a JSON object: %s", why);
    plan->keep = queue_takes;
    plan->keep_arg = s;
    return NULL;
}

static fault_t task_queue_select(struct op *op, struct list_plan *plan)
{
    const struct task_queue_list *p = op->params;

    if (p->worker_sid) {
        struct someone *s = arena_alloc(op->arena, sizeof(*s));
        struct worker *w = op_find(op, &worker_kind, p->worker_sid);
        w->activity_name = NAME_OF(op, activity, w->activity_sid, friendly_name);
        *s = (struct someone){ json_parse_object(op->arena, w->attributes, strlen(w->attributes), NULL), w };
        plan->keep = queue_takes;
        plan->keep_arg = s;
        return NULL;
    }
    return p->evaluate_worker_attributes ? select_by_attributes(op, plan, p->evaluate_worker_attributes) : NULL;
}

const struct resource task_queue_resource = {
    .product = "taskrouter",
    .name = "TaskQueue",
    .path = WORKSPACE_PATH "/TaskQueues",
    .many = "task_queues",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &task_queue_kind,
    .list_params = PARAMS(task_queue_list, task_queue_list_fields),
    .links = ROWS(task_queue_links),
    .create = task_queue_create,
    .update = task_queue_update,
    .remove = task_queue_remove,
    .present = task_queue_present,
    .select = task_queue_select,
};

/* --- Task Channel ------------------------------------------------------------------------------------------------- */

static const struct link_row task_channel_links[] = { { "workspace", WORKSPACE_PATH } };

static fault_t task_channel_create(struct op *op, void *row)
{
    return task_channel_created(engine_of(op), op->tx, row);
}

static fault_t task_channel_update(struct op *op, void *row, const void *was)
{
    return task_channel_changed(engine_of(op), op->tx, row, was);
}

static fault_t task_channel_remove(struct op *op, void *row)
{
    return task_channel_removed(engine_of(op), op->tx, row);
}

const struct resource task_channel_resource = {
    .product = "taskrouter",
    .name = "TaskChannel",
    .path = WORKSPACE_PATH "/TaskChannels",
    .many = "channels",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &task_channel_kind,
    .links = ROWS(task_channel_links),
    .create = task_channel_create,
    .update = task_channel_update,
    .remove = task_channel_remove,
};
