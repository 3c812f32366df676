/* Interactions live through a seeded muddle: customers and agents do whatever comes to them, some of it is refused,
 * some is undone, and from time to time the server forgets all and reads it again.  After each step judges who trust
 * nothing that is derived look whether anybody has been lost.  A seed that fails is printed; INTERACTION_SEED replays
 * it. */
#include "auth/auth.h"
#include "base/folder.h"
#include "interaction/internal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

#define ACCOUNT "AC00000000000000000000000000000001"
enum { STEPS = 1500, SEEDS = 6, WORKERS = 4, CHANNELS = 12, KINDS = ROUTING_KINDS + CHAT_KINDS + 9 };
static const int64_t start = 1767225600000; /* 2026-01-01T00:00:00Z */

struct stage {
    struct arena *arena;
    struct clock *clock;
    struct store *store;
    struct ledger *ledger;
    struct routing *routing;
    struct chat *chat;
    struct interactions *engine;
    char folder[32];
    uint64_t dice;
    const char *workspace, *queue, *workflow, *workers[WORKERS], *available, *offline;
    const char *channels[CHANNELS], *customers[CHANNELS],
        *foreign; /* the latest; foreign: a conversation that failed to begin */
    size_t made, done, refused, undone, joined, resumed, handed;
};

static size_t throw(struct stage * s, size_t n)
{
    s->dice = s->dice * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(s->dice >> 33) % n;
}

/* --- the stage -------------------------------------------------------------------------------------------- */

static void *set_row(struct tx *tx, const struct kind *k, const char *const *pairs)
{
    void *row = row_new(tx, k, NULL);

    row_set(tx, row, field_text(field_named(k, "account_sid"), row), ACCOUNT);
    for (; *pairs; pairs += 2)
        row_set(tx, row, field_text(field_named(k, pairs[0]), row), pairs[1]);
    return row;
}
#define ROW(tx, name, ...) ((struct name *)set_row(tx, &name##_kind, (const char *const[]){ __VA_ARGS__ }))

static fault_t hire(struct stage *s, struct tx *tx)
{
    static const char *const names[WORKERS] = { "alice", "bob", "carol", "dave" };

    for (size_t i = 0; i < WORKERS; i++) {
        struct worker *w = ROW(tx, worker, "workspace_sid", s->workspace, "friendly_name", names[i], "attributes", "{}",
                               "activity_sid", s->available, NULL);
        fault_t f = worker_created(s->routing, tx, w);
        if (f)
            return f;
        s->workers[i] = arena_strdup(s->arena, w->sid);
    }
    return NULL;
}

static fault_t furnish(struct tx *tx, void *arg)
{
    static const char *const activities[] = { "Offline", "Available", NULL };
    struct stage *s = arg;
    struct workspace *w = ROW(tx, workspace, "friendly_name", "Flex Task Assignment", NULL);
    struct activity *a;

    w->multi_task_enabled = true;
    fault_t f = workspace_created(s->routing, tx, w, false, activities);
    if (f)
        return f;
    s->workspace = arena_strdup(s->arena, w->sid);
    for (size_t i = 0; (a = row_each(tx, &activity_kind, &i));)
        *(a->available ? &s->available : &s->offline) = arena_strdup(s->arena, a->sid);
    struct task_queue *q =
        ROW(tx, task_queue, "workspace_sid", w->sid, "friendly_name", "All", "target_workers", "1==1", NULL);
    q->max_reserved_workers = 1;
    f = task_queue_created(s->routing, tx, q);
    if (f)
        return f;
    s->queue = arena_strdup(s->arena, q->sid);
    struct workflow *flow =
        ROW(tx, workflow, "workspace_sid", w->sid, "friendly_name", "Flow", "configuration",
            arena_printf(tx->arena, "{\"task_routing\":{\"default_filter\":{\"queue\":\"%s\"}}}", q->sid), NULL);
    flow->task_reservation_timeout = 30;
    f = workflow_created(s->routing, tx, flow);
    s->workflow = arena_strdup(s->arena, flow->sid);
    return f ? f : hire(s, tx);
}

