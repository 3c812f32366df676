/* What clients see of conversations.  A made-up life goes on (people come, write, read, take back, leave and come
 * again), and two clients of each view are watched: one that hears every event as it happens, and one that is away most
 * of the time, and is replayed what it missed.  Both must know what somebody knows who asks now, item by item, with its
 * number. */
#include "base/folder.h"
#include "chat/internal.h"
#include "chat/view.h"
#include "sync/stored.h"
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

#define ACCOUNT "AC00000000000000000000000000000001"
enum { PEOPLE = 4, KNOWN_MAX = 1024, VIEWS = 3 + 2 * PEOPLE, STEPS = 1500, DATA_SIZE = 700 };
static const struct chat_actor api = { .by = BY_API };

/* An item as a client remembers it. */
struct known {
    char key[48], data[DATA_SIZE];
    int64_t event_id;
};
struct client {
    struct known items[KNOWN_MAX];
    size_t n;
    int64_t last; /* event that it knows */
    bool gone;
};
struct watched {
    char name[64], sid[SID_SIZE];
    enum sync_type type;
    int person; /* who looks; the first of those who are there, where it is nobody's own */
    struct client here, away;
};

struct stage {
    struct arena *arena;
    struct clock *clock;
    struct store *store;
    struct ledger *ledger;
    struct sync *sync;
    struct chat *chat;
    char folder[32], service[SID_SIZE], conversation[SID_SIZE];
    struct watched views[VIEWS];
    unsigned seed;
};

static const char *const people[PEOPLE] = { "ada", "bob", "cid", "dan" };

/* --- clients ---------------------------------------------------------------------------------------------- */

/* On the ledger's thread, where cmocka's asserts do not reach. */
static struct known *item_of(struct client *c, const char *key)
{
    for (size_t i = 0; i < c->n; i++)
        if (!strcmp(c->items[i].key, key))
            return &c->items[i];
    return NULL;
}

static void learn(struct client *c, const struct sync_item *i, bool removed)
{
    char key[48];
    struct known *k;

    snprintf(key, sizeof key, "%s", i->key ? i->key : "");
    if (!i->key)
        snprintf(key, sizeof key, "%lld", (long long)i->index);
    k = item_of(c, key);
    if (removed && k)
        *k = c->items[--c->n];
    if (removed)
        return;
    if (!k) {
        assert(c->n < KNOWN_MAX);
        k = &c->items[c->n++];
    }
    memcpy(k->key, key, sizeof key);
    assert(strlen(i->data) < DATA_SIZE);
    snprintf(k->data, sizeof k->data, "%s", i->data);
    k->event_id = i->event_id;
}

static void hear(void *arg, struct tx *tx, const struct sync_event *e)
{
    struct stage *s = arg;

    (void)tx;
    for (size_t v = 0; v < VIEWS; v++) {
        struct watched *w = &s->views[v];
        if (strcmp(w->sid, e->object_sid) != 0)
            continue;
        assert(w->type == e->type);
        assert(!strcmp(w->name, e->unique_name));
        assert(e->id >= w->here.last); /* numbers only grow */
        w->here.last = e->id;
        w->here.gone = e->change == SYNC_GONE;
        if (!w->here.gone)
            learn(&w->here, &e->item, e->change == SYNC_REMOVED);
    }
}

struct asking {
    struct stage *s;
    struct watched *w;
    struct client *now;
    bool replay, found;
};

