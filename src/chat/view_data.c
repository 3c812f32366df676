/* A row as the SDKs know it.  The names on the left are theirs. */
#include "chat/view_internal.h"

#include "codec/date.h"
#include <string.h>

struct shown {
    const char *key, *member;
};

/* clang-format off */
static const struct shown channel_rows[] = {
    { "friendlyName", "friendly_name" }, { "uniqueName",  "unique_name" },  { "attributes",  "attributes" },
    { "createdBy",    "created_by" },    { "dateCreated", "date_created" }, { "dateUpdated", "date_updated" },
};
static const struct shown message_rows[] = {
    { "sid",        "sid" },          { "author",    "author" },            { "text",          "body" },
    { "attributes", "attributes" },   { "timestamp", "date_created" },      { "dateUpdated",   "date_updated" },
    { "subject",    "subject" },      { "memberSid", "participant_sid" },   { "contentSid",    "content_sid" },
    { "lastUpdatedBy", "last_updated_by" },
};
static const struct shown roster_rows[] = {
    { "identity",   "identity" },     { "type",        "channel" },         { "roleSid",     "role_sid" },
    { "attributes", "attributes" },   { "dateCreated", "date_created" },    { "dateUpdated", "date_updated" },
    { "lastConsumedMessageIndex", "last_read_message_index" },
    { "lastConsumptionTimestamp", "last_read_timestamp" },
};
static const struct shown mine_rows[] = {
    { "lastConsumedMessageIndex", "last_read_message_index" },
    { "notificationLevel",        "notification_level" },
};
static const struct shown media_rows[] = {
    { "sid", "sid" }, { "category", "category" }, { "filename", "filename" }, { "contentType", "content_type" }, { "size", "size" },
};
/* clang-format on */

static void put_value(struct json_out *o, const struct field *f, const void *row)
{
    char date[DATE_SIZE];

    if (f->type == T_BOOL) {
        json_bool(o, *field_bool(f, row));
    } else if (f->type == T_ENUM) {
        const char *word = f->names[*field_enum(f, row)];
        json_str(o, *word ? word : NULL);
    } else if (field_is_text(f)) {
        json_str(o, *field_text(f, row));
    } else if (*field_int(f, row) == NO_VALUE) {
        json_nil(o);
    } else if (f->type == T_TIME) {
        json_str(o, date_iso_ms(*field_int(f, row), date));
    } else {
        json_int(o, *field_int(f, row));
    }
}

void view_member_json(struct json_out *o, const char *key, const struct kind *k, const void *row, const char *member)
{
    json_key(o, key);
    put_value(o, field_named(k, member), row);
}

static void put_rows(struct json_out *o, const struct kind *k, const void *row, const struct shown *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        view_member_json(o, rows[i].key, k, row, rows[i].member);
}

static void put_names(struct json_out *o, struct arena *a, const char *conversation_sid, bool channel)
{
    if (channel)
        json_pair_str(o, "channel", view_name(a, VIEW_CHANNEL, conversation_sid));
    json_pair_str(o, "roster", view_name(a, VIEW_ROSTER, conversation_sid));
    json_pair_str(o, "messages", view_name(a, VIEW_MESSAGES, conversation_sid));
}

const char *channel_data(struct arena *a, const struct conversation *c)
{
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '{');
    put_rows(&o, &conversation_kind, c, ROWS(channel_rows));
    put_names(&o, a, c->sid, false);
    json_key(&o, "state");
    json_open(&o, '{');
    json_pair_str(&o, "current", field_named(&conversation_kind, "state")->names[c->state]);
    json_pair_date_ms(&o, "dateUpdated", c->date_state == NO_VALUE || !c->date_state ? c->date_created : c->date_state);
    json_close(&o, '}');
    if (c->last_message_index != NO_VALUE) {
        json_key(&o, "lastMessage");
        json_open(&o, '{');
        json_pair_int(&o, "index", c->last_message_index);
        json_pair_date_ms(&o, "timestamp", c->last_message_at);
        json_close(&o, '}');
    }
    json_pair_raw(&o, "bindings", c->bindings ? c->bindings : "{}");
    json_close(&o, '}');
    return json_done(&o);
}

