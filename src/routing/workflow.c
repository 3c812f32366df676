/* Workflow configurations: from the customer's JSON to steps that the router walks.
 *
 *     { "task_routing": { "filters": [ { "filter_friendly_name", "expression", "targets": [ TARGET, … ] } ],
 *                         "default_filter": TARGET } }
 *
 * Everything that can be wrong is told here, with its place, when the workflow is saved; walking a program cannot fail.
 */
#include "routing/internal.h"
#include <string.h>

enum { PRIORITY_MOST = 2147483647, TIMEOUT_MOST = 2147483647 };

struct compiler {
    struct arena *a, *home; /* of the messages, of the program */
    bool reads_facts;
};

/* A whole number, plain or in quotes; absent (or null) leaves *out alone. */
static fault_t read_number(struct compiler *c, const char *at, const json_t *target, const char *key, int64_t least,
                           int64_t most, bool *given, int64_t *out)
{
    const json_t *v = json_object_get(target, key);
    int64_t n = 0;
    bool ok;

    *given = false;
    if (!v || json_is_null(v))
        return NULL;
    if (json_is_string(v))
        ok = str_to_int(json_string_value(v), &n);
    else if ((ok = json_is_integer(v)))
        n = json_integer_value(v);
    if (!ok || n < least || n > most)
        return fault(c->a, F_INVALID_PARAMETER, "Configuration: %s.%s must be a number from %lld to %lld", at, key,
                     (long long)least, (long long)most);
    *given = true;
    *out = n;
    return NULL;
}

/* A text; absent or null is NULL. */
static fault_t read_text(struct compiler *c, const char *at, const json_t *object, const char *key, const char **out)
{
    const json_t *v = json_object_get(object, key);

    *out = NULL;
    if (!v || json_is_null(v))
        return NULL;
    if (!json_is_string(v))
        return fault(c->a, F_INVALID_PARAMETER, "Configuration: %s.%s must be a string", at, key);
    *out = arena_strdup(c->home, json_string_value(v));
    return NULL;
}

static fault_t bad_expression(struct compiler *c, const char *at, const char *key, const struct expr_error *err)
{
    return fault(c->a, F_INVALID_PARAMETER, "Configuration: %s.%s: %s at column %d", at, key, err->message,
                 err->column);
}

static fault_t read_expression(struct compiler *c, const char *at, const json_t *object, const char *key,
                               enum expr_dialect d, const struct expr **out, const char **source)
{
    struct expr_error err = { 0 };
    fault_t f = read_text(c, at, object, key, source);

    *out = NULL;
    if (f || !*source)
        return f;
    *out = expr_compile(c->home, *source, d, &err);
    if (!*out)
        return bad_expression(c, at, key, &err);
    if (expr_reads(*out) & EXPR_READS_FACTS)
        c->reads_facts = true;
    if (d != EXPR_SKIP && expr_is_constant_true(*out))
        *out = NULL; /* asks nothing */
    return NULL;
}

static fault_t read_known_worker(struct compiler *c, const char *at, const json_t *target, struct step *s,
                                 const char **source)
{
    const char *by_sid, *by_name;
    struct expr_error err = { 0 };
    fault_t f = read_text(c, at, target, "known_worker_sid", &by_sid);

    if (!f)
        f = read_text(c, at, target, "known_worker_friendly_name", &by_name);
    if (f)
        return f;
    if (by_sid && by_name)
        return fault(c->a, F_INVALID_PARAMETER,
                     "Configuration: %s has both known_worker_sid and known_worker_friendly_name", at);
    *source = by_sid ? by_sid : by_name;
    if (!*source)
        return NULL;
    s->known_by_name = by_name;
    s->known = expr_reference_compile(c->home, *source, &err);
    return s->known ? NULL : bad_expression(c, at, by_name ? "known_worker_friendly_name" : "known_worker_sid", &err);
}

