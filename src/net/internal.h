/* How the HTTP server is cut: nothing outside net/ may include this.
 *
 *   server.c   start, the loops, drain, end               listen.c  addresses and listening sockets, TLS
 *   conn.c     a connection: deadlines, lingering close   request.c h2o's request -> ours, and the answer back
 *   socket.c   WebSocket                                  gzip.c    smaller answers
 *
 * Ownership is by thread: everything that hangs on a loop is touched by that loop's thread only.  Other threads
 * send it posts: pushed on an atomic list, and the loop is woken only by who finds the list empty. */
#pragma once
#include "base/list.h"
#include "base/thread.h"
#include "net/http.h"
#include <h2o.h>
#include <h2o/http1.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <wslay/wslay.h>

enum { LISTEN_MAX = 8, SLICE = 256, SERVER_NAME_MAX = 16 };

struct post { struct post *next; void (*run)(struct post *p); };

struct loop;

/* --- connections (conn.c) ---------------------------------------------------------------------------- */

/* One for every accepted socket, from accept to close; found by sock->on_close.data.  What it waits for decides
 * its deadline: a request (slow_ms), the next one (idle_ms), a reader who takes the answer; no deadline while we work. */
struct conn {
    struct link   link;
    struct loop  *loop;
    h2o_socket_t *sock;
    int64_t       deadline, since; /* monotonic milliseconds; deadline 0: none */
    int           linger_fd;       /* >= 0: keep reading for a moment after close, so that the last answer arrives */
    unsigned      served;
    uint64_t      taken;           /* bytes acknowledged when the deadline was set */
    bool          busy, partial, answering, cut;
};

void         conn_accept(struct loop *l, int fd);
struct conn *conn_of(h2o_socket_t *sock);
struct conn *conn_of_req(h2o_req_t *req);
void         conn_busy(struct conn *c);
void         conn_answering(struct conn *c);                /* the reader must take bytes */
void         conn_next(struct conn *c);                     /* that request is over */
void         conn_no_deadline(struct conn *c);
void         conn_linger(struct conn *c);
void         conn_sweep(struct loop *l);                    /* ends what is over its deadline */
void         conn_end_idle(struct loop *l);                 /* those without a request under way */
void         conn_end_all(struct loop *l);

/* --- loops (server.c) -------------------------------------------------------------------------------- */

struct beat; /* socket.c: sockets with one heartbeat period, ordered by what was sent last */

struct loop {
    struct http_server *server;
    struct thread      *thread;
    pthread_t           self;
    h2o_context_t       ctx;
    h2o_accept_ctx_t    accept;
    h2o_multithread_receiver_t rx;
    h2o_multithread_message_t  wake;
    struct post *_Atomic inbox;
    int                 fds[LISTEN_MAX];
    h2o_socket_t       *listeners[LISTEN_MAX];
    struct link         conns, lingers, sockets, dirty; /* dirty: sockets with frames to write */
    struct beat        *beats;
    h2o_timeout_t       tick, bye;
    h2o_timeout_entry_t tick_entry;
    h2o_generator_t     generator;   /* marks the answers that are ours */
    size_t              open_conns;  /* lingering ones included */
    size_t              open_requests;
    int                 spare_fd;    /* closed to accept and refuse when descriptors run out */
    bool                draining, stopping, told;
    struct post         drain_post, force_post, stop_post;
    struct mail         news;
    _Atomic uint64_t    requests, replies, dropped;
    _Atomic int64_t     live_sockets;
};

struct http_server {
    struct http_config config;
    h2o_globalconf_t   h2o;
    SSL_CTX           *tls;
    struct loop       *loops;
    int                nloops, nlisten, port;
    struct mailbox    *news;             /* from the loops: ready, then drained */
    _Atomic int64_t    connections;
    int                quiet;            /* loops that have nothing left; with the two below http_drain()'s own */
    bool               draining, forced;
};

void loop_post(struct loop *l, struct post *p);      /* any thread */
bool loop_is_mine(const struct loop *l);

/* --- requests (request.c) ------------------------------------------------------------------------------ */

struct exchange {
    struct post         post;
    struct loop        *loop;
    struct conn        *conn;
    h2o_req_t          *req;       /* NULL when the client has left */
    struct http_request request;
    struct http_answer  answer;
    struct http_socket *socket;    /* an upgrade */
    bool                answered;  /* the arena goes with h2o's request */
};

int  request_on_req(h2o_handler_t *self, h2o_req_t *req);
void request_error_filter(h2o_filter_t *self, h2o_req_t *req, h2o_ostream_t **slot);
void exchange_end(struct exchange *x);  /* counts; of an unanswered or left request also frees */
const char *error_body(h2o_mem_pool_t *pool, enum fault_id id, int status, size_t *n);
void gzip_answer(struct http_request *r, struct http_answer *a); /* gzip.c; copies headers when it adds some */

/* --- WebSocket (socket.c) ------------------------------------------------------------------------------ */

void socket_flush_slice(struct loop *l);
void socket_drain(struct loop *l);
void socket_end_all(struct loop *l);
void socket_loop_free(struct loop *l);

/* --- listen.c ------------------------------------------------------------------------------------------ */

bool     listen_open(struct http_server *s, struct arena *a, const char **why);
SSL_CTX *tls_open(const char *cert, const char *key, struct arena *a, const char **why);
void     listen_raise_files(void);
