/* Transfers.  To a worker or a queue they are routing's, whoever began them: the task stays the same, and all that
 * routing knows of warm and cold, of attempts and of giving back holds.  Through a workflow it is another invitation,
 * with the task's attributes.  To somebody who is in the conversation already there is nothing to wait for. */
#include "interaction/internal.h"

/* --- the row ------------------------------------------------------------------------------------------------------ */

static struct interaction_transfer *transfer_row(struct tx *tx, const struct interaction_channel *c,
                                                 enum handover_type type, const char *from, const char *to)
{
    struct interaction_transfer *t = row_new(tx, &interaction_transfer_kind, NULL);

    row_set(tx, t, &t->account_sid, c->account_sid);
    row_set(tx, t, &t->interaction_sid, c->interaction_sid);
    row_set(tx, t, &t->channel_sid, c->sid);
    row_set(tx, t, &t->instance_sid, flex_instance_of(tx->arena, c->account_sid));
    row_set(tx, t, &t->from, from);
    row_set(tx, t, &t->to, to);
    t->type = type;
    t->status = HANDOVER_ACTIVE;
    return t;
}

static void begins(struct interactions *x, struct tx *tx, struct interaction_channel *c, struct interaction_transfer *t)
{
    relinked(x, tx, t);
    if (c->status == CHANNEL_ACTIVE)
        channel_turn(x, tx, c, CHANNEL_TRANSFER);
    say_transfer(tx, EV_INTERACTION_TRANSFER_CREATED, t);
}

static void ends(struct interactions *x, struct tx *tx, struct interaction_transfer *t, enum handover_status to)
{
    struct room *room = room_of(x, t->channel_sid);

    row_edit(tx, t);
    t->status = to;
    relinked(x, tx, t);
    say_transfer(tx, to == HANDOVER_COMPLETED ? EV_INTERACTION_TRANSFER_COMPLETED : EV_INTERACTION_TRANSFER_FAILED, t);
    if (room && room->channel && room->channel->status == CHANNEL_TRANSFER)
        channel_turn(x, tx, room->channel, CHANNEL_ACTIVE);
}

/* --- what routing tells ----------------------------------------------------------------------------------- */

static void note_begun(struct interactions *x, struct tx *tx, const struct transfer *of)
{
    struct invite_live *i = map_get(&x->tasks, of->task_sid);
    const struct part_live *from = map_get(&x->reservations, of->initiating_reservation_sid);
    struct interaction_transfer *t;

    if (!i || !i->room->channel || map_get(&x->transfers, of->sid))
        return;
    t = transfer_row(tx, i->room->channel, of->transfer_mode == TRANSFER_COLD ? HANDOVER_COLD : HANDOVER_WARM,
                     from ? from->row.sid : NULL, of->transfer_to);
    row_set(tx, t, &t->task_transfer_sid, of->sid);
    begins(x, tx, i->room->channel, t);
}

void handover_hears(struct interactions *x, struct tx *tx, enum event_type type, const struct transfer *of)
{
    struct transfer_live *t = map_get(&x->transfers, of->sid);

    if (type == EV_TASK_TRANSFER_INITIATED)
        note_begun(x, tx, of);
    else if (t)
        ends(x, tx, &t->row, type == EV_TASK_TRANSFER_COMPLETED ? HANDOVER_COMPLETED : HANDOVER_FAILED);
}

void handover_invite_ends(struct interactions *x, struct tx *tx, const struct interaction_invite *i, bool accepted)
{
    struct transfer_live *t = map_get(&x->transfers, i->sid);

    if (t)
        ends(x, tx, &t->row, accepted ? HANDOVER_COMPLETED : HANDOVER_FAILED);
}

/* --- beginning ---------------------------------------------------------------------------------------------------- */

struct giver {
    struct part_live *part;
    struct reservation *reservation;
    struct task *task;
};

static fault_t find_giver(struct tx *tx, struct room *room, const char *from, struct giver *out)
{
    size_t n = 0;

    *out = (struct giver){ 0 };
    for (LIST_EACH(l, &room->participants)) {
        struct part_live *p = CONTAINER_OF(l, struct part_live, in_room);
        bool active = p->row.type == PARTICIPANT_AGENT && p->row.status == PARTICIPANT_ACTIVE && p->row.reservation_sid;
        if (!active || (from && !str_eq(p->row.sid, from)))
            continue;
        out->part = p;
        n++;
    }
    if (n != 1)
        return fault(tx->arena, F_INVALID_PARAMETER, "from '%.64s' is not an active agent of this channel",
                     from ? from : "");
    out->reservation = row_find(tx, &reservation_kind, out->part->row.reservation_sid);
    out->task = row_find(tx, &task_kind, out->part->row.task_sid);
    if (!out->reservation || !out->task)
        return fault(tx->arena, F_CONFLICT, "The task of participant %s is over", out->part->row.sid);
    return NULL;
}

static fault_t by_routing(struct interactions *x, struct tx *tx, const struct giver *g,
                          const struct interaction_handover *h, struct interaction_channel *c,
                          struct interaction_transfer *t)
{
    struct transfer *of = row_new(tx, &transfer_kind, NULL);

    row_set(tx, of, &of->account_sid, g->task->account_sid);
    row_set(tx, of, &of->workspace_sid, g->task->workspace_sid);
    row_set(tx, of, &of->task_sid, g->task->sid);
    row_set(tx, of, &of->initiating_reservation_sid, g->reservation->sid);
    row_set(tx, of, &of->transfer_to, h->to);
    of->transfer_mode = h->type == HANDOVER_COLD ? TRANSFER_COLD : TRANSFER_WARM;
    row_set(tx, t, &t->task_transfer_sid, of->sid);
    begins(x, tx, c, t);
    return transfer_created(x->routing, tx, of);
}

