/* Reservation: a worker is asked to take a task.  Seen from the task and from the worker; the same rows.
 *
 * An update either moves the reservation (ReservationStatus) or gives it an instruction (Instruction): accept and
 * reject are performed here; those that want a call - dequeue, call, redirect, conference, supervise - are checked as
 * far as rows can tell and then refused as an account's is that has no telephone: there is none in this server yet. */
#include "product/taskrouter/internal.h"

#include <string.h>

static const char *const methods[] = { "", "GET", "POST", NULL };
static const char *const supervisor_modes[] = { "", "monitor", "whisper", "barge", NULL };

struct reservation_update {
    const char *reservation_status, *worker_activity_sid;
    const char *instruction, *dequeue_post_work_activity_sid, *dequeue_from, *dequeue_record, *dequeue_to,
        *dequeue_status_callback_url, *dequeue_status_callback_event, *call_from, *call_record, *call_to, *call_url,
        *call_status_callback_url, *redirect_call_sid, *redirect_url, *to, *from, *status_callback,
        *status_callback_event, *beep, *wait_url, *conference_status_callback, *conference_status_callback_event,
        *conference_record, *conference_trim, *recording_channels, *recording_status_callback,
        *conference_recording_status_callback, *region, *sip_auth_username, *sip_auth_password, *jitter_buffer_size,
        *post_work_activity_sid, *supervisor;
    int64_t dequeue_timeout, call_timeout, timeout, max_participants;
    bool call_accept, redirect_accept, record, muted, start_conference_on_enter, end_conference_on_exit,
        end_conference_on_customer_exit, beep_on_customer_entrance, early_media;
    unsigned status_callback_method, wait_method, conference_status_callback_method, recording_status_callback_method,
        conference_recording_status_callback_method, supervisor_mode;
};

/* clang-format off */
static const struct field update_fields[] = {
    FIELD(reservation_update, reservation_status, STR),
    FIELD(reservation_update, worker_activity_sid, SID, .prefix = "WA"),
    FIELD(reservation_update, instruction, STR),
    FIELD(reservation_update, dequeue_post_work_activity_sid, SID, .prefix = "WA"),
    FIELD(reservation_update, dequeue_from, STR),
    FIELD(reservation_update, dequeue_record, STR),
    FIELD(reservation_update, dequeue_timeout, INT, .min = 1, .max = 999),
    FIELD(reservation_update, dequeue_to, STR),
    FIELD(reservation_update, dequeue_status_callback_url, URL),
    FIELD(reservation_update, dequeue_status_callback_event, LIST),
    FIELD(reservation_update, call_from, STR),
    FIELD(reservation_update, call_record, STR),
    FIELD(reservation_update, call_timeout, INT, .min = 1, .max = 999),
    FIELD(reservation_update, call_to, STR),
    FIELD(reservation_update, call_url, URL),
    FIELD(reservation_update, call_status_callback_url, URL),
    FIELD(reservation_update, call_accept, BOOL),
    FIELD(reservation_update, redirect_call_sid, SID, .prefix = "CA"),
    FIELD(reservation_update, redirect_accept, BOOL),
    FIELD(reservation_update, redirect_url, URL),
    FIELD(reservation_update, to, STR),
    FIELD(reservation_update, from, STR),
    FIELD(reservation_update, status_callback, URL),
    FIELD(reservation_update, status_callback_method, ENUM, .names = methods),
    FIELD(reservation_update, status_callback_event, LIST),
    FIELD(reservation_update, timeout, INT, .min = 1, .max = 600),
    FIELD(reservation_update, record, BOOL),
    FIELD(reservation_update, muted, BOOL),
    FIELD(reservation_update, beep, STR),
    FIELD(reservation_update, start_conference_on_enter, BOOL, .initial = "true"),
    FIELD(reservation_update, end_conference_on_exit, BOOL),
    FIELD(reservation_update, end_conference_on_customer_exit, BOOL),
    FIELD(reservation_update, beep_on_customer_entrance, BOOL, .initial = "true"),
    FIELD(reservation_update, wait_url, URL),
    FIELD(reservation_update, wait_method, ENUM, .names = methods),
    FIELD(reservation_update, early_media, BOOL, .initial = "true"),
    FIELD(reservation_update, max_participants, INT, .min = 2, .max = 250),
    FIELD(reservation_update, conference_status_callback, URL),
    FIELD(reservation_update, conference_status_callback_method, ENUM, .names = methods),
    FIELD(reservation_update, conference_status_callback_event, LIST),
    FIELD(reservation_update, conference_record, STR),
    FIELD(reservation_update, conference_trim, STR),
    FIELD(reservation_update, recording_channels, STR),
    FIELD(reservation_update, recording_status_callback, URL),
    FIELD(reservation_update, recording_status_callback_method, ENUM, .names = methods),
    FIELD(reservation_update, conference_recording_status_callback, URL),
    FIELD(reservation_update, conference_recording_status_callback_method, ENUM, .names = methods),
    FIELD(reservation_update, region, STR),
    FIELD(reservation_update, sip_auth_username, STR),
    FIELD(reservation_update, sip_auth_password, STR),
    FIELD(reservation_update, jitter_buffer_size, STR),
    FIELD(reservation_update, post_work_activity_sid, SID, .prefix = "WA"),
    FIELD(reservation_update, supervisor, SID, .prefix = "WK"),
    FIELD(reservation_update, supervisor_mode, ENUM, .names = supervisor_modes),
};
/* clang-format on */
enum { ONLY_FROM_THE_TASK = 2 }; /* the last rows: a worker does not supervise himself */

