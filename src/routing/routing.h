/* routing: the engine that finds a worker for a task.
 *
 * The engine lives on the ledger's thread.  Its truth are rows (the structs below: workspaces, activities, channels, queues,
 * workflows, workers and their channels, open tasks and reservations), all resident; everything else - which worker is in which
 * queue, which task waits where and in what order, how much of a channel's capacity is used - is derived from them, and made to
 * agree with them by one `relink` function a kind (ledger/ledger.h).  So a restart, an undo and an ordinary change take the same way.
 *
 *   task ── workflow: first filter that matches ── its targets, one after the other, each with a deadline ── a queue
 *   queue ── workers whose attributes match its expression ── available, with capacity, matching the target's expression
 *        ── ordered by order_by, else longest idle ── reservation(s) ── accepted | rejected | timed out ── wrapping ── completed
 *
 * Changes ask for work instead of doing it in place: a worker that became free, a task that lost its reservation are marked, and
 * routing_settle() - called once at the end of each command that touched the engine - matches until nothing more can be.
 *
 * The semantics and their sources are in docs/routing.md; where public sources disagree, the case says which reading was taken. */
#pragma once
#include "expr/expr.h"
#include "ledger/ledger.h"

struct workspace {
    const char *sid, *account_sid, *friendly_name, *event_callback_url, *events_filter;
    const char *default_activity_sid, *timeout_activity_sid;
    bool        multi_task_enabled;
    unsigned    prioritize_queue_order;      /* enum task_order */
    int64_t     date_created, date_updated;
    const char *default_activity_name, *timeout_activity_name; /* computed */
};
enum task_order { ORDER_FIFO, ORDER_LIFO };

struct activity {
    const char *sid, *account_sid, *workspace_sid, *friendly_name;
    bool        available;
    int64_t     date_created, date_updated;
};

struct task_channel {
    const char *sid, *account_sid, *workspace_sid, *friendly_name, *unique_name;
    bool        channel_optimized_routing;
    int64_t     date_created, date_updated;
};

struct task_queue {
    const char *sid, *account_sid, *workspace_sid, *friendly_name, *target_workers;
    const char *reservation_activity_sid, *assignment_activity_sid;
    int64_t     max_reserved_workers;
    unsigned    task_order;
    int64_t     date_created, date_updated;
    const char *reservation_activity_name, *assignment_activity_name; /* computed */
};

struct workflow {
    const char *sid, *account_sid, *workspace_sid, *friendly_name, *configuration;
    const char *assignment_callback_url, *fallback_assignment_callback_url, *document_content_type;
    int64_t     task_reservation_timeout;    /* seconds */
    int64_t     date_created, date_updated;
};

struct worker {
    const char *sid, *account_sid, *workspace_sid, *friendly_name, *attributes, *activity_sid;
    int64_t     date_created, date_updated, date_status_changed, version;
    const char *activity_name;               /* computed, with available */
    bool        available;
};

struct worker_channel {
    const char *sid, *account_sid, *workspace_sid, *worker_sid, *task_channel_sid;
    bool        available;
    int64_t     configured_capacity, last_reserved_time;
    int64_t     date_created, date_updated;
    int64_t     assigned_tasks, available_capacity_percentage; /* computed */
    const char *task_channel_unique_name;    /* computed */
};

enum task_status { TASK_PENDING, TASK_RESERVED, TASK_ASSIGNED, TASK_WRAPPING, TASK_COMPLETED, TASK_CANCELED };
extern const char *const task_status_names[];

struct task {
    const char *sid, *account_sid, *workspace_sid, *attributes, *addons, *reason;
    unsigned    assignment_status;           /* enum task_status */
    int64_t     priority, timeout;           /* timeout: seconds */
    const char *workflow_sid, *task_queue_sid, *task_channel_sid, *routing_target;
    bool        ignore_capacity;
    int64_t     date_created, date_updated, virtual_start_time, task_queue_entered_date, version;
    int64_t     filter_index, target_index;  /* where in the workflow it waits; -1: default_filter or none */
    int64_t     assignments;                 /* pending -> reserved moves */
    int64_t     assigned_at;                 /* when it was accepted; NO_VALUE before */
    int64_t     age;                         /* computed, seconds; with the names below */
    const char *workflow_friendly_name, *task_queue_friendly_name, *task_channel_unique_name;
};

