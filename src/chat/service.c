/* Services, their roles, and what a role lets a token's user do. */
#include "base/log.h"
#include "chat/internal.h"
#include "codec/json.h"
#include <string.h>

#define ALARM_ENDING "chat.service" /* a deleted service's conversations go, some at a time */
enum { ENDING_SLICE = 20, ROLES_MAX = 100, PERMISSIONS_MAX = 50 };

/* --- permissions ------------------------------------------------------------------------------------------ */
/* Every word, in which type of role it may stand, and how the older Chat API spelled it; kept is the first. */

enum {
    IN_CONVERSATION = 1 << ROLE_CONVERSATION,
    IN_SERVICE = 1 << ROLE_SERVICE,
    IN_BOTH = IN_CONVERSATION | IN_SERVICE
};

/* clang-format off */
static const struct permission { const char *word; unsigned where; const char *older[3]; } permissions[] = {
    { "addParticipant",               IN_BOTH,         { "addMember", "inviteMember" } },
    { "createConversation",           IN_SERVICE,      { "createChannel" } },
    { "deleteAnyMessage",             IN_BOTH,         { NULL } },
    { "deleteConversation",           IN_BOTH,         { "destroyChannel" } },
    { "deleteOwnMessage",             IN_CONVERSATION, { NULL } },
    { "editAnyMessage",               IN_BOTH,         { NULL } },
    { "editAnyMessageAttributes",     IN_BOTH,         { NULL } },
    { "editAnyParticipantAttributes", IN_BOTH,         { "editAnyMemberAttributes" } },
    { "editAnyUserInfo",              IN_BOTH,         { NULL } },
    { "editConversationAttributes",   IN_BOTH,         { "editChannelAttributes" } },
    { "editConversationName",         IN_BOTH,         { "editChannelName" } },
    { "editNotificationLevel",        IN_BOTH,         { NULL } },
    { "editOwnMessage",               IN_BOTH,         { NULL } },
    { "editOwnMessageAttributes",     IN_BOTH,         { NULL } },
    { "editOwnUserInfo",              IN_BOTH,         { NULL } },
    { "joinConversation",             IN_SERVICE,      { "joinChannel" } },
    { "leaveConversation",            IN_CONVERSATION, { "leaveChannel" } },
    { CHAT_READ_ALONG,                IN_SERVICE,      { NULL } },
    { "removeParticipant",            IN_BOTH,         { "removeMember" } },
    { "sendMediaMessage",             IN_CONVERSATION, { NULL } },
    { "sendMessage",                  IN_CONVERSATION, { NULL } },
};

/* The roles that services begin with.  What Flex's desktop relies on stands below: its service has both parts. */
#define EVERYTHING NULL
struct role_plan { const char *name; enum role_type type; const char *words; };
static const struct role_plan plain_roles[] = {
    { "service admin", ROLE_SERVICE,      EVERYTHING },
    { "service user",  ROLE_SERVICE,      "createConversation joinConversation editOwnUserInfo" },
    { "channel admin", ROLE_CONVERSATION, EVERYTHING },
    { "channel user",  ROLE_CONVERSATION, "sendMessage sendMediaMessage leaveConversation editOwnMessage editOwnMessageAttributes deleteOwnMessage editNotificationLevel" },
    { "service guest", ROLE_SERVICE,      "editOwnUserInfo" },
    { "channel guest", ROLE_CONVERSATION, "sendMessage sendMediaMessage leaveConversation editOwnMessage editOwnMessageAttributes" },
};
static const struct role_plan flex_roles[] = {
    { "admin",         ROLE_SERVICE,      EVERYTHING },
    { "supervisor",    ROLE_SERVICE,      "createConversation joinConversation addParticipant removeParticipant editOwnUserInfo editConversationAttributes deleteAnyMessage " CHAT_READ_ALONG },
    { "agent",         ROLE_SERVICE,      "createConversation joinConversation addParticipant editOwnUserInfo editConversationAttributes" },
    { "guest",         ROLE_SERVICE,      "editOwnUserInfo" },
    { "channel admin", ROLE_CONVERSATION, EVERYTHING },
    { "channel user",  ROLE_CONVERSATION, "sendMessage sendMediaMessage leaveConversation editOwnMessage editOwnMessageAttributes deleteOwnMessage editNotificationLevel" },
    { "agent",         ROLE_CONVERSATION, "sendMessage sendMediaMessage leaveConversation editConversationAttributes editOwnMessage editOwnMessageAttributes deleteOwnMessage" },
    { "guest",         ROLE_CONVERSATION, "sendMessage sendMediaMessage leaveConversation editOwnMessage editOwnMessageAttributes" },
};
/* clang-format on */
#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

