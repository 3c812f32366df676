#include "chat/module.h"

#include "chat/hooks.h"

static fault_t start(struct site *site, struct arena *a)
{
    site->chat = chat_new(site->ledger, NULL, a);
    chat_hooks_add(site->ledger, site->webhooks, a);
    return NULL;
}

const struct module chat_module = { .name = "chat", .kinds = chat_kinds, .nkinds = CHAT_KINDS, .start = start };
