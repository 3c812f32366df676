/* What the rows of an index are.  An index is a row of a table: a shape, described by FIELD rows as a resource is, and
 * hooks that fill it from the routing engine's rows.  Queries ask for members by name, answers show all of them. */
#include "live/internal.h"
#include <string.h>

struct tr_worker {
    const char *worker_sid, *workspace_sid, *friendly_name, *activity_sid, *activity_name, *attributes;
    int64_t date_created, date_updated, date_activity_changed;
    const char *queue_sids;
};

struct tr_reservation { /* also of a task that is offered to nobody */
    const char *reservation_sid, *task_sid, *worker_sid, *workspace_sid, *status, *task_status;
    int64_t task_priority;
    const char *queue_sid, *queue_name, *workflow_sid, *task_channel_sid, *task_channel_unique_name;
    const char *task_routing_target, *attributes;
    int64_t task_date_created, date_created, date_updated;
};

struct tr_queue {
    const char *queue_sid, *queue_name, *workspace_sid;
    int64_t date_created, date_updated;
};

/* clang-format off */
static const struct field worker_fields[] = {
    FIELD(tr_worker, worker_sid,            SID),
    FIELD(tr_worker, workspace_sid,         SID),
    FIELD(tr_worker, friendly_name,         STR),
    FIELD(tr_worker, activity_sid,          SID),
    FIELD(tr_worker, activity_name,         STR),
    FIELD(tr_worker, attributes,            JSON, .flags = JSON_VALUE),
    FIELD(tr_worker, date_created,          TIME),
    FIELD(tr_worker, date_updated,          TIME),
    FIELD(tr_worker, date_activity_changed, TIME),
    FIELD(tr_worker, queue_sids,            JSON, .flags = JSON_VALUE),
};
static const struct field reservation_fields[] = {
    FIELD(tr_reservation, reservation_sid,          SID),
    FIELD(tr_reservation, task_sid,                 SID),
    FIELD(tr_reservation, worker_sid,               SID),
    FIELD(tr_reservation, workspace_sid,            SID),
    FIELD(tr_reservation, status,                   STR),
    FIELD(tr_reservation, task_status,              STR),
    FIELD(tr_reservation, task_priority,            INT),
    FIELD(tr_reservation, queue_sid,                SID),
    FIELD(tr_reservation, queue_name,               STR),
    FIELD(tr_reservation, workflow_sid,             SID),
    FIELD(tr_reservation, task_channel_sid,         SID),
    FIELD(tr_reservation, task_channel_unique_name, STR),
    FIELD(tr_reservation, task_routing_target,      STR),
    FIELD(tr_reservation, attributes,               JSON, .flags = JSON_VALUE),
    FIELD(tr_reservation, task_date_created,        TIME),
    FIELD(tr_reservation, date_created,             TIME),
    FIELD(tr_reservation, date_updated,             TIME),
};
static const struct field queue_fields[] = {
    FIELD(tr_queue, queue_sid,     SID),
    FIELD(tr_queue, queue_name,    STR),
    FIELD(tr_queue, workspace_sid, SID),
    FIELD(tr_queue, date_created,  TIME),
    FIELD(tr_queue, date_updated,  TIME),
};
/* clang-format on */
static const struct kind worker_shape = { .name = "tr_worker",
                                          .size = sizeof(struct tr_worker),
                                          .fields = ROWS(worker_fields) };
static const struct kind reservation_shape = { .name = "tr_reservation",
                                               .size = sizeof(struct tr_reservation),
                                               .fields = ROWS(reservation_fields) };
static const struct kind queue_shape = { .name = "tr_queue",
                                         .size = sizeof(struct tr_queue),
                                         .fields = ROWS(queue_fields) };

/* --- workers */

static void *live_row(struct subject *s, const struct kind *k, const char *sid)
{
    void *row = sid ? row_find(s->tx, k, sid) : NULL;

    return row && row_is_live(row) ? row : NULL;
}

