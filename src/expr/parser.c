/* Tokens to tree, by recursive descent: a function a rule, named after it.
 *
 *     any        := all { OR all }
 *     all        := unary { AND unary }
 *     unary      := [ NOT ] primary
 *     primary    := "(" any ")" | comparison
 *     comparison := operand OPERATOR operand
 *     operand    := string | number | TRUE | FALSE | NULL | list | path
 *     list       := "[" [ operand { "," operand } ] "]"
 *     path       := NAME { "." NAME | "[" digits "]" }
 *
 * A function that refuses has written the error and returns NULL or false; nobody writes a second one. */
#include "expr/internal.h"
#include <string.h>

static const struct node *any(struct parser *p);
static bool operand(struct parser *p, struct operand *out);

void parser_start(struct parser *p, struct arena *a, const char *source, const struct dialect *d,
                  struct expr_error *err)
{
    *p = (struct parser){ .dialect = d };
    p->last_path = &p->paths;
    lexer_start(&p->lexer, a, source, err);
    p->lexer.query = dialect_is_query(d);
    lexer_next(&p->lexer, &p->token);
    lexer_next(&p->lexer, &p->ahead);
}

void parser_advance(struct parser *p)
{
    p->token = p->ahead;
    lexer_next(&p->lexer, &p->ahead);
}

bool parser_unexpected(struct parser *p, bool next_fits, const char *expecting)
{
    lexer_refuse(&p->lexer, p->token.s, "%s input %s expecting %s", next_fits ? "extraneous" : "mismatched",
                 lexer_show(&p->lexer, &p->token), expecting);
    return false;
}

bool parser_end(struct parser *p)
{
    const char *skipped = p->lexer.skipped;

    if (p->token.kind != T_END)
        return parser_unexpected(p, p->ahead.kind == T_END, "<EOF>");
    if (skipped && !p->lexer.failed)
        lexer_refuse(&p->lexer, skipped, "token recognition error at: '%.*s'",
                     1 + (skipped[1] > ' ' && skipped[1] < 127), skipped);
    return !p->lexer.failed;
}

static void *keep(struct parser *p, const void *what, size_t n)
{
    return arena_copy(p->lexer.arena, what, n);
}

static bool deeper(struct parser *p)
{
    if (++p->depth <= EXPR_DEPTH_MAX)
        return true;
    lexer_refuse(&p->lexer, p->token.s, "the expression is nested more than %d deep", EXPR_DEPTH_MAX);
    return false;
}

/* After a dot every word is a name, a keyword too: task.in, worker.has. */
static bool is_word(const struct token *t)
{
    return t->kind == T_WORD || (t->kind >= T_OPERATOR && ((*t->s | 32) >= 'a' && (*t->s | 32) <= 'z'));
}

static bool path_step(struct parser *p, struct step *out)
{
    struct expr_value index;

    *out = (struct step){ 0 };
    if (p->token.kind == T_DOT) {
        parser_advance(p);
        if (!is_word(&p->token))
            return parser_unexpected(p, is_word(&p->ahead), "NAME");
        out->name = arena_strndup(p->lexer.arena, p->token.s, p->token.n);
        parser_advance(p);
        return true;
    }
    parser_advance(p);
    if (p->token.kind != T_NUMBER || !number_parse(p->token.s, p->token.n, &index) || index.kind != EXPR_INT ||
        index.integer < 0)
        return parser_unexpected(p, false, "INDEX");
    out->index = (size_t)index.integer;
    parser_advance(p);
    if (p->token.kind != T_RBRACKET)
        return parser_unexpected(p, p->ahead.kind == T_RBRACKET, "']'");
    parser_advance(p);
    return true;
}

