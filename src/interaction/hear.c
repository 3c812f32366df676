/* What routing and chat tell. */
#include "interaction/internal.h"

#include "chat/hooks.h"

/* --- routing: in the middle of its work ------------------------------------------------------------------- */

/* The transferor of a cold transfer does not stay to read. */
static bool handed_over_cold(struct interactions *x, struct tx *tx, const struct reservation *r)
{
    const struct transfer *t = routing_transfer_of_task(x->routing, tx, r->task_sid);

    return t && t->transfer_mode == TRANSFER_COLD && str_eq(t->initiating_reservation_sid, r->sid);
}

static void hear_reservation(struct interactions *x, struct tx *tx, enum event_type type, struct reservation *r)
{
    struct invite_live *i = map_get(&x->tasks, r->task_sid);
    struct part_live *p = map_get(&x->reservations, r->sid);

    if (type == EV_RESERVATION_ACCEPTED && i) {
        fault_t f = agent_joins(x, tx, i->room, r);
        (void)f; /* told as an event */
        handover_invite_ends(x, tx, &i->row, true);
    } else if (type == EV_RESERVATION_WRAPUP && p) {
        row_edit(tx, p);
        p->row.status = PARTICIPANT_WRAPUP;
        if (handed_over_cold(x, tx, r))
            part_leaves_chat(x, tx, p);
        say_participant(tx, EV_INTERACTION_PARTICIPANT_MODIFIED, &p->row, NULL);
    } else if (p && type != EV_RESERVATION_ACCEPTED && type != EV_RESERVATION_WRAPUP) {
        struct room *room = p->room;
        if (room->channel)
            row_set(tx, room->channel, &room->channel->last_worker_sid, r->worker_sid);
        char sid[SID_SIZE];
        memcpy(sid, room->sid, SID_SIZE);
        part_closes(x, tx, p);
        settle(x, tx, room_of(x, sid), NULL);
    }
}

/* For one worker only, or through a workflow in somebody's place: when that fails, whoever is free. */
static bool falls_back(const struct invite_live *i, bool accepted)
{
    return i->row.fallback && !accepted && i->room->channel && channel_is_open(i->room->channel);
}

static void hear_task_end(struct interactions *x, struct tx *tx, const struct task *t)
{
    struct invite_live *i = map_get(&x->tasks, t->sid);
    bool accepted = t->assigned_at != NO_VALUE;
    char sid[SID_SIZE];

    if (!i)
        return;
    memcpy(sid, i->room->sid, SID_SIZE);
    if (falls_back(i, accepted)) {
        row_edit(tx, i->room->channel);
        i->room->channel->again = true;
        alarm_set(tx, ALARM_AGAIN, sid, tx->now);
    }
    struct interaction_invite *row = &i->row;
    invite_end(x, tx, row);
    handover_invite_ends(x, tx, row, accepted);
    settle(x, tx, room_of(x, sid), t->reason);
}

void hear_routing(void *interactions, struct tx *tx, const struct event *e)
{
    struct interactions *x = interactions;

    switch (e->type) {
    case EV_RESERVATION_ACCEPTED:
    case EV_RESERVATION_WRAPUP:
    case EV_RESERVATION_COMPLETED:
    case EV_RESERVATION_CANCELED:
        if (e->subject)
            hear_reservation(x, tx, e->type, e->subject);
        return;
    case EV_TASK_CANCELED:
    case EV_TASK_COMPLETED:
    case EV_TASK_DELETED:
    case EV_TASK_SYSTEM_DELETED:
        hear_task_end(x, tx, e->other);
        return;
    case EV_TASK_TRANSFER_INITIATED:
    case EV_TASK_TRANSFER_COMPLETED:
    case EV_TASK_TRANSFER_FAILED:
    case EV_TASK_TRANSFER_CANCELED:
        if (e->subject)
            handover_hears(x, tx, e->type, e->subject);
        return;
    default:
        return;
    }
}

/* --- chat: whoever changed a conversation without asking us ----------------------------------------------- */

