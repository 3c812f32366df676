/* What the files of aim/ share: aim.c (module, typing), look.c (what is only read), change.c (what becomes a request to REST),
 * push.c (registrations for push notifications). */
#pragma once
#include "base/limit.h"
#include "base/map.h"
#include "chat/view.h"
#include "gateway/aim/aim.h"

struct aim { /* the ledger's thread only */
    struct limit typing;     /* by conversation and identity */
    struct limit actions;    /* by service and identity: what is changed */
};

/* Who calls: an identity of a service. */
struct caller {
    struct chat_view     view;
    struct chat_service *service;
    const char          *identity;
};
fault_t caller_find(struct op *op, struct caller *out);
/* The conversation of the path, if the caller may see it; and, where `mine` is asked for, the caller's place in it (else 404). */
fault_t caller_conversation(struct op *op, struct caller *c, struct conversation **out, struct participant **mine);
fault_t aim_not_found(struct op *op);

/* look.c */
fault_t configuration(struct op *op);
fault_t my_conversations(struct op *op);
fault_t my_conversation(struct op *op);
fault_t conversation_look(struct op *op);
fault_t user_look(struct op *op);
fault_t message_receipts(struct op *op);
fault_t message_recipients(struct op *op);
fault_t channel_metadata(struct op *op);
fault_t content_templates(struct op *op);

/* change.c */
extern const struct kind answered_kind; /* what a change was answered, by its mutation id */
fault_t change(struct op *op);
void    changes_forget(void *arg, struct tx *tx, const char *subject, int64_t due);

/* push.c */
fault_t registration_add(struct op *op);
fault_t registration_remove(struct op *op);
fault_t registrations_remove(struct op *op);
