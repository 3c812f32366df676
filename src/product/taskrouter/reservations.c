/* Reservation: a worker is asked to take a task.  Seen from the task and from the worker; the same rows. */
#include "product/taskrouter/internal.h"

struct reservation_update {
    const char *reservation_status, *worker_activity_sid;
};

static const struct field update_fields[] = {
    FIELD(reservation_update, reservation_status, STR),
    FIELD(reservation_update, worker_activity_sid, SID, .prefix = "WA"),
};

static const struct link_row task_links[] = {
    { "task", WORKSPACE_PATH "/Tasks/{task_sid}" },
    { "worker", WORKSPACE_PATH "/Workers/{worker_sid}" },
    { "workspace", WORKSPACE_PATH },
};

static fault_t update(struct op *op, void *row, const void *was)
{
    static const enum reservation_status possible[] = { RESERVATION_ACCEPTED, RESERVATION_REJECTED,
                                                        RESERVATION_WRAPPING, RESERVATION_COMPLETED };
    const struct reservation_update *p = op->params;

    (void)was;
    if (op_given(op, "Instruction"))
        return refuse(op, F_NOT_IMPLEMENTED, "Instruction '%.64s' is known, but this server does not perform it yet",
                      op_param(op, "Instruction"));
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
    .update_params = PARAMS(reservation_update, update_fields),
    .links = ROWS(task_links),
    .update = update,
};
