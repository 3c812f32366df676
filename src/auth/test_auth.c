/* Credentials against a real ledger and store: who gets in, who does not, and from when on. */
#include "auth/internal.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/jwt.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define START (1790000000 * SECOND)

struct bench {
    char folder[64];
    struct arena *arena;
    struct clock *clock;
    struct store *store;
    struct ledger *ledger;
    struct auth *auth;
    struct auth_view *view;
    struct db *db;
    /* made in set_up() */
    const char *main_sid, *main_token, *child_sid, *child_token;
    const char *key_sid, *key_secret, *restricted_sid, *restricted_secret, *user_sid;
};

static const struct kind *const kinds[] = { &event_kind,   &alarm_kind_record, &account_kind,
                                            &api_key_kind, &user_kind,         &session_kind };

static fault_t populate(struct tx *tx, void *arg)
{
    struct bench *b = arg;
    struct account *main = account_make(tx, NULL, NULL, "Main", "0123456789abcdef0123456789abcdef");
    struct account *child = account_make(tx, NULL, main->sid, NULL, NULL);
    struct api_key *key = api_key_make(tx, main->sid, KEY_STANDARD, "plain");
    struct api_key *restricted = api_key_make(tx, main->sid, KEY_RESTRICTED, NULL);
    struct user *u = user_make(tx, &(struct user){ .account_sid = main->sid,
                                                   .username = "Ada",
                                                   .full_name = "Ada L.",
                                                   .password_hash = "x",
                                                   .roles = "[\"agent\",\"supervisor\"]",
                                                   .worker_sid = "WK0123456789abcdef0123456789abcdef",
                                                   .workspace_sid = "WS0123456789abcdef0123456789abcdef",
                                                   .active = true });

    row_set(tx, restricted, &restricted->policy, "{\"allow\":[\"/twilio/taskrouter/workspaces/read\"]}");
    b->main_sid = arena_strdup(b->arena, main->sid);
    b->main_token = arena_strdup(b->arena, main->auth_token);
    b->child_sid = arena_strdup(b->arena, child->sid);
    b->child_token = arena_strdup(b->arena, child->auth_token);
    b->key_sid = arena_strdup(b->arena, key->sid);
    b->key_secret = arena_strdup(b->arena, key->secret);
    b->restricted_sid = arena_strdup(b->arena, restricted->sid);
    b->restricted_secret = arena_strdup(b->arena, restricted->secret);
    b->user_sid = arena_strdup(b->arena, u->sid);
    return NULL;
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    const char *why = NULL;
    struct ledger_config config = { .kinds = kinds, .nkinds = sizeof kinds / sizeof *kinds };

    snprintf(b->folder, sizeof b->folder, "/tmp/plugboard-auth-XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    b->arena = arena_new();
    b->clock = config.clock = clock_test(START);
    b->store = config.store = store_open(b->arena, b->folder, &why);
    assert_non_null(b->store);
    b->ledger = ledger_new(b->arena, &config, &why);
    assert_non_null(b->ledger);
    b->auth = auth_new(b->ledger, b->clock);
    assert_true(ledger_start(b->ledger, b->arena, &why));
    assert_null(ledger_do(b->ledger, b->arena, populate, b));
    b->db = db_open(b->store, false, b->arena, &why);
    assert_non_null(b->db);
    b->view = auth_view_new(b->auth);
    *state = b;
    return 0;
}

static void remove_folder(const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    char path[400];

    while ((e = readdir(d)))
        if (e->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
            unlink(path);
        }
    closedir(d);
    rmdir(folder);
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    auth_view_free(b->view);
    db_close(b->db);
    ledger_stop(b->ledger);
    ledger_free(b->ledger);
    auth_free(b->auth);
    store_close(b->store);
    clock_free(b->clock);
    remove_folder(b->folder);
    arena_free(b->arena);
    free(b);
    return 0;
}

/* --- asking ------------------------------------------------------------------------------------------------- */

static enum fault_id basic(struct bench *b, const char *user, const char *password, struct principal *out)
{
    const char *pair = arena_printf(b->arena, "%s:%s", user, password);
    fault_t f = auth_basic(b->view, b->db, b->arena,
                           arena_printf(b->arena, "Basic %s", base64_encode(b->arena, pair, strlen(pair))), out);

    return f ? f->id : F_COUNT;
}

static enum fault_id token(struct bench *b, const char *jwt, struct principal *out)
{
    fault_t f = auth_token(b->view, b->db, b->arena, jwt, out);

    return f ? f->id : F_COUNT;
}

static enum fault_id act_on(struct bench *b, const char *sid, struct principal *inout)
{
    fault_t f = auth_act_on(b->view, b->db, b->arena, sid, inout);

    return f ? f->id : F_COUNT;
}

static enum fault_id cookie(struct bench *b, const char *value, struct principal *out)
{
    fault_t f =
        auth_session(b->view, b->db, b->arena, arena_printf(b->arena, "a=b; " SESSION_COOKIE "=%s", value), out);

    return f ? f->id : F_COUNT;
}

enum { GOOD = F_COUNT };

/* --- changes ------------------------------------------------------------------------------------------------ */

struct change {
    struct bench *b;
    const char *sid;
    unsigned status;
    bool fails;
    const char *result;
};

static fault_t set_status(struct tx *tx, void *arg)
{
    struct change *c = arg;
    struct account *a = row_find(tx, &account_kind, c->sid);

    row_edit(tx, a);
    a->status = c->status;
    auth_changed(c->b->auth, tx);
    return c->fails ? fault(tx->arena, F_CONFLICT, "no") : NULL;
}

static void become(struct bench *b, const char *sid, unsigned status)
{
    struct change c = { .b = b, .sid = sid, .status = status };

    assert_null(ledger_do(b->ledger, b->arena, set_status, &c));
}

static fault_t drop_key(struct tx *tx, void *arg)
{
    struct change *c = arg;

    row_delete(tx, row_find(tx, &api_key_kind, c->sid));
    auth_changed(c->b->auth, tx);
    return NULL;
}

static fault_t make_session(struct tx *tx, void *arg)
{
    struct change *c = arg;

    c->result = arena_strdup(c->b->arena, session_make(tx, row_find(tx, &user_kind, c->b->user_sid), HOUR));
    return NULL;
}

static fault_t end_session(struct tx *tx, void *arg)
{
    struct change *c = arg;

    session_end(c->b->auth, tx, c->sid);
    return NULL;
}

/* --- accounts and keys -------------------------------------------------------------------------------------- */

static void an_account_authenticates_with_its_token(void **state)
{
    struct bench *b = *state;
    struct principal p;

    for (int again = 0; again < 2; again++) { /* from the store, then from memory */
        assert_int_equal(basic(b, b->main_sid, b->main_token, &p), GOOD);
        assert_int_equal(p.by, BY_ACCOUNT);
        assert_string_equal(p.account_sid, b->main_sid);
        assert_null(p.parent_sid);
        assert_true(p.may_manage);
    }
    assert_int_equal(view_entries(b->view), 1);
    assert_int_equal(basic(b, b->main_sid, b->child_token, &p), F_UNAUTHENTICATED);
    assert_int_equal(p.by, BY_NOBODY);
    assert_int_equal(basic(b, b->main_sid, "", &p), F_UNAUTHENTICATED);
    assert_int_equal(basic(b, "AC00000000000000000000000000000000", b->main_token, &p), F_UNAUTHENTICATED);
    assert_int_equal(basic(b, "ada", "x", &p), F_UNAUTHENTICATED);
    assert_int_equal(view_entries(b->view), 1);
}

static void a_key_authenticates_with_its_secret(void **state)
{
    struct bench *b = *state;
    struct principal p;

    assert_int_equal(basic(b, b->key_sid, b->key_secret, &p), GOOD);
    assert_int_equal(p.by, BY_KEY);
    assert_string_equal(p.account_sid, b->main_sid);
    assert_string_equal(p.credential_sid, b->key_sid);
    assert_false(p.may_manage);
    assert_null(p.policy);
    assert_int_equal(basic(b, b->key_sid, b->main_token, &p), F_UNAUTHENTICATED);
    assert_int_equal(basic(b, b->restricted_sid, b->restricted_secret, &p), GOOD);
    assert_non_null(p.policy);
    assert_null(auth_may(&p, b->arena, "taskrouter", "/v1/Workspaces", MAY_READ));
    assert_non_null(auth_may(&p, b->arena, "taskrouter", "/v1/Workspaces", MAY_CREATE));
}

static void a_deleted_key_is_refused_at_once(void **state)
{
    struct bench *b = *state;
    struct change c = { .b = b, .sid = b->key_sid };
    struct principal p;

    assert_int_equal(basic(b, b->key_sid, b->key_secret, &p), GOOD);
    assert_null(ledger_do(b->ledger, b->arena, drop_key, &c));
    assert_int_equal(basic(b, b->key_sid, b->key_secret, &p), F_UNAUTHENTICATED);
}

static void a_suspended_account_and_its_children_are_refused(void **state)
{
    struct bench *b = *state;
    struct principal p;

    assert_int_equal(basic(b, b->child_sid, b->child_token, &p), GOOD);
    assert_string_equal(p.parent_sid, b->main_sid);
    become(b, b->child_sid, ACCOUNT_SUSPENDED);
    assert_int_equal(basic(b, b->child_sid, b->child_token, &p), F_ACCOUNT_SUSPENDED);
    become(b, b->child_sid, ACCOUNT_ACTIVE);
    assert_int_equal(basic(b, b->child_sid, b->child_token, &p), GOOD);
    become(b, b->main_sid, ACCOUNT_CLOSED);
    assert_int_equal(basic(b, b->child_sid, b->child_token, &p), F_ACCOUNT_SUSPENDED);
    assert_int_equal(basic(b, b->main_sid, b->main_token, &p), F_ACCOUNT_SUSPENDED);
    assert_int_equal(basic(b, b->key_sid, b->key_secret, &p), F_ACCOUNT_SUSPENDED);
    assert_int_equal(basic(b, b->main_sid, "wrong", &p), F_UNAUTHENTICATED); /* tells a stranger nothing */
}

/* What was undone was never committed, so it must not even cost the memory. */
static void a_refused_change_changes_nothing(void **state)
{
    struct bench *b = *state;
    struct change c = { .b = b, .sid = b->main_sid, .status = ACCOUNT_CLOSED, .fails = true };
    uint64_t generation = atomic_load(&b->auth->generation);
    struct principal p;

    assert_non_null(ledger_do(b->ledger, b->arena, set_status, &c));
    assert_int_equal(atomic_load(&b->auth->generation), generation);
    assert_int_equal(basic(b, b->main_sid, b->main_token, &p), GOOD);
}

static void an_account_acts_on_its_children_only(void **state)
{
    struct bench *b = *state;
    struct principal p;

    assert_int_equal(basic(b, b->main_sid, b->main_token, &p), GOOD);
    assert_int_equal(act_on(b, b->main_sid, &p), GOOD);
    assert_int_equal(act_on(b, "AC00000000000000000000000000000000", &p), F_NOT_FOUND);
    assert_int_equal(act_on(b, "x", &p), F_NOT_FOUND);
    assert_string_equal(p.account_sid, b->main_sid);
    assert_int_equal(act_on(b, b->child_sid, &p), GOOD);
    assert_string_equal(p.account_sid, b->child_sid);
    assert_string_equal(p.parent_sid, b->main_sid);
    assert_int_equal(act_on(b, b->main_sid, &p), F_NOT_FOUND); /* not upwards again */
    assert_int_equal(basic(b, b->child_sid, b->child_token, &p), GOOD);
    assert_int_equal(act_on(b, b->main_sid, &p), F_NOT_FOUND);
}

static fault_t make_grandchild(struct tx *tx, void *arg)
{
    struct change *c = arg;

    c->result = arena_strdup(c->b->arena, account_make(tx, NULL, c->b->child_sid, NULL, NULL)->sid);
    return NULL;
}

/* The API makes no grandchildren; were there one, nobody would reach it from above. */
static void there_is_one_level_of_children(void **state)
{
    struct bench *b = *state;
    struct change c = { .b = b };
    struct principal p;

    assert_null(ledger_do(b->ledger, b->arena, make_grandchild, &c));
    assert_int_equal(basic(b, b->child_sid, b->child_token, &p), GOOD);
    assert_int_equal(act_on(b, c.result, &p), F_NOT_FOUND);
    assert_int_equal(basic(b, b->main_sid, b->main_token, &p), GOOD);
    assert_int_equal(act_on(b, c.result, &p), F_NOT_FOUND);
}

static void a_parent_only_reads_its_suspended_child(void **state)
{
    struct bench *b = *state;
    struct principal p;

    for (int again = 0; again < 2; again++) {
        become(b, b->child_sid, again ? ACCOUNT_ACTIVE : ACCOUNT_SUSPENDED);
        assert_int_equal(basic(b, b->main_sid, b->main_token, &p), GOOD);
        assert_int_equal(act_on(b, b->child_sid, &p), GOOD);
        assert_int_equal(p.suspended, !again);
        assert_null(auth_may(&p, b->arena, "taskrouter", "/v1/Workspaces", MAY_LIST));
        assert_int_equal(!auth_may(&p, b->arena, "taskrouter", "/v1/Workspaces", MAY_CREATE), again);
    }
}

/* --- access tokens ------------------------------------------------------------------------------------------ */

static const char *minted(struct bench *b, int64_t at, int64_t ttl)
{
    struct api_key key = { .sid = b->key_sid, .account_sid = b->main_sid, .secret = b->key_secret };
    json_t *grants = json_pack("{s:{s:s,s:s}}", "task_router", "workspace_sid", "WS1", "worker_sid", "WK1");
    const char *jwt = access_token_mint(b->arena, &key, "ada", grants, at, ttl);

    json_decref(grants);
    return jwt;
}

static void an_access_token_opens_its_grants(void **state)
{
    struct bench *b = *state;
    const char *jwt = minted(b, START, HOUR), *pair = arena_printf(b->arena, "token:%s", jwt);
    struct principal p;

    for (int again = 0; again < 2; again++) {
        assert_int_equal(token(b, jwt, &p), GOOD);
        assert_int_equal(p.by, BY_TOKEN);
        assert_string_equal(p.account_sid, b->main_sid);
        assert_string_equal(p.identity, "ada");
        assert_string_equal(p.workspace_sid, "WS1");
        assert_string_equal(p.worker_sid, "WK1");
        assert_string_equal(p.role, "worker");
        assert_int_equal(p.expires, START + HOUR);
        assert_false(p.may_manage);
    }
    assert_int_equal(act_on(b, b->child_sid, &p), F_NOT_FOUND);
    assert_null(auth_basic(b->view, b->db, b->arena, arena_printf(b->arena, "Bearer %s", jwt), &p));
    assert_int_equal(p.by, BY_TOKEN);
    /* as flex-sdk sends it, with its stray parenthesis */
    assert_null(auth_basic(b->view, b->db, b->arena,
                           arena_printf(b->arena, "Basic %s)", base64_encode(b->arena, pair, strlen(pair))), &p));
    assert_int_equal(p.by, BY_TOKEN);
}

static void a_token_ends_and_no_memory_prolongs_it(void **state)
{
    struct bench *b = *state;
    const char *jwt = minted(b, START, HOUR);
    struct principal p;

    assert_int_equal(token(b, jwt, &p), GOOD);
    clock_turn(b->clock, HOUR - 1);
    assert_int_equal(token(b, jwt, &p), GOOD);
    clock_turn(b->clock, 1);
    assert_int_equal(token(b, jwt, &p), F_TOKEN_EXPIRED);
    assert_int_equal(token(b, minted(b, START + HOUR, DAY + 2 * SECOND), &p), F_TOKEN_EXPIRED); /* too long a life */
}

static void a_token_ends_with_its_key(void **state)
{
    struct bench *b = *state;
    struct change c = { .b = b, .sid = b->key_sid };
    const char *jwt = minted(b, START, HOUR);
    struct principal p;

    assert_int_equal(token(b, jwt, &p), GOOD);
    assert_null(ledger_do(b->ledger, b->arena, drop_key, &c));
    assert_int_equal(token(b, jwt, &p), F_TOKEN_INVALID);
}

/* One claim or header replaced; NULL: taken away. */
static const char *forged(struct bench *b, const char *key, const char *name, json_t *value, bool in_header)
{
    json_t *header = json_pack("{s:s,s:s,s:s}", "alg", "HS256", "typ", "JWT", "cty", "twilio-fpa;v=1");
    json_t *claims = json_pack("{s:s,s:s,s:I,s:{s:s}}", "iss", b->key_sid, "sub", b->main_sid, "exp",
                               (json_int_t)(START / SECOND + 60), "grants", "identity", "ada");
    json_t *target = in_header ? header : claims;
    const char *jwt;

    if (name && value)
        json_object_set_new(target, name, value);
    else if (name)
        json_object_del(target, name);
    jwt = jwt_sign(b->arena, header, claims, key);
    json_decref(header);
    json_decref(claims);
    return jwt;
}

static void a_token_that_is_not_in_order_is_refused(void **state)
{
    struct bench *b = *state;
    const char *key = b->key_secret;
    struct principal p;

    assert_int_equal(token(b, forged(b, key, NULL, NULL, false), &p), GOOD);
    assert_int_equal(token(b, forged(b, b->main_token, NULL, NULL, false), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, forged(b, key, "cty", json_string("other"), true), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, forged(b, key, "cty", NULL, true), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, forged(b, key, "sub", json_string(b->child_sid), false), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, forged(b, key, "sub", NULL, false), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, forged(b, key, "iss", json_string(b->restricted_sid), false), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, forged(b, key, "iss", json_integer(1), false), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, forged(b, key, "exp", NULL, false), &p), F_TOKEN_EXPIRED);
    assert_int_equal(token(b, forged(b, key, "exp", json_string("x"), false), &p), F_TOKEN_EXPIRED);
    assert_int_equal(token(b, forged(b, key, "nbf", json_integer(START / SECOND + 1), false), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, forged(b, key, "nbf", json_integer(START / SECOND), false), &p), GOOD);
    assert_int_equal(token(b, forged(b, key, "grants", NULL, false), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, forged(b, key, "grants", json_integer(1), false), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, "", &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, "a.b.c", &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, NULL, &p), F_TOKEN_INVALID);
}

static void a_restricted_key_signs_no_tokens(void **state)
{
    struct bench *b = *state;
    struct principal p;

    assert_int_equal(token(b, forged(b, b->restricted_secret, "iss", json_string(b->restricted_sid), false), &p),
                     F_TOKEN_INVALID);
}

/* --- capability tokens: signed with the account's auth token ------------------------------------------------------ */

#define WORKSPACE "WS0123456789abcdef0123456789abcdef"
#define WORKER    "WK0123456789abcdef0123456789abcdef"

/* As the helper library makes one, with one claim replaced or, by NULL, taken away. */
static const char *capability(struct bench *b, const char *key, const char *name, json_t *value)
{
    json_t *claims = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:[{s:s,s:s,s:b}]}", "iss", b->main_sid, "version", "v1",
                               "account_sid", b->main_sid, "channel", WORKER, "workspace_sid", WORKSPACE, "worker_sid",
                               WORKER, "exp", (json_int_t)(START / SECOND + 60), "policies", "url",
                               "https://taskrouter.twilio.com/v1/Workspaces/" WORKSPACE, "method", "GET", "allow", 1);
    const char *jwt;

    if (name && value)
        json_object_set_new(claims, name, value);
    else if (name)
        json_object_del(claims, name);
    jwt = jwt_sign(b->arena, NULL, claims, key);
    json_decref(claims);
    return jwt;
}

