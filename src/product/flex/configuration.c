/* Configuration: one of an account's, a JSON body, properties as they are; and Flex's users. */
#include "product/flex/internal.h"

#include "codec/date.h"
#include "net/client.h"
#include "routing/kinds.h"
#include <string.h>

enum { PROPERTY_MAX = 256 * 1024 };

/* --- looking ------------------------------------------------------------------------------------------------------ */

struct configuration_query {
    const char *ui_version;
};
static const struct field query_fields[] = { FIELD(configuration_query, ui_version, STR, .max = 64) };

static fault_t look(struct op *op, void *out)
{
    struct chat_view view = { .db = op->db, .tx = op->tx, .arena = op->arena };

    *(struct flex_configuration *)out = *flex_configuration_in(&view, op->who.account_sid);
    return NULL;
}

const struct resource flex_configuration_resource = {
    .product = "flex-api",
    .name = "Configuration",
    .path = "/v1/Configuration",
    .shape = &flex_configuration_kind,
    .list_params = PARAMS(configuration_query, query_fields),
    .view = look,
};

/* --- setting ------------------------------------------------------------------------------------------------------ */

/* Theirs are made, or follow from the account. */
static bool is_given(const struct field *f)
{
    static const char *const kept[] = { "account_sid",       "date_created", "date_updated",
                                        "flex_instance_sid", "status",       "service_version" };

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (!strcmp(kept[i], f->name))
            return false;
    return true;
}

static bool fits(struct op *op, const struct field *f, const json_t *v)
{
    switch (f->type) {
    case T_SID:
        return json_is_string(v) && sid_valid(json_string_value(v), f->prefix);
    case T_URL:
        return json_is_string(v) && url_is_http(json_string_value(v));
    case T_BOOL:
        return json_is_boolean(v);
    case T_LIST:
        for (size_t i = 0; i < json_array_size(v); i++)
            if (!json_is_string(json_array_get(v, i)))
                return false;
        return json_is_array(v);
    case T_JSON:
        return (json_is_object(v) || json_is_array(v)) && strlen(json_text(op->arena, v)) <= PROPERTY_MAX;
    default:
        return json_is_string(v) && strlen(json_string_value(v)) <= PROPERTY_MAX;
    }
}

static fault_t set_member(struct op *op, struct flex_configuration *c, const struct field *f, const json_t *v)
{
    if (json_is_null(v) && f->type != T_BOOL) {
        row_set(op->tx, c, field_text(f, c), NULL);
        return NULL;
    }
    if (!fits(op, f, v))
        return refuse(op, F_INVALID_PARAMETER, "%s is not a value that this property can have", f->name);
    if (f->type == T_BOOL)
        *field_bool(f, c) = json_is_true(v);
    else
        row_set(op->tx, c, field_text(f, c), json_is_string(v) ? json_string_value(v) : json_text(op->arena, v));
    return NULL;
}

static fault_t check_there(struct op *op, const struct kind *k, const char *sid, const char *name)
{
    if (!sid || op_find(op, k, sid))
        return NULL;
    return refuse(op, F_INVALID_PARAMETER, "%s '%s' was not found", name, sid);
}

static struct flex_configuration *row_of(struct op *op)
{
    const char *sid = flex_instance_of(op->arena, op->who.account_sid);
    struct flex_configuration *c = row_find(op->tx, &flex_configuration_kind, sid);

    if (c) {
        row_edit(op->tx, c);
        return c;
    }
    c = row_new(op->tx, &flex_configuration_kind, sid);
    row_set(op->tx, c, &c->account_sid, op->who.account_sid);
    row_set(op->tx, c, &c->status, "ok");
    c->plugin_service_enabled = true;
    return c;
}

static fault_t set(struct op *op, void *out)
{
    struct flex_configuration *c;
    fault_t f = NULL;

    if (!json_is_object(op->json))
        return refuse(op, F_INVALID_PARAMETER, "The body must be a JSON object");
    if (!str_eq(json_get_string(op->json, "account_sid"), op->who.account_sid) &&
        json_object_get(op->json, "account_sid"))
        return refuse(op, F_INVALID_PARAMETER, "account_sid is not the account of these credentials");
    c = row_of(op);
    for (EACH_FIELD(field, &flex_configuration_kind)) {
        const json_t *v = json_object_get(op->json, field->name);
        if (v && !f && is_given(field))
            f = set_member(op, c, field, v);
    }
    f = f ? f : check_there(op, &workspace_kind, c->taskrouter_workspace_sid, "taskrouter_workspace_sid");
    f = f ? f : check_there(op, &workflow_kind, c->taskrouter_target_workflow_sid, "taskrouter_target_workflow_sid");
    f = f ? f
          : check_there(op, &task_queue_kind, c->taskrouter_target_taskqueue_sid, "taskrouter_target_taskqueue_sid");
    f = f ? f : check_there(op, &chat_service_kind, c->chat_service_instance_sid, "chat_service_instance_sid");
    return f ? f : look(op, out);
}

const struct resource flex_configuration_update_resource = {
    .product = "flex-api",
    .name = "Configuration",
    .path = "/v1/Configuration",
    .verbs = CREATE,
    .shape = &flex_configuration_kind,
    .view = set,
};
