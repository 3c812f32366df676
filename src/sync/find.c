/* find: rows as objects and items; who may see them. */
#include "sync/internal.h"

#include "base/text.h"
#include <string.h>

/* --- names ------------------------------------------------------------------------------------------------------ */

const char *sync_item_sid(struct arena *a, const char *object_sid, const char *key)
{
    return arena_printf(a, "%s/%s", object_sid, key);
}

/* Numbers in the order of their text. */
const char *sync_index_sid(struct arena *a, const char *object_sid, int64_t index)
{
    return arena_printf(a, "%s/%019lld", object_sid, (long long)index);
}

const char *sync_revision(struct arena *a, int64_t event_id)
{
    return arena_printf(a, "%llx", (unsigned long long)event_id);
}

/* --- rows ------------------------------------------------------------------------------------------------------- */

fault_t ask_failed(struct sync_ask *ask)
{
    return fault(ask->arena, F_UNAVAILABLE, "The store cannot be read: %s", db_error(ask->db));
}

const void *ask_row(struct sync_ask *ask, const struct kind *k, const char *sid)
{
    void *row = NULL;

    if (ask->tx)
        return row_find(ask->tx, k, sid);
    return record_find(ask->db, ask->arena, k, sid, &row) == DB_OK ? row : NULL;
}

static void service_default(struct sync_service *v, const char *sid, const char *account_sid, int64_t now)
{
    *v = (struct sync_service){ .sid = sid,
                                .account_sid = account_sid,
                                .unique_name = "default",
                                .friendly_name = "Default Service",
                                .reachability_debouncing_window = 5000,
                                .date_created = now,
                                .date_updated = now };
}

const struct sync_service *sync_service_find(struct sync_ask *ask, const char *account_sid, const char *service)
{
    const char *sid = sync_service_sid(ask->arena, account_sid, service);
    const struct sync_service *v = sid ? ask_row(ask, &sync_service_kind, sid) : NULL;

    if (v)
        return str_eq(v->account_sid, account_sid) ? v : NULL;
    if (!str_eq(sid, sync_service_sid(ask->arena, account_sid, "default")))
        return NULL;
    struct sync_service *made = arena_alloc(ask->arena, sizeof(*made));
    service_default(made, sid, account_sid, ask->now);
    return made;
}

struct sync_service *sync_service_make(struct tx *tx, const char *account_sid)
{
    const char *sid = sync_service_sid(tx->arena, account_sid, "default");
    struct sync_service *v = row_find(tx, &sync_service_kind, sid), initial;

    if (v)
        return v;
    service_default(&initial, sid, account_sid, tx->now);
    v = row_new(tx, &sync_service_kind, sid);
    row_set(tx, v, &v->account_sid, account_sid);
    row_set(tx, v, &v->unique_name, initial.unique_name);
    row_set(tx, v, &v->friendly_name, initial.friendly_name);
    v->reachability_debouncing_window = initial.reachability_debouncing_window;
    return v;
}

static bool is_over(int64_t expires, int64_t now)
{
    return expires != NO_VALUE && expires <= now;
}

/* In this service, by sid or by name; NULL in *out: there is none. */
static fault_t find_object(struct sync_ask *ask, enum sync_type t, const char *name, const struct sync_stored **out)
{
    const struct kind *k = sync_types[t].objects;
    const struct sync_viewer *v = &ask->viewer;
    const struct sync_stored *o = NULL;

    *out = NULL;
    if (sid_valid(name, field_flagged(k, KEY)->prefix))
        o = ask_row(ask, k, name);
    if (!o) {
        struct condition c[] = {
            { .column = "service_sid", .compare = IS, .value = value_text(v->service_sid) },
            { .column = "unique_name", .compare = IS, .value = value_text(name) },
        };
        struct selection s = { .conditions = c, .nconditions = 2 };
        void *found;
        if (record_first(ask->db, ask->arena, k, &s, &found) != DB_OK)
            return ask_failed(ask);
        o = found;
        if (o && ask->tx) /* as this command sees it */
            o = row_find(ask->tx, k, o->sid);
    }
    if (o && str_eq(o->service_sid, v->service_sid) && str_eq(o->account_sid, v->account_sid) &&
        !is_over(o->date_expires, ask->now))
        *out = o;
    return NULL;
}

