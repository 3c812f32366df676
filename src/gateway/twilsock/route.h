/* route: where a tunnelled request goes.  The SDKs begin with addresses of their own ("https://cds.us1.twilio.com/v3/Maps") and follow
 * the links that they are given ("http://127.0.0.1:8080/cds/v3/Maps/MP…"), so host and path are read for what they are: a label, or a
 * path that only one of them has. */
#pragma once
#include "codec/json.h"
#include "net/http.h"

enum { WAY_HEADERS_MAX = 32, WAY_PARAMS_MAX = 200, WAY_PATH_MAX = 4096 };

struct way {
    const char *label;         /* "cds", "aim", "ers" */
    const char *method, *path, *query; /* still escaped */
    const char *content_type;  /* NULL: none */
    const char *grant;         /* active_grant; NULL: none */
    struct http_header headers[WAY_HEADERS_MAX]; /* without credentials: who asks is known */
    size_t nheaders;
};
/* Reads the header of a `message`; NULL, or what is wrong with it. */
const char *way_find(struct arena *a, const json_t *header, struct way *out);
bool way_is_subscription(const struct way *w);
