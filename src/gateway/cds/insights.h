/* insights: live and instant queries as npm twilio-sync asks for them: POST /v3/Insights/{index}/Items (label "cds").
 *
 * The answer holds the whole result; what changes later comes through the socket, where the client subscribes to the query_id that it was
 * given.  Needs a token with the grant flex_insights {service_sid: "WS….insights"}, which names the workspace.  An agent (a token with a
 * worker_sid whose role is not supervisor or admin) sees all workers and queues, as in a directory, but only tasks and reservations of their
 * own.
 *
 * This module also stands where live's engine and measure's minutes meet: both lie on one floor and do not know each other. */
#pragma once
#include "rest/resource.h"

extern const struct module insights_module;
