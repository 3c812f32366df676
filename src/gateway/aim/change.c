/* What changes something: a request to REST in the name of the token's identity, and its answer as the SDK wants it. */
#include "gateway/aim/internal.h"

#include "base/log.h"
#include <string.h>

enum { REMEMBERED_MS = 10 * 60 * 1000, FORGET_MS = 60 * 1000, FORGET_SLICE = 500, MUTATION_ID_MAX = 128 };

/* --- what was answered, and is answered again ------------------------------------------------------------- */

struct answered {
    const char *sid; /* service/length of the identity/identity/mutation id */
    const char *body;
    int64_t status, date_created;
};
/* clang-format off */
static const struct field fields[] = {
    FIELD(answered, sid,          STR,  .flags = KEY),
    FIELD(answered, body,         STR),
    FIELD(answered, status,       INT),
    FIELD(answered, date_created, TIME, .flags = BORN | INDEXED),
};
/* clang-format on */
const struct kind answered_kind = { .name = "chat_answered", .size = sizeof(struct answered), .fields = ROWS(fields) };

struct forgetting {
    const char *sids[FORGET_SLICE];
    size_t n;
};

static bool take_date(void *arg, void *row)
{
    *(int64_t *)arg = ((const struct answered *)row)->date_created;
    return false;
}

static bool collect(void *arg, void *row)
{
    struct forgetting *f = arg;
    const struct answered *a = row;

    f->sids[f->n] = a->sid;
    return ++f->n < FORGET_SLICE;
}

void changes_forget(void *arg, struct tx *tx, const char *subject, int64_t due)
{
    struct forgetting old = { .n = 0 };
    const struct condition past = { .column = "date_created",
                                    .compare = LESS,
                                    .value = value_int(tx->now - REMEMBERED_MS) };
    const struct order by_date = { "date_created", false };
    const struct selection s = {
        .conditions = &past, .nconditions = 1, .orders = &by_date, .norders = 1, .limit = FORGET_SLICE
    };

    (void)arg;
    (void)due;
    if (record_select(tx->db, tx->arena, &answered_kind, &s, collect, &old) != DB_OK)
        log_warn("aim.forget", "the store cannot be read: %s", db_error(tx->db));
    for (size_t i = 0; i < old.n; i++)
        row_delete(tx, row_find(tx, &answered_kind, old.sids[i]));
    if (old.n == FORGET_SLICE) {
        alarm_set(tx, "aim.forget", subject, tx->now + 100);
        return;
    }
    /* Those of the last ten minutes, of which the oldest is next; but not one at a time. */
    const struct condition left = { .column = "date_created", .compare = MORE_OR_IS, .value = past.value };
    const struct selection next = {
        .conditions = &left, .nconditions = 1, .orders = &by_date, .norders = 1, .limit = 1
    };
    int64_t oldest = NO_VALUE;
    if (record_select(tx->db, tx->arena, &answered_kind, &next, take_date, &oldest) != DB_OK)
        oldest = tx->now;
    if (oldest == NO_VALUE)
        return;
    int64_t due_next = oldest + REMEMBERED_MS + 1, soon = tx->now + FORGET_MS;
    alarm_set(tx, "aim.forget", subject, due_next > soon ? due_next : soon);
}

/* --- what there is to change ------------------------------------------------------------------------------ */

/* A member of the JSON body (a dot leads into an object), and the parameter that it becomes. */
struct given {
    const char *member, *param;
};
/* clang-format off */
static const struct given conversation_given[] = {
    { "friendly_name", "FriendlyName" }, { "unique_name", "UniqueName" }, { "attributes", "Attributes" },
};
static const struct given participant_given[] = {
    { "identity", "Identity" }, { "attributes", "Attributes" },
    { "messaging_binding.address",       "MessagingBinding.Address" },
    { "messaging_binding.proxy_address", "MessagingBinding.ProxyAddress" },
    { "messaging_binding.name",          "MessagingBinding.Name" },
    { "messaging_binding.level",         "MessagingBinding.Level" },
};
static const struct given attributes_given[] = { { "attributes", "Attributes" } };
static const struct given message_given[] = {
    { "body", "Body" }, { "attributes", "Attributes" }, { "subject", "Subject" }, { "media_sids", "MediaSid" },
    { "content_sid", "ContentSid" }, { "content_variables", "ContentVariables" },
};
static const struct given edit_given[] = { { "body", "Body" }, { "attributes", "Attributes" }, { "subject", "Subject" } };
static const struct given user_given[] = { { "friendly_name", "FriendlyName" }, { "attributes", "Attributes" } };
static const struct given mine_given[] = {
    { "last_read_message_index", "LastReadMessageIndex" }, { "notification_level", "NotificationLevel" },
};
/* clang-format on */

struct pending {
    struct op *op;
    const char *prefix;   /* of aim's own URLs */
    const char *remember; /* sid of the answer; NULL: the client gave no mutation id */
    const char *body;     /* of an answer that is given again */
    int status;
};

