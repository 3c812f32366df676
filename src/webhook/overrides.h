/* overrides: how the owner of a URL wants it to be called, said in the URL's fragment as Twilio reads it.
 *
 *     https://example.com/hook#ct=2000&rt=5000&tt=15000&rc=3&rp=5xx,ct,rt
 *
 *     ct  milliseconds to connect, 100 to 10000          rc  how often to try again at once, 0 to 5
 *     rt  of silence, 100 to 15000                       rp  after what: 4xx 5xx ct (no connection) rt (silence) all
 *     tt  for all of it, retries included, 100 to 15000  sni, e  taken and without effect: there is one way out of here
 *
 * What is out of bounds becomes the bound; what is no number, or an unknown name, is as if it were not there: a call
 * must go out.  The fragment is for us only: it is neither sent nor signed. */
#pragma once
#include "base/arena.h"
#include "net/client.h"

enum retry_after { RETRY_4XX = 1, RETRY_5XX = 2, RETRY_NOT_CONNECTED = 4, RETRY_SILENT = 8, RETRY_ALL = 15 };

struct overrides {
    const char *url;      /* without the fragment */
    int64_t connect_ms;
    int64_t read_ms;      /* 0: not said, tt alone counts */
    int64_t total_ms;
    int64_t retries;
    unsigned retry_after; /* enum retry_after, several */
    bool    retries_said; /* rc or rp is there: so often and not more often */
};

struct overrides overrides_read(struct arena *a, const char *url, int64_t total_ms); /* total_ms: if tt is not there */
bool overrides_retry(const struct overrides *o, const struct http_call *ended, int64_t tries, int64_t spent_ms);
