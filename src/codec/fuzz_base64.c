/* What is accepted has one spelling; any bytes come back. */
#include "codec/base64.h"
#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    _arena_ struct arena *a = arena_new();
    const char *s = arena_copy(a, data, n);
    size_t length;
    void *p = base64_decode(a, s, n, &length);

    if (p)
        assert(strlen(base64_encode(a, p, length)) == n && memcmp(base64_encode(a, p, length), s, n) == 0);
    p = base64url_decode(a, s, n, &length);
    if (p)
        assert(strncmp(base64url_encode(a, p, length), s, (length * 8 + 5) / 6) == 0);
    char *coded = base64_encode(a, s, n);
    p = base64_decode(a, coded, strlen(coded), &length);
    assert(p && length == n && memcmp(p, s, n) == 0);
    coded = base64url_encode(a, s, n);
    p = base64url_decode(a, coded, strlen(coded), &length);
    assert(p && length == n && memcmp(p, s, n) == 0);
    return 0;
}
