/* Whose token is this?  Asked of iam by an application's function, before it does what a page of Flex wants
 * (twilio-flex-token-validator), and of flex-api by Flex's SDK, about its own token.
 *
 * A Flex token is an access token of somebody who works here: one with a workspace and a role in it.  A customer's is
 * none, however good it is: functions open to whoever the answer calls valid. */
#include "product/flex/internal.h"

#include "auth/auth.h"
#include <string.h>

enum { TOKEN_CHARS_MAX = 16 * 1024 };

struct token_owner {
    struct principal who;
    const char *user_sid; /* NULL: a token that the application made, for somebody who does not log in here */
    const char *roles;    /* JSON array */
};

/* The person whom our own desktop signed for.  Others' keys may write any name into a token: that is nobody's role. */
static fault_t user_of(struct op *op, struct token_owner *out)
{
    struct api_key *key = NULL;
    struct user *u = NULL;
    fault_t f = NULL;

    if (record_find(op->db, op->arena, &api_key_kind, out->who.credential_sid, (void **)&key) != DB_OK)
        return op_failed(op);
    if (key && key->desktop)
        f = user_by_name(op->db, op->arena, out->who.identity, &u);
    if (f || !key || !key->desktop)
        return f;
    if (!u || !u->active || !str_eq(u->account_sid, out->who.account_sid))
        return refuse(op, F_TOKEN_INVALID, "The user of the token may not log in any more");
    out->user_sid = u->sid;
    if (u->roles)
        out->roles = u->roles;
    return NULL;
}

/* The owner of a token of this account, or why it is none. */
static fault_t owner_of(struct op *op, const char *token, struct token_owner *out)
{
    fault_t f;

    if (!token || !*token || strlen(token) > TOKEN_CHARS_MAX)
        return refuse(op, F_TOKEN_INVALID, "No token was given");
    f = auth_token(op->view, op->db, op->arena, token, &out->who);
    if (f)
        return f;
    if (out->who.by != BY_TOKEN || !str_eq(out->who.account_sid, op->who.account_sid))
        return refuse(op, F_TOKEN_INVALID, "The token is not one of this account");
    if (!out->who.workspace_sid || !out->who.role || !out->who.identity || !*out->who.identity)
        return refuse(op, F_TOKEN_INVALID, "The token is not one of Flex");
    out->roles = str_eq(out->who.role, "supervisor") ? "[\"supervisor\"]" : "[\"agent\"]";
    return user_of(op, out);
}

static void owner_json(struct json_out *o, const struct token_owner *owner)
{
    json_pair_str(o, "identity", owner->who.identity);
    json_pair_raw(o, "roles", owner->roles);
    json_pair_str(o, "worker_sid", owner->who.worker_sid);
    json_pair_date(o, "expiration", owner->who.expires);
}

static fault_t answer(struct op *op, struct json_out *o)
{
    json_close(o, '}');
    op_json(op, 200, json_done(o));
    op_header_add(op, "Cache-Control", "no-store");
    return NULL;
}

static fault_t may_ask(struct op *op, const char *label, const char *path)
{
    fault_t f = auth_act_on(op->view, op->db, op->arena, op_path(op, "account_sid"), &op->who);

    return f ? f : auth_may(&op->who, op->arena, label, path, MAY_READ);
}

/* The validator looks at `valid` and not at the status. */
fault_t token_validate(struct op *op)
{
    fault_t f = may_ask(op, "iam", TOKEN_VALIDATE_PATH), wrong;
    struct token_owner owner = { .roles = "[]" };
    struct json_out o;

    if (f)
        return f;
    wrong = owner_of(op, op_param(op, "token"), &owner);
    if (wrong && wrong->id == F_UNAVAILABLE)
        return wrong;
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_bool(&o, "valid", !wrong);
    json_pair_int(&o, "code", wrong ? wrong->code : 0);
    json_pair_str(&o, "message", wrong ? wrong->message : NULL);
    if (!wrong) {
        json_pair_str(&o, "realm_user_id", owner.who.identity);
        owner_json(&o, &owner);
    }
    return answer(op, &o);
}

fault_t token_info(struct op *op)
{
    fault_t f = may_ask(op, "flex-api", TOKEN_INFO_PATH);
    struct token_owner owner = { .roles = "[]" };
    struct json_out o;

    f = f ? f : owner_of(op, op_param(op, "Token"), &owner);
    if (f)
        return f;
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "account_sid", owner.who.account_sid);
    json_pair_str(&o, "flex_user_sid", owner.user_sid);
    owner_json(&o, &owner);
    return answer(op, &o);
}
