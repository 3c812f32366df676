#include "gateway/twilsock/route.h"

#include <ctype.h>
#include <string.h>

/* What the SDKs ask for, by label: what a path begins with. */
/* clang-format off */
static const struct { const char *prefix, *label; } ways[] = {
    { "/v3/",              "cds" },
    { "/v4/",              "cds" },
    { "/Client/",          "aim" },
    { "/v1/typing",        "aim" },
    { "/v1/registrations", "ers" },
};
/* clang-format on */
static const char *const labels[] = { "cds", "aim", "ers" };

static const char *label_at(const char *s, size_t n)
{
    for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
        if (strlen(labels[i]) == n && !strncasecmp(labels[i], s, n))
            return labels[i];
    return NULL;
}

/* "/x.twilio.com/cds/v3/Maps" -> cds, "/v3/Maps". */
static const char *take_path(const char *path, struct way *out)
{
    size_t n = strcspn(path + 1, "/");

    if (n >= 11 && path[n + 1] && !strncasecmp(path + 1 + n - 11, ".twilio.com", 11)) {
        path += n + 1;
        n = strcspn(path + 1, "/");
    }
    if ((out->label = label_at(path + 1, n)) && path[n + 1] == '/')
        path += n + 1;
    else
        out->label = NULL;
    for (size_t i = 0; !out->label && i < sizeof(ways) / sizeof(*ways); i++)
        if (str_starts(path, ways[i].prefix))
            out->label = ways[i].label;
    out->path = path;
    return out->label ? NULL : "http_request.path leads nowhere";
}

static const char *take_target(struct arena *a, const json_t *request, struct way *out)
{
    const char *method = json_get_string(request, "method"), *path = json_get_string(request, "path");

    if (!method || !*method || strlen(method) > 16)
        return "http_request has no method";
    for (const char *p = method; *p; p++)
        if (!isalpha((unsigned char)*p))
            return "http_request has no method";
    if (!path || *path != '/' || strlen(path) > WAY_PATH_MAX || strpbrk(path, "?#"))
        return "http_request has no path";
    char *upper = arena_strdup(a, method);
    for (char *p = upper; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    out->method = upper;
    return take_path(path, out);
}

/* Names and values are as they stood in the URL, which they become again. */
static bool put_param(struct text *t, const char *name, const json_t *value)
{
    const char *text = json_string_value(value);

    if (!text || strpbrk(text, "&#") || strpbrk(name, "&=#"))
        return false;
    text_putf(t, "%s%s=", t->n ? "&" : "", name);
    text_put(t, text);
    return true;
}

static const char *take_params(struct arena *a, json_t *params, struct way *out)
{
    struct text t = { .arena = a };
    const char *name;
    json_t *value, *one;
    size_t n = 0, i;

    json_object_foreach(params, name, value)
    {
        size_t many = json_is_array(value) ? json_array_size(value) : 1;
        if ((n += many) > WAY_PARAMS_MAX)
            return "http_request has too many params";
        if (!json_is_array(value) && !put_param(&t, name, value))
            return "http_request.params are not texts of a URL";
        json_array_foreach(value, i, one) if (!put_param(&t, name, one)) return "http_request.params are not texts of "
                                                                                "a URL";
    }
    out->query = text_str(&t);
    return NULL;
}

static bool is_credential(const char *lower)
{
    static const char *const names[] = { "authorization", "cookie", "x-twilio-token", "host", "content-length" };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(names[i], lower))
            return true;
    return false;
}

static const char *take_headers(struct arena *a, json_t *headers, struct way *out)
{
    const char *name;
    json_t *value;

    json_object_foreach(headers, name, value)
    {
        char *lower = arena_strdup(a, name);
        for (char *p = lower; *p; p++)
            *p = (char)tolower((unsigned char)*p);
        const char *text = json_is_string(value) ? json_string_value(value) : json_text(a, value);
        if (strpbrk(text, "\r\n"))
            return "http_request.headers hold a line break";
        if (!strcmp(lower, "content-type"))
            out->content_type = text;
        else if (!is_credential(lower)) {
            if (out->nheaders == WAY_HEADERS_MAX - 1)
                return "http_request has too many headers";
            out->headers[out->nheaders++] = (struct http_header){ lower, text };
        }
    }
    return NULL;
}

const char *way_find(struct arena *a, const json_t *header, struct way *out)
{
    const json_t *request = json_object_get(header, "http_request");
    const char *why;

    *out = (struct way){ .grant = json_get_string(header, "active_grant"),
                         .content_type = json_get_string(header, "payload_type") };
    if (!json_is_object(request))
        return "there is no http_request";
    if ((why = take_target(a, request, out)))
        return why;
    if ((why = take_params(a, json_object_get(request, "params"), out)))
        return why;
    if ((why = take_headers(a, json_object_get(request, "headers"), out)))
        return why;
    if (out->grant) /* whoever serves Sync and Conversations alike may ask in which name */
        out->headers[out->nheaders++] = (struct http_header){ "x-twilio-active-grant", out->grant };
    return NULL;
}

bool way_is_subscription(const struct way *w)
{
    return !strcmp(w->label, "cds") && !strcmp(w->path, "/v4/Subscriptions") && !strcmp(w->method, "POST");
}
