#include "test_bench.h"

#include "net/client.h"

struct waiting {
    struct mailbox *box;
    struct mail mail;
};

static void on_done(struct http_call *c)
{
    struct waiting *w = c->arg;
    mailbox_send(w->box, &w->mail);
}

static struct http_call call_to(struct arena *a, const char *url)
{
    return (struct http_call){
        .arena = a, .method = "GET", .url = url, .timeout_ms = 5000, .answer_max = 1 << 20, .done = on_done
    };
}

static void run(struct http_client *client, struct http_call *c)
{
    struct waiting w = { .box = mailbox_new(0) };

    c->arg = &w;
    assert_true(http_client_send(client, c));
    assert_ptr_equal(mailbox_take(w.box, 1, PEER_WAIT_MS), &w.mail);
    mailbox_free(w.box);
}

static const char *url_of(struct bench *b, struct arena *a, const char *path)
{
    return arena_printf(a, "http://127.0.0.1:%d%s", bench_port(b), path);
}

static void get_and_post(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    struct http_client *client = http_client_start(true, false);
    struct arena *a = arena_new();
    struct http_call c = call_to(a, url_of(b, a, "/text"));

    run(client, &c);
    assert_int_equal(c.status, 200);
    assert_int_equal(c.answer_length, 5000); /* gzip is undone */
    assert_string_equal(c.content_type, "text/plain");
    assert_null(c.why);
    c = call_to(a, url_of(b, a, "/echo"));
    struct http_header h[] = { { "Content-Type", "application/json" }, { "X-Empty", "" } };
    c.method = "POST";
    c.headers = h;
    c.nheaders = 2;
    c.body = "{\"a\":1}";
    c.length = 7;
    run(client, &c);
    assert_int_equal(c.status, 200);
    assert_string_equal(c.answer, "{\"a\":1}");
    c = call_to(a, url_of(b, a, "/nowhere"));
    run(client, &c);
    assert_int_equal(c.status, 404);
    c = call_to(a, url_of(b, a, "/none"));
    c.method = "DELETE";
    run(client, &c);
    assert_int_equal(c.status, 204);
    assert_string_equal(c.answer, "");
    assert_true(http_count(b->server).connections <= 1); /* kept alive */
    arena_free(a);
    http_client_stop(client);
    bench_free(b);
}

static void failures(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    struct http_client *client = http_client_start(true, false);
    struct arena *a = arena_new();
    struct http_call c = call_to(a, url_of(b, a, "/hold"));

    c.timeout_ms = 100;
    run(client, &c);
    assert_int_equal(c.status, 0);
    assert_string_equal(c.why, "timed out");
    assert_int_equal(c.end, HTTP_TIMED_OUT);
    reply_text(take(b->held), 200, "text/plain", "late", 4);

    c = call_to(a, url_of(b, a, "/hold"));
    c.read_timeout_ms = 100; /* and five seconds for the whole, which the client does not wait for */
    run(client, &c);
    assert_string_equal(c.why, "timed out");
    assert_int_equal(c.end, HTTP_TIMED_OUT);
    reply_text(take(b->held), 200, "text/plain", "late", 4);
    c = call_to(a, url_of(b, a, "/text"));
    c.read_timeout_ms = 5000;
    run(client, &c);
    assert_int_equal(c.status, 200);
    assert_int_equal(c.end, HTTP_ANSWERED);

    c = call_to(a, url_of(b, a, "/big"));
    c.answer_max = 1000;
    run(client, &c);
    assert_int_equal(c.status, 0);
    assert_string_equal(c.why, "the answer is longer than 1000 bytes");
    assert_int_equal(c.end, HTTP_BROKEN);

    c = call_to(a, "http://169.254.169.254/latest/meta-data");
    run(client, &c);
    assert_string_equal(c.why, "refused address 169.254.169.254");
    assert_int_equal(c.end, HTTP_BROKEN);
    c = call_to(a, "http://[::ffff:169.254.169.254]/");
    run(client, &c);
    assert_int_equal(c.status, 0);
    assert_non_null(strstr(c.why, "refused address"));

    c = call_to(a, "file:///etc/passwd");
    run(client, &c);
    assert_string_equal(c.why, "not a URL or header that can be sent");
    struct http_header split = { "X", "a\r\nY: b" };
    c = call_to(a, url_of(b, a, "/none"));
    c.headers = &split;
    c.nheaders = 1;
    run(client, &c);
    assert_string_equal(c.why, "not a URL or header that can be sent");

    struct bench *other = bench_new();
    const char *gone = url_of(other, a, "/none");
    bench_free(other);
    c = call_to(a, gone);
    run(client, &c);
    assert_string_equal(c.why, "connection refused");
    assert_int_equal(c.end, HTTP_NOT_CONNECTED);
    arena_free(a);
    http_client_stop(client);
    bench_free(b);
}

static void private_networks_need_leave(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    struct http_client *client = http_client_start(false, false);
    struct arena *a = arena_new();
    struct http_call c = call_to(a, url_of(b, a, "/none"));

    run(client, &c);
    assert_string_equal(c.why, "refused address 127.0.0.1");
    c = call_to(a, arena_printf(a, "http://localhost:%d/none", bench_port(b)));
    run(client, &c);
    assert_int_equal(c.status, 0);
    assert_non_null(strstr(c.why, "refused address"));
    assert_int_equal(http_count(b->server).requests, 0);
    arena_free(a);
    http_client_stop(client);
    bench_free(b);
}

static void many_at_once_and_stop(void **state)
{
    (void)state;
    enum { MANY = 200 };
    struct bench *b = bench_new();
    struct http_client *client = http_client_start(true, false);
    struct arena *arenas[MANY];
    struct http_call calls[MANY];
    struct waiting w[MANY];
    struct mailbox *box = mailbox_new(0);
    int ok = 0;

    for (int i = 0; i < MANY; i++) {
        arenas[i] = arena_new();
        calls[i] = call_to(arenas[i], url_of(b, arenas[i], "/thread"));
        w[i] = (struct waiting){ .box = box };
        calls[i].arg = &w[i];
        assert_true(http_client_send(client, &calls[i]));
    }
    for (int i = 0; i < MANY; i++)
        assert_non_null(mailbox_take(box, 1, PEER_WAIT_MS));
    for (int i = 0; i < MANY; i++)
        ok += calls[i].status == 201;
    assert_int_equal(ok, MANY);
    calls[0] = call_to(arenas[0], url_of(b, arenas[0], "/hold"));
    calls[0].arg = &w[0];
    assert_true(http_client_send(client, &calls[0]));
    struct http_request *r = take(b->held);
    http_client_stop(client);
    assert_non_null(mailbox_take(box, 1, 0));
    assert_int_equal(calls[0].status, 0);
    assert_string_equal(calls[0].why, "the server is stopping");
    reply_text(r, 200, "text/plain", "", 0);
    for (int i = 0; i < MANY; i++)
        arena_free(arenas[i]);
    mailbox_free(box);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_and_post),
        cmocka_unit_test(failures),
        cmocka_unit_test(private_networks_need_leave),
        cmocka_unit_test(many_at_once_and_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
