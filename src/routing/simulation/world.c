/* A world: its store and clock, its batches, its catastrophes.
 *
 * Batches must be the same each time, so nobody may be faster or slower: the commands of the next batch are sent by the
 * done() of the last one, on the ledger's own thread, while it cannot take any.  The thread that called simulate() only
 * acts between episodes, when nothing is under way. */
#include "routing/simulation/world.h"
#include "base/folder.h"
#include "base/log.h"
#include "store/faulty.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t first_day = 1767225600000; /* 2026-01-01, a Thursday */

/* --- telling what is wrong */

void note(struct world *w, const char *fmt, ...)
{
    char *out = w->notes[w->commands % NOTES];
    va_list ap;

    int n = snprintf(out, sizeof *w->notes, "%8lld  ", (long long)w->commands);
    va_start(ap, fmt);
    vsnprintf(out + n, sizeof *w->notes - (size_t)n, fmt, ap);
    va_end(ap);
    w->sum->at = w->commands;
    memcpy(w->sum->last, out, sizeof w->sum->last);
}

void note_outcome(struct world *w, const char *refused)
{
    char *out = w->notes[w->commands % NOTES];
    size_t n = strlen(out);

    snprintf(out + n, sizeof *w->notes - n, " -- refused: %s", refused);
}

void world_wrong(struct world *w, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "\nWRONG in the world of seed %llu, at command %lld: ", (unsigned long long)w->options->seed,
            (long long)w->commands);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\nThe last commands:\n");
    for (int64_t i = w->commands < NOTES ? 0 : w->commands - NOTES + 1; i <= w->commands; i++)
        fprintf(stderr, "  %s\n", w->notes[i % NOTES]);
    fprintf(stderr, "To see it again: simulate_routing --jobs 1 --seed %llu --commands %lld\n",
            (unsigned long long)w->options->seed, (long long)w->commands + EPISODE);
    abort();
}

