/* A channel is closed or parked, a part of it ends; and the customer who comes back. */
#include "interaction/internal.h"

/* --- tasks -------------------------------------------------------------------------------------------------------- */

/* What a task can be moved to from where it is: who waits is sent away, who talks wraps up or is done. */
static fault_t end_task(struct interactions *x, struct tx *tx, struct task *t, bool wrapup, const char *reason)
{
    struct transfer *under_way = routing_transfer_of_task(x->routing, tx, t->sid);
    fault_t f = under_way ? transfer_cancel(x->routing, tx, under_way) : NULL;

    if (f)
        return f;
    switch (t->assignment_status) {
    case TASK_PENDING:
    case TASK_RESERVED:
        return task_move(x->routing, tx, t, TASK_CANCELED, reason);
    case TASK_ASSIGNED:
        return task_move(x->routing, tx, t, wrapup ? TASK_WRAPPING : TASK_COMPLETED, reason);
    case TASK_WRAPPING:
        return wrapup ? NULL : task_move(x->routing, tx, t, TASK_COMPLETED, reason);
    default:
        return NULL;
    }
}

/* Moving tasks changes the list, so it is copied. */
static fault_t end_tasks(struct interactions *x, struct tx *tx, struct room *room, bool wrapup, const char *reason)
{
    size_t n = 0, room_for = 0;
    const char **sids;
    fault_t f = NULL;

    if (!room)
        return NULL;
    for (LIST_EACH(l, &room->invites))
        room_for++;
    sids = arena_alloc(tx->arena, (room_for + 1) * sizeof *sids);
    for (LIST_EACH(l, &room->invites)) {
        const struct invite_live *i = CONTAINER_OF(l, const struct invite_live, in_room);
        if (i->row.task_sid)
            sids[n++] = arena_strdup(tx->arena, i->row.task_sid);
    }
    for (size_t i = 0; i < n && !f; i++) {
        struct task *t = row_find(tx, &task_kind, sids[i]);
        f = t ? end_task(x, tx, t, wrapup, reason) : NULL;
    }
    return f;
}

/* --- closing ------------------------------------------------------------------------------------------------------ */

static fault_t check_live(struct tx *tx, const struct interaction_channel *c)
{
    if (interaction_channel_kind.is_live(c))
        return NULL;
    return fault(tx->arena, F_CONFLICT, "Channel %s is %s already", c->sid, channel_status_names[c->status]);
}

fault_t interaction_close(struct interactions *x, struct tx *tx, struct interaction_channel *c, bool wrapup)
{
    fault_t f = check_live(tx, c);
    char sid[SID_SIZE];

    if (f)
        return f;
    memcpy(sid, c->sid, SID_SIZE);
    if (!wrapup) { /* agents leave an open conversation */
        row_edit(tx, c);
        c->left = true;
        f = end_tasks(x, tx, room_of(x, sid), false, "Interaction channel closed");
    }
    if (f)
        return f;
    channel_ends(x, tx, c);
    return wrapup ? end_tasks(x, tx, room_of(x, sid), true, "Interaction channel closed") : NULL;
}

/* --- parking ------------------------------------------------------------------------------------------------------ */

static const char *last_worker(const struct room *room, const struct interaction_channel *c)
{
    const char *sid = c->last_worker_sid;

    for (const struct link *l = room->participants.next; l != &room->participants; l = l->next) {
        const struct part_live *p = CONTAINER_OF(l, const struct part_live, in_room);
        if (p->row.type == PARTICIPANT_AGENT && p->row.worker_sid)
            sid = p->row.worker_sid;
    }
    return sid;
}

/* How the next invitation goes: as first, with what is said now; to the same agent, if that is asked for. */
static fault_t note_resume(struct tx *tx, const struct room *room, struct interaction_channel *c, const json_t *routing)
{
    const char *to = json_get_string(routing, "resume");
    const json_t *said = json_object_get(routing, "properties");
    const struct interaction *i = row_find(tx, &interaction_kind, c->interaction_sid);
    json_t *o = object_of(tx->arena, i ? i->routing : NULL), *p = json_object_get(o, "properties");

    if (to && !str_ieq(to, "worker") && !str_ieq(to, "workflow"))
        return fault(tx->arena, F_INVALID_PARAMETER, "Routing.resume '%.64s' is not one of: worker, workflow", to);
    if (!json_is_object(p)) {
        p = json_object();
        json_object_set_new(o, "properties", p);
    }
    json_object_del(p, "sid");
    json_object_del(p, "worker_sid");
    json_object_update(p, (json_t *)said);
    if (to && str_ieq(to, "worker") && last_worker(room, c))
        json_object_set_new(p, "worker_sid", json_string(last_worker(room, c)));
    row_set(tx, c, &c->resume, json_text(tx->arena, o));
    return NULL;
}

