#include "auth/internal.h"
#include <stdlib.h>

struct auth *auth_new(struct ledger *l, struct clock *clock)
{
    struct auth *a = calloc(1, sizeof *a);

    if (!a)
        abort();
    a->ledger = l;
    a->clock = clock;
    a->throttle = throttle_new(clock);
    if (l)
        ledger_alarm(l, &session_alarm);
    return a;
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    throttle_free(a->throttle);
    free(a);
}

static void raise_generation(void *arg)
{
    struct auth *a = arg;

    atomic_fetch_add(&a->generation, 1);
}

void auth_changed(struct auth *a, struct tx *tx)
{
    tx_after(tx, raise_generation, a);
}

fault_t login_allowed(struct auth *a, struct arena *arena, const char *username, const char *peer)
{
    int64_t locked = throttle_enter(a->throttle, username, peer);

    if (locked)
        return fault(arena, F_RATE_LIMIT, "Too many failed log-ins: try again in %lld seconds",
                     (long long)((locked + SECOND - 1) / SECOND));
    return NULL;
}

void login_result(struct auth *a, const char *username, const char *peer, bool good)
{
    throttle_result(a->throttle, username, peer, good);
}
