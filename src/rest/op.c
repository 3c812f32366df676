/* op: what hooks and endpoints may ask of the request under way. */
#include "rest/internal.h"

#include "base/map.h"
#include <assert.h>
#include <string.h>

const char *op_param(const struct op *op, const char *name)
{
    return form_get(&op->form, name);
}

bool op_given(const struct op *op, const char *name)
{
    return form_get(&op->form, name) != NULL;
}

const char *op_path(const struct op *op, const char *name)
{
    for (size_t i = 0; i < op->npath_params; i++)
        if (!strcmp(op->path_params[i].name, name))
            return op->path_params[i].value;
    return NULL;
}

void op_path_set(struct op *op, const char *name, const char *value)
{
    size_t i = 0;

    while (i < op->npath_params && strcmp(op->path_params[i].name, name) != 0)
        i++;
    assert(i < sizeof(op->path_params) / sizeof(*op->path_params));
    op->path_params[i].name = name;
    op->path_params[i].value = value;
    if (i == op->npath_params)
        op->npath_params++;
}

const char *op_header(const struct op *op, const char *lower_case)
{
    return http_header(op->http, lower_case);
}

fault_t refuse(struct op *op, enum fault_id id, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    const char *words = arena_vprintf(op->arena, fmt, ap);
    va_end(ap);
    return fault(op->arena, id, "%s", words);
}

fault_t op_failed(struct op *op)
{
    return refuse(op, F_UNAVAILABLE, "The store cannot be read: %s", db_error(op->db));
}

/* A row that is there, but not below what the path names, is not there for this caller. */
static bool in_scope(const struct op *op, const struct kind *k, const void *row)
{
    const struct field *owner = field_flagged(k, OWNER);

    if (owner && !str_eq(*field_text(owner, row), op->who.account_sid))
        return false;
    for (EACH_FIELD(f, k)) {
        const char *wanted = f->flags & PARENT ? op_path(op, f->name) : NULL;
        if (wanted && !str_eq(*field_text(f, row), wanted))
            return false;
    }
    return true;
}

/* A list asks for the same few neighbours row after row. */
static void **seen(struct op *op, const struct kind *k, const char *sid)
{
    size_t n = sizeof(op->seen) / sizeof(*op->seen);
    size_t at = (hash_bytes(sid, strlen(sid)) ^ (uintptr_t)k) % n;

    if (op->seen[at].kind != k || strcmp(op->seen[at].sid, sid) != 0) {
        op->seen[at].kind = k;
        op->seen[at].sid = sid;
        op->seen[at].row = NULL;
    }
    return &op->seen[at].row;
}

/* What a reader reads does not change under it. */
static void *find_read(struct op *op, const struct kind *k, const char *sid)
{
    void **row = seen(op, k, sid);

    if (!*row && record_find(op->db, op->arena, k, sid, row) != DB_OK)
        *row = NULL;
    return *row;
}

void *op_find(struct op *op, const struct kind *k, const char *sid)
{
    void *row = op->tx ? row_find(op->tx, k, sid) : find_read(op, k, sid);

    return row && in_scope(op, k, row) ? row : NULL;
}

struct site *op_site(const struct op *op)
{
    return op->rest->config.site;
}
