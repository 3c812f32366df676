/* The first byte chooses the reader, the rest is what it reads. */
#include "net/address.h"
#include "net/client.h"
#include "net/parse.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void read_list(const char *s)
{
    char host[256], port[8];

    for (const char *rest = s, *before; *rest;) {
        before = rest;
        if (!listen_next(&rest, host, port))
            break;
        assert(rest > before && strlen(host) < sizeof host && strtol(port, NULL, 10) <= 65535);
    }
}

static void read_address(const uint8_t *p, size_t n)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    char text[64];

    memcpy(&six.sin6_addr, p, n < 16 ? n : 16);
    const struct sockaddr *sa = (const struct sockaddr *)&six;
    /* a wider rule never forbids what a narrower one allows */
    assert(!address_allowed(sa, ADDRESS_PUBLIC_ONLY) || address_allowed(sa, ADDRESS_PRIVATE_TOO));
    assert(address_allowed(sa, ADDRESS_ANY));
    address_text(sa, text, sizeof text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n)
        return 0;
    char *s = malloc(n);
    memcpy(s, data + 1, n - 1);
    s[n - 1] = 0;
    switch (*data) {
    case 'h':
        if (head_check(s, n - 1, n & 1, 1000) == HEAD_GOOD)
            assert(memchr(s, '\n', n - 1));
        break;
    case 'u':
        assert(!url_is_http(s) || strlen(s) <= 2048);
        break;
    case 'g':
        accepts_gzip(s);
        type_compresses(s);
        break;
    case 'l':
        read_list(s);
        break;
    case 'a':
        read_address(data + 1, n - 1);
        break;
    default:
        assert(!host_valid(s) || *s);
    }
    free(s);
    return 0;
}
