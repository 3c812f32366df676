/* What is counted, by telling small stories to the engine and asking what is left of them. */
#include "base/folder.h"
#include "measure/internal.h"
#include "routing/kinds.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

#define ACCOUNT "AC00000000000000000000000000000001"
static const int64_t start = 1767225600000; /* 2026-01-01T00:00:00Z */

struct stage {
    struct arena *arena;
    struct clock *clock;
    struct store *store;
    struct ledger *ledger;
    struct routing *engine;
    struct measure *measure;
    char folder[32];
    const char *workspace, *queue, *workflow, *worker, *task;
    fault_t refuse; /* with what the next command ends */
};

static const char *activity(struct stage *s, struct tx *tx, const char *name)
{
    struct activity *a;

    for (size_t i = 0; (a = row_each(tx, &activity_kind, &i));)
        if (str_eq(a->friendly_name, name))
            return arena_strdup(s->arena, a->sid);
    abort();
}

struct named {
    struct stage *s;
    const char *name, *sid;
};

static fault_t find_activity(struct tx *tx, void *arg)
{
    struct named *n = arg;

    n->sid = activity(n->s, tx, n->name);
    return NULL;
}

static void must(fault_t f)
{
    if (f) {
        fprintf(stderr, "%s\n", f->message);
        abort();
    }
}

static fault_t furnish(struct tx *tx, void *arg)
{
    static const char *const names[] = { "Offline", "Available", "Break", NULL };
    struct stage *s = arg;
    struct workspace *ws = row_new(tx, &workspace_kind, NULL);

    row_set(tx, ws, &ws->account_sid, ACCOUNT);
    row_set(tx, ws, &ws->friendly_name, "Stage");
    ws->multi_task_enabled = true;
    must(workspace_created(s->engine, tx, ws, false, names));
    struct task_queue *q = row_new(tx, &task_queue_kind, NULL);
    row_set(tx, q, &q->account_sid, ACCOUNT);
    row_set(tx, q, &q->workspace_sid, ws->sid);
    row_set(tx, q, &q->friendly_name, "Queue");
    row_set(tx, q, &q->target_workers, "1==1");
    q->max_reserved_workers = 1;
    must(task_queue_created(s->engine, tx, q));
    struct workflow *f = row_new(tx, &workflow_kind, NULL);
    row_set(tx, f, &f->account_sid, ACCOUNT);
    row_set(tx, f, &f->workspace_sid, ws->sid);
    row_set(tx, f, &f->friendly_name, "Flow");
    row_set(
        tx, f, &f->configuration,
        arena_printf(tx->arena, "{\"task_routing\":{\"filters\":[],\"default_filter\":{\"queue\":\"%s\"}}}", q->sid));
    f->task_reservation_timeout = 3600;
    must(workflow_created(s->engine, tx, f));
    struct worker *w = row_new(tx, &worker_kind, NULL);
    row_set(tx, w, &w->account_sid, ACCOUNT);
    row_set(tx, w, &w->workspace_sid, ws->sid);
    row_set(tx, w, &w->friendly_name, "Ann");
    must(worker_created(s->engine, tx, w));
    s->workspace = arena_strdup(s->arena, ws->sid);
    s->queue = arena_strdup(s->arena, q->sid);
    s->workflow = arena_strdup(s->arena, f->sid);
    s->worker = arena_strdup(s->arena, w->sid);
    return NULL;
}

static int set_up(void **state)
{
    const struct kind *kinds[ROUTING_KINDS + MEASURE_KINDS];
    struct arena *a = arena_new();
    struct stage *s = arena_alloc(a, sizeof *s);
    const char *why = NULL;

    *s = (struct stage){ .arena = a, .clock = clock_test(start), .folder = "/tmp/measure-XXXXXX" };
    assert_non_null(mkdtemp(s->folder));
    memcpy(kinds, routing_kinds, sizeof routing_kinds);
    memcpy(kinds + ROUTING_KINDS, measure_kinds, sizeof measure_kinds);
    s->store = store_open(a, s->folder, &why);
    assert_non_null(s->store);
    s->ledger =
        ledger_new(a, &(struct ledger_config){ s->store, s->clock, kinds, ROUTING_KINDS + MEASURE_KINDS }, &why);
    assert_non_null(s->ledger);
    s->engine = routing_new(s->ledger);
    s->measure = measure_new(s->ledger, s->engine);
    assert_true(ledger_start(s->ledger, a, &why));
    must(ledger_do(s->ledger, a, furnish, s));
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *s = *state;

    ledger_stop(s->ledger);
    routing_free(s->engine);
    measure_free(s->measure);
    ledger_free(s->ledger);
    store_close(s->store);
    clock_free(s->clock);
    folder_remove(s->folder);
    arena_free(s->arena);
    return 0;
}

