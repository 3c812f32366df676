/* A participant: somebody with an identity who chats, or somebody with an address who is reached by a channel. */
#include "chat/internal.h"

#include "chat/hooks.h"
#include <string.h>

enum { CHANNEL_MAX = 32, ADDRESS_MAX = 256 };

/* --- which channel an address belongs to: "whatsapp:+1…", "ann@example.com", "+1…" ------------------------ */

static const char *channel_of(struct arena *a, const char *address)
{
    const char *colon = strchr(address, ':');
    size_t n = colon ? (size_t)(colon - address) : 0;

    if (n && n <= CHANNEL_MAX && strspn(address, "abcdefghijklmnopqrstuvwxyz0123456789-_") == n)
        return arena_strndup(a, address, n);
    return strchr(address, '@') ? "email" : "sms";
}

static bool address_good(const char *s)
{
    return *s && strlen(s) <= ADDRESS_MAX && !has_control(s) && !strchr(s, ' ') && utf8_valid(s, strlen(s));
}

/* An empty text is none. */
static void tidy(struct tx *tx, struct participant *p)
{
    const char **members[] = { &p->identity, &p->address, &p->proxy_address, &p->projected_address, &p->role_sid };

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (*members[i] && !**members[i])
            row_set(tx, p, members[i], NULL);
    if (!p->attributes || !*p->attributes)
        row_set(tx, p, &p->attributes, "{}");
}

static fault_t check_binding(struct tx *tx, const struct participant *p)
{
    if (p->address && !address_good(p->address))
        return fault(tx->arena, F_CHAT_BINDING_ADDRESS, "MessagingBinding.Address '%.64s' is not valid", p->address);
    if (p->proxy_address && !address_good(p->proxy_address))
        return fault(tx->arena, F_CHAT_BINDING_PROXY, "MessagingBinding.ProxyAddress '%.64s' is not valid",
                     p->proxy_address);
    if (p->projected_address && !address_good(p->projected_address))
        return fault(tx->arena, F_CHAT_BINDING_PROXY, "MessagingBinding.ProjectedAddress '%.64s' is not valid",
                     p->projected_address);
    if (p->proxy_address && !p->address)
        return fault(tx->arena, F_CHAT_BINDING_ADDRESS, "MessagingBinding.ProxyAddress needs MessagingBinding.Address");
    if (p->proxy_address && strcmp(channel_of(tx->arena, p->address), channel_of(tx->arena, p->proxy_address)) != 0)
        return fault(tx->arena, F_CHAT_BINDING_PROXY, "MessagingBinding: '%.64s' and '%.64s' are not of one channel",
                     p->address, p->proxy_address);
    return NULL;
}

static fault_t check_kind(struct tx *tx, const struct participant *p)
{
    if (!p->identity && !p->address)
        return fault(tx->arena, F_CHAT_PARTICIPANT_KIND, "A participant needs Identity or MessagingBinding.Address");
    if (p->identity && (p->address || p->proxy_address))
        return fault(tx->arena, F_CHAT_PARTICIPANT_KIND,
                     "A participant has Identity or MessagingBinding.Address, not both");
    return p->identity ? check_identity(tx, p->identity) : NULL;
}

/* --- pairs ------------------------------------------------------------------------------------------------ */

static const char *pair_of(struct tx *tx, const struct participant *p)
{
    return p->address && p->proxy_address ? key_of_pair(tx->arena, p->account_sid, p->address, p->proxy_address) : NULL;
}

static fault_t take_pair(struct tx *tx, const struct participant *p)
{
    struct chat_view v = view_in(tx);
    const char *key = pair_of(tx, p), *holder = key ? key_look(&v, key) : NULL;
    const struct conversation *in = row_find(tx, &conversation_kind, holder);

    if (in && in->state != CONVERSATION_CLOSED)
        return fault(tx->arena, F_CHAT_PAIR_TAKEN,
                     "A binding for this participant and proxy address already exists in Conversation %s", holder);
    if (key)
        key_set(tx, key, p->conversation_sid);
    return NULL;
}

static void free_pair(struct tx *tx, const struct participant *p)
{
    struct chat_view v = view_in(tx);
    const char *key = pair_of(tx, p);

    if (key &&
        str_eq(key_look(&v, key), p->conversation_sid)) /* a closed one has given it up, and another may hold it */
        key_set(tx, key, NULL);
}

static void count_conversation(struct tx *tx, const struct participant *p, int by)
{
    struct chat_user *u = p->user_sid ? row_find(tx, &chat_user_kind, p->user_sid) : NULL;

    if (!u)
        return;
    row_edit(tx, u);
    u->conversations_count += by;
}

/* What is over is in nobody's way: its pairs are free, and it does not count for how many conversations somebody has.
 */
