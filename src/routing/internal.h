/* internal: the engine's memory, seen by the files of this folder only.
 *
 * Behind each resident row stands what is derived from it (struct x_live: the row first, then links).  link_x() makes the
 * derived part agree with the rows - it may be called at any time, any number of times - and unlink_x() removes the row from
 * everything.  Both sides of a relation are always kept: whoever points at a row is in a list of that row, so that
 * unlinking the row clears the pointer.
 *
 * Sets of workers and queues are bit sets over slots: small numbers, unique within the workspace, given to each worker, queue and
 * channel while it lives.  Slots are not persistent and mean nothing outside. */
#pragma once
#include "base/list.h"
#include "base/map.h"
#include "base/tree.h"
#include "routing/kinds.h"
#include "routing/routing.h"

/* --- slots and bit sets (slots.c) ------------------------------------------------------------------------ */
#define NO_SLOT SIZE_MAX
struct bits { uint64_t *words; size_t n; };
struct slots { void **at; size_t n, cap, first_free; };

bool   bits_has(const struct bits *b, size_t i);
void   bits_put(struct bits *b, size_t i, bool value);
size_t bits_next(const struct bits *b, size_t from); /* the first member >= from, or NO_SLOT */
size_t bits_next_common(const struct bits *a, const struct bits *b, size_t from);
void   bits_free(struct bits *b);
size_t slots_take(struct slots *s, void *what);
void   slots_release(struct slots *s, size_t i);
void  *slots_get(const struct slots *s, size_t i);   /* NULL for a hole and beyond the end */

/* --- live rows -------------------------------------------------------------------------------------------- */
struct worker_live;
struct task_live;
struct channel_live;

/* Where a worker channel stands in the line of those who can take a task: longest idle first. */
struct idle_key { int64_t reserved, status_changed; const char *worker_sid; };
/* Where a task stands in the line of those who wait. */
struct wait_key { bool lifo; int64_t priority, start, created; const char *sid; };

RB_HEAD(ready_tree, worker_channel_live);
RB_HEAD(wait_tree, task_live);

/* Tasks that are counted together: those of one scope on one channel (counters.c). */
enum { LIVE_STATUSES = TASK_WRAPPING + 1 };
struct age_node { RB_ENTRY(age_node) in_tree; int64_t at; struct task_live *task; };
RB_HEAD(age_tree, age_node);
/* Who comes last is known, because nearly everybody comes last: without a walk down the tree. */
struct age_line { struct age_tree tree; struct age_node *last; };
struct tally {
    int64_t                by_status[LIVE_STATUSES];
    struct priority_count *priorities;    /* by priority; none is 0 */
    size_t                 npriorities, priorities_cap;
    struct age_line        ages, entries; /* who waits: since it was created; in a queue also: since it entered it */
};
struct tallies { struct tally **at; size_t n; }; /* by channel slot + 1; 0: of no channel */
enum { OF_WORKSPACE, OF_WORKFLOW, OF_QUEUE, TALLIES };
enum { AGE_IN_WORKFLOW, AGE_IN_QUEUE, AGE_SINCE_ENTERED, AGE_NODES };
struct counted_task {
    struct tally   *in[TALLIES];          /* NULL: not counted there */
    unsigned        status;
    int64_t         priority, entered;
    struct age_node nodes[AGE_NODES];
};
/* Workers that are counted together: all, and those who take a channel; each by activity slot. */
struct crowd { int64_t *by_activity; size_t n; };
struct crowds { struct crowd *at; size_t n; };   /* 0: all; then by channel slot + 1 */

/* What a queue has for one channel: the tasks that wait, and how many of its workers could take one. */
struct lane { struct wait_tree waiting; struct task_live *last; size_t nwaiting, nready; };

/* finder.c: where to look for the queues of a worker. */
struct need;
struct finder {
    struct map  words;              /* of an attribute -> the queues that ask for it */
    struct link paths;              /* the attributes in which words are looked for */
    struct bits wordless, by_facts; /* queues that ask for no word; that read facts */
    struct bits found;              /* room for finder_look() */
};

