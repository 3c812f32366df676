/* What the engine tells: events, and the facts in them.  The names are those of the wire in snake_case (task_age is
 * TaskAge). */
#include "routing/internal.h"
#include <string.h>

static void begin(struct json_out *o, struct tx *tx, const struct workspace_live *w)
{
    json_begin(o, tx->arena);
    json_open(o, '{');
    json_pair_str(o, "workspace_sid", w->row.sid);
    json_pair_str(o, "workspace_name", w->row.friendly_name);
}

static void tell_facts(struct tx *tx, const char *facts, const struct workspace_live *w, struct event e)
{
    e.account_sid = w->row.account_sid;
    e.scope_sid = w->row.sid;
    e.actor_type = "workspace";
    e.actor_sid = w->row.sid;
    e.data = facts;
    event_tell(tx, &e);
}

static void tell(struct tx *tx, struct json_out *o, const struct workspace_live *w, struct event e)
{
    json_close(o, '}');
    tell_facts(tx, json_done(o), w, e);
}

/* Seconds since 1970, as the wire has them; NO_VALUE is null. */
static void pair_time(struct json_out *o, const char *key, int64_t ms)
{
    json_key(o, key);
    if (ms == NO_VALUE)
        json_nil(o);
    else
        json_int(o, ms / SECOND);
}

static void put_queue(struct json_out *o, const struct queue_live *q)
{
    json_pair_str(o, "task_queue_sid", q->row.sid);
    json_pair_str(o, "task_queue_name", q->row.friendly_name);
    json_pair_str(o, "task_queue_target_expression", q->row.target_workers);
}

static void put_workflow(struct json_out *o, const struct workflow_live *f)
{
    json_pair_str(o, "workflow_sid", f->row.sid);
    json_pair_str(o, "workflow_name", f->row.friendly_name);
}

static void put_task(struct json_out *o, struct tx *tx, const struct task_live *t)
{
    const struct task *row = &t->row;

    json_pair_str(o, "task_sid", row->sid);
    json_pair_str(o, "task_attributes", row->attributes);
    json_pair_int(o, "task_age", (tx->now - row->date_created) / SECOND);
    json_pair_int(o, "task_priority", row->priority);
    json_pair_str(o, "task_assignment_status", task_status_names[row->assignment_status]);
    if (row->assignment_status == TASK_CANCELED)
        json_pair_str(o, "task_canceled_reason", row->reason);
    if (row->assignment_status == TASK_COMPLETED)
        json_pair_str(o, "task_completed_reason", row->reason);
    if (row->reason)
        json_pair_str(o, "reason", row->reason);
    pair_time(o, "task_date_created", row->date_created);
    pair_time(o, "task_virtual_start_time", row->virtual_start_time);
    json_pair_int(o, "task_version", row->version);
    json_pair_bool(o, "task_ignore_capacity", row->ignore_capacity);
    if (row->routing_target)
        json_pair_str(o, "task_routing_target", row->routing_target);
    if (t->channel) {
        json_pair_str(o, "task_channel_sid", t->channel->row.sid);
        json_pair_str(o, "task_channel_unique_name", t->channel->row.unique_name);
    }
    if (t->queue) {
        put_queue(o, t->queue);
        pair_time(o, "task_queue_entered_date", row->task_queue_entered_date);
    }
    if (t->workflow)
        put_workflow(o, t->workflow);
    const struct filter *f = filter_of(t);
    if (f && f->name)
        json_pair_str(o, "workflow_filter_name", f->name);
}

static void put_worker(struct json_out *o, const struct worker_live *w)
{
    json_pair_str(o, "worker_sid", w->row.sid);
    json_pair_str(o, "worker_name", w->row.friendly_name);
    json_pair_str(o, "worker_attributes", w->row.attributes);
    json_pair_str(o, "worker_activity_sid", w->row.activity_sid);
    json_pair_str(o, "worker_activity_name", w->activity ? w->activity->row.friendly_name : NULL);
    json_pair_int(o, "worker_version", w->row.version);
}

