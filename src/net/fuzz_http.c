/* Feeds a whole connection to a real server and expects it to be closed again: what arrives may be refused, never
 * kept, and never brings the process down.  The handler answers at once, echoes, or accepts a WebSocket. */
#include "net/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
static bool is_upload(const char *path, size_t n)
{
    return n > 1 && path[1] == 'u';
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct http_server *server; /* the fuzzer's process is one server */
static struct arena *arena;

static void on_message(void *data, struct http_socket *s, const void *bytes, size_t n, bool text)
{
    (void)data;
    socket_send(s, bytes, n, text);
}

static void on_closed(void *data, struct http_socket *s, int code)
{
    (void)data;
    (void)code;
    socket_release(s);
}

static const struct socket_handler echo = {
    .message = on_message, .closed = on_closed, .message_max = 1000, .queue_max = 4000
};

static void on_request(void *arg, struct http_request *r)
{
    (void)arg;
    if (r->wants_upgrade)
        http_upgrade(r, &echo, NULL);
    else
        http_reply(r, &(struct http_answer){
                          .status = 200, .content_type = "text/plain", .body = r->body, .length = r->body_length });
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct http_config c = { .listen = "127.0.0.1:0",
                             .threads = 1,
                             .body_max = 4000,
                             .upload_max = 8000,
                             .is_upload = is_upload,
                             .header_max = 2000,
                             .connections_max = 1000,
                             .slow_ms = 2000,
                             .idle_ms = 2000,
                             .trust_proxy = true,
                             .request = on_request };
    const char *why;

    (void)argc;
    (void)argv;
    arena = arena_new();
    server = http_start(&c, arena, &why);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(server)) };
    struct linger hard = { .l_onoff = 1 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char waste[8192];

    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa))
        abort();
    if (send(fd, data, n, MSG_NOSIGNAL) >= 0)
        shutdown(fd, SHUT_WR);
    do {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (poll(&p, 1, 8000) != 1)
            abort();
    } while (recv(fd, waste, sizeof waste, 0) > 0);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard); /* or ports run out */
    close(fd);
    return 0;
}
