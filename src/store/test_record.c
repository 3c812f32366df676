#include "store/record.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

static const char *const words[] = { "pending", "done", NULL };

struct thing {
    const char *sid, *account_sid, *name;
    bool ready;
    unsigned state;
    int64_t size, born;
};

static const struct field good[] = {
    FIELD(thing, sid, SID, .flags = KEY, .prefix = "TH"),
    FIELD(thing, account_sid, SID, .flags = OWNER, .prefix = "AC"),
    FIELD(thing, name, STR, .flags = UNIQUE | NOCASE),
    FIELD(thing, ready, BOOL),
    FIELD(thing, state, ENUM, .names = words),
    FIELD(thing, size, INT),
    FIELD(thing, born, TIME, .flags = BORN),
};
enum { N = sizeof good / sizeof *good };

struct check {
    struct arena *arena;
    struct field fields[N + 1];
    struct kind kind;
};

static int setup(void **state)
{
    static struct check c;

    c.arena = arena_new();
    memcpy(c.fields, good, sizeof good);
    c.kind = (struct kind){ .name = "thing", .size = sizeof(struct thing), .fields = c.fields, .nfields = N };
    *state = &c;
    return 0;
}

static int teardown(void **state)
{
    arena_free(((struct check *)*state)->arena);
    return 0;
}

static void refused(struct check *c, const char *part)
{
    const char *why = kind_check(c->arena, &c->kind);

    assert_non_null(why);
    if (!strstr(why, part))
        fail_msg("'%s' does not say '%s'", why, part);
}

static void a_good_kind_passes(void **state)
{
    struct check *c = *state;

    assert_null(kind_check(c->arena, &c->kind));
    assert_ptr_equal(field_named(&c->kind, "name"), &c->fields[2]);
    assert_null(field_named(&c->kind, "nam"));
    assert_ptr_equal(field_flagged(&c->kind, BORN), &c->fields[6]);
    assert_null(field_flagged(&c->kind, PARENT));
}

static void keys(void **state)
{
    struct check *c = *state;

    c->fields[0].flags = 0;
    refused(c, "0 KEYs");
    c->fields[0].flags = KEY;
    c->fields[2].flags = KEY;
    refused(c, "2 KEYs");
}

static void uncovered_bytes(void **state)
{
    struct check *c = *state;

    c->fields[5] = c->fields[6];
    c->kind.nfields = N - 1;
    refused(c, "no row covers the 8 bytes");
    c->kind.nfields = N - 2; /* the end of the struct */
    refused(c, "no row covers the 16 bytes");
}

static void overlapping_members(void **state)
{
    struct check *c = *state;

    c->fields[2].offset = c->fields[1].offset;
    refused(c, "overlaps");
    c->fields[2].offset = sizeof(struct thing);
    refused(c, "beyond");
}

static void words_are_needed(void **state)
{
    struct check *c = *state;

    c->fields[4].names = NULL;
    refused(c, "without words");
}

static void names_are_there_once(void **state)
{
    struct check *c = *state;

    c->fields[2].name = "sid";
    refused(c, "twice");
}

static void live_rows_need_both_languages(void **state)
{
    struct check *c = *state;

    c->kind.live_where = "ready = 1";
    refused(c, "not resident");
}

static void equality(void **state)
{
    char copy[] = "x"; /* equal, but elsewhere */
    struct thing a = { .name = "x", .size = NO_VALUE }, b = { .name = copy, .size = 1 };

    (void)state;
    assert_true(field_equal(&good[2], &a, &b));
    assert_false(field_equal(&good[5], &a, &b));
    b.name = NULL;
    assert_false(field_equal(&good[2], &a, &b));
    a.name = NULL;
    assert_true(field_equal(&good[2], &a, &b));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_good_kind_passes), TEST(keys),
        TEST(uncovered_bytes),    TEST(overlapping_members),
        TEST(words_are_needed),   TEST(names_are_there_once),
        TEST(equality),           TEST(live_rows_need_both_languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
