/* Conversations, and those that are made together with their participants. */
#include "product/conversations/conversations.h"

#include "codec/date.h"
#include "product/conversations/internal.h"
#include <string.h>

enum { FILLED_MAX = 10, DAY_LENGTH = 10 /* 2026-01-02 */ };

/* --- as it is shown --------------------------------------------------------------------------------------- */

struct shown {
    const char *account_sid, *chat_service_sid, *messaging_service_sid, *sid, *friendly_name, *unique_name, *attributes;
    const char *timers, *bindings;
    unsigned state;
    int64_t date_created, date_updated;
};

/* clang-format off */
static const struct field shown_fields[] = {
    FIELD(shown, account_sid,           SID),
    FIELD(shown, chat_service_sid,      SID),
    FIELD(shown, messaging_service_sid, SID),
    FIELD(shown, sid,                   SID),
    FIELD(shown, friendly_name,         STR),
    FIELD(shown, unique_name,           STR),
    FIELD(shown, attributes,            STR),
    FIELD(shown, state,                 ENUM, .names = conversation_state_names),
    FIELD(shown, date_created,          TIME),
    FIELD(shown, date_updated,          TIME),
    FIELD(shown, timers,                JSON, .flags = JSON_VALUE),
    FIELD(shown, bindings,              JSON, .flags = JSON_VALUE),
};
static const struct kind shape = { .name = "conversation_shown", .size = sizeof(struct shown), .fields = ROWS(shown_fields) };

static const struct link_row links[2][3] = {
    { { "participants", DEFAULT_SERVICE "/Conversations/{sid}/Participants" },
      { "messages",     DEFAULT_SERVICE "/Conversations/{sid}/Messages" },
      { "webhooks",     DEFAULT_SERVICE "/Conversations/{sid}/Webhooks" } },
    { { "participants", NAMED_SERVICE "/Conversations/{sid}/Participants" },
      { "messages",     NAMED_SERVICE "/Conversations/{sid}/Messages" },
      { "webhooks",     NAMED_SERVICE "/Conversations/{sid}/Webhooks" } },
};
/* clang-format on */

static void put_moment(struct json_out *o, const char *key, int64_t ms)
{
    if (ms != NO_VALUE)
        json_pair_date(o, key, ms);
}

const char *timers_json(struct arena *a, const struct conversation *c)
{
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '{');
    put_moment(&o, "date_inactive", c->date_inactive);
    put_moment(&o, "date_closed", c->date_closed);
    json_close(&o, '}');
    return json_done(&o);
}

static void show(struct op *op, const void *row, void *out)
{
    const struct conversation *c = row;

    *(struct shown *)out = (struct shown){ .account_sid = c->account_sid,
                                           .chat_service_sid = c->chat_service_sid,
                                           .messaging_service_sid = c->messaging_service_sid,
                                           .sid = c->sid,
                                           .friendly_name = c->friendly_name,
                                           .unique_name = c->unique_name,
                                           .attributes = c->attributes,
                                           .timers = timers_json(op->arena, c),
                                           .bindings = c->bindings ? c->bindings : "{}",
                                           .state = c->state,
                                           .date_created = c->date_created,
                                           .date_updated = c->date_updated };
}

/* --- parameters ---------------------------------------------------------------------------------- */

struct settings {
    struct dates dates;
    const char *state, *inactive, *closed, *email_address, *email_name, *participants;
};

/* clang-format off */
#define SETTINGS                                                                            \
    FIELD(settings, dates.date_created, TIME, .param = "DateCreated"),                      \
    FIELD(settings, dates.date_updated, TIME, .param = "DateUpdated"),                      \
    FIELD(settings, state,              STR),                                               \
    FIELD(settings, inactive,           STR,  .param = "Timers.Inactive", .max = 64),       \
    FIELD(settings, closed,             STR,  .param = "Timers.Closed", .max = 64),         \
    FIELD(settings, email_address,      STR,  .param = "Bindings.Email.Address", .max = 256), \
    FIELD(settings, email_name,         STR,  .param = "Bindings.Email.Name", .max = 256)
static const struct field settings_fields[] = { SETTINGS };
static const struct field filled_fields[]   = { SETTINGS, FIELD(settings, participants, LIST, .param = "Participant") };
/* clang-format on */

static fault_t read_state(struct op *op, const char *text, enum conversation_state *out)
{
    *out = CONVERSATION_ACTIVE;
    if (!*text)
        return refuse(op, F_CHAT_STATE_EMPTY, "State must not be empty");
    for (unsigned i = CONVERSATION_ACTIVE; conversation_state_names[i]; i++)
        if (str_ieq(conversation_state_names[i], text)) {
            *out = (enum conversation_state)i;
            return NULL;
        }
    return refuse(op, F_CHAT_STATE, "State '%.32s' is not one of: active, inactive, closed", text);
}

