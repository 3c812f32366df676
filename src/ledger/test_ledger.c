#include "base/text.h"
#include "ledger/test_toy.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

/* --- small commands: a is a sid, b a name, c another sid */

static fault_t rename_room(struct tx *tx, void *arg)
{
    struct call *c = arg;
    struct room *r = row_find(tx, &room_kind, c->a);

    row_set(tx, r, &r->name, c->b);
    return NULL;
}

static fault_t finish_gig(struct tx *tx, void *arg)
{
    struct gig *j = row_find(tx, &gig_kind, ((struct call *)arg)->a);

    row_edit(tx, j);
    j->state = GIG_DONE;
    return NULL;
}

static fault_t delete_gig(struct tx *tx, void *arg)
{
    row_delete(tx, row_find(tx, &gig_kind, ((struct call *)arg)->a));
    return NULL;
}

/* --- keeping and undoing */

static void what_was_done_is_there_after_a_restart(void **state)
{
    struct toy *t = *state;

    rooms(t);
    const char *before = toy_memory(t);
    toy_shut(t);
    toy_open(t);
    assert_string_equal(toy_memory(t), before);
    assert_non_null(strstr(before, "room sid=RM1 account_sid=AC1 name=Blue topic=(none) seats=0 date_created=1000000"));
}

/* Everything that a command can do, and then it refuses. */
static fault_t make_a_mess(struct tx *tx, void *arg)
{
    struct call *c = arg;
    struct toy *t = c->toy;
    struct room *r1 = row_find(tx, &room_kind, "RM1"), *r3 = room_make(t, tx, "RM3", "Green");
    struct gig *j1 = row_find(tx, &gig_kind, "JB1"), *j2 = row_find(tx, &gig_kind, "JB2");

    row_set(tx, r1, &r1->name, "Grey");
    row_set(tx, r1, &r1->name, "Black");
    r1->seats = 9;
    assert_string_equal(((const struct room *)row_was(tx, r1))->name, "Blue");
    assert_null(row_was(tx, r3));
    assert_ptr_equal(row_was(tx, j2), j2);
    row_set(tx, j1, &j1->room_sid, "RM3"); /* into a room that will not have been */
    gig_relink(t, j1);
    row_delete(tx, j2);
    assert_false(row_is_live(j2));
    assert_null(row_find(tx, &gig_kind, "JB2"));
    struct gig *again = gig_make(t, tx, "JB2", "RM3", "second"); /* the same sid once more */
    row_delete(tx, gig_make(t, tx, NULL, "RM2", NULL));
    struct room *r2 = row_find(tx, &room_kind, "RM2");
    row_delete(tx, r2);
    struct note *n = row_new(tx, &note_kind, "NT1");
    row_set(tx, n, &n->title, "never");
    assert_ptr_equal(row_find(tx, &note_kind, "NT1"), n);
    alarm_set(tx, "bell", "RM1", tx->now + 5);
    event_tell(tx, &(struct event){ .type = EV_RESERVATION_ACCEPTED, .account_sid = "AC1", .subject = r1 });
    assert_int_equal(row_count(tx, &room_kind), 2);
    assert_true(row_is_live(again));
    assert_string_equal(row_kind(again)->name, "gig");
    return c->n ? fault(tx->arena, F_CONFLICT, "changed my mind") : NULL;
}

static fault_t no_traces(struct tx *tx, void *arg)
{
    (void)arg;
    assert_null(row_find(tx, &note_kind, "NT1"));
    assert_true(alarm_due(tx, "bell", "RM1") == NO_VALUE);
    struct event e = { .type = EV_TASK_CREATED, .account_sid = "AC1" };
    event_tell(tx, &e);
    assert_int_equal(e.number, 1); /* the refused ones gave their numbers back */
    return NULL;
}

static void a_refused_command_leaves_nothing(void **state)
{
    struct toy *t = *state;
    struct call *c = call(t, NULL, NULL, NULL);

    rooms(t);
    c->n = 1;
    refused(t, F_CONFLICT, "changed my mind", make_a_mess, c);
    same_after_reload(t);
    toy_do(t, no_traces, NULL);
    c->n = 0;
    toy_do(t, make_a_mess, c); /* and the same, accepted */
    assert_non_null(strstr(toy_memory(t), "name=Black topic=(none) seats=10"));
    same_after_reload(t);
}

