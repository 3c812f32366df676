/* Interactions, as Flex's own SDK reaches them: what an agent does with the conversation that came with a task.
 *
 * An agent touches channels that he is in, is wanted for, or was the last to leave; whoever sees to others touches all
 * of the account. */
#include "gateway/eventbridge/internal.h"
#include "interaction/interaction.h"

#include <string.h>

enum { PAUSED_MAX = 100 };

static struct interactions *engine(const struct call *c)
{
    return op_site(c->op)->interactions;
}

/* "Status", as the API has it, or "status", as the SDK may say. */
static const char *either(struct call *c, const char *name)
{
    const char *s = call_param(c, name);

    return s ? s : call_param(c, name_snake(c->op->arena, name));
}

static bool is_word(const char *given, const char *word)
{
    return given && str_ieq(given, word);
}

/* --- whose channel? --------------------------------------------------------------------------------------- */

struct mine {
    const char *worker_sid;
    bool found;
};

static void look(void *arg, const char *worker_sid)
{
    struct mine *m = arg;

    m->found |= str_eq(worker_sid, m->worker_sid);
}

static bool may_touch(struct call *c, const struct interaction_channel *channel)
{
    struct mine m = { .worker_sid = c->op->who.worker_sid };

    if (c->elevated)
        return true;
    interaction_each_worker(engine(c), c->op->tx, channel->sid, look, &m);
    return m.found || (m.worker_sid && str_eq(channel->last_worker_sid, m.worker_sid));
}

/* first: which of the pattern's SIDs is the interaction's; the channel's follows. */
static fault_t channel_at(struct call *c, size_t first, struct interaction_channel **out)
{
    struct interaction_channel *channel = op_find(c->op, &interaction_channel_kind, c->sids[first + 1]);

    *out = channel;
    if (!channel || !str_eq(channel->interaction_sid, c->sids[first]))
        return call_not_found(c);
    return may_touch(c, channel)
               ? NULL
               : refuse(c->op, F_FORBIDDEN, "Channel %s is not one of worker %s", channel->sid, c->op->who.worker_sid);
}

static fault_t part_at(struct call *c, const struct kind *k, const char *sid, const struct interaction_channel *channel,
                       void **out)
{
    *out = op_find(c->op, k, sid);
    return *out && str_eq(*field_text(field_named(k, "channel_sid"), *out), channel->sid) ? NULL : call_not_found(c);
}

/* --- answers ---------------------------------------------------------------------------------------------- */

static fault_t answer_row(struct call *c, const struct kind *k, const void *row)
{
    struct json_out o;

    json_begin(&o, c->op->arena);
    json_open(&o, '{');
    members_json(&o, k, row, 0);
    json_close(&o, '}');
    call_answer(c, &o);
    return NULL;
}

struct listing {
    struct call *call;
    const struct kind *kind;
    struct json_out out;
};

/* What this command has changed is known better in memory. */
static bool put_row(void *arg, void *row)
{
    struct listing *l = arg;
    const char *sid = *field_text(field_flagged(l->kind, KEY), row);

    json_open(&l->out, '{');
    members_json(&l->out, l->kind, op_find(l->call->op, l->kind, sid), 0);
    json_close(&l->out, '}');
    return true;
}

/* Newest first: Flex's SDK takes the first agent that it finds for who is there now.  many: the member that they are;
 * NULL: they are the answer. */
static fault_t answer_rows(struct call *c, const struct kind *k, const char *many, const struct condition *of, size_t n)
{
    struct listing l = { .call = c, .kind = k };
    struct order newest = { .column = "sid", .descending = true };
    struct selection s = { .conditions = of, .nconditions = n, .orders = &newest, .norders = 1, .limit = PAGE_MAX };

    json_begin(&l.out, c->op->arena);
    if (many) {
        json_open(&l.out, '{');
        json_key(&l.out, many);
    }
    json_open(&l.out, '[');
    if (record_select(c->op->db, c->op->arena, k, &s, put_row, &l) != DB_OK)
        return op_failed(c->op);
    json_close(&l.out, ']');
    if (many)
        json_close(&l.out, '}');
    call_answer(c, &l.out);
    return NULL;
}

