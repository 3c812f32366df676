#include "gateway/cds/internal.h"

const char *cds_url(struct op *op, const struct cds_type *t, const char *sid)
{
    return arena_printf(op->arena, "%s/v3/%s/%s", op->prefix, t->segment, sid);
}

void cds_put_times(struct json_out *o, int64_t created, int64_t updated, int64_t expires)
{
    json_pair_date(o, "date_created", created);
    json_pair_date(o, "date_updated", updated);
    json_pair_date(o, "date_expires", expires);
}

void cds_put_object(struct op *op, struct json_out *o, const struct cds_type *t, const struct sync_object *x)
{
    static const struct {
        enum sync_type type;
        const char *name, *path;
    } links[] = { { SYNC_MAP, "items", "Items" },
                  { SYNC_LIST, "items", "Items" },
                  { SYNC_LIST, "context", "Context" },
                  { SYNC_STREAM, "messages", "Messages" } };
    const char *url = cds_url(op, t, x->sid);

    json_pair_str(o, "sid", x->sid);
    json_pair_str(o, "unique_name", x->unique_name);
    json_pair_str(o, "account_sid", x->account_sid);
    json_pair_str(o, "service_sid", x->service_sid);
    json_pair_str(o, "url", url);
    json_pair_str(o, "revision", x->revision);
    json_pair_int(o, "last_event_id", x->last_event_id);
    json_pair_str(o, "created_by", x->created_by);
    if (x->type == SYNC_DOCUMENT)
        json_pair_raw(o, "data", x->data ? x->data : "{}");
    cds_put_times(o, x->date_created, x->date_updated, x->date_expires);
    json_key(o, "links");
    json_open(o, '{');
    for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
        if (links[i].type == x->type)
            json_pair_str(o, links[i].name, arena_printf(op->arena, "%s/%s", url, links[i].path));
    json_close(o, '}');
}

void cds_put_item(struct op *op, struct json_out *o, const struct cds_type *t, const char *object_sid,
                  const struct sync_item *i, bool data)
{
    struct text url = { .arena = op->arena };

    text_putf(&url, "%s/Items/", cds_url(op, t, object_sid));
    if (i->key) {
        json_pair_str(o, "key", i->key);
        url_escape(&url, i->key);
    } else {
        json_pair_int(o, "index", i->index);
        text_put_int(&url, i->index);
    }
    json_pair_str(o, "url", text_str(&url));
    json_pair_str(o, "revision", i->revision);
    json_pair_int(o, "last_event_id", i->event_id);
    json_pair_str(o, "created_by", i->created_by);
    if (data)
        json_pair_raw(o, "data", i->data ? i->data : "{}");
    cds_put_times(o, i->date_created, i->date_updated, i->date_expires);
}
