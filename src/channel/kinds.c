#include "channel/internal.h"

/* clang-format off */
const char *const carrier_type_names[]    = { "twilio", "kannel", "custom", NULL };
const char *const callback_method_names[] = { "POST", "GET", NULL };
const char *const sms_status_names[]      = { "queued", "sending", "sent", "delivered", "read", "undelivered", "failed", "receiving", "received", NULL };
const char *const sms_direction_names[]   = { "inbound", "outbound-api", "outbound-reply", NULL };

static const struct field carrier_fields[] = {
    FIELD(carrier, sid,           SID,  .flags = KEY, .prefix = "KC"),
    FIELD(carrier, account_sid,   SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(carrier, friendly_name, STR,  .flags = ON_CREATE | ON_UPDATE, .max = 64),
    FIELD(carrier, type,          ENUM, .flags = ON_CREATE | REQUIRED, .names = carrier_type_names),
    FIELD(carrier, url,           URL,  .flags = ON_CREATE | ON_UPDATE | REQUIRED, .param = "CarrierUrl"),
    FIELD(carrier, username,      STR,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE, .max = 64),
    FIELD(carrier, secret,        STR,  .flags = ON_CREATE | ON_UPDATE | HIDDEN, .max = 256),
    FIELD(carrier, callback_url,  URL,  .flags = ON_CREATE | ON_UPDATE),
    FIELD(carrier, date_created,  TIME, .flags = BORN),
    FIELD(carrier, date_updated,  TIME, .flags = BORN | TOUCHED),
};

static const struct field sender_fields[] = {
    FIELD(sender, sid,                    SID,  .flags = KEY, .prefix = "PN"),
    FIELD(sender, account_sid,            SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(sender, phone_number,           STR,  .flags = UNIQUE | FILTER),
    FIELD(sender, friendly_name,          STR,  .flags = FILTER),
    FIELD(sender, carrier_sid,            SID,  .flags = HIDDEN | INDEXED, .prefix = "KC"),
    FIELD(sender, sms_url,                URL,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(sender, sms_method,             ENUM, .names = callback_method_names),
    FIELD(sender, sms_fallback_url,       URL,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(sender, sms_fallback_method,    ENUM, .names = callback_method_names),
    FIELD(sender, status_callback,        URL,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(sender, status_callback_method, ENUM, .names = callback_method_names),
    FIELD(sender, date_created,           TIME, .flags = BORN | RFC2822),
    FIELD(sender, date_updated,           TIME, .flags = BORN | TOUCHED | RFC2822),
};

static const struct field sms_fields[] = {
    FIELD(sms, sid,                   SID,  .flags = KEY, .prefix = "SM|MM"),
    FIELD(sms, account_sid,           SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(sms, from,                  STR,  .flags = FILTER),
    FIELD(sms, to,                    STR,  .flags = FILTER),
    FIELD(sms, body,                  STR,  .flags = ON_UPDATE),
    FIELD(sms, messaging_service_sid, STR),
    FIELD(sms, status,                ENUM, .names = sms_status_names),
    FIELD(sms, direction,             ENUM, .names = sms_direction_names),
    FIELD(sms, num_segments,          STR),
    FIELD(sms, num_media,             STR),
    FIELD(sms, price,                 STR),
    FIELD(sms, price_unit,            STR),
    FIELD(sms, api_version,           STR),
    FIELD(sms, error_code,            INT),
    FIELD(sms, error_message,         STR),
    FIELD(sms, subresource_uris,      JSON, .flags = COMPUTED | JSON_VALUE),
    FIELD(sms, date_created,          TIME, .flags = BORN | RFC2822),
    FIELD(sms, date_updated,          TIME, .flags = BORN | TOUCHED | RFC2822),
    FIELD(sms, date_sent,             TIME, .flags = RANGE | RFC2822),
    FIELD(sms, media,                 LIST, .flags = HIDDEN),
    FIELD(sms, status_callback,       STR,  .flags = HIDDEN),
    FIELD(sms, profile_name,          STR,  .flags = HIDDEN),
    FIELD(sms, request_token,         STR,  .flags = HIDDEN | INDEXED),
    FIELD(sms, carrier_sid,           STR,  .flags = HIDDEN),
    FIELD(sms, carrier_message_sid,   STR,  .flags = HIDDEN | INDEXED),
    FIELD(sms, conversation_sid,      STR,  .flags = HIDDEN),
    FIELD(sms, message_sid,           STR,  .flags = HIDDEN),
    FIELD(sms, participant_sid,       STR,  .flags = HIDDEN),
    FIELD(sms, step,                  INT,  .flags = HIDDEN),
    FIELD(sms, attempts,              INT,  .flags = HIDDEN),
};

struct opt_out { const char *sid; int64_t date_created; };
static const struct field opt_out_fields[] = {
    FIELD(opt_out, sid,          STR,  .flags = KEY),
    FIELD(opt_out, date_created, TIME, .flags = BORN),
};

struct nonce { const char *sid; int64_t date_created; };
static const struct field nonce_fields[] = {
    FIELD(nonce, sid,          STR,  .flags = KEY),
    FIELD(nonce, date_created, TIME, .flags = BORN | INDEXED),
};

static const struct index sms_indexes[] = { { "status" } };

const struct kind carrier_kind = { .name = "carrier", .size = sizeof(struct carrier), .fields = ROWS(carrier_fields) };
const struct kind sender_kind  = { .name = "sender",  .size = sizeof(struct sender),  .fields = ROWS(sender_fields) };
const struct kind sms_kind     = { .name = "sms",     .size = sizeof(struct sms),     .fields = ROWS(sms_fields), .indexes = ROWS(sms_indexes) };
const struct kind opt_out_kind = { .name = "opt_out", .size = sizeof(struct opt_out), .fields = ROWS(opt_out_fields) };
const struct kind nonce_kind   = { .name = "nonce",   .size = sizeof(struct nonce),   .fields = ROWS(nonce_fields) };

const struct kind *const channel_kinds[CHANNEL_KINDS] = { &carrier_kind, &sender_kind, &sms_kind, &opt_out_kind, &nonce_kind };
/* clang-format on */
