/* What a number's URL answers: whatever it is, it is refused or a short list of verbs that are UTF-8. */
#include "channel/internal.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    _arena_ struct arena *a = arena_new();
    struct twiml t;
    const char *why = NULL;

    if (!twiml_read(a, (const char *)data, n, &t, &why)) {
        assert(why);
        return 0;
    }
    assert(t.n <= TWIML_VERBS_MAX);
    for (size_t i = 0; i < t.n; i++) {
        assert(t.verbs[i].text && utf8_valid(t.verbs[i].text, strlen(t.verbs[i].text)));
        assert(t.verbs[i].nmedia <= SMS_MEDIA_MAX);
    }
    return 0;
}
