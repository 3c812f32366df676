#include "base/clock.h"
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

/* now: the test clock's time, or the latest time that the real clock has told. */
struct clock {
    bool test;
    _Atomic int64_t now;
};

struct clock *clock_real(void)
{
    static struct clock real;

    return &real;
}

struct clock *clock_test(int64_t start)
{
    struct clock *c = malloc(sizeof *c);

    if (!c)
        abort();
    c->test = true;
    atomic_init(&c->now, start);
    return c;
}

void clock_free(struct clock *c)
{
    if (c && c->test)
        free(c);
}

bool clock_is_test(const struct clock *c)
{
    return c->test;
}

/* The machine's time, unless somebody set it back: then the latest that was told, until it has caught up. */
static int64_t real_now(struct clock *c)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    int64_t now = ts.tv_sec * SECOND + ts.tv_nsec / 1000000, told = atomic_load_explicit(&c->now, memory_order_relaxed);
    while (now > told)
        if (atomic_compare_exchange_weak_explicit(&c->now, &told, now, memory_order_relaxed, memory_order_relaxed))
            return now;
    return told;
}

int64_t clock_now(const struct clock *c)
{
    return c->test ? atomic_load((_Atomic int64_t *)&c->now) : real_now((struct clock *)c);
}

void clock_turn(struct clock *c, int64_t by)
{
    assert(c->test && by >= 0);
    atomic_fetch_add(&c->now, by);
}

int64_t monotonic_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * (int64_t)1000000000 + ts.tv_nsec;
}