/* What is said of a task by several events of a command is written down once; the ledger keeps the same text once. */
static const char *facts_of_task(struct routing *e, struct tx *tx, const struct task_live *t)
{
    struct json_out o;

    if (e->told.of == t && memcmp(&e->told.row, &t->row, sizeof t->row) == 0)
        return e->told.facts;
    begin(&o, tx, t->workspace);
    put_task(&o, tx, t);
    json_close(&o, '}');
    e->told.of = t;
    memcpy(&e->told.row, &t->row, sizeof t->row);
    e->told.facts = json_done(&o);
    return e->told.facts;
}

void tell_task(struct routing *e, struct tx *tx, enum event_type type, struct task_live *t)
{
    struct event news = { .type = type, .resource_type = "task", .resource_sid = t->row.sid, .other = t };
    struct json_out o;

    if (type != EV_RESERVATION_FAILED) {
        tell_facts(tx, facts_of_task(e, tx, t), t->workspace, news);
        return;
    }
    begin(&o, tx, t->workspace);
    put_task(&o, tx, t);
    json_pair_str(&o, "reservation_sid",
                  tx_sid(tx, "WR")); /* the offer that there was to be has a name, and nothing else */
    tell(tx, &o, t->workspace, news);
}

void tell_reservation(struct routing *e, struct tx *tx, enum event_type type, struct reservation_live *r)
{
    struct worker_live *w = r->worker;
    struct json_out o;

    (void)e;
    begin(&o, tx, w->workspace);
    put_task(&o, tx, r->task);
    put_worker(&o, w);
    json_pair_str(&o, "reservation_sid", r->row.sid);
    json_pair_int(&o, "reservation_version", r->row.version);
    json_pair_str(&o, "reservation_status", reservation_status_names[r->row.reservation_status]);
    if (r->row.canceled_reason_code != NO_VALUE)
        json_pair_int(&o, "reservation_reason_code", r->row.canceled_reason_code);
    if (r->counted) {
        json_pair_int(&o, "worker_channel_capacity", r->counted->row.configured_capacity);
        json_pair_int(&o, "worker_channel_consumed_capacity", r->counted->used);
    }
    tell(
        tx, &o, w->workspace,
        (struct event){
            .type = type, .resource_type = "reservation", .resource_sid = r->row.sid, .subject = r, .other = r->task });
}

void tell_transfer(struct routing *e, struct tx *tx, enum event_type type, struct transfer_live *x, struct task_live *t)
{
    const struct transfer *row = &x->row;
    struct json_out o;

    (void)e;
    begin(&o, tx, t->workspace);
    put_task(&o, tx, t);
    json_pair_str(&o, "transfer_sid", row->sid);
    json_pair_str(&o, "transfer_mode", transfer_mode_names[row->transfer_mode]);
    json_pair_str(&o, "transfer_type", transfer_type_names[row->transfer_type]);
    json_pair_str(&o, "transfer_to", row->transfer_to);
    json_pair_str(&o, "transfer_status", transfer_status_names[row->transfer_status]);
    if (row->transfer_failed_reason)
        json_pair_str(&o, "transfer_failed_reason", row->transfer_failed_reason);
    json_pair_str(&o, "transfer_initiating_worker_sid", row->initiating_worker_sid);
    json_pair_str(&o, "transfer_initiating_reservation_sid", row->initiating_reservation_sid);
    tell(tx, &o, t->workspace,
         (struct event){ .type = type, .resource_type = "task", .resource_sid = t->row.sid, .subject = x, .other = t });
}

static void tell_of_worker(struct routing *e, struct tx *tx, enum event_type type, struct worker_live *w,
                           const struct worker *was, const char *reason)
{
    struct json_out o;

    begin(&o, tx, w->workspace);
    put_worker(&o, w);
    if (was) {
        struct activity_live *before = find_activity(e, tx, was->activity_sid);
        json_pair_str(&o, "worker_previous_activity_sid", was->activity_sid);
        json_pair_str(&o, "worker_previous_activity_name", before ? before->row.friendly_name : NULL);
        json_pair_int(&o, "worker_time_in_previous_activity", (tx->now - was->date_status_changed) / SECOND);
        json_pair_int(&o, "worker_time_in_previous_activity_ms", tx->now - was->date_status_changed);
    }
    if (reason)
        json_pair_str(&o, "reason", reason);
    tell(tx, &o, w->workspace,
         (struct event){ .type = type, .resource_type = "worker", .resource_sid = w->row.sid, .subject = w });
}

