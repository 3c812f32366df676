/* How each type of carrier is spoken to: a row a type. */
#include "channel/internal.h"

#include "codec/base64.h"
#include "codec/json.h"
#include <string.h>

enum { ANSWER_MAX = 64 * 1024, HEADERS = 5 };

const char *basic_credentials(struct arena *a, const char *username, const char *secret)
{
    const char *both = arena_printf(a, "%s:%s", username ? username : "", secret ? secret : "");

    return arena_printf(a, "Basic %s", base64_encode(a, both, strlen(both)));
}

const char *custom_signature(struct arena *a, const char *key, const char *timestamp, const char *nonce,
                             const char *body)
{
    return text_signature(a, key, arena_printf(a, "%s.%s.%s", timestamp, nonce, body));
}

const char *report_pass(struct arena *a, const struct carrier *k, const char *sms_sid)
{
    return text_signature(a, k->secret, sms_sid);
}

const char *carrier_pass(struct arena *a, const struct carrier *k)
{
    return report_pass(a, k, "inbound");
}

static json_t *media_of(struct arena *a, const struct sms *m)
{
    return m->media ? json_parse(a, m->media, strlen(m->media), NULL) : NULL;
}

static void post(const struct sending *s, struct http_call *call, const char *url, const char *type, const char *body)
{
    struct http_header *headers = arena_alloc(s->arena, HEADERS * sizeof(*headers));

    headers[0] = (struct http_header){ "Content-Type", type };
    headers[1] = (struct http_header){ "I-Twilio-Idempotency-Token", arena_strdup(s->arena, s->message->sid) };
    call->method = "POST";
    call->url = url;
    call->headers = headers;
    call->nheaders = 2;
    call->body = body;
    call->length = strlen(body);
}

static void add_header(struct http_call *call, const char *name, const char *value)
{
    ((struct http_header *)call->headers)[call->nheaders++] = (struct http_header){ name, value };
}

/* --- twilio ----------------------------------------------------------------------------------------------- */

static void twilio_build(const struct sending *s, struct http_call *call)
{
    const struct sms *m = s->message;
    struct text form = { .arena = s->arena };
    json_t *list = media_of(s->arena, m), *url;
    size_t i;

    form_put(&form, "From", m->from);
    form_put(&form, "To", m->to);
    if (m->body && *m->body)
        form_put(&form, "Body", m->body);
    json_array_foreach(list, i, url) form_put(&form, "MediaUrl", json_string_value(url));
    /* With our own SID: a callback may be quicker than the answer that tells theirs. */
    form_put(&form, "StatusCallback", arena_printf(s->arena, "%s?id=%s", s->status_url, m->sid));
    post(s, call,
         arena_printf(s->arena, "%s/2010-04-01/Accounts/%s/Messages.json", s->carrier->url, s->carrier->username),
         "application/x-www-form-urlencoded", text_str(&form));
    add_header(call, "Authorization", basic_credentials(s->arena, s->carrier->username, s->carrier->secret));
}

/* clang-format off */
/* Their words for what has become of a message, Twilio's and ours. */
static const struct { const char *word; enum sms_status means; } statuses[] = {
    { "accepted", SMS_SENDING }, { "queued", SMS_SENDING }, { "scheduled", SMS_SENDING }, { "sending", SMS_SENDING },
    { "sent", SMS_SENT }, { "delivered", SMS_DELIVERED }, { "read", SMS_READ },
    { "undelivered", SMS_UNDELIVERED }, { "failed", SMS_FAILED }, { "canceled", SMS_FAILED },
};
/* clang-format on */

static bool status_of(const char *word, enum sms_status *out)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
        if (str_ieq(statuses[i].word, word)) {
            *out = statuses[i].means;
            return true;
        }
    return false;
}

static struct sent json_read(struct arena *a, const struct http_call *call, const char *id, const char *code,
                             enum sms_status otherwise)
{
    json_t *answer = json_parse_object(a, call->answer, call->answer_length, NULL);
    struct sent s = { .status = otherwise, .error_code = NO_VALUE };

    s.their_sid = answer ? json_get_string(answer, id) : NULL;
    if (call->status >= 200 && call->status < 300) {
        (void)status_of(answer ? json_get_string(answer, "status") : NULL, &s.status);
        return s;
    }
    json_t *number = json_object_get(answer, code);
    s.status = SMS_FAILED;
    s.error_code = json_is_integer(number) ? json_integer_value(number) : 30008;
    s.words = answer ? json_get_string(answer, "message") : NULL;
    if (!s.words)
        s.words = arena_printf(a, "the carrier answered %d", call->status);
    return s;
}