static void conversation_over(struct interactions *x, struct tx *tx, struct room *room, bool deleted)
{
    struct interaction_channel *c = room->channel;

    if (!c || !interaction_channel_kind.is_live(c))
        return;
    if (deleted) {
        row_set(tx, c, &c->media_channel_sid, NULL);
        relinked(x, tx, c);
    }
    fault_t f = interaction_close(x, tx, c, true);
    (void)f; /* it is open, so it can be closed */
}

static void guest_gone(struct interactions *x, struct tx *tx, struct room *room, const struct participant *gone)
{
    for (LIST_EACH(l, &room->participants)) {
        struct part_live *p = CONTAINER_OF(l, struct part_live, in_room);
        if (!str_eq(p->row.chat_participant_sid, gone->sid))
            continue;
        row_set(tx, p, &p->row.chat_participant_sid, NULL);
        if (!p->row.reservation_sid) {
            part_closes(x, tx, p);
            return; /* there is one of each, and the room may have gone with it */
        }
    }
}

/* --- somebody writes to an address of ours from which the way leads to an agent --------------------------- */

static enum channel_type type_of(const struct address_configuration *a)
{
    static const enum channel_type types[] = {
        [ADDRESS_SMS] = CHANNEL_SMS,    [ADDRESS_WHATSAPP] = CHANNEL_WHATSAPP, [ADDRESS_MESSENGER] = CHANNEL_MESSENGER,
        [ADDRESS_GBM] = CHANNEL_GBM,    [ADDRESS_EMAIL] = CHANNEL_EMAIL,       [ADDRESS_RCS] = CHANNEL_CHAT,
        [ADDRESS_APPLE] = CHANNEL_CHAT, [ADDRESS_CHAT] = CHANNEL_CHAT,
    };

    return types[a->type];
}

static void arrives(struct interactions *x, struct tx *tx, const struct conversation *v, const struct participant *p)
{
    struct chat_view view = { .db = tx->db, .tx = tx, .arena = tx->arena };
    const struct address_configuration *a =
        p->proxy_address ? address_configuration_by(&view, v->account_sid, p->proxy_address) : NULL;
    const struct interaction_guest g = { .address = p->address,
                                         .proxy_address = p->proxy_address,
                                         .name = json_get_string(object_of(tx->arena, p->attributes), "ProfileName"),
                                         .participant_sid = p->sid };
    struct interaction *i;

    if (!a || !a->enabled || a->creation_type != CREATE_INTERACTION)
        return;
    i = row_new(tx, &interaction_kind, NULL);
    row_set(tx, i, &i->account_sid, v->account_sid);
    row_set(tx, i, &i->channel, "{}");
    fault_t f = interaction_begin(
        x, tx, i,
        &(struct interaction_wish){
            .type = type_of(a), .by = FROM_CUSTOMER, .media_channel_sid = v->sid, .guests = &g, .nguests = 1 });
    (void)f; /* the wish is sound; what else goes wrong fails the channel */
}

void hear_chat(void *interactions, struct tx *tx, const struct event *e)
{
    struct interactions *x = interactions;
    const struct chat_change *change = e->subject;
    struct room *room = change && change->conversation ? map_get(&x->conversations, change->conversation->sid) : NULL;

    if (e->type == EV_CONVERSATION_PARTICIPANT_ADDED && !room && change && change->actor->by == BY_CHANNEL)
        arrives(x, tx, change->conversation, change->participant);
    if (!room)
        return;
    if (e->type == EV_CONVERSATION_MESSAGE_ADDED && change->message)
        customer_writes(x, tx, room, change->message);
    else if (e->type == EV_CONVERSATION_REMOVED ||
             (e->type == EV_CONVERSATION_STATE_UPDATED && change->conversation->state == CONVERSATION_CLOSED))
        conversation_over(x, tx, room, e->type == EV_CONVERSATION_REMOVED);
    else if (e->type == EV_CONVERSATION_PARTICIPANT_REMOVED && change->participant)
        guest_gone(x, tx, room, change->participant);
}
