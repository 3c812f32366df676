/* What is only read. */
#include "gateway/aim/internal.h"

#include "codec/date.h"
#include "media/media.h"
#include <string.h>

enum { PAGE_DEFAULT = 50, PAGE_MAX = 100, FILES_A_MESSAGE = 10, MB = 1024 * 1024 };

/* --- who, and where ----------------------------------------------------------------------------------------------- */

fault_t aim_not_found(struct op *op)
{
    return refuse(op, F_NOT_FOUND, "The requested resource %.300s was not found", op->path);
}

fault_t caller_find(struct op *op, struct caller *out)
{
    *out = (struct caller){ .view = { op->db, op->tx, op->arena }, .identity = op->who.identity };
    if (!op->who.chat_service_sid || !out->identity)
        return refuse(op, F_FORBIDDEN, "The token has no chat grant with an identity");
    out->service = chat_find(&out->view, &chat_service_kind, op->who.chat_service_sid);
    if (!out->service || !str_eq(out->service->account_sid, op->who.account_sid))
        return refuse(op, F_FORBIDDEN, "The token is for a service that does not exist");
    return NULL;
}

fault_t caller_conversation(struct op *op, struct caller *c, struct conversation **out, struct participant **mine)
{
    fault_t f = caller_find(op, c);

    if (f)
        return f;
    *out = conversation_find(&c->view, c->service->sid, op_path(op, "conversation"));
    if (!*out)
        return aim_not_found(op);
    if (!mine)
        return chat_may_see(&c->view, c->service, c->identity, *out);
    *mine = participant_find(&c->view, (*out)->sid, c->identity);
    return *mine ? NULL : aim_not_found(op);
}

/* --- Configuration ---------------------------------------------------------------------------------------- */

static const char *link_to(struct op *op, const char *what, const char *identity)
{
    struct text t = { .arena = op->arena };

    text_putf(&t, "%s/Client/v2/Users/", op->prefix);
    url_escape(&t, identity);
    text_put(&t, what);
    return text_str(&t);
}

static void put_links(struct op *op, struct json_out *o, const struct caller *c)
{
    const char *media = op_beside(op, "mcs"), *prefix = op->prefix;
    struct arena *a = op->arena;
    const struct {
        const char *name, *url;
    } links[] = {
        { "my_conversations", link_to(op, "/Conversations", c->identity) },
        { "conversations", arena_printf(a, "%s/Client/v1/Conversations", prefix) },
        { "users", arena_printf(a, "%s/Client/v2/Users", prefix) },
        { "current_user", link_to(op, "", c->identity) },
        { "typing", arena_printf(a, "%s/v1/typing", prefix) },
        { "media_service", arena_printf(a, "%s" MEDIA_PATH, media, c->service->sid) },
        { "media_set_service", arena_printf(a, "%s" MEDIA_SET_PATH, media, c->service->sid) },
        { "messages_receipts", arena_printf(a, "%s/Client/v2/Conversations/%%s/Messages/%%s/Receipts", prefix) },
    };

    json_key(o, "links");
    json_open(o, '{');
    for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
        json_pair_str(o, links[i].name, links[i].url);
    json_close(o, '}');
}

static void put_options(struct op *op, struct json_out *o, const struct caller *c)
{
    int64_t megabytes = media_max(op_site(op)->media) / MB;

    json_key(o, "options");
    json_open(o, '{');
    json_pair_int(o, "media_attachments_count_limit", FILES_A_MESSAGE);
    json_pair_int(o, "media_attachment_size_limit_in_mb", megabytes);
    json_pair_int(o, "media_attachments_total_size_limit_in_mb", megabytes);
    json_pair_raw(o, "email_histories_allowed_mime_types", "[\"text/plain\",\"text/html\"]");
    json_pair_raw(o, "email_bodies_allowed_mime_types", "[\"text/plain\",\"text/html\"]");
    json_pair_int(o, "user_infos_to_subscribe", 100);
    json_pair_bool(o, "reachability_enabled", c->service->reachability_enabled);
    json_pair_str(o, "http_cache_interval", "PT5S");
    json_pair_str(o, "consumption_report_interval", "PT5S");
    json_close(o, '}');
}

