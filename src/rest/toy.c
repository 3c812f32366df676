#include "rest/toy.h"

#include "base/thread.h"
#include "codec/base64.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the resources ---------------------------------------------------------------------------------------- */

struct shelf {
    const char *sid, *account_sid, *friendly_name;
    int64_t date_created;
};

enum colour { NO_COLOUR, RED, GREEN };
static const char *const colours[] = { "", "red", "green", NULL };

struct toy_row {
    const char *sid, *account_sid, *shelf_sid, *unique_name, *title, *attributes, *settings, *tags, *callback_url,
        *phone;
    const char *secret, *owner_sid, *shouted;
    unsigned colour;
    bool loud;
    int64_t price, revision, best_before, date_created, date_updated;
};

/* clang-format off */
static const struct field shelf_fields[] = {
    FIELD(shelf, sid,           SID,  .flags = KEY, .prefix = "SH"),
    FIELD(shelf, account_sid,   SID,  .flags = OWNER, .prefix = "AC"),
    FIELD(shelf, friendly_name, STR,  .flags = ON_CREATE | ON_UPDATE | REQUIRED | FILTER, .max = 20),
    FIELD(shelf, date_created,  TIME, .flags = BORN | RFC2822),
};

static const struct field toy_fields[] = {
    FIELD(toy_row, sid,          SID,   .flags = KEY, .prefix = "TY"),
    FIELD(toy_row, account_sid,  SID,   .flags = OWNER, .prefix = "AC"),
    FIELD(toy_row, shelf_sid,    SID,   .flags = PARENT, .prefix = "SH"),
    FIELD(toy_row, unique_name,  STR,   .flags = ON_CREATE | UNIQUE | ALTERNATE, .max = 20),
    FIELD(toy_row, title,        STR,   .flags = ON_CREATE | ON_UPDATE | REQUIRED | FILTER | NOCASE | ORDERING, .min = 2, .max = 10),
    FIELD(toy_row, attributes,   JSON,  .flags = ON_CREATE | ON_UPDATE, .initial = "{}", .max = 100),
    FIELD(toy_row, settings,     JSON,  .flags = JSON_VALUE, .initial = "{}"),
    { .name = "url",  .type = T_URL, .flags = ON_CREATE | ON_UPDATE, .part_of = "settings" },
    { .name = "size", .type = T_INT, .flags = ON_CREATE | ON_UPDATE, .part_of = "settings", .min = 1, .max = 9 },
    FIELD(toy_row, tags,         LIST,  .flags = ON_CREATE | ON_UPDATE),
    FIELD(toy_row, callback_url, URL,   .flags = ON_CREATE | ON_UPDATE | CLEARABLE),
    FIELD(toy_row, phone,        PHONE, .flags = ON_CREATE),
    FIELD(toy_row, secret,       STR,   .flags = SECRET),
    FIELD(toy_row, owner_sid,    SID,   .flags = ON_CREATE, .prefix = "SH", .refers = "shelf"),
    FIELD(toy_row, shouted,      STR,   .flags = COMPUTED),
    FIELD(toy_row, colour,       ENUM,  .flags = ON_CREATE | ON_UPDATE | FILTER, .names = colours),
    FIELD(toy_row, loud,         BOOL,  .flags = ON_CREATE | FILTER, .initial = "false"),
    FIELD(toy_row, price,        INT,   .flags = ON_CREATE | ON_UPDATE | FILTER | ORDERING | CLEARABLE, .min = 0, .max = 100),
    FIELD(toy_row, revision,     INT,   .flags = REVISION | HIDDEN),
    FIELD(toy_row, best_before,  TIME,  .flags = ON_CREATE | RANGE),
    FIELD(toy_row, date_created, TIME,  .flags = BORN),
    FIELD(toy_row, date_updated, TIME,  .flags = BORN | TOUCHED),
};
/* clang-format on */

static const struct kind shelf_kind = { .name = "shelf", .size = sizeof(struct shelf), .fields = ROWS(shelf_fields) };
static const struct kind toy_kind = {
    .name = "toy_row", .size = sizeof(struct toy_row), .fields = ROWS(toy_fields), .resident = true
};

