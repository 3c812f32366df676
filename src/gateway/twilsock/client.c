/* A client: a socket, from the handshake to the end.
 *
 *   NEW ── init ── BEGINNING (its token is looked at) ── READY ── close, expiry ── ENDING ── the socket has closed ──
 * GONE */
#include "gateway/twilsock/internal.h"

#include "base/sid.h"
#include <stdlib.h>
#include <string.h>

/* --- callers ------------------------------------------------------------------------------------------------------ */

struct caller *caller_new(void)
{
    struct arena *a = arena_new_sized(640);
    struct caller *c = arena_alloc(a, sizeof(*c));

    c->arena = a;
    c->refs = 1;
    return c;
}

void caller_unref(struct caller *c)
{
    if (c && --c->refs == 0)
        arena_free(c->arena);
}

/* --- what is sent ----------------------------------------------------------------------------------------- */

void client_send(struct client *c, const char *bytes, size_t n)
{
    if (c->state != CLIENT_GONE)
        socket_send(c->socket, bytes, n, false);
}

void client_reply(struct client *c, struct arena *a, const char *id, int code, const char *words)
{
    struct frame_out f;
    size_t n;

    frame_open(&f, a, "reply", id);
    frame_status(&f, code, words, NULL, 0);
    const char *bytes = frame_close(&f, NULL, 0, NULL, &n);
    client_send(c, bytes, n);
}

static void send_own(struct client *c, const char *method, int code, const char *words, const char *description,
                     const char *payload, const char *update)
{
    _arena_ struct arena *a = arena_new_sized(1024);
    struct frame_out f;
    char id[35] = "TM";
    size_t n;

    random_hex(id + 2, 32);
    frame_open(&f, a, method, id);
    if (code)
        frame_status(&f, code, words, description, 0);
    if (update)
        json_pair_str(&f.o, "client_update_type", update);
    const char *bytes = frame_close(&f, payload, payload ? strlen(payload) : 0, NULL, &n);
    client_send(c, bytes, n);
}

static void end(struct client *c)
{
    c->state = CLIENT_ENDING;
    socket_close(c->socket, 1000, "");
}

void client_close(struct client *c, int code, const char *words, const char *description)
{
    if (c->state >= CLIENT_ENDING)
        return;
    send_own(c, "close", code, words, description, NULL, NULL);
    end(c);
}

/* The more clients are told to come back, the longer the time over which they do. */
static const char *back_off(const struct hub *h, struct arena *a, int64_t least)
{
    size_t spread = h->nclients < SPREAD_MAX_MS ? h->nclients : SPREAD_MAX_MS;
    char hex[5] = "";

    random_hex(hex, 4);
    return arena_printf(a, "{\"backoff_policy\":{\"reconnect_min_ms\":%lld}}",
                        (long long)(least + strtol(hex, NULL, 16) % (long)(spread + 1)));
}

void client_offload(struct client *c)
{
    _arena_ struct arena *a = arena_new_sized(256);

    if (c->state >= CLIENT_ENDING)
        return;
    send_own(c, "close", 308, "OFFLOAD", "Please connect again", back_off(c->hub, a, 500), NULL);
    end(c);
}

/* --- the socket ------------------------------------------------------------------------------------------- */

static void free_waiting(struct client *c)
{
    for (LIST_EACH(l, &c->waiting)) {
        list_remove(l);
        request_free(CONTAINER_OF(l, struct request, in_client));
    }
    c->nwaiting = 0;
}

static void free_contexts(struct client *c)
{
    for (LIST_EACH(l, &c->contexts)) {
        list_remove(l);
        free(CONTAINER_OF(l, struct context, in_client));
    }
}

static void origin_unref(struct hub *h, struct origin *o)
{
    if (!o || --o->refs)
        return;
    map_remove(&h->origins, o->text);
    free(o->text);
    free(o->cds);
    free(o);
}

void client_release(struct client *c)
{
    if (c->state != CLIENT_GONE || c->under_way)
        return;
    origin_unref(c->hub, c->origin);
    caller_unref(c->caller);
    socket_release(c->socket);
    free(c->peer);
    free(c);
}

