/* modules: the table of contents of the server. */
#pragma once
#include "rest/resource.h"

extern const struct module *const modules[];          /* NULL-terminated */
extern const struct module *const modules_for_tests[];/* the same, and a clock that can be turned */
