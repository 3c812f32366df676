#include "live/test_stage.h"

#include "base/folder.h"
#include "sync/stored.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

void must(fault_t f)
{
    if (f) {
        fprintf(stderr, "%s\n", f->message);
        abort();
    }
}

/* --- copies */

static void put(struct view *v, const char *key, const char *data, int64_t revision)
{
    struct held_item *i = map_get(&v->items, key);

    if (!data) {
        assert_non_null(i);
        assert_true(revision > i->revision);
        map_remove(&v->items, key);
        v->removals++;
        return;
    }
    if (!i) {
        i = arena_alloc(v->s->heard, sizeof *i);
        snprintf(i->key, sizeof i->key, "%s", key);
        map_put(&v->items, i->key, i);
    } else
        assert_true(revision > i->revision);
    i->revision = revision;
    i->data = arena_strdup(v->s->heard, data);
    v->updates++;
}

static void hear(void *arg, struct tx *tx, const struct sync_event *e)
{
    struct stage *s = arg;

    (void)tx;
    for (const struct sync_event *m = e; m && m->type == SYNC_MAP; m = m->next)
        s->told = arena_printf(s->heard, "%s%s%s ", s->told, m->change == SYNC_GONE ? "gone " : "",
                               m->change == SYNC_GONE ? m->object_sid : m->item.key);
    for (size_t i = 0; i < s->nviews; i++) {
        struct view *v = &s->views[i];
        if (!str_eq(v->object, e->object_sid) || e->type != SYNC_LIVE_QUERY)
            continue;
        assert_true(e->id > v->last_event_id);
        v->last_event_id = e->id;
        put(v, e->item.key, e->item.data, e->item.event_id);
    }
}

/* --- the stage */

static const char *make_queue(struct stage *s, struct tx *tx, const char *name, const char *target)
{
    struct task_queue *q = row_new(tx, &task_queue_kind, NULL);

    row_set(tx, q, &q->account_sid, ACCOUNT);
    row_set(tx, q, &q->workspace_sid, s->workspace);
    row_set(tx, q, &q->friendly_name, name);
    row_set(tx, q, &q->target_workers, target);
    q->max_reserved_workers = 1;
    must(task_queue_created(s->engine, tx, q));
    return arena_strdup(s->arena, q->sid);
}

static fault_t furnish(struct tx *tx, void *arg)
{
    static const char *const activities[] = { "Offline", "Available", "Break", NULL };
    static const char *const names[WORKERS] = { "Ann", "Bob", "Cy", "Dee" };
    struct stage *s = arg;
    struct workspace *ws = row_new(tx, &workspace_kind, NULL);

    row_set(tx, ws, &ws->account_sid, ACCOUNT);
    row_set(tx, ws, &ws->friendly_name, "Stage");
    ws->multi_task_enabled = true;
    must(workspace_created(s->engine, tx, ws, false, activities));
    s->workspace = arena_strdup(s->arena, ws->sid);
    s->queues[0] = make_queue(s, tx, "Everyone", "1==1");
    s->queues[1] = make_queue(s, tx, "French", "skills HAS 'french'");
    struct workflow *f = row_new(tx, &workflow_kind, NULL);
    row_set(tx, f, &f->account_sid, ACCOUNT);
    row_set(tx, f, &f->workspace_sid, ws->sid);
    row_set(tx, f, &f->friendly_name, "Flow");
    row_set(tx, f, &f->configuration,
            arena_printf(
                tx->arena,
                "{\"task_routing\":{\"filters\":[{\"expression\":\"lang=='fr'\",\"targets\":[{\"queue\":\"%s\"}]}],"
                "\"default_filter\":{\"queue\":\"%s\"}}}",
                s->queues[1], s->queues[0]));
    f->task_reservation_timeout = 3600;
    must(workflow_created(s->engine, tx, f));
    s->workflow = arena_strdup(s->arena, f->sid);
    for (size_t i = 0; i < WORKERS; i++) {
        struct worker *w = row_new(tx, &worker_kind, NULL);
        row_set(tx, w, &w->account_sid, ACCOUNT);
        row_set(tx, w, &w->workspace_sid, ws->sid);
        row_set(tx, w, &w->friendly_name, names[i]);
        row_set(tx, w, &w->attributes, arena_printf(tx->arena, "{\"full_name\":\"%s Smith\",\"skills\":[]}", names[i]));
        must(worker_created(s->engine, tx, w));
        s->workers[i] = arena_strdup(s->arena, w->sid);
    }
    return NULL;
}