static void a_capability_token_has_a_channel_and_policies(void **state)
{
    struct bench *b = *state;
    struct deed_at look = { "GET", "taskrouter", "/v1/Workspaces/" WORKSPACE, NULL, NULL };
    struct principal p;

    for (int again = 0; again < 2; again++) {
        assert_int_equal(token(b, capability(b, b->main_token, NULL, NULL), &p), GOOD);
        assert_int_equal(p.by, BY_CAPABILITY);
        assert_string_equal(p.account_sid, b->main_sid);
        assert_string_equal(p.workspace_sid, WORKSPACE);
        assert_string_equal(p.worker_sid, WORKER);
        assert_string_equal(p.channel_sid, WORKER);
        assert_null(p.role);
        assert_int_equal(p.expires, START + 60 * SECOND);
        assert_false(p.may_manage);
        assert_null(auth_capability(&p, b->arena, &look));
        assert_non_null(auth_may(&p, b->arena, "taskrouter", "/v1/Workspaces", MAY_LIST));
        assert_non_null(auth_may(&p, b->arena, "flex-api", "/v1/Configuration", MAY_READ));
    }
    assert_int_equal(act_on(b, b->child_sid, &p), F_NOT_FOUND);
    assert_int_equal(token(b, capability(b, b->main_token, "channel", json_string(WORKSPACE)), &p), GOOD);
    assert_null(p.worker_sid);
    clock_turn(b->clock, 60 * SECOND);
    assert_int_equal(token(b, capability(b, b->main_token, NULL, NULL), &p), F_TOKEN_EXPIRED);
}

