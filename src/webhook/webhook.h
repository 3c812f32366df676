/* webhook: HTTP calls that the server makes on an account's behalf, and does not forget.
 *
 * A delivery is a row, made in the transaction of what it tells; the call goes out after the commit, signed with the account's
 * auth token (X-Twilio-Signature).  Its answer comes back as a command: success deletes the row; failure tries again as the
 * URL's fragment says (overrides.h), then the fallback URL, then everything again with growing pauses, as often as the purpose
 * allows.  What is under way when the server dies is sent again after the restart: at least once.  How a delivery ended is told
 * to the purpose's owner, as part of a command.
 *
 * Lanes.  The deliveries of a purpose that is `ordered` go to one URL of one account in the order of their making, one at a
 * time; each URL has its own lane, so a slow one holds up nobody else.  Only the head of a lane is in memory: what waits behind
 * it is rows, however many.  Deliveries of other purposes fly at once, each alone.
 *
 * Dead letters.  A delivery that was given up stays as a row for thirty days and may be sent again; one that is, goes to the end of
 * its lane. */
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
    bool        by_get;        /* GET, and the form is the URL's query; else POST */
};

struct purpose {
    const char *name;          /* "event", "assignment" */
    bool        ordered;       /* one at a time to a URL, in order */
    int         rounds;        /* how often url and fallback are tried, at most; once, if the URL says how often by itself */
    int64_t     timeout_ms;    /* of a round at one URL, unless that says otherwise */
    const char *count_as;      /* a parameter that says how many tries went before: "RetryCount"; NULL: none */
    bool        plain;         /* no overrides: the URL's fragment is cut off and says nothing */
    bool      (*good)(const struct http_call *c);   /* NULL: any 2xx */
    /* The delivery ended: c is the last answer (status 0: none came).  On the ledger's thread; may change rows.  May be NULL. */
    void      (*ended)(void *arg, struct tx *tx, const char *subject, bool good, const struct http_call *c);
    void       *arg;
};

enum delivery_status { DELIVERY_FLYING, DELIVERY_WAITING, DELIVERY_DEAD };

struct delivery {
    const char *sid, *account_sid, *purpose, *subject, *url, *fallback_url, *form;
    bool        by_get;
    enum delivery_status status;
    int64_t     attempts;      /* calls that have failed */
    int64_t     last_status;   /* of the last one; NO_VALUE: no answer came, and last_error says why */
    const char *last_error;
    int64_t     date_created, date_updated;
    /* Where it stands: in its lane, and between its attempts. */
    int64_t     lane;          /* which URL; NO_VALUE: none, it flies alone */
    const char *place;         /* in the lane; sorts as SIDs do */
    int64_t     round, leg, tries, spent_ms; /* leg 0: the URL, 1: the fallback; tries of it, and how long they took */
};

enum { DEAD_LETTER_DAYS = 30 };

struct webhooks *webhooks_new(struct ledger *l, struct http_client *client); /* before ledger_start() */
void             webhooks_free(struct webhooks *w);
void             webhooks_purpose(struct webhooks *w, const struct purpose *p); /* before ledger_start(); p is kept */
void             webhook_send(struct webhooks *w, struct tx *tx, const struct webhook *h);
void             webhook_send_again(struct webhooks *w, struct tx *tx, struct delivery *dead); /* with fresh attempts */
/* A signed call as webhooks are, but made by the caller itself, who waits for the answer: fills *call but for done, arg and time-outs.  token: the
 * account's auth token; url without fragment; form urlencoded.  What is pointed to must live in a. */
void             webhook_call(struct arena *a, struct http_call *call, const char *token, const char *url, const char *form, bool by_get);
extern const struct kind delivery_kind;
