/* What a webhook's request says: a row a parameter, and in which requests it stands. */
#include "chat/hooks.h"

#include "codec/date.h"
#include "codec/form.h"
#include "codec/json.h"
#include <string.h>

enum of { CONVERSATION, PARTICIPANT, MESSAGE, RECEIPT, USER };

struct fact {
    const char *param;
    uint32_t hooks;    /* bits of enum hook */
    enum of of;        /* the row that it comes from */
    const char *field; /* of it; NULL: make says */
    const char *(*make)(struct arena *a, int64_t now, const struct chat_change *c);
};

/* --- what is not a member of a row ------------------------------------------------------------------------ */

static const char *date_text(struct arena *a, int64_t at)
{
    char *text = arena_alloc(a, DATE_SIZE);

    return date_iso_ms(at, text);
}

static const char *moment(struct arena *a, int64_t now, const struct chat_change *c)
{
    (void)c;
    return date_text(a, now);
}

static const char *state_from(struct arena *a, int64_t now, const struct chat_change *c)
{
    const struct conversation *was = c->was;

    (void)a;
    (void)now;
    return was ? conversation_state_names[was->state] : NULL;
}

static const char *reason(struct arena *a, int64_t now, const struct chat_change *c)
{
    (void)a;
    (void)now;
    return c->reason;
}

/* [{"Sid":"ME…","Filename":"a.png","ContentType":"image/png","Size":"123"}] */
static const char *media_list(struct arena *a, const struct message *m)
{
    static const struct {
        const char *ours, *theirs;
    } names[] = { { "sid", "Sid" }, { "filename", "Filename" }, { "content_type", "ContentType" }, { "size", "Size" } };
    json_t *list = m && m->media ? json_parse(a, m->media, strlen(m->media), NULL) : NULL, *one;
    struct json_out o;
    size_t i;

    if (!json_array_size(list))
        return NULL;
    json_begin(&o, a);
    json_open(&o, '[');
    json_array_foreach(list, i, one)
    {
        json_open(&o, '{');
        for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
            json_t *value = json_object_get(one, names[n].ours);
            if (value)
                json_pair_raw(&o, names[n].theirs, json_text(a, value));
        }
        json_close(&o, '}');
    }
    json_close(&o, ']');
    return json_done(&o);
}

static const char *media(struct arena *a, int64_t now, const struct chat_change *c)
{
    (void)now;
    return media_list(a, c->message);
}

/* --- a conversation that an inbound message makes: who writes, and what */

static const char *first_body(struct arena *a, int64_t now, const struct chat_change *c)
{
    (void)a;
    (void)now;
    return c->actor->first_message ? c->actor->first_message->body : NULL;
}

static const char *first_media(struct arena *a, int64_t now, const struct chat_change *c)
{
    (void)now;
    return media_list(a, c->actor->first_message);
}

/* "SMS", "WHATSAPP", "CHAT" */
static const char *channel_word(struct arena *a, const struct participant *p)
{
    char *word = arena_strdup(a, p && p->channel ? p->channel : NULL);

    for (char *s = word; s && *s; s++)
        if (*s >= 'a' && *s <= 'z')
            *s = (char)(*s - 'a' + 'A');
    return word;
}

static const struct participant *party_of(const struct chat_change *c)
{
    return c->participant ? c->participant : c->actor->first_participant;
}

static const char *binding_type(struct arena *a, int64_t now, const struct chat_change *c)
{
    (void)now;
    return channel_word(a, party_of(c));
}

static const char *address(struct arena *a, int64_t now, const struct chat_change *c)
{
    (void)a;
    (void)now;
    return party_of(c) ? party_of(c)->address : NULL;
}

static const char *proxy_address(struct arena *a, int64_t now, const struct chat_change *c)
{
    (void)a;
    (void)now;
    return party_of(c) ? party_of(c)->proxy_address : NULL;
}

static const char *projected_address(struct arena *a, int64_t now, const struct chat_change *c)
{
    (void)a;
    (void)now;
    return party_of(c) ? party_of(c)->projected_address : NULL;
}

/* --- the rows --------------------------------------------------------------------------------------------- */

