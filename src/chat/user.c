/* A user: an identity of a service.  Made when somebody of that identity is first heard of. */
#include "chat/internal.h"

#include "chat/hooks.h"
#include <string.h>

#define ALARM_LEAVING "chat.user" /* a deleted user leaves its conversations, some at a time */
enum { LEAVING_SLICE = 100 };

static const char *facts_of(struct tx *tx, const struct chat_user *u)
{
    return arena_printf(tx->arena, "{\"user_sid\":\"%s\"}", u->sid);
}

static fault_t check(struct tx *tx, struct chat_user *u, const char *role_was)
{
    if (!u->attributes || !*u->attributes)
        row_set(tx, u, &u->attributes, "{}");
    if (u->friendly_name && utf8_length(u->friendly_name) > CHAT_NAME_MAX)
        return fault(tx->arena, F_CHAT_NAME_LENGTH, "FriendlyName is longer than %d characters", CHAT_NAME_MAX);
    if (u->role_sid && !str_eq(u->role_sid, role_was)) {
        fault_t f = chat_role_of(tx, u->chat_service_sid, u->role_sid, ROLE_SERVICE);
        if (f)
            return f;
    }
    return check_attributes(tx, u->attributes);
}

fault_t chat_user_add(struct chat *c, struct tx *tx, const struct chat_actor *by, struct chat_user *row)
{
    const struct chat_service *s = row_find(tx, &chat_service_kind, row->chat_service_sid);
    const char *key = key_of_user(tx->arena, row->chat_service_sid, row->identity);
    struct chat_view v = view_in(tx);
    fault_t f = check_identity(tx, row->identity);

    (void)c;
    f = f ? f : check(tx, row, NULL);
    if (!f && key_look(&v, key))
        f = fault(tx->arena, F_CHAT_USER_EXISTS, "User already exists");
    if (f)
        return f;
    if (!row->role_sid)
        row_set(tx, row, &row->role_sid, s->default_chat_service_role_sid);
    key_set(tx, key, row->sid);
    row->event_id = 1;
    tell(tx, EV_CONVERSATION_USER_ADDED, &(struct chat_change){ .actor = by, .user = row }, facts_of(tx, row));
    return NULL;
}

struct chat_user *chat_user_of(struct chat *c, struct tx *tx, const struct chat_service *s, const char *identity)
{
    struct chat_view v = view_in(tx);
    struct chat_user *u = row_find(tx, &chat_user_kind, key_look(&v, key_of_user(tx->arena, s->sid, identity)));

    if (u)
        return u;
    u = row_new(tx, &chat_user_kind, NULL);
    row_set(tx, u, &u->account_sid, s->account_sid);
    row_set(tx, u, &u->chat_service_sid, s->sid);
    row_set(tx, u, &u->identity, identity);
    fault_t f = chat_user_add(c, tx, &by_server, u);
    (void)f; /* the identity was looked at before, and nobody has it */
    return u;
}

fault_t chat_user_changed(struct chat *c, struct tx *tx, const struct chat_actor *by, struct chat_user *row)
{
    const struct chat_user *was = row_was(tx, row);
    fault_t f;

    (void)c;
    if (!was || was == row || !has_changed(tx, row))
        return NULL;
    if ((f = check(tx, row, was->role_sid)))
        return f;
    row->date_updated = tx->now;
    row->event_id++;
    struct chat_change change = { .actor = by, .user = row, .was = was };
    if ((f = hook_ask(tx, by, HOOK_USER_UPDATE, &change, row)))
        return f;
    tell(tx, EV_CONVERSATION_USER_UPDATED, &change, facts_of(tx, row));
    return NULL;
}

/* --- the end ------------------------------------------------------------------------------------- */

struct leaving {
    struct chat *chat;
    struct tx *tx;
    int n;
};

static bool leave_one(void *arg, void *row)
{
    struct leaving *l = arg;
    struct participant *p = row_find(l->tx, &participant_kind, ((struct participant *)row)->sid);

    l->n++;
    if (p && !p->removed) {
        fault_t f = participant_remove(l->chat, l->tx, &by_server, p);
        (void)f; /* the server is never refused */
    }
    return true;
}

static void ring_leaving(void *arg, struct tx *tx, const char *user_sid, int64_t due)
{
    struct leaving l = { .chat = arg, .tx = tx };
    struct condition conditions[] = { { .column = "user_sid", .compare = IS, .value = value_text(user_sid) },
                                      { .column = "removed", .compare = IS, .value = value_int(0) } };

    (void)due;
    if (record_select(tx->db, tx->arena, &participant_kind,
                      &(struct selection){ .conditions = conditions, .nconditions = 2, .limit = LEAVING_SLICE },
                      leave_one, &l) == DB_OK &&
        l.n == LEAVING_SLICE)
        alarm_set(tx, ALARM_LEAVING, user_sid, tx->now);
}

fault_t chat_user_remove(struct chat *c, struct tx *tx, const struct chat_actor *by, struct chat_user *row)
{
    row_edit(tx, row);
    row->event_id++;
    row->mine_event_id++;
    ring_leaving(c, tx, row->sid, tx->now);
    key_set(tx, key_of_user(tx->arena, row->chat_service_sid, row->identity), NULL);
    tell(tx, EV_CONVERSATION_USER_REMOVED, &(struct chat_change){ .actor = by, .user = row, .was = row_was(tx, row) },
         facts_of(tx, row));
    row_delete(tx, row);
    return NULL;
}

void users_setup(struct chat *c)
{
    ledger_alarm(c->ledger, &(struct alarm_kind){ ALARM_LEAVING, ring_leaving, c });
}
