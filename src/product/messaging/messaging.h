#pragma once
#include "rest/resource.h"

extern const struct module messaging_module;
