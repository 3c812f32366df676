#include "base/folder.h"
#include "base/sid.h"
#include "base/text.h"
#include "store/faulty.h"
#include "store/store.h"
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static const char *const words[] = { "", "pending", "it's done", NULL };

struct thing {
    const char *sid, *account_sid, *room_sid, *name, *from, *url, *phone, *attributes, *tags;
    unsigned state;
    bool ready;
    int64_t size, born;
};

static const struct field fields[] = {
    FIELD(thing, sid, SID, .flags = KEY, .prefix = "TH"),
    FIELD(thing, account_sid, SID, .flags = OWNER, .prefix = "AC"),
    FIELD(thing, room_sid, SID, .flags = PARENT, .prefix = "RM"),
    FIELD(thing, name, STR, .flags = UNIQUE | NOCASE),
    FIELD(thing, from, STR),
    FIELD(thing, url, URL),
    FIELD(thing, phone, PHONE, .flags = INDEXED),
    FIELD(thing, attributes, JSON),
    FIELD(thing, tags, LIST),
    FIELD(thing, state, ENUM, .names = words),
    FIELD(thing, ready, BOOL),
    FIELD(thing, size, INT),
    FIELD(thing, born, TIME, .flags = BORN),
};
static const struct kind thing_kind = {
    .name = "thing", .size = sizeof(struct thing), .fields = fields, .nfields = sizeof fields / sizeof *fields
};

struct world {
    struct arena *arena;
    char folder[64];
    struct store *store;
    struct db *writer;
};

static void open_again(struct world *w)
{
    const char *why = NULL;

    w->store = store_open(w->arena, w->folder, &why);
    if (!w->store)
        fail_msg("%s", why);
    w->writer = db_open(w->store, true, w->arena, &why);
    if (!w->writer)
        fail_msg("%s", why);
}

static void shut(struct world *w)
{
    db_close(w->writer);
    store_close(w->store);
    w->writer = NULL;
    w->store = NULL;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    w->arena = arena_new();
    snprintf(w->folder, sizeof w->folder, "/tmp/test_store.XXXXXX");
    if (!mkdtemp(w->folder))
        return -1;
    size_t n = strlen(w->folder);
    snprintf(w->folder + n, sizeof w->folder - n, "/a/b"); /* made by the store */
    open_again(w);
    assert_int_equal(schema_sync(w->writer, &(const struct kind *){ &thing_kind }, 1), DB_OK);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    shut(w);
    w->folder[strlen(w->folder) - strlen("/a/b")] = '\0';
    folder_remove(w->folder);
    arena_free(w->arena);
    free(w);
    return 0;
}

static struct thing thing(const char *sid, const char *name, int64_t size)
{
    return (struct thing){ .sid = sid, .account_sid = "AC1", .room_sid = "RM1", .name = name, .size = size, .born = 5 };
}

static void insert(struct world *w, struct thing t)
{
    assert_int_equal(record_insert(w->writer, &thing_kind, &t), DB_OK);
}

static struct thing *find(struct world *w, const char *sid)
{
    void *row;

    assert_int_equal(record_find(w->writer, w->arena, &thing_kind, sid, &row), DB_OK);
    return row;
}

static void assert_same(const struct thing *a, const struct thing *b)
{
    assert_non_null(a);
    for (EACH_FIELD(f, &thing_kind))
        if (!field_equal(f, a, b))
            fail_msg("%s differs", f->name);
}

static void every_type_comes_back(void **state)
{
    struct world *w = *state;
    struct thing full = { .sid = "TH1",
                          .account_sid = "AC1",
                          .room_sid = "RM1",
                          .name = "Ünïcode 'quoted' \"too\"",
                          .from = "",
                          .url = "https://x",
                          .phone = "+1555",
                          .attributes = "{ \"a\" : 1 }",
                          .tags = "[]",
                          .state = 2,
                          .ready = true,
                          .size = INT64_MAX,
                          .born = -1 };
    struct thing empty = { .sid = "TH2", .size = NO_VALUE, .born = NO_VALUE };

    insert(w, full);
    insert(w, empty);
    assert_same(find(w, "TH1"), &full);
    assert_same(find(w, "TH2"), &empty);
    assert_null(find(w, "TH3"));
    shut(w);
    open_again(w);
    assert_same(find(w, "TH1"), &full);
    assert_same(find(w, "TH2"), &empty);
}

