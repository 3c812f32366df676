/* demo: what an account has before anybody set it up.
 *
 * Every account gets Flex's defaults: a workspace with activities, the queue Everyone and a workflow.  --demo adds a centre that
 * works at once: three people who can log in, queues by skill, and the form by which a customer asks them to call back. */
#pragma once
#include "rest/resource.h"

/* Does nothing for an account in which anything has happened before.  Both wait for the ledger; call them before the server listens. */
fault_t account_provision(struct site *site, struct arena *a, const char *account_sid);
/* Makes what is missing of the demo centre, and puts the log-ins that work into logins_out, a line each.  Passwords are the documented
 * ones where nobody else can come in (site.local), else random. */
fault_t demo_make(struct site *site, struct arena *a, const char *account_sid, struct text *logins_out);
/* Whether all of "127.0.0.1:8080,[::1]:8080" is loopback. */
bool    listens_locally(const char *listen);
