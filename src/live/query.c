/* A query: which rows are its result, and what it remembers of those that were.
 *
 * The result is a map of hits, each pointing to the row's entry; the same hits stand in a list in the order of their
 * last events, so that what has an event after n is found from the list's end.  A hit that has left stays in both, and
 * in a list of its own that says which to forget first. */
#include "live/internal.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *live_make(size_t n)
{
    void *p = calloc(1, n);

    if (!p)
        abort();
    return p;
}

/* --- ids and texts */

/* Milliseconds leave room for a thousand events each; so the number rises across restarts, too. */
int64_t live_next_id(struct live *v, int64_t now)
{
    v->serial = v->serial + 1 > now * 1000 ? v->serial + 1 : now * 1000;
    return v->serial;
}

const char *live_revision(struct arena *a, int64_t id)
{
    return arena_printf(a, "%llx", (long long)id);
}

void leaf_release(void *leaf)
{
    struct leaf *l = leaf;

    if (l && atomic_fetch_sub(&l->refs, 1) == 1)
        free(l);
}

struct leaf *leaf_make(const char *text)
{
    size_t n = strlen(text);
    struct leaf *l = live_make(sizeof *l + n + 1);

    l->refs = 1;
    l->n = n;
    memcpy(l->text, text, n);
    return l;
}

/* --- results */

static void drop_entry_if_unused(struct pool *p, struct entry *e)
{
    if (!list_empty(&e->hits))
        return;
    map_remove(&p->entries, e->sid);
    leaf_release(e->leaf);
    free(e);
}

static void forget_hit(struct hit *h)
{
    map_remove(&h->query->hits, h->key);
    list_remove(&h->in_events);
    list_remove(&h->in_removed);
    list_remove(&h->in_entry);
    free(h);
}

static void stamp(struct hit *h, int64_t id)
{
    struct query *q = h->query;

    h->event_id = q->last_event_id = id;
    list_remove(&h->in_events);
    list_append(&q->events, &h->in_events);
}

static struct hit *add_hit(struct query *q, struct entry *e, int64_t id)
{
    struct hit *h = map_get(&q->hits, e->sid);

    if (!h) {
        h = live_make(sizeof *h);
        memcpy(h->key, e->sid, sizeof h->key);
        h->query = q;
        list_init(&h->in_events);
        list_init(&h->in_removed);
        list_init(&h->in_entry);
        map_put(&q->hits, h->key, h);
    } else if (!h->entry) {
        list_remove(&h->in_removed);
        q->nremoved--;
    }
    h->entry = e;
    h->added_id = id;
    list_append(&e->hits, &h->in_entry);
    q->nresults++;
    stamp(h, id);
    return h;
}

static void lose_hit(struct hit *h, int64_t id)
{
    struct query *q = h->query;

    list_remove(&h->in_entry);
    h->entry = NULL;
    q->nresults--;
    q->nremoved++;
    list_append(&q->removed, &h->in_removed);
    stamp(h, id);
    while (q->nremoved > LIVE_REMOVED_MAX) {
        struct hit *oldest = CONTAINER_OF(q->removed.next, struct hit, in_removed);
        q->forgotten = oldest->event_id;
        q->nremoved--;
        forget_hit(oldest);
    }
}

/* --- looking at a row */

bool query_matches(const struct query *q, struct subject *s)
{
    struct expr_scope scope = { .fact = subject_fact, .subject = s, .now = s->tx->now };

    if (!s->shape || (q->worker_sid && !str_eq(q->worker_sid, s->worker_sid)))
        return false;
    if (expr_reads(q->expr) & EXPR_READS_WORKER)
        scope.worker = subject_attributes(s);
    return expr_eval(q->expr, &scope);
}

/* The entry, as the row is now; *changed: it was not so before. */
static struct entry *refresh_entry(struct pool *p, struct subject *s, bool *changed)
{
    struct entry *e = map_get(&p->entries, s->sid);
    size_t stable;
    const char *text = subject_text(s, &stable);
    uint64_t hash = hash_bytes(text, stable);

    *changed = !e || e->hash != hash;
    if (!e) {
        e = live_make(sizeof *e);
        memcpy(e->sid, s->sid, strnlen(s->sid, SID_LENGTH));
        list_init(&e->hits);
        map_put(&p->entries, e->sid, e);
    }
    if (*changed) {
        leaf_release(e->leaf);
        e->leaf = leaf_make(text);
        e->hash = hash;
    }
    return e;
}

