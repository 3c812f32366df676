/* rest: a request's way from the socket to its thread and back. */
#include "rest/internal.h"

#include "base/log.h"
#include <assert.h>
#include <string.h>

struct reader {
    struct rest *rest;
    struct arena *arena;
    struct db *db;
    struct auth_view *view;
};

/* --- set-up ------------------------------------------------------------------------------------------------------- */

const struct kind **rest_kinds(struct arena *a, const struct module *const *modules, size_t *n)
{
    size_t room = 1;

    for (const struct module *const *m = modules; *m; m++)
        room += (*m)->nkinds + (*m)->nresources;
    const struct kind **kinds = arena_alloc(a, room * sizeof(*kinds));
    *n = 0;
    for (const struct module *const *m = modules; *m; m++) {
        for (size_t i = 0; i < (*m)->nkinds + (*m)->nresources; i++) {
            const struct kind *k = i < (*m)->nkinds ? (*m)->kinds[i] : (*m)->resources[i - (*m)->nkinds]->kind;
            bool known = !k;
            for (size_t j = 0; j < *n && !known; j++)
                known = kinds[j] == k;
            if (!known)
                kinds[(*n)++] = k;
        }
    }
    return kinds;
}

struct rest *rest_new(struct arena *a, const struct rest_config *c, const char **why)
{
    struct arena *own = arena_new();
    struct rest *r = arena_alloc(own, sizeof(*r));

    r->arena = own;
    r->config = *c;
    *why = rest_compile(r, a);
    if (!*why)
        return r;
    arena_free(own);
    return NULL;
}

static void *reader_start(void *arg)
{
    struct rest *r = arg;
    struct arena *a = arena_new();
    struct reader *reader = arena_alloc(a, sizeof(*reader));
    const char *why = NULL;

    *reader = (struct reader){
        .rest = r, .arena = a, .db = db_open(r->config.store, false, a, &why), .view = auth_view_new(r->config.auth)
    };
    if (!reader->db)
        log_error("reader.failed", "%s", why);
    assert(reader->db);
    return reader;
}

static void reader_stop(void *state)
{
    struct reader *reader = state;

    auth_view_free(reader->view);
    db_close(reader->db);
    arena_free(reader->arena);
}

void rest_start(struct rest *r)
{
    r->ledger_view = auth_view_new(r->config.auth);
    r->readers = pool_new("reader", r->config.readers, LEDGER_QUEUE, reader_start, reader_stop, r);
}

void rest_stop(struct rest *r)
{
    if (r->readers)
        pool_free(r->readers);
    r->readers = NULL;
}

void rest_free(struct rest *r)
{
    if (!r)
        return;
    if (r->ledger_view)
        auth_view_free(r->ledger_view);
    arena_free(r->arena);
}

/* --- performing ------------------------------------------------------------------------------------------- */

/* Whoever sends an inner request has seen to it, perhaps hours ago; and a token is no session, wherever it came in. */
static fault_t vouched_for(struct op *op, enum needs needs)
{
    if (needs == SESSION ? op->who.by == BY_SESSION : op->who.by != BY_NOBODY)
        return op->view ? auth_again(op->view, op->db, op->arena, &op->who) : NULL;
    return refuse(op, F_UNAUTHENTICATED, "Authenticate: no credentials were given");
}

static fault_t by_headers(struct op *op)
{
    const char *authorization = op_header(op, "authorization"), *token = op_header(op, "x-twilio-token");

    if (authorization)
        return auth_basic(op->view, op->db, op->arena, authorization, &op->who);
    if (token) /* how the browser SDKs ask for media */
        return auth_token(op->view, op->db, op->arena, token, &op->who);
    return refuse(op, F_UNAUTHENTICATED, "Authenticate: no credentials were given");
}

static fault_t authenticate(struct op *op)
{
    enum needs needs = op->endpoint ? op->endpoint->needs : CREDENTIALS;
    fault_t f;

    if (needs == PUBLIC || needs == OWN_CHECK || op->vouched)
        return NULL;
    if (op->inner)
        f = vouched_for(op, needs);
    else if (needs == SESSION)
        f = auth_session(op->view, op->db, op->arena, op_header(op, "cookie"), &op->who);
    else
        f = by_headers(op);
    return f || !op->endpoint ? f : auth_enter(&op->who, op->arena, op->label);
}

