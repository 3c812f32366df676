/* The fifteen statistics: who asks where for what, as selections of struct statistics. */
#include "product/taskrouter/statistics.h"
#include <string.h>

/* clang-format off */
#define ONE(member, ...) FIELD(statistics, member, __VA_ARGS__)
#define VALUE JSON, .flags = JSON_VALUE

#define WHOSE ONE(account_sid, SID, .flags = OWNER, .prefix = "AC"), ONE(workspace_sid, SID, .flags = PARENT, .prefix = "WS")
#define WORKFLOW ONE(workflow_sid, SID, .flags = PARENT, .prefix = "WW")
#define QUEUE ONE(task_queue_sid, SID, .flags = PARENT, .prefix = "WQ")
#define WORKER ONE(worker_sid, SID, .flags = PARENT, .prefix = "WK")

#define ACTIVITIES ONE(activity_statistics, VALUE)
#define TASKS                                                                                                          \
    ONE(longest_task_waiting_age, INT), ONE(longest_task_waiting_sid, SID), ONE(tasks_by_priority, VALUE),             \
    ONE(tasks_by_status, VALUE), ONE(total_tasks, INT)
#define PERIOD ONE(start_time, TIME), ONE(end_time, TIME)
#define RESERVATIONS                                                                                                   \
    ONE(reservations_created, INT), ONE(reservations_accepted, INT), ONE(reservations_rejected, INT),                  \
    ONE(reservations_timed_out, INT), ONE(reservations_canceled, INT), ONE(reservations_rescinded, INT)
#define OUTCOMES                                                                                                       \
    ONE(avg_task_acceptance_time, INT), ONE(split_by_wait_time, VALUE), ONE(wait_duration_until_accepted, VALUE),      \
    ONE(wait_duration_until_canceled, VALUE), ONE(tasks_canceled, INT), ONE(tasks_completed, INT),                     \
    ONE(tasks_deleted, INT), ONE(tasks_moved, INT)
#define BOTH ONE(realtime, VALUE), ONE(cumulative, VALUE)

static const struct field workspace_now[] = { WHOSE, ACTIVITIES, TASKS, ONE(total_workers, INT) };
static const struct field workflow_now[]  = { WHOSE, WORKFLOW, TASKS };
static const struct field queue_now[]     = { WHOSE, QUEUE, ACTIVITIES, TASKS, ONE(total_available_workers, INT), ONE(total_eligible_workers, INT),
                                              ONE(longest_relative_task_age_in_queue, INT), ONE(longest_relative_task_sid_in_queue, SID) };
static const struct field workers_now[]   = { WHOSE, ACTIVITIES, ONE(total_workers, INT) };

static const struct field workspace_then[] = { WHOSE, PERIOD, RESERVATIONS, OUTCOMES, ONE(tasks_created, INT), ONE(tasks_timed_out_in_workflow, INT) };
static const struct field workflow_then[]  = { WHOSE, WORKFLOW, PERIOD, RESERVATIONS, OUTCOMES, ONE(tasks_entered, INT), ONE(tasks_timed_out_in_workflow, INT) };
static const struct field queue_then[]     = { WHOSE, QUEUE, PERIOD, RESERVATIONS, OUTCOMES, ONE(tasks_entered, INT), ONE(wait_duration_in_queue_until_accepted, VALUE) };
static const struct field workers_then[]   = { WHOSE, PERIOD, RESERVATIONS, ONE(activity_durations, VALUE) };
static const struct field worker_then[]    = { WHOSE, WORKER, PERIOD, RESERVATIONS, ONE(activity_durations, VALUE) };

static const struct field workspace_both[] = { WHOSE, BOTH };
static const struct field workflow_both[]  = { WHOSE, WORKFLOW, BOTH };
static const struct field queue_both[]     = { WHOSE, QUEUE, BOTH };
static const struct field worker_both[]    = { WHOSE, WORKER, ONE(cumulative, VALUE) };

#define SHAPE(name_of, rows) { .name = "statistics_" name_of, .size = sizeof(struct statistics), .fields = ROWS(rows) }