static void an_update_writes_what_changed(void **state)
{
    struct world *w = *state;
    struct thing was = thing("TH1", "a", 1), is = was, other = was;

    insert(w, was);
    other.phone = "+1"; /* somebody else's change to another column survives */
    assert_int_equal(record_update(w->writer, &thing_kind, &other, &was), DB_OK);
    is.size = 2;
    is.name = NULL;
    assert_int_equal(record_update(w->writer, &thing_kind, &is, &was), DB_OK);
    is.phone = "+1";
    assert_same(find(w, "TH1"), &is);
    assert_int_equal(record_update(w->writer, &thing_kind, &was, NULL), DB_OK);
    assert_same(find(w, "TH1"), &was);
    store_fail_after(w->writer, 1);
    assert_int_equal(record_update(w->writer, &thing_kind, &is, &is), DB_OK); /* nothing to do is not a statement */
    assert_int_equal(store_fail_after(w->writer, 0), 1);
    assert_int_equal(record_delete(w->writer, &thing_kind, "TH1"), DB_OK);
    assert_null(find(w, "TH1"));
}

static void many_at_once(void **state)
{
    struct world *w = *state;
    struct thing things[37]; /* two full statements, and five */
    const void *rows[37];

    for (int i = 0; i < 37; i++) {
        things[i] = thing(arena_printf(w->arena, "TH%02d", i), i % 2 ? NULL : arena_printf(w->arena, "%d", i), i);
        rows[i] = &things[i];
    }
    assert_int_equal(record_insert_all(w->writer, &thing_kind, rows, 37), DB_OK);
    for (int i = 0; i < 37; i++)
        assert_same(find(w, things[i].sid), &things[i]);
    assert_int_equal(record_insert_all(w->writer, &thing_kind, rows, 0), DB_OK);
    assert_int_equal(record_insert_all(w->writer, &thing_kind, rows, 20), DB_UNIQUE);
}

static void unique_without_regard_to_case(void **state)
{
    struct world *w = *state;
    struct thing same = thing("TH2", "ALICE", 1), elsewhere = thing("TH3", "ALICE", 1), key = thing("TH1", "bob", 1);

    elsewhere.room_sid = "RM2";
    insert(w, thing("TH1", "alice", 1));
    assert_int_equal(record_insert(w->writer, &thing_kind, &same), DB_UNIQUE);
    assert_string_equal(db_unique_field(w->writer), "name");
    assert_int_equal(record_insert(w->writer, &thing_kind, &key), DB_UNIQUE);
    assert_string_equal(db_unique_field(w->writer), "sid");
    insert(w, elsewhere);
    insert(w, thing("TH4", NULL, 1)); /* absent values do not collide */
    insert(w, thing("TH5", NULL, 1));
}

static void a_refused_row_leaves_its_transaction_alive(void **state)
{
    struct world *w = *state;
    struct thing same = thing("TH2", "a", 1);

    assert_int_equal(db_begin(w->writer), DB_OK);
    insert(w, thing("TH1", "a", 1));
    assert_int_equal(db_savepoint(w->writer), DB_OK);
    insert(w, thing("TH3", "c", 1));
    assert_int_equal(record_insert(w->writer, &thing_kind, &same), DB_UNIQUE);
    db_undo(w->writer);
    assert_int_equal(db_savepoint(w->writer), DB_OK);
    insert(w, thing("TH4", "d", 1));
    assert_int_equal(db_release(w->writer), DB_OK);
    assert_int_equal(db_commit(w->writer), DB_OK);
    assert_non_null(find(w, "TH1"));
    assert_null(find(w, "TH2"));
    assert_null(find(w, "TH3"));
    assert_non_null(find(w, "TH4"));
}

