/* address: which product a request is for, and what URLs in its answer begin with.
 *
 * The product is the first label of the Host header when that is one of ours, else the first path segment.  A leading
 * path segment that ends in ".twilio.com" is dropped (SDKs whose region was set to "host/" send one). */
#include "rest/internal.h"

#include <string.h>

static const char *label_known(const struct rest *r, const char *s, size_t n)
{
    for (size_t i = 0; i < r->nlabels; i++)
        if (strlen(r->labels[i]) == n && !strncasecmp(r->labels[i], s, n))
            return r->labels[i];
    return NULL;
}

static bool is_address(const char *host)
{
    return *host == '[' || host[strspn(host, "0123456789.:")] == '\0';
}

void address_resolve(const struct rest *r, struct op *op)
{
    const char *host = op->http->host ? op->http->host : "", *path = op->http->path;
    const char *dot = strchr(host, '.');
    struct text prefix = { .arena = op->arena };
    size_t n = path[0] == '/' ? strcspn(path + 1, "/") : 0;

    text_putf(&prefix, "%s://%s", op->http->scheme, host);
    if (n >= 11 && !strncasecmp(path + 1 + n - 11, ".twilio.com", 11)) {
        text_putn(&prefix, path, n + 1);
        path += n + 1;
        n = path[0] == '/' ? strcspn(path + 1, "/") : 0;
    }
    if (dot && !is_address(host))
        op->label = label_known(r, host, (size_t)(dot - host));
    if (!op->label && n && (op->label = label_known(r, path + 1, n))) {
        text_putn(&prefix, path, n + 1);
        path += n + 1;
    }
    op->path = *path ? path : "/";
    op->prefix = text_str(&prefix);
}

const char *address_beside(const struct op *op, const char *label)
{
    const char *prefix = op->prefix, *host = strstr(prefix, "://") + 3;
    size_t own = strlen(op->label), n = strlen(prefix);

    if (!strncasecmp(host, op->label, own) && host[own] == '.')
        return arena_printf(op->arena, "%.*s%s%s", (int)(host - prefix), prefix, label, host + own);
    return arena_printf(op->arena, "%.*s%s", (int)(n - own), prefix, label);
}

/* "http://127.0.0.1:8080" is the site, with its products below; "https://tsock.us1.example.com" is a product's own
 * host, and the others have theirs beside it. */
const char *rest_prefix(const struct rest *r, struct arena *a, const char *origin, const char *label)
{
    const char *host = strstr(origin, "://") + 3, *dot = strchr(host, '.');

    if (dot && !is_address(host) && label_known(r, host, (size_t)(dot - host)))
        return arena_printf(a, "%.*s%s%s", (int)(host - origin), origin, label, dot);
    return arena_printf(a, "%s/%s", origin, label);
}
