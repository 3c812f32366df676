/* A play: the actions of the history performed again, in a scratch ledger whose clock is turned from one to the next.
 *
 * Requests and people come, go and change when they did.  What people did with offers cannot be taken from the log, for
 * the offers are others now; so each worker answers his n-th offer as he answered his n-th in history, after as long;
 * and a request keeps its answerer as long as it was kept.  Both are alarms of the scratch ledger, so they ring in the
 * order of time, between those of the engine. */
#include "base/folder.h"
#include "whatif/internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALARM_ANSWER "whatif.answer" /* subject: A or R, and the reservation */
#define ALARM_DONE   "whatif.done"   /* subject: the task */

/* --- what people do --------------------------------------------------------------------------------------- */

static void answer_later(struct play *p, struct tx *tx, const struct reservation *r)
{
    struct member *m = map_get(&p->members, r->worker_sid);
    struct habit usual = { ACCEPTS, p->h->mean_delay };
    const struct habit *x = &usual;

    if (m && m->next_habit < m->person->habits.n)
        x = m->person->habits.at[m->next_habit++];
    if (x->answer != LETS_RING)
        alarm_set(tx, ALARM_ANSWER, arena_printf(tx->arena, "%c%s", x->answer == ACCEPTS ? 'A' : 'R', r->sid),
                  tx->now + x->delay);
}

static void finish_later(struct play *p, struct tx *tx, const char *task_sid)
{
    const struct request *r = map_get(&p->h->requests, task_sid);

    if (!r)
        return;
    if (p->seeding) /* he has had it for a while */
        alarm_set(tx, ALARM_DONE, task_sid, r->ended != NO_VALUE ? r->ended : p->h->o->from + p->h->mean_handling);
    else
        alarm_set(tx, ALARM_DONE, task_sid, tx->now + handling_of(p->h, r));
}

static void hear(void *arg, struct tx *tx, const struct event *e)
{
    struct play *p = arg;
    const json_t *facts = json_parse_object(tx->arena, e->data, strlen(e->data), NULL);
    const struct request *r = e->type == EV_TASK_CREATED ? map_get(&p->h->requests, e->resource_sid) : NULL;

    if (r ? r->created >= p->h->o->from
          : !p->seeding || e->type == EV_RESERVATION_ACCEPTED) /* else: it was there before */
        meter_hear(p->meter, e->type, e->at, facts);
    if (e->type == EV_RESERVATION_CREATED && !p->seeding)
        answer_later(p, tx, e->subject);
    else if (e->type == EV_RESERVATION_ACCEPTED)
        finish_later(p, tx, json_get_string(facts, "task_sid"));
}

/* Neither can be refused: what they move is looked at first. */
static void ring_answer(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct play *p = arg;
    struct reservation *r = row_find(tx, &reservation_kind, subject + 1);

    (void)due;
    if (!r || r->reservation_status != RESERVATION_PENDING)
        return;
    fault_t f = reservation_move(p->engine, tx, r, *subject == 'A' ? RESERVATION_ACCEPTED : RESERVATION_REJECTED, NULL);
    p->refused += f != NULL;
}

static void ring_done(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct play *p = arg;
    struct task *t = row_find(tx, &task_kind, subject);

    (void)due;
    if (!t || (t->assignment_status != TASK_ASSIGNED && t->assignment_status != TASK_WRAPPING))
        return;
    fault_t f = task_move(p->engine, tx, t, TASK_COMPLETED, NULL);
    p->refused += f != NULL;
}

/* --- actions on people ------------------------------------------------------------------------------------ */

static void *new_row(struct play *p, struct tx *tx, const struct kind *k, const char *sid)
{
    void *row = row_new(tx, k, sid);

    row_set(tx, row, field_text(field_named(k, "account_sid"), row), p->h->workflow->account_sid);
    row_set(tx, row, field_text(field_named(k, "workspace_sid"), row), p->h->workflow->workspace_sid);
    return row;
}

