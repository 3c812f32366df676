/* webhooks: what an account was to be told, to read again: its event log from any place on, and the deliveries that were given up. */
#pragma once
#include "rest/resource.h"

extern const struct module webhooks_module;
