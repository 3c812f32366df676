/* object: documents, lists, maps and streams come, change and go; so do services and permissions. */
#include "sync/internal.h"

#include "base/text.h"
#include <string.h>

/* --- what callers send ------------------------------------------------------------------------------------ */

fault_t data_check(struct tx *tx, enum sync_type t, const char *data, size_t max)
{
    size_t n = data ? strlen(data) : 0;
    const char *why = NULL;

    if (n > max)
        return fault(tx->arena, F_SYNC_TOO_LARGE, "Data is longer than %zu bytes", max);
    if (!data || !json_parse_object(tx->arena, data, n, &why))
        return fault(tx->arena, sync_types[t].data_bad, "Data is not a JSON object: %s", data ? why : "it is missing");
    return NULL;
}

static fault_t name_check(struct tx *tx, const char *name)
{
    if (sid_valid(name, NULL))
        return fault(tx->arena, F_SYNC_NAME, "UniqueName '%.40s' looks like a SID", name);
    if (utf8_length(name) > SYNC_NAME_MAX)
        return fault(tx->arena, F_SYNC_NAME, "UniqueName is longer than %d characters", SYNC_NAME_MAX);
    return NULL;
}

/* From seconds to a date; what is absent changes nothing. */
fault_t ttl_set(struct tx *tx, int64_t ttl, int64_t *date)
{
    if (ttl == NO_VALUE)
        return NULL;
    if (ttl < 0 || ttl > SYNC_TTL_MAX)
        return fault(tx->arena, F_SYNC_TTL, "A time to live is between 0 and %d seconds", SYNC_TTL_MAX);
    *date = ttl ? tx->now + ttl * SECOND : NO_VALUE;
    return NULL;
}

fault_t sync_match(struct arena *a, enum sync_type t, bool item, const char *if_match, int64_t event_id)
{
    size_t n = if_match ? strlen(if_match) : 0;
    const char *now = sync_revision(a, event_id);

    if (!if_match || !strcmp(if_match, "*"))
        return NULL;
    if (n >= 2 && if_match[0] == '"' && if_match[n - 1] == '"')
        if_match = arena_strndup(a, if_match + 1, n - 2);
    if (!strcmp(if_match, now))
        return NULL;
    return fault(a, item ? sync_types[t].item_stale : sync_types[t].stale,
                 "If-Match %.40s does not match the current revision %s", if_match, now);
}

/* --- news ------------------------------------------------------------------------------------------------- */

void object_tell(struct sync *s, struct tx *tx, const struct object_news *n)
{
    const struct sync_stored *o = n->object;
    struct sync_event e = {
        .type = n->type,
        .change = n->change,
        .account_sid = o->account_sid,
        .service_sid = o->service_sid,
        .object_sid = o->sid,
        .unique_name = o->unique_name,
        .id = o->event_id,
        .revision = sync_revision(tx->arena, o->event_id),
        .identity = n->identity,
    };

    if (n->item)
        sync_item_shown(tx->arena, n->item, n->type, &e.item);
    else
        e.item = (struct sync_item){ .key = n->message_sid,
                                     .event_id = o->event_id,
                                     .revision = e.revision,
                                     .data = n->data,
                                     .date_created = o->date_created,
                                     .date_updated = tx->now,
                                     .date_expires = o->date_expires };
    sync_tell(s, tx, &e);
}

static void tell_created(struct sync *s, struct tx *tx, enum sync_type t, const struct sync_stored *o, const char *who)
{
    struct sync_object shown;

    sync_object_shown(tx->arena, o, t, &shown);
    for (size_t i = 0; i < s->nlisteners; i++)
        if (s->listeners[i].created)
            s->listeners[i].created(s->listeners[i].arg, tx, &shown, who);
}

/* --- permissions ------------------------------------------------------------------------------------------ */

struct sync_permission *sync_permission_make(struct tx *tx, enum sync_type t, const struct sync_stored *o,
                                             const char *identity)
{
    const struct kind *k = sync_types[t].permissions;
    const char *sid = sync_item_sid(tx->arena, o->sid, identity);
    struct sync_permission *p = row_find(tx, k, sid);

    if (p)
        return p;
    p = row_new(tx, k, sid);
    row_set(tx, p, &p->account_sid, o->account_sid);
    row_set(tx, p, &p->service_sid, o->service_sid);
    row_set(tx, p, &p->object_sid, o->sid);
    row_set(tx, p, &p->identity, identity);
    return p;
}

