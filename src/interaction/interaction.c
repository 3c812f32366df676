/* The rooms, and what makes them agree with the rows; what is told of them. */
#include "interaction/internal.h"

#include <stdlib.h>

/* The conversation's webhooks hear of what the server does, as of anybody's doing. */
const struct chat_actor flex_actor = { .by = BY_SERVER, .source = "API", .webhooks = true };

/* --- rooms -------------------------------------------------------------------------------------------------------- */

struct room *room_of(struct interactions *x, const char *channel_sid)
{
    return channel_sid ? map_get(&x->rooms, channel_sid) : NULL;
}

static struct room *room_make(struct interactions *x, const char *channel_sid)
{
    struct room *r = room_of(x, channel_sid);

    if (r)
        return r;
    r = calloc(1, sizeof *r);
    if (!r)
        abort();
    memcpy(r->sid, channel_sid, SID_LENGTH);
    list_init(&r->invites);
    list_init(&r->participants);
    map_put(&x->rooms, r->sid, r);
    return r;
}

static void room_leave(struct interactions *x, struct room *r)
{
    if (r->channel || !list_empty(&r->invites) || !list_empty(&r->participants))
        return;
    map_remove(&x->rooms, r->sid);
    free(r);
}

static void copy_sid(char to[static SID_SIZE], const char *sid)
{
    memset(to, 0, SID_SIZE);
    if (sid)
        memcpy(to, sid, strnlen(sid, SID_LENGTH));
}

static void name(struct map *m, char key[static SID_SIZE], const char *sid, void *value)
{
    if (*key && strcmp(key, sid ? sid : "") != 0) {
        map_remove(m, key);
        *key = '\0';
    }
    if (*key || !sid)
        return;
    copy_sid(key, sid);
    map_put(m, key, value);
}

/* --- one function a kind: `there` is whether the row is to be known at all -------------------------------- */

static void link_channel(struct interactions *x, struct channel_live *c, bool there)
{
    struct room *r = c->room;

    if (there) {
        r = c->room = room_make(x, c->row.sid);
        r->channel = &c->row;
        name(&x->conversations, r->conversation_sid, c->row.media_channel_sid, r);
    } else if (r) {
        name(&x->conversations, r->conversation_sid, NULL, r);
        r->channel = NULL;
        c->room = NULL;
        room_leave(x, r);
    }
}

static void link_invite(struct interactions *x, struct invite_live *i, bool there)
{
    struct room *r = i->room;

    if (there) {
        r = i->room = r ? r : room_make(x, i->row.channel_sid);
        if (!list_linked(&i->in_room))
            list_append(&r->invites, &i->in_room);
        name(&x->tasks, i->task_sid, i->row.task_sid, i);
    } else if (r) {
        name(&x->tasks, i->task_sid, NULL, i);
        list_remove(&i->in_room);
        i->room = NULL;
        room_leave(x, r);
    }
}

static void link_part(struct interactions *x, struct part_live *p, bool there)
{
    struct room *r = p->room;

    if (there) {
        r = p->room = r ? r : room_make(x, p->row.channel_sid);
        if (!list_linked(&p->in_room))
            list_append(&r->participants, &p->in_room);
        name(&x->reservations, p->reservation_sid, p->row.reservation_sid, p);
    } else if (r) {
        name(&x->reservations, p->reservation_sid, NULL, p);
        list_remove(&p->in_room);
        p->room = NULL;
        room_leave(x, r);
    }
}

static void link_transfer(struct interactions *x, struct transfer_live *t, bool there)
{
    name(&x->transfers, t->origin,
         !there                     ? NULL
         : t->row.task_transfer_sid ? t->row.task_transfer_sid
                                    : t->row.invite_sid,
         t);
}

static void link_row(struct interactions *x, void *row, bool there)
{
    const struct kind *k = row_kind(row);

    if (k == &interaction_channel_kind)
        link_channel(x, row, there);
    else if (k == &interaction_invite_kind)
        link_invite(x, row, there);
    else if (k == &interaction_participant_kind)
        link_part(x, row, there);
    else
        link_transfer(x, row, there);
}

static void relink(void *engine, struct tx *tx, void *row)
{
    (void)tx;
    link_row(engine, row, row_kind(row)->is_live(row));
}

static void unlink_row(void *engine, void *row)
{
    link_row(engine, row, false);
}

