/* WebSocket.  wslay reads (frames, masks, fragments, UTF-8, pings, the closing handshake); what we send is framed once,
 * by the thread that sends it, and written from where it lies, many frames at a time. */
#include "internal.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { WRITE_FRAMES = 64, PENDING_CONTROL_MAX = 64 * 1024 };

struct frame {
    struct post post;
    struct frame *next;
    struct http_socket *s;
    size_t length;
    uint8_t bytes[];
};

struct http_socket {
    atomic_int refs;
    atomic_bool overflown;
    _Atomic size_t queued; /* bytes handed in and not yet taken by the kernel */
    struct loop *loop;
    struct socket_handler h;
    void *data;
    h2o_socket_t *sock;         /* NULL until the handshake is answered, and after the end */
    wslay_event_context_ptr ws; /* NULL between messages: it is nine tenths of an idle socket */
    uint64_t fed, whole;        /* bytes given to ws, and the sum of the frames that it has begun */
    struct link link, dirty;
    struct frame *out, **out_end;
    size_t in_flight; /* frames of out that the kernel is taking */
    struct beat *beat;
    h2o_timeout_entry_t beat_entry, bye_entry;
    struct post begin_post, overflow_post;
    struct exchange *x;
    int code;
    bool closing, ended, broken, in_message;
};

struct beat {
    struct beat *next;
    int64_t ms;
    h2o_timeout_t timeout;
};

static void finish(struct http_socket *s, int code);
static void flush(struct http_socket *s);

/* --- frames ---------------------------------------------------------------------------------------------- */

static size_t put_header(uint8_t *p, size_t n, int opcode)
{
    size_t used = 2;

    p[0] = (uint8_t)(0x80 | opcode);
    if (n < 126) {
        p[1] = (uint8_t)n;
        return used;
    }
    int bytes = n < 65536 ? 2 : 8;
    p[1] = bytes == 2 ? 126 : 127;
    for (int i = bytes - 1; i >= 0; i--)
        p[used++] = (uint8_t)((uint64_t)n >> (8 * i));
    return used;
}

static struct frame *frame_of(struct http_socket *s, size_t room)
{
    struct frame *f = h2o_mem_alloc(sizeof *f + room);

    *f = (struct frame){ .s = s };
    return f;
}

static struct frame *data_frame(struct http_socket *s, const void *bytes, size_t n, int opcode)
{
    struct frame *f = frame_of(s, n + 10);

    f->length = put_header(f->bytes, n, opcode);
    if (n)
        memcpy(f->bytes + f->length, bytes, n);
    f->length += n;
    return f;
}

static void append(struct http_socket *s, struct frame *f)
{
    f->next = NULL;
    *s->out_end = f;
    s->out_end = &f->next;
}

static void frame_free(struct frame *f)
{
    atomic_fetch_sub_explicit(&f->s->queued, f->length, memory_order_relaxed);
    free(f);
}

/* All that is not on its way into the kernel. */
static void drop_waiting(struct http_socket *s)
{
    struct frame **at = &s->out, *f;

    for (size_t i = 0; i < s->in_flight; i++)
        at = &(*at)->next;
    s->out_end = at;
    f = *at;
    *at = NULL;
    for (struct frame *next; f; f = next) {
        next = f->next;
        frame_free(f);
    }
}

/* --- wslay's part of the state -------------------------------------------------------------------------------- */

static ssize_t on_wslay_wants(wslay_event_context_ptr ws, uint8_t *buf, size_t n, int flags, void *data);
static ssize_t on_wslay_sends(wslay_event_context_ptr ws, const uint8_t *bytes, size_t n, int flags, void *data);
static void on_wslay_frame(wslay_event_context_ptr ws, const struct wslay_event_on_frame_recv_start_arg *f, void *data);
static void on_wslay_message(wslay_event_context_ptr ws, const struct wslay_event_on_msg_recv_arg *m, void *data);