struct crowd {
    struct pool *pool;
    struct subject subject;
    struct query **at;
    size_t n, room;
    const char *field;
};

static void join(struct crowd *c, struct query *q)
{
    if (q->looked == c->pool->live->looks)
        return;
    q->looked = c->pool->live->looks;
    if (c->n == c->room) {
        struct query **more = arena_alloc(c->subject.arena, 2 * (c->room + 8) * sizeof(struct query *));
        if (c->n)
            memcpy(more, c->at, c->n * sizeof(struct query *));
        c->at = more;
        c->room = 2 * (c->room + 8);
    }
    c->at[c->n++] = q;
}

static void join_pinned(void *arg, const char *value)
{
    struct crowd *c = arg;
    struct pinned *p = map_get(&c->pool->pinned, arena_printf(c->subject.arena, "%s=%s", c->field, value));

    for (struct link *l = p ? p->queries.next : NULL; p && l != &p->queries; l = l->next)
        join(c, CONTAINER_OF(l, struct pin_node, in_pinned)->query);
}

/* Every query whose result the row may come to, be changed in, or leave. */
static void gather(struct crowd *c)
{
    struct pool *p = c->pool;
    struct entry *e = map_get(&p->entries, c->subject.sid);

    p->live->looks++;
    for (struct link *l = e ? e->hits.next : NULL; e && l != &e->hits; l = l->next)
        join(c, CONTAINER_OF(l, struct hit, in_entry)->query);
    if (!c->subject.shape)
        return;
    for (struct link *l = p->unpinned.next; l != &p->unpinned; l = l->next)
        join(c, CONTAINER_OF(l, struct query, in_unpinned));
    for (size_t i = 0; i < p->npin_fields; i++) {
        c->field = p->pin_fields[i].name;
        subject_each_value(&c->subject, c->field, join_pinned, c);
    }
}

static void tell(struct query *q, struct tx *tx, const struct hit *h)
{
    const char *revision = live_revision(tx->arena, h->event_id);
    struct sync_event e = {
        .type = SYNC_LIVE_QUERY,
        .change = h->entry ? SYNC_UPDATED : SYNC_REMOVED,
        .account_sid = q->pool->account_sid,
        .service_sid = q->pool->service,
        .id = h->event_id,
        .revision = revision,
        .item = { .key = arena_strdup(tx->arena, h->key),
                  .index = NO_VALUE,
                  .event_id = h->event_id,
                  .added_id = h->added_id,
                  .revision = revision,
                  .data = h->entry ? h->entry->leaf->text : NULL,
                  .removed = !h->entry,
                  .date_created = NO_VALUE,
                  .date_updated = tx->now,
                  .date_expires = NO_VALUE },
    };

    for (LIST_EACH(l, &q->handles)) {
        struct handle *handle = CONTAINER_OF(l, struct handle, in_query);
        if (!handle->watched)
            continue;
        e.object_sid = handle->sid;
        sync_tell(q->pool->live->sync, tx, &e);
    }
}

void live_look(struct pool *p, struct tx *tx, const char *sid, bool gone)
{
    struct crowd c = { .pool = p,
                       .subject = { .live = p->live,
                                    .tx = tx,
                                    .arena = tx->arena,
                                    .index = p->index,
                                    .workspace_sid = p->workspace_sid,
                                    .sid = sid } };
    struct entry *e = NULL;
    bool changed = false;

    if (!gone)
        subject_fill(&c.subject);
    gather(&c);
    for (size_t i = 0; i < c.n; i++) {
        struct query *q = c.at[i];
        struct hit *h = map_get(&q->hits, sid);
        bool was = h && h->entry, is = query_matches(q, &c.subject);
        if (!was && !is)
            continue;
        if (is && !e) {
            e = refresh_entry(p, &c.subject, &changed);
            atomic_fetch_add(&e->leaf->refs, 1); /* for what listeners still have to send */
            arena_defer(tx->arena, leaf_release, e->leaf);
        }
        if (is && !was)
            h = add_hit(q, e, live_next_id(p->live, tx->now));
        else if (!is)
            lose_hit(h, live_next_id(p->live, tx->now));
        else if (changed)
            stamp(h, live_next_id(p->live, tx->now));
        else
            continue;
        tell(q, tx, h);
    }
    e = map_get(&p->entries, sid);
    if (e)
        drop_entry_if_unused(p, e);
}

