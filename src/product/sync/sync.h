/* product/sync: Sync's REST API (sync.twilio.com/v1) over the rows of sync/stored.h, and the webhooks of its services. */
#pragma once
#include "rest/resource.h"

extern const struct module sync_product_module;
