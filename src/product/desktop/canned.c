/* Canned responses: what agents write often, kept by whoever runs the centre, offered where a message is written. */
#include "product/desktop/internal.h"

enum { SHOWN_MAX = 500 };

/* clang-format off */
static const struct field fields[] = {
    FIELD(canned_response, sid,          SID,  .flags = KEY, .prefix = "QR"),
    FIELD(canned_response, account_sid,  SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(canned_response, section,      STR,  .flags = ON_CREATE | ON_UPDATE | FILTER | ORDERING, .initial = "General", .max = 64),
    FIELD(canned_response, label,        STR,  .flags = ON_CREATE | ON_UPDATE | REQUIRED | FILTER | ORDERING, .max = 64),
    FIELD(canned_response, text,         STR,  .flags = ON_CREATE | ON_UPDATE | REQUIRED, .max = 1600),
    FIELD(canned_response, date_created, TIME, .flags = BORN),
    FIELD(canned_response, date_updated, TIME, .flags = BORN | TOUCHED),
};
/* clang-format on */

const struct kind canned_response_kind = { .name = "canned_response",
                                           .size = sizeof(struct canned_response),
                                           .fields = ROWS(fields) };

const struct resource canned_response_resource = {
    .product = "plugboard",
    .name = "CannedResponse",
    .path = "/v1/CannedResponses",
    .many = "canned_responses",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &canned_response_kind,
};

static bool show(void *arg, void *row)
{
    struct json_out *o = arg;

    json_open(o, '{');
    members_json(o, &canned_response_kind, row, OWNER | BORN | TOUCHED);
    json_close(o, '}');
    return true;
}

fault_t canned_responses(struct op *op)
{
    struct condition mine = { .column = "account_sid", .compare = IS, .value = value_text(op->who.account_sid) };
    struct selection s = { .conditions = &mine, .nconditions = 1, .limit = SHOWN_MAX };
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_key(&o, "canned_responses");
    json_open(&o, '[');
    if (record_select(op->db, op->arena, &canned_response_kind, &s, show, &o) != DB_OK)
        return op_failed(op);
    json_close(&o, ']');
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    return NULL;
}
