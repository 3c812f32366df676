/* EventLog: all that happened in an account, by number, from any place on.
 *
 * A reader asks for what comes after the last number that it knows, again and again, and misses nothing: numbers have
 * no gaps.  No index over numbers is needed (every index costs the writer): events' SIDs are in the order of their
 * numbers and begin with a time, so the place of a number is found by halving the time between the log's first and last
 * event, some forty look-ups. */
#include "product/webhooks/internal.h"

#include <stdlib.h>
#include <string.h>

struct log_list {
    int64_t after;
    const char *event_type, *scope_sid;
};

/* clang-format off */
static const struct field list_fields[] = {
    FIELD(log_list, after,      INT, .min = 0, .max = INT64_C(1) << 53),
    FIELD(log_list, event_type, STR),
    FIELD(log_list, scope_sid,  SID),
};
/* clang-format on */

static fault_t present(struct op *op, void *copy)
{
    struct event *e = copy;

    e->at_ms = e->at;
    return event_facts(op->db, op->arena, e) == DB_OK ? NULL : op_failed(op);
}

/* --- the place of a number -------------------------------------------------------------------------------- */

/* The account's first event whose SID is that or more (its last one, if sid is NULL); *e NULL: there is none. */
static bool look(struct op *op, const char *sid, struct event **e)
{
    const struct condition from[] = {
        { .column = "account_sid", .compare = IS, .value = value_text(op->who.account_sid) },
        { .column = "sid", .compare = MORE_OR_IS, .value = value_text(sid) },
    };
    const struct order last = { .column = "sid", .descending = true };

    return record_first(
               op->db, op->arena, &event_kind,
               &(struct selection){ .conditions = from, .nconditions = sid ? 2 : 1, .orders = &last, .norders = !sid },
               (void **)e) == DB_OK;
}

static const char *sid_at(struct op *op, uint64_t ms)
{
    return arena_printf(op->arena, "EV%011llx%021d", (unsigned long long)ms, 0);
}

static uint64_t ms_of(const struct event *e)
{
    char digits[12] = "";

    memcpy(digits, e->sid + 2, 11);
    return strtoull(digits, NULL, 16);
}

/* The last millisecond at whose beginning no number above `after` had been given.  *nothing: the log ends before. */
static fault_t find_place(struct op *op, int64_t after, uint64_t *ms, bool *nothing)
{
    struct event *first, *last, *e;

    if (!look(op, "EV", &first) || !look(op, NULL, &last))
        return op_failed(op);
    *nothing = !last || last->number <= after;
    if (*nothing)
        return NULL;
    uint64_t low = ms_of(first), high = ms_of(last) + 1;
    while (high - low > 1) { /* from low on comes a number up to after + 1, from high on none */
        uint64_t middle = low + (high - low) / 2;
        if (!look(op, sid_at(op, middle), &e))
            return op_failed(op);
        if (e && e->number <= after + 1)
            low = middle;
        else
            high = middle;
    }
    *ms = low;
    return NULL;
}

static fault_t select_log(struct op *op, struct list_plan *plan)
{
    const struct log_list *p = op->params;
    uint64_t ms = 0;

    if (p->event_type)
        plan_add(plan, "event_type", IS, value_text(p->event_type));
    if (p->scope_sid)
        plan_add(plan, "scope_sid", IS, value_text(p->scope_sid));
    if (p->after == NO_VALUE || !p->after)
        return NULL;
    int64_t oldest = event_first(op->db, op->who.account_sid);
    if (oldest == NO_VALUE)
        return op_failed(op);
    if (p->after + 1 < oldest)
        return refuse(op, F_GONE, "Events are kept for a while only: number %lld is gone, the log begins with %lld",
                      (long long)(p->after + 1), (long long)oldest);
    fault_t f = find_place(op, p->after, &ms, &plan->nothing);
    if (!f && !plan->nothing) {
        plan_add(plan, "sid", MORE_OR_IS, value_text(sid_at(op, ms)));
        plan_add(plan, "number", MORE, value_int(p->after));
    }
    return f;
}

const struct resource event_log_resource = {
    .product = "plugboard",
    .name = "LoggedEvent",
    .path = "/v1/EventLog",
    .many = "events",
    .verbs = LIST | FETCH,
    .kind = &event_kind,
    .list_params = PARAMS(log_list, list_fields),
    .present = present,
    .select = select_log,
};
