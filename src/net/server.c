#include "base/clock.h"
#include "base/log.h"
#include "internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_A_TURN = 16, IDLE_WAIT_MS = 1000, DRAIN_WAIT_MS = 20, UPLOAD_MS = 60 * 60 * 1000 };

/* --- posts ------------------------------------------------------------------------------------------- */

bool loop_is_mine(const struct loop *l)
{
    return pthread_equal(l->self, pthread_self());
}

void loop_post(struct loop *l, struct post *p)
{
    struct post *head = atomic_load_explicit(&l->inbox, memory_order_relaxed);

    do
        p->next = head;
    while (!atomic_compare_exchange_weak_explicit(&l->inbox, &head, p, memory_order_acq_rel, memory_order_relaxed));
    if (!head) /* whoever follows finds the list not empty until the loop has taken it, so wake has one user at a time
                */
        h2o_multithread_send_message(&l->rx, &l->wake);
}

static void on_wake(h2o_multithread_receiver_t *rx, h2o_linklist_t *messages)
{
    struct loop *l = CONTAINER_OF(rx, struct loop, rx);
    struct post *newest, *oldest = NULL, *next;

    while (!h2o_linklist_is_empty(messages))
        h2o_linklist_unlink(messages->next);
    newest = atomic_exchange_explicit(&l->inbox, NULL, memory_order_acq_rel);
    for (; newest; newest = next) {
        next = newest->next;
        newest->next = oldest;
        oldest = newest;
    }
    for (; oldest; oldest = next) {
        next = oldest->next;
        oldest->run(oldest);
    }
}

/* --- accepting --------------------------------------------------------------------------------------- */

/* Out of descriptors the listener would stay readable for ever and the loop spin: give one up to tell the client. */
static bool refuse_with_spare(struct loop *l, int listener)
{
    if (l->spare_fd < 0)
        return false;
    close(l->spare_fd);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    l->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return fd >= 0;
}

static bool accept_one(struct loop *l, int listener)
{
    struct http_server *s = l->server;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return (errno == EMFILE || errno == ENFILE) && refuse_with_spare(l, listener);
    if (atomic_fetch_add(&s->connections, 1) >= (int64_t)s->config.connections_max) {
        atomic_fetch_sub(&s->connections, 1);
        close(fd);
        return true;
    }
    conn_accept(l, fd);
    return true;
}

static void on_accept(h2o_socket_t *listener, const char *err)
{
    struct loop *l = listener->data;

    for (int i = 0; !err && i < ACCEPTS_A_TURN && accept_one(l, h2o_socket_get_fd(listener)); i++)
        ;
}

static void stop_listening(struct loop *l)
{
    for (int i = 0; i < l->server->nlisten; i++) {
        if (!l->listeners[i])
            continue;
        while (accept_one(l, h2o_socket_get_fd(l->listeners[i]))) /* they have been told that they are connected */
            ;
        h2o_socket_read_stop(l->listeners[i]);
        h2o_socket_close(l->listeners[i]);
        l->listeners[i] = NULL;
    }
}

/* --- the loop ---------------------------------------------------------------------------------------- */

static void on_tick(h2o_timeout_entry_t *e)
{
    struct loop *l = CONTAINER_OF(e, struct loop, tick_entry);

    conn_sweep(l);
    h2o_timeout_link(l->ctx.loop, &l->tick, e);
}

static void drain_step(struct loop *l)
{
    conn_end_idle(l);
    if (l->told || l->open_conns || l->open_requests)
        return;
    l->told = true;
    mailbox_send(l->server->news, &l->news);
}

static void run_drain(struct post *p)
{
    struct loop *l = CONTAINER_OF(p, struct loop, drain_post);

    l->draining = true;
    stop_listening(l);
    l->ctx.shutdown_requested = 1; /* h2o's call would also start a timer of HTTP/2, which never ends */
    socket_drain(l);
}

static void run_force(struct post *p)
{
    struct loop *l = CONTAINER_OF(p, struct loop, force_post);

    socket_end_all(l);
    conn_end_all(l);
}

static void run_stop(struct post *p)
{
    struct loop *l = CONTAINER_OF(p, struct loop, stop_post);

    l->stopping = true;
    stop_listening(l);
}

