/* bind: from the text of a parameter to the member of a struct, with the rules of its row. */
#include "rest/internal.h"

#include "codec/date.h"
#include "net/client.h"
#include <assert.h>
#include <string.h>

/* Where a value goes: a row of the ledger owns its texts, any other struct borrows the request's. */
static void put_text(struct op *op, const struct field *f, const char *text, void *row, bool row_of_ledger)
{
    if (row_of_ledger)
        row_set(op->tx, row, field_text(f, row), text);
    else
        *field_text(f, row) = text;
}

static bool sid_has_prefix(const char *sid, const char *prefixes)
{
    if (!prefixes)
        return sid_valid(sid, NULL);
    for (const char *p = prefixes; *p; p += 2 + (p[2] == '|')) {
        char one[3] = { p[0], p[1], '\0' };
        if (sid_valid(sid, one))
            return true;
    }
    return false;
}

static fault_t check_length(struct op *op, const struct bound *b, const char *text)
{
    int64_t length = (int64_t)utf8_length(text);

    if (b->field->max && length > b->field->max)
        return refuse(op, F_INVALID_PARAMETER, "%s is longer than %lld characters", b->param, (long long)b->field->max);
    if (b->field->min && length < b->field->min)
        return refuse(op, F_INVALID_PARAMETER, "%s is shorter than %lld characters", b->param,
                      (long long)b->field->min);
    return NULL;
}

static bool phone_like(const char *s)
{
    size_t digits = 0;

    for (const char *p = s; *p; p++) {
        if (*p >= '0' && *p <= '9')
            digits++;
        else if (!(*p == '+' && p == s))
            return false;
    }
    return digits >= 2 && digits <= 15;
}

static fault_t parse_text(struct op *op, const struct bound *b, const char *text)
{
    const struct field *f = b->field;
    const char *why;
    json_t *tree;

    switch (f->type) {
    case T_SID:
        if (!sid_has_prefix(text, f->prefix))
            return refuse(op, F_INVALID_PARAMETER, "Value '%.64s' provided for %s has an invalid format", text,
                          b->param);
        if (b->refers && !op_find(op, b->refers, text))
            return refuse(op, F_INVALID_PARAMETER, "%s '%s' was not found", b->param, text);
        return NULL;
    case T_URL:
        if (!url_is_http(text))
            return refuse(op, F_INVALID_PARAMETER, "%s '%.200s' is not a valid URL", b->param, text);
        return NULL;
    case T_PHONE:
        if (!phone_like(text))
            return refuse(op, F_INVALID_PARAMETER, "%s '%.64s' is not a phone number in E.164 form", b->param, text);
        return NULL;
    case T_JSON:
        tree = json_parse_object(op->arena, text, strlen(text), &why);
        if (!tree)
            return refuse(op, F_INVALID_PARAMETER, "%s is not a valid JSON object: %s", b->param, why);
        if (op->tx) { /* an engine looks into it next */
            op->tx->parsed.text = text;
            op->tx->parsed.tree = tree;
        }
        return check_length(op, b, text);
    default:
        return check_length(op, b, text);
    }
}

static fault_t parse_number(struct op *op, const struct bound *b, const char *text, int64_t *out)
{
    const struct field *f = b->field;

    if (f->type == T_TIME) {
        if (!date_parse(text, out))
            return refuse(op, F_INVALID_PARAMETER, "%s '%.64s' is not a date and time in ISO 8601 form", b->param,
                          text);
        return NULL;
    }
    if (!str_to_int(text, out))
        return refuse(op, F_INVALID_PARAMETER, "%s '%.64s' is not a whole number", b->param, text);
    if ((f->min || f->max) && (*out < f->min || (f->max && *out > f->max)))
        return refuse(op, F_INVALID_PARAMETER, "%s %lld is not between %lld and %lld", b->param, (long long)*out,
                      (long long)f->min, (long long)(f->max ? f->max : INT64_MAX));
    return NULL;
}

static fault_t parse_enum(struct op *op, const struct bound *b, const char *text, unsigned *out)
{
    struct text words = { .arena = op->arena };

    for (unsigned i = 0; b->field->names[i]; i++) {
        if (str_ieq(b->field->names[i], text)) {
            *out = i;
            return NULL;
        }
        text_putf(&words, "%s%s", i ? ", " : "", b->field->names[i]);
    }
    return refuse(op, F_INVALID_PARAMETER, "%s '%.64s' is not one of: %s", b->param, text, text_str(&words));
}

