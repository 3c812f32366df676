/* auth: who is calling, and what they may do.
 *
 * Credentials:
 *   Basic AC…:auth token (primary or secondary)   the account itself: everything
 *   Basic SK…:secret                              an API key: standard (all but accounts and keys), main (everything) or restricted (its policy)
 *   Basic token:JWT, Bearer JWT                   how the browser SDKs hand over an access token
 *   access token (JWT, cty twilio-fpa;v=1)        signed with an API key's secret: one identity, with grants
 *   session cookie of the desktop                 a user who logged in with a password
 *   capability token (old TaskRouter JWT)         signed with the account's auth token: one channel, and a list of policies
 *
 * An account may act on its subaccounts; a stranger's object does not exist for a caller (404, by rest/).
 *
 * Checking costs a look-up in the store, so every thread that checks has an auth_view: a small cache of what it saw, valid as
 * long as nothing about credentials was committed since: one atomic generation, raised after the commit because whoever changes
 * or deletes a row of the kinds below calls auth_changed().  Makers need not: only what was found good is remembered.
 * Comparisons of secrets take the same time whatever they hold.  Nothing here logs a secret. */
#pragma once
#include "codec/form.h"
#include "codec/json.h"
#include "ledger/ledger.h"

enum credential { BY_NOBODY, BY_ACCOUNT, BY_KEY, BY_TOKEN, BY_CAPABILITY, BY_SESSION };

struct principal {
    enum credential by;
    const char *account_sid;     /* whose objects */
    const char *parent_sid;      /* the account above it; NULL: it is a main account */
    const char *credential_sid;  /* AC…, SK…, or the session's */
    const char *identity;        /* of a token or a user; NULL for account and key */
    const char *user_sid;        /* of a session */
    const char *worker_sid, *workspace_sid, *role; /* grants of a token (task_router), or the user's */
    const char *roles;           /* of a user: JSON array of words: "agent", "supervisor", "admin" */
    const char *policy;          /* of a restricted key, or the list of a capability token: JSON; NULL: no restriction */
    const char *chat_service_sid;  /* grant "chat" of a token: the IS… that it may use; NULL: none */
    const char *chat_role_sid;     /* likewise, the role that its user gets there: deployment_role_sid */
    const char *chat_push_credential_sid, *chat_endpoint_id;
    const char *sync_service_sid;  /* grant "data_sync": IS…, or "default" */
    const char *sync_endpoint_id;
    const char *insights_service;  /* grant "flex_insights": "WS….insights", or whatever its maker wrote */
    const char *channel_sid;     /* of a capability token: the worker, queue or workspace whose events it hears */
    bool        may_manage;      /* accounts and keys: the account itself, a main key, an admin */
    bool        suspended;       /* the subaccount acted on is not active: its parent may still read it */
    int64_t     expires;         /* NO_VALUE: never */
};

struct account { /* an account or subaccount: AC… */
    const char *sid, *owner_account_sid;      /* the parent, or itself */
    const char *friendly_name;
    unsigned    status, type;                 /* enum account_status, account_type */
    const char *auth_token, *secondary_auth_token;
    int64_t     date_created, date_updated;
};
enum account_status { ACCOUNT_ACTIVE, ACCOUNT_SUSPENDED, ACCOUNT_CLOSED };
enum account_type { ACCOUNT_TRIAL, ACCOUNT_FULL };

struct api_key { /* SK… */
    const char *sid, *account_sid, *friendly_name, *secret, *policy;
    unsigned    type;                         /* enum key_type */
    bool        desktop;                      /* signs the desktop's own tokens */
    int64_t     date_created, date_updated;
};
enum key_type { KEY_STANDARD, KEY_MAIN, KEY_RESTRICTED };

struct user { /* a person who logs in: FU… */
    const char *sid, *account_sid, *username, *full_name, *email, *password_hash, *roles, *worker_sid, *workspace_sid;
    bool        active;
    int64_t     date_created, date_updated;
};

extern const struct kind account_kind, api_key_kind, user_kind, session_kind; /* storage rows here; product/accounts describes what the API shows */

struct auth;
struct auth_view; /* one a thread */

#define SESSION_COOKIE "plugboard_session"
enum { PASSWORD_LENGTH_MAX = 1024, POLICY_PERMISSIONS_MAX = 100 };

struct auth *auth_new(struct ledger *l, struct clock *clock); /* before ledger_start(); adds the alarm that ends sessions */
void auth_free(struct auth *a);
/* A row of an account, key, user or session was changed or deleted by this command: after the commit nobody's memory of it counts. */
void auth_changed(struct auth *a, struct tx *tx);
struct auth_view *auth_view_new(struct auth *a);
void auth_view_free(struct auth_view *v);

/* Each fills *out (texts in the arena) or returns UNAUTHENTICATED, TOKEN_INVALID, TOKEN_EXPIRED, ACCOUNT_SUSPENDED.  db: a reader's or the
 * writer's connection, of this thread. */
