/* Interactions, their channels, and what is below a channel: invitations, participants, transfers. */
#include "product/flex/internal.h"

#include <string.h>

#define INTERACTION "/v1/Interactions/{interaction_sid}"
#define CHANNEL     INTERACTION "/Channels/{channel_sid}"

struct interactions *interactions_of(const struct op *op)
{
    return op_site(op)->interactions;
}

/* --- interactions ------------------------------------------------------------------------------------------------- */

static fault_t begin(struct op *op, void *row)
{
    struct interaction *i = row;
    struct interaction_wish wish;
    fault_t f = interaction_wish_read(op->tx, i->channel, &wish);

    if (f)
        return f;
    wish.routing = i->routing;
    return interaction_begin(interactions_of(op), op->tx, i, &wish);
}

static const struct link_row interaction_links[] = { { "channels", "/v1/Interactions/{sid}/Channels" } };

const struct resource interaction_resource = {
    .product = "flex-api",
    .name = "Interaction",
    .path = "/v1/Interactions",
    .verbs = FETCH | CREATE | UPDATE,
    .kind = &interaction_kind,
    .create_status = 200,
    .links = ROWS(interaction_links),
    .create = begin,
};

/* --- channels ----------------------------------------------------------------------------------------------------- */

struct channel_update {
    unsigned status;
    const char *routing;
};
static const char *const closings[] = { "closed", "inactive", NULL };
static const struct field channel_update_fields[] = {
    FIELD(channel_update, status, ENUM, .flags = REQUIRED, .names = closings),
    FIELD(channel_update, routing, JSON, .max = 16384),
};

/* What becomes of the tasks, where the caller says it. */
static fault_t read_end(struct op *op, const char *routing, bool *wrapup)
{
    json_t *o = routing ? json_parse_object(op->arena, routing, strlen(routing), NULL) : NULL;
    const char *status = o ? json_get_string(o, "status") : NULL;

    *wrapup = !status || str_ieq(status, "wrapup");
    if (!status || *wrapup || str_ieq(status, "closed"))
        return NULL;
    return refuse(op, F_INVALID_PARAMETER, "Routing.status '%.64s' is not one of: closed, wrapup", status);
}

static fault_t change_channel(struct op *op, void *row, const void *was)
{
    const struct channel_update *p = op->params;
    bool wrapup;
    fault_t f;

    (void)was;
    if (p->status == 1)
        return interaction_park(interactions_of(op), op->tx, row, p->routing);
    f = read_end(op, p->routing, &wrapup);
    return f ? f : interaction_close(interactions_of(op), op->tx, row, wrapup);
}

static const struct link_row channel_links[] = {
    { "participants", INTERACTION "/Channels/{sid}/Participants" },
    { "invites", INTERACTION "/Channels/{sid}/Invites" },
    { "transfers", INTERACTION "/Channels/{sid}/Transfers" },
};

const struct resource interaction_channel_resource = {
    .product = "flex-api",
    .name = "InteractionChannel",
    .path = INTERACTION "/Channels",
    .many = "channels",
    .verbs = LIST | FETCH | UPDATE,
    .kind = &interaction_channel_kind,
    .update_params = PARAMS(channel_update, channel_update_fields),
    .links = ROWS(channel_links),
    .update = change_channel,
};

/* A channel of another interaction does not exist below this one. */
static fault_t check_channel(struct op *op)
{
    const struct interaction_channel *c = op_find(op, &interaction_channel_kind, op_path(op, "channel_sid"));

    if (c && str_eq(c->interaction_sid, op_path(op, "interaction_sid")))
        return NULL;
    return refuse(op, F_NOT_FOUND, "The requested resource /Interactions/%s/Channels/%s was not found",
                  op_path(op, "interaction_sid"), op_path(op, "channel_sid"));
}

/* --- invitations ------------------------------------------------------------------------------------------ */

static fault_t invite(struct op *op, void *row)
{
    fault_t f = check_channel(op);

    return f ? f : interaction_invite(interactions_of(op), op->tx, row);
}

const struct resource interaction_invite_resource = {
    .product = "flex-api",
    .name = "InteractionChannelInvite",
    .path = CHANNEL "/Invites",
    .many = "invites",
    .verbs = LIST | CREATE,
    .kind = &interaction_invite_kind,
    .create_status = 200,
    .create = invite,
};

/* --- participants ----------------------------------------------------------------------------------------- */