static fault_t may(struct sync_ask *ask, enum sync_type t, const struct sync_stored *o, enum sync_right right)
{
    static const char *const words[] = { "read", "write", "manage" };
    const struct sync_service *service;
    const struct sync_permission *p;

    if (!ask->viewer.identity || !sync_types[t].permissions)
        return NULL;
    service = ask_row(ask, &sync_service_kind, o->service_sid);
    if (!service || !service->acl_enabled)
        return NULL;
    p = ask_row(ask, sync_types[t].permissions, sync_item_sid(ask->arena, o->sid, ask->viewer.identity));
    if (p && (right == SYNC_READ ? p->read : right == SYNC_WRITE ? p->write : p->manage))
        return NULL;
    return fault(ask->arena, F_SYNC_FORBIDDEN, "Identity %.64s may not %s %s %s", ask->viewer.identity, words[right],
                 sync_types[t].word, o->sid);
}

/* Some clients read these very words. */
fault_t unknown_object(struct sync_ask *ask, enum sync_type t, const char *name)
{
    if (!sid_valid(name, NULL))
        return fault(ask->arena, sync_types[t].unknown, "Unique name not found");
    return fault(ask->arena, sync_types[t].unknown, "The %s %.320s was not found", sync_types[t].word, name);
}

fault_t sync_object_find(struct sync_ask *ask, enum sync_type t, const char *name, enum sync_right right,
                         const struct sync_stored **out)
{
    ask->viewer.service_sid = sync_service_sid(ask->arena, ask->viewer.account_sid, ask->viewer.service_sid);
    fault_t f = find_object(ask, t, name, out);

    if (!f && !*out)
        f = unknown_object(ask, t, name);
    return f ? f : may(ask, t, *out, right);
}

fault_t sync_item_find(struct sync_ask *ask, enum sync_type t, const char *object_sid, const char *item_sid,
                       const struct sync_row **out)
{
    const struct sync_row *item = ask_row(ask, sync_types[t].items, item_sid);

    if (item && item->removed_id == NO_VALUE && !is_over(item->date_expires, ask->now)) {
        *out = item;
        return NULL;
    }
    return fault(ask->arena, sync_types[t].item_unknown, "The %s %s has no item %.320s", sync_types[t].word, object_sid,
                 item_sid + strlen(object_sid) + 1);
}

/* --- as sync.h shows them --------------------------------------------------------------------------------- */

void sync_object_shown(struct arena *a, const struct sync_stored *row, enum sync_type type, struct sync_object *out)
{
    *out = (struct sync_object){
        .type = type,
        .sid = row->sid,
        .account_sid = row->account_sid,
        .service_sid = row->service_sid,
        .unique_name = row->unique_name,
        .last_event_id = row->event_id,
        .context_id = row->context_id,
        .revision = sync_revision(a, row->event_id),
        .data = row->data,
        .date_created = row->date_created,
        .date_updated = row->date_updated,
        .date_expires = row->date_expires,
        .created_by = row->created_by,
        .of = (void *)row,
    };
}

void sync_item_shown(struct arena *a, const struct sync_row *row, enum sync_type type, struct sync_item *out)
{
    *out = (struct sync_item){
        .key = type == SYNC_MAP ? row->key : NULL,
        .index = type == SYNC_MAP ? 0 : row->index,
        .event_id = row->event_id,
        .added_id = row->added_id,
        .revision = sync_revision(a, row->event_id),
        .data = row->data,
        .removed = row->removed_id != NO_VALUE,
        .date_created = row->date_created,
        .date_updated = row->date_updated,
        .date_expires = row->date_expires,
        .created_by = row->created_by,
    };
}

fault_t stored_find(struct sync_ask *ask, enum sync_type type, const char *name, bool *found, struct sync_object *out)
{
    const struct sync_stored *o;
    fault_t f = find_object(ask, type, name, &o);

    if (f || !o)
        return f;
    *found = true;
    sync_object_shown(ask->arena, o, type, out);
    return may(ask, type, o, SYNC_READ);
}

/* --- pages and replays ------------------------------------------------------------------------------------ */

