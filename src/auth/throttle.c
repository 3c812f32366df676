/* The throttle of log-ins: three counts of failures, each with its own patience.
 *
 *   this name from this address    5   somebody guesses a password
 *   this name                     20   many addresses guess one person's password
 *   this address                  60   one address guesses many people's (an office behind one address must get by)
 *
 * Beyond its patience a count locks for 15 s, 30 s, 1 min … up to 15 minutes; half an hour without an attempt forgets
 * it.  The table is of fixed size: a count lives in one of WAYS places that its hash names (the hash is keyed, so
 * nobody can aim at a neighbour), and where all are taken the one untouched longest gives way. */
#include "auth/internal.h"
#include "base/map.h"
#include "base/thread.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 512, WAYS = 8, KEY_MAX = 512 };
enum { FIRST_LOCK = 15 * 1000, LONGEST_LOCK = 15 * 60 * 1000, FORGET_AFTER = 30 * 60 * 1000 };

struct count {
    uint64_t hash; /* 0: free */
    int64_t touched, locked_until;
    int failures;
};

struct throttle {
    const struct clock *clock;
    struct lock *lock;
    struct count counts[SETS][WAYS];
};

enum { BY_PAIR, BY_NAME, BY_ADDRESS, COUNTS };
static const int patience[COUNTS] = { 5, 20, 60 };

struct throttle *throttle_new(const struct clock *clock)
{
    struct throttle *t = calloc(1, sizeof *t);

    if (!t)
        abort();
    t->clock = clock;
    t->lock = lock_new();
    return t;
}

void throttle_free(struct throttle *t)
{
    if (!t)
        return;
    lock_free(t->lock);
    free(t);
}

static uint64_t hash_key(int which, const char *username, const char *peer)
{
    unsigned char key[KEY_MAX];
    size_t n = 0;
    uint64_t h;

    key[n++] = (unsigned char)which;
    if (which != BY_ADDRESS)
        while (*username && n < KEY_MAX / 2)
            key[n++] = (unsigned char)tolower((unsigned char)*username++);
    key[n++] = 0;
    if (which != BY_NAME)
        while (*peer && n < KEY_MAX)
            key[n++] = (unsigned char)*peer++;
    h = hash_bytes(key, n);
    return h ? h : 1;
}

/* The count of that hash; a new one takes a free place or the stalest. */
static struct count *count_of(struct throttle *t, uint64_t hash, int64_t now)
{
    struct count *set = t->counts[hash % SETS], *stalest = set;

    for (struct count *c = set; c < set + WAYS; c++) {
        if (c->hash == hash) {
            if (now - c->touched > FORGET_AFTER)
                *c = (struct count){ .hash = hash };
            return c;
        }
        if (c->hash == 0 || (stalest->hash != 0 && c->touched < stalest->touched))
            stalest = c;
    }
    *stalest = (struct count){ .hash = hash, .touched = now };
    return stalest;
}

static void count_failure(struct count *c, int allowed, int64_t now)
{
    c->touched = now;
    c->failures++;
    if (c->failures >= allowed) {
        int doublings = c->failures - allowed;
        int64_t lock = doublings > 6 ? LONGEST_LOCK : (int64_t)FIRST_LOCK << doublings;

        c->locked_until = now + (lock < LONGEST_LOCK ? lock : LONGEST_LOCK);
    }
}

int64_t throttle_enter(struct throttle *t, const char *username, const char *peer)
{
    int64_t now = clock_now(t->clock), locked = 0;

    lock_take(t->lock);
    for (int i = 0; i < COUNTS; i++) {
        struct count *c = count_of(t, hash_key(i, username, peer), now);

        if (c->locked_until - now > locked)
            locked = c->locked_until - now;
    }
    if (!locked)
        for (int i = 0; i < COUNTS; i++)
            count_failure(count_of(t, hash_key(i, username, peer), now), patience[i], now);
    lock_give(t->lock);
    return locked;
}

/* A good log-in clears the name's counts; from the address's only its own attempt is taken back, or one
 * known password would let its owner guess for ever. */
void throttle_result(struct throttle *t, const char *username, const char *peer, bool good)
{
    int64_t now = clock_now(t->clock);

    if (!good)
        return;
    lock_take(t->lock);
    for (int i = 0; i < COUNTS; i++) {
        struct count *c = count_of(t, hash_key(i, username, peer), now);

        c->failures = i == BY_ADDRESS && c->failures > 0 ? c->failures - 1 : 0;
        if (c->failures < patience[i])
            c->locked_until = 0;
    }
    lock_give(t->lock);
}
