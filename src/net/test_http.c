#include <cmocka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/thread.h"
#include "net/http.h"
#include "test_peer.h"

#include <stdatomic.h>
#include <zlib.h>

struct held {
    struct mail mail;
    struct http_request *r;
};

struct bench {
    struct http_server *server;
    struct arena *arena;
    struct mailbox *held; /* requests that the test answers */
    struct mailbox *work; /* requests that another thread answers */
    struct mailbox *ends; /* of WebSockets */
    struct thread *worker;
    struct http_socket *_Atomic socket;
    char *big;
};

struct end {
    struct mail mail;
    int code;
};

enum { BIG = 4 << 20 };

static void reply_text(struct http_request *r, int status, const char *type, const void *body, size_t n)
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

static int end_code(struct bench *b)
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

static void hold(struct mailbox *to, struct http_request *r)
{
    struct held *h = arena_alloc(r->arena, sizeof *h);
    h->r = r;
    assert_true(mailbox_send(to, &h->mail));
}

static struct http_request *take(struct mailbox *from)
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

static struct http_config config_for(struct bench *b)
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

static struct bench *bench_with(void (*change)(struct http_config *))
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

static struct bench *bench_new(void)
{
    return bench_with(NULL);
}

static void bench_free(struct bench *b)
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

static int port_of(struct bench *b)
{
    return http_port(b->server);
}
static int connect_to(struct bench *b)
{
    return peer_connect(port_of(b));
}

/* One request on a connection of its own; what came back as text (status, or body). */
static int status_of(struct bench *b, const char *bytes)
{
    int fd = connect_to(b);
    peer_send(fd, bytes);
    int status = peer_status(fd);
    close(fd);
    return status;
}

