/* log: one line an event, to stderr, as JSON or as text for people.
 *
 * Code that detects a problem does not log: it returns a fault.  Who answers, logs.  Secrets are
 * never passed to a log function; nothing here can tell.  Thread-safe. */
#pragma once
#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_setup(enum log_level least, bool json);
/* event is a short constant name ("http.request"); fmt makes the human part. */
void log_write(enum log_level level, const char *event, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#define log_debug(event, ...) log_write(LOG_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...) log_write(LOG_INFO, event, __VA_ARGS__)
#define log_warn(event, ...) log_write(LOG_WARN, event, __VA_ARGS__)
#define log_error(event, ...) log_write(LOG_ERROR, event, __VA_ARGS__)
