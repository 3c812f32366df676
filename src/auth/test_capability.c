/* What the policies of a capability token allow. */
#include "auth/internal.h"
#include "base/text.h"
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TASKROUTER "https://taskrouter.twilio.com/v1/Workspaces/WS1"

static bool ask(const char *policies, const char *method, const char *url, const char *form)
{
    _arena_ struct arena *a = arena_new();
    struct principal p = { .by = BY_CAPABILITY, .policy = policies };
    struct form query, given;
    struct destination d;

    if (!destination_read(a, url, &d))
        return false;
    assert_null(form_parse(a, d.query, strlen(d.query), &query));
    assert_null(form_parse(a, form, strlen(form), &given));
    fault_t f = auth_capability(&p, a, &(struct deed_at){ method, d.label, d.path, &query, &given });
    if (f)
        assert_int_equal(f->id, F_FORBIDDEN);
    return !f;
}

static bool reaches(const char *pattern, const char *url)
{
    _arena_ struct arena *a = arena_new();
    const char *policies = arena_printf(a, "[{\"url\":\"%s\",\"method\":\"GET\",\"allow\":true}]", pattern);

    return ask(policies, "GET", url, "");
}

static void nothing_is_allowed_that_no_policy_allows(void **state)
{
    (void)state;
    assert_false(ask("[]", "GET", TASKROUTER, ""));
    assert_false(ask("nonsense", "GET", TASKROUTER, ""));
    assert_false(ask("[1,null,{}]", "GET", TASKROUTER, ""));
    assert_false(ask("[{\"url\":\"" TASKROUTER "\",\"method\":\"GET\"}]", "GET", TASKROUTER, ""));
    assert_true(ask("[{\"url\":\"" TASKROUTER "\",\"method\":\"get\",\"allow\":true}]", "GET", TASKROUTER, ""));
    assert_false(ask("[{\"url\":\"" TASKROUTER "\",\"method\":\"GET\",\"allow\":true}]", "POST", TASKROUTER, ""));
    assert_false(ask("[{\"url\":\"" TASKROUTER "\",\"method\":\"GET\",\"allow\":\"true\"}]", "GET", TASKROUTER, ""));
}

static void a_denial_outweighs(void **state)
{
    static const char policies[] = "[{\"url\":\"" TASKROUTER "/Tasks/**\",\"method\":\"POST\",\"allow\":true},"
                                   "{\"url\":\"" TASKROUTER "/Tasks/WT1\",\"method\":\"POST\",\"allow\":false,"
                                   "\"post_filter\":{\"Priority\":{\"required\":true}}}]";

    (void)state;
    assert_true(ask(policies, "POST", TASKROUTER "/Tasks/WT2", "Priority=1"));
    assert_true(ask(policies, "POST", TASKROUTER "/Tasks/WT1", "Reason=x"));
    assert_false(ask(policies, "POST", TASKROUTER "/Tasks/WT1", "Priority=1"));
    assert_false(ask(policies, "POST", TASKROUTER "/Tasks/WT1", "Priority=1&Reason=x"));
    assert_false(ask(policies, "POST", TASKROUTER "/Tasks/WT%31", "Priority=1"));
    assert_false(ask(policies, "POST", TASKROUTER "/Tasks//WT1", "Priority=1"));
}

