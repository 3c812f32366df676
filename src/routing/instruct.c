/* Instructions: what else may be asked of a reservation, beside accepting and rejecting it: calls.
 *
 * A row says of an instruction what it needs, in the order in which the contract's codes tell of it, and which
 * parameters it takes.  One that may be performed is told as an event ("instruction.dequeue"), whose subject it is;
 * whoever has telephones listens, begins the call, and says that he has taken it.  If nobody takes it, it is refused as
 * it is in an account that has no such call or number; with the refusal the event is undone, too. */
#include "routing/internal.h"
#include <string.h>

enum what { A_TEXT, A_SECRET, AN_ADDRESS, A_URL, A_FLAG, A_NUMBER, AN_ACTIVITY, A_SID, A_WORD, EVENTS };

struct param {
    struct instruction_param said;
    enum what what;
    enum fault_id bad;
    int64_t min, max;  /* of a number */
    const char *words; /* "GET|POST"; of a SID its prefix */
};

enum need_of { NOTHING, A_PARAM, OF_TASK, WHOM, A_SUPERVISOR, A_CONFERENCE };
struct need_row {
    enum need_of of;
    enum fault_id bad;
    const char *name, *other;
};

struct row {
    const char *name;
    bool moves; /* the reservation, to `to`; nothing else is needed */
    enum reservation_status to;
    enum reservation_status status; /* that the reservation must have, */
    enum fault_id otherwise;
    bool in_transfer; /* allowed while the task is handed on */
    struct need_row needs[4];
    const struct param *params;
    size_t nparams;
    enum event_type type;
    enum fault_id failed; /* when nobody takes it */
    const char *why;
};

/* clang-format off */
#define CALL_EVENTS "initiated|ringing|answered|completed"
#define CONFERENCE_EVENTS "start|end|join|leave|mute|hold|modify|speaker|announcement"

static const struct param reject_params[] = {
    { { "WorkerActivitySid", "activity_sid", NULL }, AN_ACTIVITY, F_REJECT_ACTIVITY, .words = "WA" },
};

static const struct param dequeue_params[] = {
    { { "DequeueTo", "to", NULL }, AN_ADDRESS, F_DEQUEUE_TO },
    { { "DequeueFrom", "from", NULL }, AN_ADDRESS, F_DEQUEUE_FROM },
    { { "DequeuePostWorkActivitySid", "post_work_activity_sid", NULL }, AN_ACTIVITY, F_DEQUEUE_ACTIVITY, .words = "WA" },
    { { "DequeueRecord", "record", NULL }, A_WORD, F_INVALID_PARAMETER, .words = "do-not-record|record-from-answer" },
    { { "DequeueTimeout", "timeout", NULL }, A_NUMBER, F_INVALID_PARAMETER, 1, 999 },
    { { "DequeueStatusCallbackUrl", "status_callback_url", NULL }, A_URL, F_DEQUEUE_CALLBACK },
    { { "DequeueStatusCallbackEvent", "status_callback_events", "DequeueStatusCallbackEvents" }, EVENTS, F_DEQUEUE_EVENTS, .words = CALL_EVENTS },
};

static const struct param call_params[] = {
    { { "CallFrom", "from", NULL }, AN_ADDRESS, F_CALL_FROM },
    { { "CallUrl", "url", NULL }, A_URL, F_CALL_URL },
    { { "CallTo", "to", NULL }, AN_ADDRESS, F_CALL_TO },
    { { "CallAccept", "accept", NULL }, A_FLAG },
    { { "CallRecord", "record", NULL }, A_TEXT },
    { { "CallTimeout", "timeout", NULL }, A_NUMBER, F_INVALID_PARAMETER, 1, 999 },
    { { "CallStatusCallbackUrl", "status_callback_url", NULL }, A_URL, F_CALL_CALLBACK },
};

static const struct param redirect_params[] = {
    { { "RedirectCallSid", "call_sid", NULL }, A_SID, F_REDIRECT_CALL, .words = "CA" },
    { { "RedirectUrl", "url", NULL }, A_URL, F_REDIRECT_URL },
    { { "RedirectAccept", "accept", NULL }, A_FLAG },
};

