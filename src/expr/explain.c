/* Why an expression is what it is, in its own words: the clauses that decided, with the values that they read. */
#include "expr/internal.h"
#include <string.h>

/* --- writing down what was compiled -------------------------------------------------------------------------- */

const char *path_name(struct arena *a, const char *prefix, const struct step *path)
{
    struct text t = { .arena = a };

    text_put(&t, prefix);
    for (; path; path = path->next)
        if (path->name)
            text_putf(&t, ".%s", path->name);
        else
            text_putf(&t, "[%zu]", path->index);
    return text_str(&t);
}

/* Where a text may be cut: not inside of a character. */
static size_t cut(const char *s, size_t n)
{
    if (n <= EXPR_SHOWN_MAX)
        return n;
    for (n = EXPR_SHOWN_MAX; n && ((unsigned char)s[n] & 0xc0) == 0x80;)
        n--;
    return n;
}

static const char *quoted(struct arena *a, const char *s, size_t n)
{
    const char *shown = arena_strndup(a, s, cut(s, n));
    struct json_out o;

    json_begin(&o, a);
    json_str(&o, n > EXPR_SHOWN_MAX ? arena_printf(a, "%s\xe2\x80\xa6", shown) : shown);
    return json_done(&o);
}

const char *value_json(struct arena *a, const struct expr_value *v)
{
    struct json_out o;
    const char *text;

    switch (v->kind) {
    case EXPR_NULL:
        return "null";
    case EXPR_BOOL:
        return v->boolean ? "true" : "false";
    case EXPR_INT:
        return arena_printf(a, "%lld", (long long)v->integer);
    case EXPR_REAL:
        json_begin(&o, a);
        json_double(&o, v->real);
        return json_done(&o);
    case EXPR_STRING:
        return quoted(a, v->string.s, v->string.n);
    case EXPR_JSON:
        break;
    }
    text = json_text(a, v->json);
    return strlen(text) > EXPR_SHOWN_MAX ? quoted(a, text, strlen(text)) : text;
}

static void put_operand(struct text *t, const struct operand *o)
{
    switch (o->kind) {
    case OPERAND_VALUE:
        text_put(t, value_json(t->arena, &o->value));
        break;
    case OPERAND_LIST:
        text_putc(t, '[');
        for (const struct operand *m = o->first; m && t->n <= EXPR_SHOWN_MAX; m = m->next) {
            put_operand(t, m);
            if (m->next)
                text_put(t, t->n <= EXPR_SHOWN_MAX ? ", " : ", \xe2\x80\xa6");
        }
        text_putc(t, ']');
        break;
    case OPERAND_TASK:
        text_put(t, path_name(t->arena, "task", o->steps));
        break;
    case OPERAND_WORKER:
        text_put(t, path_name(t->arena, "worker", o->steps));
        break;
    case OPERAND_FACT:
        text_put(t, fact_name(t->arena, o->fact.what, o->fact.of));
        break;
    }
}

static const char *clause_text(struct arena *a, const struct node *n)
{
    static const char *const ops[] = {
        [OP_EQ] = "==",
        [OP_NE] = "!=",
        [OP_LT] = "<",
        [OP_LE] = "<=",
        [OP_GT] = ">",
        [OP_GE] = ">=",
        [OP_CONTAINS] = "CONTAINS",
        [OP_HAS] = "HAS",
        [OP_IN] = "IN",
        [OP_NOT_IN] = "NOT IN",
    };
    struct text left = { .arena = a }, right = { .arena = a };

    put_operand(&left, n->left);
    put_operand(&right, n->right);
    return arena_printf(a, "%s %s %s", text_str(&left), ops[n->op], text_str(&right));
}

/* --- what a clause read ------------------------------------------------------------------------------------------ */

struct reading {
    struct arena *arena;
    const struct expr_scope *scope;
    const struct expr_seen *first, **last;
    size_t n;
};

static void see(struct reading *r, const struct operand *o)
{
    struct text name = { .arena = r->arena };
    struct expr_value v;

    if (o->kind == OPERAND_VALUE)
        return;
    if (o->kind == OPERAND_LIST) {
        for (const struct operand *m = o->first; m && r->n < EXPR_REASONS_MAX; m = m->next)
            see(r, m);
        return;
    }
    if (o->kind == OPERAND_FACT)
        v = fact_value(o, r->scope);
    else
        v = path_value(o->kind == OPERAND_TASK ? r->scope->task : r->scope->worker, o->steps);
    put_operand(&name, o);
    struct expr_seen *seen = arena_alloc(r->arena, sizeof *seen);
    *seen = (struct expr_seen){ text_str(&name), value_json(r->arena, &v), NULL };
    *r->last = seen;
    r->last = (const struct expr_seen **)&seen->next;
    r->n++;
}

/* --- which clauses decided --------------------------------------------------------------------------------------- */

struct inquiry {
    struct arena *arena;
    const struct expr_scope *scope;
    struct expr_explanation *out;
    const struct expr_reason **last;
    size_t n;
};

static void add_reason(struct inquiry *q, const struct node *n, bool holds)
{
    struct reading r = { .arena = q->arena, .scope = q->scope, .last = &r.first };

    if (q->n == EXPR_REASONS_MAX) {
        q->out->more = true;
        return;
    }
    see(&r, n->left);
    see(&r, n->right);
    struct expr_reason *reason = arena_alloc(q->arena, sizeof *reason);
    *reason = (struct expr_reason){ clause_text(q->arena, n), holds, r.first, NULL };
    *q->last = reason;
    q->last = (const struct expr_reason **)&reason->next;
    q->n++;
}

static void inquire(struct inquiry *q, const struct node *n)
{
    bool holds = node_eval(n, q->scope);

    if (n->kind == NODE_COMPARE) {
        add_reason(q, n, holds);
        return;
    }
    /* One member decides an AND that is false and an OR that is true; otherwise they all do.  A NOT has one. */
    bool one = n->kind == NODE_ALL ? !holds : n->kind == NODE_ANY && holds;
    for (const struct node *m = n->first; m && !q->out->more; m = m->next) {
        if (one && node_eval(m, q->scope) != holds)
            continue;
        inquire(q, m);
        if (one || n->kind == NODE_NOT)
            return;
    }
}

struct expr_explanation expr_explain(const struct expr *e, const struct expr_scope *scope, struct arena *a)
{
    struct expr_explanation out = { .result = expr_eval(e, scope) };
    struct inquiry q = { .arena = a, .scope = scope, .out = &out, .last = &out.reasons };

    if (e->root)
        inquire(&q, e->root);
    return out;
}

const char *expr_explanation_words(const struct expr_explanation *x, struct arena *a)
{
    struct text t = { .arena = a };

    if (!x->reasons)
        return x->result ? "it is always true" : "it is never true";
    for (const struct expr_reason *r = x->reasons; r; r = r->next) {
        text_putf(&t, "%s%s is %s", t.n ? "; " : "", r->clause, r->holds ? "true" : "false");
        for (const struct expr_seen *s = r->seen; s; s = s->next)
            text_putf(&t, "%s%s is %s%s", s == r->seen ? " (" : ", ", s->name, s->json, s->next ? "" : ")");
    }
    if (x->more)
        text_put(&t, "; and more");
    return text_str(&t);
}