static bool sum(void *arg, struct db *db, const char *scope_sid, int64_t from, int64_t to,
                void (*each)(void *to, const char *channel_sid, const struct live_past *p), void *to_whom)
{
    struct stage *s = arg;

    (void)db, (void)scope_sid;
    if (from < START + MINUTE && to > START) /* in the first minute, on a channel that is gone */
        each(to_whom, "TC00000000000000000000000000000001", &(struct live_past){ .accepted = s->accepted });
    return true;
}

static void running(void *arg, const char *scope_sid, const char *channel_sid, int64_t minute, struct live_past *out)
{
    (void)arg, (void)scope_sid, (void)channel_sid, (void)minute;
    *out = (struct live_past){ 0 };
}

int set_up(void **state)
{
    const struct kind *kinds[ROUTING_KINDS + SYNC_KINDS];
    struct arena *a = arena_new();
    struct stage *s = arena_alloc(a, sizeof *s);
    const char *why = NULL;

    *s = (struct stage){
        .arena = a, .heard = arena_new(), .clock = clock_test(START), .folder = "/tmp/live-XXXXXX", .told = ""
    };
    assert_non_null(mkdtemp(s->folder));
    memcpy(kinds, routing_kinds, sizeof routing_kinds);
    memcpy(kinds + ROUTING_KINDS, sync_kinds, sizeof(struct kind *) * SYNC_KINDS);
    s->store = store_open(a, s->folder, &why);
    assert_non_null(s->store);
    s->ledger = ledger_new(a, &(struct ledger_config){ s->store, s->clock, kinds, ROUTING_KINDS + SYNC_KINDS }, &why);
    assert_non_null(s->ledger);
    s->engine = routing_new(s->ledger);
    s->sync = sync_new(s->ledger, a);
    s->live = live_new(s->ledger, s->engine, s->sync);
    s->history = (struct live_history){ sum, running, s };
    live_past_from(s->live, &s->history);
    sync_listen(s->sync, &(struct sync_listener){ .hear = hear, .arg = s });
    assert_true(ledger_start(s->ledger, a, &why));
    must(ledger_do(s->ledger, a, furnish, s));
    *state = s;
    return 0;
}

int tear_down(void **state)
{
    struct stage *s = *state;

    ledger_stop(s->ledger);
    live_free(s->live);
    routing_free(s->engine);
    ledger_free(s->ledger);
    store_close(s->store);
    clock_free(s->clock);
    for (size_t i = 0; i < s->nviews; i++)
        map_clear(&s->views[i].items);
    folder_remove(s->folder);
    arena_free(s->heard);
    arena_free(s->arena);
    return 0;
}

/* --- what people do */

static const char *activity(struct doing *d, struct tx *tx)
{
    struct activity *a;

    for (size_t i = 0; (a = row_each(tx, &activity_kind, &i));)
        if (str_eq(a->friendly_name, d->what))
            return arena_strdup(tx->arena, a->sid);
    abort();
}

fault_t go(struct tx *tx, void *arg)
{
    struct doing *d = arg;
    struct worker *w = row_find(tx, &worker_kind, d->s->workers[d->who]);

    row_set(tx, w, &w->activity_sid, activity(d, tx));
    must(worker_changed(d->s->engine, tx, w, row_was(tx, w), false));
    return d->refuse;
}

