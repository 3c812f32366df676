/* What the files of webhook/ share: webhook.c says when a delivery is tried, lane.c whose turn it is, flight.c makes the call. */
#pragma once
#include "base/list.h"
#include "base/map.h"
#include "webhook/overrides.h"
#include "webhook/webhook.h"

enum { PURPOSES_MAX = 16 };

struct webhooks {
    struct arena *arena;
    struct ledger *ledger;
    struct http_client *client;
    const struct purpose *purposes[PURPOSES_MAX];
    size_t npurposes;
    struct map lanes; /* by key */
};

struct delivery_live {
    struct delivery row;
    struct link in_lane; /* among the fresh */
};

/* One URL of one account, while anything is on its way there.  What is derived from rows here is made again by lane_relink(). */
struct lane {
    char key[SID_SIZE + 20], account_sid[SID_SIZE];
    int64_t number;
    char head[SID_SIZE]; /* the delivery that flies; "": none */
    char last[SID_SIZE]; /* the place of the last one that flew: the store may not know yet that those before it have gone */
    bool more;           /* the store may have deliveries that wait */
    struct link fresh;   /* those of this batch that wait, by place: the store does not have them yet */
};

/* One call under way: its own arena, through the client's thread and back to the ledger. */
struct flight {
    struct webhooks *owner;
    const struct purpose *purpose;
    struct arena *arena;
    const char *delivery_sid, *place; /* which try this is: an answer to another one counts no more */
    int64_t attempts;
    struct http_call call;
    struct command command;
};

/* webhook.c */
const struct purpose *purpose_named(const struct webhooks *w, const char *name);
struct overrides overrides_of(struct arena *a, const struct purpose *p, const struct delivery *d); /* of the URL that is tried */
fault_t delivery_landed(struct tx *tx, struct command *c);

/* lane.c */
int64_t lane_number(const char *url);
void lanes_setup(struct webhooks *w);
void lanes_resume(struct webhooks *w, struct tx *tx);                        /* after loading */
void lane_enter(struct webhooks *w, struct tx *tx, struct delivery *d);      /* it flies, or waits for its turn */
void lane_leave(struct webhooks *w, struct tx *tx, const struct delivery *d);/* it flies no more: whose turn is it? */
void lane_relink(void *webhooks, struct tx *tx, void *row);

/* flight.c */
bool flight_launch(struct webhooks *w, struct tx *tx, const struct delivery *d); /* false: there is no such account or purpose */
