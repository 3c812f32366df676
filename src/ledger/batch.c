/* A batch: run what is queued, write what it changed, commit, answer.  And what happens when the disk says no. */
#include "base/log.h"
#include "ledger/internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool batch_begin(struct ledger *l)
{
    if (!l->begun && !l->failed)
        l->begun = db_begin(l->db) == DB_OK;
    l->failed = l->failed || !l->begun;
    return !l->failed;
}

/* --- writing ---------------------------------------------------------------------------------------- */

static bool wrote(struct ledger *l, const struct row_head *h, enum db_result result)
{
    if (result == DB_OK)
        return true;
    log_error("ledger.write", "%s %s: %s", h->kind->kind->name, row_sid(h), db_error(l->db));
    return false;
}

/* A row that changes a value of which there may be only one is written anew, after all such rows have gone: so two of a
 * batch may swap their names, whatever the order of the writes. */
static bool changes_unique(const struct row_head *h)
{
    const struct live_kind *lk = h->kind;

    for (size_t i = 0; i < lk->nuniques; i++)
        for (size_t f = 0; f < lk->uniques[i].n; f++)
            if (!field_equal(lk->uniques[i].fields[f], row_of(h), h->stored))
                return true;
    return false;
}

/* Out of the way of what comes: rows that were deleted, and those that are to be written anew. */
static bool clear_away(struct ledger *l, struct row_head *h)
{
    if (h->born || !(h->deleted || changes_unique(h)))
        return true;
    h->born = true;
    return wrote(l, h, record_delete(l->db, h->kind->kind, row_sid(h)));
}

/* Births of a kind that follow each other go as one. */
static bool write_births(struct ledger *l)
{
    for (size_t from = 0, to; from < l->births.n; from = to) {
        struct row_head *h = head_of(l->births.at[from]);
        for (to = from + 1; to < l->births.n && head_of(l->births.at[to])->kind == h->kind;)
            to++;
        if (!wrote(l, h, record_insert_all(l->db, h->kind->kind, &l->births.at[from], to - from)))
            return false;
    }
    return true;
}

static bool write_rows(struct ledger *l)
{
    for (size_t i = 0; i < l->touched.n; i++)
        if (!clear_away(l, l->touched.at[i]))
            return false;
    l->births.n = 0;
    for (size_t i = 0; i < l->touched.n; i++) {
        struct row_head *h = l->touched.at[i];
        if (h->deleted)
            continue;
        if (h->born)
            ARRAY_PUSH(&l->births, row_of(h));
        else if (!wrote(l, h, record_update(l->db, h->kind->kind, row_of(h), h->stored)))
            return false;
    }
    return write_births(l);
}

static bool commit(struct ledger *l)
{
    bool anything = l->begun || l->touched.n || l->events.n;

    if (l->failed)
        return false;
    if (!anything)
        return true;
    if (!batch_begin(l) || !write_rows(l) || !events_write(l))
        return false;
    enum db_result result = db_commit(l->db);
    l->begun = false; /* a failed commit has rolled back */
    return result == DB_OK;
}

/* --- after the commit ------------------------------------------------------------------------------- */

static void retire(struct ledger *l, struct row_head *h)
{
    struct live_kind *lk = h->kind;

    if (lk->hooks.unlink)
        lk->hooks.unlink(lk->hooks.engine, row_of(h));
    map_remove(&lk->rows, row_sid(h));
    unique_drop(h);
    h->retired = true;
    ARRAY_PUSH(&l->dead, h);
}

static void settle_rows(struct ledger *l)
{
    for (size_t i = 0; i < l->touched.n; i++) {
        struct row_head *h = l->touched.at[i];
        h->touched = h->born = false;
        h->stored = NULL;
        if (h->deleted)
            ARRAY_PUSH(&l->dead, h);
        else if (h->kind->kind->is_live && !h->kind->kind->is_live(row_of(h)))
            retire(l, h);
    }
}

static void answer(struct ledger *l)
{
    for (size_t i = 0; i < l->entries.n; i++) {
        struct entry *e = &l->entries.at[i];
        for (size_t j = e->first_after; j < e->end_after; j++)
            l->afters.at[j].fn(l->afters.at[j].arg);
        e->command->done(e->command, e->fault);
    }
}

/* Memory that copies of rows as the store had them still pointed to. */
static void bury(struct ledger *l)
{
    for (size_t i = 0; i < l->graveyard.n; i++)
        text_drop(l, l->graveyard.at[i]);
    for (size_t i = 0; i < l->dead.n; i++) {
        struct live_kind *lk = l->dead.at[i]->kind;
        if (lk->gone.n)
            map_clear(&lk->gone);
        row_free(l, l->dead.at[i], true);
    }
    l->graveyard.n = l->dead.n = l->touched.n = l->events.n = l->afters.n = l->entries.n = 0;
    arena_reset(l->batch);
}

/* --- failure ---------------------------------------------------------------------------------------- */

/* Everything in memory may be wrong now, except for the store: forget it and load again. */
static void forget(struct ledger *l)
{
    for (size_t i = 0; i < l->reset.n; i++)
        l->reset.at[i].fn(l->reset.at[i].arg);
    for (size_t i = 0; i < l->touched.n; i++) { /* what was deleted is in no map any more */
        if (l->touched.at[i]->deleted)
            ARRAY_PUSH(&l->dead, l->touched.at[i]);
    }
    bury(l);
    rows_forget(l);
    events_forget(l);
}

