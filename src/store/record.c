#include "store/record.h"
#include "base/text.h"
#include <string.h>

const struct field *field_named(const struct kind *k, const char *name)
{
    for (EACH_FIELD(f, k))
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

const struct field *field_flagged(const struct kind *k, uint32_t flag)
{
    for (EACH_FIELD(f, k))
        if (f->flags & flag)
            return f;
    return NULL;
}

bool field_is_text(const struct field *f)
{
    return f->type != T_ENUM && f->type != T_BOOL && f->type != T_INT && f->type != T_TIME;
}

bool field_is_column(const struct field *f)
{
    return !(f->flags & COMPUTED) && !f->part_of;
}

static size_t field_size(const struct field *f)
{
    switch (f->type) {
    case T_BOOL:
        return sizeof(bool);
    case T_ENUM:
        return sizeof(unsigned);
    case T_INT:
    case T_TIME:
        return sizeof(int64_t);
    default:
        return sizeof(const char *);
    }
}

bool field_equal(const struct field *f, const void *row, const void *other)
{
    if (field_is_text(f)) {
        const char *a = *field_text(f, row), *b = *field_text(f, other);
        return a == b || (a && b && strcmp(a, b) == 0);
    }
    return memcmp((const char *)row + f->offset, (const char *)other + f->offset, field_size(f)) == 0;
}

bool row_differs(const struct kind *k, const void *row, const void *other)
{
    for (EACH_FIELD(f, k))
        if (field_is_column(f) && !field_equal(f, row, other))
            return true;
    return false;
}

static const char *check_flags(struct arena *a, const struct kind *k)
{
    int keys = 0, owners = 0;

    for (EACH_FIELD(f, k)) {
        keys += (f->flags & KEY) != 0;
        owners += (f->flags & OWNER) != 0;
        if ((f->flags & (KEY | OWNER | PARENT)) && !field_is_text(f))
            return arena_printf(a, "%s.%s is KEY, OWNER or PARENT, but not a text", k->name, f->name);
        if ((f->flags & (KEY | OWNER | PARENT | UNIQUE | INDEXED)) && !field_is_column(f))
            return arena_printf(a, "%s.%s is looked up, but not a column", k->name, f->name);
        if ((f->flags & (BORN | TOUCHED)) && f->type != T_TIME)
            return arena_printf(a, "%s.%s is BORN or TOUCHED, but not a time", k->name, f->name);
        if ((f->flags & REVISION) && f->type != T_INT)
            return arena_printf(a, "%s.%s is a REVISION, but not a number", k->name, f->name);
        if ((f->flags & NOCASE) && !field_is_text(f))
            return arena_printf(a, "%s.%s is NOCASE, but not a text", k->name, f->name);
        if (f->type == T_ENUM && (!f->names || !f->names[0]))
            return arena_printf(a, "%s.%s is an ENUM without words", k->name, f->name);
        for (const struct field *g = k->fields; g < f; g++)
            if (strcmp(f->name, g->name) == 0)
                return arena_printf(a, "%s.%s is there twice", k->name, f->name);
    }
    if (keys != 1)
        return arena_printf(a, "%s has %d KEYs instead of one", k->name, keys);
    if (owners > 1)
        return arena_printf(a, "%s has %d OWNERs", k->name, owners);
    return NULL;
}

/* Every byte of the struct belongs to one row, or is padding: less than the alignment of what follows. */
static const char *check_members(struct arena *a, const struct kind *k)
{
    char *taken = arena_alloc(a, k->size + 1);

    for (EACH_FIELD(f, k)) {
        size_t n = field_size(f);
        if (f->offset + n > k->size)
            return arena_printf(a, "%s.%s is beyond the end of the struct", k->name, f->name);
        for (size_t i = f->offset; i < f->offset + n; i++) {
            if (taken[i] && !f->part_of)
                return arena_printf(a, "%s.%s overlaps another member", k->name, f->name);
            taken[i] = (char)n;
        }
    }
    taken[k->size] = (char)_Alignof(int64_t);
    for (size_t i = 0, hole = 0; i <= k->size; i++) {
        hole = taken[i] ? 0 : hole + 1;
        if (!taken[i] && taken[i + 1] && hole >= (size_t)taken[i + 1])
            return arena_printf(a, "%s: no row covers the %zu bytes of the struct at %zu", k->name, hole, i + 1 - hole);
    }
    return NULL;
}

const char *kind_check(struct arena *a, const struct kind *k)
{
    const char *why = check_flags(a, k);

    if (why)
        return why;
    for (size_t i = 0; i < k->nindexes; i++)
        if (!k->indexes[i].columns || !*k->indexes[i].columns)
            return arena_printf(a, "%s has an index without columns", k->name);
    if (k->is_live && !k->live_where)
        return arena_printf(a, "%s says which rows are live in C, but not in SQL", k->name);
    if ((k->is_live || k->live_where) && !k->resident)
        return arena_printf(a, "%s is not resident, but has live rows", k->name);
    return check_members(a, k);
}
