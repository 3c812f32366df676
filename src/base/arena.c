#include "base/arena.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

enum { FIRST_BLOCK = 16 * 1024, LARGEST_BLOCK = 1024 * 1024, ALIGN = 16 };

/* With the address sanitizer, memory that was not handed out is forbidden, and a gap between two allocations
 * catches who runs over the end of the first.  Without it and without optimisation, freed memory is made ugly. */
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
enum { GAP = ALIGN };
static void forbid(void *p, size_t n)
{
    ASAN_POISON_MEMORY_REGION(p, n);
}
static void allow(void *p, size_t n)
{
    ASAN_UNPOISON_MEMORY_REGION(p, n);
}
#else
enum { GAP = 0 };
static void forbid(void *p, size_t n)
{
#ifndef __OPTIMIZE__
    memset(p, 0xdb, n);
#else
    (void)p, (void)n;
#endif
}
static void allow(void *p, size_t n)
{
    (void)p, (void)n;
}
#endif

struct block {
    struct block *older;
    size_t size, used; /* of data */
    _Alignas(ALIGN) char data[];
};

struct undo {
    struct undo *older;
    void (*run)(void *);
    void *arg;
};

/* The arena is the head of its own first block, so that a small request costs one malloc(). */
struct arena {
    struct block *current; /* where small things go; the chain of older ones ends at first */
    struct undo *undos;    /* last first */
    size_t handed, next_size;
    struct block first;
};

static void *need(size_t n)
{
    void *p = malloc(n);

    if (!p)
        abort();
    return p;
}

static void start(struct arena *a, size_t size)
{
    a->current = &a->first;
    a->undos = NULL;
    a->handed = 0;
    a->next_size = 2 * size;
    a->first.older = NULL;
    a->first.used = 0;
    a->first.size = size - sizeof *a;
    forbid(a->first.data, a->first.size);
}

struct arena *arena_new(void)
{
    return arena_new_sized(FIRST_BLOCK);
}

struct arena *arena_new_sized(size_t first)
{
    size_t size = sizeof(struct arena) + ((first + ALIGN - 1) & ~(size_t)(ALIGN - 1));
    struct arena *a = need(size);

    start(a, size);
    return a;
}

static void undo_all(struct arena *a)
{
    while (a->undos) { /* an undo may defer again */
        struct undo *u = a->undos;
        a->undos = u->older;
        u->run(u->arg);
    }
    for (struct block *b = a->current, *older; b != &a->first; b = older) {
        older = b->older;
        forbid(b->data, b->size);
        allow(b->data, b->size);
        free(b);
    }
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    undo_all(a);
    forbid(a->first.data, a->first.size);
    allow(a->first.data, a->first.size);
    free(a);
}

void arena_reset(struct arena *a)
{
    undo_all(a);
    start(a, sizeof *a + a->first.size);
}

size_t arena_size(const struct arena *a)
{
    return a->handed;
}

static struct block *block_new(size_t size, struct block *older)
{
    struct block *b = need(sizeof *b + size);

    b->older = older;
    b->size = size;
    b->used = 0;
    forbid(b->data, b->size);
    return b;
}

/* A block with room.  Something large gets a block of its own behind the current one, whose room stays useful. */
static struct block *room(struct arena *a, size_t n)
{
    if (a->current->size - a->current->used >= n)
        return a->current;
    if (n > a->next_size / 4 && a->current != &a->first) {
        a->current->older = block_new(n, a->current->older);
        return a->current->older;
    }
    size_t size = a->next_size;
    if (a->next_size < LARGEST_BLOCK)
        a->next_size *= 2;
    a->current = block_new(n > size ? n : size, a->current);
    return a->current;
}

/* Not zeroed: for those who fill it at once. */
static void *take(struct arena *a, size_t n)
{
    if (n > SIZE_MAX / 4)
        abort();
    size_t whole = ((n ? n : 1) + GAP + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct block *b = room(a, whole);
    char *p = b->data + b->used;

    b->used += whole;
    a->handed += n;
    allow(p, n);
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    return memset(take(a, n), 0, n);
}

void *arena_copy(struct arena *a, const void *p, size_t n)
{
    void *copy = take(a, n);

    if (n)
        memcpy(copy, p, n);
    return copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *copy = take(a, n + 1);

    if (n)
        memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    char small[256];
    va_list again;

    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    if (n < 0)
        abort();
    char *s = take(a, (size_t)n + 1);
    if ((size_t)n < sizeof small)
        memcpy(s, small, (size_t)n + 1);
    else
        vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *s = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}

void arena_defer(struct arena *a, void (*run)(void *), void *arg)
{
    struct undo *u = take(a, sizeof *u);

    *u = (struct undo){ .older = a->undos, .run = run, .arg = arg };
    a->undos = u;
}
