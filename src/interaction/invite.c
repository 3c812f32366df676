/* An invitation becomes a task; and what ends it. */
#include "interaction/internal.h"

/* --- whom is wanted ----------------------------------------------------------------------------------------------- */

static const char *text_or_null(const json_t *o, const char *key)
{
    const char *s = json_get_string(o, key);

    return s && *s ? s : NULL;
}

static int64_t number_or_none(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    int64_t n = NO_VALUE;

    if (json_is_integer(v))
        return json_integer_value(v);
    (void)(json_is_string(v) && str_to_int(json_string_value(v), &n));
    return n;
}

/* The TaskRouter channels of Flex; a workspace that lacks one takes everything by `default`. */
static const char *task_channel(struct interactions *x, struct tx *tx, const struct interaction_channel *c,
                                const json_t *p, const char *workspace_sid)
{
    static const char *const usual[] = {
        [CHANNEL_VOICE] = "voice",   [CHANNEL_SMS] = "sms",   [CHANNEL_EMAIL] = "email",    [CHANNEL_WEB] = "chat",
        [CHANNEL_WHATSAPP] = "chat", [CHANNEL_CHAT] = "chat", [CHANNEL_MESSENGER] = "chat", [CHANNEL_GBM] = "chat",
    };
    const char *asked = text_or_null(p, "task_channel_sid");

    asked = asked ? asked : text_or_null(p, "task_channel_unique_name");
    if (asked)
        return asked;
    return routing_channel(x->routing, tx, workspace_sid, usual[c->type]) ? usual[c->type] : "default";
}

/* Where the task goes: what is asked for first, then what the account has configured. */
static fault_t aim(struct tx *tx, const char *account_sid, const json_t *p, struct task *t)
{
    const struct flex_configuration *flex = flex_configuration_of(tx, account_sid);
    const char *workspace = text_or_null(p, "workspace_sid"), *workflow = text_or_null(p, "workflow_sid"),
               *queue = text_or_null(p, "queue_sid"), *worker = text_or_null(p, "worker_sid");
    bool own = !workspace || str_eq(workspace, flex->taskrouter_workspace_sid);
    const struct workspace *w;

    workspace = workspace ? workspace : flex->taskrouter_workspace_sid;
    w = row_find(tx, &workspace_kind, workspace);
    if (!w || !str_eq(w->account_sid, account_sid))
        return fault(tx->arena, F_INVALID_PARAMETER, "Workspace %s does not exist", workspace ? workspace : "");
    if (!workflow && !queue && !worker && own)
        workflow = flex->taskrouter_target_workflow_sid;
    row_set(tx, t, &t->account_sid, account_sid);
    row_set(tx, t, &t->workspace_sid, workspace);
    row_set(tx, t, &t->workflow_sid, workflow);
    row_set(tx, t, &t->task_queue_sid, worker ? queue : NULL);
    row_set(tx, t, &t->routing_target, worker ? worker : queue);
    return NULL;
}

/* --- the task ----------------------------------------------------------------------------------------------------- */

static json_t *given_attributes(struct arena *a, const json_t *p)
{
    json_t *v = json_object_get(p, "attributes");

    if (json_is_string(v))
        return object_of(a, json_string_value(v));
    return json_is_object(v) ? object_of(a, json_text(a, v)) : object_of(a, NULL);
}

static void note_task(struct tx *tx, struct interaction_invite *row, const struct task *t)
{
    json_t *o = object_of(tx->arena, row->routing), *p = json_object_get(o, "properties");

    if (!json_is_object(p)) {
        p = json_object();
        json_object_set_new(o, "properties", p);
    }
    json_object_set_new(p, "sid", json_string(t->sid));
    row_set(tx, row, &row->routing, json_text(tx->arena, o));
    row_set(tx, row, &row->task_sid, t->sid);
}

static fault_t make_task(struct interactions *x, struct tx *tx, const struct interaction_channel *c,
                         struct interaction_invite *row, const struct interaction_guest *customer, struct task *t)
{
    const json_t *p = json_object_get(object_of(tx->arena, row->routing), "properties");
    const char *attributes;
    fault_t f = aim(tx, row->account_sid, p, t);

