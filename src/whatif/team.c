/* The team of a play: the people of the history, changed as the file of workers says; and the rows that the scratch
 * store begins with. */
#include "whatif/internal.h"
#include <string.h>

static const struct pointers *rows_of(const struct history *h, const struct kind *kind)
{
    size_t k = 0;

    while (routing_kinds[k] != kind)
        k++;
    return &h->rows[k];
}

/* --- the file --------------------------------------------------------------------------------------------- */

static struct member *add_member(struct play *p, struct person *person)
{
    struct member *m = arena_alloc(p->arena, sizeof *m);

    *m = (struct member){ .person = person, .sid = person->sid, .name = person->name };
    map_put(&p->members, m->sid, m);
    pointers_add(&p->team, m);
    return m;
}

static struct member *member_named(struct play *p, const char *name)
{
    for (size_t i = 0; name && i < p->team.n; i++) {
        struct member *m = p->team.at[i];
        if (str_ieq(m->name, name) || str_eq(m->sid, name))
            return m;
    }
    return NULL;
}

static const char *nobody(struct play *p, const char *name)
{
    return arena_printf(p->arena, "workers: nobody is called %s", name ? name : "(no name)");
}

static const char *read_attributes(struct play *p, const json_t *from, const char **out)
{
    const json_t *v = json_object_get(from, "attributes");

    if (v && !json_is_object(v))
        return "workers: attributes must be an object";
    if (v)
        *out = json_text(p->arena, v);
    return NULL;
}

static const char *read_capacity(struct play *p, const json_t *from, const json_t **out)
{
    const struct pointers *channels = rows_of(p->h, &task_channel_kind);
    const char *key;
    json_t *v;

    *out = json_object_get(from, "capacity");
    if (*out && !json_is_object(*out))
        return "workers: capacity must be an object, such as {\"voice\": 1}";
    json_object_foreach((json_t *)*out, key, v)
    {
        bool found = false;
        for (size_t i = 0; i < channels->n; i++)
            found |= str_eq(((const struct task_channel *)channels->at[i])->unique_name, key);
        if (!found || !json_is_integer(v) || json_integer_value(v) < 0)
            return arena_printf(p->arena, "workers: capacity of %s: no such channel, or no number", key);
    }
    return NULL;
}

static const char *change_member(struct play *p, const json_t *from)
{
    const char *name = json_get_string(from, "worker");
    struct member *m = member_named(p, name);
    const char *why = m ? read_attributes(p, from, &m->attributes) : nobody(p, name);

    return why ? why : read_capacity(p, from, &m->capacity);
}

static const char *activity_for_newcomers(struct play *p)
{
    const struct pointers *rows = rows_of(p->h, &activity_kind);
    const struct activity *found = NULL;

    for (size_t i = 0; i < rows->n; i++) {
        const struct activity *a = rows->at[i];
        if (a->available && (!found || str_eq(a->friendly_name, "Available")))
            found = a;
    }
    return found ? found->sid : NULL;
}

static const char *add_newcomer(struct play *p, const json_t *from)
{
    const char *name = json_get_string(from, "friendly_name"), *like = json_get_string(from, "like"), *why;
    struct member *model = like ? member_named(p, like) : NULL;
    struct person *person = arena_alloc(p->arena, sizeof *person);
    char sid[SID_SIZE];

    if (!name || member_named(p, name))
        return arena_printf(p->arena, "workers: a newcomer needs a friendly_name of his own (%s)",
                            name ? name : "none");
    if (like && !model)
        return nobody(p, like);
    sid_make(&p->sids, "WK", sid);
    *person = (struct person){
        .sid = arena_strdup(p->arena, sid),
        .name = name,
        .attributes = model ? model->attributes ? model->attributes : model->person->attributes : "{}",
        .activity_sid = model ? model->person->activity_sid : activity_for_newcomers(p),
        .status_changed = p->h->o->from,
        .at_start = !model || model->person->at_start,
        .seats = NULL,
        .habits.arena = p->arena,
    };
    why = read_attributes(p, from, &person->attributes);
    struct member *m = add_member(p, person);
    m->like = model;
    m->capacity = NULL;
    for (struct seat *s = model ? model->person->seats : NULL; s; s = s->next) {
        struct seat *copy = arena_copy(p->arena, s, sizeof *s);
        copy->sid = NULL;
        copy->reserved = NO_VALUE;
        copy->next = person->seats;
        person->seats = copy;
    }
    return why ? why : read_capacity(p, from, &m->capacity);
}

