/* Queries and figures, by doing things to the engine and looking at what is told: a client's copy, made of the first
 * answer and of the differences since, must at every moment be what the same question answers anew. */
#include "live/test_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

/* --- stories */

static void a_worker_comes_changes_and_goes(void **state)
{
    struct stage *s = *state;
    struct view *v = view(s, "tr-worker", "data.activity_name == \"Available\"");

    assert_string_equal(keys(v), "");
    act(s, go, 0, "Available");
    settle(s);
    assert_string_equal(keys(v), "A");
    act(s, learn, 0, "{\"full_name\":\"Ann Jones\"}");
    compare_all(s);
    assert_int_equal(v->updates, 2);
    act(s, learn, 1, "{\"full_name\":\"Bob Jones\"}"); /* whom nobody looks at */
    act(s, go, 0, "Break");
    compare_all(s);
    assert_string_equal(keys(v), "");
    assert_int_equal(v->updates, 2);
    assert_int_equal(v->removals, 1);
}

static void many_changes_are_one_difference(void **state)
{
    struct stage *s = *state;
    struct view *v = view(s, "tr-worker", arena_printf(s->arena, "data.worker_sid == \"%s\"", s->workers[0]));

    assert_string_equal(keys(v), "A");
    act(s, go, 0, "Available");
    act(s, go, 0, "Offline");
    act(s, go, 0, "Break");
    settle(s);
    size_t few = v->updates;
    assert_true(few >= 1 && few <= 3); /* a slow machine may have looked in between */
    compare_all(s);
}

static void membership_is_a_field(void **state)
{
    struct stage *s = *state;
    struct view *v = view(s, "tr-worker", arena_printf(s->arena, "data.queue_sids IN [\"%s\"]", s->queues[1]));

    assert_string_equal(keys(v), "");
    view(s, "tr-worker", arena_printf(s->arena, "data.queue_sids IN [\"%s\",\"%s\"]", s->queues[0], s->queues[1]));
    act(s, learn, 2, "{\"skills\":[\"french\"]}");
    compare_all(s);
    assert_string_equal(keys(v), "C");
    act(s, retarget, 1, "friendly_name == 'Dee'");
    compare_all(s);
    assert_string_equal(keys(v), "D");
}

static void a_search_looks_into_attributes(void **state)
{
    struct stage *s = *state;
    struct view *v =
        view(s, "tr-worker", "(data.attributes.full_name CONTAINS \"Smith\") AND data.friendly_name != \"Bob\"");

    assert_string_equal(keys(v), "ACD");
    act(s, learn, 3, "{\"full_name\":\"Dee Brown\"}");
    compare_all(s);
    assert_string_equal(keys(v), "AC");
    struct view *own = view(s, "tr-worker", "skills HAS 'french' OR friendly_name == 'Bob'"); /* as a queue says it */
    assert_string_equal(keys(own), "B");
}

static void agents_see_their_own_work(void **state)
{
    struct stage *s = *state;
    struct view *mine = open_as(s, s->workers[0], "tr-reservation", "data.worker_sid != \"\"");
    struct view *his = open_as(s, s->workers[1], "tr-reservation", "data.worker_sid != \"\"");
    struct view *all = view(s, "tr-reservation", "data.worker_sid != \"\"");
    struct view *waiting = view(s, "tr-task", "data.status == \"pending\" AND data.reservation_sid == null");

    act(s, make_task, 0, "{\"type\":\"x\"}");
    settle(s);
    assert_int_equal(waiting->items.n, 1);
    act(s, go, 0, "Available");
    compare_all(s);
    assert_int_equal(mine->items.n, 1);
    assert_int_equal(his->items.n, 0);
    assert_int_equal(all->items.n, 1);
    assert_int_equal(waiting->items.n, 0);
    act(s, go_on, 0, NULL);
    act(s, go_on, 0, NULL);
    compare_all(s);
    struct held_item *i;
    for (size_t at = 0; (i = map_next(&mine->items, &at));)
        assert_non_null(strstr(i->data, "\"status\":\"wrapup\""));
    act(s, go_on, 0, NULL);
    compare_all(s);
    assert_int_equal(mine->items.n, 0);
}

static void queues_are_renamed(void **state)
{
    struct stage *s = *state;
    struct view *queues = view(s, "tr-queue", "data.queue_name CONTAINS \"e\"");
    struct view *tasks = view(s, "tr-task", "data.queue_name == \"Everybody\"");

    act(s, make_task, 0, "{}");
    assert_int_equal(queues->items.n, 2);
    act(s, rename_queue, 0, "Everybody");
    compare_all(s);
    assert_int_equal(tasks->items.n, 1);
    act(s, rename_queue, 1, "Italian");
    compare_all(s);
    assert_int_equal(queues->items.n, 1);
}

struct opening {
    struct view *view;
    struct live_search *search;
    bool done;
};

static fault_t open_some(struct tx *tx, void *arg)
{
    struct opening *o = arg;
    struct view *v = o->view;
    struct live_result r;

    if (!o->search)
        must(live_search(v->s->live, tx, &v->who, v->index, v->text, true, &o->search));
    must(live_search_on(o->search, tx, &r, &o->done));
    return o->done ? view_opened(tx, v, &r) : NULL;
}

