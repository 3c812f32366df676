/* Messages of the 2010 API: made, they go out at once. */
#include "product/messaging/internal.h"

#include <string.h>

enum { TOKEN_MAX = 128 };

struct message_create {
    const char *to, *from, *body, *media_url, *status_callback, *messaging_service_sid;
};

/* clang-format off */
static const struct field create_fields[] = {
    FIELD(message_create, to,                    STR,  .flags = REQUIRED, .max = ADDRESS_LENGTH_MAX),
    FIELD(message_create, from,                  STR,  .max = ADDRESS_LENGTH_MAX),
    FIELD(message_create, body,                  STR),
    FIELD(message_create, media_url,             LIST),
    FIELD(message_create, status_callback,       URL,  .flags = CLEARABLE),
    FIELD(message_create, messaging_service_sid, SID,  .prefix = "MG"),
};
/* clang-format on */

static fault_t check_media(struct op *op, const char *list)
{
    json_t *urls = list ? json_parse(op->arena, list, strlen(list), NULL) : NULL, *url;
    size_t i;

    json_array_foreach(urls, i, url) if (!url_is_http(json_string_value(url))) return refuse(
        op, F_INVALID_PARAMETER, "MediaUrl '%.200s' is not a valid URL", json_string_value(url));
    return NULL;
}

/* The engine makes the row, under a SID that says whether it has media; what rest has made is not kept. */
static fault_t create(struct op *op, void *row)
{
    const struct message_create *p = op->params;
    struct sms like = { .account_sid = op->who.account_sid,
                        .from = p->from,
                        .to = p->to,
                        .body = p->body ? p->body : "",
                        .media = p->media_url,
                        .status_callback = p->status_callback,
                        .messaging_service_sid = p->messaging_service_sid,
                        .direction = SMS_OUTBOUND_API };
    struct sms *made = NULL;
    const char *token = op_header(op, "i-twilio-idempotency-token");
    fault_t f = check_media(op, p->media_url);

    if (!f && !p->from)
        f = refuse(op, F_SMS_NO_FROM, "A 'From' number is required");
    /* Whoever did not hear our answer asks again; what it asked for was done. */
    like.request_token = token && strlen(token) <= TOKEN_MAX ? token : NULL;
    made = sms_by_token(op->tx, like.account_sid, like.request_token);
    if (!f && !made)
        f = sms_send(op_site(op)->channel, op->tx, &like, &made);
    if (f)
        return f;
    row_delete(op->tx, row);
    op->row = made;
    return NULL;
}

/* The one change that there is: what was said is forgotten. */
static fault_t update(struct op *op, void *row, const void *was)
{
    const struct sms *m = row;

    if (op_given(op, "Status"))
        return refuse(op, F_INVALID_PARAMETER, "Message %s is not scheduled and cannot be canceled", m->sid);
    if (!str_eq(m->body, ((const struct sms *)was)->body) && *m->body)
        return refuse(op, F_INVALID_PARAMETER, "Body can only be made empty");
    return NULL;
}

static fault_t remove_message(struct op *op, void *row)
{
    const struct sms *m = row;
    bool over = m->status >= SMS_SENT && m->status != SMS_RECEIVING;

    return over ? NULL : refuse(op, F_SMS_NOT_OVER, "Message %s is still on its way", m->sid);
}

static fault_t present(struct op *op, void *copy)
{
    struct sms *m = copy;

    (void)op;
    m->subresource_uris = "{}";
    return NULL;
}

static fault_t newest_first(struct op *op, struct list_plan *plan)
{
    (void)op;
    plan->newest_first = true;
    return NULL;
}

const struct resource message_2010_resource = {
    .product = "api",
    .name = "Message",
    .path = "/2010-04-01/Accounts/{account_sid}/Messages",
    .many = "messages",
    .style = STYLE_2010,
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &sms_kind,
    .create_params = PARAMS(message_create, create_fields),
    .create = create,
    .update = update,
    .remove = remove_message,
    .present = present,
    .select = newest_first,
};
