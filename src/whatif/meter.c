/* The meter: hears events and counts.  It cannot tell whether they come from the log or from a play, so that the two
 * can be compared. */
#include "whatif/internal.h"
#include <stdlib.h>
#include <string.h>

enum fate { WAITING, ANSWERED, ABANDONED, CANCELED };

struct measured {
    const char *sid;
    int64_t created, waited;
    enum fate fate;
};

struct hand { /* a worker */
    const char *sid;
    bool available;
    int64_t handling, since;
};

struct meter {
    struct arena *arena;
    const struct whatif_options *o;
    const struct map *activities; /* those that are available */
    struct map tasks, hands;
    struct pointers all, all_hands;
    int64_t *busy, *staffed; /* an interval each */
    size_t n;
};

void pointers_add(struct pointers *l, void *p)
{
    if (l->n == l->cap) {
        void **more = arena_alloc(l->arena, (l->cap ? 2 * l->cap : 64) * sizeof *more);
        if (l->n)
            memcpy(more, l->at, l->n * sizeof *more);
        l->at = more;
        l->cap = l->cap ? 2 * l->cap : 64;
    }
    l->at[l->n++] = p;
}

static void forget(void *arg)
{
    struct meter *m = arg;

    map_clear(&m->tasks);
    map_clear(&m->hands);
}

struct meter *meter_new(struct arena *a, const struct whatif_options *o, const struct map *available)
{
    struct meter *m = arena_alloc(a, sizeof *m);

    *m = (struct meter){ .arena = a, .o = o, .activities = available, .all.arena = a, .all_hands.arena = a };
    m->n = (size_t)((o->to - o->from + o->interval - 1) / o->interval);
    m->busy = arena_alloc(a, m->n * sizeof *m->busy);
    m->staffed = arena_alloc(a, m->n * sizeof *m->staffed);
    arena_defer(a, forget, m);
    return m;
}

/* --- people ----------------------------------------------------------------------------------------------- */

static void spread(const struct meter *m, int64_t *into, int64_t from, int64_t to)
{
    for (size_t i = (size_t)((from - m->o->from) / m->o->interval); from < to && i < m->n; i++) {
        int64_t end = m->o->from + (int64_t)(i + 1) * m->o->interval, until = to < end ? to : end;
        into[i] += until - from;
        from = until;
    }
}

static void settle(struct meter *m, struct hand *h, int64_t now)
{
    if (h->handling > 0)
        spread(m, m->busy, h->since, now);
    if (h->handling > 0 || h->available)
        spread(m, m->staffed, h->since, now);
    h->since = now;
}

static struct hand *hand_of(struct meter *m, const char *sid, int64_t now)
{
    struct hand *h = sid ? map_get(&m->hands, sid) : NULL;

    if (h || !sid)
        return h;
    h = arena_alloc(m->arena, sizeof *h);
    *h = (struct hand){ .sid = arena_strdup(m->arena, sid), .since = now };
    map_put(&m->hands, h->sid, h);
    pointers_add(&m->all_hands, h);
    return h;
}

void meter_worker(struct meter *m, const char *worker_sid, const char *activity_sid, int64_t handling)
{
    struct hand *h = hand_of(m, worker_sid, m->o->from);

    h->available = activity_sid && map_get(m->activities, activity_sid);
    h->handling = handling;
}

static void hear_worker(struct meter *m, enum event_type type, int64_t at, const json_t *facts)
{
    struct hand *h = hand_of(m, json_get_string(facts, "worker_sid"), at);
    const char *activity = json_get_string(facts, "worker_activity_sid");

    if (!h)
        return;
    settle(m, h, at);
    if (type == EV_RESERVATION_ACCEPTED)
        h->handling++;
    else if (type == EV_RESERVATION_COMPLETED)
        h->handling -= h->handling > 0;
    else
        h->available = type != EV_WORKER_DELETED && activity && map_get(m->activities, activity);
}

/* --- requests --------------------------------------------------------------------------------------------- */