struct workspace_live {
    struct workspace row;
    bool             linked, single; /* single: as its workers' readiness has it (single.c) */
    struct link      self; /* in routing.workspaces */
    struct link      activities, channels, queues, workflows, workers, tasks;
    struct slots     worker_slots, queue_slots, channel_slots, activity_slots;
    struct finder    finder;
    struct tallies   tallies;
    struct crowds    crowds;
    size_t           nfact_readers; /* workflows that ask for facts about workers, which change without an update */
};

struct activity_live {
    struct activity        row;
    struct workspace_live *workspace; /* NULL: not linked; so in all that follow */
    struct link            in_workspace, workers;
    size_t                 slot;
    uint64_t               name_hash;
};

struct channel_live {
    struct task_channel    row;
    struct workspace_live *workspace;
    struct link            in_workspace;
    size_t                 slot;
    struct ready_tree      ready; /* worker channels that can take a task, in the order of idle_key */
    size_t                 nready;
    struct bits            busy;  /* queues with a task waiting on this channel */
};

struct queue_live {
    struct task_queue      row;
    struct workspace_live *workspace;
    struct link            in_workspace, tasks;
    size_t                 slot;
    struct arena          *arena;      /* of the expression */
    const struct expr     *expression;
    struct need           *needs;      /* in the arena: where the finder has it */
    size_t                 nneeds;
    uint64_t               source_hash;
    bool                   lifo;       /* how the lanes are ordered */
    struct bits            workers;    /* the members */
    size_t                 nworkers;
    struct lane           *lanes;      /* by channel slot */
    size_t                 nlanes;
    struct tallies         tallies;
    struct crowds          crowds;     /* of the members */
};

struct workflow_live {
    struct workflow        row;
    struct workspace_live *workspace;
    struct link            in_workspace, tasks;
    struct arena          *arena;      /* of the program */
    const struct program  *program;
    uint64_t               source_hash;
    struct link            stale;      /* tasks that are yet to be sent through it again … */
    uint64_t               stale_hash; /* … since its configuration was this */
    struct tallies         tallies;
};

struct worker_live {
    struct worker                row;
    struct workspace_live       *workspace;
    struct activity_live        *activity;
    struct link                  in_workspace, in_activity, reservations, dirty;
    size_t                       slot;
    struct worker_channel_live **channels; /* by channel slot; holes are NULL */
    size_t                       nchannels;
    struct bits                  queues;   /* of which it is a member */
    struct link                  words;    /* by which queues find it (finder.c) */
    json_t                      *attributes;
    uint64_t                     attributes_hash, facts_hash;
    size_t                       counted_activity; /* in the crowds: activity slot + 1; 0: not counted */
    struct bits                  counted_channels; /* that it takes */
};

struct worker_channel_live {
    struct worker_channel           row;
    struct worker_live             *worker;
    struct channel_live            *channel;
    int64_t                         used, assigned; /* open reservations; accepted ones */
    bool                            ready;          /* in channel->ready */
    struct idle_key                 key;
    RB_ENTRY(worker_channel_live)   in_ready;
};

struct task_live {
    struct task            row;
    struct transfer_live  *transfer;        /* under way, or NULL */
    struct workspace_live *workspace;
    struct queue_live     *queue;
    struct workflow_live  *workflow;
    struct channel_live   *channel;
    struct link            in_workspace, in_queue, in_workflow, reservations, fresh, stale;
    json_t                *attributes;      /* NULL: not parsed, see task_attributes() */
    uint64_t               attributes_hash;
    bool                   waiting;         /* in a lane of ->queue, that of ->channel */
    struct wait_key        key;
    RB_ENTRY(task_live)    in_lane;
    struct counted_task    counted;
};

