/* What is accepted must be written and read again to the same. */
#include "codec/json.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void read_and_write(struct arena *a, const char *s, size_t n)
{
    const char *why = NULL;
    json_t *v = json_parse(a, s, n, &why);

    if (!v) {
        assert(why);
        return;
    }
    char *once = json_text(a, v);
    json_t *again = json_parse(a, once, strlen(once), NULL);
    assert(again && strcmp(json_text(a, again), once) == 0 && json_equal(v, again));
}

/* Any bytes as a string: what comes out is JSON, and the same text when it was UTF-8. */
static void write_string(struct arena *a, const char *s, size_t n)
{
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '[');
    json_strn(&o, s, n);
    json_close(&o, ']');
    const char *text = json_done(&o);
    assert(utf8_valid(text, strlen(text)));
    if (memchr(s, 0, n))
        return; /* written, but not read by default */
    json_t *v = json_array_get(json_parse(a, text, strlen(text), NULL), 0);
    assert(v);
    if (utf8_valid(s, n))
        assert(json_string_length(v) == n && memcmp(json_string_value(v), s, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    _arena_ struct arena *a = arena_new();
    const char *s = arena_strndup(a, (const char *)data, n);

    read_and_write(a, s, n);
    write_string(a, s, n);
    return 0;
}
