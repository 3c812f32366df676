#include "chat/hooks.h"

#include "codec/form.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* --- what a request says */

static const struct chat_actor by_api = { .by = BY_API, .webhooks = true };

static const char *param(struct arena *a, const char *form, const char *name)
{
    struct form f;

    assert_null(form_parse(a, form, strlen(form), &f));
    return form_get(&f, name);
}

static void a_request_says_what_is_documented_for_it(void **state)
{
    _arena_ struct arena *a = arena_new();
    const struct conversation c = {
        .sid = "CH1", .account_sid = "AC1", .chat_service_sid = "IS1", .state = CONVERSATION_ACTIVE
    };
    const struct message m = { .sid = "IM1",
                               .message_index = 3,
                               .author = "ann",
                               .body = "a & b",
                               .attributes = "{}",
                               .media =
                                   "[{\"sid\":\"ME1\",\"filename\":\"x\",\"content_type\":\"image/png\",\"size\":7}]" };
    const struct chat_change change = { .actor = &by_api, .conversation = &c, .message = &m };
    const char *before = hook_form(a, 0, HOOK_MESSAGE_ADD, "AC1", &change);
    const char *after = hook_form(a, 0, HOOK_MESSAGE_ADDED, "AC1", &change);

    (void)state;
    assert_string_equal(param(a, before, "EventType"), "onMessageAdd");
    assert_string_equal(param(a, before, "Source"), "API");
    assert_string_equal(param(a, before, "Body"), "a & b");
    assert_null(param(a, before, "MessageSid"));
    assert_null(param(a, before, "Index"));
    assert_null(param(a, before, "ClientIdentity"));
    assert_string_equal(param(a, after, "MessageSid"), "IM1");
    assert_string_equal(param(a, after, "Index"), "3");
    assert_string_equal(param(a, after, "Media"),
                        "[{\"Sid\":\"ME1\",\"Filename\":\"x\",\"ContentType\":\"image/png\",\"Size\":7}]");
    assert_null(param(a, after, "DateUpdated"));
}

static void who_writes_is_told_with_the_new_conversation(void **state)
{
    _arena_ struct arena *a = arena_new();
    const struct conversation c = { .sid = "CH1", .account_sid = "AC1" };
    const struct participant first = { .channel = "whatsapp",
                                       .address = "whatsapp:+1",
                                       .proxy_address = "whatsapp:+2" };
    const struct message said = { .body = "hi" };
    const struct chat_actor by = {
        .by = BY_CHANNEL, .source = "WHATSAPP", .first_participant = &first, .first_message = &said
    };
    const char *form =
        hook_form(a, 0, HOOK_CONVERSATION_ADD, "AC1", &(struct chat_change){ .actor = &by, .conversation = &c });

    (void)state;
    assert_string_equal(param(a, form, "MessageBody"), "hi");
    assert_string_equal(param(a, form, "MessagingBinding.Type"), "WHATSAPP");
    assert_string_equal(param(a, form, "MessagingBinding.Address"), "whatsapp:+1");
    assert_null(param(a, form, "ConversationSid"));
}

/* --- what an answer does */

static fault_t answers(struct arena *a, int status, const char *body, enum hook h, const char **members)
{
    const struct http_call call = {
        .url = "http://x/", .status = status, .why = "timed out", .answer = body, .answer_length = strlen(body)
    };

    return hook_answer(a, h, &call, members);
}

static void an_answer_alters_or_refuses(void **state)
{
    _arena_ struct arena *a = arena_new();
    const char *m[HOOK_MEMBERS];

    (void)state;
    assert_null(answers(a, 200, "", HOOK_MESSAGE_ADD, m));
    assert_null(m[HOOK_BODY]);
    assert_null(answers(a, 204, "", HOOK_MESSAGE_ADD, m));
    assert_null(answers(a, 0, "", HOOK_MESSAGE_ADD, m));
    assert_null(answers(a, 200, "OK", HOOK_MESSAGE_ADD, m));
    assert_null(answers(a, 200, "{ no json", HOOK_MESSAGE_ADD, m));
    assert_null(m[HOOK_BODY]);
    assert_null(answers(a, 200, " {\"body\":\"b\",\"friendly_name\":\"n\"}", HOOK_MESSAGE_ADD, m));
    assert_string_equal(m[HOOK_BODY], "b");
    assert_null(m[HOOK_FRIENDLY_NAME]);
    assert_null(answers(a, 200, "{\"body\":\"b\",\"friendly_name\":\"n\"}", HOOK_CONVERSATION_UPDATE, m));
    assert_null(m[HOOK_BODY]);
    assert_string_equal(m[HOOK_FRIENDLY_NAME], "n");
    assert_null(answers(a, 200, "{\"body\":\"b\"}", HOOK_PARTICIPANT_ADD, m));
    assert_null(m[HOOK_BODY]);
    assert_int_equal(answers(a, 200, "{\"body\":1}", HOOK_MESSAGE_ADD, m)->id, F_INVALID_PARAMETER);
    assert_int_equal(answers(a, 403, "", HOOK_MESSAGE_ADD, m)->code, 50056);
    assert_int_equal(answers(a, 499, "", HOOK_MESSAGE_ADD, m)->code, 50056);
    assert_int_equal(answers(a, 500, "", HOOK_MESSAGE_ADD, m)->code, 50057);
    assert_int_equal(answers(a, 302, "", HOOK_MESSAGE_ADD, m)->code, 50057);
}

static void filters_are_names_of_events(void **state)
{
    _arena_ struct arena *a = arena_new();
    const char *wrong = NULL;

    (void)state;
    assert_true(hook_filters_check(a, "[\"onMessageAdd\",\"onUserAdded\"]", 0, &wrong));
    assert_true(hook_filters_check(a, NULL, 0, &wrong));
    assert_false(hook_filters_check(a, "[\"onMessageSent\"]", 0, &wrong));
    assert_string_equal(wrong, "onMessageSent");
    assert_true(hook_filters_check(a, "[\"onMessageAdded\"]", HOOK_SCOPED, &wrong));
    assert_false(hook_filters_check(a, "[\"onMessageAdd\"]", HOOK_SCOPED, &wrong));
    assert_false(hook_filters_check(a, "[\"onConversationAdded\"]", HOOK_SCOPED, &wrong));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_says_what_is_documented_for_it),
        cmocka_unit_test(who_writes_is_told_with_the_new_conversation),
        cmocka_unit_test(an_answer_alters_or_refuses),
        cmocka_unit_test(filters_are_names_of_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