static const struct link_row task_links[] = {
    { "task", WORKSPACE_PATH "/Tasks/{task_sid}" },
    { "worker", WORKSPACE_PATH "/Workers/{worker_sid}" },
    { "workspace", WORKSPACE_PATH },
};

/* --- instructions ------------------------------------------------------------------------------------------------- */

struct instruction_case {
    struct op *op;
    const struct reservation_update *params;
    const json_t *task, *worker; /* attributes */
};

static const json_t *attributes_of(struct op *op, const struct kind *k, const char *sid, size_t member)
{
    const char *row = op_find(op, k, sid), *text = row ? *(const char *const *)(row + member) : NULL;

    return text ? json_parse_object(op->arena, text, strlen(text), NULL) : NULL;
}

static bool has(const json_t *attributes, const char *name)
{
    return json_get_string(attributes, name) != NULL;
}

/* Whom to call: as the parameter says, else the worker's contact_uri. */
static bool knows_whom(const struct instruction_case *c, const char *to)
{
    return (to && *to) || has(c->worker, "contact_uri");
}

static fault_t dequeue(struct instruction_case *c)
{
    if (!has(c->task, "call_sid"))
        return refuse(c->op, F_DEQUEUE_NO_CALL, "The task has no attribute call_sid");
    if (!knows_whom(c, c->params->dequeue_to))
        return refuse(c->op, F_DEQUEUE_TO, "Neither DequeueTo nor the worker's contact_uri says whom to call");
    return refuse(c->op, F_DEQUEUE_FAILED, "This account has no call to take from a queue");
}

static fault_t call(struct instruction_case *c)
{
    if (!c->params->call_from)
        return refuse(c->op, F_CALL_FROM, "CallFrom is missing");
    if (!c->params->call_url)
        return refuse(c->op, F_CALL_URL, "CallUrl is missing");
    if (!knows_whom(c, c->params->call_to))
        return refuse(c->op, F_CALL_TO, "Neither CallTo nor the worker's contact_uri says whom to call");
    return refuse(c->op, F_CALL_FAILED, "This account has no number to call from");
}

static fault_t redirect(struct instruction_case *c)
{
    if (!c->params->redirect_call_sid)
        return refuse(c->op, F_REDIRECT_CALL, "RedirectCallSid is missing");
    if (!c->params->redirect_url)
        return refuse(c->op, F_REDIRECT_URL, "RedirectUrl is missing");
    return refuse(c->op, F_REDIRECT_FAILED, "Call %s was not found", c->params->redirect_call_sid);
}

static fault_t conference(struct instruction_case *c)
{
    if (!has(c->task, "call_sid") && !has(c->task, "outbound_to"))
        return refuse(c->op, F_CONFERENCE_NO_CALL, "The task has neither an attribute call_sid nor outbound_to");
    if (!knows_whom(c, c->params->to))
        return refuse(c->op, F_CONFERENCE_TO, "Neither To nor the worker's contact_uri says whom to call");
    return refuse(c->op, F_CONFERENCE_FAILED, "This account has no number to call from");
}

static fault_t supervise(struct instruction_case *c)
{
    const char *supervisor = c->params->supervisor;

    if (!supervisor)
        return refuse(c->op, F_INVALID_PARAMETER, "Missing required parameter Supervisor in the post body");
    if (!has(attributes_of(c->op, &worker_kind, supervisor, offsetof(struct worker, attributes)), "contact_uri"))
        return refuse(c->op, F_SUPERVISE_CONTACT, "Supervisor %s has no contact_uri", supervisor);
    if (!has(c->task, "from"))
        return refuse(c->op, F_SUPERVISE_FROM, "The task has no attribute from");
    return refuse(c->op, F_CONFERENCE_FAILED, "The task has no conference to join");
}

