/* The schema follows the kinds: what they ask for and is not there yet is added, indexes that nobody asks for any more
 * are dropped.  Columns are never dropped (an older server may still want them) and never change their type. */
#include "store/internal.h"
#include <assert.h>
#include <string.h>

static const char *column_type(const struct field *f)
{
    return field_is_text(f) || f->type == T_ENUM ? "TEXT" : "BIGINT";
}

void put_name(struct text *t, const char *name)
{
    text_putc(t, '"');
    text_put(t, name);
    text_putc(t, '"');
}

static void put_literal(struct text *t, const char *s)
{
    text_putc(t, '\'');
    for (; *s; s++) {
        if (*s == '\'')
            text_putc(t, '\'');
        text_putc(t, *s);
    }
    text_putc(t, '\'');
}

static enum db_result run(struct db *db, const struct text *t)
{
    return db_run(db, text_str(t), NULL, 0, NULL, NULL);
}

/* What a new column holds in the rows that are already there. */
static void put_default(struct text *t, const struct field *f)
{
    bool b = false;
    int64_t v = 0;

    if (f->type == T_BOOL)
        text_putf(t, " DEFAULT %d", f->initial && str_to_bool(f->initial, &b) && b);
    else if (f->type == T_INT && ((f->flags & REVISION) || (f->initial && str_to_int(f->initial, &v))))
        text_putf(t, " DEFAULT %lld", (long long)v);
    else if ((field_is_text(f) || f->type == T_ENUM) && f->initial && *f->initial) {
        text_put(t, " DEFAULT ");
        put_literal(t, f->initial);
    }
}

/* --- tables ----------------------------------------------------------------------------------------- */

/* A table without rowids keeps a row in one b-tree with its sid: one page less to write.  But there a row of more than
 * about a quarter of a page goes to a page of its own; rows that carry documents are therefore kept the ordinary way.
 */
static bool is_wide(const struct kind *k)
{
    for (EACH_FIELD(f, k))
        if (f->type == T_JSON && field_is_column(f))
            return true;
    return false;
}

static enum db_result make_table(struct db *db, struct arena *a, const struct kind *k)
{
    struct text t = { .arena = a };

    text_put(&t, "CREATE TABLE ");
    put_name(&t, k->name);
    char comma = '(';
    for (EACH_FIELD(f, k)) {
        if (!field_is_column(f))
            continue;
        text_putc(&t, comma);
        put_name(&t, f->name);
        text_putf(&t, " %s%s", column_type(f), f->flags & KEY ? " PRIMARY KEY NOT NULL" : "");
        comma = ',';
    }
    text_put(&t, is_wide(k) ? ")" : ") WITHOUT ROWID");
    return run(db, &t);
}

struct found {
    struct arena *arena;
    struct map types; /* column -> type, or index -> itself */
};

static bool keep_found(void *arg, struct columns *c)
{
    struct found *x = arg;
    char *name = arena_strdup(x->arena, column_text(c, 0));

    map_put(&x->types, name, arena_strdup(x->arena, column_text(c, 1)));
    return true;
}

static enum db_result add_columns(struct db *db, struct arena *a, const struct kind *k, const struct found *there)
{
    for (EACH_FIELD(f, k)) {
        if (!field_is_column(f))
            continue;
        const char *type = map_get(&there->types, f->name);
        if (type && strcmp(type, column_type(f)) != 0)
            return db_fail(db, "%s.%s is %s in the store and %s now", k->name, f->name, type, column_type(f));
        if (type)
            continue;
        struct text t = { .arena = a };
        text_put(&t, "ALTER TABLE ");
        put_name(&t, k->name);
        text_put(&t, " ADD COLUMN ");
        put_name(&t, f->name);
        text_putf(&t, " %s", column_type(f));
        put_default(&t, f);
        enum db_result result = run(db, &t);
        if (result != DB_OK)
            return result;
    }
    return DB_OK;
}

static enum db_result sync_table(struct db *db, struct arena *a, const struct kind *k)
{
    struct found there = { .arena = a };
    struct value name = value_text(k->name);
    enum db_result result = db_run(db, "SELECT name, type FROM pragma_table_info(?)", &name, 1, keep_found, &there);

    if (result == DB_OK)
        result = there.types.n ? add_columns(db, a, k, &there) : make_table(db, a, k);
    map_clear(&there.types);
    return result;
}

/* --- indexes ---------------------------------------------------------------------------------------- */

/* The name says all that the index is, so that another index has another name:
 * ux__worker__workspace_sid__friendly_name_nc. */
struct wanted {
    struct text name, columns;
    bool unique;
};

static void wanted_start(struct wanted *w, struct arena *a, const struct kind *k, bool unique)
{
    *w = (struct wanted){ .name.arena = a, .columns.arena = a, .unique = unique };
    text_putf(&w->name, "%s__%s", unique ? "ux" : "ix", k->name);
}

static void wanted_add(struct wanted *w, const struct field *f, bool nocase)
{
    text_putf(&w->name, "__%s%s", f->name, nocase ? "_nc" : "");
    if (w->columns.n)
        text_putc(&w->columns, ',');
    put_name(&w->columns, f->name);
    if (nocase)
        text_put(&w->columns, " COLLATE NOCASE");
}

