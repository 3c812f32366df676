/* config: how the server was asked to run.
 *
 * Each setting is a row: the member, its option (--listen), its variable (PLUGBOARD_LISTEN) and its default.  The command line beats the
 * environment. */
#pragma once
#include "base/arena.h"
#include <stdbool.h>
#include <stdint.h>

struct config {
    const char *listen, *data, *web, *clock, *tls_cert, *tls_key, *log_level, *account_name;
    bool        demo, log_json, trust_proxy, allow_private_webhooks;
    int64_t     threads, readers, connections_max, body_max, media_max, slow_ms, idle_ms, drain_ms, events_days;
};

/* Reads arguments (without program and command) into *c; on refusal what is wrong, in the arena; NULL: all is well. */
const char *config_read(struct arena *a, struct config *c, int argc, char **argv);
const char *config_help(struct arena *a);
