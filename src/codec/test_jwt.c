#include "codec/base64.h"
#include "codec/jwt.h"
#include <string.h>
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#define KEY     "0123456789abcdef0123456789abcdef"
#define PAYLOAD "eyJzdWIiOiJhZ2VudCIsIm4iOjd9" /* {"sub":"agent","n":7} */
#define FPA                                                                                                            \
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiIsImN0eSI6InR3aWxpby1mcGE7dj0xIn0."                                             \
    "eyJqdGkiOiJTSzEtMSIsImdyYW50cyI6eyJpZGVudGl0eSI6IsOpIiwidGFza19yb3V0ZXIiOnt9fSwiaWF0IjoxLCJleHAiOjIsImlzcyI6Il"   \
    "NLMSIsInN1YiI6IkFDMSJ9"

/* Made by another implementation (Node's crypto.createHmac). */
static const char *const foreign[] = {
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." PAYLOAD ".DqBDD4wIZGsSe8mw0_qEycWRYQPBViM9kZ50LCsnorw",
    "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9." PAYLOAD ".B9JxyTAZXscFtXITbb19pUhFvTGt2k-hSg9FdCyNlt7JYlH81Xx_6NWBjmNI67Xe",
    "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9." PAYLOAD
    ".RGIAEAs7ZTuwU71oC4WYdm-6WDtttxMeoGV1IrY5dd2ofT1Ic43V8G6NU9xGDrDsU6A4ZCUMKEQuNonZZzsGAw",
};
#define FPA_SIGNED FPA ".bx4trw2kgiDAdEwku7thPN7NVA-6ONohZ7J28vSc1Vk"

static json_t *parse(struct arena *a, const char *s)
{
    return json_parse(a, s, strlen(s), NULL);
}

static void tokens_of_others_are_verified(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        json_t *claims = jwt_verify(a, foreign[i], KEY KEY);
        assert_non_null(claims);
        assert_string_equal(json_get_string(claims, "sub"), "agent");
        assert_null(jwt_verify(a, foreign[i], KEY "0123456789abcdef0123456789abcdeF"));
    }
    json_t *claims = jwt_verify(a, FPA_SIGNED, KEY), *header = NULL;
    assert_string_equal(json_get_string(json_object_get(claims, "grants"), "identity"), "\xc3\xa9");
    assert_non_null(jwt_peek(a, FPA_SIGNED, &header));
    assert_string_equal(json_get_string(header, "cty"), "twilio-fpa;v=1");
}

static void ours_come_back(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    static const char *const algs[] = { "HS256", "HS384", "HS512" };
    json_t *claims = parse(a, "{\"z\":1,\"a\":\"\xc3\xa9\"}");

    for (size_t i = 0; i < 3; i++) {
        json_t *header = json_pack("{s:s,s:s}", "alg", algs[i], "cty", "twilio-fpa;v=1"), *seen = NULL;
        char *token = jwt_sign(a, header, claims, KEY KEY);
        json_decref(header);
        assert_non_null(token);
        assert_string_equal(json_text(a, jwt_verify(a, token, KEY KEY)), "{\"z\":1,\"a\":\"\xc3\xa9\"}");
        assert_null(jwt_verify(a, token, KEY));
        jwt_peek(a, token, &seen);
        assert_string_equal(json_get_string(seen, "alg"), algs[i]);
        assert_string_equal(json_get_string(seen, "cty"), "twilio-fpa;v=1");
    }
}

static void the_default_is_hs256(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    json_t *claims = parse(a, "{\"sub\":\"agent\",\"n\":7}");

    assert_string_equal(jwt_sign(a, NULL, claims, KEY KEY), foreign[0]);
}

static void every_changed_character_is_noticed(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < strlen(FPA_SIGNED); i++) {
        char *token = arena_strdup(a, FPA_SIGNED);
        token[i] = token[i] == 'A' ? 'B' : 'A';
        assert_null(jwt_verify(a, token, KEY));
        token[i] = '\0';
        assert_null(jwt_verify(a, token, KEY));
        assert_null(jwt_verify(a, &FPA_SIGNED[i + 1], KEY));
    }
    assert_null(jwt_verify(a, FPA_SIGNED "A", KEY));
    assert_null(jwt_verify(a, FPA_SIGNED "=", KEY));
    assert_null(jwt_verify(a, FPA_SIGNED ".", KEY));
    assert_null(jwt_verify(a, FPA_SIGNED, ""));
}

