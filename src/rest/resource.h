/* resource: what a REST resource is, said once.
 *
 * A product describes each of its resources: the kind of record behind it (store/record.h), its path, the verbs that it answers,
 * and hooks for what a table cannot say.  Routes, authentication, binding of parameters, rules, scoping to the account, paging, filters,
 * orderings, JSON, ETags, links and the API's own description (OpenAPI) are read from that one place by one interpreter.
 *
 * Three rules keep the table a table: rows say what, hooks say when and why; a flag that fewer than five resources need is
 * a hook; rest/ has one switch per direction over the field types and no other.
 *
 * Where things run: GET on a reader thread, straight-line, with its own read-only connection; everything else on the
 * ledger's thread, as one command, whose answer waits for the commit.  A resource whose `present` needs what only lives in the
 * ledger's memory says .reads_live, and is read there, too. */
#pragma once
#include "auth/auth.h"
#include "codec/form.h"
#include "ledger/ledger.h"
#include "net/client.h"
#include "net/http.h"

enum verb { LIST = 1, FETCH = 2, CREATE = 4, UPDATE = 8, DELETE = 16 };
enum style { STYLE_META, STYLE_2010 }; /* envelope {"meta": …}, "url", ISO dates | flat page keys, "uri", ".json" suffix, RFC 2822 dates */

struct op;
struct list_plan;

/* A struct of input that is not a field of the resource, described by the same FIELD rows. */
struct params { size_t size; const struct field *fields; size_t nfields; };
#define PARAMS(st, rows) { sizeof(struct st), ROWS(rows) }

struct link_row { const char *name, *path; };  /* {"workspace", "/v1/Workspaces/{workspace_sid}"}; {member} of the row */

struct action {                    /* POST {path}/{sid}/{name} */
    const char   *name;
    struct params params;
    fault_t     (*run)(struct op *op, void *row);
};

struct resource {
    const char        *product;    /* "taskrouter": host label or first path segment */
    const char        *name;       /* "Activity": operations are called FetchActivity, ListActivity … */
    const char        *path;       /* "/v1/Workspaces/{workspace_sid}/Activities"; of a singleton, a view or what is only listed: its own path */
    const char        *many;       /* "activities": the list's key */
    const char        *key;        /* member named by the last path segment; NULL: the KEY field */
    const char        *at;         /* what the answers' url says, where that is not path/{key}; "": it has none */
    enum style         style;
    unsigned           verbs;      /* of a view: 0, or CREATE: it answers POST in place of GET, for a question that is a body */
    const struct kind *kind;       /* NULL for a view that is not stored: then .fields of .shape */
    const struct kind *shape;      /* a struct that is never stored: what `view` fills, or `show` makes of a row of kind */
    bool               singleton;  /* FETCH and UPDATE at .path itself; found by its parents, or by `find` */
    bool               reads_live;
    bool               heeds_webhooks; /* a caller says with X-Twilio-Webhook-Enabled whether webhooks are told of a write (op->webhooks) */
    bool               manage;     /* needs principal.may_manage (accounts, keys) */
    unsigned           conditional; /* UPDATE, DELETE: those that heed If-Match by the `match` hook; by a REVISION, both do */
    int                create_status; /* 0: 201 */
    int                update_status; /* 0: 200 */
    struct params      create_params, update_params, list_params; /* beside ON_CREATE, ON_UPDATE and FILTER fields */
    const struct link_row *links; size_t nlinks;
    const struct action   *actions; size_t nactions;
    /* Hooks; all optional.  They run after binding and rules; a fault undoes everything. */
    fault_t (*enter)(struct op *op);              /* before anything of the path is looked up: may put another value into it (op_path_set), and refuse */
    fault_t (*match)(struct op *op, const void *row, const char *if_match); /* If-Match, where it is not a REVISION's; asked by the verbs of .conditional */
    fault_t (*make)(struct op *op, void **out);   /* of a POST to the collection, in place of a new row: makes what it makes; *out is shown */
    fault_t (*create)(struct op *op, void *row);  /* the new row, bound and scoped; a hook may set more with row_set() */
    fault_t (*update)(struct op *op, void *row, const void *was); /* row already edited and bound; was: as it was before */
    fault_t (*remove)(struct op *op, void *row);  /* before row_delete(); one that has set op->answer.status has seen to the row itself */
    fault_t (*present)(struct op *op, void *copy);/* fills COMPUTED fields of a shallow copy, before it becomes JSON */
    void    (*show)(struct op *op, const void *row, void *out); /* fills a struct of .shape, which is shown in the row's place */
    fault_t (*find)(struct op *op, const char *key, void **row); /* in place of look-up by sid or ALTERNATE; *row NULL: 404 */
    fault_t (*select)(struct op *op, struct list_plan *plan);    /* adds conditions from list_params, or a C predicate */
    fault_t (*view)(struct op *op, void *out);    /* fills a struct of .shape */
    fault_t (*look)(struct op *op);               /* of a GET: runs first, on the ledger; keeps in op->data what only its memory knows; the rest, on a reader */
};

