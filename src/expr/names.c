/* What a path means in each dialect.  Two tables say it all: the dialects with the prefixes that they know, and
 * the facts with the paths that name them. */
#include "base/sid.h"
#include "expr/internal.h"
#include <assert.h>
#include <string.h>

enum { FACTS_WORKER = 1, FACTS_CHANNEL = 2, FACTS_WORKERS = 4, FACTS_TIME = 8, FACTS_ITEM = 16 };

/* In .path a * is any name and WA* an activity's SID; either is what the fact is asked `of`. */
/* clang-format off */
static const struct {
    unsigned group;
    const char *path;
    enum expr_fact fact;
} facts[] = {
    { FACTS_WORKER,  "sid",                                     EXPR_WORKER_SID },
    { FACTS_WORKER,  "friendly_name",                           EXPR_WORKER_FRIENDLY_NAME },
    { FACTS_WORKER,  "activity_sid",                            EXPR_WORKER_ACTIVITY_SID },
    { FACTS_WORKER,  "activity_name",                           EXPR_WORKER_ACTIVITY_NAME },
    { FACTS_CHANNEL, "channel.*.configured_capacity",           EXPR_CHANNEL_CONFIGURED_CAPACITY },
    { FACTS_CHANNEL, "channel.*.assigned_tasks",                EXPR_CHANNEL_ASSIGNED_TASKS },
    { FACTS_CHANNEL, "channel.*.available_capacity_percentage", EXPR_CHANNEL_AVAILABLE_PERCENTAGE },
    { FACTS_WORKERS, "available",                               EXPR_WORKERS_AVAILABLE },
    { FACTS_WORKERS, "unavailable",                             EXPR_WORKERS_UNAVAILABLE },
    { FACTS_WORKERS, "WA*",                                     EXPR_WORKERS_ACTIVITY },
    { FACTS_TIME,    "currentTime",                             EXPR_TIME_CURRENT },
    { FACTS_TIME,    "currentHour",                             EXPR_TIME_HOUR },
    { FACTS_TIME,    "currentMin",                              EXPR_TIME_MINUTE },
    { FACTS_TIME,    "dayOfWeek",                               EXPR_TIME_DAY_OF_WEEK },
    { FACTS_ITEM,    "*",                                       EXPR_ITEM_FIELD },
};
/* clang-format on */

static const unsigned group_reads[] = {
    [FACTS_WORKER] = EXPR_READS_FACTS, [FACTS_CHANNEL] = EXPR_READS_FACTS, [FACTS_WORKERS] = EXPR_READS_WORKERS,
    [FACTS_TIME] = EXPR_READS_TIME,    [FACTS_ITEM] = EXPR_READS_FACTS,
};

/* The names under one prefix: facts of some groups, and perhaps somebody's attributes. */
struct names {
    const char *prefix;
    enum operand_kind attributes; /* OPERAND_TASK or OPERAND_WORKER; OPERAND_VALUE: there are none */
    unsigned facts;
};

struct dialect {
    struct names prefixed[3];
    struct names bare;
    bool blank;        /* the value of a blank expression */
    bool query;        /* spellings and comparisons of queries; data.attributes.x is the attribute x */
    const char *known; /* how a refusal lists the prefixes, where a bare name is none */
};

/* clang-format off */
#define TASK_NAMES   { "task", OPERAND_TASK }
#define WORKER_NAMES { "worker", OPERAND_WORKER, FACTS_WORKER | FACTS_CHANNEL }
#define TIME_NAMES   { "taskrouter", .facts = FACTS_TIME }

static const struct dialect dialects[] = {
    [EXPR_QUEUE]       = { .blank = false, .bare = { NULL, OPERAND_WORKER, FACTS_WORKER } },
    [EXPR_FILTER]      = { .blank = true,  .bare = { NULL, OPERAND_TASK }, .prefixed = { TIME_NAMES } },
    [EXPR_TARGET]      = { .blank = true,  .prefixed = { TASK_NAMES, WORKER_NAMES, TIME_NAMES },
                           .known = "task., worker. or taskrouter." },
    [EXPR_SKIP]        = { .blank = false, .prefixed = { { "workers", .facts = FACTS_WORKERS } }, .known = "workers." },
    [EXPR_WORKER_LIST] = { .blank = true,  .bare = { NULL, OPERAND_WORKER, FACTS_WORKER } },
    [EXPR_TASK_LIST]   = { .blank = true,  .bare = { NULL, OPERAND_TASK } },
    [EXPR_QUERY]       = { .blank = true,  .query = true, .bare = { NULL, OPERAND_WORKER, FACTS_WORKER },
                           .prefixed = { { "data", .facts = FACTS_ITEM } } },
};

