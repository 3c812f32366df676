/* Sessions: a worker's sockets, from the handshake to the end.
 *
 * The handshake is a command: it checks the token and sets the alarms; only when that is committed is it answered, and
 * only then does the session exist for others.  The end goes the other way: the socket's loop sends a command that
 * takes the alarms back, after it the session leaves the tables, and what is left of it travels behind its last frame
 * to the courier, who frees it. */
#include "gateway/eventbridge/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEARTBEAT_MS = 15000,
    MESSAGE_MAX = 4096,
    QUEUE_MAX = 1024 * 1024,
    LIFETIME_MAX = 24 * 3600 * 1000,
    RETURN_MS = 30000, /* the longest that a client waits before it comes back */
    SESSION_ROOM = 256 /* three SIDs: there are tens of thousands of sessions */
};

/* Who does not close others, though its client asks for it: a token whose session was closed by a newer one would close
 * that one in turn; and a client whose socket ended with its token comes back by itself, with another token, which is
 * no new session (then the key is its worker, until it has come). */
struct displaced {
    char key[SID_SIZE];
    int64_t until;
};

/* --- tables ------------------------------------------------------------------------------------------------------- */

struct desk *desk_of(struct bridge *b, const char *channel_sid)
{
    return map_get(&b->desks, channel_sid);
}

static void sit_down(struct bridge *b, struct session *s)
{
    struct desk *d = desk_of(b, s->channel_sid);

    if (!d) {
        d = calloc(1, sizeof(*d));
        if (!d)
            abort();
        strncpy(d->channel_sid, s->channel_sid, SID_LENGTH);
        list_init(&d->sessions);
        map_put(&b->desks, d->channel_sid, d);
    }
    list_append(&d->sessions, &s->in_desk);
    d->n++;
    s->desk = d;
}

static void stand_up(struct session *s)
{
    struct desk *d = s->desk;

    if (!d)
        return;
    s->desk = NULL;
    list_remove(&s->in_desk);
    if (--d->n)
        return;
    map_remove(&s->bridge->desks, d->channel_sid);
    free(d);
}

bool session_is_open(const struct session *s)
{
    return !atomic_load(&s->closed);
}

bool desk_is_empty(struct bridge *b, const char *channel_sid, const struct session *but)
{
    struct desk *d = desk_of(b, channel_sid);

    if (!d)
        return true;
    for (LIST_EACH(l, &d->sessions)) {
        const struct session *s = CONTAINER_OF(l, struct session, in_desk);
        if (s != but && session_is_open(s))
            return false;
    }
    return true;
}

struct session *session_of(struct bridge *b, const char *subject)
{
    struct desk *d;
    char channel_sid[SID_SIZE] = { 0 };

    strncpy(channel_sid, subject, SID_LENGTH);
    d = desk_of(b, channel_sid);
    if (!d)
        return NULL;
    for (LIST_EACH(l, &d->sessions)) {
        struct session *s = CONTAINER_OF(l, struct session, in_desk);
        if (!strcmp(s->subject, subject))
            return s;
    }
    return NULL;
}