struct reservation_live {
    struct reservation          row;
    struct task_live           *task;
    struct worker_live         *worker;
    struct worker_channel_live *counted;    /* on which it is counted; NULL: the channel is gone */
    bool                        counted_assigned;
    struct link                 in_task, in_worker;
};

struct transfer_live {
    struct transfer   row;
    struct task_live *task;                 /* whose ->transfer it is */
};

struct row_list { void **rows; size_t n, cap; };

struct routing {
    struct row_list            later[ROUTING_KINDS]; /* while loading, by place in engine.c's parts */
    struct ledger             *ledger;
    const struct webhook_port *port;
    const struct routing_watch *watch;      /* NULL: nobody */
    struct map                 rows;        /* every linked row, by its sid */
    struct link                workspaces;
    struct link                dirty;       /* workers that may take a task that they could not take before */
    struct link                fresh;       /* pending tasks that entered a step and were not matched since */
    int                        depth;       /* of engine functions under way; only the outermost settles */
    bool                       settling, loading;
    size_t                     slice;       /* so many tasks are sent through a changed workflow at once */
    struct { const struct task_live *of; struct task row; const char *facts; } told; /* tell_task(): while nothing of the task has changed */
    const char                *left_queue;  /* while task-queue.moved is told: where the task comes from */
};

/* --- derived state (link_setup.c, link_work.c) -------------------------------------------------------------- */
void link_workspace(struct routing *e, struct tx *tx, struct workspace_live *w);
void link_activity(struct routing *e, struct tx *tx, struct activity_live *a);
void link_channel(struct routing *e, struct tx *tx, struct channel_live *c);
void link_queue(struct routing *e, struct tx *tx, struct queue_live *q);
void link_workflow(struct routing *e, struct tx *tx, struct workflow_live *f);
uint64_t hash_text(const char *s); /* NULL has one, too */
void link_worker(struct routing *e, struct tx *tx, struct worker_live *w);
void link_worker_channel(struct routing *e, struct tx *tx, struct worker_channel_live *c);
void link_task(struct routing *e, struct tx *tx, struct task_live *t);
void link_reservation(struct routing *e, struct tx *tx, struct reservation_live *r);
void link_transfer(struct routing *e, struct tx *tx, struct transfer_live *x);
void unlink_workspace(struct routing *e, struct workspace_live *w);
void unlink_activity(struct routing *e, struct activity_live *a);
void unlink_channel(struct routing *e, struct channel_live *c);
void unlink_queue(struct routing *e, struct queue_live *q);
void unlink_workflow(struct routing *e, struct workflow_live *f);
void unlink_worker(struct routing *e, struct worker_live *w);
void unlink_worker_channel(struct routing *e, struct worker_channel_live *c);
void unlink_task(struct routing *e, struct task_live *t);
void unlink_reservation(struct routing *e, struct reservation_live *r);
void unlink_transfer(struct routing *e, struct transfer_live *x);
/* The linked row of that sid, linking it if it is in memory only; NULL: there is none. */
struct workspace_live *find_workspace(struct routing *e, struct tx *tx, const char *sid);
struct activity_live  *find_activity(struct routing *e, struct tx *tx, const char *sid);
struct channel_live   *find_channel(struct routing *e, struct tx *tx, const char *sid);
struct queue_live     *find_queue(struct routing *e, struct tx *tx, const char *sid);
struct workflow_live  *find_workflow(struct routing *e, struct tx *tx, const char *sid);
struct worker_live    *find_worker(struct routing *e, struct tx *tx, const char *sid);
struct task_live      *find_task(struct routing *e, struct tx *tx, const char *sid);

