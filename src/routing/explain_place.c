/* Where a task stands in its workflow, and why there: the filters with what each was, the step, its deadline. */
#include "routing/internal.h"

const char *explain_duration(struct arena *a, int64_t ms)
{
    int64_t s = ms > 0 ? ms / SECOND : 0;
    const struct {
        int64_t unit, below;
        const char *name, *smaller;
    } units[] = { { 86400, 3600, "d", "h" }, { 3600, 60, "h", "min" }, { 60, 1, "min", "s" } };

    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        int64_t rest = s % units[i].unit / units[i].below;
        if (s < units[i].unit)
            continue;
        const char *big = arena_printf(a, "%lld %s", (long long)(s / units[i].unit), units[i].name);
        return rest ? arena_printf(a, "%s %lld %s", big, (long long)rest, units[i].smaller) : big;
    }
    return arena_printf(a, "%lld s", (long long)s);
}

void explain_expression(struct json_out *o, struct arena *a, const struct expr_explanation *x)
{
    json_pair_str(o, "because", expr_explanation_words(x, a));
    json_key(o, "clauses");
    json_open(o, '[');
    for (const struct expr_reason *r = x->reasons; r; r = r->next) {
        json_open(o, '{');
        json_pair_str(o, "clause", r->clause);
        json_pair_bool(o, "holds", r->holds);
        json_key(o, "values");
        json_open(o, '{');
        for (const struct expr_seen *s = r->seen; s; s = s->next) {
            json_key_any(o, s->name);
            json_raw(o, s->json);
        }
        json_close(o, '}');
        json_close(o, '}');
    }
    json_close(o, ']');
}

/* --- filters ----------------------------------------------------------------------------------------------------- */

static const struct program *program_of(const struct inquest *q)
{
    return q->t->workflow ? q->t->workflow->program : NULL;
}

static bool matches(struct inquest *q, const struct filter *f, struct expr_explanation *x)
{
    struct expr_scope scope = { .task = q->task, .now = q->tx->now };

    *x =
        f->expression ? expr_explain(f->expression, &scope, q->tx->arena) : (struct expr_explanation){ .result = true };
    return x->result;
}

/* A filter that matches and lies above the task's has been left: its time was over, or its steps were skipped. */
static const char *outcome_of(const struct inquest *q, int64_t i, bool matched)
{
    int64_t at = q->t->row.filter_index;
    bool placed = q->step;

    if (placed && i == at)
        return "taken";
    if (!matched)
        return "not_matched";
    return placed && (at == -1 || i < at) ? "passed" : "open";
}

static const char *filter_name(struct arena *a, const struct filter *f, size_t i)
{
    return f->name ? f->name : arena_printf(a, "filter %zu", i + 1);
}

static void put_filters(struct inquest *q, struct json_out *o, const struct program *p)
{
    struct expr_explanation x;

    json_key(o, "filters");
    json_open(o, '[');
    for (size_t i = 0; i < p->nfilters && i < EXPLAINED_FILTERS; i++) {
        const struct filter *f = &p->filters[i];
        bool matched = matches(q, f, &x);
        json_open(o, '{');
        json_pair_int(o, "index", (int64_t)i);
        json_pair_str(o, "name", filter_name(q->tx->arena, f, i));
        json_pair_str(o, "expression", f->source);
        json_pair_bool(o, "matches", matched);
        json_pair_str(o, "outcome", outcome_of(q, (int64_t)i, matched));
        explain_expression(o, q->tx->arena, &x);
        json_close(o, '}');
    }
    json_close(o, ']');
    json_pair_int(o, "filters_not_shown",
                  p->nfilters > EXPLAINED_FILTERS ? (int64_t)(p->nfilters - EXPLAINED_FILTERS) : 0);
}

/* --- the step ---------------------------------------------------------------------------------------------------- */

static const char *queue_name(struct inquest *q, const char *sid)
{
    struct queue_live *queue = find_queue(q->e, q->tx, sid);

    return queue ? queue->row.friendly_name : sid;
}

