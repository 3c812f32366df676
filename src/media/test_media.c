#include "media/media.h"

#include "base/folder.h"
#include "base/text.h"
#include "base/thread.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    struct arena *arena;
    char folder[64];
    struct store *store;
    struct clock *clock;
    struct ledger *ledger;
    struct media *media;
};

static void open_world(struct world *w)
{
    static const struct kind *const kinds[] = { &event_kind, &alarm_kind_record, &medium_kind };
    const char *why = NULL;

    w->arena = arena_new();
    w->clock = clock_test(1700000000000);
    w->store = store_open(w->arena, w->folder, &why);
    assert_non_null(w->store);
    struct ledger_config c = { .store = w->store, .clock = w->clock, .kinds = kinds, .nkinds = 3 };
    w->ledger = ledger_new(w->arena, &c, &why);
    w->media = media_new(w->ledger, w->arena, w->folder, 1 << 20);
    assert_true(ledger_start(w->ledger, w->arena, &why));
}

static void close_world(struct world *w)
{
    media_free(w->media);
    ledger_stop(w->ledger);
    ledger_free(w->ledger);
    store_close(w->store);
    clock_free(w->clock);
    arena_free(w->arena);
}

static int set_up(void **state)
{
    static struct world w;

    snprintf(w.folder, sizeof w.folder, "/tmp/plugboard-media-XXXXXX");
    if (!mkdtemp(w.folder))
        return -1;
    open_world(&w);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    close_world(w);
    return folder_remove(w->folder) ? 0 : -1;
}

/* --- rows and files --------------------------------------------------------------------------------------- */

struct upload {
    const char *bytes;
    size_t n;
    char sid[SID_SIZE], file[64];
};

static fault_t begin(struct tx *tx, void *arg)
{
    struct upload *u = arg;
    const struct medium like = { .account_sid = "AC00000000000000000000000000000001",
                                 .chat_service_sid = "IS00000000000000000000000000000001",
                                 .author = "ada",
                                 .filename = "a.txt" };
    struct medium *row = media_begin(tx, &like);

    snprintf(u->sid, sizeof u->sid, "%s", row->sid);
    snprintf(u->file, sizeof u->file, "%s", row->file);
    return NULL;
}

static fault_t ready(struct tx *tx, void *arg)
{
    struct upload *u = arg;

    media_ready(tx, row_find(tx, &medium_kind, u->sid), "text/plain", (int64_t)u->n);
    return NULL;
}

static void upload(struct world *w, struct upload *u)
{
    assert_null(ledger_do(w->ledger, w->arena, begin, u));
    assert_null(media_write(w->media, w->arena, u->file, u->bytes, u->n));
    assert_null(ledger_do(w->ledger, w->arena, ready, u));
}

struct look {
    struct world *w;
    const char *sid;
    bool there;
    char bytes[64];
};

static fault_t look(struct tx *tx, void *arg)
{
    struct look *l = arg;
    const struct medium *row = row_find(tx, &medium_kind, l->sid);
    const char *bytes = row ? media_bytes(l->w->media, tx->arena, row) : NULL;

    l->there = bytes != NULL;
    if (bytes)
        memcpy(l->bytes, bytes, (size_t)row->size);
    return NULL;
}

static struct look seen(struct world *w, const char *sid)
{
    struct look l = { .w = w, .sid = sid };

    assert_null(ledger_do(w->ledger, w->arena, look, &l));
    return l;
}

static bool file_there(struct world *w, const char *file)
{
    return !access(arena_printf(w->arena, "%s/media/%.2s/%s", w->folder, file, file), F_OK);
}

struct claim {
    const char *service, *author, *sids[3];
    size_t n;
    const char *json;
    char kept[512];
};

static fault_t claim(struct tx *tx, void *arg)
{
    struct claim *c = arg;
    fault_t f = media_claim(tx, c->service, c->author, c->sids, c->n, "CH00000000000000000000000000000001",
                            "IM00000000000000000000000000000001", &c->json);

    if (!f && c->json)
        snprintf(c->kept, sizeof c->kept, "%s", c->json);
    return f;
}