/* --- asking a query for all of its result */

struct held {
    size_t n;
    struct leaf *at[];
};

static void release_held(void *arg)
{
    struct held *held = arg;

    for (size_t i = 0; i < held->n; i++)
        leaf_release(held->at[i]);
}

/* Texts are held, not copied: the reader's arena gives them back. */
void query_results(struct query *q, struct arena *a, struct live_result *out)
{
    struct held *held = arena_alloc(a, sizeof *held + q->nresults * sizeof(struct leaf *));
    char(*keys)[SID_SIZE] = arena_alloc(a, (q->nresults + 1) * sizeof *keys);

    arena_defer(a, release_held, held);
    out->items = arena_alloc(a, (q->nresults + 1) * sizeof *out->items);
    out->n = 0;
    out->last_event_id = q->last_event_id;
    for (struct link *l = q->events.next; l != &q->events; l = l->next) {
        struct hit *h = CONTAINER_OF(l, struct hit, in_events);
        if (!h->entry)
            continue;
        assert(out->n < q->nresults);
        memcpy(keys[out->n], h->key, sizeof *keys);
        atomic_fetch_add(&h->entry->leaf->refs, 1);
        held->at[held->n++] = h->entry->leaf;
        out->items[out->n] = (struct live_item){ keys[out->n], h->entry->leaf->text, h->event_id };
        out->n++;
    }
}

/* --- opening */

fault_t query_compile(struct tx *tx, struct arena *home, const char *text, const struct expr **out)
{
    struct expr_error err;

    if (strlen(text) > LIVE_QUERY_MAX)
        return fault(tx->arena, F_QUERY_INVALID, "The query is longer than %d bytes", LIVE_QUERY_MAX);
    *out = expr_compile(home, text, EXPR_QUERY, &err);
    if (!*out)
        return fault(tx->arena, F_QUERY_INVALID, "Invalid query: %s at character %d", err.message, err.column);
    if (expr_operators(*out) > LIVE_OPERATORS_MAX)
        return fault(tx->arena, F_QUERY_OPERATORS, "The query has more than %d operators", LIVE_OPERATORS_MAX);
    if (expr_longest_list(*out) > LIVE_LIST_MAX)
        return fault(tx->arena, F_QUERY_LIST, "The query has an array of more than %d items", LIVE_LIST_MAX);
    return NULL;
}

fault_t live_index_of(struct tx *tx, const char *name, int *out)
{
    const struct index_kind *k = index_named(name);

    if (!k)
        return fault(tx->arena, F_QUERY_INDEX, "There is no index '%.64s'", name);
    *out = (int)(k - live_indexes);
    return NULL;
}

const char *live_scope_of(const struct index_kind *k, const struct live_viewer *who)
{
    return k->private ? who->worker_sid : NULL;
}

bool query_is_for(const struct query *q, const struct live_viewer *who)
{
    return str_eq(q->pool->workspace_sid, who->workspace_sid) &&
           str_eq(q->worker_sid, live_scope_of(q->pool->index, who));
}

static struct pool *pool_make(struct live *v, const struct live_viewer *who, int index)
{
    struct pool *p = live_pool(v, who->workspace_sid, index);

    if (p)
        return p;
    p = live_make(sizeof *p);
    p->live = v;
    p->index = &live_indexes[index];
    snprintf(p->workspace_sid, sizeof p->workspace_sid, "%s", who->workspace_sid);
    snprintf(p->account_sid, sizeof p->account_sid, "%s", who->account_sid);
    snprintf(p->key, sizeof p->key, "%s%s", who->workspace_sid, p->index->name);
    snprintf(p->service, sizeof p->service, "%s" LIVE_SERVICE, who->workspace_sid);
    list_init(&p->unpinned);
    list_init(&p->marked);
    map_put(&v->pools, p->key, p);
    return p;
}

/* What narrows a query down; whose tasks it sees does, too. */
const struct expr_pin *live_pin_of(const struct index_kind *k, struct arena *a, const struct expr *e,
                                   const char *worker_sid)
{
    const struct expr_pin *pin = worker_sid ? NULL : expr_pin(a, e);

    if (worker_sid)
        return arena_copy(a, &(struct expr_pin){ "worker_sid", 1, { arena_strdup(a, worker_sid) } }, sizeof *pin);
    return pin && field_named(k->shape, pin->field) ? pin : NULL;
}

