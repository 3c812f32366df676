/* What the roof knows of interaction. */
#pragma once
#include "rest/resource.h"

extern const struct module interaction_module;
