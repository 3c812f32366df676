/* measure: what happened, by the minute.
 *
 * routing knows what is; this folder keeps what was.  It listens to routing's events, in their transaction, and keeps three kinds of rows:
 *
 *   minute_figure   what metrics.def says, for a scope (a workspace, workflow, queue or worker), a task channel and a minute.  In memory
 *                   while its minute runs, so that what a busy second changes is written once a batch; then only a row.
 *   task_wait       a row each time a task's wait ended: accepted or canceled, after how long.  Splits at any threshold need each wait.
 *   worker_stay     a row each time a worker left an activity: which, from when until when.  What it does now is in the worker's row.
 *
 * All are kept for KEPT, then an alarm deletes them, some at a time.
 *
 * An event counts for the minute in which it happens, and a wait for the minute in which it ends.  Time in an activity counts when it was
 * spent: a stay is cut at the borders of the period asked for, exactly, so there is nothing to split in advance.
 *
 * Asking is SQL over rows, on any thread with a connection to the store; it sees what was acknowledged.  A period begins at the start of a minute. */
#pragma once
#include "rest/resource.h"
#include "routing/routing.h"

#define MEASURE_KEPT (30 * DAY)
#define MEASURE_IN_TIME (20 * SECOND)    /* a task that was accepted so soon was accepted in time */

enum scope { OF_WORKSPACE = 1, OF_WORKFLOW = 2, OF_QUEUE = 4, OF_WORKER = 8 };
#define OF_TASKS (OF_WORKSPACE | OF_WORKFLOW | OF_QUEUE)
#define OF_ALL (OF_TASKS | OF_WORKER)

struct minute_figure {
    const char *sid, *account_sid, *workspace_sid, *scope_sid, *channel_sid;
    int64_t     minute;                  /* its beginning */
    bool        over;                    /* nothing is added any more */
#define COUNT(member, shown, event, scopes) int64_t member;
#define WITHIN(member, event, scopes, ms) int64_t member;
#define SPREAD(member, shown, event, scopes, since) int64_t member##_n, member##_total, member##_min, member##_max;
#include "measure/metrics.def"
#undef COUNT
#undef WITHIN
#undef SPREAD
};

struct task_wait {
    const char *sid, *account_sid, *workspace_sid, *workflow_sid, *task_queue_sid, *channel_sid, *task_sid;
    int64_t     at, waited;
    bool        canceled;                /* else accepted */
};

struct worker_stay {
    const char *sid, *account_sid, *workspace_sid, *worker_sid, *activity_sid;
    int64_t     begun, ended;
};

extern const struct kind minute_figure_kind, task_wait_kind, worker_stay_kind;
enum { MEASURE_KINDS = 3 };
extern const struct kind *const measure_kinds[MEASURE_KINDS];

/* A row of metrics.def. */
enum since { SINCE_NOTHING, SINCE_CREATED, SINCE_ENTERED };
struct spread { int64_t n, total, min, max; }; /* ms; min and max are NO_VALUE when n is 0 */
struct metric {
    const char     *name, *shown;        /* shown NULL: not by the API */
    enum event_type raised_by;
    unsigned        scopes;
    enum since      since;               /* SINCE_NOTHING: it is a count */
    size_t          offset;              /* in a minute_figure, of the count or of the spread's n */
    int64_t         within;              /* ms: a count of what was no later; 0: of all */
};
extern const struct metric metrics[];
extern const size_t nmetrics;
int64_t       metric_count(const struct metric *m, const struct minute_figure *f);
struct spread metric_spread(const struct metric *m, const struct minute_figure *f);

/* --- keeping */
struct measure;
struct measure *measure_new(struct ledger *l, struct routing *e); /* listens; before ledger_start() */
void            measure_free(struct measure *m);                  /* after ledger_stop() */
extern const struct module measure_module;

/* --- asking.  channel_sid NULL: all; false: the store failed. */
struct period { int64_t start, end; };                            /* end is not in it */
int64_t minute_of(int64_t at);                                    /* the beginning of its minute */
void measure_begin(struct minute_figure *sum);
/* Adds what was counted of a scope. */
bool measure_add(struct db *db, const char *scope_sid, const char *channel_sid, const struct period *p, struct minute_figure *sum);

/* The same by channel: each() gets the sum of every channel of which anything was counted. */
bool measure_by_channel(struct db *db, const char *scope_sid, const struct period *p,
                        void (*each)(void *arg, const char *channel_sid, const struct minute_figure *sum), void *arg);
/* What is counted of the minute that runs; on the ledger's thread.  NULL: nothing yet. */
const struct minute_figure *measure_running(const struct measure *m, const char *scope_sid, const char *channel_sid, int64_t now);

/* Of a workspace, workflow or queue: how many waits ended within so long, and how many took longer. */
enum { SPLIT_TASKS_MAX = 10000 };                                 /* the newest ones count */
struct split { int64_t threshold, accepted_below, canceled_below, accepted_above, canceled_above; }; /* threshold: ms */
bool measure_split(struct db *db, const char *scope_sid, const char *channel_sid, const struct period *p,
                   struct split *splits, size_t n);

/* Time spent in activities by all workers of a workspace, or by one: of each stay the part within the period. */
struct stays { const char *activity_sid; struct spread spread; };
struct stay_list { struct arena *arena; struct stays *at; size_t n, cap; };
bool measure_stays(struct db *db, const char *sid, const struct period *p, struct stay_list *out); /* adds; end not in the future */
const struct stays *stays_in(const struct stay_list *l, const char *activity_sid); /* NULL: nobody was */
