#include "base/fault.h"
#include <assert.h>

static const struct fault kinds[F_COUNT] = {
#define FAULT(id_, status_, code_, meaning_)                                                                           \
    [F_##id_] = { .id = F_##id_, .status = status_, .code = code_, .name = #id_, .meaning = meaning_ },
#include "base/faults.def"
#undef FAULT
};

const struct fault *fault_kind(enum fault_id id)
{
    assert(id < F_COUNT);
    return &kinds[id];
}

fault_t fault(struct arena *a, enum fault_id id, const char *fmt, ...)
{
    struct fault *f = arena_copy(a, fault_kind(id), sizeof *f);
    va_list ap;

    va_start(ap, fmt);
    f->message = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return f;
}
