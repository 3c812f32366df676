#include "routing/story.h"
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char account[] = "AC00000000000000000000000000000001";
static const int64_t start = 1767225600000; /* 2026-01-01, a Thursday */

/* Most of this runs on the ledger's thread, where cmocka cannot fail a test; so a story that goes wrong ends the program. */
static void wrong(struct story *s, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));
static void wrong(struct story *s, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fprintf(stderr, "\nWRONG in \"%s\", line: %s\n  ", s->title ? s->title : "", s->line ? s->line : "");
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\n");
    va_end(ap);
    abort();
}

static void same_text(struct story *s, const char *got, const char *wanted)
{
    if (!str_eq(got, wanted))
        wrong(s, "is      %s\n  not     %s", got, wanted);
}

static void same_number(struct story *s, int64_t got, int64_t wanted)
{
    if (got != wanted)
        wrong(s, "is %lld, not %lld", (long long)got, (long long)wanted);
}

static void must(struct story *s, bool ok, const char *what)
{
    if (!ok)
        wrong(s, "does not hold: %s", what);
}

/* --- opening and closing */

static void hear(void *arg, struct tx *tx, const struct event *e)
{
    struct story *s = arg;

    (void)tx;
    text_put(&s->told, event_name(e->type));
    text_put(&s->told, " ");
}

static void assign(void *arg, struct tx *tx, const struct reservation *r, const struct task *t, const struct worker *w, const struct workflow *f)
{
    struct story *s = arg;

    must(s, tx, "a transaction");
    same_text(s, r->task_sid, t->sid);
    same_text(s, r->worker_sid, w->sid);
    must(s, f->assignment_callback_url, "a callback");
    s->callbacks++;
}

static fault_t make_workspace(struct tx *tx, void *arg)
{
    static const char *const activities[] = { "Offline", "Available", "Unavailable", "Break", NULL };
    struct story *s = arg;
    struct workspace *w = row_new(tx, &workspace_kind, NULL);

    row_set(tx, w, &w->account_sid, account);
    row_set(tx, w, &w->friendly_name, "Stage");
    w->multi_task_enabled = true;
    s->workspace = arena_strdup(s->arena, w->sid);
    return workspace_created(s->engine, tx, w, false, activities);
}

static const struct webhook_port *port_of(struct story *s)
{
    struct webhook_port *p = arena_alloc(s->arena, sizeof *p);

    *p = (struct webhook_port){ assign, s };
    return p;
}

void story_open(struct story *s)
{
    const char *why = NULL;
    char folder[] = "/tmp/story-XXXXXX";

    *s = (struct story){ .arena = arena_new(), .title = s->title };
    s->told.arena = s->arena;
    must(s, mkdtemp(folder), "a folder");
    s->folder = arena_strdup(s->arena, folder);
    s->clock = clock_test(start);
    s->store = store_open(s->arena, s->folder, &why);
    must(s, !why, why);
    s->ledger = ledger_new(s->arena, &(struct ledger_config){ s->store, s->clock, routing_kinds, ROUTING_KINDS }, &why);
    must(s, !why, why);
    s->engine = routing_new(s->ledger);
    ledger_listen(s->ledger, &(struct listener){ "", hear, s });
    routing_callbacks(s->engine, port_of(s));
    must(s, ledger_start(s->ledger, s->arena, &why), "ledger_start(s->ledger, s->arena, &why)");
    must(s, !ledger_do(s->ledger, s->arena, make_workspace, s), "a workspace");
    s->told.n = 0;
}

static int remove_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

void story_close(struct story *s)
{
    const char *before = story_memory(s);

    story_check(s);
    ledger_reload(s->ledger);
    same_text(s, story_memory(s), before);
    ledger_stop(s->ledger);
    routing_free(s->engine);
    ledger_free(s->ledger);
    store_close(s->store);
    clock_free(s->clock);
    nftw(s->folder, remove_file, 8, FTW_DEPTH | FTW_PHYS);
    map_clear(&s->sids);
    arena_free(s->arena);
}

/* --- names */

