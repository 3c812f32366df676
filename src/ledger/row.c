/* Rows: finding, making, changing, deleting.  What a command does here is noted, and command.c undoes it or keeps it.
 */
#include "ledger/internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- memory ----------------------------------------------------------------------------------------- */

static void count_bytes(struct ledger *l, size_t n, int sign)
{
    atomic_fetch_add_explicit(&l->n_bytes, sign * (int64_t)n, memory_order_relaxed);
}

char *text_keep(struct ledger *l, const char *s)
{
    if (!s)
        return NULL;
    size_t n = strlen(s) + 1;
    char *copy = malloc(n);
    if (!copy)
        abort();
    count_bytes(l, n, 1);
    return memcpy(copy, s, n);
}

void text_drop(struct ledger *l, char *s)
{
    if (!s)
        return;
    count_bytes(l, strlen(s) + 1, -1);
    free(s);
}

static size_t row_bytes(const struct live_kind *lk)
{
    size_t body = (lk->hooks.live_size + 15) & ~(size_t)15;

    return sizeof(struct row_head) + body + lk->nuniques * sizeof(char *);
}

struct row_head *row_make(struct ledger *l, struct live_kind *lk)
{
    size_t n = row_bytes(lk);
    struct row_head *h = aligned_alloc(16, (n + 15) & ~(size_t)15);

    if (!h)
        abort();
    memset(h, 0, n);
    h->kind = lk;
    h->resident = true;
    h->keys = (char **)((char *)h + n) - lk->nuniques;
    count_bytes(l, n, 1);
    atomic_fetch_add_explicit(&l->n_rows, 1, memory_order_relaxed);
    return h;
}

void row_free(struct ledger *l, struct row_head *h, bool texts)
{
    for (size_t i = 0; texts && i < h->kind->ntexts; i++)
        text_drop(l, (char *)*field_text(h->kind->texts[i], row_of(h)));
    for (size_t i = 0; i < h->kind->nuniques; i++)
        free(h->keys[i]);
    count_bytes(l, row_bytes(h->kind), -1);
    atomic_fetch_sub_explicit(&l->n_rows, 1, memory_order_relaxed);
    free(h);
}

void rows_forget(struct ledger *l)
{
    for (size_t i = 0; i < l->nkinds; i++) {
        struct live_kind *lk = &l->kinds[i];
        struct row_head *h;
        for (size_t j = 0; j < lk->nuniques; j++)
            map_clear(&lk->uniques[j].rows);
        for (size_t at = 0; (h = map_next(&lk->rows, &at));)
            row_free(l, h, true);
        map_clear(&lk->rows);
        map_clear(&lk->gone);
    }
}

const char *row_sid(const struct row_head *h)
{
    return *field_text(h->kind->key, row_of(h));
}

/* --- rows in the command's arena -------------------------------------------------------------------- */

static const char *loose_name(struct arena *a, const struct kind *k, const char *sid)
{
    return arena_printf(a, "%s %s", k->name, sid);
}

/* With the bytes behind the row, zeroed, so that an engine that looks there finds nothing instead of somebody else's
 * memory. */
static struct row_head *loose_make(struct tx *tx, struct live_kind *lk, const void *from)
{
    struct row_head *h = arena_alloc(tx->arena, sizeof *h + lk->hooks.live_size);

    h->kind = lk;
    if (from)
        memcpy(row_of(h), from, lk->kind->size);
    return h;
}

/* The same row is loaded once a command, so that there are not two truths. */
static void *loose_find(struct tx *tx, struct live_kind *lk, const char *sid)
{
    const char *name = loose_name(tx->arena, lk->kind, sid);
    struct row_head *h = map_get(&tx->ledger->loose, name);
    void *row = NULL;

    if (h)
        return h->deleted ? NULL : row_of(h);
    if (record_find(tx->db, tx->arena, lk->kind, sid, &row) != DB_OK)
        tx->ledger->failed = true; /* not "there is none": nothing of this batch may be kept */
    if (!row)
        return NULL;
    h = loose_make(tx, lk, row);
    map_put(&tx->ledger->loose, name, h);
    return row_of(h);
}

/* --- finding ---------------------------------------------------------------------------------------- */

void *row_find(struct tx *tx, const struct kind *k, const char *sid)
{
    struct live_kind *lk = live_kind_of(tx->ledger, k);

    if (!sid)
        return NULL;
    if (!k->resident)
        return loose_find(tx, lk, sid);
    struct row_head *h = map_get(&lk->rows, sid);
    if (h)
        return row_of(h);
    return lk->partial && !map_get(&lk->gone, sid) ? loose_find(tx, lk, sid) : NULL;
}

void *row_each(struct tx *tx, const struct kind *k, size_t *i)
{
    struct live_kind *lk = live_kind_of(tx->ledger, k);

    assert(k->resident);
    struct row_head *h = map_next(&lk->rows, i);
    return h ? row_of(h) : NULL;
}

size_t row_count(struct tx *tx, const struct kind *k)
{
    return live_kind_of(tx->ledger, k)->rows.n;
}

const struct kind *row_kind(const void *row)
{
    return head_of(row)->kind->kind;
}

bool row_is_live(const void *row)
{
    const struct row_head *h = head_of(row);

    return h->resident && !h->deleted && !h->retired;
}