static fault_t remove_message(struct tx *tx, void *arg)
{
    struct event e = { .type = EV_CONVERSATION_MESSAGE_REMOVED,
                       .account_sid = "AC00000000000000000000000000000001",
                       .resource_type = "message",
                       .resource_sid = "IM00000000000000000000000000000001",
                       .data = "{}" };

    (void)arg;
    event_tell(tx, &e);
    return NULL;
}

static void test_held(void **state)
{
    struct world *w = *state;
    struct upload u = { .bytes = "hello", .n = 5 };
    struct claim mine = { .service = "IS00000000000000000000000000000001", .author = "ada", .n = 1 };

    upload(w, &u);
    assert_string_equal(seen(w, u.sid).bytes, "hello");
    mine.sids[0] = u.sid;
    struct claim of_another = mine, elsewhere = mine;
    of_another.author = "bob";
    elsewhere.service = "IS00000000000000000000000000000002";
    assert_non_null(ledger_do(w->ledger, w->arena, claim, &of_another));
    assert_non_null(ledger_do(w->ledger, w->arena, claim, &elsewhere));
    assert_null(ledger_do(w->ledger, w->arena, claim, &mine));
    assert_non_null(strstr(mine.kept, "\"filename\":\"a.txt\",\"content_type\":\"text/plain\",\"size\":5"));
    assert_non_null(ledger_do(w->ledger, w->arena, claim, &mine)); /* it has a message already */

    ledger_turn(w->ledger, 2 * MEDIA_ORPHAN_MS);
    assert_true(seen(w, u.sid).there);
    assert_null(ledger_do(w->ledger, w->arena, remove_message, NULL));
    ledger_turn(w->ledger, 60 * 1000);
    assert_false(seen(w, u.sid).there);
    assert_false(file_there(w, u.file));
}

static void test_orphan(void **state)
{
    struct world *w = *state;
    struct upload u = { .bytes = "nobody", .n = 6 };

    upload(w, &u);
    ledger_turn(w->ledger, MEDIA_ORPHAN_MS - 3600 * 1000);
    assert_true(seen(w, u.sid).there);
    close_world(w); /* the alarm is a row, too */
    open_world(w);
    ledger_turn(w->ledger, 2 * MEDIA_ORPHAN_MS);
    assert_false(seen(w, u.sid).there);
}

/* A file that was cut short is not there; reading it would be a crash. */
static void test_cut_short(void **state)
{
    struct world *w = *state;
    struct upload u = { .bytes = "whole", .n = 5 };

    upload(w, &u);
    assert_int_equal(truncate(arena_printf(w->arena, "%s/media/%.2s/%s", w->folder, u.file, u.file), 2), 0);
    assert_false(seen(w, u.sid).there);
}

/* --- passes ----------------------------------------------------------------------------------------------- */

static void test_pass(void **state)
{
    _arena_ struct arena *a = arena_new();
    const char *sid = "ME00000000000000000000000000000001";
    const char *pass = media_pass(a, "short", sid, 1000 * 1000);

    (void)state;
    assert_string_equal(media_pass_sid(a, pass), sid);
    assert_true(media_pass_good(a, "short", pass, 999 * 1000));
    assert_false(media_pass_good(a, "short", pass, 1000 * 1000));
    assert_false(media_pass_good(a, "other", pass, 0));
    char *forged = arena_strdup(a, pass);
    forged[strlen(forged) - 2] ^= 1;
    assert_false(media_pass_good(a, "short", forged, 0));
    assert_null(media_pass_sid(a, "nonsense"));
}

/* --- what strangers send ---------------------------------------------------------------------------------- */

