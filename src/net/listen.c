#include "internal.h"
#include "net/parse.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

void listen_raise_files(void)
{
    struct rlimit r;

    if (!getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

static int bound(const struct sockaddr *sa, socklen_t n, bool shared)
{
    int one = 1, fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (shared)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (!bind(fd, sa, n) && !listen(fd, BACKLOG))
        return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

static int *port_of(struct sockaddr *sa, int *port)
{
    *port = ntohs(sa->sa_family == AF_INET6 ? ((struct sockaddr_in6 *)sa)->sin6_port
                                            : ((struct sockaddr_in *)sa)->sin_port);
    return port;
}

static void set_port(struct sockaddr *sa, int port)
{
    if (sa->sa_family == AF_INET6)
        ((struct sockaddr_in6 *)sa)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)sa)->sin_port = htons((uint16_t)port);
}

/* One listener a loop.  SO_REUSEPORT would also let a second server take half of our connections, so a port that was
 * asked for is first bound without it. */
static bool open_all(struct http_server *s, struct sockaddr *sa, socklen_t n)
{
    int port, fd;

    if (*port_of(sa, &port)) {
        fd = bound(sa, n, false);
        if (fd < 0)
            return false;
        close(fd);
    }
    for (int i = 0; i < s->nloops; i++) {
        fd = bound(sa, n, true);
        if (fd < 0)
            return false;
        s->loops[i].fds[s->nlisten] = fd;
        if (!port) {
            struct sockaddr_storage mine;
            socklen_t size = sizeof mine;
            getsockname(fd, (struct sockaddr *)&mine, &size);
            set_port(sa, *port_of((struct sockaddr *)&mine, &port));
        }
    }
    if (!s->nlisten++)
        s->port = port;
    return true;
}

static bool open_one(struct http_server *s, const char *host, const char *port, const char **why)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC,
                              .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *found;
    int rc = getaddrinfo(*host ? host : NULL, port, &hints, &found);

    if (rc) {
        *why = gai_strerror(rc);
        return false;
    }
    bool ok = open_all(s, found->ai_addr, found->ai_addrlen);
    *why = ok ? NULL : strerror(errno);
    freeaddrinfo(found);
    return ok;
}

bool listen_open(struct http_server *s, struct arena *a, const char **why)
{
    char host[256], port[8];
    const char *list = s->config.listen, *reason;

    do {
        const char *word = arena_strndup(a, list, strcspn(list, ","));
        if (s->nlisten == LISTEN_MAX) {
            *why = arena_printf(a, "cannot listen on more than %d addresses", LISTEN_MAX);
            return false;
        }
        if (!listen_next(&list, host, port)) {
            *why = arena_printf(a, "cannot listen on %s: not an address with a port", word);
            return false;
        }
        if (!open_one(s, host, port, &reason)) {
            *why = arena_printf(a, "cannot listen on %s: %s", word, reason);
            return false;
        }
    } while (*list);
    return true;
}

SSL_CTX *tls_open(const char *cert, const char *key, struct arena *a, const char **why)
{
    SSL_CTX *t = SSL_CTX_new(TLS_server_method());

    SSL_CTX_set_min_proto_version(t, TLS1_2_VERSION);
    SSL_CTX_set_options(t, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(t, SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_use_certificate_chain_file(t, cert) == 1 &&
        SSL_CTX_use_PrivateKey_file(t, key, SSL_FILETYPE_PEM) == 1 && SSL_CTX_check_private_key(t) == 1)
        return t;
    unsigned long e = ERR_get_error();
    const char *reason = ERR_reason_error_string(e);
    *why = arena_printf(a, "cannot use the TLS certificate %s with the key %s: %s", cert, key,
                        reason ? reason : "not readable");
    ERR_clear_error();
    SSL_CTX_free(t);
    return NULL;
}
