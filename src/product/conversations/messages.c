/* Messages of a conversation, and their receipts. */
#include "product/conversations/internal.h"

#include "codec/json.h"
#include "media/media.h"
#include <string.h>

enum { FILES_MAX = 10 };

/* --- as it is shown --------------------------------------------------------------------------------------- */

struct shown {
    const char *account_sid, *chat_service_sid, *conversation_sid, *sid, *author, *body, *media, *attributes,
        *participant_sid, *delivery, *content_sid;
    int64_t index, date_created, date_updated;
};

/* clang-format off */
#define SHOWN(service)                                            \
    FIELD(shown, account_sid,      SID),                          \
    FIELD(shown, chat_service_sid, SID, .flags = service),        \
    FIELD(shown, conversation_sid, SID),                          \
    FIELD(shown, sid,              SID),                          \
    FIELD(shown, index,            INT),                          \
    FIELD(shown, author,           STR),                          \
    FIELD(shown, body,             STR),                          \
    FIELD(shown, media,            JSON, .flags = JSON_VALUE),    \
    FIELD(shown, attributes,       STR),                          \
    FIELD(shown, participant_sid,  SID),                          \
    FIELD(shown, date_created,     TIME),                         \
    FIELD(shown, date_updated,     TIME),                         \
    FIELD(shown, delivery,         JSON, .flags = JSON_VALUE),    \
    FIELD(shown, content_sid,      SID)
static const struct field fields[2][14] = { { SHOWN(HIDDEN) }, { SHOWN(0) } };
static const struct kind shapes[2] = {
    { .name = "message_shown",         .size = sizeof(struct shown), .fields = ROWS(fields[0]) },
    { .name = "service_message_shown", .size = sizeof(struct shown), .fields = ROWS(fields[1]) },
};

static const struct link_row links[2] = {
    { "delivery_receipts", DEFAULT_SERVICE "/Conversations/{conversation_sid}/Messages/{sid}/Receipts" },
    { "delivery_receipts", NAMED_SERVICE "/Conversations/{conversation_sid}/Messages/{sid}/Receipts" },
};
/* clang-format on */

static const char *delivery_json(struct arena *a, const struct message *m)
{
    struct json_out o;

    if (!m->delivery_total)
        return NULL;
    json_begin(&o, a);
    json_open(&o, '{');
    json_pair_int(&o, "total", m->delivery_total);
    json_pair_str(&o, "sent", delivery_share(m, m->delivery_sent));
    json_pair_str(&o, "delivered", delivery_share(m, m->delivery_delivered));
    json_pair_str(&o, "read", delivery_share(m, m->delivery_read));
    json_pair_str(&o, "failed", delivery_share(m, m->delivery_failed));
    json_pair_str(&o, "undelivered", delivery_share(m, m->delivery_undelivered));
    json_close(&o, '}');
    return json_done(&o);
}

static void show(struct op *op, const void *row, void *out)
{
    const struct message *m = row;

    *(struct shown *)out = (struct shown){ .account_sid = m->account_sid,
                                           .chat_service_sid = m->chat_service_sid,
                                           .conversation_sid = m->conversation_sid,
                                           .sid = m->sid,
                                           .author = m->author,
                                           .body = m->body,
                                           .media = m->media,
                                           .attributes = m->attributes,
                                           .participant_sid = m->participant_sid,
                                           .delivery = delivery_json(op->arena, m),
                                           .content_sid = m->content_sid,
                                           .index = m->message_index,
                                           .date_created = m->date_created,
                                           .date_updated = m->date_updated };
}

/* --- hooks ------------------------------------------------------------------------------------------------ */

struct create_params {
    struct dates dates;
    const char *media_sid;
};
static const char *const orders[] = { "asc", "desc", NULL };
struct list_params {
    unsigned order;
};

/* clang-format off */
static const struct field create_fields[] = {
    FIELD(create_params, dates.date_created, TIME, .param = "DateCreated"),
    FIELD(create_params, dates.date_updated, TIME, .param = "DateUpdated"),
    FIELD(create_params, media_sid,          LIST),
};
static const struct field update_fields[] = {
    FIELD(dates, date_created, TIME),
    FIELD(dates, date_updated, TIME),
};
static const struct field list_fields[] = {
    FIELD(list_params, order, ENUM, .names = orders, .initial = "asc"),
};
/* clang-format on */

static fault_t find(struct op *op, const char *key, void **row)
{
    struct chat_view v = view_of(op);
    struct message *m = chat_find(&v, &message_kind, key);

    *row = m && !m->removed && str_eq(m->conversation_sid, scope_of(op)->conversation->sid) ? m : NULL;
    return NULL;
}

static fault_t sdk_may_send(struct op *op, bool media)
{
    struct chat_view v = view_of(op);
    fault_t f = is_sdk(op) && !participant_find(&v, scope_of(op)->conversation->sid, op->who.identity)
                    ? refuse(op, F_CHAT_NOT_PARTICIPANT, "Participant is not a member of conversation %s",
                             scope_of(op)->conversation->sid)
                    : may(op, "sendMessage");

    if (!f && media)
        f = may(op, "sendMediaMessage");
    if (!f && (op_given(op, "DateCreated") || op_given(op, "DateUpdated")))
        f = may_not(op, "DateCreated");
    return f;
}

