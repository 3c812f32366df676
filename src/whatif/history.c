/* History: the log read from its beginning.  Up to the start it says how the people stood; from there on it is a list
 * of actions, which a play performs again. */
#include "codec/date.h"
#include "ledger/ledger.h"
#include "whatif/internal.h"
#include <stdio.h>
#include <string.h>

struct offer { /* a reservation */
    const char *sid;
    struct person *person;
    struct request *request;
    int64_t made;
};

static const char *keep(struct history *h, const json_t *facts, const char *key)
{
    return arena_strdup(h->arena, json_get_string(facts, key));
}

static int64_t number(const json_t *facts, const char *key)
{
    return json_integer_value(json_object_get(facts, key));
}

static struct action *act(struct history *h, int64_t at, enum action_kind kind, struct person *p, struct request *r)
{
    struct action *a = arena_alloc(h->arena, sizeof *a);

    *a = (struct action){ .at = at, .kind = kind, .person = p, .request = r };
    pointers_add(&h->actions, a);
    return a;
}

/* --- people ----------------------------------------------------------------------------------------------- */

static struct person *person_of(struct history *h, const char *sid)
{
    struct person *p = sid ? map_get(&h->people, sid) : NULL;

    if (p || !sid)
        return p;
    p = arena_alloc(h->arena, sizeof *p);
    *p = (struct person){ .sid = arena_strdup(h->arena, sid), .habits.arena = h->arena };
    map_put(&h->people, p->sid, p);
    pointers_add(&h->all_people, p);
    return p;
}

static struct seat *seat_of(struct history *h, struct person *p, const char *channel_sid)
{
    struct seat *s = p->seats;

    while (s && !str_eq(s->channel_sid, channel_sid))
        s = s->next;
    if (s || !channel_sid)
        return s;
    s = arena_alloc(h->arena, sizeof *s);
    *s = (struct seat){ arena_strdup(h->arena, channel_sid), NULL, 1, NO_VALUE, true, p->seats };
    p->seats = s;
    return s;
}

static void describe(struct history *h, struct person *p, int64_t at, const json_t *facts)
{
    const char *activity = json_get_string(facts, "worker_activity_sid");

    if (!str_eq(activity, p->activity_sid))
        p->status_changed = at;
    p->activity_sid = arena_strdup(h->arena, activity);
    p->name = keep(h, facts, "worker_name");
    p->attributes = keep(h, facts, "worker_attributes");
    p->known = true;
}

static void hear_seat(struct history *h, int64_t at, struct person *p, const json_t *facts)
{
    struct seat *s = seat_of(h, p, json_get_string(facts, "task_channel_sid"));
    int64_t capacity = number(facts, "worker_channel_available_capacity");
    bool available = json_is_true(json_object_get(facts, "worker_channel_available"));

    if (!s)
        return;
    if (h->started) {
        struct action *a = act(h, at, SEAT_CHANGES, p, NULL);
        a->sid = s->channel_sid;
        a->capacity = capacity;
        a->available = available;
    } else {
        s->capacity = capacity;
        s->available = available;
    }
}

static void hear_person(struct history *h, enum event_type type, int64_t at, const json_t *facts)
{
    struct person *p = person_of(h, json_get_string(facts, "worker_sid"));
    struct action *a;

    if (!p)
        return;
    if (type == EV_WORKER_CAPACITY_UPDATE || type == EV_WORKER_CHANNEL_AVAILABILITY_UPDATE) {
        hear_seat(h, at, p, facts);
        return;
    }
    if (!h->started) {
        describe(h, p, at, facts);
        p->at_start = type != EV_WORKER_DELETED;
        return;
    }
    if (type == EV_WORKER_ACTIVITY_UPDATE) {
        if (str_eq(h->gave_up, p->sid) && h->gave_up_at == at) /* the engine's doing, and it will do it again */
            return;
        a = act(h, at, PERSON_MOVES, p, NULL);
        a->sid = keep(h, facts, "worker_activity_sid");
        return;
    }
    if (type == EV_WORKER_CREATED)
        describe(h, p, at, facts);
    a = act(h, at,
            type == EV_WORKER_CREATED   ? PERSON_COMES
            : type == EV_WORKER_DELETED ? PERSON_GOES
                                        : PERSON_CHANGES,
            p, NULL);
    a->name = keep(h, facts, "worker_name");
    a->attributes = keep(h, facts, "worker_attributes");
}