static fault_t ask(struct tx *tx, void *arg)
{
    struct asking *q = arg;
    struct watched *w = q->w;
    struct sync_ask a = { .arena = tx->arena,
                          .db = tx->db,
                          .tx = tx,
                          .now = tx->now,
                          .viewer = { ACCOUNT, q->s->service, w->person < 0 ? NULL : people[w->person] } };
    struct sync_object o;
    struct sync_items items = { 0 };
    fault_t f = sync_find(q->s->sync, &a, w->type, w->name, &o);

    q->found = !f;
    if (f)
        return NULL;
    snprintf(w->sid, sizeof w->sid, "%s", o.sid);
    if (q->replay) {
        f = sync_replay(q->s->sync, &a, &o, w->away.last, &items);
        for (size_t i = 0; i < items.n; i++) {
            assert(items.rows[i].event_id > w->away.last);
            assert(!i || items.rows[i].event_id >= items.rows[i - 1].event_id);
            learn(&w->away, &items.rows[i], items.rows[i].removed);
        }
        w->away.last = o.last_event_id;
    } else if (w->type == SYNC_DOCUMENT) {
        learn(q->now, &(struct sync_item){ .index = NO_VALUE, .event_id = o.last_event_id, .data = o.data }, false);
    } else {
        f = sync_items(q->s->sync, &a, &o, &(struct sync_page){ .index = NO_VALUE, .size = KNOWN_MAX }, &items);
        for (size_t i = 0; i < items.n; i++)
            learn(q->now, &items.rows[i], false);
    }
    q->now->last = o.last_event_id;
    return f;
}

static void same(const struct watched *w, struct client *client, struct client *now)
{
    if (client->n != now->n || client->last != now->last)
        print_error("%s: %zu items up to %lld, now %zu up to %lld\n", w->name, client->n, (long long)client->last,
                    now->n, (long long)now->last);
    assert_int_equal(client->n, now->n);
    assert_int_equal(client->last, now->last);
    for (size_t i = 0; i < now->n; i++) {
        const struct known *k = item_of(client, now->items[i].key);
        if (!k || strcmp(k->data, now->items[i].data) != 0)
            print_error("%s %s: %s\n%s\n", w->name, now->items[i].key, k ? k->data : "unknown", now->items[i].data);
        assert_non_null(k);
        assert_string_equal(k->data, now->items[i].data);
        if (!strstr(w->name, ".info")) /* a user's three items have one number, and only what has changed is told */
            assert_int_equal(k->event_id, now->items[i].event_id);
    }
}

/* Whoever asks now knows what the others know. */
static void judge(struct stage *s, bool wake)
{
    static struct client now;

    for (size_t v = 0; v < VIEWS; v++) {
        struct asking q = { .s = s, .w = &s->views[v], .now = &now };
        now = (struct client){ .n = 0 };
        assert_null(ledger_do(s->ledger, s->arena, ask, &q));
        assert_true(q.found);
        same(q.w, &q.w->here, &now);
        if (!wake)
            continue;
        q.replay = true;
        now.last = 0;
        assert_null(ledger_do(s->ledger, s->arena, ask, &q));
        same(q.w, &q.w->away, &q.w->here);
    }
}

/* --- what happens ----------------------------------------------------------------------------------------- */

static unsigned dice(struct stage *s, unsigned sides)
{
    s->seed = s->seed * 1103515245 + 12345;
    return (s->seed >> 16) % sides;
}

static fault_t come_or_go(struct stage *s, struct tx *tx, struct conversation *in, struct participant *p)
{
    if (p)
        return participant_remove(s->chat, tx, &api, p);
    p = row_new(tx, &participant_kind, NULL);
    row_set(tx, p, &p->identity, people[dice(s, PEOPLE - 1) + 1]);
    struct chat_view v = view_in(tx);
    if (participant_find(&v, in->sid, p->identity)) {
        row_delete(tx, p);
        return NULL;
    }
    return participant_add(s->chat, tx, &api, in, p);
}

static fault_t write_or_change(struct stage *s, struct tx *tx, struct conversation *in, const char *author)
{
    struct message *m = row_new(tx, &message_kind, NULL);

    row_set(tx, m, &m->author, author);
    row_set(tx, m, &m->body, arena_printf(tx->arena, "word %u", dice(s, 1000)));
    return message_add(s->chat, tx, &api, in, m);
}

struct any {
    const char *sid;
};

static bool keep_sid(void *arg, void *row)
{
    const struct message *m = row;

    ((struct any *)arg)->sid = m->sid;
    return true;
}

static struct message *some_message(struct stage *s, struct tx *tx, struct conversation *in)
{
    struct any any = { NULL };
    const struct condition which[] = {
        { .column = "conversation_sid", .compare = IS, .value = value_text(in->sid) },
        { .column = "removed", .compare = IS, .value = value_int(0) },
    };
    const struct selection x = { .conditions = which, .nconditions = 2, .limit = 1 + dice(s, 5) };