static const struct permission *permission_named(const char *word)
{
    for (const struct permission *p = permissions; word && p < permissions + COUNT_OF(permissions); p++) {
        bool same = !strcmp(p->word, word);
        for (size_t i = 0; !same && i < COUNT_OF(p->older) && p->older[i]; i++)
            same = !strcmp(p->older[i], word);
        if (same)
            return p;
    }
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);

    for (const char *s = words; (s = strstr(s, word)); s += n)
        if ((s == words || s[-1] == ' ') && (!s[n] || s[n] == ' '))
            return true;
    return false;
}

/* As a JSON list, in the order of the table. */
static const char *permissions_of(struct arena *a, const struct role_plan *plan)
{
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '[');
    for (size_t i = 0; i < COUNT_OF(permissions); i++)
        if (permissions[i].where & (1u << plan->type) && (!plan->words || has_word(plan->words, permissions[i].word)))
            json_str(&o, permissions[i].word);
    json_close(&o, ']');
    return json_done(&o);
}

static bool list_has(struct arena *a, const char *list, const char *word)
{
    json_t *words = list ? json_parse(a, list, strlen(list), NULL) : NULL, *item;
    size_t i;

    json_array_foreach(words, i, item)
    {
        if (str_eq(json_string_value(item), word))
            return true;
    }
    return false;
}

/* --- roles --------------------------------------------------------------------------------------- */

fault_t chat_role_of(struct tx *tx, const char *service_sid, const char *role_sid, enum role_type type)
{
    const struct chat_role *r = row_find(tx, &chat_role_kind, role_sid);

    if (!r || !str_eq(r->chat_service_sid, service_sid) || r->type != type)
        return fault(tx->arena, F_CHAT_ROLE_UNKNOWN, "Role '%.64s' is not a %s role of service %s", role_sid,
                     role_type_names[type], service_sid);
    return NULL;
}

fault_t chat_role_check(struct tx *tx, struct chat_role *row)
{
    json_t *words = json_parse(tx->arena, row->permissions, strlen(row->permissions), NULL), *item;
    bool taken[COUNT_OF(permissions)] = { false };
    struct json_out o;
    size_t i;

    json_begin(&o, tx->arena);
    json_open(&o, '[');
    json_array_foreach(words, i, item)
    {
        const struct permission *p = permission_named(json_string_value(item));
        if (!p || !(p->where & (1u << row->type)))
            return fault(tx->arena, F_CHAT_ROLE_PERMISSION, "Permission '%.64s' is not one of a %s role",
                         json_string_value(item), role_type_names[row->type]);
        if (!taken[p - permissions])
            json_str(&o, p->word);
        taken[p - permissions] = true;
    }
    json_close(&o, ']');
    row_set(tx, row, &row->permissions, json_done(&o));
    return NULL;
}

fault_t chat_role_remove(struct tx *tx, struct chat_role *row)
{
    const struct chat_service *s = row_find(tx, &chat_service_kind, row->chat_service_sid);

    if (s &&
        (str_eq(row->sid, s->default_chat_service_role_sid) || str_eq(row->sid, s->default_conversation_role_sid) ||
         str_eq(row->sid, s->default_conversation_creator_role_sid)))
        return fault(tx->arena, F_CHAT_ROLE_IN_USE, "Role '%s' is a default role of its service", row->friendly_name);
    row_delete(tx, row);
    return NULL;
}

static const char *role_make(struct tx *tx, const struct chat_service *s, const struct role_plan *plan)
{
    struct chat_role *r = row_new(tx, &chat_role_kind, NULL);

    row_set(tx, r, &r->account_sid, s->account_sid);
    row_set(tx, r, &r->chat_service_sid, s->sid);
    row_set(tx, r, &r->friendly_name, plan->name);
    row_set(tx, r, &r->permissions, permissions_of(tx->arena, plan));
    r->type = plan->type;
    return r->sid;
}

struct roles {
    const struct chat_role *rows[ROLES_MAX];
    size_t n;
};

static bool take_role(void *arg, void *row)
{
    struct roles *r = arg;

    r->rows[r->n++] = row;
    return r->n < ROLES_MAX;
}

static bool roles_read(struct chat_view *v, const char *service_sid, struct roles *out)
{
    struct condition of = { .column = "chat_service_sid", .compare = IS, .value = value_text(service_sid) };

    return record_select(v->db, v->arena, &chat_role_kind, &(struct selection){ .conditions = &of, .nconditions = 1 },
                         take_role, out) == DB_OK;
}

static const struct chat_role *role_named(const struct roles *r, const struct role_plan *plan)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->rows[i]->type == plan->type && str_ieq(r->rows[i]->friendly_name, plan->name))
            return r->rows[i];
    return NULL;
}

