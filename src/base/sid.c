#include "base/sid.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { TIME_DIGITS = 11, RANDOM_DIGITS = 21 };

static const char hex[] = "0123456789abcdef";

/* 84 random bits.  A millisecond starts in their lower half and climbs by steps of up to 2^64: room for half a
 * million SIDs, and still nobody can guess the next. */
static const unsigned __int128 LIMIT = (unsigned __int128)1 << (4 * RANDOM_DIGITS);

void random_bytes(void *p, size_t n)
{
    for (char *at = p; n;) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno != EINTR)
            abort();
        if (got > 0) {
            at += got;
            n -= (size_t)got;
        }
    }
}

void random_hex(char *out, size_t digits)
{
    unsigned char bytes[64];

    for (size_t i = 0; i < digits; i++) {
        if (i % sizeof bytes == 0)
            random_bytes(bytes, digits - i < sizeof bytes ? digits - i : sizeof bytes);
        out[i] = hex[bytes[i % sizeof bytes] & 15];
    }
    out[digits] = '\0';
}

static void put_hex(char *out, int digits, unsigned __int128 v)
{
    for (; digits--; v >>= 4)
        out[digits] = hex[(unsigned)v & 15];
}

/* Asking the kernel costs more than all the rest of a SID. */
static void take_random(struct sid_source *s, void *out, size_t n)
{
    if (s->left < n) {
        random_bytes(s->pool, sizeof s->pool);
        s->left = sizeof s->pool;
    }
    s->left -= n;
    memcpy(out, s->pool + s->left, n);
}

static void next_name(struct sid_source *s)
{
    int64_t now = clock_now(s->clock);
    uint64_t step;
    unsigned __int128 start;

    if (now > (int64_t)s->last_ms || s->last_ms == 0) {
        s->last_ms = now > 0 ? (uint64_t)now : 1;
    } else {
        take_random(s, &step, sizeof step);
        s->last += (unsigned __int128)step + 1;
        if (s->last < LIMIT)
            return;
        s->last_ms++; /* the millisecond is used up: borrow the next */
    }
    take_random(s, &start, sizeof start);
    s->last = start & (LIMIT / 2 - 1);
}

void sid_make(struct sid_source *s, const char prefix[static 2], char out[static SID_SIZE])
{
    next_name(s);
    assert(s->last_ms >> (4 * TIME_DIGITS) == 0);
    memcpy(out, prefix, 2);
    put_hex(out + 2, TIME_DIGITS, s->last_ms);
    put_hex(out + 2 + TIME_DIGITS, RANDOM_DIGITS, s->last);
    out[SID_LENGTH] = '\0';
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

bool sid_valid(const char *s, const char *prefix)
{
    if (!s || !is_capital(s[0]) || !is_capital(s[1]))
        return false;
    if (prefix && (s[0] != prefix[0] || s[1] != prefix[1]))
        return false;
    for (int i = 2; i < SID_LENGTH; i++)
        if (!is_hex(s[i]))
            return false;
    return s[SID_LENGTH] == '\0';
}