/* --- requests --------------------------------------------------------------------------------------------- */

/* Times in facts are whole seconds. */
static int64_t virtual_start(int64_t at, const json_t *facts)
{
    int64_t s = number(facts, "task_virtual_start_time");

    return s == at / SECOND ? at : s * SECOND;
}

/* The first that is heard of it: workflow.entered, which still has the priority that was asked for, or task.created. */
static struct request *first_heard(struct history *h, int64_t at, const json_t *facts, const char *sid)
{
    struct request *r = arena_alloc(h->arena, sizeof *r);

    *r = (struct request){
        .sid = arena_strdup(h->arena, sid),
        .attributes = keep(h, facts, "task_attributes"),
        .channel_sid = keep(h, facts, "task_channel_sid"),
        .workflow_sid = keep(h, facts, "workflow_sid"),
        .queue_sid = keep(h, facts, "task_queue_sid"),
        .target = keep(h, facts, "task_routing_target"),
        .priority = number(facts, "task_priority"),
        .timeout = NO_VALUE,
        .created = at,
        .virtual_start = virtual_start(at, facts),
        .answered = NO_VALUE,
        .ended = NO_VALUE,
        .ignore_capacity = json_is_true(json_object_get(facts, "task_ignore_capacity")),
    };
    r->last_attributes = r->attributes;
    r->last_priority = r->priority;
    map_put(&h->requests, r->sid, r);
    pointers_add(&h->all_requests, r);
    if (h->started)
        act(h, at, REQUEST_COMES, NULL, r);
    return r;
}

/* An update that somebody asked for: other attributes, or a priority that no step has given. */
static void hear_update(struct history *h, int64_t at, const json_t *facts, struct request *r)
{
    const char *status = json_get_string(facts, "task_assignment_status");
    const char *attributes = json_get_string(facts, "task_attributes");
    int64_t priority = number(facts, "task_priority");
    bool moved = priority != r->last_priority, changed = !str_eq(attributes, r->last_attributes);

    if (r->over || (!moved && !changed) || !(str_eq(status, "pending") || str_eq(status, "reserved")))
        return;
    if (changed)
        r->last_attributes = arena_strdup(h->arena, attributes);
    if (h->started) {
        struct action *a = act(h, at, REQUEST_CHANGES, NULL, r);
        a->attributes = changed ? r->last_attributes : NULL;
        a->priority = moved ? priority : NO_VALUE;
    } else {
        r->attributes = r->last_attributes;
        if (moved)
            r->priority = priority;
    }
}

static void hear_cancel(struct history *h, int64_t at, const json_t *facts, struct request *r)
{
    const char *reason = json_get_string(facts, "task_canceled_reason");
    bool ttl;

    if (r->over)
        return;
    r->over = true;
    r->own_end = !routing_gave_reason(reason, &ttl);
    if (ttl)
        r->timeout = (at - r->created) / SECOND;
    if (h->started && r->own_end)
        act(h, at, REQUEST_LEAVES, NULL, r)->reason = arena_strdup(h->arena, reason);
}

static void hear_end(struct history *h, enum event_type type, int64_t at, struct request *r)
{
    if (r->over)
        return;
    r->over = true;
    if (r->answered != NO_VALUE)
        r->ended = at;
    else if (h->started && type == EV_TASK_DELETED)
        act(h, at, REQUEST_LEAVES, NULL, r)->reason = "deleted";
}

/* --- offers ----------------------------------------------------------------------------------------------- */

