/* The figures of queues and workspaces, as maps. */
#include "live/test_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

/* --- figures */

struct asked {
    struct stage *s;
    const char *name, *key, *data;
    fault_t fault;
    struct sync_object object;
    int64_t added_id;
    bool watch;
    size_t n;
};

static fault_t ask_map(struct tx *tx, void *arg)
{
    struct asked *x = arg;
    struct stage *s = x->s;
    struct sync_ask ask = { .arena = s->arena, .db = tx->db, .tx = tx, .now = tx->now };
    struct sync_page page = { .key = x->key, .index = NO_VALUE, .size = 10 };
    struct sync_items items;

    ask.viewer = (struct sync_viewer){ ACCOUNT, arena_printf(s->arena, "%s.insights", s->workspace), "somebody" };
    x->fault = sync_find(s->sync, &ask, SYNC_MAP, x->name, &x->object);
    if (x->fault)
        return NULL;
    must(sync_items(s->sync, &ask, &x->object, &page, &items));
    x->n = items.n;
    x->added_id = items.n ? items.rows[0].added_id : NO_VALUE;
    x->data = items.n ? arena_strdup(s->arena, items.rows[0].data) : NULL;
    if (x->watch)
        sync_watched(s->sync, tx, &x->object, true);
    return NULL;
}

static struct asked figure(struct stage *s, const char *name, const char *key, bool watch)
{
    struct asked x = { .s = s, .name = name, .key = key, .watch = watch };

    must(ledger_do(s->ledger, s->arena, ask_map, &x));
    return x;
}

static void queues_have_figures(void **state)
{
    struct stage *s = *state;
    const char *name = arena_printf(s->arena, "%s.realtime_statistics.v1", s->queues[0]);
    struct asked x = figure(s, name, NULL, true);

    assert_null(x.fault);
    assert_int_equal(x.n, 4);
    int64_t made = x.object.last_event_id;
    act(s, make_task, 0, "{}");
    settle(s);
    assert_string_equal(s->told, "tasks_now ");
    x = figure(s, x.object.sid, "tasks_now", false); /* by its sid, too */
    assert_true(x.added_id <= made);                 /* a client who was late hears of an update, not of a new item */
    assert_non_null(strstr(x.data, "\"queue\":{\"pending_tasks\":1,\"reserved_tasks\":0,"));
    assert_non_null(strstr(x.data, arena_printf(s->arena,
                                                "\"longest_task_waiting_sid\":\"%s\","
                                                "\"longest_task_waiting_from\":\"2026-01-01T00:00:00Z\"",
                                                s->tasks[0])));
    s->told = "";
    act(s, learn, 0, "{}"); /* nothing to do with it */
    act(s, go, 0, "Available");
    settle(s);
    assert_string_equal(s->told, "tasks_now worker_activities_statistics ");
    x = figure(s, name, "worker_activities_statistics", false);
    assert_non_null(strstr(x.data, "\"total_available_workers\":1,\"total_eligible_workers\":4"));
}

static void windows_follow_the_clock(void **state)
{
    struct stage *s = *state;
    const char *name = arena_printf(s->arena, "%s.realtime_statistics.v1", s->queues[0]);
    static const char seven[] = "\"queue\":{\"handled_tasks_count\":7", none[] = "\"queue\":{\"handled_tasks_count\":0";

    s->accepted = 7;
    figure(s, name, NULL, true);
    (void)seven;
    ledger_turn(s->ledger, 29 * MINUTE);
    settle(s);
    /* the channel of the seven is gone; their sum is the queue's all the same */
    assert_non_null(strstr(figure(s, name, "tasks_thirty_minutes", false).data, seven));
    ledger_turn(s->ledger, MINUTE);
    settle(s);
    assert_non_null(strstr(figure(s, name, "tasks_thirty_minutes", false).data, none));
    assert_non_null(strstr(figure(s, name, "tasks_today", false).data, seven));
    ledger_turn(s->ledger, DAY);
    settle(s);
    assert_non_null(strstr(figure(s, name, "tasks_today", false).data, none));
}

static void a_workspace_has_one_item(void **state)
{
    struct stage *s = *state;
    struct asked x = figure(s, "realtime_statistics_v1", NULL, true);

    assert_int_equal(x.n, 1);
    assert_non_null(strstr(x.data, "\"total_workers\":4"));
    assert_int_equal(figure(s, "WQ00000000000000000000000000000001.realtime_statistics.v1", NULL, false).fault->code,
                     54200);
    assert_int_equal(figure(s, "MP00000000000000000000000000000001", NULL, false).fault->code, 54200);
    assert_int_equal(live_count(s->live).maps, 1);
}

int main(void)
{
#define STORY(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(queues_have_figures),
        STORY(windows_follow_the_clock),
        STORY(a_workspace_has_one_item),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
