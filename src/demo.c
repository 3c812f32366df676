#include "demo.h"

#include "chat/chat.h"
#include "chat/hooks.h"
#include "product/contact/contact.h"
#include "product/desktop/desktop.h"
#include "product/taskrouter/taskrouter.h"

#include "base/log.h"
#include <string.h>

#define WORKSPACE_NAME "Flex Task Assignment"
#define WORKFLOW_NAME  "Callbacks"
#define EVERYONE       "Everyone"
#define DEMO_PASSWORD  "plugboard"

enum { RANDOM_PASSWORD_DIGITS = 16, OFFER_TIMEOUT = 30, QUEUE_TIMEOUT = 120, CHATS_AT_ONCE = 3 };

/* --- finding what is there -------------------------------------------------------------------------------- */

/* The live row of the account with that name (and in that workspace, if not NULL); NULL: none.  In memory, where it is
 * before the commit. */
static void *find_named(struct tx *tx, const struct kind *k, const char *account_sid, const char *workspace_sid,
                        const char *name)
{
    const struct field *account = field_flagged(k, OWNER), *friendly = field_named(k, "friendly_name"),
                       *workspace = field_named(k, "workspace_sid");
    void *row;

    for (size_t i = 0; (row = row_each(tx, k, &i));)
        if (str_eq(*field_text(account, row), account_sid) && str_eq(*field_text(friendly, row), name) &&
            (!workspace_sid || str_eq(*field_text(workspace, row), workspace_sid)))
            return row;
    return NULL;
}

/* --- Flex's defaults -------------------------------------------------------------------------------------- */

struct provision {
    struct routing *engine;
    const char *account_sid;
};

static fault_t provision(struct tx *tx, void *arg)
{
    const struct provision *p = arg;
    struct workspace *w;
    void *event;

    /* A workspace that its owner deleted does not come back. */
    if (record_find_by(tx->db, tx->arena, &event_kind, "account_sid", p->account_sid, NULL, &event) != DB_OK)
        return fault(tx->arena, F_UNAVAILABLE, "%s", db_error(tx->db));
    return event ? NULL : flex_workspace_make(p->engine, tx, p->account_sid, &w);
}

fault_t account_provision(struct site *site, struct arena *a, const char *account_sid)
{
    struct provision p = { site->engine, account_sid };

    return ledger_do(site->ledger, a, provision, &p);
}

/* --- who and what there is in the demo -------------------------------------------------------------------- */

/* clang-format off */
static const struct person { const char *username, *full_name, *roles, *skills; } people[] = {
    { "alice", "Alice Adams",  "[\"agent\"]",      "[\"billing\",\"sales\"]" },
    { "bob",   "Bob Brown",    "[\"agent\"]",      "[\"support\"]" },
    { "carol", "Carol Clarke", "[\"supervisor\"]", "[\"billing\",\"support\",\"sales\"]" },
};
static const struct { const char *name, *skill; } queues[] = {
    { "Billing", "billing" },
    { "Support", "support" },
    { "Sales",   "sales" },
};
/* clang-format on */
static const struct {
    const char *section, *label, *text;
} canned[] = {
    { "Greetings", "Hello", "Hello {{customer.name}}, my name is {{agent.name}}. How can I help you?" },
    { "Greetings", "Good bye", "Thank you for writing, {{customer.name}}. Have a good day!" },
    { "General", "One moment", "One moment please, I am looking that up for you." },
    { "General", "Order number",
      "Could you tell me your order number? It begins with L and stands at the top of your bill." },
    { "Workshop", "Picture", "Could you send a picture of what is broken? The paper clip beside the box attaches it." },
};
enum {
    PEOPLE = sizeof people / sizeof *people,
    QUEUES = sizeof queues / sizeof *queues,
    CANNED = sizeof canned / sizeof *canned
};

struct demo {
    struct routing *engine;
    const char *account_sid;
    const char *passwords[PEOPLE], *hashes[PEOPLE]; /* made before: hashing is slow, and the ledger waits for nobody */
    bool made[PEOPLE];
    struct workspace *workspace;
};

/* --- queues and workflow ---------------------------------------------------------------------------------- */

