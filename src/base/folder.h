/* folder: a folder that goes with all that is in it - that of a trial run, of a test.  Links are removed, not followed. */
#pragma once
#include <stdbool.h>

bool folder_remove(const char *path); /* false: some of it is still there */
