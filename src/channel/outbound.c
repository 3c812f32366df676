/* Messages that leave: made as rows, called for after the commit, and what became of them. */
#include "channel/internal.h"

#include "base/log.h"
#include "codec/json.h"
#include <string.h>

#define ALARM_SEND "channel.send"
enum { SEGMENT_GSM = 160, SEGMENT_GSM_PART = 153, SEGMENT_WIDE = 70, SEGMENT_WIDE_PART = 67, STATUS_ROUNDS = 6 };

/* --- looking ---------------------------------------------------------------------------------------------- */

const char *address_channel(struct arena *a, const char *address)
{
    const char *colon = strchr(address, ':');

    if (colon)
        return arena_strndup(a, address, (size_t)(colon - address));
    return strchr(address, '@') ? "email" : "sms";
}

static struct sender *sender_exactly(struct tx *tx, const char *account_sid, const char *address)
{
    void *row = NULL;

    if (record_find_by(tx->db, tx->arena, &sender_kind, "phone_number", address, account_sid, &row) != DB_OK || !row)
        return NULL;
    return row_find(tx, &sender_kind, ((struct sender *)row)->sid);
}

/* A number is reached by WhatsApp as by SMS, unless there is a sender for just that. */
struct sender *sender_by_address(struct tx *tx, const char *account_sid, const char *address)
{
    const char *colon = strchr(address, ':');
    struct sender *s = sender_exactly(tx, account_sid, address);

    return s || !colon || colon[1] != '+' ? s : sender_exactly(tx, account_sid, colon + 1);
}

struct carrier *carrier_of(struct tx *tx, const struct sender *s)
{
    return s->carrier_sid ? row_find(tx, &carrier_kind, s->carrier_sid) : NULL;
}

const char *segments_of(struct arena *a, const char *body)
{
    size_t n = body ? utf8_length(body) : 0;
    bool wide = body && strlen(body) != n;
    size_t one = wide ? SEGMENT_WIDE : SEGMENT_GSM, part = wide ? SEGMENT_WIDE_PART : SEGMENT_GSM_PART;

    return arena_printf(a, "%zu", n <= one ? (size_t)1 : (n + part - 1) / part);
}

/* --- finding ---------------------------------------------------------------------------------------------- */

static struct sms *find(struct tx *tx, const char *account_sid, const char *column, const char *value,
                        enum compare inbound)
{
    const struct condition conditions[] = {
        { .column = column, .compare = IS, .value = value_text(value) },
        { .column = "account_sid", .compare = IS, .value = value_text(account_sid) },
        { .column = "direction", .compare = inbound, .value = value_int(SMS_INBOUND) },
    };
    struct sms *found;

    if (!value ||
        record_first(tx->db, tx->arena, &sms_kind, &(struct selection){ .conditions = conditions, .nconditions = 3 },
                     (void **)&found) != DB_OK)
        return NULL;
    return found ? row_find(tx, &sms_kind, found->sid) : NULL;
}

struct sms *sms_by_theirs(struct tx *tx, const char *account_sid, const char *theirs, bool inbound)
{
    return find(tx, account_sid, "carrier_message_sid", theirs, inbound ? IS : IS_NOT);
}

struct sms *sms_by_token(struct tx *tx, const char *account_sid, const char *token)
{
    return find(tx, account_sid, "request_token", token, IS_NOT);
}

/* --- what became of it ------------------------------------------------------------------------------------ */

static const enum receipt_status receipts[] = {
    [SMS_SENT] = RECEIPT_SENT,     [SMS_DELIVERED] = RECEIPT_DELIVERED,
    [SMS_READ] = RECEIPT_READ,     [SMS_UNDELIVERED] = RECEIPT_UNDELIVERED,
    [SMS_FAILED] = RECEIPT_FAILED,
};

