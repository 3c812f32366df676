/* Lists of a workspace, which may be long: on a reader's thread, from the store. */
#include "gateway/eventbridge/internal.h"

#include "codec/base64.h"
#include "expr/expr.h"
#include <assert.h>
#include <string.h>

enum { CONDITIONS_MAX = 8 };

struct list {
    struct call *call;
    const struct kind *kind;
    struct condition conditions[CONDITIONS_MAX];
    size_t nconditions;
    bool nothing;
    bool (*keep)(struct list *l, const void *row);
    const struct expr *expression;
    const struct worker *worker; /* whose queues */
    const json_t *attributes;    /* of that worker */
    struct arena *scratch;       /* for one row */
    struct map activities;
    const struct field *order; /* NULL: by sid */
    bool descending;
    int64_t size;
    void **rows;
    int64_t n;
    bool more;
};

static void add(struct list *l, const char *column, const char *text)
{
    assert(l->nconditions < CONDITIONS_MAX);
    l->conditions[l->nconditions++] = (struct condition){ .column = column, .compare = IS, .value = value_text(text) };
}

static const char *list_sid(const struct list *l, const void *row)
{
    return *field_text(field_flagged(l->kind, KEY), row);
}

static void begin(struct list *l, struct call *c, const struct kind *k)
{
    *l = (struct list){ .call = c, .kind = k };
    add(l, "account_sid", c->workspace->account_sid);
    add(l, "workspace_sid", c->workspace->sid);
}

/* --- activities by their sid, because most rows name one -------------------------------------------------- */

static bool take_activity(void *arg, void *row)
{
    struct list *l = arg;
    struct activity *a = row;

    map_put(&l->activities, a->sid, a);
    return true;
}

static void clear_activities(void *arg)
{
    map_clear(arg);
}

static fault_t load_activities(struct list *l)
{
    struct op *op = l->call->op;

    arena_defer(op->arena, clear_activities, &l->activities);
    if (record_select(op->db, op->arena, &activity_kind,
                      &(struct selection){ .conditions = l->conditions, .nconditions = 2 }, take_activity, l) != DB_OK)
        return op_failed(op);
    return NULL;
}

static const struct activity *activity_of(const struct list *l, const char *sid)
{
    return sid ? map_get(&l->activities, sid) : NULL;
}

/* --- pages ------------------------------------------------------------------------------------------------ */

static fault_t read_size(struct list *l)
{
    const char *text = call_param(l->call, "PageSize");

    l->size = PAGE_DEFAULT;
    if (text && (!str_to_int(text, &l->size) || l->size < 1 || l->size > PAGE_MAX))
        return refuse(l->call->op, F_INVALID_PARAMETER, "PageSize '%.32s' is not between 1 and %d", text, PAGE_MAX);
    return NULL;
}

/* "DateUpdated:desc", of the columns that the kind says may order it. */
static fault_t read_order(struct list *l)
{
    struct op *op = l->call->op;
    const char *text = call_param(l->call, "Ordering"), *colon = text ? strchr(text, ':') : NULL;

    if (!text)
        return NULL;
    const char *name = name_snake(op->arena, colon ? arena_strndup(op->arena, text, (size_t)(colon - text)) : text);
    l->order = field_named(l->kind, name);
    l->descending = colon && str_ieq(colon + 1, "desc");
    if (!l->order || !(l->order->flags & ORDERING) || (colon && !l->descending && !str_ieq(colon + 1, "asc")))
        return refuse(op, F_INVALID_PARAMETER, "Ordering '%.64s' is not known here", text);
    return NULL;
}

static fault_t after_row(struct list *l, struct selection *s)
{
    struct op *op = l->call->op;
    const char *after = call_param(l->call, "AfterSid");
    void *row = NULL;

    if (!after)
        return NULL;
    if (call_find(l->call, l->kind, after, &row))
        return refuse(op, F_INVALID_PARAMETER, "AfterSid '%.64s' is not in this list", after);
    s->after_sid = after;
    return NULL;
}

/* "1700000000000 WK…" of the last row, in base64. */
static fault_t after_token(struct list *l, struct selection *s, struct value *value)
{
    struct op *op = l->call->op;
    const char *token = call_param(l->call, "NextToken");
    size_t n = 0;
    char *text = token ? base64url_decode(op->arena, token, strlen(token), &n) : NULL;
    char *blank = text ? strchr(text, ' ') : NULL;
    int64_t at;

    if (!token)
        return NULL;
    if (blank)
        *blank = '\0';
    if (!blank || !str_to_int(text, &at) || !sid_valid(blank + 1, NULL))
        return refuse(op, F_INVALID_PARAMETER, "NextToken '%.64s' is not one of this list", token);
    *value = value_int(at);
    s->after = value;
    s->after_sid = blank + 1;
    return NULL;
}