/* clang-format off */
#define IN(id) (UINT32_C(1) << HOOK_##id)
enum {
    C_NEW     = IN(CONVERSATION_ADD) | IN(CONVERSATION_ADDED),
    C_LATER   = IN(CONVERSATION_UPDATE) | IN(CONVERSATION_UPDATED) | IN(CONVERSATION_REMOVE) | IN(CONVERSATION_REMOVED),
    C_DATED   = C_LATER | IN(CONVERSATION_ADDED),
    C_ALL     = C_NEW | C_LATER,
    P_LATER   = IN(PARTICIPANT_UPDATE) | IN(PARTICIPANT_UPDATED) | IN(PARTICIPANT_REMOVE) | IN(PARTICIPANT_REMOVED),
    P_DATED   = P_LATER | IN(PARTICIPANT_ADDED),
    P_ALL     = P_DATED | IN(PARTICIPANT_ADD),
    M_LATER   = IN(MESSAGE_UPDATE) | IN(MESSAGE_UPDATED) | IN(MESSAGE_REMOVE) | IN(MESSAGE_REMOVED),
    M_DATED   = M_LATER | IN(MESSAGE_ADDED),
    M_ALL     = M_DATED | IN(MESSAGE_ADD),
    U_ALL     = IN(USER_ADDED) | IN(USER_UPDATE) | IN(USER_UPDATED),
    STATE     = IN(CONVERSATION_STATE_UPDATED),
    DELIVERY  = IN(DELIVERY_UPDATED),
};

static const struct fact facts[] = {
    { "ChatServiceSid",       C_ALL | STATE | DELIVERY,               CONVERSATION, "chat_service_sid" },
    { "MessagingServiceSid",  C_ALL | STATE | IN(MESSAGE_ADDED),      CONVERSATION, "messaging_service_sid" },
    { "ConversationSid",      C_DATED | STATE | P_ALL | M_ALL | DELIVERY, CONVERSATION, "sid" },
    { "DateCreated",          C_DATED,                                CONVERSATION, "date_created" },
    { "DateUpdated",          C_DATED,                                CONVERSATION, "date_updated" },
    { "FriendlyName",         C_ALL,                                  CONVERSATION, "friendly_name" },
    { "UniqueName",           C_ALL,                                  CONVERSATION, "unique_name" },
    { "Attributes",           C_ALL,                                  CONVERSATION, "attributes" },
    { "State",                C_ALL,                                  CONVERSATION, "state" },
    { "StateUpdated",         STATE,                                  CONVERSATION, "date_state" },
    { "StateFrom",            STATE,                                  CONVERSATION, .make = state_from },
    { "StateTo",              STATE,                                  CONVERSATION, "state" },
    { "Reason",               STATE,                                  CONVERSATION, .make = reason },
    { "MessageBody",          IN(CONVERSATION_ADD),                   CONVERSATION, .make = first_body },
    { "Media",                IN(CONVERSATION_ADD),                   CONVERSATION, .make = first_media },

    { "ParticipantSid",       P_DATED,                                PARTICIPANT,  "sid" },
    { "DateCreated",          P_DATED,                                PARTICIPANT,  "date_created" },
    { "DateUpdated",          P_LATER,                                PARTICIPANT,  "date_updated" },
    { "Identity",             P_ALL,                                  PARTICIPANT,  "identity" },
    { "RoleSid",              P_ALL,                                  PARTICIPANT,  "role_sid" },
    { "Attributes",           P_ALL,                                  PARTICIPANT,  "attributes" },
    { "LastReadMessageIndex", IN(PARTICIPANT_UPDATED),                PARTICIPANT,  "last_read_message_index" },
    { "MessagingBinding.ProxyAddress",     P_ALL | C_NEW,             PARTICIPANT,  .make = proxy_address },
    { "MessagingBinding.Address",          P_ALL | C_NEW,             PARTICIPANT,  .make = address },
    { "MessagingBinding.ProjectedAddress", P_ALL | C_NEW,             PARTICIPANT,  .make = projected_address },
    { "MessagingBinding.Type",             P_ALL | C_NEW,             PARTICIPANT,  .make = binding_type },

    { "MessageSid",           M_DATED | DELIVERY,                     MESSAGE,      "sid" },
    { "Index",                M_DATED,                                MESSAGE,      "message_index" },
    { "DateCreated",          M_DATED,                                MESSAGE,      "date_created" },
    { "DateUpdated",          M_LATER,                                MESSAGE,      "date_updated" },
    { "Body",                 M_ALL,                                  MESSAGE,      "body" },
    { "Author",               M_ALL,                                  MESSAGE,      "author" },
    { "ParticipantSid",       M_ALL,                                  MESSAGE,      "participant_sid" },
    { "Attributes",           M_ALL,                                  MESSAGE,      "attributes" },
    { "Media",                M_ALL,                                  MESSAGE,      .make = media },

    { "DeliveryReceiptSid",   DELIVERY,                               RECEIPT,      "sid" },
    { "ChannelMessageSid",    DELIVERY,                               RECEIPT,      "channel_message_sid" },
    { "ParticipantSid",       DELIVERY,                               RECEIPT,      "participant_sid" },
    { "Status",               DELIVERY,                               RECEIPT,      "status" },
    { "ErrorCode",            DELIVERY,                               RECEIPT,      "error_code" },
    { "DateCreated",          DELIVERY,                               RECEIPT,      "date_created" },
    { "DateUpdated",          DELIVERY,                               RECEIPT,      "date_updated" },

    { "ChatServiceSid",       U_ALL,                                  USER,         "chat_service_sid" },
    { "UserSid",              U_ALL,                                  USER,         "sid" },
    { "DateCreated",          IN(USER_ADDED) | IN(USER_UPDATED),      USER,         "date_created" },
    { "DateUpdated",          IN(USER_UPDATE) | IN(USER_UPDATED),     USER,         "date_updated" },
    { "Identity",             U_ALL,                                  USER,         "identity" },
    { "RoleSid",              U_ALL,                                  USER,         "role_sid" },
    { "Attributes",           U_ALL,                                  USER,         "attributes" },
    { "FriendlyName",         U_ALL,                                  USER,         "friendly_name" },
    { "isOnline",             IN(USER_UPDATED),                       USER,         "is_online" },
    { "isNotifiable",         IN(USER_UPDATED),                       USER,         "is_notifiable" },

    { "DateRemoved", IN(CONVERSATION_REMOVED),                        CONVERSATION, .make = moment },
    { "DateRemoved", IN(PARTICIPANT_REMOVED),                         PARTICIPANT,  .make = moment },
    { "DateRemoved", IN(MESSAGE_REMOVED),                             MESSAGE,      .make = moment },
};
/* clang-format on */

