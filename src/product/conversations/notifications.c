/* Configuration/Notifications: the words and sounds of a service's push notifications. */
#include "product/conversations/settings.h"

#include <string.h>

struct notifications {
    const char *chat_service_sid, *account_sid, *new_message, *added_to_conversation, *removed_from_conversation;
    bool log_enabled;
    bool message_enabled, message_badge, media_enabled, added_enabled, removed_enabled;
    const char *message_template, *message_sound, *media_template, *added_template, *added_sound, *removed_template,
        *removed_sound;
};

enum { TEMPLATE_MAX = 2048, SOUND_MAX = 256 };

/* clang-format off */
#define SET HIDDEN | ON_UPDATE
static const struct field fields[] = {
    FIELD(notifications, chat_service_sid,          STR,  .flags = KEY),
    FIELD(notifications, account_sid,               SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(notifications, log_enabled,               BOOL, .flags = ON_UPDATE),
    FIELD(notifications, new_message,               JSON, .flags = COMPUTED | JSON_VALUE),
    FIELD(notifications, added_to_conversation,     JSON, .flags = COMPUTED | JSON_VALUE),
    FIELD(notifications, removed_from_conversation, JSON, .flags = COMPUTED | JSON_VALUE),
    FIELD(notifications, message_enabled,  BOOL, .flags = SET, .param = "NewMessage.Enabled"),
    FIELD(notifications, message_template, STR,  .flags = SET, .param = "NewMessage.Template", .max = TEMPLATE_MAX),
    FIELD(notifications, message_sound,    STR,  .flags = SET, .param = "NewMessage.Sound", .max = SOUND_MAX),
    FIELD(notifications, message_badge,    BOOL, .flags = SET, .param = "NewMessage.BadgeCountEnabled"),
    FIELD(notifications, media_enabled,    BOOL, .flags = SET, .param = "NewMessage.WithMedia.Enabled"),
    FIELD(notifications, media_template,   STR,  .flags = SET, .param = "NewMessage.WithMedia.Template", .max = TEMPLATE_MAX),
    FIELD(notifications, added_enabled,    BOOL, .flags = SET, .param = "AddedToConversation.Enabled"),
    FIELD(notifications, added_template,   STR,  .flags = SET, .param = "AddedToConversation.Template", .max = TEMPLATE_MAX),
    FIELD(notifications, added_sound,      STR,  .flags = SET, .param = "AddedToConversation.Sound", .max = SOUND_MAX),
    FIELD(notifications, removed_enabled,  BOOL, .flags = SET, .param = "RemovedFromConversation.Enabled"),
    FIELD(notifications, removed_template, STR,  .flags = SET, .param = "RemovedFromConversation.Template", .max = TEMPLATE_MAX),
    FIELD(notifications, removed_sound,    STR,  .flags = SET, .param = "RemovedFromConversation.Sound", .max = SOUND_MAX),
};
/* clang-format on */

const struct kind notifications_kind = { .name = "chat_notifications",
                                         .size = sizeof(struct notifications),
                                         .fields = ROWS(fields) };

/* Nothing set yet: looking shows what holds, changing makes a row. */
static fault_t find(struct op *op, const char *key, void **row)
{
    const struct chat_service *s = op_find(op, &chat_service_kind, key);
    struct notifications *n = s ? op_find(op, &notifications_kind, key) : NULL;

    *row = n;
    if (!s || n)
        return NULL;
    if (op->tx) {
        n = row_new(op->tx, &notifications_kind, s->sid);
        row_set(op->tx, n, &n->account_sid, s->account_sid);
    } else {
        n = arena_alloc(op->arena, sizeof(*n));
        *n = (struct notifications){ .chat_service_sid = s->sid, .account_sid = s->account_sid };
    }
    *row = n;
    return NULL;
}

static void put(struct json_out *o, bool enabled, const char *template, const char *otherwise)
{
    json_open(o, '{');
    json_pair_bool(o, "enabled", enabled);
    json_pair_str(o, "template", template ? template : otherwise);
}

static fault_t present(struct op *op, void *copy)
{
    struct notifications *n = copy;
    struct json_out message, added, removed;

    json_begin(&message, op->arena);
    put(&message, n->message_enabled, n->message_template, "${CONVERSATION}:${PARTICIPANT}: ${MESSAGE}");
    json_pair_str(&message, "sound", n->message_sound);
    json_pair_bool(&message, "badge_count_enabled", n->message_badge);
    json_key(&message, "with_media");
    put(&message, n->media_enabled, n->media_template, "${CONVERSATION}: ${MEDIA_COUNT} media files: ${MEDIA}");
    json_close(&message, '}');
    json_close(&message, '}');
    n->new_message = json_done(&message);
    json_begin(&added, op->arena);
    put(&added, n->added_enabled, n->added_template, "You have been added to a conversation: ${CONVERSATION}");
    json_pair_str(&added, "sound", n->added_sound);
    json_close(&added, '}');
    n->added_to_conversation = json_done(&added);
    json_begin(&removed, op->arena);
    put(&removed, n->removed_enabled, n->removed_template,
        "You have been removed from a conversation: ${CONVERSATION}");
    json_pair_str(&removed, "sound", n->removed_sound);
    json_close(&removed, '}');
    n->removed_from_conversation = json_done(&removed);
    return NULL;
}

const struct resource service_notifications_resource = {
    .product = "conversations",
    .enter = settings_enter,
    .name = "ServiceNotification",
    .path = "/v1/Services/{chat_service_sid}/Configuration/Notifications",
    .verbs = FETCH | UPDATE,
    .kind = &notifications_kind,
    .singleton = true,
    .find = find,
    .present = present,
};