struct toy_create {
    int64_t copies;
};
static const struct field toy_create_fields[] = { FIELD(toy_create, copies, INT, .initial = "1", .min = 1, .max = 3) };
struct toy_paint {
    unsigned colour;
};
static const struct field paint_fields[] = { FIELD(toy_paint, colour, ENUM, .names = colours,
                                                   .flags = ON_CREATE | REQUIRED) };
struct toy_list {
    const char *shouting;
};
static const struct field toy_list_fields[] = { FIELD(toy_list, shouting, STR) };
static const struct link_row toy_links[] = { { "shelf", "/v1/Shelves/{shelf_sid}" },
                                             { "paint", "/v1/Shelves/{shelf_sid}/Toys/{sid}/Paint" } };

static fault_t create(struct op *op, void *row)
{
    struct toy_row *t = row;
    const struct toy_create *p = op->params;

    if (str_eq(t->title, "forbidden"))
        return refuse(op, F_CONFLICT, "A toy may not be called so");
    row_set(op->tx, t, &t->secret, arena_printf(op->arena, "only now, %lld", (long long)p->copies));
    return NULL;
}

static fault_t present(struct op *op, void *copy)
{
    struct toy_row *t = copy;

    t->shouted = arena_printf(op->arena, "%s!", t->title);
    return NULL;
}

static fault_t paint(struct op *op, void *row)
{
    ((struct toy_row *)row)->colour = ((const struct toy_paint *)op->params)->colour;
    return NULL;
}

static bool is_loud(struct op *op, const void *row, void *arg)
{
    (void)op;
    (void)arg;
    return ((const struct toy_row *)row)->loud;
}

static fault_t choose(struct op *op, struct list_plan *plan)
{
    if (((const struct toy_list *)op->params)->shouting)
        plan->keep = is_loud;
    return NULL;
}

static const struct action actions[] = { { "Paint", PARAMS(toy_paint, paint_fields), paint } };

static const struct resource toy_resource = {
    .product = "toys",
    .name = "Toy",
    .path = "/v1/Shelves/{shelf_sid}/Toys",
    .many = "toys",
    .kind = &toy_kind,
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
    .create_params = PARAMS(toy_create, toy_create_fields),
    .list_params = PARAMS(toy_list, toy_list_fields),
    .links = ROWS(toy_links),
    .actions = ROWS(actions),
    .create = create,
    .present = present,
    .select = choose,
};
static const struct resource shelf_resource = {
    .product = "toys",
    .name = "Shelf",
    .path = "/v1/Shelves",
    .many = "shelves",
    .kind = &shelf_kind,
    .verbs = LIST | FETCH | CREATE | UPDATE | DELETE,
};
static const struct resource old_shelf_resource = {
    .product = "api",
    .name = "Shelf",
    .path = "/2010-04-01/Shelves",
    .many = "shelves",
    .kind = &shelf_kind,
    .verbs = LIST | FETCH,
    .style = STYLE_2010,
};

struct weather {
    const char *sky;
    int64_t degrees;
};
static const struct field weather_fields[] = { FIELD(weather, sky, STR), FIELD(weather, degrees, INT) };
static const struct kind weather_shape = { .name = "weather",
                                           .size = sizeof(struct weather),
                                           .fields = ROWS(weather_fields) };

struct day {
    const char *sky;
    int64_t degrees;
    const char *day;
};
static const struct field day_fields[] = { FIELD(day, sky, STR), FIELD(day, degrees, INT), FIELD(day, day, STR) };
static const struct kind day_shape = { .name = "day", .size = sizeof(struct day), .fields = ROWS(day_fields) };

struct label {
    const char *text;
};
static const struct field label_fields[] = { FIELD(label, text, STR) };
static const struct kind label_shape = { .name = "label", .size = sizeof(struct label), .fields = ROWS(label_fields) };

static fault_t look(struct op *op, void *out)
{
    (void)op;
    *(struct weather *)out = (struct weather){ "blue", 21 };
    return NULL;
}

static const struct resource weather_resource = {
    .product = "toys", .name = "Weather", .path = "/v1/Weather", .shape = &weather_shape, .view = look
};

