#include "interaction/module.h"

#include "interaction/interaction.h"

static fault_t start(struct site *site, struct arena *a)
{
    site->interactions = interactions_new(site->ledger, site->engine, site->chat, a);
    return NULL;
}

static void stop(struct site *site)
{
    interactions_free(site->interactions);
    site->interactions = NULL;
}

/* Parents before children: in this order they are linked again. */
static const struct kind *const kinds[] = { &interaction_kind,          &interaction_channel_kind,
                                            &interaction_invite_kind,   &interaction_participant_kind,
                                            &interaction_transfer_kind, &flex_configuration_kind };

const struct module interaction_module = { .name = "interaction", .kinds = ROWS(kinds), .start = start, .stop = stop };