fault_t auth_basic(struct auth_view *v, struct db *db, struct arena *a, const char *authorization, struct principal *out); /* the header's value; stray characters behind the base64 are ignored */
fault_t auth_token(struct auth_view *v, struct db *db, struct arena *a, const char *jwt, struct principal *out);
fault_t auth_session(struct auth_view *v, struct db *db, struct arena *a, const char *cookie_header, struct principal *out);
/* Is what was found good still good?  For who keeps a token's principal for hours (a socket): its key and accounts are looked at again. */
fault_t auth_again(struct auth_view *v, struct db *db, struct arena *a, const struct principal *who);
/* To where it lives longer than the arena that it was checked in. */
/* Of those that a token has grants for, the service that a call means that names this one (its X-Twilio-Active-Grant), or none; NULL: it has none. */
const char *principal_service(const struct principal *who, const char *grant);
void principal_copy(struct arena *a, struct principal *to, const struct principal *from);
/* May this caller act on that account?  Fills *out with the account acted on. */
fault_t auth_act_on(struct auth_view *v, struct db *db, struct arena *a, const char *account_sid, struct principal *inout);
/* What is about to be done.  MAY_WRITE stands for any of create, update and delete, where the caller cannot tell. */
enum deed { MAY_READ, MAY_WRITE, MAY_LIST, MAY_CREATE, MAY_UPDATE, MAY_DELETE };
/* A restricted key's policy and a user's or token's role decide.  resource: its path ("/v1/Workspaces/{workspace_sid}/Tasks", which
 * a policy calls "workspaces.tasks") or, less exactly, its name ("Task"). */
fault_t auth_may(const struct principal *p, struct arena *a, const char *product, const char *resource, enum deed deed);
/* May these credentials come in at an endpoint of this label at all?  What browser SDKs use ("cds", "aim", "tsock", "mcs") is for tokens with
 * the grant that it is for; media ("mcs") also for an account and its keys.  rest/ asks for every endpoint that needs credentials;
 * auth_may() asks as well.  Such a token opens no REST product: its SDK's requests come through a gateway, which knows whose things they are. */
fault_t auth_enter(const struct principal *p, struct arena *a, const char *label);
/* Where a URL leads, by whatever name the server is reached: "https://taskrouter.twilio.com/v1/Workspaces?PageSize=5" and
 * "http://127.0.0.1:8080/taskrouter/v1/Workspaces/?PageSize=5" are label "taskrouter", path "/v1/Workspaces", query "PageSize=5".  False: to
 * none of the products that capability tokens are for. */
struct destination { const char *label, *path, *query; };
bool destination_read(struct arena *a, const char *url, struct destination *out);
/* A capability token's policies decide; nothing else does. */
struct deed_at { const char *method, *label, *path; const struct form *query, *form; };
fault_t auth_capability(const struct principal *p, struct arena *a, const struct deed_at *deed);
/* What is wrong with a restricted key's policy, or NULL: {"allow": ["/twilio/taskrouter/workspaces.tasks/read", …]}. */
fault_t policy_check(struct arena *a, const char *policy);

/* --- making things, inside a command ------------------------------------------------------------------- */
struct account *account_make(struct tx *tx, const char *sid, const char *parent_sid, const char *friendly_name, const char *auth_token); /* sid, token NULL: made */
void account_complete(struct tx *tx, struct account *new_row); /* gives a new row what is still missing: token, name */
void api_key_complete(struct tx *tx, struct api_key *new_row); /* likewise: secret */
struct api_key *api_key_make(struct tx *tx, const char *account_sid, enum key_type type, const char *friendly_name);
/* The key that signs the desktop's own access tokens; made on first need. */
struct api_key *signing_key_of(struct tx *tx, const char *account_sid);
/* An access token; grants is a JSON object {"task_router": {…}}. */
char *access_token_mint(struct arena *a, const struct api_key *key, const char *identity, const json_t *grants, int64_t now, int64_t ttl_ms);
/* X-Twilio-Signature of a request (reference: form parameters sorted, or bodySHA256 for JSON); token: the account's primary. */
char *request_signature(struct arena *a, const char *auth_token, const char *url, const char *const *names, const char *const *values, size_t n);

/* HMAC-SHA256 of a text, in hex. */
char *text_signature(struct arena *a, const char *key, const char *text);
/* The same text?  Takes the same time wherever they differ. */
bool  secret_is(const char *known, const char *given);

/* --- people ---------------------------------------------------------------------------------------------- */
/* Argon2id; slow on purpose (tens of ms): on a reader thread, never on the ledger's. */
char *password_hash(struct arena *a, const char *password);
bool  password_is(const char *hash, const char *password); /* hash NULL: false, after the same time */
/* A row like the one given (sid and dates aside); names are kept in lower case and are one server's, not one account's.  NULL: taken. */
struct user *user_make(struct tx *tx, const struct user *like);
fault_t user_by_name(struct db *db, struct arena *a, const char *username, struct user **out); /* *out NULL: nobody of that name */
/* Throttle of log-ins; any thread.  RATE_LIMIT when too many failed lately for this name from this address, for this name, or from this
 * address.  An attempt that was allowed counts as failed until login_result() says otherwise, so that a burst gains nothing. */
fault_t login_allowed(struct auth *a, struct arena *arena, const char *username, const char *peer);
void    login_result(struct auth *a, const char *username, const char *peer, bool good);
/* A session for the desktop: makes the row, returns the cookie's value (the row keeps only its hash). */
char *session_make(struct tx *tx, const struct user *u, int64_t ttl_ms);
void  session_end(struct auth *a, struct tx *tx, const char *session_sid);