static bool count_pin_field(struct pool *p, const char *name, int by)
{
    size_t i = 0;

    while (i < p->npin_fields && !str_eq(p->pin_fields[i].name, name))
        i++;
    if (i == sizeof p->pin_fields / sizeof *p->pin_fields)
        return false;
    if (i == p->npin_fields) {
        p->pin_fields[i].name = field_named(p->index->shape, name)->name; /* lives for ever */
        p->pin_fields[i].queries = 0;
        p->npin_fields++;
    }
    p->pin_fields[i].queries += (size_t)by;
    if (!p->pin_fields[i].queries)
        p->pin_fields[i] = p->pin_fields[--p->npin_fields];
    return true;
}

static void pin_query(struct query *q)
{
    struct pool *p = q->pool;

    q->nodes = arena_alloc(q->arena, q->pin->n * sizeof *q->nodes);
    for (size_t i = 0; i < q->pin->n; i++) {
        const char *key = arena_printf(q->arena, "%s=%s", q->pin->field, q->pin->texts[i]);
        struct pinned *at = map_get(&p->pinned, key);
        if (!at) {
            at = live_make(sizeof *at);
            at->key = strdup(key);
            list_init(&at->queries);
            map_put(&p->pinned, at->key, at);
        }
        q->nodes[i].query = q;
        list_append(&at->queries, &q->nodes[i].in_pinned);
    }
}

static void unpin_query(struct query *q)
{
    for (size_t i = 0; q->nodes && i < q->pin->n; i++) {
        struct pinned *at = map_get(&q->pool->pinned, arena_printf(q->arena, "%s=%s", q->pin->field, q->pin->texts[i]));
        list_remove(&q->nodes[i].in_pinned);
        if (!at || !list_empty(&at->queries))
            continue;
        map_remove(&q->pool->pinned, at->key);
        free(at->key);
        free(at);
    }
}

static struct query *query_make(struct pool *p, struct arena *home, const char *key, const char *worker_sid,
                                const struct expr *e)
{
    struct query *q = arena_alloc(home, sizeof *q);
    const struct expr_pin *pin = live_pin_of(p->index, home, e, worker_sid);

    *q = (struct query){ .pool = p, .arena = home, .key = arena_strdup(home, key), .expr = e };
    q->worker_sid = arena_strdup(home, worker_sid);
    list_init(&q->events);
    list_init(&q->removed);
    list_init(&q->handles);
    list_init(&q->in_idle);
    list_init(&q->in_unpinned);
    if (pin && count_pin_field(p, pin->field, 1)) {
        q->pin = pin;
        pin_query(q);
    } else {
        list_append(&p->unpinned, &q->in_unpinned);
        p->nunpinned++;
    }
    map_put(&p->queries, q->key, q);
    return q;
}

/* While nobody watches it waits to be forgotten; one that is still being opened has somebody who waits for it. */
static void rest_unless_watched(struct query *q, int64_t now)
{
    bool watched = q->opening;

    for (LIST_EACH(l, &q->handles))
        watched = watched || CONTAINER_OF(l, struct handle, in_query)->watched;
    list_remove(&q->in_idle);
    if (watched)
        return;
    q->idle_since = now;
    list_append(&q->pool->live->idle, &q->in_idle);
}

void query_add(struct query *q, struct subject *s, int64_t id)
{
    struct hit *h = map_get(&q->hits, s->sid);
    struct entry *e = map_get(&q->pool->entries, s->sid);
    bool changed;

    if (h && h->entry)
        return;
    add_hit(q, e ? e : refresh_entry(q->pool, s, &changed), id);
}

void query_opened(struct query *q, struct tx *tx)
{
    arena_free(q->opening->arena);
    q->opening = NULL;
    q->last_event_id = q->forgotten = live_next_id(q->pool->live, tx->now);
    rest_unless_watched(q, tx->now);
}

static bool is_full(const struct pool *p, bool pinned)
{
    return p && (p->queries.n >= LIVE_QUERIES_MAX || (!pinned && p->nunpinned >= LIVE_UNPINNED_MAX));
}

static fault_t room_for_more(struct live *v, struct tx *tx, const char *workspace_sid, int index, bool pinned)
{
    if (is_full(live_pool(v, workspace_sid, index),
                pinned)) /* those that nobody watches go first, however young they are */
        queries_expire(v, tx->now, true);
    if (is_full(live_pool(v, workspace_sid, index), pinned))
        return fault(tx->arena, F_RATE_LIMIT, "Too many live queries of this index are open");
    return NULL;
}

