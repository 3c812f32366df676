/* The way of a message that came in.  Each step is a command; between two of them something outside may be asked (a
 * pre-webhook, a number's URL) or fetched (a medium), and no thread waits for it.  The row says which step is next, so
 * the way goes on after a restart.
 *
 * Messages of one pair of addresses go one after the other: the first of a new customer makes the conversation, and the
 * second, half a second later, must find it. */
#include "channel/internal.h"

#include "base/limit.h"
#include "base/log.h"
#include "chat/hooks.h"
#include "codec/json.h"
#include <stdlib.h>
#include <string.h>

#define ALARM_LANES "channel.lanes"
enum { FETCH_MS = 20 * 1000, REDIRECTS_MAX = 5, PER_MINUTE = 60, BURST = 30 };

/* --- lanes ------------------------------------------------------------------------------------------------ */

struct lane {
    const char *key;
    struct link errands; /* the first is on its way */
};

static void send(struct errand *e);

static void start(void *arg)
{
    send(arg);
}

static void end(struct errand *e)
{
    struct channel *c = e->channel;
    struct lane *lane = e->lane;

    list_remove(&e->in_lane);
    arena_free(e->arena);
    if (!lane)
        return; /* of the time before a reload */
    if (!list_empty(&lane->errands)) {
        send(CONTAINER_OF(lane->errands.next, struct errand, in_lane));
        return;
    }
    map_remove(&c->lanes, lane->key);
    free((char *)lane->key);
    free(lane);
}

/* Before a reload: what waits is found again in the store; what is on its way finds that it is nobody's. */
static void forget(void *arg)
{
    struct channel *c = arg;
    struct lane *lane;

    for (size_t i = 0; (lane = map_next(&c->lanes, &i));) {
        struct link *first = lane->errands.next;
        for (LIST_EACH(l, &lane->errands)) {
            struct errand *e = CONTAINER_OF(l, struct errand, in_lane);
            list_remove(l);
            e->lane = NULL;
            if (l != first || atomic_exchange(&e->parted, true))
                arena_free(e->arena);
        }
        free((char *)lane->key);
        free(lane);
    }
    map_clear(&c->lanes);
}

static struct lane *lane_of(struct channel *c, struct arena *a, const struct sms *m)
{
    const char *key = arena_printf(a, "%s:%s\x1f%s", m->account_sid, m->from, m->to);
    struct lane *lane = map_get(&c->lanes, key);

    if (lane)
        return lane;
    if (!(lane = calloc(1, sizeof *lane)) || !(lane->key = strdup(key)))
        abort();
    list_init(&lane->errands);
    map_put(&c->lanes, lane->key, lane);
    return lane;
}

struct beginning {
    struct channel *channel;
    struct sms m;
};

/* After the commit of what it is about. */
static void enter(void *arg)
{
    struct beginning *b = arg;
    struct arena *a = arena_new();
    struct errand *e = arena_alloc(a, sizeof(*e));

    *e = (struct errand){ .channel = b->channel, .arena = a, .sms_sid = arena_strdup(a, b->m.sid) };
    e->lane = lane_of(b->channel, a, &b->m);
    bool first = list_empty(&e->lane->errands);
    list_append(&e->lane->errands, &e->in_lane);
    if (first)
        start(e);
}

void errand_begin(struct channel *c, struct tx *tx, const struct sms *m)
{
    struct beginning *b = arena_alloc(tx->arena, sizeof(*b));

    *b = (struct beginning){ .channel = c,
                             .m = { .sid = arena_strdup(tx->arena, m->sid),
                                    .account_sid = arena_strdup(tx->arena, m->account_sid),
                                    .from = arena_strdup(tx->arena, m->from),
                                    .to = arena_strdup(tx->arena, m->to) } };
    tx_after(tx, enter, b);
}

/* --- steps ------------------------------------------------------------------------------------------------ */

static struct conversation *conversation_of(struct tx *tx, const struct sms *m)
{
    return m->conversation_sid ? row_find(tx, &conversation_kind, m->conversation_sid) : NULL;
}

