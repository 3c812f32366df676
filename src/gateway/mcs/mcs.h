/* mcs: the media service of Conversations, as @twilio/mcs-client calls it: by HTTP and not through twilsock, with the token in
 * X-Twilio-Token, from any origin.
 *
 *   POST /v1/Services/{IS}/Media?Category=&Filename=    the bytes themselves, or a form with one file in it
 *   GET  /v1/Services/{IS}/Media/{ME}                   what it is, and a link to it that works for five minutes
 *   POST /v1/Services/{IS}/MediaSet                     the same of many at once
 *   GET  /v1/Services/{IS}/Media/{ME}/Content           the bytes, with a token
 *   GET  /v1/Content/{pass}                             the bytes, by such a link
 *
 * Who may see a file: who sent it, and who may see the conversation that it is in; REST's own credentials see all of their account's.
 * What files are, where they are kept and how they are shown is media/media.h. */
#pragma once
#include "rest/resource.h"

extern const struct module mcs_module;
