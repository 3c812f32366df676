/* The disk says no, the process dies, and a stranger sends whatever he likes: memory and store stay one. */
#include "base/log.h"
#include "base/text.h"
#include "ledger/test_toy.h"
#include "store/faulty.h"
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

/* --- any statement fails */

/* Touches everything that is written: rows of both sorts, events, alarms; reads from the store, too. */
static fault_t scenario(struct tx *tx, void *arg)
{
    struct toy *t = arg;
    struct room *r = row_find(tx, &room_kind, "RM1"), *other = row_find(tx, &room_kind, "RM2");
    const char *name = arena_strdup(tx->arena, r->name);

    row_set(tx, r, &r->name, other->name); /* two writes each: the values are swapped */
    row_set(tx, other, &other->name, name);
    struct gig *g = gig_make(t, tx, NULL, "RM1", arena_printf(tx->arena, "gig %lld", (long long)r->revision));
    for (int i = 0; i < 2; i++) {
        struct note *n = row_new(tx, &note_kind, NULL);
        row_set(tx, n, &n->gig_sid, g->sid);
        row_set(tx, n, &n->title, i ? "a" : "b");
    }
    struct gig *done = row_find(tx, &gig_kind, "GG9"); /* retired: in the store */
    if (done)
        row_set(tx, done, &done->attributes, arena_printf(tx->arena, "[%lld]", (long long)r->revision));
    event_tell(tx, &(struct event){ .type = EV_TASK_CREATED,
                                    .account_sid = arena_printf(tx->arena, "AC%lld", (long long)r->revision) });
    alarm_set(tx, "bell", g->sid, tx->now + 1000);
    return NULL;
}

static fault_t begin(struct tx *tx, void *arg)
{
    struct gig *g;

    room_make(arg, tx, "RM1", "one");
    room_make(arg, tx, "RM2", "two");
    g = gig_make(arg, tx, "GG9", "RM2", "finished");
    g->state = GIG_DONE;
    return NULL;
}

static bool count_row(void *arg, void *row)
{
    (void)row;
    ++*(int *)arg;
    return true;
}

struct totals {
    int rooms, gigs, notes, events, alarms;
};

static fault_t count_store(struct tx *tx, void *arg)
{
    struct totals *x = arg;

    *x = (struct totals){ 0 };
    record_scan(tx->db, &room_kind, NULL, count_row, &x->rooms);
    record_scan(tx->db, &gig_kind, NULL, count_row, &x->gigs);
    record_scan(tx->db, &note_kind, NULL, count_row, &x->notes);
    record_scan(tx->db, &event_kind, NULL, count_row, &x->events);
    record_scan(tx->db, &alarm_kind_record, NULL, count_row, &x->alarms);
    return NULL;
}

static struct totals totals(struct toy *t)
{
    struct totals x;

    toy_do(t, count_store, &x);
    return x;
}

static void whatever_statement_fails(void **state)
{
    struct toy *t = *state;
    int n = 0, failed = 0;

    toy_do(t, begin, t);
    for (;; n++) {
        assert_true(n < 200);
        const char *before = toy_memory(t);
        struct totals were = totals(t);
        int resets = t->resets;
        store_fail_after(ledger_db(t->ledger), n + 1);
        fault_t f = ledger_do(t->ledger, t->arena, scenario, t);
        if (!f) { /* it has fewer statements than that */
            assert_true(store_fail_after(ledger_db(t->ledger), 0) > 0);
            break;
        }
        failed++;
        toy_memory(t); /* the reload is over when the next is answered */
        assert_int_equal(f->id, F_UNAVAILABLE);
        assert_true(ledger_ready(t->ledger));
        assert_int_equal(t->resets, resets + 1);
        assert_string_equal(toy_memory(t), before);
        struct totals are = totals(t);
        assert_memory_equal(&are, &were, sizeof are);
    }
    assert_true(failed >= 12); /* BEGIN, savepoint, notes, rows, event, alarm, COMMIT */
    assert_int_equal(ledger_count(t->ledger).failed_commits, failed);
    const char *before = toy_memory(t);
    ledger_reload(t->ledger);
    assert_string_equal(toy_memory(t), before);
}

