#include "product/conversations/conversations.h"
#include "product/conversations/internal.h"

/* clang-format off */
static const struct resource *const resources[] = {
    &service_resource,              &service_configuration_resource, &checkup_resource,
    &conversation_resources[0],     &conversation_resources[1],
    &filled_resources[0],           &filled_resources[1],
    &participant_resources[0],      &participant_resources[1],
    &participant_conversation_resources[0], &participant_conversation_resources[1],
    &message_resources[0],          &message_resources[1],
    &receipt_resources[0],          &receipt_resources[1],
    &role_resources[0],             &role_resources[1],
    &user_resources[0],             &user_resources[1],
    &user_conversation_resources[0], &user_conversation_resources[1],
};
/* clang-format on */

const struct module conversations_module = { .name = "conversations", .resources = ROWS(resources) };
