/* What the files of gateway/ share.
 *
 *   eventbridge.c  the module; a request from envelope to answer     envelope.c  its bytes
 *   routes.c       which URL is which function                       payload.c   rows as the SDK wants to see them
 *   workers.c, tasks.c, transfers.c, instructions.c, lists.c   those functions
 *   sessions.c     sockets, from handshake to end                    presence.c  tokens that expire, workers who left
 * (presence_kind.c: when) delivery.c     who hears of an event, and when                   courier.c   the thread that
 * holds frames back tunnel.c       the first SDK: the API's own requests in envelopes
 *
 * A session belongs to the ledger's thread.  Its socket's loop only sets `closed` and sends the command `bye`; the
 * courier only sends frames and, last, frees it. */
#pragma once
#include "gateway/eventbridge/eventbridge.h"
#include "gateway/eventbridge/presence.h"
#include "routing/kinds.h"
#include "routing/routing.h"

#include "base/map.h"
#include <stdatomic.h>

enum {
    ENVELOPE_MAX = 64 * 1024,
    SEGMENTS_MAX = 10,
    SESSIONS_MAX = 100, /* sockets a worker: tabs, and pages that were closed without a word */
    WAITING_MAX = 1000, /* frames for a socket that has not loaded its lists */
    DISPLACED_MAX = 10000,
    REPLY_FIRST_MS = 30, /* what a client causes reaches it after the reply has */
    PRIMING_MS = 150,    /* after its lists, the SDK attaches its handlers */
    UNPRIMED_MS = 10000, /* a client that never asks for its list does not wait for ever */
    BYE_AGAIN_MS = 100,
    PAGE_DEFAULT = 50,
    PAGE_MAX = 1000,
};

/* --- requests -------------------------------------------------------------------------------------------------- */

struct envelope {
    const char *url, *method, *token;
    const char *event_type;             /* what the answer shall be called; the first SDK only */
    bool whole;                         /* url is a whole one, "https://…": the first SDK's; no segments then */
    const char *segments[SEGMENTS_MAX]; /* of url, decoded */
    size_t nsegments;
    json_t *params; /* an object, never NULL */
};
fault_t envelope_parse(struct arena *a, const char *body, size_t n, struct envelope *out);

struct bridge;
struct call {
    struct op *op;
    struct bridge *bridge;
    struct envelope envelope;
    const struct workspace *workspace;
    const char *sids[SEGMENTS_MAX]; /* what the pattern's {…} took, without the workspace */
    bool elevated; /* the token's role may touch others than its own worker, or its policies have been asked */
};
const char *call_param(struct call *c, const char *name); /* as text; NULL: absent or null */
fault_t call_version(struct call *c, int64_t version);    /* If-Match */
/* The worker of the URL: one's own, or anybody's for whoever may see to others; directory: to look at only. */
fault_t call_worker(struct call *c, bool directory, struct worker **out);
fault_t call_not_found(struct call *c); /* whatever it names */
/* A row below the call's workspace, or a refusal. */
fault_t call_find(struct call *c, const struct kind *k, const char *sid, void **row);
/* Attributes, an object or its text, as text. */
fault_t call_attributes(struct call *c, const struct kind *k, const char **out);
void call_answer(struct call *c, struct json_out *o); /* o holds the payload */

/* Routes: SDK's URL -> function; NULL: there is none. */
typedef fault_t perform(struct call *c);
struct route {
    const char *method, *pattern;
    perform *run;
    bool reads; /* on a reader's thread */
    bool flex;  /* not below a workspace: the token's own is meant */
};
const struct route *route_of(struct call *c);

perform worker_fetch, worker_update, worker_channels, worker_reservations, reservation_fetch, reservation_update;
perform task_create, task_fetch, task_update;
perform transfer_begin, transfer_update;
perform reservation_supervise, participant_update;
fault_t call_instruct(struct call *c, struct reservation *r, const char *name);
void answer_task(struct call *c, const struct task *t);
/* interactions.c */
perform interaction_create, interaction_fetch, interaction_channels, paused_channels, channel_fetch, channel_update;
perform invites_list, invite_create, invite_update, participants_list, participant_create, participant_modify;
perform handovers_list, handover_create, handover_fetch, handover_update;
perform list_activities, list_workers, list_queues, queue_fetch;

/* The first SDK (tunnel.c).  May this token use that channel at all? */
fault_t channel_allowed(struct op *op, const char *method);
fault_t tunnel_allows(struct call *c); /* a capability token's policies, about an envelope of the newer kind */
fault_t tunnel(struct call *c);

/* --- payloads ---------------------------------------------------------------------------------------------------- */

/* Version and time of change as they will be when the command is kept: the ledger stamps rows at its end. */
struct stamp {
    int64_t version, updated;
};
struct stamp stamp_of(struct tx *tx, const void *row);

void activity_json(struct json_out *o, const struct activity *a);
void queue_json(struct json_out *o, const struct task_queue *q, const char *reservation_activity,
                const char *assignment_activity);