static void kinds_of(const struct kind *out[KINDS])
{
    static const struct kind *const ours[] = {
        &interaction_kind,
        &interaction_channel_kind,
        &interaction_invite_kind,
        &interaction_participant_kind,
        &interaction_transfer_kind,
        &flex_configuration_kind,
        &event_kind,
        &alarm_kind_record,
        &user_kind,
    };

    memcpy(out, routing_kinds, sizeof routing_kinds);
    memcpy(out + ROUTING_KINDS, chat_kinds, sizeof chat_kinds);
    memcpy(out + ROUTING_KINDS + CHAT_KINDS, ours, sizeof ours);
}

static struct stage *set_up(uint64_t seed)
{
    struct arena *a = arena_new();
    struct stage *s = arena_alloc(a, sizeof *s);
    const struct kind *kinds[KINDS];
    const char *why = NULL;

    *s = (struct stage){ .arena = a, .clock = clock_test(start), .folder = "/tmp/interaction-XXXXXX", .dice = seed };
    assert_non_null(mkdtemp(s->folder));
    kinds_of(kinds);
    s->store = store_open(a, s->folder, &why);
    assert_non_null(s->store);
    s->ledger = ledger_new(a, &(struct ledger_config){ s->store, s->clock, kinds, KINDS }, &why);
    assert_non_null(s->ledger);
    s->routing = routing_new(s->ledger);
    s->chat = chat_new(s->ledger, NULL, a);
    s->engine = interactions_new(s->ledger, s->routing, s->chat, a);
    assert_true(ledger_start(s->ledger, a, &why));
    assert_null(ledger_do(s->ledger, a, furnish, s));
    return s;
}

static void tear_down(struct stage *s)
{
    ledger_stop(s->ledger);
    routing_free(s->routing);
    interactions_free(s->engine);
    ledger_free(s->ledger);
    store_close(s->store);
    clock_free(s->clock);
    folder_remove(s->folder);
    arena_free(s->arena);
}

/* --- what people do --------------------------------------------------------------------------------------- */

static const char *any_channel(struct stage *s)
{
    return s->channels[throw(s, CHANNELS)];
}

static struct interaction_channel *pick(struct stage *s, struct tx *tx)
{
    const char *sid = any_channel(s);

    return sid ? row_find(tx, &interaction_channel_kind, sid) : NULL;
}

static const char *routing_text(struct stage *s, struct tx *tx)
{
    const char *worker = s->workers[throw(s, WORKERS)];

    switch (throw(s, 6)) {
    case 2:
        return "{\"properties\":{\"workflow_sid\":\"WW00000000000000000000000000000009\"}}";
    case 0:
        return arena_printf(tx->arena,
                            "{\"properties\":{\"workspace_sid\":\"%s\",\"worker_sid\":\"%s\",\"queue_sid\":\"%s\"}}",
                            s->workspace, worker, s->queue);
    case 1:
        return arena_printf(tx->arena,
                            "{\"properties\":{\"workspace_sid\":\"%s\",\"queue_sid\":\"%s\",\"timeout\":90}}",
                            s->workspace, s->queue);
    default:
        return arena_printf(tx->arena, "{\"properties\":{\"workspace_sid\":\"%s\",\"workflow_sid\":\"%s\"}}",
                            s->workspace, s->workflow);
    }
}

static fault_t begin(struct stage *s, struct tx *tx)
{
    const char *name = arena_printf(s->arena, "guest-%zu", s->made);
    const struct interaction_guest g = { .identity = name };
    struct interaction_wish wish = { .type = CHANNEL_WEB, .by = FROM_PROGRAM, .guests = &g, .nguests = 1 };
    struct interaction *i = ROW(tx, interaction, "channel", "{}", NULL);

    wish.asleep = throw(s, 10) == 0;
    wish.routing = routing_text(s, tx);
    row_set(tx, i, &i->routing, wish.routing);
    fault_t f = interaction_begin(s->engine, tx, i, &wish);
    if (f)
        return f;
    s->channels[s->made % CHANNELS] = arena_strdup(s->arena, json_get_string(object_of(tx->arena, i->channel), "sid"));
    s->customers[s->made++ % CHANNELS] = name;
    return NULL;
}