static const char *activity_sid(struct story *s, const char *name)
{
    struct workspace_live *w = find_workspace(s->engine, NULL, s->workspace);

    for LIST_EACH (l, &w->activities)
        if (str_eq(CONTAINER_OF(l, struct activity_live, in_workspace)->row.friendly_name, name))
            return CONTAINER_OF(l, struct activity_live, in_workspace)->row.sid;
    wrong(s, "there is no activity %s", name);
    return NULL;
}

const char *story_sid(struct story *s, const char *name)
{
    const char *sid = sid_valid(name, NULL) ? name : map_get(&s->sids, name);

    if (!sid)
        wrong(s, "nothing is called %s", name);
    return sid;
}

static void name_it(struct story *s, const char *name, const char *sid)
{
    map_put(&s->sids, arena_strdup(s->arena, name), arena_strdup(s->arena, sid));
}

/* @Name becomes the sid. */
static const char *with_sids(struct story *s, const char *text)
{
    struct text out = { .arena = s->arena };

    for (; *text; text++) {
        if (*text != '@') {
            text_putc(&out, *text);
            continue;
        }
        size_t n = strspn(text + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        const char *name = arena_strndup(s->arena, text + 1, n);
        text_put(&out, map_get(&s->sids, name) ? story_sid(s, name) : activity_sid(s, name));
        text += n;
    }
    return text_str(&out);
}

/* --- words of a line */

struct words { const char *at[16]; size_t n; const char *tail; /* from '{' on, or behind ':' */ };

static struct words split(struct story *s, const char *line)
{
    struct words w = { .tail = NULL };
    char *copy = arena_strdup(s->arena, line), *p = copy;

    while (*p && w.n < 16) {
        p += strspn(p, " ");
        if (*p == '{' || (*p == ':' && p[1] == ' ') || (*p == ':' && !p[1])) {
            w.tail = with_sids(s, *p == '{' ? p : p + 1);
            *p = 0;
            break;
        }
        if (!*p)
            break;
        w.at[w.n++] = p;
        p += strcspn(p, " ");
        if (*p)
            *p++ = 0;
    }
    return w;
}

static const char *option(const struct words *w, const char *name)
{
    for (size_t i = 0; i < w->n; i++)
        if (str_starts(w->at[i], name) && w->at[i][strlen(name)] == '=')
            return w->at[i] + strlen(name) + 1;
    return NULL;
}

static int64_t number(const char *s)
{
    int64_t n = 0;

    if (!str_to_int(s, &n))
        abort();
    return n;
}

static bool says(const struct words *w, const char *word)
{
    for (size_t i = 1; i < w->n; i++)
        if (str_eq(w->at[i], word))
            return true;
    return false;
}

/* --- verbs that change something; each is one command */

#define VERB(name) static fault_t do_##name(struct story *s, struct tx *tx, const struct words *w)

static void *new_row(struct story *s, struct tx *tx, const struct kind *k, const char *name)
{
    void *row = row_new(tx, k, NULL);

    row_set(tx, row, field_text(field_named(k, "account_sid"), row), account);
    row_set(tx, row, field_text(field_named(k, "workspace_sid"), row), s->workspace);
    name_it(s, name, *field_text(field_named(k, "sid"), row));
    return row;
}

/* The row for a change, and a copy of what it was. */
static void *edit(struct story *s, struct tx *tx, const struct kind *k, const char *name, void *was)
{
    void *row = row_find(tx, k, story_sid(s, name));

    if (!row)
        wrong(s, "%s is gone", name);
    memcpy(was, row, k->size);
    row_edit(tx, row);
    return row;
}

VERB(worker)
{
    struct worker *k = new_row(s, tx, &worker_kind, w->at[1]);

    row_set(tx, k, &k->friendly_name, w->at[1]);
    if (w->n > 2)
        row_set(tx, k, &k->activity_sid, activity_sid(s, w->at[2]));
    row_set(tx, k, &k->attributes, w->tail);
    return worker_created(s->engine, tx, k);
}

VERB(queue)
{
    struct task_queue *q = new_row(s, tx, &task_queue_kind, w->at[1]);

    row_set(tx, q, &q->friendly_name, w->at[1]);
    row_set(tx, q, &q->target_workers, w->tail ? w->tail : "1==1");
    q->max_reserved_workers = option(w, "most") ? number(option(w, "most")) : 1;
    q->task_order = says(w, "LIFO") ? ORDER_LIFO : ORDER_FIFO;
    return task_queue_created(s->engine, tx, q);
}

VERB(workflow)
{
    struct workflow *f = new_row(s, tx, &workflow_kind, w->at[1]);

    row_set(tx, f, &f->friendly_name, w->at[1]);
    row_set(tx, f, &f->configuration, w->tail);
    f->task_reservation_timeout = option(w, "timeout") ? number(option(w, "timeout")) : 120;
    if (says(w, "callback"))
        row_set(tx, f, &f->assignment_callback_url, "https://example.com/assign");
    return workflow_created(s->engine, tx, f);
}

VERB(channel)
{
    struct task_channel *c = new_row(s, tx, &task_channel_kind, w->at[1]);

    row_set(tx, c, &c->friendly_name, w->at[1]);
    row_set(tx, c, &c->unique_name, w->at[1]);
    return task_channel_created(s->engine, tx, c);
}

VERB(task)
{
    struct task *t = new_row(s, tx, &task_kind, w->at[1]);

    row_set(tx, t, &t->attributes, w->tail);
    t->priority = option(w, "priority") ? number(option(w, "priority")) : NO_VALUE;
    t->timeout = option(w, "timeout") ? number(option(w, "timeout")) : NO_VALUE;
    t->virtual_start_time = option(w, "start") ? tx->now + SECOND * number(option(w, "start")) : NO_VALUE;
    t->ignore_capacity = !says(w, "respectful");
    row_set(tx, t, &t->task_channel_sid, option(w, "channel"));
    row_set(tx, t, &t->workflow_sid, option(w, "workflow") ? story_sid(s, option(w, "workflow")) : NULL);
    row_set(tx, t, &t->task_queue_sid, option(w, "queue") ? story_sid(s, option(w, "queue")) : NULL);
    row_set(tx, t, &t->routing_target, option(w, "target") ? story_sid(s, option(w, "target")) : NULL);
    return task_created(s->engine, tx, t);
}

VERB(update)
{
    struct task was, *t = edit(s, tx, &task_kind, w->at[1], &was);

    if (w->tail)
        row_set(tx, t, &t->attributes, w->tail);
    if (option(w, "priority"))
        t->priority = number(option(w, "priority"));
    if (option(w, "start"))
        t->virtual_start_time = tx->now + SECOND * number(option(w, "start"));
    if (option(w, "channel"))
        row_set(tx, t, &t->task_channel_sid, option(w, "channel"));
    return task_changed(s->engine, tx, t, &was);
}

static fault_t move_task(struct story *s, struct tx *tx, const struct words *w, enum task_status to, const char *reason)
{
    struct task *t = row_find(tx, &task_kind, story_sid(s, w->at[1]));

    return t ? task_move(s->engine, tx, t, to, reason) : fault(tx->arena, F_NOT_FOUND, "gone");
}

VERB(cancel) { return move_task(s, tx, w, TASK_CANCELED, "on request"); }
VERB(wrapup) { return move_task(s, tx, w, TASK_WRAPPING, NULL); }
VERB(finish) { return move_task(s, tx, w, TASK_COMPLETED, "done"); }

VERB(delete)
{
    struct task *t = row_find(tx, &task_kind, story_sid(s, w->at[1]));
    fault_t f = task_removed(s->engine, tx, t);

    if (!f)
        row_delete(tx, t);
    return f;
}

struct search { const char *worker_sid, *found; };

static bool last_of_worker(void *arg, void *row)
{
    struct search *x = arg;
    const struct reservation *r = row;

    if (str_eq(r->worker_sid, x->worker_sid))
        x->found = r->sid;
    return true;
}

/* The newest reservation of that task and worker, open or not. */
static struct reservation *find_reservation(struct story *s, struct tx *tx, const char *task, const char *worker)
{
    struct condition of_task = { .column = "task_sid", .compare = IS, .value = value_text(story_sid(s, task)) };
    struct search x = { .worker_sid = story_sid(s, worker) };

    same_number(s, record_select(tx->db, tx->arena, &reservation_kind, &(struct selection){ .conditions = &of_task, .nconditions = 1 },
                                   last_of_worker, &x), DB_OK);
    return x.found ? row_find(tx, &reservation_kind, x.found) : NULL;
}

static fault_t move_reservation(struct story *s, struct tx *tx, const struct words *w, enum reservation_status to)
{
    struct reservation *r = find_reservation(s, tx, w->at[1], w->at[2]);

    if (!r)
        wrong(s, "%s was never offered to %s", w->at[1], w->at[2]);
    return reservation_move(s->engine, tx, r, to, w->n > 3 ? activity_sid(s, w->at[3]) : NULL);
}

VERB(accept) { return move_reservation(s, tx, w, RESERVATION_ACCEPTED); }
VERB(reject) { return move_reservation(s, tx, w, RESERVATION_REJECTED); }
VERB(wrap) { return move_reservation(s, tx, w, RESERVATION_WRAPPING); }
VERB(complete) { return move_reservation(s, tx, w, RESERVATION_COMPLETED); }
VERB(rescind) { return move_reservation(s, tx, w, RESERVATION_RESCINDED); }

VERB(fail)
{
    reservation_fail(s->engine, tx, find_reservation(s, tx, w->at[1], w->at[2]), 40145);
    return NULL;
}

VERB(activity)
{
    struct worker was, *k = edit(s, tx, &worker_kind, w->at[1], &was);

    was.activity_sid = arena_strdup(tx->arena, was.activity_sid);
    row_set(tx, k, &k->activity_sid, activity_sid(s, w->at[2]));
    return worker_changed(s->engine, tx, k, &was, says(w, "rejecting"));
}

VERB(attributes)
{
    struct worker was, *k = edit(s, tx, &worker_kind, w->at[1], &was);

    row_set(tx, k, &k->attributes, w->tail);
    return worker_changed(s->engine, tx, k, &was, false);
}

VERB(name)
{
    struct worker was, *k = edit(s, tx, &worker_kind, w->at[1], &was);

    row_set(tx, k, &k->friendly_name, w->at[2]);
    return worker_changed(s->engine, tx, k, &was, false);
}

static struct worker_channel *edit_channel(struct story *s, struct tx *tx, const struct words *w, struct worker_channel *was)
{
    struct worker_channel *c = routing_worker_channel(s->engine, tx, story_sid(s, w->at[1]), w->at[2]);

    *was = *c;
    row_edit(tx, c);
    return c;
}

VERB(capacity)
{
    struct worker_channel was, *c = edit_channel(s, tx, w, &was);

    c->configured_capacity = number(w->at[3]);
    return worker_channel_changed(s->engine, tx, c, &was);
}

VERB(availability)
{
    struct worker_channel was, *c = edit_channel(s, tx, w, &was);

    c->available = str_eq(w->at[3], "yes");
    return worker_channel_changed(s->engine, tx, c, &was);
}

VERB(rewrite)
{
    struct workflow was, *f = edit(s, tx, &workflow_kind, w->at[1], &was);

    row_set(tx, f, &f->configuration, w->tail);
    return workflow_changed(s->engine, tx, f, &was, says(w, "again"));
}

VERB(target)
{
    struct task_queue was, *q = edit(s, tx, &task_queue_kind, w->at[1], &was);

    row_set(tx, q, &q->target_workers, w->tail);
    return task_queue_changed(s->engine, tx, q, &was);
}

VERB(order)
{
    struct task_queue was, *q = edit(s, tx, &task_queue_kind, w->at[1], &was);

    q->task_order = str_eq(w->at[2], "LIFO") ? ORDER_LIFO : ORDER_FIFO;
    return task_queue_changed(s->engine, tx, q, &was);
}

VERB(prefer)
{
    struct workspace was, *x = row_find(tx, &workspace_kind, s->workspace);

    was = *x;
    row_edit(tx, x);
    x->prioritize_queue_order = str_eq(w->at[1], "LIFO") ? ORDER_LIFO : ORDER_FIFO;
    return workspace_changed(s->engine, tx, x, &was);
}

VERB(single)
{
    struct workspace was, *x = row_find(tx, &workspace_kind, s->workspace);

    (void)w;
    was = *x;
    row_edit(tx, x);
    x->multi_task_enabled = false;
    return workspace_changed(s->engine, tx, x, &was);
}

VERB(optimize)
{
    struct task_channel *c = routing_channel(s->engine, tx, s->workspace, w->at[1]), was = *c;

    row_edit(tx, c);
    c->channel_optimized_routing = true;
    return task_channel_changed(s->engine, tx, c, &was);
}

VERB(rename)
{
    struct activity *a = row_find(tx, &activity_kind, activity_sid(s, w->at[1])), was = *a;

    row_edit(tx, a);
    row_set(tx, a, &a->friendly_name, w->at[2]);
    a->available = !a->available; /* which is ignored */
    return activity_changed(s->engine, tx, a, &was);
}

VERB(remove)
{
    struct task_channel *c = routing_channel(s->engine, tx, s->workspace, w->at[1]);
    const char *sid = map_get(&s->sids, w->at[1]) ? story_sid(s, w->at[1]) : c ? c->sid : activity_sid(s, w->at[1]);
    fault_t f;
    void *row;

    if ((row = row_find(tx, &worker_kind, sid)))
        f = worker_removed(s->engine, tx, row);
    else if ((row = row_find(tx, &task_queue_kind, sid)))
        f = task_queue_removed(s->engine, tx, row);
    else if ((row = row_find(tx, &workflow_kind, sid)))
        f = workflow_removed(s->engine, tx, row);
    else if ((row = row_find(tx, &task_channel_kind, sid)))
        f = task_channel_removed(s->engine, tx, row);
    else if ((row = row_find(tx, &activity_kind, sid)))
        f = activity_removed(s->engine, tx, row);
    else
        wrong(s, "%s is gone already", w->at[1]);
    if (!f)
        row_delete(tx, row);
    return f;
}

VERB(demolish)
{
    struct workspace *x = row_find(tx, &workspace_kind, s->workspace);
    fault_t f = workspace_removed(s->engine, tx, x);

    (void)w;
    row_delete(tx, x);
    return f;
}

static const struct { const char *word; fault_t (*run)(struct story *s, struct tx *tx, const struct words *w); } verbs[] = {
    { "worker", do_worker },     { "queue", do_queue },         { "workflow", do_workflow },     { "channel", do_channel },
    { "task", do_task },         { "update", do_update },       { "cancel", do_cancel },         { "wrapup", do_wrapup },
    { "finish", do_finish },     { "delete", do_delete },       { "accept", do_accept },         { "reject", do_reject },
    { "wrap", do_wrap },         { "complete", do_complete },   { "rescind", do_rescind },       { "fail", do_fail },
    { "activity", do_activity }, { "attributes", do_attributes }, { "name", do_name },           { "capacity", do_capacity },
    { "availability", do_availability }, { "rewrite", do_rewrite }, { "target", do_target },     { "order", do_order },
    { "prefer", do_prefer },     { "single", do_single },       { "optimize", do_optimize },     { "rename", do_rename },
    { "remove", do_remove },     { "demolish", do_demolish },
};

/* --- what must be true */

static bool is_check(const char *word);

struct open { struct story *s; struct text *out; };

static void put_worker_name(void *arg, struct reservation *r)
{
    struct open *o = arg;

    text_putf(o->out, " %s", r->worker_name);
}

static const char *rest_of(struct story *s, const struct words *w, size_t from)
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
        must(s, !t, "it is gone");
        return;
    }
    if (!t)
        wrong(s, "%s is gone", w->at[1]);
    if (str_eq(verb, "is")) {
        same_text(s, task_status_names[t->assignment_status], w->at[2]);
    } else if (str_eq(verb, "because")) {
        same_text(s, arena_printf(s->arena, " %s", t->reason), rest_of(s, w, 2));
    } else if (str_eq(verb, "in")) {
        same_text(s, t->task_queue_sid, story_sid(s, w->at[2]));
    } else if (str_eq(verb, "priority")) {
        same_number(s, t->priority, number(w->at[2]));
    } else {
        struct text out = { .arena = s->arena };
        struct open o = { s, &out };
        routing_each_reservation_of_task(s->engine, tx, t->sid, put_worker_name, &o);
        same_text(s, text_str(&out), rest_of(s, w, 2));
    }
}