static fault_t read_order(struct compiler *c, const char *at, const json_t *target, struct step *s, const char **source)
{
    struct expr_error err = { 0 };
    fault_t f = read_text(c, at, target, "order_by", source);

    if (f || !*source || !**source)
        return f;
    s->order = expr_order_compile(c->home, *source, &err);
    return s->order ? NULL : bad_expression(c, at, "order_by", &err);
}

static fault_t read_step(struct compiler *c, const char *at, const json_t *target, const char *inherited,
                         struct step *s)
{
    const char *expression, *order, *skip, *known = NULL;
    bool timed;
    fault_t f;

    if (!json_is_object(target))
        return fault(c->a, F_INVALID_PARAMETER, "Configuration: %s must be an object", at);
    f = read_text(c, at, target, "queue", &s->queue);
    if (!f && !s->queue)
        s->queue = inherited;
    if (!f && (!s->queue || !sid_valid(s->queue, "WQ")))
        f = fault(c->a, F_INVALID_PARAMETER, "Configuration: %s.queue must be the SID of a TaskQueue", at);
    if (!f)
        f = read_number(c, at, target, "priority", 0, PRIORITY_MOST, &s->has_priority, &s->priority);
    if (!f)
        f = read_number(c, at, target, "timeout", 1, TIMEOUT_MOST, &timed, &s->timeout);
    if (!f)
        f = read_expression(c, at, target, "expression", EXPR_TARGET, &s->expression, &expression);
    if (!f)
        f = read_order(c, at, target, s, &order);
    if (!f)
        f = read_expression(c, at, target, "skip_if", EXPR_SKIP, &s->skip_if, &skip);
    if (!f)
        f = read_known_worker(c, at, target, s, &known);
    if (f)
        return f;
    s->timeout *= SECOND;
    s->expression_source = expression;
    s->skip_source = skip;
    s->order_source = order;
    s->known_source = known;
    s->source = arena_printf(c->home, "%s\n%s\n%s\n%s\n%s", s->queue, expression ? expression : "", order ? order : "",
                             known ? known : "", s->known_by_name ? "name" : "");
    return NULL;
}

static fault_t read_filter(struct compiler *c, const char *at, const json_t *object, struct filter *out)
{
    const json_t *targets = json_object_get(object, "targets");
    fault_t f;

    if (!json_is_object(object))
        return fault(c->a, F_INVALID_PARAMETER, "Configuration: %s must be an object", at);
    f = read_text(c, at, object, "filter_friendly_name", &out->name);
    if (!f && !out->name)
        f = read_text(c, at, object, "friendly_name", &out->name);
    if (!f)
        f = read_expression(c, at, object, "expression", EXPR_FILTER, &out->expression, &out->source);
    if (f)
        return f;
    if (!json_is_array(targets) || !json_array_size(targets))
        return fault(c->a, F_INVALID_PARAMETER, "Configuration: %s.targets must be a list with at least one target",
                     at);
    out->nsteps = json_array_size(targets);
    out->steps = arena_alloc(c->home, out->nsteps * sizeof *out->steps);
    for (size_t i = 0; i < out->nsteps && !f; i++)
        f = read_step(c, arena_printf(c->a, "%s.targets[%zu]", at, i), json_array_get(targets, i),
                      i ? out->steps[i - 1].queue : NULL, &out->steps[i]);
    return f;
}

