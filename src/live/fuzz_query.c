/* Whatever a client asks.  Input: the query up to a newline, then an item as JSON: {"field": …, "attributes": {…}}.
 * Checked: a refusal says what and where; NOT (x) is the opposite of x; and what a query is pinned to is what it needs:
 * where it is true, the field is or holds one of the texts - or whoever looks only at pinned queries would miss it. */
#include "expr/expr.h"
#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void fact(const struct expr_scope *scope, enum expr_fact what, const char *of, struct expr_value *out)
{
    if (what == EXPR_ITEM_FIELD)
        *out = expr_value_json(json_object_get(scope->subject, of));
}

static bool is_one_of(const json_t *v, const struct expr_pin *pin)
{
    for (size_t i = 0; i < pin->n; i++)
        if (json_is_string(v) && strcmp(json_string_value(v), pin->texts[i]) == 0)
            return true;
    return false;
}

static bool has_one_of(const json_t *v, const struct expr_pin *pin)
{
    for (size_t i = 0; i < json_array_size(v); i++)
        if (is_one_of(json_array_get(v, i), pin))
            return true;
    return is_one_of(v, pin);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *a = arena_new();
    char *source = arena_strndup(a, (const char *)data, n), *line = strchr(source, '\n');
    json_t *item = line ? json_loads(line + 1, 0, NULL) : NULL;
    struct expr_scope scope = { .worker = json_object_get(item, "attributes"), .fact = fact, .subject = item };
    struct expr_error err;

    if (line)
        *line = '\0';
    const struct expr *e = expr_compile(a, source, EXPR_QUERY, &err);
    if (!e)
        assert(err.column >= 1 && err.message && utf8_valid(err.message, strlen(err.message)));
    else {
        const struct expr_pin *pin = expr_pin(a, e);
        bool yes = expr_eval(e, &scope);
        assert(!pin || !yes || has_one_of(json_object_get(item, pin->field), pin));
        const struct expr *opposite = expr_compile(a, arena_printf(a, "NOT (%s)", source), EXPR_QUERY, &err);
        assert(!opposite || expr_eval(opposite, &scope) != yes);
    }
    json_decref(item);
    arena_free(a);
    return 0;
}
