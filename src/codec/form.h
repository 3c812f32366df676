/* form: application/x-www-form-urlencoded and query strings.
 *
 * Names and values are decoded into the arena, in order; repeated names are all kept (Twilio's
 * arrays repeat the key).  Refused: more than FORM_PAIRS_MAX pairs, a bad percent escape, NUL or
 * invalid UTF-8. */
#pragma once
#include "base/fault.h"
#include "base/text.h"

enum { FORM_PAIRS_MAX = 1000 };

struct pair { const char *name, *value; };
struct form { struct pair *pairs; size_t n; };

fault_t     form_parse(struct arena *a, const char *s, size_t n, struct form *out);
const char *form_get(const struct form *f, const char *name);        /* the last one of that name, or NULL */
void        form_put(struct text *t, const char *name, const char *value); /* appends name=value, with '&' where needed */
void        url_escape(struct text *t, const char *s);               /* RFC 3986: everything but unreserved */
/* Decodes %XX (and '+' when plus) in a path segment or value; NULL when it is not valid. */
char       *url_unescape(struct arena *a, const char *s, size_t n, bool plus);
