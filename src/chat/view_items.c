/* The items of a view, and what somebody has missed of them. */
#include "chat/view_internal.h"

#include <stdlib.h>
#include <string.h>

enum { REPLAY_MAX = 1000 }; /* changes at once; who missed more asks again from the last of them */

/* --- one item --------------------------------------------------------------------------------------------- */

struct sync_item message_item(struct arena *a, const struct message *m)
{
    return (struct sync_item){ .index = m->message_index,
                               .event_id = m->event_id,
                               .added_id = m->added_id,
                               .revision = view_revision(a, m->event_id),
                               .data = message_data(a, m),
                               .removed = m->removed,
                               .date_created = m->date_created,
                               .date_updated = m->date_updated,
                               .date_expires = NO_VALUE,
                               .created_by = m->author };
}

struct sync_item roster_item(struct arena *a, const struct participant *p)
{
    return (struct sync_item){ .key = p->sid,
                               .index = NO_VALUE,
                               .event_id = p->event_id,
                               .added_id = p->added_id,
                               .revision = view_revision(a, p->event_id),
                               .data = roster_data(a, p),
                               .removed = p->removed,
                               .date_created = p->date_created,
                               .date_updated = p->date_updated,
                               .date_expires = NO_VALUE,
                               .created_by = "system" };
}

/* Whether the user already knew is not kept; SDKs take a conversation that is added twice for one that has changed. */
struct sync_item mine_item(struct arena *a, const struct participant *p)
{
    return (struct sync_item){ .key = p->conversation_sid,
                               .index = NO_VALUE,
                               .event_id = p->mine_event_id,
                               .added_id = p->mine_event_id,
                               .revision = view_revision(a, p->mine_event_id),
                               .data = mine_data(a, p),
                               .removed = p->removed,
                               .date_created = p->date_created,
                               .date_updated = p->date_updated,
                               .date_expires = NO_VALUE,
                               .created_by = "system" };
}

struct sync_item info_item(struct arena *a, const struct chat_user *u, const struct info_item *i)
{
    return (struct sync_item){ .key = i->key,
                               .index = NO_VALUE,
                               .event_id = u->event_id,
                               .revision = view_revision(a, u->event_id),
                               .data = i->data(a, u),
                               .date_created = u->date_created,
                               .date_updated = u->date_updated,
                               .date_expires = NO_VALUE,
                               .created_by = "system" };
}

/* --- where they come from --------------------------------------------------------------------------------- */

struct found {
    struct chat_view view;
    struct sync_item *rows;
    size_t n, room, most; /* most 0: all */
    bool more;
    struct sync_item (*make)(struct found *f, const void *row);
};

static struct sync_item make_message(struct found *f, const void *row)
{
    return message_item(f->view.arena, row);
}

static struct sync_item make_roster(struct found *f, const void *row)
{
    return roster_item(f->view.arena, row);
}

static struct sync_item make_mine(struct found *f, const void *row)
{
    return mine_item(f->view.arena, row);
}

static void put_item(struct found *f, struct sync_item item)
{
    if (f->n == f->room) {
        size_t room = f->room ? 2 * f->room : 64;
        struct sync_item *grown = arena_alloc(f->view.arena, room * sizeof(*grown));
        if (f->n)
            memcpy(grown, f->rows, f->n * sizeof(*grown));
        f->rows = grown;
        f->room = room;
    }
    f->rows[f->n++] = item;
}

static bool take(void *arg, void *row)
{
    struct found *f = arg;

    if (f->most && f->n == f->most) {
        f->more = true;
        return false;
    }
    put_item(f, f->make(f, row));
    return true;
}

/* A view's rows: all of those whose `owner` is its row, in the order of `key`, and by the number of their last change.
 */
static const struct rows {
    const struct kind *kind;
    const char *owner, *key, *number;
    struct sync_item (*make)(struct found *f, const void *row);
} rows_of[VIEW_COUNT] = {
    [VIEW_MESSAGES] = { &message_kind, "conversation_sid", "message_index", "event_id", make_message },
    [VIEW_ROSTER] = { &participant_kind, "conversation_sid", "sid", "event_id", make_roster },
    [VIEW_MINE] = { &participant_kind, "user_sid", "conversation_sid", "mine_event_id", make_mine },
};

static const char *sid_of(const struct view_object *of)
{
    const struct chat_user *u = of->row;
    const struct conversation *c = of->row;

    return of->view == VIEW_MINE ? u->sid : c->sid;
}

static struct value at(const struct rows *r, const struct sync_page *page)
{
    return r->kind == &message_kind ? value_int(page->index) : value_text(page->key);
}

static fault_t failed(struct sync_ask *ask)
{
    return fault(ask->arena, F_UNAVAILABLE, "The store cannot be read: %s", db_error(ask->db));
}

static bool starts_somewhere(const struct rows *r, const struct sync_page *page)
{
    return r->kind == &message_kind ? page->index != NO_VALUE : page->key != NULL;
}

/* Is there one on the other side of where the page begins? */
static fault_t look_before(struct sync_ask *ask, const struct rows *r, const char *owner, const struct sync_page *page,
                           bool *there)
{
    struct found f = { .view = { ask->db, ask->tx, ask->arena }, .most = 1, .make = r->make };
    enum compare other = page->descending ? page->exclusive ? MORE_OR_IS : MORE : page->exclusive ? LESS_OR_IS : LESS;
    const struct condition conditions[] = {
        { .column = r->owner, .compare = IS, .value = value_text(owner) },
        { .column = "removed", .compare = IS, .value = value_int(0) },
        { .column = r->key, .compare = other, .value = at(r, page) },
    };
    const struct order by_key = { r->key, false };
    const struct selection s = {
        .conditions = conditions, .nconditions = 3, .orders = &by_key, .norders = 1, .limit = 1
    };

    if (record_select(ask->db, ask->arena, r->kind, &s, take, &f) != DB_OK)
        return failed(ask);
    *there = f.n > 0;
    return NULL;
}

