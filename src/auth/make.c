#include "auth/internal.h"
#include "base/text.h"
#include "codec/jwt.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TOKEN_DIGITS = 32, NAME_SIZE = 64 };

static const char *new_secret(struct tx *tx)
{
    char *s = arena_alloc(tx->arena, TOKEN_DIGITS + 1);

    random_hex(s, TOKEN_DIGITS);
    return s;
}

void account_complete(struct tx *tx, struct account *new_row)
{
    char name[NAME_SIZE];
    time_t seconds = (time_t)(tx->now / SECOND);
    struct tm t;

    if (!new_row->auth_token)
        row_set(tx, new_row, &new_row->auth_token, new_secret(tx));
    if (!new_row->friendly_name || !*new_row->friendly_name) {
        gmtime_r(&seconds, &t);
        strftime(name, sizeof name, "SubAccount Created at %Y-%m-%d %I:%M %p", &t);
        row_set(tx, new_row, &new_row->friendly_name, name);
    }
    new_row->type = ACCOUNT_FULL;
}

struct account *account_make(struct tx *tx, const char *sid, const char *parent_sid, const char *friendly_name,
                             const char *auth_token)
{
    struct account *a = row_new(tx, &account_kind, sid);

    row_set(tx, a, &a->owner_account_sid, parent_sid ? parent_sid : a->sid);
    row_set(tx, a, &a->friendly_name, friendly_name);
    row_set(tx, a, &a->auth_token, auth_token);
    account_complete(tx, a);
    return a;
}

void api_key_complete(struct tx *tx, struct api_key *new_row)
{
    if (!new_row->friendly_name)
        row_set(tx, new_row, &new_row->friendly_name, "");
    row_set(tx, new_row, &new_row->secret, new_secret(tx));
}

struct api_key *api_key_make(struct tx *tx, const char *account_sid, enum key_type type, const char *friendly_name)
{
    struct api_key *k = row_new(tx, &api_key_kind, NULL);

    row_set(tx, k, &k->account_sid, account_sid);
    row_set(tx, k, &k->friendly_name, friendly_name);
    k->type = type;
    api_key_complete(tx, k);
    return k;
}

struct api_key *signing_key_of(struct tx *tx, const char *account_sid)
{
    const struct condition mine[] = { { .column = "account_sid", .compare = IS, .value = value_text(account_sid) },
                                      { .column = "desktop", .compare = IS, .value = value_int(1) } };
    const struct selection first = { .conditions = mine, .nconditions = 2 };
    struct api_key *k;

    if (record_first(tx->db, tx->arena, &api_key_kind, &first, (void **)&k) == DB_OK && k)
        return k;
    k = api_key_make(tx, account_sid, KEY_STANDARD, "Plugboard desktop");
    k->desktop = true;
    return k;
}

char *access_token_mint(struct arena *a, const struct api_key *key, const char *identity, const json_t *grants,
                        int64_t now, int64_t ttl_ms)
{
    int64_t from = now / SECOND;
    json_t *all = json_object(), *header, *claims;
    char *token;

    if (grants)
        json_object_update(all, (json_t *)grants);
    if (identity)
        json_object_set_new(all, "identity", json_string(identity));
    header = json_pack("{s:s, s:s, s:s}", "alg", "HS256", "typ", "JWT", "cty", "twilio-fpa;v=1");
    claims = json_pack("{s:s, s:o, s:I, s:I, s:s, s:s}", "jti", arena_printf(a, "%s-%lld", key->sid, (long long)from),
                       "grants", all, "iat", (json_int_t)from, "exp", (json_int_t)((now + ttl_ms) / SECOND), "iss",
                       key->sid, "sub", key->account_sid);
    token = jwt_sign(a, header, claims, key->secret);
    json_decref(header);
    json_decref(claims);
    return token;
}

/* --- people ------------------------------------------------------------------------------------------------- */

static char *lower(struct arena *a, const char *s)
{
    char *copy = arena_strdup(a, s);

    for (char *c = copy; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

fault_t user_by_name(struct db *db, struct arena *a, const char *username, struct user **out)
{
    *out = NULL;
    if (record_find_by(db, a, &user_kind, "username", lower(a, username), NULL, (void **)out) == DB_FAILED)
        return fault(a, F_UNAVAILABLE, "The store cannot be read now");
    return NULL;
}

struct user *user_make(struct tx *tx, const struct user *like)
{
    struct user *u;

    if (user_by_name(tx->db, tx->arena, like->username, &u) || u)
        return NULL;
    u = row_new(tx, &user_kind, NULL);
    row_set(tx, u, &u->account_sid, like->account_sid);
    row_set(tx, u, &u->username, lower(tx->arena, like->username));
    row_set(tx, u, &u->full_name, like->full_name);
    row_set(tx, u, &u->email, like->email);
    row_set(tx, u, &u->password_hash, like->password_hash);
    row_set(tx, u, &u->roles, like->roles ? like->roles : "[\"agent\"]");
    row_set(tx, u, &u->worker_sid, like->worker_sid);
    row_set(tx, u, &u->workspace_sid, like->workspace_sid);
    u->active = like->active;
    return u;
}