struct lane  *lane_of(struct queue_live *q, size_t channel_slot); /* made if it is not there */
void          put_member(struct routing *e, struct queue_live *q, struct worker_live *w, bool now);
void          refresh_member(struct routing *e, struct queue_live *q, struct worker_live *w);
void          refresh_membership(struct routing *e, struct worker_live *w, bool only_by_facts);
void          refresh_readiness(struct routing *e, struct worker_live *w); /* of all its channels */
void          mark_dirty(struct routing *e, struct worker_live *w);
void          mark_fresh(struct routing *e, struct task_live *t);
void          clear_marks(struct routing *e);
void          task_leaves_lane(struct task_live *t);
const json_t *task_attributes(struct task_live *t);
void          task_forget_attributes(struct task_live *t);
fault_t       attributes_check(struct tx *tx, const char *text); /* an object; its tree is tx->parsed then */
/* What expressions may ask facts of: expr_scope.subject. */
struct fact_subject { const struct worker_live *worker; const struct queue_live *queue; };
void          worker_fact(const struct expr_scope *scope, enum expr_fact fact, const char *of, struct expr_value *out);
int           compare_idle(const struct idle_key *a, const struct idle_key *b);
int           compare_wait(const struct wait_key *a, const struct wait_key *b); /* both of one order, that of a */

/* finder.c */
void finder_put(struct queue_live *q);  /* its expression is new */
void finder_drop(struct queue_live *q); /* before the arena of its expression goes for good */
void finder_free(struct finder *f);
void finder_learn(struct worker_live *w);  /* his attributes are new */
void finder_forget(struct worker_live *w);
/* Everybody who has a word that the queue asks for; he may come twice.  False: it asks for none. */
bool finder_each(const struct queue_live *q, void (*each)(void *arg, struct worker_live *w), void *arg);
/* Every queue that the worker belongs to, or may belong to; valid until the next call. */
const struct bits *finder_look(const struct worker_live *w);

struct idle_key idle_key_of(const struct worker_live *w, const struct worker_channel_live *c);

/* counters.c: what is counted of a row, made to agree with it. */
void count_task(struct task_live *t);     /* it is linked */
void uncount_task(struct task_live *t);
void count_worker(struct worker_live *w); /* it is linked */
void uncount_worker(struct worker_live *w);
void count_member(struct crowds *c, const struct worker_live *w, int by);
void tallies_free(struct tallies *t);
void crowds_free(struct crowds *c);

/* Iterators over the trees, for match.c and the fingerprint. */
struct worker_channel_live *ready_first(struct channel_live *c);
struct worker_channel_live *ready_next(struct worker_channel_live *c);
struct task_live           *waiting_first(struct lane *l);
struct task_live           *waiting_after(struct lane *l, const struct wait_key *key); /* the first behind that place */

/* --- configurations (workflow.c) ------------------------------------------------------------------------------- */
struct step {
    const char                  *queue;         /* inherited already */
    bool                         has_priority;
    int64_t                      priority, timeout; /* timeout: ms, 0 is none */
    const struct expr           *expression, *skip_if;
    const struct expr_order     *order;
    const struct expr_reference *known;         /* the worker's sid or name */
    bool                         known_by_name;
    const char                  *expression_source, *skip_source, *order_source, *known_source; /* as written, or NULL */
    const char                  *source;        /* all that says who matches, for comparing two steps */
};
struct filter {
    const char        *name, *source;
    const struct expr *expression;
    struct step       *steps;
    size_t             nsteps;
};
struct program {
    struct filter *filters;
    size_t         nfilters;
    struct step   *fallback; /* default_filter, or NULL */
    bool           reads_facts;
};
/* Compiles into `home`; what is wrong is told in `a`.  Does not ask whether the queues exist. */
fault_t program_compile(struct arena *a, struct arena *home, const char *configuration, const struct program **out);
/* The workflow forgets its program at the next link; until the caller frees the arena, the program can still be looked at. */
struct arena *keep_program(struct workflow_live *f);
bool    program_uses_queue(const struct program *p, const char *queue_sid);
/* Where a task stands: the step, or NULL (it is not in one, or the place is gone). */
const struct step   *step_of(const struct task_live *t);
const struct filter *filter_of(const struct task_live *t);

