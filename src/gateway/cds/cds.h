/* cds: Sync as npm twilio-sync asks for it: /v3/{Documents|Lists|Maps|Streams}… (label "cds"), JSON in and out.
 *
 * Requests come by HTTP with a token, or inside of a socket's frames (gateway/twilsock, rest_inner): it is the same to these endpoints.  What is
 * read may be anybody's object, a view of another engine among them (sync/sync.h); what is written are the rows of sync/stored.h.  The
 * header X-Twilio-Active-Grant says in which service's name a client asks, where its token opens several.
 *
 * A reply's last_event_id is the id of the event that tells others: so the client knows its own echo. */
#pragma once
#include "rest/resource.h"

extern const struct module cds_module;
