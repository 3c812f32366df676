/* Those who change how work is done, while it is being done: queues, workflows, channels, activities. */
#include "routing/simulation/world.h"

/* Something must be left to choose from; names in our lists may have been undone. */
static bool is_alone(const struct link *in_workspace)
{
    return in_workspace->next == in_workspace->prev;
}

/* --- workflows */

static void put_step(struct world *w, struct text *out, bool first)
{
    struct dice *d = &w->dice;
    const struct queue_live *q = any_of(w, &w->queues);
    const char *expression = PICK(d, "", "", "", "worker.lang == task.lang", "worker.level < 3",
                                  "worker.skills HAS 'c'", "worker.channel.voice.assigned_tasks == 0");

    text_put(out, "{");
    if (first || one_in(d, 2))
        text_putf(out, "\"queue\":\"%s\"", q->row.sid);
    else
        text_put(out, "\"queue\":null");
    if (*expression)
        text_putf(out, ",\"expression\":\"%s\"", expression);
    if (one_in(d, 2))
        text_putf(out, ",\"timeout\":%d", 4 + (int)roll(d, 40));
    if (one_in(d, 3))
        text_putf(out, ",\"priority\":%d", (int)roll(d, 9));
    if (one_in(d, 4))
        text_putf(out, ",\"order_by\":\"worker.level %s\"", PICK(d, "DESC", "ASC"));
    if (one_in(d, 6))
        text_putf(out, ",\"skip_if\":\"%s\"", PICK(d, "workers.available == 0", "workers.available < 2", "1==1"));
    if (one_in(d, 8))
        text_put(out, ",\"known_worker_friendly_name\":\"task.agent\"");
    text_put(out, "}");
}

static const char *random_configuration(struct world *w, struct tx *tx)
{
    struct text out = { .arena = tx->arena };
    const struct queue_live *q = any_of(w, &w->queues);
    int filters = (int)roll(&w->dice, 6);

    text_put(&out, "{\"task_routing\":{\"filters\":[");
    for (int i = 0; i < filters; i++) {
        text_putf(&out, "%s{\"filter_friendly_name\":\"F%d\",\"expression\":\"kind %s %d\",\"targets\":[", i ? "," : "",
                  i, PICK(&w->dice, "==", "==", ">"), (int)roll(&w->dice, 7));
        for (int k = (int)roll(&w->dice, 3), n = 0; n <= k; n++) {
            text_put(&out, n ? "," : "");
            put_step(w, &out, !n);
        }
        text_put(&out, "]}");
    }
    text_put(&out, "]");
    if (!filters || !one_in(&w->dice, 6))
        text_putf(&out, ",\"default_filter\":{\"queue\":\"%s\"}", q->row.sid);
    text_put(&out, "}}");
    return text_str(&out);
}

fault_t make_workflow(struct world *w, struct tx *tx)
{
    struct workflow *f;

    if (w->workflows.n > 2)
        return nothing_to_do(w);
    f = new_row(w, tx, &workflow_kind);
    row_set(tx, f, &f->friendly_name, arena_printf(tx->arena, "F%d", ++w->serial));
    row_set(tx, f, &f->configuration, random_configuration(w, tx));
    f->task_reservation_timeout = 5 + (int64_t)roll(&w->dice, 60);
    if (one_in(&w->dice, 2))
        row_set(tx, f, &f->assignment_callback_url, "https://example.com/assign");
    note(w, "workflow %s %s", f->sid, f->configuration);
    sids_add(&w->workflows, f->sid);
    return workflow_created(w->engine, tx, f);
}

static fault_t rewrite(struct world *w, struct tx *tx)
{
    struct workflow_live *f = any_of(w, &w->workflows);
    struct workflow was = f->row;
    bool again = one_in(&w->dice, 2);

    row_edit(tx, f);
    row_set(tx, f, &f->row.configuration, random_configuration(w, tx));
    if (one_in(&w->dice, 3))
        f->row.task_reservation_timeout = 5 + (int64_t)roll(&w->dice, 60);
    note(w, "rewrite%s %s %s", again ? " again" : "", f->row.sid, f->row.configuration);
    return workflow_changed(w->engine, tx, &f->row, &was, again);
}

static fault_t remove_workflow(struct world *w, struct tx *tx)
{
    struct workflow_live *f = any_of(w, &w->workflows);

    if (is_alone(&f->in_workspace))
        return nothing_to_do(w);
    note(w, "remove workflow %s", f->row.sid);
    fault_t why = workflow_removed(w->engine, tx, &f->row);
    if (!why)
        row_delete(tx, f);
    return why;
}

