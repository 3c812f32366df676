/* News: what an event of the account's log means to those who watch.  A row says which views an event may touch;
 * whether one was touched is told by its number, which then is another than before this command. */
#include "chat/view_internal.h"

#include <string.h>

struct tell {
    struct sync *sync;
    struct tx *tx;
    const struct chat_change *change;
    enum sync_change what;
    const char *identity;
};

static void tell(struct tell *t, enum view view, const char *row_sid, const char *account_sid, const char *service_sid,
                 enum sync_change what, struct sync_item item)
{
    static const enum sync_type types[VIEW_COUNT] = {
        [VIEW_CHANNEL] = SYNC_DOCUMENT, [VIEW_MESSAGES] = SYNC_LIST, [VIEW_ROSTER] = SYNC_MAP,
        [VIEW_INFO] = SYNC_MAP,         [VIEW_MINE] = SYNC_MAP,
    };

    sync_tell(t->sync, t->tx,
              &(struct sync_event){ .type = types[view],
                                    .change = what,
                                    .account_sid = account_sid,
                                    .service_sid = service_sid,
                                    .object_sid = view_sid(t->tx->arena, view, row_sid),
                                    .unique_name = view_name(t->tx->arena, view, row_sid),
                                    .id = item.event_id,
                                    .revision = view_revision(t->tx->arena, item.event_id),
                                    .item = item,
                                    .identity = t->identity });
}

/* Has this number of the row changed in this command? */
static bool moved(struct tell *t, const void *row, size_t member)
{
    const char *was = row_was(t->tx, row);

    return !was || (was != row && *(const int64_t *)(was + member) != *(const int64_t *)((const char *)row + member));
}

static void tell_channel(struct tell *t)
{
    const struct conversation *c = t->change->conversation;

    if (t->what == SYNC_ADDED || !moved(t, c, offsetof(struct conversation, event_id)))
        return;
    tell(t, VIEW_CHANNEL, c->sid, c->account_sid, c->chat_service_sid, SYNC_UPDATED,
         (struct sync_item){ .index = NO_VALUE,
                             .event_id = c->event_id,
                             .data = channel_data(t->tx->arena, c),
                             .date_created = c->date_created,
                             .date_updated = c->date_updated,
                             .date_expires = NO_VALUE });
}

static void tell_message(struct tell *t)
{
    const struct message *m = t->change->message;

    tell(t, VIEW_MESSAGES, m->conversation_sid, m->account_sid, m->chat_service_sid, t->what,
         message_item(t->tx->arena, m));
}

/* Who has left may go on looking only if something else lets it. */
static void doubt(struct tell *t, const struct participant *p)
{
    for (enum view v = VIEW_CHANNEL; v <= VIEW_ROSTER; v++)
        sync_doubt(t->sync, t->tx,
                   &(struct sync_doubt){ .account_sid = p->account_sid,
                                         .service_sid = p->chat_service_sid,
                                         .identity = p->identity,
                                         .object_sid = view_sid(t->tx->arena, v, p->conversation_sid) });
}

static void tell_roster(struct tell *t)
{
    const struct participant *p = t->change->participant;

    if (t->what == SYNC_UPDATED && !moved(t, p, offsetof(struct participant, event_id)))
        return;
    tell(t, VIEW_ROSTER, p->conversation_sid, p->account_sid, p->chat_service_sid, t->what,
         roster_item(t->tx->arena, p));
    if (t->what == SYNC_REMOVED && p->identity)
        doubt(t, p);
}

static void tell_mine(struct tell *t)
{
    const struct participant *p = t->change->participant;

    if (!p->user_sid || (t->what == SYNC_UPDATED && !moved(t, p, offsetof(struct participant, mine_event_id))))
        return;
    tell(t, VIEW_MINE, p->user_sid, p->account_sid, p->chat_service_sid, t->what, mine_item(t->tx->arena, p));
}

static void tell_info(struct tell *t)
{
    const struct chat_user *u = t->change->user, *was = row_was(t->tx, u);

    for (size_t i = 0; i < INFO_ITEMS; i++) {
        const struct info_item *x = &info_items[i];
        if (!was || was == u || strcmp(x->data(t->tx->arena, u), x->data(t->tx->arena, was)) != 0)
            tell(t, VIEW_INFO, u->sid, u->account_sid, u->chat_service_sid, t->what, info_item(t->tx->arena, u, x));
    }
}

/* Somebody's role has changed, or they are gone and nobody in particular any more. */
static void doubt_user(struct tell *t)
{
    const struct chat_user *u = t->change->user, *was = row_was(t->tx, u);

    if (t->what == SYNC_REMOVED || (was && !str_eq(u->role_sid, was->role_sid)))
        sync_doubt(t->sync, t->tx,
                   &(struct sync_doubt){
                       .account_sid = u->account_sid, .service_sid = u->chat_service_sid, .identity = u->identity });
}