static void a_capability_token_that_is_not_in_order_is_refused(void **state)
{
    struct bench *b = *state;
    const char *key = b->main_token;
    struct principal p;

    assert_int_equal(token(b, capability(b, b->child_token, NULL, NULL), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, capability(b, b->key_secret, NULL, NULL), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, capability(b, key, "iss", json_string(b->child_sid)), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, capability(b, key, "iss", json_string("AC00000000000000000000000000000000")), &p),
                     F_TOKEN_INVALID);
    assert_int_equal(token(b, capability(b, key, "account_sid", json_string(b->child_sid)), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, capability(b, key, "version", json_string("v2")), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, capability(b, key, "version", NULL), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, capability(b, key, "channel", NULL), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, capability(b, key, "channel", json_string("WS00000000000000000000000000000000")), &p),
                     F_TOKEN_INVALID);
    assert_int_equal(token(b, capability(b, key, "workspace_sid", json_string("WK1")), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, capability(b, key, "policies", json_object()), &p), F_TOKEN_INVALID);
    assert_int_equal(token(b, capability(b, key, "exp", NULL), &p), F_TOKEN_EXPIRED);
}

static fault_t second_token(struct tx *tx, void *arg)
{
    struct bench *b = arg;
    struct account *a = row_find(tx, &account_kind, b->main_sid);

    row_set(tx, a, &a->secondary_auth_token, "fedcba9876543210fedcba9876543210");
    auth_changed(b->auth, tx);
    return NULL;
}

