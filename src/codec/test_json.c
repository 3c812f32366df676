#include "codec/json.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static json_t *parse(struct arena *a, const char *s)
{
    return json_parse(a, s, strlen(s), NULL);
}

/* What reading and writing makes of it. */
static const char *again(struct arena *a, const char *s)
{
    json_t *v = parse(a, s);

    assert_non_null(v);
    return json_text(a, v);
}

static void a_document_comes_back(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    static const char *const same[] = {
        "{\"z\":1,\"a\":[true,false,null,{}],\"m\":{\"x\":\"y\"}}",
        "[]",
        "\"text\"",
        "0",
        "-1",
        "null",
        "9223372036854775807",
        "-9223372036854775808",
        "0.1",
        "1.0",
        "-2.5",
        "1e+300",
        "3.141592653589793",
        "[[[]],[]]",
        "\"\xc3\xa9 \xf0\x9f\x98\x80 / \x7f\"",
        "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\"",
        "[100,1001,10010,100100,99,9]",
    };

    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_string_equal(again(a, same[i]), same[i]);
    assert_string_equal(again(a, " { \"a\" : [ 1 , 2 ] } \n"), "{\"a\":[1,2]}");
    assert_string_equal(again(a, "\"\\u00e9\\ud83d\\ude00\\/\""), "\"\xc3\xa9\xf0\x9f\x98\x80/\"");
}

static void says_what_is_wrong_and_where(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    static const char *const bad[] = { "",
                                       " ",
                                       "{",
                                       "[1,]",
                                       "{\"a\"}",
                                       "{'a':1}",
                                       "tru",
                                       "01",
                                       "1.",
                                       "\"\x01\"",
                                       "\"\xff\"",
                                       "[1] 2",
                                       "9223372036854775808",
                                       "1e999",
                                       "\"\\ud800\"",
                                       "NaN",
                                       "\"\\u0000\"{" };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *why = NULL;
        assert_null(json_parse(a, bad[i], strlen(bad[i]), &why));
        assert_non_null(why);
    }
    const char *why = NULL;
    assert_null(json_parse(a, "{\n \"a\": x}", 10, &why));
    assert_non_null(strstr(why, "line 2"));
    assert_null(json_parse(a, NULL, 0, NULL));
    assert_null(json_parse_object(a, "[]", 2, &why));
    assert_string_equal(why, "JSON that is not an object");
    assert_non_null(json_parse_object(a, "{}", 2, &why));
}

static char *nested(struct arena *a, size_t depth)
{
    char *s = arena_alloc(a, 2 * depth + 1);

    memset(s, '[', depth);
    memset(s + depth, ']', depth);
    return s;
}

static void depth_and_size_are_limited(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    const char *why = NULL;

    assert_non_null(parse(a, nested(a, JSON_DEPTH_MAX)));
    assert_null(json_parse(a, nested(a, JSON_DEPTH_MAX + 1), 2 * JSON_DEPTH_MAX + 2, &why));
    assert_string_equal(why, "JSON nests deeper than 64 levels");
    assert_null(parse(a, nested(a, 100000)));
    assert_non_null(parse(a, arena_printf(a, "\"\\\"%.200s\"", nested(a, 200)))); /* brackets in a string are text */
    char *large = arena_alloc(a, JSON_SIZE_MAX + 1);
    memset(large, ' ', JSON_SIZE_MAX);
    large[0] = '1';
    assert_non_null(json_parse(a, large, JSON_SIZE_MAX, NULL));
    assert_null(json_parse(a, large, JSON_SIZE_MAX + 1, &why));
    assert_non_null(strstr(why, "16777216 bytes"));
}

static void gets_strings(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    json_t *v = parse(a, "{\"s\":\"x\",\"n\":1}");

    assert_string_equal(json_get_string(v, "s"), "x");
    assert_null(json_get_string(v, "n"));
    assert_null(json_get_string(v, "none"));
    assert_null(json_get_string(NULL, "s"));
}

