#include "auth/internal.h"
#include "base/text.h"
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TASKS    "/v1/Workspaces/{workspace_sid}/Tasks"
#define QUEUES   "/v1/Workspaces/{workspace_sid}/TaskQueues"
#define CHANNELS "/v1/Workspaces/{workspace_sid}/Workers/{worker_sid}/Channels"

static bool may(const struct principal *p, const char *product, const char *resource, enum deed deed)
{
    _arena_ struct arena *a = arena_new();
    fault_t f = auth_may(p, a, product, resource, deed);

    if (f)
        assert_int_equal(f->id, F_FORBIDDEN);
    return !f;
}

static void an_account_and_a_plain_key_may_everything(void **state)
{
    struct principal account = { .by = BY_ACCOUNT }, key = { .by = BY_KEY };

    (void)state;
    assert_true(may(&account, "taskrouter", TASKS, MAY_DELETE));
    assert_true(may(&key, "studio", "/v2/Flows", MAY_CREATE));
}

static void nobody_may_nothing(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct principal nobody = { .by = BY_NOBODY };

    (void)state;
    assert_int_equal(auth_may(&nobody, a, "taskrouter", TASKS, MAY_READ)->id, F_UNAUTHENTICATED);
}

static void a_restricted_key_may_what_its_policy_lists(void **state)
{
    struct principal key = { .by = BY_KEY,
                             .policy = "{\"allow\":[\"/twilio/taskrouter/workspaces.tasks/read\","
                                       "\"/twilio/taskrouter/workspaces.tasks/create\","
                                       "\"/twilio/taskrouter/workspaces.task-queues/*\","
                                       "\"/twilio/taskrouter/workspaces.workers.channels/list\","
                                       "\"/twilio/voice/calls/create\"]}" };

    (void)state;
    assert_true(may(&key, "taskrouter", TASKS, MAY_READ));
    assert_true(may(&key, "taskrouter", TASKS, MAY_CREATE));
    assert_false(may(&key, "taskrouter", TASKS, MAY_LIST));
    assert_false(may(&key, "taskrouter", TASKS, MAY_UPDATE));
    assert_false(may(&key, "taskrouter", TASKS, MAY_DELETE));
    assert_false(may(&key, "taskrouter", TASKS, MAY_WRITE));
    assert_true(may(&key, "taskrouter", QUEUES, MAY_WRITE));
    assert_true(may(&key, "taskrouter", QUEUES, MAY_LIST));
    assert_true(may(&key, "taskrouter", CHANNELS, MAY_LIST));
    assert_false(may(&key, "taskrouter", CHANNELS, MAY_READ));
    assert_false(may(&key, "taskrouter", "/v1/Workspaces", MAY_READ));
    assert_false(may(&key, "studio", TASKS, MAY_READ));
    assert_true(may(&key, "api", "/2010-04-01/Accounts/{account_sid}/Calls", MAY_CREATE));
    assert_false(may(&key, "api", "/2010-04-01/Accounts/{account_sid}/Calls", MAY_READ));
    /* by name */
    assert_true(may(&key, "taskrouter", "TaskQueue", MAY_READ));
    assert_true(may(&key, "taskrouter", "Task", MAY_READ));
    assert_false(may(&key, "taskrouter", "Worker", MAY_READ));
    key.policy = "{}";
    assert_false(may(&key, "taskrouter", TASKS, MAY_READ));
    key.policy = "broken";
    assert_false(may(&key, "taskrouter", TASKS, MAY_READ));
}

