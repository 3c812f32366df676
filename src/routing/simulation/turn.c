/* Whose turn it was.  Every rule of docs/routing.md, "Who is next", once more and by other means: no trees, no marks,
 * no counters; the rows, and a walk over everybody. */
#include "routing/simulation/world.h"
#include <string.h>

/* --- may he take it? */

static bool may_vary(const struct expr *x)
{
    return x && (expr_reads(x) & (EXPR_READS_FACTS | EXPR_READS_WORKERS | EXPR_READS_TIME));
}

static struct expr_scope scope_of(struct tx *tx, const struct fact_subject *subject, struct task_live *t)
{
    return (struct expr_scope){ .task = t ? task_attributes(t) : NULL,
                                .worker = subject->worker->attributes,
                                .fact = worker_fact,
                                .subject = subject,
                                .now = tx->now };
}

static bool belongs(struct tx *tx, struct worker_live *w, struct queue_live *q)
{
    struct fact_subject subject = { w, q };
    struct expr_scope scope = scope_of(tx, &subject, NULL);

    return q->expression && expr_eval(q->expression, &scope);
}

static bool step_admits(struct tx *tx, struct worker_live *w, struct task_live *t)
{
    const struct step *s = step_of(t);
    struct fact_subject subject = { w, t->queue };

    if (s && s->known && !is_known_worker(task_attributes(t), s, w))
        return false;
    if (!s || !s->expression)
        return true;
    struct expr_scope scope = scope_of(tx, &subject, t);
    return expr_eval(s->expression, &scope);
}

static int64_t held(const struct worker_live *w, const struct channel_live *c)
{
    int64_t n = 0;

    for (LIST_EACH(l, &w->reservations))
        n += CONTAINER_OF(l, struct reservation_live, in_worker)->task->channel == c;
    return n;
}

/* Where one at a time is the rule, whatever the channel. */
static bool has_hands(const struct worker_live *w, int64_t spare)
{
    int64_t n = 0;

    for (LIST_EACH(l, &w->reservations))
        n++;
    return w->workspace->row.multi_task_enabled || n + spare <= 1;
}

static bool at_work(struct worker_live *w, struct channel_live *ch, int64_t spare)
{
    struct worker_channel_live *c = worker_channel_for(w, ch);

    return c && w->activity->row.available && c->row.available && held(w, ch) + spare <= c->row.configured_capacity &&
           has_hands(w, spare);
}

bool engine_could_take(struct tx *tx, struct worker_live *w, struct task_live *t)
{
    const struct step *s = step_of(t);

    return at_work(w, t->channel, 1) && !(s && may_vary(s->expression)) && belongs(tx, w, t->queue) &&
           step_admits(tx, w, t);
}

/* --- who has waited longer? */

struct standing {
    int64_t level; /* for the order that says so; NO_VALUE: has none */
    int64_t reserved, since;
    const char *sid;
};

/* Was an offer made to him on the channel at this very moment, before this one? */
static bool offered_before(struct world *w, const struct worker_channel_live *c)
{
    size_t offers = 0;

    for (size_t i = 0; i < w->heard.n; i++) {
        const struct heard *h = &w->heard.at[i];
        offers +=
            h->type == EV_RESERVATION_CREATED && h->channel == c->channel && str_eq(h->worker.s, c->row.worker_sid);
    }
    return offers > 1;
}

/* When his last offer on the channel was made, before this one. */
static int64_t reserved_before(struct world *w, struct tx *tx, const struct reservation_live *r,
                               const struct worker_channel_live *c)
{
    const struct worker_channel *was = row_was(tx, c);

    if (r && c->worker == r->worker && c->channel == r->task->channel)
        return offered_before(w, c) ? tx->now : was ? was->last_reserved_time : NO_VALUE;
    return c->row.last_reserved_time;
}

static struct standing standing_of(struct world *w, struct tx *tx, struct worker_live *k, struct channel_live *ch,
                                   const struct reservation_live *r)
{
    const json_t *level = json_object_get(k->attributes, "level");
    struct standing s = { json_is_integer(level) ? json_integer_value(level) : NO_VALUE, NO_VALUE,
                          k->row.date_status_changed, k->row.sid };

    for (size_t i = 0; i < k->nchannels; i++) {
        if (!k->channels[i] || (ch->row.channel_optimized_routing && k->channels[i]->channel != ch))
            continue;
        int64_t at = reserved_before(w, tx, r, k->channels[i]);
        if (at > s.reserved)
            s.reserved = at;
    }
    return s;
}

