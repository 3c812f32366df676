/* Tree and scope to true or false.  Nothing here allocates or fails; the depth of the recursion is bounded by the
 * parser's limit on nesting. */
#include "base/clock.h"
#include "expr/internal.h"
#include <assert.h>

/* One side of a comparison: a value, or a list that stands in the expression itself. */
struct side {
    const struct operand *literal; /* NULL: .value */
    struct expr_value value;
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct expr_value time_value(enum expr_fact what, int64_t now)
{
    static const char names[7][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" }; /* 1970 began on a Thursday */
    static const char hours[24][3] = { "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11",
                                       "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23" };
    int64_t day = floor_div(now, DAY), minute = (now - day * DAY) / MINUTE;
    struct expr_value v;

    switch (what) {
    case EXPR_TIME_CURRENT:
        return expr_value_int(minute / 60 * 100 + minute % 60);
    case EXPR_TIME_HOUR: /* a string, as documented; it meets numbers as a number */
        return expr_value_string(hours[minute / 60]);
    case EXPR_TIME_MINUTE:
        return expr_value_int(minute % 60);
    default:
        assert(what == EXPR_TIME_DAY_OF_WEEK);
        v = expr_value_string(names[day - floor_div(day, 7) * 7]);
        v.fold = true; /* Twilio's own samples say both 'Thu' and 'THU' */
        return v;
    }
}

struct expr_value fact_value(const struct operand *o, const struct expr_scope *scope)
{
    struct expr_value v = { .kind = EXPR_NULL };

    if (o->fact.what >= EXPR_FACT_TIME)
        return time_value(o->fact.what, scope->now);
    if (scope->fact)
        scope->fact(scope, o->fact.what, o->fact.of, &v);
    return v;
}

static struct side load(const struct operand *o, const struct expr_scope *scope)
{
    switch (o->kind) {
    case OPERAND_VALUE:
        return (struct side){ .value = o->value };
    case OPERAND_LIST:
        return (struct side){ .literal = o };
    case OPERAND_TASK:
        return (struct side){ .value = path_value(scope->task, o->steps) };
    case OPERAND_WORKER:
        return (struct side){ .value = path_value(scope->worker, o->steps) };
    case OPERAND_FACT:
        return (struct side){ .value = fact_value(o, scope) };
    }
    assert(!"an operand of no kind");
    return (struct side){ 0 };
}

/* A list or an object: what the scalar operators refuse. */
static bool is_list(const struct side *s)
{
    return s->literal || value_is_list(&s->value);
}

static bool is_array(const struct side *s)
{
    return s->literal || (s->value.kind == EXPR_JSON && json_is_array(s->value.json));
}

static bool array_has(const struct side *array, const struct side *wanted, const struct expr_scope *scope)
{
    if (is_list(wanted))
        return false;
    if (array->literal) {
        for (const struct operand *o = array->literal->first; o; o = o->next) {
            struct side member = load(o, scope);
            if (!is_list(&member) && scalar_equal(&member.value, &wanted->value))
                return true;
        }
        return false;
    }
    for (size_t i = 0; i < json_array_size(array->value.json); i++) {
        struct expr_value member = expr_value_json(json_array_get(array->value.json, i));
        if (scalar_equal(&member, &wanted->value))
            return true;
    }
    return false;
}

static bool says_null(const struct operand *o)
{
    return o->kind == OPERAND_VALUE && o->value.kind == EXPR_NULL;
}

/* A list is neither equal nor unequal to anything, with one exception: `preferred_agents != null` asks whether there
 * is a list at all, and Twilio's documentation uses it so. */
static bool list_compares(const struct node *n)
{
    return n->op == OP_NE && (says_null(n->left) || says_null(n->right));
}

static bool compare_scalars(enum op op, const struct expr_value *a, const struct expr_value *b)
{
    int c;

    switch (op) {
    case OP_EQ:
        return scalar_equal(a, b);
    case OP_NE:
        return !scalar_equal(a, b);
    case OP_LT:
        return scalar_order(a, b, &c) && c < 0;
    case OP_LE:
        return scalar_order(a, b, &c) && c <= 0;
    case OP_GT:
        return scalar_order(a, b, &c) && c > 0;
    case OP_GE:
        return scalar_order(a, b, &c) && c >= 0;
    default:
        assert(op == OP_CONTAINS);
        return scalar_contains(a, b);
    }
}

/* Whether the comparison holds for the value, or for one of the list's members; lists on the right are members to
 * choose from. */
static bool holds_for_any(enum op op, const struct side *left, const struct side *right, const struct expr_scope *scope)
{
    const json_t *list = left->value.kind == EXPR_JSON ? left->value.json : NULL;
    bool contains = op == OP_CONTAINS;

    if (left->literal || (list && !json_is_array(list)))
        return false;
    for (size_t i = 0, n = list ? json_array_size(list) : 1; i < n; i++) {
        struct side one = { .value = list ? expr_value_json(json_array_get(list, i)) : left->value };
        if (is_list(right)
                ? is_array(right) && !contains && array_has(right, &one, scope)
                : !is_list(&one) && compare_scalars(contains ? OP_CONTAINS : OP_EQ, &one.value, &right->value))
            return true;
    }
    return false;
}

static bool compare_any(const struct node *n, const struct side *left, const struct side *right,
                        const struct expr_scope *scope)
{
    switch (n->op) {
    case OP_EQ:
    case OP_CONTAINS:
        return holds_for_any(n->op, left, right, scope);
    case OP_NE:
        return !holds_for_any(OP_EQ, left, right, scope);
    case OP_IN:
        return is_array(right) && holds_for_any(OP_EQ, left, right, scope);
    default:
        assert(n->op == OP_NOT_IN);
        return is_array(right) && !holds_for_any(OP_EQ, left, right, scope);
    }
}

static bool compare(const struct node *n, const struct expr_scope *scope)
{
    struct side left = load(n->left, scope), right = load(n->right, scope);

    bool by_members = n->any && (n->op == OP_EQ || n->op == OP_NE || n->op == OP_CONTAINS || n->op >= OP_IN);
    if (by_members && !says_null(n->left) && !says_null(n->right))
        return compare_any(n, &left, &right, scope);
    switch (n->op) {
    case OP_HAS:
        return is_array(&left) && array_has(&left, &right, scope);
    case OP_IN:
        return is_array(&right) && array_has(&right, &left, scope);
    case OP_NOT_IN:
        return is_array(&right) && !array_has(&right, &left, scope);
    default:
        if (is_list(&left) || is_list(&right))
            return list_compares(n);
        return compare_scalars(n->op, &left.value, &right.value);
    }
}

bool node_eval(const struct node *n, const struct expr_scope *scope)
{
    switch (n->kind) {
    case NODE_COMPARE:
        return compare(n, scope);
    case NODE_NOT:
        return !node_eval(n->first, scope);
    case NODE_ALL:
        for (const struct node *child = n->first; child; child = child->next)
            if (!node_eval(child, scope))
                return false;
        return true;
    case NODE_ANY:
        for (const struct node *child = n->first; child; child = child->next)
            if (node_eval(child, scope))
                return true;
        return false;
    }
    assert(!"a node of no kind");
    return false;
}

bool expr_eval(const struct expr *e, const struct expr_scope *scope)
{
    return e->root ? node_eval(e->root, scope) : e->constant;
}

bool expr_is_constant_true(const struct expr *e)
{
    return !e->root && e->constant;
}
bool expr_is_constant_false(const struct expr *e)
{
    return !e->root && !e->constant;
}

size_t expr_operators(const struct expr *e)
{
    return e->operators;
}
size_t expr_longest_list(const struct expr *e)
{
    return e->longest_list;
}
unsigned expr_reads(const struct expr *e)
{
    return e->reads;
}
const struct expr_read *expr_paths(const struct expr *e)
{
    return e->paths;
}

struct expr_value expr_reference_get(const struct expr_reference *r, const json_t *task)
{
    return path_value(task, r->path);
}
