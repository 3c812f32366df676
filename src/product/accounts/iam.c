/* API keys as iam.twilio.com has them: here a key may be restricted by a policy.  These are endpoints, not a resource:
 * the account comes as a parameter and not in the path, and three shapes of one row are shown. */
#include "base/text.h"
#include "codec/date.h"
#include "product/accounts/internal.h"
#include <string.h>

#define KEYS_PATH "/v1/Keys"
enum { NAME_MAX_CHARS = 64, PAGE_DEFAULT = 50, PAGE_MAX = 1000 };
enum shape { SHAPE_LISTED, SHAPE_FETCHED, SHAPE_NEW };

static void key_json(struct json_out *o, const struct api_key *k, enum shape shape)
{
    char created[DATE_SIZE], updated[DATE_SIZE];

    json_open(o, '{');
    json_pair_str(o, "sid", k->sid);
    json_pair_str(o, "friendly_name", k->friendly_name);
    json_pair_str(o, "date_created", date_rfc2822(k->date_created, created));
    json_pair_str(o, "date_updated", date_rfc2822(k->date_updated, updated));
    if (shape == SHAPE_NEW)
        json_pair_str(o, "secret", k->secret);
    if (shape == SHAPE_LISTED)
        json_pair_raw(o, "flags", k->type == KEY_RESTRICTED ? "[\"rest_api\"]" : "[\"rest_api\",\"signing\"]");
    else
        json_pair_raw(o, "policy", k->policy ? k->policy : "null");
    json_close(o, '}');
}

static fault_t answer_key(struct op *op, int status, const struct api_key *k, enum shape shape)
{
    struct json_out o;

    json_begin(&o, op->arena);
    key_json(&o, k, shape);
    op_json(op, status, json_done(&o));
    return NULL;
}

static fault_t account_given(struct op *op, enum deed deed)
{
    const char *sid = op_param(op, "AccountSid");
    fault_t f = may_manage(op, "iam", KEYS_PATH, deed);

    if (!f && (!sid || !*sid))
        f = refuse(op, F_INVALID_PARAMETER, "Missing required parameter AccountSid");
    if (!f)
        f = auth_act_on(op->view, op->db, op->arena, sid, &op->who);
    return f ? f : auth_may(&op->who, op->arena, "iam", KEYS_PATH, deed);
}

/* A key of this account or of its child. */
static fault_t key_given(struct op *op, enum deed deed, struct api_key **out)
{
    const char *sid = op_path(op, "sid");
    struct api_key *k = NULL;
    fault_t f = may_manage(op, "iam", KEYS_PATH, deed);

    *out = NULL;
    if (f)
        return f;
    if (op->tx)
        k = row_find(op->tx, &api_key_kind, sid);
    else if (record_find(op->db, op->arena, &api_key_kind, sid, (void **)&k) != DB_OK)
        return op_failed(op);
    if (!k || auth_act_on(op->view, op->db, op->arena, k->account_sid, &op->who))
        return refuse(op, F_NOT_FOUND, "The requested resource /Keys/%.64s was not found", sid);
    *out = k;
    return auth_may(&op->who, op->arena, "iam", KEYS_PATH, deed);
}

static fault_t name_given(struct op *op, const char **name)
{
    *name = op_param(op, "FriendlyName");
    if (*name && utf8_length(*name) > NAME_MAX_CHARS)
        return refuse(op, F_INVALID_PARAMETER, "FriendlyName is longer than %d characters", NAME_MAX_CHARS);
    return NULL;
}

/* A policy belongs to a restricted key, and a restricted key must have one. */
static fault_t policy_given(struct op *op, bool restricted, bool required, const char **policy)
{
    *policy = op_param(op, "Policy");
    if (*policy && !**policy)
        *policy = NULL;
    if (*policy && !restricted)
        return refuse(op, F_INVALID_PARAMETER, "Policy may only be given to a key whose KeyType is restricted");
    if (!*policy && required)
        return refuse(op, F_INVALID_PARAMETER, "Policy is required when KeyType is restricted");
    return *policy ? policy_check(op->arena, *policy) : NULL;
}

fault_t iam_create(struct op *op)
{
    const char *type = op_param(op, "KeyType"), *name, *policy;
    bool restricted = type && str_eq(type, "restricted");
    struct api_key *k;
    fault_t f = account_given(op, MAY_CREATE);

    if (!f && type && *type && !restricted && !str_eq(type, "standard"))
        f = refuse(op, F_INVALID_PARAMETER, "KeyType '%.32s' is not standard or restricted", type);
    if (!f)
        f = name_given(op, &name);
    if (!f)
        f = policy_given(op, restricted, restricted, &policy);
    if (f)
        return f;
    k = api_key_make(op->tx, op->who.account_sid, restricted ? KEY_RESTRICTED : KEY_STANDARD, name);
    row_set(op->tx, k, &k->policy, policy);
    return answer_key(op, 201, k, SHAPE_NEW);
}

fault_t iam_fetch(struct op *op)
{
    struct api_key *k;
    fault_t f = key_given(op, MAY_READ, &k);

    return f ? f : answer_key(op, 200, k, SHAPE_FETCHED);
}