/* The reload fails, too: nothing is accepted until one succeeds. */
static void when_loading_fails_too(void **state)
{
    struct toy *t = *state;

    toy_do(t, begin, t);
    const char *before = toy_memory(t);
    t->break_reload = true;
    store_fail_after(ledger_db(t->ledger), 3);
    fault_t f = ledger_do(t->ledger, t->arena, scenario, t);
    assert_non_null(f);
    assert_int_equal(f->id, F_UNAVAILABLE);
    toy_do(t, scenario, t); /* loads first */
    assert_true(ledger_ready(t->ledger));
    assert_int_equal(t->loads, 2);
    assert_string_not_equal(toy_memory(t), before);
    before = toy_memory(t);
    ledger_reload(t->ledger);
    assert_string_equal(toy_memory(t), before);
}

/* --- random commands */

struct dice {
    uint64_t s;
};

static unsigned roll(struct dice *d, unsigned n)
{
    d->s ^= d->s << 13;
    d->s ^= d->s >> 7;
    d->s ^= d->s << 17;
    return (unsigned)(d->s >> 33) % n;
}

struct play {
    struct toy *toy;
    struct dice dice;
    bool revived; /* a gig comes back at the end of this command: its room must still be there */
};

static const char *any_sid(struct tx *tx, struct play *p, const char *prefix)
{
    return arena_printf(tx->arena, "%s%u", prefix, roll(&p->dice, 8));
}

static void play_room(struct tx *tx, struct play *p)
{
    const char *sid = any_sid(tx, p, "RM"), *name = any_sid(tx, p, roll(&p->dice, 2) ? "name" : "NAME");
    struct room *r = row_find(tx, &room_kind, sid);
    struct gig *g, *all[64];
    size_t n = 0;

    if (!r) {
        room_make(p->toy, tx, sid, name);
        return;
    }
    switch (roll(&p->dice, p->revived ? 2 : 3)) {
    case 0:
        row_set(tx, r, &r->name, roll(&p->dice, 4) ? name : NULL);
        break;
    case 1:
        row_edit(tx, r);
        r->seats = roll(&p->dice, 3);
        break;
    default: /* with all its gigs */
        for (size_t i = 0; (g = row_each(tx, &gig_kind, &i));)
            if (strcmp(g->room_sid, sid) == 0)
                all[n++] = g;
        while (n)
            row_delete(tx, all[--n]);
        row_delete(tx, r);
    }
}

static void play_gig(struct tx *tx, struct play *p)
{
    const char *sid = any_sid(tx, p, "GG"), *room_sid = any_sid(tx, p, "RM"), *label = any_sid(tx, p, "label");
    struct gig *g = row_find(tx, &gig_kind, sid);

    if (!row_find(tx, &room_kind, room_sid))
        return;
    if (!g) {
        gig_make(p->toy, tx, sid, room_sid, label);
        return;
    }
    switch (roll(&p->dice, 5)) {
    case 0:
        row_delete(tx, g);
        break;
    case 1:
        row_edit(tx, g);
        g->state = GIG_DONE;
        break;
    case 2:
        row_edit(tx, g);
        g->state = roll(&p->dice, 2) ? GIG_OPEN : GIG_BUSY;
        p->revived |= !row_is_live(g);
        if (!row_find(tx, &room_kind, g->room_sid)) /* it may come back to a room that is gone */
            row_set(tx, g, &g->room_sid, room_sid);
        break;
    case 3:
        row_set(tx, g, &g->room_sid, room_sid);
        if (row_is_live(g))
            gig_relink(p->toy, g);
        break;
    default:
        row_set(tx, g, &g->label, label);
        g->urgent = !g->urgent;
    }
}

static void play_note(struct tx *tx, struct play *p)
{
    const char *sid = any_sid(tx, p, "NT"), *title = any_sid(tx, p, "title");
    struct note *n = row_find(tx, &note_kind, sid);

    if (n && roll(&p->dice, 2)) {
        row_delete(tx, n);
        return;
    }
    if (!n)
        n = row_new(tx, &note_kind, sid);
    row_set(tx, n, &n->gig_sid, "GG1");
    row_set(tx, n, &n->title, title);
}

static fault_t play(struct tx *tx, void *arg)
{
    struct play *p = arg;

    p->revived = false;
    for (unsigned steps = 1 + roll(&p->dice, 6); steps; steps--)
        switch (roll(&p->dice, 6)) {
        case 0:
        case 1:
            play_room(tx, p);
            break;
        case 2:
        case 3:
            play_gig(tx, p);
            break;
        case 4:
            play_note(tx, p);
            break;
        default:
            event_tell(tx, &(struct event){ .type = EV_TASK_CREATED, .account_sid = any_sid(tx, p, "AC") });
            if (roll(&p->dice, 2))
                alarm_set(tx, "bell", any_sid(tx, p, "x"), tx->now + roll(&p->dice, 100));
            else
                alarm_cancel(tx, "bell", any_sid(tx, p, "x"));
        }
    return roll(&p->dice, 4) ? NULL : fault(tx->arena, F_CONFLICT, "no luck");
}

