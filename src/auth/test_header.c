#include "auth/internal.h"
#include "base/text.h"
#include "codec/base64.h"
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void basic_has_a_user_and_a_password(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct authorization got;

    (void)state;
    assert_true(authorization_read(a, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", &got));
    assert_int_equal(got.scheme, SCHEME_BASIC);
    assert_string_equal(got.user, "Aladdin");
    assert_string_equal(got.secret, "open sesame");
    assert_true(authorization_read(a, "bAsIc   YTpiOmM=", &got)); /* a:b:c */
    assert_string_equal(got.user, "a");
    assert_string_equal(got.secret, "b:c");
    assert_true(authorization_read(a, "Basic Og==", &got)); /* : */
    assert_string_equal(got.secret, "");
}

static void what_stands_behind_the_base64_is_ignored(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct authorization got;

    (void)state;
    assert_true(authorization_read(a, "Basic YTpiYw==)", &got));
    assert_string_equal(got.secret, "bc");
    assert_true(authorization_read(a, "Basic YTpi)", &got));
    assert_string_equal(got.secret, "b");
    assert_true(authorization_read(a, "Basic YTpi \t", &got));
    assert_string_equal(got.secret, "b");
}

static void what_is_no_credential_is_refused(void **state)
{
    static const char *const bad[] = { "",           " ",           "Basic",          "Basic ",      "Basic )",
                                       "Basic QQ==", "Basic YTpi=", "Basic YToAYg==", "Digest YTpi", "Bearer",
                                       "Bearer ",    "BasicYTpi",   "Basic Y" };
    _arena_ struct arena *a = arena_new();
    struct authorization got;

    (void)state;
    assert_false(authorization_read(a, NULL, &got));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (authorization_read(a, bad[i], &got))
            fail_msg("accepted '%s'", bad[i]);
}

static void bearer_is_one_word(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct authorization got;

    (void)state;
    assert_true(authorization_read(a, "Bearer aa.bb.cc  ", &got));
    assert_int_equal(got.scheme, SCHEME_BEARER);
    assert_string_equal(got.secret, "aa.bb.cc");
}

static void a_cookie_is_found_by_its_whole_name(void **state)
{
    _arena_ struct arena *a = arena_new();

    (void)state;
    assert_string_equal(cookie_find(a, "a=1; b=2 ;c=3", "b"), "2");
    assert_string_equal(cookie_find(a, "xb=1;b=x=y", "b"), "x=y");
    assert_string_equal(cookie_find(a, "b=1; b=2", "b"), "1");
    assert_null(cookie_find(a, "bb=1; b ; c=", "b"));
    assert_string_equal(cookie_find(a, "b=; c=1", "b"), "");
    assert_null(cookie_find(a, "", "b"));
    assert_null(cookie_find(a, NULL, "b"));
    assert_null(cookie_find(a, ";;; ;", "b"));
}

static void a_session_cookie_is_a_sid_and_32_bytes(void **state)
{
    static const char sid[] = "FS0123456789abcdef0123456789abcdef";
    _arena_ struct arena *a = arena_new();
    unsigned char secret[SESSION_SECRET_BYTES] = { 1, 2, 3 };
    const char *got, *text = base64url_encode(a, secret, sizeof secret);
    char hash[65], expected[65];

    (void)state;
    sha256_hex(secret, sizeof secret, expected);
    assert_true(session_cookie_read(a, arena_printf(a, "%s.%s", sid, text), &got, hash));
    assert_string_equal(got, sid);
    assert_string_equal(hash, expected);
    assert_false(session_cookie_read(a, arena_printf(a, "%s.%s", sid, base64url_encode(a, secret, 31)), &got, hash));
    assert_false(session_cookie_read(a, arena_printf(a, "%s%s", sid, text), &got, hash));
    assert_false(session_cookie_read(a, arena_printf(a, "AC%s.%s", sid + 2, text), &got, hash));
    assert_false(session_cookie_read(a, arena_printf(a, "%s.", sid), &got, hash));
    assert_false(session_cookie_read(a, ".", &got, hash));
    assert_false(session_cookie_read(a, NULL, &got, hash));
}

static void sha256_is_sha256(void **state)
{
    char hash[65];

    (void)state;
    sha256_hex("abc", 3, hash);
    assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(basic_has_a_user_and_a_password),
        cmocka_unit_test(what_stands_behind_the_base64_is_ignored),
        cmocka_unit_test(what_is_no_credential_is_refused),
        cmocka_unit_test(bearer_is_one_word),
        cmocka_unit_test(a_cookie_is_found_by_its_whole_name),
        cmocka_unit_test(a_session_cookie_is_a_sid_and_32_bytes),
        cmocka_unit_test(sha256_is_sha256),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
