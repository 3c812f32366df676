#include "routing/story.h"
#include "base/folder.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char account[] = "AC00000000000000000000000000000001";
static const int64_t start = 1767225600000; /* 2026-01-01, a Thursday */

/* Most of this runs on the ledger's thread, where cmocka cannot fail a test; so a story that goes wrong ends the
 * program. */
void story_wrong(struct story *s, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fprintf(stderr, "\nWRONG in \"%s\", line: %s\n  ", s->title ? s->title : "", s->line ? s->line : "");
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\n");
    va_end(ap);
    abort();
}

void story_text(struct story *s, const char *got, const char *wanted)
{
    if (!str_eq(got, wanted))
        story_wrong(s, "is      %s\n  not     %s", got, wanted);
}

void story_number(struct story *s, int64_t got, int64_t wanted)
{
    if (got != wanted)
        story_wrong(s, "is %lld, not %lld", (long long)got, (long long)wanted);
}

void story_must(struct story *s, bool ok, const char *what)
{
    if (!ok)
        story_wrong(s, "does not hold: %s", what);
}

/* --- opening and closing */

static void hear(void *arg, struct tx *tx, const struct event *e)
{
    struct story *s = arg;

    (void)tx;
    text_put(&s->told, event_name(e->type));
    text_put(&s->told, " ");
    if (!str_starts(event_name(e->type), "instruction."))
        return;
    ((struct instruction *)e->subject)->taken = s->telephone;
    s->asked = arena_strdup(s->arena, strstr(e->data, "\"parameters\":") + strlen("\"parameters\":"));
}

static void assign(void *arg, struct tx *tx, const struct reservation *r, const struct task *t, const struct worker *w,
                   const struct workflow *f)
{
    struct story *s = arg;

    story_must(s, tx, "a transaction");
    story_text(s, r->task_sid, t->sid);
    story_text(s, r->worker_sid, w->sid);
    story_must(s, f->assignment_callback_url, "a callback");
    s->callbacks++;
}

static fault_t add_workspace(struct story *s, struct tx *tx, bool multi, const char *const *activities)
{
    struct workspace *w = row_new(tx, &workspace_kind, NULL);

    row_set(tx, w, &w->account_sid, account);
    row_set(tx, w, &w->friendly_name, "Stage");
    w->multi_task_enabled = multi;
    s->workspace = arena_strdup(s->arena, w->sid);
    return workspace_created(s->engine, tx, w, false, activities);
}

static fault_t make_workspace(struct tx *tx, void *arg)
{
    static const char *const activities[] = { "Offline", "Available", "Unavailable", "Break", NULL };

    return add_workspace(arg, tx, true, activities);
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
    story_must(s, mkdtemp(folder), "a folder");
    s->folder = arena_strdup(s->arena, folder);
    s->clock = clock_test(start);
    s->store = store_open(s->arena, s->folder, &why);
    story_must(s, !why, why);
    s->ledger = ledger_new(s->arena, &(struct ledger_config){ s->store, s->clock, routing_kinds, ROUTING_KINDS }, &why);
    story_must(s, !why, why);
    s->engine = routing_new(s->ledger);
    ledger_listen(s->ledger, &(struct listener){ "", hear, s });
    routing_callbacks(s->engine, port_of(s));
    story_must(s, ledger_start(s->ledger, s->arena, &why), "ledger_start(s->ledger, s->arena, &why)");
    story_must(s, !ledger_do(s->ledger, s->arena, make_workspace, s), "a workspace");
    s->told.n = 0;
}

void story_close(struct story *s)
{
    const char *before = story_memory(s);

    story_check(s);
    ledger_reload(s->ledger);
    story_text(s, story_memory(s), before);
    ledger_stop(s->ledger);
    routing_free(s->engine);
    ledger_free(s->ledger);
    store_close(s->store);
    clock_free(s->clock);
    folder_remove(s->folder);
    map_clear(&s->sids);
    arena_free(s->arena);
}

/* --- names */

