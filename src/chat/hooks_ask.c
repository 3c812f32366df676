/* Asking before a change: the questions of one request, over the attempts that they cost. */
#include "chat/hooks.h"

#include "auth/auth.h"
#include "base/log.h"
#include "codec/json.h"
#include <string.h>

enum { QUESTIONS_MAX = 64, ANSWER_MAX = 64 * 1024 };

enum scope { OF_ACCOUNT, OF_SERVICE, SCOPES };

struct question {
    enum hook hook;
    enum scope scope;
    const char *url;
    struct http_call call; /* and its answer */
};

struct hook_round {
    struct question *questions[QUESTIONS_MAX];
    size_t n, at;   /* asked; and those that this attempt has come by */
    bool beginning; /* a question was asked, so what comes now is a new attempt */
    struct arena *arena;
    struct http_call **ask;
};

/* A call and the round that it belongs to: *ask leads back to it. */
struct asked {
    struct http_call call;
    struct hook_round *round;
};

struct hook_round *hook_round(struct arena *a, struct http_call **ask)
{
    struct hook_round *r = *ask ? ((struct asked *)*ask)->round : NULL;

    if (!r) {
        r = arena_alloc(a, sizeof(*r));
        *r = (struct hook_round){ .arena = a, .ask = ask };
    }
    if (r->beginning) {
        r->questions[r->n - 1]->call = **ask;
        r->beginning = false;
        r->at = 0;
    }
    return r;
}

/* --- what an answer does ---------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    enum hook_member   member;
    const char        *name;  /* in the answer, and of the row */
    const struct kind *kind;
    uint32_t           hooks;
} alterable[] = {
#define IN(id) (UINT32_C(1) << HOOK_##id)
    { HOOK_FRIENDLY_NAME, "friendly_name", &conversation_kind, IN(CONVERSATION_ADD) | IN(CONVERSATION_UPDATE) },
    { HOOK_BODY,          "body",          &message_kind,      IN(MESSAGE_ADD) | IN(MESSAGE_UPDATE) },
    { HOOK_AUTHOR,        "author",        &message_kind,      IN(MESSAGE_ADD) | IN(MESSAGE_UPDATE) },
    { HOOK_ATTRIBUTES,    "attributes",    &message_kind,      IN(MESSAGE_ADD) | IN(MESSAGE_UPDATE) },
};
/* clang-format on */
enum { ALTERABLE = sizeof(alterable) / sizeof(*alterable) };

static fault_t read_members(struct arena *a, enum hook h, const json_t *answer, const char *members[HOOK_MEMBERS])
{
    for (size_t i = 0; i < ALTERABLE; i++) {
        const json_t *value = alterable[i].hooks & UINT32_C(1) << h ? json_object_get(answer, alterable[i].name) : NULL;
        if (!value)
            continue;
        if (!json_is_string(value))
            return fault(a, F_INVALID_PARAMETER, "The answer of the webhook for %s: %s is not a text", hook_name(h),
                         alterable[i].name);
        members[alterable[i].member] = json_string_value(value);
    }
    return NULL;
}

fault_t hook_answer(struct arena *a, enum hook h, const struct http_call *c, const char *members[HOOK_MEMBERS])
{
    const char *why = NULL, *name = hook_name(h);

    memset(members, 0, HOOK_MEMBERS * sizeof(*members));
    if (!c->status) {
        log_warn("hook.unanswered", "50076: %s before %s: %s; done as it was meant", c->url, name, c->why);
        return NULL;
    }
    if (c->status >= 400 && c->status < 500)
        return fault(a, F_HOOK_REJECTED, "The webhook for %s rejected this with status %d", name, c->status);
    if (c->status >= 300)
        return fault(a, F_HOOK_FAILED, "The webhook for %s failed with status %d", name, c->status);
    if (c->answer[strspn(c->answer, " \t\r\n")] != '{')
        return NULL; /* nothing, or words that nobody reads */
    json_t *answer = json_parse_object(a, c->answer, c->answer_length, &why);
    if (answer)
        return read_members(a, h, answer, members);
    log_warn("hook.answer", "the answer of %s before %s is no JSON object (%s); done as it was meant", c->url, name,
             why);
    return NULL;
}

