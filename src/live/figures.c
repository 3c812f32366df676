/* The figures of queues and workspaces, as maps: made when somebody asks for one, kept while somebody watches, told
 * when they change.
 *
 * What is now is counted by routing; it is asked again at each look.  What was in the last half hour and today is added
 * up from measure's minutes: the sums of those that are over are kept here and follow the clock, the one that runs is
 * asked for.  So a look costs the same however long the day was. */
#include "live/internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS_MAX = 64, HALF_HOUR_MINUTES = 30 };
#define ALARM_MINUTE   "live.minute"
#define WORKSPACE_NAME "realtime_statistics_v1"
#define QUEUE_NAME     ".realtime_statistics.v1"

struct past {
    char channel_sid[SID_SIZE];
    struct live_past sum;
};
struct window {
    struct past at[CHANNELS_MAX];
    size_t n;
    int64_t from, to; /* minutes that are in it */
};

enum { ITEMS_MAX = 4 };
struct figure_item {
    const char *key;
    uint64_t hash;
    struct leaf *leaf;
    int64_t event_id, added_id;
};

struct figure {
    struct figures *all;
    char scope_sid[SID_SIZE], sid[SID_SIZE], workspace_sid[SID_SIZE], account_sid[SID_SIZE];
    char name[SID_SIZE + 32], service[SID_SIZE + 16];
    bool of_workspace, watched, marked;
    int64_t made, last_event_id, idle_since;
    struct figure_item items[ITEMS_MAX];
    size_t nitems;
    struct window half_hour, today;
    struct link in_marked, in_idle;
};

struct figures {
    struct live *live;
    struct map maps; /* by scope */
    struct link marked, idle;
    size_t nwatched;
    bool all;
    struct beat beat;
    struct sync_source source;
};

/* A queue usually has tasks of one channel: those of which there is nothing to say are left out, or most of what is
 * sent would be zeros. */

/* --- what was */

static struct live_past *channel_in(struct window *w, const char *channel_sid)
{
    for (size_t i = 0; i < w->n; i++)
        if (str_eq(w->at[i].channel_sid, channel_sid))
            return &w->at[i].sum;
    if (w->n ==
        CHANNELS_MAX) /* more channels than anybody has: they count with the last one, so that the whole is right */
        return &w->at[CHANNELS_MAX - 1].sum;
    w->at[w->n] = (struct past){ 0 };
    memcpy(w->at[w->n].channel_sid, channel_sid, strnlen(channel_sid, SID_LENGTH));
    return &w->at[w->n++].sum;
}

static void past_add(struct live_past *to, const struct live_past *more)
{
    to->accepted += more->accepted;
    to->accepted_in_time += more->accepted_in_time;
    to->canceled += more->canceled;
    to->completed += more->completed;
    to->wait_ms += more->wait_ms;
}

static void add_channel(void *to, const char *channel_sid, const struct live_past *p)
{
    past_add(channel_in(to, channel_sid), p);
}

/* Minutes [from, to): what is new is added; where something has left, all is added again. */
static void window_move(struct figure *f, struct tx *tx, struct window *w, int64_t from, int64_t to)
{
    const struct live_history *h = f->all->live->history;

    if (!h || (w->from == from && w->to == to))
        return;
    if (w->from != from || w->to > to) {
        *w = (struct window){ .from = from, .to = from };
    }
    h->sum(h->arg, tx->db, f->scope_sid, w->to, to, add_channel, w);
    w->to = to;
}

static void put_past(struct json_out *o, const char *key, const struct live_past *p)
{
    int64_t ended = p->accepted + p->canceled;

    json_key(o, key);
    json_open(o, '{');
    json_pair_int(o, "handled_tasks_count", p->accepted);
    json_pair_int(o, "canceled_tasks_count", p->canceled);
    json_pair_int(o, "completed_tasks_count", p->completed);
    json_key(o, "sla_percentage");
    if (ended)
        json_int(o, p->accepted_in_time * 100 / ended);
    else
        json_nil(o);
    json_pair_int(o, "average_acceptance_time", p->accepted ? p->wait_ms / p->accepted / SECOND : 0);
    json_close(o, '}');
}

