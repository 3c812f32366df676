#include "modules.h"

#include "channel/channel.h"
#include "chat/module.h"
#include "gateway/aim/aim.h"
#include "gateway/cds/cds.h"
#include "gateway/cds/insights.h"
#include "gateway/eventbridge/eventbridge.h"
#include "gateway/mcs/mcs.h"
#include "gateway/twilsock/twilsock.h"
#include "health.h"
#include "interaction/module.h"
#include "ledger/ledger.h"
#include "measure/measure.h"
#include "media/media.h"
#include "product/accounts/accounts.h"
#include "product/contact/contact.h"
#include "product/conversations/conversations.h"
#include "product/conversations/settings.h"
#include "product/desktop/desktop.h"
#include "product/flex/flex.h"
#include "product/messaging/messaging.h"
#include "product/presence/presence.h"
#include "product/sync/sync.h"
#include "product/taskrouter/taskrouter.h"
#include "product/webhooks/webhooks.h"
#include "sync/module.h"
#include "webhook/webhook.h"

/* What belongs to no product: the ledger's own rows and those of the engines. */
static const struct kind *const kinds[] = {
    &event_kind,   &alarm_kind_record, &delivery_kind, &medium_kind,
    &account_kind, &api_key_kind,      &user_kind,     &session_kind,
};
static const struct module core_module = { .name = "core", .kinds = ROWS(kinds) };

#define ALL                                                                                                            \
    &core_module, &health_module, &accounts_module, &measure_module, &sync_module, &sync_product_module, &cds_module,  \
        &insights_module, &chat_module, &channel_module, &conversations_module, &interaction_module,                   \
        &taskrouter_module, &eventbridge_module, &twilsock_module, &aim_module, &mcs_module, &desktop_module,          \
        &contact_module, &webhooks_module, &messaging_module, &presence_module, &flex_module, &settings_module

const struct module *const modules[] = { ALL, NULL };
const struct module *const modules_for_tests[] = { ALL, &turning_module, NULL };