static void set_email(struct op *op, struct conversation *c, const struct settings *p)
{
    struct json_out o;

    if (!p->email_address && !p->email_name)
        return;
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_key(&o, "email");
    json_open(&o, '{');
    json_pair_str(&o, "address", p->email_address);
    json_pair_str(&o, "name", p->email_name);
    json_close(&o, '}');
    json_close(&o, '}');
    row_set(op->tx, c, &c->bindings, json_done(&o));
}

/* What only credentials of the account may say. */
static fault_t sdk_may_set(struct op *op)
{
    static const char *const others[] = {
        "State",       "Timers.Inactive",     "Timers.Closed",          "DateCreated",
        "DateUpdated", "MessagingServiceSid", "Bindings.Email.Address", "Bindings.Email.Name"
    };

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (op_given(op, others[i])) {
            fault_t f = may_not(op, others[i]);
            if (f)
                return f;
        }
    return NULL;
}

/* --- Conversations ------------------------------------------------------------------------------- */

static fault_t find(struct op *op, const char *key, void **row)
{
    struct scope *s = scope_of(op);
    struct chat_view v = view_of(op);

    *row = s->conversation = s->service ? conversation_find(&v, s->service->sid, key) : NULL;
    if (!*row || !is_sdk(op))
        return NULL;
    return chat_may_see(&v, s->service, op->who.identity, s->conversation);
}

static fault_t prepare(struct op *op, struct conversation *c)
{
    const struct settings *p = op->params;
    enum conversation_state state = CONVERSATION_ACTIVE;
    fault_t f = p->state ? read_state(op, p->state, &state) : NULL;

    c->state = state;
    c->inactive_timer = c->closed_timer = NO_VALUE;
    set_email(op, c, p);
    set_dates(&p->dates, &c->date_created, &c->date_updated);
    return f ? f : chat_timers_set(op->tx, c, p->inactive, p->closed);
}

static fault_t create(struct op *op, void *row)
{
    fault_t f = may(op, "createConversation");

    f = f ? f : sdk_may_set(op);
    f = f ? f : prepare(op, row);
    return f ? f : conversation_add(chat_of(op), op->tx, &scope_of(op)->actor, row);
}

static fault_t sdk_may_update(struct op *op)
{
    fault_t f = sdk_may_set(op);

    if (!f && (op_given(op, "FriendlyName") || op_given(op, "UniqueName")))
        f = may(op, "editConversationName");
    if (!f && op_given(op, "Attributes"))
        f = may(op, "editConversationAttributes");
    return f;
}

static fault_t update(struct op *op, void *row, const void *was)
{
    const struct settings *p = op->params;
    const struct chat_actor *by = &scope_of(op)->actor;
    struct conversation *c = row;
    enum conversation_state state = (enum conversation_state)c->state;
    fault_t f = sdk_may_update(op);

    (void)was;
    if (!f && c->state == CONVERSATION_CLOSED)
        f = refuse(op, F_CHAT_CLOSED, "Conversation %s is closed and cannot be changed", c->sid);
    if (!f && c->state == CONVERSATION_INITIALIZING)
        f = refuse(op, F_CHAT_INITIALIZING, "Conversation %s is being initialized and cannot be changed yet", c->sid);
    if (!f && p->state)
        f = read_state(op, p->state, &state);
    f = f ? f : chat_timers_set(op->tx, c, p->inactive, p->closed);
    if (f)
        return f;
    set_email(op, c, p);
    set_dates(&p->dates, &c->date_created, &c->date_updated);
    f = conversation_changed(chat_of(op), op->tx, by, c);
    return f ? f : conversation_turn(chat_of(op), op->tx, by, c, state, "API");
}

static fault_t remove_one(struct op *op, void *row)
{
    fault_t f = may(op, "deleteConversation");

    f = f ? f : conversation_remove(chat_of(op), op->tx, &scope_of(op)->actor, row);
    if (!f)
        op->answer.status = 204;
    return f;
}

struct filter {
    const char *state, *start_date, *end_date;
};

static const struct field filter_fields[] = {
    FIELD(filter, state, STR),
    FIELD(filter, start_date, STR),
    FIELD(filter, end_date, STR),
};

static fault_t select_created(struct op *op, struct list_plan *plan, const char *name, const char *text, bool end)
{
    int64_t at;

    if (!text || !*text)
        return NULL;
    if (!date_parse(text, &at))
        return refuse(op, F_INVALID_PARAMETER, "%s '%.64s' is not a date, or a date and time, in ISO 8601 form", name,
                      text);
    if (end && strlen(text) == DAY_LENGTH) /* the whole day */
        plan_add(plan, "date_created", LESS, value_int(at + DAY));
    else
        plan_add(plan, "date_created", end ? LESS_OR_IS : MORE_OR_IS, value_int(at));
    return NULL;
}

