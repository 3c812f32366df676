/* The accounts' logs.  An event gets its number when it is told and is written at the batch's end; the events of a
 * refused command take their numbers back, so a log has no gaps. */
#include "ledger/internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { TELLING_MAX = 64 };

static const char *const names[] = {
#define EVENT(id, name, words) [EV_##id] = name,
#include "ledger/events.def"
#undef EVENT
    [EV_COUNT] = NULL,
};

static const char *const words[] = {
#define EVENT(id, name, words) [EV_##id] = words,
#include "ledger/events.def"
#undef EVENT
};

const char *event_name(enum event_type t)
{
    return names[t];
}
const char *event_words(enum event_type t)
{
    return words[t];
}

/* clang-format off */
static const struct field fields[] = {
    FIELD(event, sid,           SID,  .flags = KEY,   .prefix = "EV"),
    FIELD(event, account_sid,   SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(event, number,        INT),
    { .name = "event_type", .type = T_ENUM, .offset = offsetof(struct event, type), .names = names },
    FIELD(event, at,            TIME),
    FIELD(event, scope_sid,     SID),
    FIELD(event, resource_type, STR),
    FIELD(event, resource_sid,  SID),
    FIELD(event, actor_type,    STR),
    FIELD(event, actor_sid,     SID),
    FIELD(event, data,          JSON, .flags = JSON_VALUE),
    FIELD(event, facts_of,      STR,  .flags = HIDDEN),
    FIELD(event, at_ms,         INT,  .flags = COMPUTED),
    /* for listeners; no columns */
    { .name = "subject", .type = T_STR, .offset = offsetof(struct event, subject), .flags = COMPUTED | HIDDEN },
    { .name = "other",   .type = T_STR, .offset = offsetof(struct event, other),   .flags = COMPUTED | HIDDEN },
};
/* clang-format on */

const struct kind event_kind = { .name = "event", .size = sizeof(struct event), .fields = ROWS(fields) };

/* --- numbers ---------------------------------------------------------------------------------------- */

static bool take_number(void *arg, struct columns *c)
{
    *(int64_t *)arg = column_int(c, 0);
    return false;
}

#define LAST_MARK                                                                                                      \
    "SELECT number FROM log_mark WHERE sid = ?" /* of an account whose events are all gone: older than any */

int64_t event_first(struct db *db, const char *account_sid)
{
    struct value v = value_text(account_sid);
    int64_t first = 0, mark = 0;

    if (db_run(db, "SELECT number FROM event WHERE account_sid = ? ORDER BY sid LIMIT 1", &v, 1, take_number, &first) !=
            DB_OK ||
        db_run(db, LAST_MARK, &v, 1, take_number, &mark) != DB_OK)
        return NO_VALUE;
    return first ? first : mark + 1;
}

/* SIDs of events are in the order of their numbers, so the last by SID has the highest. */
static struct account_log *log_of(struct ledger *l, const char *account)
{
    struct account_log *log = map_get(&l->accounts, account);
    struct value v = value_text(account);

    if (log)
        return log;
    log = malloc(sizeof *log);
    char *sid = strdup(account);
    if (!log || !sid)
        abort();
    *log = (struct account_log){ .sid = sid };
    if (db_run(l->db, LAST_MARK, &v, 1, take_number, &log->last) != DB_OK ||
        db_run(l->db, "SELECT number FROM event WHERE account_sid = ? ORDER BY sid DESC LIMIT 1", &v, 1, take_number,
               &log->last) != DB_OK)
        l->failed = true;
    map_put(&l->accounts, log->sid, log);
    return log;
}

int64_t event_last(struct ledger *l, const char *account)
{
    return log_of(l, account)->last;
}

void events_forget(struct ledger *l)
{
    struct account_log *log;

    for (size_t i = 0; (log = map_next(&l->accounts, &i));) {
        free(log->sid);
        free(log);
    }
    map_clear(&l->accounts);
}

static bool take_time(void *arg, struct columns *c)
{
    const char *sid = column_text(c, 0);
    char digits[12] = "";

    if (sid && strlen(sid) == SID_LENGTH)
        memcpy(digits, sid + 2, 11);
    *(uint64_t *)arg = strtoull(digits, NULL, 16);
    return false;
}

/* Should the machine's clock have been set back meanwhile, new SIDs still come after the old ones. */
bool events_load(struct ledger *l)
{
    uint64_t last_ms = 0;

    if (db_run(l->db, "SELECT sid FROM event ORDER BY sid DESC LIMIT 1", NULL, 0, take_time, &last_ms) != DB_OK)
        return false;
    if (last_ms >= l->sids.last_ms) {
        l->sids.last_ms = last_ms + 1;
        l->sids.last = 0;
    }
    return true;
}

/* --- facts ------------------------------------------------------------------------------------------- */

enum {
    STAMP = 13
}; /* "EV" and the time, which an event and the one that has its facts share: they are purged together */

/* A command often tells several events of the same facts, and hands in the very same text: they are kept once. */
static struct event *keep(struct ledger *l, struct arena *a, const struct event *e)
{
    struct event *kept = arena_copy(a, e, sizeof *e);
    bool again =
        e->data && e->data == l->told && l->events.n > l->first_event && memcmp(e->sid, l->told_by->sid, STAMP) == 0;

    kept->data = again ? NULL : e->data;
    kept->facts_of = again ? l->told_by->sid : NULL;
    for (EACH_FIELD(f, &event_kind))
        if (field_is_text(f) && field_is_column(f))
            *field_text(f, kept) = arena_strdup(a, *field_text(f, kept));
    if (!again) {
        l->told = e->data;
        l->told_by = kept;
    }
    return kept;
}

struct facts {
    struct arena *arena;
    const char *found;
};

static bool take_facts(void *arg, struct columns *c)
{
    struct facts *x = arg;

    x->found = arena_strdup(x->arena, column_text(c, 0));
    return false;
}

enum db_result event_facts(struct db *db, struct arena *a, struct event *e)
{
    struct value of = value_text(e->facts_of);
    struct facts x = { a, NULL };

    if (e->data || !e->facts_of)
        return DB_OK;
    enum db_result result = db_run(db, "SELECT data FROM event WHERE sid = ?", &of, 1, take_facts, &x);
    e->data = x.found;
    return result;
}

/* --- telling ---------------------------------------------------------------------------------------- */

void event_tell(struct tx *tx, struct event *e)
{
    struct ledger *l = tx->ledger;
    struct arena *a = l->batch;

    assert(e->account_sid && (unsigned)e->type < EV_COUNT && !l->undoing && l->telling < TELLING_MAX);
    e->number = ++log_of(l, e->account_sid)->last;
    e->sid = tx_sid(tx, "EV");
    e->at = tx->now;
    struct event *kept = keep(l, a, e); /* which asks how many there are */
    ARRAY_PUSH(&l->events, kept);
    l->telling++;
    for (size_t i = 0; i < l->listeners.n; i++) {
        const struct listener *x = &l->listeners.at[i];
        if (strncmp(names[e->type], x->prefix, strlen(x->prefix)) == 0)
            x->hear(x->arg, tx, e);
    }
    l->telling--;
}

void events_undo(struct ledger *l)
{
    while (l->events.n > l->first_event)
        log_of(l, l->events.at[--l->events.n]->account_sid)->last--;
}

bool events_write(struct ledger *l)
{
    return record_insert_all(l->db, &event_kind, (const void *const *)l->events.at, l->events.n) == DB_OK;
}
