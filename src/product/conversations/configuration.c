/* /v1/Configuration: which service is the default one, and how long conversations stay. */
#include "product/conversations/settings.h"

enum { INACTIVE_MIN = 60 * 1000, CLOSED_MIN = 10 * 60 * 1000 };

struct configuration_update {
    const char *default_chat_service_sid, *default_messaging_service_sid, *default_inactive_timer,
        *default_closed_timer;
};

/* clang-format off */
static const struct field update_fields[] = {
    FIELD(configuration_update, default_chat_service_sid,      SID, .prefix = "IS", .refers = "chat_service"),
    FIELD(configuration_update, default_messaging_service_sid, SID, .flags = CLEARABLE, .prefix = "MG"),
    FIELD(configuration_update, default_inactive_timer,        STR, .max = 64),
    FIELD(configuration_update, default_closed_timer,          STR, .max = 64),
};

static const struct link_row links[] = {
    { "service",  "/v1/Services/{default_chat_service_sid}/Configuration" },
    { "webhooks", "/v1/Configuration/Webhooks" },
};
/* clang-format on */

/* An account's first look makes its default service. */
static fault_t find(struct op *op, const char *key, void **row)
{
    (void)key;
    chat_service_default(op->tx, op->who.account_sid);
    *row = chat_account_of(op->tx, op->who.account_sid);
    return NULL;
}

static fault_t set_timer(struct op *op, struct chat_account *a, const char **member, const char *name,
                         const char *value, int64_t min, enum fault_id format, enum fault_id too_short)
{
    int64_t ms = 0;

    if (!value)
        return NULL;
    if (!chat_timer_parse(value, op->now, &ms) || (*value && *value != 'P'))
        return refuse(op, format, "%s '%.64s' is not an ISO 8601 duration", name, value);
    if (ms && ms < min)
        return refuse(op, too_short, "%s '%.64s' is too short", name, value);
    row_set(op->tx, a, member, ms ? value : NULL);
    return NULL;
}

static fault_t update(struct op *op, void *row, const void *was)
{
    struct chat_account *a = row;
    const struct configuration_update *p = op->params;
    fault_t f;

    (void)was;
    if (p->default_chat_service_sid) {
        row_set(op->tx, a, &a->default_chat_service_sid, p->default_chat_service_sid);
        chat_flex_roles_add(op->tx, row_find(op->tx, &chat_service_kind, p->default_chat_service_sid));
    }
    if (op_given(op, "DefaultMessagingServiceSid"))
        row_set(op->tx, a, &a->default_messaging_service_sid, p->default_messaging_service_sid);
    f = set_timer(op, a, &a->default_inactive_timer, "DefaultInactiveTimer", p->default_inactive_timer, INACTIVE_MIN,
                  F_CHAT_TIMER_INACTIVE_FORMAT, F_CHAT_TIMER_INACTIVE_SHORT);
    return f ? f
             : set_timer(op, a, &a->default_closed_timer, "DefaultClosedTimer", p->default_closed_timer, CLOSED_MIN,
                         F_CHAT_TIMER_CLOSED_FORMAT, F_CHAT_TIMER_CLOSED_SHORT);
}

const struct resource configuration_resource = {
    .product = "conversations",
    .enter = settings_enter,
    .name = "Configuration",
    .path = "/v1/Configuration",
    .verbs = FETCH | UPDATE,
    .kind = &chat_account_kind,
    .singleton = true,
    .reads_live = true,
    .update_params = PARAMS(configuration_update, update_fields),
    .links = ROWS(links),
    .find = find,
    .update = update,
};
