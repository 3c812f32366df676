/* simulate: the command that asks whatif/ and prints what it says. */
#pragma once
#include "base/arena.h"

int         simulate(struct arena *a, int argc, char **argv); /* the exit code */
const char *simulate_help(void);
