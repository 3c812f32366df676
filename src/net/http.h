/* http: the HTTP/1.1 and WebSocket server, on h2o, behind a face that could have another behind it.
 *
 * The server runs N I/O threads, each with its own loop and listener (SO_REUSEPORT).  A request is read
 * whole (limits below), copied into an arena of its own, and given to the one `request` callback, on the
 * I/O thread: that must not block.  From then on the request belongs to the receiver, which may pass it to
 * any thread and must answer it exactly once, with http_reply() or http_upgrade(), from whichever thread;
 * after that the request and its arena are gone.  If the client has left meanwhile, the answer is dropped.
 *
 * Pipelined and kept-alive connections, chunked bodies, 100-continue, time-outs for slow headers, bodies and
 * readers, HEAD, gzip of answers over 1 KiB (Accept-Encoding) and graceful drain are the server's own business.
 * HTTP/2 is off on purpose (docs/http.md).  Too many connections are closed at once. */
#pragma once
#include "base/arena.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stdint.h>

struct http_server;
struct http_socket;

struct http_header { const char *name, *value; }; /* names are lower case on the way in */

struct http_request {
    struct arena *arena;
    const char   *method;         /* "GET" */
    const char   *target;         /* as sent: "/v1/Workspaces?PageSize=2" */
    const char   *path;           /* target up to '?', still escaped */
    const char   *query;          /* after '?', or "" */
    const char   *scheme;         /* "http" or "https"; X-Forwarded-Proto is believed when trust_proxy is set */
    const char   *host;           /* Host header, with port if it was sent, or ""; X-Forwarded-Host with trust_proxy */
    const char   *peer;           /* the client's address; X-Forwarded-For's last hop when trust_proxy is set */
    const struct http_header *headers;
    size_t        nheaders;
    const char   *body;           /* NUL-terminated */
    size_t        body_length;
    bool          wants_upgrade;  /* a WebSocket handshake: http_upgrade() may answer it */
    int64_t       received_ns;    /* monotonic_ns() at its arrival */
    void         *server_side;    /* the server's own */
};

const char *http_header(const struct http_request *r, const char *lower_case_name); /* NULL when absent */

struct http_answer {
    int           status;
    const struct http_header *headers; /* besides Content-Length, Date, Server; names in canonical case */
    size_t        nheaders;
    const char   *content_type;        /* NULL when there is no body */
    const void   *body;                /* must live in the request's arena, or for ever */
    size_t        length;
};
void http_reply(struct http_request *r, const struct http_answer *answer); /* any thread, once; r is gone afterwards */

/* --- WebSocket ------------------------------------------------------------------------------------- */

struct socket_handler {
    /* Both run on the socket's I/O thread.  message may be NULL (then what clients send is ignored). */
    void (*message)(void *data, struct http_socket *s, const void *bytes, size_t n, bool text);
    void (*closed)(void *data, struct http_socket *s, int code);  /* the last call; the handle stays valid until released */
    const char *heartbeat;         /* text frame sent when nothing was sent for heartbeat_ms; NULL: none */
    int64_t     heartbeat_ms;
    size_t      message_max;       /* bytes; larger closes with 1009 */
    size_t      queue_max;         /* bytes waiting for a slow reader; more closes with 1013 */
};

/* Accepts a handshake; any thread, answers the request (which is gone afterwards).  The handle has one
 * reference, the caller's: socket_release() it after `closed`.  Sending may begin at once. */
struct http_socket *http_upgrade(struct http_request *r, const struct socket_handler *h, void *data);
void socket_send(struct http_socket *s, const void *bytes, size_t n, bool text); /* any thread; copies; in order */
void socket_close(struct http_socket *s, int code, const char *reason);          /* any thread; what was sent before goes out first */
void socket_release(struct http_socket *s);

/* --- the server ------------------------------------------------------------------------------------ */

struct http_config {
    const char *listen;            /* "127.0.0.1:8080", "[::]:8080", several separated by ',' ; port 0: any */
    const char *tls_cert, *tls_key;/* PEM files; both or neither */
    int         threads;           /* I/O threads */
    size_t      body_max;          /* bytes; 413 beyond */
    /* A path to which larger bodies may come, and how large: there a body may take its time, as long as it moves, and four of the largest may
     * be under way at once; 503 beyond.  is_upload NULL: none. */
    size_t        upload_max;
    bool        (*is_upload)(const char *path, size_t n);
    size_t      header_max;        /* bytes of request line and headers together; 431 beyond */
    size_t      connections_max;
    int64_t     slow_ms;           /* headers and body must have arrived in this time; 408 and close.  A reader who takes less
                                    * than a kilobyte a second over this time is cut off */
    int64_t     idle_ms;           /* a kept-alive connection without a request */
    bool        trust_proxy;
    void      (*request)(void *arg, struct http_request *r);
    void       *arg;
};

/* Starts listening.  On failure NULL and *why, in the arena ("cannot listen on 127.0.0.1:8080: Address already in use"). */
struct http_server *http_start(const struct http_config *c, struct arena *a, const char **why);
int  http_port(const struct http_server *s);                 /* of the first listener */
/* Stops accepting, finishes what is under way, closes sockets with 1001; blocks until that is done, at most so long. */
void http_drain(struct http_server *s, int64_t deadline_ms);
void http_free(struct http_server *s);                       /* after http_drain(); every request must have been answered */

struct http_counters { uint64_t requests, replies, dropped; int64_t connections, sockets; };
struct http_counters http_count(const struct http_server *s);