/* --- queues */

static const char *random_members(struct world *w)
{
    return PICK(&w->dice, "1==1", "1==1", "skills HAS 'a'", "skills HAS 'b' OR level > 2",
                "skills HAS 'c' AND level > 1", "skills HAS 'b' AND level > 3", "lang == 'en'",
                "activity_name != 'Break'", "");
}

fault_t make_queue(struct world *w, struct tx *tx)
{
    struct task_queue *q;

    if ((int64_t)w->queues.n > w->plan.queues)
        return nothing_to_do(w);
    q = new_row(w, tx, &task_queue_kind);
    row_set(tx, q, &q->friendly_name, arena_printf(tx->arena, "Q%d", ++w->serial));
    row_set(tx, q, &q->target_workers, random_members(w));
    q->max_reserved_workers = one_in(&w->dice, 3) ? 1 + (int64_t)roll(&w->dice, 4) : 1;
    q->task_order = one_in(&w->dice, 3) ? ORDER_LIFO : ORDER_FIFO;
    if (one_in(&w->dice, 2)) {
        row_set(tx, q, &q->reservation_activity_sid, ((struct activity_live *)any_of(w, &w->activities))->row.sid);
        row_set(tx, q, &q->assignment_activity_sid, ((struct activity_live *)any_of(w, &w->activities))->row.sid);
    }
    note(w, "queue %s %s %s : %s", q->friendly_name, q->sid, task_order_names[q->task_order], q->target_workers);
    sids_add(&w->queues, q->sid);
    return task_queue_created(w->engine, tx, q);
}

static fault_t change_queue(struct world *w, struct tx *tx)
{
    struct queue_live *q = any_of(w, &w->queues);
    struct task_queue was = q->row;
    uint64_t what = roll(&w->dice, 4);

    row_edit(tx, q);
    if (what < 2)
        row_set(tx, q, &q->row.target_workers, random_members(w));
    else if (what == 2)
        q->row.task_order = one_in(&w->dice, 2) ? ORDER_LIFO : ORDER_FIFO;
    else
        q->row.max_reserved_workers = 1 + (int64_t)roll(&w->dice, 4);
    note(w, "queue %s now %s %lld : %s", q->row.sid, task_order_names[q->row.task_order],
         (long long)q->row.max_reserved_workers, q->row.target_workers);
    return task_queue_changed(w->engine, tx, &q->row, &was);
}

static fault_t remove_queue(struct world *w, struct tx *tx)
{
    struct queue_live *q = any_of(w, &w->queues);

    if (is_alone(&q->in_workspace))
        return nothing_to_do(w);
    note(w, "remove queue %s", q->row.sid);
    fault_t f = task_queue_removed(w->engine, tx, &q->row);
    if (!f)
        row_delete(tx, q);
    return f;
}

/* --- channels and activities */

static fault_t make_channel(struct world *w, struct tx *tx)
{
    struct task_channel *c;

    if (w->channels.n > 6)
        return nothing_to_do(w);
    c = new_row(w, tx, &task_channel_kind);
    row_set(tx, c, &c->friendly_name, arena_printf(tx->arena, "C%d", ++w->serial));
    row_set(tx, c, &c->unique_name, c->friendly_name);
    note(w, "channel %s %s", c->unique_name, c->sid);
    sids_add(&w->channels, c->sid);
    return task_channel_created(w->engine, tx, c);
}

static fault_t optimize_channel(struct world *w, struct tx *tx)
{
    struct channel_live *c = any_of(w, &w->channels);
    struct task_channel was = c->row;

    row_edit(tx, c);
    c->row.channel_optimized_routing = one_in(&w->dice, 2);
    note(w, "%s %s", c->row.channel_optimized_routing ? "optimize" : "do not optimize", c->row.unique_name);
    return task_channel_changed(w->engine, tx, &c->row, &was);
}

static fault_t remove_channel(struct world *w, struct tx *tx)
{
    struct channel_live *c = any_of(w, &w->channels);

    note(w, "remove channel %s", c->row.unique_name);
    fault_t f = task_channel_removed(w->engine, tx, &c->row);
    if (!f)
        row_delete(tx, c);
    return f;
}