struct adding {
    const struct figure *figure;
    const struct window *window;
    struct json_out *out;
    int64_t minute;
    struct live_past total;
};

static void put_channel_past(void *arg, const struct task_channel *c)
{
    struct adding *x = arg;
    const struct live_history *h = x->figure->all->live->history;
    struct live_past p = { 0 };

    if (h)
        h->running(h->arg, x->figure->scope_sid, c->sid, x->minute, &p);
    past_add(&x->total, &p);
    for (size_t i = 0; i < x->window->n; i++)
        if (str_eq(x->window->at[i].channel_sid, c->sid))
            past_add(&p, &x->window->at[i].sum);
    if (p.accepted || p.canceled || p.completed)
        put_past(x->out, c->sid, &p);
}

static const char *whole(const struct figure *f)
{
    return f->of_workspace ? "workspace" : "queue";
}

/* The whole is also what channels had that are gone. */
static void put_window(struct json_out *o, struct figure *f, const struct window *w, int64_t minute)
{
    struct adding x = { .figure = f, .window = w, .out = o, .minute = minute };

    json_open(o, '{');
    for (size_t i = 0; i < w->n; i++)
        past_add(&x.total, &w->at[i].sum);
    routing_each_channel(f->all->live->engine, f->workspace_sid, put_channel_past, &x);
    put_past(o, whole(f), &x.total);
    json_close(o, '}');
}

/* --- what is */

static void pair_time(struct json_out *o, const char *key, int64_t ms)
{
    static const struct field time = { .name = "at", .type = T_TIME };
    static const struct kind shape = { .size = sizeof(int64_t), .fields = &time, .nfields = 1 };
    struct json_out one;

    /* the same spelling as everywhere: rest/ writes it */
    json_begin(&one, o->text.arena);
    json_open(&one, '{');
    members_json(&one, &shape, &ms, 0);
    json_close(&one, '}');
    const char *text = json_done(&one);
    const char *value = strchr(text, ':') + 1;
    json_pair_raw(o, key, arena_strndup(o->text.arena, value, strlen(value) - 1));
}

static void put_tasks(struct json_out *o, struct live *v, const char *key, const char *scope_sid,
                      const char *channel_sid)
{
    struct arena *a = o->text.arena;
    struct routing_tasks t;

    routing_count_tasks(v->engine, a, scope_sid, channel_sid, &t);
    if (channel_sid && !t.total)
        return;
    json_key(o, key);
    json_open(o, '{');
    for (size_t i = 0; i <= TASK_WRAPPING; i++)
        json_pair_int(o, arena_printf(a, "%s_tasks", task_status_names[i]), t.by_status[i]);
    json_pair_int(o, "total_tasks", t.total);
    json_key(o, "tasks_by_priority");
    json_open(o, '{');
    for (size_t i = 0; i < t.npriorities; i++) {
        json_key_any(o, arena_printf(a, "%lld", (long long)t.priorities[i].priority));
        json_int(o, t.priorities[i].tasks);
    }
    json_close(o, '}');
    json_pair_str(o, "longest_task_waiting_sid", t.longest ? t.longest->sid : NULL);
    pair_time(o, "longest_task_waiting_from", t.longest ? t.longest_since : NO_VALUE);
    json_close(o, '}');
}

struct putting {
    struct json_out *out;
    struct figure *figure;
};

static void put_channel_now(void *arg, const struct task_channel *c)
{
    struct putting *x = arg;

    put_tasks(x->out, x->figure->all->live, c->sid, x->figure->scope_sid, c->sid);
}

static void put_now(struct json_out *o, struct figure *f)
{
    json_open(o, '{');
    routing_each_channel(f->all->live->engine, f->workspace_sid, put_channel_now, &(struct putting){ o, f });
    put_tasks(o, f->all->live, whole(f), f->scope_sid, NULL);
    json_close(o, '}');
}

