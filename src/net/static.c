#include "net/static.h"

#include "base/log.h"
#include "base/map.h"
#include "net/parse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { TOTAL_MAX = 64 << 20, DEPTH_MAX = 16, TAG_SIZE = 32 };

struct version {
    const void *bytes;
    size_t length;
    char tag[TAG_SIZE]; /* an ETag names bytes, so the packed version has its own */
};

struct file {
    const char *name, *type;
    struct version plain, packed; /* packed.bytes NULL: not smaller */
    bool for_ever;
};

struct static_files {
    struct arena *arena;
    struct map files;
    size_t total;
};

/* Paste writes style elements; the desktop talks to whatever server it was pointed at. */
static const char policy[] = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
                             "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; "
                             "connect-src 'self' ws: wss: http: https:; object-src 'none'; base-uri 'self'; "
                             "frame-ancestors 'self'";

static const char *type_of(const char *name)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        { ".html", "text/html; charset=utf-8" },
        { ".js", "text/javascript; charset=utf-8" },
        { ".mjs", "text/javascript; charset=utf-8" },
        { ".css", "text/css; charset=utf-8" },
        { ".json", "application/json" },
        { ".map", "application/json" },
        { ".webmanifest", "application/manifest+json" },
        { ".svg", "image/svg+xml" },
        { ".png", "image/png" },
        { ".jpg", "image/jpeg" },
        { ".jpeg", "image/jpeg" },
        { ".gif", "image/gif" },
        { ".webp", "image/webp" },
        { ".ico", "image/x-icon" },
        { ".woff", "font/woff" },
        { ".woff2", "font/woff2" },
        { ".ttf", "font/ttf" },
        { ".mp3", "audio/mpeg" },
        { ".ogg", "audio/ogg" },
        { ".wav", "audio/wav" },
        { ".wasm", "application/wasm" },
        { ".txt", "text/plain; charset=utf-8" },
        { ".xml", "application/xml" },
    };
    size_t n = strlen(name);

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t e = strlen(types[i].end);
        if (n > e && !strcasecmp(name + n - e, types[i].end))
            return types[i].type;
    }
    return "application/octet-stream";
}

/* The bundler's "assets/index-4f3a9c1b.js": other bytes get another name, so a browser need never ask again. */
static bool named_by_hash(const char *name)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const char *base = strrchr(name, '/'), *dot;

    if (!base || (strncmp(name, "assets/", 7) && !strstr(name, "/assets/")))
        return false;
    dot = strchr(base, '.');
    return dot && dot - base > 10 && dot[-9] == '-' && strspn(dot - 8, digits) >= 8;
}

static void name_version(struct version *v, const char *suffix)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    char hex[17];

    EVP_Digest(v->bytes, v->length, sum, NULL, EVP_sha256(), NULL);
    for (int i = 0; i < 8; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    snprintf(v->tag, sizeof v->tag, "\"%s%s\"", hex, suffix);
}

static void pack(struct static_files *s, struct file *f)
{
    z_stream z = { 0 };

    if (!type_compresses(f->type) || f->plain.length < 256 ||
        deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    uLong room = deflateBound(&z, (uLong)f->plain.length);
    unsigned char *out = malloc(room);
    if (!out)
        abort();
    z.next_in = (Bytef *)f->plain.bytes;
    z.avail_in = (uInt)f->plain.length;
    z.next_out = out;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out < f->plain.length) {
        f->packed.length = z.total_out;
        f->packed.bytes = arena_copy(s->arena, out, z.total_out);
        name_version(&f->packed, "-gz");
    }
    deflateEnd(&z);
    free(out);
}

static bool read_whole(int fd, char *to, size_t n)
{
    while (n) {
        ssize_t got = read(fd, to, n);
        if (got <= 0 && !(got < 0 && errno == EINTR))
            return false;
        if (got > 0) {
            to += got;
            n -= (size_t)got;
        }
    }
    return true;
}

static bool load_file(struct static_files *s, int fd, const char *name, size_t length)
{
    struct file *f = arena_alloc(s->arena, sizeof *f);

    s->total += length;
    if (s->total > TOTAL_MAX) {
        log_error("static.load", "the files are larger than %d MiB together", TOTAL_MAX >> 20);
        return false;
    }
    char *bytes = arena_alloc(s->arena, length + 1);
    if (!read_whole(fd, bytes, length))
        return false;
    *f = (struct file){ .name = name, .type = type_of(name), .for_ever = named_by_hash(name) };
    f->plain.bytes = bytes;
    f->plain.length = length;
    name_version(&f->plain, "");
    pack(s, f);
    map_put(&s->files, f->name, f);
    return true;
}

