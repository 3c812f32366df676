/* Participants of a conversation, and where somebody takes part. */
#include "product/conversations/internal.h"

#include "codec/json.h"

/* --- as it is shown --------------------------------------------------------------------------------------- */

struct shown {
    const char *account_sid, *chat_service_sid, *conversation_sid, *sid, *identity, *attributes, *messaging_binding,
        *role_sid;
    int64_t date_created, date_updated, last_read_message_index, last_read_timestamp;
};

/* clang-format off */
#define SHOWN(service)                                              \
    FIELD(shown, account_sid,             SID),                     \
    FIELD(shown, chat_service_sid,        SID, .flags = service),   \
    FIELD(shown, conversation_sid,        SID),                     \
    FIELD(shown, sid,                     SID),                     \
    FIELD(shown, identity,                STR),                     \
    FIELD(shown, attributes,              STR),                     \
    FIELD(shown, messaging_binding,       JSON, .flags = JSON_VALUE), \
    FIELD(shown, role_sid,                SID),                     \
    FIELD(shown, date_created,            TIME),                    \
    FIELD(shown, date_updated,            TIME),                    \
    FIELD(shown, last_read_message_index, INT),                     \
    FIELD(shown, last_read_timestamp,     TIME)
static const struct field fields[2][12] = { { SHOWN(HIDDEN) }, { SHOWN(0) } };
static const struct kind shapes[2] = {
    { .name = "participant_shown",         .size = sizeof(struct shown), .fields = ROWS(fields[0]) },
    { .name = "service_participant_shown", .size = sizeof(struct shown), .fields = ROWS(fields[1]) },
};
/* clang-format on */

const char *binding_json(struct arena *a, const struct participant *p)
{
    struct json_out o;

    if (!p->address && !p->projected_address)
        return NULL;
    json_begin(&o, a);
    json_open(&o, '{');
    json_pair_str(&o, "type", p->channel);
    json_pair_str(&o, "address", p->address);
    json_pair_str(&o, "proxy_address", p->proxy_address);
    if (p->projected_address)
        json_pair_str(&o, "projected_address", p->projected_address);
    if (p->binding_name)
        json_pair_str(&o, "name", p->binding_name);
    if (p->binding_level)
        json_pair_str(&o, "level", p->binding_level);
    json_close(&o, '}');
    return json_done(&o);
}

static void show(struct op *op, const void *row, void *out)
{
    const struct participant *p = row;

    *(struct shown *)out = (struct shown){ .account_sid = p->account_sid,
                                           .chat_service_sid = p->chat_service_sid,
                                           .conversation_sid = p->conversation_sid,
                                           .sid = p->sid,
                                           .identity = p->identity,
                                           .attributes = p->attributes,
                                           .messaging_binding = binding_json(op->arena, p),
                                           .role_sid = p->role_sid,
                                           .date_created = p->date_created,
                                           .date_updated = p->date_updated,
                                           .last_read_message_index = p->last_read_message_index,
                                           .last_read_timestamp = p->last_read_timestamp };
}

/* --- hooks ------------------------------------------------------------------------------------------------ */

struct update_params {
    struct dates dates;
    const char *identity, *attributes, *role_sid, *proxy_address, *projected_address;
    int64_t last_read_message_index, last_read_timestamp;
};

/* clang-format off */
static const struct field create_fields[] = {
    FIELD(dates, date_created, TIME),
    FIELD(dates, date_updated, TIME),
};
static const struct field update_fields[] = {
    FIELD(update_params, dates.date_created,      TIME, .param = "DateCreated"),
    FIELD(update_params, dates.date_updated,      TIME, .param = "DateUpdated"),
    FIELD(update_params, identity,                STR),
    FIELD(update_params, attributes,              STR),
    FIELD(update_params, role_sid,                SID,  .prefix = "RL"),
    FIELD(update_params, proxy_address,           STR,  .param = "MessagingBinding.ProxyAddress"),
    FIELD(update_params, projected_address,       STR,  .param = "MessagingBinding.ProjectedAddress"),
    FIELD(update_params, last_read_message_index, INT),
    FIELD(update_params, last_read_timestamp,     TIME),
};
/* clang-format on */

static fault_t find(struct op *op, const char *key, void **row)
{
    struct chat_view v = view_of(op);

    *row = participant_find(&v, scope_of(op)->conversation->sid, key);
    return NULL;
}

