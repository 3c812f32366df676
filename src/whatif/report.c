/* Figures as a person reads them, and as JSON. */
#include "codec/date.h"
#include "whatif/internal.h"
#include <stdio.h>

static const char *const runs[] = { "history", "replay", "what_if" };

/* What is told of figures, row by row; a wait in ms, a share in thousandths; NO_VALUE: there is none. */
enum unit { COUNT, WAIT, SHARE };

static int64_t share(int64_t part, int64_t of)
{
    return of > 0 ? (part * 1000 + of / 2) / of : NO_VALUE;
}

static int64_t tasks(const struct whatif_figures *f)
{
    return f->tasks;
}
static int64_t answered(const struct whatif_figures *f)
{
    return f->answered;
}
static int64_t abandoned(const struct whatif_figures *f)
{
    return f->abandoned;
}
static int64_t canceled(const struct whatif_figures *f)
{
    return f->canceled;
}
static int64_t waiting(const struct whatif_figures *f)
{
    return f->waiting;
}
static int64_t avg(const struct whatif_figures *f)
{
    return f->avg;
}
static int64_t p50(const struct whatif_figures *f)
{
    return f->p50;
}
static int64_t p90(const struct whatif_figures *f)
{
    return f->p90;
}
static int64_t longest(const struct whatif_figures *f)
{
    return f->max;
}
static int64_t level(const struct whatif_figures *f)
{
    return share(f->within, f->tasks);
}
static int64_t occupancy(const struct whatif_figures *f)
{
    return share(f->busy, f->staffed);
}

/* clang-format off */
static const struct { const char *key, *words; enum unit unit; int64_t (*of)(const struct whatif_figures *f); } rows[] = {
    { "tasks",         "requests",          COUNT, tasks },
    { "answered",      "answered",          COUNT, answered },
    { "abandoned",     "abandoned",         COUNT, abandoned },
    { "canceled",      "timed out",         COUNT, canceled },
    { "waiting",       "waiting at the end", COUNT, waiting },
    { "wait_avg",      "wait, average",     WAIT,  avg },
    { "wait_p50",      "wait, half",        WAIT,  p50 },
    { "wait_p90",      "wait, 9 of 10",     WAIT,  p90 },
    { "wait_max",      "wait, longest",     WAIT,  longest },
    { "service_level", "service level",     SHARE, level },
    { "occupancy",     "occupancy",         SHARE, occupancy },
};
/* clang-format on */
enum { ROWS_N = sizeof rows / sizeof *rows };

static int64_t difference(size_t row, const struct whatif_figures of[WHATIF_RUNS])
{
    int64_t a = rows[row].of(&of[WHATIF_REPLAY]), b = rows[row].of(&of[WHATIF_CHANGED]);

    return a == NO_VALUE || b == NO_VALUE ? NO_VALUE : b - a;
}

/* --- a table ---------------------------------------------------------------------------------------------- */

static const char *shown(struct arena *a, enum unit unit, int64_t v, bool sign)
{
    if (v == NO_VALUE)
        return "-";
    const char *plus = sign && v > 0 ? "+" : "";
    if (unit == WAIT)
        return arena_printf(a, "%s%.1f s", plus, (double)v / 1000);
    if (unit == SHARE)
        return arena_printf(a, "%s%.1f %%", plus, (double)v / 10);
    return arena_printf(a, "%s%lld", plus, (long long)v);
}

static void put_totals(struct text *t, const struct whatif_result *r)
{
    text_putf(t, "%-20s %12s %12s %12s %12s\n", "", "history", "replay", "what if", "difference");
    for (size_t i = 0; i < ROWS_N; i++) {
        text_putf(t, "%-20s", rows[i].words);
        for (int k = 0; k < WHATIF_RUNS; k++)
            text_putf(t, " %12s", shown(t->arena, rows[i].unit, rows[i].of(&r->total[k]), false));
        text_putf(t, " %12s\n", shown(t->arena, rows[i].unit, difference(i, r->total), true));
    }
}