static fault_t rows_page(struct sync_ask *ask, const struct rows *r, const char *owner, const struct sync_page *page,
                         struct sync_items *out)
{
    struct found f = { .view = { ask->db, ask->tx, ask->arena }, .most = page->size, .make = r->make };
    bool from = starts_somewhere(r, page);
    enum compare side = page->descending ? page->exclusive ? LESS : LESS_OR_IS : page->exclusive ? MORE : MORE_OR_IS;
    const struct condition conditions[] = {
        { .column = r->owner, .compare = IS, .value = value_text(owner) },
        { .column = "removed", .compare = IS, .value = value_int(0) },
        { .column = r->key, .compare = side, .value = from ? at(r, page) : value_int(0) },
    };
    const struct order by_key = { r->key, page->descending };
    const struct selection s = { .conditions = conditions,
                                 .nconditions = from ? 3 : 2,
                                 .orders = &by_key,
                                 .norders = 1,
                                 .limit = page->size ? (int64_t)page->size + 1 : 0 };

    if (record_select(ask->db, ask->arena, r->kind, &s, take, &f) != DB_OK)
        return failed(ask);
    *out = (struct sync_items){ .rows = f.rows, .n = f.n, .more_after = f.more };
    return from ? look_before(ask, r, owner, page, &out->more_before) : NULL;
}

/* Three items: no need to be clever. */
static void info_page(struct sync_ask *ask, const struct chat_user *u, const struct sync_page *page,
                      struct sync_items *out)
{
    struct found f = { .view = { ask->db, ask->tx, ask->arena } };

    for (size_t i = 0; i < INFO_ITEMS; i++) {
        const struct info_item *x = &info_items[page->descending ? INFO_ITEMS - 1 - i : i];
        int side = page->key ? strcmp(x->key, page->key) * (page->descending ? -1 : 1) : 1;
        if (side < 0 || (side == 0 && page->exclusive))
            out->more_before = true;
        else if (page->size && f.n == page->size)
            out->more_after = true;
        else
            put_item(&f, info_item(ask->arena, u, x));
    }
    out->rows = f.rows;
    out->n = f.n;
}

fault_t view_items(void *arg, struct sync_ask *ask, const struct sync_object *o, const struct sync_page *page,
                   struct sync_items *out)
{
    const struct view_object *of = o->of;

    (void)arg;
    *out = (struct sync_items){ 0 };
    if (of->view == VIEW_INFO)
        info_page(ask, of->row, page, out);
    else if (of->view != VIEW_CHANNEL)
        return rows_page(ask, &rows_of[of->view], sid_of(of), page, out);
    return NULL;
}

/* --- what was missed -------------------------------------------------------------------------------------- */

static fault_t rows_missed(struct sync_ask *ask, const struct rows *r, const char *owner, int64_t after,
                           struct sync_items *out)
{
    struct found f = { .view = { ask->db, ask->tx, ask->arena }, .most = REPLAY_MAX, .make = r->make };
    const struct condition conditions[] = {
        { .column = r->owner, .compare = IS, .value = value_text(owner) },
        { .column = r->number, .compare = MORE, .value = value_int(after) },
    };
    const struct order by_number = { r->number, false };
    const struct selection s = {
        .conditions = conditions, .nconditions = 2, .orders = &by_number, .norders = 1, .limit = REPLAY_MAX + 1
    };

    if (record_select(ask->db, ask->arena, r->kind, &s, take, &f) != DB_OK)
        return failed(ask);
    out->rows = f.rows;
    out->n = f.n;
    out->more_after = f.more;
    return NULL;
}

/* Up to which number removals are not remembered. */
static int64_t forgotten_of(const struct view_object *of)
{
    const struct chat_user *u = of->row;
    const struct conversation *c = of->row;

    return of->view == VIEW_MINE     ? u->mine_forgotten_id
           : of->view == VIEW_ROSTER ? c->roster_forgotten_id
                                     : c->messages_forgotten_id;
}

fault_t view_replay(void *arg, struct sync_ask *ask, const struct sync_object *o, int64_t after, struct sync_items *out)
{
    const struct view_object *of = o->of;
    struct found f = { .view = { ask->db, ask->tx, ask->arena } };

    (void)arg;
    *out = (struct sync_items){ 0 };
    if (o->last_event_id <= after)
        return NULL;
    if (of->view == VIEW_CHANNEL) {
        put_item(&f, (struct sync_item){ .index = NO_VALUE,
                                         .event_id = o->last_event_id,
                                         .revision = o->revision,
                                         .data = o->data,
                                         .date_created = o->date_created,
                                         .date_updated = o->date_updated,
                                         .date_expires = NO_VALUE });
    } else if (of->view == VIEW_INFO) {
        for (size_t i = 0; i < INFO_ITEMS; i++)
            put_item(&f, info_item(ask->arena, of->row, &info_items[i]));
    } else if (after < forgotten_of(of)) {
        return fault(ask->arena, F_GONE, "What was removed from %s since event %lld is not remembered any more", o->sid,
                     (long long)after);
    } else {
        return rows_missed(ask, &rows_of[of->view], sid_of(of), after, out);
    }
    out->rows = f.rows;
    out->n = f.n;
    return NULL;
}
