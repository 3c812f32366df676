/* From events to rows.  A figure is found by its scope, channel and minute while the minute runs; an alarm a workspace
 * closes those whose minute is over, another deletes what is too old. */
#include "base/list.h"
#include "base/map.h"
#include "codec/json.h"
#include "measure/internal.h"
#include "routing/kinds.h"
#include <stdlib.h>
#include <string.h>

enum { SLICE = 500 }; /* rows that one command closes or deletes */
enum { KEY_SIZE = 2 * SID_LENGTH + 16 + 1 };
#define ALARM_CLOSE "measure.close"
#define ALARM_PURGE "measure.purge"

struct figure_live {
    struct minute_figure row;
    char key[KEY_SIZE]; /* "": in no map */
    struct link in_book;
};

/* The running figures of a workspace. */
struct book {
    char workspace_sid[SID_SIZE];
    struct link figures;
};

struct measure {
    struct ledger *ledger;
    struct routing *engine;
    struct map figures; /* running ones, by scope, channel and minute */
    struct map books;
    bool counted[EV_COUNT];
};

int64_t minute_of(int64_t at)
{
    return at - at % MINUTE;
}

/* --- running figures */

static void make_key(char key[static KEY_SIZE], const char *scope, const char *channel, int64_t minute)
{
    char *p = stpncpy(key, scope, SID_LENGTH);

    p = stpncpy(p, channel, SID_LENGTH);
    for (uint64_t n = (uint64_t)(minute / MINUTE); n; n >>= 4)
        *p++ = "0123456789abcdef"[n & 15];
    *p = '\0';
}

static struct book *book_of(struct measure *m, const char *workspace_sid)
{
    struct book *b = map_get(&m->books, workspace_sid);

    if (b)
        return b;
    b = calloc(1, sizeof *b);
    if (!b)
        abort();
    memcpy(b->workspace_sid, workspace_sid, strnlen(workspace_sid, SID_LENGTH));
    list_init(&b->figures);
    map_put(&m->books, b->workspace_sid, b);
    return b;
}

static void unlink_figure(void *engine, void *row)
{
    struct measure *m = engine;
    struct figure_live *f = row;

    if (!*f->key)
        return;
    map_remove(&m->figures, f->key);
    *f->key = '\0';
    list_remove(&f->in_book);
    struct book *b = map_get(&m->books, f->row.workspace_sid);
    if (b && list_empty(&b->figures))
        free(map_remove(&m->books, b->workspace_sid));
}

static void link_figure(void *engine, struct tx *tx, void *row)
{
    struct measure *m = engine;
    struct figure_live *f = row;

    (void)tx;
    if (f->row.over)
        unlink_figure(m, f);
    if (f->row.over || *f->key)
        return;
    make_key(f->key, f->row.scope_sid, f->row.channel_sid, f->row.minute);
    map_put(&m->figures, f->key, f);
    list_append(&book_of(m, f->row.workspace_sid)->figures, &f->in_book);
}

static void forget(void *arg)
{
    struct measure *m = arg;
    struct book *b;

    map_clear(&m->figures);
    for (size_t i = 0; (b = map_next(&m->books, &i));)
        free(b);
    map_clear(&m->books);
}

static void keep_alarm(struct tx *tx, const char *kind, const char *workspace_sid, int64_t due)
{
    if (alarm_due(tx, kind, workspace_sid) == NO_VALUE)
        alarm_set(tx, kind, workspace_sid, due);
}

/* The figure, ready to be changed. */
static struct minute_figure *figure_of(struct measure *m, struct tx *tx, const struct task *t, const char *scope_sid)
{
    int64_t minute = minute_of(tx->now);
    char key[KEY_SIZE];

    make_key(key, scope_sid, t->task_channel_sid, minute);
    struct minute_figure *f = map_get(&m->figures, key);
    if (f) {
        row_edit(tx, f);
        return f;
    }
    f = row_new(tx, &minute_figure_kind, NULL);
    const char *sid = f->sid;
    measure_begin(f);
    f->sid = sid;
    row_set(tx, f, &f->account_sid, t->account_sid);
    row_set(tx, f, &f->workspace_sid, t->workspace_sid);
    row_set(tx, f, &f->scope_sid, scope_sid);
    row_set(tx, f, &f->channel_sid, t->task_channel_sid);
    f->minute = minute;
    link_figure(m, tx, f);
    keep_alarm(tx, ALARM_CLOSE, t->workspace_sid, minute + MINUTE);
    keep_alarm(tx, ALARM_PURGE, t->workspace_sid, tx->now + DAY);
    return f;
}

