/* describe: the descriptions, printed as one OpenAPI 3 document.  It is what tools/drift.py holds against the public
 * contract, and what clients and the desktop's tables may be made from. */
#include "rest/internal.h"

#include <string.h>

struct description {
    struct json_out *o;
    struct arena *a;
};

static const char *type_word(const struct field *f)
{
    switch (f->type) {
    case T_BOOL:
        return "boolean";
    case T_INT:
        return "integer";
    case T_LIST:
        return "array";
    case T_JSON:
        return f->flags & JSON_VALUE ? "object" : "string";
    default:
        return "string";
    }
}

static void put_schema(struct description *d, const struct field *f)
{
    struct json_out *o = d->o;
    const char *format = f->type == T_TIME  ? f->flags & RFC2822 ? "date-time-rfc-2822" : "date-time"
                         : f->type == T_URL ? "uri"
                                            : NULL;

    json_open(o, '{');
    json_pair_str(o, "type", type_word(f));
    if (format)
        json_pair_str(o, "format", format);
    if (f->type == T_SID && f->prefix)
        json_pair_str(o, "pattern", arena_printf(d->a, "^(%s)[0-9a-fA-F]{32}$", f->prefix));
    if (f->type == T_JSON)
        json_pair_str(o, "contentMediaType", "application/json");
    if (f->type == T_LIST)
        json_pair_raw(o, "items", "{\"type\":\"string\"}");
    if (f->type == T_ENUM) {
        json_key(o, "enum");
        json_open(o, '[');
        for (const char *const *w = f->names; *w; w++)
            json_str(o, *w);
        json_close(o, ']');
    }
    if (f->max)
        json_pair_int(o, field_is_text(f) ? "maxLength" : "maximum", f->max);
    if (f->min)
        json_pair_int(o, field_is_text(f) ? "minLength" : "minimum", f->min);
    if (f->initial)
        json_pair_str(o, "default", f->initial);
    json_close(o, '}');
}

static const char *param_of(struct description *d, const struct field *f)
{
    if (f->param)
        return f->param;
    if (f->part_of)
        return arena_printf(d->a, "%s.%s", name_pascal(d->a, f->part_of), name_pascal(d->a, f->name));
    return name_pascal(d->a, f->name);
}

static void put_row_schema(struct description *d, const struct resource *r, bool new)
{
    const struct kind *k = r->shape ? r->shape : r->kind;
    bool old_style = r->style == STYLE_2010;

    json_open(d->o, '{');
    json_pair_str(d->o, "type", "object");
    json_key(d->o, "properties");
    json_open(d->o, '{');
    for (EACH_FIELD(f, k)) {
        if ((f->flags & HIDDEN) || ((f->flags & SECRET) && !new) || f->part_of)
            continue;
        json_key(d->o, f->name);
        put_schema(d, f);
    }
    if (has_url(r))
        json_pair_raw(d->o, old_style ? "uri" : "url", "{\"type\":\"string\",\"format\":\"uri\"}");
    if (r->nlinks)
        json_pair_raw(d->o, old_style ? "subresource_uris" : "links", "{\"type\":\"object\"}");
    json_close(d->o, '}');
    json_close(d->o, '}');
}

static void put_query(struct description *d, const char *name, const struct field *f, const char *place)
{
    json_open(d->o, '{');
    json_pair_str(d->o, "name", name);
    json_pair_str(d->o, "in", place);
    json_key(d->o, "schema");
    if (f)
        put_schema(d, f);
    else
        json_raw(d->o, "{\"type\":\"string\"}");
    json_close(d->o, '}');
}

static void put_list_parameters(struct description *d, const struct resource *r)
{
    static const char *const paging[] = { "PageSize", "Page", "PageToken" };
    bool ordered = false;

    for (EACH_FIELD(f, r->kind)) {
        ordered |= (f->flags & ORDERING) && !r->shape;
        if (path_names(d->a, r, f))
            continue;
        if (f->flags & (FILTER | RANGE))
            put_query(d, param_of(d, f), f, "query");
        for (const char *const *s = (const char *const[]){ "<", ">", "Before", "After", NULL };
             (f->flags & RANGE) && *s; s++)
            put_query(d, arena_printf(d->a, "%s%s", param_of(d, f), *s), f, "query");
    }
    for (size_t i = 0; i < r->list_params.nfields; i++)
        put_query(d, param_of(d, &r->list_params.fields[i]), &r->list_params.fields[i], "query");
    if (ordered)
        put_query(d, "Ordering", NULL, "query");
    for (size_t i = 0; i < sizeof(paging) / sizeof(*paging); i++)
        put_query(d, paging[i], NULL, "query");
}

