/* What the files of live/ share.
 *
 *   live.c     marks: what has changed, and the command that looks at it     pace.c     the thread that waits between two looks
 *   index.c    what the rows of an index are: fields, and where they come from
 *   query.c    a query and its result                                        search.c   finding a result, some rows at a time
 *   source.c   queries as sync sees them
 *   figures.c  the figures of queues, as maps
 *
 * A pool is what the open queries of one index and workspace share: the entries of those rows that are in some result (a text each,
 * rendered once), who is pinned to what, and the marks of rows that are to be looked at again. */
#pragma once
#include "base/list.h"
#include "base/map.h"
#include "live/live.h"
#include "rest/resource.h"
#include "routing/kinds.h"
#include <stdatomic.h>

enum { PACE_QUERIES_MS = 10, PACE_FIGURES_MS = 40 }; /* between a change and the look at it */
enum { LOOK_ROWS = 1000, LOOK_FIGURES = 200 };       /* in one command: others want to write, too */

/* --- index.c ---------------------------------------------------------------------------------------- */

struct pool;

/* A row as an index shows it. */
struct subject {
    struct live        *live;
    struct tx          *tx;
    struct arena       *arena;
    const struct index_kind *index;
    const char         *workspace_sid; /* rows of others are not there */
    const char         *sid;         /* the item's key */
    void               *shape;       /* of index->shape; NULL: the row is not in the index */
    const char         *worker_sid;  /* whose it is, of a reservation */
    const char         *attributes_text;
    const json_t       *attributes;  /* parsed, once somebody asks: subject_attributes() */
    int64_t             born;        /* for the age; NO_VALUE: it has none */
    bool                complete;    /* what is dear was filled in, too */
};
typedef void each_sid(void *arg, const char *sid);

struct index_kind {
    const char        *name;
    const struct kind *shape;
    bool               private;      /* an agent sees own rows only */
    void (*fill)(struct subject *s);
    void (*complete)(struct subject *s); /* members that only few ask for; may be NULL */
    /* Every row of the workspace, or (field not NULL) at least those whose field may be the value; false: that cannot be told quickly. */
    bool (*rows)(struct live *v, struct tx *tx, const char *workspace_sid, const char *field, const char *value, each_sid *each, void *arg);
};
enum { INDEXES = 4, TR_WORKER = 0, TR_TASK, TR_RESERVATION, TR_QUEUE };
extern const struct index_kind live_indexes[INDEXES];
const struct index_kind *index_named(const char *name); /* or NULL */

void        subject_fill(struct subject *s);             /* from s->sid */
const json_t *subject_attributes(struct subject *s);
const char *subject_text(struct subject *s, size_t *stable); /* its JSON; *stable: how much of it does not change by time alone */
void        subject_fact(const struct expr_scope *scope, enum expr_fact fact, const char *of, struct expr_value *out);
/* Each text of a field: one, none, or those of a list. */
void        subject_each_value(struct subject *s, const char *field, void (*each)(void *arg, const char *value), void *arg);

/* --- query.c ---------------------------------------------------------------------------------------- */

/* A text that several threads may read. */
struct leaf { _Atomic int refs; size_t n; char text[]; };

struct entry {
    char         sid[SID_SIZE];
    uint64_t     hash;               /* of what does not change by time alone */
    struct leaf *leaf;
    struct link  hits;
};

struct query;
/* A row in a result, or one that has left it. */
struct hit {
    char          key[SID_SIZE];
    struct query *query;
    struct entry *entry;             /* NULL: it has left */
    int64_t       event_id, added_id;
    struct link   in_entry, in_events, in_removed;
};

struct handle {                      /* a name under which clients know the query */
    char          sid[SID_SIZE];
    struct query *query;
    bool          watched;
    struct link   in_query;
};

struct pin_node { struct query *query; struct link in_pinned; };
struct pinned { char *key; struct link queries; };

/* Rows that are still to be looked at. */
struct rows { struct arena *arena; const char **at; size_t n, room, next; struct map seen; };

struct query {
    struct pool            *pool;
    struct rows            *opening; /* NULL: its result is complete */
    struct arena           *arena;
    const char             *key;     /* in pool->queries: who may see it, and the text */
    const char             *worker_sid; /* only rows of this worker; NULL: all */
    const struct expr      *expr;
    const struct expr_pin  *pin;     /* NULL: every change of a row concerns it */
    struct pin_node        *nodes;   /* pin->n */
    struct map              hits;
    struct link             events, removed; /* hits by their last event; those that have left, likewise */
    size_t                  nremoved, nresults;
    int64_t                 last_event_id, forgotten; /* removals up to that one are not remembered */
    struct link             handles;
    int64_t                 idle_since; /* while nobody watches */
    struct link             in_idle, in_unpinned;
    uint64_t                looked;  /* stamp: is among those that look at the row */
};