const struct kind statistics_now[ABOUTS] = {
    [ABOUT_WORKSPACE] = SHAPE("workspace_now", workspace_now), [ABOUT_WORKFLOW] = SHAPE("workflow_now", workflow_now),
    [ABOUT_QUEUE] = SHAPE("queue_now", queue_now),             [ABOUT_WORKERS] = SHAPE("workers_now", workers_now),
};
const struct kind statistics_then[ABOUTS] = {
    [ABOUT_WORKSPACE] = SHAPE("workspace_then", workspace_then), [ABOUT_WORKFLOW] = SHAPE("workflow_then", workflow_then),
    [ABOUT_QUEUE] = SHAPE("queue_then", queue_then),             [ABOUT_WORKERS] = SHAPE("workers_then", workers_then),
    [ABOUT_WORKER] = SHAPE("worker_then", worker_then),
};
const struct kind statistics_both[ABOUTS] = {
    [ABOUT_WORKSPACE] = SHAPE("workspace", workspace_both), [ABOUT_WORKFLOW] = SHAPE("workflow", workflow_both),
    [ABOUT_QUEUE] = SHAPE("queue", queue_both),             [ABOUT_WORKERS] = SHAPE("workers", workspace_both),
    [ABOUT_WORKER] = SHAPE("worker", worker_both),
};
static const struct kind of_queues = SHAPE("of_queues", queue_both);

static const struct field bulk_fields[] = {
    FIELD(statistics_bulk, account_sid,               SID, .flags = OWNER, .prefix = "AC"),
    FIELD(statistics_bulk, workspace_sid,             SID, .flags = PARENT, .prefix = "WS"),
    FIELD(statistics_bulk, task_queue_data,           JSON, .flags = JSON_VALUE),
    FIELD(statistics_bulk, task_queue_response_count, INT),
};
static const struct kind bulk_shape = { .name = "statistics_bulk", .size = sizeof(struct statistics_bulk), .fields = ROWS(bulk_fields) };

/* --- parameters.  A month of minutes is all that there is. */
#define PARAM(member, ...) FIELD(statistics_params, member, __VA_ARGS__)
#define CHANNEL PARAM(task_channel, STR)
#define WHEN PARAM(minutes, INT, .min = 1, .max = 30 * 24 * 60), PARAM(start_date, TIME), PARAM(end_date, TIME), CHANNEL

static const struct field now_rows[]     = { CHANNEL };
static const struct field then_rows[]    = { WHEN, PARAM(split_by_wait_time, STR, .max = 200) };
static const struct field workers_rows[] = { WHEN };
static const struct field filter_rows[]  = { WHEN, PARAM(task_queue_sid, SID, .prefix = "WQ"), PARAM(task_queue_name, STR), PARAM(friendly_name, STR) };

/* --- resources */
#define AT(of, where, kinds, about, parameters)                                                                        \
    .product = "taskrouter", .name = of, .path = WORKSPACE_PATH where, .shape = &kinds[about], .list_params = PARAMS(statistics_params, parameters)
#define NOW(of, where, about)                                                                                          \
    { AT(of, where "/RealTimeStatistics", statistics_now, about, now_rows), .view = statistics_view_now, .reads_live = true }
#define THEN(of, where, about, rows)                                                                                   \
    { AT(of, where "/CumulativeStatistics", statistics_then, about, rows), .view = statistics_view_then }
#define NOW_AND_THEN(of, where, about, rows)                                                                           \
    { AT(of, where "/Statistics", statistics_both, about, rows), .view = statistics_view_both, .look = statistics_look }

#define OF_WORKFLOW_PATH "/Workflows/{workflow_sid}"
#define OF_QUEUE_PATH "/TaskQueues/{task_queue_sid}"