static void put_property(struct description *d, const struct field *f)
{
    json_key_any(d->o, param_of(d, f));
    put_schema(d, f);
}

static void put_body(struct description *d, const struct kind *k, uint32_t flag, const struct params *p)
{
    bool required = false;

    json_key(d->o, "requestBody");
    json_open(d->o, '{');
    json_key(d->o, "content");
    json_open(d->o, '{');
    json_key(d->o, "application/x-www-form-urlencoded");
    json_open(d->o, '{');
    json_key(d->o, "schema");
    json_open(d->o, '{');
    json_pair_str(d->o, "type", "object");
    json_key(d->o, "properties");
    json_open(d->o, '{');
    for (const struct field *f = k->fields; flag && f < k->fields + k->nfields; f++)
        if (f->flags & flag)
            put_property(d, f);
    for (size_t i = 0; i < p->nfields; i++)
        put_property(d, &p->fields[i]);
    json_close(d->o, '}');
    for (const struct field *f = k->fields; flag == ON_CREATE && f < k->fields + k->nfields; f++) {
        if (!(f->flags & REQUIRED))
            continue;
        if (!required)
            json_key(d->o, "required"), json_open(d->o, '[');
        required = true;
        json_str(d->o, param_of(d, f));
    }
    if (required)
        json_close(d->o, ']');
    for (int i = 0; i < 4; i++)
        json_close(d->o, '}');
}

static void put_response(struct description *d, const struct resource *r, int status, bool list)
{
    json_key(d->o, "responses");
    json_open(d->o, '{');
    json_key_any(d->o, arena_printf(d->a, "%d", status));
    json_open(d->o, '{');
    json_pair_str(d->o, "description", status == 204 ? "No content" : status == 501 ? "Not performed" : "OK");
    if (r && status != 204) {
        json_key(d->o, "content");
        json_open(d->o, '{');
        json_key(d->o, "application/json");
        json_open(d->o, '{');
        json_key(d->o, "schema");
        if (list) {
            json_open(d->o, '{');
            json_pair_str(d->o, "type", "object");
            json_key(d->o, "properties");
            json_open(d->o, '{');
            json_key(d->o, r->many);
            json_open(d->o, '{');
            json_pair_str(d->o, "type", "array");
            json_key(d->o, "items");
        }
        put_row_schema(d, r, status == 201);
        if (list) {
            json_close(d->o, '}');
            if (r->style == STYLE_META)
                json_pair_raw(d->o, "meta", "{\"type\":\"object\"}");
            else
                for (const char *const *s =
                         (const char *const[]){ "end", "first_page_uri", "next_page_uri", "page", "page_size",
                                                "previous_page_uri", "start", "uri", NULL };
                     *s; s++)
                    json_pair_raw(d->o, *s, "{}");
            json_close(d->o, '}');
            json_close(d->o, '}');
        }
        json_close(d->o, '}');
        json_close(d->o, '}');
    }
    json_close(d->o, '}');
    json_close(d->o, '}');
}

/* Those of a write: created is one that nobody can have a version of. */
static void put_headers(struct description *d, const struct resource *r, enum verb verb)
{
    json_key(d->o, "parameters");
    json_open(d->o, '[');
    if ((r->conditional & verb) || (r->kind && verb != CREATE && field_flagged(r->kind, REVISION)))
        put_query(d, "If-Match", NULL, "header");
    if (r->heeds_webhooks)
        put_query(d, "X-Twilio-Webhook-Enabled", NULL, "header");
    json_close(d->o, ']');
}

