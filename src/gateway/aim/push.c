/* Registrations for push notifications, as @twilio/notifications makes them ("ers").  They are kept, listed by REST as
 * Bindings, and make their user notifiable; this server has no way to Apple's and Google's services, so nothing is
 * pushed. */
#include "gateway/aim/internal.h"

#include "chat/binding.h"
#include <string.h>

enum { BINDINGS_MAX = 20, TEXT_MAX = 4096, TYPES_MAX = 32 };

struct mine {
    struct chat_binding *rows[BINDINGS_MAX];
    size_t n;
};

static bool keep(void *arg, void *row)
{
    struct mine *m = arg;

    m->rows[m->n++] = row;
    return m->n < BINDINGS_MAX;
}

static fault_t find_mine(struct op *op, const struct caller *c, struct mine *out)
{
    const struct condition which[] = {
        { .column = "chat_service_sid", .compare = IS, .value = value_text(c->service->sid) },
        { .column = "identity", .compare = IS, .value = value_text(c->identity) },
    };
    const struct selection s = { .conditions = which, .nconditions = 2, .limit = BINDINGS_MAX };

    *out = (struct mine){ 0 };
    return record_select(op->db, op->arena, &chat_binding_kind, &s, keep, out) == DB_OK ? NULL : op_failed(op);
}

static bool type_named(const char *word, unsigned *out)
{
    for (unsigned i = 0; word && binding_type_names[i]; i++) {
        if (strcmp(binding_type_names[i], word))
            continue;
        *out = i;
        return true;
    }
    return false;
}

/* What the client sent, as far as it can be kept. */
static fault_t read_body(struct op *op, struct chat_binding *out)
{
    const json_t *types = json_object_get(op->json, "message_types"), *type;
    const char *address = json_get_string(json_object_get(op->json, "data"), "registration_id");
    size_t i;

    if (!type_named(json_get_string(op->json, "channel_type"), &out->binding_type) ||
        out->binding_type == BINDING_TWILSOCK)
        return refuse(op, F_INVALID_PARAMETER, "channel_type is fcm, gcm or apn");
    if (!address || !*address || strlen(address) > TEXT_MAX)
        return refuse(op, F_INVALID_PARAMETER, "data.registration_id is missing or too long");
    json_array_foreach(types, i, type) if (!json_is_string(type) || json_string_length(type) > 256 ||
                                           i >= TYPES_MAX) return refuse(op, F_INVALID_PARAMETER,
                                                                         "message_types is a list of at most %d names",
                                                                         TYPES_MAX);
    out->address = address;
    out->message_types = json_is_array(types) ? json_text(op->arena, types) : "[]";
    return NULL;
}

fault_t registration_add(struct op *op)
{
    struct chat_binding given = { 0 }, *row = NULL;
    struct mine mine;
    struct caller c;
    struct json_out o;
    fault_t f = caller_find(op, &c);

    f = f ? f : read_body(op, &given);
    f = f ? f : find_mine(op, &c, &mine);
    if (f)
        return f;
    for (size_t i = 0; i < mine.n && !row; i++)
        if (mine.rows[i]->binding_type == given.binding_type && str_eq(mine.rows[i]->address, given.address))
            row = row_find(op->tx, &chat_binding_kind, mine.rows[i]->sid);
    if (!row && mine.n == BINDINGS_MAX)
        return refuse(op, F_RATE_LIMIT, "A user has %d registrations at most", BINDINGS_MAX);
    if (!row) {
        row = row_new(op->tx, &chat_binding_kind, NULL);
        row_set(op->tx, row, &row->account_sid, c.service->account_sid);
        row_set(op->tx, row, &row->chat_service_sid, c.service->sid);
        row_set(op->tx, row, &row->identity, c.identity);
        row_set(op->tx, row, &row->address, given.address);
        row->binding_type = given.binding_type;
    }
    row_edit(op->tx, row);
    row_set(op->tx, row, &row->credential_sid, op->who.chat_push_credential_sid);
    row_set(op->tx, row, &row->endpoint, op->who.chat_endpoint_id);
    row_set(op->tx, row, &row->message_types, given.message_types);
    row->date_updated = op->now;
    f = binding_changed(op_site(op)->chat, op->tx, c.service, c.identity, true);
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "id", row->sid);
    json_close(&o, '}');
    op_json(op, 201, json_done(&o));
    return f;
}

static fault_t remove_those(struct op *op, struct caller *c, bool (*is)(struct op *op, const struct chat_binding *b))
{
    struct mine mine;
    size_t gone = 0;
    fault_t f = find_mine(op, c, &mine);

    if (f)
        return f;
    for (size_t i = 0; i < mine.n; i++) {
        if (!is(op, mine.rows[i]))
            continue;
        row_delete(op->tx, row_find(op->tx, &chat_binding_kind, mine.rows[i]->sid));
        gone++;
    }
    if (!gone)
        return aim_not_found(op);
    op->answer.status = 204;
    return binding_changed(op_site(op)->chat, op->tx, c->service, c->identity, mine.n > gone);
}

static bool is_of_path(struct op *op, const struct chat_binding *b)
{
    return str_eq(b->sid, op_path(op, "registration"));
}

static bool is_of_body(struct op *op, const struct chat_binding *b)
{
    return str_eq(binding_type_names[b->binding_type], json_get_string(op->json, "binding_type")) &&
           str_eq(b->address, json_get_string(op->json, "address"));
}

fault_t registration_remove(struct op *op)
{
    struct caller c;
    fault_t f = caller_find(op, &c);

    return f ? f : remove_those(op, &c, is_of_path);
}

fault_t registrations_remove(struct op *op)
{
    struct caller c;
    fault_t f = caller_find(op, &c);

    return f ? f : remove_those(op, &c, is_of_body);
}
