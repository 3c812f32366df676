/* test_peer: the other side of a connection, for tests: a plain loopback socket, with time-outs instead of sleeps. */
#pragma once
/* clang-format off: cmocka wants these first, in this order */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEER_WAIT_MS = 10000 };

static inline int peer_connect(int port)
{
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    return fd;
}

static inline void peer_sendn(int fd, const void *p, size_t n) { assert_int_equal(send(fd, p, n, MSG_NOSIGNAL), (ssize_t)n); }
static inline void peer_send(int fd, const char *s) { peer_sendn(fd, s, strlen(s)); }

/* 0 at the end of the stream (a reset counts as one); fails the test when nothing comes. */
static inline size_t peer_some(int fd, void *p, size_t n)
{
    struct pollfd w = { .fd = fd, .events = POLLIN };

    assert_int_equal(poll(&w, 1, PEER_WAIT_MS), 1);
    ssize_t got = recv(fd, p, n, 0);
    return got > 0 ? (size_t)got : 0;
}

static inline void peer_exactly(int fd, void *p, size_t n)
{
    for (size_t have = 0; have < n;) {
        size_t got = peer_some(fd, (char *)p + have, n - have);
        assert_true(got > 0);
        have += got;
    }
}

static inline bool peer_closed(int fd)
{
    char waste[65536];

    while (peer_some(fd, waste, sizeof waste))
        ;
    return true;
}

struct peer_answer { int status; char head[8192]; char *body; size_t length; };

/* Reads one answer; the body is allocated (free it), NUL-terminated. */
static inline struct peer_answer peer_answer_to(int fd, const char *method)
{
    struct peer_answer a = { 0 };
    size_t n = 0;

    while (n < 4 || memcmp(a.head + n - 4, "\r\n\r\n", 4)) {
        assert_true(n < sizeof a.head - 1);
        peer_exactly(fd, a.head + n++, 1);
    }
    assert_int_equal(sscanf(a.head, "HTTP/1.1 %d", &a.status), 1);
    const char *length = strcasestr(a.head, "\r\ncontent-length:");
    if (length && strcmp(method, "HEAD"))
        a.length = strtoul(length + 17, NULL, 10);
    a.body = calloc(1, a.length + 1);
    peer_exactly(fd, a.body, a.length);
    return a;
}

static inline int peer_status(int fd)
{
    struct peer_answer a = peer_answer_to(fd, "GET");
    free(a.body);
    return a.status;
}
