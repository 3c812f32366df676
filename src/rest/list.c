/* list: filters, orders and pages.
 *
 * Pages are cut by a cursor, not by counting: PageToken names the row that the page follows ("PA" + sid) or precedes
 * ("PB" + sid), with the row's values of the order's columns behind it when the list has an order of its own.  So a
 * page stays right while rows are added or deleted.  Page is only a number for people. */
#include "rest/internal.h"

#include "codec/base64.h"
#include <string.h>

enum { ORDERS_MAX = 4, LIST_CHUNK = 1000 };

struct listing {
    struct op *op;
    const struct shape *shape;
    struct list_plan plan;
    struct order orders[ORDERS_MAX];
    size_t norders;
    struct value after[ORDERS_MAX];
    const char *after_sid;
    bool backwards;
    int64_t page_size, page;
    void **rows;
    int64_t nrows;
    int64_t room;    /* rows to collect: one more than the page, to know whether there is a next */
    void *last_seen; /* of the chunk, kept or not: where the next chunk goes on */
    int64_t chunk;
};

void plan_add(struct list_plan *p, const char *column, enum compare compare, struct value value)
{
    if (p->nconditions < PLAN_CONDITIONS)
        p->conditions[p->nconditions++] = (struct condition){ .column = column, .compare = compare, .value = value };
}

static struct value value_of(const struct field *f, const void *row)
{
    if (field_is_text(f))
        return value_text(*field_text(f, row));
    if (f->type == T_BOOL)
        return value_int(*field_bool(f, row));
    if (f->type == T_ENUM)
        return value_text(f->names[*field_enum(f, row)]);
    return *field_int(f, row) == NO_VALUE ? value_text(NULL) : value_int(*field_int(f, row));
}

/* --- filters -------------------------------------------------------------------------------------------------- */

static fault_t filter_equal(struct listing *l, const struct bound *b, const char *text)
{
    struct op *op = l->op;
    void *scratch = arena_alloc(op->arena, l->shape->kind->size);
    struct bound plain = { .field = b->field, .param = b->param };
    fault_t f = NULL;

    if (b->field->type == T_SID || field_is_text(b->field))
        *field_text(b->field, scratch) = text;
    else
        f = bind_text(op, &plain, text, scratch, false);
    if (f)
        return f;
    plan_add(&l->plan, b->field->name, IS, value_of(b->field, scratch));
    if (l->plan.nconditions)
        l->plan.conditions[l->plan.nconditions - 1].nocase = b->field->flags & NOCASE;
    return NULL;
}

/* An enum may be given several times, or as a list with commas: any of them. */
static fault_t filter_words(struct listing *l, const struct bound *b)
{
    struct op *op = l->op;
    struct value *words = arena_alloc(op->arena, 64 * sizeof(*words));
    size_t n = 0;

    for (size_t i = 0; i < op->form.n; i++) {
        if (strcmp(op->form.pairs[i].name, b->param))
            continue;
        char *rest = arena_strdup(op->arena, op->form.pairs[i].value), *save = NULL;
        for (char *w = strtok_r(rest, ",", &save); w && n < 64; w = strtok_r(NULL, ",", &save)) {
            unsigned *scratch = arena_alloc(op->arena, l->shape->kind->size);
            fault_t f = bind_text(op, &(struct bound){ .field = b->field, .param = b->param }, w, scratch, false);
            if (f)
                return f;
            words[n++] = value_of(b->field, scratch);
        }
    }
    if (n && l->plan.nconditions < PLAN_CONDITIONS)
        l->plan.conditions[l->plan.nconditions++] =
            (struct condition){ .column = b->field->name, .compare = ONE_OF, .values = words, .nvalues = n };
    return NULL;
}

static fault_t filter_range(struct listing *l, const struct bound *b)
{
    static const struct {
        const char *suffix;
        enum compare compare;
    } ways[] = { { "<", LESS_OR_IS }, { ">", MORE_OR_IS }, { "Before", LESS }, { "After", MORE } };

    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        const char *param = arena_printf(l->op->arena, "%s%s", b->param, ways[i].suffix);
        const char *text = op_param(l->op, param);
        int64_t *scratch = arena_alloc(l->op->arena, l->shape->kind->size);
        if (!text || !*text)
            continue;
        struct bound named = { .field = b->field, .param = param };
        fault_t f = bind_text(l->op, &named, text, scratch, false);
        if (f)
            return f;
        plan_add(&l->plan, b->field->name, ways[i].compare, value_of(b->field, scratch));
    }
    return NULL;
}

