/* What the files of expr/ share and nobody else sees: tokens, the compiled tree, and the errors' one writer.
 *
 *   lexer.c    text -> tokens             names.c  dialects and built-ins: what a path means
 *   parser.c   tokens -> tree             eval.c   tree + scope -> bool
 *   order.c    order_by                   value.c  one comparison of two values
 *   explain.c  tree + scope -> reasons    needs.c  tree -> what must be so
 *
 * Lists in the tree are linked (next), because an arena does not grow arrays. */
#pragma once
#include "base/text.h"
#include "expr/expr.h"

/* --- tokens --- */

enum token_kind {
    T_END,
    T_WORD,
    T_STRING,
    T_NUMBER,
    T_DOT,
    T_COMMA,
    T_LPAREN,
    T_RPAREN,
    T_LBRACKET,
    T_RBRACKET,
    T_OPERATOR, /* a comparison by sign or by name; .op says which */
    T_AND,
    T_OR,
    T_NOT,
    T_TRUE,
    T_FALSE,
    T_NULL,
};

enum op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_CONTAINS, OP_HAS, OP_IN, OP_NOT_IN };

struct token {
    enum token_kind kind;
    enum op op;
    const char *s; /* into the source; for a string, the quotes included */
    size_t n;
};

struct lexer {
    struct arena *arena;
    const char *source, *at;
    int count;
    struct expr_error *err;
    bool failed;         /* *err is set; the first one counts */
    bool query;          /* knows the spellings of queries, too */
    const char *skipped; /* a broken number that was stepped over, NULL when none */
};

void lexer_start(struct lexer *l, struct arena *a, const char *source, struct expr_error *err);
void lexer_next(struct lexer *l, struct token *t);                           /* after a failure T_END, for ever */
const char *lexer_string(struct lexer *l, const struct token *t, size_t *n); /* unquoted, unescaped */
void lexer_refuse(struct lexer *l, const char *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The token as a message shows it: '<EOF>', or its text, cut when long. */
const char *lexer_show(struct lexer *l, const struct token *t);
/* An integer or a decimal number and nothing else, as both literals and strings that are compared with numbers. */
bool number_parse(const char *s, size_t n, struct expr_value *out);

/* --- the compiled tree --- */

struct step {
    const char *name; /* NULL: [index] */
    size_t index;
    const struct step *next;
};

enum operand_kind { OPERAND_VALUE, OPERAND_LIST, OPERAND_TASK, OPERAND_WORKER, OPERAND_FACT };

struct operand {
    enum operand_kind kind;
    const struct operand *next; /* in a list */
    union {
        struct expr_value value;
        const struct operand *first; /* of a list */
        const struct step *steps;    /* of a path */
        struct {
            enum expr_fact what;
            const char *of;
        } fact;
    };
};

enum node_kind { NODE_COMPARE, NODE_ALL, NODE_ANY, NODE_NOT };

struct node {
    enum node_kind kind;
    enum op op; /* of a comparison */
    bool any;   /* a list compares by its members */
    const struct node *next;
    union {
        const struct node *first; /* of all, any, not */
        struct {
            const struct operand *left, *right;
        };
    };
};

struct expr {
    const struct node *root; /* NULL: constant */
    bool constant;
    unsigned reads;
    size_t operators, longest_list;
    const struct expr_read *paths;
};

/* --- parser.c: also what order.c needs of it --- */

struct expr_reference {
    const struct step *path;
};

struct dialect;

struct parser {
    struct lexer lexer;
    struct token token, ahead;
    const struct dialect *dialect;
    int depth;
    unsigned reads;
    size_t operators, longest_list;
    const struct expr_read *paths, **last_path;
};

void parser_start(struct parser *p, struct arena *a, const char *source, const struct dialect *d,
                  struct expr_error *err);
void parser_advance(struct parser *p);
bool parser_path(struct parser *p, struct operand *out); /* at a T_WORD; resolved in the dialect */
bool parser_end(struct parser *p);                       /* everything was read, and nothing had to be stepped over */
/* ANTLR's sentence for a token that does not belong: "extraneous" when the next one would, else "mismatched". */
bool parser_unexpected(struct parser *p, bool next_fits, const char *expecting);
bool source_is_blank(const char *source);

/* --- names.c --- */

extern const struct dialect *const dialect_order;     /* worker.* attributes only */
extern const struct dialect *const dialect_reference; /* task.* attributes only */
const struct dialect *dialect_of(enum expr_dialect d);
bool dialect_blank(const struct dialect *d); /* what a blank expression is */
bool dialect_is_query(const struct dialect *d);
/* Says what a path means: fills *out and adds to *reads.  NULL, or the sentence of the refusal. */
const char *dialect_resolve(const struct dialect *d, struct arena *a, const struct step *path, struct operand *out,
                            unsigned *reads);

/* The path that names a fact, prefix and all. */
const char *fact_name(struct arena *a, enum expr_fact fact, const char *of);

/* --- eval.c, value.c, explain.c --- */

bool node_eval(const struct node *n, const struct expr_scope *scope);
struct expr_value fact_value(const struct operand *o, const struct expr_scope *scope);
const char *path_name(struct arena *a, const char *prefix, const struct step *path);
const char *value_json(struct arena *a, const struct expr_value *v);

struct expr_value path_value(const json_t *attributes, const struct step *path);
struct expr_value time_value(enum expr_fact what, int64_t now);
bool value_is_list(const struct expr_value *v); /* or an object: what scalar operators refuse */
bool scalar_equal(const struct expr_value *a, const struct expr_value *b);
bool scalar_order(const struct expr_value *a, const struct expr_value *b, int *out); /* false: no order */
bool scalar_contains(const struct expr_value *a, const struct expr_value *b);
