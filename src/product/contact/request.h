/* request: what a customer sent, judged. */
#pragma once
#include "codec/json.h"

enum { NAME_CHARS_MAX = 100, MESSAGE_CHARS_MAX = 2000, PAGE_BYTES_MAX = 1024, TASK_ATTRIBUTES_MAX = 4096 };
enum { PHONE_CHARS_MIN = 5, PHONE_CHARS_MAX = 32, PHONE_DIGITS_MIN = 5, PHONE_DIGITS_MAX = 20 };
enum { QUICKEST_PERSON = 800 }; /* ms; nobody reads and fills in a form faster */
enum { REFERENCE_SIZE = 10 };   /* "7K3M-9QXT" */

struct contact_request {
    const char *name, *phone, *message;
    const char *topic; /* NULL: the form has no topics */
    const char *page;  /* the address of the page that the form stood on, or NULL.  The page's script says it and the customer cannot mend
                          it, so what is no http(s) URL of ordinary length is left out instead of refused */
    bool        trapped; /* a machine filled it in: answer as if all were well, and do nothing; the rest is not set */
};

/* topics: the form's, an object.  On refusal what is wrong, in words for the customer, and *field which one (NULL: the body). */
const char *request_read(struct arena *a, const char *body, size_t n, const json_t *topics, int64_t now,
                         struct contact_request *out, const char **field);
/* The attributes of the task, or NULL where they are longer than a task's may be. */
const char *request_attributes(struct arena *a, const struct contact_request *r, const char *reference);
/* A name for the request that can be said on the phone. */
void reference_make(char out[static REFERENCE_SIZE]);
