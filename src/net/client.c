#include "net/client.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/text.h"
#include "base/thread.h"
#include "net/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
    CALLS_MAX = 10000,     /* under way or waiting; more is overload */
    CONNECTIONS_MAX = 512, /* at once; the rest waits inside curl */
    PER_HOST_MAX = 64,
    KEPT_MAX = 128,
    WAIT_MS = 1000,
    ANSWER_MAX = 1 << 20,
    TIMEOUT_MS = 15000,
    CONNECT_MS = 5000
};

struct http_client {
    struct thread *thread;
    CURLM *multi;
    CURL *spare[16]; /* easy handles that were used before */
    int nspare;
    struct http_call *_Atomic inbox;
    struct link calls;
    int nreads; /* calls with a read timeout of their own */
    atomic_int open;
    atomic_bool stopping;
    enum address_rule rule;
};

struct call {
    struct link link;
    struct http_client *client;
    struct http_call *c;
    CURL *easy;
    struct curl_slist *headers;
    struct text answer;
    int64_t started, heard; /* heard: the last byte, for the read timeout */
    char refused[INET6_ADDRSTRLEN];
    bool too_long;
    char error[CURL_ERROR_SIZE];
};

/* --- what curl calls back --------------------------------------------------------------------------------- */

/* After resolution, for each address that curl is about to connect to: the one place that a name cannot get around. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct call *k = arg;

    (void)purpose;
    if (!address_allowed(&a->addr, k->client->rule)) {
        address_text(&a->addr, k->refused, sizeof k->refused);
        return CURL_SOCKET_BAD;
    }
    k->refused[0] = 0;
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t on_body(char *bytes, size_t one, size_t n, void *arg)
{
    struct call *k = arg;

    (void)one;
    k->heard = monotonic_ns();
    if (k->answer.n + n > (k->c->answer_max ? k->c->answer_max : ANSWER_MAX)) {
        k->too_long = true;
        return 0;
    }
    text_putn(&k->answer, bytes, n);
    return n;
}

static size_t on_head(char *bytes, size_t one, size_t n, void *arg)
{
    (void)bytes;
    ((struct call *)arg)->heard = monotonic_ns();
    return one * n;
}

/* --- one call --------------------------------------------------------------------------------------------- */

static void done(struct call *k)
{
    struct http_call *c = k->c;
    struct http_client *client = k->client;

    list_remove(&k->link);
    client->nreads -= c->read_timeout_ms > 0;
    c->took_ms = (monotonic_ns() - k->started) / 1000000;
    curl_slist_free_all(k->headers);
    if (k->easy && client->nspare < (int)(sizeof client->spare / sizeof *client->spare)) {
        curl_easy_reset(k->easy);
        client->spare[client->nspare++] = k->easy;
    } else if (k->easy) {
        curl_easy_cleanup(k->easy);
    }
    free(k);
    atomic_fetch_sub(&client->open, 1);
    c->done(c);
}

static void fail_with(struct call *k, enum http_end end, const char *why)
{
    k->c->end = end;
    k->c->status = 0;
    k->c->why = why;
    k->c->answer = "";
    k->c->answer_length = 0;
    k->c->content_type = k->c->location = NULL;
    done(k);
}

static const char *why_not(const struct call *k, CURLcode rc)
{
    struct arena *a = k->c->arena;

    if (k->refused[0])
        return arena_printf(a, "refused address %s", k->refused);
    if (k->too_long)
        return arena_printf(a, "the answer is longer than %zu bytes", k->c->answer_max ? k->c->answer_max : ANSWER_MAX);
    switch (rc) {
    case CURLE_OPERATION_TIMEDOUT:
        return "timed out";
    case CURLE_COULDNT_RESOLVE_HOST:
        return "the host's name is not known";
    case CURLE_COULDNT_CONNECT:
        return "connection refused";
    case CURLE_GOT_NOTHING:
        return "the server closed the connection without an answer";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "the server's certificate is not trusted";
    default:
        return arena_strdup(a, k->error[0] ? k->error : curl_easy_strerror(rc));
    }
}

/* Whether the request can have been seen, and whether it may be sent again. */
static enum http_end how_it_ended(const struct call *k, CURLcode rc)
{
    curl_off_t sent = 0;

