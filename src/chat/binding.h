/* binding: a device that a user of conversations wants to be reached by when no socket of it is open: its push token, and for which
 * news.  The browser SDKs make and remove them (gateway/aim); REST lists them.  A user with a binding is notifiable. */
#pragma once
#include "chat/chat.h"

enum binding_type { BINDING_APN, BINDING_GCM, BINDING_FCM, BINDING_TWILSOCK };
extern const char *const binding_type_names[];

struct chat_binding { /* BS… */
    const char *sid, *account_sid, *chat_service_sid, *credential_sid;
    const char *endpoint, *identity;         /* the device, as its client names it; whose it is */
    const char *address;                     /* the push service's token; never shown */
    unsigned    binding_type;                /* enum binding_type */
    const char *message_types;               /* JSON list: "twilio.channel.new_message" … */
    int64_t     date_created, date_updated;
};
extern const struct kind chat_binding_kind;

/* The user whose devices these are is notifiable now, or not any more; after a binding was made or removed. */
fault_t binding_changed(struct chat *c, struct tx *tx, const struct chat_service *s, const char *identity, bool there_are);
