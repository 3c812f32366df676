/* check: what must hold of every description, looked at once, at start.  A bad table is a programmer's error that must
 * not reach a caller. */
#include "rest/internal.h"

#include <string.h>

static const char *check_field(struct arena *a, const struct kind *k, const struct field *f)
{
    const char *at = arena_printf(a, "%s.%s", k->name, f->name);

    if ((f->flags & REQUIRED) && !(f->flags & ON_CREATE))
        return arena_printf(a, "%s is REQUIRED but not ON_CREATE", at);
    if ((f->flags & REQUIRED) && f->initial)
        return arena_printf(a, "%s is REQUIRED and has an initial value", at);
    if ((f->flags & (KEY | OWNER | PARENT)) && (f->flags & (ON_CREATE | ON_UPDATE)))
        return arena_printf(a, "%s comes from the server or the path and cannot be a parameter", at);
    if ((f->flags & (ON_CREATE | ON_UPDATE)) && (f->flags & COMPUTED))
        return arena_printf(a, "%s is COMPUTED and cannot be a parameter", at);
    if ((f->flags & RANGE) && f->type != T_TIME)
        return arena_printf(a, "%s has RANGE but is no time", at);
    if ((f->flags & REVISION) && f->type != T_INT)
        return arena_printf(a, "%s is a REVISION but no number", at);
    if (f->part_of && !field_named(k, f->part_of))
        return arena_printf(a, "%s is part of %s, which is not there", at, f->part_of);
    return NULL;
}

static const char *check_params(struct arena *a, const struct resource *r, const struct params *p)
{
    for (size_t i = 0; i < p->nfields; i++)
        if (p->fields[i].offset >= p->size)
            return arena_printf(a, "%s: parameter %s lies outside of its struct", r->path, p->fields[i].name);
    return NULL;
}

const char *resource_check(struct arena *a, const struct resource *r)
{
    const struct kind *k = r->kind ? r->kind : r->shape;
    const char *why;

    if (!k)
        return arena_printf(a, "%s has neither a kind nor a shape", r->path);
    if (!r->view && !r->verbs)
        return arena_printf(a, "%s answers no verb", r->path);
    if (r->view && (r->verbs & ~(unsigned)CREATE))
        return arena_printf(a, "%s is a view and has verbs besides CREATE", r->path);
    if (r->look && r->reads_live)
        return arena_printf(a, "%s looks at the ledger first, and is read there", r->path);
    if (r->show && !(r->kind && r->shape))
        return arena_printf(a, "%s shows a shape and has no kind, or none to show", r->path);
    if ((r->verbs & LIST) && !r->many)
        return arena_printf(a, "%s is listed without a name for its list", r->path);
    if (r->kind) {
        why = kind_check(a, r->kind);
        if (why)
            return why;
        if (!field_flagged(k, KEY))
            return arena_printf(a, "%s has no KEY", k->name);
    }
    if (r->key && !field_named(k, r->key))
        return arena_printf(a, "%s: its key %s is not a member of %s", r->path, r->key, k->name);
    for (EACH_FIELD(f, k))
        if ((why = check_field(a, k, f)))
            return why;
    const struct params *all[] = { &r->create_params, &r->update_params, &r->list_params };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if ((why = check_params(a, r, all[i])))
            return why;
    return NULL;
}