static void check_worker(struct story *s, struct tx *tx, const struct words *w)
{
    const struct worker *k = row_find(tx, &worker_kind, story_sid(s, w->at[1]));

    if (str_eq(w->at[0], "at")) {
        same_text(s, k->activity_sid, activity_sid(s, w->at[2]));
    } else if (str_eq(w->at[0], "version")) {
        same_number(s, k->version, number(w->at[2]));
    } else {
        struct worker_channel *c = routing_worker_channel(s->engine, tx, k->sid, w->at[2]);
        same_number(s, routing_used(s->engine, c), number(w->at[3]));
        same_number(s, routing_percentage(s->engine, c), number(w->at[4]));
    }
}

static void check_members(struct story *s, struct tx *tx, const struct words *w)
{
    const struct worker *k;

    for (size_t i = 2; i < w->n; i++)
        if (!routing_queue_has(s->engine, story_sid(s, w->at[1]), story_sid(s, w->at[i])))
            wrong(s, "%s is not in %s", w->at[i], w->at[1]);
    size_t n = 0;
    for (size_t i = 0; (k = row_each(tx, &worker_kind, &i));)
        n += routing_queue_has(s->engine, story_sid(s, w->at[1]), k->sid);
    same_number(s, n, w->n - 2);
}

static void check_told(struct story *s, const struct words *w)
{
    const char *wanted = rest_of(s, w, 1);
    size_t n = s->told.n;

    same_text(s, n ? arena_printf(s->arena, " %.*s", (int)n - 1, s->told.s) : "", wanted);
    s->told.n = 0;
}

