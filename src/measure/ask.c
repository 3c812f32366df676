/* From rows to figures: SQL of the common subset, run on whatever connection the caller has. */
#include "measure/internal.h"
#include <string.h>

/* --- counts and waits */

#define COUNT(member, shown, event, scopes) ", SUM(" #member ")"
#define WITHIN(member, event, scopes, ms)   ", SUM(" #member ")"
#define SPREAD(member, shown, event, scopes, since)                                                                    \
    ", SUM(" #member "_n), SUM(" #member "_total), MIN(" #member "_min), MAX(" #member "_max)"
static const char sum_sql[] = "SELECT COUNT(*)"
#include "measure/metrics.def"
                              " FROM minute_figure WHERE scope_sid = ? AND minute >= ? AND minute < ?";
static const char sum_of_channel_sql[] =
    "SELECT COUNT(*)"
#include "measure/metrics.def"
    " FROM minute_figure WHERE scope_sid = ? AND minute >= ? AND minute < ? AND channel_sid = ?";
static const char sum_by_channel_sql[] =
    "SELECT channel_sid"
#include "measure/metrics.def"
    " FROM minute_figure WHERE scope_sid = ? AND minute >= ? AND minute < ? GROUP BY channel_sid";
#undef COUNT
#undef WITHIN
#undef SPREAD

static int64_t or_nothing(int64_t n)
{
    return n == NO_VALUE ? 0 : n;
}

static bool take_sum(void *arg, struct columns *c)
{
    struct minute_figure *sum = arg;

    for (size_t i = 0, column = 1; i < nmetrics; i++) {
        const struct metric *m = &metrics[i];
        if (!m->since) {
            *metric_at(m, sum) += or_nothing(column_int(c, (int)column++));
            continue;
        }
        struct spread s = metric_spread(m, sum);
        spread_add(&s, &(struct spread){ or_nothing(column_int(c, (int)column)), column_int(c, (int)column + 1),
                                         column_int(c, (int)column + 2), column_int(c, (int)column + 3) });
        metric_put_spread(m, sum, &s);
        column += 4;
    }
    return true;
}

bool measure_add(struct db *db, const char *scope_sid, const char *channel_sid, const struct period *p,
                 struct minute_figure *sum)
{
    struct value args[] = { value_text(scope_sid), value_int(minute_of(p->start)), value_int(p->end),
                            value_text(channel_sid) };

    return db_run(db, channel_sid ? sum_of_channel_sql : sum_sql, args, channel_sid ? 4 : 3, take_sum, sum) == DB_OK;
}

struct by_channel {
    void (*each)(void *arg, const char *channel_sid, const struct minute_figure *sum);
    void *arg;
};

static bool take_channel(void *arg, struct columns *c)
{
    struct by_channel *x = arg;
    struct minute_figure sum;

    measure_begin(&sum);
    take_sum(&sum, c);
    x->each(x->arg, column_text(c, 0), &sum);
    return true;
}

bool measure_by_channel(struct db *db, const char *scope_sid, const struct period *p,
                        void (*each)(void *arg, const char *channel_sid, const struct minute_figure *sum), void *arg)
{
    struct value args[] = { value_text(scope_sid), value_int(minute_of(p->start)), value_int(p->end) };

    return db_run(db, sum_by_channel_sql, args, 3, take_channel, &(struct by_channel){ each, arg }) == DB_OK;
}

/* --- splits */

struct splitting {
    struct split *splits;
    size_t n;
};

static bool take_wait(void *arg, struct columns *c)
{
    struct splitting *x = arg;
    int64_t canceled = column_int(c, 0), ms = column_int(c, 1);

    for (size_t i = 0; i < x->n; i++) {
        struct split *s = &x->splits[i];
        if (ms <= s->threshold)
            ++*(canceled ? &s->canceled_below : &s->accepted_below);
        else
            ++*(canceled ? &s->canceled_above : &s->accepted_above);
    }
    return true;
}

