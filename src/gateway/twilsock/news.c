/* News: a change of an object, written down once for all who came by the same address. */
#include "gateway/twilsock/internal.h"

#include "base/sid.h"
#include <string.h>

/* --- what each event is called, and what it says ---------------------------------------------------------------- */

enum fact {
    SAYS_ID = 1 << 0,
    SAYS_SID = 1 << 1,
    SAYS_REVISION = 1 << 2,
    SAYS_KEY = 1 << 3,
    SAYS_INDEX = 1 << 4,
    SAYS_URL = 1 << 5,
    SAYS_ITEM_REVISION = 1 << 6,
    SAYS_ITEM_DATA = 1 << 7,
    SAYS_DATA = 1 << 8,
    SAYS_MESSAGE = 1 << 9,
    SAYS_CREATED = 1 << 10,
    SAYS_EXPIRES = 1 << 11,
    SAYS_LIVE = 1 << 12, /* a query's numbers */
    SAYS_ITEM = SAYS_REVISION | SAYS_URL | SAYS_ITEM_REVISION | SAYS_ITEM_DATA | SAYS_CREATED | SAYS_EXPIRES,
};

/* clang-format off */
static const struct type_row {
    const char *word, *sid, *revision, *data, *path;
} types[] = {
    [SYNC_DOCUMENT]   = { "document",   "document_sid", "document_revision", "document_data", "Documents" },
    [SYNC_LIST]       = { "list",       "list_sid",     "list_revision",     "context_data",  "Lists" },
    [SYNC_MAP]        = { "map",        "map_sid",      "map_revision",      NULL,            "Maps" },
    [SYNC_STREAM]     = { "stream",     "stream_sid",   NULL,                "message_data",  "Streams" },
    [SYNC_LIVE_QUERY] = { "live_query", "query_id",     NULL,                NULL,            NULL },
};

static const struct event_row {
    enum sync_type type;
    enum sync_change change;
    const char *name;
    unsigned facts;
} rows[] = {
    { SYNC_MAP,        SYNC_ADDED,   "map_item_added",           SAYS_ID | SAYS_SID | SAYS_KEY | SAYS_ITEM },
    { SYNC_MAP,        SYNC_UPDATED, "map_item_updated",         SAYS_ID | SAYS_SID | SAYS_KEY | SAYS_ITEM },
    { SYNC_MAP,        SYNC_REMOVED, "map_item_removed",         SAYS_ID | SAYS_SID | SAYS_KEY | SAYS_ITEM_DATA | SAYS_CREATED },
    { SYNC_MAP,        SYNC_GONE,    "map_removed",              SAYS_ID | SAYS_SID },
    { SYNC_LIST,       SYNC_ADDED,   "list_item_added",          SAYS_ID | SAYS_SID | SAYS_INDEX | SAYS_ITEM },
    { SYNC_LIST,       SYNC_UPDATED, "list_item_updated",        SAYS_ID | SAYS_SID | SAYS_INDEX | SAYS_ITEM },
    { SYNC_LIST,       SYNC_REMOVED, "list_item_removed",        SAYS_ID | SAYS_SID | SAYS_INDEX | SAYS_ITEM_DATA | SAYS_CREATED },
    { SYNC_LIST,       SYNC_CONTEXT, "list_context_updated",     SAYS_ID | SAYS_SID | SAYS_DATA | SAYS_CREATED },
    { SYNC_LIST,       SYNC_GONE,    "list_removed",             SAYS_ID | SAYS_SID },
    { SYNC_DOCUMENT,   SYNC_UPDATED, "document_updated",         SAYS_ID | SAYS_SID | SAYS_REVISION | SAYS_DATA | SAYS_CREATED },
    { SYNC_DOCUMENT,   SYNC_GONE,    "document_removed",         SAYS_ID | SAYS_SID },
    { SYNC_STREAM,     SYNC_MESSAGE, "stream_message_published", SAYS_SID | SAYS_MESSAGE | SAYS_DATA },
    { SYNC_STREAM,     SYNC_GONE,    "stream_removed",           SAYS_SID },
    { SYNC_LIVE_QUERY, SYNC_ADDED,   "live_query_item_updated",  SAYS_SID | SAYS_KEY | SAYS_ITEM_DATA | SAYS_LIVE },
    { SYNC_LIVE_QUERY, SYNC_UPDATED, "live_query_item_updated",  SAYS_SID | SAYS_KEY | SAYS_ITEM_DATA | SAYS_LIVE },
    { SYNC_LIVE_QUERY, SYNC_REMOVED, "live_query_item_removed",  SAYS_SID | SAYS_KEY | SAYS_LIVE },
};
/* clang-format on */

const char *type_word(enum sync_type t)
{
    return types[t].word;
}

static const struct event_row *row_of(enum sync_type t, enum sync_change change)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (rows[i].type == t && rows[i].change == change)
            return &rows[i];
    return NULL;
}

const char *event_name_of(enum sync_type t, enum sync_change change)
{
    const struct event_row *r = row_of(t, change);

    return r ? r->name : NULL;
}

static void pair_url(struct json_out *o, const struct origin *origin, const struct sync_event *e)
{
    struct text t = { .arena = o->text.arena };

    text_putf(&t, "%s/v3/%s/%s/Items/", origin->cds, types[e->type].path, e->object_sid);
    if (e->type == SYNC_LIST)
        text_put_int(&t, e->item.index);
    else
        url_escape(&t, e->item.key);
    json_pair_str(o, "item_url", text_str(&t));
}

