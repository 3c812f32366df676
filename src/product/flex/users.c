/* Users of Flex: those who log in here, and what Flex keeps of them besides. */
#include "product/flex/internal.h"

#include <string.h>

struct flex_user {
    const char *account_sid, *instance_sid, *user_sid, *flex_user_sid, *worker_sid, *workspace_sid, *flex_team_sid,
        *username, *email, *locale, *roles;
    int64_t created_date, updated_date, version;
};
struct user_update {
    const char *email, *user_sid, *locale;
};

/* clang-format off */
static const struct field person_fields[] = {
    FIELD(flex_person, sid,          SID,  .flags = KEY, .prefix = "FU"),
    FIELD(flex_person, account_sid,  SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(flex_person, user_sid,     SID,  .prefix = "US"),
    FIELD(flex_person, locale,       STR),
    FIELD(flex_person, version,      INT),
    FIELD(flex_person, date_updated, TIME, .flags = BORN | TOUCHED),
};
static const struct field shown_fields[] = {
    FIELD(flex_user, account_sid,   SID, .prefix = "AC"),
    FIELD(flex_user, instance_sid,  SID, .prefix = "GO"),
    FIELD(flex_user, user_sid,      SID, .prefix = "US"),
    FIELD(flex_user, flex_user_sid, SID, .prefix = "FU"),
    FIELD(flex_user, worker_sid,    SID, .prefix = "WK"),
    FIELD(flex_user, workspace_sid, SID, .prefix = "WS"),
    FIELD(flex_user, flex_team_sid, SID, .prefix = "QO"),
    FIELD(flex_user, username,      STR),
    FIELD(flex_user, email,         STR),
    FIELD(flex_user, locale,        STR),
    FIELD(flex_user, roles,         LIST),
    FIELD(flex_user, created_date,  TIME),
    FIELD(flex_user, updated_date,  TIME),
    FIELD(flex_user, version,       INT),
};
static const struct field update_fields[] = {
    FIELD(user_update, email,    STR, .max = 320),
    FIELD(user_update, user_sid, SID, .prefix = "US"),
    FIELD(user_update, locale,   STR, .max = 16),
};
/* clang-format on */

const struct kind flex_person_kind = { .name = "flex_person",
                                       .size = sizeof(struct flex_person),
                                       .fields = ROWS(person_fields) };
static const struct kind shape = { .name = "shown_flex_user",
                                   .size = sizeof(struct flex_user),
                                   .fields = ROWS(shown_fields) };

static void *person_of(struct op *op, const char *sid)
{
    return op_find(op, &flex_person_kind, sid);
}

static void show(struct op *op, const void *row, void *out)
{
    const struct user *u = row;
    const struct flex_person *p = person_of(op, u->sid);

    *(struct flex_user *)out = (struct flex_user){
        .account_sid = u->account_sid,
        .instance_sid = flex_instance_of(op->arena, u->account_sid),
        .user_sid = p ? p->user_sid : NULL,
        .flex_user_sid = u->sid,
        .worker_sid = u->worker_sid,
        .workspace_sid = u->workspace_sid,
        .username = u->username,
        .email = u->email,
        .locale = p ? p->locale : NULL,
        .roles = u->roles,
        .created_date = u->date_created,
        .updated_date = p && p->date_updated > u->date_updated ? p->date_updated : u->date_updated,
        .version = p ? p->version : 0,
    };
}

static fault_t find(struct op *op, const char *key, void **row)
{
    *row = str_eq(op_path(op, "instance_sid"), flex_instance_of(op->arena, op->who.account_sid))
               ? op_find(op, &user_kind, key)
               : NULL;
    return NULL;
}

static fault_t update(struct op *op, void *row, const void *was)
{
    const struct user_update *given = op->params;
    struct user *u = row;
    struct flex_person *p = person_of(op, u->sid);

    (void)was;
    if (!p) {
        p = row_new(op->tx, &flex_person_kind, u->sid);
        row_set(op->tx, p, &p->account_sid, u->account_sid);
    }
    row_edit(op->tx, p);
    p->version++;
    if (given->user_sid)
        row_set(op->tx, p, &p->user_sid, given->user_sid);
    if (given->locale)
        row_set(op->tx, p, &p->locale, given->locale);
    if (given->email)
        row_set(op->tx, u, &u->email, given->email);
    auth_changed(op_site(op)->auth, op->tx);
    return NULL;
}

const struct resource flex_user_resource = {
    .product = "flex-api",
    .name = "FlexUser",
    .path = "/v2/Instances/{instance_sid}/Users",
    .at = "/v2/Instances/{instance_sid}/Users/{flex_user_sid}",
    .verbs = FETCH | UPDATE,
    .kind = &user_kind,
    .shape = &shape,
    .update_params = PARAMS(user_update, update_fields),
    .find = find,
    .update = update,
    .show = show,
};
