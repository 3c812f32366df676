/* Which workers were considered for a task, and why each was not chosen: the same questions that match.c asks, in the
 * same order, answered for a person. */
#include "routing/internal.h"

/* What keeps a worker from a task; the first one counts. */
enum obstacle { NONE, NOT_IN_QUEUE, NOT_THE_TARGET, NOT_KNOWN, NOT_ADMITTED, UNAVAILABLE, CLOSED, BUSY, TAKEN };
static const char *const codes[] = { "free",
                                     "not_in_queue",
                                     "not_the_routing_target",
                                     "not_the_known_worker",
                                     "target_expression",
                                     "activity",
                                     "channel_unavailable",
                                     "capacity",
                                     "one_at_a_time" };

struct candidate {
    struct worker_live *w;
    struct worker_channel_live *c;
    const struct reservation_live *offer; /* of this task, open; or NULL */
};

static struct candidate candidate_of(struct inquest *q, struct worker_live *w)
{
    struct candidate c = { .w = w, .c = q->t->channel ? worker_channel_for(w, q->t->channel) : NULL };

    for (LIST_EACH(l, &q->t->reservations))
        if (CONTAINER_OF(l, struct reservation_live, in_task)->worker == w)
            c.offer = CONTAINER_OF(l, struct reservation_live, in_task);
    return c;
}

static struct expr_scope scope_of(const struct inquest *q, const struct fact_subject *s)
{
    return (struct expr_scope){
        .task = q->task, .worker = s->worker->attributes, .fact = worker_fact, .subject = s, .now = q->tx->now
    };
}

static bool admitted(const struct inquest *q, const struct worker_live *w)
{
    struct fact_subject subject = { w, q->t->queue };
    struct expr_scope scope = scope_of(q, &subject);

    return !q->step || !q->step->expression || expr_eval(q->step->expression, &scope);
}

static bool is_member(const struct inquest *q, const struct worker_live *w)
{
    return q->t->queue && bits_has(&q->t->queue->workers, w->slot);
}

/* All that is in the way, in the order of the questions; `at` ends with NONE. */
static void find_obstacles(const struct inquest *q, const struct candidate *c, enum obstacle at[static 8])
{
    size_t n = 0;

    if (q->target) {
        if (c->w != q->target)
            at[n++] = NOT_THE_TARGET;
        if (q->t->row.ignore_capacity) {
            if (worker_is_taken(c->w))
                at[n++] = TAKEN;
            at[n] = NONE;
            return;
        }
    } else {
        if (!is_member(q, c->w))
            at[n++] = NOT_IN_QUEUE;
        if (q->step && q->step->known && !is_known_worker(q->task, q->step, c->w))
            at[n++] = NOT_KNOWN;
        if (!admitted(q, c->w))
            at[n++] = NOT_ADMITTED;
    }
    if (!c->w->activity || !c->w->activity->row.available)
        at[n++] = UNAVAILABLE;
    if (!c->c || !c->c->row.available)
        at[n++] = CLOSED;
    else if (c->c->used >= c->c->row.configured_capacity)
        at[n++] = BUSY;
    if (worker_is_taken(c->w))
        at[n++] = TAKEN;
    at[n] = NONE;
}

/* --- in words ---------------------------------------------------------------------------------------------------- */

static const char *channel_name(const struct inquest *q)
{
    return q->t->channel ? q->t->channel->row.unique_name : "its channel's";
}

static struct expr_explanation explain_obstacle(struct inquest *q, const struct candidate *c, enum obstacle why)
{
    struct fact_subject subject = { c->w, q->t->queue };
    struct expr_scope scope = scope_of(q, &subject);
    const struct expr *e = why == NOT_ADMITTED                                             ? q->step->expression
                           : why == NOT_IN_QUEUE && q->t->queue && q->t->queue->expression ? q->t->queue->expression
                                                                                           : NULL;

    return e ? expr_explain(e, &scope, q->tx->arena) : (struct expr_explanation){ .result = false };
}