/* Notes the attribute for expr_paths(). */
static void note_path(struct parser *p, const struct operand *o)
{
    struct text text = { .arena = p->lexer.arena };
    struct expr_read *read;

    if (o->kind != OPERAND_TASK && o->kind != OPERAND_WORKER)
        return;
    for (const struct step *s = o->steps; s; s = s->next) {
        if (!s->name)
            text_putf(&text, "[%zu]", s->index);
        else
            text_putf(&text, "%s%s", s == o->steps ? "" : ".", s->name);
    }
    read = arena_alloc(p->lexer.arena, sizeof *read);
    read->what = o->kind == OPERAND_TASK ? EXPR_READS_TASK : EXPR_READS_WORKER;
    read->path = text_str(&text);
    read->first = o->steps->name;
    *p->last_path = read;
    p->last_path = &read->next;
}

bool parser_path(struct parser *p, struct operand *out)
{
    const char *start = p->token.s, *why;
    struct step *first = arena_alloc(p->lexer.arena, sizeof *first), step, *made;
    const struct step **last = &first->next;

    first->name = arena_strndup(p->lexer.arena, p->token.s, p->token.n);
    parser_advance(p);
    while (p->token.kind == T_DOT || p->token.kind == T_LBRACKET) {
        if (!path_step(p, &step))
            return false;
        made = keep(p, &step, sizeof step);
        *last = made;
        last = &made->next;
    }
    why = dialect_resolve(p->dialect, p->lexer.arena, first, out, &p->reads);
    if (why) {
        lexer_refuse(&p->lexer, start, "%s", why);
        return false;
    }
    note_path(p, out);
    return true;
}

static bool list(struct parser *p, struct operand *out)
{
    const struct operand **last = &out->first;
    struct operand member, *made;
    int n = 0;

    *out = (struct operand){ .kind = OPERAND_LIST };
    if (!deeper(p))
        return false;
    parser_advance(p);
    while (p->token.kind != T_RBRACKET || n) { /* a comma promises a member */
        if (++n > EXPR_LIST_MAX) {
            lexer_refuse(&p->lexer, p->token.s, "the list has more than %d members", EXPR_LIST_MAX);
            return false;
        }
        if (!operand(p, &member))
            return false;
        made = keep(p, &member, sizeof member);
        *last = made;
        last = &made->next;
        if ((size_t)n > p->longest_list)
            p->longest_list = (size_t)n;
        if (p->token.kind == T_RBRACKET)
            break;
        if (p->token.kind != T_COMMA)
            return parser_unexpected(p, p->ahead.kind == T_COMMA || p->ahead.kind == T_RBRACKET, "',' or ']'");
        parser_advance(p);
    }
    parser_advance(p);
    p->depth--;
    return true;
}

static bool begins_operand(const struct token *t)
{
    switch (t->kind) {
    case T_WORD:
    case T_STRING:
    case T_NUMBER:
    case T_TRUE:
    case T_FALSE:
    case T_NULL:
    case T_LBRACKET:
        return true;
    default:
        return false;
    }
}

static bool number_operand(struct parser *p, struct expr_value *v)
{
    if (number_parse(p->token.s, p->token.n, v))
        return true;
    lexer_refuse(&p->lexer, p->token.s, "the number %s is too large", lexer_show(&p->lexer, &p->token));
    return false;
}

static bool operand(struct parser *p, struct operand *out)
{
    struct expr_value v = { .kind = EXPR_NULL };

    switch (p->token.kind) {
    case T_WORD:
        return parser_path(p, out);
    case T_LBRACKET:
        return list(p, out);
    case T_STRING:
        v.kind = EXPR_STRING;
        v.string.s = lexer_string(&p->lexer, &p->token, &v.string.n);
        break;
    case T_NUMBER:
        if (!number_operand(p, &v))
            return false;
        break;
    case T_TRUE:
    case T_FALSE:
        v.kind = EXPR_BOOL;
        v.boolean = p->token.kind == T_TRUE;
        break;
    case T_NULL:
        break;
    default:
        return parser_unexpected(p, begins_operand(&p->ahead), "VALUE");
    }
    *out = (struct operand){ .kind = OPERAND_VALUE, .value = v };
    parser_advance(p);
    return true;
}

static bool is_operator(const struct token *t)
{
    return t->kind == T_OPERATOR || t->kind == T_NOT;
}

