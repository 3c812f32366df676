/* What the files of this product share. */
#pragma once
#include "rest/resource.h"

extern const struct resource account_resource, key_resource, signing_key_resource;

/* Endpoints of iam.c and tokens.c. */
fault_t iam_list(struct op *op);
fault_t iam_create(struct op *op);
fault_t iam_fetch(struct op *op);
fault_t iam_update(struct op *op);
fault_t iam_remove(struct op *op);
fault_t secondary_token_create(struct op *op);
fault_t secondary_token_remove(struct op *op);
fault_t token_promote(struct op *op);

void credentials_changed(struct op *op); /* of any account: what threads remember of credentials counts no more */
/* An endpoint's own way through what rest does for a resource that says .manage. */
fault_t may_manage(struct op *op, const char *label, const char *resource, enum deed deed);
