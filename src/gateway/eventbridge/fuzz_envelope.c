#include "gateway/eventbridge/internal.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _arena_ struct arena *a = arena_new();
    struct envelope e;

    if (!envelope_parse(a, arena_strndup(a, (const char *)data, size), size, &e)) {
        assert((e.whole || e.nsegments) && json_is_object(e.params));
        for (size_t i = 0; i < e.nsegments; i++)
            assert(e.segments[i]);
    }
    return 0;
}