static fault_t make_queue(struct demo *d, struct tx *tx, const char *name, const char *target, struct task_queue **out)
{
    struct task_queue *q = find_named(tx, &task_queue_kind, d->account_sid, d->workspace->sid, name);

    *out = q;
    if (q)
        return NULL;
    *out = q = row_new(tx, &task_queue_kind, NULL);
    row_set(tx, q, &q->account_sid, d->account_sid);
    row_set(tx, q, &q->workspace_sid, d->workspace->sid);
    row_set(tx, q, &q->friendly_name, name);
    row_set(tx, q, &q->target_workers, target);
    q->max_reserved_workers = 1;
    return task_queue_created(d->engine, tx, q);
}

static void put_filter(struct json_out *o, size_t i, const char *queue_sid, const char *everyone_sid, struct arena *a)
{
    json_open(o, '{');
    json_pair_str(o, "filter_friendly_name", queues[i].name);
    json_pair_str(o, "expression", arena_printf(a, "type == \"callback\" AND skill == \"%s\"", queues[i].skill));
    json_key(o, "targets");
    json_open(o, '[');
    json_open(o, '{');
    json_pair_str(o, "queue", queue_sid);
    json_pair_int(o, "timeout", QUEUE_TIMEOUT);
    json_close(o, '}');
    json_open(o, '{');
    json_pair_str(o, "queue", everyone_sid);
    json_close(o, '}');
    json_close(o, ']');
    json_close(o, '}');
}

/* Makes the queues on the way; each skill's own queue first, then everyone's. */
static fault_t make_configuration(struct demo *d, struct tx *tx, const char **out)
{
    struct task_queue *everyone, *q;
    struct json_out o;
    fault_t f = make_queue(d, tx, EVERYONE, "1==1", &everyone);

    json_begin(&o, tx->arena);
    json_open(&o, '{');
    json_key(&o, "task_routing");
    json_open(&o, '{');
    json_key(&o, "filters");
    json_open(&o, '[');
    for (size_t i = 0; i < QUEUES && !f; i++) {
        f = make_queue(d, tx, queues[i].name, arena_printf(tx->arena, "routing.skills HAS \"%s\"", queues[i].skill),
                       &q);
        if (!f)
            put_filter(&o, i, q->sid, everyone->sid, tx->arena);
    }
    if (f)
        return f;
    json_close(&o, ']');
    json_key(&o, "default_filter");
    json_open(&o, '{');
    json_pair_str(&o, "queue", everyone->sid);
    json_close(&o, '}');
    json_close(&o, '}');
    json_close(&o, '}');
    *out = json_done(&o);
    return NULL;
}

static fault_t make_workflow(struct demo *d, struct tx *tx, struct workflow **out)
{
    struct workflow *w = find_named(tx, &workflow_kind, d->account_sid, d->workspace->sid, WORKFLOW_NAME);
    const char *configuration;
    fault_t f;

    *out = w;
    if (w)
        return NULL;
    f = make_configuration(d, tx, &configuration);
    if (f)
        return f;
    *out = w = row_new(tx, &workflow_kind, NULL);
    row_set(tx, w, &w->account_sid, d->account_sid);
    row_set(tx, w, &w->workspace_sid, d->workspace->sid);
    row_set(tx, w, &w->friendly_name, WORKFLOW_NAME);
    row_set(tx, w, &w->document_content_type, "application/json");
    row_set(tx, w, &w->configuration, configuration);
    w->task_reservation_timeout = OFFER_TIMEOUT;
    return workflow_created(d->engine, tx, w);
}

/* --- people ----------------------------------------------------------------------------------------------- */

/* Whoever writes can write with several. */
static fault_t chats_at_once(struct demo *d, struct tx *tx, const struct worker *w)
{
    struct worker_channel *c = routing_worker_channel(d->engine, tx, w->sid, "chat"), was;

    if (!c)
        return NULL;
    was = *c;
    row_edit(tx, c);
    c->configured_capacity = CHATS_AT_ONCE;
    return worker_channel_changed(d->engine, tx, c, &was);
}

