#include "webhook/internal.h"

#include "base/log.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

#define ALARM_RETRY "webhook.retry" /* of a delivery: its next round */
#define ALARM_SWEEP "webhook.sweep" /* of "dead": old dead letters go */

enum { SWEPT_AT_ONCE = 1000 };

static const char *const statuses[] = { "flying", "waiting", "dead", NULL };

/* clang-format off */
static const struct field fields[] = {
    FIELD(delivery, sid,          SID,  .flags = KEY, .prefix = "WD"),
    FIELD(delivery, account_sid,  SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(delivery, purpose,      STR,  .flags = FILTER),
    FIELD(delivery, subject,      STR,  .flags = FILTER),
    FIELD(delivery, url,          URL),
    FIELD(delivery, fallback_url, URL),
    FIELD(delivery, form,         STR),
    FIELD(delivery, by_get,       BOOL, .initial = "false"),
    FIELD(delivery, status,       ENUM, .names = statuses, .initial = "flying"),
    FIELD(delivery, attempts,     INT,  .initial = "0"),
    FIELD(delivery, last_status,  INT),
    FIELD(delivery, last_error,   STR),
    FIELD(delivery, date_created, TIME, .flags = BORN | RANGE, .param = "Created"),
    FIELD(delivery, date_updated, TIME, .flags = BORN | TOUCHED),
    FIELD(delivery, lane,         INT,  .flags = HIDDEN),
    FIELD(delivery, place,        STR,  .flags = HIDDEN),
    FIELD(delivery, round,        INT,  .flags = HIDDEN, .initial = "0"),
    FIELD(delivery, leg,          INT,  .flags = HIDDEN, .initial = "0"),
    FIELD(delivery, tries,        INT,  .flags = HIDDEN, .initial = "0"),
    FIELD(delivery, spent_ms,     INT,  .flags = HIDDEN, .initial = "0"),
};
/* clang-format on */

static const struct index indexes[] = { { "status, account_sid, lane, place" } };

static bool is_live(const void *row)
{
    return ((const struct delivery *)row)->status == DELIVERY_FLYING;
}

const struct kind delivery_kind = { .name = "delivery",
                                    .size = sizeof(struct delivery),
                                    .fields = ROWS(fields),
                                    .indexes = ROWS(indexes),
                                    .resident = true,
                                    .live_where = "status = 'flying'",
                                    .is_live = is_live };

const struct purpose *purpose_named(const struct webhooks *w, const char *name)
{
    for (size_t i = 0; i < w->npurposes; i++)
        if (!strcmp(w->purposes[i]->name, name))
            return w->purposes[i];
    return NULL;
}

struct overrides overrides_of(struct arena *a, const struct purpose *p, const struct delivery *d)
{
    const char *url = d->leg ? d->fallback_url : d->url;

    if (p->plain)
        url = arena_strndup(a, url, strcspn(url, "#"));
    return overrides_read(a, url, p->timeout_ms);
}

/* --- an answer -------------------------------------------------------------------------------------------- */

/* 1 s, 2 s, 4 s … at most five minutes. */
static int64_t pause_after(int64_t rounds)
{
    int64_t pause = SECOND << (rounds > 9 ? 9 : rounds);

    return pause > 5 * MINUTE ? 5 * MINUTE : pause;
}

static bool answer_is_good(const struct flight *f)
{
    if (f->purpose->good)
        return f->purpose->good(&f->call);
    return f->call.status >= 200 && f->call.status < 300;
}

static void note(struct tx *tx, struct delivery *d, const struct http_call *call)
{
    row_edit(tx, d);
    d->attempts++;
    d->tries++;
    d->spent_ms += call->took_ms;
    d->last_status = call->status ? call->status : NO_VALUE;
    row_set(tx, d, &d->last_error, call->status ? arena_printf(tx->arena, "status %d", call->status) : call->why);
}

static void start_leg(struct delivery *d, int64_t leg)
{
    d->leg = leg;
    d->tries = d->spent_ms = 0;
}

/* Sets up the next attempt: at once (*pause 0) or after a pause; false: there is none. */
static bool next_attempt(struct tx *tx, struct delivery *d, const struct flight *f, int64_t *pause)
{
    struct overrides now = overrides_of(tx->arena, f->purpose, d);
    bool retries_said = !f->purpose->plain && overrides_read(tx->arena, d->url, 0).retries_said;

    *pause = 0;
    if (overrides_retry(&now, &f->call, d->tries, d->spent_ms))
        return true;
    if (!d->leg && d->fallback_url) {
        start_leg(d, 1);
        return true;
    }
    start_leg(d, 0);
    *pause = pause_after(d->round++);
    return !retries_said && d->round < f->purpose->rounds;
}

static void bury(struct tx *tx, struct delivery *d)
{
    log_warn("webhook.failed", "%s about %s: %s", d->url, d->subject, d->last_error);
    d->status = DELIVERY_DEAD;
    if (alarm_due(tx, ALARM_SWEEP, "dead") == NO_VALUE)
        alarm_set(tx, ALARM_SWEEP, "dead", tx->now + DEAD_LETTER_DAYS * DAY);
}

static void conclude(struct tx *tx, struct delivery *d, const struct flight *f, bool good)
{
    struct webhooks *w = f->owner;

    if (f->purpose->ended)
        f->purpose->ended(f->purpose->arg, tx, d->subject, good, &f->call);
    if (good)
        row_delete(tx, d); /* which takes it out of its lane */
    else {
        bury(tx, d);
        lane_relink(w, tx, d);
    }
    lane_leave(w, tx, d);
}

fault_t delivery_landed(struct tx *tx, struct command *c)
{
    struct flight *f = CONTAINER_OF(c, struct flight, command);
    struct delivery *d = row_find(tx, &delivery_kind, f->delivery_sid);
    bool good = answer_is_good(f);
    int64_t pause;

    /* After a reload it may be under way twice; the first answer has moved it on. */
    if (!d || d->status != DELIVERY_FLYING || d->attempts != f->attempts || !str_eq(d->place, f->place))
        return NULL;
    note(tx, d, &f->call);
    if (good || !next_attempt(tx, d, f, &pause))
        conclude(tx, d, f, good);
    else if (pause)
        alarm_set(tx, ALARM_RETRY, d->sid, tx->now + pause);
    else
        flight_launch(f->owner, tx, d);
    return NULL;
}

static void retry(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct delivery *d = row_find(tx, &delivery_kind, subject);

    (void)due;
    if (d && d->status == DELIVERY_FLYING)
        flight_launch(arg, tx, d);
}

/* --- the dead --------------------------------------------------------------------------------------------- */

static enum db_result dead_before(struct tx *tx, int64_t before, int64_t limit, struct rows_found *out)
{
    const struct condition old[] = {
        { .column = "status", .compare = IS, .value = value_int(DELIVERY_DEAD) },
        { .column = "date_updated", .compare = LESS_OR_IS, .value = value_int(before) },
    };

    return rows_select(tx, &delivery_kind, &(struct selection){ .conditions = old, .nconditions = 2, .limit = limit },
                       out);
}

static void sweep(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct rows_found gone, left;
    struct delivery *d;
    enum db_result result = dead_before(tx, tx->now - DEAD_LETTER_DAYS * DAY, SWEPT_AT_ONCE, &gone);

    (void)arg;
    (void)due;
    while ((d = rows_next(tx, &gone)))
        if (d->status == DELIVERY_DEAD)
            row_delete(tx, d);
    /* The store still has those just deleted: one more than they are is one that stays. */
    if (result == DB_OK)
        result = dead_before(tx, tx->now, (int64_t)gone.n + 1, &left);
    if (result != DB_OK || left.n > gone.n)
        alarm_set(tx, ALARM_SWEEP, subject, tx->now + (gone.n == SWEPT_AT_ONCE ? SECOND : DAY));
}

/* --- setting up ------------------------------------------------------------------------------------------- */

/* What was under way when the server stopped is sent again. */
static void resume(void *arg, struct tx *tx)
{
    const struct delivery *d;

    for (size_t i = 0; (d = row_each(tx, &delivery_kind, &i));)
        if (alarm_due(tx, ALARM_RETRY, d->sid) == NO_VALUE)
            flight_launch(arg, tx, d);
    lanes_resume(arg, tx);
}

struct webhooks *webhooks_new(struct ledger *l, struct http_client *client)
{
    struct arena *a = arena_new();
    struct webhooks *w = arena_alloc(a, sizeof(*w));

    *w = (struct webhooks){ .arena = a, .ledger = l, .client = client };
    lanes_setup(w);
    ledger_alarm(l, &(struct alarm_kind){ .name = ALARM_RETRY, .ring = retry, .arg = w });
    ledger_alarm(l, &(struct alarm_kind){ .name = ALARM_SWEEP, .ring = sweep, .arg = w });
    ledger_on_loaded(l, resume, w);
    return w;
}

void webhooks_free(struct webhooks *w)
{
    if (w)
        arena_free(w->arena);
}

void webhooks_purpose(struct webhooks *w, const struct purpose *p)
{
    if (w->npurposes == PURPOSES_MAX)
        abort();
    w->purposes[w->npurposes++] = p;
}

/* --- sending ---------------------------------------------------------------------------------------------- */

void webhook_send(struct webhooks *w, struct tx *tx, const struct webhook *h)
{
    const struct purpose *p = purpose_named(w, h->purpose);
    struct delivery *d = row_new(tx, &delivery_kind, NULL);

    row_set(tx, d, &d->account_sid, h->account_sid);
    row_set(tx, d, &d->purpose, h->purpose);
    row_set(tx, d, &d->subject, h->subject);
    row_set(tx, d, &d->url, h->url);
    row_set(tx, d, &d->fallback_url, h->fallback_url);
    row_set(tx, d, &d->form, h->form);
    row_set(tx, d, &d->place, d->sid);
    d->by_get = h->by_get;
    d->last_status = NO_VALUE;
    d->lane = p && p->ordered ? lane_number(h->url) : NO_VALUE;
    lane_enter(w, tx, d);
}

void webhook_send_again(struct webhooks *w, struct tx *tx, struct delivery *d)
{
    row_edit(tx, d);
    row_set(tx, d, &d->place, tx_sid(tx, "WD"));
    d->attempts = d->round = 0;
    start_leg(d, 0);
    lane_enter(w, tx, d);
}