static const char *source_of(struct arena *a, const struct sms *m)
{
    char *word = arena_strdup(a, address_channel(a, m->from));

    for (char *s = word; *s; s++)
        if (*s >= 'a' && *s <= 'z')
            *s = (char)(*s - 'a' + 'A');
    return word;
}

static struct chat_actor actor_of(struct errand *e, const struct sms *m)
{
    return (struct chat_actor){
        .by = BY_CHANNEL, .source = source_of(e->arena, m), .webhooks = true, .round = hook_round(e->arena, &e->ask)
    };
}

static fault_t over(struct sms *m)
{
    m->status = SMS_RECEIVED;
    m->step = STEP_OVER;
    return NULL;
}

static fault_t step_match(struct tx *tx, struct errand *e, struct sms *m)
{
    struct chat_view view = { .db = tx->db, .tx = tx, .arena = tx->arena };
    const struct conversation *c = conversation_by_pair(&view, m->account_sid, m->from, m->to);
    const struct address_configuration *a = address_configuration_by(&view, m->account_sid, m->to);

    (void)e;
    if (c)
        row_set(tx, m, &m->conversation_sid, c->sid);
    m->step = c ? STEP_MEDIA : a && a->enabled && opt_word_of(m->body) != OPT_STOP ? STEP_CONVERSATION : STEP_PROGRAM;
    return NULL;
}

/* Who writes, as whoever is asked about the new conversation is told. */
static struct participant stranger(struct tx *tx, const struct sms *m)
{
    return (struct participant){ .address = m->from,
                                 .proxy_address = m->to,
                                 .channel = address_channel(tx->arena, m->from) };
}

static struct chat_service *service_for(struct tx *tx, const struct address_configuration *a)
{
    struct chat_service *s =
        a->conversation_service_sid ? row_find(tx, &chat_service_kind, a->conversation_service_sid) : NULL;

    return s ? s : chat_service_default(tx, a->account_sid);
}

static fault_t step_conversation(struct tx *tx, struct errand *e, struct sms *m)
{
    struct chat_view view = { .db = tx->db, .tx = tx, .arena = tx->arena };
    const struct address_configuration *a = address_configuration_by(&view, m->account_sid, m->to);
    struct chat_actor by = actor_of(e, m);
    struct participant first = stranger(tx, m);
    struct message said = { .body = m->body };

    if (!a || !a->enabled) {
        m->step = STEP_PROGRAM;
        return NULL;
    }
    const struct chat_service *s = service_for(tx, a);
    struct conversation *c = row_new(tx, &conversation_kind, NULL);
    by.first_participant = &first;
    by.first_message = &said;
    row_set(tx, c, &c->account_sid, m->account_sid);
    row_set(tx, c, &c->chat_service_sid, s->sid);
    row_set(tx, c, &c->friendly_name, m->from);
    c->state = CONVERSATION_ACTIVE;
    c->inactive_timer = c->closed_timer = c->date_inactive = c->date_closed = NO_VALUE;
    fault_t f = conversation_add(e->channel->site->chat, tx, &by, c);
    if (f)
        return f;
    if (a->creation_type == CREATE_WEBHOOK && a->webhook_url)
        scoped_hook_add(tx, c, a->webhook_url, a->webhook_method, a->webhook_filters);
    row_set(tx, m, &m->conversation_sid, c->sid);
    m->step = STEP_PARTICIPANT;
    return NULL;
}

static fault_t step_participant(struct tx *tx, struct errand *e, struct sms *m)
{
    struct conversation *c = conversation_of(tx, m);
    struct chat_actor by = actor_of(e, m);
    struct json_out o;

    if (!c)
        return over(m);
    struct participant *p = row_new(tx, &participant_kind, NULL);
    row_set(tx, p, &p->address, m->from);
    row_set(tx, p, &p->proxy_address, m->to);
    if (m->profile_name && *m->profile_name) {
        json_begin(&o, tx->arena);
        json_open(&o, '{');
        json_pair_str(&o, "ProfileName", m->profile_name);
        json_close(&o, '}');
        row_set(tx, p, &p->attributes, json_done(&o));
    }
    m->step = STEP_MEDIA;
    return participant_add(e->channel->site->chat, tx, &by, c, p);
}

