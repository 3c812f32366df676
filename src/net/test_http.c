#include "test_bench.h"

#include "base/clock.h"

#include <sys/resource.h>
#include <zlib.h>

static void keep_alive_and_pipelining(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    int fd = bench_connect(b);

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
    int fd = bench_connect(b);

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
    int fd = bench_connect(b);

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
    int fd = bench_connect(b);
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
    int fd = bench_connect(b);

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
    int fd = bench_connect(b);
    char want[64];

    (void)!send(fd, bytes, n, MSG_NOSIGNAL);
    struct peer_answer a = peer_answer_to(fd, "POST");
    assert_int_equal(a.status, status);
    snprintf(want, sizeof want, "\"code\":%d,", code);
    assert_non_null(strstr(a.body, want));
    snprintf(want, sizeof want, "\"status\":%d}", status);
    assert_non_null(strstr(a.body, want));
    assert_non_null(strstr(a.head, "Connection: close\r\n"));
    assert_non_null(strstr(a.head, "Content-Type: application/json\r\n"));
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
        int fd = bench_connect(b);
        peer_send(fd, bad[i]);
        shutdown(fd, SHUT_WR);
        peer_closed(fd);
        close(fd);
    }
    int fd = bench_connect(b);
    peer_sendn(fd, zeros, sizeof zeros);
    shutdown(fd, SHUT_WR);
    peer_closed(fd);
    close(fd);
    fd = bench_connect(b); /* half a request, then gone */
    peer_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 400\r\n\r\nabc");
    close(fd);
    assert_int_equal(status_of(b, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"), 204);
    bench_free(b);
}

static void hurried(struct http_config *c)
{
    c->slow_ms = 500;
}
static void forgetful(struct http_config *c)
{
    c->idle_ms = 100;
}

/* Looks often at its connections, but waits for them. */
static void hurried_but_patient(struct http_config *c)
{
    c->idle_ms = 200;
}

static bool to_echo(const char *path, size_t n)
{
    return n == 5 && !memcmp(path, "/echo", n);
}
static void with_uploads(struct http_config *c)
{
    c->slow_ms = 500;
    c->upload_max = 1000000;
    c->is_upload = to_echo;
}

/* Where larger bodies may go they may take their time, as long as they move; elsewhere they are refused before they
 * have come. */
static void uploads(void **state)
{
    (void)state;
    static const char slow[3000], *const refused[][2] = {
        { "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\nabc", "20413" },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\nabc", "20413" },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\nabc", "20408" },
    };
    struct bench *b = bench_with(with_uploads);

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int fd = bench_connect(b);
        peer_send(fd, refused[i][0]);
        struct peer_answer a = peer_answer_to(fd, "POST");
        assert_non_null(strstr(a.body, refused[i][1]));
        free(a.body);
        close(fd);
    }
    int fd = bench_connect(b);
    peer_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n");
    for (int i = 0; i < 100; i++) {
        peer_sendn(fd, slow, sizeof slow);
        poll(NULL, 0, 12);
    }
    assert_int_equal(peer_status(fd), 200);
    close(fd);
    bench_free(b);
}

static void slow_ones_are_cut(void **state)
{
    (void)state;
    static const char *const halves[] = { "GET /none HTTP/1.1\r\nHost:",
                                          "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc" };
    struct bench *b = bench_with(hurried);

    for (int i = 0; i < 2; i++) {
        int fd = bench_connect(b);
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
    int silent = bench_connect(b);
    peer_closed(silent);
    close(silent);
    bench_free(b);
    b = bench_with(forgetful);
    int idle = bench_connect(b);
    peer_send(idle, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(peer_status(idle), 204);
    peer_closed(idle);
    close(idle);
    bench_free(b);
}

static void head_that_never_ends(void **state)
{
    (void)state;
    struct bench *b = bench_with(hurried_but_patient);
    int fd = bench_connect(b);
    char *s = malloc(20000);

    memset(s, 'x', 20000);
    memcpy(s, "GET / HTTP/1.1\r\nX: ", 19);
    peer_sendn(fd, s, 20000);
    struct peer_answer a = peer_answer_to(fd, "GET");
    assert_int_equal(a.status, 431);
    assert_non_null(strstr(a.body, "20431"));
    free(a.body);
    free(s);
    shutdown(fd, SHUT_WR);
    peer_closed(fd);
    close(fd);
    bench_free(b);
}

static void slow_reader_of_an_answer(void **state)
{
    (void)state;
    struct bench *b = bench_with(hurried);
    int fd = bench_connect(b);
    size_t got = 0, n;
    char *p = malloc(1 << 16);

    peer_send(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    peer_exactly(fd, p, 100); /* and no more, until the server has given up */
    while (http_count(b->server).connections)
        poll(NULL, 0, 5);
    while ((n = peer_some(fd, p, 1 << 16)))
        got += n;
    assert_true(got < BIG);
    free(p);
    close(fd);
    bench_free(b);
}

static void client_gone_meanwhile(void **state)
{
    (void)state;
    struct bench *b = bench_new();

    for (int i = 0; i < 20; i++) {
        int fd = bench_connect(b);
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
        fds[i] = bench_connect(b);
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
    int one = bench_connect(b), two = bench_connect(b);

    peer_send(one, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(peer_status(one), 204);
    peer_send(two, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(peer_status(two), 204);
    int three = bench_connect(b);
    peer_closed(three);
    close(one);
    close(two);
    close(three);
    bench_free(b);
}

static void no_descriptors_left(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)bench_port(b)) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), lowest_free = dup(fd);
    struct rlimit before, none;

    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    close(lowest_free);
    getrlimit(RLIMIT_NOFILE, &before);
    none = (struct rlimit){ .rlim_cur = (rlim_t)lowest_free, .rlim_max = before.rlim_max };
    setrlimit(RLIMIT_NOFILE, &none);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    peer_closed(fd); /* told at once, instead of waiting in the queue while the loop spins */
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(status_of(b, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"), 204);
    close(fd);
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
    int busy = bench_connect(b), idle = bench_connect(b);

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
    busy = bench_connect(b);
    peer_send(busy, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    r = take(b->held);
    struct thread *t = thread_start("drain", drain, b);
    while (still_listening(bench_port(b)))
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

    c.listen = arena_printf(b->arena, "127.0.0.1:%d", bench_port(b));
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
        cmocka_unit_test(uploads),
        cmocka_unit_test(slow_ones_are_cut),
        cmocka_unit_test(head_that_never_ends),
        cmocka_unit_test(slow_reader_of_an_answer),
        cmocka_unit_test(client_gone_meanwhile),
        cmocka_unit_test(answers_from_other_threads),
        cmocka_unit_test(too_many_connections),
        cmocka_unit_test(no_descriptors_left),
        cmocka_unit_test(drain_finishes_what_is_under_way),
        cmocka_unit_test(port_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
