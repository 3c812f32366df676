/* The bytes of a request: JSON, whatever its Content-Type says (the SDK never says JSON). */
#include "gateway/eventbridge/internal.h"

#include <string.h>

static fault_t refuse_envelope(struct arena *a, const char *why)
{
    return fault(a, F_BAD_REQUEST, "The request is not an envelope {url, method, params, token}: %s", why);
}

static fault_t split_url(struct arena *a, struct envelope *e)
{
    for (const char *at = e->url;; at++) {
        size_t n = strcspn(at, "/");
        if (!n)
            return refuse_envelope(a, "its url has an empty segment");
        if (e->nsegments == SEGMENTS_MAX)
            return fault(a, F_NOT_FOUND, "The requested resource %.300s was not found", e->url);
        e->segments[e->nsegments] = url_unescape(a, at, n, false);
        if (!e->segments[e->nsegments])
            return refuse_envelope(a, "its url is not escaped as a URL is");
        e->nsegments++;
        at += n;
        if (!*at)
            return NULL;
    }
}

fault_t envelope_parse(struct arena *a, const char *body, size_t n, struct envelope *out)
{
    const char *why = NULL;

    *out = (struct envelope){ 0 };
    if (n > ENVELOPE_MAX)
        return fault(a, F_TOO_LARGE, "The request has %zu bytes; %d are allowed", n, ENVELOPE_MAX);
    json_t *json = json_parse_object(a, body, n, &why);
    if (!json)
        return refuse_envelope(a, why);
    out->url = json_get_string(json, "url");
    out->method = json_get_string(json, "method");
    out->token = json_get_string(json, "token");
    if (!out->url || !out->method || !out->token)
        return refuse_envelope(a, "url, method and token must be texts");
    out->params = json_object_get(json, "params");
    if (!out->params || json_is_null(out->params))
        json_object_set_new(json, "params", out->params = json_object());
    if (!json_is_object(out->params))
        return refuse_envelope(a, "params must be an object");
    out->event_type = json_get_string(json, "event_type");
    out->whole = strstr(out->url, "://") != NULL;
    return out->whole ? NULL : split_url(a, out);
}