static void refuse_all(struct ledger *l)
{
    for (size_t i = 0; i < l->entries.n; i++) {
        struct entry *e = &l->entries.at[i];
        e->command->done(e->command, unavailable(e->command->arena));
    }
}

static void fail(struct ledger *l)
{
    log_error("ledger.commit", "the store refused a batch of %zu commands: %s", l->entries.n, db_error(l->db));
    atomic_fetch_add_explicit(&l->n_failed, 1, memory_order_relaxed);
    atomic_store(&l->ready, false);
    db_rollback(l->db);
    l->begun = false;
    refuse_all(l);
    forget(l);
    l->failed = false;
}

/* --- loading ---------------------------------------------------------------------------------------- */

struct loading {
    struct ledger *ledger;
    struct live_kind *kind;
    ARRAY(struct row_head *) rows; /* in the order of their sids */
};

static bool load_row(void *arg, void *row)
{
    struct loading *x = arg;
    struct row_head *h = row_make(x->ledger, x->kind);

    memcpy(row_of(h), row, x->kind->kind->size);
    for (size_t i = 0; i < x->kind->ntexts; i++) {
        const char **text = field_text(x->kind->texts[i], row_of(h));
        *text = text_keep(x->ledger, *text);
    }
    map_put(&x->kind->rows, row_sid(h), h);
    unique_add(x->ledger, h);
    ARRAY_PUSH(&x->rows, h);
    return true;
}

static bool load_rows(struct ledger *l)
{
    struct loading x = { .ledger = l };
    bool ok = events_load(l);

    for (size_t i = 0; ok && i < l->nkinds; i++) {
        x.kind = &l->kinds[i];
        if (x.kind->kind->resident)
            ok = record_scan(l->db, x.kind->kind, x.kind->kind->live_where, load_row, &x) == DB_OK;
    }
    for (size_t i = 0; ok && i < x.rows.n; i++) {
        const struct live_hooks *hooks = &x.rows.at[i]->kind->hooks;
        if (hooks->relink)
            hooks->relink(hooks->engine, NULL, row_of(x.rows.at[i]));
    }
    free(x.rows.at);
    return ok;
}

struct loaded {
    struct command command;
    fault_t fault;
};

static fault_t tell_loaded(struct tx *tx, struct command *c)
{
    (void)c;
    for (size_t i = 0; i < tx->ledger->loaded.n; i++)
        tx->ledger->loaded.at[i].fn(tx->ledger->loaded.at[i].arg, tx);
    return NULL;
}

static void loaded_done(struct command *c, fault_t f)
{
    ((struct loaded *)c)->fault = f;
}

bool ledger_load(struct ledger *l, struct arena *a, const char **why)
{
    struct loaded x = { { .arena = a, .run = tell_loaded, .done = loaded_done }, NULL };

    l->reload = false;
    if (!load_rows(l)) {
        *why = arena_printf(a, "The rows cannot be loaded: %s", db_error(l->db));
        forget(l);
        return false;
    }
    entry_run(l, &x.command, clock_now(l->config.clock));
    if (!commit(l)) {
        fail(l);
        *why = arena_printf(a, "The rows cannot be written: %s", db_error(l->db));
        return false;
    }
    settle_rows(l);
    answer(l);
    bury(l);
    if (x.fault) {
        *why = x.fault->message;
        forget(l);
        return false;
    }
    atomic_store(&l->ready, true);
    return true;
}

static void load_again(struct ledger *l)
{
    _arena_ struct arena *a = arena_new();
    const char *why = NULL;

    if (atomic_exchange(&l->ready, false))
        forget(l);
    if (!ledger_load(l, a, &why))
        log_error("ledger.load", "%s", why);
}

/* --- the batch -------------------------------------------------------------------------------------- */

void entry_run(struct ledger *l, struct command *c, int64_t now)
{
    size_t first = l->afters.n;
    fault_t f = l->failed ? unavailable(c->arena) : command_run(l, c, now);

    ARRAY_PUSH(&l->entries, (struct entry){ c, f, first, l->afters.n });
    atomic_fetch_add_explicit(&l->n_commands, 1, memory_order_relaxed);
    if (f)
        atomic_fetch_add_explicit(&l->n_refused, 1, memory_order_relaxed);
}

void batch_run(struct ledger *l, struct mail *mail)
{
    if (l->reload || !atomic_load(&l->ready))
        load_again(l);
    l->failed = !atomic_load(&l->ready);
    alarms_ring(l);
    for (struct mail *next; mail; mail = next) {
        next = mail->next;
        entry_run(l, CONTAINER_OF(mail, struct command, mail), clock_now(l->config.clock));
    }
    if (!atomic_load(&l->ready)) { /* loading has failed, too: the next batch tries again */
        l->failed = false;
        answer(l);
        bury(l);
        return;
    }
    if (!commit(l)) {
        fail(l);
        load_again(l);
        return;
    }
    atomic_fetch_add_explicit(&l->n_batches, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&l->n_events, l->events.n, memory_order_relaxed);
    settle_rows(l);
    answer(l);
    bury(l);
}
