#include "chat/binding.h"

const char *const binding_type_names[] = { "apn", "gcm", "fcm", "twilsock", NULL };

enum { BINDING_TEXT_MAX = 4096 };

/* clang-format off */
static const struct field fields[] = {
    FIELD(chat_binding, sid,              SID,  .flags = KEY, .prefix = "BS"),
    FIELD(chat_binding, account_sid,      SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(chat_binding, chat_service_sid, SID,  .flags = PARENT, .prefix = "IS", .refers = "chat_service"),
    FIELD(chat_binding, credential_sid,   SID,  .prefix = "CR"),
    FIELD(chat_binding, date_created,     TIME, .flags = BORN),
    FIELD(chat_binding, date_updated,     TIME, .flags = BORN | TOUCHED),
    FIELD(chat_binding, endpoint,         STR),
    FIELD(chat_binding, identity,         STR,  .flags = FILTER),
    FIELD(chat_binding, address,          STR,  .flags = HIDDEN, .max = BINDING_TEXT_MAX),
    FIELD(chat_binding, binding_type,     ENUM, .flags = FILTER, .names = binding_type_names),
    FIELD(chat_binding, message_types,    LIST),
};
static const struct index indexes[] = { { "chat_service_sid, identity", false } };
/* clang-format on */

const struct kind chat_binding_kind = {
    .name = "chat_binding", .size = sizeof(struct chat_binding), .fields = ROWS(fields), .indexes = ROWS(indexes)
};

fault_t binding_changed(struct chat *c, struct tx *tx, const struct chat_service *s, const char *identity,
                        bool there_are)
{
    const struct chat_actor by = { .by = BY_SERVER };
    struct chat_user *u = chat_user_of(c, tx, s, identity);

    if (!s->reachability_enabled || u->is_notifiable == there_are)
        return NULL;
    row_edit(tx, u);
    u->is_notifiable = there_are;
    return chat_user_changed(c, tx, &by, u);
}