/* A dotted parameter becomes a member of a JSON object. */
static fault_t put_part(struct op *op, const struct bound *b, const char *text, void *row, bool row_of_ledger)
{
    const char *whole = *field_text(b->part_of, row);
    json_t *object = json_parse_object(op->arena, whole ? whole : "{}", whole ? strlen(whole) : 2, NULL);
    json_t *value;
    int64_t number;
    bool flag;
    fault_t f;

    assert(object);
    if (b->field->type == T_INT) {
        f = parse_number(op, b, text, &number);
        value = json_integer(f ? 0 : number);
    } else if (b->field->type == T_BOOL) {
        f = NULL;
        value = json_boolean(str_to_bool(text, &flag) && flag);
    } else {
        f = parse_text(op, b, text);
        value = json_string(text);
    }
    json_object_set_new(object, b->field->name, value);
    if (!f)
        put_text(op, b->part_of, json_text(op->arena, object), row, row_of_ledger);
    return f;
}

fault_t bind_text(struct op *op, const struct bound *b, const char *text, void *row, bool row_of_ledger)
{
    const struct field *f = b->field;
    fault_t bad = NULL;

    if (b->part_of)
        return put_part(op, b, text, row, row_of_ledger);
    switch (f->type) {
    case T_SID:
    case T_STR:
    case T_URL:
    case T_PHONE:
    case T_JSON:
    case T_LIST:
        bad = parse_text(op, b, text);
        if (!bad)
            put_text(op, f, text, row, row_of_ledger);
        return bad;
    case T_ENUM:
        return parse_enum(op, b, text, field_enum(f, row));
    case T_BOOL: /* anything that does not say yes is no, as the contract has it */
        *field_bool(f, row) = false;
        (void)str_to_bool(text, field_bool(f, row));
        return NULL;
    case T_INT:
    case T_TIME:
        return parse_number(op, b, text, field_int(f, row));
    }
    return bad;
}

static void clear_value(struct op *op, const struct field *f, void *row, bool row_of_ledger)
{
    if (field_is_text(f))
        put_text(op, f, NULL, row, row_of_ledger);
    else if (f->type == T_INT || f->type == T_TIME)
        *field_int(f, row) = NO_VALUE;
}

/* A repeated parameter, as the JSON array that is kept. */
static const char *gather_list(struct op *op, const struct form *form, const char *param)
{
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '[');
    for (size_t i = 0; i < form->n; i++)
        if (!strcmp(form->pairs[i].name, param))
            json_str(&o, form->pairs[i].value);
    json_close(&o, ']');
    return json_done(&o);
}

static fault_t bind_one(struct op *op, const struct bound *b, const struct form *form, void *row, bool row_of_ledger)
{
    const char *text = form_get(form, b->param);

    if (!text)
        return NULL;
    if (b->field->type == T_LIST && (*text || !(b->field->flags & REQUIRED)))
        text = gather_list(op, form, b->param);
    else if (!*text) {
        /* An empty value clears what can be cleared, and is a value of its own for plain texts. */
        if (b->field->flags & REQUIRED)
            return refuse(op, F_INVALID_PARAMETER, "%s must not be empty", b->param);
        if ((b->field->flags & CLEARABLE) || !field_is_text(b->field)) {
            clear_value(op, b->field, row, row_of_ledger);
            return NULL;
        }
        if (b->field->type != T_STR)
            return refuse(op, F_INVALID_PARAMETER, "%s must not be empty", b->param);
    }
    return bind_text(op, b, text, row, row_of_ledger);
}

static fault_t bind_initial(struct op *op, const struct bound *b, void *row, bool row_of_ledger)
{
    if (b->field->flags & REQUIRED)
        return refuse(op, F_INVALID_PARAMETER, "Missing required parameter %s in the post body", b->param);
    if (b->field->initial)
        return bind_text(op, b, b->field->initial, row, row_of_ledger);
    clear_value(op, b->field, row, row_of_ledger);
    return NULL;
}

fault_t bind_row(struct op *op, const struct bindings *bindings, void *row, bool creating)
{
    fault_t f = NULL;

    for (size_t i = 0; i < bindings->n && !f; i++) {
        const struct bound *b = &bindings->rows[i];
        if (creating && !form_get(&op->form, b->param) && !b->part_of)
            f = bind_initial(op, b, row, true);
        else
            f = bind_one(op, b, &op->form, row, true);
    }
    return f;
}

fault_t bind_params(struct op *op, const struct bindings *bindings, const struct params *p, const struct form *from)
{
    fault_t f = NULL;

    if (!p->nfields)
        return NULL;
    op->params = arena_alloc(op->arena, p->size);
    for (size_t i = 0; i < bindings->n && !f; i++) {
        const struct bound *b = &bindings->rows[i];
        if (form_get(from, b->param))
            f = bind_one(op, b, from, op->params, false);
        else
            f = bind_initial(op, b, op->params, false);
    }
    return f;
}
