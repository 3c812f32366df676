/* compile: descriptions into what the interpreter looks up at each request: routes, parameter names, URL templates. */
#include "rest/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *param_name(struct arena *a, const struct field *f)
{
    if (f->param)
        return f->param;
    if (f->part_of)
        return arena_printf(a, "%s.%s", name_pascal(a, f->part_of), name_pascal(a, f->name));
    return name_pascal(a, f->name);
}

static const struct kind *kind_named(const struct rest *r, const char *name)
{
    for (size_t i = 0; i < r->nkinds; i++)
        if (!strcmp(r->kinds[i]->name, name))
            return r->kinds[i];
    return NULL;
}

bool path_names(struct arena *a, const struct resource *r, const struct field *f)
{
    return (f->flags & PARENT) && strstr(r->path, arena_printf(a, "{%s}", f->name));
}

static struct bindings bindings_of(struct rest *r, const struct kind *k, const struct field *fields, size_t n,
                                   uint32_t flag)
{
    struct bindings b = { .rows = arena_alloc(r->arena, (n + 1) * sizeof(*b.rows)) };

    for (size_t i = 0; i < n; i++) {
        const struct field *f = &fields[i];
        if (flag && !(f->flags & flag))
            continue;
        b.rows[b.n++] = (struct bound){
            .field = f,
            .param = param_name(r->arena, f),
            .refers = f->refers ? kind_named(r, f->refers) : NULL,
            .part_of = f->part_of && k ? field_named(k, f->part_of) : NULL,
        };
    }
    return b;
}

/* A PARENT's SID begins as the KEY of its kind does; where several do, it says which (.refers). */
static const struct kind *parent_kind(const struct rest *r, const struct field *parent)
{
    for (size_t i = 0; i < r->nkinds; i++) {
        const struct field *key = field_flagged(r->kinds[i], KEY);
        if (key && str_eq(key->prefix, parent->prefix))
            return r->kinds[i];
    }
    return NULL;
}

/* What the path already says is no filter. */
static struct bindings filters_of(struct rest *r, const struct resource *res, const struct kind *k)
{
    struct bindings all = bindings_of(r, k, k->fields, k->nfields, FILTER | RANGE), left = { .rows = all.rows };

    for (size_t i = 0; i < all.n; i++)
        if (!path_names(r->arena, res, all.rows[i].field))
            left.rows[left.n++] = all.rows[i];
    return left;
}

static struct bindings params_of(struct rest *r, const struct params *p)
{
    return bindings_of(r, NULL, p->fields, p->nfields, 0);
}

static const char *template_make(struct arena *a, const struct kind *k, const char *path, struct template *out)
{
    out->pieces = arena_alloc(a, (2 * SEGMENTS_MAX + 2) * sizeof(*out->pieces));
    while (*path) {
        size_t n = strcspn(path, "{");
        if (n)
            out->pieces[out->n++] = (struct piece){ .literal = arena_strndup(a, path, n) };
        path += n;
        if (*path != '{')
            break;
        n = strcspn(path, "}");
        const char *name = arena_strndup(a, path + 1, n - 1);
        const struct field *f = field_named(k, name);
        if (!f)
            return arena_printf(a, "kind %s has no member %s, which a path names", k->name, name);
        out->pieces[out->n++] = (struct piece){ .field = f };
        path += n + 1;
    }
    return NULL;
}

const char *template_expand(struct arena *a, const struct template *t, const void *row)
{
    struct text out = { .arena = a };

    text_reserve(&out, 256);
    for (size_t i = 0; i < t->n; i++) {
        const struct piece *p = &t->pieces[i];
        const char *s = p->literal ? p->literal : field_is_text(p->field) ? *field_text(p->field, row) : NULL;
        if (p->field && !field_is_text(p->field))
            text_put_int(&out, *field_int(p->field, row));
        else if (p->field && p->field->type != T_SID)
            url_escape(&out, s ? s : ""); /* a key that somebody chose */
        else
            text_put(&out, s ? s : "");
    }
    return text_str(&out);
}

bool has_url(const struct resource *r)
{
    return !(r->at && !*r->at) && (r->view || (r->kind && (r->verbs & ~(unsigned)LIST)));
}

static const char *instance_path(struct arena *a, const struct shape *s)
{
    if (s->res->at)
        return s->res->at;
    if (s->res->singleton || s->res->view)
        return s->res->path;
    return arena_printf(a, "%s/{%s}", s->res->path, s->key->name);
}

static const char *shape_make(struct rest *r, struct arena *a, const struct resource *res, struct shape *s)
{
    const struct kind *k = res->kind ? res->kind : res->shape;
    const char *why = resource_check(a, res);

    if (why)
        return why;
    *s = (struct shape){ .res = res, .kind = k, .shown = res->shape ? res->shape : k };
    s->key = res->key ? field_named(k, res->key) : field_flagged(k, KEY);
    s->owner = field_flagged(k, OWNER);
    s->revision = field_flagged(k, REVISION);
    s->alternate = field_flagged(k, ALTERNATE);
    s->touched = field_flagged(k, TOUCHED);
    struct bindings parents = bindings_of(r, k, k->fields, k->nfields, PARENT);
    s->parents = parents.rows;
    s->nparents = parents.n;
    for (size_t i = 0; i < s->nparents; i++)
        if (!s->parents[i].refers)
            s->parents[i].refers = parent_kind(r, s->parents[i].field);
    s->create = bindings_of(r, k, k->fields, k->nfields, ON_CREATE);
    s->update = bindings_of(r, k, k->fields, k->nfields, ON_UPDATE);
    s->filters = filters_of(r, res, k);
    s->create_params = params_of(r, &res->create_params);
    s->update_params = params_of(r, &res->update_params);
    s->list_params = params_of(r, &res->list_params);
    s->action_params = arena_alloc(r->arena, (res->nactions + 1) * sizeof(*s->action_params));
    for (size_t i = 0; i < res->nactions; i++)
        s->action_params[i] = params_of(r, &res->actions[i].params);
    why = has_url(res) ? template_make(r->arena, s->shown, instance_path(a, s), &s->url) : NULL;
    s->links = arena_alloc(r->arena, (res->nlinks + 1) * sizeof(*s->links));
    for (size_t i = 0; i < res->nlinks && !why; i++)
        why = template_make(r->arena, s->shown, res->links[i].path, &s->links[i]);
    return why;
}

