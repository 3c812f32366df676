/* expr: TaskRouter's expression language, from text to true or false.
 *
 * An expression is text that a customer wrote: `(skills HAS "support") AND level > 2`.  It is compiled
 * once, when the queue or the workflow is saved, and evaluated very often: for every worker of a workspace,
 * at every change.  So compiling checks everything that can be wrong and says where; evaluating cannot
 * fail, does not allocate, and answers true or false and nothing else.  What makes no sense (a number that
 * HAS something) does not match, as Twilio's does not.
 *
 * The same grammar serves seven places that differ in the names they may use: the dialects.  In a queue a
 * bare `skills` is an attribute of the worker, in a workflow's filter one of the task, and in a target it
 * must say `worker.skills` or `task.skills`.  Some names are not attributes but facts that the server
 * knows: `worker.sid`, `workers.available`, `taskrouter.currentHour`.  These built-ins win over an
 * attribute of the same name.  The folder knows no workers and no tasks: whoever evaluates hands in a scope
 * with the attributes and a function that knows the facts.
 *
 *     struct expr_error err;
 *     const struct expr *e = expr_compile(arena, "skills HAS 'support'", EXPR_QUEUE, &err);
 *     if (!e)
 *         return fault(arena, F_..., "%s at %d", err.message, err.column);
 *     expr_eval(e, &(struct expr_scope){ .worker = attributes });
 *
 * A compiled expression lives in the arena that it was compiled into, never changes, and may be evaluated
 * by many threads at once.
 *
 * Queries (EXPR_QUERY) look at items: fields that the server gives them, and attributes, which are scope->worker whether the
 * item is a worker or a task.  They know more spellings (EQ NOT_EQ NOT_IN && ||), and a list or a field that has one compares by
 * its members: == IN and CONTAINS hold if they hold for any of them, != and NOT_IN if that does not.
 *
 * Rules that surprise (README.md has them all): a scalar operator with a list on either side is false, `!=`
 * too, except against the word null, which asks whether the attribute is there at all; a list operator
 * between two scalars is false, NOT IN too; "3" and 3 are equal; `>-3` is the operator `>-` and a 3. */
#pragma once
#include "base/arena.h"
#include "codec/json.h"
#include <stdbool.h>
#include <stdint.h>

/* What a stranger may ask for; each has its own message. */
enum {
    EXPR_SOURCE_MAX = 64 * 1024, /* bytes */
    EXPR_TOKENS_MAX = 10000,
    EXPR_DEPTH_MAX = 100, /* parentheses and lists inside each other */
    EXPR_LIST_MAX = 1000, /* members of one list, clauses of one order */
};

/* clang-format off */
enum expr_dialect {
    EXPR_QUEUE,       /* TaskQueue TargetWorkers: bare worker paths; blank matches nobody */
    EXPR_FILTER,      /* filters[].expression: bare task paths, taskrouter.*; blank matches all */
    EXPR_TARGET,      /* targets[].expression: task.*, worker.*, taskrouter.*; blank matches all */
    EXPR_SKIP,        /* targets[].skip_if: workers.*; blank never skips */
    EXPR_WORKER_LIST, /* GET Workers?TargetWorkersExpression=: as EXPR_QUEUE, but blank matches all */
    EXPR_TASK_LIST,   /* GET Tasks?EvaluateTaskAttributes=: bare task paths; blank matches all */
    EXPR_QUERY,       /* live and instant queries: data.field, data.attributes.path, and bare worker paths; blank matches all */
};
/* clang-format on */

struct expr_error {
    int column;          /* of the first character that is wrong, from 1, in characters */
    const char *message; /* in the arena */
};

/* --- values: what a path can resolve to --- */

enum expr_kind { EXPR_NULL, EXPR_BOOL, EXPR_INT, EXPR_REAL, EXPR_STRING, EXPR_JSON };

