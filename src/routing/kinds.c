#include "routing/kinds.h"
#include "routing/routing.h"

enum { NAME_MAX_CHARS = 64, ATTRIBUTES_MAX = 4096, CONFIGURATION_MAX = 1038576, PRIORITY_MAX = 2147483647 };
enum { TASK_TIMEOUT_MAX = 1209600, RESERVATION_TIMEOUT_MAX = 86400, RESERVED_WORKERS_MAX = 50 };

/* clang-format off */
const char *const task_order_names[] = { "FIFO", "LIFO", NULL };
const char *const task_status_names[] = { "pending", "reserved", "assigned", "wrapping", "completed", "canceled", NULL };
const char *const reservation_status_names[] = {
    "pending", "accepted", "rejected", "timeout", "canceled", "rescinded", "wrapping", "completed", NULL
};
const char *const transfer_type_names[] = { "WORKER", "QUEUE", NULL };
const char *const transfer_mode_names[] = { "WARM", "COLD", NULL };
const char *const transfer_status_names[] = { "initiated", "complete", "failed", "canceled", NULL };

static const struct field workspace_fields[] = {
    FIELD(workspace, account_sid,            SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(workspace, date_created,           TIME, .flags = BORN),
    FIELD(workspace, date_updated,           TIME, .flags = BORN | TOUCHED),
    FIELD(workspace, default_activity_name,  STR,  .flags = COMPUTED),
    FIELD(workspace, default_activity_sid,   SID,  .flags = ON_UPDATE, .prefix = "WA"),
    FIELD(workspace, event_callback_url,     URL,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(workspace, events_filter,          STR,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(workspace, friendly_name,          STR,  .flags = ON_CREATE | ON_UPDATE | REQUIRED | FILTER, .max = NAME_MAX_CHARS),
    FIELD(workspace, multi_task_enabled,     BOOL, .flags = ON_CREATE | ON_UPDATE, .initial = "true"),
    FIELD(workspace, sid,                    SID,  .flags = KEY, .prefix = "WS"),
    FIELD(workspace, timeout_activity_name,  STR,  .flags = COMPUTED),
    FIELD(workspace, timeout_activity_sid,   SID,  .flags = ON_UPDATE, .prefix = "WA"),
    FIELD(workspace, prioritize_queue_order, ENUM, .flags = ON_CREATE | ON_UPDATE, .names = task_order_names, .initial = "FIFO"),
};

static const struct field activity_fields[] = {
    FIELD(activity, account_sid,   SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(activity, available,     BOOL, .flags = ON_CREATE | FILTER, .initial = "false"),
    FIELD(activity, date_created,  TIME, .flags = BORN),
    FIELD(activity, date_updated,  TIME, .flags = BORN | TOUCHED),
    FIELD(activity, friendly_name, STR,  .flags = ON_CREATE | ON_UPDATE | REQUIRED | FILTER | UNIQUE, .max = NAME_MAX_CHARS),
    FIELD(activity, sid,           SID,  .flags = KEY, .prefix = "WA"),
    FIELD(activity, workspace_sid, SID,  .flags = PARENT, .prefix = "WS"),
};

static const struct field task_channel_fields[] = {
    FIELD(task_channel, account_sid,   SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(task_channel, date_created,  TIME, .flags = BORN),
    FIELD(task_channel, date_updated,  TIME, .flags = BORN | TOUCHED),
    FIELD(task_channel, friendly_name, STR,  .flags = ON_CREATE | ON_UPDATE | REQUIRED, .max = NAME_MAX_CHARS),
    FIELD(task_channel, sid,           SID,  .flags = KEY, .prefix = "TC"),
    FIELD(task_channel, unique_name,   STR,  .flags = ON_CREATE | REQUIRED | UNIQUE | ALTERNATE, .max = NAME_MAX_CHARS),
    FIELD(task_channel, workspace_sid, SID,  .flags = PARENT, .prefix = "WS"),
    FIELD(task_channel, channel_optimized_routing, BOOL, .flags = ON_CREATE | ON_UPDATE, .initial = "false"),
};

static const struct field task_queue_fields[] = {
    FIELD(task_queue, account_sid,               SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(task_queue, assignment_activity_sid,   SID,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE, .prefix = "WA"),
    FIELD(task_queue, assignment_activity_name,  STR,  .flags = COMPUTED),
    FIELD(task_queue, date_created,              TIME, .flags = BORN),
    FIELD(task_queue, date_updated,              TIME, .flags = BORN | TOUCHED | ORDERING),
    FIELD(task_queue, friendly_name,             STR,  .flags = ON_CREATE | ON_UPDATE | REQUIRED | FILTER | UNIQUE, .max = NAME_MAX_CHARS),
    FIELD(task_queue, max_reserved_workers,      INT,  .flags = ON_CREATE | ON_UPDATE, .initial = "1", .min = 1, .max = RESERVED_WORKERS_MAX),
    FIELD(task_queue, reservation_activity_sid,  SID,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE, .prefix = "WA"),
    FIELD(task_queue, reservation_activity_name, STR,  .flags = COMPUTED),
    FIELD(task_queue, sid,                       SID,  .flags = KEY, .prefix = "WQ"),
    FIELD(task_queue, target_workers,            STR,  .flags = ON_CREATE | ON_UPDATE, .initial = "1==1", .max = EXPR_SOURCE_MAX),
    FIELD(task_queue, task_order,                ENUM, .flags = ON_CREATE | ON_UPDATE, .names = task_order_names, .initial = "FIFO"),
    FIELD(task_queue, workspace_sid,             SID,  .flags = PARENT, .prefix = "WS"),
};

static const struct field workflow_fields[] = {
    FIELD(workflow, account_sid,                      SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(workflow, assignment_callback_url,          URL,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(workflow, configuration,                    JSON, .flags = ON_CREATE | ON_UPDATE | REQUIRED, .max = CONFIGURATION_MAX),
    FIELD(workflow, date_created,                     TIME, .flags = BORN),
    FIELD(workflow, date_updated,                     TIME, .flags = BORN | TOUCHED),
    FIELD(workflow, document_content_type,            STR,  .flags = 0, .initial = "application/json"),
    FIELD(workflow, fallback_assignment_callback_url, URL,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(workflow, friendly_name,                    STR,  .flags = ON_CREATE | ON_UPDATE | REQUIRED | FILTER, .max = NAME_MAX_CHARS),
    FIELD(workflow, sid,                              SID,  .flags = KEY, .prefix = "WW"),
    FIELD(workflow, task_reservation_timeout,         INT,  .flags = ON_CREATE | ON_UPDATE, .initial = "120", .min = 1, .max = RESERVATION_TIMEOUT_MAX),
    FIELD(workflow, workspace_sid,                    SID,  .flags = PARENT, .prefix = "WS"),
};

static const struct field worker_fields[] = {
    FIELD(worker, account_sid,         SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(worker, activity_name,       STR,  .flags = COMPUTED),
    FIELD(worker, activity_sid,        SID,  .flags = ON_CREATE | ON_UPDATE | FILTER, .prefix = "WA"),
    FIELD(worker, attributes,          JSON, .flags = ON_CREATE | ON_UPDATE, .initial = "{}", .max = ATTRIBUTES_MAX),
    FIELD(worker, available,           BOOL, .flags = COMPUTED),
    FIELD(worker, date_created,        TIME, .flags = BORN),
    FIELD(worker, date_status_changed, TIME, .flags = BORN | ORDERING),
    FIELD(worker, date_updated,        TIME, .flags = BORN | TOUCHED),
    FIELD(worker, friendly_name,       STR,  .flags = ON_CREATE | ON_UPDATE | REQUIRED | FILTER | UNIQUE | NOCASE, .max = NAME_MAX_CHARS),
    FIELD(worker, sid,                 SID,  .flags = KEY, .prefix = "WK"),
    FIELD(worker, workspace_sid,       SID,  .flags = PARENT, .prefix = "WS"),
    FIELD(worker, version,             INT,  .flags = REVISION | HIDDEN),
};

static const struct field worker_channel_fields[] = {
    FIELD(worker_channel, account_sid,                   SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(worker_channel, assigned_tasks,                INT,  .flags = COMPUTED),
    FIELD(worker_channel, available,                     BOOL, .flags = ON_UPDATE, .initial = "true"),
    FIELD(worker_channel, available_capacity_percentage, INT,  .flags = COMPUTED),
    FIELD(worker_channel, configured_capacity,           INT,  .flags = ON_UPDATE, .initial = "1", .min = 0, .max = PRIORITY_MAX, .param = "Capacity"),
    FIELD(worker_channel, date_created,                  TIME, .flags = BORN),
    FIELD(worker_channel, date_updated,                  TIME, .flags = BORN | TOUCHED),
    FIELD(worker_channel, sid,                           SID,  .flags = KEY, .prefix = "WC"),
    FIELD(worker_channel, task_channel_sid,              SID,  .flags = 0, .prefix = "TC"),
    FIELD(worker_channel, task_channel_unique_name,      STR,  .flags = COMPUTED),
    FIELD(worker_channel, worker_sid,                    SID,  .flags = PARENT, .prefix = "WK"),
    FIELD(worker_channel, workspace_sid,                 SID,  .flags = PARENT, .prefix = "WS"),
    FIELD(worker_channel, last_reserved_time,            TIME, .flags = HIDDEN),
};

static const struct field task_fields[] = {
    FIELD(task, account_sid,              SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(task, age,                      INT,  .flags = COMPUTED),
    FIELD(task, assignment_status,        ENUM, .flags = FILTER, .names = task_status_names),
    FIELD(task, attributes,               JSON, .flags = ON_CREATE | ON_UPDATE, .initial = "{}", .max = ATTRIBUTES_MAX),
    FIELD(task, addons,                   JSON, .flags = 0, .initial = "{}"),
    FIELD(task, date_created,             TIME, .flags = BORN | ORDERING),
    FIELD(task, date_updated,             TIME, .flags = BORN | TOUCHED),
    FIELD(task, task_queue_entered_date,  TIME, .flags = 0),
    FIELD(task, priority,                 INT,  .flags = ON_CREATE | ON_UPDATE | FILTER | ORDERING, .initial = "0", .min = 0, .max = PRIORITY_MAX),
    FIELD(task, reason,                   STR,  .flags = 0),
    FIELD(task, sid,                      SID,  .flags = KEY, .prefix = "WT"),
    FIELD(task, task_queue_sid,           SID,  .flags = ON_CREATE | FILTER, .prefix = "WQ"),
    FIELD(task, task_queue_friendly_name, STR,  .flags = COMPUTED),
    FIELD(task, task_channel_sid,         STR,  .flags = ON_CREATE | ON_UPDATE, .param = "TaskChannel"), /* or a unique name, until the engine has looked it up */
    FIELD(task, task_channel_unique_name, STR,  .flags = COMPUTED),
    FIELD(task, timeout,                  INT,  .flags = ON_CREATE, .initial = "86400", .min = 1, .max = TASK_TIMEOUT_MAX),
    FIELD(task, workflow_sid,             SID,  .flags = ON_CREATE | FILTER, .prefix = "WW"),
    FIELD(task, workflow_friendly_name,   STR,  .flags = COMPUTED),
    FIELD(task, workspace_sid,            SID,  .flags = PARENT, .prefix = "WS"),
    FIELD(task, virtual_start_time,       TIME, .flags = ON_CREATE | ON_UPDATE | ORDERING),
    FIELD(task, ignore_capacity,          BOOL, .flags = ON_CREATE, .initial = "true"), /* the engine says false when there is no worker as target */
    FIELD(task, routing_target,           SID,  .flags = ON_CREATE | FILTER, .prefix = "WK|WQ|WW"),
    FIELD(task, version,                  INT,  .flags = REVISION | HIDDEN),
    FIELD(task, filter_index,             INT,  .flags = HIDDEN),
    FIELD(task, target_index,             INT,  .flags = HIDDEN),
    FIELD(task, assignments,              INT,  .flags = HIDDEN),
    FIELD(task, assigned_at,              TIME, .flags = HIDDEN),
};

static const struct field reservation_fields[] = {
    FIELD(reservation, account_sid,                  SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(reservation, date_created,                 TIME, .flags = BORN),
    FIELD(reservation, date_updated,                 TIME, .flags = BORN | TOUCHED),
    FIELD(reservation, reservation_status,           ENUM, .flags = FILTER, .names = reservation_status_names),
    FIELD(reservation, sid,                          SID,  .flags = KEY, .prefix = "WR"),
    FIELD(reservation, task_sid,                     SID,  .flags = PARENT, .prefix = "WT"),
    FIELD(reservation, worker_name,                  STR,  .flags = 0),
    FIELD(reservation, worker_sid,                   SID,  .flags = PARENT | FILTER, .prefix = "WK"),
    FIELD(reservation, workspace_sid,                SID,  .flags = PARENT, .prefix = "WS"),
    FIELD(reservation, task_queue_sid,               SID,  .flags = HIDDEN, .prefix = "WQ"),
    FIELD(reservation, workflow_sid,                 SID,  .flags = HIDDEN, .prefix = "WW"),
    FIELD(reservation, worker_previous_activity_sid, SID,  .flags = HIDDEN, .prefix = "WA"),
    FIELD(reservation, reserved_activity_sid,        SID,  .flags = HIDDEN, .prefix = "WA"),
    FIELD(reservation, transfer_sid,                 SID,  .flags = HIDDEN, .prefix = "TT"),
    FIELD(reservation, reservation_timeout,          INT,  .flags = HIDDEN),
    FIELD(reservation, canceled_reason_code,         INT,  .flags = HIDDEN),
    FIELD(reservation, free_workers,                 INT,  .flags = HIDDEN),
    FIELD(reservation, idle_since,                   TIME, .flags = HIDDEN),
    FIELD(reservation, version,                      INT,  .flags = REVISION | HIDDEN),
};

static const struct field transfer_fields[] = {
    FIELD(transfer, account_sid,                SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(transfer, date_created,               TIME, .flags = BORN),
    FIELD(transfer, date_updated,               TIME, .flags = BORN | TOUCHED),
    FIELD(transfer, initiating_queue_sid,       SID,  .flags = 0, .prefix = "WQ"),
    FIELD(transfer, initiating_reservation_sid, SID,  .flags = 0, .prefix = "WR"),
    FIELD(transfer, initiating_worker_sid,      SID,  .flags = 0, .prefix = "WK"),
    FIELD(transfer, initiating_workflow_sid,    SID,  .flags = 0, .prefix = "WW"),
    FIELD(transfer, sid,                        SID,  .flags = KEY, .prefix = "TT"),
    FIELD(transfer, task_sid,                   SID,  .flags = PARENT, .prefix = "WT"),
    FIELD(transfer, transfer_failed_reason,     STR,  .flags = 0),
    FIELD(transfer, transfer_mode,              ENUM, .flags = 0, .names = transfer_mode_names),
    FIELD(transfer, transfer_status,            ENUM, .flags = 0, .names = transfer_status_names),
    FIELD(transfer, transfer_to,                SID,  .flags = 0, .prefix = "WK|WQ"),
    FIELD(transfer, transfer_type,              ENUM, .flags = 0, .names = transfer_type_names),
    FIELD(transfer, workspace_sid,              SID,  .flags = PARENT, .prefix = "WS"),
};
/* clang-format on */

static bool task_is_live(const void *row)
{
    const struct task *t = row;

    return t->assignment_status != TASK_COMPLETED && t->assignment_status != TASK_CANCELED;
}

static bool reservation_is_live(const void *row)
{
    const struct reservation *r = row;

    return r->reservation_status == RESERVATION_PENDING || r->reservation_status == RESERVATION_ACCEPTED ||
           r->reservation_status == RESERVATION_WRAPPING;
}

static bool transfer_is_live(const void *row)
{
    return ((const struct transfer *)row)->transfer_status == TRANSFER_INITIATED;
}

#define KIND(k)                                                                                                        \
    .name = #k, .size = sizeof(struct k), .fields = k##_fields, .nfields = sizeof(k##_fields) / sizeof(*k##_fields),   \
    .resident = true

const struct kind workspace_kind = { KIND(workspace) };
const struct kind activity_kind = { KIND(activity) };
const struct kind task_channel_kind = { KIND(task_channel) };
const struct kind task_queue_kind = { KIND(task_queue) };
const struct kind workflow_kind = { KIND(workflow) };
const struct kind worker_kind = { KIND(worker) };
const struct kind worker_channel_kind = { KIND(worker_channel) };
const struct kind task_kind = { KIND(task), .is_live = task_is_live,
                                .live_where = "assignment_status NOT IN ('completed', 'canceled')" };
const struct kind reservation_kind = { KIND(reservation), .is_live = reservation_is_live,
                                       .live_where = "reservation_status IN ('pending', 'accepted', 'wrapping')" };
const struct kind transfer_kind = { KIND(transfer), .is_live = transfer_is_live,
                                    .live_where = "transfer_status = 'initiated'" };

const struct kind *const routing_kinds[ROUTING_KINDS] = {
    &workspace_kind, &activity_kind,       &task_channel_kind, &task_queue_kind,  &workflow_kind,
    &worker_kind,    &worker_channel_kind, &task_kind,         &reservation_kind, &transfer_kind,
};