static fault_t no_second_token(struct tx *tx, void *arg)
{
    struct bench *b = arg;
    struct account *a = row_find(tx, &account_kind, b->main_sid);

    row_set(tx, a, &a->secondary_auth_token, NULL);
    auth_changed(b->auth, tx);
    return NULL;
}

static void either_auth_token_signs_capabilities(void **state)
{
    struct bench *b = *state;
    const char *jwt = capability(b, "fedcba9876543210fedcba9876543210", NULL, NULL);
    struct principal p;

    assert_int_equal(token(b, jwt, &p), F_TOKEN_INVALID);
    assert_null(ledger_do(b->ledger, b->arena, second_token, b));
    assert_int_equal(token(b, jwt, &p), GOOD);
    assert_int_equal(token(b, capability(b, b->main_token, NULL, NULL), &p), GOOD);
    assert_null(ledger_do(b->ledger, b->arena, no_second_token, b));
    assert_int_equal(token(b, jwt, &p), F_TOKEN_INVALID);
}

static fault_t twice_the_signing_key(struct tx *tx, void *arg)
{
    struct change *c = arg;
    struct api_key *k = signing_key_of(tx, c->b->main_sid);

    if (c->result)
        assert_string_equal(k->sid, c->result);
    c->result = arena_strdup(c->b->arena, k->sid);
    assert_true(k->desktop);
    return NULL;
}