struct expr_value {
    enum expr_kind kind;
    bool fold; /* a string that equals another in any case */
    union {
        bool boolean;
        int64_t integer;
        double real;
        struct {
            const char *s;
            size_t n;
        } string;
        const json_t *json; /* an array or an object */
    };
};

struct expr_value expr_value_int(int64_t v);
struct expr_value expr_value_string(const char *s); /* NULL makes EXPR_NULL */
struct expr_value expr_value_json(const json_t *v); /* scalars become what they are; NULL makes EXPR_NULL */

/* --- the facts that a scope is asked for --- */

enum expr_fact {
    EXPR_WORKER_SID,
    EXPR_WORKER_FRIENDLY_NAME,
    EXPR_WORKER_ACTIVITY_SID,
    EXPR_WORKER_ACTIVITY_NAME,
    EXPR_CHANNEL_CONFIGURED_CAPACITY, /* the three of a worker's channel: `of` is its unique name */
    EXPR_CHANNEL_ASSIGNED_TASKS,
    EXPR_CHANNEL_AVAILABLE_PERCENTAGE,
    EXPR_WORKERS_AVAILABLE, /* the three of the step's queue: how many workers, whatever their capacity */
    EXPR_WORKERS_UNAVAILABLE,
    EXPR_WORKERS_ACTIVITY, /* `of` is the activity's SID */
    EXPR_ITEM_FIELD,       /* of what a query looks at: `of` is its name */
    EXPR_FACT_TIME,        /* from here on the folder answers itself, from scope->now */
    EXPR_TIME_CURRENT = EXPR_FACT_TIME,
    EXPR_TIME_HOUR,
    EXPR_TIME_MINUTE,
    EXPR_TIME_DAY_OF_WEEK,
};

struct expr_scope {
    const json_t *task;   /* attributes; NULL: every path is null */
    const json_t *worker; /* attributes */
    /* Answers a fact other than time; leaves *out alone (null) for what does not exist.  Strings that it
     * returns must live until expr_eval() returns.  NULL: all facts are null. */
    void (*fact)(const struct expr_scope *scope, enum expr_fact fact, const char *of, struct expr_value *out);
    const void *subject; /* whatever fact() needs */
    int64_t now;         /* milliseconds since 1970, for taskrouter.* (UTC) */
};

/* --- expressions --- */

struct expr;

/* NULL on a refusal, and *err says why.  source NULL is as good as blank. */
const struct expr *expr_compile(struct arena *a, const char *source, enum expr_dialect d, struct expr_error *err);
bool expr_eval(const struct expr *e, const struct expr_scope *scope);
bool expr_is_constant_true(const struct expr *e);  /* reads nothing and is true: `1==1` */
bool expr_is_constant_false(const struct expr *e); /* reads nothing and is false */

/* What an expression reads, so that an owner can tell whether a change concerns it. */
enum expr_reads {
    EXPR_READS_TASK = 1,    /* attributes of the task */
    EXPR_READS_WORKER = 2,  /* attributes of the worker */
    EXPR_READS_FACTS = 4,   /* facts about the worker: they change without an update of its attributes */
    EXPR_READS_WORKERS = 8, /* the queue's counts */
    EXPR_READS_TIME = 16,
};
struct expr_read {
    enum expr_reads what; /* EXPR_READS_TASK or EXPR_READS_WORKER */
    const char *path;     /* "routing.skills", "o.a[1]" */
    const char *first;    /* its first name, which is the attribute: "routing" */
    const struct expr_read *next;
};
/* How many comparisons, ANDs and ORs there are, and how many members the longest list has. */
size_t expr_operators(const struct expr *e);
size_t expr_longest_list(const struct expr *e);
unsigned expr_reads(const struct expr *e);                /* bits of enum expr_reads */
const struct expr_read *expr_paths(const struct expr *e); /* attribute paths as they come, repeats included */