static void hear_offer(struct history *h, int64_t at, const json_t *facts, struct request *r)
{
    struct person *p = person_of(h, json_get_string(facts, "worker_sid"));
    struct offer *o = arena_alloc(h->arena, sizeof *o);
    struct seat *s;

    *o = (struct offer){ keep(h, facts, "reservation_sid"), p, r, at };
    if (!o->sid || !p)
        return;
    map_put(&h->offers, o->sid, o);
    if (!h->started && (s = seat_of(h, p, json_get_string(facts, "task_channel_sid"))))
        s->reserved = at;
}

static void add_habit(struct history *h, const struct offer *o, enum answer answer, int64_t at)
{
    struct habit *x;

    if (o->made < h->o->from) /* it was made before the play begins */
        return;
    x = arena_alloc(h->arena, sizeof *x);
    *x = (struct habit){ answer, at - o->made };
    pointers_add(&o->person->habits, x);
}

static void hear_answer(struct history *h, enum event_type type, int64_t at, const json_t *facts, struct request *r)
{
    const char *sid = json_get_string(facts, "reservation_sid");
    struct offer *o = sid ? map_get(&h->offers, sid) : NULL;

    if (!o)
        return;
    if (type == EV_RESERVATION_TIMEOUT) {
        h->gave_up = o->person->sid;
        h->gave_up_at = at;
        add_habit(h, o, LETS_RING, at);
    } else if (type == EV_RESERVATION_REJECTED) {
        add_habit(h, o, REJECTS, at);
    } else if (type == EV_RESERVATION_ACCEPTED) {
        add_habit(h, o, ACCEPTS, at);
        o->person->handling += !h->started;
        if (r->answered == NO_VALUE) {
            r->answered = at;
            r->holder = o->person->sid;
        }
    } else if (type == EV_RESERVATION_COMPLETED) {
        o->person->handling -= !h->started && o->person->handling > 0;
        if (r->ended == NO_VALUE && r->answered != NO_VALUE && str_eq(r->holder, o->person->sid))
            r->ended = at;
    }
}

static void hear_request(struct history *h, enum event_type type, int64_t at, const json_t *facts)
{
    const char *sid = json_get_string(facts, "task_sid");
    struct request *r = sid ? map_get(&h->requests, sid) : NULL;

    if (!sid)
        return;
    if (!r && (type == EV_WORKFLOW_ENTERED || type == EV_TASK_CREATED))
        r = first_heard(h, at, facts, sid);
    if (!r)
        return; /* older than LOOK_BACK */
    if (type == EV_TASK_UPDATED)
        hear_update(h, at, facts, r);
    else if (type == EV_TASK_CANCELED)
        hear_cancel(h, at, facts, r);
    else if (type == EV_TASK_COMPLETED || type == EV_TASK_DELETED || type == EV_TASK_SYSTEM_DELETED)
        hear_end(h, type, at, r);
    else if (type == EV_RESERVATION_CREATED)
        hear_offer(h, at, facts, r);
    else
        hear_answer(h, type, at, facts, r);
    r->last_priority = number(facts, "task_priority");
}

/* --- the log ---------------------------------------------------------------------------------------------- */

static void start(struct history *h)
{
    if (h->started)
        return;
    h->started = true;
    for (size_t i = 0; i < h->all_people.n; i++) {
        const struct person *p = h->all_people.at[i];
        if (p->at_start)
            meter_worker(h->meter, p->sid, p->activity_sid, p->handling);
    }
    for (size_t i = 0; i < h->all_requests.n; i++) {
        struct request *r = h->all_requests.at[i];
        r->open = !r->over && r->ended == NO_VALUE;
        r->held = r->open && r->answered != NO_VALUE;
    }
}

static enum event_type type_named(const char *name)
{
    int t = 0;

    while (t < EV_COUNT && !str_eq(event_name((enum event_type)t), name))
        t++;
    return (enum event_type)t;
}

struct reading {
    struct history *h;
    bool people_only;
};