static void tell_conversation(struct channel *c, struct tx *tx, const struct sms *m)
{
    const struct message *said = m->message_sid ? row_find(tx, &message_kind, m->message_sid) : NULL;
    const struct participant *to = m->participant_sid ? row_find(tx, &participant_kind, m->participant_sid) : NULL;

    if (!said || !to || m->status < SMS_SENT || m->status > SMS_FAILED)
        return;
    fault_t f = receipt_set(c->site->chat, tx, said, to, m->sid, receipts[m->status], m->error_code);
    if (f)
        log_warn("channel.receipt", "what became of %s could not be kept: %s", m->sid, f->message);
}

static void tell_callback(struct channel *c, struct tx *tx, const struct sms *m)
{
    const struct sender *s = sender_by_address(tx, m->account_sid, m->from);
    const char *url = m->status_callback ? m->status_callback : s ? s->status_callback : NULL;
    struct text form = { .arena = tx->arena };

    if (!url)
        return;
    form_put(&form, "MessageSid", m->sid);
    form_put(&form, "SmsSid", m->sid);
    form_put(&form, "AccountSid", m->account_sid);
    form_put(&form, "MessageStatus", sms_status_names[m->status]);
    form_put(&form, "SmsStatus", sms_status_names[m->status]);
    form_put(&form, "From", m->from);
    form_put(&form, "To", m->to);
    form_put(&form, "ApiVersion", "2010-04-01");
    if (m->messaging_service_sid)
        form_put(&form, "MessagingServiceSid", m->messaging_service_sid);
    if (m->error_code != NO_VALUE)
        form_put(&form, "ErrorCode", arena_printf(tx->arena, "%lld", (long long)m->error_code));
    webhook_send(c->site->webhooks, tx,
                 &(struct webhook){ .account_sid = m->account_sid,
                                    .purpose = "message-status",
                                    .subject = m->sid,
                                    .url = url,
                                    .form = text_str(&form),
                                    .by_get = !m->status_callback && s->status_callback_method == 1 });
}

/* Later news than what is known: failing ends it, and being delivered can only be followed by being read. */
static bool is_news(enum sms_status is, enum sms_status to)
{
    if (is >= SMS_UNDELIVERED)
        return false;
    return is >= SMS_DELIVERED ? to == SMS_READ && is != SMS_READ : to > is;
}

void sms_turn(struct channel *c, struct tx *tx, struct sms *m, enum sms_status to, int64_t error_code,
              const char *words)
{
    if (m->direction == SMS_INBOUND || !is_news(m->status, to))
        return;
    row_edit(tx, m);
    m->status = to;
    m->date_updated = tx->now;
    if (to >= SMS_SENT && m->date_sent == NO_VALUE)
        m->date_sent = tx->now;
    if (to >= SMS_UNDELIVERED) {
        m->error_code = error_code;
        row_set(tx, m, &m->error_message, words);
    }
    tell_callback(c, tx, m);
    tell_conversation(c, tx, m);
}

/* --- one call --------------------------------------------------------------------------------------------- */

struct flight {
    struct channel *channel;
    struct arena *arena;
    struct http_call call;
    struct command command;
    const char *sms_sid;
    enum carrier_type type;
    int64_t attempts;
};

static void landed_done(struct command *command, fault_t f)
{
    struct flight *flight = CONTAINER_OF(command, struct flight, command);

    if (f)
        log_warn("channel.lost", "the answer about %s could not be kept: %s", flight->sms_sid, f->message);
    arena_free(flight->arena);
}

static fault_t landed(struct tx *tx, struct command *command)
{
    struct flight *f = CONTAINER_OF(command, struct flight, command);
    struct sms *m = row_find(tx, &sms_kind, f->sms_sid);

    if (!m || m->attempts != f->attempts)
        return NULL;
    struct sent s = wire_read(tx->arena, f->type, &f->call);
    row_edit(tx, m);
    m->attempts++;
    if (s.their_sid)
        row_set(tx, m, &m->carrier_message_sid, s.their_sid);
    if (m->status != SMS_QUEUED)
        return NULL; /* a report of it came before the answer */
    if (s.again && m->attempts < SEND_ATTEMPTS) {
        alarm_set(tx, ALARM_SEND, m->sid, tx->now + (SECOND << m->attempts));
        return NULL;
    }
    if (s.again || s.status >= SMS_UNDELIVERED)
        log_warn("channel.failed", "%s to %s: %s", m->sid, m->to, s.words);
    sms_turn(f->channel, tx, m, s.status, s.error_code, s.words);
    return NULL;
}

