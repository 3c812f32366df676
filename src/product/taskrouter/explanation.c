/* Explanation of a Task: how it was routed, in words and in JSON.  Ours, beyond the contract; docs/explanation.md.
 *
 * What is live is asked on the ledger; the task's history is read from the log afterwards, on a reader, for that may be
 * long. */
#include "product/taskrouter/internal.h"

#include <stdio.h>
#include <string.h>

enum { HISTORY_MOST = 200, EVENTS_LOOKED_AT = 200 * 1000 };

struct explanation {
    const char *account_sid, *workspace_sid, *task_sid, *assignment_status, *summary, *routing, *workers, *offers;
    const char *waits_for, *history;
    bool history_complete;
    int64_t date_created, date_explained;
};

/* clang-format off */
static const struct field fields[] = {
    FIELD(explanation, account_sid,       SID),
    FIELD(explanation, workspace_sid,     SID, .flags = PARENT, .prefix = "WS"),
    FIELD(explanation, task_sid,          SID, .prefix = "WT"),
    FIELD(explanation, assignment_status, STR),
    FIELD(explanation, summary,           STR),
    FIELD(explanation, routing,           JSON, .flags = JSON_VALUE),
    FIELD(explanation, waits_for,         JSON, .flags = JSON_VALUE),
    FIELD(explanation, workers,           JSON, .flags = JSON_VALUE),
    FIELD(explanation, offers,            JSON, .flags = JSON_VALUE),
    FIELD(explanation, history,           JSON, .flags = JSON_VALUE),
    FIELD(explanation, history_complete,  BOOL),
    FIELD(explanation, date_created,      TIME),
    FIELD(explanation, date_explained,    TIME),
};
/* clang-format on */

static const struct kind shape = { .name = "task_explanation",
                                   .size = sizeof(struct explanation),
                                   .fields = ROWS(fields) };

static const struct link_row links[] = {
    { "task", WORKSPACE_PATH "/Tasks/{task_sid}" },
    { "reservations", WORKSPACE_PATH "/Tasks/{task_sid}/Reservations" },
};

/* --- history: its events, from the log -------------------------------------------------------------------- */

struct search {
    struct op *op;
    struct explanation *x;
    struct json_out out;
    const char *needle;
    int64_t until;
    int found, looked_at;
};

static void put_event(struct search *s, const char *type, int64_t at, const json_t *facts)
{
    json_open(&s->out, '{');
    json_pair_date_ms(&s->out, "at", at);
    json_pair_str(&s->out, "event", type);
    json_pair_int(&s->out, "age_ms", at - s->x->date_created);
    if (!strncmp(type, "reservation.", 12))
        json_pair_str(&s->out, "worker_name", json_get_string(facts, "worker_name"));
    json_pair_str(&s->out, "queue_name", json_get_string(facts, "task_queue_name"));
    json_pair_str(&s->out, "filter", json_get_string(facts, "workflow_filter_name"));
    json_pair_str(&s->out, "status", json_get_string(facts, "task_assignment_status"));
    json_close(&s->out, '}');
}

static bool look(void *arg, struct columns *c)
{
    struct search *s = arg;
    const char *data = column_text(c, 2);
    int64_t at = column_int(c, 1);

    if (at > s->until)
        return false;
    if (++s->looked_at > EVENTS_LOOKED_AT) {
        s->x->history_complete = false;
        return false;
    }
    if (!data || !strstr(data, s->needle))
        return true;
    const json_t *facts = json_parse_object(s->op->arena, data, strlen(data), NULL);
    if (!facts || !str_eq(json_get_string(facts, "task_sid"), s->x->task_sid))
        return true; /* it was in somebody's attributes */
    if (s->found == HISTORY_MOST) {
        s->x->history_complete = false;
        return false;
    }
    put_event(s, column_text(c, 0), at, facts);
    s->found++;
    return true;
}

/* SIDs of events begin with their time, so the log is read from the task's creation on. */
static fault_t add_history(struct op *op)
{
    struct search *s = op->data;
    char first[16];
    struct json_out o;

    s->op = op;
    snprintf(first, sizeof first, "EV%011llx", (unsigned long long)s->x->date_created);
    struct value from = value_text(first);
    json_begin(&s->out, op->arena);
    json_open(&s->out, '[');
    if (db_run(op->db, "SELECT event_type, at, " EVENT_FACTS " FROM event WHERE sid >= ? ORDER BY sid", &from, 1, look,
               s) != DB_OK)
        return op_failed(op);
    json_close(&s->out, ']');
    s->x->history = json_done(&s->out);
    json_begin(&o, op->arena);
    resource_json(op, &explanation_resource, s->x, &o);
    op_json(op, 200, json_done(&o));
    return NULL;
}

/* --- the rest: as it is now ------------------------------------------------------------------------------- */

static fault_t explain(struct op *op, void *out)
{
    struct task *t = op_find(op, &task_kind, op_path(op, "task_sid"));
    struct search *s = arena_alloc(op->arena, sizeof *s);
    struct explanation *x = out;
    struct routing_explanation r;

    if (!t)
        return refuse(op, F_NOT_FOUND, "The requested resource %.300s was not found", op->path);
    routing_explain(engine_of(op), op->tx, t, &r);
    *x = (struct explanation){
        .account_sid = arena_strdup(op->arena, t->account_sid),
        .workspace_sid = arena_strdup(op->arena, t->workspace_sid),
        .task_sid = arena_strdup(op->arena, t->sid),
        .assignment_status = task_status_names[t->assignment_status],
        .summary = r.summary,
        .routing = r.place,
        .workers = r.workers,
        .offers = r.offers,
        .waits_for = r.waits_for,
        .history = "[]",
        .history_complete = true,
        .date_created = t->date_created,
        .date_explained = op->now,
    };
    *s = (struct search){ .x = x, .until = r.until, .needle = x->task_sid };
    op->data = s;
    op_continue_on_reader(op, add_history);
    return NULL;
}

const struct resource explanation_resource = {
    .product = "taskrouter",
    .name = "TaskExplanation",
    .path = WORKSPACE_PATH "/Tasks/{task_sid}/Explanation",
    .shape = &shape,
    .reads_live = true,
    .links = ROWS(links),
    .view = explain,
};
