/* What is true now, from the counters of the engine; on the ledger's thread. */
#include "base/limit.h"
#include "base/map.h"
#include "product/taskrouter/statistics.h"
#include <stdlib.h>
#include <string.h>

enum { BULK_MOST = 50, BULK_A_SECOND = 5 };

/* --- one scope */

static const char *activities_text(struct op *op, const struct routing_workers *w)
{
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '[');
    for (size_t i = 0; i < w->nactivities; i++) {
        json_open(&o, '{');
        json_pair_str(&o, "sid", w->activities[i].activity->sid);
        json_pair_str(&o, "friendly_name", w->activities[i].activity->friendly_name);
        json_pair_int(&o, "workers", w->activities[i].workers);
        json_close(&o, '}');
    }
    json_close(&o, ']');
    return json_done(&o);
}

/* A task that has ended is in no place any more; clients look for these names all the same. */
static const char *statuses_text(struct op *op, const struct routing_tasks *t)
{
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    for (size_t i = 0; task_status_names[i]; i++)
        json_pair_int(&o, task_status_names[i], i <= TASK_WRAPPING ? t->by_status[i] : 0);
    json_close(&o, '}');
    return json_done(&o);
}

static const char *priorities_text(struct op *op, const struct routing_tasks *t)
{
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    for (size_t i = 0; i < t->npriorities; i++) {
        json_key_any(&o, arena_printf(op->arena, "%lld", (long long)t->priorities[i].priority));
        json_int(&o, t->priorities[i].tasks);
    }
    json_close(&o, '}');
    return json_done(&o);
}

static int64_t age(const struct op *op, const struct task *t, int64_t since)
{
    return t && since < op->now ? (op->now - since) / SECOND : 0;
}

static void fill_tasks(struct op *op, const char *sid, const char *channel_sid, struct statistics *s)
{
    struct routing_tasks t;

    routing_count_tasks(engine_of(op), op->arena, sid, channel_sid, &t);
    s->tasks_by_status = statuses_text(op, &t);
    s->tasks_by_priority = priorities_text(op, &t);
    s->total_tasks = t.total;
    s->longest_task_waiting_age = age(op, t.longest, t.longest_since);
    s->longest_relative_task_age_in_queue = age(op, t.longest_here, t.longest_here_since);
    /* The answer may be written on another thread. */
    s->longest_task_waiting_sid = arena_strdup(op->arena, t.longest ? t.longest->sid : NULL);
    s->longest_relative_task_sid_in_queue = arena_strdup(op->arena, t.longest_here ? t.longest_here->sid : NULL);
}

static void fill_workers(struct op *op, const struct routing_workers *w, struct statistics *s)
{
    s->activity_statistics = activities_text(op, w);
    s->total_workers = s->total_eligible_workers = w->total;
    s->total_available_workers = w->available;
}

/* sid is one of the caller's: otherwise there is nothing to see. */
static void fill(struct op *op, enum about about, const char *sid, const char *channel_sid, struct statistics *s)
{
    struct routing_workers w;

    if (about != ABOUT_WORKERS && about != ABOUT_WORKER)
        fill_tasks(op, sid, channel_sid, s);
    if (about == ABOUT_WORKFLOW || about == ABOUT_WORKER)
        return;
    routing_count_workers(engine_of(op), op->arena, sid, channel_sid, &w);
    fill_workers(op, &w, s);
}

fault_t statistics_view_now(struct op *op, void *out)
{
    enum about about = statistics_about(op);
    const char *channel_sid;
    fault_t f = statistics_channel(op, &channel_sid);

    if (f)
        return f;
    statistics_whose(op, out);
    fill(op, about, statistics_sid(op, about), channel_sid, out);
    return NULL;
}

/* --- before what happened: looks are asked before anybody has asked whether the workspace is the caller's */

static bool is_ours(struct op *op)
{
    return op_find(op, &workspace_kind, op_path(op, "workspace_sid"));
}

struct choice {
    struct op *op;
    struct seen *seen;
    const char *friendly_name, *queue_sid, *channel_sid;
    struct routing_workers workers;
    size_t room;
};