static const struct { const char *word; void (*check)(struct story *s, struct tx *tx, const struct words *w); } checks[] = {
    { "is", check_task },       { "because", check_task },   { "in", check_task },      { "offered", check_task }, { "gone", check_task },
    { "priority", check_task }, { "at", check_worker },      { "used", check_worker },  { "version", check_worker },
    { "members", check_members },
};

static bool is_check(const char *word)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (str_eq(checks[i].word, word))
            return true;
    return false;
}

/* --- playing */

struct line { struct story *s; struct words words; };

static fault_t run_line(struct tx *tx, void *arg)
{
    struct line *l = arg;

    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (str_eq(verbs[i].word, l->words.at[0]))
            return verbs[i].run(l->s, tx, &l->words);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (str_eq(checks[i].word, l->words.at[0])) {
            checks[i].check(l->s, tx, &l->words);
            return NULL;
        }
    wrong(l->s, "%s is not a verb", l->words.at[0]);
}

fault_t story_line(struct story *s, const char *line)
{
    struct line *l = arena_alloc(s->arena, sizeof *l);

    *l = (struct line){ s, split(s, line) };
    return ledger_do(s->ledger, s->arena, run_line, l);
}

static void refuse(struct story *s, const char *rest)
{
    const char *bar = strstr(rest, " | "), *before = story_memory(s);
    size_t told = s->told.n;
    fault_t f = story_line(s, bar + 3);

    if (!f)
        wrong(s, "not refused: %s", bar + 3);
    const char *wanted = with_sids(s, arena_strndup(s->arena, rest, (size_t)(bar - rest)));
    if (!strstr(arena_printf(s->arena, "%d %s", f->status, f->message), wanted))
        wrong(s, "%d %s\nis not: %s", f->status, f->message, wanted);
    same_text(s, story_memory(s), before);
    s->told.n = told;
}