struct mark { char sid[SID_SIZE]; bool gone; struct link in_pool; };

enum { POOL_KEY_SIZE = SID_SIZE + 24 };
struct pool {
    struct live             *live;
    const struct index_kind *index;
    char                     key[POOL_KEY_SIZE]; /* "WS…tr-worker" */
    char                     workspace_sid[SID_SIZE], account_sid[SID_SIZE], service[SID_SIZE + 16];
    struct map               queries;  /* by query->key */
    struct map               entries;  /* by sid */
    struct map               pinned;   /* "field=value" */
    struct link              unpinned;
    size_t                   nunpinned;
    struct { const char *name; size_t queries; } pin_fields[16];
    size_t                   npin_fields;
    struct map               marks;
    struct link              marked;   /* in the order of their making */
    bool                     all;      /* look at everything again */
};

void   *live_make(size_t n);         /* zeroed */
bool    query_matches(const struct query *q, struct subject *s);
fault_t query_compile(struct tx *tx, struct arena *home, const char *text, const struct expr **out);
fault_t live_index_of(struct tx *tx, const char *name, int *out);
const char *live_scope_of(const struct index_kind *k, const struct live_viewer *who); /* whose rows alone they see; NULL: all */
const struct expr_pin *live_pin_of(const struct index_kind *k, struct arena *a, const struct expr *e, const char *worker_sid);
void    query_add(struct query *q, struct subject *s, int64_t id);
void    query_opened(struct query *q, struct tx *tx);
fault_t query_open(struct live *v, struct tx *tx, const struct live_viewer *who, const char *index, const char *text, const char *query_id,
                   struct handle **out);
bool    query_is_for(const struct query *q, const struct live_viewer *who);
void    query_forget(struct query *q);
void    query_results(struct query *q, struct arena *a, struct live_result *out);
void    query_watched(struct handle *h, struct tx *tx, bool by_somebody);
void    queries_expire(struct live *v, int64_t now, bool all);
void    live_look(struct pool *p, struct tx *tx, const char *sid, bool gone);
void    live_pool_end(struct pool *p);
struct leaf *leaf_make(const char *text);
void    leaf_release(void *leaf); /* NULL is a no-op */
int64_t live_next_id(struct live *v, int64_t now);
const char *live_revision(struct arena *a, int64_t id);

/* --- search.c --------------------------------------------------------------------------------------- */
void query_begin(struct query *q, struct tx *tx); /* it has rows to look at from now on */
void query_go_on(struct query *q, struct tx *tx, size_t most);

/* --- source.c --------------------------------------------------------------------------------------- */
void live_source_add(struct live *v);

/* --- pace.c ----------------------------------------------------------------------------------------- */

/* A command that follows its cause after a pause. */
struct beat {
    struct command command;
    struct mail    mail;             /* to the thread */
    int64_t        pause, due;       /* ms of the machine's own clock */
    bool           under_way, again; /* the ledger's thread only */
    struct pacer  *pacer;
    struct link    in_bag;
};
struct pacer *pacer_start(struct ledger *l);
void          pacer_stop(struct pacer *p); /* after the ledger */
void          beat_init(struct beat *b, struct pacer *p, int64_t pause, fault_t (*run)(struct tx *tx, struct command *c));
void          beat_start(struct beat *b);  /* on the ledger's thread; no-op while it is under way */
void          beat_free(struct beat *b);   /* after pacer_stop() */

/* --- figures.c --------------------------------------------------------------------------------------- */

struct figures;
struct figures *figures_new(struct live *v);
void            figures_free(struct figures *f);
void            figures_mark(struct figures *f, const char *scope_sid); /* no-op when nobody watches it */
bool            figures_watched(const struct figures *f);
void            figures_mark_all(struct figures *f);
size_t          figures_count(const struct figures *f);
bool            figures_busy(const struct figures *f); /* something is still to be looked at */

/* --- live.c ------------------------------------------------------------------------------------------ */

struct live {
    struct ledger             *ledger;
    struct routing            *engine;
    struct sync               *sync;
    const struct live_history *history;
    struct map                 pools;  /* by key */
    struct map                 handles; /* by sid */
    struct link                idle;   /* queries, longest first */
    int64_t                    serial; /* the last event id */
    uint64_t                   looks;  /* stamps */
    struct pacer              *pacer;
    struct beat                queries;
    struct figures            *figures;
    struct routing_watch       members;
    struct sync_source         source;
};
struct pool *live_pool(struct live *v, const char *workspace_sid, int index); /* NULL: nobody looks */
void         live_mark(struct pool *p, const char *sid, bool gone);