struct indexes {
    struct db *db;
    struct arena *arena;
    const struct kind *kind;
    struct map there, asked; /* by name */
};

static enum db_result make_index(struct indexes *x, struct wanted *w)
{
    struct text t = { .arena = x->arena };

    map_put(&x->asked, text_str(&w->name), w);
    if (map_get(&x->there, text_str(&w->name)))
        return DB_OK;
    text_putf(&t, "CREATE %sINDEX IF NOT EXISTS ", w->unique ? "UNIQUE " : "");
    put_name(&t, text_str(&w->name));
    text_put(&t, " ON ");
    put_name(&t, x->kind->name);
    text_putf(&t, "(%s)", text_str(&w->columns));
    return run(x->db, &t);
}

/* Lists are in the order of the key.  It is in the index anyway, behind the column, but only if it is named there does
 * SQLite read in its order, and begin in its middle, instead of sorting all that it finds. */
static enum db_result index_one(struct indexes *x, const struct field *f)
{
    struct wanted *w = arena_alloc(x->arena, sizeof *w);

    wanted_start(w, x->arena, x->kind, false);
    wanted_add(w, f, false);
    wanted_add(w, field_flagged(x->kind, KEY), false);
    return make_index(x, w);
}

/* Among the rows of the same parents, or of the account when there are none. */
static enum db_result index_unique(struct indexes *x, const struct field *f)
{
    struct wanted *w = arena_alloc(x->arena, sizeof *w);
    uint32_t scope = field_flagged(x->kind, PARENT) ? PARENT : OWNER;

    wanted_start(w, x->arena, x->kind, true);
    for (EACH_FIELD(g, x->kind))
        if ((g->flags & scope) && g != f)
            wanted_add(w, g, false);
    wanted_add(w, f, f->flags & NOCASE);
    return make_index(x, w);
}

static enum db_result index_listed(struct indexes *x, const struct index *index)
{
    struct wanted *w = arena_alloc(x->arena, sizeof *w);
    char *rest = arena_strdup(x->arena, index->columns), *name;

    wanted_start(w, x->arena, x->kind, index->unique);
    while ((name = strsep(&rest, ", ")))
        if (*name) {
            const struct field *f = field_named(x->kind, name);
            if (!f || !field_is_column(f))
                return db_fail(x->db, "%s has an index over %s, which is not a column", x->kind->name, name);
            wanted_add(w, f, false);
        }
    return make_index(x, w);
}

static enum db_result drop_unasked(struct indexes *x)
{
    enum db_result result = DB_OK;
    const char *name;

    for (size_t i = 0; result == DB_OK && (name = map_next(&x->there, &i));) {
        if (map_get(&x->asked, name) || !(str_starts(name, "ix__") || str_starts(name, "ux__")))
            continue;
        struct text t = { .arena = x->arena };
        text_put(&t, "DROP INDEX ");
        put_name(&t, name);
        result = run(x->db, &t);
    }
    return result;
}

/* Every index costs the writer: a parent has one (lists), the account only where there is no parent. */
static bool has_index(const struct kind *k, const struct field *f)
{
    if (f->flags & KEY)
        return false;
    return (f->flags & (PARENT | INDEXED)) || ((f->flags & OWNER) && !field_flagged(k, PARENT));
}

static enum db_result make_indexes(struct indexes *x)
{
    enum db_result result = DB_OK;

    for (EACH_FIELD(f, x->kind)) {
        if (result == DB_OK && has_index(x->kind, f))
            result = index_one(x, f);
        if (result == DB_OK && (f->flags & UNIQUE) && !(f->flags & KEY))
            result = index_unique(x, f);
    }
    for (size_t i = 0; result == DB_OK && i < x->kind->nindexes; i++)
        result = index_listed(x, &x->kind->indexes[i]);
    return result == DB_OK ? drop_unasked(x) : result;
}

static enum db_result sync_indexes(struct db *db, struct arena *a, const struct kind *k)
{
    struct indexes x = { .db = db, .arena = a, .kind = k };
    struct found there = { .arena = a };
    struct value name = value_text(k->name);
    enum db_result result = db_run(db, "SELECT name, name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?",
                                   &name, 1, keep_found, &there);

    x.there = there.types;
    if (result == DB_OK)
        result = make_indexes(&x);
    map_clear(&x.there);
    map_clear(&x.asked);
    return result;
}

enum db_result schema_sync(struct db *writer, const struct kind *const *kinds, size_t n)
{
    _arena_ struct arena *a = arena_new();
    enum db_result result = db_begin(writer);

    for (size_t i = 0; result == DB_OK && i < n; i++) {
        const char *wrong = kind_check(a, kinds[i]);
        result = wrong ? db_fail(writer, "%s", wrong) : sync_table(writer, a, kinds[i]);
        if (result == DB_OK)
            result = sync_indexes(writer, a, kinds[i]);
    }
    if (result == DB_OK)
        return db_commit(writer);
    db_rollback(writer);
    return result == DB_UNIQUE ? DB_FAILED : result; /* rows that break a new rule */
}