enum reservation_status {
    RESERVATION_PENDING, RESERVATION_ACCEPTED, RESERVATION_REJECTED, RESERVATION_TIMEOUT,
    RESERVATION_CANCELED, RESERVATION_RESCINDED, RESERVATION_WRAPPING, RESERVATION_COMPLETED
};
extern const char *const reservation_status_names[];

struct reservation {
    const char *sid, *account_sid, *workspace_sid, *task_sid, *worker_sid, *task_queue_sid, *workflow_sid, *worker_name;
    const char *worker_previous_activity_sid;
    const char *reserved_activity_sid;       /* to which the offer moved the worker; NULL: it did not */
    const char *transfer_sid;                /* by which it came; NULL: by the workflow */
    unsigned    reservation_status;
    int64_t     reservation_timeout;         /* seconds, as it was when the reservation was made */
    int64_t     canceled_reason_code;        /* NO_VALUE: none */
    int64_t     idle_since, free_workers;    /* why this worker: since when idle, of how many of the queue who were free */
    int64_t     date_created, date_updated, version;
};

enum transfer_type { TRANSFER_WORKER, TRANSFER_QUEUE };
enum transfer_mode { TRANSFER_WARM, TRANSFER_COLD };
enum transfer_status { TRANSFER_INITIATED, TRANSFER_COMPLETE, TRANSFER_FAILED, TRANSFER_CANCELED };
extern const char *const transfer_type_names[], *const transfer_mode_names[], *const transfer_status_names[];

struct transfer {
    const char *sid, *account_sid, *workspace_sid, *task_sid;
    unsigned    transfer_type, transfer_mode, transfer_status;
    const char *transfer_to, *transfer_failed_reason;
    const char *initiating_reservation_sid, *initiating_worker_sid, *initiating_queue_sid, *initiating_workflow_sid;
    int64_t     date_created, date_updated;
};

extern const char *const task_order_names[];

/* What the engine needs to know of the kinds; product/taskrouter describes them. */
struct routing;
struct webhook_port { /* how the engine asks for an assignment callback; set by the product, after the commit of the reservation */
    void (*assign)(void *arg, struct tx *tx, const struct reservation *r, const struct task *t, const struct worker *w, const struct workflow *f);
    void *arg;
};

struct routing *routing_new(struct ledger *l);             /* registers hooks, alarms and on_loaded; before ledger_start() */
void            routing_free(struct routing *e);           /* between ledger_stop() and ledger_free() */
void            routing_callbacks(struct routing *e, const struct webhook_port *port); /* port is kept */

/* --- set-up objects.  The row is new (bound from parameters) or edited; each checks what a table cannot, derives, tells events. ---- */
fault_t workspace_created(struct routing *e, struct tx *tx, struct workspace *w, bool fifo_template, const char *const *activities /* NULL: the defaults */);
fault_t workspace_changed(struct routing *e, struct tx *tx, struct workspace *w, const struct workspace *was);
fault_t workspace_removed(struct routing *e, struct tx *tx, struct workspace *w);   /* and all that is in it */
fault_t activity_created(struct routing *e, struct tx *tx, struct activity *a);
fault_t activity_changed(struct routing *e, struct tx *tx, struct activity *a, const struct activity *was);
fault_t activity_removed(struct routing *e, struct tx *tx, struct activity *a);
fault_t task_channel_created(struct routing *e, struct tx *tx, struct task_channel *c); /* gives every worker that channel */
fault_t task_channel_changed(struct routing *e, struct tx *tx, struct task_channel *c, const struct task_channel *was);
fault_t task_channel_removed(struct routing *e, struct tx *tx, struct task_channel *c);
fault_t task_queue_created(struct routing *e, struct tx *tx, struct task_queue *q);
fault_t task_queue_changed(struct routing *e, struct tx *tx, struct task_queue *q, const struct task_queue *was);
fault_t task_queue_removed(struct routing *e, struct tx *tx, struct task_queue *q);
fault_t workflow_created(struct routing *e, struct tx *tx, struct workflow *f);
fault_t workflow_changed(struct routing *e, struct tx *tx, struct workflow *f, const struct workflow *was, bool re_evaluate);
fault_t workflow_removed(struct routing *e, struct tx *tx, struct workflow *f);
fault_t worker_created(struct routing *e, struct tx *tx, struct worker *w);             /* activity_sid may be NULL: the default */
fault_t worker_changed(struct routing *e, struct tx *tx, struct worker *w, const struct worker *was, bool reject_pending);
void    worker_moved(struct routing *e, struct tx *tx, struct worker *w, const struct activity *to, const char *reason); /* by the server; the event says why */
fault_t worker_removed(struct routing *e, struct tx *tx, struct worker *w);
fault_t worker_channel_changed(struct routing *e, struct tx *tx, struct worker_channel *c, const struct worker_channel *was);

