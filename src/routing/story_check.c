#include "routing/simulation/simulation.h"
#include "routing/story.h"
#include <stdlib.h>
#include <string.h>

/* --- what must be true */

struct open {
    struct story *s;
    struct text *out;
};

static void put_worker_name(void *arg, struct reservation *r)
{
    struct open *o = arg;

    text_putf(o->out, " %s", r->worker_name);
}

const char *story_rest(struct story *s, const struct words *w, size_t from)
{
    struct text t = { .arena = s->arena };

    for (size_t i = from; i < w->n; i++)
        text_putf(&t, " %s", w->at[i]);
    return text_str(&t);
}

static bool take_sid(void *arg, void *row)
{
    *(const char **)arg = ((const struct transfer *)row)->sid;
    return true;
}

struct transfer *story_transfer(struct story *s, struct tx *tx, const char *task)
{
    struct condition of_task = { .column = "task_sid", .compare = IS, .value = value_text(story_sid(s, task)) };
    const char *sid = NULL;

    story_number(s,
                 record_select(tx->db, tx->arena, &transfer_kind,
                               &(struct selection){ .conditions = &of_task, .nconditions = 1 }, take_sid, &sid),
                 DB_OK);
    return sid ? row_find(tx, &transfer_kind, sid) : NULL;
}

static void check_transfer(struct story *s, struct tx *tx, const struct words *w)
{
    const struct transfer *x = story_transfer(s, tx, w->at[1]);

    story_must(s, x, "there is a transfer");
    story_text(s, transfer_status_names[x->transfer_status], w->at[2]);
    if (w->n > 3)
        story_text(s, arena_printf(s->arena, " %s", x->transfer_failed_reason), story_rest(s, w, 3));
}

static void put_holder(void *arg, struct reservation *r)
{
    struct open *o = arg;

    text_putf(o->out, " %s %s", r->worker_name, reservation_status_names[r->reservation_status]);
}

static void check_holders(struct story *s, struct tx *tx, const struct words *w)
{
    struct text out = { .arena = s->arena };

    routing_each_reservation_of_task(s->engine, tx, story_sid(s, w->at[1]), put_holder, &(struct open){ s, &out });
    story_text(s, text_str(&out), story_rest(s, w, 2));
}

static void check_task(struct story *s, struct tx *tx, const struct words *w)
{
    const struct task *t = row_find(tx, &task_kind, story_sid(s, w->at[1]));
    const char *verb = w->at[0];

    if (str_eq(verb, "gone")) {
        story_must(s, !t, "it is gone");
        return;
    }
    if (!t)
        story_wrong(s, "%s is gone", w->at[1]);
    if (str_eq(verb, "is")) {
        story_text(s, task_status_names[t->assignment_status], w->at[2]);
    } else if (str_eq(verb, "because")) {
        story_text(s, arena_printf(s->arena, " %s", t->reason), story_rest(s, w, 2));
    } else if (str_eq(verb, "in")) {
        story_text(s, t->task_queue_sid, story_sid(s, w->at[2]));
    } else if (str_eq(verb, "priority")) {
        story_number(s, t->priority, story_digits(w->at[2]));
    } else {
        struct text out = { .arena = s->arena };
        struct open o = { s, &out };
        routing_each_reservation_of_task(s->engine, tx, t->sid, put_worker_name, &o);
        story_text(s, text_str(&out), story_rest(s, w, 2));
    }
}

static void check_worker(struct story *s, struct tx *tx, const struct words *w)
{
    const struct worker *k = row_find(tx, &worker_kind, story_sid(s, w->at[1]));

    if (str_eq(w->at[0], "at")) {
        story_text(s, k->activity_sid, story_activity(s, w->at[2]));
    } else if (str_eq(w->at[0], "version")) {
        story_number(s, k->version, story_digits(w->at[2]));
    } else {
        struct worker_channel *c = routing_worker_channel(s->engine, tx, k->sid, w->at[2]);
        story_number(s, routing_used(s->engine, c), story_digits(w->at[3]));
        story_number(s, routing_percentage(s->engine, c), story_digits(w->at[4]));
    }
}

