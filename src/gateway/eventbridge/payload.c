/* Rows as the SDK wants to see them.  What there is to see stands in the rows of routing/kinds.c, as for the API: the
 * same members by the same names, but for times in seconds since 1970, the version as a text, and the few spellings
 * below. The client throws when a key is missing; task_transfer and active_outgoing_task_transfer stay out when there
 * is none, because it throws when they are null. */
#include "gateway/eventbridge/internal.h"

#include <assert.h>
#include <stdio.h>

struct stamp stamp_of(struct tx *tx, const void *row)
{
    const struct kind *k = row_kind(row);
    const struct field *version = field_flagged(k, REVISION), *updated = field_flagged(k, TOUCHED);
    const void *was = row_was(tx, row);
    struct stamp s = { version ? *field_int(version, row) : 0, *field_int(updated, row) };

    if (!was || was == row || !row_differs(k, row, was))
        return s;
    if (version && field_equal(version, row, was))
        s.version++;
    if (field_equal(updated, row, was))
        s.updated = tx->now;
    return s;
}

/* --- rows ------------------------------------------------------------------------------------------------------- */

enum as { AS_IT_IS, IN_MS, ONLY_WHOLE, ONLY_IF_ANY };
struct spelling {
    size_t at; /* the member */
    const char *key;
    enum as as;
};
#define MEMBER(st, member) offsetof(struct st, member)

/* clang-format off */
static const struct spelling of_worker_channel[] = {
    { MEMBER(worker_channel, last_reserved_time), "last_reserved_time", IN_MS }, /* the one time in milliseconds */
};
static const struct spelling of_task[] = {
    { MEMBER(task, task_queue_sid),           "queue_sid" },
    { MEMBER(task, task_queue_friendly_name), "queue_name" },
    { MEMBER(task, workflow_friendly_name),   "workflow_name" },
};
static const struct spelling of_reservation[] = {
    { MEMBER(reservation, reservation_timeout),  "reservation_timeout",  ONLY_WHOLE },
    { MEMBER(reservation, canceled_reason_code), "canceled_reason_code", ONLY_IF_ANY },
};
/* clang-format on */

struct view {
    const struct kind *kind;
    const struct spelling *spellings;
    size_t nspellings;
};
static const struct view activity_view = { &activity_kind, NULL, 0 }, queue_view = { &task_queue_kind, NULL, 0 },
                         worker_view = { &worker_kind, NULL, 0 }, transfer_view = { &transfer_kind, NULL, 0 },
                         channel_view = { &worker_channel_kind, ROWS(of_worker_channel) },
                         task_view = { &task_kind, ROWS(of_task) },
                         reservation_view = { &reservation_kind, ROWS(of_reservation) };

static const struct spelling *spelling_of(const struct view *v, const struct field *f)
{
    for (size_t i = 0; i < v->nspellings; i++)
        if (v->spellings[i].at == f->offset)
            return &v->spellings[i];
    return NULL;
}

static void put_number(struct json_out *o, int64_t v)
{
    if (v == NO_VALUE)
        json_nil(o);
    else
        json_int(o, v);
}

static void put_member(struct json_out *o, const struct field *f, const void *row, struct stamp s, bool in_ms)
{
    char version[24];
    int64_t at;

    switch (f->type) {
    case T_BOOL:
        json_bool(o, *field_bool(f, row));
        return;
    case T_ENUM:
        json_str(o, f->names[*field_enum(f, row)]);
        return;
    case T_INT:
        if (!(f->flags & REVISION)) {
            put_number(o, *field_int(f, row));
            return;
        }
        snprintf(version, sizeof(version), "%lld", (long long)s.version);
        json_str(o, version);
        return;
    case T_TIME:
        at = f->flags & TOUCHED ? s.updated : *field_int(f, row);
        put_number(o, at == NO_VALUE || in_ms ? at : at / SECOND);
        return;
    default:
        assert(field_is_text(f));
        json_str(o, *field_text(f, row));
    }
}

/* The members of a row whose COMPUTED ones are filled in; whole: also what only the long form has. */
static void put_row(struct json_out *o, const struct view *v, const void *row, struct stamp s, bool whole)
{
    for (EACH_FIELD(f, v->kind)) {
        const struct spelling *as = spelling_of(v, f);
        if ((f->flags & HIDDEN) && !(f->flags & REVISION) && !as)
            continue;
        if (as && as->as >= ONLY_WHOLE && (!whole || (as->as == ONLY_IF_ANY && *field_int(f, row) == NO_VALUE)))
            continue;
        json_key(o, as ? as->key : f->name);
        put_member(o, f, row, s, as && as->as == IN_MS);
    }
}

