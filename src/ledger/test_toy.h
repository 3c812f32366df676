/* toy: a small product for the ledger's tests.  Rooms have jobs; a gig leaves memory when it is done; notes live in the store
 * only.  Its engine derives how many open jobs a room has. */
#pragma once
#include "base/map.h"
#include "ledger/ledger.h"

enum gig_state { GIG_OPEN, GIG_BUSY, GIG_DONE };

struct room {
    const char *sid, *account_sid, *name, *topic;
    int64_t     seats, date_created, date_updated, revision;
};
struct live_room { struct room row; int64_t jobs; };

struct gig {
    const char *sid, *account_sid, *room_sid, *label, *attributes;
    unsigned    state;
    bool        urgent;
    int64_t     priority, date_updated;
};
struct live_gig { struct gig row; struct live_room *in; };

struct note { const char *sid, *account_sid, *gig_sid, *title; int64_t revision; };

extern const struct kind room_kind, gig_kind, note_kind;

struct toy {
    struct arena  *arena;
    char           folder[64];
    struct clock  *clock;
    struct store  *store;
    struct ledger *ledger;
    struct map     rooms;   /* the engine's own: sid -> live_room */
    int            loads, resets;
    char           rung[256], heard[256], watched[512]; /* of gigs */
    struct mailbox *bells;  /* the alarm "real" sends one here */
    struct mail    bell;
    bool           break_reload;
    int64_t        events_kept; /* for the next toy_open() */
    int64_t        ring_again; /* an alarm "again" sets itself this much later */
};

int  toy_setup(void **state);    /* cmocka: a new folder, a test clock, started */
int  toy_teardown(void **state);
void toy_open(struct toy *t);
void toy_shut(struct toy *t);
void toy_remove_folder(const char *folder);

/* Runs and fails the test unless it succeeds. */
void toy_do(struct toy *t, fault_t (*run)(struct tx *tx, void *arg), void *arg);
/* All of memory: the rows and what the engine derived; asserts that the derived agrees with the rows. */
const char *toy_memory(struct toy *t);

struct room *room_make(struct toy *t, struct tx *tx, const char *sid, const char *name);
struct gig  *gig_make(struct toy *t, struct tx *tx, const char *sid, const char *room_sid, const char *label);
void         gig_relink(struct toy *t, struct gig *j);   /* after a change of its room */

/* --- small commands and what goes with them */
struct call {
    struct toy *toy;
    const char *a, *b, *c;
    int64_t n;
    const void *seen;
};

struct call *call(struct toy *t, const char *a, const char *b, const char *c);
void refused(struct toy *t, enum fault_id id, const char *message, fault_t (*run)(struct tx *tx, void *arg), void *arg); /* and leaves no trace */
void same_after_reload(struct toy *t);
fault_t make_room(struct tx *tx, void *arg); /* of a call: a is the sid, b the name */
fault_t make_gig(struct tx *tx, void *arg);  /* a is the sid, b the label, c the room */
void rooms(struct toy *t);                   /* RM1 "Blue" with the gigs JB1 "first" and JB2 "second", RM2 "Red" */
const struct room *room(struct toy *t, const char *sid);
