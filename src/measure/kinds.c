#include "measure/internal.h"
#include <stdio.h>

/* clang-format off */
static const struct field minute_figure_fields[] = {
    FIELD(minute_figure, sid,           SID, .flags = KEY, .prefix = "ME"),
    FIELD(minute_figure, account_sid,   SID, .flags = OWNER, .prefix = "AC"),
    FIELD(minute_figure, workspace_sid, SID, .flags = 0, .prefix = "WS"),
    FIELD(minute_figure, scope_sid,     SID, .flags = 0, .prefix = "WS|WW|WQ|WK"),
    FIELD(minute_figure, channel_sid,   SID, .flags = 0, .prefix = "TC"),
    FIELD(minute_figure, minute,        TIME, .flags = 0),
    FIELD(minute_figure, over,          BOOL, .flags = 0),
#define COUNT(member, shown, event, scopes) FIELD(minute_figure, member, INT, .flags = 0),
#define WITHIN(member, event, scopes, ms) FIELD(minute_figure, member, INT, .flags = 0),
#define SPREAD(member, shown, event, scopes, since)                                                                    \
    FIELD(minute_figure, member##_n, INT, .flags = 0), FIELD(minute_figure, member##_total, INT, .flags = 0),          \
    FIELD(minute_figure, member##_min, INT, .flags = 0), FIELD(minute_figure, member##_max, INT, .flags = 0),
#include "measure/metrics.def"
#undef COUNT
#undef WITHIN
#undef SPREAD
};

static const struct field task_wait_fields[] = {
    FIELD(task_wait, sid,            SID,  .flags = KEY, .prefix = "MT"),
    FIELD(task_wait, account_sid,    SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(task_wait, workspace_sid,  SID,  .flags = 0, .prefix = "WS"),
    FIELD(task_wait, workflow_sid,   SID,  .flags = 0, .prefix = "WW"),
    FIELD(task_wait, task_queue_sid, SID,  .flags = 0, .prefix = "WQ"),
    FIELD(task_wait, channel_sid,    SID,  .flags = 0, .prefix = "TC"),
    FIELD(task_wait, task_sid,       SID,  .flags = 0, .prefix = "WT"),
    FIELD(task_wait, at,             TIME, .flags = 0),
    FIELD(task_wait, waited,         INT,  .flags = 0),
    FIELD(task_wait, canceled,       BOOL, .flags = 0),
};

static const struct field worker_stay_fields[] = {
    FIELD(worker_stay, sid,           SID,  .flags = KEY, .prefix = "MS"),
    FIELD(worker_stay, account_sid,   SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(worker_stay, workspace_sid, SID,  .flags = 0, .prefix = "WS"),
    FIELD(worker_stay, worker_sid,    SID,  .flags = 0, .prefix = "WK"),
    FIELD(worker_stay, activity_sid,  SID,  .flags = 0, .prefix = "WA"),
    FIELD(worker_stay, begun,         TIME, .flags = 0),
    FIELD(worker_stay, ended,         TIME, .flags = 0),
};

/* Each index is paid for by every task.  SIDs are in the order of time: what is asked of a whole workspace, and what is too old, is found
 * by them (sid_since). */
static const struct index minute_figure_indexes[] = { { "scope_sid, minute" } };
static const struct index task_wait_indexes[]     = { { "task_queue_sid, at" } };
static const struct index worker_stay_indexes[]   = { { "worker_sid, ended" } };
/* clang-format on */

static bool figure_is_live(const void *row)
{
    return !((const struct minute_figure *)row)->over;
}

/* Said once and never changed: resident only so that the batch writes many of them as one. */
static bool never(const void *row)
{
    (void)row;
    return false;
}

#define KIND(k)                                                                                                        \
    .name = #k, .size = sizeof(struct k), .fields = ROWS(k##_fields), .indexes = k##_indexes,                          \
    .nindexes = sizeof(k##_indexes) / sizeof(*k##_indexes), .resident = true

const struct kind minute_figure_kind = { KIND(minute_figure), .is_live = figure_is_live, .live_where = "over = 0" };
const struct kind task_wait_kind = { KIND(task_wait), .is_live = never, .live_where = "1 = 0" };
const struct kind worker_stay_kind = { KIND(worker_stay), .is_live = never, .live_where = "1 = 0" };

const struct kind *const measure_kinds[MEASURE_KINDS] = { &minute_figure_kind, &task_wait_kind, &worker_stay_kind };

const struct metric metrics[] = {
#define COUNT(member, shown, event, scopes)                                                                            \
    { #member, #shown, EV_##event, scopes, SINCE_NOTHING, offsetof(struct minute_figure, member), 0 },
#define WITHIN(member, event, scopes, ms)                                                                              \
    { #member, NULL, EV_##event, scopes, SINCE_NOTHING, offsetof(struct minute_figure, member), ms },
#define SPREAD(member, shown, event, scopes, since)                                                                    \
    { #member, #shown, EV_##event, scopes, since, offsetof(struct minute_figure, member##_n), 0 },
#include "measure/metrics.def"
#undef COUNT
#undef WITHIN
#undef SPREAD
};
const size_t nmetrics = sizeof metrics / sizeof *metrics;

char *sid_since(const char *prefix, int64_t ms, char out[static SID_SIZE])
{
    snprintf(out, SID_SIZE, "%s%011llx", prefix, (unsigned long long)(ms > 0 ? ms : 0));
    return out;
}

int64_t *metric_at(const struct metric *m, const struct minute_figure *f)
{
    return (int64_t *)((char *)f + m->offset);
}

int64_t metric_count(const struct metric *m, const struct minute_figure *f)
{
    return *metric_at(m, f);
}

struct spread metric_spread(const struct metric *m, const struct minute_figure *f)
{
    const int64_t *v = metric_at(m, f);

    return (struct spread){ v[0], v[1], v[2], v[3] };
}

void spread_add(struct spread *s, const struct spread *more)
{
    if (!more->n)
        return;
    if (!s->n || more->min < s->min)
        s->min = more->min;
    if (!s->n || more->max > s->max)
        s->max = more->max;
    s->n += more->n;
    s->total += more->total;
}

void metric_put_spread(const struct metric *m, struct minute_figure *f, const struct spread *s)
{
    int64_t *v = metric_at(m, f);

    v[0] = s->n;
    v[1] = s->total;
    v[2] = s->min;
    v[3] = s->max;
}

void measure_begin(struct minute_figure *sum)
{
    static const struct spread none = { 0, 0, NO_VALUE, NO_VALUE };

    *sum = (struct minute_figure){ 0 };
    for (size_t i = 0; i < nmetrics; i++)
        if (metrics[i].since)
            metric_put_spread(&metrics[i], sum, &none);
}
