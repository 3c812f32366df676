/* A customer's conversation begins: by an address of the account, or by a Flex Flow. */
#include "product/flex/internal.h"

#include "base/map.h"
#include <string.h>

/* clang-format off */
static const struct field chat_fields[] = {
    FIELD(flex_chat, sid,           SID,  .flags = KEY, .prefix = "CH"),
    FIELD(flex_chat, account_sid,   SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(flex_chat, address_sid,   SID,  .prefix = "IG"),
    FIELD(flex_chat, flex_flow_sid, SID,  .prefix = "FO"),
    FIELD(flex_chat, identity,      STR),
    FIELD(flex_chat, user_sid,      SID,  .prefix = "US"),
    FIELD(flex_chat, task_sid,      SID,  .prefix = "WT"),
    FIELD(flex_chat, web,           BOOL),
    FIELD(flex_chat, long_lived,    BOOL),
    FIELD(flex_chat, date_created,  TIME, .flags = BORN),
    FIELD(flex_chat, date_updated,  TIME, .flags = BORN | TOUCHED),
};
/* clang-format on */
static const struct index chat_indexes[] = { { "account_sid, identity", false },
                                             { "account_sid, flex_flow_sid", false } };

const struct kind flex_chat_kind = {
    .name = "flex_chat", .size = sizeof(struct flex_chat), .fields = ROWS(chat_fields), .indexes = ROWS(chat_indexes)
};

static struct chat *chat_of(const struct op *op)
{
    return op_site(op)->chat;
}

static struct chat_actor actor(const struct op *op)
{
    return (struct chat_actor){ .by = BY_SERVER, .source = "API", .webhooks = op->webhooks || op->endpoint };
}

/* --- too fast? -------------------------------------------------------------------------------------------- */

static fault_t take(struct op *op, struct limit *l, const char *key, bool address)
{
    int64_t wait = limit_take(l, address ? limit_key(key) : hash_bytes(key, strlen(key)), op->now);

    if (!wait)
        return NULL;
    op_header_add(op, "Retry-After", arena_printf(op->arena, "%lld", (long long)((wait + SECOND - 1) / SECOND)));
    return refuse(op, F_RATE_LIMIT, "Too many chats have begun; try again later");
}

fault_t chat_throttle(struct op *op, const char *account_sid, const char *peer)
{
    struct flex_limits *l = op_site(op)->flex;
    fault_t f = peer ? take(op, &l->peers, peer, true) : NULL;

    return f || !account_sid ? f : take(op, &l->accounts, account_sid, false);
}

/* --- the conversation ------------------------------------------------------------------------------------- */

static fault_t check_order(struct op *op, const struct chat_order *o)
{
    if (o->pre_engagement && strlen(o->pre_engagement) > PRE_ENGAGEMENT_MAX)
        return refuse(op, F_INVALID_PARAMETER, "PreEngagementData is longer than %d characters", PRE_ENGAGEMENT_MAX);
    if (o->pre_engagement && !json_parse_object(op->arena, o->pre_engagement, strlen(o->pre_engagement), NULL))
        return refuse(op, F_INVALID_PARAMETER, "PreEngagementData is not a JSON object");
    if (o->customer_name && utf8_length(o->customer_name) > CHAT_NAME_CHARS_MAX)
        return refuse(op, F_INVALID_PARAMETER, "The customer's name is longer than %d characters", CHAT_NAME_CHARS_MAX);
    return NULL;
}

static const char *attributes_of(struct op *op, const struct chat_order *o)
{
    struct json_out out;

    json_begin(&out, op->arena);
    json_open(&out, '{');
    if (o->pre_engagement)
        json_pair_raw(&out, "pre_engagement_data", o->pre_engagement);
    if (o->customer_name)
        json_pair_str(&out, "from", o->customer_name);
    json_pair_str(&out, "channel_type", o->address ? "sms" : "web");
    json_close(&out, '}');
    return json_done(&out);
}

static fault_t make_conversation(struct op *op, const char *account_sid, const char *sid, const struct chat_order *o,
                                 struct conversation **out)
{
    const struct chat_service *s = o->service_sid ? row_find(op->tx, &chat_service_kind, o->service_sid)
                                                  : chat_service_default(op->tx, account_sid);
    const struct chat_account *a = chat_account_of(op->tx, account_sid);
    const struct chat_actor by = actor(op);
    struct conversation *v;

    if (!s || !str_eq(s->account_sid, account_sid))
        return refuse(op, F_INVALID_PARAMETER, "Service %s does not exist", o->service_sid);
    *out = v = row_new(op->tx, &conversation_kind, sid);
    row_set(op->tx, v, &v->account_sid, account_sid);
    row_set(op->tx, v, &v->chat_service_sid, s->sid);
    row_set(op->tx, v, &v->messaging_service_sid, a->default_messaging_service_sid);
    row_set(op->tx, v, &v->friendly_name, o->friendly_name);
    row_set(op->tx, v, &v->unique_name, o->unique_name);
    row_set(op->tx, v, &v->attributes, attributes_of(op, o));
    v->state = CONVERSATION_ACTIVE;
    v->inactive_timer = v->closed_timer = v->date_inactive = v->date_closed = NO_VALUE;
    return conversation_add(chat_of(op), op->tx, &by, v);
}

/* The name by which others see the customer. */
static fault_t name_user(struct op *op, const struct conversation *v, struct flex_chat *row, const char *name)
{
    const struct chat_service *s = row_find(op->tx, &chat_service_kind, v->chat_service_sid);
    struct chat_user *u = chat_user_of(chat_of(op), op->tx, s, row->identity);
    const struct chat_actor by = actor(op);

    if (!u)
        return refuse(op, F_UNAVAILABLE, "The user of the chat could not be made");
    row_set(op->tx, row, &row->user_sid, u->sid);
    if (!name || str_eq(u->friendly_name, name))
        return NULL;
    row_set(op->tx, u, &u->friendly_name, name);
    return chat_user_changed(chat_of(op), op->tx, &by, u);
}

static fault_t let_in(struct op *op, struct conversation *v, struct flex_chat *row, const struct chat_order *o)
{
    struct participant *p = row_new(op->tx, &participant_kind, NULL);
    const struct chat_actor by = actor(op);
    struct json_out out;

    json_begin(&out, op->arena);
    json_open(&out, '{');
    if (o->customer_name)
        json_pair_str(&out, "friendlyName", o->customer_name);
    json_close(&out, '}');
    row_set(op->tx, p, &p->identity, row->identity);
    row_set(op->tx, p, &p->address, o->address);
    row_set(op->tx, p, &p->proxy_address, o->proxy_address);
    row_set(op->tx, p, &p->attributes, json_done(&out));
    fault_t f = participant_add(chat_of(op), op->tx, &by, v, p);
    return f || !row->identity ? f : name_user(op, v, row, o->customer_name);
}

fault_t chat_begin(struct op *op, struct flex_chat *row, const struct chat_order *o, struct conversation **out)
{
    char made[33];
    fault_t f = check_order(op, o);

    if (f)
        return f;
    random_hex(made, 32);
    if (!o->address)
        row_set(op->tx, row, &row->identity, o->identity ? o->identity : made);
    f = make_conversation(op, row->account_sid, row->sid, o, out);
    return f ? f : let_in(op, *out, row, o);
}

/* --- what follows ----------------------------------------------------------------------------------------- */

fault_t chat_interaction(struct op *op, struct conversation *v, const struct interaction_guest *g,
                         const struct chat_task *t, const char **task_sid)
{
    struct interaction *i = row_new(op->tx, &interaction_kind, NULL);
    const struct interaction_wish wish = { .type = t->type,
                                           .by = FROM_CUSTOMER,
                                           .media_channel_sid = v->sid,
                                           .from_name = g->name,
                                           .guests = g,
                                           .nguests = 1,
                                           .routing = t->routing,
                                           .asleep = t->asleep };

    row_set(op->tx, i, &i->account_sid, v->account_sid);
    row_set(op->tx, i, &i->channel, "{}");
    row_set(op->tx, i, &i->routing, t->routing);
    fault_t f = interaction_begin(interactions_of(op), op->tx, i, &wish);
    if (f || !task_sid)
        return f;
    const json_t *o = i->routing ? json_parse_object(op->arena, i->routing, strlen(i->routing), NULL) : NULL;
    *task_sid = json_get_string(json_object_get(o, "properties"), "sid");
    return NULL;
}

fault_t chat_by_address(struct op *op, const struct address_configuration *a, const struct chat_order *o,
                        struct conversation *v)
{
    const struct flex_chat *row = row_find(op->tx, &flex_chat_kind, v->sid);
    const struct interaction_guest g = { .identity = row->identity, .name = o->customer_name };

    if (a->enabled && a->creation_type == CREATE_WEBHOOK && a->webhook_url) {
        scoped_hook_add(op->tx, v, a->webhook_url, a->webhook_method, a->webhook_filters);
        return NULL;
    }
    return chat_interaction(op, v, &g, &(struct chat_task){ .type = CHANNEL_WEB }, NULL);
}

/* --- coming back ------------------------------------------------------------------------------------------ */

struct latest {
    struct op *op;
    const char *address_sid;
    struct flex_chat *found;
};

static bool is_open(void *arg, void *row)
{
    struct latest *l = arg;
    struct flex_chat *c = row;
    const struct conversation *v = row_find(l->op->tx, &conversation_kind, c->sid);

    if (!v || v->state == CONVERSATION_CLOSED || (l->address_sid && !str_eq(c->address_sid, l->address_sid)))
        return true;
    l->found = c;
    return false;
}

enum { LOOKED_AT = 20 };

struct flex_chat *chat_open_of(struct op *op, const char *account_sid, const char *identity, const char *address_sid)
{
    struct condition conditions[] = {
        { .column = "account_sid", .compare = IS, .value = value_text(account_sid) },
        { .column = "identity", .compare = IS, .value = value_text(identity) },
    };
    struct order newest = { .column = "sid", .descending = true };
    struct latest l = { .op = op, .address_sid = address_sid };

    (void)record_select(
        op->db, op->arena, &flex_chat_kind,
        &(struct selection){
            .conditions = conditions, .nconditions = 2, .orders = &newest, .norders = 1, .limit = LOOKED_AT },
        is_open, &l);
    return l.found;
}
