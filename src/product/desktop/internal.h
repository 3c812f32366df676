/* What the files of product/desktop share.
 *
 *   desktop.c   sessions and tokens         canned.c    what agents write often
 *   grants.c    what a token is for         history.c   what a customer wrote before */
#pragma once
#include "product/desktop/desktop.h"

extern const struct resource canned_response_resource;

struct chat_service;
json_t *desktop_grants(struct op *op, const struct chat_service *service);
fault_t desktop_person(struct op *op, const struct chat_service *service); /* as others see it in conversations */
fault_t canned_responses(struct op *op);
fault_t customer_history(struct op *op);
fault_t customer_transcript(struct op *op);
