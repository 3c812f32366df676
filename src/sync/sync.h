/* sync: state that many clients share: documents, lists, maps and streams, as their SDK (npm twilio-sync) knows them.
 *
 * An object has a sequence of events of its own.  Every change takes the next number of it, and what was changed remembers that
 * number: the object itself, or the item.  A removed item stays behind as a tombstone for a while.  So a client that knows the
 * state after event n is brought up to date by what has a number above n, in order: there is no log to keep beside the rows.
 *
 * Objects come from sources.  Those that customers make are rows of this folder (stored.h).  Others are views: a conversation is a
 * document, its participants a map and its messages a list, without being kept twice; a query over the workers is a live
 * query.  Such an engine stands on a higher floor, adds a sync_source, and says what changed with sync_tell().
 *
 * Who watches is not known here: gateways listen (sync_listen), and keep what their sockets have asked for. */
#pragma once
#include "codec/json.h"
#include "ledger/ledger.h"

enum sync_type { SYNC_DOCUMENT, SYNC_LIST, SYNC_MAP, SYNC_STREAM, SYNC_LIVE_QUERY };

/* Who asks: a client with a token.  REST asks for nobody (identity NULL), and is refused nothing.  service_sid: what the grant says, "default"
 * included. */
struct sync_viewer { const char *account_sid, *service_sid, *identity; };

/* An object as it is shown; texts live in the asker's arena. */
struct sync_object {
    enum sync_type type;
    const char *sid, *account_sid, *service_sid, *unique_name;
    int64_t     last_event_id;
    int64_t     context_id;    /* of a list: number of its context's last change; 0: none */
    const char *revision;      /* hex */
    const char *data;          /* of a document; of a list: its context */
    int64_t     date_created, date_updated, date_expires; /* NO_VALUE: never */
    const char *created_by;
    const struct sync_source *source;
    void       *of;            /* the source's own, for the asks that follow */
};

/* One item of a map or list, one result of a query, or (in a replay) its removal. */
struct sync_item {
    const char *key;           /* of a map or query; NULL of a list */
    int64_t     index;         /* of a list */
    int64_t     event_id, added_id; /* of its last change; of the change that made it */
    const char *revision;      /* hex */
    const char *data;          /* JSON */
    bool        removed;
    int64_t     date_created, date_updated, date_expires;
    const char *created_by;
};
struct sync_items { struct sync_item *rows; size_t n; bool more_before, more_after; };

/* A page: from a key or index on (NULL, NO_VALUE: from the end that the order begins with). */
struct sync_page { const char *key; int64_t index; bool exclusive, descending; size_t size; };

/* --- sources ----------------------------------------------------------------------------------------------- */
struct sync_ask {
    struct arena *arena;
    struct db    *db;          /* of this thread */
    struct tx    *tx;          /* on the ledger's thread; else NULL */
    int64_t       now;
    struct sync_viewer viewer;
};

/* A view of another engine.  Hooks run on the ledger's thread when on_ledger, else on whichever has a db. */
struct sync_source {
    const char *name;
    bool        on_ledger;
    /* By unique name or sid.  *found untouched and NULL returned: not one of this source's.  A fault: it is, and the viewer may not. */
    fault_t   (*find)(void *arg, struct sync_ask *ask, const char *name, bool *found, struct sync_object *out);
    fault_t   (*items)(void *arg, struct sync_ask *ask, const struct sync_object *o, const struct sync_page *page, struct sync_items *out);
    /* What has an event_id above `after`, in its order, removals too; more_after where that is too much at once.  A fault
     * GONE: `after` is older than what is remembered of removals; the client must begin anew. */
    fault_t   (*replay)(void *arg, struct sync_ask *ask, const struct sync_object *o, int64_t after, struct sync_items *out);
    /* The first client watches it, or the last one has gone; may be NULL. */
    void      (*watched)(void *arg, struct tx *tx, const char *object_sid, bool by_somebody);
    void       *arg;
};

struct sync;
struct sync *sync_new(struct ledger *l, struct arena *a);               /* before ledger_start() */
void sync_source_add(struct sync *s, const struct sync_source *source); /* likewise; kept */
/* Every account has a service that is there from the start and cannot be deleted; tokens and paths call it "default". */
const char *sync_service_sid(struct arena *a, const char *account_sid, const char *service);

/* Among the rows, then the sources.  *out is complete, or a fault: 404 with the code of the type (54100, 54150, 54200 …).  On a reader (no tx) the
 * sources that answer on the ledger only are not asked: what is not found there may be asked for again on the ledger.  What has expired is not
 * found, also before it is deleted. */
fault_t sync_find(struct sync *s, struct sync_ask *ask, enum sync_type type, const char *name, struct sync_object *out);
fault_t sync_items(struct sync *s, struct sync_ask *ask, const struct sync_object *o, const struct sync_page *page, struct sync_items *out);
fault_t sync_replay(struct sync *s, struct sync_ask *ask, const struct sync_object *o, int64_t after, struct sync_items *out);
void    sync_watched(struct sync *s, struct tx *tx, const struct sync_object *o, bool by_somebody);

/* --- news -------------------------------------------------------------------------------------------------- */
enum sync_change { SYNC_ADDED, SYNC_UPDATED, SYNC_REMOVED, SYNC_CONTEXT, SYNC_GONE, SYNC_MESSAGE }; /* GONE: the object itself */

struct sync_event {
    enum sync_type   type;
    enum sync_change change;
    const char *account_sid, *service_sid, *object_sid, *unique_name;
    int64_t     id;            /* of the object's sequence */
    const char *revision;      /* of the object */
    struct sync_item item;     /* of a map, list or query; .data is also a document's, a context's or a message's; .key its TZ… */
    const char *identity;      /* who did it; NULL: REST, or an engine */
    const struct sync_event *next; /* of a view: the same change of other items of the object at the same time, told in one; ids rise */
};
/* Listeners hear it in the transaction; what must wait for the commit they hand to tx_after(). */
void sync_tell(struct sync *s, struct tx *tx, const struct sync_event *e);

/* What a client's sockets are told beside the objects: "twilio.ipmsg.typing_indicator".  Not kept. */
struct sync_notice { const char *account_sid, *service_sid, *identity, *message_type, *payload; };
void sync_notify(struct sync *s, struct tx *tx, const struct sync_notice *n);
/* An identity's first socket has come, or its last has gone (gateways say so; who cares listens). */
struct sync_presence { const char *account_sid, *service_sid, *identity; bool online; };
void sync_present(struct sync *s, struct tx *tx, const struct sync_presence *p);

/* Whether an identity may still see an object is to be asked anew: it has left, or lost a right.  Gateways do so (sync_find) before they tell it
 * more.  identity NULL: whoever it is; object_sid NULL: any object of the service. */
struct sync_doubt { const char *account_sid, *service_sid, *identity, *object_sid; };
void sync_doubt(struct sync *s, struct tx *tx, const struct sync_doubt *d);

struct sync_listener {         /* each may be NULL */
    void (*hear)(void *arg, struct tx *tx, const struct sync_event *e);
    void (*notice)(void *arg, struct tx *tx, const struct sync_notice *n);
    void (*presence)(void *arg, struct tx *tx, const struct sync_presence *p);
    void (*created)(void *arg, struct tx *tx, const struct sync_object *o, const char *identity); /* a row of stored.h */
    void (*doubt)(void *arg, struct tx *tx, const struct sync_doubt *d);
    void  *arg;
};
void sync_listen(struct sync *s, const struct sync_listener *x); /* before ledger_start(); kept */