void worker_json(struct json_out *o, const struct worker *w, const struct activity *a, struct stamp s);
void worker_json_live(struct json_out *o, struct tx *tx, const struct worker *w);
void channel_json(struct json_out *o, struct routing *e, struct tx *tx, const struct worker_channel *c);
void task_json(struct json_out *o, struct tx *tx, const struct task *t);
void task_offer_json(struct json_out *o, struct tx *tx, const struct reservation *r,
                     const struct task *t); /* the first SDK's reservation: a task with a reservation's sid */
/* t NULL: the short form. */
void reservation_json(struct json_out *o, struct routing *e, struct tx *tx, const struct reservation *r,
                      const struct task *t);
void transfer_json(struct json_out *o, struct tx *tx, const struct transfer *x);

/* --- sockets ------------------------------------------------------------------------------------------------------ */

struct interaction_participant;
void part_json(struct json_out *o, const struct interaction_participant *p, const char *task_sid);

struct session;

/* FRAME_BYE: the ledger's queue was full when the socket closed, say it again; FRAME_LAST: the session is over, free
 * it. */
enum frame_what { FRAME_TEXT, FRAME_BYE, FRAME_LAST };

/* One text for one socket.  Owned by who holds it: a session's lists, then the courier. */
struct frame {
    struct link link;
    struct mail mail;
    struct session *to;
    int64_t due; /* monotonic ms */
    enum frame_what what;
    bool after_reply;
    enum event_type type;
    char sid[SID_SIZE]; /* of the resource */
    size_t n;
    char text[];
};

/* What a window's client wants for its worker when the last window is gone; none: what the workspace says. */
enum wish { WISH_STAY, WISH_LEAVE, WISH_NONE };

/* The sockets of one channel: a worker, or, with the first SDK, a queue or workspace, which hear nothing. */
struct desk {
    char channel_sid[SID_SIZE];
    struct link sessions;
    size_t n;
};

struct session {
    struct bridge *bridge;
    struct desk *desk; /* NULL: the handshake is not answered yet, or it is over */
    struct link in_desk, in_dirty;
    struct command bye;
    struct arena *arena; /* of the texts, and of bye */
    const char *account_sid, *workspace_sid, *channel_sid;
    const char *subject; /* of its alarm: WK…/2/1f3a…; the middle is its wish */
    bool closes_others, primed;
    enum wish wish;
    bool first_sdk;                      /* needs no list first, and hears of reservations as it knows them */
    uint64_t token;                      /* hash */
    int64_t expires, opened, hold_until; /* clock's; monotonic; monotonic */
    struct http_socket *socket;
    struct map known;      /* reservations that the client has heard of: sid -> struct known */
    struct link held, out; /* frames: until primed; until the flush */
    size_t nheld;
    int64_t untold, told_at; /* reservations that its list had and that it hears of then */
    atomic_int travelling;   /* frames with the courier */
    atomic_bool closed;      /* by its loop */
};

struct courier;
struct bridge {
    struct ledger *ledger;
    struct clock *clock;
    struct routing *engine;
    struct interactions *interactions;
    struct map desks;     /* channel sid -> struct desk */
    struct map displaced; /* token hash -> struct displaced */
    struct link dirty;    /* sessions with frames to flush */
    struct courier *courier;
    bool asked; /* a client's request runs now */
    struct command flush;
    bool flushing;
};

int64_t steady_ms(void); /* for pacing frames; nothing that is kept depends on it */

/* sessions.c */
fault_t session_upgrade(struct op *op);
void session_free(struct session *s);
struct desk *desk_of(struct bridge *b, const char *channel_sid);
struct session *session_of(struct bridge *b, const char *subject);
bool session_is_open(const struct session *s);
void session_expired(struct session *s); /* its token: closes it, and lets it come back quietly */
bool desk_is_empty(struct bridge *b, const char *channel_sid, const struct session *but);
void sessions_stop(struct bridge *b);

/* delivery.c */
void deliver(void *bridge, struct tx *tx, const struct event *e); /* a listener */
void session_offer(struct session *s, struct frame *f);
/* How many reservations that a starting client will yet hear of: it counts each as a change of its worker, so until
 * then it gets a version without them. */
int64_t session_untold(struct bridge *b, const char *worker_sid, uint64_t token);
/* Its list is about to be answered: it knows these, and hears of what was made since its handshake. */
void session_listed(struct bridge *b, const char *worker_sid, uint64_t token, struct reservation *const *rows,
                    size_t n);
void frames_free(struct link *list);
void known_forget(struct session *s);

/* presence.c */
void presence_setup(struct bridge *b);
void presence_opened(struct tx *tx, const struct session *s);
void presence_closed(struct tx *tx, const struct session *s);

/* courier.c */
struct courier *courier_start(void);
void courier_send(struct courier *c, struct frame *f); /* takes f; posts it when it is due, in order within a session */
void courier_lock(struct courier *c);                  /* nothing is posted while it is held */
void courier_unlock(struct courier *c);
void courier_stop(struct courier *c); /* ends what it holds; joins */