static const char *activity_name(struct subject *s, const char *sid)
{
    const struct activity *a = live_row(s, &activity_kind, sid);

    return a ? a->friendly_name : NULL;
}

static void fill_worker(struct subject *s)
{
    const struct worker *w = live_row(s, &worker_kind, s->sid);
    struct tr_worker *x;

    if (!w)
        return;
    s->shape = x = arena_alloc(s->arena, sizeof *x);
    *x = (struct tr_worker){
        .worker_sid = w->sid,
        .workspace_sid = w->workspace_sid,
        .friendly_name = w->friendly_name,
        .activity_sid = w->activity_sid,
        .activity_name = activity_name(s, w->activity_sid),
        .attributes = w->attributes,
        .date_created = w->date_created,
        .date_updated = w->date_updated,
        .date_activity_changed = w->date_status_changed,
    };
    s->attributes = routing_worker_attributes(s->live->engine, w->sid);
}

static void put_queue(void *arg, const struct task_queue *q)
{
    json_str(arg, q->sid);
}

/* Hundreds, perhaps: only for who asks. */
static void complete_worker(struct subject *s)
{
    struct tr_worker *x = s->shape;
    struct json_out o;

    json_begin(&o, s->arena);
    json_open(&o, '[');
    routing_each_queue_of_worker(s->live->engine, x->worker_sid, put_queue, &o);
    json_close(&o, ']');
    x->queue_sids = json_done(&o);
}

struct each_row {
    each_sid *each;
    void *arg;
};

static void each_worker(void *arg, const struct worker *w)
{
    struct each_row *e = arg;

    e->each(e->arg, w->sid);
}

static bool worker_rows(struct live *v, struct tx *tx, const char *workspace_sid, const char *field, const char *value,
                        each_sid *each, void *arg)
{
    (void)tx;
    if (!field)
        routing_each_worker(v->engine, workspace_sid, each_worker, &(struct each_row){ each, arg });
    else if (str_eq(field, "worker_sid"))
        each(arg, value);
    else if (str_eq(field, "queue_sids"))
        routing_each_worker(v->engine, value, each_worker, &(struct each_row){ each, arg });
    else
        return false;
    return true;
}

/* --- tasks and reservations */

/* What the index has always called it. */
static const char *status_name(unsigned status)
{
    return status == RESERVATION_WRAPPING ? "wrapup" : reservation_status_names[status];
}

static void fill_from_task(struct subject *s, const struct task *t, struct tr_reservation *x)
{
    const struct task_queue *q = live_row(s, &task_queue_kind, t->task_queue_sid);
    const struct task_channel *c = live_row(s, &task_channel_kind, t->task_channel_sid);

    x->task_sid = t->sid;
    x->workspace_sid = t->workspace_sid;
    x->task_status = task_status_names[t->assignment_status];
    x->task_priority = t->priority;
    x->queue_sid = t->task_queue_sid;
    x->queue_name = q ? q->friendly_name : NULL;
    x->workflow_sid = t->workflow_sid;
    x->task_channel_sid = t->task_channel_sid;
    x->task_channel_unique_name = c ? c->unique_name : NULL;
    x->task_routing_target = t->routing_target;
    x->attributes = s->attributes_text = t->attributes;
    x->task_date_created = t->date_created;
    s->born = t->date_created;
}

static void fill_reservation(struct subject *s)
{
    const struct reservation *r = sid_valid(s->sid, "WR") ? live_row(s, &reservation_kind, s->sid) : NULL;
    const struct task *t = r ? live_row(s, &task_kind, r->task_sid) : NULL;
    struct tr_reservation *x;

    if (!t)
        return;
    s->shape = x = arena_alloc(s->arena, sizeof *x);
    fill_from_task(s, t, x);
    x->reservation_sid = r->sid;
    x->worker_sid = s->worker_sid = r->worker_sid;
    x->status = status_name(r->reservation_status);
    x->date_created = r->date_created;
    x->date_updated = r->date_updated > t->date_updated ? r->date_updated : t->date_updated;
}

