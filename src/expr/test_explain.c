/* Explanations, as a table that a person can read: expression, dialect, words.  Worker and task are below. */
#include "base/text.h"
#include "expr/expr.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char worker_json[] =
    "{\"skills\":[\"support\",\"sales\"],\"level\":3,\"lang\":\"en\",\"vip\":true,\"score\":2.5,"
    "\"o\":{\"a\":[\"x\",\"y\"]},\"it\":\"say \\\"hi\\\"\"}";
static const char task_json[] = "{\"type\":\"billing\",\"min\":5}";

static void facts(const struct expr_scope *scope, enum expr_fact fact, const char *of, struct expr_value *out)
{
    (void)scope;
    if (fact == EXPR_WORKER_ACTIVITY_NAME)
        *out = expr_value_string("On Break");
    else if (fact == EXPR_CHANNEL_ASSIGNED_TASKS && !strcmp(of, "voice"))
        *out = expr_value_int(2);
    else if (fact == EXPR_WORKERS_AVAILABLE || fact == EXPR_WORKERS_ACTIVITY)
        *out = expr_value_int(0);
}

#define ACTIVITY "WA00000000000000000000000000000001"

/* clang-format off */
static const struct { const char *source; enum expr_dialect dialect; bool result; const char *words; } rows[] = {
    { "skills HAS 'billing'", EXPR_QUEUE, false,
      "worker.skills HAS \"billing\" is false (worker.skills is [\"support\",\"sales\"])" },
    { "skills HAS 'sales'", EXPR_QUEUE, true,
      "worker.skills HAS \"sales\" is true (worker.skills is [\"support\",\"sales\"])" },
    /* of a false AND the first false clause, of a true one all */
    { "vip == true AND level > 5 AND lang == 'de'", EXPR_QUEUE, false, "worker.level > 5 is false (worker.level is 3)" },
    { "vip == true AND level > 2", EXPR_QUEUE, true,
      "worker.vip == true is true (worker.vip is true); worker.level > 2 is true (worker.level is 3)" },
    /* of a false OR all, of a true one the first that is */
    { "level > 5 OR lang == 'de'", EXPR_QUEUE, false,
      "worker.level > 5 is false (worker.level is 3); worker.lang == \"de\" is false (worker.lang is \"en\")" },
    { "level > 5 OR lang == 'en'", EXPR_QUEUE, true, "worker.lang == \"en\" is true (worker.lang is \"en\")" },
    { "NOT (level > 2 AND vip == true)", EXPR_QUEUE, false,
      "worker.level > 2 is true (worker.level is 3); worker.vip == true is true (worker.vip is true)" },
    { "NOT level > 5", EXPR_QUEUE, true, "worker.level > 5 is false (worker.level is 3)" },
    { "(level > 5 OR vip == true) AND (lang == 'de' OR lang == 'fr')", EXPR_QUEUE, false,
      "worker.lang == \"de\" is false (worker.lang is \"en\"); worker.lang == \"fr\" is false (worker.lang is \"en\")" },
    /* every kind of value, and what is not there */
    { "missing.x == 1", EXPR_QUEUE, false, "worker.missing.x == 1 is false (worker.missing.x is null)" },
    { "score > 3", EXPR_QUEUE, false, "worker.score > 3 is false (worker.score is 2.5)" },
    { "o.a[1] == 'x'", EXPR_QUEUE, false, "worker.o.a[1] == \"x\" is false (worker.o.a[1] is \"y\")" },
    { "it CONTAINS '\"ho\"'", EXPR_QUEUE, false, "worker.it CONTAINS \"\\\"ho\\\"\" is false (worker.it is \"say \\\"hi\\\"\")" },
    { "level IN [1, 2]", EXPR_QUEUE, false, "worker.level IN [1, 2] is false (worker.level is 3)" },
    { "level NOT IN [3]", EXPR_QUEUE, false, "worker.level NOT IN [3] is false (worker.level is 3)" },
    { "activity_name != 'On Break'", EXPR_QUEUE, false,
      "worker.activity_name != \"On Break\" is false (worker.activity_name is \"On Break\")" },
    /* other dialects say their prefixes */
    { "type == 'support'", EXPR_FILTER, false, "task.type == \"support\" is false (task.type is \"billing\")" },
    { "taskrouter.dayOfWeek == 'Fri'", EXPR_FILTER, false,
      "taskrouter.dayOfWeek == \"Fri\" is false (taskrouter.dayOfWeek is \"Thu\")" },
    { "worker.level >= task.min", EXPR_TARGET, false, "worker.level >= task.min is false (worker.level is 3, task.min is 5)" },
    { "worker.channel.voice.assigned_tasks == 0", EXPR_TARGET, false,
      "worker.channel.voice.assigned_tasks == 0 is false (worker.channel.voice.assigned_tasks is 2)" },
    { "task.min IN [worker.level, 7]", EXPR_TARGET, false,
      "task.min IN [worker.level, 7] is false (task.min is 5, worker.level is 3)" },
    { "workers.available > 0", EXPR_SKIP, false, "workers.available > 0 is false (workers.available is 0)" },
    { "workers." ACTIVITY " == 0", EXPR_SKIP, true, "workers." ACTIVITY " == 0 is true (workers." ACTIVITY " is 0)" },
    /* what reads nothing */
    { "1 == 1", EXPR_QUEUE, true, "it is always true" },
    { "", EXPR_QUEUE, false, "it is never true" },
};
/* clang-format on */

