/* What the files of sync/ share. */
#pragma once
#include "sync/stored.h"

enum { SOURCES_MAX = 8, LISTENERS_MAX = 16 };

struct sync {
    struct ledger              *ledger;
    const struct sync_source   *sources[SOURCES_MAX];
    size_t                      nsources;
    struct sync_listener        listeners[LISTENERS_MAX];
    size_t                      nlisteners;
};

/* What is said of a type: its kind of rows, its words and its codes. */
struct type_facts {
    const char        *word;                     /* "document" */
    const struct kind *objects, *items, *permissions; /* NULL: it has none */
    enum fault_id      unknown, stale;           /* no such object; If-Match does not match */
    enum fault_id      item_unknown, item_stale, data_bad;
};
extern const struct type_facts sync_types[];     /* by enum sync_type, up to SYNC_STREAM */

/* A row by its key, whichever thread asks; NULL: there is none. */
const void *ask_row(struct sync_ask *ask, const struct kind *k, const char *sid);
fault_t     unknown_object(struct sync_ask *ask, enum sync_type t, const char *name);
fault_t     ask_failed(struct sync_ask *ask);
/* find.c: objects of rows, as sync_find() wants them. */
fault_t stored_find(struct sync_ask *ask, enum sync_type type, const char *name, bool *found, struct sync_object *out);
fault_t stored_items(struct sync_ask *ask, const struct sync_object *o, const struct sync_page *page, struct sync_items *out);
fault_t stored_replay(struct sync_ask *ask, const struct sync_object *o, int64_t after, struct sync_items *out);
/* object.c: what callers send, and news */
fault_t data_check(struct tx *tx, enum sync_type t, const char *data, size_t max);
fault_t ttl_set(struct tx *tx, int64_t ttl, int64_t *date);
struct object_news {
    enum sync_type            type;
    enum sync_change          change;
    const struct sync_stored *object;
    const struct sync_row    *item;                  /* or else: */
    const char               *data, *message_sid;
    const char               *identity;
};
void    object_tell(struct sync *s, struct tx *tx, const struct object_news *n);
/* expiry.c */
void    expiry_add(struct sync *s);
void    expiry_set(struct tx *tx, const char *object_sid, int64_t date); /* NO_VALUE: nothing new expires */
void    expiry_stop(struct tx *tx, const char *object_sid);
void    sweep_later(struct tx *tx, const char *sid);     /* what belonged to an object or a service goes, a slice at a time */
void    tombstones_later(struct tx *tx, const char *object_sid, int64_t when);