static void the_desktops_key_is_made_once(void **state)
{
    struct change c = { .b = *state };

    assert_null(ledger_do(c.b->ledger, c.b->arena, twice_the_signing_key, &c));
    assert_null(ledger_do(c.b->ledger, c.b->arena, twice_the_signing_key, &c));
}

/* --- sessions ----------------------------------------------------------------------------------------------- */

static const char *log_in(struct bench *b)
{
    struct change c = { .b = b };

    assert_null(ledger_do(b->ledger, b->arena, make_session, &c));
    return c.result;
}

static void a_session_is_its_cookie(void **state)
{
    struct bench *b = *state;
    const char *value = log_in(b);
    char *other = arena_strdup(b->arena, log_in(b));
    struct principal p;

    for (int again = 0; again < 2; again++) {
        assert_int_equal(cookie(b, value, &p), GOOD);
        assert_int_equal(p.by, BY_SESSION);
        assert_string_equal(p.user_sid, b->user_sid);
        assert_string_equal(p.identity, "ada");
        assert_string_equal(p.role, "supervisor");
        assert_false(p.may_manage);
        assert_int_equal(p.expires, START + HOUR);
    }
    memcpy(other, value, SID_LENGTH); /* the sid of one, the secret of the other */
    assert_int_equal(cookie(b, other, &p), F_UNAUTHENTICATED);
    assert_int_equal(cookie(b, "", &p), F_UNAUTHENTICATED);
    assert_non_null(auth_session(b->view, b->db, b->arena, NULL, &p));
}