const struct step *explain_next(struct inquest *q, const char **words)
{
    const struct program *p = program_of(q);
    const struct filter *here = filter_of(q->t);
    int64_t target = q->t->row.target_index + 1;
    struct expr_explanation x;

    *words = "it is canceled, for its workflow ends there";
    if (!p || !here)
        return NULL;
    for (size_t i = (size_t)q->t->row.filter_index; i < p->nfilters; i++, target = 0) {
        const struct filter *f = &p->filters[i];
        if (f != here && !matches(q, f, &x))
            continue;
        if ((size_t)target >= f->nsteps)
            continue;
        *words = arena_printf(q->tx->arena, "it goes on to step %lld of %s, in %s", (long long)target + 1,
                              filter_name(q->tx->arena, f, i), queue_name(q, f->steps[target].queue));
        return &f->steps[target];
    }
    return NULL;
}

static void put_step(struct inquest *q, struct json_out *o)
{
    const struct step *s = q->step;
    const struct filter *f = filter_of(q->t);

    json_key(o, "step");
    if (!s) {
        json_nil(o);
        return;
    }
    json_open(o, '{');
    json_pair_str(o, "filter", f ? filter_name(q->tx->arena, f, (size_t)q->t->row.filter_index) : "default_filter");
    json_pair_int(o, "index", q->t->row.target_index);
    json_pair_int(o, "of", f ? (int64_t)f->nsteps : 1);
    json_pair_str(o, "queue_sid", s->queue);
    json_pair_str(o, "queue_name", queue_name(q, s->queue));
    json_pair_str(o, "expression", s->expression_source);
    json_pair_str(o, "order_by", s->order_source);
    json_pair_str(o, "skip_if", s->skip_source);
    json_pair_str(o, "known_worker", s->known_source);
    json_key(o, "timeout");
    if (s->timeout)
        json_int(o, s->timeout / SECOND);
    else
        json_nil(o);
    json_close(o, '}');
}

static const char *place_words(struct inquest *q)
{
    struct arena *a = q->tx->arena;
    const struct filter *f = filter_of(q->t);
    const char *target = q->t->row.routing_target;

    if (q->target)
        return arena_printf(a, "It is for %s and nobody else (RoutingTarget).", q->target->row.friendly_name);
    if (target && str_starts(target, "WQ"))
        return arena_printf(a, "It was put into %s by its RoutingTarget; no filter was asked.", queue_name(q, target));
    if (!q->step)
        return q->t->workflow
                   ? "Its step is gone from the workflow's configuration; only its queue says who may take it."
                   : "It has no workflow.";
    if (!f)
        return arena_printf(a, "No filter took it, so it is in the default filter, queue %s.",
                            queue_name(q, q->step->queue));
    return arena_printf(a, "The filter '%s' took it; it is in step %lld of %zu, queue %s.",
                        filter_name(a, f, (size_t)q->t->row.filter_index), (long long)q->t->row.target_index + 1,
                        f->nsteps, queue_name(q, q->step->queue));
}

void explain_place(struct inquest *q, struct json_out *o)
{
    const struct task *row = &q->t->row;
    const struct program *p = program_of(q);

    json_open(o, '{');
    json_pair_str(o, "words", place_words(q));
    json_pair_str(o, "workflow_sid", row->workflow_sid);
    json_pair_str(o, "workflow_name", q->t->workflow ? q->t->workflow->row.friendly_name : NULL);
    json_pair_str(o, "routing_target", row->routing_target);
    json_pair_str(o, "queue_sid", row->task_queue_sid);
    json_pair_str(o, "queue_name", q->t->queue ? q->t->queue->row.friendly_name : NULL);
    json_pair_str(o, "queue_expression", q->t->queue ? q->t->queue->row.target_workers : NULL);
    json_pair_str(o, "task_channel", q->t->channel ? q->t->channel->row.unique_name : NULL);
    json_pair_int(o, "priority", row->priority);
    json_pair_date(o, "entered", row->task_queue_entered_date);
    put_step(q, o);
    if (p)
        put_filters(q, o, p);
    json_close(o, '}');
}
