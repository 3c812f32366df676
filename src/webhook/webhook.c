#include "webhook/webhook.h"

#include "auth/auth.h"
#include "base/log.h"
#include "codec/form.h"
#include <stdlib.h>
#include <string.h>

enum { PURPOSES_MAX = 16, ANSWER_MAX = 64 * 1024 };

struct webhooks {
    struct arena *arena;
    struct ledger *ledger;
    struct http_client *client;
    const struct purpose *purposes[PURPOSES_MAX];
    size_t npurposes;
};

struct delivery {
    const char *sid, *account_sid, *purpose, *subject, *url, *fallback_url, *form;
    int64_t attempts; /* calls that have failed */
    int64_t date_created;
};

static const struct field fields[] = {
    FIELD(delivery, sid, SID, .flags = KEY, .prefix = "WD"),
    FIELD(delivery, account_sid, SID, .flags = OWNER, .prefix = "AC"),
    FIELD(delivery, purpose, STR),
    FIELD(delivery, subject, STR),
    FIELD(delivery, url, URL),
    FIELD(delivery, fallback_url, URL),
    FIELD(delivery, form, STR),
    FIELD(delivery, attempts, INT),
    FIELD(delivery, date_created, TIME, .flags = BORN),
};
const struct kind delivery_kind = {
    .name = "delivery", .size = sizeof(struct delivery), .fields = ROWS(fields), .resident = true
};

/* One call under way: its own arena, through the client's thread and back to the ledger. */
struct flight {
    struct webhooks *owner;
    const struct purpose *purpose;
    struct arena *arena;
    const char *delivery_sid;
    struct http_call call;
    struct command command;
};

static const struct purpose *purpose_named(const struct webhooks *w, const char *name)
{
    for (size_t i = 0; i < w->npurposes; i++)
        if (!strcmp(w->purposes[i]->name, name))
            return w->purposes[i];
    return NULL;
}

/* 1 s, 2 s, 4 s … at most five minutes. */
static int64_t pause_after(int64_t rounds)
{
    int64_t pause = SECOND << (rounds > 9 ? 9 : rounds);

    return pause > 5 * MINUTE ? 5 * MINUTE : pause;
}

static bool answer_is_good(const struct flight *f)
{
    if (f->purpose->good)
        return f->purpose->good(&f->call);
    return f->call.status >= 200 && f->call.status < 300;
}

/* Attempts alternate between the URL and its fallback; a round is both. */
static const char *url_for(const struct delivery *d)
{
    return d->fallback_url && d->attempts % 2 ? d->fallback_url : d->url;
}

static void launch(struct webhooks *w, struct tx *tx, const struct delivery *d);

static fault_t landed(struct tx *tx, struct command *c)
{
    struct flight *f = CONTAINER_OF(c, struct flight, command);
    struct delivery *d = row_find(tx, &delivery_kind, f->delivery_sid);
    bool good = answer_is_good(f);

    if (!d)
        return NULL;
    row_edit(tx, d);
    d->attempts++;
    int64_t per_round = d->fallback_url ? 2 : 1;
    if (!good && d->attempts < per_round * f->purpose->rounds) {
        if (d->attempts % per_round)
            launch(f->owner, tx, d);
        else
            alarm_set(tx, "webhook.retry", d->sid, tx->now + pause_after(d->attempts / per_round - 1));
        return NULL;
    }
    if (!good)
        log_warn("webhook.failed", "%s about %s: %s", d->url, d->subject,
                 f->call.status ? arena_printf(tx->arena, "status %d", f->call.status) : f->call.why);
    if (f->purpose->ended)
        f->purpose->ended(f->purpose->arg, tx, d->subject, good, &f->call);
    row_delete(tx, d);
    return NULL;
}

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

    f->command = (struct command){ .arena = f->arena, .run = landed, .done = landed_done };
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
    f->call.why = "too many calls are under way";
    on_answer(&f->call);
}