static void answer_configuration(struct op *op, const struct caller *c, const struct chat_user *u)
{
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "identity", c->identity);
    put_links(op, &o, c);
    put_options(op, &o, c);
    json_key(&o, "sync_objects");
    json_open(&o, '{');
    json_pair_str(&o, "my_user_info", view_name(op->arena, VIEW_INFO, u->sid));
    json_pair_str(&o, "my_conversations", view_name(op->arena, VIEW_MINE, u->sid));
    json_close(&o, '}');
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
}

/* A token may name the role that its user has from now on. */
static bool has_its_role(struct op *op, struct caller *c, const struct chat_user *u)
{
    const char *sid = op->who.chat_role_sid;
    const struct chat_role *role = sid && !str_eq(sid, u->role_sid) ? chat_find(&c->view, &chat_role_kind, sid) : NULL;

    return !role || role->type != ROLE_SERVICE || !str_eq(role->chat_service_sid, c->service->sid);
}

static fault_t first_time(struct op *op)
{
    const struct chat_actor by = { .by = BY_SERVER };
    struct chat *chat = op_site(op)->chat;
    struct caller c;
    fault_t f = caller_find(op, &c);

    if (f)
        return f;
    struct chat_user *u = chat_user_of(chat, op->tx, c.service, c.identity);
    if (!has_its_role(op, &c, u)) {
        row_set(op->tx, u, &u->role_sid, op->who.chat_role_sid);
        f = chat_user_changed(chat, op->tx, &by, u);
    }
    answer_configuration(op, &c, u);
    return f;
}

fault_t configuration(struct op *op)
{
    struct caller c;
    fault_t f = caller_find(op, &c);

    if (f)
        return f;
    const struct chat_user *u = chat_user_find(&c.view, c.service->sid, c.identity);
    if (u && has_its_role(op, &c, u))
        answer_configuration(op, &c, u);
    else
        op_continue_on_ledger(op, first_time);
    return NULL;
}

/* --- conversations ---------------------------------------------------------------------------------------- */

static const char *const conversation_members[] = { "friendly_name", "unique_name",  "created_by",
                                                    "attributes",    "date_created", "date_updated" };
static const char *const receipt_members[] = {
    "sid",    "message_sid", "conversation_sid", "participant_sid", "channel_message_sid",
    "status", "error_code",  "date_created",     "date_updated"
};

static void put_members(struct json_out *o, const struct kind *k, const void *row, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        view_member_json(o, names[i], k, row, names[i]);
}

/* What a participant sees of a conversation beside the conversation. */
static void put_mine(struct json_out *o, const struct conversation *c, const struct participant *p)
{
    int64_t read = p->last_read_message_index;
    int64_t last = c->last_message_index == NO_VALUE ? -1 : c->last_message_index;

    json_pair_str(o, "status", "joined");
    view_member_json(o, "last_read_message_index", &participant_kind, p, "last_read_message_index");
    view_member_json(o, "notification_level", &participant_kind, p, "notification_level");
    json_key(o, "unread_messages_count");
    if (read == NO_VALUE)
        json_nil(o);
    else
        json_int(o, last > read ? last - read : 0);
}

static void put_meta(struct json_out *o, const char *next)
{
    json_key(o, "meta");
    json_open(o, '{');
    json_pair_str(o, "previous_token", NULL);
    json_pair_str(o, "next_token", next);
    json_close(o, '}');
}

struct page {
    struct op *op;
    struct caller *caller;
    struct json_out out;
    size_t n, most;
    const char *last, *next; /* sid of the last row; of where the next page begins behind */
    void (*put)(struct page *p, const void *row);
};

