/* Workspace: the container of everything else; and Activity, a state that a worker can be in. */
#include "product/taskrouter/internal.h"

/* --- Workspace ------------------------------------------------------------------------------------------------ */

enum template { TEMPLATE_NONE, TEMPLATE_FIFO };
static const char *const template_names[] = { "NONE", "FIFO", NULL };
struct workspace_create {
    unsigned template;
};

static const struct field workspace_create_fields[] = {
    FIELD(workspace_create, template, ENUM, .names = template_names, .initial = "NONE"),
};

static const struct link_row workspace_links[] = {
    { "activities", "/v1/Workspaces/{sid}/Activities" },
    { "statistics", "/v1/Workspaces/{sid}/Statistics" },
    { "real_time_statistics", "/v1/Workspaces/{sid}/RealTimeStatistics" },
    { "cumulative_statistics", "/v1/Workspaces/{sid}/CumulativeStatistics" },
    { "workers", "/v1/Workspaces/{sid}/Workers" },
    { "workflows", "/v1/Workspaces/{sid}/Workflows" },
    { "task_queues", "/v1/Workspaces/{sid}/TaskQueues" },
    { "tasks", "/v1/Workspaces/{sid}/Tasks" },
    { "events", "/v1/Workspaces/{sid}/Events" },
    { "task_channels", "/v1/Workspaces/{sid}/TaskChannels" },
};

static fault_t workspace_create(struct op *op, void *row)
{
    const struct workspace_create *p = op->params;

    return workspace_created(engine_of(op), op->tx, row, p->template == TEMPLATE_FIFO, NULL);
}

static fault_t workspace_update(struct op *op, void *row, const void *was)
{
    return workspace_changed(engine_of(op), op->tx, row, was);
}

static fault_t workspace_remove(struct op *op, void *row)
{
    return workspace_removed(engine_of(op), op->tx, row);
}

static fault_t workspace_present(struct op *op, void *copy)
{
    struct workspace *w = copy;

    w->default_activity_name = NAME_OF(op, activity, w->default_activity_sid, friendly_name);
    w->timeout_activity_name = NAME_OF(op, activity, w->timeout_activity_sid, friendly_name);
    return NULL;
}

const struct resource workspace_resource = {
    .product = "taskrouter",
    .name = "Workspace",
    .path = "/v1/Workspaces",
    .many = "workspaces",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &workspace_kind,
    .create_params = PARAMS(workspace_create, workspace_create_fields),
    .links = ROWS(workspace_links),
    .create = workspace_create,
    .update = workspace_update,
    .remove = workspace_remove,
    .present = workspace_present,
};

/* --- Activity --------------------------------------------------------------------------------------------------- */

static const struct link_row activity_links[] = { { "workspace", WORKSPACE_PATH } };

static fault_t activity_create(struct op *op, void *row)
{
    return activity_created(engine_of(op), op->tx, row);
}

static fault_t activity_update(struct op *op, void *row, const void *was)
{
    return activity_changed(engine_of(op), op->tx, row, was);
}

static fault_t activity_remove(struct op *op, void *row)
{
    return activity_removed(engine_of(op), op->tx, row);
}

const struct resource activity_resource = {
    .product = "taskrouter",
    .name = "Activity",
    .path = WORKSPACE_PATH "/Activities",
    .many = "activities",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &activity_kind,
    .links = ROWS(activity_links),
    .create = activity_create,
    .update = activity_update,
    .remove = activity_remove,
};
