#include "base/limit.h"
#include "base/map.h"
#include <arpa/inet.h>
#include <string.h>

static struct bucket *bucket_of(struct limit *l, uint64_t key, int64_t now)
{
    struct bucket *set = l->buckets[key % LIMIT_SETS], *fullest = set;

    for (size_t i = 0; i < LIMIT_WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].full_at < fullest->full_at)
            fullest = &set[i];
    }
    *fullest = (struct bucket){ .key = key, .full_at = now };
    return fullest;
}

int64_t limit_take(struct limit *l, uint64_t key, int64_t now)
{
    struct bucket *b = bucket_of(l, key, now);
    int64_t full_at = (b->full_at > now ? b->full_at : now) + l->interval;
    int64_t late = full_at - now - l->burst * l->interval;

    if (late > 0)
        return late;
    b->full_at = full_at;
    return 0;
}

uint64_t limit_key(const char *address)
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    unsigned char bytes[16];

    if (inet_pton(AF_INET, address, bytes) == 1)
        return hash_bytes(bytes, 4);
    if (inet_pton(AF_INET6, address, bytes) != 1)
        return hash_bytes(address, strlen(address));
    if (!memcmp(bytes, mapped, sizeof mapped))
        return hash_bytes(bytes + sizeof mapped, 4);
    return hash_bytes(bytes, 8);
}
