/* plugboard: the roof.  Wires the parts, starts them from the lowest floor up, and takes them down the other way. */
#include "config.h"
#include "demo.h"
#include "health.h"
#include "media/media.h"
#include "modules.h"
#include "rest/rest.h"
#include "routing/routing.h"
#include "simulate.h"
#include "webhook/webhook.h"

#include "base/log.h"
#include "codec/jwt.h"
#include "net/static.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UPLOAD_ENVELOPE = 64 * 1024 }; /* what a form adds to the file in it */

enum { EXIT_USAGE = 2, EXIT_STORE = 3, EXIT_LISTEN = 4, SITES = 3 };

struct server {
    struct arena *arena;
    struct config config;
    struct store *store;
    struct site site;
    struct http_client *client;
    struct static_files *sites[SITES];
    const char *account_sid;
    struct text banner;
};

static int fail(int code, const char *what, const char *why)
{
    fprintf(stderr, "plugboard: %s: %s\n", what, why);
    return code;
}

/* --- what lies in web/ -------------------------------------------------------------------------------------------- */

/* Where each part of web/ is served. The desktop is what everything else is: it finds its pages by itself. */
static const struct {
    const char *path, *folder, *who;
} sites[SITES] = {
    { "/contact", "contact", "call backs" },
    { "/webchat", "webchat", "customers" },
    { "", "desktop", "agents" },
};

static bool serve_file(void *arg, struct http_request *r, const char *path)
{
    const struct server *s = arg;

    if (strcmp(r->method, "GET") && strcmp(r->method, "HEAD"))
        return false;
    for (size_t i = 0; i < SITES; i++) {
        size_t n = strlen(sites[i].path);
        if (!s->sites[i] || !str_starts(path, sites[i].path) || (path[n] && path[n] != '/'))
            continue;
        return static_serve(s->sites[i], r, path[n] ? path + n : "/", n == 0);
    }
    return false;
}

static void load_web(struct server *s)
{
    if (!*s->config.web)
        return;
    for (size_t i = 0; i < SITES; i++) {
        s->sites[i] = static_load(arena_printf(s->arena, "%s/%s/dist", s->config.web, sites[i].folder));
        if (!s->sites[i])
            log_warn("web.missing", "%s has no built %s; the API works without", s->config.web, sites[i].folder);
    }
}

/* --- first start ------------------------------------------------------------------------------------------ */

/* TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, the names that every official tool reads, set the first account's
 * credentials. */
static fault_t first_account(struct tx *tx, void *arg)
{
    struct server *s = arg;
    const char *sid = getenv("TWILIO_ACCOUNT_SID"), *token = getenv("TWILIO_AUTH_TOKEN");
    struct account *a;

    if (record_first(tx->db, tx->arena, &account_kind, &(struct selection){ 0 }, (void **)&a) != DB_OK)
        return fault(tx->arena, F_UNAVAILABLE, "%s", db_error(tx->db));
    if (sid && !sid_valid(sid, "AC"))
        return fault(tx->arena, F_INVALID_PARAMETER, "TWILIO_ACCOUNT_SID is not AC and 32 hexadecimal digits");
    if (!a) {
        a = account_make(tx, sid, NULL, s->config.account_name, token);
        text_putf(&s->banner, "account       %s\n", a->sid);
        if (token)
            text_put(&s->banner, "auth token    as TWILIO_AUTH_TOKEN says\n");
        else
            text_putf(&s->banner, "auth token    %s   (printed this once)\n", a->auth_token);
    } else if (sid && strcmp(sid, a->sid))
        log_warn("account.other", "TWILIO_ACCOUNT_SID is %s, but this data folder's account is %s", sid, a->sid);
    if (strlen(a->auth_token) < JWT_KEY_MIN)
        log_warn(
            "account.short_token",
            "the auth token of %s has %zu characters: too short a key for TaskRouter capability tokens, which need %d",
            a->sid, strlen(a->auth_token), JWT_KEY_MIN);
    s->account_sid = arena_strdup(s->arena, a->sid);
    return NULL;
}

