#include "config.h"

#include "base/text.h"
#include "store/record.h"
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct setting {
    struct field row;
    const char  *words;
} settings[] = {
    { FIELD(config, listen,          STR,  .initial = "127.0.0.1:8080"), "addresses to listen on, separated by commas; port 0: any" },
    { FIELD(config, data,            STR,  .initial = "data"),           "folder that holds everything" },
    { FIELD(config, web,             STR,  .initial = ""),               "folder of the built desktop and contact form (web/)" },
    { FIELD(config, demo,            BOOL, .initial = "false"),          "make a working demo centre with people who can log in" },
    { FIELD(config, clock,           STR,  .initial = "real"),           "real, or test: stands still until POST /test/clock turns it" },
    { FIELD(config, tls_cert,        STR,  .initial = ""),               "PEM file of the certificate chain" },
    { FIELD(config, tls_key,         STR,  .initial = ""),               "PEM file of its key" },
    { FIELD(config, log_level,       STR,  .initial = "info"),           "debug, info, warn or error" },
    { FIELD(config, log_json,        BOOL, .initial = "false"),          "log lines as JSON" },
    { FIELD(config, account_name,    STR,  .initial = "My account"),     "friendly name of the account made at the first start" },
    { FIELD(config, trust_proxy,     BOOL, .initial = "false"),          "believe X-Forwarded-For and X-Forwarded-Proto" },
    { FIELD(config, allow_private_webhooks, BOOL, .initial = "true"),    "callbacks may go to loopback and private addresses" },
    { FIELD(config, threads,         INT,  .initial = "2", .min = 1, .max = 64),              "I/O threads" },
    { FIELD(config, readers,         INT,  .initial = "2", .min = 1, .max = 64),              "threads that answer reads" },
    { FIELD(config, connections_max, INT,  .initial = "16000", .min = 16, .max = 1000000),    "open connections at most" },
    { FIELD(config, body_max,        INT,  .initial = "1310720", .min = 1024, .max = 104857600), "bytes of a request's body" },
    { FIELD(config, media_max,       INT,  .initial = "157286400", .min = 1048576, .max = 1073741824), "bytes of a file that somebody sends in a conversation" },
    { FIELD(config, slow_ms,         INT,  .initial = "10000", .min = 100, .max = 600000),    "a request must have arrived in this time" },
    { FIELD(config, idle_ms,         INT,  .initial = "60000", .min = 100, .max = 600000),    "an idle connection is kept this long" },
    { FIELD(config, events_days,     INT,  .initial = "30", .min = 0, .max = 36500),          "days that an event stays in the log; 0: for ever" },
    { FIELD(config, drain_ms,        INT,  .initial = "10000", .min = 0, .max = 600000),      "at SIGTERM, what is under way has this long to end" },
};
/* clang-format on */

enum { SETTINGS = sizeof(settings) / sizeof(*settings) };

static char *spelled(struct arena *a, const char *name, bool variable)
{
    char *s = arena_printf(a, "%s%s", variable ? "PLUGBOARD_" : "--", name);

    for (char *c = s + (variable ? 10 : 2); *c; c++) {
        if (variable && *c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
        else if (!variable && *c == '_')
            *c = '-';
    }
    return s;
}

static const char *put(struct arena *a, struct config *c, const struct setting *s, const char *value, const char *from)
{
    const struct field *f = &s->row;

    if (f->type == T_BOOL)
        return str_to_bool(value, field_bool(f, c)) ? NULL
                                                    : arena_printf(a, "%s: '%s' is not true or false", from, value);
    if (f->type == T_STR) {
        *field_text(f, c) = arena_strdup(a, value);
        return NULL;
    }
    if (!str_to_int(value, field_int(f, c)) || *field_int(f, c) < f->min || *field_int(f, c) > f->max)
        return arena_printf(a, "%s: '%s' is not a number from %lld to %lld", from, value, (long long)f->min,
                            (long long)f->max);
    return NULL;
}

static const struct setting *setting_named(struct arena *a, const char *option)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (!strcmp(spelled(a, settings[i].row.name, false), option))
            return &settings[i];
    return NULL;
}

static const char *read_argument(struct arena *a, struct config *c, int argc, char **argv, int *i)
{
    char *option = arena_strdup(a, argv[*i]), *equals = strchr(option, '=');
    const char *value = NULL;

    if (equals) {
        *equals = '\0';
        value = equals + 1;
    }
    const struct setting *s = setting_named(a, option);
    if (!s)
        return arena_printf(a, "%s is not an option of this command", option);
    if (!value && s->row.type == T_BOOL)
        value = "true";
    else if (!value && *i + 1 < argc)
        value = argv[++*i];
    return value ? put(a, c, s, value, option) : arena_printf(a, "%s needs a value", option);
}

const char *config_read(struct arena *a, struct config *c, int argc, char **argv)
{
    const char *why = NULL;

    for (size_t i = 0; i < SETTINGS && !why; i++) {
        const char *variable = spelled(a, settings[i].row.name, true), *value = getenv(variable);
        why = put(a, c, &settings[i], value ? value : settings[i].row.initial, value ? variable : "default");
    }
    for (int i = 0; i < argc && !why; i++)
        why = read_argument(a, c, argc, argv, &i);
    if (!why && strcmp(c->clock, "real") && strcmp(c->clock, "test"))
        why = arena_printf(a, "--clock: '%s' is not real or test", c->clock);
    if (!why && !*c->tls_cert != !*c->tls_key)
        why = "--tls-cert and --tls-key go together";
    return why;
}

const char *config_help(struct arena *a)
{
    struct text t = { .arena = a };

    for (size_t i = 0; i < SETTINGS; i++)
        text_putf(&t, "  %-26s %s%s%s%s\n", spelled(a, settings[i].row.name, false), settings[i].words,
                  *settings[i].row.initial ? " (" : "", settings[i].row.initial, *settings[i].row.initial ? ")" : "");
    return text_str(&t);
}
