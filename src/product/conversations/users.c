/* Users of a service, and the conversations that each takes part in. */
#include "product/conversations/internal.h"

struct user_shown {
    const char *sid, *account_sid, *chat_service_sid, *role_sid, *identity, *friendly_name, *attributes;
    const char *is_online, *is_notifiable; /* true, false; null where the service does not tell */
    int64_t date_created, date_updated;
};

/* clang-format off */
static const struct field user_shown_fields[] = {
    FIELD(user_shown, sid,              SID),
    FIELD(user_shown, account_sid,      SID),
    FIELD(user_shown, chat_service_sid, SID),
    FIELD(user_shown, role_sid,         SID),
    FIELD(user_shown, identity,         STR),
    FIELD(user_shown, friendly_name,    STR),
    FIELD(user_shown, attributes,       STR),
    FIELD(user_shown, is_online,        JSON, .flags = JSON_VALUE),
    FIELD(user_shown, is_notifiable,    JSON, .flags = JSON_VALUE),
    FIELD(user_shown, date_created,     TIME),
    FIELD(user_shown, date_updated,     TIME),
};
static const struct kind user_shape = { .name = "user_shown", .size = sizeof(struct user_shown), .fields = ROWS(user_shown_fields) };
/* clang-format on */

static fault_t user_find(struct op *op, const char *key, void **row)
{
    const struct scope *s = scope_of(op);
    struct chat_view v = view_of(op);

    *row = s->service ? chat_user_find(&v, s->service->sid, key) : NULL;
    if (!*row && op->tx && is_self(op, key) && str_eq(op->http->method, "POST")) /* who has never been heard of */
        *row = chat_user_of(chat_of(op), op->tx, s->service, key);
    return NULL;
}

static fault_t user_create(struct op *op, void *row)
{
    fault_t f = may_not(op, "users are made by the account");

    return f ? f : chat_user_add(chat_of(op), op->tx, &scope_of(op)->actor, row);
}

static fault_t user_update(struct op *op, void *row, const void *was)
{
    struct chat_user *u = row;
    fault_t f = op_given(op, "RoleSid") ? may_not(op, "RoleSid") : NULL;

    (void)was;
    if (!f && !(is_self(op, u->identity) && !may(op, "editOwnUserInfo")))
        f = may(op, "editAnyUserInfo");
    return f ? f : chat_user_changed(chat_of(op), op->tx, &scope_of(op)->actor, u);
}

static fault_t user_remove(struct op *op, void *row)
{
    fault_t f = may_not(op, "users are deleted by the account");

    f = f ? f : chat_user_remove(chat_of(op), op->tx, &scope_of(op)->actor, row);
    if (!f)
        op->answer.status = 204;
    return f;
}

static fault_t user_select(struct op *op, struct list_plan *plan)
{
    plan->nothing |= !scope_of(op)->service;
    return may_not(op, "the list of users");
}

static void user_show(struct op *op, const void *row, void *out)
{
    const struct chat_user *u = row;
    bool told = scope_of(op)->service->reachability_enabled;

    *(struct user_shown *)out = (struct user_shown){ .sid = u->sid,
                                                     .account_sid = u->account_sid,
                                                     .chat_service_sid = u->chat_service_sid,
                                                     .role_sid = u->role_sid,
                                                     .identity = u->identity,
                                                     .friendly_name = u->friendly_name,
                                                     .attributes = u->attributes,
                                                     .is_online = !told          ? NULL
                                                                  : u->is_online ? "true"
                                                                                 : "false",
                                                     .is_notifiable = !told              ? NULL
                                                                      : u->is_notifiable ? "true"
                                                                                         : "false",
                                                     .date_created = u->date_created,
                                                     .date_updated = u->date_updated };
}

static const struct link_row user_links[2] = {
    { "user_conversations", DEFAULT_SERVICE "/Users/{sid}/Conversations" },
    { "user_conversations", NAMED_SERVICE "/Users/{sid}/Conversations" },
};

#define USER(form, i)                                                                                                  \
    {                                                                                                                  \
        .product = "conversations", .name = "User", .heeds_webhooks = true, .path = form "/Users", .many = "users",    \
        .verbs = LIST | FETCH | CREATE | UPDATE | DELETE, .kind = &chat_user_kind, .shape = &user_shape,               \
        .links = &user_links[i], .nlinks = 1, .enter = enter, .find = user_find, .create = user_create,                \
        .update = user_update, .remove = user_remove, .select = user_select, .show = user_show                         \
    }
const struct resource user_resources[2] = { USER(DEFAULT_SERVICE, 0), USER(NAMED_SERVICE, 1) };

/* --- the conversations of a user -------------------------------------------------------------------------- */
/* Each is a participant, shown from the user's side. */

struct user_conversation {
    const char *account_sid, *chat_service_sid, *conversation_sid, *participant_sid, *user_sid;
    int64_t unread_messages_count, last_read_message_index;
    const char *friendly_name, *timers, *attributes, *created_by, *unique_name;
    unsigned conversation_state, notification_level;
    int64_t date_created, date_updated;
};

