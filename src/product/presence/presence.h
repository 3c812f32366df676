/* presence: what becomes of workers who are gone, as an administrator sees and sets it (gateway/eventbridge/presence.h has the story). */
#pragma once
#include "rest/resource.h"

extern const struct module presence_module;