const struct resource statistics_resources[STATISTICS] = {
    NOW("WorkspaceRealTimeStatistics", "", ABOUT_WORKSPACE),
    NOW("WorkflowRealTimeStatistics", OF_WORKFLOW_PATH, ABOUT_WORKFLOW),
    NOW("TaskQueueRealTimeStatistics", OF_QUEUE_PATH, ABOUT_QUEUE),
    NOW("WorkersRealTimeStatistics", "/Workers", ABOUT_WORKERS),
    THEN("WorkspaceCumulativeStatistics", "", ABOUT_WORKSPACE, then_rows),
    THEN("WorkflowCumulativeStatistics", OF_WORKFLOW_PATH, ABOUT_WORKFLOW, then_rows),
    THEN("TaskQueueCumulativeStatistics", OF_QUEUE_PATH, ABOUT_QUEUE, then_rows),
    THEN("WorkersCumulativeStatistics", "/Workers", ABOUT_WORKERS, workers_rows),
    NOW_AND_THEN("WorkspaceStatistics", "", ABOUT_WORKSPACE, then_rows),
    NOW_AND_THEN("WorkflowStatistics", OF_WORKFLOW_PATH, ABOUT_WORKFLOW, then_rows),
    NOW_AND_THEN("TaskQueueStatistics", OF_QUEUE_PATH, ABOUT_QUEUE, then_rows),
    NOW_AND_THEN("WorkersStatistics", "/Workers", ABOUT_WORKERS, filter_rows),
    NOW_AND_THEN("WorkerStatistics", "/Workers/{worker_sid}", ABOUT_WORKER, workers_rows),
    { .product = "taskrouter", .name = "TaskQueuesStatistics", .path = WORKSPACE_PATH "/TaskQueues/Statistics", .many = "task_queues_statistics",
      .verbs = LIST, .kind = &task_queue_kind, .shape = &of_queues, .list_params = PARAMS(statistics_params, then_rows),
      .look = statistics_look_at_queues, .select = statistics_select_queues, .show = statistics_show_queue },
    { .product = "taskrouter", .name = "TaskQueueBulkRealTimeStatistics", .path = WORKSPACE_PATH "/TaskQueues/RealTimeStatistics",
      .verbs = CREATE, .shape = &bulk_shape, .view = statistics_ask_for_queues },
};
/* clang-format on */

/* --- what they have in common */

enum about statistics_about(const struct op *op)
{
    if (op_path(op, "worker_sid"))
        return ABOUT_WORKER;
    if (op_path(op, "task_queue_sid"))
        return ABOUT_QUEUE;
    if (op_path(op, "workflow_sid"))
        return ABOUT_WORKFLOW;
    return strstr(op->res->path, "/Workers/") ? ABOUT_WORKERS : ABOUT_WORKSPACE;
}

const char *statistics_sid(const struct op *op, enum about about)
{
    static const char *const names[ABOUTS] = {
        [ABOUT_WORKSPACE] = "workspace_sid", [ABOUT_WORKFLOW] = "workflow_sid", [ABOUT_QUEUE] = "task_queue_sid",
        [ABOUT_WORKERS] = "workspace_sid",   [ABOUT_WORKER] = "worker_sid",
    };

    return op_path(op, names[about]);
}

void statistics_whose(const struct op *op, struct statistics *s)
{
    s->account_sid = op->who.account_sid;
    s->workspace_sid = op_path(op, "workspace_sid");
    s->workflow_sid = op_path(op, "workflow_sid");
    s->task_queue_sid = op_path(op, "task_queue_sid");
    s->worker_sid = op_path(op, "worker_sid");
}

fault_t statistics_channel(struct op *op, const char **sid)
{
    const char *wanted = op_param(op, "TaskChannel"), *workspace = op_path(op, "workspace_sid");
    struct task_channel *c;
    struct condition conditions[] = {
        { .column = "account_sid", .compare = IS, .value = value_text(op->who.account_sid) },
        { .column = "workspace_sid", .compare = IS, .value = value_text(workspace) },
        { .column = sid_valid(wanted ? wanted : "", "TC") ? "sid" : "unique_name",
          .compare = IS,
          .value = value_text(wanted) },
    };

    *sid = NULL;
    if (!wanted || !*wanted)
        return NULL;
    if (record_first(op->db, op->arena, &task_channel_kind,
                     &(struct selection){ .conditions = conditions, .nconditions = 3 }, (void **)&c) != DB_OK)
        return op_failed(op);
    if (!c)
        return refuse(op, F_INVALID_PARAMETER, "TaskChannel '%.64s' does not exist in Workspace %s", wanted, workspace);
    *sid = c->sid;
    return NULL;
}

const char *statistics_text(struct op *op, const struct kind *k, const struct statistics *s)
{
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    members_json(&o, k, s, OWNER | PARENT);
    json_close(&o, '}');
    return json_done(&o);
}
