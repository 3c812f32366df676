/* The accounts' logs do not grow for ever: once an hour what is older than ledger_config.events_kept goes, a slice at a
 * time, so that nobody who writes waits for long.  SIDs of events begin with their time, so what is old stands in
 * front. A slice ends with a millisecond, because events of a command may share their facts (event.c).  Where an
 * account's last event goes, its number is kept: the next one goes on from it. */
#include "base/log.h"
#include "ledger/internal.h"
#include <stdio.h>
#include <string.h>

enum { SLICE = 1000, PAUSE_MS = 50 };
#define ALARM_PURGE "ledger.purge"
#define EVENTS      "events"

struct log_mark {
    const char *sid; /* of the account */
    int64_t number;  /* of its last event, which is gone */
};

static const struct field fields[] = {
    FIELD(log_mark, sid, STR, .flags = KEY),
    FIELD(log_mark, number, INT),
};

const struct kind log_mark_kind = { .name = "log_mark", .size = sizeof(struct log_mark), .fields = ROWS(fields) };

static bool take_sid(void *arg, struct columns *c)
{
    snprintf(arg, SID_SIZE, "%s", column_text(c, 0));
    return false;
}

/* A SID that stands behind all of that one's millisecond. */
static void past_its_millisecond(char *sid)
{
    memset(sid + 13, 'g', SID_LENGTH - 13); /* no digit is behind it */
}

struct marking {
    struct tx *tx;
};

static bool take_last(void *arg, struct columns *c)
{
    struct tx *tx = ((struct marking *)arg)->tx;
    const char *account = arena_strdup(tx->arena, column_text(c, 0));
    int64_t number = column_int(c, 1);

    if (number != event_last(tx->ledger, account))
        return true;
    struct log_mark *m = row_find(tx, &log_mark_kind, account);
    m = m ? m : row_new(tx, &log_mark_kind, account);
    row_edit(tx, m);
    m->number = number;
    return true;
}

/* The oldest SLICE events that are over, and a few more; *more: there may be others. */
static bool purge_slice(struct tx *tx, bool *more)
{
    char before[SID_SIZE], end[SID_SIZE] = "";

    int64_t since = tx->now - tx->ledger->config.events_kept;

    snprintf(before, sizeof before, "EV%011llx", (unsigned long long)(since > 0 ? since : 0));
    struct value bound[] = { value_text(before), value_int(SLICE - 1) };
    if (db_run(tx->db, "SELECT sid FROM event WHERE sid < ? ORDER BY sid LIMIT 1 OFFSET ?", bound, 2, take_sid, end) !=
        DB_OK)
        return false;
    *more = *end;
    if (*end) {
        past_its_millisecond(end);
        bound[0] = value_text(end);
    }
    return db_run(tx->db, "SELECT account_sid, max(number) FROM event WHERE sid < ? GROUP BY account_sid", bound, 1,
                  take_last, &(struct marking){ tx }) == DB_OK &&
           batch_begin(tx->ledger) && db_run(tx->db, "DELETE FROM event WHERE sid < ?", bound, 1, NULL, NULL) == DB_OK;
}

static void ring(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct ledger *l = arg;
    bool more = false;

    (void)due;
    if (!l->config.events_kept)
        return;
    if (!purge_slice(tx, &more))
        log_error("ledger.purge", "old events stay for now: %s", db_error(tx->db));
    alarm_set(tx, ALARM_PURGE, subject, tx->now + (more ? PAUSE_MS : HOUR));
}

static void begin(void *arg, struct tx *tx)
{
    struct ledger *l = arg;

    if (l->config.events_kept && alarm_due(tx, ALARM_PURGE, EVENTS) == NO_VALUE)
        alarm_set(tx, ALARM_PURGE, EVENTS, tx->now + HOUR);
}

void purge_setup(struct ledger *l)
{
    ledger_alarm(l, &(struct alarm_kind){ ALARM_PURGE, ring, l });
    ledger_on_loaded(l, begin, l);
}
