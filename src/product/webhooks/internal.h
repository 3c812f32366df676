/* What the files of product/webhooks share. */
#pragma once
#include "product/webhooks/webhooks.h"

extern const struct resource event_log_resource, dead_letter_resource;
