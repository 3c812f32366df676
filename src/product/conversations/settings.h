/* What is set once for an account or a service: configuration, webhooks, addresses, credentials, push notifications and bindings. */
#pragma once
#include "chat/hooks.h"
#include "rest/resource.h"

extern const struct resource configuration_resource, account_webhooks_resource, service_webhooks_resource,
    service_notifications_resource, address_resource, credential_resource, binding_resource;
extern const struct kind credential_kind, notifications_kind;

/* --- scoped_webhooks.c: below conversations, by both paths */
extern const struct resource scoped_webhook_resource, service_scoped_webhook_resource;

extern const struct module settings_module;
fault_t settings_enter(struct op *op);

/* A webhook's method as callers write it, in any case; false: there is none of that name. */
bool hook_method_read(const char *text, unsigned *method);
