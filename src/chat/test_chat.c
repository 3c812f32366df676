/* The engine of conversations, told small stories on a ledger of its own, on a clock that is turned. */
#include "base/folder.h"
#include "chat/internal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

#define ACCOUNT "AC00000000000000000000000000000001"
static const int64_t start = 1767225600000; /* 2026-01-01T00:00:00Z */
static const struct chat_actor api = { .by = BY_API };

struct stage {
    struct arena *arena;
    struct clock *clock;
    struct store *store;
    struct ledger *ledger;
    struct chat *chat;
    char folder[32];
    char heard[4096]; /* names of events, a line each */
    const char *service, *conversation;
    int refusal; /* the code that the last act ended with; 0: none */
};

static void hear(void *arg, struct tx *tx, const struct event *e)
{
    struct stage *s = arg;
    const struct chat_change *change = e->subject;
    size_t n = strlen(s->heard);

    (void)tx;
    snprintf(s->heard + n, sizeof s->heard - n, "%s%s%s\n", event_name(e->type) + strlen("conversation."),
             change->reason ? " " : "", change->reason ? change->reason : "");
}

static fault_t furnish(struct tx *tx, void *arg)
{
    struct stage *s = arg;

    s->service = arena_strdup(s->arena, chat_service_make(s->chat, tx, ACCOUNT, "Stage")->sid);
    return NULL;
}

