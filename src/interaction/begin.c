/* A new interaction: its conversation, who is in it, and whom it wants. */
#include "interaction/internal.h"

/* --- the conversation --------------------------------------------------------------------------------------------- */

static fault_t take_conversation(struct interactions *x, struct tx *tx, const struct interaction_wish *w,
                                 const char *account_sid, struct conversation **out)
{
    struct conversation *v = row_find(tx, &conversation_kind, w->media_channel_sid);

    *out = NULL;
    if (!v || !str_eq(v->account_sid, account_sid))
        return fault(tx->arena, F_NOT_FOUND, "Conversation %s does not exist", w->media_channel_sid);
    if (v->state == CONVERSATION_CLOSED)
        return fault(tx->arena, F_CONFLICT, "Conversation %s is closed", v->sid);
    if (interaction_of_conversation(x, v->sid))
        return fault(tx->arena, F_CONFLICT, "Conversation %s belongs to channel %s already", v->sid,
                     interaction_of_conversation(x, v->sid)->sid);
    *out = v;
    return NULL;
}

static fault_t make_conversation(struct interactions *x, struct tx *tx, const char *account_sid,
                                 struct conversation **out)
{
    const struct chat_service *s = chat_service_default(tx, account_sid);
    const struct chat_account *a = chat_account_of(tx, account_sid);
    struct conversation *v = row_new(tx, &conversation_kind, NULL);
    fault_t f;

    row_set(tx, v, &v->account_sid, account_sid);
    row_set(tx, v, &v->chat_service_sid, s->sid);
    row_set(tx, v, &v->messaging_service_sid, a->default_messaging_service_sid);
    v->state = CONVERSATION_ACTIVE;
    v->inactive_timer = v->closed_timer = v->date_inactive = v->date_closed = NO_VALUE;
    f = conversation_add(x->chat, tx, &flex_actor, v);
    *out = f ? NULL : v;
    return f;
}

/* --- who is in it ------------------------------------------------------------------------------------------------- */

static bool is_noted(const struct room *room, const char *chat_participant_sid)
{
    for (const struct link *l = room->participants.next; l != &room->participants; l = l->next)
        if (str_eq(CONTAINER_OF(l, const struct part_live, in_room)->row.chat_participant_sid, chat_participant_sid))
            return true;
    return false;
}

static bool works_here(struct tx *tx, const struct participant *p)
{
    const struct chat_role *role = row_find(tx, &chat_role_kind, p->role_sid);

    return role && str_eq(role->friendly_name, "agent");
}

/* Guests that the wish names come in; whoever was in the conversation before is a customer too, unless he works here.
 */
