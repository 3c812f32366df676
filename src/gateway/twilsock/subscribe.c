/* Subscriptions: POST /v4/Subscriptions, which belongs to a connection and therefore comes by no other way.
 *
 *   hub      a sub for each object, PENDING: from now on what changes is kept for it
 *   reader   in one snapshot: the object, what the client has missed of it
 *   ledger   the same for objects of sources that want to know that they are watched, or that live in memory
 *   hub      the reply; for each object the replay, "established", and what was kept and is newer; the sub is LIVE */
#include "gateway/twilsock/internal.h"

#include "live/live.h"
#include <stdlib.h>
#include <string.h>

enum { EVENT_BYTES = 400 }; /* of an event beside its data, about */

/* A frame of a replay. */
struct page {
    struct page *next;
    const char *bytes;
    size_t n;
};

struct wanted {
    const char *sid;
    const char *index, *query; /* of a live query: what it asks, should it have been forgotten */
    enum sync_type type;
    int64_t after;    /* NO_VALUE: the client knows nothing, and wants only what comes */
    bool was_watched; /* a source has been told for this sub */
    bool counted;     /* … and was, for this request */
    bool on_ledger;
    bool partial; /* there is more to replay */
    fault_t fault;
    int64_t last_id;
    struct page *first, **end;
};
struct batch {
    bool establish;
    const char *correlation; /* as JSON */
    const char *service;     /* in whose name */
    struct wanted *rows;
    size_t n;
    size_t replayed; /* bytes, about */
};

/* --- reading the request ---------------------------------------------------------------------------------- */

static bool type_of(const char *word, enum sync_type *out)
{
    for (enum sync_type t = SYNC_DOCUMENT; t <= SYNC_LIVE_QUERY; t++)
        if (str_eq(word, type_word(t))) {
            *out = t;
            return true;
        }
    return false;
}

static const char *read_wanted(const json_t *one, struct wanted *w)
{
    const json_t *last = json_object_get(one, "last_event_id");

    w->sid = json_get_string(one, "object_sid");
    w->index = json_get_string(one, "index_name");
    w->query = json_get_string(one, "query_string");
    if (!w->sid || !*w->sid || strlen(w->sid) > 400)
        return "object_sid is missing";
    if (!type_of(json_get_string(one, "object_type"), &w->type))
        return "object_type is not one of document, list, map, stream, live_query";
    w->after = json_is_integer(last) ? json_integer_value(last) : NO_VALUE;
    w->end = &w->first;
    return NULL;
}

static const char *read_batch(struct request *q, struct batch *b)
{
    json_t *body = json_parse_object(q->arena, q->frame.payload, q->frame.payload_size, NULL), *one;
    const json_t *correlation = json_object_get(body, "correlation_id"), *requests = json_object_get(body, "requests");
    const char *action = json_get_string(body, "action"), *why;
    size_t i;

    b->establish = str_eq(action, "establish");
    if (!b->establish && !str_eq(action, "cancel"))
        return "action is neither establish nor cancel";
    if (!json_is_number(correlation) && !json_is_string(correlation))
        return "correlation_id is missing";
    b->correlation = json_text(q->arena, correlation);
    if (!json_is_array(requests) || json_array_size(requests) > BATCH_MAX)
        return "requests is not a list of at most 1000 objects";
    b->rows = arena_alloc(q->arena, (json_array_size(requests) + 1) * sizeof(*b->rows));
    json_array_foreach(requests, i, one) if ((why = read_wanted(one, &b->rows[b->n++]))) return why;
    b->service = principal_service(&q->caller->who, q->way.grant);
    return NULL;
}

/* --- subs ------------------------------------------------------------------------------------------------- */

enum { SLOTS = sizeof(((struct hub *)NULL)->interest) / sizeof(atomic_uint) };

static struct topic *topic_of(struct hub *h, const char *sid)
{
    struct topic *t = map_get(&h->topics, sid);

    if (t)
        return t;
    t = must_calloc(sizeof(*t) + strlen(sid) + 1);
    t->sid = memcpy(t + 1, sid, strlen(sid) + 1);
    list_init(&t->subs);
    map_put(&h->topics, t->sid, t);
    return t;
}

static struct sub *sub_make(struct client *c, const char *sid)
{
    struct sub *s = must_calloc(sizeof(*s));

