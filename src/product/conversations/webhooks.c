/* Webhooks of an account and of a service: the same settings at two places. */
#include "product/conversations/settings.h"

#include <string.h>

struct webhooks_update {
    const char *method, *filters, *pre_webhook_url, *post_webhook_url, *target;
};

struct webhooks_shown {
    const char *account_sid, *chat_service_sid, *pre_webhook_url, *post_webhook_url, *filters, *target;
    unsigned method;
};

static const char *const hooks_targets[] = { "webhook", "flex", NULL };

/* clang-format off */
static const struct field update_fields[] = {
    FIELD(webhooks_update, method,           STR),
    FIELD(webhooks_update, filters,          LIST),
    FIELD(webhooks_update, pre_webhook_url,  STR),
    FIELD(webhooks_update, post_webhook_url, STR),
    FIELD(webhooks_update, target,           STR),
};

static const struct field account_fields[] = {
    FIELD(webhooks_shown, account_sid,      SID),
    FIELD(webhooks_shown, method,           ENUM, .names = hook_method_names),
    FIELD(webhooks_shown, filters,          LIST),
    FIELD(webhooks_shown, pre_webhook_url,  URL),
    FIELD(webhooks_shown, post_webhook_url, URL),
    FIELD(webhooks_shown, target,           STR),
    FIELD(webhooks_shown, chat_service_sid, SID, .flags = HIDDEN),
};

static const struct field service_fields[] = {
    FIELD(webhooks_shown, account_sid,      SID),
    FIELD(webhooks_shown, chat_service_sid, SID),
    FIELD(webhooks_shown, pre_webhook_url,  URL),
    FIELD(webhooks_shown, post_webhook_url, URL),
    FIELD(webhooks_shown, filters,          LIST),
    FIELD(webhooks_shown, method,           ENUM, .names = hook_method_names),
    FIELD(webhooks_shown, target,           STR, .flags = HIDDEN),
};

static const struct kind account_shape = { .name = "account_webhooks", .size = sizeof(struct webhooks_shown), .fields = ROWS(account_fields) };
static const struct kind service_shape = { .name = "service_webhooks", .size = sizeof(struct webhooks_shown), .fields = ROWS(service_fields) };
/* clang-format on */

bool hook_method_read(const char *text, unsigned *method)
{
    for (unsigned i = 0; hook_method_names[i]; i++)
        if (str_ieq(hook_method_names[i], text)) {
            *method = i;
            return true;
        }
    return false;
}

/* Where the settings stand in a row. */
struct places {
    void *row;
    const char **pre, **post, **filters;
    unsigned *method;
};

static fault_t set_url(struct op *op, void *row, const char **member, const char *name, const char *url,
                       enum fault_id id)
{
    if (!url)
        return NULL;
    if (*url && (!url_is_http(url) || strlen(url) > HOOK_URL_MAX))
        return refuse(op, id, "%s '%.200s' is not a valid URL of at most %d characters", name, url, HOOK_URL_MAX);
    row_set(op->tx, row, member, *url ? url : NULL);
    return NULL;
}

static fault_t set(struct op *op, const struct places *at)
{
    const struct webhooks_update *p = op->params;
    const char *wrong = NULL;
    fault_t f = set_url(op, at->row, at->pre, "PreWebhookUrl", p->pre_webhook_url, F_CHAT_HOOK_PRE_URL);

    f = f ? f : set_url(op, at->row, at->post, "PostWebhookUrl", p->post_webhook_url, F_CHAT_HOOK_POST_URL);
    if (f)
        return f;
    if (p->method && !hook_method_read(p->method, at->method))
        return refuse(op, F_CHAT_HOOK_METHOD, "Method '%.16s' is neither GET nor POST", p->method);
    if (p->filters && !str_eq(p->filters, "[\"\"]") && !hook_filters_check(op->arena, p->filters, 0, &wrong))
        return refuse(op, F_CHAT_HOOK_FORMAT, "Filters: '%.64s' is not the name of an event", wrong);
    if (p->filters)
        row_set(op->tx, at->row, at->filters, str_eq(p->filters, "[\"\"]") ? NULL : p->filters);
    return NULL;
}