static fault_t note_guests(struct interactions *x, struct tx *tx, struct interaction_channel *c, struct conversation *v,
                           const struct interaction_wish *w)
{
    struct chat_view view = { .db = tx->db, .tx = tx, .arena = tx->arena };
    struct participant **there;
    size_t n = participants_of(&view, v->sid, &there);
    const char *sid;
    fault_t f = NULL;

    for (size_t i = 0; i < w->nguests && !f; i++) {
        f = guest_enters(x, tx, v, &w->guests[i], "guest", &sid);
        if (!f && !is_noted(room_of(x, c->sid), sid))
            guest_note(x, tx, c, PARTICIPANT_CUSTOMER, &w->guests[i], sid);
    }
    for (size_t i = 0; i < n && !f; i++) {
        struct interaction_guest g = { .identity = there[i]->identity,
                                       .address = there[i]->address,
                                       .proxy_address = there[i]->proxy_address };
        g.name = json_get_string(object_of(tx->arena, there[i]->attributes), "friendlyName");
        if (!is_noted(room_of(x, c->sid), there[i]->sid))
            guest_note(x, tx, c, works_here(tx, there[i]) ? PARTICIPANT_UNKNOWN : PARTICIPANT_CUSTOMER, &g,
                       there[i]->sid);
    }
    if (!f && w->by == FROM_CUSTOMER && list_empty(&room_of(x, c->sid)->participants))
        f = fault(tx->arena, F_CONFLICT, "The customer is not in conversation %s", v->sid);
    return f;
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static fault_t check_agent(struct tx *tx, const struct interaction_wish *w)
{
    const json_t *p = json_object_get(object_of(tx->arena, w->routing), "properties");

    if (w->by != FROM_AGENT || (json_get_string(p, "worker_sid") && json_get_string(p, "queue_sid")))
        return NULL;
    return fault(tx->arena, F_INVALID_PARAMETER,
                 "Routing.properties needs queue_sid and worker_sid when an agent begins");
}

static struct interaction_channel *new_channel(struct interactions *x, struct tx *tx, const struct interaction *row,
                                               const struct interaction_wish *w)
{
    struct interaction_channel *c = row_new(tx, &interaction_channel_kind, NULL);

    row_set(tx, c, &c->account_sid, row->account_sid);
    row_set(tx, c, &c->interaction_sid, row->sid);
    c->type = w->type;
    c->initiated_by = w->by;
    c->status = CHANNEL_SETUP;
    c->error_code = NO_VALUE;
    relinked(x, tx, c);
    say_channel(tx, EV_INTERACTION_CHANNEL_CREATED, c);
    return c;
}

/* The caller's words, and what came of them. */
static void answer(struct tx *tx, struct interaction *row, const struct interaction_channel *c,
                   const struct interaction_invite *invite)
{
    json_t *o = object_of(tx->arena, row->channel), *p = json_object_get(o, "properties");

    json_object_set_new(o, "sid", json_string(c->sid));
    json_object_set_new(o, "type", json_string(channel_type_names[c->type]));
    json_object_set_new(o, "initiated_by", json_string(initiated_by_names[c->initiated_by]));
    if (!json_is_object(p)) {
        p = json_object();
        json_object_set_new(o, "properties", p);
    }
    if (c->media_channel_sid)
        json_object_set_new(p, "media_channel_sid", json_string(c->media_channel_sid));
    row_set(tx, row, &row->channel, json_text(tx->arena, o));
    if (invite)
        row_set(tx, row, &row->routing, invite->routing);
}

static fault_t set_up(struct interactions *x, struct tx *tx, struct interaction *row, struct interaction_channel *c,
                      const struct interaction_wish *w, struct interaction_invite **invite)
{
    struct interaction_guest customer = { 0 };
    struct conversation *v;
    fault_t f = w->media_channel_sid ? take_conversation(x, tx, w, row->account_sid, &v)
                                     : make_conversation(x, tx, row->account_sid, &v);

    *invite = NULL;
    if (f)
        return f;
    row_set(tx, c, &c->media_channel_sid, v->sid);
    row_set(tx, c, &c->chat_service_sid, v->chat_service_sid);
    relinked(x, tx, c);
    f = note_guests(x, tx, c, v, w);
    if (f)
        return f;
    if (w->nguests)
        customer = w->guests[0];
    if (w->from)
        customer.address = w->from;
    if (w->from_name)
        customer.name = w->from_name;
    channel_turn(x, tx, c, w->asleep ? CHANNEL_INACTIVE : CHANNEL_ACTIVE);
    if (w->asleep)
        return NULL;
    *invite = invite_make(x, tx, c, w->routing);
    return invite_send(x, tx, *invite, &customer);
}

fault_t interaction_begin(struct interactions *x, struct tx *tx, struct interaction *row,
                          const struct interaction_wish *w)
{
    struct interaction_channel *c;
    struct interaction_invite *invite;
    const char *why;
    fault_t f = check_agent(tx, w);

    if (!f && !routing_is_sound(tx->arena, w->routing, &why))
        f = fault(tx->arena, F_INVALID_PARAMETER, "%s", why);
    if (f)
        return f;
    c = new_channel(x, tx, row, w);
    f = set_up(x, tx, row, c, w, &invite);
    answer(tx, row, c, invite);
    /* A conversation that was there before is its owner's; one that was made for this is of no use to anybody. */
    if (f)
        channel_fails(x, tx, c, f->code, f->message, !w->media_channel_sid);
    return NULL;
}
