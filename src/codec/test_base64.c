#include "codec/base64.h"
#include <string.h>
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

/* RFC 4648, section 10. */
static const char *const vectors[][2] = { { "", "" },
                                          { "f", "Zg==" },
                                          { "fo", "Zm8=" },
                                          { "foo", "Zm9v" },
                                          { "foob", "Zm9vYg==" },
                                          { "fooba", "Zm9vYmE=" },
                                          { "foobar", "Zm9vYmFy" } };

static void the_standard_vectors(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const char *plain = vectors[i][0], *coded = vectors[i][1];
        size_t n = 99, bare = strcspn(coded, "=");
        assert_string_equal(base64_encode(a, plain, strlen(plain)), coded);
        assert_string_equal(base64_decode(a, coded, strlen(coded), &n), plain);
        assert_int_equal(n, strlen(plain));
        assert_string_equal(base64url_encode(a, plain, strlen(plain)), arena_strndup(a, coded, bare));
        assert_string_equal(base64url_decode(a, coded, bare, &n), plain);
        assert_string_equal(base64url_decode(a, coded, strlen(coded), NULL), plain);
        if (coded[bare])
            assert_null(base64_decode(a, coded, bare, NULL));
    }
}

static void every_byte_comes_back(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    unsigned char bytes[256];

    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)(255 - i);
    for (size_t n = 0; n <= 256; n++) {
        char *plain = base64_encode(a, bytes, n), *url = base64url_encode(a, bytes, n);
        size_t back = 0;
        assert_memory_equal(base64_decode(a, plain, strlen(plain), &back), bytes, n);
        assert_int_equal(back, n);
        assert_memory_equal(base64url_decode(a, url, strlen(url), &back), bytes, n);
        assert_int_equal(back, n);
        assert_null(strpbrk(url, "+/="));
    }
    assert_string_equal(base64_encode(a, "\xfb\xff", 2), "+/8=");
    assert_string_equal(base64url_encode(a, "\xfb\xff", 2), "-_8");
}

static void is_strict(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    static const char *const bad[] = { "Z",    "Zg",    "Zg=",      "Zg===",      "Z===",   "====", "=",
                                       "==",   "Zm9v=", "Zm9v====", "Zm 9",       "Zm9v\n", "Zm-_", "Zm9v!Zm9",
                                       "Zh==", "Zm9=",  "Zg==Zg==", "\xc3\xa9zz", "Z=g=" };
    static const char *const bad_url[] = { "Z", "Zg=", "Zm+/", "Zm9vY", "Zh", "Zm9", "Zg.", "====", "=", "Zg===" };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_null(base64_decode(a, bad[i], strlen(bad[i]), NULL));
    for (size_t i = 0; i < sizeof bad_url / sizeof *bad_url; i++)
        assert_null(base64url_decode(a, bad_url[i], strlen(bad_url[i]), NULL));
    assert_null(base64_decode(a, "Zm9\0", 4, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standard_vectors),
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(is_strict),
    };
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
