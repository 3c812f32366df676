#include "interaction/interaction.h"

enum { ROUTING_CHARS_MAX = 16 * 1024, MESSAGE_CHARS_MAX = 1024 };

/* clang-format off */
const char *const channel_type_names[] = { "voice", "sms", "email", "web", "whatsapp", "chat", "messenger", "gbm", NULL };
const char *const channel_status_names[] = { "setup", "active", "failed", "closed", "inactive", "pause", "transfer", NULL };
const char *const initiated_by_names[] = { "customer", "agent", "api", NULL };
const char *const participant_type_names[] = { "supervisor", "customer", "external", "agent", "unknown", NULL };
static const char *const participant_status_names[] = { "active", "wrapup", "closed", NULL };
static const char *const handover_type_names[] = { "warm", "cold", "external", NULL };
static const char *const handover_status_names[] = { "active", "failed", "completed", NULL };

static const struct field interaction_fields[] = {
    FIELD(interaction, sid,                     SID,  .flags = KEY, .prefix = "KD"),
    FIELD(interaction, account_sid,             SID,  .flags = OWNER | HIDDEN, .prefix = "AC"),
    FIELD(interaction, channel,                 JSON, .flags = ON_CREATE | REQUIRED | JSON_VALUE, .max = ROUTING_CHARS_MAX),
    FIELD(interaction, routing,                 JSON, .flags = ON_CREATE | JSON_VALUE, .max = ROUTING_CHARS_MAX),
    FIELD(interaction, interaction_context_sid, SID,  .flags = ON_CREATE, .prefix = "HQ"),
    FIELD(interaction, webhook_ttid,            STR,  .flags = ON_CREATE | ON_UPDATE, .max = 128),
    FIELD(interaction, date_created,            TIME, .flags = BORN | HIDDEN),
    FIELD(interaction, date_updated,            TIME, .flags = BORN | TOUCHED | HIDDEN),
};

static const struct field channel_fields[] = {
    FIELD(interaction_channel, sid,               SID,  .flags = KEY, .prefix = "UO"),
    FIELD(interaction_channel, account_sid,       SID,  .flags = OWNER | HIDDEN, .prefix = "AC"),
    FIELD(interaction_channel, interaction_sid,   SID,  .flags = PARENT | INDEXED, .prefix = "KD"),
    FIELD(interaction_channel, type,              ENUM, .names = channel_type_names),
    FIELD(interaction_channel, status,            ENUM, .names = channel_status_names),
    FIELD(interaction_channel, error_code,        INT),
    FIELD(interaction_channel, error_message,     STR,  .max = MESSAGE_CHARS_MAX),
    FIELD(interaction_channel, initiated_by,      ENUM, .flags = HIDDEN, .names = initiated_by_names),
    FIELD(interaction_channel, media_channel_sid, SID,  .flags = INDEXED | HIDDEN, .prefix = "CH"),
    FIELD(interaction_channel, chat_service_sid,  SID,  .flags = HIDDEN, .prefix = "IS"),
    FIELD(interaction_channel, resume,            JSON, .flags = HIDDEN),
    FIELD(interaction_channel, last_worker_sid,   SID,  .flags = HIDDEN | INDEXED, .prefix = "WK"),
    FIELD(interaction_channel, joined,            BOOL, .flags = HIDDEN),
    FIELD(interaction_channel, left,              BOOL, .flags = HIDDEN),
    FIELD(interaction_channel, again,             BOOL, .flags = HIDDEN),
    FIELD(interaction_channel, date_created,      TIME, .flags = BORN | HIDDEN),
    FIELD(interaction_channel, date_updated,      TIME, .flags = BORN | TOUCHED | HIDDEN),
};

static const struct field invite_fields[] = {
    FIELD(interaction_invite, sid,             SID,  .flags = KEY, .prefix = "KG"),
    FIELD(interaction_invite, account_sid,     SID,  .flags = OWNER | HIDDEN, .prefix = "AC"),
    FIELD(interaction_invite, interaction_sid, SID,  .flags = PARENT, .prefix = "KD"),
    FIELD(interaction_invite, channel_sid,     SID,  .flags = PARENT | INDEXED, .prefix = "UO"),
    FIELD(interaction_invite, routing,         JSON, .flags = ON_CREATE | REQUIRED | JSON_VALUE, .max = ROUTING_CHARS_MAX),
    FIELD(interaction_invite, task_sid,        SID,  .flags = HIDDEN, .prefix = "WT"),
    FIELD(interaction_invite, automatic,       BOOL, .flags = HIDDEN),
    FIELD(interaction_invite, fallback,        BOOL, .flags = HIDDEN),
    FIELD(interaction_invite, ended,           BOOL, .flags = HIDDEN),
    FIELD(interaction_invite, date_created,    TIME, .flags = BORN | HIDDEN),
    FIELD(interaction_invite, date_updated,    TIME, .flags = BORN | TOUCHED | HIDDEN),
};

