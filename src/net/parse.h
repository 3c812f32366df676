/* parse: the small readers of what a stranger sends that h2o leaves to us; no sockets, no h2o, so that they can be fuzzed.
 *
 * h2o parses the request line and the headers, but keeps quiet about a few things that are dangerous behind a proxy:
 * it takes the first of two Content-Lengths, lets Transfer-Encoding win over Content-Length, and hides all three from
 * its handlers.  head_check() therefore reads the raw head once more and says whether one framing only is possible. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum head_verdict { HEAD_GOOD, HEAD_BAD, HEAD_TOO_LARGE, HEAD_TARGET_TOO_LONG };

/* bytes begins with a head that h2o has accepted (a blank line ends it); the body may follow.  Targets may have half of header_max. */
enum head_verdict head_check(const char *bytes, size_t n, int minor_version, size_t header_max);

bool host_valid(const char *host);         /* name, IPv4 or [IPv6], maybe with :port; "" is not valid */
bool accepts_gzip(const char *header);     /* value of Accept-Encoding, or NULL */
bool type_compresses(const char *type);    /* a media type that gzip makes smaller */

/* One "host:port" of a list that is separated by ','; *list moves behind it.  False: not understood. */
bool listen_next(const char **list, char host[static 256], char port[static 8]);