static void put_workers(struct json_out *o, struct figure *f)
{
    struct routing_workers w;

    routing_count_workers(f->all->live->engine, o->text.arena, f->scope_sid, NULL, &w);
    json_open(o, '{');
    json_pair_int(o, "total_available_workers", w.available);
    json_pair_int(o, f->of_workspace ? "total_workers" : "total_eligible_workers", w.total);
    json_key(o, "activity_statistics");
    json_open(o, '[');
    for (size_t i = 0; i < w.nactivities; i++) {
        json_open(o, '{');
        json_pair_str(o, "sid", w.activities[i].activity->sid);
        json_pair_str(o, "friendly_name", w.activities[i].activity->friendly_name);
        json_pair_int(o, "workers", w.activities[i].workers);
        json_close(o, '}');
    }
    json_close(o, ']');
    json_close(o, '}');
}

/* --- items: what each key holds */

enum part { NOW, HALF_HOUR, TODAY, WORKERS, PARTS };
static const char *const part_names[PARTS] = { "tasks_now", "tasks_thirty_minutes", "tasks_today",
                                               "worker_activities_statistics" };

static void put_part(struct json_out *o, struct figure *f, enum part part, int64_t minute)
{
    switch (part) {
    case NOW:
        put_now(o, f);
        break;
    case HALF_HOUR:
    case TODAY:
        put_window(o, f, part == TODAY ? &f->today : &f->half_hour, minute);
        break;
    default:
        put_workers(o, f);
        break;
    }
}

/* A queue has an item a part, a workspace one of all parts. */
static const char *item_text(struct figure *f, struct arena *a, size_t i, int64_t minute)
{
    struct json_out o;

    json_begin(&o, a);
    if (!f->of_workspace) {
        put_part(&o, f, (enum part)i, minute);
        return json_done(&o);
    }
    json_open(&o, '{');
    json_pair_str(&o, "workspace_sid", f->workspace_sid);
    for (size_t part = 0; part < PARTS; part++) {
        json_key(&o, part_names[part]);
        put_part(&o, f, (enum part)part, minute);
    }
    json_close(&o, '}');
    return json_done(&o);
}

static struct sync_item item_shown(struct arena *a, const struct figure *f, const struct figure_item *i)
{
    return (struct sync_item){
        .key = i->key,
        .index = NO_VALUE,
        .event_id = i->event_id,
        .added_id = i->added_id,
        .revision = live_revision(a, i->event_id),
        .data = i->leaf->text,
        .date_created = f->made,
        .date_updated = i->event_id / 1000, /* its milliseconds */
        .date_expires = NO_VALUE,
        .created_by = "system",
    };
}

static void hold(struct arena *a, struct leaf *l)
{
    atomic_fetch_add(&l->refs, 1);
    arena_defer(a, leaf_release, l);
}

/* What has changed at one look goes in one frame. */
static struct sync_event *event_of(struct figure *f, struct tx *tx, const struct figure_item *i)
{
    struct sync_event *e = arena_alloc(tx->arena, sizeof *e);

    hold(tx->arena, i->leaf);
    *e = (struct sync_event){
        .type = SYNC_MAP,
        .change = SYNC_UPDATED,
        .account_sid = f->account_sid,
        .service_sid = f->service,
        .object_sid = f->sid,
        .unique_name = f->name,
        .id = i->event_id,
        .revision = live_revision(tx->arena, i->event_id),
        .item = item_shown(tx->arena, f, i),
    };
    return e;
}

static void look(struct figure *f, struct tx *tx, bool first)
{
    const struct sync_event *told = NULL, **end = &told;
    int64_t minute = tx->now - tx->now % MINUTE, midnight = tx->now - tx->now % DAY;

    window_move(f, tx, &f->half_hour, minute - (HALF_HOUR_MINUTES - 1) * MINUTE, minute);
    window_move(f, tx, &f->today, midnight, minute);
    for (size_t i = 0; i < f->nitems; i++) {
        struct figure_item *item = &f->items[i];
        const char *text = item_text(f, tx->arena, i, minute);
        uint64_t hash = hash_bytes(text, strlen(text));
        if (item->leaf && item->hash == hash)
            continue;
        leaf_release(item->leaf);
        item->leaf = leaf_make(text);
        item->hash = hash;
        item->event_id = f->last_event_id = live_next_id(f->all->live, tx->now);
        if (first)
            item->added_id = item->event_id;
        if (first || !f->watched)
            continue;
        struct sync_event *e = event_of(f, tx, item);
        *end = e;
        end = &e->next;
    }
    if (told)
        sync_tell(f->all->live->sync, tx, told);
}

