/* interaction: what brings a customer who writes and an agent together, as Flex does it.
 *
 *   interaction KD ── channel UO ── conversation CH           one of each
 *                       ├─ invitations KG ── task WT          somebody is wanted: the first agent, a second one, the next one
 *                       ├─ participants UT                    who is in it: the customer, agents, a supervisor
 *                       └─ transfers UX
 *
 * It decides nothing that routing/ or chat/ decide.  It asks routing for somebody by a task, whose attributes follow Flex's
 * conventions; it hears what becomes of the task and its reservations, and lets people into the conversation and out of it:
 *
 *   reservation accepted        the worker joins the conversation
 *   reservation wrapping        he stays, to read; after a cold transfer he goes
 *   reservation ended           he goes
 *   the last one has gone       the conversation is closed, and so is the channel
 *   nobody ever came            the channel has failed, and says why
 *   parked                      the conversation sleeps; the customer's next message asks for somebody again
 *
 * Everything is rows, so neither an agent's crash nor the server's loses anything.  Rows of what is open are resident; what is
 * derived from them (who is in which room, which task is which invitation) is made to agree with a row by one function a kind.
 *
 * Listeners hear routing in the middle of its work.  There they change conversations and rows of their own only; what has to
 * go back to routing waits for an alarm, which rings at once.
 *
 * Making an interaction is asynchronous in the contract's eyes: what cannot be done is told by the channel's status, not by
 * the answer.  Only what cannot be understood is refused. */
#pragma once
#include "chat/chat.h"
#include "routing/routing.h"

struct interaction { /* KD… */
    const char *sid, *account_sid;
    const char *channel, *routing;  /* JSON, as they were given, and the SIDs that they led to */
    const char *interaction_context_sid, *webhook_ttid;
    int64_t date_created, date_updated;
};

enum channel_type { CHANNEL_VOICE, CHANNEL_SMS, CHANNEL_EMAIL, CHANNEL_WEB, CHANNEL_WHATSAPP, CHANNEL_CHAT, CHANNEL_MESSENGER, CHANNEL_GBM };
enum channel_status { CHANNEL_SETUP, CHANNEL_ACTIVE, CHANNEL_FAILED, CHANNEL_CLOSED, CHANNEL_INACTIVE, CHANNEL_PAUSE, CHANNEL_TRANSFER };
enum initiated_by { FROM_CUSTOMER, FROM_AGENT, FROM_PROGRAM };
extern const char *const channel_type_names[], *const channel_status_names[], *const initiated_by_names[];

struct interaction_channel { /* UO… */
    const char *sid, *account_sid, *interaction_sid;
    unsigned    type, status, initiated_by;
    int64_t     error_code;         /* of a failed one; else NO_VALUE */
    const char *error_message;
    const char *media_channel_sid, *chat_service_sid; /* the conversation */
    const char *resume;             /* JSON: how to route when the customer writes to a parked one; NULL: as at first */
    const char *last_worker_sid;    /* who was the last to leave */
    bool        joined;             /* an agent has been in it */
    bool        left;               /* the last agent left the conversation open on purpose */
    bool        again;              /* another invitation is due: the alarm is set */
    int64_t     date_created, date_updated;
};

struct interaction_invite { /* KG… */
    const char *sid, *account_sid, *interaction_sid, *channel_sid;
    const char *routing;            /* JSON, with the task's SID */
    const char *task_sid;
    bool        automatic;          /* made by the server, because a customer came back */
    bool        fallback;           /* for one worker only: when that fails, ask as at first */
    bool        ended;
    int64_t     date_created, date_updated;
};

enum participant_type { PARTICIPANT_SUPERVISOR, PARTICIPANT_CUSTOMER, PARTICIPANT_EXTERNAL, PARTICIPANT_AGENT, PARTICIPANT_UNKNOWN };
enum participant_status { PARTICIPANT_ACTIVE, PARTICIPANT_WRAPUP, PARTICIPANT_CLOSED };
extern const char *const participant_type_names[];

struct interaction_participant { /* UT… */
    const char *sid, *account_sid, *interaction_sid, *channel_sid;
    unsigned    type, status;
    const char *routing_properties, *media_properties; /* JSON */
    const char *identity, *address; /* in the conversation */
    const char *chat_participant_sid; /* MB…; NULL: has left it */
    const char *worker_sid, *task_sid, *reservation_sid;
    int64_t     date_created, date_updated;
};

enum handover_type { HANDOVER_WARM, HANDOVER_COLD, HANDOVER_EXTERNAL };
enum handover_status { HANDOVER_ACTIVE, HANDOVER_FAILED, HANDOVER_COMPLETED };

struct interaction_transfer { /* UX… */
    const char *sid, *instance_sid, *account_sid, *interaction_sid, *channel_sid, *execution_sid;
    unsigned    type, status;
    const char *from, *to, *note_sid, *summary_sid;
    const char *task_transfer_sid;  /* TT…: routing's, to a worker or queue … */
    const char *invite_sid;         /* … or KG…: through a workflow */
    int64_t     date_created, date_updated;
};

extern const struct kind interaction_kind, interaction_channel_kind, interaction_invite_kind, interaction_participant_kind, interaction_transfer_kind;

struct interactions;
struct interactions *interactions_new(struct ledger *l, struct routing *e, struct chat *c, struct arena *a); /* before ledger_start() */
void interactions_free(struct interactions *x);