/* --- work ------------------------------------------------------------------------------------------------------------------ */
/* A task bound from parameters: workflow_sid, task_channel_sid (a sid or unique name, or NULL), routing_target … may be NULL.  Routes it. */
fault_t task_created(struct routing *e, struct tx *tx, struct task *t);
/* Attributes, priority, channel, virtual start were edited in place by the caller. */
fault_t task_changed(struct routing *e, struct tx *tx, struct task *t, const struct task *was);
fault_t task_move(struct routing *e, struct tx *tx, struct task *t, enum task_status to, const char *reason); /* canceled, wrapping, completed */
fault_t task_removed(struct routing *e, struct tx *tx, struct task *t);                 /* ends its reservations first */
fault_t reservation_move(struct routing *e, struct tx *tx, struct reservation *r, enum reservation_status to, const char *activity_sid);
/* What else may be asked of a reservation (instruct.c): accept, reject; dequeue, call, redirect, conference, supervise; and of the talk that it is:
 * hold-customer, update-worker, hold-worker, kick-worker.  What wants a call is checked and told as "instruction.…"; a listener that performs it
 * sets `taken`; without one it is refused, as in an account that has no such call.  Such events have no scope: they are no news for customers. */
struct instruction_param { const char *name, *key, *also; }; /* in the REST API; in an assignment callback's answer, and in the event's facts; spelled so by clients */
struct instruction {
    const char  *name;
    const char *(*given)(void *arg, const struct instruction_param *p); /* as text; NULL: it is not */
    void        *arg;
    const struct reservation *reservation; /* for the listener, with the facts */
    bool         taken;
};
fault_t reservation_instruct(struct routing *e, struct tx *tx, struct reservation *r, struct instruction *i);
/* An assignment callback failed on both URLs: the reservation is canceled and the task evaluated again. */
void    reservation_fail(struct routing *e, struct tx *tx, struct reservation *r, int64_t reason_code);
/* A transfer bound from parameters: account, workspace, task, initiating reservation, mode, and to whom.  Begins it. */
fault_t transfer_created(struct routing *e, struct tx *tx, struct transfer *x);
fault_t transfer_cancel(struct routing *e, struct tx *tx, struct transfer *x);
void    routing_settle(struct routing *e, struct tx *tx); /* every function above calls it before it returns */

/* --- looking (on the ledger's thread) ------------------------------------------------------------------------------------------ */
/* NULL when there is none.  Names instead of SIDs where the API allows it. */
struct task_channel   *routing_channel(struct routing *e, struct tx *tx, const char *workspace_sid, const char *sid_or_name);
struct worker_channel *routing_worker_channel(struct routing *e, struct tx *tx, const char *worker_sid, const char *sid_or_name);
int64_t routing_used(struct routing *e, const struct worker_channel *c);      /* reservations pending, accepted or wrapping on it */
int64_t routing_assigned(struct routing *e, const struct worker_channel *c);  /* accepted ones */
int64_t routing_percentage(struct routing *e, const struct worker_channel *c);
/* Calls each for the open reservations of a worker or a task, oldest first. */
void routing_each_reservation_of_worker(struct routing *e, struct tx *tx, const char *worker_sid, void (*each)(void *arg, struct reservation *r), void *arg);
void routing_each_reservation_of_task(struct routing *e, struct tx *tx, const char *task_sid, void (*each)(void *arg, struct reservation *r), void *arg);
void routing_each_channel_of_worker(struct routing *e, struct tx *tx, const char *worker_sid, void (*each)(void *arg, struct worker_channel *c), void *arg);
struct transfer *routing_transfer_of_task(struct routing *e, struct tx *tx, const char *task_sid); /* the one under way, or NULL */
bool routing_queue_has(struct routing *e, const char *queue_sid, const char *worker_sid); /* the worker matches the queue's expression */
void routing_each_queue_of_worker(struct routing *e, const char *worker_sid, void (*each)(void *arg, const struct task_queue *q), void *arg);
void routing_each_channel(struct routing *e, const char *workspace_sid, void (*each)(void *arg, const struct task_channel *c), void *arg);
void routing_each_task(struct routing *e, const char *workspace_sid, void (*each)(void *arg, const struct task *t), void *arg); /* open ones */
/* Parsed; as long as the text does not change. */
const json_t *routing_worker_attributes(struct routing *e, const char *worker_sid);
/* A worker has come to a queue or left it: whatever changed it, also an undo.  Set before ledger_start(); kept. */
struct routing_watch { void (*member)(void *arg, const struct task_queue *q, const struct worker *w); void *arg; };
void routing_watch(struct routing *e, const struct routing_watch *w);
/* --- counted while it happens (on the ledger's thread).  channel_sid NULL: all channels; who takes a channel is a worker whose channel is available
 * and has a capacity. */
