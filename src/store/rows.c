/* Rows in and out: the statements of a kind are built once a connection and found by the kind's address. */
#include "store/internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MASK_BITS = 64, MANY = 16 };

static void *need(void *p)
{
    if (!p)
        abort();
    return p;
}

/* --- plans ------------------------------------------------------------------------------------------ */

static size_t plan_slot(const struct db *db, const struct kind *k)
{
    size_t i = (size_t)(((uintptr_t)k >> 4) * 0x9e3779b97f4a7c15u >> 32) & (db->plans_cap - 1);

    while (db->plans[i] && db->plans[i]->kind != k)
        i = (i + 1) & (db->plans_cap - 1);
    return i;
}

static void plans_grow(struct db *db)
{
    struct plan **old = db->plans;
    size_t cap = db->plans_cap;

    db->plans_cap = cap ? 2 * cap : 64;
    db->plans = need(calloc(db->plans_cap, sizeof(struct plan *)));
    for (size_t i = 0; i < cap; i++)
        if (old[i])
            db->plans[plan_slot(db, old[i]->kind)] = old[i];
    free(old);
}

static struct plan *plan_new(const struct kind *k)
{
    _arena_ struct arena *a = arena_new();
    struct plan *p = need(calloc(1, sizeof *p));
    struct text names = { .arena = a };

    p->kind = k;
    p->columns = need(calloc(k->nfields, sizeof(struct field *)));
    for (EACH_FIELD(f, k)) {
        if (!field_is_column(f))
            continue;
        if (f->flags & KEY)
            p->key = p->ncolumns;
        if (p->ncolumns)
            text_putc(&names, ',');
        put_name(&names, f->name);
        p->columns[p->ncolumns++] = f;
    }
    p->names = need(strdup(text_str(&names)));
    return p;
}

struct plan *plan_of(struct db *db, const struct kind *k)
{
    if ((db->nplans + 1) * 2 > db->plans_cap)
        plans_grow(db);
    size_t i = plan_slot(db, k);
    if (!db->plans[i]) {
        db->plans[i] = plan_new(k);
        db->nplans++;
    }
    return db->plans[i];
}

void plans_free(struct db *db)
{
    for (size_t i = 0; i < db->plans_cap; i++) {
        struct plan *p = db->plans[i];
        if (!p)
            continue;
        sqlite3_finalize(p->insert);
        sqlite3_finalize(p->insert_many);
        sqlite3_finalize(p->remove);
        for (size_t j = 0; j < p->nupdates; j++)
            sqlite3_finalize(p->updates[j].st);
        free(p->updates);
        free(p->columns);
        free(p->names);
        free(p);
    }
    free(db->plans);
}

/* --- values ----------------------------------------------------------------------------------------- */

static void bind_text(sqlite3_stmt *st, int i, const char *s)
{
    if (s)
        sqlite3_bind_text(st, i, s, (int)strlen(s), SQLITE_STATIC);
    else
        sqlite3_bind_null(st, i);
}

/* An enum is stored as its word, so that the order of the words may change; "" is absent. */
static const char *enum_word(const struct field *f, unsigned v)
{
    for (unsigned i = 0; i < v; i++)
        assert(f->names[i]);
    assert(f->names[v]);
    return *f->names[v] ? f->names[v] : NULL;
}

static void bind_field(sqlite3_stmt *st, int i, const struct field *f, const void *row)
{
    switch (f->type) {
    case T_BOOL:
        sqlite3_bind_int(st, i, *field_bool(f, row));
        break;
    case T_ENUM:
        bind_text(st, i, enum_word(f, *field_enum(f, row)));
        break;
    case T_INT:
    case T_TIME:
        if (*field_int(f, row) == NO_VALUE)
            sqlite3_bind_null(st, i);
        else
            sqlite3_bind_int64(st, i, *field_int(f, row));
        break;
    default:
        bind_text(st, i, *field_text(f, row));
    }
}

static bool read_enum(const struct field *f, const char *word, void *row)
{
    for (unsigned i = 0; f->names[i]; i++)
        if (strcmp(f->names[i], word ? word : "") == 0) {
            *field_enum(f, row) = i;
            return true;
        }
    *field_enum(f, row) = 0;
    return word == NULL;
}

bool plan_read(struct db *db, const struct plan *p, sqlite3_stmt *st, struct arena *a, void *row)
{
    struct columns c = { st };

    for (size_t n = 0; n < p->ncolumns; n++) {
        const struct field *f = p->columns[n];
        int i = (int)n;
        if (f->type == T_BOOL) {
            *field_bool(f, row) = sqlite3_column_int(st, i) != 0;
        } else if (f->type == T_INT || f->type == T_TIME) {
            *field_int(f, row) = column_int(&c, i);
        } else if (f->type == T_ENUM) {
            if (!read_enum(f, column_text(&c, i), row)) {
                db_fail(db, "%s.%s holds the unknown word '%s'", p->kind->name, f->name, column_text(&c, i));
                return false;
            }
        } else {
            const char *s = column_text(&c, i);
            *field_text(f, row) = s ? arena_strndup(a, s, (size_t)sqlite3_column_bytes(st, i)) : NULL;
        }
    }
    return true;
}

/* --- writing ---------------------------------------------------------------------------------------- */