static fault_t set_capacity(struct play *p, struct tx *tx, const char *worker_sid, const char *channel,
                            int64_t capacity, bool available)
{
    struct worker_channel was, *c = routing_worker_channel(p->engine, tx, worker_sid, channel);

    if (!c)
        return NULL;
    was = *c;
    row_edit(tx, c);
    c->configured_capacity = capacity;
    c->available = available;
    return worker_channel_changed(p->engine, tx, c, &was);
}

static fault_t come(struct play *p, struct tx *tx, const struct member *m, const struct action *a)
{
    struct worker *w = new_row(p, tx, &worker_kind, m->sid);
    const char *key;
    json_t *v;

    row_set(tx, w, &w->friendly_name, m->like ? m->name : a->name);
    row_set(tx, w, &w->attributes, m->attributes ? m->attributes : m->like ? m->person->attributes : a->attributes);
    row_set(tx, w, &w->activity_sid, m->person->activity_sid);
    fault_t f = worker_created(p->engine, tx, w);
    json_object_foreach((json_t *)m->capacity, key, v) if (!f) f =
        set_capacity(p, tx, m->sid, key, json_integer_value(v), true);
    return f;
}

static fault_t move_to(struct play *p, struct tx *tx, struct worker *w, const char *activity_sid)
{
    struct worker was = *w;

    was.activity_sid = arena_strdup(tx->arena, was.activity_sid);
    row_edit(tx, w);
    row_set(tx, w, &w->activity_sid, activity_sid);
    return worker_changed(p->engine, tx, w, &was, false);
}

static fault_t change(struct play *p, struct tx *tx, struct worker *w, const struct action *a)
{
    struct worker was = *w;

    was.attributes = arena_strdup(tx->arena, was.attributes);
    row_edit(tx, w);
    row_set(tx, w, &w->attributes, a->attributes);
    return worker_changed(p->engine, tx, w, &was, false);
}

/* Who still has work in the play stays until it is done, but takes no more. */
static fault_t go(struct play *p, struct tx *tx, struct worker *w)
{
    const struct workspace *ws = row_find(tx, &workspace_kind, w->workspace_sid);

    if (worker_removed(p->engine, tx, w))
        return move_to(p, tx, w, ws->default_activity_sid);
    row_delete(tx, w);
    return NULL;
}

static fault_t act_on(struct play *p, struct tx *tx, const struct member *m, const struct action *a)
{
    struct worker *w = row_find(tx, &worker_kind, m->sid);

    if (a->kind == PERSON_COMES)
        return w ? NULL : come(p, tx, m, a);
    if (!w)
        return NULL;
    switch (a->kind) {
    case PERSON_GOES:
        return go(p, tx, w);
    case PERSON_MOVES:
        return move_to(p, tx, w, a->sid);
    case PERSON_CHANGES:
        return m->attributes || m->like ? NULL : change(p, tx, w, a);
    default:
        return m->capacity ? NULL : set_capacity(p, tx, m->sid, a->sid, a->capacity, a->available);
    }
}

/* --- actions on requests ---------------------------------------------------------------------------------- */

static struct task *make_task(struct play *p, struct tx *tx, const struct request *r)
{
    struct task *t = new_row(p, tx, &task_kind, r->sid);

    row_set(tx, t, &t->attributes, r->attributes);
    row_set(tx, t, &t->task_channel_sid, r->channel_sid);
    row_set(tx, t, &t->workflow_sid, r->workflow_sid);
    row_set(tx, t, &t->routing_target, r->target);
    if (r->target && str_starts(r->target, "WK"))
        row_set(tx, t, &t->task_queue_sid, r->queue_sid);
    t->ignore_capacity = r->ignore_capacity;
    t->priority = r->priority;
    t->timeout = r->timeout;
    t->virtual_start_time = r->virtual_start;
    t->date_created = r->created;
    return t;
}

static fault_t change_request(struct play *p, struct tx *tx, struct task *t, const struct action *a)
{
    struct task was = *t;

    was.attributes = arena_strdup(tx->arena, was.attributes);
    row_edit(tx, t);
    if (a->attributes)
        row_set(tx, t, &t->attributes, a->attributes);
    if (a->priority != NO_VALUE)
        t->priority = a->priority;
    return task_changed(p->engine, tx, t, &was);
}

