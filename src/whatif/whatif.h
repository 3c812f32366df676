/* whatif: what would have been, had the workflow, a queue or the team been another?
 *
 * A stretch of an account's own history is read from its log and played again: the same requests at the same times, the
 * same people coming and going, through the same engine (routing/), on a clock of its own and in a store of its own that
 * is thrown away.  Three things are measured by one and the same meter:
 *
 *     history   what the log says
 *     replay    the same again through the engine, nothing changed: how far the model can be believed
 *     what if   the same with the changes; the difference is told against the replay, like against like
 *
 * What is assumed of people is said in the result (notes), and in docs/simulate.md.  The folder that is read is opened for
 * reading only, and a server may run in it. */
#pragma once
#include "base/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct whatif_queue { const char *sid, *expression; };

struct whatif_options {
    const char *data, *workflow_sid;
    int64_t     from, to, threshold, interval; /* ms */
    const char *configuration; /* JSON, or NULL: as it is */
    const char *workers;       /* JSON, or NULL: as they were; docs/simulate.md */
    const struct whatif_queue *queues;
    size_t      nqueues;
    bool      (*stop)(void);   /* asked between steps; true: give up and tidy up.  May be NULL */
};

enum whatif_run { WHATIF_HISTORY, WHATIF_REPLAY, WHATIF_CHANGED, WHATIF_RUNS };

/* Of the tasks that were created in a stretch of time.  Times in ms; NO_VALUE: nobody was answered. */
struct whatif_figures {
    int64_t tasks, answered, within; /* within: answered within the threshold */
    int64_t abandoned;               /* canceled by somebody, while waiting */
    int64_t canceled;                /* by the engine: a timeout */
    int64_t waiting;                 /* still, at the end */
    int64_t avg, p50, p90, max;      /* waits of those who were answered */
    int64_t busy, staffed;           /* of all workers of the workspace: with a task; available, or with a task */
};

struct whatif_interval { int64_t from; struct whatif_figures of[WHATIF_RUNS]; };

struct whatif_result {
    const char *workflow_name, *workflow_sid;
    int64_t     from, to, threshold, interval;
    bool        changed; /* anything at all */
    struct whatif_figures total[WHATIF_RUNS];
    struct whatif_interval *intervals;
    size_t      nintervals;
    int64_t     refused[WHATIF_RUNS]; /* requests that the configuration has no place for */
    const char *const *notes; /* NULL-terminated */
};

/* NULL, or what is wrong. */
const char *whatif_simulate(struct arena *a, const struct whatif_options *o, struct whatif_result *out);
const char *whatif_table(struct arena *a, const struct whatif_result *r); /* for a person */
const char *whatif_json(struct arena *a, const struct whatif_result *r);