static json_t *object(struct arena *a, const char *s)
{
    return json_parse_object(a, s, strlen(s), NULL);
}

static void every_row_is_explained(void **state)
{
    struct arena *a = arena_new();
    struct expr_scope scope = { .task = object(a, task_json), .worker = object(a, worker_json), .fact = facts };
    struct expr_error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct expr *e = expr_compile(a, rows[i].source, rows[i].dialect, &err);
        assert_non_null(e);
        struct expr_explanation x = expr_explain(e, &scope, a);
        assert_int_equal(x.result, rows[i].result);
        assert_int_equal(x.result, expr_eval(e, &scope));
        assert_string_equal(expr_explanation_words(&x, a), rows[i].words);
    }
    arena_free(a);
}

static void explanations_are_bounded(void **state)
{
    struct arena *a = arena_new();
    struct text many = { .arena = a }, attributes = { .arena = a };
    struct expr_error err;

    (void)state;
    text_put(&attributes, "{\"long\":\"");
    for (int i = 0; i < 299; i++)
        text_put(&attributes, "x");
    text_put(&attributes, "\xc3\xb6 and more\"}"); /* its second byte is the 301st */
    for (int i = 0; i < 40; i++)
        text_putf(&many, "%slong == %d", i ? " OR " : "", i);
    struct expr_scope scope = { .worker = object(a, text_str(&attributes)) };
    struct expr_explanation x = expr_explain(expr_compile(a, text_str(&many), EXPR_QUEUE, &err), &scope, a);
    size_t n = 0;
    for (const struct expr_reason *r = x.reasons; r; r = r->next, n++) {
        json_t *shown = json_parse(a, r->seen->json, strlen(r->seen->json), NULL);
        assert_non_null(shown); /* cut at a character, still JSON */
        assert_int_equal(strlen(json_string_value(shown)), 299 + 3);
    }
    assert_int_equal(n, EXPR_REASONS_MAX);
    assert_true(x.more);
    arena_free(a);
}

static void an_order_shows_what_it_reads(void **state)
{
    struct arena *a = arena_new();
    struct expr_error err;
    const struct expr_order *o = expr_order_compile(a, "worker.level DESC, worker.o.b", &err);
    const struct expr_seen *s = expr_order_seen(o, object(a, worker_json), a);

    (void)state;
    assert_string_equal(s->name, "worker.level");
    assert_string_equal(s->json, "3");
    assert_string_equal(s->next->name, "worker.o.b");
    assert_string_equal(s->next->json, "null");
    assert_null(s->next->next);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_explained),
        cmocka_unit_test(explanations_are_bounded),
        cmocka_unit_test(an_order_shows_what_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