static struct condition is(const char *column, const char *value)
{
    return (struct condition){ .column = column, .compare = IS, .value = value_text(value) };
}

/* --- interactions and channels ---------------------------------------------------------------------------- */

/* An agent begins for himself, and in a conversation of its own: or he could walk into any. */
static fault_t may_begin(struct call *c, const struct interaction_wish *wish)
{
    json_t *o = wish->routing ? json_parse_object(c->op->arena, wish->routing, strlen(wish->routing), NULL) : NULL;
    const char *worker = json_get_string(json_object_get(o, "properties"), "worker_sid");

    if (c->elevated ||
        (wish->by == FROM_AGENT && !wish->media_channel_sid && worker && str_eq(worker, c->op->who.worker_sid)))
        return NULL;
    return refuse(c->op, F_FORBIDDEN, "Worker %s may begin as an agent, for himself, and a conversation of its own",
                  c->op->who.worker_sid);
}

fault_t interaction_create(struct call *c)
{
    struct tx *tx = c->op->tx;
    const char *channel = either(c, "Channel"), *routing = either(c, "Routing"), *why = NULL;
    struct interaction_wish wish;
    struct interaction *i;
    fault_t f;

    if (!channel || !json_parse_object(c->op->arena, channel, strlen(channel), &why))
        return refuse(c->op, F_INVALID_PARAMETER, "Channel is not a JSON object: %s", why ? why : "it is missing");
    f = interaction_wish_read(tx, channel, &wish);
    if (f)
        return f;
    wish.routing = routing;
    f = may_begin(c, &wish);
    if (f)
        return f;
    i = row_new(tx, &interaction_kind, NULL);
    row_set(tx, i, &i->account_sid, c->workspace->account_sid);
    row_set(tx, i, &i->channel, channel);
    row_set(tx, i, &i->routing, routing);
    f = interaction_begin(engine(c), tx, i, &wish);
    return f ? f : answer_row(c, &interaction_kind, i);
}

/* An interaction is whose its channel is. */
static fault_t interaction_at(struct call *c, const struct interaction **out)
{
    struct condition of = is("interaction_sid", c->sids[0]);
    struct interaction_channel *channel;

    *out = op_find(c->op, &interaction_kind, c->sids[0]);
    if (!*out)
        return call_not_found(c);
    if (record_first(c->op->db, c->op->arena, &interaction_channel_kind,
                     &(struct selection){ .conditions = &of, .nconditions = 1 }, (void **)&channel) != DB_OK)
        return op_failed(c->op);
    if (c->elevated || (channel && may_touch(c, channel)))
        return NULL;
    return refuse(c->op, F_FORBIDDEN, "Interaction %s is not one of worker %s", (*out)->sid, c->op->who.worker_sid);
}

fault_t interaction_fetch(struct call *c)
{
    const struct interaction *i;
    fault_t f = interaction_at(c, &i);

    return f ? f : answer_row(c, &interaction_kind, i);
}

fault_t interaction_channels(struct call *c)
{
    struct condition of = is("interaction_sid", c->sids[0]);
    const struct interaction *i;
    fault_t f = interaction_at(c, &i);

    return f ? f : answer_rows(c, &interaction_channel_kind, "channels", &of, 1);
}

/* --- those that sleep ---------------------------------------------------------------------------------------- */

struct paused {
    struct call *call;
    bool waiting; /* only those that will come back to this worker: what the SDK calls paused */
    int64_t room; /* for so many more */
    const char *last, *next;
    struct json_out out;
};