static wslay_event_context_ptr reader(struct http_socket *s)
{
    const struct wslay_event_callbacks calls = {
        .recv_callback = on_wslay_wants,
        .send_callback = on_wslay_sends,
        .on_frame_recv_start_callback = on_wslay_frame,
        .on_msg_recv_callback = on_wslay_message,
    };

    if (!s->ws) {
        if (wslay_event_context_server_init(&s->ws, &calls, s))
            abort();
        wslay_event_config_set_max_recv_msg_length(s->ws, s->h.message_max);
        s->fed = s->whole = 0;
    }
    return s->ws;
}

static void reader_free(struct http_socket *s)
{
    if (s->ws)
        wslay_event_context_free(s->ws);
    s->ws = NULL;
}

static bool close_sent(const struct http_socket *s)
{
    return s->ws && wslay_event_get_close_sent(s->ws);
}

/* --- life ------------------------------------------------------------------------------------------------ */

static void unref(struct http_socket *s)
{
    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
        free(s);
}

void socket_release(struct http_socket *s)
{
    unref(s);
}

static void finish(struct http_socket *s, int code)
{
    if (s->ended)
        return;
    s->ended = true;
    list_remove(&s->link);
    list_remove(&s->dirty);
    h2o_timeout_unlink(&s->beat_entry);
    h2o_timeout_unlink(&s->bye_entry);
    if (s->sock) {
        struct conn *c = conn_of(s->sock);
        conn_answering(c); /* a TLS goodbye may wait for a peer that is not there */
        if (s->broken)
            conn_linger(c);
        h2o_socket_close(s->sock);
        s->sock = NULL;
    }
    s->in_flight = 0;
    drop_waiting(s);
    reader_free(s);
    atomic_fetch_sub_explicit(&s->loop->live_sockets, 1, memory_order_relaxed);
    s->h.closed(s->data, s, code);
    unref(s);
}

static int code_now(struct http_socket *s)
{
    if (s->code)
        return s->code;
    if (!s->ws)
        return WSLAY_CODE_ABNORMAL_CLOSURE;
    if (wslay_event_get_close_received(s->ws) && wslay_event_get_status_code_received(s->ws))
        return wslay_event_get_status_code_received(s->ws);
    return wslay_event_get_close_sent(s->ws) ? wslay_event_get_status_code_sent(s->ws) : WSLAY_CODE_ABNORMAL_CLOSURE;
}

static void on_bye(h2o_timeout_entry_t *e)
{
    struct http_socket *s = CONTAINER_OF(e, struct http_socket, bye_entry);

    if (s->sock)
        finish(s, code_now(s));
    else /* h2o still owns the connection; its deadline ends the handshake */
        h2o_timeout_link(s->loop->ctx.loop, &s->loop->bye, e);
}

/* --- out ------------------------------------------------------------------------------------------------- */

static void touch_beat(struct http_socket *s)
{
    if (!s->beat || s->ended)
        return;
    h2o_timeout_unlink(&s->beat_entry);
    h2o_timeout_link(s->loop->ctx.loop, &s->beat->timeout, &s->beat_entry);
}

static bool farewell_is_over(struct http_socket *s)
{
    return !s->out && s->ws && !wslay_event_want_read(s->ws) && !wslay_event_want_write(s->ws);
}

static void on_written(h2o_socket_t *sock, const char *err)
{
    struct http_socket *s = sock->data;

    for (; s->in_flight; s->in_flight--) {
        struct frame *f = s->out;
        if (!(s->out = f->next))
            s->out_end = &s->out;
        frame_free(f);
    }
    if (err)
        finish(s, s->code ? s->code : WSLAY_CODE_ABNORMAL_CLOSURE);
    else if (s->out)
        flush(s);
    else if (farewell_is_over(s))
        finish(s, code_now(s));
}

static void flush(struct http_socket *s)
{
    h2o_iovec_t bufs[WRITE_FRAMES];
    size_t n = 0;

    if (!s->sock || !s->out || h2o_socket_is_writing(s->sock))
        return;
    for (struct frame *f = s->out; f && n < WRITE_FRAMES; f = f->next)
        bufs[n++] = h2o_iovec_init(f->bytes, f->length);
    s->in_flight = n;
    touch_beat(s);
    h2o_socket_write(s->sock, bufs, n, on_written);
}

static void make_dirty(struct http_socket *s)
{
    if (!list_linked(&s->dirty))
        list_append(&s->loop->dirty, &s->dirty);
}

