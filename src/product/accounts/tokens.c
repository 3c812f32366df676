/* The change of an auth token without an outage: a secondary one is made, taken up everywhere, then promoted. */
#include "base/text.h"
#include "product/accounts/internal.h"

static fault_t own_account(struct op *op, enum deed deed, struct account **out)
{
    fault_t f = may_manage(op, "accounts", "/v1/AuthTokens", deed);

    if (f)
        return f;
    *out = row_find(op->tx, &account_kind, op->who.account_sid);
    return *out ? NULL : refuse(op, F_NOT_FOUND, "The account is gone");
}

static void token_json(struct op *op, int status, const struct account *a, const char *member, const char *token,
                       const char *path)
{
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "account_sid", a->sid);
    json_pair_str(&o, member, token);
    json_pair_date(&o, "date_created", a->date_created);
    json_pair_date(&o, "date_updated", a->date_updated);
    json_pair_str(&o, "url", arena_printf(op->arena, "%s%s", op->prefix, path));
    json_close(&o, '}');
    op_json(op, status, json_done(&o));
}

static void edit(struct op *op, struct account *a)
{
    row_edit(op->tx, a);
    a->date_updated = op->now;
    credentials_changed(op);
}

fault_t secondary_token_create(struct op *op)
{
    enum { TOKEN_DIGITS = 32 };
    char token[TOKEN_DIGITS + 1];
    struct account *a;
    fault_t f = own_account(op, MAY_CREATE, &a);

    if (f)
        return f;
    if (a->secondary_auth_token)
        return refuse(op, F_CONFLICT, "There is a secondary auth token already: promote or delete it first");
    random_hex(token, TOKEN_DIGITS);
    edit(op, a);
    row_set(op->tx, a, &a->secondary_auth_token, token);
    token_json(op, 201, a, "secondary_auth_token", a->secondary_auth_token, "/v1/AuthTokens/Secondary");
    return NULL;
}

fault_t secondary_token_remove(struct op *op)
{
    struct account *a;
    fault_t f = own_account(op, MAY_DELETE, &a);

    if (f)
        return f;
    if (!a->secondary_auth_token)
        return refuse(op, F_NOT_FOUND, "There is no secondary auth token");
    edit(op, a);
    row_set(op->tx, a, &a->secondary_auth_token, NULL);
    op->answer.status = 204;
    return NULL;
}

fault_t token_promote(struct op *op)
{
    struct account *a;
    fault_t f = own_account(op, MAY_UPDATE, &a);

    if (f)
        return f;
    if (!a->secondary_auth_token)
        return refuse(op, F_NOT_FOUND, "There is no secondary auth token to promote");
    edit(op, a);
    row_set(op->tx, a, &a->auth_token, a->secondary_auth_token);
    row_set(op->tx, a, &a->secondary_auth_token, NULL);
    token_json(op, 200, a, "auth_token", a->auth_token, "/v1/AuthTokens/Promote");
    return NULL;
}