static void on_answer(struct http_call *call)
{
    struct flight *f = call->arg;

    f->command = (struct command){ .arena = f->arena, .run = landed, .done = landed_done };
    if (!ledger_send(f->channel->site->ledger, &f->command))
        arena_free(f->arena); /* stopping: it is still queued, and goes out after the next start */
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
    if (http_client_send(f->channel->site->client, &f->call))
        return;
    f->call.status = 0;
    f->call.why = "too many calls are under way";
    on_answer(&f->call);
}

static void launch(struct channel *c, struct tx *tx, const struct sms *m, const struct carrier *k)
{
    struct arena *a = arena_new();
    struct flight *f = arena_alloc(a, sizeof(*f));
    struct hold *h = arena_alloc(tx->arena, sizeof(*h));

    *f = (struct flight){
        .channel = c, .arena = a, .sms_sid = arena_strdup(a, m->sid), .type = k->type, .attempts = m->attempts
    };
    wire_build(&(struct sending){ .arena = a,
                                  .carrier = k,
                                  .message = m,
                                  .status_url = arena_printf(a, "%s/v1/%s/Status", k->callback_url, k->sid),
                                  .now = tx->now },
               &f->call);
    f->call.done = on_answer;
    f->call.arg = f;
    h->flight = f;
    arena_defer(tx->arena, drop, h);
    tx_after(tx, fly, h);
}

static void launch_again(struct channel *c, struct tx *tx, struct sms *m)
{
    const struct sender *s = sender_by_address(tx, m->account_sid, m->from);
    const struct carrier *k = s ? carrier_of(tx, s) : NULL;

    if (k)
        launch(c, tx, m, k);
    else
        sms_turn(c, tx, m, SMS_FAILED, 21606, "The sender has no carrier any more");
}

static void ring(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct sms *m = row_find(tx, &sms_kind, subject);

    (void)due;
    if (m && m->status == SMS_QUEUED)
        launch_again(arg, tx, m);
}

/* --- sending ---------------------------------------------------------------------------------------------- */

static fault_t check_message(struct tx *tx, const struct sms *m, size_t nmedia)
{
    if (!m->to || !*m->to || strlen(m->to) > ADDRESS_LENGTH_MAX || strchr(m->to, ' '))
        return fault(tx->arena, F_SMS_TO, "The 'To' number %.64s is not a valid phone number or address",
                     m->to ? m->to : "");
    if (str_eq(m->from, m->to))
        return fault(tx->arena, F_SMS_SAME, "'To' and 'From' number cannot be the same: %.64s", m->to);
    if (strcmp(address_channel(tx->arena, m->from), address_channel(tx->arena, m->to)) != 0)
        return fault(tx->arena, F_SMS_CHANNELS, "'From' %.64s and 'To' %.64s are not of one channel", m->from, m->to);
    if ((!m->body || !*m->body) && !nmedia)
        return fault(tx->arena, F_SMS_EMPTY, "Message body is required");
    if (m->body && utf8_length(m->body) > SMS_BODY_MAX)
        return fault(tx->arena, F_SMS_LONG, "The message body exceeds the %d character limit", SMS_BODY_MAX);
    if (nmedia > SMS_MEDIA_MAX)
        return fault(tx->arena, F_SMS_MEDIA, "Number of media files exceeds allowed limit of %d", SMS_MEDIA_MAX);
    return NULL;
}

