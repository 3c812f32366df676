/* Queries as sync sees them: objects of a type of their own, known by the ids that searches gave out. */
#include "live/internal.h"
#include <string.h>

fault_t live_viewer_of(struct tx *tx, const struct principal *who, struct live_viewer *out)
{
    const char *service = who->insights_service;
    const char *sid = service ? arena_strndup(tx->arena, service, SID_LENGTH) : "";
    const struct workspace *w = sid_valid(sid, "WS") ? row_find(tx, &workspace_kind, sid) : NULL;
    bool agent = who->worker_sid && !str_eq(who->role, "supervisor") && !str_eq(who->role, "admin");

    if (!service)
        return fault(tx->arena, F_FORBIDDEN, "The token has no grant flex_insights");
    if (!w || !str_eq(w->account_sid, who->account_sid) || !str_eq(service + SID_LENGTH, LIVE_SERVICE))
        return fault(tx->arena, F_FORBIDDEN, "The token's grant flex_insights names no workspace of this account");
    *out = (struct live_viewer){ w->account_sid, w->sid, agent ? who->worker_sid : NULL };
    return NULL;
}

fault_t live_enter(struct live *v, struct tx *tx, const struct principal *who, const char *query_id, const char *index,
                   const char *text)
{
    struct live_viewer viewer;
    struct handle *h = sid_valid(query_id, "QR") ? map_get(&v->handles, query_id) : NULL;
    fault_t f = live_viewer_of(tx, who, &viewer);

    if (f || (h && query_is_for(h->query, &viewer)))
        return f;
    if (h || !index || !text || !sid_valid(query_id, "QR"))
        return fault(tx->arena, F_NOT_FOUND, "There is no query %.64s", query_id);
    f = query_open(v, tx, &viewer, index, text, query_id, &h);
    if (!f)
        query_go_on(h->query, tx, SIZE_MAX);
    return f;
}

static fault_t find(void *arg, struct sync_ask *ask, const char *name, bool *found, struct sync_object *out)
{
    struct live *v = arg;
    struct handle *h = sid_valid(name, "QR") ? map_get(&v->handles, name) : NULL;

    *found = h && str_eq(ask->viewer.account_sid, h->query->pool->account_sid) &&
             str_eq(ask->viewer.service_sid, h->query->pool->service);
    if (!*found)
        return NULL;
    *out = (struct sync_object){
        .type = SYNC_LIVE_QUERY,
        .sid = arena_strdup(ask->arena, h->sid),
        .account_sid = ask->viewer.account_sid,
        .service_sid = ask->viewer.service_sid,
        .last_event_id = h->query->last_event_id,
        .revision = live_revision(ask->arena, h->query->last_event_id),
        .date_created = NO_VALUE,
        .date_updated = NO_VALUE,
        .date_expires = NO_VALUE,
        .source = &v->source,
        .of = h,
    };
    return NULL;
}

static struct sync_item item_of(struct arena *a, int64_t id, const char *key, const char *data)
{
    return (struct sync_item){
        .key = key,
        .index = NO_VALUE,
        .event_id = id,
        .added_id = id,
        .revision = live_revision(a, id),
        .data = data,
        .removed = !data,
        .date_created = NO_VALUE,
        .date_updated = NO_VALUE,
        .date_expires = NO_VALUE,
    };
}

/* All of it: a result has no pages. */
static fault_t items(void *arg, struct sync_ask *ask, const struct sync_object *o, const struct sync_page *page,
                     struct sync_items *out)
{
    struct live *v = arg;
    struct handle *h = map_get(&v->handles, o->sid);
    struct live_result r = { 0 };

    (void)page;
    *out = (struct sync_items){ 0 };
    if (!h)
        return fault(ask->arena, F_NOT_FOUND, "The query %s is not open", o->sid);
    query_results(h->query, ask->arena, &r);
    out->rows = arena_alloc(ask->arena, (r.n + 1) * sizeof *out->rows);
    for (size_t i = 0; i < r.n; i++)
        out->rows[out->n++] = item_of(ask->arena, r.items[i].revision, r.items[i].key, r.items[i].data);
    return NULL;
}

/* From the end of the list back to what the asker knows. */
static fault_t replay(void *arg, struct sync_ask *ask, const struct sync_object *o, int64_t after,
                      struct sync_items *out)
{
    struct live *v = arg;
    struct handle *handle = map_get(&v->handles, o->sid);
    size_t n = 0;

    *out = (struct sync_items){ 0 };
    if (!handle)
        return fault(ask->arena, F_NOT_FOUND, "The query %s is not open", o->sid);
    const struct query *q = handle->query;
    if (after < q->forgotten)
        return fault(ask->arena, F_GONE, "What has left the result since event %lld is not known any more",
                     (long long)after);
    struct link *first = q->events.prev;
    for (; first != &q->events && CONTAINER_OF(first, struct hit, in_events)->event_id > after; first = first->prev)
        n++;
    out->rows = arena_alloc(ask->arena, (n + 1) * sizeof *out->rows);
    for (struct link *l = first->next; l != &q->events; l = l->next) {
        struct hit *h = CONTAINER_OF(l, struct hit, in_events);
        out->rows[out->n++] = item_of(ask->arena, h->event_id, arena_strdup(ask->arena, h->key),
                                      h->entry ? arena_strdup(ask->arena, h->entry->leaf->text) : NULL);
    }
    return NULL;
}

static void watched(void *arg, struct tx *tx, const char *object_sid, bool by_somebody)
{
    struct live *v = arg;
    struct handle *h = map_get(&v->handles, object_sid);

    if (h)
        query_watched(h, tx, by_somebody);
}

void live_source_add(struct live *v)
{
    v->source = (struct sync_source){
        .name = "live", .on_ledger = true, .find = find, .items = items, .replay = replay, .watched = watched, .arg = v
    };
    sync_source_add(v->sync, &v->source);
}
