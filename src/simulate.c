#include "simulate.h"

#include "base/log.h"
#include "base/text.h"
#include "codec/date.h"
#include "whatif/whatif.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)

enum { FILE_MOST = 4 * 1024 * 1024, QUEUES_MOST = 100, FAILED = 1, WRONG_USE = 2 };

struct order {
    struct arena *arena;
    struct whatif_options o;
    struct whatif_queue queues[QUEUES_MOST];
    bool json;
};

const char *simulate_help(void)
{
    return "  --data DIR                 the folder of a server, which may be running\n"
           "  --workflow WW…             whose requests are looked at\n"
           "  --from TIME --to TIME      the stretch of history: 2026-01-31T08:00:00Z\n"
           "  --config FILE              another configuration of the workflow\n"
           "  --queue WQ…=EXPRESSION     other workers in a queue; may be repeated\n"
           "  --workers FILE             another team\n"
           "  --threshold SECONDS        of the service level (20)\n"
           "  --interval MINUTES         of the table (15)\n"
           "  --json                     print JSON\n";
}

static const char *read_file(struct order *x, const char *path, const char **out)
{
    char *text = arena_alloc(x->arena, FILE_MOST + 1);
    FILE *f = fopen(path, "r");

    if (!f)
        return arena_printf(x->arena, "%s: %s", path, strerror(errno));
    size_t n = fread(text, 1, FILE_MOST + 1, f);
    bool bad = ferror(f);
    fclose(f);
    if (bad || n > FILE_MOST || strlen(text) != n)
        return arena_printf(x->arena, "%s cannot be read, is longer than %d bytes, or is no text", path, FILE_MOST);
    *out = text;
    return NULL;
}

static const char *read_time(struct order *x, const char *value, int64_t *out)
{
    return date_parse(value, out) ? NULL
                                  : arena_printf(x->arena, "'%s' is no time such as 2026-01-31T08:00:00Z", value);
}

static const char *read_number(struct order *x, const char *value, int64_t unit, int64_t *out)
{
    int64_t n;

    if (!str_to_int(value, &n) || n < 0 || n > 1000000)
        return arena_printf(x->arena, "'%s' is not a number from 0 to 1000000", value);
    *out = n * unit;
    return NULL;
}

static const char *read_queue(struct order *x, const char *value)
{
    const char *equals = strchr(value, '=');

    if (!equals || x->o.nqueues == QUEUES_MOST)
        return "--queue wants WQ…=EXPRESSION, not more than 100 times";
    x->queues[x->o.nqueues++] =
        (struct whatif_queue){ arena_strndup(x->arena, value, (size_t)(equals - value)), equals + 1 };
    return NULL;
}

static const char *read_option(struct order *x, const char *name, const char *value)
{
    if (str_eq(name, "--data"))
        x->o.data = value;
    else if (str_eq(name, "--workflow"))
        x->o.workflow_sid = value;
    else if (str_eq(name, "--from"))
        return read_time(x, value, &x->o.from);
    else if (str_eq(name, "--to"))
        return read_time(x, value, &x->o.to);
    else if (str_eq(name, "--config"))
        return read_file(x, value, &x->o.configuration);
    else if (str_eq(name, "--workers"))
        return read_file(x, value, &x->o.workers);
    else if (str_eq(name, "--queue"))
        return read_queue(x, value);
    else if (str_eq(name, "--threshold"))
        return read_number(x, value, SECOND_MS, &x->o.threshold);
    else if (str_eq(name, "--interval"))
        return read_number(x, value, MINUTE_MS, &x->o.interval);
    else
        return arena_printf(x->arena, "%s is not an option of this command", name);
    return NULL;
}

static const char *read_options(struct order *x, int argc, char **argv)
{
    const char *why = NULL;

    for (int i = 0; i < argc && !why; i++) {
        if (str_eq(argv[i], "--json"))
            x->json = true;
        else if (i + 1 < argc) {
            why = read_option(x, argv[i], argv[i + 1]);
            i++;
        } else
            why = arena_printf(x->arena, "%s is not an option of this command, or needs a value", argv[i]);
    }
    if (!why && (!x->o.data || !x->o.workflow_sid || !x->o.from || !x->o.to))
        why = "--data, --workflow, --from and --to are needed";
    return why;
}

/* The scratch folder wants to be tidied up: so a signal is not the end, but looked for. */
static bool interrupted(void)
{
    sigset_t waiting;

    return sigpending(&waiting) == 0 && (sigismember(&waiting, SIGINT) || sigismember(&waiting, SIGTERM));
}

static void hold_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int simulate(struct arena *a, int argc, char **argv)
{
    struct order *x = arena_alloc(a, sizeof *x);
    struct whatif_result r;

    *x = (struct order){ .arena = a, .o = { .threshold = 20 * SECOND_MS, .interval = 15 * MINUTE_MS } };
    x->o.queues = x->queues;
    log_setup(LOG_ERROR, false);
    const char *why = read_options(x, argc, argv);
    if (why) {
        fprintf(stderr, "plugboard: simulate: %s\n%s", why, simulate_help());
        return WRONG_USE;
    }
    hold_signals(); /* before the ledger's thread is made */
    x->o.stop = interrupted;
    why = whatif_simulate(a, &x->o, &r);
    if (why) {
        fprintf(stderr, "plugboard: simulate: %s\n", why);
        return FAILED;
    }
    printf("%s%s", x->json ? whatif_json(a, &r) : whatif_table(a, &r), x->json ? "\n" : "");
    return 0;
}