/* --- media: fetched one after the other, written to disk, kept as rows */

static const char *medium_url(struct tx *tx, const struct errand *e, const struct sms *m)
{
    json_t *list = m->media ? json_parse(tx->arena, m->media, strlen(m->media), NULL) : NULL;

    return json_string_value(json_array_get(list, e->nmedia));
}

static void keep_medium(struct tx *tx, struct errand *e, const struct sms *m, const char *url)
{
    const struct conversation *c = conversation_of(tx, m);
    const char *slash = strrchr(url, '/');
    struct medium like = { .account_sid = m->account_sid,
                           .chat_service_sid = c->chat_service_sid,
                           .author = m->from,
                           .file = e->file,
                           .filename = media_name(tx->arena, slash ? slash + 1 : url) };

    if (like.filename)
        like.filename = arena_strndup(tx->arena, like.filename, strcspn(like.filename, "?#"));
    struct medium *kept = media_begin(tx, &like);
    media_ready(tx, kept, media_sniff(tx->arena, e->call->answer, e->call->answer_length, e->call->content_type),
                (int64_t)e->call->answer_length);
    e->sids[e->nsids++] = arena_strdup(e->arena, kept->sid);
}

static void want_medium(struct tx *tx, struct errand *e, const struct sms *m, const char *url)
{
    const struct carrier *k = m->carrier_sid ? row_find(tx, &carrier_kind, m->carrier_sid) : NULL;
    bool theirs = k && k->type == CARRIER_TWILIO && str_starts(url, k->url) && url[strlen(k->url)] == '/';
    struct http_header *headers = arena_alloc(e->arena, sizeof(*headers));

    if (theirs)
        *headers = (struct http_header){ "Authorization", basic_credentials(e->arena, k->username, k->secret) };
    e->call = arena_alloc(e->arena, sizeof(*e->call));
    *e->call = (struct http_call){ .arena = e->arena,
                                   .method = "GET",
                                   .url = arena_strdup(e->arena, url),
                                   .headers = headers,
                                   .nheaders = theirs,
                                   .timeout_ms = FETCH_MS,
                                   .answer_max = (size_t)media_max(e->channel->site->media) };
    e->calling = e->fetching = true;
}

/* A file of ours, which another conversation of the house holds: its bytes will be as if they had been fetched. */
static bool copy_medium(struct tx *tx, struct errand *e, const char *url)
{
    struct medium *held = row_find(tx, &medium_kind, url + 3);

    e->call = arena_alloc(e->arena, sizeof(*e->call));
    *e->call = (struct http_call){ .url = held && held->filename ? arena_strdup(e->arena, held->filename) : "file" };
    if (!held || !held->ready || held->removed)
        return false;
    e->copied = (struct medium){ .file = arena_strdup(e->arena, held->file), .size = held->size, .ready = true };
    e->call->answer_length = (size_t)held->size;
    e->call->content_type = arena_strdup(e->arena, held->content_type);
    e->writing = true;
    return true;
}

/* Files often lie elsewhere than where they are asked for; credentials do not go along. */
static bool is_redirect(struct errand *e)
{
    const struct http_call *c = e->call;

    if (c->status < 301 || c->status > 308 || !c->location || !url_is_http(c->location) || e->hops == REDIRECTS_MAX)
        return false;
    e->hops++;
    e->called = false;
    return true;
}