/* What is there stays as it is: a role of that name, and the defaults of the service. */
void chat_flex_roles_add(struct tx *tx, struct chat_service *s)
{
    struct chat_view v = view_in(tx);
    struct roles there = { .n = 0 };

    if (!roles_read(&v, s->sid, &there))
        return;
    for (size_t i = 0; i < COUNT_OF(flex_roles); i++)
        if (!role_named(&there, &flex_roles[i]))
            (void)role_make(tx, s, &flex_roles[i]);
}

const char *chat_roles_checkup(struct chat_view *v, const char *account_sid)
{
    const struct chat_account *a = chat_find(v, &chat_account_kind, account_sid);
    struct roles there = { .n = 0 };
    struct json_out o;

    json_begin(&o, v->arena);
    json_open(&o, '[');
    if (a && a->default_chat_service_sid && roles_read(v, a->default_chat_service_sid, &there))
        for (size_t i = 0; i < COUNT_OF(flex_roles); i++) {
            const struct role_plan *plan = &flex_roles[i];
            const struct chat_role *r = role_named(&there, plan);
            const char *type = role_type_names[plan->type];
            if (!r && !v->tx) /* on the ledger it is being given */
                json_str(&o, arena_printf(v->arena, "service %s has no %s role '%s'", a->default_chat_service_sid, type,
                                          plan->name));
            else if (r && strcmp(r->permissions, permissions_of(v->arena, plan)) != 0)
                json_str(&o, arena_printf(v->arena,
                                          "service %s has a %s role '%s' (%s) with other permissions than Flex gives "
                                          "it; it was left as it is",
                                          a->default_chat_service_sid, type, r->friendly_name, r->sid));
        }
    json_close(&o, ']');
    return json_done(&o);
}

/* Services of older data get the roles that have come since; what could not be given is told, here and by the checkup.
 */
static bool look_after(void *arg, void *row)
{
    struct tx *tx = arg;
    const struct chat_account *a = row;
    struct chat_service *s = row_find(tx, &chat_service_kind, a->default_chat_service_sid);
    struct chat_view v = view_in(tx);

    if (!s)
        return true;
    chat_flex_roles_add(tx, s);
    const char *warnings = chat_roles_checkup(&v, a->sid);
    if (strcmp(warnings, "[]") != 0)
        log_warn("chat.roles", "account %s: %s", a->sid, warnings);
    return true;
}

static void loaded(void *arg, struct tx *tx)
{
    (void)arg;
    (void)record_select(tx->db, tx->arena, &chat_account_kind, &(struct selection){ .limit = 0 }, look_after, tx);
}

/* --- services ------------------------------------------------------------------------------------ */

static void give_roles(struct tx *tx, struct chat_service *s, const struct role_plan *plans, size_t n,
                       const char *service_role, const char *conversation_role)
{
    for (size_t i = 0; i < n; i++) {
        const char *sid = role_make(tx, s, &plans[i]);
        if (plans[i].type == ROLE_SERVICE && !strcmp(plans[i].name, service_role))
            row_set(tx, s, &s->default_chat_service_role_sid, sid);
        if (plans[i].type == ROLE_CONVERSATION && !strcmp(plans[i].name, conversation_role))
            row_set(tx, s, &s->default_conversation_role_sid, sid);
        if (plans[i].type == ROLE_CONVERSATION && !strcmp(plans[i].name, "channel admin"))
            row_set(tx, s, &s->default_conversation_creator_role_sid, sid);
    }
    row_set(tx, s, &s->filters, "[]");
}

void chat_service_complete(struct tx *tx, struct chat_service *new_row)
{
    give_roles(tx, new_row, plain_roles, COUNT_OF(plain_roles), "service user", "channel user");
}

static struct chat_service *service_new(struct tx *tx, const char *account_sid, const char *friendly_name)
{
    struct chat_service *s = row_new(tx, &chat_service_kind, NULL);

    row_set(tx, s, &s->account_sid, account_sid);
    row_set(tx, s, &s->friendly_name, friendly_name);
    return s;
}

struct chat_service *chat_service_make(struct chat *c, struct tx *tx, const char *account_sid,
                                       const char *friendly_name)
{
    struct chat_service *s = service_new(tx, account_sid, friendly_name);

    (void)c;
    chat_service_complete(tx, s);
    return s;
}

struct chat_account *chat_account_of(struct tx *tx, const char *account_sid)
{
    struct chat_account *a = row_find(tx, &chat_account_kind, account_sid);

    if (a)
        return a;
    a = row_new(tx, &chat_account_kind, account_sid);
    row_set(tx, a, &a->account_sid, account_sid);
    return a;
}

struct chat_service *chat_service_default(struct tx *tx, const char *account_sid)
{
    struct chat_account *a = chat_account_of(tx, account_sid);
    struct chat_service *s = row_find(tx, &chat_service_kind, a->default_chat_service_sid);

