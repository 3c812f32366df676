#include "base/map.h"
#include "base/sid.h"
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* --- the hash: SipHash-1-3 (Aumasson, Bernstein), whose key a stranger cannot learn */

static struct {
    uint64_t k0, k1;
} seed;
static pthread_once_t seeded = PTHREAD_ONCE_INIT;

static void make_seed(void)
{
    random_bytes(&seed, sizeof seed);
}

struct sip {
    uint64_t a, b, c, d;
};

static inline uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static inline void sip_round(struct sip *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotate(s->b, 13) ^ s->a;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a = rotate(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = rotate(s->b, 17) ^ s->c;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c = rotate(s->c, 32);
}

uint64_t hash_bytes(const void *data, size_t n)
{
    pthread_once(&seeded, make_seed);

    const unsigned char *p = data;
    uint64_t word, last = (uint64_t)n << 56;
    struct sip s = { seed.k0 ^ 0x736f6d6570736575, seed.k1 ^ 0x646f72616e646f6d, seed.k0 ^ 0x6c7967656e657261,
                     seed.k1 ^ 0x7465646279746573 };

    for (; n >= 8; n -= 8, p += 8) {
        memcpy(&word, p, 8);
        s.d ^= word;
        sip_round(&s);
        s.a ^= word;
    }
    for (size_t i = 0; i < n; i++)
        last |= (uint64_t)p[i] << (8 * i);
    s.d ^= last;
    sip_round(&s);
    s.a ^= last;
    s.c ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}

/* --- the table: open addressing, linear probing.  A slot is free (no key), taken, or dead: it was taken, and
 * whoever searches must go on behind it.  cap is a power of two; a quarter is always free. */

struct map_slot {
    const char *key;
    void *value;
    uint64_t hash;
};

enum { SMALLEST = 16 };
static const char dead_key[] = "";

/* The slot of the key, or NULL. */
static struct map_slot *find(const struct map *m, const char *key, uint64_t hash)
{
    if (!m->n)
        return NULL;
    for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct map_slot *s = &m->slots[i];
        if (!s->key)
            return NULL;
        if (s->hash == hash && s->key != dead_key && strcmp(s->key, key) == 0)
            return s;
    }
}

static struct map_slot *first_unused(const struct map *m, uint64_t hash)
{
    size_t i = hash & (m->cap - 1);

    while (m->slots[i].key && m->slots[i].key != dead_key)
        i = (i + 1) & (m->cap - 1);
    return &m->slots[i];
}

/* A new table that is at most half full; it shrinks, too, when most of the old one was dead. */
static void rebuild(struct map *m)
{
    struct map old = *m;

    for (m->cap = SMALLEST; m->cap < 2 * (m->n + 1);)
        m->cap *= 2;
    m->slots = calloc(m->cap, sizeof *m->slots);
    if (!m->slots)
        abort();
    m->dead = 0;
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].key && old.slots[i].key != dead_key)
            *first_unused(m, old.slots[i].hash) = old.slots[i];
    free(old.slots);
}

void *map_get(const struct map *m, const char *key)
{
    struct map_slot *s = m->n ? find(m, key, hash_bytes(key, strlen(key))) : NULL;

    return s ? s->value : NULL;
}

void *map_put(struct map *m, const char *key, void *value)
{
    assert(key && value);
    uint64_t hash = hash_bytes(key, strlen(key));
    struct map_slot *s = find(m, key, hash);

    if (s) { /* the old key usually dies with the old value */
        void *old = s->value;
        s->key = key;
        s->value = value;
        return old;
    }
    if ((m->n + m->dead + 1) * 4 > m->cap * 3)
        rebuild(m);
    s = first_unused(m, hash);
    if (s->key == dead_key)
        m->dead--;
    *s = (struct map_slot){ key, value, hash };
    m->n++;
    return NULL;
}

void *map_remove(struct map *m, const char *key)
{
    struct map_slot *s = m->n ? find(m, key, hash_bytes(key, strlen(key))) : NULL;

    if (!s)
        return NULL;
    void *value = s->value;
    size_t mask = m->cap - 1, i = (size_t)(s - m->slots);

    *s = (struct map_slot){ .key = dead_key };
    m->n--;
    m->dead++;
    if (m->slots[(i + 1) & mask].key)
        return value;
    for (; m->slots[i].key == dead_key; i = (i - 1) & mask) { /* nobody needs to go on behind these */
        m->slots[i].key = NULL;
        m->dead--;
    }
    return value;
}

void map_clear(struct map *m)
{
    free(m->slots);
    *m = (struct map){ 0 };
}

void *map_next(const struct map *m, size_t *i)
{
    while (*i < m->cap) {
        const struct map_slot *s = &m->slots[(*i)++];
        if (s->key && s->key != dead_key)
            return s->value;
    }
    return NULL;
}