static fault_t step_media(struct tx *tx, struct errand *e, struct sms *m)
{
    const char *url = medium_url(tx, e, m);

    if (!conversation_of(tx, m))
        return over(m);
    if (e->called && !e->file && is_redirect(e)) {
        want_medium(tx, e, m, e->call->location);
        return NULL;
    }
    if (e->called) {
        e->called = false;
        if (e->file)
            keep_medium(tx, e, m, e->call->url);
        else
            log_warn("channel.media", "%s of %s could not be fetched: %s", url, m->sid,
                     e->call->status ? arena_printf(tx->arena, "status %d", e->call->status) : e->call->why);
        e->file = NULL;
        e->nmedia++;
        e->hops = 0;
        url = medium_url(tx, e, m);
    }
    if (!url || e->nsids == SMS_MEDIA_MAX)
        m->step = STEP_MESSAGE;
    else if (!str_starts(url, "me:"))
        want_medium(tx, e, m, url);
    else if (!copy_medium(tx, e, url))
        e->nmedia++;
    return NULL;
}

static fault_t step_message(struct tx *tx, struct errand *e, struct sms *m)
{
    struct chat_view view = { .db = tx->db, .tx = tx, .arena = tx->arena };
    struct conversation *c = conversation_of(tx, m);
    struct chat_actor by = actor_of(e, m);
    const char *media = NULL;

    if (!c)
        return over(m);
    struct message *said = row_new(tx, &message_kind, NULL);
    fault_t f = media_claim(tx, c->chat_service_sid, NULL, e->sids, e->nsids, c->sid, said->sid, &media);
    if (f)
        return f;
    const struct participant *p = NULL;
    struct participant **all;
    for (size_t i = 0, n = participants_of(&view, c->sid, &all); i < n && !p; i++)
        if (str_eq(all[i]->address, m->from) && str_eq(all[i]->proxy_address, m->to))
            p = all[i];
    row_set(tx, said, &said->author, m->from);
    row_set(tx, said, &said->participant_sid, p ? p->sid : NULL);
    row_set(tx, said, &said->body, m->body);
    row_set(tx, said, &said->media, media);
    if ((f = message_add(e->channel->site->chat, tx, &by, c, said)))
        return f;
    row_set(tx, m, &m->message_sid, said->sid);
    return over(m);
}

static fault_t step_program(struct tx *tx, struct errand *e, struct sms *m)
{
    fault_t f = program_step(tx, e, m);

    return f || e->calling ? f : over(m);
}

static fault_t (*const steps[])(struct tx *tx, struct errand *e, struct sms *m) = {
    [STEP_MATCH] = step_match, [STEP_CONVERSATION] = step_conversation, [STEP_PARTICIPANT] = step_participant,
    [STEP_MEDIA] = step_media, [STEP_MESSAGE] = step_message,           [STEP_PROGRAM] = step_program,
};

/* --- between steps ---------------------------------------------------------------------------------------- */

/* A step was refused (by a webhook, by a rule).  The message is kept, and why it came nowhere; a conversation that was
 * only made for it goes again. */
static void give_up(struct tx *tx, struct errand *e, struct sms *m)
{
    struct conversation *c = m->step == STEP_MEDIA || m->step == STEP_PARTICIPANT ? conversation_of(tx, m) : NULL;

    log_warn("channel.refused", "%s from %s: %d %s", m->sid, m->from, e->failed->code, e->failed->message);
    m->error_code = e->failed->code;
    row_set(tx, m, &m->error_message, e->failed->message);
    if (c && !c->participants_count && !c->messages_count) {
        fault_t f = conversation_remove(e->channel->site->chat, tx, &(struct chat_actor){ .by = BY_SERVER }, c);
        (void)f; /* nobody is asked, and it is open */
    }
    (void)over(m);
}

static fault_t run(struct tx *tx, struct command *command)
{
    struct errand *e = CONTAINER_OF(command, struct errand, command);
    struct sms *m = e->lane ? row_find(tx, &sms_kind, e->sms_sid) : NULL;

    e->calling = e->fetching = e->writing = false;
    if (!m || m->status != SMS_RECEIVING || m->step >= STEP_OVER) {
        e->sms_sid = NULL;
        return NULL;
    }
    row_edit(tx, m);
    if (e->failed) {
        give_up(tx, e, m);
        return NULL;
    }
    return steps[m->step](tx, e, m);
}