struct priority_count { int64_t priority, tasks; };
struct routing_tasks {
    int64_t                by_status[TASK_WRAPPING + 1], total; /* completed and canceled tasks are in no place any more */
    struct priority_count *priorities;
    size_t                 npriorities;
    const struct task     *longest;      /* the pending one that was created first, or NULL */
    const struct task     *longest_here; /* … that entered its queue first */
    int64_t                longest_since, longest_here_since;
};
struct routing_activity { const struct activity *activity; int64_t workers; };
struct routing_workers {
    struct routing_activity *activities; /* every one of the workspace, in the order of their making */
    size_t                   nactivities;
    int64_t                  total, available;
};
void routing_count_tasks(struct routing *e, struct arena *a, const char *sid, const char *channel_sid, struct routing_tasks *out); /* of a workspace, workflow or queue */
void routing_count_workers(struct routing *e, struct arena *a, const char *sid, const char *channel_sid, struct routing_workers *out); /* of a workspace or queue */
/* Every queue of a workspace; every worker of a workspace, or who belongs to a queue. */
void routing_each_queue(struct routing *e, const char *workspace_sid, void (*each)(void *arg, const struct task_queue *q), void *arg);
void routing_each_worker(struct routing *e, const char *sid, void (*each)(void *arg, const struct worker *w), void *arg);
/* For a listener, while task-queue.moved is told: the queue that the task comes from. */
const char *routing_left_queue(const struct routing *e);

/* What is wrong with a workflow's configuration, as a fault naming the place; NULL: nothing. */
fault_t workflow_check(struct routing *e, struct tx *tx, const char *workspace_sid, const char *configuration);
/* Whether the engine gave this reason for canceling a task, and not somebody who asked for it; *ttl: its own time was over. */
bool routing_gave_reason(const char *reason, bool *ttl);
/* --- why (explain.c): how a task was routed, for a person; docs/explanation.md says what is in the JSON ---------------------------- */
enum { EXPLAINED_WORKERS = 100, EXPLAINED_OFFERS = 100, EXPLAINED_FILTERS = 200 };
struct routing_explanation {
    const char *summary;   /* a sentence: "Waiting in Billing since 12 s: 3 workers match, all busy (capacity 1 of 1)" */
    const char *place;     /* JSON, as all that follow: workflow, filters, step, deadline */
    const char *workers;   /* who was considered; at most EXPLAINED_WORKERS, and how many there are of each sort */
    const char *offers;    /* the reservations so far, oldest first, and why they went to whom they went */
    const char *waits_for; /* or null */
    int64_t     until;     /* the task's events are not younger */
};
/* Of a task of any state; texts in tx->arena.  Changes nothing. */
void routing_explain(struct routing *e, struct tx *tx, struct task *t, struct routing_explanation *out);
/* Events of a reservation or task carry the live rows: event.subject the reservation, or the transfer, or NULL, event.other the task; of a worker
 * event: subject the worker, other the worker_channel (capacity, availability) or NULL.  See docs/routing.md for the facts in data. */
