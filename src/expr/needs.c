/* What must be so before an expression can be true: see expr_needs(). */
#include "base/map.h"
#include "expr/internal.h"
#include <string.h>

struct needs {
    struct arena *arena;
    struct expr_need *at;
    size_t n;
};

static uint64_t hash_path(const struct step *path)
{
    uint64_t h = 1;

    for (; path; path = path->next)
        h = h * 31 + (path->name ? hash_bytes(path->name, strlen(path->name)) : 7 * (uint64_t)path->index + 3);
    return h;
}

/* A text that meets texts only, and byte by byte: one that reads as a number meets numbers, too. */
static bool is_plain_text(const struct operand *o)
{
    struct expr_value number;

    return o->kind == OPERAND_VALUE && o->value.kind == EXPR_STRING && !o->value.fold &&
           !number_parse(o->value.string.s, o->value.string.n, &number);
}

static bool add(struct needs *out, const struct operand *where, const struct operand *text)
{
    struct expr_reference *r;

    if (where->kind != OPERAND_WORKER || !is_plain_text(text) || out->n == EXPR_NEEDS_MAX)
        return false;
    r = arena_alloc(out->arena, sizeof *r);
    r->path = where->steps;
    out->at[out->n++] = (struct expr_need){
        .where = r,
        .path_hash = hash_path(where->steps),
        .text_hash = hash_bytes(text->value.string.s, text->value.string.n),
    };
    return true;
}

static bool add_list(struct needs *out, const struct operand *where, const struct operand *list)
{
    for (const struct operand *o = list->first; o; o = o->next)
        if (!add(out, where, o))
            return false;
    return list->first;
}

static bool find(const struct node *n, struct needs *out);

/* One of the children must be true, so what one of them needs. */
static bool find_any(const struct node *n, struct needs *out)
{
    for (const struct node *child = n->first; child; child = child->next)
        if (!find(child, out))
            return false;
    return n->first;
}

/* All must be true, so the needs of any will do: those of the most choosy. */
static bool find_all(const struct node *n, struct needs *out)
{
    struct expr_need best[EXPR_NEEDS_MAX], room[EXPR_NEEDS_MAX];
    size_t nbest = 0;

    for (const struct node *child = n->first; child; child = child->next) {
        struct needs one = { out->arena, room, 0 };
        if (find(child, &one) && (!nbest || one.n < nbest)) {
            memcpy(best, room, one.n * sizeof *best);
            nbest = one.n;
        }
    }
    if (!nbest || out->n + nbest > EXPR_NEEDS_MAX)
        return false;
    memcpy(out->at + out->n, best, nbest * sizeof *best);
    out->n += nbest;
    return true;
}

/* False: it cannot be told. */
static bool find(const struct node *n, struct needs *out)
{
    switch (n->kind) {
    case NODE_COMPARE:
        if (n->op == OP_HAS)
            return add(out, n->left, n->right);
        if (n->op == OP_EQ)
            return n->left->kind == OPERAND_WORKER ? add(out, n->left, n->right) : add(out, n->right, n->left);
        if (n->op == OP_IN)
            return n->right->kind == OPERAND_LIST ? add_list(out, n->left, n->right) : add(out, n->right, n->left);
        return false;
    case NODE_ALL:
        return find_all(n, out);
    case NODE_ANY:
        return find_any(n, out);
    case NODE_NOT:
        return false;
    }
    return false;
}

size_t expr_needs(struct arena *a, const struct expr *e, struct expr_need out[EXPR_NEEDS_MAX])
{
    struct needs needs = { a, out, 0 };

    return e->root && find(e->root, &needs) ? needs.n : 0;
}

/* --- the same of queries: a field that must have one of some texts */

static bool pin_text(struct expr_pin *pin, struct arena *a, const struct operand *text)
{
    if (!is_plain_text(text) || memchr(text->value.string.s, '\0', text->value.string.n) || pin->n == EXPR_NEEDS_MAX)
        return false;
    pin->texts[pin->n++] = arena_strndup(a, text->value.string.s, text->value.string.n);
    return true;
}

static const struct expr_pin *pin_of(struct arena *a, const struct node *n)
{
    const struct expr_pin *found = NULL;
    struct expr_pin pin = { 0 };

    for (const struct node *child = n->kind == NODE_ALL ? n->first : NULL; child && !found; child = child->next)
        found = pin_of(a, child);
    if (n->kind != NODE_COMPARE || n->left->kind != OPERAND_FACT || n->left->fact.what != EXPR_ITEM_FIELD)
        return found;
    pin.field = n->left->fact.of;
    if (n->op == OP_EQ && n->right->kind == OPERAND_VALUE && pin_text(&pin, a, n->right))
        return arena_copy(a, &pin, sizeof pin);
    if (n->op != OP_IN || n->right->kind != OPERAND_LIST)
        return NULL;
    for (const struct operand *o = n->right->first; o; o = o->next)
        if (!pin_text(&pin, a, o))
            return NULL;
    return pin.n ? arena_copy(a, &pin, sizeof pin) : NULL;
}

const struct expr_pin *expr_pin(struct arena *a, const struct expr *e)
{
    return e->root ? pin_of(a, e->root) : NULL;
}