static void write_item_facts(struct json_out *o, unsigned facts, const struct sync_event *e)
{
    if (facts & SAYS_KEY)
        json_pair_str(o, "item_key", e->item.key);
    if (facts & SAYS_INDEX)
        json_pair_int(o, "item_index", e->item.index);
    if (facts & SAYS_ITEM_REVISION)
        json_pair_str(o, "item_revision", e->item.revision);
    if (facts & SAYS_ITEM_DATA)
        json_pair_raw(o, "item_data", e->item.data ? e->item.data : "{}");
    if (facts & SAYS_LIVE) { /* revisions of results are numbers that grow */
        json_pair_int(o, "item_revision", e->item.event_id);
        json_pair_int(o, "last_event_id", e->id);
    }
    if (facts & SAYS_CREATED) /* of the event: it becomes the item's date_updated */
        json_pair_date_ms(o, "date_created", e->item.date_updated);
    if (facts & SAYS_EXPIRES)
        json_pair_date_ms(o, "date_expires", e->item.date_expires);
}

void event_json(struct json_out *o, const struct origin *origin, const struct sync_event *e)
{
    const struct event_row *r = row_of(e->type, e->change);
    const struct type_row *t = &types[e->type];

    json_open(o, '{');
    if (r->facts & SAYS_ID)
        json_pair_int(o, "id", e->id);
    json_pair_str(o, t->sid, e->object_sid);
    if (r->facts & SAYS_REVISION && t->revision)
        json_pair_str(o, t->revision, e->revision);
    if (r->facts & SAYS_MESSAGE)
        json_pair_str(o, "message_sid", e->item.key);
    if (r->facts & SAYS_DATA)
        json_pair_raw(o, t->data, e->item.data ? e->item.data : "{}");
    if (r->facts & SAYS_URL)
        pair_url(o, origin, e);
    write_item_facts(o, r->facts, e);
    json_close(o, '}');
}

const char *notification(struct arena *a, const char *message_type, const char *payload, size_t *n)
{
    struct frame_out f;
    char id[35] = "TM";

    random_hex(id + 2, 32);
    frame_open(&f, a, "notification", id);
    json_pair_str(&f.o, "message_type", message_type);
    return frame_close(&f, payload, strlen(payload), NULL, n);
}

static const struct rendering *render(struct news *n, const struct origin *origin)
{
    struct rendering *r;
    struct json_out o;

    for (r = n->renderings; r; r = r->next)
        if (r->origin == origin)
            return r;
    r = arena_alloc(n->arena, sizeof(*r));
    json_begin(&o, n->arena);
    json_open(&o, '{');
    json_pair_str(&o, "event_type", event_name_of(n->event.type, n->event.change));
    if (n->event.type == SYNC_LIVE_QUERY)
        json_pair_bool(&o, "strictly_ordered", true);
    json_key(&o, n->event.next ? "events" : "event");
    if (n->event.next)
        json_open(&o, '[');
    for (const struct sync_event *e = &n->event; e; e = e->next)
        event_json(&o, origin, e);
    if (n->event.next)
        json_close(&o, ']');
    json_close(&o, '}');
    r->origin = origin;
    r->bytes = notification(n->arena, "twilio.sync.event", json_done(&o), &r->n);
    r->next = n->renderings;
    n->renderings = r;
    return r;
}

/* --- to whom ------------------------------------------------------------------------------------------------------ */

void news_unref(struct news *n)
{
    if (--n->refs == 0)
        arena_free(n->arena);
}

static void queue(struct link *list, struct news *n, uint64_t after)
{
    struct waiting_news *w = must_calloc(sizeof(*w));

    w->news = n;
    w->after = after;
    n->refs++;
    list_append(list, &w->link);
}

static void unqueue(struct waiting_news *w)
{
    list_remove(&w->link);
    news_unref(w->news);
    free(w);
}

void held_forget(struct link *list)
{
    for (LIST_EACH(l, list))
        unqueue(CONTAINER_OF(l, struct waiting_news, link));
}

/* What a client causes reaches it after the reply that tells it so, or its SDK takes its own change for somebody
 * else's. */
static void deliver(struct client *c, struct news *n)
{
    if (list_empty(&c->writing) && list_empty(&c->held)) {
        const struct rendering *r = render(n, c->origin);
        client_send(c, r->bytes, r->n);
        return;
    }
    if (list_empty(&c->held))
        c->held_since = hub_ms();
    queue(&c->held, n, c->writes);
}

void held_release(struct client *c, bool all)
{
    for (LIST_EACH(l, &c->held)) {
        struct waiting_news *w = CONTAINER_OF(l, struct waiting_news, link);
        const struct request *oldest =
            list_empty(&c->writing) ? NULL : CONTAINER_OF(c->writing.next, struct request, in_writing);
        if (oldest && oldest->number <= w->after && !all)
            return;
        const struct rendering *r = render(w->news, c->origin);
        client_send(c, r->bytes, r->n);
        unqueue(w);
    }
}

void news_offer(struct sub *s, struct news *n)
{
    if (s->state == SUB_PENDING) {
        if (s->npending++ < PENDING_MAX)
            queue(&s->pending, n, 0);
        else
            s->overflown = true;
        return;
    }
    const struct sync_event *newest = &n->event;

    while (newest->next)
        newest = newest->next;
    if (n->event.type != SYNC_STREAM && newest->id <= s->last_id) /* the replay had it */
        return;
    if (client_wants(s->client, "twilio.sync.event"))
        deliver(s->client, n);
}

void news_arrive(struct hub *h, struct note *note)
{
    struct news *n = CONTAINER_OF(note, struct news, note);
    struct topic *t = map_get(&h->topics, n->event.object_sid);

    n->refs = 1;
    for (struct link *l = t ? t->subs.next : NULL; t && l != &t->subs; l = l->next)
        news_offer(CONTAINER_OF(l, struct sub, in_topic), n);
    news_unref(n);
}