static bool put_row(void *arg, void *row)
{
    struct page *p = arg;
    const char *const *sid =
        row; /* a kind's KEY is not always its first member, but it is of those that are paged here */

    if (p->n == p->most) {
        p->next = p->last;
        return false;
    }
    p->n++;
    p->last = *sid;
    p->put(p, row);
    return true;
}

/* A page of rows in the order of their sids, with its list's name and meta. */
static fault_t serve_page(struct page *p, const char *list, const struct kind *k, const struct condition *which,
                          size_t n)
{
    struct op *op = p->op;
    const char *size = form_get(&op->query, "PageSize");
    int64_t most = PAGE_DEFAULT;

    if (size && (!str_to_int(size, &most) || most < 1 || most > PAGE_MAX))
        return refuse(op, F_INVALID_PARAMETER, "PageSize is a number from 1 to %d", PAGE_MAX);
    p->most = (size_t)most;
    json_begin(&p->out, op->arena);
    json_open(&p->out, '{');
    json_key(&p->out, list);
    json_open(&p->out, '[');
    const struct selection s = {
        .conditions = which, .nconditions = n, .after_sid = form_get(&op->query, "PageToken"), .limit = most + 1
    };
    if (record_select(op->db, op->arena, k, &s, put_row, p) != DB_OK)
        return op_failed(op);
    json_close(&p->out, ']');
    put_meta(&p->out, p->next);
    json_close(&p->out, '}');
    op_json(op, 200, json_done(&p->out));
    return NULL;
}

static void put_my_row(struct page *p, const void *row)
{
    const struct participant *me = row;
    const struct conversation *c = chat_find(&p->caller->view, &conversation_kind, me->conversation_sid);

    if (!c)
        return;
    json_open(&p->out, '{');
    json_pair_str(&p->out, "conversation_sid", c->sid);
    put_mine(&p->out, c, me);
    view_objects_json(&p->out, p->op->arena, c->sid);
    json_close(&p->out, '}');
}

/* A user's own things are nobody else's. */
static fault_t check_self(struct op *op, const struct caller *c)
{
    return str_eq(op_path(op, "identity"), c->identity)
               ? NULL
               : refuse(op, F_FORBIDDEN, "This token is not for user %.64s", op_path(op, "identity"));
}

fault_t my_conversations(struct op *op)
{
    struct caller c;
    fault_t f = caller_find(op, &c);

    f = f ? f : check_self(op, &c);
    if (f)
        return f;
    const struct chat_user *u = chat_user_find(&c.view, c.service->sid, c.identity);
    const struct condition which[] = {
        { .column = "user_sid", .compare = IS, .value = value_text(u ? u->sid : "") },
        { .column = "removed", .compare = IS, .value = value_int(0) },
    };
    struct page p = { .op = op, .caller = &c, .put = put_my_row };
    return serve_page(&p, "conversations", &participant_kind, which, 2);
}

fault_t my_conversation(struct op *op)
{
    struct conversation *in;
    struct participant *me;
    struct caller c;
    struct json_out o;
    fault_t f = caller_conversation(op, &c, &in, &me);

    f = f ? f : check_self(op, &c);
    if (f)
        return f;
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "conversation_sid", in->sid);
    put_mine(&o, in, me);
    put_members(&o, &conversation_kind, in, ROWS(conversation_members));
    view_objects_json(&o, op->arena, in->sid);
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    return NULL;
}

fault_t conversation_look(struct op *op)
{
    struct conversation *in;
    struct caller c;
    struct json_out o;
    fault_t f = caller_conversation(op, &c, &in, NULL);

    if (f)
        return f;
    const struct participant *me = participant_find(&c.view, in->sid, c.identity);
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "sid", in->sid);
    json_pair_str(&o, "conversation_sid", in->sid);
    if (me)
        put_mine(&o, in, me);
    else
        json_pair_str(&o, "status", "notParticipating");
    put_members(&o, &conversation_kind, in, ROWS(conversation_members));
    json_pair_int(&o, "participants_count", in->participants_count);
    json_pair_int(&o, "messages_count", in->messages_count);
    view_objects_json(&o, op->arena, in->sid);
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    return NULL;
}

