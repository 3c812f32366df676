/* Who may do what: a restricted key by its policy, a person and a token by their role. */
#include "auth/internal.h"
#include "base/text.h"
#include <ctype.h>
#include <string.h>

/* --- what a resource is called in a policy ------------------------------------------------------------------ */

static void put_kebab(struct text *t, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isupper((unsigned char)s[i]) && i > 0)
            text_putc(t, '-');
        text_putc(t, (char)tolower((unsigned char)s[i]));
    }
}

static bool is_version(const char *s, size_t n)
{
    return (n >= 2 && s[0] == 'v' && isdigit((unsigned char)s[1])) || (n == 10 && memcmp(s, "2010-04-01", n) == 0);
}

/* "/v1/Workspaces/{workspace_sid}/TaskQueues" -> "workspaces.task-queues"; what everything of an account is below
 * ("Accounts" of the 2010 API) is left out.  A name, "TaskQueue" -> "task-queue". */
static const char *policy_name(struct arena *a, const char *resource)
{
    struct text t = { .arena = a };

    if (*resource != '/') {
        put_kebab(&t, resource, strlen(resource));
        return text_str(&t);
    }
    while (*resource) {
        size_t n;

        resource += strspn(resource, "/");
        n = strcspn(resource, "/");
        if (n > 0 && *resource != '{' && !is_version(resource, n) && !str_starts(resource, "Accounts/{")) {
            if (t.n)
                text_putc(&t, '.');
            put_kebab(&t, resource, n);
        }
        resource += n;
    }
    return text_str(&t);
}

/* The last word in the singular: "workspaces.task-queues" -> "task-queue". */
static const char *last_word(struct arena *a, const char *name)
{
    const char *dot = strrchr(name, '.'), *word = dot ? dot + 1 : name;
    size_t n = strlen(word);

    if (str_ends(word, "ies"))
        return arena_printf(a, "%.*sy", (int)n - 3, word);
    return arena_strndup(a, word, n - (n > 0 && word[n - 1] == 's'));
}

/* --- restricted keys ---------------------------------------------------------------------------------------- */

/* Products that a policy calls by another name than the host does. */
static const struct {
    const char *label, *product;
} policy_products[] = {
    { "api", "voice" },
    { "api", "messaging" },
    { "api", "phone-numbers" },
    { "flex-api", "flex" },
};

static bool product_is(const char *label, const char *product)
{
    for (size_t i = 0; i < sizeof policy_products / sizeof *policy_products; i++)
        if (str_eq(label, policy_products[i].label) && str_eq(product, policy_products[i].product))
            return true;
    return str_eq(label, product);
}

/* "/twilio/PRODUCT/RESOURCE/ACTION", cut in place. */
struct permission {
    char *product, *resource, *action;
};

static bool permission_read(struct arena *a, const char *text, struct permission *out)
{
    char *s = arena_strdup(a, text), *slash;

    if (!s || !str_starts(s, "/twilio/"))
        return false;
    out->product = s + strlen("/twilio/");
    if (!(slash = strchr(out->product, '/')))
        return false;
    *slash = '\0';
    out->resource = slash + 1;
    if (!(slash = strchr(out->resource, '/')))
        return false;
    *slash = '\0';
    out->action = slash + 1;
    return *out->product && *out->resource && *out->action && !strchr(out->action, '/');
}

static bool policy_has(struct arena *a, const json_t *allow, const char *label, const char *resource,
                       const char *action)
{
    bool exact = *resource == '/';
    const char *name = policy_name(a, resource);
    const json_t *item;
    size_t i;

    json_array_foreach(allow, i, item)
    {
        struct permission p;

        if (!permission_read(a, json_string_value(item), &p) || !product_is(label, p.product))
            continue;
        if (!str_eq(p.action, action) && !str_eq(p.action, "*"))
            continue;
        if (str_eq(p.resource, name) || (!exact && str_eq(last_word(a, p.resource), name)))
            return true;
    }
    return false;
}

static bool policy_allows(struct arena *a, const char *policy, const char *label, const char *resource, enum deed deed)
{
    static const char *const actions[] = { [MAY_READ] = "read",
                                           [MAY_LIST] = "list",
                                           [MAY_CREATE] = "create",
                                           [MAY_UPDATE] = "update",
                                           [MAY_DELETE] = "delete" };
    const json_t *allow = json_object_get(json_parse_object(a, policy, strlen(policy), NULL), "allow");

    if (deed != MAY_WRITE)
        return policy_has(a, allow, label, resource, actions[deed]);
    for (enum deed d = MAY_CREATE; d <= MAY_DELETE; d++)
        if (!policy_has(a, allow, label, resource, actions[d]))
            return false;
    return true;
}

fault_t policy_check(struct arena *a, const char *policy)
{
    const char *why = NULL;
    json_t *root = json_parse_object(a, policy, strlen(policy), &why);
    const json_t *allow = json_object_get(root, "allow"), *item;
    size_t i;

    if (!root)
        return fault(a, F_INVALID_PARAMETER, "Policy is not a JSON object: %s", why ? why : "it is empty");
    if (!json_is_array(allow) || json_array_size(allow) == 0 || json_array_size(allow) > POLICY_PERMISSIONS_MAX)
        return fault(a, F_INVALID_PARAMETER, "Policy must have 'allow', a list of 1 to %d permissions",
                     POLICY_PERMISSIONS_MAX);
    json_array_foreach(allow, i, item)
    {
        struct permission p;

        if (!permission_read(a, json_string_value(item), &p))
            return fault(a, F_INVALID_PARAMETER,
                         "Policy: permission %zu is not of the form /twilio/product/resource/action", i);
    }
    return NULL;
}

