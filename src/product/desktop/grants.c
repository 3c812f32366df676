/* What the token of a desktop is for: the worker's tasks, the written channels, and what is shown as it changes. */
#include "base/text.h"
#include "chat/chat.h"
#include "product/desktop/internal.h"

#include <string.h>

/* The role that a person has in the account's conversations, by what they are here; the first that is theirs. */
static const char *const flex_roles[] = { "admin", "supervisor", "agent" };

static bool person_is(struct op *op, const char *word)
{
    const char *roles = op->who.roles ? op->who.roles : "[]";
    const json_t *list = json_parse(op->arena, roles, strlen(roles), NULL), *one;
    size_t i;

    json_array_foreach(list, i, one) if (str_eq(json_string_value(one), word)) return true;
    return false;
}

struct looking {
    const char *name, *sid;
};

static bool look_at(void *arg, void *row)
{
    const struct chat_role *r = row;
    struct looking *l = arg;

    if (r->type != ROLE_SERVICE || !str_ieq(r->friendly_name, l->name))
        return true;
    l->sid = r->sid;
    return false;
}

/* NULL: the service has no such role, and its user gets what users of it get. */
static const char *chat_role_sid(struct op *op, const char *service_sid)
{
    struct condition of = { .column = "chat_service_sid", .compare = IS, .value = value_text(service_sid) };
    struct looking l = { 0 };

    for (size_t i = 0; i < sizeof(flex_roles) / sizeof(*flex_roles) && !l.name; i++)
        if (person_is(op, flex_roles[i]))
            l.name = flex_roles[i];
    if (l.name && record_select(op->db, op->arena, &chat_role_kind,
                                &(struct selection){ .conditions = &of, .nconditions = 1 }, look_at, &l) != DB_OK)
        l.sid = NULL;
    return l.sid;
}

static json_t *task_grant(const struct principal *who)
{
    json_t *tasks = json_object();

    if (who->workspace_sid)
        json_object_set_new(tasks, "workspace_sid", json_string(who->workspace_sid));
    if (who->worker_sid)
        json_object_set_new(tasks, "worker_sid", json_string(who->worker_sid));
    json_object_set_new(tasks, "role", json_string(who->role));
    return tasks;
}

static json_t *chat_grant(struct op *op, const char *service_sid)
{
    const char *role = chat_role_sid(op, service_sid);
    json_t *chat = json_pack("{s:s}", "service_sid", service_sid);

    if (role)
        json_object_set_new(chat, "deployment_role_sid", json_string(role));
    return chat;
}

json_t *desktop_grants(struct op *op, const struct chat_service *service)
{
    const char *workspace = op->who.workspace_sid;
    json_t *grants = json_pack("{s:o, s:o, s:{s:s}}", "task_router", task_grant(&op->who), "chat",
                               chat_grant(op, service->sid), "data_sync", "service_sid", "default");

    if (workspace)
        json_object_set_new(grants, "flex_insights",
                            json_pack("{s:s}", "service_sid", arena_printf(op->arena, "%s.insights", workspace)));
    return grants;
}

/* Others see who writes by the name that the person has here, and it may do what it is here to do; both follow a
 * change. */
fault_t desktop_person(struct op *op, const struct chat_service *service)
{
    const struct chat_actor by = { .by = BY_SERVER };
    struct chat *chat = op_site(op)->chat;
    struct chat_user *c = chat_user_of(chat, op->tx, service, op->who.identity);
    const char *role = chat_role_sid(op, service->sid);
    struct user *u = row_find(op->tx, &user_kind, op->who.user_sid);
    const char *name = u && u->full_name && *u->full_name ? u->full_name : c->friendly_name;

    role = role ? role : c->role_sid;
    if (str_eq(c->friendly_name, name) && str_eq(c->role_sid, role))
        return NULL;
    row_set(op->tx, c, &c->friendly_name, name);
    row_set(op->tx, c, &c->role_sid, role);
    return chat_user_changed(chat, op->tx, &by, c);
}
