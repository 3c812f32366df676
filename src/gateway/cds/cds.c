#include "gateway/cds/internal.h"

#include "base/text.h"
#include <string.h>

/* --- what a request is about ------------------------------------------------------------------------------ */

static const struct cds_type types[] = {
    { "Documents", SYNC_DOCUMENT },
    { "Lists", SYNC_LIST },
    { "Maps", SYNC_MAP },
    { "Streams", SYNC_STREAM },
};

struct sync *cds_sync(const struct op *op)
{
    return op_site(op)->sync;
}

const struct cds_type *cds_type_of(const struct op *op)
{
    const char *segment = op->path + strlen("/v3/");
    const struct cds_type *t = types;

    while (!str_starts(segment, t->segment)) /* the routes have no other */
        t++;
    return t;
}

struct sync_ask cds_ask(struct op *op)
{
    return (struct sync_ask){ .arena = op->arena,
                              .db = op->db,
                              .tx = op->tx,
                              .now = op->now,
                              .viewer = { op->who.account_sid,
                                          principal_service(&op->who, op_header(op, "x-twilio-active-grant")),
                                          op->who.identity } };
}

fault_t cds_find(struct op *op, struct sync_ask *ask, struct sync_object *out, bool *again)
{
    fault_t f = sync_find(cds_sync(op), ask, cds_type_of(op)->type, op_path(op, "name"), out);

    *again = !op->tx && (f ? f->status == 404 : out->source && out->source->on_ledger);
    return f;
}

/* A view is not written by this way. */
fault_t cds_row(struct op *op, enum sync_right right, struct sync_stored **out)
{
    struct sync_ask ask = cds_ask(op);
    const struct sync_stored *row = NULL;
    enum sync_type t = cds_type_of(op)->type;
    fault_t f = sync_object_find(&ask, t, op_path(op, "name"), right, &row);
    struct sync_object view;

    if (f && f->status == 404 && !sync_find(cds_sync(op), &ask, t, op_path(op, "name"), &view))
        return refuse(op, F_SYNC_FORBIDDEN, "%s is not to be changed by its watchers", view.sid);
    *out = (struct sync_stored *)row;
    return f;
}

fault_t cds_data(struct op *op, const char *name, const char **out)
{
    const json_t *value = json_object_get(op->json, name);

    *out = value ? json_text(op->arena, value) : NULL; /* whether it is an object, the engine asks */
    return NULL;
}

fault_t cds_ttl(struct op *op, int64_t *out)
{
    const json_t *value = json_object_get(op->json, "ttl");

    *out = NO_VALUE;
    if (!value || json_is_null(value))
        return NULL;
    if (!json_is_integer(value))
        return refuse(op, F_SYNC_TTL, "ttl is not a whole number of seconds");
    *out = json_integer_value(value);
    return NULL;
}

static const char *if_match(const struct op *op)
{
    return op_header(op, "if-match");
}

/* --- reading ---------------------------------------------------------------------------------------------- */

/* What an endpoint that reads writes of the object that it has found: pairs of an open JSON object. */
typedef fault_t reader(struct op *op, struct sync_ask *ask, const struct cds_type *t, const struct sync_object *x,
                       struct json_out *o);

static fault_t read_object(struct op *op, struct sync_ask *ask, const struct cds_type *t, const struct sync_object *x,
                           struct json_out *o)
{
    const char *include = form_get(&op->query, "Include");

    cds_put_object(op, o, t, x);
    if (str_eq(include, "items") && (t->type == SYNC_MAP || t->type == SYNC_LIST))
        return cds_page(op, ask, t, x, o);
    return NULL;
}

static fault_t read_items(struct op *op, struct sync_ask *ask, const struct cds_type *t, const struct sync_object *x,
                          struct json_out *o)
{
    return cds_page(op, ask, t, x, o);
}

static fault_t read_item(struct op *op, struct sync_ask *ask, const struct cds_type *t, const struct sync_object *x,
                         struct json_out *o)
{
    struct sync_item item;
    fault_t f = cds_one(op, ask, x, op_path(op, "item"), &item);

    if (!f)
        cds_put_item(op, o, t, x->sid, &item, true);
    return f;
}

static fault_t read_context(struct op *op, struct sync_ask *ask, const struct cds_type *t, const struct sync_object *x,
                            struct json_out *o)
{
    (void)ask;
    json_pair_str(o, "url", arena_printf(op->arena, "%s/Context", cds_url(op, t, x->sid)));
    json_pair_raw(o, "data", x->data ? x->data : "{}");
    json_pair_int(o, "last_event_id", x->last_event_id);
    json_pair_str(o, "revision", x->revision);
    return NULL;
}

/* The object and its items are of one moment. */
static fault_t read_now(struct op *op, reader *write, fault_t (*self)(struct op *op))
{
    struct sync_ask ask = cds_ask(op);
    struct sync_object x;
    struct json_out o;
    bool again;
    fault_t f = cds_find(op, &ask, &x, &again);

    if (again) { /* a view that lives in memory is asked there */
        op_continue_on_ledger(op, self);
        return NULL;
    }
    json_begin(&o, op->arena);
    json_open(&o, '{');
    f = f ? f : write(op, &ask, cds_type_of(op), &x, &o);
    if (f)
        return f;
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    return NULL;
}