static void on_written(struct job *job, void *state)
{
    struct errand *e = CONTAINER_OF(job, struct errand, job);

    (void)state;
    if (e->writing)
        e->call->answer = media_bytes(e->channel->site->media, e->arena, &e->copied);
    e->file = e->call->answer ? media_file_new(e->arena) : NULL;
    if (e->file && media_write(e->channel->site->media, e->arena, e->file, e->call->answer, e->call->answer_length))
        e->file = NULL;
    e->called = true;
    send(e);
}

/* What was fetched for a conversation goes to the disk before its row is made. */
static void on_called(struct http_call *call)
{
    struct errand *e = call->arg;

    e->called = true;
    e->job.run = on_written;
    if (e->fetching && call->status >= 200 && call->status < 300 &&
        pool_send(media_pool(e->channel->site->media), &e->job))
        return;
    send(e);
}

static void on_asked(struct http_call *call)
{
    send(call->arg);
}

static void call_out(struct errand *e, struct http_call *call, void (*then)(struct http_call *c))
{
    call->done = then;
    call->arg = e;
    if (http_client_send(e->channel->site->client, call))
        return;
    call->status = 0;
    call->why = "too many calls are under way";
    then(call);
}

static void done(struct command *command, fault_t f)
{
    struct errand *e = CONTAINER_OF(command, struct errand, command);

    if (f && f->id == F_ASKED) {
        call_out(e, e->ask, on_asked);
        return;
    }
    e->ask = NULL; /* the next step has questions of its own */
    if (f && !e->failed) {
        e->failed = f;
        send(e);
    } else if (f || !e->sms_sid) {
        if (f)
            log_error("channel.inbound", "the way of %s could not be kept: %s", e->sms_sid, f->message);
        end(e);
    } else if (e->calling) {
        call_out(e, e->call, on_called);
    } else if (e->writing) {
        e->job.run = on_written;
        if (!pool_send(media_pool(e->channel->site->media), &e->job)) {
            e->called = true;
            send(e);
        }
    } else {
        send(e);
    }
}

static void send(struct errand *e)
{
    e->command = (struct command){ .arena = e->arena, .run = run, .done = done };
    if (ledger_send(e->channel->site->ledger, &e->command))
        return;
    log_warn("channel.inbound", "there is no room for %s now", e->sms_sid);
    if (atomic_exchange(&e->parted, true)) /* else it is sent again, or goes with its lane */
        arena_free(e->arena);
}

/* --- taking ----------------------------------------------------------------------------------------------- */

fault_t sms_allowed(struct channel *c, struct tx *tx, const char *account_sid, const char *from)
{
    const char *who = arena_printf(tx->arena, "%s:%s", account_sid, from);

    if (!limit_take(c->inbound_limit, hash_bytes(who, strlen(who)), tx->now))
        return NULL;
    return fault(tx->arena, F_RATE_LIMIT, "%.64s sends too many messages", from);
}

static void take_opt_out(struct channel *c, struct tx *tx, const struct sms *m)
{
    enum opt_word w = strcmp(address_channel(tx->arena, m->from), "sms") ? OPT_NONE : opt_word_of(m->body);
    const struct carrier *k = m->carrier_sid ? row_find(tx, &carrier_kind, m->carrier_sid) : NULL;
    const char *words = w == OPT_NONE ? NULL : opt_take(tx, m, w);
    struct sms *out;

    if (!words || (k && k->type == CARRIER_TWILIO)) /* which answers by itself */
        return;
    fault_t f = sms_send(c, tx,
                         &(struct sms){ .account_sid = m->account_sid,
                                        .from = m->to,
                                        .to = m->from,
                                        .body = words,
                                        .direction = SMS_OUTBOUND_REPLY },
                         &out);
    if (f)
        log_warn("channel.opt_out", "%s was not answered: %s", m->sid, f->message);
}