static enum deed deed_of(const struct entry *e)
{
    if (!strcmp(e->method, "GET") || e->what == IS_VIEW)
        return e->what == IS_COLLECTION ? MAY_LIST : MAY_READ;
    if (!strcmp(e->method, "DELETE"))
        return MAY_DELETE;
    return e->what == IS_COLLECTION ? MAY_CREATE : MAY_UPDATE;
}

static fault_t authorize(struct op *op, const struct shape *s)
{
    const char *account = op_path(op, "account_sid");
    fault_t f = NULL;

    if (account)
        f = auth_act_on(op->view, op->db, op->arena, account, &op->who);
    if (!f && s->res->manage && !op->who.may_manage)
        f = refuse(op, F_FORBIDDEN, "These credentials may not manage accounts and keys");
    if (f || op->vouched)
        return f;
    return auth_may(&op->who, op->arena, s->res->product, s->res->path, deed_of(op->entry));
}

static fault_t perform(struct op *op)
{
    const struct entry *e = op->entry;
    fault_t f = authenticate(op);

    if (f)
        return f;
    if (e->what == IS_ENDPOINT)
        return e->endpoint->run(op);
    f = authorize(op, e->shape);
    return f ? f : verb_perform(op, e);
}

/* All that one answer shows is of one moment; and one transaction costs less than one a look-up. */
static fault_t perform_in_snapshot(struct op *op)
{
    if (op->endpoint)
        return perform(op);
    if (db_begin(op->db) != DB_OK)
        return op_failed(op);
    fault_t f = perform(op);
    db_rollback(op->db);
    return f;
}

static void finish(struct op *op, fault_t f)
{
    if (op->finish) {
        op->finish(op, f);
        return;
    }
    if (f)
        answer_fault(op, f);
    answer_send(op);
}

void op_finish(struct op *op, fault_t f)
{
    op->finish = NULL;
    finish(op, f);
}

static void ask_first(struct op *op);

/* A step has ended.  Only now may the op go to another thread: from there on it is not ours any more. */
static void settle(struct op *op, fault_t f)
{
    void (*go)(struct op * op, fault_t(*step)(struct op * op)) = op->go;

    op->go = NULL;
    if (!f && go)
        go(op, op->next);
    else if (f && f->id == F_ASKED)
        ask_first(op);
    else
        finish(op, f);
}

static void run_on_reader(struct job *job, void *state)
{
    struct op *op = CONTAINER_OF(job, struct op, job);
    struct reader *reader = state;

    op->db = reader->db;
    op->view = reader->view;
    op->tx = NULL;
    op->now = clock_now(op->rest->config.clock);
    fault_t f = op->step(op);
    settle(op, f);
}

static fault_t run_on_ledger(struct tx *tx, struct command *c)
{
    struct op *op = CONTAINER_OF(c, struct op, command);

    op->tx = tx;
    op->db = tx->db;
    op->view = op->rest->ledger_view;
    op->now = tx->now;
    fault_t f = op->step(op);
    return !f && op->seal && !op->go ? op->seal(op) : f;
}

static void done_on_ledger(struct command *c, fault_t f)
{
    struct op *op = CONTAINER_OF(c, struct op, command);

    op->tx = NULL;
    settle(op, f);
}

static void overloaded(struct op *op)
{
    finish(op, refuse(op, F_UNAVAILABLE, "The server is overloaded or stopping; try again"));
}

static void go_to_reader(struct op *op, fault_t (*step)(struct op *op))
{
    op->step = step;
    op->job.run = run_on_reader;
    if (!pool_send(op->rest->readers, &op->job))
        overloaded(op);
}

static void go_to_ledger(struct op *op, fault_t (*step)(struct op *op))
{
    op->step = step;
    op->command = (struct command){ .arena = op->arena, .run = run_on_ledger, .done = done_on_ledger };
    if (!ledger_send(op->rest->config.ledger, &op->command))
        overloaded(op);
}