/* clang-format off */
static const struct instruction {
    const char             *name;
    enum reservation_status status;    /* that the reservation must have */
    enum fault_id           otherwise;
    bool                    in_transfer; /* allowed while the task is handed on */
    fault_t               (*run)(struct instruction_case *c);
} instructions[] = {
    { "dequeue",    RESERVATION_PENDING,  F_DEQUEUE_NOT_PENDING,    false, dequeue },
    { "call",       RESERVATION_PENDING,  F_CALL_NOT_PENDING,       false, call },
    { "redirect",   RESERVATION_PENDING,  F_REDIRECT_NOT_PENDING,   false, redirect },
    { "conference", RESERVATION_PENDING,  F_CONFERENCE_NOT_PENDING, true,  conference },
    { "supervise",  RESERVATION_ACCEPTED, F_SUPERVISE_STATUS,       true,  supervise },
};
/* clang-format on */

static fault_t instruct(struct op *op, const struct reservation *r, const struct reservation_update *p,
                        const struct instruction *i)
{
    struct instruction_case c = {
        .op = op,
        .params = p,
        .task = attributes_of(op, &task_kind, r->task_sid, offsetof(struct task, attributes)),
        .worker = attributes_of(op, &worker_kind, r->worker_sid, offsetof(struct worker, attributes)),
    };

    if (r->reservation_status != i->status)
        return refuse(op, i->otherwise, "Reservation %s is %s", r->sid,
                      reservation_status_names[r->reservation_status]);
    if (!i->in_transfer && routing_transfer_of_task(engine_of(op), op->tx, r->task_sid))
        return refuse(op, F_TRANSFER_UNDER_WAY, "Instruction %s is not allowed while the task is being transferred",
                      i->name);
    return i->run(&c);
}

static fault_t take_instruction(struct op *op, struct reservation *r, const struct reservation_update *p)
{
    if (str_ieq(p->instruction, "accept"))
        return reservation_move(engine_of(op), op->tx, r, RESERVATION_ACCEPTED, NULL);
    if (str_ieq(p->instruction, "reject"))
        return reservation_move(engine_of(op), op->tx, r, RESERVATION_REJECTED, p->worker_activity_sid);
    for (size_t i = 0; i < sizeof(instructions) / sizeof(*instructions); i++)
        if (str_ieq(p->instruction, instructions[i].name))
            return instruct(op, r, p, &instructions[i]);
    return refuse(op, F_UNKNOWN_INSTRUCTION, "Instruction '%.64s' is not known", p->instruction);
}

/* --- the resource ------------------------------------------------------------------------------------------------- */

static fault_t update(struct op *op, void *row, const void *was)
{
    static const enum reservation_status possible[] = { RESERVATION_ACCEPTED, RESERVATION_REJECTED,
                                                        RESERVATION_WRAPPING, RESERVATION_COMPLETED };
    const struct reservation_update *p = op->params;

    (void)was;
    if (p->instruction)
        return take_instruction(op, row, p);
    if (!p->reservation_status)
        return refuse(op, F_INVALID_PARAMETER, "Missing required parameter ReservationStatus in the post body");
    for (size_t i = 0; i < sizeof(possible) / sizeof(*possible); i++)
        if (str_ieq(reservation_status_names[possible[i]], p->reservation_status))
            return reservation_move(engine_of(op), op->tx, row, possible[i], p->worker_activity_sid);
    return refuse(op, F_INVALID_PARAMETER,
                  "ReservationStatus '%.64s' is not one of: accepted, rejected, wrapping, completed",
                  p->reservation_status);
}

const struct resource task_reservation_resource = {
    .product = "taskrouter",
    .name = "TaskReservation",
    .path = WORKSPACE_PATH "/Tasks/{task_sid}/Reservations",
    .many = "reservations",
    .verbs = LIST | FETCH | UPDATE,
    .kind = &reservation_kind,
    .update_params = PARAMS(reservation_update, update_fields),
    .links = ROWS(task_links),
    .update = update,
};

const struct resource worker_reservation_resource = {
    .product = "taskrouter",
    .name = "WorkerReservation",
    .path = WORKSPACE_PATH "/Workers/{worker_sid}/Reservations",
    .many = "reservations",
    .verbs = LIST | FETCH | UPDATE,
    .kind = &reservation_kind,
    /* clang-format off */
    .update_params = { sizeof(struct reservation_update), update_fields,
                       sizeof(update_fields) / sizeof(*update_fields) - ONLY_FROM_THE_TASK },
    /* clang-format on */
    .links = ROWS(task_links),
    .update = update,
};