    record_select(tx->db, tx->arena, &message_kind, &x, keep_sid, &any);
    return any.sid ? row_find(tx, &message_kind, any.sid) : NULL;
}

static fault_t change_message(struct stage *s, struct tx *tx, struct conversation *in)
{
    struct message *m = some_message(s, tx, in);

    if (!m)
        return NULL;
    if (dice(s, 2))
        return message_remove(s->chat, tx, &api, m);
    row_edit(tx, m);
    row_set(tx, m, &m->body, arena_printf(tx->arena, "better %u", dice(s, 1000)));
    return message_changed(s->chat, tx, &api, m);
}

static fault_t read_on(struct stage *s, struct tx *tx, struct conversation *in, struct participant *p)
{
    if (!p || in->last_message_index == NO_VALUE)
        return NULL;
    row_edit(tx, p);
    p->last_read_message_index = (int64_t)dice(s, (unsigned)in->last_message_index + 1);
    return participant_changed(s->chat, tx, &api, p);
}

static fault_t rename_user(struct stage *s, struct tx *tx, const char *identity)
{
    struct chat_user *u = chat_user_of(s->chat, tx, row_find(tx, &chat_service_kind, s->service), identity);

    row_edit(tx, u);
    row_set(tx, u, &u->friendly_name, arena_printf(tx->arena, "%s %u", identity, dice(s, 3)));
    return chat_user_changed(s->chat, tx, &api, u);
}

static fault_t rename_room(struct stage *s, struct tx *tx, struct conversation *in)
{
    row_edit(tx, in);
    row_set(tx, in, &in->friendly_name, arena_printf(tx->arena, "room %u", dice(s, 3)));
    return conversation_changed(s->chat, tx, &api, in);
}

static fault_t step(struct tx *tx, void *arg)
{
    struct stage *s = arg;
    struct chat_view v = view_in(tx);
    struct conversation *in = row_find(tx, &conversation_kind, s->conversation);
    const char *who = people[1 + dice(s, PEOPLE - 1)];
    struct participant *p = participant_find(&v, in->sid, who);
    unsigned what = dice(s, 12);
    fault_t f = what < 1    ? come_or_go(s, tx, in, p)
                : what < 6  ? write_or_change(s, tx, in, who)
                : what < 8  ? change_message(s, tx, in)
                : what < 10 ? read_on(s, tx, in, p)
                : what < 11 ? rename_user(s, tx, who)
                            : rename_room(s, tx, in);

    if (f)
        print_error("step: %s\n", f->message);
    return f;
}

/* --- the stage -------------------------------------------------------------------------------------------- */

static fault_t furnish(struct tx *tx, void *arg)
{
    struct stage *s = arg;
    const struct chat_service *service = chat_service_make(s->chat, tx, ACCOUNT, "Stage");
    struct conversation *c = row_new(tx, &conversation_kind, NULL);

    snprintf(s->service, sizeof s->service, "%s", service->sid);
    snprintf(s->conversation, sizeof s->conversation, "%s", c->sid);
    row_set(tx, c, &c->account_sid, ACCOUNT);
    row_set(tx, c, &c->chat_service_sid, service->sid);
    c->state = CONVERSATION_ACTIVE;
    fault_t f = conversation_add(s->chat, tx, &api, c);
    for (enum view v = VIEW_CHANNEL; v <= VIEW_ROSTER; v++)
        snprintf(s->views[v].name, sizeof s->views[v].name, "%s", view_name(tx->arena, v, c->sid));
    for (int i = 0; i < PEOPLE && !f; i++) {
        struct participant *p = row_new(tx, &participant_kind, NULL);
        const struct chat_user *u = chat_user_of(s->chat, tx, service, people[i]);
        row_set(tx, p, &p->identity, people[i]);
        f = participant_add(s->chat, tx, &api, c, p);
        for (int k = 0; k < 2; k++) {
            struct watched *w = &s->views[3 + 2 * i + k];
            snprintf(w->name, sizeof w->name, "%s", view_name(tx->arena, k ? VIEW_MINE : VIEW_INFO, u->sid));
            w->type = SYNC_MAP;
            w->person = i;
        }
    }
    s->views[VIEW_CHANNEL].type = SYNC_DOCUMENT;
    s->views[VIEW_MESSAGES].type = SYNC_LIST;
    s->views[VIEW_ROSTER].type = SYNC_MAP;
    return f;
}

