#include "base/clock.h"
#include "base/fault.h"
#include "internal.h"
#include "net/parse.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SLICE_BYTES = 256 * 1024 };

/* --- errors that the server answers itself -------------------------------------------------------------- */

const char *error_body(h2o_mem_pool_t *pool, enum fault_id id, int status, size_t *n)
{
    const struct fault *f = fault_kind(id);
    size_t room = strlen(f->meaning) + 160;
    char *s = h2o_mem_alloc_pool(pool, room);

    *n = (size_t)snprintf(
        s, room,
        "{\"code\":%d,\"message\":\"%s\",\"more_info\":\"https://www.twilio.com/docs/errors/%d\",\"status\":%d}",
        f->code, f->meaning, f->code, status);
    return s;
}

static const char *reason_phrase(int status)
{
    /* clang-format off */
    static const struct { int status; const char *phrase; } known[] = {
        { 101, "Switching Protocols" }, { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" },
        { 301, "Moved Permanently" }, { 302, "Found" }, { 303, "See Other" }, { 304, "Not Modified" },
        { 307, "Temporary Redirect" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" },
        { 404, "Not Found" }, { 405, "Method Not Allowed" }, { 408, "Request Timeout" }, { 409, "Conflict" },
        { 410, "Gone" }, { 412, "Precondition Failed" }, { 413, "Content Too Large" }, { 414, "URI Too Long" },
        { 415, "Unsupported Media Type" }, { 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" }, { 501, "Not Implemented" }, { 502, "Bad Gateway" },
        { 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
    };
    /* clang-format on */

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            return known[i].phrase;
    return status < 300 ? "OK" : status < 400 ? "Redirect" : status < 500 ? "Client Error" : "Server Error";
}

static struct loop *loop_of_req(h2o_req_t *req)
{
    return CONTAINER_OF(req->conn->ctx, struct loop, ctx);
}

static bool is_head(const h2o_req_t *req)
{
    return h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
}

/* A long answer goes out a piece at a time: over TLS h2o would else encrypt all of it at once, into memory. */
struct slices {
    h2o_generator_t super;
    const char *at;
    size_t left;
};

static void next_slice(h2o_generator_t *self, h2o_req_t *req)
{
    struct slices *s = (struct slices *)self;
    h2o_iovec_t buf = { .base = (char *)s->at, .len = s->left < SLICE_BYTES ? s->left : SLICE_BYTES };

    s->at += buf.len;
    s->left -= buf.len;
    h2o_send(req, &buf, 1, s->left ? H2O_SEND_STATE_IN_PROGRESS : H2O_SEND_STATE_FINAL);
}

static bool is_ours(struct loop *l, const h2o_generator_t *g)
{
    return g == &l->generator || (g && g->proceed == next_slice);
}

/* h2o's own filters take the connection's keep-alive away from answers without a length; 204 and 304 need none. */
static void send_body(struct loop *l, h2o_req_t *req, const void *body, size_t length)
{
    unsigned char keep = req->http1_is_persistent && !l->draining;
    bool bare = !length || is_head(req), sliced = !bare && length > SLICE_BYTES;
    struct slices *s = sliced ? h2o_mem_alloc_pool(&req->pool, sizeof *s) : NULL;
    h2o_iovec_t buf = { .base = (char *)body, .len = length };

    if (sliced)
        *s = (struct slices){ .super = { .proceed = next_slice }, .at = body, .left = length };
    h2o_start_response(req, sliced ? &s->super : &l->generator);
    req->http1_is_persistent = keep;
    if (sliced)
        next_slice(&s->super, req);
    else
        h2o_send(req, &buf, !bare, H2O_SEND_STATE_FINAL);
}

static int refuse(h2o_req_t *req, enum fault_id id)
{
    struct conn *c = conn_of_req(req);
    int status = fault_kind(id)->status;
    size_t n;
    const char *body = error_body(&req->pool, id, status, &n);

    conn_linger(c);
    conn_busy(c);
    conn_answering(c);
    req->http1_is_persistent = 0;
    req->res.status = status;
    req->res.reason = reason_phrase(status);
    req->res.content_length = n;
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, "Content-Type",
                   H2O_STRLIT("application/json"));
    send_body(loop_of_req(req), req, body, n);
    return 0;
}

struct error_stream {
    h2o_ostream_t super;
    h2o_iovec_t body;
};

static void error_send(h2o_ostream_t *o, h2o_req_t *req, h2o_iovec_t *bufs, size_t n, h2o_send_state_t state)
{
    struct error_stream *e = (struct error_stream *)o;

    (void)bufs;
    h2o_ostream_send_next(o, req, &e->body, n ? 1 : 0, state);
}

/* What h2o refuses on its own (a body over the limit, broken chunks) gets the same body as our errors. */
void request_error_filter(h2o_filter_t *self, h2o_req_t *req, h2o_ostream_t **slot)
{
    struct loop *l = loop_of_req(req);

    (void)self;
    if (!is_ours(l, req->_generator) && req->res.status >= 400) {
        struct error_stream *e = (struct error_stream *)h2o_add_ostream(req, sizeof *e, slot);
        enum fault_id id = req->res.status == 413 ? F_TOO_LARGE : req->res.status < 500 ? F_BAD_REQUEST : F_INTERNAL;
        e->super.do_send = error_send;
        e->body.base = (char *)error_body(&req->pool, id, req->res.status, &e->body.len);
        req->res.content_length = e->body.len;
        req->res.headers = (h2o_headers_t){ 0 };
        h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, "Content-Type",
                       H2O_STRLIT("application/json"));
        conn_linger(conn_of_req(req));
        conn_busy(conn_of_req(req));
        conn_answering(conn_of_req(req));
        slot = &e->super.next;
    }
    h2o_setup_next_ostream(req, slot);
}

/* --- the way in ------------------------------------------------------------------------------------------ */

const char *http_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->nheaders; i++)
        if (!strcmp(r->headers[i].name, name))
            return r->headers[i].value;
    return NULL;
}