static const char *add_verb(struct rest *r, const struct shape *s, enum verb verb, enum what what, const char *method,
                            const char *path)
{
    struct entry e = { .what = what, .method = method, .shape = s };

    return s->res->verbs & verb ? route_add(r, s->res->product, path, &e) : NULL;
}

static const char *add_routes(struct rest *r, const struct shape *s)
{
    const struct resource *res = s->res;
    const char *instance = arena_printf(r->arena, "%s/{%s}", res->path, s->key ? s->key->name : "sid"), *why;

    if (res->view)
        return route_add(
            r, res->product, res->path,
            &(struct entry){ .what = IS_VIEW, .method = res->verbs & CREATE ? "POST" : "GET", .shape = s });
    if (res->singleton) {
        why = add_verb(r, s, FETCH, IS_SINGLETON, "GET", res->path);
        return why ? why : add_verb(r, s, UPDATE, IS_SINGLETON, "POST", res->path);
    }
    why = add_verb(r, s, LIST, IS_COLLECTION, "GET", res->path);
    why = why ? why : add_verb(r, s, CREATE, IS_COLLECTION, "POST", res->path);
    why = why ? why : add_verb(r, s, FETCH, IS_INSTANCE, "GET", instance);
    why = why ? why : add_verb(r, s, UPDATE, IS_INSTANCE, "POST", instance);
    why = why ? why : add_verb(r, s, DELETE, IS_INSTANCE, "DELETE", instance);
    for (size_t i = 0; i < res->nactions && !why; i++)
        why = route_add(r, res->product, arena_printf(r->arena, "%s/%s", instance, res->actions[i].name),
                        &(struct entry){ .what = IS_ACTION, .method = "POST", .shape = s, .action = &res->actions[i] });
    return why;
}

static void label_add(struct rest *r, const char *label)
{
    for (size_t i = 0; i < r->nlabels; i++)
        if (str_eq(r->labels[i], label))
            return;
    if (label)
        r->labels[r->nlabels++] = label;
}

static int by_address(const void *x, const void *y)
{
    const struct resource *a = ((const struct shape *)x)->res, *b = ((const struct shape *)y)->res;

    return a < b ? -1 : a > b;
}

const struct shape *shape_of(const struct rest *r, const struct resource *res)
{
    struct shape wanted = { .res = res };
    struct shape *s = bsearch(&wanted, r->shapes, r->nshapes, sizeof(*r->shapes), by_address);

    assert(s);
    return s;
}

static const char *add_module(struct rest *r, const struct module *m)
{
    const char *why = NULL;

    for (size_t i = 0; i < m->nresources && !why; i++) {
        why = add_routes(r, shape_of(r, m->resources[i]));
        label_add(r, m->resources[i]->product);
    }
    for (size_t i = 0; i < m->nendpoints && !why; i++) {
        const struct endpoint *e = &m->endpoints[i];
        why =
            route_add(r, e->label, e->path, &(struct entry){ .what = IS_ENDPOINT, .method = e->method, .endpoint = e });
        label_add(r, e->label);
    }
    for (size_t i = 0; i < m->nunperformed && !why; i++) {
        const struct unperformed *u = &m->unperformed[i];
        why = route_add(r, u->product, u->path,
                        &(struct entry){ .what = IS_UNPERFORMED, .method = u->method, .unperformed = u });
        label_add(r, u->product);
    }
    return why;
}

const char *rest_compile(struct rest *r, struct arena *a)
{
    size_t n = 0, labels = 0;
    const char *why = NULL;

    for (const struct module *const *m = r->config.modules; *m; m++) {
        n += (*m)->nresources;
        labels += (*m)->nresources + (*m)->nendpoints + (*m)->nunperformed;
    }
    r->kinds = rest_kinds(r->arena, r->config.modules, &r->nkinds);
    r->shapes = arena_alloc(r->arena, (n + 1) * sizeof(*r->shapes));
    r->labels = arena_alloc(r->arena, (labels + 1) * sizeof(*r->labels));
    for (const struct module *const *m = r->config.modules; *m; m++)
        for (size_t i = 0; i < (*m)->nresources && !why; i++)
            why = shape_make(r, a, (*m)->resources[i], &r->shapes[r->nshapes++]);
    qsort(r->shapes, r->nshapes, sizeof(*r->shapes), by_address);
    for (const struct module *const *m = r->config.modules; *m && !why; m++)
        why = add_module(r, *m);
    routes_sort(r);
    return why;
}