/* How somebody is written to by e-mail; the browser SDKs say so, and no parameter of the contract does. */
static fault_t set_email(struct op *op, struct participant *p)
{
    static const char *const levels[] = { "to", "cc", "bcc", "from" };
    const char *name = op_param(op, "MessagingBinding.Name"), *level = op_param(op, "MessagingBinding.Level");
    bool known = !level;

    for (size_t i = 0; i < sizeof levels / sizeof *levels && !known; i++)
        known = str_ieq(levels[i], level);
    if (!known)
        return refuse(op, F_INVALID_PARAMETER, "MessagingBinding.Level '%.16s' is not one of: to, cc, bcc, from",
                      level);
    if (name && utf8_length(name) > CHAT_NAME_MAX)
        return refuse(op, F_INVALID_PARAMETER, "MessagingBinding.Name is longer than %d characters", CHAT_NAME_MAX);
    row_set(op->tx, p, &p->binding_name, name);
    row_set(op->tx, p, &p->binding_level, level);
    return NULL;
}

static fault_t create(struct op *op, void *row)
{
    struct scope *s = scope_of(op);
    struct participant *p = row;
    fault_t f = op_given(op, "RoleSid") ? may_not(op, "RoleSid") : NULL;

    if (!f)
        f = may(op, is_self(op, p->identity) ? "joinConversation" : "addParticipant");
    f = f ? f : set_email(op, p);
    set_dates(op->params, &p->date_created, &p->date_updated);
    return f ? f : participant_add(chat_of(op), op->tx, &s->actor, s->conversation, p);
}

/* One's own attributes and what one has read are one's own affair. */
static fault_t sdk_may_update(struct op *op, const struct participant *p)
{
    static const char *const others[] = { "RoleSid", "MessagingBinding.ProxyAddress",
                                          "MessagingBinding.ProjectedAddress", "DateCreated", "DateUpdated" };
    fault_t f = NULL;

    for (size_t i = 0; i < sizeof others / sizeof *others && !f; i++)
        if (op_given(op, others[i]))
            f = may_not(op, others[i]);
    if (f || is_self(op, p->identity))
        return f;
    return op_given(op, "Attributes") ? may(op, "editAnyParticipantAttributes") : may_not(op, "another's horizon");
}

static void set_text(struct op *op, struct participant *p, const char **member, const char *value)
{
    if (value)
        row_set(op->tx, p, member, value);
}

static fault_t update(struct op *op, void *row, const void *was)
{
    const struct update_params *u = op->params;
    struct participant *p = row;
    fault_t f = sdk_may_update(op, p);

    (void)was;
    if (!f && u->identity && *u->identity && !str_eq(u->identity, p->identity))
        f = refuse(op, F_CHAT_PARTICIPANT_KIND, "Identity of a participant cannot be changed");
    if (f)
        return f;
    set_text(op, p, &p->attributes, u->attributes);
    set_text(op, p, &p->role_sid, u->role_sid);
    set_text(op, p, &p->proxy_address, u->proxy_address);
    set_text(op, p, &p->projected_address, u->projected_address);
    if (op_given(op, "LastReadMessageIndex"))
        p->last_read_message_index = u->last_read_message_index;
    if (op_given(op, "LastReadTimestamp"))
        p->last_read_timestamp = u->last_read_timestamp;
    set_dates(&u->dates, &p->date_created, &p->date_updated);
    return participant_changed(chat_of(op), op->tx, &scope_of(op)->actor, p);
}

static fault_t remove_one(struct op *op, void *row)
{
    struct participant *p = row;
    fault_t f = may(op, is_self(op, p->identity) ? "leaveConversation" : "removeParticipant");

    f = f ? f : participant_remove(chat_of(op), op->tx, &scope_of(op)->actor, p);
    if (!f)
        op->answer.status = 204;
    return f;
}

static fault_t select_some(struct op *op, struct list_plan *plan)
{
    (void)op;
    plan_add(plan, "removed", IS, value_int(0));
    return NULL;
}

#define PARTICIPANT(form, i)                                                                                           \
    {                                                                                                                  \
        .product = "conversations", .name = "Participant", .heeds_webhooks = true,                                     \
        .path = form "/Conversations/{conversation_sid}/Participants", .many = "participants",                         \
        .verbs = LIST | FETCH | CREATE | UPDATE | DELETE, .kind = &participant_kind, .shape = &shapes[i],              \
        .create_params = PARAMS(dates, create_fields), .update_params = PARAMS(update_params, update_fields),          \
        .enter = enter, .find = find, .create = create, .update = update, .remove = remove_one, .select = select_some, \
        .show = show                                                                                                   \
    }
const struct resource participant_resources[2] = { PARTICIPANT(DEFAULT_SERVICE, 0), PARTICIPANT(NAMED_SERVICE, 1) };

/* --- where somebody takes part ---------------------------------------------------------------------------- */