static int set_up(void **state)
{
    struct arena *a = arena_new();
    struct stage *s = arena_alloc(a, sizeof *s);
    const struct kind *kinds[CHAT_KINDS + 2];
    const char *why = NULL;

    *s = (struct stage){ .arena = a, .clock = clock_test(start), .folder = "/tmp/chat-XXXXXX" };
    assert_non_null(mkdtemp(s->folder));
    memcpy(kinds, chat_kinds, sizeof chat_kinds);
    kinds[CHAT_KINDS] = &event_kind;
    kinds[CHAT_KINDS + 1] = &alarm_kind_record;
    s->store = store_open(a, s->folder, &why);
    assert_non_null(s->store);
    s->ledger = ledger_new(a, &(struct ledger_config){ s->store, s->clock, kinds, CHAT_KINDS + 2 }, &why);
    assert_non_null(s->ledger);
    s->chat = chat_new(s->ledger, NULL, a);
    ledger_listen(s->ledger, &(struct listener){ "conversation.", hear, s });
    assert_true(ledger_start(s->ledger, a, &why));
    assert_null(ledger_do(s->ledger, a, furnish, s));
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

/* --- what people do -------------------------------------------------------------------------------- */

struct act {
    struct stage *s;
    fault_t (*what)(struct tx *tx, struct act *a);
    const struct chat_actor *by;
    const char *identity, *address, *proxy, *body, *permission, *inactive, *closed;
    int64_t n;
    enum receipt_status status;
    const char *made; /* the sid of what was made */
};

static struct conversation *here(struct tx *tx, struct act *a)
{
    return row_find(tx, &conversation_kind, a->s->conversation);
}

static fault_t open_one(struct tx *tx, struct act *a)
{
    struct conversation *c = row_new(tx, &conversation_kind, NULL);

    row_set(tx, c, &c->account_sid, ACCOUNT);
    row_set(tx, c, &c->chat_service_sid, a->s->service);
    c->state = CONVERSATION_ACTIVE;
    fault_t f = chat_timers_set(tx, c, a->inactive, a->closed);
    a->made = c->sid;
    return f ? f : conversation_add(a->s->chat, tx, a->by, c);
}

static fault_t join(struct tx *tx, struct act *a)
{
    struct participant *p = row_new(tx, &participant_kind, NULL);

    if (a->identity)
        row_set(tx, p, &p->identity, a->identity);
    if (a->address)
        row_set(tx, p, &p->address, a->address);
    if (a->proxy)
        row_set(tx, p, &p->proxy_address, a->proxy);
    a->made = p->sid;
    return participant_add(a->s->chat, tx, a->by, here(tx, a), p);
}

/* All in one command, and what it has made itself is seen. */
static fault_t join_many(struct tx *tx, struct act *a)
{
    fault_t f = NULL;

    for (int64_t i = 0; i < a->n && !f; i++) {
        a->identity = arena_printf(tx->arena, "%s-%lld", a->body, (long long)i);
        f = join(tx, a);
    }
    return f;
}

static fault_t leave(struct tx *tx, struct act *a)
{
    struct chat_view v = view_in(tx);

    return participant_remove(a->s->chat, tx, a->by, participant_find(&v, a->s->conversation, a->identity));
}

static fault_t say(struct tx *tx, struct act *a)
{
    struct message *m = row_new(tx, &message_kind, NULL);

    row_set(tx, m, &m->body, a->body);
    row_set(tx, m, &m->author, a->identity ? a->identity : a->address);
    a->made = m->sid;
    return message_add(a->s->chat, tx, a->by, here(tx, a), m);
}

static fault_t unsay(struct tx *tx, struct act *a)
{
    return message_remove(a->s->chat, tx, a->by, row_find(tx, &message_kind, a->made));
}

static fault_t turn_to(struct tx *tx, struct act *a)
{
    return conversation_turn(a->s->chat, tx, a->by, here(tx, a), (enum conversation_state)a->n, "API");
}

static fault_t destroy(struct tx *tx, struct act *a)
{
    return conversation_remove(a->s->chat, tx, a->by, here(tx, a));
}

static fault_t receive(struct tx *tx, struct act *a)
{
    struct chat_view v = view_in(tx);
    const struct message *m = row_find(tx, &message_kind, a->made);
    const struct participant *p =
        chat_find(&v, &participant_kind, key_look(&v, key_of_address(tx->arena, a->s->conversation, a->address)));

    return receipt_set(a->s->chat, tx, m, p, "SM1", a->status, 30003);
}

static fault_t ask_leave(struct tx *tx, struct act *a)
{
    struct chat_view v = view_in(tx);

    return chat_may(&v, row_find(tx, &chat_service_kind, a->s->service), a->identity, here(tx, a), a->permission);
}

static fault_t ask_sight(struct tx *tx, struct act *a)
{
    struct chat_view v = view_in(tx);

    return chat_may_see(&v, row_find(tx, &chat_service_kind, a->s->service), a->identity, here(tx, a));
}

static fault_t fall_out(struct tx *tx, struct act *a)
{
    fault_t f = say(tx, a);

    return f ? f : fault(tx->arena, F_CONFLICT, "after all");
}

static fault_t run(struct tx *tx, void *arg)
{
    struct act *a = arg;
    fault_t f = a->what(tx, a);

    a->made = arena_strdup(a->s->arena, a->made);
    return f;
}

/* Returns the sid of what was made. */
static const char *act(struct stage *s, fault_t (*what)(struct tx *, struct act *), struct act a)
{
    struct arena *arena = s->arena;

    a.s = s;
    a.what = what;
    a.by = a.by ? a.by : &api;
    fault_t f = ledger_do(s->ledger, arena, run, &a);
    s->refusal = f ? f->code : 0;
    return a.made;
}
#define ACT(s, what, ...) act(s, what, (struct act){ __VA_ARGS__ })

static void begin(struct stage *s, const char *inactive, const char *closed)
{
    s->conversation = ACT(s, open_one, .inactive = inactive, .closed = closed);
    assert_int_equal(s->refusal, 0);
}

/* --- what is left of it ------------------------------------------------------------------------------ */

struct look {
    const struct kind *kind;
    const char *sid;
    void *row;
    struct arena *arena;
};

static fault_t read_row(struct tx *tx, void *arg)
{
    struct look *l = arg;

    return record_find(tx->db, l->arena, l->kind, l->sid, &l->row) == DB_OK ? NULL
                                                                            : fault(tx->arena, F_UNAVAILABLE, "store");
}

static void *look(struct stage *s, const struct kind *k, const char *sid)
{
    struct look l = { k, sid, NULL, s->arena };

    assert_null(ledger_do(s->ledger, s->arena, read_row, &l));
    return l.row;
}

static const struct conversation *now(struct stage *s)
{
    return look(s, &conversation_kind, s->conversation);
}

struct count {
    const char *sql;
    int64_t n;
};

static bool take_count(void *arg, struct columns *c)
{
    ((struct count *)arg)->n = column_int(c, 0);
    return false;
}

static fault_t read_count(struct tx *tx, void *arg)
{
    struct count *c = arg;

    return db_run(tx->db, c->sql, NULL, 0, take_count, c) == DB_OK ? NULL : fault(tx->arena, F_UNAVAILABLE, "store");
}

static int64_t count(struct stage *s, const char *table)
{
    struct count c = { arena_printf(s->arena, "SELECT count(*) FROM %s", table), -1 };

    assert_null(ledger_do(s->ledger, s->arena, read_count, &c));
    return c.n;
}

/* --- stories -------------------------------------------------------------------------------------------- */

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = { { "", 0 },
                 { "PT1M", MINUTE },
                 { "PT90S", 90 * SECOND },
                 { "P1D", DAY },
                 { "P1DT2H", DAY + 2 * HOUR },
                 { "P2W", 14 * DAY },
                 { "P1Y", 365 * DAY },
                 { "P1M", 30 * DAY },
                 { "2026-01-01T01:00:00Z", HOUR } };
    static const char *const bad[] = { "P",    "PT",   "1D",     "P1H",  "PT1D", "PD",
                                       "P1D2", "P-1D", "PT1M1H", "soon", "P1DT", "P999999999Y" };
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(chat_timer_parse(good[i].text, start, &ms));
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (chat_timer_parse(bad[i], start, &ms))
            fail_msg("%s is read as %lld", bad[i], (long long)ms);
}