/* As assert_string_equal(), but says where. */
static void same(const char *when, const char *a, const char *b)
{
    size_t line = 0, i = 0;

    for (; a[i] && a[i] == b[i]; i++)
        if (a[i] == '\n')
            line = i + 1;
    if (a[i] != b[i])
        fail_msg("%s: was %.*s, is %.*s", when, (int)strcspn(a + line, "\n"), a + line, (int)strcspn(b + line, "\n"),
                 b + line);
}

static void random_commands(struct toy *t, uint64_t seed, int n)
{
    struct play p = { .toy = t, .dice = { seed * 0x9e3779b97f4a7c15u + 1 } };
    int refused = 0;

    for (int i = 0; i < n; i++) {
        const char *before = toy_memory(t);
        int resets = t->resets;
        bool breaks = roll(&p.dice, 30) == 0;
        store_fail_after(ledger_db(t->ledger), breaks ? 1 + roll(&p.dice, 6) : 0);
        fault_t f = ledger_do(t->ledger, t->arena, play, &p);
        const char *after = toy_memory(t); /* asserts what is derived */
        store_fail_after(ledger_db(t->ledger), 0);
        refused += f != NULL;
        if (f)
            same("refused", before, after);
        else if (t->resets > resets) /* a failure that hit the look at memory, not the command */
            continue;
        if (roll(&p.dice, 10) == 0) {
            ledger_reload(t->ledger);
            same("reloaded", after, toy_memory(t));
        }
        if (roll(&p.dice, 20) == 0) {
            ledger_turn(t->ledger, roll(&p.dice, 30));
            t->rung[0] = '\0';
        }
        if (roll(&p.dice, 50) == 0) {
            after = toy_memory(t);
            toy_shut(t);
            toy_open(t);
            same("restarted", after, toy_memory(t));
        }
    }
    assert_in_range(refused, n / 5, n - n / 5);
}

static void random_commands_of_many_seeds(void **state)
{
    const char *seed = getenv("SEED");

    for (uint64_t s = seed ? strtoull(seed, NULL, 10) : 1, last = seed ? s : 8; s <= last; s++) {
        void *world;
        assert_int_equal(toy_setup(&world), 0);
        print_message("seed %llu (SEED=%llu replays it)\n", (unsigned long long)s, (unsigned long long)s);
        random_commands(world, s, 300);
        toy_teardown(&world);
    }
    (void)state;
}

/* --- kill -9 */

struct sender {
    struct command command;
    struct toy *toy;
    int fd;
    char sid[SID_SIZE + 1]; /* a line */
};

static fault_t one_more(struct tx *tx, struct command *c)
{
    struct sender *s = (struct sender *)c;
    struct gig *g = gig_make(s->toy, tx, NULL, "RM1", NULL);

    event_tell(tx, &(struct event){ .type = EV_TASK_CREATED, .account_sid = "AC1", .resource_sid = g->sid });
    snprintf(s->sid, sizeof s->sid, "%s", g->sid);
    return NULL;
}

static void acknowledge(struct command *c, fault_t f)
{
    struct sender *s = (struct sender *)c;

    s->sid[SID_LENGTH] = '\n';
    if (f || write(s->fd, s->sid, SID_SIZE) != SID_SIZE)
        _exit(1);
    arena_reset(c->arena);
    ledger_send(s->toy->ledger, c); /* and again, for ever */
}

static void work_until_killed(const char *folder, int fd)
{
    struct toy *t = calloc(1, sizeof *t);

    t->arena = arena_new();
    t->clock = clock_real();
    snprintf(t->folder, sizeof t->folder, "%s", folder);
    toy_open(t);
    if (ledger_do(t->ledger, t->arena, begin, t))
        _exit(1);
    for (int i = 0; i < 20; i++) {
        struct sender *s = calloc(1, sizeof *s);
        *s = (struct sender){ .command = { .arena = arena_new(), .run = one_more, .done = acknowledge },
                              .toy = t,
                              .fd = fd };
        ledger_send(t->ledger, &s->command);
    }
    for (;;)
        pause();
}

static bool check_event(void *arg, void *row)
{
    int64_t *next = arg;

    assert_int_equal(((struct event *)row)->number, ++*next);
    return true;
}