fault_t interaction_park(struct interactions *x, struct tx *tx, struct interaction_channel *c, const char *routing)
{
    const json_t *o = object_of(tx->arena, routing);
    struct conversation *v = conversation_of(tx, c);
    struct room *room = room_of(x, c->sid);
    const char *why;
    fault_t f = check_live(tx, c);

    if (f)
        return f;
    if (!str_ieq(json_get_string(o, "status") ? json_get_string(o, "status") : "", "closed"))
        return fault(tx->arena, F_INVALID_PARAMETER, "Routing.status must be closed when Status is inactive");
    if (!routing_is_sound(tx->arena, routing, &why))
        return fault(tx->arena, F_INVALID_PARAMETER, "%s", why);
    if (c->status == CHANNEL_INACTIVE)
        return NULL;
    f = note_resume(tx, room, c, o);
    if (f)
        return f;
    channel_turn(x, tx, c, CHANNEL_INACTIVE);
    f = end_tasks(x, tx, room_of(x, c->sid), false, "Interaction channel parked");
    return f || !v ? f : conversation_turn(x->chat, tx, &flex_actor, v, CONVERSATION_INACTIVE, "API");
}

/* --- leaving ------------------------------------------------------------------------------------------------------ */

/* Is anybody else with the customer, or wanted? */
static bool alone(const struct part_live *p)
{
    for (const struct link *l = p->room->invites.next; l != &p->room->invites; l = l->next)
        if (!str_eq(CONTAINER_OF(l, const struct invite_live, in_room)->row.task_sid, p->row.task_sid))
            return false;
    return agents_in(p->room, p) == 0;
}

fault_t interaction_leave(struct interactions *x, struct tx *tx, struct interaction_participant *row, bool wrapup)
{
    struct part_live *p = (struct part_live *)row;
    struct reservation *r;

    if (row->status == PARTICIPANT_CLOSED || !p->room)
        return fault(tx->arena, F_CONFLICT, "Participant %s has left already", row->sid);
    if (!row->reservation_sid) {
        part_closes(x, tx, p);
        return NULL;
    }
    if (p->room->channel && alone(p)) {
        row_edit(tx, p->room->channel);
        p->room->channel->left = true;
    }
    r = row_find(tx, &reservation_kind, row->reservation_sid);
    if (!r)
        return fault(tx->arena, F_CONFLICT, "The reservation of participant %s is gone", row->sid);
    if (wrapup)
        part_leaves_chat(x, tx, p);
    if (wrapup && r->reservation_status == RESERVATION_WRAPPING)
        return NULL;
    return reservation_move(x->routing, tx, r, wrapup ? RESERVATION_WRAPPING : RESERVATION_COMPLETED, NULL);
}

/* --- coming back -------------------------------------------------------------------------------------------------- */

static bool is_customer(const struct room *room, const char *author)
{
    for (const struct link *l = room->participants.next; author && l != &room->participants; l = l->next) {
        const struct interaction_participant *p = &CONTAINER_OF(l, const struct part_live, in_room)->row;
        if (p->type == PARTICIPANT_CUSTOMER && (str_eq(p->identity, author) || str_eq(p->address, author)))
            return true;
    }
    return false;
}

/* The channel is awake again whatever becomes of the invitation; a worker who cannot be had is asked for no longer. */
static void resume(struct interactions *x, struct tx *tx, struct interaction_channel *c)
{
    const struct interaction *i = row_find(tx, &interaction_kind, c->interaction_sid);
    const char *routing = c->resume ? c->resume : i ? i->routing : NULL;
    const json_t *p = json_object_get(object_of(tx->arena, routing), "properties");
    struct interaction_invite *invite;
    char sid[SID_SIZE];

    memcpy(sid, c->sid, SID_SIZE);
    row_edit(tx, c);
    c->left = false;
    if (c->status != CHANNEL_ACTIVE)
        channel_turn(x, tx, c, CHANNEL_ACTIVE);
    invite = invite_make(x, tx, c, routing);
    invite->automatic = true;
    invite->fallback = json_get_string(p, "worker_sid") != NULL;
    fault_t f = invite_send(x, tx, invite, NULL);
    if (!f)
        return;
    if (invite->fallback) {
        row_edit(tx, c);
        c->again = true;
        alarm_set(tx, ALARM_AGAIN, sid, tx->now);
    } else {
        channel_fails(x, tx, c, f->code, f->message, true);
    }
}

void customer_writes(struct interactions *x, struct tx *tx, struct room *room, const struct message *m)
{
    struct interaction_channel *c = room->channel;
    bool nobody = list_empty(&room->invites) && agents_in(room, NULL) == 0;

    if (!c || !nobody || c->again || !is_customer(room, m->author))
        return;
    if (c->status == CHANNEL_INACTIVE || (channel_is_open(c) && c->left))
        resume(x, tx, c);
}
