/* Web chats: v2/WebChats for an application's server, and /plugboard/v1/Webchats for a customer's browser, which has no
 * credentials.
 *
 * A browser is given a token of one identity, for the account's chat service and nothing else; as long as it keeps that
 * token, however long it has expired, it may have a new one and so come back to its conversations.  Who is known to the
 * application may be signed: an access token of an API key of the account with nothing but an identity (the official
 * helpers make those). */
#include "product/flex/internal.h"

#include "auth/auth.h"
#include "codec/jwt.h"
#include <string.h>

enum { TOKEN_LIFE_MS = 6 * 3600 * 1000, COMES_BACK_DAYS = 90, TOKEN_CHARS_MAX = 8 * 1024 };

/* --- v2/WebChats ------------------------------------------------------------------------------------------ */

struct web_chat {
    const char *conversation_sid, *identity;
};
struct web_chat_order {
    const char *address_sid, *chat_friendly_name, *customer_friendly_name, *pre_engagement_data, *identity, *ui_version;
};
/* clang-format off */
static const struct field shown_fields[] = {
    FIELD(web_chat, conversation_sid, SID, .prefix = "CH"),
    FIELD(web_chat, identity,         STR),
};
static const struct field order_fields[] = {
    FIELD(web_chat_order, address_sid,            STR, .flags = REQUIRED, .max = CHAT_NAME_CHARS_MAX),
    FIELD(web_chat_order, chat_friendly_name,     STR, .max = CHAT_NAME_CHARS_MAX),
    FIELD(web_chat_order, customer_friendly_name, STR, .max = CHAT_NAME_CHARS_MAX),
    FIELD(web_chat_order, pre_engagement_data,    STR, .max = PRE_ENGAGEMENT_MAX),
    FIELD(web_chat_order, identity,               STR, .max = CHAT_NAME_CHARS_MAX),
    FIELD(web_chat_order, ui_version,             STR, .max = 64, .param = "Ui-Version"),
};
/* clang-format on */
static const struct kind shape = { .name = "shown_web_chat",
                                   .size = sizeof(struct web_chat),
                                   .fields = ROWS(shown_fields) };

/* By SID or by name; of any account while nobody is signed in. */
static struct address_configuration *address_of(struct op *op, const char *account_sid, const char *name)
{
    struct address_configuration *a = NULL;

    if (sid_valid(name, "IG"))
        (void)record_find(op->db, op->arena, &address_configuration_kind, name, (void **)&a);
    else
        (void)record_find_by(op->db, op->arena, &address_configuration_kind, "address", name, account_sid, (void **)&a);
    return a && (!account_sid || str_eq(a->account_sid, account_sid)) ? a : NULL;
}

static fault_t begin(struct op *op, struct flex_chat *row, const struct address_configuration *a,
                     const struct chat_order *o)
{
    struct conversation *v;

    row_set(op->tx, row, &row->address_sid, a->sid);
    fault_t f = chat_begin(op, row, o, &v);
    return f ? f : chat_by_address(op, a, o, v);
}

static const char *filled(const char *s)
{
    return s && *s ? s : NULL;
}

static fault_t create(struct op *op, void *row)
{
    const struct web_chat_order *p = op->params;
    const struct address_configuration *a = address_of(op, op->who.account_sid, p->address_sid);
    struct chat_order o = { .identity = filled(p->identity),
                            .friendly_name = filled(p->chat_friendly_name),
                            .customer_name = filled(p->customer_friendly_name),
                            .pre_engagement = filled(p->pre_engagement_data),
                            .service_sid = a ? a->conversation_service_sid : NULL };
    fault_t f = chat_throttle(op, op->who.account_sid, NULL);

    if (f)
        return f;
    return a ? begin(op, row, a, &o) : refuse(op, F_NOT_FOUND, "Address %s was not found", p->address_sid);
}

static void show(struct op *op, const void *row, void *out)
{
    const struct flex_chat *c = row;

    (void)op;
    *(struct web_chat *)out = (struct web_chat){ .conversation_sid = c->sid, .identity = c->identity };
}

const struct resource web_chat_resource = {
    .product = "flex-api",
    .name = "WebChat",
    .path = "/v2/WebChats",
    .at = "",
    .verbs = CREATE,
    .kind = &flex_chat_kind,
    .shape = &shape,
    .create_params = PARAMS(web_chat_order, order_fields),
    .create = create,
    .show = show,
};

/* --- tokens of browsers ----------------------------------------------------------------------------------- */

static fault_t answer(struct op *op, const struct flex_chat *row)
{
    const struct conversation *v = row_find(op->tx, &conversation_kind, row->sid);
    json_t *grants = json_pack("{s:{s:s}}", "chat", "service_sid", v ? v->chat_service_sid : "");
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "conversation_sid", row->sid);
    json_pair_str(&o, "identity", row->identity);
    json_pair_str(&o, "token",
                  access_token_mint(op->arena, signing_key_of(op->tx, row->account_sid), row->identity, grants, op->now,
                                    TOKEN_LIFE_MS));
    json_pair_int(&o, "expiration", op->now + TOKEN_LIFE_MS);
    json_close(&o, '}');
    json_decref(grants);
    op_json(op, 200, json_done(&o));
    op_header_add(op, "Cache-Control", "no-store");
    return NULL;
}

static fault_t not_ours(struct op *op)
{
    return refuse(op, F_TOKEN_INVALID, "Token is not one of this server's web chats");
}

