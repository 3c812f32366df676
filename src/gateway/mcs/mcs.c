#include "gateway/mcs/mcs.h"

#include "chat/chat.h"
#include "media/media.h"
#include <string.h>

enum { SET_MAX = 100 };

/* Who calls, and for which service; identity NULL: the account itself. */
struct caller {
    struct chat_view view;
    const struct chat_service *service;
    const char *identity;
};

static fault_t not_found(struct op *op)
{
    return refuse(op, F_NOT_FOUND, "The requested resource %.300s was not found", op->path);
}

static fault_t caller_find(struct op *op, struct caller *out)
{
    const char *service = op_path(op, "service");

    *out = (struct caller){ .view = { op->db, op->tx, op->arena }, .identity = op->who.identity };
    if (op->who.by == BY_TOKEN && (!str_eq(op->who.chat_service_sid, service) || !out->identity))
        return refuse(op, F_FORBIDDEN, "The token is not for media of service %.64s", service);
    out->service = chat_find(&out->view, &chat_service_kind, service);
    return out->service && str_eq(out->service->account_sid, op->who.account_sid) ? NULL : not_found(op);
}

static bool may_see(struct op *op, struct caller *c, const struct medium *m)
{
    if (op->who.by != BY_TOKEN || str_eq(m->author, c->identity))
        return true;
    const struct conversation *in = chat_find(&c->view, &conversation_kind, m->conversation_sid);
    return in && !chat_may_see(&c->view, c->service, c->identity, in);
}

/* NULL: there is none, or none for this caller. */
static const struct medium *medium_find(struct op *op, struct caller *c, const char *sid)
{
    const struct medium *m = sid && sid_valid(sid, "ME") ? chat_find(&c->view, &medium_kind, sid) : NULL;

    if (!m || !m->ready || m->removed || !str_eq(m->chat_service_sid, c->service->sid))
        return NULL;
    return may_see(op, c, m) ? m : NULL;
}

/* --- what is said of one ---------------------------------------------------------------------------------- */

static const char *direct_link(struct op *op, const struct medium *m)
{
    const struct account *account = NULL;
    void *row = NULL;

    if (op->tx)
        account = row_find(op->tx, &account_kind, m->account_sid);
    else if (record_find(op->db, op->arena, &account_kind, m->account_sid, &row) == DB_OK)
        account = row;
    if (!account)
        return NULL;
    return arena_printf(op->arena, "%s/v1/Content/%s", op->prefix,
                        media_pass(op->arena, account->auth_token, m->sid, op->now + MEDIA_LINK_MS));
}

static void put_medium(struct op *op, struct json_out *o, const struct medium *m)
{
    const char *url = arena_printf(op->arena, "%s" MEDIA_PATH "/%s", op->prefix, m->chat_service_sid, m->sid);

    json_open(o, '{');
    json_pair_str(o, "sid", m->sid);
    json_pair_str(o, "account_sid", m->account_sid);
    json_pair_str(o, "service_sid", m->chat_service_sid);
    json_pair_str(o, "channel_sid", m->conversation_sid);
    json_pair_str(o, "message_sid", m->message_sid);
    json_pair_str(o, "author", m->author);
    json_pair_str(o, "filename", m->filename);
    json_pair_str(o, "content_type", m->content_type);
    json_pair_str(o, "category", media_category_names[m->category]);
    json_pair_int(o, "size", m->size);
    json_pair_bool(o, "is_multipart_upstream", false);
    json_pair_date(o, "date_created", m->date_created);
    json_pair_date(o, "date_updated", m->date_updated);
    json_pair_date(o, "date_upload_updated", m->date_updated);
    json_pair_str(o, "url", url);
    json_key(o, "links");
    json_open(o, '{');
    json_pair_str(o, "content", arena_printf(op->arena, "%s/Content", url));
    json_pair_str(o, "content_direct_temporary", direct_link(op, m));
    json_close(o, '}');
    json_close(o, '}');
}

static fault_t medium_look(struct op *op)
{
    const struct medium *m;
    struct caller c;
    struct json_out o;
    fault_t f = caller_find(op, &c);

    if (f)
        return f;
    m = medium_find(op, &c, op_path(op, "medium"));
    if (!m)
        return not_found(op);
    json_begin(&o, op->arena);
    put_medium(op, &o, m);
    op_json(op, 200, json_done(&o));
    return NULL;
}

/* {"command": "get", "list": [{"media_sid"}, …]}; one that is not there has a code of its own, and still names itself:
 * the SDK looks into the record for the name. */
