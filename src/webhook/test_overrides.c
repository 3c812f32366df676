/* Fragments: what each says, what is out of bounds, and what is nonsense. */
#include "webhook/overrides.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h> /* after what it needs */

static struct overrides read_url(struct arena *a, const char *url)
{
    return overrides_read(a, url, 5000);
}

static void test_defaults(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct overrides o = read_url(a, "https://example.com/hook?a=b");

    (void)state;
    assert_string_equal(o.url, "https://example.com/hook?a=b");
    assert_int_equal(o.connect_ms, 5000);
    assert_int_equal(o.read_ms, 0);
    assert_int_equal(o.total_ms, 5000);
    assert_int_equal(o.retries, 1);
    assert_int_equal(o.retry_after, RETRY_NOT_CONNECTED);
    assert_false(o.retries_said);
}

static void test_all_said(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct overrides o =
        read_url(a, "https://example.com/hook#ct=2000&rt=3000&tt=15000&rc=3&rp=4xx,rt&sni=n&e=ashburn,dublin");

    (void)state;
    assert_string_equal(o.url, "https://example.com/hook");
    assert_int_equal(o.connect_ms, 2000);
    assert_int_equal(o.read_ms, 3000);
    assert_int_equal(o.total_ms, 15000);
    assert_int_equal(o.retries, 3);
    assert_int_equal(o.retry_after, RETRY_4XX | RETRY_SILENT);
    assert_true(o.retries_said);
}

static void test_bounds(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct overrides low = read_url(a, "http://h/#ct=1&rt=0&tt=99&rc=0"),
                     high = read_url(a, "http://h/#ct=99999999999999999999&rt=15001&tt=20000&rc=6");

    (void)state;
    assert_int_equal(low.connect_ms, 100);
    assert_int_equal(low.read_ms, 100);
    assert_int_equal(low.total_ms, 100);
    assert_int_equal(low.retries, 0);
    assert_int_equal(high.connect_ms, 10000);
    assert_int_equal(high.read_ms, 15000);
    assert_int_equal(high.total_ms, 15000);
    assert_int_equal(high.retries, 5);
}

static void test_nonsense_is_not_there(void **state)
{
    static const char *const urls[] = {
        "http://h/#",         "http://h/#section",    "http://h/#ct=&rt=x1&tt=-5&rc=1.5",
        "http://h/#rp=sure,", "http://h/#CT=100&=5&", "http://h/##&&&"
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        _arena_ struct arena *a = arena_new();
        struct overrides o = read_url(a, urls[i]);
        assert_string_equal(o.url, "http://h/");
        assert_int_equal(o.connect_ms, 5000);
        assert_int_equal(o.read_ms, 0);
        assert_int_equal(o.total_ms, 5000);
        assert_int_equal(o.retries, 1);
        assert_int_equal(o.retry_after, RETRY_NOT_CONNECTED);
        assert_false(o.retries_said);
    }
}

static bool retries(const char *fragment, enum http_end end, int status, int64_t tries, int64_t spent)
{
    _arena_ struct arena *a = arena_new();
    struct overrides o = read_url(a, arena_printf(a, "http://h/#%s", fragment));

    return overrides_retry(&o, &(struct http_call){ .end = end, .status = status }, tries, spent);
}

static void test_when_to_try_again(void **state)
{
    (void)state;
    assert_true(retries("", HTTP_NOT_CONNECTED, 0, 1, 10));
    assert_false(retries("", HTTP_NOT_CONNECTED, 0, 2, 10));
    assert_false(retries("", HTTP_ANSWERED, 500, 1, 10));
    assert_true(retries("rp=5xx", HTTP_ANSWERED, 503, 1, 10));
    assert_false(retries("rp=5xx", HTTP_ANSWERED, 404, 1, 10));
    assert_false(retries("rp=5xx", HTTP_NOT_CONNECTED, 0, 1, 10));
    assert_true(retries("rp=4xx", HTTP_ANSWERED, 404, 1, 10));
    assert_true(retries("rp=rt", HTTP_TIMED_OUT, 0, 1, 10));
    assert_true(retries("rp=all&rc=5", HTTP_TIMED_OUT, 0, 5, 10));
    assert_false(retries("rp=all&rc=5", HTTP_TIMED_OUT, 0, 6, 10));
    assert_false(retries("rp=all&rc=0", HTTP_TIMED_OUT, 0, 1, 10));
    assert_false(retries("rp=all&rc=5&tt=1000", HTTP_TIMED_OUT, 0, 1, 1000)); /* the time is spent */
    assert_false(retries("rp=all", HTTP_BROKEN, 0, 1, 10));                   /* half an answer */
    assert_false(retries("rp=all", HTTP_ANSWERED, 200, 1, 10));               /* good for HTTP, not for its purpose */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_all_said),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_nonsense_is_not_there),
        cmocka_unit_test(test_when_to_try_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
