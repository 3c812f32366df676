/* What the files of product/contact share. */
#pragma once
#include "product/contact/contact.h"
#include "base/limit.h"

enum { REQUEST_BYTES_MAX = 16 * 1024 };

/* The ledger's thread alone looks at it: no locks. */
struct contact_limits { struct limit addresses, forms; };

/* public.c */
fault_t form_show(struct op *op);
fault_t form_take(struct op *op);