/* --- batches */

struct sent {
    struct command command;
    struct call call;
    fault_t (*run)(struct tx *tx, void *arg);
    fault_t fault;
    int order, *orders; /* when its tx_after() was called: 1 the first; 0: not */
    struct mail over;
    struct mailbox *answers;
};

static fault_t hold(struct tx *tx, void *arg)
{
    (void)tx;
    mailbox_take((struct mailbox *)((struct call *)arg)->seen, 1, -1);
    return NULL;
}

static void said(void *arg)
{
    ((struct sent *)arg)->order = ++*((struct sent *)arg)->orders;
}

static fault_t run_sent(struct tx *tx, struct command *c)
{
    struct sent *s = (struct sent *)c;

    tx_after(tx, said, s);
    return s->run(tx, &s->call);
}

static void done_sent(struct command *c, fault_t f)
{
    struct sent *s = (struct sent *)c;

    s->fault = f;
    assert_int_equal(s->order, f ? 0 : *s->orders); /* its own tx_after() was the last thing before */
    mailbox_send(s->answers, &s->over);
}

static struct sent *sent(struct toy *t, fault_t (*run)(struct tx *tx, void *arg), struct call *c)
{
    struct sent *s = arena_alloc(t->arena, sizeof *s);

    *s = (struct sent){ .command = { .arena = t->arena, .run = run_sent, .done = done_sent }, .run = run, .call = *c };
    return s;
}

/* Returns when all have been answered. */
static void in_one_batch(struct toy *t, struct sent **s, size_t n)
{
    struct mailbox *gate = mailbox_new(0), *answers = mailbox_new(0);
    struct sent *first = sent(t, hold, &(struct call){ .seen = gate });
    struct mail open;
    int orders = 0, held = 0;

    uint64_t batches = ledger_count(t->ledger).batches;
    first->orders = &held;
    first->answers = answers;
    assert_true(ledger_send(t->ledger, &first->command));
    while (ledger_count(t->ledger).queued) /* until it is being held */
        ;
    for (size_t i = 0; i < n; i++) {
        s[i]->orders = &orders;
        s[i]->answers = answers;
        assert_true(ledger_send(t->ledger, &s[i]->command));
    }
    mailbox_send(gate, &open);
    for (size_t got = 0; got < n + 1; got++)
        assert_non_null(mailbox_take(answers, 1, -1));
    toy_memory(t); /* a batch of its own: the counters of the one before are final */
    assert_int_equal(ledger_count(t->ledger).batches, batches + 3);
    mailbox_free(gate);
    mailbox_free(answers);
}

static void good_and_bad_in_one_batch(void **state)
{
    struct toy *t = *state;
    struct call mess = { .toy = t, .n = 1 };
    struct sent *s[5];

    rooms(t);
    s[0] = sent(t, rename_room, call(t, "RM2", "Two", NULL));
    s[1] = sent(t, make_a_mess, &mess);
    s[2] = sent(t, rename_room, call(t, "RM2", "BLUE", NULL)); /* taken */
    s[3] = sent(t, make_room, call(t, "RM4", "Four", NULL));
    s[4] = sent(t, rename_room, call(t, "RM2", "Zwei", NULL));
    in_one_batch(t, s, 5);
    assert_null(s[0]->fault);
    assert_int_equal(s[1]->fault->id, F_CONFLICT);
    assert_int_equal(s[2]->fault->id, F_INVALID_PARAMETER);
    assert_null(s[3]->fault);
    assert_null(s[4]->fault);
    assert_int_equal(s[0]->order, 1);
    assert_int_equal(s[3]->order, 2);
    assert_int_equal(s[4]->order, 3);
    assert_string_equal(room(t, "RM2")->name, "Zwei");
    assert_int_equal(room(t, "RM2")->revision, 2); /* two commands, one write */
    assert_string_equal(room(t, "RM1")->name, "Blue");
    same_after_reload(t);
}