    if (f)
        return f;
    t->priority = number_or_none(p, "priority");
    t->timeout = number_or_none(p, "timeout");
    t->virtual_start_time = NO_VALUE;
    row_set(tx, t, &t->task_channel_sid, task_channel(x, tx, c, p, t->workspace_sid));
    attributes = attributes_of(x, tx, c, row, customer, given_attributes(tx->arena, p));
    if (utf8_length(attributes) > (size_t)field_named(&task_kind, "attributes")->max)
        return fault(tx->arena, F_INVALID_PARAMETER, "The attributes of the task are longer than %lld characters",
                     (long long)field_named(&task_kind, "attributes")->max);
    row_set(tx, t, &t->attributes, attributes);
    note_task(tx, row, t);
    relinked(x, tx, row);
    say_invite(tx, EV_INTERACTION_INVITE_CREATED, row);
    return task_created(x->routing, tx, t);
}

fault_t invite_send(struct interactions *x, struct tx *tx, struct interaction_invite *row,
                    const struct interaction_guest *customer)
{
    struct interaction_channel *c = row_find(tx, &interaction_channel_kind, row->channel_sid);
    struct task *t = row_new(tx, &task_kind, NULL);
    fault_t f = make_task(x, tx, c, row, customer, t);

    if (f) { /* there never was a task */
        row_set(tx, row, &row->task_sid, NULL);
        row->ended = true;
        relinked(x, tx, row);
        row_delete(tx, t);
    }
    return f;
}

struct task *task_of_invite(struct tx *tx, const struct interaction_invite *row)
{
    return row->task_sid ? row_find(tx, &task_kind, row->task_sid) : NULL;
}

/* --- invitations of the server's own ---------------------------------------------------------------------- */

static struct interaction_invite *new_invite(struct tx *tx, const struct interaction_channel *c, const char *routing)
{
    struct interaction_invite *row = row_new(tx, &interaction_invite_kind, NULL);

    row_set(tx, row, &row->account_sid, c->account_sid);
    row_set(tx, row, &row->interaction_sid, c->interaction_sid);
    row_set(tx, row, &row->channel_sid, c->sid);
    row_set(tx, row, &row->routing, routing ? routing : "{}");
    return row;
}

struct interaction_invite *invite_make(struct interactions *x, struct tx *tx, struct interaction_channel *c,
                                       const char *routing)
{
    struct interaction_invite *row = new_invite(tx, c, routing);

    relinked(x, tx, row);
    return row;
}

void invite_end(struct interactions *x, struct tx *tx, struct interaction_invite *row)
{
    if (row->ended)
        return;
    row_edit(tx, row);
    row->ended = true;
    relinked(x, tx, row);
    say_invite(tx, EV_INTERACTION_INVITE_ENDED, row);
}

/* --- invitations that somebody asks for ------------------------------------------------------------------- */

/* What the server sent for by itself, because the customer came back, gives way: an application does the same by its
 * own rules. */
static void take_back_automatic(struct interactions *x, struct tx *tx, struct room *room)
{
    struct interaction_invite *found = NULL;

    for (LIST_EACH(l, &room->invites)) {
        struct invite_live *i = CONTAINER_OF(l, struct invite_live, in_room);
        if (i->row.automatic)
            found = &i->row;
    }
    struct task *t = found ? task_of_invite(tx, found) : NULL;
    if (!t || (t->assignment_status != TASK_PENDING && t->assignment_status != TASK_RESERVED))
        return;
    fault_t f = task_move(x->routing, tx, t, TASK_CANCELED, "Another invitation took its place");
    (void)f; /* it can, in these states */
}

fault_t interaction_invite(struct interactions *x, struct tx *tx, struct interaction_invite *row)
{
    struct interaction_channel *c = row_find(tx, &interaction_channel_kind, row->channel_sid);
    const char *why;

    if (!c || !interaction_channel_kind.is_live(c))
        return fault(tx->arena, F_CONFLICT, "Channel %s is over: nobody can be invited", row->channel_sid);
    if (!routing_is_sound(tx->arena, row->routing, &why))
        return fault(tx->arena, F_INVALID_PARAMETER, "%s", why);
    relinked(x, tx, row);
    take_back_automatic(x, tx, room_of(x, c->sid));
    row_edit(tx, c);
    c->left = false;
    if (c->status == CHANNEL_INACTIVE) {
        struct conversation *v = conversation_of(tx, c);
        fault_t f = v ? conversation_turn(x->chat, tx, &flex_actor, v, CONVERSATION_ACTIVE, "API") : NULL;
        if (f)
            return f;
        channel_turn(x, tx, c, CHANNEL_ACTIVE);
    }
    return invite_send(x, tx, row, NULL);
}