static void tell_end(struct tell *t, enum view view, const char *row_sid, const char *account_sid,
                     const char *service_sid, int64_t last)
{
    tell(t, view, row_sid, account_sid, service_sid, SYNC_GONE,
         (struct sync_item){ .index = NO_VALUE, .event_id = last + 1, .date_expires = NO_VALUE });
}

/* All three are gone, whoever watches them, and nobody's map has it any more.  Its participants have left without an
 * event of their own. */
static void tell_gone(struct tell *t)
{
    const struct conversation *c = t->change->conversation;
    struct chat_view before = { .db = t->tx->db, .arena = t->tx->arena }; /* this command, when they were still there */
    struct participant **all;
    size_t n = participants_of(&before, c->sid, &all);

    for (size_t i = 0; i < n; i++) {
        const struct participant *p = row_find(t->tx, &participant_kind, all[i]->sid);
        if (p && p->removed && p->user_sid)
            tell(t, VIEW_MINE, p->user_sid, p->account_sid, p->chat_service_sid, SYNC_REMOVED,
                 mine_item(t->tx->arena, p));
    }
    tell_end(t, VIEW_CHANNEL, c->sid, c->account_sid, c->chat_service_sid, c->event_id);
    tell_end(t, VIEW_MESSAGES, c->sid, c->account_sid, c->chat_service_sid, c->messages_event_id);
    tell_end(t, VIEW_ROSTER, c->sid, c->account_sid, c->chat_service_sid, c->roster_event_id);
}

static void tell_user_gone(struct tell *t)
{
    const struct chat_user *u = t->change->user;

    tell_end(t, VIEW_INFO, u->sid, u->account_sid, u->chat_service_sid, u->event_id);
    tell_end(t, VIEW_MINE, u->sid, u->account_sid, u->chat_service_sid, u->mine_event_id);
}

/* clang-format off */
static const struct news {
    enum event_type  event;
    enum sync_change what;
    void           (*tell[3])(struct tell *t);
} news[] = {
    { EV_CONVERSATION_UPDATED,             SYNC_UPDATED, { tell_channel } },
    { EV_CONVERSATION_STATE_UPDATED,       SYNC_UPDATED, { tell_channel } },
    { EV_CONVERSATION_REMOVED,             SYNC_REMOVED, { tell_gone } },
    { EV_CONVERSATION_PARTICIPANT_ADDED,   SYNC_ADDED,   { tell_roster, tell_mine } },
    { EV_CONVERSATION_PARTICIPANT_UPDATED, SYNC_UPDATED, { tell_roster, tell_mine } },
    { EV_CONVERSATION_PARTICIPANT_REMOVED, SYNC_REMOVED, { tell_roster, tell_mine } },
    { EV_CONVERSATION_MESSAGE_ADDED,       SYNC_ADDED,   { tell_message } },
    { EV_CONVERSATION_MESSAGE_UPDATED,     SYNC_UPDATED, { tell_message } },
    { EV_CONVERSATION_MESSAGE_REMOVED,     SYNC_REMOVED, { tell_message } },
    { EV_CONVERSATION_DELIVERY_UPDATED,    SYNC_UPDATED, { tell_message } },
    { EV_CONVERSATION_USER_ADDED,          SYNC_ADDED,   { tell_info } },
    { EV_CONVERSATION_USER_UPDATED,        SYNC_UPDATED, { tell_info, doubt_user } },
    { EV_CONVERSATION_USER_REMOVED,        SYNC_REMOVED, { tell_user_gone, doubt_user } },
};
/* clang-format on */

static void hear(void *arg, struct tx *tx, const struct event *e)
{
    struct tell t = { .sync = arg, .tx = tx, .change = e->subject };

    if (!t.change)
        return;
    t.identity = t.change->actor ? t.change->actor->identity : NULL;
    for (size_t i = 0; i < sizeof(news) / sizeof(*news); i++) {
        if (news[i].event != e->type)
            continue;
        t.what = news[i].what;
        for (size_t k = 0; k < sizeof(news[i].tell) / sizeof(*news[i].tell) && news[i].tell[k]; k++)
            news[i].tell[k](&t);
        /* A first or a last message, a participant: what the document says may have changed with them. */
        if (t.what != SYNC_REMOVED && t.change->conversation && news[i].tell[0] != tell_channel) {
            t.what = SYNC_UPDATED;
            tell_channel(&t);
        }
    }
}

void views_listen(struct ledger *l, struct sync *s, struct arena *a)
{
    (void)a;
    ledger_listen(l, &(struct listener){ .prefix = "conversation.", .hear = hear, .arg = s });
}
