/* record: how a C struct is a row of a table, said once.
 *
 * A kind of record is a plain struct and one row per member (FIELD below).  From these rows come the schema
 * and its migrations, insert, update, select, and - in rest/, which reads the same rows - parameters, rules, JSON
 * and the API's description.  The compiler refuses a FIELD whose type disagrees with the member's C type.
 *
 * Absent values: a text that is NULL, a number or time that is NO_VALUE.  A bool is never absent; an enum's
 * first word may be "" to say so.  Columns are TEXT or BIGINT; a kind's rows are kept in the order of their sid
 * (which is the order of creation), see base/sid.h. */
#pragma once
#include "base/arena.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_VALUE INT64_MIN

enum type { T_SID, T_STR, T_URL, T_PHONE, T_JSON, T_LIST, T_ENUM, T_BOOL, T_INT, T_TIME };

/* The C type behind each of the above; FIELD() checks it at compile time. */
typedef const char *C_SID, *C_STR, *C_URL, *C_PHONE;
typedef const char *C_JSON;        /* the client's own text, validated, never reformatted */
typedef const char *C_LIST;        /* a JSON array of strings; a repeated parameter outside */
typedef unsigned    C_ENUM;        /* an index into .names; any C enum without negative members */
typedef bool        C_BOOL;
typedef int64_t     C_INT, C_TIME; /* C_TIME: milliseconds since 1970 */

enum {
    /* what the store reads */
    KEY      = 1 << 0,  /* the sid: primary key, made by the ledger                     */
    OWNER    = 1 << 1,  /* the account; every look-up is scoped by it                   */
    PARENT   = 1 << 2,  /* taken from the path: {workspace_sid}                         */
    UNIQUE   = 1 << 3,  /* among rows of the same parents (else of the account)         */
    NOCASE   = 1 << 4,  /* compared without regard to case, in UNIQUE and FILTER        */
    INDEXED  = 1 << 5,  /* looked up by others                                          */
    COMPUTED = 1 << 6,  /* not a column: filled in by the resource's present hook       */
    /* what rest reads */
    ON_CREATE = 1 << 8, /* may be given when creating                                   */
    ON_UPDATE = 1 << 9, /* may be given when updating                                   */
    REQUIRED  = 1 << 10,/* must be given, and not empty, when creating                  */
    FILTER    = 1 << 11,/* equality narrows a list                                      */
    RANGE     = 1 << 12,/* a time: Name, Name<, Name>, NameBefore, NameAfter narrow a list */
    HIDDEN    = 1 << 13,/* stored, never shown                                          */
    BORN      = 1 << 14,/* a time, set once, on create                                  */
    TOUCHED   = 1 << 15,/* a time, set on every change                                  */
    REVISION  = 1 << 16,/* a number: 0 on create, +1 on every change; the ETag          */
    ALTERNATE = 1 << 17,/* may stand in a path in place of the sid (UniqueName)         */
    CLEARABLE = 1 << 18,/* an empty parameter makes it absent                           */
    RFC2822   = 1 << 19,/* a time in the 2010 API's spelling                            */
    ORDERING  = 1 << 20,/* may stand in Ordering=                                       */
    SECRET    = 1 << 21,/* shown once, in the answer to its creation                    */
    JSON_VALUE = 1 << 22,/* a JSON that is shown as the value that it is; else as text    */
};

struct field {
    const char *name;      /* friendly_name: member, column, JSON key; FriendlyName, the parameter, is derived from it */
    enum type   type;
    uint16_t    offset;
    uint32_t    flags;
    const char *prefix;    /* of a SID: "WA"; several: "WK|WQ|WW"                        */
    const char *const *names; /* of an ENUM: its words, NULL-terminated                  */
    const char *initial;   /* value when not given, as a caller would write it           */
    int64_t     min, max;  /* of a number, or of a text's length in characters; 0: unbounded */
    const char *param;     /* the parameter, where it is not derived from the name       */
    const char *part_of;   /* JSON field that this dotted parameter is a part of ("Configuration.Url"); not a column */
    const char *refers;    /* a SID that must exist: name of its kind                    */
};

#define FIELD(st, member, T, ...)                                                                                      \
    { .name = #member, .type = T_##T,                                                                                  \
      .offset = offsetof(struct st, member) + _Generic(((struct st *)0)->member, C_##T: 0), __VA_ARGS__ }

#define ROWS(a) (a), sizeof(a) / sizeof(*(a))

struct index { const char *columns; bool unique; }; /* "worker_sid, reservation_status" */

struct kind {
    const char         *name;      /* the table: "task_queue" */
    size_t              size;      /* of the struct that the fields describe */
    const struct field *fields;
    size_t              nfields;
    const struct index *indexes;   /* beside those of the flags */
    size_t              nindexes;
    /* A resident kind lives in the ledger's memory (ledger/ledger.h) while its row can still change. */
    bool                resident;
    const char         *live_where;/* SQL: which rows are loaded at start; NULL: all */
    bool              (*is_live)(const void *row); /* the same in C, after a change; NULL: always */
};

#define EACH_FIELD(f, k) const struct field *f = (k)->fields; f < (k)->fields + (k)->nfields; f++

const struct field *field_named(const struct kind *k, const char *name);
const struct field *field_flagged(const struct kind *k, uint32_t flag); /* the first one, or NULL */
bool                field_is_text(const struct field *f);  /* the member is a const char * */
bool                field_is_column(const struct field *f);

static inline const char **field_text(const struct field *f, const void *row) { return (const char **)((char *)row + f->offset); }
static inline int64_t *field_int(const struct field *f, const void *row) { return (int64_t *)((char *)row + f->offset); }
static inline bool *field_bool(const struct field *f, const void *row) { return (bool *)((char *)row + f->offset); }
static inline unsigned *field_enum(const struct field *f, const void *row) { return (unsigned *)((char *)row + f->offset); }
bool field_equal(const struct field *f, const void *row, const void *other);
bool row_differs(const struct kind *k, const void *row, const void *other); /* in any column */

/* What is wrong with a description, in the arena, or NULL: two KEYs, OWNER without KEY, struct bytes that no row covers,
 * an ENUM without words, overlapping members … */
const char *kind_check(struct arena *a, const struct kind *k);