const char *story_activity(struct story *s, const char *name)
{
    struct workspace_live *w = find_workspace(s->engine, NULL, s->workspace);

    for (LIST_EACH(l, &w->activities))
        if (str_eq(CONTAINER_OF(l, struct activity_live, in_workspace)->row.friendly_name, name))
            return CONTAINER_OF(l, struct activity_live, in_workspace)->row.sid;
    story_wrong(s, "there is no activity %s", name);
    return NULL;
}

const char *story_sid(struct story *s, const char *name)
{
    const char *sid = sid_valid(name, NULL) ? name : map_get(&s->sids, name);

    if (!sid)
        story_wrong(s, "nothing is called %s", name);
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
        text_put(&out, map_get(&s->sids, name) ? story_sid(s, name) : story_activity(s, name));
        text += n;
    }
    return text_str(&out);
}

/* --- words of a line */

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

int64_t story_digits(const char *s)
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
        story_wrong(s, "%s is gone", name);
    memcpy(was, row, k->size);
    row_edit(tx, row);
    return row;
}

VERB(worker)
{
    struct worker *k = new_row(s, tx, &worker_kind, w->at[1]);

    row_set(tx, k, &k->friendly_name, w->at[1]);
    if (w->n > 2)
        row_set(tx, k, &k->activity_sid, story_activity(s, w->at[2]));
    row_set(tx, k, &k->attributes, w->tail);
    return worker_created(s->engine, tx, k);
}

VERB(queue)
{
    struct task_queue *q = new_row(s, tx, &task_queue_kind, w->at[1]);

    row_set(tx, q, &q->friendly_name, w->at[1]);
    row_set(tx, q, &q->target_workers, w->tail ? w->tail : "1==1");
    q->max_reserved_workers = option(w, "most") ? story_digits(option(w, "most")) : 1;
    q->task_order = says(w, "LIFO") ? ORDER_LIFO : ORDER_FIFO;
    if (option(w, "reserved"))
        row_set(tx, q, &q->reservation_activity_sid, story_activity(s, option(w, "reserved")));
    if (option(w, "assigned"))
        row_set(tx, q, &q->assignment_activity_sid, story_activity(s, option(w, "assigned")));
    return task_queue_created(s->engine, tx, q);
}

VERB(workflow)
{
    struct workflow *f = new_row(s, tx, &workflow_kind, w->at[1]);

    row_set(tx, f, &f->friendly_name, w->at[1]);
    row_set(tx, f, &f->configuration, w->tail);
    f->task_reservation_timeout = option(w, "timeout") ? story_digits(option(w, "timeout")) : 120;
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
    t->priority = option(w, "priority") ? story_digits(option(w, "priority")) : NO_VALUE;
    t->timeout = option(w, "timeout") ? story_digits(option(w, "timeout")) : NO_VALUE;
    t->virtual_start_time = option(w, "start") ? tx->now + SECOND * story_digits(option(w, "start")) : NO_VALUE;
    t->ignore_capacity = !says(w, "respectful");
    row_set(tx, t, &t->task_channel_sid, option(w, "channel"));
    row_set(tx, t, &t->workflow_sid, option(w, "workflow") ? story_sid(s, option(w, "workflow")) : NULL);
    row_set(tx, t, &t->task_queue_sid, option(w, "queue") ? story_sid(s, option(w, "queue")) : NULL);
    row_set(tx, t, &t->routing_target, option(w, "target") ? story_sid(s, option(w, "target")) : NULL);
    return task_created(s->engine, tx, t);
}

static fault_t gone(struct tx *tx, const struct words *w)
{
    return fault(tx->arena, F_NOT_FOUND, "%s is gone", w->at[1]);
}

