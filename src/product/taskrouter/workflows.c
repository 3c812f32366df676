/* Workflow: the rules by which tasks find their queues. */
#include "product/taskrouter/internal.h"

struct workflow_update {
    bool re_evaluate_tasks;
};

static const struct field workflow_update_fields[] = {
    FIELD(workflow_update, re_evaluate_tasks, BOOL, .initial = "false"),
};

static const struct link_row links[] = {
    { "statistics", WORKSPACE_PATH "/Workflows/{sid}/Statistics" },
    { "real_time_statistics", WORKSPACE_PATH "/Workflows/{sid}/RealTimeStatistics" },
    { "cumulative_statistics", WORKSPACE_PATH "/Workflows/{sid}/CumulativeStatistics" },
    { "workspace", WORKSPACE_PATH },
};

static fault_t create(struct op *op, void *row)
{
    struct workflow *f = row;

    row_set(op->tx, f, &f->document_content_type, "application/json");
    return workflow_created(engine_of(op), op->tx, f);
}

static fault_t update(struct op *op, void *row, const void *was)
{
    const struct workflow_update *p = op->params;

    return workflow_changed(engine_of(op), op->tx, row, was, p->re_evaluate_tasks);
}

static fault_t destroy(struct op *op, void *row)
{
    return workflow_removed(engine_of(op), op->tx, row);
}

const struct resource workflow_resource = {
    .product = "taskrouter",
    .name = "Workflow",
    .path = WORKSPACE_PATH "/Workflows",
    .many = "workflows",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &workflow_kind,
    .update_params = PARAMS(workflow_update, workflow_update_fields),
    .links = ROWS(links),
    .create = create,
    .update = update,
    .remove = destroy,
};
