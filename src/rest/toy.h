/* toy: a resource that uses every word of the vocabulary, and a server without sockets to ask it through; for the tests and the
 * fuzzer of this folder. */
#pragma once
#include "rest/rest.h"

struct toy;

struct toy_answer {
    int         status;
    const char *body;   /* "" when there is none; in the arena that was asked with */
    const char *etag;   /* or NULL */
    json_t     *json;   /* or NULL */
};

struct toy       *toy_start(void);
void              toy_stop(struct toy *t);
/* Asks as the toy's own account; headers: "name: value\n…" or NULL; body a form, or JSON when it begins with '{'. */
struct toy_answer toy_ask(struct toy *t, struct arena *a, const char *method, const char *target, const char *body,
                          const char *headers);
struct toy_answer toy_ask_as(struct toy *t, struct arena *a, const char *authorization, const char *method, const char *target,
                             const char *body, const char *headers);
/* Asks from within, in the name of `who`; body as above. */
struct toy_answer toy_inner(struct toy *t, struct arena *a, const struct principal *who, const char *method, const char *target,
                            const char *body);
struct principal  toy_owner(struct toy *t);    /* the toy's own account; its key, for whoever makes a token's of it */
const char       *toy_stranger(struct toy *t); /* the Authorization of another account */
const struct module *const *toy_modules(void);
void              toy_reply(struct http_request *r, const struct http_answer *answer); /* in place of http_reply() */