/* What changes while a large view is put together is in it as it is at last. */
static void a_large_view_opens_in_slices(void **state)
{
    struct stage *s = *state;
    struct opening o = { .view = &s->views[s->nviews++] };
    size_t steps = 0;

    *o.view = (struct view){ .s = s, .index = "tr-task", .text = "data.attributes.n != \"2\"" };
    o.view->who = (struct live_viewer){ ACCOUNT, s->workspace, NULL };
    for (size_t i = 0; i < 2 * LIVE_SLICE + 10; i++)
        act(s, make_task, 0, "{\"n\":1}");
    for (; !o.done; steps++) {
        must(ledger_do(s->ledger, s->arena, open_some, &o));
        if (o.done)
            break;
        act(s, cancel, steps, NULL); /* seen already, or not yet */
        act(s, alter_task, 100 + steps, "{\"n\":2}");
        act(s, alter_task, 200 + steps, "{\"n\":3}");
        act(s, make_task, 0, "{\"n\":4}");
        settle(s);
    }
    assert_int_equal(steps, 2);
    compare_all(s);
    act(s, alter_task, 200, "{\"n\":2}");
    compare_all(s);
}

static uint32_t next(uint32_t *seed)
{
    return (*seed = *seed * 1664525 + 1013904223) >> 8;
}

static void open_a_few(struct stage *s)
{
    view(s, "tr-worker", "data.activity_name != \"Offline\"");
    view(s, "tr-worker", "data.activity_name != \"Offline\""); /* two clients, one query */
    view(s, "tr-worker", arena_printf(s->arena, "data.worker_sid IN [\"%s\",\"%s\"]", s->workers[0], s->workers[2]));
    view(s, "tr-worker", "data.attributes.skills == \"french\" OR data.friendly_name == \"Bob\"");
    view(s, "tr-worker", arena_printf(s->arena, "data.queue_sids IN [\"%s\"]", s->queues[1]));
    view(s, "tr-reservation", "data.status != \"pending\"");
    view(s, "tr-reservation", arena_printf(s->arena, "data.worker_sid == \"%s\"", s->workers[1]));
    view(s, "tr-task", "data.task_sid != \"\"");
    view(s, "tr-task", "data.attributes.lang == \"fr\"");
    view(s, "tr-queue", "data.queue_name != \"x\"");
}

/* Refused commands, reloads, several changes between two looks: the copies are right after each. */
static void what_is_told_adds_up(void **state)
{
    static const struct {
        fault_t (*what)(struct tx *, void *);
        size_t whose;
        const char *words[3];
    } deeds[] = {
        { go, WORKERS, { "Available", "Break", "Offline" } },
        { go, WORKERS, { "Available", "Available", "Break" } },
        { learn, WORKERS, { "{\"skills\":[\"french\"]}", "{\"skills\":[]}", "{\"skills\":[\"french\",\"x\"]}" } },
        { make_task, 1, { "{\"lang\":\"fr\"}", "{}", "{\"lang\":\"en\"}" } },
        { go_on, WORKERS, { "", "", "" } },
        { go_on, WORKERS, { "", "", "" } },
        { alter_task, TASKS, { "{\"lang\":\"fr\",\"n\":1}", "{\"n\":2}", "{\"lang\":\"en\"}" } },
        { cancel, TASKS, { "", "", "" } },
        { rename_queue, 2, { "Blue", "Red", "Green" } },
        { retarget, 1, { "1==1", "skills HAS 'x'", "activity_name == 'Break'" } },
    };
    struct stage *s = *state;
    uint32_t seed = 11;
    size_t updates = 0, removals = 0;

    open_a_few(s);
    for (int round = 0; round < 200; round++) {
        for (uint32_t n = next(&seed) % 3 + 1; n; n--) {
            size_t i = next(&seed) % (sizeof deeds / sizeof *deeds);
            struct doing d = { s, next(&seed) % deeds[i].whose, deeds[i].words[next(&seed) % 3], NULL };
            if (deeds[i].what == rename_queue)
                d.what = arena_printf(s->arena, "%s %zu", d.what, d.who);
            if (next(&seed) % 4 == 0)
                d.refuse = fault(s->arena, F_CONFLICT, "changed my mind");
            fault_t f = ledger_do(s->ledger, s->arena, deeds[i].what, &d);
            assert_ptr_equal(f, d.refuse);
        }
        if (round % 50 == 49)
            ledger_reload(s->ledger);
        ledger_turn(s->ledger, next(&seed) % 1500);
        compare_all(s);
    }
    for (size_t i = 0; i < s->nviews; i++) {
        updates += s->views[i].updates;
        removals += s->views[i].removals;
    }
    assert_true(updates > 300 && removals > 60); /* or nothing was tried */
    act(s, go, 1, "Offline");
    for (int i = 0; i < 20; i++)
        act(s, go_on, 1, NULL); /* until nothing is left */
    act(s, remove_worker, 1, NULL);
    compare_all(s);
}

int main(void)
{
#define STORY(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_worker_comes_changes_and_goes), STORY(many_changes_are_one_difference),
        STORY(membership_is_a_field),           STORY(a_search_looks_into_attributes),
        STORY(agents_see_their_own_work),       STORY(queues_are_renamed),
        STORY(a_large_view_opens_in_slices),    STORY(what_is_told_adds_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
