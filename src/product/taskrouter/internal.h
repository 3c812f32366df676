/* What the files of product/taskrouter share. */
#pragma once
#include "product/taskrouter/taskrouter.h"

extern const struct resource workspace_resource, activity_resource, task_channel_resource, task_queue_resource,
    workflow_resource, worker_resource, worker_channel_resource, task_resource, task_reservation_resource,
    worker_reservation_resource, event_resource, explanation_resource;

enum { STATISTICS = 15 };
extern const struct resource statistics_resources[STATISTICS];

struct routing *engine_of(const struct op *op);
/* The text member `member` of the row of that kind and sid, for a name beside a sid; NULL when there is none. */
const char *name_of(struct op *op, const struct kind *k, const char *sid, size_t member);
#define NAME_OF(op, st, sid, member) name_of(op, &st##_kind, sid, offsetof(struct st, member))
/* A row of the path's workspace by its name; NULL when there is none. */
void *find_named(struct op *op, const struct kind *k, const char *friendly_name);

/* expr_scope.fact about a stored row: the subject is a struct worker with its activity_name, or NULL. */
void fact_of_worker(const struct expr_scope *scope, enum expr_fact fact, const char *of, struct expr_value *out);

fault_t statistics_start(struct site *site, struct arena *a);
fault_t callbacks_start(struct site *site, struct arena *a);