const struct minute_figure *measure_running(const struct measure *m, const char *scope_sid, const char *channel_sid,
                                            int64_t now)
{
    char key[KEY_SIZE];

    make_key(key, scope_sid, channel_sid, minute_of(now));
    return map_get(&m->figures, key);
}

/* --- what events raise */

static int64_t waited(const struct metric *metric, const struct task *t, int64_t now)
{
    int64_t since = metric->since == SINCE_ENTERED ? t->task_queue_entered_date : t->date_created;

    return since == NO_VALUE || since > now ? 0 : now - since;
}

static void raise_figures(struct measure *m, struct tx *tx, enum event_type type, enum scope scope,
                          const char *scope_sid, const struct task *t)
{
    struct minute_figure *f = NULL;

    for (size_t i = 0; i < nmetrics && scope_sid; i++) {
        const struct metric *metric = &metrics[i];
        if (metric->raised_by != type || !(metric->scopes & scope))
            continue;
        if (!f)
            f = figure_of(m, tx, t, scope_sid);
        if (!metric->since) {
            *metric_at(metric, f) += !metric->within || waited(metric, t, tx->now) <= metric->within;
            continue;
        }
        int64_t ms = waited(metric, t, tx->now);
        struct spread s = metric_spread(metric, f);
        spread_add(&s, &(struct spread){ 1, ms, ms, ms });
        metric_put_spread(metric, f, &s);
    }
}

static void note_wait(struct tx *tx, const struct task *t, const char *workflow_sid, const char *queue_sid,
                      bool canceled)
{
    struct task_wait *w = row_new(tx, &task_wait_kind, NULL);

    row_set(tx, w, &w->account_sid, t->account_sid);
    row_set(tx, w, &w->workspace_sid, t->workspace_sid);
    row_set(tx, w, &w->workflow_sid, workflow_sid);
    row_set(tx, w, &w->task_queue_sid, queue_sid);
    row_set(tx, w, &w->channel_sid, t->task_channel_sid);
    row_set(tx, w, &w->task_sid, t->sid);
    w->at = tx->now;
    w->waited = tx->now > t->date_created ? tx->now - t->date_created : 0;
    w->canceled = canceled;
}

/* r: NULL, or the reservation that the event is about; its places are those of its making. */
static void count(struct measure *m, struct tx *tx, enum event_type type, const struct task *t,
                  const struct reservation *r)
{
    const char *workflow = r ? r->workflow_sid : t->workflow_sid;
    const char *queue = r ? r->task_queue_sid : t->task_queue_sid;

    if (type == EV_TASK_QUEUE_MOVED)
        queue = routing_left_queue(m->engine);
    raise_figures(m, tx, type, OF_WORKSPACE, t->workspace_sid, t);
    raise_figures(m, tx, type, OF_WORKFLOW, workflow, t);
    raise_figures(m, tx, type, OF_QUEUE, queue, t);
    raise_figures(m, tx, type, OF_WORKER, r ? r->worker_sid : NULL, t);
    if (type == EV_RESERVATION_ACCEPTED || type == EV_TASK_CANCELED)
        note_wait(tx, t, workflow, queue, type == EV_TASK_CANCELED);
}

static void note_stay(struct tx *tx, const struct worker *w, const char *activity_sid, int64_t begun)
{
    if (!activity_sid || begun >= tx->now)
        return;
    struct worker_stay *s = row_new(tx, &worker_stay_kind, NULL);
    row_set(tx, s, &s->account_sid, w->account_sid);
    row_set(tx, s, &s->workspace_sid, w->workspace_sid);
    row_set(tx, s, &s->worker_sid, w->sid);
    row_set(tx, s, &s->activity_sid, activity_sid);
    s->begun = begun;
    s->ended = tx->now;
    keep_alarm(tx, ALARM_PURGE, w->workspace_sid, tx->now + DAY);
}

/* The event says what the worker's row does not say any more. */
static void left_activity(struct tx *tx, const struct event *e)
{
    const json_t *facts = json_parse_object(tx->arena, e->data, strlen(e->data), NULL);
    const json_t *ms = json_object_get(facts, "worker_time_in_previous_activity_ms");

    note_stay(tx, e->subject, json_get_string(facts, "worker_previous_activity_sid"), tx->now - json_integer_value(ms));
}

static void hear(void *arg, struct tx *tx, const struct event *e)
{
    struct measure *m = arg;
    enum event_type type = e->type == EV_TASK_SYSTEM_DELETED ? EV_TASK_DELETED : e->type;
    const struct worker *w = e->subject;

    if (m->counted[type] && e->other)
        count(m, tx, type, e->other, str_eq(e->resource_type, "reservation") ? e->subject : NULL);
    else if (type == EV_WORKER_ACTIVITY_UPDATE)
        left_activity(tx, e);
    else if (type == EV_WORKER_DELETED)
        note_stay(tx, w, w->activity_sid, w->date_status_changed);
    else if (type == EV_WORKSPACE_DELETED)
        alarm_set(tx, ALARM_PURGE, e->resource_sid, tx->now + MEASURE_KEPT + HOUR);
}

