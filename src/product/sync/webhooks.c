/* webhooks: what a service's WebhookUrl is told: what clients change (and REST, if the service wants that), and who
 * comes and goes. */
#include "product/sync/internal.h"

#include "base/text.h"
#include "codec/form.h"
#include "webhook/webhook.h"
#include <string.h>

enum { ROUNDS = 4, TIMEOUT = 10 * 1000 };

struct hooks {
    struct webhooks *webhooks;
    struct purpose purpose;
};

/* --- changes ---------------------------------------------------------------------------------------------- */

enum { OBJECT_DATA = 1, ITEM = 2, MESSAGE = 4 };

static const struct row {
    enum sync_type type;
    enum sync_change change;
    const char *name;
    unsigned facts;
} rows[] = {
    { SYNC_DOCUMENT, SYNC_UPDATED, "document_updated", OBJECT_DATA },
    { SYNC_DOCUMENT, SYNC_GONE, "document_removed", OBJECT_DATA },
    { SYNC_LIST, SYNC_GONE, "list_removed", 0 },
    { SYNC_LIST, SYNC_ADDED, "list_item_added", ITEM },
    { SYNC_LIST, SYNC_UPDATED, "list_item_updated", ITEM },
    { SYNC_LIST, SYNC_REMOVED, "list_item_removed", ITEM },
    { SYNC_MAP, SYNC_GONE, "map_removed", 0 },
    { SYNC_MAP, SYNC_ADDED, "map_item_added", ITEM },
    { SYNC_MAP, SYNC_UPDATED, "map_item_updated", ITEM },
    { SYNC_MAP, SYNC_REMOVED, "map_item_removed", ITEM },
    { SYNC_STREAM, SYNC_MESSAGE, "stream_message_published", MESSAGE },
    { SYNC_STREAM, SYNC_GONE, "stream_removed", 0 },
};

/* Names of parameters begin with the object's type. */
static const struct {
    const char *prefix, *created;
} types[] = {
    [SYNC_DOCUMENT] = { "Document", "document_created" },
    [SYNC_LIST] = { "List", "list_created" },
    [SYNC_MAP] = { "Map", "map_created" },
    [SYNC_STREAM] = { "Stream", "stream_created" },
};

static const struct row *row_of(const struct sync_event *e)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (rows[i].type == e->type && rows[i].change == e->change)
            return &rows[i];
    return NULL;
}

static void put(struct text *form, struct arena *a, enum sync_type t, const char *name, const char *value)
{
    if (value)
        form_put(form, arena_printf(a, "%s%s", types[t].prefix, name), value);
}

static void put_item(struct text *form, struct arena *a, const struct sync_item *item)
{
    if (item->key)
        form_put(form, "ItemKey", item->key);
    else
        form_put(form, "ItemIndex", arena_printf(a, "%lld", (long long)item->index));
    form_put(form, "ItemRevision", item->revision);
    form_put(form, "ItemData", item->data);
}

/* The service, if it wants to be told; views of other engines have none of these rows. */
static const struct sync_service *told(struct tx *tx, const char *service_sid, const char *identity)
{
    const struct sync_service *v = row_find(tx, &sync_service_kind, service_sid);

    return v && v->webhook_url && (identity || v->webhooks_from_rest_enabled) ? v : NULL;
}

static void begin(struct text *form, const struct sync_service *v, const char *event, const char *identity)
{
    form_put(form, "EventType", event);
    form_put(form, "AccountSid", v->account_sid);
    form_put(form, "ServiceSid", v->sid);
    if (identity)
        form_put(form, "Identity", identity);
}

static void send(struct hooks *h, struct tx *tx, const struct sync_service *v, const char *subject,
                 const struct text *form)
{
    webhook_send(h->webhooks, tx,
                 &(struct webhook){ .account_sid = v->account_sid,
                                    .purpose = h->purpose.name,
                                    .subject = subject,
                                    .url = v->webhook_url,
                                    .form = text_str(form) });
}

