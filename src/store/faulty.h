/* faulty: for tests, a store that fails on demand. */
#pragma once
#include "store/store.h"

/* Lets the n-th statement from now on (1: the next one; BEGIN and COMMIT count) end with DB_FAILED without being run, as a
 * broken disk would; 0: never.  Returns how many were still to come. */
int64_t store_fail_after(struct db *db, int64_t n);