/* --- beginning ----------------------------------------------------------------------------------------------------------------- */

/* Somebody who is in the conversation already, or is to be: an identity, or an address and ours that it writes to. */
struct interaction_guest { const char *identity, *address, *proxy_address, *name, *participant_sid /* MB…, if known */; };
/* What an interaction is to be.  guests: those whom SQL cannot see, because this command has let them in. */
struct interaction_wish {
    enum channel_type type;
    enum initiated_by by;
    const char *media_channel_sid, *from, *from_name;
    const struct interaction_guest *guests;
    size_t nguests;
    const char *routing;            /* JSON {"properties": {…}}, or NULL: what the configuration says */
    bool        asleep;             /* nobody is wanted before the customer writes */
};
/* Reads a Channel parameter; NOT_VALID words where it cannot be understood. */
fault_t interaction_wish_read(struct tx *tx, const char *channel, struct interaction_wish *out);
/* row: new, with account, and its texts as they were given (or NULL).  What fails later than understanding fails the channel. */
fault_t interaction_begin(struct interactions *x, struct tx *tx, struct interaction *row, const struct interaction_wish *wish);
/* The open channel that a conversation belongs to; NULL: none.  And the conversation's, of a channel. */
struct interaction_channel *interaction_of_conversation(struct interactions *x, const char *conversation_sid);
/* Calls each for every worker who is in a channel or holds a reservation of one of its invitations; a worker may come twice. */
void interaction_each_worker(struct interactions *x, struct tx *tx, const char *channel_sid, void (*each)(void *arg, const char *worker_sid), void *arg);
/* The active part of a worker in it: UT…; NULL: none. */
const char *interaction_part_of_worker(struct interactions *x, const char *channel_sid, const char *worker_sid);
/* Of an open task. */
struct interaction_invite *interaction_invite_of_task(struct interactions *x, const char *task_sid);
/* The agent's part that came with this reservation, while it is open. */
struct interaction_participant *interaction_part_of_reservation(struct interactions *x, const char *reservation_sid);

/* --- doing (ledger's thread) ---------------------------------------------------------------------------------------------------- */

/* wrapup: the agents' reservations wrap, and they still see the conversation; else all is completed. */
fault_t interaction_close(struct interactions *x, struct tx *tx, struct interaction_channel *c, bool wrapup);
/* routing: {"status": "closed", "properties": {… of the next invitation}, "resume": "worker" | "workflow"}. */
fault_t interaction_park(struct interactions *x, struct tx *tx, struct interaction_channel *c, const char *routing);
fault_t interaction_invite(struct interactions *x, struct tx *tx, struct interaction_invite *row); /* new, bound */
fault_t interaction_join(struct interactions *x, struct tx *tx, struct interaction_participant *row); /* new, bound: not by a reservation */
/* Leaves; the conversation stays.  wrapup: his reservation wraps, else it is completed. */
fault_t interaction_leave(struct interactions *x, struct tx *tx, struct interaction_participant *p, bool wrapup);

struct interaction_handover { enum handover_type type; const char *from, *to, *note_sid, *summary_sid; };
fault_t interaction_handover(struct interactions *x, struct tx *tx, struct interaction_channel *c, const struct interaction_handover *h, struct interaction_transfer **out);
/* status: HANDOVER_FAILED takes it back; HANDOVER_COMPLETED ends the transferor's part of a warm one that was accepted. */
fault_t interaction_handover_end(struct interactions *x, struct tx *tx, struct interaction_transfer *t, enum handover_status status);

/* --- the configuration of an account's Flex (configuration.c) --------------------------------------------------------------------- */

struct flex_configuration {
    const char *flex_instance_sid, *account_sid, *status, *ui_version, *ui_language, *runtime_domain, *service_version;
    const char *attributes, *taskrouter_workspace_sid, *taskrouter_target_workflow_sid, *taskrouter_target_taskqueue_sid,
        *taskrouter_taskqueues, *taskrouter_skills, *taskrouter_worker_channels, *taskrouter_worker_attributes, *taskrouter_offline_activity_sid,
        *messaging_service_instance_sid, *chat_service_instance_sid, *flex_service_instance_sid;
    const char *ui_attributes, *ui_dependencies, *call_recording_webhook_url, *crm_type, *crm_callback_url, *crm_fallback_url, *crm_attributes,
        *public_attributes, *plugin_service_attributes, *integrations, *outbound_call_flows, *serverless_service_sids, *queue_stats_configuration,
        *notifications, *markdown, *flex_insights_hr, *flex_url, *channel_configs, *debugger_integration, *flex_ui_status_report, *agent_conv_end_methods,
        *citrix_voice_vdi, *offline_config;
    bool    call_recording_enabled, crm_enabled, plugin_service_enabled, flex_insights_drilldown;
    int64_t date_created, date_updated;
};
extern const struct kind flex_configuration_kind;
const char *flex_instance_of(struct arena *a, const char *account_sid); /* GO… */
/* As it was set, and where nothing was, what holds: the workspace that Flex made, its first workflow and queue, the account's chat service.
 * A copy in the arena. */
const struct flex_configuration *flex_configuration_in(struct chat_view *v, const char *account_sid);
const struct flex_configuration *flex_configuration_of(struct tx *tx, const char *account_sid);
