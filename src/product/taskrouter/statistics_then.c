/* What happened in a period, from measure's rows; on a reader. */
#include "product/taskrouter/statistics.h"
#include <assert.h>
#include <string.h>

enum { DEFAULT_MINUTES = 15, THRESHOLDS_MOST = 20 };

/* --- the period */

/* Minutes count back from the end, unless there is a start. */
static fault_t period_of(struct op *op, struct period *p)
{
    const struct statistics_params *asked = op->params;
    int64_t minutes = asked->minutes == NO_VALUE ? DEFAULT_MINUTES : asked->minutes;

    p->end = asked->end_date == NO_VALUE || asked->end_date > op->now ? op->now : asked->end_date;
    p->start = asked->start_date == NO_VALUE ? p->end - minutes * MINUTE : asked->start_date;
    if (p->start < op->now - MEASURE_KEPT)
        return refuse(op, F_STATISTICS_TOO_OLD, "StartDate is older than 30 days");
    if (p->start > p->end)
        return refuse(op, F_INVALID_PARAMETER, "StartDate is after EndDate");
    return NULL;
}

/* What happens at this very moment belongs to a period that ends now. */
static struct period through(const struct op *op, struct period p)
{
    p.end += p.end == op->now;
    return p;
}

/* --- waits */

static const char *spread_text(struct op *op, const struct spread *s)
{
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_int(&o, "avg", s->n ? s->total / s->n / SECOND : 0);
    json_pair_int(&o, "min", s->n ? s->min / SECOND : 0);
    json_pair_int(&o, "max", s->n ? s->max / SECOND : 0);
    json_pair_int(&o, "total", s->n ? s->total / SECOND : 0);
    json_close(&o, '}');
    return json_done(&o);
}

static fault_t read_thresholds(struct op *op, const char *text, struct split *splits, size_t *n)
{
    char *rest = arena_strdup(op->arena, text), *word;

    while ((word = strsep(&rest, ","))) {
        int64_t seconds;
        word += strspn(word, " ");
        if (!str_to_int(word, &seconds) || seconds < 0 || seconds > MEASURE_KEPT / SECOND)
            return refuse(op, F_INVALID_PARAMETER, "SplitByWaitTime '%.64s' is not a list of seconds such as 5,30",
                          text);
        if (*n == THRESHOLDS_MOST)
            return refuse(op, F_INVALID_PARAMETER, "SplitByWaitTime has more than %d thresholds", THRESHOLDS_MOST);
        splits[(*n)++].threshold = seconds * SECOND;
    }
    return NULL;
}

static void put_side(struct json_out *o, const char *name, int64_t canceled, int64_t accepted)
{
    json_key(o, name);
    json_open(o, '{');
    json_pair_int(o, "tasks_canceled", canceled);
    json_pair_int(o, "reservations_accepted", accepted);
    json_close(o, '}');
}

static fault_t fill_split(struct op *op, const char *scope_sid, const char *channel_sid, const struct period *asked_for,
                          struct statistics *s)
{
    const struct statistics_params *asked = op->params;
    struct split splits[THRESHOLDS_MOST] = { 0 };
    struct json_out o;
    size_t n = 0;

    if (!asked->split_by_wait_time || !*asked->split_by_wait_time)
        return NULL;
    fault_t f = read_thresholds(op, asked->split_by_wait_time, splits, &n);
    if (f)
        return f;
    struct period p = through(op, *asked_for);
    if (!measure_split(op->db, scope_sid, channel_sid, &p, splits, n))
        return op_failed(op);
    json_begin(&o, op->arena);
    json_open(&o, '{');
    for (size_t i = 0; i < n; i++) {
        json_key_any(&o, arena_printf(op->arena, "%lld", (long long)(splits[i].threshold / SECOND)));
        json_open(&o, '{');
        put_side(&o, "below", splits[i].canceled_below, splits[i].accepted_below);
        put_side(&o, "above", splits[i].canceled_above, splits[i].accepted_above);
        json_close(&o, '}');
    }
    json_close(&o, '}');
    s->split_by_wait_time = json_done(&o);
    return NULL;
}

/* --- time in activities */

struct durations {
    struct op *op;
    struct stay_list *stays;
    struct json_out out;
};

static bool put_duration(void *arg, void *row)
{
    struct durations *d = arg;
    const struct activity *a = row;
    const struct stays *found = stays_in(d->stays, a->sid);
    struct spread s = found ? found->spread : (struct spread){ 0 };

    json_open(&d->out, '{');
    json_pair_str(&d->out, "sid", a->sid);
    json_pair_str(&d->out, "friendly_name", a->friendly_name);
    json_pair_int(&d->out, "min", s.n ? s.min / SECOND : 0);
    json_pair_int(&d->out, "max", s.n ? s.max / SECOND : 0);
    json_pair_int(&d->out, "avg", s.n ? s.total / s.n / SECOND : 0);
    json_pair_int(&d->out, "total", s.total / SECOND);
    json_close(&d->out, '}');
    return true;
}

