/* What was used once to sign is not good again: nonces are kept for as long as their timestamps are. */
#include "channel/internal.h"

#include "base/log.h"

#define ALARM_NONCES "channel.nonces"
enum { SWEPT_AT_ONCE = 1000 };

struct old {
    const char *keys[SWEPT_AT_ONCE];
    size_t n;
};

static bool collect(void *arg, void *row)
{
    struct old *old = arg;

    old->keys[old->n++] = *field_text(field_flagged(&nonce_kind, KEY), row);
    return true;
}

/* A timestamp may be ahead of our clock as far as it may be behind. */
static void sweep(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    const struct condition old_ones = { .column = "date_created",
                                        .compare = LESS_OR_IS,
                                        .value = value_int(tx->now - 2 * TIMESTAMP_MS) };
    struct old *old = arena_alloc(tx->arena, sizeof(*old));

    (void)arg;
    (void)due;
    if (record_select(tx->db, tx->arena, &nonce_kind,
                      &(struct selection){ .conditions = &old_ones, .nconditions = 1, .limit = SWEPT_AT_ONCE }, collect,
                      old) != DB_OK)
        log_error("channel.nonces", "%s", db_error(tx->db));
    for (size_t i = 0; i < old->n; i++) {
        void *row = row_find(tx, &nonce_kind, old->keys[i]);
        if (row)
            row_delete(tx, row);
    }
    if (old->n == SWEPT_AT_ONCE)
        alarm_set(tx, ALARM_NONCES, subject, tx->now + SECOND);
}

bool nonce_take(struct tx *tx, const char *carrier_sid, const char *nonce)
{
    const char *key = arena_printf(tx->arena, "%s:%s", carrier_sid, nonce);

    if (row_find(tx, &nonce_kind, key))
        return false;
    row_new(tx, &nonce_kind, key);
    if (alarm_due(tx, ALARM_NONCES, "old") == NO_VALUE)
        alarm_set(tx, ALARM_NONCES, "old", tx->now + 2 * TIMESTAMP_MS);
    return true;
}

void nonces_setup(struct channel *c)
{
    ledger_alarm(c->site->ledger, &(struct alarm_kind){ .name = ALARM_NONCES, .ring = sweep, .arg = c });
}
