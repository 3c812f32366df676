#include "auth/internal.h"
#include "codec/base64.h"

/* Nobody's memory of an expired session counts (every look compares the time), so the rows go without auth_changed().
 */
static void ring(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct session *s = row_find(tx, &session_kind, subject);

    (void)arg, (void)due;
    if (s)
        row_delete(tx, s);
}

const struct alarm_kind session_alarm = { .name = SESSION_ALARM, .ring = ring };

char *session_make(struct tx *tx, const struct user *u, int64_t ttl_ms)
{
    struct session *s = row_new(tx, &session_kind, NULL);
    unsigned char secret[SESSION_SECRET_BYTES];
    char hash[65];

    random_bytes(secret, sizeof secret);
    sha256_hex(secret, sizeof secret, hash);
    row_set(tx, s, &s->account_sid, u->account_sid);
    row_set(tx, s, &s->user_sid, u->sid);
    row_set(tx, s, &s->secret_hash, hash);
    s->expires = tx->now + ttl_ms;
    alarm_set(tx, SESSION_ALARM, s->sid, s->expires);
    return arena_printf(tx->arena, "%s.%s", s->sid, base64url_encode(tx->arena, secret, sizeof secret));
}

void session_end(struct auth *a, struct tx *tx, const char *session_sid)
{
    struct session *s = row_find(tx, &session_kind, session_sid);

    if (!s)
        return;
    alarm_cancel(tx, SESSION_ALARM, session_sid);
    row_delete(tx, s);
    auth_changed(a, tx);
}
