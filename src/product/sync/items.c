/* The items of lists and maps. */
#include "product/sync/internal.h"

#include "base/text.h"
#include <stddef.h>

struct item_params {
    const char *key, *data;
    int64_t ttl, item_ttl, collection_ttl;
};

enum bounds { BOUNDS_INCLUSIVE, BOUNDS_EXCLUSIVE };
enum query_order { ORDER_ASC, ORDER_DESC };
static const char *const bounds_names[] = { "inclusive", "exclusive", NULL };
static const char *const order_names[] = { "asc", "desc", NULL };
struct page_params {
    unsigned order, bounds;
    const char *from;
};

/* Ttl means the item's, ItemTtl says so.  Only what a map is asked to make has a key beside its path. */
/* clang-format off */
#define ITEM_PARAMS(data_flags)                                                                                        \
    FIELD(item_params, data,           STR, .flags = data_flags),                                                      \
    FIELD(item_params, ttl,            INT),                                                                           \
    FIELD(item_params, item_ttl,       INT),                                                                           \
    FIELD(item_params, collection_ttl, INT)
static const struct field list_create_fields[] = { ITEM_PARAMS(REQUIRED) };
static const struct field map_create_fields[]  = { ITEM_PARAMS(REQUIRED), FIELD(item_params, key, STR, .flags = REQUIRED) };
static const struct field update_fields[]      = { ITEM_PARAMS(0) };
static const struct field page_fields[] = {
    FIELD(page_params, order,  ENUM, .names = order_names,  .initial = "asc"),
    FIELD(page_params, from,   STR),
    FIELD(page_params, bounds, ENUM, .names = bounds_names, .initial = "inclusive"),
};
/* clang-format on */

/* An index as a path or From says it. */
static fault_t index_of(struct op *op, const char *text, int64_t *out)
{
    if (str_to_int(text, out) && *out >= 0)
        return NULL;
    return refuse(op, F_SYNC_LIST_ITEM_UNKNOWN, "'%.40s' is not the index of an item", text);
}

static fault_t item_sid(struct op *op, const char *text, const char **out)
{
    const struct sync_stored *o = op->scope;
    int64_t index = 0;
    fault_t f = sync_type_of(op) == SYNC_LIST ? index_of(op, text, &index) : NULL;

    if (!f)
        *out = sync_type_of(op) == SYNC_LIST ? sync_index_sid(op->arena, o->sid, index)
                                             : sync_item_sid(op->arena, o->sid, text);
    return f;
}

static fault_t find(struct op *op, const char *key, void **row)
{
    const struct sync_stored *o = op->scope;
    struct sync_ask ask = sync_ask_of(op);
    const struct sync_row *item = NULL;
    const char *sid;
    fault_t f = item_sid(op, key, &sid);

    f = f ? f : sync_item_find(&ask, sync_type_of(op), o->sid, sid, &item);
    *row = (void *)item;
    return f;
}

static fault_t put(struct op *op, const char *key, int64_t index, unsigned how, struct sync_row **out)
{
    const struct item_params *p = op->params;
    bool added;

    return sync_item_put(sync_of(op), op->tx, sync_type_of(op), op->scope,
                         &(struct sync_item_change){ .key = key,
                                                     .index = index,
                                                     .data = p->data,
                                                     .how = how,
                                                     .ttl = { first_given(p->item_ttl, p->ttl), p->collection_ttl } },
                         out, &added);
}

static fault_t make(struct op *op, void **out)
{
    struct sync_row *item = NULL;
    fault_t f = put(op, ((const struct item_params *)op->params)->key, NO_VALUE, SYNC_PUT_ADD, &item);

    *out = item;
    return f;
}

static fault_t update(struct op *op, void *row, const void *was)
{
    struct sync_row *item = row;

    (void)was;
    return put(op, item->key, item->index, SYNC_PUT_REPLACE, &item);
}

static fault_t remove_item(struct op *op, void *row)
{
    op->answer.status = 204; /* what is left is a tombstone */
    return sync_item_remove(sync_of(op), op->tx, sync_type_of(op), op->scope, row, NULL, NULL);
}

static fault_t match(struct op *op, const void *row, const char *if_match)
{
    return sync_match(op->arena, sync_type_of(op), true, if_match, ((const struct sync_row *)row)->event_id);
}

static fault_t present(struct op *op, void *copy)
{
    struct sync_row *item = copy;

    item->revision = sync_revision(op->arena, item->event_id);
    return NULL;
}

static fault_t select_items(struct op *op, struct list_plan *plan)
{
    const struct page_params *p = op->params;
    const struct sync_stored *o = op->scope;
    bool list = sync_type_of(op) == SYNC_LIST, exclusive = p->bounds == BOUNDS_EXCLUSIVE;
    const char *from;
    fault_t f;

    plan->newest_first = p->order == ORDER_DESC;
    plan_add(plan, list ? "list_sid" : "map_sid", IS, value_text(o->sid));
    plan_add(plan, "removed_id", IS_NULL, value_text(NULL));
    if (!p->from || !*p->from)
        return NULL;
    f = item_sid(op, p->from, &from);
    if (f)
        return refuse(op, F_SYNC_FROM, "From '%.40s' is not the index of an item", p->from);
    if (plan->newest_first)
        plan_add(plan, "sid", exclusive ? LESS : LESS_OR_IS, value_text(from));
    else
        plan_add(plan, "sid", exclusive ? MORE : MORE_OR_IS, value_text(from));
    return NULL;
}

#define COMMON                                                                                                         \
    .product = "sync", .many = "items", .verbs = LIST | FETCH | CREATE | UPDATE | DELETE, .enter = sync_enter_object,  \
    .find = find, .make = make, .update = update, .remove = remove_item, .present = present, .select = select_items,   \
    .match = match, .conditional = UPDATE | DELETE, .list_params = PARAMS(page_params, page_fields),                   \
    .update_params = PARAMS(item_params, update_fields)

const struct resource sync_item_resources[ITEM_RESOURCES] = {
    { COMMON, .name = "SyncListItem", .path = SERVICE_PATH "/Lists/{list_sid}/Items", .key = "index",
      .kind = &sync_list_item_kind, .create_params = PARAMS(item_params, list_create_fields) },
    { COMMON, .name = "SyncMapItem", .path = SERVICE_PATH "/Maps/{map_sid}/Items", .key = "key",
      .kind = &sync_map_item_kind, .create_params = PARAMS(item_params, map_create_fields) },
};
