#include "routing/story.h"
#include <stdlib.h>
#include <string.h>

/* --- what must be true */

struct open {
    struct story *s;
    struct text *out;
};

static void put_worker_name(void *arg, struct reservation *r)
{
    struct open *o = arg;

    text_putf(o->out, " %s", r->worker_name);
}

const char *story_rest(struct story *s, const struct words *w, size_t from)
{
    struct text t = { .arena = s->arena };

    for (size_t i = from; i < w->n; i++)
        text_putf(&t, " %s", w->at[i]);
    return text_str(&t);
}

static void check_task(struct story *s, struct tx *tx, const struct words *w)
{
    const struct task *t = row_find(tx, &task_kind, story_sid(s, w->at[1]));
    const char *verb = w->at[0];

    if (str_eq(verb, "gone")) {
        story_must(s, !t, "it is gone");
        return;
    }
    if (!t)
        story_wrong(s, "%s is gone", w->at[1]);
    if (str_eq(verb, "is")) {
        story_text(s, task_status_names[t->assignment_status], w->at[2]);
    } else if (str_eq(verb, "because")) {
        story_text(s, arena_printf(s->arena, " %s", t->reason), story_rest(s, w, 2));
    } else if (str_eq(verb, "in")) {
        story_text(s, t->task_queue_sid, story_sid(s, w->at[2]));
    } else if (str_eq(verb, "priority")) {
        story_number(s, t->priority, story_digits(w->at[2]));
    } else {
        struct text out = { .arena = s->arena };
        struct open o = { s, &out };
        routing_each_reservation_of_task(s->engine, tx, t->sid, put_worker_name, &o);
        story_text(s, text_str(&out), story_rest(s, w, 2));
    }
}

static void check_worker(struct story *s, struct tx *tx, const struct words *w)
{
    const struct worker *k = row_find(tx, &worker_kind, story_sid(s, w->at[1]));

    if (str_eq(w->at[0], "at")) {
        story_text(s, k->activity_sid, story_activity(s, w->at[2]));
    } else if (str_eq(w->at[0], "version")) {
        story_number(s, k->version, story_digits(w->at[2]));
    } else {
        struct worker_channel *c = routing_worker_channel(s->engine, tx, k->sid, w->at[2]);
        story_number(s, routing_used(s->engine, c), story_digits(w->at[3]));
        story_number(s, routing_percentage(s->engine, c), story_digits(w->at[4]));
    }
}

static void check_members(struct story *s, struct tx *tx, const struct words *w)
{
    const struct worker *k;

    for (size_t i = 2; i < w->n; i++)
        if (!routing_queue_has(s->engine, story_sid(s, w->at[1]), story_sid(s, w->at[i])))
            story_wrong(s, "%s is not in %s", w->at[i], w->at[1]);
    size_t n = 0;
    for (size_t i = 0; (k = row_each(tx, &worker_kind, &i));)
        n += routing_queue_has(s->engine, story_sid(s, w->at[1]), k->sid);
    story_number(s, n, w->n - 2);
}

static const struct {
    const char *word;
    void (*check)(struct story *s, struct tx *tx, const struct words *w);
} checks[] = {
    { "is", check_task },        { "because", check_task },    { "in", check_task },   { "offered", check_task },
    { "gone", check_task },      { "priority", check_task },   { "at", check_worker }, { "used", check_worker },
    { "version", check_worker }, { "members", check_members },
};

bool story_is_check(const char *word)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (str_eq(checks[i].word, word))
            return true;
    return false;
}

bool story_look(struct story *s, struct tx *tx, const struct words *w)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (str_eq(checks[i].word, w->at[0])) {
            checks[i].check(s, tx, w);
            return true;
        }
    return false;
}

/* --- the whole memory, and what must hold */

