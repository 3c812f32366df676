#include "net/address.h"

#include "net/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum kind { PUBLIC, PRIVATE, NEVER };

struct range4 {
    uint32_t net;
    int bits;
    enum kind kind;
};

/* clang-format off */
static const struct range4 ranges4[] = {
    { 0x00000000,  8, NEVER },   /* 0.0.0.0/8: this host */
    { 0x0a000000,  8, PRIVATE }, /* 10.0.0.0/8 */
    { 0x646464c8, 32, NEVER }, /* 100.100.100.200: metadata of one cloud, inside the shared range below */
    { 0x64400000, 10, PRIVATE }, /* 100.64.0.0/10: shared address space */
    { 0x7f000000,  8, PRIVATE }, /* 127.0.0.0/8 */
    { 0xa9fe0000, 16, NEVER },   /* 169.254.0.0/16: link-local, and the metadata of most clouds */
    { 0xac100000, 12, PRIVATE }, /* 172.16.0.0/12 */
    { 0xc0000000, 24, NEVER },   /* 192.0.0.0/24: protocol assignments, with a cloud's metadata at .192 */
    { 0xc0a80000, 16, PRIVATE }, /* 192.168.0.0/16 */
    { 0xc6120000, 15, PRIVATE }, /* 198.18.0.0/15: benchmarks */
    { 0xe0000000,  3, NEVER },   /* 224.0.0.0/4 multicast, 240.0.0.0/4 reserved, broadcast */
};
/* clang-format on */

static enum kind kind4(uint32_t ip)
{
    for (size_t i = 0; i < sizeof ranges4 / sizeof *ranges4; i++)
        if ((ip ^ ranges4[i].net) >> (32 - ranges4[i].bits) == 0)
            return ranges4[i].kind;
    return PUBLIC;
}

static uint32_t word(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* An IPv6 address may carry an IPv4 one, in four ways; each must not be a way around. */
static enum kind kind6(const uint8_t *p)
{
    static const uint8_t zeros[16], mapped[12] = { [10] = 0xff, [11] = 0xff }, nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
    static const uint8_t cloud[16] = { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 };

    if (!memcmp(p, mapped, 12) || !memcmp(p, nat64, 12))
        return kind4(word(p + 12));
    if (!memcmp(p, zeros, 15) && p[15] == 1)
        return PRIVATE;
    if (!memcmp(p, zeros, 12)) /* unspecified, or the old "compatible" form */
        return NEVER;
    if (p[0] == 0x20 && p[1] == 0x02) /* 6to4 */
        return kind4(word(p + 2));
    if (p[0] == 0x20 && p[1] == 0x01 && !p[2] && !p[3]) /* Teredo hides an IPv4 address, inverted */
        return NEVER;
    if (p[0] == 0xff || (p[0] == 0xfe && (p[1] & 0xc0) == 0x80) || !memcmp(p, cloud, 16))
        return NEVER;
    if ((p[0] & 0xfe) == 0xfc || (p[0] == 0xfe && (p[1] & 0xc0) == 0xc0))
        return PRIVATE;
    return PUBLIC;
}

bool address_allowed(const struct sockaddr *sa, enum address_rule rule)
{
    enum kind kind = NEVER;

    if (sa->sa_family == AF_INET)
        kind = kind4(ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr));
    else if (sa->sa_family == AF_INET6)
        kind = kind6(((const struct sockaddr_in6 *)sa)->sin6_addr.s6_addr);
    return rule == ADDRESS_ANY || kind == PUBLIC || (kind == PRIVATE && rule == ADDRESS_PRIVATE_TOO);
}

void address_text(const struct sockaddr *sa, char *out, size_t n)
{
    const void *bytes = sa->sa_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr
                                                  : (const void *)&((const struct sockaddr_in *)sa)->sin_addr;

    if (!inet_ntop(sa->sa_family, bytes, out, (socklen_t)n))
        strncpy(out, "?", n);
}

bool url_has_host(const char *url)
{
    const char *host = !strncasecmp(url, "http://", 7) ? url + 7 : !strncasecmp(url, "https://", 8) ? url + 8 : NULL;

    if (!host)
        return false;
    for (const char *p = url; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '\\')
            return false;
    /* A user and password may stand before the host. */
    const char *end = host + strcspn(host, "/?#"), *at = memrchr(host, '@', (size_t)(end - host));
    if (at)
        host = at + 1;
    return host < end && *host != ':' && *host != '.';
}

bool url_is_http(const char *url)
{
    return strnlen(url, 2049) <= 2048 && url_has_host(url);
}