static fault_t find_or_make(struct live *v, struct tx *tx, const struct live_viewer *who, const char *index_name,
                            const char *text, struct query **out)
{
    const struct expr *e;
    int index = 0;
    fault_t f = live_index_of(tx, index_name, &index);

    if (f)
        return f;
    const char *worker_sid = live_scope_of(&live_indexes[index], who);
    const char *key = arena_printf(tx->arena, "%s\n%s", worker_sid ? worker_sid : "", text);
    struct pool *p = live_pool(v, who->workspace_sid, index);
    *out = p ? map_get(&p->queries, key) : NULL;
    if (*out)
        return NULL;
    struct arena *home = arena_new_sized(1024);
    f = query_compile(tx, home, text, &e);
    if (!f)
        f = room_for_more(v, tx, who->workspace_sid, index,
                          live_pin_of(&live_indexes[index], tx->arena, e, worker_sid));
    if (f) {
        arena_free(home);
        return f;
    }
    *out = query_make(pool_make(v, who, index), home, key, worker_sid, e);
    query_begin(*out, tx);
    return NULL;
}

/* A new name for it, or the one it has. */
static struct handle *handle_of(struct query *q, struct tx *tx, const char *sid)
{
    struct handle *h;

    if (!sid && !list_empty(&q->handles))
        return CONTAINER_OF(q->handles.next, struct handle, in_query);
    h = live_make(sizeof *h);
    sid = sid ? sid : tx_sid(tx, "QR");
    memcpy(h->sid, sid, strnlen(sid, SID_LENGTH));
    h->query = q;
    list_append(&q->handles, &h->in_query);
    map_put(&q->pool->live->handles, h->sid, h);
    return h;
}

fault_t query_open(struct live *v, struct tx *tx, const struct live_viewer *who, const char *index, const char *text,
                   const char *query_id, struct handle **out)
{
    struct query *q;

    if (!text || !text[strspn(text, " \t\r\n\v\f")])
        return fault(tx->arena, F_QUERY_INVALID, "A live query must say what it looks for");
    queries_expire(v, tx->now, false);
    fault_t f = find_or_make(v, tx, who, index, text, &q);
    if (f)
        return f;
    *out = handle_of(q, tx, query_id);
    rest_unless_watched(q, tx->now);
    return NULL;
}

/* --- the end of a query */

void query_forget(struct query *q)
{
    struct pool *p = q->pool;
    struct hit *h;

    for (LIST_EACH(l, &q->handles)) {
        struct handle *handle = CONTAINER_OF(l, struct handle, in_query);
        map_remove(&p->live->handles, handle->sid);
        free(handle);
    }
    for (size_t i = 0; (h = map_next(&q->hits, &i));) {
        struct entry *e = h->entry;
        forget_hit(h);
        if (e)
            drop_entry_if_unused(p, e);
    }
    map_clear(&q->hits);
    map_remove(&p->queries, q->key);
    if (q->pin) {
        unpin_query(q);
        count_pin_field(p, q->pin->field, -1);
    } else
        p->nunpinned--;
    list_remove(&q->in_unpinned);
    list_remove(&q->in_idle);
    if (q->opening)
        arena_free(q->opening->arena);
    arena_free(q->arena);
    if (!p->queries.n)
        live_pool_end(p);
}

void live_pool_end(struct pool *p)
{
    struct query *q;

    for (size_t i = 0; (q = map_next(&p->queries, &i));) {
        bool last = p->queries.n == 1;
        query_forget(q);
        if (last)
            return; /* and the pool with it */
    }
    for (LIST_EACH(l, &p->marked))
        free(CONTAINER_OF(l, struct mark, in_pool));
    map_remove(&p->live->pools, p->key);
    map_clear(&p->queries);
    map_clear(&p->entries);
    map_clear(&p->pinned);
    map_clear(&p->marks);
    free(p);
}

void queries_expire(struct live *v, int64_t now, bool all)
{
    while (!list_empty(&v->idle)) {
        struct query *q = CONTAINER_OF(v->idle.next, struct query, in_idle);
        if (!all && q->idle_since + LIVE_GRACE > now)
            return;
        query_forget(q);
    }
}

void query_watched(struct handle *h, struct tx *tx, bool by_somebody)
{
    struct query *q = h->query;

    h->watched = by_somebody;
    rest_unless_watched(q, tx->now);
}