/* --- finding: which of many expressions can be true for a worker at all, without evaluating them ---
 *
 * `skills HAS "french" AND level > 2` can only be true for a worker whose attribute skills is or holds the text french.  Such
 * a need is a necessary condition, never a sufficient one.  Texts and paths are told by their hashes (base/map.h): two
 * that share one only make somebody evaluate in vain - or, for paths, a chance of one in 2^64 that is not taken care of. */
struct expr_reference; /* below: order_by, known workers */
struct expr_need { const struct expr_reference *where; uint64_t path_hash, text_hash; };
enum { EXPR_NEEDS_MAX = 16 };
/* Of the workers' attributes; one of them must be so.  How many; 0: it cannot be told, evaluate.  References live in the arena, and point into the expression. */
size_t expr_needs(struct arena *a, const struct expr *e, struct expr_need out[EXPR_NEEDS_MAX]);

/* A field of the item that must be, or hold, one of these texts before a query can be true; NULL: it cannot be told. */
struct expr_pin { const char *field; size_t n; const char *texts[EXPR_NEEDS_MAX]; };
const struct expr_pin *expr_pin(struct arena *a, const struct expr *e);

/* --- explaining: the same evaluation again, for a person who asks why --- */

enum { EXPR_REASONS_MAX = 16, EXPR_SHOWN_MAX = 300 };

struct expr_seen { /* a value that was read */
    const char *name; /* with its prefix, in every dialect: "worker.skills" */
    const char *json; /* valid JSON; a text that says how it begins, when it is longer than EXPR_SHOWN_MAX */
    const struct expr_seen *next;
};
struct expr_reason { /* a comparison that decided */
    const char *clause; /* as it was understood: `worker.skills HAS "support"` */
    bool holds;
    const struct expr_seen *seen;
    const struct expr_reason *next;
};
struct expr_explanation {
    bool result;                       /* what expr_eval() answers */
    bool more;                         /* there were more than EXPR_REASONS_MAX reasons */
    const struct expr_reason *reasons; /* NULL: the expression reads nothing */
};
/* Which clauses made the expression what it is: of an AND that is false the first false one, of an OR that is false all,
 * and the other way round.  Allocates, unlike expr_eval(). */
struct expr_explanation expr_explain(const struct expr *e, const struct expr_scope *scope, struct arena *a);
/* "worker.skills HAS "support" is false (worker.skills is ["sales"])", several separated by "; ". */
const char *expr_explanation_words(const struct expr_explanation *x, struct arena *a);

/* --- references: `known_worker_sid: "task.agent_sid"` --- */

struct expr_reference;
/* One path with the prefix task. and nothing else. */
const struct expr_reference *expr_reference_compile(struct arena *a, const char *source, struct expr_error *err);
struct expr_value expr_reference_get(const struct expr_reference *r, const json_t *task);

/* --- order_by: `worker.level DESC, worker.cost` --- */

struct expr_order;
const struct expr_order *expr_order_compile(struct arena *a, const char *source, struct expr_error *err);
/* Whether this worker lets the order stand: every attribute that it names is an integer or absent.  One
 * worker who does not makes the whole order void for this sort, as if it had not been written. */
bool expr_order_fits(const struct expr_order *o, const json_t *worker);
/* Below 0: a comes first.  0: only the tie-break can tell.  Absent (or null) comes last, whatever the
 * direction. */
int expr_order_compare(const struct expr_order *o, const json_t *a, const json_t *b);

/* The attributes that the order reads of this worker, in its order. */
const struct expr_seen *expr_order_seen(const struct expr_order *o, const json_t *worker, struct arena *a);

struct expr_candidate {
    const json_t *worker; /* attributes */
    void *subject;        /* the owner's */
};
typedef int expr_tie_break(const struct expr_candidate *a, const struct expr_candidate *b, void *arg);
/* Sorts the candidates by the order, then by tie, which must tell any two apart (end it with the SID).  When
 * the order is void (or NULL) the tie-break alone sorts, and the answer is false. */
bool expr_order_sort(const struct expr_order *o, struct expr_candidate *c, size_t n, expr_tie_break *tie, void *arg);
