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

/* A request that comes from within, or in another protocol's frame.  It reaches resources and endpoints as if it had come by HTTP:
 * the same binding, rules, scoping and refusals.  Who sends it vouches for `who` (an endpoint with needs == OWN_CHECK finds it in op->who);
 * what `who` may do is still decided by auth_may(), as for the same caller by HTTP.  An endpoint finds in op->http a request like any other,
 * with op->inner beside it; an UPGRADE cannot come this way. */
struct rest_inner {
    struct arena           *arena;        /* yours; the op lives in it until `done` */
    struct principal        who;
    const char             *label, *method, *path, *query; /* path and query still escaped; query NULL: none */
    const char             *content_type; /* NULL: one of the headers, or none */
    const char             *body;         /* copied; NULL: none */
    size_t                  length;
    const struct http_header *headers;    /* names in lower case */
    size_t                  nheaders;
    const char             *origin;       /* "http://host:port", what URLs in answers begin with: of the site, or of one of its products' hosts */
    const char             *peer;         /* the client's address; NULL: unknown */
    void                  (*done)(struct rest_inner *q); /* once; `answer` is filled; on the thread that answered: hand over.  q is yours again */
    struct answer           answer;       /* lives in the arena */
    void                   *arg;
};
void         rest_inner(struct rest *r, struct rest_inner *q);          /* any thread; may call done() at once */

/* What URLs of a product begin with, for whoever came by this origin (rest_inner.origin). */
const char  *rest_prefix(const struct rest *r, struct arena *a, const char *origin, const char *label);

/* OpenAPI 3, one document; NULL and *why when a description is wrong. */
const char  *rest_describe(struct arena *a, const struct module *const *modules, const char **why);
const struct kind **rest_kinds(struct arena *a, const struct module *const *modules, size_t *n); /* all kinds, each once */
