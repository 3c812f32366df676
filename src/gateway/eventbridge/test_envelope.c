#include "gateway/eventbridge/internal.h"

#include <string.h>
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static fault_t parse(struct arena *a, const char *body, struct envelope *out)
{
    return envelope_parse(a, body, strlen(body), out);
}

static void reads_what_the_sdk_sends(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct envelope e;

    assert_null(parse(a,
                      "{\"url\":\"Workspaces/WS1/Workers/WK%31\",\"method\":\"POST\",\"params\":{\"ActivitySid\":"
                      "\"WA1\"},\"token\":\"t\"}",
                      &e));
    assert_string_equal(e.method, "POST");
    assert_string_equal(e.token, "t");
    assert_int_equal(e.nsegments, 4);
    assert_string_equal(e.segments[3], "WK1");
    assert_string_equal(json_get_string(e.params, "ActivitySid"), "WA1");
}

static void params_may_be_missing_or_null(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct envelope e;

    assert_null(parse(a, "{\"url\":\"a\",\"method\":\"GET\",\"token\":\"t\"}", &e));
    assert_int_equal(json_object_size(e.params), 0);
    assert_null(parse(a, "{\"url\":\"a\",\"method\":\"GET\",\"token\":\"t\",\"params\":null}", &e));
    assert_int_equal(json_object_size(e.params), 0);
}

static void a_whole_url_is_the_first_sdks(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct envelope e;

    assert_null(parse(a,
                      "{\"url\":\"https://taskrouter.twilio.com/v1/Workspaces/WS1/\",\"method\":\"GET\",\"event_type\":"
                      "\"ready\",\"token\":\"t\"}",
                      &e));
    assert_true(e.whole);
    assert_int_equal(e.nsegments, 0);
    assert_string_equal(e.event_type, "ready");
    assert_null(parse(a, "{\"url\":\"Workspaces/WS1\",\"method\":\"GET\",\"token\":\"t\"}", &e));
    assert_false(e.whole);
    assert_null(e.event_type);
}

static void refuses_what_is_no_envelope(void **state)
{
    static const char *const bodies[] = {
        "",
        "url=x&method=GET",
        "[]",
        "{\"method\":\"GET\",\"token\":\"t\"}",
        "{\"url\":1,\"method\":\"GET\",\"token\":\"t\"}",
        "{\"url\":\"a\",\"method\":\"GET\"}",
        "{\"url\":\"a\",\"method\":\"GET\",\"token\":\"t\",\"params\":[]}",
        "{\"url\":\"\",\"method\":\"GET\",\"token\":\"t\"}",
        "{\"url\":\"/a\",\"method\":\"GET\",\"token\":\"t\"}",
        "{\"url\":\"a/\",\"method\":\"GET\",\"token\":\"t\"}",
        "{\"url\":\"a/%4\",\"method\":\"GET\",\"token\":\"t\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        _arena_ struct arena *a = arena_new();
        struct envelope e;
        fault_t f = parse(a, bodies[i], &e);
        assert_non_null(f);
        assert_int_equal(f->status, 400);
    }
}

static void has_limits(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct envelope e;
    char *long_one = arena_alloc(a, ENVELOPE_MAX + 2);

    memset(long_one, ' ', ENVELOPE_MAX + 1);
    assert_int_equal(parse(a, long_one, &e)->status, 413);
    assert_int_equal(parse(a, "{\"url\":\"1/2/3/4/5/6/7/8/9/10/11\",\"method\":\"GET\",\"token\":\"t\"}", &e)->status,
                     404);
}

static const struct route *find(struct arena *a, const char *method, const char *url, struct call *c)
{
    *c = (struct call){ 0 };
    fault_t f =
        parse(a, arena_printf(a, "{\"url\":\"%s\",\"method\":\"%s\",\"token\":\"t\"}", url, method), &c->envelope);
    assert_null(f);
    return route_of(c);
}

static void routes_take_sids(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    struct call c;

    const struct route *r = find(a, "POST", "Workspaces/WS1/Workers/WK1/Reservations/WR1", &c);
    assert_non_null(r);
    assert_ptr_equal(r->run, reservation_update);
    assert_string_equal(c.sids[0], "WS1");
    assert_string_equal(c.sids[1], "WK1");
    assert_string_equal(c.sids[2], "WR1");
    assert_ptr_equal(find(a, "GET", "Workspaces/WS1/Workers", &c)->run, list_workers);
    assert_ptr_equal(find(a, "GET", "Workspaces/WS1/Workers/WK1", &c)->run, worker_fetch);
    assert_ptr_equal(find(a, "POST", "Workspaces/WS1/Workers/WK1/Transfers/TT1", &c)->run, transfer_update);
    assert_ptr_equal(find(a, "POST", "Workspaces/WS1/Workers/WK1/WorkerParticipant", &c)->run, participant_update);
    assert_null(find(a, "PUT", "Workspaces/WS1/Workers/WK1", &c));
    assert_null(find(a, "GET", "Workspaces/WS1", &c));
    assert_null(find(a, "GET", "Workspaces/WS1/Nothing", &c));
    assert_null(find(a, "GET", "Workspaces/WS1/Workers/WK1/Reservations/WR1/More", &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_sdk_sends),
        cmocka_unit_test(params_may_be_missing_or_null),
        cmocka_unit_test(a_whole_url_is_the_first_sdks),
        cmocka_unit_test(refuses_what_is_no_envelope),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(routes_take_sids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
