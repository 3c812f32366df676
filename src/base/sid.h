/* sid: the names of things.  Two letters say the kind ("WT" a task), 11 hex digits the creation
 * time in milliseconds, 21 are random; the whole matches ^[A-Z]{2}[0-9a-f]{32}$.
 *
 * SIDs from one source are strictly increasing, so sorting by SID is sorting by creation, lists
 * page by it, and the store's b-trees grow at their end.  Within a millisecond the random part
 * grows by a random step.  A sid_source belongs to one thread. */
#pragma once
#include "base/clock.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SID_LENGTH = 34, SID_SIZE = SID_LENGTH + 1 };

struct sid_source {
    const struct clock *clock;
    uint64_t            last_ms;
    unsigned __int128   last;
    unsigned char       pool[512]; /* random bytes, fetched many at a time */
    size_t              left;      /* of the pool */
};

void sid_make(struct sid_source *s, const char prefix[static 2], char out[static SID_SIZE]);
bool sid_valid(const char *s, const char *prefix); /* prefix NULL: any two capital letters; hex of either case */
void random_bytes(void *p, size_t n);              /* from the kernel; never fails */
void random_hex(char *out, size_t digits);         /* digits + NUL */