void session_free(struct session *s)
{
    if (s->socket)
        socket_release(s->socket);
    frames_free(&s->held);
    frames_free(&s->out);
    known_forget(s);
    arena_free(s->arena);
    free(s);
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static struct frame *frame_make(struct session *s, enum frame_what what, int64_t due)
{
    struct frame *f = calloc(1, sizeof(*f));

    if (!f)
        abort();
    *f = (struct frame){ .to = s, .what = what, .due = due };
    return f;
}

static fault_t run_bye(struct tx *tx, struct command *c)
{
    presence_closed(tx, CONTAINER_OF(c, struct session, bye));
    return NULL;
}

static void bye_done(struct command *c, fault_t f)
{
    struct session *s = CONTAINER_OF(c, struct session, bye);

    (void)f; /* what could not be stored is put right when the ledger loads again */
    stand_up(s);
    list_remove(&s->in_dirty);
    courier_send(s->bridge->courier, frame_make(s, FRAME_LAST, s->hold_until));
}

static void on_closed(void *data, struct http_socket *socket, int code)
{
    struct session *s = data;

    (void)socket;
    (void)code;
    courier_lock(s->bridge->courier);
    atomic_store(&s->closed, true);
    courier_unlock(s->bridge->courier);
    s->bye = (struct command){ .arena = s->arena, .run = run_bye, .done = bye_done };
    if (!ledger_send(s->bridge->ledger, &s->bye))
        courier_send(s->bridge->courier, frame_make(s, FRAME_BYE, steady_ms() + BYE_AGAIN_MS));
}

/* --- displaced tokens --------------------------------------------------------------------------------------------- */

static void token_key(char out[static 20], uint64_t token)
{
    snprintf(out, 20, "%016llx", (unsigned long long)token);
}

static bool is_displaced(struct bridge *b, uint64_t token)
{
    char key[20];

    token_key(key, token);
    return map_get(&b->displaced, key) != NULL;
}

static void forget_displaced(struct bridge *b, int64_t now)
{
    struct displaced *d;

    for (size_t i = 0; (d = map_next(&b->displaced, &i));)
        if (d->until <= now) {
            map_remove(&b->displaced, d->key);
            free(d);
        }
}

static void remember(struct bridge *b, const char *key, int64_t now, int64_t until)
{
    struct displaced *d = map_get(&b->displaced, key);

    if (d) {
        d->until = until;
        return;
    }
    if (b->displaced.n >= DISPLACED_MAX)
        forget_displaced(b, now);
    if (b->displaced.n >= DISPLACED_MAX)
        return;
    d = calloc(1, sizeof(*d));
    if (!d)
        abort();
    strncpy(d->key, key, sizeof(d->key) - 1);
    d->until = until;
    map_put(&b->displaced, d->key, d);
}

static void displace(struct session *s, int64_t now)
{
    char key[20];

    socket_close(s->socket, 1000, "Closing existing session");
    token_key(key, s->token);
    remember(s->bridge, key, now, s->expires);
}

void session_expired(struct session *s)
{
    if (s->closes_others)
        remember(s->bridge, s->channel_sid, s->expires, s->expires + RETURN_MS);
    socket_close(s->socket, 1000, "Token expired");
}

/* Once for each that expired. */
static bool comes_back(struct bridge *b, const char *channel_sid, int64_t now)
{
    struct displaced *d = map_remove(&b->displaced, channel_sid);
    bool yes = d && d->until > now;

    free(d);
    return yes;
}

static void close_others(struct session *s, int64_t now)
{
    for (LIST_EACH(l, &s->desk->sessions)) {
        struct session *other = CONTAINER_OF(l, struct session, in_desk);
        if (other != s && session_is_open(other))
            displace(other, now);
    }
}

/* --- the handshake ------------------------------------------------------------------------------------------------ */

static void send_init(struct session *s, struct arena *a, int64_t now)
{
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '{');
    json_pair_str(&o, "event_type", "init");
    json_key(&o, "payload");
    json_open(&o, '{');
    json_pair_str(&o, "channel_id", s->channel_sid);
    json_pair_str(&o, "account_sid", s->account_sid);
    json_pair_str(&o, "workspace_sid", s->workspace_sid);
    json_pair_int(&o, "token_lifetime", s->expires - now);
    json_close(&o, '}');
    json_close(&o, '}');
    const char *text = json_done(&o);
    socket_send(s->socket, text, strlen(text), true);
}

static void answer_upgrade(struct op *op, fault_t f)
{
    static const struct socket_handler handler = { .closed = on_closed,
                                                   .heartbeat = " ",
                                                   .heartbeat_ms = HEARTBEAT_MS,
                                                   .message_max = MESSAGE_MAX,
                                                   .queue_max = QUEUE_MAX };
    struct session *s = op->data;
    int64_t now = op->now;

    if (f) {
        session_free(s);
        op_finish(op, f);
        return;
    }
    sit_down(s->bridge, s);
    s->opened = steady_ms();
    s->socket = http_upgrade(op->http, &handler, s); /* and the op is gone */
    send_init(s, s->arena, now);
    if (s->closes_others && !is_displaced(s->bridge, s->token) && !comes_back(s->bridge, s->channel_sid, now))
        close_others(s, now);
}

/* Whose events it is about. */
static const char *channel_of(const struct principal *who)
{
    return who->channel_sid ? who->channel_sid : who->worker_sid;
}

static struct session *make_session(struct bridge *b, const struct principal *who, const char *token, int64_t now)
{
    struct session *s = calloc(1, sizeof(*s));

