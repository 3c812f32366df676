/* taskrouter: TaskRouter's REST resources.  The meaning is in routing/; here are paths, verbs, parameters and what a table cannot say. */
#pragma once
#include "rest/resource.h"
#include "routing/kinds.h"
#include "routing/routing.h"
#include "webhook/webhook.h"

#define WORKSPACE_PATH "/v1/Workspaces/{workspace_sid}"

extern const struct module taskrouter_module;
/* A workspace as Flex has it: its activities, the queue Everyone and the workflow Assign to Anyone.  For the demo and new Flex accounts. */
fault_t flex_workspace_make(struct routing *e, struct tx *tx, const char *account_sid, struct workspace **out);
