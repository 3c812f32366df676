/* whatif's inside: history (what was), play (what would be), meter (how it is measured).
 *
 *   history.c  the log -> people as they stood at the start, requests, and actions in their order
 *   play.c     history + changes -> the engine, in a scratch ledger, step by step
 *   team.c     changes of the team, and the rows that a scratch store begins with
 *   meter.c    events, from the log or from a play -> figures
 *   report.c   figures -> a table, or JSON
 *   whatif.c   the order of it all, and the notes */
#pragma once
#include "base/map.h"
#include "base/sid.h"
#include "base/text.h"
#include "codec/json.h"
#include "routing/kinds.h"
#include "routing/routing.h"
#include "whatif/whatif.h"

#define LOOK_BACK (24 * HOUR) /* requests that were open at the start are no older */

/* --- a list that grows in its arena ------------------------------------------------------------------------------ */
struct pointers { struct arena *arena; void **at; size_t n, cap; };
void pointers_add(struct pointers *l, void *p);

/* --- meter ----------------------------------------------------------------------------------------------------------- */
struct meter;
struct meter *meter_new(struct arena *a, const struct whatif_options *o, const struct map *available);
void meter_worker(struct meter *m, const char *worker_sid, const char *activity_sid, int64_t handling); /* as it is at the start */
void meter_hear(struct meter *m, enum event_type type, int64_t at, const json_t *facts);
void meter_read(struct meter *m, enum whatif_run run, struct whatif_result *out); /* out->intervals are there */

/* --- history ---------------------------------------------------------------------------------------------------------- */
enum answer { ACCEPTS, REJECTS, LETS_RING };
struct habit { enum answer answer; int64_t delay; }; /* what a worker did with an offer, and after how long */

struct seat { /* a worker's channel */
    const char *channel_sid, *sid;
    int64_t capacity, reserved;
    bool available;
    struct seat *next;
};

struct person {
    const char *sid, *name, *attributes, *activity_sid; /* at the start */
    int64_t status_changed;
    bool at_start, known; /* was there at the start; has been seen in the log */
    int64_t handling;
    struct seat *seats;
    struct pointers habits;
};

struct request {
    const char *sid, *attributes, *channel_sid, *workflow_sid, *queue_sid, *target;
    int64_t priority, timeout, created, virtual_start, answered, ended;
    const char *holder; /* who accepted it first */
    bool ignore_capacity, over, own_end;
    bool open, held; /* at the start: not over; and somebody had it */
    const char *last_attributes; /* while the log is read */
    int64_t last_priority;
};

enum action_kind { PERSON_COMES, PERSON_GOES, PERSON_MOVES, PERSON_CHANGES, SEAT_CHANGES, REQUEST_COMES, REQUEST_CHANGES, REQUEST_LEAVES };
struct action {
    int64_t at;
    enum action_kind kind;
    struct person *person;
    struct request *request;
    const char *name, *attributes, *sid, *reason; /* sid: an activity or a channel */
    int64_t priority, capacity;
    bool available;
};

struct history {
    struct arena *arena;
    const struct whatif_options *o;
    struct workflow *workflow;
    struct pointers rows[ROUTING_KINDS]; /* of the set-up, as they are today */
    struct map available;                /* activity sids */
    struct map people, requests, offers;
    struct pointers all_people, all_requests, actions;
    struct meter *meter;
    bool started;                        /* the log has come to the start */
    const char *gave_up;                 /* who has just let it ring, and */
    int64_t gave_up_at;                  /* … when: the engine moves him */
    int64_t mean_delay, mean_handling;
    size_t nanswered;
};
/* NULL, or what is wrong.  h->arena and h->o are set. */
const char *history_read(struct history *h, struct store *s);
int64_t     handling_of(const struct history *h, const struct request *r); /* accepted -> completed */

/* --- play ------------------------------------------------------------------------------------------------------------- */
struct member { /* a person in the play */
    struct person *person;
    const char *sid, *name, *attributes; /* attributes: when changed, else NULL */
    const struct member *like;           /* a newcomer who comes and goes like another, or NULL */
    const json_t *capacity;              /* changed: {"voice": 2}, or NULL */
    bool gone;                           /* not of this team */
    size_t next_habit;
};

struct play {
    struct arena *arena;
    struct history *h;
    bool changed;          /* with the changes of h->o */
    struct pointers team;  /* struct member */
    struct map members;    /* by sid */
    struct meter *meter;
    const char *folder;
    struct store *store;
    struct clock *clock;
    struct ledger *ledger;
    struct routing *engine;
    struct sid_source sids;
    bool seeding;
    int64_t refused;
};
/* Plays it all; NULL, or what is wrong. */
const char *play_run(struct play *p);
const char *team_make(struct play *p); /* who plays; reads h->o->workers when changed */
bool        team_insert(struct play *p, struct db *db); /* all rows of the start; false: db_error() */