struct part {
    const char *account_sid, *chat_service_sid, *participant_sid, *participant_user_sid, *participant_identity,
        *participant_messaging_binding, *conversation_sid, *conversation_unique_name, *conversation_friendly_name,
        *conversation_attributes, *conversation_created_by, *conversation_timers;
    unsigned conversation_state;
    int64_t conversation_date_created, conversation_date_updated;
};

/* clang-format off */
static const struct field part_fields[] = {
    FIELD(part, account_sid,                   SID),
    FIELD(part, chat_service_sid,              SID),
    FIELD(part, participant_sid,               SID),
    FIELD(part, participant_user_sid,          SID),
    FIELD(part, participant_identity,          STR),
    FIELD(part, participant_messaging_binding, JSON, .flags = JSON_VALUE),
    FIELD(part, conversation_sid,              SID),
    FIELD(part, conversation_unique_name,      STR),
    FIELD(part, conversation_friendly_name,    STR),
    FIELD(part, conversation_attributes,       STR),
    FIELD(part, conversation_date_created,     TIME),
    FIELD(part, conversation_date_updated,     TIME),
    FIELD(part, conversation_created_by,       STR),
    FIELD(part, conversation_state,            ENUM, .names = conversation_state_names),
    FIELD(part, conversation_timers,           JSON, .flags = JSON_VALUE),
};
static const struct kind part_shape = { .name = "participant_conversation", .size = sizeof(struct part), .fields = ROWS(part_fields) };

struct part_filter { const char *identity, *address; };
static const struct field part_filter_fields[] = {
    FIELD(part_filter, identity, STR),
    FIELD(part_filter, address,  STR),
};

static const struct link_row part_links[2][2] = {
    { { "participant",  DEFAULT_SERVICE "/Conversations/{conversation_sid}/Participants/{participant_sid}" },
      { "conversation", DEFAULT_SERVICE "/Conversations/{conversation_sid}" } },
    { { "participant",  NAMED_SERVICE "/Conversations/{conversation_sid}/Participants/{participant_sid}" },
      { "conversation", NAMED_SERVICE "/Conversations/{conversation_sid}" } },
};
/* clang-format on */

static fault_t part_select(struct op *op, struct list_plan *plan)
{
    const struct part_filter *p = op->params;
    struct scope *s = scope_of(op);
    struct chat_view v = view_of(op);

    if (!(p->identity && *p->identity) && !(p->address && *p->address))
        return refuse(op, F_INVALID_PARAMETER, "Identity or Address must be given");
    of_service(op, plan);
    plan_add(plan, "removed", IS, value_int(0));
    if (p->address && *p->address)
        plan_add(plan, "address", IS, value_text(p->address));
    if (p->identity && *p->identity) {
        const struct chat_user *u = s->service ? chat_user_find(&v, s->service->sid, p->identity) : NULL;
        plan->nothing |= !u;
        plan_add(plan, "user_sid", IS, value_text(u ? u->sid : NULL));
    }
    return NULL;
}

static void part_show(struct op *op, const void *row, void *out)
{
    const struct participant *p = row;
    struct chat_view v = view_of(op);
    const struct conversation *c = chat_find(&v, &conversation_kind, p->conversation_sid);

    *(struct part *)out = (struct part){ .account_sid = p->account_sid,
                                         .chat_service_sid = p->chat_service_sid,
                                         .participant_sid = p->sid,
                                         .participant_user_sid = p->user_sid,
                                         .participant_identity = p->identity,
                                         .participant_messaging_binding = binding_json(op->arena, p),
                                         .conversation_sid = p->conversation_sid,
                                         .conversation_unique_name = c->unique_name,
                                         .conversation_friendly_name = c->friendly_name,
                                         .conversation_attributes = c->attributes,
                                         .conversation_created_by = c->created_by,
                                         .conversation_timers = timers_json(op->arena, c),
                                         .conversation_state = c->state,
                                         .conversation_date_created = c->date_created,
                                         .conversation_date_updated = c->date_updated };
}

#define PART(form, i)                                                                                                  \
    {                                                                                                                  \
        .product = "conversations", .name = "ParticipantConversation", .path = form "/ParticipantConversations",       \
        .many = "conversations", .verbs = LIST, .kind = &participant_kind, .shape = &part_shape,                       \
        .list_params = PARAMS(part_filter, part_filter_fields), .links = part_links[i], .nlinks = 2,                   \
        .enter = enter_api, .select = part_select, .show = part_show                                                   \
    }
const struct resource participant_conversation_resources[2] = { PART(DEFAULT_SERVICE, 0), PART(NAMED_SERVICE, 1) };
