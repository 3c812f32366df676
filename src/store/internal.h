/* store's inside: what its files share.  Only this folder includes it, and only this folder sees <sqlite3.h>. */
#pragma once
#include "base/map.h"
#include "base/text.h"
#include "store/faulty.h"
#include "store/store.h"
#include <sqlite3.h>

enum { SCHEMA_VERSION = 1 };

struct store {
    char *folder, *file;
    bool reading; /* store_open_reading() */
    int lock; /* descriptor of DATA/plugboard.lock, flock()ed as long as the store is open */
};

/* A prepared statement of the cache; busy while rows are read from it, so that a query inside a query of the same text
 * gets another one. */
struct statement {
    sqlite3_stmt *st;
    char *sql;
    bool busy;
};

struct update_plan {
    uint64_t mask; /* bit i: column i is set */
    sqlite3_stmt *st;
};

/* What a connection knows about a kind: its columns in their order, and the statements that need no building again. */
struct plan {
    const struct kind *kind;
    const struct field **columns;
    size_t ncolumns, key; /* key: which column is the KEY */
    char *names;          /* "sid", "account_sid", … */
    sqlite3_stmt *insert, *insert_many, *remove;
    struct update_plan *updates;
    size_t nupdates;
};

struct db {
    struct store *store;
    sqlite3 *sq;
    bool writer;
    bool begun, lost; /* lost: a statement failed, so the transaction can only be rolled back */
    char error[256], unique[64];
    struct map statements; /* by text */
    struct plan **plans;   /* open addressing by the kind's address */
    size_t nplans, plans_cap;
    int64_t fail_after; /* see faulty.h */
};

struct columns {
    sqlite3_stmt *st;
};

struct plan *plan_of(struct db *db, const struct kind *k);
void plans_free(struct db *db);
struct statement *statement_take(struct db *db, const char *sql); /* NULL: it could not be prepared */
void statement_give(struct db *db, struct statement *s);
sqlite3_stmt *statement_prepare(struct db *db, const char *sql);
enum db_result db_verdict(struct db *db, int rc);          /* what SQLite's answer means; keeps its words */
int db_step(struct db *db, sqlite3_stmt *st);              /* sqlite3_step(), unless the transaction is lost */
enum db_result db_finish(struct db *db, sqlite3_stmt *st); /* a statement without rows: steps and resets */
enum db_result db_fail(struct db *db, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void bind_value(sqlite3_stmt *st, int i, const struct value *v);
/* The row that st stands on, into zeroed memory of the kind's size; false: it holds something that cannot be
 * (db_error()). */
bool plan_read(struct db *db, const struct plan *p, sqlite3_stmt *st, struct arena *a, void *row);
void put_name(struct text *t, const char *name); /* quoted: a column may be called "from" */