const void *row_was(struct tx *tx, const void *row)
{
    const struct row_head *h = head_of(row);

    if (h->command != tx->ledger->command)
        return row;
    const struct change *c = &tx->ledger->changes.at[h->change];
    return c->how == NEW ? NULL : c->was;
}

/* --- changing --------------------------------------------------------------------------------------- */

static struct change *note(struct ledger *l, struct row_head *h, enum change_how how, void *was)
{
    assert(!l->undoing); /* a relink hook must not change rows */
    h->command = l->command;
    h->change = l->changes.n;
    ARRAY_PUSH(&l->changes, (struct change){ .head = h, .was = was, .how = how });
    return &l->changes.at[h->change];
}

void row_edit(struct tx *tx, void *row)
{
    struct ledger *l = tx->ledger;
    struct row_head *h = head_of(row);

    assert(!h->deleted && !h->retired);
    if (h->command != l->command)
        note(l, h, EDITED, arena_copy(l->batch, row, h->kind->kind->size));
}

void row_set(struct tx *tx, void *row, const char **member, const char *value)
{
    struct ledger *l = tx->ledger;
    struct row_head *h = head_of(row);

    assert((char *)member >= (char *)row && (char *)member < (char *)row + h->kind->kind->size);
    row_edit(tx, row); /* even if it is the same: who sets a text may change a number next */
    if (*member == value || (*member && value && strcmp(*member, value) == 0))
        return;
    if (!h->resident) {
        *member = arena_strdup(tx->arena, value);
        return;
    }
    char *copy = text_keep(l, value);
    ARRAY_PUSH(&l->text_changes, (struct text_change){ (char *)*member, copy });
    *member = copy;
}

static void set_times(const struct kind *k, void *row, int64_t now)
{
    for (EACH_FIELD(f, k))
        if (f->flags & (BORN | TOUCHED))
            *field_int(f, row) = now;
}

void *row_new(struct tx *tx, const struct kind *k, const char *sid)
{
    struct ledger *l = tx->ledger;
    struct live_kind *lk = live_kind_of(l, k);
    struct row_head *h = k->resident ? row_make(l, lk) : loose_make(tx, lk, NULL);
    char prefix[3] = { 0 };

    if (!sid) {
        assert(lk->key->prefix && strlen(lk->key->prefix) >= 2);
        memcpy(prefix, lk->key->prefix, 2);
        sid = tx_sid(tx, prefix);
    }
    note(l, h, NEW, NULL);
    set_times(k, row_of(h), tx->now);
    row_set(tx, row_of(h), field_text(lk->key, row_of(h)), sid);
    struct row_head *other =
        k->resident ? map_put(&lk->rows, row_sid(h), h) : map_put(&l->loose, loose_name(tx->arena, k, sid), h);
    assert(!other || (!k->resident && other->deleted));
    return row_of(h);
}

void row_delete(struct tx *tx, void *row)
{
    struct row_head *h = head_of(row);
    struct live_kind *lk = h->kind;

    row_edit(tx, row);
    if (h->resident) {
        if (lk->hooks.unlink)
            lk->hooks.unlink(lk->hooks.engine, row);
        map_remove(&lk->rows, row_sid(h));
        map_put(&lk->gone, row_sid(h), h);
    }
    h->deleted = true;
}

/* --- many of them ----------------------------------------------------------------------------------------- */

struct taking {
    struct rows_found *rows;
    struct arena *arena;
};

static bool take_sid(void *arg, void *row)
{
    struct taking *t = arg;
    struct rows_found *r = t->rows;

    if (r->n == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 64;
        const char **sids = arena_alloc(t->arena, r->cap * sizeof *sids);
        if (r->n)
            memcpy(sids, r->sids, r->n * sizeof *sids);
        r->sids = sids;
    }
    r->sids[r->n++] = *field_text(field_flagged(r->kind, KEY), row);
    return true;
}

enum db_result rows_select(struct tx *tx, const struct kind *k, const struct selection *s, struct rows_found *out)
{
    struct taking t = { out, tx->arena };

    *out = (struct rows_found){ .kind = k };
    return record_select(tx->db, tx->arena, k, s, take_sid, &t);
}

void *rows_next(struct tx *tx, struct rows_found *r)
{
    void *row = NULL;

    while (!row && r->next < r->n)
        row = row_find(tx, r->kind, r->sids[r->next++]);
    return row;
}

enum db_result rows_delete(struct tx *tx, const struct kind *k, const char *column, const char *value)
{
    const struct condition those = { .column = column, .compare = IS, .value = value_text(value) };
    struct rows_found r;
    enum db_result result = rows_select(tx, k, &(struct selection){ .conditions = &those, .nconditions = 1 }, &r);
    void *row;

    while (result == DB_OK && (row = rows_next(tx, &r)))
        row_delete(tx, row);
    return result;
}

const char *tx_sid(struct tx *tx, const char *prefix)
{
    char sid[SID_SIZE];

    sid_make(&tx->ledger->sids, prefix, sid);
    return arena_strndup(tx->arena, sid, SID_LENGTH);
}

void tx_after(struct tx *tx, void (*fn)(void *arg), void *arg)
{
    ARRAY_PUSH(&tx->ledger->afters, (struct after){ fn, arg });
}
