/* What follows when nobody is left with the customer: the end, or another try. */
#include "interaction/internal.h"

#include "base/clock.h"

void channel_turn(struct interactions *x, struct tx *tx, struct interaction_channel *c, enum channel_status to)
{
    static const enum event_type told_as[] = {
        [CHANNEL_SETUP] = EV_INTERACTION_CHANNEL_UPDATED,    [CHANNEL_ACTIVE] = EV_INTERACTION_CHANNEL_UPDATED,
        [CHANNEL_FAILED] = EV_INTERACTION_CHANNEL_FAILED,    [CHANNEL_CLOSED] = EV_INTERACTION_CHANNEL_CLOSED,
        [CHANNEL_INACTIVE] = EV_INTERACTION_CHANNEL_UPDATED, [CHANNEL_PAUSE] = EV_INTERACTION_CHANNEL_UPDATED,
        [CHANNEL_TRANSFER] = EV_INTERACTION_CHANNEL_UPDATED,
    };

    row_edit(tx, c);
    c->status = to;
    relinked(x, tx, c);
    say_channel(tx, told_as[to], c);
}

/* --- ends --------------------------------------------------------------------------------------------------------- */

/* Guests have no task that would end their part. */
static void send_guests_home(struct interactions *x, struct tx *tx, const char *channel_sid)
{
    struct room *room = room_of(x, channel_sid);

    if (!room)
        return;
    for (LIST_EACH(l, &room->participants)) {
        struct part_live *p = CONTAINER_OF(l, struct part_live, in_room);
        if (p->row.type == PARTICIPANT_AGENT && p->row.reservation_sid)
            continue;
        row_set(tx, p, &p->row.chat_participant_sid, NULL); /* he may read what was said */
        part_closes(x, tx, p);
        if (!room_of(x, channel_sid)) /* it went with the last of them */
            return;
    }
}

static void close_conversation(struct interactions *x, struct tx *tx, const struct interaction_channel *c)
{
    struct conversation *v = conversation_of(tx, c);
    fault_t f = v && v->state != CONVERSATION_CLOSED
                    ? conversation_turn(x->chat, tx, &flex_actor, v, CONVERSATION_CLOSED, "API")
                    : NULL;

    (void)f; /* an open one can always be closed */
}

void channel_ends(struct interactions *x, struct tx *tx, struct interaction_channel *c)
{
    char sid[SID_SIZE];

    memcpy(sid, c->sid, SID_SIZE);
    channel_turn(x, tx, c, CHANNEL_CLOSED);
    close_conversation(x, tx, c);
    send_guests_home(x, tx, sid);
}

void channel_fails(struct interactions *x, struct tx *tx, struct interaction_channel *c, int64_t code, const char *why,
                   bool closes)
{
    char sid[SID_SIZE];

    memcpy(sid, c->sid, SID_SIZE);
    row_edit(tx, c);
    c->error_code = code;
    row_set(tx, c, &c->error_message, why);
    channel_turn(x, tx, c, CHANNEL_FAILED);
    if (closes)
        close_conversation(x, tx, c);
    send_guests_home(x, tx, sid);
}

/* --- who is still there ----------------------------------------------------------------------------------- */

static bool somebody_works(const struct room *room)
{
    for (const struct link *l = room->participants.next; l != &room->participants; l = l->next) {
        const struct part_live *p = CONTAINER_OF(l, const struct part_live, in_room);
        if (p->row.type == PARTICIPANT_AGENT && p->row.reservation_sid)
            return true;
    }
    return false;
}

/* It was parked, and whoever was asked to take it again did not: it is parked still, and no customer is lost. */
static void falls_asleep(struct interactions *x, struct tx *tx, struct interaction_channel *c)
{
    struct conversation *v = conversation_of(tx, c);
    fault_t f = NULL;

    channel_turn(x, tx, c, CHANNEL_INACTIVE);
    if (v && v->state == CONVERSATION_ACTIVE)
        f = conversation_turn(x->chat, tx, &flex_actor, v, CONVERSATION_INACTIVE, "API");
    (void)f; /* an active one can always be put to sleep */
}