static fault_t media_set(struct op *op)
{
    const json_t *list = json_object_get(op->json, "list"), *wanted;
    struct caller c;
    struct json_out o;
    size_t i;
    fault_t f = caller_find(op, &c);

    if (f)
        return f;
    if (!str_eq(json_get_string(op->json, "command"), "get") || !json_is_array(list) || json_array_size(list) > SET_MAX)
        return refuse(op, F_INVALID_PARAMETER,
                      "Send {\"command\": \"get\", \"list\": [{\"media_sid\": …}]}, at most %d", SET_MAX);
    json_begin(&o, op->arena);
    json_open(&o, '[');
    json_array_foreach(list, i, wanted)
    {
        const char *sid = json_get_string(wanted, "media_sid");
        const struct medium *m = medium_find(op, &c, sid);
        json_open(&o, '{');
        json_pair_int(&o, "code", m ? 200 : 404);
        json_pair_str(&o, "media_sid", sid);
        json_key(&o, "media_record");
        if (m) {
            put_medium(op, &o, m);
        } else {
            json_open(&o, '{');
            json_pair_str(&o, "sid", sid);
            json_close(&o, '}');
        }
        json_close(&o, '}');
    }
    json_close(&o, ']');
    op_json(op, 200, json_done(&o));
    return NULL;
}

/* --- the bytes -------------------------------------------------------------------------------------------- */

/* "bytes=0-99", "bytes=100-", "bytes=-5"; false: not one range that can be served, and then all is. */
static bool range_of(const char *header, int64_t size, int64_t *from, int64_t *n)
{
    char *end;

    if (!header || !str_starts(header, "bytes=") || strchr(header, ',') || !size)
        return false;
    const char *p = header + 6, *dash = strchr(p, '-');
    if (!dash || strspn(p, "0123456789-") != strlen(p) || strlen(p) > 40)
        return false;
    long long first = strtoll(p, &end, 10), last = dash[1] ? strtoll(dash + 1, NULL, 10) : size - 1;
    if (dash == p) { /* the last so many */
        first = last < size ? size - last : 0;
        last = size - 1;
    }
    if (first >= size || last < first)
        return false;
    *from = first;
    *n = (last < size ? last : size - 1) - first + 1;
    return true;
}

static fault_t send_bytes(struct op *op, const struct medium *m)
{
    const char *bytes = media_bytes(op_site(op)->media, op->arena, m);
    struct media_headers h = media_serve(op->arena, m);
    int64_t from = 0, n = m->size;

    if (!bytes)
        return not_found(op);
    op->answer.status = 200;
    if (range_of(op_header(op, "range"), m->size, &from, &n)) {
        op->answer.status = 206;
        op_header_add(op, "Content-Range",
                      arena_printf(op->arena, "bytes %lld-%lld/%lld", (long long)from, (long long)(from + n - 1),
                                   (long long)m->size));
    }
    op_header_add(op, "Content-Disposition", h.disposition);
    op_header_add(op, "X-Content-Type-Options", "nosniff");
    op_header_add(op, "Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'");
    op_header_add(op, "Cache-Control", "private, max-age=300");
    op_header_add(op, "Accept-Ranges", "bytes");
    op->answer.content_type = h.content_type;
    op->answer.body = bytes + from;
    op->answer.length = (size_t)n;
    return NULL;
}

static fault_t content(struct op *op)
{
    struct caller c;
    fault_t f = caller_find(op, &c);
    const struct medium *m = f ? NULL : medium_find(op, &c, op_path(op, "medium"));

    if (f)
        return f;
    return m ? send_bytes(op, m) : not_found(op);
}

/* The link says of which file it is; the account whose file that is must have signed it. */
static fault_t content_by_pass(struct op *op)
{
    const char *pass = op_path(op, "pass"), *sid = media_pass_sid(op->arena, pass);
    void *medium = NULL, *owner = NULL;

    if (sid && record_find(op->db, op->arena, &medium_kind, sid, &medium) != DB_OK)
        return op_failed(op);
    const struct medium *m = medium;
    if (m && record_find(op->db, op->arena, &account_kind, m->account_sid, &owner) != DB_OK)
        return op_failed(op);
    const struct account *a = owner;
    if (!a || a->status != ACCOUNT_ACTIVE || !media_pass_good(op->arena, a->auth_token, pass, op->now))
        return refuse(op, F_FORBIDDEN, "This link is not, or not any more, good");
    return m->ready && !m->removed ? send_bytes(op, m) : not_found(op);
}

