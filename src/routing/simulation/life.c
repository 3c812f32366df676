/* What people do all day: tasks come, workers answer, finish, go home. */
#include "routing/simulation/world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char simulated_account[] = "AC00000000000000000000000000000001";

/* --- dice */

uint64_t roll(struct dice *d, uint64_t below)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return (d->state * 0x2545f4914f6cdd1d >> 32) % below;
}

const char *pick(struct dice *d, const char *const *of, size_t n)
{
    return of[roll(d, n)];
}

/* --- whom it is about */

void sids_add(struct sids *s, const char *sid)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 64;
        s->at = reallocarray(s->at, s->cap, sizeof *s->at);
        if (!s->at)
            abort();
    }
    snprintf(s->at[s->n++].s, SID_SIZE, "%s", sid);
}

void *any_of(struct world *w, struct sids *of)
{
    while (of->n) {
        size_t i = roll(&w->dice, of->n);
        void *row = map_get(&w->engine->rows, of->at[i].s);
        if (row)
            return row;
        of->at[i] = of->at[--of->n];
    }
    return NULL;
}

fault_t nothing_to_do(struct world *w)
{
    w->idle = true;
    return NULL;
}

void *new_row(struct world *w, struct tx *tx, const struct kind *k)
{
    void *row = row_new(tx, k, NULL);

    row_set(tx, row, field_text(field_named(k, "account_sid"), row), simulated_account);
    row_set(tx, row, field_text(field_named(k, "workspace_sid"), row), w->workspace);
    return row;
}

const char *random_skills(struct world *w, struct tx *tx)
{
    const char *level = one_in(&w->dice, 8) ? "" : arena_printf(tx->arena, ",\"level\":%d", (int)roll(&w->dice, 5));

    return arena_printf(tx->arena, "{\"skills\":[\"%s\",\"%s\"],\"lang\":\"%s\"%s}", PICK(&w->dice, "a", "b", "c"),
                        PICK(&w->dice, "c", "d"), PICK(&w->dice, "en", "fr"), level);
}

static const char *random_needs(struct world *w, struct tx *tx)
{
    const struct worker_live *k = any_of(w, &w->workers);

    return arena_printf(tx->arena, "{\"kind\":%d,\"lang\":\"%s\",\"agent\":\"%s\"}", (int)roll(&w->dice, 7),
                        PICK(&w->dice, "en", "fr"), k ? k->row.friendly_name : "nobody");
}

static const char *random_channel(struct world *w)
{
    return one_in(&w->dice, 3) ? ((struct channel_live *)any_of(w, &w->channels))->row.sid
                               : PICK(&w->dice, "default", "voice", "chat");
}

/* --- tasks */

/* Whole minutes, so that there are several of the same. */
static int64_t some_start(struct world *w, struct tx *tx)
{
    return tx->now - tx->now % MINUTE - (int64_t)roll(&w->dice, 3) * MINUTE;
}

static fault_t make_task(struct world *w, struct tx *tx)
{
    struct dice *d = &w->dice;

    if ((int64_t)w->tasks.n > w->plan.tasks && !one_in(d, 8))
        return nothing_to_do(w);
    struct task *t = new_row(w, tx, &task_kind);
    struct workflow_live *f = any_of(w, &w->workflows);
    struct queue_live *q = any_of(w, &w->queues);
    struct worker_live *k = any_of(w, &w->workers);
    const char *target = NULL;

    if (one_in(d, 10))
        target = one_in(d, 3) ? f->row.sid : one_in(d, 2) || !k ? q->row.sid : k->row.sid;
    row_set(tx, t, &t->attributes, one_in(d, 200) ? "[]" : random_needs(w, tx));
    t->priority = one_in(d, 3) ? (int64_t)roll(d, 10) : NO_VALUE;
    t->timeout = one_in(d, 50) ? NO_VALUE : 20 + (int64_t)roll(d, one_in(d, 4) ? 5000 : 300);
    t->virtual_start_time = one_in(d, 3) ? some_start(w, tx) : NO_VALUE;
    t->ignore_capacity = one_in(d, 2);
    row_set(tx, t, &t->task_channel_sid, random_channel(w));
    row_set(tx, t, &t->workflow_sid, one_in(d, 40) ? NULL : f->row.sid);
    row_set(tx, t, &t->task_queue_sid, one_in(d, 5) ? q->row.sid : NULL);
    row_set(tx, t, &t->routing_target, target);
    note(w, "task %s target=%s channel=%s workflow=%s %s", t->sid, target ? target : "", t->task_channel_sid,
         t->workflow_sid ? t->workflow_sid : "", t->attributes);
    sids_add(&w->tasks, t->sid);
    return task_created(w->engine, tx, t);
}