/* h2o keeps a few freed blocks for each thread and has no call to give them back. */
static void forget_thread_caches(void)
{
    h2o_mem_pool_t pool;
    h2o_buffer_t *buffers[16];

    for (int i = 0; i < 16; i++) {
        h2o_mem_init_pool(&pool);
        h2o_mem_alloc_pool(&pool, 16);
        free(pool.chunks);
    }
    for (int i = 0; i < 16; i++) {
        h2o_buffer_init(&buffers[i], &h2o_socket_buffer_prototype);
        h2o_buffer_reserve(&buffers[i], 1);
    }
    h2o_socket_buffer_prototype.allocator.max = 0;
    h2o_socket_buffer_prototype.allocator.cnt = 0;
    for (int i = 0; i < 16; i++)
        h2o_buffer_dispose(&buffers[i]);
}

static void loop_open(struct loop *l)
{
    struct http_server *s = l->server;
    int64_t shorter = s->config.slow_ms < s->config.idle_ms ? s->config.slow_ms : s->config.idle_ms;
    uint64_t tick = shorter / 4 < 20 ? 20 : shorter / 4 > 1000 ? 1000 : (uint64_t)shorter / 4;

    /* Here and not in http_start(): h2o ties buffers to the thread that makes a socket. */
    h2o_context_init(&l->ctx, h2o_evloop_create(), &s->h2o);
    h2o_multithread_register_receiver(l->ctx.queue, &l->rx, on_wake);
    l->accept = (h2o_accept_ctx_t){ .ctx = &l->ctx, .hosts = s->h2o.hosts, .ssl_ctx = s->tls };
    l->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    l->self = pthread_self();
    for (int i = 0; i < s->nlisten; i++) {
        l->listeners[i] = h2o_evloop_socket_create(l->ctx.loop, l->fds[i], H2O_SOCKET_FLAG_DONT_READ);
        l->listeners[i]->data = l;
        h2o_socket_read_start(l->listeners[i], on_accept);
    }
    h2o_timeout_init(l->ctx.loop, &l->tick, tick);
    h2o_timeout_init(l->ctx.loop, &l->bye, 2000);
    l->tick_entry = (h2o_timeout_entry_t){ .cb = on_tick };
    h2o_timeout_link(l->ctx.loop, &l->tick, &l->tick_entry);
}

static void loop_close(struct loop *l)
{
    h2o_evloop_t *ev = l->ctx.loop;
    h2o_multithread_queue_t *queue = l->ctx.queue;

    h2o_timeout_unlink(&l->tick_entry);
    h2o_timeout_dispose(ev, &l->tick);
    h2o_timeout_dispose(ev, &l->bye);
    socket_loop_free(l);
    h2o_multithread_unregister_receiver(queue, &l->rx);
    h2o_context_dispose(&l->ctx);
    h2o_evloop_run(ev, 0); /* frees the sockets that were closed */
    h2o_evloop_destroy(ev);
    free(queue); /* which h2o forgets */
    if (l->spare_fd >= 0)
        close(l->spare_fd);
    forget_thread_caches();
}

static void loop_run(void *arg)
{
    struct loop *l = arg;

    loop_open(l);
    mailbox_send(l->server->news, &l->news);
    while (!l->stopping || l->open_conns) {
        int wait = !list_empty(&l->dirty) ? 0 : l->draining || l->stopping ? DRAIN_WAIT_MS : IDLE_WAIT_MS;
        h2o_evloop_run(l->ctx.loop, wait);
        socket_flush_slice(l);
        if (l->stopping) {
            socket_end_all(l);
            conn_end_all(l);
        } else if (l->draining) {
            drain_step(l);
        }
    }
    loop_close(l);
}

/* --- start and end ----------------------------------------------------------------------------------- */