static void made_and_deleted_in_one_batch(void **state)
{
    struct toy *t = *state;
    struct sent *s[4];

    rooms(t);
    s[0] = sent(t, make_gig, call(t, "JB8", "short", "RM1"));
    s[1] = sent(t, delete_gig, call(t, "JB8", NULL, NULL));
    s[2] = sent(t, delete_gig, call(t, "JB1", NULL, NULL));
    s[3] = sent(t, make_gig,
                call(t, "JB1", "first", "RM2")); /* the store still has one of that sid, and of that label elsewhere */
    in_one_batch(t, s, 4);
    for (int i = 0; i < 4; i++)
        assert_null(s[i]->fault);
    same_after_reload(t);
    assert_non_null(strstr(toy_memory(t), "sid=JB1 account_sid=AC1 room_sid=RM2"));
    assert_null(strstr(toy_memory(t), "JB8"));
}

static fault_t do_nothing(struct tx *tx, void *arg)
{
    (void)tx, (void)arg;
    return NULL;
}

static void too_much_is_refused_at_the_door(void **state)
{
    struct toy *t = *state;
    struct mailbox *gate = mailbox_new(0), *answers = mailbox_new(0);
    struct sent *first = sent(t, hold, &(struct call){ .seen = gate });
    struct mail open;
    int orders = 0;
    size_t accepted = 0;

    first->orders = &orders;
    first->answers = answers;
    assert_true(ledger_send(t->ledger, &first->command));
    while (ledger_count(t->ledger).queued) /* until it is being held */
        ;
    for (struct sent *s; accepted <= LEDGER_QUEUE; accepted++) {
        s = sent(t, do_nothing, call(t, NULL, NULL, NULL));
        s->orders = &orders;
        s->answers = answers;
        if (!ledger_send(t->ledger, &s->command))
            break;
    }
    assert_int_equal(accepted, LEDGER_QUEUE);
    assert_int_equal(ledger_count(t->ledger).queued, LEDGER_QUEUE);
    mailbox_send(gate, &open);
    for (size_t got = 0; got < accepted + 1; got++)
        assert_non_null(mailbox_take(answers, 1, -1));
    toy_memory(t);
    mailbox_free(gate);
    mailbox_free(answers);
}

/* --- values that may be there once */

static fault_t swap_names(struct tx *tx, void *arg)
{
    struct room *a = row_find(tx, &room_kind, "RM1"), *b = row_find(tx, &room_kind, "RM2");
    const char *name = arena_strdup(tx->arena, a->name);

    (void)arg;
    row_set(tx, a, &a->name, b->name);
    row_set(tx, b, &b->name, name);
    return NULL;
}

static void unique_values(void **state)
{
    struct toy *t = *state;

    rooms(t);
    refused(t, F_INVALID_PARAMETER, "Room with the same name already exists", make_room, call(t, "RM3", "BLUE", NULL));
    refused(t, F_INVALID_PARAMETER, NULL, rename_room, call(t, "RM2", "blue", NULL));
    toy_do(t, rename_room, call(t, "RM1", "BLUE", NULL)); /* its own */
    refused(t, F_INVALID_PARAMETER, "Gig with the same label already exists", make_gig, call(t, "JB3", "first", "RM1"));
    toy_do(t, make_gig, call(t, "JB3", "first", "RM2")); /* among other brothers */
    toy_do(t, make_gig, call(t, "JB4", NULL, "RM1"));
    toy_do(t, make_gig, call(t, "JB5", NULL, "RM1"));
    toy_do(t, swap_names, NULL);
    assert_string_equal(room(t, "RM1")->name, "Red");
    same_after_reload(t);
    refused(t, F_INVALID_PARAMETER, NULL, make_room, call(t, "RM3", "blue", NULL)); /* known again after loading */
    toy_do(t, delete_gig, call(t, "JB1", NULL, NULL));
    toy_do(t, make_gig, call(t, "JB6", "first", "RM1")); /* free again */
}

