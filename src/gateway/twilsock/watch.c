/* The ledger's side: what it hears of is handed to the hub after the commit, if anybody there watches it.
 *
 * Whether anybody does is asked after the commit, and a subscription counts before its replay is read: so a change that
 * nobody is told of is one that every later replay has. */
#include "gateway/twilsock/internal.h"

#include <stdlib.h>
#include <string.h>

unsigned interest_slot(const char *key, size_t slots)
{
    return (unsigned)(hash_bytes(key, strlen(key)) % slots);
}

enum {
    SLOTS = sizeof(((struct hub *)NULL)->interest) / sizeof(atomic_uint),
    PRESENT = sizeof(((struct hub *)NULL)->present) / sizeof(atomic_uint)
};

/* --- changes ------------------------------------------------------------------------------------------------------ */

struct heard {
    struct hub *hub;
    struct sync_event event;
};

static void copy_event(struct arena *a, struct sync_event *to, const struct sync_event *from)
{
    *to = *from;
    to->account_sid = to->service_sid = to->unique_name = to->identity = to->item.created_by = NULL;
    to->object_sid = arena_strdup(a, from->object_sid);
    to->revision = arena_strdup(a, from->revision);
    to->item.key = arena_strdup(a, from->item.key);
    to->item.revision = arena_strdup(a, from->item.revision);
    to->item.data = arena_strdup(a, from->item.data);
    if (!from->next)
        return;
    struct sync_event *next = arena_alloc(a, sizeof(*next));
    copy_event(a, next, from->next);
    to->next = next;
}

static void committed(void *arg)
{
    const struct heard *heard = arg;
    struct hub *h = heard->hub;

    if (!atomic_load(&h->interest[interest_slot(heard->event.object_sid, SLOTS)]))
        return;
    size_t data = heard->event.item.data ? strlen(heard->event.item.data) : 0;
    struct arena *a = arena_new_sized(1024 + 2 * data);
    struct news *n = arena_alloc(a, sizeof(*n));
    n->arena = a;
    n->note.run = news_arrive;
    copy_event(a, &n->event, &heard->event);
    if (!hub_send(h, &n->note))
        arena_free(a);
}

static void hear(void *arg, struct tx *tx, const struct sync_event *e)
{
    struct heard *heard;

    if (!event_name_of(e->type, e->change))
        return;
    heard = arena_alloc(tx->arena, sizeof(*heard));
    heard->hub = arg;
    copy_event(tx->arena, &heard->event, e);
    tx_after(tx, committed, heard);
}

/* --- notices ------------------------------------------------------------------------------------------------------ */

struct heard_notice {
    struct hub *hub;
    struct sync_notice notice;
};

static void copy_notice(struct arena *a, struct sync_notice *to, const struct sync_notice *from)
{
    to->account_sid = arena_strdup(a, from->account_sid);
    to->service_sid = arena_strdup(a, from->service_sid);
    to->identity = arena_strdup(a, from->identity);
    to->message_type = arena_strdup(a, from->message_type);
    to->payload = arena_strdup(a, from->payload);
}

static void notice_committed(void *arg)
{
    const struct heard_notice *heard = arg;

    if (!atomic_load(&heard->hub->present[interest_slot(heard->notice.identity, PRESENT)]))
        return;
    struct arena *a = arena_new_sized(512 + strlen(heard->notice.payload));
    struct notice *n = arena_alloc(a, sizeof(*n));
    n->arena = a;
    n->note.run = notice_arrive;
    copy_notice(a, &n->notice, &heard->notice);
    if (!hub_send(heard->hub, &n->note))
        arena_free(a);
}

static void hear_notice(void *arg, struct tx *tx, const struct sync_notice *n)
{
    struct heard_notice *heard = arena_alloc(tx->arena, sizeof(*heard));

    heard->hub = arg;
    copy_notice(tx->arena, &heard->notice, n);
    tx_after(tx, notice_committed, heard);
}

/* --- doubts ------------------------------------------------------------------------------------------------------- */

struct heard_doubt {
    struct hub *hub;
    struct sync_doubt doubt;
};

static void copy_doubt(struct arena *a, struct sync_doubt *to, const struct sync_doubt *from)
{
    to->account_sid = arena_strdup(a, from->account_sid);
    to->service_sid = arena_strdup(a, from->service_sid);
    to->identity = arena_strdup(a, from->identity);
    to->object_sid = arena_strdup(a, from->object_sid);
}