/* --- of an account ---------------------------------------------------------------------------------------- */

static fault_t find_account(struct op *op, const char *key, void **row)
{
    const char *sid = op->who.account_sid;
    struct chat_hooks *h = op_find(op, &chat_hooks_kind, sid);

    (void)key;
    if (!h && op->tx) {
        h = row_new(op->tx, &chat_hooks_kind, sid);
        row_set(op->tx, h, &h->account_sid, sid);
    } else if (!h) {
        h = arena_alloc(op->arena, sizeof(*h));
        *h = (struct chat_hooks){ .sid = sid, .account_sid = sid };
    }
    *row = h;
    return NULL;
}

static fault_t update_account(struct op *op, void *row, const void *was)
{
    struct chat_hooks *h = row;
    const char *target = ((const struct webhooks_update *)op->params)->target;

    (void)was;
    if (target && !str_ieq(target, hooks_targets[0]) && !str_ieq(target, hooks_targets[1]))
        return refuse(op, F_INVALID_PARAMETER, "Target '%.16s' is neither webhook nor flex", target);
    if (target)
        h->target = str_ieq(target, hooks_targets[HOOKS_FLEX]) ? HOOKS_FLEX : HOOKS_WEBHOOK;
    return set(op, &(struct places){ h, &h->pre_webhook_url, &h->post_webhook_url, &h->filters, &h->method });
}

static void show_account(struct op *op, const void *row, void *out)
{
    const struct chat_hooks *h = row;

    (void)op;
    *(struct webhooks_shown *)out = (struct webhooks_shown){ .account_sid = h->account_sid,
                                                             .pre_webhook_url = h->pre_webhook_url,
                                                             .post_webhook_url = h->post_webhook_url,
                                                             .filters = h->filters ? h->filters : "[]",
                                                             .method = h->method,
                                                             .target = hooks_targets[h->target] };
}

const struct resource account_webhooks_resource = {
    .product = "conversations",
    .enter = settings_enter,
    .name = "ConfigurationWebhook",
    .path = "/v1/Configuration/Webhooks",
    .verbs = FETCH | UPDATE,
    .kind = &chat_hooks_kind,
    .shape = &account_shape,
    .singleton = true,
    .update_params = PARAMS(webhooks_update, update_fields),
    .find = find_account,
    .show = show_account,
    .update = update_account,
};

/* --- of a service ----------------------------------------------------------------------------------------- */

static fault_t find_service(struct op *op, const char *key, void **row)
{
    (void)key;
    *row = op_find(op, &chat_service_kind, op_path(op, "chat_service_sid"));
    return NULL;
}

static fault_t update_service(struct op *op, void *row, const void *was)
{
    struct chat_service *s = row;

    (void)was;
    return set(op, &(struct places){ s, &s->pre_webhook_url, &s->post_webhook_url, &s->filters, &s->webhook_method });
}

static void show_service(struct op *op, const void *row, void *out)
{
    const struct chat_service *s = row;

    (void)op;
    *(struct webhooks_shown *)out = (struct webhooks_shown){ .account_sid = s->account_sid,
                                                             .chat_service_sid = s->sid,
                                                             .pre_webhook_url = s->pre_webhook_url,
                                                             .post_webhook_url = s->post_webhook_url,
                                                             .filters = s->filters ? s->filters : "[]",
                                                             .method = s->webhook_method };
}

const struct resource service_webhooks_resource = {
    .product = "conversations",
    .enter = settings_enter,
    .name = "ServiceWebhookConfiguration",
    .path = "/v1/Services/{chat_service_sid}/Configuration/Webhooks",
    .verbs = FETCH | UPDATE,
    .kind = &chat_service_kind,
    .shape = &service_shape,
    .singleton = true,
    .update_params = { sizeof(struct webhooks_update), update_fields,
                       sizeof(update_fields) / sizeof(*update_fields) - 1 },
    .find = find_service,
    .show = show_service,
    .update = update_service,
};
