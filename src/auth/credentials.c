/* Each kind of credential: where its row is, what makes it good, whom it stands for. */
#include "auth/internal.h"
#include "base/text.h"
#include "codec/jwt.h"
#include <string.h>

/* A longer life than a day is a mistake of whoever mints (and Twilio refuses it as well). */
enum { TOKEN_LIFE_MAX = 24 * 60 * 60 };

static fault_t not_authenticated(struct arena *a)
{
    return fault(a, F_UNAUTHENTICATED, "Authenticate");
}

static fault_t token_invalid(struct arena *a, const char *why)
{
    return fault(a, F_TOKEN_INVALID, "Invalid Access Token: %s", why);
}

static fault_t find(struct db *db, struct arena *a, const struct kind *k, const char *sid, void **row)
{
    *row = NULL;
    if (record_find(db, a, k, sid, row) == DB_FAILED)
        return fault(a, F_UNAVAILABLE, "The store cannot be read now");
    return NULL;
}

/* The account behind a credential and its parent are active; sets both in the principal. */
static fault_t stand_for(struct db *db, struct arena *a, const char *account_sid, struct principal *out)
{
    struct account *account, *parent;
    fault_t f = find(db, a, &account_kind, account_sid, (void **)&account);

    if (f)
        return f;
    if (!account)
        return not_authenticated(a);
    out->account_sid = account->sid;
    if (account->status != ACCOUNT_ACTIVE)
        return fault(a, F_ACCOUNT_SUSPENDED, "Account %s is not active", account->sid);
    if (str_eq(account->owner_account_sid, account->sid))
        return NULL;
    out->parent_sid = account->owner_account_sid;
    if ((f = find(db, a, &account_kind, out->parent_sid, (void **)&parent)))
        return f;
    if (!parent || parent->status != ACCOUNT_ACTIVE)
        return fault(a, F_ACCOUNT_SUSPENDED, "The account above %s is not active", account->sid);
    return NULL;
}

static fault_t account_credential(struct db *db, struct arena *a, const char *sid, const char *secret,
                                  struct principal *out)
{
    struct account *account;
    fault_t f = find(db, a, &account_kind, sid, (void **)&account);

    if (f)
        return f;
    if (!account ||
        (!secret_equal(account->auth_token, secret) && !secret_equal(account->secondary_auth_token, secret)))
        return not_authenticated(a);
    *out = (struct principal){ .by = BY_ACCOUNT, .credential_sid = sid, .may_manage = true, .expires = NO_VALUE };
    return stand_for(db, a, sid, out);
}

static fault_t key_credential(struct db *db, struct arena *a, const char *sid, const char *secret,
                              struct principal *out)
{
    struct api_key *key;
    fault_t f = find(db, a, &api_key_kind, sid, (void **)&key);

    if (f)
        return f;
    if (!key || !secret_equal(key->secret, secret))
        return not_authenticated(a);
    *out = (struct principal){
        .by = BY_KEY,
        .credential_sid = sid,
        .policy = key->type == KEY_RESTRICTED ? (key->policy ? key->policy : "{}") : NULL,
        .may_manage = key->type == KEY_MAIN,
        .expires = NO_VALUE,
    };
    return stand_for(db, a, key->account_sid, out);
}

fault_t auth_basic(struct auth_view *v, struct db *db, struct arena *a, const char *authorization,
                   struct principal *out)
{
    struct authorization given;
    struct digest d;
    fault_t f;

    *out = (struct principal){ .by = BY_NOBODY, .expires = NO_VALUE };
    if (!authorization_read(a, authorization, &given))
        return not_authenticated(a);
    if (given.scheme == SCHEME_BEARER || str_eq(given.user, "token"))
        return auth_token(v, db, a, given.secret, out);
    view_refresh(v);
    d = digest_of("basic", given.user, given.secret);
    if (view_recall(v, &d, a, out))
        return NULL;
    if (sid_valid(given.user, "AC"))
        f = account_credential(db, a, given.user, given.secret, out);
    else if (sid_valid(given.user, "SK"))
        f = key_credential(db, a, given.user, given.secret, out);
    else
        f = not_authenticated(a);
    if (!f)
        view_remember(v, &d, out);
    return f;
}

