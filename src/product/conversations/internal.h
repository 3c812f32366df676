/* What the files of the product share.  A request is about a service, and often about a conversation or a user of it, which its path names in
 * several ways: by the account's default service or by a service of its own, by SIDs, unique names and identities.  enter() finds
 * them once, puts SIDs into the path where names stood, and holds a token's identity to what it may see; the hooks ask what it may do. */
#pragma once
#include "chat/chat.h"
#include "rest/resource.h"

struct scope {
    struct chat_service *service;      /* NULL: the account has none yet, and a list of it is empty */
    struct conversation *conversation; /* where the path names one */
    struct message      *message;      /* likewise */
    struct chat_user    *user;         /* likewise */
    struct chat_actor    actor;
};

struct chat      *chat_of(const struct op *op);
struct scope     *scope_of(const struct op *op);
struct chat_view  view_of(struct op *op);
fault_t enter(struct op *op);          /* for everybody */
fault_t enter_api(struct op *op);      /* not for tokens of the browser SDKs */

/* May the token's user?  Credentials of the account may everything. */
bool    is_sdk(const struct op *op);
bool    is_self(const struct op *op, const char *identity);
fault_t may(struct op *op, const char *permission);
fault_t may_not(struct op *op, const char *what);

/* A list of a service whose kind does not say so by itself. */
void    of_service(struct op *op, struct list_plan *plan);
/* The moments that a caller may set on what is made or changed; NO_VALUE: not given. */
struct dates { int64_t date_created, date_updated; };
void    set_dates(const struct dates *d, int64_t *created, int64_t *updated);

extern const struct resource service_resource, service_configuration_resource, conversation_resources[2], filled_resources[2],
    participant_resources[2], message_resources[2], receipt_resources[2], role_resources[2], user_resources[2],
    user_conversation_resources[2], participant_conversation_resources[2], checkup_resource;

/* The two forms of each path. */
#define DEFAULT_SERVICE "/v1"
#define NAMED_SERVICE "/v1/Services/{chat_service_sid}"

/* conversations.c: also part of other answers */
const char *timers_json(struct arena *a, const struct conversation *c);
const char *binding_json(struct arena *a, const struct participant *p); /* participants.c; NULL: it chats */