/* Path with {names} of the request's path; {service} is the token's. */
struct changing {
    const char *method, *path, *target;
    const struct given *given;
    size_t ngiven;
    void (*shape)(struct pending *p, json_t *answer);
};

static void shape_conversation(struct pending *p, json_t *answer)
{
    struct arena *a = p->op->arena;
    const char *sid = json_get_string(answer, "sid");
    char *url = arena_printf(a, "%s/Client/v1/Conversations/%s", p->prefix, sid);
    struct json_out o;

    json_begin(&o, a);
    json_open(&o, '{');
    json_pair_str(&o, "url", url);
    json_key(&o, "links");
    json_open(&o, '{');
    json_pair_str(&o, "messages", arena_printf(a, "%s/Messages", url));
    json_pair_str(&o, "participants", arena_printf(a, "%s/Participants", url));
    json_close(&o, '}');
    view_objects_json(&o, a, sid);
    json_close(&o, '}');
    const char *mine = json_done(&o);
    json_object_update(answer, json_parse_object(a, mine, strlen(mine), NULL));
}

/* REST's addresses are not for the SDK's token. */
static void shape_other(struct pending *p, json_t *answer)
{
    (void)p;
    json_object_del(answer, "url");
    json_object_del(answer, "links");
}

/* clang-format off */
#define CONVERSATIONS "/Client/v1/Conversations"
#define TARGET        "/v1/Services/{service}/Conversations"
static const struct changing changings[] = {
    { "POST",   CONVERSATIONS,                                                TARGET,                                                  ROWS(conversation_given), shape_conversation },
    { "POST",   CONVERSATIONS "/{conversation}",                              TARGET "/{conversation}",                                ROWS(conversation_given), shape_conversation },
    { "DELETE", CONVERSATIONS "/{conversation}",                              TARGET "/{conversation}",                                NULL, 0,                  NULL },
    { "POST",   CONVERSATIONS "/{conversation}/Participants",                 TARGET "/{conversation}/Participants",                   ROWS(participant_given),  shape_other },
    { "POST",   CONVERSATIONS "/{conversation}/Participants/{participant}",   TARGET "/{conversation}/Participants/{participant}",     ROWS(attributes_given),   shape_other },
    { "DELETE", CONVERSATIONS "/{conversation}/Participants/{participant}",   TARGET "/{conversation}/Participants/{participant}",     NULL, 0,                  NULL },
    { "POST",   CONVERSATIONS "/{conversation}/Messages",                     TARGET "/{conversation}/Messages",                       ROWS(message_given),      shape_other },
    { "POST",   CONVERSATIONS "/{conversation}/Messages/{message}",           TARGET "/{conversation}/Messages/{message}",             ROWS(edit_given),         shape_other },
    { "DELETE", CONVERSATIONS "/{conversation}/Messages/{message}",           TARGET "/{conversation}/Messages/{message}",             NULL, 0,                  NULL },
    { "POST",   "/Client/v2/Users/{identity}",                                "/v1/Services/{service}/Users/{identity}",               ROWS(user_given),         shape_other },
    { "POST",   "/Client/v2/Users/{identity}/Conversations/{conversation}",   "/v1/Services/{service}/Users/{identity}/Conversations/{conversation}", ROWS(mine_given), shape_other },
};
/* clang-format on */

static const struct changing *changing_of(const struct op *op)
{
    for (size_t i = 0; i < sizeof(changings) / sizeof(*changings); i++)
        if (!strcmp(changings[i].method, op->endpoint->method) && !strcmp(changings[i].path, op->endpoint->path))
            return &changings[i];
    return NULL;
}

/* --- the way there ---------------------------------------------------------------------------------------- */

static const char *target_path(struct op *op, const char *template)
{
    struct text t = { .arena = op->arena };

    for (const char *p = template; *p;) {
        size_t n = strcspn(p, "{");
        text_putn(&t, p, n);
        p += n;
        if (!*p)
            break;
        char *name = arena_strndup(op->arena, p + 1, strcspn(p, "}") - 1);
        url_escape(&t, strcmp(name, "service") ? op_path(op, name) : op->who.chat_service_sid);
        p += strlen(name) + 2;
    }
    return text_str(&t);
}

static const json_t *member_of(struct op *op, const char *path)
{
    const char *dot = strchr(path, '.');

    if (!dot)
        return json_object_get(op->json, path);
    return json_object_get(json_object_get(op->json, arena_strndup(op->arena, path, (size_t)(dot - path))), dot + 1);
}

/* null is an empty parameter: that is how REST makes a thing absent. */
static const char *text_of(struct arena *a, const json_t *v)
{
    if (json_is_string(v))
        return json_string_value(v);
    return json_is_null(v) ? "" : json_text(a, v);
}

