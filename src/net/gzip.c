#include "internal.h"
#include "net/parse.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum { WORTH_IT = 1024 };

static bool has_header(const struct http_answer *a, const char *name)
{
    for (size_t i = 0; i < a->nheaders; i++)
        if (!strcasecmp(a->headers[i].name, name))
            return true;
    return false;
}

/* Small answers get a small window: most of deflate's cost on a kilobyte is clearing its tables. */
static size_t deflate_into(struct arena *arena, const void *from, size_t n, void **to)
{
    z_stream z = { 0 };
    bool small = n <= 8192;

    if (deflateInit2(&z, 1, Z_DEFLATED, (small ? 13 : 15) + 16, small ? 5 : 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    uLong room = deflateBound(&z, (uLong)n);
    *to = arena_alloc(arena, room);
    z.next_in = (Bytef *)from;
    z.avail_in = (uInt)n;
    z.next_out = *to;
    z.avail_out = (uInt)room;
    int rc = deflate(&z, Z_FINISH);
    size_t made = z.total_out;
    deflateEnd(&z);
    return rc == Z_STREAM_END ? made : 0;
}

void gzip_answer(struct http_request *r, struct http_answer *a)
{
    if (a->length < WORTH_IT || a->length > (64u << 20) || !type_compresses(a->content_type) ||
        has_header(a, "Content-Encoding") || !strcmp(r->method, "HEAD"))
        return;
    struct http_header *all = arena_alloc(r->arena, (a->nheaders + 2) * sizeof *all);
    if (a->nheaders)
        memcpy(all, a->headers, a->nheaders * sizeof *all);
    a->headers = all;
    if (!has_header(a, "Vary"))
        all[a->nheaders++] = (struct http_header){ "Vary", "Accept-Encoding" };
    if (!accepts_gzip(http_header(r, "accept-encoding")))
        return;
    void *packed;
    size_t n = deflate_into(r->arena, a->body, a->length, &packed);
    if (!n || n >= a->length)
        return;
    all[a->nheaders++] = (struct http_header){ "Content-Encoding", "gzip" };
    a->body = packed;
    a->length = n;
}
