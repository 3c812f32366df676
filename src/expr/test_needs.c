/* Whatever an expression needs is so whenever it is true. */
#include "base/map.h"
#include "expr/expr.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static size_t needs(struct arena *a, const char *source, struct expr_need out[EXPR_NEEDS_MAX])
{
    struct expr_error err;
    const struct expr *e = expr_compile(a, source, EXPR_QUEUE, &err);

    assert_non_null(e);
    return expr_needs(a, e, out);
}

static size_t count(const char *source)
{
    _arena_ struct arena *a = arena_new();
    struct expr_need out[EXPR_NEEDS_MAX];

    return needs(a, source, out);
}

static void a_word_is_a_need(void **state)
{
    (void)state;
    assert_int_equal(count("skills HAS 'french'"), 1);
    assert_int_equal(count("team == 'north'"), 1);
    assert_int_equal(count("'north' == team"), 1);
    assert_int_equal(count("'french' IN skills"), 1);
    assert_int_equal(count("team IN ['north', 'south']"), 2);
    assert_int_equal(count("routing.skills HAS 'french' AND level > 2"), 1);
    assert_int_equal(count("level > 2 AND (team == 'a' OR team == 'b') AND skills HAS 'x'"), 1);
    assert_int_equal(count("skills HAS 'x' OR team == 'b'"), 2);
}

static void what_cannot_be_told_is_not_told(void **state)
{
    (void)state;
    assert_int_equal(count("1 == 1"), 0);
    assert_int_equal(count("level > 2"), 0);
    assert_int_equal(count("team != 'north'"), 0);
    assert_int_equal(count("NOT team == 'north'"), 0);
    assert_int_equal(count("NOT (NOT team == 'north')"), 0);
    assert_int_equal(count("team NOT IN ['north']"), 0);
    assert_int_equal(count("team CONTAINS 'north'"), 0);
    assert_int_equal(count("team == '3'"), 0); /* would meet the number, too */
    assert_int_equal(count("team == 3"), 0);
    assert_int_equal(count("team == null"), 0);
    assert_int_equal(count("team IN ['north', '3']"), 0);
    assert_int_equal(count("team == other"), 0);
    assert_int_equal(count("friendly_name == 'alice'"), 0);
    assert_int_equal(count("skills HAS 'x' OR level > 2"), 0);
    assert_int_equal(count("a IN ['a','b','c','d','e','f','g','h','i','j','k','l','m','n','o','p','q']"), 0);
}

static void needs_tell_paths_and_texts_apart(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct expr_need x[EXPR_NEEDS_MAX], y[EXPR_NEEDS_MAX], z[EXPR_NEEDS_MAX];

    (void)state;
    assert_int_equal(needs(a, "a.b HAS 'x'", x), 1);
    assert_int_equal(needs(a, "'x' == a.b", y), 1);
    assert_int_equal(needs(a, "b.a HAS 'y'", z), 1);
    assert_true(x->path_hash == y->path_hash && x->text_hash == y->text_hash);
    assert_true(x->path_hash != z->path_hash && x->text_hash != z->text_hash);
}

/* --- whenever it is true --- */

static bool is_so(const struct expr_need *n, const json_t *attributes)
{
    struct expr_value v = expr_reference_get(n->where, attributes);

    if (v.kind == EXPR_STRING)
        return hash_bytes(v.string.s, v.string.n) == n->text_hash;
    if (v.kind != EXPR_JSON)
        return false;
    for (size_t i = 0; i < json_array_size(v.json); i++) {
        const json_t *word = json_array_get(v.json, i);
        if (json_is_string(word) && hash_bytes(json_string_value(word), json_string_length(word)) == n->text_hash)
            return true;
    }
    return false;
}

static uint32_t next(uint32_t *seed)
{
    return *seed = *seed * 1664525u + 1013904223u, *seed >> 16;
}

/* Attributes s and t are texts, numbers, lists, objects or not there. */
static const char *values[] = { "'a'", "'b'", "'3'", "3", "null", "true", "['a']", "['b', 3]", "['3', 'a']" };

