/* Values and the comparison of two of them: the one place that knows which types meet, and how.
 *
 *              null    bool    number   string            list, object
 *   null       equal   -       -        -                 false
 *   bool               value   -        -                 false
 *   number                     value    as numbers if the string is one, else unequal
 *   string                              by bytes (which is by code point)
 *
 * "-" is unequal and without order; so are bools and nulls among themselves without order. */
#include "expr/internal.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct expr_value expr_value_int(int64_t v)
{
    return (struct expr_value){ .kind = EXPR_INT, .integer = v };
}

struct expr_value expr_value_string(const char *s)
{
    if (!s)
        return (struct expr_value){ .kind = EXPR_NULL };
    return (struct expr_value){ .kind = EXPR_STRING, .string = { s, strlen(s) } };
}

struct expr_value expr_value_json(const json_t *v)
{
    struct expr_value out = { .kind = EXPR_NULL };

    if (!v)
        return out;
    switch (json_typeof(v)) {
    case JSON_NULL:
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        out.kind = EXPR_BOOL;
        out.boolean = json_is_true(v);
        break;
    case JSON_INTEGER:
        out.kind = EXPR_INT;
        out.integer = json_integer_value(v);
        break;
    case JSON_REAL:
        out.kind = EXPR_REAL;
        out.real = json_real_value(v);
        break;
    case JSON_STRING:
        out.kind = EXPR_STRING;
        out.string.s = json_string_value(v);
        out.string.n = json_string_length(v);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        out.kind = EXPR_JSON;
        out.json = v;
        break;
    }
    return out;
}

struct expr_value path_value(const json_t *v, const struct step *path)
{
    for (; v && path; path = path->next) /* jansson answers NULL for a name in what is no object, too */
        v = path->name ? json_object_get(v, path->name) : json_array_get(v, path->index);
    return expr_value_json(v);
}

bool value_is_list(const struct expr_value *v)
{
    return v->kind == EXPR_JSON;
}

static bool is_number(const struct expr_value *v)
{
    return v->kind == EXPR_INT || v->kind == EXPR_REAL;
}

/* Exact, also where a double no longer holds every integer. */
static int compare_mixed(int64_t i, double d)
{
    if (d >= 0x1p63)
        return -1;
    if (d < -0x1p63)
        return 1;
    int64_t whole = (int64_t)d; /* towards zero */
    if (i != whole)
        return i < whole ? -1 : 1;
    return (d < (double)whole) - (d > (double)whole);
}

static int compare_numbers(const struct expr_value *a, const struct expr_value *b)
{
    if (a->kind == EXPR_INT && b->kind == EXPR_INT)
        return (a->integer > b->integer) - (a->integer < b->integer);
    if (a->kind == EXPR_INT)
        return compare_mixed(a->integer, b->real);
    if (b->kind == EXPR_INT)
        return -compare_mixed(b->integer, a->real);
    return (a->real > b->real) - (a->real < b->real);
}

/* Twilio documents taskrouter.currentHour as a string and compares it with 8: a string that is a number
 * meets a number as a number. */
static bool as_numbers(const struct expr_value *a, const struct expr_value *b, int *out)
{
    struct expr_value read;

    if (is_number(a) && is_number(b)) {
        *out = compare_numbers(a, b);
        return true;
    }
    if (is_number(a) && b->kind == EXPR_STRING && number_parse(b->string.s, b->string.n, &read)) {
        *out = compare_numbers(a, &read);
        return true;
    }
    if (is_number(b) && a->kind == EXPR_STRING && number_parse(a->string.s, a->string.n, &read)) {
        *out = compare_numbers(&read, b);
        return true;
    }
    return false;
}

static int compare_strings(const struct expr_value *a, const struct expr_value *b)
{
    size_t n = a->string.n < b->string.n ? a->string.n : b->string.n;
    int c = n ? memcmp(a->string.s, b->string.s, n) : 0;

    return c ? c : (a->string.n > b->string.n) - (a->string.n < b->string.n);
}

static bool equal_strings(const struct expr_value *a, const struct expr_value *b)
{
    if (a->string.n != b->string.n)
        return false;
    if (a->fold || b->fold)
        return strncasecmp(a->string.s, b->string.s, a->string.n) == 0;
    return memcmp(a->string.s, b->string.s, a->string.n) == 0;
}

bool scalar_equal(const struct expr_value *a, const struct expr_value *b)
{
    int c;

    if (as_numbers(a, b, &c))
        return c == 0;
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case EXPR_NULL:
        return true;
    case EXPR_BOOL:
        return a->boolean == b->boolean;
    case EXPR_STRING:
        return equal_strings(a, b);
    default: /* numbers were compared above; lists are equal to nothing */
        return false;
    }
}

bool scalar_order(const struct expr_value *a, const struct expr_value *b, int *out)
{
    if (as_numbers(a, b, out))
        return true;
    if (a->kind != EXPR_STRING || b->kind != EXPR_STRING)
        return false;
    *out = compare_strings(a, b);
    return true;
}

/* The text of a scalar; numbers are written into room.  NULL for what has none. */
static const char *scalar_text(const struct expr_value *v, char room[static 64], size_t *n)
{
    const char *s = room;

    switch (v->kind) {
    case EXPR_STRING:
        *n = v->string.n;
        return v->string.s;
    case EXPR_BOOL:
        s = v->boolean ? "true" : "false";
        break;
    case EXPR_INT:
        snprintf(room, 64, "%lld", (long long)v->integer);
        break;
    case EXPR_REAL: /* the shortest text that reads back as the same number */
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(room, 64, "%.*g", digits, v->real);
            if (!(strtod(room, NULL) < v->real || strtod(room, NULL) > v->real))
                break;
        }
        break;
    default:
        return NULL;
    }
    *n = strlen(s);
    return s;
}

bool scalar_contains(const struct expr_value *a, const struct expr_value *b)
{
    char room_a[64], room_b[64];
    size_t na = 0, nb = 0;
    const char *sa = scalar_text(a, room_a, &na), *sb = scalar_text(b, room_b, &nb);

    return sa && sb && memmem(sa, na, sb, nb);
}
