/* What the files of channel/ share: outbound.c (messages that leave), wire.c (how each type of carrier is spoken to), arrive.c (what they bring), inbound.c
 * (the way of a message that came in), program.c and twiml.c (a number's own URL), opt_out.c. */
#pragma once
#include "base/list.h"
#include "base/map.h"
#include "base/limit.h"
#include "channel/channel.h"
#include "chat/hooks.h"
#include <stdatomic.h>

enum { TIMESTAMP_MS = 5 * 60 * 1000, SEND_ATTEMPTS = 6, SEND_MS = 10 * 1000, PROGRAM_MS = 15 * 1000 };

struct channel {
    struct site *site;
    struct map lanes;        /* of messages that come in, by the pair of addresses; inbound.c */
    struct purpose status;
    struct limit *inbound_limit;
};

/* --- wire.c: one call to a carrier, and what its answer says */
struct sending {
    struct arena *arena;
    const struct carrier *carrier;
    const struct sms *message;
    const char *status_url;  /* where it is to say what became of it */
    int64_t now;
};
struct sent { bool again; enum sms_status status; const char *their_sid; int64_t error_code; const char *words; };
void wire_build(const struct sending *s, struct http_call *call);
struct sent wire_read(struct arena *a, enum carrier_type type, const struct http_call *call);
const char *basic_credentials(struct arena *a, const char *username, const char *secret); /* a header's value */
const char *custom_signature(struct arena *a, const char *key, const char *timestamp, const char *nonce, const char *body);
const char *report_pass(struct arena *a, const struct carrier *k, const char *sms_sid); /* what a report by GET must know */

/* --- outbound.c */
void outbound_setup(struct channel *c, struct arena *a);
struct sms *sms_by_theirs(struct tx *tx, const char *account_sid, const char *theirs, bool inbound); /* as its carrier calls it */
const char *segments_of(struct arena *a, const char *body);

/* --- inbound.c */
enum step { STEP_MATCH, STEP_CONVERSATION, STEP_PARTICIPANT, STEP_MEDIA, STEP_MESSAGE, STEP_PROGRAM, STEP_OVER };
struct errand {
    struct channel *channel;
    struct arena *arena;
    struct command command;
    struct job job;          /* to the disk */
    struct link in_lane;
    struct lane *lane;
    const char *sms_sid;
    struct http_call *ask;   /* of a pre-webhook; chat/hooks.h */
    struct http_call *call;  /* what the step wants to be called, or its answer */
    bool calling, fetching;  /* the call is to be made; and it is for a medium */
    bool writing, called;    /* a file of ours is to be copied; the answer, or the file, is there */
    struct medium copied;
    _Atomic bool parted;     /* from its lane, or from the ledger: whoever comes second frees it */
    const char *sids[SMS_MEDIA_MAX], *file; /* media that were fetched; the file under way */
    size_t nmedia, nsids;
    int hops;                /* of TwiML, or of a medium's redirects */
    bool fallback;
    fault_t failed;          /* the step was refused: its end is still to be kept */
};
void inbound_setup(struct channel *c, struct arena *a);
void errand_begin(struct channel *c, struct tx *tx, const struct sms *m);

/* --- nonce.c */
void nonces_setup(struct channel *c);

/* --- program.c */
fault_t program_step(struct tx *tx, struct errand *e, struct sms *m);

/* --- twiml.c */
enum { TWIML_MAX = 64 * 1024, TWIML_VERBS_MAX = 20 };
struct twiml_verb {
    enum { TWIML_MESSAGE, TWIML_REDIRECT } verb;
    const char *text, *to, *from, *method, *status_callback; /* text: the body; of a Redirect the URL */
    const char *media[SMS_MEDIA_MAX];
    size_t nmedia;
};
struct twiml { struct twiml_verb verbs[TWIML_VERBS_MAX]; size_t n; };
bool twiml_read(struct arena *a, const char *xml, size_t n, struct twiml *out, const char **why);

/* --- opt_out.c */
enum opt_word { OPT_NONE, OPT_STOP, OPT_START, OPT_HELP };
enum opt_word opt_word_of(const char *body);
const char *opt_word_name(enum opt_word w);
bool opted_out(struct tx *tx, const char *account_sid, const char *ours, const char *theirs);
/* The word has come: keeps what it means and says the answer that is due, or NULL. */
const char *opt_take(struct tx *tx, const struct sms *m, enum opt_word w);
