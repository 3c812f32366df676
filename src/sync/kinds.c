/* kinds: the rows of sync. */
#include "sync/internal.h"

/* clang-format off */
static const struct field service_fields[] = {
    FIELD(sync_service, sid,           SID, .flags = KEY, .prefix = "IS"),
    FIELD(sync_service, account_sid,   SID, .flags = OWNER, .prefix = "AC"),
    FIELD(sync_service, unique_name,   STR, .flags = 0),
    FIELD(sync_service, friendly_name, STR, .flags = ON_CREATE | ON_UPDATE | CLEARABLE, .max = 256),
    FIELD(sync_service, webhook_url,   URL, .flags = ON_CREATE | ON_UPDATE | CLEARABLE, .max = 2048),
    FIELD(sync_service, webhooks_from_rest_enabled,      BOOL, .flags = ON_CREATE | ON_UPDATE, .initial = "false"),
    FIELD(sync_service, reachability_webhooks_enabled,   BOOL, .flags = ON_CREATE | ON_UPDATE, .initial = "false"),
    FIELD(sync_service, acl_enabled,                     BOOL, .flags = ON_CREATE | ON_UPDATE, .initial = "false"),
    FIELD(sync_service, reachability_debouncing_enabled, BOOL, .flags = ON_CREATE | ON_UPDATE, .initial = "false"),
    FIELD(sync_service, reachability_debouncing_window,  INT,  .flags = ON_CREATE | ON_UPDATE, .initial = "5000", .min = 1000, .max = 30000),
    FIELD(sync_service, date_created,  TIME, .flags = BORN),
    FIELD(sync_service, date_updated,  TIME, .flags = TOUCHED),
};

/* Which service and object something belongs to is found by the resources, because a path may name them otherwise than by sid: so there is no
 * PARENT here.  What the four types of objects have in common; UniqueName is given once, when it is made. */
#define OBJECT(sids, data_flags)                                                                                       \
    FIELD(sync_stored, sid,          SID,  .flags = KEY, .prefix = sids),                                              \
    FIELD(sync_stored, account_sid,  SID,  .flags = OWNER, .prefix = "AC"),                                            \
    FIELD(sync_stored, service_sid,  SID,  .flags = 0, .prefix = "IS"),                                                \
    FIELD(sync_stored, unique_name,  STR,  .flags = ON_CREATE | CLEARABLE, .max = SYNC_NAME_MAX),                      \
    FIELD(sync_stored, data,         JSON, .flags = JSON_VALUE | (data_flags)),                                        \
    FIELD(sync_stored, created_by,   STR,  .flags = 0),                                                                \
    FIELD(sync_stored, event_id,     INT,  .flags = HIDDEN),                                                           \
    FIELD(sync_stored, context_id,   INT,  .flags = HIDDEN),                                                           \
    FIELD(sync_stored, date_created, TIME, .flags = BORN),                                                             \
    FIELD(sync_stored, date_updated, TIME, .flags = TOUCHED),                                                          \
    FIELD(sync_stored, date_expires, TIME, .flags = 0),                                                                \
    FIELD(sync_stored, next_index,   INT,  .flags = HIDDEN),                                                           \
    FIELD(sync_stored, items,        INT,  .flags = HIDDEN),                                                           \
    FIELD(sync_stored, forgotten_id, INT,  .flags = HIDDEN)
static const struct field document_fields[] = { OBJECT("ET", 0),      FIELD(sync_stored, revision, STR, .flags = COMPUTED) };
static const struct field list_fields[]     = { OBJECT("ES", HIDDEN), FIELD(sync_stored, revision, STR, .flags = COMPUTED) };
static const struct field map_fields[]      = { OBJECT("MP", HIDDEN), FIELD(sync_stored, revision, STR, .flags = COMPUTED) };
static const struct field stream_fields[]   = { OBJECT("TO", HIDDEN), FIELD(sync_stored, revision, STR, .flags = COMPUTED | HIDDEN) };

#define ITEM(parent, sids, key_flags, index_flags)                                                                     \
    FIELD(sync_row, sid,          STR,  .flags = KEY | HIDDEN),                                                        \
    FIELD(sync_row, account_sid,  SID,  .flags = OWNER, .prefix = "AC"),                                               \
    FIELD(sync_row, service_sid,  SID,  .flags = 0, .prefix = "IS"),                                                   \
    FIELD(sync_row, parent,       SID,  .flags = 0, .prefix = sids),                                                   \
    FIELD(sync_row, key,          STR,  .flags = key_flags),                                                           \
    FIELD(sync_row, revision,     STR,  .flags = COMPUTED),                                                            \
    FIELD(sync_row, data,         JSON, .flags = JSON_VALUE),                                                          \
    FIELD(sync_row, created_by,   STR,  .flags = 0),                                                                   \
    FIELD(sync_row, index,        INT,  .flags = index_flags),                                                         \
    FIELD(sync_row, event_id,     INT,  .flags = HIDDEN),                                                              \
    FIELD(sync_row, added_id,     INT,  .flags = HIDDEN),                                                              \
    FIELD(sync_row, removed_id,   INT,  .flags = HIDDEN),                                                              \
    FIELD(sync_row, date_created, TIME, .flags = 0),                                                                   \
    FIELD(sync_row, date_updated, TIME, .flags = 0),                                                                   \
    FIELD(sync_row, date_expires, TIME, .flags = 0)
