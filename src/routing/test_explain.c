/* What is said when somebody asks why: stories (story.h), and the answer about one task, line by line. */
#include "codec/date.h"
#include "routing/story.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define SKILLS                                                                                                         \
    "queue Billing : skills HAS 'billing'\n"                                                                           \
    "queue Everyone\n"                                                                                                 \
    "workflow Main timeout=20 {\"task_routing\":{\"filters\":["                                                        \
    "{\"filter_friendly_name\":\"vip\",\"expression\":\"vip == true\",\"targets\":[{\"queue\":\"@Everyone\"}]},"       \
    "{\"filter_friendly_name\":\"bills\",\"expression\":\"type == 'bill'\",\"targets\":["                              \
    "{\"queue\":\"@Billing\",\"expression\":\"worker.level >= task.level\",\"order_by\":\"worker.level "               \
    "DESC\",\"timeout\":30},"                                                                                          \
    "{\"queue\":\"@Everyone\",\"timeout\":60}]}],\"default_filter\":{\"queue\":\"@Everyone\"}}}\n"

/* clang-format off */
static const struct { const char *title, *lines, *wanted; } cases[] = {
{ "Waiting for workers who are busy, and all the ways of not being one",
    SKILLS
    "worker Ann Available {\"skills\":[\"billing\"],\"level\":3}\n" "worker Bob Available {\"skills\":[\"billing\"],\"level\":4}\n"
    "worker Cid Available {\"skills\":[\"billing\"],\"level\":1}\n" "worker Dee Available {\"skills\":[\"support\"]}\n"
    "task A {\"type\":\"bill\",\"level\":2}\n" "task B {\"type\":\"bill\",\"level\":2}\n" "accept A Bob\n" "accept B Ann\n"
    "turn 5\n" "task T {\"type\":\"bill\",\"level\":2}\n" "turn 12\n",
    "Waiting in Billing since 12 s: 2 workers match, all busy (capacity 1 of 1)\n"
    "The filter 'bills' took it; it is in step 1 of 2, queue Billing.\n"
    "filter vip not_matched: task.vip == true is false (task.vip is null)\n"
    "filter bills taken: task.type == \"bill\" is true (task.type is \"bill\")\n"
    "waits for one of 2 workers to become free for default, at 18 s: it goes on to step 2 of bills, in Everyone\n"
    "Ann capacity: is busy: 1 of 1 default used\n"
    "Bob capacity: is busy: 1 of 1 default used\n"
    "Cid target_expression: is not whom the step wants: worker.level >= task.level is false (worker.level is 1, task.level is 2)\n"
    "Dee not_in_queue: is not in Billing: worker.skills HAS \"billing\" is false (worker.skills is [\"support\"])\n"
    " target_expression: is not whom the step wants: worker.level >= task.level is false (worker.level is null, task.level is 2)\n"
    "4 workers, 3 in the queue, 2 match, 0 free, 0 not available, 0 without channel, 2 busy, 0 not listed\n" },

{ "Several reasons at once, each told",
    SKILLS "worker Ann Break {\"skills\":[\"billing\"],\"level\":3}\n" "worker Bob Available {\"skills\":[\"billing\"],\"level\":3}\n"
    "availability Bob default no\n" "worker Cid Available {\"skills\":[\"billing\"],\"level\":3}\n" "capacity Cid default 0\n"
    "worker Dee Offline {}\n" "task T {\"type\":\"bill\",\"level\":2}\n",
    "Waiting in Billing since 0 s: 3 workers match: 1 busy, 1 not available, 1 without the channel\n"
    "The filter 'bills' took it; it is in step 1 of 2, queue Billing.\n"
    "filter vip not_matched: task.vip == true is false (task.vip is null)\n"
    "filter bills taken: task.type == \"bill\" is true (task.type is \"bill\")\n"
    "waits for one of 3 workers to become free for default, at 30 s: it goes on to step 2 of bills, in Everyone\n"
    "Ann activity: is Break, which is not available\n"
    "Bob channel_unavailable: takes no default tasks now (channel not available)\n"
    "Cid capacity: takes no default tasks (capacity 0)\n"
    "Dee not_in_queue: is not in Billing: worker.skills HAS \"billing\" is false (worker.skills is null)\n"
    " target_expression: is not whom the step wants: worker.level >= task.level is false (worker.level is null, task.level is 2)\n"
    " activity: is Offline, which is not available\n"
    "4 workers, 3 in the queue, 3 match, 0 free, 1 not available, 1 without channel, 1 busy, 0 not listed\n" },

{ "Offered by the order that the step asks for",
    SKILLS "worker Ann Available {\"skills\":[\"billing\"],\"level\":3}\n" "turn 60\n" "worker Bob Available {\"skills\":[\"billing\"],\"level\":4}\n"
    "turn 5\n" "task T {\"type\":\"bill\",\"level\":2}\n" "turn 3\n",
    "Offered to Bob; 17 s left to answer\n"
    "The filter 'bills' took it; it is in step 1 of 2, queue Billing.\n"
    "filter vip not_matched: task.vip == true is false (task.vip is null)\n"
    "filter bills taken: task.type == \"bill\" is true (task.type is \"bill\")\n"
    "waits for Bob to accept or reject, at 17 s: the offer times out, and it is routed again\n"
    "Bob pending: has been offered it since 3 s, and has 17 s left to answer\n"
    "Ann free: could take it now\n"
    "2 workers, 2 in the queue, 2 match, 1 free, 0 not available, 0 without channel, 0 busy, 0 not listed\n"
    "offer Bob pending: first of 2 who were free in the queue, by worker.level DESC, then by idle time: idle for 5 s (worker.level 4)\n" },

{ "An order that one of them voids",
    SKILLS "worker Ann Available {\"skills\":[\"billing\"],\"level\":3}\n" "turn 60\n" "worker Bob Available {\"skills\":[\"billing\"],\"level\":4.5}\n"
    "task T {\"type\":\"bill\",\"level\":2}\n" "accept T Ann\n",
    "Ann has it since 0 s\n"
    "The filter 'bills' took it; it is in step 1 of 2, queue Billing.\n"
    "filter vip not_matched: task.vip == true is false (task.vip is null)\n"
    "filter bills taken: task.type == \"bill\" is true (task.type is \"bill\")\n"
    "Ann accepted: has it\n"
    "Bob free: could take it now\n"
    "2 workers, 2 in the queue, 2 match, 1 free, 0 not available, 0 without channel, 0 busy, 0 not listed\n"
    "offer Ann accepted: first of 2 who were free in the queue, by worker.level DESC, then by idle time: idle for 1 min"
    " (by idle time alone, if Bob was among them: what is ordered by is no whole number there) (worker.level 3)\n" },

{ "The longest idle, and who did not want it before",
    "queue Q\n" "workflow Main {\"task_routing\":{\"default_filter\":{\"queue\":\"@Q\"}}}\n"
    "worker Ann Available\n" "turn 10\n" "worker Bob Available\n" "turn 80\n" "task T\n" "turn 4\n" "reject T Ann Break\n" "turn 6\n" "accept T Bob\n" "turn 125\n",
    "Bob has it since 2 min 5 s\n"
    "No filter took it, so it is in the default filter, queue Q.\n"
    "Bob accepted: has it\n"
    "Ann activity: is Break, which is not available\n"
    "2 workers, 2 in the queue, 2 match, 0 free, 1 not available, 0 without channel, 0 busy, 0 not listed\n"
    "offer Ann rejected: the longest idle (for 1 min 30 s) whom the step admits, of 2 who were free in the queue\n"
    "offer Bob accepted: the only one of the queue who was free, idle for 1 min 24 s\n" },

{ "A step was left when its time was over; after the last one it is canceled",
    SKILLS "task T {\"type\":\"bill\",\"level\":2}\n" "turn 40\n",
    "Waiting in Everyone since 10 s: there are no workers\n"
    "The filter 'bills' took it; it is in step 2 of 2, queue Everyone.\n"
    "filter vip not_matched: task.vip == true is false (task.vip is null)\n"
    "filter bills taken: task.type == \"bill\" is true (task.type is \"bill\")\n"
    "waits for a worker of Everyone whom its step admits, at 50 s: it is canceled, for its workflow ends there\n"
    "0 workers, 0 in the queue, 0 match, 0 free, 0 not available, 0 without channel, 0 busy, 0 not listed\n" },

{ "In the default filter a matching filter was passed; a task has its own time",
    "queue Q\n" "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q\",\"skip_if\":\"workers.available == 0\"}]}],\"default_filter\":{\"queue\":\"@Q\"}}}\n"
    "worker Ann Offline\n" "task T timeout=7200\n" "turn 3900\n",
    "Waiting in Q since 1 h 5 min: 1 worker matches, but is not available\n"
    "No filter took it, so it is in the default filter, queue Q.\n"
    "filter filter 1 passed: it is always true\n"
    "waits for the matching worker to become available, at 3300 s: it is canceled, for its own time is over\n"
    "Ann activity: is Offline, which is not available\n"
    "1 workers, 1 in the queue, 1 match, 0 free, 1 not available, 0 without channel, 0 busy, 0 not listed\n" },

{ "Only a known worker may take it",
    "queue Q\n" "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q\",\"known_worker_friendly_name\":\"task.agent\"}]}]}}\n"
    "worker Ann Offline\n" "worker Bob Available\n" "task T {\"agent\":\"ann\"}\n",
    "Waiting in Q since 0 s: 1 worker matches, but is not available\n"
    "The filter 'filter 1' took it; it is in step 1 of 1, queue Q.\n"
    "filter filter 1 taken: it is always true\n"
    "waits for the matching worker to become available, at 86400 s: it is canceled, for its own time is over\n"
    "Ann activity: is Offline, which is not available\n"
    "Bob not_the_known_worker: is not whom the step asks for (task.agent is ann)\n"
    "2 workers, 2 in the queue, 1 match, 0 free, 1 not available, 0 without channel, 0 busy, 0 not listed\n" },

{ "Nobody is in the queue",
    SKILLS "worker Ann Available\n" "task T {\"type\":\"bill\"}\n",
    "Waiting in Billing since 0 s: no worker is in the queue\n"
    "The filter 'bills' took it; it is in step 1 of 2, queue Billing.\n"
    "filter vip not_matched: task.vip == true is false (task.vip is null)\n"
    "filter bills taken: task.type == \"bill\" is true (task.type is \"bill\")\n"
    "waits for a worker of Billing whom its step admits, at 30 s: it goes on to step 2 of bills, in Everyone\n"
    "Ann not_in_queue: is not in Billing: worker.skills HAS \"billing\" is false (worker.skills is null)\n"
    " target_expression: is not whom the step wants: worker.level >= task.level is false (worker.level is null, task.level is null)\n"
    "1 workers, 0 in the queue, 0 match, 0 free, 0 not available, 0 without channel, 0 busy, 0 not listed\n" },

{ "For one worker and nobody else",
    "queue Q\n" "workflow Main {\"task_routing\":{\"default_filter\":{\"queue\":\"@Q\"}}}\n" "worker Ann Offline\n" "worker Bob Available\n"
    "task T target=Ann\n" "turn 30\n",
    "Offered to Ann; 1 min 30 s left to answer\n"
    "It is for Ann and nobody else (RoutingTarget).\n"
    "waits for Ann to accept or reject, at 90 s: it is canceled\n"
    "Ann pending: has been offered it since 30 s, and has 1 min 30 s left to answer\n"
    "Bob not_the_routing_target: is not Ann, for whom the task is\n"
    "2 workers, 0 in the queue, 1 match, 0 free, 0 not available, 0 without channel, 0 busy, 0 not listed\n"
    "offer Ann pending: the task is for this worker only\n" },

{ "What has ended is told by its offers",
    "queue Q\n" "workflow Main {\"task_routing\":{\"default_filter\":{\"queue\":\"@Q\"}}}\n" "worker Ann Available\n"
    "task T\n" "accept T Ann\n" "finish T\n" "turn 10\n",
    "Completed: done\n"
    "No filter took it, so it is in the default filter, queue Q.\n"
    "offer Ann completed: the only one of the queue who was free, idle for 0 s\n" },

{ "A task that was canceled",
    "queue Q\n" "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q\",\"timeout\":10}]}]}}\n" "task T\n" "turn 10\n",
    "Canceled: Task canceled on Workflow timeout\n"
    "The filter 'filter 1' took it; it is in step 1 of 1, queue Q.\n"
    "filter filter 1 taken: it is always true\n" },
};
/* clang-format on */

