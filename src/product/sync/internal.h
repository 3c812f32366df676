/* What the files of product/sync share. */
#pragma once
#include "product/sync/sync.h"
#include "sync/stored.h"

#define SERVICE_PATH "/v1/Services/{service_sid}"

struct sync     *sync_of(const struct op *op);
struct sync_ask  sync_ask_of(struct op *op);
enum sync_type   sync_type_of(const struct op *op);       /* of the resource at hand */
/* Hooks `enter`: the path's service and object, by whatever name, become sids; op->scope is the object. */
fault_t          sync_enter_service(struct op *op);
fault_t          sync_enter_object(struct op *op);
int64_t          first_given(int64_t a, int64_t b);       /* the first that was given */

extern const struct resource sync_service_resource;
enum { OBJECT_RESOURCES = 4, ITEM_RESOURCES = 2, PERMISSION_RESOURCES = 3 };
extern const struct resource sync_object_resources[OBJECT_RESOURCES], sync_item_resources[ITEM_RESOURCES], sync_permission_resources[PERMISSION_RESOURCES];
extern const struct resource sync_message_resource;
/* webhooks.c */
void             sync_webhooks_begin(struct site *site, struct arena *a);