static fault_t seats(struct tx *tx, void *arg)
{
    struct call *c = arg;
    struct room *r = row_find(tx, &room_kind, "RM1");

    row_edit(tx, r);
    r->seats = c->n;
    if (c->a)
        r->revision = 40;
    return NULL;
}

static struct call *call_n(struct toy *t, int64_t n)
{
    struct call *c = call(t, NULL, NULL, NULL);

    c->n = n;
    return c;
}

/* Two columns together, the last of them a number. */
static fault_t set_topics(struct tx *tx, void *arg)
{
    struct call *c = arg;
    struct room *a = row_find(tx, &room_kind, "RM1"), *b = row_find(tx, &room_kind, "RM2");

    row_set(tx, a, &a->topic, "music");
    row_set(tx, b, &b->topic, "music");
    a->seats = c->n;
    b->seats = 3 - c->n;
    return NULL;
}

static void a_listed_unique_index(void **state)
{
    struct toy *t = *state;
    struct call *c = call(t, NULL, NULL, NULL);

    rooms(t);
    c->n = 1;
    toy_do(t, set_topics, c);
    c->n = 2; /* swapped */
    toy_do(t, set_topics, c);
    same_after_reload(t);
    refused(t, F_INVALID_PARAMETER, "Room with the same seats already exists", seats, call_n(t, 1));
    toy_do(t, seats, call_n(t, 5));
}

static void a_retired_row_keeps_its_name(void **state)
{
    struct toy *t = *state;

    rooms(t);
    toy_do(t, finish_gig, call(t, "JB1", NULL, NULL));
    assert_null(strstr(toy_memory(t), "JB1"));
    refused(t, F_INVALID_PARAMETER, "Gig with the same label already exists", make_gig, call(t, "JB3", "first", "RM1"));
    toy_do(t, delete_gig, call(t, "JB1", NULL, NULL)); /* found in the store */
    toy_do(t, make_gig, call(t, "JB3", "first", "RM1"));
}

/* --- rows that leave memory */

static fault_t reopen_gig(struct tx *tx, void *arg)
{
    struct gig *j = row_find(tx, &gig_kind, ((struct call *)arg)->a);

    assert_non_null(j);
    assert_false(row_is_live(j));
    assert_ptr_equal(row_find(tx, &gig_kind, j->sid), j);
    row_edit(tx, j);
    j->state = GIG_BUSY;
    return ((struct call *)arg)->n ? fault(tx->arena, F_CONFLICT, "no") : NULL;
}

static void retired_and_revived(void **state)
{
    struct toy *t = *state;
    struct call *c = call(t, "JB1", NULL, NULL);

    rooms(t);
    toy_do(t, finish_gig, c);
    assert_int_equal(((const struct live_room *)room(t, "RM1"))->jobs, 1);
    c->n = 1;
    refused(t, F_CONFLICT, "no", reopen_gig, c);
    c->n = 0;
    toy_do(t, reopen_gig, c);
    assert_int_equal(((const struct live_room *)room(t, "RM1"))->jobs, 2);
    assert_non_null(strstr(toy_memory(t), "label=first attributes=(none) state=busy"));
    same_after_reload(t);
}

/* --- stamps */

static void times_and_revisions(void **state)
{
    struct toy *t = *state;
    struct call *c = call(t, NULL, NULL, NULL);

    rooms(t);
    clock_turn(t->clock, 7);
    toy_do(t, seats, c); /* the same value: not a change */
    assert_int_equal(room(t, "RM1")->revision, 0);
    assert_int_equal(room(t, "RM1")->date_updated, 1000000);
    c->n = 5;
    toy_do(t, seats, c);
    assert_int_equal(room(t, "RM1")->revision, 1);
    assert_int_equal(room(t, "RM1")->date_updated, 1000007);
    assert_int_equal(room(t, "RM1")->date_created, 1000000);
    c->n = 6;
    c->a = "by itself";
    toy_do(t, seats, c);
    assert_int_equal(room(t, "RM1")->revision, 40);
    same_after_reload(t);
}

/* --- rows that are not resident */

