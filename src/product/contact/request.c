#include "product/contact/request.h"
#include "base/sid.h"
#include <string.h>
#include <strings.h>

/* --- texts ------------------------------------------------------------------------------------------------------- */

/* C0, DEL and C1 (U+0080 to U+009F, in UTF-8 C2 80 to C2 9F). */
static bool has_control(const char *s, bool lines)
{
    for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
        if (*p == '\n' && lines)
            continue;
        if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f))
            return true;
    }
    return false;
}

static bool is_blank(const char *s)
{
    return s[strspn(s, " \n")] == '\0';
}

static const char *read_text(struct arena *a, const json_t *body, const char *field, size_t max, bool lines,
                             const char **out)
{
    *out = json_get_string(body, field);
    if (!*out || is_blank(*out))
        return arena_printf(a, "The %s is missing", field);
    if (utf8_length(*out) > max)
        return arena_printf(a, "The %s is longer than %zu characters", field, max);
    if (has_control(*out, lines))
        return arena_printf(a, "The %s has characters that cannot be shown", field);
    return NULL;
}

static const char *read_phone(struct arena *a, const json_t *body, const char **out)
{
    size_t digits = 0, n;
    const char *why = read_text(a, body, "phone", PHONE_CHARS_MAX, false, out);

    if (why)
        return why;
    n = strlen(*out);
    for (const char *p = *out; *p; p++)
        digits += *p >= '0' && *p <= '9';
    if ((*out)[strspn(*out, "0123456789+()-. ")] || n < PHONE_CHARS_MIN || digits < PHONE_DIGITS_MIN ||
        digits > PHONE_DIGITS_MAX)
        return "The phone number has to have 5 to 20 digits; besides them only + ( ) - . and blanks";
    return NULL;
}

static const char *read_topic(const json_t *body, const json_t *topics, const char **out)
{
    *out = NULL;
    if (!json_object_size(topics))
        return NULL;
    *out = json_get_string(body, "topic");
    return *out && json_object_get(topics, *out) ? NULL : "The topic is not one of the form's";
}

static const char *read_page(const json_t *body)
{
    const char *page = json_get_string(body, "page");

    if (!page || strlen(page) > PAGE_BYTES_MAX || has_control(page, false))
        return NULL;
    return !strncasecmp(page, "http://", 7) || !strncasecmp(page, "https://", 8) ? page : NULL;
}

/* `website` is a field that people do not see. */
static bool is_machine(const json_t *body, int64_t now)
{
    const char *website = json_get_string(body, "website");
    const json_t *started = json_object_get(body, "started_at");
    int64_t at = json_is_integer(started) ? json_integer_value(started) : 0;

    /* A time to come is a customer's clock that is ahead; comparing before subtracting keeps any number harmless. */
    return (website && *website) || (at <= now && at > now - QUICKEST_PERSON);
}

const char *request_read(struct arena *a, const char *body, size_t n, const json_t *topics, int64_t now,
                         struct contact_request *out, const char **field)
{
    const char *why;
    const json_t *o = json_parse_object(a, body, n, &why);

    *out = (struct contact_request){ 0 };
    *field = NULL;
    if (!o)
        return arena_printf(a, "The body is not a JSON object: %s", why);
    out->trapped = is_machine(o, now);
    if (out->trapped)
        return NULL;
    *field = "name";
    if ((why = read_text(a, o, "name", NAME_CHARS_MAX, false, &out->name)))
        return why;
    *field = "phone";
    if ((why = read_phone(a, o, &out->phone)))
        return why;
    *field = "topic";
    if ((why = read_topic(o, topics, &out->topic)))
        return why;
    *field = "message";
    if ((why = read_text(a, o, "message", MESSAGE_CHARS_MAX, true, &out->message)))
        return why;
    *field = NULL;
    out->page = read_page(o);
    return NULL;
}

/* --- what becomes of it ------------------------------------------------------------------------------------------- */

const char *request_attributes(struct arena *a, const struct contact_request *r, const char *reference)
{
    struct json_out o;
    const char *text;

    json_begin(&o, a);
    json_open(&o, '{');
    json_pair_str(&o, "type", "callback");
    json_pair_str(&o, "direction", "inbound");
    json_pair_str(&o, "reference", reference);
    json_pair_str(&o, "name", r->name);
    json_pair_str(&o, "phone", r->phone);
    json_pair_str(&o, "topic", r->topic);
    json_pair_str(&o, "skill", r->topic);
    json_pair_str(&o, "message", r->message);
    json_key(&o, "customers");
    json_open(&o, '{');
    json_pair_str(&o, "name", r->name);
    json_pair_str(&o, "phone", r->phone);
    json_close(&o, '}');
    json_pair_str(&o, "customerName", r->name);
    json_pair_str(&o, "customerAddress", r->phone);
    json_pair_str(&o, "page", r->page);
    json_close(&o, '}');
    text = json_done(&o);
    return utf8_length(text) <= TASK_ATTRIBUTES_MAX ? text : NULL;
}

void reference_make(char out[static REFERENCE_SIZE])
{
    /* Crockford's: no I, L, O and U, so that nothing is misheard or misread. */
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    unsigned char random[REFERENCE_SIZE];

    random_bytes(random, sizeof random);
    for (size_t i = 0; i < REFERENCE_SIZE - 1; i++)
        out[i] = alphabet[random[i] % 32];
    out[(REFERENCE_SIZE - 1) / 2] = '-';
    out[REFERENCE_SIZE - 1] = '\0';
}
