/* Bindings: the devices that users of a service want to be reached on.  The browser SDKs make them; here they are seen
 * and removed. */
#include "chat/binding.h"
#include "product/conversations/settings.h"

/* Whoever has lost the last device is notifiable no more. */
static fault_t remove_binding(struct op *op, void *row)
{
    const struct chat_binding *b = row;
    const struct condition others[] = {
        { .column = "chat_service_sid", .compare = IS, .value = value_text(b->chat_service_sid) },
        { .column = "identity", .compare = IS, .value = value_text(b->identity) },
        { .column = "sid", .compare = IS_NOT, .value = value_text(b->sid) },
    };
    const struct chat_service *s = op_find(op, &chat_service_kind, b->chat_service_sid);
    void *another;

    if (record_first(op->db, op->arena, &chat_binding_kind,
                     &(struct selection){ .conditions = others, .nconditions = 3 }, &another) != DB_OK)
        return op_failed(op);
    return another || !s ? NULL : binding_changed(op_site(op)->chat, op->tx, s, b->identity, false);
}

const struct resource binding_resource = {
    .product = "conversations",
    .enter = settings_enter,
    .name = "ServiceBinding",
    .path = "/v1/Services/{chat_service_sid}/Bindings",
    .many = "bindings",
    .verbs = LIST | FETCH | DELETE,
    .kind = &chat_binding_kind,
    .remove = remove_binding,
};
