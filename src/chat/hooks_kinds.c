#include "chat/hooks.h"

#include "codec/json.h"
#include <string.h>

/* clang-format off */
const char *const hook_method_names[]    = { "POST", "GET", NULL };
const char *const scoped_target_names[]  = { "webhook", "trigger", NULL };
const char *const address_type_names[]   = { "sms", "whatsapp", "messenger", "gbm", "email", "rcs", "apple", "chat", NULL };
const char *const creation_type_names[]  = { "default", "webhook", "interaction", NULL };
static const char *const hooks_targets[] = { "webhook", "flex", NULL };

static const struct field hooks_fields[] = {
    FIELD(chat_hooks, sid,              STR,  .flags = KEY | HIDDEN),
    FIELD(chat_hooks, account_sid,      SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(chat_hooks, method,           ENUM, .names = hook_method_names),
    FIELD(chat_hooks, filters,          LIST, .flags = ON_UPDATE),
    FIELD(chat_hooks, pre_webhook_url,  STR,  .flags = ON_UPDATE | CLEARABLE),
    FIELD(chat_hooks, post_webhook_url, STR,  .flags = ON_UPDATE | CLEARABLE),
    FIELD(chat_hooks, target,           ENUM, .flags = ON_UPDATE, .names = hooks_targets),
};

static const struct field scoped_fields[] = {
    FIELD(scoped_hook, sid,              SID,  .flags = KEY, .prefix = "WH"),
    FIELD(scoped_hook, account_sid,      SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(scoped_hook, chat_service_sid, SID,  .flags = PARENT, .prefix = "IS", .refers = "chat_service"),
    FIELD(scoped_hook, conversation_sid, SID,  .flags = PARENT | INDEXED, .prefix = "CH", .refers = "conversation"),
    FIELD(scoped_hook, target,           ENUM, .names = scoped_target_names),
    FIELD(scoped_hook, url,              STR),
    FIELD(scoped_hook, method,           ENUM, .names = hook_method_names),
    FIELD(scoped_hook, filters,          LIST),
    FIELD(scoped_hook, triggers,         LIST),
    FIELD(scoped_hook, date_created,     TIME, .flags = BORN),
    FIELD(scoped_hook, date_updated,     TIME, .flags = BORN | TOUCHED),
};

static const struct field address_fields[] = {
    FIELD(address_configuration, sid,                      SID,  .flags = KEY, .prefix = "IG"),
    FIELD(address_configuration, account_sid,              SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(address_configuration, type,                     ENUM, .flags = ON_CREATE | REQUIRED | FILTER, .names = address_type_names),
    FIELD(address_configuration, address,                  STR,  .flags = ON_CREATE | REQUIRED | UNIQUE | ALTERNATE, .max = 256),
    FIELD(address_configuration, friendly_name,            STR,  .flags = ON_CREATE | ON_UPDATE | CLEARABLE, .max = 256),
    FIELD(address_configuration, auto_creation,            JSON, .flags = COMPUTED | JSON_VALUE),
    FIELD(address_configuration, address_country,          STR,  .flags = ON_CREATE | CLEARABLE, .max = 2),
    FIELD(address_configuration, date_created,             TIME, .flags = BORN),
    FIELD(address_configuration, date_updated,             TIME, .flags = BORN | TOUCHED),
    FIELD(address_configuration, enabled,                  BOOL, .flags = HIDDEN | ON_CREATE | ON_UPDATE, .initial = "false", .param = "AutoCreation.Enabled"),
    FIELD(address_configuration, creation_type,            ENUM, .flags = HIDDEN, .names = creation_type_names),
    FIELD(address_configuration, conversation_service_sid, SID,  .flags = HIDDEN | ON_CREATE | ON_UPDATE | CLEARABLE, .prefix = "IS", .param = "AutoCreation.ConversationServiceSid", .refers = "chat_service"),
    FIELD(address_configuration, webhook_url,              STR,  .flags = HIDDEN | ON_CREATE | ON_UPDATE | CLEARABLE, .max = HOOK_URL_MAX, .param = "AutoCreation.WebhookUrl"),
    FIELD(address_configuration, webhook_method,           ENUM, .flags = HIDDEN | ON_CREATE | ON_UPDATE, .names = hook_method_names, .initial = "POST", .param = "AutoCreation.WebhookMethod"),
    FIELD(address_configuration, webhook_filters,          LIST, .flags = HIDDEN | ON_CREATE | ON_UPDATE, .param = "AutoCreation.WebhookFilters"),
};

const struct kind chat_hooks_kind            = { .name = "chat_hooks", .size = sizeof(struct chat_hooks), .fields = ROWS(hooks_fields) };
const struct kind scoped_hook_kind           = { .name = "scoped_hook", .size = sizeof(struct scoped_hook), .fields = ROWS(scoped_fields) };
const struct kind address_configuration_kind = { .name = "address_configuration", .size = sizeof(struct address_configuration), .fields = ROWS(address_fields) };

static const struct { const char *name; unsigned flags; } hooks[] = {
#define HOOK(id, hook, of) { hook, of },
#include "chat/hooks.def"
#undef HOOK
};
/* clang-format on */

const char *hook_name(enum hook h)
{
    return hooks[h].name;
}

unsigned hook_flags(enum hook h)
{
    return hooks[h].flags;
}

enum hook hook_named(const char *name)
{
    enum hook h = 0;

    while (h < HOOK_COUNT && strcmp(hooks[h].name, name))
        h++;
    return h;
}

bool hook_filters_check(struct arena *a, const char *filters, unsigned flags, const char **wrong)
{
    json_t *list = filters ? json_parse(a, filters, strlen(filters), NULL) : NULL, *name;
    size_t i;

    json_array_foreach(list, i, name)
    {
        enum hook h = hook_named(json_string_value(name));
        *wrong = json_string_value(name);
        if (h == HOOK_COUNT || (hook_flags(h) & flags) != flags)
            return false;
    }
    return true;
}

struct chat_hooks *chat_hooks_find(struct chat_view *v, const char *account_sid)
{
    return chat_find(v, &chat_hooks_kind, account_sid);
}

struct address_configuration *address_configuration_by(struct chat_view *v, const char *account_sid,
                                                       const char *address)
{
    void *row = NULL;

    if (record_find_by(v->db, v->arena, &address_configuration_kind, "address", address, account_sid, &row) != DB_OK)
        return NULL;
    return row;
}

void scoped_hook_add(struct tx *tx, const struct conversation *c, const char *url, unsigned method, const char *filters)
{
    struct scoped_hook *h = row_new(tx, &scoped_hook_kind, NULL);

    row_set(tx, h, &h->account_sid, c->account_sid);
    row_set(tx, h, &h->chat_service_sid, c->chat_service_sid);
    row_set(tx, h, &h->conversation_sid, c->sid);
    row_set(tx, h, &h->url, url);
    row_set(tx, h, &h->filters, filters);
    h->target = SCOPED_WEBHOOK;
    h->method = method;
}
