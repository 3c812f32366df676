/* presence: what becomes of a worker whose last window is gone.
 *
 * Flex calls it "enforce logout": a worker who is unreachable for longer than a threshold is moved to the logout
 * activity, so that nobody is offered to an empty chair.  A workspace whose name is Flex's does so from the beginning,
 * any other when it is told to; a client may ask for it, or against it, for its own window
 * (setWorkerOfflineIfDisconnected), and is heard before the workspace.  What is set counts when the window closes, not
 * when it was opened.
 *
 * The settings are a row of the workspace (product/presence shows them); where there is none, presence_default() says
 * what holds. */
#pragma once
#include "routing/routing.h"

#define FLEX_WORKSPACE "Flex Task Assignment"
enum { OFFLINE_THRESHOLD_DEFAULT = 30 }; /* seconds: a page that loads again is not a worker who left */

struct presence {
    const char *account_sid, *workspace_sid;
    bool enforce_logout;
    int64_t offline_threshold;       /* seconds */
    const char *logout_activity_sid; /* NULL: the activity called "Offline", else the one that new workers begin with */
    int64_t date_created, date_updated;
};
extern const struct kind presence_kind;

void presence_default(const struct workspace *w, struct presence *out);
