/* sync: who has an object, and who hears of it. */
#include "sync/internal.h"

#include "base/text.h"
#include <assert.h>
#include <string.h>

struct sync *sync_new(struct ledger *l, struct arena *a)
{
    struct sync *s = arena_alloc(a, sizeof(*s));

    s->ledger = l;
    expiry_add(s);
    return s;
}

void sync_source_add(struct sync *s, const struct sync_source *source)
{
    assert(s->nsources < SOURCES_MAX);
    s->sources[s->nsources++] = source;
}

void sync_listen(struct sync *s, const struct sync_listener *x)
{
    assert(s->nlisteners < LISTENERS_MAX);
    s->listeners[s->nlisteners++] = *x;
}

/* An account's own, under the account's digits: so its sid is known before it has a row. */
const char *sync_service_sid(struct arena *a, const char *account_sid, const char *service)
{
    if (!service || strcmp(service, "default") != 0)
        return service;
    return arena_printf(a, "IS%s", account_sid + 2);
}

/* --- objects -------------------------------------------------------------------------------------------------- */

fault_t sync_find(struct sync *s, struct sync_ask *ask, enum sync_type type, const char *name, struct sync_object *out)
{
    bool found = false;
    fault_t f = NULL;

    ask->viewer.service_sid = sync_service_sid(ask->arena, ask->viewer.account_sid, ask->viewer.service_sid);
    if (type < SYNC_LIVE_QUERY)
        f = stored_find(ask, type, name, &found, out);
    for (size_t i = 0; i < s->nsources && !found && !f; i++) {
        const struct sync_source *source = s->sources[i];
        struct sync_object o = { .date_expires = NO_VALUE };
        if (source->on_ledger && !ask->tx)
            continue;
        f = source->find(source->arg, ask, name, &found, &o);
        if (!found || f)
            continue;
        found = o.type == type; /* a list is no map, whatever its name */
        *out = o;
        out->source = source;
    }
    if (f || found)
        return f;
    return unknown_object(ask, type, name);
}

fault_t sync_items(struct sync *s, struct sync_ask *ask, const struct sync_object *o, const struct sync_page *page,
                   struct sync_items *out)
{
    (void)s;
    *out = (struct sync_items){ 0 };
    if (o->source)
        return o->source->items ? o->source->items(o->source->arg, ask, o, page, out) : NULL;
    return stored_items(ask, o, page, out);
}

fault_t sync_replay(struct sync *s, struct sync_ask *ask, const struct sync_object *o, int64_t after,
                    struct sync_items *out)
{
    (void)s;
    *out = (struct sync_items){ 0 };
    if (o->source)
        return o->source->replay ? o->source->replay(o->source->arg, ask, o, after, out) : NULL;
    return stored_replay(ask, o, after, out);
}

void sync_watched(struct sync *s, struct tx *tx, const struct sync_object *o, bool by_somebody)
{
    (void)s;
    if (o->source && o->source->watched)
        o->source->watched(o->source->arg, tx, o->sid, by_somebody);
}

/* --- news ------------------------------------------------------------------------------------------------------- */

void sync_tell(struct sync *s, struct tx *tx, const struct sync_event *e)
{
    for (size_t i = 0; i < s->nlisteners; i++)
        if (s->listeners[i].hear)
            s->listeners[i].hear(s->listeners[i].arg, tx, e);
}

void sync_notify(struct sync *s, struct tx *tx, const struct sync_notice *n)
{
    for (size_t i = 0; i < s->nlisteners; i++)
        if (s->listeners[i].notice)
            s->listeners[i].notice(s->listeners[i].arg, tx, n);
}

void sync_doubt(struct sync *s, struct tx *tx, const struct sync_doubt *d)
{
    for (size_t i = 0; i < s->nlisteners; i++)
        if (s->listeners[i].doubt)
            s->listeners[i].doubt(s->listeners[i].arg, tx, d);
}

void sync_present(struct sync *s, struct tx *tx, const struct sync_presence *p)
{
    struct sync_presence known = *p;

    known.service_sid = sync_service_sid(tx->arena, p->account_sid, p->service_sid);
    for (size_t i = 0; i < s->nlisteners; i++)
        if (s->listeners[i].presence)
            s->listeners[i].presence(s->listeners[i].arg, tx, &known);
}