static fault_t check_log(struct tx *tx, void *arg)
{
    int64_t n = 0;

    assert_int_equal(record_scan(tx->db, &event_kind, NULL, check_event, &n), DB_OK);
    assert_int_equal(n, row_count(tx, &gig_kind)); /* an event a gig: both or neither */
    *(int64_t *)arg = n;
    return NULL;
}

static fault_t find_gig(struct tx *tx, void *arg)
{
    return row_find(tx, &gig_kind, arg) ? NULL : fault(tx->arena, F_NOT_FOUND, "%s was acknowledged", (char *)arg);
}

static void nothing_acknowledged_is_lost(void **state)
{
    struct toy t = { .clock = clock_real(), .arena = arena_new() };
    int ends[2], acknowledged = 0, status;
    int64_t kept = 0;
    char line[SID_SIZE + 1] = "";

    (void)state;
    snprintf(t.folder, sizeof t.folder, "%s", "/tmp/test_ledger.XXXXXX");
    assert_non_null(mkdtemp(t.folder));
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (!child)
        work_until_killed(t.folder, ends[1]);
    close(ends[1]);
    FILE *f = fdopen(ends[0], "r"), *kept_sids = tmpfile();
    while (fread(line, 1, SID_SIZE, f) == SID_SIZE) {
        fputs(line, kept_sids);
        if (++acknowledged == 500)
            kill(child, SIGKILL); /* what is in the pipe was acknowledged, too */
    }
    fclose(f);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && acknowledged >= 500);
    toy_open(&t);
    toy_do(&t, check_log, &kept);
    assert_true(kept >= acknowledged);
    rewind(kept_sids);
    while (fread(line, 1, SID_SIZE, kept_sids) == SID_SIZE) {
        line[SID_LENGTH] = '\0';
        toy_do(&t, find_gig, line);
    }
    fclose(kept_sids);
    toy_shut(&t);
    toy_remove_folder(t.folder);
    arena_free(t.arena);
}

/* --- a full disk */

static fault_t big_gig(struct tx *tx, void *arg)
{
    struct gig *g = gig_make(arg, tx, NULL, "RM1", NULL);

    row_set(tx, g, &g->attributes, arena_printf(tx->arena, "\"%060000d\"", 0));
    return NULL;
}

enum { SKIP = 77, SMALL = 4 };

/* In a process and a mount name space of its own, so that nothing stays mounted. */
static int fill_the_disk(const char *folder)
{
    struct toy t = { .clock = clock_test(1), .arena = arena_new() };

    log_setup(LOG_ERROR + 1, false);
    char path[128], filler[SMALL << 18] = { 0 };
    fault_t f = NULL;

    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", folder, "tmpfs", 0, "size=4m") < 0)
        return SKIP;
    snprintf(path, sizeof path, "%s/filler", folder);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    if (write(fd, filler, sizeof filler) < 0)
        return 1;
    close(fd);
    snprintf(t.folder, sizeof t.folder, "%s", folder);
    toy_open(&t);
    toy_do(&t, begin, &t);
    const char *before = NULL;
    for (int i = 0; i < 100 && !f; i++) {
        before = toy_memory(&t);
        f = ledger_do(t.ledger, t.arena, big_gig, &t);
    }
    if (!f || f->id != F_UNAVAILABLE)
        return 2;
    if (strcmp(toy_memory(&t), before) != 0)
        return 3;
    unlink(path);
    for (int i = 0; i < 3; i++)
        if (ledger_do(t.ledger, t.arena, big_gig, &t))
            return 4;
    before = toy_memory(&t);
    ledger_reload(t.ledger);
    if (strcmp(toy_memory(&t), before) != 0)
        return 5;
    toy_shut(&t);
    clock_free(t.clock);
    arena_free(t.arena);
    return 0;
}

static void a_full_disk(void **state)
{
    char folder[] = "/tmp/test_ledger.XXXXXX";
    int status;

    (void)state;
    assert_non_null(mkdtemp(folder));
    pid_t child = fork();
    if (!child)
        _exit(fill_the_disk(folder));
    assert_int_equal(waitpid(child, &status, 0), child);
    rmdir(folder);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIP) {
        print_message("a small disk cannot be mounted here\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, toy_setup, toy_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost),
        cmocka_unit_test(a_full_disk),
        TEST(whatever_statement_fails),
        TEST(when_loading_fails_too),
        cmocka_unit_test(random_commands_of_many_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