static void hear(void *arg, struct tx *tx, const struct sync_event *e)
{
    const struct row *r = row_of(e);
    const struct sync_service *v = r ? told(tx, e->service_sid, e->identity) : NULL;
    struct text form = { .arena = tx->arena };

    if (!v)
        return;
    begin(&form, v, r->name, e->identity);
    put(&form, tx->arena, e->type, "Sid", e->object_sid);
    put(&form, tx->arena, e->type, "UniqueName", e->unique_name);
    if (r->facts & MESSAGE) {
        put(&form, tx->arena, e->type, "MessageSid", e->item.key);
        put(&form, tx->arena, e->type, "MessageData", e->item.data);
    } else {
        put(&form, tx->arena, e->type, "Revision", e->revision);
    }
    if (r->facts & OBJECT_DATA)
        put(&form, tx->arena, e->type, "Data", e->item.data);
    if (r->facts & ITEM)
        put_item(&form, tx->arena, &e->item);
    send(arg, tx, v, e->object_sid, &form);
}

static void hear_created(void *arg, struct tx *tx, const struct sync_object *o, const char *identity)
{
    const struct sync_service *v = told(tx, o->service_sid, identity);
    struct text form = { .arena = tx->arena };

    if (!v)
        return;
    begin(&form, v, types[o->type].created, identity);
    put(&form, tx->arena, o->type, "Sid", o->sid);
    put(&form, tx->arena, o->type, "UniqueName", o->unique_name);
    put(&form, tx->arena, o->type, "Revision", o->revision);
    if (o->type == SYNC_DOCUMENT)
        put(&form, tx->arena, o->type, "Data", o->data);
    send(arg, tx, v, o->sid, &form);
}

/* --- who is there ----------------------------------------------------------------------------------------- */

static void tell_presence(struct hooks *h, struct tx *tx, const struct sync_service *v, const char *event,
                          const char *identity)
{
    struct text form = { .arena = tx->arena };

    begin(&form, v, event, identity);
    send(h, tx, v, v->sid, &form);
}

static const struct sync_service *wants_presence(struct tx *tx, const char *service_sid)
{
    const struct sync_service *v = service_sid ? row_find(tx, &sync_service_kind, service_sid) : NULL;

    return v && v->webhook_url && v->reachability_webhooks_enabled ? v : NULL;
}

/* Whoever is back before the window has passed was never away. */
static void hear_presence(void *arg, struct tx *tx, const struct sync_presence *p)
{
    const struct sync_service *v = wants_presence(tx, p->service_sid);

    if (!v)
        return;
    const char *subject = arena_printf(tx->arena, "%s/%s", v->sid, p->identity);
    if (p->online && alarm_due(tx, "sync.away", subject) != NO_VALUE)
        alarm_cancel(tx, "sync.away", subject);
    else if (p->online)
        tell_presence(arg, tx, v, "endpoint_connected", p->identity);
    else if (v->reachability_debouncing_enabled)
        alarm_set(tx, "sync.away", subject, tx->now + v->reachability_debouncing_window);
    else
        tell_presence(arg, tx, v, "endpoint_disconnected", p->identity);
}

static void ring_away(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    const char *slash = strchr(subject, '/');
    const struct sync_service *v = wants_presence(tx, arena_strndup(tx->arena, subject, (size_t)(slash - subject)));

    (void)due;
    if (v)
        tell_presence(arg, tx, v, "endpoint_disconnected", slash + 1);
}

void sync_webhooks_begin(struct site *site, struct arena *a)
{
    struct hooks *h = arena_alloc(a, sizeof(*h));

    h->webhooks = site->webhooks;
    h->purpose = (struct purpose){ .name = "sync", .ordered = true, .rounds = ROUNDS, .timeout_ms = TIMEOUT };
    webhooks_purpose(h->webhooks, &h->purpose);
    ledger_alarm(site->ledger, &(struct alarm_kind){ "sync.away", ring_away, h });
    sync_listen(site->sync,
                &(struct sync_listener){ .hear = hear, .presence = hear_presence, .created = hear_created, .arg = h });
}
