/* bench_routing_scale [workers] [queues] [tasks] [folder]: the routing engine full of people and work, without HTTP.
 *
 * As many workers, each with three skills of as many as there are queues, a queue a skill, and tasks that wait because
 * everybody is offline: the worst a morning can be.  Then what a centre does all day: a task is made that nobody can
 * take, a workflow changes and all its tasks are asked again in vain, a worker logs in and is offered something,
 * somebody's skills change, a queue's expression does, a worker logs out.  Memory is resident bytes a row, by
 * difference; times are of whole commands, commit included. */
#include "base/folder.h"
#include "routing/kinds.h"
#include "routing/routing.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 500, SAMPLES = 200, RETOLD = 10, FILTERS = 100 /* a workflow has */ };

static const char account[] = "AC0123456789abcdef0123456789abcdef";

struct bench {
    struct arena *arena;
    struct clock *clock;
    struct store *store;
    struct ledger *ledger;
    struct routing *engine;
    const char *workspace, *offline, *available, *folder;
    const char **workers, **queues, **workflows;
    size_t nworkers, nqueues, nworkflows, ntasks;
    size_t from, to; /* of the batch that is made now */
};

static double seconds_since(int64_t ns)
{
    return (double)(monotonic_ns() - ns) / 1e9;
}

static double resident_bytes(void)
{
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%ld %ld", &pages, &resident) != 2)
        abort();
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void must(struct bench *b, fault_t (*run)(struct tx *, void *))
{
    _arena_ struct arena *a = arena_new();
    fault_t f = ledger_do(b->ledger, a, run, b);

    if (f) {
        fprintf(stderr, "%s\n", f->message);
        abort();
    }
}

/* --- the people and the work */

static fault_t make_workspace(struct tx *tx, void *arg)
{
    static const char *const names[] = { "Offline", "Available", NULL };
    struct bench *b = arg;
    struct workspace *w = row_new(tx, &workspace_kind, NULL);
    const struct activity *a;

    row_set(tx, w, &w->account_sid, account);
    row_set(tx, w, &w->friendly_name, "Scale");
    w->multi_task_enabled = true;
    b->workspace = arena_strdup(b->arena, w->sid);
    fault_t f = workspace_created(b->engine, tx, w, false, names);
    for (size_t i = 0; (a = row_each(tx, &activity_kind, &i));)
        *(a->available ? &b->available : &b->offline) = arena_strdup(b->arena, a->sid);
    return f;
}

static fault_t make_queue(struct tx *tx, struct bench *b, size_t i)
{
    struct task_queue *q = row_new(tx, &task_queue_kind, NULL);

    row_set(tx, q, &q->account_sid, account);
    row_set(tx, q, &q->workspace_sid, b->workspace);
    row_set(tx, q, &q->friendly_name, arena_printf(tx->arena, "queue %zu", i));
    row_set(tx, q, &q->target_workers, arena_printf(tx->arena, "skills HAS 'skill%zu' AND level > 0", i));
    q->max_reserved_workers = 1;
    b->queues[i] = arena_strdup(b->arena, q->sid);
    return task_queue_created(b->engine, tx, q);
}

static fault_t make_workflow(struct tx *tx, struct bench *b, size_t i)
{
    struct workflow *w = row_new(tx, &workflow_kind, NULL);
    struct text t = { .arena = tx->arena };

    text_put(&t, "{\"task_routing\":{\"filters\":[");
    for (size_t k = i * FILTERS; k < (i + 1) * FILTERS && k < b->nqueues; k++)
        text_putf(&t, "%s{\"expression\":\"line == %zu\",\"targets\":[{\"queue\":\"%s\"}]}", k % FILTERS ? "," : "", k,
                  b->queues[k]);
    text_put(&t, "]}}");
    row_set(tx, w, &w->account_sid, account);
    row_set(tx, w, &w->workspace_sid, b->workspace);
    row_set(tx, w, &w->friendly_name, arena_printf(tx->arena, "workflow %zu", i));
    row_set(tx, w, &w->configuration, text_str(&t));
    w->task_reservation_timeout = 120;
    b->workflows[i] = arena_strdup(b->arena, w->sid);
    return workflow_created(b->engine, tx, w);
}

static const char *skills_of(struct bench *b, struct arena *a, size_t i)
{
    return arena_printf(a, "{\"skills\":[\"skill%zu\",\"skill%zu\",\"skill%zu\"],\"level\":%zu,\"team\":\"north\"}",
                        i % b->nqueues, (i * 7 + 1) % b->nqueues, (i * 13 + 2) % b->nqueues, i % 5 + 1);
}

static fault_t make_worker(struct tx *tx, struct bench *b, size_t i)
{
    struct worker *w = row_new(tx, &worker_kind, NULL);

    row_set(tx, w, &w->account_sid, account);
    row_set(tx, w, &w->workspace_sid, b->workspace);
    row_set(tx, w, &w->friendly_name, arena_printf(tx->arena, "worker %zu", i));
    row_set(tx, w, &w->attributes, skills_of(b, tx->arena, i));
    b->workers[i] = arena_strdup(b->arena, w->sid);
    return worker_created(b->engine, tx, w);
}

static fault_t make_task(struct tx *tx, struct bench *b, size_t i)
{
    struct task *t = row_new(tx, &task_kind, NULL);

    row_set(tx, t, &t->account_sid, account);
    row_set(tx, t, &t->workspace_sid, b->workspace);
    row_set(tx, t, &t->workflow_sid, b->workflows[i % b->nqueues / FILTERS]);
    row_set(tx, t, &t->attributes,
            arena_printf(tx->arena, "{\"customer\":\"+4930%zu\",\"language\":\"de\",\"line\":%zu}", i, i % b->nqueues));
    t->timeout = 86400;
    t->virtual_start_time = NO_VALUE;
    return task_created(b->engine, tx, t);
}

#define BATCH_OF(x)                                                                                                    \
    static fault_t make_##x##s(struct tx *tx, void *arg)                                                               \
    {                                                                                                                  \
        struct bench *b = arg;                                                                                         \
        fault_t f = NULL;                                                                                              \
        for (size_t i = b->from; i < b->to && !f; i++)                                                                 \
            f = make_##x(tx, b, i);                                                                                    \
        return f;                                                                                                      \
    }
BATCH_OF(queue)
BATCH_OF(workflow)
BATCH_OF(worker)
BATCH_OF(task)

static void make_all(struct bench *b, const char *what, size_t n, fault_t (*run)(struct tx *, void *))
{
    int64_t start = monotonic_ns();
    double before = resident_bytes();

    for (size_t i = 0; i < n; i += BATCH) {
        b->from = i;
        b->to = i + BATCH < n ? i + BATCH : n;
        must(b, run);
    }
    printf("%8zu %-9s made in %6.1f s, %7.0f bytes of memory each\n", n, what, seconds_since(start),
           (resident_bytes() - before) / (double)n);
    fflush(stdout);
}

/* --- the day */

static fault_t log_in(struct tx *tx, void *arg)
{
    struct bench *b = arg;
    struct worker *w = row_find(tx, &worker_kind, b->workers[b->from]);

    row_edit(tx, w);
    row_set(tx, w, &w->activity_sid, b->available);
    return worker_changed(b->engine, tx, w, row_was(tx, w), false);
}

static fault_t log_out(struct tx *tx, void *arg)
{
    struct bench *b = arg;
    struct worker *w = row_find(tx, &worker_kind, b->workers[b->from]);

    row_edit(tx, w);
    row_set(tx, w, &w->activity_sid, b->offline);
    return worker_changed(b->engine, tx, w, row_was(tx, w), true);
}

static fault_t learn(struct tx *tx, void *arg)
{
    struct bench *b = arg;
    struct worker *w = row_find(tx, &worker_kind, b->workers[b->from]);

    row_edit(tx, w);
    row_set(tx, w, &w->attributes, skills_of(b, tx->arena, b->from + 1 + b->nqueues / 2));
    return worker_changed(b->engine, tx, w, row_was(tx, w), false);
}

static fault_t one_task(struct tx *tx, void *arg)
{
    struct bench *b = arg;

    return make_task(tx, b, b->ntasks + b->from);
}

static fault_t retarget(struct tx *tx, void *arg)
{
    struct bench *b = arg;
    struct task_queue *q = row_find(tx, &task_queue_kind, b->queues[b->from % b->nqueues]);

    row_edit(tx, q);
    row_set(tx, q, &q->target_workers,
            arena_printf(tx->arena, "skills HAS 'skill%zu' AND level > 1", b->from % b->nqueues));
    return task_queue_changed(b->engine, tx, q, row_was(tx, q));
}

/* Another word in a comparison that nobody matches: all its tasks find their way anew. */
static fault_t reroute(struct tx *tx, void *arg)
{
    struct bench *b = arg;
    struct workflow *w = row_find(tx, &workflow_kind, b->workflows[b->from % b->nworkflows]);
    const char *first = strchr(w->configuration, '[') + 1;
    const char *more = strstr(first, "never == ") ? strchr(first, '}') + 3 : first;

    row_edit(tx, w);
    row_set(tx, w, &w->configuration,
            arena_printf(
                tx->arena,
                "{\"task_routing\":{\"filters\":[{\"expression\":\"never == %zu\",\"targets\":[{\"queue\":\"%s\"}]},%s",
                b->from, b->queues[0], more));
    return workflow_changed(b->engine, tx, w, row_was(tx, w), true);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void day(struct bench *b, const char *what, size_t n, fault_t (*run)(struct tx *, void *))
{
    double took[SAMPLES];

    for (size_t i = 0; i < n; i++) {
        b->from = i * 37 % b->nworkers;
        int64_t start = monotonic_ns();
        must(b, run);
        took[i] = seconds_since(start) * 1e3;
    }
    qsort(took, n, sizeof *took, by_size);
    printf("%-46s median %7.2f ms, worst %7.2f ms\n", what, took[n / 2], took[n - 1]);
    fflush(stdout);
}

/* --- up and down */

static size_t number(int argc, char **argv, int i, size_t otherwise)
{
    return argc > i ? strtoull(argv[i], NULL, 10) : otherwise;
}

static void open_all(struct bench *b)
{
    const char *why = NULL;

    b->clock = clock_real();
    b->store = store_open(b->arena, b->folder, &why);
    b->ledger = b->store ? ledger_new(b->arena,
                                      &(struct ledger_config){ b->store, b->clock, routing_kinds, ROUTING_KINDS }, &why)
                         : NULL;
    if (!b->ledger) {
        fprintf(stderr, "%s\n", why);
        abort();
    }
    b->engine = routing_new(b->ledger);
    int64_t start = monotonic_ns();
    if (!ledger_start(b->ledger, b->arena, &why))
        abort();
    if (b->workspace)
        printf("%-46s %14.2f s\n", "started with all of it", seconds_since(start));
}

static void close_all(struct bench *b)
{
    ledger_stop(b->ledger);
    routing_free(b->engine);
    ledger_free(b->ledger);
    store_close(b->store);
}

int main(int argc, char **argv)
{
    char folder[256];
    struct bench b = { .arena = arena_new(),
                       .nworkers = number(argc, argv, 1, 15000),
                       .nqueues = number(argc, argv, 2, 5000),
                       .ntasks = number(argc, argv, 3, 500000) };

    snprintf(folder, sizeof folder, "%s/plugboard-scale-XXXXXX", argc > 4 ? argv[4] : "/var/tmp");
    if (b.nworkers < SAMPLES || !b.nqueues || !mkdtemp(folder)) {
        fprintf(stderr, "bench_routing_scale [workers, at least %d] [queues] [tasks] [folder]\n", SAMPLES);
        return 2;
    }
    b.folder = folder;
    b.workers = arena_alloc(b.arena, b.nworkers * sizeof *b.workers);
    b.queues = arena_alloc(b.arena, b.nqueues * sizeof *b.queues);
    b.nworkflows = (b.nqueues + FILTERS - 1) / FILTERS;
    b.workflows = arena_alloc(b.arena, b.nworkflows * sizeof *b.workflows);
    open_all(&b);
    must(&b, make_workspace);
    make_all(&b, "queues", b.nqueues, make_queues);
    make_all(&b, "workflows", b.nworkflows, make_workflows);
    make_all(&b, "workers", b.nworkers, make_workers);
    make_all(&b, "tasks", b.ntasks, make_tasks);
    close_all(&b);
    open_all(&b);
    day(&b, "a task is made; nobody is there", SAMPLES, one_task);
    day(&b, "a workflow changes, its tasks are asked again", RETOLD, reroute);
    day(&b, "a worker logs in, and is offered a task", SAMPLES, log_in);
    day(&b, "a worker's skills change", SAMPLES, learn);
    day(&b, "a queue's expression changes", SAMPLES, retarget);
    day(&b, "a worker logs out, his offer is taken back", SAMPLES, log_out);
    close_all(&b);
    folder_remove(folder);
    arena_free(b.arena);
    return 0;
}