static const struct param conference_params[] = {
    { { "To", "to", NULL }, AN_ADDRESS, F_CONFERENCE_TO },
    { { "From", "from", NULL }, AN_ADDRESS, F_CONFERENCE_FROM },
    { { "PostWorkActivitySid", "post_work_activity_sid", NULL }, AN_ACTIVITY, F_CONFERENCE_ACTIVITY, .words = "WA" },
    { { "Timeout", "timeout", NULL }, A_NUMBER, F_INVALID_PARAMETER, 1, 600 },
    { { "StatusCallback", "status_callback", NULL }, A_URL, F_CONFERENCE_CALLBACK },
    { { "StatusCallbackMethod", "status_callback_method", NULL }, A_WORD, .words = "GET|POST" },
    { { "StatusCallbackEvent", "status_callback_event", NULL }, EVENTS, .words = CALL_EVENTS },
    { { "Record", "record", NULL }, A_FLAG },
    { { "Muted", "muted", NULL }, A_FLAG },
    { { "Beep", "beep", NULL }, A_WORD, .words = "true|false|onEnter|onExit" },
    { { "StartConferenceOnEnter", "start_conference_on_enter", NULL }, A_FLAG },
    { { "EndConferenceOnExit", "end_conference_on_exit", NULL }, A_FLAG },
    { { "EndConferenceOnCustomerExit", "end_conference_on_customer_exit", NULL }, A_FLAG },
    { { "BeepOnCustomerEntrance", "beep_on_customer_entrance", NULL }, A_FLAG },
    { { "WaitUrl", "wait_url", NULL }, A_URL },
    { { "WaitMethod", "wait_method", NULL }, A_WORD, .words = "GET|POST" },
    { { "EarlyMedia", "early_media", NULL }, A_FLAG },
    { { "MaxParticipants", "max_participants", NULL }, A_NUMBER, F_INVALID_PARAMETER, 2, 250 },
    { { "ConferenceStatusCallback", "conference_status_callback", NULL }, A_URL, F_CONFERENCE_CALLBACK },
    { { "ConferenceStatusCallbackMethod", "conference_status_callback_method", NULL }, A_WORD, .words = "GET|POST" },
    { { "ConferenceStatusCallbackEvent", "conference_status_callback_event", NULL }, EVENTS, .words = CONFERENCE_EVENTS },
    { { "ConferenceRecord", "conference_record", NULL }, A_TEXT },
    { { "ConferenceTrim", "conference_trim", NULL }, A_WORD, .words = "trim-silence|do-not-trim" },
    { { "RecordingChannels", "recording_channels", NULL }, A_WORD, .words = "mono|dual" },
    { { "RecordingStatusCallback", "recording_status_callback", NULL }, A_URL },
    { { "RecordingStatusCallbackMethod", "recording_status_callback_method", NULL }, A_WORD, .words = "GET|POST" },
    { { "ConferenceRecordingStatusCallback", "conference_recording_status_callback", NULL }, A_URL },
    { { "ConferenceRecordingStatusCallbackMethod", "conference_recording_status_callback_method", NULL }, A_WORD, .words = "GET|POST" },
    { { "Region", "region", NULL }, A_TEXT },
    { { "SipAuthUsername", "sip_auth_username", NULL }, A_TEXT },
    { { "SipAuthPassword", "sip_auth_password", NULL }, A_SECRET },
    { { "JitterBufferSize", "jitter_buffer_size", NULL }, A_TEXT },
    { { "Transcribe", "transcribe", NULL }, A_FLAG },
    { { "TranscriptionConfiguration", "transcription_configuration", NULL }, A_TEXT },
};

static const struct param supervise_params[] = {
    { { "Supervisor", "supervisor", NULL }, A_SID, .words = "WK" },
    { { "SupervisorMode", "supervisor_mode", NULL }, A_WORD, .words = "monitor|whisper|barge" },
};

static const struct param customer_params[] = {
    { { "Hold", "hold", NULL }, A_FLAG },
    { { "HoldUrl", "hold_url", NULL }, A_URL },
    { { "HoldMethod", "hold_method", NULL }, A_WORD, .words = "GET|POST" },
};

static const struct param worker_params[] = {
    { { "EndConferenceOnExit", "end_conference_on_exit", NULL }, A_FLAG },
    { { "Mute", "mute", NULL }, A_FLAG },
    { { "BeepOnExit", "beep_on_exit", NULL }, A_FLAG },
};

static const struct param colleague_params[] = {
    { { "TargetWorkerSid", "target_worker_sid", NULL }, A_SID, .words = "WK" },
    { { "Hold", "hold", NULL }, A_FLAG },
    { { "HoldUrl", "hold_url", NULL }, A_URL },
    { { "HoldMethod", "hold_method", NULL }, A_WORD, .words = "GET|POST" },
};

