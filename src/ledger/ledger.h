/* ledger: the one writer.
 *
 * Every change is a command, run by the ledger's thread: straight-line code, no locks.  The thread takes all that is queued
 * (at most LEDGER_BATCH), runs each command, commits once, and only then calls the commands' done(), which answer the callers.
 * So what was acknowledged is on disk.  A command that returns a fault is undone, in memory and on disk, alone; its
 * neighbours in the batch are not touched.  If the commit itself fails (disk full, I/O error), every command of the batch
 * ends with UNAVAILABLE and memory is loaded again from the store.
 *
 * Rows.  Kinds (store/record.h) are either resident - their live rows are in memory, here and only here - or only rows in
 * the store.  Both are used alike: row_find(), row_new(), row_edit(), row_delete().  A resident row has a stable address
 * while it is live; changes to it reach the store at the end of the batch, many changes of a row as one write.  A row that is
 * not resident is written at the end of its command.
 *
 * Undo.  row_edit() remembers what the row was.  What an engine derives from rows (links between them, queues, counters)
 * is not undone but made again: the kind's hooks say how to make the derived state agree with the row (`relink`), and the ledger
 * calls them after loading, and after undoing - in the order of ledger_config.kinds, so parents stand
 * before their children.  The engine calls the same function after its own changes.  Derived state lives behind the row, in the
 * bytes between kind.size and hooks.live_size.  A row that is deleted, or of an undone row_new(), is unlinked (at once); so is one
 * that is no longer live, after the commit: then row_find() still finds it, in the store.
 *
 * Events.  event_tell() writes to the account's log in the same transaction; listeners (rows of a table, set up before start) hear
 * of it at once, in the same transaction, and may change rows themselves; what must wait for the commit (a frame to
 * a socket, an HTTP call) they hand to tx_after().
 *
 * Alarms are durable timers: set, moved and cancelled by commands, rung as commands, also after a restart.
 *
 * There may be several ledgers in a process. */
#pragma once
#include "base/clock.h"
#include "base/list.h"
#include "base/sid.h"
#include "base/thread.h"
#include "store/store.h"

enum { LEDGER_BATCH = 1024, LEDGER_QUEUE = 16 * 1024 };

struct ledger;
struct tx;       /* a command under way; only on the ledger's thread, only until run() returns */
struct command;
struct event;

struct live_hooks {
    size_t live_size;                               /* >= kind.size; the bytes behind the row are zeroed at first */
    void (*relink)(void *engine, struct tx *tx, void *row); /* make what is derived from the row agree with it; idempotent.  tx is NULL while loading */
    void (*unlink)(void *engine, void *row);        /* the row leaves memory: remove it from everything */
    void *engine;
};

struct listener {
    const char *prefix;                             /* of the event type: "reservation." ; "" hears all */
    void (*hear)(void *arg, struct tx *tx, const struct event *e);
    void *arg;
};

struct alarm_kind { const char *name; void (*ring)(void *arg, struct tx *tx, const char *subject, int64_t due); void *arg; };

struct ledger_config {
    struct store *store;
    struct clock *clock;
    const struct kind *const *kinds; size_t nkinds; /* every kind of the server; schema_sync() is done by the ledger */
    int64_t       events_kept; /* ms that an event stays in the log; 0: for ever */
};

/* Set-up, on one thread, before ledger_start(): */
struct ledger *ledger_new(struct arena *a, const struct ledger_config *c, const char **why); /* opens the writer, makes the schema */
void ledger_hooks(struct ledger *l, const char *kind, const struct live_hooks *h);
void ledger_listen(struct ledger *l, const struct listener *x);
void ledger_alarm(struct ledger *l, const struct alarm_kind *k);
/* For views that keep copies of a resident kind's rows: hears once a command of each row that a command which ended well has made, changed
 * or deleted.  was is NULL for a new row; gone: deleted, or not live any more.  Nothing may be changed, and rows are only to be looked at. */
struct watcher { void (*changed)(void *arg, const void *row, const void *was, bool gone); void *arg; };
void ledger_watch(struct ledger *l, const char *kind, const struct watcher *w);
void ledger_on_loaded(struct ledger *l, void (*loaded)(void *arg, struct tx *tx), void *arg); /* all rows are in memory (at start, and after a reload); may change rows */
void ledger_on_reset(struct ledger *l, void (*reset)(void *arg), void *arg); /* before a reload, and when the ledger has stopped: forget everything derived */
const struct kind *ledger_kind(const struct ledger *l, const char *name);    /* asserts that it exists */
bool ledger_start(struct ledger *l, struct arena *a, const char **why);      /* loads, starts the thread */
void ledger_stop(struct ledger *l);                                          /* finishes what is queued; joins */
void ledger_free(struct ledger *l);
bool ledger_ready(const struct ledger *l);                                   /* any thread: the last commit went through */

/* --- commands (any thread) --------------------------------------------------------------------------- */
struct command {
    struct mail   mail;
    struct arena *arena;                            /* of the request; tx allocates from it */
    fault_t     (*run)(struct tx *tx, struct command *c);
    void        (*done)(struct command *c, fault_t f); /* after the commit, on the ledger's thread; must not block; the command is the caller's again */
};
bool ledger_send(struct ledger *l, struct command *c); /* false: too much is queued, or stopping; answer 503 */
/* Sends and waits: for start-up, tests and tools; not on the ledger's thread. */
fault_t ledger_do(struct ledger *l, struct arena *a, fault_t (*run)(struct tx *tx, void *arg), void *arg);
/* A test clock only: turns it step by step, ringing each alarm at its own time; returns when all that is due has rung. */
void ledger_turn(struct ledger *l, int64_t by);
void ledger_reload(struct ledger *l);               /* forget memory, load again; tests compare before and after */

