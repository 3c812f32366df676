/* Selections: from conditions, orders and a place to continue after, one SELECT. */
#include "store/internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct query {
    struct arena *arena;
    struct plan *plan;
    struct text sql;
    struct value *args;
    size_t nargs, cap;
    const char *joint; /* " WHERE " at first, then " AND " */
};

static void put_arg(struct query *q, struct value v)
{
    if (q->nargs == q->cap) {
        q->cap = q->cap ? 2 * q->cap : 8;
        struct value *args = arena_alloc(q->arena, q->cap * sizeof *args);
        if (q->nargs)
            memcpy(args, q->args, q->nargs * sizeof *args);
        q->args = args;
    }
    q->args[q->nargs++] = v;
    text_putc(&q->sql, '?');
}

static const struct field *column_named(const struct kind *k, const char *name)
{
    const struct field *f = field_named(k, name);

    assert(f && field_is_column(f)); /* a programmer's mistake: names never come from outside unchecked */
    return f;
}

/* An enum may be given by its number; its first word, if "", is absent. */
static struct value as_stored(const struct field *f, struct value v)
{
    if (f->type != T_ENUM)
        return v;
    if (v.type == VALUE_INT)
        v = value_text(f->names[v.i]);
    return v.type == VALUE_TEXT && !*v.s ? (struct value){ .type = VALUE_NULL } : v;
}

static bool is_absent(struct value v)
{
    return v.type == VALUE_NULL || (v.type == VALUE_INT && v.i == NO_VALUE);
}

/* --- conditions ------------------------------------------------------------------------------------- */

static void put_compared(struct query *q, const struct condition *c, const char *operator, struct value v)
{
    put_name(&q->sql, c->column);
    text_put(&q->sql, operator);
    put_arg(q, v);
    if (c->nocase)
        text_put(&q->sql, " COLLATE NOCASE");
}

/* The number of marks is rounded up to a power of two (the last value again), so that few different texts are prepared.
 */
static void put_one_of(struct query *q, const struct condition *c, const struct field *f)
{
    size_t n = 1;

    if (!c->nvalues) {
        text_put(&q->sql, "1 = 0");
        return;
    }
    while (n < c->nvalues)
        n *= 2;
    put_name(&q->sql, c->column);
    text_put(&q->sql, c->nocase ? " COLLATE NOCASE IN (" : " IN (");
    for (size_t i = 0; i < n; i++) {
        if (i)
            text_putc(&q->sql, ',');
        put_arg(q, as_stored(f, c->values[i < c->nvalues ? i : c->nvalues - 1]));
    }
    text_putc(&q->sql, ')');
}

static void put_condition(struct query *q, const struct condition *c)
{
    static const char *const operators[] = {
        [IS] = "=", [LESS] = "<", [LESS_OR_IS] = "<=", [MORE] = ">", [MORE_OR_IS] = ">="
    };
    const struct field *f = column_named(q->plan->kind, c->column);
    struct value v = as_stored(f, c->value);
    enum compare compare = c->compare;

    if (compare == IS && is_absent(v))
        compare = IS_NULL;
    if (compare == IS_NOT && is_absent(v))
        compare = IS_NOT_NULL;
    text_put(&q->sql, q->joint);
    q->joint = " AND ";
    switch (compare) {
    case IS_NULL:
    case IS_NOT_NULL:
        put_name(&q->sql, c->column);
        text_put(&q->sql, compare == IS_NULL ? " IS NULL" : " IS NOT NULL");
        break;
    case IS_NOT: /* an absent value is not that value */
        text_putc(&q->sql, '(');
        put_compared(q, c, "<>", v);
        text_put(&q->sql, " OR ");
        put_name(&q->sql, c->column);
        text_put(&q->sql, " IS NULL)");
        break;
    case ONE_OF:
        put_one_of(q, c, f);
        break;
    default:
        put_compared(q, c, operators[compare], v);
    }
}

/* --- order and place -------------------------------------------------------------------------------- */

/* The whole order: what was asked for, then the sid (in the direction of the last one), so that no two rows are equal.
 */