static void put_channel(struct json_out *o, const struct interaction_channel *channel, const json_t *routing,
                        struct arena *a)
{
    static const char *const kept[] = { "workspace_sid", "workflow_sid" };
    const json_t *attributes = json_object_get(routing, "attributes");

    json_open(o, '{');
    members_json(o, &interaction_channel_kind, channel, 0);
    json_pair_str(o, "account_sid", channel->account_sid);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        json_pair_str(o, kept[i], json_get_string(routing, kept[i]));
    json_pair_str(o, "attributes", json_is_object(attributes) ? json_text(a, attributes) : "{}");
    json_pair_date(o, "date_created", channel->date_created);
    json_pair_date(o, "date_updated", channel->date_updated);
    json_close(o, '}');
}

static bool put_paused(void *arg, void *row)
{
    struct paused *p = arg;
    struct op *op = p->call->op;
    const struct interaction_channel *channel = op_find(op, &interaction_channel_kind, *(const char **)row);
    const char *said = channel->resume ? channel->resume : "{}";
    const json_t *routing = json_object_get(json_parse_object(op->arena, said, strlen(said), NULL), "properties");

    if (!p->room--) {
        p->next = p->last;
        return false;
    }
    p->last = channel->sid;
    if (!p->waiting || str_eq(json_get_string(routing, "worker_sid"), op->who.worker_sid))
        put_channel(&p->out, channel, routing, op->arena);
    return true;
}

/* Those that sleep and that this worker was the last to leave, a page at a time. */
fault_t paused_channels(struct call *c)
{
    struct condition of[] = { is("last_worker_sid", c->op->who.worker_sid), is("status", "inactive") };
    const char *size = either(c, "PageSize"), *after = either(c, "PageToken"), *status = either(c, "Status");
    struct paused p = { .call = c, .waiting = status && str_ieq(status, "pause"), .room = PAUSED_MAX };

    if (!size)
        size = call_param(c, "pageSize");
    if (!after)
        after = call_param(c, "pageToken");
    if (size && (!str_to_int(size, &p.room) || p.room < 1 || p.room > PAUSED_MAX))
        return refuse(c->op, F_INVALID_PARAMETER, "pageSize '%.32s' is not between 1 and %d", size, PAUSED_MAX);
    if (after && !sid_valid(after, "UO"))
        return refuse(c->op, F_INVALID_PARAMETER, "pageToken '%.64s' is not one of these pages'", after);
    struct selection s = { .conditions = of, .nconditions = 2, .after_sid = after, .limit = p.room + 1 };
    json_begin(&p.out, c->op->arena);
    json_open(&p.out, '{');
    json_key(&p.out, "content");
    json_open(&p.out, '[');
    if (record_select(c->op->db, c->op->arena, &interaction_channel_kind, &s, put_paused, &p) != DB_OK)
        return op_failed(c->op);
    json_close(&p.out, ']');
    json_key(&p.out, "meta");
    json_open(&p.out, '{');
    json_pair_str(&p.out, "previous_token", NULL);
    json_pair_str(&p.out, "next_token", p.next);
    json_close(&p.out, '}');
    json_close(&p.out, '}');
    call_answer(c, &p.out);
    return NULL;
}

fault_t channel_fetch(struct call *c)
{
    struct interaction_channel *channel;
    fault_t f = channel_at(c, 0, &channel);

    return f ? f : answer_row(c, &interaction_channel_kind, channel);
}

/* Whoever resumes a parked channel takes it himself. */
static fault_t resume(struct call *c, const struct interaction_channel *channel)
{
    struct tx *tx = c->op->tx;
    struct interaction_invite *i = row_new(tx, &interaction_invite_kind, NULL);

    if (!c->op->who.worker_sid)
        return refuse(c->op, F_FORBIDDEN, "The token has no worker who could resume");
    row_set(tx, i, &i->account_sid, channel->account_sid);
    row_set(tx, i, &i->interaction_sid, channel->interaction_sid);
    row_set(tx, i, &i->channel_sid, channel->sid);
    row_set(tx, i, &i->routing,
            arena_printf(tx->arena, "{\"properties\":{\"workspace_sid\":\"%s\",\"worker_sid\":\"%s\"}}",
                         c->workspace->sid, c->op->who.worker_sid));
    return interaction_invite(engine(c), tx, i);
}