static const char *populate(struct server *s)
{
    fault_t f = ledger_do(s->site.ledger, s->arena, first_account, s);

    f = f ? f : account_provision(&s->site, s->arena, s->account_sid);
    if (!f && s->config.demo)
        f = demo_make(&s->site, s->arena, s->account_sid, &s->banner);
    return f ? f->message : NULL;
}

/* --- up and down ------------------------------------------------------------------------------------------ */

static const char *start_modules(struct server *s, const struct module *const *list)
{
    for (const struct module *const *m = list; *m; m++) {
        fault_t f = (*m)->start ? (*m)->start(&s->site, s->arena) : NULL;
        if (f)
            return f->message;
    }
    return NULL;
}

static const char *start_engines(struct server *s, const struct module *const *list)
{
    const char *why = NULL;
    size_t nkinds;
    const struct kind **kinds = rest_kinds(s->arena, list, &nkinds);
    struct ledger_config ledger = { .store = s->store,
                                    .clock = s->site.clock,
                                    .kinds = kinds,
                                    .nkinds = nkinds,
                                    .events_kept = s->config.events_days * DAY };
    struct rest_config rest = { .modules = list,
                                .store = s->store,
                                .clock = s->site.clock,
                                .site = &s->site,
                                .readers = (int)s->config.readers,
                                .fallback = serve_file,
                                .fallback_arg = s };

    s->site.ledger = rest.ledger = ledger_new(s->arena, &ledger, &why);
    if (!s->site.ledger)
        return why;
    s->site.auth = rest.auth = auth_new(s->site.ledger, s->site.clock);
    s->client = http_client_start(s->config.allow_private_webhooks, false);
    s->site.client = s->client;
    s->site.webhooks = webhooks_new(s->site.ledger, s->client);
    s->site.engine = routing_new(s->site.ledger);
    s->site.media = media_new(s->site.ledger, s->arena, s->config.data, s->config.media_max);
    s->site.rest = rest_new(s->arena, &rest, &why);
    why = why ? why : start_modules(s, list);
    if (!why && !ledger_start(s->site.ledger, s->arena, &why))
        return why;
    return why ? why : populate(s);
}

static const char *start_listening(struct server *s)
{
    const char *why = NULL;
    struct http_config http = {
        .listen = s->config.listen,
        .tls_cert = *s->config.tls_cert ? s->config.tls_cert : NULL,
        .tls_key = *s->config.tls_key ? s->config.tls_key : NULL,
        .threads = (int)s->config.threads,
        .body_max = (size_t)s->config.body_max,
        .upload_max = (size_t)s->config.media_max + UPLOAD_ENVELOPE,
        .is_upload = media_is_upload,
        .header_max = 16 * 1024,
        .connections_max = (size_t)s->config.connections_max,
        .slow_ms = s->config.slow_ms,
        .idle_ms = s->config.idle_ms,
        .trust_proxy = s->config.trust_proxy,
        .request = rest_handle,
        .arg = s->site.rest,
    };

    rest_start(s->site.rest);
    s->site.http = http_start(&http, s->arena, &why);
    return s->site.http ? NULL : why;
}

static void print_addresses(struct server *s)
{
    const char *scheme = *s->config.tls_cert ? "https" : "http";
    int port = http_port(s->site.http);

    printf("%s", text_str(&s->banner));
    for (size_t i = SITES; i-- > 0;)
        if (s->sites[i])
            printf("%-13s %s://127.0.0.1:%d%s/\n", sites[i].who, scheme, port, sites[i].path);
    printf("API           %s://127.0.0.1:%d/taskrouter/v1/Workspaces\n", scheme, port);
    printf("listening on %s://127.0.0.1:%d\n", scheme, port);
    fflush(stdout);
}

static void wait_for_signal(const sigset_t *set)
{
    int number;

    sigwait(set, &number);
    log_info("server.stopping", "signal %d: finishing what is under way", number);
}