static void stars_stand_for_segments(void **state)
{
    (void)state;
    assert_true(reaches(TASKROUTER "/Tasks/*", TASKROUTER "/Tasks/WT1"));
    assert_false(reaches(TASKROUTER "/Tasks/*", TASKROUTER "/Tasks"));
    assert_false(reaches(TASKROUTER "/Tasks/*", TASKROUTER "/Tasks/WT1/Reservations"));
    assert_true(reaches(TASKROUTER "/Tasks/**", TASKROUTER "/Tasks"));
    assert_true(reaches(TASKROUTER "/Tasks/**", TASKROUTER "/Tasks/WT1/Reservations/WR1"));
    assert_false(reaches(TASKROUTER "/Tasks/**", TASKROUTER "/TasksOfMine"));
    assert_false(reaches(TASKROUTER "/Tasks/**", TASKROUTER));
    assert_true(reaches(TASKROUTER "/**/Reservations/*", TASKROUTER "/Tasks/WT1/Reservations/WR1"));
    assert_false(reaches(TASKROUTER "/**/Reservations/*", TASKROUTER "/Tasks/WT1/Reservations"));
    assert_true(reaches(TASKROUTER "/**/a/**/b", TASKROUTER "/a/b/a/c/b"));
    assert_false(reaches(TASKROUTER "/**/a/**/b", TASKROUTER "/a/b/a/c"));
    assert_true(reaches("https://taskrouter.twilio.com/v1/Workspaces/*/Workers/WK1", TASKROUTER "/Workers/WK1"));
    assert_true(reaches("https://taskrouter.twilio.com/**", TASKROUTER "/Workers/WK1"));
    assert_false(reaches("**", TASKROUTER));
}

static void the_server_has_several_names(void **state)
{
    (void)state;
    assert_true(reaches(TASKROUTER, "http://127.0.0.1:8080/taskrouter/v1/Workspaces/WS1"));
    assert_true(reaches(TASKROUTER, "https://taskrouter.example.com:8443/v1/Workspaces/WS1/"));
    assert_true(reaches("http://localhost/taskrouter/v1/Workspaces/WS1", TASKROUTER));
    assert_false(reaches(TASKROUTER, "https://event-bridge.twilio.com/v1/Workspaces/WS1"));
    assert_false(reaches(TASKROUTER, "https://api.twilio.com/v1/Workspaces/WS1"));
    assert_false(reaches(TASKROUTER, "https://taskrouter.twilio.com"));
    assert_false(reaches(TASKROUTER, "/v1/Workspaces/WS1"));
    assert_false(reaches(TASKROUTER, TASKROUTER "/%zz"));
}

static void filters_name_what_may_be_given(void **state)
{
    static const char policies[] =
        "[{\"url\":\"" TASKROUTER "/Workers/WK1\",\"method\":\"POST\",\"allow\":true,\"query_filter\":[],"
        "\"post_filter\":{\"ActivitySid\":{\"required\":true},\"Reason\":{\"required\":false}}},"
        "{\"url\":\"" TASKROUTER "/Workers\",\"method\":\"GET\",\"allow\":true,\"post_filter\":{},"
        "\"query_filter\":{\"ActivitySid\":{\"required\":true}}},"
        "{\"url\":\"" TASKROUTER "/Tasks\",\"method\":\"POST\",\"allow\":true,\"post_filter\":\"all\"}]";

    (void)state;
    assert_true(ask(policies, "POST", TASKROUTER "/Workers/WK1", "ActivitySid=WA1"));
    assert_true(ask(policies, "POST", TASKROUTER "/Workers/WK1", "ActivitySid=WA1&Reason=x"));
    assert_false(ask(policies, "POST", TASKROUTER "/Workers/WK1", "Reason=x"));
    assert_false(ask(policies, "POST", TASKROUTER "/Workers/WK1", "ActivitySid=WA1&Attributes={}"));
    assert_true(ask(policies, "GET", TASKROUTER "/Workers?ActivitySid=WA1&PageSize=5&PageToken=x", ""));
    assert_false(ask(policies, "GET", TASKROUTER "/Workers?PageSize=5", ""));
    assert_false(ask(policies, "GET", TASKROUTER "/Workers?ActivitySid=WA1&FriendlyName=x", ""));
    assert_false(ask(policies, "POST", TASKROUTER "/Tasks", "")); /* a filter that is none lets nothing through */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_allowed_that_no_policy_allows),
        cmocka_unit_test(a_denial_outweighs),
        cmocka_unit_test(stars_stand_for_segments),
        cmocka_unit_test(the_server_has_several_names),
        cmocka_unit_test(filters_name_what_may_be_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
