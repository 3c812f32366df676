/* multipart/form-data (RFC 7578), as far as a browser's FormData goes: the one file in it. */
#include "media/media.h"

#include "base/text.h"
#include <string.h>
#include <strings.h>

enum { BOUNDARY_MAX = 70, PARTS_MAX = 32, HEADERS_MAX = 8192 };

/* A parameter of a header's value: name=token or name="quoted"; NULL: it has none. */
static const char *parameter(struct arena *a, const char *value, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = value; (p = strchr(p, ';'));) {
        p += 1 + strspn(p + 1, " \t");
        if (strncasecmp(p, name, n) || p[n] != '=')
            continue;
        p += n + 1;
        return *p == '"' ? arena_strndup(a, p + 1, strcspn(p + 1, "\"")) : arena_strndup(a, p, strcspn(p, "; \t"));
    }
    return NULL;
}

static void read_header(struct arena *a, const char *line, struct media_part *out)
{
    static const char disposition[] = "content-disposition:", type[] = "content-type:";

    if (!strncasecmp(line, disposition, sizeof(disposition) - 1))
        out->filename = parameter(a, line, "filename");
    else if (!strncasecmp(line, type, sizeof(type) - 1)) {
        line += sizeof(type) - 1;
        out->content_type = arena_strdup(a, line + strspn(line, " \t"));
    }
}

/* From behind the boundary's line; false: there is no end to it. */
static bool read_part(struct arena *a, const char *from, const char *end, const char *delimiter, struct media_part *out)
{
    const char *p = from;

    *out = (struct media_part){ 0 };
    for (;;) {
        const char *eol = memmem(p, (size_t)(end - p), "\r\n", 2);
        if (!eol || eol - from > HEADERS_MAX)
            return false;
        if (eol == p)
            break;
        read_header(a, arena_strndup(a, p, (size_t)(eol - p)), out);
        p = eol + 2;
    }
    p += 2;
    /* The delimiter begins with the line end that is not the file's; an empty file has it at once. */
    const char *stop = memmem(p - 2, (size_t)(end - p + 2), delimiter, strlen(delimiter));
    if (!stop)
        return false;
    out->bytes = p;
    out->n = stop < p ? 0 : (size_t)(stop - p);
    return true;
}

bool media_part_find(struct arena *a, const char *content_type, const char *body, size_t n, struct media_part *out)
{
    const char *boundary = parameter(a, content_type, "boundary"), *end = body + n, *p = body;
    struct media_part first = { 0 }, part;
    bool any = false;

    if (!boundary || !*boundary || strlen(boundary) > BOUNDARY_MAX)
        return false;
    const char *delimiter = arena_printf(a, "\r\n--%s", boundary);
    size_t length = strlen(delimiter);
    if (n < length || memcmp(p, delimiter + 2, length - 2) != 0)
        return false;
    p += length - 2;
    for (int i = 0; i < PARTS_MAX && end - p >= 2 && !memcmp(p, "\r\n", 2); i++) {
        if (!read_part(a, p + 2, end, delimiter, &part))
            return false;
        if (!any)
            first = part;
        any = true;
        if (part.filename) {
            *out = part;
            return true;
        }
        p = part.bytes + part.n + length;
        if (p > end)
            return false;
    }
    *out = first;
    return any;
}

bool media_is_upload(const char *path, size_t n)
{
    static const char end[] = "/Media";
    size_t length = sizeof(end) - 1;

    return n > length && !memcmp(path + n - length, end, length) && memmem(path, n, "/v1/Services/IS", 15);
}