static void put_medium(struct json_out *o, struct arena *a, const json_t *medium)
{
    json_open(o, '{');
    for (size_t i = 0; i < sizeof(media_rows) / sizeof(*media_rows); i++) {
        const json_t *v = json_object_get(medium, media_rows[i].member);
        json_pair_raw(o, media_rows[i].key, v ? json_text(a, v) : "null");
    }
    json_close(o, '}');
}

/* All of them, and the first once more for SDKs that know only one. */
static void put_media(struct json_out *o, struct arena *a, const char *media)
{
    const json_t *list = media ? json_parse(a, media, strlen(media), NULL) : NULL, *medium;
    size_t i;

    json_pair_str(o, "type", json_array_size(list) ? "media" : "text");
    if (!json_array_size(list))
        return;
    json_key(o, "medias");
    json_open(o, '[');
    json_array_foreach(list, i, medium) put_medium(o, a, medium);
    json_close(o, ']');
    json_key(o, "media");
    put_medium(o, a, json_array_get(list, 0));
}

static void put_delivery(struct json_out *o, const struct message *m)
{
    json_key(o, "delivery");
    json_open(o, '{');
    json_pair_int(o, "total", m->delivery_total);
    json_pair_str(o, "sent", delivery_share(m, m->delivery_sent));
    json_pair_str(o, "delivered", delivery_share(m, m->delivery_delivered));
    json_pair_str(o, "read", delivery_share(m, m->delivery_read));
    json_pair_str(o, "failed", delivery_share(m, m->delivery_failed));
    json_pair_str(o, "undelivered", delivery_share(m, m->delivery_undelivered));
    json_close(o, '}');
}

const char *message_data(struct arena *a, const struct message *m)
{
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '{');
    put_rows(&o, &message_kind, m, ROWS(message_rows));
    put_media(&o, a, m->media);
    if (m->delivery_total)
        put_delivery(&o, m);
    json_close(&o, '}');
    return json_done(&o);
}

static const char *address_type(const struct participant *p)
{
    return p->channel ? p->channel : "chat";
}

const char *roster_data(struct arena *a, const struct participant *p)
{
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '{');
    put_rows(&o, &participant_kind, p, ROWS(roster_rows));
    json_pair_str(&o, "userInfo", p->user_sid ? view_name(a, VIEW_INFO, p->user_sid) : NULL);
    if (p->address) { /* what its channel knows of it, under the channel's name */
        json_key(&o, "bindings");
        json_open(&o, '{');
        json_key_any(&o, address_type(p));
        json_open(&o, '{');
        json_pair_str(&o, "address", p->address);
        json_pair_str(&o, "proxy_address", p->proxy_address);
        if (p->binding_name)
            json_pair_str(&o, "name", p->binding_name);
        if (p->binding_level)
            json_pair_str(&o, "level", p->binding_level);
        json_close(&o, '}');
        json_close(&o, '}');
    }
    json_close(&o, '}');
    return json_done(&o);
}

const char *mine_data(struct arena *a, const struct participant *p)
{
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '{');
    json_pair_str(&o, "status", "joined");
    put_names(&o, a, p->conversation_sid, true);
    put_rows(&o, &participant_kind, p, ROWS(mine_rows));
    json_close(&o, '}');
    return json_done(&o);
}

/* --- a user's info ---------------------------------------------------------------------------------------- */

static const char *wrapped(struct arena *a, const char *value)
{
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '{');
    json_pair_str(&o, "value", value);
    json_close(&o, '}');
    return json_done(&o);
}

static const char *info_attributes(struct arena *a, const struct chat_user *u)
{
    return wrapped(a, u->attributes ? u->attributes : "{}");
}

static const char *info_friendly_name(struct arena *a, const struct chat_user *u)
{
    return wrapped(a, u->friendly_name);
}

static const char *info_reachability(struct arena *a, const struct chat_user *u)
{
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '{');
    json_pair_bool(&o, "online", u->is_online);
    json_pair_bool(&o, "notifiable", u->is_notifiable);
    json_close(&o, '}');
    return json_done(&o);
}

const struct info_item info_items[INFO_ITEMS] = {
    { "attributes", info_attributes },
    { "friendlyName", info_friendly_name },
    { "reachability", info_reachability },
};