static bool stands_before(const struct standing *a, const struct standing *b, const char *order)
{
    if (order && a->level != b->level) {
        if (a->level == NO_VALUE || b->level == NO_VALUE)
            return b->level == NO_VALUE;
        return strstr(order, "DESC") ? a->level > b->level : a->level < b->level;
    }
    if (a->reserved != b->reserved)
        return a->reserved < b->reserved;
    return a->since != b->since ? a->since < b->since : strcmp(a->sid, b->sid) < 0;
}

static bool has_offer(const struct task_live *t, const struct worker_live *k)
{
    for (LIST_EACH(l, &t->reservations))
        if (CONTAINER_OF(l, struct reservation_live, in_task)->worker == k)
            return true;
    return false;
}

static const char *somebody_was_passed_over(struct world *w, struct tx *tx, struct reservation_live *r)
{
    struct task_live *t = r->task;
    const struct step *s = step_of(t);
    const char *order = s ? s->order_source : NULL;
    struct standing chosen = standing_of(w, tx, r->worker, t->channel, r);

    for (LIST_EACH(l, &t->workspace->workers)) {
        struct worker_live *k = CONTAINER_OF(l, struct worker_live, in_workspace);
        if (has_offer(t, k) || !engine_could_take(tx, k, t))
            continue;
        struct standing other = standing_of(w, tx, k, t->channel, NULL);
        if (stands_before(&other, &chosen, order))
            return arena_printf(tx->arena, "%s is offered to %s, but it was the turn of %s", t->row.sid,
                                r->worker->row.friendly_name, k->row.friendly_name);
    }
    return NULL;
}

/* --- which task comes first? */

static bool comes_before(const struct task_live *a, const struct task_live *b)
{
    const struct task *x = &a->row, *y = &b->row;
    bool lifo = a->queue->row.task_order == ORDER_LIFO;

    if (a->queue->row.task_order != b->queue->row.task_order)
        return a->queue->row.task_order == a->workspace->row.prioritize_queue_order;
    if (!lifo && x->priority != y->priority)
        return x->priority > y->priority;
    int64_t d = x->virtual_start_time - y->virtual_start_time;
    if (!d)
        d = x->date_created - y->date_created;
    if (!d)
        d = strcmp(x->sid, y->sid);
    return lifo ? d > 0 : d < 0;
}

static const char *a_task_was_passed_over(struct tx *tx, struct reservation_live *r)
{
    struct task_live *t = r->task;

    for (LIST_EACH(l, &t->workspace->tasks)) {
        struct task_live *other = CONTAINER_OF(l, struct task_live, in_workspace);
        const struct step *s = step_of(other);
        if (other->row.assignment_status != TASK_PENDING || other->channel != t->channel || !other->queue)
            continue;
        if (!comes_before(other, t) || (s && may_vary(s->expression)))
            continue;
        if (belongs(tx, r->worker, other->queue) && step_admits(tx, r->worker, other))
            return arena_printf(tx->arena, "%s got %s, but %s comes first", r->worker->row.friendly_name, t->row.sid,
                                other->row.sid);
    }
    return NULL;
}

/* --- the offer */

/* For one worker and nobody else, by whoever made the task or hands it on; or NULL: by the rules. */
static const char *meant_for(const struct reservation_live *r)
{
    const struct task_live *t = r->task;

    if (r->row.transfer_sid && t->transfer && t->transfer->row.transfer_type == TRANSFER_WORKER)
        return t->transfer->row.transfer_to;
    return t->row.routing_target && str_starts(t->row.routing_target, "WK") && !was_assigned(t) ? t->row.routing_target
                                                                                                : NULL;
}

const char *offer_is_wrong(struct world *w, struct tx *tx, struct reservation_live *r)
{
    struct task_live *t = r->task;
    const struct step *s = step_of(t);
    const char *why = NULL;

    if (meant_for(r)) {
        bool whatever = r->row.transfer_sid || t->row.ignore_capacity;
        if (!str_eq(meant_for(r), r->row.worker_sid))
            return "somebody else was meant";
        if (!has_hands(r->worker, 0))
            return "a RoutingTarget who has a task, where one at a time is the rule";
        return whatever || at_work(r->worker, t->channel, 0) ? NULL : "a RoutingTarget who was not free";
    }
    if (!at_work(r->worker, t->channel, 0))
        return arena_printf(tx->arena, "%s has %lld of %s, and cannot", r->worker->row.friendly_name,
                            (long long)held(r->worker, t->channel), t->channel->row.unique_name);
    if (!belongs(tx, r->worker, t->queue) || !(s && may_vary(s->expression) ? true : step_admits(tx, r->worker, t)))
        return arena_printf(tx->arena, "%s does not match %s", r->worker->row.friendly_name, t->row.sid);
    if (!(s && may_vary(s->expression)))
        why = somebody_was_passed_over(w, tx, r);
    return why ? why : a_task_was_passed_over(tx, r);
}
