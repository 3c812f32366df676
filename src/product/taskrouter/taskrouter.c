#include "product/taskrouter/internal.h"

struct routing *engine_of(const struct op *op)
{
    return op_site(op)->engine;
}

const char *name_of(struct op *op, const struct kind *k, const char *sid, size_t member)
{
    const char *row = sid ? op_find(op, k, sid) : NULL;

    return row ? *(const char *const *)(row + member) : NULL;
}

void *find_named(struct op *op, const struct kind *k, const char *friendly_name)
{
    void *row;
    struct condition conditions[] = {
        { .column = "account_sid", .compare = IS, .value = value_text(op->who.account_sid) },
        { .column = "workspace_sid", .compare = IS, .value = value_text(op_path(op, "workspace_sid")) },
        { .column = "friendly_name", .compare = IS, .value = value_text(friendly_name) },
    };

    if (record_first(op->db, op->arena, k, &(struct selection){ .conditions = conditions, .nconditions = 3 }, &row) !=
        DB_OK)
        return NULL;
    return row;
}

void fact_of_worker(const struct expr_scope *scope, enum expr_fact fact, const char *of, struct expr_value *out)
{
    const struct worker *w = scope->subject;

    (void)of;
    if (!w)
        return;
    if (fact == EXPR_WORKER_SID)
        *out = expr_value_string(w->sid);
    else if (fact == EXPR_WORKER_FRIENDLY_NAME)
        *out = expr_value_string(w->friendly_name);
    else if (fact == EXPR_WORKER_ACTIVITY_SID)
        *out = expr_value_string(w->activity_sid);
    else if (fact == EXPR_WORKER_ACTIVITY_NAME)
        *out = expr_value_string(w->activity_name);
}

fault_t flex_workspace_make(struct routing *e, struct tx *tx, const char *account_sid, struct workspace **out)
{
    static const char *const activities[] = { "Offline", "Available", "Unavailable", "Break", NULL };
    struct workspace *w = *out = row_new(tx, &workspace_kind, NULL);
    struct task_queue *q;
    struct workflow *f;

    row_set(tx, w, &w->account_sid, account_sid);
    row_set(tx, w, &w->friendly_name, "Flex Task Assignment");
    w->multi_task_enabled = true;
    fault_t bad = workspace_created(e, tx, w, false, activities);
    if (bad)
        return bad;
    q = row_new(tx, &task_queue_kind, NULL);
    row_set(tx, q, &q->account_sid, account_sid);
    row_set(tx, q, &q->workspace_sid, w->sid);
    row_set(tx, q, &q->friendly_name, "Everyone");
    row_set(tx, q, &q->target_workers, "1==1");
    q->max_reserved_workers = 1;
    bad = task_queue_created(e, tx, q);
    if (bad)
        return bad;
    f = row_new(tx, &workflow_kind, NULL);
    row_set(tx, f, &f->account_sid, account_sid);
    row_set(tx, f, &f->workspace_sid, w->sid);
    row_set(tx, f, &f->friendly_name, "Assign to Anyone");
    row_set(tx, f, &f->document_content_type, "application/json");
    row_set(
        tx, f, &f->configuration,
        arena_printf(tx->arena, "{\"task_routing\":{\"filters\":[],\"default_filter\":{\"queue\":\"%s\"}}}", q->sid));
    f->task_reservation_timeout = 120;
    return workflow_created(e, tx, f);
}

/* clang-format off */
static const struct resource *const resources[] = {
    &workspace_resource,          &activity_resource, &task_channel_resource,
    &task_queue_resource,         &workflow_resource, &worker_resource,
    &worker_channel_resource,     &task_resource,     &task_reservation_resource,
    &worker_reservation_resource, &event_resource,    &explanation_resource,
    &statistics_resources[0], &statistics_resources[1], &statistics_resources[2], &statistics_resources[3], &statistics_resources[4], &statistics_resources[5], &statistics_resources[6], &statistics_resources[7], &statistics_resources[8], &statistics_resources[9], &statistics_resources[10], &statistics_resources[11], &statistics_resources[12], &statistics_resources[13], &statistics_resources[14],
};
/* clang-format on */

/* Known to sockets only. */
static const struct kind *const kinds[] = { &transfer_kind };

static fault_t start(struct site *site, struct arena *a)
{
    fault_t f = callbacks_start(site, a);

    return f ? f : statistics_start(site, a);
}

const struct module taskrouter_module = {
    .name = "taskrouter",
    .kinds = ROWS(kinds),
    .resources = ROWS(resources),
    .start = start,
};