static const char *keep(struct arena *a, h2o_iovec_t v)
{
    return arena_strndup(a, v.base ? v.base : "", v.len);
}

/* h2o keeps Host and Upgrade apart from the other headers. */
static void copy_headers(struct http_request *r, h2o_req_t *req)
{
    struct http_header *h = arena_alloc(r->arena, (req->headers.size + 2) * sizeof *h);
    size_t n = 0;

    for (size_t i = 0; i < req->headers.size; i++)
        if (req->headers.entries[i].name && req->headers.entries[i].name->len)
            h[n++] = (struct http_header){ keep(r->arena, *req->headers.entries[i].name),
                                           keep(r->arena, req->headers.entries[i].value) };
    if (*r->host)
        h[n++] = (struct http_header){ "host", r->host };
    if (req->upgrade.base)
        h[n++] = (struct http_header){ "upgrade", keep(r->arena, req->upgrade) };
    r->headers = h;
    r->nheaders = n;
}

/* A proxy's request line may carry the whole URL; its authority then is the host (RFC 9112, 3.2.2). */
static bool split_target(struct http_request *r)
{
    const char *t = r->target, *query;

    if (!strncasecmp(t, "http://", 7) || !strncasecmp(t, "https://", 8)) {
        const char *authority = strchr(t, ':') + 3;
        size_t n = strcspn(authority, "/?#");
        r->host = arena_strndup(r->arena, authority, n);
        t = authority[n] == '/' ? authority + n : arena_printf(r->arena, "/%s", authority + n);
        r->target = t;
    }
    if (*t != '/' && strcmp(t, "*") && strcmp(r->method, "CONNECT"))
        return false;
    query = strchr(t, '?');
    r->path = query ? arena_strndup(r->arena, t, (size_t)(query - t)) : t;
    r->query = query ? query + 1 : "";
    return true;
}

