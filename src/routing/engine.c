/* The engine as the ledger sees it: hooks, alarms, loading; and the door that every change goes through. */
#include "routing/internal.h"
#include <assert.h>
#include <stdlib.h>

/* --- the door.  Marks that a refused command has left behind are wiped by the next one; a listener that calls the
 * engine is inside already, and the outermost call settles for it. */

void engine_enter(struct routing *e)
{
    if (e->depth++ == 0 && !e->settling) {
        clear_marks(e);
        e->told.of = NULL;
    }
}

fault_t engine_leave(struct routing *e, struct tx *tx, fault_t f)
{
    assert(e->depth > 0);
    if (e->depth == 1 && !f)
        routing_settle(e, tx);
    e->depth--;
    return f;
}

void engine_done(struct routing *e, struct tx *tx)
{
    fault_t none = engine_leave(e, tx, NULL);

    assert(!none);
}

/* --- hooks */

static void link_later(struct routing *e, void *row);

#define HOOKS(x, live)                                                                                                 \
    static void relink_##x(void *engine, struct tx *tx, void *row)                                                     \
    {                                                                                                                  \
        struct routing *e = engine;                                                                                    \
        if (!tx) {                                                                                                     \
            link_later(e, row);                                                                                        \
            return;                                                                                                    \
        }                                                                                                              \
        link_##x(e, tx, row);                                                                                          \
        clear_marks(e); /* an undo makes no work */                                                                    \
    }                                                                                                                  \
    static void forget_##x(void *engine, void *row)                                                                    \
    {                                                                                                                  \
        unlink_##x(engine, row);                                                                                       \
    }                                                                                                                  \
    static const struct live_hooks x##_hooks = { .live_size = sizeof(struct live),                                     \
                                                 .relink = relink_##x,                                                 \
                                                 .unlink = forget_##x };

/* clang-format off */
HOOKS(workspace, workspace_live)
HOOKS(activity, activity_live)
HOOKS(channel, channel_live)
HOOKS(queue, queue_live)
HOOKS(workflow, workflow_live)
HOOKS(worker, worker_live)
HOOKS(worker_channel, worker_channel_live)
HOOKS(task, task_live)
HOOKS(reservation, reservation_live)
HOOKS(transfer, transfer_live)

/* In the order in which they refer to each other. */
static const struct { const struct kind *kind; const struct live_hooks *hooks; } parts[] = {
    { &workspace_kind, &workspace_hooks },           { &activity_kind, &activity_hooks },
    { &task_channel_kind, &channel_hooks },          { &task_queue_kind, &queue_hooks },
    { &workflow_kind, &workflow_hooks },             { &worker_kind, &worker_hooks },
    { &worker_channel_kind, &worker_channel_hooks }, { &task_kind, &task_hooks },
    { &reservation_kind, &reservation_hooks },       { &transfer_kind, &transfer_hooks },
};
/* clang-format on */
enum { PARTS = sizeof parts / sizeof *parts };

/* While loading, rows that a row refers to are not all there.  They come in the order of their SIDs, and so of their
 * making, and are linked in that order: then nearly everybody comes last in every line. */
static void link_later(struct routing *e, void *row)
{
    struct row_list *list = e->later;

    for (size_t p = 0; parts[p].kind != row_kind(row); p++)
        list++;
    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 64;
        list->rows = reallocarray(list->rows, list->cap, sizeof *list->rows);
        if (!list->rows)
            abort();
    }
    list->rows[list->n++] = row;
}

static void forget_later(struct routing *e)
{
    for (size_t p = 0; p < PARTS; p++) {
        free(e->later[p].rows);
        e->later[p] = (struct row_list){ 0 };
    }
}

/* The first of all who hear that everything is loaded: nobody has deleted anything since. */
static void loaded(void *arg, struct tx *tx)
{
    struct routing *e = arg;

    e->loading = true;
    for (size_t p = 0; p < PARTS; p++)
        for (size_t i = 0; i < e->later[p].n; i++)
            parts[p].hooks->relink(e, tx, e->later[p].rows[i]);
    e->loading = false;
    forget_later(e);
}

static void reset(void *arg)
{
    struct routing *e = arg;

    for (LIST_EACH(l, &e->workspaces))
        unlink_workspace(e, CONTAINER_OF(l, struct workspace_live, self));
    map_clear(&e->rows);
    clear_marks(e);
    forget_later(e);
    e->depth = 0;
    e->settling = false;
}

struct routing *routing_new(struct ledger *l)
{
    struct routing *e = calloc(1, sizeof *e);

    if (!e)
        abort();
    e->ledger = l;
    list_init(&e->workspaces);
    list_init(&e->dirty);
    list_init(&e->fresh);
    for (size_t p = 0; p < PARTS; p++) {
        struct live_hooks h = *parts[p].hooks;
        h.engine = e;
        ledger_hooks(l, parts[p].kind->name, &h);
    }
    e->slice = SLICE_OF_TASKS;
    ledger_alarm(l, &(struct alarm_kind){ ALARM_WORKFLOW, ring_workflow, e });
    ledger_alarm(l, &(struct alarm_kind){ ALARM_TASK, ring_task, e });
    ledger_alarm(l, &(struct alarm_kind){ ALARM_RESERVATION, ring_reservation, e });
    ledger_on_loaded(l, loaded, e);
    ledger_on_reset(l, reset, e);
    return e;
}

void routing_free(struct routing *e)
{
    if (!e)
        return;
    reset(e); /* what is derived is heap memory; the rows are still there */
    free(e);
}

void routing_callbacks(struct routing *e, const struct webhook_port *port)
{
    e->port = port;
}
