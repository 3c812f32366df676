/* reachability: who has a socket open, as is_online of a user, where the service wants it (reachability_enabled).
 *
 * Gateways say when an identity's first socket comes and its last goes (sync_present); nobody says so when the server dies, so after a
 * start whoever was online and has not come back is turned off, some hundreds at a time. */
#pragma once
#include "chat/chat.h"

void reachability_add(struct chat *c, struct ledger *l, struct sync *s, struct arena *a); /* before ledger_start() */
