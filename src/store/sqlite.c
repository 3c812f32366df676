/* The SQLite driver: connections, statements, transactions.
 *
 * WAL: readers go on while the writer commits.  synchronous=FULL: a commit that has returned is on disk.  There is one
 * writer, so no statement ever waits for another one's lock except for the moments of WAL recovery. */
#include "store/internal.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUSY_MS = 10000, STATEMENTS_MAX = 1000 };

const char *db_error(const struct db *db)
{
    return db->error;
}
const char *db_unique_field(const struct db *db)
{
    return db->unique;
}

enum db_result db_fail(struct db *db, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(db->error, sizeof db->error, fmt, ap);
    va_end(ap);
    db->lost = db->lost || db->begun;
    return DB_FAILED;
}

/* "UNIQUE constraint failed: worker.workspace_sid, worker.friendly_name": the last one is the field that the index is
 * about. */
static void keep_unique_field(struct db *db)
{
    const char *words = sqlite3_errmsg(db->sq), *dot = strrchr(words, '.');

    snprintf(db->unique, sizeof db->unique, "%s", dot ? dot + 1 : "sid");
    snprintf(db->error, sizeof db->error, "%s", words);
}

enum db_result db_verdict(struct db *db, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return DB_OK;
    int extended = sqlite3_extended_errcode(db->sq);
    if ((rc & 0xff) == SQLITE_CONSTRAINT &&
        (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)) {
        keep_unique_field(db);
        return DB_UNIQUE;
    }
    if (db->lost && db->error[0]) /* the first failure's words are the ones that help */
        return DB_FAILED;
    return db_fail(db, "%s (%s)", sqlite3_errmsg(db->sq), sqlite3_errstr(rc));
}

int64_t store_fail_after(struct db *db, int64_t n)
{
    int64_t left = db->fail_after;

    db->fail_after = n;
    return left;
}

int db_step(struct db *db, sqlite3_stmt *st)
{
    if (db->lost)
        return SQLITE_ABORT;
    if (db->fail_after && !sqlite3_stmt_busy(st) && --db->fail_after == 0) {
        db->lost = db->begun;
        snprintf(db->error, sizeof db->error, "a failure that was asked for");
        return SQLITE_IOERR;
    }
    return sqlite3_step(st);
}

enum db_result db_finish(struct db *db, sqlite3_stmt *st)
{
    int rc = db_step(db, st);

    assert(rc != SQLITE_ROW);
    enum db_result result = db_verdict(db, rc);
    sqlite3_reset(st);
    return result;
}

/* --- statements ------------------------------------------------------------------------------------- */

sqlite3_stmt *statement_prepare(struct db *db, const char *sql)
{
    sqlite3_stmt *st;
    int rc = sqlite3_prepare_v3(db->sq, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);

    if (rc != SQLITE_OK) {
        db_fail(db, "%s: in %.150s", sqlite3_errmsg(db->sq), sql);
        return NULL;
    }
    return st;
}

static void statement_free(struct statement *s)
{
    sqlite3_finalize(s->st);
    free(s->sql);
    free(s);
}

static void statements_forget(struct db *db)
{
    struct statement *s;

    for (size_t i = 0; (s = map_next(&db->statements, &i));)
        if (!s->busy) {
            map_remove(&db->statements, s->sql);
            statement_free(s);
        }
}

struct statement *statement_take(struct db *db, const char *sql)
{
    struct statement *s = map_get(&db->statements, sql);

    if (s && !s->busy) {
        s->busy = true;
        return s;
    }
    sqlite3_stmt *st = statement_prepare(db, sql);
    if (!st)
        return NULL;
    struct statement *fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        abort();
    *fresh = (struct statement){ .st = st, .busy = true };
    if (s) /* the cached one is in use further out: this one lives for one query */
        return fresh;
    if (db->statements.n >= STATEMENTS_MAX)
        statements_forget(db);
    fresh->sql = strdup(sql);
    if (!fresh->sql)
        abort();
    map_put(&db->statements, fresh->sql, fresh);
    return fresh;
}

void statement_give(struct db *db, struct statement *s)
{
    (void)db;
    s->busy = false;
    if (!s->sql) {
        statement_free(s);
        return;
    }
    sqlite3_reset(s->st);
    sqlite3_clear_bindings(s->st); /* they point into the caller's memory */
}

