/* contact: the form by which a customer asks to be called back.
 *
 * A form is a row: what it says to the customer, and the workspace and workflow that its requests go to.  Those who run the centre make
 * and change forms at /contact/v1/Forms, a resource like any other.  The customer's browser - from any site, without credentials - uses
 * two endpoints of each form: Public, what to show, and Requests, which makes a task.
 *
 * Everything that arrives at Requests was written by a stranger.  request.h judges the body, base/limit.h says who asks too often,
 * public.c takes both together. */
#pragma once
#include "rest/resource.h"

struct contact_form { /* FM… */
    const char *sid, *account_sid, *friendly_name;
    const char *title, *intro, *submit_label, *thanks; /* what the customer reads */
    const char *workspace_sid, *workflow_sid;
    const char *task_channel;    /* a unique name */
    const char *topics;          /* JSON object in the order to show: {"billing": "Billing"}; a request's task has its value as "skill" */
    const char *allowed_origins; /* JSON array; an empty one: a page of any site may show the form */
    bool        active;
    bool        is_default;      /* is meant by "default" in place of a sid; one of an account's */
    int64_t     date_created, date_updated;
};

extern const struct kind contact_form_kind;
extern const struct module contact_module;
