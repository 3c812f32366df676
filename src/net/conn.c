#include "base/clock.h"
#include "base/fault.h"
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READER_BYTES_PER_MS = 1, /* slower readers of an answer are cut */
    LINGER_MS = 1000,
    GRACE_MS = 1000, /* a connection this young may still send its request while we drain */
    UPLOADS_AT_ONCE = 4
};

/* The second life of a connection: h2o has closed its descriptor with an answer on the way and the client still
 * sending.  Closing for good would make the kernel answer with a reset, which throws our answer away unread. */
struct farewell {
    struct link link;
    struct loop *loop;
    h2o_socket_t *sock;
    int64_t deadline;
};

static int64_t now_ms(void)
{
    return monotonic_ns() / 1000000;
}

static void conn_gone(struct loop *l)
{
    l->open_conns--;
    atomic_fetch_sub(&l->server->connections, 1);
}

static void linger_free(struct farewell *g)
{
    list_remove(&g->link);
    h2o_socket_close(g->sock);
    conn_gone(g->loop);
    free(g);
}

static void on_linger_read(h2o_socket_t *sock, const char *err)
{
    if (err)
        linger_free(sock->data);
    else
        h2o_buffer_consume(&sock->input, sock->input->size);
}

static void linger_start(struct loop *l, int fd)
{
    struct farewell *g = h2o_mem_alloc(sizeof *g);

    shutdown(fd, SHUT_WR);
    *g = (struct farewell){ .loop = l, .deadline = now_ms() + LINGER_MS };
    g->sock = h2o_evloop_socket_create(l->ctx.loop, fd, H2O_SOCKET_FLAG_IS_ACCEPTED_CONNECTION);
    g->sock->data = g;
    list_append(&l->lingers, &g->link);
    h2o_socket_read_start(g->sock, on_linger_read);
}

static void on_close(void *data)
{
    struct conn *c = data;

    list_remove(&c->link);
    if (c->linger_fd >= 0)
        linger_start(c->loop, c->linger_fd);
    else
        conn_gone(c->loop);
    free(c);
}

void conn_accept(struct loop *l, int fd)
{
    struct conn *c = h2o_mem_alloc(sizeof *c);
    int on = 1, gone_ms = 60 * 1000;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &gone_ms, sizeof gone_ms);
    *c = (struct conn){ .loop = l, .linger_fd = -1, .since = now_ms() };
    c->deadline = c->since + l->server->config.slow_ms;
    c->sock = h2o_evloop_socket_create(l->ctx.loop, fd, H2O_SOCKET_FLAG_IS_ACCEPTED_CONNECTION);
    c->sock->on_close.cb = on_close;
    c->sock->on_close.data = c;
    list_append(&l->conns, &c->link);
    l->open_conns++;
    h2o_accept(&l->accept, c->sock);
}

struct conn *conn_of(h2o_socket_t *sock)
{
    return sock->on_close.data;
}
struct conn *conn_of_req(h2o_req_t *req)
{
    return conn_of(req->conn->callbacks->get_socket(req->conn));
}

void conn_busy(struct conn *c)
{
    c->busy = true;
    c->partial = false;
    c->deadline = 0;
    c->taken = 0;
    c->served++;
}

static uint64_t bytes_taken(struct conn *c)
{
    struct tcp_info info = { 0 };
    socklen_t n = sizeof info;

    getsockopt(h2o_socket_get_fd(c->sock), IPPROTO_TCP, TCP_INFO, &info, &n);
    return info.tcpi_bytes_acked;
}

void conn_answering(struct conn *c)
{
    c->answering = true;
    c->taken = 0;
    c->deadline = now_ms() + c->loop->server->config.slow_ms;
}

/* However long the answer: who takes its bytes gets another slow_ms. */
static bool still_reading(struct conn *c, int64_t now)
{
    uint64_t taken = c->answering ? bytes_taken(c) : 0;
    int64_t slow_ms = c->loop->server->config.slow_ms;

    if (taken < c->taken + (uint64_t)slow_ms * READER_BYTES_PER_MS)
        return false;
    c->taken = taken;
    c->deadline = now + slow_ms;
    return true;
}

void conn_next(struct conn *c)
{
    c->busy = c->partial = c->answering = false;
    c->since = now_ms();
    c->deadline = c->since + c->loop->server->config.idle_ms;
}

void conn_no_deadline(struct conn *c)
{
    c->deadline = 0;
}

void conn_linger(struct conn *c)
{
    if (c->linger_fd < 0)
        c->linger_fd = fcntl(h2o_socket_get_fd(c->sock), F_DUPFD_CLOEXEC, 0);
}

/* h2o then sees the end of the stream, or a broken pipe, and takes its own state apart. */
static void cut(struct conn *c)
{
    if (!c->cut)
        shutdown(h2o_socket_get_fd(c->sock), SHUT_RDWR);
    c->cut = true;
}

