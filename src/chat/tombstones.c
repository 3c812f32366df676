/* Tombstones: a participant who has left and a message that was taken back stay as rows for a week, so that a client
 * that was away is told. Then they go, and the sequences in which they stood remember up to which number: who asks for
 * less must begin anew (sync/sync.h).
 *
 * What is to go is a row of its own, in the order of time: so nothing has to be searched for, and the alarm rings when
 * the oldest is due. */
#include "chat/internal.h"

#include "base/log.h"

enum { SLICE = 200 };
#define ALARM "chat.tombstones"

struct tombstone {
    const char *sid; /* MB… or IM… */
    int64_t date_created;
};

/* clang-format off */
static const struct field fields[] = {
    FIELD(tombstone, sid,          STR,  .flags = KEY),
    FIELD(tombstone, date_created, TIME, .flags = BORN | INDEXED),
};
/* clang-format on */
const struct kind chat_tombstone_kind = { .name = "chat_tombstone",
                                          .size = sizeof(struct tombstone),
                                          .fields = ROWS(fields) };

void tombstone_set(struct tx *tx, const char *sid)
{
    (void)row_new(tx, &chat_tombstone_kind, sid);
    if (alarm_due(tx, ALARM, "") == NO_VALUE)
        alarm_set(tx, ALARM, "", tx->now + TOMBSTONE_MS);
}

static int64_t higher(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void participant_forget(struct tx *tx, struct participant *p)
{
    struct conversation *in = row_find(tx, &conversation_kind, p->conversation_sid);
    struct chat_user *u = row_find(tx, &chat_user_kind, p->user_sid);

    if (in) {
        row_edit(tx, in);
        in->roster_forgotten_id = higher(in->roster_forgotten_id, p->event_id);
    }
    if (u) {
        row_edit(tx, u);
        u->mine_forgotten_id = higher(u->mine_forgotten_id, p->mine_event_id);
    }
    row_delete(tx, p);
}

static void message_forget(struct tx *tx, struct message *m)
{
    struct conversation *in = row_find(tx, &conversation_kind, m->conversation_sid);

    if (in) {
        row_edit(tx, in);
        in->messages_forgotten_id = higher(in->messages_forgotten_id, m->event_id);
    }
    row_delete(tx, m);
}

struct due {
    const struct tombstone *rows[SLICE];
    size_t n;
};

static bool collect(void *arg, void *row)
{
    struct due *d = arg;

    d->rows[d->n++] = row;
    return d->n < SLICE;
}

static void ring(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    const struct order by_date = { "date_created", false };
    const struct selection s = { .orders = &by_date, .norders = 1, .limit = SLICE };
    struct due d = { .n = 0 };

    (void)arg;
    (void)due;
    if (record_select(tx->db, tx->arena, &chat_tombstone_kind, &s, collect, &d) != DB_OK) {
        log_warn(ALARM, "the store cannot be read: %s", db_error(tx->db));
        alarm_set(tx, ALARM, subject, tx->now + MINUTE);
        return;
    }
    for (size_t i = 0; i < d.n; i++) {
        if (d.rows[i]->date_created + TOMBSTONE_MS > tx->now) {
            alarm_set(tx, ALARM, subject, d.rows[i]->date_created + TOMBSTONE_MS);
            return;
        }
        struct participant *p = row_find(tx, &participant_kind, d.rows[i]->sid);
        struct message *m = p ? NULL : row_find(tx, &message_kind, d.rows[i]->sid);
        if (p && p->removed)
            participant_forget(tx, p);
        else if (m && m->removed)
            message_forget(tx, m);
        row_delete(tx, row_find(tx, &chat_tombstone_kind, d.rows[i]->sid));
    }
    if (d.n == SLICE)
        alarm_set(tx, ALARM, subject, tx->now);
}

void tombstones_setup(struct chat *c)
{
    ledger_alarm(c->ledger, &(struct alarm_kind){ ALARM, ring, c });
}
