/* A workflow's configuration is a stranger's JSON with expressions in it. */
#include "routing/internal.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _arena_ struct arena *a = arena_new(), *home = arena_new();
    const struct program *p;
    fault_t f = program_compile(a, home, arena_strndup(a, (const char *)data, size), &p);

    assert(!f == !!p);
    if (!p)
        return 0;
    arena_freep(&a); /* the program lives elsewhere */
    a = NULL;
    for (size_t i = 0; i < p->nfilters; i++)
        for (size_t k = 0; k < p->filters[i].nsteps; k++)
            assert(program_uses_queue(p, p->filters[i].steps[k].queue));
    return 0;
}