static void test_timers(void **state)
{
    struct stage *s = *state;

    begin(s, "PT5M", "PT20M");
    assert_int_equal(now(s)->date_inactive, start + 5 * MINUTE);
    assert_int_equal(now(s)->date_closed, NO_VALUE);
    ledger_turn(s->ledger, 4 * MINUTE);
    ACT(s, say, .body = "hello");
    ledger_turn(s->ledger, 4 * MINUTE);
    assert_int_equal(now(s)->state, CONVERSATION_ACTIVE);
    ledger_turn(s->ledger, MINUTE);
    assert_int_equal(now(s)->state, CONVERSATION_INACTIVE);
    assert_int_equal(now(s)->date_state, start + 9 * MINUTE);
    ACT(s, say, .body = "back");
    assert_int_equal(now(s)->state, CONVERSATION_ACTIVE);
    ledger_turn(s->ledger, 25 * MINUTE);
    assert_int_equal(now(s)->state, CONVERSATION_CLOSED);
    assert_int_equal(now(s)->date_closed, NO_VALUE);
    ACT(s, say, .body = "anybody?");
    assert_int_equal(s->refusal, 50377);
    assert_string_equal(s->heard, "added\nmessage.added\nstate-updated TIMER\nstate-updated EVENT\nmessage.added\n"
                                  "state-updated TIMER\nstate-updated TIMER\n");
    assert_int_equal(count(s, "alarm"), 0);
}

