#include "codec/json.h"
#include "codec/date.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- reading */

static json_t *refuse(const char **why, const char *message)
{
    if (why)
        *why = message;
    return NULL;
}

/* Whether brackets nest too deep, found before anything is built.  Exact for what is JSON; what is not, jansson
 * refuses anyway. */
static bool too_deep(const char *s, size_t n)
{
    size_t depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < n; i++) {
        if (quoted) {
            if (s[i] == '\\')
                i++;
            else if (s[i] == '"')
                quoted = false;
        } else if (s[i] == '"') {
            quoted = true;
        } else if (s[i] == '{' || s[i] == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return true;
        } else if ((s[i] == '}' || s[i] == ']') && depth) {
            depth--;
        }
    }
    return false;
}

static void release(void *tree)
{
    json_decref(tree);
}

json_t *json_parse(struct arena *a, const char *s, size_t n, const char **why)
{
    json_error_t error;

    if (n > JSON_SIZE_MAX)
        return refuse(why, arena_printf(a, "JSON of more than %d bytes", JSON_SIZE_MAX));
    if (too_deep(s, n))
        return refuse(why, arena_printf(a, "JSON nests deeper than %d levels", JSON_DEPTH_MAX));
    json_t *tree = json_loadb(n ? s : "", n, JSON_DECODE_ANY, &error);
    if (!tree)
        return refuse(why, arena_printf(a, "%s (line %d, column %d)", error.text, error.line, error.column));
    arena_defer(a, release, tree);
    return tree;
}

json_t *json_parse_object(struct arena *a, const char *s, size_t n, const char **why)
{
    json_t *tree = json_parse(a, s, n, why);

    return !tree || json_is_object(tree) ? tree : refuse(why, "JSON that is not an object");
}

const char *json_get_string(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* --- the pieces of a document */

/* What a byte of a string becomes: 0 itself, 'u' \u00XX, otherwise a backslash and this. */
/* clang-format off */
static const char escapes[256] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
    ['"'] = '"', ['\\'] = '\\',
};
static const char two_digits[] =
    "00010203040506070809" "10111213141516171819" "20212223242526272829" "30313233343536373839" "40414243444546474849"
    "50515253545556575859" "60616263646566676869" "70717273747576777879" "80818283848586878889" "90919293949596979899";
/* clang-format on */

static void put_escape(struct text *t, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char *p = text_reserve(t, 6);

    *p++ = '\\';
    *p++ = escapes[c];
    if (escapes[c] == 'u') {
        *p++ = '0';
        *p++ = '0';
        *p++ = hex[c >> 4];
        *p++ = hex[c & 15];
    }
    *p = '\0';
    t->n = (size_t)(p - t->s);
}

/* Bytes that are no UTF-8 must not reach a client, whatever let them in. */
static void put_repaired(struct text *t, const char *s, size_t n)
{
    while (n) {
        size_t good = 1;
        while (good < 4 && good < n && !utf8_valid(s, good))
            good++;
        if (!utf8_valid(s, good)) {
            text_put(t, "\xef\xbf\xbd"); /* U+FFFD */
            good = 1;
        } else if (escapes[(unsigned char)*s]) {
            put_escape(t, (unsigned char)*s);
        } else {
            text_putn(t, s, good);
        }
        s += good;
        n -= good;
    }
}

static void put_string(struct text *t, const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s, *run = p, *end = p + n;
    char *out = text_reserve(t, n + 2); /* nearly always enough */

    *out = '"';
    t->n++;
    for (; p < end; p++) {
        if (!escapes[*p] && *p < 0x80)
            continue;
        if (*p >= 0x80) {
            if (!utf8_valid((const char *)p, (size_t)(end - p)))
                break;
            while (p < end && !escapes[*p]) /* all of the rest is valid */
                p++;
            if (p == end)
                break;
        }
        text_putn(t, (const char *)run, (size_t)(p - run));
        put_escape(t, *p);
        run = p + 1;
    }
    text_putn(t, (const char *)run, (size_t)(p - run));
    put_repaired(t, (const char *)p, (size_t)(end - p));
    text_putc(t, '"');
}

static void put_int(struct text *t, int64_t v)
{
    char digits[20], *end = digits + sizeof digits, *p = end;
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

    for (; u >= 100; u /= 100)
        memcpy(p -= 2, two_digits + u % 100 * 2, 2);
    if (u >= 10)
        memcpy(p -= 2, two_digits + u * 2, 2);
    else
        *--p = (char)('0' + u);
    if (v < 0)
        *--p = '-';
    text_putn(t, p, (size_t)(end - p));
}

/* The shortest digits that read back as v, and always recognisable as a real number. */
static void put_real(struct text *t, double v)
{
    char s[40];

    if (!isfinite(v)) {
        text_put(t, "null");
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(s, sizeof s, "%.*g", precision, v);
        if (strtod(s, NULL) == v)
            break;
    }
    text_put(t, s);
    if (!strpbrk(s, ".e"))
        text_put(t, ".0");
}

/* --- a tree as text */

static void put_value(struct text *t, const json_t *v);

