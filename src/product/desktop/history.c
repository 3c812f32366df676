/* Customer history: the other conversations of whoever an agent is writing with.
 *
 * An agent sees it through a conversation that he takes part in, and of the customers in that one only; a supervisor or
 * an admin through any of the account's.  A customer is known by the address that he writes from, or by his identity.
 */
#include "product/desktop/internal.h"

#include "chat/chat.h"
#include <string.h>

enum { CONVERSATIONS_SHOWN = 50, MESSAGES_SHOWN = 200, CUSTOMERS_MAX = 10 };

static bool oversees(const struct principal *who)
{
    return who->roles && (strstr(who->roles, "\"supervisor\"") || strstr(who->roles, "\"admin\""));
}

/* Is it one of us?  Agents take part with the name that they log in with. */
static bool is_colleague(struct op *op, const struct participant *p)
{
    struct user *u = NULL;

    return p->identity && !user_by_name(op->db, op->arena, p->identity, &u) && u &&
           str_eq(u->account_sid, op->who.account_sid);
}

struct customers {
    struct participant *rows[CUSTOMERS_MAX];
    size_t n;
};

/* The customers of the conversation in the path, if the caller may ask. */
static fault_t customers_of(struct op *op, struct customers *out)
{
    struct chat_view v = { .db = op->db, .tx = op->tx, .arena = op->arena };
    const char *sid = op_path(op, "conversation_sid");
    struct conversation *c = op_find(op, &conversation_kind, sid);
    struct participant **all;
    bool inside = oversees(&op->who);

    out->n = 0;
    if (!c)
        return refuse(op, F_NOT_FOUND, "Conversation %.64s was not found", sid);
    size_t n = participants_of(&v, c->sid, &all);
    for (size_t i = 0; i < n; i++)
        inside = inside || str_eq(all[i]->identity, op->who.identity);
    if (!inside)
        return refuse(op, F_NOT_FOUND, "Conversation %.64s was not found", sid);
    for (size_t i = 0; i < n && out->n < CUSTOMERS_MAX; i++)
        if (!is_colleague(op, all[i]))
            out->rows[out->n++] = all[i];
    return NULL;
}

/* --- their conversations ------------------------------------------------------------------------------------------ */

struct listing {
    struct op *op;
    const char *but; /* the conversation that was asked through */
    struct conversation *found[CONVERSATIONS_SHOWN];
    const char *channels[CONVERSATIONS_SHOWN];
    size_t n;
};

static bool take(void *arg, void *row)
{
    struct listing *l = arg;
    const struct participant *p = row;

    if (p->removed || str_eq(p->conversation_sid, l->but))
        return true;
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->found[i]->sid, p->conversation_sid))
            return true;
    struct conversation *c = op_find(l->op, &conversation_kind, p->conversation_sid);
    if (c) {
        l->channels[l->n] = p->channel;
        l->found[l->n++] = c;
    }
    return l->n < CONVERSATIONS_SHOWN;
}

/* Newest first: by the sids of their memberships, which sort by age. */
static fault_t memberships(struct listing *l, const struct participant *customer)
{
    struct op *op = l->op;
    bool by_address = customer->address != NULL;
    struct condition same[] = {
        { .column = "account_sid", .compare = IS, .value = value_text(op->who.account_sid) },
        { .column = by_address ? "address" : "identity",
          .compare = IS,
          .value = value_text(by_address ? customer->address : customer->identity) },
    };
    struct order newest = { .column = "sid", .descending = true };
    struct selection s = { .conditions = same, .nconditions = 2, .orders = &newest, .norders = 1, .limit = 200 };

    return record_select(op->db, op->arena, &participant_kind, &s, take, l) == DB_OK ? NULL : op_failed(op);
}

static struct message *last_message(struct op *op, const struct conversation *c)
{
    struct message *m = NULL;
    struct condition of[] = {
        { .column = "conversation_sid", .compare = IS, .value = value_text(c->sid) },
        { .column = "message_index", .compare = IS, .value = value_int(c->last_message_index) },
    };
    struct selection s = { .conditions = of, .nconditions = 2 };