static void test_sniff(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *declared, *type, *served;
    } cases[] = {
        { "\x89PNG\r\n\x1a\n....", 12, "text/html", "image/png", "image/png" },
        { "RIFF....WEBPVP8 ", 16, NULL, "image/webp", "image/webp" },
        { "\0\0\0\x18"
          "ftypisom",
          12, "video/mp4", "video/mp4", "video/mp4" },
        { "\0\0\0\x18"
          "ftypisom",
          12, "audio/mp4", "audio/mp4", "audio/mp4" },
        { "%PDF-1.4", 8, "image/png", "application/pdf", "application/pdf" },
        { "<svg onload=alert(1)>", 21, "image/svg+xml", "text/plain", "text/plain; charset=utf-8" },
        { "<html><script>", 14, "text/html; charset=utf-8", "text/html", "text/plain; charset=utf-8" },
        { "<html><script>", 14, "image/png", "text/plain", "text/plain; charset=utf-8" },
        { "a,b\n", 4, "text/csv", "text/csv", "text/plain; charset=utf-8" },
        { "\0\1\2\3", 4, "image/png", "application/octet-stream", "application/octet-stream" },
        { "\0\1\2\3", 4, "application/x-thing", "application/x-thing", "application/octet-stream" },
        { "PK\3\4....", 8, "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
          "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/octet-stream" },
        { "PK\3\4....", 8, "text/html", "application/zip", "application/octet-stream" },
        { "", 0, "not a type", "text/plain", "text/plain; charset=utf-8" },
    };
    _arena_ struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct medium row = { .content_type = media_sniff(a, cases[i].bytes, cases[i].n, cases[i].declared) };
        assert_string_equal(row.content_type, cases[i].type);
        assert_string_equal(media_serve(a, &row).content_type, cases[i].served);
    }
}

static void test_names(void **state)
{
    _arena_ struct arena *a = arena_new();
    struct medium row = { .content_type = "image/png", .filename = "r\xc3\xa4t\"sel.png" };

    (void)state;
    assert_string_equal(media_name(a, "../../etc/passwd"), "passwd");
    assert_string_equal(media_name(a, "C:\\Users\\me\\cv.pdf"), "cv.pdf");
    assert_string_equal(media_name(a, "..hidden\r\nX: y"), "hiddenX y");
    assert_null(media_name(a, "../"));
    assert_null(media_name(a, "\xff"));
    char *lengthy = arena_alloc(a, 2 * MEDIA_NAME_MAX + 3);
    for (int i = 0; i < MEDIA_NAME_MAX; i++)
        memcpy(lengthy + 2 * i, "\xc3\xa4", 2);
    const char *cut = media_name(a, lengthy);
    assert_true(strlen(cut) <= MEDIA_NAME_MAX && utf8_valid(cut, strlen(cut)));
    row.filename = media_name(a, row.filename);
    assert_string_equal(media_serve(a, &row).disposition,
                        "inline; filename=\"r_tsel.png\"; filename*=UTF-8''r%C3%A4tsel.png");
}

static void test_parts(void **state)
{
    static const char body[] = "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n"
                               "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.bin\"\r\n"
                               "Content-Type: application/x-thing\r\n\r\n--\r\n-b\0\r\n\r\n--b--\r\n";
    _arena_ struct arena *a = arena_new();
    struct media_part p;

    (void)state;
    assert_true(media_part_find(a, "multipart/form-data; boundary=\"b\"", body, sizeof body - 1, &p));
    assert_string_equal(p.filename, "x.bin");
    assert_string_equal(p.content_type, "application/x-thing");
    assert_int_equal(p.n, 9);
    assert_memory_equal(p.bytes, "--\r\n-b\0\r\n", 9);
    assert_true(media_part_find(a, "multipart/form-data; boundary=b", "--b\r\nX: y\r\n\r\n\r\n--b--", 20, &p));
    assert_int_equal(p.n, 0);
    /* Without an end, or with another boundary, it is no form. */
    assert_false(media_part_find(a, "multipart/form-data; boundary=b", body, sizeof body - 12, &p));
    assert_false(media_part_find(a, "multipart/form-data; boundary=c", body, sizeof body - 1, &p));
    assert_false(media_part_find(a, "multipart/form-data", body, sizeof body - 1, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_held, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_orphan, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cut_short, set_up, tear_down),
        cmocka_unit_test(test_pass),
        cmocka_unit_test(test_sniff),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
