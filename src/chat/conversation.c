/* A conversation: its beginning, what may change, its states and timers, and its end. */
#include "chat/internal.h"

#include "chat/hooks.h"
#include "codec/date.h"
#include <string.h>

#define ALARM_TIMER "chat.timer" /* a conversation's next state */
#define ALARM_FILL  "chat.fill"  /* it has been filled and becomes active */
#define ALARM_SWEEP "chat.sweep" /* it is gone; its messages go, some at a time */

enum { SWEEP_SLICE = 500, UNIQUE_NAME_MAX = 512 };

/* --- timers ----------------------------------------------------------------------------------------------- */
/* What is given is a length of time, kept in ms, from which the moment follows: the inactive timer counts while the
 * conversation is active, the closed timer while it is inactive, and also while it is active where there is no inactive
 * timer. A message begins both anew. The alarm is not moved at each message: when it rings too early it is set again.
 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

#define TIMER_MAX (100 * 365 * DAY)

/* P1DT2H3M4S, P2W; a month has 30 days and a year 365. */
static bool parse_duration(const char *s, int64_t *ms)
{
    static const struct {
        char unit;
        bool time;
        int64_t ms;
    } units[] = { { 'Y', false, 365 * DAY },  { 'M', false, 30 * DAY }, { 'W', false, 7 * DAY }, { 'D', false, DAY },
                  { 'H', true, 60 * MINUTE }, { 'M', true, MINUTE },    { 'S', true, SECOND } };
    bool time = false;
    size_t next = 0, n = 0;

    *ms = 0;
    if (*s++ != 'P')
        return false;
    for (; *s; n++) {
        int64_t value = 0;
        if (*s == 'T' && !time) {
            time = true;
            s++;
        }
        if (!is_digit(*s))
            return false;
        while (is_digit(*s) && value < INT64_C(1000000000))
            value = value * 10 + (*s++ - '0');
        while (next < sizeof units / sizeof *units && (units[next].unit != *s || units[next].time != time))
            next++;
        if (next == sizeof units / sizeof *units)
            return false;
        if (value > TIMER_MAX / units[next].ms)
            return false;
        *ms += value * units[next++].ms;
        s++;
    }
    return n > 0 && *ms <= TIMER_MAX;
}

bool chat_timer_parse(const char *text, int64_t now, int64_t *ms)
{
    int64_t at;

    *ms = 0;
    if (!*text || parse_duration(text, ms))
        return true;
    if (!is_digit(*text) || !date_parse(text, &at))
        return false;
    *ms = at > now ? at - now : 1; /* in the past: too short, if anything */
    return true;
}

static fault_t set_timer(struct tx *tx, const char *text, bool closed, int64_t *out)
{
    int64_t ms;

    if (!chat_timer_parse(text, tx->now, &ms))
        return fault(tx->arena, closed ? F_CHAT_TIMER_CLOSED_FORMAT : F_CHAT_TIMER_INACTIVE_FORMAT,
                     "Timers.%s '%.64s' is neither an ISO 8601 duration nor a date", closed ? "Closed" : "Inactive",
                     text);
    if (!closed && ms && ms < MINUTE)
        return fault(tx->arena, F_CHAT_TIMER_INACTIVE_SHORT, "Timers.Inactive '%.64s' is shorter than a minute", text);
    if (closed && ms && ms < 10 * MINUTE)
        return fault(tx->arena, F_CHAT_TIMER_CLOSED_SHORT, "Timers.Closed '%.64s' is shorter than ten minutes", text);
    *out = ms;
    return NULL;
}

fault_t chat_timers_set(struct tx *tx, struct conversation *row, const char *inactive, const char *closed)
{
    fault_t f = NULL;

    row_edit(tx, row);
    if (inactive)
        f = set_timer(tx, inactive, false, &row->inactive_timer);
    if (closed && !f)
        f = set_timer(tx, closed, true, &row->closed_timer);
    return f;
}