static struct reservation *offer(struct stage *s, struct tx *tx, enum reservation_status status)
{
    size_t skip = throw(s, 5);
    struct reservation *r, *found = NULL;

    for (size_t i = 0; (r = row_each(tx, &reservation_kind, &i));)
        if (r->reservation_status == status && (!found || skip--))
            found = r;
    return found;
}

static fault_t move(struct stage *s, struct tx *tx, enum reservation_status from, enum reservation_status to)
{
    struct reservation *r = offer(s, tx, from);

    return r ? reservation_move(s->routing, tx, r, to, NULL) : NULL;
}

static fault_t accept(struct stage *s, struct tx *tx)
{
    return move(s, tx, RESERVATION_PENDING, RESERVATION_ACCEPTED);
}

static fault_t reject(struct stage *s, struct tx *tx)
{
    return move(s, tx, RESERVATION_PENDING, RESERVATION_REJECTED);
}

static fault_t wrap(struct stage *s, struct tx *tx)
{
    return move(s, tx, RESERVATION_ACCEPTED, RESERVATION_WRAPPING);
}

static fault_t complete(struct stage *s, struct tx *tx)
{
    return move(s, tx, throw(s, 2) ? RESERVATION_WRAPPING : RESERVATION_ACCEPTED, RESERVATION_COMPLETED);
}

static fault_t close_one(struct stage *s, struct tx *tx)
{
    struct interaction_channel *c = pick(s, tx);

    return c ? interaction_close(s->engine, tx, c, throw(s, 2)) : NULL;
}

static fault_t park(struct stage *s, struct tx *tx)
{
    static const char *const how[] = { "{\"status\":\"closed\"}", "{\"status\":\"closed\",\"resume\":\"worker\"}",
                                       "{\"status\":\"closed\",\"properties\":{\"priority\":3}}", "{}" };
    struct interaction_channel *c = pick(s, tx);

    return c ? interaction_park(s->engine, tx, c, how[throw(s, 4)]) : NULL;
}

static fault_t say(struct stage *s, struct tx *tx)
{
    size_t n = throw(s, CHANNELS);
    struct interaction_channel *c = s->channels[n] ? row_find(tx, &interaction_channel_kind, s->channels[n]) : NULL;
    struct conversation *v = c ? conversation_of(tx, c) : NULL;
    struct message *m;

    if (!v)
        return NULL;
    m = row_new(tx, &message_kind, NULL);
    row_set(tx, m, &m->author, throw(s, 4) ? s->customers[n] : "system");
    row_set(tx, m, &m->body, "Hello");
    enum channel_status before = c->status;
    fault_t f = message_add(s->chat, tx, &(struct chat_actor){ .by = BY_API }, v, m);
    s->resumed += !f && before == CHANNEL_INACTIVE && c->status == CHANNEL_ACTIVE;
    return f;
}

static struct interaction_participant *part(struct stage *s, struct tx *tx)
{
    size_t skip = throw(s, 6);
    struct interaction_participant *p, *found = NULL;

    for (size_t i = 0; (p = row_each(tx, &interaction_participant_kind, &i));)
        if (p->status != PARTICIPANT_CLOSED && p->reservation_sid && (!found || skip--))
            found = p;
    return found;
}

static fault_t leave(struct stage *s, struct tx *tx)
{
    struct interaction_participant *p = part(s, tx);

    return p ? interaction_leave(s->engine, tx, p, throw(s, 2)) : NULL;
}

static fault_t send_for(struct stage *s, struct tx *tx)
{
    struct interaction_channel *c = pick(s, tx);

    if (!c)
        return NULL;
    return interaction_invite(s->engine, tx,
                              ROW(tx, interaction_invite, "interaction_sid", c->interaction_sid, "channel_sid", c->sid,
                                  "routing", routing_text(s, tx), NULL));
}

