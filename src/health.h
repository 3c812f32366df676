/* health: what those who run the server ask of it (/healthz, /readyz, /metrics), and the clock that tests turn. */
#pragma once
#include "rest/resource.h"

extern const struct module health_module;  /* /healthz: the process answers; /readyz: it can write; /metrics: Prometheus */
extern const struct module turning_module; /* POST /test/clock By=<ms>: only with --clock test */
