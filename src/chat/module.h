/* What the roof knows of chat. */
#pragma once
#include "rest/resource.h"

extern const struct module chat_module;
