#include "gateway/twilsock/frame.h"

#include <string.h>

#define MAGIC "TWILSOCK V3.0 "

enum { MAGIC_SIZE = sizeof(MAGIC) - 1, SIZE_DIGITS_MAX = 6 };

/* --- reading ------------------------------------------------------------------------------------------------ */

/* "82\r\n": returns the bytes used, 0 when it is not that. */
static size_t read_size(const char *s, size_t n, size_t *size)
{
    size_t at = 0;

    *size = 0;
    for (; at < n && at < SIZE_DIGITS_MAX && s[at] >= '0' && s[at] <= '9'; at++)
        *size = *size * 10 + (size_t)(s[at] - '0');
    if (!at || n - at < 2 || s[at] != '\r' || s[at + 1] != '\n')
        return 0;
    return at + 2;
}

static const char *read_members(struct frame *f)
{
    f->method = json_get_string(f->header, "method");
    f->id = json_get_string(f->header, "id");
    if (!f->method || !*f->method || strlen(f->method) > METHOD_MAX)
        return "the header has no method";
    if (!f->id || !*f->id || strlen(f->id) > FRAME_ID_MAX)
        return "the header has no id";
    return NULL;
}

static const char *read_payload(struct frame *f, size_t left)
{
    const json_t *size = json_object_get(f->header, "payload_size");

    if (!json_is_integer(size) || json_integer_value(size) < 0)
        return "the header has no payload_size";
    if ((json_int_t)left < json_integer_value(size))
        return "the payload is shorter than its payload_size";
    f->payload_size = (size_t)json_integer_value(size);
    return NULL;
}

const char *frame_read(struct arena *a, const void *bytes, size_t n, struct frame *out)
{
    size_t size, used, at = MAGIC_SIZE;
    const char *why = NULL, *s;

    *out = (struct frame){ .payload = "" };
    if (n > FRAME_MAX)
        return "the frame is too long";
    s = arena_strndup(a, bytes, n); /* and so ends with NUL */
    if (n < MAGIC_SIZE || memcmp(s, MAGIC, MAGIC_SIZE) != 0)
        return "the frame does not begin with TWILSOCK V3.0";
    if (!(used = read_size(s + at, n - at, &size)))
        return "the header's size is not a number";
    at += used;
    if (size > HEADER_MAX)
        return "the header is too long";
    if (n - at < size + 2 || memcmp(s + at + size, "\r\n", 2) != 0)
        return "the header is not as long as it says";
    out->header = json_parse_object(a, s + at, size, &why);
    if (!out->header)
        return "the header is not a JSON object";
    at += size + 2;
    if ((why = read_members(out)) || (why = read_payload(out, n - at)))
        return why;
    out->payload = out->payload_size == n - at ? s + at : arena_strndup(a, s + at, out->payload_size);
    return NULL;
}

bool frame_is_reply(const void *bytes, size_t n)
{
    static const char member[] = "\"method\":\"reply\"";
    enum { LOOK_AT = 160 };

    return n > MAGIC_SIZE && !memcmp(bytes, MAGIC, MAGIC_SIZE) &&
           memmem(bytes, n < LOOK_AT ? n : LOOK_AT, member, sizeof(member) - 1);
}

/* --- writing ------------------------------------------------------------------------------------------------ */

void frame_open(struct frame_out *f, struct arena *a, const char *method, const char *id)
{
    f->arena = a;
    json_begin(&f->o, a);
    json_open(&f->o, '{');
    json_pair_str(&f->o, "method", method);
    json_pair_str(&f->o, "id", id);
}

void frame_status(struct frame_out *f, int code, const char *words, const char *description, int error_code)
{
    json_key(&f->o, "status");
    json_open(&f->o, '{');
    json_pair_int(&f->o, "code", code);
    json_pair_str(&f->o, "status", words);
    if (description)
        json_pair_str(&f->o, "description", description);
    if (error_code)
        json_pair_int(&f->o, "errorCode", error_code);
    json_close(&f->o, '}');
}

const char *frame_close(struct frame_out *f, const char *payload, size_t size, const char *type, size_t *n)
{
    struct text out = { .arena = f->arena };
    const char *header;

    if (size)
        json_pair_str(&f->o, "payload_type", type ? type : "application/json");
    json_pair_int(&f->o, "payload_size", (int64_t)size);
    json_close(&f->o, '}');
    header = json_done(&f->o);
    text_reserve(&out, strlen(header) + size + MAGIC_SIZE + SIZE_DIGITS_MAX + 8);
    text_putf(&out, MAGIC "%zu\r\n", strlen(header));
    text_put(&out, header);
    text_put(&out, "\r\n");
    if (size)
        text_putn(&out, payload, size);
    *n = out.n;
    return text_str(&out);
}
