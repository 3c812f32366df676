/* What a carrier brings: is it from it, and what does it say?  Reads and refuses; changes nothing. */
#include "channel/internal.h"

#include "codec/json.h"
#include <string.h>

static fault_t forged(struct arena *a, const char *why)
{
    return fault(a, F_FORBIDDEN, "This is not signed by the carrier: %s", why);
}

static fault_t wrong(struct arena *a, const char *why)
{
    return fault(a, F_INVALID_PARAMETER, "The message cannot be read: %s", why);
}

/* "0049…" and "49…" are how some gateways write "+49…"; what is short or has letters stays as it is. */
static const char *number_of(struct arena *a, const char *s)
{
    bool digits = s && *s && !s[strspn(s, "0123456789")];

    if (digits && !strncmp(s, "00", 2) && strlen(s) > 8)
        return arena_printf(a, "+%s", s + 2);
    return digits && strlen(s) > 6 ? arena_printf(a, "+%s", s) : s;
}

static bool address_bad(const char *s)
{
    if (!s || !*s || strlen(s) > ADDRESS_LENGTH_MAX)
        return true;
    for (; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == 0x7f)
            return true;
    return false;
}

static fault_t checked(struct arena *a, const struct sms *m)
{
    if (address_bad(m->from) || address_bad(m->to))
        return wrong(a, "an address is missing or not valid");
    if (m->body && strlen(m->body) > CHAT_BODY_MAX)
        return wrong(a, "the text is too long");
    return NULL;
}

static enum sms_status word_status(const char *word, bool *known)
{
    enum sms_status s = SMS_SENDING;

    *known = false;
    for (; sms_status_names[s] && s < SMS_RECEIVING; s++)
        if (str_ieq(sms_status_names[s], word)) {
            *known = true;
            return s;
        }
    return SMS_SENDING;
}

/* --- twilio ----------------------------------------------------------------------------------------------- */

static fault_t twilio_check(struct arena *a, const struct carrier *k, const struct arrival *in)
{
    const struct form *form = in->form;
    const char **names = arena_alloc(a, (form->n + 1) * sizeof(*names)),
               **values = arena_alloc(a, (form->n + 1) * sizeof(*values));
    size_t n = strcmp(in->method, "GET") ? form->n : 0; /* of a GET, all of it is in the URL */

    for (size_t i = 0; i < n; i++) {
        names[i] = form->pairs[i].name;
        values[i] = form->pairs[i].value;
    }
    if (!in->signature || !secret_is(request_signature(a, k->secret, in->url, names, values, n), in->signature))
        return forged(a, "X-Twilio-Signature is missing or not good");
    if (!str_eq(form_get(form, "AccountSid"), k->username))
        return forged(a, "it is of another account");
    return NULL;
}

static fault_t twilio_message(struct arena *a, const struct carrier *k, const struct arrival *in, struct sms *out)
{
    fault_t f = twilio_check(a, k, in);
    const char *number = form_get(in->form, "NumMedia");
    int64_t media = 0;
    struct json_out o;

    if (f)
        return f;
    out->from = form_get(in->form, "From");
    out->to = form_get(in->form, "To");
    out->body = form_get(in->form, "Body");
    out->profile_name = form_get(in->form, "ProfileName");
    out->carrier_message_sid = form_get(in->form, "MessageSid");
    if (!out->carrier_message_sid)
        out->carrier_message_sid = form_get(in->form, "SmsSid");
    (void)(number && str_to_int(number, &media));
    json_begin(&o, a);
    json_open(&o, '[');
    for (int64_t i = 0; i < media && i < SMS_MEDIA_MAX; i++) {
        const char *url = form_get(in->form, arena_printf(a, "MediaUrl%lld", (long long)i));
        if (url && url_is_http(url))
            json_str(&o, url);
    }
    json_close(&o, ']');
    out->media = json_done(&o);
    return NULL;
}

static fault_t twilio_report(struct arena *a, const struct carrier *k, const struct arrival *in, struct report *out)
{
    fault_t f = twilio_check(a, k, in);
    const char *word = form_get(in->form, "MessageStatus"), *code = form_get(in->form, "ErrorCode");
    bool known;

    if (f)
        return f;
    out->sid = form_get(in->query, "id");
    out->their_sid = form_get(in->form, "MessageSid");
    out->status = word_status(word, &known);
    if (code)
        (void)str_to_int(code, &out->error_code);
    return known ? NULL : wrong(a, "MessageStatus is not known");
}

/* --- kannel ----------------------------------------------------------------------------------------------- */

static fault_t kannel_message(struct arena *a, const struct carrier *k, const struct arrival *in, struct sms *out)
{
    const char *pass = form_get(in->query, "pass");

    if (!pass || !secret_is(carrier_pass(a, k), pass))
        return forged(a, "pass is missing or not good");
    out->from = number_of(a, form_get(in->query, "from"));
    out->to = number_of(a, form_get(in->query, "to"));
    out->body = form_get(in->query, "text");
    out->carrier_message_sid = form_get(in->query, "id");
    return NULL;
}

