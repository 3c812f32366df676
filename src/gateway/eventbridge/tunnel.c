/* What the first SDK (taskrouter.js 1.x) sends: requests to the REST API, whole URLs, inside of envelopes; their
 * answers are the API's own.  Its capability token says by URL what it may do, so here that is asked and then the
 * request is what it says it is. */
#include "gateway/eventbridge/internal.h"

#include <string.h>

#define API "https://taskrouter.twilio.com/v1/"

fault_t channel_allowed(struct op *op, const char *method)
{
    const struct principal *who = &op->who;
    const char *account = op_path(op, "account_sid"), *channel = op_path(op, "channel_sid");

    if ((account && !str_eq(account, who->account_sid)) ||
        (channel && !str_eq(channel, who->channel_sid ? who->channel_sid : who->worker_sid)))
        return refuse(op, F_FORBIDDEN, "The token is not for channel %.64s of account %.64s", channel, account);
    if (who->by != BY_CAPABILITY)
        return NULL;
    return auth_capability(who, op->arena,
                           &(struct deed_at){ .method = method,
                                              .label = "event-bridge",
                                              .path = arena_printf(op->arena, "/v1/wschannels/%s/%s", who->account_sid,
                                                                   who->channel_sid) });
}

/* Every member of params is a parameter; null is none. */
static void params_as_form(struct call *c, struct form *out)
{
    struct arena *a = c->op->arena;
    size_t room = out->n + json_object_size(c->envelope.params);
    struct pair *pairs = arena_alloc(a, (room + 1) * sizeof(*pairs));
    const char *key;
    json_t *value;

    if (out->n)
        memcpy(pairs, out->pairs, out->n * sizeof(*pairs));
    out->pairs = pairs;
    json_object_foreach(c->envelope.params, key, value)
    {
        if (!json_is_null(value))
            out->pairs[out->n++] =
                (struct pair){ key, json_is_string(value) ? json_string_value(value) : json_text(a, value) };
    }
}

static void answer_tunnelled(struct op *op, fault_t f)
{
    const struct call *c = op->data;
    struct json_out o;

    if (!f) {
        json_begin(&o, op->arena);
        json_open(&o, '{');
        if (c->envelope.event_type)
            json_pair_str(&o, "event_type", c->envelope.event_type);
        json_pair_raw(&o, "payload", op->answer.body ? op->answer.body : "null");
        json_close(&o, '}');
        op_json(op, 200, json_done(&o)); /* the client takes no other number for a success */
    }
    op_finish(op, f);
}

static fault_t forbidden(struct call *c)
{
    return refuse(c->op, F_FORBIDDEN, "The requested resource %.300s is not for this token", c->envelope.url);
}

/* url, method and params, as the policies and the API want them. */
static fault_t unwrap(struct call *c, const char *url, struct inner *out)
{
    struct arena *a = c->op->arena;
    struct destination d;

    if (!destination_read(a, url, &d) || strcmp(d.label, "taskrouter") != 0)
        return forbidden(c);
    *out = (struct inner){ .label = d.label, .method = c->envelope.method, .path = d.path };
    fault_t f = form_parse(a, d.query, strlen(d.query), &out->query);
    if (f)
        return f;
    params_as_form(c, strcmp(out->method, "GET") ? &out->form : &out->query);
    return auth_capability(&c->op->who, a,
                           &(struct deed_at){ out->method, out->label, out->path, &out->query, &out->form });
}

fault_t tunnel_allows(struct call *c)
{
    struct inner inner;

    return unwrap(c, arena_printf(c->op->arena, "%s%s", API, c->envelope.url), &inner);
}

fault_t tunnel(struct call *c)
{
    struct inner inner;
    fault_t f = c->op->who.by == BY_CAPABILITY ? unwrap(c, c->envelope.url, &inner) : forbidden(c);

    if (f)
        return f;
    c->op->data = c;
    c->op->finish = answer_tunnelled;
    return op_become(c->op, &inner);
}