static fault_t change_task(struct world *w, struct tx *tx)
{
    struct task_live *live = any_of(w, &w->tasks);
    struct dice *d = &w->dice;

    if (!live)
        return nothing_to_do(w);
    struct task *t = &live->row, was = *t;
    row_edit(tx, t);
    if (one_in(d, 2))
        row_set(tx, t, &t->attributes, random_needs(w, tx));
    if (one_in(d, 2))
        t->priority = (int64_t)roll(d, 10);
    if (one_in(d, 4))
        row_set(tx, t, &t->task_channel_sid, random_channel(w));
    if (one_in(d, 4))
        t->virtual_start_time = some_start(w, tx);
    note(w, "update %s %s priority=%lld channel=%s", t->sid, t->attributes, (long long)t->priority,
         t->task_channel_sid);
    return task_changed(w->engine, tx, t, &was);
}

static fault_t move_task(struct world *w, struct tx *tx, enum task_status to)
{
    struct task_live *t = any_of(w, &w->tasks);

    for (int i = 0; t && i < 12; i++) { /* a few glances for one that can; then take what comes */
        enum task_status s = t->row.assignment_status;
        if (to == TASK_CANCELED ? s <= TASK_RESERVED : to == TASK_WRAPPING ? s == TASK_ASSIGNED : s >= TASK_ASSIGNED)
            break;
        t = any_of(w, &w->tasks);
    }
    if (!t)
        return nothing_to_do(w);
    note(w, "%s %s, which is %s", task_status_names[to], t->row.sid, task_status_names[t->row.assignment_status]);
    return task_move(w->engine, tx, &t->row, to, one_in(&w->dice, 2) ? "because" : NULL);
}

static fault_t cancel_one(struct world *w, struct tx *tx)
{
    return move_task(w, tx, TASK_CANCELED);
}
static fault_t wrap_up_one(struct world *w, struct tx *tx)
{
    return move_task(w, tx, TASK_WRAPPING);
}
static fault_t complete_one(struct world *w, struct tx *tx)
{
    return move_task(w, tx, TASK_COMPLETED);
}

static fault_t delete_one(struct world *w, struct tx *tx)
{
    struct task_live *t = any_of(w, &w->tasks);

    if (!t)
        return nothing_to_do(w);
    note(w, "delete %s, which is %s", t->row.sid, task_status_names[t->row.assignment_status]);
    fault_t f = task_removed(w->engine, tx, &t->row);
    if (!f)
        row_delete(tx, t);
    return f;
}

/* --- reservations */

static struct reservation_live *find_offer(struct world *w, enum reservation_status wanted, enum reservation_status or)
{
    struct reservation_live *r = any_of(w, &w->reservations);

    for (int i = 0; r && i < 12; i++) {
        if (r->row.reservation_status == wanted || r->row.reservation_status == or)
            break;
        r = any_of(w, &w->reservations);
    }
    return r;
}

static fault_t answer(struct world *w, struct tx *tx, struct reservation *r, enum reservation_status to,
                      const char *activity_sid)
{
    note(w, "%s %s, which is %s, of %s%s%s", reservation_status_names[to], r->sid,
         reservation_status_names[r->reservation_status], r->worker_name, activity_sid ? ", to " : "",
         activity_sid ? activity_sid : "");
    return reservation_move(w->engine, tx, r, to, activity_sid);
}

static fault_t move_offer(struct world *w, struct tx *tx, enum reservation_status from, enum reservation_status or,
                          enum reservation_status to)
{
    struct reservation_live *r = find_offer(w, from, or);

    return r ? answer(w, tx, &r->row, to, NULL) : nothing_to_do(w);
}

static fault_t accept_one(struct world *w, struct tx *tx)
{
    return move_offer(w, tx, RESERVATION_PENDING, RESERVATION_PENDING, RESERVATION_ACCEPTED);
}
static fault_t reject_one(struct world *w, struct tx *tx)
{
    return move_offer(w, tx, RESERVATION_PENDING, RESERVATION_PENDING, RESERVATION_REJECTED);
}
static fault_t wrap_one(struct world *w, struct tx *tx)
{
    return move_offer(w, tx, RESERVATION_ACCEPTED, RESERVATION_ACCEPTED, RESERVATION_WRAPPING);
}
static fault_t finish_one(struct world *w, struct tx *tx)
{
    return move_offer(w, tx, RESERVATION_ACCEPTED, RESERVATION_WRAPPING, RESERVATION_COMPLETED);
}