static struct order *whole_order(struct query *q, const struct selection *s, size_t *n)
{
    const char *key = q->plan->columns[q->plan->key]->name;
    struct order *o = arena_alloc(q->arena, (s->norders + 1) * sizeof *o);
    bool descending = false, keyed = false;

    for (*n = 0; *n < s->norders && !keyed; ++*n) {
        o[*n] = s->orders[*n];
        descending = o[*n].descending;
        keyed = strcmp(column_named(q->plan->kind, o[*n].column)->name, key) == 0;
    }
    if (!keyed)
        o[(*n)++] = (struct order){ key, descending };
    for (size_t i = 0; s->backwards && i < *n; i++)
        o[i].descending = !o[i].descending;
    return o;
}

/* Behind v in the order; absent values come before all others. */
static void put_behind(struct query *q, const struct order *o, struct value v)
{
    text_putc(&q->sql, '(');
    put_name(&q->sql, o->column);
    if (!o->descending && is_absent(v)) {
        text_put(&q->sql, " IS NOT NULL");
    } else if (!o->descending) {
        text_putc(&q->sql, '>');
        put_arg(q, v);
    } else if (is_absent(v)) {
        text_put(&q->sql, " IS NULL AND 1 = 0");
    } else {
        text_putc(&q->sql, '<');
        put_arg(q, v);
        if (strcmp(o->column, q->plan->columns[q->plan->key]->name) != 0) {
            text_put(&q->sql, " OR ");
            put_name(&q->sql, o->column);
            text_put(&q->sql, " IS NULL");
        }
    }
    text_putc(&q->sql, ')');
}

static void put_same(struct query *q, const struct order *o, struct value v)
{
    put_name(&q->sql, o->column);
    if (is_absent(v)) {
        text_put(&q->sql, " IS NULL");
    } else {
        text_putc(&q->sql, '=');
        put_arg(q, v);
    }
}

/* (a > 1) OR (a = 1 AND b > 2) OR (a = 1 AND b = 2 AND sid > 's') */
static void put_after(struct query *q, const struct selection *s, const struct order *o, size_t n)
{
    struct value *at = arena_alloc(q->arena, n * sizeof *at);

    for (size_t i = 0; i < n; i++)
        at[i] = i < s->norders && s->after ? as_stored(column_named(q->plan->kind, o[i].column), s->after[i])
                                           : value_text(s->after_sid);
    text_put(&q->sql, q->joint);
    q->joint = " AND ";
    text_putc(&q->sql, '(');
    for (size_t i = 0; i < n; i++) {
        text_put(&q->sql, i ? " OR (" : "(");
        for (size_t j = 0; j < i; j++) {
            put_same(q, &o[j], at[j]);
            text_put(&q->sql, " AND ");
        }
        put_behind(q, &o[i], at[i]);
        text_putc(&q->sql, ')');
    }
    text_putc(&q->sql, ')');
}

static void put_order(struct query *q, const struct order *o, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        text_put(&q->sql, i ? "," : " ORDER BY ");
        put_name(&q->sql, o[i].column);
        text_put(&q->sql, o[i].descending ? " DESC" : "");
    }
}

static void build(struct query *q, const struct selection *s)
{
    size_t n;
    struct order *o = whole_order(q, s, &n);

    text_putf(&q->sql, "SELECT %s FROM ", q->plan->names);
    put_name(&q->sql, q->plan->kind->name);
    q->joint = " WHERE ";
    for (size_t i = 0; i < s->nconditions; i++)
        put_condition(q, &s->conditions[i]);
    if (s->after_sid)
        put_after(q, s, o, n);
    put_order(q, o, n);
    if (s->limit) {
        text_put(&q->sql, " LIMIT ");
        put_arg(q, value_int(s->limit));
    }
}

/* --- running ---------------------------------------------------------------------------------------- */

/* Rows of the statement, one after the other; each arena_reset() if the caller says so, for a scan over a whole table.
 */