static fault_t make_note(struct tx *tx, void *arg)
{
    struct call *c = arg;

    for (const char *title = c->b; title; title = title == c->b ? c->c : NULL) {
        struct note *n = row_new(tx, &note_kind, NULL);
        row_set(tx, n, &n->gig_sid, "JB1");
        row_set(tx, n, &n->account_sid, "AC1");
        row_set(tx, n, &n->title, title);
        c->seen = arena_strdup(tx->arena, n->sid);
    }
    struct room *r = row_find(tx, &room_kind, "RM1");
    row_edit(tx, r);
    r->seats++;
    return NULL;
}

static fault_t edit_note(struct tx *tx, void *arg)
{
    struct call *c = arg;
    struct note *n = row_find(tx, &note_kind, c->a);

    assert_non_null(n);
    assert_ptr_equal(row_find(tx, &note_kind, c->a), n);
    if (c->n == 1) {
        assert_int_equal(n->revision, 1);
        assert_string_equal(n->title, "changed");
        row_delete(tx, n);
        assert_null(row_find(tx, &note_kind, c->a));
        return NULL;
    }
    row_set(tx, n, &n->title, c->b);
    return NULL;
}

static fault_t rename_and_note(struct tx *tx, void *arg)
{
    struct room *r = row_find(tx, &room_kind, "RM1");

    row_set(tx, r, &r->name, "Green");
    return make_note(tx, arg);
}

/* Memory had agreed to the name before the store refused the note. */
static void a_name_goes_back_with_a_refused_note(void **state)
{
    struct toy *t = *state;

    rooms(t);
    toy_do(t, make_note, call(t, NULL, "title", NULL));
    refused(t, F_CONFLICT, NULL, rename_and_note, call(t, NULL, "title", NULL));
    refused(t, F_INVALID_PARAMETER, NULL, make_room, call(t, "RM3", "Blue", NULL));
    toy_do(t, make_room, call(t, "RM3", "Green", NULL));
    same_after_reload(t);
}

static fault_t no_note(struct tx *tx, void *arg)
{
    assert_null(row_find(tx, &note_kind, ((struct call *)arg)->a));
    return NULL;
}

static void rows_in_the_store_only(void **state)
{
    struct toy *t = *state;
    struct call *c = call(t, NULL, "title", NULL);

    rooms(t);
    toy_do(t, make_note, c);
    const char *sid = c->seen;
    refused(t, F_CONFLICT, "Note with the same title already exists", make_note, call(t, NULL, "title", NULL));
    refused(t, F_CONFLICT, "Note with the same title already exists", make_note, call(t, NULL, "other", "title"));
    toy_do(t, make_note, call(t, NULL, "other", NULL)); /* the savepoint took it back */
    toy_do(t, edit_note, call(t, sid, "changed", NULL));
    struct call *last = call(t, sid, NULL, NULL);
    last->n = 1;
    toy_do(t, edit_note, last);
    toy_do(t, no_note, last);
}

/* --- events and listeners */

static fault_t tell(struct tx *tx, void *arg)
{
    struct call *c = arg;

    event_tell(tx, &(struct event){ .type = c->b ? EV_TASK_CREATED : EV_RESERVATION_ACCEPTED,
                                    .account_sid = c->a,
                                    .resource_type = "task",
                                    .data = "{}",
                                    .subject = row_find(tx, &room_kind, "RM1") });
    return c->n ? fault(tx->arena, F_CONFLICT, "no") : NULL;
}

static bool list_event(void *arg, void *row)
{
    struct event *e = row;

    assert_true(sid_valid(e->sid, "EV"));
    text_putf(arg, "%s#%lld ", event_name(e->type), (long long)e->number);
    return true;
}

static fault_t list_events(struct tx *tx, void *arg)
{
    struct call *c = arg;
    struct condition by = { "account_sid", IS, value_text(c->a) };
    struct text t = { .arena = c->toy->arena };

    assert_int_equal(record_select(tx->db, tx->arena, &event_kind, &(struct selection){ &by, 1 }, list_event, &t),
                     DB_OK);
    c->seen = text_str(&t);
    return NULL;
}

