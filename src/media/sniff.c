/* What a file is, and how it may be shown. */
#include "media/media.h"

#include "base/text.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { LOOK = 4096 };

/* clang-format off */
static const struct magic {
    size_t      at, n;
    const char *bytes, *type;
    size_t      at2;         /* a second mark, where one is not enough */
    const char *also;
} magics[] = {
    { 0, 8, "\x89PNG\r\n\x1a\n",  "image/png",   0, NULL },
    { 0, 3, "\xff\xd8\xff",       "image/jpeg",  0, NULL },
    { 0, 6, "GIF87a",             "image/gif",   0, NULL },
    { 0, 6, "GIF89a",             "image/gif",   0, NULL },
    { 0, 4, "RIFF",               "image/webp",  8, "WEBP" },
    { 0, 4, "RIFF",               "audio/wav",   8, "WAVE" },
    { 0, 4, "RIFF",               "video/x-msvideo", 8, "AVI " },
    { 0, 2, "BM",                 "image/bmp",   6, "\0\0\0\0" },
    { 0, 4, "II*\0",              "image/tiff",  0, NULL },
    { 0, 4, "MM\0*",              "image/tiff",  0, NULL },
    { 0, 5, "%PDF-",              "application/pdf", 0, NULL },
    { 0, 3, "ID3",                "audio/mpeg",  0, NULL },
    { 0, 2, "\xff\xfb",           "audio/mpeg",  0, NULL },
    { 0, 2, "\xff\xf3",           "audio/mpeg",  0, NULL },
    { 0, 2, "\xff\xf1",           "audio/aac",   0, NULL },
    { 0, 2, "\xff\xf9",           "audio/aac",   0, NULL },
    { 0, 4, "OggS",               "audio/ogg",   0, NULL },
    { 0, 4, "fLaC",               "audio/flac",  0, NULL },
    { 0, 5, "#!AMR",              "audio/amr",   0, NULL },
    { 0, 4, "\x1a\x45\xdf\xa3",   "video/webm",  0, NULL },
    { 4, 4, "ftyp",               "image/heic",  8, "heic" },
    { 4, 4, "ftyp",               "image/avif",  8, "avif" },
    { 4, 4, "ftyp",               "audio/mp4",   8, "M4A " },
    { 4, 4, "ftyp",               "video/3gpp",  8, "3gp" },
    { 4, 4, "ftyp",               "video/quicktime", 8, "qt  " },
    { 4, 4, "ftyp",               "video/mp4",   0, NULL },
    { 0, 4, "PK\3\4",             "application/zip", 0, NULL },
    { 0, 3, "\x1f\x8b\x08",       "application/gzip", 0, NULL },
    { 0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage", 0, NULL },
    { 0, 6, "Rar!\x1a\x07",       "application/vnd.rar", 0, NULL },
    { 0, 6, "7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", 0, NULL },
    { 0, 5, "{\\rtf",             "application/rtf", 0, NULL },
};

/* A container tells no more than that: there the sender knows better, if it says one of its kind. */
static const struct { const char *container, *prefix; } refined[] = {
    { "application/zip",           "application/vnd.openxmlformats-officedocument." },
    { "application/zip",           "application/vnd.oasis.opendocument." },
    { "application/zip",           "application/epub+zip" },
    { "application/x-ole-storage", "application/msword" },
    { "application/x-ole-storage", "application/vnd.ms-" },
    { "audio/ogg",                 "video/ogg" },
    { "video/webm",                "audio/webm" },
    { "video/webm",                "video/x-matroska" },
    { "video/mp4",                 "audio/mp4" },
};

/* What a browser may show where it stands. */
static const char *const shown[] = {
    "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif", "image/heic",
    "audio/", "video/", "application/pdf",
};
/* Text that may be called by a name of its own. */
static const char *const texts[] = { "text/", "application/json", "application/x-vnd.com.twilio.rich." };
/* Names that only bytes may earn. */
static const char *const earned[] = { "image/", "audio/", "video/", "text/", "application/pdf", "application/xhtml", "application/xml",
                                      "application/javascript", "application/ecmascript", "application/x-shockwave", "multipart/", "message/" };
/* clang-format on */

static bool starts_with_one(const char *type, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strncasecmp(type, list[i], strlen(list[i])))
            return true;
    return false;
}
#define ONE_OF_THESE(type, list) starts_with_one(type, list, sizeof(list) / sizeof(*(list)))