static void a_failure_loses_the_whole_transaction(void **state)
{
    struct world *w = *state;
    struct thing two = thing("TH2", "b", 1), three = thing("TH3", "c", 1);

    assert_int_equal(db_begin(w->writer), DB_OK);
    insert(w, thing("TH1", "a", 1));
    store_fail_after(w->writer, 1);
    assert_int_equal(record_insert(w->writer, &thing_kind, &two), DB_FAILED);
    assert_non_null(strstr(db_error(w->writer), "asked for"));
    assert_int_equal(record_insert(w->writer, &thing_kind, &three), DB_FAILED); /* not as a transaction of its own! */
    assert_int_equal(db_commit(w->writer), DB_FAILED);
    assert_null(find(w, "TH1"));
    assert_null(find(w, "TH3"));
    insert(w, three);
    assert_non_null(find(w, "TH3"));
}

static void a_statement_that_cannot_be_run_loses_it_too(void **state)
{
    struct world *w = *state;
    struct thing one = thing("TH1", "a", 1);

    assert_int_equal(db_begin(w->writer), DB_OK);
    assert_int_equal(db_run(w->writer, "DELETE FROM nowhere", NULL, 0, NULL, NULL), DB_FAILED);
    assert_int_equal(record_insert(w->writer, &thing_kind, &one), DB_FAILED);
    assert_non_null(strstr(db_error(w->writer), "nowhere")); /* the first failure's words */
    db_rollback(w->writer);
    insert(w, one);
}

/* --- selections */

struct seen {
    struct text sids;
    struct thing *last, *first;
};

static bool see(void *arg, void *row)
{
    struct seen *s = arg;
    struct thing *t = row;

    text_putf(&s->sids, "%s%s", s->sids.n ? " " : "", t->sid + 2);
    s->last = t;
    if (!s->first)
        s->first = t;
    return true;
}

static struct seen *seen_by(struct world *w, const struct selection *s)
{
    struct seen *seen = arena_alloc(w->arena, sizeof *seen);

    seen->sids.arena = w->arena;
    if (record_select(w->writer, w->arena, &thing_kind, s, see, seen) != DB_OK)
        fail_msg("%s", db_error(w->writer));
    return seen;
}

static const char *sids_by(struct world *w, const struct order *orders, size_t n)
{
    return text_str(&seen_by(w, &(struct selection){ .orders = orders, .norders = n })->sids);
}

static void sees(struct world *w, const char *sids, struct condition c)
{
    assert_string_equal(text_str(&seen_by(w, &(struct selection){ &c, 1 })->sids), sids);
}

static void conditions(void **state)
{
    struct world *w = *state;
    struct thing t[] = { thing("TH1", "Ann", 1), thing("TH2", "bob", 2), thing("TH3", NULL, NO_VALUE) };

    t[0].state = 1;
    t[1].state = 2;
    for (int i = 0; i < 3; i++)
        insert(w, t[i]);
    struct value several[] = { value_text("Ann"), value_text("x"), value_text("bob") };
    sees(w, "1 2 3", (struct condition){ "account_sid", IS, value_text("AC1") });
    sees(w, "1", (struct condition){ "name", IS, value_text("Ann") });
    sees(w, "", (struct condition){ "name", IS, value_text("ANN") });
    sees(w, "1", (struct condition){ "name", IS, value_text("ANN"), .nocase = true });
    sees(w, "2 3", (struct condition){ "name", IS_NOT, value_text("Ann") });
    sees(w, "3", (struct condition){ "name", IS_NULL });
    sees(w, "3", (struct condition){ "name", IS, value_text(NULL) });
    sees(w, "1 2", (struct condition){ "size", IS_NOT_NULL });
    sees(w, "1", (struct condition){ "size", LESS, value_int(2) });
    sees(w, "1 2", (struct condition){ "size", LESS_OR_IS, value_int(2) });
    sees(w, "2", (struct condition){ "size", MORE, value_int(1) });
    sees(w, "1 2", (struct condition){ "size", MORE_OR_IS, value_int(1) });
    sees(w, "1 2", (struct condition){ "name", ONE_OF, .values = several, .nvalues = 3 });
    sees(w, "", (struct condition){ "name", ONE_OF });
    sees(w, "2", (struct condition){ "state", IS, value_text("it's done") });
    sees(w, "1", (struct condition){ "state", IS, value_int(1) });
    sees(w, "3", (struct condition){ "state", IS, value_text("") });
    sees(w, "", (struct condition){ "name", IS, value_text("' OR 1=1 --") });

    void *row;
    assert_int_equal(record_find_by(w->writer, w->arena, &thing_kind, "name", "bob", "AC1", &row), DB_OK);
    assert_string_equal(((struct thing *)row)->sid, "TH2");
    assert_int_equal(record_find_by(w->writer, w->arena, &thing_kind, "name", "bob", "AC2", &row), DB_OK);
    assert_null(row);
    assert_int_equal(record_first(w->writer, w->arena, &thing_kind,
                                  &(struct selection){ .orders = &(struct order){ "sid", true }, .norders = 1 }, &row),
                     DB_OK);
    assert_string_equal(((struct thing *)row)->sid, "TH3");
}