void tell_worker(struct routing *e, struct tx *tx, enum event_type type, struct worker_live *w,
                 const struct worker *was)
{
    tell_of_worker(e, tx, type, w, was, NULL);
}

void tell_worker_moved(struct routing *e, struct tx *tx, struct worker_live *w, const struct worker *was,
                       const char *reason)
{
    tell_of_worker(e, tx, EV_WORKER_ACTIVITY_UPDATE, w, was, reason);
}

void tell_worker_channel(struct routing *e, struct tx *tx, enum event_type type, struct worker_channel_live *c,
                         int64_t was_capacity)
{
    struct worker_live *w = c->worker;
    struct json_out o;

    (void)e;
    begin(&o, tx, w->workspace);
    put_worker(&o, w);
    json_pair_bool(&o, "worker_channel_available", c->row.available);
    json_pair_int(&o, "worker_channel_available_capacity", c->row.configured_capacity);
    json_pair_int(&o, "worker_channel_previous_capacity", was_capacity);
    json_pair_int(&o, "worker_channel_task_count", c->used);
    json_pair_str(&o, "worker_channel_sid", c->row.sid);
    json_pair_str(&o, "task_channel_sid", c->channel->row.sid);
    json_pair_str(&o, "task_channel_unique_name", c->channel->row.unique_name);
    tell(tx, &o, w->workspace,
         (struct event){
             .type = type, .resource_type = "worker", .resource_sid = w->row.sid, .subject = w, .other = c });
}

void tell_workspace(struct routing *e, struct tx *tx, enum event_type type, struct workspace_live *w)
{
    struct json_out o;

    (void)e;
    begin(&o, tx, w);
    tell(tx, &o, w,
         (struct event){ .type = type, .resource_type = "workspace", .resource_sid = w->row.sid, .subject = w });
}

void tell_activity(struct routing *e, struct tx *tx, enum event_type type, struct activity_live *a)
{
    struct json_out o;

    (void)e;
    begin(&o, tx, a->workspace);
    json_pair_str(&o, "activity_sid", a->row.sid);
    json_pair_str(&o, "activity_name", a->row.friendly_name);
    json_pair_bool(&o, "activity_available", a->row.available);
    tell(tx, &o, a->workspace,
         (struct event){ .type = type, .resource_type = "activity", .resource_sid = a->row.sid, .subject = a });
}

void tell_channel(struct routing *e, struct tx *tx, enum event_type type, struct channel_live *c)
{
    struct json_out o;

    (void)e;
    begin(&o, tx, c->workspace);
    json_pair_str(&o, "task_channel_sid", c->row.sid);
    json_pair_str(&o, "task_channel_name", c->row.friendly_name);
    json_pair_str(&o, "task_channel_unique_name", c->row.unique_name);
    json_pair_bool(&o, "task_channel_optimized_routing", c->row.channel_optimized_routing);
    tell(tx, &o, c->workspace,
         (struct event){ .type = type, .resource_type = "taskchannel", .resource_sid = c->row.sid, .subject = c });
}

void tell_queue(struct routing *e, struct tx *tx, enum event_type type, struct queue_live *q)
{
    struct json_out o;

    (void)e;
    begin(&o, tx, q->workspace);
    put_queue(&o, q);
    tell(tx, &o, q->workspace,
         (struct event){ .type = type, .resource_type = "taskqueue", .resource_sid = q->row.sid, .subject = q });
}

void tell_workflow(struct routing *e, struct tx *tx, enum event_type type, struct workflow_live *f)
{
    struct json_out o;

    (void)e;
    begin(&o, tx, f->workspace);
    put_workflow(&o, f);
    tell(tx, &o, f->workspace,
         (struct event){ .type = type, .resource_type = "workflow", .resource_sid = f->row.sid, .subject = f });
}