static fault_t read_filters(struct listing *l)
{
    for (size_t i = 0; i < l->shape->filters.n; i++) {
        const struct bound *b = &l->shape->filters.rows[i];
        const char *text = op_param(l->op, b->param);
        fault_t f = NULL;
        if (b->field->flags & RANGE)
            f = filter_range(l, b);
        if (!f && text && *text)
            f = b->field->type == T_ENUM ? filter_words(l, b) : filter_equal(l, b, text);
        if (f)
            return f;
    }
    return NULL;
}

/* --- order and place ------------------------------------------------------------------------------------------ */

static fault_t read_one_order(struct listing *l, char *clause)
{
    char *direction = strchr(clause, ':');
    const struct field *f;

    if (direction)
        *direction++ = '\0';
    f = field_named(l->shape->kind, name_snake(l->op->arena, clause));
    if (!f || !(f->flags & ORDERING) || l->shape->res->shape) /* nobody orders by what is not shown */
        return refuse(l->op, F_INVALID_PARAMETER, "Ordering by '%.64s' is not possible", clause);
    if (direction && !str_ieq(direction, "asc") && !str_ieq(direction, "desc"))
        return refuse(l->op, F_INVALID_PARAMETER, "Ordering direction '%.16s' is not asc or desc", direction);
    if (l->norders == ORDERS_MAX)
        return refuse(l->op, F_INVALID_PARAMETER, "Ordering has more than %d parts", ORDERS_MAX);
    l->orders[l->norders++] = (struct order){ .column = f->name, .descending = str_ieq(direction, "desc") };
    return NULL;
}

static fault_t read_order(struct listing *l)
{
    const char *given = op_param(l->op, "Ordering");
    fault_t f = NULL;

    if (!given || !*given)
        return NULL;
    char *rest = arena_strdup(l->op->arena, given), *save = NULL;
    for (char *c = strtok_r(rest, ",", &save); c && !f; c = strtok_r(NULL, ",", &save))
        f = read_one_order(l, c);
    return f;
}

/* The token of the place before or behind a row. */
static const char *make_token(struct listing *l, const void *row, bool before)
{
    struct json_out o;
    const char *sid = *field_text(field_flagged(l->shape->kind, KEY), row);
    const char *head = before ? "PB" : "PA";

    if (!field_flagged(l->shape->kind, KEY)->prefix) /* not a SID: whatever its maker wrote */
        sid = base64url_encode(l->op->arena, sid, strlen(sid));
    if (!l->norders)
        return arena_printf(l->op->arena, "%s%s", head, sid);
    json_begin(&o, l->op->arena);
    json_open(&o, '[');
    for (size_t i = 0; i < l->norders; i++) {
        struct value v = value_of(field_named(l->shape->kind, l->orders[i].column), row);
        if (v.type == VALUE_INT)
            json_int(&o, v.i);
        else
            json_str(&o, v.s);
    }
    json_close(&o, ']');
    const char *values = json_done(&o);
    return arena_printf(l->op->arena, "%s%s.%s", head, sid, base64url_encode(l->op->arena, values, strlen(values)));
}

static bool read_token_values(struct listing *l, const char *encoded)
{
    size_t n;
    const char *text = base64url_decode(l->op->arena, encoded, strlen(encoded), &n);
    const json_t *values = text ? json_parse(l->op->arena, text, n, NULL) : NULL;

    if (!json_is_array(values) || json_array_size(values) != l->norders)
        return false;
    for (size_t i = 0; i < l->norders; i++) {
        const json_t *v = json_array_get(values, i);
        l->after[i] = json_is_integer(v) ? value_int(json_integer_value(v)) : value_text(json_string_value(v));
    }
    return true;
}

