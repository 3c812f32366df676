/* Presence: tokens that expire, and workers who left.
 *
 * Every session has an alarm at the end of its token.  When the last session of a worker whose client asked for it - or
 * whose workspace is Flex's - has closed, another alarm moves the worker offline, unless somebody comes back first.
 * Alarms are rows, so a worker whose server went down under him is looked after, too: what is left of the sessions of
 * an earlier life is found when the rows are loaded. */
#include "gateway/internal.h"

#include "base/log.h"
#include <string.h>

#define EXPIRE  "bridge.expire"
#define OFFLINE "bridge.offline"

/* WK…/1/…: the 1 says that this worker is to be set offline. */
static bool wants_offline(const char *subject)
{
    return strlen(subject) > SID_LENGTH + 1 && subject[SID_LENGTH + 1] == '1';
}

void presence_opened(struct tx *tx, const struct session *s)
{
    alarm_set(tx, EXPIRE, s->subject, s->expires);
    alarm_cancel(tx, OFFLINE, s->channel_sid);
}

void presence_closed(struct tx *tx, const struct session *s)
{
    alarm_cancel(tx, EXPIRE, s->subject);
    if (s->presence && desk_is_empty(s->bridge, s->channel_sid, s))
        alarm_set(tx, OFFLINE, s->channel_sid, tx->now + OFFLINE_MS);
}

/* --- a token expired -----------------------------------------------------------------------------------------------
 */

static void close_expired(void *session)
{
    session_expired(session);
}

static void ring_expire(void *bridge, struct tx *tx, const char *subject, int64_t due)
{
    struct session *s = session_of(bridge, subject);

    (void)due;
    if (s && session_is_open(s))
        tx_after(tx, close_expired, s);
}

/* --- a worker left -------------------------------------------------------------------------------------------------
 */

/* The activity called so; else the one that new workers begin with. */
static const struct activity *offline_activity(struct tx *tx, const struct workspace *w)
{
    const struct activity *a;

    for (size_t i = 0; (a = row_each(tx, &activity_kind, &i));)
        if (!strcmp(a->workspace_sid, w->sid) && !strcmp(a->friendly_name, "Offline") && !a->available)
            return a;
    a = row_find(tx, &activity_kind, w->default_activity_sid);
    return a && !a->available ? a : NULL;
}

static void ring_offline(void *bridge, struct tx *tx, const char *subject, int64_t due)
{
    struct bridge *b = bridge;
    struct worker *w = row_find(tx, &worker_kind, subject);
    const struct workspace *in = w ? row_find(tx, &workspace_kind, w->workspace_sid) : NULL;
    const struct activity *a = in ? offline_activity(tx, in) : NULL;

    (void)due;
    if (!a || str_eq(w->activity_sid, a->sid) || !desk_is_empty(b, subject, NULL))
        return;
    row_edit(tx, w);
    row_set(tx, w, &w->activity_sid, a->sid);
    fault_t f = worker_changed(b->engine, tx, w, row_was(tx, w), false);
    if (f) /* nobody asked, so nobody is answered */
        log_warn("worker.offline", "%s cannot be set to %s: %s", subject, a->friendly_name, f->message);
}

/* --- after a start --------------------------------------------------------------------------------------------------
 */

struct leftovers {
    const char **expire, **offline;
    size_t nexpire, noffline;
};

static void find_leftovers(struct tx *tx, struct leftovers *out)
{
    const struct field *name = field_named(&alarm_kind_record, "name");
    const struct field *subject = field_named(&alarm_kind_record, "subject");
    size_t n = row_count(tx, &alarm_kind_record);
    const void *row;

    *out = (struct leftovers){ .expire = arena_alloc(tx->arena, (n + 1) * sizeof(char *)),
                               .offline = arena_alloc(tx->arena, (n + 1) * sizeof(char *)) };
    for (size_t i = 0; (row = row_each(tx, &alarm_kind_record, &i));) {
        const char *kind = *field_text(name, row);
        const char *copy = arena_strdup(tx->arena, *field_text(subject, row));
        if (!strcmp(kind, EXPIRE))
            out->expire[out->nexpire++] = copy;
        else if (!strcmp(kind, OFFLINE))
            out->offline[out->noffline++] = copy;
    }
}

/* Clients need a moment to come back to a server that was away, however long it was. */
static void on_loaded(void *bridge, struct tx *tx)
{
    struct leftovers l;

    find_leftovers(tx, &l);
    for (size_t i = 0; i < l.noffline; i++)
        alarm_set(tx, OFFLINE, l.offline[i], tx->now + OFFLINE_MS);
    for (size_t i = 0; i < l.nexpire; i++) {
        if (session_of(bridge, l.expire[i]))
            continue;
        alarm_cancel(tx, EXPIRE, l.expire[i]);
        if (wants_offline(l.expire[i]))
            alarm_set(tx, OFFLINE, arena_strndup(tx->arena, l.expire[i], SID_LENGTH), tx->now + OFFLINE_MS);
    }
}

void presence_setup(struct bridge *b)
{
    ledger_alarm(b->ledger, &(struct alarm_kind){ .name = EXPIRE, .ring = ring_expire, .arg = b });
    ledger_alarm(b->ledger, &(struct alarm_kind){ .name = OFFLINE, .ring = ring_offline, .arg = b });
    ledger_on_loaded(b->ledger, on_loaded, b);
}
