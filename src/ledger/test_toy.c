#include "ledger/test_toy.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/text.h"
#include "store/faulty.h"
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

/* --- kinds */

static const char *const states[] = { "open", "busy", "done", NULL };

/* clang-format off */
static const struct field room_fields[] = {
    FIELD(room, sid,          SID,  .flags = KEY,   .prefix = "RM"),
    FIELD(room, account_sid,  SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(room, name,         STR,  .flags = UNIQUE | NOCASE),
    FIELD(room, topic,        STR),
    FIELD(room, seats,        INT),
    FIELD(room, date_created, TIME, .flags = BORN),
    FIELD(room, date_updated, TIME, .flags = BORN | TOUCHED),
    FIELD(room, revision,     INT,  .flags = REVISION),
};
static const struct field gig_fields[] = {
    FIELD(gig, sid,          SID,  .flags = KEY,    .prefix = "JB"),
    FIELD(gig, account_sid,  SID,  .flags = OWNER,  .prefix = "AC"),
    FIELD(gig, room_sid,     SID,  .flags = PARENT, .prefix = "RM"),
    FIELD(gig, label,        STR,  .flags = UNIQUE),
    FIELD(gig, attributes,   JSON),
    FIELD(gig, state,        ENUM, .names = states),
    FIELD(gig, urgent,       BOOL),
    FIELD(gig, priority,     INT),
    FIELD(gig, date_updated, TIME, .flags = TOUCHED),
};
static const struct field note_fields[] = {
    FIELD(note, sid,         SID, .flags = KEY,    .prefix = "NT"),
    FIELD(note, account_sid, SID, .flags = OWNER,  .prefix = "AC"),
    FIELD(note, gig_sid,     SID, .flags = PARENT, .prefix = "JB"),
    FIELD(note, title,       STR, .flags = UNIQUE),
    FIELD(note, revision,    INT, .flags = REVISION),
};
/* clang-format on */

static bool gig_is_live(const void *row)
{
    return ((const struct gig *)row)->state != GIG_DONE;
}

static const struct index room_indexes[] = { { "topic, seats", true } };
const struct kind room_kind = { .name = "room",
                                .size = sizeof(struct room),
                                .fields = ROWS(room_fields),
                                .indexes = ROWS(room_indexes),
                                .resident = true };
const struct kind gig_kind = { .name = "gig",
                               .size = sizeof(struct gig),
                               .fields = ROWS(gig_fields),
                               .resident = true,
                               .live_where = "state <> 'done'",
                               .is_live = gig_is_live };
const struct kind note_kind = { .name = "note", .size = sizeof(struct note), .fields = ROWS(note_fields) };
static const struct kind *const kinds[] = { &room_kind, &gig_kind, &note_kind };

/* --- the engine */

static void relink_room(void *engine, struct tx *tx, void *row)
{
    (void)tx;
    map_put(&((struct toy *)engine)->rooms, ((struct room *)row)->sid, row);
}

static void unlink_room(void *engine, void *row)
{
    map_remove(&((struct toy *)engine)->rooms, ((struct room *)row)->sid);
}

static void relink_gig(void *engine, struct tx *tx, void *row)
{
    struct live_gig *j = row;
    struct live_room *in = map_get(&((struct toy *)engine)->rooms, j->row.room_sid);

    (void)tx;
    assert(in);
    if (j->in == in)
        return;
    if (j->in)
        j->in->jobs--;
    in->jobs++;
    j->in = in;
}

static void unlink_gig(void *engine, void *row)
{
    struct live_gig *j = row;

    (void)engine;
    if (j->in)
        j->in->jobs--;
    j->in = NULL;
}

void gig_relink(struct toy *t, struct gig *j)
{
    relink_gig(t, NULL, j);
}

static void on_loaded(void *arg, struct tx *tx)
{
    (void)tx;
    ((struct toy *)arg)->loads++;
}

static void on_reset(void *arg)
{
    struct toy *t = arg;

    t->resets++;
    map_clear(&t->rooms);
    if (t->break_reload)
        store_fail_after(ledger_db(t->ledger), 1);
    t->break_reload = false;
}

static void tell_rung(void *arg)
{
    struct toy *t = arg;

    mailbox_send(t->bells, &t->bell);
}

static void on_ring(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct toy *t = arg;
    size_t n = strlen(t->rung);

    snprintf(t->rung + n, sizeof t->rung - n, "%s@%lld ", subject, (long long)(tx->now - 1000000));
    assert_true(due <= tx->now);
    assert_true(alarm_due(tx, "bell", subject) == NO_VALUE);
    if (strcmp(subject, "again") == 0 && t->ring_again)
        alarm_set(tx, "bell", subject, tx->now + t->ring_again);
    if (strcmp(subject, "bad") == 0) /* a name that is taken: refused at the end */
        room_make(t, tx, NULL, "taken");
    if (strcmp(subject, "real") == 0)
        tx_after(tx, tell_rung, t);
    if (row_find(tx, &room_kind, subject)) {
        struct room *r = row_find(tx, &room_kind, subject);
        row_edit(tx, r);
        r->seats += 100;
    }
}

/* A listener that changes a row in the teller's transaction, and tells of it. */
static void on_event(void *arg, struct tx *tx, const struct event *e)
{
    struct toy *t = arg;
    size_t n = strlen(t->heard);

    snprintf(t->heard + n, sizeof t->heard - n, "%s#%lld ", event_name(e->type), (long long)e->number);
    if (e->type == EV_RESERVATION_ACCEPTED && e->subject) {
        struct room *r = e->subject;
        row_edit(tx, r);
        r->seats++;
        event_tell(tx, &(struct event){ .type = EV_RESERVATION_WRAPUP, .account_sid = e->account_sid });
    }
}

/* --- the world */

static void on_gig(void *arg, const void *row, const void *was, bool gone)
{
    struct toy *t = arg;
    const struct gig *g = row, *before = was;
    size_t n = strlen(t->watched);

    snprintf(t->watched + n, sizeof t->watched - n, "%s:%s->%s ", g->sid, before ? before->label : "",
             gone ? "" : g->label);
}

void toy_open(struct toy *t)
{
    const char *why = NULL;
    struct ledger_config c = { .clock = t->clock, .kinds = kinds, .nkinds = 3, .events_kept = t->events_kept };

    c.store = t->store = store_open(t->arena, t->folder, &why);
    if (!t->store)
        fail_msg("%s", why);
    t->ledger = ledger_new(t->arena, &c, &why);
    if (!t->ledger)
        fail_msg("%s", why);
    ledger_hooks(t->ledger, "room", &(struct live_hooks){ sizeof(struct live_room), relink_room, unlink_room, t });
    ledger_hooks(t->ledger, "gig", &(struct live_hooks){ sizeof(struct live_gig), relink_gig, unlink_gig, t });
    ledger_listen(t->ledger, &(struct listener){ "reservation.", on_event, t });
    ledger_watch(t->ledger, "gig", &(struct watcher){ on_gig, t });
    ledger_alarm(t->ledger, &(struct alarm_kind){ "bell", on_ring, t });
    ledger_on_loaded(t->ledger, on_loaded, t);
    ledger_on_reset(t->ledger, on_reset, t);
    if (!ledger_start(t->ledger, t->arena, &why))
        fail_msg("%s", why);
}

void toy_shut(struct toy *t)
{
    ledger_stop(t->ledger);
    ledger_free(t->ledger);
    store_close(t->store);
    map_clear(&t->rooms);
}

int toy_setup(void **state)
{
    struct toy *t = calloc(1, sizeof *t);

    log_setup(LOG_ERROR + 1, false); /* failures are what is tested */
    t->arena = arena_new();
    t->clock = clock_test(1000000);
    snprintf(t->folder, sizeof t->folder, "/tmp/test_ledger.XXXXXX");
    if (!mkdtemp(t->folder))
        return -1;
    toy_open(t);
    *state = t;
    return 0;
}

void toy_remove_folder(const char *folder)
{
    folder_remove(folder);
}

int toy_teardown(void **state)
{
    struct toy *t = *state;

    toy_shut(t);
    toy_remove_folder(t->folder);
    clock_free(t->clock);
    arena_free(t->arena);
    free(t);
    return 0;
}

void toy_do(struct toy *t, fault_t (*run)(struct tx *tx, void *arg), void *arg)
{
    fault_t f = ledger_do(t->ledger, t->arena, run, arg);

    if (f)
        fail_msg("%s: %s", f->name, f->message);
}

struct memory {
    struct toy *toy;
    const char *text;
};

static fault_t read_memory(struct tx *tx, void *arg)
{
    struct memory *m = arg;
    struct text t = { .arena = m->toy->arena };
    size_t jobs = 0;

    text_put(&t, ledger_fingerprint(tx, m->toy->arena));
    assert_int_equal(m->toy->rooms.n, row_count(tx, &room_kind));
    struct live_room *r;
    for (size_t i = 0; (r = row_each(tx, &room_kind, &i));) {
        int64_t n = 0;
        struct live_gig *j;
        for (size_t k = 0; (j = row_each(tx, &gig_kind, &k));)
            if (strcmp(j->row.room_sid, r->row.sid) == 0) {
                assert_ptr_equal(j->in, r);
                n++;
            }
        assert_int_equal(r->jobs, n);
        jobs += (size_t)n;
    }
    assert_int_equal(jobs, row_count(tx, &gig_kind));
    m->text = text_str(&t);
    return NULL;
}

const char *toy_memory(struct toy *t)
{
    struct memory m = { t, NULL };

    toy_do(t, read_memory, &m);
    return m.text;
}

struct room *room_make(struct toy *t, struct tx *tx, const char *sid, const char *name)
{
    struct room *r = row_new(tx, &room_kind, sid);

    row_set(tx, r, &r->account_sid, "AC1");
    row_set(tx, r, &r->name, name);
    relink_room(t, tx, r);
    return r;
}

struct gig *gig_make(struct toy *t, struct tx *tx, const char *sid, const char *room_sid, const char *label)
{
    struct gig *j = row_new(tx, &gig_kind, sid);

    row_set(tx, j, &j->account_sid, "AC1");
    row_set(tx, j, &j->room_sid, room_sid);
    row_set(tx, j, &j->label, label);
    relink_gig(t, tx, j);
    return j;
}

/* --- what the tests share */

struct call *call(struct toy *t, const char *a, const char *b, const char *c)
{
    struct call *x = arena_alloc(t->arena, sizeof *x);

    *x = (struct call){ .toy = t, .a = a, .b = b, .c = c };
    return x;
}

void refused(struct toy *t, enum fault_id id, const char *message, fault_t (*run)(struct tx *tx, void *arg), void *arg)
{
    const char *before = toy_memory(t);
    fault_t f = ledger_do(t->ledger, t->arena, run, arg);

    assert_non_null(f);
    assert_int_equal(f->id, id);
    if (message)
        assert_string_equal(f->message, message);
    assert_string_equal(toy_memory(t), before);
}

void same_after_reload(struct toy *t)
{
    const char *before = toy_memory(t);
    int loads = t->loads;

    ledger_reload(t->ledger);
    assert_int_equal(t->loads, loads + 1);
    assert_string_equal(toy_memory(t), before);
}

fault_t make_room(struct tx *tx, void *arg)
{
    struct call *c = arg;

    room_make(c->toy, tx, c->a, c->b);
    return NULL;
}

fault_t make_gig(struct tx *tx, void *arg)
{
    struct call *c = arg;

    gig_make(c->toy, tx, c->a, c->c, c->b);
    return NULL;
}

static fault_t look_at_room(struct tx *tx, void *arg)
{
    struct call *c = arg;

    c->seen = row_find(tx, &room_kind, c->a);
    return NULL;
}

const struct room *room(struct toy *t, const char *sid)
{
    struct call *c = call(t, sid, NULL, NULL);

    toy_do(t, look_at_room, c);
    return c->seen;
}

void rooms(struct toy *t)
{
    toy_do(t, make_room, call(t, "RM1", "Blue", NULL));
    toy_do(t, make_room, call(t, "RM2", "Red", NULL));
    toy_do(t, make_gig, call(t, "JB1", "first", "RM1"));
    toy_do(t, make_gig, call(t, "JB2", "second", "RM1"));
}