static bool hear(void *arg, struct columns *c)
{
    _arena_ struct arena *a = arena_new();
    struct reading *r = arg;
    struct history *h = r->h;
    enum event_type type = type_named(column_text(c, 0));
    int64_t at = column_int(c, 1);
    const char *scope = column_text(c, 2), *data = column_text(c, 3);

    if (at > h->o->to)
        return false;
    if (type == EV_COUNT || !data || !str_eq(scope, h->workflow->workspace_sid))
        return true;
    if (at >= h->o->from)
        start(h);
    const json_t *facts = json_parse_object(a, data, strlen(data), NULL);
    if (!facts)
        return true;
    if (str_starts(event_name(type), "worker."))
        hear_person(h, type, at, facts);
    else if (!r->people_only)
        hear_request(h, type, at, facts);
    if (h->started)
        meter_hear(h->meter, type, at, facts);
    return true;
}

static bool take_time(void *arg, struct columns *c)
{
    *(int64_t *)arg = column_int(c, 0);
    return false;
}

/* A log whose beginning has been purged does not tell of earlier times. */
static const char *check_reach(struct history *h, struct db *db)
{
    struct value account = value_text(h->workflow->account_sid);
    char date[DATE_SIZE];
    int64_t at = 0;

    if (event_first(db, account.s) <= 1 ||
        db_run(db, "SELECT at FROM event WHERE account_sid = ? ORDER BY sid LIMIT 1", &account, 1, take_time, &at) !=
            DB_OK ||
        at <= h->o->from)
        return NULL;
    return arena_printf(h->arena, "--from is too early: older events are gone, the log begins at %s",
                        date_iso(at, date));
}

/* SIDs of events begin with their time: two walks in the order of the log, the first for people only. */
static const char *read_log(struct history *h, struct db *db)
{
    char first[16];
    struct value at;
    struct reading people = { h, true }, all = { h, false };
    const char *why = check_reach(h, db);

    if (why)
        return why;

    snprintf(first, sizeof first, "EV%011llx", (unsigned long long)(h->o->from - LOOK_BACK));
    at = value_text(first);
    if (db_run(db,
               "SELECT event_type, at, scope_sid, " EVENT_FACTS
               " FROM event WHERE sid < ? AND event_type LIKE 'worker.%' "
               "ORDER BY sid",
               &at, 1, hear, &people) != DB_OK ||
        db_run(db, "SELECT event_type, at, scope_sid, " EVENT_FACTS " FROM event WHERE sid >= ? ORDER BY sid", &at, 1,
               hear, &all) != DB_OK)
        return arena_printf(h->arena, "the log cannot be read: %s", db_error(db));
    start(h); /* should nothing have happened */
    return NULL;
}

/* --- the set-up ------------------------------------------------------------------------------------------- */

static bool take(void *arg, void *row)
{
    pointers_add(arg, row);
    return true;
}

static const char *read_rows(struct history *h, struct db *db)
{
    struct condition here = { .column = "workspace_sid",
                              .compare = IS,
                              .value = value_text(h->workflow->workspace_sid) };

    for (size_t k = 0; k < ROUTING_KINDS; k++) {
        const struct kind *kind = routing_kinds[k];
        h->rows[k].arena = h->arena;
        here.column = kind == &workspace_kind ? "sid" : "workspace_sid";
        if (kind == &reservation_kind)
            continue;
        if (record_select(db, h->arena, kind, &(struct selection){ .conditions = &here, .nconditions = 1 }, take,
                          &h->rows[k]) != DB_OK)
            return arena_printf(h->arena, "the rows cannot be read: %s", db_error(db));
        for (size_t i = 0; kind == &workspace_kind && i < h->rows[k].n; i++)
            if (!((const struct workspace *)h->rows[k].at[i])->multi_task_enabled)
                return "a workspace with MultiTaskEnabled=false cannot be simulated: there the work itself moves "
                       "workers";
        for (size_t i = 0; kind == &activity_kind && i < h->rows[k].n; i++) {
            struct activity *a = h->rows[k].at[i];
            if (a->available)
                map_put(&h->available, a->sid, a);
        }
    }
    return NULL;
}

static struct pointers *rows_of(struct history *h, const struct kind *kind)
{
    size_t k = 0;

    while (routing_kinds[k] != kind)
        k++;
    return &h->rows[k];
}