static fault_t hand_over(struct stage *s, struct tx *tx)
{
    const char *const to[] = { s->workers[throw(s, WORKERS)], s->queue, s->workflow };
    struct interaction_handover h = { .type = throw(s, 2) ? HANDOVER_WARM : HANDOVER_COLD, .to = to[throw(s, 3)] };
    struct interaction_participant *p = part(s, tx);
    struct interaction_channel *c = p ? row_find(tx, &interaction_channel_kind, p->channel_sid) : NULL;
    struct interaction_transfer *made;

    if (!c)
        return NULL;
    h.from = p->sid;
    fault_t f = interaction_handover(s->engine, tx, c, &h, &made);
    s->handed += !f;
    return f;
}

static fault_t take_back(struct stage *s, struct tx *tx)
{
    size_t i = 0;
    struct interaction_transfer *t = row_each(tx, &interaction_transfer_kind, &i);

    return t && t->status == HANDOVER_ACTIVE ? interaction_handover_end(s->engine, tx, t, HANDOVER_FAILED) : NULL;
}

static fault_t cancel(struct stage *s, struct tx *tx)
{
    size_t i = throw(s, 8), at = 0;
    struct task *t = NULL, *one;

    while ((one = row_each(tx, &task_kind, &at)) && i--)
        t = one;
    if (!t || t->assignment_status > TASK_RESERVED)
        return NULL;
    return task_move(s->routing, tx, t, TASK_CANCELED, "somebody said so");
}

static fault_t close_conversation(struct stage *s, struct tx *tx)
{
    struct interaction_channel *c = pick(s, tx);
    struct conversation *v = c && throw(s, 4) == 0 ? conversation_of(tx, c) : NULL;

    return v ? conversation_turn(s->chat, tx, &flex_actor, v, CONVERSATION_CLOSED, "API") : NULL;
}

static fault_t come_or_go(struct stage *s, struct tx *tx)
{
    struct worker *w = row_find(tx, &worker_kind, s->workers[throw(s, WORKERS)]);
    struct worker was = *w;

    row_set(tx, w, &w->activity_sid, throw(s, 3) ? s->available : s->offline);
    return worker_changed(s->routing, tx, w, &was, throw(s, 2));
}

typedef fault_t deed(struct stage *s, struct tx *tx);
static deed *const deeds[] = { begin,
                               begin,
                               accept,
                               accept,
                               accept,
                               accept,
                               reject,
                               wrap,
                               complete,
                               complete,
                               close_one,
                               park,
                               park,
                               say,
                               say,
                               say,
                               leave,
                               send_for,
                               hand_over,
                               hand_over,
                               take_back,
                               cancel,
                               close_conversation,
                               come_or_go };

static fault_t act(struct tx *tx, void *arg)
{
    struct stage *s = arg;
    fault_t f = deeds[throw(s, sizeof deeds / sizeof *deeds)](s, tx);

    s->done++;
    s->refused += f != NULL;
    if (f || throw(s, 8))
        return f;
    s->undone++;
    return fault(tx->arena, F_CONFLICT, "undone on purpose");
}

/* --- judges ----------------------------------------------------------------------------------------------- */

static void judge_channel(struct stage *s, struct tx *tx, struct interaction_channel *c)
{
    struct interaction_participant *p;
    struct interaction_invite *i;
    size_t people = 0, wanted = 0;
    bool over = c->status == CHANNEL_CLOSED || c->status == CHANNEL_FAILED;
    const struct conversation *v = conversation_of(tx, c);

    for (size_t n = 0; (p = row_each(tx, &interaction_participant_kind, &n));)
        people += str_eq(p->channel_sid, c->sid) && p->status != PARTICIPANT_CLOSED && p->reservation_sid;
    for (size_t n = 0; (i = row_each(tx, &interaction_invite_kind, &n));)
        wanted += str_eq(i->channel_sid, c->sid) && !i->ended;
    if (channel_is_open(c) && !c->left && !c->again && !people && !wanted)
        fail_msg("channel %s is open, and nobody is there or wanted", c->sid);
    if (c->status == CHANNEL_CLOSED && v && v->state != CONVERSATION_CLOSED)
        fail_msg("channel %s is closed, its conversation is not", c->sid);
    if (channel_is_open(c) && v && v->state == CONVERSATION_CLOSED)
        fail_msg("channel %s is open, its conversation is closed", c->sid);
    if (!over && interaction_of_conversation(s->engine, c->media_channel_sid) != c)
        fail_msg("channel %s is not found by its conversation", c->sid);
    if (over && interaction_of_conversation(s->engine, c->media_channel_sid) == c)
        fail_msg("channel %s is over and still found", c->sid);
}

