/* A number's own program: its SMS URL is asked what to do, and answers in TwiML. */
#include "channel/internal.h"

#include "base/log.h"
#include "codec/json.h"
#include <string.h>

enum { HOPS_MAX = 10 };

static const char *request_form(struct tx *tx, const struct sms *m)
{
    json_t *list = m->media ? json_parse(tx->arena, m->media, strlen(m->media), NULL) : NULL, *url;
    const char *colon = strchr(m->from, ':');
    enum opt_word w = colon ? OPT_NONE : opt_word_of(m->body);
    struct text form = { .arena = tx->arena };
    const char *const sids[] = { "MessageSid", "SmsSid", "SmsMessageSid" };
    size_t i;

    for (i = 0; i < sizeof(sids) / sizeof(*sids); i++)
        form_put(&form, sids[i], m->sid);
    form_put(&form, "AccountSid", m->account_sid);
    form_put(&form, "From", m->from);
    form_put(&form, "To", m->to);
    form_put(&form, "Body", m->body ? m->body : "");
    form_put(&form, "NumSegments", m->num_segments);
    form_put(&form, "SmsStatus", "received");
    form_put(&form, "ApiVersion", "2010-04-01");
    size_t nmedia = 0;
    json_array_foreach(list, i, url)
    {
        if (url_is_http(json_string_value(url))) /* else it is a file of the house, which has no address */
            form_put(&form, arena_printf(tx->arena, "MediaUrl%zu", nmedia++), json_string_value(url));
    }
    form_put(&form, "NumMedia", arena_printf(tx->arena, "%zu", nmedia));
    if (m->profile_name)
        form_put(&form, "ProfileName", m->profile_name);
    if (colon && str_starts(m->from, "whatsapp:+"))
        form_put(&form, "WaId", colon + 2);
    if (w != OPT_NONE)
        form_put(&form, "OptOutType", opt_word_name(w));
    return text_str(&form);
}

static fault_t call_url(struct tx *tx, struct errand *e, const struct sms *m, const char *url, bool by_get)
{
    const struct account *account = row_find(tx, &account_kind, m->account_sid);

    if (!account)
        return fault(tx->arena, F_UNAVAILABLE, "The account cannot be read");
    e->call = arena_alloc(e->arena, sizeof(*e->call));
    webhook_call(e->arena, e->call, account->auth_token, arena_strndup(e->arena, url, strcspn(url, "#")),
                 arena_strdup(e->arena, request_form(tx, m)), by_get);
    e->call->timeout_ms = PROGRAM_MS;
    e->calling = true;
    return NULL;
}

/* --- the answer ------------------------------------------------------------------------------------------- */

static void perform_message(struct tx *tx, struct errand *e, const struct sms *m, const struct twiml_verb *v)
{
    struct sms like = { .account_sid = m->account_sid,
                        .from = v->from ? v->from : m->to,
                        .to = v->to ? v->to : m->from,
                        .body = v->text,
                        .status_callback = v->status_callback,
                        .direction = SMS_OUTBOUND_REPLY };
    struct sms *out;
    struct json_out o;

    json_begin(&o, tx->arena);
    json_open(&o, '[');
    for (size_t i = 0; i < v->nmedia; i++)
        if (url_is_http(v->media[i]))
            json_str(&o, v->media[i]);
    json_close(&o, ']');
    like.media = json_done(&o);
    if (opted_out(tx, m->account_sid, like.from, like.to)) {
        log_warn("channel.program", "21610: %s is not answered: who wrote it wants no messages", m->sid);
        return;
    }
    fault_t f = sms_send(e->channel, tx, &like, &out);
    if (f)
        log_warn("channel.program", "a <Message> for %s was refused: %d %s", m->sid, f->code, f->message);
}

/* "/next" and "next" mean: beside the URL that says so. */
static const char *beside(struct arena *a, const char *url, const char *next)
{
    const char *host = strstr(url, "://") + 3, *end = host + strcspn(host, "/?#");

    if (strstr(next, "://"))
        return next;
    if (*next == '/')
        return arena_printf(a, "%.*s%s", (int)(end - url), url, next);
    const char *stop = end + strcspn(end, "?#"), *slash = memrchr(end, '/', (size_t)(stop - end));
    return arena_printf(a, "%.*s/%s", (int)((slash ? slash : end) - url), url, next);
}

static fault_t perform(struct tx *tx, struct errand *e, struct sms *m, const struct twiml *t)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct twiml_verb *v = &t->verbs[i];
        if (v->verb == TWIML_MESSAGE) {
            perform_message(tx, e, m, v);
            continue;
        }
        const char *url = beside(tx->arena, e->call->url, v->text && *v->text ? v->text : e->call->url);
        if (++e->hops > HOPS_MAX || !url_is_http(url)) {
            log_warn("channel.program", "a <Redirect> for %s leads nowhere, or too far", m->sid);
            return NULL;
        }
        return call_url(tx, e, m, url, str_ieq(v->method, "GET"));
    }
    return NULL;
}

static bool is_words(const char *content_type)
{
    return content_type && str_starts(content_type, "text/plain");
}

/* Nothing, words (one message), or a document.  False: it failed. */
static bool read_answer(struct tx *tx, struct errand *e, const struct sms *m, struct twiml *out)
{
    const struct http_call *c = e->call;
    const char *why = c->why;

    *out = (struct twiml){ 0 };
    if (c->status >= 200 && c->status < 300 && !c->answer_length)
        return true;
    if (c->status >= 200 && c->status < 300 && is_words(c->content_type)) {
        out->verbs[out->n++] = (struct twiml_verb){ .verb = TWIML_MESSAGE, .text = c->answer };
        return true;
    }
    if (c->status >= 200 && c->status < 300 && twiml_read(tx->arena, c->answer, c->answer_length, out, &why))
        return true;
    log_warn("channel.program", "%s about %s: %s", c->url, m->sid,
             why ? why : arena_printf(tx->arena, "status %d", c->status));
    return false;
}

fault_t program_step(struct tx *tx, struct errand *e, struct sms *m)
{
    const struct sender *s = sender_by_address(tx, m->account_sid, m->to);
    struct twiml t;

    if (!e->called)
        return s && s->sms_url ? call_url(tx, e, m, s->sms_url, s->sms_method == 1) : NULL;
    e->called = false;
    if (read_answer(tx, e, m, &t))
        return perform(tx, e, m, &t);
    if (e->fallback || !s || !s->sms_fallback_url)
        return NULL;
    e->fallback = true;
    return call_url(tx, e, m, s->sms_fallback_url, s->sms_fallback_method == 1);
}