static bool wraps_up(struct call *c, const char *routing)
{
    const json_t *o = routing ? json_parse_object(c->op->arena, routing, strlen(routing), NULL) : NULL;
    const char *status = o ? json_get_string(o, "status") : NULL;

    return !is_word(status, "closed") && !is_word(status, "close");
}

fault_t channel_update(struct call *c)
{
    const char *status = either(c, "Status"), *routing = either(c, "Routing");
    struct interaction_channel *channel;
    fault_t f = channel_at(c, 0, &channel);

    if (f)
        return f;
    if (is_word(status, "closed") || is_word(status, "close"))
        f = interaction_close(engine(c), c->op->tx, channel, wraps_up(c, routing));
    else if (is_word(status, "inactive"))
        f = interaction_park(engine(c), c->op->tx, channel, routing);
    else if (is_word(status, "pause")) /* parked, and waiting for the same agent */
        f = interaction_park(engine(c), c->op->tx, channel, "{\"status\":\"closed\",\"resume\":\"worker\"}");
    else if (is_word(status, "active") && channel->status == CHANNEL_INACTIVE)
        f = resume(c, channel);
    else
        f = refuse(c->op, F_INVALID_PARAMETER,
                   "Status '%.64s' is not one of: closed, inactive, pause; or active, of an inactive one",
                   status ? status : "");
    return f ? f : answer_row(c, &interaction_channel_kind, channel);
}

/* --- invitations ------------------------------------------------------------------------------------------ */

fault_t invites_list(struct call *c)
{
    struct interaction_channel *channel;
    fault_t f = channel_at(c, 0, &channel);
    struct condition of = is("channel_sid", c->sids[1]);

    return f ? f : answer_rows(c, &interaction_invite_kind, "invites", &of, 1);
}

fault_t invite_create(struct call *c)
{
    struct tx *tx = c->op->tx;
    const char *routing = either(c, "Routing");
    struct interaction_channel *channel;
    fault_t f = channel_at(c, 0, &channel);

    if (!f && !routing)
        f = refuse(c->op, F_INVALID_PARAMETER, "Missing required parameter Routing");
    if (f)
        return f;
    struct interaction_invite *i = row_new(tx, &interaction_invite_kind, NULL);
    row_set(tx, i, &i->account_sid, channel->account_sid);
    row_set(tx, i, &i->interaction_sid, channel->interaction_sid);
    row_set(tx, i, &i->channel_sid, channel->sid);
    row_set(tx, i, &i->routing, routing);
    f = interaction_invite(engine(c), tx, i);
    return f ? f : answer_row(c, &interaction_invite_kind, i);
}

struct offer {
    const char *worker_sid;
    struct reservation *found;
};

static void find_offer(void *arg, struct reservation *r)
{
    struct offer *o = arg;

    if (r->reservation_status == RESERVATION_PENDING && str_eq(r->worker_sid, o->worker_sid))
        o->found = r;
}

