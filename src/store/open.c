/* Opening the data folder: its lock, and a look at the file before anybody writes to it. */
#include "store/internal.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { QUICK_CHECK_MAX = 64 << 20 };

/* A connection belongs to one thread, and nobody asks SQLite how much memory it uses: both cost a lock a call. */
static void configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static char *keep(const char *s)
{
    char *copy = strdup(s);

    if (!copy)
        abort();
    return copy;
}

static const char *make_folders(struct arena *a, const char *folder)
{
    char *path = arena_strdup(a, folder);

    for (char *p = path + 1; *p; p++)
        if (*p == '/') {
            *p = '\0';
            if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return arena_printf(a, "The folder %s cannot be made: %s", path, strerror(errno));
            *p = '/';
        }
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return arena_printf(a, "The folder %s cannot be made: %s", path, strerror(errno));
    return NULL;
}

static const char *take_lock(struct arena *a, struct store *s)
{
    const char *path = arena_printf(a, "%s/plugboard.lock", s->folder);
    char pid[24] = "";

    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock < 0)
        return arena_printf(a, "The data folder %s cannot be written: %s", s->folder, strerror(errno));
    if (flock(s->lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return arena_printf(a, "%s cannot be locked: %s", path, strerror(errno));
        ssize_t n = read(s->lock, pid, sizeof pid - 1);
        pid[n > 0 ? (size_t)n : 0] = '\0';
        pid[strcspn(pid, "\n")] = '\0';
        return arena_printf(a, "The data folder %s is in use by another server (process %s)", s->folder,
                            *pid ? pid : "?");
    }
    const char *own = arena_printf(a, "%ld\n", (long)getpid());
    if (ftruncate(s->lock, 0) < 0 || pwrite(s->lock, own, strlen(own), 0) < 0)
        return arena_printf(a, "%s cannot be written: %s", path, strerror(errno));
    return NULL;
}

/* Before SQLite sees it: a file that is not a database stays as it is. */
static const char *check_header(struct arena *a, const char *file, int flags, int64_t *size)
{
    static const char magic[16] = "SQLite format 3";
    char head[sizeof magic];
    int fd = open(file, flags | O_CLOEXEC);

    *size = 0;
    if (fd < 0)
        return errno == ENOENT ? NULL : arena_printf(a, "%s cannot be opened: %s", file, strerror(errno));
    struct stat st;
    ssize_t n = fstat(fd, &st) == 0 ? pread(fd, head, sizeof head, 0) : -1;
    close(fd);
    if (n < 0)
        return arena_printf(a, "%s cannot be read: %s", file, strerror(errno));
    *size = st.st_size;
    if (n > 0 && (n < (ssize_t)sizeof head || memcmp(head, magic, sizeof head) != 0))
        return arena_printf(a, "%s is not a database; it was left as it is", file);
    return NULL;
}

static int keep_word(void *arg, int n, char **values, char **names)
{
    (void)n, (void)names;
    snprintf(arg, 200, "%s", values[0] ? values[0] : "");
    return 1; /* the first row is enough */
}

/* The first column of the first row, or "" for none; rc is SQLITE_OK then. */
static int ask(sqlite3 *sq, const char *sql, char word[static 200])
{
    word[0] = '\0';
    int rc = sqlite3_exec(sq, sql, keep_word, word, NULL);
    return rc == SQLITE_ABORT ? SQLITE_OK : rc;
}