/* What only the ledger knows is fetched there first; and a question that is a body. */
static fault_t look_ahead(struct op *op)
{
    op->data = arena_strdup(op->arena, op->tx ? "seen from the ledger" : "seen from elsewhere");
    return NULL;
}

static fault_t forecast(struct op *op, void *out)
{
    *(struct day *)out = (struct day){ op->tx ? "still on the ledger" : op->data, 22, op_path(op, "day") };
    return NULL;
}

static fault_t wish(struct op *op, void *out)
{
    *(struct weather *)out = (struct weather){ op_param(op, "sky"), 23 };
    return NULL;
}

static const struct resource forecast_resource = {
    .product = "toys",
    .name = "Forecast",
    .path = "/v1/Weather/{day}",
    .shape = &day_shape,
    .view = forecast,
    .look = look_ahead,
};
static const struct resource wish_resource = {
    .product = "toys",
    .name = "Wish",
    .path = "/v1/Weather",
    .shape = &weather_shape,
    .verbs = CREATE,
    .view = wish,
};

/* Only listed, so without a URL of their own. */
static void show_label(struct op *op, const void *row, void *out)
{
    (void)op;
    ((struct label *)out)->text = ((const struct toy_row *)row)->title;
}

static const struct resource label_resource = {
    .product = "toys",
    .name = "Label",
    .path = "/v1/Shelves/{shelf_sid}/Labels",
    .many = "labels",
    .verbs = LIST,
    .kind = &toy_kind,
    .shape = &label_shape,
    .show = show_label,
};

/* An endpoint that says how it was reached. */
static fault_t echo(struct op *op)
{
    struct json_out o;

    json_begin(&o, op->arena);
    json_open(&o, '{');
    json_pair_str(&o, "url", arena_printf(op->arena, "%s%s", op->prefix, op->path));
    json_pair_str(&o, "name", op_path(op, "name"));
    json_pair_str(&o, "word", op_param(op, "word"));
    json_pair_str(&o, "asked", form_get(&op->query, "q"));
    json_pair_str(&o, "colour", op_header(op, "x-colour"));
    json_pair_str(&o, "account_sid", op->who.account_sid);
    json_pair_bool(&o, "inner", op->inner != NULL);
    json_close(&o, '}');
    op_json(op, 200, json_done(&o));
    op_header_add(op, "ETag", "\"echo\"");
    return NULL;
}

/* clang-format off */
static const struct endpoint endpoints[] = {
    { .label = "toys", .method = "POST", .path = "/v1/Echo/{name}", .place = ON_LEDGER, .needs = CREDENTIALS, .run = echo },
    { .label = "toys", .method = "POST", .path = "/v1/Session",     .place = ON_READER, .needs = SESSION,     .run = echo },
    { .label = "toys", .method = "GET",  .path = "/v1/Here",        .place = ON_IO,     .needs = OWN_CHECK,   .run = echo },
    { .label = "cds",  .method = "POST", .path = "/v3/Things",      .place = ON_READER, .needs = CREDENTIALS, .run = echo },
};
/* clang-format on */

static const struct kind *const kinds[] = { &event_kind,   &alarm_kind_record, &account_kind,
                                            &api_key_kind, &user_kind,         &session_kind };
static const struct resource *const resources[] = { &toy_resource,     &shelf_resource,    &old_shelf_resource,
                                                    &weather_resource, &forecast_resource, &wish_resource,
                                                    &label_resource };
static const struct unperformed unperformed[] = { { "toys", "GET", "/v1/Dreams" } };
static const struct module toy_module = { .name = "toys",
                                          .kinds = ROWS(kinds),
                                          .resources = ROWS(resources),
                                          .endpoints = ROWS(endpoints),
                                          .unperformed = ROWS(unperformed) };
static const struct module *const list[] = { &toy_module, NULL };

const struct module *const *toy_modules(void)
{
    return list;
}

/* --- a server without sockets ----------------------------------------------------------------------------- */

