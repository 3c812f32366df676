/* callbacks: what a workspace and a workflow want to be told over HTTP.
 *
 * An event callback tells each event that passes the workspace's filter; an assignment callback asks, once for each
 * reservation, what to do with it: nothing, accept or reject. */
#include "product/taskrouter/internal.h"

#include "base/log.h"
#include <ctype.h>
#include <string.h>

enum { EVENT_ROUNDS = 8, EVENT_TIMEOUT = 15 * 1000, ASSIGNMENT_TIMEOUT = 5 * 1000 };

struct callbacks {
    struct routing *engine;
    struct webhooks *webhooks;
    struct purpose event, assignment;
    struct webhook_port port;
};

/* --- event callbacks --------------------------------------------------------------------------------------------- */

/* "task.created, reservation.accepted": exact names, blanks around commas do not matter; none at all means every event.
 */
static bool filter_passes(const char *filter, const char *name)
{
    size_t n = strlen(name);

    if (!filter || !*filter)
        return true;
    for (const char *p = filter; *p;) {
        p += strspn(p, ", \t");
        size_t length = strcspn(p, ", \t");
        if (length == n && !memcmp(p, name, n))
            return true;
        p += length;
    }
    return false;
}

/* The facts of the event, snake_case in the log, become parameters in the API's spelling; what every event has is said.
 */
static void put_facts(struct arena *a, struct text *form, const char *data)
{
    json_t *facts = json_parse_object(a, data, strlen(data), NULL), *value;
    const char *name;

    json_object_del(facts, "account_sid");
    json_object_del(facts, "workspace_sid");

    json_object_foreach(facts, name, value)
    {
        const char *text = json_is_string(value) ? json_string_value(value)
                           : json_is_null(value) ? ""
                                                 : json_text(a, value);
        form_put(form, name_pascal(a, name), text);
    }
}

static const char *event_form(struct tx *tx, const struct event *e)
{
    struct text form = { .arena = tx->arena };

    form_put(&form, "EventType", event_name(e->type));
    form_put(&form, "AccountSid", e->account_sid);
    form_put(&form, "WorkspaceSid", e->scope_sid);
    form_put(&form, "EventDescription", event_words(e->type));
    form_put(&form, "ResourceType", e->resource_type ? e->resource_type : "");
    form_put(&form, "ResourceSid", e->resource_sid ? e->resource_sid : "");
    form_put(&form, "Timestamp", arena_printf(tx->arena, "%lld", (long long)(e->at / SECOND)));
    form_put(&form, "TimestampMs", arena_printf(tx->arena, "%lld", (long long)e->at));
    form_put(&form, "Sid", e->sid);
    put_facts(tx->arena, &form, e->data);
    return text_str(&form);
}

static void on_event(void *arg, struct tx *tx, const struct event *e)
{
    struct callbacks *c = arg;
    const struct workspace *w = e->scope_sid ? row_find(tx, &workspace_kind, e->scope_sid) : NULL;

    if (!w || !w->event_callback_url || !filter_passes(w->events_filter, event_name(e->type)))
        return;
    webhook_send(c->webhooks, tx,
                 &(struct webhook){ .account_sid = e->account_sid,
                                    .purpose = "event",
                                    .subject = e->sid,
                                    .url = w->event_callback_url,
                                    .form = event_form(tx, e) });
}

/* --- assignment callbacks --------------------------------------------------------------------------------- */

