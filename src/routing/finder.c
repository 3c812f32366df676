/* Which queues a worker may belong to, found instead of asked one by one.
 *
 * Most queues ask for a word: `skills HAS "french"`.  Such a queue stands under that word, and a worker looks under the
 * words that he has; what remains is asked as ever: queues that ask for no word, and those where he is a member now. */
#include "routing/internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An attribute in which queues look for words. */
struct found_path {
    struct link self, needs; /* in finder.paths; struct need.in_path */
    uint64_t hash;
};

/* A word of an attribute, and the queues that ask for it. */
struct found_word {
    char key[33];
    struct link needs; /* struct need.in_word */
};

struct need {
    struct link in_path, in_word;
    struct found_path *path;
    struct found_word *word;
    struct queue_live *queue;
    const struct expr_reference *where;
};

static void key_of(char out[static 33], uint64_t path, uint64_t text)
{
    snprintf(out, 33, "%016llx%016llx", (unsigned long long)path, (unsigned long long)text);
}

static struct found_path *path_of(struct finder *f, uint64_t hash)
{
    struct found_path *p;

    if (!f->paths.next)
        list_init(&f->paths);
    for (LIST_EACH(l, &f->paths))
        if (CONTAINER_OF(l, struct found_path, self)->hash == hash)
            return CONTAINER_OF(l, struct found_path, self);
    if (!(p = calloc(1, sizeof *p)))
        abort();
    p->hash = hash;
    list_init(&p->needs);
    list_append(&f->paths, &p->self);
    return p;
}

static struct found_word *word_of(struct finder *f, uint64_t path, uint64_t text)
{
    char key[33];
    struct found_word *w;

    key_of(key, path, text);
    if ((w = map_get(&f->words, key)))
        return w;
    if (!(w = calloc(1, sizeof *w)))
        abort();
    memcpy(w->key, key, sizeof key);
    list_init(&w->needs);
    map_put(&f->words, w->key, w);
    return w;
}

void finder_put(struct queue_live *q)
{
    struct finder *f = &q->workspace->finder;
    struct expr_need needs[EXPR_NEEDS_MAX];

    q->nneeds = q->expression ? expr_needs(q->arena, q->expression, needs) : 0;
    bits_put(&f->wordless, q->slot, q->expression && !q->nneeds);
    bits_put(&f->by_facts, q->slot, q->expression && (expr_reads(q->expression) & EXPR_READS_FACTS));
    q->needs = arena_alloc(q->arena, (q->nneeds + 1) * sizeof *q->needs);
    for (size_t i = 0; i < q->nneeds; i++) {
        struct need *n = &q->needs[i];
        *n = (struct need){ .queue = q, .where = needs[i].where, .path = path_of(f, needs[i].path_hash) };
        n->word = word_of(f, needs[i].path_hash, needs[i].text_hash);
        list_append(&n->path->needs, &n->in_path);
        list_append(&n->word->needs, &n->in_word);
    }
}

void finder_drop(struct queue_live *q)
{
    struct finder *f = &q->workspace->finder;

    bits_put(&f->wordless, q->slot, false);
    bits_put(&f->by_facts, q->slot, false);
    for (size_t i = 0; i < q->nneeds; i++) {
        struct need *n = &q->needs[i];
        list_remove(&n->in_path);
        list_remove(&n->in_word);
        if (list_empty(&n->path->needs)) {
            list_remove(&n->path->self);
            free(n->path);
        }
        if (list_empty(&n->word->needs)) {
            map_remove(&f->words, n->word->key);
            free(n->word);
        }
    }
    q->needs = NULL; /* in the arena of its expression */
    q->nneeds = 0;
}

void finder_free(struct finder *f)
{
    map_clear(&f->words);
    bits_free(&f->wordless);
    bits_free(&f->by_facts);
    bits_free(&f->found);
}

static void add_bits(struct bits *to, const struct bits *from)
{
    for (size_t i = 0; (i = bits_next(from, i)) != NO_SLOT; i++)
        bits_put(to, i, true);
}

static void look_under(struct finder *f, const struct found_path *p, const char *s, size_t n)
{
    char key[33];
    struct found_word *w;

    key_of(key, p->hash, hash_bytes(s, n));
    if (!(w = map_get(&f->words, key)))
        return;
    for (LIST_EACH(l, &w->needs))
        bits_put(&f->found, CONTAINER_OF(l, struct need, in_word)->queue->slot, true);
}

const struct bits *finder_look(const struct worker_live *w)
{
    struct finder *f = &w->workspace->finder;

    if (f->found.n)
        memset(f->found.words, 0, f->found.n * sizeof *f->found.words);
    add_bits(&f->found, &f->wordless);
    add_bits(&f->found, &w->queues);
    if (!f->paths.next)
        return &f->found;
    for (LIST_EACH(l, &f->paths)) {
        const struct found_path *p = CONTAINER_OF(l, struct found_path, self);
        struct expr_value v =
            expr_reference_get(CONTAINER_OF(p->needs.next, struct need, in_path)->where, w->attributes);
        if (v.kind == EXPR_STRING)
            look_under(f, p, v.string.s, v.string.n);
        for (size_t i = 0; v.kind == EXPR_JSON && json_is_array(v.json) && i < json_array_size(v.json); i++) {
            const json_t *word = json_array_get(v.json, i);
            if (json_is_string(word))
                look_under(f, p, json_string_value(word), json_string_length(word));
        }
    }
    return &f->found;
}
