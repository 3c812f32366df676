#include "test_peer.h"

#include "base/folder.h"
#include "net/static.h"

#include <sys/stat.h>

static struct static_files *files;

static void on_request(void *arg, struct http_request *r)
{
    (void)arg;
    if (!static_serve(files, r, r->path, true))
        http_reply(r,
                   &(struct http_answer){ .status = 404, .content_type = "text/plain", .body = "none", .length = 4 });
}

static void put(const char *folder, const char *name, const char *bytes, int times)
{
    char path[300];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < times; i++)
        fputs(bytes, f);
    fclose(f);
}

static struct peer_answer ask(int fd, const char *method, const char *path, const char *headers)
{
    char text[1000];

    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method, path, headers);
    peer_send(fd, text);
    return peer_answer_to(fd, method);
}

static void expect(int fd, const char *path, const char *headers, int status, const char *in_head, const char *body)
{
    struct peer_answer a = ask(fd, "GET", path, headers);

    assert_int_equal(a.status, status);
    if (in_head && !strstr(a.head, in_head))
        fail_msg("no %s in %s", in_head, a.head);
    if (body)
        assert_string_equal(a.body, body);
    free(a.body);
}

static void serves(int fd, const char *folder)
{
    (void)folder;
    expect(fd, "/", "", 200, "Content-Type: text/html; charset=utf-8\r\n", "<p>hello");
    expect(fd, "/index.html", "", 200, "Content-Security-Policy: default-src 'self'", "<p>hello");
    expect(fd, "/agent/tasks", "Accept: text/html,*/*\r\n", 200, "Cache-Control: no-cache\r\n", "<p>hello");
    expect(fd, "/agent/tasks", "Accept: */*\r\n", 404, NULL, "none");
    expect(fd, "/assets/index-4f3a_c1b.js", "", 200, "Cache-Control: public, max-age=31536000, immutable\r\n", NULL);
    expect(fd, "/assets/index-4f3a_c1b.js", "Accept-Encoding: gzip\r\n", 200, "Content-Encoding: gzip\r\n", NULL);
    expect(fd, "/assets/plain.js", "", 200, "Cache-Control: no-cache\r\n", "1");
    expect(fd, "/../secret", "", 404, NULL, "none");
    expect(fd, "/assets/../../secret", "", 404, NULL, "none");
    expect(fd, "/link", "", 404, NULL, "none");
    expect(fd, "/assets/", "", 404, NULL, "none");
    struct peer_answer a = ask(fd, "GET", "/index.html", "");
    char tag[100], again[200];
    assert_int_equal(sscanf(strstr(a.head, "ETag: ") + 6, "%99[^\r]", tag), 1);
    free(a.body);
    snprintf(again, sizeof again, "If-None-Match: \"x\", W/%s\r\n", tag);
    expect(fd, "/index.html", again, 304, "ETag: ", "");
    expect(fd, "/index.html", "If-None-Match: \"x\"\r\n", 200, NULL, "<p>hello");
    a = ask(fd, "HEAD", "/index.html", "");
    assert_non_null(strstr(a.head, "Content-Length: 8\r\n"));
    free(a.body);
    a = ask(fd, "POST", "/index.html", "Content-Length: 0\r\n");
    assert_int_equal(a.status, 404);
    free(a.body);
}

static void a_folder(void **state)
{
    (void)state;
    char top[] = "/tmp/test_static.XXXXXX", folder[100], path[300];
    assert_non_null(mkdtemp(top));
    struct arena *a = arena_new();
    const char *why;

    snprintf(folder, sizeof folder, "%s/site", top);
    assert_null(static_load(folder));
    mkdir(folder, 0700);
    snprintf(path, sizeof path, "%s/assets", folder);
    mkdir(path, 0700);
    put(top, "secret", "s", 1);
    put(folder, "index.html", "<p>hello", 1);
    put(folder, ".hidden", "h", 1);
    put(folder, "assets/index-4f3a_c1b.js", "let a = 1; ", 1000);
    put(folder, "assets/plain.js", "1", 1);
    snprintf(path, sizeof path, "%s/link", folder);
    assert_int_equal(symlink("../secret", path), 0);
    files = static_load(folder);
    assert_non_null(files);
    struct http_config c = { .listen = "127.0.0.1:0",
                             .threads = 1,
                             .body_max = 1000,
                             .header_max = 8000,
                             .connections_max = 10,
                             .slow_ms = 5000,
                             .idle_ms = 5000,
                             .request = on_request };
    struct http_server *s = http_start(&c, a, &why);
    assert_non_null(s);
    int fd = peer_connect(http_port(s));
    serves(fd, folder);
    close(fd);
    http_drain(s, 5000);
    http_free(s);
    static_free(files);
    arena_free(a);
    assert_true(folder_remove(top));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_folder) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