static void test_index(void **state)
{
    struct stage *s = *state;

    begin(s, NULL, NULL);
    for (int64_t i = 0; i < 3; i++) {
        const struct message *m = look(s, &message_kind, ACT(s, say, .body = "x"));
        assert_int_equal(m->message_index, i);
        assert_int_equal(m->event_id, i + 1);
        assert_string_equal(m->author, "system");
    }
    ACT(s, fall_out, .body = "never said");
    assert_int_equal(s->refusal, 20409);
    const char *last = ACT(s, say, .body = "y");
    assert_int_equal(((struct message *)look(s, &message_kind, last))->message_index, 3);
    ACT(s, unsay, .made = last);
    const struct message *gone = look(s, &message_kind, last);
    assert_true(gone->removed);
    assert_null(gone->body);
    assert_int_equal(gone->event_id, 5);
    assert_int_equal(gone->added_id, 4);
    assert_int_equal(((struct message *)look(s, &message_kind, ACT(s, say, .body = "z")))->message_index, 4);
    assert_int_equal(now(s)->messages_count, 4);
    assert_int_equal(now(s)->messages_event_id, 6);
}

static void test_pairs(void **state)
{
    struct stage *s = *state;

    begin(s, NULL, NULL);
    const char *first = s->conversation;
    const char *bound = ACT(s, join, .address = "+1", .proxy = "+2");
    assert_int_equal(s->refusal, 0);
    ACT(s, join, .address = "+1", .proxy = "+3"); /* the same address twice in one conversation */
    assert_int_equal(s->refusal, 50433);
    begin(s, NULL, NULL);
    ACT(s, join, .address = "+1", .proxy = "+2");
    assert_int_equal(s->refusal, 50416);
    assert_int_equal(now(s)->bindings_count, 0);
    ACT(s, join, .address = "+1", .proxy = "+3");
    assert_int_equal(s->refusal, 0);
    const char *second = s->conversation;
    s->conversation = first;
    const struct message *m = look(s, &message_kind, ACT(s, say, .body = "hi", .address = "+1"));
    assert_string_equal(m->participant_sid, bound);
    assert_string_equal(m->author, "+1");
    assert_int_equal(m->delivery_total, 0); /* nobody else to reach */
    ACT(s, turn_to, .n = CONVERSATION_CLOSED);
    s->conversation = second;
    ACT(s, turn_to, .n = CONVERSATION_CLOSED);
    begin(s, NULL, NULL);
    ACT(s, join, .address = "+1", .proxy = "+2");
    assert_int_equal(s->refusal, 0);
    s->conversation = first;
    ACT(s, destroy, 0); /* gave its pair up when it was closed */
    begin(s, NULL, NULL);
    ACT(s, join, .address = "+1", .proxy = "+2");
    assert_int_equal(s->refusal, 50416);
}

static void test_limits(void **state)
{
    struct stage *s = *state;

    begin(s, NULL, NULL);
    for (int i = 0; i < CHAT_BINDINGS_MAX; i++) {
        ACT(s, join, .address = arena_printf(s->arena, "+1%04d", i), .proxy = "+2");
        assert_int_equal(s->refusal, 0);
    }
    ACT(s, join, .address = "+9", .proxy = "+2");
    assert_int_equal(s->refusal, 50417);
    ACT(s, join_many, .body = "p", .n = CHAT_PARTICIPANTS_MAX - CHAT_BINDINGS_MAX);
    assert_int_equal(s->refusal, 0);
    assert_int_equal(now(s)->participants_count, CHAT_PARTICIPANTS_MAX);
    ACT(s, join, .identity = "one too many");
    assert_int_equal(s->refusal, 50418);
    assert_int_equal(now(s)->participants_count, CHAT_PARTICIPANTS_MAX);
    ACT(s, leave, .identity = "p-0");
    ACT(s, join, .identity = "next");
    assert_int_equal(s->refusal, 0);
}

static fault_t fill_user(struct tx *tx, struct act *a)
{
    struct chat_view v = view_in(tx);
    struct chat_user *u = chat_user_find(&v, a->s->service, a->identity);

    row_edit(tx, u);
    u->conversations_count = a->n;
    return NULL;
}