    s->client = c;
    s->topic = topic_of(c->hub, sid);
    list_init(&s->pending);
    list_append(&s->topic->subs, &s->in_topic);
    map_put(&c->subs, s->topic->sid, s);
    atomic_fetch_add(&c->hub->interest[interest_slot(sid, SLOTS)], 1);
    return s;
}

static void sub_free(struct sub *s)
{
    struct hub *h = s->client->hub;
    struct topic *t = s->topic;

    map_remove(&s->client->subs, t->sid);
    list_remove(&s->in_topic);
    atomic_fetch_sub(&h->interest[interest_slot(t->sid, SLOTS)], 1);
    if (s->watched)
        watch_end(h, t->sid);
    held_forget(&s->pending);
    free(s);
    if (!list_empty(&t->subs))
        return;
    map_remove(&h->topics, t->sid);
    free(t->service);
    free(t);
}

void subs_forget(struct client *c)
{
    struct sub *s;

    for (size_t i = 0; (s = map_next(&c->subs, &i));)
        sub_free(s);
    map_clear(&c->subs);
}

/* --- telling ---------------------------------------------------------------------------------------------- */

static void tell(struct request *q, const struct wanted *w, const char *event_type, const char *status, fault_t f)
{
    struct json_out o;
    size_t n;

    json_begin(&o, q->arena);
    json_open(&o, '{');
    json_pair_str(&o, "event_type", event_type);
    json_pair_raw(&o, "correlation_id", q->batch->correlation);
    json_key(&o, "event");
    json_open(&o, '{');
    json_pair_str(&o, "object_sid", w->sid);
    json_pair_str(&o, "object_type", type_word(w->type));
    if (status) {
        json_pair_str(&o, "replay_status", status);
        json_pair_int(&o, "last_event_id", w->last_id);
    }
    if (f) {
        json_key(&o, "error");
        json_open(&o, '{');
        json_pair_int(&o, "status", f->status);
        json_pair_int(&o, "code", f->code);
        json_pair_str(&o, "message", f->message ? f->message : f->meaning);
        json_close(&o, '}');
    }
    json_close(&o, '}');
    json_close(&o, '}');
    const char *bytes = notification(q->arena, "twilio.sync.event", json_done(&o), &n);
    client_send(q->client, bytes, n);
}

#define ACCEPTED "{\"max_batch_size\":100,\"estimated_delivery_in_ms\":2000}"

static void cancel(struct request *q)
{
    struct batch *b = q->batch;

    request_answer(q, 200, ACCEPTED);
    for (size_t i = 0; i < b->n; i++) {
        struct sub *s = map_get(&q->client->subs, b->rows[i].sid);
        if (s)
            sub_free(s);
        tell(q, &b->rows[i], "subscription_canceled", NULL, NULL);
    }
    request_over(q);
}

/* --- hub: before ------------------------------------------------------------------------------------------ */

static void mark(struct request *q, struct wanted *w)
{
    struct client *c = q->client;
    struct sub *s = map_get(&c->subs, w->sid);

    if (!s && c->subs.n >= SUBSCRIPTIONS_MAX) {
        w->fault = fault(q->arena, F_RATE_LIMIT, "A connection may have %d subscriptions", SUBSCRIPTIONS_MAX);
        return;
    }
    if (!s)
        s = sub_make(c, w->sid);
    s->state = SUB_PENDING;
    s->batch = q->number;
    held_forget(&s->pending);
    s->npending = 0;
    s->overflown = false;
    s->type = w->type;
    w->was_watched = s->watched;
}

void subscriptions_begin(struct request *q)
{
    struct batch *b = q->batch = arena_alloc(q->arena, sizeof(*b));
    const char *why = read_batch(q, b);

    if (why) {
        request_answer(q, 400, arena_printf(q->arena, "{\"status\":400,\"code\":20001,\"message\":\"%s\"}", why));
        request_over(q);
    } else if (!b->establish)
        cancel(q);
    else {
        for (size_t i = 0; i < b->n; i++)
            mark(q, &b->rows[i]);
        request_perform(q,
                        &(struct way){ .label = "tsock", .method = "POST", .path = "/v4/Subscriptions", .query = "" });
    }
}

/* --- reader and ledger: what was missed ------------------------------------------------------------------- */

struct replay {
    struct request *q;
    struct wanted *w;
    const struct sync_object *object;
    struct json_out o;
    const char *name; /* of the events in the open page; NULL: none is open */
    size_t n;
};