static fault_t read_with(struct op *op, reader *write, fault_t (*self)(struct op *op))
{
    if (op->tx)
        return read_now(op, write, self);
    if (db_begin(op->db) != DB_OK)
        return op_failed(op);
    fault_t f = read_now(op, write, self);
    db_rollback(op->db);
    return f;
}

static fault_t object_get(struct op *op)
{
    return read_with(op, read_object, object_get);
}

static fault_t items_get(struct op *op)
{
    return read_with(op, read_items, items_get);
}

static fault_t item_get(struct op *op)
{
    return read_with(op, read_item, item_get);
}

static fault_t context_get(struct op *op)
{
    return read_with(op, read_context, context_get);
}

/* --- objects ---------------------------------------------------------------------------------------------- */

static fault_t answer_object(struct op *op, int status, const struct sync_stored *row)
{
    const struct cds_type *t = cds_type_of(op);
    struct sync_ask ask = cds_ask(op);
    struct sync_object x;
    struct json_out o;
    fault_t f = sync_find(cds_sync(op), &ask, t->type, row->sid, &x);

    if (f) /* who may write it and not read it */
        sync_object_shown(op->arena, row, t->type, &x);
    json_begin(&o, op->arena);
    json_open(&o, '{');
    cds_put_object(op, &o, t, &x);
    json_close(&o, '}');
    op_json(op, status, json_done(&o));
    return NULL;
}

static fault_t name_of(struct op *op, const char **out)
{
    const json_t *value = json_object_get(op->json, "unique_name");

    *out = json_string_value(value);
    if (value && !json_is_null(value) && (!*out || !**out))
        return refuse(op, F_SYNC_NAME, "unique_name is not a text, or empty");
    return NULL;
}

static fault_t object_create(struct op *op)
{
    enum sync_type t = cds_type_of(op)->type;
    struct sync_ask ask = cds_ask(op);
    struct sync_ttl ttl = { .item = NO_VALUE };
    const struct sync_service *service = sync_service_find(&ask, op->who.account_sid, ask.viewer.service_sid);
    const char *name = NULL, *data = NULL;
    fault_t f = service ? name_of(op, &name) : refuse(op, F_SYNC_SERVICE_UNKNOWN, "The token's service was not found");

    f = f ? f : cds_ttl(op, &ttl.object);
    if (!f && t != SYNC_MAP && t != SYNC_STREAM)
        f = cds_data(op, t == SYNC_LIST ? "context" : "data", &data);
    if (f)
        return f;
    struct sync_stored *o = row_new(op->tx, sync_object_kind(t), NULL);
    row_set(op->tx, o, &o->account_sid, op->who.account_sid);
    row_set(op->tx, o, &o->service_sid, service->sid);
    row_set(op->tx, o, &o->unique_name, name);
    f = sync_object_created(cds_sync(op), op->tx, t, o, data, ttl, op->who.identity);
    return f ? f : answer_object(op, 201, o);
}

static fault_t change(struct op *op, struct sync_stored **out)
{
    enum sync_type t = cds_type_of(op)->type;
    struct sync_ttl ttl = { .item = NO_VALUE };
    const char *data = NULL;
    fault_t f = cds_row(op, SYNC_WRITE, out);

    f = f ? f : cds_ttl(op, &ttl.object);
    if (!f && (t == SYNC_DOCUMENT || str_ends(op->path, "/Context")))
        f = cds_data(op, "data", &data);
    return f ? f : sync_object_change(cds_sync(op), op->tx, t, *out, data, ttl, if_match(op), op->who.identity);
}

static fault_t object_change(struct op *op)
{
    struct sync_stored *o;
    fault_t f = change(op, &o);

    return f ? f : answer_object(op, 200, o);
}

static fault_t context_change(struct op *op)
{
    struct sync_stored *o;
    fault_t f = change(op, &o);

    return f ? f : context_get(op);
}

static fault_t answer_gone(struct op *op, int64_t event_id, int64_t updated)
{
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_int(&o, "last_event_id", event_id);
    cds_put_times(&o, NO_VALUE, updated, NO_VALUE);
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    return NULL;
}

static fault_t object_delete(struct op *op)
{
    struct sync_stored *o;
    fault_t f = cds_row(op, SYNC_MANAGE, &o);

    f = f ? f : sync_object_remove(cds_sync(op), op->tx, cds_type_of(op)->type, o, if_match(op), op->who.identity);
    return f ? f : answer_gone(op, o->event_id, op->now);
}

static fault_t publish(struct op *op)
{
    struct sync_stored *o;
    const char *data, *sid;
    struct json_out out;
    fault_t f = cds_row(op, SYNC_WRITE, &o);

    f = f ? f : cds_data(op, "data", &data);
    f = f ? f : sync_publish(cds_sync(op), op->tx, o, data, op->who.identity, &sid);
    if (f)
        return f;
    json_begin(&out, op->arena);
    json_open(&out, '{');
    json_pair_str(&out, "sid", sid);
    json_close(&out, '}');
    op_json(op, 201, json_done(&out));
    return NULL;
}

