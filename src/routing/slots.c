#include "routing/internal.h"
#include <stdlib.h>

/* Room for n elements; new ones are zero.  Out of memory is abort(), as in an arena. */
static void *grow(void *p, size_t old, size_t n, size_t each)
{
    char *more = reallocarray(p, n, each);

    if (!more)
        abort();
    for (char *c = more + old * each; c < more + n * each; c++)
        *c = 0;
    return more;
}

bool bits_has(const struct bits *b, size_t i)
{
    return i / 64 < b->n && (b->words[i / 64] >> (i % 64) & 1);
}

void bits_put(struct bits *b, size_t i, bool value)
{
    if (i / 64 >= b->n) {
        if (!value)
            return;
        b->words = grow(b->words, b->n, i / 64 + 4, sizeof *b->words);
        b->n = i / 64 + 4;
    }
    if (value)
        b->words[i / 64] |= (uint64_t)1 << (i % 64);
    else
        b->words[i / 64] &= ~((uint64_t)1 << (i % 64));
}

size_t bits_next(const struct bits *b, size_t from)
{
    return bits_next_common(b, b, from);
}

size_t bits_next_common(const struct bits *a, const struct bits *b, size_t from)
{
    size_t n = a->n < b->n ? a->n : b->n;
    uint64_t mask = ~(uint64_t)0 << (from % 64);

    for (size_t i = from / 64; i < n; i++, mask = ~(uint64_t)0) {
        uint64_t w = a->words[i] & b->words[i] & mask;
        if (w)
            return i * 64 + (size_t)__builtin_ctzll(w);
    }
    return NO_SLOT;
}

void bits_free(struct bits *b)
{
    free(b->words);
    *b = (struct bits){ 0 };
}

size_t slots_take(struct slots *s, void *what)
{
    size_t i = s->first_free;

    while (i < s->n && s->at[i])
        i++;
    if (i == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 16;
        s->at = grow(s->at, s->cap, cap, sizeof *s->at);
        s->cap = cap;
    }
    s->at[i] = what;
    if (i == s->n)
        s->n++;
    s->first_free = i + 1;
    return i;
}

void slots_release(struct slots *s, size_t i)
{
    s->at[i] = NULL;
    if (i < s->first_free)
        s->first_free = i;
    if (!s->first_free && i == 0 && s->n == 1)
        s->n = 0;
}

void *slots_get(const struct slots *s, size_t i)
{
    return i < s->n ? s->at[i] : NULL;
}