static void page_end(struct replay *r)
{
    struct arena *a = r->q->arena;

    if (!r->name)
        return;
    json_close(&r->o, ']');
    json_close(&r->o, '}');
    struct page *p = arena_alloc(a, sizeof(*p));
    p->bytes = notification(a, "twilio.sync.event", json_done(&r->o), &p->n);
    *r->w->end = p;
    r->w->end = &p->next;
    r->name = NULL;
}

static void page_begin(struct replay *r, const char *name)
{
    json_begin(&r->o, r->q->arena);
    json_open(&r->o, '{');
    json_pair_str(&r->o, "event_type", name);
    json_pair_raw(&r->o, "correlation_id", r->q->batch->correlation);
    if (r->w->type == SYNC_LIVE_QUERY)
        json_pair_bool(&r->o, "strictly_ordered", true);
    json_key(&r->o, "events");
    json_open(&r->o, '[');
    r->name = name;
    r->n = 0;
}

/* Events of one name in a row share a frame. */
static void replay_event(struct replay *r, enum sync_change change, const struct sync_item *item)
{
    struct sync_event e = { .type = r->w->type,
                            .change = change,
                            .object_sid = r->object->sid,
                            .id = item->event_id,
                            .revision = r->object->revision,
                            .item = *item };
    const char *name = event_name_of(e.type, change);

    if (r->name && (strcmp(r->name, name) != 0 || r->n == REPLAY_EVENTS))
        page_end(r);
    if (!r->name)
        page_begin(r, name);
    event_json(&r->o, r->q->client->origin, &e);
    r->n++;
}

static enum sync_change change_of(const struct sync_item *item, int64_t after)
{
    return item->removed ? SYNC_REMOVED : item->added_id > after ? SYNC_ADDED : SYNC_UPDATED;
}

/* What has no items: a document, and a list's context. */
static void replay_data(struct replay *r, enum sync_change change, int64_t id)
{
    const struct sync_object *o = r->object;

    r->q->batch->replayed += EVENT_BYTES + (o->data ? strlen(o->data) : 0);
    replay_event(r, change, &(struct sync_item){ .event_id = id, .data = o->data, .date_updated = o->date_updated });
}

/* What a client has missed of a query is not known any more: so all of it, in place of what it has. */
static fault_t replay_result(struct replay *r, struct sync_ask *ask, struct sync *sync)
{
    struct arena *a = r->q->arena;
    struct sync_items items = { 0 };
    struct json_out o;
    fault_t f = sync_items(sync, ask, r->object, &(struct sync_page){ .index = NO_VALUE }, &items);

    if (f)
        return f;
    json_begin(&o, a);
    json_open(&o, '{');
    json_pair_str(&o, "event_type", "live_query_updated");
    json_pair_raw(&o, "correlation_id", r->q->batch->correlation);
    json_pair_bool(&o, "strictly_ordered", true);
    json_key(&o, "event");
    json_open(&o, '{');
    json_pair_str(&o, "query_id", r->object->sid);
    json_pair_int(&o, "last_event_id", r->object->last_event_id);
    json_key(&o, "items");
    json_open(&o, '[');
    for (size_t i = 0; i < items.n; i++) {
        json_open(&o, '{');
        json_pair_str(&o, "key", items.rows[i].key);
        json_pair_raw(&o, "data", items.rows[i].data);
        json_pair_int(&o, "revision", items.rows[i].event_id);
        json_close(&o, '}');
    }
    json_close(&o, ']');
    json_close(&o, '}');
    json_close(&o, '}');
    struct page *p = *r->w->end = arena_alloc(a, sizeof(*p));
    p->bytes = notification(a, "twilio.sync.event", json_done(&o), &p->n);
    r->w->end = &p->next;
    return NULL;
}

/* For now the replay ends with this event; the client asks again from there. */
static fault_t pause_at(struct replay *r, int64_t event_id)
{
    r->w->partial = true;
    r->w->last_id = event_id;
    return NULL;
}

/* Not between items that were changed by one event. */
static bool may_pause_behind(const struct sync_items *items, size_t i, size_t spent)
{
    if (i + 1 == items->n)
        return items->more_after;
    return spent >= REPLAY_BYTES && items->rows[i + 1].event_id != items->rows[i].event_id;
}