/* Every page size, both directions, ties and absent values: the pages put together are the whole list. */
static void pages(struct world *w, const struct order *orders, size_t norders)
{
    const char *whole = sids_by(w, orders, norders);

    for (int limit = 1; limit < 9; limit++)
        for (int backwards = 0; backwards < 2; backwards++) {
            const char *all = "";
            struct value after[3];
            struct selection s = {
                .orders = orders, .norders = norders, .limit = limit, .backwards = backwards, .after = after
            };
            for (int rounds = 0; rounds < 20; rounds++) {
                struct seen *page = seen_by(w, &s);
                if (!page->last)
                    break;
                struct thing *edge = backwards ? page->first : page->last;
                for (size_t i = 0; i < norders; i++) {
                    const struct field *f = field_named(&thing_kind, orders[i].column);
                    after[i] = field_is_text(f) ? value_text(*field_text(f, edge)) : value_int(*field_int(f, edge));
                }
                s.after_sid = edge->sid;
                const char *a = backwards ? text_str(&page->sids) : all, *b = backwards ? all : text_str(&page->sids);
                all = arena_printf(w->arena, "%s%s%s", a, *a && *b ? " " : "", b);
            }
            assert_string_equal(all, whole);
        }
}

static void paging_with_ties(void **state)
{
    static const char *const names[] = { "a", NULL, "b", "c", "a", NULL, "c" };
    static const int64_t sizes[] = { 1, 1, NO_VALUE, 2, 2, NO_VALUE, 1 };
    struct world *w = *state;

    for (int i = 0; i < 7; i++) {
        struct thing t = thing(arena_printf(w->arena, "TH%d", i), NULL, sizes[i]);
        t.from = names[i];
        insert(w, t);
    }
    const struct order size[] = { { "size", false } }, size_down[] = { { "size", true } },
                       sid_down[] = { { "sid", true } };
    const struct order both[] = { { "from", true }, { "size", false } };
    assert_string_equal(sids_by(w, size, 1), "2 5 0 1 6 3 4");
    assert_string_equal(sids_by(w, size_down, 1), "4 3 6 1 0 5 2");
    pages(w, NULL, 0);
    pages(w, size, 1);
    pages(w, size_down, 1);
    pages(w, sid_down, 1);
    pages(w, both, 2);
}

static bool look_inside(void *arg, void *row)
{
    struct world *w = arg;

    (void)row;
    sees(w, "1 2", (struct condition){ "size", MORE_OR_IS, value_int(1) }); /* the same statement, two deep */
    return true;
}

