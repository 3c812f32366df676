/* tree: ordered sets, as the red-black trees of libbsd's <sys/tree.h>: RB_ENTRY in the element,
 * RB_HEAD, RB_GENERATE_STATIC with a comparison.  Included through here so that one folder owns it. */
#pragma once
#include <bsd/sys/tree.h>