struct asking {
    struct story *s;
    const char *sid;
    struct text said;
    int64_t now;
};

static const json_t *json_of(struct asking *q, const char *text)
{
    const json_t *v = json_parse(q->s->arena, text, strlen(text), NULL);

    story_must(q->s, v, text);
    return v;
}

static void say_place(struct asking *q, const json_t *place)
{
    size_t i;
    json_t *f;

    text_putf(&q->said, "%s\n", json_get_string(place, "words"));
    json_array_foreach(json_object_get(place, "filters"), i, f)
        text_putf(&q->said, "filter %s %s: %s\n", json_get_string(f, "name"), json_get_string(f, "outcome"),
                  json_get_string(f, "because"));
}

static void say_wait(struct asking *q, const json_t *wait)
{
    int64_t until = 0;

    if (!json_is_object(wait))
        return;
    story_must(q->s, date_parse(json_get_string(wait, "until"), &until), "a date");
    text_putf(&q->said, "waits for %s, at %lld s: %s\n", json_get_string(wait, "what"),
              (long long)((until - q->now) / SECOND), json_get_string(wait, "then"));
}

static void say_workers(struct asking *q, const json_t *workers)
{
    static const char *const counts[][2] = {
        { "workers", "workers" }, { "in_queue", "in the queue" },       { "match", "match" },
        { "free", "free" },       { "not_available", "not available" }, { "channel_unavailable", "without channel" },
        { "busy", "busy" },       { "not_listed", "not listed" },
    };
    size_t i, k;
    json_t *w, *why;

    if (!json_is_object(workers))
        return;
    json_array_foreach(json_object_get(workers, "list"), i, w)
    {
        text_putf(&q->said, "%s %s: %s\n", json_get_string(w, "worker_name"), json_get_string(w, "outcome"),
                  json_get_string(w, "words"));
        json_array_foreach(json_object_get(w, "obstacles"), k, why) if (k)
            text_putf(&q->said, " %s: %s\n", json_get_string(why, "what"), json_get_string(why, "words"));
    }
    for (i = 0; i < sizeof counts / sizeof *counts; i++)
        text_putf(&q->said, "%s%lld %s", i ? ", " : "",
                  (long long)json_integer_value(json_object_get(workers, counts[i][0])), counts[i][1]);
    text_put(&q->said, "\n");
}

