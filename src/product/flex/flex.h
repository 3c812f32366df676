/* flex: Flex on top of the rest: interactions, their configuration, web chats, users.
 *
 * The engine is interaction/; here stand the resources under the label flex-api (v1 and v2), and the three public endpoints of
 * /plugboard/v1/Webchats, by which a customer's browser begins a chat without credentials. */
#pragma once
#include "rest/resource.h"

extern const struct module flex_module;