static void fill_form(struct op *op, const struct changing *c, struct form *out)
{
    size_t room = c->ngiven;

    for (size_t i = 0; i < c->ngiven; i++)
        room += json_array_size(member_of(op, c->given[i].member));
    out->pairs = arena_alloc(op->arena, (room + 1) * sizeof(*out->pairs));
    for (size_t i = 0; i < c->ngiven; i++) {
        const json_t *v = member_of(op, c->given[i].member), *one;
        size_t k;
        if (json_is_array(v)) {
            json_array_foreach(v, k, one) out->pairs[out->n++] =
                (struct pair){ c->given[i].param, text_of(op->arena, one) };
        } else if (v) {
            out->pairs[out->n++] = (struct pair){ c->given[i].param, text_of(op->arena, v) };
        }
    }
}

/* --- and back --------------------------------------------------------------------------------------------- */

static bool answer_again(struct pending *p)
{
    struct chat_view v = { p->op->db, p->op->tx, p->op->arena };
    const struct answered *a = p->remember ? chat_find(&v, &answered_kind, p->remember) : NULL;

    if (!a)
        return false;
    p->status = (int)a->status;
    p->body = a->body ? arena_strdup(p->op->arena, a->body) : NULL;
    return true;
}

static void shape(struct pending *p, const struct changing *c)
{
    struct answer *answer = &p->op->answer;
    json_t *tree =
        answer->body && c->shape ? json_parse_object(p->op->arena, answer->body, answer->length, NULL) : NULL;

    if (!tree)
        return;
    c->shape(p, tree);
    op_json(p->op, answer->status, json_text(p->op->arena, tree));
}

static struct aim *aim_of(struct op *op)
{
    return op_site(op)->aim;
}

struct shaping {
    struct pending pending;
    const struct changing *changing;
};

/* Before the commit: the answer and the change are kept together, or neither is.  A second request with the same id may
 * have come this far while the first waited for a pre-hook; then all of the second is undone. */
static fault_t seal(struct op *op)
{
    struct shaping *s = op->data;
    struct pending *p = &s->pending;

    shape(p, s->changing);
    if (!p->remember)
        return NULL;
    if (answer_again(p))
        return refuse(op, F_CONFLICT, "This change was made before");
    struct answered *a = row_new(op->tx, &answered_kind, p->remember);
    a->status = op->answer.status ? op->answer.status : 204;
    row_set(op->tx, a, &a->body, op->answer.body);
    if (alarm_due(op->tx, "aim.forget", "") == NO_VALUE)
        alarm_set(op->tx, "aim.forget", "", op->tx->now + REMEMBERED_MS + 1);
    return NULL;
}

static void answer_change(struct op *op, fault_t f)
{
    const struct shaping *s = op->data;
    const struct pending *p = &s->pending;

    if (f && p->status) {
        op->answer = (struct answer){ .status = p->status };
        if (p->body)
            op_json(op, p->status, p->body);
        f = NULL;
    }
    op_finish(op, f);
}

/* One client that writes without end is not to take the turn of the others. */
static fault_t changes_allowed(struct op *op, const struct caller *c)
{
    const char *who = arena_printf(op->arena, "%s %s", c->service->sid, c->identity);
    int64_t wait = limit_take(&aim_of(op)->actions, hash_bytes(who, strlen(who)), op->now);

    if (!wait)
        return NULL;
    op_header_add(op, "Retry-After", arena_printf(op->arena, "%lld", (long long)(wait + 999) / 1000));
    return refuse(op, F_CHAT_TOO_FAST, "%.64s has changed too much too fast; try again in %lld ms", c->identity,
                  (long long)wait);
}

fault_t change(struct op *op)
{
    const char *id = op_header(op, "x-twilio-mutation-id");
    struct shaping *s = arena_alloc(op->arena, sizeof(*s));
    struct caller c;
    fault_t f = caller_find(op, &c);

    if (f)
        return f;
    if (id && strlen(id) > MUTATION_ID_MAX)
        return refuse(op, F_INVALID_PARAMETER, "X-Twilio-Mutation-Id is longer than %d characters", MUTATION_ID_MAX);
    s->changing = changing_of(op);
    s->pending = (struct pending){ .op = op, .prefix = op->prefix };
    if (id && *id)
        s->pending.remember =
            arena_printf(op->arena, "%s/%zu/%s/%s", c.service->sid, strlen(c.identity), c.identity, id);
    if (answer_again(&s->pending)) {
        op->answer.status = s->pending.status;
        if (s->pending.body)
            op_json(op, s->pending.status, s->pending.body);
        return NULL;
    }
    if ((f = changes_allowed(op, &c)))
        return f;
    struct inner inner = { .label = "conversations", .method = s->changing->method };
    inner.path = target_path(op, s->changing->target);
    fill_form(op, s->changing, &inner.form);
    op->data = s;
    op->seal = seal;
    op->finish = answer_change;
    return op_become(op, &inner);
}