static void note_reservation(void *arg, struct reservation *r)
{
    (void)r;
    *(bool *)arg = true;
}

/* A task with reservations stands there as these. */
static void fill_task(struct subject *s)
{
    const struct task *t = sid_valid(s->sid, "WT") ? live_row(s, &task_kind, s->sid) : NULL;
    bool offered = false;
    struct tr_reservation *x;

    if (!t) {
        fill_reservation(s);
        return;
    }
    routing_each_reservation_of_task(s->live->engine, s->tx, t->sid, note_reservation, &offered);
    if (offered)
        return;
    s->shape = x = arena_alloc(s->arena, sizeof *x);
    fill_from_task(s, t, x);
    x->status = x->task_status;
    x->date_created = t->date_created;
    x->date_updated = t->date_updated;
}

static void each_reservation(void *arg, struct reservation *r)
{
    struct each_row *e = arg;

    e->each(e->arg, r->sid);
}

struct each_task {
    struct live *live;
    struct tx *tx;
    bool offered, tasks;
    each_sid *each;
    void *arg;
};

static void each_of_task(void *arg, const struct task *t)
{
    struct each_task *e = arg;

    routing_each_reservation_of_task(e->live->engine, e->tx, t->sid, each_reservation,
                                     &(struct each_row){ e->each, e->arg });
    if (e->tasks)
        e->each(e->arg, t->sid);
}

static bool work_rows(struct live *v, struct tx *tx, const char *workspace_sid, const char *field, const char *value,
                      struct each_task *how)
{
    struct each_row row = { how->each, how->arg };
    const struct task *t;

    if (!field)
        routing_each_task(v->engine, workspace_sid, each_of_task, how);
    else if (str_eq(field, "worker_sid"))
        routing_each_reservation_of_worker(v->engine, tx, value, each_reservation, &row);
    else if (str_eq(field, "reservation_sid"))
        how->each(how->arg, value);
    else if (!str_eq(field, "task_sid"))
        return false;
    else if ((t = row_find(tx, &task_kind, value)))
        each_of_task(how, t);
    return true;
}

static bool reservation_rows(struct live *v, struct tx *tx, const char *workspace_sid, const char *field,
                             const char *value, each_sid *each, void *arg)
{
    return work_rows(v, tx, workspace_sid, field, value,
                     &(struct each_task){ .live = v, .tx = tx, .each = each, .arg = arg });
}

static bool task_rows(struct live *v, struct tx *tx, const char *workspace_sid, const char *field, const char *value,
                      each_sid *each, void *arg)
{
    return work_rows(v, tx, workspace_sid, field, value,
                     &(struct each_task){ .live = v, .tx = tx, .tasks = true, .each = each, .arg = arg });
}

/* --- queues */

static void fill_queue(struct subject *s)
{
    const struct task_queue *q = live_row(s, &task_queue_kind, s->sid);
    struct tr_queue *x;

    if (!q)
        return;
    s->shape = x = arena_alloc(s->arena, sizeof *x);
    *x = (struct tr_queue){ q->sid, q->friendly_name, q->workspace_sid, q->date_created, q->date_updated };
}

static void each_queue(void *arg, const struct task_queue *q)
{
    struct each_row *e = arg;

    e->each(e->arg, q->sid);
}

static bool queue_rows(struct live *v, struct tx *tx, const char *workspace_sid, const char *field, const char *value,
                       each_sid *each, void *arg)
{
    (void)tx;
    if (!field)
        routing_each_queue(v->engine, workspace_sid, each_queue, &(struct each_row){ each, arg });
    else if (str_eq(field, "queue_sid"))
        each(arg, value);
    else
        return false;
    return true;
}

/* --- the table */