void relinked(struct interactions *x, struct tx *tx, void *row)
{
    relink(x, tx, row);
}

/* --- set-up ------------------------------------------------------------------------------------------------------- */

static void forget(void *interactions)
{
    struct interactions *x = interactions;
    struct room *r;

    for (size_t i = 0; (r = map_next(&x->rooms, &i));)
        free(r);
    map_clear(&x->rooms);
    map_clear(&x->conversations);
    map_clear(&x->tasks);
    map_clear(&x->reservations);
    map_clear(&x->transfers);
}

struct interactions *interactions_new(struct ledger *l, struct routing *e, struct chat *c, struct arena *a)
{
    const struct {
        const char *kind;
        size_t live_size;
    } kinds[] = {
        { interaction_channel_kind.name, sizeof(struct channel_live) },
        { interaction_invite_kind.name, sizeof(struct invite_live) },
        { interaction_participant_kind.name, sizeof(struct part_live) },
        { interaction_transfer_kind.name, sizeof(struct transfer_live) },
    };
    struct interactions *x = arena_alloc(a, sizeof *x);

    *x = (struct interactions){ .ledger = l, .routing = e, .chat = c };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        ledger_hooks(l, kinds[i].kind,
                     &(struct live_hooks){
                         .live_size = kinds[i].live_size, .relink = relink, .unlink = unlink_row, .engine = x });
    ledger_on_reset(l, forget, x);
    ledger_alarm(l, &(struct alarm_kind){ ALARM_AGAIN, ring_again, x });
    ledger_alarm(l, &(struct alarm_kind){ ALARM_FORGET, ring_forget, x });
    ledger_on_loaded(l, forget_begin, x);
    ledger_listen(l, &(struct listener){ "reservation.", hear_routing, x });
    ledger_listen(l, &(struct listener){ "task.", hear_routing, x });
    ledger_listen(l, &(struct listener){ "conversation.", hear_chat, x });
    return x;
}

void interactions_free(struct interactions *x)
{
    if (x)
        forget(x);
}

/* --- looking ------------------------------------------------------------------------------------------------------ */

struct interaction_channel *interaction_of_conversation(struct interactions *x, const char *conversation_sid)
{
    struct room *r = conversation_sid ? map_get(&x->conversations, conversation_sid) : NULL;

    return r ? r->channel : NULL;
}

struct interaction_invite *interaction_invite_of_task(struct interactions *x, const char *task_sid)
{
    struct invite_live *i = task_sid ? map_get(&x->tasks, task_sid) : NULL;

    return i ? &i->row : NULL;
}

struct interaction_participant *interaction_part_of_reservation(struct interactions *x, const char *reservation_sid)
{
    struct part_live *p = reservation_sid ? map_get(&x->reservations, reservation_sid) : NULL;

    return p ? &p->row : NULL;
}

struct wanted {
    void (*each)(void *arg, const char *worker_sid);
    void *arg;
};

static void name_worker(void *arg, struct reservation *r)
{
    const struct wanted *w = arg;

    w->each(w->arg, r->worker_sid);
}

void interaction_each_worker(struct interactions *x, struct tx *tx, const char *channel_sid,
                             void (*each)(void *arg, const char *worker_sid), void *arg)
{
    struct room *r = room_of(x, channel_sid);

    for (const struct link *l = r ? r->participants.next : NULL; l && l != &r->participants; l = l->next) {
        const struct part_live *p = CONTAINER_OF(l, const struct part_live, in_room);
        if (p->row.worker_sid)
            each(arg, p->row.worker_sid);
    }
    for (const struct link *l = r ? r->invites.next : NULL; l && l != &r->invites; l = l->next) {
        const struct invite_live *i = CONTAINER_OF(l, const struct invite_live, in_room);
        if (i->row.task_sid)
            routing_each_reservation_of_task(x->routing, tx, i->row.task_sid, name_worker,
                                             &(struct wanted){ each, arg });
    }
}

const char *interaction_part_of_worker(struct interactions *x, const char *channel_sid, const char *worker_sid)
{
    struct room *r = room_of(x, channel_sid);

    for (const struct link *l = r ? r->participants.next : NULL; l && l != &r->participants; l = l->next) {
        const struct part_live *p = CONTAINER_OF(l, const struct part_live, in_room);
        if (p->row.status == PARTICIPANT_ACTIVE && p->row.reservation_sid && str_eq(p->row.worker_sid, worker_sid))
            return p->row.sid;
    }
    return NULL;
}