/* Whoever sends by SDK may only send what is their own. */
static fault_t claim_media(struct op *op, const char *list, struct message *m)
{
    const struct conversation *in = scope_of(op)->conversation;
    const json_t *sids = json_parse(op->arena, list, strlen(list), NULL), *sid;
    const char *names[FILES_MAX], *json = NULL;
    size_t i;

    if (json_array_size(sids) > FILES_MAX)
        return refuse(op, F_CHAT_MEDIA_UNKNOWN, "A message has %d files at most", FILES_MAX);
    json_array_foreach(sids, i, sid) names[i] = json_string_value(sid);
    fault_t f = media_claim(op->tx, in->chat_service_sid, is_sdk(op) ? op->who.identity : NULL, names,
                            json_array_size(sids), in->sid, m->sid, &json);
    if (!f)
        row_set(op->tx, m, &m->media, json);
    return f;
}

static fault_t create(struct op *op, void *row)
{
    const struct create_params *p = op->params;
    struct scope *s = scope_of(op);
    struct message *m = row;
    fault_t f = sdk_may_send(op, p->media_sid != NULL);

    if (!f && p->media_sid)
        f = claim_media(op, p->media_sid, m);
    set_dates(&p->dates, &m->date_created, &m->date_updated);
    return f ? f : message_add(chat_of(op), op->tx, &s->actor, s->conversation, m);
}

/* What is given decides: words by one permission, attributes by another; one's own by a third and fourth. */
static fault_t sdk_may_update(struct op *op, const struct message *was)
{
    bool own = is_self(op, was->author);
    fault_t f = NULL;

    if (op_given(op, "Author") || op_given(op, "DateCreated") || op_given(op, "DateUpdated"))
        f = may_not(op, "Author and dates");
    if (!f && (op_given(op, "Body") || op_given(op, "Subject")) && !(own && !may(op, "editOwnMessage")))
        f = may(op, "editAnyMessage");
    if (!f && op_given(op, "Attributes") && !(own && !may(op, "editOwnMessageAttributes")))
        f = may(op, "editAnyMessageAttributes");
    return f;
}

static fault_t update(struct op *op, void *row, const void *was)
{
    struct message *m = row;
    fault_t f = sdk_may_update(op, was);

    set_dates(op->params, &m->date_created, &m->date_updated);
    return f ? f : message_changed(chat_of(op), op->tx, &scope_of(op)->actor, m);
}

static fault_t remove_one(struct op *op, void *row)
{
    const struct message *m = row;
    fault_t f = is_self(op, m->author) && !may(op, "deleteOwnMessage") ? NULL : may(op, "deleteAnyMessage");

    f = f ? f : message_remove(chat_of(op), op->tx, &scope_of(op)->actor, row);
    if (!f)
        op->answer.status = 204;
    return f;
}

static fault_t select_some(struct op *op, struct list_plan *plan)
{
    const struct list_params *p = op->params;

    plan_add(plan, "removed", IS, value_int(0));
    plan->newest_first = p->order == 1;
    return NULL;
}

#define MESSAGE(form, i)                                                                                               \
    {                                                                                                                  \
        .product = "conversations", .name = "Message", .heeds_webhooks = true,                                         \
        .path = form "/Conversations/{conversation_sid}/Messages", .many = "messages",                                 \
        .verbs = LIST | FETCH | CREATE | UPDATE | DELETE, .kind = &message_kind, .shape = &shapes[i],                  \
        .create_params = PARAMS(create_params, create_fields), .update_params = PARAMS(dates, update_fields),          \
        .list_params = PARAMS(list_params, list_fields), .links = &links[i], .nlinks = 1, .enter = enter,              \
        .find = find, .create = create, .update = update, .remove = remove_one, .select = select_some, .show = show    \
    }
const struct resource message_resources[2] = { MESSAGE(DEFAULT_SERVICE, 0), MESSAGE(NAMED_SERVICE, 1) };

/* --- receipts --------------------------------------------------------------------------------------------- */

/* clang-format off */
#define RECEIPT_SHOWN(service)                                                  \
    FIELD(receipt, account_sid,         SID),                                   \
    FIELD(receipt, chat_service_sid,    SID, .flags = service),                 \
    FIELD(receipt, conversation_sid,    SID),                                   \
    FIELD(receipt, sid,                 SID),                                   \
    FIELD(receipt, message_sid,         SID),                                   \
    FIELD(receipt, channel_message_sid, STR),                                   \
    FIELD(receipt, participant_sid,     SID),                                   \
    FIELD(receipt, status,              ENUM, .names = receipt_status_names),   \
    FIELD(receipt, error_code,          INT),                                   \
    FIELD(receipt, date_created,        TIME),                                  \
    FIELD(receipt, date_updated,        TIME)
static const struct field receipt_fields[2][11] = { { RECEIPT_SHOWN(HIDDEN) }, { RECEIPT_SHOWN(0) } };
static const struct kind receipt_shapes[2] = {
    { .name = "receipt_shown",         .size = sizeof(struct receipt), .fields = ROWS(receipt_fields[0]) },
    { .name = "service_receipt_shown", .size = sizeof(struct receipt), .fields = ROWS(receipt_fields[1]) },
};
/* clang-format on */

static void receipt_show(struct op *op, const void *row, void *out)
{
    struct receipt *r = out;

    (void)op;
    *r = *(const struct receipt *)row;
    if (r->error_code == NO_VALUE)
        r->error_code = 0;
}

#define RECEIPT(form, i)                                                                                               \
    {                                                                                                                  \
        .product = "conversations", .name = "MessageReceipt",                                                          \
        .path = form "/Conversations/{conversation_sid}/Messages/{message_sid}/Receipts", .many = "delivery_receipts", \
        .verbs = LIST | FETCH, .kind = &receipt_kind, .shape = &receipt_shapes[i], .enter = enter,                     \
        .show = receipt_show                                                                                           \
    }
const struct resource receipt_resources[2] = { RECEIPT(DEFAULT_SERVICE, 0), RECEIPT(NAMED_SERVICE, 1) };