static bool load_folder(struct static_files *s, int folder, const char *prefix, int depth);

static bool load_entry(struct static_files *s, int folder, const char *prefix, const char *entry, int depth)
{
    struct stat st;
    int fd = openat(folder, entry, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return errno == ELOOP; /* a symbolic link could lead anywhere: it is not served */
    bool ok = !fstat(fd, &st);
    if (ok && S_ISDIR(st.st_mode)) /* which takes the descriptor */
        return load_folder(s, fd, arena_printf(s->arena, "%s%s/", prefix, entry), depth + 1);
    if (ok && S_ISREG(st.st_mode))
        ok = load_file(s, fd, arena_printf(s->arena, "%s%s", prefix, entry), (size_t)st.st_size);
    close(fd);
    return ok;
}

static bool load_folder(struct static_files *s, int folder, const char *prefix, int depth)
{
    DIR *d = depth > DEPTH_MAX ? NULL : fdopendir(folder);
    bool ok = true;
    struct dirent *e;

    if (!d) {
        close(folder);
        return false;
    }
    while (ok && (e = readdir(d)))
        if (*e->d_name != '.')
            ok = load_entry(s, folder, prefix, e->d_name, depth);
    closedir(d);
    return ok;
}

struct static_files *static_load(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);

    if (fd < 0)
        return NULL;
    struct static_files *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->arena = arena_new();
    if (load_folder(s, fd, "", 0))
        return s;
    static_free(s);
    return NULL;
}

void static_free(struct static_files *s)
{
    if (!s)
        return;
    map_clear(&s->files);
    arena_free(s->arena);
    free(s);
}

/* --- serving ---------------------------------------------------------------------------------------------- */

static bool tag_matches(const char *list, const char *tag)
{
    size_t n = strlen(tag);

    while (list && *list) {
        list += strspn(list, " \t,");
        if (*list == '*')
            return true;
        if (!strncmp(list, "W/", 2))
            list += 2;
        size_t length = strcspn(list, ", \t");
        if (length == n && !strncmp(list, tag, n))
            return true;
        list += length;
    }
    return false;
}

static void answer(struct http_request *r, const struct file *f)
{
    bool packed = f->packed.bytes && accepts_gzip(http_header(r, "accept-encoding"));
    const struct version *v = packed ? &f->packed : &f->plain;
    struct http_header h[] = {
        { "ETag", v->tag },
        { "Cache-Control", f->for_ever ? "public, max-age=31536000, immutable" : "no-cache" },
        { "X-Content-Type-Options", "nosniff" },
        { "Referrer-Policy", "strict-origin-when-cross-origin" },
        { "Content-Security-Policy", policy },
        { "Access-Control-Allow-Origin",
          "*" }, /* a widget's module is loaded by other people's pages; nothing here is secret */
        { "Vary", "Accept-Encoding" },
        { "Content-Encoding", "gzip" }, /* last: only sent when it is so */
    };
    struct http_answer a = { .status = 200, .headers = h, .content_type = f->type };

    if (tag_matches(http_header(r, "if-none-match"), v->tag)) {
        a.status = 304;
        a.content_type = NULL;
        a.nheaders = 7;
    } else {
        a.body = v->bytes;
        a.length = v->length;
        a.nheaders = packed ? 8 : 7;
    }
    http_reply(r, &a);
}

static bool wants_html(const struct http_request *r)
{
    const char *accept = http_header(r, "accept");
    return accept && strcasestr(accept, "text/html");
}

bool static_serve(const struct static_files *s, struct http_request *r, const char *path, bool fallback)
{
    const struct file *f;

    if (strcmp(r->method, "GET") && strcmp(r->method, "HEAD"))
        return false;
    path += strspn(path, "/");
    size_t n = strlen(path);
    if (!n || path[n - 1] == '/')
        path = arena_printf(r->arena, "%sindex.html", path);
    f = map_get(&s->files, path);
    if (!f && fallback && wants_html(r))
        f = map_get(&s->files, "index.html");
    if (!f)
        return false;
    answer(r, f);
    return true;
}