/* --- sending one in --------------------------------------------------------------------------------------- */

/* The row, on the ledger; the bytes, on a thread that may wait for the disk; and again on the ledger, that they are
 * there. */
struct upload {
    struct medium like;
    const char *bytes, *declared, *type, *sid;
    size_t n;
};

static fault_t is_there(struct op *op)
{
    const struct upload *u = op->data;
    struct medium *m = row_find(op->tx, &medium_kind, u->sid);
    struct json_out o;

    if (!m || m->removed)
        return not_found(op);
    media_ready(op->tx, m, u->type, (int64_t)u->n);
    json_begin(&o, op->arena);
    put_medium(op, &o, m);
    op_json(op, 201, json_done(&o));
    return NULL;
}

static fault_t write_file(struct op *op)
{
    struct upload *u = op->data;

    u->type = media_sniff(op->arena, u->bytes, u->n, u->declared);
    fault_t f = media_write(op_site(op)->media, op->arena, u->like.file, u->bytes, u->n);
    if (!f)
        op_continue_on_ledger(op, is_there);
    return f;
}

/* The body is the file, or a form with the file in it. */
static fault_t open_envelope(struct op *op, struct upload *u)
{
    const char *type = op_header(op, "content-type"), *name = form_get(&op->query, "Filename");
    struct media_part part = { .bytes = op->http->body, .n = op->http->body_length, .content_type = type };

    if (type && str_starts(type, "multipart/form-data") &&
        !media_part_find(op->arena, type, op->http->body, op->http->body_length, &part))
        return refuse(op, F_BAD_REQUEST, "The body is not a form with a file in it");
    if (part.n > (size_t)media_max(op_site(op)->media))
        return refuse(op, F_TOO_LARGE, "A file has %lld bytes at most", (long long)media_max(op_site(op)->media));
    if (!part.n)
        return refuse(op, F_INVALID_PARAMETER, "The file is empty");
    u->bytes = part.bytes;
    u->n = part.n;
    u->declared = part.content_type;
    u->like.filename = media_name(op->arena, name ? name : part.filename);
    return NULL;
}

static bool category_named(const char *word, unsigned *out)
{
    for (unsigned i = 0; media_category_names[i]; i++) {
        if (strcmp(media_category_names[i], word))
            continue;
        *out = i;
        return true;
    }
    return false;
}

/* Sending a file is sending a message, so who may not send media anywhere in the service is refused when the message
 * comes; here it is enough to be somebody of the service. */
static fault_t upload(struct op *op)
{
    const char *category = form_get(&op->query, "Category");
    struct upload *u = arena_alloc(op->arena, sizeof(*u));
    struct caller c;
    fault_t f = caller_find(op, &c);

    if (!f && category && *category && !category_named(category, &u->like.category))
        f = refuse(op, F_INVALID_PARAMETER, "Category is media, body or history");
    f = f ? f : open_envelope(op, u);
    if (!f && c.identity)
        f = media_allowed(op_site(op)->media, op->tx, c.service->sid, c.identity, u->n);
    if (f)
        return f;
    u->like.account_sid = c.service->account_sid;
    u->like.chat_service_sid = c.service->sid;
    u->like.author = c.identity ? c.identity : "system";
    u->like.file = media_file_new(op->arena);
    u->sid = arena_strdup(op->arena, media_begin(op->tx, &u->like)->sid);
    op->data = u;
    op_continue_on_pool(op, media_pool(op_site(op)->media), write_file);
    return NULL;
}

/* clang-format off */
#define MEDIA  "/v1/Services/{service}/Media"
#define MCS(m, p, where, who, raw, fn) { .label = "mcs", .method = m, .path = p, .place = where, .needs = who, .any_origin = true, .raw_body = raw, .run = fn }
static const struct endpoint endpoints[] = {
    MCS("POST", MEDIA,                             ON_LEDGER, CREDENTIALS, true,  upload),
    MCS("GET",  MEDIA "/{medium}",                 ON_READER, CREDENTIALS, false, medium_look),
    MCS("GET",  MEDIA "/{medium}/Content",         ON_READER, CREDENTIALS, false, content),
    MCS("POST", "/v1/Services/{service}/MediaSet", ON_READER, CREDENTIALS, false, media_set),
    MCS("GET",  "/v1/Content/{pass}",              ON_READER, PUBLIC,      false, content_by_pass),
};
/* clang-format on */

const struct module mcs_module = { .name = "mcs", .endpoints = ROWS(endpoints) };
