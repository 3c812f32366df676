/* What an identity may do with an object, in a service whose access is held back (AclEnabled). */
#include "product/sync/internal.h"

#include <string.h>

static fault_t find(struct op *op, const char *key, void **row)
{
    const struct sync_stored *o = op->scope;
    const struct kind *k = op->res->kind;

    if (op->tx && !strcmp(op->http->method, "POST"))
        *row = sync_permission_make(op->tx, sync_type_of(op), o, key);
    else
        *row = op_find(op, k, sync_item_sid(op->arena, o->sid, key));
    return NULL;
}

/* Whoever is watching may have lost the right to. */
static void doubt(struct op *op, const struct sync_permission *p)
{
    sync_doubt(sync_of(op), op->tx,
               &(struct sync_doubt){ .account_sid = p->account_sid,
                                     .service_sid = p->service_sid,
                                     .identity = p->identity,
                                     .object_sid = p->object_sid });
}

static fault_t remove_permission(struct op *op, void *row)
{
    doubt(op, row);
    return NULL;
}

static fault_t update(struct op *op, void *row, const void *was)
{
    static const char *const wanted[] = { "Read", "Write", "Manage" };

    (void)was;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
        if (!op_given(op, wanted[i]))
            return refuse(op, F_INVALID_PARAMETER, "Missing required parameter %s in the post body", wanted[i]);
    doubt(op, row);
    return NULL;
}

static fault_t select_permissions(struct op *op, struct list_plan *plan)
{
    static const char *const columns[] = {
        [SYNC_DOCUMENT] = "document_sid", [SYNC_LIST] = "list_sid", [SYNC_MAP] = "map_sid"
    };

    plan_add(plan, columns[sync_type_of(op)], IS, value_text(((const struct sync_stored *)op->scope)->sid));
    return NULL;
}

#define COMMON                                                                                                         \
    .product = "sync", .many = "permissions", .key = "identity", .verbs = LIST | FETCH | UPDATE | DELETE,              \
    .enter = sync_enter_object, .find = find, .update = update, .remove = remove_permission,                           \
    .select = select_permissions

const struct resource sync_permission_resources[PERMISSION_RESOURCES] = {
    { COMMON, .name = "DocumentPermission", .path = SERVICE_PATH "/Documents/{document_sid}/Permissions",
      .kind = &sync_document_permission_kind },
    { COMMON, .name = "SyncListPermission", .path = SERVICE_PATH "/Lists/{list_sid}/Permissions",
      .kind = &sync_list_permission_kind },
    { COMMON, .name = "SyncMapPermission", .path = SERVICE_PATH "/Maps/{map_sid}/Permissions",
      .kind = &sync_map_permission_kind },
};
