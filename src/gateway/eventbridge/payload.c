/* Rows as the SDK wants to see them: snake_case, seconds since 1970, versions and attributes as texts.  Every key
 * stands here because the client throws when one is missing; task_transfer and active_outgoing_task_transfer stay out
 * because it throws when they are null. */
#include "gateway/eventbridge/internal.h"

#include <stdio.h>

static void pair_seconds(struct json_out *o, const char *key, int64_t ms)
{
    json_key(o, key);
    if (ms == NO_VALUE)
        json_nil(o);
    else
        json_int(o, ms / SECOND);
}

static void pair_number(struct json_out *o, const char *key, int64_t v)
{
    json_key(o, key);
    if (v == NO_VALUE)
        json_nil(o);
    else
        json_int(o, v);
}

static void pair_version(struct json_out *o, int64_t version)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)version);
    json_pair_str(o, "version", text);
}

static bool really_changed(const struct kind *k, const void *row, const void *was)
{
    for (EACH_FIELD(f, k))
        if (field_is_column(f) && !field_equal(f, row, was))
            return true;
    return false;
}

struct stamp stamp_of(struct tx *tx, const void *row)
{
    const struct kind *k = row_kind(row);
    const struct field *version = field_flagged(k, REVISION), *updated = field_flagged(k, TOUCHED);
    const void *was = row_was(tx, row);
    struct stamp s = { version ? *field_int(version, row) : 0, *field_int(updated, row) };

    if (!was || was == row || !really_changed(k, row, was))
        return s;
    if (version && field_equal(version, row, was))
        s.version++;
    if (field_equal(updated, row, was))
        s.updated = tx->now;
    return s;
}

void activity_json(struct json_out *o, const struct activity *a)
{
    json_open(o, '{');
    json_pair_str(o, "sid", a->sid);
    json_pair_str(o, "account_sid", a->account_sid);
    json_pair_str(o, "workspace_sid", a->workspace_sid);
    json_pair_str(o, "friendly_name", a->friendly_name);
    json_pair_bool(o, "available", a->available);
    pair_seconds(o, "date_created", a->date_created);
    pair_seconds(o, "date_updated", a->date_updated);
    json_close(o, '}');
}

void queue_json(struct json_out *o, const struct task_queue *q, const char *reservation_activity,
                const char *assignment_activity)
{
    json_open(o, '{');
    json_pair_str(o, "sid", q->sid);
    json_pair_str(o, "account_sid", q->account_sid);
    json_pair_str(o, "workspace_sid", q->workspace_sid);
    json_pair_str(o, "friendly_name", q->friendly_name);
    json_pair_str(o, "reservation_activity_sid", q->reservation_activity_sid);
    json_pair_str(o, "reservation_activity_name", reservation_activity);
    json_pair_str(o, "assignment_activity_sid", q->assignment_activity_sid);
    json_pair_str(o, "assignment_activity_name", assignment_activity);
    json_pair_str(o, "target_workers", q->target_workers);
    json_pair_int(o, "max_reserved_workers", q->max_reserved_workers);
    json_pair_str(o, "task_order", task_order_names[q->task_order]);
    json_pair_bool(o, "lifo_queue", q->task_order == ORDER_LIFO);
    pair_seconds(o, "date_created", q->date_created);
    pair_seconds(o, "date_updated", q->date_updated);
    json_close(o, '}');
}

void worker_json(struct json_out *o, const struct worker *w, const struct activity *a, struct stamp s)
{
    json_open(o, '{');
    json_pair_str(o, "sid", w->sid);
    json_pair_str(o, "account_sid", w->account_sid);
    json_pair_str(o, "workspace_sid", w->workspace_sid);
    json_pair_str(o, "friendly_name", w->friendly_name);
    json_pair_str(o, "attributes", w->attributes);
    json_pair_str(o, "activity_sid", w->activity_sid);
    json_pair_str(o, "activity_name", a ? a->friendly_name : NULL);
    json_pair_bool(o, "available", a && a->available);
    pair_version(o, s.version);
    pair_seconds(o, "date_created", w->date_created);
    pair_seconds(o, "date_updated", s.updated);
    pair_seconds(o, "date_status_changed", w->date_status_changed);
    json_close(o, '}');
}

void worker_json_live(struct json_out *o, struct tx *tx, const struct worker *w)
{
    worker_json(o, w, row_find(tx, &activity_kind, w->activity_sid), stamp_of(tx, w));
}

void channel_json(struct json_out *o, struct routing *e, struct tx *tx, const struct worker_channel *c)
{
    const struct task_channel *of = row_find(tx, &task_channel_kind, c->task_channel_sid);

    json_open(o, '{');
    json_pair_str(o, "sid", c->sid);
    json_pair_str(o, "account_sid", c->account_sid);
    json_pair_str(o, "workspace_sid", c->workspace_sid);
    json_pair_str(o, "worker_sid", c->worker_sid);
    json_pair_str(o, "task_channel_sid", c->task_channel_sid);
    json_pair_str(o, "task_channel_unique_name", of ? of->unique_name : NULL);
    json_pair_bool(o, "available", c->available);
    json_pair_int(o, "assigned_tasks", routing_assigned(e, c));
    json_pair_int(o, "available_capacity_percentage", routing_percentage(e, c));
    json_pair_int(o, "configured_capacity", c->configured_capacity);
    pair_number(o, "last_reserved_time", c->last_reserved_time); /* the one time in milliseconds */
    pair_seconds(o, "date_created", c->date_created);
    pair_seconds(o, "date_updated", stamp_of(tx, c).updated);
    json_close(o, '}');
}