bool measure_split(struct db *db, const char *scope_sid, const char *channel_sid, const struct period *p,
                   struct split *splits, size_t n)
{
    /* By queue there is an index; a workspace or a workflow has a good part of all that happened since. */
    static const char *const sql[3][2] = {
#define LAST(column) column " DESC LIMIT 10000"
#define WAITS(where) "SELECT canceled, waited FROM task_wait WHERE " where " AND at >= ? AND at < ? ORDER BY "
        { WAITS("sid >= ? AND workspace_sid = ?") LAST("sid"),
          WAITS("sid >= ? AND workspace_sid = ? AND channel_sid = ?") LAST("sid") },
        { WAITS("sid >= ? AND workflow_sid = ?") LAST("sid"),
          WAITS("sid >= ? AND workflow_sid = ? AND channel_sid = ?") LAST("sid") },
        { WAITS("task_queue_sid = ?") LAST("at"), WAITS("task_queue_sid = ? AND channel_sid = ?") LAST("at") },
#undef LAST
#undef WAITS
    };
    _Static_assert(SPLIT_TASKS_MAX == 10000, "the limit in the statements");
    int by = str_starts(scope_sid, "WQ") ? 2 : str_starts(scope_sid, "WW") ? 1 : 0;
    char since[SID_SIZE];
    struct value args[5];
    size_t nargs = 0;

    if (by != 2)
        args[nargs++] = value_text(sid_since("MT", minute_of(p->start), since));
    args[nargs++] = value_text(scope_sid);
    if (channel_sid)
        args[nargs++] = value_text(channel_sid);
    args[nargs++] = value_int(minute_of(p->start));
    args[nargs++] = value_int(p->end);
    return !n ||
           db_run(db, sql[by][channel_sid != NULL], args, nargs, take_wait, &(struct splitting){ splits, n }) == DB_OK;
}

/* --- stays */

const struct stays *stays_in(const struct stay_list *l, const char *activity_sid)
{
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->at[i].activity_sid, activity_sid))
            return &l->at[i];
    return NULL;
}

static bool take_stays(void *arg, struct columns *c)
{
    struct stay_list *l = arg;
    const char *activity = column_text(c, 0);
    struct spread s = { column_int(c, 1), column_int(c, 2), column_int(c, 3), column_int(c, 4) };
    struct stays *found = (struct stays *)stays_in(l, activity);

    if (!found && l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        struct stays *more = arena_alloc(l->arena, cap * sizeof *more);
        if (l->n)
            memcpy(more, l->at, l->n * sizeof *more);
        l->at = more;
        l->cap = cap;
    }
    if (!found) {
        found = &l->at[l->n++];
        *found = (struct stays){ arena_strdup(l->arena, activity), { 0, 0, NO_VALUE, NO_VALUE } };
    }
    spread_add(&found->spread, &s);
    return true;
}

/* The part of each stay that lies in the period: what has ended is in worker_stay (written when it ended), what goes on
 * in the worker's row. */
#define ENDED(who)                                                                                                     \
    "SELECT activity_sid, COUNT(*), SUM(d), MIN(d), MAX(d) FROM ("                                                     \
    "SELECT activity_sid, CASE WHEN ended > ? THEN ? ELSE ended END - CASE WHEN begun < ? THEN ? ELSE begun END AS d " \
    "FROM worker_stay WHERE " who " AND ended > ? AND begun < ?) AS parts GROUP BY activity_sid"
#define GOING_ON(who)                                                                                                  \
    "SELECT activity_sid, COUNT(*), SUM(d), MIN(d), MAX(d) FROM ("                                                     \
    "SELECT activity_sid, ? - CASE WHEN date_status_changed < ? THEN ? ELSE date_status_changed END AS d "             \
    "FROM worker WHERE " who " = ? AND date_status_changed < ?) AS parts GROUP BY activity_sid"

bool measure_stays(struct db *db, const char *sid, const struct period *p, struct stay_list *out)
{
    bool one = str_starts(sid, "WK");
    struct value start = value_int(p->start), end = value_int(p->end), who = value_text(sid);
    char since[SID_SIZE];
    struct value made = value_text(sid_since("MS", p->start, since));
    struct value of_one[] = { end, end, start, start, who, start, end };
    struct value of_all[] = { end, end, start, start, made, who, start, end };
    struct value going_on[] = { end, start, start, who, end };

    return p->end <= p->start ||
           ((one ? db_run(db, ENDED("worker_sid = ?"), of_one, 7, take_stays, out)
                 : db_run(db, ENDED("sid >= ? AND workspace_sid = ?"), of_all, 8, take_stays, out)) == DB_OK &&
            db_run(db, one ? GOING_ON("sid") : GOING_ON("workspace_sid"), going_on, 5, take_stays, out) == DB_OK);
}
