/* Flex Flows, the older way to say what becomes of a customer who writes, and the channels that they open.
 *
 *   task       a task for somebody, at once or with the customer's first message
 *   external   each message is posted to a URL
 *   studio     kept as it was said: there are no flows on this server that could run */
#include "product/flex/internal.h"

#include "net/client.h"
#include "routing/kinds.h"
#include <string.h>

enum flow_channel { FLOW_WEB, FLOW_SMS, FLOW_FACEBOOK, FLOW_WHATSAPP, FLOW_LINE, FLOW_CUSTOM };
enum integration_type { INTEGRATION_NONE, INTEGRATION_STUDIO, INTEGRATION_EXTERNAL, INTEGRATION_TASK };

struct flex_flow { /* FO… */
    const char *sid, *account_sid, *friendly_name, *chat_service_sid, *contact_identity, *integration;
    unsigned channel_type, integration_type;
    bool enabled, long_lived, janitor_enabled;
    int64_t date_created, date_updated;
};

/* clang-format off */
static const char *const channel_types[] = { "web", "sms", "facebook", "whatsapp", "line", "custom", NULL };
static const char *const integration_types[] = { "", "studio", "external", "task", NULL };

#define BOTH (ON_CREATE | ON_UPDATE)
static const struct field flow_fields[] = {
    FIELD(flex_flow, account_sid,      SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(flex_flow, date_created,     TIME, .flags = BORN),
    FIELD(flex_flow, date_updated,     TIME, .flags = BORN | TOUCHED),
    FIELD(flex_flow, sid,              SID,  .flags = KEY, .prefix = "FO"),
    FIELD(flex_flow, friendly_name,    STR,  .flags = BOTH | REQUIRED | FILTER, .max = 256),
    FIELD(flex_flow, chat_service_sid, SID,  .flags = BOTH | REQUIRED, .prefix = "IS", .refers = "chat_service"),
    FIELD(flex_flow, channel_type,     ENUM, .flags = BOTH | REQUIRED, .names = channel_types),
    FIELD(flex_flow, contact_identity, STR,  .flags = BOTH | CLEARABLE, .max = 256),
    FIELD(flex_flow, enabled,          BOOL, .flags = BOTH, .initial = "false"),
    FIELD(flex_flow, integration_type, ENUM, .flags = BOTH, .names = integration_types),
    FIELD(flex_flow, integration,      JSON, .flags = JSON_VALUE),
    FIELD(flex_flow, long_lived,       BOOL, .flags = BOTH, .initial = "false"),
    FIELD(flex_flow, janitor_enabled,  BOOL, .flags = BOTH, .initial = "false"),
    { .name = "flow_sid",            .type = T_SID,  .flags = BOTH, .part_of = "integration", .prefix = "FW" },
    { .name = "url",                 .type = T_URL,  .flags = BOTH, .part_of = "integration" },
    { .name = "workspace_sid",       .type = T_SID,  .flags = BOTH, .part_of = "integration", .prefix = "WS", .refers = "workspace" },
    { .name = "workflow_sid",        .type = T_SID,  .flags = BOTH, .part_of = "integration", .prefix = "WW", .refers = "workflow" },
    { .name = "channel",             .type = T_STR,  .flags = BOTH, .part_of = "integration", .max = 64 },
    { .name = "timeout",             .type = T_INT,  .flags = BOTH, .part_of = "integration", .min = 1, .max = 1209600 },
    { .name = "priority",            .type = T_INT,  .flags = BOTH, .part_of = "integration", .min = 0, .max = 2147483647 },
    { .name = "creation_on_message", .type = T_BOOL, .flags = BOTH, .part_of = "integration" },
    { .name = "retry_count",         .type = T_INT,  .flags = BOTH, .part_of = "integration", .min = 0, .max = 3 },
};
/* clang-format on */
static const struct kind flex_flow_kind = { .name = "flex_flow",
                                            .size = sizeof(struct flex_flow),
                                            .fields = ROWS(flow_fields) };

/* --- flows ------------------------------------------------------------------------------------------------ */

static json_t *integration_of(struct op *op, const struct flex_flow *f)
{
    const char *s = f->integration ? f->integration : "{}";

    return json_parse_object(op->arena, s, strlen(s), NULL);
}

static fault_t check_flow(struct op *op, void *row)
{
    static const char *const needs[][2] = {
        [INTEGRATION_STUDIO] = { "flow_sid", NULL },
        [INTEGRATION_EXTERNAL] = { "url", NULL },
        [INTEGRATION_TASK] = { "workspace_sid", "workflow_sid" },
    };
    struct flex_flow *f = row;
    const json_t *i = integration_of(op, f);

    for (size_t n = 0; n < 2; n++) {
        const char *name = needs[f->integration_type][n];
        if (name && !json_object_get(i, name))
            return refuse(op, F_INVALID_PARAMETER, "Integration.%s is required when IntegrationType is %s",
                          name_pascal(op->arena, name), integration_types[f->integration_type]);
    }
    if (!f->integration)
        row_set(op->tx, f, &f->integration, "{}");
    return NULL;
}

static fault_t update_flow(struct op *op, void *row, const void *was)
{
    (void)was;
    return check_flow(op, row);
}

const struct resource flex_flow_resource = {
    .product = "flex-api",
    .name = "FlexFlow",
    .path = "/v1/FlexFlows",
    .many = "flex_flows",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &flex_flow_kind,
    .create = check_flow,
    .update = update_flow,
};

/* --- what becomes of a customer --------------------------------------------------------------------------- */

struct opening {
    const char *flex_flow_sid, *identity, *chat_friendly_name, *chat_user_friendly_name, *customer_friendly_name,
        *chat_unique_name, *pre_engagement_data, *target, *task_sid, *task_attributes;
    bool long_lived;
};

static enum channel_type channel_of(const struct flex_flow *f)
{
    static const enum channel_type types[] = {
        [FLOW_WEB] = CHANNEL_WEB,           [FLOW_SMS] = CHANNEL_SMS,   [FLOW_FACEBOOK] = CHANNEL_MESSENGER,
        [FLOW_WHATSAPP] = CHANNEL_WHATSAPP, [FLOW_LINE] = CHANNEL_CHAT, [FLOW_CUSTOM] = CHANNEL_CHAT,
    };

    return types[f->channel_type];
}

static const char *routing_of(struct op *op, const json_t *i, const char *attributes)
{
    json_t *p = json_parse_object(op->arena, "{}", 2, NULL), *o = json_parse_object(op->arena, "{}", 2, NULL);
    const char *channel = json_get_string(i, "channel");
    const char *const kept[] = { "workspace_sid", "workflow_sid", "timeout", "priority" };

    for (size_t n = 0; n < sizeof kept / sizeof *kept; n++)
        if (json_object_get(i, kept[n]))
            json_object_set(p, kept[n], json_object_get(i, kept[n]));
    json_object_set_new(p, channel && sid_valid(channel, "TC") ? "task_channel_sid" : "task_channel_unique_name",
                        json_string(channel ? channel : "default"));
    if (attributes)
        json_object_set_new(p, "attributes", json_string(attributes));
    json_object_set(o, "properties", p);
    return json_text(op->arena, o);
}

static void post_messages(struct op *op, const struct conversation *v, const json_t *i)
{
    const json_t *retries = json_object_get(i, "retry_count");
    const char *url = json_get_string(i, "url");

    if (json_is_integer(retries) && !strchr(url, '#'))
        url = arena_printf(op->arena, "%s#rc=%d", url, (int)json_integer_value(retries));
    scoped_hook_add(op->tx, v, url, METHOD_POST, "[\"onMessageAdded\"]");
}

static fault_t follow(struct op *op, const struct flex_flow *f, struct flex_chat *row, const struct opening *p,
                      const struct chat_order *o, struct conversation *v)
{
    const json_t *i = integration_of(op, f);
    const struct interaction_guest g = {
        .identity = row->identity, .address = o->address, .proxy_address = o->proxy_address, .name = o->customer_name
    };
    const struct chat_task t = { .type = channel_of(f),
                                 .routing = routing_of(op, i, p->task_attributes),
                                 .asleep = json_is_true(json_object_get(i, "creation_on_message")) };
    const char *task_sid = p->task_sid;
    fault_t bad = NULL;

    if (f->integration_type == INTEGRATION_EXTERNAL)
        post_messages(op, v, i);
    else if (f->integration_type == INTEGRATION_TASK && !task_sid)
        bad = chat_interaction(op, v, &g, &t, &task_sid);
    row_set(op->tx, row, &row->task_sid, task_sid);
    return bad;
}

static fault_t open_channel(struct op *op, struct flex_chat *row, const struct opening *p)
{
    const struct flex_flow *f = op_find(op, &flex_flow_kind, p->flex_flow_sid);
    struct chat_order o = { .identity = p->identity,
                            .friendly_name = p->chat_friendly_name,
                            .unique_name = p->chat_unique_name,
                            .pre_engagement = p->pre_engagement_data,
                            .customer_name =
                                p->customer_friendly_name ? p->customer_friendly_name : p->chat_user_friendly_name };
    struct conversation *v;

    if (!f || !f->enabled)
        return refuse(op, F_INVALID_PARAMETER, "FlexFlowSid %s is not an enabled Flex Flow", p->flex_flow_sid);
    if (p->task_sid && !op_find(op, &task_kind, p->task_sid))
        return refuse(op, F_INVALID_PARAMETER, "TaskSid %s was not found", p->task_sid);
    if (p->target && f->contact_identity && (f->channel_type == FLOW_SMS || f->channel_type == FLOW_WHATSAPP)) {
        o.address = p->target;
        o.proxy_address = f->contact_identity;
    }
    o.service_sid = f->chat_service_sid;
    row_set(op->tx, row, &row->flex_flow_sid, f->sid);
    row->long_lived = p->long_lived || f->long_lived;
    fault_t bad = chat_throttle(op, row->account_sid, NULL);
    bad = bad ? bad : chat_begin(op, row, &o, &v);
    return bad ? bad : follow(op, f, row, p, &o, v);
}

/* --- both kinds of channel -------------------------------------------------------------------------------- */

static struct flex_chat *chat_of(struct op *op, const char *sid, bool web)
{
    struct flex_chat *c = op_find(op, &flex_chat_kind, sid);

    return c && c->flex_flow_sid && c->web == web ? c : NULL;
}

static fault_t select_of(struct op *op, struct list_plan *plan, bool web)
{
    (void)op;
    plan_add(plan, "web", IS, value_int(web));
    plan_add(plan, "flex_flow_sid", IS_NOT_NULL, value_text(NULL));
    return NULL;
}

/* The row goes, and the conversation with it: whoever had the task wraps up. */
static fault_t remove_chat(struct op *op, void *row)
{
    const struct chat_actor by = { .by = BY_API, .webhooks = op->webhooks };
    const struct flex_chat *c = row;
    struct conversation *v = row_find(op->tx, &conversation_kind, c->sid);

    return v ? conversation_remove(op_site(op)->chat, op->tx, &by, v) : NULL;
}

/* --- Channels --------------------------------------------------------------------------------------------- */

struct shown_channel {
    const char *account_sid, *flex_flow_sid, *sid, *user_sid, *task_sid;
    int64_t date_created, date_updated;
};
/* clang-format off */
static const struct field channel_fields[] = {
    FIELD(shown_channel, account_sid,   SID, .prefix = "AC"),
    FIELD(shown_channel, flex_flow_sid, SID, .prefix = "FO"),
    FIELD(shown_channel, sid,           SID, .prefix = "CH"),
    FIELD(shown_channel, user_sid,      SID, .prefix = "US"),
    FIELD(shown_channel, task_sid,      SID, .prefix = "WT"),
    FIELD(shown_channel, date_created,  TIME),
    FIELD(shown_channel, date_updated,  TIME),
};
static const struct field channel_order_fields[] = {
    FIELD(opening, flex_flow_sid,           SID,  .flags = REQUIRED, .prefix = "FO"),
    FIELD(opening, identity,                STR,  .flags = REQUIRED, .max = 256),
    FIELD(opening, chat_user_friendly_name, STR,  .flags = REQUIRED, .max = 256),
    FIELD(opening, chat_friendly_name,      STR,  .flags = REQUIRED, .max = 256),
    FIELD(opening, target,                  STR,  .max = 256),
    FIELD(opening, chat_unique_name,        STR,  .max = 256),
    FIELD(opening, pre_engagement_data,     STR,  .max = PRE_ENGAGEMENT_MAX),
    FIELD(opening, task_sid,                SID,  .prefix = "WT"),
    FIELD(opening, task_attributes,         JSON, .max = 4096),
    FIELD(opening, long_lived,              BOOL, .initial = "false"),
};
/* clang-format on */
static const struct kind channel_shape = { .name = "shown_flex_channel",
                                           .size = sizeof(struct shown_channel),
                                           .fields = ROWS(channel_fields) };

static fault_t create_channel(struct op *op, void *row)
{
    return open_channel(op, row, op->params);
}

static fault_t find_channel(struct op *op, const char *key, void **row)
{
    *row = chat_of(op, key, false);
    return NULL;
}

static fault_t select_channels(struct op *op, struct list_plan *plan)
{
    return select_of(op, plan, false);
}

static void show_channel(struct op *op, const void *row, void *out)
{
    const struct flex_chat *c = row;

    (void)op;
    *(struct shown_channel *)out = (struct shown_channel){ .account_sid = c->account_sid,
                                                           .flex_flow_sid = c->flex_flow_sid,
                                                           .sid = c->sid,
                                                           .user_sid = c->user_sid,
                                                           .task_sid = c->task_sid,
                                                           .date_created = c->date_created,
                                                           .date_updated = c->date_updated };
}

const struct resource flex_channel_resource = {
    .product = "flex-api",
    .name = "Channel",
    .path = "/v1/Channels",
    .many = "flex_chat_channels",
    .verbs = LIST | FETCH | CREATE | DELETE,
    .kind = &flex_chat_kind,
    .shape = &channel_shape,
    .create_params = PARAMS(opening, channel_order_fields),
    .create = create_channel,
    .remove = remove_chat,
    .find = find_channel,
    .select = select_channels,
    .show = show_channel,
};

/* --- WebChannels ------------------------------------------------------------------------------------------ */

struct shown_web_channel {
    const char *account_sid, *flex_flow_sid, *sid;
    int64_t date_created, date_updated;
};
struct web_update {
    const char *chat_status, *post_engagement_data;
};
/* clang-format off */
static const struct field web_fields[] = {
    FIELD(shown_web_channel, account_sid,   SID, .prefix = "AC"),
    FIELD(shown_web_channel, flex_flow_sid, SID, .prefix = "FO"),
    FIELD(shown_web_channel, sid,           SID, .prefix = "CH"),
    FIELD(shown_web_channel, date_created,  TIME),
    FIELD(shown_web_channel, date_updated,  TIME),
};
static const struct field web_order_fields[] = {
    FIELD(opening, flex_flow_sid,          SID, .flags = REQUIRED, .prefix = "FO"),
    FIELD(opening, identity,               STR, .flags = REQUIRED, .max = 256),
    FIELD(opening, customer_friendly_name, STR, .flags = REQUIRED, .max = 256),
    FIELD(opening, chat_friendly_name,     STR, .flags = REQUIRED, .max = 256),
    FIELD(opening, chat_unique_name,       STR, .max = 256),
    FIELD(opening, pre_engagement_data,    STR, .max = PRE_ENGAGEMENT_MAX),
};
static const struct field web_update_fields[] = {
    FIELD(web_update, chat_status,          STR, .max = 16),
    FIELD(web_update, post_engagement_data, STR, .max = PRE_ENGAGEMENT_MAX),
};
/* clang-format on */
static const struct kind web_shape = { .name = "shown_web_channel",
                                       .size = sizeof(struct shown_web_channel),
                                       .fields = ROWS(web_fields) };

static fault_t create_web(struct op *op, void *row)
{
    struct flex_chat *c = row;

    c->web = true;
    return open_channel(op, c, op->params);
}

static fault_t find_web(struct op *op, const char *key, void **row)
{
    *row = chat_of(op, key, true);
    return NULL;
}

static fault_t select_web(struct op *op, struct list_plan *plan)
{
    return select_of(op, plan, true);
}

static void show_web(struct op *op, const void *row, void *out)
{
    const struct flex_chat *c = row;

    (void)op;
    *(struct shown_web_channel *)out = (struct shown_web_channel){ .account_sid = c->account_sid,
                                                                   .flex_flow_sid = c->flex_flow_sid,
                                                                   .sid = c->sid,
                                                                   .date_created = c->date_created,
                                                                   .date_updated = c->date_updated };
}

static fault_t note_end(struct op *op, struct conversation *v, const char *data)
{
    const struct chat_actor by = { .by = BY_API, .webhooks = op->webhooks };
    const json_t *said = json_parse_object(op->arena, data, strlen(data), NULL);
    json_t *o = json_parse_object(op->arena, v->attributes, strlen(v->attributes), NULL);

    if (!said)
        return refuse(op, F_INVALID_PARAMETER, "PostEngagementData is not a JSON object");
    o = o ? o : json_parse_object(op->arena, "{}", 2, NULL);
    json_object_set(o, "post_engagement_data", (json_t *)said);
    row_set(op->tx, v, &v->attributes, json_text(op->arena, o));
    return conversation_changed(op_site(op)->chat, op->tx, &by, v);
}

static fault_t update_web(struct op *op, void *row, const void *was)
{
    const struct chat_actor by = { .by = BY_API, .webhooks = op->webhooks };
    const struct web_update *p = op->params;
    const struct flex_chat *c = row;
    struct conversation *v = row_find(op->tx, &conversation_kind, c->sid);
    struct interaction_channel *channel = interaction_of_conversation(interactions_of(op), c->sid);
    fault_t f = v && p->post_engagement_data ? note_end(op, v, p->post_engagement_data) : NULL;

    (void)was;
    if (f || !p->chat_status)
        return f;
    if (!str_ieq(p->chat_status, "inactive"))
        return refuse(op, F_INVALID_PARAMETER, "ChatStatus '%s' is not inactive", p->chat_status);
    if (channel)
        return interaction_close(interactions_of(op), op->tx, channel, true);
    return v && v->state != CONVERSATION_CLOSED
               ? conversation_turn(op_site(op)->chat, op->tx, &by, v, CONVERSATION_CLOSED, "API")
               : NULL;
}

const struct resource web_channel_resource = {
    .product = "flex-api",
    .name = "WebChannel",
    .path = "/v1/WebChannels",
    .many = "flex_chat_channels",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &flex_chat_kind,
    .shape = &web_shape,
    .create_params = PARAMS(opening, web_order_fields),
    .update_params = PARAMS(web_update, web_update_fields),
    .create = create_web,
    .update = update_web,
    .remove = remove_chat,
    .find = find_web,
    .select = select_web,
    .show = show_web,
};
