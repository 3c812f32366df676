#include "base/text.h"
#include "chat/chat.h"
#include "product/desktop/internal.h"
#include <string.h>

enum { SESSION_LIFE = 12 * 60 * 60 * 1000, TOKEN_LIFE = 60 * 60 * 1000 };
enum { USERNAME_BYTES_MAX = 640 };

/* --- is it our own page that asks? -------------------------------------------------------------------------- */

static bool own_origin(const char *origin, const char *host)
{
    const char *authority = strstr(origin, "://");

    return authority && str_ieq(authority + 3, host);
}

static fault_t from_own_page(struct op *op)
{
    const char *origin = op_header(op, "origin");

    if (!str_eq(op_header(op, "x-plugboard-desktop"), "1"))
        return refuse(op, F_FORBIDDEN, "The header X-Plugboard-Desktop: 1 is missing");
    if (origin && !own_origin(origin, op->http->host ? op->http->host : ""))
        return refuse(op, F_FORBIDDEN, "The desktop answers pages of its own origin only");
    return NULL;
}

/* --- the session -------------------------------------------------------------------------------------------- */

static void session_json(struct op *op, const struct user *u, int64_t expires)
{
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "user_sid", u->sid);
    json_pair_str(&o, "identity", u->username);
    json_pair_str(&o, "full_name", u->full_name);
    json_pair_raw(&o, "roles", u->roles ? u->roles : "[]");
    json_pair_str(&o, "account_sid", u->account_sid);
    json_pair_str(&o, "workspace_sid", u->workspace_sid);
    json_pair_str(&o, "worker_sid", u->worker_sid);
    json_pair_date(&o, "expires_at", expires);
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    op_header_add(op, "Cache-Control", "no-store");
}

static void set_cookie(struct op *op, const char *value, int64_t life_ms)
{
    const char *secure = str_eq(op->http->scheme, "https") ? "; Secure" : "";

    op_header_add(op, "Set-Cookie",
                  arena_printf(op->arena, SESSION_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s",
                               value, (long long)(life_ms / SECOND), secure));
}

/* On the ledger's thread, after the password was found right on a reader's.  Meanwhile the user may have gone. */
static fault_t begin_session(struct op *op)
{
    struct user *asked = op->data, *u = row_find(op->tx, &user_kind, asked->sid);

    if (!u || !u->active || !str_eq(u->password_hash, asked->password_hash))
        return refuse(op, F_UNAUTHENTICATED, "The username or password is not right");
    set_cookie(op, session_make(op->tx, u, SESSION_LIFE), SESSION_LIFE);
    session_json(op, u, op->now + SESSION_LIFE);
    return NULL;
}

/* Who a log-in is for is active, and so is the account. */
static fault_t account_open(struct op *op, const struct user *u)
{
    struct account *a = NULL, *parent = NULL;

    if (record_find(op->db, op->arena, &account_kind, u->account_sid, (void **)&a) != DB_OK)
        return op_failed(op);
    if (a && record_find(op->db, op->arena, &account_kind, a->owner_account_sid, (void **)&parent) != DB_OK)
        return op_failed(op);
    if (!a || a->status != ACCOUNT_ACTIVE || !parent || parent->status != ACCOUNT_ACTIVE)
        return refuse(op, F_ACCOUNT_SUSPENDED, "The account is not active");
    return NULL;
}

static fault_t check_password(struct op *op, const char *username, const char *password)
{
    struct auth *auth = op_site(op)->auth;
    struct user *u;
    fault_t f;
    bool good;

    f = login_allowed(auth, op->arena, username, op->http->peer);
    if (!f)
        f = user_by_name(op->db, op->arena, username, &u);
    if (f)
        return f;
    good = password_is(u && u->active ? u->password_hash : NULL, password);
    login_result(auth, username, op->http->peer, good);
    if (!good)
        return refuse(op, F_UNAUTHENTICATED, "The username or password is not right");
    if ((f = account_open(op, u)))
        return f;
    op->data = u;
    op_continue_on_ledger(op, begin_session);
    return NULL;
}

