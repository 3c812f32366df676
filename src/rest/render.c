/* render: from a row to JSON. */
#include "rest/internal.h"

#include "codec/date.h"
#include <string.h>

static void put_time(struct json_out *o, const struct field *f, int64_t ms)
{
    char date[DATE_SIZE];

    if (ms == NO_VALUE)
        json_nil(o);
    else
        json_str(o, f->flags & RFC2822 ? date_rfc2822(ms, date) : date_iso(ms, date));
}

static void put_field(struct json_out *o, const struct field *f, const void *row)
{
    switch (f->type) {
    case T_SID:
    case T_STR:
    case T_URL:
    case T_PHONE:
        json_str(o, *field_text(f, row));
        return;
    case T_JSON: /* attributes are text on the wire; what is a JSON value there, is listed so (JSON_VALUE) */
        if (f->flags & JSON_VALUE)
            json_raw(o, *field_text(f, row) ? *field_text(f, row) : "null");
        else
            json_str(o, *field_text(f, row));
        return;
    case T_LIST:
        json_raw(o, *field_text(f, row) ? *field_text(f, row) : "[]");
        return;
    case T_ENUM: {
        const char *word = f->names[*field_enum(f, row)];
        json_str(o, *word ? word : NULL);
        return;
    }
    case T_BOOL:
        json_bool(o, *field_bool(f, row));
        return;
    case T_INT:
        if (*field_int(f, row) == NO_VALUE)
            json_nil(o);
        else
            json_int(o, *field_int(f, row));
        return;
    case T_TIME:
        put_time(o, f, *field_int(f, row));
        return;
    }
}

void members_json(struct json_out *o, const struct kind *k, const void *row, uint32_t without)
{
    for (EACH_FIELD(f, k)) {
        if ((f->flags & (without | HIDDEN)) || f->part_of)
            continue;
        json_key(o, f->name);
        put_field(o, f, row);
    }
}

static const char *url_of(struct op *op, const struct shape *s, const struct template *t, const void *row)
{
    const char *path = template_expand(op->arena, t, row);

    if (s->res->style == STYLE_2010)
        return arena_printf(op->arena, "%s.json", path);
    return arena_printf(op->arena, "%s%s", op->prefix, path);
}

void shape_json(struct op *op, const struct shape *s, const void *row, struct json_out *o)
{
    bool old_style = s->res->style == STYLE_2010;

    if (s->res->show) {
        void *out = arena_alloc(op->arena, s->shown->size);
        s->res->show(op, row, out);
        row = out;
    } else if (s->res->present) {
        void *copy = arena_copy(op->arena, row, s->kind->size);
        fault_t f = s->res->present(op, copy);
        if (!f)
            row = copy;
    }
    json_open(o, '{');
    members_json(o, s->shown, row, op->answer.status == 201 ? 0 : SECRET);
    if (has_url(s->res))
        json_pair_str(o, old_style ? "uri" : "url", url_of(op, s, &s->url, row));
    if (s->res->nlinks) {
        json_key(o, old_style ? "subresource_uris" : "links");
        json_open(o, '{');
        for (size_t i = 0; i < s->res->nlinks; i++)
            json_pair_str(o, s->res->links[i].name, url_of(op, s, &s->links[i], row));
        json_close(o, '}');
    }
    json_close(o, '}');
}

void resource_json(struct op *op, const struct resource *r, const void *row, struct json_out *o)
{
    shape_json(op, shape_of(op->rest, r), row, o);
}