static void check_members(struct story *s, struct tx *tx, const struct words *w)
{
    const struct worker *k;

    for (size_t i = 2; i < w->n; i++)
        if (!routing_queue_has(s->engine, story_sid(s, w->at[1]), story_sid(s, w->at[i])))
            story_wrong(s, "%s is not in %s", w->at[i], w->at[1]);
    size_t n = 0;
    for (size_t i = 0; (k = row_each(tx, &worker_kind, &i));)
        n += routing_queue_has(s->engine, story_sid(s, w->at[1]), k->sid);
    story_number(s, n, w->n - 2);
}

static const struct {
    const char *word;
    void (*check)(struct story *s, struct tx *tx, const struct words *w);
} checks[] = {
    { "is", check_task },        { "because", check_task },    { "in", check_task },         { "offered", check_task },
    { "gone", check_task },      { "priority", check_task },   { "at", check_worker },       { "used", check_worker },
    { "version", check_worker }, { "members", check_members }, { "handed", check_transfer }, { "held", check_holders },
};

bool story_is_check(const char *word)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (str_eq(checks[i].word, word))
            return true;
    return false;
}

bool story_look(struct story *s, struct tx *tx, const struct words *w)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (str_eq(checks[i].word, w->at[0])) {
            checks[i].check(s, tx, w);
            return true;
        }
    return false;
}

/* --- the whole memory, and what must hold */

struct memory {
    struct story *s;
    const char *text;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static fault_t remember(struct tx *tx, void *arg)
{
    struct memory *m = arg;
    struct text t = { .arena = m->s->arena };
    size_t n = 0, room = 0;

    for (size_t k = 0; k < ROUTING_KINDS; k++)
        room += row_count(tx, routing_kinds[k]);
    const char **lines = arena_alloc(m->s->arena, (room + 1) * sizeof *lines);
    for (size_t k = 0; k < ROUTING_KINDS; k++) {
        void *row;
        for (size_t i = 0; (row = row_each(tx, routing_kinds[k], &i));) {
            struct text line = { .arena = m->s->arena };
            for (const struct field *f = routing_kinds[k]->fields;
                 f < routing_kinds[k]->fields + routing_kinds[k]->nfields; f++) {
                if (!field_is_column(f))
                    continue;
                if (field_is_text(f))
                    text_putf(&line, "%s ", *field_text(f, row) ? *field_text(f, row) : "-");
                else if (f->type == T_BOOL)
                    text_put_int(&line, *field_bool(f, row));
                else
                    text_putf(&line, "%lld ",
                              f->type == T_ENUM ? (long long)*field_enum(f, row) : (long long)*field_int(f, row));
            }
            lines[n++] = text_str(&line);
        }
    }
    qsort(lines, n, sizeof *lines, by_text);
    for (size_t i = 0; i < n; i++)
        text_putf(&t, "%s\n", lines[i]);
    text_put(&t, routing_fingerprint(m->s->engine, m->s->arena));
    m->text = text_str(&t);
    return NULL;
}

const char *story_memory(struct story *s)
{
    struct memory *m = arena_alloc(s->arena, sizeof *m);

    m->s = s;
    fault_t f = ledger_do(s->ledger, s->arena, remember, m);
    if (f)
        story_wrong(s, "%s", f->message);
    return m->text;
}

static fault_t check_all(struct tx *tx, void *arg)
{
    struct story *s = arg;
    const char *broken = engine_broken(s->engine, tx);

    if (broken)
        story_wrong(s, "%s", broken);
    return NULL;
}

void story_check(struct story *s)
{
    fault_t f = ledger_do(s->ledger, s->arena, check_all, s);

    if (f)
        story_wrong(s, "%s", f->message);
}