/* --- marks */

/* One that nobody watches is only known to be out of date, for who asks next. */
static void mark(struct figure *f)
{
    f->marked = true;
    if (!f->watched)
        return;
    if (!list_linked(&f->in_marked))
        list_append(&f->all->marked, &f->in_marked);
    beat_start(&f->all->beat);
}

void figures_mark(struct figures *all, const char *scope_sid)
{
    struct figure *f = all->maps.n && scope_sid ? map_get(&all->maps, scope_sid) : NULL;

    if (f)
        mark(f);
}

void figures_mark_all(struct figures *all)
{
    struct figure *f;

    for (size_t i = 0; (f = map_next(&all->maps, &i));)
        mark(f);
}

bool figures_watched(const struct figures *all)
{
    return all->maps.n;
}

bool figures_busy(const struct figures *all)
{
    return all->beat.under_way || all->beat.again;
}

size_t figures_count(const struct figures *all)
{
    return all->maps.n;
}

static void drop(struct figure *f)
{
    f->all->nwatched -= f->watched;
    map_remove(&f->all->maps, f->scope_sid);
    list_remove(&f->in_marked);
    list_remove(&f->in_idle);
    for (size_t i = 0; i < f->nitems; i++)
        leaf_release(f->items[i].leaf);
    free(f);
}

static void expire(struct figures *all, int64_t now)
{
    while (!list_empty(&all->idle)) {
        struct figure *f = CONTAINER_OF(all->idle.next, struct figure, in_idle);
        if (f->idle_since + LIVE_GRACE > now)
            return;
        drop(f);
    }
}

static bool is_gone(struct figure *f, struct tx *tx)
{
    return !row_find(tx, f->of_workspace ? &workspace_kind : &task_queue_kind, f->scope_sid);
}

static void tell_gone(struct figure *f, struct tx *tx)
{
    struct sync_event e = {
        .type = SYNC_MAP,
        .change = SYNC_GONE,
        .account_sid = arena_strdup(tx->arena, f->account_sid),
        .service_sid = arena_strdup(tx->arena, f->service),
        .object_sid = arena_strdup(tx->arena, f->sid),
        .unique_name = arena_strdup(tx->arena, f->name),
        .id = live_next_id(f->all->live, tx->now),
    };

    e.revision = live_revision(tx->arena, e.id);
    sync_tell(f->all->live->sync, tx, &e);
}

static fault_t look_at_marked(struct tx *tx, struct command *c)
{
    struct beat *b = CONTAINER_OF(c, struct beat, command);
    struct figures *all = CONTAINER_OF(b, struct figures, beat);

    for (size_t n = 0; n < LOOK_FIGURES && !list_empty(&all->marked); n++) {
        struct figure *f = CONTAINER_OF(all->marked.next, struct figure, in_marked);
        list_remove(&f->in_marked);
        f->marked = false;
        if (is_gone(f, tx)) {
            tell_gone(f, tx);
            drop(f);
        } else
            look(f, tx, false);
    }
    if (!list_empty(&all->marked))
        beat_start(b);
    return NULL;
}

/* Windows move with the clock, also when nothing happens. */
static void ring_minute(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct figures *all = arg;

    (void)due;
    figures_mark_all(all);
    expire(all, tx->now);
    if (all->nwatched)
        alarm_set(tx, ALARM_MINUTE, subject, tx->now - tx->now % MINUTE + MINUTE);
}

/* --- as sync sees them */

/* Which queue or workspace is meant; NULL: none of ours.  Of a map's sid the digits are those of whom it is about. */
static const char *scope_named(struct sync_ask *ask, const char *workspace_sid, const char *name)
{
    const char *queue = str_ends(name, QUEUE_NAME) ? arena_strndup(ask->arena, name, strlen(name) - strlen(QUEUE_NAME))
                        : sid_valid(name, "MP")    ? arena_printf(ask->arena, "WQ%s", name + 2)
                                                   : NULL;
    const struct task_queue *q = queue && sid_valid(queue, "WQ") ? row_find(ask->tx, &task_queue_kind, queue) : NULL;

    if (str_eq(name, WORKSPACE_NAME) || (sid_valid(name, "MP") && str_eq(name + 2, workspace_sid + 2)))
        return workspace_sid;
    return q && row_is_live(q) && str_eq(q->workspace_sid, workspace_sid) ? q->sid : NULL;
}