#define NO_CONFERENCE "The task has no conference"
#define NO_NUMBER "This account has no number to call from"
static const struct row rows[] = {
    { "accept", .moves = true, .to = RESERVATION_ACCEPTED },
    { "reject", .moves = true, .to = RESERVATION_REJECTED, .params = ROWS(reject_params) },
    { "dequeue", .status = RESERVATION_PENDING, .otherwise = F_DEQUEUE_NOT_PENDING, .params = ROWS(dequeue_params),
      .needs = { { OF_TASK, F_DEQUEUE_NO_CALL, "call_sid", NULL }, { WHOM, F_DEQUEUE_TO, "DequeueTo", NULL } },
      .type = EV_INSTRUCTION_DEQUEUE, .failed = F_DEQUEUE_FAILED, .why = "This account has no call to take from a queue" },
    { "call", .status = RESERVATION_PENDING, .otherwise = F_CALL_NOT_PENDING, .params = ROWS(call_params),
      .needs = { { A_PARAM, F_CALL_FROM, "CallFrom", NULL }, { A_PARAM, F_CALL_URL, "CallUrl", NULL }, { WHOM, F_CALL_TO, "CallTo", NULL } },
      .type = EV_INSTRUCTION_CALL, .failed = F_CALL_FAILED, .why = NO_NUMBER },
    { "redirect", .status = RESERVATION_PENDING, .otherwise = F_REDIRECT_NOT_PENDING, .params = ROWS(redirect_params),
      .needs = { { A_PARAM, F_REDIRECT_CALL, "RedirectCallSid", NULL }, { A_PARAM, F_REDIRECT_URL, "RedirectUrl", NULL } },
      .type = EV_INSTRUCTION_REDIRECT, .failed = F_REDIRECT_FAILED, .why = "The call was not found" },
    { "conference", .status = RESERVATION_PENDING, .otherwise = F_CONFERENCE_NOT_PENDING, .in_transfer = true, .params = ROWS(conference_params),
      .needs = { { OF_TASK, F_CONFERENCE_NO_CALL, "call_sid", "outbound_to" }, { WHOM, F_CONFERENCE_TO, "To", NULL },
                 { A_CONFERENCE, F_CONFERENCE_TRANSFERRED, NULL, NULL } },
      .type = EV_INSTRUCTION_CONFERENCE, .failed = F_CONFERENCE_FAILED, .why = NO_NUMBER },
    { "supervise", .status = RESERVATION_ACCEPTED, .otherwise = F_SUPERVISE_STATUS, .in_transfer = true, .params = ROWS(supervise_params),
      .needs = { { A_PARAM, F_INVALID_PARAMETER, "Supervisor", NULL }, { A_SUPERVISOR, F_SUPERVISE_CONTACT, "Supervisor", NULL },
                 { OF_TASK, F_SUPERVISE_FROM, "from", NULL } },
      .type = EV_INSTRUCTION_SUPERVISE, .failed = F_CONFERENCE_FAILED, .why = "The task has no conference to join" },
    /* of whom he talks to; asked by the worker's own client only */
    { "hold-customer", .status = RESERVATION_ACCEPTED, .in_transfer = true, .params = ROWS(customer_params),
      .type = EV_INSTRUCTION_HOLD_CUSTOMER, .why = NO_CONFERENCE },
    { "update-worker", .status = RESERVATION_ACCEPTED, .in_transfer = true, .params = ROWS(worker_params),
      .type = EV_INSTRUCTION_UPDATE_WORKER, .why = NO_CONFERENCE },
    { "hold-worker", .status = RESERVATION_ACCEPTED, .in_transfer = true, .params = ROWS(colleague_params),
      .needs = { { A_PARAM, F_INVALID_PARAMETER, "TargetWorkerSid", NULL }, { A_PARAM, F_INVALID_PARAMETER, "Hold", NULL } },
      .type = EV_INSTRUCTION_HOLD_WORKER, .why = NO_CONFERENCE },
    { "kick-worker", .status = RESERVATION_ACCEPTED, .in_transfer = true, .params = colleague_params, .nparams = 1,
      .needs = { { A_PARAM, F_INVALID_PARAMETER, "TargetWorkerSid", NULL } },
      .type = EV_INSTRUCTION_KICK_WORKER, .why = NO_CONFERENCE },
};
/* clang-format on */

static const struct row *row_named(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_ieq(name, rows[i].name))
            return &rows[i];
    return NULL;
}

/* --- what is asked for */

struct asked {
    struct routing *e;
    struct tx *tx;
    const struct row *row;
    struct instruction *i;
    struct task_live *t;
    struct worker_live *w;
};

static const char *given(const struct asked *a, const struct instruction_param *p)
{
    const char *text = a->i->given(a->i->arg, p);

    return text && *text ? text : NULL;
}

