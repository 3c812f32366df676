/* One call: signed, after the commit, and its answer back to the ledger. */
#include "webhook/internal.h"

#include "auth/auth.h"
#include "base/log.h"
#include "codec/form.h"
#include <string.h>

enum { ANSWER_MAX = 64 * 1024, HEADERS = 4, LEAST_MS = 100 };

static void landed_done(struct command *c, fault_t fault)
{
    struct flight *f = CONTAINER_OF(c, struct flight, command);

    if (fault)
        log_warn("webhook.lost", "the answer about delivery %s could not be kept: %s", f->delivery_sid, fault->message);
    arena_free(f->arena);
}

static void on_answer(struct http_call *call)
{
    struct flight *f = call->arg;

    f->command = (struct command){ .arena = f->arena, .run = delivery_landed, .done = landed_done };
    if (!ledger_send(f->owner->ledger, &f->command))
        arena_free(f->arena); /* stopping: the delivery's row is still there, for the next start */
}

/* A flight that waits for its commit; if that does not come, the command's arena takes it down. */
struct hold {
    struct flight *flight;
};

static void drop(void *arg)
{
    struct hold *h = arg;

    if (h->flight)
        arena_free(h->flight->arena);
}

static void fly(void *arg)
{
    struct hold *h = arg;
    struct flight *f = h->flight;

    h->flight = NULL;
    if (http_client_send(f->owner->client, &f->call))
        return;
    f->call.end = HTTP_BROKEN;
    f->call.why = "too many calls are under way";
    on_answer(&f->call);
}

/* What the signature covers: of a POST the form's parameters as they will be read, of a GET nothing but the URL. */
static const char *sign(struct arena *a, const char *token, const char *url, const char *body)
{
    struct form form = { 0 };

    if (body && form_parse(a, body, strlen(body), &form))
        return "";
    const char **names = arena_alloc(a, (form.n + 1) * sizeof(*names)),
               **values = arena_alloc(a, (form.n + 1) * sizeof(*values));
    for (size_t i = 0; i < form.n; i++) {
        names[i] = form.pairs[i].name;
        values[i] = form.pairs[i].value;
    }
    return request_signature(a, token, url, names, values, form.n);
}

void webhook_call(struct arena *a, struct http_call *call, const char *token, const char *url, const char *form,
                  bool by_get)
{
    struct http_header *headers = arena_alloc(a, HEADERS * sizeof(*headers));
    size_t n = 0;

    if (by_get)
        url = arena_printf(a, "%s%c%s", url, strchr(url, '?') ? '&' : '?', form);
    headers[n++] = (struct http_header){ "X-Twilio-Signature", sign(a, token, url, by_get ? NULL : form) };
    headers[n++] = (struct http_header){ "User-Agent", "Plugboard/" PLUGBOARD_VERSION };
    if (!by_get)
        headers[n++] = (struct http_header){ "Content-Type", "application/x-www-form-urlencoded" };
    *call = (struct http_call){ .arena = a,
                                .method = by_get ? "GET" : "POST",
                                .url = url,
                                .headers = headers,
                                .nheaders = n,
                                .body = by_get ? NULL : form,
                                .length = by_get ? 0 : strlen(form),
                                .answer_max = ANSWER_MAX };
}

static void prepare(struct flight *f, const struct delivery *d, const char *token)
{
    struct arena *a = f->arena;
    struct overrides o = overrides_of(a, f->purpose, d);
    struct text form = { .arena = a };
    int64_t left = o.total_ms - d->spent_ms;

    text_put(&form, d->form);
    if (f->purpose->count_as)
        form_put(&form, f->purpose->count_as, arena_printf(a, "%lld", (long long)d->attempts));
    webhook_call(a, &f->call, token, arena_strdup(a, o.url), text_str(&form), d->by_get);
    struct http_header *headers = arena_alloc(a, (f->call.nheaders + 1) * sizeof(*headers));
    memcpy(headers, f->call.headers, f->call.nheaders * sizeof(*headers));
    headers[f->call.nheaders++] = (struct http_header){ "I-Twilio-Idempotency-Token", f->delivery_sid };
    f->call.headers = headers;
    f->call.timeout_ms = left > LEAST_MS ? left : LEAST_MS;
    f->call.connect_timeout_ms = o.connect_ms;
    f->call.read_timeout_ms = o.read_ms;
    f->call.done = on_answer;
    f->call.arg = f;
}

bool flight_launch(struct webhooks *w, struct tx *tx, const struct delivery *d)
{
    const struct purpose *p = purpose_named(w, d->purpose);
    void *account = NULL;

    if (!p || record_find(tx->db, tx->arena, &account_kind, d->account_sid, &account) != DB_OK || !account)
        return false;
    struct arena *a = arena_new();
    struct flight *f = arena_alloc(a, sizeof(*f));
    *f = (struct flight){ .owner = w,
                          .purpose = p,
                          .arena = a,
                          .delivery_sid = arena_strdup(a, d->sid),
                          .place = arena_strdup(a, d->place),
                          .attempts = d->attempts };
    prepare(f, d, ((struct account *)account)->auth_token);
    struct hold *h = arena_alloc(tx->arena, sizeof(*h));
    h->flight = f;
    arena_defer(tx->arena, drop, h);
    tx_after(tx, fly, h);
    return true;
}
