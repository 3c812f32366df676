/* request: what a customer may send, field by field, and what becomes of it. */
#include "base/clock.h"
#include "product/contact/request.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1000000 };
static const char topics_text[] = "{\"billing\":\"Billing\",\"sales\":\"Sales\"}";

struct fixture {
    struct arena *a;
    json_t *topics, *none;
};

static int setup(void **state)
{
    struct arena *a = arena_new();
    struct fixture *f = arena_alloc(a, sizeof *f);

    f->a = a;
    f->topics = json_parse_object(a, topics_text, strlen(topics_text), NULL);
    f->none = json_parse_object(a, "{}", 2, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    arena_free(((struct fixture *)*state)->a);
    return 0;
}

static char *repeat(struct arena *a, const char *s, size_t n)
{
    struct text t = { .arena = a };

    while (n--)
        text_put(&t, s);
    return t.s;
}

/* A good request, but for one member. */
static const char *body_with(struct arena *a, const char *field, const char *json)
{
    static const char good[] = "{\"name\":\"Ada\",\"phone\":\"+44 (20) 7946-0018\",\"topic\":\"billing\","
                               "\"message\":\"Hello\",\"website\":\"\",\"page\":\"https://example.com/a\"}";
    json_t *o = json_parse_object(a, good, sizeof good - 1, NULL);
    const char *why;
    json_t *value = json ? json_parse(a, json, strlen(json), &why) : NULL;

    assert_non_null(o);
    if (json && !value)
        fail_msg("%s: %s", json, why);
    if (value)
        json_object_set(o, field, value);
    else if (field)
        json_object_del(o, field);
    return json_text(a, o);
}

static const char *read_one(struct fixture *f, const char *body, struct contact_request *out, const char **field)
{
    return request_read(f->a, body, strlen(body), f->topics, NOW, out, field);
}

static void a_good_one(void **state)
{
    struct fixture *f = *state;
    struct contact_request r;
    const char *field;

    assert_null(read_one(f, body_with(f->a, NULL, NULL), &r, &field));
    assert_false(r.trapped);
    assert_string_equal(r.name, "Ada");
    assert_string_equal(r.phone, "+44 (20) 7946-0018");
    assert_string_equal(r.topic, "billing");
    assert_string_equal(r.message, "Hello");
    assert_string_equal(r.page, "https://example.com/a");
}

static void fields(void **state)
{
    struct fixture *f = *state;
    const char *x100 = repeat(f->a, "\xc3\xa9", 100), *x2000 = repeat(f->a, "\xc3\xa9", 2000);
    const struct {
        const char *field, *json;
        bool good;
    } rows[] = {
        { "name", NULL },
        { "name", "7" },
        { "name", "\"\"" },
        { "name", "\"  \"" },
        { "name", "\"a\\nb\"" },
        { "name", "\"a\\u0007b\"" },
        { "name", "\"a\\u007fb\"" },
        { "name", "\"a\\u0085b\"" },
        { "name", arena_printf(f->a, "\"%s\"", x100), true },
        { "name", arena_printf(f->a, "\"%sx\"", x100) },
        { "phone", NULL },
        { "phone", "15551234" },
        { "phone", "\"1234\"" },
        { "phone", "\"12345\"", true },
        { "phone", "\"+()-. 1234\"" },
        { "phone", "\"555 CALL 55555\"" },
        { "phone", "\"12345678901234567890\"", true },
        { "phone", "\"123456789012345678901\"" },
        { "phone", "\"1-2-3-4-5-6-7-8-9-0-1-2-3-4-5-6-\"", true },
        { "phone", "\"1-2-3-4-5-6-7-8-9-0-1-2-3-4-5-6-7\"" },
        { "phone", "\"\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\"" }, /* digits, but Arabic ones */
        { "topic", NULL },
        { "topic", "\"Billing\"" },
        { "topic", "\"sales\"", true },
        { "message", NULL },
        { "message", "\"\\n \"" },
        { "message", "\"a\\nb\"", true },
        { "message", "\"a\\tb\"" },
        { "message", arena_printf(f->a, "\"%s\"", x2000), true },
        { "message", arena_printf(f->a, "\"%sx\"", x2000) },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct contact_request r;
        const char *field, *why = read_one(f, body_with(f->a, rows[i].field, rows[i].json), &r, &field);
        if (rows[i].good ? why != NULL : !why || !field || strcmp(field, rows[i].field))
            fail_msg("%s %s: %s (%s)", rows[i].field, rows[i].json ? rows[i].json : "absent", why ? why : "taken",
                     field ? field : "-");
    }
}

static void bodies(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = { "", "x", "[]", "null", "{\"name\":\"\xff\"}", "{\"name\":\"a\\u0000\"}" };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct contact_request r;
        const char *field;
        assert_non_null(read_one(f, bad[i], &r, &field));
        assert_null(field);
    }
}