static void judge_part(struct stage *s, struct tx *tx, struct interaction_participant *p)
{
    const struct reservation *r = p->reservation_sid ? row_find(tx, &reservation_kind, p->reservation_sid) : NULL;
    struct chat_view view = { .db = tx->db, .tx = tx, .arena = tx->arena };
    const struct interaction_channel *c = row_find(tx, &interaction_channel_kind, p->channel_sid);

    if (p->status == PARTICIPANT_CLOSED)
        return;
    if (interaction_part_of_reservation(s->engine, p->reservation_sid) != (p->reservation_sid ? p : NULL))
        fail_msg("participant %s is not found by his reservation", p->sid);
    if (p->reservation_sid && (!r || r->reservation_status != (p->status == PARTICIPANT_ACTIVE ? RESERVATION_ACCEPTED
                                                                                               : RESERVATION_WRAPPING)))
        fail_msg("participant %s does not stand as his reservation does", p->sid);
    if (p->chat_participant_sid && c && !participant_find(&view, c->media_channel_sid, p->chat_participant_sid))
        fail_msg("participant %s is not in the conversation", p->sid);
}

static void judge_reservation(struct stage *s, struct tx *tx, const struct reservation *r)
{
    bool has_task = r->reservation_status == RESERVATION_ACCEPTED || r->reservation_status == RESERVATION_WRAPPING;

    (void)tx;
    if (has_task && !interaction_part_of_reservation(s->engine, r->sid))
        fail_msg("reservation %s has no part in its interaction", r->sid);
    s->joined += has_task;
}

static void judge_task(struct stage *s, const struct task *t)
{
    const struct interaction_invite *i = interaction_invite_of_task(s->engine, t->sid);

    if (t->assignment_status < TASK_COMPLETED && (!i || i->ended))
        fail_msg("task %s has no invitation", t->sid);
    if (t->assignment_status >= TASK_COMPLETED && i)
        fail_msg("the invitation of task %s has not ended", t->sid);
}

static void judge_invite(struct tx *tx, const struct interaction_invite *i)
{
    const struct task *t = i->task_sid ? row_find(tx, &task_kind, i->task_sid) : NULL;

    if (!i->ended && (!t || t->assignment_status >= TASK_COMPLETED))
        fail_msg("invitation %s is open, and its task is over", i->sid);
}

/* Who has handed on coldly is not there any more. */
static void judge_transfer(struct tx *tx, const struct interaction_transfer *t)
{
    const struct interaction_participant *p = t->from ? row_find(tx, &interaction_participant_kind, t->from) : NULL;

    if (t->status == HANDOVER_ACTIVE && t->type == HANDOVER_COLD && p && p->chat_participant_sid)
        fail_msg("participant %s has handed on with transfer %s and is still there", p->sid, t->sid);
}

/* Nobody from here is in a conversation without a part in it. */
static void judge_conversation(struct stage *s, struct tx *tx, const struct interaction_channel *c)
{
    struct chat_view view = { .db = tx->db, .tx = tx, .arena = tx->arena };
    struct participant **in;
    size_t n = c->media_channel_sid ? participants_of(&view, c->media_channel_sid, &in) : 0;

    (void)s;
    for (size_t i = 0; i < n; i++) {
        struct interaction_participant *p;
        bool known = str_starts(in[i]->identity ? in[i]->identity : "", "guest-");
        for (size_t at = 0; !known && (p = row_each(tx, &interaction_participant_kind, &at));)
            known = str_eq(p->chat_participant_sid, in[i]->sid) && p->status != PARTICIPANT_CLOSED;
        if (!known)
            fail_msg("%s is in conversation %s without a part", in[i]->identity, c->media_channel_sid);
    }
}

