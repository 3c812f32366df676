/* Who comes into the conversation, and who goes. */
#include "interaction/internal.h"

#include "auth/auth.h"

#define AGENT_ROLE "agent"
#define GUEST_ROLE "guest"

/* --- names -------------------------------------------------------------------------------------------------------- */

/* As the worker's own clients call themselves: what his attributes say, who logs in as him, or his name. */
const char *worker_identity(struct tx *tx, const struct worker *w)
{
    const char *uri = json_get_string(object_of(tx->arena, w->attributes), "contact_uri");
    struct user *u = NULL;

    if (uri && str_starts(uri, "client:") && uri[7])
        return uri + 7;
    if (record_find_by(tx->db, tx->arena, &user_kind, "worker_sid", w->sid, w->account_sid, (void **)&u) == DB_OK && u)
        return u->username;
    return w->friendly_name;
}

/* The service's role of that name; NULL: it has none, and its default serves. */
static const char *role_named(struct tx *tx, const char *service_sid, enum role_type type, const char *role)
{
    struct condition conditions[] = {
        { .column = "chat_service_sid", .compare = IS, .value = value_text(service_sid) },
        { .column = "friendly_name", .compare = IS, .value = value_text(role) },
        { .column = "type", .compare = IS, .value = value_int(type) },
    };
    struct chat_role *row;

    (void)record_first(tx->db, tx->arena, &chat_role_kind,
                       &(struct selection){ .conditions = conditions, .nconditions = 3 }, (void **)&row);
    return row ? row->sid : NULL;
}

static const char *named(struct arena *a, const char *friendly_name)
{
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '{');
    if (friendly_name)
        json_pair_str(&o, "friendlyName", friendly_name);
    json_close(&o, '}');
    return json_done(&o);
}

/* --- coming ------------------------------------------------------------------------------------------------------- */

fault_t guest_enters(struct interactions *x, struct tx *tx, struct conversation *in, const struct interaction_guest *g,
                     const char *role, const char **sid_out)
{
    struct chat_view view = { .db = tx->db, .tx = tx, .arena = tx->arena };
    const char *known = g->participant_sid ? g->participant_sid : g->identity;
    struct participant *p = known ? participant_find(&view, in->sid, known) : NULL;
    fault_t f = NULL;

    if (!p) {
        p = row_new(tx, &participant_kind, NULL);
        row_set(tx, p, &p->identity, g->identity);
        row_set(tx, p, &p->address, g->identity ? NULL : g->address);
        row_set(tx, p, &p->proxy_address, g->identity ? NULL : g->proxy_address);
        row_set(tx, p, &p->attributes, named(tx->arena, g->name));
        row_set(tx, p, &p->role_sid, role ? role_named(tx, in->chat_service_sid, ROLE_CONVERSATION, role) : NULL);
        f = participant_add(x->chat, tx, &flex_actor, in, p);
        if (f)
            row_delete(tx, p);
    }
    *sid_out = f ? NULL : p->sid;
    return f;
}

static void put_media(struct tx *tx, struct interaction_participant *p, const struct interaction_guest *g)
{
    json_t *o = object_of(tx->arena, NULL);

    if (g->identity)
        json_object_set_new(o, "identity", json_string(g->identity));
    if (g->address)
        json_object_set_new(o, "address", json_string(g->address));
    if (g->proxy_address)
        json_object_set_new(o, "proxy_address", json_string(g->proxy_address));
    if (g->name)
        json_object_set_new(o, "name", json_string(g->name));
    row_set(tx, p, &p->media_properties, json_text(tx->arena, o));
    row_set(tx, p, &p->identity, g->identity);
    row_set(tx, p, &p->address, g->address);
}

