/* A stranger's token is never accepted, and never breaks anything on the way. */
#include "codec/jwt.h"
#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char key[] = "a key that the fuzzer cannot guess by changing bytes, of 64 or more";
    _arena_ struct arena *a = arena_new();
    const char *token = arena_strndup(a, (const char *)data, n);
    json_t *header = NULL, *claims = jwt_peek(a, token, &header);

    assert(!claims || (json_is_object(claims) && json_is_object(header)));
    assert(!jwt_verify(a, token, key));
    if (!claims)
        return 0;
    char *ours =
        jwt_sign(a, header, claims, key); /* whatever else the header says, it is ours to verify, or is refused */
    if (ours && strlen(ours) <= JWT_SIZE_MAX)
        assert(json_equal(jwt_verify(a, ours, key), claims));
    return 0;
}
