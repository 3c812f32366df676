/* base64: RFC 4648, both alphabets.  Decoding is strict about the alphabet and length; padding may be
 * missing in the URL alphabet. */
#pragma once
#include "base/arena.h"
#include <stdbool.h>

char *base64_encode(struct arena *a, const void *p, size_t n);
char *base64url_encode(struct arena *a, const void *p, size_t n);   /* no padding */
void *base64_decode(struct arena *a, const char *s, size_t n, size_t *out_n);    /* NULL: not base64; NUL-terminated */
void *base64url_decode(struct arena *a, const char *s, size_t n, size_t *out_n);