static void test_user(void **state)
{
    struct stage *s = *state;

    begin(s, NULL, NULL);
    const struct participant *p = look(s, &participant_kind, ACT(s, join, .identity = "ann"));
    const struct chat_user *u = look(s, &chat_user_kind, p->user_sid);
    assert_int_equal(u->conversations_count, 1);
    assert_int_equal(p->mine_event_id, 1);
    assert_int_equal(p->event_id, 1);
    ACT(s, join, .identity = "ann");
    assert_int_equal(s->refusal, 50433);
    ACT(s, leave, .identity = "ann");
    u = look(s, &chat_user_kind, p->user_sid);
    assert_int_equal(u->conversations_count, 0);
    const struct participant *left = look(s, &participant_kind, p->sid);
    assert_true(left->removed);
    assert_int_equal(left->event_id, 2);
    assert_int_equal(left->added_id, 1);
    assert_int_equal(left->mine_event_id, 2);
    ACT(s, fill_user, .identity = "ann", .n = CHAT_CONVERSATIONS_MAX - 1);
    ACT(s, join, .identity = "ann");
    assert_int_equal(s->refusal, 0);
    const char *last = s->conversation;
    begin(s, NULL, NULL);
    ACT(s, join, .identity = "ann");
    assert_int_equal(s->refusal, 50214);
    const char *next = s->conversation;
    s->conversation = last;
    ACT(s, turn_to, .n = CONVERSATION_CLOSED); /* what is over does not count */
    s->conversation = next;
    ACT(s, join, .identity = "ann");
    assert_int_equal(s->refusal, 0);
}

static void check_delivery(struct stage *s, const char *sid, const char *sent, const char *delivered, const char *read,
                           const char *failed, const char *undelivered)
{
    const struct message *m = look(s, &message_kind, sid);

    assert_string_equal(delivery_share(m, m->delivery_sent), sent);
    assert_string_equal(delivery_share(m, m->delivery_delivered), delivered);
    assert_string_equal(delivery_share(m, m->delivery_read), read);
    assert_string_equal(delivery_share(m, m->delivery_failed), failed);
    assert_string_equal(delivery_share(m, m->delivery_undelivered), undelivered);
}

static void test_delivery(void **state)
{
    struct stage *s = *state;

    begin(s, NULL, NULL);
    ACT(s, join, .identity = "ann");
    ACT(s, join, .address = "+1", .proxy = "+9");
    ACT(s, join, .address = "+2", .proxy = "+9");
    const char *m = ACT(s, say, .body = "to both", .identity = "ann");
    assert_int_equal(((struct message *)look(s, &message_kind, m))->delivery_total, 2);
    check_delivery(s, m, "none", "none", "none", "none", "none");
    ACT(s, receive, .made = m, .address = "+1", .status = RECEIPT_SENT);
    check_delivery(s, m, "some", "none", "none", "none", "none");
    ACT(s, receive, .made = m, .address = "+2", .status = RECEIPT_FAILED);
    check_delivery(s, m, "some", "none", "none", "some", "none");
    ACT(s, receive, .made = m, .address = "+1", .status = RECEIPT_READ);
    check_delivery(s, m, "some", "some", "some", "some", "none");
    ACT(s, receive, .made = m, .address = "+1", .status = RECEIPT_DELIVERED); /* late */
    check_delivery(s, m, "some", "some", "some", "some", "none");
    ACT(s, receive, .made = m, .address = "+2", .status = RECEIPT_READ); /* it had not failed after all */
    check_delivery(s, m, "all", "all", "all", "none", "none");
    assert_int_equal(count(s, "receipt"), 2);
    m = ACT(s, say, .body = "from one of them", .address = "+1");
    assert_int_equal(((struct message *)look(s, &message_kind, m))->delivery_total, 1);
    ACT(s, receive, .made = m, .address = "+2", .status = RECEIPT_UNDELIVERED);
    check_delivery(s, m, "all", "none", "none", "none", "all");
}

