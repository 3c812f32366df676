/* rest: from an HTTP request to a row and back.
 *
 *   net/http ── rest_handle() ── address ── route ── [reader thread | ledger] ── authenticate, bind, rules, hook ── answer
 *
 * Set up once with the list of modules; every description is checked then (routes that collide, REQUIRED without ON_CREATE, struct
 * bytes that no row covers …) and a server with a bad table does not start. */
#pragma once
#include "rest/resource.h"

struct rest_config {
    const struct module *const *modules; /* NULL-terminated */
    struct ledger *ledger;
    struct auth   *auth;
    struct store  *store;
    struct clock  *clock;
    struct site   *site;
    int            readers;              /* threads */
    /* What is neither an API nor an endpoint: static files.  On the I/O thread; false: 404. */
    bool         (*fallback)(void *arg, struct http_request *r, const char *path);
    void          *fallback_arg;
};

struct rest *rest_new(struct arena *a, const struct rest_config *c, const char **why);
void         rest_start(struct rest *r);                 /* opens the readers; after ledger_start() */
void         rest_stop(struct rest *r);
void         rest_free(struct rest *r);
void         rest_handle(void *rest, struct http_request *req); /* http_config.request */
/* OpenAPI 3, one document; NULL and *why when a description is wrong. */
const char  *rest_describe(struct arena *a, const struct module *const *modules, const char **why);
const struct kind **rest_kinds(struct arena *a, const struct module *const *modules, size_t *n); /* all kinds, each once */