static void on_asked(struct http_call *call)
{
    struct op *op = call->arg;

    go_to_ledger(op, op->step);
}

/* Nothing of the attempt stays but what its hooks keep in the arena; the same step runs again once the answer is there.
 */
static void ask_first(struct op *op)
{
    op->answer = (struct answer){ 0 };
    op->params = op->row = op->scope = NULL;
    memset(op->seen, 0, sizeof(op->seen));
    op->ask->done = on_asked;
    op->ask->arg = op;
    if (!http_client_send(op_site(op)->client, op->ask))
        overloaded(op);
}

void op_continue_on_ledger(struct op *op, fault_t (*fn)(struct op *op))
{
    op->go = go_to_ledger;
    op->next = fn;
}

void op_continue_on_reader(struct op *op, fault_t (*fn)(struct op *op))
{
    op->go = go_to_reader;
    op->next = fn;
}

static void run_on_pool(struct job *job, void *state)
{
    struct op *op = CONTAINER_OF(job, struct op, job);

    (void)state;
    op->db = NULL;
    op->view = NULL;
    op->now = clock_now(op->rest->config.clock);
    fault_t f = op->step(op);
    settle(op, f);
}

static void go_to_pool(struct op *op, fault_t (*step)(struct op *op))
{
    op->step = step;
    op->job.run = run_on_pool;
    if (!pool_send(op->pool, &op->job))
        overloaded(op);
}

void op_continue_on_pool(struct op *op, struct pool *pool, fault_t (*fn)(struct op *op))
{
    op->pool = pool;
    op->go = go_to_pool;
    op->next = fn;
}

const char *op_beside(const struct op *op, const char *label)
{
    return address_beside(op, label);
}

static fault_t look_first(struct op *op)
{
    fault_t f = authenticate(op);

    f = f ? f : authorize(op, op->entry->shape);
    f = f ? f : op->res->look(op);
    if (!f)
        op_continue_on_reader(op, perform_in_snapshot);
    return f;
}

static enum place place_of(const struct entry *e)
{
    if (e->endpoint)
        return e->endpoint->place;
    return !strcmp(e->method, "GET") && !e->shape->res->reads_live ? ON_READER : ON_LEDGER;
}

static void dispatch(struct op *op)
{
    const struct entry *e = op->entry;
    enum place place = place_of(e);

    if (place == ON_READER && e->shape && e->shape->res->look)
        go_to_ledger(op, look_first);
    else if (place == ON_LEDGER)
        go_to_ledger(op, perform);
    else if (place == ON_READER)
        go_to_reader(op, perform_in_snapshot);
    else {
        op->now = clock_now(op->rest->config.clock);
        fault_t f = e->endpoint->run(op);
        settle(op, f);
    }
}

/* --- from the socket -------------------------------------------------------------------------------------- */

static const struct entry *choose_entry(const struct op *op, const struct route *route)
{
    const char *method = op->http->wants_upgrade ? "UPGRADE" : op->http->method;

    if (!strcmp(method, "HEAD"))
        method = "GET";
    for (size_t i = 0; i < route->nentries; i++)
        if (!strcmp(route->entries[i].method, method))
            return &route->entries[i];
    return NULL;
}

static fault_t method_refused(struct op *op, const struct route *route)
{
    struct text allow = { .arena = op->arena };

    for (size_t i = 0; i < route->nentries; i++)
        if (strcmp(route->entries[i].method, "UPGRADE"))
            text_putf(&allow, "%s%s", allow.n ? ", " : "", route->entries[i].method);
    op_header_add(op, "Allow", text_str(&allow));
    return refuse(op, F_METHOD, "%s is not allowed here; allowed: %s", op->http->method, text_str(&allow));
}

