/* tree: ordered sets, as the red-black trees of libbsd's <sys/tree.h>: RB_ENTRY in the element,
 * RB_HEAD, RB_GENERATE_STATIC with a comparison.  Included through here so that one folder owns it. */
#pragma once
#include <bsd/sys/tree.h>

/* The library's own rely on BSD's __unused, a name that Linux headers use for members. */
#undef RB_PROTOTYPE_STATIC
#define RB_PROTOTYPE_STATIC(name, type, field, cmp)                                                                    \
    RB_PROTOTYPE_INTERNAL(name, type, field, cmp, __attribute__((__unused__)) static)
#undef RB_GENERATE_STATIC
#define RB_GENERATE_STATIC(name, type, field, cmp)                                                                     \
    RB_GENERATE_INTERNAL(name, type, field, cmp, __attribute__((__unused__)) static)