void activity_json(struct json_out *o, const struct activity *a)
{
    json_open(o, '{');
    put_row(o, &activity_view, a, (struct stamp){ .updated = a->date_updated }, true);
    json_close(o, '}');
}

void queue_json(struct json_out *o, const struct task_queue *q, const char *reservation_activity,
                const char *assignment_activity)
{
    struct task_queue shown = *q;

    shown.reservation_activity_name = reservation_activity;
    shown.assignment_activity_name = assignment_activity;
    json_open(o, '{');
    put_row(o, &queue_view, &shown, (struct stamp){ .updated = q->date_updated }, true);
    json_pair_bool(o, "lifo_queue", q->task_order == ORDER_LIFO);
    json_close(o, '}');
}

void worker_json(struct json_out *o, const struct worker *w, const struct activity *a, struct stamp s)
{
    struct worker shown = *w;

    shown.activity_name = a ? a->friendly_name : NULL;
    shown.available = a && a->available;
    json_open(o, '{');
    put_row(o, &worker_view, &shown, s, true);
    json_close(o, '}');
}

void worker_json_live(struct json_out *o, struct tx *tx, const struct worker *w)
{
    worker_json(o, w, row_find(tx, &activity_kind, w->activity_sid), stamp_of(tx, w));
}

void channel_json(struct json_out *o, struct routing *e, struct tx *tx, const struct worker_channel *c)
{
    const struct task_channel *of = row_find(tx, &task_channel_kind, c->task_channel_sid);
    struct worker_channel shown = *c;

    shown.task_channel_unique_name = of ? of->unique_name : NULL;
    shown.assigned_tasks = routing_assigned(e, c);
    shown.available_capacity_percentage = routing_percentage(e, c);
    json_open(o, '{');
    put_row(o, &channel_view, &shown, stamp_of(tx, c), true);
    json_close(o, '}');
}

static void put_task(struct json_out *o, struct tx *tx, const struct task *t)
{
    const struct task_queue *q = row_find(tx, &task_queue_kind, t->task_queue_sid);
    const struct workflow *f = row_find(tx, &workflow_kind, t->workflow_sid);
    const struct task_channel *c = row_find(tx, &task_channel_kind, t->task_channel_sid);
    struct task shown = *t;

    shown.age = (tx->now - t->date_created) / SECOND;
    shown.task_queue_friendly_name = q ? q->friendly_name : NULL;
    shown.workflow_friendly_name = f ? f->friendly_name : NULL;
    shown.task_channel_unique_name = c ? c->unique_name : NULL;
    put_row(o, &task_view, &shown, stamp_of(tx, t), true);
}

void task_json(struct json_out *o, struct tx *tx, const struct task *t)
{
    json_open(o, '{');
    put_task(o, tx, t);
    json_close(o, '}');
}

void task_offer_json(struct json_out *o, struct tx *tx, const struct reservation *r, const struct task *t)
{
    json_open(o, '{');
    put_task(o, tx, t);
    json_pair_str(o, "task_sid", t->sid);
    json_pair_str(o, "reservation_sid", r->sid);
    json_pair_str(o, "reservation_status", reservation_status_names[r->reservation_status]);
    json_pair_int(o, "reservation_timeout", r->reservation_timeout);
    json_pair_str(o, "worker_sid", r->worker_sid);
    json_pair_str(o, "worker_name", r->worker_name);
    json_close(o, '}');
}

void transfer_json(struct json_out *o, struct tx *tx, const struct transfer *x)
{
    json_open(o, '{');
    put_row(o, &transfer_view, x, stamp_of(tx, x), true);
    json_close(o, '}');
}

/* The one by which it came, whatever became of that; and the one that its worker has begun, while it is under way. */
static void pair_transfers(struct json_out *o, struct routing *e, struct tx *tx, const struct reservation *r)
{
    const struct transfer *in = r->transfer_sid ? row_find(tx, &transfer_kind, r->transfer_sid) : NULL;
    const struct transfer *out = routing_transfer_of_task(e, tx, r->task_sid);

    if (in) {
        json_key(o, "task_transfer");
        transfer_json(o, tx, in);
    }
    if (out && str_eq(out->initiating_reservation_sid, r->sid)) {
        json_key(o, "active_outgoing_task_transfer");
        transfer_json(o, tx, out);
    }
}

void reservation_json(struct json_out *o, struct routing *e, struct tx *tx, const struct reservation *r,
                      const struct task *t)
{
    json_open(o, '{');
    put_row(o, &reservation_view, r, stamp_of(tx, r), t);
    if (t) {
        json_key(o, "task");
        task_json(o, tx, t);
        pair_transfers(o, e, tx, r);
    }
    json_close(o, '}');
}
