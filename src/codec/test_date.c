#include "base/clock.h"
#include "codec/date.h"
#include <string.h>
#include <time.h>
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static void the_two_spellings(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct { int64_t ms; const char *iso, *iso_ms, *rfc; } t[] = {
        { 0,               "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 +0000" },
        { -999,            "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.001Z", "Wed, 31 Dec 1969 23:59:59 +0000" },
        { 951827696789,    "2000-02-29T12:34:56Z", "2000-02-29T12:34:56.789Z", "Tue, 29 Feb 2000 12:34:56 +0000" },
        { 1735689599000,   "2024-12-31T23:59:59Z", "2024-12-31T23:59:59.000Z", "Tue, 31 Dec 2024 23:59:59 +0000" },
        { 4107542400000,   "2100-03-01T00:00:00Z", "2100-03-01T00:00:00.000Z", "Mon, 01 Mar 2100 00:00:00 +0000" },
        { -2208988800000,  "1900-01-01T00:00:00Z", "1900-01-01T00:00:00.000Z", "Mon, 01 Jan 1900 00:00:00 +0000" },
        { 253402300799999, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z", "Fri, 31 Dec 9999 23:59:59 +0000" },
    };
    /* clang-format on */
    char s[DATE_SIZE];
    int64_t ms;

    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        assert_string_equal(date_iso(t[i].ms, s), t[i].iso);
        assert_string_equal(date_iso_ms(t[i].ms, s), t[i].iso_ms);
        assert_string_equal(date_rfc2822(t[i].ms, s), t[i].rfc);
        assert_true(date_parse(t[i].iso_ms, &ms));
        assert_true(ms == t[i].ms);
    }
    assert_string_equal(date_iso(INT64_MAX, s), "9999-12-31T23:59:59Z");
    assert_string_equal(date_iso(INT64_MIN, s), "1900-01-01T00:00:00Z");
}

/* Every day of the range, beside the C library. */
static void every_day(void **state)
{
    (void)state;
    char ours[DATE_SIZE], theirs[DATE_SIZE];
    int64_t back;

    for (int64_t ms = -2208988800000; ms < 253402300800000; ms += DAY) {
        time_t seconds = (time_t)((ms + 12345678) / 1000 - (ms + 12345678 < 0 && (ms + 12345678) % 1000));
        struct tm tm;
        gmtime_r(&seconds, &tm);
        strftime(theirs, sizeof theirs, "%a, %d %b %Y %H:%M:%S +0000", &tm);
        if (strcmp(date_rfc2822(ms + 12345678, ours), theirs) != 0)
            assert_string_equal(ours, theirs);
        if (!date_parse(date_iso_ms(ms + 12345678, ours), &back) || back != ms + 12345678)
            fail_msg("%s", ours);
    }
}

static void reads_what_people_send(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        int64_t ms;
    } t[] = {
        { "1970-01-02", DAY },
        { "1970-01-01T01:00:00", HOUR },
        { "1970-01-01T01:00", HOUR },
        { "1970-01-01 01:00:00z", HOUR },
        { "1970-01-01T01:00:00+01:00", 0 },
        { "1970-01-01T01:00:00-0130", 2 * HOUR + 30 * MINUTE },
        { "1970-01-01T00:00:00.5Z", 500 },
        { "1970-01-01T00:00:00.123999999+00:00", 123 },
        { "1970-01-01T00:00:00.0009999999999999999999999999", 0 },
    };
    int64_t ms;

    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        assert_true(date_parse(t[i].s, &ms));
        assert_true(ms == t[i].ms);
    }
}

static void refuses_what_is_no_date(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026",
        "2026-1-2",
        "2026-00-01",
        "2026-13-01",
        "2026-02-29",
        "2100-02-29",
        "2026-04-31",
        "2026-01-00",
        "1899-12-31",
        "10000-01-01",
        "2026-01-02T",
        "2026-01-02T24:00:00Z",
        "2026-01-02T03",
        "2026-01-02T03:60:00Z",
        "2026-01-02T03:04:60Z",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05ZZ",
        "2026-01-02T03:04:05+1",
        "2026-01-02x",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05 01:00",
        "2026-01-02T03:04.5Z",
        " 2026-01-02",
        "2026-01-02 ",
        "2026/01/02",
        "-026-01-02",
        "20 6-01-02",
        "1900-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "2026-01-02T03:04:",
        "2026-01-02T+3:04:05Z",
    };
    int64_t ms = 7;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (date_parse(bad[i], &ms))
            fail_msg("read '%s'", bad[i]);
    assert_false(date_parse(NULL, &ms));
    assert_int_equal(ms, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_two_spellings),
        cmocka_unit_test(every_day),
        cmocka_unit_test(reads_what_people_send),
        cmocka_unit_test(refuses_what_is_no_date),
    };
    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