static void a_form_without_topics_asks_for_none(void **state)
{
    struct fixture *f = *state;
    struct contact_request r;
    const char *field, *body = body_with(f->a, "topic", "\"anything\"");

    assert_null(request_read(f->a, body, strlen(body), f->none, NOW, &r, &field));
    assert_null(r.topic);
}

static void pages(void **state)
{
    struct fixture *f = *state;
    const char *filler = repeat(f->a, "x", PAGE_BYTES_MAX);
    const char *const dropped[] = { "7", "\"\"", "\"javascript:alert(1)\"", "\"http://a/\\n\"",
                                    arena_printf(f->a, "\"http://%s\"", filler) };
    struct contact_request r;
    const char *field;

    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++) {
        assert_null(read_one(f, body_with(f->a, "page", dropped[i]), &r, &field));
        assert_null(r.page);
    }
    assert_null(read_one(f, body_with(f->a, "page", "\"HTTPS://a/\""), &r, &field));
    assert_string_equal(r.page, "HTTPS://a/");
}

static void machines(void **state)
{
    struct fixture *f = *state;
    const struct {
        const char *field, *json;
        bool trapped;
    } rows[] = {
        { "website", "\"http://spam\"", true },
        { "website", "7" },
        { "started_at", "1000000", true },
        { "started_at", "999201", true },
        { "started_at", "999200" },
        { "started_at", "1000001" }, /* a clock that is ahead */
        { "started_at", "-9223372036854775808" },
        { "started_at", "9223372036854775807" },
        { "started_at", "\"999999\"" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct contact_request r;
        const char *field;
        assert_null(read_one(f, body_with(f->a, rows[i].field, rows[i].json), &r, &field));
        if (r.trapped != rows[i].trapped)
            fail_msg("%s %s: %d", rows[i].field, rows[i].json, r.trapped);
    }
    /* A machine is told nothing about its other mistakes. */
    struct contact_request r;
    const char *field;
    assert_null(read_one(f, "{\"website\":\"x\"}", &r, &field));
    assert_true(r.trapped);
}

static void attributes(void **state)
{
    struct fixture *f = *state;
    struct contact_request r = { .name = "A \"B\"", .phone = "12345", .topic = "sales", .message = "x\ny" };
    const char *text = request_attributes(f->a, &r, "7K3M-9QXT");

    assert_string_equal(text, "{\"type\":\"callback\",\"direction\":\"inbound\",\"reference\":\"7K3M-9QXT\","
                              "\"name\":\"A \\\"B\\\"\",\"phone\":\"12345\",\"topic\":\"sales\",\"skill\":\"sales\","
                              "\"message\":\"x\\ny\",\"customers\":{\"name\":\"A \\\"B\\\"\",\"phone\":\"12345\"},"
                              "\"customerName\":\"A \\\"B\\\"\",\"customerAddress\":\"12345\",\"page\":null}");
    /* The longest message fits, unless it is all characters that JSON must escape. */
    r.message = repeat(f->a, "\xc3\xa9", MESSAGE_CHARS_MAX);
    r.name = repeat(f->a, "x", NAME_CHARS_MAX);
    r.page = repeat(f->a, "x", PAGE_BYTES_MAX);
    assert_non_null(request_attributes(f->a, &r, "7K3M-9QXT"));
    r.message = repeat(f->a, "\"", MESSAGE_CHARS_MAX);
    assert_null(request_attributes(f->a, &r, "7K3M-9QXT"));
}

static void references(void **state)
{
    char one[REFERENCE_SIZE], other[REFERENCE_SIZE];

    (void)state;
    reference_make(one);
    reference_make(other);
    assert_int_equal(strspn(one, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 4);
    assert_int_equal(one[4], '-');
    assert_int_equal(strspn(one + 5, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 4);
    assert_int_equal(one[9], '\0');
    assert_string_not_equal(one, other);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_good_one), TEST(fields),   TEST(bodies),     TEST(a_form_without_topics_asks_for_none),
        TEST(pages),      TEST(machines), TEST(attributes), TEST(references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