/* Says where two memories differ; both are sorted lines. */
static void must_be_same(struct world *w, const char *before, const char *after, const char *what)
{
    const char *a = before, *b = after;

    if (strcmp(before, after) == 0)
        return;
    while (*a && strcspn(a, "\n") == strcspn(b, "\n") && strncmp(a, b, strcspn(a, "\n")) == 0) {
        a += strcspn(a, "\n") + (*a != 0);
        b += strcspn(b, "\n") + (*b != 0);
    }
    world_wrong(w, "%s\n  before: %.*s\n  after:  %.*s", what, (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
}

/* --- listening */

static const char *sid_of_task(const struct event *e)
{
    const struct task_live *t = e->other;

    return str_eq(e->resource_type, "worker") || !t ? "" : t->row.sid;
}

static void hear(void *arg, struct tx *tx, const struct event *e)
{
    struct world *w = arg;
    struct reservation_live *r = str_eq(e->resource_type, "reservation") ? e->subject : NULL;
    struct heard h = { .type = e->type };

    w->sum->told[e->type]++;
    if (w->heard.now != tx->now)
        w->heard.n = 0;
    w->heard.now = tx->now;
    snprintf(h.task.s, SID_SIZE, "%s", sid_of_task(e));
    snprintf(h.worker.s, SID_SIZE, "%s",
             r                                    ? r->row.worker_sid
             : str_eq(e->resource_type, "worker") ? e->resource_sid
                                                  : "");
    if (w->heard.n < HEARD_MOST)
        w->heard.at[w->heard.n++] = h;
    if (e->type != EV_RESERVATION_CREATED)
        return;
    w->heard.at[w->heard.n - 1].channel = r->task->channel;
    const char *wrong = offer_is_wrong(w, tx, r);
    if (wrong)
        world_wrong(w, "%s", wrong);
    w->sum->offers++;
    sids_add(&w->reservations, r->row.sid);
    snprintf(w->recent[roll(&w->dice, RECENT)].s, SID_SIZE, "%s", r->row.sid);
}

/* --- opening and closing */

const char *simulation_folder(struct arena *a)
{
    char *folder = arena_printf(a, "%s/simulation-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");

    if (!mkdtemp(folder))
        abort();
    return folder;
}

void simulation_forget(const char *folder)
{
    folder_remove(folder);
}

static void start(struct world *w)
{
    const char *why = NULL;

    w->home = arena_new();
    w->store = store_open(w->home, w->folder, &why);
    if (!why)
        w->ledger =
            ledger_new(w->home, &(struct ledger_config){ w->store, w->clock, routing_kinds, ROUTING_KINDS }, &why);
    if (why)
        world_wrong(w, "%s", why);
    w->engine = routing_new(w->ledger);
    w->engine->slice = 3; /* or there would be nothing to see of slices */
    ledger_listen(w->ledger, &(struct listener){ "", hear, w });
    w->port = (struct webhook_port){ callback_asked, w };
    routing_callbacks(w->engine, &w->port);
    if (!ledger_start(w->ledger, w->home, &why))
        world_wrong(w, "%s", why);
}

static void stop(struct world *w)
{
    struct ledger_counters c = ledger_count(w->ledger);

    w->sum->events += (int64_t)c.events;
    w->sum->alarms += (int64_t)c.commands;
    ledger_stop(w->ledger);
    routing_free(w->engine);
    ledger_free(w->ledger);
    store_close(w->store);
    arena_free(w->home);
}

/* --- asking, between episodes */

struct question {
    struct world *world;
    void (*ask)(struct world *w, struct tx *tx, struct question *q);
    const char *text;
};

static fault_t run_question(struct tx *tx, void *arg)
{
    struct question *q = arg;

    q->ask(q->world, tx, q);
    return NULL;
}

static const char *ask(struct world *w, void (*what)(struct world *w, struct tx *tx, struct question *q))
{
    struct question *q = arena_alloc(w->arena, sizeof *q);

    *q = (struct question){ .world = w, .ask = what };
    ledger_turn(w->ledger, 0); /* what is due comes first, and is stored */
    w->heard.n = 0;
    fault_t f = ledger_do(w->ledger, w->arena, run_question, q);
    if (f)
        world_wrong(w, "%s", f->message);
    return q->text;
}

static const char *memory_of(struct world *w, struct tx *tx, struct arena *a)
{
    return arena_printf(a, "%s%s", ledger_fingerprint(tx, a), routing_fingerprint(w->engine, a));
}

static void remember(struct world *w, struct tx *tx, struct question *q)
{
    q->text = memory_of(w, tx, w->arena);
}

static void judge_everything(struct world *w, struct tx *tx)
{
    const char *broken = engine_broken(w->engine, tx);

    if (broken)
        world_wrong(w, "%s", broken);
}

static bool take_count(void *arg, struct columns *c)
{
    *(int64_t *)arg = column_int(c, 0);
    return false;
}

static void no_orphans(struct world *w, struct tx *tx, const char *what, const char *sql)
{
    int64_t n = 0;

    if (db_run(tx->db, sql, NULL, 0, take_count, &n) != DB_OK || n)
        world_wrong(w, "the store has %lld %s", (long long)n, what);
}

static void inspect(struct world *w, struct tx *tx, struct question *q)
{
    (void)q;
    judge_everything(w, tx);
    replay_read(w, tx);
    replay_compare(w, tx);
    no_orphans(w, tx, "ended tasks that stay for ever",
               "SELECT count(*) FROM task WHERE assignment_status IN ('completed', 'canceled') AND "
               "'" ALARM_TASK ":' || sid NOT IN (SELECT sid FROM alarm)");
    no_orphans(w, tx, "reservations of tasks that are gone",
               "SELECT count(*) FROM reservation WHERE task_sid NOT IN (SELECT sid FROM task) AND "
               "'" ALARM_TASK ":' || task_sid NOT IN (SELECT sid FROM alarm)");
    no_orphans(w, tx, "transfers of tasks that are gone",
               "SELECT count(*) FROM transfer WHERE task_sid NOT IN (SELECT sid FROM task) AND "
               "'" ALARM_TASK ":' || task_sid NOT IN (SELECT sid FROM alarm)");
}

/* --- a command */

/* Where one at a time is the rule, an offer and its acceptance move the worker. */
static const char *stands_wrong(struct tx *tx, enum event_type type, const struct task_live *t,
                                const struct worker_live *k)
{
    const struct task_queue *q = t->queue ? &t->queue->row : NULL;
    const struct reservation *r = NULL;

    for (LIST_EACH(l, &k->reservations))
        if (CONTAINER_OF(l, struct reservation_live, in_worker)->task == t)
            r = &CONTAINER_OF(l, struct reservation_live, in_worker)->row;
    if (!q || !r || k->workspace->row.multi_task_enabled)
        return NULL;
    const char *wanted =
        type == EV_RESERVATION_CREATED && r->reservation_status == RESERVATION_PENDING     ? q->reservation_activity_sid
        : type == EV_RESERVATION_ACCEPTED && r->reservation_status == RESERVATION_ACCEPTED ? q->assignment_activity_sid
                                                                                           : NULL;
    if (!wanted || str_eq(wanted, k->row.activity_sid))
        return NULL;
    return arena_printf(tx->arena, "%s has %s, and is not at the activity of its queue", k->row.friendly_name, r->sid);
}

static void judge_heard(struct world *w, struct tx *tx)
{
    const char *broken = NULL;

    for (size_t i = 0; i < w->heard.n && !broken; i++) {
        const struct heard *h = &w->heard.at[i];
        struct task_live *t = *h->task.s ? map_get(&w->engine->rows, h->task.s) : NULL;
        struct worker_live *k = *h->worker.s ? map_get(&w->engine->rows, h->worker.s) : NULL;
        if (t && task_kind.is_live(t))
            broken = task_broken(w->engine, tx, t);
        if (k && !broken)
            broken = worker_broken(w->engine, tx, k);
        if (t && k && !broken)
            broken = stands_wrong(tx, h->type, t, k);
    }
    w->heard.n = 0;
    if (broken)
        world_wrong(w, "%s", broken);
}

static void compare_with_undone(struct world *w, struct tx *tx)
{
    if (w->before)
        must_be_same(w, w->before, memory_of(w, tx, tx->arena), "a command that was undone has left a trace");
    w->before = NULL;
}

static fault_t run_slot(struct tx *tx, struct command *c)
{
    struct slot *s = (struct slot *)c;
    struct world *w = s->world;
    bool last = s == &w->slots[w->in_flight - 1];

    compare_with_undone(w, tx);
    judge_heard(w, tx);
    w->commands++;
    note(w, "-");
    if (w->doomed && s == w->slots)
        store_fail_after(ledger_db(w->ledger), 1 + (int64_t)roll(&w->dice, 40));
    if (!last && one_in(&w->dice, UNDONE_EVERY))
        w->before = memory_of(w, tx, w->undo);
    fault_t f = live(w, tx);
    if (f || w->before) {
        w->heard.n = 0;
        return f ? f : fault(tx->arena, F_CONFLICT, "undone");
    }
    judge_heard(w, tx);
    if (w->commands % WHOLE_EVERY == 0)
        judge_everything(w, tx);
    if (!w->doomed && one_in(&w->dice, 2))
        clock_turn(w->clock, (int64_t)roll(&w->dice, (uint64_t)w->plan.pace * 4 + 1));
    return NULL;
}

static void send_batch(struct world *w);

static void slot_done(struct command *c, fault_t f)
{
    struct world *w = ((struct slot *)c)->world;

    w->sum->commands++;
    w->sum->refused += f != NULL;
    w->sum->undone += f && str_eq(f->message, "undone");
    w->lost += f && f->id == F_UNAVAILABLE;
    if (--w->unfinished)
        return;
    arena_reset(w->undo);
    if (w->doomed)
        store_fail_after(ledger_db(w->ledger), 0);
    if (w->left > 0)
        send_batch(w);
    else
        mailbox_send(w->over, &w->over_mail);
}

static void send_batch(struct world *w)
{
    w->in_flight = 1 + roll(&w->dice, BATCH_MOST);
    w->unfinished = w->in_flight;
    w->left -= (int64_t)w->in_flight;
    for (size_t i = 0; i < w->in_flight; i++) {
        arena_reset(w->slots[i].command.arena);
        w->slots[i].command.run = run_slot;
        w->slots[i].command.done = slot_done;
        if (!ledger_send(w->ledger, &w->slots[i].command))
            world_wrong(w, "a command was not taken");
    }
}

static fault_t run_nothing(struct tx *tx, struct command *c)
{
    (void)tx, (void)c;
    return NULL;
}

static void begin(struct command *c, fault_t f)
{
    (void)f;
    send_batch(((struct slot *)c)->world);
}

/* Some commands, in batches; returns when the last is answered. */
static void some_commands(struct world *w, int64_t n)
{
    struct slot opening = { { .arena = w->arena, .run = run_nothing, .done = begin }, w };

    w->left = n;
    w->lost = 0;
    if (!ledger_send(w->ledger, &opening.command))
        world_wrong(w, "a command was not taken");
    mailbox_take(w->over, 1, -1);
}

/* --- catastrophes */

static int by_sid(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* What a lost batch made is gone, and what it ended is there again. */
static void take_names(struct world *w, struct tx *tx, struct question *q)
{
    static const struct kind *const kinds[] = { &task_kind,     &worker_kind,       &reservation_kind, &task_queue_kind,
                                                &workflow_kind, &task_channel_kind, &activity_kind,    &transfer_kind };
    struct sids *const into[] = { &w->tasks,     &w->workers,  &w->reservations, &w->queues,
                                  &w->workflows, &w->channels, &w->activities,   &w->transfers };
    const void *row;

    (void)q;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        into[k]->n = 0;
        for (size_t i = 0; (row = row_each(tx, kinds[k], &i));)
            sids_add(into[k], *field_text(field_named(kinds[k], "sid"), row));
        if (into[k]->n)
            qsort(into[k]->at, into[k]->n, sizeof *into[k]->at, by_sid);
    }
}

/* The disk says no, somewhere in a batch: what was not acknowledged has never been. */
static void lose_a_batch(struct world *w)
{
    const char *before = ask(w, remember);

    w->doomed = true;
    some_commands(w, 1);
    w->doomed = false;
    if (w->lost && w->lost != w->in_flight)
        world_wrong(w, "%zu of a batch of %zu were lost", w->lost, w->in_flight);
    if (!w->lost)
        return; /* it had fewer statements than that */
    w->sum->crashes++;
    w->before = NULL;
    must_be_same(w, before, ask(w, remember), "a lost batch has left a trace");
    ask(w, take_names);
}

static void reload(struct world *w)
{
    const char *before = ask(w, remember);

    ledger_reload(w->ledger);
    must_be_same(w, before, ask(w, remember), "a reload makes something else");
}

static void start_anew(struct world *w)
{
    const char *before = ask(w, remember);

    before = arena_strdup(w->arena, before);
    char *workspace = arena_strdup(w->arena, w->workspace);
    stop(w);
    start(w);
    w->workspace = arena_strdup(w->home, workspace);
    w->sum->starts++;
    must_be_same(w, before, ask(w, remember), "a new start makes something else");
}

static void sleep_long(struct world *w)
{
    note(w, "all sleep");
    ledger_turn(w->ledger, (int64_t)roll(&w->dice, 30) * HOUR + (int64_t)roll(&w->dice, 3600000));
}

static void end_episode(struct world *w)
{
    ask(w, inspect);
    switch (roll(&w->dice, 8)) {
    case 0:
        lose_a_batch(w);
        break;
    case 1:
        start_anew(w);
        break;
    case 2:
        reload(w);
        break;
    case 3:
        sleep_long(w);
        break;
    default:
        break;
    }
    w->sum->episodes++;
    w->digest = (w->digest ^ (uint64_t)w->tasks.n ^ w->dice.state) * 0x9e3779b97f4a7c15 + (uint64_t)clock_now(w->clock);
    arena_reset(w->arena);
}

/* --- a life */

static void draw_plan(struct world *w)
{
    struct dice *d = &w->dice;

    bool quiet = one_in(d, 6); /* many people, little to do: the lines are long */
    w->plan.workers = quiet ? 30 + (int64_t)roll(d, 30) : 3 + (int64_t)roll(d, 20);
    w->plan.queues = 2 + (int64_t)roll(d, 6);
    w->plan.pace = 20 + (int64_t)roll(d, one_in(d, 2) ? 4000 : 600);
    w->plan.tasks = quiet ? 4 + (int64_t)roll(d, 20) : w->plan.workers * (1 + (int64_t)roll(d, 3));
    for (size_t i = 0; i < nlife + nrules; i++) {
        unsigned usual = i < nlife ? life[i].weight : rules[i - nlife].weight;
        w->plan.weights[i] = usual * (1 + (unsigned)roll(d, 4)) * (i < nlife ? 10 : 5);
    }
}

static void first_morning(struct world *w, struct tx *tx, struct question *q)
{
    fault_t f = make_workspace(w, tx);

    (void)q;
    for (int64_t i = 0; i < w->plan.queues && !f; i++)
        f = make_queue(w, tx);
    if (!f)
        f = make_workflow(w, tx);
    for (int64_t i = 0; i < w->plan.workers && !f; i++)
        f = make_worker(w, tx);
    if (f)
        world_wrong(w, "the first morning: %s", f->message);
}

static struct world *world_new(const struct simulation *x, struct simulated *sum)
{
    struct world *w = calloc(1, sizeof *w);

    if (!w)
        abort();
    w->options = x;
    w->sum = sum;
    w->sum->seed = x->seed;
    w->sum->at = 0;
    w->dice.state = x->seed * 0x9e3779b97f4a7c15 + 0x632be59bd9b4e019;
    w->arena = arena_new();
    w->undo = arena_new();
    w->clock = clock_test(first_day);
    w->over = mailbox_new(0);
    w->replay = replay_new();
    snprintf(w->folder, sizeof w->folder, "%s/%llu-XXXXXX", x->folder, (unsigned long long)x->seed);
    if (!mkdtemp(w->folder))
        abort();
    for (size_t i = 0; i < BATCH_MOST; i++)
        w->slots[i] = (struct slot){ { .arena = arena_new() }, w };
    draw_plan(w);
    return w;
}

static void world_free(struct world *w)
{
    struct sids *const names[] = { &w->tasks,     &w->workers,  &w->reservations, &w->queues,
                                   &w->workflows, &w->channels, &w->activities,   &w->transfers };

    simulation_forget(w->folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        free(names[i]->at);
    for (size_t i = 0; i < BATCH_MOST; i++)
        arena_free(w->slots[i].command.arena);
    replay_free(w->replay);
    mailbox_free(w->over);
    clock_free(w->clock);
    arena_free(w->undo);
    arena_free(w->arena);
    free(w);
}

void simulate(const struct simulation *x, struct simulated *sum)
{
    struct world *w = world_new(x, sum);

    log_setup((enum log_level)(LOG_ERROR + 1), false); /* of what a lost batch says */
    start(w);
    ask(w, first_morning);
    while (w->commands < x->commands && (!x->lasts || clock_now(w->clock) < first_day + x->lasts)) {
        int64_t n = x->commands - w->commands;
        some_commands(w, n < EPISODE ? n : EPISODE);
        end_episode(w);
    }
    reload(w);
    sum->digest ^= w->digest;
    sum->lasted += clock_now(w->clock) - first_day;
    stop(w);
    world_free(w);
}
