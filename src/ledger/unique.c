/* Values that may be there once: a map for each rule of a resident kind, from the values' text to the row.
 *
 * A command's changes are applied together - first every old value is given up, then every new one is taken - so that
 * two rows may swap their names.  Of a kind whose store holds rows that are not in memory, the store is asked, too. */
#include "base/text.h"
#include "ledger/internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void put_folded(struct text *t, const char *s) /* as the store folds: ASCII */
{
    for (; *s; s++)
        text_putc(t, *s >= 'A' && *s <= 'Z' ? (char)(*s + 32) : *s);
}

/* false: the value is absent, and so nothing can collide with it */
static bool put_value(struct text *t, const struct field *f, const void *row, bool nocase)
{
    const char *s = NULL;

    if (f->type == T_BOOL)
        s = *field_bool(f, row) ? "1" : "0";
    else if (f->type == T_ENUM)
        s = f->names[*field_enum(f, row)];
    else if (field_is_text(f))
        s = *field_text(f, row);
    else if (*field_int(f, row) != NO_VALUE) {
        text_put_int(t, *field_int(f, row));
        return true;
    }
    if (!s || (f->type == T_ENUM && !*s))
        return false;
    if (nocase)
        put_folded(t, s);
    else
        text_put(t, s);
    return true;
}

/* On the heap; NULL when there is nothing to collide. */
static char *key_of(struct ledger *l, const struct unique *u, const void *row)
{
    arena_reset(l->scratch);
    struct text t = { .arena = l->scratch };

    for (size_t i = 0; i < u->n; i++) {
        if (i)
            text_putc(&t, '\x1f');
        if (!put_value(&t, u->fields[i], row, u->nocase && i + 1 == u->n))
            return NULL;
    }
    char *key = strdup(text_str(&t));
    if (!key)
        abort();
    return key;
}

/* --- a command's changes ---------------------------------------------------------------------------- */

static bool unchanged(const struct unique *u, const void *row, const void *was)
{
    for (size_t i = 0; i < u->n; i++)
        if (!field_equal(u->fields[i], row, was))
            return false;
    return true;
}

static void collect(struct ledger *l, const struct change *c)
{
    struct row_head *h = c->head;
    struct live_kind *lk = h->kind;

    if (!h->resident || c->dropped || (c->how == NEW && h->deleted))
        return;
    for (size_t i = 0; i < lk->nuniques; i++) {
        const struct unique *u = &lk->uniques[i];
        if (c->how == EDITED && !h->deleted && unchanged(u, row_of(h), c->was))
            continue;
        char *key = h->deleted ? NULL : key_of(l, u, row_of(h));
        if (key || h->keys[i])
            ARRAY_PUSH(&l->key_changes, (struct key_change){ h, i, h->keys[i], key });
    }
}

struct others {
    struct live_kind *kind;
    const char *found;
};

/* What is in memory, or was deleted in this batch, is known better here than in the store. */
static bool is_other(void *arg, void *row)
{
    struct others *o = arg;
    const char *sid = *field_text(o->kind->key, row);

    if (!map_get(&o->kind->rows, sid) && !map_get(&o->kind->gone, sid))
        o->found = sid;
    return o->found == NULL;
}

static bool taken_in_store(struct tx *tx, const struct row_head *h, const struct unique *u)
{
    struct others others = { .kind = h->kind };
    struct condition c[8];

    for (size_t i = 0; i < u->n; i++) {
        const struct field *f = u->fields[i];
        struct value v;
        if (field_is_text(f))
            v = value_text(*field_text(f, row_of(h)));
        else if (f->type == T_ENUM)
            v = value_int(*field_enum(f, row_of(h)));
        else
            v = value_int(f->type == T_BOOL ? *field_bool(f, row_of(h)) : *field_int(f, row_of(h)));
        c[i] = (struct condition){ .column = f->name, .compare = IS, .value = v, .nocase = u->nocase && i + 1 == u->n };
    }
    struct selection s = { .conditions = c, .nconditions = u->n };
    if (record_select(tx->db, tx->arena, h->kind->kind, &s, is_other, &others) != DB_OK)
        tx->ledger->failed = true;
    return others.found != NULL;
}

static bool take(struct tx *tx, struct key_change *c)
{
    struct unique *u = &c->head->kind->uniques[c->i];

    if (!c->after)
        return true;
    if (map_get(&u->rows, c->after) || (c->head->kind->partial && taken_in_store(tx, c->head, u)))
        return false;
    map_put(&u->rows, c->after, c->head);
    return true;
}

/* The last n of the changes were not taken. */
static void give_back(struct ledger *l, size_t taken)
{
    for (size_t i = 0; i < l->key_changes.n; i++) {
        struct key_change *c = &l->key_changes.at[i];
        if (c->after && i < taken)
            map_remove(&c->head->kind->uniques[c->i].rows, c->after);
    }
    for (size_t i = 0; i < l->key_changes.n; i++) {
        struct key_change *c = &l->key_changes.at[i];
        if (c->before)
            map_put(&c->head->kind->uniques[c->i].rows, c->before, c->head);
        free(c->after);
        c->head->keys[c->i] = c->before;
    }
    l->key_changes.n = 0;
}

/* task_queue -> Task queue */
static const char *in_words(struct arena *a, const char *name, bool sentence)
{
    char *words = arena_strdup(a, name);

    for (char *p = words; *p; p++)
        if (*p == '_')
            *p = ' ';
    if (sentence && *words >= 'a' && *words <= 'z')
        *words = (char)(*words - 32);
    return words;
}

fault_t value_taken(struct tx *tx, enum fault_id id, const struct kind *k, const char *field)
{
    return fault(tx->arena, id, "%s with the same %s already exists", in_words(tx->arena, k->name, true),
                 in_words(tx->arena, field, false));
}

fault_t unique_apply(struct tx *tx)
{
    struct ledger *l = tx->ledger;

    for (size_t i = 0; i < l->changes.n; i++)
        collect(l, &l->changes.at[i]);
    for (size_t i = 0; i < l->key_changes.n; i++) {
        struct key_change *c = &l->key_changes.at[i];
        if (c->before)
            map_remove(&c->head->kind->uniques[c->i].rows, c->before);
    }
    for (size_t i = 0; i < l->key_changes.n; i++) {
        struct key_change *c = &l->key_changes.at[i];
        if (!take(tx, c)) {
            const struct unique *u = &c->head->kind->uniques[c->i];
            const struct kind *k = c->head->kind->kind;
            give_back(l, i);
            return value_taken(tx, F_INVALID_PARAMETER, k, u->fields[u->n - 1]->name);
        }
    }
    for (size_t i = 0; i < l->key_changes.n; i++)
        l->key_changes.at[i].head->keys[l->key_changes.at[i].i] = l->key_changes.at[i].after;
    return l->failed ? unavailable(tx->arena) : NULL;
}

void unique_undo(struct ledger *l)
{
    give_back(l, l->key_changes.n);
}

/* --- rows that come and go -------------------------------------------------------------------------- */

void unique_add(struct ledger *l, struct row_head *h)
{
    for (size_t i = 0; i < h->kind->nuniques; i++) {
        h->keys[i] = key_of(l, &h->kind->uniques[i], row_of(h));
        if (h->keys[i])
            map_put(&h->kind->uniques[i].rows, h->keys[i], h);
    }
}

void unique_drop(struct row_head *h)
{
    for (size_t i = 0; i < h->kind->nuniques; i++)
        if (h->keys[i])
            map_remove(&h->kind->uniques[i].rows, h->keys[i]);
}
