/* Accounts and subaccounts of the 2010 API, and the module. */
#include "product/accounts/accounts.h"
#include "base/text.h"
#include "product/accounts/internal.h"

void credentials_changed(struct op *op)
{
    auth_changed(op_site(op)->auth, op->tx);
}

fault_t may_manage(struct op *op, const char *label, const char *resource, enum deed deed)
{
    if (!op->who.may_manage)
        return refuse(op, F_FORBIDDEN, "These credentials may not manage accounts and keys");
    return auth_may(&op->who, op->arena, label, resource, deed);
}

/* An account sees itself and its children. */
static fault_t find_account(struct op *op, const char *key, void **row)
{
    struct account *a = NULL;

    *row = NULL;
    if (!sid_valid(key, "AC"))
        return NULL;
    if (op->tx)
        a = row_find(op->tx, &account_kind, key);
    else if (record_find(op->db, op->arena, &account_kind, key, (void **)&a) != DB_OK)
        return op_failed(op);
    if (a && (str_eq(a->sid, op->who.account_sid) || str_eq(a->owner_account_sid, op->who.account_sid)))
        *row = a;
    return NULL;
}

/* Rows belong to their parent, and a main account to itself; so only a subaccount must be led to its own row. */
static fault_t select_accounts(struct op *op, struct list_plan *plan)
{
    if (!op->who.parent_sid)
        return NULL;
    for (size_t i = 0; i < plan->nconditions; i++)
        if (str_eq(plan->conditions[i].column, "owner_account_sid"))
            plan->conditions[i].column = "sid";
    return NULL;
}

static fault_t create_account(struct op *op, void *row)
{
    if (op->who.parent_sid)
        return refuse(op, F_FORBIDDEN, "A subaccount cannot have subaccounts");
    account_complete(op->tx, row);
    return NULL;
}

static fault_t update_account(struct op *op, void *row, const void *was)
{
    const struct account *a = row, *before = was;

    if (a->status != before->status) {
        if (str_eq(a->sid, a->owner_account_sid))
            return refuse(op, F_FORBIDDEN, "The status of a main account cannot be changed through the API");
        if (str_eq(a->sid, op->who.account_sid))
            return refuse(op, F_FORBIDDEN, "The status of a subaccount is changed by its parent account");
        if (before->status == ACCOUNT_CLOSED)
            return refuse(op, F_INVALID_PARAMETER, "Status: a closed account cannot be opened again");
    }
    credentials_changed(op);
    return NULL;
}

#define BELOW(name) "/2010-04-01/Accounts/{sid}/" name
static const struct link_row subresources[] = {
    { "addresses", BELOW("Addresses") },
    { "applications", BELOW("Applications") },
    { "authorized_connect_apps", BELOW("AuthorizedConnectApps") },
    { "available_phone_numbers", BELOW("AvailablePhoneNumbers") },
    { "balance", BELOW("Balance") },
    { "calls", BELOW("Calls") },
    { "conferences", BELOW("Conferences") },
    { "connect_apps", BELOW("ConnectApps") },
    { "incoming_phone_numbers", BELOW("IncomingPhoneNumbers") },
    { "keys", BELOW("Keys") },
    { "messages", BELOW("Messages") },
    { "notifications", BELOW("Notifications") },
    { "outgoing_caller_ids", BELOW("OutgoingCallerIds") },
    { "queues", BELOW("Queues") },
    { "recordings", BELOW("Recordings") },
    { "short_codes", BELOW("SMS/ShortCodes") },
    { "signing_keys", BELOW("SigningKeys") },
    { "sip", BELOW("SIP") },
    { "transcriptions", BELOW("Transcriptions") },
    { "usage", BELOW("Usage") },
};

const struct resource account_resource = {
    .product = "api",
    .name = "Account",
    .path = "/2010-04-01/Accounts",
    .many = "accounts",
    .style = STYLE_2010,
    .verbs = LIST | FETCH | CREATE | UPDATE,
    .kind = &account_kind,
    .manage = true,
    .links = ROWS(subresources),
    .find = find_account,
    .select = select_accounts,
    .create = create_account,
    .update = update_account,
};

/* --- the module --------------------------------------------------------------------------------------------- */

static const struct kind *const kinds[] = { &account_kind, &api_key_kind, &user_kind, &session_kind };
static const struct resource *const resources[] = { &account_resource, &key_resource, &signing_key_resource };

/* clang-format off */
static const struct endpoint endpoints[] = {
    { .label = "iam",      .method = "GET",    .path = "/v1/Keys",                 .place = ON_READER, .needs = CREDENTIALS, .run = iam_list },
    { .label = "iam",      .method = "POST",   .path = "/v1/Keys",                 .place = ON_LEDGER, .needs = CREDENTIALS, .run = iam_create },
    { .label = "iam",      .method = "GET",    .path = "/v1/Keys/{sid}",           .place = ON_READER, .needs = CREDENTIALS, .run = iam_fetch },
    { .label = "iam",      .method = "POST",   .path = "/v1/Keys/{sid}",           .place = ON_LEDGER, .needs = CREDENTIALS, .run = iam_update },
    { .label = "iam",      .method = "DELETE", .path = "/v1/Keys/{sid}",           .place = ON_LEDGER, .needs = CREDENTIALS, .run = iam_remove },
    { .label = "accounts", .method = "POST",   .path = "/v1/AuthTokens/Promote",   .place = ON_LEDGER, .needs = CREDENTIALS, .run = token_promote },
    { .label = "accounts", .method = "POST",   .path = "/v1/AuthTokens/Secondary", .place = ON_LEDGER, .needs = CREDENTIALS, .run = secondary_token_create },
    { .label = "accounts", .method = "DELETE", .path = "/v1/AuthTokens/Secondary", .place = ON_LEDGER, .needs = CREDENTIALS, .run = secondary_token_remove },
};
/* clang-format on */

const struct module accounts_module = {
    .name = "accounts",
    .kinds = ROWS(kinds),
    .resources = ROWS(resources),
    .endpoints = ROWS(endpoints),
};
