/* What the files of product/desktop share.
 *
 *   desktop.c   sessions and tokens         canned.c    what agents write often
 *   history.c   what a customer wrote before */
#pragma once
#include "product/desktop/desktop.h"

/* QR… */
struct canned_response {
    const char *sid, *account_sid, *section, *label, *text;
    int64_t     date_created, date_updated;
};
extern const struct kind canned_response_kind;
extern const struct resource canned_response_resource;

fault_t canned_responses(struct op *op);
fault_t customer_history(struct op *op);
fault_t customer_transcript(struct op *op);