static void a_policy_is_checked_when_it_is_given(void **state)
{
    static const char *const bad[] = { "",
                                       "x",
                                       "[]",
                                       "{}",
                                       "{\"allow\":[]}",
                                       "{\"allow\":\"x\"}",
                                       "{\"allow\":[1]}",
                                       "{\"allow\":[\"/twilio/taskrouter/read\"]}",
                                       "{\"allow\":[\"/twilio/a/b/c/d\"]}",
                                       "{\"allow\":[\"/other/a/b/c\"]}",
                                       "{\"allow\":[\"/twilio//b/c\"]}" };
    _arena_ struct arena *a = arena_new();
    struct text t = { .arena = a };

    (void)state;
    assert_null(policy_check(a, "{\"allow\":[\"/twilio/messaging/messages/read\"]}"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fault_t f = policy_check(a, bad[i]);

        if (!f)
            fail_msg("accepted '%s'", bad[i]);
        else
            assert_int_equal(f->status, 400);
    }
    text_put(&t, "{\"allow\":[\"/twilio/a/b/c\"");
    for (int i = 0; i < POLICY_PERMISSIONS_MAX; i++)
        text_put(&t, ",\"/twilio/a/b/c\"");
    text_put(&t, "]}");
    assert_non_null(policy_check(a, t.s));
}

static void an_agent_looks_around(void **state)
{
    struct principal p = { .by = BY_SESSION, .roles = "[\"agent\"]" };

    (void)state;
    assert_true(may(&p, "taskrouter", QUEUES, MAY_LIST));
    assert_true(may(&p, "taskrouter", "Activity", MAY_READ));
    assert_false(may(&p, "taskrouter", TASKS, MAY_LIST));
    assert_false(may(&p, "taskrouter", TASKS, MAY_UPDATE)); /* it might be somebody else's */
    assert_false(may(&p, "taskrouter", QUEUES, MAY_UPDATE));
    assert_false(may(&p, "taskrouter", "/v1/Workspaces/{w}/Activities", MAY_DELETE));
    assert_false(may(&p, "api", "/2010-04-01/Accounts/{account_sid}/Calls", MAY_LIST));
    p.roles = "[]";
    assert_false(may(&p, "taskrouter", QUEUES, MAY_READ));
    p.roles = NULL;
    assert_false(may(&p, "taskrouter", QUEUES, MAY_READ));
}

static void a_supervisor_moves_people_and_tasks(void **state)
{
    struct principal p = { .by = BY_SESSION, .roles = "[\"supervisor\"]" };

    (void)state;
    assert_true(may(&p, "taskrouter", QUEUES, MAY_LIST));
    assert_true(may(&p, "taskrouter", TASKS, MAY_UPDATE));
    assert_true(may(&p, "taskrouter", CHANNELS, MAY_UPDATE));
    assert_true(may(&p, "monitor", "/v1/Alerts", MAY_LIST));
    assert_false(may(&p, "taskrouter", QUEUES, MAY_UPDATE));
    assert_false(may(&p, "monitor", "/v1/Alerts", MAY_DELETE));
    p.roles = "[\"agent\",\"admin\"]";
    assert_true(may(&p, "taskrouter", QUEUES, MAY_DELETE));
}

/* A worker's token must not reach other workers' things by a way that does not ask whose they are. */
static void a_token_is_for_the_gateways(void **state)
{
    static const char *const roles[] = { NULL, "worker", "supervisor", "admin" };
    struct principal p = { .by = BY_TOKEN, .identity = "ada" };

    (void)state;
    assert_false(may(&p, "flex-api", "/v1/Configuration", MAY_READ));
    p.workspace_sid = "WS1";
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        p.role = roles[i];
        assert_true(may(&p, "flex-api", "/v1/Configuration", MAY_READ));
        assert_false(may(&p, "flex-api", "/v1/Configuration", MAY_UPDATE));
        assert_false(may(&p, "taskrouter", TASKS, MAY_READ));
        assert_false(may(&p, "taskrouter", "/v1/Workspaces/{w}/Workers", MAY_UPDATE));
        assert_false(may(&p, "api", "/2010-04-01/Accounts", MAY_READ));
    }
}

static bool enters(const struct principal *p, const char *label)
{
    _arena_ struct arena *a = arena_new();

    return !auth_enter(p, a, label);
}

/* A grant is one key for one door, and somebody must hold it. */
static void a_grant_opens_its_sdk(void **state)
{
    struct principal chat = { .by = BY_TOKEN, .identity = "ada", .chat_service_sid = "IS1" };
    struct principal sync = { .by = BY_TOKEN, .identity = "ada", .sync_service_sid = "IS2" };
    struct principal live = { .by = BY_TOKEN, .identity = "ada", .insights_service = "WS1.insights" };
    struct principal none = { .by = BY_TOKEN, .identity = "ada", .workspace_sid = "WS1" };
    struct principal empty = { .by = BY_TOKEN, .identity = "", .chat_service_sid = "IS1" };
    struct principal session = { .by = BY_SESSION, .identity = "ada", .roles = "[\"admin\"]" };
    struct principal account = { .by = BY_ACCOUNT }, key = { .by = BY_KEY };

    (void)state;
    assert_true(enters(&chat, "aim") && enters(&chat, "cds") && enters(&chat, "mcs") && enters(&chat, "tsock"));
    assert_true(enters(&sync, "cds") && enters(&sync, "tsock") && !enters(&sync, "aim") && !enters(&sync, "mcs"));
    assert_true(enters(&live, "cds") && enters(&live, "tsock") && !enters(&live, "aim") && !enters(&live, "mcs"));
    for (size_t i = 0; i < 4; i++) {
        const char *label = (const char *[]){ "tsock", "cds", "aim", "mcs" }[i];
        assert_false(enters(&none, label) || enters(&empty, label) || enters(&session, label));
        assert_true(may(&chat, label, "/v3/Maps", MAY_CREATE) == enters(&chat, label));
        assert_true(may(&sync, label, "/v3/Maps", MAY_CREATE) == enters(&sync, label));
        assert_false(may(&session, label, "/v3/Maps", MAY_READ));
    }
    assert_true(enters(&account, "mcs") && enters(&key, "mcs"));
    assert_false(enters(&account, "cds") || enters(&key, "aim"));
    assert_false(may(&chat, "conversations", "/v1/Conversations", MAY_READ));
    assert_false(may(&sync, "sync", "/v1/Services", MAY_LIST));
}

static void a_suspended_account_is_read_only(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct principal p = { .by = BY_ACCOUNT, .account_sid = "AC1", .suspended = true };

    (void)state;
    assert_null(auth_may(&p, a, "taskrouter", TASKS, MAY_LIST));
    assert_int_equal(auth_may(&p, a, "taskrouter", TASKS, MAY_CREATE)->id, F_ACCOUNT_SUSPENDED);
    assert_int_equal(auth_may(&p, a, "taskrouter", TASKS, MAY_WRITE)->id, F_ACCOUNT_SUSPENDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_and_a_plain_key_may_everything),
        cmocka_unit_test(nobody_may_nothing),
        cmocka_unit_test(a_restricted_key_may_what_its_policy_lists),
        cmocka_unit_test(a_policy_is_checked_when_it_is_given),
        cmocka_unit_test(an_agent_looks_around),
        cmocka_unit_test(a_supervisor_moves_people_and_tasks),
        cmocka_unit_test(a_token_is_for_the_gateways),
        cmocka_unit_test(a_grant_opens_its_sdk),
        cmocka_unit_test(a_suspended_account_is_read_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
