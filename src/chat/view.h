/* view: conversations as the browser SDKs watch them, by Sync (sync/sync.h).
 *
 *   CH….channel        document: what the conversation is, its state and its last message
 *   CH….messages       list: one item a message, at the message's index
 *   CH….roster         map: one item a participant, by its MB…
 *   US….info           map of a user: friendlyName, attributes, reachability
 *   US….conversations  map of a user: one item a conversation that the user is in, by its CH…
 *
 * Nothing is kept twice: an item is made from its row when somebody asks, and a change is told from the row that was
 * changed.  What a client has missed are the rows whose number is above the last that it knows, tombstones among them.
 *
 * Sids of views are those of the rows, spelled otherwise: ET, ES or MP and the row's own digits.  Three kinds of map share
 * MP; the two highest bits of a sid's first digit, which its clock does not reach before the year 2109, tell them apart.
 *
 * Who may look: who takes part, and who reads along (chat_may_see).  A user's conversations are shown to that user only; the info
 * map to everybody of the service. */
#pragma once
#include "chat/chat.h"

enum view { VIEW_CHANNEL, VIEW_MESSAGES, VIEW_ROSTER, VIEW_INFO, VIEW_MINE, VIEW_COUNT };

/* "CH….messages", of the row with that sid. */
const char *view_name(struct arena *a, enum view v, const char *row_sid);
/* "sync_objects": {"conversation": …, "messages": …, "participants": …} of an open JSON object. */
void view_objects_json(struct json_out *o, struct arena *a, const char *conversation_sid);/* A member of a row as a pair of an open JSON object: times in ISO 8601 with milliseconds, what is absent null. */
void view_member_json(struct json_out *o, const char *key, const struct kind *k, const void *row, const char *member);

/* Set-up, before ledger_start(). */
void views_add(struct ledger *l, struct sync *s, struct arena *a);