static void say_offers(struct asking *q, const json_t *offers)
{
    size_t i;
    json_t *r, *v;
    const char *key;

    json_array_foreach((json_t *)offers, i, r)
    {
        text_putf(&q->said, "offer %s %s: %s", json_get_string(r, "worker_name"), json_get_string(r, "status"),
                  json_get_string(r, "chosen_as"));
        json_object_foreach(json_object_get(r, "order"), key, v)
            text_putf(&q->said, " (%s %s)", key, json_text(q->s->arena, v));
        text_put(&q->said, "\n");
    }
}

static fault_t ask(struct tx *tx, void *arg)
{
    struct asking *q = arg;
    struct routing_explanation x;
    struct task *t = row_find(tx, &task_kind, q->sid);

    story_must(q->s, t, "a task");
    routing_explain(q->s->engine, tx, t, &x);
    q->now = tx->now;
    text_putf(&q->said, "%s\n", x.summary);
    say_place(q, json_of(q, x.place));
    say_wait(q, json_of(q, x.waits_for));
    say_workers(q, json_of(q, x.workers));
    say_offers(q, json_of(q, x.offers));
    return NULL;
}

static const char *why(struct story *s, const char *task)
{
    struct asking q = { .s = s, .sid = story_sid(s, task), .said.arena = s->arena };

    story_must(s, !ledger_do(s->ledger, s->arena, ask, &q), "an explanation");
    return text_str(&q.said);
}