static void put_interval(struct text *t, const struct whatif_interval *x)
{
    static const size_t columns[] = { 1, 2, 5, 7, 9, 10 }; /* of rows */
    char date[DATE_SIZE];

    text_putf(t, "%-20s %8lld", date_iso(x->from, date), (long long)x->of[WHATIF_REPLAY].tasks);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        size_t row = columns[i];
        const char *was = shown(t->arena, rows[row].unit, rows[row].of(&x->of[WHATIF_REPLAY]), false);
        const char *is = shown(t->arena, rows[row].unit, rows[row].of(&x->of[WHATIF_CHANGED]), false);
        text_putf(t, "  %19s", arena_printf(t->arena, "%s > %s", was, is));
    }
    text_put(t, "\n");
}

const char *whatif_table(struct arena *a, const struct whatif_result *r)
{
    struct text t = { .arena = a };
    char from[DATE_SIZE], to[DATE_SIZE];

    text_putf(&t, "%s (%s), %s to %s; service level: within %lld s\n\n", r->workflow_name, r->workflow_sid,
              date_iso(r->from, from), date_iso(r->to, to), (long long)(r->threshold / SECOND));
    put_totals(&t, r);
    for (int k = WHATIF_REPLAY; k < WHATIF_RUNS; k++)
        if (r->refused[k])
            text_putf(&t, "%lld requests were refused (%s): no filter takes them, or whom they are for is not there\n",
                      (long long)r->refused[k], k == WHATIF_REPLAY ? "replay" : "what if");
    text_putf(&t, "\nreplay > what if, by when the request came (occupancy: by the clock)\n%-20s %8s", "from",
              "requests");
    for (size_t i = 0; i < ROWS_N; i++)
        if (i == 1 || i == 2 || i == 5 || i == 7 || i == 9 || i == 10)
            text_putf(&t, "  %19s", rows[i].words);
    text_put(&t, "\n");
    for (size_t i = 0; i < r->nintervals; i++)
        put_interval(&t, &r->intervals[i]);
    text_put(&t, "\nWhat is assumed:\n");
    for (const char *const *n = r->notes; *n; n++)
        text_putf(&t, "* %s\n", *n);
    return text_str(&t);
}

/* --- JSON ------------------------------------------------------------------------------------------------- */

/* Waits in seconds, shares from 0 to 1. */
static void put_value(struct json_out *o, enum unit unit, int64_t v)
{
    char text[40];

    if (v == NO_VALUE)
        json_nil(o);
    else if (unit == COUNT)
        json_int(o, v);
    else {
        snprintf(text, sizeof text, "%.3f", (double)v / 1000);
        json_raw(o, text);
    }
}

static void put_figures(struct json_out *o, const struct whatif_figures of[WHATIF_RUNS])
{
    for (int k = 0; k <= WHATIF_RUNS; k++) {
        json_key(o, k < WHATIF_RUNS ? runs[k] : "difference");
        json_open(o, '{');
        for (size_t i = 0; i < ROWS_N; i++) {
            json_key(o, rows[i].key);
            put_value(o, rows[i].unit, k < WHATIF_RUNS ? rows[i].of(&of[k]) : difference(i, of));
        }
        json_close(o, '}');
    }
}

const char *whatif_json(struct arena *a, const struct whatif_result *r)
{
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '{');
    json_pair_str(&o, "workflow_sid", r->workflow_sid);
    json_pair_str(&o, "workflow_name", r->workflow_name);
    json_pair_date(&o, "from", r->from);
    json_pair_date(&o, "to", r->to);
    json_pair_int(&o, "threshold", r->threshold / SECOND);
    json_pair_int(&o, "interval", r->interval / SECOND);
    json_pair_bool(&o, "changed", r->changed);
    json_key(&o, "totals");
    json_open(&o, '{');
    put_figures(&o, r->total);
    json_close(&o, '}');
    json_pair_int(&o, "refused_in_replay", r->refused[WHATIF_REPLAY]);
    json_pair_int(&o, "refused_in_what_if", r->refused[WHATIF_CHANGED]);
    json_key(&o, "intervals");
    json_open(&o, '[');
    for (size_t i = 0; i < r->nintervals; i++) {
        json_open(&o, '{');
        json_pair_date(&o, "from", r->intervals[i].from);
        put_figures(&o, r->intervals[i].of);
        json_close(&o, '}');
    }
    json_close(&o, ']');
    json_key(&o, "assumptions");
    json_open(&o, '[');
    for (const char *const *n = r->notes; *n; n++)
        json_str(&o, *n);
    json_close(&o, ']');
    json_close(&o, '}');
    return json_done(&o);
}
