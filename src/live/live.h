/* live: what supervisors and agents look at, kept up to date for them: live queries over the routing engine's rows, and the figures of
 * queues.
 *
 * A query is a text over an index ("tr-worker", "tr-reservation" …): `data.activity_name == "Available"`.  Who opens one gets its result
 * once, and from then on only differences, which go through sync_tell() like those of any other object; gateways carry them.
 *
 * All of it lives in memory, on the ledger's thread, and only while somebody looks:
 *
 *   row changed ── ledger_watch ── a mark ── 10 ms later, one command ── the row is looked at again by those queries whose result it may
 *   concern ── what differs is told
 *
 * So a busy second costs a look a row and pause, not one a change; and nothing when nobody looks.  Equal texts are one query.  Which queries
 * may concern a row is known without asking them all: those of whose result it is a part, those that are pinned to one of its values
 * (`data.worker_sid == "WK…"`, and every agent has such a query), and the few that are pinned to nothing.
 *
 * Event ids and revisions are one rising number, which does not fall when the server starts again: so a client that comes back with an old
 * one is recognised, and gets the whole result.
 *
 * A query that nobody watches is kept for a while, because its client may only have lost its connection; then it is forgotten.  A client that
 * comes back later still (or after a restart) is served again by live_enter().
 *
 * Figures are maps (sync_type SYNC_MAP) that nobody stores: `realtime_statistics_v1` of the workspace, `WQ….realtime_statistics.v1` of a
 * queue.  What is true now comes from routing's counters, what was from a port to the minutes that measure keeps (the same floor: so
 * whoever stands above both hands it in). */
#pragma once
#include "auth/auth.h"
#include "routing/routing.h"
#include "sync/sync.h"

enum {
    LIVE_QUERY_MAX = 4096,     /* bytes of a query's text */
    LIVE_OPERATORS_MAX = 29,   /* as documented: 54509 */
    LIVE_LIST_MAX = 29,        /* as documented: 54510 */
    LIVE_UNPINNED_MAX = 500,   /* queries of a workspace and index that every change of a row must be shown to */
    LIVE_QUERIES_MAX = 40000,  /* of a workspace and index */
    LIVE_REMOVED_MAX = 1000,   /* results that a query remembers to have lost */
};
#define LIVE_GRACE (2 * MINUTE) /* for which an unwatched query is kept */
#define LIVE_SERVICE ".insights" /* the service of a workspace's queries and figures: WS….insights */

struct live;
struct live *live_new(struct ledger *l, struct routing *e, struct sync *s); /* before ledger_start() */
void         live_free(struct live *v);                                     /* after ledger_stop() */

/* Who looks.  worker_sid: an agent, who sees all workers and queues, but only tasks and reservations of their own; NULL: everything. */
struct live_viewer { const char *account_sid, *workspace_sid, *worker_sid; };
/* Of a token with the grant flex_insights {service_sid: "WS….insights"}, which names the workspace.  An agent is who has a worker_sid and is neither
 * supervisor nor admin by their role. */
fault_t live_viewer_of(struct tx *tx, const struct principal *who, struct live_viewer *out);

struct live_item { const char *key, *data; int64_t revision; };
struct live_result { const char *query_id; int64_t last_event_id; struct live_item *items; size_t n; };

/* On the ledger's thread.  A search takes as many commands as it takes, LIVE_SLICE rows each: others want to write, too.  It lives in the arena of
 * the command that began it, and so does what is found, which may be read on another thread.
 * open: a query is opened, and its result is right when the search is done, whatever changed meanwhile; else it is answered and forgotten, and a
 * blank one asks for everything. */
enum { LIVE_SLICE = 500 };
struct live_search;
fault_t live_search(struct live *v, struct tx *tx, const struct live_viewer *who, const char *index, const char *text, bool open, struct live_search **out);
fault_t live_search_on(struct live_search *s, struct tx *tx, struct live_result *out, bool *done);
/* Lets a client come back to a query: NOT_FOUND when it is not theirs to see.  One that was forgotten is opened again under that name, if index and
 * text (may be NULL) say what it was; then sync_replay() answers GONE, for what that client has missed is not known: it gets all items. */
fault_t live_enter(struct live *v, struct tx *tx, const struct principal *who, const char *query_id, const char *index, const char *text);

/* --- what was: measure's minutes, by task channel */
struct live_past { int64_t accepted, accepted_in_time, canceled, completed, wait_ms; };
struct live_history {
    /* Adds what happened in [from, to) to a scope: each() once a channel. */
    bool (*sum)(void *arg, struct db *db, const char *scope_sid, int64_t from, int64_t to,
                void (*each)(void *to, const char *channel_sid, const struct live_past *p), void *to_whom);
    /* The same of the minute that has begun at `minute` and is not over. */
    void (*running)(void *arg, const char *scope_sid, const char *channel_sid, int64_t minute, struct live_past *out);
    void *arg;
};
void live_past_from(struct live *v, const struct live_history *port); /* before ledger_start(); kept */

/* For tests and tools. */
struct live_count { size_t pools, queries, entries, maps; };
struct live_count live_count(const struct live *v);