static const char *known_value(struct inquest *q)
{
    struct expr_value v = expr_reference_get(q->step->known, q->task);

    return v.kind == EXPR_STRING ? arena_printf(q->tx->arena, "%.*s", (int)v.string.n, v.string.s) : "not a text";
}

static const char *busy_words(struct inquest *q, const struct candidate *c)
{
    if (!c->c->row.configured_capacity)
        return arena_printf(q->tx->arena, "takes no %s tasks (capacity 0)", channel_name(q));
    return arena_printf(q->tx->arena, "is busy: %lld of %lld %s used", (long long)c->c->used,
                        (long long)c->c->row.configured_capacity, channel_name(q));
}

static const char *obstacle_words(struct inquest *q, const struct candidate *c, enum obstacle why,
                                  const struct expr_explanation *x)
{
    struct arena *a = q->tx->arena;

    switch (why) {
    case NOT_IN_QUEUE:
        if (!q->t->queue)
            return "is in no queue of the task, for it has none";
        return arena_printf(a, "is not in %s: %s", q->t->queue->row.friendly_name, expr_explanation_words(x, a));
    case NOT_THE_TARGET:
        return arena_printf(a, "is not %s, for whom the task is", q->target->row.friendly_name);
    case NOT_KNOWN:
        return arena_printf(a, "is not whom the step asks for (%s is %s)", q->step->known_source, known_value(q));
    case NOT_ADMITTED:
        return arena_printf(a, "is not whom the step wants: %s", expr_explanation_words(x, a));
    case UNAVAILABLE:
        return arena_printf(a, "is %s, which is not available",
                            c->w->activity ? c->w->activity->row.friendly_name : "in no activity");
    case CLOSED:
        return arena_printf(a, "takes no %s tasks now (channel not available)", channel_name(q));
    case BUSY:
        return busy_words(q, c);
    case TAKEN:
        return "has another task, and nobody here has two (MultiTaskEnabled is false)";
    case NONE:
        break;
    }
    return "could take it now";
}

static const char *offer_words(struct inquest *q, const struct reservation *r)
{
    struct arena *a = q->tx->arena;
    int64_t left = r->date_created + r->reservation_timeout * SECOND - q->tx->now;

    if (r->reservation_status == RESERVATION_PENDING)
        return arena_printf(a, "has been offered it since %s, and has %s left to answer",
                            explain_duration(a, q->tx->now - r->date_created), explain_duration(a, left));
    return r->reservation_status == RESERVATION_ACCEPTED ? "has it" : "wraps it up";
}

/* --- the list --------------------------------------------------------------------------------------------- */

static void put_state(struct inquest *q, struct json_out *o, const struct candidate *c)
{
    json_pair_str(o, "activity", c->w->activity ? c->w->activity->row.friendly_name : NULL);
    if (!c->c)
        return;
    struct idle_key key = idle_key_of(c->w, c->c);
    json_pair_int(o, "capacity_used", c->c->used);
    json_pair_int(o, "capacity_configured", c->c->row.configured_capacity);
    json_pair_date(o, "idle_since", key.reserved == NO_VALUE ? key.status_changed : key.reserved);
    if (!q->step || !q->step->order)
        return;
    json_key(o, "order");
    json_open(o, '{');
    for (const struct expr_seen *s = expr_order_seen(q->step->order, c->w->attributes, q->tx->arena); s; s = s->next) {
        json_key_any(o, s->name);
        json_raw(o, s->json);
    }
    json_close(o, '}');
}