static void a_query_inside_a_query(void **state)
{
    struct world *w = *state;
    struct condition c = { "size", MORE_OR_IS, value_int(1) };

    insert(w, thing("TH1", "a", 1));
    insert(w, thing("TH2", "b", 1));
    assert_int_equal(record_select(w->writer, w->arena, &thing_kind, &(struct selection){ &c, 1 }, look_inside, w),
                     DB_OK);
}

static bool count(void *arg, void *row)
{
    (void)row;
    return ++*(int *)arg < 2;
}

static void scans(void **state)
{
    struct world *w = *state;
    int n = 0;

    for (int i = 0; i < 5; i++)
        insert(w, thing(arena_printf(w->arena, "TH%d", i), NULL, i));
    assert_int_equal(record_scan(w->writer, &thing_kind, "size > 3", count, &n), DB_OK);
    assert_int_equal(n, 1);
    n = 0;
    assert_int_equal(record_scan(w->writer, &thing_kind, NULL, count, &n), DB_OK);
    assert_int_equal(n, 2); /* it said stop */
    assert_int_equal(record_scan(w->writer, &thing_kind, "\"no such\" = 1", count, &n), DB_FAILED);
}

static void an_unknown_word_is_an_error(void **state)
{
    struct world *w = *state;
    void *row;

    insert(w, thing("TH1", "a", 1));
    assert_int_equal(db_run(w->writer, "UPDATE thing SET state = 'weird'", NULL, 0, NULL, NULL), DB_OK);
    assert_int_equal(record_find(w->writer, w->arena, &thing_kind, "TH1", &row), DB_FAILED);
    assert_non_null(strstr(db_error(w->writer), "weird"));
}

/* --- connections and files */

static void readers_see_what_was_committed(void **state)
{
    struct world *w = *state;
    const char *why = NULL;
    void *row;
    struct db *reader = db_open(w->store, false, w->arena, &why);
    struct thing t = thing("TH1", "a", 1);

    assert_non_null(reader);
    assert_int_equal(db_begin(w->writer), DB_OK);
    insert(w, t);
    assert_int_equal(record_find(reader, w->arena, &thing_kind, "TH1", &row), DB_OK);
    assert_null(row);
    assert_int_equal(db_commit(w->writer), DB_OK);
    assert_int_equal(record_find(reader, w->arena, &thing_kind, "TH1", &row), DB_OK);
    assert_same(row, &t);
    assert_int_equal(record_insert(reader, &thing_kind, &t), DB_FAILED); /* read-only */
    db_close(reader);
}

static void one_server_a_folder(void **state)
{
    struct world *w = *state;
    const char *why = NULL;

    assert_null(store_open(w->arena, w->folder, &why));
    assert_non_null(strstr(why, w->folder));
    assert_non_null(strstr(why, arena_printf(w->arena, "process %d", (int)getpid())));
    shut(w);
    open_again(w);
}

static void write_file(struct world *w, const char *bytes, size_t n, off_t at)
{
    int fd = open(arena_printf(w->arena, "%s/plugboard.db", w->folder), O_WRONLY | (at ? 0 : O_TRUNC));

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n, at), n);
    close(fd);
}

static void cannot_be_opened(struct world *w, const char *part)
{
    const char *why = NULL;

    assert_null(store_open(w->arena, w->folder, &why));
    if (!strstr(why, part))
        fail_msg("'%s' does not say '%s'", why, part);
}

static void what_is_not_ours_is_left_alone(void **state)
{
    struct world *w = *state;
    const char *text = "Dear diary, today I was mistaken for a database.", *file;
    char after[100] = "";
    sqlite3 *sq;

    shut(w);
    write_file(w, text, strlen(text), 0);
    cannot_be_opened(w, "is not a database");
    file = arena_printf(w->arena, "%s/plugboard.db", w->folder);
    FILE *f = fopen(file, "r");
    assert_int_equal(fread(after, 1, sizeof after - 1, f), strlen(text));
    fclose(f);
    assert_string_equal(after, text);

    unlink(file);
    assert_int_equal(sqlite3_open(file, &sq), SQLITE_OK);
    sqlite3_exec(sq, "CREATE TABLE cookies(id)", NULL, NULL, NULL);
    sqlite3_close(sq);
    cannot_be_opened(w, "not one of Plugboard's");
}

