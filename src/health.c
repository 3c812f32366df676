#include "health.h"

#include "base/text.h"
#include <string.h>

static void plain(struct op *op, int status, const char *body)
{
    op->answer.status = status;
    op->answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
    op->answer.body = body;
    op->answer.length = strlen(body);
}

static fault_t alive(struct op *op)
{
    plain(op, 200, "ok\n");
    return NULL;
}

static fault_t ready(struct op *op)
{
    bool good = ledger_ready(op_site(op)->ledger);

    plain(op, good ? 200 : 503, good ? "ready\n" : "the last commit failed\n");
    return NULL;
}

static void put_figure(struct text *t, const char *name, const char *type, const char *help, int64_t value)
{
    text_putf(t, "# HELP plugboard_%s %s\n# TYPE plugboard_%s %s\nplugboard_%s %lld\n", name, help, name, type, name,
              (long long)value);
}

static fault_t metrics(struct op *op)
{
    struct site *site = op_site(op);
    struct ledger_counters l = ledger_count(site->ledger);
    struct http_counters h = http_count(site->http);
    struct text t = { .arena = op->arena };

    put_figure(&t, "http_requests_total", "counter", "Requests read", (int64_t)h.requests);
    put_figure(&t, "http_replies_total", "counter", "Replies sent", (int64_t)h.replies);
    put_figure(&t, "http_replies_dropped_total", "counter", "Replies whose client had left", (int64_t)h.dropped);
    put_figure(&t, "http_connections", "gauge", "Open connections", h.connections);
    put_figure(&t, "http_sockets", "gauge", "Open WebSockets", h.sockets);
    put_figure(&t, "ledger_commands_total", "counter", "Commands committed", (int64_t)l.commands);
    put_figure(&t, "ledger_refused_total", "counter", "Commands refused and undone", (int64_t)l.refused);
    put_figure(&t, "ledger_batches_total", "counter", "Transactions", (int64_t)l.batches);
    put_figure(&t, "ledger_events_total", "counter", "Events told", (int64_t)l.events);
    put_figure(&t, "ledger_failed_commits_total", "counter", "Transactions that the store refused",
               (int64_t)l.failed_commits);
    put_figure(&t, "ledger_queued", "gauge", "Commands waiting", l.queued);
    put_figure(&t, "ledger_resident_rows", "gauge", "Rows in memory", l.resident_rows);
    put_figure(&t, "ledger_resident_bytes", "gauge", "Bytes of rows in memory", l.resident_bytes);
    plain(op, 200, text_str(&t));
    return NULL;
}

static const struct endpoint endpoints[] = {
    { .method = "GET", .path = "/healthz", .place = ON_IO, .needs = PUBLIC, .run = alive },
    { .method = "GET", .path = "/readyz", .place = ON_IO, .needs = PUBLIC, .run = ready },
    { .method = "GET", .path = "/metrics", .place = ON_IO, .needs = PUBLIC, .run = metrics },
};
const struct module health_module = { .name = "health", .endpoints = ROWS(endpoints) };

static fault_t turn(struct op *op)
{
    int64_t by;

    if (!op_param(op, "By") || !str_to_int(op_param(op, "By"), &by) || by < 0)
        return refuse(op, F_INVALID_PARAMETER, "By is not a number of milliseconds");
    ledger_turn(op_site(op)->ledger, by);
    op_json(op, 200, arena_printf(op->arena, "{\"now\":%lld}", (long long)clock_now(op_site(op)->clock)));
    return NULL;
}

static const struct endpoint turning[] = {
    { .method = "POST", .path = "/test/clock", .place = ON_READER, .needs = CREDENTIALS, .run = turn },
};
const struct module turning_module = { .name = "turning", .endpoints = ROWS(turning) };