void settle(struct interactions *x, struct tx *tx, struct room *room, const char *why)
{
    struct interaction_channel *c = room ? room->channel : NULL;

    if (!channel_is_open(c) || c->again || c->left)
        return;
    if (!list_empty(&room->invites) || somebody_works(room))
        return;
    if (c->resume)
        falls_asleep(x, tx, c);
    else if (c->joined)
        channel_ends(x, tx, c);
    else
        channel_fails(x, tx, c, ORPHANED, why ? why : "Nobody could be found", true);
}

/* --- alarms ------------------------------------------------------------------------------------------------------- */

/* Whoever was wanted could not be had: as at first, then. */
void ring_again(void *interactions, struct tx *tx, const char *subject, int64_t due)
{
    struct interactions *x = interactions;
    struct interaction_channel *c = row_find(tx, &interaction_channel_kind, subject);
    struct room *room = room_of(x, subject);

    (void)due;
    if (!c || !c->again)
        return;
    row_edit(tx, c);
    c->again = false;
    if (!channel_is_open(c) || (room && (!list_empty(&room->invites) || agents_in(room, NULL))))
        return;
    const struct interaction *i = row_find(tx, &interaction_kind, c->interaction_sid);
    struct interaction_invite *invite = invite_make(x, tx, c, i ? i->routing : NULL);
    invite->automatic = true;
    fault_t f = invite_send(x, tx, invite, NULL);
    if (f && (!room_of(x, subject) || !somebody_works(room_of(x, subject))))
        channel_fails(x, tx, c, f->code, f->message, true);
}

/* --- forgetting --------------------------------------------------------------------------------------------------- */

enum { FORGOTTEN_AT_ONCE = 100 };
static const struct value forgettable[] = { { .type = VALUE_TEXT, .s = "closed" },
                                            { .type = VALUE_TEXT, .s = "failed" },
                                            { .type = VALUE_TEXT, .s = "inactive" } };

static void forget_channel(struct interactions *x, struct tx *tx, struct interaction_channel *c)
{
    static const struct kind *const parts[] = { &interaction_invite_kind, &interaction_participant_kind,
                                                &interaction_transfer_kind };
    struct room *room = room_of(x, c->sid);
    struct interaction *i = row_find(tx, &interaction_kind, c->interaction_sid);

    if (channel_is_open(c) || (room && !list_empty(&room->invites))) { /* somebody still wraps up: not now */
        row_edit(tx, c);
        c->date_updated = tx->now;
        return;
    }
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        (void)rows_delete(tx, parts[k], "channel_sid", c->sid); /* what stays, nobody finds without its channel */
    if (i)
        row_delete(tx, i);
    row_delete(tx, c);
}

/* A channel that nobody has touched for half a year is deleted, parked or not.  What is open is somebody's work, and
 * stays.  Looked for once a day, and a few at a time, so that nobody waits for it. */
void ring_forget(void *interactions, struct tx *tx, const char *subject, int64_t due)
{
    struct condition old = { .column = "date_updated",
                             .compare = LESS,
                             .value = value_int(tx->now - FORGOTTEN_AFTER_DAYS * DAY) };
    struct condition over = { .column = "status", .compare = ONE_OF, .values = forgettable, .nvalues = 3 };
    struct order oldest = { .column = "date_updated" };
    struct interaction_channel *c;
    struct rows_found found;

    (void)due;
    (void)rows_select(tx, &interaction_channel_kind,
                      &(struct selection){ .conditions = (struct condition[]){ old, over },
                                           .nconditions = 2,
                                           .orders = &oldest,
                                           .norders = 1,
                                           .limit = FORGOTTEN_AT_ONCE },
                      &found);
    while ((c = rows_next(tx, &found)))
        forget_channel(interactions, tx, c);
    bool more = found.n == FORGOTTEN_AT_ONCE;
    alarm_set(tx, ALARM_FORGET, subject, tx->now + (more ? SECOND : DAY));
}

void forget_begin(void *interactions, struct tx *tx)
{
    (void)interactions;
    if (alarm_due(tx, ALARM_FORGET, "old") == NO_VALUE)
        alarm_set(tx, ALARM_FORGET, "old", tx->now + DAY);
}