static fault_t act_on_request(struct play *p, struct tx *tx, const struct action *a)
{
    if (a->kind == REQUEST_COMES)
        return task_created(p->engine, tx, make_task(p, tx, a->request));
    struct task *t = row_find(tx, &task_kind, a->request->sid);
    if (!t || (t->assignment_status != TASK_PENDING && t->assignment_status != TASK_RESERVED))
        return NULL; /* somebody has it, or it is over */
    if (a->kind == REQUEST_CHANGES)
        return change_request(p, tx, t, a);
    return task_move(p->engine, tx, t, TASK_CANCELED, a->reason);
}

/* --- performing ------------------------------------------------------------------------------------------- */

struct step {
    struct play *p;
    const struct action *action;
    const struct member *member;
};

static fault_t perform_one(struct tx *tx, void *arg)
{
    struct step *s = arg;

    return s->member ? act_on(s->p, tx, s->member, s->action) : act_on_request(s->p, tx, s->action);
}

static void perform(struct play *p, const struct action *a)
{
    _arena_ struct arena *arena = arena_new();
    struct step s = { .p = p, .action = a };

    if (!a->person) {
        fault_t f = ledger_do(p->ledger, arena, perform_one, &s);
        p->refused += f && a->kind == REQUEST_COMES;
        return;
    }
    for (size_t i = 0; i < p->team.n; i++) { /* the person, and newcomers who do as he does */
        const struct member *m = p->team.at[i];
        s.member = m;
        if (m->gone || (m->person != a->person && !(m->like && m->like->person == a->person)))
            continue;
        fault_t f = ledger_do(p->ledger, arena, perform_one, &s);
        (void)f; /* an activity that is gone: he stays where he is */
    }
}

/* --- the beginning ---------------------------------------------------------------------------------------- */

static fault_t make_changes(struct tx *tx, void *arg)
{
    struct play *p = arg;
    const struct whatif_options *o = p->h->o;
    fault_t f = NULL;

    for (size_t i = 0; i < o->nqueues && !f; i++) {
        struct task_queue was, *q = row_find(tx, &task_queue_kind, o->queues[i].sid);
        if (!q)
            return fault(tx->arena, F_INVALID_PARAMETER, "there is no queue %s in the workspace", o->queues[i].sid);
        was = *q;
        was.target_workers = arena_strdup(tx->arena, was.target_workers);
        row_edit(tx, q);
        row_set(tx, q, &q->target_workers, o->queues[i].expression);
        f = task_queue_changed(p->engine, tx, q, &was);
    }
    if (f || !o->configuration)
        return f;
    struct workflow was, *w = row_find(tx, &workflow_kind, o->workflow_sid);
    was = *w;
    was.configuration = arena_strdup(tx->arena, was.configuration);
    row_edit(tx, w);
    row_set(tx, w, &w->configuration, o->configuration);
    return workflow_changed(p->engine, tx, w, &was, true);
}

struct seed {
    struct play *p;
    const struct request *request;
};

static void find_first(void *arg, struct reservation *r)
{
    *(struct reservation **)arg = r;
}

/* It is in somebody's hands already: offered to him and accepted, and his place in the line is as it was. */
static fault_t seed_held(struct play *p, struct tx *tx, const struct request *r)
{
    struct worker_channel was, *c;
    struct reservation *reservation = NULL;
    struct task *t = make_task(p, tx, r);

    row_set(tx, t, &t->routing_target, r->holder);
    row_set(tx, t, &t->task_queue_sid, r->queue_sid);
    t->ignore_capacity = true;
    c = routing_worker_channel(p->engine, tx, r->holder, r->channel_sid);
    int64_t reserved = c ? c->last_reserved_time : NO_VALUE;
    fault_t f = task_created(p->engine, tx, t);
    if (f)
        return f;
    routing_each_reservation_of_task(p->engine, tx, t->sid, find_first, &reservation);
    f = reservation ? reservation_move(p->engine, tx, reservation, RESERVATION_ACCEPTED, NULL) : NULL;
    if (f || !c)
        return f;
    was = *c;
    row_edit(tx, c);
    c->last_reserved_time = reserved;
    return worker_channel_changed(p->engine, tx, c, &was);
}

