/* What the files of auth/ share. */
#pragma once
#include "auth/auth.h"
#include "base/clock.h"
#include <stdatomic.h>

struct auth {
    struct ledger *ledger;
    struct clock *clock;
    _Atomic uint64_t generation; /* of what is known about credentials */
    struct throttle *throttle;
};

struct session { /* FS…; the cookie's secret itself is nowhere */
    const char *sid, *account_sid, *user_sid, *secret_hash;
    int64_t expires, date_created;
};
enum { SESSION_SECRET_BYTES = 32 };

/* parse.c: what a stranger sends, taken apart; true when it has the form. */
enum scheme { SCHEME_BASIC, SCHEME_BEARER };
struct authorization {
    enum scheme scheme;
    const char *user;   /* of BASIC */
    const char *secret; /* the password, or the bearer's token */
};
bool authorization_read(struct arena *a, const char *header, struct authorization *out);
const char *cookie_find(struct arena *a, const char *header, const char *name); /* its value, or NULL */
bool session_cookie_read(struct arena *a, const char *value, const char **sid, char hash[static 65]);

/* cache.c: what a thread's view remembers.  A digest stands for a credential: the secret is not kept. */
enum { DIGEST_SIZE = 32, CACHE_ENTRIES = 4096 };
struct digest {
    unsigned char bytes[DIGEST_SIZE];
};
struct digest digest_of(const char *what, const char *text, const char *more);
/* Forgets everything when something was committed since; to be called before looking anything up. */
void view_refresh(struct auth_view *v);
bool view_recall(struct auth_view *v, const struct digest *d, struct arena *a, struct principal *out);
void view_remember(struct auth_view *v, const struct digest *d, const struct principal *p);
const struct clock *view_clock(const struct auth_view *v);
size_t view_entries(const struct auth_view *v);

void sha256_hex(const void *p, size_t n, char out[static 65]);
bool secret_equal(const char *a, const char *b); /* NULL equals nothing */
bool roles_have(struct arena *a, const char *roles, const char *word);

/* throttle.c */
struct throttle *throttle_new(const struct clock *clock);
void throttle_free(struct throttle *t);
int64_t throttle_enter(struct throttle *t, const char *username, const char *peer); /* ms still locked; 0: go on */
void throttle_result(struct throttle *t, const char *username, const char *peer, bool good);

/* session.c */
extern const struct alarm_kind session_alarm;
#define SESSION_ALARM "session.expired"
