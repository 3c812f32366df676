#include "product/conversations/internal.h"

#include "chat/hooks.h"

struct chat *chat_of(const struct op *op)
{
    return op_site(op)->chat;
}

struct scope *scope_of(const struct op *op)
{
    return op->scope;
}

struct chat_view view_of(struct op *op)
{
    return (struct chat_view){ .db = op->db, .tx = op->tx, .arena = op->arena };
}

bool is_sdk(const struct op *op)
{
    return op->who.by == BY_TOKEN;
}

bool is_self(const struct op *op, const char *identity)
{
    return is_sdk(op) && str_eq(op->who.identity, identity);
}

static fault_t absent(struct op *op)
{
    return refuse(op, F_NOT_FOUND, "The requested resource %.300s was not found",
                  op->path + (str_starts(op->path, "/v1") ? 3 : 0));
}

static struct chat_service *default_service(struct op *op)
{
    struct chat_view v = view_of(op);

    if (op->tx)
        return chat_service_default(op->tx, op->who.account_sid);
    const struct chat_account *a = chat_find(&v, &chat_account_kind, op->who.account_sid);
    return a ? chat_find(&v, &chat_service_kind, a->default_chat_service_sid) : NULL;
}

static fault_t enter_service(struct op *op, struct scope *s)
{
    const char *sid = op_path(op, "chat_service_sid");

    s->service = sid ? op_find(op, &chat_service_kind, sid) : default_service(op);
    if (sid && !s->service)
        return absent(op);
    if (is_sdk(op) && (!s->service || !str_eq(op->who.chat_service_sid, s->service->sid)))
        return absent(op);
    if (s->service)
        op_path_set(op, "chat_service_sid", s->service->sid);
    return NULL;
}

/* Whoever is about to join does not see it yet. */
static bool is_joining(const struct op *op)
{
    return op->tx && str_eq(op->http->method, "POST") && str_eq(op->res->name, "Participant") && !op_path(op, "sid") &&
           is_self(op, op_param(op, "Identity"));
}

static fault_t enter_conversation(struct op *op, struct scope *s, const char *name)
{
    struct chat_view v = view_of(op);

    s->conversation = s->service ? conversation_find(&v, s->service->sid, op_path(op, name)) : NULL;
    if (!s->conversation)
        return absent(op);
    op_path_set(op, name, s->conversation->sid);
    if (!is_sdk(op) || is_joining(op))
        return NULL;
    return chat_may_see(&v, s->service, op->who.identity, s->conversation);
}

static fault_t enter_message(struct op *op, struct scope *s)
{
    struct chat_view v = view_of(op);

    s->message = chat_find(&v, &message_kind, op_path(op, "message_sid"));
    if (!s->message || s->message->removed || !str_eq(s->message->conversation_sid, s->conversation->sid))
        return absent(op);
    return NULL;
}

static fault_t enter_user(struct op *op, struct scope *s)
{
    struct chat_view v = view_of(op);

    s->user = s->service ? chat_user_find(&v, s->service->sid, op_path(op, "user_sid")) : NULL;
    if (!s->user)
        return absent(op);
    op_path_set(op, "user_sid", s->user->sid);
    return NULL;
}

fault_t enter(struct op *op)
{
    struct scope *s = arena_alloc(op->arena, sizeof *s);
    bool sdk = is_sdk(op);
    fault_t f;

    op->scope = s;
    s->actor = (struct chat_actor){ .by = sdk ? BY_SDK : BY_API,
                                    .identity = sdk ? op->who.identity : NULL,
                                    .webhooks = sdk || op->webhooks,
                                    .dated = op_given(op, "DateUpdated"),
                                    .round = op->tx ? hook_round(op->arena, &op->ask) : NULL };
    f = enter_service(op, s);
    if (!f && op_path(op, "conversation_sid"))
        f = enter_conversation(op, s, "conversation_sid");
    if (!f && op_path(op, "message_sid"))
        f = enter_message(op, s);
    if (!f && op_path(op, "user_sid"))
        f = enter_user(op, s);
    return f;
}

fault_t enter_api(struct op *op)
{
    return is_sdk(op) ? may_not(op, op->res->name) : enter(op);
}

fault_t may(struct op *op, const char *permission)
{
    const struct scope *s = scope_of(op);
    struct chat_view v = view_of(op);

    return is_sdk(op) ? chat_may(&v, s->service, op->who.identity, s->conversation, permission) : NULL;
}

fault_t may_not(struct op *op, const char *what)
{
    return is_sdk(op)
               ? refuse(op, F_CHAT_UNAUTHORIZED, "User unauthorized for command: a token cannot do this: %s", what)
               : NULL;
}

void of_service(struct op *op, struct list_plan *plan)
{
    const struct scope *s = scope_of(op);

    if (s->service)
        plan_add(plan, "chat_service_sid", IS, value_text(s->service->sid));
    else
        plan->nothing = true;
}

void set_dates(const struct dates *d, int64_t *created, int64_t *updated)
{
    if (d->date_created != NO_VALUE)
        *created = d->date_created;
    if (d->date_updated != NO_VALUE)
        *updated = d->date_updated;
}