    curl_easy_getinfo(k->easy, CURLINFO_PRETRANSFER_TIME_T, &sent);
    if (k->refused[0] || k->too_long || k->heard)
        return HTTP_BROKEN;
    if (!sent)
        return HTTP_NOT_CONNECTED;
    return rc == CURLE_OPERATION_TIMEDOUT ? HTTP_TIMED_OUT : HTTP_BROKEN;
}

static void finish(struct call *k, CURLcode rc)
{
    struct http_call *c = k->c;
    const char *type = NULL, *location = NULL;
    long status = 0;

    if (rc != CURLE_OK) {
        fail_with(k, how_it_ended(k, rc), why_not(k, rc));
        return;
    }
    curl_easy_getinfo(k->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(k->easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(k->easy, CURLINFO_REDIRECT_URL, &location);
    c->end = HTTP_ANSWERED;
    c->status = (int)status;
    c->why = NULL;
    c->content_type = arena_strdup(c->arena, type);
    c->location = arena_strdup(c->arena, location);
    c->answer = text_str(&k->answer);
    c->answer_length = k->answer.n;
    done(k);
}

static bool put_headers(struct call *k)
{
    const struct http_call *c = k->c;
    bool typed = false;

    for (size_t i = 0; i < c->nheaders; i++) {
        const struct http_header *h = &c->headers[i];
        if (strpbrk(h->name, "\r\n:") || strpbrk(h->value, "\r\n"))
            return false;
        typed |= !strcasecmp(h->name, "content-type");
        /* "Name;" is curl's way to say a header without a value */
        k->headers =
            curl_slist_append(k->headers, arena_printf(c->arena, *h->value ? "%s: %s" : "%s;", h->name, h->value));
    }
    if (c->body && !typed)
        k->headers = curl_slist_append(k->headers, "Content-Type:");
    k->headers = curl_slist_append(k->headers, "Expect:");
    return true;
}

static void put_method(CURL *e, const struct http_call *c)
{
    if (c->body) {
        curl_easy_setopt(e, CURLOPT_POST, 1L);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, c->body);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->length);
    } else if (!strcmp(c->method, "HEAD")) {
        curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    } else if (!strcmp(c->method, "POST")) {
        curl_easy_setopt(e, CURLOPT_POST, 1L);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, "");
    }
    if (strcmp(c->method, "HEAD"))
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, c->method);
}

static void put_options(struct call *k)
{
    const struct http_call *c = k->c;
    CURL *e = k->easy;

    curl_easy_setopt(e, CURLOPT_URL, c->url);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(c->timeout_ms > 0 ? c->timeout_ms : TIMEOUT_MS));
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(c->connect_timeout_ms > 0 ? c->connect_timeout_ms : CONNECT_MS));
    curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(e, CURLOPT_USERAGENT, "Plugboard/" PLUGBOARD_VERSION);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, k->headers);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, k);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, k);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, k);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, k->error);
    curl_easy_setopt(e, CURLOPT_PRIVATE, k);
}

static void begin(struct http_client *client, struct http_call *c)
{
    struct call *k = calloc(1, sizeof *k);

    if (!k)
        abort();
    *k = (struct call){ .client = client, .c = c, .answer = { .arena = c->arena }, .started = monotonic_ns() };
    list_init(&k->link);
    client->nreads += c->read_timeout_ms > 0;
    if (atomic_load(&client->stopping)) {
        fail_with(k, HTTP_BROKEN, "the server is stopping");
        return;
    }
    if (!url_has_host(c->url) || !put_headers(k)) {
        fail_with(k, HTTP_BROKEN, "not a URL or header that can be sent");
        return;
    }
    k->easy = client->nspare ? client->spare[--client->nspare] : curl_easy_init();
    if (!k->easy)
        abort();
    put_options(k);
    put_method(k->easy, c);
    list_append(&client->calls, &k->link);
    CURLMcode rc = curl_multi_add_handle(client->multi, k->easy);
    if (rc)
        fail_with(k, HTTP_BROKEN, curl_multi_strerror(rc));
}

/* --- the thread ------------------------------------------------------------------------------------------- */