fault_t learn(struct tx *tx, void *arg)
{
    struct doing *d = arg;
    struct worker *w = row_find(tx, &worker_kind, d->s->workers[d->who]);

    row_set(tx, w, &w->attributes, d->what);
    must(worker_changed(d->s->engine, tx, w, row_was(tx, w), false));
    return d->refuse;
}

fault_t make_task(struct tx *tx, void *arg)
{
    struct doing *d = arg;
    struct stage *s = d->s;
    struct task *t = row_new(tx, &task_kind, NULL);

    row_set(tx, t, &t->account_sid, ACCOUNT);
    row_set(tx, t, &t->workspace_sid, s->workspace);
    row_set(tx, t, &t->workflow_sid, s->workflow);
    row_set(tx, t, &t->attributes, d->what);
    t->timeout = 86400;
    t->virtual_start_time = NO_VALUE;
    must(task_created(s->engine, tx, t));
    if (!d->refuse)
        s->tasks[s->ntasks++ % TASKS] = arena_strdup(s->arena, t->sid);
    return d->refuse;
}

static void keep_it(void *arg, struct reservation *r)
{
    *(struct reservation **)arg = r;
}

/* Accepts, wraps up, completes: whatever comes next. */
fault_t go_on(struct tx *tx, void *arg)
{
    struct doing *d = arg;
    struct reservation *r = NULL;

    routing_each_reservation_of_worker(d->s->engine, tx, d->s->workers[d->who], keep_it, &r);
    if (r)
        must(reservation_move(d->s->engine, tx, r,
                              r->reservation_status == RESERVATION_PENDING    ? RESERVATION_ACCEPTED
                              : r->reservation_status == RESERVATION_ACCEPTED ? RESERVATION_WRAPPING
                                                                              : RESERVATION_COMPLETED,
                              NULL));
    return d->refuse;
}

fault_t cancel(struct tx *tx, void *arg)
{
    struct doing *d = arg;
    struct task *t = d->s->ntasks ? row_find(tx, &task_kind, d->s->tasks[d->who % d->s->ntasks]) : NULL;

    if (t && row_is_live(t) && t->assignment_status < TASK_ASSIGNED)
        must(task_move(d->s->engine, tx, t, TASK_CANCELED, "enough"));
    return d->refuse;
}

fault_t alter_task(struct tx *tx, void *arg)
{
    struct doing *d = arg;
    struct task *t = d->s->ntasks ? row_find(tx, &task_kind, d->s->tasks[d->who % d->s->ntasks]) : NULL;

    if (t && row_is_live(t)) {
        row_set(tx, t, &t->attributes, d->what);
        must(task_changed(d->s->engine, tx, t, row_was(tx, t)));
    }
    return d->refuse;
}

fault_t rename_queue(struct tx *tx, void *arg)
{
    struct doing *d = arg;
    struct task_queue *q = row_find(tx, &task_queue_kind, d->s->queues[d->who]);

    row_set(tx, q, &q->friendly_name, d->what);
    must(task_queue_changed(d->s->engine, tx, q, row_was(tx, q)));
    return d->refuse;
}

fault_t retarget(struct tx *tx, void *arg)
{
    struct doing *d = arg;
    struct task_queue *q = row_find(tx, &task_queue_kind, d->s->queues[d->who]);

    row_set(tx, q, &q->target_workers, d->what);
    must(task_queue_changed(d->s->engine, tx, q, row_was(tx, q)));
    return d->refuse;
}

fault_t remove_worker(struct tx *tx, void *arg)
{
    struct doing *d = arg;
    struct worker *w = row_find(tx, &worker_kind, d->s->workers[d->who]);

    must(worker_removed(d->s->engine, tx, w));
    row_delete(tx, w);
    return d->refuse;
}

