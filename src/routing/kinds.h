/* kinds: the rows of TaskRouter's nine kinds and of transfers, as tables (store/record.h).
 *
 * They stand here and not with the REST resources because the engine must load and index them before anybody can ask for
 * one.  product/taskrouter adds what the outside sees: paths, verbs, links and hooks.  The order of the rows is the
 * order of the JSON; what is HIDDEN is the engine's memory, or known to sockets and events only.
 *
 * All are resident.  A task leaves memory when it is completed or canceled, a reservation or transfer when it has ended; their rows
 * stay in the store (a task's for five minutes, then an alarm deletes it). */
#pragma once
#include "store/record.h"

extern const struct kind workspace_kind, activity_kind, task_channel_kind, task_queue_kind, workflow_kind;
extern const struct kind worker_kind, worker_channel_kind, task_kind, reservation_kind, transfer_kind;

/* All of them, for whoever sets up a ledger. */
enum { ROUTING_KINDS = 10 };
extern const struct kind *const routing_kinds[ROUTING_KINDS];