static fault_t check(struct tx *tx, const struct sms *m, size_t nmedia, struct sender **from, struct sender **to)
{
    fault_t f;

    *from = m->from ? sender_by_address(tx, m->account_sid, m->from) : NULL;
    *to = NULL;
    if (!*from)
        return fault(tx->arena, F_SMS_FROM, "The 'From' number %.64s is not a number of this account that can send",
                     m->from ? m->from : "");
    f = check_message(tx, m, nmedia);
    if (!f && m->direction != SMS_OUTBOUND_REPLY && opted_out(tx, m->account_sid, m->from, m->to))
        f = fault(tx->arena, F_SMS_OPTED_OUT, "Attempt to send to unsubscribed recipient");
    if (f || carrier_of(tx, *from))
        return f;
    *to = sender_by_address(tx, m->account_sid, m->to);
    return *to ? NULL
               : fault(tx->arena, F_SMS_UNROUTABLE,
                       "'From' %.64s has no carrier, and 'To' %.64s is no number of this account", m->from, m->to);
}

static struct sms *make(struct tx *tx, const struct sms *like, size_t nmedia)
{
    struct sms *m = row_new(tx, &sms_kind, tx_sid(tx, nmedia ? "MM" : "SM"));

    for (EACH_FIELD(f, &sms_kind))
        if (field_is_text(f) && !(f->flags & KEY) && field_is_column(f))
            row_set(tx, m, field_text(f, m), *field_text(f, like));
    row_set(tx, m, &m->num_segments, segments_of(tx->arena, like->body));
    row_set(tx, m, &m->num_media, arena_printf(tx->arena, "%zu", nmedia));
    row_set(tx, m, &m->api_version, "2010-04-01");
    m->direction = like->direction;
    m->error_code = m->date_sent = NO_VALUE;
    return m;
}

static size_t media_count(struct tx *tx, const struct sms *like)
{
    return like->media ? json_array_size(json_parse(tx->arena, like->media, strlen(like->media), NULL)) : 0;
}

/* To a number of the same account, without a carrier between. */
static void hand_over(struct channel *c, struct tx *tx, struct sms *m)
{
    struct sms arrives = { .account_sid = m->account_sid,
                           .from = m->from,
                           .to = m->to,
                           .body = m->body,
                           .media = m->media,
                           .carrier_message_sid = m->sid };
    fault_t f = sms_take(c, tx, &arrives);

    sms_turn(c, tx, m, f ? SMS_FAILED : SMS_SENT, f ? f->code : NO_VALUE, f ? f->message : NULL);
    sms_turn(c, tx, m, SMS_DELIVERED, NO_VALUE, NULL);
}

static void go(struct channel *c, struct tx *tx, struct sms *m, const struct sender *from)
{
    const struct carrier *k = carrier_of(tx, from);

    if (k)
        launch(c, tx, m, k);
    else
        hand_over(c, tx, m);
}

fault_t sms_send(struct channel *c, struct tx *tx, const struct sms *like, struct sms **out)
{
    struct sender *from, *to;
    size_t nmedia = media_count(tx, like);
    fault_t f = check(tx, like, nmedia, &from, &to);

    if (f)
        return f;
    *out = make(tx, like, nmedia);
    go(c, tx, *out, from);
    return NULL;
}

/* --- of conversations ------------------------------------------------------------------------------------- */

/* A product's address beside the one that a carrier calls: ".../carrier" is ".../mcs", "https://carrier.x"
 * "https://mcs.x". */
static const char *beside(struct arena *a, const char *callback_url, const char *label)
{
    const char *found = str_ends(callback_url, "/carrier") ? callback_url + strlen(callback_url) - 8 : NULL;

    if (found)
        return arena_printf(a, "%.*s/%s", (int)(found - callback_url), callback_url, label);
    found = strstr(callback_url, "://carrier.");
    return found ? arena_printf(a, "%.*s://%s%s", (int)(found - callback_url), callback_url, label, found + 10) : NULL;
}

/* Where the files of a message can be fetched: by a carrier, with a link that is good for a day; in the house, by their
 * SIDs. */
