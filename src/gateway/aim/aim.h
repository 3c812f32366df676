/* aim: the client API of Conversations, as @twilio/conversations (2.6 and 3.x) calls it.
 *
 * What the SDK watches are views by Sync (chat/view.h); here is the rest: where things are (Configuration), the lists that a client
 * begins with, and every change.  A change becomes a request to the REST resource of the same thing, in the name of the token's
 * identity: roles, rules, pre-hooks and events are those of REST, and nothing is decided here.
 *
 * A change that carries X-Twilio-Mutation-Id is made once: what it was answered is kept with the change, in the same
 * transaction, for some minutes, and whoever sends it again is told the same.
 *
 * Requests come by twilsock (gateway/twilsock hands them in with rest_inner()) or by HTTP with a token. */
#pragma once
#include "rest/resource.h"

extern const struct module aim_module;
