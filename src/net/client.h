/* client: outgoing HTTP, on one thread over libcurl's multi interface.
 *
 * Who may be called is decided here, once: addresses that are link-local, multicast, unspecified or cloud metadata are
 * refused after name resolution (so a name cannot point there), unless the client was made with allow_any; loopback and
 * private networks are allowed only with allow_private.  Redirects are not followed: whoever wants to makes another call. */
#pragma once
#include "base/arena.h"
#include "net/http.h"

struct http_client;

/* How a call ended: for whoever must decide whether to try again. */
enum http_end {
    HTTP_ANSWERED,                       /* whatever the status */
    HTTP_NOT_CONNECTED,                  /* no name, no TCP, no TLS: nobody has seen the request */
    HTTP_TIMED_OUT,                      /* connected, but not a byte came in time */
    HTTP_BROKEN,                         /* anything else: half an answer, an address that is refused … */
};

struct http_call {
    struct arena *arena;                 /* the caller's; what the answer points to is put here */
    const char   *method, *url;
    const struct http_header *headers;
    size_t        nheaders;
    const char   *body;                  /* NULL: none */
    size_t        length;
    int64_t       timeout_ms, connect_timeout_ms;
    int64_t       read_timeout_ms;       /* between the request and the first byte of the answer, and between bytes; 0: none of its own */
    size_t        answer_max;            /* bytes of body; more is a failure */
    void        (*done)(struct http_call *c); /* on the client's thread, once; hand over and return */
    void         *arg;
    /* filled before done: */
    enum http_end end;
    int           status;                /* 0: no answer; see why */
    const char   *why;                   /* of a failure: "timed out", "refused address 169.254.169.254" … */
    const char   *content_type;          /* or NULL */
    const char   *location;              /* where a redirect leads, as a whole URL; or NULL */
    const char   *answer;                /* NUL-terminated */
    size_t        answer_length;
    int64_t       took_ms;
    struct http_call *next;              /* the client's own */
};

struct http_client *http_client_start(bool allow_private, bool allow_any);
bool http_client_send(struct http_client *c, struct http_call *call); /* any thread; false: overloaded or stopping */
void http_client_stop(struct http_client *c); /* running calls end with status 0, then the thread; frees c */
bool url_is_http(const char *url);            /* http(s)://host…, no control characters, at most 2,048 bytes */
