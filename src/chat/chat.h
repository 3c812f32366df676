/* chat: conversations, who takes part in them, what they say, and what became of each message.
 *
 * Everything is rows; nothing is resident, because a conversation may stay open for years.  The ledger's thread changes them,
 * through the functions below and by no other way: REST, the browser SDKs, inbound messages of a channel and Flex all come by here.
 *
 * Each change is told once, as an event of the account's log (event_tell) whose `subject` is a struct chat_change: webhooks, channels,
 * interactions and the views that clients watch are its listeners.
 *
 * What clients watch is a view, not a copy (sync/sync.h): a conversation is the document CH….channel, its participants the map
 * CH….roster, its messages the list CH….messages, a user's conversations a map.  For that a conversation, a participant and a message
 * remember the number of the event that changed them last (`event_id`), and a removed one stays as a tombstone (`removed`) for a week.
 *
 * What must be there once, or is looked up by another name than its sid (a unique name, an identity, a pair of addresses), has a row of
 * kind chat_key: its sid says what it is, its value which row has it.  So a look-up is one read by primary key, which also sees what
 * this command has changed, and a second holder cannot come up unseen. */
#pragma once
#include "ledger/ledger.h"
#include "sync/sync.h"

enum { CHAT_ATTRIBUTES_MAX = 16 * 1024, CHAT_NAME_MAX = 256, CHAT_BODY_MAX = 32 * 1024, CHAT_BODY_CHANNEL_MAX = 1600,
       CHAT_PARTICIPANTS_MAX = 1000, CHAT_BINDINGS_MAX = 50, CHAT_CONVERSATIONS_MAX = 1000 /* of an identity */ };

/* What an account has chosen: one row an account, under its own SID; made on first need. */
struct chat_account {
    const char *sid, *account_sid, *default_chat_service_sid, *default_messaging_service_sid;
    const char *default_inactive_timer, *default_closed_timer; /* as given: "PT30M"; NULL: none */
    int64_t     date_created, date_updated;
};

enum webhook_method { METHOD_POST, METHOD_GET };
extern const char *const webhook_method_names[]; /* "POST", "GET" */

/* A service: IS…, with what its Configuration says. */
struct chat_service {
    const char *sid, *account_sid, *friendly_name;
    const char *default_conversation_creator_role_sid, *default_conversation_role_sid, *default_chat_service_role_sid;
    bool        reachability_enabled;
    const char *pre_webhook_url, *post_webhook_url, *filters; /* filters: JSON list */
    unsigned    webhook_method;                               /* enum webhook_method */
    int64_t     date_created, date_updated;
};

struct conversation { /* CH… */
    const char *sid, *account_sid, *chat_service_sid, *messaging_service_sid;
    const char *friendly_name, *unique_name, *attributes;
    unsigned    state;                        /* enum conversation_state */
    const char *created_by;                   /* identity, or "system" */
    int64_t     inactive_timer, closed_timer; /* ms; 0: none */
    int64_t     date_inactive, date_closed;   /* pending; NO_VALUE */
    int64_t     date_created, date_updated, date_state;
    const char *bindings;                     /* JSON: {"email":{"address","name"}}; NULL: none */
    /* Numbers of its three sequences (document, roster, messages), and of its messages. */
    int64_t     event_id, roster_event_id, messages_event_id;
    int64_t     next_index, messages_count;
    int64_t     participants_count, bindings_count; /* all, and those that are reached by a channel */
    int64_t     last_message_index, last_message_at; /* NO_VALUE: none yet */
    int64_t     roster_forgotten_id, messages_forgotten_id; /* tombstones up to these events are gone */
};
enum conversation_state { CONVERSATION_INITIALIZING, CONVERSATION_ACTIVE, CONVERSATION_INACTIVE, CONVERSATION_CLOSED };
extern const char *const conversation_state_names[];

struct participant { /* MB… */
    const char *sid, *account_sid, *chat_service_sid, *conversation_sid;
    const char *identity, *user_sid;          /* of a chat participant */
    const char *channel;                      /* "chat", "sms", "whatsapp" … */
    const char *address, *proxy_address, *projected_address, *binding_name, *binding_level;
    const char *attributes, *role_sid;
    int64_t     last_read_message_index, last_read_timestamp; /* NO_VALUE: never */
    unsigned    notification_level;           /* enum: default, muted */
    bool        removed;
    int64_t     event_id, added_id;           /* of the roster */
    int64_t     mine_event_id;                /* of its user's map of conversations */
    int64_t     date_created, date_updated;
};
enum notification_level { NOTIFY_DEFAULT, NOTIFY_MUTED };
extern const char *const notification_level_names[];

