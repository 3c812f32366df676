#include "chat/reachability.h"

#include "base/log.h"
#include "base/map.h"
#include <string.h>

enum { SLICE = 500, GRACE_MS = 30 * 1000, NEXT_MS = 100 };

struct reachability {
    struct chat *chat;
    struct map online; /* "service identity" of who has come since the start: an arena with that name in it */
    bool started;
};

static const char *name_of(struct arena *a, const char *service_sid, const char *identity)
{
    return arena_printf(a, "%s %s", service_sid, identity);
}

static void turn(struct reachability *r, struct tx *tx, struct chat_user *u, bool online)
{
    const struct chat_actor by = { .by = BY_SERVER };

    if (u->is_online == online)
        return;
    row_edit(tx, u);
    u->is_online = online;
    fault_t f = chat_user_changed(r->chat, tx, &by, u);
    if (f)
        log_warn("chat.reachability", "%s: %s", u->sid, f->message);
}

static void hear_presence(void *arg, struct tx *tx, const struct sync_presence *p)
{
    struct reachability *r = arg;
    struct chat_view v = { .db = tx->db, .tx = tx, .arena = tx->arena };
    const struct chat_service *s = p->identity ? chat_find(&v, &chat_service_kind, p->service_sid) : NULL;

    if (!s)
        return;
    struct chat_user *u = s->reachability_enabled ? chat_user_find(&v, s->sid, p->identity) : NULL;
    const char *name = name_of(tx->arena, s->sid, p->identity);
    if (p->online && !map_get(&r->online, name)) {
        struct arena *own = arena_new_sized(strlen(name) + 1);
        map_put(&r->online, arena_strdup(own, name), own);
    } else if (!p->online)
        arena_free(map_remove(&r->online, name));
    if (u)
        turn(r, tx, u, p->online);
}

/* A first socket comes before the user that its client makes. */
static void hear_user(void *arg, struct tx *tx, const struct event *e)
{
    struct reachability *r = arg;
    const struct chat_change *change = e->subject;
    const struct chat_user *added = change->user;
    struct chat_view v = { .db = tx->db, .tx = tx, .arena = tx->arena };
    const struct chat_service *s = chat_find(&v, &chat_service_kind, added->chat_service_sid);

    if (!s || !s->reachability_enabled || !map_get(&r->online, name_of(tx->arena, s->sid, added->identity)))
        return;
    struct chat_user *u = row_find(tx, &chat_user_kind, added->sid);
    row_edit(tx, u);
    u->is_online = true;
}

/* `subject` is the sid behind which to go on; those before it have been seen to. */
static void ring(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct reachability *r = arg;
    struct chat_user *u;
    struct rows_found f;
    const struct condition on = { .column = "is_online", .compare = IS, .value = value_int(1) };
    const struct selection s = {
        .conditions = &on, .nconditions = 1, .after_sid = *subject ? subject : NULL, .limit = SLICE
    };

    (void)due;
    if (rows_select(tx, &chat_user_kind, &s, &f) != DB_OK)
        log_warn("chat.reachability", "the store cannot be read: %s", db_error(tx->db));
    while ((u = rows_next(tx, &f)))
        if (!map_get(&r->online, name_of(tx->arena, u->chat_service_sid, u->identity)))
            turn(r, tx, u, false);
    if (f.n == SLICE)
        alarm_set(tx, "chat.offline", f.sids[SLICE - 1], tx->now + NEXT_MS);
}

static void loaded(void *arg, struct tx *tx)
{
    struct reachability *r = arg;

    if (!r->started)
        alarm_set(tx, "chat.offline", "", tx->now + GRACE_MS);
    r->started = true;
}

static void reset(void *arg)
{
    struct reachability *r = arg;
    struct arena *own;
    size_t i = 0;

    while ((own = map_next(&r->online, &i)))
        arena_free(own);
    map_clear(&r->online);
}

void reachability_add(struct chat *c, struct ledger *l, struct sync *s, struct arena *a)
{
    struct reachability *r = arena_alloc(a, sizeof(*r));

    r->chat = c;
    sync_listen(s, &(struct sync_listener){ .presence = hear_presence, .arg = r });
    ledger_listen(l, &(struct listener){ .prefix = "conversation.user.added", .hear = hear_user, .arg = r });
    ledger_alarm(l, &(struct alarm_kind){ .name = "chat.offline", .ring = ring, .arg = r });
    ledger_on_loaded(l, loaded, r);
    ledger_on_reset(l, reset, r);
}