static fault_t reject_and_go(struct world *w, struct tx *tx)
{
    struct reservation_live *r = find_offer(w, RESERVATION_PENDING, RESERVATION_PENDING);
    struct activity_live *a = any_of(w, &w->activities);

    return r ? answer(w, tx, &r->row, RESERVATION_REJECTED, a->row.sid) : nothing_to_do(w);
}

/* Somebody answers who does not know yet what became of his offer. */
static fault_t answer_late(struct world *w, struct tx *tx)
{
    struct sid *sid = &w->recent[roll(&w->dice, RECENT)];
    struct reservation *r = *sid->s ? row_find(tx, &reservation_kind, sid->s) : NULL;

    if (!r)
        return nothing_to_do(w);
    return answer(w, tx, r, RESERVATION_ACCEPTED + (unsigned)roll(&w->dice, 2), NULL);
}

/* --- transfers */

static fault_t hand_on(struct world *w, struct tx *tx)
{
    struct reservation_live *r = find_offer(w, RESERVATION_ACCEPTED, RESERVATION_ACCEPTED);
    struct worker_live *k = any_of(w, &w->workers);
    struct queue_live *q = any_of(w, &w->queues);

    if (!r || !k)
        return nothing_to_do(w);
    struct transfer *x = new_row(w, tx, &transfer_kind);
    row_set(tx, x, &x->task_sid, r->row.task_sid);
    row_set(tx, x, &x->initiating_reservation_sid, r->row.sid);
    row_set(tx, x, &x->transfer_to, one_in(&w->dice, 2) ? k->row.sid : q->row.sid);
    x->transfer_mode = one_in(&w->dice, 2) ? TRANSFER_COLD : TRANSFER_WARM;
    note(w, "transfer %s of %s to %s, %s", x->sid, x->task_sid, x->transfer_to, transfer_mode_names[x->transfer_mode]);
    sids_add(&w->transfers, x->sid);
    return transfer_created(w->engine, tx, x);
}

static fault_t take_back(struct world *w, struct tx *tx)
{
    struct transfer_live *x = any_of(w, &w->transfers);

    if (!x)
        return nothing_to_do(w);
    note(w, "cancel transfer %s of %s", x->row.sid, x->row.task_sid);
    return transfer_cancel(w->engine, tx, &x->row);
}

/* --- assignment callbacks: asked for with the offer, answered some time later, if ever */

void callback_asked(void *arg, struct tx *tx, const struct reservation *r, const struct task *t, const struct worker *k,
                    const struct workflow *f)
{
    struct world *w = arg;

    (void)tx;
    if (!str_eq(r->task_sid, t->sid) || !str_eq(r->worker_sid, k->sid) || !f->assignment_callback_url)
        world_wrong(w, "a callback that does not belong together");
    snprintf(w->callbacks[roll(&w->dice, RECENT)].s, SID_SIZE, "%s", r->sid);
}

static fault_t callback_answers(struct world *w, struct tx *tx)
{
    struct sid *sid = &w->callbacks[roll(&w->dice, RECENT)];
    struct reservation *r = *sid->s ? row_find(tx, &reservation_kind, sid->s) : NULL;

    *sid->s = 0;
    if (!r)
        return nothing_to_do(w);
    if (one_in(&w->dice, 2))
        return answer(w, tx, r, RESERVATION_ACCEPTED + (unsigned)roll(&w->dice, 2), NULL);
    note(w, "the callback of %s fails", r->sid);
    reservation_fail(w->engine, tx, r, 40145);
    return NULL;
}

/* --- workers */

fault_t make_worker(struct world *w, struct tx *tx)
{
    struct worker *k;
    struct activity_live *a = any_of(w, &w->activities);

    if ((int64_t)w->workers.n > w->plan.workers)
        return nothing_to_do(w);
    k = new_row(w, tx, &worker_kind);
    row_set(tx, k, &k->friendly_name, arena_printf(tx->arena, "W%d", ++w->serial));
    row_set(tx, k, &k->activity_sid, one_in(&w->dice, 3) ? NULL : a->row.sid);
    row_set(tx, k, &k->attributes, random_skills(w, tx));
    note(w, "worker %s %s %s", k->friendly_name, k->sid, k->attributes);
    sids_add(&w->workers, k->sid);
    return worker_created(w->engine, tx, k);
}

