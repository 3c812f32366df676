/* Service: what objects belong to, and what holds for all of them. */
#include "product/sync/internal.h"

#include <string.h>

static const struct link_row links[] = {
    { "documents", "/v1/Services/{sid}/Documents" },
    { "lists", "/v1/Services/{sid}/Lists" },
    { "maps", "/v1/Services/{sid}/Maps" },
    { "streams", "/v1/Services/{sid}/Streams" },
};

static fault_t enter(struct op *op)
{
    const char *sid = op_path(op, "sid");

    if (!sid)
        return NULL;
    sid = sync_service_sid(op->arena, op->who.account_sid, sid);
    op_path_set(op, "sid", sid);
    if (op->tx && !strcmp(sid, sync_service_sid(op->arena, op->who.account_sid, "default")))
        sync_service_make(op->tx, op->who.account_sid);
    return NULL;
}

/* Whoever looks at services finds the default one among them. */
static fault_t look(struct op *op)
{
    sync_service_make(op->tx, op->who.account_sid);
    return NULL;
}

static fault_t find(struct op *op, const char *key, void **row)
{
    *row = op_find(op, &sync_service_kind, key);
    return *row ? NULL : refuse(op, F_SYNC_SERVICE_UNKNOWN, "Service %.64s was not found", key);
}

/* From now on who watches needs a permission. */
static fault_t update(struct op *op, void *row, const void *was)
{
    const struct sync_service *now = row, *before = was;

    if (now->acl_enabled && !before->acl_enabled)
        sync_doubt(sync_of(op), op->tx,
                   &(struct sync_doubt){ .account_sid = now->account_sid, .service_sid = now->sid });
    return NULL;
}

static fault_t remove_service(struct op *op, void *row)
{
    return sync_service_removed(sync_of(op), op->tx, row);
}

const struct resource sync_service_resource = {
    .product = "sync",
    .name = "Service",
    .path = "/v1/Services",
    .many = "services",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &sync_service_kind,
    .links = ROWS(links),
    .enter = enter,
    .look = look,
    .find = find,
    .update = update,
    .remove = remove_service,
};
