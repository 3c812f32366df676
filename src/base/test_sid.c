#include "base/sid.h"
#include <string.h>
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static void looks_as_twilios(void **state)
{
    (void)state;
    struct clock *c = clock_test(0x18c0ffee123);
    struct sid_source s = { .clock = c };
    char sid[SID_SIZE];

    sid_make(&s, "WT", sid);
    assert_int_equal(strlen(sid), SID_LENGTH);
    assert_true(sid_valid(sid, "WT"));
    assert_true(sid_valid(sid, NULL));
    assert_false(sid_valid(sid, "WK"));
    assert_memory_equal(sid, "WT18c0ffee123", 13);
    clock_free(c);
}

static void strictly_increase(void **state)
{
    (void)state;
    struct clock *c = clock_test(1700000000000);
    struct sid_source s = { .clock = c };
    char last[SID_SIZE] = "", sid[SID_SIZE];

    for (int i = 0; i < 20000; i++) {
        sid_make(&s, "TR", sid);
        assert_true(strcmp(sid, last) > 0);
        memcpy(last, sid, sizeof last);
        if (i % 1000 == 0)
            clock_turn(c, i / 1000 % 3);
    }
    clock_free(c);
}

static void a_full_millisecond_borrows_the_next(void **state)
{
    (void)state;
    struct clock *c = clock_test(1700000000000);
    struct sid_source s = { .clock = c };
    char before[SID_SIZE], after[SID_SIZE];

    sid_make(&s, "TR", before);
    s.last = ((unsigned __int128)1 << 84) - 1;
    sid_make(&s, "TR", after);
    assert_true(strcmp(after, before) > 0);
    assert_int_equal(s.last_ms, 1700000000001);
    assert_true(sid_valid(after, "TR"));
    sid_make(&s, "TR", before); /* and the clock is behind now */
    assert_true(strcmp(before, after) > 0);
    clock_free(c);
}

static void two_sources_differ(void **state)
{
    (void)state;
    struct clock *c = clock_test(1);
    struct sid_source s = { .clock = c }, t = { .clock = c };
    char a[SID_SIZE], b[SID_SIZE];

    sid_make(&s, "AC", a);
    sid_make(&t, "AC", b);
    assert_string_not_equal(a, b);
    clock_free(c);
}

static void refuses_what_is_no_sid(void **state)
{
    (void)state;
    static const char *const bad[] = { "",
                                       "A",
                                       "AC",
                                       "AC0123456789abcdef0123456789abcde",
                                       "AC0123456789abcdef0123456789abcdef0",
                                       "ac0123456789abcdef0123456789abcdef",
                                       "AC0123456789abcdefg123456789abcdef" };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(sid_valid(bad[i], NULL));
    assert_false(sid_valid(NULL, NULL));
    assert_true(sid_valid("AC0123456789ABCDEF0123456789abcdef", "AC"));
}

static void random_digits(void **state)
{
    (void)state;
    char s[201];
    size_t seen[256] = { 0 };

    random_hex(s, 0);
    assert_string_equal(s, "");
    random_hex(s, 200);
    assert_int_equal(strlen(s), 200);
    assert_int_equal(strspn(s, "0123456789abcdef"), 200);
    for (int i = 0; i < 200; i++)
        seen[(unsigned char)s[i]]++;
    for (int i = 0; i < 256; i++)
        assert_true(seen[i] < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_as_twilios),
        cmocka_unit_test(strictly_increase),
        cmocka_unit_test(a_full_millisecond_borrows_the_next),
        cmocka_unit_test(two_sources_differ),
        cmocka_unit_test(refuses_what_is_no_sid),
        cmocka_unit_test(random_digits),
    };
    return cmocka_run_group_tests_name("sid", tests, NULL, NULL);
}
