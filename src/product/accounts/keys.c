/* API keys of the 2010 API.  Keys and SigningKeys are two names of one thing there, and here. */
#include "base/text.h"
#include "product/accounts/internal.h"

/* rest made the row; what api_key_make() would have given it, it still lacks. */
static fault_t create_key(struct op *op, void *row)
{
    api_key_complete(op->tx, row);
    return NULL;
}

/* rest edits names only, which no credential depends on. */
static fault_t remove_key(struct op *op, void *row)
{
    (void)row;
    credentials_changed(op);
    return NULL;
}

const struct resource key_resource = {
    .product = "api",
    .name = "Key",
    .path = "/2010-04-01/Accounts/{account_sid}/Keys",
    .many = "keys",
    .style = STYLE_2010,
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &api_key_kind,
    .manage = true,
    .create = create_key,
    .remove = remove_key,
};

const struct resource signing_key_resource = {
    .product = "api",
    .name = "SigningKey",
    .path = "/2010-04-01/Accounts/{account_sid}/SigningKeys",
    .many = "signing_keys",
    .style = STYLE_2010,
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &api_key_kind,
    .manage = true,
    .create = create_key,
    .remove = remove_key,
};
