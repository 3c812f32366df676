/* accounts: accounts and subaccounts, their API keys, and the change of an auth token. */
#pragma once
#include "rest/resource.h"

extern const struct module accounts_module;
