/* fault: why an operation was refused.
 *
 * NULL is success; anything else already is the answer: the HTTP status, Twilio's error code and
 * the sentence for the caller.  It lives in the arena of the request.  Code that detects a fault
 * returns it and does not log; rest/ logs once, where it answers.  Programmer errors are assert(),
 * which stays on in production.
 *
 * The catalogue is closed: faults.def is its only place. */
#pragma once
#include "base/arena.h"

enum fault_id {
#define FAULT(id, status, code, meaning) F_##id,
#include "base/faults.def"
#undef FAULT
    F_COUNT
};

struct fault {
    enum fault_id id;
    int           status; /* HTTP */
    int           code;   /* Twilio's */
    const char   *name;   /* NOT_FOUND */
    const char   *meaning;/* the catalogue's general sentence */
    const char   *message;/* for this caller */
};
typedef const struct fault *fault_t;

fault_t fault(struct arena *a, enum fault_id id, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result, returns_nonnull));
const struct fault *fault_kind(enum fault_id id); /* message is NULL; for documentation and checks */