/* A broadcast puts thousands of sockets here; a slice a turn keeps everybody else served meanwhile. */
void socket_flush_slice(struct loop *l)
{
    for (int i = 0; i < SLICE && !list_empty(&l->dirty); i++) {
        struct http_socket *s = CONTAINER_OF(l->dirty.next, struct http_socket, dirty);
        list_remove(&s->dirty);
        flush(s);
    }
}

static void begin_close(struct http_socket *s, int code, const char *reason, size_t n)
{
    if (s->ended || s->closing)
        return;
    s->closing = true;
    s->code = code;
    wslay_event_queue_close(reader(s), (uint16_t)code, (const uint8_t *)reason, n);
    wslay_event_send(s->ws);
    h2o_timeout_link(s->loop->ctx.loop, &s->loop->bye, &s->bye_entry);
    make_dirty(s);
}

static void run_frame(struct post *p)
{
    struct frame *f = CONTAINER_OF(p, struct frame, post);
    struct http_socket *s = f->s;

    if (s->ended || s->closing || close_sent(s)) {
        frame_free(f);
    } else {
        append(s, f);
        make_dirty(s);
    }
    unref(s);
}

static void run_overflow(struct post *p)
{
    struct http_socket *s = CONTAINER_OF(p, struct http_socket, overflow_post);

    if (!s->ended && !s->closing) {
        drop_waiting(s);
        begin_close(s, 1013, "", 0);
    }
    unref(s);
}

void socket_send(struct http_socket *s, const void *bytes, size_t n, bool text)
{
    struct frame *f = data_frame(s, bytes, n, text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME);

    if (atomic_fetch_add_explicit(&s->queued, f->length, memory_order_relaxed) + f->length > s->h.queue_max) {
        frame_free(f);
        if (!atomic_exchange(&s->overflown, true)) {
            atomic_fetch_add(&s->refs, 1);
            loop_post(s->loop, &s->overflow_post);
        }
        return;
    }
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    f->post.run = run_frame;
    loop_post(s->loop, &f->post);
}

static void run_close(struct post *p)
{
    struct frame *f = CONTAINER_OF(p, struct frame, post);
    struct http_socket *s = f->s;

    begin_close(s, f->bytes[0] << 8 | f->bytes[1], (const char *)f->bytes + 2, f->length - 2);
    free(f);
    unref(s);
}

void socket_close(struct http_socket *s, int code, const char *reason)
{
    size_t n = reason ? strnlen(reason, 123) : 0;
    struct frame *f = frame_of(s, n + 2);

    f->bytes[0] = (uint8_t)(code >> 8);
    f->bytes[1] = (uint8_t)code;
    if (n)
        memcpy(f->bytes + 2, reason, n);
    f->length = n + 2;
    f->post.run = run_close;
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    loop_post(s->loop, &f->post);
}

/* --- in -------------------------------------------------------------------------------------------------- */

