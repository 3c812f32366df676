/* world: what the files of the simulation share. */
#pragma once
#include "routing/simulation/simulation.h"

enum { BATCH_MOST = 64, EPISODE = 1000, WHOLE_EVERY = 50, NOTES = 24, RECENT = 64, WORK_MOST = 64 };
enum { UNDONE_EVERY = 300, HEARD_MOST = 256 };

struct dice { uint64_t state; };
uint64_t    roll(struct dice *d, uint64_t below);       /* 0 … below - 1 */
static inline bool one_in(struct dice *d, uint64_t n) { return roll(d, n) == 0; }
const char *pick(struct dice *d, const char *const *of, size_t n);
#define PICK(d, ...)                                                                                                   \
    pick(d, (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* Whom commands are about.  The engine's own lists and maps are in no order that a seed could repeat. */
struct sid { char s[SID_SIZE]; };
struct sids { struct sid *at; size_t n, cap; };
void sids_add(struct sids *s, const char *sid);

/* What was told by the command under way, for whoever looks at its traces.  Names, not rows: those may have gone. */
struct heard { enum event_type type; struct sid task, worker; const struct channel_live *channel; /* of an offer */ };
struct heards { struct heard at[HEARD_MOST]; size_t n; int64_t now; };

struct world;
struct slot { struct command command; struct world *world; };

struct plan { /* drawn once */
    int64_t workers, queues, pace;                      /* pace: ms between two commands, on average */
    int64_t tasks;                                      /* that wait or are worked on, about */
    unsigned weights[WORK_MOST];
};

struct replay;

struct world {
    const struct simulation *options;
    struct simulated        *sum;
    struct dice              dice;
    struct plan              plan;
    struct arena            *arena, *home;              /* of an episode; of the store and ledger */
    struct clock            *clock;
    struct store            *store;
    struct ledger           *ledger;
    struct routing          *engine;
    const char              *workspace;
    char                     folder[256];
    struct webhook_port      port;

    struct sids tasks, workers, reservations, queues, workflows, channels, activities, transfers;
    struct sid  recent[RECENT], callbacks[RECENT];      /* reservations: of old, and whose callback is under way */
    int         serial;                                 /* for names */

    struct slot    slots[BATCH_MOST];
    size_t         in_flight, unfinished;               /* of the batch */
    int64_t        left;                                /* commands of the episode */
    size_t         lost;                                /* … that were not stored */
    bool           doomed;                              /* the commit of this batch is to fail */
    const char    *before;                              /* the memory, when the next command will be undone; in undo */
    struct arena  *undo;
    struct mailbox *over;                               /* the episode is */
    struct mail     over_mail;

    struct heards  heard;                               /* by the command under way */
    int64_t        commands;                            /* begun so far */
    bool           idle;                                /* there was nothing to do */
    char           notes[NOTES][256];
    struct replay *replay;
    uint64_t       digest;
};

/* world.c */
void world_wrong(struct world *w, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));
void note(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void note_outcome(struct world *w, const char *refused);
extern const char simulated_account[];

/* life.c, rules.c: a command is a row of a table */
struct work { const char *name; unsigned weight; fault_t (*run)(struct world *w, struct tx *tx); };
extern const struct work life[], rules[];
extern const size_t nlife, nrules;
fault_t live(struct world *w, struct tx *tx);           /* one random command */
void   *new_row(struct world *w, struct tx *tx, const struct kind *k);
fault_t nothing_to_do(struct world *w);                  /* live() tries something else */
void   *any_of(struct world *w, struct sids *of);        /* the live row of one of them; forgets who has gone; NULL: there is none */
const char *random_skills(struct world *w, struct tx *tx);
fault_t make_workspace(struct world *w, struct tx *tx);
fault_t make_queue(struct world *w, struct tx *tx);
fault_t make_workflow(struct world *w, struct tx *tx);
fault_t make_worker(struct world *w, struct tx *tx);
void    callback_asked(void *arg, struct tx *tx, const struct reservation *r, const struct task *t, const struct worker *k, const struct workflow *f);

/* turn.c */
bool engine_could_take(struct tx *tx, struct worker_live *w, struct task_live *t); /* by the rows; false also when only time or facts could tell */
const char *offer_is_wrong(struct world *w, struct tx *tx, struct reservation_live *r); /* just told of; or NULL */

/* replay.c */
struct replay *replay_new(void);
void           replay_free(struct replay *r);
void           replay_read(struct world *w, struct tx *tx);    /* the log since the last time; then forgets it */
void           replay_compare(struct world *w, struct tx *tx); /* with the rows */