static enum db_result read_rows(struct db *db, struct plan *p, const char *sql, const struct value *args, size_t nargs,
                                struct arena *a, bool reset, bool (*each)(void *arg, void *row), void *arg)
{
    struct statement *s = statement_take(db, sql);

    if (!s)
        return DB_FAILED;
    assert((size_t)sqlite3_bind_parameter_count(s->st) == nargs);
    for (size_t i = 0; i < nargs; i++)
        bind_value(s->st, (int)i + 1, &args[i]);
    int rc;
    enum db_result result = DB_OK;
    while ((rc = db_step(db, s->st)) == SQLITE_ROW) {
        if (reset)
            arena_reset(a);
        void *row = arena_alloc(a, p->kind->size);
        if (!plan_read(db, p, s->st, a, row))
            result = DB_FAILED;
        if (result != DB_OK || !each(arg, row))
            break;
    }
    if (rc != SQLITE_ROW)
        result = db_verdict(db, rc);
    statement_give(db, s);
    return result;
}

struct page {
    struct arena *arena;
    void **rows;
    size_t n, cap;
};

static bool keep_row(void *arg, void *row)
{
    struct page *page = arg;

    if (page->n == page->cap) {
        page->cap = page->cap ? 2 * page->cap : 64;
        void **rows = arena_alloc(page->arena, page->cap * sizeof *rows);
        if (page->n)
            memcpy(rows, page->rows, page->n * sizeof *rows);
        page->rows = rows;
    }
    page->rows[page->n++] = row;
    return true;
}

enum db_result record_select(struct db *db, struct arena *a, const struct kind *k, const struct selection *s,
                             bool (*each)(void *arg, void *row), void *arg)
{
    struct query q = { .arena = a, .plan = plan_of(db, k), .sql.arena = a };
    struct page page = { .arena = a };

    build(&q, s);
    if (!s->backwards)
        return read_rows(db, q.plan, text_str(&q.sql), q.args, q.nargs, a, false, each, arg);
    enum db_result result = read_rows(db, q.plan, text_str(&q.sql), q.args, q.nargs, a, false, keep_row, &page);
    while (result == DB_OK && page.n && each(arg, page.rows[page.n - 1]))
        page.n--;
    return result;
}

enum db_result record_scan(struct db *db, const struct kind *k, const char *where, bool (*each)(void *arg, void *row),
                           void *arg)
{
    _arena_ struct arena *a = arena_new();
    _arena_ struct arena *rows = arena_new();
    struct plan *p = plan_of(db, k);
    const char *sql = arena_printf(a, "SELECT %s FROM \"%s\"%s%s ORDER BY \"%s\"", p->names, k->name,
                                   where ? " WHERE " : "", where ? where : "", p->columns[p->key]->name);

    return read_rows(db, p, sql, NULL, 0, rows, true, each, arg);
}

static bool take_row(void *arg, void *row)
{
    *(void **)arg = row;
    return false;
}

enum db_result record_first(struct db *db, struct arena *a, const struct kind *k, const struct selection *s, void **row)
{
    struct selection one = *s;

    one.limit = 1;
    *row = NULL;
    return record_select(db, a, k, &one, take_row, row);
}

enum db_result record_find_by(struct db *db, struct arena *a, const struct kind *k, const char *column,
                              const char *value, const char *account, void **row)
{
    const struct field *owner = field_flagged(k, OWNER);
    struct condition c[2] = { { .column = column, .compare = IS, .value = value_text(value) } };
    struct selection s = { .conditions = c, .nconditions = 1 };

    if (account && owner)
        c[s.nconditions++] = (struct condition){ .column = owner->name, .compare = IS, .value = value_text(account) };
    return record_first(db, a, k, &s, row);
}

enum db_result record_find(struct db *db, struct arena *a, const struct kind *k, const char *sid, void **row)
{
    struct plan *p = plan_of(db, k);
    struct value v = value_text(sid);
    const char *sql =
        arena_printf(a, "SELECT %s FROM \"%s\" WHERE \"%s\"=?", p->names, k->name, p->columns[p->key]->name);

    *row = NULL;
    return read_rows(db, p, sql, &v, 1, a, false, take_row, row);
}
