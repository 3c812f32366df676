/* Event: what happened in a workspace, from the account's log; kept thirty days. */
#include "product/taskrouter/internal.h"

#include "codec/date.h"
#include <string.h>

enum { DEFAULT_MINUTES = 15, KEPT_DAYS = 30 };

struct shown_event {
    const char *sid, *account_sid, *workspace_sid, *event_type, *event_data, *description, *source, *source_ip_address;
    const char *actor_sid, *actor_type, *actor_url, *resource_sid, *resource_type, *resource_url;
    int64_t event_date, event_date_ms;
};

struct event_list {
    const char *event_type, *reservation_sid, *sid, *task_channel, *task_queue_sid, *task_sid, *worker_sid,
        *workflow_sid;
    int64_t start_date, end_date, minutes;
};

/* clang-format off */
static const struct field shown_fields[] = {
    FIELD(shown_event, account_sid,       SID),
    FIELD(shown_event, actor_sid,         SID),
    FIELD(shown_event, actor_type,        STR),
    FIELD(shown_event, actor_url,         URL),
    FIELD(shown_event, description,       STR),
    FIELD(shown_event, event_data,        JSON, .flags = JSON_VALUE),
    FIELD(shown_event, event_date,        TIME),
    FIELD(shown_event, event_date_ms,     INT),
    FIELD(shown_event, event_type,        STR),
    FIELD(shown_event, resource_sid,      SID),
    FIELD(shown_event, resource_type,     STR),
    FIELD(shown_event, resource_url,      URL),
    FIELD(shown_event, sid,               SID),
    FIELD(shown_event, source,            STR),
    FIELD(shown_event, source_ip_address, STR),
    FIELD(shown_event, workspace_sid,     SID),
};

static const struct field list_fields[] = {
    FIELD(event_list, end_date,        TIME),
    FIELD(event_list, event_type,      STR),
    FIELD(event_list, minutes,         INT, .min = 1, .max = KEPT_DAYS * 24 * 60),
    FIELD(event_list, reservation_sid, SID, .prefix = "WR"),
    FIELD(event_list, sid,             SID, .prefix = "EV"),
    FIELD(event_list, start_date,      TIME),
    FIELD(event_list, task_channel,    STR),
    FIELD(event_list, task_queue_sid,  SID, .prefix = "WQ"),
    FIELD(event_list, task_sid,        SID, .prefix = "WT"),
    FIELD(event_list, worker_sid,      SID, .prefix = "WK"),
    FIELD(event_list, workflow_sid,    SID, .prefix = "WW"),
};

/* Where the thing lives that an event is about. */
static const struct { const char *type, *path; } places[] = {
    { "workspace",   "" },
    { "activity",    "/Activities/" },
    { "task",        "/Tasks/" },
    { "taskchannel", "/TaskChannels/" },
    { "taskqueue",   "/TaskQueues/" },
    { "worker",      "/Workers/" },
    { "workflow",    "/Workflows/" },
};
/* clang-format on */

static const struct kind shape = { .name = "shown_event",
                                   .size = sizeof(struct shown_event),
                                   .fields = ROWS(shown_fields) };

static const char *url_of(struct op *op, const char *workspace, const char *type, const char *sid)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        if (str_eq(places[i].type, type))
            return arena_printf(op->arena, "%s/v1/Workspaces/%s%s%s", op->prefix, workspace, places[i].path,
                                i ? sid : "");
    return NULL;
}

/* What the store could not tell is nothing. */
static const struct event *with_facts(struct op *op, const struct event *row)
{
    struct event *e = arena_copy(op->arena, row, sizeof *row);

    if (event_facts(op->db, op->arena, e) != DB_OK || !e->data)
        e->data = "{}";
    return e;
}

