/* The module, and a request's way from its envelope to its answer. */
#include "gateway/eventbridge/internal.h"

#include <string.h>

/* --- what the functions behind the routes ask -------------------------------------------------------------------- */

const char *call_param(struct call *c, const char *name)
{
    const json_t *v = json_object_get(c->envelope.params, name);

    if (!v || json_is_null(v))
        return NULL;
    return json_is_string(v) ? json_string_value(v) : json_text(c->op->arena, v);
}

fault_t call_version(struct call *c, int64_t version)
{
    const char *wanted = op_header(c->op, "if-match");
    int64_t number;

    if (!wanted || !*wanted || !strcmp(wanted, "*"))
        return NULL;
    size_t n = strlen(wanted);
    if (n >= 2 && wanted[0] == '"' && wanted[n - 1] == '"')
        wanted = arena_strndup(c->op->arena, wanted + 1, n - 2);
    if (str_to_int(wanted, &number) && number == version)
        return NULL;
    return refuse(c->op, F_PRECONDITION, "If-Match is %.32s, but the version is %lld", wanted, (long long)version);
}

fault_t call_not_found(struct call *c)
{
    return refuse(c->op, F_NOT_FOUND, "The requested resource %.300s was not found", c->envelope.url);
}

fault_t call_find(struct call *c, const struct kind *k, const char *sid, void **row)
{
    const struct field *workspace = field_named(k, "workspace_sid");

    *row = op_find(c->op, k, sid);
    if (*row && workspace && !str_eq(*field_text(workspace, *row), c->workspace->sid))
        *row = NULL;
    return *row ? NULL : call_not_found(c);
}

fault_t call_attributes(struct call *c, const struct kind *k, const char **out)
{
    const char *text = call_param(c, "Attributes"), *why = NULL;
    int64_t most = field_named(k, "attributes")->max;

    if (!text)
        return NULL;
    if (!json_parse_object(c->op->arena, text, strlen(text), &why))
        return refuse(c->op, F_INVALID_PARAMETER, "Attributes are not a JSON object: %s", why);
    if (utf8_length(text) > (size_t)most)
        return refuse(c->op, F_INVALID_PARAMETER, "Attributes are longer than %lld characters", (long long)most);
    *out = text;
    return NULL;
}

void call_answer(struct call *c, struct json_out *o)
{
    op_json(c->op, 200, arena_printf(c->op->arena, "{\"payload\":%s}", json_done(o)));
}

/* --- a request ---------------------------------------------------------------------------------------------------- */

static fault_t check_caller(struct call *c)
{
    struct op *op = c->op;
    const struct principal *who = &op->who;
    fault_t f = auth_token(op->view, op->db, op->arena, c->envelope.token, &op->who);

    f = f ? f : channel_allowed(op, "POST");
    if (f)
        return f;
    c->elevated = who->by == BY_CAPABILITY || str_eq(who->role, "supervisor") || str_eq(who->role, "admin");
    if (!who->workspace_sid || (!who->worker_sid && !c->elevated))
        return refuse(op, F_FORBIDDEN, "The token has no TaskRouter grant for a worker");
    return NULL;
}

static fault_t check_workspace(struct call *c, const struct route *route)
{
    const char *sid = route->flex ? c->op->who.workspace_sid : c->sids[0];

    if (strcmp(sid, c->op->who.workspace_sid) != 0)
        return refuse(c->op, F_FORBIDDEN, "This token is not for workspace %.64s", sid);
    c->workspace = op_find(c->op, &workspace_kind, sid);
    return c->workspace ? NULL : call_not_found(c);
}

static fault_t read_now(struct op *op)
{
    struct call *c = op->data;
    const struct route *route = route_of(c);
    fault_t f = check_workspace(c, route);

    return f ? f : route->run(c);
}

/* Who hears of what a client's request causes hears of it after the answer, so deliver() must know that there is one.
 * All of them wait, not only the worker who asked: a program may be two workers, and listens once it has its answer. */
static fault_t run_as(struct call *c, const struct route *route)
{
    c->bridge->asked = true;
    fault_t f = route->run(c);
    c->bridge->asked = false;
    return f;
}

static fault_t request(struct op *op)
{
    struct call *c = arena_alloc(op->arena, sizeof(*c));

    c->op = op;
    c->bridge = op_site(op)->bridge;
    fault_t f = envelope_parse(op->arena, op->http->body, op->http->body_length, &c->envelope);
    f = f ? f : check_caller(c);
    if (f)
        return f;
    if (c->envelope.whole)
        return tunnel(c);
    f = op->who.by == BY_CAPABILITY ? tunnel_allows(c) : NULL;
    if (f)
        return f;
    const struct route *route = route_of(c);
    if (!route)
        return call_not_found(c);
    if (route->reads) {
        op->data = c;
        op_continue_on_reader(op, read_now);
        return NULL;
    }
    f = check_workspace(c, route);
    return f ? f : run_as(c, route);
}

/* --- the module --------------------------------------------------------------------------------------------------- */

static fault_t start(struct site *site, struct arena *a)
{
    struct bridge *b = arena_alloc(a, sizeof(*b));

    b->ledger = site->ledger;
    b->clock = site->clock;
    b->engine = site->engine;
    b->interactions = site->interactions;
    b->courier = courier_start();
    b->flush.arena = arena_new();
    list_init(&b->dirty);
    ledger_listen(site->ledger, &(struct listener){ .prefix = "", .hear = deliver, .arg = b });
    presence_setup(b);
    site->bridge = b;
    return NULL;
}

static void stop(struct site *site)
{
    struct bridge *b = site->bridge;

    if (!b)
        return;
    courier_stop(b->courier);
    sessions_stop(b);
    arena_free(b->flush.arena);
    site->bridge = NULL;
}

static const struct endpoint endpoints[] = {
    { .label = "event-bridge",
      .method = "POST",
      .path = "/v1/wschannels",
      .place = ON_LEDGER,
      .needs = OWN_CHECK,
      .any_origin = true,
      .raw_body = true,
      .run = request },
    { .label = "event-bridge",
      .method = "UPGRADE",
      .path = "/v1/wschannels",
      .place = ON_LEDGER,
      .needs = OWN_CHECK,
      .any_origin = true,
      .run = session_upgrade },
    /* as the first SDK has it */
    { .label = "event-bridge",
      .method = "POST",
      .path = "/v1/wschannels/{account_sid}/{channel_sid}",
      .place = ON_LEDGER,
      .needs = OWN_CHECK,
      .any_origin = true,
      .raw_body = true,
      .run = request },
    { .label = "event-bridge",
      .method = "UPGRADE",
      .path = "/v1/wschannels/{account_sid}/{channel_sid}",
      .place = ON_LEDGER,
      .needs = OWN_CHECK,
      .any_origin = true,
      .run = session_upgrade },
};

const struct module eventbridge_module = {
    .name = "eventbridge",
    .endpoints = ROWS(endpoints),
    .start = start,
    .stop = stop,
};