static fault_t judge(struct tx *tx, void *arg)
{
    struct stage *s = arg;
    void *row;

    for (size_t i = 0; (row = row_each(tx, &interaction_channel_kind, &i));)
        judge_channel(s, tx, row);
    for (size_t i = 0; i < CHANNELS; i++) {
        struct interaction_channel *c = s->channels[i] ? row_find(tx, &interaction_channel_kind, s->channels[i]) : NULL;
        if (c) { /* those that are over, too; one whose beginning was undone never was */
            judge_channel(s, tx, c);
            judge_conversation(s, tx, c);
        }
    }
    for (size_t i = 0; (row = row_each(tx, &interaction_participant_kind, &i));)
        judge_part(s, tx, row);
    for (size_t i = 0; (row = row_each(tx, &interaction_invite_kind, &i));)
        judge_invite(tx, row);
    for (size_t i = 0; (row = row_each(tx, &interaction_transfer_kind, &i));)
        judge_transfer(tx, row);
    for (size_t i = 0; (row = row_each(tx, &reservation_kind, &i));)
        judge_reservation(s, tx, row);
    for (size_t i = 0; (row = row_each(tx, &task_kind, &i));)
        judge_task(s, row);
    return NULL;
}

struct look {
    struct stage *stage;
    const char *text;
};

static fault_t print(struct tx *tx, void *arg)
{
    struct look *l = arg;

    l->text = ledger_fingerprint(tx, l->stage->arena);
    return NULL;
}

static void crash(struct stage *s)
{
    struct look before = { .stage = s }, after = { .stage = s };
    _arena_ struct arena *a = arena_new();

    assert_null(ledger_do(s->ledger, a, print, &before));
    ledger_reload(s->ledger);
    assert_null(ledger_do(s->ledger, a, print, &after));
    assert_string_equal(before.text, after.text);
}

static struct stage sums;

static void live(uint64_t seed)
{
    struct stage *s = set_up(seed);

    for (size_t i = 0; i < STEPS; i++) {
        _arena_ struct arena *a = arena_new();
        fault_t f = ledger_do(s->ledger, a, act, s);
        (void)f;
        if (throw(s, 5) == 0)
            ledger_turn(s->ledger, (int64_t) throw(s, 40) * SECOND);
        else
            ledger_turn(s->ledger, 0); /* what asks for another try has had it */
        if (throw(s, 100) == 0)
            crash(s);
        assert_null(ledger_do(s->ledger, a, judge, s));
    }
    sums.done += s->done;
    sums.refused += s->refused;
    sums.undone += s->undone;
    sums.joined += s->joined;
    sums.resumed += s->resumed;
    sums.handed += s->handed;
    tear_down(s);
}

static void muddle(void **state)
{
    const char *only = getenv("INTERACTION_SEED");
    int64_t seed;

    (void)state;
    if (only && str_to_int(only, &seed)) {
        live((uint64_t)seed);
        return;
    }
    for (uint64_t i = 1; i <= SEEDS; i++) {
        print_message("seed %llu\n", (unsigned long long)i);
        live(i);
    }
    print_message("%zu done, %zu refused, %zu undone, %zu resumed, %zu handed on\n", sums.done, sums.refused,
                  sums.undone, sums.resumed, sums.handed);
    assert_true(sums.refused < sums.done / 2 && sums.undone && sums.joined && sums.resumed && sums.handed);
}

/* --- what is forgotten ------------------------------------------------------------------------------------------- */

static fault_t begin_one(struct tx *tx, void *arg)
{
    return begin(arg, tx);
}