static void a_session_ends_with_its_time(void **state)
{
    struct bench *b = *state;
    const char *value = log_in(b), *sid = arena_strndup(b->arena, value, SID_LENGTH);
    struct principal p;
    void *row;

    assert_int_equal(cookie(b, value, &p), GOOD);
    ledger_turn(b->ledger, HOUR - 1);
    assert_int_equal(cookie(b, value, &p), GOOD);
    ledger_turn(b->ledger, 1);
    assert_int_equal(cookie(b, value, &p), F_UNAUTHENTICATED);
    assert_int_equal(record_find(b->db, b->arena, &session_kind, sid, &row), DB_OK);
    assert_null(row); /* and its row is gone */
}

static fault_t expire_session(struct tx *tx, void *arg)
{
    struct change *c = arg;
    struct session *s = row_find(tx, &session_kind, c->sid);

    row_edit(tx, s);
    s->expires = tx->now;
    auth_changed(c->b->auth, tx);
    return NULL;
}

/* Also where the alarm that takes its row away has not rung yet. */
static void an_expired_row_is_no_session(void **state)
{
    struct bench *b = *state;
    const char *value = log_in(b);
    struct change c = { .b = b, .sid = arena_strndup(b->arena, value, SID_LENGTH) };
    struct principal p;

    assert_null(ledger_do(b->ledger, b->arena, expire_session, &c));
    assert_int_equal(cookie(b, value, &p), F_UNAUTHENTICATED);
}