/* From now on; the row is edited already. */
static void restart_timers(struct tx *tx, struct conversation *row)
{
    bool active = row->state == CONVERSATION_ACTIVE, inactive = row->state == CONVERSATION_INACTIVE;
    bool closing = inactive || (active && !row->inactive_timer);

    row->date_inactive = active && row->inactive_timer ? tx->now + row->inactive_timer : NO_VALUE;
    row->date_closed = closing && row->closed_timer ? tx->now + row->closed_timer : NO_VALUE;
    int64_t due = row->date_inactive != NO_VALUE ? row->date_inactive : row->date_closed;
    if (due == NO_VALUE)
        return;
    int64_t set = alarm_due(tx, ALARM_TIMER, row->sid);
    if (set == NO_VALUE || due < set)
        alarm_set(tx, ALARM_TIMER, row->sid, due);
}

static void ring_timer(void *arg, struct tx *tx, const char *sid, int64_t due)
{
    struct chat *c = arg;
    struct conversation *row = row_find(tx, &conversation_kind, sid);

    (void)due;
    if (!row || row->state == CONVERSATION_CLOSED)
        return;
    bool to_inactive = row->date_inactive != NO_VALUE;
    int64_t at = to_inactive ? row->date_inactive : row->date_closed;
    if (at == NO_VALUE)
        return;
    if (at > tx->now) {
        alarm_set(tx, ALARM_TIMER, sid, at);
        return;
    }
    fault_t f =
        conversation_turn(c, tx, &by_server, row, to_inactive ? CONVERSATION_INACTIVE : CONVERSATION_CLOSED, "TIMER");
    (void)f; /* an open one can always be turned so */
}

/* --- rules --------------------------------------------------------------------------------------- */

fault_t conversation_open(struct tx *tx, const struct conversation *c)
{
    if (c->state == CONVERSATION_CLOSED)
        return fault(tx->arena, F_CHAT_CLOSED, "Conversation %s is closed and cannot be changed", c->sid);
    if (c->state == CONVERSATION_INITIALIZING)
        return fault(tx->arena, F_CHAT_INITIALIZING, "Conversation %s is being initialized and cannot be changed yet",
                     c->sid);
    return NULL;
}

static fault_t check_names(struct tx *tx, const struct conversation *row)
{
    if (row->friendly_name && utf8_length(row->friendly_name) > CHAT_NAME_MAX)
        return fault(tx->arena, F_CHAT_NAME_LENGTH, "FriendlyName is longer than %d characters", CHAT_NAME_MAX);
    if (!row->unique_name)
        return NULL;
    if (utf8_length(row->unique_name) > UNIQUE_NAME_MAX)
        return fault(tx->arena, F_CHAT_NAME_LENGTH, "UniqueName is longer than %d characters", UNIQUE_NAME_MAX);
    if (!*row->unique_name || has_control(row->unique_name) || sid_valid(row->unique_name, "CH"))
        return fault(tx->arena, F_CHAT_UNIQUE_NAME_PATTERN, "UniqueName must not look like the SID of a conversation");
    return NULL;
}

static fault_t take_name(struct tx *tx, const struct conversation *row)
{
    struct chat_view v = view_in(tx);
    const char *key = key_of_name(tx->arena, row->chat_service_sid, row->unique_name), *holder = key_look(&v, key);

    if (holder && !str_eq(holder, row->sid))
        return fault(tx->arena, F_CHAT_UNIQUE_NAME_TAKEN, "Conversation with provided unique name already exists");
    key_set(tx, key, row->sid);
    return NULL;
}

static const char *facts_of(struct tx *tx, const struct conversation *row)
{
    return arena_printf(tx->arena, "{\"conversation_sid\":\"%s\",\"state\":\"%s\"}", row->sid,
                        conversation_state_names[row->state]);
}

/* --- beginning and change --------------------------------------------------------------------------------- */

static fault_t default_timers(struct tx *tx, struct conversation *row)
{
    const struct chat_account *a = row_find(tx, &chat_account_kind, row->account_sid);

    if (!a)
        return NULL;
    if (!row->messaging_service_sid)
        row_set(tx, row, &row->messaging_service_sid, a->default_messaging_service_sid);
    return chat_timers_set(tx, row, row->inactive_timer == NO_VALUE ? a->default_inactive_timer : NULL,
                           row->closed_timer == NO_VALUE ? a->default_closed_timer : NULL);
}