/* a: the account; the facts are the same text, then another that says the same, then another */
static fault_t tell_facts(struct tx *tx, void *arg)
{
    struct call *c = arg;
    const char *facts = arena_strdup(tx->arena, "{\"x\":1}");
    const char *told[] = { facts, facts, facts, arena_strdup(tx->arena, facts), "{}", facts };

    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        event_tell(tx, &(struct event){ .type = EV_TASK_CREATED, .account_sid = c->a, .data = told[i] });
    return NULL;
}

static bool list_facts(void *arg, void *row)
{
    struct event *e = row;
    struct call *c = arg;
    bool own = e->data;

    assert_int_equal(event_facts(ledger_db(c->toy->ledger), c->toy->arena, e), DB_OK);
    c->b = arena_printf(c->toy->arena, "%s%s%s ", c->b, own ? "" : "=", e->data);
    return true;
}

static fault_t look_at_facts(struct tx *tx, void *arg)
{
    assert_int_equal(record_scan(tx->db, &event_kind, NULL, list_facts, arg), DB_OK);
    return NULL;
}

static void equal_facts_are_kept_once(void **state)
{
    struct toy *t = *state;
    struct call *c = call(t, "AC1", "", NULL);

    toy_do(t, tell_facts, c);
    toy_do(t, tell_facts, c); /* of another command, though the text may lie at the same place */
    toy_do(t, look_at_facts, c);
    assert_string_equal(c->b, "{\"x\":1} ={\"x\":1} ={\"x\":1} {\"x\":1} {} {\"x\":1} "
                              "{\"x\":1} ={\"x\":1} ={\"x\":1} {\"x\":1} {} {\"x\":1} ");
}

static void events(void **state)
{
    struct toy *t = *state;
    struct call *c = call(t, "AC1", NULL, NULL);

    rooms(t);
    toy_do(t, tell, call(t, "AC1", "task", NULL));
    toy_do(t, tell, call(t, "AC1", NULL, NULL));
    assert_string_equal(t->heard, "reservation.accepted#2 reservation.wrapup#3 ");
    assert_int_equal(room(t, "RM1")->seats, 1); /* the listener changed it, in the same transaction */
    c->n = 1;
    refused(t, F_CONFLICT, "no", tell, c);
    toy_do(t, tell, call(t, "AC2", "task", NULL));
    toy_shut(t);
    toy_open(t);
    toy_do(t, tell, call(t, "AC1", "task", NULL));
    toy_do(t, list_events, c);
    assert_string_equal(c->seen, "task.created#1 reservation.accepted#2 reservation.wrapup#3 task.created#4 ");
    c->a = "AC2";
    toy_do(t, list_events, c);
    assert_string_equal(c->seen, "task.created#1 ");
    assert_string_equal(event_words(EV_TASK_CREATED), "Task created");
}

/* SIDs go on where the log ended, even if the clock was set back. */
static void a_clock_that_was_set_back(void **state)
{
    struct toy *t = *state;
    struct call *c = call(t, "AC1", NULL, NULL);

    toy_do(t, tell, call(t, "AC1", "task", NULL));
    toy_shut(t);
    clock_free(t->clock);
    t->clock = clock_test(500);
    toy_open(t);
    toy_do(t, tell, call(t, "AC1", "task", NULL));
    toy_shut(t);
    toy_open(t);
    toy_do(t, tell, call(t, "AC1", "task", NULL));
    toy_do(t, list_events, c);
    assert_string_equal(c->seen, "task.created#1 task.created#2 task.created#3 ");
}

/* --- sending and stopping */

static void after_the_end(void **state)
{
    struct toy *t = *state;

    ledger_stop(t->ledger);
    assert_false(ledger_ready(t->ledger));
    fault_t f = ledger_do(t->ledger, t->arena, make_room, call(t, "RM1", "x", NULL));
    assert_int_equal(f->id, F_UNAVAILABLE);
    ledger_free(t->ledger);
    store_close(t->store);
    map_clear(&t->rooms);
    toy_open(t);
    assert_true(ledger_ready(t->ledger));
}

