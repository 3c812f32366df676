/* Clients that come back, and those who ask for too much. */
#include "live/test_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

/* --- coming back */

struct returning {
    struct view *view;
    fault_t fault;
    int64_t after;
    const char *words;
};

static fault_t come_back(struct tx *tx, void *arg)
{
    struct returning *x = arg;
    struct view *v = x->view;
    struct stage *s = v->s;
    struct text t = { .arena = s->arena };
    struct sync_ask ask = { .arena = tx->arena, .db = tx->db, .tx = tx, .now = tx->now };
    struct sync_items items;
    struct sync_object o;

    ask.viewer = (struct sync_viewer){ ACCOUNT, arena_printf(tx->arena, "%s.insights", s->workspace), "somebody" };
    x->fault = sync_find(s->sync, &ask, SYNC_LIVE_QUERY, v->object, &o);
    if (!x->fault)
        x->fault = sync_replay(s->sync, &ask, &o, x->after, &items);
    for (size_t i = 0; !x->fault && i < items.n; i++) {
        for (size_t w = 0; w < WORKERS; w++)
            if (str_eq(items.rows[i].key, s->workers[w]))
                text_putf(&t, "%c%c ", items.rows[i].removed ? '-' : '+', "ABCD"[w]);
        assert_true(items.rows[i].event_id > x->after);
    }
    x->words = text_str(&t);
    if (x->fault) /* it lives no longer than this command */
        x->fault = fault(s->arena, x->fault->id, "%s", x->fault->message);
    return NULL;
}

static struct returning back(struct view *v, int64_t after)
{
    struct returning x = { .view = v, .after = after };

    must(ledger_do(v->s->ledger, v->s->arena, come_back, &x));
    return x;
}

static fault_t revive(struct tx *tx, void *arg)
{
    struct view *v = arg;

    struct principal who = { .account_sid = ACCOUNT };

    who.insights_service = arena_printf(tx->arena, "%s.insights", v->s->workspace);
    if (v->who.worker_sid) {
        who.worker_sid = v->who.worker_sid;
        who.role = "worker";
    }
    return live_enter(v->s->live, tx, &who, v->object, v->index, v->text);
}

static fault_t unwatch(struct tx *tx, void *arg)
{
    struct view *v = arg;

    query_watched(map_get(&v->s->live->handles, v->object), tx, false);
    return NULL;
}

static void what_was_missed_is_told_again(void **state)
{
    struct stage *s = *state;
    struct view *v = view(s, "tr-worker", "data.activity_name == \"Available\"");
    int64_t first = v->last_event_id;

    act(s, go, 0, "Available");
    settle(s);
    act(s, go, 1, "Available");
    settle(s);
    int64_t second = v->last_event_id;
    act(s, go, 0, "Break");
    settle(s);
    assert_string_equal(back(v, first).words, "+B -A ");
    assert_string_equal(back(v, second).words, "-A ");
    assert_string_equal(back(v, v->last_event_id).words, "");
    assert_int_equal(back(v, first - 1).fault->id, F_GONE); /* from before the query */
}

static void an_unwatched_query_is_forgotten_and_revived(void **state)
{
    struct stage *s = *state;
    struct view *v = view(s, "tr-worker", "data.activity_name == \"Available\"");
    int64_t known = v->last_event_id;

    act(s, go, 0, "Available");
    settle(s);
    must(ledger_do(s->ledger, s->arena, unwatch, v));
    ledger_turn(s->ledger, LIVE_GRACE - 1);
    view(s, "tr-queue", "data.queue_name != \"\"");
    assert_string_equal(back(v, known).words, "+A ");
    ledger_turn(s->ledger, 1);
    view(s, "tr-queue", "data.queue_name != \"x\"");
    assert_int_equal(back(v, known).fault->status, 404);
    assert_int_equal(live_count(s->live).pools, 1);
    must(ledger_do(s->ledger, s->arena, revive, v));
    assert_int_equal(back(v, known).fault->id, F_GONE); /* so its client gets all of it */
    must(ledger_do(s->ledger, s->arena, revive, v));    /* it is there now */
}