/* --- routing (route.c, match.c) ----------------------------------------------------------------------------------- */
struct place { int64_t filter, target; }; /* -1: before the first */
fault_t route_new(struct routing *e, struct tx *tx, struct task_live *t); /* a new task with a workflow; tells task.created */
void    route_again(struct routing *e, struct tx *tx, struct task_live *t); /* from the top; the task is pending */
void    route_deadline(struct routing *e, struct tx *tx, struct task_live *t); /* its step's time is over */
bool    route_skip(struct routing *e, struct tx *tx, struct task_live *t);  /* its step's skip_if; true: it moved on */
void    enter_queue(struct routing *e, struct tx *tx, struct task_live *t, struct queue_live *q);
void    keep_places(struct routing *e, struct tx *tx, struct workflow_live *f, const struct program *was);
bool    reserve(struct routing *e, struct tx *tx, struct task_live *t);     /* true: there is a reservation now, or the task is over */
bool    is_known_worker(const json_t *task, const struct step *s, const struct worker_live *w); /* whom the step names */
int64_t percentage(int64_t capacity, int64_t used); /* of the capacity that is free, 0 to 100 */
struct worker_channel_live *worker_channel_for(const struct worker_live *w, const struct channel_live *c);

/* --- changes (task.c, reservation.c, transfer.c, worker.c) ------------------------------------------------------------------- */
void edit_task(struct tx *tx, struct task_live *t);             /* row_edit, and the version goes up once a command */
void edit_reservation(struct tx *tx, struct reservation_live *r);
void arm_task(struct tx *tx, struct task_live *t, int64_t deadline); /* ttl, or deadline if that is earlier; NO_VALUE: none */
void finish_task(struct routing *e, struct tx *tx, struct task_live *t, enum task_status to, const char *reason);
void cancel_task(struct routing *e, struct tx *tx, struct task_live *t, const char *reason); /* and its reservations */
void lose_reservation(struct routing *e, struct tx *tx, struct task_live *t, const char *how); /* none is left: pending again */
void make_reservation(struct routing *e, struct tx *tx, struct task_live *t, struct worker_live *w);
void end_reservation(struct routing *e, struct tx *tx, struct reservation_live *r, enum reservation_status to);
void drop_reservation(struct routing *e, struct tx *tx, struct reservation_live *r, enum reservation_status to); /* and looks after the task */
bool holds_task(const struct task_live *t, enum reservation_status s); /* one of its reservations is so */
/* A task that somebody had already waits in the queue where it is, whatever its workflow and target say. */
bool was_assigned(const struct task_live *t);
void move_worker(struct routing *e, struct tx *tx, struct worker_live *w, struct activity_live *a);
/* The worker's channel of that kind, as it is at first. */
void make_worker_channel(struct routing *e, struct tx *tx, struct worker_live *w, struct channel_live *c);
/* Workspaces in which a worker has one task at a time (single.c); in others all of this is nothing. */
#define SINGLE_RESERVED "Reserved"
#define SINGLE_ASSIGNED "Busy"
bool    worker_is_taken(const struct worker_live *w);   /* he has an offer or a task, and may have no other */
void    single_offered(struct routing *e, struct tx *tx, struct reservation_live *r);
void    single_answered(struct routing *e, struct tx *tx, const struct reservation_live *r, struct worker_live *w, const struct queue_live *q); /* it is pending no more */
fault_t single_queue(struct routing *e, struct tx *tx, struct task_queue *q); /* fills in the activities that a queue needs there */
fault_t single_refuses(struct tx *tx, const struct workspace_live *ws, const char *what);
/* Transfers (transfer.c), of a task that has one under way. */
void transfer_drop(struct routing *e, struct tx *tx, struct reservation_live *r, enum reservation_status to); /* drop_reservation() of an offer of it */
void transfer_complete(struct routing *e, struct tx *tx, struct transfer_live *x); /* accepted; not told yet */
void transfer_end(struct routing *e, struct tx *tx, struct task_live *t, const char *reason); /* the task ends; no-op without one */
void ring_task(void *arg, struct tx *tx, const char *subject, int64_t due);
void ring_reservation(void *arg, struct tx *tx, const char *subject, int64_t due);
void ring_workflow(void *arg, struct tx *tx, const char *subject, int64_t due);
enum { SLICE_OF_TASKS = 200 };
#define ALARM_WORKFLOW "routing.workflow"
#define ALARM_TASK "routing.task"
#define ALARM_RESERVATION "routing.reservation"
#define REASON_NO_FILTER "Task canceled because no filter of its Workflow matches"
#define REASON_SKIPPED "Task canceled because every step of its Workflow was skipped"
#define REASON_TTL "Task TTL Exceeded"
#define REASON_ASSIGNMENTS "Task TTL Exceeded or Max assignment count exceeded"
#define REASON_WORKFLOW_TIMEOUT "Task canceled on Workflow timeout"
#define REASON_TARGET "RoutingTarget SLA for Reservation creation was not met"