static void test_roles(void **state)
{
    static const struct chat_actor ann = { .by = BY_SDK, .identity = "ann" };
    static const struct {
        const char *who, *permission;
        bool may;
    } rows[] = {
        { "ann", "deleteAnyMessage", true },                                           /* made it: channel admin */
        { "bob", "sendMessage", true },                                                /* takes part: channel user */
        { "bob", "deleteAnyMessage", false },   { "bob", "createConversation", true }, /* service user */
        { "eve", "sendMessage", false },                                               /* is not there */
        { "eve", "joinConversation", true },                                           /* service user */
        { "eve", "deleteConversation", false },
    };
    struct stage *s = *state;

    s->conversation = ACT(s, open_one, .by = &ann);
    assert_string_equal(now(s)->created_by, "ann");
    ACT(s, ask_sight, .identity = "ann");
    assert_int_equal(s->refusal, 0);
    ACT(s, ask_sight, .identity = "bob");
    assert_int_equal(s->refusal, 50430);
    ACT(s, join, .identity = "ann");
    const char *bob = ACT(s, join, .identity = "bob");
    ACT(s, ask_sight, .identity = "bob");
    assert_int_equal(s->refusal, 0);
    ACT(s, ask_sight, .identity = bob); /* a token's identity is no SID, even if it looks like one */
    assert_int_equal(s->refusal, 50430);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ACT(s, ask_leave, .identity = rows[i].who, .permission = rows[i].permission);
        if (s->refusal != (rows[i].may ? 0 : 50107))
            fail_msg("%s %s: %d", rows[i].who, rows[i].permission, s->refusal);
    }
}

static void test_removal(void **state)
{
    struct stage *s = *state;

    begin(s, "PT5M", NULL);
    ACT(s, join, .identity = "ann");
    ACT(s, join, .address = "+1", .proxy = "+2");
    for (int i = 0; i < 1200; i++)
        ACT(s, say, .body = "x");
    const char *m = ACT(s, say, .body = "x", .identity = "ann");
    ACT(s, receive, .made = m, .address = "+1", .status = RECEIPT_SENT);
    ACT(s, destroy, 0);
    assert_null(look(s, &conversation_kind, s->conversation));
    ledger_turn(s->ledger, SECOND);
    assert_int_equal(count(s, "message"), 0);
    assert_int_equal(count(s, "receipt"), 0);
    assert_int_equal(count(s, "participant"), 2); /* tombstones, for who was away */
    ledger_turn(s->ledger, TOMBSTONE_MS - SECOND - 1);
    assert_int_equal(count(s, "participant"), 2);
    ledger_turn(s->ledger, SECOND + 1);
    assert_int_equal(count(s, "participant"), 0);
    assert_int_equal(count(s, "chat_key"), 1); /* the user's */
    assert_int_equal(count(s, "chat_tombstone"), 0);
    assert_int_equal(count(s, "alarm"), 0);
}

/* --- anything, in any order --------------------------------------------------------------------------- */