static void explains(void **state)
{
    const size_t i = *(const size_t *)*state;
    struct story s = { .title = cases[i].title };

    story_open(&s);
    story_play(&s, cases[i].lines);
    const char *before = story_memory(&s);
    assert_string_equal(why(&s, "T"), cases[i].wanted);
    story_text(&s, story_memory(&s), before); /* asking changes nothing */
    story_close(&s);
}

static void lists_are_bounded(void **state)
{
    struct story s = { .title = "many workers" };

    (void)state;
    story_open(&s);
    story_play(&s, "queue Q : no == 1\nworkflow Main {\"task_routing\":{\"default_filter\":{\"queue\":\"@Q\"}}}\n");
    for (int i = 0; i < EXPLAINED_WORKERS + 7; i++)
        story_play(&s, arena_printf(s.arena, "worker W%d Available {\"no\":%d}\n", i, i == EXPLAINED_WORKERS + 5));
    story_play(&s, "task A\ntask T\n");
    struct asking q = { .s = &s, .sid = story_sid(&s, "T"), .said.arena = s.arena };
    story_must(&s, !ledger_do(s.ledger, s.arena, ask, &q), "an explanation");
    /* the one who matters is first, although he came late */
    assert_non_null(strstr(text_str(&q.said), "W105 capacity: is busy"));
    assert_true(strstr(text_str(&q.said), "W105 ") < strstr(text_str(&q.said), "W0 not_in_queue"));
    assert_non_null(strstr(text_str(&q.said), "107 workers, 1 in the queue, 1 match, 0 free, 0 not available, "
                                              "0 without channel, 1 busy, 7 not listed\n"));
    story_close(&s);
}

enum { CASES = sizeof cases / sizeof *cases };

int main(void)
{
    static size_t numbers[CASES];
    static struct CMUnitTest tests[CASES + 1];

    for (size_t i = 0; i < CASES; i++) {
        numbers[i] = i;
        tests[i] = (struct CMUnitTest){ .name = cases[i].title, .test_func = explains, .initial_state = &numbers[i] };
    }
    tests[CASES] = (struct CMUnitTest)cmocka_unit_test(lists_are_bounded);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
