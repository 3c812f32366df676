#include "product/messaging/internal.h"
#include "product/messaging/messaging.h"

static const struct resource *const resources[] = { &carrier_resource, &sender_resource, &number_resource,
                                                    &message_2010_resource };

/* clang-format off */
static const struct endpoint endpoints[] = {
    { .label = "carrier", .method = "POST", .path = "/v1/{carrier_sid}/Messages", .place = ON_LEDGER, .needs = OWN_CHECK, .raw_body = true, .run = message_arrives },
    { .label = "carrier", .method = "GET",  .path = "/v1/{carrier_sid}/Messages", .place = ON_LEDGER, .needs = OWN_CHECK, .raw_body = true, .run = message_arrives },
    { .label = "carrier", .method = "POST", .path = "/v1/{carrier_sid}/Status",   .place = ON_LEDGER, .needs = OWN_CHECK, .raw_body = true, .run = report_arrives },
    { .label = "carrier", .method = "GET",  .path = "/v1/{carrier_sid}/Status",   .place = ON_LEDGER, .needs = OWN_CHECK, .raw_body = true, .run = report_arrives },
};
/* clang-format on */

const struct module messaging_module = { .name = "messaging",
                                         .resources = ROWS(resources),
                                         .endpoints = ROWS(endpoints) };
