/* stored: the objects that customers make, as rows, and the one way in which they change.
 *
 * REST (product/sync) and the SDK's requests (gateway/cds) come by here alike.  A function below runs inside of a command, changes rows,
 * tells the listeners (sync.h), and refuses with the documented code.  `who` is the identity that does it; NULL: REST, which no access
 * list holds back.
 *
 * One struct stands behind documents, lists, maps and streams, and one behind the items of lists and maps; each type has tables of its own.  An item's
 * key in the store is its object's sid and its own key or index, so a page is a range of the table, and an item is found by one read.
 *
 * Nothing is resident: objects are many, and most of them sleep.  An object has at most two alarms: when the first of it (an item, or all of
 * it) expires, and when its oldest tombstone may be forgotten. */
#pragma once
#include "store/record.h"
#include "sync/sync.h"

enum {
    SYNC_DATA_MAX = 16 * 1024, SYNC_MESSAGE_MAX = 4 * 1024, SYNC_KEY_MAX = 320 /* characters */, SYNC_NAME_MAX = 320,
    SYNC_ITEMS_MAX = 1000 * 1000, SYNC_TTL_MAX = 31536000, SYNC_PAGE_MAX = 1000,
    SYNC_TOMBSTONE_HOURS = 24,
    SYNC_REPLAY_MAX = 1000,      /* changes at once; who missed more asks again from the last of them */
};

struct sync_service { /* IS… */
    const char *sid, *account_sid, *unique_name, *friendly_name, *webhook_url;
    bool        webhooks_from_rest_enabled, reachability_webhooks_enabled, acl_enabled, reachability_debouncing_enabled;
    int64_t     reachability_debouncing_window; /* ms */
    int64_t     date_created, date_updated;
};

struct sync_stored { /* ET…, ES…, MP…, TO… */
    const char *sid, *account_sid, *service_sid, *unique_name, *revision, *data, *created_by;
    int64_t     event_id;      /* of its sequence, the last one */
    int64_t     context_id;    /* of a list: of its context's last change */
    int64_t     date_created, date_updated, date_expires;
    int64_t     next_index;    /* of a list */
    int64_t     items;         /* how many there are */
    int64_t     forgotten_id;  /* tombstones up to this event are gone */
};

struct sync_row { /* of a list or map */
    const char *sid;           /* "MP…/key", "ES…/0000000000000000017" */
    const char *account_sid, *service_sid;
    union { const char *object_sid, *list_sid, *map_sid; };
    const char *key, *revision, *data, *created_by;
    int64_t     index;
    int64_t     event_id, added_id, removed_id; /* removed_id: event_id of a tombstone; NO_VALUE: it is there */
    int64_t     date_created, date_updated, date_expires;
};

struct sync_permission { /* of an identity on a document, list or map */
    const char *sid;           /* "MP…/identity" */
    const char *account_sid, *service_sid;
    union { const char *object_sid, *document_sid, *list_sid, *map_sid; };
    const char *identity;
    bool        read, write, manage;
};

extern const struct kind sync_service_kind;
extern const struct kind sync_document_kind, sync_list_kind, sync_map_kind, sync_stream_kind;
extern const struct kind sync_list_item_kind, sync_map_item_kind;
extern const struct kind sync_document_permission_kind, sync_list_permission_kind, sync_map_permission_kind;
enum { SYNC_KINDS = 10 };
extern const struct kind *const sync_kinds[SYNC_KINDS];
const struct kind *sync_object_kind(enum sync_type t);
const struct kind *sync_item_kind(enum sync_type t);       /* NULL: it has none */
const struct kind *sync_permission_kind(enum sync_type t);

/* --- looking ------------------------------------------------------------------------------------------------ */
const char *sync_item_sid(struct arena *a, const char *object_sid, const char *key);
const char *sync_index_sid(struct arena *a, const char *object_sid, int64_t index);
const char *sync_revision(struct arena *a, int64_t event_id);
/* A service by its sid or "default"; the default one is shown also before anything was changed of it.  NULL: there is none. */
const struct sync_service *sync_service_find(struct sync_ask *ask, const char *account_sid, const char *service);
/* An object of the ask's service by sid or unique name, for reading; what the viewer may not, is a fault. */
enum sync_right { SYNC_READ, SYNC_WRITE, SYNC_MANAGE };
fault_t sync_object_find(struct sync_ask *ask, enum sync_type t, const char *name, enum sync_right right, const struct sync_stored **out);
fault_t sync_item_find(struct sync_ask *ask, enum sync_type t, const char *object_sid, const char *item_sid, const struct sync_row **out);

/* Rows as sync.h shows them. */
void sync_object_shown(struct arena *a, const struct sync_stored *row, enum sync_type type, struct sync_object *out);
void sync_item_shown(struct arena *a, const struct sync_row *row, enum sync_type type, struct sync_item *out);
/* Is if_match (NULL: nothing was asked) the revision of an object, or of an item of one? */
fault_t sync_match(struct arena *a, enum sync_type t, bool item, const char *if_match, int64_t event_id);

/* --- changing (inside of a command) -------------------------------------------------------------------------- */
/* How long something lives.  Absent: NO_VALUE, and what holds stays. */
struct sync_ttl { int64_t item, object; };  /* seconds; 0: for ever */

struct sync_service *sync_service_make(struct tx *tx, const char *account_sid); /* the default one, on first need; else what is there */
fault_t sync_service_removed(struct sync *s, struct tx *tx, struct sync_service *v);

/* A new row of sync_object_kind(), scoped; data: of a document, JSON or NULL; of a list, its context. */
fault_t sync_object_created(struct sync *s, struct tx *tx, enum sync_type t, struct sync_stored *o, const char *data, struct sync_ttl ttl, const char *who);
/* data NULL: stays.  if_match: a revision, or NULL. */
fault_t sync_object_change(struct sync *s, struct tx *tx, enum sync_type t, struct sync_stored *o, const char *data, struct sync_ttl ttl,
                           const char *if_match, const char *who);
/* Deletes the row; its items follow. */
fault_t sync_object_remove(struct sync *s, struct tx *tx, enum sync_type t, struct sync_stored *o, const char *if_match, const char *who);
/* A message to a stream; *sid gets its TZ…. */
fault_t sync_publish(struct sync *s, struct tx *tx, struct sync_stored *stream, const char *data, const char *who, const char **sid);

/* Items.  put: of a map, adds or replaces, as `how` allows; of a list, key is NULL and index says which, NO_VALUE: a new one at the end. */
enum sync_put { SYNC_PUT_ADD = 1, SYNC_PUT_REPLACE = 2 };
struct sync_item_change {
    const char     *key, *data; /* data NULL: stays */
    int64_t         index;
    unsigned        how;
    struct sync_ttl ttl;
    const char     *if_match;   /* "-1": must not be there yet */
    const char     *who;
};
fault_t sync_item_put(struct sync *s, struct tx *tx, enum sync_type t, struct sync_stored *o, const struct sync_item_change *c, struct sync_row **out, bool *added);
fault_t sync_item_remove(struct sync *s, struct tx *tx, enum sync_type t, struct sync_stored *o, struct sync_row *item, const char *if_match, const char *who);

/* What `identity` may with an object: the row, made on first need. */
struct sync_permission *sync_permission_make(struct tx *tx, enum sync_type t, const struct sync_stored *o, const char *identity);