/* --- what people do */

static fault_t make_task(struct tx *tx, void *arg)
{
    struct stage *s = arg;
    struct task *t = row_new(tx, &task_kind, NULL);

    row_set(tx, t, &t->account_sid, ACCOUNT);
    row_set(tx, t, &t->workspace_sid, s->workspace);
    row_set(tx, t, &t->workflow_sid, s->workflow);
    t->timeout = 86400;
    t->virtual_start_time = NO_VALUE;
    s->task = arena_strdup(s->arena, t->sid);
    must(task_created(s->engine, tx, t));
    return s->refuse;
}

struct go {
    struct stage *s;
    const char *activity;
};

static fault_t change_activity(struct tx *tx, void *arg)
{
    struct go *g = arg;
    struct worker *w = row_find(tx, &worker_kind, g->s->worker);

    row_set(tx, w, &w->activity_sid, activity(g->s, tx, g->activity));
    must(worker_changed(g->s->engine, tx, w, row_was(tx, w), false));
    return g->s->refuse;
}

static void keep_it(void *arg, struct reservation *r)
{
    *(struct reservation **)arg = r;
}

static fault_t accept_task(struct tx *tx, void *arg)
{
    struct stage *s = arg;
    struct reservation *r = NULL;

    routing_each_reservation_of_task(s->engine, tx, s->task, keep_it, &r);
    must(reservation_move(s->engine, tx, r, RESERVATION_ACCEPTED, NULL));
    return s->refuse;
}

static fault_t complete_task(struct tx *tx, void *arg)
{
    struct stage *s = arg;

    must(task_move(s->engine, tx, row_find(tx, &task_kind, s->task), TASK_COMPLETED, "done"));
    return s->refuse;
}

static fault_t cancel(struct tx *tx, void *arg)
{
    struct stage *s = arg;

    must(task_move(s->engine, tx, row_find(tx, &task_kind, s->task), TASK_CANCELED, "enough"));
    return s->refuse;
}

static void act(struct stage *s, fault_t (*what)(struct tx *, void *))
{
    fault_t f = ledger_do(s->ledger, s->arena, what, s);

    assert_int_equal(f != NULL, s->refuse != NULL);
}

static void be(struct stage *s, const char *where)
{
    fault_t f = ledger_do(s->ledger, s->arena, change_activity, &(struct go){ s, where });

    assert_int_equal(f != NULL, s->refuse != NULL);
}

static void turn(struct stage *s, int64_t ms)
{
    ledger_turn(s->ledger, ms);
}

/* --- what is asked, on the writer's connection */

struct question {
    const char *scope;
    struct period period;
    struct minute_figure sum;
    struct split split;
    struct stay_list stays;
};

static fault_t ask(struct tx *tx, void *arg)
{
    struct question *q = arg;

    measure_begin(&q->sum);
    if (!measure_add(tx->db, q->scope, NULL, &q->period, &q->sum) ||
        !measure_split(tx->db, q->scope, NULL, &q->period, &q->split, 1))
        abort();
    if (!measure_stays(tx->db, q->scope, &q->period, &q->stays))
        abort();
    return NULL;
}

/* Of the minutes from first on, counted from the start. */
static struct question look(struct stage *s, const char *scope, int64_t first, int64_t after_last)
{
    struct question q = { .scope = scope,
                          .period = { start + first * MINUTE, start + after_last * MINUTE },
                          .split = { .threshold = 60 * SECOND },
                          .stays.arena = s->arena };

    must(ledger_do(s->ledger, s->arena, ask, &q));
    return q;
}

static void check_spread(struct spread s, int64_t n, int64_t total, int64_t min, int64_t max)
{
    assert_int_equal(s.n, n);
    assert_int_equal(s.total, total);
    if (!n)
        return;
    assert_int_equal(s.min, min);
    assert_int_equal(s.max, max);
}

