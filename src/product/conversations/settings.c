#include "product/conversations/settings.h"

/* Whoever has an account's credentials sets it up; who has a token of a browser SDK does not. */
fault_t settings_enter(struct op *op)
{
    return op->who.by == BY_TOKEN ? refuse(op, F_CHAT_UNAUTHORIZED, "A token cannot do this: %s", op->res->name) : NULL;
}

static const struct kind *const kinds[] = { &credential_kind, &notifications_kind };

static const struct resource *const resources[] = {
    &configuration_resource, &account_webhooks_resource, &service_webhooks_resource, &service_notifications_resource,
    &address_resource,       &credential_resource,       &scoped_webhook_resource,   &service_scoped_webhook_resource,
    &binding_resource,
};

const struct module settings_module = { .name = "settings", .kinds = ROWS(kinds), .resources = ROWS(resources) };