static fault_t remove_worker(struct world *w, struct tx *tx)
{
    struct worker_live *k = any_of(w, &w->workers);

    if (!k || w->workers.n < 3)
        return nothing_to_do(w);
    note(w, "remove %s", k->row.friendly_name);
    fault_t f = worker_removed(w->engine, tx, &k->row);
    if (!f)
        row_delete(tx, k);
    return f;
}

/* Nobody stays away for long, or there would be nothing to see. */
static struct activity_live *next_activity(struct world *w, const struct worker_live *k)
{
    struct activity_live *a = any_of(w, &w->activities);

    for (int i = 0; i < 8 && !k->activity->row.available && !a->row.available; i++)
        a = any_of(w, &w->activities);
    return a;
}

static fault_t go_elsewhere(struct world *w, struct tx *tx)
{
    struct worker_live *k = any_of(w, &w->workers);
    bool rejecting = one_in(&w->dice, 4);

    if (!k)
        return nothing_to_do(w);
    struct worker was = k->row;
    struct activity_live *a = next_activity(w, k);
    note(w, "activity %s %s%s", k->row.friendly_name, a->row.friendly_name, rejecting ? " rejecting" : "");
    row_edit(tx, k);
    row_set(tx, k, &k->row.activity_sid, a->row.sid);
    return worker_changed(w->engine, tx, &k->row, &was, rejecting && !a->row.available);
}

static fault_t learn_skills(struct world *w, struct tx *tx)
{
    struct worker_live *k = any_of(w, &w->workers);

    if (!k)
        return nothing_to_do(w);
    struct worker was = k->row;
    row_edit(tx, k);
    if (one_in(&w->dice, 3))
        row_set(tx, k, &k->row.friendly_name, arena_printf(tx->arena, "W%d", ++w->serial));
    else
        row_set(tx, k, &k->row.attributes, random_skills(w, tx));
    note(w, "attributes %s %s %s", was.friendly_name, k->row.friendly_name, k->row.attributes);
    return worker_changed(w->engine, tx, &k->row, &was, false);
}

static fault_t change_capacity(struct world *w, struct tx *tx)
{
    struct worker_live *k = any_of(w, &w->workers);
    struct worker_channel *c = k ? routing_worker_channel(w->engine, tx, k->row.sid, random_channel(w)) : NULL;

    if (!c)
        return nothing_to_do(w);
    struct worker_channel was = *c;
    row_edit(tx, c);
    if (one_in(&w->dice, 3))
        c->available = !one_in(&w->dice, 3);
    else
        c->configured_capacity = (int64_t)roll(&w->dice, 4);
    note(w, "channel %s of %s: %lld, %s", c->task_channel_sid, k->row.friendly_name, (long long)c->configured_capacity,
         c->available ? "open" : "closed");
    return worker_channel_changed(w->engine, tx, c, &was);
}

/* clang-format off */
const struct work life[] = {
    { "make_task",        200, make_task },
    { "accept",           160, accept_one },
    { "finish",           110, finish_one },
    { "complete",          60, complete_one },
    { "go_elsewhere",     100, go_elsewhere },
    { "reject",            50, reject_one },
    { "change_task",       40, change_task },
    { "change_capacity",   40, change_capacity },
    { "learn_skills",      30, learn_skills },
    { "reject_and_go",     20, reject_and_go },
    { "wrap",              30, wrap_one },
    { "wrap_up",           20, wrap_up_one },
    { "cancel",            30, cancel_one },
    { "delete",            10, delete_one },
    { "hand_on",           20, hand_on },
    { "take_back",          8, take_back },
    { "callback_answers",  30, callback_answers },
    { "answer_late",        8, answer_late },
    { "make_worker",        8, make_worker },
    { "remove_worker",      6, remove_worker },
};
/* clang-format on */
const size_t nlife = sizeof life / sizeof *life;

/* One random command, of either kind. */
fault_t live(struct world *w, struct tx *tx)
{
    for (;;) {
        uint64_t left = 0;
        size_t i = 0;
        for (; i < nlife + nrules; i++)
            left += w->plan.weights[i];
        left = roll(&w->dice, left);
        for (i = 0; left >= w->plan.weights[i]; i++)
            left -= w->plan.weights[i];
        w->idle = false;
        fault_t f = i < nlife ? life[i].run(w, tx) : rules[i - nlife].run(w, tx);
        if (w->idle)
            continue;
        if (f)
            note_outcome(w, f->message);
        return f;
    }
}