fault_t sms_take(struct channel *c, struct tx *tx, const struct sms *like)
{
    if (!sender_by_address(tx, like->account_sid, like->to))
        return fault(tx->arena, F_SMS_TO, "%.64s is no address of this account", like->to);
    if (sms_by_theirs(tx, like->account_sid, like->carrier_message_sid, true))
        return NULL; /* it has been here before */
    json_t *media = like->media ? json_parse(tx->arena, like->media, strlen(like->media), NULL) : NULL;
    struct sms *m = row_new(tx, &sms_kind, tx_sid(tx, json_array_size(media) ? "MM" : "SM"));
    row_set(tx, m, &m->account_sid, like->account_sid);
    row_set(tx, m, &m->from, like->from);
    row_set(tx, m, &m->to, like->to);
    row_set(tx, m, &m->body, like->body ? like->body : "");
    row_set(tx, m, &m->media, like->media);
    row_set(tx, m, &m->profile_name, like->profile_name);
    row_set(tx, m, &m->carrier_sid, like->carrier_sid);
    row_set(tx, m, &m->carrier_message_sid, like->carrier_message_sid);
    row_set(tx, m, &m->num_segments, segments_of(tx->arena, like->body));
    row_set(tx, m, &m->num_media, arena_printf(tx->arena, "%zu", json_array_size(media)));
    row_set(tx, m, &m->api_version, "2010-04-01");
    m->direction = SMS_INBOUND;
    m->status = SMS_RECEIVING;
    m->error_code = NO_VALUE;
    m->date_sent = tx->now;
    take_opt_out(c, tx, m);
    errand_begin(c, tx, m);
    if (alarm_due(tx, ALARM_LANES, "all") == NO_VALUE)
        alarm_set(tx, ALARM_LANES, "all", tx->now + MINUTE);
    return NULL;
}

fault_t report_take(struct channel *c, struct tx *tx, const struct carrier *k, const struct report *r)
{
    struct sms *m = r->sid ? row_find(tx, &sms_kind, r->sid) : sms_by_theirs(tx, k->account_sid, r->their_sid, false);

    if (!m && r->sid)
        m = sms_by_theirs(tx, k->account_sid, r->sid, false);
    if (!m || !str_eq(m->account_sid, k->account_sid))
        return fault(tx->arena, F_NOT_FOUND, "There is no such message");
    sms_turn(c, tx, m, r->status, r->error_code, r->error_code == NO_VALUE ? NULL : "The carrier could not deliver it");
    return NULL;
}

/* What the ledger had no room for stands at the head of its lane: once a minute, while there are lanes, it is sent
 * again. */
static void ring(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct channel *c = arg;
    const struct lane *lane;
    bool any = false;

    (void)due;
    for (size_t i = 0; (lane = map_next(&c->lanes, &i)); any = true) {
        struct errand *e = CONTAINER_OF(lane->errands.next, struct errand, in_lane);
        if (atomic_exchange(&e->parted, false))
            tx_after(tx, start, e);
    }
    if (any)
        alarm_set(tx, ALARM_LANES, subject, tx->now + MINUTE);
}

/* --- setting up ------------------------------------------------------------------------------------------- */

/* What was on its way when the server stopped goes on. */
static void resume(void *arg, struct tx *tx)
{
    const struct condition coming = { .column = "status", .compare = IS, .value = value_int(SMS_RECEIVING) };
    struct rows_found found;
    const struct sms *m;

    if (rows_select(tx, &sms_kind, &(struct selection){ .conditions = &coming, .nconditions = 1 }, &found) != DB_OK)
        log_error("channel.resume", "%s", db_error(tx->db));
    while ((m = rows_next(tx, &found)))
        errand_begin(arg, tx, m);
}

void inbound_setup(struct channel *c, struct arena *a)
{
    c->inbound_limit = arena_alloc(a, sizeof(*c->inbound_limit));
    c->inbound_limit->interval = MINUTE / PER_MINUTE;
    c->inbound_limit->burst = BURST;
    ledger_alarm(c->site->ledger, &(struct alarm_kind){ .name = ALARM_LANES, .ring = ring, .arg = c });
    ledger_on_loaded(c->site->ledger, resume, c);
    ledger_on_reset(c->site->ledger, forget, c);
}