static sqlite3_stmt *prepare_insert(struct db *db, const struct plan *p, size_t rows)
{
    _arena_ struct arena *a = arena_new();
    struct text t = { .arena = a };

    text_put(&t, "INSERT INTO ");
    put_name(&t, p->kind->name);
    text_putf(&t, "(%s) VALUES", p->names);
    for (size_t r = 0; r < rows; r++) {
        text_put(&t, r ? ",(?" : "(?");
        for (size_t i = 1; i < p->ncolumns; i++)
            text_put(&t, ",?");
        text_putc(&t, ')');
    }
    return statement_prepare(db, text_str(&t));
}

enum db_result record_insert(struct db *db, const struct kind *k, const void *row)
{
    struct plan *p = plan_of(db, k);

    if (!p->insert && !(p->insert = prepare_insert(db, p, 1)))
        return DB_FAILED;
    for (size_t i = 0; i < p->ncolumns; i++)
        bind_field(p->insert, (int)i + 1, p->columns[i], row);
    return db_finish(db, p->insert);
}

/* A statement of MANY rows costs a quarter less a row than MANY statements: measured with the ledger's events. */
static enum db_result insert_many(struct db *db, struct plan *p, const void *const *rows)
{
    int n = 0;

    if (!p->insert_many && !(p->insert_many = prepare_insert(db, p, MANY)))
        return DB_FAILED;
    for (size_t r = 0; r < MANY; r++)
        for (size_t i = 0; i < p->ncolumns; i++)
            bind_field(p->insert_many, ++n, p->columns[i], rows[r]);
    return db_finish(db, p->insert_many);
}

enum db_result record_insert_all(struct db *db, const struct kind *k, const void *const *rows, size_t n)
{
    struct plan *p = plan_of(db, k);
    enum db_result result = DB_OK;

    for (; result == DB_OK && n >= MANY; rows += MANY, n -= MANY)
        result = insert_many(db, p, rows);
    for (; result == DB_OK && n; rows++, n--)
        result = record_insert(db, k, *rows);
    return result;
}

static sqlite3_stmt *prepare_update(struct db *db, const struct plan *p, uint64_t mask)
{
    _arena_ struct arena *a = arena_new();
    struct text t = { .arena = a };
    const char *before = " SET ";

    text_put(&t, "UPDATE ");
    put_name(&t, p->kind->name);
    for (size_t i = 0; i < p->ncolumns; i++)
        if (i != p->key && (i >= MASK_BITS || mask >> i & 1)) {
            text_put(&t, before);
            put_name(&t, p->columns[i]->name);
            text_put(&t, "=?");
            before = ",";
        }
    text_put(&t, " WHERE ");
    put_name(&t, p->columns[p->key]->name);
    text_put(&t, "=?");
    return statement_prepare(db, text_str(&t));
}

static sqlite3_stmt *update_statement(struct db *db, struct plan *p, uint64_t mask)
{
    for (size_t i = 0; i < p->nupdates; i++)
        if (p->updates[i].mask == mask)
            return p->updates[i].st;
    sqlite3_stmt *st = prepare_update(db, p, mask);
    if (st) {
        p->updates = need(realloc(p->updates, (p->nupdates + 1) * sizeof *p->updates));
        p->updates[p->nupdates++] = (struct update_plan){ mask, st };
    }
    return st;
}

/* Bit i: column i differs.  A kind with more columns than bits is written whole, and so is one whose rows change in
 * many different ways: a statement for every set of columns would be too many. */
static uint64_t changed_columns(const struct plan *p, const void *row, const void *was)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < p->ncolumns; i++)
        if (!was || !field_equal(p->columns[i], row, was))
            mask |= i < MASK_BITS && p->ncolumns <= MASK_BITS ? (uint64_t)1 << i : UINT64_MAX;
    return mask;
}

enum db_result record_update(struct db *db, const struct kind *k, const void *row, const void *was)
{
    enum { UPDATES_MAX = 64 };
    struct plan *p = plan_of(db, k);
    uint64_t mask = changed_columns(p, row, was);

    assert(!was || field_equal(p->columns[p->key], row, was));
    if (p->key < MASK_BITS && p->ncolumns <= MASK_BITS)
        mask &= ~((uint64_t)1 << p->key);
    if (!mask)
        return DB_OK;
    if (p->nupdates >= UPDATES_MAX && p->ncolumns <= MASK_BITS) {
        bool known = false;
        for (size_t i = 0; i < p->nupdates; i++)
            known |= p->updates[i].mask == mask;
        mask = known ? mask : UINT64_MAX;
    }
    sqlite3_stmt *st = update_statement(db, p, mask);
    if (!st)
        return DB_FAILED;
    int n = 0;
    for (size_t i = 0; i < p->ncolumns; i++)
        if (i != p->key && (i >= MASK_BITS || mask >> i & 1))
            bind_field(st, ++n, p->columns[i], row);
    bind_field(st, ++n, p->columns[p->key], row);
    return db_finish(db, st);
}

enum db_result record_delete(struct db *db, const struct kind *k, const char *sid)
{
    struct plan *p = plan_of(db, k);

    if (!p->remove) {
        _arena_ struct arena *a = arena_new();
        const char *sql = arena_printf(a, "DELETE FROM \"%s\" WHERE \"%s\"=?", k->name, p->columns[p->key]->name);
        p->remove = statement_prepare(db, sql);
        if (!p->remove)
            return DB_FAILED;
    }
    bind_text(p->remove, 1, sid);
    return db_finish(db, p->remove);
}
