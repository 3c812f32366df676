#include "base/text.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

char *text_reserve(struct text *t, size_t n)
{
    if (n >= SIZE_MAX / 4 - t->n)
        abort();
    if (t->n + n + 1 > t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 64;

        while (cap < t->n + n + 1)
            cap *= 2;
        char *s = arena_alloc(t->arena, cap);
        if (t->n)
            memcpy(s, t->s, t->n);
        t->s = s;
        t->cap = cap;
    }
    return t->s + t->n;
}

void text_putn(struct text *t, const char *s, size_t n)
{
    char *p = text_reserve(t, n);

    if (n)
        memcpy(p, s, n);
    p[n] = '\0';
    t->n += n;
}

void text_put(struct text *t, const char *s)
{
    text_putn(t, s, strlen(s));
}

void text_putc(struct text *t, char c)
{
    char *p = text_reserve(t, 1);

    p[0] = c;
    p[1] = '\0';
    t->n++;
}

void text_putf(struct text *t, const char *fmt, ...)
{
    va_list ap;
    char *p = text_reserve(t, 64);
    size_t space = t->cap - t->n;

    va_start(ap, fmt);
    int n = vsnprintf(p, space, fmt, ap);
    va_end(ap);
    if (n < 0)
        abort();
    if ((size_t)n >= space) {
        p = text_reserve(t, (size_t)n);
        va_start(ap, fmt);
        vsnprintf(p, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    t->n += (size_t)n;
}

void text_put_int(struct text *t, int64_t v)
{
    char digits[20], *end = digits + sizeof digits, *p = end;
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

    do
        *--p = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0)
        *--p = '-';
    text_putn(t, p, (size_t)(end - p));
}

const char *text_str(const struct text *t)
{
    return t->s ? t->s : "";
}

bool str_eq(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Not strcasecmp(), which asks the locale. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}
static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

bool str_ieq(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    while (*a && lower(*a) == lower(*b))
        a++, b++;
    return lower(*a) == lower(*b);
}

bool str_starts(const char *s, const char *prefix)
{
    return s && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
    size_t n = s ? strlen(s) : 0, m = strlen(suffix);

    return s && n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool str_to_int(const char *s, int64_t *out)
{
    if (!s)
        return false;
    bool negative = *s == '-';
    int64_t v = 0; /* counted downwards, so that INT64_MIN fits */

    s += negative;
    if (!*s)
        return false;
    for (; *s; s++)
        if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, *s - '0', &v))
            return false;
    if (!negative && v == INT64_MIN)
        return false;
    *out = negative ? v : -v;
    return true;
}

bool str_to_bool(const char *s, bool *out)
{
    bool yes = str_ieq(s, "true") || str_ieq(s, "yes") || str_eq(s, "1");
    bool no = str_ieq(s, "false") || str_ieq(s, "no") || str_eq(s, "0");

    if (yes || no)
        *out = yes;
    return yes || no;
}

/* The length of the well-formed sequence at p (Unicode table 3-7: no overlong forms, no surrogates), or 0. */
static size_t sequence(const unsigned char *p, size_t n)
{
    unsigned char c = p[0], least = 0x80, most = 0xbf;
    size_t length = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

    if (length == 0 || length > n)
        return 0;
    if (c == 0xe0)
        least = 0xa0;
    else if (c == 0xed)
        most = 0x9f;
    else if (c == 0xf0)
        least = 0x90;
    else if (c == 0xf4)
        most = 0x8f;
    if (length > 1 && (p[1] < least || p[1] > most))
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool utf8_valid(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s, *end = p + n;

    while (p < end) {
        uint64_t eight;
        if (end - p >= 8 && (memcpy(&eight, p, 8), !(eight & 0x8080808080808080u))) {
            p += 8;
            continue;
        }
        size_t length = sequence(p, (size_t)(end - p));
        if (!length)
            return false;
        p += length;
    }
    return true;
}

size_t utf8_length(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

char *name_pascal(struct arena *a, const char *snake)
{
    char *name = arena_alloc(a, strlen(snake) + 1), *p = name;
    bool first = true; /* of a word */

    for (; *snake; snake++) {
        if (*snake == '_') {
            first = true;
            continue;
        }
        *p++ = first ? upper(*snake) : *snake;
        first = *snake == '.';
    }
    return name;
}

/* A word begins at a capital after a small letter or digit, and at the last capital of several ("SIPDomain" is
 * sip_domain). */
char *name_snake(struct arena *a, const char *pascal)
{
    char *name = arena_alloc(a, 2 * strlen(pascal) + 1), *p = name;

    for (const char *s = pascal; *s; s++) {
        if (is_upper(*s) && s > pascal && s[-1] != '.' && s[-1] != '_' && (!is_upper(s[-1]) || is_lower(s[1])))
            *p++ = '_';
        *p++ = lower(*s);
    }
    return name;
}