struct memory {
    struct story *s;
    const char *text;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static fault_t remember(struct tx *tx, void *arg)
{
    struct memory *m = arg;
    struct text t = { .arena = m->s->arena };
    size_t n = 0, room = 0;

    for (size_t k = 0; k < ROUTING_KINDS; k++)
        room += row_count(tx, routing_kinds[k]);
    const char **lines = arena_alloc(m->s->arena, (room + 1) * sizeof *lines);
    for (size_t k = 0; k < ROUTING_KINDS; k++) {
        void *row;
        for (size_t i = 0; (row = row_each(tx, routing_kinds[k], &i));) {
            struct text line = { .arena = m->s->arena };
            for (const struct field *f = routing_kinds[k]->fields;
                 f < routing_kinds[k]->fields + routing_kinds[k]->nfields; f++) {
                if (!field_is_column(f))
                    continue;
                if (field_is_text(f))
                    text_putf(&line, "%s ", *field_text(f, row) ? *field_text(f, row) : "-");
                else if (f->type == T_BOOL)
                    text_put_int(&line, *field_bool(f, row));
                else
                    text_putf(&line, "%lld ",
                              f->type == T_ENUM ? (long long)*field_enum(f, row) : (long long)*field_int(f, row));
            }
            lines[n++] = text_str(&line);
        }
    }
    qsort(lines, n, sizeof *lines, by_text);
    for (size_t i = 0; i < n; i++)
        text_putf(&t, "%s\n", lines[i]);
    text_put(&t, routing_fingerprint(m->s->engine, m->s->arena));
    m->text = text_str(&t);
    return NULL;
}

const char *story_memory(struct story *s)
{
    struct memory *m = arena_alloc(s->arena, sizeof *m);

    m->s = s;
    fault_t f = ledger_do(s->ledger, s->arena, remember, m);
    if (f)
        story_wrong(s, "%s", f->message);
    return m->text;
}

static void check_pairs(struct story *s, struct tx *tx, struct task_live *t)
{
    const struct step *step = step_of(t);
    struct fact_subject subject = { NULL, t->queue };

    story_number(s, t->row.assignment_status, TASK_PENDING);
    for (LIST_EACH(l, &t->workspace->workers)) {
        struct worker_live *w = CONTAINER_OF(l, struct worker_live, in_workspace);
        struct worker_channel_live *c = worker_channel_for(w, t->channel);
        struct expr_scope scope = { .task = task_attributes(t),
                                    .worker = w->attributes,
                                    .fact = worker_fact,
                                    .subject = &subject,
                                    .now = tx->now };
        subject.worker = w;
        if (!c->ready || !bits_has(&t->queue->workers, w->slot) || (step && step->known))
            continue;
        if (!step || !step->expression ||
            (!(expr_reads(step->expression) & EXPR_READS_TIME) && expr_eval(step->expression, &scope)))
            story_wrong(s, "%s waits while %s is free", t->row.sid, w->row.friendly_name);
    }
}

/* What is counted is what a walk over all tasks and workers counts. */
struct scope {
    struct queue_live *queue;
    struct workflow_live *workflow;
    struct channel_live *channel;
    const char *sid;
};

static bool in_scope(const struct scope *p, const struct task_live *t)
{
    return (!p->queue || t->queue == p->queue) && (!p->workflow || t->workflow == p->workflow) &&
           (!p->channel || t->channel == p->channel);
}

static void check_tasks_counted(struct story *s, struct workspace_live *ws, const struct scope *p)
{
    const struct task *longest = NULL, *here = NULL;
    int64_t by_status[LIVE_STATUSES] = { 0 }, all = 0;
    struct routing_tasks counted;

    routing_count_tasks(s->engine, s->arena, p->sid, p->channel ? p->channel->row.sid : NULL, &counted);
    for (LIST_EACH(l, &ws->tasks)) {
        const struct task_live *t = CONTAINER_OF(l, struct task_live, in_workspace);
        const struct task *r = &t->row;
        if (!in_scope(p, t))
            continue;
        by_status[r->assignment_status]++;
        if (r->assignment_status != TASK_PENDING)
            continue;
        if (!longest || r->date_created < longest->date_created ||
            (r->date_created == longest->date_created && strcmp(r->sid, longest->sid) < 0))
            longest = r;
        if (!here || r->task_queue_entered_date < here->task_queue_entered_date ||
            (r->task_queue_entered_date == here->task_queue_entered_date && strcmp(r->sid, here->sid) < 0))
            here = r;
    }
    for (size_t i = 0; i < LIVE_STATUSES; i++)
        story_number(s, counted.by_status[i], by_status[i]);
    for (size_t i = 0; i < counted.npriorities; i++) {
        story_must(s, counted.priorities[i].tasks > 0, "a priority is counted that nothing has");
        story_must(s, !i || counted.priorities[i - 1].priority < counted.priorities[i].priority, "sorted priorities");
        all += counted.priorities[i].tasks;
    }
    story_number(s, all, counted.total);
    story_must(s, counted.longest == longest, "counted.longest == longest");
    story_must(s, p->workflow || counted.longest_here == here, "counted.longest_here == here");
}

static void check_workers_counted(struct story *s, struct workspace_live *ws, const struct scope *p)
{
    struct routing_workers counted;
    int64_t total = 0, available = 0;

    routing_count_workers(s->engine, s->arena, p->sid, p->channel ? p->channel->row.sid : NULL, &counted);
    for (LIST_EACH(l, &ws->workers)) {
        const struct worker_live *w = CONTAINER_OF(l, struct worker_live, in_workspace);
        const struct worker_channel_live *c = p->channel ? worker_channel_for(w, p->channel) : NULL;
        if (p->queue && !bits_has(&p->queue->workers, w->slot))
            continue;
        if (p->channel && !(c && c->row.available && c->row.configured_capacity > 0))
            continue;
        total++;
        available += w->activity->row.available;
    }
    story_number(s, counted.total, total);
    story_number(s, counted.available, available);
}

static void check_counters(struct story *s)
{
    struct workspace_live *ws = find_workspace(s->engine, NULL, s->workspace);
    struct link *channel = ws ? &ws->channels : NULL;

    if (!ws)
        return;
    do { /* of all channels first, then of each */
        struct scope p = { .sid = s->workspace };
        if (channel != &ws->channels)
            p.channel = CONTAINER_OF(channel, struct channel_live, in_workspace);
        check_tasks_counted(s, ws, &p);
        check_workers_counted(s, ws, &p);
        for (LIST_EACH(l, &ws->queues)) {
            p.queue = CONTAINER_OF(l, struct queue_live, in_workspace);
            p.sid = p.queue->row.sid;
            check_tasks_counted(s, ws, &p);
            check_workers_counted(s, ws, &p);
        }
        p.queue = NULL;
        for (LIST_EACH(l, &ws->workflows)) {
            p.workflow = CONTAINER_OF(l, struct workflow_live, in_workspace);
            p.sid = p.workflow->row.sid;
            check_tasks_counted(s, ws, &p);
        }
        channel = channel->next;
    } while (channel != &ws->channels);
}

static fault_t check_all(struct tx *tx, void *arg)
{
    struct story *s = arg;
    struct worker_channel_live *c;
    struct task_live *t;
    struct reservation_live *r;

    for (size_t i = 0; (c = row_each(tx, &worker_channel_kind, &i));) {
        int64_t used = 0;
        for (LIST_EACH(l, &c->worker->reservations))
            used += CONTAINER_OF(l, struct reservation_live, in_worker)->task->channel == c->channel;
        story_number(s, used, c->used);
    }
    for (size_t i = 0; (t = row_each(tx, &task_kind, &i));) {
        int pending = 0, others = 0;
        for (LIST_EACH(l, &t->reservations)) {
            r = CONTAINER_OF(l, struct reservation_live, in_task);
            pending += r->row.reservation_status == RESERVATION_PENDING;
            others += r->row.reservation_status != RESERVATION_PENDING;
        }
        enum task_status st = t->row.assignment_status;
        story_must(s, st == TASK_RESERVED ? pending > 0 && !others : !pending,
                   "st == TASK_RESERVED ? pending > 0 && !others : !pending");
        story_must(s, st == TASK_ASSIGNED || st == TASK_WRAPPING ? others > 0 : !others,
                   "st == TASK_ASSIGNED || st == TASK_WRAPPING ? others > 0 : !others");
        if (t->waiting)
            check_pairs(s, tx, t);
        story_must(s, t->waiting == (st == TASK_PENDING), "t->waiting == (st == TASK_PENDING)");
        if (st == TASK_PENDING || st == TASK_RESERVED || st == TASK_ASSIGNED)
            story_must(s, alarm_due(tx, ALARM_TASK, t->row.sid) != NO_VALUE,
                       "alarm_due(tx, ALARM_TASK, t->row.sid) != NO_VALUE");
    }
    for (size_t i = 0; (r = row_each(tx, &reservation_kind, &i));)
        story_must(s,
                   (r->row.reservation_status == RESERVATION_PENDING) ==
                       (alarm_due(tx, ALARM_RESERVATION, r->row.sid) != NO_VALUE),
                   "(r->row.reservation_status == RESERVATION_PENDING) == (alarm_due(tx, ALARM_RESERVATION, "
                   "r->row.sid) != NO_VALUE)");
    check_counters(s);
    return NULL;
}

void story_check(struct story *s)
{
    fault_t f = ledger_do(s->ledger, s->arena, check_all, s);

    if (f)
        story_wrong(s, "%s", f->message);
}