static fault_t fill_durations(struct op *op, struct stay_list *stays, struct statistics *s)
{
    struct durations d = { .op = op, .stays = stays };
    struct condition of_workspace = { .column = "workspace_sid",
                                      .compare = IS,
                                      .value = value_text(op_path(op, "workspace_sid")) };

    json_begin(&d.out, op->arena);
    json_open(&d.out, '[');
    if (record_select(op->db, op->arena, &activity_kind,
                      &(struct selection){ .conditions = &of_workspace, .nconditions = 1 }, put_duration, &d) != DB_OK)
        return op_failed(op);
    json_close(&d.out, ']');
    s->activity_durations = json_done(&d.out);
    return NULL;
}

/* --- all of it */

static const enum scope scopes[ABOUTS] = { [ABOUT_WORKSPACE] = OF_WORKSPACE,
                                           [ABOUT_WORKFLOW] = OF_WORKFLOW,
                                           [ABOUT_QUEUE] = OF_QUEUE,
                                           [ABOUT_WORKERS] = OF_WORKER,
                                           [ABOUT_WORKER] = OF_WORKER };

static void fill_metrics(struct op *op, enum about about, const struct minute_figure *sum, struct statistics *s)
{
    const struct kind *k = &statistics_then[about];

    for (size_t i = 0; i < nmetrics; i++) {
        const struct metric *m = &metrics[i];
        const struct field *f = m->shown && m->scopes & scopes[about] ? field_named(k, m->shown) : NULL;
        assert(f || !m->shown || !(m->scopes & scopes[about])); /* what is kept of a scope is shown of it */
        if (!f)
            continue;
        if (!m->since) {
            *field_int(f, s) = metric_count(m, sum);
            continue;
        }
        struct spread spread = metric_spread(m, sum);
        *field_text(f, s) = spread_text(op, &spread);
    }
    s->avg_task_acceptance_time =
        sum->accepted_after_n ? sum->accepted_after_total / sum->accepted_after_n / SECOND : 0;
}

/* Of some workers one by one; all workers of a workspace together did what happened in the workspace. */
static bool add_all(struct op *op, enum about about, const char *sid, const char *channel_sid, const struct seen *seen,
                    const struct period *asked, struct minute_figure *sum, struct stay_list *stays)
{
    struct period p = through(op, *asked);
    bool chosen = seen && seen->chosen, ok = true;

    for (size_t i = 0; chosen && ok && i < seen->nworkers; i++)
        ok = measure_add(op->db, seen->workers[i], channel_sid, &p, sum) &&
             measure_stays(op->db, seen->workers[i], asked, stays);
    if (chosen)
        return ok;
    ok = measure_add(op->db, sid, channel_sid, &p, sum);
    return ok && (about < ABOUT_WORKERS || measure_stays(op->db, sid, asked, stays));
}

static fault_t fill(struct op *op, enum about about, const char *sid, const char *channel_sid, const struct seen *seen,
                    struct statistics *s)
{
    struct stay_list stays = { .arena = op->arena };
    struct minute_figure sum;
    struct period asked;
    fault_t f = period_of(op, &asked);

    if (f)
        return f;
    s->start_time = asked.start;
    s->end_time = asked.end;
    measure_begin(&sum);
    if (!add_all(op, about, sid, channel_sid, seen, &asked, &sum, &stays))
        return op_failed(op);
    fill_metrics(op, about, &sum, s);
    return about < ABOUT_WORKERS ? fill_split(op, sid, channel_sid, &asked, s) : fill_durations(op, &stays, s);
}

fault_t statistics_view_then(struct op *op, void *out)
{
    enum about about = statistics_about(op);
    const char *channel_sid;
    fault_t f = statistics_channel(op, &channel_sid);

    if (f)
        return f;
    statistics_whose(op, out);
    return fill(op, about, statistics_sid(op, about), channel_sid, NULL, out);
}

fault_t statistics_view_both(struct op *op, void *out)
{
    enum about about = statistics_about(op);
    struct seen *seen = op->data;
    struct statistics *s = out;

    *s = seen->now;
    statistics_whose(op, s);
    if (about != ABOUT_WORKER)
        s->realtime = statistics_text(op, &statistics_now[about], s);
    fault_t f = fill(op, about, statistics_sid(op, about), seen->channel_sid, seen, s);
    if (!f)
        s->cumulative = statistics_text(op, &statistics_then[about], s);
    return f;
}

/* --- the list of queues */

/* The period and the thresholds are the same for all: refused before the first is shown. */
fault_t statistics_select_queues(struct op *op, struct list_plan *plan)
{
    const struct statistics_params *asked = op->params;
    struct split splits[THRESHOLDS_MOST] = { 0 };
    struct period p;
    size_t n = 0;
    fault_t f = period_of(op, &p);

    (void)plan;
    if (!f && asked->split_by_wait_time && *asked->split_by_wait_time)
        f = read_thresholds(op, asked->split_by_wait_time, splits, &n);
    return f;
}

void statistics_show_queue(struct op *op, const void *row, void *out)
{
    const struct task_queue *q = row;
    const struct seen *seen = op->data;
    const struct queue_now *now = seen_queue(seen, q->sid);
    struct statistics *s = out;

    s->account_sid = q->account_sid;
    s->workspace_sid = q->workspace_sid;
    s->task_queue_sid = q->sid;
    s->realtime = now ? now->realtime : NULL; /* made since we looked */
    if (!fill(op, ABOUT_QUEUE, q->sid, seen->channel_sid, seen, s))
        s->cumulative = statistics_text(op, &statistics_then[ABOUT_QUEUE], s);
}