static const struct field participant_fields[] = {
    FIELD(interaction_participant, sid,                  SID,  .flags = KEY, .prefix = "UT"),
    FIELD(interaction_participant, account_sid,          SID,  .flags = OWNER | HIDDEN, .prefix = "AC"),
    FIELD(interaction_participant, type,                 ENUM, .flags = ON_CREATE | REQUIRED, .names = participant_type_names),
    FIELD(interaction_participant, interaction_sid,      SID,  .flags = PARENT, .prefix = "KD"),
    FIELD(interaction_participant, channel_sid,          SID,  .flags = PARENT | INDEXED, .prefix = "UO"),
    FIELD(interaction_participant, routing_properties,   JSON, .flags = ON_CREATE | JSON_VALUE, .max = ROUTING_CHARS_MAX),
    FIELD(interaction_participant, media_properties,     JSON, .flags = ON_CREATE | REQUIRED | HIDDEN, .max = ROUTING_CHARS_MAX),
    FIELD(interaction_participant, status,               ENUM, .flags = HIDDEN, .names = participant_status_names),
    FIELD(interaction_participant, identity,             STR,  .flags = HIDDEN),
    FIELD(interaction_participant, address,              STR,  .flags = HIDDEN),
    FIELD(interaction_participant, chat_participant_sid, SID,  .flags = HIDDEN, .prefix = "MB"),
    FIELD(interaction_participant, worker_sid,           SID,  .flags = HIDDEN, .prefix = "WK"),
    FIELD(interaction_participant, task_sid,             SID,  .flags = HIDDEN, .prefix = "WT"),
    FIELD(interaction_participant, reservation_sid,      SID,  .flags = HIDDEN, .prefix = "WR"),
    FIELD(interaction_participant, date_created,         TIME, .flags = BORN | HIDDEN),
    FIELD(interaction_participant, date_updated,         TIME, .flags = BORN | TOUCHED | HIDDEN),
};

static const struct field transfer_fields[] = {
    FIELD(interaction_transfer, sid,               SID,  .flags = KEY, .prefix = "UX"),
    FIELD(interaction_transfer, instance_sid,      SID,  .prefix = "GO"),
    FIELD(interaction_transfer, account_sid,       SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(interaction_transfer, interaction_sid,   SID,  .flags = PARENT, .prefix = "KD"),
    FIELD(interaction_transfer, channel_sid,       SID,  .flags = PARENT | INDEXED, .prefix = "UO"),
    FIELD(interaction_transfer, execution_sid,     SID,  .prefix = "QW"),
    FIELD(interaction_transfer, type,              ENUM, .names = handover_type_names),
    FIELD(interaction_transfer, status,            ENUM, .names = handover_status_names),
    FIELD(interaction_transfer, from,              SID,  .prefix = "UT"),
    FIELD(interaction_transfer, to,                STR),
    FIELD(interaction_transfer, note_sid,          SID,  .prefix = "KQ"),
    FIELD(interaction_transfer, summary_sid,       SID,  .prefix = "KQ"),
    FIELD(interaction_transfer, task_transfer_sid, SID,  .flags = HIDDEN, .prefix = "TT"),
    FIELD(interaction_transfer, invite_sid,        SID,  .flags = HIDDEN, .prefix = "KG"),
    FIELD(interaction_transfer, date_created,      TIME, .flags = BORN),
    FIELD(interaction_transfer, date_updated,      TIME, .flags = BORN | TOUCHED),
};

static const struct index channel_indexes[] = { { "date_updated", false } };

static bool channel_is_live(const void *row)
{
    const struct interaction_channel *c = row;
    return c->status != CHANNEL_FAILED && c->status != CHANNEL_CLOSED;
}

static bool invite_is_live(const void *row)
{
    return !((const struct interaction_invite *)row)->ended;
}

static bool participant_is_live(const void *row)
{
    return ((const struct interaction_participant *)row)->status != PARTICIPANT_CLOSED;
}

static bool transfer_is_live(const void *row)
{
    return ((const struct interaction_transfer *)row)->status == HANDOVER_ACTIVE;
}

const struct kind interaction_kind             = { .name = "interaction", .size = sizeof(struct interaction), .fields = ROWS(interaction_fields) };
const struct kind interaction_channel_kind     = { .name = "interaction_channel", .size = sizeof(struct interaction_channel), .fields = ROWS(channel_fields), .indexes = ROWS(channel_indexes),
                                                   .resident = true, .live_where = "status NOT IN ('failed', 'closed')", .is_live = channel_is_live };
const struct kind interaction_invite_kind      = { .name = "interaction_invite", .size = sizeof(struct interaction_invite), .fields = ROWS(invite_fields),
                                                   .resident = true, .live_where = "ended = 0", .is_live = invite_is_live };
const struct kind interaction_participant_kind = { .name = "interaction_participant", .size = sizeof(struct interaction_participant), .fields = ROWS(participant_fields),
                                                   .resident = true, .live_where = "status <> 'closed'", .is_live = participant_is_live };
const struct kind interaction_transfer_kind    = { .name = "interaction_transfer", .size = sizeof(struct interaction_transfer), .fields = ROWS(transfer_fields),
                                                   .resident = true, .live_where = "status = 'active'", .is_live = transfer_is_live };
/* clang-format on */
