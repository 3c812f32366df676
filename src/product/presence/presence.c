#include "product/presence/presence.h"

#include "gateway/eventbridge/presence.h"
#include "routing/kinds.h"

/* A workspace where nothing was set has no row: looking shows what holds, changing makes one. */
static fault_t find(struct op *op, const char *key, void **row)
{
    const struct workspace *w = op_find(op, &workspace_kind, key);
    struct presence *p = w ? op_find(op, &presence_kind, key) : NULL, initial;

    *row = p;
    if (!w || p)
        return NULL;
    presence_default(w, &initial);
    if (!op->tx) {
        *row = arena_copy(op->arena, &initial, sizeof(initial));
        return NULL;
    }
    *row = p = row_new(op->tx, &presence_kind, w->sid);
    row_set(op->tx, p, &p->account_sid, w->account_sid);
    p->enforce_logout = initial.enforce_logout;
    p->offline_threshold = initial.offline_threshold;
    return NULL;
}

static fault_t update(struct op *op, void *row, const void *was)
{
    const struct presence *p = row;
    const struct activity *a = p->logout_activity_sid ? op_find(op, &activity_kind, p->logout_activity_sid) : NULL;

    (void)was;
    if (p->logout_activity_sid && !a)
        return refuse(op, F_INVALID_PARAMETER, "LogoutActivitySid '%.64s' is not an activity of workspace %s",
                      p->logout_activity_sid, p->workspace_sid);
    if (a && a->available)
        return refuse(op, F_INVALID_PARAMETER,
                      "LogoutActivitySid: whoever is '%s' is offered tasks; a logout activity must not be available",
                      a->friendly_name);
    return NULL;
}

static const struct resource presence_resource = {
    .product = "plugboard",
    .name = "Presence",
    .path = "/v1/Workspaces/{workspace_sid}/Presence",
    .verbs = FETCH | UPDATE,
    .kind = &presence_kind,
    .singleton = true,
    .find = find,
    .update = update,
};

static const struct resource *const resources[] = { &presence_resource };

const struct module presence_module = { .name = "presence", .resources = ROWS(resources) };