/* Each counts what must not be. */
/* clang-format off */
static const char *const lies[] = {
    "conversation c WHERE participants_count <> (SELECT count(*) FROM participant WHERE conversation_sid = c.sid AND removed = 0)",
    "conversation c WHERE bindings_count <> (SELECT count(*) FROM participant WHERE conversation_sid = c.sid AND removed = 0 AND address IS NOT NULL)",
    "conversation c WHERE messages_count <> (SELECT count(*) FROM message WHERE conversation_sid = c.sid AND removed = 0)",
    "conversation c WHERE next_index <> (SELECT count(*) FROM message WHERE conversation_sid = c.sid)",
    "conversation c WHERE next_index <> (SELECT coalesce(max(message_index), -1) + 1 FROM message WHERE conversation_sid = c.sid)",
    "conversation c WHERE messages_event_id <> (SELECT coalesce(max(event_id), 0) FROM message WHERE conversation_sid = c.sid)",
    "conversation c WHERE roster_event_id <> (SELECT coalesce(max(event_id), 0) FROM participant WHERE conversation_sid = c.sid)",
    "conversation WHERE state = 'closed' AND (date_inactive IS NOT NULL OR date_closed IS NOT NULL)",
    "chat_user u WHERE conversations_count <> (SELECT count(*) FROM participant p JOIN conversation c ON c.sid = p.conversation_sid WHERE p.user_sid = u.sid AND p.removed = 0 AND c.state <> 'closed')",
    "chat_user u WHERE mine_event_id < (SELECT coalesce(max(mine_event_id), 0) FROM participant WHERE user_sid = u.sid)",
    "participant p WHERE removed = 0 AND identity IS NOT NULL AND NOT EXISTS (SELECT 1 FROM chat_key WHERE value = p.sid AND sid = 'who:' || p.conversation_sid || ':' || p.identity)",
    "participant p WHERE removed = 0 AND address IS NOT NULL AND NOT EXISTS (SELECT 1 FROM chat_key WHERE value = p.sid AND sid = 'at:' || p.conversation_sid || ':' || p.address)",
    "chat_key k WHERE (sid LIKE 'who:%' OR sid LIKE 'at:%') AND NOT EXISTS (SELECT 1 FROM participant WHERE sid = k.value AND removed = 0)",
    "chat_key k WHERE sid LIKE 'pair:%' AND NOT EXISTS (SELECT 1 FROM participant p JOIN conversation c ON c.sid = p.conversation_sid WHERE c.sid = k.value AND c.state <> 'closed' AND p.removed = 0 AND k.sid = 'pair:' || p.account_sid || ':' || p.address || char(31) || p.proxy_address)",
    "participant p JOIN conversation c ON c.sid = p.conversation_sid WHERE c.state <> 'closed' AND p.removed = 0 AND p.proxy_address IS NOT NULL AND NOT EXISTS (SELECT 1 FROM chat_key k WHERE k.value = c.sid AND k.sid = 'pair:' || p.account_sid || ':' || p.address || char(31) || p.proxy_address)",
    "message m WHERE delivery_sent <> (SELECT count(*) FROM receipt WHERE message_sid = m.sid AND status IN ('sent', 'delivered', 'read', 'undelivered'))",
    "message m WHERE delivery_failed <> (SELECT count(*) FROM receipt WHERE message_sid = m.sid AND status = 'failed')",
    "message m WHERE delivery_read <> (SELECT count(*) FROM receipt WHERE message_sid = m.sid AND status = 'read')",
};
/* clang-format on */

enum { WORLD_ACTS = 4000, WORLD_CONVERSATIONS = 6, WORLD_PEOPLE = 5, WORLD_MESSAGES = 40 };

struct world {
    struct stage *s;
    uint64_t seed;
    const char *conversations[WORLD_CONVERSATIONS], *messages[WORLD_MESSAGES], *homes[WORLD_MESSAGES];
    size_t nmessages;
    int done, refused;
};

static unsigned any(struct world *w, unsigned n)
{
    w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(w->seed >> 33) % n;
}

static fault_t change_read(struct tx *tx, struct act *a)
{
    struct chat_view v = view_in(tx);
    struct participant *p = participant_find(&v, a->s->conversation, a->identity);

    if (!p)
        return NULL;
    row_edit(tx, p);
    p->last_read_message_index = a->n;
    return participant_changed(a->s->chat, tx, a->by, p);
}

static fault_t leave_if_there(struct tx *tx, struct act *a)
{
    struct chat_view v = view_in(tx);
    const char *sid = a->identity ? key_look(&v, key_of_identity(tx->arena, a->s->conversation, a->identity))
                                  : key_look(&v, key_of_address(tx->arena, a->s->conversation, a->address));
    struct participant *p = sid ? row_find(tx, &participant_kind, sid) : NULL;

    return p ? participant_remove(a->s->chat, tx, a->by, p) : NULL;
}

