/* /v1/Configuration/Addresses: which of our addresses begin conversations of themselves. */
#include "product/conversations/settings.h"

#include <string.h>

struct address_change {
    const char *creation_type, *studio_flow_sid;
    int64_t studio_retry_count;
};

/* clang-format off */
static const struct field change_fields[] = {
    FIELD(address_change, creation_type,      STR, .param = "AutoCreation.Type"),
    FIELD(address_change, studio_flow_sid,    STR, .param = "AutoCreation.StudioFlowSid"),
    FIELD(address_change, studio_retry_count, INT, .param = "AutoCreation.StudioRetryCount", .min = 0, .max = 3),
};
/* clang-format on */

static fault_t check_webhook(struct op *op, const struct address_configuration *a)
{
    const char *wrong = NULL;

    if (a->webhook_url && !url_is_http(a->webhook_url))
        return refuse(op, F_INVALID_PARAMETER, "AutoCreation.WebhookUrl '%.200s' is not a valid URL", a->webhook_url);
    if (!hook_filters_check(op->arena, a->webhook_filters, HOOK_SCOPED, &wrong))
        return refuse(op, F_SCOPED_FILTER, "AutoCreation.WebhookFilters: '%.64s' is not an event of a conversation",
                      wrong);
    if (a->enabled && a->creation_type == CREATE_WEBHOOK && !a->webhook_url)
        return refuse(op, F_SCOPED_URL_MISSING, "AutoCreation.Type webhook needs AutoCreation.WebhookUrl");
    return NULL;
}

static fault_t set(struct op *op, struct address_configuration *a)
{
    const struct address_change *p = op->params;
    bool studio = str_ieq(p->creation_type, "studio") || p->studio_flow_sid;
    unsigned type = 0;

    if (studio) /* as for any FlowSid that is not a flow of the account: there are none on this server */
        return refuse(op, F_SCOPED_FLOW, "AutoCreation.StudioFlowSid: flow '%.64s' was not found",
                      p->studio_flow_sid ? p->studio_flow_sid : "");
    while (p->creation_type && creation_type_names[type] && !str_ieq(creation_type_names[type], p->creation_type))
        type++;
    if (p->creation_type && !creation_type_names[type])
        return refuse(op, F_INVALID_PARAMETER,
                      "AutoCreation.Type '%.16s' is not one of: webhook, studio, default, interaction",
                      p->creation_type);
    if (p->creation_type)
        a->creation_type = type;
    return check_webhook(op, a);
}

/* "whatsapp:+49…" for type whatsapp, and so on; a bare number for sms, anything for a web chat and the rest. */
static fault_t check_address(struct op *op, const struct address_configuration *a)
{
    bool prefixed = a->type == ADDRESS_WHATSAPP || a->type == ADDRESS_MESSENGER || a->type == ADDRESS_RCS;
    const char *prefix = arena_printf(op->arena, "%s:", address_type_names[a->type]);

    if (prefixed && !str_starts(a->address, prefix))
        return refuse(op, F_INVALID_PARAMETER, "Address '%.64s' of type %s must begin with %s", a->address,
                      address_type_names[a->type], prefix);
    if (a->type == ADDRESS_SMS && strspn(a->address, "+0123456789") != strlen(a->address))
        return refuse(op, F_INVALID_PARAMETER, "Address '%.64s' is not a phone number or short code", a->address);
    return NULL;
}

static fault_t create(struct op *op, void *row)
{
    struct address_configuration *a = row;
    fault_t f = check_address(op, a);

    return f ? f : set(op, a);
}

static fault_t update(struct op *op, void *row, const void *was)
{
    (void)was;
    return set(op, row);
}

static fault_t present(struct op *op, void *copy)
{
    struct address_configuration *a = copy;
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_bool(&o, "enabled", a->enabled);
    json_pair_str(&o, "type", creation_type_names[a->creation_type]);
    json_pair_str(&o, "conversation_service_sid", a->conversation_service_sid);
    if (a->creation_type == CREATE_WEBHOOK) {
        json_pair_str(&o, "webhook_url", a->webhook_url);
        json_pair_str(&o, "webhook_method", hook_method_names[a->webhook_method]);
        json_pair_raw(&o, "webhook_filters", a->webhook_filters ? a->webhook_filters : "[]");
    }
    json_close(&o, '}');
    a->auto_creation = json_done(&o);
    return NULL;
}

const struct resource address_resource = {
    .product = "conversations",
    .enter = settings_enter,
    .name = "ConfigurationAddress",
    .path = "/v1/Configuration/Addresses",
    .many = "address_configurations",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &address_configuration_kind,
    .create_params = PARAMS(address_change, change_fields),
    .update_params = PARAMS(address_change, change_fields),
    .create = create,
    .update = update,
    .present = present,
};