static void a_damaged_file_is_noticed(void **state)
{
    struct world *w = *state;
    char garbage[6000];

    for (int i = 0; i < 400; i++)
        insert(w, thing(arena_printf(w->arena, "TH%03d", i), NULL, i));
    shut(w);
    memset(garbage, 0x5a, sizeof garbage);
    write_file(w, garbage, sizeof garbage, 3 * 4096);
    cannot_be_opened(w, "is damaged");
}

static void a_newer_file_is_refused(void **state)
{
    struct world *w = *state;

    assert_int_equal(
        db_run(w->writer, "UPDATE plugboard_meta SET value = '999' WHERE name = 'schema_version'", NULL, 0, NULL, NULL),
        DB_OK);
    shut(w);
    cannot_be_opened(w, "newer version");
}

static void a_backup_is_a_store(void **state)
{
    struct world *w = *state;
    const char *copy = arena_printf(w->arena, "%s/copy.db", w->folder), *why = NULL;
    struct thing t = thing("TH1", "a", 1);
    struct db *reader = db_open(w->store, false, w->arena, &why);

    insert(w, t);
    assert_int_equal(store_backup(reader, copy), DB_OK);
    insert(w, thing("TH2", "b", 1));
    assert_int_equal(store_backup(reader, copy), DB_FAILED); /* nothing is overwritten */
    assert_non_null(strstr(db_error(reader), "exists"));
    db_close(reader);
    shut(w);
    assert_int_equal(rename(copy, arena_printf(w->arena, "%s/plugboard.db", w->folder)), 0);
    open_again(w);
    assert_same(find(w, "TH1"), &t);
    assert_null(find(w, "TH2"));
}

/* --- migration */

struct newer {
    const char *sid, *account_sid, *room_sid, *name, *from, *url, *phone, *attributes, *tags, *color, *note;
    unsigned state, mood;
    bool ready, loud;
    int64_t size, born, revision, weight;
};

static const char *const moods[] = { "good", "bad", NULL };
static const struct field newer_fields[] = {
    FIELD(newer, sid, SID, .flags = KEY, .prefix = "TH"),
    FIELD(newer, account_sid, SID, .flags = OWNER, .prefix = "AC"),
    FIELD(newer, room_sid, SID, .flags = PARENT, .prefix = "RM"),
    FIELD(newer, name, STR),
    FIELD(newer, from, STR, .flags = INDEXED),
    FIELD(newer, url, URL),
    FIELD(newer, phone, PHONE),
    FIELD(newer, attributes, JSON),
    FIELD(newer, tags, LIST),
    FIELD(newer, color, STR, .initial = "it's red"),
    FIELD(newer, note, STR),
    FIELD(newer, state, ENUM, .names = words),
    FIELD(newer, mood, ENUM, .names = moods, .initial = "bad"),
    FIELD(newer, ready, BOOL),
    FIELD(newer, loud, BOOL, .initial = "true"),
    FIELD(newer, size, INT),
    FIELD(newer, born, TIME, .flags = BORN),
    FIELD(newer, revision, INT, .flags = REVISION),
    FIELD(newer, weight, INT),
};

static bool list_index(void *arg, struct columns *c)
{
    text_putf(arg, "%s ", column_text(c, 0));
    return true;
}