static bool mark_at(const unsigned char *b, size_t n, size_t at, const char *mark, size_t length)
{
    return n >= at + length && !memcmp(b + at, mark, length);
}

static const char *by_magic(const unsigned char *b, size_t n)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++) {
        const struct magic *m = &magics[i];
        size_t also = m->also ? (*m->also ? strlen(m->also) : 4) : 0;
        if (mark_at(b, n, m->at, m->bytes, m->n) && (!also || mark_at(b, n, m->at2, m->also, also)))
            return m->type;
    }
    return NULL;
}

/* "Text/HTML; charset=x" as "text/html"; NULL if it is no type at all. */
static const char *bare_type(struct arena *a, const char *declared)
{
    size_t n = declared ? strcspn(declared, "; \t,") : 0;
    char *type = arena_strndup(a, declared ? declared : "", n);

    if (!n || n > MEDIA_TYPE_MAX || !strchr(type, '/') ||
        strspn(type, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&^_.+-/") != n)
        return NULL;
    for (char *c = type; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return type;
}

/* The beginning may end within a character. */
static bool is_text(const unsigned char *b, size_t n)
{
    size_t look = n < LOOK ? n : LOOK;

    if (memchr(b, 0, look))
        return false;
    for (size_t cut = 0; cut < 4 && cut <= look; cut++)
        if (utf8_valid((const char *)b, look - cut))
            return true;
        else if (look == n)
            return false;
    return false;
}

const char *media_sniff(struct arena *a, const void *bytes, size_t n, const char *declared)
{
    const char *type = by_magic(bytes, n), *said = bare_type(a, declared);

    for (size_t i = 0; type && said && i < sizeof(refined) / sizeof(*refined); i++)
        if (!strcmp(type, refined[i].container) && str_starts(said, refined[i].prefix))
            return said;
    if (type)
        return type;
    if (is_text(bytes, n))
        return said && ONE_OF_THESE(said, texts) ? said : "text/plain";
    return said && !ONE_OF_THESE(said, earned) ? said : "application/octet-stream";
}

const char *media_name(struct arena *a, const char *given)
{
    const char *last = given ? given : "";
    struct text t = { .arena = a };

    for (const char *p = last; *p; p++)
        if (*p == '/' || *p == '\\')
            last = p + 1;
    last += strspn(last, ". ");
    if (!utf8_valid(last, strlen(last)))
        return NULL;
    for (const char *p = last; *p; p++)
        if ((unsigned char)*p >= 32 && *p != 127 && !strchr("\"<>|?*:", *p))
            text_putc(&t, *p);
    size_t n = t.n > MEDIA_NAME_MAX ? MEDIA_NAME_MAX : t.n;
    while (n && n < t.n && (t.s[n] & 0xc0) == 0x80) /* not within a character */
        n--;
    while (n && (t.s[n - 1] == ' ' || t.s[n - 1] == '.'))
        n--;
    return n ? arena_strndup(a, t.s, n) : NULL;
}

/* RFC 6266: a name that everybody reads, and the one that it was. */
static const char *disposition(struct arena *a, bool here, const char *filename)
{
    struct text t = { .arena = a };

    text_put(&t, here ? "inline" : "attachment");
    if (!filename)
        return text_str(&t);
    text_put(&t, "; filename=\"");
    for (const char *p = filename; *p; p++)
        if ((*p & 0xc0) != 0x80)
            text_putc(&t, (unsigned char)*p < 128 ? *p : '_');
    text_put(&t, "\"; filename*=UTF-8''");
    for (const char *p = filename; *p; p++)
        if (isalnum((unsigned char)*p) || strchr("-._~", *p))
            text_putc(&t, *p);
        else
            text_putf(&t, "%%%02X", (unsigned char)*p);
    return text_str(&t);
}

struct media_headers media_serve(struct arena *a, const struct medium *row)
{
    const char *type = row->content_type;
    bool here = ONE_OF_THESE(type, shown);

    return (struct media_headers){
        .content_type = here                        ? type
                        : ONE_OF_THESE(type, texts) ? "text/plain; charset=utf-8"
                                                    : "application/octet-stream",
        .disposition = disposition(a, here, row->filename),
    };
}