void act(struct stage *s, fault_t (*what)(struct tx *, void *), size_t who, const char *word)
{
    must(ledger_do(s->ledger, s->arena, what, &(struct doing){ s, who, word, NULL }));
}

static fault_t look_busy(struct tx *tx, void *arg)
{
    struct stage *s = ((struct doing *)arg)->s;

    (void)tx;
    ((struct doing *)arg)->who = s->live->queries.under_way || s->live->queries.again || figures_busy(s->live->figures);
    return NULL;
}

/* Until everything was looked at. */
void settle(struct stage *s)
{
    struct doing d = { s, 1, NULL, NULL };

    while (d.who)
        must(ledger_do(s->ledger, s->arena, look_busy, &d));
}

/* --- clients */

static fault_t search(struct view *v, struct tx *tx, bool open, struct live_result *out)
{
    struct live_search *s;
    bool done = false;
    fault_t f = live_search(v->s->live, tx, &v->who, v->index, v->text, open, &s);

    while (!f && !done)
        f = live_search_on(s, tx, out, &done);
    return f;
}

fault_t view_opened(struct tx *tx, struct view *v, const struct live_result *r)
{
    struct sync_ask ask = { .arena = tx->arena, .db = tx->db, .tx = tx, .now = tx->now };
    struct sync_object o;

    v->object = arena_strdup(v->s->arena, r->query_id);
    for (size_t i = 0; i < r->n; i++)
        put(v, r->items[i].key, r->items[i].data, r->items[i].revision);
    v->last_event_id = r->last_event_id;
    v->updates = 0;
    ask.viewer = (struct sync_viewer){ ACCOUNT, arena_printf(tx->arena, "%s.insights", v->s->workspace), "somebody" };
    must(sync_find(v->s->sync, &ask, SYNC_LIVE_QUERY, v->object, &o));
    sync_watched(v->s->sync, tx, &o, true);
    return NULL;
}

fault_t open_view(struct tx *tx, void *arg)
{
    struct live_result r;
    fault_t f = search(arg, tx, true, &r);

    return f ? f : view_opened(tx, arg, &r);
}

struct view *open_as(struct stage *s, const char *worker_sid, const char *index, const char *text)
{
    struct view *v = &s->views[s->nviews++];

    *v = (struct view){ .s = s, .index = index, .text = text, .who = { ACCOUNT, s->workspace, worker_sid } };
    must(ledger_do(s->ledger, s->arena, open_view, v));
    return v;
}

struct view *view(struct stage *s, const char *index, const char *text)
{
    return open_as(s, NULL, index, text);
}

static size_t stable(const char *data)
{
    const char *age = strstr(data, ",\"task_age\"");

    return age ? (size_t)(age - data) : strlen(data);
}

static fault_t compare(struct tx *tx, void *arg)
{
    struct view *v = arg;
    struct live_result r;

    must(search(v, tx, false, &r));
    if (r.n != v->items.n)
        fail_msg("%s %s: %zu items, and the client has %zu", v->index, v->text, r.n, v->items.n);
    for (size_t i = 0; i < r.n; i++) {
        const struct held_item *held = map_get(&v->items, r.items[i].key);
        if (!held || stable(held->data) != stable(r.items[i].data) ||
            memcmp(held->data, r.items[i].data, stable(held->data)) != 0)
            fail_msg("%s %s: %s, and the client has %s", v->index, v->text, r.items[i].data,
                     held ? held->data : "nothing");
    }
    return NULL;
}

void compare_all(struct stage *s)
{
    settle(s);
    for (size_t i = 0; i < s->nviews; i++)
        must(ledger_do(s->ledger, s->arena, compare, &s->views[i]));
}

const char *keys(struct view *v)
{
    struct text t = { .arena = v->s->arena };

    for (size_t i = 0; i < WORKERS; i++)
        if (map_get(&v->items, v->s->workers[i]))
            text_putc(&t, "ABCD"[i]);
    return text_str(&t);
}