/* clang-format off */
const struct index_kind live_indexes[INDEXES] = {
    [TR_WORKER]      = { "tr-worker",      &worker_shape,      .fill = fill_worker, .complete = complete_worker, .rows = worker_rows },
    [TR_TASK]        = { "tr-task",        &reservation_shape, .private = true, .fill = fill_task, .rows = task_rows },
    [TR_RESERVATION] = { "tr-reservation", &reservation_shape, .private = true, .fill = fill_reservation, .rows = reservation_rows },
    [TR_QUEUE]       = { "tr-queue",       &queue_shape,       .fill = fill_queue, .rows = queue_rows },
};
/* clang-format on */

const struct index_kind *index_named(const char *name)
{
    for (size_t i = 0; i < INDEXES; i++)
        if (str_eq(live_indexes[i].name, name))
            return &live_indexes[i];
    return NULL;
}

/* --- subjects */

void subject_fill(struct subject *s)
{
    s->shape = NULL;
    s->attributes = NULL;
    s->attributes_text = s->worker_sid = NULL;
    s->born = NO_VALUE;
    s->complete = false;
    s->index->fill(s);
    if (s->shape && !str_eq(*field_text(field_named(s->index->shape, "workspace_sid"), s->shape), s->workspace_sid))
        s->shape = NULL;
}

static void complete(struct subject *s)
{
    if (!s->complete && s->index->complete)
        s->index->complete(s);
    s->complete = true;
}

const char *subject_text(struct subject *s, size_t *stable)
{
    struct json_out o;

    complete(s);
    json_begin(&o, s->arena);
    json_open(&o, '{');
    members_json(&o, s->index->shape, s->shape, 0);
    *stable = o.text.n;
    if (s->born != NO_VALUE)
        json_pair_int(&o, "task_age", s->tx->now > s->born ? (s->tx->now - s->born) / SECOND : 0);
    json_close(&o, '}');
    return json_done(&o);
}

static const json_t *parsed(struct subject *s, const char *text)
{
    return text ? json_parse(s->arena, text, strlen(text), NULL) : NULL;
}

const json_t *subject_attributes(struct subject *s)
{
    if (!s->attributes)
        s->attributes = parsed(s, s->attributes_text);
    return s->attributes;
}

static bool member_value(struct subject *s, const char *name, struct expr_value *out)
{
    const struct field *f = field_named(s->index->shape, name);

    if (!f)
        return false;
    if (s->index->complete && f->type == T_JSON && !str_eq(name, "attributes"))
        complete(s);
    if (f->type == T_JSON)
        *out =
            expr_value_json(str_eq(name, "attributes") ? subject_attributes(s) : parsed(s, *field_text(f, s->shape)));
    else if (field_is_text(f))
        *out = expr_value_string(*field_text(f, s->shape));
    else if (*field_int(f, s->shape) != NO_VALUE)
        *out = expr_value_int(*field_int(f, s->shape));
    return true;
}

/* A queue's own expression says sid and activity_name of a worker without more ado. */
void subject_fact(const struct expr_scope *scope, enum expr_fact fact, const char *of, struct expr_value *out)
{
    static const char *const names[] = {
        [EXPR_WORKER_SID] = "worker_sid",
        [EXPR_WORKER_FRIENDLY_NAME] = "friendly_name",
        [EXPR_WORKER_ACTIVITY_SID] = "activity_sid",
        [EXPR_WORKER_ACTIVITY_NAME] = "activity_name",
    };
    struct subject *s = (struct subject *)(uintptr_t)scope->subject;

    if (fact == EXPR_ITEM_FIELD)
        member_value(s, of, out);
    else if (fact < sizeof names / sizeof *names)
        member_value(s, names[fact], out);
}

void subject_each_value(struct subject *s, const char *field, void (*each)(void *arg, const char *value), void *arg)
{
    struct expr_value v = { .kind = EXPR_NULL };

    if (!s->shape || !member_value(s, field, &v))
        return;
    if (v.kind == EXPR_STRING)
        each(arg, v.string.s);
    for (size_t i = 0; v.kind == EXPR_JSON && i < json_array_size(v.json); i++)
        if (json_is_string(json_array_get(v.json, i)))
            each(arg, json_string_value(json_array_get(v.json, i)));
}
