#include "auth/internal.h"
#include "base/text.h"
#include "codec/jwt.h"
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The vector of Twilio's own documentation. */
static void a_request_is_signed_as_twilio_signs(void **state)
{
    static const char *const names[] = { "To", "CallSid", "From", "Digits", "Caller", "From" };
    static const char *const values[] = { "+18005551212", "CA1234567890ABCDE", "+12349013030",
                                          "1234",         "+12349013030",      "+12349013030" };
    static const char url[] = "https://mycompany.com/myapp.php?foo=1&bar=2";
    _arena_ struct arena *a = arena_new();

    (void)state;
    assert_string_equal(request_signature(a, "12345", url, names, values, 5), "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
    assert_string_equal(request_signature(a, "12345", url, names, values, 6),
                        "0/KCTR6DLpKmkAf8muzZqo1nDgQ="); /* repeated: once */
    assert_string_not_equal(request_signature(a, "12346", url, names, values, 5), "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
    assert_string_not_equal(request_signature(a, "12345", url, names, values, 4), "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
    assert_non_null(request_signature(a, "12345", "https://mycompany.com/?bodySHA256=ab", NULL, NULL, 0));
}

static void a_password_is_known_by_its_hash_only(void **state)
{
    _arena_ struct arena *a = arena_new();
    const char *hash = password_hash(a, "correct horse"), *again = password_hash(a, "correct horse");

    (void)state;
    assert_true(str_starts(hash, "$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_string_not_equal(hash, again); /* salted */
    assert_true(password_is(hash, "correct horse"));
    assert_false(password_is(hash, "correct horsE"));
    assert_false(password_is(hash, ""));
    assert_false(password_is(NULL, "correct horse"));
    assert_false(password_is("not a hash", "correct horse"));
}

static void a_password_too_long_is_wrong(void **state)
{
    _arena_ struct arena *a = arena_new();
    char longest[PASSWORD_LENGTH_MAX + 2];
    const char *hash;

    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[PASSWORD_LENGTH_MAX] = '\0';
    hash = password_hash(a, longest);
    assert_true(password_is(hash, longest));
    longest[PASSWORD_LENGTH_MAX] = 'x';
    longest[PASSWORD_LENGTH_MAX + 1] = '\0';
    assert_false(password_is(hash, longest));
}

static void secrets_are_equal_or_not(void **state)
{
    (void)state;
    assert_true(secret_equal("abc", "abc"));
    assert_false(secret_equal("abc", "abd"));
    assert_false(secret_equal("abc", "ab"));
    assert_false(secret_equal("", "a"));
    assert_false(secret_equal(NULL, "a"));
    assert_false(secret_equal(NULL, NULL));
}

static void a_token_has_twilios_form(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct api_key key = { .sid = "SK1", .account_sid = "AC1", .secret = "0123456789abcdef0123456789abcdef" };
    json_t *grants = json_pack("{s:{s:s}}", "task_router", "role", "worker"), *claims, *header;
    const char *jwt = access_token_mint(a, &key, "ada", grants, 5000, 3600 * SECOND);

    (void)state;
    claims = jwt_peek(a, jwt, &header);
    assert_string_equal(json_get_string(header, "cty"), "twilio-fpa;v=1");
    claims = jwt_verify(a, jwt, key.secret);
    assert_non_null(claims);
    assert_null(jwt_verify(a, jwt, "0123456789abcdef0123456789abcdee"));
    assert_string_equal(json_get_string(claims, "iss"), "SK1");
    assert_string_equal(json_get_string(claims, "sub"), "AC1");
    assert_string_equal(json_get_string(claims, "jti"), "SK1-5");
    assert_int_equal(json_integer_value(json_object_get(claims, "exp")), 3605);
    assert_string_equal(json_get_string(json_object_get(claims, "grants"), "identity"), "ada");
    assert_non_null(json_object_get(json_object_get(claims, "grants"), "task_router"));
    assert_null(json_object_get(grants, "identity")); /* the caller's object is left alone */
    json_decref(grants);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_signed_as_twilio_signs),
        cmocka_unit_test(a_password_is_known_by_its_hash_only),
        cmocka_unit_test(a_password_too_long_is_wrong),
        cmocka_unit_test(secrets_are_equal_or_not),
        cmocka_unit_test(a_token_has_twilios_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