/* clang-format off */
static const struct field user_conversation_fields[] = {
    FIELD(user_conversation, account_sid,             SID),
    FIELD(user_conversation, chat_service_sid,        SID),
    FIELD(user_conversation, conversation_sid,        SID),
    FIELD(user_conversation, unread_messages_count,   INT),
    FIELD(user_conversation, last_read_message_index, INT),
    FIELD(user_conversation, participant_sid,         SID),
    FIELD(user_conversation, user_sid,                SID),
    FIELD(user_conversation, friendly_name,           STR),
    FIELD(user_conversation, conversation_state,      ENUM, .names = conversation_state_names),
    FIELD(user_conversation, timers,                  JSON, .flags = JSON_VALUE),
    FIELD(user_conversation, attributes,              STR),
    FIELD(user_conversation, date_created,            TIME),
    FIELD(user_conversation, date_updated,            TIME),
    FIELD(user_conversation, created_by,              STR),
    FIELD(user_conversation, notification_level,      ENUM, .names = notification_level_names),
    FIELD(user_conversation, unique_name,             STR),
};
static const struct kind user_conversation_shape = { .name = "user_conversation", .size = sizeof(struct user_conversation), .fields = ROWS(user_conversation_fields) };

struct user_conversation_update { const char *notification_level; int64_t last_read_timestamp, last_read_message_index; };
static const struct field user_conversation_update_fields[] = {
    FIELD(user_conversation_update, notification_level,      STR),
    FIELD(user_conversation_update, last_read_timestamp,     TIME),
    FIELD(user_conversation_update, last_read_message_index, INT),
};

static const struct link_row user_conversation_links[2][2] = {
    { { "participant",  DEFAULT_SERVICE "/Conversations/{conversation_sid}/Participants/{participant_sid}" },
      { "conversation", DEFAULT_SERVICE "/Conversations/{conversation_sid}" } },
    { { "participant",  NAMED_SERVICE "/Conversations/{conversation_sid}/Participants/{participant_sid}" },
      { "conversation", NAMED_SERVICE "/Conversations/{conversation_sid}" } },
};
/* clang-format on */

static fault_t enter_own(struct op *op)
{
    fault_t f = enter(op);

    if (!f && is_sdk(op) && !is_self(op, scope_of(op)->user->identity))
        f = may_not(op, "the conversations of another user");
    return f;
}

static fault_t mine_find(struct op *op, const char *key, void **row)
{
    const struct scope *s = scope_of(op);
    struct chat_view v = view_of(op);

    (void)key;
    *row = participant_find(&v, s->conversation->sid, s->user->identity);
    return NULL;
}

static fault_t mine_update(struct op *op, void *row, const void *was)
{
    const struct user_conversation_update *p = op->params;
    struct participant *m = row;

    (void)was;
    if (p->notification_level) {
        if (!str_eq(p->notification_level, "default") && !str_eq(p->notification_level, "muted"))
            return refuse(op, F_INVALID_PARAMETER, "NotificationLevel '%.16s' is neither default nor muted",
                          p->notification_level);
        m->notification_level = str_eq(p->notification_level, "muted") ? NOTIFY_MUTED : NOTIFY_DEFAULT;
    }
    if (op_given(op, "LastReadMessageIndex"))
        m->last_read_message_index = p->last_read_message_index;
    if (op_given(op, "LastReadTimestamp"))
        m->last_read_timestamp = p->last_read_timestamp;
    return participant_changed(chat_of(op), op->tx, &scope_of(op)->actor, m);
}

static fault_t mine_remove(struct op *op, void *row)
{
    fault_t f = may(op, "leaveConversation");

    f = f ? f : participant_remove(chat_of(op), op->tx, &scope_of(op)->actor, row);
    if (!f)
        op->answer.status = 204;
    return f;
}

static fault_t mine_select(struct op *op, struct list_plan *plan)
{
    plan_add(plan, "user_sid", IS, value_text(scope_of(op)->user->sid));
    plan_add(plan, "removed", IS, value_int(0));
    return NULL;
}

static void mine_show(struct op *op, const void *row, void *out)
{
    const struct participant *p = row;
    struct chat_view v = view_of(op);
    const struct conversation *c = chat_find(&v, &conversation_kind, p->conversation_sid);
    bool never = p->last_read_message_index == NO_VALUE, empty = c->last_message_index == NO_VALUE;

    *(struct user_conversation *)out =
        (struct user_conversation){ .account_sid = p->account_sid,
                                    .chat_service_sid = p->chat_service_sid,
                                    .conversation_sid = p->conversation_sid,
                                    .participant_sid = p->sid,
                                    .user_sid = p->user_sid,
                                    .unread_messages_count = never ? NO_VALUE
                                                             : empty
                                                                 ? 0
                                                                 : c->last_message_index - p->last_read_message_index,
                                    .last_read_message_index = p->last_read_message_index,
                                    .friendly_name = c->friendly_name,
                                    .timers = timers_json(op->arena, c),
                                    .attributes = c->attributes,
                                    .created_by = c->created_by,
                                    .unique_name = c->unique_name,
                                    .conversation_state = c->state,
                                    .notification_level = p->notification_level,
                                    .date_created = c->date_created,
                                    .date_updated = c->date_updated };
}

#define USER_CONVERSATION(form, i)                                                                                     \
    {                                                                                                                  \
        .product = "conversations", .name = "UserConversation", .path = form "/Users/{user_sid}/Conversations",        \
        .many = "conversations", .key = "conversation_sid", .verbs = LIST | FETCH | UPDATE | DELETE,                   \
        .kind = &participant_kind, .shape = &user_conversation_shape,                                                  \
        .update_params = PARAMS(user_conversation_update, user_conversation_update_fields),                            \
        .links = user_conversation_links[i], .nlinks = 2, .enter = enter_own, .find = mine_find,                       \
        .update = mine_update, .remove = mine_remove, .select = mine_select, .show = mine_show                         \
    }
const struct resource user_conversation_resources[2] = { USER_CONVERSATION(DEFAULT_SERVICE, 0),
                                                         USER_CONVERSATION(NAMED_SERVICE, 1) };
