/* chat: conversations, who takes part in them, what they say, and what became of each message.
 *
 * Everything is rows; nothing is resident, because a conversation may stay open for years.  The ledger's thread changes
 * them, through the functions below and by no other way: REST, the browser SDKs, inbound messages of a channel and Flex
 * all come by here.
 *
 * Each change is told once, as an event of the account's log (event_tell) whose `subject` is a struct chat_change:
 * webhooks, channels, interactions and the views that clients watch are its listeners.
 *
 * What clients watch is a view, not a copy (sync/sync.h): a conversation is the document CH….channel, its participants
 * the map CH….roster, its messages the list CH….messages, a user's conversations a map.  For that a conversation, a
 * participant and a message remember the number of the event that changed them last (`event_id`), and a removed one
 * stays as a tombstone (`removed`). */
#pragma once
#include "ledger/ledger.h"
#include "sync/sync.h"

/* A service: IS…, with what its Configuration says. */
struct chat_service {
    const char *sid, *account_sid, *friendly_name;
    const char *default_conversation_creator_role_sid, *default_conversation_role_sid, *default_chat_service_role_sid;
    bool reachability_enabled;
    const char *pre_webhook_url, *post_webhook_url, *filters; /* filters: JSON list */
    unsigned webhook_method;                                  /* enum webhook_method */
    int64_t date_created, date_updated;
};
enum webhook_method { METHOD_POST, METHOD_GET };

struct conversation {
    const char *sid, *account_sid, *chat_service_sid, *messaging_service_sid;
    const char *friendly_name, *unique_name, *attributes;
    unsigned state;                       /* enum conversation_state */
    const char *created_by;               /* identity, or "system" */
    int64_t inactive_timer, closed_timer; /* ms; 0: none */
    int64_t date_inactive, date_closed;   /* pending; NO_VALUE */
    int64_t date_created, date_updated, date_state;
    const char *bindings; /* JSON */
    /* Numbers of its three sequences (document, roster, messages), and of its messages. */
    int64_t event_id, roster_event_id, messages_event_id;
    int64_t next_index, messages_count, participants_count;
    int64_t last_message_index, last_message_at; /* NO_VALUE: none yet */
};
enum conversation_state { CONVERSATION_INITIALIZING, CONVERSATION_ACTIVE, CONVERSATION_INACTIVE, CONVERSATION_CLOSED };

struct participant { /* MB… */
    const char *sid, *account_sid, *chat_service_sid, *conversation_sid;
    const char *identity, *user_sid; /* of a chat participant */
    const char *channel;             /* "chat", "sms", "whatsapp" … */
    const char *address, *proxy_address, *projected_address, *binding_name, *binding_level;
    const char *attributes, *role_sid;
    int64_t last_read_message_index, last_read_timestamp; /* NO_VALUE: never */
    unsigned notification_level;                          /* enum: default, muted */
    bool removed;
    int64_t event_id, added_id; /* of the roster */
    int64_t mine_event_id;      /* of its user's map of conversations */
    int64_t date_created, date_updated;
};

struct message { /* IM… */
    const char *sid, *account_sid, *chat_service_sid, *conversation_sid, *participant_sid;
    int64_t message_index;
    const char *author, *body, *subject, *attributes;
    const char *media; /* JSON list of {sid, size, content_type, filename, category}, or NULL */
    const char *content_sid, *content_variables;
    const char *last_updated_by;
    bool removed;
    int64_t event_id, added_id; /* of the messages */
    int64_t date_created, date_updated;
};

struct receipt { /* DY… */
    const char *sid, *account_sid, *chat_service_sid, *conversation_sid, *message_sid, *participant_sid,
        *channel_message_sid;
    unsigned status; /* enum receipt_status */
    int64_t error_code;
    int64_t date_created, date_updated;
};
enum receipt_status {
    RECEIPT_NONE,
    RECEIPT_SENT,
    RECEIPT_DELIVERED,
    RECEIPT_READ,
    RECEIPT_FAILED,
    RECEIPT_UNDELIVERED
};

struct chat_user { /* US… */
    const char *sid, *account_sid, *chat_service_sid, *role_sid, *identity, *friendly_name, *attributes;
    bool is_online, is_notifiable;
    int64_t event_id, mine_event_id; /* of its info map, and of its map of conversations */
    int64_t date_created, date_updated;
};