static void play(struct story *s, const char *line)
{
    struct words w = split(s, line);

    if (str_eq(w.at[0], "refused")) {
        refuse(s, line + strlen("refused "));
    } else if (str_eq(w.at[0], "turn")) {
        ledger_turn(s->ledger, number(w.at[1]) * SECOND);
        story_check(s);
    } else if (str_eq(w.at[0], "reload")) {
        const char *before = story_memory(s);
        ledger_reload(s->ledger);
        same_text(s, story_memory(s), before);
    } else if (str_eq(w.at[0], "told")) {
        check_told(s, &w);
    } else if (str_eq(w.at[0], "deaf")) {
        s->told.n = 0;
    } else if (str_eq(w.at[0], "callbacks")) {
        same_number(s, s->callbacks, number(w.at[1]));
    } else {
        fault_t f = story_line(s, line);
        if (f)
            wrong(s, "%s", f->message);
        if (!is_check(w.at[0]))
            story_check(s);
    }
}

void story_play(struct story *s, const char *lines)
{
    for (const char *end; *lines; lines = *end ? end + 1 : end) {
        lines += strspn(lines, " ");
        end = lines + strcspn(lines, "\n");
        if (end == lines)
            continue;
        const char *line = arena_strndup(s->arena, lines, (size_t)(end - lines));
        s->line = line;
        play(s, line);
    }
}

