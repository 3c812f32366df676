/* stage: a small contact centre for the tests of this folder, and clients whose copies are made of what they are told. */
#pragma once
#include "live/internal.h"

#define ACCOUNT "AC00000000000000000000000000000001"
#define START INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

enum { WORKERS = 4, TASKS = 400, VIEWS = 12 };

struct stage;

/* What a client has of a query. */
struct view {
    struct stage *s;
    const char   *index, *text, *object;
    struct live_viewer who;
    struct map    items;              /* key -> struct held_item */
    int64_t       last_event_id;
    size_t        updates, removals;
};
struct held_item { char key[64]; int64_t revision; char *data; };

struct stage {
    struct arena   *arena, *heard;    /* heard: the ledger's thread's */
    struct clock   *clock;
    struct store   *store;
    struct ledger  *ledger;
    struct routing *engine;
    struct sync    *sync;
    struct live    *live;
    char            folder[32];
    const char     *workspace, *queues[2], *workflow, *workers[WORKERS], *tasks[TASKS]; /* Ann, Bob, Cy, Dee; Everyone, French */
    size_t          ntasks;
    struct view     views[VIEWS];
    size_t          nviews;
    struct live_history history;
    int64_t         accepted;         /* what history says of the first minute */
    const char     *told;             /* of maps: which items */
};

int set_up(void **state);             /* cmocka */
int tear_down(void **state);
void must(fault_t f);

/* Somebody does something; whatever it is ends with `refuse`, and is undone then. */
struct doing { struct stage *s; size_t who; const char *what; fault_t refuse; };
fault_t go(struct tx *tx, void *doing);     /* to an activity */
fault_t learn(struct tx *tx, void *doing);  /* attributes */
fault_t make_task(struct tx *tx, void *doing);
fault_t go_on(struct tx *tx, void *doing);  /* accepts, wraps up, completes: whatever comes next */
fault_t cancel(struct tx *tx, void *doing); /* tasks are counted from the first */
fault_t alter_task(struct tx *tx, void *doing); /* its attributes */
fault_t rename_queue(struct tx *tx, void *doing);
fault_t retarget(struct tx *tx, void *doing);
fault_t remove_worker(struct tx *tx, void *doing);
void act(struct stage *s, fault_t (*what)(struct tx *, void *), size_t who, const char *word);
void settle(struct stage *s);         /* until everything was looked at */

fault_t      open_view(struct tx *tx, void *view);
fault_t      view_opened(struct tx *tx, struct view *v, const struct live_result *r); /* what a client does with its first answer */
struct view *open_as(struct stage *s, const char *worker_sid, const char *index, const char *text);
struct view *view(struct stage *s, const char *index, const char *text);
void         compare_all(struct stage *s); /* settles; each copy is what the same question answers now */
const char  *keys(struct view *v);    /* of workers, as A to D */