struct chat_role {                                                                  /* RL… */
    const char *sid, *account_sid, *chat_service_sid, *friendly_name, *permissions; /* permissions: JSON list */
    unsigned type;                                                                  /* enum role_type */
    int64_t date_created, date_updated;
};
enum role_type { ROLE_CONVERSATION, ROLE_SERVICE };

extern const struct kind chat_service_kind, conversation_kind, participant_kind, message_kind, receipt_kind,
    chat_user_kind, chat_role_kind;

/* --- who does it
 * ------------------------------------------------------------------------------------------------------ */

/* BY_API: credentials of the account; BY_SDK: a token's identity, held to its roles; BY_CHANNEL: a messaging channel
 * (its name is the Source of webhooks: "SMS", "WHATSAPP"); BY_SERVER: a timer, an interaction. */
enum chat_by { BY_API, BY_SDK, BY_CHANNEL, BY_SERVER };
struct chat_actor {
    enum chat_by by;
    const char *identity; /* of the SDK's user */
    const char *source;   /* "API", "SDK", "SMS" …; NULL: derived from by */
    bool webhooks;        /* are webhooks to be told?  of the API only where asked for; else always */
};

/* What a chat event's `subject` points to, for listeners in the transaction. */
struct chat_change {
    const struct chat_actor *actor;
    const struct conversation *conversation; /* NULL of a user's */
    const struct participant *participant;
    const struct message *message;
    const struct receipt *receipt;
    const struct chat_user *user;
    const void *was;    /* the row of the change as it was; NULL: new */
    const char *reason; /* of a state: "API", "TIMER", "EVENT" */
};

/* --- doing it (ledger's thread; each returns a fault with Conversations' codes, and then nothing has happened)
 * ------------- */

struct chat;
struct chat *chat_new(struct ledger *l, struct sync *s, struct arena *a); /* before ledger_start() */

struct chat_service *chat_service_default(struct tx *tx,
                                          const char *account_sid); /* made, with its roles, on first need */
struct chat_service *chat_service_make(struct chat *c, struct tx *tx, const char *account_sid,
                                       const char *friendly_name); /* with default roles */

fault_t conversation_add(struct chat *c, struct tx *tx, const struct chat_actor *by,
                         struct conversation *row); /* a new row, filled in */
fault_t conversation_changed(struct chat *c, struct tx *tx, const struct chat_actor *by,
                             struct conversation *row); /* row_edit()ed and changed before */
fault_t conversation_turn(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *row,
                          enum conversation_state to, const char *reason);
fault_t conversation_remove(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *row);
fault_t participant_add(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *in,
                        struct participant *row);
fault_t participant_changed(struct chat *c, struct tx *tx, const struct chat_actor *by, struct participant *row);
fault_t participant_remove(struct chat *c, struct tx *tx, const struct chat_actor *by, struct participant *row);
fault_t message_add(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *in,
                    struct message *row);
fault_t message_changed(struct chat *c, struct tx *tx, const struct chat_actor *by, struct message *row);
fault_t message_remove(struct chat *c, struct tx *tx, const struct chat_actor *by, struct message *row);
/* A channel says what became of a message for one participant; makes the receipt on first news. */
fault_t receipt_set(struct chat *c, struct tx *tx, const struct message *m, const struct participant *p,
                    const char *channel_message_sid, enum receipt_status status, int64_t error_code);
struct chat_user *chat_user_of(struct chat *c, struct tx *tx, const struct chat_service *s,
                               const char *identity); /* made on first need */
fault_t chat_user_changed(struct chat *c, struct tx *tx, const struct chat_actor *by, struct chat_user *row);

/* --- looking (any thread with a db; on the ledger's also what this command has changed)
 * ------------------------------------- */

struct chat_view {
    struct db *db;
    struct tx *tx;
    struct arena *arena;
};
struct conversation *conversation_find(struct chat_view *v, const char *service_sid, const char *sid_or_name);
struct participant *participant_find(struct chat_view *v, const char *conversation_sid, const char *sid_or_identity);
/* The open conversation in which this address talks to that one of ours; NULL: none. */
struct conversation *conversation_by_pair(struct chat_view *v, const char *account_sid, const char *address,
                                          const char *proxy_address);
size_t participants_of(struct chat_view *v, const char *conversation_sid,
                       struct participant ***out); /* without the removed */

/* May the token's user?  permission: "sendMessage" …; conversation NULL: of the service.  Refused: 50107. */
fault_t chat_may(struct chat_view *v, const struct chat_service *s, const char *identity, const struct conversation *in,
                 const char *permission);