/* --- the whole memory, and what must hold */

struct memory { struct story *s; const char *text; };

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

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
            for EACH_FIELD (f, routing_kinds[k]) {
                if (!field_is_column(f))
                    continue;
                if (field_is_text(f))
                    text_putf(&line, "%s ", *field_text(f, row) ? *field_text(f, row) : "-");
                else if (f->type == T_BOOL)
                    text_put_int(&line, *field_bool(f, row));
                else
                    text_putf(&line, "%lld ", f->type == T_ENUM ? (long long)*field_enum(f, row) : (long long)*field_int(f, row));
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
        wrong(s, "%s", f->message);
    return m->text;
}

static void check_pairs(struct story *s, struct tx *tx, struct task_live *t)
{
    const struct step *step = step_of(t);
    struct fact_subject subject = { NULL, t->queue };

    same_number(s, t->row.assignment_status, TASK_PENDING);
    for LIST_EACH (l, &t->workspace->workers) {
        struct worker_live *w = CONTAINER_OF(l, struct worker_live, in_workspace);
        struct worker_channel_live *c = worker_channel_for(w, t->channel);
        struct expr_scope scope = { .task = task_attributes(t), .worker = w->attributes, .fact = worker_fact, .subject = &subject, .now = tx->now };
        subject.worker = w;
        if (!c->ready || !bits_has(&t->queue->workers, w->slot) || (step && step->known))
            continue;
        if (!step || !step->expression || (!(expr_reads(step->expression) & EXPR_READS_TIME) && expr_eval(step->expression, &scope)))
            wrong(s, "%s waits while %s is free", t->row.sid, w->row.friendly_name);
    }
}