static const char *given_as(const struct asked *a, const char *name)
{
    for (size_t i = 0; i < a->row->nparams; i++)
        if (str_eq(a->row->params[i].said.name, name))
            return given(a, &a->row->params[i].said);
    return NULL;
}

/* "GET|POST" has it? */
static bool is_one_of(const char *words, const char *word, size_t n)
{
    for (const char *w = words; *w;) {
        size_t length = strcspn(w, "|");
        if (length == n && !strncasecmp(w, word, n))
            return true;
        w += length + (w[length] == '|');
    }
    return false;
}

static bool is_url(const char *s)
{
    return (str_starts(s, "https://") || str_starts(s, "http://")) && strcspn(strstr(s, "//") + 2, "/?#") > 0 &&
           !strpbrk(s, " \t\r\n");
}

/* A telephone's number, or who else can be called. */
static bool is_address(const char *s)
{
    if (str_starts(s, "client:") || str_starts(s, "sip:") || str_starts(s, "sips:"))
        return strchr(s, ':')[1] && strlen(s) <= 255;
    s += *s == '+';
    return strlen(s) >= 2 && strlen(s) <= 15 && strspn(s, "0123456789") == strlen(s);
}

/* A JSON array of words, or words with commas; each is one of those that there are. */
static json_t *events_of(struct tx *tx, const struct param *p, const char *text)
{
    json_t *list = json_parse(tx->arena, text, strlen(text), NULL), *one;
    size_t i;

    if (!json_is_array(list)) {
        struct text array = { .arena = tx->arena };
        text_put(&array, "[");
        for (const char *s = text; *s;) {
            size_t n = strcspn(s, ", ");
            if (n && !is_one_of(p->words, s, n))
                return NULL;
            if (n)
                text_putf(&array, "%s\"%.*s\"", array.n > 1 ? "," : "", (int)n, s);
            s += n + strspn(s + n, ", ");
        }
        text_put(&array, "]");
        return json_parse(tx->arena, array.s, array.n, NULL);
    }
    json_array_foreach(list, i, one)
    {
        if (!json_is_string(one) || !is_one_of(p->words, json_string_value(one), json_string_length(one)))
            return NULL;
    }
    return list;
}

static bool is_activity(const struct asked *a, const char *sid)
{
    const struct activity_live *at = find_activity(a->e, a->tx, sid);

    return at && at->workspace == a->w->workspace;
}

/* One value, as it stands in the event's facts; false: it is none. */
static bool put_value(const struct asked *a, const struct param *p, const char *text, struct json_out *o)
{
    json_t *list = NULL;
    int64_t number = 0;
    bool flag = false, good = true;

    switch (p->what) {
    case A_TEXT:
        break;
    case A_SECRET: /* the listener asks for it: facts are kept */
        return true;
    case AN_ADDRESS:
        good = is_address(text);
        break;
    case A_URL:
        good = is_url(text);
        break;
    case A_SID:
        good = sid_valid(text, p->words);
        break;
    case AN_ACTIVITY:
        good = is_activity(a, text);
        break;
    case A_WORD:
        good = is_one_of(p->words, text, strlen(text));
        break;
    case A_FLAG:
        (void)str_to_bool(text, &flag); /* what does not say yes is no, as in the API */
        break;
    case A_NUMBER:
        good = str_to_int(text, &number) && number >= p->min && number <= p->max;
        break;
    case EVENTS:
        list = events_of(a->tx, p, text);
        good = list;
        break;
    }
    if (!good)
        return false;
    json_key(o, p->said.key);
    if (p->what == A_FLAG)
        json_bool(o, flag);
    else if (p->what == A_NUMBER)
        json_int(o, number);
    else if (p->what == EVENTS)
        json_raw(o, json_text(a->tx->arena, list));
    else
        json_str(o, text);
    return true;
}

static fault_t read_params(const struct asked *a, struct json_out *o)
{
    for (size_t i = 0; i < a->row->nparams; i++) {
        const struct param *p = &a->row->params[i];
        const char *text = given(a, &p->said);
        if (text && !put_value(a, p, text, o))
            return fault(a->tx->arena, p->bad, "%s '%.200s' is not valid", p->said.name, text);
    }
    return NULL;
}

/* --- what it needs */

static bool has(const json_t *attributes, const char *name)
{
    return json_get_string(attributes, name) != NULL;
}