/* Taken or declined: by the reservation that it led to.  Flex's SDK says so in `action`. */
fault_t invite_update(struct call *c)
{
    const char *action = either(c, "Action"), *status = action ? action : either(c, "Status");
    struct offer o = { .worker_sid = c->op->who.worker_sid };
    struct interaction_channel *channel;
    void *row = NULL;
    fault_t f = channel_at(c, 0, &channel);

    f = f ? f : part_at(c, &interaction_invite_kind, c->sids[2], channel, &row);
    if (f)
        return f;
    bool accepted = is_word(status, "accepted") || is_word(status, "accept");
    if (!accepted && !is_word(status, "declined") && !is_word(status, "decline"))
        return refuse(c->op, F_INVALID_PARAMETER, "Status '%.64s' is not one of: accepted, declined",
                      status ? status : "");
    const struct interaction_invite *i = row;
    if (i->task_sid)
        routing_each_reservation_of_task(c->bridge->engine, c->op->tx, i->task_sid, find_offer, &o);
    if (!o.found)
        return refuse(c->op, F_CONFLICT, "Invitation %s is not offered to this worker now", i->sid);
    f = reservation_move(c->bridge->engine, c->op->tx, o.found, accepted ? RESERVATION_ACCEPTED : RESERVATION_REJECTED,
                         NULL);
    return f ? f : answer_row(c, &interaction_invite_kind, row);
}

/* --- participants ----------------------------------------------------------------------------------------- */

fault_t participants_list(struct call *c)
{
    struct interaction_channel *channel;
    fault_t f = channel_at(c, 0, &channel);
    struct condition of = is("channel_sid", c->sids[1]);

    return f ? f : answer_rows(c, &interaction_participant_kind, "participants", &of, 1);
}

static fault_t read_participant(struct call *c, struct interaction_participant *p)
{
    const char *type = either(c, "Type"), *media = either(c, "MediaProperties"),
               *routing = either(c, "RoutingProperties");
    unsigned t = 0;

    while (participant_type_names[t] && !str_ieq(participant_type_names[t], type ? type : ""))
        t++;
    if (!participant_type_names[t])
        return refuse(c->op, F_INVALID_PARAMETER, "Type '%.64s' is not a type of participants", type ? type : "");
    if (!media || !json_parse_object(c->op->arena, media, strlen(media), NULL))
        return refuse(c->op, F_INVALID_PARAMETER, "MediaProperties is not a JSON object");
    if (routing && !json_parse_object(c->op->arena, routing, strlen(routing), NULL))
        return refuse(c->op, F_INVALID_PARAMETER, "RoutingProperties is not a JSON object");
    p->type = t;
    row_set(c->op->tx, p, &p->media_properties, media);
    row_set(c->op->tx, p, &p->routing_properties, routing);
    return NULL;
}

fault_t participant_create(struct call *c)
{
    struct tx *tx = c->op->tx;
    struct interaction_channel *channel;
    struct interaction_participant *p;
    fault_t f = channel_at(c, 0, &channel);

    if (f)
        return f;
    p = row_new(tx, &interaction_participant_kind, NULL);
    row_set(tx, p, &p->account_sid, channel->account_sid);
    row_set(tx, p, &p->interaction_sid, channel->interaction_sid);
    row_set(tx, p, &p->channel_sid, channel->sid);
    f = read_participant(c, p);
    f = f ? f : interaction_join(engine(c), tx, p);
    return f ? f : answer_row(c, &interaction_participant_kind, p);
}

fault_t participant_modify(struct call *c)
{
    const char *status = either(c, "Status");
    struct interaction_channel *channel;
    void *row = NULL;
    fault_t f = channel_at(c, 0, &channel);

    f = f ? f : part_at(c, &interaction_participant_kind, c->sids[2], channel, &row);
    if (!f && !is_word(status, "closed") && !is_word(status, "wrapup"))
        f = refuse(c->op, F_INVALID_PARAMETER, "Status '%.64s' is not one of: closed, wrapup", status ? status : "");
    if (f)
        return f;
    const struct interaction_participant *p = row;
    if (!c->elevated && p->type == PARTICIPANT_AGENT && !str_eq(p->worker_sid, c->op->who.worker_sid))
        return refuse(c->op, F_FORBIDDEN, "Participant %s is not worker %s", p->sid, c->op->who.worker_sid);
    f = interaction_leave(engine(c), c->op->tx, row, str_ieq(status, "wrapup"));
    return f ? f : answer_row(c, &interaction_participant_kind, row);
}