static const char *routing_through(struct tx *tx, const struct task *t, const char *workflow_sid)
{
    json_t *p = object_of(tx->arena, NULL), *o = object_of(tx->arena, NULL);

    json_object_set_new(p, "workspace_sid", json_string(t->workspace_sid));
    json_object_set_new(p, "workflow_sid", json_string(workflow_sid));
    json_object_set_new(p, "task_channel_sid", json_string(t->task_channel_sid));
    json_object_set_new(p, "priority", json_integer(t->priority));
    json_object_set(p, "attributes", object_of(tx->arena, t->attributes));
    json_object_set(o, "properties", p);
    return json_text(tx->arena, o);
}

static fault_t by_invitation(struct interactions *x, struct tx *tx, const struct giver *g,
                             const struct interaction_handover *h, struct interaction_channel *c,
                             struct interaction_transfer *t)
{
    struct interaction_invite *i = invite_make(x, tx, c, routing_through(tx, g->task, h->to));

    i->fallback = h->type == HANDOVER_COLD; /* nobody else is with the customer then */
    row_set(tx, t, &t->invite_sid, i->sid);
    begins(x, tx, c, t);
    fault_t f = invite_send(x, tx, i, NULL);
    if (f || h->type != HANDOVER_COLD)
        return f;
    part_leaves_chat(x, tx, g->part);
    return reservation_move(x->routing, tx, g->reservation, RESERVATION_WRAPPING, NULL);
}

static fault_t to_colleague(struct interactions *x, struct tx *tx, const struct giver *g,
                            const struct interaction_handover *h, struct interaction_channel *c,
                            struct interaction_transfer *t)
{
    struct giver colleague;
    fault_t f = find_giver(tx, g->part->room, h->to, &colleague);

    if (f || colleague.part == g->part)
        return fault(tx->arena, F_INVALID_PARAMETER, "to '%.64s' is not another active agent of this channel", h->to);
    begins(x, tx, c, t);
    ends(x, tx, t, HANDOVER_COMPLETED);
    return h->type == HANDOVER_COLD ? interaction_leave(x, tx, &g->part->row, true) : NULL;
}

/* clang-format off */
static const struct {
    const char *prefix;
    fault_t (*run)(struct interactions *x, struct tx *tx, const struct giver *g, const struct interaction_handover *h,
                   struct interaction_channel *c, struct interaction_transfer *t);
} ways[] = { { "WK", by_routing }, { "WQ", by_routing }, { "WW", by_invitation }, { "UT", to_colleague } };
/* clang-format on */

fault_t interaction_handover(struct interactions *x, struct tx *tx, struct interaction_channel *c,
                             const struct interaction_handover *h, struct interaction_transfer **out)
{
    struct room *room = room_of(x, c->sid);
    struct giver g;
    fault_t f;

    *out = NULL;
    if (!channel_is_open(c) || !room)
        return fault(tx->arena, F_CONFLICT, "Channel %s is %s: there is nothing to transfer", c->sid,
                     channel_status_names[c->status]);
    if (h->type == HANDOVER_EXTERNAL)
        return fault(tx->arena, F_INVALID_PARAMETER, "type external needs a call; a conversation has none");
    f = find_giver(tx, room, h->from, &g);
    if (f)
        return f;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (h->to && sid_valid(h->to, ways[i].prefix)) {
            *out = transfer_row(tx, c, h->type, g.part->row.sid, h->to);
            row_set(tx, *out, &(*out)->note_sid, h->note_sid);
            row_set(tx, *out, &(*out)->summary_sid, h->summary_sid);
            return ways[i].run(x, tx, &g, h, c, *out);
        }
    return fault(tx->arena, F_INVALID_PARAMETER,
                 "to '%.64s' is not the SID of a worker, a task queue, a workflow or a participant",
                 h->to ? h->to : "");
}

/* --- ending ------------------------------------------------------------------------------------------------------- */

static fault_t take_back(struct interactions *x, struct tx *tx, struct interaction_transfer *t)
{
    struct transfer *of = t->task_transfer_sid ? row_find(tx, &transfer_kind, t->task_transfer_sid) : NULL;
    struct interaction_invite *i = t->invite_sid ? row_find(tx, &interaction_invite_kind, t->invite_sid) : NULL;
    struct task *task = i ? task_of_invite(tx, i) : NULL;

    if (of)
        return transfer_cancel(x->routing, tx, of);
    if (task)
        return task_move(x->routing, tx, task, TASK_CANCELED, "The transfer was taken back");
    ends(x, tx, t, HANDOVER_FAILED);
    return NULL;
}

fault_t interaction_handover_end(struct interactions *x, struct tx *tx, struct interaction_transfer *t,
                                 enum handover_status status)
{
    struct interaction_participant *from;

    if (status == HANDOVER_FAILED && t->status == HANDOVER_ACTIVE)
        return take_back(x, tx, t);
    if (status != HANDOVER_COMPLETED || t->status != HANDOVER_COMPLETED)
        return fault(tx->arena, F_CONFLICT, "Transfer %s cannot become %s now", t->sid,
                     status == HANDOVER_FAILED ? "failed" : "completed");
    from = row_find(tx, &interaction_participant_kind, t->from);
    if (t->type == HANDOVER_COLD || !from || from->status != PARTICIPANT_ACTIVE)
        return NULL; /* he has left already */
    return interaction_leave(x, tx, from, true);
}
