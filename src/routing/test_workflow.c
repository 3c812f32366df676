/* Configurations: what is accepted, and what is said of the others. */
#include "routing/internal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define Q "\"queue\":\"WQ00000000000000000000000000000001\""

/* clang-format off */
static const struct { const char *configuration, *message; } cases[] = {
    { "{\"task_routing\":{\"default_filter\":{" Q "}}}", NULL },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[{" Q "}]}]}}", NULL },
    { "{\"filters\":[{\"friendly_name\":\"f\",\"targets\":[{" Q ",\"priority\":\"5\",\"timeout\":\"30\"},{\"timeout\":5}]}],\"default_filter\":null}", NULL },
    { "{\"task_routing\":{\"filters\":[{\"expression\":null,\"targets\":[{" Q ",\"expression\":\"worker.a == task.b\",\"order_by\":\"worker.x DESC\",\"skip_if\":\"workers.available == 0\",\"known_worker_sid\":\"task.s\"}]}]}}", NULL },
    { "[]", "Configuration must be a JSON object" },
    { "{", "Configuration must be a JSON object" },
    { "{}", "has neither filters nor a default_filter" },
    { "{\"task_routing\":[]}", "task_routing must be an object" },
    { "{\"task_routing\":{\"filters\":{}}}", "task_routing must be an object whose filters are a list" },
    { "{\"task_routing\":{\"filters\":[3]}}", "task_routing.filters[0] must be an object" },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[]}]}}", "task_routing.filters[0].targets must be a list" },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[{}]}]}}", "task_routing.filters[0].targets[0].queue must be the SID" },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":7}]}]}}", "task_routing.filters[0].targets[0].queue must be a string" },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[{" Q ",\"timeout\":0}]}]}}", "targets[0].timeout must be a number from 1" },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[{" Q ",\"timeout\":\"soon\"}]}]}}", "targets[0].timeout must be a number" },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[{" Q "},{\"priority\":2147483648}]}]}}", "targets[1].priority must be a number from 0 to 2147483647" },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[{" Q ",\"priority\":1.5}]}]}}", "targets[0].priority must be a number" },
    { "{\"task_routing\":{\"filters\":[{\"expression\":\"a\",\"targets\":[{" Q "}]}]}}", "task_routing.filters[0].expression: " },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[{" Q ",\"expression\":\"a == 1\"}]}]}}", "targets[0].expression: " },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[{" Q ",\"order_by\":\"level\"}]}]}}", "targets[0].order_by: " },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[{" Q ",\"skip_if\":\"x == 1\"}]}]}}", "targets[0].skip_if: " },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[{" Q ",\"known_worker_sid\":\"agent\"}]}]}}", "targets[0].known_worker_sid: " },
    { "{\"task_routing\":{\"filters\":[{\"targets\":[{" Q ",\"known_worker_sid\":\"task.a\",\"known_worker_friendly_name\":\"task.b\"}]}]}}", "has both known_worker_sid and" },
    { "{\"task_routing\":{\"default_filter\":{}}}", "task_routing.default_filter.queue must be" },
};
/* clang-format on */

static void configurations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        _arena_ struct arena *a = arena_new();
        const struct program *p;
        fault_t f = program_compile(a, a, cases[i].configuration, &p);
        if (!f != !cases[i].message || (f && !strstr(f->message, cases[i].message)))
            fail_msg("%s\n  says: %s\n  not: %s", cases[i].configuration, f ? f->message : "nothing",
                     cases[i].message ? cases[i].message : "nothing");
        assert_true(f ? f->status == 400 && f->code == 20001 && !p : p != NULL);
    }
}

static void steps(void **state)
{
    _arena_ struct arena *a = arena_new();
    const struct program *p;

    (void)state;
    assert_null(program_compile(a, a, cases[2].configuration, &p));
    assert_int_equal(p->nfilters, 1);
    assert_string_equal(p->filters[0].name, "f");
    assert_int_equal(p->filters[0].nsteps, 2);
    assert_int_equal(p->filters[0].steps[0].timeout, 30000);
    assert_int_equal(p->filters[0].steps[0].priority, 5);
    assert_string_equal(p->filters[0].steps[1].queue, "WQ00000000000000000000000000000001");
    assert_false(p->filters[0].steps[1].has_priority);
    assert_null(p->fallback);
    assert_true(program_uses_queue(p, "WQ00000000000000000000000000000001"));
    assert_false(program_uses_queue(p, "WQ00000000000000000000000000000002"));
}

static void bit_sets(void **state)
{
    struct bits a = { 0 }, b = { 0 };
    struct slots s = { 0 };

    (void)state;
    for (size_t i = 3; i < 1000; i += 7)
        bits_put(&a, i, true);
    for (size_t i = 0; i < 2000; i += 5)
        bits_put(&b, i, true);
    size_t n = 0;
    for (size_t i = 0; (i = bits_next_common(&a, &b, i)) != NO_SLOT; i++, n++)
        assert_true(i % 7 == 3 && i % 5 == 0);
    assert_int_equal(n, 29);
    bits_put(&a, 3, false);
    assert_int_equal(bits_next(&a, 0), 10);
    bits_put(&a, 5000, false); /* makes no room for nothing */
    assert_int_equal(bits_next(&a, 999), NO_SLOT);
    assert_int_equal(slots_take(&s, &a), 0);
    assert_int_equal(slots_take(&s, &b), 1);
    slots_release(&s, 0);
    assert_null(slots_get(&s, 0));
    assert_int_equal(slots_take(&s, &b), 0);
    assert_int_equal(slots_take(&s, &b), 2);
    assert_null(slots_get(&s, 3));
    bits_free(&a);
    bits_free(&b);
    free(s.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(configurations), cmocka_unit_test(steps),
                                        cmocka_unit_test(bit_sets) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
