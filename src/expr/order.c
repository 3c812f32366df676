/* order_by: clauses of a worker's attribute and a direction, and the sort by them. */
#include "expr/internal.h"
#include <stdlib.h>
#include <string.h>

struct clause {
    const struct step *path;
    bool descending;
    const struct clause *next;
};

struct expr_order {
    const struct clause *first;
};

static bool is_named(const struct token *t, const char *name)
{
    return t->kind == T_WORD && t->n == strlen(name) && strncasecmp(t->s, name, t->n) == 0;
}

static bool clause_parse(struct parser *p, struct clause *c)
{
    struct operand o;

    if (p->token.kind != T_WORD)
        return parser_unexpected(p, p->ahead.kind == T_WORD, "NAME");
    if (!parser_path(p, &o))
        return false;
    c->path = o.steps;
    c->descending = is_named(&p->token, "desc");
    if (c->descending || is_named(&p->token, "asc"))
        parser_advance(p);
    if (p->token.kind == T_COMMA || p->token.kind == T_END)
        return true;
    return parser_unexpected(p, p->ahead.kind == T_COMMA || p->ahead.kind == T_END, "ASC, DESC or ','");
}

const struct expr_order *expr_order_compile(struct arena *a, const char *source, struct expr_error *err)
{
    struct expr_order *o = arena_alloc(a, sizeof *o);
    const struct clause **last = &o->first;
    struct clause *c;
    struct parser p;

    *err = (struct expr_error){ 0 };
    if (source_is_blank(source))
        return o;
    parser_start(&p, a, source, dialect_order, err);
    for (int n = 1;; n++) {
        if (n > EXPR_LIST_MAX) {
            lexer_refuse(&p.lexer, p.token.s, "the order has more than %d clauses", EXPR_LIST_MAX);
            return NULL;
        }
        c = arena_alloc(a, sizeof *c);
        if (!clause_parse(&p, c))
            return NULL;
        *last = c;
        last = &c->next;
        if (p.token.kind != T_COMMA)
            break;
        parser_advance(&p);
    }
    return parser_end(&p) ? o : NULL;
}

bool expr_order_fits(const struct expr_order *o, const json_t *worker)
{
    for (const struct clause *c = o->first; c; c = c->next) {
        struct expr_value v = path_value(worker, c->path);
        if (v.kind != EXPR_INT && v.kind != EXPR_NULL)
            return false;
    }
    return true;
}

static int clause_compare(const struct clause *c, const json_t *a, const json_t *b)
{
    struct expr_value va = path_value(a, c->path), vb = path_value(b, c->path);
    bool has_a = va.kind == EXPR_INT, has_b = vb.kind == EXPR_INT;

    if (!has_a || !has_b)
        return has_b - has_a; /* who lacks it stands last, in both directions */
    int order = (va.integer > vb.integer) - (va.integer < vb.integer);
    return c->descending ? -order : order;
}

int expr_order_compare(const struct expr_order *o, const json_t *a, const json_t *b)
{
    int order = 0;

    for (const struct clause *c = o->first; c && order == 0; c = c->next)
        order = clause_compare(c, a, b);
    return order;
}

struct sort {
    const struct expr_order *order; /* NULL: the tie-break alone */
    expr_tie_break *tie;
    void *arg;
};

static int candidate_compare(const void *pa, const void *pb, void *arg)
{
    const struct expr_candidate *a = pa, *b = pb;
    const struct sort *sort = arg;
    int order = sort->order ? expr_order_compare(sort->order, a->worker, b->worker) : 0;

    return order ? order : sort->tie(a, b, sort->arg);
}

bool expr_order_sort(const struct expr_order *o, struct expr_candidate *c, size_t n, expr_tie_break *tie, void *arg)
{
    struct sort sort = { o, tie, arg };

    for (size_t i = 0; sort.order && i < n; i++)
        if (!expr_order_fits(o, c[i].worker))
            sort.order = NULL;
    if (n > 1)
        qsort_r(c, n, sizeof *c, candidate_compare, &sort);
    return sort.order;
}

const struct expr_seen *expr_order_seen(const struct expr_order *o, const json_t *worker, struct arena *a)
{
    const struct expr_seen *first = NULL, **last = &first;

    for (const struct clause *c = o->first; c; c = c->next) {
        struct expr_value v = path_value(worker, c->path);
        struct expr_seen *seen = arena_alloc(a, sizeof *seen);
        *seen = (struct expr_seen){ path_name(a, "worker", c->path), value_json(a, &v), NULL };
        *last = seen;
        last = (const struct expr_seen **)&seen->next;
    }
    return first;
}
