/* Why a task is where it is: the public face, the sentence, the offers, and what it waits for.
 *
 * Nothing here is kept for explaining but two numbers of a reservation (how long the worker had been idle, among how
 * many): all else is asked again of the same rows and expressions that routed the task, at this moment.  So what is
 * said of workers is true now, and may not have been so when the task was offered. */
#include "routing/internal.h"
#include <string.h>

/* --- offers ----------------------------------------------------------------------------------------------- */

static bool keep_first_offers(void *arg, void *row)
{
    struct json_out *sids = arg;

    json_str(sids, ((const struct reservation *)row)->sid);
    return true;
}

/* One candidate whose attribute is no integer makes the order void for that choice (expr_order_fits); who they were
 * then is not kept, so whoever could have been one is named. */
static const char *void_words(struct inquest *q)
{
    const struct queue_live *queue = q->t->queue;

    for (size_t i = 0; queue && (i = bits_next(&queue->workers, i)) != NO_SLOT; i++) {
        const struct worker_live *w = slots_get(&queue->workspace->worker_slots, i);
        if (!expr_order_fits(q->step->order, w->attributes))
            return arena_printf(
                q->tx->arena,
                " (by idle time alone, if %s was among them: what is ordered by is no whole number there)",
                w->row.friendly_name);
    }
    return "";
}

static const char *choice_words(struct inquest *q, const struct reservation *r)
{
    struct arena *a = q->tx->arena;
    const char *idle = r->idle_since == NO_VALUE ? NULL : explain_duration(a, r->date_created - r->idle_since);

    if (q->target)
        return "the task is for this worker only";
    if (q->step && q->step->order && str_eq(r->task_queue_sid, q->t->row.task_queue_sid))
        return arena_printf(a, "first of %lld who were free in the queue, by %s, then by idle time%s%s%s",
                            (long long)(r->free_workers == NO_VALUE ? 1 : r->free_workers), q->step->order_source,
                            idle ? ": idle for " : "", idle ? idle : "", void_words(q));
    if (!idle)
        return "the longest idle who was free";
    if (r->free_workers == NO_VALUE || r->free_workers <= 1)
        return arena_printf(a, "the only one of the queue who was free, idle for %s", idle);
    return arena_printf(a, "the longest idle (for %s) whom the step admits, of %lld who were free in the queue", idle,
                        (long long)r->free_workers);
}

static void put_order(struct inquest *q, struct json_out *o, const struct reservation *r)
{
    struct worker_live *w = find_worker(q->e, q->tx, r->worker_sid);

    if (!w || !q->step || !q->step->order)
        return;
    json_key(o, "order");
    json_open(o, '{');
    for (const struct expr_seen *s = expr_order_seen(q->step->order, w->attributes, q->tx->arena); s; s = s->next) {
        json_key_any(o, s->name);
        json_raw(o, s->json);
    }
    json_close(o, '}');
}

static void put_offer(struct inquest *q, struct json_out *o, const struct reservation *r)
{
    json_open(o, '{');
    json_pair_str(o, "reservation_sid", r->sid);
    json_pair_str(o, "worker_sid", r->worker_sid);
    json_pair_str(o, "worker_name", r->worker_name);
    json_pair_str(o, "status", reservation_status_names[r->reservation_status]);
    json_pair_date(o, "offered", r->date_created);
    json_pair_date(o, "changed", r->date_updated);
    json_pair_str(o, "chosen_as", choice_words(q, r));
    json_pair_date(o, "idle_since", r->idle_since);
    put_order(q, o, r);
    json_close(o, '}');
}

