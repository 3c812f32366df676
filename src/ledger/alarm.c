/* Alarms: resident rows and a heap of them.  A ringing alarm is a command of the ledger's own: its row is deleted and
 * its kind's ring() is called, in one transaction with what ring() changes. */
#include "base/log.h"
#include "ledger/internal.h"
#include <assert.h>
#include <string.h>

struct alarm_row {
    const char *sid; /* "name:subject" */
    const char *name, *subject;
    int64_t due;
};

struct live_alarm {
    struct alarm_row row;
    size_t place; /* in the heap, from 1; 0: not in it */
};

static const struct field fields[] = {
    FIELD(alarm_row, sid, STR, .flags = KEY),
    FIELD(alarm_row, name, STR),
    FIELD(alarm_row, subject, STR),
    FIELD(alarm_row, due, TIME),
};

const struct kind alarm_kind_record = {
    .name = "alarm", .size = sizeof(struct alarm_row), .fields = ROWS(fields), .resident = true
};

/* --- the heap --------------------------------------------------------------------------------------- */

static bool before(const struct alarm_row *a, const struct alarm_row *b)
{
    return a->due != b->due ? a->due < b->due : strcmp(a->sid, b->sid) < 0;
}

static void put(struct ledger *l, size_t place, struct alarm_row *a)
{
    l->alarms.at[place - 1] = a;
    ((struct live_alarm *)a)->place = place;
}

static void settle(struct ledger *l, struct alarm_row *a)
{
    size_t place = ((struct live_alarm *)a)->place;

    for (; place > 1 && before(a, l->alarms.at[place / 2 - 1]); place /= 2)
        put(l, place, l->alarms.at[place / 2 - 1]);
    for (size_t child; (child = 2 * place) <= l->alarms.n; place = child) {
        if (child < l->alarms.n && before(l->alarms.at[child], l->alarms.at[child - 1]))
            child++;
        if (!before(l->alarms.at[child - 1], a))
            break;
        put(l, place, l->alarms.at[child - 1]);
    }
    put(l, place, a);
}

static void relink(void *engine, struct tx *tx, void *row)
{
    struct ledger *l = engine;
    struct live_alarm *a = row;

    (void)tx;
    if (!a->place) {
        ARRAY_PUSH(&l->alarms, &a->row);
        a->place = l->alarms.n;
    }
    settle(l, &a->row);
}

static void unlink_alarm(void *engine, void *row)
{
    struct ledger *l = engine;
    struct live_alarm *a = row;

    if (!a->place)
        return;
    struct alarm_row *last = l->alarms.at[--l->alarms.n];
    if (last != &a->row) {
        put(l, a->place, last);
        settle(l, last);
    }
    a->place = 0;
}

static void forget(void *engine)
{
    ((struct ledger *)engine)->alarms.n = 0;
}

void alarms_setup(struct ledger *l)
{
    ledger_hooks(l, "alarm", &(struct live_hooks){ sizeof(struct live_alarm), relink, unlink_alarm, l });
    ledger_on_reset(l, forget, l);
}

int64_t alarms_next(const struct ledger *l)
{
    return l->alarms.n ? l->alarms.at[0]->due : NO_VALUE;
}

/* --- setting ---------------------------------------------------------------------------------------- */

static const char *key(struct tx *tx, const char *kind, const char *subject)
{
    return arena_printf(tx->arena, "%s:%s", kind, subject);
}

static bool is_known(const struct ledger *l, const char *name)
{
    for (size_t i = 0; i < l->alarm_kinds.n; i++)
        if (strcmp(l->alarm_kinds.at[i].name, name) == 0)
            return true;
    return false;
}

void alarm_set(struct tx *tx, const char *kind, const char *subject, int64_t due)
{
    const char *sid = key(tx, kind, subject);
    struct alarm_row *a = row_find(tx, &alarm_kind_record, sid);

    assert(is_known(tx->ledger, kind));
    if (a) {
        row_edit(tx, a);
    } else {
        a = row_new(tx, &alarm_kind_record, sid);
        row_set(tx, a, &a->name, kind);
        row_set(tx, a, &a->subject, subject);
    }
    a->due = due;
    relink(tx->ledger, tx, a);
}

void alarm_cancel(struct tx *tx, const char *kind, const char *subject)
{
    struct alarm_row *a = row_find(tx, &alarm_kind_record, key(tx, kind, subject));

    if (a)
        row_delete(tx, a);
}

int64_t alarm_due(struct tx *tx, const char *kind, const char *subject)
{
    const struct alarm_row *a = row_find(tx, &alarm_kind_record, key(tx, kind, subject));

    return a ? a->due : NO_VALUE;
}

/* --- ringing ---------------------------------------------------------------------------------------- */

struct bell {
    struct command command;
    const char *sid;
};

static void bell_done(struct command *c, fault_t f)
{
    (void)f;
    arena_free(c->arena); /* and the bell with it */
}

static struct bell *bell_new(fault_t (*run)(struct tx *, struct command *), const char *sid)
{
    struct arena *a = arena_new();
    struct bell *b = arena_alloc(a, sizeof *b);

    b->command = (struct command){ .arena = a, .run = run, .done = bell_done };
    b->sid = arena_strdup(a, sid);
    return b;
}

static fault_t drop(struct tx *tx, struct command *c)
{
    row_delete(tx, row_find(tx, &alarm_kind_record, ((struct bell *)c)->sid));
    return NULL;
}

static fault_t ring(struct tx *tx, struct command *c)
{
    struct ledger *l = tx->ledger;
    struct alarm_row *a = row_find(tx, &alarm_kind_record, ((struct bell *)c)->sid);
    const char *subject = arena_strdup(tx->arena, a->subject), *name = arena_strdup(tx->arena, a->name);
    int64_t due = a->due;

    row_delete(tx, a);
    for (size_t i = 0; i < l->alarm_kinds.n; i++)
        if (strcmp(l->alarm_kinds.at[i].name, name) == 0) {
            l->alarm_kinds.at[i].ring(l->alarm_kinds.at[i].arg, tx, subject, due);
            return NULL;
        }
    log_warn("alarm.unknown", "nobody knows the alarm %s of %s; it was dropped", name, subject);
    return NULL;
}

void alarms_ring(struct ledger *l)
{
    for (int n = 0; n < LEDGER_BATCH && !l->failed; n++) {
        int64_t now = clock_now(l->config.clock);
        if (!l->alarms.n || l->alarms.at[0]->due > now)
            return;
        const char *sid = l->alarms.at[0]->sid;
        struct bell *b = bell_new(ring, sid), *again = bell_new(drop, sid);
        entry_run(l, &b->command, now);
        fault_t f = l->entries.at[l->entries.n - 1].fault;
        if (f && !l->failed) { /* it would ring for ever */
            log_error("alarm.failed", "%s: %s", again->sid, f->message);
            entry_run(l, &again->command, now);
        } else {
            bell_done(&again->command, NULL);
        }
    }
}