static void on_gone(struct hub *h, struct note *n)
{
    struct client *c = CONTAINER_OF(n, struct client, closed);

    c->state = CLIENT_GONE;
    person_stand(c);
    subs_forget(c);
    free_waiting(c);
    free_contexts(c);
    held_forget(&c->held);
    list_remove(&c->in_hub);
    h->nclients--;
    client_release(c);
}

static void on_closed(void *data, struct http_socket *socket, int code)
{
    struct client *c = data;

    (void)socket;
    (void)code;
    c->closed.run = on_gone;
    (void)hub_send(c->hub, &c->closed); /* refused: the hub frees what there is */
}

static void on_opened(struct hub *h, struct note *n)
{
    struct client *c = CONTAINER_OF(n, struct client, opened);
    struct origin *o = map_get(&h->origins, c->from);

    if (!o) {
        _arena_ struct arena *a = arena_new();
        o = must_calloc(sizeof(*o));
        o->text = c->from;
        o->cds = strdup(rest_prefix(h->site->rest, a, o->text, "cds"));
        map_put(&h->origins, o->text, o);
    } else
        free(c->from);
    c->from = NULL;
    o->refs++;
    c->origin = o;
    list_append(&h->clients, &c->in_hub);
    h->nclients++;
    if (h->draining)
        client_offload(c);
}

static void answer_upgrade(struct op *op, fault_t f)
{
    static const struct socket_handler handler = {
        .message = request_arrive, .closed = on_closed, .message_max = FRAME_MAX, .queue_max = QUEUE_MAX
    };
    struct client *c = op->data;

    if (f) {
        op_finish(op, f);
        return;
    }
    c->socket = http_upgrade(op->http, &handler, c); /* and the op is gone; what the socket says comes by this thread */
    c->opened.run = on_opened;
    (void)hub_send(c->hub, &c->opened);
}

/* "http://127.0.0.1:8080/tsock" -> "http://127.0.0.1:8080"; a host of our own, "https://tsock.us1.example.com", says it
 * all. */
static char *origin_of(const struct op *op)
{
    size_t n = strlen(op->prefix);

    return strndup(op->prefix, str_ends(op->prefix, "/tsock") ? n - strlen("/tsock") : n);
}

fault_t client_upgrade(struct op *op)
{
    struct hub *h = op_site(op)->twilsock;
    struct client *c;

    if (atomic_load(&h->closing))
        return refuse(op, F_UNAVAILABLE, "The server is stopping; try again");
    c = must_calloc(sizeof(*c));
    c->hub = h;
    c->peer = strdup(op->http->peer);
    c->from = origin_of(op);
    c->since = clock_now(h->site->clock);
    list_init(&c->in_hub);
    list_init(&c->contexts);
    list_init(&c->waiting);
    list_init(&c->held);
    list_init(&c->writing);
    op->data = c;
    op->finish = answer_upgrade;
    return NULL;
}

/* --- what it wants to hear -------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *s)
{
    return hash_bytes(s, strlen(s));
}

bool client_wants(const struct client *c, const char *message_type)
{
    uint64_t type = hash_of(message_type);

    if (list_empty(&c->contexts))
        return true;
    for (LIST_EACH(l, &c->contexts)) {
        const struct context *x = CONTAINER_OF(l, struct context, in_client);
        for (size_t i = 0; i < x->n; i++)
            if (x->types[i] == type)
                return true;
    }
    return false;
}

static struct context *context_of(struct client *c, const char *id, size_t *n)
{
    struct context *found = NULL;

    *n = 0;
    for (LIST_EACH(l, &c->contexts)) {
        struct context *x = CONTAINER_OF(l, struct context, in_client);
        ++*n;
        if (!strcmp(x->id, id))
            found = x;
    }
    return found;
}

static void context_remove(struct client *c, const char *id)
{
    size_t n;
    struct context *x = context_of(c, id, &n);

    if (x)
        list_remove(&x->in_client);
    free(x);
}

/* False: there is no room. */
static bool context_put(struct client *c, const char *id, const json_t *message_types)
{
    size_t n = json_array_size(message_types), contexts, i;
    const json_t *type;
    struct context *x;

    context_remove(c, id);
    (void)context_of(c, id, &contexts);
    if (contexts == CONTEXTS_MAX || n > MESSAGE_TYPES_MAX || strlen(id) > FRAME_ID_MAX)
        return false;
    x = must_calloc(sizeof(*x) + n * sizeof(*x->types));
    memcpy(x->id, id, strlen(id) + 1);
    json_array_foreach(message_types, i, type) if (json_is_string(type)) x->types[x->n++] =
        hash_of(json_string_value(type));
    list_append(&c->contexts, &x->in_client);
    return true;
}