/* h2o has no face for these answers, and before a request has arrived nobody else writes. */
static void refuse_raw(struct conn *c, enum fault_id id, const char *phrase)
{
    const struct fault *f = fault_kind(id);
    char text[512], body[256];

    if (c->sock->ssl || c->cut || h2o_socket_is_writing(c->sock))
        return;
    int n = snprintf(
        body, sizeof body,
        "{\"code\":%d,\"message\":\"%s\",\"more_info\":\"https://www.twilio.com/docs/errors/%d\",\"status\":%d}",
        f->code, f->meaning, f->code, f->status);
    int all = snprintf(text, sizeof text,
                       "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: application/json\r\n"
                       "Content-Length: %d\r\n\r\n%s",
                       f->status, phrase, n, body);

    conn_linger(c);
    (void)!send(h2o_socket_get_fd(c->sock), text, (size_t)all, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* h2o waits for 417 KB of headers before it gives up; who comes slowly could keep that much on each connection. */
static bool head_without_end(const struct conn *c)
{
    size_t most = c->loop->server->config.header_max;
    const h2o_buffer_t *in = c->sock->input;

    return in->size > most && !memmem(in->bytes, most, "\r\n\r\n", 4) && !memmem(in->bytes, most, "\n\n", 2) &&
           !memmem(in->bytes, most, "\n\r\n", 3);
}

/* --- bodies on their way ------------------------------------------------------------------------------------------ */

/* What a request that is still coming says of itself; h2o keeps its head where it was until the body is there. */
struct coming {
    const char *path;
    size_t path_length;
    uint64_t length; /* Content-Length; 0: not said */
};

/* What is on the wire ends where it ends, not with a NUL. */
static uint64_t digits(const char *p, const char *end)
{
    uint64_t n = 0;

    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        n = n > UINT64_MAX / 10 - 1 ? UINT64_MAX / 2 : n * 10 + (uint64_t)(*p - '0');
    return n;
}

static bool head_of(const struct conn *c, struct coming *out)
{
    const char *in = c->sock->input->bytes, *end, *space;
    size_t most = c->loop->server->config.header_max, n = c->sock->input->size < most ? c->sock->input->size : most;
    static const char name[] = "\ncontent-length:";

    if (!(end = memmem(in, n, "\r\n\r\n", 4)) || !(space = memchr(in, ' ', (size_t)(end - in))))
        return false;
    out->path = space + 1;
    while (out->path + out->path_length < end && !strchr(" ?\r\n", out->path[out->path_length]))
        out->path_length++;
    for (const char *p = in; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
        if ((size_t)(end - p) > sizeof name && !strncasecmp(p, name, sizeof name - 1))
            out->length = digits(p + sizeof name - 1, end);
    return true;
}

/* Only some may be large, and these may take their time.  h2o tells us of a request when it is whole; who is to be
 * refused need not send all that. */
static void check_body(struct conn *c, size_t *under_way, int64_t now)
{
    const struct http_config *config = &c->loop->server->config;
    struct coming r = { 0 };
    size_t here = c->sock->input->size;

    if (!config->is_upload || c->cut || !head_of(c, &r))
        return;
    bool large = r.length > config->body_max || here > config->body_max + config->header_max;
    bool upload = config->is_upload(r.path, r.path_length);
    if (large)
        *under_way += here;
    if (large && !upload) {
        refuse_raw(c, F_TOO_LARGE, "Content Too Large");
        cut(c);
    } else if (large && *under_way > UPLOADS_AT_ONCE * config->upload_max) {
        refuse_raw(c, F_UNAVAILABLE, "Service Unavailable");
        cut(c);
    } else if (upload && now >= c->deadline && here >= c->taken + (uint64_t)config->slow_ms * READER_BYTES_PER_MS) {
        c->taken = here;
        c->deadline = now + config->slow_ms;
    }
}

static void sweep_one(struct conn *c, int64_t now, size_t *under_way)
{
    if (c->partial)
        check_body(c, under_way, now);
    if (!c->busy && !c->partial && c->deadline && c->sock->input->size) {
        int64_t whole = now + c->loop->server->config.slow_ms;
        c->partial = true;
        if (c->served || c->deadline > whole)
            c->deadline = whole;
    }
    if (c->partial && !c->cut && head_without_end(c)) {
        refuse_raw(c, F_HEADERS_TOO_LARGE, "Request Header Fields Too Large");
        cut(c);
    }
    if (!c->deadline || now < c->deadline || c->cut || still_reading(c, now))
        return;
    if (c->partial)
        refuse_raw(c, F_TIMEOUT, "Request Timeout");
    cut(c);
}

void conn_sweep(struct loop *l)
{
    int64_t now = now_ms();
    size_t under_way = 0;

    for (struct link *i = l->conns.next, *next = i->next; i != &l->conns; i = next, next = i->next)
        sweep_one(CONTAINER_OF(i, struct conn, link), now, &under_way);
    for (struct link *i = l->lingers.next, *next = i->next; i != &l->lingers; i = next, next = i->next) {
        struct farewell *g = CONTAINER_OF(i, struct farewell, link);
        if (now >= g->deadline)
            linger_free(g);
    }
}

void conn_end_idle(struct loop *l)
{
    int64_t now = now_ms();

    for (struct link *i = l->conns.next, *next = i->next; i != &l->conns; i = next, next = i->next) {
        struct conn *c = CONTAINER_OF(i, struct conn, link);
        bool young = !c->served && now - c->since < GRACE_MS;
        if (!c->busy && c->deadline && !c->sock->input->size && !young)
            cut(c);
    }
}

void conn_end_all(struct loop *l)
{
    for (struct link *i = l->conns.next, *next = i->next; i != &l->conns; i = next, next = i->next)
        cut(CONTAINER_OF(i, struct conn, link));
    for (struct link *i = l->lingers.next, *next = i->next; i != &l->lingers; i = next, next = i->next)
        linger_free(CONTAINER_OF(i, struct farewell, link));
}
