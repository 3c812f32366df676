/* Old events go, and nobody counts wrong for it. */
#include "ledger/test_toy.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h> /* after what it needs */

static fault_t tell(struct tx *tx, void *arg)
{
    struct call *c = arg;

    for (int64_t i = 0; i < c->n; i++)
        event_tell(tx, &(struct event){ .type = EV_TASK_CREATED, .account_sid = c->a, .data = "{}" });
    return NULL;
}

static void tell_some(struct toy *t, const char *account, int64_t n)
{
    struct call *c = call(t, account, NULL, NULL);

    c->n = n;
    toy_do(t, tell, c);
}

struct log {
    int64_t n, first, last;
};

static bool count(void *arg, struct columns *c)
{
    *(struct log *)arg = (struct log){ column_int(c, 0), column_int(c, 1), column_int(c, 2) };
    return false;
}

static fault_t look(struct tx *tx, void *arg)
{
    struct call *c = arg;
    struct value account = value_text(c->a);
    struct log *log = (void *)(uintptr_t)c->seen;

    assert_int_equal(db_run(tx->db, "SELECT count(*), min(number), max(number) FROM event WHERE account_sid = ?",
                            &account, 1, count, log),
                     DB_OK);
    c->n = event_first(tx->db, c->a);
    return NULL;
}

/* As many, from number to number; and what a reader is told is the first. */
static void holds(struct toy *t, const char *account, int64_t n, int64_t first, int64_t last)
{
    struct log log = { 0 };
    struct call *c = call(t, account, NULL, NULL);

    c->seen = &log;
    toy_do(t, look, c);
    assert_int_equal(log.n, n);
    assert_int_equal(c->n, first);
    if (n) {
        assert_int_equal(log.first, first);
        assert_int_equal(log.last, last);
    }
}

static void again(struct toy *t)
{
    toy_shut(t);
    toy_open(t);
}

static void keeping(struct toy *t, int64_t kept)
{
    t->events_kept = kept;
    again(t);
}

static void old_ones_go(void **state)
{
    struct toy *t = *state;

    keeping(t, 10 * DAY);
    tell_some(t, "AC1", 3);
    ledger_turn(t->ledger, 5 * DAY);
    tell_some(t, "AC1", 2);
    tell_some(t, "AC2", 1);
    holds(t, "AC1", 5, 1, 5);
    ledger_turn(t->ledger, 5 * DAY + HOUR);
    holds(t, "AC1", 2, 4, 5);
    holds(t, "AC2", 1, 1, 1);
    ledger_turn(t->ledger, DAY);
    holds(t, "AC1", 2, 4, 5);
}

static void numbers_go_on_when_nothing_is_left(void **state)
{
    struct toy *t = *state;

    keeping(t, 10 * DAY);
    tell_some(t, "AC1", 3);
    tell_some(t, "AC2", 1);
    ledger_turn(t->ledger, 11 * DAY);
    holds(t, "AC1", 0, 4, 0);
    holds(t, "AC2", 0, 2, 0);
    tell_some(t, "AC2", 1);
    holds(t, "AC2", 1, 2, 2);
    again(t); /* what was counted in memory is forgotten */
    tell_some(t, "AC1", 2);
    holds(t, "AC1", 2, 4, 5);
    again(t);
    tell_some(t, "AC1", 1);
    holds(t, "AC1", 3, 4, 6);
    ledger_turn(t->ledger, 11 * DAY);
    again(t);
    tell_some(t, "AC1", 1);
    holds(t, "AC1", 1, 7, 7);
}

static void many_go_in_slices(void **state)
{
    struct toy *t = *state;

    keeping(t, 10 * DAY);
    for (int i = 0; i < 25; i++) {
        tell_some(t, "AC1", 100);
        ledger_turn(t->ledger, 1);
    }
    ledger_turn(t->ledger, 10 * DAY + HOUR - 25); /* the hour strikes */
    struct log before = { 0 };
    struct call *c = call(t, "AC1", NULL, NULL);
    c->seen = &before;
    toy_do(t, look, c);
    assert_int_equal(before.n, 1500); /* a slice, and no part of a millisecond */
    assert_int_equal(c->n, 1001);
    ledger_turn(t->ledger, 100);
    holds(t, "AC1", 0, 2501, 0);
}

static void for_ever(void **state)
{
    struct toy *t = *state;

    keeping(t, 10 * DAY);
    tell_some(t, "AC1", 3);
    keeping(t, 0); /* the alarm of before rings in vain */
    ledger_turn(t->ledger, 400 * DAY);
    holds(t, "AC1", 3, 1, 3);
    keeping(t, 10 * DAY);
    ledger_turn(t->ledger, HOUR);
    holds(t, "AC1", 0, 4, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, toy_setup, toy_teardown)
    const struct CMUnitTest tests[] = {
        TEST(old_ones_go),
        TEST(numbers_go_on_when_nothing_is_left),
        TEST(many_go_in_slices),
        TEST(for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