/* --- alarms */

static void ring_close(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct measure *m = arg;
    struct book *b = map_get(&m->books, subject);
    int64_t next = NO_VALUE;
    size_t n = 0;

    (void)due;
    if (!b)
        return;
    for (struct link *l = b->figures.next, *after; l != &b->figures && n < SLICE; l = after) {
        struct figure_live *f = CONTAINER_OF(l, struct figure_live, in_book);
        bool last = (after = l->next) == &b->figures; /* the book goes with its last figure */
        if (f->row.minute + MINUTE > tx->now) {
            next = f->row.minute + MINUTE;
            if (last)
                break;
            continue;
        }
        row_edit(tx, f);
        f->row.over = true;
        link_figure(m, tx, f);
        n++;
        if (last)
            break;
    }
    b = map_get(&m->books, subject);
    if (b && n == SLICE)
        alarm_set(tx, ALARM_CLOSE, subject, tx->now + 1);
    else if (b && next != NO_VALUE)
        alarm_set(tx, ALARM_CLOSE, subject, next);
}

static bool take_sid(void *arg, struct columns *c)
{
    text_put(arg, column_text(c, 0));
    return true;
}

/* Deletes at most SLICE rows of a kind that are older; how many. */
static size_t purge(struct tx *tx, const struct kind *k, const char *sql, const char *workspace_sid)
{
    char before[SID_SIZE];
    struct text sids = { .arena = tx->arena };
    int64_t limit = tx->now - MEASURE_KEPT;
    struct value args[] = { value_text(sid_since(field_flagged(k, KEY)->prefix, limit, before)), value_int(limit),
                            value_text(workspace_sid), value_int(SLICE) };

    if (db_run(tx->db, sql, args, 4, take_sid, &sids) != DB_OK)
        return SLICE; /* what is not deleted now is deleted later */
    for (size_t i = 0; i < sids.n; i += SID_LENGTH) {
        void *row = row_find(tx, k, arena_strndup(tx->arena, sids.s + i, SID_LENGTH));
        if (row)
            row_delete(tx, row);
    }
    return sids.n / SID_LENGTH;
}

/* Daily, and a last time when all that a deleted workspace has left is old. */
static void ring_purge(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    (void)arg, (void)due;
#define OLD(table, time)                                                                                               \
    "SELECT sid FROM " table " WHERE sid < ? AND " time " < ? AND workspace_sid = ? ORDER BY sid LIMIT ?"
    bool more = purge(tx, &minute_figure_kind, OLD("minute_figure", "minute"), subject) == SLICE;
    more |= purge(tx, &task_wait_kind, OLD("task_wait", "at"), subject) == SLICE;
    more |= purge(tx, &worker_stay_kind, OLD("worker_stay", "ended"), subject) == SLICE;
#undef OLD
    if (more)
        alarm_set(tx, ALARM_PURGE, subject, tx->now + SECOND); /* others want to write, too */
    else if (row_find(tx, &workspace_kind, subject))
        alarm_set(tx, ALARM_PURGE, subject, tx->now + DAY);
}

/* --- set-up */

struct measure *measure_new(struct ledger *l, struct routing *e)
{
    struct measure *m = calloc(1, sizeof *m);

    if (!m)
        abort();
    m->ledger = l;
    m->engine = e;
    for (size_t i = 0; i < nmetrics; i++)
        m->counted[metrics[i].raised_by] = true;
    ledger_hooks(
        l, minute_figure_kind.name,
        &(struct live_hooks){
            .live_size = sizeof(struct figure_live), .relink = link_figure, .unlink = unlink_figure, .engine = m });
    ledger_listen(l, &(struct listener){ "", hear, m });
    ledger_alarm(l, &(struct alarm_kind){ ALARM_CLOSE, ring_close, m });
    ledger_alarm(l, &(struct alarm_kind){ ALARM_PURGE, ring_purge, m });
    ledger_on_reset(l, forget, m);
    return m;
}

void measure_free(struct measure *m)
{
    if (!m)
        return;
    forget(m);
    free(m);
}

static fault_t start(struct site *site, struct arena *a)
{
    (void)a;
    site->measure = measure_new(site->ledger, site->engine);
    return NULL;
}

static void stop(struct site *site)
{
    measure_free(site->measure);
    site->measure = NULL;
}

const struct module measure_module = {
    .name = "measure", .kinds = measure_kinds, .nkinds = MEASURE_KINDS, .start = start, .stop = stop
};