static const struct dialect order     = { .prefixed = { { "worker", OPERAND_WORKER } }, .known = "worker." };
static const struct dialect reference = { .prefixed = { TASK_NAMES }, .known = "task." };
/* clang-format on */
const struct dialect *const dialect_order = &order, *const dialect_reference = &reference;

const struct dialect *dialect_of(enum expr_dialect d)
{
    assert((size_t)d < sizeof dialects / sizeof *dialects);
    return &dialects[d];
}

bool dialect_blank(const struct dialect *d)
{
    return d->blank;
}

bool dialect_is_query(const struct dialect *d)
{
    return d->query;
}

/* Whether the path begins with what the pattern names; *rest is what follows it. */
static bool path_matches(const struct step *path, const char *pattern, const char **of, const struct step **rest)
{
    for (; *pattern; path = path->next) {
        size_t n = strcspn(pattern, ".");

        if (!path || !path->name)
            return false;
        if (n == 3 && memcmp(pattern, "WA*", n) == 0) {
            if (!sid_valid(path->name, "WA"))
                return false;
            *of = path->name;
        } else if (n == 1 && *pattern == '*')
            *of = path->name;
        else if (strlen(path->name) != n || memcmp(path->name, pattern, n) != 0)
            return false;
        pattern += n + (pattern[n] == '.');
    }
    *rest = path;
    return true;
}

static bool resolve_fact(unsigned groups, const struct step *path, struct operand *out, unsigned *reads)
{
    const struct step *rest;
    const char *of = NULL;

    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (!(groups & facts[i].group) || !path_matches(path, facts[i].path, &of, &rest))
            continue;
        if (rest) /* a fact is a scalar: below it there is nothing */
            *out = (struct operand){ .kind = OPERAND_VALUE, .value = { .kind = EXPR_NULL } };
        else {
            *out = (struct operand){ .kind = OPERAND_FACT, .fact = { facts[i].fact, of } };
            *reads |= group_reads[facts[i].group];
        }
        return true;
    }
    return false;
}

static bool resolve_names(const struct names *names, const struct step *path, struct operand *out, unsigned *reads)
{
    if (resolve_fact(names->facts, path, out, reads))
        return true;
    if (names->attributes == OPERAND_VALUE)
        return false;
    *out = (struct operand){ .kind = names->attributes, .steps = path };
    *reads |= names->attributes == OPERAND_TASK ? EXPR_READS_TASK : EXPR_READS_WORKER;
    return true;
}

const char *dialect_resolve(const struct dialect *d, struct arena *a, const struct step *path, struct operand *out,
                            unsigned *reads)
{
    const struct step *second = path->next;

    if (d->query && second && second->name && second->next && strcmp(path->name, "data") == 0 &&
        strcmp(second->name, "attributes") == 0 && second->next->name) {
        *out = (struct operand){ .kind = OPERAND_WORKER, .steps = second->next };
        *reads |= EXPR_READS_WORKER;
        return NULL;
    }
    for (size_t i = 0; i < sizeof d->prefixed / sizeof *d->prefixed && d->prefixed[i].prefix; i++) {
        if (strcmp(path->name, d->prefixed[i].prefix) != 0 || !second || !second->name)
            continue;
        if (resolve_names(&d->prefixed[i], second, out, reads))
            return NULL;
        return arena_printf(a, "'%.40s.%.40s' does not exist", path->name, second->name);
    }
    if (resolve_names(&d->bare, path, out, reads))
        return NULL;
    return arena_printf(a, "'%.40s' must begin with %s", path->name, d->known);
}

const char *fact_name(struct arena *a, enum expr_fact fact, const char *of)
{
    static const char *const prefixes[] = {
        [FACTS_WORKER] = "worker",   [FACTS_CHANNEL] = "worker", [FACTS_WORKERS] = "workers",
        [FACTS_TIME] = "taskrouter", [FACTS_ITEM] = "data",
    };
    size_t i = 0;

    while (facts[i].fact != fact)
        i++;
    const char *path = facts[i].path, *star = strchr(path, '*'), *prefix = prefixes[facts[i].group];
    if (!star)
        return arena_printf(a, "%s.%s", prefix, path);
    size_t before = star > path && star[-1] == 'A' ? 0 : (size_t)(star - path); /* WA* is all of the name */
    return arena_printf(a, "%s.%.*s%s%s", prefix, (int)before, path, of, star + 1);
}