/* --- inside a command --------------------------------------------------------------------------------- */
struct tx {
    struct ledger *ledger;
    struct arena  *arena;    /* of the command */
    int64_t        now;      /* ms; the same for the whole command */
    struct db     *db;       /* the writer's connection: for reading rows of kinds that are not resident */
    struct { const char *text; void *tree; } parsed; /* the JSON that was parsed last in this command, and its json_t: not again by whoever asks next */
};

const char *tx_sid(struct tx *tx, const char *prefix);             /* a new one, in the arena */

void *row_find(struct tx *tx, const struct kind *k, const char *sid);      /* or NULL; not one deleted by this command */
void *row_new(struct tx *tx, const struct kind *k, const char *sid);       /* zeroed (numbers 0), KEY and BORN/TOUCHED times set; sid NULL: made from the KEY's prefix */
void  row_edit(struct tx *tx, void *row);                          /* before the first change in this command; idempotent */
void  row_set(struct tx *tx, void *row, const char **member, const char *value); /* row_edit(), and a text member, copied to where the row lives; NULL allowed */
void  row_delete(struct tx *tx, void *row);
const void *row_was(struct tx *tx, const void *row);               /* as it was before this command; NULL: it is new; row itself: not edited */
const struct kind *row_kind(const void *row);                      /* of a row from the above */
bool  row_is_live(const void *row);                                /* resident and not retired */
/* Live rows of a resident kind, in no order: for (size_t i = 0; (row = row_each(tx, k, &i)); ) … none may be made or deleted meanwhile. */
void *row_each(struct tx *tx, const struct kind *k, size_t *i);
size_t row_count(struct tx *tx, const struct kind *k);

/* The rows that a selection finds in the store, then one after the other as this command has them: each may be changed or deleted, and others made. */
struct rows_found { const struct kind *kind; const char **sids; size_t n, cap, next; };
enum db_result rows_select(struct tx *tx, const struct kind *k, const struct selection *s, struct rows_found *out); /* on failure those that were read */
void *rows_next(struct tx *tx, struct rows_found *r);              /* NULL: there are no more; what has been deleted is passed over */
enum db_result rows_delete(struct tx *tx, const struct kind *k, const char *column, const char *value); /* where column is value; all or, on failure, none */

/* Calls fn after the commit, on the ledger's thread, in the order of the calls; not at all if the command is undone or the commit
 * fails.  arg must live until then: memory from tx->arena does (done() is called after). */
void  tx_after(struct tx *tx, void (*fn)(void *arg), void *arg);

/* --- events --------------------------------------------------------------------------------------------- */
enum event_type {
#define EVENT(id, name, words) EV_##id,
#include "ledger/events.def"
#undef EVENT
    EV_COUNT
};
const char *event_name(enum event_type t);          /* "reservation.accepted" */
const char *event_words(enum event_type t);         /* "Reservation accepted" */

struct event {
    enum event_type type;
    const char *account_sid;
    int64_t     number;         /* of the account, from 1, without gaps */
    const char *sid;            /* EV… */
    int64_t     at;             /* ms */
    const char *scope_sid;      /* the workspace, the service … */
    const char *resource_type, *resource_sid;
    const char *actor_type, *actor_sid;
    const char *data;           /* a JSON object of facts, snake_case; of a stored event NULL where facts_of names one that has the same */
    const char *facts_of;       /* the SID of that, of the same command; the ledger's own: see event_facts() */
    int64_t     at_ms;          /* computed: at, for those who want to see it as a number */
    /* For listeners in this transaction only: the rows that it speaks of, by convention of who tells it; may be NULL. */
    void       *subject, *other;
};
/* Completes number, sid and at; keeps a row of kind "event"; tells the listeners. */
void event_tell(struct tx *tx, struct event *e);
/* The facts of a stored event: into e->data, in the arena.  In SQL about the table event: EVENT_FACTS. */
enum db_result event_facts(struct db *db, struct arena *a, struct event *e);
#define EVENT_FACTS "coalesce(event.data, (SELECT f.data FROM event AS f WHERE f.sid = event.facts_of))"
/* Old events go (ledger_config.events_kept), an account's oldest first; the number of the oldest that is there, or would be next. */
int64_t event_first(struct db *db, const char *account_sid); /* any thread; NO_VALUE: the store failed */
extern const struct kind event_kind;                /* sid, account_sid, number, event_type, at, scope_sid, … */

/* --- alarms ---------------------------------------------------------------------------------------------- */
void    alarm_set(struct tx *tx, const char *kind, const char *subject, int64_t due);  /* one a kind and subject: moves it */
void    alarm_cancel(struct tx *tx, const char *kind, const char *subject);            /* none set: no-op */
int64_t alarm_due(struct tx *tx, const char *kind, const char *subject);               /* NO_VALUE: none */
extern const struct kind alarm_kind_record;

/* --- figures (any thread) --------------------------------------------------------------------------------- */
struct ledger_counters { uint64_t commands, refused, batches, events, failed_commits; int64_t queued, resident_rows, resident_bytes; };
struct ledger_counters ledger_count(const struct ledger *l);

/* --- for tests and tools ------------------------------------------------------------------------------------ */
const char *ledger_fingerprint(struct tx *tx, struct arena *a); /* all resident rows as a text, sorted: compare before and after a reload */
struct db  *ledger_db(struct ledger *l);                         /* the writer's connection, for store/faulty.h */
