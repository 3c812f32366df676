#include "codec/form.h"
#include <string.h>
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static void keeps_order_and_repetition(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct form f;
    const char *s = "Events=a&&Friendly%4eame=Caf%C3%A9+%2b1&Events=b&Empty&Eq=x=y&=nameless&";

    assert_null(form_parse(a, s, strlen(s), &f));
    assert_int_equal(f.n, 6);
    assert_string_equal(f.pairs[0].value, "a");
    assert_string_equal(f.pairs[1].name, "FriendlyName");
    assert_string_equal(f.pairs[1].value, "Caf\xc3\xa9 +1");
    assert_string_equal(f.pairs[2].name, "Events");
    assert_string_equal(form_get(&f, "Events"), "b");
    assert_string_equal(form_get(&f, "Empty"), "");
    assert_string_equal(form_get(&f, "Eq"), "x=y");
    assert_string_equal(form_get(&f, ""), "nameless");
    assert_null(form_get(&f, "events"));
}

static void nothing_is_an_empty_form(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct form f;

    assert_null(form_parse(a, NULL, 0, &f));
    assert_int_equal(f.n, 0);
    assert_null(form_get(&f, "x"));
    assert_null(form_parse(a, "&&&", 3, &f));
    assert_int_equal(f.n, 0);
}

static void refuses(struct arena *a, const char *s, const char *message)
{
    struct form f;
    fault_t fault = form_parse(a, s, strlen(s), &f);

    assert_non_null(fault);
    assert_int_equal(fault->status, 400);
    assert_string_equal(fault->message, message);
}

static void names_what_is_wrong(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();

    refuses(a, "Good=1&Name=%zz", "Parameter 'Name' has a bad percent escape");
    refuses(a, "Name=%2", "Parameter 'Name' has a bad percent escape");
    refuses(a, "Name=%", "Parameter 'Name' has a bad percent escape");
    refuses(a, "Name=%a&b=1", "Parameter 'Name' has a bad percent escape");
    refuses(a, "Name=a%00b", "Parameter 'Name' has a NUL");
    refuses(a, "Name=%ff", "Parameter 'Name' has bytes that are not UTF-8");
    refuses(a, "Name=\xc3", "Parameter 'Name' has bytes that are not UTF-8");
    refuses(a, "a=1&b%=2", "The name of parameter 2 has a bad percent escape");
}

static void counts_pairs(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct text t = { .arena = a };
    struct form f;

    for (int i = 0; i < FORM_PAIRS_MAX; i++)
        text_put(&t, "a=b&&");
    assert_null(form_parse(a, t.s, t.n, &f));
    assert_int_equal(f.n, FORM_PAIRS_MAX);
    text_put(&t, "c");
    fault_t fault = form_parse(a, t.s, t.n, &f);
    assert_non_null(fault);
    assert_int_equal(fault->id, F_TOO_LARGE);
    assert_string_equal(fault->message, "1001 parameters; at most 1000 are allowed");
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct text t = { .arena = a };
    struct form f;
    const char *odd = "\x01 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\x7f\xc3\xa9";

    form_put(&t, "Plain", "a-b_c.d~e");
    form_put(&t, odd, odd);
    form_put(&t, "Empty", "");
    assert_true(str_starts(t.s, "Plain=a-b_c.d~e&%01%20%21"));
    assert_true(str_ends(t.s, "%7F%C3%A9&Empty="));
    assert_null(form_parse(a, t.s, t.n, &f));
    assert_int_equal(f.n, 3);
    assert_string_equal(f.pairs[1].name, odd);
    assert_string_equal(f.pairs[1].value, odd);

    struct text url = { .arena = a };
    text_put(&url, "/v1/Tasks?");
    form_put(&url, "Page", "1");
    form_put(&url, "PageSize", "50");
    assert_string_equal(url.s, "/v1/Tasks?Page=1&PageSize=50");
}

static void path_segments(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();

    assert_string_equal(url_unescape(a, "a+b%20c", 7, false), "a+b c");
    assert_string_equal(url_unescape(a, "a+b%20c", 7, true), "a b c");
    assert_string_equal(url_unescape(a, "abc", 2, false), "ab");
    assert_string_equal(url_unescape(a, "", 0, false), "");
    assert_null(url_unescape(a, "%20", 2, false)); /* the rest is not ours */
    assert_null(url_unescape(a, "%0g", 3, false));
    assert_null(url_unescape(a, "%00", 3, false));
    assert_null(url_unescape(a, "%c0%af", 6, false));
    assert_null(url_unescape(a, "a\0b", 3, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_and_repetition), cmocka_unit_test(nothing_is_an_empty_form),
        cmocka_unit_test(names_what_is_wrong),        cmocka_unit_test(counts_pairs),
        cmocka_unit_test(writes_what_it_reads),       cmocka_unit_test(path_segments),
    };
    return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
