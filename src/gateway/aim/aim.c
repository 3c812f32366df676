/* The module, and typing, which is a change of nothing. */
#include "gateway/aim/internal.h"

#include "chat/binding.h"
#include "chat/reachability.h"
#include <string.h>

/* The contract lets a service have thirty actions a second, whoever they are from.  Here each identity has as many, so
 * that nobody is stopped by another; and hundreds at once, for who comes back with much to say. */
enum { TYPING_S = 5, TYPING_MS = 1000, ACTION_MS = 33, ACTIONS = 300 };

/* --- typing ----------------------------------------------------------------------------------------------- */

/* Whose turn it is: the ledger asks whether it is too soon, a reader who is there, and the ledger tells them. */
struct typing {
    const char *conversation_sid, *service_sid;
    struct participant **all;
    size_t n;
};

static fault_t tell_typing(struct op *op)
{
    const struct typing *t = op->data;
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "channel_sid", t->conversation_sid);
    json_pair_str(&o, "identity", op->who.identity);
    json_pair_int(&o, "typing_timeout", TYPING_S + 1);
    json_close(&o, '}');
    struct sync_notice notice = { .account_sid = op->who.account_sid,
                                  .service_sid = t->service_sid,
                                  .message_type = "twilio.ipmsg.typing_indicator",
                                  .payload = json_done(&o) };
    for (size_t i = 0; i < t->n; i++) {
        notice.identity = t->all[i]->identity;
        if (notice.identity && strcmp(notice.identity, op->who.identity) != 0)
            sync_notify(op_site(op)->sync, op->tx, &notice);
    }
    return NULL;
}

static fault_t gather(struct op *op)
{
    struct chat_view v = { .db = op->db, .arena = op->arena };
    struct typing *t = op->data;

    t->n = participants_of(&v, t->conversation_sid, &t->all);
    op_continue_on_ledger(op, tell_typing);
    return NULL;
}

/* The client writes the conversation into a form, as ChannelSid.  A second one within a moment says nothing new. */
static fault_t typing(struct op *op)
{
    const char *sid = form_get(&op->form, "ChannelSid");
    struct typing *t = arena_alloc(op->arena, sizeof(*t));
    struct aim *aim = op_site(op)->aim;
    struct caller c;
    fault_t f = caller_find(op, &c);

    if (f)
        return f;
    const struct conversation *in = sid ? conversation_find(&c.view, c.service->sid, sid) : NULL;
    if (!in || !participant_find(&c.view, in->sid, c.identity))
        return refuse(op, F_NOT_FOUND, "ChannelSid '%.64s' is not a conversation of this user", sid ? sid : "");
    op_json(op, 200, arena_printf(op->arena, "{\"typing_timeout\":%d}", TYPING_S));
    const char *who = arena_printf(op->arena, "%s %s", in->sid, c.identity);
    if (limit_take(&aim->typing, hash_bytes(who, strlen(who)), op->now))
        return NULL;
    t->conversation_sid = arena_strdup(op->arena, in->sid);
    t->service_sid = arena_strdup(op->arena, c.service->sid);
    op->data = t;
    op_continue_on_reader(op, gather);
    return NULL;
}

/* --- the module ------------------------------------------------------------------------------------------- */

static fault_t start(struct site *site, struct arena *a)
{
    struct aim *aim = arena_alloc(a, sizeof(*aim));

    aim->typing.interval = TYPING_MS;
    aim->typing.burst = 2;
    aim->actions.interval = ACTION_MS;
    aim->actions.burst = ACTIONS;
    site->aim = aim;
    ledger_alarm(site->ledger, &(struct alarm_kind){ .name = "aim.forget", .ring = changes_forget, .arg = aim });
    views_add(site->ledger, site->sync, a);
    reachability_add(site->chat, site->ledger, site->sync, a);
    return NULL;
}

/* clang-format off */
#define CONVERSATIONS "/Client/v1/Conversations"
#define CONVERSATION  CONVERSATIONS "/{conversation}"
#define AIM(m, p, where, fn) { .label = "aim", .method = m, .path = p, .place = where, .needs = CREDENTIALS, .any_origin = true, .run = fn }
#define ERS(m, p, fn)        { .label = "ers", .method = m, .path = p, .place = ON_LEDGER, .needs = CREDENTIALS, .any_origin = true, .run = fn }
static const struct endpoint endpoints[] = {
    AIM("GET",    "/Client/v2/Configuration",                                 ON_READER, configuration),
    AIM("GET",    "/Client/v2/Users/{identity}",                              ON_READER, user_look),
    AIM("POST",   "/Client/v2/Users/{identity}",                              ON_LEDGER, change),
    AIM("GET",    "/Client/v2/Users/{identity}/Conversations",                ON_READER, my_conversations),
    AIM("GET",    "/Client/v2/Users/{identity}/Conversations/{conversation}", ON_READER, my_conversation),
    AIM("POST",   "/Client/v2/Users/{identity}/Conversations/{conversation}", ON_LEDGER, change),
    AIM("POST",   CONVERSATIONS,                                              ON_LEDGER, change),
    AIM("GET",    CONVERSATION,                                               ON_READER, conversation_look),
    AIM("POST",   CONVERSATION,                                               ON_LEDGER, change),
    AIM("DELETE", CONVERSATION,                                               ON_LEDGER, change),
    AIM("POST",   CONVERSATION "/Participants",                               ON_LEDGER, change),
    AIM("POST",   CONVERSATION "/Participants/{participant}",                 ON_LEDGER, change),
    AIM("DELETE", CONVERSATION "/Participants/{participant}",                 ON_LEDGER, change),
    AIM("POST",   CONVERSATION "/Messages",                                   ON_LEDGER, change),
    AIM("POST",   CONVERSATION "/Messages/{message}",                         ON_LEDGER, change),
    AIM("DELETE", CONVERSATION "/Messages/{message}",                         ON_LEDGER, change),
    AIM("GET",    CONVERSATION "/Messages/{message}/ChannelMetadata",         ON_READER, channel_metadata),
    AIM("GET",    CONVERSATION "/MessageRecipients",                          ON_READER, message_recipients),
    AIM("GET",    "/Client/v2/Conversations/{conversation}/Messages/{message}/Receipts", ON_READER, message_receipts),
    AIM("GET",    "/Client/v2/ContentTemplates",                              ON_READER, content_templates),
    AIM("POST",   "/v1/typing",                                               ON_LEDGER, typing),
    ERS("POST",   "/v1/registrations",                registration_add),
    ERS("DELETE", "/v1/registrations",                registrations_remove),
    ERS("DELETE", "/v1/registrations/{registration}", registration_remove),
};
/* clang-format on */

static const struct kind *const kinds[] = { &answered_kind, &chat_binding_kind };

const struct module aim_module = { .name = "aim", .kinds = ROWS(kinds), .endpoints = ROWS(endpoints), .start = start };