struct participant_update {
    unsigned status;
};
static const char *const leavings[] = { "closed", "wrapup", NULL };
static const struct field participant_update_fields[] = {
    FIELD(participant_update, status, ENUM, .flags = REQUIRED, .names = leavings),
};

static fault_t join(struct op *op, void *row)
{
    fault_t f = check_channel(op);

    return f ? f : interaction_join(interactions_of(op), op->tx, row);
}

static fault_t leave(struct op *op, void *row, const void *was)
{
    const struct participant_update *p = op->params;

    (void)was;
    return interaction_leave(interactions_of(op), op->tx, row, p->status == 1);
}

const struct resource interaction_participant_resource = {
    .product = "flex-api",
    .name = "InteractionChannelParticipant",
    .path = CHANNEL "/Participants",
    .many = "participants",
    .verbs = LIST | CREATE | UPDATE,
    .kind = &interaction_participant_kind,
    .create_status = 200,
    .update_params = PARAMS(participant_update, participant_update_fields),
    .create = join,
    .update = leave,
};

/* --- transfers: their bodies are JSON, and the contract names no parameters ------------------------------- */

static const char *word(const struct op *op, const char *name, const char *other)
{
    const char *s = op_param(op, name);

    s = s ? s : op_param(op, other);
    return s && *s ? s : NULL;
}

static fault_t read_type(struct op *op, enum handover_type *out)
{
    static const char *const types[] = {
        [HANDOVER_WARM] = "warm", [HANDOVER_COLD] = "cold", [HANDOVER_EXTERNAL] = "external"
    };
    const char *type = word(op, "type", "Type");

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_ieq(types[i], type ? type : "warm")) {
            *out = (enum handover_type)i;
            return NULL;
        }
    return refuse(op, F_INVALID_PARAMETER, "type '%.64s' is not one of: warm, cold", type);
}

static fault_t check_sid(struct op *op, const char *name, const char *sid, const char *prefix)
{
    if (!sid || sid_valid(sid, prefix))
        return NULL;
    return refuse(op, F_INVALID_PARAMETER, "Value '%.64s' provided for %s has an invalid format", sid, name);
}

/* The engine makes the row, with its own; rest's is not needed. */
static fault_t transfer(struct op *op, void *row)
{
    struct interaction_handover h = { .from = word(op, "from", "From"),
                                      .to = word(op, "to", "To"),
                                      .note_sid = word(op, "note_sid", "NoteSid"),
                                      .summary_sid = word(op, "summary_sid", "SummarySid") };
    struct interaction_transfer *made = NULL;
    fault_t f = check_channel(op);

    f = f ? f : read_type(op, &h.type);
    f = f ? f : check_sid(op, "from", h.from, "UT");
    f = f ? f : check_sid(op, "note_sid", h.note_sid, "KQ");
    f = f ? f : check_sid(op, "summary_sid", h.summary_sid, "KQ");
    if (f)
        return f;
    row_delete(op->tx, row);
    f = interaction_handover(interactions_of(op), op->tx,
                             row_find(op->tx, &interaction_channel_kind, op_path(op, "channel_sid")), &h, &made);
    op->row = made;
    return f;
}

static fault_t change_transfer(struct op *op, void *row, const void *was)
{
    struct interaction_transfer *t = row;
    const char *status = word(op, "status", "Status"), *note = word(op, "note_sid", "NoteSid"),
               *summary = word(op, "summary_sid", "SummarySid");
    bool failed = status && (str_ieq(status, "failed") || str_ieq(status, "canceled"));
    fault_t f = check_sid(op, "note_sid", note, "KQ");

    (void)was;
    f = f ? f : check_sid(op, "summary_sid", summary, "KQ");
    if (!f && status && !failed && !str_ieq(status, "completed"))
        f = refuse(op, F_INVALID_PARAMETER, "status '%.64s' is not one of: completed, failed", status);
    if (f)
        return f;
    if (note)
        row_set(op->tx, t, &t->note_sid, note);
    if (summary)
        row_set(op->tx, t, &t->summary_sid, summary);
    return status
               ? interaction_handover_end(interactions_of(op), op->tx, t, failed ? HANDOVER_FAILED : HANDOVER_COMPLETED)
               : NULL;
}

const struct resource interaction_transfer_resource = {
    .product = "flex-api",
    .name = "InteractionTransfer",
    .path = CHANNEL "/Transfers",
    .verbs = FETCH | CREATE | UPDATE,
    .kind = &interaction_transfer_kind,
    .create = transfer,
    .update = change_transfer,
};
