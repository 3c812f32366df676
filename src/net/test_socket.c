#include "test_bench.h"

static int upgrade(struct bench *b, const char *path)
{
    int fd = bench_connect(b);
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
    static const uint8_t bytes[] = { 0x01, 0x81, 0, 0, 0, 0, 'a', 0x89, 0x80, 9, 9, 9, 9, 0x80, 0x81, 0, 0, 0, 0, 'b' };
    for (size_t i = 0; i < sizeof bytes; i++) /* wherever a frame is torn */
        peer_sendn(fd, bytes + i, 1);
    assert_int_equal(ws_read(fd, p, sizeof p, &n), 0x8a);
    assert_int_equal(ws_read(fd, p, sizeof p, &n), 0x81);
    assert_string_equal(p, "ab");
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
    static char p[20000];
    size_t n;
    int first = 0x81;
    while (first == 0x81)
        first = ws_read(fd, p, 20000, &n);
    assert_int_equal(first, 0x88);
    assert_int_equal((uint8_t)p[0] << 8 | (uint8_t)p[1], 1013);
    close(fd);
    assert_int_equal(end_code(b), 1013);
    bench_free(b);
}

static void drain(void *arg)
{
    http_drain(((struct bench *)arg)->server, 5000);
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
    struct thread *t = thread_start("drain", drain, b);
    for (int i = 0; i < MANY; i += 2) {
        expect_close(fds[i], 1001);
        close(fds[i]);
    }
    thread_join(t);
    assert_int_equal(http_count(b->server).sockets, 0);
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
        cmocka_unit_test(echo_and_close),         cmocka_unit_test(heartbeats),
        cmocka_unit_test(slow_reader_is_dropped), cmocka_unit_test(broadcast_and_drain),
        cmocka_unit_test(not_an_upgrade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
