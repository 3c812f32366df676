#include "chat/hooks.h"

enum { ROLE_NAME_MAX = 64 };

/* clang-format off */
const char *const webhook_method_names[]     = { "POST", "GET", NULL };
const char *const conversation_state_names[] = { "initializing", "active", "inactive", "closed", NULL };
const char *const notification_level_names[] = { "default", "muted", NULL };
const char *const receipt_status_names[]     = { "", "sent", "delivered", "read", "failed", "undelivered", NULL };
const char *const role_type_names[]          = { "conversation", "service", NULL };

static const struct field account_fields[] = {
    FIELD(chat_account, sid,                           STR,  .flags = KEY | HIDDEN),
    FIELD(chat_account, account_sid,                   SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(chat_account, default_chat_service_sid,      SID,  .prefix = "IS"),
    FIELD(chat_account, default_messaging_service_sid, SID,  .prefix = "MG"),
    FIELD(chat_account, default_inactive_timer,        STR),
    FIELD(chat_account, default_closed_timer,          STR),
    FIELD(chat_account, date_created,                  TIME, .flags = BORN | HIDDEN),
    FIELD(chat_account, date_updated,                  TIME, .flags = BORN | TOUCHED | HIDDEN),
};

static const struct field service_fields[] = {
    FIELD(chat_service, account_sid,                           SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(chat_service, sid,                                   SID,  .flags = KEY, .prefix = "IS"),
    FIELD(chat_service, friendly_name,                         STR,  .flags = ON_CREATE | REQUIRED, .max = CHAT_NAME_MAX),
    FIELD(chat_service, date_created,                          TIME, .flags = BORN),
    FIELD(chat_service, date_updated,                          TIME, .flags = BORN | TOUCHED),
    FIELD(chat_service, default_conversation_creator_role_sid, SID,  .flags = HIDDEN, .prefix = "RL"),
    FIELD(chat_service, default_conversation_role_sid,         SID,  .flags = HIDDEN, .prefix = "RL"),
    FIELD(chat_service, default_chat_service_role_sid,         SID,  .flags = HIDDEN, .prefix = "RL"),
    FIELD(chat_service, reachability_enabled,                  BOOL, .flags = HIDDEN),
    FIELD(chat_service, pre_webhook_url,                       URL,  .flags = HIDDEN),
    FIELD(chat_service, post_webhook_url,                      URL,  .flags = HIDDEN),
    FIELD(chat_service, filters,                               LIST, .flags = HIDDEN),
    FIELD(chat_service, webhook_method,                        ENUM, .flags = HIDDEN, .names = webhook_method_names),
};

/* A conversation's names and attributes are texts with codes of their own when they are wrong: the engine looks at them. */
static const struct field conversation_fields[] = {
    FIELD(conversation, account_sid,           SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(conversation, chat_service_sid,      SID,  .flags = PARENT, .prefix = "IS", .refers = "chat_service"),
    FIELD(conversation, messaging_service_sid, SID,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE, .prefix = "MG"),
    FIELD(conversation, sid,                   SID,  .flags = KEY, .prefix = "CH"),
    FIELD(conversation, friendly_name,         STR,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(conversation, unique_name,           STR,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(conversation, attributes,            STR,  .flags = ON_CREATE | ON_UPDATE, .initial = "{}"),
    FIELD(conversation, state,                 ENUM, .names = conversation_state_names),
    FIELD(conversation, created_by,            STR),
    FIELD(conversation, inactive_timer,        INT),
    FIELD(conversation, closed_timer,          INT),
    FIELD(conversation, date_inactive,         TIME),
    FIELD(conversation, date_closed,           TIME),
    FIELD(conversation, date_created,          TIME, .flags = BORN),
    FIELD(conversation, date_updated,          TIME, .flags = BORN),
    FIELD(conversation, date_state,            TIME, .flags = BORN),
    FIELD(conversation, bindings,              JSON),
    FIELD(conversation, event_id,              INT),
    FIELD(conversation, roster_event_id,       INT),
    FIELD(conversation, messages_event_id,     INT),
    FIELD(conversation, next_index,            INT),
    FIELD(conversation, messages_count,        INT),
    FIELD(conversation, participants_count,    INT),
    FIELD(conversation, bindings_count,        INT),
    FIELD(conversation, last_message_index,    INT),
    FIELD(conversation, last_message_at,       TIME),
    FIELD(conversation, roster_forgotten_id,   INT),
    FIELD(conversation, messages_forgotten_id, INT),
};

static const struct field participant_fields[] = {
    FIELD(participant, account_sid,             SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(participant, chat_service_sid,        SID,  .prefix = "IS"),
    FIELD(participant, conversation_sid,        SID,  .flags = PARENT, .prefix = "CH"),
    FIELD(participant, sid,                     SID,  .flags = KEY, .prefix = "MB"),
    FIELD(participant, identity,                STR,  .flags = ON_CREATE),
    FIELD(participant, user_sid,                SID,  .flags = INDEXED, .prefix = "US"),
    FIELD(participant, channel,                 STR),
    FIELD(participant, address,                 STR,  .flags = INDEXED | ON_CREATE, .param = "MessagingBinding.Address"),
    FIELD(participant, proxy_address,           STR,  .flags = ON_CREATE, .param = "MessagingBinding.ProxyAddress"),
    FIELD(participant, projected_address,       STR,  .flags = ON_CREATE, .param = "MessagingBinding.ProjectedAddress"),
    FIELD(participant, binding_name,            STR),
    FIELD(participant, binding_level,           STR),
    FIELD(participant, attributes,              STR,  .flags = ON_CREATE, .initial = "{}"),
    FIELD(participant, role_sid,                SID,  .flags = ON_CREATE, .prefix = "RL"),
    FIELD(participant, last_read_message_index, INT),
    FIELD(participant, last_read_timestamp,     TIME),
    FIELD(participant, notification_level,      ENUM, .names = notification_level_names),
    FIELD(participant, removed,                 BOOL),
    FIELD(participant, event_id,                INT),
    FIELD(participant, added_id,                INT),
    FIELD(participant, mine_event_id,           INT),
    FIELD(participant, date_created,            TIME, .flags = BORN),
    FIELD(participant, date_updated,            TIME, .flags = BORN),
};

static const struct field message_fields[] = {
    FIELD(message, account_sid,          SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(message, chat_service_sid,     SID,  .prefix = "IS"),
    FIELD(message, conversation_sid,     SID,  .flags = PARENT, .prefix = "CH"),
    FIELD(message, sid,                  SID,  .flags = KEY, .prefix = "IM"),
    FIELD(message, participant_sid,      SID,  .prefix = "MB"),
    FIELD(message, message_index,        INT),
    FIELD(message, author,               STR,  .flags = ON_CREATE | ON_UPDATE),
    FIELD(message, body,                 STR,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(message, subject,              STR,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(message, attributes,           STR,  .flags = ON_CREATE | ON_UPDATE, .initial = "{}"),
    FIELD(message, media,                JSON),
    FIELD(message, content_sid,          SID,  .flags = ON_CREATE, .prefix = "HX"),
    FIELD(message, content_variables,    JSON, .flags = ON_CREATE, .max = CHAT_ATTRIBUTES_MAX),
    FIELD(message, last_updated_by,      STR),
    FIELD(message, delivery_total,       INT),
    FIELD(message, delivery_sent,        INT),
    FIELD(message, delivery_delivered,   INT),
    FIELD(message, delivery_read,        INT),
    FIELD(message, delivery_failed,      INT),
    FIELD(message, delivery_undelivered, INT),
    FIELD(message, removed,              BOOL),
    FIELD(message, event_id,             INT),
    FIELD(message, added_id,             INT),
    FIELD(message, date_created,         TIME, .flags = BORN),
    FIELD(message, date_updated,         TIME, .flags = BORN),
};

static const struct field receipt_fields[] = {
    FIELD(receipt, account_sid,         SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(receipt, chat_service_sid,    SID,  .prefix = "IS"),
    FIELD(receipt, conversation_sid,    SID,  .prefix = "CH"),
    FIELD(receipt, sid,                 SID,  .flags = KEY, .prefix = "DY"),
    FIELD(receipt, message_sid,         SID,  .flags = PARENT, .prefix = "IM"),
    FIELD(receipt, channel_message_sid, STR),
    FIELD(receipt, participant_sid,     SID,  .prefix = "MB"),
    FIELD(receipt, status,              ENUM, .names = receipt_status_names),
    FIELD(receipt, error_code,          INT),
    FIELD(receipt, date_created,        TIME, .flags = BORN),
    FIELD(receipt, date_updated,        TIME, .flags = BORN | TOUCHED),
};

static const struct field user_fields[] = {
    FIELD(chat_user, sid,                 SID,  .flags = KEY, .prefix = "US"),
    FIELD(chat_user, account_sid,         SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(chat_user, chat_service_sid,    SID,  .flags = PARENT, .prefix = "IS", .refers = "chat_service"),
    FIELD(chat_user, role_sid,            SID,  .flags = ON_CREATE | ON_UPDATE, .prefix = "RL"),
    FIELD(chat_user, identity,            STR,  .flags = ON_CREATE | REQUIRED),
    FIELD(chat_user, friendly_name,       STR,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(chat_user, attributes,          STR,  .flags = ON_CREATE | ON_UPDATE, .initial = "{}"),
    FIELD(chat_user, is_online,           BOOL),
    FIELD(chat_user, is_notifiable,       BOOL),
    FIELD(chat_user, conversations_count, INT),
    FIELD(chat_user, event_id,            INT),
    FIELD(chat_user, mine_event_id,       INT),
    FIELD(chat_user, mine_forgotten_id,   INT),
    FIELD(chat_user, date_created,        TIME, .flags = BORN),
    FIELD(chat_user, date_updated,        TIME, .flags = BORN),
};

static const struct field role_fields[] = {
    FIELD(chat_role, sid,              SID,  .flags = KEY, .prefix = "RL"),
    FIELD(chat_role, account_sid,      SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(chat_role, chat_service_sid, SID,  .flags = PARENT, .prefix = "IS", .refers = "chat_service"),
    FIELD(chat_role, friendly_name,    STR,  .flags = ON_CREATE | REQUIRED, .max = ROLE_NAME_MAX),
    FIELD(chat_role, type,             ENUM, .flags = ON_CREATE | REQUIRED, .names = role_type_names),
    FIELD(chat_role, permissions,      LIST, .flags = ON_CREATE | ON_UPDATE | REQUIRED, .param = "Permission"),
    FIELD(chat_role, date_created,     TIME, .flags = BORN),
    FIELD(chat_role, date_updated,     TIME, .flags = BORN | TOUCHED),
};

static const struct field key_fields[] = {
    FIELD(chat_key, sid,   STR, .flags = KEY),
    FIELD(chat_key, value, STR),
};

/* A replay reads a sequence from a number on; a page of messages, from an index on. */
static const struct index conversation_indexes[] = { { "chat_service_sid, date_created", false } };
static const struct index participant_indexes[]  = { { "conversation_sid, event_id", false }, { "user_sid, mine_event_id", false } };
static const struct index message_indexes[]      = { { "conversation_sid, message_index", true }, { "conversation_sid, event_id", false } };

const struct kind chat_account_kind = { .name = "chat_account", .size = sizeof(struct chat_account), .fields = ROWS(account_fields) };
const struct kind chat_service_kind = { .name = "chat_service", .size = sizeof(struct chat_service), .fields = ROWS(service_fields) };
const struct kind conversation_kind = { .name = "conversation", .size = sizeof(struct conversation), .fields = ROWS(conversation_fields), .indexes = ROWS(conversation_indexes) };
const struct kind participant_kind  = { .name = "participant", .size = sizeof(struct participant), .fields = ROWS(participant_fields), .indexes = ROWS(participant_indexes) };
const struct kind message_kind      = { .name = "message", .size = sizeof(struct message), .fields = ROWS(message_fields), .indexes = ROWS(message_indexes) };
const struct kind receipt_kind      = { .name = "receipt", .size = sizeof(struct receipt), .fields = ROWS(receipt_fields) };
const struct kind chat_user_kind    = { .name = "chat_user", .size = sizeof(struct chat_user), .fields = ROWS(user_fields) };
const struct kind chat_role_kind    = { .name = "chat_role", .size = sizeof(struct chat_role), .fields = ROWS(role_fields) };
const struct kind chat_key_kind     = { .name = "chat_key", .size = sizeof(struct chat_key), .fields = ROWS(key_fields) };

const struct kind *const chat_kinds[CHAT_KINDS] = {
    &chat_account_kind, &chat_service_kind, &conversation_kind, &participant_kind, &message_kind,
    &receipt_kind,      &chat_user_kind,    &chat_role_kind,    &chat_key_kind,
    &chat_hooks_kind,   &scoped_hook_kind,  &address_configuration_kind, &chat_tombstone_kind,
};
/* clang-format on */