VERB(update)
{
    if (!row_find(tx, &task_kind, story_sid(s, w->at[1])))
        return gone(tx, w);
    struct task was, *t = edit(s, tx, &task_kind, w->at[1], &was);
    if (w->tail)
        row_set(tx, t, &t->attributes, w->tail);
    if (option(w, "priority"))
        t->priority = story_digits(option(w, "priority"));
    if (option(w, "start"))
        t->virtual_start_time = tx->now + SECOND * story_digits(option(w, "start"));
    if (option(w, "channel"))
        row_set(tx, t, &t->task_channel_sid, option(w, "channel"));
    return task_changed(s->engine, tx, t, &was);
}

static fault_t move_task(struct story *s, struct tx *tx, const struct words *w, enum task_status to, const char *reason)
{
    struct task *t = row_find(tx, &task_kind, story_sid(s, w->at[1]));

    return t ? task_move(s->engine, tx, t, to, reason) : gone(tx, w);
}

VERB(cancel)
{
    return move_task(s, tx, w, TASK_CANCELED, "on request");
}
VERB(wrapup)
{
    return move_task(s, tx, w, TASK_WRAPPING, NULL);
}
VERB(finish)
{
    return move_task(s, tx, w, TASK_COMPLETED, "done");
}

VERB(delete)
{
    struct task *t = row_find(tx, &task_kind, story_sid(s, w->at[1]));
    fault_t f = t ? task_removed(s->engine, tx, t) : gone(tx, w);

    if (!f)
        row_delete(tx, t);
    return f;
}

struct search {
    const char *worker_sid, *found;
};

static bool last_of_worker(void *arg, void *row)
{
    struct search *x = arg;
    const struct reservation *r = row;

    if (!x->worker_sid || str_eq(r->worker_sid, x->worker_sid))
        x->found = r->sid;
    return true;
}

/* The newest reservation of that task and worker (or anybody), open or not. */
static struct reservation *find_reservation(struct story *s, struct tx *tx, const char *task, const char *worker)
{
    struct condition of_task = { .column = "task_sid", .compare = IS, .value = value_text(story_sid(s, task)) };
    struct search x = { .worker_sid = str_eq(worker, "anybody") ? NULL : story_sid(s, worker) };

    story_number(s,
                 record_select(tx->db, tx->arena, &reservation_kind,
                               &(struct selection){ .conditions = &of_task, .nconditions = 1 }, last_of_worker, &x),
                 DB_OK);
    return x.found ? row_find(tx, &reservation_kind, x.found) : NULL;
}

static fault_t move_reservation(struct story *s, struct tx *tx, const struct words *w, enum reservation_status to)
{
    struct reservation *r = find_reservation(s, tx, w->at[1], w->at[2]);

    if (!r)
        return gone(tx, w);
    return reservation_move(s->engine, tx, r, to, w->n > 3 ? story_activity(s, w->at[3]) : NULL);
}

VERB(accept)
{
    return move_reservation(s, tx, w, RESERVATION_ACCEPTED);
}
VERB(reject)
{
    return move_reservation(s, tx, w, RESERVATION_REJECTED);
}
VERB(wrap)
{
    return move_reservation(s, tx, w, RESERVATION_WRAPPING);
}
VERB(complete)
{
    return move_reservation(s, tx, w, RESERVATION_COMPLETED);
}
VERB(rescind)
{
    return move_reservation(s, tx, w, RESERVATION_RESCINDED);
}

/* transfer T Ann Bob cold: Ann, who has T, hands it to the worker or queue Bob. */
VERB(transfer)
{
    struct reservation *r = find_reservation(s, tx, w->at[1], w->at[2]);

    if (!r)
        return gone(tx, w);
    struct transfer *x = row_new(tx, &transfer_kind, NULL);
    row_set(tx, x, &x->account_sid, account);
    row_set(tx, x, &x->workspace_sid, s->workspace);
    row_set(tx, x, &x->task_sid, r->task_sid);
    row_set(tx, x, &x->initiating_reservation_sid, r->sid);
    row_set(tx, x, &x->transfer_to, story_sid(s, w->at[3]));
    x->transfer_mode = says(w, "cold") ? TRANSFER_COLD : TRANSFER_WARM;
    return transfer_created(s->engine, tx, x);
}

