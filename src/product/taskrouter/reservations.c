/* Reservation: a worker is asked to take a task.  Seen from the task and from the worker; the same rows.
 *
 * An update either moves the reservation (ReservationStatus) or gives it an instruction (Instruction).  What an
 * instruction needs, and the codes of what is wrong with it, stand in routing/instruct.c, for all who give one; the
 * rows below say only that there are such parameters. */
#include "product/taskrouter/internal.h"

#include <string.h>

struct reservation_update {
    const char *reservation_status, *worker_activity_sid, *instruction;
    const char *dequeue_post_work_activity_sid, *dequeue_from, *dequeue_record, *dequeue_to,
        *dequeue_status_callback_url, *dequeue_status_callback_event, *call_from, *call_record, *call_to, *call_url,
        *call_status_callback_url, *redirect_call_sid, *redirect_url, *to, *from, *status_callback,
        *status_callback_method, *status_callback_event, *beep, *wait_url, *wait_method, *conference_status_callback,
        *conference_status_callback_method, *conference_status_callback_event, *conference_record, *conference_trim,
        *recording_channels, *recording_status_callback, *recording_status_callback_method,
        *conference_recording_status_callback, *conference_recording_status_callback_method, *region,
        *sip_auth_username, *sip_auth_password, *jitter_buffer_size, *post_work_activity_sid, *supervisor,
        *supervisor_mode;
    int64_t dequeue_timeout, call_timeout, timeout, max_participants;
    bool call_accept, redirect_accept, record, muted, start_conference_on_enter, end_conference_on_exit,
        end_conference_on_customer_exit, beep_on_customer_entrance, early_media;
};

/* clang-format off */
static const struct field update_fields[] = {
    FIELD(reservation_update, reservation_status, STR),
    FIELD(reservation_update, worker_activity_sid, SID, .prefix = "WA"),
    FIELD(reservation_update, instruction, STR),
    FIELD(reservation_update, dequeue_post_work_activity_sid, STR),
    FIELD(reservation_update, dequeue_from, STR),
    FIELD(reservation_update, dequeue_record, STR),
    FIELD(reservation_update, dequeue_timeout, INT),
    FIELD(reservation_update, dequeue_to, STR),
    FIELD(reservation_update, dequeue_status_callback_url, STR),
    FIELD(reservation_update, dequeue_status_callback_event, LIST),
    FIELD(reservation_update, call_from, STR),
    FIELD(reservation_update, call_record, STR),
    FIELD(reservation_update, call_timeout, INT),
    FIELD(reservation_update, call_to, STR),
    FIELD(reservation_update, call_url, STR),
    FIELD(reservation_update, call_status_callback_url, STR),
    FIELD(reservation_update, call_accept, BOOL),
    FIELD(reservation_update, redirect_call_sid, STR),
    FIELD(reservation_update, redirect_accept, BOOL),
    FIELD(reservation_update, redirect_url, STR),
    FIELD(reservation_update, to, STR),
    FIELD(reservation_update, from, STR),
    FIELD(reservation_update, status_callback, STR),
    FIELD(reservation_update, status_callback_method, STR),
    FIELD(reservation_update, status_callback_event, LIST),
    FIELD(reservation_update, timeout, INT),
    FIELD(reservation_update, record, BOOL),
    FIELD(reservation_update, muted, BOOL),
    FIELD(reservation_update, beep, STR),
    FIELD(reservation_update, start_conference_on_enter, BOOL),
    FIELD(reservation_update, end_conference_on_exit, BOOL),
    FIELD(reservation_update, end_conference_on_customer_exit, BOOL),
    FIELD(reservation_update, beep_on_customer_entrance, BOOL),
    FIELD(reservation_update, wait_url, STR),
    FIELD(reservation_update, wait_method, STR),
    FIELD(reservation_update, early_media, BOOL),
    FIELD(reservation_update, max_participants, INT),
    FIELD(reservation_update, conference_status_callback, STR),
    FIELD(reservation_update, conference_status_callback_method, STR),
    FIELD(reservation_update, conference_status_callback_event, LIST),
    FIELD(reservation_update, conference_record, STR),
    FIELD(reservation_update, conference_trim, STR),
    FIELD(reservation_update, recording_channels, STR),
    FIELD(reservation_update, recording_status_callback, STR),
    FIELD(reservation_update, recording_status_callback_method, STR),
    FIELD(reservation_update, conference_recording_status_callback, STR),
    FIELD(reservation_update, conference_recording_status_callback_method, STR),
    FIELD(reservation_update, region, STR),
    FIELD(reservation_update, sip_auth_username, STR),
    FIELD(reservation_update, sip_auth_password, STR),
    FIELD(reservation_update, jitter_buffer_size, STR),
    FIELD(reservation_update, post_work_activity_sid, STR),
    FIELD(reservation_update, supervisor, STR),
    FIELD(reservation_update, supervisor_mode, STR),
};
/* clang-format on */
enum { ONLY_FROM_THE_TASK = 2 }; /* the last rows: a worker does not supervise himself */

static const struct link_row task_links[] = {
    { "task", WORKSPACE_PATH "/Tasks/{task_sid}" },
    { "worker", WORKSPACE_PATH "/Workers/{worker_sid}" },
    { "workspace", WORKSPACE_PATH },
};

/* As it was sent: routing/instruct.c says what it must be.  What was sent more than once becomes an array. */
static const char *given(void *arg, const struct instruction_param *p)
{
    const struct op *op = arg;
    const char *last = form_get(&op->form, p->name);
    struct json_out o;
    size_t n = 0;

    json_begin(&o, op->arena);
    json_open(&o, '[');
    for (size_t i = 0; i < op->form.n; i++)
        if (!strcmp(op->form.pairs[i].name, p->name)) {
            json_str(&o, op->form.pairs[i].value);
            n++;
        }
    json_close(&o, ']');
    return n > 1 ? json_done(&o) : last;
}

/* --- the resource ------------------------------------------------------------------------------------------------- */

static fault_t update(struct op *op, void *row, const void *was)
{
    static const enum reservation_status possible[] = { RESERVATION_ACCEPTED, RESERVATION_REJECTED,
                                                        RESERVATION_WRAPPING, RESERVATION_COMPLETED };
    const struct reservation_update *p = op->params;

    (void)was;
    if (p->instruction)
        return reservation_instruct(engine_of(op), op->tx, row,
                                    &(struct instruction){ .name = p->instruction, .given = given, .arg = op });
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
