/* webhook: HTTP calls that the server makes on an account's behalf, and does not forget.
 *
 * A delivery is a row, made in the transaction of what it tells; the call goes out after the commit, signed with the account's
 * auth token (X-Twilio-Signature).  Its answer comes back as a command: success deletes the row; failure tries the fallback URL
 * at once, then everything again with growing pauses, as often as the delivery allows.  What is under way when the server dies is sent
 * again after the restart: at least once.  How a delivery ended is told to the purpose's owner, as part of a command. */
#pragma once
#include "ledger/ledger.h"
#include "net/client.h"

struct webhooks;

struct webhook {
    const char *account_sid;
    const char *purpose;       /* a row of those that webhooks_purpose() named */
    const char *subject;       /* what it is about: a SID for the purpose's owner */
    const char *url;
    const char *fallback_url;  /* or NULL */
    const char *form;          /* the body, urlencoded */
};

struct purpose {
    const char *name;          /* "event", "assignment" */
    int         rounds;        /* how often url and fallback are tried, at most */
    int64_t     timeout_ms;
    bool      (*good)(const struct http_call *c);   /* NULL: any 2xx */
    /* The delivery ended: c is the last answer (status 0: none came).  On the ledger's thread; may change rows.  May be NULL. */
    void      (*ended)(void *arg, struct tx *tx, const char *subject, bool good, const struct http_call *c);
    void       *arg;
};

struct webhooks *webhooks_new(struct ledger *l, struct http_client *client); /* before ledger_start() */
void             webhooks_free(struct webhooks *w);
void             webhooks_purpose(struct webhooks *w, const struct purpose *p); /* before ledger_start(); p is kept */
void             webhook_send(struct webhooks *w, struct tx *tx, const struct webhook *h);
extern const struct kind delivery_kind;