/* The signature covers the form's parameters as they will be read. */
static const char *sign(struct arena *a, const char *token, const char *url, const char *body)
{
    struct form form;

    if (form_parse(a, body, strlen(body), &form))
        return "";
    const char **names = arena_alloc(a, (form.n + 1) * sizeof(*names)),
               **values = arena_alloc(a, (form.n + 1) * sizeof(*values));
    for (size_t i = 0; i < form.n; i++) {
        names[i] = form.pairs[i].name;
        values[i] = form.pairs[i].value;
    }
    return request_signature(a, token, url, names, values, form.n);
}

static void launch(struct webhooks *w, struct tx *tx, const struct delivery *d)
{
    const struct purpose *p = purpose_named(w, d->purpose);
    void *account = NULL;

    if (!p || record_find(tx->db, tx->arena, &account_kind, d->account_sid, &account) != DB_OK || !account)
        return;
    struct arena *a = arena_new();
    struct flight *f = arena_alloc(a, sizeof(*f));
    struct http_header *headers = arena_alloc(a, 3 * sizeof(*headers));
    const char *url = arena_strdup(a, url_for(d)), *body = arena_strdup(a, d->form);
    headers[0] = (struct http_header){ "Content-Type", "application/x-www-form-urlencoded" };
    headers[1] =
        (struct http_header){ "X-Twilio-Signature", sign(a, ((struct account *)account)->auth_token, url, body) };
    headers[2] = (struct http_header){ "User-Agent", "Plugboard/" PLUGBOARD_VERSION };
    *f = (struct flight){
        .owner = w,
        .purpose = p,
        .arena = a,
        .delivery_sid = arena_strdup(a, d->sid),
        .call = { .arena = a,
                  .method = "POST",
                  .url = url,
                  .headers = headers,
                  .nheaders = 3,
                  .body = body,
                  .length = strlen(body),
                  .timeout_ms = p->timeout_ms,
                  .connect_timeout_ms = p->timeout_ms,
                  .answer_max = ANSWER_MAX,
                  .done = on_answer,
                  .arg = f },
    };
    struct hold *h = arena_alloc(tx->arena, sizeof(*h));
    h->flight = f;
    arena_defer(tx->arena, drop, h);
    tx_after(tx, fly, h);
}

static void retry(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct delivery *d = row_find(tx, &delivery_kind, subject);

    (void)due;
    if (d)
        launch(arg, tx, d);
}

/* What was under way when the server stopped is sent again. */
static void resume(void *arg, struct tx *tx)
{
    const struct delivery *d;

    for (size_t i = 0; (d = row_each(tx, &delivery_kind, &i));)
        if (alarm_due(tx, "webhook.retry", d->sid) == NO_VALUE)
            launch(arg, tx, d);
}

struct webhooks *webhooks_new(struct ledger *l, struct http_client *client)
{
    struct arena *a = arena_new();
    struct webhooks *w = arena_alloc(a, sizeof(*w));

    *w = (struct webhooks){ .arena = a, .ledger = l, .client = client };
    ledger_alarm(l, &(struct alarm_kind){ .name = "webhook.retry", .ring = retry, .arg = w });
    ledger_on_loaded(l, resume, w);
    return w;
}

void webhooks_free(struct webhooks *w)
{
    if (w)
        arena_free(w->arena);
}

void webhooks_purpose(struct webhooks *w, const struct purpose *p)
{
    if (w->npurposes == PURPOSES_MAX)
        abort();
    w->purposes[w->npurposes++] = p;
}

void webhook_send(struct webhooks *w, struct tx *tx, const struct webhook *h)
{
    struct delivery *d = row_new(tx, &delivery_kind, NULL);

    row_set(tx, d, &d->account_sid, h->account_sid);
    row_set(tx, d, &d->purpose, h->purpose);
    row_set(tx, d, &d->subject, h->subject);
    row_set(tx, d, &d->url, h->url);
    row_set(tx, d, &d->fallback_url, h->fallback_url);
    row_set(tx, d, &d->form, h->form);
    launch(w, tx, d);
}
