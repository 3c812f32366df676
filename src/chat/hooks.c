/* Telling after a change: each scope on its own, durably, in order. */
#include "chat/hooks.h"

#include "base/log.h"
#include "codec/json.h"
#include <string.h>

enum { ROUNDS = 4 };

struct hooks {
    struct webhooks *webhooks;
    struct purpose plain, scoped;
};

/* clang-format off */
static const struct { enum event_type event; enum hook hook; } told[] = {
    { EV_CONVERSATION_ADDED,               HOOK_CONVERSATION_ADDED },
    { EV_CONVERSATION_UPDATED,             HOOK_CONVERSATION_UPDATED },
    { EV_CONVERSATION_STATE_UPDATED,       HOOK_CONVERSATION_STATE_UPDATED },
    { EV_CONVERSATION_REMOVED,             HOOK_CONVERSATION_REMOVED },
    { EV_CONVERSATION_PARTICIPANT_ADDED,   HOOK_PARTICIPANT_ADDED },
    { EV_CONVERSATION_PARTICIPANT_UPDATED, HOOK_PARTICIPANT_UPDATED },
    { EV_CONVERSATION_PARTICIPANT_REMOVED, HOOK_PARTICIPANT_REMOVED },
    { EV_CONVERSATION_MESSAGE_ADDED,       HOOK_MESSAGE_ADDED },
    { EV_CONVERSATION_MESSAGE_UPDATED,     HOOK_MESSAGE_UPDATED },
    { EV_CONVERSATION_MESSAGE_REMOVED,     HOOK_MESSAGE_REMOVED },
    { EV_CONVERSATION_DELIVERY_UPDATED,    HOOK_DELIVERY_UPDATED },
    { EV_CONVERSATION_USER_ADDED,          HOOK_USER_ADDED },
    { EV_CONVERSATION_USER_UPDATED,        HOOK_USER_UPDATED },
};
/* clang-format on */

bool hook_listed(struct arena *a, const char *filters, enum hook h)
{
    const char *name = hook_name(h);

    json_t *list = filters ? json_parse(a, filters, strlen(filters), NULL) : NULL, *one;
    size_t i;

    json_array_foreach(list, i, one) if (str_eq(json_string_value(one), name)) return true;
    return false;
}

/* A keyword anywhere in the text, without regard to case. */
static bool says_one_of(struct arena *a, const char *triggers, const char *body)
{
    json_t *list = triggers && body ? json_parse(a, triggers, strlen(triggers), NULL) : NULL, *one;
    size_t i;

    json_array_foreach(list, i, one) if (strcasestr(body, json_string_value(one))) return true;
    return false;
}

/* One telling: what it says is the same for every scope, and made when the first wants it. */
struct telling {
    struct hooks *hooks;
    struct tx *tx;
    enum hook hook;
    const char *account_sid, *subject, *form;
    const struct chat_change *change;
};

static void tell(struct telling *t, const struct purpose *purpose, const char *url, unsigned method)
{
    if (!t->form)
        t->form = hook_form(t->tx->arena, t->tx->now, t->hook, t->account_sid, t->change);
    webhook_send(t->hooks->webhooks, t->tx,
                 &(struct webhook){ .account_sid = t->account_sid,
                                    .purpose = purpose->name,
                                    .subject = t->subject,
                                    .url = url,
                                    .form = t->form,
                                    .by_get = method == METHOD_GET });
}

static bool tell_scoped(void *arg, void *row)
{
    struct telling *t = arg;
    const struct scoped_hook *h = row;
    bool wanted = h->target == SCOPED_WEBHOOK ? hook_listed(t->tx->arena, h->filters, t->hook)
                                              : t->hook == HOOK_MESSAGE_ADDED &&
                                                    says_one_of(t->tx->arena, h->triggers,
                                                                t->change->message ? t->change->message->body : NULL);

    if (wanted)
        tell(t, &t->hooks->scoped, h->url, h->method);
    return true;
}

static enum db_result tell_all_scoped(struct telling *t, const char *conversation_sid)
{
    const struct condition of = { .column = "conversation_sid", .compare = IS, .value = value_text(conversation_sid) };

    return record_select(t->tx->db, t->tx->arena, &scoped_hook_kind,
                         &(struct selection){ .conditions = &of, .nconditions = 1 }, tell_scoped, t);
}

static void tell_all(struct telling *t)
{
    struct tx *tx = t->tx;
    struct chat_view view = { .db = tx->db, .tx = tx, .arena = tx->arena };
    const struct chat_change *c = t->change;
    const struct chat_hooks *a = chat_hooks_find(&view, t->account_sid);
    const char *sid = c->conversation ? c->conversation->chat_service_sid : c->user->chat_service_sid;
    const struct chat_service *s = sid ? chat_find(&view, &chat_service_kind, sid) : NULL;

    if (a && a->target == HOOKS_WEBHOOK && a->post_webhook_url && hook_listed(tx->arena, a->filters, t->hook))
        tell(t, &t->hooks->plain, a->post_webhook_url, a->method);
    if (s && s->post_webhook_url && hook_listed(tx->arena, s->filters, t->hook))
        tell(t, &t->hooks->plain, s->post_webhook_url, s->webhook_method);
    if (c->conversation && hook_flags(t->hook) & HOOK_SCOPED && tell_all_scoped(t, c->conversation->sid) != DB_OK)
        log_error("hook.scoped", "%s", db_error(tx->db));
}

/* The hooks of a conversation go with it. */
static void forget_scoped(struct tx *tx, const char *conversation_sid)
{
    if (rows_delete(tx, &scoped_hook_kind, "conversation_sid", conversation_sid) != DB_OK)
        log_error("hook.scoped", "%s", db_error(tx->db));
}

static void on_event(void *arg, struct tx *tx, const struct event *e)
{
    const struct chat_change *c = e->subject;
    struct telling t = {
        .hooks = arg, .tx = tx, .hook = HOOK_COUNT, .account_sid = e->account_sid, .subject = e->sid, .change = c
    };

    for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
        if (told[i].event == e->type)
            t.hook = told[i].hook;
    if (!c || t.hook == HOOK_COUNT)
        return;
    if (c->actor && c->actor->webhooks)
        tell_all(&t);
    if (t.hook == HOOK_CONVERSATION_REMOVED)
        forget_scoped(tx, c->conversation->sid);
}

void chat_hooks_add(struct ledger *l, struct webhooks *w, struct arena *a)
{
    struct hooks *h = arena_alloc(a, sizeof(*h));

    h->webhooks = w;
    h->plain = (struct purpose){
        .name = "conversation", .ordered = true, .rounds = ROUNDS, .timeout_ms = HOOK_MS, .plain = true
    };
    h->scoped = h->plain;
    h->scoped.name = "conversation-scoped";
    h->scoped.count_as = "RetryCount";
    webhooks_purpose(w, &h->plain);
    webhooks_purpose(w, &h->scoped);
    ledger_listen(l, &(struct listener){ .prefix = "conversation", .hear = on_event, .arg = h });
}
