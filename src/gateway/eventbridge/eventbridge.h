/* eventbridge: what the official worker SDK (npm twilio-taskrouter) speaks.
 *
 * Two faces, both under the label "event-bridge":
 *
 *   POST /v1/wschannels   an envelope {url, method, params, token}: TaskRouter's API, tunnelled, as one worker may use
 * it GET  /v1/wschannels   a WebSocket: the events of that worker, as {event_type, payload}
 *
 * The SDK has habits that its documentation does not mention and on which applications depend: the reply to a request
 * comes before the events that it caused, events of a new socket wait until the SDK has loaded its lists, an accepted
 * reservation that a socket has never heard of must not be mentioned on it.  README.md has the list; sessions.c and
 * delivery.c keep to it.
 *
 * Everything runs on the ledger's thread, where the rows are; lists of workers and queues, which may be long, are read
 * by a reader.  Two more threads appear: a socket's own loop, which tells when it has closed, and the courier's, which
 * holds back what must wait a moment. */
#pragma once
#include "rest/resource.h"

extern const struct module eventbridge_module;
