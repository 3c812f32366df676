/* map: a hash table from strings to pointers, keyed with a random seed (SipHash-like mixing), so
 * that a stranger cannot choose colliding names.  Keys are not copied: they must live as long as
 * their entry (usually they are a member of the value).  Not thread-safe. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot;
struct map { struct map_slot *slots; size_t n, cap, dead; };

void   *map_get(const struct map *m, const char *key);             /* NULL when absent */
void   *map_put(struct map *m, const char *key, void *value);      /* returns the value that it replaced, or NULL */
void   *map_remove(struct map *m, const char *key);                /* returns what was removed, or NULL */
void    map_clear(struct map *m);                                  /* frees the table, not the values */
/* Iterate: size_t i = 0; while ((v = map_next(m, &i))) …  The map must not grow meanwhile; removing is fine. */
void   *map_next(const struct map *m, size_t *i);
uint64_t hash_bytes(const void *p, size_t n);                      /* seeded once a process */