static fault_t seed_one(struct tx *tx, void *arg)
{
    struct seed *s = arg;

    return s->request->held ? seed_held(s->p, tx, s->request)
                            : task_created(s->p->engine, tx, make_task(s->p, tx, s->request));
}

static void seed(struct play *p, bool held)
{
    _arena_ struct arena *a = arena_new();
    const struct member *m;

    for (size_t i = 0; i < p->h->all_requests.n; i++) {
        struct seed s = { p, p->h->all_requests.at[i] };
        if (!s.request->open || s.request->held != held)
            continue;
        if (held && (!(m = map_get(&p->members, s.request->holder)) || m->gone))
            continue; /* who had it is not of this team */
        fault_t f = ledger_do(p->ledger, a, seed_one, &s);
        (void)f; /* its workflow or queue has been deleted since */
    }
}

/* --- the stage -------------------------------------------------------------------------------------------- */

static const char *make_folder(struct play *p)
{
    const char *temporary = getenv("TMPDIR");

    if (access("/dev/shm", W_OK) == 0) /* in memory: nothing here has to last */
        temporary = "/dev/shm";
    char *folder = arena_printf(p->arena, "%s/plugboard-whatif-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        return arena_printf(p->arena, "%s cannot be made", folder);
    p->folder = folder;
    return NULL;
}

static const char *set_stage(struct play *p)
{
    const char *why = make_folder(p);

    if (why)
        return why;
    p->store = store_open(p->arena, p->folder, &why);
    if (!p->store)
        return why;
    struct ledger_config c = { p->store, p->clock, routing_kinds, ROUTING_KINDS };
    p->ledger = ledger_new(p->arena, &c, &why);
    if (!p->ledger)
        return why;
    p->engine = routing_new(p->ledger);
    ledger_listen(p->ledger, &(struct listener){ "", hear, p });
    ledger_alarm(p->ledger, &(struct alarm_kind){ ALARM_ANSWER, ring_answer, p });
    ledger_alarm(p->ledger, &(struct alarm_kind){ ALARM_DONE, ring_done, p });
    if (!team_insert(p, ledger_db(p->ledger))) {
        why = arena_printf(p->arena, "the scratch store: %s", db_error(ledger_db(p->ledger)));
        db_rollback(ledger_db(p->ledger));
        return why;
    }
    return ledger_start(p->ledger, p->arena, &why) ? NULL : why;
}

static void clear_stage(struct play *p)
{
    if (p->ledger)
        ledger_stop(p->ledger);
    if (p->engine)
        routing_free(p->engine);
    if (p->ledger)
        ledger_free(p->ledger);
    store_close(p->store);
    clock_free(p->clock);
    if (p->folder)
        folder_remove(p->folder);
    map_clear(&p->members);
}

static const char *perform_all(struct play *p)
{
    const struct history *h = p->h;
    fault_t f = p->changed ? ledger_do(p->ledger, p->arena, make_changes, p) : NULL;

    if (f)
        return f->message;
    p->seeding = true;
    seed(p, true);
    p->seeding = false;
    seed(p, false);
    for (size_t i = 0; i < h->actions.n; i++) {
        const struct action *a = h->actions.at[i];
        int64_t now = clock_now(p->clock);
        if (h->o->stop && h->o->stop())
            return "stopped";
        if (a->at > now)
            ledger_turn(p->ledger, a->at - now);
        perform(p, a);
    }
    ledger_turn(p->ledger, h->o->to - clock_now(p->clock));
    return ledger_ready(p->ledger) ? NULL : "the scratch store failed";
}

const char *play_run(struct play *p)
{
    const char *why;

    p->clock = clock_test(p->h->o->from);
    p->sids = (struct sid_source){ .clock = p->clock };
    p->team.arena = p->arena;
    p->meter = meter_new(p->arena, p->h->o, &p->h->available);
    why = team_make(p);
    why = why ? why : set_stage(p);
    why = why ? why : perform_all(p);
    clear_stage(p);
    return why;
}
