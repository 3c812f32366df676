/* A message: added, changed, removed; and what became of it on its way to those who are reached by a channel. */
#include "chat/internal.h"

#include "chat/hooks.h"
#include <string.h>

enum { SUBJECT_MAX = 256 };

static const char *facts_of(struct tx *tx, const struct message *m)
{
    return arena_printf(tx->arena, "{\"conversation_sid\":\"%s\",\"message_sid\":\"%s\",\"index\":%lld}",
                        m->conversation_sid, m->sid, (long long)m->message_index);
}

/* --- rules --------------------------------------------------------------------------------------- */

static void tidy(struct tx *tx, struct message *m)
{
    const char **members[] = { &m->author, &m->body, &m->subject, &m->media, &m->content_sid, &m->content_variables };

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (*members[i] && !**members[i])
            row_set(tx, m, members[i], NULL);
    if (!m->attributes || !*m->attributes)
        row_set(tx, m, &m->attributes, "{}");
}

static fault_t check(struct tx *tx, const struct conversation *in, const struct message *m)
{
    if (!m->body && !m->media && !m->content_sid)
        return fault(tx->arena, F_CHAT_MESSAGE_EMPTY, "A message needs Body, MediaSid or ContentSid");
    if (m->body && in->bindings_count && utf8_length(m->body) > CHAT_BODY_CHANNEL_MAX)
        return fault(tx->arena, F_CHAT_BODY_LENGTH,
                     "Body is longer than the %d characters that a messaging channel takes", CHAT_BODY_CHANNEL_MAX);
    if (m->body && strlen(m->body) > CHAT_BODY_MAX)
        return fault(tx->arena, F_CHAT_BODY_LENGTH, "Body is longer than %d bytes", CHAT_BODY_MAX);
    if (m->subject && utf8_length(m->subject) > SUBJECT_MAX)
        return fault(tx->arena, F_CHAT_SUBJECT_LENGTH, "Subject is longer than %d characters", SUBJECT_MAX);
    if (m->author && (utf8_length(m->author) > CHAT_NAME_MAX || has_control(m->author)))
        return fault(tx->arena, F_CHAT_IDENTITY_LENGTH, "Author must have 1 to %d characters, none of them a control",
                     CHAT_NAME_MAX);
    return check_attributes(tx, m->attributes);
}

/* --- adding ----------------------------------------------------------------------------------------------- */

/* The participant whose identity or address the author is, if there is one. */
static const struct participant *writer_of(struct tx *tx, const struct conversation *in, const struct message *m)
{
    struct chat_view v = view_in(tx);

    if (m->participant_sid)
        return row_find(tx, &participant_kind, m->participant_sid);
    if (!in->participants_count || !m->author)
        return NULL;
    const char *sid = key_look(&v, key_of_identity(tx->arena, in->sid, m->author));
    if (!sid && in->bindings_count)
        sid = key_look(&v, key_of_address(tx->arena, in->sid, m->author));
    return row_find(tx, &participant_kind, sid);
}

static void sign(struct tx *tx, const struct chat_actor *by, struct conversation *in, struct message *row)
{
    if (by->by == BY_SDK)
        row_set(tx, row, &row->author, by->identity);
    const struct participant *p = writer_of(tx, in, row);
    if (p)
        row_set(tx, row, &row->participant_sid, p->sid);
    if (p && !row->author)
        row_set(tx, row, &row->author, p->identity ? p->identity : p->address);
    if (!row->author)
        row_set(tx, row, &row->author, "system");
    row->delivery_total = in->bindings_count - (p && !p->identity);
}

fault_t message_add(struct chat *c, struct tx *tx, const struct chat_actor *by, struct conversation *in,
                    struct message *row)
{
    fault_t f = conversation_open(tx, in);

    tidy(tx, row);
    f = f ? f : check(tx, in, row);
    if (f)
        return f;
    row_set(tx, row, &row->account_sid, in->account_sid);
    row_set(tx, row, &row->chat_service_sid, in->chat_service_sid);
    row_set(tx, row, &row->conversation_sid, in->sid);
    sign(tx, by, in, row);
    conversation_woken(c, tx, by, in);
    row->message_index = in->next_index++;
    row->event_id = row->added_id = ++in->messages_event_id;
    in->messages_count++;
    in->last_message_index = row->message_index;
    in->last_message_at = row->date_created;
    in->event_id++; /* its document tells of the last message */
    struct chat_change change = { .actor = by, .conversation = in, .message = row };
    f = hook_ask(tx, by, HOOK_MESSAGE_ADD, &change, row);
    f = f ? f : check(tx, in, row);
    if (f)
        return f;
    tell(tx, EV_CONVERSATION_MESSAGE_ADDED, &change, facts_of(tx, row));
    return NULL;
}

/* --- changing and removing ----------------------------------------------------------------------- */

fault_t message_changed(struct chat *c, struct tx *tx, const struct chat_actor *by, struct message *row)
{
    const struct message *was = row_was(tx, row);
    struct conversation *in = row_find(tx, &conversation_kind, row->conversation_sid);
    fault_t f;

    (void)c;
    if (!was || was == row || !has_changed(tx, row))
        return NULL;
    tidy(tx, row);
    if (!row->author)
        row_set(tx, row, &row->author, was->author);
    f = conversation_open(tx, in);
    f = f ? f : check(tx, in, row);
    if (f)
        return f;
    row_set(tx, row, &row->last_updated_by, by->identity ? by->identity : "system");
    if (!by->dated)
        row->date_updated = tx->now;
    row_edit(tx, in);
    row->event_id = ++in->messages_event_id;
    struct chat_change change = { .actor = by, .conversation = in, .message = row, .was = was };
    f = hook_ask(tx, by, HOOK_MESSAGE_UPDATE, &change, row);
    f = f ? f : check(tx, in, row);
    if (f)
        return f;
    tell(tx, EV_CONVERSATION_MESSAGE_UPDATED, &change, facts_of(tx, row));
    return NULL;
}

