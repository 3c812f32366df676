/* The engine's middle: names that are there once, looking, telling. */
#include "chat/internal.h"
#include "codec/json.h"
#include <string.h>

const struct chat_actor by_server = { .by = BY_SERVER, .source = "API", .webhooks = true };

struct chat *chat_new(struct ledger *l, struct sync *s, struct arena *a)
{
    struct chat *c = arena_alloc(a, sizeof *c);

    c->ledger = l;
    c->sync = s;
    conversations_setup(c);
    users_setup(c);
    services_setup(c);
    tombstones_setup(c);
    return c;
}

/* --- names --------------------------------------------------------------------------------------- */

const char *key_of_name(struct arena *a, const char *service_sid, const char *unique_name)
{
    return arena_printf(a, "name:%s:%s", service_sid, unique_name);
}

const char *key_of_user(struct arena *a, const char *service_sid, const char *identity)
{
    return arena_printf(a, "user:%s:%s", service_sid, identity);
}

const char *key_of_identity(struct arena *a, const char *conversation_sid, const char *identity)
{
    return arena_printf(a, "who:%s:%s", conversation_sid, identity);
}

const char *key_of_address(struct arena *a, const char *conversation_sid, const char *address)
{
    return arena_printf(a, "at:%s:%s", conversation_sid, address);
}

/* Addresses have no control characters (participant.c). */
const char *key_of_pair(struct arena *a, const char *account_sid, const char *address, const char *proxy_address)
{
    return arena_printf(a, "pair:%s:%s\x1f%s", account_sid, address, proxy_address);
}

const char *key_of_receipt(struct arena *a, const char *message_sid, const char *participant_sid)
{
    return arena_printf(a, "receipt:%s:%s", message_sid, participant_sid);
}

const char *key_look(struct chat_view *v, const char *key)
{
    const struct chat_key *k = chat_find(v, &chat_key_kind, key);

    return k ? k->value : NULL;
}

void key_set(struct tx *tx, const char *key, const char *value)
{
    struct chat_key *k = row_find(tx, &chat_key_kind, key);

    if (k && !value)
        row_delete(tx, k);
    else if (value) {
        k = k ? k : row_new(tx, &chat_key_kind, key);
        row_set(tx, k, &k->value, value);
    }
}

/* --- looking ------------------------------------------------------------------------------------- */

struct chat_view view_in(struct tx *tx)
{
    return (struct chat_view){ .db = tx->db, .tx = tx, .arena = tx->arena };
}

void *chat_find(struct chat_view *v, const struct kind *k, const char *sid)
{
    void *row = NULL;

    if (v->tx)
        return row_find(v->tx, k, sid);
    if (!sid || record_find(v->db, v->arena, k, sid, &row) != DB_OK)
        return NULL;
    return row;
}

struct conversation *conversation_find(struct chat_view *v, const char *service_sid, const char *sid_or_name)
{
    const char *sid = sid_or_name;

    if (!sid_valid(sid, "CH"))
        sid = key_look(v, key_of_name(v->arena, service_sid, sid_or_name));
    struct conversation *c = chat_find(v, &conversation_kind, sid);
    return c && str_eq(c->chat_service_sid, service_sid) ? c : NULL;
}

struct participant *participant_find(struct chat_view *v, const char *conversation_sid, const char *sid_or_identity)
{
    const char *sid = sid_or_identity;

    if (!sid)
        return NULL;
    if (!sid_valid(sid, "MB"))
        sid = key_look(v, key_of_identity(v->arena, conversation_sid, sid_or_identity));
    struct participant *p = chat_find(v, &participant_kind, sid);
    return p && !p->removed && str_eq(p->conversation_sid, conversation_sid) ? p : NULL;
}

struct chat_user *chat_user_find(struct chat_view *v, const char *service_sid, const char *sid_or_identity)
{
    const char *sid = sid_or_identity;

    if (!sid)
        return NULL;
    if (!sid_valid(sid, "US"))
        sid = key_look(v, key_of_user(v->arena, service_sid, sid_or_identity));
    struct chat_user *u = chat_find(v, &chat_user_kind, sid);
    return u && str_eq(u->chat_service_sid, service_sid) ? u : NULL;
}

struct conversation *conversation_by_pair(struct chat_view *v, const char *account_sid, const char *address,
                                          const char *proxy_address)
{
    struct conversation *c =
        chat_find(v, &conversation_kind, key_look(v, key_of_pair(v->arena, account_sid, address, proxy_address)));

    return c && c->state != CONVERSATION_CLOSED ? c : NULL;
}