static bool read_token_key(struct listing *l)
{
    size_t n;

    if (field_flagged(l->shape->kind, KEY)->prefix)
        return sid_valid(l->after_sid, NULL);
    l->after_sid = base64url_decode(l->op->arena, l->after_sid, strlen(l->after_sid), &n);
    return l->after_sid && utf8_valid(l->after_sid, n) && strlen(l->after_sid) == n;
}

static fault_t read_token(struct listing *l, const char *token)
{
    bool good = (str_starts(token, "PA") || str_starts(token, "PB")) && strlen(token) >= 3;
    const char *dot = strchr(token, '.');

    if (good) {
        l->backwards = token[1] == 'B';
        l->after_sid = arena_strndup(l->op->arena, token + 2, dot ? (size_t)(dot - token) - 2 : strlen(token + 2));
        good = read_token_key(l) && (dot ? read_token_values(l, dot + 1) : !l->norders);
    }
    return good ? NULL : refuse(l->op, F_INVALID_PARAMETER, "PageToken '%.64s' is not valid for this list", token);
}

static fault_t read_page(struct listing *l)
{
    const char *size = op_param(l->op, "PageSize"), *page = op_param(l->op, "Page"),
               *token = op_param(l->op, "PageToken");

    l->page_size = PAGE_SIZE_DEFAULT;
    if (size && *size && (!str_to_int(size, &l->page_size) || l->page_size < 1 || l->page_size > PAGE_SIZE_MAX))
        return refuse(l->op, F_INVALID_PARAMETER, "PageSize '%.32s' is not a number from 1 to %d", size, PAGE_SIZE_MAX);
    if (page && *page && (!str_to_int(page, &l->page) || l->page < 0))
        return refuse(l->op, F_INVALID_PARAMETER, "Page '%.32s' is not a number", page);
    if (token && *token)
        return read_token(l, token);
    if (l->page > 0)
        return refuse(l->op, F_ABSOLUTE_PAGING,
                      "Page %lld cannot be fetched without its PageToken: follow next_page_url", (long long)l->page);
    return NULL;
}

/* --- selection -------------------------------------------------------------------------------------------------- */

static bool collect(void *arg, void *row)
{
    struct listing *l = arg;

    l->chunk++;
    l->last_seen = row;
    if (!l->plan.keep || l->plan.keep(l->op, row, l->plan.keep_arg))
        l->rows[l->nrows++] = row;
    return l->nrows < l->room;
}

static void add_scope(struct listing *l)
{
    const struct shape *s = l->shape;

    if (s->owner)
        plan_add(&l->plan, s->owner->name, IS, value_text(l->op->who.account_sid));
    for (size_t i = 0; i < s->nparents; i++) {
        const char *value = op_path(l->op, s->parents[i].field->name);
        if (value)
            plan_add(&l->plan, s->parents[i].field->name, IS, value_text(value));
    }
}

/* Where a predicate in C throws rows away, goes on chunk by chunk until the page is full or the table ends. */
static fault_t select_rows(struct listing *l)
{
    struct selection s = { .conditions = l->plan.conditions,
                           .nconditions = l->plan.nconditions,
                           .orders = l->orders,
                           .norders = l->norders,
                           .after = l->after,
                           .after_sid = l->after_sid,
                           .backwards = l->backwards };

    l->room = l->page_size + 1;
    l->rows = arena_alloc(l->op->arena, (size_t)l->room * sizeof(*l->rows));
    s.limit = l->plan.keep ? LIST_CHUNK : l->room;
    do {
        l->chunk = 0;
        if (record_select(l->op->db, l->op->arena, l->shape->kind, &s, collect, l) != DB_OK)
            return op_failed(l->op);
        if (l->last_seen) {
            s.after_sid = *field_text(field_flagged(l->shape->kind, KEY), l->last_seen);
            for (size_t i = 0; i < l->norders; i++)
                l->after[i] = value_of(field_named(l->shape->kind, l->orders[i].column), l->last_seen);
        }
    } while (l->plan.keep && !l->backwards && l->nrows < l->room && l->chunk == s.limit);
    return NULL;
}

/* --- the answer --------------------------------------------------------------------------------------------------- */