static void put_operation(struct description *d, const struct entry *e)
{
    const struct resource *r = e->shape ? e->shape->res : NULL;
    bool post = !strcmp(e->method, "POST");

    char *method = arena_strdup(d->a, e->method);
    for (char *c = method; *c; c++)
        *c = (char)(*c | 0x20);
    json_key_any(d->o, method);
    json_open(d->o, '{');
    if (e->what == IS_UNPERFORMED) {
        json_pair_int(d->o, "x-status", 501);
        put_response(d, NULL, 501, false);
    } else if (e->what == IS_ENDPOINT) {
        put_response(d, NULL, 200, false);
    } else if (e->what == IS_ACTION) {
        put_headers(d, r, UPDATE);
        put_body(d, r->kind, 0, &e->action->params);
        put_response(d, r, 200, false);
    } else if (e->what == IS_VIEW && post) {
        put_body(d, r->shape, 0, &r->create_params);
        put_response(d, r, 200, false);
    } else if (e->what == IS_COLLECTION && post) {
        put_headers(d, r, CREATE);
        put_body(d, r->make ? e->shape->kind : r->kind, r->make ? 0 : ON_CREATE, &r->create_params);
        put_response(d, r, r->create_status ? r->create_status : 201, false);
    } else if (post) {
        put_headers(d, r, UPDATE);
        put_body(d, r->kind, ON_UPDATE, &r->update_params);
        put_response(d, r, r->update_status ? r->update_status : 200, false);
    } else if (!strcmp(e->method, "DELETE")) {
        put_headers(d, r, DELETE);
        put_response(d, r, 204, false);
    } else {
        json_key(d->o, "parameters");
        json_open(d->o, '[');
        if (e->what == IS_COLLECTION)
            put_list_parameters(d, r);
        for (size_t i = 0; e->what == IS_VIEW && i < r->list_params.nfields; i++)
            put_query(d, param_of(d, &r->list_params.fields[i]), &r->list_params.fields[i], "query");
        json_close(d->o, ']');
        put_response(d, r, 200, e->what == IS_COLLECTION);
    }
    json_close(d->o, '}');
}

static const char *path_text(struct description *d, const struct route *route)
{
    struct text t = { .arena = d->a };
    size_t name = 0;

    if (route->label)
        text_putf(&t, "/%s", route->label);
    for (size_t i = 0; i < route->nsegments; i++) {
        if (route->segments[i])
            text_putf(&t, "/%s", route->segments[i]);
        else
            text_putf(&t, "/{%s}", name_pascal(d->a, route->entries[0].names[name++]));
    }
    if (route->tail)
        text_put(&t, "/*");
    const struct entry *e = &route->entries[0];
    if (e->shape && e->shape->res->style == STYLE_2010)
        text_put(&t, ".json");
    return text_str(&t);
}

static void put_paths(struct description *d, const struct rest *r)
{
    for (const struct route *route = r->routes; route < r->routes + r->nroutes; route++) {
        bool shown = false;
        for (size_t i = 0; i < route->nentries; i++)
            shown |= strcmp(route->entries[i].method, "UPGRADE") != 0;
        if (!shown)
            continue;
        json_key_any(d->o, path_text(d, route));
        json_open(d->o, '{');
        for (size_t i = 0; i < route->nentries; i++)
            if (strcmp(route->entries[i].method, "UPGRADE"))
                put_operation(d, &route->entries[i]);
        json_close(d->o, '}');
    }
}

const char *rest_describe(struct arena *a, const struct module *const *modules, const char **why)
{
    struct json_out o;
    struct description d = { .o = &o, .a = a };
    struct rest *r = rest_new(a, &(struct rest_config){ .modules = modules }, why);

    if (!r)
        return NULL;
    json_begin(&o, a);
    json_open(&o, '{');
    json_pair_str(&o, "openapi", "3.0.3");
    json_pair_raw(&o, "info", "{\"title\":\"Plugboard\",\"version\":\"" PLUGBOARD_VERSION "\"}");
    json_key(&o, "paths");
    json_open(&o, '{');
    put_paths(&d, r);
    json_close(&o, '}');
    json_close(&o, '}');
    rest_free(r);
    return json_done(&o);
}