void client_context(struct request *q, bool put)
{
    struct client *c = q->client;
    const char *id = json_get_string(q->frame.header, "notification_ctx_id");
    json_t *body = put ? json_parse(q->arena, q->frame.payload, q->frame.payload_size, NULL) : NULL;
    bool good = id && *id;

    if (good && put)
        good = context_put(c, id, json_object_get(body, "message_types"));
    else if (good)
        context_remove(c, id);
    client_reply(c, q->arena, q->frame.id, good ? 200 : 400, good ? "OK" : "BAD_REQUEST");
    request_free(q);
}

static void register_all(struct client *c, const json_t *registrations)
{
    const json_t *r;
    size_t i;
    char id[32];

    json_array_foreach(registrations, i, r)
    {
        snprintf(id, sizeof(id), "init/%zu", i);
        if (!context_put(c, id, json_object_get(r, "message_types")))
            return;
    }
}

/* --- init and update -------------------------------------------------------------------------------------- */

/* On a reader.  What checking takes is the request's; what is kept of it is small. */
fault_t token_check(struct op *op)
{
    struct request *q = request_of(op);
    struct principal who;

    if (!q)
        return refuse(op, F_NOT_FOUND, "The requested resource %.300s was not found", op->path);
    op_json(op, 200, "{}");
    if (q->what == REQUEST_CHECK) {
        q->fault = auth_again(op->view, op->db, op->arena, &op->who);
        return NULL;
    }
    q->fault = auth_token(op->view, op->db, op->arena, json_get_string(q->frame.header, "token"), &who);
    if (!q->fault)
        q->fault = auth_enter(&who, op->arena, "tsock");
    if (!q->fault)
        principal_copy(q->caller->arena, &q->caller->who, &who);
    return NULL;
}

static const char *status_words(int code)
{
    return code == 401 ? "UNAUTHORIZED" : code == 403 ? "FORBIDDEN" : code == 429 ? "TOO_MANY_REQUESTS" : "ERROR";
}

/* 401 and 403 are the end of it, for the SDK; what is not the token's fault must be neither. */
static void refuse_token(struct request *q, int code, int error_code, const char *description)
{
    struct frame_out f;
    const char *payload = code == 429 ? back_off(q->client->hub, q->arena, 1000) : NULL;
    size_t n;

    frame_open(&f, q->arena, "reply", q->frame.id);
    frame_status(&f, code, status_words(code), description, error_code);
    const char *bytes = frame_close(&f, payload, payload ? strlen(payload) : 0, NULL, &n);
    client_send(q->client, bytes, n);
    if (q->what == REQUEST_INIT)
        end(q->client);
    request_free(q);
}

static const struct way token_way = { .label = "tsock", .method = "POST", .path = "/v3/token", .query = "" };

static void look_at_token(struct request *q)
{
    q->client->hub->inits++;
    q->caller = caller_new();
    request_perform(q, &token_way);
}

/* A deleted key or a suspended account ends what it has let in. */
static void look_again(struct client *c, int64_t now)
{
    c->checked = now;
    request_perform(request_own(c, REQUEST_CHECK), &token_way);
}

void client_checked(struct request *q)
{
    fault_t f = q->inner.answer.status == 200 ? q->fault : NULL;

    if (f && f->status == 401)
        client_close(q->client, 401, "UNAUTHORIZED", f->message);
    request_free(q);
}

void client_init(struct request *q)
{
    struct client *c = q->client;

    q->what = REQUEST_INIT;
    if (c->state != CLIENT_NEW) {
        client_reply(c, q->arena, q->frame.id, 400, "BAD_REQUEST");
        request_free(q);
    } else if (c->hub->inits >= INITS_MAX)
        refuse_token(q, 429, 0, "Too many clients connect at once");
    else {
        c->state = CLIENT_BEGINNING;
        look_at_token(q);
    }
}