/* Its index is never given again: the row stays, without what was said. */
fault_t message_remove(struct chat *c, struct tx *tx, const struct chat_actor *by, struct message *row)
{
    struct conversation *in = row_find(tx, &conversation_kind, row->conversation_sid);
    fault_t f = conversation_open(tx, in);
    struct message was = *row;

    (void)c;
    f = f ? f
          : hook_ask(tx, by, HOOK_MESSAGE_REMOVE,
                     &(struct chat_change){ .actor = by, .conversation = in, .message = row }, row);
    if (f)
        return f;
    row_edit(tx, row);
    row_edit(tx, in);
    in->messages_count--;
    row->removed = true;
    row->date_updated = tx->now;
    row->event_id = ++in->messages_event_id;
    tombstone_set(tx, row->sid);
    tell(tx, EV_CONVERSATION_MESSAGE_REMOVED,
         &(struct chat_change){
             .actor = by, .conversation = in, .message = row, .was = arena_copy(tx->arena, &was, sizeof was) },
         facts_of(tx, row));
    row_set(tx, row, &row->body, NULL);
    row_set(tx, row, &row->subject, NULL);
    row_set(tx, row, &row->attributes, "{}");
    row_set(tx, row, &row->media, NULL);
    row_set(tx, row, &row->content_variables, NULL);
    return NULL;
}

/* --- receipts --------------------------------------------------------------------------------------------- */
/* Who has read has also got it, and it had been sent: so a status counts for several figures. */

/* clang-format off */
static const struct { int rank; bool sent, delivered, read, failed, undelivered; } counts[] = {
    [RECEIPT_NONE]        = { 0 },
    [RECEIPT_SENT]        = { 1, .sent = true },
    [RECEIPT_UNDELIVERED] = { 2, .sent = true, .undelivered = true },
    [RECEIPT_FAILED]      = { 2, .failed = true },
    [RECEIPT_DELIVERED]   = { 3, .sent = true, .delivered = true },
    [RECEIPT_READ]        = { 4, .sent = true, .delivered = true, .read = true },
};
/* clang-format on */

static void count(struct message *m, enum receipt_status status, int by)
{
    m->delivery_sent += by * counts[status].sent;
    m->delivery_delivered += by * counts[status].delivered;
    m->delivery_read += by * counts[status].read;
    m->delivery_failed += by * counts[status].failed;
    m->delivery_undelivered += by * counts[status].undelivered;
}

const char *delivery_share(const struct message *m, int64_t n)
{
    return n <= 0 ? "none" : n >= m->delivery_total ? "all" : "some";
}

static struct receipt *receipt_of(struct tx *tx, const struct message *m, const struct participant *p)
{
    const char *key = key_of_receipt(tx->arena, m->sid, p->sid);
    struct chat_view v = view_in(tx);
    struct receipt *r = row_find(tx, &receipt_kind, key_look(&v, key));

    if (r)
        return r;
    r = row_new(tx, &receipt_kind, NULL);
    row_set(tx, r, &r->account_sid, m->account_sid);
    row_set(tx, r, &r->chat_service_sid, m->chat_service_sid);
    row_set(tx, r, &r->conversation_sid, m->conversation_sid);
    row_set(tx, r, &r->message_sid, m->sid);
    row_set(tx, r, &r->participant_sid, p->sid);
    r->error_code = NO_VALUE;
    key_set(tx, key, r->sid);
    return r;
}

fault_t receipt_set(struct chat *c, struct tx *tx, const struct message *m, const struct participant *p,
                    const char *channel_message_sid, enum receipt_status status, int64_t error_code)
{
    struct message *row = row_find(tx, &message_kind, m->sid);
    struct conversation *in = row ? row_find(tx, &conversation_kind, row->conversation_sid) : NULL;

    (void)c;
    if (!in || row->removed)
        return NULL; /* it has been deleted meanwhile: nobody asks any more */
    struct receipt *r = receipt_of(tx, row, p);
    if (counts[status].rank <= counts[r->status].rank && r->status != RECEIPT_NONE)
        return NULL;
    row_edit(tx, r);
    row_edit(tx, row);
    row_edit(tx, in);
    if (channel_message_sid)
        row_set(tx, r, &r->channel_message_sid, channel_message_sid);
    count(row, (enum receipt_status)r->status, -1);
    r->status = status;
    r->error_code = status == RECEIPT_FAILED || status == RECEIPT_UNDELIVERED ? error_code : NO_VALUE;
    r->date_updated = tx->now;
    count(row, status, 1);
    row->event_id = ++in->messages_event_id;
    tell(tx, EV_CONVERSATION_DELIVERY_UPDATED,
         &(struct chat_change){
             .actor = &by_server, .conversation = in, .participant = p, .message = row, .receipt = r },
         arena_printf(tx->arena, "{\"conversation_sid\":\"%s\",\"message_sid\":\"%s\",\"status\":\"%s\"}", in->sid,
                      row->sid, receipt_status_names[status]));
    return NULL;
}
