/* Requests: a frame of a client, from the bytes to the reply. */
#include "gateway/twilsock/internal.h"

#include <stdlib.h>
#include <string.h>

/* --- its way through the threads -------------------------------------------------------------------------- */

/* On the socket's loop.  Acknowledgements of what we sent need no answer and tell nothing, however they are written. */
void request_arrive(void *data, struct http_socket *s, const void *bytes, size_t n, bool text)
{
    struct client *c = data;

    if (!text && frame_is_reply(bytes, n))
        return;
    struct arena *a = arena_new_sized(sizeof(struct request) + 2 * n + 1024);
    struct request *q = arena_alloc(a, sizeof(*q));

    *q = (struct request){ .note.run = request_take, .arena = a, .client = c };
    q->wrong = text ? "frames are binary" : frame_read(a, bytes, n, &q->frame);
    if (!q->wrong && !strcmp(q->frame.method, "reply")) {
        arena_free(a);
    } else if (mailbox_length(c->hub->box) > NOTES_MAX) {
        arena_free(a);
        socket_close(s, 1013, "overloaded");
    } else if (!hub_send(c->hub, &q->note))
        arena_free(a);
}

struct request *request_own(struct client *c, enum request_what what)
{
    struct arena *a = arena_new();
    struct request *q = arena_alloc(a, sizeof(*q));

    *q = (struct request){ .arena = a, .client = c, .caller = c->caller, .what = what, .frame.payload = "" };
    q->caller->refs++;
    list_init(&q->in_writing);
    return q;
}

void request_free(struct request *q)
{
    caller_unref(q->caller);
    arena_free(q->arena);
}

static void on_back(struct hub *h, struct note *n);

/* On whichever thread has answered. */
static void on_done(struct rest_inner *inner)
{
    struct request *q = CONTAINER_OF(inner, struct request, inner);

    q->note.run = on_back;
    if (!hub_send(q->client->hub, &q->note))
        arena_free(q->arena);
}

struct request *request_of(const struct op *op)
{
    return op->inner && op->inner->done == on_done ? CONTAINER_OF(op->inner, struct request, inner) : NULL;
}

void request_perform(struct request *q, const struct way *way)
{
    struct client *c = q->client;
    bool has_body = strcmp(way->method, "GET") != 0 && strcmp(way->method, "DELETE") != 0;
    size_t length = has_body ? q->frame.payload_size : 0; /* the Sync SDK sends the grant's name with a DELETE */

    c->under_way++;
    q->inner = (struct rest_inner){
        .arena = q->arena,
        .who = q->caller->who,
        .label = way->label,
        .method = way->method,
        .path = way->path,
        .query = way->query,
        .content_type = length ? way->content_type : NULL,
        .body = length ? q->frame.payload : NULL,
        .length = length,
        .headers = way->headers,
        .nheaders = way->nheaders,
        .origin = c->origin->text,
        .peer = c->peer,
        .done = on_done,
    };
    rest_inner(c->hub->site->rest, &q->inner);
}

/* --- replies ---------------------------------------------------------------------------------------------- */