static fault_t check_all(struct tx *tx, void *arg)
{
    struct story *s = arg;
    struct worker_channel_live *c;
    struct task_live *t;
    struct reservation_live *r;

    for (size_t i = 0; (c = row_each(tx, &worker_channel_kind, &i));) {
        int64_t used = 0;
        for LIST_EACH (l, &c->worker->reservations)
            used += CONTAINER_OF(l, struct reservation_live, in_worker)->task->channel == c->channel;
        same_number(s, used, c->used);
    }
    for (size_t i = 0; (t = row_each(tx, &task_kind, &i));) {
        int pending = 0, others = 0;
        for LIST_EACH (l, &t->reservations) {
            r = CONTAINER_OF(l, struct reservation_live, in_task);
            pending += r->row.reservation_status == RESERVATION_PENDING;
            others += r->row.reservation_status != RESERVATION_PENDING;
        }
        enum task_status st = t->row.assignment_status;
        must(s, st == TASK_RESERVED ? pending > 0 && !others : !pending, "st == TASK_RESERVED ? pending > 0 && !others : !pending");
        must(s, st == TASK_ASSIGNED || st == TASK_WRAPPING ? others > 0 : !others, "st == TASK_ASSIGNED || st == TASK_WRAPPING ? others > 0 : !others");
        if (t->waiting)
            check_pairs(s, tx, t);
        must(s, t->waiting == (st == TASK_PENDING), "t->waiting == (st == TASK_PENDING)");
        if (st == TASK_PENDING || st == TASK_RESERVED || st == TASK_ASSIGNED)
            must(s, alarm_due(tx, ALARM_TASK, t->row.sid) != NO_VALUE, "alarm_due(tx, ALARM_TASK, t->row.sid) != NO_VALUE");
    }
    for (size_t i = 0; (r = row_each(tx, &reservation_kind, &i));)
        must(s, (r->row.reservation_status == RESERVATION_PENDING) == (alarm_due(tx, ALARM_RESERVATION, r->row.sid) != NO_VALUE), "(r->row.reservation_status == RESERVATION_PENDING) == (alarm_due(tx, ALARM_RESERVATION, r->row.sid) != NO_VALUE)");
    return NULL;
}

void story_check(struct story *s)
{
    fault_t f = ledger_do(s->ledger, s->arena, check_all, s);

    if (f)
        wrong(s, "%s", f->message);
}