static void keep_alive_and_pipelining(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    int fd = connect_to(b);

    for (int i = 0; i < 20; i++) {
        peer_send(fd, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_int_equal(peer_status(fd), 204);
    }
    peer_send(fd,
              "GET /thread HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"
              "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(peer_status(fd), 201);
    assert_int_equal(peer_status(fd), 404);
    struct peer_answer a = peer_answer_to(fd, "POST");
    assert_string_equal(a.body, "hello");
    free(a.body);
    assert_int_equal(peer_status(fd), 204);
    struct http_counters n = http_count(b->server);
    assert_int_equal(n.requests, 24);
    assert_int_equal(n.replies, 24);
    assert_int_equal(n.connections, 1);
    close(fd);
    bench_free(b);
}

static void facts_of_a_request(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    int fd = connect_to(b);

    peer_send(fd, "GET /facts?A=b%20c HTTP/1.1\r\nHost: Api.Example.com:8080\r\nX-Forwarded-Proto: https\r\n\r\n");
    struct peer_answer a = peer_answer_to(fd, "GET");
    assert_string_equal(a.body, "GET http Api.Example.com:8080 [A=b%20c] 127.0.0.1 /facts?A=b%20c");
    assert_non_null(strstr(a.head, "\r\nX-Test: yes\r\n"));
    assert_null(strstr(a.head, "evil"));
    assert_non_null(strstr(a.head, "\r\nServer: plugboard\r\n"));
    free(a.body);
    peer_send(fd, "GET http://other.example/facts HTTP/1.1\r\nHost: a\r\n\r\n");
    a = peer_answer_to(fd, "GET");
    assert_string_equal(a.body, "GET http other.example [] 127.0.0.1 /facts");
    free(a.body);
    peer_send(fd, "HEAD /text HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
    a = peer_answer_to(fd, "HEAD");
    assert_non_null(strstr(a.head, "Content-Length: 5000\r\n"));
    free(a.body);
    peer_send(fd, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"); /* nothing of a body came before this */
    a = peer_answer_to(fd, "GET");
    assert_int_equal(a.status, 204);
    assert_null(strcasestr(a.head, "content-length"));
    assert_null(strcasestr(a.head, "transfer-encoding"));
    free(a.body);
    close(fd);
    bench_free(b);
}

static void trusting(struct http_config *c)
{
    c->trust_proxy = true;
}

static void behind_a_proxy(void **state)
{
    (void)state;
    struct bench *b = bench_with(trusting);
    int fd = connect_to(b);

    peer_send(fd,
              "GET /facts HTTP/1.1\r\nHost: inner\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 1.1.1.1, 9.8.7.6\r\n"
              "X-Forwarded-Host: outer.example\r\n\r\n");
    struct peer_answer a = peer_answer_to(fd, "GET");
    assert_string_equal(a.body, "GET https outer.example [] 9.8.7.6 /facts");
    free(a.body);
    close(fd);
    bench_free(b);
}

static void gzip_when_asked(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    int fd = connect_to(b);
    unsigned char plain[6000];
    z_stream z = { .next_out = plain, .avail_out = sizeof plain };

    peer_send(fd, "GET /text HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br, gzip\r\n\r\n");
    struct peer_answer a = peer_answer_to(fd, "GET");
    assert_non_null(strstr(a.head, "Content-Encoding: gzip\r\n"));
    assert_non_null(strstr(a.head, "Vary: Accept-Encoding\r\n"));
    assert_true(a.length < 200);
    z.next_in = (unsigned char *)a.body;
    z.avail_in = (uInt)a.length;
    assert_int_equal(inflateInit2(&z, 31), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, 5000);
    assert_int_equal(plain[4999], 'x');
    inflateEnd(&z);
    free(a.body);
    peer_send(fd, "GET /text HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip;q=0\r\n\r\n");
    a = peer_answer_to(fd, "GET");
    assert_int_equal(a.length, 5000);
    free(a.body);
    close(fd);
    bench_free(b);
}

static void bodies(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    int fd = connect_to(b);

    peer_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    peer_send(fd, "5;x=y\r\ndefgh\r\n0\r\nTrailer: 1\r\n\r\n");
    struct peer_answer a = peer_answer_to(fd, "POST");
    assert_string_equal(a.body, "abcdefgh");
    free(a.body);
    peer_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    char go[25];
    peer_exactly(fd, go, sizeof go);
    assert_memory_equal(go, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    peer_send(fd, "ok");
    a = peer_answer_to(fd, "POST");
    assert_string_equal(a.body, "ok");
    free(a.body);
    close(fd);
    bench_free(b);
}

static void expect_refusal(struct bench *b, const char *bytes, size_t n, int status, int code)
{
    int fd = connect_to(b);
    char want[64];

    (void)!send(fd, bytes, n, MSG_NOSIGNAL);
    struct peer_answer a = peer_answer_to(fd, "POST");
    assert_int_equal(a.status, status);
    snprintf(want, sizeof want, "\"code\":%d,", code);
    assert_non_null(strstr(a.body, want));
    snprintf(want, sizeof want, "\"status\":%d}", status);
    assert_non_null(strstr(a.body, want));
    assert_non_null(strstr(a.head, "Connection: close\r\n"));
    assert_non_null(strstr(a.head, "ontent-type: application/json\r\n")
                        ?: strstr(a.head, "ontent-Type: application/json\r\n"));
    free(a.body);
    shutdown(fd, SHUT_WR);
    peer_closed(fd);
    close(fd);
}

static void limits(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    size_t n = 300000;
    char *s = malloc(n);
    int used = snprintf(s, n, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");

    memset(s + used, 'x', 200000);
    expect_refusal(b, s, (size_t)used + 200000, 413, 20413);
    used = snprintf(s, n, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n");
    memset(s + used, 'x', 200000);
    expect_refusal(b, s, (size_t)used + 200000, 413, 20413);
    used = snprintf(s, n, "GET /none HTTP/1.1\r\nHost: a\r\nX-Long: ");
    memset(s + used, 'x', 20000);
    snprintf(s + used + 20000, 5, "\r\n\r\n");
    expect_refusal(b, s, (size_t)used + 20004, 431, 20431);
    memset(s, 'x', 10000);
    memcpy(s, "GET /", 5);
    snprintf(s + 10000, 100, " HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_refusal(b, s, strlen(s), 414, 20414);
    /* exactly the limit is fine */
    used = snprintf(s, n, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    memset(s + used, 'y', 100000);
    s[used + 100000] = 0;
    assert_int_equal(status_of(b, s), 200);
    free(s);
    bench_free(b);
}

static void smuggling(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\nabcd",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET /none HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /none HTTP/1.1\r\nHost: a/../b\r\n\r\n",
        "GET /none HTTP/1.1\r\nX: 1\r\n\r\n",
        "GET /none HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n",
        "GET none HTTP/1.1\r\nHost: a\r\n\r\n",
    };
    struct bench *b = bench_new();

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_refusal(b, bad[i], strlen(bad[i]), 400, 20001);
    assert_int_equal(status_of(b, "GET /none HTTP/1.0\r\n\r\n"), 204);
    bench_free(b);
}

static void garbage(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    static const char zeros[64], *const bad[] = { "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                                                  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET\r\n\r\n",
                                                  "GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n\r\n" };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int fd = connect_to(b);
        peer_send(fd, bad[i]);
        shutdown(fd, SHUT_WR);
        peer_closed(fd);
        close(fd);
    }
    int fd = connect_to(b);
    peer_sendn(fd, zeros, sizeof zeros);
    shutdown(fd, SHUT_WR);
    peer_closed(fd);
    close(fd);
    fd = connect_to(b); /* half a request, then gone */
    peer_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 400\r\n\r\nabc");
    close(fd);
    assert_int_equal(status_of(b, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"), 204);
    bench_free(b);
}

static void hurried(struct http_config *c)
{
    c->slow_ms = 200;
}
static void forgetful(struct http_config *c)
{
    c->idle_ms = 100;
}

static void slow_ones_are_cut(void **state)
{
    (void)state;
    static const char *const halves[] = { "GET /none HTTP/1.1\r\nHost:",
                                          "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc" };
    struct bench *b = bench_with(hurried);

    for (int i = 0; i < 2; i++) {
        int fd = connect_to(b);
        peer_send(fd, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_int_equal(peer_status(fd), 204);
        peer_send(fd, halves[i]);
        struct peer_answer a = peer_answer_to(fd, "GET");
        assert_int_equal(a.status, 408);
        assert_non_null(strstr(a.body, "20408"));
        free(a.body);
        peer_closed(fd);
        close(fd);
    }
    int silent = connect_to(b);
    peer_closed(silent);
    close(silent);
    bench_free(b);
    b = bench_with(forgetful);
    int idle = connect_to(b);
    peer_send(idle, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(peer_status(idle), 204);
    peer_closed(idle);
    close(idle);
    bench_free(b);
}

static void slow_reader_of_an_answer(void **state)
{
    (void)state;
    struct bench *b = bench_with(hurried);
    int fd = connect_to(b), small = 4096;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    peer_send(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    int64_t end = monotonic_ns() + 10000000000;
    /* Nothing is read: the server must give the connection up after slow_ms + 4 MiB at 8 KiB a ms. */
    while (http_count(b->server).connections && monotonic_ns() < end)
        poll(NULL, 0, 5);
    assert_int_equal(http_count(b->server).connections, 0);
    close(fd);
    bench_free(b);
}

static void client_gone_meanwhile(void **state)
{
    (void)state;
    struct bench *b = bench_new();

    for (int i = 0; i < 20; i++) {
        int fd = connect_to(b);
        struct linger hard = { .l_onoff = 1, .l_linger = 0 };
        peer_send(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
        struct http_request *r = take(b->held);
        if (i & 1)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close(fd);
        reply_text(r, 200, "application/octet-stream", b->big, BIG);
    }
    assert_int_equal(status_of(b, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"), 204);
    bench_free(b);
}

static void answers_from_other_threads(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    int fds[50];

    for (int i = 0; i < 50; i++) {
        fds[i] = connect_to(b);
        for (int k = 0; k < 10; k++)
            peer_send(fds[i], "GET /thread HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    for (int i = 0; i < 50; i++) {
        for (int k = 0; k < 10; k++)
            assert_int_equal(peer_status(fds[i]), 201);
        close(fds[i]);
    }
    bench_free(b);
}

static void few(struct http_config *c)
{
    c->connections_max = 2;
}

static void too_many_connections(void **state)
{
    (void)state;
    struct bench *b = bench_with(few);
    int one = connect_to(b), two = connect_to(b);

    peer_send(one, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(peer_status(one), 204);
    peer_send(two, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(peer_status(two), 204);
    int three = connect_to(b);
    peer_closed(three);
    close(one);
    close(two);
    close(three);
    bench_free(b);
}

static void drain(void *arg)
{
    http_drain(((struct bench *)arg)->server, 5000);
}

static bool still_listening(int port)
{
    struct sockaddr_in sa = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool yes = !connect(fd, (struct sockaddr *)&sa, sizeof sa);
    close(fd);
    return yes;
}

static void drain_finishes_what_is_under_way(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    int busy = connect_to(b), idle = connect_to(b);

    peer_send(idle, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(peer_status(idle), 204);
    peer_send(busy, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    struct http_request *r = take(b->held);
    http_drain(b->server, 50); /* not done in time */
    peer_closed(idle);
    reply_text(r, 200, "text/plain", "late", 4);
    http_drain(b->server, 5000);
    assert_int_equal(http_count(b->server).connections, 0);
    http_free(b->server);
    struct http_config c = config_for(b);
    const char *why;
    b->server = http_start(&c, b->arena, &why);
    close(busy);
    busy = connect_to(b);
    peer_send(busy, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    r = take(b->held);
    struct thread *t = thread_start("drain", drain, b);
    while (still_listening(port_of(b)))
        ;
    hold(b->work, r);
    struct peer_answer a = peer_answer_to(busy, "GET");
    assert_int_equal(a.status, 201);
    assert_non_null(strstr(a.head, "Connection: close\r\n"));
    free(a.body);
    peer_closed(busy);
    thread_join(t);
    assert_int_equal(http_count(b->server).connections, 0);
    close(busy);
    close(idle);
    bench_free(b);
}

static void port_in_use(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    struct http_config c = config_for(b);
    const char *why = NULL;
    char want[128];

    c.listen = arena_printf(b->arena, "127.0.0.1:%d", port_of(b));
    assert_null(http_start(&c, b->arena, &why));
    snprintf(want, sizeof want, "cannot listen on %s: Address already in use", c.listen);
    assert_string_equal(why, want);
    c.listen = "127.0.0.1:0,nonsense";
    assert_null(http_start(&c, b->arena, &why));
    assert_string_equal(why, "cannot listen on nonsense: not an address with a port");
    c.listen = "127.0.0.1:0";
    c.tls_cert = c.tls_key = "/nonexistent";
    assert_null(http_start(&c, b->arena, &why));
    assert_non_null(strstr(why, "/nonexistent"));
    bench_free(b);
}

/* --- WebSocket -------------------------------------------------------------------------------------------- */

static int upgrade(struct bench *b, const char *path)
{
    int fd = connect_to(b);
    char ask[512];

    snprintf(ask, sizeof ask,
             "GET %s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Protocol: one, two\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
             path);
    peer_send(fd, ask);
    struct peer_answer a = peer_answer_to(fd, "GET");
    assert_int_equal(a.status, 101);
    assert_non_null(strcasestr(a.head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    assert_non_null(strcasestr(a.head, "Sec-WebSocket-Protocol: one\r\n"));
    free(a.body);
    return fd;
}

static void ws_send_part(int fd, int first, const void *p, size_t n)
{
    uint8_t *f = malloc(n + 14), mask[4] = { 1, 2, 3, 4 };
    size_t used = 2;

    f[0] = (uint8_t)first;
    if (n < 126) {
        f[1] = (uint8_t)(0x80 | n);
    } else {
        f[1] = 0x80 | 127;
        for (int i = 7; i >= 0; i--)
            f[used++] = (uint8_t)((uint64_t)n >> (8 * i));
    }
    memcpy(f + used, mask, 4);
    for (size_t i = 0; i < n; i++)
        f[used + 4 + i] = ((const uint8_t *)p)[i] ^ mask[i & 3];
    (void)!send(fd, f, used + 4 + n, MSG_NOSIGNAL);
    free(f);
}

static void ws_send(int fd, const char *s)
{
    ws_send_part(fd, 0x81, s, strlen(s));
}

/* Returns the first byte of the frame; the payload is NUL-terminated in p. */
static int ws_read(int fd, char *p, size_t room, size_t *n)
{
    uint8_t h[8];

    peer_exactly(fd, h, 2);
    int first = h[0];
    *n = h[1];
    if (h[1] >= 126) {
        int bytes = h[1] == 126 ? 2 : 8;
        peer_exactly(fd, h, (size_t)bytes);
        *n = 0;
        for (int i = 0; i < bytes; i++)
            *n = *n << 8 | h[i];
    }
    assert_true(*n < room);
    peer_exactly(fd, p, *n);
    p[*n] = 0;
    return first;
}

static void expect_close(int fd, int code)
{
    char p[200];
    size_t n;

    assert_int_equal(ws_read(fd, p, sizeof p, &n), 0x88);
    assert_int_equal((uint8_t)p[0] << 8 | (uint8_t)p[1], code);
}

static void echo_and_close(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    int fd = upgrade(b, "/ws");
    static char big[100001], p[100001];
    size_t n;

    ws_send(fd, "hello");
    assert_int_equal(ws_read(fd, p, sizeof p, &n), 0x81);
    assert_string_equal(p, "hello");
    ws_send_part(fd, 0x01, "frag", 4);
    ws_send_part(fd, 0x89, "ping", 4); /* between two fragments */
    ws_send_part(fd, 0x80, "ment", 4);
    assert_int_equal(ws_read(fd, p, sizeof p, &n), 0x8a);
    assert_string_equal(p, "ping");
    assert_int_equal(ws_read(fd, p, sizeof p, &n), 0x81);
    assert_string_equal(p, "fragment");
    memset(big, 'z', 100000);
    ws_send_part(fd, 0x82, big, 99999);
    assert_int_equal(ws_read(fd, p, sizeof p, &n), 0x82);
    assert_int_equal(n, 99999);
    assert_int_equal(http_count(b->server).sockets, 1);
    ws_send(fd, "bye");
    expect_close(fd, 4001);
    ws_send_part(fd, 0x88, "\x0f\xa1", 2);
    peer_closed(fd);
    assert_int_equal(end_code(b), 4001);
    close(fd);

    fd = upgrade(b, "/ws"); /* the client closes */
    ws_send_part(fd, 0x88, "\x03\xe8", 2);
    expect_close(fd, 1000);
    peer_closed(fd);
    assert_int_equal(end_code(b), 1000);
    close(fd);

    fd = upgrade(b, "/ws"); /* the client is gone */
    close(fd);
    assert_int_equal(end_code(b), 1006);

    fd = upgrade(b, "/ws"); /* larger than message_max */
    ws_send_part(fd, 0x82, big, 100001);
    expect_close(fd, 1009);
    close(fd);
    assert_int_equal(end_code(b), 1009);

    fd = upgrade(b, "/ws"); /* not masked: against the protocol */
    peer_sendn(fd, "\x81\x02hi", 4);
    expect_close(fd, 1002);
    close(fd);
    assert_int_equal(end_code(b), 1002);

    fd = upgrade(b, "/ws"); /* text that is not UTF-8 */
    ws_send_part(fd, 0x81, "\xff\xfe", 2);
    expect_close(fd, 1007);
    close(fd);
    assert_int_equal(end_code(b), 1007);
    bench_free(b);
}

static void heartbeats(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    int fd = upgrade(b, "/beat");
    char p[100];
    size_t n;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(ws_read(fd, p, sizeof p, &n), 0x81);
        assert_string_equal(p, "{}");
    }
    close(fd);
    assert_int_equal(end_code(b), 1006);
    bench_free(b);
}

static void slow_reader_is_dropped(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    int fd = upgrade(b, "/narrow");
    static char piece[16000];

    while (!b->socket)
        ;
    memset(piece, 'p', sizeof piece);
    /* Loopback buffers take a few megabytes before the reader counts as slow. */
    for (int i = 0; i < 2000; i++)
        socket_send(b->socket, piece, sizeof piece, true);
    assert_int_equal(end_code(b), 1013);
    char *p = malloc(20000);
    size_t n;
    int first = 0x81;
    while (first == 0x81)
        first = ws_read(fd, p, 20000, &n);
    assert_int_equal(first, 0x88);
    free(p);
    close(fd);
    bench_free(b);
}

static void broadcast_and_drain(void **state)
{
    (void)state;
    enum { MANY = 600 };
    struct bench *b = bench_new();
    struct http_socket *all[MANY];
    int fds[MANY];
    char p[100];
    size_t n;

    for (int i = 0; i < MANY; i++) {
        b->socket = NULL;
        fds[i] = upgrade(b, "/ws");
        while (!(all[i] = b->socket))
            ;
    }
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < MANY; i++)
            socket_send(all[i], k == 0 ? "a" : k == 1 ? "b" : "c", 1, true);
    for (int i = 0; i < MANY; i++)
        for (int k = 0; k < 3; k++) {
            assert_int_equal(ws_read(fds[i], p, sizeof p, &n), 0x81);
            assert_int_equal(p[0], 'a' + k);
        }
    for (int i = 0; i < MANY; i++)
        if (i & 1)
            close(fds[i]);
    http_drain(b->server, 1);
    for (int i = 0; i < MANY; i += 2) {
        expect_close(fds[i], 1001);
        close(fds[i]);
    }
    bench_free(b);
}

static void not_an_upgrade(void **state)
{
    (void)state;
    struct bench *b = bench_new();

    assert_int_equal(
        status_of(
            b,
            "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: short\r\n\r\n"),
        404);
    assert_int_equal(status_of(b,
                               "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                               "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"),
                     404);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keep_alive_and_pipelining),
        cmocka_unit_test(facts_of_a_request),
        cmocka_unit_test(behind_a_proxy),
        cmocka_unit_test(gzip_when_asked),
        cmocka_unit_test(bodies),
        cmocka_unit_test(limits),
        cmocka_unit_test(smuggling),
        cmocka_unit_test(garbage),
        cmocka_unit_test(slow_ones_are_cut),
        cmocka_unit_test(slow_reader_of_an_answer),
        cmocka_unit_test(client_gone_meanwhile),
        cmocka_unit_test(answers_from_other_threads),
        cmocka_unit_test(too_many_connections),
        cmocka_unit_test(drain_finishes_what_is_under_way),
        cmocka_unit_test(port_in_use),
        cmocka_unit_test(echo_and_close),
        cmocka_unit_test(heartbeats),
        cmocka_unit_test(slow_reader_is_dropped),
        cmocka_unit_test(broadcast_and_drain),
        cmocka_unit_test(not_an_upgrade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
