#include "base/text.h"
#include <string.h>
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static void grows(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct text t = { .arena = a };

    assert_string_equal(text_str(&t), "");
    assert_null(t.s);
    for (int i = 0; i < 10000; i++) {
        text_putc(&t, (char)('a' + i % 26));
        assert_int_equal(t.s[t.n], 0);
    }
    assert_int_equal(strlen(t.s), 10000);
    assert_int_equal(t.s[9999], 'a' + 9999 % 26);
    text_put(&t, "");
    text_putn(&t, "xyz", 2);
    assert_string_equal(t.s + 10000, "xy");
    memcpy(text_reserve(&t, 3), "end", 4);
    t.n += 3;
    assert_string_equal(text_str(&t) + 10002, "end");
}

static void empty_is_a_string_once_put(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct text t = { .arena = a };

    text_put(&t, "");
    assert_string_equal(t.s, "");
}

static void formats(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct text t = { .arena = a };
    char many[300];

    memset(many, 'm', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    text_putf(&t, "%s|%d", many, 5);
    text_putf(&t, "%s", "");
    text_putf(&t, "<%s>", many);
    assert_int_equal(t.n, 299 + 2 + 301);
    assert_int_equal(strlen(t.s), t.n);
    assert_memory_equal(t.s + 299, "|5<m", 4);
    for (int n = 50; n < 140; n++) { /* every way to just fit or just not fit */
        struct text u = { .arena = a };
        text_putf(&u, "%.*s", n, many);
        assert_int_equal(strlen(u.s), n);
    }
}

static void integers(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    const int64_t v[] = { 0, 7, -7, 10, 1234567890, INT64_MAX, INT64_MIN };

    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct text t = { .arena = a };
        int64_t back = 99;
        text_put_int(&t, v[i]);
        assert_string_equal(t.s, arena_printf(a, "%lld", (long long)v[i]));
        assert_true(str_to_int(t.s, &back));
        assert_true(back == v[i]);
    }
}

static void reading_integers_is_strict(void **state)
{
    (void)state;
    static const char *const bad[] = { "",
                                       "-",
                                       "+1",
                                       " 1",
                                       "1 ",
                                       "1x",
                                       "0x1",
                                       "1.0",
                                       "--1",
                                       "9223372036854775808",
                                       "-9223372036854775809",
                                       "99999999999999999999999" };
    int64_t v = 42;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(str_to_int(bad[i], &v));
    assert_false(str_to_int(NULL, &v));
    assert_int_equal(v, 42);
    assert_true(str_to_int("-0012", &v));
    assert_int_equal(v, -12);
}

static void comparing(void **state)
{
    (void)state;
    bool b = false;

    assert_true(str_eq(NULL, NULL));
    assert_false(str_eq(NULL, ""));
    assert_true(str_eq("a", "a"));
    assert_true(str_ieq("Content-Type", "cONTENT-tYPE"));
    assert_false(str_ieq("abc", "ab"));
    assert_false(str_ieq("ab", "abc"));
    assert_false(str_ieq("@", "`"));
    assert_false(str_ieq("a", NULL));
    assert_true(str_starts("abc", "ab"));
    assert_true(str_starts("abc", ""));
    assert_false(str_starts("ab", "abc"));
    assert_true(str_ends("abc", "bc"));
    assert_false(str_ends("bc", "abc"));
    assert_false(str_ends(NULL, "x"));
    assert_true(str_to_bool("TRUE", &b));
    assert_true(b);
    assert_true(str_to_bool("no", &b));
    assert_false(b);
    assert_false(str_to_bool("maybe", &b));
    assert_false(str_to_bool(NULL, &b));
}

static void utf8(void **state)
{
    (void)state;
    static const char *const good[] = { "",
                                        "plain",
                                        "h\xc3\xa9",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "\xef\xbf\xbf",
                                        "\xf4\x8f\xbf\xbf",
                                        "\xed\x9f\xbf",
                                        "seven..\xc3\xa9 and a long tail" };
    static const char *const bad[] = { "\x80",
                                       "\xc3",
                                       "\xc0\xaf",
                                       "\xc1\xbf",
                                       "\xe0\x9f\xbf",
                                       "\xed\xa0\x80",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xff",
                                       "\xe2\x82",
                                       "\xe2\x28\xa1",
                                       "12345678\xff",
                                       "1234567\xc3" };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(utf8_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    assert_true(utf8_valid("a\0b", 3));
    assert_false(utf8_valid("\xe2\x82\xac", 2)); /* the end is n, not NUL */
    assert_int_equal(utf8_length("h\xc3\xa9\xf0\x9f\x98\x80!"), 4);
}

static void names(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    static const char *const both[][2] = { { "friendly_name", "FriendlyName" },
                                           { "sid", "Sid" },
                                           { "configuration.flow_sid", "Configuration.FlowSid" },
                                           { "sip_auth_1", "SipAuth1" } };

    for (size_t i = 0; i < 4; i++)
        assert_string_equal(name_pascal(a, both[i][0]), both[i][1]);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(name_snake(a, both[i][1]), both[i][0]);
    assert_string_equal(name_snake(a, "SIPDomain"), "sip_domain");
    assert_string_equal(name_snake(a, "CallSID"), "call_sid");
    assert_string_equal(name_snake(a, "Md5Sum"), "md5_sum");
    assert_string_equal(name_snake(a, "already_snake"), "already_snake");
    assert_string_equal(name_snake(a, ""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows),
        cmocka_unit_test(empty_is_a_string_once_put),
        cmocka_unit_test(formats),
        cmocka_unit_test(integers),
        cmocka_unit_test(reading_integers_is_strict),
        cmocka_unit_test(comparing),
        cmocka_unit_test(utf8),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