static const char *check_content(struct arena *a, const char *file, sqlite3 *sq, int64_t size)
{
    char word[200];
    int rc = ask(sq, size < QUICK_CHECK_MAX ? "PRAGMA quick_check(1)" : "SELECT 'ok' FROM sqlite_master LIMIT 1", word);

    if (rc != SQLITE_OK || (*word && strcmp(word, "ok") != 0))
        return arena_printf(a, "%s is damaged (%s); it was left as it is: restore a backup", file,
                            rc != SQLITE_OK ? sqlite3_errmsg(sq) : word);
    rc = ask(sq, "SELECT count(*) FROM sqlite_master WHERE name = 'plugboard_meta'", word);
    if (rc == SQLITE_OK && word[0] == '0') {
        rc = ask(sq, "SELECT name FROM sqlite_master LIMIT 1", word);
        if (rc == SQLITE_OK && *word)
            return arena_printf(a, "%s is a database, but not one of Plugboard's (it has %s)", file, word);
    } else if (rc == SQLITE_OK) {
        rc = ask(sq, "SELECT value FROM plugboard_meta WHERE name = 'schema_version'", word);
        int64_t version = INT64_MAX; /* what cannot be read is not ours */
        str_to_int(word, &version);
        if (rc == SQLITE_OK && version > SCHEMA_VERSION)
            return arena_printf(a, "%s was written by a newer version of Plugboard (schema %s, this one knows %d)",
                                file, word, SCHEMA_VERSION);
    }
    return rc == SQLITE_OK ? NULL : arena_printf(a, "%s: %s", file, sqlite3_errmsg(sq));
}

static const char *make_file(struct arena *a, const char *file, sqlite3 *sq)
{
    const char *sql =
        arena_printf(a,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; BEGIN IMMEDIATE;"
                     "CREATE TABLE IF NOT EXISTS plugboard_meta(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
                     "INSERT OR IGNORE INTO plugboard_meta VALUES('schema_version', '%d'); COMMIT",
                     SCHEMA_VERSION);

    return sqlite3_exec(sq, sql, NULL, NULL, NULL) == SQLITE_OK
               ? NULL
               : arena_printf(a, "%s cannot be written: %s", file, sqlite3_errmsg(sq));
}

static const char *check_file(struct arena *a, struct store *s)
{
    int64_t size;
    sqlite3 *sq = NULL;
    const char *why = check_header(a, s->file, O_RDWR, &size);

    if (why)
        return why;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(s->file, &sq, flags, NULL) != SQLITE_OK) {
        why = arena_printf(a, "%s cannot be opened: %s", s->file, sq ? sqlite3_errmsg(sq) : "no memory");
    } else {
        sqlite3_db_config(sq, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL); /* a damaged file is not written to */
        why = check_content(a, s->file, sq, size);
        if (!why)
            why = make_file(a, s->file, sq);
    }
    sqlite3_close(sq);
    return why;
}

/* As check_file(), of a file that somebody may be writing to: nothing but a look, and none that takes long. */
static const char *check_reading(struct arena *a, struct store *s)
{
    int64_t size;
    sqlite3 *sq = NULL;
    const char *why = check_header(a, s->file, O_RDONLY, &size);

    if (!why && !size)
        why = arena_printf(a, "%s is not there, or empty", s->file);
    if (why)
        return why;
    if (sqlite3_open_v2(s->file, &sq, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        why = arena_printf(a, "%s cannot be opened: %s", s->file, sq ? sqlite3_errmsg(sq) : "no memory");
    else
        why = check_content(a, s->file, sq, INT64_MAX);
    sqlite3_close(sq);
    return why;
}

static struct store *store_new(struct arena *a, const char *data_folder)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct store *s = calloc(1, sizeof *s);

    if (!s)
        abort();
    pthread_once(&once, configure);
    s->lock = -1;
    s->folder = keep(data_folder);
    s->file = keep(arena_printf(a, "%s/plugboard.db", data_folder));
    return s;
}

struct store *store_open_reading(struct arena *a, const char *data_folder, const char **why)
{
    struct store *s = store_new(a, data_folder);

    s->reading = true;
    *why = check_reading(a, s);
    if (!*why)
        return s;
    store_close(s);
    return NULL;
}

struct store *store_open(struct arena *a, const char *data_folder, const char **why)
{
    struct store *s = store_new(a, data_folder);

    *why = make_folders(a, data_folder);
    if (!*why)
        *why = take_lock(a, s);
    if (!*why)
        *why = check_file(a, s);
    if (!*why)
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    if (s->lock >= 0)
        close(s->lock); /* and the lock with it; the file stays, for removing it would race with another's start */
    free(s->folder);
    free(s->file);
    free(s);
}