/* Who makes something where access is held back, has it. */
static void give_to_maker(struct tx *tx, enum sync_type t, const struct sync_stored *o, const char *who)
{
    const struct sync_service *v = row_find(tx, &sync_service_kind, o->service_sid);

    if (!who || !v || !v->acl_enabled || !sync_types[t].permissions)
        return;
    struct sync_permission *p = sync_permission_make(tx, t, o, who);
    row_edit(tx, p);
    p->read = p->write = p->manage = true;
}

/* --- objects ---------------------------------------------------------------------------------------------- */

static fault_t name_is_free(struct tx *tx, enum sync_type t, const struct sync_stored *o)
{
    struct sync_ask ask = { .arena = tx->arena,
                            .db = tx->db,
                            .tx = tx,
                            .now = tx->now,
                            .viewer = { .account_sid = o->account_sid, .service_sid = o->service_sid } };
    struct sync_object other;
    bool found = false;
    fault_t f = name_check(tx, o->unique_name);

    f = f ? f : stored_find(&ask, t, o->unique_name, &found, &other);
    if (f || !found || str_eq(other.sid, o->sid))
        return f;
    return fault(tx->arena, F_SYNC_NAME_TAKEN, "Unique name already exists: %s %.320s", sync_types[t].word,
                 o->unique_name);
}

fault_t sync_object_created(struct sync *s, struct tx *tx, enum sync_type t, struct sync_stored *o, const char *data,
                            struct sync_ttl ttl, const char *who)
{
    fault_t f = o->unique_name ? name_is_free(tx, t, o) : NULL;

    o->date_expires = NO_VALUE;
    f = f ? f : ttl_set(tx, ttl.object, &o->date_expires);
    if (!f && data && t != SYNC_DOCUMENT && t != SYNC_LIST)
        f = fault(tx->arena, sync_types[t].data_bad, "A %s has no data of its own", sync_types[t].word);
    if (!f && data)
        f = data_check(tx, t, data, SYNC_DATA_MAX);
    if (f)
        return f;
    if (data || t == SYNC_DOCUMENT || t == SYNC_LIST)
        row_set(tx, o, &o->data, data ? data : "{}");
    row_set(tx, o, &o->created_by, who ? who : "system");
    expiry_set(tx, o->sid, o->date_expires);
    give_to_maker(tx, t, o, who);
    tell_created(s, tx, t, o, who);
    return NULL;
}

fault_t sync_object_change(struct sync *s, struct tx *tx, enum sync_type t, struct sync_stored *o, const char *data,
                           struct sync_ttl ttl, const char *if_match, const char *who)
{
    fault_t f = sync_match(tx->arena, t, false, if_match, o->event_id);

    row_edit(tx, o);
    f = f ? f : ttl_set(tx, ttl.object, &o->date_expires);
    if (!f && data)
        f = data_check(tx, t, data, SYNC_DATA_MAX);
    if (f)
        return f;
    if (data || ttl.object != NO_VALUE)
        o->date_updated = tx->now;
    expiry_set(tx, o->sid, o->date_expires);
    if (!data)
        return NULL;
    row_set(tx, o, &o->data, data);
    o->event_id++;
    o->context_id = o->event_id;
    object_tell(
        s, tx,
        &(struct object_news){ t, t == SYNC_LIST ? SYNC_CONTEXT : SYNC_UPDATED, o, .data = o->data, .identity = who });
    return NULL;
}

fault_t sync_object_remove(struct sync *s, struct tx *tx, enum sync_type t, struct sync_stored *o, const char *if_match,
                           const char *who)
{
    fault_t f = sync_match(tx->arena, t, false, if_match, o->event_id);

    if (f)
        return f;
    row_edit(tx, o);
    o->event_id++;
    object_tell(s, tx, &(struct object_news){ t, SYNC_GONE, o, .data = o->data, .identity = who });
    expiry_stop(tx, o->sid);
    if (sync_types[t].permissions)
        sweep_later(tx, o->sid);
    row_delete(tx, o);
    return NULL;
}

fault_t sync_publish(struct sync *s, struct tx *tx, struct sync_stored *stream, const char *data, const char *who,
                     const char **sid)
{
    fault_t f = data_check(tx, SYNC_STREAM, data, SYNC_MESSAGE_MAX);

    if (f)
        return f;
    *sid = tx_sid(tx, "TZ");
    object_tell(
        s, tx,
        &(struct object_news){ SYNC_STREAM, SYNC_MESSAGE, stream, .data = data, .message_sid = *sid, .identity = who });
    return NULL;
}

fault_t sync_service_removed(struct sync *s, struct tx *tx, struct sync_service *v)
{
    (void)s;
    if (str_eq(v->unique_name, "default"))
        return fault(tx->arena, F_SYNC_SERVICE_DEFAULT, "The default service cannot be deleted");
    sweep_later(tx, v->sid);
    return NULL;
}
