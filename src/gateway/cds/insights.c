#include "gateway/cds/insights.h"

#include "live/live.h"
#include "measure/measure.h"

/* --- the question and its answer -------------------------------------------------------------------------- */

struct asked {
    struct live_search *search;
    struct live_result result;
};

static fault_t answer(struct op *op)
{
    const struct live_result *r = &((struct asked *)op->data)->result;
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "query_id", r->query_id);
    json_pair_int(&o, "last_event_id", r->last_event_id);
    json_key(&o, "items");
    json_open(&o, '[');
    for (size_t i = 0; i < r->n; i++) {
        json_open(&o, '{');
        json_pair_str(&o, "key", r->items[i].key);
        json_pair_raw(&o, "data", r->items[i].data);
        json_pair_int(&o, "revision", r->items[i].revision);
        json_close(&o, '}');
    }
    json_close(&o, ']');
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    return NULL;
}

/* Some rows a command, until all were looked at; thousands of items are then written down elsewhere than on the
 * ledger's thread. */
static fault_t search_on(struct op *op)
{
    struct asked *asked = op->data;
    bool done = false;
    fault_t f = live_search_on(asked->search, op->tx, &asked->result, &done);

    if (f)
        return f;
    if (done)
        op_continue_on_reader(op, answer);
    else
        op_continue_on_ledger(op, search_on);
    return NULL;
}

static fault_t query(struct op *op)
{
    const char *text = json_get_string(op->json, "query_string"), *type = json_get_string(op->json, "type");
    struct asked *asked = op->data = arena_alloc(op->arena, sizeof *asked);
    struct live_viewer who;
    fault_t f = live_viewer_of(op->tx, &op->who, &who);

    if (f)
        return f;
    if (!text)
        return refuse(op, F_QUERY_INVALID, "query_string is missing");
    if (type && !str_eq(type, "live_query"))
        return refuse(op, F_INVALID_PARAMETER, "type '%.64s' is not live_query", type);
    f = live_search(op_site(op)->live, op->tx, &who, op_path(op, "index"), text, type, &asked->search);
    return f ? f : search_on(op);
}

/* --- what was, for the figures of queues ------------------------------------------------------------------ */

static struct live_past past_of(const struct minute_figure *m)
{
    return (struct live_past){ .accepted = m->reservations_accepted,
                               .accepted_in_time = m->accepted_in_time,
                               .canceled = m->tasks_canceled,
                               .completed = m->tasks_completed,
                               .wait_ms = m->accepted_after_total };
}

struct adding {
    void (*each)(void *to, const char *channel_sid, const struct live_past *p);
    void *to;
};

static void add_channel(void *arg, const char *channel_sid, const struct minute_figure *sum)
{
    struct adding *x = arg;
    struct live_past p = past_of(sum);

    x->each(x->to, channel_sid, &p);
}

static bool sum(void *arg, struct db *db, const char *scope_sid, int64_t from, int64_t to,
                void (*each)(void *to, const char *channel_sid, const struct live_past *p), void *to_whom)
{
    struct period p = { from, to };

    (void)arg;
    return measure_by_channel(db, scope_sid, &p, add_channel, &(struct adding){ each, to_whom });
}

static void running(void *arg, const char *scope_sid, const char *channel_sid, int64_t minute, struct live_past *out)
{
    const struct site *site = arg;
    const struct minute_figure *m = measure_running(site->measure, scope_sid, channel_sid, minute);

    *out = m ? past_of(m) : (struct live_past){ 0 };
}

/* --- set-up ----------------------------------------------------------------------------------------------- */

static fault_t start(struct site *site, struct arena *a)
{
    struct live_history *h = arena_alloc(a, sizeof *h);

    *h = (struct live_history){ .sum = sum, .running = running, .arg = site };
    site->live = live_new(site->ledger, site->engine, site->sync);
    live_past_from(site->live, h);
    return NULL;
}

static void stop(struct site *site)
{
    live_free(site->live);
    site->live = NULL;
}

static const struct endpoint endpoints[] = {
    { "cds", "POST", "/v3/Insights/{index}/Items", ON_LEDGER, CREDENTIALS, .any_origin = true, .run = query },
};

const struct module insights_module = {
    .name = "insights", .endpoints = ROWS(endpoints), .start = start, .stop = stop
};