static const struct field list_item_fields[] = { ITEM(list_sid, "ES", COMPUTED | HIDDEN, 0) };
static const struct field map_item_fields[]  = { ITEM(map_sid,  "MP", 0, COMPUTED | HIDDEN) };

#define PERMISSION(parent, sids)                                                                                       \
    FIELD(sync_permission, sid,         STR,  .flags = KEY | HIDDEN),                                                  \
    FIELD(sync_permission, account_sid, SID,  .flags = OWNER, .prefix = "AC"),                                         \
    FIELD(sync_permission, service_sid, SID,  .flags = 0, .prefix = "IS"),                                             \
    FIELD(sync_permission, parent,      SID,  .flags = 0, .prefix = sids),                                             \
    FIELD(sync_permission, identity,    STR,  .flags = 0),                                                             \
    FIELD(sync_permission, read,        BOOL, .flags = ON_UPDATE),                                                     \
    FIELD(sync_permission, write,       BOOL, .flags = ON_UPDATE),                                                     \
    FIELD(sync_permission, manage,      BOOL, .flags = ON_UPDATE)
static const struct field document_permission_fields[] = { PERMISSION(document_sid, "ET") };
static const struct field list_permission_fields[]     = { PERMISSION(list_sid,     "ES") };
static const struct field map_permission_fields[]      = { PERMISSION(map_sid,      "MP") };

/* Pages (what is there, by key), replay (by number), tombstones (likewise), expiry. */
#define ITEM_INDEXES(parent)                                                                                           \
    { parent ", removed_id, sid" }, { parent ", event_id, sid" }, { parent ", date_expires, sid" }
static const struct index list_item_indexes[] = { ITEM_INDEXES("list_sid") };
static const struct index map_item_indexes[]  = { ITEM_INDEXES("map_sid") };
static const struct index service_indexes[]   = { { "account_sid, sid" } };
static const struct index object_indexes[]    = { { "service_sid, unique_name", .unique = true }, { "service_sid, sid" } };
static const struct index document_permission_indexes[] = { { "document_sid, sid" } };
static const struct index list_permission_indexes[]     = { { "list_sid, sid" } };
static const struct index map_permission_indexes[]      = { { "map_sid, sid" } };

#define KIND(kind, st, xs) { .name = "sync_" #kind, .size = sizeof(struct st), .fields = ROWS(kind##_fields), .indexes = ROWS(xs) }
const struct kind sync_service_kind             = KIND(service, sync_service, service_indexes);
const struct kind sync_document_kind            = KIND(document, sync_stored, object_indexes);
const struct kind sync_list_kind                = KIND(list, sync_stored, object_indexes);
const struct kind sync_map_kind                 = KIND(map, sync_stored, object_indexes);
const struct kind sync_stream_kind              = KIND(stream, sync_stored, object_indexes);
const struct kind sync_list_item_kind           = KIND(list_item, sync_row, list_item_indexes);
const struct kind sync_map_item_kind            = KIND(map_item, sync_row, map_item_indexes);
const struct kind sync_document_permission_kind = KIND(document_permission, sync_permission, document_permission_indexes);
const struct kind sync_list_permission_kind     = KIND(list_permission, sync_permission, list_permission_indexes);
const struct kind sync_map_permission_kind      = KIND(map_permission, sync_permission, map_permission_indexes);

const struct kind *const sync_kinds[SYNC_KINDS] = {
    &sync_service_kind, &sync_document_kind, &sync_list_kind, &sync_map_kind, &sync_stream_kind, &sync_list_item_kind, &sync_map_item_kind,
    &sync_document_permission_kind, &sync_list_permission_kind, &sync_map_permission_kind,
};

const struct type_facts sync_types[] = {
    [SYNC_DOCUMENT] = { "document", &sync_document_kind, NULL, &sync_document_permission_kind,
                        .unknown = F_SYNC_DOCUMENT_UNKNOWN, .stale = F_SYNC_DOCUMENT_STALE, .data_bad = F_SYNC_DOCUMENT_DATA },
    [SYNC_LIST]     = { "list", &sync_list_kind, &sync_list_item_kind, &sync_list_permission_kind,
                        .unknown = F_SYNC_LIST_UNKNOWN, .stale = F_SYNC_LIST_STALE, .data_bad = F_SYNC_LIST_DATA,
                        .item_unknown = F_SYNC_LIST_ITEM_UNKNOWN, .item_stale = F_SYNC_LIST_STALE },
    [SYNC_MAP]      = { "map", &sync_map_kind, &sync_map_item_kind, &sync_map_permission_kind,
                        .unknown = F_SYNC_MAP_UNKNOWN, .stale = F_SYNC_MAP_STALE, .data_bad = F_SYNC_MAP_DATA,
                        .item_unknown = F_SYNC_MAP_ITEM_UNKNOWN, .item_stale = F_SYNC_MAP_STALE },
    [SYNC_STREAM]   = { "stream", &sync_stream_kind, NULL, NULL, .unknown = F_SYNC_STREAM_UNKNOWN, .data_bad = F_SYNC_JSON },
    [SYNC_LIVE_QUERY] = { "query", NULL, NULL, NULL, .unknown = F_NOT_FOUND },
};
/* clang-format on */

const struct kind *sync_object_kind(enum sync_type t)
{
    return sync_types[t].objects;
}

const struct kind *sync_item_kind(enum sync_type t)
{
    return sync_types[t].items;
}

const struct kind *sync_permission_kind(enum sync_type t)
{
    return sync_types[t].permissions;
}
