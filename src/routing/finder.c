/* Which queues a worker may belong to, and which workers a queue may have, found instead of asked one by one.
 *
 * Most queues ask for a word: `skills HAS "french"`.  Such a queue stands under that word, and a worker looks under the
 * words that he has; what remains is asked as ever: queues that ask for no word, and those where he is a member now.
 * Workers stand under their words, too, in those attributes that some queue looks into, so a queue whose expression is
 * new looks there; one that asks for no word asks everybody. */
#include "routing/internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An attribute in which queues look for words. */
struct found_path {
    struct link self, needs; /* in finder.paths; struct need.in_path */
    uint64_t hash;
    struct map held; /* word -> struct held_word */
};

/* A word that workers have in that attribute. */
struct held_word {
    char key[17];
    struct found_path *path;
    struct link holders; /* struct holding.in_word */
};

struct holding {
    struct link in_word, in_worker;
    struct held_word *word;
    struct worker_live *worker;
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
    char key[17]; /* of the word, among those that workers have */
};

static void key_of(char out[static 33], uint64_t path, uint64_t text)
{
    snprintf(out, 33, "%016llx%016llx", (unsigned long long)path, (unsigned long long)text);
}

/* --- workers under their words ----------------------------------------------------------------------------------- */

static void let_go(struct holding *h)
{
    struct held_word *word = h->word;

    list_remove(&h->in_word);
    list_remove(&h->in_worker);
    free(h);
    if (!list_empty(&word->holders))
        return;
    map_remove(&word->path->held, word->key);
    free(word);
}

static void hold(struct found_path *p, struct worker_live *w, const char *s, size_t n)
{
    char key[17];
    struct holding *h = malloc(sizeof *h);
    struct held_word *word;

    snprintf(key, sizeof key, "%016llx", (unsigned long long)hash_bytes(s, n));
    if (!h)
        abort();
    if (!(word = map_get(&p->held, key))) {
        if (!(word = calloc(1, sizeof *word)))
            abort();
        memcpy(word->key, key, sizeof key);
        word->path = p;
        list_init(&word->holders);
        map_put(&p->held, word->key, word);
    }
    *h = (struct holding){ .word = word, .worker = w };
    list_append(&word->holders, &h->in_word);
    list_append(&w->words, &h->in_worker);
}

/* Every text that an attribute of his is, or holds. */
static void each_word(const struct found_path *p, const struct worker_live *w,
                      void (*each)(void *arg, const char *s, size_t n), void *arg)
{
    struct expr_value v = expr_reference_get(CONTAINER_OF(p->needs.next, struct need, in_path)->where, w->attributes);

    if (v.kind == EXPR_STRING)
        each(arg, v.string.s, v.string.n);
    for (size_t i = 0; v.kind == EXPR_JSON && json_is_array(v.json) && i < json_array_size(v.json); i++) {
        const json_t *word = json_array_get(v.json, i);
        if (json_is_string(word))
            each(arg, json_string_value(word), json_string_length(word));
    }
}

struct placing {
    struct found_path *path;
    struct worker_live *worker;
};

static void place_one(void *arg, const char *s, size_t n)
{
    const struct placing *p = arg;

    hold(p->path, p->worker, s, n);
}

void finder_forget(struct worker_live *w)
{
    for (LIST_EACH(l, &w->words))
        let_go(CONTAINER_OF(l, struct holding, in_worker));
}

void finder_learn(struct worker_live *w)
{
    struct finder *f = &w->workspace->finder;

    finder_forget(w);
    for (struct link *l = f->paths.next; l && l != &f->paths; l = l->next) {
        struct found_path *p = CONTAINER_OF(l, struct found_path, self);
        each_word(p, w, place_one, &(struct placing){ p, w });
    }
}

/* --- queues under their words ------------------------------------------------------------------------------------ */

static struct found_path *path_of(struct finder *f, uint64_t hash, bool *fresh)
{
    struct found_path *p;

    *fresh = false;
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
    *fresh = true;
    return p;
}