static struct sent twilio_read(struct arena *a, const struct http_call *call)
{
    return json_read(a, call, "sid", "code", SMS_SENDING);
}

/* --- kannel ----------------------------------------------------------------------------------------------- */

static bool is_ascii(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s >= 0x80)
            return false;
    return true;
}

/* It knows no media: their URLs stand below the text. */
static void kannel_build(const struct sending *s, struct http_call *call)
{
    const struct sms *m = s->message;
    struct text url = { .arena = s->arena }, text = { .arena = s->arena };
    json_t *list = media_of(s->arena, m), *link;
    size_t i;

    text_put(&text, m->body ? m->body : "");
    json_array_foreach(list, i, link) text_putf(&text, "%s%s", text.n ? "\n" : "", json_string_value(link));
    text_putf(&url, "%s%s", s->carrier->url, strchr(s->carrier->url, '?') ? "&" : "?");
    form_put(&url, "username", s->carrier->username ? s->carrier->username : "");
    form_put(&url, "password", s->carrier->secret ? s->carrier->secret : "");
    form_put(&url, "from", m->from);
    form_put(&url, "to", m->to);
    form_put(&url, "charset", "UTF-8");
    form_put(&url, "coding", is_ascii(text_str(&text)) ? "0" : "2");
    form_put(&url, "text", text_str(&text));
    form_put(&url, "dlr-mask", "31");
    form_put(&url, "dlr-url",
             arena_printf(s->arena, "%s?id=%s&pass=%s&status=%%d", s->status_url, m->sid,
                          report_pass(s->arena, s->carrier, m->sid)));
    call->method = "GET";
    call->url = text_str(&url);
}

static struct sent kannel_read(struct arena *a, const struct http_call *call)
{
    if (call->status >= 200 && call->status < 300)
        return (struct sent){ .status = SMS_SENDING, .error_code = NO_VALUE };
    return (struct sent){ .status = SMS_FAILED,
                          .error_code = 30008,
                          .words = arena_printf(a, "the gateway answered %d: %.100s", call->status, call->answer) };
}

/* --- custom ----------------------------------------------------------------------------------------------- */

static void custom_build(const struct sending *s, struct http_call *call)
{
    const struct sms *m = s->message;
    const char *timestamp = arena_printf(s->arena, "%lld", (long long)(s->now / SECOND));
    const char *nonce = arena_printf(s->arena, "%s-%lld", m->sid, (long long)m->attempts);
    struct json_out o;

    json_begin(&o, s->arena);
    json_open(&o, '{');
    json_pair_str(&o, "id", m->sid);
    json_pair_str(&o, "from", m->from);
    json_pair_str(&o, "to", m->to);
    json_pair_str(&o, "body", m->body ? m->body : "");
    json_pair_raw(&o, "media", m->media ? m->media : "[]");
    json_pair_str(&o, "conversation_sid", m->conversation_sid);
    json_pair_str(&o, "status_url", s->status_url);
    json_close(&o, '}');
    post(s, call, arena_strdup(s->arena, s->carrier->url), "application/json", json_done(&o));
    add_header(call, "X-Plugboard-Timestamp", timestamp);
    add_header(call, "X-Plugboard-Nonce", nonce);
    add_header(call, "X-Plugboard-Signature",
               custom_signature(s->arena, s->carrier->secret, timestamp, nonce, call->body));
}

static struct sent custom_read(struct arena *a, const struct http_call *call)
{
    return json_read(a, call, "id", "error_code", SMS_SENT);
}

/* --- the types -------------------------------------------------------------------------------------------- */

static const struct {
    void (*build)(const struct sending *s, struct http_call *call);
    struct sent (*read)(struct arena *a, const struct http_call *call);
} types[] = {
    [CARRIER_TWILIO] = { twilio_build, twilio_read },
    [CARRIER_KANNEL] = { kannel_build, kannel_read },
    [CARRIER_CUSTOM] = { custom_build, custom_read },
};

void wire_build(const struct sending *s, struct http_call *call)
{
    *call = (struct http_call){ .arena = s->arena, .timeout_ms = SEND_MS, .answer_max = ANSWER_MAX };
    types[s->carrier->type].build(s, call);
}

/* No answer, too many requests, and errors of theirs pass. */
struct sent wire_read(struct arena *a, enum carrier_type type, const struct http_call *call)
{
    if (!call->status || call->status == 429 || call->status >= 500)
        return (struct sent){ .again = true,
                              .status = SMS_FAILED,
                              .error_code = 30008,
                              .words =
                                  call->status ? arena_printf(a, "the carrier answered %d", call->status) : call->why };
    return types[type].read(a, call);
}
