/* The module of the engine: its rows; the roof names it before those who add sources. */
#pragma once
#include "rest/resource.h"

extern const struct module sync_module; /* makes site->sync */