fault_t iam_update(struct op *op)
{
    const char *name, *policy;
    struct api_key *k;
    fault_t f = key_given(op, MAY_UPDATE, &k);

    if (!f)
        f = name_given(op, &name);
    if (!f)
        f = policy_given(op, k->type == KEY_RESTRICTED, false, &policy);
    if (f)
        return f;
    row_edit(op->tx, k);
    if (name)
        row_set(op->tx, k, &k->friendly_name, name);
    if (policy)
        row_set(op->tx, k, &k->policy, policy);
    k->date_updated = op->now;
    credentials_changed(op);
    return answer_key(op, 200, k, SHAPE_FETCHED);
}

fault_t iam_remove(struct op *op)
{
    struct api_key *k;
    fault_t f = key_given(op, MAY_DELETE, &k);

    if (f)
        return f;
    row_delete(op->tx, k);
    credentials_changed(op);
    op->answer.status = 204;
    return NULL;
}

/* --- the list ----------------------------------------------------------------------------------------------- */

struct page {
    struct op *op;
    int64_t size, number;
    const char *after;                        /* the key that it follows; NULL: from the start */
    const struct api_key *rows[PAGE_MAX + 1]; /* one too many tells that there is a next */
    size_t n;
};

static fault_t page_given(struct op *op, struct page *p)
{
    const char *size = op_param(op, "PageSize"), *number = op_param(op, "Page"), *token = op_param(op, "PageToken");

    *p = (struct page){ .op = op, .size = PAGE_DEFAULT };
    if (size && *size && (!str_to_int(size, &p->size) || p->size < 1 || p->size > PAGE_MAX))
        return refuse(op, F_INVALID_PARAMETER, "PageSize '%.32s' is not a number from 1 to %d", size, PAGE_MAX);
    if (number && *number && (!str_to_int(number, &p->number) || p->number < 0))
        return refuse(op, F_INVALID_PARAMETER, "Page '%.32s' is not a number", number);
    if (token && *token) {
        p->after = str_starts(token, "PA") ? token + 2 : "";
        if (!sid_valid(p->after, "SK"))
            return refuse(op, F_INVALID_PARAMETER, "PageToken '%.64s' is not valid for this list", token);
    } else if (p->number > 0)
        return refuse(op, F_ABSOLUTE_PAGING, "Page %lld cannot be fetched without its PageToken: follow next_page_url",
                      (long long)p->number);
    return NULL;
}

static bool take(void *arg, void *row)
{
    struct page *p = arg;

    p->rows[p->n++] = row;
    return (int64_t)p->n <= p->size;
}

static const char *page_url(const struct page *p, int64_t number, const char *after)
{
    struct op *op = p->op;
    struct text query = { .arena = op->arena };

    form_put(&query, "AccountSid", op->who.account_sid);
    form_put(&query, "PageSize", arena_printf(op->arena, "%lld", (long long)p->size));
    form_put(&query, "Page", arena_printf(op->arena, "%lld", (long long)number));
    if (after)
        form_put(&query, "PageToken", arena_printf(op->arena, "PA%s", after));
    return arena_printf(op->arena, "%s" KEYS_PATH "?%s", op->prefix, text_str(&query));
}

static void page_json(const struct page *p, struct json_out *o)
{
    bool more = (int64_t)p->n > p->size;
    size_t shown = more ? (size_t)p->size : p->n;

    json_open(o, '{');
    json_key(o, "keys");
    json_open(o, '[');
    for (size_t i = 0; i < shown; i++)
        key_json(o, p->rows[i], SHAPE_LISTED);
    json_close(o, ']');
    json_key(o, "meta");
    json_open(o, '{');
    json_pair_int(o, "page", p->number);
    json_pair_int(o, "page_size", p->size);
    json_pair_str(o, "first_page_url", page_url(p, 0, NULL));
    json_pair_str(o, "previous_page_url", NULL);
    json_pair_str(o, "url", page_url(p, p->number, p->after));
    json_pair_str(o, "next_page_url", more ? page_url(p, p->number + 1, p->rows[shown - 1]->sid) : NULL);
    json_pair_str(o, "key", "keys");
    json_close(o, '}');
    json_close(o, '}');
}

fault_t iam_list(struct op *op)
{
    struct page *p = arena_alloc(op->arena, sizeof *p);
    struct condition mine = { .column = "account_sid", .compare = IS };
    struct selection s = { .conditions = &mine, .nconditions = 1 };
    struct json_out o;
    fault_t f = account_given(op, MAY_LIST);

    if (!f)
        f = page_given(op, p);
    if (f)
        return f;
    mine.value = value_text(op->who.account_sid);
    s.after_sid = p->after;
    s.limit = p->size + 1;
    if (record_select(op->db, op->arena, &api_key_kind, &s, take, p) != DB_OK)
        return op_failed(op);
    json_begin(&o, op->arena);
    page_json(p, &o);
    op_json(op, 200, json_done(&o));
    return NULL;
}
