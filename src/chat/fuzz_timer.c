/* A timer as somebody gives it: a length within its bounds, or refused. */
#include "chat/chat.h"
#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _arena_ struct arena *a = arena_new();
    const char *text = arena_strndup(a, (const char *)data, size);
    int64_t ms = -1;

    if (chat_timer_parse(text, INT64_C(1767225600000), &ms))
        assert(ms >= 0 && ms < INT64_C(400000000000000));
    return 0;
}