static fault_t make_activity(struct world *w, struct tx *tx)
{
    struct activity *a;

    if (w->activities.n > 6)
        return nothing_to_do(w);
    a = new_row(w, tx, &activity_kind);
    row_set(tx, a, &a->friendly_name, arena_printf(tx->arena, "A%d", ++w->serial));
    a->available = one_in(&w->dice, 2);
    note(w, "activity %s %s %s", a->friendly_name, a->sid, a->available ? "available" : "");
    sids_add(&w->activities, a->sid);
    return activity_created(w->engine, tx, a);
}

static fault_t rename_activity(struct world *w, struct tx *tx)
{
    struct activity_live *a = any_of(w, &w->activities);
    struct activity was = a->row;

    row_edit(tx, a);
    row_set(tx, a, &a->row.friendly_name, one_in(&w->dice, 2) ? "Break" : arena_printf(tx->arena, "A%d", ++w->serial));
    note(w, "activity %s is now called %s", a->row.sid, a->row.friendly_name);
    return activity_changed(w->engine, tx, &a->row, &was);
}

static bool is_last_available(const struct activity_live *a)
{
    for (LIST_EACH(l, &a->workspace->activities)) {
        const struct activity_live *other = CONTAINER_OF(l, struct activity_live, in_workspace);
        if (other != a && other->row.available)
            return false;
    }
    return true;
}

static fault_t remove_activity(struct world *w, struct tx *tx)
{
    struct activity_live *a = any_of(w, &w->activities);

    if (w->activities.n < 4 || is_last_available(a))
        return nothing_to_do(w);
    note(w, "remove activity %s", a->row.friendly_name);
    fault_t f = activity_removed(w->engine, tx, &a->row);
    if (!f)
        row_delete(tx, a);
    return f;
}

/* --- the workspace */

static fault_t change_workspace(struct world *w, struct tx *tx)
{
    struct workspace *x = row_find(tx, &workspace_kind, w->workspace), was = *x;
    const struct activity_live *a = any_of(w, &w->activities), *b = any_of(w, &w->activities);

    row_edit(tx, x);
    x->prioritize_queue_order = one_in(&w->dice, 2) ? ORDER_LIFO : ORDER_FIFO;
    row_set(tx, x, &x->default_activity_sid, a->row.sid);
    row_set(tx, x, &x->timeout_activity_sid, b->row.sid);
    x->multi_task_enabled |= one_in(&w->dice, 30);
    note(w, "prefer %s, default %s, timeout %s", task_order_names[x->prioritize_queue_order], a->row.friendly_name,
         b->row.friendly_name);
    return workspace_changed(w->engine, tx, x, &was);
}

fault_t make_workspace(struct world *w, struct tx *tx)
{
    static const char *const multi[] = { "Offline", "Available", "Unavailable", "Break", NULL };
    static const char *const single[] = { "Offline", "Available", SINGLE_RESERVED, SINGLE_ASSIGNED, NULL };
    struct workspace *x = row_new(tx, &workspace_kind, NULL);

    row_set(tx, x, &x->account_sid, simulated_account);
    row_set(tx, x, &x->friendly_name, "World");
    x->multi_task_enabled = !one_in(&w->dice, 4);
    w->workspace = arena_strdup(w->home, x->sid);
    fault_t f = workspace_created(w->engine, tx, x, false, x->multi_task_enabled ? multi : single);
    struct workspace_live *live = (struct workspace_live *)x;
    for (LIST_EACH(l, &live->activities))
        sids_add(&w->activities, CONTAINER_OF(l, struct activity_live, in_workspace)->row.sid);
    for (LIST_EACH(l, &live->channels))
        sids_add(&w->channels, CONTAINER_OF(l, struct channel_live, in_workspace)->row.sid);
    return f;
}

/* clang-format off */
const struct work rules[] = {
    { "rewrite",          6, rewrite },
    { "change_queue",     8, change_queue },
    { "change_workspace", 3, change_workspace },
    { "optimize_channel", 2, optimize_channel },
    { "make_workflow",    3, make_workflow },
    { "remove_workflow",  2, remove_workflow },
    { "make_queue",       4, make_queue },
    { "remove_queue",     3, remove_queue },
    { "make_channel",     2, make_channel },
    { "remove_channel",   2, remove_channel },
    { "make_activity",    2, make_activity },
    { "rename_activity",  3, rename_activity },
    { "remove_activity",  2, remove_activity },
};
/* clang-format on */
const size_t nrules = sizeof rules / sizeof *rules;
