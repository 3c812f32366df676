/* address: which addresses a URL of a stranger may reach.  Pure functions over resolved addresses, and the shape of a URL. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum address_rule {
    ADDRESS_PUBLIC_ONLY,
    ADDRESS_PRIVATE_TOO, /* loopback and private networks; still no link-local, metadata, multicast, unspecified */
    ADDRESS_ANY
};

bool address_allowed(const struct sockaddr *sa, enum address_rule rule);
void address_text(const struct sockaddr *sa, char *out, size_t n);
bool url_has_host(const char *url); /* as url_is_http() (client.h), whatever its length: with a query of ours behind it */