static const char *comparison(struct arena *a, uint32_t *seed)
{
    static const char *const ops[] = { "==", "!=", "HAS", "IN", "NOT IN", "CONTAINS", "<" };
    const char *path = next(seed) % 2 ? "s" : "t.u", *op = ops[next(seed) % 7], *value = values[next(seed) % 9];

    return next(seed) % 2 ? arena_printf(a, "%s %s %s", path, op, value) : arena_printf(a, "%s %s %s", value, op, path);
}

static const char *expression(struct arena *a, uint32_t *seed, int depth)
{
    switch (depth ? next(seed) % 5 : 4) {
    case 0:
    case 1:
        return arena_printf(a, "(%s AND %s)", expression(a, seed, depth - 1), expression(a, seed, depth - 1));
    case 2:
        return arena_printf(a, "(%s OR %s)", expression(a, seed, depth - 1), expression(a, seed, depth - 1));
    case 3:
        return arena_printf(a, "NOT (%s)", expression(a, seed, depth - 1));
    default:
        return comparison(a, seed);
    }
}

static const char *attribute(struct arena *a, uint32_t *seed)
{
    char *text = arena_strdup(a, values[next(seed) % 9]);

    for (char *s = text; *s; s++)
        *s = *s == '\'' ? '"' : *s;
    return text;
}

static void what_is_true_has_what_it_needs(void **state)
{
    uint32_t seed = 7;
    size_t told = 0, spared = 0;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        _arena_ struct arena *a = arena_new();
        const char *source = expression(a, &seed, 3);
        struct expr_error err;
        const struct expr *e = expr_compile(a, source, EXPR_QUEUE, &err);
        struct expr_need out[EXPR_NEEDS_MAX];
        size_t n = e ? expr_needs(a, e, out) : 0, met = 0;

        if (!n)
            continue;
        const char *json = arena_printf(a, "{\"s\":%s,\"t\":{\"u\":%s}}", attribute(a, &seed), attribute(a, &seed));
        json_t *attributes = json_parse(a, json, strlen(json), NULL);
        assert_non_null(attributes);
        for (size_t i = 0; i < n; i++)
            met += is_so(&out[i], attributes);
        if (expr_eval(e, &(struct expr_scope){ .worker = attributes }) && !met)
            fail_msg("%s is true for %s, without what it needs", source, json);
        told++;
        spared += !met;
    }
    assert_true(told > 1000 && spared > 500);
}

/* What a query of that field must have, as "field=text,text"; "" when it cannot be told. */
static const char *pin_text(struct arena *a, const char *source)
{
    struct expr_error err;
    const struct expr *e = expr_compile(a, source, EXPR_QUERY, &err);
    const struct expr_pin *pin = e ? expr_pin(a, e) : NULL;
    struct text t = { .arena = a };

    assert_non_null(e);
    for (size_t i = 0; pin && i < pin->n; i++)
        text_putf(&t, "%s%s", i ? "," : arena_printf(a, "%s=", pin->field), pin->texts[i]);
    return text_str(&t);
}

static void queries_are_pinned_by_what_must_be_equal(void **state)
{
    static const char *const rows[][2] = {
        { "data.worker_sid == \"WK1\"", "worker_sid=WK1" },
        { "data.worker_sid EQ \"WK1\" AND data.status != \"x\"", "worker_sid=WK1" },
        { "data.status != \"x\" && (data.a == \"1x\" && data.b == \"2\")", "a=1x" },
        { "data.queue_sids IN [\"WQ1\", \"WQ2\"]", "queue_sids=WQ1,WQ2" },
        { "data.worker_sid == \"WK1\" OR data.worker_sid == \"WK2\"", "" },
        { "data.worker_sid != \"WK1\"", "" },
        { "NOT data.worker_sid == \"WK1\"", "" },
        { "data.priority == \"10\"", "" }, /* equals a number, too */
        { "data.attributes.name == \"x\"", "" },
        { "data.worker_sid CONTAINS \"WK1\"", "" },
        { "data.worker_sid IN []", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _arena_ struct arena *a = arena_new();
        assert_string_equal(pin_text(a, rows[i][0]), rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_a_need),
        cmocka_unit_test(what_cannot_be_told_is_not_told),
        cmocka_unit_test(needs_tell_paths_and_texts_apart),
        cmocka_unit_test(what_is_true_has_what_it_needs),
        cmocka_unit_test(queries_are_pinned_by_what_must_be_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