static void doubt_committed(void *arg)
{
    const struct heard_doubt *heard = arg;

    const char *sid = heard->doubt.object_sid;

    if (sid && !atomic_load(&heard->hub->interest[interest_slot(sid, SLOTS)]))
        return;
    struct arena *a = arena_new_sized(512);
    struct doubt *d = arena_alloc(a, sizeof(*d));
    d->arena = a;
    d->note.run = doubt_arrive;
    copy_doubt(a, &d->doubt, &heard->doubt);
    if (!hub_send(heard->hub, &d->note))
        arena_free(a);
}

static void hear_doubt(void *arg, struct tx *tx, const struct sync_doubt *d)
{
    struct heard_doubt *heard = arena_alloc(tx->arena, sizeof(*heard));

    heard->hub = arg;
    copy_doubt(tx->arena, &heard->doubt, d);
    tx_after(tx, doubt_committed, heard);
}

/* --- who is told that it is watched ----------------------------------------------------------------------- */

/* Kept by the ledger's thread: how many subscriptions a source knows of. */
struct watch {
    struct sync_object object;
    struct arena *arena;
    size_t n;
};

bool watch_begin(struct hub *h, struct tx *tx, const struct sync_object *o)
{
    struct watch *w = map_get(&h->watched, o->sid);

    if (!o->source || !o->source->watched)
        return false;
    if (!w) {
        struct arena *a = arena_new_sized(512);
        w = arena_alloc(a, sizeof(*w));
        w->arena = a;
        w->object = (struct sync_object){ .type = o->type,
                                          .sid = arena_strdup(a, o->sid),
                                          .account_sid = arena_strdup(a, o->account_sid),
                                          .service_sid = arena_strdup(a, o->service_sid),
                                          .unique_name = arena_strdup(a, o->unique_name),
                                          .source = o->source };
        map_put(&h->watched, w->object.sid, w);
    }
    if (w->n++ == 0)
        sync_watched(h->sync, tx, o, true);
    return true;
}

struct unwatch {
    struct command command;
    struct hub *hub;
    const char *sid;
};

static fault_t run_unwatch(struct tx *tx, struct command *command)
{
    struct unwatch *u = CONTAINER_OF(command, struct unwatch, command);
    struct watch *w = map_get(&u->hub->watched, u->sid);

    if (!w || --w->n)
        return NULL;
    sync_watched(u->hub->sync, tx, &w->object, false);
    map_remove(&u->hub->watched, w->object.sid);
    arena_free(w->arena);
    return NULL;
}

static void unwatch_done(struct command *command, fault_t f)
{
    (void)f;
    arena_free(command->arena);
}

/* If the ledger is full the source goes on watching for nobody: its answers are dropped, and that is all. */
void watch_end(struct hub *h, const char *sid)
{
    struct arena *a = arena_new_sized(512);
    struct unwatch *u = arena_alloc(a, sizeof(*u));

    u->hub = h;
    u->sid = arena_strdup(a, sid);
    u->command = (struct command){ .arena = a, .run = run_unwatch, .done = unwatch_done };
    if (!ledger_send(h->site->ledger, &u->command))
        arena_free(a);
}

void watch_free(struct hub *h)
{
    struct watch *w;

    for (size_t i = 0; (w = map_next(&h->watched, &i));)
        arena_free(w->arena);
    map_clear(&h->watched);
}

/* Memory was loaded again: sources have forgotten who watches, so everybody comes back. */
struct offload {
    struct note note;
};

static void offload_all(struct hub *h, struct note *n)
{
    free(CONTAINER_OF(n, struct offload, note));
    for (LIST_EACH(l, &h->clients))
        client_offload(CONTAINER_OF(l, struct client, in_hub));
}

static void on_reset(void *arg)
{
    struct hub *h = arg;
    struct offload *o = must_calloc(sizeof(*o));

    watch_free(h);
    o->note.run = offload_all;
    if (!hub_send(h, &o->note))
        free(o);
}

void watch_setup(struct hub *h)
{
    sync_listen(h->sync, &(struct sync_listener){ .hear = hear, .notice = hear_notice, .doubt = hear_doubt, .arg = h });
    ledger_on_reset(h->site->ledger, on_reset, h);
}