void bind_value(sqlite3_stmt *st, int i, const struct value *v)
{
    if (v->type == VALUE_INT && v->i != NO_VALUE)
        sqlite3_bind_int64(st, i, v->i);
    else if (v->type == VALUE_TEXT)
        sqlite3_bind_text(st, i, v->s, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(st, i);
}

int64_t column_int(struct columns *c, int i)
{
    return sqlite3_column_type(c->st, i) == SQLITE_NULL ? NO_VALUE : sqlite3_column_int64(c->st, i);
}

const char *column_text(struct columns *c, int i)
{
    return (const char *)sqlite3_column_text(c->st, i);
}

enum db_result db_run(struct db *db, const char *sql, const struct value *args, size_t nargs,
                      bool (*each)(void *arg, struct columns *c), void *arg)
{
    struct statement *s = statement_take(db, sql);

    if (!s)
        return DB_FAILED;
    assert((size_t)sqlite3_bind_parameter_count(s->st) == nargs);
    for (size_t i = 0; i < nargs; i++)
        bind_value(s->st, (int)i + 1, &args[i]);
    int rc;
    bool more = true;
    while (more && (rc = db_step(db, s->st)) == SQLITE_ROW)
        if (each)
            more = each(arg, &(struct columns){ s->st });
    enum db_result result = more ? db_verdict(db, rc) : DB_OK;
    statement_give(db, s);
    return result;
}

/* --- transactions ----------------------------------------------------------------------------------- */

static enum db_result command(struct db *db, const char *sql)
{
    return db_run(db, sql, NULL, 0, NULL, NULL);
}

enum db_result db_begin(struct db *db)
{
    assert(!db->begun);
    enum db_result result = command(db, db->writer ? "BEGIN IMMEDIATE" : "BEGIN");
    db->begun = result == DB_OK;
    return result;
}

enum db_result db_commit(struct db *db)
{
    assert(db->begun);
    enum db_result result = command(db, "COMMIT");
    if (result == DB_OK)
        db->begun = false;
    else
        db_rollback(db);
    return result;
}

void db_rollback(struct db *db)
{
    db->lost = db->begun = false;
    if (!sqlite3_get_autocommit(db->sq)) /* SQLite itself rolls back after some failures */
        sqlite3_exec(db->sq, "ROLLBACK", NULL, NULL, NULL);
}

enum db_result db_savepoint(struct db *db)
{
    return command(db, "SAVEPOINT step");
}
enum db_result db_release(struct db *db)
{
    return command(db, "RELEASE step");
}

void db_undo(struct db *db)
{
    if (command(db, "ROLLBACK TO step") == DB_OK)
        command(db, "RELEASE step");
}

/* --- connections ------------------------------------------------------------------------------------ */

struct db *db_open(struct store *s, bool writer, struct arena *a, const char **why)
{
    struct db *db = calloc(1, sizeof *db);

    if (!db)
        abort();
    assert(!writer || !s->reading);
    db->store = s;
    db->writer = writer;
    int flags = SQLITE_OPEN_NOMUTEX | (writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    int rc = sqlite3_open_v2(s->file, &db->sq, flags, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_extended_result_codes(db->sq, 1);
        sqlite3_busy_timeout(db->sq, BUSY_MS);
        sqlite3_db_config(db->sq, SQLITE_DBCONFIG_DQS_DML, 0, NULL); /* a misspelt "column" is an error, not a text */
        sqlite3_db_config(db->sq, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
        rc = sqlite3_exec(db->sq,
                          "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000; PRAGMA cache_size=-65536;"
                          "PRAGMA journal_size_limit=67108864; PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY;"
                          "SELECT count(*) FROM sqlite_master",
                          NULL, NULL, NULL);
    }
    if (rc != SQLITE_OK) {
        *why = arena_printf(a, "%s: %s", s->file, db->sq ? sqlite3_errmsg(db->sq) : sqlite3_errstr(rc));
        db_close(db);
        return NULL;
    }
    return db;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    if (db->sq)
        db_rollback(db);
    statements_forget(db);
    map_clear(&db->statements);
    plans_free(db);
    int rc = sqlite3_close(db->sq);
    assert(rc == SQLITE_OK); /* else a query is still running */
    (void)rc;
    free(db);
}

enum db_result store_backup(struct db *any, const char *file)
{
    _arena_ struct arena *a = arena_new();
    const char *part = arena_printf(a, "%s.part", file);
    sqlite3 *to = NULL;

    assert(!any->begun);
    if (access(file, F_OK) == 0)
        return db_fail(any, "%s exists already", file);
    unlink(part);
    int rc = sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_backup *b = sqlite3_backup_init(to, "main", any->sq, "main");
        if (b) {
            sqlite3_backup_step(b, -1); /* in one step: one snapshot, and the writer is not held up (WAL) */
            sqlite3_backup_finish(b);
        }
        rc = sqlite3_errcode(to);
    }
    if (rc != SQLITE_OK)
        db_fail(any, "%s: %s", part, to ? sqlite3_errmsg(to) : sqlite3_errstr(rc));
    sqlite3_close(to);
    if (rc == SQLITE_OK && rename(part, file) == 0)
        return DB_OK;
    if (rc == SQLITE_OK)
        db_fail(any, "%s cannot be renamed", part);
    unlink(part);
    return DB_FAILED;
}