static fault_t unsay_if_there(struct tx *tx, struct act *a)
{
    const struct message *m = row_find(tx, &message_kind, a->made);

    return m && !m->removed ? unsay(tx, a) : NULL;
}

static fault_t receive_if_there(struct tx *tx, struct act *a)
{
    struct chat_view v = view_in(tx);
    const char *sid = key_look(&v, key_of_address(tx->arena, a->s->conversation, a->address));

    return sid && row_find(tx, &message_kind, a->made) ? receive(tx, a) : NULL;
}

static void world_speaks(struct world *w, const char *identity, const char *address)
{
    const char *sid = ACT(w->s, say, .body = "x", .identity = identity, .address = address);

    if (w->s->refusal)
        return;
    w->messages[w->nmessages % WORLD_MESSAGES] = sid;
    w->homes[w->nmessages++ % WORLD_MESSAGES] = w->s->conversation;
}

static void world_acts(struct world *w)
{
    struct stage *s = w->s;
    unsigned where = any(w, WORLD_CONVERSATIONS), person = any(w, WORLD_PEOPLE), dice = any(w, 100);
    const char *identity = arena_printf(s->arena, "person-%u", person);
    const char *address = arena_printf(s->arena, "+1%u", person), *proxy = any(w, 2) ? "+8" : "+9";
    unsigned which = any(w, WORLD_MESSAGES);

    s->refusal = 0;
    if (!w->conversations[where]) {
        begin(s, any(w, 2) ? "PT5M" : NULL, any(w, 2) ? "PT20M" : NULL);
        w->conversations[where] = s->conversation;
    }
    s->conversation = w->conversations[where];
    if (dice < 15)
        ACT(s, join, .identity = identity);
    else if (dice < 30)
        ACT(s, join, .address = address, .proxy = any(w, 4) ? proxy : NULL);
    else if (dice < 36)
        ACT(s, leave_if_there, .identity = identity);
    else if (dice < 42)
        ACT(s, leave_if_there, .address = address);
    else if (dice < 62)
        world_speaks(w, any(w, 2) ? identity : NULL, address);
    else if (dice < 64)
        ACT(s, fall_out, .body = "never said", .identity = identity);
    else if (dice < 70)
        ACT(s, change_read, .identity = identity, .n = any(w, 8));
    else if (dice < 76 && w->messages[which]) {
        s->conversation = w->homes[which];
        ACT(s, unsay_if_there, .made = w->messages[which]);
    } else if (dice < 88 && w->messages[which]) {
        s->conversation = w->homes[which];
        ACT(s, receive_if_there, .made = w->messages[which], .address = address,
            .status = (enum receipt_status)(1 + any(w, 5)));
    } else if (dice < 91)
        ACT(s, turn_to, .n = 1 + any(w, 3));
    else if (dice < 93) {
        ACT(s, destroy, 0);
        w->conversations[where] = NULL;
    } else if (dice < 97)
        ledger_turn(s->ledger, any(w, 8) * MINUTE);
    else if (dice < 98)
        ledger_reload(s->ledger);
    w->refused += s->refusal != 0;
    w->done++;
}

static void test_world(void **state)
{
    struct world w = { .s = *state, .seed = 7 };

    while (w.done < WORLD_ACTS) {
        world_acts(&w);
        for (size_t i = 0; w.done % 50 == 0 && i < sizeof lies / sizeof *lies; i++)
            if (count(w.s, lies[i]))
                fail_msg("after %d acts: %s", w.done, lies[i]);
        w.s->heard[0] = '\0';
    }
    assert_true(w.refused > 100 && w.refused < WORLD_ACTS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test_setup_teardown(test_timers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pairs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_user, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_delivery, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_roles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_removal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_world, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