static void drop_path(struct found_path *p)
{
    struct held_word *word;

    for (size_t i = 0; (word = map_next(&p->held, &i));)
        for (bool last = false; !last;) { /* who takes the word along */
            struct link *l = word->holders.next;
            last = l->next == &word->holders;
            let_go(CONTAINER_OF(l, struct holding, in_word));
        }
    map_clear(&p->held);
    list_remove(&p->self);
    free(p);
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

static void put_need(struct queue_live *q, struct need *n, const struct expr_need *e)
{
    struct finder *f = &q->workspace->finder;
    bool fresh;

    *n = (struct need){ .queue = q, .where = e->where, .path = path_of(f, e->path_hash, &fresh) };
    n->word = word_of(f, e->path_hash, e->text_hash);
    snprintf(n->key, sizeof n->key, "%016llx", (unsigned long long)e->text_hash);
    list_append(&n->path->needs, &n->in_path);
    list_append(&n->word->needs, &n->in_word);
    if (fresh)
        for (LIST_EACH(l, &q->workspace->workers)) {
            struct worker_live *w = CONTAINER_OF(l, struct worker_live, in_workspace);
            each_word(n->path, w, place_one, &(struct placing){ n->path, w });
        }
}

static void drop_needs(struct finder *f, struct need *needs, size_t nneeds)
{
    for (size_t i = 0; i < nneeds; i++) {
        struct need *n = &needs[i];
        list_remove(&n->in_path);
        list_remove(&n->in_word);
        if (list_empty(&n->path->needs))
            drop_path(n->path);
        if (list_empty(&n->word->needs)) {
            map_remove(&f->words, n->word->key);
            free(n->word);
        }
    }
}

void finder_put(struct queue_live *q)
{
    struct finder *f = &q->workspace->finder;
    struct expr_need needs[EXPR_NEEDS_MAX];
    struct need *before = q->needs;
    size_t nbefore = q->nneeds;

    q->nneeds = q->expression ? expr_needs(q->arena, q->expression, needs) : 0;
    bits_put(&f->wordless, q->slot, q->expression && !q->nneeds);
    bits_put(&f->by_facts, q->slot, q->expression && (expr_reads(q->expression) & EXPR_READS_FACTS));
    q->needs = arena_alloc(q->arena, (q->nneeds + 1) * sizeof *q->needs);
    for (size_t i = 0; i < q->nneeds; i++)
        put_need(q, &q->needs[i], &needs[i]);
    drop_needs(f, before, nbefore); /* behind the new ones: an attribute that both look into is not learned again */
}

void finder_drop(struct queue_live *q)
{
    struct finder *f = &q->workspace->finder;

    bits_put(&f->wordless, q->slot, false);
    bits_put(&f->by_facts, q->slot, false);
    drop_needs(f, q->needs, q->nneeds);
    q->needs = NULL; /* in the arena of its expression */
    q->nneeds = 0;
}

bool finder_each(const struct queue_live *q, void (*each)(void *arg, struct worker_live *w), void *arg)
{
    for (size_t i = 0; i < q->nneeds; i++) {
        const struct held_word *word = map_get(&q->needs[i].path->held, q->needs[i].key);
        for (struct link *l = word ? word->holders.next : NULL; l && l != &word->holders; l = l->next)
            each(arg, CONTAINER_OF(l, struct holding, in_word)->worker);
    }
    return q->nneeds;
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

struct looking {
    struct finder *finder;
    const struct found_path *path;
};

static void look_under(void *arg, const char *s, size_t n)
{
    const struct looking *x = arg;
    char key[33];
    struct found_word *w;

    key_of(key, x->path->hash, hash_bytes(s, n));
    if (!(w = map_get(&x->finder->words, key)))
        return;
    for (LIST_EACH(l, &w->needs))
        bits_put(&x->finder->found, CONTAINER_OF(l, struct need, in_word)->queue->slot, true);
}

const struct bits *finder_look(const struct worker_live *w)
{
    struct finder *f = &w->workspace->finder;

    if (f->found.n)
        memset(f->found.words, 0, f->found.n * sizeof *f->found.words);
    add_bits(&f->found, &f->wordless);
    add_bits(&f->found, &w->queues);
    for (struct link *l = f->paths.next; l && l != &f->paths; l = l->next) {
        const struct found_path *p = CONTAINER_OF(l, struct found_path, self);
        each_word(p, w, look_under, &(struct looking){ f, p });
    }
    return &f->found;
}