    if (c->last_message_index != NO_VALUE)
        (void)record_first(op->db, op->arena, &message_kind, &s, (void **)&m);
    return m && !m->removed ? m : NULL;
}

static const char *state_word(const struct conversation *c)
{
    const struct field *f = field_named(&conversation_kind, "state");

    return f->names[c->state];
}

static void conversation_json(struct json_out *o, struct op *op, const struct conversation *c, const char *channel)
{
    const struct message *last = last_message(op, c);

    json_open(o, '{');
    json_pair_str(o, "conversation_sid", c->sid);
    json_pair_str(o, "friendly_name", c->friendly_name);
    json_pair_str(o, "channel", channel);
    json_pair_str(o, "state", state_word(c));
    json_pair_int(o, "messages_count", c->messages_count);
    json_pair_date(o, "date_created", c->date_created);
    json_pair_date(o, "date_updated", c->date_updated);
    json_pair_str(o, "last_message", last ? last->body : NULL);
    json_close(o, '}');
}

fault_t customer_history(struct op *op)
{
    struct customers customers;
    struct listing l = { .op = op, .but = op_path(op, "conversation_sid") };
    struct json_out o;
    fault_t f = customers_of(op, &customers);

    for (size_t i = 0; i < customers.n && !f && l.n < CONVERSATIONS_SHOWN; i++)
        f = memberships(&l, customers.rows[i]);
    if (f)
        return f;
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_key(&o, "conversations");
    json_open(&o, '[');
    for (size_t i = 0; i < l.n; i++)
        conversation_json(&o, op, l.found[i], l.channels[i]);
    json_close(&o, ']');
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    op_header_add(op, "Cache-Control", "no-store");
    return NULL;
}

/* --- what was said in one of them --------------------------------------------------------------------------------- */

static bool message_json(void *arg, void *row)
{
    struct json_out *o = arg;
    const struct message *m = row;

    if (m->removed)
        return true;
    json_open(o, '{');
    json_pair_str(o, "sid", m->sid);
    json_pair_int(o, "index", m->message_index);
    json_pair_str(o, "author", m->author);
    json_pair_str(o, "body", m->body);
    json_pair_raw(o, "media", m->media ? m->media : "[]");
    json_pair_date(o, "date_created", m->date_created);
    json_close(o, '}');
    return true;
}

static bool same_customer(const struct participant *a, const struct participant *b)
{
    return a->address ? str_eq(a->address, b->address) : a->identity && str_eq(a->identity, b->identity);
}

/* Is one of these customers in that conversation, too? */
static bool shares(struct op *op, const struct customers *customers, const char *other_sid)
{
    struct chat_view v = { .db = op->db, .tx = op->tx, .arena = op->arena };
    struct participant **there;
    size_t n = participants_of(&v, other_sid, &there);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < customers->n; j++)
            if (same_customer(customers->rows[j], there[i]))
                return true;
    return false;
}

fault_t customer_transcript(struct op *op)
{
    const char *other = op_path(op, "other_sid");
    struct customers customers;
    struct json_out o;
    fault_t f = customers_of(op, &customers);

    if (f)
        return f;
    if (!op_find(op, &conversation_kind, other) || !shares(op, &customers, other))
        return refuse(op, F_NOT_FOUND, "Conversation %.64s was not found", other);
    struct condition of = { .column = "conversation_sid", .compare = IS, .value = value_text(other) };
    struct order newest = { .column = "message_index", .descending = true };
    struct selection s = {
        .conditions = &of, .nconditions = 1, .orders = &newest, .norders = 1, .limit = MESSAGES_SHOWN
    };
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_key(&o, "messages");
    json_open(&o, '[');
    if (record_select(op->db, op->arena, &message_kind, &s, message_json, &o) != DB_OK)
        return op_failed(op);
    json_close(&o, ']');
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    op_header_add(op, "Cache-Control", "no-store");
    return NULL;
}
