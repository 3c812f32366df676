/* What the files of twilsock/ share.
 *
 *   twilsock.c    the module: endpoints, the hub's thread     frame.c, route.c   bytes; where a request goes
 *   client.c      a socket, from handshake to end             request.c          requests in frames
 *   subscribe.c   POST /v4/Subscriptions, replays             news.c             events of objects, as frames
 *   person.c      who is there, and notices for them          watch.c            the ledger's side: what it hears and is told
 *
 * Who touches what: a client, person, topic or sub belongs to the hub's thread.  The socket's loop makes requests of frames and, last,
 * says that it has closed.  A request goes to other threads and comes back as a note; a client is freed when its socket has closed and
 * all its requests are back. */
#pragma once
#include "gateway/twilsock/frame.h"
#include "gateway/twilsock/route.h"
#include "gateway/twilsock/twilsock.h"
#include "rest/rest.h"
#include "sync/sync.h"

#include "base/map.h"
#include <stdatomic.h>

enum {
    INIT_WITHIN_MS     = 30 * 1000,       /* a socket that does not say who it is */
    WARN_BEFORE_MS     = 180 * 1000,      /* token_about_to_expire */
    CHECK_EVERY_MS     = 60 * 1000,       /* is a token's key still there? */
    TICK_MS            = 200,
    SPREAD_MAX_MS      = 10000,           /* over which clients come back that are sent away together */
    QUEUE_MAX          = 16 * 1024 * 1024,/* for a slow reader: the answer to a query over 15,000 workers is one frame */
    NOTES_MAX          = 64 * 1024,       /* for the hub; more and new frames are refused */
    INITS_MAX          = 1000,            /* under way at once, of all clients */
    CLIENTS_MAX        = 100,             /* sockets an identity */
    UNDER_WAY_MAX      = 16,              /* requests of a client that are being performed */
    WAITING_MAX        = 5000,            /* those that wait behind them */
    BURST_MAX          = 10000,           /* requests a client may send at once … */
    EVERY_MS           = 5,               /* … and one more each so often */
    SUBSCRIPTIONS_MAX  = 20000,           /* a client: three objects a conversation, and users */
    BATCH_MAX          = 1000,            /* objects in one request; the SDK is told 100 */
    HELD_MS            = 500,             /* the longest that news waits behind an answer */
    PENDING_MAX        = 1000,            /* events for a subscription whose replay is under way */
    REPLAY_EVENTS      = 100,             /* in one frame */
    REPLAY_BYTES       = 8 * 1024 * 1024, /* about so much in answer to one request; the client asks again from where that ended */
    CONTEXTS_MAX       = 16,
    MESSAGE_TYPES_MAX  = 64,
    SEATS_MAX          = 3,
};

struct hub;

/* What the hub's thread is to do; in the order of sending. */
struct note { struct mail mail; void (*run)(struct hub *h, struct note *n); };
bool hub_send(struct hub *h, struct note *n); /* any thread; false: the hub has stopped */

/* --- who it is ------------------------------------------------------------------------------------------------ */

/* A token's principal; shared by the requests that were sent under it. */
struct caller { int refs; struct arena *arena; struct principal who; };
struct caller *caller_new(void);
void caller_unref(struct caller *c);
/* In which service's name: that of the product which asks. */

/* The sockets of one user of one service. */
struct person {
    char       *key;            /* "AC…/IS…/identity" */
    const char *account_sid, *service_sid, *identity;
    struct link seats, in_owed;
    size_t      n;
    bool        told, telling;  /* what the ledger believes; it is being told */
    struct hub *hub;
    struct command command;
    struct note back;
    bool        telling_online;
};
struct seat { struct link in_person; struct person *person; struct client *client; };

/* Message types that a client wants; none registered: all of them. */
struct context { struct link in_client; char id[FRAME_ID_MAX + 1]; size_t n; uint64_t types[]; };

/* --- a socket ------------------------------------------------------------------------------------------------- */

enum client_state { CLIENT_NEW, CLIENT_BEGINNING, CLIENT_READY, CLIENT_ENDING, CLIENT_GONE };

/* What all clients that came by the same address share: what URLs begin with. */
struct origin { char *text, *cds; size_t refs; };

struct client {
    struct hub        *hub;
    struct http_socket*socket;
    struct link        in_hub;
    struct note        opened, closed;
    char              *peer, *from; /* from: until the hub knows its origin */
    struct origin     *origin;
    struct caller     *caller;     /* NULL until it is READY */
    enum client_state  state;
    bool               warns, warned; /* warns: it understands client_update */
    int64_t            since, checked; /* the handshake; when its token was last looked at */
    struct seat        seats[SEATS_MAX];
    struct link        contexts, waiting, held;
    int64_t            held_since; /* steady ms */
    struct map         subs;       /* object sid -> struct sub */
    unsigned           under_way;  /* requests that are not back yet */
    unsigned           performing; /* … of them in frames of `message` */
    size_t             nwaiting;
    int64_t            full_at;    /* the bucket of BURST_MAX */
    uint64_t           writes;     /* numbers of requests that may change something */
    struct link        writing;    /* those under way, oldest first */
};

enum request_what { REQUEST_INIT, REQUEST_UPDATE, REQUEST_MESSAGE, REQUEST_SUBSCRIPTIONS, REQUEST_DOUBT, REQUEST_CHECK };