struct gathered {
    struct sync_ask *ask;
    enum sync_type type;
    struct sync_items *out;
    size_t room;
};

static bool gather(void *arg, void *row)
{
    struct gathered *g = arg;

    if (is_over(((struct sync_row *)row)->date_expires, g->ask->now))
        return true;
    if (g->out->n == g->room) {
        g->out->more_after = true;
        return false;
    }
    sync_item_shown(g->ask->arena, row, g->type, &g->out->rows[g->out->n++]);
    return true;
}

static struct condition only(const char *column, enum compare compare, struct value v)
{
    return (struct condition){ .column = column, .compare = compare, .value = v };
}

static const char *parent_column(enum sync_type t)
{
    return t == SYNC_LIST ? "list_sid" : "map_sid";
}

fault_t stored_items(struct sync_ask *ask, const struct sync_object *o, const struct sync_page *page,
                     struct sync_items *out)
{
    const struct kind *k = sync_types[o->type].items;
    bool list = o->type == SYNC_LIST, placed = list ? page->index != NO_VALUE : page->key != NULL;
    struct gathered g = { .ask = ask, .type = o->type, .out = out, .room = page->size };
    struct condition c[3] = {
        only(parent_column(o->type), IS, value_text(o->sid)),
        only("removed_id", IS_NULL, value_text(NULL)),
    };
    struct order order = { "sid", page->descending };
    struct selection s = { .conditions = c, .nconditions = 2, .orders = &order, .norders = 1 };

    if (!k)
        return NULL;
    out->rows = arena_alloc(ask->arena, (page->size + 1) * sizeof(*out->rows));
    if (placed) {
        const char *from = list ? sync_index_sid(ask->arena, o->sid, page->index > 0 ? page->index : 0)
                                : sync_item_sid(ask->arena, o->sid, page->key);
        enum compare after =
            page->descending ? (page->exclusive ? LESS : LESS_OR_IS) : (page->exclusive ? MORE : MORE_OR_IS);
        enum compare before =
            page->descending ? (page->exclusive ? MORE_OR_IS : MORE) : (page->exclusive ? LESS_OR_IS : LESS);
        c[2] = only("sid", before, value_text(from));
        s.nconditions = 3;
        void *one;
        if (record_first(ask->db, ask->arena, k, &s, &one) != DB_OK)
            return ask_failed(ask);
        out->more_before = one;
        c[2].compare = after;
    }
    return record_select(ask->db, ask->arena, k, &s, gather, &g) == DB_OK ? NULL : ask_failed(ask);
}

static bool gather_change(void *arg, void *row)
{
    struct gathered *g = arg;

    if (g->out->n == g->room) {
        g->out->more_after = true;
        return false;
    }
    sync_item_shown(g->ask->arena, row, g->type, &g->out->rows[g->out->n++]);
    return true;
}

fault_t stored_replay(struct sync_ask *ask, const struct sync_object *o, int64_t after, struct sync_items *out)
{
    const struct kind *k = sync_types[o->type].items;
    const struct sync_stored *row = o->of;
    struct gathered g = { .ask = ask, .type = o->type, .out = out, .room = SYNC_REPLAY_MAX };
    struct condition c[] = {
        only(parent_column(o->type), IS, value_text(o->sid)),
        only("event_id", MORE, value_int(after)),
    };
    struct order order = { "event_id", false };
    struct selection s = { .conditions = c, .nconditions = 2, .orders = &order, .norders = 1, .limit = g.room + 1 };

    if (!k || after >= o->last_event_id)
        return NULL;
    int64_t missed = o->last_event_id - after;
    out->rows =
        arena_alloc(ask->arena, (size_t)(missed < SYNC_REPLAY_MAX ? missed : SYNC_REPLAY_MAX) * sizeof(*out->rows));
    g.room = (size_t)(missed < SYNC_REPLAY_MAX ? missed : SYNC_REPLAY_MAX);
    if (after < row->forgotten_id)
        return fault(ask->arena, F_GONE, "What was removed from %s since event %lld is not remembered any more", o->sid,
                     (long long)after);
    return record_select(ask->db, ask->arena, k, &s, gather_change, &g) == DB_OK ? NULL : ask_failed(ask);
}