    if (!s)
        abort();
    s->bridge = b;
    s->arena = arena_new_sized(SESSION_ROOM);
    s->account_sid = arena_strdup(s->arena, who->account_sid);
    s->workspace_sid = arena_strdup(s->arena, who->workspace_sid);
    s->channel_sid = arena_strdup(s->arena, channel_of(who));
    s->first_sdk = s->primed = who->by == BY_CAPABILITY;
    s->token = hash_bytes(token, strlen(token));
    s->expires = who->expires == NO_VALUE ? now + LIFETIME_MAX : who->expires;
    atomic_init(&s->travelling, 0);
    atomic_init(&s->closed, false);
    list_init(&s->in_desk);
    list_init(&s->in_dirty);
    list_init(&s->held);
    list_init(&s->out);
    return s;
}

/* What a parameter of the handshake says; WISH_NONE: it is not there. */
static enum wish wish(struct op *op, const char *name)
{
    const char *text = form_get(&op->query, name);
    bool yes;

    if (!text || !str_to_bool(text, &yes))
        return WISH_NONE;
    return yes ? WISH_LEAVE : WISH_STAY;
}

static void read_wishes(struct op *op, struct session *s)
{
    char unique[17];

    random_hex(unique, 16);
    s->closes_others = wish(op, "closeExistingSessions") == WISH_LEAVE;
    s->wish = wish(op, "setWorkerOfflineIfDisconnected");
    s->subject = arena_printf(s->arena, "%s/%d/%s", s->channel_sid, s->wish, unique);
}

static fault_t check_token(struct op *op, const char **token)
{
    const struct principal *who = &op->who;

    *token = form_get(&op->query, "token");
    if (!*token || !**token)
        return refuse(op, F_UNAUTHENTICATED, "The parameter token is missing");
    fault_t f = auth_token(op->view, op->db, op->arena, *token, &op->who);
    f = f ? f : channel_allowed(op, "GET");
    if (!f && (!who->workspace_sid || !channel_of(who)))
        f = refuse(op, F_FORBIDDEN, "The token has no TaskRouter grant for a worker");
    return f;
}

/* The token's channel is there, in the token's workspace: a worker, or else a queue or the workspace itself. */
static fault_t check_channel(struct op *op, const struct workspace *w)
{
    const char *sid = channel_of(&op->who);
    const struct worker *worker = op_find(op, &worker_kind, sid);
    const struct task_queue *queue = op_find(op, &task_queue_kind, sid);

    if (w && ((worker && str_eq(worker->workspace_sid, w->sid)) || (queue && str_eq(queue->workspace_sid, w->sid)) ||
              str_eq(sid, w->sid)))
        return NULL;
    return refuse(op, F_FORBIDDEN, "The token's channel %.64s is not one of workspace %.64s", sid,
                  op->who.workspace_sid);
}

static size_t count_open(struct bridge *b, const char *channel_sid)
{
    struct desk *d = desk_of(b, channel_sid);
    size_t n = 0;

    if (!d)
        return 0;
    for (LIST_EACH(l, &d->sessions))
        n += session_is_open(CONTAINER_OF(l, struct session, in_desk));
    return n;
}

fault_t session_upgrade(struct op *op)
{
    struct bridge *b = op_site(op)->bridge;
    const char *token;
    fault_t f = check_token(op, &token);

    if (f)
        return f;
    const struct workspace *w = op_find(op, &workspace_kind, op->who.workspace_sid);
    f = check_channel(op, w);
    if (f)
        return f;
    if (count_open(b, channel_of(&op->who)) >= SESSIONS_MAX)
        return refuse(op, F_RATE_LIMIT, "Channel %s has %d open sockets already", channel_of(&op->who), SESSIONS_MAX);
    struct session *s = make_session(b, &op->who, token, op->now);
    read_wishes(op, s);
    presence_opened(op->tx, s);
    op->data = s;
    op->finish = answer_upgrade;
    return NULL;
}

void sessions_stop(struct bridge *b)
{
    struct desk *d;
    struct displaced *gone;

    for (size_t i = 0; (d = map_next(&b->desks, &i));) {
        map_remove(&b->desks, d->channel_sid);
        for (LIST_EACH(l, &d->sessions)) {
            list_remove(l);
            session_free(CONTAINER_OF(l, struct session, in_desk));
        }
        free(d);
    }
    map_clear(&b->desks);
    for (size_t i = 0; (gone = map_next(&b->displaced, &i));)
        free(gone);
    map_clear(&b->displaced);
}
