/* The state of a centre, told by its event log alone: who is where, what is offered to whom, what has ended.  An event
 * says what happened; what follows from it without being said is here: a task whose last offer has failed waits again.
 */
#include "routing/simulation/world.h"
#include <stdlib.h>
#include <string.h>

struct known_task {
    struct sid sid, queue;
    enum task_status status;
    int64_t priority, offers; /* open ones */
    bool handed_on;           /* a transfer is under way */
};
struct known_reservation {
    struct sid sid, worker;
    struct known_task *task;
    enum reservation_status status;
};
struct known_worker {
    struct sid sid, activity;
};
struct known_channel {
    struct sid sid;
    int64_t capacity;
    bool available;
};

struct replay {
    struct map tasks, reservations, workers, channels;
    struct sid last; /* the last event read */
    int64_t number;
};

/* --- what is known */

static void *know(struct map *m, size_t size, const char *sid)
{
    void *x = calloc(1, size); /* its sid comes first */

    if (!x)
        abort();
    snprintf(x, SID_SIZE, "%s", sid);
    free(map_put(m, x, x));
    return x;
}

static void forget(struct map *m, const char *sid)
{
    free(map_remove(m, sid));
}

static void forget_all(struct map *m)
{
    void *x;

    for (size_t i = 0; (x = map_next(m, &i));)
        free(x);
    map_clear(m);
}

struct replay *replay_new(void)
{
    struct replay *r = calloc(1, sizeof *r);

    if (!r)
        abort();
    return r;
}

void replay_free(struct replay *r)
{
    forget_all(&r->tasks);
    forget_all(&r->reservations);
    forget_all(&r->workers);
    forget_all(&r->channels);
    free(r);
}

/* --- facts.  A text inside the JSON has its quotes escaped, so nothing but a key looks like one. */

static const char *find_fact(const char *data, const char *key)
{
    char wanted[64];
    int n = snprintf(wanted, sizeof wanted, "\"%s\":", key);
    const char *at = strstr(data, wanted);

    return at ? at + n : NULL;
}

static struct sid sid_fact(const char *data, const char *key)
{
    const char *at = find_fact(data, key);
    struct sid s = { "" };

    if (at && *at == '"' && strcspn(at + 1, "\"") == SID_LENGTH)
        memcpy(s.s, at + 1, SID_LENGTH);
    return s;
}

static int64_t int_fact(const char *data, const char *key)
{
    const char *at = find_fact(data, key);

    return at ? strtoll(at, NULL, 10) : NO_VALUE;
}

static bool true_fact(const char *data, const char *key)
{
    const char *at = find_fact(data, key);

    return at && *at == 't';
}

/* "reserved" -> TASK_RESERVED */
static enum task_status status_fact(const char *data)
{
    const char *at = find_fact(data, "task_assignment_status");
    enum task_status s = TASK_PENDING;

    while (at && task_status_names[s] && strncmp(at + 1, task_status_names[s], strlen(task_status_names[s])) != 0)
        s++;
    return s;
}

/* --- events */

static void learn_task(struct replay *x, enum event_type type, const char *data)
{
    struct sid sid = sid_fact(data, "task_sid"), queue = sid_fact(data, "task_queue_sid");
    struct known_task *t = map_get(&x->tasks, sid.s);

    if (!t && (type == EV_WORKFLOW_ENTERED || type == EV_TASK_QUEUE_ENTERED || type == EV_TASK_CREATED))
        t = know(&x->tasks, sizeof *t, sid.s);
    if (!t)
        return; /* it has ended; somebody corrects its attributes */
    t->queue = queue;
    t->priority = int_fact(data, "task_priority");
    if (type == EV_TASK_WRAPUP)
        t->status = TASK_WRAPPING;
    if (type == EV_TASK_UPDATED)
        t->status = status_fact(data);
    if (type == EV_TASK_TRANSFER_INITIATED)
        t->handed_on = true;
    if (type == EV_TASK_TRANSFER_COMPLETED || type == EV_TASK_TRANSFER_FAILED || type == EV_TASK_TRANSFER_CANCELED)
        t->handed_on = false;
    if (type != EV_TASK_COMPLETED && type != EV_TASK_CANCELED && type != EV_TASK_DELETED &&
        type != EV_TASK_SYSTEM_DELETED)
        return;
    struct known_reservation *r;
    for (size_t i = 0; (r = map_next(&x->reservations, &i));)
        if (r->task == t)
            r->task = NULL;
    forget(&x->tasks, sid.s);
}

