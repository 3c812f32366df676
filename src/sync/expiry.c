/* expiry: what goes by itself.  Three alarms, each of an object's sid, each a slice at a time, so that the writer is
 * never held up:
 *
 *   sync.expiry      the first of the object and its items has outlived its time
 *   sync.tombstones  the oldest removed item may be forgotten
 *   sync.sweep       the object (or service) is gone, and what belonged to it follows */
#include "sync/internal.h"

#include "base/text.h"
#include <string.h>

enum { SLICE = 200 };

static bool type_of(const char *sid, enum sync_type *out)
{
    for (enum sync_type t = SYNC_DOCUMENT; t <= SYNC_STREAM; t++)
        if (sid_valid(sid, field_flagged(sync_types[t].objects, KEY)->prefix)) {
            *out = t;
            return true;
        }
    return false;
}

struct slice {
    void **rows;
    size_t n, max;
};

static bool take(void *arg, void *row)
{
    struct slice *x = arg;

    x->rows[x->n++] = row;
    return x->n < x->max;
}

/* The first rows of an object, in the order of an index; the rows as they are stored. */
static struct slice slice_of(struct tx *tx, const struct kind *k, const char *parent, const char *sid,
                             const struct condition *more, const char *order, size_t max)
{
    struct condition c[2] = { { .column = parent, .compare = IS, .value = value_text(sid) } };
    struct order by = { order, false };
    struct selection s = { .conditions = c, .nconditions = 1, .orders = &by, .norders = 1, .limit = (int64_t)max };
    struct slice x = { arena_alloc(tx->arena, max * sizeof(void *)), 0, max };

    if (more)
        c[s.nconditions++] = *more;
    if (record_select(tx->db, tx->arena, k, &s, take, &x) != DB_OK)
        x.n = 0;
    return x;
}

static const char *parent_of(enum sync_type t)
{
    return t == SYNC_DOCUMENT ? "document_sid" : t == SYNC_LIST ? "list_sid" : "map_sid";
}

/* --- time is over ----------------------------------------------------------------------------------------- */

void expiry_set(struct tx *tx, const char *object_sid, int64_t date)
{
    int64_t due = date == NO_VALUE ? NO_VALUE : alarm_due(tx, "sync.expiry", object_sid);

    if (date != NO_VALUE && (due == NO_VALUE || date < due))
        alarm_set(tx, "sync.expiry", object_sid, date);
}

void expiry_stop(struct tx *tx, const char *object_sid)
{
    alarm_cancel(tx, "sync.expiry", object_sid);
    alarm_cancel(tx, "sync.tombstones", object_sid);
}

static void expire_items(struct sync *s, struct tx *tx, enum sync_type t, struct sync_stored *o)
{
    const struct kind *k = sync_types[t].items;
    struct condition over = { .column = "date_expires", .compare = LESS_OR_IS, .value = value_int(tx->now) },
                     later = { .column = "date_expires", .compare = MORE, .value = value_int(tx->now) };
    struct slice x = slice_of(tx, k, parent_of(t), o->sid, &over, "date_expires", SLICE);
    fault_t f = NULL;

    for (size_t i = 0; i < x.n && !f; i++)
        f = sync_item_remove(s, tx, t, o, row_find(tx, k, ((struct sync_row *)x.rows[i])->sid), NULL, NULL);
    if (x.n == SLICE) {
        alarm_set(tx, "sync.expiry", o->sid, tx->now);
        return;
    }
    x = slice_of(tx, k, parent_of(t), o->sid, &later, "date_expires", 1);
    if (x.n)
        expiry_set(tx, o->sid, ((struct sync_row *)x.rows[0])->date_expires);
}