/* What a list is going to select; a `select` hook adds to it. */
enum { PLAN_CONDITIONS = 24 };
struct list_plan {
    struct condition conditions[PLAN_CONDITIONS];
    size_t           nconditions;
    bool           (*keep)(struct op *op, const void *row, void *arg); /* a test that SQL cannot do */
    void            *keep_arg;
    bool             nothing;                      /* the list is empty whatever is stored */
    bool             newest_first;                 /* where the caller did not ask for an order */
};
void plan_add(struct list_plan *p, const char *column, enum compare compare, struct value value);

/* Operations of the contract that this server does not perform yet: 501, and missing in the eyes of tools/drift.py. */
struct unperformed { const char *product, *method, *path; };

/* --- one request under way -------------------------------------------------------------------------------- */
struct rest;
struct rest_inner;
struct site;
struct answer { int status; const char *content_type, *body; size_t length; struct http_header headers[8]; size_t nheaders; };

struct op {
    struct command         command;   /* when it runs on the ledger */
    struct job             job;       /* when it runs on a reader */
    struct arena          *arena;
    struct rest           *rest;
    struct http_request   *http;      /* never NULL: of an inner request (rest.h) it is made up */
    struct rest_inner     *inner;     /* NULL: it came by HTTP */
    const struct resource *res;       /* NULL for an endpoint */
    const struct endpoint *endpoint;  /* NULL for a resource */
    struct principal       who;       /* who.account_sid: the account acted on */
    struct form            form;      /* body parameters of a POST, query parameters of a GET */
    struct form            query;
    json_t                *json;      /* body, when it was JSON */
    void                  *params;    /* the bound create/update/list/action params struct, or NULL */
    struct tx             *tx;        /* on the ledger's thread; else NULL */
    struct db             *db;        /* of this thread */
    struct auth_view      *view;      /* of this thread */
    int64_t                now;
    const char            *label, *path;   /* "taskrouter", "/v1/Workspaces/WS…" (escaped, without label and prefix) */
    const char            *prefix;    /* what URLs in answers begin with: "http://127.0.0.1:8080/taskrouter" */
    struct { const char *name, *value; } path_params[8]; size_t npath_params; /* workspace_sid, sid …, decoded */
    bool                   webhooks;  /* X-Twilio-Webhook-Enabled: true */
    bool                   vouched;   /* who is known, and what it may do is decided: op_become() */
    void                  *row;       /* what a hook may want to answer with in place of the row acted on */
    struct answer          answer;
    struct { const struct kind *kind; const char *sid; void *row; } seen[8]; /* what a reader has looked up, rest's own */
    void                 (*finish)(struct op *op, fault_t f); /* in place of answering, after the commit: a WebSocket's upgrade */
    fault_t              (*seal)(struct op *op); /* of a change that went well, before it is committed: what is to be kept together with it */
    /* Somebody outside must be asked before this change may be made.  A hook that needs it sets the call here and returns a fault F_ASKED: all that the
     * command did is undone, the call is made (no thread waits), and then the request runs again from its beginning, as another command; the hook
     * finds the call here, with its answer, and does not ask again.  It may ask several, one after another. */
    struct http_call      *ask;
    void                  *data;      /* an endpoint's own */
    void                  *scope;     /* a resource's own: what its enter hook has found */
    struct pool           *pool;      /* rest's own, with the next */
    const struct entry    *entry;
    fault_t              (*step)(struct op *op), (*next)(struct op *op);
    void                 (*go)(struct op *op, fault_t (*step)(struct op *op)); /* where next runs */
};

const char *op_param(const struct op *op, const char *name);       /* form parameter, or NULL */
bool        op_given(const struct op *op, const char *name);
const char *op_path(const struct op *op, const char *name);        /* "workspace_sid" */
void        op_path_set(struct op *op, const char *name, const char *value); /* in place of what the path says, or beside it */
const char *op_header(const struct op *op, const char *lower_case);
fault_t     refuse(struct op *op, enum fault_id id, const char *fmt, ...) __attribute__((format(printf, 3, 4), warn_unused_result));
/* A row of this account (and, where the kind has that PARENT, of the path's parents); NULL when there is none.  On the ledger's thread resident
 * rows come from memory. */