/* Those of the store, as they are now, and the open ones that this batch has not written yet. */
static const char *explain_offers(struct inquest *q)
{
    struct condition of_task = { .column = "task_sid", .compare = IS, .value = value_text(q->t->row.sid) };
    struct selection s = { .conditions = &of_task, .nconditions = 1, .limit = EXPLAINED_OFFERS };
    struct json_out o, stored;
    const char *sid;
    size_t i;
    json_t *v;

    json_begin(&stored, q->tx->arena);
    json_open(&stored, '[');
    if (record_select(q->tx->db, q->tx->arena, &reservation_kind, &s, keep_first_offers, &stored) != DB_OK)
        return "[]";
    json_close(&stored, ']');
    sid = json_done(&stored);
    json_begin(&o, q->tx->arena);
    json_open(&o, '[');
    const json_t *sids = json_parse(q->tx->arena, sid, strlen(sid), NULL);
    json_array_foreach((json_t *)sids, i, v)
    {
        const struct reservation *r = row_find(q->tx, &reservation_kind, json_string_value(v));
        if (r)
            put_offer(q, &o, r);
    }
    for (LIST_EACH(l, &q->t->reservations)) {
        const struct reservation *r = &CONTAINER_OF(l, struct reservation_live, in_task)->row;
        if (!strstr(sid, r->sid) && i < EXPLAINED_OFFERS)
            put_offer(q, &o, r);
    }
    json_close(&o, ']');
    return json_done(&o);
}

/* --- the sentence ----------------------------------------------------------------------------------------- */

static void add(struct text *t, size_t n, const char *what)
{
    if (n)
        text_putf(t, "%s%zu %s", t->n ? ", " : "", n, what);
}

static const char *who_match(struct inquest *q)
{
    struct arena *a = q->tx->arena;
    struct text t = { .arena = a };
    const char *n = q->match == 1 ? "1 worker matches" : arena_printf(a, "%zu workers match", q->match);

    if (!q->workers)
        return "there are no workers";
    if (!q->members)
        return "no worker is in the queue";
    if (!q->match)
        return q->members == 1 ? "the queue's 1 worker is not whom the step wants"
                               : arena_printf(a, "none of the queue's %zu workers is whom the step wants", q->members);
    if (q->busy == q->match && q->same_capacity)
        return arena_printf(a, "%s, %sbusy (capacity %zu of %zu)", n, q->match > 1 ? "all " : "", q->full_used,
                            q->full_capacity);
    if (q->busy == q->match)
        return arena_printf(a, "%s, all busy", n);
    if (q->unavailable == q->match)
        return arena_printf(a, "%s, %s", n, q->match > 1 ? "none of them available" : "but is not available");
    add(&t, q->busy, "busy");
    add(&t, q->unavailable, "not available");
    add(&t, q->closed, "without the channel");
    add(&t, q->free, "free");
    return arena_printf(a, "%s: %s", n, text_str(&t));
}

static const char *holder(struct inquest *q)
{
    struct text t = { .arena = q->tx->arena };

    for (LIST_EACH(l, &q->t->reservations))
        text_putf(&t, "%s%s", t.n ? " and " : "", CONTAINER_OF(l, struct reservation_live, in_task)->row.worker_name);
    return t.n ? text_str(&t) : "Nobody";
}

static const char *summary(struct inquest *q)
{
    struct arena *a = q->tx->arena;
    const struct task *t = &q->t->row;
    int64_t since = t->task_queue_entered_date == NO_VALUE ? t->date_created : t->task_queue_entered_date;

    switch ((enum task_status)t->assignment_status) {
    case TASK_PENDING:
        return arena_printf(a, "Waiting in %s since %s: %s", q->t->queue ? q->t->queue->row.friendly_name : "no queue",
                            explain_duration(a, q->tx->now - since), who_match(q));
    case TASK_RESERVED:
        return arena_printf(a, "Offered to %s; %s left to answer", holder(q), explain_duration(a, q->due - q->tx->now));
    case TASK_ASSIGNED:
        return arena_printf(a, "%s has it since %s", holder(q), explain_duration(a, q->tx->now - t->assigned_at));
    case TASK_WRAPPING:
        return arena_printf(a, "%s wraps it up", holder(q));
    case TASK_COMPLETED:
        return t->reason ? arena_printf(a, "Completed: %s", t->reason) : "Completed";
    case TASK_CANCELED:
        return t->reason ? arena_printf(a, "Canceled: %s", t->reason) : "Canceled";
    }
    return "";
}

/* --- what it waits for ------------------------------------------------------------------------------------ */