static void show(struct op *op, const void *row, void *out)
{
    const struct event *e = with_facts(op, row);
    struct shown_event *s = out;

    *s = (struct shown_event){
        .sid = e->sid,
        .account_sid = e->account_sid,
        .workspace_sid = e->scope_sid,
        .event_type = event_name(e->type),
        .event_data = e->data,
        .description = event_words(e->type),
        .source = "twilio",
        .actor_sid = e->actor_sid,
        .actor_type = e->actor_type,
        .actor_url = url_of(op, e->scope_sid, e->actor_type, e->actor_sid),
        .resource_sid = e->resource_sid,
        .resource_type = e->resource_type,
        .resource_url = url_of(op, e->scope_sid, e->resource_type, e->resource_sid),
        .event_date = e->at,
        .event_date_ms = e->at,
    };
}

static fault_t find(struct op *op, const char *key, void **row)
{
    struct event *e = op_find(op, &event_kind, key);

    *row = e && str_eq(e->scope_sid, op_path(op, "workspace_sid")) ? e : NULL;
    return NULL;
}

/* --- filters: the time in SQL, the facts in C ------------------------------------------------------------- */

static bool facts_pass(struct op *op, const void *row, void *arg)
{
    const struct event_list *p = arg;
    const struct event *e = with_facts(op, row);
    const struct {
        const char *fact, *wanted;
    } tests[] = {
        { "reservation_sid", p->reservation_sid }, { "task_queue_sid", p->task_queue_sid }, { "task_sid", p->task_sid },
        { "worker_sid", p->worker_sid },           { "workflow_sid", p->workflow_sid },
    };
    const json_t *facts = json_parse_object(op->arena, e->data, strlen(e->data), NULL);

    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
        if (tests[i].wanted && !str_eq(json_get_string(facts, tests[i].fact), tests[i].wanted))
            return false;
    return !p->task_channel || str_eq(json_get_string(facts, "task_channel_sid"), p->task_channel) ||
           str_eq(json_get_string(facts, "task_channel_unique_name"), p->task_channel);
}

static fault_t select_time(struct op *op, struct list_plan *plan, const struct event_list *p)
{
    int64_t end = p->end_date == NO_VALUE ? op->now : p->end_date;
    int64_t minutes = p->minutes == NO_VALUE ? DEFAULT_MINUTES : p->minutes;
    int64_t start = p->start_date == NO_VALUE ? end - minutes * MINUTE : p->start_date;

    if (start < op->now - KEPT_DAYS * DAY)
        return refuse(op, F_INVALID_PARAMETER, "StartDate is older than %d days", KEPT_DAYS);
    plan_add(plan, "at", MORE_OR_IS, value_int(start));
    plan_add(plan, "at", LESS_OR_IS, value_int(end));
    return NULL;
}

static fault_t select_events(struct op *op, struct list_plan *plan)
{
    const struct event_list *p = op->params;
    const char *workspace = op_path(op, "workspace_sid");
    fault_t f = NULL;

    if (!op_find(op, &workspace_kind, workspace))
        return refuse(op, F_NOT_FOUND, "The requested resource /Workspaces/%s/Events was not found", workspace);
    plan->newest_first = true;
    plan_add(plan, "scope_sid", IS, value_text(workspace));
    if (p->event_type)
        plan_add(plan, "event_type", IS, value_text(p->event_type));
    if (p->sid)
        plan_add(plan, "sid", IS, value_text(p->sid));
    else
        f = select_time(op, plan, p);
    if (p->reservation_sid || p->task_queue_sid || p->task_sid || p->worker_sid || p->workflow_sid || p->task_channel) {
        plan->keep = facts_pass;
        plan->keep_arg = op->params;
    }
    return f;
}

const struct resource event_resource = {
    .product = "taskrouter",
    .name = "Event",
    .path = WORKSPACE_PATH "/Events",
    .many = "events",
    .verbs = LIST | FETCH,
    .kind = &event_kind,
    .shape = &shape,
    .list_params = PARAMS(event_list, list_fields),
    .find = find,
    .show = show,
    .select = select_events,
};
