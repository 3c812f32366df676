/* What the files of the engine share: chat.c (names that must be there once, looking, telling), service.c (services and roles), user.c,
 * conversation.c (with its timers and its end), participant.c, message.c (with receipts), tombstones.c (what of them stays). */
#pragma once
#include "chat/chat.h"

struct chat {
    struct ledger *ledger;
    struct sync   *sync;
};

/* --- chat.c: names (chat_key).  All are texts in the arena. */
const char *key_of_name(struct arena *a, const char *service_sid, const char *unique_name);          /* -> CH */
const char *key_of_user(struct arena *a, const char *service_sid, const char *identity);             /* -> US */
const char *key_of_identity(struct arena *a, const char *conversation_sid, const char *identity);    /* -> MB */
const char *key_of_address(struct arena *a, const char *conversation_sid, const char *address);      /* -> MB */
const char *key_of_pair(struct arena *a, const char *account_sid, const char *address, const char *proxy_address); /* -> CH */
const char *key_of_receipt(struct arena *a, const char *message_sid, const char *participant_sid);   /* -> DY */
const char *key_look(struct chat_view *v, const char *key);              /* value or NULL */
void        key_set(struct tx *tx, const char *key, const char *value);  /* NULL: gives it up */
struct chat_view view_in(struct tx *tx);

/* Facts of an event; then telling it.  `facts` may be NULL. */
void tell(struct tx *tx, enum event_type type, struct chat_change *change, const char *facts);
extern const struct chat_actor by_server;

fault_t check_attributes(struct tx *tx, const char *attributes);
fault_t check_identity(struct tx *tx, const char *identity);
bool    has_changed(struct tx *tx, const void *row); /* any column differs from what it was before this command */
bool    has_control(const char *s);

/* --- conversation.c */
fault_t conversation_open(struct tx *tx, const struct conversation *c); /* 50377, 50386 */
void    conversation_woken(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *row); /* a message has come: timers begin again */
void    conversations_setup(struct chat *c);

/* --- participant.c */
void    participants_gone(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *in); /* with their conversation */
void    participants_over(struct tx *tx, const struct conversation *in);        /* it is closed */
void    mine_changed(struct tx *tx, struct participant *p);                     /* its user's map of conversations: next number */

/* --- tombstones.c: of what is `removed` */
#define TOMBSTONE_MS (7 * DAY)
void    tombstone_set(struct tx *tx, const char *sid);                          /* of a participant or a message; removed again when nobody asks any more */
void    participant_forget(struct tx *tx, struct participant *p);
void    tombstones_setup(struct chat *c);

/* --- user.c */
void    users_setup(struct chat *c);
/* --- service.c */
void    services_setup(struct chat *c);