struct toy {
    struct arena *arena;
    char folder[64];
    struct store *store;
    struct clock *clock;
    struct ledger *ledger;
    struct auth *auth;
    struct rest *rest;
    struct site site;
    const char *own, *stranger, *own_sid, *key_sid;
};

/* A request that waits for its reply; handed over by the mailbox. */
struct asking {
    struct http_request request;
    struct mail mail;
    struct mailbox *box;
    struct arena *into;
    struct toy_answer answer;
};

void toy_reply(struct http_request *r, const struct http_answer *answer)
{
    struct asking *q = CONTAINER_OF(r, struct asking, request);

    q->answer.status = answer->status;
    q->answer.body = arena_strndup(q->into, answer->body ? answer->body : "", answer->length);
    for (size_t i = 0; i < answer->nheaders; i++)
        if (!strcmp(answer->headers[i].name, "ETag"))
            q->answer.etag = arena_strdup(q->into, answer->headers[i].value);
    mailbox_send(q->box, &q->mail);
}

static const char *basic(struct arena *a, const struct account *account)
{
    const char *pair = arena_printf(a, "%s:%s", account->sid, account->auth_token);

    return arena_printf(a, "Basic %s", base64_encode(a, pair, strlen(pair)));
}

static fault_t make_accounts(struct tx *tx, void *arg)
{
    struct toy *t = arg;

    struct account *own = account_make(tx, NULL, NULL, "Own", NULL);

    t->own = basic(t->arena, own);
    t->own_sid = arena_strdup(t->arena, own->sid);
    t->key_sid = arena_strdup(t->arena, api_key_make(tx, own->sid, KEY_STANDARD, "Tokens")->sid);
    t->stranger = basic(t->arena, account_make(tx, NULL, NULL, "Stranger", NULL));
    return NULL;
}

struct toy *toy_start(void)
{
    struct arena *a = arena_new();
    struct toy *t = arena_alloc(a, sizeof(*t));
    const char *why = NULL;
    size_t n;

    t->arena = a;
    snprintf(t->folder, sizeof(t->folder), "/tmp/plugboard-toy-XXXXXX");
    assert(mkdtemp(t->folder));
    t->store = store_open(a, t->folder, &why);
    assert(t->store);
    t->clock = clock_test(1700000000000);
    const struct kind **all = rest_kinds(a, list, &n);
    t->ledger =
        ledger_new(a, &(struct ledger_config){ .store = t->store, .clock = t->clock, .kinds = all, .nkinds = n }, &why);
    assert(t->ledger);
    t->auth = auth_new(t->ledger, t->clock);
    t->rest = rest_new(a,
                       &(struct rest_config){ .modules = list,
                                              .ledger = t->ledger,
                                              .auth = t->auth,
                                              .store = t->store,
                                              .clock = t->clock,
                                              .site = &t->site,
                                              .readers = 1 },
                       &why);
    if (!t->rest)
        fprintf(stderr, "%s\n", why);
    assert(t->rest);
    assert(ledger_start(t->ledger, a, &why));
    assert(!ledger_do(t->ledger, a, make_accounts, t));
    rest_start(t->rest);
    return t;
}

void toy_stop(struct toy *t)
{
    char command[128];

    rest_stop(t->rest);
    ledger_stop(t->ledger);
    rest_free(t->rest);
    auth_free(t->auth);
    ledger_free(t->ledger);
    store_close(t->store);
    clock_free(t->clock);
    for (const char *const *f =
             (const char *const[]){ "plugboard.db", "plugboard.db-wal", "plugboard.db-shm", "plugboard.lock", NULL };
         *f; f++) {
        snprintf(command, sizeof(command), "%s/%s", t->folder, *f);
        (void)remove(command);
    }
    (void)remove(t->folder);
    arena_free(t->arena);
}

const char *toy_stranger(struct toy *t)
{
    return t->stranger;
}

static size_t split_headers(struct arena *a, const char *lines, struct http_header *out, size_t room)
{
    char *rest = arena_strdup(a, lines ? lines : ""), *save = NULL;
    size_t n = 0;

    for (char *line = strtok_r(rest, "\n", &save); line && n < room; line = strtok_r(NULL, "\n", &save)) {
        char *colon = strchr(line, ':');
        if (!colon)
            continue;
        *colon = '\0';
        out[n++] = (struct http_header){ line, colon + 1 + (colon[1] == ' ') };
    }
    return n;
}

