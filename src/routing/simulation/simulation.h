/* simulation: centres that live through millions of random commands, and somebody who looks closely.
 *
 * A world is a ledger, an engine and a store in memory, under a clock that only the world turns.  Its seed decides everything:
 * how many workers there are, what they can do, which commands come and in what batches, when a commit fails and when the
 * server is started anew.  So a seed that goes wrong goes wrong again.
 *
 *   life.c, rules.c  what people do: work, and those who change how work is done
 *   world.c          opening, batches, the clock, crashes
 *   turn.c           the judge of every single offer: was it the right worker, and was it the right task for him?
 *   invariants.c     what must be true between commands (also asked by story.c)
 *   replay.c         reads the event log alone and tells from it what the state must be
 *
 * Judges do not trust what is derived: they count reservations, evaluate expressions and compare dates of the rows, by
 * their own code.  Whatever they find ends the program, with the seed and the last commands on stderr.
 *
 * What is asked when: the rows that a command told of, after that command; each offer, when it is made; everything, after every
 * WHOLE_EVERY commands and at the end of each episode (about a thousand).  At the end of an episode also: the log is replayed and
 * compared, a reload (or a new start, or a failed commit) must make the same memory, and the store has no orphans. */
#pragma once
#include "routing/internal.h"

struct simulation {
    uint64_t seed;
    int64_t  commands; /* at most so many … */
    int64_t  lasts;    /* … or so long, in ms of the world's time; 0: as long as there are commands */
    const char *folder; /* where it keeps its store; it is empty again at the end */
};

struct simulated {
    int64_t commands, refused, undone, alarms, events, offers, episodes, crashes, starts;
    int64_t lasted;    /* ms of the world's time */
    int64_t told[EV_COUNT]; /* events, by type: what has been seen of life */
    uint64_t digest;   /* equal for equal seeds */
    uint64_t seed;     /* of the world under way, and what it does: for whoever finds this after a crash */
    int64_t  at;
    char     last[256];
};

const char *simulation_folder(struct arena *a); /* a new one, in memory where the machine has such */
void simulation_forget(const char *folder);     /* and all that is left in it */
void simulate(const struct simulation *x, struct simulated *sum); /* adds to sum */

/* What is broken, as a sentence in tx->arena, or NULL.  For between commands. */
const char *engine_broken(struct routing *e, struct tx *tx);
const char *task_broken(struct routing *e, struct tx *tx, struct task_live *t);
const char *worker_broken(struct routing *e, struct tx *tx, struct worker_live *w);