static bool collect(void *arg, void *row)
{
    struct list *l = arg;

    if (l->keep && !l->keep(l, row))
        return true;
    if (l->n == l->size) {
        l->more = true;
        return false;
    }
    l->rows[l->n++] = row;
    return true;
}

static fault_t run(struct list *l)
{
    struct op *op = l->call->op;
    struct value value;
    struct order order;
    struct selection s = { .conditions = l->conditions, .nconditions = l->nconditions };
    fault_t f = read_size(l);

    f = f ? f : read_order(l);
    if (!f)
        f = l->order ? after_token(l, &s, &value) : after_row(l, &s);
    if (f)
        return f;
    if (l->order) {
        order = (struct order){ l->order->name, l->descending };
        s.orders = &order;
        s.norders = 1;
    }
    s.limit = l->keep ? 0 : l->size + 1;
    l->rows = arena_alloc(op->arena, (size_t)l->size * sizeof(*l->rows));
    if (l->nothing)
        return NULL;
    return record_select(op->db, op->arena, l->kind, &s, collect, l) == DB_OK ? NULL : op_failed(op);
}

static const char *next_token(const struct list *l)
{
    const void *last = l->n ? l->rows[l->n - 1] : NULL;
    struct arena *a = l->call->op->arena;

    if (!l->more || !l->order)
        return NULL;
    const char *text = arena_printf(a, "%lld %s", (long long)*field_int(l->order, last), list_sid(l, last));
    return base64url_encode(a, text, strlen(text));
}

static fault_t answer(struct list *l, fault_t f, void (*put)(const struct list *l, struct json_out *o, const void *row))
{
    struct json_out o;

    f = f ? f : run(l);
    if (f)
        return f;
    json_begin(&o, l->call->op->arena);
    json_open(&o, '{');
    json_key(&o, "contents");
    json_open(&o, '[');
    for (int64_t i = 0; i < l->n; i++)
        put(l, &o, l->rows[i]);
    json_close(&o, ']');
    json_pair_str(&o, "after_sid", l->more && !l->order ? list_sid(l, l->rows[l->n - 1]) : NULL);
    json_key(&o, "meta");
    json_open(&o, '{');
    json_pair_str(&o, "next_token", next_token(l));
    json_close(&o, '}');
    json_close(&o, '}');
    call_answer(l->call, &o);
    return NULL;
}

/* --- activities --------------------------------------------------------------------------------------------------- */

static void put_activity(const struct list *l, struct json_out *o, const void *row)
{
    (void)l;
    activity_json(o, row);
}

fault_t list_activities(struct call *c)
{
    struct list *l = arena_alloc(c->op->arena, sizeof(*l));

    begin(l, c, &activity_kind);
    return answer(l, NULL, put_activity);
}

/* --- workers ------------------------------------------------------------------------------------------------------ */

struct subject {
    const struct worker *worker;
    const struct activity *activity;
};

static void fact_of(const struct expr_scope *scope, enum expr_fact fact, const char *of, struct expr_value *out)
{
    const struct subject *s = scope->subject;

    (void)of;
    if (fact == EXPR_WORKER_SID)
        *out = expr_value_string(s->worker->sid);
    else if (fact == EXPR_WORKER_FRIENDLY_NAME)
        *out = expr_value_string(s->worker->friendly_name);
    else if (fact == EXPR_WORKER_ACTIVITY_SID)
        *out = expr_value_string(s->worker->activity_sid);
    else if (fact == EXPR_WORKER_ACTIVITY_NAME)
        *out = expr_value_string(s->activity ? s->activity->friendly_name : NULL);
}

static bool holds(struct list *l, const struct expr *e, const struct worker *w, const json_t *attributes)
{
    struct subject s = { w, activity_of(l, w->activity_sid) };

    return expr_eval(
        e, &(struct expr_scope){ .worker = attributes, .fact = fact_of, .subject = &s, .now = l->call->op->now });
}

static void free_scratch(void *arg)
{
    arena_free(arg);
}

static void need_scratch(struct list *l)
{
    l->scratch = arena_new();
    arena_defer(l->call->op->arena, free_scratch, l->scratch);
}

