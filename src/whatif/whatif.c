/* The order of a simulation: read, measure, play, play again with the changes. */
#include "whatif/internal.h"

enum { INTERVALS_MOST = 10 * 1000 };

static const char *check(struct arena *a, const struct whatif_options *o)
{
    if (o->from >= o->to)
        return "--from must be before --to";
    if (o->interval <= 0 || o->threshold < 0)
        return "--interval must be more than 0, and --threshold not less";
    if ((o->to - o->from) / o->interval >= INTERVALS_MOST)
        return arena_printf(a, "more than %d intervals", INTERVALS_MOST);
    return NULL;
}

static const char *play(struct arena *a, struct history *h, bool changed, enum whatif_run run,
                        struct whatif_result *out)
{
    struct play *p = arena_alloc(a, sizeof *p);
    const char *why;

    *p = (struct play){ .arena = a, .h = h, .changed = changed };
    why = play_run(p);
    if (why)
        return why;
    meter_read(p->meter, run, out);
    out->refused[run] = p->refused;
    return NULL;
}

static void write_notes(struct arena *a, const struct history *h, struct whatif_result *out)
{
    const char *const notes[] = {
        "Requests come, change and leave when they did; who was answered in history waits in the simulation as long as "
        "it takes, so abandoning is understated where waits grow.",
        arena_printf(
            a,
            "A request is handled as long as it was (accepted to completed); one that nobody handled in history "
            "takes the mean of %zu: %lld s.",
            h->nanswered, (long long)(h->mean_handling / SECOND)),
        arena_printf(a,
                     "A worker answers his n-th offer as he answered his n-th in history (accepted, rejected or let "
                     "ring, after as long); further ones he accepts after the mean: %lld s.",
                     (long long)(h->mean_delay / SECOND)),
        "Workers come, go and change activity, capacity and attributes when they did, whatever the load.",
        "Queues, the other workflows and their settings are those of today, not of then; --config, --queue and "
        "--workers change them in the column 'what if' only.",
        "Requests that were open at the start (of the last 24 hours) are load, but not counted; all is cut at the end.",
        "Service level: answered within the threshold, of all that were created. Occupancy: time with a request, of "
        "the "
        "time available or with one, of all workers of the workspace.",
    };
    size_t n = sizeof notes / sizeof *notes;
    const char **copy = arena_alloc(a, (n + 1) * sizeof *copy);

    for (size_t i = 0; i < n; i++)
        copy[i] = notes[i];
    out->notes = copy;
}

static void make_intervals(struct arena *a, const struct whatif_options *o, struct whatif_result *out)
{
    out->nintervals = (size_t)((o->to - o->from + o->interval - 1) / o->interval);
    out->intervals = arena_alloc(a, out->nintervals * sizeof *out->intervals);
    for (size_t i = 0; i < out->nintervals; i++)
        out->intervals[i].from = o->from + (int64_t)i * o->interval;
}

const char *whatif_simulate(struct arena *a, const struct whatif_options *o, struct whatif_result *out)
{
    struct history *h = arena_alloc(a, sizeof *h);
    const char *why = check(a, o);

    if (why)
        return why;
    *h = (struct history){ .arena = a, .o = o };
    *out = (struct whatif_result){
        .workflow_sid = o->workflow_sid,
        .from = o->from,
        .to = o->to,
        .threshold = o->threshold,
        .interval = o->interval,
        .changed = o->configuration || o->workers || o->nqueues,
    };
    struct store *s = store_open_reading(a, o->data, &why);
    if (!s)
        return why;
    why = history_read(h, s);
    store_close(s);
    if (why)
        return why;
    make_intervals(a, o, out);
    out->workflow_name = h->workflow->friendly_name;
    meter_read(h->meter, WHATIF_HISTORY, out);
    why = play(a, h, false, WHATIF_REPLAY, out);
    why = why ? why : play(a, h, true, WHATIF_CHANGED, out);
    write_notes(a, h, out);
    return why;
}
