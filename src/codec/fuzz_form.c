/* What is accepted must be written and read again to the same pairs. */
#include "codec/form.h"
#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    _arena_ struct arena *a = arena_new();
    struct text t = { .arena = a };
    struct form f, again;

    url_unescape(a, (const char *)data, n, false);
    fault_t fault = form_parse(a, (const char *)data, n, &f);
    if (fault) {
        assert(utf8_valid(fault->message, strlen(fault->message)));
        return 0;
    }
    for (size_t i = 0; i < f.n; i++)
        form_put(&t, f.pairs[i].name, f.pairs[i].value);
    assert(!form_parse(a, t.s, t.n, &again));
    assert(again.n == f.n);
    for (size_t i = 0; i < f.n; i++) {
        assert(str_eq(again.pairs[i].name, f.pairs[i].name) && str_eq(again.pairs[i].value, f.pairs[i].value));
        assert(form_get(&f, f.pairs[i].name));
    }
    return 0;
}
