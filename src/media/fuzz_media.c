/* What strangers send as a file: its envelope, its bytes, its name.  The first line is the Content-Type. */
#include "media/media.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
    _arena_ struct arena *a = arena_new();
    const char *text = (const char *)data, *eol = n ? memchr(text, '\n', n) : NULL;
    size_t head = eol ? (size_t)(eol - text) : n;
    const char *type = arena_strndup(a, n ? text : "", head);
    struct media_part part;

    text = eol ? eol + 1 : text + n;
    n = eol ? n - head - 1 : 0;
    char *body = arena_strndup(a, n ? text : "", 0);
    if (n)
        body = arena_copy(a, text, n);
    if (media_part_find(a, type, body, n, &part)) {
        assert(part.n <= n && part.bytes >= body && part.bytes + part.n <= body + n);
        const char *name = media_name(a, part.filename);
        assert(!name || (*name && strlen(name) <= MEDIA_NAME_MAX && !strpbrk(name, "/\\\"\r\n")));
        struct medium row = { .filename = name, .content_type = media_sniff(a, part.bytes, part.n, part.content_type) };
        struct media_headers h = media_serve(a, &row);
        assert(!strpbrk(h.disposition, "\r\n") && !strstr(h.content_type, "html") && !strstr(h.content_type, "svg"));
    }
    const char *sniffed = media_sniff(a, body, n, type);
    assert(*sniffed && strlen(sniffed) <= MEDIA_TYPE_MAX);
    return 0;
}