static const char *wanted(struct inquest *q)
{
    struct arena *a = q->tx->arena;
    const char *queue = q->t->queue ? q->t->queue->row.friendly_name : "its queue";
    const char *channel = q->t->channel ? q->t->channel->row.unique_name : "default";

    if (!q->match)
        return arena_printf(a, "a worker of %s whom its step admits", queue);
    if (q->busy == 1 && q->match == 1)
        return arena_printf(a, "the busy worker to have %s capacity again", channel);
    if (q->busy)
        return arena_printf(a, "one of %zu workers to become free for %s", q->match, channel);
    if (q->match == 1)
        return "the matching worker to become available";
    return arena_printf(a, "one of %zu matching workers to become available", q->match);
}

static const char *explain_wait(struct inquest *q)
{
    const struct task *t = &q->t->row;
    const char *then = NULL;
    struct json_out o;

    if (!q->live || t->assignment_status > TASK_RESERVED)
        return "null";
    json_begin(&o, q->tx->arena);
    json_open(&o, '{');
    if (t->assignment_status == TASK_PENDING) {
        json_pair_str(&o, "what", wanted(q));
        if (q->due >= t->date_created + t->timeout * SECOND)
            then = "it is canceled, for its own time is over";
        else
            explain_next(q, &then);
    } else {
        json_pair_str(&o, "what", arena_printf(q->tx->arena, "%s to accept or reject", holder(q)));
        then = q->target ? "it is canceled" : "the offer times out, and it is routed again";
    }
    json_pair_date(&o, "until", q->due);
    json_pair_str(&o, "then", then);
    json_close(&o, '}');
    return json_done(&o);
}

/* --- the face --------------------------------------------------------------------------------------------- */

/* A task that has ended is in no list; what it refers to may be gone. */
static struct task_live *likeness(struct routing *e, struct tx *tx, const struct task *row)
{
    struct task_live *t = arena_alloc(tx->arena, sizeof *t);

    t->row = *row;
    t->workspace = find_workspace(e, tx, row->workspace_sid);
    t->queue = row->task_queue_sid ? find_queue(e, tx, row->task_queue_sid) : NULL;
    t->workflow = row->workflow_sid ? find_workflow(e, tx, row->workflow_sid) : NULL;
    t->channel = row->task_channel_sid ? find_channel(e, tx, row->task_channel_sid) : NULL;
    list_init(&t->reservations);
    return t;
}

static int64_t due_of(struct inquest *q)
{
    int64_t due = NO_VALUE;

    if (q->t->row.assignment_status != TASK_RESERVED)
        return alarm_due(q->tx, ALARM_TASK, q->t->row.sid);
    for (LIST_EACH(l, &q->t->reservations)) {
        int64_t at = alarm_due(q->tx, ALARM_RESERVATION, CONTAINER_OF(l, struct reservation_live, in_task)->row.sid);
        if (at > due)
            due = at;
    }
    return due;
}

void routing_explain(struct routing *e, struct tx *tx, struct task *row, struct routing_explanation *out)
{
    struct inquest q = { .e = e, .tx = tx, .live = task_kind.is_live(row), .due = NO_VALUE };
    const char *target = row->routing_target;
    struct json_out o;

    *out = (struct routing_explanation){ .place = "{}", .workers = "null", .offers = "[]", .waits_for = "null" };
    q.t = q.live ? find_task(e, tx, row->sid) : likeness(e, tx, row);
    out->until = q.live ? tx->now : row->date_updated;
    if (!q.t || !q.t->workspace) {
        out->summary = "Its workspace is gone";
        return;
    }
    q.step = step_of(q.t);
    q.task = json_parse_object(tx->arena, row->attributes, strlen(row->attributes), NULL);
    q.target = target && str_starts(target, "WK") ? find_worker(e, tx, target) : NULL;
    if (q.live)
        q.due = due_of(&q);
    json_begin(&o, tx->arena);
    explain_place(&q, &o);
    out->place = json_done(&o);
    if (q.live) {
        json_begin(&o, tx->arena);
        explain_workers(&q, &o);
        out->workers = json_done(&o);
    }
    out->offers = explain_offers(&q);
    out->waits_for = explain_wait(&q);
    out->summary = summary(&q);
}
