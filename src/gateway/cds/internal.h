/* What the files of gateway/cds share. */
#pragma once
#include "gateway/cds/cds.h"
#include "sync/stored.h"

enum { CDS_PAGE_SIZE = 50 };

struct cds_type { const char *segment; enum sync_type type; };     /* "Maps" */

struct sync           *cds_sync(const struct op *op);
const struct cds_type *cds_type_of(const struct op *op);           /* by the path */
struct sync_ask        cds_ask(struct op *op);
/* The object that the path names: to be shown (sync_find; *again: it may be asked for on the ledger), or the row, to be changed. */
fault_t cds_find(struct op *op, struct sync_ask *ask, struct sync_object *out, bool *again);
fault_t cds_row(struct op *op, enum sync_right right, struct sync_stored **out);
/* What a body says; absent: NULL, NO_VALUE. */
fault_t cds_data(struct op *op, const char *name, const char **out);
fault_t cds_ttl(struct op *op, int64_t *out);
/* json.c */
const char *cds_url(struct op *op, const struct cds_type *t, const char *sid);
void    cds_put_object(struct op *op, struct json_out *o, const struct cds_type *t, const struct sync_object *x); /* an open object's pairs */
void    cds_put_item(struct op *op, struct json_out *o, const struct cds_type *t, const char *object_sid, const struct sync_item *i, bool data);
void    cds_put_times(struct json_out *o, int64_t created, int64_t updated, int64_t expires);
/* pages.c */
fault_t cds_page(struct op *op, struct sync_ask *ask, const struct cds_type *t, const struct sync_object *x, struct json_out *o);
fault_t cds_one(struct op *op, struct sync_ask *ask, const struct sync_object *x, const char *key, struct sync_item *out); /* or NOT_FOUND */
