/* product/conversations: the REST resources of Conversations, label "conversations". */
#pragma once
#include "rest/resource.h"

extern const struct module conversations_module;
