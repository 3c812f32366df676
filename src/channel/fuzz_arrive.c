/* What strangers send as carriers: queries, forms and JSON, of every type, with a good signature where one byte says so
 * (or nothing would be read).  What passes has two addresses. */
#include "channel/internal.h"

#include <assert.h>
#include <string.h>

static const struct carrier known = { .sid = "KC", .account_sid = "AC", .username = "AC1", .secret = "secret" };

static void sign(struct arena *a, const struct carrier *k, struct arrival *in, const struct form *form)
{
    const char **names = arena_alloc(a, (form->n + 1) * sizeof(*names)),
               **values = arena_alloc(a, (form->n + 1) * sizeof(*values));

    for (size_t i = 0; i < form->n; i++) {
        names[i] = form->pairs[i].name;
        values[i] = form->pairs[i].value;
    }
    in->signature = k->type == CARRIER_TWILIO ? request_signature(a, k->secret, in->url, names, values, form->n)
                                              : custom_signature(a, k->secret, in->timestamp, in->nonce, in->body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    _arena_ struct arena *a = arena_new();
    struct carrier k = known;
    struct form form = { 0 };
    struct sms m;
    struct report r;

    if (n < 2)
        return 0;
    k.type = data[0] % 3;
    const char *text = arena_strndup(a, (const char *)data + 2, n - 2);
    struct arrival in = { .method = "POST",
                          .url = "http://us/",
                          .body = text,
                          .length = strlen(text),
                          .form = &form,
                          .query = &form,
                          .timestamp = "1",
                          .nonce = "n",
                          .now = 1000 };
    if (k.type != CARRIER_CUSTOM && k.type == CARRIER_KANNEL && data[1])
        text = arena_printf(a, "%s&pass=%s", text, carrier_pass(a, &k));
    if (k.type != CARRIER_CUSTOM && form_parse(a, text, strlen(text), &form))
        return 0;
    if (data[1])
        sign(a, &k, &in, &form);
    fault_t f = arrive_message(a, &k, &in, &m);
    assert(f || (data[1] && m.from && *m.from && m.to && *m.to && strlen(m.from) <= ADDRESS_LENGTH_MAX));
    f = arrive_report(a, &k, &in, &r);
    assert(f || r.status < SMS_RECEIVING);
    return 0;
}
