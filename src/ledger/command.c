/* One command: run it, then either keep what it did for the batch's end, or undo it as if it had never been.
 *
 * Refusal can come from the command itself, from a value that is taken, or from the store; so what can still refuse
 * comes first (uniqueness in memory, then the writes of rows that are not resident, inside a savepoint), keeping comes
 * last. */
#include "ledger/internal.h"
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

fault_t unavailable(struct arena *a)
{
    return fault(a, F_UNAVAILABLE, "The change could not be stored; try again");
}

/* --- what really changed ---------------------------------------------------------------------------- */

/* Once a command, unless the engine has done it itself. */
static void stamp(const struct kind *k, void *row, const void *was, int64_t now)
{
    for (EACH_FIELD(f, k)) {
        if (!(f->flags & (TOUCHED | REVISION)) || !field_equal(f, row, was))
            continue;
        if (f->flags & TOUCHED)
            *field_int(f, row) = now;
        else
            ++*field_int(f, row);
    }
}

static void stamp_changes(struct tx *tx)
{
    struct ledger *l = tx->ledger;

    for (size_t i = 0; i < l->changes.n; i++) {
        struct change *c = &l->changes.at[i];
        struct row_head *h = c->head;
        if (c->how == NEW || h->deleted)
            continue;
        if (row_differs(h->kind->kind, row_of(h), c->was))
            stamp(h->kind->kind, row_of(h), c->was, tx->now);
        else
            c->dropped = true;
    }
}

/* --- a retired row that became live again ----------------------------------------------------------- */

static void revive(struct tx *tx, struct change *c)
{
    struct ledger *l = tx->ledger;
    struct live_kind *lk = c->head->kind;
    struct row_head *h = row_make(l, lk);
    void *row = row_of(h), *was = c->was;

    memcpy(row, row_of(c->head), lk->kind->size);
    for (size_t i = 0; i < lk->ntexts; i++) {
        const char **text = field_text(lk->texts[i], row);
        *text = text_keep(l, *text);
        ARRAY_PUSH(&l->text_changes, (struct text_change){ NULL, (char *)*text });
    }
    c->dropped = true; /* c may move now */
    h->command = l->command;
    h->change = l->changes.n;
    ARRAY_PUSH(&l->changes, (struct change){ .head = h, .was = was, .how = REVIVED });
    map_put(&lk->rows, row_sid(h), h);
    if (lk->hooks.relink)
        lk->hooks.relink(lk->hooks.engine, tx, row);
}

static void revive_rows(struct tx *tx)
{
    struct ledger *l = tx->ledger;

    for (size_t i = 0, n = l->changes.n; i < n; i++) {
        struct change *c = &l->changes.at[i];
        struct row_head *h = c->head;
        if (h->kind->kind->resident && !h->resident && !h->deleted && !c->dropped &&
            (!h->kind->kind->is_live || h->kind->kind->is_live(row_of(h))))
            revive(tx, c);
    }
}

/* --- rows that are not resident are written now ----------------------------------------------------- */

static bool is_loose(const struct change *c)
{
    return !c->head->resident && !c->dropped && !(c->how == NEW && c->head->deleted);
}

static enum db_result write_loose(struct ledger *l, const struct change *c)
{
    const struct row_head *h = c->head;

    if (h->deleted)
        return record_delete(l->db, h->kind->kind, row_sid(h));
    return c->how == NEW ? record_insert(l->db, h->kind->kind, row_of(h))
                         : record_update(l->db, h->kind->kind, row_of(h), c->was);
}

/* What is deleted goes first, so that its name can be taken in the same command. */
static enum db_result write_all_loose(struct ledger *l, const struct kind **k)
{
    for (int deleted = 1; deleted >= 0; deleted--)
        for (size_t i = 0; i < l->changes.n; i++) {
            const struct change *c = &l->changes.at[i];
            if (!is_loose(c) || c->head->deleted != deleted)
                continue;
            *k = c->head->kind->kind;
            enum db_result result = write_loose(l, c);
            if (result != DB_OK)
                return result;
        }
    return DB_OK;
}

static fault_t write_loose_rows(struct tx *tx)
{
    struct ledger *l = tx->ledger;
    const struct kind *k = NULL;
    size_t n = 0;

    for (size_t i = 0; i < l->changes.n; i++)
        n += is_loose(&l->changes.at[i]);
    if (!n)
        return NULL;
    bool several = n > 1; /* a single statement that is refused has had no effect */
    enum db_result result = batch_begin(l) ? DB_OK : DB_FAILED;
    if (result == DB_OK && several)
        result = db_savepoint(l->db);
    if (result == DB_OK)
        result = write_all_loose(l, &k);
    if (result == DB_OK && several)
        result = db_release(l->db);
    if (result == DB_OK)
        return NULL;
    if (result == DB_FAILED) {
        l->failed = true;
        return unavailable(tx->arena);
    }
    const char *field = arena_strdup(tx->arena, db_unique_field(l->db));
    if (several)
        db_undo(l->db);
    return value_taken(tx, F_CONFLICT, k, field);
}