static void count_chosen(struct choice *c, const struct worker *w)
{
    for (size_t i = 0; i < c->workers.nactivities; i++)
        if (str_eq(c->workers.activities[i].activity->sid, w->activity_sid)) {
            c->workers.activities[i].workers++;
            c->workers.available += c->workers.activities[i].activity->available;
        }
    c->workers.total++;
}

static bool takes_channel(const struct choice *c, const struct worker *w)
{
    const struct worker_channel *wc =
        c->channel_sid ? routing_worker_channel(engine_of(c->op), c->op->tx, w->sid, c->channel_sid) : NULL;

    return !c->channel_sid || (wc && wc->available && wc->configured_capacity > 0);
}

static void choose(void *arg, const struct worker *w)
{
    struct choice *c = arg;
    struct seen *s = c->seen;

    if (c->friendly_name && !str_ieq(c->friendly_name, w->friendly_name))
        return;
    if (s->nworkers == c->room) {
        const char **more = arena_alloc(c->op->arena, 2 * (c->room + 8) * sizeof *more);
        if (s->nworkers)
            memcpy(more, s->workers, s->nworkers * sizeof *more);
        s->workers = more;
        c->room = 2 * (c->room + 8);
    }
    s->workers[s->nworkers++] = arena_strdup(c->op->arena, w->sid);
    if (takes_channel(c, w))
        count_chosen(c, w);
}

/* Workers by name, or by the queue that they belong to. */
static void look_at_chosen(struct op *op, struct seen *seen)
{
    const char *sid = op_param(op, "TaskQueueSid"), *name = op_param(op, "TaskQueueName");
    const char *workspace_sid = op_path(op, "workspace_sid");
    struct choice c = {
        .op = op, .seen = seen, .friendly_name = op_param(op, "FriendlyName"), .channel_sid = seen->channel_sid
    };
    const struct task_queue *q = NULL;

    if (sid && *sid)
        q = op_find(op, &task_queue_kind, sid);
    else if (name && *name)
        q = find_named(op, &task_queue_kind, name);
    bool of_queue = (sid && *sid) || (name && *name), named = c.friendly_name && *c.friendly_name;
    if (!of_queue && !named)
        return;
    if (!named)
        c.friendly_name = NULL;
    seen->chosen = true;
    routing_count_workers(engine_of(op), op->arena, workspace_sid, NULL, &c.workers); /* for the names of activities */
    c.workers.total = c.workers.available = 0;
    for (size_t i = 0; i < c.workers.nactivities; i++)
        c.workers.activities[i].workers = 0;
    if (!of_queue || q)
        routing_each_worker(engine_of(op), of_queue ? q->sid : workspace_sid, choose, &c);
    fill_workers(op, &c.workers, &seen->now);
}

fault_t statistics_look(struct op *op)
{
    struct seen *seen = op->data = arena_alloc(op->arena, sizeof *seen);
    enum about about = statistics_about(op);
    fault_t f = NULL;

    if (!is_ours(op))
        return NULL; /* the reader says so */
    f = statistics_channel(op, &seen->channel_sid);
    seen->channel_sid = arena_strdup(op->arena, seen->channel_sid);
    if (f)
        return f;
    fill(op, about, statistics_sid(op, about), seen->channel_sid, &seen->now);
    if (about == ABOUT_WORKERS)
        look_at_chosen(op, seen);
    return NULL;
}

/* --- the list of queues */

static void look_at_queue(void *arg, const struct task_queue *q)
{
    struct op *op = arg;
    struct seen *seen = op->data;
    const char *name = op_param(op, "FriendlyName");
    struct statistics s = { 0 };

    if (name && *name && !str_eq(name, q->friendly_name))
        return;
    if (seen->nqueues == seen->room) {
        struct queue_now *more = arena_alloc(op->arena, 2 * (seen->room + 8) * sizeof *more);
        if (seen->nqueues)
            memcpy(more, seen->queues, seen->nqueues * sizeof *more);
        seen->queues = more;
        seen->room = 2 * (seen->room + 8);
    }
    fill(op, ABOUT_QUEUE, q->sid, seen->channel_sid, &s);
    seen->queues[seen->nqueues++] =
        (struct queue_now){ arena_strdup(op->arena, q->sid), statistics_text(op, &statistics_now[ABOUT_QUEUE], &s) };
}

