#include "ledger/test_toy.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

static fault_t set_alarm(struct tx *tx, void *arg)
{
    struct call *c = arg;

    if (c->n < 0)
        alarm_cancel(tx, "bell", c->a);
    else
        alarm_set(tx, "bell", c->a, 1000000 + c->n);
    assert_true(alarm_due(tx, "bell", c->a) == (c->n < 0 ? NO_VALUE : 1000000 + c->n));
    return c->b ? fault(tx->arena, F_CONFLICT, "no") : NULL;
}

static void set(struct toy *t, const char *subject, int64_t due)
{
    struct call *c = call(t, subject, NULL, NULL);

    c->n = due;
    toy_do(t, set_alarm, c);
}

static void alarms_ring_in_their_order(void **state)
{
    struct toy *t = *state;

    rooms(t);
    set(t, "late", 300);
    set(t, "RM1", 100);
    set(t, "x", 50);
    set(t, "moved", 10);
    set(t, "moved", 200);
    set(t, "never", 60);
    set(t, "never", -1);
    set(t, "never", -1); /* no-op */
    ledger_turn(t->ledger, 40);
    assert_string_equal(t->rung, "");
    ledger_turn(t->ledger, 160);
    assert_string_equal(t->rung, "x@50 RM1@100 moved@200 "); /* each at its own time */
    assert_int_equal(clock_now(t->clock), 1000200);
    assert_int_equal(room(t, "RM1")->seats, 100);
    same_after_reload(t);
    toy_shut(t);
    toy_open(t);
    ledger_turn(t->ledger, 1000);
    assert_string_equal(t->rung, "x@50 RM1@100 moved@200 late@300 ");
}

static void an_alarm_that_sets_itself(void **state)
{
    struct toy *t = *state;

    t->ring_again = 20;
    set(t, "again", 10);
    ledger_turn(t->ledger, 60);
    assert_string_equal(t->rung, "again@10 again@30 again@50 ");
}

static void overdue_after_a_restart(void **state)
{
    struct toy *t = *state;

    set(t, "x", 50);
    toy_shut(t);
    clock_turn(t->clock, 500);
    toy_open(t);
    ledger_turn(t->ledger, 0);
    assert_string_equal(t->rung, "x@500 ");
}

static void an_alarm_whose_work_is_refused_is_dropped(void **state)
{
    struct toy *t = *state;

    toy_do(t, make_room, call(t, "RM9", "taken", NULL));
    set(t, "bad", 10);
    set(t, "good", 10);
    ledger_turn(t->ledger, 10);
    assert_string_equal(t->rung, "bad@10 good@10 ");
    ledger_turn(t->ledger, 10);
    assert_string_equal(t->rung, "bad@10 good@10 ");
    assert_null(strstr(toy_memory(t), "alarm"));
    same_after_reload(t);
}

static fault_t set_real(struct tx *tx, void *arg)
{
    (void)arg;
    alarm_set(tx, "bell", "real", tx->now + 3);
    return NULL;
}

static void a_real_clock_rings_by_itself(void **state)
{
    struct toy *t = *state;

    toy_shut(t);
    clock_free(t->clock);
    t->clock = clock_real();
    t->bells = mailbox_new(0);
    toy_open(t);
    toy_do(t, set_real, NULL);
    assert_non_null(mailbox_take(t->bells, 1, -1));
    toy_memory(t); /* the batch that rang is over */
    mailbox_free(t->bells);
}

static void undone_alarms(void **state)
{
    struct toy *t = *state;
    struct call *c = call(t, "x", "refuse", NULL);

    set(t, "x", 50);
    set(t, "y", 60);
    c->n = 10;
    refused(t, F_CONFLICT, "no", set_alarm, c);
    c->n = -1;
    refused(t, F_CONFLICT, "no", set_alarm, c);
    c->a = "new";
    c->n = 1;
    refused(t, F_CONFLICT, "no", set_alarm, c);
    ledger_turn(t->ledger, 100);
    assert_string_equal(t->rung, "x@50 y@60 ");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, toy_setup, toy_teardown)
    const struct CMUnitTest tests[] = {
        TEST(alarms_ring_in_their_order),   TEST(an_alarm_that_sets_itself),
        TEST(overdue_after_a_restart),      TEST(an_alarm_whose_work_is_refused_is_dropped),
        TEST(a_real_clock_rings_by_itself), TEST(undone_alarms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
