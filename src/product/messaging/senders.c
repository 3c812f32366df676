/* Addresses of ours.  /plugboard/v1/Senders has all of them and says which carrier they go by; IncomingPhoneNumbers of
 * the 2010 API has those that are numbers. */
#include "product/messaging/internal.h"

#include <string.h>

static bool is_number(const char *s)
{
    return *s == '+' && strlen(s) >= 8 && strlen(s) <= 16 && !s[1 + strspn(s + 1, "0123456789")];
}

static bool is_short_code(const char *s)
{
    return strlen(s) >= 3 && strlen(s) <= 8 && !s[strspn(s, "0123456789")];
}

/* "telegram:desk": a channel's word, a colon, and whatever that channel calls it. */
static bool is_address(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_");

    if (!n || n > 32 || s[n] != ':' || !s[n + 1])
        return false;
    for (const char *p = s; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return false;
    return true;
}

/* --- what may be set, by both ----------------------------------------------------------------------------- */

struct sender_change {
    const char *address, *carrier_sid, *friendly_name, *sms_url, *sms_fallback_url, *status_callback;
    unsigned sms_method, sms_fallback_method, status_callback_method;
};

/* clang-format off */
#define CHANGES                                                                                                        \
    FIELD(sender_change, friendly_name,          STR,  .max = 64),                                                     \
    FIELD(sender_change, sms_url,                URL,  .flags = CLEARABLE),                                            \
    FIELD(sender_change, sms_method,             ENUM, .names = callback_method_names),                                \
    FIELD(sender_change, sms_fallback_url,       URL,  .flags = CLEARABLE),                                            \
    FIELD(sender_change, sms_fallback_method,    ENUM, .names = callback_method_names),                                \
    FIELD(sender_change, status_callback,        URL,  .flags = CLEARABLE),                                            \
    FIELD(sender_change, status_callback_method, ENUM, .names = callback_method_names)
#define CARRIER FIELD(sender_change, carrier_sid, SID, .flags = CLEARABLE, .prefix = "KC", .refers = "carrier")

static const struct field number_create[] = { FIELD(sender_change, address, STR, .flags = REQUIRED, .param = "PhoneNumber"), CHANGES };
static const struct field number_update[] = { CHANGES };
static const struct field sender_create[] = { FIELD(sender_change, address, STR, .flags = REQUIRED, .max = ADDRESS_LENGTH_MAX), CARRIER, CHANGES };
static const struct field sender_update[] = { CARRIER, CHANGES };
/* clang-format on */

static void set_texts(struct op *op, struct sender *s, const struct sender_change *p)
{
    const struct {
        const char *param, **member, *value;
    } texts[] = {
        { "CarrierSid", &s->carrier_sid, p->carrier_sid },
        { "FriendlyName", &s->friendly_name, p->friendly_name },
        { "SmsUrl", &s->sms_url, p->sms_url },
        { "SmsFallbackUrl", &s->sms_fallback_url, p->sms_fallback_url },
        { "StatusCallback", &s->status_callback, p->status_callback },
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (op_given(op, texts[i].param))
            row_set(op->tx, s, texts[i].member, texts[i].value);
}

static void set(struct op *op, struct sender *s)
{
    const struct sender_change *p = op->params;

    set_texts(op, s, p);
    if (op_given(op, "SmsMethod"))
        s->sms_method = p->sms_method;
    if (op_given(op, "SmsFallbackMethod"))
        s->sms_fallback_method = p->sms_fallback_method;
    if (op_given(op, "StatusCallbackMethod"))
        s->status_callback_method = p->status_callback_method;
}

static fault_t update(struct op *op, void *row, const void *was)
{
    (void)was;
    set(op, row);
    return NULL;
}

static void begin(struct op *op, struct sender *s)
{
    const char *address = ((const struct sender_change *)op->params)->address;

    row_set(op->tx, s, &s->phone_number, address);
    row_set(op->tx, s, &s->friendly_name, address);
    set(op, s);
}

/* --- numbers of the 2010 API ------------------------------------------------------------------------------ */

static fault_t create_number(struct op *op, void *row)
{
    const char *number = ((const struct sender_change *)op->params)->address;

    if (!is_number(number))
        return refuse(op, F_INVALID_PARAMETER, "PhoneNumber '%.64s' is not a phone number in E.164 form", number);
    begin(op, row);
    return NULL;
}

static fault_t find_number(struct op *op, const char *key, void **row)
{
    struct sender *s = op_find(op, &sender_kind, key);

    *row = s && *s->phone_number == '+' ? s : NULL;
    return NULL;
}

static fault_t only_numbers(struct op *op, struct list_plan *plan)
{
    (void)op;
    plan_add(plan, "phone_number", MORE_OR_IS, value_text("+"));
    plan_add(plan, "phone_number", LESS, value_text(","));
    return NULL;
}

const struct resource number_resource = {
    .product = "api",
    .name = "IncomingPhoneNumber",
    .path = "/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers",
    .many = "incoming_phone_numbers",
    .style = STYLE_2010,
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &sender_kind,
    .create_params = PARAMS(sender_change, number_create),
    .update_params = PARAMS(sender_change, number_update),
    .create = create_number,
    .update = update,
    .find = find_number,
    .select = only_numbers,
};

/* --- all of them ------------------------------------------------------------------------------------------ */

struct sender_shown {
    const char *sid, *account_sid, *address, *friendly_name, *carrier_sid, *sms_url, *sms_fallback_url,
        *status_callback;
    unsigned sms_method, sms_fallback_method, status_callback_method;
    int64_t date_created, date_updated;
};

/* clang-format off */
static const struct field shown_fields[] = {
    FIELD(sender_shown, sid,                    SID),
    FIELD(sender_shown, account_sid,            SID),
    FIELD(sender_shown, address,                STR),
    FIELD(sender_shown, friendly_name,          STR),
    FIELD(sender_shown, carrier_sid,            SID),
    FIELD(sender_shown, sms_url,                URL),
    FIELD(sender_shown, sms_method,             ENUM, .names = callback_method_names),
    FIELD(sender_shown, sms_fallback_url,       URL),
    FIELD(sender_shown, sms_fallback_method,    ENUM, .names = callback_method_names),
    FIELD(sender_shown, status_callback,        URL),
    FIELD(sender_shown, status_callback_method, ENUM, .names = callback_method_names),
    FIELD(sender_shown, date_created,           TIME),
    FIELD(sender_shown, date_updated,           TIME),
};
/* clang-format on */

static const struct kind shape = { .name = "sender_shown",
                                   .size = sizeof(struct sender_shown),
                                   .fields = ROWS(shown_fields) };

static fault_t create(struct op *op, void *row)
{
    const char *address = ((const struct sender_change *)op->params)->address;

    if (!is_number(address) && !is_short_code(address) && !is_address(address))
        return refuse(op, F_INVALID_PARAMETER,
                      "Address '%.64s' is neither a phone number in E.164 form, nor a short code, nor channel:address",
                      address);
    begin(op, row);
    return NULL;
}

static void show(struct op *op, const void *row, void *out)
{
    const struct sender *s = row;

    (void)op;
    *(struct sender_shown *)out = (struct sender_shown){ .sid = s->sid,
                                                         .account_sid = s->account_sid,
                                                         .address = s->phone_number,
                                                         .friendly_name = s->friendly_name,
                                                         .carrier_sid = s->carrier_sid,
                                                         .sms_url = s->sms_url,
                                                         .sms_method = s->sms_method,
                                                         .sms_fallback_url = s->sms_fallback_url,
                                                         .sms_fallback_method = s->sms_fallback_method,
                                                         .status_callback = s->status_callback,
                                                         .status_callback_method = s->status_callback_method,
                                                         .date_created = s->date_created,
                                                         .date_updated = s->date_updated };
}

const struct resource sender_resource = {
    .product = "plugboard",
    .name = "Sender",
    .path = "/v1/Senders",
    .many = "senders",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &sender_kind,
    .shape = &shape,
    .create_params = PARAMS(sender_change, sender_create),
    .update_params = PARAMS(sender_change, sender_update),
    .create = create,
    .update = update,
    .show = show,
};