/* Kannel's bits: 1 delivered, 2 not, 4 waits at the centre, 8 the centre has it, 16 the centre refused it. */
static fault_t kannel_report(struct arena *a, const struct carrier *k, const struct arrival *in, struct report *out)
{
    const char *pass = form_get(in->query, "pass"), *status = form_get(in->query, "status");
    int64_t bits = 0;

    out->sid = form_get(in->query, "id");
    if (!out->sid || !pass || !secret_is(report_pass(a, k, out->sid), pass))
        return forged(a, "pass is missing or not good");
    if (!status || !str_to_int(status, &bits))
        return wrong(a, "status is not a number");
    out->status = bits & 1    ? SMS_DELIVERED
                  : bits & 2  ? SMS_UNDELIVERED
                  : bits & 16 ? SMS_FAILED
                  : bits & 8  ? SMS_SENT
                              : SMS_SENDING;
    if (bits & 18)
        out->error_code = bits & 2 ? 30003 : 30008;
    return NULL;
}

/* --- custom ----------------------------------------------------------------------------------------------- */

static fault_t custom_check(struct arena *a, const struct carrier *k, const struct arrival *in, json_t **body)
{
    int64_t seconds;
    const char *why = NULL;

    if (!in->signature || !in->timestamp || !in->nonce || !*in->nonce || strlen(in->nonce) > 128)
        return forged(a, "X-Plugboard-Timestamp, -Nonce and -Signature are needed");
    if (!secret_is(custom_signature(a, k->secret, in->timestamp, in->nonce, in->body), in->signature))
        return forged(a, "X-Plugboard-Signature is not good");
    if (!str_to_int(in->timestamp, &seconds) || seconds < 0 || seconds > INT64_MAX / SECOND ||
        seconds * SECOND < in->now - TIMESTAMP_MS || seconds * SECOND > in->now + TIMESTAMP_MS)
        return forged(a, "X-Plugboard-Timestamp is not of now");
    *body = json_parse_object(a, in->body, in->length, &why);
    return *body ? NULL : wrong(a, why);
}

static fault_t custom_message(struct arena *a, const struct carrier *k, const struct arrival *in, struct sms *out)
{
    json_t *body, *one;
    size_t i;
    struct json_out o;
    fault_t f = custom_check(a, k, in, &body);

    if (f)
        return f;
    out->from = json_get_string(body, "from");
    out->to = json_get_string(body, "to");
    out->body = json_get_string(body, "body");
    out->profile_name = json_get_string(body, "profile_name");
    out->carrier_message_sid = json_get_string(body, "id");
    if (!out->carrier_message_sid)
        return wrong(a, "id is missing: what comes again could not be told from what is new");
    json_begin(&o, a);
    json_open(&o, '[');
    json_array_foreach(json_object_get(body, "media"), i, one)
    {
        if (i == SMS_MEDIA_MAX || !json_is_string(one) || !url_is_http(json_string_value(one)))
            return wrong(a, "media is a list of at most ten URLs");
        json_str(&o, json_string_value(one));
    }
    json_close(&o, ']');
    out->media = json_done(&o);
    return NULL;
}

static fault_t custom_report(struct arena *a, const struct carrier *k, const struct arrival *in, struct report *out)
{
    json_t *body;
    bool known;
    fault_t f = custom_check(a, k, in, &body);

    if (f)
        return f;
    out->sid = json_get_string(body, "id");
    out->status = word_status(json_get_string(body, "status"), &known);
    if (json_is_integer(json_object_get(body, "error_code")))
        out->error_code = json_integer_value(json_object_get(body, "error_code"));
    return known && out->sid ? NULL : wrong(a, "id or status is missing or not known");
}

/* --- the types -------------------------------------------------------------------------------------------- */

static const struct {
    fault_t (*message)(struct arena *a, const struct carrier *k, const struct arrival *in, struct sms *out);
    fault_t (*report)(struct arena *a, const struct carrier *k, const struct arrival *in, struct report *out);
} types[] = {
    [CARRIER_TWILIO] = { twilio_message, twilio_report },
    [CARRIER_KANNEL] = { kannel_message, kannel_report },
    [CARRIER_CUSTOM] = { custom_message, custom_report },
};

fault_t arrive_message(struct arena *a, const struct carrier *k, const struct arrival *in, struct sms *out)
{
    *out = (struct sms){ .account_sid = k->account_sid, .carrier_sid = k->sid };
    fault_t f = types[k->type].message(a, k, in, out);
    return f ? f : checked(a, out);
}

fault_t arrive_report(struct arena *a, const struct carrier *k, const struct arrival *in, struct report *out)
{
    *out = (struct report){ .error_code = NO_VALUE };
    return types[k->type].report(a, k, in, out);
}
