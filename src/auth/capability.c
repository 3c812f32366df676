/* Capability tokens of the first TaskRouter SDK: what their policies let them do.
 *
 * A policy is {url, method, query_filter, post_filter, allow}.  In its URL a segment "*" stands for any one segment and
 * "**" for any number of them, none included (so "**" behind Tasks is the list, each task and what is below it).  A
 * filter that is not empty names the only parameters that may be given, and says {"required": true} of those that must
 * be.  What no policy allows is forbidden, and a policy that denies outweighs all that allow. */
#include "auth/internal.h"
#include "base/text.h"
#include <string.h>
#include <strings.h>

enum { URL_SEGMENTS_MAX = 24 };

/* --- where a URL leads ---------------------------------------------------------------------------------------- */

static const char *const labels[] = { "taskrouter", "event-bridge" };

static const char *label_of(const char *s, size_t n)
{
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strlen(labels[i]) == n && !strncasecmp(labels[i], s, n))
            return labels[i];
    return NULL;
}

bool destination_read(struct arena *a, const char *url, struct destination *out)
{
    const char *host = strstr(url, "://"), *path;
    size_t n;

    if (!host)
        return false;
    host += 3;
    n = strcspn(host, "?#");
    *out = (struct destination){ .query =
                                     host[n] == '?' ? arena_strndup(a, host + n + 1, strcspn(host + n + 1, "#")) : "" };
    host = arena_strndup(a, host, n);
    path = host + strcspn(host, "/");
    out->label = label_of(host, strcspn(host, ".:/"));
    if (!out->label && *path) {
        n = strcspn(path + 1, "/");
        out->label = label_of(path + 1, n);
        path += n + 1;
    }
    n = strlen(path);
    out->path = arena_strndup(a, path, n > 1 && path[n - 1] == '/' ? n - 1 : n);
    return out->label && out->path[0] == '/';
}

/* --- patterns --------------------------------------------------------------------------------------------------- */

struct segments {
    const char *at[URL_SEGMENTS_MAX];
    size_t n;
};

/* False: too many, an empty one, or one that is not escaped as URLs are; such a path is no resource's. */
static bool cut(struct arena *a, const char *path, struct segments *out)
{
    out->n = 0;
    while (*path == '/') {
        size_t n = strcspn(++path, "/");
        const char *segment = n ? url_unescape(a, path, n, false) : NULL;
        if (!segment || out->n == URL_SEGMENTS_MAX)
            return false;
        out->at[out->n++] = segment;
        path += n;
    }
    return out->n > 0;
}

/* Going back to the last "**" only is enough, because what is before it may stay as it was matched. */
static bool matches(const struct segments *pattern, const struct segments *path)
{
    size_t p = 0, s = 0, stars = URL_SEGMENTS_MAX, taken = 0;

    while (s < path->n) {
        if (p < pattern->n && str_eq(pattern->at[p], "**")) {
            stars = p++;
            taken = s;
        } else if (p < pattern->n && (str_eq(pattern->at[p], "*") || str_eq(pattern->at[p], path->at[s]))) {
            p++;
            s++;
        } else if (stars < URL_SEGMENTS_MAX) {
            p = stars + 1;
            s = ++taken;
        } else {
            return false;
        }
    }
    while (p < pattern->n && str_eq(pattern->at[p], "**"))
        p++;
    return p == pattern->n;
}

static bool leads_there(struct arena *a, const char *url, const char *label, const struct segments *path)
{
    struct destination d;
    struct segments pattern;

    return url && destination_read(a, url, &d) && str_eq(d.label, label) && cut(a, d.path, &pattern) &&
           matches(&pattern, path);
}

/* --- filters ---------------------------------------------------------------------------------------------------- */

/* Paging says how a list is read, not what is in it. */
static bool is_paging(const char *name)
{
    return str_eq(name, "PageSize") || str_eq(name, "Page") || str_eq(name, "PageToken");
}

static bool fits(json_t *filter, const struct form *given, bool nothing_else)
{
    const char *name;
    json_t *rule;

    if (!filter || json_is_null(filter) || (json_is_array(filter) && !json_array_size(filter)))
        return true; /* PHP writes an empty object as an empty list */
    if (!json_is_object(filter))
        return false;
    if (!json_object_size(filter))
        return true;
    json_object_foreach(filter, name, rule)
    {
        if (!json_is_object(rule))
            return false;
        if (json_is_true(json_object_get(rule, "required")) && !form_get(given, name))
            return false;
    }
    for (size_t i = 0; nothing_else && i < given->n; i++)
        if (!json_object_get(filter, given->pairs[i].name) && !is_paging(given->pairs[i].name))
            return false;
    return true;
}

/* --- the decision ------------------------------------------------------------------------------------------------- */

fault_t auth_capability(const struct principal *p, struct arena *a, const struct deed_at *deed)
{
    static const struct form nothing;
    json_t *policies = p->policy ? json_parse(a, p->policy, strlen(p->policy), NULL) : NULL, *policy;
    struct segments path;
    bool allowed = false, denied = false, sound = cut(a, deed->path, &path);
    size_t i;

    json_array_foreach(policies, i, policy)
    {
        const json_t *allow = json_object_get(policy, "allow");
        bool denies = json_is_false(allow); /* and one more parameter does not slip past it */
        if (!sound || !str_ieq(json_get_string(policy, "method"), deed->method) ||
            !leads_there(a, json_get_string(policy, "url"), deed->label, &path) ||
            !fits(json_object_get(policy, "query_filter"), deed->query ? deed->query : &nothing, !denies) ||
            !fits(json_object_get(policy, "post_filter"), deed->form ? deed->form : &nothing, !denies))
            continue;
        allowed |= json_is_true(allow);
        denied |= denies;
    }
    if (allowed && !denied)
        return NULL;
    return fault(a, F_FORBIDDEN, "No policy of the capability token allows %s %s%.300s with these parameters",
                 deed->method, deed->label, deed->path);
}
