#include "product/sync/internal.h"

struct sync *sync_of(const struct op *op)
{
    return op_site(op)->sync;
}

/* REST asks for nobody in particular. */
struct sync_ask sync_ask_of(struct op *op)
{
    return (
        struct sync_ask){ .arena = op->arena,
                          .db = op->db,
                          .tx = op->tx,
                          .now = op->now,
                          .viewer = { .account_sid = op->who.account_sid, .service_sid = op_path(op, "service_sid") } };
}

int64_t first_given(int64_t a, int64_t b)
{
    return a != NO_VALUE ? a : b;
}

/* What is not stored is a stream's message. */
enum sync_type sync_type_of(const struct op *op)
{
    const struct kind *k = op->res->kind;

    for (enum sync_type t = SYNC_DOCUMENT; t < SYNC_STREAM; t++)
        if (k == sync_object_kind(t) || (k && (k == sync_item_kind(t) || k == sync_permission_kind(t))))
            return t;
    return SYNC_STREAM;
}

fault_t sync_enter_service(struct op *op)
{
    struct sync_ask ask = sync_ask_of(op);
    const struct sync_service *v = sync_service_find(&ask, op->who.account_sid, ask.viewer.service_sid);

    if (!v)
        return refuse(op, F_SYNC_SERVICE_UNKNOWN, "Service %.64s was not found", ask.viewer.service_sid);
    op_path_set(op, "service_sid", v->sid);
    return NULL;
}

fault_t sync_enter_object(struct op *op)
{
    static const char *const names[] = {
        [SYNC_DOCUMENT] = "document_sid", [SYNC_LIST] = "list_sid", [SYNC_MAP] = "map_sid", [SYNC_STREAM] = "stream_sid"
    };
    enum sync_type t = sync_type_of(op);
    const struct sync_stored *o;
    fault_t f = sync_enter_service(op);
    struct sync_ask ask = sync_ask_of(op);

    f = f ? f : sync_object_find(&ask, t, op_path(op, names[t]), SYNC_READ, &o);
    if (f)
        return f;
    op_path_set(op, names[t], o->sid);
    op->scope = (void *)o; /* on the ledger's thread: the row itself, to be changed */
    return NULL;
}

static const struct resource *const resources[] = {
    &sync_service_resource,        &sync_object_resources[0],     &sync_object_resources[1],
    &sync_object_resources[2],     &sync_object_resources[3],     &sync_item_resources[0],
    &sync_item_resources[1],       &sync_permission_resources[0], &sync_permission_resources[1],
    &sync_permission_resources[2], &sync_message_resource,
};

static fault_t start(struct site *site, struct arena *a)
{
    sync_webhooks_begin(site, a);
    return NULL;
}

const struct module sync_product_module = { .name = "sync-rest", .resources = ROWS(resources), .start = start };