fault_t user_look(struct op *op)
{
    struct caller c;
    struct json_out o;
    fault_t f = caller_find(op, &c);

    if (f)
        return f;
    const struct chat_user *u = chat_user_find(&c.view, c.service->sid, op_path(op, "identity"));
    if (!u)
        return aim_not_found(op);
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "sid", u->sid);
    json_pair_str(&o, "identity", u->identity);
    json_pair_str(&o, "friendly_name", u->friendly_name);
    json_pair_str(&o, "attributes", u->attributes);
    json_key(&o, "sync_objects");
    json_open(&o, '{');
    json_pair_str(&o, "user_info_map", view_name(op->arena, VIEW_INFO, u->sid));
    json_close(&o, '}');
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    return NULL;
}

/* --- messages --------------------------------------------------------------------------------------------- */

static fault_t message_of_path(struct op *op, struct caller *c, struct message **out)
{
    struct conversation *in;
    fault_t f = caller_conversation(op, c, &in, NULL);

    if (f)
        return f;
    *out = chat_find(&c->view, &message_kind, op_path(op, "message"));
    if (!*out || (*out)->removed || !str_eq((*out)->conversation_sid, in->sid))
        return aim_not_found(op);
    return NULL;
}

static void put_receipt(struct page *p, const void *row)
{
    json_open(&p->out, '{');
    put_members(&p->out, &receipt_kind, row, ROWS(receipt_members));
    json_close(&p->out, '}');
}

fault_t message_receipts(struct op *op)
{
    struct message *m;
    struct caller c;
    fault_t f = message_of_path(op, &c, &m);

    if (f)
        return f;
    const struct condition which = { .column = "message_sid", .compare = IS, .value = value_text(m->sid) };
    struct page p = { .op = op, .caller = &c, .put = put_receipt };
    return serve_page(&p, "delivery_receipts", &receipt_kind, &which, 1);
}

/* To whom a message went is told by its receipts: one a recipient. */
static void put_recipient(struct page *p, const void *row)
{
    const struct receipt *r = row;
    const struct participant *to = chat_find(&p->caller->view, &participant_kind, r->participant_sid);

    json_open(&p->out, '{');
    json_pair_str(&p->out, "message_sid", r->message_sid);
    json_pair_str(&p->out, "type", to ? to->channel : NULL);
    json_pair_str(&p->out, "level", to ? to->binding_level : NULL);
    json_pair_str(&p->out, "name", to ? to->binding_name : NULL);
    json_pair_str(&p->out, "address", to ? to->address : NULL);
    json_close(&p->out, '}');
}

fault_t message_recipients(struct op *op)
{
    const char *message = form_get(&op->query, "MessageSid");
    struct conversation *in;
    struct caller c;
    fault_t f = caller_conversation(op, &c, &in, NULL);

    if (f)
        return f;
    const struct condition which[] = {
        { .column = "conversation_sid", .compare = IS, .value = value_text(in->sid) },
        { .column = "message_sid", .compare = IS, .value = value_text(message) },
    };
    struct page p = { .op = op, .caller = &c, .put = put_recipient };
    return serve_page(&p, "message_recipients", &receipt_kind, which, message ? 2 : 1);
}

/* No channel of ours keeps metadata of a message; the SDK knows this code, and stops asking. */
fault_t channel_metadata(struct op *op)
{
    struct message *m;
    struct caller c;
    fault_t f = message_of_path(op, &c, &m);

    return f ? f : refuse(op, F_CHANNEL_METADATA, "Message %s has no channel metadata", m->sid);
}

/* There is no Content API here, so nobody can have made a template. */
fault_t content_templates(struct op *op)
{
    struct caller c;
    struct json_out o;
    fault_t f = caller_find(op, &c);

    if (f)
        return f;
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_raw(&o, "templates", "[]");
    put_meta(&o, NULL);
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    return NULL;
}
