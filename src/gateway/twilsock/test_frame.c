#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/twilsock/frame.h"
#include <string.h>

static const char *read_text(struct arena *a, const char *s, struct frame *out)
{
    return frame_read(a, s, strlen(s), out);
}

static void what_is_written_can_be_read(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct frame_out w;
    struct frame f;
    size_t n;

    (void)state;
    frame_open(&w, a, "reply", "TM1");
    frame_status(&w, 401, "UNAUTHORIZED", "wörds", 20104);
    const char *bytes = frame_close(&w, "{\"ok\":1}", 8, NULL, &n);
    assert_null(frame_read(a, bytes, n, &f));
    assert_string_equal(f.method, "reply");
    assert_string_equal(f.id, "TM1");
    assert_string_equal(f.payload, "{\"ok\":1}");
    assert_int_equal(f.payload_size, 8);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(f.header, "status"), "errorCode")), 20104);
}

/* The example of the protocol's description, to the byte. */
static void an_empty_reply_is_102_bytes(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct frame_out w;
    size_t n;

    (void)state;
    frame_open(&w, a, "reply", "TM1");
    frame_status(&w, 200, "OK", NULL, 0);
    const char *bytes = frame_close(&w, NULL, 0, NULL, &n);
    assert_int_equal(n, 102);
    assert_string_equal(bytes, "TWILSOCK V3.0 82\r\n{\"method\":\"reply\",\"id\":\"TM1\",\"status\":{\"code\":200,"
                               "\"status\":\"OK\"},\"payload_size\":0}\r\n");
}

static void what_is_not_a_frame_is_named(void **state)
{
    static const struct {
        const char *bytes, *words;
    } cases[] = {
        { "", "does not begin" },
        { "TWILSOCK V2.0 2\r\n{}\r\n", "does not begin" },
        { "TWILSOCK V3.0 \r\n{}\r\n", "not a number" },
        { "TWILSOCK V3.0 2", "not a number" },
        { "TWILSOCK V3.0 2x\r\n{}\r\n", "not a number" },
        { "TWILSOCK V3.0 -2\r\n{}\r\n", "not a number" },
        { "TWILSOCK V3.0 9999999\r\n{}\r\n", "not a number" },
        { "TWILSOCK V3.0 999999\r\n{}\r\n", "too long" },
        { "TWILSOCK V3.0 3\r\n{}\r\n", "not as long" },
        { "TWILSOCK V3.0 1\r\n{}\r\n", "not as long" },
        { "TWILSOCK V3.0 2\r\n{}", "not as long" },
        { "TWILSOCK V3.0 2\r\n[]\r\n", "not a JSON object" },
        { "TWILSOCK V3.0 2\r\n{]\r\n", "not a JSON object" },
        { "TWILSOCK V3.0 2\r\n{}\r\n", "no method" },
        { "TWILSOCK V3.0 14\r\n{\"method\":\"x\"}\r\n", "no id" },
        { "TWILSOCK V3.0 23\r\n{\"method\":\"x\",\"id\":\"1\"}\r\n", "payload_size" },
        { "TWILSOCK V3.0 41\r\n{\"method\":\"x\",\"id\":\"1\",\"payload_size\":-1}\r\n", "payload_size" },
        { "TWILSOCK V3.0 43\r\n{\"method\":\"x\",\"id\":\"1\",\"payload_size\":1e30}\r\n", "payload_size" },
        { "TWILSOCK V3.0 40\r\n{\"method\":\"x\",\"id\":\"1\",\"payload_size\":3}\r\nab", "shorter" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        _arena_ struct arena *a = arena_new();
        struct frame f;
        const char *why = read_text(a, cases[i].bytes, &f);
        if (!why || !strstr(why, cases[i].words))
            fail_msg("%s: %s", cases[i].bytes, why ? why : "was read");
    }
}

static void what_follows_the_payload_is_ignored(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct frame f;

    (void)state;
    assert_null(read_text(a, "TWILSOCK V3.0 40\r\n{\"method\":\"x\",\"id\":\"1\",\"payload_size\":1}\r\nabc", &f));
    assert_string_equal(f.payload, "a");
}

static void an_acknowledgement_is_known_at_a_glance(void **state)
{
    static const struct {
        const char *bytes;
        bool is;
    } cases[] = {
        { "TWILSOCK V3.0 93\r\n{\"id\":\"TM1\",\"method\":\"reply\",\"payload_type\":\"application/json\"", true },
        { "TWILSOCK V3.0 93\r\n{\"method\":\"reply\"}", true },
        { "TWILSOCK V3.0 93\r\n{\"id\":\"\\\"method\\\":\\\"reply\\\"\",\"method\":\"init\"}", false },
        { "TWILSOCK V2.0 93\r\n{\"method\":\"reply\"}", false },
        { "", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(frame_is_reply(cases[i].bytes, strlen(cases[i].bytes)), cases[i].is);
}

static void a_frame_has_a_limit(void **state)
{
    _arena_ struct arena *a = arena_new();
    char *bytes = arena_alloc(a, FRAME_MAX + 1);
    struct frame f;

    (void)state;
    assert_non_null(strstr(frame_read(a, bytes, FRAME_MAX + 1, &f), "too long"));
    assert_non_null(strstr(frame_read(a, bytes, FRAME_MAX, &f), "does not begin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_can_be_read),  cmocka_unit_test(an_empty_reply_is_102_bytes),
        cmocka_unit_test(what_is_not_a_frame_is_named), cmocka_unit_test(what_follows_the_payload_is_ignored),
        cmocka_unit_test(a_frame_has_a_limit),          cmocka_unit_test(an_acknowledgement_is_known_at_a_glance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