fault_t program_compile(struct arena *a, struct arena *home, const char *configuration, const struct program **out)
{
    struct compiler c = { .a = a, .home = home };
    struct program *p = arena_alloc(home, sizeof *p);
    const char *why = "it is missing";
    fault_t f = NULL;
    const json_t *root = configuration ? json_parse_object(a, configuration, strlen(configuration), &why) : NULL;

    *out = NULL;
    if (!root)
        return fault(a, F_INVALID_PARAMETER, "Configuration must be a JSON object: %s", why);
    const json_t *routing = json_object_get(root, "task_routing");
    if (!routing) /* a sample in the public documentation leaves the wrapper out */
        routing = root;
    const json_t *filters = json_object_get(routing, "filters"), *fallback = json_object_get(routing, "default_filter");
    if (!json_is_object(routing) || (filters && !json_is_null(filters) && !json_is_array(filters)))
        return fault(a, F_INVALID_PARAMETER, "Configuration: task_routing must be an object whose filters are a list");
    p->nfilters = json_array_size(filters);
    if (!p->nfilters && !json_is_object(fallback))
        return fault(a, F_INVALID_PARAMETER, "Configuration: task_routing has neither filters nor a default_filter");
    p->filters = arena_alloc(home, (p->nfilters + 1) * sizeof *p->filters);
    for (size_t i = 0; i < p->nfilters && !f; i++)
        f = read_filter(&c, arena_printf(a, "task_routing.filters[%zu]", i), json_array_get(filters, i),
                        &p->filters[i]);
    if (!f && fallback && !json_is_null(fallback)) {
        p->fallback = arena_alloc(home, sizeof *p->fallback);
        f = read_step(&c, "task_routing.default_filter", fallback, NULL, p->fallback);
    }
    if (f)
        return f;
    if (p->fallback) { /* waits until the task's own time is over, and is never skipped */
        p->fallback->timeout = 0;
        p->fallback->skip_if = NULL;
    }
    p->reads_facts = c.reads_facts;
    *out = p;
    return NULL;
}

static fault_t check_queue(struct routing *e, struct tx *tx, const char *workspace_sid, const struct step *s)
{
    struct queue_live *q = find_queue(e, tx, s->queue);

    if (q && str_eq(q->row.workspace_sid, workspace_sid))
        return NULL;
    return fault(tx->arena, F_INVALID_PARAMETER, "Configuration: TaskQueue %s does not exist in this Workspace",
                 s->queue);
}

fault_t workflow_check(struct routing *e, struct tx *tx, const char *workspace_sid, const char *configuration)
{
    const struct program *p;
    fault_t f = program_compile(tx->arena, tx->arena, configuration, &p);

    if (f)
        return f;
    for (size_t i = 0; i < p->nfilters && !f; i++)
        for (size_t k = 0; k < p->filters[i].nsteps && !f; k++)
            f = check_queue(e, tx, workspace_sid, &p->filters[i].steps[k]);
    return !f && p->fallback ? check_queue(e, tx, workspace_sid, p->fallback) : f;
}

bool program_uses_queue(const struct program *p, const char *queue_sid)
{
    if (!p)
        return false;
    for (size_t i = 0; i < p->nfilters; i++)
        for (size_t k = 0; k < p->filters[i].nsteps; k++)
            if (str_eq(p->filters[i].steps[k].queue, queue_sid))
                return true;
    return p->fallback && str_eq(p->fallback->queue, queue_sid);
}

/* --- where a task stands: filter_index and target_index; -1 and 0 in the default filter, -1 and -1 in no step at all
 * (placed by its RoutingTarget, or its step has gone from the configuration). */

const struct filter *filter_of(const struct task_live *t)
{
    const struct program *p = t->workflow ? t->workflow->program : NULL;

    return p && t->row.filter_index >= 0 && (size_t)t->row.filter_index < p->nfilters ? &p->filters[t->row.filter_index]
                                                                                      : NULL;
}

const struct step *step_of(const struct task_live *t)
{
    const struct filter *f = filter_of(t);
    const struct step *s = NULL;

    if (f && t->row.target_index >= 0 && (size_t)t->row.target_index < f->nsteps)
        s = &f->steps[t->row.target_index];
    else if (!f && t->row.filter_index == -1 && t->row.target_index == 0 && t->workflow && t->workflow->program)
        s = t->workflow->program->fallback;
    return s && str_eq(s->queue, t->row.task_queue_sid) ? s : NULL;
}