static void alg_is_ours_to_choose(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    static const char *const headers[] = { "{\"alg\":\"none\"}",
                                           "{\"alg\":\"None\"}",
                                           "{}",
                                           "{\"alg\":7}",
                                           "{\"alg\":\"RS256\"}",
                                           "{\"alg\":\"hs256\"}",
                                           "{\"alg\":[\"HS256\"]}",
                                           "[]",
                                           "1" };
    json_t *claims = parse(a, "{}");

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        char *h = base64url_encode(a, headers[i], strlen(headers[i]));
        assert_null(jwt_verify(a, arena_printf(a, "%s.%s.", h, PAYLOAD), KEY));
        assert_null(
            jwt_verify(a, arena_printf(a, "%s.%s.%s", h, PAYLOAD, "bx4trw2kgiDAdEwku7thPN7NVA-6ONohZ7J28vSc1Vk"), KEY));
    }
    assert_null(jwt_sign(a, parse(a, "{\"alg\":\"none\"}"), claims, KEY));
    assert_null(jwt_sign(a, parse(a, "{\"alg\":\"RS256\"}"), claims, KEY));
    /* rightly signed, but {"alg":"HS256","crit":["exp"]}: it demands what we do not know */
    assert_null(
        jwt_verify(a,
                   "eyJhbGciOiJIUzI1NiIsImNyaXQiOlsiZXhwIl19."
                   "eyJqdGkiOiJTSzEtMSIsImdyYW50cyI6eyJpZGVudGl0eSI6IsOpIiwidGFza19yb3V0ZXIiOnt9fSwiaWF0IjoxLCJl"
                   "eHAiOjIsImlzcyI6IlNLMSIsInN1YiI6IkFDMSJ9.3rrZ59Jg62GVxNn7UNXyrG-rv0xKXBeCOiXB-1W9ga0",
                   KEY));
}

/* RFC 7518, section 3.2: a key at least as long as the hash. */
static void short_keys_are_refused(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    json_t *claims = parse(a, "{}");

    assert_non_null(jwt_sign(a, NULL, claims, KEY));
    assert_null(jwt_sign(a, NULL, claims, "0123456789abcdef0123456789abcde"));
    assert_null(jwt_sign(a, parse(a, "{\"alg\":\"HS384\"}"), claims, KEY));
    assert_null(jwt_sign(a, NULL, claims, ""));
    /* rightly signed with "short" */
    assert_null(jwt_verify(a, FPA ".foHHjzBom5BaJ-yEL3SS2Y8BprGmHFKUePgpkb0WO4g", "short"));
}

static void what_is_no_token(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    static const char *const bad[] = { "",           ".",           "..",          "...",
                                       "a.b.c",      "e30.e30",     "e30.e30.a.b", "e30.W10.AA",
                                       "W10.e30.AA", "e30=.e30.AA", "e30.e30.A",   " e30.e30.AA" };
    json_t *header;

    assert_non_null(jwt_peek(a, "e30.e30.AA", &header));
    assert_non_null(jwt_peek(a, "e30.e30.", NULL));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_null(jwt_peek(a, bad[i], &header));
    assert_null(jwt_peek(a, NULL, NULL));
    assert_null(jwt_verify(a, NULL, KEY));
    char *large = arena_alloc(a, JWT_SIZE_MAX + 100);
    memset(large, 'A', JWT_SIZE_MAX + 50);
    memcpy(large, "e30.e30.", 8);
    large[8 + (JWT_SIZE_MAX - 8) / 4 * 4] = '\0';
    assert_non_null(jwt_peek(a, large, NULL));
    large[8 + (JWT_SIZE_MAX - 8) / 4 * 4] = 'A';
    large[8 + (JWT_SIZE_MAX - 8) / 4 * 4 + 4] = '\0';
    assert_null(jwt_peek(a, large, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_of_others_are_verified),
        cmocka_unit_test(ours_come_back),
        cmocka_unit_test(the_default_is_hs256),
        cmocka_unit_test(every_changed_character_is_noticed),
        cmocka_unit_test(alg_is_ours_to_choose),
        cmocka_unit_test(short_keys_are_refused),
        cmocka_unit_test(what_is_no_token),
    };
    return cmocka_run_group_tests_name("jwt", tests, NULL, NULL);
}
