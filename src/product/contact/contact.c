/* Form: what its owner may say of it. */
#include "product/contact/internal.h"

#include "routing/kinds.h"
#include "routing/routing.h"
#include <string.h>

enum { TOPICS_MAX = 50, TOPIC_CHARS_MAX = 64, LABEL_CHARS_MAX = 100, TOPICS_CHARS_MAX = 16384, ORIGINS_MAX = 50 };

/* clang-format off */
static const struct field form_fields[] = {
    FIELD(contact_form, sid,             SID,  .flags = KEY, .prefix = "FM"),
    FIELD(contact_form, account_sid,     SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(contact_form, friendly_name,   STR,  .flags = ON_CREATE | ON_UPDATE | REQUIRED | FILTER, .max = 64),
    FIELD(contact_form, title,           STR,  .flags = ON_CREATE | ON_UPDATE, .initial = "Ask us to call you back", .max = 200),
    FIELD(contact_form, intro,           STR,  .flags = ON_CREATE | ON_UPDATE, .initial = "", .max = 2000),
    FIELD(contact_form, submit_label,    STR,  .flags = ON_CREATE | ON_UPDATE, .initial = "Send", .max = 64),
    FIELD(contact_form, thanks,          STR,  .flags = ON_CREATE | ON_UPDATE, .initial = "Thank you. We will call you.", .max = 2000),
    FIELD(contact_form, workspace_sid,   SID,  .flags = ON_CREATE | ON_UPDATE | REQUIRED | FILTER, .prefix = "WS", .refers = "workspace"),
    FIELD(contact_form, workflow_sid,    SID,  .flags = ON_CREATE | ON_UPDATE | REQUIRED | FILTER, .prefix = "WW", .refers = "workflow"),
    FIELD(contact_form, task_channel,    STR,  .flags = ON_CREATE | ON_UPDATE, .initial = "default", .max = 64),
    FIELD(contact_form, topics,          JSON, .flags = ON_CREATE | ON_UPDATE | JSON_VALUE, .initial = "{}", .max = TOPICS_CHARS_MAX),
    FIELD(contact_form, allowed_origins, LIST, .flags = ON_CREATE | ON_UPDATE, .initial = "[]", .max = TOPICS_CHARS_MAX),
    FIELD(contact_form, active,          BOOL, .flags = ON_CREATE | ON_UPDATE | FILTER, .initial = "true"),
    FIELD(contact_form, is_default,      BOOL, .flags = ON_CREATE | ON_UPDATE | FILTER, .initial = "false"),
    FIELD(contact_form, date_created,    TIME, .flags = BORN),
    FIELD(contact_form, date_updated,    TIME, .flags = BORN | TOUCHED),
};
/* clang-format on */

const struct kind contact_form_kind = { .name = "contact_form",
                                        .size = sizeof(struct contact_form),
                                        .fields = ROWS(form_fields) };

/* --- rules ------------------------------------------------------------------------------------------------ */

static fault_t check_topics(struct op *op, const struct contact_form *form)
{
    json_t *topics = json_parse_object(op->arena, form->topics, strlen(form->topics), NULL), *label;
    const char *value;

    if (json_object_size(topics) > TOPICS_MAX)
        return refuse(op, F_INVALID_PARAMETER, "Topics has more than %d", TOPICS_MAX);
    json_object_foreach(topics, value, label)
    {
        size_t n = utf8_length(value), m = json_is_string(label) ? utf8_length(json_string_value(label)) : 0;
        if (!n || n > TOPIC_CHARS_MAX || !m || m > LABEL_CHARS_MAX)
            return refuse(
                op, F_INVALID_PARAMETER,
                "Topics must be an object {\"value\": \"Label\"}, values up to %d and labels up to %d characters",
                TOPIC_CHARS_MAX, LABEL_CHARS_MAX);
    }
    return NULL;
}

/* "https://www.example.com:8443", as a browser says it. */
static bool is_origin(const char *s)
{
    const char *host = str_starts(s, "https://") ? s + 8 : str_starts(s, "http://") ? s + 7 : "";

    return *host && strlen(host) <= 255 && !host[strcspn(host, "/?#@ \t\r\n\"\\")];
}

static fault_t check_origins(struct op *op, struct contact_form *form)
{
    const json_t *origins = json_parse(op->arena, form->allowed_origins, strlen(form->allowed_origins), NULL), *one;
    size_t i;

    /* The one empty parameter that says "none". */
    if (json_array_size(origins) == 1 && str_eq(json_string_value(json_array_get(origins, 0)), "")) {
        row_set(op->tx, form, &form->allowed_origins, "[]");
        return NULL;
    }
    if (json_array_size(origins) > ORIGINS_MAX)
        return refuse(op, F_INVALID_PARAMETER, "AllowedOrigins has more than %d", ORIGINS_MAX);
    json_array_foreach(origins, i, one) if (!is_origin(json_string_value(one))) return refuse(
        op, F_INVALID_PARAMETER, "AllowedOrigins '%.100s' is not an origin such as https://www.example.com",
        json_string_value(one));
    return NULL;
}

static fault_t check_target(struct op *op, const struct contact_form *form)
{
    const struct workflow *w = row_find(op->tx, &workflow_kind, form->workflow_sid);

    if (!w || !str_eq(w->workspace_sid, form->workspace_sid))
        return refuse(op, F_INVALID_PARAMETER, "Workflow %s is not one of Workspace %s", form->workflow_sid,
                      form->workspace_sid);
    if (!routing_channel(op_site(op)->engine, op->tx, form->workspace_sid, form->task_channel))
        return refuse(op, F_INVALID_PARAMETER, "Workspace %s has no TaskChannel '%s'", form->workspace_sid,
                      form->task_channel);
    return NULL;
}

/* --- the one default -------------------------------------------------------------------------------------- */

struct defaults {
    struct tx *tx;
    const struct contact_form *except;
};

static bool no_longer_default(void *arg, void *row)
{
    const struct defaults *d = arg;
    const struct contact_form *found = row;
    struct contact_form *form;

    if (str_eq(found->sid, d->except->sid))
        return true;
    form = row_find(d->tx, &contact_form_kind, found->sid);
    if (form) {
        row_edit(d->tx, form);
        form->is_default = false;
    }
    return true;
}

static fault_t make_only_default(struct op *op, const struct contact_form *form)
{
    const struct condition others[] = {
        { .column = "account_sid", .compare = IS, .value = value_text(form->account_sid) },
        { .column = "is_default", .compare = IS, .value = value_int(1) },
    };
    const struct selection all = { .conditions = others, .nconditions = 2 };
    struct defaults d = { op->tx, form };

    if (!form->is_default)
        return NULL;
    return record_select(op->db, op->arena, &contact_form_kind, &all, no_longer_default, &d) == DB_OK ? NULL
                                                                                                      : op_failed(op);
}

/* --- the resource ----------------------------------------------------------------------------------------- */

static fault_t check(struct op *op, void *row)
{
    fault_t f = check_topics(op, row);

    f = f ? f : check_origins(op, row);
    f = f ? f : check_target(op, row);
    return f ? f : make_only_default(op, row);
}

static fault_t update(struct op *op, void *row, const void *was)
{
    (void)was;
    return check(op, row);
}

static const struct link_row links[] = {
    { "public", "/v1/Forms/{sid}/Public" },
    { "requests", "/v1/Forms/{sid}/Requests" },
};

static const struct resource form_resource = {
    .product = "contact",
    .name = "Form",
    .path = "/v1/Forms",
    .many = "forms",
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .kind = &contact_form_kind,
    .links = ROWS(links),
    .create = check,
    .update = update,
};

static const struct resource *const resources[] = { &form_resource };

static const struct endpoint endpoints[] = {
    { "contact", "GET", "/v1/Forms/{sid}/Public", ON_READER, PUBLIC, .any_origin = true, .run = form_show },
    { "contact", "POST", "/v1/Forms/{sid}/Requests", ON_LEDGER, PUBLIC, .any_origin = true, .raw_body = true,
      .run = form_take },
};

/* An address: five at once, then one in half a minute.  A form: 120 a minute. */
static fault_t start(struct site *site, struct arena *a)
{
    struct contact_limits *limits = arena_alloc(a, sizeof *limits);

    limits->addresses.burst = 5;
    limits->addresses.interval = 30 * SECOND;
    limits->forms.burst = 120;
    limits->forms.interval = MINUTE / 120;
    site->contact = limits;
    return NULL;
}

const struct module contact_module = {
    .name = "contact",
    .resources = ROWS(resources),
    .endpoints = ROWS(endpoints),
    .start = start,
};