static fault_t close_first(struct tx *tx, void *arg)
{
    struct stage *s = arg;
    struct interaction_channel *c = row_find(tx, &interaction_channel_kind, s->channels[0]);

    return interaction_channel_kind.is_live(c) ? interaction_close(s->engine, tx, c, false) : NULL;
}

static fault_t is_there(struct tx *tx, void *arg)
{
    struct stage *s = arg;

    s->joined = row_find(tx, &interaction_channel_kind, s->channels[0]) != NULL;
    return NULL;
}

static void half_a_year(void **state)
{
    struct stage *s = set_up(3);
    _arena_ struct arena *a = arena_new();

    (void)state;
    assert_null(ledger_do(s->ledger, a, begin_one, s));
    assert_null(ledger_do(s->ledger, a, close_first, s));
    ledger_turn(s->ledger, (FORGOTTEN_AFTER_DAYS - 1) * DAY);
    assert_null(ledger_do(s->ledger, a, is_there, s));
    assert_true(s->joined);
    ledger_turn(s->ledger, 3 * DAY);
    assert_null(ledger_do(s->ledger, a, is_there, s));
    assert_false(s->joined);
    tear_down(s);
}

/* --- what is read ----------------------------------------------------------------------------------------- */

static void wishes(void **state)
{
    static const struct {
        const char *channel;
        bool good;
    } cases[] = {
        { "{\"type\":\"web\",\"initiated_by\":\"customer\",\"properties\":{\"media_channel_sid\":"
          "\"CH00000000000000000000000000000001\"}}",
          true },
        { "{\"type\":\"WEB\",\"initiated_by\":\"Customer\",\"sid\":\"CH00000000000000000000000000000001\"}", true },
        { "{\"type\":\"sms\",\"initiated_by\":\"agent\",\"participants\":[{\"address\":\"+1\"}]}", true },
        { "{\"type\":\"web\",\"initiated_by\":\"api\"}", true },
        { "{\"type\":\"web\",\"initiated_by\":\"customer\"}", false },
        { "{\"type\":\"voice\",\"initiated_by\":\"api\"}", false },
        { "{\"type\":\"sms\",\"initiated_by\":\"agent\"}", false },
        { "{\"type\":\"sms\",\"initiated_by\":\"agent\",\"participants\":{}}", false },
        { "{\"type\":\"sms\",\"initiated_by\":\"agent\",\"participants\":[3]}", false },
        { "{\"type\":3,\"initiated_by\":\"api\"}", false },
        { "{}", false },
        { NULL, false },
    };
    _arena_ struct arena *a = arena_new();
    struct tx tx = { .arena = a };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct interaction_wish w;
        if (!interaction_wish_read(&tx, cases[i].channel, &w) != cases[i].good)
            fail_msg("%s", cases[i].channel);
    }
}

static void routings(void **state)
{
    static const struct {
        const char *routing;
        bool good;
    } cases[] = {
        { NULL, true },
        { "{}", true },
        { "{\"properties\":{}}", true },
        { "{\"properties\":{\"workspace_sid\":\"WS00000000000000000000000000000001\",\"priority\":\"3\"}}", true },
        { "{\"properties\":{\"attributes\":{\"a\":1}}}", true },
        { "{\"properties\":{\"attributes\":\"{}\"}}", true },
        { "{\"properties\":{\"workspace_sid\":null}}", true },
        { "[]", false },
        { "{\"properties\":3}", false },
        { "{\"properties\":{\"workspace_sid\":\"WW00000000000000000000000000000001\"}}", false },
        { "{\"properties\":{\"worker_sid\":7}}", false },
        { "{\"properties\":{\"timeout\":-1}}", false },
        { "{\"properties\":{\"attributes\":[]}}", false },
    };
    _arena_ struct arena *a = arena_new();
    const char *why;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (routing_is_sound(a, cases[i].routing, &why) != cases[i].good)
            fail_msg("%s", cases[i].routing ? cases[i].routing : "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(wishes), cmocka_unit_test(routings),
                                        cmocka_unit_test(half_a_year), cmocka_unit_test(muddle) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
