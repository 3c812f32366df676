/* What the files of the views share: view.c (what there is, and who may look), view_items.c (items and what was missed), view_data.c
 * (a row as the SDKs know it), view_tell.c (news). */
#pragma once
#include "chat/view.h"

const char *view_sid(struct arena *a, enum view v, const char *row_sid);
const char *view_revision(struct arena *a, int64_t event_id);

/* view_data.c: JSON of an item, in the arena. */
const char *channel_data(struct arena *a, const struct conversation *c);
const char *message_data(struct arena *a, const struct message *m);
const char *roster_data(struct arena *a, const struct participant *p);
const char *mine_data(struct arena *a, const struct participant *p);

/* What an info map holds: a user's three items, in the order of their keys. */
enum { INFO_ITEMS = 3 };
struct info_item { const char *key; const char *(*data)(struct arena *a, const struct chat_user *u); };
extern const struct info_item info_items[INFO_ITEMS];

/* view_items.c */
struct view_object { enum view view; const void *row; }; /* what sync_object.of points to */
fault_t view_items(void *arg, struct sync_ask *ask, const struct sync_object *o, const struct sync_page *page, struct sync_items *out);
fault_t view_replay(void *arg, struct sync_ask *ask, const struct sync_object *o, int64_t after, struct sync_items *out);
struct sync_item message_item(struct arena *a, const struct message *m);
struct sync_item roster_item(struct arena *a, const struct participant *p);
struct sync_item mine_item(struct arena *a, const struct participant *p);
struct sync_item info_item(struct arena *a, const struct chat_user *u, const struct info_item *i);

/* view_tell.c */
void views_listen(struct ledger *l, struct sync *s, struct arena *a);