fault_t conversation_add(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *row)
{
    fault_t f = NULL;

    (void)c;
    if (row->state == CONVERSATION_CLOSED)
        return fault(tx->arena, F_CHAT_STATE_INITIAL, "A conversation cannot begin as closed");
    if (!row->attributes || !*row->attributes)
        row_set(tx, row, &row->attributes, "{}");
    f = check_names(tx, row);
    f = f ? f : check_attributes(tx, row->attributes);
    f = f ? f : default_timers(tx, row);
    if (f)
        return f;
    if (row->inactive_timer == NO_VALUE)
        row->inactive_timer = 0;
    if (row->closed_timer == NO_VALUE)
        row->closed_timer = 0;
    if (row->unique_name && (f = take_name(tx, row)))
        return f;
    if (!row->created_by)
        row_set(tx, row, &row->created_by, by->by == BY_SDK ? by->identity : "system");
    row->last_message_index = row->last_message_at = NO_VALUE;
    row->date_state = tx->now;
    row->event_id = 1;
    restart_timers(tx, row);
    struct chat_change change = { .actor = by, .conversation = row };
    f = hook_ask(tx, by, HOOK_CONVERSATION_ADD, &change, row);
    f = f ? f : check_names(tx, row);
    if (f)
        return f;
    tell(tx, EV_CONVERSATION_ADDED, &change, facts_of(tx, row));
    return NULL;
}

fault_t conversation_changed(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *row)
{
    const struct conversation *was = row_was(tx, row);
    fault_t f;

    (void)c;
    if (!was || was == row || !has_changed(tx, row))
        return NULL;
    f = conversation_open(tx, was);
    f = f ? f : check_names(tx, row);
    if (!row->attributes || !*row->attributes)
        row_set(tx, row, &row->attributes, "{}");
    f = f ? f : check_attributes(tx, row->attributes);
    if (f)
        return f;
    if (!str_eq(row->unique_name, was->unique_name)) {
        if (was->unique_name)
            key_set(tx, key_of_name(tx->arena, was->chat_service_sid, was->unique_name), NULL);
        if (row->unique_name && (f = take_name(tx, row)))
            return f;
    }
    if (row->inactive_timer != was->inactive_timer || row->closed_timer != was->closed_timer)
        restart_timers(tx, row);
    if (!by->dated)
        row->date_updated = tx->now;
    row->event_id++;
    struct chat_change change = { .actor = by, .conversation = row, .was = was };
    f = hook_ask(tx, by, HOOK_CONVERSATION_UPDATE, &change, row);
    f = f ? f : check_names(tx, row);
    if (f)
        return f;
    tell(tx, EV_CONVERSATION_UPDATED, &change, facts_of(tx, row));
    return NULL;
}

fault_t conversation_turn(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *row,
                          enum conversation_state to, const char *reason)
{
    struct conversation was = *row;

    (void)c;
    if (row->state == to)
        return NULL;
    if (row->state == CONVERSATION_CLOSED)
        return conversation_open(tx, row);
    if (to == CONVERSATION_INITIALIZING)
        return fault(tx->arena, F_CHAT_STATE, "A conversation cannot become initializing again");
    row_edit(tx, row);
    row->state = to;
    row->date_state = row->date_updated = tx->now;
    row->event_id++;
    restart_timers(tx, row);
    if (to == CONVERSATION_CLOSED) {
        alarm_cancel(tx, ALARM_TIMER, row->sid);
        participants_over(tx, row);
    }
    tell(tx, EV_CONVERSATION_STATE_UPDATED,
         &(struct chat_change){
             .actor = by, .conversation = row, .was = arena_copy(tx->arena, &was, sizeof was), .reason = reason },
         arena_printf(tx->arena,
                      "{\"conversation_sid\":\"%s\",\"state_from\":\"%s\",\"state_to\":\"%s\",\"reason\":\"%s\"}",
                      row->sid, conversation_state_names[was.state], conversation_state_names[to], reason));
    return NULL;
}