enum receipt_status { RECEIPT_NONE, RECEIPT_SENT, RECEIPT_DELIVERED, RECEIPT_READ, RECEIPT_FAILED, RECEIPT_UNDELIVERED };
extern const char *const receipt_status_names[];

struct message { /* IM… */
    const char *sid, *account_sid, *chat_service_sid, *conversation_sid, *participant_sid;
    int64_t     message_index;
    const char *author, *body, *subject, *attributes;
    const char *media;                        /* JSON list of {sid, size, content_type, filename, category}, or NULL */
    const char *content_sid, *content_variables;
    const char *last_updated_by;
    /* To how many it goes by a channel, and how many of them have come how far: who has read has also been delivered and sent. */
    int64_t     delivery_total, delivery_sent, delivery_delivered, delivery_read, delivery_failed, delivery_undelivered;
    bool        removed;
    int64_t     event_id, added_id;           /* of the messages */
    int64_t     date_created, date_updated;
};

struct receipt { /* DY… */
    const char *sid, *account_sid, *chat_service_sid, *conversation_sid, *message_sid, *participant_sid, *channel_message_sid;
    unsigned    status;                       /* enum receipt_status */
    int64_t     error_code;
    int64_t     date_created, date_updated;
};

struct chat_user { /* US… */
    const char *sid, *account_sid, *chat_service_sid, *role_sid, *identity, *friendly_name, *attributes;
    bool        is_online, is_notifiable;
    int64_t     conversations_count;          /* that it takes part in, without the closed ones */
    int64_t     event_id, mine_event_id;      /* of its info map, and of its map of conversations */
    int64_t     mine_forgotten_id;
    int64_t     date_created, date_updated;
};

struct chat_role { /* RL… */
    const char *sid, *account_sid, *chat_service_sid, *friendly_name, *permissions; /* permissions: JSON list */
    unsigned    type;                         /* enum role_type */
    int64_t     date_created, date_updated;
};
enum role_type { ROLE_CONVERSATION, ROLE_SERVICE };
extern const char *const role_type_names[];

struct chat_key { const char *sid, *value; };

extern const struct kind chat_account_kind, chat_service_kind, conversation_kind, participant_kind, message_kind, receipt_kind,
    chat_user_kind, chat_role_kind, chat_key_kind, chat_tombstone_kind;
enum { CHAT_KINDS = 13 };
extern const struct kind *const chat_kinds[CHAT_KINDS];

/* --- who does it ------------------------------------------------------------------------------------------- */

/* BY_API: credentials of the account; BY_SDK: a token's identity, held to its roles; BY_CHANNEL: a messaging channel (its name is
 * the Source of webhooks: "SMS", "WHATSAPP"); BY_SERVER: a timer, an interaction. */
enum chat_by { BY_API, BY_SDK, BY_CHANNEL, BY_SERVER };
struct hook_round;
struct chat_actor {
    enum chat_by by;
    const char  *identity;                    /* of the SDK's user */
    const char  *source;                      /* "API", "SDK", "SMS" …; NULL: derived from by */
    bool         webhooks;                    /* are webhooks to be told?  of the API only where asked for; else always */
    bool         dated;                       /* the row's date_updated is already what the caller wants */
    struct hook_round *round;                 /* of questions to pre-webhooks (chat/hooks.h); NULL: nobody is asked */
    /* Of a channel's new conversation: who wrote, and what, for whoever is asked about it; or NULL. */
    const struct participant *first_participant;
    const struct message     *first_message;
};

/* What a chat event's `subject` points to, for listeners in the transaction. */
struct chat_change {
    const struct chat_actor   *actor;
    const struct conversation *conversation;  /* NULL of a user's */
    const struct participant  *participant;
    const struct message      *message;
    const struct receipt      *receipt;
    const struct chat_user    *user;
    const void                *was;           /* the row of the change as it was; NULL: new */
    const char                *reason;        /* of a state: "API", "TIMER", "EVENT" */
};

/* --- doing it (ledger's thread; each returns a fault with Conversations' codes, and then nothing has happened) --- */

struct chat;
struct chat *chat_new(struct ledger *l, struct sync *s, struct arena *a); /* before ledger_start() */

