/* The way of a task through its workflow: filters, steps, deadlines.  docs/routing.md has the rules and where they come
 * from. */
#include "routing/internal.h"

struct walk {
    struct place after;      /* go on behind this place; filter -1: from the top */
    bool timed_out, skipped; /* steps were left for these reasons */
    bool creating;
};

void enter_queue(struct routing *e, struct tx *tx, struct task_live *t, struct queue_live *q)
{
    const char *left = arena_strdup(tx->arena, t->row.task_queue_sid);

    edit_task(tx, t);
    row_set(tx, t, &t->row.task_queue_sid, q->row.sid);
    t->row.task_queue_entered_date = tx->now;
    link_task(e, tx, t);
    if (left) {
        e->left_queue = left;
        tell_task(e, tx, EV_TASK_QUEUE_MOVED, t);
        e->left_queue = NULL;
    }
    tell_task(e, tx, EV_TASK_QUEUE_ENTERED, t);
}

/* deadline: NO_VALUE for none. */
static void enter_step(struct routing *e, struct tx *tx, struct task_live *t, const struct walk *w, struct place at,
                       const struct step *s, int64_t deadline)
{
    struct queue_live *q = find_queue(e, tx, s->queue);
    bool same = t->row.filter_index == at.filter && t->row.target_index == at.target && t->queue == q && !w->creating;

    edit_task(tx, t);
    t->row.filter_index = at.filter;
    t->row.target_index = at.target;
    if (s->has_priority && !same)
        t->row.priority = s->priority;
    arm_task(tx, t, deadline);
    if (w->creating) { /* the order that was observed */
        enter_queue(e, tx, t, q);
        tell_task(e, tx, EV_TASK_CREATED, t);
        tell_task(e, tx, EV_WORKFLOW_TARGET_MATCHED, t);
    } else if (!same) {
        link_task(e, tx, t);
        tell_task(e, tx, EV_WORKFLOW_TARGET_MATCHED, t);
        if (t->queue != q)
            enter_queue(e, tx, t, q);
    }
    link_task(e, tx, t);
    mark_fresh(e, t);
}

static bool filter_matches(struct tx *tx, struct task_live *t, const struct filter *f)
{
    struct expr_scope scope = { .now = tx->now };

    if (!f->expression)
        return true;
    scope.task = task_attributes(t);
    return expr_eval(f->expression, &scope);
}

/* Enters the next step whose time is not over; false: there is none.  Deadlines add up, in the age of the task. */
static bool walk_filters(struct routing *e, struct tx *tx, struct task_live *t, struct walk *w, const struct program *p)
{
    int64_t age = tx->now - t->row.date_created, base = 0;

    for (size_t i = 0; i < p->nfilters; i++) {
        const struct filter *f = &p->filters[i];
        bool here = (int64_t)i == w->after.filter, passed = (int64_t)i < w->after.filter;
        if (!here && !filter_matches(tx, t, f))
            continue;
        for (size_t k = 0; k < f->nsteps; k++) {
            const struct step *s = &f->steps[k];
            base += s->timeout;
            bool over = s->timeout && age >= base;
            w->timed_out |= over;
            if (passed || (here && (int64_t)k <= w->after.target))
                continue;
            if (!over) {
                enter_step(e, tx, t, w, (struct place){ (int64_t)i, (int64_t)k }, s,
                           s->timeout ? t->row.date_created + base : NO_VALUE);
                return true;
            }
            if (!w->creating && s == step_of(t))
                tell_task(e, tx, EV_TASK_QUEUE_TIMEOUT, t);
        }
    }
    return false;
}

static bool walk_on(struct routing *e, struct tx *tx, struct task_live *t, struct walk *w)
{
    const struct program *p = t->workflow ? t->workflow->program : NULL;

    if (p && walk_filters(e, tx, t, w, p))
        return true;
    if (!p || w->timed_out || !p->fallback)
        return false;
    enter_step(e, tx, t, w, (struct place){ -1, 0 }, p->fallback, NO_VALUE);
    return true;
}

/* A task whose step reads its attributes keeps them parsed; others need them no more. */
static void spare_memory(struct task_live *t)
{
    const struct step *s = step_of(t);

    if (!s || (!s->known && !(s->expression && (expr_reads(s->expression) & EXPR_READS_TASK))))
        task_forget_attributes(t);
}

static void go_on(struct routing *e, struct tx *tx, struct task_live *t, struct walk *w)
{
    bool found = walk_on(e, tx, t, w);

    spare_memory(t);
    if (found)
        return;
    if (w->timed_out) {
        tell_task(e, tx, EV_WORKFLOW_TIMEOUT, t);
        cancel_task(e, tx, t, REASON_WORKFLOW_TIMEOUT);
    } else if (w->skipped) {
        tell_task(e, tx, EV_WORKFLOW_SKIPPED, t);
        cancel_task(e, tx, t, REASON_SKIPPED);
    } else {
        cancel_task(e, tx, t, REASON_NO_FILTER);
    }
}