static void a_session_ends_when_it_is_ended(void **state)
{
    struct bench *b = *state;
    const char *value = log_in(b);
    struct change c = { .b = b, .sid = arena_strndup(b->arena, value, SID_LENGTH) };
    struct principal p;

    assert_int_equal(cookie(b, value, &p), GOOD);
    assert_null(ledger_do(b->ledger, b->arena, end_session, &c));
    assert_int_equal(cookie(b, value, &p), F_UNAUTHENTICATED);
    assert_null(ledger_do(b->ledger, b->arena, end_session, &c)); /* again: nothing */
}

static fault_t put_user_to_sleep(struct tx *tx, void *arg)
{
    struct change *c = arg;
    struct user *u = row_find(tx, &user_kind, c->b->user_sid);

    row_edit(tx, u);
    u->active = false;
    auth_changed(c->b->auth, tx);
    return NULL;
}

static void a_session_ends_with_its_user(void **state)
{
    struct bench *b = *state;
    const char *value = log_in(b);
    struct change c = { .b = b };
    struct principal p;

    assert_int_equal(cookie(b, value, &p), GOOD);
    assert_null(ledger_do(b->ledger, b->arena, put_user_to_sleep, &c));
    assert_int_equal(cookie(b, value, &p), F_UNAUTHENTICATED);
}