/* --- events (facts.c) ---------------------------------------------------------------------------------------------- */
void tell_task(struct routing *e, struct tx *tx, enum event_type type, struct task_live *t);
void tell_reservation(struct routing *e, struct tx *tx, enum event_type type, struct reservation_live *r);
void tell_transfer(struct routing *e, struct tx *tx, enum event_type type, struct transfer_live *x, struct task_live *t);
void tell_worker(struct routing *e, struct tx *tx, enum event_type type, struct worker_live *w, const struct worker *was);
void tell_worker_moved(struct routing *e, struct tx *tx, struct worker_live *w, const struct worker *was, const char *reason); /* reason NULL: his own wish, or his work's */
void tell_worker_channel(struct routing *e, struct tx *tx, enum event_type type, struct worker_channel_live *c, int64_t was_capacity);
void tell_workspace(struct routing *e, struct tx *tx, enum event_type type, struct workspace_live *w);
void tell_activity(struct routing *e, struct tx *tx, enum event_type type, struct activity_live *a);
void tell_channel(struct routing *e, struct tx *tx, enum event_type type, struct channel_live *c);
void tell_queue(struct routing *e, struct tx *tx, enum event_type type, struct queue_live *q);
void tell_workflow(struct routing *e, struct tx *tx, enum event_type type, struct workflow_live *f);

/* --- explaining (explain.c, explain_place.c, explain_workers.c) ----------------------------------------------------- */
struct inquest { /* an explanation in the making */
    struct routing    *e;
    struct tx         *tx;
    struct task_live  *t;      /* of a task that has ended a likeness, in no list */
    const struct step *step;   /* or NULL */
    const json_t      *task;   /* its attributes */
    bool               live;
    struct worker_live *target; /* its RoutingTarget, when that is a worker */
    /* of all workers of the workspace: */
    size_t workers, members, match, free, unavailable, closed, busy, full_used, full_capacity, listed;
    bool   same_capacity; /* those who are busy are so with full_used of full_capacity */
    int64_t due;          /* of the task's alarm or its offer's; NO_VALUE: none */
};
const char *explain_duration(struct arena *a, int64_t ms); /* "1 h 20 min" */
void explain_place(struct inquest *q, struct json_out *o);
void explain_workers(struct inquest *q, struct json_out *o); /* and counts */
void explain_expression(struct json_out *o, struct arena *a, const struct expr_explanation *x); /* because, clauses */
const struct step *explain_next(struct inquest *q, const char **words); /* where it goes when its step's time is over */

/* --- entering and leaving the engine (engine.c) ------------------------------------------------------------------- */
void    engine_enter(struct routing *e);
fault_t engine_leave(struct routing *e, struct tx *tx, fault_t f); /* the outermost settles, unless f */
void    engine_done(struct routing *e, struct tx *tx);              /* … of what cannot be refused */
/* What is derived, as text without slots or addresses: equal before and after a reload. */
const char *routing_fingerprint(struct routing *e, struct arena *a);