bool channel_is_open(const struct interaction_channel *c)
{
    return c && (c->status == CHANNEL_SETUP || c->status == CHANNEL_ACTIVE || c->status == CHANNEL_TRANSFER);
}

struct conversation *conversation_of(struct tx *tx, const struct interaction_channel *c)
{
    return c->media_channel_sid ? row_find(tx, &conversation_kind, c->media_channel_sid) : NULL;
}

json_t *object_of(struct arena *a, const char *text)
{
    json_t *o = text ? json_parse_object(a, text, strlen(text), NULL) : NULL;

    return o ? o : json_parse_object(a, "{}", 2, NULL);
}

/* --- telling ------------------------------------------------------------------------------------------------------ */

static void open_facts(struct json_out *o, struct tx *tx, const char *interaction_sid, const char *channel_sid)
{
    json_begin(o, tx->arena);
    json_open(o, '{');
    json_pair_str(o, "interaction_sid", interaction_sid);
    json_pair_str(o, "channel_sid", channel_sid);
}

static void tell_of(struct tx *tx, struct json_out *o, struct event e)
{
    json_close(o, '}');
    e.actor_type = "interaction";
    e.actor_sid = e.scope_sid;
    e.data = json_done(o);
    event_tell(tx, &e);
}

void say_channel(struct tx *tx, enum event_type type, const struct interaction_channel *c)
{
    struct json_out o;

    open_facts(&o, tx, c->interaction_sid, c->sid);
    json_pair_str(&o, "type", channel_type_names[c->type]);
    json_pair_str(&o, "status", channel_status_names[c->status]);
    json_pair_str(&o, "media_channel_sid", c->media_channel_sid);
    if (c->error_message) {
        json_pair_int(&o, "error_code", c->error_code);
        json_pair_str(&o, "error_message", c->error_message);
    }
    tell_of(tx, &o,
            (struct event){ .type = type,
                            .account_sid = c->account_sid,
                            .scope_sid = c->interaction_sid,
                            .resource_type = "interaction-channel",
                            .resource_sid = c->sid,
                            .subject = (void *)c });
}

void say_invite(struct tx *tx, enum event_type type, const struct interaction_invite *i)
{
    struct json_out o;

    open_facts(&o, tx, i->interaction_sid, i->channel_sid);
    json_pair_str(&o, "task_sid", i->task_sid);
    json_pair_bool(&o, "automatic", i->automatic);
    tell_of(tx, &o,
            (struct event){ .type = type,
                            .account_sid = i->account_sid,
                            .scope_sid = i->interaction_sid,
                            .resource_type = "interaction-invite",
                            .resource_sid = i->sid,
                            .subject = (void *)i });
}

void say_participant(struct tx *tx, enum event_type type, struct interaction_participant *p, const char *why)
{
    struct json_out o;

    open_facts(&o, tx, p->interaction_sid, p->channel_sid);
    json_pair_str(&o, "type", participant_type_names[p->type]);
    json_pair_str(&o, "identity", p->identity);
    json_pair_str(&o, "worker_sid", p->worker_sid);
    json_pair_str(&o, "task_sid", p->task_sid);
    json_pair_str(&o, "reservation_sid", p->reservation_sid);
    if (why)
        json_pair_str(&o, "reason", why);
    tell_of(tx, &o,
            (struct event){ .type = type,
                            .account_sid = p->account_sid,
                            .scope_sid = p->interaction_sid,
                            .resource_type = "interaction-participant",
                            .resource_sid = p->sid,
                            .subject = p });
}

void say_transfer(struct tx *tx, enum event_type type, struct interaction_transfer *t)
{
    struct json_out o;

    open_facts(&o, tx, t->interaction_sid, t->channel_sid);
    json_pair_str(&o, "from", t->from);
    json_pair_str(&o, "to", t->to);
    json_pair_bool(&o, "cold", t->type == HANDOVER_COLD);
    tell_of(tx, &o,
            (struct event){ .type = type,
                            .account_sid = t->account_sid,
                            .scope_sid = t->interaction_sid,
                            .resource_type = "interaction-transfer",
                            .resource_sid = t->sid,
                            .subject = t });
}
