#include "net/parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct head_seen {
    int length, encoding, host;
};

static bool name_is(const char *line, size_t n, const char *name)
{
    return strlen(name) == n && !strncasecmp(line, name, n);
}

static bool digits_only(const char *s, size_t n)
{
    while (n && (*s == ' ' || *s == '\t'))
        s++, n--;
    while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    if (!n || n > 18)
        return false;
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return true;
}

static bool header_line_good(const char *line, size_t n, struct head_seen *seen)
{
    const char *colon = memchr(line, ':', n);

    /* A line that continues the one before is read in two ways by two servers. */
    if (*line == ' ' || *line == '\t' || !colon || colon == line)
        return false;
    size_t name = (size_t)(colon - line);
    if (name_is(line, name, "content-length")) {
        seen->length++;
        return digits_only(colon + 1, n - name - 1);
    }
    if (name_is(line, name, "transfer-encoding"))
        seen->encoding++;
    else if (name_is(line, name, "host"))
        seen->host++;
    return true;
}

/* The next line without its end; *rest moves behind it.  NULL when no line ends any more. */
static const char *next_line(const char **rest, const char *end, size_t *n)
{
    const char *line = *rest, *lf = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;

    if (!lf)
        return NULL;
    *rest = lf + 1;
    *n = (size_t)(lf - line);
    if (*n && line[*n - 1] == '\r')
        --*n;
    return line;
}

static size_t target_length(const char *line, size_t n)
{
    const char *from = memchr(line, ' ', n);

    if (!from)
        return 0;
    from++;
    const char *to = memchr(from, ' ', n - (size_t)(from - line));
    return to ? (size_t)(to - from) : 0;
}

enum head_verdict head_check(const char *bytes, size_t n, int minor_version, size_t header_max)
{
    struct head_seen seen = { 0 };
    const char *rest = bytes, *end = bytes + n;
    size_t length;
    const char *line = next_line(&rest, end, &length);

    if (line && !length) /* one empty line before a request is forgiven, as h2o does */
        line = next_line(&rest, end, &length);
    if (!line || !length)
        return HEAD_BAD;
    if (target_length(line, length) > header_max / 2)
        return HEAD_TARGET_TOO_LONG;
    bool good = true;
    while ((line = next_line(&rest, end, &length)) && length)
        good &= header_line_good(line, length, &seen);
    if (!line)
        return HEAD_BAD;
    if ((size_t)(rest - bytes) > header_max)
        return HEAD_TOO_LARGE;
    if (!good || seen.length > 1 || seen.encoding > 1 || (seen.length && seen.encoding) || seen.host > 1)
        return HEAD_BAD;
    if (minor_version > 0 ? !seen.host : seen.encoding)
        return HEAD_BAD;
    return HEAD_GOOD;
}

static bool port_valid(const char *s)
{
    size_t n = strlen(s);
    return n >= 1 && n <= 5 && strspn(s, "0123456789") == n && atoi(s) <= 65535;
}

bool host_valid(const char *host)
{
    size_t n;

    if (strlen(host) > 255 + 6)
        return false;
    if (*host == '[') {
        n = 1 + strspn(host + 1, "0123456789abcdefABCDEF:.");
        if (n == 1 || host[n] != ']')
            return false;
        n++;
    } else {
        n = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
        if (!n)
            return false;
    }
    return !host[n] || (host[n] == ':' && port_valid(host + n + 1));
}

/* Does one element ("gzip;q=0.5") of the list allow what it names? */
static bool quality_is_zero(const char *params, const char *end)
{
    for (const char *p = params; p < end; p++) {
        if ((*p != 'q' && *p != 'Q') || p + 1 >= end || p[1] != '=')
            continue;
        for (p += 2; p < end && (*p == '0' || *p == '.'); p++)
            ;
        return p == end || !isdigit((unsigned char)*p);
    }
    return false;
}

bool accepts_gzip(const char *header)
{
    bool any = false;

    for (const char *p = header; p && *p; p += *p == ',') {
        p += strspn(p, " \t,");
        const char *end = p + strcspn(p, ",");
        size_t n = strcspn(p, ",; \t");
        bool allowed = !quality_is_zero(p + n, end);
        if (name_is(p, n, "gzip") || name_is(p, n, "x-gzip"))
            return allowed;
        if (n == 1 && *p == '*')
            any = allowed;
        p = end;
    }
    return any;
}

bool type_compresses(const char *type)
{
    static const char *const exact[] = { "application/json", "application/javascript",    "application/xml",
                                         "image/svg+xml",    "application/manifest+json", "application/scim+json" };

    if (!type)
        return false;
    size_t n = strcspn(type, "; \t");
    if (n > 5 && !strncasecmp(type, "text/", 5))
        return true;
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (name_is(type, n, exact[i]))
            return true;
    return false;
}

bool listen_next(const char **list, char host[static 256], char port[static 8])
{
    const char *p = *list + strspn(*list, " ,");
    size_t n = strcspn(p, " ,");
    const char *end = p + n, *colon = NULL;

    for (const char *c = p; c < end; c++)
        if (*c == ':')
            colon = c;
    *list = end + strspn(end, " ,");
    if (!colon || end - colon - 1 > 5 || end == colon + 1 || colon - p > 255)
        return false;
    memcpy(port, colon + 1, (size_t)(end - colon - 1));
    port[end - colon - 1] = 0;
    size_t from = *p == '[', to = (size_t)(colon - p);
    if (from && (to < 2 || p[to - 1] != ']'))
        return false;
    to -= from;
    if (to < from)
        return false;
    memcpy(host, p + from, to - from);
    host[to - from] = 0;
    return port_valid(port);
}