static const char *last_of_list(struct arena *a, const char *list)
{
    const char *comma = strrchr(list, ','), *from = comma ? comma + 1 : list;

    from += strspn(from, " \t");
    return arena_strndup(a, from, strcspn(from, " \t"));
}

static void believe_proxy(struct http_request *r)
{
    const char *proto = http_header(r, "x-forwarded-proto"), *peer = http_header(r, "x-forwarded-for");
    const char *host = http_header(r, "x-forwarded-host");

    if (proto) {
        proto = last_of_list(r->arena, proto);
        if (!strcasecmp(proto, "https") || !strcasecmp(proto, "http"))
            r->scheme = strcasecmp(proto, "https") ? "http" : "https";
    }
    if (peer && *last_of_list(r->arena, peer))
        r->peer = last_of_list(r->arena, peer);
    if (host && host_valid(last_of_list(r->arena, host)))
        r->host = last_of_list(r->arena, host);
}

static const char *peer_name(struct arena *a, h2o_req_t *req)
{
    struct sockaddr_storage sa;
    char text[NI_MAXHOST];
    socklen_t n = req->conn->callbacks->get_peername(req->conn, (struct sockaddr *)&sa);
    size_t length = n ? h2o_socket_getnumerichost((struct sockaddr *)&sa, n, text) : SIZE_MAX;

    return length == SIZE_MAX ? "" : arena_strndup(a, text, length);
}

static bool is_handshake(const struct http_request *r, h2o_req_t *req)
{
    const char *key = http_header(r, "sec-websocket-key"), *version = http_header(r, "sec-websocket-version");

    return req->upgrade.base && h2o_lcstris(req->upgrade.base, req->upgrade.len, H2O_STRLIT("websocket")) &&
           !strcmp(r->method, "GET") && key && strlen(key) == 24 && version && !strcmp(version, "13");
}

/* A large one not into the arena, which would write each byte twice. */
static const char *copy_body(struct arena *a, const char *bytes, size_t n, size_t large)
{
    char *body = n > large ? h2o_mem_alloc(n + 1) : arena_alloc(a, n + 1);

    memcpy(body, bytes, n);
    body[n] = '\0';
    if (n > large)
        arena_defer(a, free, body);
    return body;
}

static bool upload_allowed(const struct http_config *c, h2o_iovec_t target, size_t n)
{
    const char *query = memchr(target.base, '?', target.len);

    return c->is_upload && n <= c->upload_max &&
           c->is_upload(target.base, query ? (size_t)(query - target.base) : target.len);
}

static bool fill(struct exchange *x, struct arena *a, h2o_req_t *req)
{
    struct http_request *r = &x->request;

    *r = (struct http_request){
        .arena = a,
        .method = keep(a, req->input.method),
        .target = keep(a, req->input.path),
        .scheme = req->input.scheme == &H2O_URL_SCHEME_HTTPS ? "https" : "http",
        .host = "",
        .peer = peer_name(a, req),
        .received_ns = monotonic_ns(),
        .server_side = x,
    };
    /* Without a Host header h2o puts in the name of its only host. */
    if (req->input.authority.base != req->hostconf->authority.hostport.base)
        r->host = keep(a, req->input.authority);
    if (!split_target(r) || (*r->host && !host_valid(r->host)))
        return false;
    copy_headers(r, req);
    if (x->loop->server->config.trust_proxy)
        believe_proxy(r);
    r->body = arena_strndup(a, req->entity.base ? req->entity.base : "", 0);
    if (req->entity.len)
        r->body = copy_body(a, req->entity.base, req->entity.len, x->loop->server->config.body_max);
    r->body_length = req->entity.len;
    r->wants_upgrade = is_handshake(r, req);
    return true;
}

static void on_dispose(void *guard)
{
    struct exchange *x = *(struct exchange **)guard;

    x->req = NULL;
    conn_next(x->conn);
    if (x->answered)
        arena_free(x->request.arena);
}

