/* The configuration of an account's Flex: what was set, and what holds where nothing was. */
#include "interaction/interaction.h"

#include "routing/kinds.h"
#include <string.h>

#define FLEX_WORKSPACE "Flex Task Assignment"

/* clang-format off */
/* Members that may be set carry ON_UPDATE; the body is JSON, so the product binds them itself (product/flex/configuration.c). */
static const struct field fields[] = {
    FIELD(flex_configuration, account_sid,                    SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(flex_configuration, date_created,                   TIME, .flags = BORN),
    FIELD(flex_configuration, date_updated,                   TIME, .flags = BORN | TOUCHED),
    FIELD(flex_configuration, attributes,                     JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, status,                         STR,  .initial = "ok"),
    FIELD(flex_configuration, taskrouter_workspace_sid,       SID,  .prefix = "WS"),
    FIELD(flex_configuration, taskrouter_target_workflow_sid, SID,  .prefix = "WW"),
    FIELD(flex_configuration, taskrouter_target_taskqueue_sid, SID, .prefix = "WQ"),
    FIELD(flex_configuration, taskrouter_taskqueues,          JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, taskrouter_skills,              JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, taskrouter_worker_channels,     JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, taskrouter_worker_attributes,   JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, taskrouter_offline_activity_sid, SID, .prefix = "WA"),
    FIELD(flex_configuration, runtime_domain,                 STR),
    FIELD(flex_configuration, messaging_service_instance_sid, SID,  .prefix = "MG"),
    FIELD(flex_configuration, chat_service_instance_sid,      SID,  .prefix = "IS"),
    FIELD(flex_configuration, flex_service_instance_sid,      SID,  .prefix = "IS"),
    FIELD(flex_configuration, flex_instance_sid,              SID,  .flags = KEY, .prefix = "GO"),
    FIELD(flex_configuration, ui_language,                    STR),
    FIELD(flex_configuration, ui_attributes,                  JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, ui_dependencies,                JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, ui_version,                     STR),
    FIELD(flex_configuration, service_version,                STR),
    FIELD(flex_configuration, call_recording_enabled,         BOOL),
    FIELD(flex_configuration, call_recording_webhook_url,     URL),
    FIELD(flex_configuration, crm_enabled,                    BOOL),
    FIELD(flex_configuration, crm_type,                       STR),
    FIELD(flex_configuration, crm_callback_url,               URL),
    FIELD(flex_configuration, crm_fallback_url,               URL),
    FIELD(flex_configuration, crm_attributes,                 JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, public_attributes,              JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, plugin_service_enabled,         BOOL),
    FIELD(flex_configuration, plugin_service_attributes,      JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, integrations,                   JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, outbound_call_flows,            JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, serverless_service_sids,        LIST),
    FIELD(flex_configuration, queue_stats_configuration,      JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, notifications,                  JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, markdown,                       JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, flex_insights_hr,               JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, flex_insights_drilldown,        BOOL),
    FIELD(flex_configuration, flex_url,                       STR),
    FIELD(flex_configuration, channel_configs,                JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, debugger_integration,           JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, flex_ui_status_report,          JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, agent_conv_end_methods,         JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, citrix_voice_vdi,               JSON, .flags = JSON_VALUE),
    FIELD(flex_configuration, offline_config,                 JSON, .flags = JSON_VALUE),
};
/* clang-format on */

const struct kind flex_configuration_kind = { .name = "flex_configuration",
                                              .size = sizeof(struct flex_configuration),
                                              .fields = ROWS(fields) };

const char *flex_instance_of(struct arena *a, const char *account_sid)
{
    return arena_printf(a, "GO%s", account_sid + 2);
}

/* The first row of a kind with that column; of those that are resident what is committed will do. */
static void *look(struct chat_view *v, const struct kind *k, const char *column, const char *value,
                  const char *friendly_name)
{
    struct condition conditions[] = {
        { .column = column, .compare = IS, .value = value_text(value) },
        { .column = "friendly_name", .compare = IS, .value = value_text(friendly_name) },
    };
    void *row;

    (void)record_first(v->db, v->arena, k,
                       &(struct selection){ .conditions = conditions, .nconditions = friendly_name ? 2 : 1 }, &row);
    return row;
}

static const char *sid_of(const struct kind *k, const void *row)
{
    return row ? *field_text(field_flagged(k, KEY), row) : NULL;
}

static void fill_in(struct chat_view *v, struct flex_configuration *c)
{
    const char *workspace;
    const struct chat_account *a;

    if (!c->taskrouter_workspace_sid) {
        const void *row = look(v, &workspace_kind, "account_sid", c->account_sid, FLEX_WORKSPACE);
        row = row ? row : look(v, &workspace_kind, "account_sid", c->account_sid, NULL);
        c->taskrouter_workspace_sid = sid_of(&workspace_kind, row);
    }
    workspace = c->taskrouter_workspace_sid;
    if (workspace && !c->taskrouter_target_workflow_sid)
        c->taskrouter_target_workflow_sid =
            sid_of(&workflow_kind, look(v, &workflow_kind, "workspace_sid", workspace, NULL));
    if (workspace && !c->taskrouter_target_taskqueue_sid)
        c->taskrouter_target_taskqueue_sid =
            sid_of(&task_queue_kind, look(v, &task_queue_kind, "workspace_sid", workspace, NULL));
    if (workspace && !c->taskrouter_offline_activity_sid)
        c->taskrouter_offline_activity_sid =
            sid_of(&activity_kind, look(v, &activity_kind, "workspace_sid", workspace, "Offline"));
    a = chat_find(v, &chat_account_kind, c->account_sid);
    if (a && !c->chat_service_instance_sid)
        c->chat_service_instance_sid = a->default_chat_service_sid;
    if (a && !c->messaging_service_instance_sid)
        c->messaging_service_instance_sid = a->default_messaging_service_sid;
    if (!c->flex_service_instance_sid)
        c->flex_service_instance_sid = c->chat_service_instance_sid;
}

const struct flex_configuration *flex_configuration_in(struct chat_view *v, const char *account_sid)
{
    const char *sid = flex_instance_of(v->arena, account_sid);
    const struct flex_configuration *row = chat_find(v, &flex_configuration_kind, sid);
    struct flex_configuration *c = arena_alloc(v->arena, sizeof *c);

    if (row)
        *c = *row;
    else
        *c = (struct flex_configuration){ .flex_instance_sid = sid,
                                          .account_sid = arena_strdup(v->arena, account_sid),
                                          .status = "ok",
                                          .plugin_service_enabled = true,
                                          .date_created = NO_VALUE,
                                          .date_updated = NO_VALUE };
    fill_in(v, c);
    return c;
}

const struct flex_configuration *flex_configuration_of(struct tx *tx, const char *account_sid)
{
    return flex_configuration_in(&(struct chat_view){ .db = tx->db, .tx = tx, .arena = tx->arena }, account_sid);
}