static void what_others_see_is_not_there(void **state)
{
    struct stage *s = *state;
    struct view *all = view(s, "tr-reservation", "data.worker_sid != \"\"");
    struct view *agent = open_as(s, s->workers[0], "tr-reservation", "data.worker_sid != \"\"");
    const char *own = agent->object;

    must(ledger_do(s->ledger, s->arena, revive, agent));
    agent->object = all->object;
    assert_int_equal(ledger_do(s->ledger, s->arena, revive, agent)->status, 404);
    agent->who.worker_sid = s->workers[1];
    agent->object = own;
    assert_int_equal(ledger_do(s->ledger, s->arena, revive, agent)->status, 404);
}

static void lost_results_are_remembered_for_so_long(void **state)
{
    struct stage *s = *state;
    struct view *v = view(s, "tr-task", "data.attributes.type == \"y\"");
    int64_t known = v->last_event_id;

    for (size_t i = 0; i < LIVE_REMOVED_MAX + 2; i++) {
        act(s, make_task, 0, "{\"type\":\"y\"}");
        if (i == 0) {
            settle(s);
            known = v->last_event_id;
        }
    }
    settle(s);
    assert_int_equal(v->items.n, LIVE_REMOVED_MAX + 2);
    ledger_turn(s->ledger, 86400 * SECOND); /* their time is over */
    settle(s);
    assert_int_equal(v->items.n, 0);
    assert_int_equal(back(v, known).fault->id, F_GONE);
    assert_null(back(v, v->last_event_id - 10).fault);
}

/* --- limits and refusals */

static fault_t refused_query(struct stage *s, const char *index, const char *text)
{
    struct view v = { .s = s, .index = index, .text = text, .who = { ACCOUNT, s->workspace, NULL } };
    fault_t f = ledger_do(s->ledger, s->arena, open_view, &v);

    map_clear(&v.items);
    return f;
}

static char *times(struct arena *a, size_t n, const char *what, const char *joint)
{
    struct text t = { .arena = a };

    for (size_t i = 0; i < n; i++)
        text_putf(&t, "%s%s", i ? joint : "", what);
    return t.s;
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct stage *s = *state;
    struct arena *a = s->arena;

    assert_int_equal(refused_query(s, "tr-nothing", "data.x == \"1\"")->code, 54502);
    assert_int_equal(refused_query(s, "tr-worker", "")->code, 54507);
    assert_int_equal(refused_query(s, "tr-worker", "  ")->code, 54507);
    assert_int_equal(refused_query(s, "tr-worker", "data.x ==")->code, 54507);
    assert_int_equal(refused_query(s, "tr-worker", "data.x LIKE \"y\"")->code, 54507);
    assert_int_equal(refused_query(s, "tr-worker", times(a, LIVE_QUERY_MAX + 1, " ", ""))->code, 54507);
    assert_null(refused_query(s, "tr-worker", times(a, 15, "data.x == \"1\"", " AND "))); /* 29 operators */
    assert_int_equal(refused_query(s, "tr-worker", times(a, 16, "data.x == \"1\"", " AND "))->code, 54509);
    assert_null(refused_query(s, "tr-worker", arena_printf(a, "data.x IN [%s]", times(a, 29, "\"1\"", ","))));
    assert_int_equal(refused_query(s, "tr-worker", arena_printf(a, "data.x IN [%s]", times(a, 30, "\"1\"", ",")))->code,
                     54510);
    assert_null(refused_query(
        s, "tr-worker", "data.worker_sid == \"WK00000000000000000000000000000001\"")); /* nobody: an empty result */
}

static void there_are_so_many_queries(void **state)
{
    struct stage *s = *state;
    fault_t f = NULL;

    for (size_t i = 0; i < LIVE_UNPINNED_MAX + 5 && !f; i++)
        f = refused_query(s, "tr-worker", arena_printf(s->arena, "data.friendly_name != \"%zu\"", i));
    assert_int_equal(f->id, F_RATE_LIMIT);
    assert_int_equal(live_count(s->live).queries, LIVE_UNPINNED_MAX);
    assert_null(refused_query(s, "tr-worker", "data.friendly_name == \"Ann\"")); /* these are another matter */
}

int main(void)
{
#define STORY(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(what_was_missed_is_told_again),  STORY(an_unwatched_query_is_forgotten_and_revived),
        STORY(what_others_see_is_not_there),   STORY(lost_results_are_remembered_for_so_long),
        STORY(what_makes_no_sense_is_refused), STORY(there_are_so_many_queries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