static fault_t take_path_params(struct op *op, const struct entry *e, char **values)
{
    for (size_t i = 0; e->names[i] && i < sizeof(op->path_params) / sizeof(*op->path_params); i++) {
        const char *value = url_unescape(op->arena, values[i], strlen(values[i]), false);
        if (!value || !*value)
            return refuse(op, F_NOT_FOUND, "The requested resource %.300s was not found", op->path);
        op->path_params[i].name = e->names[i];
        op->path_params[i].value = value;
        op->npath_params = i + 1;
    }
    return NULL;
}

/* A JSON body's members become parameters, too, so that a client may send either. */
static void json_as_form(struct op *op)
{
    const char *key;
    json_t *value;
    size_t n = 0;

    op->form.pairs = arena_alloc(op->arena, (json_object_size(op->json) + 1) * sizeof(*op->form.pairs));
    json_object_foreach(op->json, key, value)
    {
        const char *text = json_is_string(value) ? json_string_value(value)
                           : json_is_null(value) ? ""
                                                 : json_text(op->arena, value);
        op->form.pairs[n++] = (struct pair){ key, text };
    }
    op->form.n = n;
}

static fault_t take_body(struct op *op)
{
    const char *type = op_header(op, "content-type"), *why = NULL;
    fault_t f = form_parse(op->arena, op->http->query, strlen(op->http->query), &op->query);

    if (f || (op->endpoint && op->endpoint->raw_body))
        return f;
    if (!op->http->body_length) {
        op->form = op->query;
        return NULL;
    }
    if (type && str_starts(type, "application/json")) {
        op->json = json_parse(op->arena, op->http->body, op->http->body_length, &why);
        if (!op->json)
            return refuse(op, F_BAD_REQUEST, "The body is not valid JSON: %s", why);
        if (json_is_object(op->json))
            json_as_form(op);
        return NULL;
    }
    if (type && !str_starts(type, "application/x-www-form-urlencoded"))
        return refuse(op, F_MEDIA_TYPE, "Content-Type %.100s is not understood here", type);
    return form_parse(op->arena, op->http->body, op->http->body_length, &op->form);
}

static fault_t choose(struct op *op, const struct route *route, char **values)
{
    const struct entry *e = choose_entry(op, route);

    if (!e)
        return method_refused(op, route);
    if (e->what == IS_UNPERFORMED)
        return refuse(op, F_NOT_IMPLEMENTED, "%s %.300s is known, but this server does not perform it yet",
                      op->http->method, op->path);
    op->entry = e;
    op->endpoint = e->endpoint;
    op->res = e->shape ? e->shape->res : NULL;
    return take_path_params(op, e, values);
}

static fault_t understand(struct op *op, const struct route *route, char **values)
{
    fault_t f = choose(op, route, values);

    op->webhooks = str_ieq(op_header(op, "x-twilio-webhook-enabled"), "true");
    return f ? f : take_body(op);
}

static void preflight(struct op *op)
{
    const char *headers = op_header(op, "access-control-request-headers");

    op->answer.status = 204;
    op_header_add(op, "Access-Control-Allow-Origin", "*");
    op_header_add(op, "Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS");
    if (headers)
        op_header_add(op, "Access-Control-Allow-Headers", headers);
    op_header_add(op, "Access-Control-Max-Age", "86400");
    http_reply(op->http,
               &(struct http_answer){ .status = 204, .headers = op->answer.headers, .nheaders = op->answer.nheaders });
}

static bool preflight_allowed(const struct op *op, const struct route *route)
{
    if (op->label)
        return true;
    for (size_t i = 0; route && i < route->nentries; i++)
        if (route->entries[i].endpoint && route->entries[i].endpoint->any_origin)
            return true;
    return false;
}

/* The path as the site's own files know it; NULL: the request is for a product's host, where there are none.
 * "/contact/" is a product's prefix and a folder. */
static const char *site_path(const struct op *op)
{
    const char *path = op->http->path;
    size_t n = op->label ? strlen(op->label) : 0;

    if (!op->label)
        return op->path;
    return op->path != path && !strncasecmp(path + 1, op->label, n) && (!path[n + 1] || path[n + 1] == '/') ? path
                                                                                                            : NULL;
}

