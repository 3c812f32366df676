#include "webhook/overrides.h"

#include "base/text.h"
#include <string.h>

enum { CONNECT_MS = 5000, CONNECT_MAX = 10000, ALL_MAX = 15000, ALL_MIN = 100, RETRIES_MAX = 5 };

/* A stretch of the fragment: nothing is copied. */
struct part {
    const char *s;
    size_t n;
};

static bool part_is(struct part p, const char *word)
{
    return strlen(word) == p.n && !memcmp(p.s, word, p.n);
}

/* What stands before the separator, which is taken, too. */
static struct part cut(struct part *rest, char separator)
{
    const char *end = memchr(rest->s, separator, rest->n);
    struct part head = { rest->s, end ? (size_t)(end - rest->s) : rest->n };

    rest->s += head.n + (end != NULL);
    rest->n -= head.n + (end != NULL);
    return head;
}

static bool read_number(struct part p, int64_t min, int64_t max, int64_t *out)
{
    int64_t v = 0;

    for (size_t i = 0; i < p.n; i++) {
        if (p.s[i] < '0' || p.s[i] > '9')
            return false;
        if (v <= max)
            v = v * 10 + (p.s[i] - '0');
    }
    if (!p.n)
        return false;
    *out = v < min ? min : v > max ? max : v;
    return true;
}

static unsigned read_policy(struct part value)
{
    static const struct {
        const char *word;
        unsigned bits;
    } words[] = { { "4xx", RETRY_4XX },
                  { "5xx", RETRY_5XX },
                  { "ct", RETRY_NOT_CONNECTED },
                  { "rt", RETRY_SILENT },
                  { "all", RETRY_ALL } };
    unsigned bits = 0;

    while (value.n) {
        struct part word = cut(&value, ',');
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (part_is(word, words[i].word))
                bits |= words[i].bits;
    }
    return bits;
}

static void read_pair(struct overrides *o, struct part name, struct part value)
{
    unsigned policy;

    if (part_is(name, "ct")) {
        read_number(value, ALL_MIN, CONNECT_MAX, &o->connect_ms);
    } else if (part_is(name, "rt")) {
        read_number(value, ALL_MIN, ALL_MAX, &o->read_ms);
    } else if (part_is(name, "tt")) {
        read_number(value, ALL_MIN, ALL_MAX, &o->total_ms);
    } else if (part_is(name, "rc")) {
        o->retries_said |= read_number(value, 0, RETRIES_MAX, &o->retries);
    } else if (part_is(name, "rp") && (policy = read_policy(value))) {
        o->retry_after = policy;
        o->retries_said = true;
    }
}

struct overrides overrides_read(struct arena *a, const char *url, int64_t total_ms)
{
    size_t n = strcspn(url, "#");
    struct part rest = { url + n, strlen(url + n) };
    struct overrides o = { .connect_ms = CONNECT_MS,
                           .total_ms = total_ms,
                           .retries = 1,
                           .retry_after = RETRY_NOT_CONNECTED,
                           .url = arena_strndup(a, url, n) };

    if (rest.n)
        cut(&rest, '#');
    while (rest.n) {
        struct part value = cut(&rest, '&'), name = cut(&value, '=');
        read_pair(&o, name, value);
    }
    return o;
}

bool overrides_retry(const struct overrides *o, const struct http_call *ended, int64_t tries, int64_t spent_ms)
{
    unsigned why = 0;

    if (ended->end == HTTP_ANSWERED)
        why = ended->status / 100 == 4 ? RETRY_4XX : ended->status / 100 == 5 ? RETRY_5XX : 0;
    else if (ended->end == HTTP_NOT_CONNECTED)
        why = RETRY_NOT_CONNECTED;
    else if (ended->end == HTTP_TIMED_OUT)
        why = RETRY_SILENT;
    return (o->retry_after & why) && tries <= o->retries && spent_ms < o->total_ms;
}