static bool claim_time(const json_t *claims, const char *name, int64_t *seconds)
{
    const json_t *v = json_object_get(claims, name);

    if (json_is_integer(v))
        *seconds = json_integer_value(v);
    else if (json_is_real(v) && json_real_value(v) > -9e15 && json_real_value(v) < 9e15)
        *seconds = (int64_t)json_real_value(v);
    else
        return false;
    return true;
}

static fault_t token_in_time(struct arena *a, const json_t *claims, int64_t now, struct principal *out)
{
    int64_t seconds = now / SECOND, expires, from;

    if (!claim_time(claims, "exp", &expires) || expires > seconds + TOKEN_LIFE_MAX)
        return fault(a, F_TOKEN_EXPIRED, "Access Token expiration date invalid: it must be within 24 hours");
    if (expires <= seconds)
        return fault(a, F_TOKEN_EXPIRED, "Access Token expired");
    if (json_object_get(claims, "nbf") && (!claim_time(claims, "nbf", &from) || from > seconds))
        return token_invalid(a, "it is not valid yet");
    out->expires = expires * SECOND;
    return NULL;
}

/* What is granted to the SDKs of Conversations and Sync. */
static void take_client_grants(struct arena *a, const json_t *grants, struct principal *out)
{
    const struct {
        const char **member, *grant, *name;
    } rows[] = {
        { &out->chat_service_sid, "chat", "service_sid" },
        { &out->chat_role_sid, "chat", "deployment_role_sid" },
        { &out->chat_push_credential_sid, "chat", "push_credential_sid" },
        { &out->chat_endpoint_id, "chat", "endpoint_id" },
        { &out->sync_service_sid, "data_sync", "service_sid" },
        { &out->sync_endpoint_id, "data_sync", "endpoint_id" },
        { &out->insights_service, "flex_insights", "service_sid" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        *rows[i].member = arena_strdup(a, json_get_string(json_object_get(grants, rows[i].grant), rows[i].name));
}

static void take_grants(struct arena *a, const json_t *claims, struct principal *out)
{
    const json_t *grants = json_object_get(claims, "grants");
    const json_t *tasks = json_object_get(grants, "task_router");

    out->identity = arena_strdup(a, json_get_string(grants, "identity"));
    out->workspace_sid = arena_strdup(a, json_get_string(tasks, "workspace_sid"));
    out->worker_sid = arena_strdup(a, json_get_string(tasks, "worker_sid"));
    out->role = arena_strdup(a, json_get_string(tasks, "role"));
    if (!out->role && out->worker_sid)
        out->role = "worker";
    take_client_grants(a, grants, out);
}

/* What the claims of a capability token say, once its signature is known to be good.  Its channel is the worker, queue
 * or workspace that it was made for. */
static fault_t take_capability(struct arena *a, const json_t *claims, const char *account_sid, struct principal *out)
{
    const char *channel = json_get_string(claims, "channel"), *workspace = json_get_string(claims, "workspace_sid");
    const char *account = json_get_string(claims, "account_sid");
    const json_t *policies = json_object_get(claims, "policies");

    if (!str_eq(json_get_string(claims, "version"), "v1"))
        return token_invalid(a, "its version must be v1");
    if (account && !str_eq(account, account_sid))
        return token_invalid(a, "its account is not its issuer");
    if (!workspace || !sid_valid(workspace, "WS"))
        return token_invalid(a, "it has no workspace");
    if (!channel || !(sid_valid(channel, "WK") || sid_valid(channel, "WQ") || str_eq(channel, workspace)))
        return token_invalid(a, "its channel must be a worker, a task queue or its workspace");
    if (!json_is_array(policies))
        return token_invalid(a, "it has no policies");
    out->channel_sid = arena_strdup(a, channel);
    out->workspace_sid = arena_strdup(a, workspace);
    if (sid_valid(channel, "WK"))
        out->worker_sid = out->channel_sid;
    out->policy = json_text(a, policies);
    return NULL;
}

/* The old TaskRouter tokens: the account itself is the issuer, either of its auth tokens the key. */
static fault_t capability_credential(struct db *db, struct arena *a, const char *jwt, const char *issuer, int64_t now,
                                     struct principal *out)
{
    struct account *account;
    json_t *claims = NULL;
    fault_t f = find(db, a, &account_kind, issuer, (void **)&account);

    if (f)
        return f;
    if (account)
        claims = jwt_verify(a, jwt, account->auth_token);
    if (account && !claims && account->secondary_auth_token)
        claims = jwt_verify(a, jwt, account->secondary_auth_token);
    if (!claims)
        return token_invalid(a, "its issuer or signature is not valid");
    *out = (struct principal){ .by = BY_CAPABILITY, .credential_sid = account->sid, .expires = NO_VALUE };
    if ((f = token_in_time(a, claims, now, out)))
        return f;
    f = take_capability(a, claims, account->sid, out);
    return f ? f : stand_for(db, a, account->sid, out);
}

/* The claims name the key, the key's secret proves the claims.  A restricted key signs nothing: its policy would not
 * reach what the token opens. */
static fault_t token_credential(struct db *db, struct arena *a, const char *jwt, int64_t now, struct principal *out)
{
    json_t *header, *claims = jwt_peek(a, jwt, &header);
    const char *issuer = claims ? json_get_string(claims, "iss") : NULL;
    struct api_key *key;
    fault_t f;

    if (!claims)
        return token_invalid(a, "it is not a signed token");
    if (issuer && sid_valid(issuer, "AC"))
        return capability_credential(db, a, jwt, issuer, now, out);
    if (!str_eq(json_get_string(header, "cty"), "twilio-fpa;v=1"))
        return token_invalid(a, "its content type must be twilio-fpa;v=1");
    if (!issuer || !sid_valid(issuer, "SK"))
        return token_invalid(a, "its issuer must be an API key");
    if ((f = find(db, a, &api_key_kind, issuer, (void **)&key)))
        return f;
    if (!key || key->type == KEY_RESTRICTED || !(claims = jwt_verify(a, jwt, key->secret)))
        return token_invalid(a, "its issuer or signature is not valid");
    if (!str_eq(json_get_string(claims, "sub"), key->account_sid))
        return token_invalid(a, "its subject is not the account of its issuer");
    *out = (struct principal){ .by = BY_TOKEN, .credential_sid = key->sid, .expires = NO_VALUE };
    if ((f = token_in_time(a, claims, now, out)))
        return f;
    if (!json_is_object(json_object_get(claims, "grants")))
        return token_invalid(a, "it has no grants");
    take_grants(a, claims, out);
    return stand_for(db, a, key->account_sid, out);
}

fault_t auth_token(struct auth_view *v, struct db *db, struct arena *a, const char *jwt, struct principal *out)
{
    struct digest d;
    fault_t f;

    *out = (struct principal){ .by = BY_NOBODY, .expires = NO_VALUE };
    if (!jwt || strlen(jwt) > JWT_SIZE_MAX)
        return token_invalid(a, "it is not a signed token");
    view_refresh(v);
    d = digest_of("token", jwt, "");
    if (view_recall(v, &d, a, out))
        return NULL;
    f = token_credential(db, a, jwt, clock_now(view_clock(v)), out);
    if (!f)
        view_remember(v, &d, out);
    return f;
}

fault_t auth_again(struct auth_view *v, struct db *db, struct arena *a, const struct principal *who)
{
    struct principal seen = { .by = who->by, .expires = NO_VALUE };
    struct api_key *key = NULL;
    struct digest d;
    fault_t f;

    if (who->by != BY_TOKEN)
        return NULL;
    if (who->expires != NO_VALUE && who->expires <= clock_now(view_clock(v)))
        return fault(a, F_TOKEN_EXPIRED, "Access Token expired");
    view_refresh(v);
    d = digest_of("again", who->credential_sid, who->account_sid);
    if (view_recall(v, &d, a, &seen))
        return NULL;
    if ((f = find(db, a, &api_key_kind, who->credential_sid, (void **)&key)))
        return f;
    if (!key || key->type == KEY_RESTRICTED)
        return token_invalid(a, "its issuer is not valid any more");
    if ((f = stand_for(db, a, who->account_sid, &seen)))
        return f;
    view_remember(v, &d, &seen);
    return NULL;
}

bool roles_have(struct arena *a, const char *roles, const char *word)
{
    json_t *list = roles ? json_parse(a, roles, strlen(roles), NULL) : NULL;
    json_t *role;
    size_t i;

    json_array_foreach(list, i, role) if (str_eq(json_string_value(role), word)) return true;
    return false;
}

static fault_t session_credential(struct db *db, struct arena *a, const char *sid, const char *hash, int64_t now,
                                  struct principal *out)
{
    struct session *s;
    struct user *u;
    fault_t f = find(db, a, &session_kind, sid, (void **)&s);

    if (f)
        return f;
    if (!s || !secret_equal(s->secret_hash, hash) || s->expires <= now)
        return not_authenticated(a);
    if ((f = find(db, a, &user_kind, s->user_sid, (void **)&u)))
        return f;
    if (!u || !u->active)
        return not_authenticated(a);
    *out = (struct principal){
        .by = BY_SESSION,
        .credential_sid = s->sid,
        .identity = u->username,
        .user_sid = u->sid,
        .worker_sid = u->worker_sid,
        .workspace_sid = u->workspace_sid,
        .roles = u->roles,
        .may_manage = roles_have(a, u->roles, "admin"),
        .expires = s->expires,
    };
    out->role = out->may_manage || roles_have(a, u->roles, "supervisor") ? "supervisor" : "worker";
    return stand_for(db, a, u->account_sid, out);
}

fault_t auth_session(struct auth_view *v, struct db *db, struct arena *a, const char *cookie_header,
                     struct principal *out)
{
    const char *sid, *value = cookie_find(a, cookie_header, SESSION_COOKIE);
    char hash[65];
    struct digest d;
    fault_t f;

    *out = (struct principal){ .by = BY_NOBODY, .expires = NO_VALUE };
    if (!session_cookie_read(a, value, &sid, hash))
        return not_authenticated(a);
    view_refresh(v);
    d = digest_of("session", sid, hash);
    if (view_recall(v, &d, a, out))
        return NULL;
    f = session_credential(db, a, sid, hash, clock_now(view_clock(v)), out);
    if (!f)
        view_remember(v, &d, out);
    return f;
}

/* A token and an agent stay in their account; the others may act on a direct child. */
fault_t auth_act_on(struct auth_view *v, struct db *db, struct arena *a, const char *account_sid,
                    struct principal *inout)
{
    bool downwards = inout->by == BY_ACCOUNT || inout->by == BY_KEY || (inout->by == BY_SESSION && inout->may_manage);
    struct account *child = NULL;
    struct principal seen;
    struct digest d;
    fault_t f;

    if (str_eq(account_sid, inout->account_sid))
        return NULL;
    if (!downwards || inout->parent_sid || !sid_valid(account_sid, "AC"))
        return fault(a, F_NOT_FOUND, "The requested resource was not found");
    view_refresh(v);
    d = digest_of("child", inout->account_sid, account_sid);
    if (!view_recall(v, &d, a, &seen)) {
        if ((f = find(db, a, &account_kind, account_sid, (void **)&child)))
            return f;
        if (!child || !str_eq(child->owner_account_sid, inout->account_sid))
            return fault(a, F_NOT_FOUND, "The requested resource was not found");
        seen = (struct principal){ .account_sid = child->sid,
                                   .parent_sid = child->owner_account_sid,
                                   .suspended = child->status != ACCOUNT_ACTIVE,
                                   .expires = NO_VALUE };
        view_remember(v, &d, &seen);
    }
    inout->account_sid = seen.account_sid;
    inout->parent_sid = seen.parent_sid;
    inout->suspended = seen.suspended;
    return NULL;
}
