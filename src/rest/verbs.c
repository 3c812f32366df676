/* verbs: what a resource does when it is fetched, created, updated, deleted, acted on or computed. */
#include "rest/internal.h"

#include <stdlib.h>
#include <string.h>

/* "/Workspaces/WS…/Workers/WK…": the path as the caller knows it, without the version. */
static fault_t not_found(struct op *op)
{
    const char *path = op->path;

    if (path[0] == '/' && (path[1] == 'v' || path[1] == '2'))
        path += 1 + strcspn(path + 1, "/");
    return refuse(op, F_NOT_FOUND, "The requested resource %.300s was not found", path);
}

/* Parents are rows too: a list below another account's workspace does not exist. */
static fault_t check_parents(struct op *op, const struct shape *s)
{
    for (size_t i = 0; i < s->nparents; i++) {
        const char *sid = op_path(op, s->parents[i].field->name);
        if (sid && s->parents[i].refers && !op_find(op, s->parents[i].refers, sid))
            return not_found(op);
    }
    return NULL;
}

static fault_t find_row(struct op *op, const struct shape *s, void **row)
{
    const char *key = s->key ? op_path(op, s->key->name) : NULL;
    fault_t f = NULL;

    *row = NULL;
    if (s->res->find)
        f = s->res->find(op, key, row);
    else if (key)
        *row = op_find(op, s->kind, key);
    if (!f && !*row && key && s->alternate && !sid_valid(key, NULL) &&
        record_find_by(op->db, op->arena, s->kind, s->alternate->name, key, op->who.account_sid, row) == DB_OK && *row)
        *row = op_find(op, s->kind, *field_text(field_flagged(s->kind, KEY), *row));
    if (!f && !*row)
        return not_found(op);
    return f;
}

static void put_etag(struct op *op, const struct shape *s, const void *row)
{
    if (s->revision)
        op_header_add(op, "ETag", arena_printf(op->arena, "\"%lld\"", (long long)*field_int(s->revision, row)));
}

static fault_t check_if_match(struct op *op, const struct shape *s, enum verb verb, const void *row)
{
    const char *wanted = op_header(op, "if-match");
    int64_t revision;

    if (s->res->match)
        return wanted && (s->res->conditional & verb) ? s->res->match(op, row, wanted) : NULL;
    if (!s->revision || !wanted || !strcmp(wanted, "*"))
        return NULL;
    size_t n = strlen(wanted);
    char *bare = arena_strdup(op->arena, wanted);
    if (n >= 2 && bare[0] == '"' && bare[n - 1] == '"') {
        bare[n - 1] = '\0';
        bare++;
    }
    if (str_to_int(bare, &revision) && revision == *field_int(s->revision, row))
        return NULL;
    return refuse(op, F_PRECONDITION, "If-Match %.32s does not match the resource's current version %lld", wanted,
                  (long long)*field_int(s->revision, row));
}

/* The times and the revision that the answer shows must be those that will be kept. */
static void touch(struct op *op, const struct shape *s, void *row)
{
    const void *was = row_was(op->tx, row);
    bool changed = false;

    if (!was || was == row)
        return;
    for (EACH_FIELD(f, s->kind))
        if (!(f->flags & COMPUTED) && !f->part_of && !field_equal(f, row, was))
            changed = true;
    if (!changed)
        return;
    if (s->touched)
        *field_int(s->touched, row) = op->now;
    if (s->revision && *field_int(s->revision, row) == *field_int(s->revision, was))
        ++*field_int(s->revision, row);
}

static fault_t answer_row(struct op *op, const struct shape *s, int status, void *row)
{
    struct json_out o;

    op->answer.status = status;
    put_etag(op, s, row);
    json_begin(&o, op->arena);
    shape_json(op, s, row, &o);
    answer_json(op, status, json_done(&o));
    return NULL;
}

static fault_t fetch(struct op *op, const struct shape *s)
{
    void *row;
    fault_t f = find_row(op, s, &row);

    return f ? f : answer_row(op, s, 200, row);
}

