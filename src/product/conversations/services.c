/* Services, and what each has chosen for its roles. */
#include "product/conversations/internal.h"

static const struct link_row service_links[] = {
    { "conversations", "/v1/Services/{sid}/Conversations" },
    { "users", "/v1/Services/{sid}/Users" },
    { "roles", "/v1/Services/{sid}/Roles" },
    { "bindings", "/v1/Services/{sid}/Bindings" },
    { "configuration", "/v1/Services/{sid}/Configuration" },
};

static fault_t refuse_tokens(struct op *op)
{
    return may_not(op, op->res->name);
}

static fault_t service_create(struct op *op, void *row)
{
    chat_service_complete(op->tx, row);
    return NULL;
}

static fault_t service_remove(struct op *op, void *row)
{
    fault_t f = chat_service_remove(chat_of(op), op->tx, row);

    if (!f)
        op->answer.status = 204;
    return f;
}

const struct resource service_resource = {
    .product = "conversations",
    .name = "Service",
    .path = "/v1/Services",
    .many = "services",
    .verbs = LIST | FETCH | CREATE | DELETE,
    .kind = &chat_service_kind,
    .links = ROWS(service_links),
    .enter = refuse_tokens,
    .create = service_create,
    .remove = service_remove,
};

/* --- Configuration ---------------------------------------------------------------------------------------- */

struct configuration {
    const char *chat_service_sid, *default_conversation_creator_role_sid, *default_conversation_role_sid,
        *default_chat_service_role_sid;
    bool reachability_enabled;
};

/* clang-format off */
static const struct field configuration_fields[] = {
    FIELD(configuration, chat_service_sid,                      SID),
    FIELD(configuration, default_conversation_creator_role_sid, SID),
    FIELD(configuration, default_conversation_role_sid,         SID),
    FIELD(configuration, default_chat_service_role_sid,         SID),
    FIELD(configuration, reachability_enabled,                  BOOL),
};
static const struct kind configuration_shape = { .name = "configuration", .size = sizeof(struct configuration), .fields = ROWS(configuration_fields) };

static const struct field configuration_update_fields[] = {
    FIELD(configuration, default_conversation_creator_role_sid, SID, .prefix = "RL"),
    FIELD(configuration, default_conversation_role_sid,         SID, .prefix = "RL"),
    FIELD(configuration, default_chat_service_role_sid,         SID, .prefix = "RL"),
    FIELD(configuration, reachability_enabled,                  BOOL),
};

static const struct link_row configuration_links[] = {
    { "notifications", "/v1/Services/{chat_service_sid}/Configuration/Notifications" },
    { "webhooks",      "/v1/Services/{chat_service_sid}/Configuration/Webhooks" },
};
/* clang-format on */

static fault_t configuration_find(struct op *op, const char *key, void **row)
{
    (void)key;
    *row = op_find(op, &chat_service_kind, op_path(op, "chat_service_sid"));
    return NULL;
}

static fault_t set_role(struct op *op, struct chat_service *s, const char **member, const char *role_sid,
                        enum role_type type)
{
    fault_t f = role_sid ? chat_role_of(op->tx, s->sid, role_sid, type) : NULL;

    if (role_sid && !f)
        row_set(op->tx, s, member, role_sid);
    return f;
}

static fault_t configuration_update(struct op *op, void *row, const void *was)
{
    const struct configuration *p = op->params;
    struct chat_service *s = row;
    fault_t f = set_role(op, s, &s->default_conversation_creator_role_sid, p->default_conversation_creator_role_sid,
                         ROLE_CONVERSATION);

    (void)was;
    f = f ? f : set_role(op, s, &s->default_conversation_role_sid, p->default_conversation_role_sid, ROLE_CONVERSATION);
    f = f ? f : set_role(op, s, &s->default_chat_service_role_sid, p->default_chat_service_role_sid, ROLE_SERVICE);
    if (op_given(op, "ReachabilityEnabled"))
        s->reachability_enabled = p->reachability_enabled;
    return f;
}

static void configuration_show(struct op *op, const void *row, void *out)
{
    const struct chat_service *s = row;

    (void)op;
    *(struct configuration *)out =
        (struct configuration){ .chat_service_sid = s->sid,
                                .default_conversation_creator_role_sid = s->default_conversation_creator_role_sid,
                                .default_conversation_role_sid = s->default_conversation_role_sid,
                                .default_chat_service_role_sid = s->default_chat_service_role_sid,
                                .reachability_enabled = s->reachability_enabled };
}

const struct resource service_configuration_resource = {
    .product = "conversations",
    .name = "ServiceConfiguration",
    .path = "/v1/Services/{chat_service_sid}/Configuration",
    .verbs = FETCH | UPDATE,
    .kind = &chat_service_kind,
    .shape = &configuration_shape,
    .singleton = true,
    .update_params = PARAMS(configuration, configuration_update_fields),
    .links = ROWS(configuration_links),
    .enter = refuse_tokens,
    .find = configuration_find,
    .update = configuration_update,
    .show = configuration_show,
};
