/* /plugboard/v1/Carriers: who brings messages out and in.  Secrets are taken and never shown. */
#include "product/messaging/internal.h"

#include <string.h>

enum { KEY_DIGITS = 32 };

struct carrier_shown {
    const char *sid, *account_sid, *friendly_name, *type, *carrier_url, *username, *callback_url, *inbound_url,
        *status_url, *signing_key;
    int64_t date_created, date_updated;
};

/* clang-format off */
static const struct field shown_fields[] = {
    FIELD(carrier_shown, sid,           SID),
    FIELD(carrier_shown, account_sid,   SID),
    FIELD(carrier_shown, friendly_name, STR),
    FIELD(carrier_shown, type,          STR),
    FIELD(carrier_shown, carrier_url,   URL),
    FIELD(carrier_shown, username,      STR),
    FIELD(carrier_shown, callback_url,  URL),
    FIELD(carrier_shown, inbound_url,   URL),
    FIELD(carrier_shown, status_url,    URL),
    FIELD(carrier_shown, signing_key,   STR),
    FIELD(carrier_shown, date_created,  TIME),
    FIELD(carrier_shown, date_updated,  TIME),
};
/* clang-format on */

static const struct kind shape = { .name = "carrier_shown",
                                   .size = sizeof(struct carrier_shown),
                                   .fields = ROWS(shown_fields) };

static fault_t check(struct op *op, struct carrier *c)
{
    if (c->type == CARRIER_TWILIO && !sid_valid(c->username, "AC"))
        return refuse(op, F_INVALID_PARAMETER, "Type twilio needs Username: the account's SID there");
    if (c->type != CARRIER_CUSTOM && (!c->secret || !*c->secret))
        return refuse(op, F_INVALID_PARAMETER, "Secret is needed: the auth token there, or the gateway's password");
    if (c->type == CARRIER_CUSTOM && c->secret && *c->secret && strlen(c->secret) < 16)
        return refuse(op, F_INVALID_PARAMETER, "Secret is shorter than 16 characters");
    if (strchr(c->url, '#') || str_ends(c->url, "/"))
        return refuse(op, F_INVALID_PARAMETER, "Url has a fragment, or ends in a slash");
    if (str_ends(c->callback_url, "/"))
        return refuse(op, F_INVALID_PARAMETER, "CallbackUrl ends in a slash");
    return NULL;
}

static fault_t create(struct op *op, void *row)
{
    struct carrier *c = row;

    if (!c->callback_url)
        row_set(op->tx, c, &c->callback_url, op_beside(op, "carrier"));
    if (c->type == CARRIER_CUSTOM && (!c->secret || !*c->secret)) {
        char key[KEY_DIGITS + 1];
        random_hex(key, KEY_DIGITS);
        row_set(op->tx, c, &c->secret, key);
    }
    return check(op, c);
}

static fault_t update(struct op *op, void *row, const void *was)
{
    (void)was;
    return check(op, row);
}

static void show(struct op *op, const void *row, void *out)
{
    const struct carrier *c = row;
    const char *inbound = arena_printf(op->arena, "%s/v1/%s/Messages", c->callback_url, c->sid);
    bool is_new = op->tx && !row_was(op->tx, row);

    /* What a gateway's configuration has to hold: %-words are Kannel's own. */
    if (c->type == CARRIER_KANNEL)
        inbound =
            arena_printf(op->arena, "%s?pass=%s&id=%%I&from=%%p&to=%%P&text=%%b", inbound, carrier_pass(op->arena, c));
    *(struct carrier_shown *)out =
        (struct carrier_shown){ .sid = c->sid,
                                .account_sid = c->account_sid,
                                .friendly_name = c->friendly_name,
                                .type = carrier_type_names[c->type],
                                .carrier_url = c->url,
                                .username = c->username,
                                .callback_url = c->callback_url,
                                .inbound_url = inbound,
                                .status_url = arena_printf(op->arena, "%s/v1/%s/Status", c->callback_url, c->sid),
                                .signing_key = is_new && c->type == CARRIER_CUSTOM ? c->secret : NULL,
                                .date_created = c->date_created,
                                .date_updated = c->date_updated };
}

static fault_t remove_carrier(struct op *op, void *row)
{
    const struct carrier *c = row;
    const struct condition of[] = { { .column = "carrier_sid", .compare = IS, .value = value_text(c->sid) } };
    void *used;

    if (record_first(op->db, op->arena, &sender_kind, &(struct selection){ .conditions = of, .nconditions = 1 },
                     &used) != DB_OK)
        return op_failed(op);
    return used ? refuse(op, F_CONFLICT, "Carrier %s is that of a sender", c->sid) : NULL;
}

const struct resource carrier_resource = {
    .product = "plugboard",
    .name = "Carrier",
    .path = "/v1/Carriers",
    .many = "carriers",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .manage = true,
    .kind = &carrier_kind,
    .shape = &shape,
    .create = create,
    .update = update,
    .remove = remove_carrier,
    .show = show,
};
