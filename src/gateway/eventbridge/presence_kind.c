/* What becomes of workers who are gone: one row a workspace, once something was set. */
#include "gateway/eventbridge/presence.h"

#include <string.h>

/* clang-format off */
static const struct field fields[] = {
    FIELD(presence, account_sid,         SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(presence, workspace_sid,       SID,  .flags = KEY, .prefix = "WS"),
    FIELD(presence, enforce_logout,      BOOL, .flags = ON_UPDATE),
    FIELD(presence, offline_threshold,   INT,  .flags = ON_UPDATE, .min = 5, .max = 3600),
    FIELD(presence, logout_activity_sid, SID,  .flags = ON_UPDATE | CLEARABLE, .prefix = "WA"),
    FIELD(presence, date_created,        TIME, .flags = BORN),
    FIELD(presence, date_updated,        TIME, .flags = BORN | TOUCHED),
};
/* clang-format on */

const struct kind presence_kind = {
    .name = "presence", .size = sizeof(struct presence), .fields = ROWS(fields), .resident = true
};

void presence_default(const struct workspace *w, struct presence *out)
{
    *out = (struct presence){ .account_sid = w->account_sid,
                              .workspace_sid = w->sid,
                              .enforce_logout = !strcmp(w->friendly_name, FLEX_WORKSPACE),
                              .offline_threshold = OFFLINE_THRESHOLD_DEFAULT,
                              .date_created = w->date_created,
                              .date_updated = w->date_created };
}
