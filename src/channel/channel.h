/* channel: how messages leave the house and come in: SMS, WhatsApp, and whatever a carrier brings.
 *
 * A sender (PN…) is an address of ours: a phone number, or "telegram:desk".  It is reached by a carrier (KC…), of which there are three types, or
 * by none: then only other addresses of the account can write to it.
 *
 *   twilio  speaks the API that this server speaks itself: messages are created there, and come in by its webhooks, signed
 *   kannel  an SMS gateway: asked by GET, and asks by GET; reports of delivery likewise
 *   custom  two webhooks and a signed endpoint of ours, JSON: docs/channels.md
 *
 * A message (SM…, MM…) is a row of its own, in or out.  One that goes out is called for after the commit, again after a restart (so it goes
 * out at least once), and knows what became of it; receipts of conversations and status callbacks are told.
 *
 * One that comes in is kept before its carrier is answered, and then goes its way in steps (inbound.c), each a command, whatever outside
 * has to be asked between them:
 *
 *   the open conversation of the two addresses  gets it (an inactive one becomes active)
 *   an address configuration                    begins a conversation: asked about, with its webhook, its participant
 *   the sender's own SMS URL                    is asked, and answers in TwiML
 *   otherwise                                   it is kept
 *
 * Messages of the same two addresses go one after the other.  What came twice (the carrier's id of it) is taken once.
 *
 * Opt-out: who writes STOP to a number gets nothing from it any more (21610) until START. */
#pragma once
#include "auth/auth.h"
#include "chat/chat.h"
#include "media/media.h"
#include "net/client.h"
#include "rest/resource.h"
#include "webhook/webhook.h"

enum { SMS_BODY_MAX = 1600, SMS_MEDIA_MAX = 10, ADDRESS_LENGTH_MAX = 256 };

struct carrier { /* KC… */
    const char *sid, *account_sid, *friendly_name;
    const char *url;           /* twilio: what is before /2010-04-01; kannel: of sendsms; custom: where messages go */
    const char *username;      /* twilio: AC…; kannel: of smsbox */
    const char *secret;        /* twilio: the auth token; kannel: the password; custom: the key that signs */
    const char *callback_url;  /* where it reaches us: ours, as the carrier is to call it */
    unsigned    type;          /* enum carrier_type */
    int64_t     date_created, date_updated;
};
enum carrier_type { CARRIER_TWILIO, CARRIER_KANNEL, CARRIER_CUSTOM };
extern const char *const carrier_type_names[], *const callback_method_names[];

struct sender { /* PN… */
    const char *sid, *account_sid, *phone_number, *friendly_name, *carrier_sid;
    const char *sms_url, *sms_fallback_url, *status_callback;
    unsigned    sms_method, sms_fallback_method, status_callback_method; /* POST, GET */
    int64_t     date_created, date_updated;
};

enum sms_status { SMS_QUEUED, SMS_SENDING, SMS_SENT, SMS_DELIVERED, SMS_READ, SMS_UNDELIVERED, SMS_FAILED, SMS_RECEIVING, SMS_RECEIVED };
enum sms_direction { SMS_INBOUND, SMS_OUTBOUND_API, SMS_OUTBOUND_REPLY };
extern const char *const sms_status_names[], *const sms_direction_names[];

struct sms { /* SM…, with media MM… */
    const char *sid, *account_sid, *from, *to, *body, *messaging_service_sid;
    unsigned    status, direction;
    const char *num_segments, *num_media, *price, *price_unit, *api_version, *error_message, *subresource_uris;
    int64_t     error_code, date_created, date_updated, date_sent;
    const char *media;          /* JSON list of URLs */
    const char *status_callback;
    const char *profile_name;   /* who writes, as the channel says */
    const char *request_token;  /* of the request that made it: the same one again makes no other */
    const char *carrier_sid, *carrier_message_sid;
    const char *conversation_sid, *message_sid, *participant_sid; /* the conversation's part of it */
    int64_t     step, attempts;
};

extern const struct kind carrier_kind, sender_kind, sms_kind, opt_out_kind, nonce_kind;
enum { CHANNEL_KINDS = 5 };
extern const struct kind *const channel_kinds[CHANNEL_KINDS];

struct channel;
struct channel *channel_new(struct site *site, struct arena *a); /* before ledger_start() */
void            channel_free(struct channel *c);
extern const struct module channel_module;

/* --- looking */
struct sender *sender_by_address(struct tx *tx, const char *account_sid, const char *address);
const char    *address_channel(struct arena *a, const char *address); /* "sms", "whatsapp" … */
struct carrier *carrier_of(struct tx *tx, const struct sender *s);     /* NULL: none */

const char    *carrier_pass(struct arena *a, const struct carrier *k); /* what a message by GET must know */

/* --- going out (ledger's thread) */
/* Makes the message and sends it; like: from, to, body, media, status_callback, direction, the conversation's part.  A fault says why not,
 * and nothing has happened. */
fault_t sms_send(struct channel *c, struct tx *tx, const struct sms *like, struct sms **out);
/* The message that a request with this token made; NULL: none, or no token. */
struct sms *sms_by_token(struct tx *tx, const char *account_sid, const char *token);
/* What became of it, as its carrier says; news that comes late changes nothing. */
void    sms_turn(struct channel *c, struct tx *tx, struct sms *m, enum sms_status to, int64_t error_code, const char *words);

/* --- coming in */
/* What a carrier brings, read and checked (arrive.c).  Texts live in the arena. */
struct arrival {
    const char *method, *url, *body; /* the URL as we told it to the carrier, with the query it came with */
    size_t      length;
    const struct form *form, *query;
    const char *signature, *timestamp, *nonce; /* headers */
    int64_t     now;
};
enum arrived { ARRIVED_REFUSED, ARRIVED_MESSAGE, ARRIVED_STATUS, ARRIVED_NOTHING };
struct report { const char *sid, *their_sid; enum sms_status status; int64_t error_code; };
/* FORBIDDEN: the signature is not the carrier's, or it is too old. */
fault_t arrive_message(struct arena *a, const struct carrier *k, const struct arrival *in, struct sms *out);
fault_t arrive_report(struct arena *a, const struct carrier *k, const struct arrival *in, struct report *out);
/* Keeps it and sends it on its way; one that was taken before is left alone. */
fault_t sms_take(struct channel *c, struct tx *tx, const struct sms *like);
/* RATE_LIMIT: this address writes too often. */
fault_t sms_allowed(struct channel *c, struct tx *tx, const char *account_sid, const char *from);
/* A nonce is good once. */
bool    nonce_take(struct tx *tx, const char *carrier_sid, const char *nonce);
fault_t report_take(struct channel *c, struct tx *tx, const struct carrier *k, const struct report *r);
