/* What the files of product/flex share.
 *
 *   interactions.c   Interactions and all that is below them     configuration.c  the configuration; users.c
 *   chats.c          a web chat begins: by anybody's order       webchats.c       … by a customer's browser, and v2/WebChats
 *   flows.c          Flex Flows of old, and what they open: Channels and WebChannels
 *   tokens.c         whose token is this? */
#pragma once
#include "base/limit.h"
#include "chat/hooks.h"
#include "interaction/interaction.h"
#include "product/flex/flex.h"

enum { PRE_ENGAGEMENT_MAX = 2048, CHAT_NAME_CHARS_MAX = 256 };

/* A conversation that Flex began for a customer: by an address, or by a Flex Flow. */
struct flex_chat {
    const char *sid, *account_sid;      /* CH…: the conversation's own */
    const char *address_sid, *flex_flow_sid;
    const char *identity, *user_sid, *task_sid;
    bool        web;                    /* of a Flex Flow: a web channel */
    bool        long_lived;
    int64_t     date_created, date_updated;
};
extern const struct kind flex_chat_kind;

struct flex_person { const char *sid, *account_sid, *user_sid, *locale; int64_t version, date_updated; }; /* FU… */
extern const struct kind flex_person_kind;

/* The ledger's thread alone looks at it: no locks. */
struct flex_limits { struct limit peers, accounts; };

struct interactions *interactions_of(const struct op *op);

/* --- chats.c */
struct chat_order {
    const char *identity;               /* NULL: one is made */
    const char *friendly_name, *customer_name, *unique_name, *pre_engagement, *service_sid;
    const char *address, *proxy_address;/* of a customer who does not chat */
};
/* Fills in row (new; its sid becomes the conversation's) and makes the conversation with the customer in it. */
fault_t chat_begin(struct op *op, struct flex_chat *row, const struct chat_order *o, struct conversation **out);
/* What the address says: a webhook of the application's, or straight to an agent. */
fault_t chat_by_address(struct op *op, const struct address_configuration *a, const struct chat_order *o, struct conversation *v);
/* Whom an interaction for it wants; routing NULL: as the account has configured; asleep: once the customer writes. */
struct chat_task { enum channel_type type; const char *routing; bool asleep; };
fault_t chat_interaction(struct op *op, struct conversation *v, const struct interaction_guest *g, const struct chat_task *t, const char **task_sid);
/* Refused when an account's or a peer's chats begin too fast. */
fault_t chat_throttle(struct op *op, const char *account_sid, const char *peer);
/* The customer's latest chat that is not closed; NULL: none. */
struct flex_chat *chat_open_of(struct op *op, const char *account_sid, const char *identity, const char *address_sid);

extern const struct resource interaction_resource, interaction_channel_resource, interaction_invite_resource, interaction_participant_resource,
    interaction_transfer_resource, flex_configuration_resource, flex_configuration_update_resource, flex_user_resource, web_chat_resource, flex_flow_resource,
    flex_channel_resource, web_channel_resource;

/* --- webchats.c */
fault_t webchat_begin(struct op *op);
fault_t webchat_refresh(struct op *op);
fault_t webchat_end(struct op *op);

/* --- tokens.c */
#define TOKEN_VALIDATE_PATH "/v1/Accounts/{account_sid}/Tokens/validate"
#define TOKEN_INFO_PATH     "/v1/Accounts/{account_sid}/Tokens/Info"
fault_t token_validate(struct op *op);
fault_t token_info(struct op *op);
