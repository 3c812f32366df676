/* Objects, items, replays and what goes by itself, on a ledger of its own, on a clock that is turned. */
#include "base/folder.h"
#include "base/text.h"
#include "sync/internal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

#define ACCOUNT "AC00000000000000000000000000000001"
#define SERVICE "IS00000000000000000000000000000001"
static const int64_t start = 1767225600000; /* 2026-01-01T00:00:00Z */
static const struct sync_ttl for_ever = { NO_VALUE, NO_VALUE };

struct stage {
    struct arena *arena;
    struct clock *clock;
    struct store *store;
    struct ledger *ledger;
    struct sync *sync;
    char folder[32];
    char heard[4096]; /* "added k 3", a line each */
    int asked;        /* how often the source was */
};

static void hear(void *arg, struct tx *tx, const struct sync_event *e)
{
    static const char *const words[] = { "added", "updated", "removed", "context", "gone", "message" };
    struct stage *s = arg;
    size_t n = strlen(s->heard);

    (void)tx;
    snprintf(s->heard + n, sizeof s->heard - n, "%s %s %lld\n", words[e->change], e->item.key ? e->item.key : "-",
             (long long)e->id);
}

/* A view of another engine: one document, "view". */
static fault_t view_find(void *arg, struct sync_ask *ask, const char *name, bool *found, struct sync_object *out)
{
    struct stage *s = arg;

    (void)ask;
    s->asked++;
    if (strcmp(name, "view") != 0 && strcmp(name, "hidden") != 0)
        return NULL;
    *found = true;
    *out = (struct sync_object){ .type = SYNC_DOCUMENT, .sid = "ETview", .data = "{}", .last_event_id = 7 };
    return strcmp(name, "hidden") ? NULL : fault(ask->arena, F_FORBIDDEN, "not for you");
}