fault_t route_new(struct routing *e, struct tx *tx, struct task_live *t)
{
    struct walk w = { .after = { -1, -1 }, .creating = true };

    tell_task(e, tx, EV_WORKFLOW_ENTERED, t);
    if (!walk_on(e, tx, t, &w))
        return fault(tx->arena, F_INVALID_PARAMETER,
                     "No filter of Workflow %s matches the Task, and it has no default_filter", t->row.workflow_sid);
    spare_memory(t);
    return NULL;
}

void route_again(struct routing *e, struct tx *tx, struct task_live *t)
{
    struct walk w = { .after = { -1, -1 } };

    if (!t->queue || (!was_assigned(t) && !str_starts(t->row.routing_target ? t->row.routing_target : "", "WQ"))) {
        go_on(e, tx, t, &w);
        return;
    }
    arm_task(tx, t, NO_VALUE); /* its place is that queue, whatever the workflow says */
    link_task(e, tx, t);
    mark_fresh(e, t);
}

void route_deadline(struct routing *e, struct tx *tx, struct task_live *t)
{
    struct walk w = { .after = { t->row.filter_index, t->row.target_index }, .timed_out = true };

    if (!filter_of(t)) { /* its place has gone from the configuration */
        route_again(e, tx, t);
        return;
    }
    tell_task(e, tx, EV_TASK_QUEUE_TIMEOUT, t);
    go_on(e, tx, t, &w);
}

bool route_skip(struct routing *e, struct tx *tx, struct task_live *t)
{
    struct walk w = { .after = { t->row.filter_index, t->row.target_index }, .skipped = true };
    const struct step *s = step_of(t);
    struct fact_subject subject = { NULL, t->queue };
    struct expr_scope scope = { .now = tx->now, .fact = worker_fact, .subject = &subject };

    if (!s || !s->skip_if || !expr_eval(s->skip_if, &scope))
        return false;
    go_on(e, tx, t, &w);
    return true;
}

/* The place of a step like this one, or none. */
static struct place find_place(const struct program *p, const struct step *s, struct place was)
{
    struct place found = { -1, -1 };

    for (size_t i = 0; i < p->nfilters; i++)
        for (size_t k = 0; k < p->filters[i].nsteps; k++) {
            struct place at = { (int64_t)i, (int64_t)k };
            if (!str_eq(p->filters[i].steps[k].source, s->source))
                continue;
            if (found.filter < 0 || (at.filter == was.filter && at.target == was.target))
                found = at;
        }
    if (found.filter < 0 && p->fallback && str_eq(p->fallback->source, s->source))
        found = (struct place){ -1, 0 };
    return found;
}

/* Where each step of the former program is in the new one; the last one is its default filter's. */
static struct place *map_places(struct arena *a, const struct program *was, const struct program *now, size_t *first)
{
    size_t n = 0;

    for (size_t i = 0; i < was->nfilters; n += was->filters[i++].nsteps)
        first[i] = n;
    struct place *to = arena_alloc(a, (n + 1) * sizeof *to);
    for (size_t i = 0; i < was->nfilters; i++)
        for (size_t k = 0; k < was->filters[i].nsteps; k++)
            to[first[i] + k] = find_place(now, &was->filters[i].steps[k], (struct place){ (int64_t)i, (int64_t)k });
    to[n] = was->fallback ? find_place(now, was->fallback, (struct place){ -1, 0 }) : (struct place){ -1, -1 };
    first[was->nfilters] = n;
    return to;
}

void keep_places(struct routing *e, struct tx *tx, struct workflow_live *f, const struct program *was)
{
    size_t *first = was ? arena_alloc(tx->arena, (was->nfilters + 1) * sizeof *first) : NULL;
    const struct place *to = was && f->program ? map_places(tx->arena, was, f->program, first) : NULL;

    for (LIST_EACH(l, &f->tasks)) {
        struct task_live *t = CONTAINER_OF(l, struct task_live, in_workflow);
        struct place at = { t->row.filter_index, t->row.target_index }, now = { -1, -1 };
        const struct program *program = f->program;
        f->program = was;
        const struct step *s = step_of(t);
        f->program = program;
        if (s && to)
            now = to[at.filter < 0 ? first[was->nfilters] : first[at.filter] + (size_t)at.target];
        if (now.filter == at.filter && now.target == at.target)
            continue;
        edit_task(tx, t);
        t->row.filter_index = now.filter;
        t->row.target_index = now.target;
        link_task(e, tx, t);
        if (t->waiting && now.target < 0) /* nothing but its queue restrains it now */
            mark_fresh(e, t);
    }
}
