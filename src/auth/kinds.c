#include "auth/internal.h"

/* clang-format off */
static const char *const account_status_names[] = { "active", "suspended", "closed", NULL };
static const char *const account_type_names[] = { "Trial", "Full", NULL };
static const char *const key_type_names[] = { "standard", "main", "restricted", NULL };

/* In the order of Twilio's JSON.  A subaccount belongs to its parent, a main account to itself: so a parent's list holds
 * itself and its children. */
static const struct field account_fields[] = {
    FIELD(account, auth_token,           STR),
    FIELD(account, date_created,         TIME, .flags = BORN | RFC2822),
    FIELD(account, date_updated,         TIME, .flags = BORN | TOUCHED | RFC2822),
    FIELD(account, friendly_name,        STR,  .flags = ON_CREATE | ON_UPDATE | FILTER, .max = 64),
    FIELD(account, owner_account_sid,    SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(account, sid,                  SID,  .flags = KEY, .prefix = "AC"),
    FIELD(account, status,               ENUM, .flags = ON_UPDATE | FILTER, .names = account_status_names, .initial = "active"),
    FIELD(account, type,                 ENUM, .names = account_type_names, .initial = "Full"),
    FIELD(account, secondary_auth_token, STR,  .flags = HIDDEN),
};

static const struct field api_key_fields[] = {
    FIELD(api_key, sid,           SID,  .flags = KEY, .prefix = "SK"),
    FIELD(api_key, friendly_name, STR,  .flags = ON_CREATE | ON_UPDATE, .initial = "", .max = 64),
    FIELD(api_key, date_created,  TIME, .flags = BORN | RFC2822),
    FIELD(api_key, date_updated,  TIME, .flags = BORN | TOUCHED | RFC2822),
    FIELD(api_key, secret,        STR,  .flags = SECRET),
    FIELD(api_key, account_sid,   SID,  .flags = OWNER | HIDDEN, .prefix = "AC"),
    FIELD(api_key, type,          ENUM, .flags = HIDDEN, .names = key_type_names, .initial = "standard"),
    FIELD(api_key, policy,        JSON, .flags = HIDDEN),
    FIELD(api_key, desktop,       BOOL, .flags = HIDDEN, .initial = "false"),
};

static const struct field user_fields[] = {
    FIELD(user, sid,           SID,  .flags = KEY, .prefix = "FU"),
    FIELD(user, account_sid,   SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(user, username,      STR,  .max = 160),
    FIELD(user, full_name,     STR,  .max = 160),
    FIELD(user, email,         STR,  .max = 320),
    FIELD(user, roles,         JSON),
    FIELD(user, worker_sid,    SID,  .flags = INDEXED, .prefix = "WK"),
    FIELD(user, workspace_sid, SID,  .prefix = "WS"),
    FIELD(user, active,        BOOL, .initial = "true"),
    FIELD(user, date_created,  TIME, .flags = BORN),
    FIELD(user, date_updated,  TIME, .flags = BORN | TOUCHED),
    FIELD(user, password_hash, STR,  .flags = HIDDEN),
};
/* One name, one person, whichever account: the log-in form asks for no account. */
static const struct index user_indexes[] = { { "username", true } };

static const struct field session_fields[] = {
    FIELD(session, sid,          SID,  .flags = KEY, .prefix = "FS"),
    FIELD(session, account_sid,  SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(session, user_sid,     SID,  .flags = INDEXED, .prefix = "FU"),
    FIELD(session, secret_hash,  STR,  .flags = HIDDEN),
    FIELD(session, expires,      TIME),
    FIELD(session, date_created, TIME, .flags = BORN),
};

const struct kind account_kind = { .name = "account", .size = sizeof(struct account), .fields = ROWS(account_fields) };
const struct kind api_key_kind = { .name = "api_key", .size = sizeof(struct api_key), .fields = ROWS(api_key_fields) };
const struct kind user_kind = { .name = "account_user", .size = sizeof(struct user), .fields = ROWS(user_fields), .indexes = ROWS(user_indexes) };
const struct kind session_kind = { .name = "desktop_session", .size = sizeof(struct session), .fields = ROWS(session_fields) };
/* clang-format on */
