/* Workers and what they can take. */
#include "routing/internal.h"

#include <assert.h>

static void move(struct routing *e, struct tx *tx, struct worker_live *w, struct activity_live *a, const char *reason)
{
    if (w->activity == a)
        return;
    struct worker was = w->row;
    was.activity_sid = arena_strdup(tx->arena, was.activity_sid);
    row_edit(tx, w);
    row_set(tx, w, &w->row.activity_sid, a->row.sid);
    w->row.date_status_changed = tx->now;
    w->row.version++;
    link_worker(e, tx, w);
    tell_worker_moved(e, tx, w, &was, reason);
}

void move_worker(struct routing *e, struct tx *tx, struct worker_live *w, struct activity_live *a)
{
    move(e, tx, w, a, NULL);
}

void worker_moved(struct routing *e, struct tx *tx, struct worker *w, const struct activity *to, const char *reason)
{
    struct activity_live *a = find_activity(e, tx, to->sid);

    assert(a && str_eq(a->row.workspace_sid, w->workspace_sid));
    engine_enter(e);
    move(e, tx, (struct worker_live *)w, a, reason);
    (void)!engine_leave(e, tx, NULL);
}

void make_worker_channel(struct routing *e, struct tx *tx, struct worker_live *w, struct channel_live *c)
{
    struct worker_channel_live *wc = row_new(tx, &worker_channel_kind, NULL);

    row_set(tx, wc, &wc->row.account_sid, w->row.account_sid);
    row_set(tx, wc, &wc->row.workspace_sid, w->row.workspace_sid);
    row_set(tx, wc, &wc->row.worker_sid, w->row.sid);
    row_set(tx, wc, &wc->row.task_channel_sid, c->row.sid);
    wc->row.available = true;
    wc->row.configured_capacity = 1;
    wc->row.last_reserved_time = NO_VALUE;
    link_worker_channel(e, tx, wc);
}

static fault_t check_activity(struct routing *e, struct tx *tx, const struct worker *w, struct activity_live **out)
{
    *out = find_activity(e, tx, w->activity_sid);
    if (*out && str_eq((*out)->row.workspace_sid, w->workspace_sid))
        return NULL;
    return fault(tx->arena, F_INVALID_PARAMETER, "Activity %s does not exist in this Workspace",
                 w->activity_sid ? w->activity_sid : "");
}

static fault_t create(struct routing *e, struct tx *tx, struct worker_live *w)
{
    struct workspace_live *ws = find_workspace(e, tx, w->row.workspace_sid);
    struct activity_live *a;

    if (!ws)
        return fault(tx->arena, F_NOT_FOUND, "The requested resource /Workspaces/%s was not found",
                     w->row.workspace_sid);
    if (!w->row.attributes)
        row_set(tx, w, &w->row.attributes, "{}");
    if (!w->row.activity_sid || !*w->row.activity_sid)
        row_set(tx, w, &w->row.activity_sid, ws->row.default_activity_sid);
    fault_t f = attributes_check(tx, w->row.attributes);
    if (!f)
        f = check_activity(e, tx, &w->row, &a);
    if (f)
        return f;
    w->row.date_status_changed = tx->now;
    link_worker(e, tx, w);
    for (LIST_EACH(l, &ws->channels))
        make_worker_channel(e, tx, w, CONTAINER_OF(l, struct channel_live, in_workspace));
    tell_worker(e, tx, EV_WORKER_CREATED, w, NULL);
    return NULL;
}

fault_t worker_created(struct routing *e, struct tx *tx, struct worker *w)
{
    engine_enter(e);
    return engine_leave(e, tx, create(e, tx, (struct worker_live *)w));
}

static void reject_pending_ones(struct routing *e, struct tx *tx, struct worker_live *w)
{
    for (LIST_EACH(l, &w->reservations)) {
        struct reservation_live *r = CONTAINER_OF(l, struct reservation_live, in_worker);
        if (r->row.reservation_status == RESERVATION_PENDING)
            drop_reservation(e, tx, r, RESERVATION_REJECTED);
    }
}

static fault_t change(struct routing *e, struct tx *tx, struct worker_live *w, const struct worker *was,
                      bool reject_pending)
{
    bool moved = !str_eq(w->row.activity_sid, was->activity_sid);
    bool told = !str_eq(w->row.attributes, was->attributes) || !str_eq(w->row.friendly_name, was->friendly_name);
    struct activity_live *a;
    fault_t f = told ? attributes_check(tx, w->row.attributes) : NULL;

    if (!f)
        f = check_activity(e, tx, &w->row, &a);
    if (f)
        return f;
    if (reject_pending && a->row.available)
        return fault(tx->arena, F_INVALID_PARAMETER,
                     "Unable to reject pending reservations when updating to an Available activity state.");
    if (moved || told) {
        row_edit(tx, w);
        w->row.version = was->version + 1;
        if (moved)
            w->row.date_status_changed = tx->now;
        link_worker(e, tx, w);
    }
    if (told)
        tell_worker(e, tx, EV_WORKER_ATTRIBUTES_UPDATE, w, NULL);
    if (moved)
        tell_worker(e, tx, EV_WORKER_ACTIVITY_UPDATE, w, was);
    if (reject_pending)
        reject_pending_ones(e, tx, w);
    return NULL;
}

fault_t worker_changed(struct routing *e, struct tx *tx, struct worker *w, const struct worker *was,
                       bool reject_pending)
{
    engine_enter(e);
    return engine_leave(e, tx, change(e, tx, (struct worker_live *)w, was, reject_pending));
}

fault_t worker_removed(struct routing *e, struct tx *tx, struct worker *row)
{
    struct worker_live *w = (struct worker_live *)row;

    if (!list_empty(&w->reservations))
        return fault(tx->arena, F_INVALID_PARAMETER, "Worker %s cannot be deleted while it has reservations", row->sid);
    engine_enter(e);
    tell_worker(e, tx, EV_WORKER_DELETED, w, NULL);
    for (size_t i = 0; i < w->nchannels; i++)
        if (w->channels[i])
            row_delete(tx, w->channels[i]); /* its unlink takes it from the array */
    unlink_worker(e, w);
    return engine_leave(e, tx, NULL);
}

fault_t worker_channel_changed(struct routing *e, struct tx *tx, struct worker_channel *row,
                               const struct worker_channel *was)
{
    struct worker_channel_live *c = (struct worker_channel_live *)row;
    bool capacity = row->configured_capacity != was->configured_capacity, available = row->available != was->available;
    struct worker_live *w = c->worker;

    if (row->configured_capacity < 0)
        return fault(tx->arena, F_INVALID_PARAMETER, "Capacity must not be negative");
    engine_enter(e);
    link_worker_channel(e, tx, c);
    if (w->workspace->nfact_readers)
        mark_dirty(e, w);
    if (capacity || available) { /* clients count the news that they hear */
        row_edit(tx, w);
        w->row.version += capacity + available;
    }
    if (capacity)
        tell_worker_channel(e, tx, EV_WORKER_CAPACITY_UPDATE, c, was->configured_capacity);
    if (available)
        tell_worker_channel(e, tx, EV_WORKER_CHANNEL_AVAILABILITY_UPDATE, c, was->configured_capacity);
    return engine_leave(e, tx, NULL);
}
