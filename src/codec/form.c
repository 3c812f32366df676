#include "codec/form.h"
#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes into the arena.  NULL, and *why says what is wrong with it. */
static char *decode(struct arena *a, const char *s, size_t n, bool plus, const char **why)
{
    char *out = arena_strndup(a, s, n), *p = out;

    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c == '%') {
            int high = i + 2 < n ? hex_value(s[i + 1]) : -1;
            int low = high < 0 ? -1 : hex_value(s[i + 2]);
            if (low < 0) {
                *why = "a bad percent escape";
                return NULL;
            }
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (!c) {
            *why = "a NUL";
            return NULL;
        }
        *p++ = c;
    }
    *p = '\0';
    if (!utf8_valid(out, (size_t)(p - out))) {
        *why = "bytes that are not UTF-8";
        return NULL;
    }
    return out;
}

char *url_unescape(struct arena *a, const char *s, size_t n, bool plus)
{
    const char *why;

    return decode(a, s, n, plus, &why);
}

static const char *find(const char *s, char c, const char *end)
{
    const char *at = s < end ? memchr(s, c, (size_t)(end - s)) : NULL;

    return at ? at : end;
}

static fault_t pair_parse(struct arena *a, const char *s, const char *end, struct form *out)
{
    const char *equals = find(s, '=', end), *value = equals < end ? equals + 1 : end, *why = NULL;
    struct pair p = { .name = decode(a, s, (size_t)(equals - s), true, &why) };

    if (!p.name)
        return fault(a, F_BAD_REQUEST, "The name of parameter %zu has %s", out->n + 1, why);
    p.value = decode(a, value, (size_t)(end - value), true, &why);
    if (!p.value)
        return fault(a, F_INVALID_PARAMETER, "Parameter '%.100s' has %s", p.name, why);
    out->pairs[out->n++] = p;
    return NULL;
}

fault_t form_parse(struct arena *a, const char *s, size_t n, struct form *out)
{
    size_t pairs = 0;

    *out = (struct form){ 0 };
    if (!n)
        return NULL;
    const char *end = s + n, *stop;
    for (const char *p = s; p < end; p = stop + 1) {
        stop = find(p, '&', end);
        pairs += stop > p; /* nothing between two '&' is nothing */
    }
    if (pairs > FORM_PAIRS_MAX)
        return fault(a, F_TOO_LARGE, "%zu parameters; at most %d are allowed", pairs, FORM_PAIRS_MAX);
    out->pairs = arena_alloc(a, pairs * sizeof *out->pairs);
    for (const char *p = s; p < end; p = stop + 1) {
        stop = find(p, '&', end);
        fault_t f = stop > p ? pair_parse(a, p, stop, out) : NULL;
        if (f)
            return f;
    }
    return NULL;
}

const char *form_get(const struct form *f, const char *name)
{
    for (size_t i = f->n; i--;)
        if (strcmp(f->pairs[i].name, name) == 0)
            return f->pairs[i].value;
    return NULL;
}

static bool unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void url_escape(struct text *t, const char *s)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = strlen(s);
    char *start = text_reserve(t, 3 * n), *p = start;

    for (; *s; s++) {
        if (unreserved(*s)) {
            *p++ = *s;
            continue;
        }
        *p++ = '%';
        *p++ = hex[(unsigned char)*s >> 4];
        *p++ = hex[(unsigned char)*s & 15];
    }
    *p = '\0';
    t->n += (size_t)(p - start);
}

void form_put(struct text *t, const char *name, const char *value)
{
    if (t->n && t->s[t->n - 1] != '?' && t->s[t->n - 1] != '&')
        text_putc(t, '&');
    url_escape(t, name);
    text_putc(t, '=');
    url_escape(t, value);
}