/* --- transfers: /v1/Instances/GO…/Interactions/KD…/Channels/UO…/Transfers --------------------------------- */

static fault_t read_transfer(struct call *c, const struct interaction_channel *channel, struct interaction_handover *h)
{
    static const char *const types[] = { [HANDOVER_WARM] = "warm", [HANDOVER_COLD] = "cold" };
    const char *type = either(c, "Type");
    unsigned t = 0;

    while (t < 2 && !str_ieq(types[t], type ? type : "warm"))
        t++;
    if (t == 2)
        return refuse(c->op, F_INVALID_PARAMETER, "type '%.64s' is not one of: warm, cold", type);
    *h = (struct interaction_handover){ .type = t, .from = either(c, "From"), .to = either(c, "To") };
    if (!h->from && !c->elevated)
        h->from = interaction_part_of_worker(engine(c), channel->sid, c->op->who.worker_sid);
    return NULL;
}

fault_t handover_create(struct call *c)
{
    struct interaction_transfer *made = NULL;
    struct interaction_channel *channel;
    struct interaction_handover h;
    fault_t f = channel_at(c, 1, &channel);

    f = f ? f : read_transfer(c, channel, &h);
    f = f ? f : interaction_handover(engine(c), c->op->tx, channel, &h, &made);
    return f ? f : answer_row(c, &interaction_transfer_kind, made);
}

fault_t handovers_list(struct call *c)
{
    struct interaction_channel *channel;
    fault_t f = channel_at(c, 1, &channel);
    struct condition of = is("channel_sid", c->sids[2]);

    return f ? f : answer_rows(c, &interaction_transfer_kind, NULL, &of, 1);
}

static fault_t transfer_at(struct call *c, struct interaction_transfer **out)
{
    struct interaction_channel *channel;
    void *row = NULL;
    fault_t f = channel_at(c, 1, &channel);

    f = f ? f : part_at(c, &interaction_transfer_kind, c->sids[3], channel, &row);
    *out = row;
    return f;
}

fault_t handover_fetch(struct call *c)
{
    struct interaction_transfer *t;
    fault_t f = transfer_at(c, &t);

    return f ? f : answer_row(c, &interaction_transfer_kind, t);
}

fault_t handover_update(struct call *c)
{
    const char *status = either(c, "Status");
    struct interaction_transfer *t;
    fault_t f = transfer_at(c, &t);
    bool completed = str_ieq(status ? status : "", "completed");

    if (!f && !completed && !str_ieq(status ? status : "", "failed") && !str_ieq(status ? status : "", "canceled"))
        f = refuse(c->op, F_INVALID_PARAMETER, "status '%.64s' is not one of: completed, failed", status ? status : "");
    f = f ? f : interaction_handover_end(engine(c), c->op->tx, t, completed ? HANDOVER_COMPLETED : HANDOVER_FAILED);
    return f ? f : answer_row(c, &interaction_transfer_kind, t);
}

/* --- events ----------------------------------------------------------------------------------------------- */

void part_json(struct json_out *o, const struct interaction_participant *p, const char *task_sid)
{
    json_open(o, '{');
    members_json(o, &interaction_participant_kind, p, ON_CREATE);
    json_pair_str(o, "type", participant_type_names[p->type]);
    json_key(o, "routing_properties");
    json_open(o, '{');
    json_pair_str(o, "task_sid", task_sid);
    json_pair_str(o, "reservation_sid", p->reservation_sid);
    json_pair_str(o, "worker_sid", p->worker_sid);
    json_close(o, '}');
    json_pair_str(o, "participant_sid", p->sid);
    json_pair_str(o, "identity", p->identity);
    json_pair_str(o, "task_sid", p->task_sid);
    json_pair_str(o, "reservation_sid", p->reservation_sid);
    json_pair_str(o, "worker_sid", p->worker_sid);
    json_close(o, '}');
}