/* --- roles -------------------------------------------------------------------------------------------------- */

/* What each role may do through the API; "*" stands for any.  A supervisor may all that an agent may, an admin
 * everything.  A table cannot say "their own", so what agents do to their own tasks they do through the gateways, which
 * ask whose they are. */
/* clang-format off */
static const struct right {
    const char *role, *product, *word;
    bool write;
} rights[] = {
    { "agent",      "taskrouter", "workspace",    false },
    { "agent",      "taskrouter", "activity",     false },
    { "agent",      "taskrouter", "task-queue",   false },
    { "agent",      "taskrouter", "task-channel", false },
    { "agent",      "taskrouter", "worker",       false },
    { "agent",      "flex-api",   "*",            false },
    { "supervisor", "*",          "*",            false },
    { "supervisor", "taskrouter", "worker",       true },
    { "supervisor", "taskrouter", "channel",      true },
    { "supervisor", "taskrouter", "worker-channel", true },
    { "supervisor", "taskrouter", "task",         true },
    { "supervisor", "taskrouter", "reservation",  true },
};
/* clang-format on */

static bool role_may(struct arena *a, const char *role, const char *product, const char *resource, bool write)
{
    const char *word = last_word(a, policy_name(a, resource));

    if (str_eq(role, "admin"))
        return true;
    for (const struct right *r = rights; r < rights + sizeof rights / sizeof *rights; r++) {
        if (!str_eq(r->role, role) && !(str_eq(role, "supervisor") && str_eq(r->role, "agent")))
            continue;
        if ((str_eq(r->product, "*") || str_eq(r->product, product)) &&
            (str_eq(r->word, "*") || str_eq(r->word, word)) && r->write >= write)
            return true;
    }
    return false;
}

static bool session_may(const struct principal *p, struct arena *a, const char *product, const char *resource,
                        bool write)
{
    static const char *const roles[] = { "agent", "supervisor", "admin" };

    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (roles_have(a, p->roles, roles[i]) && role_may(a, roles[i], product, resource, write))
            return true;
    return false;
}

/* --- what the browser SDKs use ------------------------------------------------------------------------------- */

enum grant { GRANT_CHAT = 1, GRANT_SYNC = 2, GRANT_INSIGHTS = 4 };

/* clang-format off */
static const struct door {
    const char *label;
    unsigned grants; /* one of them opens it */
    bool others;     /* and so do an account's token and its keys */
} doors[] = {
    { "tsock", GRANT_CHAT | GRANT_SYNC | GRANT_INSIGHTS, false },
    { "cds",   GRANT_CHAT | GRANT_SYNC | GRANT_INSIGHTS, false },
    { "aim",   GRANT_CHAT,                               false },
    { "mcs",   GRANT_CHAT,                               true  },
};
/* clang-format on */

static const struct door *door_of(const char *label)
{
    for (const struct door *d = doors; d < doors + sizeof doors / sizeof *doors; d++)
        if (str_eq(d->label, label))
            return d;
    return NULL;
}

/* A grant is for somebody: without an identity it opens nothing. */
static unsigned grants_of(const struct principal *p)
{
    if (!p->identity || !*p->identity)
        return 0;
    return (p->chat_service_sid ? GRANT_CHAT : 0) | (p->sync_service_sid ? GRANT_SYNC : 0) |
           (p->insights_service ? GRANT_INSIGHTS : 0);
}

fault_t auth_enter(const struct principal *p, struct arena *a, const char *label)
{
    const struct door *d = door_of(label);

    if (!d)
        return NULL;
    if (p->by == BY_TOKEN ? d->grants & grants_of(p) : d->others && (p->by == BY_ACCOUNT || p->by == BY_KEY))
        return NULL;
    return fault(a, F_FORBIDDEN, "These credentials have no grant for %s", label);
}

/* A token is for the gateways.  What Flex's own programs read with one besides is its configuration. */
static bool token_may(const struct principal *p, const char *product, bool write)
{
    if (door_of(product)) /* which auth_enter() has found open */
        return true;
    return str_eq(product, "flex-api") && p->workspace_sid && !write;
}

fault_t auth_may(const struct principal *p, struct arena *a, const char *product, const char *resource, enum deed deed)
{
    bool write = deed != MAY_READ && deed != MAY_LIST, good = false;
    fault_t f = auth_enter(p, a, product);

    if (p->suspended && write)
        return fault(a, F_ACCOUNT_SUSPENDED, "Account %s is not active", p->account_sid);
    if (f && p->by != BY_NOBODY)
        return f;
    switch (p->by) {
    case BY_NOBODY:
        return fault(a, F_UNAUTHENTICATED, "Authenticate");
    case BY_ACCOUNT:
        good = true;
        break;
    case BY_KEY:
        good = !p->policy || policy_allows(a, p->policy, product, resource, deed);
        break;
    case BY_TOKEN:
        good = token_may(p, product, write);
        break;
    case BY_CAPABILITY: /* only through the gateway, which asks auth_capability() */
        break;
    case BY_SESSION:
        good = session_may(p, a, product, resource, write);
        break;
    }
    return good ? NULL : fault(a, F_FORBIDDEN, "These credentials may not do that");
}