static const char *lacks(const struct asked *a, const struct need_row *n)
{
    struct arena *arena = a->tx->arena;
    const struct worker_live *k = n->of == A_SUPERVISOR ? find_worker(a->e, a->tx, given_as(a, n->name)) : NULL;

    switch (n->of) {
    case A_PARAM:
        return given_as(a, n->name) ? NULL : arena_printf(arena, "%s is missing", n->name);
    case OF_TASK:
        if (has(task_attributes(a->t), n->name) || (n->other && has(task_attributes(a->t), n->other)))
            return NULL;
        return n->other ? arena_printf(arena, "The task has neither an attribute %s nor %s", n->name, n->other)
                        : arena_printf(arena, "The task has no attribute %s", n->name);
    case WHOM: /* as the parameter says, else the worker's contact_uri */
        if (given_as(a, n->name) || has(a->w->attributes, "contact_uri"))
            return NULL;
        return arena_printf(arena, "Neither %s nor the worker's contact_uri says whom to call", n->name);
    case A_SUPERVISOR:
        if (k && k->workspace == a->w->workspace && has(k->attributes, "contact_uri"))
            return NULL;
        return arena_printf(arena, "Supervisor %s has no contact_uri", given_as(a, n->name));
    case A_CONFERENCE:
        if (!a->t->transfer || has(json_object_get(task_attributes(a->t), "conference"), "sid"))
            return NULL;
        return "The task is being transferred, and its attributes have no conference.sid";
    case NOTHING:
        break;
    }
    return NULL;
}

static fault_t check_needs(const struct asked *a)
{
    for (size_t i = 0; i < sizeof a->row->needs / sizeof *a->row->needs; i++) {
        const char *words = lacks(a, &a->row->needs[i]);
        if (words)
            return fault(a->tx->arena, a->row->needs[i].bad, "%s", words);
    }
    return NULL;
}

/* --- performing */

static fault_t hand_over(const struct asked *a, const struct reservation *r, struct json_out *o)
{
    json_close(o, '}');
    json_close(o, '}');
    a->i->reservation = r;
    a->i->taken = false;
    event_tell(a->tx, &(struct event){ .type = a->row->type,
                                       .account_sid = r->account_sid,
                                       .resource_type = "instruction",
                                       .resource_sid = r->sid,
                                       .actor_type = "worker",
                                       .actor_sid = r->worker_sid,
                                       .data = json_done(o),
                                       .subject = a->i,
                                       .other = a->t });
    return a->i->taken ? NULL : fault(a->tx->arena, a->row->failed, "%s", a->row->why);
}

static fault_t ask_for_call(struct asked *a, const struct reservation *r)
{
    struct json_out o;

    a->t = find_task(a->e, a->tx, r->task_sid);
    a->w = find_worker(a->e, a->tx, r->worker_sid);
    if (r->reservation_status != a->row->status || !a->t || !a->w)
        return fault(a->tx->arena, a->row->otherwise, "Reservation %s is %s", r->sid,
                     reservation_status_names[r->reservation_status]);
    if (!a->row->in_transfer && a->t->transfer)
        return fault(a->tx->arena, F_TRANSFER_UNDER_WAY,
                     "Instruction %s is not allowed while the task is being transferred", a->row->name);
    json_begin(&o, a->tx->arena);
    json_open(&o, '{');
    json_pair_str(&o, "workspace_sid", r->workspace_sid);
    json_pair_str(&o, "task_sid", r->task_sid);
    json_pair_str(&o, "reservation_sid", r->sid);
    json_pair_str(&o, "worker_sid", r->worker_sid);
    json_key(&o, "parameters");
    json_open(&o, '{');
    fault_t f = read_params(a, &o);
    f = f ? f : check_needs(a);
    return f ? f : hand_over(a, r, &o);
}

static fault_t move(const struct asked *a, struct reservation *r)
{
    const char *activity = given_as(a, "WorkerActivitySid");
    const struct activity_live *at = find_activity(a->e, a->tx, activity);

    if (activity && (!at || !str_eq(at->row.workspace_sid, r->workspace_sid)))
        return fault(a->tx->arena, F_REJECT_ACTIVITY, "Activity '%.64s' does not exist in this Workspace", activity);
    return reservation_move(a->e, a->tx, r, a->row->to, activity);
}

fault_t reservation_instruct(struct routing *e, struct tx *tx, struct reservation *r, struct instruction *i)
{
    struct asked a = { .e = e, .tx = tx, .row = row_named(i->name), .i = i };

    if (!a.row)
        return fault(tx->arena, F_UNKNOWN_INSTRUCTION, "Instruction '%.64s' is not known", i->name);
    return a.row->moves ? move(&a, r) : ask_for_call(&a, r);
}