static void take_inbox(struct http_client *client)
{
    struct http_call *newest = atomic_exchange(&client->inbox, NULL), *oldest = NULL, *next;

    for (; newest; newest = next) {
        next = newest->next;
        newest->next = oldest;
        oldest = newest;
    }
    for (; oldest; oldest = next) {
        next = oldest->next;
        begin(client, oldest);
    }
}

static void take_results(struct http_client *client)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(client->multi, &left))) {
        struct call *k;
        CURLcode rc = m->data.result;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&k);
        curl_multi_remove_handle(client->multi, k->easy);
        finish(k, rc);
    }
}

/* Until when the other side may be silent; curl has no such timeout of its own, only one for the whole call. */
static int64_t silent_until(struct call *k)
{
    curl_off_t sent = 0;

    curl_easy_getinfo(k->easy, CURLINFO_PRETRANSFER_TIME_T, &sent);
    if (k->c->read_timeout_ms <= 0 || !sent)
        return INT64_MAX;
    int64_t from = k->started + (int64_t)sent * 1000;
    return (from > k->heard ? from : k->heard) + k->c->read_timeout_ms * 1000000;
}

/* Ends the calls whose other side is silent for too long; how many milliseconds later to look again. */
static int end_silent(struct http_client *client)
{
    int64_t now = monotonic_ns(), next = now + WAIT_MS * INT64_C(1000000);

    if (!client->nreads)
        return WAIT_MS;
    for (struct link *i = client->calls.next, *after = i->next; i != &client->calls; i = after, after = i->next) {
        struct call *k = CONTAINER_OF(i, struct call, link);
        int64_t until = silent_until(k);
        if (until <= now) {
            curl_multi_remove_handle(client->multi, k->easy);
            fail_with(k, k->heard ? HTTP_BROKEN : HTTP_TIMED_OUT, "timed out");
        } else if (until < next) {
            next = until;
        }
    }
    return (int)((next - now) / 1000000) + 1;
}

static void end_calls(struct http_client *client)
{
    for (struct link *i = client->calls.next, *next = i->next; i != &client->calls; i = next, next = i->next) {
        struct call *k = CONTAINER_OF(i, struct call, link);
        curl_multi_remove_handle(client->multi, k->easy);
        fail_with(k, HTTP_BROKEN, "the server is stopping");
    }
}

static void run(void *arg)
{
    struct http_client *client = arg;
    int running;

    while (!atomic_load(&client->stopping)) {
        take_inbox(client);
        curl_multi_perform(client->multi, &running);
        take_results(client);
        curl_multi_poll(client->multi, NULL, 0, end_silent(client), NULL);
    }
    end_calls(client);
    /* A sender that was counted in before the stop may still be pushing. */
    while (atomic_load(&client->open)) {
        take_inbox(client);
        if (atomic_load(&client->open))
            curl_multi_poll(client->multi, NULL, 0, 1, NULL);
    }
}

struct http_client *http_client_start(bool allow_private, bool allow_any)
{
    struct http_client *client = calloc(1, sizeof *client);

    if (!client || curl_global_init(CURL_GLOBAL_DEFAULT) || !(client->multi = curl_multi_init()))
        abort();
    client->rule = allow_any ? ADDRESS_ANY : allow_private ? ADDRESS_PRIVATE_TOO : ADDRESS_PUBLIC_ONLY;
    list_init(&client->calls);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS_MAX);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)PER_HOST_MAX);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_MAX);
    client->thread = thread_start("http-client", run, client);
    return client;
}

bool http_client_send(struct http_client *client, struct http_call *call)
{
    struct http_call *head = atomic_load(&client->inbox);

    if (atomic_fetch_add(&client->open, 1) >= CALLS_MAX || atomic_load(&client->stopping)) {
        atomic_fetch_sub(&client->open, 1);
        return false;
    }
    do
        call->next = head;
    while (!atomic_compare_exchange_weak(&client->inbox, &head, call));
    if (!head)
        curl_multi_wakeup(client->multi);
    return true;
}

void http_client_stop(struct http_client *client)
{
    if (!client)
        return;
    atomic_store(&client->stopping, true);
    curl_multi_wakeup(client->multi);
    thread_join(client->thread);
    for (int i = 0; i < client->nspare; i++)
        curl_easy_cleanup(client->spare[i]);
    curl_multi_cleanup(client->multi);
    free(client);
}
