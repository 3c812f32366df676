/* What the files of measure/ share. */
#pragma once
#include "measure/measure.h"

int64_t *metric_at(const struct metric *m, const struct minute_figure *f);
void     metric_put_spread(const struct metric *m, struct minute_figure *f, const struct spread *s);
void     spread_add(struct spread *s, const struct spread *more);