struct toy_answer toy_ask_as(struct toy *t, struct arena *a, const char *authorization, const char *method,
                             const char *target, const char *body, const char *headers)
{
    struct arena *own = arena_new();
    struct asking *q = arena_alloc(own, sizeof(*q));
    struct http_header *h = arena_alloc(own, 16 * sizeof(*h));
    size_t n = split_headers(own, headers, h, 12), path = strcspn(target, "?");

    q->box = mailbox_new(0);
    q->into = a;
    if (authorization)
        h[n++] = (struct http_header){ "authorization", authorization };
    if (body)
        h[n++] = (struct http_header){ "content-type",
                                       *body == '{' ? "application/json" : "application/x-www-form-urlencoded" };
    q->request = (struct http_request){
        .arena = own,
        .method = method,
        .target = target,
        .path = arena_strndup(own, target, path),
        .query = target[path] ? target + path + 1 : "",
        .scheme = "http",
        .host = "127.0.0.1:80",
        .peer = "127.0.0.1",
        .headers = h,
        .nheaders = n,
        .body = body ? body : "",
        .body_length = body ? strlen(body) : 0,
    };
    rest_handle(t->rest, &q->request);
    assert(mailbox_take(q->box, 1, -1));
    struct toy_answer answer = q->answer;
    mailbox_free(q->box);
    arena_free(own);
    answer.json = *answer.body ? json_parse(a, answer.body, strlen(answer.body), NULL) : NULL;
    return answer;
}

struct toy_answer toy_ask(struct toy *t, struct arena *a, const char *method, const char *target, const char *body,
                          const char *headers)
{
    return toy_ask_as(t, a, t->own, method, target, body, headers);
}

/* --- from within ------------------------------------------------------------------------------------------ */

struct asking_within {
    struct rest_inner inner;
    struct mail mail;
    struct mailbox *box;
};

static void arrived(struct rest_inner *q)
{
    struct asking_within *w = CONTAINER_OF(q, struct asking_within, inner);

    mailbox_send(w->box, &w->mail);
}

struct principal toy_owner(struct toy *t)
{
    return (struct principal){
        .by = BY_ACCOUNT, .account_sid = t->own_sid, .credential_sid = t->key_sid, .expires = NO_VALUE
    };
}

struct toy_answer toy_inner(struct toy *t, struct arena *a, const struct principal *who, const char *method,
                            const char *target, const char *body)
{
    struct asking_within *w = arena_alloc(a, sizeof(*w));
    const struct http_header colour = { "x-colour", "green" };
    size_t label = strcspn(target + 1, "/"), path = strcspn(target, "?");

    w->box = mailbox_new(0);
    w->inner = (struct rest_inner){
        .arena = a,
        .who = *who,
        .label = arena_strndup(a, target + 1, label),
        .method = method,
        .path = arena_strndup(a, target + 1 + label, path - 1 - label),
        .query = target[path] ? target + path + 1 : NULL,
        .content_type = !body          ? NULL
                        : *body == '{' ? "application/json"
                                       : "application/x-www-form-urlencoded",
        .body = body,
        .length = body ? strlen(body) : 0,
        .headers = &colour,
        .nheaders = 1,
        .origin = "https://plug.board:8443",
        .done = arrived,
    };
    rest_inner(t->rest, &w->inner);
    assert(mailbox_take(w->box, 1, -1));
    mailbox_free(w->box);
    struct toy_answer answer = { .status = w->inner.answer.status,
                                 .body = arena_strndup(a, w->inner.answer.body ? w->inner.answer.body : "",
                                                       w->inner.answer.length) };
    for (size_t i = 0; i < w->inner.answer.nheaders; i++)
        if (!strcmp(w->inner.answer.headers[i].name, "ETag"))
            answer.etag = w->inner.answer.headers[i].value;
    answer.json = *answer.body ? json_parse(a, answer.body, strlen(answer.body), NULL) : NULL;
    return answer;
}
