/* date: the two spellings of time on the wire: ISO 8601 ("2026-01-02T03:04:05Z", all but the 2010 API) and
 * RFC 2822 ("Fri, 02 Jan 2026 03:04:05 +0000").  Milliseconds since 1970, UTC.
 * The years are 1900 to 9999: what is outside is not read, and written as the nearest moment within. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { DATE_SIZE = 40 };
char *date_iso(int64_t ms, char out[static DATE_SIZE]);
char *date_iso_ms(int64_t ms, char out[static DATE_SIZE]);   /* with .123 */
char *date_rfc2822(int64_t ms, char out[static DATE_SIZE]);
/* Reads ISO 8601 with optional fraction and zone (Z or +hh:mm; none means UTC), or a date alone (midnight UTC). */
bool  date_parse(const char *s, int64_t *ms);
