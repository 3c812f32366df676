/* What a customer's browser may ask of a form, without credentials and from any site. */
#include "product/contact/internal.h"
#include "product/contact/request.h"

#include "base/map.h"
#include "routing/kinds.h"
#include "routing/routing.h"
#include <string.h>

/* --- finding ---------------------------------------------------------------------------------------------- */

static fault_t find_default(struct op *op, struct contact_form **out)
{
    const struct condition wanted[] = { { .column = "is_default", .compare = IS, .value = value_int(1) },
                                        { .column = "active", .compare = IS, .value = value_int(1) } };
    const struct selection one = { .conditions = wanted, .nconditions = 2 };

    return record_first(op->db, op->arena, &contact_form_kind, &one, (void **)out) == DB_OK ? NULL : op_failed(op);
}

/* Nobody is signed in, so the form itself says whose it is. */
static fault_t find_form(struct op *op, struct contact_form **out)
{
    const char *sid = op_path(op, "sid");
    fault_t f = NULL;

    *out = NULL;
    if (!strcmp(sid, "default"))
        f = find_default(op, out);
    else if (sid_valid(sid, "FM") && record_find(op->db, op->arena, &contact_form_kind, sid, (void **)out) != DB_OK)
        f = op_failed(op);
    if (!f && !(*out && (*out)->active))
        f = refuse(op, F_NOT_FOUND, "There is no such form");
    return f;
}

/* --- showing ---------------------------------------------------------------------------------------------- */

static json_t *topics_of(struct op *op, const struct contact_form *form)
{
    return json_parse_object(op->arena, form->topics, strlen(form->topics), NULL);
}

fault_t form_show(struct op *op)
{
    struct contact_form *form;
    fault_t f = find_form(op, &form);
    struct json_out o;
    const char *value;
    json_t *topics, *label;

    if (f)
        return f;
    topics = topics_of(op, form);
    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "sid", form->sid);
    json_pair_str(&o, "title", form->title);
    json_pair_str(&o, "intro", form->intro);
    json_key(&o, "topics");
    json_open(&o, '[');
    json_object_foreach(topics, value, label)
    {
        json_open(&o, '{');
        json_pair_str(&o, "value", value);
        json_pair_str(&o, "label", json_string_value(label));
        json_close(&o, '}');
    }
    json_close(&o, ']');
    json_pair_str(&o, "submit_label", form->submit_label);
    json_pair_str(&o, "thanks", form->thanks);
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    op_header_add(op, "Cache-Control", "no-cache");
    return NULL;
}

/* --- taking ----------------------------------------------------------------------------------------------- */

static fault_t accept(struct op *op, const char *reference)
{
    op_json(op, 201, arena_printf(op->arena, "{\"reference\":\"%s\"}", reference));
    return NULL;
}

/* An error as any other, and besides what a page needs to say it well.  Nothing was changed, so nothing has to be
 * undone. */
static fault_t answer_error(struct op *op, enum fault_id id, const char *words, const char *field)
{
    const struct fault *kind = fault_kind(id);
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_int(&o, "code", kind->code);
    json_pair_str(&o, "message", words);
    json_pair_str(&o, "more_info", arena_printf(op->arena, "https://www.twilio.com/docs/errors/%d", kind->code));
    json_pair_int(&o, "status", kind->status);
    json_key(&o, "details");
    json_open(&o, '{');
    if (field)
        json_pair_str(&o, "field", field);
    json_close(&o, '}');
    json_close(&o, '}');
    op_json(op, kind->status, json_done(&o));
    return NULL;
}

/* 0: it may go on; else the seconds to wait. */
static int64_t seconds_to_wait(struct op *op, struct limit *l, uint64_t key)
{
    return (limit_take(l, key, op->now) + SECOND - 1) / SECOND;
}

static fault_t answer_wait(struct op *op, int64_t seconds)
{
    op_header_add(op, "Retry-After", arena_printf(op->arena, "%lld", (long long)seconds));
    return answer_error(op, F_RATE_LIMIT, "Too many requests; try again later", NULL);
}

static fault_t check_origin(struct op *op, const struct contact_form *form)
{
    const json_t *allowed = json_parse(op->arena, form->allowed_origins, strlen(form->allowed_origins), NULL);
    const char *origin = op_header(op, "origin");
    const json_t *one;
    size_t i;

    if (!json_array_size(allowed))
        return NULL;
    json_array_foreach(allowed, i, one) if (origin && str_ieq(json_string_value(one), origin)) return NULL;
    return refuse(op, F_FORBIDDEN, "This form does not take requests from that site");
}

static fault_t check_form_of_body(struct op *op)
{
    const char *type = op_header(op, "content-type");

    if (op->http->body_length > REQUEST_BYTES_MAX)
        return refuse(op, F_TOO_LARGE, "The request is longer than %d bytes", REQUEST_BYTES_MAX);
    if (!type || !str_starts(type, "application/json"))
        return refuse(op, F_MEDIA_TYPE, "The request has to be application/json");
    return NULL;
}

/* What keeps the task from being made is the doing of whoever runs the centre, not the customer's: it must be heard of.
 */
static fault_t make_task(struct op *op, const struct contact_form *form, const char *attributes)
{
    struct task *t = row_new(op->tx, &task_kind, NULL);

    row_set(op->tx, t, &t->account_sid, form->account_sid);
    row_set(op->tx, t, &t->workspace_sid, form->workspace_sid);
    row_set(op->tx, t, &t->workflow_sid, form->workflow_sid);
    row_set(op->tx, t, &t->task_channel_sid, form->task_channel);
    row_set(op->tx, t, &t->attributes, attributes);
    fault_t f = task_created(op_site(op)->engine, op->tx, t);
    return f ? refuse(op, F_UNAVAILABLE, "Form %s cannot make its task: %s", form->sid, f->message) : NULL;
}

static fault_t take(struct op *op, const struct contact_form *form, const struct contact_request *r)
{
    struct contact_limits *limits = op_site(op)->contact;
    char reference[REFERENCE_SIZE];
    const char *attributes;
    int64_t wait;

    reference_make(reference);
    if (r->trapped)
        return accept(op, reference);
    attributes = request_attributes(op->arena, r, reference);
    if (!attributes)
        return answer_error(op, F_INVALID_PARAMETER, "The message is too long", "message");
    wait = seconds_to_wait(op, &limits->forms, hash_bytes(form->sid, strlen(form->sid)));
    if (wait)
        return answer_wait(op, wait);
    fault_t f = make_task(op, form, attributes);
    return f ? f : accept(op, reference);
}

/* Cheap tests first: who is throttled costs no parsing. */
fault_t form_take(struct op *op)
{
    struct contact_limits *limits = op_site(op)->contact;
    struct contact_request request;
    struct contact_form *form;
    const char *why, *field;
    fault_t f = check_form_of_body(op);

    if (f)
        return f;
    int64_t wait = seconds_to_wait(op, &limits->addresses, limit_key(op->http->peer));
    if (wait)
        return answer_wait(op, wait);
    f = find_form(op, &form);
    f = f ? f : check_origin(op, form);
    if (f)
        return f;
    why =
        request_read(op->arena, op->http->body, op->http->body_length, topics_of(op, form), op->now, &request, &field);
    return why ? answer_error(op, F_INVALID_PARAMETER, why, field) : take(op, form, &request);
}
