/* Webhooks of one conversation, at most five: a URL that is told some events, or one that is told messages with a
 * keyword. */
#include "product/conversations/internal.h"
#include "product/conversations/settings.h"

#include <string.h>

/* What a caller sends; each has rules and codes of its own. */
struct scoped_change {
    const char *target, *url, *method, *filters, *triggers, *flow_sid;
    int64_t replay_after;
};

/* clang-format off */
static const struct field create_fields[] = {
    FIELD(scoped_change, target,       STR, .flags = REQUIRED),
    FIELD(scoped_change, url,          STR,  .param = "Configuration.Url"),
    FIELD(scoped_change, method,       STR,  .param = "Configuration.Method"),
    FIELD(scoped_change, filters,      LIST, .param = "Configuration.Filters"),
    FIELD(scoped_change, triggers,     LIST, .param = "Configuration.Triggers"),
    FIELD(scoped_change, flow_sid,     STR,  .param = "Configuration.FlowSid"),
    FIELD(scoped_change, replay_after, INT,  .param = "Configuration.ReplayAfter", .min = 0),
};

static const struct field update_fields[] = {
    FIELD(scoped_change, url,          STR,  .param = "Configuration.Url"),
    FIELD(scoped_change, method,       STR,  .param = "Configuration.Method"),
    FIELD(scoped_change, filters,      LIST, .param = "Configuration.Filters"),
    FIELD(scoped_change, triggers,     LIST, .param = "Configuration.Triggers"),
    FIELD(scoped_change, flow_sid,     STR,  .param = "Configuration.FlowSid"),
};
/* clang-format on */

/* --- rules ------------------------------------------------------------------------------------------------ */

static fault_t set_url(struct op *op, struct scoped_hook *h, const struct scoped_change *p)
{
    if (p->url && (strlen(p->url) > HOOK_URL_MAX || !url_is_http(p->url)))
        return refuse(op, F_SCOPED_URL_LENGTH, "Configuration.Url '%.200s' is not a valid URL of at most %d characters",
                      p->url, HOOK_URL_MAX);
    if (p->url)
        row_set(op->tx, h, &h->url, p->url);
    if (!h->url)
        return refuse(op, F_SCOPED_URL_MISSING, "Target %s needs Configuration.Url", scoped_target_names[h->target]);
    if (p->method && !hook_method_read(p->method, &h->method))
        return refuse(op, F_SCOPED_METHOD, "Configuration.Method '%.16s' is neither get nor post", p->method);
    return NULL;
}

static fault_t set_filters(struct op *op, struct scoped_hook *h, const struct scoped_change *p)
{
    const char *wrong = NULL;

    if (p->filters && !hook_filters_check(op->arena, p->filters, HOOK_SCOPED, &wrong))
        return refuse(op, F_SCOPED_FILTER, "Configuration.Filters: '%.64s' is not an event of a conversation", wrong);
    if (p->filters)
        row_set(op->tx, h, &h->filters, p->filters);
    if (!h->filters)
        return refuse(op, F_SCOPED_FILTER_MISSING, "Target webhook needs Configuration.Filters");
    return NULL;
}

static fault_t set_triggers(struct op *op, struct scoped_hook *h, const struct scoped_change *p)
{
    json_t *list = p->triggers ? json_parse(op->arena, p->triggers, strlen(p->triggers), NULL) : NULL, *word;
    size_t i;

    if (json_array_size(list) > TRIGGERS_MAX)
        return refuse(op, F_SCOPED_TRIGGERS_LIMIT, "A webhook has at most %d triggers", TRIGGERS_MAX);
    json_array_foreach(list, i, word)
    {
        const char *s = json_string_value(word);
        if (!*s || utf8_length(s) > TRIGGER_LENGTH_MAX)
            return refuse(op, F_SCOPED_TRIGGER, "A trigger has 1 to %d characters", TRIGGER_LENGTH_MAX);
    }
    if (p->triggers)
        row_set(op->tx, h, &h->triggers, p->triggers);
    if (!h->triggers)
        return refuse(op, F_SCOPED_TRIGGER_MISSING, "Target trigger needs Configuration.Triggers");
    return NULL;
}

static fault_t set(struct op *op, struct scoped_hook *h)
{
    const struct scoped_change *p = op->params;
    fault_t f;

    if (p->flow_sid && *p->flow_sid) /* as for any FlowSid that is not a flow of the account */
        return refuse(op, F_SCOPED_FLOW, "Configuration.FlowSid: flow '%.64s' was not found", p->flow_sid);
    f = set_url(op, h, p);
    if (f)
        return f;
    return h->target == SCOPED_TRIGGER ? set_triggers(op, h, p) : set_filters(op, h, p);
}