static const void *row_of(const struct chat_change *c, enum of of, const struct kind **k)
{
    switch (of) {
    case CONVERSATION:
        *k = &conversation_kind;
        return c->conversation;
    case PARTICIPANT:
        *k = &participant_kind;
        return c->participant;
    case MESSAGE:
        *k = &message_kind;
        return c->message;
    case RECEIPT:
        *k = &receipt_kind;
        return c->receipt;
    case USER:
        *k = &chat_user_kind;
        return c->user;
    }
    return NULL;
}

/* NULL: it is absent. */
static const char *member_text(struct arena *a, const struct kind *k, const char *name, const void *row)
{
    const struct field *f = row ? field_named(k, name) : NULL;

    if (!f)
        return NULL;
    if (field_is_text(f))
        return *field_text(f, row);
    switch (f->type) {
    case T_ENUM:
        return f->names[*field_enum(f, row)];
    case T_BOOL:
        return *field_bool(f, row) ? "true" : "false";
    case T_TIME:
        return *field_int(f, row) == NO_VALUE ? NULL : date_text(a, *field_int(f, row));
    default:
        return *field_int(f, row) == NO_VALUE ? NULL : arena_printf(a, "%lld", (long long)*field_int(f, row));
    }
}

static const char *source_of(const struct chat_actor *by)
{
    if (by->source)
        return by->source;
    return by->by == BY_SDK ? "SDK" : "API";
}

const char *hook_form(struct arena *a, int64_t now, enum hook h, const char *account_sid, const struct chat_change *c)
{
    struct text form = { .arena = a };

    form_put(&form, "AccountSid", account_sid);
    form_put(&form, "EventType", hook_name(h));
    form_put(&form, "Source", source_of(c->actor));
    if (c->actor->by == BY_SDK && c->actor->identity)
        form_put(&form, "ClientIdentity", c->actor->identity);
    for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
        const struct fact *f = &facts[i];
        const struct kind *k = NULL;
        if (!(f->hooks & (UINT32_C(1) << h)))
            continue;
        const void *row = row_of(c, f->of, &k);
        const char *value = f->make ? f->make(a, now, c) : member_text(a, k, f->field, row);
        if (value)
            form_put(&form, f->param, value);
    }
    return text_str(&form);
}
