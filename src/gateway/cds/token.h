/* token: the name of a page: the item that it follows or precedes, in which order, and of how many.  SDKs before 4 send a token and nothing else,
 * so it says all of it. */
#pragma once
#include "base/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOKEN_SIZE_MAX = 1000 };

struct page_token {
    bool        before, falling; /* the page before the item; the order of the list */
    size_t      size;
    const char *place;           /* key or index, as text */
};

const char *page_token_write(struct arena *a, const struct page_token *t);
bool        page_token_read(struct arena *a, const char *text, struct page_token *out); /* false: nobody here has made it */
