#include "channel/internal.h"

struct channel *channel_new(struct site *site, struct arena *a)
{
    struct channel *c = arena_alloc(a, sizeof(*c));

    c->site = site;
    outbound_setup(c, a);
    inbound_setup(c, a);
    nonces_setup(c);
    return c;
}

void channel_free(struct channel *c)
{
    map_clear(&c->lanes);
}

static fault_t start(struct site *site, struct arena *a)
{
    site->channel = channel_new(site, a);
    return NULL;
}

static void stop(struct site *site)
{
    if (site->channel)
        channel_free(site->channel);
}

const struct module channel_module = {
    .name = "channel", .kinds = channel_kinds, .nkinds = CHANNEL_KINDS, .start = start, .stop = stop
};
