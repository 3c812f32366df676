#include "codec/base64.h"
#include <stdint.h>
#include <stdlib.h>

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *encode(struct arena *a, const unsigned char *p, size_t n, const char *alphabet, bool padded)
{
    if (n > SIZE_MAX / 4)
        abort();
    char *s = arena_alloc(a, (n + 2) / 3 * 4 + 1), *out = s;

    for (; n >= 3; n -= 3, p += 3) {
        uint32_t bits = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = alphabet[bits >> 6 & 63];
        *out++ = alphabet[bits & 63];
    }
    if (n) {
        uint32_t bits = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        if (n == 2)
            *out++ = alphabet[bits >> 6 & 63];
        for (; padded && n < 3; n++)
            *out++ = '=';
    }
    return s;
}

char *base64_encode(struct arena *a, const void *p, size_t n)
{
    return encode(a, p, n, standard, true);
}
char *base64url_encode(struct arena *a, const void *p, size_t n)
{
    return encode(a, p, n, for_urls, false);
}

/* c62 and c63 are the two digits in which the alphabets differ. */
static int digit(char c, char c62, char c63)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == c62 ? 62 : c == c63 ? 63 : -1;
}

/* n digits without padding.  Bits that no byte takes must be zero: one value has one spelling, or a signature would
 * have several. */
static void *decode(struct arena *a, const char *s, size_t n, char c62, char c63, size_t *out_n)
{
    if (n % 4 == 1)
        return NULL;
    char *bytes = arena_alloc(a, n / 4 * 3 + 3), *out = bytes;
    uint32_t bits = 0;
    int held = 0;

    for (size_t i = 0; i < n; i++) {
        int d = digit(s[i], c62, c63);
        if (d < 0)
            return NULL;
        bits = bits << 6 | (uint32_t)d;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *out++ = (char)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    if (bits)
        return NULL;
    if (out_n)
        *out_n = (size_t)(out - bytes);
    return bytes; /* zeroed, so a NUL stands behind it */
}

static size_t padding(const char *s, size_t n)
{
    return n % 4 || !n || s[n - 1] != '=' ? 0 : s[n - 2] == '=' ? 2 : 1;
}

void *base64_decode(struct arena *a, const char *s, size_t n, size_t *out_n)
{
    return n % 4 ? NULL : decode(a, s, n - padding(s, n), '+', '/', out_n);
}

void *base64url_decode(struct arena *a, const char *s, size_t n, size_t *out_n)
{
    return decode(a, s, n - padding(s, n), '-', '_', out_n);
}
