/* desktop: people who log in to the agent desktop, and the access tokens that it works with.
 *
 *   POST   /desktop/session  {"username", "password"}   log in: who it is, and a cookie
 *   GET    /desktop/session                             who it is
 *   DELETE /desktop/session                             log out
 *   POST   /desktop/token                               an access token for the SDKs, for an hour at most
 *   GET    /desktop/canned-responses                    what is written often (/plugboard/v1/CannedResponses, for whoever runs the centre)
 *   GET    /desktop/conversations/{}/history            the other conversations of those whom one writes with, and …/{} what was said
 *
 * The cookie is HttpOnly and SameSite=Strict.  What changes something asks for the header "X-Plugboard-Desktop: 1"
 * besides, which no form and no foreign page can send without asking first, and where the browser names the origin, it
 * must be our own. */
#pragma once
#include "rest/resource.h"

/* QR… */
struct canned_response {
    const char *sid, *account_sid, *section, *label, *text;
    int64_t     date_created, date_updated;
};
extern const struct kind canned_response_kind;

extern const struct module desktop_module;