static void put_object(struct text *t, const json_t *v)
{
    json_t *object = (json_t *)v; /* jansson iterates only what it could change */
    bool first = true;

    text_putc(t, '{');
    for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
        const char *key = json_object_iter_key(i);
        if (!first)
            text_putc(t, ',');
        first = false;
        put_string(t, key, strlen(key));
        text_putc(t, ':');
        put_value(t, json_object_iter_value(i));
    }
    text_putc(t, '}');
}

static void put_array(struct text *t, const json_t *v)
{
    text_putc(t, '[');
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (i)
            text_putc(t, ',');
        put_value(t, json_array_get(v, i));
    }
    text_putc(t, ']');
}

static void put_value(struct text *t, const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        put_object(t, v);
        break;
    case JSON_ARRAY:
        put_array(t, v);
        break;
    case JSON_STRING:
        put_string(t, json_string_value(v), json_string_length(v));
        break;
    case JSON_INTEGER:
        put_int(t, json_integer_value(v));
        break;
    case JSON_REAL:
        put_real(t, json_real_value(v));
        break;
    case JSON_TRUE:
        text_put(t, "true");
        break;
    case JSON_FALSE:
        text_put(t, "false");
        break;
    case JSON_NULL:
        text_put(t, "null");
        break;
    }
}

char *json_text(struct arena *a, const json_t *v)
{
    struct text t = { .arena = a };

    assert(v);
    put_value(&t, v);
    return t.s;
}

/* --- writing */

void json_begin(struct json_out *o, struct arena *a)
{
    *o = (struct json_out){ .text = { .arena = a } };
    *text_reserve(&o->text, 1000) = '\0';
}

static uint64_t level(const struct json_out *o)
{
    return (uint64_t)1 << (o->depth - 1);
}

/* Every value begins here: the comma before it, unless it is the first or its key stands there. */
static void before_value(struct json_out *o)
{
    if (!o->depth) {
        assert(!o->text.n); /* one document, one value */
    } else if (o->objects & level(o)) {
        assert(o->text.s[o->text.n - 1] == ':'); /* json_key() put the comma */
    } else if (o->open & level(o)) {
        text_putc(&o->text, ',');
    } else {
        o->open |= level(o);
    }
}

void json_open(struct json_out *o, char bracket)
{
    assert((bracket == '{' || bracket == '[') && o->depth < JSON_DEPTH_MAX);
    before_value(o);
    text_putc(&o->text, bracket);
    o->depth++;
    o->open &= ~level(o);
    if (bracket == '{')
        o->objects |= level(o);
    else
        o->objects &= ~level(o);
}

void json_close(struct json_out *o, char bracket)
{
    assert(o->depth > 0);
    assert(bracket == (o->objects & level(o) ? '}' : ']') && o->text.s[o->text.n - 1] != ':');
    text_putc(&o->text, bracket);
    o->depth--;
}

static void before_key(struct json_out *o)
{
    assert(o->depth > 0 && o->objects & level(o) && o->text.s[o->text.n - 1] != ':');
    if (o->open & level(o))
        text_putc(&o->text, ',');
    o->open |= level(o);
}

void json_key(struct json_out *o, const char *key)
{
    size_t n = strlen(key);

    before_key(o);
    char *p = text_reserve(&o->text, n + 3);
    *p++ = '"';
    memcpy(p, key, n);
    memcpy(p + n, "\":", 3);
    o->text.n += n + 3;
}

void json_key_any(struct json_out *o, const char *key)
{
    before_key(o);
    put_string(&o->text, key, strlen(key));
    text_putc(&o->text, ':');
}

void json_strn(struct json_out *o, const char *s, size_t n)
{
    before_value(o);
    put_string(&o->text, s, n);
}

void json_str(struct json_out *o, const char *s)
{
    if (s)
        json_strn(o, s, strlen(s));
    else
        json_nil(o);
}

void json_int(struct json_out *o, int64_t v)
{
    before_value(o);
    put_int(&o->text, v);
}

void json_double(struct json_out *o, double v)
{
    before_value(o);
    put_real(&o->text, v);
}

void json_raw(struct json_out *o, const char *json)
{
    before_value(o);
    text_put(&o->text, json);
}

void json_bool(struct json_out *o, bool v)
{
    json_raw(o, v ? "true" : "false");
}
void json_nil(struct json_out *o)
{
    json_raw(o, "null");
}

void json_pair_str(struct json_out *o, const char *key, const char *s)
{
    json_key(o, key);
    json_str(o, s);
}

void json_pair_int(struct json_out *o, const char *key, int64_t v)
{
    json_key(o, key);
    json_int(o, v);
}

void json_pair_bool(struct json_out *o, const char *key, bool v)
{
    json_key(o, key);
    json_bool(o, v);
}

void json_pair_raw(struct json_out *o, const char *key, const char *json)
{
    json_key(o, key);
    json_raw(o, json);
}

void json_pair_date(struct json_out *o, const char *key, int64_t ms)
{
    char date[DATE_SIZE];

    json_pair_str(o, key, ms == INT64_MIN ? NULL : date_iso(ms, date));
}

void json_pair_date_ms(struct json_out *o, const char *key, int64_t ms)
{
    char date[DATE_SIZE];

    json_pair_str(o, key, ms == INT64_MIN ? NULL : date_iso_ms(ms, date));
}

const char *json_done(struct json_out *o)
{
    assert(!o->depth && o->text.n);
    return o->text.s;
}