/* The list's own URL with another place in it; relative in the old style. */
static const char *page_url(struct listing *l, const char *token, int64_t page)
{
    struct op *op = l->op;
    struct text query = { .arena = op->arena };
    const char *suffix = l->shape->res->style == STYLE_2010 && !str_ends(op->path, ".json") ? ".json" : "";

    for (size_t i = 0; i < op->form.n; i++)
        if (strcmp(op->form.pairs[i].name, "Page") && strcmp(op->form.pairs[i].name, "PageToken") &&
            strcmp(op->form.pairs[i].name, "PageSize"))
            form_put(&query, op->form.pairs[i].name, op->form.pairs[i].value);
    form_put(&query, "PageSize", arena_printf(op->arena, "%lld", (long long)l->page_size));
    form_put(&query, "Page", arena_printf(op->arena, "%lld", (long long)page));
    if (token)
        form_put(&query, "PageToken", token);
    return arena_printf(op->arena, "%s%s%s?%s", l->shape->res->style == STYLE_2010 ? "" : op->prefix, op->path, suffix,
                        text_str(&query));
}

struct neighbours {
    const char *first, *previous, *self, *next;
    int64_t from, to;
};

static struct neighbours neighbours_of(struct listing *l)
{
    bool more = l->nrows > l->page_size;
    /* Reading backwards, the row too many is the first one. */
    l->rows += l->backwards && more;
    l->nrows -= more;
    struct neighbours n = { .first = page_url(l, NULL, 0), .self = page_url(l, op_param(l->op, "PageToken"), l->page) };
    bool has_next = l->backwards ? l->nrows > 0 : more,
         has_previous = l->backwards ? more : l->page > 0 && l->nrows > 0;
    if (has_next)
        n.next = page_url(l, make_token(l, l->rows[l->nrows - 1], false), l->page + 1);
    if (has_previous)
        n.previous = page_url(l, make_token(l, l->rows[0], true), l->page > 0 ? l->page - 1 : 0);
    n.from = l->page * l->page_size;
    n.to = n.from + (l->nrows ? l->nrows - 1 : 0);
    return n;
}

static void put_envelope(struct listing *l, const struct neighbours *n, struct json_out *o)
{
    if (l->shape->res->style == STYLE_2010) {
        json_pair_str(o, "first_page_uri", n->first);
        json_pair_int(o, "end", n->to);
        json_pair_str(o, "previous_page_uri", n->previous);
        json_pair_str(o, "uri", n->self);
        json_pair_int(o, "page_size", l->page_size);
        json_pair_int(o, "start", n->from);
        json_pair_str(o, "next_page_uri", n->next);
        json_pair_int(o, "page", l->page);
        return;
    }
    json_key(o, "meta");
    json_open(o, '{');
    json_pair_int(o, "page", l->page);
    json_pair_int(o, "page_size", l->page_size);
    json_pair_str(o, "first_page_url", n->first);
    json_pair_str(o, "previous_page_url", n->previous);
    json_pair_str(o, "url", n->self);
    json_pair_str(o, "next_page_url", n->next);
    json_pair_str(o, "key", l->shape->res->many);
    json_close(o, '}');
}

fault_t list_serve(struct op *op, const struct shape *s)
{
    struct listing l = { .op = op, .shape = s };
    struct json_out o;
    fault_t f = bind_params(op, &s->list_params, &s->res->list_params, &op->form);

    f = f ? f : read_filters(&l);
    f = f ? f : read_order(&l);
    add_scope(&l);
    if (!f && s->res->select)
        f = s->res->select(op, &l.plan);
    if (l.plan.newest_first && !l.norders)
        l.orders[l.norders++] = (struct order){ .column = field_flagged(s->kind, KEY)->name, .descending = true };
    f = f ? f : read_page(&l);
    if (!f && !l.plan.nothing)
        f = select_rows(&l);
    if (f)
        return f;
    struct neighbours n = neighbours_of(&l);
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_key(&o, s->res->many);
    json_open(&o, '[');
    for (int64_t i = 0; i < l.nrows; i++)
        shape_json(op, s, l.rows[i], &o);
    json_close(&o, ']');
    put_envelope(&l, &n, &o);
    json_close(&o, '}');
    answer_json(op, 200, json_done(&o));
    return NULL;
}