static fault_t replay_items(struct replay *r, struct sync_ask *ask, struct sync *sync)
{
    const struct sync_object *o = r->object;
    int64_t after = r->w->after, context = o->type == SYNC_LIST && o->context_id > after ? o->context_id : NO_VALUE;
    struct sync_items items = { 0 };
    size_t *spent = &r->q->batch->replayed;
    fault_t f = sync_replay(sync, ask, o, after, &items);

    if (f)
        return f->id == F_GONE && o->type == SYNC_LIVE_QUERY ? replay_result(r, ask, sync) : f;
    for (size_t i = 0; i < items.n; i++) {
        if (context != NO_VALUE && context < items.rows[i].event_id) {
            replay_data(r, SYNC_CONTEXT, context);
            context = NO_VALUE;
        }
        replay_event(r, change_of(&items.rows[i], after), &items.rows[i]);
        *spent += EVENT_BYTES + (items.rows[i].data ? strlen(items.rows[i].data) : 0);
        if (may_pause_behind(&items, i, *spent))
            return pause_at(r, items.rows[i].event_id);
    }
    if (context != NO_VALUE)
        replay_data(r, SYNC_CONTEXT, context);
    return NULL;
}

static fault_t replay_all(struct replay *r, struct sync_ask *ask, struct sync *sync)
{
    struct wanted *w = r->w;
    const struct sync_object *o = r->object;
    fault_t f = NULL;

    w->last_id = o->last_event_id;
    if (w->after == NO_VALUE || w->after >= o->last_event_id || w->type == SYNC_STREAM)
        return NULL;
    if (r->q->batch->replayed >= REPLAY_BYTES)
        return pause_at(r, w->after);
    if (w->type == SYNC_DOCUMENT)
        replay_data(r, SYNC_UPDATED, o->last_event_id);
    else
        f = replay_items(r, ask, sync);
    page_end(r);
    return f;
}

static bool wants_ledger(const struct sync_object *o)
{
    return o->source && (o->source->on_ledger || o->source->watched);
}

static void look_at(struct op *op, struct request *q, struct wanted *w)
{
    struct hub *h = q->client->hub;
    struct sync_object o = { 0 };
    struct sync_ask ask = { .arena = op->arena,
                            .db = op->db,
                            .tx = op->tx,
                            .now = op->now,
                            .viewer = { q->caller->who.account_sid, q->batch->service, q->caller->who.identity } };
    struct replay r = { .q = q, .w = w, .object = &o };
    bool on_reader = !op->tx;

    w->on_ledger = false;
    fault_t f = NULL;
    if (op->tx && w->type == SYNC_LIVE_QUERY)
        f = live_enter(h->site->live, op->tx, &q->caller->who, w->sid, w->index, w->query);
    f = f ? f : sync_find(h->sync, &ask, w->type, w->sid, &o);
    if (on_reader && (f ? f->status == 404 : wants_ledger(&o))) { /* a source that lives in memory is not asked here */
        w->on_ledger = true;
        return;
    }
    if (!f && !str_eq(o.sid, w->sid))
        f = fault(op->arena, F_NOT_FOUND, "%.64s is not the sid of an object", w->sid);
    if (!f && !on_reader && !w->was_watched)
        w->counted = watch_begin(h, op->tx, &o);
    w->fault = f ? f : replay_all(&r, &ask, h->sync);
}

static fault_t read_on_ledger(struct op *op)
{
    struct request *q = request_of(op);

    for (size_t i = 0; i < q->batch->n; i++)
        if (q->batch->rows[i].on_ledger)
            look_at(op, q, &q->batch->rows[i]);
    op_json(op, 200, "{}");
    return NULL;
}

/* An endpoint, on a reader. */
fault_t subscriptions_read(struct op *op)
{
    struct request *q = request_of(op);
    bool more = false;

    if (!q)
        return refuse(op, F_NOT_FOUND, "The requested resource %.300s was not found", op->path);
    if (db_begin(op->db) != DB_OK)
        return op_failed(op);
    for (size_t i = 0; i < q->batch->n; i++) {
        struct wanted *w = &q->batch->rows[i];
        if (w->fault)
            continue;
        if (w->type == SYNC_LIVE_QUERY)
            w->on_ledger = true;
        else
            look_at(op, q, w);
        more |= w->on_ledger;
    }
    db_rollback(op->db);
    if (more)
        op_continue_on_ledger(op, read_on_ledger);
    else
        op_json(op, 200, "{}");
    return NULL;
}

/* --- hub: after ------------------------------------------------------------------------------------------- */

/* What has been kept for it, and is newer than what it knows. */
static void resume(struct sub *s)
{
    s->state = SUB_LIVE;
    for (LIST_EACH(l, &s->pending))
        news_offer(s, CONTAINER_OF(l, struct waiting_news, link)->news);
    held_forget(&s->pending);
    s->npending = 0;
}

