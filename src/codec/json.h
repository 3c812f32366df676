/* json: reading is jansson's (strict, exact 64-bit integers); writing is ours, straight into a text,
 * because answers are made far more often than documents are read.
 *
 * json_parse() adds what a stranger needs: a limit on depth and size, and a message with a place. */
#pragma once
#include "base/fault.h"
#include "base/text.h"
#include <jansson.h>

enum { JSON_DEPTH_MAX = 64, JSON_SIZE_MAX = 16 * 1024 * 1024 };

/* Parses a whole document (any type).  The tree is released with the arena.  On refusal NULL, and *why
 * (if not NULL) says what and where, in the arena. */
json_t *json_parse(struct arena *a, const char *s, size_t n, const char **why);
/* As json_parse(), and the value must be an object. */
json_t *json_parse_object(struct arena *a, const char *s, size_t n, const char **why);
char   *json_text(struct arena *a, const json_t *v);                 /* compact, keys in their order */
const char *json_get_string(const json_t *object, const char *key);  /* NULL when absent or not a string */

/* --- writing: json_key() and values put the commas; a struct json_out nests at most JSON_DEPTH_MAX deep.
 * (json_nil and json_double are not json_null and json_real because those are jansson's.) */
struct json_out {
    struct text text;
    uint64_t    open;    /* a bit a level: something was written at it */
    uint64_t    objects; /* a bit a level: it is an object, not an array */
    int         depth;
};

void json_begin(struct json_out *o, struct arena *a);
void json_open(struct json_out *o, char bracket);   /* '{' or '[' */
void json_close(struct json_out *o, char bracket);  /* '}' or ']' */
void json_key(struct json_out *o, const char *key); /* key is trusted: our own name, or use json_key_any() */
void json_key_any(struct json_out *o, const char *key);
void json_str(struct json_out *o, const char *s);   /* NULL writes null */
void json_strn(struct json_out *o, const char *s, size_t n);
void json_int(struct json_out *o, int64_t v);
void json_bool(struct json_out *o, bool v);
void json_nil(struct json_out *o);
void json_double(struct json_out *o, double v); /* not finite: null */
void json_raw(struct json_out *o, const char *json); /* a value that already is JSON */
/* key and value in one call */
void json_pair_str(struct json_out *o, const char *key, const char *s);
void json_pair_int(struct json_out *o, const char *key, int64_t v);
void json_pair_bool(struct json_out *o, const char *key, bool v);
void json_pair_raw(struct json_out *o, const char *key, const char *json);
void json_pair_date(struct json_out *o, const char *key, int64_t ms);    /* as date_iso(); INT64_MIN, which is how a row says "absent", writes null */
void json_pair_date_ms(struct json_out *o, const char *key, int64_t ms); /* with .123 */
const char *json_done(struct json_out *o);           /* asserts that everything is closed */
