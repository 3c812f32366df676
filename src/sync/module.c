#include "sync/module.h"

#include "sync/stored.h"

static fault_t start(struct site *site, struct arena *a)
{
    site->sync = sync_new(site->ledger, a);
    return NULL;
}

const struct module sync_module = { .name = "sync", .kinds = sync_kinds, .nkinds = SYNC_KINDS, .start = start };
