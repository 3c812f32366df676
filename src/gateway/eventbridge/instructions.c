/* What a worker's client asks of a call: instructions about its reservation.  routing/instruct.c performs them, for the
 * REST API too, so both answer alike; here it is said which reservation is meant, and who may ask. */
#include "gateway/eventbridge/internal.h"

#include <string.h>

static const char *given(void *arg, const struct instruction_param *p)
{
    const char *text = call_param(arg, p->name);

    return text || !p->also ? text : call_param(arg, p->also);
}

fault_t call_instruct(struct call *c, struct reservation *r, const char *name)
{
    return reservation_instruct(c->bridge->engine, c->op->tx, r,
                                &(struct instruction){ .name = name, .given = given, .arg = c });
}

static void answer_reservation(struct call *c, const struct reservation *r)
{
    struct json_out o;

    json_begin(&o, c->op->arena);
    reservation_json(&o, c->bridge->engine, c->op->tx, r, NULL);
    call_answer(c, &o);
}

/* A supervisor listens to somebody else's talk, on a telephone of his own. */
fault_t reservation_supervise(struct call *c)
{
    const char *name = call_param(c, "Instruction"), *supervisor = call_param(c, "Supervisor");
    struct reservation *r;
    void *row = NULL;

    if (!c->elevated)
        return refuse(c->op, F_FORBIDDEN, "This token is for worker %s, who is no supervisor", c->op->who.worker_sid);
    if (!str_ieq(name, "supervise"))
        return refuse(c->op, F_INVALID_PARAMETER, "Instruction '%.64s' is not supervise", name ? name : "");
    if (supervisor && !str_eq(supervisor, c->op->who.worker_sid))
        return refuse(c->op, F_FORBIDDEN, "Supervisor must be worker %s, for whom this token is",
                      c->op->who.worker_sid);
    fault_t f = call_find(c, &reservation_kind, c->sids[2], &row);
    r = row;
    if (!f && !str_eq(r->task_sid, c->sids[1]))
        f = refuse(c->op, F_NOT_FOUND, "Reservation %.64s of task %.64s was not found", c->sids[2], c->sids[1]);
    f = f ? f : call_instruct(c, r, name);
    if (!f)
        answer_reservation(c, r);
    return f;
}

/* --- who takes part in a conference ------------------------------------------------------------------------------- */

struct search {
    const char *worker_sid;
    struct reservation *found;
};

static void look(void *arg, struct reservation *r)
{
    struct search *s = arg;

    if (str_eq(r->worker_sid, s->worker_sid) && r->reservation_status == RESERVATION_ACCEPTED)
        s->found = r;
}

/* The worker's reservation: by its sid, or the accepted one of a task. */
static fault_t find_talk(struct call *c, const char *name, struct reservation **r, struct task **t)
{
    const char *sid = call_param(c, name);
    bool by_task = !strcmp(name, "TaskSid");
    struct worker *w;
    void *row = NULL;
    fault_t f = call_worker(c, false, &w);

    if (!f && !sid)
        f = refuse(c->op, F_INVALID_PARAMETER, "Missing required parameter %s", name);
    f = f ? f : call_find(c, by_task ? &task_kind : &reservation_kind, sid, &row);
    if (f)
        return f;
    struct search s = { .worker_sid = w->sid };
    *t = by_task ? row : NULL;
    if (by_task)
        routing_each_reservation_of_task(c->bridge->engine, c->op->tx, sid, look, &s);
    else if (str_eq(((struct reservation *)row)->worker_sid, w->sid))
        s.found = row;
    *r = s.found;
    if (!*r)
        return refuse(c->op, by_task ? F_INVALID_PARAMETER : F_NOT_FOUND, "Worker %s has no accepted reservation of %s",
                      w->sid, sid);
    return NULL;
}

/* clang-format off */
static const struct participant { const char *segment, *by, *instruction; } participants[] = {
    { "CustomerParticipant",   "TaskSid",        "hold-customer" },
    { "WorkerParticipant",     "ReservationSid", "update-worker" },
    { "HoldWorkerParticipant", "TaskSid",        "hold-worker" },
    { "KickWorkerParticipant", "TaskSid",        "kick-worker" },
};
/* clang-format on */

fault_t participant_update(struct call *c)
{
    const char *segment = c->envelope.segments[c->envelope.nsegments - 1];
    const struct participant *p = participants;
    struct reservation *r;
    struct task *t;

    while (strcmp(p->segment, segment) != 0) /* the route is there only for these */
        p++;
    fault_t f = find_talk(c, p->by, &r, &t);
    f = f ? f : call_instruct(c, r, p->instruction);
    if (f)
        return f;
    if (t)
        answer_task(c, t);
    else
        answer_reservation(c, r);
    return NULL;
}