static const char *read_file(struct play *p)
{
    const char *text = p->h->o->workers, *why = NULL;
    const json_t *root = json_parse_object(p->arena, text, strlen(text), &why);
    size_t i;
    json_t *v;

    if (!root)
        return arena_printf(p->arena, "workers: %s", why);
    json_array_foreach(json_object_get(root, "remove"), i, v)
    {
        struct member *m = member_named(p, json_string_value(v));
        if (!m)
            return nobody(p, json_string_value(v));
        m->gone = true;
    }
    json_array_foreach(json_object_get(root, "change"), i, v) if ((why = change_member(p, v))) return why;
    json_array_foreach(json_object_get(root, "add"), i, v) if ((why = add_newcomer(p, v))) return why;
    return NULL;
}

const char *team_make(struct play *p)
{
    for (size_t i = 0; i < p->h->all_people.n; i++) {
        struct person *person = p->h->all_people.at[i];
        if (person->known)
            add_member(p, person);
    }
    return p->changed && p->h->o->workers ? read_file(p) : NULL;
}

/* --- rows ------------------------------------------------------------------------------------------------- */

static bool insert_all(const struct play *p, struct db *db, const struct kind *kind)
{
    const struct pointers *rows = rows_of(p->h, kind);

    for (size_t i = 0; i < rows->n; i++)
        if (record_insert(db, kind, rows->at[i]) != DB_OK)
            return false;
    return true;
}

static const char *activity_now(const struct play *p, const char *sid)
{
    const struct pointers *rows = rows_of(p->h, &activity_kind);
    const struct workspace *ws = rows_of(p->h, &workspace_kind)->at[0];

    for (size_t i = 0; i < rows->n; i++)
        if (str_eq(((const struct activity *)rows->at[i])->sid, sid))
            return sid;
    return ws->default_activity_sid; /* it has been deleted since */
}

static bool insert_channels(struct play *p, struct db *db, const struct member *m)
{
    const struct pointers *channels = rows_of(p->h, &task_channel_kind);
    char made[SID_SIZE];

    for (size_t i = 0; i < channels->n; i++) {
        const struct task_channel *c = channels->at[i];
        const struct seat *s = m->person->seats;
        while (s && !str_eq(s->channel_sid, c->sid))
            s = s->next;
        sid_make(&p->sids, "WC", made);
        const json_t *capacity = json_object_get(m->capacity, c->unique_name);
        struct worker_channel row = {
            .sid = s && s->sid ? s->sid : made,
            .account_sid = p->h->workflow->account_sid,
            .workspace_sid = p->h->workflow->workspace_sid,
            .worker_sid = m->sid,
            .task_channel_sid = c->sid,
            .available = !s || s->available,
            .configured_capacity = capacity ? json_integer_value(capacity)
                                   : s      ? s->capacity
                                            : 1,
            .last_reserved_time = s ? s->reserved : NO_VALUE,
            .date_created = p->h->o->from,
            .date_updated = p->h->o->from,
        };
        if (record_insert(db, &worker_channel_kind, &row) != DB_OK)
            return false;
    }
    return true;
}

static bool insert_member(struct play *p, struct db *db, const struct member *m)
{
    struct worker row = {
        .sid = m->sid,
        .account_sid = p->h->workflow->account_sid,
        .workspace_sid = p->h->workflow->workspace_sid,
        .friendly_name = m->name,
        .attributes = m->attributes ? m->attributes : m->person->attributes,
        .activity_sid = activity_now(p, m->person->activity_sid),
        .date_created = p->h->o->from,
        .date_updated = p->h->o->from,
        .date_status_changed = m->person->status_changed,
    };

    meter_worker(p->meter, row.sid, row.activity_sid, 0);
    return record_insert(db, &worker_kind, &row) == DB_OK && insert_channels(p, db, m);
}

bool team_insert(struct play *p, struct db *db)
{
    static const struct kind *const kinds[] = { &workspace_kind, &activity_kind, &task_channel_kind, &task_queue_kind,
                                                &workflow_kind };

    if (db_begin(db) != DB_OK)
        return false;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (!insert_all(p, db, kinds[k]))
            return false;
    for (size_t i = 0; i < p->team.n; i++) {
        const struct member *m = p->team.at[i];
        if (m->person->at_start && !m->gone && !insert_member(p, db, m))
            return false;
    }
    return db_commit(db) == DB_OK;
}
