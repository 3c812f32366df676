/* item: what lists and maps hold. */
#include "sync/internal.h"

#include "base/text.h"
#include <string.h>

static fault_t key_check(struct tx *tx, const char *key)
{
    if (!key || !*key || utf8_length(key) > SYNC_KEY_MAX)
        return fault(tx->arena, F_SYNC_MAP_KEY, "The key of an item has 1 to %d characters", SYNC_KEY_MAX);
    return NULL;
}

static bool is_there(const struct tx *tx, const struct sync_row *item)
{
    return item && item->removed_id == NO_VALUE && (item->date_expires == NO_VALUE || item->date_expires > tx->now);
}

static fault_t exists(struct tx *tx, enum sync_type t, const struct sync_item_change *c, const struct sync_row *item)
{
    if (c->if_match && !strcmp(c->if_match, "-1"))
        return fault(tx->arena, sync_types[t].item_stale, "If-Match -1, but there is an item, of revision %s",
                     sync_revision(tx->arena, item->event_id));
    if (c->how & SYNC_PUT_REPLACE)
        return sync_match(tx->arena, t, true, c->if_match, item->event_id);
    return fault(tx->arena, F_SYNC_MAP_ITEM_EXISTS, "An item with key %.320s already exists in the map", c->key);
}

static fault_t is_missing(struct tx *tx, enum sync_type t, const struct sync_stored *o,
                          const struct sync_item_change *c)
{
    bool list = t == SYNC_LIST;

    if (!(c->how & SYNC_PUT_ADD) || (list && c->index != NO_VALUE))
        return list ? fault(tx->arena, sync_types[t].item_unknown, "The list has no item %lld", (long long)c->index)
                    : fault(tx->arena, sync_types[t].item_unknown, "The map has no item with key %.320s", c->key);
    if (c->if_match && strcmp(c->if_match, "-1") != 0)
        return fault(tx->arena, sync_types[t].item_stale, "If-Match %.40s, but there is no item yet", c->if_match);
    if (o->items >= SYNC_ITEMS_MAX)
        return fault(tx->arena, list ? F_SYNC_LIST_FULL : F_SYNC_MAP_FULL, "%s has %d items already", o->sid,
                     SYNC_ITEMS_MAX);
    if (!c->data)
        return fault(tx->arena, sync_types[t].data_bad, "A new item needs data");
    return NULL;
}

/* A new row, or the tombstone that stands at its place. */
static struct sync_row *place_for(struct tx *tx, enum sync_type t, const struct sync_stored *o, const char *sid,
                                  const struct sync_item_change *c, struct sync_row *tombstone)
{
    struct sync_row *item = tombstone ? tombstone : row_new(tx, sync_types[t].items, sid);

    row_edit(tx, item);
    if (!tombstone) {
        row_set(tx, item, &item->account_sid, o->account_sid);
        row_set(tx, item, &item->service_sid, o->service_sid);
        row_set(tx, item, &item->object_sid, o->sid);
        if (t == SYNC_MAP)
            row_set(tx, item, &item->key, c->key);
        else
            item->index = o->next_index;
    }
    row_set(tx, item, &item->created_by, c->who ? c->who : "system");
    item->date_created = tx->now;
    item->date_expires = item->removed_id = NO_VALUE;
    return item;
}

static fault_t put(struct tx *tx, enum sync_type t, struct sync_stored *o, const struct sync_item_change *c,
                   struct sync_row *item, bool added)
{
    fault_t f = c->data ? data_check(tx, t, c->data, SYNC_DATA_MAX) : NULL;

    f = f ? f : ttl_set(tx, c->ttl.item, &item->date_expires);
    f = f ? f : ttl_set(tx, c->ttl.object, &o->date_expires);
    if (f)
        return f;
    expiry_set(tx, o->sid, item->date_expires);
    expiry_set(tx, o->sid, o->date_expires);
    if (!c->data) /* how long it lives is nothing that watchers are told */
        return NULL;
    row_set(tx, item, &item->data, c->data);
    o->event_id++;
    o->date_updated = item->date_updated = tx->now;
    item->event_id = o->event_id;
    if (added) {
        item->added_id = o->event_id;
        o->items++;
        o->next_index += t == SYNC_LIST;
    }
    return NULL;
}

fault_t sync_item_put(struct sync *s, struct tx *tx, enum sync_type t, struct sync_stored *o,
                      const struct sync_item_change *c, struct sync_row **out, bool *added)
{
    bool list = t == SYNC_LIST;
    const char *sid = list ? sync_index_sid(tx->arena, o->sid, c->index == NO_VALUE ? o->next_index : c->index)
                           : sync_item_sid(tx->arena, o->sid, c->key ? c->key : "");
    fault_t f = list ? NULL : key_check(tx, c->key);
    struct sync_row *item = f ? NULL : row_find(tx, sync_types[t].items, sid);
    bool there = is_there(tx, item);

    f = f ? f : there ? exists(tx, t, c, item) : is_missing(tx, t, o, c);
    if (f)
        return f;
    row_edit(tx, o);
    if (!there && item && item->removed_id == NO_VALUE)
        o->items--; /* it has expired a moment ago, and its alarm has not rung yet */
    if (!there)
        item = place_for(tx, t, o, sid, c, item);
    row_edit(tx, item);
    f = put(tx, t, o, c, item, !there);
    if (f)
        return f;
    if (c->data)
        object_tell(s, tx,
                    &(struct object_news){ t, there ? SYNC_UPDATED : SYNC_ADDED, o, .item = item, .identity = c->who });
    *out = item;
    *added = !there;
    return NULL;
}

fault_t sync_item_remove(struct sync *s, struct tx *tx, enum sync_type t, struct sync_stored *o, struct sync_row *item,
                         const char *if_match, const char *who)
{
    fault_t f = sync_match(tx->arena, t, true, if_match, item->event_id);

    if (f)
        return f;
    row_edit(tx, o);
    row_edit(tx, item);
    o->event_id++;
    o->items--;
    o->date_updated = item->date_updated = tx->now;
    item->event_id = item->removed_id = o->event_id;
    item->date_expires = NO_VALUE;
    object_tell(s, tx, &(struct object_news){ t, SYNC_REMOVED, o, .item = item, .identity = who });
    tombstones_later(tx, o->sid, tx->now + SYNC_TOMBSTONE_HOURS * HOUR);
    return NULL;
}