static fault_t make_worker(struct demo *d, struct tx *tx, const struct person *p, struct worker **out)
{
    struct worker *w = find_named(tx, &worker_kind, d->account_sid, d->workspace->sid, p->username);

    *out = w;
    if (w)
        return NULL;
    *out = w = row_new(tx, &worker_kind, NULL);
    row_set(tx, w, &w->account_sid, d->account_sid);
    row_set(tx, w, &w->workspace_sid, d->workspace->sid);
    row_set(tx, w, &w->friendly_name, p->username);
    row_set(tx, w, &w->attributes,
            arena_printf(tx->arena,
                         "{\"full_name\":\"%s\",\"contact_uri\":\"client:%s\",\"roles\":%s,"
                         "\"routing\":{\"skills\":%s,\"levels\":{}}}",
                         p->full_name, p->username, p->roles, p->skills));
    fault_t f = worker_created(d->engine, tx, w);
    return f ? f : chats_at_once(d, tx, w);
}

static fault_t make_person(struct demo *d, struct tx *tx, size_t i)
{
    struct worker *w;
    struct user *u;
    fault_t f = user_by_name(tx->db, tx->arena, people[i].username, &u);

    if (f || u)
        return f;
    f = make_worker(d, tx, &people[i], &w);
    if (f)
        return f;
    d->made[i] = user_make(tx, &(struct user){ .account_sid = d->account_sid,
                                               .username = people[i].username,
                                               .full_name = people[i].full_name,
                                               .password_hash = d->hashes[i],
                                               .roles = people[i].roles,
                                               .worker_sid = w->sid,
                                               .workspace_sid = d->workspace->sid,
                                               .active = true }) != NULL;
    return NULL;
}

/* --- the form --------------------------------------------------------------------------------------------- */

static fault_t make_form(struct demo *d, struct tx *tx, const struct workflow *w)
{
    struct contact_form *form;

    if (record_find_by(tx->db, tx->arena, &contact_form_kind, "account_sid", d->account_sid, NULL, (void **)&form) !=
        DB_OK)
        return fault(tx->arena, F_UNAVAILABLE, "%s", db_error(tx->db));
    if (form)
        return NULL;
    form = row_new(tx, &contact_form_kind, NULL);
    row_set(tx, form, &form->account_sid, d->account_sid);
    row_set(tx, form, &form->friendly_name, "Call me back");
    row_set(tx, form, &form->title, "Ask us to call you back");
    row_set(tx, form, &form->intro, "Tell us what it is about, and somebody who knows will call you in a few minutes.");
    row_set(tx, form, &form->submit_label, "Call me back");
    row_set(tx, form, &form->thanks, "Thank you. We will call you in a few minutes.");
    row_set(tx, form, &form->workspace_sid, d->workspace->sid);
    row_set(tx, form, &form->workflow_sid, w->sid);
    row_set(tx, form, &form->task_channel, "default");
    row_set(tx, form, &form->topics, "{\"billing\":\"Billing\",\"support\":\"Technical support\",\"sales\":\"Sales\"}");
    row_set(tx, form, &form->allowed_origins, "[]");
    form->active = form->is_default = true;
    return NULL;
}

/* --- writing ---------------------------------------------------------------------------------------------- */

/* The address that the web chat of the demo's page writes to. */
static fault_t make_address(struct demo *d, struct tx *tx)
{
    struct chat_view v = { .db = tx->db, .tx = tx, .arena = tx->arena };
    struct address_configuration *a;

    if (address_configuration_by(&v, d->account_sid, "default"))
        return NULL;
    a = row_new(tx, &address_configuration_kind, NULL);
    row_set(tx, a, &a->account_sid, d->account_sid);
    row_set(tx, a, &a->address, "default");
    row_set(tx, a, &a->friendly_name, "Web chat");
    row_set(tx, a, &a->conversation_service_sid, chat_service_default(tx, d->account_sid)->sid);
    a->type = ADDRESS_CHAT;
    a->enabled = true;
    return NULL;
}