static void *make(size_t n)
{
    void *p = calloc(1, n);

    if (!p)
        abort();
    return p;
}

static struct figure *figure_make(struct figures *all, struct tx *tx, const struct workspace *w, const char *scope_sid)
{
    struct figure *f = make(sizeof *f);

    f->all = all;
    f->of_workspace = str_eq(scope_sid, w->sid);
    snprintf(f->scope_sid, sizeof f->scope_sid, "%s", scope_sid);
    snprintf(f->workspace_sid, sizeof f->workspace_sid, "%s", w->sid);
    snprintf(f->account_sid, sizeof f->account_sid, "%s", w->account_sid);
    snprintf(f->sid, sizeof f->sid, "MP%s", scope_sid + 2);
    snprintf(f->service, sizeof f->service, "%s" LIVE_SERVICE, w->sid);
    snprintf(f->name, sizeof f->name, "%s%s", f->of_workspace ? "" : scope_sid,
             f->of_workspace ? WORKSPACE_NAME : QUEUE_NAME);
    f->made = tx->now;
    f->nitems = f->of_workspace ? 1 : PARTS;
    for (size_t i = 0; i < f->nitems; i++)
        f->items[i].key = f->of_workspace ? "workspace" : part_names[i];
    list_init(&f->in_marked);
    f->idle_since = tx->now;
    list_append(&all->idle, &f->in_idle);
    map_put(&all->maps, f->scope_sid, f);
    return f;
}

static fault_t find(void *arg, struct sync_ask *ask, const char *name, bool *found, struct sync_object *out)
{
    struct figures *all = arg;
    const char *service = ask->viewer.service_sid;

    if (!service || strlen(service) <= SID_LENGTH || !str_eq(service + SID_LENGTH, LIVE_SERVICE))
        return NULL;
    const char *workspace_sid = arena_strndup(ask->arena, service, SID_LENGTH);
    const struct workspace *w =
        sid_valid(workspace_sid, "WS") ? row_find(ask->tx, &workspace_kind, workspace_sid) : NULL;
    if (!w || !str_eq(w->account_sid, ask->viewer.account_sid))
        return NULL;
    const char *scope = scope_named(ask, w->sid, name);
    if (!scope)
        return NULL;
    expire(all, ask->tx->now);
    struct figure *f = map_get(&all->maps, scope);
    bool first = !f;
    if (first)
        f = figure_make(all, ask->tx, w, scope);
    if (first || f->marked) { /* unwatched, it was not looked at; watched, its watchers will hear of it */
        list_remove(&f->in_marked);
        f->marked = false;
        look(f, ask->tx, first);
    }
    *found = true;
    *out = (struct sync_object){
        .type = SYNC_MAP,
        .sid = arena_strdup(ask->arena, f->sid),
        .account_sid = ask->viewer.account_sid,
        .service_sid = service,
        .unique_name = arena_strdup(ask->arena, f->name),
        .last_event_id = f->last_event_id,
        .revision = live_revision(ask->arena, f->last_event_id),
        .date_created = f->made,
        .date_updated = f->last_event_id / 1000,
        .date_expires = NO_VALUE,
        .created_by = "system",
        .source = &all->source,
    };
    return NULL;
}

static struct figure *figure_of(struct figures *all, const char *sid)
{
    char scope[SID_SIZE];
    struct figure *f = NULL;

    for (int i = 0; i < 2 && !f; i++) {
        snprintf(scope, sizeof scope, "%s%s", i ? "WS" : "WQ", sid + 2);
        f = map_get(&all->maps, scope);
    }
    return f;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct sync_item *)a)->key, ((const struct sync_item *)b)->key);
}

