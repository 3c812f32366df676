/* Whatever is accepted as a wish says who is meant, and in which conversation. */
#include "interaction/internal.h"
#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    _arena_ struct arena *a = arena_new();
    const char *text = arena_strndup(a, (const char *)data, n), *why;
    struct tx tx = { .arena = a };
    struct interaction_wish w;

    if (!routing_is_sound(a, text, &why))
        assert(why && *why);
    if (interaction_wish_read(&tx, text, &w))
        return 0;
    assert(w.type != CHANNEL_VOICE && (w.by != FROM_CUSTOMER || sid_valid(w.media_channel_sid, "CH")));
    for (size_t i = 0; i < w.nguests; i++)
        assert(w.guests[i].identity || w.guests[i].address);
    return 0;
}
