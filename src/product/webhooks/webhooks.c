/* DeadLetter: a delivery that was given up, kept for thirty days; it may be sent again. */
#include "product/webhooks/internal.h"
#include "webhook/webhook.h"

struct dead_letter {
    const char *sid, *account_sid, *purpose, *subject, *callback_url, *fallback_url, *body, *last_error;
    int64_t attempts, last_status, date_created, date_updated;
};

/* clang-format off */
static const struct field shown_fields[] = {
    FIELD(dead_letter, sid,          SID),
    FIELD(dead_letter, account_sid,  SID),
    FIELD(dead_letter, purpose,      STR),
    FIELD(dead_letter, subject,      STR),
    FIELD(dead_letter, callback_url, URL),
    FIELD(dead_letter, fallback_url, URL),
    FIELD(dead_letter, body,         STR),
    FIELD(dead_letter, attempts,     INT),
    FIELD(dead_letter, last_status,  INT),
    FIELD(dead_letter, last_error,   STR),
    FIELD(dead_letter, date_created, TIME),
    FIELD(dead_letter, date_updated, TIME),
};
/* clang-format on */

static const struct kind shape = { .name = "dead_letter",
                                   .size = sizeof(struct dead_letter),
                                   .fields = ROWS(shown_fields) };

static void show(struct op *op, const void *row, void *out)
{
    const struct delivery *d = row;

    (void)op;
    *(struct dead_letter *)out = (struct dead_letter){
        .sid = d->sid,
        .account_sid = d->account_sid,
        .purpose = d->purpose,
        .subject = d->subject,
        .callback_url = d->url,
        .fallback_url = d->fallback_url,
        .body = d->form,
        .attempts = d->attempts,
        .last_status = d->last_status,
        .last_error = d->last_error,
        .date_created = d->date_created,
        .date_updated = d->date_updated,
    };
}

static fault_t find(struct op *op, const char *key, void **row)
{
    struct delivery *d = op_find(op, &delivery_kind, key);

    *row = d && d->status == DELIVERY_DEAD ? d : NULL;
    return NULL;
}

static fault_t only_dead(struct op *op, struct list_plan *plan)
{
    (void)op;
    plan_add(plan, "status", IS, value_int(DELIVERY_DEAD));
    return NULL;
}

static fault_t redeliver(struct op *op, void *row)
{
    webhook_send_again(op_site(op)->webhooks, op->tx, row);
    return NULL;
}

static const struct action actions[] = { { .name = "Redeliver", .run = redeliver } };

const struct resource dead_letter_resource = {
    .product = "plugboard",
    .name = "DeadLetter",
    .path = "/v1/DeadLetters",
    .many = "dead_letters",
    .verbs = LIST | FETCH | DELETE,
    .kind = &delivery_kind,
    .shape = &shape,
    .actions = ROWS(actions),
    .find = find,
    .show = show,
    .select = only_dead,
};

static const struct resource *const resources[] = { &event_log_resource, &dead_letter_resource };

const struct module webhooks_module = { .name = "webhooks", .resources = ROWS(resources) };
