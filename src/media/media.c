/* Rows and files. */
#include "media/media.h"

#include "base/limit.h"
#include "base/log.h"
#include "base/map.h"
#include "codec/json.h"
#include "codec/jwt.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    THREADS = 2,
    QUEUE = 256,
    FILE_DIGITS = 40,
    SLICE = 50,
    NEXT_MS = 50,
    TOKENS = 60,
    TOKEN_MS = 3000,
    TOKEN_BYTES = 8 << 20,
    TYPE_MAX = MEDIA_TYPE_MAX
};

const char *const media_category_names[] = { "media", "body", "history", NULL };

/* clang-format off */
static const struct field fields[] = {
    FIELD(medium, sid,              SID,  .flags = KEY, .prefix = "ME"),
    FIELD(medium, account_sid,      SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(medium, chat_service_sid, SID,  .prefix = "IS"),
    FIELD(medium, conversation_sid, SID,  .flags = INDEXED, .prefix = "CH"),
    FIELD(medium, message_sid,      SID,  .prefix = "IM"),
    FIELD(medium, author,           STR),
    FIELD(medium, filename,         STR,  .max = MEDIA_NAME_MAX),
    FIELD(medium, content_type,     STR,  .max = TYPE_MAX),
    FIELD(medium, file,             STR,  .flags = HIDDEN),
    FIELD(medium, category,         ENUM, .names = media_category_names),
    FIELD(medium, ready,            BOOL, .flags = HIDDEN),
    FIELD(medium, removed,          BOOL, .flags = HIDDEN),
    FIELD(medium, size,             INT),
    FIELD(medium, date_created,     TIME, .flags = BORN),
    FIELD(medium, date_updated,     TIME, .flags = BORN | TOUCHED),
};
static const struct index indexes[] = { { "message_sid, date_created", false }, { "removed, sid", false } };
/* clang-format on */

const struct kind medium_kind = {
    .name = "medium", .size = sizeof(struct medium), .fields = ROWS(fields), .indexes = ROWS(indexes)
};

struct media {
    const char *folder;
    int64_t max;
    struct pool *pool;
    /* The ledger's thread: */
    struct limit limit; /* of what an author sends: a token a file, and one more for each so many bytes */
};

int64_t media_max(const struct media *m)
{
    return m->max;
}

struct pool *media_pool(struct media *m)
{
    return m->pool;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

const char *media_file_new(struct arena *a)
{
    char *name = arena_alloc(a, FILE_DIGITS + 1);

    random_hex(name, FILE_DIGITS);
    return name;
}

/* 256 folders, so that none gets too full. */
static const char *folder_of(struct media *m, struct arena *a, const char *file)
{
    return arena_printf(a, "%s/%.2s", m->folder, file);
}

static const char *path_of(struct media *m, struct arena *a, const char *file)
{
    return arena_printf(a, "%s/%.2s/%s", m->folder, file, file);
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && !fsync(fd);

    if (fd >= 0)
        close(fd);
    return ok;
}

static bool make_folder(const char *path, const char *above)
{
    if (!mkdir(path, 0700))
        return sync_folder(above);
    return errno == EEXIST;
}

static bool write_whole(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

fault_t media_write(struct media *m, struct arena *a, const char *file, const void *bytes, size_t n)
{
    const char *path = path_of(m, a, file), *folder = folder_of(m, a, file);
    bool ok = make_folder(folder, m->folder);
    int fd = ok ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;

    ok = fd >= 0 && write_whole(fd, bytes, n) && !fsync(fd);
    int why = errno;
    if (fd >= 0 && close(fd))
        ok = false;
    if (ok && sync_folder(folder))
        return NULL;
    log_warn("media.write", "%s: %s", path, strerror(why));
    if (fd >= 0)
        unlink(path);
    return fault(a, F_UNAVAILABLE, "The file cannot be kept: %s", strerror(why));
}

struct mapping {
    void *bytes;
    size_t n;
};

static void unmap(void *arg)
{
    const struct mapping *m = arg;

    munmap(m->bytes, m->n);
}

const void *media_bytes(struct media *m, struct arena *a, const struct medium *row)
{
    struct mapping *map = arena_alloc(a, sizeof(*map));
    struct stat st;

    if (!row->ready || row->removed || !row->file)
        return NULL;
    if (!row->size)
        return "";
    int fd = open(path_of(m, a, row->file), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return NULL;
    /* A file that is shorter than its row says would be a crash when it is read. */
    if (fstat(fd, &st) || st.st_size != row->size) {
        close(fd);
        return NULL;
    }
    map->n = (size_t)row->size;
    map->bytes = mmap(NULL, map->n, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (map->bytes == MAP_FAILED)
        return NULL;
    arena_defer(a, unmap, map);
    return map->bytes;
}

/* --- passes ----------------------------------------------------------------------------------------------- */

/* A key of its own: what an account signs elsewhere is no pass, and a pass is nothing else. */
static const char *pass_key(struct arena *a, const char *secret)
{
    return arena_printf(a, "plugboard: a link to a file: %s", secret);
}

const char *media_pass(struct arena *a, const char *secret, const char *sid, int64_t expires)
{
    json_t *claims = json_pack("{s:s, s:I}", "sub", sid, "exp", (json_int_t)(expires / 1000));
    char *pass = jwt_sign(a, NULL, claims, pass_key(a, secret));

    json_decref(claims);
    return pass;
}

const char *media_pass_sid(struct arena *a, const char *pass)
{
    const json_t *claims = jwt_peek(a, pass, NULL);
    const char *sid = claims ? json_get_string(claims, "sub") : NULL;

    return sid && sid_valid(sid, "ME") ? sid : NULL;
}

bool media_pass_good(struct arena *a, const char *secret, const char *pass, int64_t now)
{
    const json_t *claims = jwt_verify(a, pass, pass_key(a, secret)), *exp = json_object_get(claims, "exp");

    return json_is_integer(exp) && json_integer_value(exp) > now / 1000;
}

/* --- rows ------------------------------------------------------------------------------------------------- */

fault_t media_allowed(struct media *m, struct tx *tx, const char *service_sid, const char *author, size_t n)
{
    const char *who = arena_printf(tx->arena, "%s %s", service_sid, author);
    int64_t wait = 0;

    for (size_t i = 0; i <= n / TOKEN_BYTES && !wait; i++)
        wait = limit_take(&m->limit, hash_bytes(who, strlen(who)), tx->now);
    return wait ? fault(tx->arena, F_RATE_LIMIT, "Too many files were sent; try again in %lld s",
                        (long long)(wait + 999) / 1000)
                : NULL;
}

struct medium *media_begin(struct tx *tx, const struct medium *like)
{
    struct medium *row = row_new(tx, &medium_kind, NULL);

    if (alarm_due(tx, "media.sweep", "") == NO_VALUE)
        alarm_set(tx, "media.sweep", "", tx->now + MEDIA_ORPHAN_MS);

    row_set(tx, row, &row->account_sid, like->account_sid);
    row_set(tx, row, &row->chat_service_sid, like->chat_service_sid);
    row_set(tx, row, &row->author, like->author);
    row_set(tx, row, &row->filename, like->filename);
    row_set(tx, row, &row->file, like->file ? like->file : media_file_new(tx->arena));
    row->category = like->category;
    return row;
}

void media_ready(struct tx *tx, struct medium *row, const char *content_type, int64_t size)
{
    row_edit(tx, row);
    row_set(tx, row, &row->content_type, content_type);
    row->size = size;
    row->ready = true;
    row->date_updated = tx->now;
}

static void put_claimed(struct json_out *o, const struct medium *m)
{
    json_open(o, '{');
    json_pair_str(o, "sid", m->sid);
    json_pair_str(o, "category", media_category_names[m->category]);
    json_pair_str(o, "filename", m->filename);
    json_pair_str(o, "content_type", m->content_type);
    json_pair_int(o, "size", m->size);
    json_close(o, '}');
}

fault_t media_claim(struct tx *tx, const char *service_sid, const char *author, const char *const *sids, size_t n,
                    const char *conversation_sid, const char *message_sid, const char **json)
{
    struct json_out o;

    json_begin(&o, tx->arena);
    json_open(&o, '[');
    for (size_t i = 0; i < n; i++) {
        struct medium *m = sid_valid(sids[i], "ME") ? row_find(tx, &medium_kind, sids[i]) : NULL;
        bool there = m && m->ready && !m->removed && str_eq(m->chat_service_sid, service_sid);
        if (!there || (author && !str_eq(m->author, author)))
            return fault(tx->arena, F_CHAT_MEDIA_UNKNOWN, "MediaSid '%.64s' is not media of this service", sids[i]);
        if (m->message_sid)
            return fault(tx->arena, F_CHAT_MEDIA_UNKNOWN, "MediaSid %s belongs to another message", m->sid);
        row_set(tx, m, &m->conversation_sid, conversation_sid);
        row_set(tx, m, &m->message_sid, message_sid);
        m->date_updated = tx->now;
        put_claimed(&o, m);
    }
    json_close(&o, ']');
    *json = n ? json_done(&o) : NULL;
    return NULL;
}

/* --- what goes -------------------------------------------------------------------------------------------- */

static void find(struct tx *tx, struct rows_found *f, const struct condition *which, size_t n)
{
    const struct selection s = { .conditions = which, .nconditions = n, .limit = SLICE };

    if (rows_select(tx, &medium_kind, &s, f) != DB_OK)
        log_warn("media.find", "the store cannot be read: %s", db_error(tx->db));
}

/* First the file, then the row: whatever happens in between, the row is found again. */
static size_t sweep_removed(struct media *m, struct tx *tx)
{
    const struct condition gone = { .column = "removed", .compare = IS, .value = value_int(1) };
    struct medium *row;
    struct rows_found f;

    find(tx, &f, &gone, 1);
    while ((row = rows_next(tx, &f))) {
        if (unlink(path_of(m, tx->arena, row->file)) && errno != ENOENT)
            log_warn("media.unlink", "%s: %s", row->file, strerror(errno));
        row_delete(tx, row);
    }
    return f.n;
}

static size_t remove_those(struct tx *tx, const struct condition *which, size_t n)
{
    struct medium *row;
    struct rows_found f;

    find(tx, &f, which, n);
    while ((row = rows_next(tx, &f))) {
        row_edit(tx, row);
        row->removed = true;
    }
    return f.n;
}

static size_t sweep_orphans(struct tx *tx)
{
    const struct condition orphan[] = {
        { .column = "message_sid", .compare = IS_NULL },
        { .column = "date_created", .compare = LESS, .value = value_int(tx->now - MEDIA_ORPHAN_MS) },
        { .column = "removed", .compare = IS, .value = value_int(0) },
    };

    return remove_those(tx, orphan, 3);
}

static bool take_date(void *arg, void *row)
{
    *(int64_t *)arg = ((const struct medium *)row)->date_created;
    return false;
}

/* When the oldest of those that no message holds will be too old; NO_VALUE: there is none. */
static int64_t next_orphan(struct tx *tx)
{
    const struct condition orphan[] = {
        { .column = "message_sid", .compare = IS_NULL },
        { .column = "removed", .compare = IS, .value = value_int(0) },
    };
    const struct order by_date = { "date_created", false };
    const struct selection s = { .conditions = orphan, .nconditions = 2, .orders = &by_date, .norders = 1, .limit = 1 };
    int64_t oldest = NO_VALUE;

    if (record_select(tx->db, tx->arena, &medium_kind, &s, take_date, &oldest) != DB_OK)
        return tx->now + MEDIA_ORPHAN_MS;
    return oldest == NO_VALUE ? NO_VALUE : oldest + MEDIA_ORPHAN_MS + 1;
}

static void sweep(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct media *m = arg;
    size_t worked = sweep_orphans(tx);

    (void)due;
    worked += sweep_removed(m, tx);
    int64_t next = worked ? tx->now + NEXT_MS : next_orphan(tx);
    if (next != NO_VALUE)
        alarm_set(tx, "media.sweep", subject, next);
}

/* A conversation may hold thousands: a slice at a time, and the alarm goes on with the rest. */
static void drop(void *arg, struct tx *tx, const char *conversation_sid, int64_t due)
{
    const struct condition held[] = {
        { .column = "conversation_sid", .compare = IS, .value = value_text(conversation_sid) },
        { .column = "removed", .compare = IS, .value = value_int(0) },
    };

    (void)arg;
    (void)due;
    if (remove_those(tx, held, 2) == SLICE)
        alarm_set(tx, "media.drop", conversation_sid, tx->now + NEXT_MS);
    alarm_set(tx, "media.sweep", "", tx->now + NEXT_MS);
}

/* Those on a higher floor say by an event that something is gone; its sid is all that is needed here. */
static void hear(void *arg, struct tx *tx, const struct event *e)
{
    const struct condition held = { .column = "message_sid", .compare = IS, .value = value_text(e->resource_sid) };

    (void)arg;
    if (e->type == EV_CONVERSATION_REMOVED)
        alarm_set(tx, "media.drop", e->resource_sid, tx->now);
    else if (e->type == EV_CONVERSATION_MESSAGE_REMOVED && remove_those(tx, &held, 1))
        alarm_set(tx, "media.sweep", "", tx->now + NEXT_MS);
}

/* What was there before this alarm was. */
static void loaded(void *arg, struct tx *tx)
{
    (void)arg;
    if (alarm_due(tx, "media.sweep", "") == NO_VALUE)
        alarm_set(tx, "media.sweep", "", tx->now + NEXT_MS);
}

/* --- set-up ----------------------------------------------------------------------------------------------- */

struct media *media_new(struct ledger *l, struct arena *a, const char *data_folder, int64_t max)
{
    struct media *m = arena_alloc(a, sizeof(*m));

    m->folder = arena_printf(a, "%s/media", data_folder);
    m->max = max;
    m->limit.interval = TOKEN_MS;
    m->limit.burst = TOKENS + max / TOKEN_BYTES;
    if (!make_folder(m->folder, data_folder))
        log_warn("media.folder", "%s: %s", m->folder, strerror(errno));
    m->pool = pool_new("media", THREADS, QUEUE, NULL, NULL, NULL);
    ledger_listen(l, &(struct listener){ .prefix = "conversation.", .hear = hear, .arg = m });
    ledger_alarm(l, &(struct alarm_kind){ .name = "media.sweep", .ring = sweep, .arg = m });
    ledger_alarm(l, &(struct alarm_kind){ .name = "media.drop", .ring = drop, .arg = m });
    ledger_on_loaded(l, loaded, m);
    return m;
}

void media_free(struct media *m)
{
    if (m && m->pool)
        pool_free(m->pool);
    if (m)
        m->pool = NULL;
}
