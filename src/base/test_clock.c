#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/text.h"
#include <string.h>
#include <unistd.h>
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static void the_real_clock_tells_now_and_never_turns_back(void **state)
{
    (void)state;
    struct clock *c = clock_real();
    int64_t last = 0;

    assert_ptr_equal(c, clock_real());
    assert_false(clock_is_test(c));
    for (int i = 0; i < 10000; i++) {
        int64_t now = clock_now(c);
        assert_true(now >= last);
        last = now;
    }
    assert_true(last > 1700000000 * SECOND);
    assert_true(last < 4102444800 * SECOND);
    int64_t start = monotonic_ns();
    assert_true(monotonic_ns() >= start);
    clock_free(c);
    clock_free(NULL);
    assert_true(clock_now(c) >= last);
}

static void a_test_clock_is_turned(void **state)
{
    (void)state;
    struct clock *c = clock_test(5 * DAY);

    assert_true(clock_is_test(c));
    assert_int_equal(clock_now(c), 5 * DAY);
    assert_int_equal(clock_now(c), 5 * DAY);
    clock_turn(c, 2 * HOUR);
    clock_turn(c, 0);
    assert_int_equal(clock_now(c), 5 * DAY + 2 * HOUR);
    clock_free(c);
}

static void a_fault_is_the_answer(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    fault_t f = fault(a, F_NOT_FOUND, "Task %s is %d", "WT1", 7);

    assert_int_equal(f->id, F_NOT_FOUND);
    assert_int_equal(f->status, 404);
    assert_int_equal(f->code, 20404);
    assert_string_equal(f->name, "NOT_FOUND");
    assert_string_equal(f->message, "Task WT1 is 7");
    assert_null(fault_kind(F_NOT_FOUND)->message);
}

static void the_catalogue_is_complete(void **state)
{
    (void)state;
    for (int i = 0; i < F_COUNT; i++) {
        const struct fault *f = fault_kind((enum fault_id)i);
        assert_int_equal(f->id, i);
        assert_in_range(f->status, 400, 599);
        assert_true(f->code > 0);
        assert_true(strlen(f->meaning) > 3);
    }
}

/* What reaches stderr. */
static char *caught(struct arena *a, enum log_level level, const char *message)
{
    char *s = arena_alloc(a, 4096);
    int ends[2], saved = dup(STDERR_FILENO);

    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    log_write(level, "test.event", "%s", message);
    dup2(saved, STDERR_FILENO);
    close(ends[1]);
    close(saved);
    assert_true(read(ends[0], s, 4095) >= 0);
    close(ends[0]);
    return s;
}

static void logs_text(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();

    log_setup(LOG_INFO, false);
    assert_string_equal(caught(a, LOG_DEBUG, "quiet"), "");
    char *s = caught(a, LOG_WARN, "line\nforged \x1b[2J \"as it is\"");
    assert_int_equal(s[10], 'T');
    assert_int_equal(s[23], 'Z');
    assert_string_equal(s + 24, " warn  test.event: line\\nforged \\u001b[2J \"as it is\"\n");
}

static void logs_json(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();

    log_setup(LOG_DEBUG, true);
    char *s = caught(a, LOG_DEBUG, "a \"b\" \\ \t \xc3\xa9");
    assert_true(str_starts(s, "{\"time\":\"2"));
    assert_non_null(strstr(
        s, "Z\",\"level\":\"debug\",\"event\":\"test.event\",\"message\":\"a \\\"b\\\" \\\\ \\u0009 \xc3\xa9\"}\n"));
    s = caught(a, LOG_ERROR, "broken \xff");
    assert_non_null(strstr(s, "broken \xef\xbf\xbd\"}\n"));
    log_setup(LOG_INFO, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_clock_tells_now_and_never_turns_back),
        cmocka_unit_test(a_test_clock_is_turned),
        cmocka_unit_test(a_fault_is_the_answer),
        cmocka_unit_test(the_catalogue_is_complete),
        cmocka_unit_test(logs_text),
        cmocka_unit_test(logs_json),
    };
    return cmocka_run_group_tests_name("clock, fault, log", tests, NULL, NULL);
}
