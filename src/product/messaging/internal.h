/* What the files of the product share. */
#pragma once
#include "channel/channel.h"
#include "rest/resource.h"

extern const struct resource carrier_resource, sender_resource, number_resource, message_2010_resource;

/* arrivals.c: endpoints that carriers call */
fault_t message_arrives(struct op *op);
fault_t report_arrives(struct op *op);