int request_on_req(h2o_handler_t *self, h2o_req_t *req)
{
    struct loop *l = loop_of_req(req);
    const struct http_config *c = &l->server->config;
    h2o_socket_t *sock = req->conn->callbacks->get_socket(req->conn);

    (void)self;
    atomic_fetch_add_explicit(&l->requests, 1, memory_order_relaxed);
    switch (head_check(sock->input->bytes, sock->input->size, req->version & 0xff, c->header_max)) {
    case HEAD_BAD:
        return refuse(req, F_BAD_REQUEST);
    case HEAD_TOO_LARGE:
        return refuse(req, F_HEADERS_TOO_LARGE);
    case HEAD_TARGET_TOO_LONG:
        return refuse(req, F_URI_TOO_LONG);
    case HEAD_GOOD:
        break;
    }
    if (req->entity.len > c->body_max && !upload_allowed(c, req->input.path, req->entity.len))
        return refuse(req, F_TOO_LARGE);
    struct arena *a = arena_new();
    struct exchange *x = arena_alloc(a, sizeof *x), **guard;
    *x = (struct exchange){ .loop = l, .req = req, .conn = conn_of_req(req) };
    if (!fill(x, a, req)) {
        arena_free(a);
        return refuse(req, F_BAD_REQUEST);
    }
    guard = h2o_mem_alloc_shared(&req->pool, sizeof *guard, on_dispose);
    *guard = x;
    conn_busy(x->conn);
    l->open_requests++;
    c->request(c->arg, &x->request);
    return 0;
}

/* --- the way out ----------------------------------------------------------------------------------------- */

void exchange_end(struct exchange *x)
{
    struct loop *l = x->loop;

    l->open_requests--;
    atomic_fetch_add_explicit(x->req ? &l->replies : &l->dropped, 1, memory_order_relaxed);
    if (x->req)
        x->answered = true;
    else
        arena_free(x->request.arena);
}

static void send_answer(struct exchange *x)
{
    const struct http_answer *a = &x->answer;
    h2o_req_t *req = x->req;
    bool bodiless = a->status == 204 || a->status == 304;

    req->res.status = a->status;
    req->res.reason = reason_phrase(a->status);
    req->res.content_length = bodiless ? SIZE_MAX : a->length;
    if (a->content_type)
        h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, "Content-Type", a->content_type,
                       strlen(a->content_type));
    for (size_t i = 0; i < a->nheaders; i++)
        h2o_add_header_by_str(&req->pool, &req->res.headers, a->headers[i].name, strlen(a->headers[i].name), 0, NULL,
                              a->headers[i].value, strlen(a->headers[i].value));
    conn_answering(x->conn);
    send_body(x->loop, req, a->body, bodiless ? 0 : a->length);
}

static void run_reply(struct post *p)
{
    struct exchange *x = CONTAINER_OF(p, struct exchange, post);
    bool there = x->req;

    exchange_end(x);
    if (there)
        send_answer(x);
}

/* A value with a line end would end the header and begin another: such a header is left out. */
static void keep_headers(struct arena *arena, struct http_answer *a)
{
    struct http_header *h = arena_alloc(arena, (a->nheaders + 1) * sizeof *h);
    size_t n = 0;

    for (size_t i = 0; i < a->nheaders; i++)
        if (a->headers[i].value && !strpbrk(a->headers[i].value, "\r\n"))
            h[n++] = (struct http_header){ arena_strdup(arena, a->headers[i].name),
                                           arena_strdup(arena, a->headers[i].value) };
    a->headers = h;
    a->nheaders = n;
}

void http_reply(struct http_request *r, const struct http_answer *answer)
{
    struct exchange *x = r->server_side;

    assert(answer->status >= 200 && answer->status <= 599);
    x->answer = *answer;
    keep_headers(r->arena, &x->answer);
    x->answer.content_type = arena_strdup(r->arena, answer->content_type);
    gzip_answer(r, &x->answer);
    x->post.run = run_reply;
    if (loop_is_mine(x->loop))
        run_reply(&x->post);
    else
        loop_post(x->loop, &x->post);
}
