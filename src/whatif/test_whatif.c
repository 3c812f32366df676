/* The meter: events in, figures out.  The whole is told by a dialogue, test/simulate.test.mjs. */
#include "whatif/internal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define FLOW "WW00000000000000000000000000000001"

struct world {
    struct arena *arena;
    struct whatif_options o;
    struct map available;
    struct meter *meter;
    struct whatif_result result;
};

static int setup(void **state)
{
    struct arena *a = arena_new();
    struct world *w = arena_alloc(a, sizeof *w);

    w->arena = a;
    w->o = (struct whatif_options){
        .workflow_sid = FLOW, .from = 0, .to = 250 * SECOND, .threshold = 20 * SECOND, .interval = 100 * SECOND
    };
    map_put(&w->available, "WAon", w);
    w->meter = meter_new(a, &w->o, &w->available);
    w->result.nintervals = 3;
    w->result.intervals = arena_alloc(a, 3 * sizeof *w->result.intervals);
    for (size_t i = 0; i < 3; i++)
        w->result.intervals[i].from = (int64_t)i * w->o.interval;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    map_clear(&w->available);
    arena_free(w->arena);
    return 0;
}

static void tell(struct world *w, enum event_type type, int64_t at, const char *facts)
{
    meter_hear(w->meter, type, at * SECOND, json_parse_object(w->arena, facts, strlen(facts), NULL));
}

static void task(struct world *w, int n, int64_t created, int64_t answered)
{
    tell(w, EV_TASK_CREATED, created,
         arena_printf(w->arena, "{\"task_sid\":\"T%d\",\"workflow_sid\":\"" FLOW "\"}", n));
    if (answered >= 0)
        tell(w, EV_RESERVATION_ACCEPTED, answered,
             arena_printf(w->arena, "{\"task_sid\":\"T%d\",\"worker_sid\":\"WK1\"}", n));
}

static void waits_are_ranked(void **state)
{
    struct world *w = *state;
    const struct whatif_figures *f = &w->result.total[WHATIF_REPLAY];

    for (int i = 1; i <= 10; i++) /* waits of 5, 10 … 50 s */
        task(w, i, i, i + 5 * i);
    meter_read(w->meter, WHATIF_REPLAY, &w->result);
    assert_int_equal(f->tasks, 10);
    assert_int_equal(f->answered, 10);
    assert_int_equal(f->within, 4); /* 20 s is within 20 s */
    assert_int_equal(f->avg, 27500);
    assert_int_equal(f->p50, 25000);
    assert_int_equal(f->p90, 45000);
    assert_int_equal(f->max, 50000);
}

static void every_request_has_one_fate(void **state)
{
    struct world *w = *state;
    const struct whatif_figures *f = &w->result.total[WHATIF_HISTORY],
                                *second = &w->result.intervals[1].of[WHATIF_HISTORY];

    task(w, 1, 10, 12);
    task(w, 1, 11, 99); /* told twice: the first counts */
    task(w, 2, 110, -1);
    tell(w, EV_TASK_CANCELED, 130, "{\"task_sid\":\"T2\",\"task_canceled_reason\":\"hung up\"}");
    task(w, 3, 120, -1);
    tell(w, EV_TASK_CANCELED, 140, "{\"task_sid\":\"T3\",\"task_canceled_reason\":\"Task TTL Exceeded\"}");
    task(w, 4, 199, -1);
    task(w, 5, 205, -1);
    tell(w, EV_TASK_DELETED, 206, "{\"task_sid\":\"T5\"}");
    tell(w, EV_TASK_CREATED, 20, "{\"task_sid\":\"T6\",\"workflow_sid\":\"another\"}");
    task(w, 7, 250, -1); /* the end is not part of it */
    meter_read(w->meter, WHATIF_HISTORY, &w->result);
    assert_int_equal(f->tasks, 5);
    assert_int_equal(f->answered, 1);
    assert_int_equal(f->abandoned, 2);
    assert_int_equal(f->canceled, 1);
    assert_int_equal(f->waiting, 1);
    assert_int_equal(second->tasks, 3);
    assert_int_equal(second->abandoned, 1);
    assert_int_equal(second->avg, NO_VALUE);
}

static void time_at_work_is_spread(void **state)
{
    struct world *w = *state;

    meter_worker(w->meter, "WK1", "WAon", 1); /* has one already */
    meter_worker(w->meter, "WK2", "WAoff", 0);
    tell(w, EV_RESERVATION_COMPLETED, 50, "{\"worker_sid\":\"WK1\"}");
    tell(w, EV_RESERVATION_ACCEPTED, 80, "{\"worker_sid\":\"WK1\",\"task_sid\":\"x\"}");
    tell(w, EV_RESERVATION_ACCEPTED, 90, "{\"worker_sid\":\"WK1\",\"task_sid\":\"y\"}"); /* two at a time */
    tell(w, EV_WORKER_ACTIVITY_UPDATE, 95, "{\"worker_sid\":\"WK1\",\"worker_activity_sid\":\"WAoff\"}");
    tell(w, EV_RESERVATION_COMPLETED, 110, "{\"worker_sid\":\"WK1\"}");
    tell(w, EV_RESERVATION_COMPLETED, 120, "{\"worker_sid\":\"WK1\"}");
    tell(w, EV_WORKER_ACTIVITY_UPDATE, 150, "{\"worker_sid\":\"WK2\",\"worker_activity_sid\":\"WAon\"}");
    meter_read(w->meter, WHATIF_HISTORY, &w->result);
    const struct whatif_interval *x = w->result.intervals;
    assert_int_equal(x[0].of[WHATIF_HISTORY].busy, 70 * SECOND);
    assert_int_equal(x[0].of[WHATIF_HISTORY].staffed, 100 * SECOND);
    assert_int_equal(x[1].of[WHATIF_HISTORY].busy, 20 * SECOND);
    assert_int_equal(x[1].of[WHATIF_HISTORY].staffed, 70 * SECOND);
    assert_int_equal(x[2].of[WHATIF_HISTORY].staffed, 50 * SECOND); /* cut at the end */
    assert_int_equal(w->result.total[WHATIF_HISTORY].staffed, 220 * SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(waits_are_ranked, setup, teardown),
        cmocka_unit_test_setup_teardown(every_request_has_one_fate, setup, teardown),
        cmocka_unit_test_setup_teardown(time_at_work_is_spread, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