static ssize_t on_wslay_wants(wslay_event_context_ptr ws, uint8_t *buf, size_t n, int flags, void *data)
{
    struct http_socket *s = data;
    h2o_buffer_t **in = &s->sock->input;

    (void)flags;
    if (!(*in)->size) {
        wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    n = (*in)->size < n ? (*in)->size : n;
    memcpy(buf, (*in)->bytes, n);
    h2o_buffer_consume(in, n);
    s->fed += n;
    return (ssize_t)n;
}

/* Pongs and closes.  wslay writes a frame in pieces; taking every piece at once keeps frames whole between ours. */
static ssize_t on_wslay_sends(wslay_event_context_ptr ws, const uint8_t *bytes, size_t n, int flags, void *data)
{
    struct http_socket *s = data;
    struct frame *f = frame_of(s, n);

    (void)ws;
    (void)flags;
    memcpy(f->bytes, bytes, n);
    f->length = n;
    atomic_fetch_add_explicit(&s->queued, n, memory_order_relaxed);
    append(s, f);
    return (ssize_t)n;
}

static void on_wslay_frame(wslay_event_context_ptr ws, const struct wslay_event_on_frame_recv_start_arg *f, void *data)
{
    struct http_socket *s = data;
    uint64_t n = f->payload_length;

    (void)ws;
    s->whole += 2 + (n < 126 ? 0 : n < 65536 ? 2 : 8) + 4 + n;
    if (!wslay_is_ctrl_frame(f->opcode))
        s->in_message = !f->fin;
}

static void on_wslay_message(wslay_event_context_ptr ws, const struct wslay_event_on_msg_recv_arg *m, void *data)
{
    struct http_socket *s = data;

    (void)ws;
    if (!wslay_is_ctrl_frame(m->opcode) && s->h.message && !s->closing)
        s->h.message(s->data, s, m->msg, m->msg_length, m->opcode == WSLAY_TEXT_FRAME);
}

/* A protocol error makes wslay stop reading and queue a close of its own. */
static void on_input(struct http_socket *s)
{
    bool failed = wslay_event_want_read(reader(s)) && wslay_event_recv(s->ws) != 0;

    if (failed || wslay_event_send(s->ws) != 0) {
        finish(s, WSLAY_CODE_ABNORMAL_CLOSURE);
        return;
    }
    /* A client that asks faster than it listens. */
    if (atomic_load_explicit(&s->queued, memory_order_relaxed) > s->h.queue_max + PENDING_CONTROL_MAX) {
        finish(s, 1013);
        return;
    }
    if (!wslay_event_get_read_enabled(s->ws)) {
        s->broken = !wslay_event_get_close_received(s->ws);
        h2o_socket_read_stop(s->sock);
    }
    if (wslay_event_get_close_sent(s->ws) && !h2o_timeout_is_linked(&s->bye_entry))
        h2o_timeout_link(s->loop->ctx.loop, &s->loop->bye, &s->bye_entry);
    if (farewell_is_over(s) && !h2o_socket_is_writing(s->sock)) {
        finish(s, code_now(s));
        return;
    }
    if (s->fed == s->whole && !s->in_message && !s->closing && !close_sent(s) && wslay_event_get_read_enabled(s->ws))
        reader_free(s);
    flush(s);
}

static void on_read(h2o_socket_t *sock, const char *err)
{
    struct http_socket *s = sock->data;

    if (err)
        finish(s, s->code ? s->code : WSLAY_CODE_ABNORMAL_CLOSURE);
    else
        on_input(s);
}

/* --- heartbeats ------------------------------------------------------------------------------------------ */

static void on_beat(h2o_timeout_entry_t *e)
{
    struct http_socket *s = CONTAINER_OF(e, struct http_socket, beat_entry);

    /* Something is still waiting for this reader: the next beat would only be one thing more. */
    if (!s->out && !s->closing && !close_sent(s)) {
        struct frame *f = data_frame(s, s->h.heartbeat, strlen(s->h.heartbeat), WSLAY_TEXT_FRAME);
        atomic_fetch_add_explicit(&s->queued, f->length, memory_order_relaxed);
        append(s, f);
        make_dirty(s);
    }
    touch_beat(s);
}

static struct beat *beat_for(struct loop *l, int64_t ms)
{
    struct beat *b = l->beats;

    while (b && b->ms != ms)
        b = b->next;
    if (!b) {
        b = h2o_mem_alloc(sizeof *b);
        *b = (struct beat){ .next = l->beats, .ms = ms };
        h2o_timeout_init(l->ctx.loop, &b->timeout, (uint64_t)ms);
        l->beats = b;
    }
    return b;
}

void socket_loop_free(struct loop *l)
{
    for (struct beat *b = l->beats, *next; b; b = next) {
        next = b->next;
        h2o_timeout_dispose(l->ctx.loop, &b->timeout);
        free(b);
    }
    l->beats = NULL;
}

/* --- the handshake --------------------------------------------------------------------------------------- */

static void on_upgraded(void *data, h2o_socket_t *sock, size_t head)
{
    struct http_socket *s = data;
    int on = 1, idle = 60, every = 20, times = 3;

    if (!sock) {
        finish(s, WSLAY_CODE_ABNORMAL_CLOSURE);
        return;
    }
    s->sock = sock;
    sock->data = s;
    conn_no_deadline(conn_of(sock));
    setsockopt(h2o_socket_get_fd(sock), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(h2o_socket_get_fd(sock), IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(h2o_socket_get_fd(sock), IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
    setsockopt(h2o_socket_get_fd(sock), IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof times);
    h2o_buffer_consume(&sock->input, head);
    if (s->h.heartbeat && s->h.heartbeat_ms > 0) {
        s->beat = beat_for(s->loop, s->h.heartbeat_ms);
        touch_beat(s);
    }
    h2o_socket_read_start(sock, on_read);
    flush(s);
    if (sock->input->size)
        on_input(s);
}

static void put_accept(h2o_req_t *req, const char *key)
{
    char source[24 + 36 + 1], *made = h2o_mem_alloc_pool(&req->pool, 32);
    unsigned char sum[EVP_MAX_MD_SIZE];

    memcpy(source, key, 24);
    memcpy(source + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 37);
    EVP_Digest(source, 60, sum, NULL, EVP_sha1(), NULL);
    EVP_EncodeBlock((unsigned char *)made, sum, 20);
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_UPGRADE, "Upgrade", H2O_STRLIT("websocket"));
    h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("sec-websocket-accept"), 0, "Sec-WebSocket-Accept",
                          made, 28);
}

/* A browser that offers sub-protocols hangs up when none is taken, and no peer of ours tells them apart: the first. */
static void put_protocol(h2o_req_t *req, const struct http_request *r)
{
    const char *offered = http_header(r, "sec-websocket-protocol");
    size_t n = offered ? strcspn(offered, ", \t") : 0;

    if (n)
        h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("sec-websocket-protocol"), 0,
                              "Sec-WebSocket-Protocol", offered, n);
}

static void run_begin(struct post *p)
{
    struct http_socket *s = CONTAINER_OF(p, struct http_socket, begin_post);
    struct exchange *x = s->x;
    h2o_req_t *req = x->req;
    bool draining = s->loop->draining;

    s->x = NULL;
    atomic_fetch_add_explicit(&s->loop->live_sockets, 1, memory_order_relaxed);
    exchange_end(x);
    if (!req) {
        finish(s, WSLAY_CODE_ABNORMAL_CLOSURE);
        return;
    }
    list_append(&s->loop->sockets, &s->link);
    req->res.status = 101;
    req->res.reason = "Switching Protocols";
    put_accept(req, http_header(&x->request, "sec-websocket-key"));
    put_protocol(req, &x->request);
    conn_answering(x->conn);
    h2o_http1_upgrade(req, NULL, 0, on_upgraded, s);
    if (draining)
        begin_close(s, WSLAY_CODE_GOING_AWAY, "", 0);
}

struct http_socket *http_upgrade(struct http_request *r, const struct socket_handler *h, void *data)
{
    struct exchange *x = r->server_side;
    struct http_socket *s = h2o_mem_alloc(sizeof *s);

    assert(r->wants_upgrade);
    memset(s, 0, sizeof *s);
    atomic_init(&s->refs, 2); /* the caller's and the loop's */
    s->loop = x->loop;
    s->h = *h;
    s->data = data;
    s->x = x;
    s->out_end = &s->out;
    s->beat_entry.cb = on_beat;
    s->bye_entry.cb = on_bye;
    s->begin_post.run = run_begin;
    s->overflow_post.run = run_overflow;
    list_init(&s->link);
    list_init(&s->dirty);
    loop_post(s->loop, &s->begin_post);
    return s;
}

/* --- the end of the server ------------------------------------------------------------------------------- */

void socket_drain(struct loop *l)
{
    for (struct link *i = l->sockets.next, *next = i->next; i != &l->sockets; i = next, next = i->next)
        begin_close(CONTAINER_OF(i, struct http_socket, link), WSLAY_CODE_GOING_AWAY, "", 0);
}

void socket_end_all(struct loop *l)
{
    for (struct link *i = l->sockets.next, *next = i->next; i != &l->sockets; i = next, next = i->next) {
        struct http_socket *s = CONTAINER_OF(i, struct http_socket, link);
        if (s->sock) /* an unfinished handshake ends with its connection */
            finish(s, s->code ? s->code : WSLAY_CODE_GOING_AWAY);
    }
}