static fault_t make(struct op *op, const struct shape *s)
{
    void *made = NULL;
    fault_t f = s->res->make(op, &made);

    return f ? f : answer_row(op, s, s->res->create_status ? s->res->create_status : 201, made);
}

static fault_t create(struct op *op, const struct shape *s)
{
    fault_t f = check_parents(op, s);

    f = f ? f : bind_params(op, &s->create_params, &s->res->create_params, &op->form);
    if (f)
        return f;
    if (s->res->make)
        return make(op, s);
    void *row = row_new(op->tx, s->kind, NULL);
    if (s->owner)
        row_set(op->tx, row, field_text(s->owner, row), op->who.account_sid);
    for (size_t i = 0; i < s->nparents; i++)
        if (op_path(op, s->parents[i].field->name))
            row_set(op->tx, row, field_text(s->parents[i].field, row), op_path(op, s->parents[i].field->name));
    f = bind_row(op, &s->create, row, true);
    if (!f && s->res->create)
        f = s->res->create(op, row);
    return f ? f : answer_row(op, s, s->res->create_status ? s->res->create_status : 201, op->row ? op->row : row);
}

static fault_t update(struct op *op, const struct shape *s)
{
    void *row;
    fault_t f = find_row(op, s, &row);

    f = f ? f : check_if_match(op, s, UPDATE, row);
    f = f ? f : bind_params(op, &s->update_params, &s->res->update_params, &op->form);
    if (f)
        return f;
    row_edit(op->tx, row);
    f = bind_row(op, &s->update, row, false);
    if (!f && s->res->update)
        f = s->res->update(op, row, row_was(op->tx, row));
    if (f)
        return f;
    touch(op, s, row);
    return answer_row(op, s, s->res->update_status ? s->res->update_status : 200, op->row ? op->row : row);
}

static fault_t act(struct op *op, const struct shape *s, const struct action *action)
{
    void *row;
    fault_t f = find_row(op, s, &row);

    f = f ? f : check_if_match(op, s, UPDATE, row);
    f = f ? f : bind_params(op, &s->action_params[action - s->res->actions], &action->params, &op->form);
    if (f)
        return f;
    row_edit(op->tx, row);
    f = action->run(op, row);
    if (f || op->answer.body)
        return f;
    touch(op, s, row);
    return answer_row(op, s, 200, op->row ? op->row : row);
}

static fault_t destroy(struct op *op, const struct shape *s)
{
    void *row;
    fault_t f = find_row(op, s, &row);

    f = f ? f : check_if_match(op, s, DELETE, row);
    if (!f && s->res->remove)
        f = s->res->remove(op, row);
    if (f)
        return f;
    if (!op->answer.status)
        row_delete(op->tx, row);
    op->answer.status = 204;
    return NULL;
}

static fault_t view(struct op *op, const struct shape *s)
{
    struct json_out o;
    void *out = arena_alloc(op->arena, s->kind->size);
    fault_t f = check_parents(op, s);

    f = f ? f : bind_params(op, &s->list_params, &s->res->list_params, &op->form);
    f = f ? f : s->res->view(op, out);
    if (f)
        return f;
    json_begin(&o, op->arena);
    shape_json(op, s, out, &o);
    answer_json(op, 200, json_done(&o));
    return NULL;
}

fault_t verb_perform(struct op *op, const struct entry *e)
{
    bool post = !strcmp(e->method, "POST");
    fault_t f = e->shape->res->enter ? e->shape->res->enter(op) : NULL;

    if (f)
        return f;
    switch (e->what) {
    case IS_COLLECTION:
        if (post)
            return create(op, e->shape);
        f = check_parents(op, e->shape);
        return f ? f : list_serve(op, e->shape);
    case IS_INSTANCE:
    case IS_SINGLETON:
        if (post)
            return update(op, e->shape);
        return strcmp(e->method, "DELETE") ? fetch(op, e->shape) : destroy(op, e->shape);
    case IS_VIEW:
        return view(op, e->shape);
    case IS_ACTION:
        return act(op, e->shape, e->action);
    case IS_ENDPOINT:
    case IS_UNPERFORMED:
        break;
    }
    abort(); /* rest.c sends those elsewhere */
}
