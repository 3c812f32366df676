/* ledger's inside.
 *
 * A row that the ledger hands out stands behind a row_head.  Of a resident kind, head and row are one heap block and the texts
 * are heap strings that the row owns; of another kind (or a row that has been retired) everything is in the command's arena.
 *
 * Three life times:
 *   command   changes, text_changes, key_changes: what must be undone if it is refused;
 *   batch     touched (rows to write), events, afters, graveyard (what may be freed after the commit, not before: a copy of the
 *             row as the store has it still points there), and the batch's arena;
 *   for ever  the kinds with their rows, the alarms, the accounts' counters. */
#pragma once
#include "base/map.h"
#include "ledger/ledger.h"
#include <stdatomic.h>

struct live_kind;

struct row_head {
    struct live_kind *kind;
    void             *stored;  /* the row as the store has it, while it is in `touched` and not born in this batch */
    char            **keys;    /* one for each of the kind's uniques; NULL: not in the map */
    uint64_t          command; /* which command has it in its changes … */
    size_t            change;  /* … and where */
    bool              resident, deleted, retired, touched, born;
} __attribute__((aligned(16)));

static inline struct row_head *head_of(const void *row) { return (struct row_head *)row - 1; }
static inline void *row_of(const struct row_head *h) { return (void *)(h + 1); }

/* A growing array that stays allocated. */
#define ARRAY(type) struct { type *at; size_t n, cap; }
#define ARRAY_PUSH(a, ...) (array_room((void **)&(a)->at, &(a)->cap, (a)->n, sizeof *(a)->at), (a)->at[(a)->n++] = __VA_ARGS__)
void array_room(void **at, size_t *cap, size_t n, size_t size);

/* What may be there only once: the values of the fields together. */
struct unique {
    const struct field *fields[8]; /* the last one is what it is about */
    size_t              n;
    bool                nocase;    /* the last one */
    struct map          rows;      /* key -> row_head */
};

struct live_kind {
    const struct kind   *kind;
    struct live_hooks    hooks;
    struct map           rows;  /* sid -> row_head */
    struct map           gone;  /* deleted in this batch: the store still has them */
    struct unique       *uniques;
    size_t               nuniques;
    const struct field  *key;
    const struct field **texts; /* columns */
    size_t               ntexts;
    ARRAY(struct watcher) watchers;
    bool                 partial; /* the store has rows that are not live */
};

enum change_how { EDITED, NEW, REVIVED }; /* REVIVED: had been retired, became live again */

struct change {
    struct row_head *head;
    void            *was;     /* in the batch's arena; NULL of NEW */
    enum change_how  how;
    bool             dropped; /* nothing to write after all */
};

struct text_change { char *before, *after; };
struct key_change { struct row_head *head; size_t i; char *before, *after; };
struct after { void (*fn)(void *arg); void *arg; };
struct entry { struct command *command; fault_t fault; size_t first_after, end_after; };
struct account_log { char *sid; int64_t last; };

struct alarm_row;

struct ledger {
    struct ledger_config config;
    struct arena        *arena;   /* of the ledger itself */
    struct arena        *scratch; /* of nobody for longer than a function */
    struct db           *db;
    struct mailbox      *mail;
    struct thread       *thread;
    struct sid_source    sids;

    struct live_kind    *kinds;
    size_t               nkinds;
    struct live_kind   **by_address;
    size_t               by_address_cap;
    ARRAY(struct listener) listeners;
    ARRAY(struct alarm_kind) alarm_kinds;
    ARRAY(struct { void (*fn)(void *, struct tx *); void *arg; }) loaded;
    ARRAY(struct { void (*fn)(void *); void *arg; }) reset;
    ARRAY(struct alarm_row *) alarms; /* a heap: the next one to ring is first */
    struct map           accounts;

    /* the command under way */
    uint64_t             command;
    bool                 undoing;
    int                  telling;  /* how deep listeners tell events of their own */
    ARRAY(struct change) changes;
    ARRAY(struct text_change) text_changes;
    ARRAY(struct key_change) key_changes;
    struct map           loose;    /* rows of kinds that are not resident, by "kind sid" */
    size_t               first_event, first_after;
    const char          *told;     /* the facts, as they were handed in, of … */
    const struct event  *told_by;  /* … the last event that kept its own */

    /* the batch */
    struct arena        *batch;
    bool                 begun, failed, reload;
    ARRAY(struct entry) entries;
    ARRAY(struct row_head *) touched;
    ARRAY(const void *) births;  /* rows to insert, while writing */
    ARRAY(struct event *) events;
    ARRAY(struct after) afters;
    ARRAY(char *) graveyard;
    ARRAY(struct row_head *) dead;

    atomic_bool      ready;
    _Atomic uint64_t n_commands, n_refused, n_batches, n_events, n_failed;
    _Atomic int64_t  n_rows, n_bytes;
};

/* kinds.c: the kinds as the ledger knows them */
const char       *kinds_make(struct ledger *l, struct arena *a);
void              kinds_free(struct ledger *l);
struct live_kind *live_kind_of(const struct ledger *l, const struct kind *k);

/* row.c */
struct row_head *row_make(struct ledger *l, struct live_kind *lk);              /* resident, empty */
void             row_free(struct ledger *l, struct row_head *h, bool texts);
char            *text_keep(struct ledger *l, const char *s);                   /* NULL stays NULL */
void             text_drop(struct ledger *l, char *s);
const char      *row_sid(const struct row_head *h);
void             rows_forget(struct ledger *l);                                /* everything resident */

/* command.c: one command from run() to what it leaves for the batch */
fault_t command_run(struct ledger *l, struct command *c, int64_t now);
fault_t unavailable(struct arena *a);

/* unique.c */
fault_t value_taken(struct tx *tx, enum fault_id id, const struct kind *k, const char *field);
fault_t unique_apply(struct tx *tx);              /* the command's changes to the maps, or a fault and none */
void    unique_undo(struct ledger *l);
void    unique_add(struct ledger *l, struct row_head *h);           /* loaded: known to be unique */
void    unique_drop(struct row_head *h); /* the row leaves memory */

/* batch.c */
bool batch_begin(struct ledger *l);               /* the transaction, when the first write needs it; false: failed */
void batch_run(struct ledger *l, struct mail *mail);
bool ledger_load(struct ledger *l, struct arena *a, const char **why);

/* event.c */
bool events_write(struct ledger *l);
void events_undo(struct ledger *l);               /* those of the command */
void events_forget(struct ledger *l);
bool events_load(struct ledger *l);               /* SIDs go on after the last one of the log */

int64_t event_last(struct ledger *l, const char *account); /* the number given last */

/* purge.c */
extern const struct kind log_mark_kind;
void    purge_setup(struct ledger *l);

/* alarm.c */
void    alarms_setup(struct ledger *l);
int64_t alarms_next(const struct ledger *l);      /* when, or NO_VALUE */
void    alarms_ring(struct ledger *l);            /* those that are due, as commands of this batch */
void    entry_run(struct ledger *l, struct command *c, int64_t now);