static fault_t take_answer(struct tx *tx, const struct question *q, void *row)
{
    const char *members[HOOK_MEMBERS];
    fault_t f = hook_answer(tx->arena, q->hook, &q->call, members);

    for (size_t i = 0; i < ALTERABLE && !f; i++)
        if (members[alterable[i].member])
            row_set(tx, row, field_text(field_named(alterable[i].kind, alterable[i].name), row),
                    members[alterable[i].member]);
    return f;
}

/* --- who is asked ----------------------------------------------------------------------------------------- */

/* The URL that a scope wants to be asked at; NULL: none. */
static const char *url_of(struct tx *tx, enum scope scope, enum hook h, const struct chat_change *c, bool *by_get)
{
    struct chat_view view = { .db = tx->db, .tx = tx, .arena = tx->arena };
    const char *account_sid = c->conversation ? c->conversation->account_sid : c->user->account_sid;

    if (scope == OF_ACCOUNT) {
        const struct chat_hooks *a = chat_hooks_find(&view, account_sid);
        *by_get = a && a->method == METHOD_GET;
        return a && a->target == HOOKS_WEBHOOK && hook_listed(tx->arena, a->filters, h) ? a->pre_webhook_url : NULL;
    }
    const char *sid = c->conversation ? c->conversation->chat_service_sid : c->user->chat_service_sid;
    const struct chat_service *s = sid ? chat_find(&view, &chat_service_kind, sid) : NULL;
    *by_get = s && s->webhook_method == METHOD_GET;
    return s && hook_listed(tx->arena, s->filters, h) ? s->pre_webhook_url : NULL;
}

static fault_t ask(struct tx *tx, struct hook_round *r, enum scope scope, enum hook h, const struct chat_change *c,
                   const char *url, bool by_get)
{
    const char *account_sid = c->conversation ? c->conversation->account_sid : c->user->account_sid;
    void *account = NULL;

    if (r->n == QUESTIONS_MAX)
        return fault(tx->arena, F_HOOK_FAILED, "More than %d webhooks would have to be asked", QUESTIONS_MAX);
    if (record_find(tx->db, tx->arena, &account_kind, account_sid, &account) != DB_OK || !account)
        return fault(tx->arena, F_UNAVAILABLE, "The account cannot be read");
    struct question *q = arena_alloc(r->arena, sizeof(*q));
    struct asked *asked = arena_alloc(r->arena, sizeof(*asked));
    *q = (struct question){ .hook = h, .scope = scope, .url = arena_strdup(r->arena, url) };
    asked->round = r;
    webhook_call(r->arena, &asked->call, ((struct account *)account)->auth_token,
                 arena_strndup(r->arena, url, strcspn(url, "#")), hook_form(r->arena, tx->now, h, account_sid, c),
                 by_get);
    asked->call.timeout_ms = asked->call.connect_timeout_ms = HOOK_MS;
    asked->call.answer_max = ANSWER_MAX;
    r->questions[r->n++] = q;
    r->beginning = true;
    *r->ask = &asked->call;
    return fault(tx->arena, F_ASKED, "%s is asked about %s", url, hook_name(h));
}

fault_t hook_ask(struct tx *tx, const struct chat_actor *by, enum hook h, const struct chat_change *change, void *row)
{
    struct hook_round *r = by->round;

    if (!r || !by->webhooks)
        return NULL;
    for (enum scope scope = 0; scope < SCOPES; scope++) {
        bool by_get = false;
        const char *url = url_of(tx, scope, h, change, &by_get);
        if (!url)
            continue;
        struct question *q = r->at < r->n ? r->questions[r->at] : NULL;
        /* Somebody changed what is to be asked meanwhile: then from here on everything is asked again. */
        if (q && (q->hook != h || q->scope != scope || !str_eq(q->url, url))) {
            r->n = r->at;
            q = NULL;
        }
        if (!q)
            return ask(tx, r, scope, h, change, url, by_get);
        r->at++;
        fault_t f = take_answer(tx, q, row);
        if (f)
            return f;
    }
    return NULL;
}
