/* A task's attributes as Flex writes them.  What the caller gave stays as it is; the SIDs by which clients find the
 * interaction are always the true ones; of what describes the customer, what the caller says goes first. */
#include "interaction/internal.h"

struct customer {
    const char *address, *name;
    bool phone, email;
};

static void put(json_t *o, const char *key, const char *value)
{
    json_object_set_new(o, key, value ? json_string(value) : json_null());
}

static void offer(json_t *o, const char *key, const char *value)
{
    if (value && !json_object_get(o, key))
        json_object_set_new(o, key, json_string(value));
}

static json_t *object_in(json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);

    if (json_is_object(v))
        return v;
    v = json_object();
    json_object_set_new(o, key, v);
    return v;
}

/* What the widget asked before the conversation began. */
static const json_t *pre_engagement(struct tx *tx, const struct conversation *v)
{
    return v ? json_object_get(object_of(tx->arena, v->attributes), "pre_engagement_data") : NULL;
}

static const struct interaction_participant *first_customer(const struct room *room)
{
    for (const struct link *l = room->participants.next; l != &room->participants; l = l->next) {
        const struct part_live *p = CONTAINER_OF(l, const struct part_live, in_room);
        if (p->row.type == PARTICIPANT_CUSTOMER)
            return &p->row;
    }
    return NULL;
}

static struct customer customer_of(struct interactions *x, struct tx *tx, const struct interaction_channel *c,
                                   const struct interaction_guest *told)
{
    const struct interaction_participant *p = first_customer(room_of(x, c->sid));
    const json_t *asked = pre_engagement(tx, conversation_of(tx, c));
    struct customer who = { .address = told && told->address ? told->address
                                       : told                ? told->identity
                                                             : NULL,
                            .name = told ? told->name : NULL };

    if (!who.address && p)
        who.address = p->address ? p->address : p->identity;
    if (!who.name && p)
        who.name = json_get_string(object_of(tx->arena, p->media_properties), "name");
    if (!who.name)
        who.name = json_get_string(asked, "friendlyName");
    who.email = who.address && strchr(who.address, '@');
    who.phone = who.address && strchr(who.address, '+');
    return who;
}

static void put_conversations(json_t *o, const struct interaction_channel *c)
{
    json_t *about = object_in(o, "conversations"), *media;

    offer(about, "conversation_id", c->interaction_sid);
    offer(about, "initiated_by", initiated_by_names[c->initiated_by]);
    offer(about, "communication_channel", channel_type_names[c->type]);
    offer(about, "direction", c->initiated_by == FROM_AGENT ? "outbound" : "inbound");
    if (!json_object_get(about, "media") && c->media_channel_sid) {
        media = json_pack("[{s:s,s:s,s:s}]", "type", "ChatTranscript", "sid", c->media_channel_sid, "conversation_sid",
                          c->media_channel_sid);
        json_object_set_new(about, "media", media);
    }
}

static void put_customer(struct tx *tx, json_t *o, const struct interaction_channel *c, const struct customer *who)
{
    const json_t *asked = pre_engagement(tx, conversation_of(tx, c));
    const char *phone = who->phone ? strchr(who->address, '+') : NULL;
    json_t *customers;

    offer(o, "customerAddress", who->address);
    offer(o, "customerName", who->name ? who->name : who->address);
    offer(o, "from", who->name && !who->phone && !who->email ? who->name : who->address);
    customers = object_in(o, "customers");
    offer(customers, "phone", phone);
    offer(customers, "email", who->email ? who->address : json_get_string(asked, "email"));
    offer(customers, "name", who->name);
    if (asked && !json_object_get(o, "pre_engagement_data"))
        json_object_set(o, "pre_engagement_data", (json_t *)asked);
}

const char *attributes_of(struct interactions *x, struct tx *tx, const struct interaction_channel *c,
                          const struct interaction_invite *i, const struct interaction_guest *customer, json_t *o)
{
    struct customer who = customer_of(x, tx, c, customer);

    put(o, "flexInteractionSid", c->interaction_sid);
    put(o, "flexInteractionChannelSid", c->sid);
    put(o, "flexChannelInviteSid", i->sid);
    put(o, "conversationSid", c->media_channel_sid);
    offer(o, "channelType", channel_type_names[c->type]);
    offer(o, "initiatedBy", initiated_by_names[c->initiated_by]);
    offer(o, "direction", c->initiated_by == FROM_AGENT ? "outbound" : "inbound");
    put_customer(tx, o, c, &who);
    put_conversations(o, c);
    return json_text(tx->arena, o);
}