/* What the log does not know: rows that are older than it, and tasks' own timeouts. */
static void complete(struct history *h)
{
    struct pointers *rows = rows_of(h, &worker_kind);

    for (size_t i = 0; i < rows->n; i++) {
        const struct worker *w = rows->at[i];
        struct person *p = person_of(h, w->sid);
        if (p->known || w->date_created > h->o->from)
            continue;
        p->name = w->friendly_name;
        p->attributes = w->attributes;
        p->activity_sid = w->activity_sid;
        p->status_changed = w->date_status_changed;
        p->at_start = p->known = true;
        meter_worker(h->meter, p->sid, p->activity_sid, 0);
    }
    rows = rows_of(h, &worker_channel_kind);
    for (size_t i = 0; i < rows->n; i++) {
        const struct worker_channel *c = rows->at[i];
        struct person *p = map_get(&h->people, c->worker_sid);
        struct seat *s = p ? seat_of(h, p, c->task_channel_sid) : NULL;
        if (s)
            s->sid = c->sid;
    }
    rows = rows_of(h, &task_kind);
    for (size_t i = 0; i < rows->n; i++) {
        const struct task *t = rows->at[i];
        struct request *r = map_get(&h->requests, t->sid);
        if (r && r->timeout == NO_VALUE)
            r->timeout = t->timeout;
    }
}

int64_t handling_of(const struct history *h, const struct request *r)
{
    if (r->answered == NO_VALUE)
        return h->mean_handling;
    if (r->ended != NO_VALUE)
        return r->ended - r->answered;
    return h->o->to - r->answered > h->mean_handling ? h->o->to - r->answered : h->mean_handling;
}

enum { NO_DELAY = 0, DEFAULT_HANDLING = 180 * 1000 };

static void find_means(struct history *h)
{
    int64_t sum = 0, n = 0, delays = 0, nanswers = 0;

    for (size_t i = 0; i < h->all_requests.n; i++) {
        const struct request *r = h->all_requests.at[i];
        if (r->ended == NO_VALUE || r->answered == NO_VALUE)
            continue;
        sum += r->ended - r->answered;
        n++;
    }
    for (size_t i = 0; i < h->all_people.n; i++) {
        const struct person *p = h->all_people.at[i];
        for (size_t k = 0; k < p->habits.n; k++) {
            const struct habit *x = p->habits.at[k];
            delays += x->answer == ACCEPTS ? x->delay : 0;
            nanswers += x->answer == ACCEPTS;
        }
    }
    h->nanswered = (size_t)n;
    h->mean_handling = n ? sum / n : DEFAULT_HANDLING;
    h->mean_delay = nanswers ? delays / nanswers : NO_DELAY;
}

static void forget(void *arg)
{
    struct history *h = arg;

    map_clear(&h->available);
    map_clear(&h->people);
    map_clear(&h->requests);
    map_clear(&h->offers);
}

static const char *read_all(struct history *h, struct db *db)
{
    void *row = NULL;
    const char *why;

    if (record_find(db, h->arena, &workflow_kind, h->o->workflow_sid, &row) != DB_OK)
        return arena_printf(h->arena, "the workflow cannot be read: %s", db_error(db));
    if (!row)
        return arena_printf(h->arena, "there is no workflow %s", h->o->workflow_sid);
    h->workflow = row;
    h->meter = meter_new(h->arena, h->o, &h->available);
    why = read_rows(h, db);
    return why ? why : read_log(h, db);
}

const char *history_read(struct history *h, struct store *s)
{
    const char *why = NULL;
    struct db *db = db_open(s, false, h->arena, &why);

    if (!db)
        return why;
    arena_defer(h->arena, forget, h);
    h->all_people.arena = h->all_requests.arena = h->actions.arena = h->arena;
    if (db_begin(db) != DB_OK) /* one moment for all that is read */
        why = arena_printf(h->arena, "%s", db_error(db));
    why = why ? why : read_all(h, db);
    db_close(db);
    if (why)
        return why;
    complete(h);
    find_means(h);
    return NULL;
}
