/* limit: how often, a key at a time, in memory of a fixed size.
 *
 * A bucket of `burst` tokens that gains one each `interval`, kept as one number: the time at which it will be full again.  A
 * bucket lives in one of LIMIT_WAYS places that its (keyed) hash names; where all are taken the one that is nearest to full,
 * which has least to remember, gives way.  Zeroed memory with burst and interval set is ready for use. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { LIMIT_SETS = 512, LIMIT_WAYS = 8 };

struct bucket { uint64_t key; int64_t full_at; };
struct limit { int64_t interval, burst; struct bucket buckets[LIMIT_SETS][LIMIT_WAYS]; };

/* Takes a token; 0: it was there; else how many ms it takes until there is one. */
int64_t limit_take(struct limit *l, uint64_t key, int64_t now);
/* Of a client's address as text.  Who has an IPv6 address has at least all of a /64, so that counts as one. */
uint64_t limit_key(const char *address);
