/* arena: memory whose lifetime is one request, one job or one session.
 *
 * An arena is passed explicitly, as part of whatever lives that long.  Allocation never fails:
 * out of memory is a crash, not a branch.  There is no free of a single block; whatever is not
 * memory (a file, a statement, a lock) is handed to arena_defer() and is undone, last first,
 * together with the arena.  What outlives an arena is copied at the border, in one place.
 *
 * An arena belongs to one thread at a time; handing it over (with the request that owns it) is
 * fine, sharing it is not.  In debug builds freed arenas are poisoned. */
#pragma once
#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
struct arena *arena_new_sized(size_t first); /* for what lives long and holds little: room for `first` bytes at once, more on demand */
void          arena_free(struct arena *a);  /* NULL is a no-op */
void          arena_reset(struct arena *a); /* undo everything, keep the first block for the next job */
size_t        arena_size(const struct arena *a); /* bytes handed out so far */

void *arena_alloc(struct arena *a, size_t n) __attribute__((malloc, returns_nonnull)); /* zeroed, aligned */
void *arena_copy(struct arena *a, const void *p, size_t n) __attribute__((returns_nonnull));
char *arena_strdup(struct arena *a, const char *s);             /* NULL stays NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3), returns_nonnull));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0), returns_nonnull));
void  arena_defer(struct arena *a, void (*undo)(void *), void *arg);

static inline void arena_freep(struct arena **a) { arena_free(*a); }
#define _arena_ __attribute__((cleanup(arena_freep)))