static void an_older_file_grows(void **state)
{
    static const struct index over[] = { { "phone, from", true } };
    const struct kind kind = { .name = "thing",
                               .size = sizeof(struct newer),
                               .fields = newer_fields,
                               .nfields = sizeof newer_fields / sizeof *newer_fields,
                               .indexes = over,
                               .nindexes = 1 };
    struct world *w = *state;
    struct text indexes = { .arena = w->arena };
    void *row;

    insert(w, thing("TH1", "a", 7));
    shut(w);
    open_again(w);
    for (int i = 0; i < 2; i++) /* the second time there is nothing to do */
        assert_int_equal(schema_sync(w->writer, &(const struct kind *){ &kind }, 1), DB_OK);
    assert_int_equal(record_find(w->writer, w->arena, &kind, "TH1", &row), DB_OK);
    struct newer *n = row;
    assert_string_equal(n->color, "it's red");
    assert_null(n->note);
    assert_int_equal(n->mood, 1);
    assert_true(n->loud);
    assert_int_equal(n->revision, 0);
    assert_true(n->weight == NO_VALUE);
    assert_int_equal(n->size, 7);
    db_run(w->writer, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name", NULL, 0,
           list_index, &indexes);
    assert_string_equal(text_str(&indexes), "ix__thing__from__sid ix__thing__room_sid__sid ux__thing__phone__from ");
}

static void a_column_keeps_its_type(void **state)
{
    struct world *w = *state;
    struct field changed[sizeof newer_fields / sizeof *newer_fields];
    struct kind kind = {
        .name = "thing", .size = sizeof(struct newer), .fields = changed, .nfields = sizeof changed / sizeof *changed
    };

    memcpy(changed, newer_fields, sizeof changed);
    changed[15].name = "name"; /* was a text, is a number */
    changed[3].name = "size";
    assert_int_equal(schema_sync(w->writer, &(const struct kind *){ &kind }, 1), DB_FAILED);
    assert_non_null(strstr(db_error(w->writer), "thing.size"));
    assert_int_equal(schema_sync(w->writer, &(const struct kind *){ &thing_kind }, 1), DB_OK);
}

static void a_reader_looks_while_a_server_writes(void **state)
{
    struct world *w = *state;
    const char *why = NULL;
    struct thing t = {
        .sid = "TH00000000000000000000000000000001", .account_sid = "AC1", .room_sid = "RM1", .name = "one"
    };
    void *row;

    assert_int_equal(schema_sync(w->writer, (const struct kind *const[]){ &thing_kind }, 1), DB_OK);
    assert_int_equal(record_insert(w->writer, &thing_kind, &t), DB_OK);
    struct store *s = store_open_reading(w->arena, w->folder, &why); /* the lock is held by w->store */
    assert_non_null(s);
    struct db *reader = db_open(s, false, w->arena, &why);
    assert_non_null(reader);
    assert_int_equal(record_find(reader, w->arena, &thing_kind, t.sid, &row), DB_OK);
    assert_string_equal(((struct thing *)row)->name, "one");
    assert_int_equal(db_run(reader, "DELETE FROM thing", NULL, 0, NULL, NULL), DB_FAILED);
    db_close(reader);
    store_close(s);
    shut(w);
    s = store_open_reading(w->arena, w->folder, &why); /* and when none does */
    assert_non_null(s);
    open_again(w); /* it has taken no lock */
    store_close(s);

    const char *nowhere = arena_printf(w->arena, "%s/nowhere", w->folder);
    assert_null(store_open_reading(w->arena, nowhere, &why));
    assert_non_null(strstr(why, "is not there"));
    assert_int_equal(access(nowhere, F_OK), -1); /* and was not made */
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_type_comes_back),
        TEST(an_update_writes_what_changed),
        TEST(many_at_once),
        TEST(unique_without_regard_to_case),
        TEST(a_refused_row_leaves_its_transaction_alive),
        TEST(a_failure_loses_the_whole_transaction),
        TEST(a_statement_that_cannot_be_run_loses_it_too),
        TEST(conditions),
        TEST(paging_with_ties),
        TEST(a_query_inside_a_query),
        TEST(scans),
        TEST(an_unknown_word_is_an_error),
        TEST(readers_see_what_was_committed),
        TEST(one_server_a_folder),
        TEST(what_is_not_ours_is_left_alone),
        TEST(a_damaged_file_is_noticed),
        TEST(a_newer_file_is_refused),
        TEST(a_backup_is_a_store),
        TEST(an_older_file_grows),
        TEST(a_column_keeps_its_type),
        TEST(a_reader_looks_while_a_server_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