/* From where HTTP and inner requests go the same way. */
static void take(struct op *op, const struct route *route, char **values)
{
    fault_t f = route ? understand(op, route, values)
                      : refuse(op, F_NOT_FOUND, "The requested resource %.300s was not found", op->path);

    if (f)
        finish(op, f);
    else
        dispatch(op);
}

void rest_handle(void *arg, struct http_request *req)
{
    struct rest *r = arg;
    struct op *op = arena_alloc(req->arena, sizeof(*op));
    char *values[SEGMENTS_MAX];

    op->arena = req->arena;
    op->rest = r;
    op->http = req;
    address_resolve(r, op);
    const struct route *route = route_find(r, op->label, op->path, op->arena, values);
    if (!strcmp(req->method, "OPTIONS") && preflight_allowed(op, route)) {
        preflight(op);
        return;
    }
    if (!route) {
        const char *path = site_path(op);
        if (path && r->config.fallback && r->config.fallback(r->config.fallback_arg, req, path))
            return;
    }
    take(op, route, values);
}

/* --- from within ------------------------------------------------------------------------------------------ */

/* What HTTP would have brought, so that no one behind here has to ask which way a request came. */
static struct http_request *made_up(struct rest_inner *q)
{
    struct http_request *req = arena_alloc(q->arena, sizeof(*req));
    struct http_header *headers = arena_alloc(q->arena, (q->nheaders + 1) * sizeof(*headers));
    const char *authority = strstr(q->origin, "://") + 3;
    const char *query = q->query ? q->query : "";

    if (q->nheaders)
        memcpy(headers, q->headers, q->nheaders * sizeof(*headers));
    *req = (struct http_request){
        .arena = q->arena,
        .method = q->method,
        .target = *query ? arena_printf(q->arena, "%s?%s", q->path, query) : q->path,
        .path = q->path,
        .query = query,
        .scheme = arena_strndup(q->arena, q->origin, (size_t)(authority - 3 - q->origin)),
        .host = arena_strndup(q->arena, authority, strcspn(authority, "/")),
        .peer = q->peer ? q->peer : "",
        .headers = headers,
        .nheaders = q->nheaders,
        .body = q->body ? arena_strndup(q->arena, q->body, q->length) : "",
        .body_length = q->body ? q->length : 0,
    };
    if (q->content_type)
        headers[req->nheaders++] = (struct http_header){ "content-type", q->content_type };
    return req;
}

void rest_inner(struct rest *r, struct rest_inner *q)
{
    struct op *op = arena_alloc(q->arena, sizeof(*op));
    char *values[SEGMENTS_MAX];

    op->arena = q->arena;
    op->rest = r;
    op->inner = q;
    op->http = made_up(q);
    op->who = q->who;
    op->label = q->label;
    op->path = q->path;
    op->prefix = rest_prefix(r, op->arena, q->origin, q->label);
    take(op, route_find(r, op->label, op->path, op->arena, values), values);
}

/* --- from inside of another request ----------------------------------------------------------------------- */

fault_t op_become(struct op *op, const struct inner *inner)
{
    char *values[SEGMENTS_MAX];

    op->prefix = address_beside(op, inner->label);
    op->label = inner->label;
    op->path = inner->path;
    op->http->method = inner->method;
    op->npath_params = 0;
    op->vouched = true;
    memset(op->seen, 0, sizeof(op->seen));
    const struct route *route = route_find(op->rest, op->label, op->path, op->arena, values);
    if (!route || route->entries->what == IS_ENDPOINT)
        return refuse(op, F_NOT_FOUND, "The requested resource %.300s was not found", op->path);
    fault_t f = choose(op, route, values);
    if (f)
        return f;
    op->query = inner->query;
    op->form = strcmp(inner->method, "GET") ? inner->form : inner->query;
    if (place_of(op->entry) == ON_LEDGER && op->tx) /* where we are: one command, and in the order in which they came */
        return perform(op);
    if (place_of(op->entry) == ON_READER && !op->res->look)
        op_continue_on_reader(op, perform_in_snapshot);
    else
        op_continue_on_ledger(op, place_of(op->entry) == ON_READER ? look_first : perform);
    return NULL;
}