static bool operator(struct parser *p, enum op *op)
{
    if (p->token.kind == T_NOT && p->ahead.kind == T_OPERATOR && p->ahead.op == OP_IN) {
        *op = OP_NOT_IN;
        parser_advance(p);
    } else if (p->token.kind == T_OPERATOR)
        *op = p->token.op;
    else
        return parser_unexpected(p, is_operator(&p->ahead), "OPERATOR");
    parser_advance(p);
    return true;
}

static const struct node *comparison(struct parser *p)
{
    struct node n = { .kind = NODE_COMPARE, .any = dialect_is_query(p->dialect) };
    struct operand left, right;

    if (!operand(p, &left) || !operator(p, &n.op) || !operand(p, &right))
        return NULL;
    p->operators++;
    n.left = keep(p, &left, sizeof left);
    n.right = keep(p, &right, sizeof right);
    return keep(p, &n, sizeof n);
}

static const struct node *primary(struct parser *p)
{
    const struct node *inside;

    if (p->token.kind != T_LPAREN)
        return comparison(p);
    if (!deeper(p))
        return NULL;
    parser_advance(p);
    inside = any(p);
    if (!inside)
        return NULL;
    if (p->token.kind != T_RPAREN) {
        parser_unexpected(p, p->ahead.kind == T_RPAREN, "')'");
        return NULL;
    }
    parser_advance(p);
    p->depth--;
    return inside;
}

static const struct node *unary(struct parser *p)
{
    struct node n = { .kind = NODE_NOT };

    if (p->token.kind != T_NOT)
        return primary(p);
    parser_advance(p);
    n.first = primary(p);
    return n.first ? keep(p, &n, sizeof n) : NULL;
}

/* rule { joint rule }: one rule alone is itself, several hang under a node of that kind. */
static const struct node *joined(struct parser *p, enum node_kind kind, enum token_kind joint,
                                 const struct node *(*rule)(struct parser *))
{
    const struct node *child = rule(p);
    struct node n = { .kind = kind }, *copy;
    const struct node **last = &n.first;

    if (!child || p->token.kind != joint)
        return child;
    for (;;) {
        copy = keep(p, child, sizeof *child);
        *last = copy;
        last = &copy->next;
        if (p->token.kind != joint)
            break;
        parser_advance(p);
        p->operators++;
        child = rule(p);
        if (!child)
            return NULL;
    }
    return keep(p, &n, sizeof n);
}

static const struct node *all(struct parser *p)
{
    return joined(p, NODE_ALL, T_AND, unary);
}
static const struct node *any(struct parser *p)
{
    return joined(p, NODE_ANY, T_OR, all);
}

const struct expr *expr_compile(struct arena *a, const char *source, enum expr_dialect d, struct expr_error *err)
{
    struct expr *e = arena_alloc(a, sizeof *e);
    struct parser p;

    e->constant = dialect_blank(dialect_of(d));
    *err = (struct expr_error){ 0 };
    if (source_is_blank(source))
        return e;
    parser_start(&p, a, source, dialect_of(d), err);
    e->root = any(&p);
    if (!e->root || !parser_end(&p))
        return NULL;
    e->reads = p.reads;
    e->paths = p.paths;
    e->operators = p.operators;
    e->longest_list = p.longest_list;
    if (!e->reads) { /* says the same for ever: say it now */
        e->constant = expr_eval(e, &(struct expr_scope){ 0 });
        e->root = NULL;
    }
    return e;
}

const struct expr_reference *expr_reference_compile(struct arena *a, const char *source, struct expr_error *err)
{
    struct expr_reference *r = arena_alloc(a, sizeof *r);
    struct operand o;
    struct parser p;

    parser_start(&p, a, source ? source : "", dialect_reference, err);
    if (p.token.kind != T_WORD) {
        parser_unexpected(&p, p.ahead.kind == T_WORD, "NAME");
        return NULL;
    }
    if (!parser_path(&p, &o) || !parser_end(&p))
        return NULL;
    r->path = o.steps;
    return r;
}
