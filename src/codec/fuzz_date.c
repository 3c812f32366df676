/* What is accepted must be written and read again to the same moment. */
#include "base/arena.h"
#include "codec/date.h"
#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    _arena_ struct arena *a = arena_new();
    char s[DATE_SIZE];
    int64_t ms, again;

    if (date_parse(arena_strndup(a, (const char *)data, n), &ms)) {
        assert(date_parse(date_iso_ms(ms, s), &again));
        assert(again == ms);
    }
    if (n >= sizeof ms) { /* any number has a date */
        memcpy(&ms, data, sizeof ms);
        assert(strlen(date_rfc2822(ms, s)) == 31);
        assert(date_parse(date_iso(ms, s), &again));
    }
    return 0;
}
