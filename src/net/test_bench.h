/* test_bench: a server to be tested, with one handler for every habit; see on_request(). */
#pragma once
#include "test_peer.h"

#include "base/thread.h"
#include "net/http.h"

#include <stdatomic.h>

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

enum { BIG = 16 << 20 };

void reply_text(struct http_request *r, int status, const char *type, const void *body, size_t n);
int end_code(struct bench *b);
void hold(struct mailbox *to, struct http_request *r);
struct http_request *take(struct mailbox *from);
struct http_config config_for(struct bench *b);
struct bench *bench_with(void (*change)(struct http_config *));
struct bench *bench_new(void);
void bench_free(struct bench *b);
int bench_port(struct bench *b);
int bench_connect(struct bench *b);
int status_of(struct bench *b, const char *bytes);
