/* frame: the bytes of a frame, in both directions.
 *
 *   TWILSOCK V3.0 <H>\r\n  H bytes of JSON  \r\n  payload_size bytes
 *
 * What a stranger sends is measured before it is looked at; nothing is believed that the bytes do not bear out. */
#pragma once
#include "codec/json.h"

enum {
    FRAME_MAX    = 256 * 1024, /* bytes of a whole frame */
    HEADER_MAX   = 64 * 1024,
    METHOD_MAX   = 64,         /* bytes */
    FRAME_ID_MAX = 128,
};

struct frame {
    json_t     *header;        /* an object */
    const char *method, *id;   /* not NULL */
    const char *payload;       /* NUL-terminated; "" */
    size_t      payload_size;
};

/* NULL, or what is wrong with it.  Everything lives in the arena, also the bytes. */
const char *frame_read(struct arena *a, const void *bytes, size_t n, struct frame *out);

/* An acknowledgement: nothing in it is worth reading, and there is one for each frame that we send. */
bool frame_is_reply(const void *bytes, size_t n);

/* Writing: open, add members to o, close. */
struct frame_out { struct arena *arena; struct json_out o; };
void frame_open(struct frame_out *f, struct arena *a, const char *method, const char *id);
/* type NULL: JSON.  Returns the bytes, in the arena. */
const char *frame_close(struct frame_out *f, const char *payload, size_t size, const char *type, size_t *n);
void frame_status(struct frame_out *f, int code, const char *words, const char *description, int error_code); /* "status": {…} */
