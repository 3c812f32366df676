/* A stranger's whole request: method, target and body, through routing, binding and the hooks of the toy resource. */
#include "rest/toy.h"

#include "base/log.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __wrap_http_reply(struct http_request *r, const struct http_answer *answer);
void __wrap_http_reply(struct http_request *r, const struct http_answer *answer)
{
    toy_reply(r, answer);
}

/* "METHOD target\nbody" */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct toy *toy;
    _arena_ struct arena *a = arena_new();
    char *text = arena_strndup(a, (const char *)data, size), *target = strchr(text, ' '), *body = strchr(text, '\n');

    if (!toy) {
        log_setup(LOG_ERROR, false);
        toy = toy_start();
    }
    if (!target || strlen(text) != size)
        return 0;
    *target++ = '\0';
    if (body && body < target)
        return 0;
    if (body)
        *body++ = '\0';
    struct toy_answer answer = toy_ask(toy, a, text, target, body, NULL);
    if (answer.status < 200 || answer.status > 501 || (answer.status == 500 && *answer.body))
        abort();
    return 0;
}