static void lose_offer(struct known_task *t)
{
    if (t && --t->offers == 0 && t->status == TASK_RESERVED)
        t->status = TASK_PENDING;
}

static void learn_reservation(struct world *w, struct replay *x, enum event_type type, const char *data)
{
    struct sid sid = sid_fact(data, "reservation_sid"), task = sid_fact(data, "task_sid");
    struct known_reservation *r = map_get(&x->reservations, sid.s);

    if (type == EV_RESERVATION_CREATED) {
        r = know(&x->reservations, sizeof *r, sid.s);
        r->worker = sid_fact(data, "worker_sid");
        r->task = map_get(&x->tasks, task.s);
        if (!r->task)
            world_wrong(w, "the log offers %s, of which it does not know", task.s);
        r->task->offers++;
        r->task->status = TASK_RESERVED;
        r->task->priority = int_fact(data, "task_priority");
        return;
    }
    if (!r)
        world_wrong(w, "the log ends %s, of which it does not know", sid.s);
    bool open = r->status == RESERVATION_PENDING;
    if (type == EV_RESERVATION_ACCEPTED || type == EV_RESERVATION_WRAPUP) {
        r->status = type == EV_RESERVATION_ACCEPTED ? RESERVATION_ACCEPTED : RESERVATION_WRAPPING;
        if (type == EV_RESERVATION_ACCEPTED && r->task)
            r->task->status = TASK_ASSIGNED;
        if (open)
            lose_offer(r->task);
        return;
    }
    if (open)
        lose_offer(r->task);
    forget(&x->reservations, sid.s);
}

static void learn_worker(struct replay *x, enum event_type type, const char *data)
{
    struct sid sid = sid_fact(data, "worker_sid"), channel = sid_fact(data, "worker_channel_sid");
    struct known_worker *k = map_get(&x->workers, sid.s);

    if (type == EV_WORKER_DELETED) {
        forget(&x->workers, sid.s);
        return;
    }
    if (!k)
        k = know(&x->workers, sizeof *k, sid.s);
    k->activity = sid_fact(data, "worker_activity_sid");
    if (!*channel.s)
        return;
    struct known_channel *c = map_get(&x->channels, channel.s);
    if (!c)
        c = know(&x->channels, sizeof *c, channel.s);
    c->capacity = int_fact(data, "worker_channel_available_capacity");
    c->available = true_fact(data, "worker_channel_available");
}

struct reading {
    struct world *w;
    struct replay *x;
    struct arena *arena;
    struct sid sid;    /* of the last event that had facts of its own, */
    const char *facts; /* and these */
};

static const char *facts_of(struct reading *r, const struct event *e)
{
    if (e->data) {
        memcpy(r->sid.s, e->sid, SID_SIZE);
        r->facts = arena_strdup(r->arena, e->data);
    } else if (!str_eq(e->facts_of, r->sid.s)) {
        world_wrong(r->w, "event %s has the facts of %s, which is not the one before", e->sid, e->facts_of);
    }
    return r->facts;
}

static bool read_event(void *arg, void *row)
{
    const struct event *e = row;
    struct reading *r = arg;

    if (e->number != ++r->x->number)
        world_wrong(r->w, "event %lld of the log has the number %lld", (long long)r->x->number, (long long)e->number);
    memcpy(r->x->last.s, e->sid, SID_SIZE);
    const char *data = facts_of(r, e);
    if (str_eq(e->resource_type, "task"))
        learn_task(r->x, e->type, data);
    else if (str_eq(e->resource_type, "reservation"))
        learn_reservation(r->w, r->x, e->type, data);
    else if (str_eq(e->resource_type, "worker"))
        learn_worker(r->x, e->type, data);
    return true;
}