static fault_t make_canned(struct demo *d, struct tx *tx)
{
    void *one;

    if (record_find_by(tx->db, tx->arena, &canned_response_kind, "account_sid", d->account_sid, NULL, &one) != DB_OK)
        return fault(tx->arena, F_UNAVAILABLE, "%s", db_error(tx->db));
    for (size_t i = 0; i < CANNED && !one; i++) {
        struct canned_response *c = row_new(tx, &canned_response_kind, NULL);
        row_set(tx, c, &c->account_sid, d->account_sid);
        row_set(tx, c, &c->section, canned[i].section);
        row_set(tx, c, &c->label, canned[i].label);
        row_set(tx, c, &c->text, canned[i].text);
    }
    return NULL;
}

/* --- all of it -------------------------------------------------------------------------------------------- */

static fault_t populate(struct tx *tx, void *arg)
{
    struct demo *d = arg;
    struct workflow *w = NULL;
    fault_t f = NULL;

    d->workspace = find_named(tx, &workspace_kind, d->account_sid, NULL, WORKSPACE_NAME);
    if (!d->workspace)
        f = flex_workspace_make(d->engine, tx, d->account_sid, &d->workspace);
    f = f ? f : make_workflow(d, tx, &w);
    for (size_t i = 0; i < PEOPLE && !f; i++)
        f = make_person(d, tx, i);
    f = f ? f : make_form(d, tx, w);
    f = f ? f : make_address(d, tx);
    return f ? f : make_canned(d, tx);
}

struct look {
    struct user *users[PEOPLE];
    struct arena *arena;
};

/* What is there already, copied: the rest is done without holding up the ledger. */
static fault_t look(struct tx *tx, void *arg)
{
    struct look *l = arg;
    fault_t f = NULL;

    for (size_t i = 0; i < PEOPLE && !f; i++)
        f = user_by_name(tx->db, l->arena, people[i].username, &l->users[i]);
    return f;
}

static const char *new_password(struct arena *a)
{
    char *password = arena_alloc(a, RANDOM_PASSWORD_DIGITS + 1);

    random_hex(password, RANDOM_PASSWORD_DIGITS);
    return password;
}

/* Those of this start, and the documented ones where they still hold. */
static void tell_logins(const struct site *site, const struct demo *d, const struct look *known, struct text *out)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        const struct user *u = known->users[i];
        bool documented =
            u && u->active && str_eq(u->account_sid, d->account_sid) && password_is(u->password_hash, DEMO_PASSWORD);
        if (documented && !site->local)
            log_warn("demo.password", "%s still has the demo's well-known password, and this address is open to others",
                     people[i].username);
        if (d->made[i])
            text_putf(out, "log in        %-8s %s%s\n", people[i].username, d->passwords[i],
                      site->local ? "" : "   (printed this once)");
        else if (documented)
            text_putf(out, "log in        %-8s %s\n", people[i].username, DEMO_PASSWORD);
    }
}

fault_t demo_make(struct site *site, struct arena *a, const char *account_sid, struct text *logins_out)
{
    struct demo d = { .engine = site->engine, .account_sid = account_sid };
    struct look known = { .arena = a };
    fault_t f = ledger_do(site->ledger, a, look, &known);

    for (size_t i = 0; i < PEOPLE && !f; i++)
        if (!known.users[i]) {
            d.passwords[i] = site->local ? DEMO_PASSWORD : new_password(a);
            d.hashes[i] = password_hash(a, d.passwords[i]);
        }
    f = f ? f : ledger_do(site->ledger, a, populate, &d);
    if (!f)
        tell_logins(site, &d, &known, logins_out);
    return f;
}

static bool is_loopback(const char *s, size_t n)
{
    static const char *const hosts[] = { "127.", "[::1]:", "localhost:" };

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (n > strlen(hosts[i]) && !strncmp(s, hosts[i], strlen(hosts[i])))
            return i > 0 || s[strspn(s, "0123456789.")] == ':'; /* 127.example.com is a name */
    return false;
}

bool listens_locally(const char *listen)
{
    const char *s = listen;

    for (;; s++) {
        size_t n = strcspn(s, ",");
        if (!is_loopback(s, n))
            return false;
        s += n;
        if (!*s)
            return true;
    }
}
