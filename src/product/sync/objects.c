/* Document, List, Map and Stream: four resources of one making; and a stream's messages, which nobody keeps. */
#include "product/sync/internal.h"

struct document_params {
    const char *data;
    int64_t ttl;
};
struct collection_params {
    int64_t ttl, collection_ttl;
};
struct stream_params {
    int64_t ttl;
};

/* Ttl means the whole object's, CollectionTtl says so. */
/* clang-format off */
static const struct field document_fields[] = {
    FIELD(document_params, data, STR),
    FIELD(document_params, ttl,  INT),
};
static const struct field collection_fields[] = {
    FIELD(collection_params, ttl,            INT),
    FIELD(collection_params, collection_ttl, INT),
};
static const struct field stream_fields[] = {
    FIELD(stream_params, ttl, INT),
};
/* clang-format on */

static struct sync_ttl ttl_of(const struct op *op, enum sync_type t, const char **data)
{
    struct sync_ttl ttl = { .item = NO_VALUE };

    *data = NULL;
    if (t == SYNC_DOCUMENT) {
        const struct document_params *p = op->params;
        *data = p->data;
        ttl.object = p->ttl;
    } else if (t == SYNC_STREAM) {
        ttl.object = ((const struct stream_params *)op->params)->ttl;
    } else {
        const struct collection_params *p = op->params;
        ttl.object = first_given(p->collection_ttl, p->ttl);
    }
    return ttl;
}

static fault_t find(struct op *op, const char *key, void **row)
{
    struct sync_ask ask = sync_ask_of(op);
    const struct sync_stored *o = NULL;
    fault_t f = sync_object_find(&ask, sync_type_of(op), key, SYNC_READ, &o);

    *row = (void *)o;
    return f;
}

static fault_t create(struct op *op, void *row)
{
    enum sync_type t = sync_type_of(op);
    struct sync_stored *o = row;
    const char *data;
    struct sync_ttl ttl = ttl_of(op, t, &data);

    row_set(op->tx, o, &o->service_sid, op_path(op, "service_sid"));
    return sync_object_created(sync_of(op), op->tx, t, o, data, ttl, NULL);
}

static fault_t update(struct op *op, void *row, const void *was)
{
    enum sync_type t = sync_type_of(op);
    const char *data;
    struct sync_ttl ttl = ttl_of(op, t, &data);

    (void)was;
    return sync_object_change(sync_of(op), op->tx, t, row, data, ttl, NULL, NULL);
}

static fault_t remove_object(struct op *op, void *row)
{
    op->answer.status = 204;
    return sync_object_remove(sync_of(op), op->tx, sync_type_of(op), row, NULL, NULL);
}

static fault_t match(struct op *op, const void *row, const char *if_match)
{
    const struct sync_stored *o = row;

    return sync_match(op->arena, sync_type_of(op), false, if_match, o->event_id);
}

static fault_t present(struct op *op, void *copy)
{
    struct sync_stored *o = copy;

    o->revision = sync_revision(op->arena, o->event_id);
    return NULL;
}

static fault_t select_service(struct op *op, struct list_plan *plan)
{
    plan_add(plan, "service_sid", IS, value_text(op_path(op, "service_sid")));
    return NULL;
}

#define OWN SERVICE_PATH "/"
static const struct link_row document_links[] = { { "permissions", OWN "Documents/{sid}/Permissions" } };
static const struct link_row list_links[] = { { "items", OWN "Lists/{sid}/Items" },
                                              { "permissions", OWN "Lists/{sid}/Permissions" } };
static const struct link_row map_links[] = { { "items", OWN "Maps/{sid}/Items" },
                                             { "permissions", OWN "Maps/{sid}/Permissions" } };
static const struct link_row stream_links[] = { { "messages", OWN "Streams/{sid}/Messages" } };

#define COMMON                                                                                                         \
    .product = "sync", .verbs = LIST | FETCH | CREATE | UPDATE | DELETE, .enter = sync_enter_service, .find = find,    \
    .create = create, .update = update, .remove = remove_object, .present = present, .select = select_service

/* clang-format off */
const struct resource sync_object_resources[OBJECT_RESOURCES] = {
    { COMMON, .name = "Document",   .path = OWN "Documents", .many = "documents", .kind = &sync_document_kind, .links = ROWS(document_links),
      .create_params = PARAMS(document_params, document_fields), .update_params = PARAMS(document_params, document_fields),
      .match = match, .conditional = UPDATE },
    { COMMON, .name = "SyncList",   .path = OWN "Lists",     .many = "lists",     .kind = &sync_list_kind,     .links = ROWS(list_links),
      .create_params = PARAMS(collection_params, collection_fields), .update_params = PARAMS(collection_params, collection_fields) },
    { COMMON, .name = "SyncMap",    .path = OWN "Maps",      .many = "maps",      .kind = &sync_map_kind,      .links = ROWS(map_links),
      .create_params = PARAMS(collection_params, collection_fields), .update_params = PARAMS(collection_params, collection_fields) },
    { COMMON, .name = "SyncStream", .path = OWN "Streams",   .many = "streams",   .kind = &sync_stream_kind,   .links = ROWS(stream_links),
      .create_params = PARAMS(stream_params, stream_fields), .update_params = PARAMS(stream_params, stream_fields) },
};
/* clang-format on */

/* --- messages ----------------------------------------------------------------------------------------------------- */

struct message {
    const char *sid, *data;
};
struct message_params {
    const char *data;
};

/* clang-format off */
static const struct field message_fields[] = {
    FIELD(message, sid,  SID,  .flags = 0, .prefix = "TZ"),
    FIELD(message, data, JSON, .flags = JSON_VALUE),
};
static const struct field message_param_fields[] = {
    FIELD(message_params, data, STR, .flags = REQUIRED),
};
/* clang-format on */

static const struct kind message_shape = { .name = "stream_message",
                                           .size = sizeof(struct message),
                                           .fields = ROWS(message_fields) };

static fault_t publish(struct op *op, void **out)
{
    struct message *m = *out = arena_alloc(op->arena, sizeof(*m));

    m->data = ((const struct message_params *)op->params)->data;
    return sync_publish(sync_of(op), op->tx, op->scope, m->data, NULL, &m->sid);
}

const struct resource sync_message_resource = {
    .product = "sync",
    .name = "StreamMessage",
    .path = SERVICE_PATH "/Streams/{stream_sid}/Messages",
    .verbs = CREATE,
    .shape = &message_shape,
    .create_params = PARAMS(message_params, message_param_fields),
    .enter = sync_enter_object,
    .make = publish,
};