static void ask_assignment(void *arg, struct tx *tx, const struct reservation *r, const struct task *t,
                           const struct worker *w, const struct workflow *f)
{
    struct callbacks *c = arg;
    struct text form = { .arena = tx->arena };

    if (!f->assignment_callback_url)
        return;
    form_put(&form, "Timestamp", arena_printf(tx->arena, "%lld", (long long)(tx->now / SECOND)));
    form_put(&form, "AccountSid", r->account_sid);
    form_put(&form, "WorkspaceSid", r->workspace_sid);
    form_put(&form, "WorkflowSid", f->sid);
    form_put(&form, "TaskQueueSid", r->task_queue_sid);
    form_put(&form, "WorkerSid", w->sid);
    form_put(&form, "WorkerName", w->friendly_name);
    form_put(&form, "WorkerAttributes", w->attributes);
    form_put(&form, "TaskSid", t->sid);
    form_put(&form, "TaskAttributes", t->attributes);
    form_put(&form, "TaskAge", arena_printf(tx->arena, "%lld", (long long)((tx->now - t->date_created) / SECOND)));
    form_put(&form, "TaskPriority", arena_printf(tx->arena, "%lld", (long long)t->priority));
    form_put(&form, "ReservationSid", r->sid);
    webhook_send(c->webhooks, tx,
                 &(struct webhook){ .account_sid = r->account_sid,
                                    .purpose = "assignment",
                                    .subject = r->sid,
                                    .url = f->assignment_callback_url,
                                    .fallback_url = f->fallback_assignment_callback_url,
                                    .form = text_str(&form) });
}

static bool is_json(const char *content_type)
{
    return content_type && !strncasecmp(content_type, "application/json", 16);
}

/* What the callback said. */
struct instruction_answer {
    struct arena *arena;
    json_t *object;
};

/* 200 with JSON, or with nothing: then the reservation is handled by other means. */
static bool assignment_is_good(const struct http_call *call)
{
    return call->status == 200 && (!call->answer_length || is_json(call->content_type));
}

static const char *given(void *arg, const struct instruction_param *p)
{
    const json_t *value = json_object_get(((struct instruction_answer *)arg)->object, p->key);

    if (!value || json_is_null(value))
        return NULL;
    return json_is_string(value) ? json_string_value(value)
                                 : json_text(((struct instruction_answer *)arg)->arena, value);
}

static void instruct(struct callbacks *c, struct tx *tx, struct reservation *r, const struct http_call *call)
{
    const char *why = NULL;
    struct instruction_answer answer = { tx->arena,
                                         json_parse_object(tx->arena, call->answer, call->answer_length, &why) };
    const char *instruction = answer.object ? json_get_string(answer.object, "instruction") : NULL;
    fault_t f = NULL;

    if (!answer.object)
        log_warn("assignment.answer", "40001: the callback's answer about %s is no JSON object: %s", r->sid, why);
    else if (!instruction && json_object_size(answer.object))
        log_warn("assignment.answer", "40005: the callback's answer about %s has no instruction", r->sid);
    else if (instruction)
        f = reservation_instruct(c->engine, tx, r,
                                 &(struct instruction){ .name = instruction, .given = given, .arg = &answer });
    if (f)
        log_warn("assignment.answer", "%d: %.32s about %s was refused: %s", f->code, instruction, r->sid, f->message);
}

static void assignment_ended(void *arg, struct tx *tx, const char *subject, bool good, const struct http_call *call)
{
    struct callbacks *c = arg;
    struct reservation *r = row_find(tx, &reservation_kind, subject);

    if (!r || r->reservation_status != RESERVATION_PENDING)
        return;
    row_edit(tx, r);
    if (!good)
        reservation_fail(c->engine, tx, r, NO_VALUE);
    else if (call->answer_length)
        instruct(c, tx, r, call);
}

fault_t callbacks_start(struct site *site, struct arena *a)
{
    struct callbacks *c = arena_alloc(a, sizeof(*c));

    c->engine = site->engine;
    c->webhooks = site->webhooks;
    c->event =
        (struct purpose){ .name = "event", .ordered = true, .rounds = EVENT_ROUNDS, .timeout_ms = EVENT_TIMEOUT };
    c->assignment = (struct purpose){ .name = "assignment",
                                      .rounds = 1,
                                      .timeout_ms = ASSIGNMENT_TIMEOUT,
                                      .good = assignment_is_good,
                                      .ended = assignment_ended,
                                      .arg = c };
    webhooks_purpose(c->webhooks, &c->event);
    webhooks_purpose(c->webhooks, &c->assignment);
    ledger_listen(site->ledger, &(struct listener){ .prefix = "", .hear = on_event, .arg = c });
    c->port = (struct webhook_port){ .assign = ask_assignment, .arg = c };
    routing_callbacks(c->engine, &c->port);
    return NULL;
}