static fault_t another_ada(struct tx *tx, void *arg)
{
    struct change *c = arg;

    assert_null(user_make(tx, &(struct user){ .account_sid = c->b->child_sid, .username = "ADA", .active = true }));
    return NULL;
}

static void a_username_is_one_persons(void **state)
{
    struct bench *b = *state;
    struct change c = { .b = b };
    struct user *u;

    assert_null(ledger_do(b->ledger, b->arena, another_ada, &c));
    assert_null(user_by_name(b->db, b->arena, "aDa", &u));
    assert_string_equal(u->sid, b->user_sid);
    assert_null(user_by_name(b->db, b->arena, "bob", &u));
    assert_null(u);
}

/* --- memory ------------------------------------------------------------------------------------------------- */

static void a_views_memory_is_bounded(void **state)
{
    struct bench *b = *state;
    struct principal p = { .by = BY_TOKEN, .account_sid = "AC1", .expires = NO_VALUE }, got;
    char text[32];

    for (int i = 0; i < 3 * CACHE_ENTRIES + 5; i++) {
        struct digest d;

        snprintf(text, sizeof text, "token %d", i);
        d = digest_of("token", text, "");
        assert_false(view_recall(b->view, &d, b->arena, &got));
        view_remember(b->view, &d, &p);
        assert_true(view_recall(b->view, &d, b->arena, &got));
        assert_true(view_entries(b->view) <= CACHE_ENTRIES);
    }
    assert_int_equal(view_entries(b->view), 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_account_authenticates_with_its_token),
        TEST(a_key_authenticates_with_its_secret),
        TEST(a_deleted_key_is_refused_at_once),
        TEST(a_suspended_account_and_its_children_are_refused),
        TEST(a_refused_change_changes_nothing),
        TEST(an_account_acts_on_its_children_only),
        TEST(there_is_one_level_of_children),
        TEST(a_parent_only_reads_its_suspended_child),
        TEST(an_access_token_opens_its_grants),
        TEST(a_token_ends_and_no_memory_prolongs_it),
        TEST(a_token_ends_with_its_key),
        TEST(a_token_that_is_not_in_order_is_refused),
        TEST(a_restricted_key_signs_no_tokens),
        TEST(a_capability_token_has_a_channel_and_policies),
        TEST(a_capability_token_that_is_not_in_order_is_refused),
        TEST(either_auth_token_signs_capabilities),
        TEST(the_desktops_key_is_made_once),
        TEST(a_session_is_its_cookie),
        TEST(a_session_ends_with_its_time),
        TEST(an_expired_row_is_no_session),
        TEST(a_session_ends_when_it_is_ended),
        TEST(a_session_ends_with_its_user),
        TEST(a_username_is_one_persons),
        TEST(a_views_memory_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
