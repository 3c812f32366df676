/* Whatever is accepted keeps the rules, and becomes attributes that are JSON and no longer than a task's may be. */
#include "product/contact/request.h"
#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char topics_text[] = "{\"a\":\"A\",\"billing\":\"Billing\"}";
    _arena_ struct arena *a = arena_new();
    const char *body = arena_strndup(a, (const char *)data, n), *field, *why, *text;
    const json_t *topics = json_parse_object(a, topics_text, strlen(topics_text), NULL);
    struct contact_request r;

    why = request_read(a, body, n, topics, 1000000, &r, &field);
    if (why || r.trapped)
        return 0;
    assert(utf8_valid(r.name, strlen(r.name)) && utf8_length(r.name) <= NAME_CHARS_MAX);
    assert(strlen(r.phone) <= PHONE_CHARS_MAX && json_object_get(topics, r.topic));
    assert(utf8_valid(r.message, strlen(r.message)) && utf8_length(r.message) <= MESSAGE_CHARS_MAX);
    text = request_attributes(a, &r, "0000-0000");
    if (text) {
        const json_t *o = json_parse_object(a, text, strlen(text), NULL);
        assert(utf8_length(text) <= TASK_ATTRIBUTES_MAX);
        assert(!strcmp(json_get_string(o, "message"), r.message));
    }
    return 0;
}