/* A token that we signed for a browser, expired or not: whose it is. */
static fault_t token_read(struct op *op, const char *token, const char **account_sid, const char **identity)
{
    const json_t *claims = token && strlen(token) < TOKEN_CHARS_MAX ? jwt_peek(op->arena, token, NULL) : NULL, *grants;
    const char *key_sid = claims ? json_get_string(claims, "iss") : NULL;
    const struct api_key *key = key_sid ? row_find(op->tx, &api_key_kind, key_sid) : NULL;

    claims = key && key->desktop ? jwt_verify(op->arena, token, key->secret) : NULL;
    grants = json_object_get(claims, "grants");
    *identity = json_get_string(grants, "identity");
    *account_sid = key ? key->account_sid : NULL;
    if (!claims || !*identity || !json_object_get(grants, "chat") || json_object_get(grants, "task_router"))
        return not_ours(op);
    if (json_integer_value(json_object_get(claims, "exp")) * SECOND + COMES_BACK_DAYS * DAY < op->now)
        return refuse(op, F_TOKEN_EXPIRED, "Token has expired more than %d days ago", COMES_BACK_DAYS);
    return NULL;
}

/* Who the application says this is; NULL: it does not say. */
static fault_t signed_identity(struct op *op, const char *account_sid, const char **out)
{
    const char *token = filled(op_param(op, "Identity"));
    struct principal who;
    fault_t f = token ? auth_token(op->view, op->db, op->arena, token, &who) : NULL;

    *out = NULL;
    if (!token || f)
        return f;
    if (!str_eq(who.account_sid, account_sid) || !filled(who.identity))
        return refuse(op, F_TOKEN_INVALID, "Identity is not a token of this account");
    *out = who.identity;
    return NULL;
}

/* The chat that a returning browser sees: its open one, or the last. */
static struct flex_chat *chat_of_guest(struct op *op, const char *account_sid, const char *identity)
{
    struct condition conditions[] = {
        { .column = "account_sid", .compare = IS, .value = value_text(account_sid) },
        { .column = "identity", .compare = IS, .value = value_text(identity) },
    };
    struct order newest = { .column = "sid", .descending = true };
    struct flex_chat *c = chat_open_of(op, account_sid, identity, NULL);

    if (!c)
        (void)record_first(
            op->db, op->arena, &flex_chat_kind,
            &(struct selection){ .conditions = conditions, .nconditions = 2, .orders = &newest, .norders = 1 },
            (void **)&c);
    return c;
}

/* --- the public endpoints --------------------------------------------------------------------------------- */

/* Who comes back with a token goes on as who he was; who is signed, as who he is. */
static fault_t who_begins(struct op *op, const char *account_sid, const char **identity)
{
    const char *token = filled(op_param(op, "Token")), *token_account;
    fault_t f = signed_identity(op, account_sid, identity);

    if (f || *identity || !token)
        return f;
    f = token_read(op, token, &token_account, identity);
    return f || str_eq(token_account, account_sid) ? f : not_ours(op);
}

static fault_t begin_new(struct op *op, const struct address_configuration *a, const char *identity)
{
    struct chat_order o = { .identity = identity,
                            .customer_name = filled(op_param(op, "CustomerFriendlyName")),
                            .friendly_name = filled(op_param(op, "CustomerFriendlyName")),
                            .pre_engagement = filled(op_param(op, "PreEngagementData")),
                            .service_sid = a->conversation_service_sid };
    struct flex_chat *row;
    fault_t f = chat_throttle(op, a->account_sid, NULL);

    if (f)
        return f;
    row = row_new(op->tx, &flex_chat_kind, NULL);
    row_set(op->tx, row, &row->account_sid, a->account_sid);
    f = begin(op, row, a, &o);
    return f ? f : answer(op, row);
}

fault_t webchat_begin(struct op *op)
{
    const char *name = filled(op_param(op, "AddressSid")), *identity;
    const struct address_configuration *a;
    const struct flex_chat *there;
    fault_t f = chat_throttle(op, NULL, op->http->peer);

    if (f)
        return f;
    a = name ? address_of(op, NULL, name) : NULL;
    if (!a || a->type != ADDRESS_CHAT)
        return refuse(op, F_NOT_FOUND, "AddressSid does not name an address for web chats");
    f = who_begins(op, a->account_sid, &identity);
    if (f)
        return f;
    there = identity ? chat_open_of(op, a->account_sid, identity, a->sid) : NULL;
    return there ? answer(op, there) : begin_new(op, a, identity);
}

static fault_t guest_of(struct op *op, struct flex_chat **out)
{
    const char *account_sid, *identity;
    fault_t f = token_read(op, op_param(op, "Token"), &account_sid, &identity);

    if (f)
        return f;
    *out = chat_of_guest(op, account_sid, identity);
    return *out ? NULL : not_ours(op);
}

fault_t webchat_refresh(struct op *op)
{
    struct flex_chat *c;
    fault_t f = guest_of(op, &c);

    return f ? f : answer(op, c);
}

/* The customer has done: nobody waits for him any more, and who talked with him wraps up. */
fault_t webchat_end(struct op *op)
{
    const struct chat_actor by = { .by = BY_SERVER, .source = "SDK", .webhooks = true };
    struct interaction_channel *channel;
    struct conversation *v;
    struct flex_chat *c;
    fault_t f = guest_of(op, &c);

    if (f)
        return f;
    op->answer.status = 204;
    v = row_find(op->tx, &conversation_kind, c->sid);
    channel = interaction_of_conversation(interactions_of(op), c->sid);
    if (channel)
        return interaction_close(interactions_of(op), op->tx, channel, true);
    return v && v->state != CONVERSATION_CLOSED
               ? conversation_turn(op_site(op)->chat, op->tx, &by, v, CONVERSATION_CLOSED, "API")
               : NULL;
}