void conversation_woken(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *row)
{
    row_edit(tx, row);
    if (row->state != CONVERSATION_INACTIVE) {
        restart_timers(tx, row);
        return;
    }
    fault_t f = conversation_turn(c, tx, by, row, CONVERSATION_ACTIVE, "EVENT");
    (void)f; /* an inactive one can always become active */
}

/* --- filled by one request ----------------------------------------------------------------------- */

void conversation_fill(struct chat *c, struct tx *tx, struct conversation *row)
{
    (void)c;
    alarm_set(tx, ALARM_FILL, row->sid, tx->now);
}

static void ring_fill(void *arg, struct tx *tx, const char *sid, int64_t due)
{
    struct conversation *row = row_find(tx, &conversation_kind, sid);

    (void)due;
    if (row && row->state == CONVERSATION_INITIALIZING) {
        fault_t f = conversation_turn(arg, tx, &by_server, row, CONVERSATION_ACTIVE, "EVENT");
        (void)f;
    }
}

/* --- the end ---------------------------------------------------------------------------------------------- */
/* The conversation and its names go at once, its participants become tombstones (at most a thousand), because their
 * users must hear of it (tombstones.c); messages and receipts follow in slices, so that nobody waits for a long history
 * to be deleted. */

fault_t conversation_remove(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *row)
{
    fault_t f =
        hook_ask(tx, by, HOOK_CONVERSATION_REMOVE, &(struct chat_change){ .actor = by, .conversation = row }, row);

    if (f)
        return f;
    row_edit(tx, row);
    row->event_id++;
    row->date_updated = tx->now;
    participants_gone(c, tx, by, row);
    if (row->unique_name)
        key_set(tx, key_of_name(tx->arena, row->chat_service_sid, row->unique_name), NULL);
    alarm_cancel(tx, ALARM_TIMER, row->sid);
    alarm_cancel(tx, ALARM_FILL, row->sid);
    alarm_set(tx, ALARM_SWEEP, row->sid, tx->now);
    tell(tx, EV_CONVERSATION_REMOVED,
         &(struct chat_change){ .actor = by, .conversation = row, .was = row_was(tx, row) }, facts_of(tx, row));
    row_delete(tx, row);
    return NULL;
}

struct sweep {
    struct tx *tx;
    int n;
};

static bool sweep_receipt(void *arg, void *row)
{
    struct sweep *s = arg;
    const struct receipt *r = row;

    key_set(s->tx, key_of_receipt(s->tx->arena, r->message_sid, r->participant_sid), NULL);
    row_delete(s->tx, row_find(s->tx, &receipt_kind, r->sid));
    return true;
}

static bool sweep_message(void *arg, void *row)
{
    struct sweep *s = arg;
    const struct message *m = row;
    struct condition of = { .column = "message_sid", .compare = IS, .value = value_text(m->sid) };

    if (m->delivery_total)
        (void)record_select(s->tx->db, s->tx->arena, &receipt_kind,
                            &(struct selection){ .conditions = &of, .nconditions = 1 }, sweep_receipt, s);
    row_delete(s->tx, row_find(s->tx, &message_kind, m->sid));
    s->n++;
    return true;
}

static void ring_sweep(void *arg, struct tx *tx, const char *sid, int64_t due)
{
    struct sweep s = { .tx = tx };
    struct condition of = { .column = "conversation_sid", .compare = IS, .value = value_text(sid) };
    struct selection slice = { .conditions = &of, .nconditions = 1, .limit = SWEEP_SLICE };

    (void)arg;
    (void)due;
    if (record_select(tx->db, tx->arena, &message_kind, &slice, sweep_message, &s) == DB_OK && s.n == SWEEP_SLICE)
        alarm_set(tx, ALARM_SWEEP, sid, tx->now);
}

void conversations_setup(struct chat *c)
{
    ledger_alarm(c->ledger, &(struct alarm_kind){ ALARM_TIMER, ring_timer, c });
    ledger_alarm(c->ledger, &(struct alarm_kind){ ALARM_FILL, ring_fill, c });
    ledger_alarm(c->ledger, &(struct alarm_kind){ ALARM_SWEEP, ring_sweep, c });
}