static bool worker_passes(struct list *l, const void *row)
{
    const struct worker *w = row;

    arena_reset(l->scratch);
    return holds(l, l->expression, w, json_parse_object(l->scratch, w->attributes, strlen(w->attributes), NULL));
}

static fault_t filter_expression(struct list *l)
{
    struct op *op = l->call->op;
    const char *text = call_param(l->call, "TargetWorkersExpression");
    struct expr_error error;

    if (!text)
        return NULL;
    l->expression = expr_compile(op->arena, text, EXPR_WORKER_LIST, &error);
    if (!l->expression)
        return refuse(op, F_INVALID_PARAMETER, "TargetWorkersExpression: %s at column %d", error.message, error.column);
    need_scratch(l);
    l->keep = worker_passes;
    return NULL;
}

static void filter_activity_name(struct list *l)
{
    const char *name = call_param(l->call, "ActivityName");
    const struct activity *a, *found = NULL;

    if (!name)
        return;
    for (size_t i = 0; (a = map_next(&l->activities, &i));)
        if (!strcmp(a->friendly_name, name))
            found = a;
    l->nothing |= !found;
    if (found)
        add(l, "activity_sid", found->sid);
}

static fault_t filter_workers(struct list *l)
{
    const char *name = call_param(l->call, "FriendlyName"), *activity = call_param(l->call, "ActivitySid");

    if (name)
        add(l, "friendly_name", name);
    if (activity && !activity_of(l, activity))
        return refuse(l->call->op, F_INVALID_PARAMETER, "ActivitySid '%.64s' is not an activity of this workspace",
                      activity);
    if (activity)
        add(l, "activity_sid", activity);
    filter_activity_name(l);
    return filter_expression(l);
}

static void put_worker(const struct list *l, struct json_out *o, const void *row)
{
    const struct worker *w = row;

    worker_json(o, w, activity_of(l, w->activity_sid), (struct stamp){ w->version, w->date_updated });
}

fault_t list_workers(struct call *c)
{
    struct list *l = arena_alloc(c->op->arena, sizeof(*l));

    begin(l, c, &worker_kind);
    fault_t f = load_activities(l);
    return answer(l, f ? f : filter_workers(l), put_worker);
}

/* --- queues ------------------------------------------------------------------------------------------------------- */

static bool queue_takes(struct list *l, const void *row)
{
    const struct task_queue *q = row;
    struct expr_error error;

    arena_reset(l->scratch);
    const struct expr *e = expr_compile(l->scratch, q->target_workers, EXPR_QUEUE, &error);
    return e && holds(l, e, l->worker, l->attributes);
}

static fault_t filter_queues(struct list *l)
{
    const char *name = call_param(l->call, "FriendlyName"), *worker = call_param(l->call, "WorkerSid");
    struct op *op = l->call->op;
    void *row = NULL;

    if (name)
        add(l, "friendly_name", name);
    if (!worker)
        return NULL;
    if (call_find(l->call, &worker_kind, worker, &row))
        return refuse(op, F_INVALID_PARAMETER, "WorkerSid '%.64s' is not a worker of this workspace", worker);
    l->worker = row;
    l->attributes = json_parse_object(op->arena, l->worker->attributes, strlen(l->worker->attributes), NULL);
    need_scratch(l);
    l->keep = queue_takes;
    return NULL;
}

static void put_queue(const struct list *l, struct json_out *o, const void *row)
{
    const struct task_queue *q = row;
    const struct activity *reservation = activity_of(l, q->reservation_activity_sid);
    const struct activity *assignment = activity_of(l, q->assignment_activity_sid);

    queue_json(o, q, reservation ? reservation->friendly_name : NULL, assignment ? assignment->friendly_name : NULL);
}

fault_t list_queues(struct call *c)
{
    struct list *l = arena_alloc(c->op->arena, sizeof(*l));

    begin(l, c, &task_queue_kind);
    fault_t f = load_activities(l);
    return answer(l, f ? f : filter_queues(l), put_queue);
}

fault_t queue_fetch(struct call *c)
{
    struct list *l = arena_alloc(c->op->arena, sizeof(*l));
    struct json_out o;
    void *row = NULL;
    fault_t f = call_find(c, &task_queue_kind, c->sids[1], &row);

    begin(l, c, &task_queue_kind);
    f = f ? f : load_activities(l);
    if (f)
        return f;
    json_begin(&o, c->op->arena);
    put_queue(l, &o, row);
    call_answer(c, &o);
    return NULL;
}