static int by_event(const void *a, const void *b)
{
    int64_t x = ((const struct sync_item *)a)->event_id, y = ((const struct sync_item *)b)->event_id;

    return (x > y) - (x < y);
}

static fault_t gather(struct figures *all, struct sync_ask *ask, const struct sync_object *o, int64_t after,
                      struct sync_items *out)
{
    const struct figure *f = sid_valid(o->sid, "MP") ? figure_of(all, o->sid) : NULL;

    *out = (struct sync_items){ .rows = arena_alloc(ask->arena, ITEMS_MAX * sizeof *out->rows) };
    if (!f)
        return fault(ask->arena, F_NOT_FOUND, "The map %s is not there", o->sid);
    for (size_t i = 0; i < f->nitems; i++) {
        if (f->items[i].event_id <= after)
            continue;
        hold(ask->arena, f->items[i].leaf);
        out->rows[out->n++] = item_shown(ask->arena, f, &f->items[i]);
    }
    return NULL;
}

static fault_t items(void *arg, struct sync_ask *ask, const struct sync_object *o, const struct sync_page *page,
                     struct sync_items *out)
{
    fault_t f = gather(arg, ask, o, NO_VALUE, out);
    size_t kept = 0;

    if (f)
        return f;
    qsort(out->rows, out->n, sizeof *out->rows, by_key);
    for (size_t i = 0; i < out->n; i++) {
        const struct sync_item *row = &out->rows[page->descending ? out->n - 1 - i : i];
        int c = page->key ? strcmp(row->key, page->key) * (page->descending ? -1 : 1) : 1;
        if (c > 0 || (c == 0 && !page->exclusive))
            kept++;
        else
            out->more_before = true;
    }
    struct sync_item *chosen = arena_alloc(ask->arena, (kept + 1) * sizeof *chosen);
    for (size_t i = 0, skip = out->n - kept; i < kept; i++)
        chosen[i] = out->rows[page->descending ? out->n - 1 - skip - i : skip + i];
    out->rows = chosen;
    out->more_after = page->size && kept > page->size;
    out->n = out->more_after ? page->size : kept;
    return NULL;
}

static fault_t replay(void *arg, struct sync_ask *ask, const struct sync_object *o, int64_t after,
                      struct sync_items *out)
{
    fault_t f = gather(arg, ask, o, after, out);

    if (!f && out->n)
        qsort(out->rows, out->n, sizeof *out->rows, by_event);
    return f;
}

static void watched(void *arg, struct tx *tx, const char *object_sid, bool by_somebody)
{
    struct figures *all = arg;
    struct figure *f = figure_of(all, object_sid);

    if (!f || f->watched == by_somebody)
        return;
    f->watched = by_somebody;
    list_remove(&f->in_idle);
    if (!by_somebody) {
        list_remove(&f->in_marked);
        all->nwatched--;
        f->idle_since = tx->now;
        list_append(&all->idle, &f->in_idle);
        return;
    }
    if (!all->nwatched++ && alarm_due(tx, ALARM_MINUTE, "figures") == NO_VALUE)
        alarm_set(tx, ALARM_MINUTE, "figures", tx->now - tx->now % MINUTE + MINUTE);
    if (f->marked)
        mark(f);
}

/* --- set-up */

struct figures *figures_new(struct live *v)
{
    struct figures *all = make(sizeof *all);

    all->live = v;
    list_init(&all->marked);
    list_init(&all->idle);
    beat_init(&all->beat, v->pacer, PACE_FIGURES_MS, look_at_marked);
    ledger_alarm(v->ledger, &(struct alarm_kind){ ALARM_MINUTE, ring_minute, all });
    all->source = (struct sync_source){ .name = "figures",
                                        .on_ledger = true,
                                        .find = find,
                                        .items = items,
                                        .replay = replay,
                                        .watched = watched,
                                        .arg = all };
    sync_source_add(v->sync, &all->source);
    return all;
}

void figures_free(struct figures *all)
{
    struct figure *f;

    for (size_t i = 0; (f = map_next(&all->maps, &i));)
        drop(f);
    map_clear(&all->maps);
    beat_free(&all->beat);
    free(all);
}
