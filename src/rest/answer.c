/* answer: from a result to the bytes of a reply.  The only place of rest/ that logs. */
#include "rest/internal.h"

#include "base/log.h"
#include <string.h>

void op_header_add(struct op *op, const char *name, const char *value)
{
    if (op->answer.nheaders < sizeof(op->answer.headers) / sizeof(*op->answer.headers))
        op->answer.headers[op->answer.nheaders++] = (struct http_header){ name, value };
}

void answer_json(struct op *op, int status, const char *json)
{
    op->answer.status = status;
    op->answer.content_type = "application/json";
    op->answer.body = json;
    op->answer.length = strlen(json);
}

void op_json(struct op *op, int status, const char *json)
{
    answer_json(op, status, json);
}

/* Of what a hook has put there, a refusal keeps when to come back. */
static void keep_retry_after(struct op *op)
{
    struct answer *a = &op->answer;
    size_t n = 0;

    for (size_t i = 0; i < a->nheaders; i++)
        if (!strcmp(a->headers[i].name, "Retry-After"))
            a->headers[n++] = a->headers[i];
    a->nheaders = n;
}

void answer_fault(struct op *op, fault_t f)
{
    struct json_out o;

    if (f->status >= 500 && f->id != F_NOT_IMPLEMENTED)
        log_warn("request.failed", "%s %s: %s", op->http->method, op->path ? op->path : op->http->path, f->message);
    else
        log_debug("request.refused", "%d %s %s: %s", f->status, op->http->method, op->path ? op->path : op->http->path,
                  f->message);
    if (f->id != F_METHOD) /* which says what is allowed */
        keep_retry_after(op);
    if (f->status == 401 && !(op->endpoint && op->endpoint->needs != CREDENTIALS))
        op_header_add(op, "WWW-Authenticate", "Basic realm=\"Plugboard API\"");
    if ((f->status == 429 || f->id == F_UNAVAILABLE) && !op->answer.nheaders)
        op_header_add(op, "Retry-After", "1");
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_int(&o, "code", f->code);
    json_pair_str(&o, "message", f->message ? f->message : f->meaning);
    json_pair_str(&o, "more_info", arena_printf(op->arena, "https://www.twilio.com/docs/errors/%d", f->code));
    json_pair_int(&o, "status", f->status);
    json_close(&o, '}');
    answer_json(op, f->status, json_done(&o));
}

/* Credentials of the API travel in headers that a foreign page cannot have, so any origin may read its answers; the
 * site's own endpoints answer their own origin, unless they say otherwise. */
static bool any_origin(const struct op *op)
{
    return op->endpoint ? op->endpoint->any_origin : op->label != NULL;
}

void answer_send(struct op *op)
{
    struct answer *a = &op->answer;

    if (!a->status)
        a->status = a->body ? 200 : 204;
    if (op->inner) {
        op->inner->answer = *a;
        op->inner->done(op->inner);
        return;
    }
    if (any_origin(op) && http_header(op->http, "origin")) {
        op_header_add(op, "Access-Control-Allow-Origin", "*");
        op_header_add(op, "Access-Control-Expose-Headers", "ETag");
    }
    http_reply(op->http, &(struct http_answer){ .status = a->status,
                                                .headers = a->headers,
                                                .nheaders = a->nheaders,
                                                .content_type = a->content_type,
                                                .body = a->body,
                                                .length = a->length });
}