struct interaction_participant *guest_note(struct interactions *x, struct tx *tx, struct interaction_channel *c,
                                           enum participant_type type, const struct interaction_guest *g,
                                           const char *chat_participant_sid)
{
    struct interaction_participant *p = row_new(tx, &interaction_participant_kind, NULL);

    row_set(tx, p, &p->account_sid, c->account_sid);
    row_set(tx, p, &p->interaction_sid, c->interaction_sid);
    row_set(tx, p, &p->channel_sid, c->sid);
    row_set(tx, p, &p->chat_participant_sid, chat_participant_sid);
    p->type = type;
    put_media(tx, p, g);
    relinked(x, tx, p);
    say_participant(tx, EV_INTERACTION_PARTICIPANT_ADDED, p, NULL);
    return p;
}

static void note_reservation(struct tx *tx, struct interaction_participant *p, const struct reservation *r)
{
    json_t *o = object_of(tx->arena, NULL);

    json_object_set_new(o, "workspace_sid", json_string(r->workspace_sid));
    json_object_set_new(o, "task_sid", json_string(r->task_sid));
    json_object_set_new(o, "reservation_sid", json_string(r->sid));
    json_object_set_new(o, "worker_sid", json_string(r->worker_sid));
    row_set(tx, p, &p->routing_properties, json_text(tx->arena, o));
    row_set(tx, p, &p->worker_sid, r->worker_sid);
    row_set(tx, p, &p->task_sid, r->task_sid);
    row_set(tx, p, &p->reservation_sid, r->sid);
}

/* Who has only what every guest has becomes an agent of the service. */
static void promote(struct interactions *x, struct tx *tx, const struct conversation *v, const char *identity)
{
    const struct chat_service *s = row_find(tx, &chat_service_kind, v->chat_service_sid);
    struct chat_user *u = s ? chat_user_of(x->chat, tx, s, identity) : NULL;
    const char *role = u && str_eq(u->role_sid, s->default_chat_service_role_sid)
                           ? role_named(tx, s->sid, ROLE_SERVICE, AGENT_ROLE)
                           : NULL;

    if (!role)
        return;
    row_set(tx, u, &u->role_sid, role);
    fault_t f = chat_user_changed(x->chat, tx, &flex_actor, u);
    (void)f; /* it is a role of this service */
}

static fault_t let_in(struct interactions *x, struct tx *tx, const struct interaction_channel *c,
                      const struct interaction_guest *agent, const char **sid_out)
{
    struct conversation *v = c ? conversation_of(tx, c) : NULL;

    *sid_out = NULL;
    if (!v)
        return fault(tx->arena, F_NOT_FOUND, "The conversation is gone");
    promote(x, tx, v, agent->identity);
    return guest_enters(x, tx, v, agent, AGENT_ROLE, sid_out);
}

/* Told in the middle of routing's work: he has the task whatever comes of this, so he is noted even if the conversation
 * has been closed meanwhile, and hears of it. */
fault_t agent_joins(struct interactions *x, struct tx *tx, struct room *room, struct reservation *r)
{
    const struct worker *w = row_find(tx, &worker_kind, r->worker_sid);
    struct interaction_channel *c = room->channel;
    struct interaction_guest agent = { .identity = w ? worker_identity(tx, w) : r->worker_name };
    struct interaction_participant *p;
    const char *chat_sid;

    if (!c)
        return NULL;
    fault_t f = let_in(x, tx, c, &agent, &chat_sid);
    p = row_new(tx, &interaction_participant_kind, NULL);
    row_set(tx, p, &p->account_sid, c->account_sid);
    row_set(tx, p, &p->interaction_sid, c->interaction_sid);
    row_set(tx, p, &p->channel_sid, c->sid);
    row_set(tx, p, &p->chat_participant_sid, chat_sid);
    p->type = PARTICIPANT_AGENT;
    put_media(tx, p, &agent);
    note_reservation(tx, p, r);
    relinked(x, tx, p);
    row_edit(tx, c);
    row_set(tx, c, &c->resume, NULL); /* nobody is waited for any more */
    c->joined = true;
    c->left = false;
    if (c->status == CHANNEL_SETUP)
        channel_turn(x, tx, c, CHANNEL_ACTIVE);
    say_participant(tx, f ? EV_INTERACTION_PARTICIPANT_ADD_FAILED : EV_INTERACTION_PARTICIPANT_ADDED, p,
                    f ? f->message : NULL);
    return f;
}

