/* The module, and the hub's thread. */
#include "gateway/twilsock/internal.h"

#include <stdlib.h>
#include <string.h>

enum { NOTES_AT_ONCE = 256 };

int64_t hub_ms(void)
{
    return monotonic_ns() / 1000000;
}

void *must_calloc(size_t n)
{
    void *p = calloc(1, n);

    if (!p)
        abort();
    return p;
}

bool hub_send(struct hub *h, struct note *n)
{
    return mailbox_send(h->box, &n->mail);
}

static void look_around(struct hub *h)
{
    int64_t steady = hub_ms();

    people_tell(h);
    if (steady - h->looked_at < TICK_MS)
        return;
    h->looked_at = steady;
    int64_t now = clock_now(h->site->clock);
    for (LIST_EACH(l, &h->clients))
        client_tick(CONTAINER_OF(l, struct client, in_hub), now, steady);
}

static void run(void *arg)
{
    struct hub *h = arg;

    while (!mailbox_closed(h->box)) {
        bool idle = !h->nclients && list_empty(&h->owed);
        struct mail *m = mailbox_take(h->box, NOTES_AT_ONCE, idle ? -1 : TICK_MS);
        for (struct mail *next; m; m = next) {
            struct note *n = CONTAINER_OF(m, struct note, mail);
            next = m->next;
            n->run(h, n);
        }
        look_around(h);
    }
}

static fault_t start(struct site *site, struct arena *a)
{
    struct hub *h = must_calloc(sizeof(*h));

    (void)a;
    h->site = site;
    h->sync = site->sync;
    h->box = mailbox_new(0);
    list_init(&h->clients);
    list_init(&h->owed);
    watch_setup(h);
    site->twilsock = h;
    h->thread = thread_start("twilsock", run, h);
    return NULL;
}

/* Nothing new is begun after this: readers and the ledger are about to stop. */
static void on_drain(struct hub *h, struct note *n)
{
    h->draining = true;
    for (LIST_EACH(l, &h->clients))
        client_offload(CONTAINER_OF(l, struct client, in_hub));
    mailbox_send(h->drained, &n->mail);
}

static void drain(struct site *site)
{
    struct hub *h = site->twilsock;
    struct note n = { .run = on_drain };

    if (!h)
        return;
    atomic_store(&h->closing, true);
    h->drained = mailbox_new(0);
    if (hub_send(h, &n))
        (void)mailbox_take(h->drained, 1, -1);
    mailbox_free(h->drained);
}

/* By now all sockets have closed, and every request is back. */
static void stop(struct site *site)
{
    struct hub *h = site->twilsock;

    if (!h)
        return;
    mailbox_close(h->box);
    thread_join(h->thread);
    people_free(h);
    watch_free(h);
    map_clear(&h->topics);
    map_clear(&h->origins);
    mailbox_free(h->box);
    free(h);
    site->twilsock = NULL;
}

/* clang-format off */
static const struct endpoint endpoints[] = {
    { .label = "tsock", .method = "UPGRADE", .path = "/v3/wsconnect",    .place = ON_IO,     .needs = PUBLIC,    .any_origin = true, .run = client_upgrade },
    {                   .method = "UPGRADE", .path = "/v3/wsconnect",    .place = ON_IO,     .needs = PUBLIC,    .any_origin = true, .run = client_upgrade },
    /* What the hub asks of other threads; for anybody else these are not there. */
    { .label = "tsock", .method = "POST",    .path = "/v3/token",         .place = ON_READER, .needs = OWN_CHECK, .raw_body = true,   .run = token_check },
    { .label = "tsock", .method = "POST",    .path = "/v4/Subscriptions", .place = ON_READER, .needs = OWN_CHECK, .raw_body = true,   .run = subscriptions_read },
};
/* clang-format on */

const struct module twilsock_module = {
    .name = "twilsock", .endpoints = ROWS(endpoints), .start = start, .drain = drain, .stop = stop
};