static fault_t log_in(struct op *op)
{
    const char *username = json_get_string(op->json, "username"), *password = json_get_string(op->json, "password");
    fault_t f = from_own_page(op);

    if (f)
        return f;
    if (!username || !*username || !password)
        return refuse(op, F_INVALID_PARAMETER, "The body must be JSON with username and password");
    if (strlen(username) > USERNAME_BYTES_MAX)
        return refuse(op, F_INVALID_PARAMETER, "username is too long");
    return check_password(op, username, password);
}

static fault_t who_am_i(struct op *op)
{
    struct user *u = NULL;

    if (record_find(op->db, op->arena, &user_kind, op->who.user_sid, (void **)&u) != DB_OK)
        return op_failed(op);
    if (!u)
        return refuse(op, F_UNAUTHENTICATED, "Authenticate");
    session_json(op, u, op->who.expires);
    return NULL;
}

static fault_t log_out(struct op *op)
{
    fault_t f = from_own_page(op);

    if (f)
        return f;
    session_end(op_site(op)->auth, op->tx, op->who.credential_sid);
    set_cookie(op, "", 0);
    op->answer.status = 204;
    return NULL;
}

/* --- the token ---------------------------------------------------------------------------------------------- */

/* A token cannot be taken back, so it does not outlive its session by plan. */
static fault_t mint_token(struct op *op)
{
    int64_t life = op->who.expires - op->now < TOKEN_LIFE ? op->who.expires - op->now : TOKEN_LIFE;
    fault_t f = from_own_page(op);
    struct json_out o;
    json_t *grants;

    if (f)
        return f;
    const struct chat_service *service = chat_service_default(op->tx, op->who.account_sid);
    if (!row_was(op->tx, service)) { /* just made: its roles are found by the next command */
        op_continue_on_ledger(op, mint_token);
        return NULL;
    }
    if ((f = desktop_person(op, service)))
        return f;
    grants = desktop_grants(op, service);
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "token",
                  access_token_mint(op->arena, signing_key_of(op->tx, op->who.account_sid), op->who.identity, grants,
                                    op->now, life));
    json_pair_date(&o, "expires_at", op->now + life);
    json_pair_str(&o, "worker_sid", op->who.worker_sid);
    json_pair_str(&o, "workspace_sid", op->who.workspace_sid);
    json_pair_str(&o, "account_sid", op->who.account_sid);
    json_close(&o, '}');
    json_decref(grants);
    op_json(op, 200, json_done(&o));
    op_header_add(op, "Cache-Control", "no-store");
    return NULL;
}

/* clang-format off */
static const struct endpoint endpoints[] = {
    { .method = "POST",   .path = "/desktop/session", .place = ON_READER, .needs = PUBLIC,  .run = log_in },
    { .method = "GET",    .path = "/desktop/session", .place = ON_READER, .needs = SESSION, .run = who_am_i },
    { .method = "DELETE", .path = "/desktop/session", .place = ON_LEDGER, .needs = SESSION, .run = log_out },
    { .method = "POST",   .path = "/desktop/token",   .place = ON_LEDGER, .needs = SESSION, .run = mint_token },
    { .method = "GET",    .path = "/desktop/canned-responses", .place = ON_READER, .needs = SESSION, .run = canned_responses },
    { .method = "GET",    .path = "/desktop/conversations/{conversation_sid}/history", .place = ON_READER, .needs = SESSION, .run = customer_history },
    { .method = "GET",    .path = "/desktop/conversations/{conversation_sid}/history/{other_sid}", .place = ON_READER, .needs = SESSION, .run = customer_transcript },
};
/* clang-format on */

static const struct kind *const kinds[] = { &user_kind, &session_kind };
static const struct resource *const resources[] = { &canned_response_resource };

const struct module desktop_module = {
    .name = "desktop", .kinds = ROWS(kinds), .resources = ROWS(resources), .endpoints = ROWS(endpoints)
};
