/* Which request is which function.  An opening brace stands for a SID that the function gets. */
#include "gateway/eventbridge/internal.h"

#include <string.h>

#define W "Workspaces/{}"
#define K W "/Workers/{}"

/* clang-format off */
static const struct route routes[] = {
    { "GET",  W "/Activities",                list_activities, .reads = true },
    { "GET",  W "/Workers",                   list_workers, .reads = true },
    { "GET",  K,                              worker_fetch },
    { "POST", K,                              worker_update },
    { "GET",  K "/WorkerChannels",            worker_channels },
    { "GET",  K "/Reservations",              worker_reservations },
    { "GET",  K "/Reservations/{}",           reservation_fetch },
    { "POST", K "/Reservations/{}",           reservation_update },
    { "POST", K "/Transfers",                 transfer_begin },
    { "POST", K "/Transfers/{}",              transfer_update },
    { "POST", K "/CustomerParticipant",       participant_update },
    { "POST", K "/WorkerParticipant",         participant_update },
    { "POST", K "/HoldWorkerParticipant",     participant_update },
    { "POST", K "/KickWorkerParticipant",     participant_update },
    { "POST", W "/Tasks",                     task_create },
    { "GET",  W "/Tasks/{}",                  task_fetch },
    { "POST", W "/Tasks/{}",                  task_update },
    { "POST", W "/Tasks/{}/Reservations/{}",  reservation_supervise },
    { "GET",  W "/TaskQueues",                list_queues, .reads = true },
    { "GET",  W "/TaskQueues/{}",             queue_fetch, .reads = true },
};
/* clang-format on */

static bool segment_is(const char *pattern, size_t n, const char *segment)
{
    return strlen(segment) == n && !memcmp(pattern, segment, n);
}

static bool matches(const char *pattern, const struct envelope *e, const char **sids)
{
    for (size_t i = 0; i < e->nsegments; i++) {
        size_t n = strcspn(pattern, "/");
        if (n == 2 && !memcmp(pattern, "{}", 2))
            *sids++ = e->segments[i];
        else if (!n || !segment_is(pattern, n, e->segments[i]))
            return false;
        pattern += n + (pattern[n] == '/');
    }
    return !*pattern;
}

const struct route *route_of(struct call *c)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
        if (!strcmp(routes[i].method, c->envelope.method) && matches(routes[i].pattern, &c->envelope, c->sids))
            return &routes[i];
    return NULL;
}
