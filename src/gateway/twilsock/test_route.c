#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/twilsock/route.h"
#include <string.h>

static const char *find(struct arena *a, const char *request, struct way *out)
{
    const char *text = arena_printf(a, "{\"http_request\":%s}", request);
    const json_t *header = json_parse_object(a, text, strlen(text), NULL);

    assert_non_null(header);
    return way_find(a, header, out);
}

static void paths_lead_to_labels(void **state)
{
    static const struct {
        const char *path, *label, *rest;
    } cases[] = {
        { "/v3/Maps/a%20b", "cds", "/v3/Maps/a%20b" },
        { "/v4/Subscriptions", "cds", "/v4/Subscriptions" },
        { "/cds/v3/Lists", "cds", "/v3/Lists" },
        { "/x.twilio.com/cds/v3/Lists", "cds", "/v3/Lists" },
        { "/x.twilio.com/v3/Lists", "cds", "/v3/Lists" },
        { "/.twilio.com/v3/Lists", "cds", "/v3/Lists" },
        { "/Client/v2/Configuration", "aim", "/Client/v2/Configuration" },
        { "/aim/Client/v2/Configuration", "aim", "/Client/v2/Configuration" },
        { "/aim/whatever", "aim", "/whatever" },
        { "/v1/typing", "aim", "/v1/typing" },
        { "/v1/registrations", "ers", "/v1/registrations" },
        { "/tsock/v3/token", NULL, NULL },
        { "/tsock/v4/Subscriptions", NULL, NULL },
        { "/taskrouter/v1/Workspaces", NULL, NULL },
        { "/", NULL, NULL },
        { "//v3/Maps", NULL, NULL },
        { "/cds", NULL, NULL },
        { "v3/Maps", NULL, NULL },
        { "/v3/Maps?x=1", NULL, NULL },
        { "", NULL, NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        _arena_ struct arena *a = arena_new();
        struct way w;
        const char *why = find(a, arena_printf(a, "{\"method\":\"get\",\"path\":\"%s\"}", cases[i].path), &w);
        if (!cases[i].label != !!why)
            fail_msg("%s: %s", cases[i].path, why ? why : w.label);
        if (why)
            continue;
        assert_string_equal(w.label, cases[i].label);
        assert_string_equal(w.path, cases[i].rest);
        assert_string_equal(w.method, "GET");
    }
}

static void parameters_are_as_they_stood_in_the_url(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct way w;

    (void)state;
    assert_null(find(
        a, "{\"method\":\"GET\",\"path\":\"/v3/x\",\"params\":{\"a\":\"1%2B1\",\"b\":[\"2\",\"3\"],\"c\":\"\"}}", &w));
    assert_string_equal(w.query, "a=1%2B1&b=2&b=3&c=");
    assert_null(find(a, "{\"method\":\"GET\",\"path\":\"/v3/x\",\"params\":null}", &w));
    assert_string_equal(w.query, "");
    assert_non_null(find(a, "{\"method\":\"GET\",\"path\":\"/v3/x\",\"params\":{\"a\":\"1&b=2\"}}", &w));
    assert_non_null(find(a, "{\"method\":\"GET\",\"path\":\"/v3/x\",\"params\":{\"a=b\":\"1\"}}", &w));
    assert_non_null(find(a, "{\"method\":\"GET\",\"path\":\"/v3/x\",\"params\":{\"a\":1}}", &w));
}

static void headers_bring_no_credentials(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct way w;

    (void)state;
    assert_null(
        find(a,
             "{\"method\":\"POST\",\"path\":\"/v3/x\",\"headers\":{\"Content-Type\":\"text/plain\",\"If-Match\":\"1\","
             "\"Authorization\":\"Basic x\",\"COOKIE\":\"y\",\"X-Twilio-Token\":\"z\"}}",
             &w));
    assert_string_equal(w.content_type, "text/plain");
    assert_int_equal(w.nheaders, 1);
    assert_string_equal(w.headers[0].name, "if-match");
    assert_non_null(find(a, "{\"method\":\"POST\",\"path\":\"/v3/x\",\"headers\":{\"A\":\"b\\r\\nC: d\"}}", &w));
    assert_non_null(find(a, "{\"method\":\"\",\"path\":\"/v3/x\"}", &w));
    assert_non_null(find(a, "{\"method\":\"G T\",\"path\":\"/v3/x\"}", &w));
    assert_non_null(find(a, "7", &w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_labels),
        cmocka_unit_test(parameters_are_as_they_stood_in_the_url),
        cmocka_unit_test(headers_bring_no_credentials),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