static bool count(void *arg, void *row)
{
    (void)row;
    ++*(int *)arg;
    return true;
}

static fault_t create(struct op *op, void *row)
{
    struct scoped_hook *h = row;
    const struct scoped_change *p = op->params;
    const struct condition of = { .column = "conversation_sid",
                                  .compare = IS,
                                  .value = value_text(h->conversation_sid) };
    int there = 0;

    while (scoped_target_names[h->target] && !str_ieq(scoped_target_names[h->target], p->target))
        h->target++;
    if (str_ieq(p->target, "studio"))
        return refuse(op, F_SCOPED_FLOW, "Configuration.FlowSid: flow '%.64s' was not found",
                      p->flow_sid ? p->flow_sid : "");
    if (!scoped_target_names[h->target])
        return refuse(op, F_SCOPED_TARGET, "Target '%.16s' is not one of: webhook, trigger, studio", p->target);
    if (record_select(op->db, op->arena, &scoped_hook_kind,
                      &(struct selection){ .conditions = &of, .nconditions = 1, .limit = SCOPED_HOOKS_MAX }, count,
                      &there) != DB_OK)
        return op_failed(op);
    if (there >= SCOPED_HOOKS_MAX)
        return refuse(op, F_SCOPED_HOOKS_LIMIT, "Conversation %s has %d webhooks already", h->conversation_sid,
                      SCOPED_HOOKS_MAX);
    return set(op, h);
}

static fault_t update(struct op *op, void *row, const void *was)
{
    (void)was;
    return set(op, row);
}

/* --- what is shown ---------------------------------------------------------------------------------------- */

struct scoped_shown {
    const char *sid, *account_sid, *chat_service_sid, *conversation_sid, *target, *configuration;
    int64_t date_created, date_updated;
};

/* clang-format off */
#define SHOWN(service_flags)                                                                                           \
    FIELD(scoped_shown, sid,              SID),                                                                        \
    FIELD(scoped_shown, account_sid,      SID),                                                                        \
    FIELD(scoped_shown, chat_service_sid, SID, .flags = service_flags),                                                \
    FIELD(scoped_shown, conversation_sid, SID),                                                                        \
    FIELD(scoped_shown, target,           STR),                                                                        \
    FIELD(scoped_shown, configuration,    JSON, .flags = JSON_VALUE),                                                  \
    FIELD(scoped_shown, date_created,     TIME),                                                                       \
    FIELD(scoped_shown, date_updated,     TIME)
static const struct field shown_fields[] = { SHOWN(HIDDEN) }, service_shown_fields[] = { SHOWN(0) };

static const struct kind shape         = { .name = "scoped_shown", .size = sizeof(struct scoped_shown), .fields = ROWS(shown_fields) };
static const struct kind service_shape = { .name = "service_scoped_shown", .size = sizeof(struct scoped_shown), .fields = ROWS(service_shown_fields) };
/* clang-format on */

static void show(struct op *op, const void *row, void *out)
{
    const struct scoped_hook *h = row;
    bool trigger = h->target == SCOPED_TRIGGER;
    const char *list = trigger ? h->triggers : h->filters;
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "url", h->url);
    json_pair_str(&o, "method", h->method == METHOD_GET ? "get" : "post");
    json_pair_raw(&o, trigger ? "triggers" : "filters", list ? list : "[]");
    json_close(&o, '}');
    *(struct scoped_shown *)out = (struct scoped_shown){ .sid = h->sid,
                                                         .account_sid = h->account_sid,
                                                         .chat_service_sid = h->chat_service_sid,
                                                         .conversation_sid = h->conversation_sid,
                                                         .target = scoped_target_names[h->target],
                                                         .configuration = json_done(&o),
                                                         .date_created = h->date_created,
                                                         .date_updated = h->date_updated };
}

#define SCOPED_WEBHOOK_ROWS                                                                                            \
    .product = "conversations", .many = "webhooks", .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,                  \
    .kind = &scoped_hook_kind, .create_params = PARAMS(scoped_change, create_fields),                                  \
    .update_params = PARAMS(scoped_change, update_fields), .enter = enter_api, .create = create, .update = update,     \
    .show = show

const struct resource scoped_webhook_resource = {
    .name = "ConversationScopedWebhook",
    .path = "/v1/Conversations/{conversation_sid}/Webhooks",
    .shape = &shape,
    SCOPED_WEBHOOK_ROWS,
};

const struct resource service_scoped_webhook_resource = {
    .name = "ServiceConversationScopedWebhook",
    .path = "/v1/Services/{chat_service_sid}/Conversations/{conversation_sid}/Webhooks",
    .shape = &service_shape,
    SCOPED_WEBHOOK_ROWS,
};
