/* What views there are, and who may look at them. */
#include "chat/view_internal.h"

#include <string.h>

/* clang-format off */
/* `digit` is put over the first digit of the row's sid. */
static const struct view_kind {
    const char    *prefix, *suffix, *of; /* of: prefix of the row's sid */
    unsigned       digit;
    enum sync_type type;
} view_kinds[VIEW_COUNT] = {
    [VIEW_CHANNEL]  = { "ET", ".channel",       "CH", 0, SYNC_DOCUMENT },
    [VIEW_MESSAGES] = { "ES", ".messages",      "CH", 0, SYNC_LIST },
    [VIEW_ROSTER]   = { "MP", ".roster",        "CH", 0, SYNC_MAP },
    [VIEW_INFO]     = { "MP", ".info",          "US", 4, SYNC_MAP },
    [VIEW_MINE]     = { "MP", ".conversations", "US", 8, SYNC_MAP },
};
/* clang-format on */

static const char digits[] = "0123456789abcdef";

static unsigned digit_of(char c)
{
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (unsigned)(at - digits) : 0;
}

const char *view_name(struct arena *a, enum view v, const char *row_sid)
{
    return arena_printf(a, "%s%s", row_sid, view_kinds[v].suffix);
}

const char *view_sid(struct arena *a, enum view v, const char *row_sid)
{
    char *sid = arena_printf(a, "%s%s", view_kinds[v].prefix, row_sid + 2);

    sid[2] = digits[digit_of(sid[2]) | view_kinds[v].digit];
    return sid;
}

const char *view_revision(struct arena *a, int64_t event_id)
{
    return arena_printf(a, "%llx", (unsigned long long)event_id);
}

void view_objects_json(struct json_out *o, struct arena *a, const char *conversation_sid)
{
    json_key(o, "sync_objects");
    json_open(o, '{');
    json_pair_str(o, "conversation", view_name(a, VIEW_CHANNEL, conversation_sid));
    json_pair_str(o, "messages", view_name(a, VIEW_MESSAGES, conversation_sid));
    json_pair_str(o, "participants", view_name(a, VIEW_ROSTER, conversation_sid));
    json_close(o, '}');
}

/* Which view has this name or sid, and of which row?  NULL: none. */
static const char *row_of(struct arena *a, const char *name, enum view *out)
{
    const char *dot = strchr(name, '.');

    for (enum view v = 0; v < VIEW_COUNT; v++) {
        const struct view_kind *k = &view_kinds[v];
        char *sid;
        if (dot)
            sid = strcmp(dot, k->suffix) ? NULL : arena_strndup(a, name, (size_t)(dot - name));
        else if (sid_valid(name, k->prefix) && (digit_of(name[2]) & 12) == k->digit) {
            sid = arena_printf(a, "%s%s", k->of, name + 2);
            sid[2] = digits[digit_of(name[2]) & 3];
        } else
            sid = NULL;
        if (sid && sid_valid(sid, k->of)) {
            *out = v;
            return sid;
        }
    }
    return NULL;
}

static fault_t hidden(struct chat_view *v, const char *what)
{
    return fault(v->arena, F_FORBIDDEN, "%.64s is not for this user to see", what);
}

static fault_t may_look(struct chat_view *v, const struct sync_ask *ask, enum view view, const void *row)
{
    const struct chat_user *u = row;
    const struct conversation *c = row;

    if (!ask->viewer.identity || view == VIEW_INFO)
        return NULL;
    if (view == VIEW_MINE)
        return str_eq(u->identity, ask->viewer.identity) ? NULL : hidden(v, u->sid);
    const struct chat_service *s = chat_find(v, &chat_service_kind, c->chat_service_sid);
    return s ? chat_may_see(v, s, ask->viewer.identity, c) : hidden(v, c->sid);
}

static void fill_conversation(struct arena *a, enum view view, const struct conversation *c, struct sync_object *out)
{
    out->account_sid = c->account_sid;
    out->service_sid = c->chat_service_sid;
    out->last_event_id = view == VIEW_CHANNEL  ? c->event_id
                         : view == VIEW_ROSTER ? c->roster_event_id
                                               : c->messages_event_id;
    out->data = view == VIEW_CHANNEL ? channel_data(a, c) : "{}";
    out->date_created = c->date_created;
    out->date_updated = c->date_updated;
    out->created_by = c->created_by;
}

static void fill_user(enum view view, const struct chat_user *u, struct sync_object *out)
{
    out->account_sid = u->account_sid;
    out->service_sid = u->chat_service_sid;
    out->last_event_id = view == VIEW_INFO ? u->event_id : u->mine_event_id;
    out->date_created = u->date_created;
    out->date_updated = u->date_updated;
    out->created_by = u->identity;
}

static fault_t view_find(void *arg, struct sync_ask *ask, const char *name, bool *found, struct sync_object *out)
{
    struct chat_view v = { .db = ask->db, .tx = ask->tx, .arena = ask->arena };
    enum view view = VIEW_COUNT;
    const char *sid = row_of(ask->arena, name, &view);
    struct sync_object o = { .date_expires = NO_VALUE };

    if (!sid)
        return NULL;
    bool of_user = view == VIEW_INFO || view == VIEW_MINE;
    const void *row = chat_find(&v, of_user ? &chat_user_kind : &conversation_kind, sid);
    if (!row)
        return NULL;
    if (of_user)
        fill_user(view, row, &o);
    else
        fill_conversation(ask->arena, view, row, &o);
    if (!str_eq(o.service_sid, ask->viewer.service_sid) || !str_eq(o.account_sid, ask->viewer.account_sid))
        return NULL;
    struct view_object *of = arena_alloc(ask->arena, sizeof(*of));
    *of = (struct view_object){ view, row };
    o.type = view_kinds[view].type;
    o.sid = view_sid(ask->arena, view, sid);
    o.unique_name = view_name(ask->arena, view, sid);
    o.revision = view_revision(ask->arena, o.last_event_id);
    o.of = of;
    o.source = arg;
    *found = true;
    *out = o;
    return may_look(&v, ask, view, row);
}

void views_add(struct ledger *l, struct sync *s, struct arena *a)
{
    struct sync_source *source = arena_alloc(a, sizeof(*source));

    *source = (struct sync_source){
        .name = "conversations", .find = view_find, .items = view_items, .replay = view_replay, .arg = source
    };
    sync_source_add(s, source);
    views_listen(l, s, a);
}