void       *op_find(struct op *op, const struct kind *k, const char *sid);
fault_t     op_failed(struct op *op); /* the store failed: UNAVAILABLE */
void        op_json(struct op *op, int status, const char *json);  /* an endpoint's answer */
void        op_header_add(struct op *op, const char *name, const char *value);
struct site *op_site(const struct op *op);
void        op_finish(struct op *op, fault_t f);                   /* answers, from a `finish` of one's own; op is gone */
/* When the step that calls this has ended well (and, on the ledger, is committed), fn goes on as a command of the ledger or as a job of a
 * reader, and then the answer goes out; for endpoints that need both. */
void        op_continue_on_ledger(struct op *op, fault_t (*fn)(struct op *op));
void        op_continue_on_reader(struct op *op, fault_t (*fn)(struct op *op));
/* Likewise, on a thread of a pool of one's own, where it may block on a disk; there is no db there. */
void        op_continue_on_pool(struct op *op, struct pool *pool, fault_t (*fn)(struct op *op));
/* What URLs of another product in this answer begin with: op->prefix, but for its label. */
const char *op_beside(const struct op *op, const char *label);
/* Another request, to a resource, in this one's place: for a gateway whose clients send the API's requests inside of its own.  op->who is
 * set, and the gateway has checked what it may do.  The answer goes through op->finish, which is the gateway's. */
struct inner { const char *label, *method, *path; struct form query, form; };
fault_t     op_become(struct op *op, const struct inner *inner);
/* The row as the API shows it (JSON object), also used by gateways and events. */
void        resource_json(struct op *op, const struct resource *r, const void *row, struct json_out *o);

/* The members of a struct as pairs of an open JSON object, but for those with one of these flags. */
void        members_json(struct json_out *o, const struct kind *k, const void *row, uint32_t without);

/* --- what is not a resource: sessions, sockets, health ------------------------------------------------------ */
enum place { ON_IO, ON_READER, ON_LEDGER };
enum needs { PUBLIC, CREDENTIALS, SESSION, OWN_CHECK };

struct endpoint {
    const char *label;     /* "event-bridge"; NULL: the site itself, no label */
    const char *method;    /* "GET", "POST"; "UPGRADE": a WebSocket handshake */
    const char *path;      /* "/v1/wschannels"; {names} allowed; a last segment of "*" matches the rest */
    enum place  place;
    enum needs  needs;
    bool        any_origin;/* CORS: answers any origin */
    bool        raw_body;  /* do not look at the body: the endpoint parses it, whatever the Content-Type */
    fault_t   (*run)(struct op *op);
};

/* --- a product, an engine or a gateway: the only symbol that it exports to the roof -------------------------- */
struct module {
    const char                   *name;
    const struct kind *const     *kinds;       size_t nkinds;      /* beside those of its resources */
    const struct resource *const *resources;   size_t nresources;
    const struct endpoint        *endpoints;   size_t nendpoints;
    const struct unperformed     *unperformed; size_t nunperformed;
    fault_t (*start)(struct site *site, struct arena *a);          /* before the ledger starts: hooks, listeners, alarms */
    void    (*drain)(struct site *site);                           /* the server is about to stop: begin nothing new; nothing has ended yet */
    void    (*stop)(struct site *site);
};

struct site {
    struct ledger      *ledger;
    struct auth        *auth;
    struct rest        *rest;
    struct clock       *clock;
    struct webhooks    *webhooks;
    struct http_client *client;
    struct http_server *http;        /* NULL until the server listens */
    void               *engine;      /* routing's: struct routing * */
    void               *measure;     /* measure's: struct measure * */
    void               *bridge;      /* gateway's: struct bridge * */
    void               *sync;        /* sync's: struct sync * */
    void               *live;        /* live's: struct live *, made by gateway/cds/insights.c */
    void               *chat;        /* chat's: struct chat * */
    void               *media;       /* media's: struct media * */
    void               *channel;     /* channel's: struct channel * */
    void               *aim;         /* gateway/aim's: struct aim * */
    void               *interactions; /* interaction's: struct interactions * */
    void               *flex;        /* product/flex's: who began how many chats; the ledger's thread only */
    void               *twilsock;    /* gateway/twilsock's: struct hub * */
    void               *questions;   /* product/taskrouter's: who asked for how many queues how often; the ledger's thread only */
    void               *contact;     /* product/contact's: who wrote how often; the ledger's thread only */
    bool                demo, test_clock;
    bool                local;       /* listens on loopback only: nobody else can come in */
};
