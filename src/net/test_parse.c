#include "test_peer.h"

#include "net/address.h"
#include "net/client.h"
#include "net/parse.h"

static enum head_verdict verdict(const char *head)
{
    return head_check(head, strlen(head), 1, 1000);
}

static void heads(void **state)
{
    (void)state;
    assert_int_equal(verdict("GET / HTTP/1.1\r\nhost: a\r\n\r\n"), HEAD_GOOD);
    assert_int_equal(verdict("\r\nGET / HTTP/1.1\nhost: a\n\nbody: not\r\n header"), HEAD_GOOD);
    assert_int_equal(verdict("POST / HTTP/1.1\r\nhost: a\r\nCONTENT-length: 12 \r\n\r\n"), HEAD_GOOD);
    assert_int_equal(verdict("GET / HTTP/1.1\r\nhost: a\r\n"), HEAD_BAD);
    assert_int_equal(verdict("GET / HTTP/1.1\r\n\r\n"), HEAD_BAD);
    assert_int_equal(verdict(""), HEAD_BAD);
    assert_int_equal(verdict("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"),
                     HEAD_BAD);
    assert_int_equal(verdict("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0x1\r\n\r\n"), HEAD_BAD);
    assert_int_equal(verdict("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9999999999999999999\r\n\r\n"), HEAD_BAD);
    assert_int_equal(verdict("GET / HTTP/1.1\r\nhost: a\r\n: x\r\n\r\n"), HEAD_BAD);
    assert_int_equal(head_check("GET / HTTP/1.0\n\n", 16, 0, 1000), HEAD_GOOD);
    assert_int_equal(head_check("GET / HTTP/1.0\nhost: a\n\n", 24, 0, 23), HEAD_TOO_LARGE);
    assert_int_equal(head_check("GET / HTTP/1.0\nhost: a\n\n", 24, 0, 24), HEAD_GOOD);
    assert_int_equal(head_check("GET /0123456789 HTTP/1.0\n\n", 26, 0, 20), HEAD_TARGET_TOO_LONG);
}

static void hosts(void **state)
{
    (void)state;
    static const char *const good[] = { "a", "a.b-c_d:80", "127.0.0.1", "[::1]", "[::1]:8080", "x:65535" };
    static const char *const bad[] = { "",    ":80",  "a b", "a/b",    "a:",  "a:65536",
                                       "a:x", "[::1", "[]",  "[::1]x", "a@b", "a\"" };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(host_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(host_valid(bad[i]));
}

static void encodings(void **state)
{
    (void)state;
    assert_false(accepts_gzip(NULL));
    assert_false(accepts_gzip(""));
    assert_true(accepts_gzip("gzip"));
    assert_true(accepts_gzip("br;q=1.0, GZIP;q=0.8, *;q=0.1"));
    assert_true(accepts_gzip("*"));
    assert_false(accepts_gzip("*;q=0"));
    assert_false(accepts_gzip("gzip;q=0, *"));
    assert_false(accepts_gzip("gzip; q=0.000"));
    assert_true(accepts_gzip("gzip; q=0.001"));
    assert_false(accepts_gzip("identity, deflate"));
    assert_true(type_compresses("text/html; charset=utf-8"));
    assert_true(type_compresses("application/json"));
    assert_false(type_compresses("image/png"));
    assert_false(type_compresses(NULL));
}

static void listens(void **state)
{
    (void)state;
    const char *list = "127.0.0.1:80, [::1]:8080,:9";
    char host[256], port[8];

    assert_true(listen_next(&list, host, port));
    assert_string_equal(host, "127.0.0.1");
    assert_string_equal(port, "80");
    assert_true(listen_next(&list, host, port));
    assert_string_equal(host, "::1");
    assert_string_equal(port, "8080");
    assert_true(listen_next(&list, host, port));
    assert_string_equal(host, "");
    assert_string_equal(list, "");
    static const char *const bad[] = { "", "a", "a:", "a:b", "[::1:80", "a:99999", "]:1" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        list = bad[i];
        if (strcmp(bad[i], "]:1"))
            assert_false(listen_next(&list, host, port));
    }
}

static void urls(void **state)
{
    (void)state;
    char *longest = calloc(1, 2100);

    memset(longest, 'a', 2049);
    memcpy(longest, "http://h/", 9);
    assert_false(url_is_http(longest));
    longest[2048] = 0;
    assert_true(url_is_http(longest));
    free(longest);
    static const char *const good[] = { "http://a", "HTTPS://a.b/c?d#e", "https://u:p@h:8/", "http://[::1]:80/x" };
    static const char *const bad[] = { "",           "ftp://a",    "http://",       "http:///x",
                                       "http://?x",  "http://a b", "http://a\r\nx", "http:a",
                                       "http://u@",  "http://:80", "http://a\\b",   "javascript:alert(1)",
                                       "http://u@/x" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(url_is_http(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(url_is_http(bad[i]));
}

static bool allowed(const char *text, enum address_rule rule)
{
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return address_allowed((struct sockaddr *)&four, rule);
    assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    return address_allowed((struct sockaddr *)&six, rule);
}

static void addresses(void **state)
{
    (void)state;
    static const char *const public[] = { "1.1.1.1",      "172.32.0.1",       "192.0.2.1",
                                          "2606:4700::1", "64:ff9b::101:101", "::ffff:8.8.8.8" };
    static const char *const private[] = {
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.9.9",      "100.64.0.1",
        "::1",       "fc00::1",  "fd12::1",    "::ffff:127.0.0.1", "2002:0a00:0001::"
    };
    static const char *const never[] = { "0.0.0.0",
                                         "169.254.169.254",
                                         "169.254.1.1",
                                         "224.0.0.1",
                                         "255.255.255.255",
                                         "240.0.0.1",
                                         "::",
                                         "fe80::1",
                                         "ff02::1",
                                         "fd00:ec2::254",
                                         "::ffff:169.254.169.254",
                                         "64:ff9b::a9fe:a9fe",
                                         "2002:a9fe:a9fe::",
                                         "100.100.100.200",
                                         "192.0.0.192",
                                         "::169.254.169.254",
                                         "2001:0:1::1" };

    for (size_t i = 0; i < sizeof public / sizeof *public; i++)
        assert_true(allowed(public[i], ADDRESS_PUBLIC_ONLY));
    for (size_t i = 0; i < sizeof private / sizeof *private; i++) {
        assert_false(allowed(private[i], ADDRESS_PUBLIC_ONLY));
        assert_true(allowed(private[i], ADDRESS_PRIVATE_TOO));
    }
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        assert_false(allowed(never[i], ADDRESS_PRIVATE_TOO));
        assert_true(allowed(never[i], ADDRESS_ANY));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),   cmocka_unit_test(hosts), cmocka_unit_test(encodings),
        cmocka_unit_test(listens), cmocka_unit_test(urls),  cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
