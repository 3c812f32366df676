/* What the files of rest/ share: descriptions compiled for speed, routes, and the request's way through them. */
#pragma once
#include "rest/rest.h"

enum { SEGMENTS_MAX = 16, PAGE_SIZE_DEFAULT = 50, PAGE_SIZE_MAX = 1000 };

/* A path or URL with {member} in it, cut into pieces once. */
struct piece {
    const char         *literal; /* NULL: the value of field */
    const struct field *field;
};
struct template {
    struct piece *pieces;
    size_t        n;
};

/* A field and the parameter that sets it. */
struct bound {
    const struct field *field;
    const char         *param;
    const struct kind  *refers;  /* the kind that a SID must exist in */
    const struct field *part_of; /* the JSON field that this is a part of */
};
struct bindings {
    struct bound *rows;
    size_t        n;
};

/* A description, compiled: what the interpreter looks up once and not at each request. */
struct shape {
    const struct resource *res;
    const struct kind     *kind;  /* what is stored */
    const struct kind     *shown; /* what is shown: the same, unless there is a shape */
    const struct field    *key, *owner, *revision, *alternate, *touched;
    struct bound          *parents;
    size_t                 nparents;
    struct bindings        create, update, filters;                     /* of fields */
    struct bindings        create_params, update_params, list_params;   /* of PARAM structs */
    struct bindings       *action_params;                               /* one an action */
    struct template        url;
    struct template       *links;
};

/* What a request may turn out to be. */
enum what { IS_COLLECTION, IS_INSTANCE, IS_SINGLETON, IS_VIEW, IS_ACTION, IS_ENDPOINT, IS_UNPERFORMED };
struct entry {
    enum what                 what;
    const char               *method;
    const struct shape       *shape;
    const struct action      *action;
    const struct endpoint    *endpoint;
    const struct unperformed *unperformed;
    const char *const        *names; /* of the path's parameters, in order */
};
struct route {
    const char   *label;
    const char   *segments[SEGMENTS_MAX]; /* NULL: a parameter */
    size_t        nsegments;
    bool          tail;                   /* ends in "*" */
    struct entry *entries;
    size_t        nentries;
};

struct rest {
    struct rest_config config;
    struct arena      *arena;
    struct shape      *shapes; /* sorted by address of the description */
    size_t             nshapes;
    struct route      *routes; /* literal segments before parameters, so the first match is the best */
    size_t             nroutes;
    const char       **labels;
    size_t             nlabels;
    const struct kind **kinds;
    size_t             nkinds;
    struct pool       *readers;
    struct auth_view  *ledger_view; /* the ledger thread's */
};

/* compile.c */
const char         *rest_compile(struct rest *r, struct arena *a); /* NULL, or what is wrong */
const struct shape *shape_of(const struct rest *r, const struct resource *res);
const char         *template_expand(struct arena *a, const struct template *t, const void *row);
bool                has_url(const struct resource *r); /* what can only be listed has none of its own */
bool                path_names(struct arena *a, const struct resource *r, const struct field *f);
/* check.c */
const char *resource_check(struct arena *a, const struct resource *r);
/* address.c */
void        address_resolve(const struct rest *r, struct op *op);
const char *address_beside(const struct op *op, const char *label); /* op->prefix, of another product */
/* route.c */
const struct route *route_find(const struct rest *r, const char *label, const char *path, struct arena *a, char **values);
const char         *route_add(struct rest *r, const char *label, const char *path, const struct entry *e);
void                routes_sort(struct rest *r);
/* bind.c */
fault_t bind_row(struct op *op, const struct bindings *b, void *row, bool creating);
fault_t bind_params(struct op *op, const struct bindings *b, const struct params *p, const struct form *from);
fault_t bind_text(struct op *op, const struct bound *b, const char *text, void *row, bool row_of_ledger);
/* list.c */
fault_t list_serve(struct op *op, const struct shape *s);
/* verbs.c */
fault_t verb_perform(struct op *op, const struct entry *e);
/* render.c */
void shape_json(struct op *op, const struct shape *s, const void *row, struct json_out *o);
/* answer.c */
void    answer_fault(struct op *op, fault_t f);
void    answer_send(struct op *op);
void    answer_json(struct op *op, int status, const char *json);