static void go_live(struct request *q, struct wanted *w, struct sub *s)
{
    struct topic *t = s->topic;

    if (!t->service) /* an object has one: that which has let this client in */
        t->service = strdup(sync_service_sid(q->arena, q->caller->who.account_sid, q->batch->service));
    tell(q, w, "subscription_established", "completed", NULL);
    s->last_id = w->last_id;
    resume(s);
}

/* The sub that this request has marked; NULL: it was cancelled since, or marked anew. */
static struct sub *still_wanted(struct request *q, struct wanted *w)
{
    struct sub *s = map_get(&q->client->subs, w->sid);

    if (s && s->batch != q->number)
        s = NULL;
    if (w->counted && (!s || s->watched)) /* the source was told once too often */
        watch_end(q->client->hub, w->sid);
    else if (w->counted)
        s->watched = true;
    return s;
}

static void conclude(struct request *q, struct wanted *w)
{
    struct sub *s = still_wanted(q, w);

    if (w->fault) {
        tell(q, w, "subscription_failed", NULL, w->fault);
        if (s)
            sub_free(s);
        return;
    }
    for (struct page *p = s ? w->first : NULL; p; p = p->next)
        client_send(q->client, p->bytes, p->n);
    if (s && (w->partial || s->overflown)) { /* the client asks again, from where it stands */
        tell(q, w, "subscription_established", "interrupted", NULL);
        sub_free(s);
    } else if (s)
        go_live(q, w, s);
}

void subscriptions_end(struct request *q)
{
    request_answer(q, 200, ACCEPTED);
    for (size_t i = 0; i < q->batch->n; i++)
        conclude(q, &q->batch->rows[i]);
}

void subscriptions_fail(struct request *q)
{
    for (size_t i = 0; i < q->batch->n; i++) {
        struct sub *s = still_wanted(q, &q->batch->rows[i]);
        if (s)
            sub_free(s);
    }
}

/* --- doubts ----------------------------------------------------------------------------------------------- */

static void doubt_sub(struct sub *s, const char *service_sid)
{
    struct client *c = s->client;
    struct request *q = request_own(c, REQUEST_DOUBT);
    struct arena *a = q->arena;
    struct batch *b = arena_alloc(a, sizeof(*b));
    struct wanted *w = arena_alloc(a, sizeof(*w));

    *w = (struct wanted){
        .sid = arena_strdup(a, s->topic->sid), .type = s->type, .after = NO_VALUE, .was_watched = true, .end = &w->first
    };
    *b = (struct batch){ .service = arena_strdup(a, service_sid), .rows = w, .n = 1 };
    q->batch = b;
    s->state = SUB_PENDING;
    s->batch = q->number = ++c->writes;
    request_perform(q, &(struct way){ .label = "tsock", .method = "POST", .path = "/v4/Subscriptions", .query = "" });
}

static void doubt_topic(const struct topic *t, const struct sync_doubt *what)
{
    for (const struct link *l = t->subs.next; l != &t->subs; l = l->next) {
        struct sub *s = CONTAINER_OF(l, struct sub, in_topic);
        const struct principal *who = &s->client->caller->who;
        if (s->client->state != CLIENT_READY || !str_eq(who->account_sid, what->account_sid) ||
            (what->identity && !str_eq(who->identity, what->identity)))
            continue;
        if (s->state == SUB_PENDING) /* perhaps judged before: it shall ask again */
            s->overflown = true;
        else
            doubt_sub(s, what->service_sid);
    }
}

void doubt_arrive(struct hub *h, struct note *note)
{
    struct doubt *d = CONTAINER_OF(note, struct doubt, note);
    const struct sync_doubt *what = &d->doubt;
    const struct topic *t = what->object_sid ? map_get(&h->topics, what->object_sid) : NULL;

    if (t)
        doubt_topic(t, what);
    for (size_t i = 0; !what->object_sid && (t = map_next(&h->topics, &i));)
        if (!t->service || str_eq(t->service, what->service_sid))
            doubt_topic(t, what);
    arena_free(d->arena);
}

void doubt_end(struct request *q)
{
    struct wanted *w = &q->batch->rows[0];
    struct sub *s = still_wanted(q, w);

    if (q->inner.answer.status != 200) /* it was not looked into; the client subscribes again */
        client_offload(q->client);
    else if (s && (w->fault || s->overflown))
        sub_free(s);
    else if (s)
        resume(s);
    request_free(q);
}
