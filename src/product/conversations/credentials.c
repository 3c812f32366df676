/* /v1/Credentials: keys of push services.  They are kept, and never shown. */
#include "product/conversations/settings.h"

enum push_type { PUSH_APN, PUSH_GCM, PUSH_FCM };
static const char *const push_types[] = { "apn", "gcm", "fcm", NULL };

struct push_credential { /* CR… */
    const char *sid, *account_sid, *friendly_name, *sandbox, *certificate, *private_key, *api_key, *secret;
    unsigned type; /* enum push_type */
    int64_t date_created, date_updated;
};

enum { PEM_MAX = 16 * 1024, KEY_MAX = 4096 };

/* clang-format off */
static const struct field fields[] = {
    FIELD(push_credential, sid,           SID,  .flags = KEY, .prefix = "CR"),
    FIELD(push_credential, account_sid,   SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(push_credential, friendly_name, STR,  .flags = ON_CREATE | ON_UPDATE, .initial = "", .max = 64),
    FIELD(push_credential, type,          ENUM, .flags = ON_CREATE | ON_UPDATE | REQUIRED, .names = push_types),
    FIELD(push_credential, sandbox,       STR),
    FIELD(push_credential, date_created,  TIME, .flags = BORN),
    FIELD(push_credential, date_updated,  TIME, .flags = BORN | TOUCHED),
    FIELD(push_credential, certificate,   STR,  .flags = HIDDEN | ON_CREATE | ON_UPDATE | CLEARABLE, .max = PEM_MAX),
    FIELD(push_credential, private_key,   STR,  .flags = HIDDEN | ON_CREATE | ON_UPDATE | CLEARABLE, .max = PEM_MAX),
    FIELD(push_credential, api_key,       STR,  .flags = HIDDEN | ON_CREATE | ON_UPDATE | CLEARABLE, .max = KEY_MAX),
    FIELD(push_credential, secret,        STR,  .flags = HIDDEN | ON_CREATE | ON_UPDATE | CLEARABLE, .max = KEY_MAX),
};

const struct kind credential_kind = { .name = "chat_credential", .size = sizeof(struct push_credential), .fields = ROWS(fields) };

struct credential_change { bool sandbox; };
static const struct field change_fields[] = { FIELD(credential_change, sandbox, BOOL, .initial = "false") };
/* clang-format on */

static fault_t check(struct op *op, struct push_credential *c)
{
    const struct credential_change *p = op->params;

    if (c->type == PUSH_APN && (!c->certificate || !c->private_key))
        return refuse(op, F_INVALID_PARAMETER, "Type apn needs Certificate and PrivateKey");
    if (c->type == PUSH_GCM && !c->api_key)
        return refuse(op, F_INVALID_PARAMETER, "Type gcm needs ApiKey");
    if (c->type == PUSH_FCM && !c->secret)
        return refuse(op, F_INVALID_PARAMETER, "Type fcm needs Secret");
    if (op_given(op, "Sandbox") || !c->sandbox)
        row_set(op->tx, c, &c->sandbox, p->sandbox ? "true" : "false");
    return NULL;
}

static fault_t create(struct op *op, void *row)
{
    return check(op, row);
}

static fault_t update(struct op *op, void *row, const void *was)
{
    (void)was;
    return check(op, row);
}

const struct resource credential_resource = {
    .product = "conversations",
    .enter = settings_enter,
    .name = "Credential",
    .path = "/v1/Credentials",
    .many = "credentials",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &credential_kind,
    .create_params = PARAMS(credential_change, change_fields),
    .update_params = PARAMS(credential_change, change_fields),
    .create = create,
    .update = update,
};
