/* store: one SQL face; SQLite behind it now, PostgreSQL as a second driver later, and no caller can tell.
 *
 * A store is a database; a db is a connection to it and belongs to one thread.  There is one writer (the
 * ledger's); readers open their own read-only connections and see what was committed.  SQL is written in the
 * common subset of both drivers, parameters as '?', identifiers in double quotes where they may be reserved.  Statements are prepared once a connection and cached by text.
 *
 * In the store an enum is its word ("" is NULL), a bool 0 or 1, what is absent NULL.  A failure inside a transaction loses all
 * of it: until db_rollback() (or a db_commit(), which then fails) nothing else is run.
 *
 * Results: DB_OK, DB_UNIQUE (a UNIQUE index refused the row; the statement had no effect) or DB_FAILED (disk full, I/O error,
 * connection lost: the transaction is lost, too).  db_error() tells the last failure's words. */
#pragma once
#include "store/record.h"

struct store;
struct db;

enum db_result { DB_OK, DB_UNIQUE, DB_FAILED };

/* Opens (or makes) DATA/plugboard.db and takes the folder's lock.  On failure NULL and *why, in the arena: locked by another
 * server, not a database, corrupt, written by a newer version, not writable.  Nothing is overwritten. */
struct store *store_open(struct arena *a, const char *data_folder, const char **why);
/* To look at, also while a server runs: takes no lock, makes nothing, and only readers can be opened.  The folder must hold a database. */
struct store *store_open_reading(struct arena *a, const char *data_folder, const char **why);
void          store_close(struct store *s);        /* every db must have been closed */
struct db    *db_open(struct store *s, bool writer, struct arena *a, const char **why);
void          db_close(struct db *db);
const char   *db_error(const struct db *db);
const char   *db_unique_field(const struct db *db); /* the last DB_UNIQUE: which field has a value that is taken */
/* Makes the tables, columns and indexes that the kinds ask for and that are not there yet. */
enum db_result schema_sync(struct db *writer, const struct kind *const *kinds, size_t n);
enum db_result store_backup(struct db *any, const char *file); /* a consistent copy while the server runs */

enum db_result db_begin(struct db *db);
enum db_result db_commit(struct db *db);           /* on failure everything is rolled back */
void           db_rollback(struct db *db);
enum db_result db_savepoint(struct db *db);        /* one level */
enum db_result db_release(struct db *db);
void           db_undo(struct db *db);             /* back to the savepoint, and releases it */

/* --- statements ------------------------------------------------------------------------------------- */
struct value { enum { VALUE_NULL, VALUE_INT, VALUE_TEXT } type; int64_t i; const char *s; };
static inline struct value value_int(int64_t i) { return (struct value){ .type = VALUE_INT, .i = i }; }
static inline struct value value_text(const char *s) { return (struct value){ .type = s ? VALUE_TEXT : VALUE_NULL, .s = s }; }

struct columns; /* of the row that a query stands on */
int64_t     column_int(struct columns *c, int i);       /* NULL is NO_VALUE */
const char *column_text(struct columns *c, int i);      /* valid until the next row; NULL is NULL */

/* Runs sql; each() gets every row until it returns false.  each may be NULL. */
enum db_result db_run(struct db *db, const char *sql, const struct value *args, size_t nargs,
                      bool (*each)(void *arg, struct columns *c), void *arg);

/* --- records ---------------------------------------------------------------------------------------- */
enum db_result record_insert(struct db *db, const struct kind *k, const void *row);
/* Many at once, in order; within a transaction, for after a refusal some of them may be there. */
enum db_result record_insert_all(struct db *db, const struct kind *k, const void *const *rows, size_t n);
enum db_result record_update(struct db *db, const struct kind *k, const void *row, const void *was); /* changed columns; was NULL: all */
enum db_result record_delete(struct db *db, const struct kind *k, const char *sid);

/* What to select: conditions are ANDed; order is by sid unless said otherwise (and then by sid within equals, in the last
 * order's direction).  Absent values come first; IS_NOT holds for them.  An enum is compared by its word (or its number). */
enum compare { IS, IS_NOT, LESS, LESS_OR_IS, MORE, MORE_OR_IS, IS_NULL, IS_NOT_NULL, ONE_OF };
struct condition {
    const char  *column;
    enum compare compare;
    struct value value;
    const struct value *values; size_t nvalues;  /* of ONE_OF */
    bool         nocase;
};
struct order { const char *column; bool descending; };
struct selection {
    const struct condition *conditions; size_t nconditions;
    const struct order *orders; size_t norders;
    /* Continue after this row in that order (its values of the order columns, then its sid); NULL sid: from the start. */
    const struct value *after; const char *after_sid;
    bool         backwards;       /* the page before `after`; rows still come in the order asked for */
    int64_t      limit;           /* 0: no limit */
};
/* Calls each with rows made in the arena; stops when it returns false. */
enum db_result record_select(struct db *db, struct arena *a, const struct kind *k, const struct selection *s,
                             bool (*each)(void *arg, void *row), void *arg);
/* The first of them, or NULL in *row. */
enum db_result record_first(struct db *db, struct arena *a, const struct kind *k, const struct selection *s, void **row);
/* Every row for which where (SQL of the common subset; NULL: all) holds, by sid; a row is gone when the next one comes. */
enum db_result record_scan(struct db *db, const struct kind *k, const char *where, bool (*each)(void *arg, void *row), void *arg);
/* One row by its sid, or NULL in *row. */
enum db_result record_find(struct db *db, struct arena *a, const struct kind *k, const char *sid, void **row);
/* The first row where column is value (and account_sid, if not NULL, is account), or NULL in *row. */
enum db_result record_find_by(struct db *db, struct arena *a, const struct kind *k, const char *column, const char *value,
                              const char *account, void **row);
