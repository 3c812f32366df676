/* What carriers call: a message has come, or something became of one of ours.  They have no credentials of ours; what
 * they send is signed as their type signs, or refused with 403 before anything is looked at. */
#include "product/messaging/internal.h"

#include <string.h>

static const char *either(struct op *op, const char *theirs, const char *ours)
{
    const char *value = op_header(op, theirs);

    return value ? value : op_header(op, ours);
}

static fault_t read_arrival(struct op *op, const char *what, struct carrier **k, struct arrival *in)
{
    const char *sid = op_path(op, "carrier_sid"), *type = op_header(op, "content-type");
    const char *query = op->http->query;

    *k = sid_valid(sid, "KC") ? row_find(op->tx, &carrier_kind, sid) : NULL;
    if (!*k)
        return refuse(op, F_NOT_FOUND, "The requested resource %.300s was not found", op->path);
    op->who.account_sid = (*k)->account_sid;
    *in = (struct arrival){
        .method = op->http->method,
        .url = arena_printf(op->arena, "%s/v1/%s/%s%s%s", (*k)->callback_url, sid, what, query && *query ? "?" : "",
                            query ? query : ""),
        .body = op->http->body ? arena_strndup(op->arena, op->http->body, op->http->body_length) : "",
        .length = op->http->body_length,
        .form = &op->form,
        .query = &op->query,
        .signature = either(op, "x-twilio-signature", "x-plugboard-signature"),
        .timestamp = op_header(op, "x-plugboard-timestamp"),
        .nonce = op_header(op, "x-plugboard-nonce"),
        .now = op->now,
    };
    if ((*k)->type == CARRIER_TWILIO && in->length && type && str_starts(type, "application/x-www-form-urlencoded"))
        return form_parse(op->arena, in->body, in->length, &op->form);
    if (!in->length)
        op->form = op->query;
    return NULL;
}

/* A replay is not told apart from the first time: whoever sends again wants to know that it has come. */
static fault_t check_nonce(struct op *op, const struct carrier *k, const struct arrival *in)
{
    if (k->type != CARRIER_CUSTOM || nonce_take(op->tx, k->sid, in->nonce))
        return NULL;
    return refuse(op, F_FORBIDDEN, "X-Plugboard-Nonce was used before");
}

/* What each type takes for "thank you". */
static void thank(struct op *op, const struct carrier *k)
{
    static const char twiml[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

    if (k->type == CARRIER_CUSTOM) {
        op_json(op, 200, "{}");
        return;
    }
    op->answer.status = 200;
    op->answer.content_type = k->type == CARRIER_TWILIO ? "text/xml" : "text/plain";
    op->answer.body = k->type == CARRIER_TWILIO ? twiml : "";
    op->answer.length = strlen(op->answer.body);
}

fault_t message_arrives(struct op *op)
{
    struct channel *c = op_site(op)->channel;
    struct carrier *k;
    struct arrival in;
    struct sms m;
    fault_t f = read_arrival(op, "Messages", &k, &in);

    f = f ? f : arrive_message(op->arena, k, &in, &m);
    f = f ? f : check_nonce(op, k, &in);
    f = f ? f : sms_allowed(c, op->tx, k->account_sid, m.from);
    f = f ? f : sms_take(c, op->tx, &m);
    if (!f)
        thank(op, k);
    return f;
}

fault_t report_arrives(struct op *op)
{
    struct carrier *k;
    struct arrival in;
    struct report r;
    fault_t f = read_arrival(op, "Status", &k, &in);

    f = f ? f : arrive_report(op->arena, k, &in, &r);
    f = f ? f : check_nonce(op, k, &in);
    f = f ? f : report_take(op_site(op)->channel, op->tx, k, &r);
    if (!f)
        thank(op, k);
    return f;
}
