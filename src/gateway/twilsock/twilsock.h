/* twilsock: the socket under npm twilio-sync, @twilio/conversations and @twilio/notifications.
 *
 * One WebSocket a client carries everything: its token, its requests to Sync and Conversations (HTTP in frames, answered by the
 * same endpoints that HTTP reaches), and what it hears: changes of the Sync objects that it has subscribed to, and notices for
 * its user.  A frame is binary: a line, a header that is JSON, a payload (frame.c).
 *
 *   UPGRADE tsock /v3/wsconnect     the socket; also without the label, as the SDKs' own addresses have it
 *
 * One thread of its own, the hub's, owns all of it: sockets' loops, readers and the ledger send it notes, in their order, and it
 * sends frames.  So nothing here is locked, and a map with a thousand watchers costs the ledger one note a change.
 *
 * A client misses nothing and hears nothing twice: a subscription first counts as watching, then its replay is read, and what
 * arrives meanwhile waits until the replay has been sent (subscribe.c).  What was missed while a socket was down is a replay, too. */
#pragma once
#include "rest/resource.h"

extern const struct module twilsock_module;