fault_t interaction_join(struct interactions *x, struct tx *tx, struct interaction_participant *row)
{
    struct interaction_channel *c = row_find(tx, &interaction_channel_kind, row->channel_sid);
    const json_t *media = object_of(tx->arena, row->media_properties),
                 *routing = object_of(tx->arena, row->routing_properties);
    struct interaction_guest g = { .identity = json_get_string(media, "identity"),
                                   .address = json_get_string(media, "address"),
                                   .proxy_address = json_get_string(media, "proxy_address"),
                                   .name = json_get_string(media, "name") };
    const char *worker_sid = json_get_string(routing, "worker_sid"), *sid;
    const struct worker *w = worker_sid ? row_find(tx, &worker_kind, worker_sid) : NULL;

    if (!c || !interaction_channel_kind.is_live(c))
        return fault(tx->arena, F_CONFLICT, "Channel %s is over: nobody can be added", row->channel_sid);
    if (w && !str_eq(w->account_sid, row->account_sid))
        w = NULL;
    if (!g.identity && !g.address && w)
        g.identity = worker_identity(tx, w);
    if (!g.identity && !g.address)
        return fault(tx->arena, F_INVALID_PARAMETER,
                     "MediaProperties needs identity or address, or RoutingProperties worker_sid");
    struct conversation *v = conversation_of(tx, c);
    if (!v)
        return fault(tx->arena, F_CONFLICT, "The conversation of channel %s is gone", c->sid);
    fault_t f = guest_enters(x, tx, v, &g, row->type == PARTICIPANT_CUSTOMER ? GUEST_ROLE : AGENT_ROLE, &sid);
    if (f)
        return f;
    row_set(tx, row, &row->chat_participant_sid, sid);
    row_set(tx, row, &row->identity, g.identity);
    row_set(tx, row, &row->address, g.address);
    row_set(tx, row, &row->worker_sid, w ? w->sid : NULL);
    relinked(x, tx, row);
    say_participant(tx, EV_INTERACTION_PARTICIPANT_ADDED, row, NULL);
    return NULL;
}

/* --- going -------------------------------------------------------------------------------------------------------- */

/* A worker may have two tasks of one conversation; he leaves it with the last. */
static bool in_it_twice(const struct part_live *p)
{
    const struct room *r = p->room;

    for (const struct link *l = r ? r->participants.next : NULL; l && l != &r->participants; l = l->next) {
        const struct part_live *other = CONTAINER_OF(l, const struct part_live, in_room);
        if (other != p && str_eq(other->row.chat_participant_sid, p->row.chat_participant_sid))
            return true;
    }
    return false;
}

void part_leaves_chat(struct interactions *x, struct tx *tx, struct part_live *p)
{
    const char *sid = p->row.chat_participant_sid;
    struct participant *row = sid && !in_it_twice(p) ? row_find(tx, &participant_kind, sid) : NULL;

    row_set(tx, p, &p->row.chat_participant_sid, NULL);
    if (!row || row->removed)
        return;
    fault_t f = participant_remove(x->chat, tx, &flex_actor, row);
    (void)f; /* the server may remove anybody, from a closed conversation too */
}

void part_closes(struct interactions *x, struct tx *tx, struct part_live *p)
{
    if (p->row.status == PARTICIPANT_CLOSED)
        return;
    part_leaves_chat(x, tx, p);
    row_edit(tx, p);
    p->row.status = PARTICIPANT_CLOSED;
    say_participant(tx, EV_INTERACTION_PARTICIPANT_REMOVED, &p->row, NULL);
    relinked(x, tx, p);
}

size_t agents_in(const struct room *room, const struct part_live *but)
{
    size_t n = 0;

    for (const struct link *l = room->participants.next; l != &room->participants; l = l->next) {
        const struct part_live *p = CONTAINER_OF(l, const struct part_live, in_room);
        n += p != but && p->row.type == PARTICIPANT_AGENT && p->row.chat_participant_sid;
    }
    return n;
}
