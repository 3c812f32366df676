#include "test_bench.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

static char cert_file[] = "/tmp/test_tls_cert.XXXXXX", key_file[] = "/tmp/test_tls_key.XXXXXX";

static void make_certificate(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);

    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    FILE *f = fdopen(mkstemp(cert_file), "w");
    PEM_write_X509(f, x);
    fclose(f);
    f = fdopen(mkstemp(key_file), "w");
    PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    X509_free(x);
    EVP_PKEY_free(key);
}

static void with_tls(struct http_config *c)
{
    c->tls_cert = cert_file;
    c->tls_key = key_file;
}

static SSL *tls_connect(SSL_CTX *t, int fd)
{
    SSL *s = SSL_new(t);

    SSL_set_fd(s, fd);
    assert_int_equal(SSL_connect(s), 1);
    return s;
}

static size_t read_until(SSL *s, char *p, size_t room, const char *end)
{
    size_t n = 0;

    while (n < room - 1 && !memmem(p, n, end, strlen(end))) {
        int got = SSL_read(s, p + n, (int)(room - 1 - n));
        assert_true(got > 0);
        n += (size_t)got;
    }
    p[n] = 0;
    return n;
}

static void requests_and_sockets(void **state)
{
    (void)state;
    static const char ask[] = "GET /facts HTTP/1.1\r\nHost: h\r\n\r\n",
                      afar[] = "GET /thread HTTP/1.1\r\nHost: h\r\n\r\n";
    static const char ws[] =
        "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    struct bench *b = bench_with(with_tls);
    SSL_CTX *t = SSL_CTX_new(TLS_client_method());
    char p[4096];

    SSL_CTX_set_alpn_protos(t, (const unsigned char *)"\x02h2\x08http/1.1", 12);
    int fd = bench_connect(b);
    SSL *s = tls_connect(t, fd);
    for (int i = 0; i < 3; i++) {
        SSL_write(s, ask, sizeof ask - 1);
        read_until(s, p, sizeof p, "/facts");
        assert_non_null(strstr(p, "GET https h [] 127.0.0.1"));
        SSL_write(s, afar, sizeof afar - 1);
        read_until(s, p, sizeof p, "from afar");
    }
    SSL_write(s, ws, sizeof ws - 1);
    read_until(s, p, sizeof p, "\r\n\r\n");
    assert_non_null(strstr(p, "101 Switching"));
    SSL_write(s, "\x81\x82\0\0\0\0hi", 8);
    read_until(s, p, sizeof p, "hi");
    assert_memory_equal(p, "\x81\x02hi", 4);
    SSL_free(s);
    close(fd);
    assert_int_equal(end_code(b), 1006);

    SSL_CTX_set_max_proto_version(t, TLS1_1_VERSION);
    fd = bench_connect(b);
    s = SSL_new(t);
    SSL_set_fd(s, fd);
    assert_int_not_equal(SSL_connect(s), 1);
    SSL_free(s);
    close(fd);
    fd = bench_connect(b); /* not TLS at all */
    peer_send(fd, ask);
    peer_closed(fd);
    close(fd);
    SSL_CTX_free(t);
    bench_free(b);
}

/* More than goes out in a piece, whole; and the connection goes on. */
static void long_answers(void **state)
{
    (void)state;
    static const char ask[] = "GET /big HTTP/1.1\r\nHost: h\r\n\r\n",
                      again[] = "GET /facts HTTP/1.1\r\nHost: h\r\n\r\n";
    struct bench *b = bench_with(with_tls);
    SSL_CTX *t = SSL_CTX_new(TLS_client_method());
    int fd = bench_connect(b), n;
    SSL *s = tls_connect(t, fd);
    char *p = calloc(1, 1 << 16);
    size_t got = 0;

    SSL_write(s, ask, sizeof ask - 1);
    n = SSL_read(s, p, 4096);
    char *body = memmem(p, (size_t)n, "\r\n\r\n", 4);
    assert_non_null(body);
    got = (size_t)(p + n - body - 4);
    while (got < BIG && (n = SSL_read(s, p, 1 << 16)) > 0)
        got += (size_t)n;
    assert_int_equal(got, BIG);
    SSL_write(s, again, sizeof again - 1);
    read_until(s, p, 4096, "/facts");
    free(p);
    SSL_free(s);
    close(fd);
    SSL_CTX_free(t);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(requests_and_sockets), cmocka_unit_test(long_answers) };

    make_certificate();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(cert_file);
    unlink(key_file);
    return failed;
}
