#include "ledger/internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

void array_room(void **at, size_t *cap, size_t n, size_t size)
{
    if (n < *cap)
        return;
    *cap = *cap ? 2 * *cap : 16;
    *at = realloc(*at, *cap * size);
    if (!*at)
        abort();
}

/* --- by address: the kinds are constants that several ledgers share, so nothing can be noted in them */

static size_t slot_of(const struct ledger *l, const struct kind *k)
{
    size_t i = (size_t)(((uintptr_t)k >> 4) * 0x9e3779b97f4a7c15u >> 32) & (l->by_address_cap - 1);

    while (l->by_address[i] && l->by_address[i]->kind != k)
        i = (i + 1) & (l->by_address_cap - 1);
    return i;
}

struct live_kind *live_kind_of(const struct ledger *l, const struct kind *k)
{
    struct live_kind *lk = l->by_address[slot_of(l, k)];

    assert(lk); /* a kind that the ledger was not told of */
    return lk;
}

const struct kind *ledger_kind(const struct ledger *l, const char *name)
{
    for (size_t i = 0; i < l->nkinds; i++)
        if (strcmp(l->kinds[i].kind->name, name) == 0)
            return l->kinds[i].kind;
    assert(!"a kind of this name");
    abort();
}

/* --- uniques: from the flag, among the rows of the same parents (else of the account), and from the kind's unique
 * indexes */

static void unique_flagged(struct unique *u, const struct kind *k, const struct field *about)
{
    uint32_t scope = field_flagged(k, PARENT) ? PARENT : OWNER;

    for (EACH_FIELD(f, k))
        if ((f->flags & scope) && f != about) {
            assert(u->n < 7);
            u->fields[u->n++] = f;
        }
    u->fields[u->n++] = about;
    u->nocase = about->flags & NOCASE;
}

static void unique_listed(struct unique *u, struct arena *a, const struct kind *k, const struct index *x)
{
    char *rest = arena_strdup(a, x->columns), *name;

    while ((name = strsep(&rest, ", ")))
        if (*name) {
            assert(u->n < 8);
            u->fields[u->n++] = field_named(k, name);
        }
}

static void make_uniques(struct live_kind *lk, struct arena *a)
{
    const struct kind *k = lk->kind;

    lk->uniques = arena_alloc(a, (k->nfields + k->nindexes) * sizeof *lk->uniques);
    for (EACH_FIELD(f, k))
        if ((f->flags & UNIQUE) && !(f->flags & KEY))
            unique_flagged(&lk->uniques[lk->nuniques++], k, f);
    for (size_t i = 0; i < k->nindexes; i++)
        if (k->indexes[i].unique)
            unique_listed(&lk->uniques[lk->nuniques++], a, k, &k->indexes[i]);
}

static void make_kind(struct ledger *l, struct live_kind *lk, const struct kind *k)
{
    lk->kind = k;
    lk->hooks.live_size = k->size;
    lk->key = field_flagged(k, KEY);
    lk->partial = k->is_live || k->live_where;
    lk->texts = arena_alloc(l->arena, k->nfields * sizeof(struct field *));
    for (EACH_FIELD(f, k))
        if (field_is_text(f) && field_is_column(f))
            lk->texts[lk->ntexts++] = f;
    if (k->resident)
        make_uniques(lk, l->arena);
    size_t slot = slot_of(l, k);
    assert(!l->by_address[slot]);
    l->by_address[slot] = lk;
}

static bool listed(const struct ledger_config *c, const struct kind *k)
{
    for (size_t i = 0; i < c->nkinds; i++)
        if (c->kinds[i] == k)
            return true;
    return false;
}

const char *kinds_make(struct ledger *l, struct arena *a)
{
    const struct kind *const own[] = { &alarm_kind_record, &event_kind, &log_mark_kind };
    size_t n = l->config.nkinds;
    const struct kind **all = arena_alloc(l->arena, (n + 3) * sizeof *all);

    for (size_t i = 0; i < n; i++)
        all[i] = l->config.kinds[i];
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!listed(&l->config, own[i]))
            all[n++] = own[i];
    l->kinds = arena_alloc(l->arena, n * sizeof *l->kinds);
    for (l->by_address_cap = 64; l->by_address_cap < 3 * n;)
        l->by_address_cap *= 2;
    l->by_address = arena_alloc(l->arena, l->by_address_cap * sizeof(struct live_kind *));
    for (size_t i = 0; i < n; i++) {
        const char *why = kind_check(a, all[i]);
        if (why)
            return why;
        for (size_t j = 0; j < i; j++)
            if (strcmp(all[i]->name, all[j]->name) == 0)
                return arena_printf(a, "There are two kinds '%s'", all[i]->name);
        make_kind(l, &l->kinds[l->nkinds++], all[i]);
    }
    return schema_sync(l->db, all, n) == DB_OK ? NULL
                                               : arena_printf(a, "The schema cannot be made: %s", db_error(l->db));
}

void kinds_free(struct ledger *l)
{
    rows_forget(l);
    for (size_t i = 0; i < l->nkinds; i++) {
        map_clear(&l->kinds[i].rows);
        map_clear(&l->kinds[i].gone);
        free(l->kinds[i].watchers.at);
        for (size_t j = 0; j < l->kinds[i].nuniques; j++)
            map_clear(&l->kinds[i].uniques[j].rows);
    }
}