/* The account's default service; made on first need, as the Flex Chat Service with Flex's roles. */
struct chat_service *chat_service_default(struct tx *tx, const char *account_sid);
struct chat_service *chat_service_make(struct chat *c, struct tx *tx, const char *account_sid, const char *friendly_name); /* with default roles */
void                 chat_service_complete(struct tx *tx, struct chat_service *new_row); /* gives a new row its default roles */
fault_t              chat_service_remove(struct chat *c, struct tx *tx, struct chat_service *row);
struct chat_account *chat_account_of(struct tx *tx, const char *account_sid); /* made on first need */
/* Roles of Flex that this service does not have yet and that it can take without a change for anybody are added. */
void                 chat_flex_roles_add(struct tx *tx, struct chat_service *s);

/* A new row has everything that the caller knows; the function completes it.  A changed one was row_edit()ed and changed before. */
fault_t conversation_add(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *row);
fault_t conversation_changed(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *row);
fault_t conversation_turn(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *row, enum conversation_state to, const char *reason);
fault_t conversation_remove(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *row);
/* A conversation that is filled by one request: `initializing` until the command is committed, then active. */
void    conversation_fill(struct chat *c, struct tx *tx, struct conversation *row);
fault_t participant_add(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *in, struct participant *row);
fault_t participant_changed(struct chat *c, struct tx *tx, const struct chat_actor *by, struct participant *row);
fault_t participant_remove(struct chat *c, struct tx *tx, const struct chat_actor *by, struct participant *row);
fault_t message_add(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *in, struct message *row);
fault_t message_changed(struct chat *c, struct tx *tx, const struct chat_actor *by, struct message *row);
fault_t message_remove(struct chat *c, struct tx *tx, const struct chat_actor *by, struct message *row);
/* A channel says what became of a message for one participant; makes the receipt on first news.  News that comes late (sent after delivered)
 * changes nothing. */
fault_t receipt_set(struct chat *c, struct tx *tx, const struct message *m, const struct participant *p, const char *channel_message_sid,
                    enum receipt_status status, int64_t error_code);
/* "all", "some" or "none" of the message's recipients. */
const char *delivery_share(const struct message *m, int64_t count);
struct chat_user *chat_user_of(struct chat *c, struct tx *tx, const struct chat_service *s, const char *identity); /* made on first need */
fault_t chat_user_add(struct chat *c, struct tx *tx, const struct chat_actor *by, struct chat_user *row);
fault_t chat_user_changed(struct chat *c, struct tx *tx, const struct chat_actor *by, struct chat_user *row);
fault_t chat_user_remove(struct chat *c, struct tx *tx, const struct chat_actor *by, struct chat_user *row);
fault_t chat_role_check(struct tx *tx, struct chat_role *row); /* knows its permissions, and spells them in one way */
fault_t chat_role_remove(struct tx *tx, struct chat_role *row);
fault_t chat_role_of(struct tx *tx, const char *service_sid, const char *role_sid, enum role_type type); /* 50100: it has no such role */

/* What was given for a timer ("PT5M", "P1D", a date-time, "" for none), as a length in ms (0: none) that begins at now. */
bool    chat_timer_parse(const char *text, int64_t now, int64_t *ms);
fault_t chat_timers_set(struct tx *tx, struct conversation *row, const char *inactive, const char *closed); /* NULL: as it is */

/* --- looking (any thread with a db; on the ledger's also what this command has changed) ------------------------- */

struct chat_view { struct db *db; struct tx *tx; struct arena *arena; };
void                *chat_find(struct chat_view *v, const struct kind *k, const char *sid); /* by sid; NULL: none */
struct conversation *conversation_find(struct chat_view *v, const char *service_sid, const char *sid_or_name);
struct participant  *participant_find(struct chat_view *v, const char *conversation_sid, const char *sid_or_identity);
struct chat_user    *chat_user_find(struct chat_view *v, const char *service_sid, const char *sid_or_identity);
/* The open conversation in which this address talks to that one of ours; NULL: none. */
struct conversation *conversation_by_pair(struct chat_view *v, const char *account_sid, const char *address, const char *proxy_address);
size_t               participants_of(struct chat_view *v, const char *conversation_sid, struct participant ***out); /* committed; without the removed */

/* May the token's user?  permission: "sendMessage" …; conversation NULL: of the service.  Refused: 50107. */
fault_t chat_may(struct chat_view *v, const struct chat_service *s, const char *identity, const struct conversation *in, const char *permission);
/* May it see this conversation: takes part, made it, or has a role that reads along (CHAT_READ_ALONG)? */
fault_t chat_may_see(struct chat_view *v, const struct chat_service *s, const char *identity, const struct conversation *in);
#define CHAT_READ_ALONG "readAnyConversation" /* ours: Flex's supervisors can, and no permission of the contract says so */
/* What is amiss with the Flex roles of an account's default service: JSON list of sentences. */
const char          *chat_roles_checkup(struct chat_view *v, const char *account_sid);
