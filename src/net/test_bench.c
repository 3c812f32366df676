#include "test_bench.h"

void reply_text(struct http_request *r, int status, const char *type, const void *body, size_t n)
{
    struct http_header h[] = { { "X-Test", "yes" }, { "X-Split", "a\r\nSet-Cookie: evil=1" } };

    http_reply(r, &(struct http_answer){
                      .status = status, .headers = h, .nheaders = 2, .content_type = type, .body = body, .length = n });
}

static void on_message(void *data, struct http_socket *s, const void *bytes, size_t n, bool text)
{
    (void)data;
    if (n == 3 && !memcmp(bytes, "bye", 3))
        socket_close(s, 4001, "as you wish");
    else
        socket_send(s, bytes, n, text);
}

static void on_closed(void *data, struct http_socket *s, int code)
{
    struct bench *b = data;
    struct end *e = calloc(1, sizeof *e);

    e->code = code;
    socket_release(s);
    mailbox_send(b->ends, &e->mail);
}

int end_code(struct bench *b)
{
    struct end *e = (struct end *)mailbox_take(b->ends, 1, PEER_WAIT_MS);
    assert_non_null(e);
    int code = e->code;
    free(e);
    return code;
}

static const struct socket_handler echo = {
    .message = on_message, .closed = on_closed, .message_max = 100000, .queue_max = 1 << 20
};
static const struct socket_handler beating = {
    .closed = on_closed, .heartbeat = "{}", .heartbeat_ms = 30, .message_max = 100, .queue_max = 1000
};
static const struct socket_handler narrow = { .closed = on_closed, .message_max = 100, .queue_max = 64 * 1024 };

void hold(struct mailbox *to, struct http_request *r)
{
    struct held *h = arena_alloc(r->arena, sizeof *h);
    h->r = r;
    assert_true(mailbox_send(to, &h->mail));
}

struct http_request *take(struct mailbox *from)
{
    struct held *h = (struct held *)mailbox_take(from, 1, PEER_WAIT_MS);
    assert_non_null(h);
    return h->r;
}

static void on_request(void *arg, struct http_request *r)
{
    struct bench *b = arg;

    if (!strcmp(r->path, "/hold"))
        hold(b->held, r);
    else if (!strcmp(r->path, "/thread"))
        hold(b->work, r);
    else if (!strcmp(r->path, "/echo"))
        reply_text(r, 200, "application/octet-stream", r->body, r->body_length);
    else if (!strcmp(r->path, "/big"))
        reply_text(r, 200, "application/octet-stream", b->big, BIG);
    else if (!strcmp(r->path, "/text"))
        reply_text(r, 200, "text/plain", memset(arena_alloc(r->arena, 5000), 'x', 5000), 5000);
    else if (!strcmp(r->path, "/none"))
        reply_text(r, 204, NULL, NULL, 0);
    else if (r->wants_upgrade)
        b->socket = http_upgrade(r,
                                 !strcmp(r->path, "/beat")     ? &beating
                                 : !strcmp(r->path, "/narrow") ? &narrow
                                                               : &echo,
                                 b);
    else
        reply_text(r, 404, "text/plain", "no", 2);
}

static void on_request_facts(void *arg, struct http_request *r)
{
    if (strcmp(r->path, "/facts")) {
        on_request(arg, r);
        return;
    }
    char *s =
        arena_printf(r->arena, "%s %s %s [%s] %s %s", r->method, r->scheme, r->host, r->query, r->peer, r->target);
    reply_text(r, 200, "text/plain", s, strlen(s));
}

static void worker(void *arg)
{
    struct bench *b = arg;

    while (!mailbox_closed(b->work)) {
        struct mail *next;
        for (struct mail *m = mailbox_take(b->work, 10, -1); m; m = next) {
            next = m->next;
            reply_text(((struct held *)m)->r, 201, "text/plain", "from afar", 9);
        }
    }
}

struct http_config config_for(struct bench *b)
{
    return (struct http_config){ .listen = "127.0.0.1:0",
                                 .threads = 2,
                                 .body_max = 100000,
                                 .header_max = 16384,
                                 .connections_max = 1000,
                                 .slow_ms = 5000,
                                 .idle_ms = 60000,
                                 .request = on_request_facts,
                                 .arg = b };
}

struct bench *bench_with(void (*change)(struct http_config *))
{
    struct bench *b = calloc(1, sizeof *b);
    struct http_config c = config_for(b);
    const char *why = NULL;

    if (change)
        change(&c);
    b->arena = arena_new();
    b->held = mailbox_new(0);
    b->work = mailbox_new(0);
    b->ends = mailbox_new(0);
    b->big = calloc(1, BIG);
    b->worker = thread_start("worker", worker, b);
    b->server = http_start(&c, b->arena, &why);
    if (!b->server)
        fail_msg("%s", why);
    return b;
}

struct bench *bench_new(void)
{
    return bench_with(NULL);
}

void bench_free(struct bench *b)
{
    http_drain(b->server, 5000);
    http_free(b->server);
    mailbox_close(b->work);
    thread_join(b->worker);
    for (struct mail *m; (m = mailbox_take(b->ends, 1, 0));)
        free(m);
    mailbox_free(b->held);
    mailbox_free(b->work);
    mailbox_free(b->ends);
    arena_free(b->arena);
    free(b->big);
    free(b);
}

int bench_port(struct bench *b)
{
    return http_port(b->server);
}
int bench_connect(struct bench *b)
{
    return peer_connect(bench_port(b));
}

/* One request on a connection of its own; what came back as text (status, or body). */
int status_of(struct bench *b, const char *bytes)
{
    int fd = bench_connect(b);
    peer_send(fd, bytes);
    int status = peer_status(fd);
    close(fd);
    return status;
}
