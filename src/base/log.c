#include "base/log.h"
#include "base/text.h"
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Process-wide, set once at the start. */
static atomic_int least_level = LOG_INFO;
static atomic_bool as_json;

static const char *const names[] = { "debug", "info", "warn", "error" };

void log_setup(enum log_level least, bool json)
{
    atomic_store(&least_level, (int)least);
    atomic_store(&as_json, json);
}

/* A message may quote what a stranger sent: it must not begin a line of its own, move a terminal's cursor, or break
 * a reader of JSON.  The same escapes serve both forms; quotes only matter in JSON. */
static void put_escaped(struct text *t, const char *s, bool json)
{
    bool valid = utf8_valid(s, strlen(s));

    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '\n')
            text_put(t, "\\n");
        else if (c < 0x20 || c == 0x7f)
            text_putf(t, "\\u%04x", c);
        else if (json && (c == '"' || c == '\\'))
            text_putc(t, '\\'), text_putc(t, *s);
        else if (c >= 0x80 && !valid)
            text_put(t, "\xef\xbf\xbd"); /* U+FFFD */
        else
            text_putc(t, *s);
    }
}

static void put_time(struct text *t)
{
    struct timespec now;
    struct tm tm;
    char s[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(s, sizeof s, "%Y-%m-%dT%H:%M:%S", &tm);
    text_putf(t, "%s.%03dZ", s, (int)(now.tv_nsec / 1000000));
}

/* One write(2) a line: lines of threads and processes that share stderr do not mix. */
static void put_line(const struct text *t)
{
    for (size_t done = 0; done < t->n;) {
        ssize_t n = write(STDERR_FILENO, t->s + done, t->n - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return; /* there is nobody left to tell */
    }
}

void log_write(enum log_level level, const char *event, const char *fmt, ...)
{
    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed))
        return;
    int saved = errno;
    bool json = atomic_load_explicit(&as_json, memory_order_relaxed);
    _arena_ struct arena *a = arena_new();
    struct text line = { .arena = a };
    va_list ap;

    va_start(ap, fmt);
    const char *message = arena_vprintf(a, fmt, ap);
    va_end(ap);
    text_put(&line, json ? "{\"time\":\"" : "");
    put_time(&line);
    text_putf(&line, json ? "\",\"level\":\"%s\",\"event\":\"%s\",\"message\":\"" : " %-5s %s: ", names[level], event);
    put_escaped(&line, message, json);
    text_put(&line, json ? "\"}\n" : "\n");
    put_line(&line);
    errno = saved;
}
