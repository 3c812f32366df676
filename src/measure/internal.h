/* What the files of measure/ share. */
#pragma once
#include "measure/measure.h"

/* Where the SIDs of what was made at that time or later begin.  A clock that was set back makes them later than that, never earlier. */
char    *sid_since(const char *prefix, int64_t ms, char out[static SID_SIZE]);
int64_t *metric_at(const struct metric *m, const struct minute_figure *f);
void     metric_put_spread(const struct metric *m, struct minute_figure *f, const struct spread *s);
void     spread_add(struct spread *s, const struct spread *more);