static void stop(struct server *s, const struct module *const *list)
{
    for (const struct module *const *m = list; *m; m++)
        if ((*m)->drain)
            (*m)->drain(&s->site);
    if (s->site.http)
        http_drain(s->site.http, s->config.drain_ms);
    if (s->site.rest)
        rest_stop(s->site.rest);
    media_free(s->site.media);
    if (s->site.ledger)
        ledger_stop(s->site.ledger);
    if (s->client) /* after the ledger, which sends by it; what is under way is not taken for failed, and sent again */
        http_client_stop(s->client);
    if (s->site.http)
        http_free(s->site.http);
    for (const struct module *const *m = list; *m; m++)
        if ((*m)->stop)
            (*m)->stop(&s->site);
    rest_free(s->site.rest);
    if (s->site.engine)
        routing_free(s->site.engine);
    webhooks_free(s->site.webhooks);
    if (s->site.auth)
        auth_free(s->site.auth);
    if (s->site.ledger)
        ledger_free(s->site.ledger);
    store_close(s->store);
    for (size_t i = 0; i < SITES; i++)
        static_free(s->sites[i]);
    clock_free(s->site.clock);
}

static enum log_level level_named(const char *name)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };

    for (int i = 0; i < 4; i++)
        if (!strcmp(names[i], name))
            return (enum log_level)i;
    return LOG_INFO;
}

static int serve(struct arena *a, int argc, char **argv)
{
    struct server s = { .arena = a, .banner = { .arena = a } };
    const char *why = config_read(a, &s.config, argc, argv);
    sigset_t signals;
    int code = 0;

    if (why)
        return fail(EXIT_USAGE, "serve", why);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    log_setup(level_named(s.config.log_level), s.config.log_json);
    s.site.test_clock = !strcmp(s.config.clock, "test");
    s.site.demo = s.config.demo;
    s.site.local = listens_locally(s.config.listen) && !s.config.trust_proxy; /* a proxy lets others in */
    s.site.clock = s.site.test_clock ? clock_test(clock_now(clock_real())) : clock_real();
    const struct module *const *list = s.site.test_clock ? modules_for_tests : modules;
    s.store = store_open(a, s.config.data, &why);
    if (!s.store)
        return fail(EXIT_STORE, s.config.data, why);
    load_web(&s);
    why = start_engines(&s, list);
    if (why)
        code = fail(EXIT_STORE, s.config.data, why);
    else if ((why = start_listening(&s)))
        code = fail(EXIT_LISTEN, "listen", why);
    else {
        print_addresses(&s);
        wait_for_signal(&signals);
    }
    stop(&s, list);
    return code;
}

/* --- the other commands ----------------------------------------------------------------------------------- */

static int describe(struct arena *a, int argc, char **argv)
{
    const char *why = NULL;

    (void)argc;
    (void)argv;
    const char *text = rest_describe(a, modules, &why);
    if (!text)
        return fail(EXIT_USAGE, "describe", why);
    puts(text);
    return 0;
}

static int version(struct arena *a, int argc, char **argv)
{
    (void)a;
    (void)argc;
    (void)argv;
    puts("plugboard " PLUGBOARD_VERSION);
    return 0;
}

static const struct {
    const char *name, *words;
    int (*run)(struct arena *a, int argc, char **argv);
} commands[] = {
    { "serve", "run the server", serve },
    { "describe", "print the API's own description (OpenAPI 3)", describe },
    { "simulate", "play a stretch of history again, with a changed workflow or team", simulate },
    { "version", "print the version", version },
};

static int help(struct arena *a, int code)
{
    printf("plugboard COMMAND [options]\n\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
        printf("  %-26s %s\n", commands[i].name, commands[i].words);
    printf("\nOptions of serve; each may be given as a variable, too (--log-level: PLUGBOARD_LOG_LEVEL):\n\n%s",
           config_help(a));
    printf("\nOptions of simulate:\n\n%s", simulate_help());
    return code;
}

int main(int argc, char **argv)
{
    _arena_ struct arena *a = arena_new();

    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(a, argc - 2, argv + 2);
    return help(a, argc > 1 && strcmp(argv[1], "help") && strcmp(argv[1], "--help") ? EXIT_USAGE : 0);
}
