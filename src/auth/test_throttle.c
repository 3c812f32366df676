#include "auth/internal.h"
#include "base/text.h"
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct bench {
    struct clock *clock;
    struct throttle *t;
};

static int set_up(void **state)
{
    static struct bench b;

    b.clock = clock_test(1000000);
    b.t = throttle_new(b.clock);
    *state = &b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    throttle_free(b->t);
    clock_free(b->clock);
    return 0;
}

static void fail_times(struct bench *b, const char *name, const char *peer, int n)
{
    for (int i = 0; i < n; i++) {
        assert_int_equal(throttle_enter(b->t, name, peer), 0);
        throttle_result(b->t, name, peer, false);
    }
}

static void five_failures_lock_and_each_further_one_doubles(void **state)
{
    struct bench *b = *state;
    int64_t expected = 15 * SECOND;

    fail_times(b, "ada", "10.0.0.1", 5);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(throttle_enter(b->t, "ada", "10.0.0.1"), expected);
        clock_turn(b->clock, expected - 1);
        assert_int_equal(throttle_enter(b->t, "ada", "10.0.0.1"), 1);
        clock_turn(b->clock, 1);
        fail_times(b, "ada", "10.0.0.1", 1);
        expected = expected * 2 < 15 * MINUTE ? expected * 2 : 15 * MINUTE;
    }
    assert_int_equal(expected, 15 * MINUTE);
}

static void other_names_and_addresses_go_on(void **state)
{
    struct bench *b = *state;

    fail_times(b, "ada", "10.0.0.1", 5);
    assert_int_equal(throttle_enter(b->t, "bob", "10.0.0.1"), 0);
    assert_int_equal(throttle_enter(b->t, "ada", "10.0.0.2"), 0);
    assert_true(throttle_enter(b->t, "ADA", "10.0.0.1") > 0); /* the same person */
}

static void a_good_log_in_clears(void **state)
{
    struct bench *b = *state;

    for (int round = 0; round < 30; round++) {
        fail_times(b, "ada", "10.0.0.1", 2);
        assert_int_equal(throttle_enter(b->t, "ada", "10.0.0.1"), 0);
        throttle_result(b->t, "ada", "10.0.0.1", true);
        clock_turn(b->clock, 10 * MINUTE);
        if (round == 19) /* the address remembers its failures */
            clock_turn(b->clock, HOUR);
    }
}

static void attempts_under_way_count(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < 5; i++)
        assert_int_equal(throttle_enter(b->t, "ada", "10.0.0.1"), 0);
    assert_true(throttle_enter(b->t, "ada", "10.0.0.1") > 0);
}

static void one_name_from_many_addresses_locks_in_the_end(void **state)
{
    struct bench *b = *state;
    char peer[32];
    int allowed = 0;

    for (int i = 0; i < 100; i++) {
        snprintf(peer, sizeof peer, "10.0.1.%d", i);
        allowed += throttle_enter(b->t, "ada", peer) == 0;
    }
    assert_int_equal(allowed, 20);
}

static void one_address_with_many_names_locks_in_the_end(void **state)
{
    struct bench *b = *state;
    char name[32];
    int allowed = 0;

    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "user%d", i);
        allowed += throttle_enter(b->t, name, "10.0.0.1") == 0;
    }
    assert_int_equal(allowed, 60);
}

static void half_an_hour_forgets(void **state)
{
    struct bench *b = *state;

    fail_times(b, "ada", "10.0.0.1", 4);
    clock_turn(b->clock, 30 * MINUTE + 1);
    fail_times(b, "ada", "10.0.0.1", 4);
    assert_int_equal(throttle_enter(b->t, "ada", "10.0.0.1"), 0);
}

/* A flood of names takes the places of the stalest, and nothing grows or breaks. */
static void a_flood_only_evicts(void **state)
{
    struct bench *b = *state;
    char name[32], peer[32];

    for (int i = 0; i < 50000; i++) {
        snprintf(name, sizeof name, "u%d", i);
        snprintf(peer, sizeof peer, "p%d", i);
        throttle_enter(b->t, name, peer);
        clock_turn(b->clock, 1);
    }
    fail_times(b, "ada", "10.0.0.1", 5);
    assert_true(throttle_enter(b->t, "ada", "10.0.0.1") > 0);
}

static void the_fault_tells_how_long(void **state)
{
    struct bench *b = *state;
    _arena_ struct arena *a = arena_new();
    struct auth *auth = auth_new(NULL, b->clock);
    fault_t f;

    for (int i = 0; i < 5; i++)
        assert_null(login_allowed(auth, a, "ada", "::1"));
    f = login_allowed(auth, a, "ada", "::1");
    assert_non_null(f);
    assert_int_equal(f->status, 429);
    assert_non_null(strstr(f->message, "15 seconds"));
    login_result(auth, "ada", "::1", true);
    assert_null(login_allowed(auth, a, "ada", "::1"));
    auth_free(auth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(five_failures_lock_and_each_further_one_doubles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_names_and_addresses_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_good_log_in_clears, set_up, tear_down),
        cmocka_unit_test_setup_teardown(attempts_under_way_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_name_from_many_addresses_locks_in_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_address_with_many_names_locks_in_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(half_an_hour_forgets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flood_only_evicts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_fault_tells_how_long, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
