/* What a webhook answers that was asked before a change: whatever it is, it is refused or alters only what may be
 * altered. */
#include "chat/hooks.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    _arena_ struct arena *a = arena_new();
    const char *members[HOOK_MEMBERS];

    if (n < 2)
        return 0;
    enum hook h = data[0] % HOOK_COUNT;
    struct http_call c = { .url = "http://example.com/",
                           .status = data[1] < 50 ? 0 : data[1] * 4 % 400 + 200,
                           .why = "timed out",
                           .answer = arena_strndup(a, (const char *)data + 2, n - 2) };
    c.answer_length = strlen(c.answer);
    fault_t f = hook_answer(a, h, &c, members);
    bool message = h == HOOK_MESSAGE_ADD || h == HOOK_MESSAGE_UPDATE;
    assert(!f || c.status);
    assert(message || (!members[HOOK_BODY] && !members[HOOK_AUTHOR] && !members[HOOK_ATTRIBUTES]));
    assert(!message || !members[HOOK_FRIENDLY_NAME]);
    return 0;
}