static void put_task(struct json_out *o, struct tx *tx, const struct task *t)
{
    const struct task_queue *q = row_find(tx, &task_queue_kind, t->task_queue_sid);
    const struct workflow *f = row_find(tx, &workflow_kind, t->workflow_sid);
    const struct task_channel *c = row_find(tx, &task_channel_kind, t->task_channel_sid);
    struct stamp s = stamp_of(tx, t);

    json_pair_str(o, "sid", t->sid);
    json_pair_str(o, "account_sid", t->account_sid);
    json_pair_str(o, "workspace_sid", t->workspace_sid);
    json_pair_str(o, "addons", t->addons ? t->addons : "{}");
    json_pair_int(o, "age", (tx->now - t->date_created) / SECOND);
    json_pair_str(o, "attributes", t->attributes);
    json_pair_int(o, "priority", t->priority);
    json_pair_str(o, "queue_sid", t->task_queue_sid);
    json_pair_str(o, "queue_name", q ? q->friendly_name : NULL);
    json_pair_str(o, "workflow_sid", t->workflow_sid);
    json_pair_str(o, "workflow_name", f ? f->friendly_name : NULL);
    json_pair_str(o, "task_channel_sid", t->task_channel_sid);
    json_pair_str(o, "task_channel_unique_name", c ? c->unique_name : NULL);
    json_pair_str(o, "reason", t->reason);
    json_pair_str(o, "routing_target", t->routing_target);
    json_pair_str(o, "assignment_status", task_status_names[t->assignment_status]);
    json_pair_int(o, "timeout", t->timeout);
    pair_version(o, s.version);
    pair_seconds(o, "virtual_start_time", t->virtual_start_time);
    pair_seconds(o, "date_created", t->date_created);
    pair_seconds(o, "date_updated", s.updated);
}

void task_json(struct json_out *o, struct tx *tx, const struct task *t)
{
    json_open(o, '{');
    put_task(o, tx, t);
    json_close(o, '}');
}

void task_offer_json(struct json_out *o, struct tx *tx, const struct reservation *r, const struct task *t)
{
    json_open(o, '{');
    put_task(o, tx, t);
    json_pair_str(o, "task_sid", t->sid);
    json_pair_str(o, "reservation_sid", r->sid);
    json_pair_str(o, "reservation_status", reservation_status_names[r->reservation_status]);
    json_pair_int(o, "reservation_timeout", r->reservation_timeout);
    json_pair_str(o, "worker_sid", r->worker_sid);
    json_pair_str(o, "worker_name", r->worker_name);
    json_close(o, '}');
}

void transfer_json(struct json_out *o, struct tx *tx, const struct transfer *x)
{
    json_open(o, '{');
    json_pair_str(o, "sid", x->sid);
    json_pair_str(o, "account_sid", x->account_sid);
    json_pair_str(o, "workspace_sid", x->workspace_sid);
    json_pair_str(o, "task_sid", x->task_sid);
    json_pair_str(o, "transfer_type", transfer_type_names[x->transfer_type]);
    json_pair_str(o, "transfer_mode", transfer_mode_names[x->transfer_mode]);
    json_pair_str(o, "transfer_to", x->transfer_to);
    json_pair_str(o, "transfer_status", transfer_status_names[x->transfer_status]);
    json_pair_str(o, "transfer_failed_reason", x->transfer_failed_reason);
    json_pair_str(o, "initiating_reservation_sid", x->initiating_reservation_sid);
    json_pair_str(o, "initiating_worker_sid", x->initiating_worker_sid);
    json_pair_str(o, "initiating_queue_sid", x->initiating_queue_sid);
    json_pair_str(o, "initiating_workflow_sid", x->initiating_workflow_sid);
    pair_seconds(o, "date_created", x->date_created);
    pair_seconds(o, "date_updated", stamp_of(tx, x).updated);
    json_close(o, '}');
}

/* The one by which it came, whatever became of that; and the one that its worker has begun, while it is under way. */
static void pair_transfers(struct json_out *o, struct routing *e, struct tx *tx, const struct reservation *r)
{
    const struct transfer *in = r->transfer_sid ? row_find(tx, &transfer_kind, r->transfer_sid) : NULL;
    const struct transfer *out = routing_transfer_of_task(e, tx, r->task_sid);

    if (in) {
        json_key(o, "task_transfer");
        transfer_json(o, tx, in);
    }
    if (out && str_eq(out->initiating_reservation_sid, r->sid)) {
        json_key(o, "active_outgoing_task_transfer");
        transfer_json(o, tx, out);
    }
}

void reservation_json(struct json_out *o, struct routing *e, struct tx *tx, const struct reservation *r,
                      const struct task *t)
{
    struct stamp s = stamp_of(tx, r);

    json_open(o, '{');
    json_pair_str(o, "sid", r->sid);
    json_pair_str(o, "account_sid", r->account_sid);
    json_pair_str(o, "workspace_sid", r->workspace_sid);
    json_pair_str(o, "worker_sid", r->worker_sid);
    json_pair_str(o, "task_sid", r->task_sid);
    json_pair_str(o, "reservation_status", reservation_status_names[r->reservation_status]);
    pair_version(o, s.version);
    pair_seconds(o, "date_created", r->date_created);
    pair_seconds(o, "date_updated", s.updated);
    if (t) {
        json_pair_int(o, "reservation_timeout", r->reservation_timeout);
        if (r->canceled_reason_code != NO_VALUE)
            json_pair_int(o, "canceled_reason_code", r->canceled_reason_code);
        json_key(o, "task");
        task_json(o, tx, t);
        pair_transfers(o, e, tx, r);
    }
    json_close(o, '}');
}
