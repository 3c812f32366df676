#include "channel/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static bool reads(struct arena *a, const char *xml, struct twiml *out)
{
    const char *why = NULL;
    bool good = twiml_read(a, xml, strlen(xml), out, &why);

    assert_true(good || why);
    return good;
}

static void a_message_is_read(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct twiml t;

    (void)state;
    assert_true(reads(a,
                      "<?xml version=\"1.0\"?><!-- hi --><Response>\n"
                      "<Message>Plain &amp; simple &#8364;</Message>"
                      "<Message to='+1' from=\"+2\" statusCallback=\"http://x/?a=1&amp;b=2\">"
                      "<Body><![CDATA[<b>]]></Body><Media> http://x/a.png </Media></Message>"
                      "<Redirect method=\"GET\">/next</Redirect></Response>",
                      &t));
    assert_int_equal(t.n, 3);
    assert_string_equal(t.verbs[0].text, "Plain & simple €");
    assert_string_equal(t.verbs[1].text, "<b>");
    assert_string_equal(t.verbs[1].to, "+1");
    assert_string_equal(t.verbs[1].status_callback, "http://x/?a=1&b=2");
    assert_int_equal(t.verbs[1].nmedia, 1);
    assert_string_equal(t.verbs[1].media[0], "http://x/a.png");
    assert_int_equal(t.verbs[2].verb, TWIML_REDIRECT);
    assert_string_equal(t.verbs[2].method, "GET");
    assert_true(reads(a, "<Response/>", &t));
    assert_int_equal(t.n, 0);
}

static void what_is_no_twiml_is_refused(void **state)
{
    static const char *const bad[] = {
        "words",
        "<Response>",
        "<Response></Message>",
        "<Other/>",
        "<Response><Dial/></Response>",
        "<Response><Message>&nope;</Message></Response>",
        "<Response><Message>&#xd800;</Message></Response>",
        "<Response><Message><b>x</b></Message></Response>",
        "<!DOCTYPE x [<!ENTITY a \"b\">]><Response/>",
        "<Response><Message to=+1/></Response>",
        "<Response><Message to='+1></Response>",
        "<Response><!-- </Response>",
        "<Response></Response></Response>",
        "\xff<Response/>",
    };
    _arena_ struct arena *a = arena_new();
    struct twiml t;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(reads(a, bad[i], &t));
}

static void words_of_opting_out(void **state)
{
    (void)state;
    assert_int_equal(opt_word_of("STOP"), OPT_STOP);
    assert_int_equal(opt_word_of("  stop. "), OPT_STOP);
    assert_int_equal(opt_word_of("Unsubscribe"), OPT_STOP);
    assert_int_equal(opt_word_of("start"), OPT_START);
    assert_int_equal(opt_word_of("help"), OPT_HELP);
    assert_int_equal(opt_word_of("please stop"), OPT_NONE);
    assert_int_equal(opt_word_of("stopp"), OPT_NONE);
    assert_int_equal(opt_word_of(""), OPT_NONE);
    assert_int_equal(opt_word_of(NULL), OPT_NONE);
}

static void segments(void **state)
{
    _arena_ struct arena *a = arena_new();
    static const struct {
        int n;
        const char *letter, *segments;
    } cases[] = { { 0, "a", "1" },   { 160, "a", "1" }, { 161, "a", "2" }, { 306, "a", "2" },
                  { 307, "a", "3" }, { 70, "я", "1" },  { 71, "я", "2" },  { 135, "я", "3" } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct text t = { .arena = a };
        for (int k = 0; k < cases[i].n; k++)
            text_put(&t, cases[i].letter);
        assert_string_equal(segments_of(a, text_str(&t)), cases[i].segments);
    }
}

/* --- what carriers bring */

static const struct carrier theirs = { .sid = "KC00000000000000000000000000000000",
                                       .account_sid = "AC00000000000000000000000000000000",
                                       .username = "AC11111111111111111111111111111111",
                                       .secret = "a secret of sixteen",
                                       .callback_url = "http://us/carrier" };

static struct carrier of_type(enum carrier_type type)
{
    struct carrier k = theirs;

    k.type = type;
    return k;
}

