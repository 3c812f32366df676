/* Which request is which function.  An opening brace stands for a SID that the function gets. */
#include "gateway/eventbridge/internal.h"

#include <string.h>

#define W "Workspaces/{}"
#define K W "/Workers/{}"
#define I "v1/Interactions/{}"
#define C I "/Channels/{}"
#define T "v1/Instances/{}/Interactions/{}/Channels/{}/Transfers"

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
    /* of Flex's SDK */
    { "POST", "v1/Interactions",              interaction_create, .flex = true },
    { "GET",  I,                              interaction_fetch, .flex = true },
    { "GET",  I "/Channels",                  interaction_channels, .flex = true },
    { "GET",  "v1/Channels",                  paused_channels, .flex = true },
    { "GET",  C,                              channel_fetch, .flex = true },
    { "POST", C,                              channel_update, .flex = true },
    { "PUT",  C,                              channel_update, .flex = true },
    { "GET",  C "/Invites",                   invites_list, .flex = true },
    { "POST", C "/Invites",                   invite_create, .flex = true },
    { "POST", C "/Invites/{}",                invite_update, .flex = true },
    { "PUT",  C "/Invites/{}",                invite_update, .flex = true },
    { "GET",  C "/Participants",              participants_list, .flex = true },
    { "POST", C "/Participants",              participant_create, .flex = true },
    { "POST", C "/Participants/{}",           participant_modify, .flex = true },
    { "PUT",  C "/Participants/{}",           participant_modify, .flex = true },
    { "POST", T,                              handover_create, .flex = true },
    { "GET",  T,                              handovers_list, .flex = true },
    { "GET",  T "/{}",                        handover_fetch, .flex = true },
    { "POST", T "/{}",                        handover_update, .flex = true },
    { "PUT",  T "/{}",                        handover_update, .flex = true },
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
