#include "gateway/twilsock/frame.h"
#include "gateway/twilsock/route.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What can be read has all that the rest relies upon; and what a message asks for is either routed or refused. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _arena_ struct arena *a = arena_new();
    struct frame f;
    struct way way;

    if (frame_read(a, data, size, &f))
        return 0;
    assert(json_is_object(f.header) && *f.method && *f.id);
    assert(f.payload[f.payload_size] == '\0');
    if (!way_find(a, f.header, &way)) {
        assert(way.label && way.path[0] == '/' && way.method && way.query);
        assert(way.nheaders <= WAY_HEADERS_MAX);
        for (size_t i = 0; i < way.nheaders; i++)
            assert(way.headers[i].name && way.headers[i].value);
    }
    return 0;
}
