/* Setting up, the thread, and sending. */
#include "ledger/internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_MS = 1000 };

struct ledger *ledger_new(struct arena *a, const struct ledger_config *c, const char **why)
{
    struct ledger *l = calloc(1, sizeof *l);

    if (!l)
        abort();
    l->config = *c;
    l->arena = arena_new();
    l->scratch = arena_new();
    l->batch = arena_new();
    l->mail = mailbox_new(LEDGER_QUEUE);
    l->sids = (struct sid_source){ .clock = c->clock };
    l->db = db_open(c->store, true, a, why);
    if (l->db)
        *why = kinds_make(l, a);
    if (!l->db || *why) {
        ledger_free(l);
        return NULL;
    }
    alarms_setup(l);
    purge_setup(l);
    return l;
}

void ledger_hooks(struct ledger *l, const char *kind, const struct live_hooks *h)
{
    struct live_kind *lk = live_kind_of(l, ledger_kind(l, kind));

    assert(lk->kind->resident && h->live_size >= lk->kind->size && !l->thread);
    lk->hooks = *h;
}

void ledger_listen(struct ledger *l, const struct listener *x)
{
    ARRAY_PUSH(&l->listeners, *x);
}
void ledger_watch(struct ledger *l, const char *kind, const struct watcher *w)
{
    struct live_kind *lk = live_kind_of(l, ledger_kind(l, kind));

    assert(lk->kind->resident && !l->thread);
    ARRAY_PUSH(&lk->watchers, *w);
}

void ledger_alarm(struct ledger *l, const struct alarm_kind *k)
{
    ARRAY_PUSH(&l->alarm_kinds, *k);
}

void ledger_on_loaded(struct ledger *l, void (*loaded)(void *arg, struct tx *tx), void *arg)
{
    ARRAY_PUSH(&l->loaded, (typeof(*l->loaded.at)){ loaded, arg });
}

void ledger_on_reset(struct ledger *l, void (*reset)(void *arg), void *arg)
{
    ARRAY_PUSH(&l->reset, (typeof(*l->reset.at)){ reset, arg });
}

/* --- the thread ------------------------------------------------------------------------------------- */

/* How long to wait for mail: until an alarm is due.  A test clock does not run by itself. */
static int64_t patience(const struct ledger *l)
{
    if (!atomic_load(&l->ready))
        return RETRY_MS;
    int64_t due = alarms_next(l), now = clock_now(l->config.clock);
    if (due == NO_VALUE || (clock_is_test(l->config.clock) && due > now))
        return -1;
    return due > now ? due - now : 0;
}

static void work(void *arg)
{
    struct ledger *l = arg;

    for (;;) {
        struct mail *mail = mailbox_take(l->mail, LEDGER_BATCH, patience(l));
        if (!mail && mailbox_closed(l->mail))
            return;
        batch_run(l, mail);
    }
}

bool ledger_start(struct ledger *l, struct arena *a, const char **why)
{
    assert(!l->thread);
    if (!ledger_load(l, a, why))
        return false;
    l->thread = thread_start("ledger", work, l);
    return true;
}

void ledger_stop(struct ledger *l)
{
    if (!l->thread)
        return;
    mailbox_close(l->mail);
    thread_join(l->thread);
    l->thread = NULL;
    atomic_store(&l->ready, false);
    for (size_t i = 0; i < l->reset.n; i++) /* while engines and rows are both still there */
        l->reset.at[i].fn(l->reset.at[i].arg);
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    assert(!l->thread);
    kinds_free(l);
    events_forget(l);
    map_clear(&l->accounts);
    map_clear(&l->loose);
    void *const arrays[] = {
        l->listeners.at, l->alarm_kinds.at, l->loaded.at,       l->reset.at,   l->alarms.at,
        l->changes.at,   l->entries.at,     l->text_changes.at, l->touched.at, l->key_changes.at,
        l->events.at,    l->afters.at,      l->graveyard.at,    l->dead.at,    (void *)l->births.at
    };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    db_close(l->db);
    mailbox_free(l->mail);
    arena_free(l->batch);
    arena_free(l->scratch);
    arena_free(l->arena);
    free(l);
}

struct db *ledger_db(struct ledger *l)
{
    return l->db;
}

bool ledger_ready(const struct ledger *l)
{
    return atomic_load(&l->ready);
}

/* --- sending ---------------------------------------------------------------------------------------- */

bool ledger_send(struct ledger *l, struct command *c)
{
    return mailbox_send(l->mail, &c->mail);
}

struct waiting {
    struct command command;
    fault_t (*run)(struct tx *tx, void *arg);
    void *arg;
    fault_t fault;
    struct mail over;
    struct mailbox *answer;
};

static fault_t run_waiting(struct tx *tx, struct command *c)
{
    struct waiting *w = (struct waiting *)c;

    return w->run(tx, w->arg);
}

static void end_waiting(struct command *c, fault_t f)
{
    struct waiting *w = (struct waiting *)c;

    w->fault = f;
    mailbox_send(w->answer, &w->over);
}

fault_t ledger_do(struct ledger *l, struct arena *a, fault_t (*run)(struct tx *tx, void *arg), void *arg)
{
    struct waiting *w = arena_alloc(a, sizeof *w);

    w->command = (struct command){ .arena = a, .run = run_waiting, .done = end_waiting };
    w->run = run;
    w->arg = arg;
    w->answer = mailbox_new(0);
    if (ledger_send(l, &w->command))
        mailbox_take(w->answer, 1, -1);
    else
        w->fault = fault(a, F_UNAVAILABLE, "The server is busy or stopping; try again");
    mailbox_free(w->answer);
    return w->fault;
}

static fault_t next_alarm(struct tx *tx, void *arg)
{
    *(int64_t *)arg = alarms_next(tx->ledger);
    return NULL;
}

/* A batch rings what is due before it runs its commands; so when the question for the next alarm is answered, all
 * earlier ones have rung. */
void ledger_turn(struct ledger *l, int64_t by)
{
    _arena_ struct arena *a = arena_new();
    struct clock *clock = l->config.clock;
    int64_t target = clock_now(clock) + by, due;

    while (!ledger_do(l, a, next_alarm, &due) && due != NO_VALUE && due <= target) {
        if (due > clock_now(clock))
            clock_turn(clock, due - clock_now(clock));
        arena_reset(a);
    }
    if (target > clock_now(clock))
        clock_turn(clock, target - clock_now(clock));
}

static fault_t ask_reload(struct tx *tx, void *arg)
{
    (void)arg;
    tx->ledger->reload = true;
    return NULL;
}

static fault_t nothing(struct tx *tx, void *arg)
{
    (void)tx, (void)arg;
    return NULL;
}

void ledger_reload(struct ledger *l)
{
    _arena_ struct arena *a = arena_new();

    if (!ledger_do(l, a, ask_reload, NULL) && ledger_do(l, a, nothing, NULL))
        return; /* the batch of the second has loaded first; ledger_ready() tells whether it could */
}

/* --- figures ---------------------------------------------------------------------------------------- */

struct ledger_counters ledger_count(const struct ledger *l)
{
    return (struct ledger_counters){
        .commands = atomic_load(&l->n_commands),
        .refused = atomic_load(&l->n_refused),
        .batches = atomic_load(&l->n_batches),
        .events = atomic_load(&l->n_events),
        .failed_commits = atomic_load(&l->n_failed),
        .queued = (int64_t)mailbox_length(l->mail),
        .resident_rows = atomic_load(&l->n_rows),
        .resident_bytes = atomic_load(&l->n_bytes),
    };
}