static fault_t rename_gig(struct tx *tx, void *arg)
{
    struct call *c = arg;
    struct gig *g = row_find(tx, &gig_kind, c->a);

    row_set(tx, g, &g->label, c->b);
    row_set(tx, g, &g->label, c->c);
    return c->n ? fault(tx->arena, F_CONFLICT, "changed my mind") : NULL;
}

/* Once a command and row, and only of what has happened. */
static void rows_are_watched(void **state)
{
    struct toy *t = *state;
    struct call *c = call(t, "JB1", "x", "y");

    rooms(t);
    assert_string_equal(t->watched, "JB1:->first JB2:->second ");
    *t->watched = '\0';
    toy_do(t, rename_gig, c);
    toy_do(t, rename_gig, c); /* and again: nothing has changed */
    c->n = 1;
    c->c = "z";
    refused(t, F_CONFLICT, "changed my mind", rename_gig, c);
    toy_do(t, finish_gig, call(t, "JB1", NULL, NULL));
    toy_do(t, delete_gig, call(t, "JB2", NULL, NULL));
    assert_string_equal(t->watched, "JB1:first->y JB1:y-> JB2:second-> ");
}

/* --- many rows at once */

static fault_t make_notes(struct tx *tx, void *arg)
{
    (void)arg;
    for (int i = 0; i < 70; i++) {
        struct note *n = row_new(tx, &note_kind, arena_printf(tx->arena, "NT%02d", i));
        row_set(tx, n, &n->gig_sid, i < 67 ? "JB1" : "JB2");
        row_set(tx, n, &n->title, n->sid);
    }
    return NULL;
}

static fault_t walk_notes(struct tx *tx, void *arg)
{
    const struct condition those = { .column = "gig_sid", .compare = IS, .value = value_text("JB1") };
    struct rows_found found;
    struct note *n;
    int seen = 0;

    (void)arg;
    row_delete(tx, row_find(tx, &note_kind, "NT03"));
    n = row_find(tx, &note_kind, "NT05");
    row_set(tx, n, &n->title, "mine");
    assert_int_equal(rows_select(tx, &note_kind, &(struct selection){ .conditions = &those, .nconditions = 1 }, &found),
                     DB_OK);
    while ((n = rows_next(tx, &found))) {
        assert_string_not_equal(n->sid, "NT03");
        assert_string_equal(n->title, str_eq(n->sid, "NT05") ? "mine" : n->sid); /* as this command has it */
        seen++;
    }
    assert_int_equal(seen, 66);
    assert_int_equal(rows_delete(tx, &note_kind, "gig_sid", "JB1"), DB_OK);
    assert_null(row_find(tx, &note_kind, "NT66"));
    return NULL;
}

static fault_t others_stay(struct tx *tx, void *arg)
{
    struct rows_found found;

    (void)arg;
    assert_int_equal(rows_select(tx, &note_kind, &(struct selection){ 0 }, &found), DB_OK);
    assert_int_equal(found.n, 3);
    assert_string_equal(((struct note *)rows_next(tx, &found))->sid, "NT67");
    return NULL;
}

static void many_rows_are_walked_as_the_command_has_them(void **state)
{
    struct toy *t = *state;

    toy_do(t, make_notes, NULL);
    toy_do(t, walk_notes, NULL);
    toy_do(t, others_stay, NULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, toy_setup, toy_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_done_is_there_after_a_restart),
        TEST(a_refused_command_leaves_nothing),
        TEST(many_rows_are_walked_as_the_command_has_them),
        TEST(good_and_bad_in_one_batch),
        TEST(made_and_deleted_in_one_batch),
        TEST(too_much_is_refused_at_the_door),
        TEST(unique_values),
        TEST(a_retired_row_keeps_its_name),
        TEST(retired_and_revived),
        TEST(times_and_revisions),
        TEST(rows_in_the_store_only),
        TEST(a_name_goes_back_with_a_refused_note),
        TEST(events),
        TEST(equal_facts_are_kept_once),
        TEST(a_clock_that_was_set_back),
        TEST(a_listed_unique_index),
        TEST(rows_are_watched),
        TEST(after_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