#define SPREAD_OF(q, member)                                                                                           \
    ((struct spread){ (q).sum.member##_n, (q).sum.member##_total, (q).sum.member##_min, (q).sum.member##_max })

struct rows {
    struct stage *s;
    int64_t stored, resident;
};

static bool take_number(void *arg, struct columns *c)
{
    *(int64_t *)arg += column_int(c, 0);
    return true;
}

static fault_t count_rows(struct tx *tx, void *arg)
{
    struct rows *r = arg;

    r->resident = (int64_t)row_count(tx, &minute_figure_kind);
    if (db_run(tx->db, "SELECT COUNT(*) FROM minute_figure", NULL, 0, take_number, &r->stored) != DB_OK ||
        db_run(tx->db, "SELECT COUNT(*) FROM task_wait", NULL, 0, take_number, &r->stored) != DB_OK ||
        db_run(tx->db, "SELECT COUNT(*) FROM worker_stay", NULL, 0, take_number, &r->stored) != DB_OK)
        abort();
    return NULL;
}

static struct rows rows_of(struct stage *s)
{
    struct rows r = { .s = s };

    must(ledger_do(s->ledger, s->arena, count_rows, &r));
    return r;
}

/* --- stories */

static void each_event_counts_in_its_minute(void **state)
{
    struct stage *s = *state;

    be(s, "Available"); /* nobody was anywhere for a moment */
    turn(s, 59 * SECOND + 999);
    act(s, make_task);
    turn(s, 1); /* the next minute, to the ms */
    act(s, accept_task);
    turn(s, 90 * SECOND);
    act(s, complete_task);
    struct question first = look(s, s->queue, 0, 1), second = look(s, s->queue, 1, 2), third = look(s, s->queue, 2, 3);
    assert_int_equal(first.sum.queue_entered, 1);
    assert_int_equal(first.sum.reservations_created, 1);
    assert_int_equal(first.sum.reservations_accepted, 0);
    assert_int_equal(second.sum.queue_entered, 0);
    assert_int_equal(second.sum.reservations_accepted, 1);
    check_spread(SPREAD_OF(second, accepted_after), 1, 1, 1, 1);
    check_spread(SPREAD_OF(second, accepted_in_queue), 1, 1, 1, 1);
    assert_int_equal(second.sum.tasks_completed, 0);
    assert_int_equal(third.sum.tasks_completed, 1);
    check_spread(SPREAD_OF(third, accepted_after), 0, 0, 0, 0);
    assert_int_equal(look(s, s->workspace, 0, 3).sum.tasks_created, 1);
    assert_int_equal(look(s, s->workspace, 0, 3).sum.queue_entered, 0); /* a figure of queues */
    assert_int_equal(look(s, s->workflow, 0, 3).sum.workflow_entered, 1);
    assert_int_equal(look(s, s->worker, 0, 3).sum.reservations_accepted, 1);
    assert_int_equal(look(s, s->worker, 0, 3).sum.tasks_completed, 0);
}

static void waits_spread_and_split(void **state)
{
    struct stage *s = *state;

    for (int64_t wait = 10; wait <= 160; wait += 50) { /* 10, 60, 110, 160 s */
        act(s, make_task);
        turn(s, wait * SECOND);
        act(s, cancel);
    }
    be(s, "Available");
    act(s, make_task);
    turn(s, 20 * SECOND);
    act(s, accept_task);
    struct question q = look(s, s->queue, 0, 60);
    check_spread(SPREAD_OF(q, canceled_after), 4, 340000, 10000, 160000);
    check_spread(SPREAD_OF(q, accepted_after), 1, 20000, 20000, 20000);
    assert_int_equal(q.split.canceled_below, 2); /* 60 s is below 60 s */
    assert_int_equal(q.split.canceled_above, 2);
    assert_int_equal(q.split.accepted_below, 1);
    assert_int_equal(q.split.accepted_above, 0);
    assert_int_equal(look(s, s->workflow, 0, 60).split.canceled_below, 2);
    assert_int_equal(look(s, s->workspace, 0, 60).split.canceled_above, 2);
}

struct channels {
    struct stage *s;
    size_t n;
    int64_t accepted, in_time, running;
};

static void take_channel(void *arg, const char *channel_sid, const struct minute_figure *sum)
{
    struct channels *c = arg;
    const struct minute_figure *running =
        measure_running(c->s->measure, c->s->queue, channel_sid, clock_now(c->s->clock));

    assert_true(sid_valid(channel_sid, "TC"));
    c->n++;
    c->accepted += sum->reservations_accepted;
    c->in_time += sum->accepted_in_time;
    c->running += running ? running->reservations_accepted : 0;
}

static fault_t ask_channels(struct tx *tx, void *arg)
{
    struct channels *c = arg;
    struct period p = { start, start + HOUR };

    if (!measure_by_channel(tx->db, c->s->queue, &p, take_channel, c))
        abort();
    return NULL;
}

static void what_was_in_time_is_counted_by_channel(void **state)
{
    struct stage *s = *state;
    struct channels c = { .s = s };

    be(s, "Available");
    act(s, make_task);
    turn(s, 20 * SECOND); /* just so */
    act(s, accept_task);
    act(s, complete_task);
    turn(s, MINUTE);
    act(s, make_task);
    turn(s, 20 * SECOND + 1);
    act(s, accept_task);
    must(ledger_do(s->ledger, s->arena, ask_channels, &c));
    assert_int_equal(c.n, 1);
    assert_int_equal(c.accepted, 2);
    assert_int_equal(c.in_time, 1);
    assert_int_equal(c.running, 1);
    assert_int_equal(look(s, s->workspace, 0, 60).sum.accepted_in_time, 1);
}

static fault_t remember(struct tx *tx, void *arg)
{
    struct rows *r = arg;

    r->s->task = arena_strdup(r->s->arena, ledger_fingerprint(tx, r->s->arena));
    return NULL;
}

static const char *memory(struct stage *s)
{
    const char *task = s->task, *found;

    must(ledger_do(s->ledger, s->arena, remember, &(struct rows){ .s = s }));
    found = s->task;
    s->task = task;
    return found;
}

static void what_is_refused_was_never_counted(void **state)
{
    struct stage *s = *state;
    fault_t no = fault(s->arena, F_CONFLICT, "no");

    be(s, "Available");
    s->refuse = no;
    act(s, make_task); /* would make the first figures */
    assert_int_equal(rows_of(s).resident, 0);
    s->refuse = NULL;
    act(s, make_task);
    turn(s, 5 * SECOND);
    const char *before = memory(s);
    s->refuse = no;
    act(s, accept_task); /* would change them, and make others */
    be(s, "Break");
    assert_string_equal(memory(s), before);
    s->refuse = NULL;
    act(s, accept_task);
    struct question q = look(s, s->queue, 0, 1);
    assert_int_equal(q.sum.reservations_created, 1);
    assert_int_equal(q.sum.reservations_accepted, 1);
    assert_int_equal(q.split.accepted_below, 1);
    assert_int_equal(look(s, s->workspace, 0, 1).sum.tasks_created, 1);
}

static void a_restart_goes_on_counting(void **state)
{
    struct stage *s = *state;

    be(s, "Available");
    act(s, make_task);
    const char *before = memory(s);
    int64_t resident = rows_of(s).resident;
    ledger_reload(s->ledger);
    assert_string_equal(memory(s), before);
    assert_int_equal(rows_of(s).resident, resident);
    act(s, accept_task);
    act(s, complete_task);
    act(s, make_task);
    struct question q = look(s, s->queue, 0, 1);
    assert_int_equal(q.sum.queue_entered, 2);
    assert_int_equal(q.sum.reservations_created, 2);
    assert_int_equal(rows_of(s).resident, resident); /* the same rows */
}

static void only_running_minutes_are_in_memory(void **state)
{
    struct stage *s = *state;

    be(s, "Available");
    act(s, make_task);
    assert_int_equal(rows_of(s).resident, 4); /* workspace, workflow, queue, worker */
    turn(s, 59 * SECOND);
    assert_int_equal(rows_of(s).resident, 4);
    turn(s, 1 * SECOND);
    assert_int_equal(rows_of(s).resident, 0);
    act(s, accept_task);
    assert_int_equal(rows_of(s).resident, 4);
    ledger_reload(s->ledger);
    turn(s, HOUR);
    assert_int_equal(rows_of(s).resident, 0);
    assert_int_equal(look(s, s->queue, 0, 60).sum.reservations_accepted, 1);
}

static void check_stay(struct stage *s, const struct question *q, const char *name, int64_t n, int64_t total,
                       int64_t min, int64_t max)
{
    struct named a = { s, name, NULL };

    must(ledger_do(s->ledger, s->arena, find_activity, &a));
    const struct stays *found = stays_in(&q->stays, a.sid);
    check_spread(found ? found->spread : (struct spread){ 0 }, n, total, min, max);
}

static void check_stays(struct stage *s)
{
    struct question q = { .scope = s->worker,
                          .period = { start + 50 * SECOND, start + 200 * SECOND },
                          .stays.arena = s->arena };

    must(ledger_do(s->ledger, s->arena, ask, &q));
    check_stay(s, &q, "Offline", 1, 10 * SECOND, 10 * SECOND, 10 * SECOND);    /* 0 to 60 */
    check_stay(s, &q, "Available", 2, 120 * SECOND, 30 * SECOND, 90 * SECOND); /* 60 to 150, 170 on */
    check_stay(s, &q, "Break", 1, 20 * SECOND, 20 * SECOND, 20 * SECOND);      /* 150 to 170 */
    q.scope = s->workspace;
    q.period = (struct period){ start + 140 * SECOND, start + 160 * SECOND };
    q.stays.n = 0;
    must(ledger_do(s->ledger, s->arena, ask, &q));
    check_stay(s, &q, "Offline", 0, 0, 0, 0);
    check_stay(s, &q, "Available", 1, 10 * SECOND, 10 * SECOND, 10 * SECOND);
    check_stay(s, &q, "Break", 1, 10 * SECOND, 10 * SECOND, 10 * SECOND);
}

static fault_t dismiss(struct tx *tx, void *arg)
{
    struct stage *s = arg;
    struct worker *w = row_find(tx, &worker_kind, s->worker);

    must(worker_removed(s->engine, tx, w));
    row_delete(tx, w);
    return NULL;
}

static void stays_are_cut_at_the_borders(void **state)
{
    struct stage *s = *state;

    turn(s, 60 * SECOND);
    be(s, "Available");
    turn(s, 90 * SECOND);
    be(s, "Break");
    turn(s, 20 * SECOND);
    be(s, "Available");
    turn(s, 60 * SECOND);
    check_stays(s);
    must(ledger_do(s->ledger, s->arena, dismiss, s)); /* who has gone was there */
    check_stays(s);
}

static void what_is_old_goes(void **state)
{
    struct stage *s = *state;

    be(s, "Available");
    act(s, make_task);
    act(s, accept_task);
    act(s, complete_task);
    for (int i = 0; i < 1100; i++) { /* more than two slices */
        turn(s, 1 * SECOND);
        be(s, i % 2 ? "Available" : "Break");
    }
    int64_t stored = rows_of(s).stored;
    assert_int_equal(stored, 1100 + 1 + 4);
    turn(s, 29 * DAY);
    assert_int_equal(rows_of(s).stored, stored);
    turn(s, 3 * DAY);
    assert_int_equal(rows_of(s).stored, 0);
    act(s, make_task); /* and it begins anew */
    turn(s, 33 * DAY);
    assert_int_equal(rows_of(s).stored, 0);
}

static fault_t tear_all_down(struct tx *tx, void *arg)
{
    struct stage *s = arg;
    struct workspace *w = row_find(tx, &workspace_kind, s->workspace);

    must(workspace_removed(s->engine, tx, w));
    row_delete(tx, w);
    return NULL;
}

static void of_a_deleted_workspace_nothing_stays(void **state)
{
    struct stage *s = *state;

    act(s, make_task);
    turn(s, 10 * SECOND);
    assert_true(rows_of(s).stored > 0);
    must(ledger_do(s->ledger, s->arena, tear_all_down, s));
    turn(s, HOUR);
    assert_int_equal(rows_of(s).resident, 0);
    turn(s, 31 * DAY);
    assert_int_equal(rows_of(s).stored, 0);
}

static void the_table_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < MEASURE_KINDS; i++) {
        _arena_ struct arena *a = arena_new();
        assert_null(kind_check(a, measure_kinds[i]));
    }
    for (size_t i = 0; i < nmetrics; i++)
        for (size_t k = 0; k < i; k++) /* of one scope a name means one thing */
            assert_false(metrics[i].shown && str_eq(metrics[i].shown, metrics[k].shown) &&
                         (metrics[i].scopes & metrics[k].scopes));
}

int main(void)
{
#define STORY(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sound),
        STORY(each_event_counts_in_its_minute),
        STORY(waits_spread_and_split),
        STORY(what_was_in_time_is_counted_by_channel),
        STORY(what_is_refused_was_never_counted),
        STORY(a_restart_goes_on_counting),
        STORY(only_running_minutes_are_in_memory),
        STORY(stays_are_cut_at_the_borders),
        STORY(what_is_old_goes),
        STORY(of_a_deleted_workspace_nothing_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