void client_update(struct request *q)
{
    q->what = REQUEST_UPDATE;
    if (q->client->hub->inits >= INITS_MAX)
        refuse_token(q, 429, 0, "Too many clients connect at once");
    else
        look_at_token(q);
}

static bool has_capability(const json_t *header, const char *word)
{
    const json_t *one;
    size_t i;

    json_array_foreach(json_object_get(header, "capabilities"), i,
                       one) if (str_eq(json_string_value(one), word)) return true;
    return false;
}

static void begin(struct request *q)
{
    struct client *c = q->client;
    struct frame_out f;
    char token[33] = "";
    size_t n;

    c->state = CLIENT_READY;
    c->checked = clock_now(c->hub->site->clock);
    c->caller = q->caller;
    q->caller = NULL;
    c->warns = has_capability(q->frame.header, "client_update");
    register_all(c, json_object_get(q->frame.header, "registrations"));
    person_sit(c);
    /* Nothing is kept for who comes back: a subscription's last_event_id says all that there is to know. */
    random_hex(token, 32);
    frame_open(&f, q->arena, "reply", q->frame.id);
    frame_status(&f, 200, "OK", NULL, 0);
    json_pair_str(&f.o, "continuation_token", token);
    json_pair_raw(&f.o, "continuation_token_status", "{\"reissued\":true,\"reissue_message\":\"NO_STATE\"}");
    json_pair_raw(&f.o, "capabilities", c->warns ? "[\"client_update\"]" : "[]");
    const char *bytes = frame_close(&f, NULL, 0, NULL, &n);
    client_send(c, bytes, n);
}

static bool same_or_new(const char *was, const char *is)
{
    return !was || str_eq(was, is);
}

/* A newer token of the same user; it may open more, but nothing else. */
static bool is_renewal(const struct principal *was, const struct principal *is)
{
    return str_eq(was->account_sid, is->account_sid) && str_eq(was->identity, is->identity) &&
           same_or_new(was->chat_service_sid, is->chat_service_sid) &&
           same_or_new(was->sync_service_sid, is->sync_service_sid) &&
           same_or_new(was->insights_service, is->insights_service);
}

static void renew(struct request *q)
{
    struct client *c = q->client;

    caller_unref(c->caller);
    c->caller = q->caller;
    q->caller = NULL;
    c->warned = false;
    person_sit(c);
    client_reply(c, q->arena, q->frame.id, 200, "OK");
}

void client_vouched(struct request *q)
{
    struct client *c = q->client;
    fault_t f = q->fault;

    c->hub->inits--;
    if (c->state >= CLIENT_ENDING) {
        request_free(q);
        return;
    }
    if (q->inner.answer.status != 200)
        refuse_token(q, 429, 0, "The server is overloaded");
    else if (f)
        refuse_token(q, f->status == 401 || f->status == 403 ? f->status : 429, f->code, f->message);
    else if (q->what == REQUEST_INIT && clients_of(c->hub, q->caller) >= CLIENTS_MAX)
        refuse_token(q, 429, 0, "This identity has too many open sockets");
    else if (q->what == REQUEST_UPDATE && !is_renewal(&c->caller->who, &q->caller->who))
        refuse_token(q, 403, 0, "The new token is for somebody else");
    else {
        if (q->what == REQUEST_INIT)
            begin(q);
        else
            renew(q);
        request_free(q);
    }
}

/* --- time ------------------------------------------------------------------------------------------------- */

void client_tick(struct client *c, int64_t now, int64_t steady)
{
    if (c->state < CLIENT_READY && now - c->since > INIT_WITHIN_MS)
        client_close(c, 408, "REQUEST_TIMEOUT", "There was no init");
    if (c->state != CLIENT_READY)
        return;
    if (!list_empty(&c->held) && steady - c->held_since > HELD_MS)
        held_release(c, true);
    if (now - c->checked >= CHECK_EVERY_MS && !c->hub->draining)
        look_again(c, now);
    int64_t expires = c->caller->who.expires;
    if (expires == NO_VALUE || now < expires - WARN_BEFORE_MS)
        return;
    if (now >= expires) {
        client_close(c, 410, "GONE", "The access token has expired");
    } else if (c->warns && !c->warned) {
        c->warned = true;
        send_own(c, "client_update", 0, NULL, NULL, NULL, "token_about_to_expire");
    }
}