static const char *words_of(int status)
{
    static const struct {
        int status;
        const char *words;
    } rows[] = { { 200, "OK" },
                 { 201, "CREATED" },
                 { 202, "ACCEPTED" },
                 { 204, "NO CONTENT" },
                 { 400, "BAD REQUEST" },
                 { 403, "FORBIDDEN" },
                 { 404, "NOT FOUND" },
                 { 409, "CONFLICT" },
                 { 401, "UNAUTHORIZED" },
                 { 412, "PRECONDITION FAILED" },
                 { 429, "TOO MANY REQUESTS" },
                 { 503, "SERVICE UNAVAILABLE" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (rows[i].status == status)
            return rows[i].words;
    return status < 400 ? "OK" : "ERROR";
}

/* The outer status is the transport's; what an application should see is within. */
static void reply(struct request *q, const struct answer *answer)
{
    struct frame_out f;
    size_t n;

    frame_open(&f, q->arena, "reply", q->frame.id);
    frame_status(&f, 200, "OK", NULL, 0);
    json_key(&f.o, "http_status");
    json_open(&f.o, '{');
    json_pair_int(&f.o, "code", answer->status);
    json_pair_str(&f.o, "status", words_of(answer->status));
    json_close(&f.o, '}');
    json_key(&f.o, "http_headers");
    json_open(&f.o, '{');
    for (size_t i = 0; i < answer->nheaders; i++) {
        json_key_any(&f.o, answer->headers[i].name);
        json_str(&f.o, answer->headers[i].value);
    }
    json_close(&f.o, '}');
    const char *bytes = frame_close(&f, answer->body, answer->length, answer->content_type, &n);
    client_send(q->client, bytes, n);
}

void request_answer(struct request *q, int status, const char *json)
{
    reply(q, &(struct answer){
                 .status = status, .content_type = "application/json", .body = json, .length = strlen(json) });
}

static void refuse_request(struct request *q, enum fault_id id, const char *why)
{
    fault_t f = fault(q->arena, id, "%s", why);
    struct answer answer = { .status = f->status, .content_type = "application/json" };
    struct json_out o;

    json_begin(&o, q->arena);
    json_open(&o, '{');
    json_pair_int(&o, "code", f->code);
    json_pair_str(&o, "message", f->message);
    json_pair_str(&o, "more_info", arena_printf(q->arena, "https://www.twilio.com/docs/errors/%d", f->code));
    json_pair_int(&o, "status", f->status);
    json_close(&o, '}');
    answer.body = json_done(&o);
    answer.length = strlen(answer.body);
    if (f->id == F_RATE_LIMIT)
        answer.headers[answer.nheaders++] = (struct http_header){ "Retry-After", "1" };
    reply(q, &answer);
    request_free(q);
}

/* --- messages --------------------------------------------------------------------------------------------- */

static bool is_write(const struct request *q)
{
    return q->what == REQUEST_MESSAGE && strcmp(q->way.method, "GET") != 0;
}

static void perform(struct request *q)
{
    struct client *c = q->client;

    c->performing++;
    q->caller = c->caller;
    q->caller->refs++;
    list_init(&q->in_writing);
    q->number = ++c->writes;
    if (is_write(q))
        list_append(&c->writing, &q->in_writing);
    if (q->what == REQUEST_SUBSCRIPTIONS)
        subscriptions_begin(q);
    else
        request_perform(q, &q->way);
}

void requests_next(struct client *c)
{
    while (c->state == CLIENT_READY && c->performing < UNDER_WAY_MAX && !list_empty(&c->waiting)) {
        struct request *q = CONTAINER_OF(c->waiting.next, struct request, in_client);
        list_remove(&q->in_client);
        c->nwaiting--;
        perform(q);
    }
}

/* One more each EVERY_MS, and BURST_MAX at once: a client that begins fetches thousands of objects. */
static bool too_fast(struct client *c)
{
    int64_t now = hub_ms();

    if (c->full_at < now)
        c->full_at = now;
    if (c->full_at - now > (int64_t)BURST_MAX * EVERY_MS)
        return true;
    c->full_at += EVERY_MS;
    return false;
}

static void on_message(struct request *q)
{
    struct client *c = q->client;
    const char *why = way_find(q->arena, q->frame.header, &q->way);

    q->what = REQUEST_MESSAGE;
    if (why)
        refuse_request(q, F_BAD_REQUEST, why);
    else if (too_fast(c) || c->nwaiting >= WAITING_MAX)
        refuse_request(q, F_RATE_LIMIT, "Too many requests");
    else {
        if (way_is_subscription(&q->way))
            q->what = REQUEST_SUBSCRIPTIONS;
        list_append(&c->waiting, &q->in_client);
        c->nwaiting++;
        requests_next(c);
    }
}

/* A request that was performed; those behind it may go on, and what it has caused may be told. */
void request_over(struct request *q)
{
    struct client *c = q->client;

    list_remove(&q->in_writing);
    c->performing--;
    request_free(q);
    held_release(c, false);
    requests_next(c);
}

static void on_back(struct hub *h, struct note *n)
{
    struct request *q = CONTAINER_OF(n, struct request, note);
    struct client *c = q->client;

    (void)h;
    c->under_way--;
    if (q->what == REQUEST_INIT || q->what == REQUEST_UPDATE)
        client_vouched(q);
    else if (q->what == REQUEST_DOUBT)
        doubt_end(q);
    else if (q->what == REQUEST_CHECK)
        client_checked(q);
    else {
        if (q->what == REQUEST_SUBSCRIPTIONS && q->inner.answer.status == 200)
            subscriptions_end(q);
        else {
            reply(q, &q->inner.answer);
            if (q->what == REQUEST_SUBSCRIPTIONS)
                subscriptions_fail(q);
        }
        request_over(q);
    }
    client_release(c);
}

/* --- methods ---------------------------------------------------------------------------------------------- */

static void on_close(struct request *q)
{
    struct client *c = q->client;

    request_free(q);
    c->state = CLIENT_ENDING;
    socket_close(c->socket, 1000, "");
}

static void on_context_put(struct request *q)
{
    client_context(q, true);
}

static void on_context_delete(struct request *q)
{
    client_context(q, false);
}

/* What a client tells of its own doings is not asked for (the init's reply does not confirm it), and not kept. */
static void on_telemetry(struct request *q)
{
    request_free(q);
}

/* clang-format off */
static const struct { const char *method; bool before_init; void (*run)(struct request *q); } methods[] = {
    { "init",                    true,  client_init },
    { "message",                 false, on_message },
    { "update",                  false, client_update },
    { "close",                   true,  on_close },
    { "put_notification_ctx",    false, on_context_put },
    { "delete_notification_ctx", false, on_context_delete },
    { "telemetry.v1",            true,  on_telemetry },
};
/* clang-format on */

void request_take(struct hub *h, struct note *n)
{
    struct request *q = CONTAINER_OF(n, struct request, note);
    struct client *c = q->client;

    if (c->state >= CLIENT_ENDING || h->draining) {
        request_free(q);
        return;
    }
    if (q->wrong) {
        client_close(c, 406, "NOT_ACCEPTABLE", q->wrong);
        request_free(q);
        return;
    }
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        if (strcmp(methods[i].method, q->frame.method) != 0)
            continue;
        if (c->state != CLIENT_READY && !methods[i].before_init)
            break;
        methods[i].run(q);
        return;
    }
    client_reply(c, q->arena, q->frame.id, c->state == CLIENT_READY ? 400 : 401,
                 c->state == CLIENT_READY ? "BAD_REQUEST" : "UNAUTHORIZED");
    request_free(q);
}