static void add_task(struct meter *m, int64_t at, const json_t *facts)
{
    const char *sid = json_get_string(facts, "task_sid");
    struct measured *t;

    if (!sid || at >= m->o->to || !str_eq(json_get_string(facts, "workflow_sid"), m->o->workflow_sid) ||
        map_get(&m->tasks, sid))
        return;
    t = arena_alloc(m->arena, sizeof *t);
    *t = (struct measured){ .sid = arena_strdup(m->arena, sid), .created = at };
    map_put(&m->tasks, t->sid, t);
    pointers_add(&m->all, t);
}

static void end_wait(struct meter *m, int64_t at, const json_t *facts, enum fate fate)
{
    const char *sid = json_get_string(facts, "task_sid");
    struct measured *t = sid ? map_get(&m->tasks, sid) : NULL;

    if (!t || t->fate != WAITING)
        return;
    t->fate = fate;
    t->waited = at - t->created;
}

void meter_hear(struct meter *m, enum event_type type, int64_t at, const json_t *facts)
{
    bool ttl;

    switch (type) {
    case EV_TASK_CREATED:
        add_task(m, at, facts);
        break;
    case EV_TASK_CANCELED:
        end_wait(m, at, facts,
                 routing_gave_reason(json_get_string(facts, "task_canceled_reason"), &ttl) ? CANCELED : ABANDONED);
        break;
    case EV_TASK_DELETED:
        end_wait(m, at, facts, ABANDONED);
        break;
    case EV_RESERVATION_ACCEPTED:
        end_wait(m, at, facts, ANSWERED);
        hear_worker(m, type, at, facts);
        break;
    case EV_RESERVATION_COMPLETED:
    case EV_WORKER_CREATED:
    case EV_WORKER_ACTIVITY_UPDATE:
    case EV_WORKER_DELETED:
        hear_worker(m, type, at, facts);
        break;
    default:
        break;
    }
}

/* --- reading ---------------------------------------------------------------------------------------------- */

static int by_length(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The smallest wait that so many of a hundred do not exceed. */
static int64_t percentile(const int64_t *waits, size_t n, size_t of_hundred)
{
    size_t rank = (n * of_hundred + 99) / 100;

    return waits[rank ? rank - 1 : 0];
}

/* Of the tasks that were created in [from, to). */
static void count(const struct meter *m, int64_t from, int64_t to, struct whatif_figures *f)
{
    _arena_ struct arena *a = arena_new();
    int64_t *waits = arena_alloc(a, (m->all.n + 1) * sizeof *waits), sum = 0;
    size_t n = 0;

    *f = (struct whatif_figures){ .avg = NO_VALUE, .p50 = NO_VALUE, .p90 = NO_VALUE, .max = NO_VALUE };
    for (size_t i = 0; i < m->all.n; i++) {
        const struct measured *t = m->all.at[i];
        if (t->created < from || t->created >= to)
            continue;
        f->tasks++;
        f->abandoned += t->fate == ABANDONED;
        f->canceled += t->fate == CANCELED;
        f->waiting += t->fate == WAITING;
        if (t->fate != ANSWERED)
            continue;
        f->within += t->waited <= m->o->threshold;
        waits[n++] = t->waited;
        sum += t->waited;
    }
    f->answered = (int64_t)n;
    if (!n)
        return;
    qsort(waits, n, sizeof *waits, by_length);
    f->avg = sum / (int64_t)n;
    f->p50 = percentile(waits, n, 50);
    f->p90 = percentile(waits, n, 90);
    f->max = waits[n - 1];
}

void meter_read(struct meter *m, enum whatif_run run, struct whatif_result *out)
{
    struct whatif_figures *total = &out->total[run];

    for (size_t i = 0; i < m->all_hands.n; i++)
        settle(m, m->all_hands.at[i], m->o->to);
    count(m, m->o->from, m->o->to, total);
    for (size_t i = 0; i < m->n; i++) {
        struct whatif_figures *f = &out->intervals[i].of[run];
        int64_t from = m->o->from + (int64_t)i * m->o->interval;
        count(m, from, from + m->o->interval, f);
        f->busy = m->busy[i];
        f->staffed = m->staffed[i];
        total->busy += f->busy;
        total->staffed += f->staffed;
    }
}
