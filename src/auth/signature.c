#include "auth/internal.h"
#include "base/text.h"
#include "codec/base64.h"
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

struct named {
    const char *name, *value;
};

static int by_name_and_value(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->value, y->value);
}

/* The URL, then name and value of each parameter in byte order, a repeated value once. */
char *request_signature(struct arena *a, const char *auth_token, const char *url, const char *const *names,
                        const char *const *values, size_t n)
{
    struct named *pairs = arena_alloc(a, n * sizeof *pairs + 1);
    struct text t = { .arena = a };
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int length = 0;

    for (size_t i = 0; i < n; i++)
        pairs[i] = (struct named){ names[i], values[i] };
    qsort(pairs, n, sizeof *pairs, by_name_and_value);
    text_put(&t, url);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && by_name_and_value(&pairs[i - 1], &pairs[i]) == 0)
            continue;
        text_put(&t, pairs[i].name);
        text_put(&t, pairs[i].value);
    }
    HMAC(EVP_sha1(), auth_token, (int)strlen(auth_token), (const unsigned char *)text_str(&t), t.n, mac, &length);
    return base64_encode(a, mac, length);
}

char *text_signature(struct arena *a, const char *key, const char *text)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    struct text hex = { .arena = a };

    HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)text, strlen(text), mac, &length);
    for (unsigned int i = 0; i < length; i++)
        text_putf(&hex, "%02x", mac[i]);
    return hex.s;
}

bool secret_is(const char *known, const char *given)
{
    size_t n = strlen(known);

    return strlen(given) == n && CRYPTO_memcmp(known, given, n) == 0;
}