/* --- keeping ---------------------------------------------------------------------------------------- */

static void tell_watchers(const struct change *c)
{
    const struct live_kind *lk = c->head->kind;
    const struct watcher *w = lk->watchers.at;

    for (size_t i = 0; i < lk->watchers.n; i++)
        w[i].changed(w[i].arg, row_of(c->head), c->was,
                     c->head->deleted || (lk->kind->is_live && !lk->kind->is_live(row_of(c->head))));
}

static void keep_change(struct ledger *l, struct change *c)
{
    struct row_head *h = c->head;

    if (!h->resident || c->dropped)
        return;
    if (c->how == NEW && h->deleted) {
        ARRAY_PUSH(&l->dead, h);
        return;
    }
    tell_watchers(c);
    if (h->touched)
        return;
    h->touched = true;
    h->born = c->how == NEW;
    h->stored = c->was;
    ARRAY_PUSH(&l->touched, h);
}

static void keep(struct ledger *l)
{
    for (size_t i = 0; i < l->changes.n; i++)
        keep_change(l, &l->changes.at[i]);
    for (size_t i = 0; i < l->text_changes.n; i++)
        if (l->text_changes.at[i].before)
            ARRAY_PUSH(&l->graveyard, l->text_changes.at[i].before);
    for (size_t i = 0; i < l->key_changes.n; i++)
        free(l->key_changes.at[i].before);
}

/* --- undoing ---------------------------------------------------------------------------------------- */

static void undo_new(struct ledger *l, struct row_head *h)
{
    struct live_kind *lk = h->kind;

    if (!h->deleted && lk->hooks.unlink)
        lk->hooks.unlink(lk->hooks.engine, row_of(h));
    if (map_get(&lk->rows, row_sid(h)) == h)
        map_remove(&lk->rows, row_sid(h));
    if (map_get(&lk->gone, row_sid(h)) == h)
        map_remove(&lk->gone, row_sid(h));
    for (size_t i = 0; i < lk->ntexts; i++) /* they are among the text changes */
        *field_text(lk->texts[i], row_of(h)) = NULL;
    h->retired = true;
    ARRAY_PUSH(&l->dead, h);
}

static void undo_edit(const struct change *c)
{
    struct row_head *h = c->head;

    memcpy(row_of(h), c->was, h->kind->kind->size);
    if (h->deleted) {
        h->deleted = false;
        map_remove(&h->kind->gone, row_sid(h));
        map_put(&h->kind->rows, row_sid(h), h);
    }
}

/* In the order of the kinds, as when loading: what a row belongs to is there before it. */
static void relink_restored(struct tx *tx)
{
    struct ledger *l = tx->ledger;

    for (size_t k = 0; k < l->nkinds && l->changes.n; k++) {
        const struct live_hooks *hooks = &l->kinds[k].hooks;
        for (size_t i = 0; hooks->relink && i < l->changes.n; i++) {
            struct row_head *h = l->changes.at[i].head;
            if (h->kind == &l->kinds[k] && l->changes.at[i].how == EDITED && h->resident)
                hooks->relink(hooks->engine, tx, row_of(h));
        }
    }
}

/* New rows leave first, while the engine's view of them is still the command's; then the others are what they were; and
 * only when all are, what is derived from them is made again. */
static void undo(struct tx *tx)
{
    struct ledger *l = tx->ledger;

    l->undoing = true;
    for (size_t i = l->changes.n; i-- > 0;)
        if (l->changes.at[i].how != EDITED && l->changes.at[i].head->resident)
            undo_new(l, l->changes.at[i].head);
    for (size_t i = l->changes.n; i-- > 0;)
        if (l->changes.at[i].how == EDITED && l->changes.at[i].head->resident)
            undo_edit(&l->changes.at[i]);
    relink_restored(tx);
    for (size_t i = 0; i < l->text_changes.n; i++)
        if (l->text_changes.at[i].after)
            ARRAY_PUSH(&l->graveyard, l->text_changes.at[i].after);
    unique_undo(l);
    events_undo(l);
    l->afters.n = l->first_after;
    l->undoing = false;
}

/* --- the whole ------------------------------------------------------------------------------------- */

static fault_t finish(struct tx *tx)
{
    stamp_changes(tx);
    revive_rows(tx);
    fault_t f = unique_apply(tx);
    return f ? f : write_loose_rows(tx);
}

fault_t command_run(struct ledger *l, struct command *c, int64_t now)
{
    struct tx tx = { .ledger = l, .arena = c->arena, .now = now, .db = l->db };

    l->command++;
    l->changes.n = l->text_changes.n = l->key_changes.n = 0;
    l->first_event = l->events.n;
    l->first_after = l->afters.n;
    fault_t f = c->run(&tx, c);
    if (!f && l->failed)
        f = unavailable(c->arena);
    if (!f)
        f = finish(&tx);
    if (f)
        undo(&tx);
    else
        keep(l);
    if (l->loose.n)
        map_clear(&l->loose);
    return f;
}