static int by_sid(const void *a, const void *b)
{
    return strcmp(((const struct queue_now *)a)->sid, ((const struct queue_now *)b)->sid);
}

const struct queue_now *seen_queue(const struct seen *s, const char *sid)
{
    struct queue_now wanted = { .sid = sid };

    return s->nqueues ? bsearch(&wanted, s->queues, s->nqueues, sizeof *s->queues, by_sid) : NULL;
}

fault_t statistics_look_at_queues(struct op *op)
{
    struct seen *seen = op->data = arena_alloc(op->arena, sizeof *seen);
    fault_t f = NULL;

    if (!is_ours(op))
        return NULL;
    f = statistics_channel(op, &seen->channel_sid);
    seen->channel_sid = arena_strdup(op->arena, seen->channel_sid);
    if (f)
        return f;
    routing_each_queue(engine_of(op), op_path(op, "workspace_sid"), look_at_queue, op);
    if (seen->nqueues)
        qsort(seen->queues, seen->nqueues, sizeof *seen->queues, by_sid);
    return NULL;
}

/* --- many queues at once: {"queueSids": ["WQ…", …]} */

fault_t statistics_start(struct site *site, struct arena *a)
{
    struct limit *l = site->questions = arena_alloc(a, sizeof *l);

    l->burst = BULK_A_SECOND;
    l->interval = SECOND / BULK_A_SECOND;
    return NULL;
}

static fault_t check_question(struct op *op, const json_t *sids)
{
    const char *account = op->who.account_sid;
    const json_t *one;
    size_t i;

    if (limit_take(op_site(op)->questions, hash_bytes(account, strlen(account)), op->now))
        return refuse(op, F_RATE_LIMIT, "Statistics of many TaskQueues may be asked for %d times a second",
                      BULK_A_SECOND);
    if (!json_array_size(sids) || json_array_size(sids) > BULK_MOST)
        return refuse(op, F_INVALID_PARAMETER, "queueSids must be an array of 1 to %d TaskQueue SIDs", BULK_MOST);
    json_array_foreach(sids, i, one)
    {
        if (!json_is_string(one) || !sid_valid(json_string_value(one), "WQ"))
            return refuse(op, F_INVALID_PARAMETER, "queueSids: '%.64s' is not the SID of a TaskQueue",
                          json_is_string(one) ? json_string_value(one) : json_text(op->arena, one));
    }
    return NULL;
}

/* One that is not there, or not the caller's, is shown as empty. */
static void put_queue(struct op *op, struct json_out *o, const char *sid)
{
    struct statistics s = { .task_queue_sid = sid };
    bool known = op_find(op, &task_queue_kind, sid);

    fill(op, ABOUT_QUEUE, known ? sid : "", NULL, &s);
    json_open(o, '{');
    json_pair_str(o, "task_queue_sid", sid);
    for (EACH_FIELD(f, &statistics_now[ABOUT_QUEUE])) {
        if ((f->flags & (OWNER | PARENT)) || strstr(f->name, "relative"))
            continue;
        members_json(o, &(struct kind){ .fields = f, .nfields = 1 }, &s, 0);
    }
    json_close(o, '}');
}

fault_t statistics_ask_for_queues(struct op *op, void *out)
{
    const json_t *sids = json_object_get(op->json, "queueSids"), *one;
    struct statistics_bulk *b = out;
    struct json_out o;
    size_t i;
    fault_t f = check_question(op, sids);

    if (f)
        return f;
    json_begin(&o, op->arena);
    json_open(&o, '[');
    json_array_foreach(sids, i, one) put_queue(op, &o, json_string_value(one));
    json_close(&o, ']');
    *b = (struct statistics_bulk){ op->who.account_sid, op_path(op, "workspace_sid"), json_done(&o),
                                   (int64_t)json_array_size(sids) };
    return NULL;
}