static void configure_h2o(struct http_server *s)
{
    h2o_globalconf_t *g = &s->h2o;
    int64_t longest = s->config.slow_ms > s->config.idle_ms ? s->config.slow_ms : s->config.idle_ms;

    h2o_config_init(g);
    g->server_name = h2o_iovec_init(H2O_STRLIT("plugboard"));
    if (!s->config.is_upload || s->config.upload_max < s->config.body_max)
        s->config.upload_max = s->config.body_max;
    g->max_request_entity_size =
        s->config.upload_max + 1; /* h2o counts differently for chunks; request.c has the exact limit */
    g->http1.upgrade_to_http2 = 0;
    g->http1.req_timeout = (uint64_t)(2 * longest + 1000); /* only a net below conn.c's deadlines */
    if (s->config.is_upload)
        g->http1.req_timeout += UPLOAD_MS;
    g->handshake_timeout = (uint64_t)s->config.slow_ms;
    h2o_hostconf_t *host = h2o_config_register_host(g, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    host->fallback_path.error_log.emit_request_errors = 0;
    h2o_create_handler(&host->fallback_path, sizeof(h2o_handler_t))->on_req = request_on_req;
    h2o_create_filter(&host->fallback_path, sizeof(h2o_filter_t))->on_setup_ostream = request_error_filter;
}

static void prepare_loops(struct http_server *s)
{
    for (int i = 0; i < s->nloops; i++) {
        struct loop *l = &s->loops[i];
        l->server = s;
        l->spare_fd = -1;
        for (int k = 0; k < LISTEN_MAX; k++)
            l->fds[k] = -1;
        list_init(&l->conns);
        list_init(&l->lingers);
        list_init(&l->sockets);
        list_init(&l->dirty);
        l->drain_post.run = run_drain;
        l->force_post.run = run_force;
        l->stop_post.run = run_stop;
    }
}

static void start_loops(struct http_server *s)
{
    char name[SERVER_NAME_MAX];

    for (int i = 0; i < s->nloops; i++) {
        struct loop *l = &s->loops[i];
        snprintf(name, sizeof name, "http-%d", i);
        l->thread = thread_start(name, loop_run, l);
    }
    for (int ready = 0; ready < s->nloops;) /* before this nobody may post */
        for (struct mail *m = mailbox_take(s->news, (size_t)s->nloops, -1); m; m = m->next)
            ready++;
}

static void server_free(struct http_server *s)
{
    SSL_CTX_free(s->tls);
    mailbox_free(s->news);
    free(s->loops);
    free(s);
}

struct http_server *http_start(const struct http_config *c, struct arena *a, const char **why)
{
    struct http_server *s = h2o_mem_alloc(sizeof *s);

    *s = (struct http_server){ .config = *c, .nloops = c->threads > 0 ? c->threads : 1 };
    signal(SIGPIPE, SIG_IGN);
    listen_raise_files();
    s->loops = h2o_mem_alloc((size_t)s->nloops * sizeof *s->loops);
    memset(s->loops, 0, (size_t)s->nloops * sizeof *s->loops);
    s->news = mailbox_new(0);
    prepare_loops(s);
    bool ok = !c->tls_cert || (s->tls = tls_open(c->tls_cert, c->tls_key ? c->tls_key : "", a, why));
    if (!ok || !listen_open(s, a, why)) {
        for (int i = 0; i < s->nloops; i++)
            for (int k = 0; k < LISTEN_MAX; k++)
                if (s->loops[i].fds[k] >= 0)
                    close(s->loops[i].fds[k]);
        server_free(s);
        return NULL;
    }
    configure_h2o(s);
    start_loops(s);
    return s;
}

int http_port(const struct http_server *s)
{
    return s->port;
}

void http_drain(struct http_server *s, int64_t deadline_ms)
{
    int64_t end = monotonic_ns() / 1000000 + deadline_ms;

    for (int i = 0; i < s->nloops && !s->draining; i++)
        loop_post(&s->loops[i], &s->loops[i].drain_post);
    s->draining = true;
    while (s->quiet < s->nloops) {
        int64_t left = end - monotonic_ns() / 1000000;
        if (left <= 0)
            break;
        for (struct mail *m = mailbox_take(s->news, (size_t)s->nloops, left); m; m = m->next)
            s->quiet++;
    }
    if (s->quiet == s->nloops || s->forced)
        return;
    s->forced = true;
    log_warn("http.drain", "clients were cut off after %lld ms", (long long)deadline_ms);
    for (int i = 0; i < s->nloops; i++)
        loop_post(&s->loops[i], &s->loops[i].force_post);
}

void http_free(struct http_server *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->nloops; i++)
        loop_post(&s->loops[i], &s->loops[i].stop_post);
    for (int i = 0; i < s->nloops; i++) {
        thread_join(s->loops[i].thread);
        assert(!s->loops[i].open_requests);
    }
    while (mailbox_take(s->news, (size_t)s->nloops, 0))
        ;
    h2o_config_dispose(&s->h2o);
    server_free(s);
}

struct http_counters http_count(const struct http_server *s)
{
    struct http_counters n = { .connections = atomic_load(&s->connections) };

    for (int i = 0; i < s->nloops; i++) {
        n.requests += atomic_load_explicit(&s->loops[i].requests, memory_order_relaxed);
        n.replies += atomic_load_explicit(&s->loops[i].replies, memory_order_relaxed);
        n.dropped += atomic_load_explicit(&s->loops[i].dropped, memory_order_relaxed);
        n.sockets += atomic_load_explicit(&s->loops[i].live_sockets, memory_order_relaxed);
    }
    return n;
}
