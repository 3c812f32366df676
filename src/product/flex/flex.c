/* The module: what there is, and how fast strangers may begin. */
#include "product/flex/internal.h"

static const struct resource *const resources[] = {
    &interaction_resource,
    &interaction_channel_resource,
    &interaction_invite_resource,
    &interaction_participant_resource,
    &interaction_transfer_resource,
    &flex_configuration_resource,
    &flex_configuration_update_resource,
    &flex_user_resource,
    &web_chat_resource,
    &flex_flow_resource,
    &flex_channel_resource,
    &web_channel_resource,
};

/* clang-format off */
static const struct endpoint endpoints[] = {
    { .label = "plugboard", .method = "POST", .path = "/v1/Webchats",         .place = ON_LEDGER, .needs = PUBLIC, .any_origin = true, .run = webchat_begin },
    { .label = "plugboard", .method = "POST", .path = "/v1/Webchats/Refresh", .place = ON_LEDGER, .needs = PUBLIC, .any_origin = true, .run = webchat_refresh },
    { .label = "plugboard", .method = "POST", .path = "/v1/Webchats/End",     .place = ON_LEDGER, .needs = PUBLIC, .any_origin = true, .run = webchat_end },
    { .label = "iam",       .method = "POST", .path = TOKEN_VALIDATE_PATH,    .place = ON_READER, .needs = CREDENTIALS, .run = token_validate },
    { .label = "flex-api",  .method = "POST", .path = TOKEN_INFO_PATH,        .place = ON_READER, .needs = CREDENTIALS, .any_origin = true, .run = token_info },
};
/* clang-format on */

static const struct kind *const kinds[] = { &flex_person_kind, &address_configuration_kind };

/* An address: five chats at once, then one in half a minute.  An account: twenty a second, and a burst of six hundred.
 */
static fault_t start(struct site *site, struct arena *a)
{
    struct flex_limits *limits = arena_alloc(a, sizeof *limits);

    limits->peers.burst = 5;
    limits->peers.interval = 30 * SECOND;
    limits->accounts.burst = 600;
    limits->accounts.interval = SECOND / 20;
    site->flex = limits;
    return NULL;
}

const struct module flex_module = {
    .name = "flex",
    .kinds = ROWS(kinds),
    .resources = ROWS(resources),
    .endpoints = ROWS(endpoints),
    .start = start,
};
