/* Workspaces in which a worker has one task at a time (MultiTaskEnabled=false).  There the activity tells who is at
 * work on what: an offer moves its worker to the queue's reservation activity, accepting it to the queue's assignment
 * activity, and an offer that comes to nothing back to where he was - if he is still where it put him.  Who has
 * completed his task stays where he is until he, or somebody for him, says that he is available again. */
#include "routing/internal.h"

bool worker_is_taken(const struct worker_live *w)
{
    return !w->workspace->row.multi_task_enabled && !list_empty(&w->reservations);
}

/* An activity of a queue; of none it is nothing, as is one that has gone. */
static struct activity_live *activity_for(struct routing *e, struct tx *tx, const struct worker_live *w,
                                          const char *activity_sid)
{
    return w->workspace->row.multi_task_enabled ? NULL : find_activity(e, tx, activity_sid);
}

void single_offered(struct routing *e, struct tx *tx, struct reservation_live *r)
{
    const struct queue_live *q = r->task->queue;
    struct activity_live *a = activity_for(e, tx, r->worker, q ? q->row.reservation_activity_sid : NULL);

    if (!a)
        return;
    row_set(tx, r, &r->row.reserved_activity_sid, a->row.sid);
    move_worker(e, tx, r->worker, a);
}

static void go_back(struct routing *e, struct tx *tx, const struct reservation_live *r, struct worker_live *w)
{
    struct activity_live *a = find_activity(e, tx, r->row.worker_previous_activity_sid);

    if (!r->row.reserved_activity_sid || !str_eq(w->row.activity_sid, r->row.reserved_activity_sid))
        return; /* he has gone somewhere else meanwhile */
    a = a ? a : find_activity(e, tx, w->workspace->row.default_activity_sid);
    if (a)
        move_worker(e, tx, w, a);
}

void single_answered(struct routing *e, struct tx *tx, const struct reservation_live *r, struct worker_live *w,
                     const struct queue_live *q)
{
    if (r->row.reservation_status == RESERVATION_ACCEPTED) {
        struct activity_live *a = activity_for(e, tx, w, q ? q->row.assignment_activity_sid : NULL);
        if (a)
            move_worker(e, tx, w, a);
    } else if (r->row.reservation_status != RESERVATION_TIMEOUT) { /* which has an activity of its own */
        go_back(e, tx, r, w);
    }
}

/* --- the activities of a queue: what is not given is what workspaces of this sort begin with */

static struct activity_live *activity_named(struct workspace_live *ws, const char *name)
{
    for (LIST_EACH(l, &ws->activities))
        if (str_eq(CONTAINER_OF(l, struct activity_live, in_workspace)->row.friendly_name, name))
            return CONTAINER_OF(l, struct activity_live, in_workspace);
    return NULL;
}

fault_t single_queue(struct routing *e, struct tx *tx, struct task_queue *q)
{
    struct workspace_live *ws = find_workspace(e, tx, q->workspace_sid);
    const struct {
        const char **sid, *parameter, *name;
    } needed[] = {
        { &q->reservation_activity_sid, "ReservationActivitySid", SINGLE_RESERVED },
        { &q->assignment_activity_sid, "AssignmentActivitySid", SINGLE_ASSIGNED },
    };

    for (size_t i = 0; ws && !ws->row.multi_task_enabled && i < sizeof needed / sizeof *needed; i++) {
        if (*needed[i].sid && **needed[i].sid)
            continue;
        struct activity_live *a = activity_named(ws, needed[i].name);
        if (!a)
            return fault(tx->arena, F_INVALID_PARAMETER, "%s is required where MultiTaskEnabled is false",
                         needed[i].parameter);
        row_set(tx, q, needed[i].sid, a->row.sid);
    }
    return NULL;
}

fault_t single_refuses(struct tx *tx, const struct workspace_live *ws, const char *what)
{
    if (ws->row.multi_task_enabled)
        return NULL;
    return fault(tx->arena, F_INVALID_PARAMETER, "%s is possible only in a Workspace with MultiTaskEnabled", what);
}