static fault_t select_some(struct op *op, struct list_plan *plan)
{
    const struct filter *p = op->params;
    enum conversation_state state;
    fault_t f = may_not(op, "the list of conversations");

    plan->nothing |= !scope_of(op)->service;
    if (!f && p->state && *p->state) {
        f = read_state(op, p->state, &state);
        if (!f)
            plan_add(plan, "state", IS, value_text(conversation_state_names[state]));
    }
    f = f ? f : select_created(op, plan, "StartDate", p->start_date, false);
    return f ? f : select_created(op, plan, "EndDate", p->end_date, true);
}

#define CONVERSATION(form, i)                                                                                          \
    {                                                                                                                  \
        .product = "conversations", .name = "Conversation", .heeds_webhooks = true, .path = form "/Conversations",     \
        .many = "conversations", .verbs = LIST | FETCH | CREATE | UPDATE | DELETE, .kind = &conversation_kind,         \
        .shape = &shape, .create_params = PARAMS(settings, settings_fields),                                           \
        .update_params = PARAMS(settings, settings_fields), .list_params = PARAMS(filter, filter_fields),              \
        .links = links[i], .nlinks = 3, .enter = enter, .find = find, .create = create, .update = update,              \
        .remove = remove_one, .select = select_some, .show = show                                                      \
    }
const struct resource conversation_resources[2] = { CONVERSATION(DEFAULT_SERVICE, 0), CONVERSATION(NAMED_SERVICE, 1) };

/* --- made together with its participants ------------------------------------------------------------------ */
/* All or nothing, in one command; initializing until that is committed. */

static const char *text_of(struct op *op, const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);

    return json_is_string(v) ? json_string_value(v) : v && !json_is_null(v) ? json_text(op->arena, v) : NULL;
}

static fault_t add_one(struct op *op, struct conversation *in, const json_t *said)
{
    const json_t *binding = json_object_get(said, "messaging_binding");
    struct participant *p = row_new(op->tx, &participant_kind, NULL);

    row_set(op->tx, p, &p->identity, text_of(op, said, "identity"));
    row_set(op->tx, p, &p->attributes, text_of(op, said, "attributes"));
    row_set(op->tx, p, &p->role_sid, text_of(op, said, "role_sid"));
    row_set(op->tx, p, &p->address, text_of(op, binding, "address"));
    row_set(op->tx, p, &p->proxy_address, text_of(op, binding, "proxy_address"));
    row_set(op->tx, p, &p->projected_address, text_of(op, binding, "projected_address"));
    return participant_add(chat_of(op), op->tx, &scope_of(op)->actor, in, p);
}

static fault_t fill(struct op *op, struct conversation *c, const json_t *list)
{
    fault_t f = NULL;

    for (size_t i = 0; i < json_array_size(list) && !f; i++) {
        const char *text = json_string_value(json_array_get(list, i)), *why = NULL;
        const json_t *said = json_parse_object(op->arena, text, strlen(text), &why);
        if (!said)
            return refuse(op, F_CHAT_BATCH_PARTICIPANT, "Participant %zu is not a JSON object: %s", i, why);
        f = add_one(op, c, said);
    }
    return f;
}

static fault_t create_filled(struct op *op, void *row)
{
    const struct settings *p = op->params;
    struct conversation *c = row;
    const json_t *list = p->participants ? json_parse(op->arena, p->participants, strlen(p->participants), NULL) : NULL;
    enum conversation_state state;
    fault_t f;

    if (json_array_size(list) < 1 || json_array_size(list) > FILLED_MAX)
        return refuse(op, F_CHAT_BATCH_SIZE, "Participant must be given 1 to %d times", FILLED_MAX);
    f = prepare(op, c);
    if (!f && p->state && !(f = read_state(op, p->state, &state)) && state != CONVERSATION_ACTIVE)
        f = refuse(op, F_CHAT_STATE, "State: a conversation with participants begins as active");
    c->state = CONVERSATION_INITIALIZING;
    f = f ? f : conversation_add(chat_of(op), op->tx, &scope_of(op)->actor, c);
    f = f ? f : fill(op, c, list);
    if (!f)
        conversation_fill(chat_of(op), op->tx, c);
    return f;
}

#define FILLED(form, i)                                                                                                \
    {                                                                                                                  \
        .product = "conversations", .name = "ConversationWithParticipants", .heeds_webhooks = true,                    \
        .path = form "/ConversationWithParticipants", .at = form "/Conversations/{sid}", .verbs = CREATE,              \
        .create_status = 202, .kind = &conversation_kind, .shape = &shape,                                             \
        .create_params = PARAMS(settings, filled_fields), .links = links[i], .nlinks = 3, .enter = enter_api,          \
        .create = create_filled, .show = show                                                                          \
    }
const struct resource filled_resources[2] = { FILLED(DEFAULT_SERVICE, 0), FILLED(NAMED_SERVICE, 1) };
