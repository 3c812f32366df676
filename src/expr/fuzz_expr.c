/* Whatever a stranger writes: compile, evaluate, order, refer.  Input: a byte for the dialect, the expression up to
 * a newline, then attributes as JSON.  Checked: a refusal says what and where in valid UTF-8; NOT (x) is the opposite
 * of x; comparing in an order is antisymmetric. */
#include "expr/expr.h"
#include <assert.h>
#include <stddef.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void fact(const struct expr_scope *scope, enum expr_fact what, const char *of, struct expr_value *out)
{
    if (what % 3 == 0)
        *out = expr_value_int(what);
    else if (what % 3 == 1)
        *out = expr_value_string(of ? of : "12");
    else
        *out = expr_value_json(scope->worker);
}

static void check_refusal(const struct expr_error *err)
{
    assert(err->column >= 1 && err->message && err->message[0]);
    assert(utf8_valid(err->message, strlen(err->message)));
}

static void check_expr(struct arena *a, const char *source, enum expr_dialect d, const struct expr_scope *scope)
{
    struct expr_error err;
    const struct expr *e = expr_compile(a, source, d, &err), *opposite;

    if (!e) {
        check_refusal(&err);
        return;
    }
    bool yes = expr_eval(e, scope);
    assert(!expr_is_constant_true(e) || yes);
    assert(!expr_is_constant_false(e) || !yes);
    for (const struct expr_read *r = expr_paths(e); r; r = r->next)
        assert(strncmp(r->path, r->first, strlen(r->first)) == 0 && (expr_reads(e) & r->what));
    struct expr_explanation why = expr_explain(e, scope, a);
    assert(why.result == yes && *expr_explanation_words(&why, a));
    /* refused when the brackets are one too deep or too many, or when there is nothing between them */
    opposite = expr_compile(a, arena_printf(a, "NOT (%s)", source), d, &err);
    assert(!opposite || expr_eval(opposite, scope) != yes);
}

static void check_order(struct arena *a, const char *source, const json_t *one, const json_t *other)
{
    struct expr_error err;
    const struct expr_order *o = expr_order_compile(a, source, &err);

    if (!o) {
        check_refusal(&err);
        return;
    }
    assert(expr_order_compare(o, one, one) == 0);
    assert(expr_order_compare(o, one, other) == -expr_order_compare(o, other, one));
    expr_order_fits(o, one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 1)
        return 0;
    struct arena *a = arena_new();
    const char *source = arena_strndup(a, (const char *)data + 1, n - 1);
    char *line = strchr(source, '\n');
    json_t *attributes = line ? json_loads(line + 1, 0, NULL) : NULL;
    struct expr_scope scope = { .task = attributes, .worker = attributes, .fact = fact, .now = (int64_t)n << 40 };
    const struct expr_reference *r;
    struct expr_error err;

    if (line)
        *line = '\0';
    check_expr(a, source, (enum expr_dialect)(data[0] % (EXPR_QUERY + 1)), &scope);
    check_order(a, source, attributes, json_object_get(attributes, "o"));
    r = expr_reference_compile(a, source, &err);
    if (r)
        expr_reference_get(r, attributes);
    else
        check_refusal(&err);
    json_decref(attributes);
    arena_free(a);
    return 0;
}
