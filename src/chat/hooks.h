/* hooks: who else is told of a conversation, and who is asked before it changes.
 *
 * Three scopes, each on its own: the account (struct chat_hooks), the service (members of struct chat_service) and the single conversation
 * (struct scoped_hook, at most five).  A scope has a URL, a method and filters: names of hooks.def; an empty list lets nothing through.
 *
 * After a change.  A listener of the engine's events makes durable deliveries (webhook/webhook.h), in order for each URL, in the
 * transaction of the change.  What a request says is rows (hooks_form.c): a row a parameter.
 *
 * Before a change.  Account and service may have a URL that is asked.  The engine's functions call hook_ask() when they know all that the
 * change is going to be.  If somebody must be asked it returns a fault F_ASKED, and everything that the command did is undone; whoever runs the
 * command sends the call that *round->ask now points to (rest/ does that: op->ask), and runs the command again, from its beginning, when the call
 * has ended.  Then hook_ask() finds the answer, which may alter the row or refuse the change, and goes on to the next scope.  No thread waits, and
 * nothing of the change is kept meanwhile: what is asked about is what would happen now, and what happens then is decided then.
 *
 *     200, nothing or {}             as it was meant
 *     200, a JSON object             with the members that may be altered (friendly_name; body, author, attributes)
 *     4xx, 5xx, a redirect           refused: 50056, 50057
 *     no answer within five seconds  as it was meant, and 50076 in the log
 *
 * Nobody is told or asked of a change that the account made by REST without X-Twilio-Webhook-Enabled: true. */
#pragma once
#include "chat/chat.h"
#include "net/client.h"
#include "webhook/webhook.h"

enum { HOOK_ASKS = 1, HOOK_SCOPED = 2 };
enum hook {
#define HOOK(id, name, flags) HOOK_##id,
#include "chat/hooks.def"
#undef HOOK
    HOOK_COUNT
};
const char *hook_name(enum hook h);
bool        hook_listed(struct arena *a, const char *filters, enum hook h); /* among the names of a JSON array; NULL: no */
unsigned    hook_flags(enum hook h);
enum hook   hook_named(const char *name);            /* HOOK_COUNT: none is called so */

enum { SCOPED_HOOKS_MAX = 5, TRIGGERS_MAX = 5, TRIGGER_LENGTH_MAX = 248, HOOK_URL_MAX = 512, HOOK_MS = 5000 };

/* What an account wants to be told: one row an account, under its own SID; made on first need. */
struct chat_hooks {
    const char *sid, *account_sid, *pre_webhook_url, *post_webhook_url, *filters;
    unsigned    method;                              /* enum webhook_method */
    unsigned    target;                              /* enum hooks_target: with flex nobody outside is told or asked */
};
enum hooks_target { HOOKS_WEBHOOK, HOOKS_FLEX };

struct scoped_hook { /* WH… */
    const char *sid, *account_sid, *chat_service_sid, *conversation_sid;
    unsigned    target;                              /* enum scoped_target */
    const char *url, *filters, *triggers;            /* lists are JSON */
    unsigned    method;
    int64_t     date_created, date_updated;
};
enum scoped_target { SCOPED_WEBHOOK, SCOPED_TRIGGER };
extern const char *const scoped_target_names[], *const hook_method_names[];

/* An address of ours, and what becomes of a message that reaches it from somebody who is in no conversation yet. */
struct address_configuration { /* IG… */
    const char *sid, *account_sid, *address, *friendly_name, *address_country;
    unsigned    type;                                /* enum address_type */
    bool        enabled;
    unsigned    creation_type;                       /* enum creation_type */
    const char *conversation_service_sid, *webhook_url, *webhook_filters;
    unsigned    webhook_method;
    const char *auto_creation;                       /* as the API shows the above */
    int64_t     date_created, date_updated;
};
enum address_type { ADDRESS_SMS, ADDRESS_WHATSAPP, ADDRESS_MESSENGER, ADDRESS_GBM, ADDRESS_EMAIL, ADDRESS_RCS, ADDRESS_APPLE, ADDRESS_CHAT };
enum creation_type { CREATE_DEFAULT, CREATE_WEBHOOK, CREATE_INTERACTION }; /* the last is ours: straight to an agent (interaction/) */
extern const char *const address_type_names[], *const creation_type_names[];

extern const struct kind chat_hooks_kind, scoped_hook_kind, address_configuration_kind;

struct chat_hooks *chat_hooks_find(struct chat_view *v, const char *account_sid); /* NULL: nothing was ever set */
struct address_configuration *address_configuration_by(struct chat_view *v, const char *account_sid, const char *address);
/* Is this list of filters one that may be stored?  known: flags that every name must have (HOOK_SCOPED), or 0. */
bool hook_filters_check(struct arena *a, const char *filters, unsigned flags, const char **wrong);
/* Attaches one, as an address configuration asks for. */
void scoped_hook_add(struct tx *tx, const struct conversation *c, const char *url, unsigned method, const char *filters);

/* --- asking -------------------------------------------------------------------------------------------------- */

/* What has been asked and answered about one request, over its attempts.  ask: where the caller keeps the question under way; NULL at
 * first, and then left alone by the caller.  Everything lives in a, which outlives all attempts. */
struct hook_round;
struct hook_round *hook_round(struct arena *a, struct http_call **ask);
/* May this be done, as row (the change's conversation, participant, message or user, already what it is going to be) says?  NULL: yes, and the row may
 * have been altered; F_ASKED: see above. */
fault_t hook_ask(struct tx *tx, const struct chat_actor *by, enum hook h, const struct chat_change *change, void *row);

/* What an answer asks for: members that it wants otherwise (NULL: as they are), or a fault. */
enum hook_member { HOOK_FRIENDLY_NAME, HOOK_BODY, HOOK_AUTHOR, HOOK_ATTRIBUTES, HOOK_MEMBERS };
fault_t hook_answer(struct arena *a, enum hook h, const struct http_call *c, const char *members[HOOK_MEMBERS]);

/* --- told of a change ------------------------------------------------------------------------------------------ */

void chat_hooks_add(struct ledger *l, struct webhooks *w, struct arena *a); /* before ledger_start() */

/* The parameters of a request about a change, urlencoded. */
const char *hook_form(struct arena *a, int64_t now, enum hook h, const char *account_sid, const struct chat_change *change);