static int set_up(void **state)
{
    struct arena *a = arena_new();
    struct stage *s = arena_alloc(a, sizeof *s);
    struct sync_source *view = arena_alloc(a, sizeof *view);
    const struct kind *kinds[SYNC_KINDS + 2];
    const char *why = NULL;

    *s = (struct stage){ .arena = a, .clock = clock_test(start), .folder = "/tmp/sync-XXXXXX" };
    assert_non_null(mkdtemp(s->folder));
    memcpy(kinds, sync_kinds, sizeof sync_kinds);
    kinds[SYNC_KINDS] = &event_kind;
    kinds[SYNC_KINDS + 1] = &alarm_kind_record;
    s->store = store_open(a, s->folder, &why);
    assert_non_null(s->store);
    s->ledger = ledger_new(a, &(struct ledger_config){ s->store, s->clock, kinds, SYNC_KINDS + 2 }, &why);
    assert_non_null(s->ledger);
    s->sync = sync_new(s->ledger, a);
    *view = (struct sync_source){ .name = "view", .on_ledger = true, .find = view_find, .arg = s };
    sync_source_add(s->sync, view);
    sync_listen(s->sync, &(struct sync_listener){ .hear = hear, .arg = s });
    assert_true(ledger_start(s->ledger, a, &why));
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

/* --- acts: each one command ------------------------------------------------------------------------------- */

struct act {
    struct stage *s;
    enum sync_type type;
    const char *object, *key, *data, *if_match, *who;
    struct sync_ttl ttl;
    unsigned how;
    int64_t nth;  /* of a list, from 1; 0: a new one */
    bool no_data; /* else, where none is given, {} */
    bool added;
    const char *sid; /* of what was made */
};

static struct sync_ask ask_in(struct tx *tx, const char *who)
{
    return (struct sync_ask){
        .arena = tx->arena, .db = tx->db, .tx = tx, .now = tx->now, .viewer = { ACCOUNT, "default", who }
    };
}

static struct sync_stored *object_of(struct tx *tx, const struct act *x)
{
    struct sync_ask ask = ask_in(tx, NULL);
    const struct sync_stored *o = NULL;
    fault_t f = sync_object_find(&ask, x->type, x->object, SYNC_READ, &o);

    assert_null(f);
    return (struct sync_stored *)o;
}

static fault_t make(struct tx *tx, void *arg)
{
    struct act *x = arg;
    struct sync_stored *o = row_new(tx, sync_object_kind(x->type), NULL);

    row_set(tx, o, &o->account_sid, ACCOUNT);
    row_set(tx, o, &o->service_sid, SERVICE);
    row_set(tx, o, &o->unique_name, x->object);
    x->sid = arena_strdup(x->s->arena, o->sid);
    return sync_object_created(x->s->sync, tx, x->type, o, x->data, x->ttl, x->who);
}

static fault_t change(struct tx *tx, void *arg)
{
    struct act *x = arg;

    return sync_object_change(x->s->sync, tx, x->type, object_of(tx, x), x->data, x->ttl, x->if_match, x->who);
}

static fault_t drop(struct tx *tx, void *arg)
{
    struct act *x = arg;

    return sync_object_remove(x->s->sync, tx, x->type, object_of(tx, x), x->if_match, x->who);
}

static fault_t put(struct tx *tx, void *arg)
{
    struct act *x = arg;
    struct sync_row *row;

    return sync_item_put(x->s->sync, tx, x->type, object_of(tx, x),
                         &(struct sync_item_change){ .key = x->key,
                                                     .data = x->data,
                                                     .index = x->nth ? x->nth - 1 : NO_VALUE,
                                                     .how = x->how,
                                                     .ttl = x->ttl,
                                                     .if_match = x->if_match,
                                                     .who = x->who },
                         &row, &x->added);
}

static fault_t take_out(struct tx *tx, void *arg)
{
    struct act *x = arg;
    struct sync_stored *o = object_of(tx, x);
    struct sync_ask ask = ask_in(tx, NULL);
    const struct sync_row *item;
    fault_t f = sync_item_find(&ask, x->type, o->sid,
                               x->type == SYNC_LIST ? sync_index_sid(tx->arena, o->sid, x->nth - 1)
                                                    : sync_item_sid(tx->arena, o->sid, x->key),
                               &item);

    return f ? f : sync_item_remove(x->s->sync, tx, x->type, o, (struct sync_row *)item, x->if_match, x->who);
}

static int code(struct stage *s, fault_t (*fn)(struct tx *tx, void *arg), struct act *x)
{
    struct arena *a = arena_new();

    x->s = s;
    if (!x->ttl.item && !x->ttl.object)
        x->ttl = for_ever;
    if (fn == put && !x->data && !x->no_data)
        x->data = "{}";
    if (!x->how)
        x->how = x->type == SYNC_LIST ? SYNC_PUT_ADD : SYNC_PUT_ADD | SYNC_PUT_REPLACE;
    fault_t f = ledger_do(s->ledger, a, fn, x);
    int is = f ? f->code : 0;
    arena_free(a);
    return is;
}
#define DO(fn, ...)  code(s, fn, &(struct act){ __VA_ARGS__ })
#define MAP(...)     .type = SYNC_MAP, .object = "m", __VA_ARGS__
#define LIST_OF(...) .type = SYNC_LIST, .object = "l", __VA_ARGS__

/* --- questions -------------------------------------------------------------------------------------------- */

struct look {
    struct stage *s;
    enum sync_type type;
    const char *name, *who;
    int64_t after;
    const struct sync_page *page;
    char *out; /* "a b c" */
};

static void write_items(struct look *l, const struct sync_items *items)
{
    struct text t = { .arena = l->s->arena };

    text_put(&t, items->more_before ? "<" : "");
    for (size_t i = 0; i < items->n; i++) {
        const struct sync_item *x = &items->rows[i];
        text_putf(&t, "%s%s", i ? " " : "", x->removed ? "-" : "");
        if (x->key)
            text_put(&t, x->key);
        else
            text_put_int(&t, x->index);
        if (!l->page)
            text_putf(&t, "@%lld", (long long)x->event_id);
    }
    text_put(&t, items->more_after ? ">" : "");
    l->out = arena_strdup(l->s->arena, text_str(&t));
}

static fault_t look(struct tx *tx, void *arg)
{
    struct look *l = arg;
    struct sync_ask ask = ask_in(tx, l->who);
    struct sync_object o;
    struct sync_items items = { 0 };
    fault_t f = sync_find(l->s->sync, &ask, l->type, l->name, &o);

    if (!f && l->page)
        f = sync_items(l->s->sync, &ask, &o, l->page, &items);
    else if (!f)
        f = sync_replay(l->s->sync, &ask, &o, l->after, &items);
    if (!f)
        write_items(l, &items);
    else
        l->out = arena_printf(l->s->arena, "%d", f->code);
    return NULL;
}

static const char *seen(struct stage *s, struct look l)
{
    l.s = s;
    assert_null(ledger_do(s->ledger, s->arena, look, &l));
    return l.out;
}
#define REPLAY(t, object, from) seen(s, (struct look){ .type = t, .name = object, .after = from })
#define PAGE(t, object, ...)                                                                                           \
    seen(s, (struct look){ .type = t, .name = object, .page = &(struct sync_page){ __VA_ARGS__ } })

struct counting {
    const char *table;
    int64_t n;
};
static bool take_count(void *arg, struct columns *c)
{
    ((struct counting *)arg)->n = column_int(c, 0);
    return false;
}
static fault_t count_rows(struct tx *tx, void *arg)
{
    struct counting *x = arg;

    db_run(tx->db, arena_printf(tx->arena, "SELECT count(*) FROM %s", x->table), NULL, 0, take_count, x);
    return NULL;
}
static int64_t rows_in(struct stage *s, const char *table)
{
    struct counting x = { table, -1 };

    assert_null(ledger_do(s->ledger, s->arena, count_rows, &x));
    return x.n;
}

static void put_many(struct stage *s, int n, struct sync_ttl ttl)
{
    char key[16];

    for (int i = 0; i < n; i++) {
        snprintf(key, sizeof key, "k%04d", i);
        assert_int_equal(DO(put, MAP(.key = key, .ttl = ttl)), 0);
    }
}

/* --- stories ---------------------------------------------------------------------------------------------- */

static void every_change_takes_the_next_number(void **state)
{
    struct stage *s = *state;

    assert_int_equal(DO(make, .type = SYNC_MAP, .object = "m"), 0);
    assert_int_equal(DO(put, MAP(.key = "a")), 0);
    assert_int_equal(DO(put, MAP(.key = "b")), 0);
    assert_int_equal(DO(put, MAP(.key = "a")), 0);
    assert_int_equal(DO(put, MAP(.key = "c")), 0);
    assert_int_equal(DO(take_out, MAP(.key = "b")), 0);
    assert_string_equal(s->heard, "added a 1\nadded b 2\nupdated a 3\nadded c 4\nremoved b 5\n");
    assert_string_equal(REPLAY(SYNC_MAP, "m", 0), "a@3 c@4 -b@5");
    assert_string_equal(REPLAY(SYNC_MAP, "m", 3), "c@4 -b@5");
    assert_string_equal(REPLAY(SYNC_MAP, "m", 5), "");
    assert_int_equal(DO(put, MAP(.key = "b")), 0);
    assert_string_equal(REPLAY(SYNC_MAP, "m", 4), "b@6");
    /* How long it lives is no news. */
    assert_int_equal(DO(put, MAP(.key = "b", .no_data = true, .ttl = { 60, NO_VALUE })), 0);
    assert_string_equal(REPLAY(SYNC_MAP, "m", 6), "");
}

static void a_replay_is_cut_where_it_is_too_long(void **state)
{
    struct stage *s = *state;
    const char *all;

    assert_int_equal(DO(make, .type = SYNC_MAP, .object = "m"), 0);
    put_many(s, SYNC_REPLAY_MAX + 5, for_ever);
    all = REPLAY(SYNC_MAP, "m", 0);
    assert_true(str_ends(all, "k0999@1000>"));
    assert_string_equal(REPLAY(SYNC_MAP, "m", 1000), "k1000@1001 k1001@1002 k1002@1003 k1003@1004 k1004@1005");
}

static void pages_begin_anywhere(void **state)
{
    struct stage *s = *state;

    assert_int_equal(DO(make, .type = SYNC_MAP, .object = "m"), 0);
    for (const char *k = "edcba"; *k; k++)
        assert_int_equal(DO(put, MAP(.key = (char[]){ *k, '\0' })), 0);
    assert_int_equal(DO(take_out, MAP(.key = "c")), 0);
    assert_string_equal(PAGE(SYNC_MAP, "m", .size = 3), "a b d>");
    assert_string_equal(PAGE(SYNC_MAP, "m", .size = 3, .descending = true), "e d b>");
    assert_string_equal(PAGE(SYNC_MAP, "m", .size = 3, .key = "b"), "<b d e");
    assert_string_equal(PAGE(SYNC_MAP, "m", .size = 3, .key = "b", .exclusive = true), "<d e");
    assert_string_equal(PAGE(SYNC_MAP, "m", .size = 1, .key = "c"), "<d>");
    assert_string_equal(PAGE(SYNC_MAP, "m", .size = 9, .key = "a"), "a b d e");
    assert_string_equal(PAGE(SYNC_MAP, "m", .size = 2, .key = "d", .descending = true, .exclusive = true), "<b a");

    assert_int_equal(DO(make, .type = SYNC_LIST, .object = "l"), 0);
    for (int i = 0; i < 12; i++)
        assert_int_equal(DO(put, LIST_OF()), 0);
    assert_int_equal(DO(take_out, LIST_OF(.nth = 12)), 0);
    assert_int_equal(DO(put, LIST_OF()), 0);
    assert_string_equal(PAGE(SYNC_LIST, "l", .index = NO_VALUE, .size = 99), "0 1 2 3 4 5 6 7 8 9 10 12");
    assert_string_equal(PAGE(SYNC_LIST, "l", .size = 2, .index = 9), "<9 10>");
}

static void a_stale_revision_changes_nothing(void **state)
{
    struct stage *s = *state;

    assert_int_equal(DO(make, .type = SYNC_DOCUMENT, .object = "d", .data = "{\"a\":1}"), 0);
    assert_int_equal(DO(change, .type = SYNC_DOCUMENT, .object = "d", .data = "{}", .if_match = "0"), 0);
    assert_int_equal(DO(change, .type = SYNC_DOCUMENT, .object = "d", .data = "{}", .if_match = "0"), 54103);
    assert_int_equal(DO(change, .type = SYNC_DOCUMENT, .object = "d", .data = "{}", .if_match = "\"1\""), 0);
    assert_int_equal(DO(drop, .type = SYNC_DOCUMENT, .object = "d", .if_match = "1"), 54103);
    assert_int_equal(DO(drop, .type = SYNC_DOCUMENT, .object = "d", .if_match = "2"), 0);

    assert_int_equal(DO(make, .type = SYNC_MAP, .object = "m"), 0);
    assert_int_equal(DO(put, MAP(.key = "a", .if_match = "5")), 54205);
    assert_int_equal(DO(put, MAP(.key = "a", .if_match = "-1")), 0);
    assert_int_equal(DO(put, MAP(.key = "a", .if_match = "-1")), 54205);
    assert_int_equal(DO(put, MAP(.key = "a", .if_match = "1")), 0);
    assert_int_equal(DO(take_out, MAP(.key = "a", .if_match = "1")), 54205);
    assert_int_equal(DO(take_out, MAP(.key = "a", .if_match = "2")), 0);
    /* A new item of the same key has not the old one's revision. */
    assert_int_equal(DO(put, MAP(.key = "a")), 0);
    assert_int_equal(DO(put, MAP(.key = "a", .if_match = "2")), 54205);
}

static void what_is_too_much_is_refused(void **state)
{
    struct stage *s = *state;
    char *large = arena_alloc(s->arena, SYNC_DATA_MAX + 16), *key = arena_alloc(s->arena, SYNC_KEY_MAX + 2);

    memset(key, 'k', SYNC_KEY_MAX + 1);
    snprintf(large, 16, "{\"a\":\"");
    memset(large + 6, 'x', SYNC_DATA_MAX - 8);
    memcpy(large + SYNC_DATA_MAX - 2, "\"}", 3);
    assert_int_equal(DO(make, .type = SYNC_DOCUMENT, .data = large), 0);
    memcpy(large + SYNC_DATA_MAX - 2, "x\"}", 4);
    assert_int_equal(DO(make, .type = SYNC_DOCUMENT, .data = large), 54006);
    assert_int_equal(DO(make, .type = SYNC_DOCUMENT, .data = "[]"), 54101);
    assert_int_equal(DO(make, .type = SYNC_DOCUMENT, .object = "ET00000000000000000000000000000001"), 54302);
    assert_int_equal(DO(make, .type = SYNC_DOCUMENT, .ttl = { NO_VALUE, SYNC_TTL_MAX + 1 }), 54011);
    assert_int_equal(DO(make, .type = SYNC_MAP, .object = "m"), 0);
    assert_int_equal(DO(make, .type = SYNC_MAP, .object = "m"), 54301);
    assert_int_equal(DO(make, .type = SYNC_LIST, .object = "m"), 0); /* of another type */
    assert_int_equal(DO(put, MAP(.key = key)), 54209);
    assert_int_equal(DO(put, MAP(.key = key + 1)), 0);
    assert_int_equal(DO(put, MAP(.key = "")), 54209);
    assert_int_equal(DO(put, MAP(.key = "a", .data = "7")), 54206);
    assert_int_equal(DO(put, MAP(.key = "a", .no_data = true)), 54206);
    assert_int_equal(DO(put, MAP(.key = "a", .how = SYNC_PUT_REPLACE)), 54201);
    assert_int_equal(DO(put, MAP(.key = "a", .ttl = { -1, NO_VALUE })), 54011);
    assert_int_equal(rows_in(s, "sync_map_item"), 1);
}

static void what_has_outlived_its_time_goes(void **state)
{
    struct stage *s = *state;

    assert_int_equal(DO(make, .type = SYNC_MAP, .object = "m", .ttl = { NO_VALUE, 100 }), 0);
    put_many(s, 450, (struct sync_ttl){ 10, NO_VALUE });
    assert_int_equal(DO(put, MAP(.key = "z", .ttl = { 50, NO_VALUE })), 0);
    s->heard[0] = '\0';
    ledger_turn(s->ledger, 9999);
    assert_string_equal(s->heard, "");
    ledger_turn(s->ledger, 1);
    assert_string_equal(PAGE(SYNC_MAP, "m", .size = 9), "z");
    assert_int_equal(rows_in(s, "sync_map_item WHERE removed_id IS NOT NULL"), 450); /* and not only out of sight */
    assert_true(str_starts(s->heard, "removed k0000 452\nremoved k0001 453\n"));
    ledger_turn(s->ledger, 40 * SECOND);
    assert_string_equal(PAGE(SYNC_MAP, "m", .size = 9), "");
    ledger_turn(s->ledger, 50 * SECOND);
    assert_string_equal(PAGE(SYNC_MAP, "m", .size = 9), "54200");
    assert_int_equal(rows_in(s, "sync_map"), 0);
    assert_int_equal(rows_in(s, "sync_map_item"), 0);
    assert_int_equal(rows_in(s, "alarm"), 0);
}

static void tombstones_are_forgotten(void **state)
{
    struct stage *s = *state;
    char key[16];

    assert_int_equal(DO(make, .type = SYNC_MAP, .object = "m"), 0);
    put_many(s, 300, for_ever);
    for (int i = 0; i < 300; i++) {
        snprintf(key, sizeof key, "k%04d", i);
        assert_int_equal(DO(take_out, MAP(.key = key)), 0);
    }
    ledger_turn(s->ledger, 12 * HOUR);
    assert_int_equal(DO(put, MAP(.key = "late")), 0);
    assert_int_equal(DO(take_out, MAP(.key = "late")), 0);
    assert_int_equal(DO(put, MAP(.key = "alive")), 0);
    ledger_turn(s->ledger, 12 * HOUR);
    assert_int_equal(rows_in(s, "sync_map_item"), 2);
    assert_string_equal(REPLAY(SYNC_MAP, "m", 599), "20410");
    assert_string_equal(REPLAY(SYNC_MAP, "m", 600), "-late@602 alive@603");
    ledger_turn(s->ledger, 12 * HOUR);
    assert_int_equal(rows_in(s, "sync_map_item"), 1);
    assert_string_equal(REPLAY(SYNC_MAP, "m", 602), "alive@603");
    assert_string_equal(REPLAY(SYNC_MAP, "m", 601), "20410");
}

static fault_t hold_back(struct tx *tx, void *arg)
{
    struct sync_service *v = sync_service_make(tx, ACCOUNT);

    (void)arg;
    row_edit(tx, v);
    v->acl_enabled = true;
    return NULL;
}

static void whoever_makes_it_has_it(void **state)
{
    struct stage *s = *state;
    static const struct sync_page page = { .index = NO_VALUE, .size = 9 };

    assert_null(ledger_do(s->ledger, s->arena, hold_back, NULL));
    assert_int_equal(DO(make, .type = SYNC_MAP, .object = "m", .who = "ann"), 0);
    assert_int_equal(DO(put, MAP(.key = "a")), 0);
    assert_string_equal(seen(s, (struct look){ .type = SYNC_MAP, .name = "m", .who = "ann", .page = &page }), "a");
    assert_string_equal(seen(s, (struct look){ .type = SYNC_MAP, .name = "m", .who = "bob", .page = &page }), "54007");
    assert_string_equal(seen(s, (struct look){ .type = SYNC_MAP, .name = "m", .page = &page }), "a");
    assert_int_equal(DO(drop, .type = SYNC_MAP, .object = "m"), 0);
    ledger_turn(s->ledger, 1);
    assert_int_equal(rows_in(s, "sync_map_permission"), 0);
}

static fault_t drop_service(struct tx *tx, void *arg)
{
    struct stage *s = arg;
    struct sync_service *v = row_new(tx, &sync_service_kind, "IS00000000000000000000000000000002");

    row_set(tx, v, &v->account_sid, ACCOUNT);
    for (int i = 0; i < 250; i++) {
        struct sync_stored *o = row_new(tx, &sync_document_kind, NULL);
        row_set(tx, o, &o->account_sid, ACCOUNT);
        row_set(tx, o, &o->service_sid, v->sid);
        assert_null(sync_object_created(s->sync, tx, SYNC_DOCUMENT, o, NULL, for_ever, NULL));
    }
    assert_null(sync_service_removed(s->sync, tx, v));
    return NULL;
}

static void what_belonged_to_a_service_follows_it(void **state)
{
    struct stage *s = *state;

    assert_null(ledger_do(s->ledger, s->arena, drop_service, s));
    ledger_turn(s->ledger, 1);
    assert_int_equal(rows_in(s, "sync_document"), 0);
    assert_int_equal(rows_in(s, "alarm"), 0);
}

static fault_t ask_without_tx(struct tx *tx, void *arg)
{
    struct stage *s = arg;
    struct sync_ask ask = ask_in(tx, "ann");
    struct sync_object o;

    ask.tx = NULL; /* as on a reader */
    fault_t f = sync_find(s->sync, &ask, SYNC_DOCUMENT, "view", &o);
    assert_int_equal(f->code, 54100);
    return NULL;
}

static void views_are_asked_after_the_rows(void **state)
{
    struct stage *s = *state;

    assert_null(ledger_do(s->ledger, s->arena, ask_without_tx, s));
    assert_int_equal(s->asked, 0);
    assert_string_equal(REPLAY(SYNC_DOCUMENT, "view", 0), "");
    assert_int_equal(s->asked, 1);
    assert_string_equal(REPLAY(SYNC_MAP, "view", 0), "54200"); /* it is no map */
    assert_string_equal(REPLAY(SYNC_DOCUMENT, "hidden", 0), "20403");
    assert_string_equal(REPLAY(SYNC_DOCUMENT, "nothing", 0), "54100");
    int asked = s->asked;
    assert_int_equal(DO(make, .type = SYNC_DOCUMENT, .object = "view"), 0);
    assert_string_equal(REPLAY(SYNC_DOCUMENT, "view", 0), "");
    assert_int_equal(s->asked, asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STORY(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
        STORY(every_change_takes_the_next_number),
        STORY(a_replay_is_cut_where_it_is_too_long),
        STORY(pages_begin_anywhere),
        STORY(a_stale_revision_changes_nothing),
        STORY(what_is_too_much_is_refused),
        STORY(what_has_outlived_its_time_goes),
        STORY(tombstones_are_forgotten),
        STORY(whoever_makes_it_has_it),
        STORY(what_belonged_to_a_service_follows_it),
        STORY(views_are_asked_after_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
