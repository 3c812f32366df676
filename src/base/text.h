/* text: a growing, always NUL-terminated string in an arena, and the few string helpers that C lacks.
 *
 * A struct text starts as { .arena = a }; .s is NULL until the first byte is put (use text_str()
 * where an empty string must be "").  Appending is amortised O(1); the old buffer stays in the
 * arena until the arena goes. */
#pragma once
#include "base/arena.h"
#include <stdbool.h>
#include <stdint.h>

struct text {
    struct arena *arena;
    char         *s;
    size_t        n, cap;
};

void        text_put(struct text *t, const char *s);
void        text_putn(struct text *t, const char *s, size_t n);
void        text_putc(struct text *t, char c);
void        text_putf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void        text_put_int(struct text *t, int64_t v);
char       *text_reserve(struct text *t, size_t n); /* room for n more bytes; the caller adds to t->n and terminates */
const char *text_str(const struct text *t);         /* never NULL */

bool str_eq(const char *a, const char *b);      /* NULL equals NULL */
bool str_ieq(const char *a, const char *b);     /* ASCII case folded */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* A whole decimal number and nothing else (a leading '-' allowed); false leaves *out alone. */
bool str_to_int(const char *s, int64_t *out);
/* true|1|yes and false|0|no, any case; false when it is neither. */
bool str_to_bool(const char *s, bool *out);
bool utf8_valid(const char *s, size_t n);
size_t utf8_length(const char *s); /* code points of a valid string */
/* friendly_name -> FriendlyName and back, in the arena. */
char *name_pascal(struct arena *a, const char *snake);
char *name_snake(struct arena *a, const char *pascal);
