/* clock: where time comes from.
 *
 * All times are int64_t milliseconds since 1970 (UTC), all durations int64_t milliseconds.  Code
 * asks the clock that it was given, never the system: a test turns its clock, a simulation runs a
 * week in a second.  A real clock never goes backwards within a process.
 * clock_now() may be called from any thread; clock_turn() too. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct clock;

struct clock *clock_real(void);                  /* one for the process */
struct clock *clock_test(int64_t start);         /* stands still until turned; free with clock_free() */
void          clock_free(struct clock *c);       /* a real clock or NULL is a no-op */
bool          clock_is_test(const struct clock *c);
int64_t       clock_now(const struct clock *c);
void          clock_turn(struct clock *c, int64_t by); /* forward only; a test clock only */
int64_t       monotonic_ns(void);                /* for measuring durations, never for deciding */