/* A frame of a client, and what becomes of it; lives in its arena. */
struct request {
    struct note        note;
    struct rest_inner  inner;
    struct arena      *arena;
    struct client     *client;
    struct caller     *caller;
    struct frame       frame;
    const char        *wrong;      /* what is not as it should be with the frame */
    enum request_what  what;
    struct way         way;
    struct link        in_client;  /* waiting */
    struct link        in_writing;
    uint64_t           number;
    struct batch      *batch;
    fault_t            fault;
};

/* twilsock.c */
struct hub {
    struct site     *site;
    struct sync     *sync;
    struct mailbox  *box;
    struct thread   *thread;
    struct map       people, topics, origins;
    struct link      clients, owed;
    size_t           nclients, inits;
    bool             draining;
    atomic_bool      closing;      /* draining, for everybody else */
    struct mailbox  *drained;
    int64_t          looked_at;    /* steady ms */
    atomic_uint      interest[4096]; /* who is watched, by hash of the object's sid: asked by the ledger after a commit */
    atomic_uint      present[1024];  /* likewise, persons */
    struct map       watched;      /* the ledger's thread: object sid -> struct watch */
};
int64_t hub_ms(void);
void   *must_calloc(size_t n);

/* client.c */
fault_t client_upgrade(struct op *op);
void client_send(struct client *c, const char *bytes, size_t n);
/* A method without payload: "reply" with a status. */
void client_reply(struct client *c, struct arena *a, const char *id, int code, const char *words);
void client_close(struct client *c, int code, const char *words, const char *description); /* the protocol's close, then the socket's */
void client_tick(struct client *c, int64_t now, int64_t steady);
void client_offload(struct client *c);
void client_release(struct client *c);      /* frees it when nothing of it is under way */
void client_init(struct request *q);
void client_update(struct request *q);
void client_vouched(struct request *q);     /* the token of an init or update has been looked at */
void client_checked(struct request *q);     /* … or that of a client that has long been there */
bool client_wants(const struct client *c, const char *message_type);
void client_context(struct request *q, bool put);
fault_t token_check(struct op *op);         /* endpoint: on a reader */

/* request.c */
void request_take(struct hub *h, struct note *n); /* a frame has come */
void request_arrive(void *client, struct http_socket *s, const void *bytes, size_t n, bool text); /* on the socket's loop */
void request_perform(struct request *q, const struct way *way); /* as an inner request, in q->caller's name */
void request_answer(struct request *q, int status, const char *json);
void request_over(struct request *q);       /* one that counted among a client's messages; frees it */
void request_free(struct request *q);
struct request *request_own(struct client *c, enum request_what what); /* one that no frame has asked for, in its caller's name */
struct request *request_of(const struct op *op); /* NULL: it is not the hub that asks */
void requests_next(struct client *c);

/* subscribe.c */
enum sub_state { SUB_PENDING, SUB_LIVE };
struct sub {
    struct link    in_topic;
    struct topic  *topic;
    struct client *client;
    enum sync_type type;
    enum sub_state state;
    uint64_t       batch;          /* the request that it waits for */
    int64_t        last_id;
    struct link    pending;        /* of struct waiting_news */
    size_t         npending;
    bool           overflown, watched;
};
struct doubt { struct note note; struct arena *arena; struct sync_doubt doubt; };
struct topic { char *sid, *service; struct link subs; }; /* service: whose object it is; NULL: nobody was let in yet */
void subscriptions_begin(struct request *q);
void subscriptions_end(struct request *q);
fault_t subscriptions_read(struct op *op);  /* endpoint: on a reader */
void subscriptions_fail(struct request *q); /* it was not performed: as if it had not been asked */
void doubt_arrive(struct hub *h, struct note *n); /* may its identity still see an object?  Until that is known its subs wait */
void doubt_end(struct request *q);
void subs_forget(struct client *c);
const char *type_word(enum sync_type t);

/* news.c: one change, as frames; shared by all who hear it. */
struct rendering { struct rendering *next; const struct origin *origin; const char *bytes; size_t n; };
struct news {
    struct note        note;
    int                refs;
    struct arena      *arena;
    struct sync_event  event;
    struct rendering  *renderings;
};
struct waiting_news { struct link link; struct news *news; uint64_t after; };
void news_arrive(struct hub *h, struct note *n);
void news_offer(struct sub *s, struct news *n); /* at once, or behind the answer to what the client is changing */
void news_unref(struct news *n);
void held_release(struct client *c, bool all);
void held_forget(struct link *list);
const char *event_name_of(enum sync_type t, enum sync_change change);
void event_json(struct json_out *o, const struct origin *origin, const struct sync_event *e);
const char *notification(struct arena *a, const char *message_type, const char *payload, size_t *n);

/* person.c */
void person_sit(struct client *c);
void person_stand(struct client *c);
void people_tell(struct hub *h);            /* those of whom the ledger is not told */
void people_free(struct hub *h);
size_t clients_of(struct hub *h, const struct caller *c);
void notice_arrive(struct hub *h, struct note *n);
struct notice { struct note note; struct arena *arena; struct sync_notice notice; };

/* watch.c */
void watch_setup(struct hub *h);
bool watch_begin(struct hub *h, struct tx *tx, const struct sync_object *o); /* on the ledger: true: it counts, and wants a watch_end() */
void watch_end(struct hub *h, const char *sid); /* from the hub */
void watch_free(struct hub *h);
unsigned interest_slot(const char *key, size_t slots);
