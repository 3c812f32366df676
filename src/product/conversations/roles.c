/* Roles: what a token's user may do, in a conversation or in a service; and what is amiss with those that Flex relies
 * on. */
#include "product/conversations/internal.h"

#include <string.h>

static fault_t role_create(struct op *op, void *row)
{
    return chat_role_check(op->tx, row);
}

static bool reads_along(const struct chat_role *r)
{
    return strstr(r->permissions, "\"" CHAT_READ_ALONG "\"");
}

/* Whoever had this role may be watching what is not theirs to see any more. */
static void doubt(struct op *op, const struct chat_role *r)
{
    sync_doubt(op_site(op)->sync, op->tx,
               &(struct sync_doubt){ .account_sid = r->account_sid, .service_sid = r->chat_service_sid });
}

static fault_t role_update(struct op *op, void *row, const void *was)
{
    fault_t f = chat_role_check(op->tx, row);

    if (!f && reads_along(was) && !reads_along(row))
        doubt(op, row);
    return f;
}

static fault_t role_remove(struct op *op, void *row)
{
    bool read_along = reads_along(row);
    struct chat_role *r = row;
    const struct chat_role was = { .account_sid = arena_strdup(op->arena, r->account_sid),
                                   .chat_service_sid = arena_strdup(op->arena, r->chat_service_sid) };
    fault_t f = chat_role_remove(op->tx, row);

    if (!f && read_along)
        doubt(op, &was);
    if (!f)
        op->answer.status = 204;
    return f;
}

static fault_t role_select(struct op *op, struct list_plan *plan)
{
    plan->nothing |= !scope_of(op)->service;
    return NULL;
}

#define ROLE(form)                                                                                                     \
    {                                                                                                                  \
        .product = "conversations", .name = "Role", .path = form "/Roles", .many = "roles",                            \
        .verbs = LIST | FETCH | CREATE | UPDATE | DELETE, .kind = &chat_role_kind, .enter = enter_api,                 \
        .create = role_create, .update = role_update, .remove = role_remove, .select = role_select                     \
    }
const struct resource role_resources[2] = { ROLE(DEFAULT_SERVICE), ROLE(NAMED_SERVICE) };

/* --- the checkup: ours ------------------------------------------------------------------------------------ */

struct checkup {
    const char *account_sid, *warnings;
};

static const struct field checkup_fields[] = {
    FIELD(checkup, account_sid, SID),
    FIELD(checkup, warnings, LIST),
};
static const struct kind checkup_shape = { .name = "checkup",
                                           .size = sizeof(struct checkup),
                                           .fields = ROWS(checkup_fields) };

static fault_t checkup_view(struct op *op, void *out)
{
    struct checkup *c = out;
    struct chat_view v = view_of(op);

    c->account_sid = op->who.account_sid;
    c->warnings = chat_roles_checkup(&v, op->who.account_sid);
    return may_not(op, "Checkup");
}

const struct resource checkup_resource = {
    .product = "plugboard",
    .name = "Checkup",
    .path = "/v1/Checkup",
    .shape = &checkup_shape,
    .view = checkup_view,
};
