/* What a client says is the name of a page: what is taken for one can be written down again, and means the same. */
#include "gateway/cds/token.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    _arena_ struct arena *a = arena_new();
    struct page_token t, again;

    if (!page_token_read(a, arena_strndup(a, (const char *)data, n), &t))
        return 0;
    assert(t.size >= 1 && t.size <= TOKEN_SIZE_MAX && *t.place);
    assert(page_token_read(a, page_token_write(a, &t), &again));
    assert(t.before == again.before && t.falling == again.falling && t.size == again.size);
    assert(!strcmp(t.place, again.place));
    return 0;
}
