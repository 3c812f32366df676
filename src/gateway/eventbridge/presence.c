/* Presence: tokens that expire, and workers who left.
 *
 * Every session has an alarm at the end of its token.  When the last session of a worker has closed and he is to be
 * logged out then (presence.h), another alarm moves him, unless somebody comes back first.  Alarms are rows, so a
 * worker whose server went down under him is looked after, too: what is left of the sessions of an earlier life is
 * found when the rows are loaded. */
#include "gateway/eventbridge/internal.h"

#include "base/log.h"
#include <string.h>

#define EXPIRE  "bridge.expire"
#define OFFLINE "bridge.offline"

/* --- settings ---------------------------------------------------------------------------------------------------- */

static struct presence settings_of(struct tx *tx, const struct workspace *w)
{
    const struct presence *set = row_find(tx, &presence_kind, w->sid);
    struct presence p;

    if (set)
        return *set;
    presence_default(w, &p);
    return p;
}

/* WK…/1/…: what the client of that session wished. */
static enum wish wish_of(const char *subject)
{
    if (strlen(subject) <= SID_LENGTH + 1)
        return WISH_STAY;
    return subject[SID_LENGTH + 1] == '1' ? WISH_LEAVE : subject[SID_LENGTH + 1] == '2' ? WISH_NONE : WISH_STAY;
}

/* The worker may be going: if nobody comes back in time, he is moved. */
static void watch(struct tx *tx, const char *worker_sid, enum wish wish)
{
    const struct worker *worker = row_find(tx, &worker_kind, worker_sid);
    const struct workspace *w = worker ? row_find(tx, &workspace_kind, worker->workspace_sid) : NULL;

    if (!w || wish == WISH_STAY)
        return;
    const struct presence p = settings_of(tx, w);
    if (wish == WISH_LEAVE || p.enforce_logout)
        alarm_set(tx, OFFLINE, worker_sid, tx->now + p.offline_threshold * SECOND);
}

void presence_opened(struct tx *tx, const struct session *s)
{
    alarm_set(tx, EXPIRE, s->subject, s->expires);
    alarm_cancel(tx, OFFLINE, s->channel_sid);
}

void presence_closed(struct tx *tx, const struct session *s)
{
    alarm_cancel(tx, EXPIRE, s->subject);
    if (desk_is_empty(s->bridge, s->channel_sid, s))
        watch(tx, s->channel_sid, s->wish);
}

/* --- a token expired -------------------------------------------------------------------------------------- */

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

/* --- a worker left ---------------------------------------------------------------------------------------- */

/* The one that was set; else the one called so; else the one that new workers begin with. */
static const struct activity *logout_activity(struct tx *tx, const struct workspace *w, const struct presence *p)
{
    const struct activity *a = p->logout_activity_sid ? row_find(tx, &activity_kind, p->logout_activity_sid) : NULL;

    if (a)
        return a;
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

    (void)due;
    if (!in || !desk_is_empty(b, subject, NULL))
        return;
    const struct presence p = settings_of(tx, in);
    const struct activity *a = logout_activity(tx, in, &p);
    if (a)
        worker_moved(b->engine, tx, w, a,
                     arena_printf(tx->arena, "Logged out by the server: unreachable for more than %lld s",
                                  (long long)p.offline_threshold));
}

/* --- what the settings speak of is gone -------------------------------------------------------------------------- */

static void forget_workspace(void *bridge, struct tx *tx, const struct event *e)
{
    void *set = row_find(tx, &presence_kind, e->resource_sid);

    (void)bridge;
    if (set)
        row_delete(tx, set);
}

static void forget_activity(void *bridge, struct tx *tx, const struct event *e)
{
    struct presence *set = row_find(tx, &presence_kind, e->scope_sid);

    (void)bridge;
    if (set && str_eq(set->logout_activity_sid, e->resource_sid))
        row_set(tx, set, &set->logout_activity_sid, NULL);
}

/* --- after a start ---------------------------------------------------------------------------------------- */

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
        watch(tx, l.offline[i], WISH_LEAVE);
    for (size_t i = 0; i < l.nexpire; i++) {
        if (session_of(bridge, l.expire[i]))
            continue;
        alarm_cancel(tx, EXPIRE, l.expire[i]);
        watch(tx, arena_strndup(tx->arena, l.expire[i], SID_LENGTH), wish_of(l.expire[i]));
    }
}

void presence_setup(struct bridge *b)
{
    ledger_alarm(b->ledger, &(struct alarm_kind){ .name = EXPIRE, .ring = ring_expire, .arg = b });
    ledger_alarm(b->ledger, &(struct alarm_kind){ .name = OFFLINE, .ring = ring_offline, .arg = b });
    ledger_listen(b->ledger, &(struct listener){ .prefix = "workspace.deleted", .hear = forget_workspace, .arg = b });
    ledger_listen(b->ledger, &(struct listener){ .prefix = "activity.deleted", .hear = forget_activity, .arg = b });
    ledger_on_loaded(b->ledger, on_loaded, b);
}