/* --- items ------------------------------------------------------------------------------------------------ */

static fault_t put(struct op *op, unsigned how, const char *key)
{
    const struct cds_type *t = cds_type_of(op);
    struct sync_item_change c = { .key = key,
                                  .index = NO_VALUE,
                                  .how = how,
                                  .if_match = if_match(op),
                                  .who = op->who.identity,
                                  .ttl = { .object = NO_VALUE } };
    struct sync_stored *o;
    struct sync_row *row = NULL;
    struct sync_item item;
    struct json_out out;
    bool added = false;
    fault_t f = cds_row(op, SYNC_WRITE, &o);

    f = f ? f : cds_ttl(op, &c.ttl.item);
    f = f ? f : cds_data(op, "data", &c.data);
    if (!f && t->type == SYNC_LIST && key && (!str_to_int(key, &c.index) || c.index < 0))
        f = refuse(op, F_SYNC_LIST_ITEM_UNKNOWN, "'%.40s' is not the index of an item", key);
    f = f ? f : sync_item_put(cds_sync(op), op->tx, t->type, o, &c, &row, &added);
    if (f)
        return f;
    sync_item_shown(op->arena, row, t->type, &item);
    json_begin(&out, op->arena);
    json_open(&out, '{');
    cds_put_item(op, &out, t, o->sid, &item, false);
    json_close(&out, '}');
    op_json(op, added ? 201 : 200, json_done(&out));
    return NULL;
}

static fault_t item_put(struct op *op)
{
    return put(op, SYNC_PUT_ADD | SYNC_PUT_REPLACE, op_path(op, "item"));
}

static fault_t item_change(struct op *op)
{
    return put(op, SYNC_PUT_REPLACE, op_path(op, "item"));
}

/* To a list's end; into a map by the body's key. */
static fault_t item_add(struct op *op)
{
    return put(op, SYNC_PUT_ADD, cds_type_of(op)->type == SYNC_LIST ? NULL : json_get_string(op->json, "key"));
}

static fault_t item_delete(struct op *op)
{
    const struct cds_type *t = cds_type_of(op);
    const char *key = op_path(op, "item"), *sid;
    struct sync_ask ask = cds_ask(op);
    const struct sync_row *row;
    struct sync_stored *o;
    int64_t index = 0;
    fault_t f = cds_row(op, SYNC_WRITE, &o);

    if (!f && t->type == SYNC_LIST && (!str_to_int(key, &index) || index < 0))
        f = refuse(op, F_SYNC_LIST_ITEM_UNKNOWN, "'%.40s' is not the index of an item", key);
    if (f)
        return f;
    sid = t->type == SYNC_LIST ? sync_index_sid(op->arena, o->sid, index) : sync_item_sid(op->arena, o->sid, key);
    f = sync_item_find(&ask, t->type, o->sid, sid, &row);
    f = f ? f
          : sync_item_remove(cds_sync(op), op->tx, t->type, o, (struct sync_row *)row, if_match(op), op->who.identity);
    return f ? f : answer_gone(op, row->event_id, row->date_updated);
}

/* --- routes ----------------------------------------------------------------------------------------------- */

/* clang-format off */
#define READ(path, fn)          { "cds", "GET",    "/v3/" path, ON_READER, CREDENTIALS, .any_origin = true, .run = fn }
#define WRITE(method, path, fn) { "cds", method,   "/v3/" path, ON_LEDGER, CREDENTIALS, .any_origin = true, .run = fn }
/* The SDK puts the name of its grant where a body would be, and calls it JSON. */
#define REMOVE(path, fn)        { "cds", "DELETE", "/v3/" path, ON_LEDGER, CREDENTIALS, .any_origin = true, .raw_body = true, .run = fn }
#define OBJECT(type)                                                                                                   \
    READ(type "/{name}", object_get), WRITE("POST", type, object_create), WRITE("POST", type "/{name}", object_change), \
    REMOVE(type "/{name}", object_delete)
#define ITEMS(type)                                                                                                    \
    READ(type "/{name}/Items", items_get), READ(type "/{name}/Items/{item}", item_get),                                \
    WRITE("POST", type "/{name}/Items", item_add), WRITE("POST", type "/{name}/Items/{item}", item_change),            \
    REMOVE(type "/{name}/Items/{item}", item_delete)
static const struct endpoint endpoints[] = {
    OBJECT("Documents"), OBJECT("Lists"), OBJECT("Maps"), OBJECT("Streams"),
    ITEMS("Lists"), ITEMS("Maps"), WRITE("PUT", "Maps/{name}/Items/{item}", item_put),
    READ("Lists/{name}/Context", context_get), WRITE("POST", "Lists/{name}/Context", context_change),
    WRITE("POST", "Streams/{name}/Messages", publish),
};
/* clang-format on */

const struct module cds_module = { .name = "cds", .endpoints = ROWS(endpoints) };
