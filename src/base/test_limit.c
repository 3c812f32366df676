/* limit: a burst, a refill, forgetting, and a table that is full. */
#include "base/clock.h"
#include "base/limit.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW = 1000000 };

static int setup(void **state)
{
    struct limit *l = calloc(1, sizeof *l);

    assert_non_null(l);
    l->burst = 5;
    l->interval = 30 * SECOND;
    *state = l;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void five_then_one_each_half_minute(void **state)
{
    struct limit *l = *state;

    for (int i = 0; i < 5; i++)
        assert_int_equal(limit_take(l, 1, NOW), 0);
    assert_int_equal(limit_take(l, 1, NOW), 30 * SECOND);
    assert_int_equal(limit_take(l, 1, NOW + 10 * SECOND), 20 * SECOND);
    assert_int_equal(limit_take(l, 1, NOW + 30 * SECOND - 1), 1);
    assert_int_equal(limit_take(l, 1, NOW + 30 * SECOND), 0);
    assert_int_equal(limit_take(l, 1, NOW + 30 * SECOND), 30 * SECOND);
}

static void a_refusal_costs_nothing(void **state)
{
    struct limit *l = *state;

    for (int i = 0; i < 100; i++)
        (void)limit_take(l, 1, NOW);
    assert_int_equal(limit_take(l, 1, NOW + 30 * SECOND), 0);
}

static void a_full_bucket_holds_no_more_than_the_burst(void **state)
{
    struct limit *l = *state;

    assert_int_equal(limit_take(l, 1, NOW), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(limit_take(l, 1, NOW + DAY), 0);
    assert_int_not_equal(limit_take(l, 1, NOW + DAY), 0);
}

static void keys_do_not_disturb_each_other(void **state)
{
    struct limit *l = *state;

    for (int i = 0; i < 6; i++)
        (void)limit_take(l, 1, NOW);
    assert_int_not_equal(limit_take(l, 1, NOW), 0);
    assert_int_equal(limit_take(l, 2, NOW), 0);
    assert_int_equal(limit_take(l, 1 + LIMIT_SETS, NOW), 0); /* in the same set */
}

/* Where a set is full, who has used most stays: many strangers do not free the one who is throttled. */
static void the_nearest_to_full_gives_way(void **state)
{
    struct limit *l = *state;

    for (int i = 0; i < 5; i++)
        assert_int_equal(limit_take(l, 1, NOW), 0);
    for (uint64_t i = 1; i <= (uint64_t)10 * LIMIT_WAYS; i++)
        assert_int_equal(limit_take(l, 1 + i * LIMIT_SETS, NOW), 0);
    assert_int_not_equal(limit_take(l, 1, NOW), 0);
}

static void addresses(void **state)
{
    (void)state;
    assert_true(limit_key("192.0.2.1") == limit_key("192.0.2.1"));
    assert_true(limit_key("192.0.2.1") != limit_key("192.0.2.2"));
    assert_true(limit_key("::ffff:192.0.2.1") == limit_key("192.0.2.1"));
    assert_true(limit_key("2001:db8:1:2::1") == limit_key("2001:0db8:1:2:ffff::9"));
    assert_true(limit_key("2001:db8:1:2::1") != limit_key("2001:db8:1:3::1"));
    assert_true(limit_key("somebody") != limit_key(""));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(five_then_one_each_half_minute),
        TEST(a_refusal_costs_nothing),
        TEST(a_full_bucket_holds_no_more_than_the_burst),
        TEST(keys_do_not_disturb_each_other),
        TEST(the_nearest_to_full_gives_way),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
