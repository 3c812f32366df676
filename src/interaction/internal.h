/* What the files of interaction/ share.
 *
 *   interaction.c    the rooms, and what makes them agree with the rows     kinds.c     the rows
 *   begin.c          a new interaction: its conversation, and whom it wants  wish.c      what a caller asked for, read
 *   invite.c         an invitation becomes a task                           attributes.c  … with Flex's attributes
 *   members.c        who comes into the conversation, and who goes          settle.c    what follows when nobody is left
 *   hear.c           what routing and chat tell                             handover.c  transfers
 *   park.c           close, park, and the customer who comes back           configuration.c  of an account's Flex */
#pragma once
#include "base/map.h"
#include "interaction/interaction.h"
#include "routing/kinds.h"

#include <string.h>

#define ALARM_AGAIN  "interaction.again"  /* subject: UO…; another invitation is due */
#define ALARM_FORGET "interaction.forget" /* what has been over for long enough */
enum { FORGOTTEN_AFTER_DAYS = 180, ORPHANED = 45604 /* ours: nobody ever came */ };

/* What is derived of an open channel: there is one as long as any live row speaks of it. */
struct room {
    char sid[SID_SIZE], conversation_sid[SID_SIZE];
    struct interaction_channel *channel; /* NULL: over, or in the store only */
    struct link invites, participants;
};

struct channel_live { struct interaction_channel row; struct room *room; };
struct invite_live { struct interaction_invite row; struct room *room; struct link in_room; char task_sid[SID_SIZE]; };
struct part_live { struct interaction_participant row; struct room *room; struct link in_room; char reservation_sid[SID_SIZE]; };
struct transfer_live { struct interaction_transfer row; char origin[SID_SIZE]; };

struct interactions {
    struct ledger *ledger;
    struct routing *routing;
    struct chat *chat;
    struct map rooms;         /* UO… */
    struct map conversations; /* CH… -> room, while the channel is open */
    struct map tasks;         /* WT… -> invite_live */
    struct map reservations;  /* WR… -> part_live */
    struct map transfers;     /* TT… or KG… -> transfer_live, while it is under way */
};

/* interaction.c */
struct room *room_of(struct interactions *x, const char *channel_sid);
bool channel_is_open(const struct interaction_channel *c); /* somebody is to be with the customer */
/* The rows of an event's facts are told by these; they are small. */
void say_channel(struct tx *tx, enum event_type type, const struct interaction_channel *c);
void say_participant(struct tx *tx, enum event_type type, struct interaction_participant *p, const char *why);
void say_transfer(struct tx *tx, enum event_type type, struct interaction_transfer *t);
void say_invite(struct tx *tx, enum event_type type, const struct interaction_invite *i);
/* After a change of a row that its derived state depends on. */
void relinked(struct interactions *x, struct tx *tx, void *row);
struct conversation *conversation_of(struct tx *tx, const struct interaction_channel *c);
extern const struct chat_actor flex_actor;
/* The object that the text is, in the arena; an empty one for NULL. */
json_t *object_of(struct arena *a, const char *text);
void channel_turn(struct interactions *x, struct tx *tx, struct interaction_channel *c, enum channel_status to);

/* invite.c */
/* routing: as the caller said it (or the interaction's own); fills in the row, makes the task.  A fault: there is no task. */
fault_t invite_send(struct interactions *x, struct tx *tx, struct interaction_invite *row, const struct interaction_guest *customer);
/* Asks for somebody on the server's own account. */
struct interaction_invite *invite_make(struct interactions *x, struct tx *tx, struct interaction_channel *c, const char *routing);
void invite_end(struct interactions *x, struct tx *tx, struct interaction_invite *row);
struct task *task_of_invite(struct tx *tx, const struct interaction_invite *row);
bool routing_is_sound(struct arena *a, const char *routing, const char **why);

/* attributes.c */
const char *attributes_of(struct interactions *x, struct tx *tx, const struct interaction_channel *c, const struct interaction_invite *i,
                          const struct interaction_guest *customer, json_t *given);

/* members.c */
fault_t agent_joins(struct interactions *x, struct tx *tx, struct room *room, struct reservation *r);
void part_closes(struct interactions *x, struct tx *tx, struct part_live *p);      /* over, for him */
void part_leaves_chat(struct interactions *x, struct tx *tx, struct part_live *p); /* … of the conversation only */
struct interaction_participant *guest_note(struct interactions *x, struct tx *tx, struct interaction_channel *c, enum participant_type type,
                                           const struct interaction_guest *g, const char *chat_participant_sid);
fault_t guest_enters(struct interactions *x, struct tx *tx, struct conversation *in, const struct interaction_guest *g, const char *role, const char **sid_out);
size_t agents_in(const struct room *room, const struct part_live *but); /* who can read what the customer writes */
const char *worker_identity(struct tx *tx, const struct worker *w);

/* settle.c */
void settle(struct interactions *x, struct tx *tx, struct room *room, const char *why);
void channel_fails(struct interactions *x, struct tx *tx, struct interaction_channel *c, int64_t code, const char *why, bool close_conversation);
void channel_ends(struct interactions *x, struct tx *tx, struct interaction_channel *c);
void ring_again(void *interactions, struct tx *tx, const char *subject, int64_t due);
void ring_forget(void *interactions, struct tx *tx, const char *subject, int64_t due);
void forget_begin(void *interactions, struct tx *tx); /* once the rows are there */

/* hear.c */
void hear_routing(void *interactions, struct tx *tx, const struct event *e);
void hear_chat(void *interactions, struct tx *tx, const struct event *e);

/* park.c */
void customer_writes(struct interactions *x, struct tx *tx, struct room *room, const struct message *m);

/* handover.c */
void handover_hears(struct interactions *x, struct tx *tx, enum event_type type, const struct transfer *t);
void handover_invite_ends(struct interactions *x, struct tx *tx, const struct interaction_invite *i, bool accepted);
