#include "gateway/cds/token.h"

#include "base/text.h"
#include "codec/base64.h"
#include <string.h>

/* "A" and "B" in rising order, "C" and "D" in falling; then the size, and the place behind a dot. */
const char *page_token_write(struct arena *a, const struct page_token *t)
{
    return arena_printf(a, "%c%zu.%s", "ABCD"[2 * t->falling + t->before], t -> size,
                        base64url_encode(a, t->place, strlen(t->place)));
}

bool page_token_read(struct arena *a, const char *text, struct page_token *out)
{
    const char *letters = "ABCD", *letter = *text ? strchr(letters, *text) : NULL, *dot = strchr(text, '.');
    int64_t size;
    size_t n;

    if (!letter || !dot || !str_to_int(arena_strndup(a, text + 1, (size_t)(dot - text - 1)), &size) || size < 1 ||
        size > TOKEN_SIZE_MAX)
        return false;
    *out = (struct page_token){ .before = (letter - letters) & 1,
                                .falling = letter - letters > 1,
                                .size = (size_t)size,
                                .place = base64url_decode(a, dot + 1, strlen(dot + 1), &n) };
    return out->place && n && strlen(out->place) == n && utf8_valid(out->place, n);
}
