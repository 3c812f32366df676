/* What the files of the statistics share.
 *
 * There is one struct of everything that a statistic may show, and a kind for each selection of it: of a workspace, a
 * workflow, a queue, the workers, a worker; what is true now, what happened in a period, or both (statistics.c).  Now is filled on the ledger, from routing's
 * counters; what happened is filled on a reader, from measure's rows, metric by metric as measure/metrics.def lists them. */
#pragma once
#include "measure/measure.h"
#include "product/taskrouter/internal.h"

struct statistics {
    const char *account_sid, *workspace_sid, *workflow_sid, *task_queue_sid, *worker_sid;
    /* now */
    const char *activity_statistics, *tasks_by_priority, *tasks_by_status;
    const char *longest_task_waiting_sid, *longest_relative_task_sid_in_queue;
    int64_t     longest_task_waiting_age, longest_relative_task_age_in_queue;
    int64_t     total_tasks, total_workers, total_available_workers, total_eligible_workers;
    /* in a period; the names that metrics.def shows */
    int64_t     start_time, end_time, avg_task_acceptance_time;
    int64_t     reservations_created, reservations_accepted, reservations_rejected;
    int64_t     reservations_timed_out, reservations_canceled, reservations_rescinded;
    int64_t     tasks_created, tasks_entered, tasks_moved, tasks_canceled, tasks_completed, tasks_deleted;
    int64_t     tasks_timed_out_in_workflow;
    const char *wait_duration_until_accepted, *wait_duration_until_canceled, *wait_duration_in_queue_until_accepted;
    const char *split_by_wait_time, *activity_durations;
    /* both */
    const char *realtime, *cumulative;
};

/* The parameters of all of them; each takes some. */
struct statistics_params {
    int64_t     minutes, start_date, end_date;
    const char *task_channel, *split_by_wait_time, *task_queue_sid, *task_queue_name, *friendly_name;
};

/* Whom a statistic is about. */
enum about { ABOUT_WORKSPACE, ABOUT_WORKFLOW, ABOUT_QUEUE, ABOUT_WORKERS, ABOUT_WORKER, ABOUTS };
extern const struct kind statistics_now[ABOUTS], statistics_then[ABOUTS], statistics_both[ABOUTS]; /* none of what is now of one worker */
struct statistics_bulk { const char *account_sid, *workspace_sid, *task_queue_data; int64_t task_queue_response_count; };

void        statistics_whose(const struct op *op, struct statistics *s);
enum about  statistics_about(const struct op *op);
const char *statistics_sid(const struct op *op, enum about about); /* of the scope that is asked for; of the workspace for its workers */
fault_t     statistics_channel(struct op *op, const char **sid);   /* parameter TaskChannel; NULL: all */
/* The members that belong to a kind, as the text of an object; not whose they are. */
const char *statistics_text(struct op *op, const struct kind *k, const struct statistics *s);

/* statistics_now.c, on the ledger */
fault_t statistics_view_now(struct op *op, void *out);
fault_t statistics_look(struct op *op);           /* before one of both */
fault_t statistics_look_at_queues(struct op *op); /* before the list */
fault_t statistics_ask_for_queues(struct op *op, void *out);
struct queue_now { const char *sid, *realtime; };
struct seen {                                     /* op->data after a look */
    struct statistics    now;
    const char          *channel_sid;
    bool                 chosen;                  /* of the workers only these count: */
    const char         **workers;
    size_t               nworkers;
    struct queue_now    *queues;                  /* by sid */
    size_t               nqueues, room;
};
const struct queue_now *seen_queue(const struct seen *s, const char *sid); /* NULL: it was not there yet */

/* statistics_then.c, on a reader */
fault_t statistics_view_then(struct op *op, void *out);
fault_t statistics_view_both(struct op *op, void *out);
fault_t statistics_select_queues(struct op *op, struct list_plan *plan);
void    statistics_show_queue(struct op *op, const void *row, void *out);