void participants_over(struct tx *tx, const struct conversation *in)
{
    struct chat_view v = view_in(tx);
    struct participant **all;
    size_t n = participants_of(&v, in->sid, &all);

    for (size_t i = 0; i < n; i++) {
        free_pair(tx, all[i]);
        count_conversation(tx, all[i], -1);
    }
}

/* --- numbers ---------------------------------------------------------------------------------------------- */

void mine_changed(struct tx *tx, struct participant *p)
{
    struct chat_user *u = p->user_sid ? row_find(tx, &chat_user_kind, p->user_sid) : NULL;

    if (!u)
        return;
    row_edit(tx, u);
    p->mine_event_id = ++u->mine_event_id;
}

static const char *facts_of(struct tx *tx, const struct participant *p)
{
    return arena_printf(tx->arena, "{\"conversation_sid\":\"%s\",\"participant_sid\":\"%s\",\"channel\":\"%s\"}",
                        p->conversation_sid, p->sid, p->channel);
}

/* --- adding ----------------------------------------------------------------------------------------------- */

static fault_t add_chat(struct chat *c, struct tx *tx, struct conversation *in, struct participant *row)
{
    const struct chat_service *s = row_find(tx, &chat_service_kind, in->chat_service_sid);
    const char *key = key_of_identity(tx->arena, in->sid, row->identity);
    struct chat_view v = view_in(tx);

    if (key_look(&v, key))
        return fault(tx->arena, F_CHAT_PARTICIPANT_EXISTS, "Participant already exists");
    struct chat_user *u = chat_user_of(c, tx, s, row->identity);
    if (u->conversations_count >= CHAT_CONVERSATIONS_MAX)
        return fault(tx->arena, F_CHAT_USER_CONVERSATIONS, "User %s takes part in %d conversations already", u->sid,
                     CHAT_CONVERSATIONS_MAX);
    row_set(tx, row, &row->user_sid, u->sid);
    count_conversation(tx, row, 1);
    row_set(tx, row, &row->channel, "chat");
    if (!row->role_sid)
        row_set(tx, row, &row->role_sid,
                str_eq(row->identity, in->created_by) ? s->default_conversation_creator_role_sid
                                                      : s->default_conversation_role_sid);
    key_set(tx, key, row->sid);
    return NULL;
}

static fault_t add_bound(struct tx *tx, struct conversation *in, struct participant *row)
{
    const char *key = key_of_address(tx->arena, in->sid, row->address);
    struct chat_view v = view_in(tx);
    fault_t f;

    if (in->bindings_count >= CHAT_BINDINGS_MAX)
        return fault(tx->arena, F_CHAT_BINDINGS_LIMIT,
                     "Conversation %s has %d participants that are reached by a messaging channel already", in->sid,
                     CHAT_BINDINGS_MAX);
    if ((f = take_pair(tx, row)))
        return f;
    if (key_look(&v, key))
        return fault(tx->arena, F_CHAT_PARTICIPANT_EXISTS, "Participant already exists");
    key_set(tx, key, row->sid);
    row_set(tx, row, &row->channel, channel_of(tx->arena, row->address));
    in->bindings_count++;
    return NULL;
}

fault_t participant_add(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *in,
                        struct participant *row)
{
    fault_t f = in->state == CONVERSATION_INITIALIZING ? NULL : conversation_open(tx, in);

    tidy(tx, row);
    row_set(tx, row, &row->account_sid, in->account_sid);
    row_set(tx, row, &row->chat_service_sid, in->chat_service_sid);
    row_set(tx, row, &row->conversation_sid, in->sid);
    f = f ? f : check_kind(tx, row);
    f = f ? f : check_binding(tx, row);
    f = f ? f : check_attributes(tx, row->attributes);
    if (!f && row->role_sid)
        f = chat_role_of(tx, in->chat_service_sid, row->role_sid, ROLE_CONVERSATION);
    if (!f && in->participants_count >= CHAT_PARTICIPANTS_MAX)
        f = fault(tx->arena, F_CHAT_PARTICIPANTS_LIMIT, "Conversation %s has %d participants already", in->sid,
                  CHAT_PARTICIPANTS_MAX);
    if (f)
        return f;
    row_edit(tx, in);
    f = row->identity ? add_chat(c, tx, in, row) : add_bound(tx, in, row);
    if (f)
        return f;
    in->participants_count++;
    row->last_read_message_index = row->last_read_timestamp = NO_VALUE;
    row->event_id = row->added_id = ++in->roster_event_id;
    mine_changed(tx, row);
    struct chat_change change = { .actor = by, .conversation = in, .participant = row };
    if ((f = hook_ask(tx, by, HOOK_PARTICIPANT_ADD, &change, row)))
        return f;
    tell(tx, EV_CONVERSATION_PARTICIPANT_ADDED, &change, facts_of(tx, row));
    return NULL;
}

/* --- changing --------------------------------------------------------------------------------------------- */

