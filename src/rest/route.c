/* route: the table of all paths that the server knows, and the look-up in it. */
#include "rest/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Cuts "/v1/Workspaces/{sid}" into segments; a parameter becomes NULL.  Returns what is wrong, or NULL. */
static const char *cut(struct arena *a, const char *path, struct route *route, const char ***names)
{
    const char *found[SEGMENTS_MAX];
    size_t nnames = 0;

    for (const char *p = path; *p == '/' && p[1];) {
        size_t n = strcspn(p + 1, "/");
        if (route->nsegments == SEGMENTS_MAX)
            return arena_printf(a, "%s has more than %d segments", path, SEGMENTS_MAX);
        if (p[1] == '{') {
            found[nnames++] = name_snake(a, arena_strndup(a, p + 2, n - 2));
            route->segments[route->nsegments++] = NULL;
        } else if (n == 1 && p[1] == '*')
            route->tail = true;
        else
            route->segments[route->nsegments++] = arena_strndup(a, p + 1, n);
        p += n + 1;
    }
    *names = arena_alloc(a, (nnames + 1) * sizeof(**names));
    memcpy(*names, found, nnames * sizeof(**names));
    return NULL;
}

static int compare_routes(const void *x, const void *y)
{
    const struct route *a = x, *b = y;
    int by_label = strcmp(a->label ? a->label : "", b->label ? b->label : "");

    if (by_label)
        return by_label;
    for (size_t i = 0; i < a->nsegments && i < b->nsegments; i++) {
        if (!a->segments[i] != !b->segments[i])
            return a->segments[i] ? -1 : 1;
        int c = a->segments[i] ? strcmp(a->segments[i], b->segments[i]) : 0;
        if (c)
            return c;
    }
    if (a->nsegments != b->nsegments)
        return a->nsegments > b->nsegments ? -1 : 1;
    return (int)a->tail - (int)b->tail;
}

void routes_sort(struct rest *r)
{
    qsort(r->routes, r->nroutes, sizeof(*r->routes), compare_routes);
}

static void entry_append(struct arena *a, struct route *route, const struct entry *e)
{
    struct entry *grown = arena_alloc(a, (route->nentries + 1) * sizeof(*grown));

    if (route->nentries)
        memcpy(grown, route->entries, route->nentries * sizeof(*grown));
    grown[route->nentries++] = *e;
    route->entries = grown;
}

const char *route_add(struct rest *r, const char *label, const char *path, const struct entry *e)
{
    struct route route = { .label = label };
    struct entry entry = *e;
    const char **names, *why = cut(r->arena, path, &route, &names);

    if (why)
        return why;
    entry.names = names;
    for (size_t i = 0; i < r->nroutes; i++) {
        if (compare_routes(&r->routes[i], &route))
            continue;
        for (size_t j = 0; j < r->routes[i].nentries; j++)
            if (!strcmp(r->routes[i].entries[j].method, e->method))
                return arena_printf(r->arena, "%s %s %s is described twice", e->method, label ? label : "", path);
        entry_append(r->arena, &r->routes[i], &entry);
        return NULL;
    }
    struct route *grown = arena_alloc(r->arena, (r->nroutes + 1) * sizeof(*grown));
    if (r->nroutes)
        memcpy(grown, r->routes, r->nroutes * sizeof(*grown));
    entry_append(r->arena, &route, &entry);
    grown[r->nroutes++] = route;
    r->routes = grown;
    return NULL;
}

static bool matches(const struct route *route, const char *const *starts, const size_t *lengths, size_t n)
{
    if (route->tail ? n < route->nsegments : n != route->nsegments)
        return false;
    for (size_t i = 0; i < route->nsegments; i++)
        if (route->segments[i] &&
            (strlen(route->segments[i]) != lengths[i] || memcmp(route->segments[i], starts[i], lengths[i])))
            return false;
    return true;
}

/* values gets what stood in place of the parameters, still escaped. */
const struct route *route_find(const struct rest *r, const char *label, const char *path, struct arena *a,
                               char **values)
{
    const char *starts[SEGMENTS_MAX];
    size_t lengths[SEGMENTS_MAX], n = 0, nvalues = 0;

    for (const char *p = path; *p == '/' && p[1] && n < SEGMENTS_MAX; n++) {
        starts[n] = p + 1;
        lengths[n] = strcspn(p + 1, "/");
        p += lengths[n] + 1;
    }
    /* The 2010 API writes its paths with ".json". */
    if (n && label && !strcmp(label, "api") && lengths[n - 1] > 5 &&
        !memcmp(starts[n - 1] + lengths[n - 1] - 5, ".json", 5))
        lengths[n - 1] -= 5;
    for (const struct route *route = r->routes; route < r->routes + r->nroutes; route++) {
        if (!str_eq(route->label, label) || !matches(route, starts, lengths, n))
            continue;
        for (size_t i = 0; i < route->nsegments; i++)
            if (!route->segments[i])
                values[nvalues++] = arena_strndup(a, starts[i], lengths[i]);
        return route;
    }
    return NULL;
}