void replay_read(struct world *w, struct tx *tx)
{
    struct replay *x = w->replay;
    struct reading r = { .w = w, .x = x, .arena = tx->arena };
    const char *since = arena_printf(tx->arena, "sid > '%s'", x->last.s);
    struct value last;

    if (record_scan(tx->db, &event_kind, since, read_event, &r) != DB_OK)
        world_wrong(w, "the log cannot be read: %s", db_error(tx->db));
    last = value_text(x->last.s); /* which stays: numbers go on from it */
    if (db_run(tx->db, "DELETE FROM event WHERE sid < ?", &last, 1, NULL, NULL) != DB_OK)
        world_wrong(w, "the log cannot be shortened: %s", db_error(tx->db));
}

/* --- comparing */

static void compare_tasks(struct world *w, struct tx *tx)
{
    const struct task *t;

    if (row_count(tx, &task_kind) != w->replay->tasks.n)
        world_wrong(w, "there are %zu tasks, and the log tells of %zu", row_count(tx, &task_kind), w->replay->tasks.n);
    for (size_t i = 0; (t = row_each(tx, &task_kind, &i));) {
        const struct known_task *k = map_get(&w->replay->tasks, t->sid);
        if (!k)
            world_wrong(w, "the log does not tell of %s", t->sid);
        if (k->status != t->assignment_status || !str_eq(k->queue.s, t->task_queue_sid ? t->task_queue_sid : "") ||
            k->priority != t->priority || k->handed_on != (((const struct task_live *)t)->transfer != NULL))
            world_wrong(w, "%s is %s in %s with priority %lld; told by the log %s in %s with %lld", t->sid,
                        task_status_names[t->assignment_status], t->task_queue_sid, (long long)t->priority,
                        task_status_names[k->status], k->queue.s, (long long)k->priority);
    }
}

static void compare_reservations(struct world *w, struct tx *tx)
{
    const struct reservation *r;

    if (row_count(tx, &reservation_kind) != w->replay->reservations.n)
        world_wrong(w, "there are %zu reservations, and the log tells of %zu", row_count(tx, &reservation_kind),
                    w->replay->reservations.n);
    for (size_t i = 0; (r = row_each(tx, &reservation_kind, &i));) {
        const struct known_reservation *k = map_get(&w->replay->reservations, r->sid);
        if (!k || k->status != r->reservation_status || !str_eq(k->worker.s, r->worker_sid) || !k->task ||
            !str_eq(k->task->sid.s, r->task_sid))
            world_wrong(w, "%s is %s, which the log does not tell", r->sid,
                        reservation_status_names[r->reservation_status]);
    }
}

void replay_compare(struct world *w, struct tx *tx)
{
    const struct worker *k;
    const struct worker_channel *c;

    compare_tasks(w, tx);
    compare_reservations(w, tx);
    if (row_count(tx, &worker_kind) != w->replay->workers.n)
        world_wrong(w, "there are %zu workers, and the log tells of %zu", row_count(tx, &worker_kind),
                    w->replay->workers.n);
    for (size_t i = 0; (k = row_each(tx, &worker_kind, &i));) {
        const struct known_worker *known = map_get(&w->replay->workers, k->sid);
        if (!known || !str_eq(known->activity.s, k->activity_sid))
            world_wrong(w, "%s is at %s, and the log says %s", k->friendly_name, k->activity_sid,
                        known ? known->activity.s : "-");
    }
    for (size_t i = 0; (c = row_each(tx, &worker_channel_kind, &i));) {
        const struct known_channel *known = map_get(&w->replay->channels, c->sid);
        if (c->configured_capacity != (known ? known->capacity : 1) ||
            c->available != (known ? known->available : true))
            world_wrong(w, "%s has a capacity of %lld, and the log says %lld", c->sid,
                        (long long)c->configured_capacity, known ? (long long)known->capacity : 1);
    }
}