    if (s)
        return s;
    s = service_new(tx, account_sid, "Flex Chat Service");
    give_roles(tx, s, flex_roles, COUNT_OF(flex_roles), "guest", "guest");
    s->reachability_enabled = true;
    row_set(tx, a, &a->default_chat_service_sid, s->sid);
    return s;
}

/* --- the end of a service ------------------------------------------------------------------------ */

struct ending {
    struct chat *chat;
    struct tx *tx;
    int n;
};

static bool end_conversation(void *arg, void *row)
{
    struct ending *e = arg;
    struct conversation *c = row_find(e->tx, &conversation_kind, ((struct conversation *)row)->sid);

    e->n++;
    if (c) {
        fault_t f = conversation_remove(e->chat, e->tx, &by_server, c);
        (void)f; /* the server is never refused */
    }
    return true;
}

static bool end_user(void *arg, void *row)
{
    struct ending *e = arg;
    struct chat_user *u = row_find(e->tx, &chat_user_kind, ((struct chat_user *)row)->sid);

    e->n++;
    if (u) {
        key_set(e->tx, key_of_user(e->tx->arena, u->chat_service_sid, u->identity), NULL);
        row_delete(e->tx, u);
    }
    return true;
}

static bool end_role(void *arg, void *row)
{
    struct ending *e = arg;

    e->n++;
    row_delete(e->tx, row_find(e->tx, &chat_role_kind, ((struct chat_role *)row)->sid));
    return true;
}

static void ring_ending(void *arg, struct tx *tx, const char *service_sid, int64_t due)
{
    static const struct {
        const struct kind *kind;
        bool (*each)(void *arg, void *row);
    } parts[] = { { &conversation_kind, end_conversation },
                  { &chat_user_kind, end_user },
                  { &chat_role_kind, end_role } };
    struct ending e = { .chat = arg, .tx = tx };
    struct condition of = { .column = "chat_service_sid", .compare = IS, .value = value_text(service_sid) };

    (void)due;
    for (size_t i = 0; i < COUNT_OF(parts) && !e.n; i++)
        (void)record_select(tx->db, tx->arena, parts[i].kind,
                            &(struct selection){ .conditions = &of, .nconditions = 1, .limit = ENDING_SLICE },
                            parts[i].each, &e);
    if (e.n)
        alarm_set(tx, ALARM_ENDING, service_sid, tx->now);
}

fault_t chat_service_remove(struct chat *c, struct tx *tx, struct chat_service *row)
{
    const struct chat_account *a = row_find(tx, &chat_account_kind, row->account_sid);

    (void)c;
    if (a && str_eq(a->default_chat_service_sid, row->sid))
        return fault(tx->arena, F_CONFLICT, "Service %s is the account's default service and cannot be deleted",
                     row->sid);
    alarm_set(tx, ALARM_ENDING, row->sid, tx->now);
    row_delete(tx, row);
    return NULL;
}

void services_setup(struct chat *c)
{
    ledger_on_loaded(c->ledger, loaded, c);
    ledger_alarm(c->ledger, &(struct alarm_kind){ ALARM_ENDING, ring_ending, c });
}

/* --- who may ------------------------------------------------------------------------------------- */

static bool role_lets(struct chat_view *v, const char *role_sid, const char *permission)
{
    const struct chat_role *r = chat_find(v, &chat_role_kind, role_sid);

    return r && list_has(v->arena, r->permissions, permission);
}

/* An identity is never taken for a SID here, whatever a token says. */
static const struct participant *partaker(struct chat_view *v, const char *conversation_sid, const char *identity)
{
    const struct participant *p = participant_find(v, conversation_sid, identity);

    return p && str_eq(p->identity, identity) ? p : NULL;
}

static bool service_lets(struct chat_view *v, const struct chat_service *s, const char *identity,
                         const char *permission)
{
    const struct chat_user *u = chat_user_find(v, s->sid, identity);
    bool known = u && str_eq(u->identity, identity);

    return role_lets(v, known ? u->role_sid : s->default_chat_service_role_sid, permission);
}

fault_t chat_may(struct chat_view *v, const struct chat_service *s, const char *identity, const struct conversation *in,
                 const char *permission)
{
    const struct participant *p = in ? partaker(v, in->sid, identity) : NULL;

    if ((p && role_lets(v, p->role_sid, permission)) || service_lets(v, s, identity, permission))
        return NULL;
    return fault(v->arena, F_CHAT_UNAUTHORIZED, "User unauthorized for command: '%.64s' has no role with %s", identity,
                 permission);
}

fault_t chat_may_see(struct chat_view *v, const struct chat_service *s, const char *identity,
                     const struct conversation *in)
{
    if (str_eq(in->created_by, identity) || partaker(v, in->sid, identity) ||
        service_lets(v, s, identity, CHAT_READ_ALONG))
        return NULL;
    return fault(v->arena, F_CHAT_NOT_PARTICIPANT, "Participant is not a member of conversation %s", in->sid);
}