static void ring_expiry(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    enum sync_type t;
    struct sync_stored *o = type_of(subject, &t) ? row_find(tx, sync_types[t].objects, subject) : NULL;

    (void)due;
    if (!o)
        return;
    if (o->date_expires != NO_VALUE && o->date_expires <= tx->now) {
        fault_t f = sync_object_remove(arg, tx, t, o, NULL, NULL);
        (void)f; /* there was no condition that could be refused */
        return;
    }
    expiry_set(tx, o->sid, o->date_expires);
    if (sync_types[t].items)
        expire_items(arg, tx, t, o);
}

/* --- tombstones ------------------------------------------------------------------------------------------- */

void tombstones_later(struct tx *tx, const char *object_sid, int64_t when)
{
    if (alarm_due(tx, "sync.tombstones", object_sid) == NO_VALUE)
        alarm_set(tx, "sync.tombstones", object_sid, when);
}

static void ring_tombstones(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    int64_t keep = SYNC_TOMBSTONE_HOURS * HOUR;
    struct condition removed = { .column = "removed_id", .compare = IS_NOT_NULL };
    enum sync_type t;
    struct sync_stored *o = type_of(subject, &t) ? row_find(tx, sync_types[t].objects, subject) : NULL;

    (void)arg;
    (void)due;
    if (!o || !sync_types[t].items)
        return;
    struct slice x = slice_of(tx, sync_types[t].items, parent_of(t), o->sid, &removed, "removed_id", SLICE);
    row_edit(tx, o);
    for (size_t i = 0; i < x.n; i++) {
        struct sync_row *item = x.rows[i];
        if (item->date_updated + keep > tx->now) {
            tombstones_later(tx, o->sid, item->date_updated + keep);
            return;
        }
        o->forgotten_id = item->removed_id;
        row_delete(tx, row_find(tx, sync_types[t].items, item->sid));
    }
    if (x.n == SLICE)
        tombstones_later(tx, o->sid, tx->now);
}

/* --- what is left behind ---------------------------------------------------------------------------------- */

void sweep_later(struct tx *tx, const char *sid)
{
    alarm_set(tx, "sync.sweep", sid, tx->now);
}

static size_t sweep_rows(struct tx *tx, const struct kind *k, const char *parent, const char *sid, const char *order)
{
    struct slice x = slice_of(tx, k, parent, sid, NULL, order, SLICE);

    for (size_t i = 0; i < x.n; i++)
        row_delete(tx, row_find(tx, k, *field_text(field_flagged(k, KEY), x.rows[i])));
    return x.n;
}

static size_t sweep_service(struct sync *s, struct tx *tx, const char *sid)
{
    size_t n = 0;

    for (enum sync_type t = SYNC_DOCUMENT; t <= SYNC_STREAM; t++) {
        struct slice x = slice_of(tx, sync_types[t].objects, "service_sid", sid, NULL, "sid", SLICE);
        fault_t f = NULL;
        for (size_t i = 0; i < x.n && !f; i++, n++) {
            const char *object = *field_text(field_flagged(sync_types[t].objects, KEY), x.rows[i]);
            f = sync_object_remove(s, tx, t, row_find(tx, sync_types[t].objects, object), NULL, NULL);
        }
    }
    return n;
}

static void ring_sweep(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    enum sync_type t;
    size_t n = 0;

    (void)due;
    if (!type_of(subject, &t)) {
        n = sweep_service(arg, tx, subject);
    } else {
        if (sync_types[t].items)
            n += sweep_rows(tx, sync_types[t].items, parent_of(t), subject, "event_id");
        if (sync_types[t].permissions)
            n += sweep_rows(tx, sync_types[t].permissions, parent_of(t), subject, "sid");
    }
    if (n)
        sweep_later(tx, subject);
}

void expiry_add(struct sync *s)
{
    ledger_alarm(s->ledger, &(struct alarm_kind){ "sync.expiry", ring_expiry, s });
    ledger_alarm(s->ledger, &(struct alarm_kind){ "sync.tombstones", ring_tombstones, s });
    ledger_alarm(s->ledger, &(struct alarm_kind){ "sync.sweep", ring_sweep, s });
}