static void only_a_good_signature_passes(void **state)
{
    _arena_ struct arena *a = arena_new();
    const struct carrier k = of_type(CARRIER_TWILIO);
    const char *body = "AccountSid=AC11111111111111111111111111111111&From=%2B1&To=%2B2&Body=hi&MessageSid=SM1&"
                       "NumMedia=1&MediaUrl0=http%3A%2F%2Fx%2Fa";
    const char *names[8], *values[8];
    struct form form, none = { 0 };
    struct sms m;

    (void)state;
    assert_null(form_parse(a, body, strlen(body), &form));
    for (size_t i = 0; i < form.n; i++) {
        names[i] = form.pairs[i].name;
        values[i] = form.pairs[i].value;
    }
    const char *url = "http://us/carrier/v1/KC/Messages";
    struct arrival in = { .method = "POST",
                          .url = url,
                          .body = body,
                          .form = &form,
                          .query = &none,
                          .signature = request_signature(a, k.secret, url, names, values, form.n) };
    assert_null(arrive_message(a, &k, &in, &m));
    assert_string_equal(m.from, "+1");
    assert_string_equal(m.body, "hi");
    assert_string_equal(m.carrier_message_sid, "SM1");
    assert_string_equal(m.media, "[\"http://x/a\"]");
    in.url = "http://us/carrier/v1/KC/Messages?x=1";
    assert_int_equal(arrive_message(a, &k, &in, &m)->status, 403);
    in.url = url;
    in.signature = NULL;
    assert_int_equal(arrive_message(a, &k, &in, &m)->status, 403);
    in.signature = request_signature(a, "another secret", url, names, values, form.n);
    assert_int_equal(arrive_message(a, &k, &in, &m)->status, 403);
    in.signature = request_signature(a, k.secret, url, names, values, form.n);
    form.pairs[3].value = "changed";
    assert_int_equal(arrive_message(a, &k, &in, &m)->status, 403);
}

static void a_gateway_knows_its_pass(void **state)
{
    _arena_ struct arena *a = arena_new();
    const struct carrier k = of_type(CARRIER_KANNEL);
    const char *query =
        arena_printf(a, "pass=%s&id=u-1&from=491511234567&to=0049301234567&text=hello", carrier_pass(a, &k));
    struct form form, none = { 0 };
    struct arrival in = { .method = "GET", .url = "", .form = &none, .query = &form };
    struct sms m;
    struct report r;

    (void)state;
    assert_null(form_parse(a, query, strlen(query), &form));
    assert_null(arrive_message(a, &k, &in, &m));
    assert_string_equal(m.from, "+491511234567");
    assert_string_equal(m.to, "+49301234567");
    form.pairs[0].value = "guess";
    assert_int_equal(arrive_message(a, &k, &in, &m)->status, 403);
    static const struct {
        int bits;
        enum sms_status status;
    } cases[] = {
        { 1, SMS_DELIVERED }, { 2, SMS_UNDELIVERED }, { 4, SMS_SENDING }, { 8, SMS_SENT }, { 16, SMS_FAILED }
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        query = arena_printf(a, "id=SM1&pass=%s&status=%d", report_pass(a, &k, "SM1"), cases[i].bits);
        assert_null(form_parse(a, query, strlen(query), &form));
        assert_null(arrive_report(a, &k, &in, &r));
        assert_int_equal(r.status, cases[i].status);
    }
    form.pairs[0].value = "SM2"; /* of another message */
    assert_int_equal(arrive_report(a, &k, &in, &r)->status, 403);
}

static void a_channel_of_ones_own_signs_with_the_time(void **state)
{
    _arena_ struct arena *a = arena_new();
    const struct carrier k = of_type(CARRIER_CUSTOM);
    struct form none = { 0 };
    struct arrival in = { .method = "POST",
                          .url = "",
                          .body = "{\"id\":\"1\",\"from\":\"x:a\",\"to\":\"x:b\",\"body\":\"hi\"}",
                          .form = &none,
                          .query = &none,
                          .timestamp = "1000",
                          .nonce = "n",
                          .now = 1000 * SECOND };
    struct sms m;

    (void)state;
    in.length = strlen(in.body);
    in.signature = custom_signature(a, k.secret, in.timestamp, in.nonce, in.body);
    assert_null(arrive_message(a, &k, &in, &m));
    assert_string_equal(m.from, "x:a");
    in.now += TIMESTAMP_MS + 1;
    assert_int_equal(arrive_message(a, &k, &in, &m)->status, 403);
    in.now = 1000 * SECOND;
    in.nonce = "m";
    assert_int_equal(arrive_message(a, &k, &in, &m)->status, 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_read),
        cmocka_unit_test(what_is_no_twiml_is_refused),
        cmocka_unit_test(words_of_opting_out),
        cmocka_unit_test(segments),
        cmocka_unit_test(only_a_good_signature_passes),
        cmocka_unit_test(a_gateway_knows_its_pass),
        cmocka_unit_test(a_channel_of_ones_own_signs_with_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