static void writes_a_document(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '{');
    json_pair_str(&o, "sid", "WT1");
    json_pair_str(&o, "none", NULL);
    json_pair_int(&o, "age", -42);
    json_pair_bool(&o, "yes", true);
    json_pair_raw(&o, "attributes", "{\"a\":[1]}");
    json_key(&o, "list");
    json_open(&o, '[');
    json_str(&o, "ends with a colon:");
    json_int(&o, 2);
    json_open(&o, '[');
    json_close(&o, ']');
    json_open(&o, '{');
    json_close(&o, '}');
    json_nil(&o);
    json_double(&o, 0.5);
    json_double(&o, 3);
    json_double(&o, NAN);
    json_bool(&o, false);
    json_strn(&o, "abc", 2);
    json_close(&o, ']');
    json_key_any(&o, "any \"key\"");
    json_open(&o, '{');
    json_pair_int(&o, "x", 0);
    json_close(&o, '}');
    json_pair_int(&o, "last", INT64_MIN);
    json_pair_date(&o, "at", 1500);
    json_pair_date_ms(&o, "at_ms", 1500);
    json_pair_date(&o, "never", INT64_MIN);
    json_close(&o, '}');
    assert_string_equal(json_done(&o),
                        "{\"sid\":\"WT1\",\"none\":null,\"age\":-42,\"yes\":true,\"attributes\":{\"a\":[1]},"
                        "\"list\":[\"ends with a colon:\",2,[],{},null,0.5,3.0,null,false,\"ab\"],"
                        "\"any \\\"key\\\"\":{\"x\":0},\"last\":-9223372036854775808,"
                        "\"at\":\"1970-01-01T00:00:01Z\",\"at_ms\":\"1970-01-01T00:00:01.500Z\",\"never\":null}");
    json_begin(&o, a);
    json_str(&o, "");
    assert_string_equal(json_done(&o), "\"\"");
}

static void nests_to_the_limit(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct json_out o;

    json_begin(&o, a);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        json_open(&o, '[');
    json_int(&o, 1);
    json_int(&o, 2);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        json_close(&o, ']');
    const char *s = json_done(&o);
    assert_int_equal(strlen(s), 2 * JSON_DEPTH_MAX + 3);
    assert_non_null(parse(a, s));
}

/* Every string that is UTF-8 comes back as it was, wherever the escapes are. */
static void strings_come_back(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    static const char *const pieces[] = {
        "a", "\"", "\\", "\n", "\x01", "\xc3\xa9", "\xf0\x9f\x98\x80", "long and plain", "\x7f", "/"
    };
    unsigned dice = 1;

    for (int round = 0; round < 2000; round++) {
        struct text t = { .arena = a };
        struct json_out o;
        for (int i = 0; i < round % 12; i++) {
            dice = dice * 1103515245 + 12345;
            text_put(&t, pieces[dice / 65536 % 10]);
        }
        json_begin(&o, a);
        json_strn(&o, text_str(&t), t.n);
        json_t *v = parse(a, json_done(&o));
        assert_non_null(v);
        assert_string_equal(json_string_value(v), text_str(&t));
        assert_string_equal(json_text(a, v), json_done(&o));
    }
}

static void what_is_no_utf8_is_repaired(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct json_out o;

    json_begin(&o, a);
    json_str(&o, "a\n\xc3\xa9\xff\"\xe2\x82");
    assert_string_equal(json_done(&o), "\"a\\n\xc3\xa9\xef\xbf\xbd\\\"\xef\xbf\xbd\xef\xbf\xbd\"");
    json_begin(&o, a);
    json_strn(&o, "\0x", 2);
    assert_string_equal(json_done(&o), "\"\\u0000x\"");
}

static void long_strings_and_many_values(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct json_out o;
    char *quotes = arena_alloc(a, 5001);

    memset(quotes, '"', 5000);
    json_begin(&o, a);
    json_open(&o, '[');
    for (int i = 0; i < 300; i++)
        json_str(&o, quotes + i);
    json_close(&o, ']');
    json_t *v = parse(a, json_done(&o));
    assert_int_equal(json_array_size(v), 300);
    assert_int_equal(json_string_length(json_array_get(v, 299)), 5000 - 299);
}

static void integers(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    int64_t v = 1;

    for (int i = 0; i < 19; i++, v = i < 19 ? v * 10 : v)
        for (int64_t d = -1; d <= 1; d++) {
            struct json_out o;
            json_begin(&o, a);
            json_int(&o, -(v + d));
            assert_string_equal(json_done(&o), arena_printf(a, "%lld", -(long long)(v + d)));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_comes_back),
        cmocka_unit_test(says_what_is_wrong_and_where),
        cmocka_unit_test(depth_and_size_are_limited),
        cmocka_unit_test(gets_strings),
        cmocka_unit_test(writes_a_document),
        cmocka_unit_test(nests_to_the_limit),
        cmocka_unit_test(strings_come_back),
        cmocka_unit_test(what_is_no_utf8_is_repaired),
        cmocka_unit_test(long_strings_and_many_values),
        cmocka_unit_test(integers),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