static int set_up(void **state)
{
    static struct stage stage;
    struct stage *s = &stage;
    struct arena *a = arena_new();
    const struct kind *kinds[CHAT_KINDS + SYNC_KINDS + 2];
    const char *why = NULL;

    memset(s, 0, sizeof *s);
    s->arena = a;
    s->clock = clock_test(1767225600000);
    s->seed = 20260101;
    snprintf(s->folder, sizeof s->folder, "/tmp/chat-view-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    memcpy(kinds, chat_kinds, sizeof chat_kinds);
    memcpy(kinds + CHAT_KINDS, sync_kinds, SYNC_KINDS * sizeof *sync_kinds);
    kinds[CHAT_KINDS + SYNC_KINDS] = &event_kind;
    kinds[CHAT_KINDS + SYNC_KINDS + 1] = &alarm_kind_record;
    s->store = store_open(a, s->folder, &why);
    assert_non_null(s->store);
    s->ledger = ledger_new(a, &(struct ledger_config){ s->store, s->clock, kinds, CHAT_KINDS + SYNC_KINDS + 2 }, &why);
    assert_non_null(s->ledger);
    s->sync = sync_new(s->ledger, a);
    s->chat = chat_new(s->ledger, s->sync, a);
    views_add(s->ledger, s->sync, a);
    sync_listen(s->sync, &(struct sync_listener){ .hear = hear, .arg = s });
    assert_true(ledger_start(s->ledger, a, &why));
    assert_null(ledger_do(s->ledger, a, furnish, s));
    /* Both clients begin with what there is. */
    for (size_t v = 0; v < VIEWS; v++) {
        struct asking q = { .s = s, .w = &s->views[v], .now = &s->views[v].here };
        assert_null(ledger_do(s->ledger, a, ask, &q));
        assert_true(q.found);
        s->views[v].away = s->views[v].here;
    }
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *s = *state;

    ledger_stop(s->ledger);
    ledger_free(s->ledger);
    store_close(s->store);
    clock_free(s->clock);
    folder_remove(s->folder);
    arena_free(s->arena);
    return 0;
}

/* --- stories ---------------------------------------------------------------------------------------------- */

static void test_life(void **state)
{
    struct stage *s = *state;

    for (int i = 0; i < STEPS; i++) {
        ledger_turn(s->ledger, 1000);
        assert_null(ledger_do(s->ledger, s->arena, step, s));
        if (i % 10 == 0)
            judge(s, i % 50 == 0);
    }
    judge(s, true);
    assert_true(s->views[VIEW_MESSAGES].here.n > 20);
}

static fault_t destroy(struct tx *tx, void *arg)
{
    struct stage *s = arg;

    return conversation_remove(s->chat, tx, &api, row_find(tx, &conversation_kind, s->conversation));
}

/* It is gone for all who watch, from everybody's map, also for who was away. */
static void test_end(void **state)
{
    struct stage *s = *state;

    assert_null(ledger_do(s->ledger, s->arena, destroy, s));
    for (enum view v = VIEW_CHANNEL; v <= VIEW_ROSTER; v++) {
        struct asking q = { .s = s, .w = &s->views[v], .now = &(struct client){ .n = 0 } };
        assert_true(q.w->here.gone);
        assert_null(ledger_do(s->ledger, s->arena, ask, &q));
        assert_false(q.found);
    }
    for (int i = 0; i < PEOPLE; i++) {
        struct client now = { .n = 0 };
        struct asking q = { .s = s, .w = &s->views[3 + 2 * i + 1], .now = &now, .replay = true };
        assert_int_equal(q.w->here.n, 0);
        assert_int_equal(q.w->away.n, 1);
        assert_null(ledger_do(s->ledger, s->arena, ask, &q));
        assert_int_equal(q.w->away.n, 0);
    }
}

/* Of what was removed nobody is told after a week; who knows less than that is told so, and everybody else goes on. */
static void test_forgotten(void **state)
{
    struct stage *s = *state;
    struct client now;
    int forgotten = 0;

    for (int i = 0; i < STEPS / 2; i++)
        assert_null(ledger_do(s->ledger, s->arena, step, s));
    judge(s, false);
    ledger_turn(s->ledger, 8 * DAY);
    judge(s, false);
    for (size_t v = 0; v < VIEWS; v++) {
        struct asking q = { .s = s, .w = &s->views[v], .now = &now, .replay = true };
        bool may =
            strstr(q.w->name, ".roster") || strstr(q.w->name, ".messages") || strstr(q.w->name, ".conversations");
        now = (struct client){ .n = 0 };
        fault_t f = ledger_do(s->ledger, s->arena, ask, &q);
        assert_true(!f || (may && f->id == F_GONE));
        forgotten += f != NULL;
        q.w->away = q.w->here; /* begins anew */
        assert_null(ledger_do(s->ledger, s->arena, ask, &q));
    }
    assert_true(forgotten >= 2); /* somebody has left, and something was taken back */
    assert_null(ledger_do(s->ledger, s->arena, step, s));
    judge(s, true);
}

struct sight {
    struct stage *s;
    const char *name, *identity, *service;
    enum sync_type type;
    int status;
};

static fault_t look(struct tx *tx, void *arg)
{
    struct sight *l = arg;
    struct sync_ask a = { .arena = tx->arena,
                          .db = tx->db,
                          .tx = tx,
                          .now = tx->now,
                          .viewer = { ACCOUNT, l->service ? l->service : l->s->service, l->identity } };
    struct sync_object o;
    fault_t f = sync_find(l->s->sync, &a, l->type, l->name, &o);

    l->status = f ? f->status : 200;
    return NULL;
}

static void test_sight(void **state)
{
    struct stage *s = *state;
    const struct watched *v = s->views;
    const struct {
        struct sight sight;
        int status;
    } cases[] = {
        { { s, v[VIEW_CHANNEL].name, "ada", NULL, SYNC_DOCUMENT, 0 }, 200 },
        { { s, v[VIEW_CHANNEL].sid, "ada", NULL, SYNC_DOCUMENT, 0 }, 200 },
        { { s, v[VIEW_CHANNEL].name, "eve", NULL, SYNC_DOCUMENT, 0 }, 403 },
        { { s, v[VIEW_MESSAGES].sid, "eve", NULL, SYNC_LIST, 0 }, 403 },
        { { s, v[VIEW_ROSTER].sid, "eve", NULL, SYNC_MAP, 0 }, 403 },
        { { s, v[VIEW_ROSTER].name, NULL, NULL, SYNC_MAP, 0 }, 200 },   /* REST */
        { { s, v[VIEW_ROSTER].name, "ada", NULL, SYNC_LIST, 0 }, 404 }, /* it is no list */
        { { s, v[3].name, "bob", NULL, SYNC_MAP, 0 }, 200 },            /* who ada is, everybody may know */
        { { s, v[4].name, "ada", NULL, SYNC_MAP, 0 }, 200 },
        { { s, v[4].name, "bob", NULL, SYNC_MAP, 0 }, 403 }, /* but not in which conversations she is */
        { { s, v[VIEW_CHANNEL].name, "ada", "IS00000000000000000000000000000001", SYNC_DOCUMENT, 0 }, 404 },
        { { s, "CH00000000000000000000000000000001.channel", "ada", NULL, SYNC_DOCUMENT, 0 }, 404 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sight sight = cases[i].sight;
        assert_null(ledger_do(s->ledger, s->arena, look, &sight));
        if (sight.status != cases[i].status)
            print_error("case %zu: %d\n", i, sight.status);
        assert_int_equal(sight.status, cases[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sight, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
