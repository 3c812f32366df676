#include "auth/internal.h"
#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _arena_ struct arena *a = arena_new();
    const char *text = arena_strndup(a, (const char *)data, size), *sid, *cookie;
    struct authorization got;
    struct destination where;
    char hash[65];

    if (authorization_read(a, text, &got)) {
        assert(got.secret);
        assert(got.scheme == SCHEME_BEARER || (got.user && !strchr(got.user, ':')));
    }
    if ((cookie = cookie_find(a, text, SESSION_COOKIE)))
        assert(!strchr(cookie, ';'));
    if (session_cookie_read(a, cookie ? cookie : text, &sid, hash))
        assert(strlen(sid) == SID_LENGTH && strlen(hash) == 64);
    if (!policy_check(a, text)) {
        struct principal key = { .by = BY_KEY, .policy = text };

        (void)!auth_may(&key, a, "taskrouter", "/v1/Workspaces/{workspace_sid}/Tasks", MAY_READ);
    }
    if (destination_read(a, text, &where))
        assert(where.label && where.path[0] == '/' && !strchr(where.path, '?') && where.query);
    /* A list of policies and, behind a line break, the URL that is asked for. */
    const char *line = strrchr(text, '\n');
    if (line && destination_read(a, line + 1, &where)) {
        struct principal token = { .by = BY_CAPABILITY, .policy = arena_strndup(a, text, (size_t)(line - text)) };
        struct form query = { 0 };

        if (!form_parse(a, where.query, strlen(where.query), &query))
            (void)!auth_capability(&token, a, &(struct deed_at){ "GET", where.label, where.path, &query, NULL });
    }
    return 0;
}