VERB(recall)
{
    struct transfer *x = story_transfer(s, tx, w->at[1]);

    return x ? transfer_cancel(s->engine, tx, x) : gone(tx, w);
}

struct spoken {
    struct story *s;
    const struct words *words;
};

static const char *given(void *arg, const struct instruction_param *p)
{
    const struct spoken *x = arg;
    const char *text = option(x->words, p->name);

    return text ? with_sids(x->s, text) : NULL;
}

/* instruct T Ann call CallTo=+1555 */
VERB(instruct)
{
    struct reservation *r = find_reservation(s, tx, w->at[1], w->at[2]);

    if (!r)
        return gone(tx, w);
    return reservation_instruct(
        s->engine, tx, r, &(struct instruction){ .name = w->at[3], .given = given, .arg = &(struct spoken){ s, w } });
}

VERB(telephone)
{
    (void)tx;
    s->telephone = str_eq(w->at[1], "yes");
    return NULL;
}

VERB(fail)
{
    struct reservation *r = find_reservation(s, tx, w->at[1], w->at[2]);

    if (!r)
        return gone(tx, w);
    reservation_fail(s->engine, tx, r, 40145);
    return NULL;
}

VERB(activity)
{
    struct worker was, *k = edit(s, tx, &worker_kind, w->at[1], &was);

    was.activity_sid = arena_strdup(tx->arena, was.activity_sid);
    row_set(tx, k, &k->activity_sid, story_activity(s, w->at[2]));
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

static struct worker_channel *edit_channel(struct story *s, struct tx *tx, const struct words *w,
                                           struct worker_channel *was)
{
    struct worker_channel *c = routing_worker_channel(s->engine, tx, story_sid(s, w->at[1]), w->at[2]);

    *was = *c;
    row_edit(tx, c);
    return c;
}

VERB(capacity)
{
    struct worker_channel was, *c = edit_channel(s, tx, w, &was);

    c->configured_capacity = story_digits(w->at[3]);
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
    (void)w;
    return add_workspace(s, tx, false, NULL);
}

static fault_t change_tasking(struct story *s, struct tx *tx, bool multi)
{
    struct workspace was, *x = row_find(tx, &workspace_kind, s->workspace);

    was = *x;
    row_edit(tx, x);
    x->multi_task_enabled = multi;
    return workspace_changed(s->engine, tx, x, &was);
}

VERB(multi)
{
    (void)w;
    return change_tasking(s, tx, true);
}
VERB(monotask)
{
    (void)w;
    return change_tasking(s, tx, false);
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
    struct activity *a = row_find(tx, &activity_kind, story_activity(s, w->at[1])), was = *a;

    row_edit(tx, a);
    row_set(tx, a, &a->friendly_name, w->at[2]);
    a->available = !a->available; /* which is ignored */
    return activity_changed(s->engine, tx, a, &was);
}

VERB(remove)
{
    struct task_channel *c = routing_channel(s->engine, tx, s->workspace, w->at[1]);
    const char *sid = map_get(&s->sids, w->at[1]) ? story_sid(s, w->at[1]) : c ? c->sid : story_activity(s, w->at[1]);
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
        story_wrong(s, "%s is gone already", w->at[1]);
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

typedef fault_t verb_t(struct story *s, struct tx *tx, const struct words *w);
static const struct {
    const char *word;
    verb_t *run;
} verbs[] = {
    { "worker", do_worker },     { "queue", do_queue },       { "workflow", do_workflow },
    { "channel", do_channel },   { "task", do_task },         { "update", do_update },
    { "cancel", do_cancel },     { "wrapup", do_wrapup },     { "finish", do_finish },
    { "delete", do_delete },     { "accept", do_accept },     { "reject", do_reject },
    { "wrap", do_wrap },         { "complete", do_complete }, { "rescind", do_rescind },
    { "fail", do_fail },         { "activity", do_activity }, { "attributes", do_attributes },
    { "name", do_name },         { "capacity", do_capacity }, { "availability", do_availability },
    { "rewrite", do_rewrite },   { "target", do_target },     { "order", do_order },
    { "prefer", do_prefer },     { "single", do_single },     { "optimize", do_optimize },
    { "rename", do_rename },     { "remove", do_remove },     { "demolish", do_demolish },
    { "transfer", do_transfer }, { "recall", do_recall },     { "multi", do_multi },
    { "monotask", do_monotask }, { "instruct", do_instruct }, { "telephone", do_telephone },
};

/* --- playing */

static void check_told(struct story *s, const struct words *w)
{
    const char *wanted = story_rest(s, w, 1);
    size_t n = s->told.n;

    story_text(s, n ? arena_printf(s->arena, " %.*s", (int)n - 1, s->told.s) : "", wanted);
    s->told.n = 0;
}

struct line {
    struct story *s;
    struct words words;
    bool undo;
};

/* A line that begins with "undo" is refused when all of it has been done. */
static fault_t run_verb(struct line *l, struct tx *tx, verb_t *run)
{
    fault_t f = run(l->s, tx, &l->words);

    return f || !l->undo ? f : fault(tx->arena, F_CONFLICT, "undone");
}

static fault_t run_line(struct tx *tx, void *arg)
{
    struct line *l = arg;

    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (str_eq(verbs[i].word, l->words.at[0]))
            return run_verb(l, tx, verbs[i].run);
    if (story_look(l->s, tx, &l->words))
        return NULL;
    story_wrong(l->s, "%s is not a verb", l->words.at[0]);
}

fault_t story_line(struct story *s, const char *line)
{
    struct line *l = arena_alloc(s->arena, sizeof *l);

    l->s = s;
    l->undo = str_starts(line, "undo ");
    l->words = split(s, l->undo ? line + 5 : line);
    s->line = line;
    return ledger_do(s->ledger, s->arena, run_line, l);
}

static void refuse(struct story *s, const char *rest)
{
    const char *bar = strstr(rest, " | "), *before = story_memory(s);
    size_t told = s->told.n;
    fault_t f = story_line(s, bar + 3);

    if (!f)
        story_wrong(s, "not refused: %s", bar + 3);
    const char *wanted = with_sids(s, arena_strndup(s->arena, rest, (size_t)(bar - rest)));
    if (!strstr(arena_printf(s->arena, "%d %s", f->status, f->message), wanted))
        story_wrong(s, "%d %s\nis not: %s", f->status, f->message, wanted);
    story_text(s, story_memory(s), before);
    s->told.n = told;
}

static void play(struct story *s, const char *line)
{
    struct words w = split(s, line);

    if (str_eq(w.at[0], "refused")) {
        refuse(s, line + strlen("refused "));
    } else if (str_eq(w.at[0], "undo")) {
        const char *before = story_memory(s);
        story_must(s, story_line(s, line), "it is undone");
        story_text(s, story_memory(s), before);
    } else if (str_eq(w.at[0], "repeat")) {
        for (int64_t n = story_digits(w.at[1]); n > 0; n--)
            play(s, strstr(line, w.at[2]));
    } else if (str_eq(w.at[0], "turn")) {
        ledger_turn(s->ledger, story_digits(w.at[1]) * SECOND);
        story_check(s);
    } else if (str_eq(w.at[0], "reload")) {
        const char *before = story_memory(s);
        ledger_reload(s->ledger);
        story_text(s, story_memory(s), before);
    } else if (str_eq(w.at[0], "told")) {
        check_told(s, &w);
    } else if (str_eq(w.at[0], "deaf")) {
        s->told.n = 0;
    } else if (str_eq(w.at[0], "asked")) {
        story_text(s, s->asked, arena_printf(s->arena, "%s}", w.tail));
    } else if (str_eq(w.at[0], "callbacks")) {
        story_number(s, s->callbacks, story_digits(w.at[1]));
    } else {
        fault_t f = story_line(s, line);
        if (f)
            story_wrong(s, "%s", f->message);
        if (!story_is_check(w.at[0]))
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
