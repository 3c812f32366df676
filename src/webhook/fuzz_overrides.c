/* What a customer writes into a webhook's URL: whatever it is, the call is bounded and the fragment stays here. */
#include "webhook/overrides.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    _arena_ struct arena *a = arena_new();
    struct overrides o = overrides_read(a, arena_strndup(a, (const char *)data, n), 5000);

    assert(!strchr(o.url, '#'));
    assert(o.connect_ms >= 100 && o.connect_ms <= 10000);
    assert(o.read_ms == 0 || (o.read_ms >= 100 && o.read_ms <= 15000));
    assert(o.total_ms >= 100 && o.total_ms <= 15000);
    assert(o.retries >= 0 && o.retries <= 5 && o.retry_after && !(o.retry_after & ~(unsigned)RETRY_ALL));
    return 0;
}