static fault_t check_read(struct tx *tx, const struct conversation *in, const struct participant *p)
{
    int64_t last = in->last_message_index == NO_VALUE ? -1 : in->last_message_index, read = p->last_read_message_index;

    if (read != NO_VALUE && (read < 0 || read > last))
        return fault(tx->arena, F_CHAT_READ_INDEX, "LastReadMessageIndex %lld is not one of conversation %s",
                     (long long)read, in->sid);
    return NULL;
}

static void note_read(struct tx *tx, struct participant *row, const struct participant *was)
{
    if (row->last_read_message_index == was->last_read_message_index ||
        row->last_read_timestamp != was->last_read_timestamp)
        return;
    row->last_read_timestamp = row->last_read_message_index == NO_VALUE ? NO_VALUE : tx->now;
}

static fault_t change_binding(struct tx *tx, struct participant *row, const struct participant *was)
{
    if (!str_eq(row->identity, was->identity) || !str_eq(row->address, was->address))
        return fault(tx->arena, F_CHAT_PARTICIPANT_KIND, "A participant's identity or address cannot be changed");
    if (row->identity && row->proxy_address)
        return fault(tx->arena, F_CHAT_PARTICIPANT_KIND, "A participant with an identity has no proxy address");
    fault_t f = check_binding(tx, row);
    if (f || str_eq(row->proxy_address, was->proxy_address))
        return f;
    free_pair(tx, was);
    return take_pair(tx, row);
}

fault_t participant_changed(struct chat *c, struct tx *tx, const struct chat_actor *by, struct participant *row)
{
    const struct participant *was = row_was(tx, row);
    struct conversation *in = row_find(tx, &conversation_kind, row->conversation_sid);
    fault_t f;

    (void)c;
    if (!was || was == row || !has_changed(tx, row))
        return NULL;
    tidy(tx, row);
    f = conversation_open(tx, in);
    f = f ? f : change_binding(tx, row, was);
    f = f ? f : check_attributes(tx, row->attributes);
    f = f ? f : check_read(tx, in, row);
    if (!f && row->role_sid && !str_eq(row->role_sid, was->role_sid))
        f = chat_role_of(tx, in->chat_service_sid, row->role_sid, ROLE_CONVERSATION);
    if (f)
        return f;
    note_read(tx, row, was);
    if (!by->dated)
        row->date_updated = tx->now;
    row_edit(tx, in);
    row->event_id = ++in->roster_event_id;
    if (row->last_read_message_index != was->last_read_message_index ||
        row->notification_level != was->notification_level)
        mine_changed(tx, row);
    struct chat_change change = { .actor = by, .conversation = in, .participant = row, .was = was };
    if ((f = hook_ask(tx, by, HOOK_PARTICIPANT_UPDATE, &change, row)))
        return f;
    tell(tx, EV_CONVERSATION_PARTICIPANT_UPDATED, &change, facts_of(tx, row));
    return NULL;
}

/* --- leaving ---------------------------------------------------------------------------------------------- */

/* What held its names; the row stays as a tombstone, for a while. */
static void leave(struct tx *tx, struct conversation *in, struct participant *row)
{
    row_edit(tx, in);
    row_edit(tx, row);
    in->participants_count--;
    if (row->identity)
        key_set(tx, key_of_identity(tx->arena, in->sid, row->identity), NULL);
    else {
        key_set(tx, key_of_address(tx->arena, in->sid, row->address), NULL);
        free_pair(tx, row);
        in->bindings_count--;
    }
    if (in->state != CONVERSATION_CLOSED)
        count_conversation(tx, row, -1);
    row->removed = true;
    row->date_updated = tx->now;
    row->event_id = ++in->roster_event_id;
    tombstone_set(tx, row->sid);
    mine_changed(tx, row);
}

fault_t participant_remove(struct chat *c, struct tx *tx, const struct chat_actor *by, struct participant *row)
{
    struct conversation *in = row_find(tx, &conversation_kind, row->conversation_sid);
    fault_t f = by->by == BY_SERVER ? NULL : conversation_open(tx, in); /* the server tidies up closed ones, too */

    (void)c;
    f = f ? f
          : hook_ask(tx, by, HOOK_PARTICIPANT_REMOVE,
                     &(struct chat_change){ .actor = by, .conversation = in, .participant = row }, row);
    if (f)
        return f;
    leave(tx, in, row);
    tell(tx, EV_CONVERSATION_PARTICIPANT_REMOVED,
         &(struct chat_change){ .actor = by, .conversation = in, .participant = row, .was = row_was(tx, row) },
         facts_of(tx, row));
    return NULL;
}

void participants_gone(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *in)
{
    struct chat_view v = view_in(tx);
    struct participant **all;
    size_t n = participants_of(&v, in->sid, &all);

    (void)c;
    (void)by;
    for (size_t i = 0; i < n; i++)
        leave(tx, in, all[i]);
}