struct gathered {
    struct participant **rows;
    size_t n, room;
};

static bool gather(void *arg, void *row)
{
    struct gathered *g = arg;

    g->rows[g->n++] = row;
    return g->n < g->room;
}

size_t participants_of(struct chat_view *v, const char *conversation_sid, struct participant ***out)
{
    struct condition conditions[] = {
        { .column = "conversation_sid", .compare = IS, .value = value_text(conversation_sid) },
        { .column = "removed", .compare = IS, .value = value_int(0) },
    };
    struct gathered g = { .room = CHAT_PARTICIPANTS_MAX };

    g.rows = arena_alloc(v->arena, g.room * sizeof(*g.rows));
    *out = g.rows;
    if (record_select(v->db, v->arena, &participant_kind,
                      &(struct selection){ .conditions = conditions, .nconditions = 2 }, gather, &g) != DB_OK)
        return 0;
    size_t n = 0;
    for (size_t i = 0; i < g.n; i++) { /* what this command has changed is known better in memory */
        struct participant *p = v->tx ? row_find(v->tx, &participant_kind, g.rows[i]->sid) : g.rows[i];
        if (p && !p->removed)
            g.rows[n++] = p;
    }
    return n;
}

/* --- telling ------------------------------------------------------------------------------------- */

static const char *actor_word(const struct chat_actor *by)
{
    static const char *const words[] = {
        [BY_API] = "api", [BY_SDK] = "sdk", [BY_CHANNEL] = "channel", [BY_SERVER] = "server"
    };

    return words[by->by];
}

void tell(struct tx *tx, enum event_type type, struct chat_change *change, const char *facts)
{
    const struct conversation *c = change->conversation;
    const struct chat_user *u = change->user;
    struct event e = { .type = type,
                       .account_sid = c ? c->account_sid : u->account_sid,
                       .scope_sid = c ? c->chat_service_sid : u->chat_service_sid,
                       .actor_type = actor_word(change->actor),
                       .data = facts ? facts : "{}",
                       .subject = change };

    if (change->receipt) {
        e.resource_type = "delivery-receipt";
        e.resource_sid = change->receipt->sid;
    } else if (change->message) {
        e.resource_type = "conversation-message";
        e.resource_sid = change->message->sid;
    } else if (change->participant) {
        e.resource_type = "conversation-participant";
        e.resource_sid = change->participant->sid;
    } else {
        e.resource_type = c ? "conversation" : "conversation-user";
        e.resource_sid = c ? c->sid : u->sid;
    }
    event_tell(tx, &e);
}

/* --- rules that several share ----------------------------------------------------------------------------- */

fault_t check_attributes(struct tx *tx, const char *attributes)
{
    const char *why = NULL;

    if (!attributes)
        return NULL;
    if (strlen(attributes) > CHAT_ATTRIBUTES_MAX)
        return fault(tx->arena, F_CHAT_ATTRIBUTES_LENGTH, "Attributes are longer than %d bytes", CHAT_ATTRIBUTES_MAX);
    if (!json_parse(tx->arena, attributes, strlen(attributes), &why))
        return fault(tx->arena, F_CHAT_ATTRIBUTES_JSON, "Attributes are not valid JSON: %s", why ? why : "empty");
    return NULL;
}

bool has_control(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            return true;
    return false;
}

fault_t check_identity(struct tx *tx, const char *identity)
{
    size_t n = identity ? utf8_length(identity) : 0;

    if (!n || n > CHAT_NAME_MAX || has_control(identity))
        return fault(tx->arena, F_CHAT_IDENTITY_LENGTH, "Identity must have 1 to %d characters, none of them a control",
                     CHAT_NAME_MAX);
    if (sid_valid(identity, "US") || sid_valid(identity, "CH") || sid_valid(identity, "MB"))
        return fault(tx->arena, F_CHAT_IDENTITY_PATTERN,
                     "Identity '%s' must not look like the SID of a user, conversation or participant", identity);
    return NULL;
}

bool has_changed(struct tx *tx, const void *row)
{
    const void *was = row_was(tx, row);

    if (!was)
        return true;
    if (was == row)
        return false;
    for (EACH_FIELD(f, row_kind(row)))
        if (!field_equal(f, row, was))
            return true;
    return false;
}