static void put_worker(struct inquest *q, struct json_out *o, const struct candidate *c, const enum obstacle *at)
{
    json_open(o, '{');
    json_pair_str(o, "worker_sid", c->w->row.sid);
    json_pair_str(o, "worker_name", c->w->row.friendly_name);
    if (c->offer) {
        json_pair_str(o, "outcome", reservation_status_names[c->offer->row.reservation_status]);
        json_pair_str(o, "words", offer_words(q, &c->offer->row));
    } else {
        struct expr_explanation first = explain_obstacle(q, c, at[0]);
        json_pair_str(o, "outcome", codes[at[0]]);
        json_pair_str(o, "words", obstacle_words(q, c, at[0], &first));
    }
    put_state(q, o, c);
    json_key(o, "obstacles");
    json_open(o, '[');
    for (size_t i = 0; !c->offer && at[i] != NONE; i++) {
        struct expr_explanation x = explain_obstacle(q, c, at[i]);
        json_open(o, '{');
        json_pair_str(o, "what", codes[at[i]]);
        json_pair_str(o, "words", obstacle_words(q, c, at[i], &x));
        if (at[i] == NOT_IN_QUEUE || at[i] == NOT_ADMITTED)
            explain_expression(o, q->tx->arena, &x);
        json_close(o, '}');
    }
    json_close(o, ']');
    json_close(o, '}');
    q->listed++;
}

/* Who stands nearer to the task is listed first: 0 has it or is asked, 1 matches, 2 is in the queue, 3 is not. */
static int rank_of(const struct candidate *c, const enum obstacle *at)
{
    if (c->offer)
        return 0;
    if (at[0] == NONE || at[0] >= UNAVAILABLE)
        return 1;
    return at[0] == NOT_KNOWN || at[0] == NOT_ADMITTED ? 2 : 3;
}

static void count(struct inquest *q, const struct candidate *c, const enum obstacle *at, int rank)
{
    q->workers++;
    q->members += is_member(q, c->w);
    q->match += rank <= 1;
    if (rank != 1)
        return;
    q->free += at[0] == NONE;
    q->unavailable += at[0] == UNAVAILABLE;
    q->closed += at[0] == CLOSED;
    if (at[0] == TAKEN) {
        q->busy++;
        q->same_capacity = false;
    }
    if (at[0] != BUSY)
        return;
    size_t used = (size_t)c->c->used, capacity = (size_t)c->c->row.configured_capacity;
    q->same_capacity = q->busy++ == 0 || (q->same_capacity && q->full_used == used && q->full_capacity == capacity);
    q->full_used = used;
    q->full_capacity = capacity;
}

static void put_counts(const struct inquest *q, struct json_out *o)
{
    json_pair_int(o, "workers", (int64_t)q->workers);
    json_pair_int(o, "in_queue", (int64_t)q->members);
    json_pair_int(o, "match", (int64_t)q->match);
    json_pair_int(o, "free", (int64_t)q->free);
    json_pair_int(o, "not_available", (int64_t)q->unavailable);
    json_pair_int(o, "channel_unavailable", (int64_t)q->closed);
    json_pair_int(o, "busy", (int64_t)q->busy);
    json_pair_int(o, "not_listed", (int64_t)(q->workers - q->listed));
}

/* Every worker is asked once; the list is then written from those who stand nearest. */
static unsigned char *rank_all(struct inquest *q)
{
    unsigned char *ranks = arena_alloc(q->tx->arena, q->t->workspace->worker_slots.n + 1); /* by slot */
    enum obstacle at[8];

    for (LIST_EACH(l, &q->t->workspace->workers)) {
        struct candidate c = candidate_of(q, CONTAINER_OF(l, struct worker_live, in_workspace));
        find_obstacles(q, &c, at);
        ranks[c.w->slot] = (unsigned char)rank_of(&c, at);
        count(q, &c, at, ranks[c.w->slot]);
    }
    return ranks;
}

void explain_workers(struct inquest *q, struct json_out *o)
{
    const unsigned char *ranks = rank_all(q);
    enum obstacle at[8];

    json_open(o, '{');
    json_key(o, "list");
    json_open(o, '[');
    for (int rank = 0; rank <= 3; rank++)
        for (LIST_EACH(l, &q->t->workspace->workers)) {
            struct worker_live *w = CONTAINER_OF(l, struct worker_live, in_workspace);
            if (ranks[w->slot] != rank || q->listed >= EXPLAINED_WORKERS)
                continue;
            struct candidate c = candidate_of(q, w);
            find_obstacles(q, &c, at);
            put_worker(q, o, &c, at);
        }
    json_close(o, ']');
    put_counts(q, o);
    json_close(o, '}');
}
