#include "auth/internal.h"
#include "base/text.h"
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    struct digest digest;
    struct principal who;
};

/* A slot a digest; the newer takes the place of the older.  Everything lives in one arena, which begins anew after
 * CACHE_ENTRIES entries, so a view stays small however many tokens come by. */
struct auth_view {
    struct auth *auth;
    struct arena *arena;
    uint64_t generation;
    size_t entries;
    struct seen *slots[CACHE_ENTRIES];
};

struct auth_view *auth_view_new(struct auth *a)
{
    struct auth_view *v = calloc(1, sizeof *v);

    if (!v)
        abort();
    v->auth = a;
    v->arena = arena_new();
    v->generation = atomic_load(&a->generation);
    return v;
}

void auth_view_free(struct auth_view *v)
{
    if (!v)
        return;
    arena_free(v->arena);
    free(v);
}

const struct clock *view_clock(const struct auth_view *v)
{
    return v->auth->clock;
}

size_t view_entries(const struct auth_view *v)
{
    return v->entries;
}

static void forget(struct auth_view *v)
{
    memset(v->slots, 0, sizeof v->slots);
    arena_reset(v->arena);
    v->entries = 0;
}

/* The generation is read before the rows are: what is found is remembered under it, and if a commit came in between,
 * the next look at the generation forgets it. */
void view_refresh(struct auth_view *v)
{
    uint64_t now = atomic_load(&v->auth->generation);

    if (now == v->generation)
        return;
    forget(v);
    v->generation = now;
}

void sha256_hex(const void *p, size_t n, char out[static 65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[SHA256_DIGEST_LENGTH];

    SHA256(p, n, sum);
    for (size_t i = 0; i < sizeof sum; i++) {
        out[2 * i] = digits[sum[i] >> 4];
        out[2 * i + 1] = digits[sum[i] & 15];
    }
    out[64] = '\0';
}

/* Each part with its NUL, so that no two triples of texts share their bytes. */
struct digest digest_of(const char *what, const char *text, const char *more)
{
    _arena_ struct arena *a = arena_new();
    struct text t = { .arena = a };
    struct digest d;

    text_putn(&t, what, strlen(what) + 1);
    text_putn(&t, text, strlen(text) + 1);
    text_putn(&t, more, strlen(more) + 1);
    SHA256((const unsigned char *)t.s, t.n, d.bytes);
    OPENSSL_cleanse(t.s, t.n);
    return d;
}

static size_t slot_of(const struct digest *d)
{
    return (d->bytes[0] | (size_t)d->bytes[1] << 8) % CACHE_ENTRIES;
}

const char *principal_service(const struct principal *who, const char *grant)
{
    if (str_eq(grant, "ip_messaging") && who->chat_service_sid)
        return who->chat_service_sid;
    if (str_eq(grant, "flex_insights") && who->insights_service)
        return who->insights_service;
    if (who->sync_service_sid)
        return who->sync_service_sid;
    return who->chat_service_sid ? who->chat_service_sid : who->insights_service;
}

void principal_copy(struct arena *a, struct principal *to, const struct principal *from)
{
    *to = *from;
    to->account_sid = arena_strdup(a, from->account_sid);
    to->parent_sid = arena_strdup(a, from->parent_sid);
    to->credential_sid = arena_strdup(a, from->credential_sid);
    to->identity = arena_strdup(a, from->identity);
    to->user_sid = arena_strdup(a, from->user_sid);
    to->worker_sid = arena_strdup(a, from->worker_sid);
    to->workspace_sid = arena_strdup(a, from->workspace_sid);
    to->role = arena_strdup(a, from->role);
    to->roles = arena_strdup(a, from->roles);
    to->policy = arena_strdup(a, from->policy);
    to->channel_sid = arena_strdup(a, from->channel_sid);
    to->chat_service_sid = arena_strdup(a, from->chat_service_sid);
    to->chat_role_sid = arena_strdup(a, from->chat_role_sid);
    to->chat_push_credential_sid = arena_strdup(a, from->chat_push_credential_sid);
    to->chat_endpoint_id = arena_strdup(a, from->chat_endpoint_id);
    to->sync_service_sid = arena_strdup(a, from->sync_service_sid);
    to->sync_endpoint_id = arena_strdup(a, from->sync_endpoint_id);
    to->insights_service = arena_strdup(a, from->insights_service);
}

bool view_recall(struct auth_view *v, const struct digest *d, struct arena *a, struct principal *out)
{
    struct seen *s = v->slots[slot_of(d)];

    if (!s || CRYPTO_memcmp(s->digest.bytes, d->bytes, DIGEST_SIZE) != 0)
        return false;
    if (s->who.expires != NO_VALUE && s->who.expires <= clock_now(v->auth->clock))
        return false;
    principal_copy(a, out, &s->who);
    return true;
}

void view_remember(struct auth_view *v, const struct digest *d, const struct principal *p)
{
    struct seen *s;

    if (v->entries == CACHE_ENTRIES)
        forget(v);
    s = arena_alloc(v->arena, sizeof *s);
    s->digest = *d;
    principal_copy(v->arena, &s->who, p);
    v->slots[slot_of(d)] = s;
    v->entries++;
}

bool secret_equal(const char *a, const char *b)
{
    size_t n = a ? strlen(a) : 0;

    return a && b && n == strlen(b) && CRYPTO_memcmp(a, b, n) == 0;
}