static const char *links_of(struct tx *tx, const struct message *said, const struct carrier *k)
{
    json_t *list = said->media ? json_parse(tx->arena, said->media, strlen(said->media), NULL) : NULL, *one;
    const struct account *owner = row_find(tx, &account_kind, said->account_sid);
    const char *base = k ? beside(tx->arena, k->callback_url, "mcs") : NULL;
    struct json_out o;
    size_t i;

    json_begin(&o, tx->arena);
    json_open(&o, '[');
    json_array_foreach(list, i, one)
    {
        const char *sid = json_get_string(one, "sid");
        if (!sid || (k && (!base || !owner)))
            continue;
        json_str(&o, k ? arena_printf(tx->arena, "%s/v1/Content/%s", base,
                                      media_pass(tx->arena, owner->auth_token, sid, tx->now + DAY))
                       : arena_printf(tx->arena, "me:%s", sid));
    }
    json_close(&o, ']');
    return json_done(&o);
}

static void send_to(struct channel *c, struct tx *tx, const struct message *said, const struct participant *p)
{
    const struct sender *s = sender_by_address(tx, p->account_sid, p->proxy_address);
    struct sms like = { .account_sid = p->account_sid,
                        .from = p->proxy_address,
                        .to = p->address,
                        .body = said->body,
                        .direction = SMS_OUTBOUND_API,
                        .conversation_sid = said->conversation_sid,
                        .message_sid = said->sid,
                        .participant_sid = p->sid };
    struct sender *from, *to;

    like.media = links_of(tx, said, s ? carrier_of(tx, s) : NULL);
    size_t nmedia = media_count(tx, &like);
    fault_t f = check(tx, &like, nmedia, &from, &to);
    struct sms *m = make(tx, &like, nmedia);
    if (f)
        sms_turn(c, tx, m, SMS_FAILED, f->code, f->message);
    else
        go(c, tx, m, from);
}

/* What is said in a conversation goes to everybody in it who is reached by a channel, but for who said it. */
static void on_said(void *arg, struct tx *tx, const struct event *e)
{
    const struct chat_change *change = e->subject;
    struct chat_view view = { .db = tx->db, .tx = tx, .arena = tx->arena };
    struct participant **all;

    if (e->type != EV_CONVERSATION_MESSAGE_ADDED || !change->conversation->bindings_count)
        return;
    size_t n = participants_of(&view, change->conversation->sid, &all);
    for (size_t i = 0; i < n; i++)
        if (all[i]->address && all[i]->proxy_address && !str_eq(all[i]->sid, change->message->participant_sid))
            send_to(arg, tx, change->message, all[i]);
}

/* --- setting up ------------------------------------------------------------------------------------------- */

static void resume(void *arg, struct tx *tx)
{
    const struct condition queued = { .column = "status", .compare = IS, .value = value_int(SMS_QUEUED) };
    struct rows_found found;
    struct sms *m;

    if (rows_select(tx, &sms_kind, &(struct selection){ .conditions = &queued, .nconditions = 1 }, &found) != DB_OK)
        log_error("channel.resume", "%s", db_error(tx->db));
    while ((m = rows_next(tx, &found)))
        if (alarm_due(tx, ALARM_SEND, m->sid) == NO_VALUE)
            launch_again(arg, tx, m);
}

void outbound_setup(struct channel *c, struct arena *a)
{
    (void)a;
    c->status = (struct purpose){
        .name = "message-status", .ordered = true, .rounds = STATUS_ROUNDS, .timeout_ms = PROGRAM_MS
    };
    webhooks_purpose(c->site->webhooks, &c->status);
    ledger_alarm(c->site->ledger, &(struct alarm_kind){ .name = ALARM_SEND, .ring = ring, .arg = c });
    ledger_listen(c->site->ledger, &(struct listener){ .prefix = "conversation.message", .hear = on_said, .arg = c });
    ledger_on_loaded(c->site->ledger, resume, c);
}
