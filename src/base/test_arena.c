#include "base/arena.h"
#include <string.h>
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

struct record {
    char s[16];
    size_t n;
};
struct note {
    struct record *in;
    char name;
};

static void say(void *arg)
{
    struct note *n = arg;

    n->in->s[n->in->n++] = n->name;
}

static void fill_and_look(struct arena *a)
{
    unsigned char *block[500];

    for (size_t i = 0; i < 500; i++) {
        block[i] = arena_alloc(a, i);
        assert_int_equal((uintptr_t)block[i] % 16, 0);
        for (size_t k = 0; k < i; k++)
            assert_int_equal(block[i][k], 0);
        memset(block[i], (int)(i % 251) + 1, i);
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_equal(block[i][k], i % 251 + 1);
    assert_int_equal(arena_size(a), 499 * 500 / 2);
}

static void allocations_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    _arena_ struct arena *usual = arena_new();
    _arena_ struct arena *small = arena_new_sized(1);

    for (int round = 0; round < 2; round++) {
        fill_and_look(usual);
        fill_and_look(small);
        arena_reset(usual);
        arena_reset(small);
    }
}

static void large_blocks_leave_room_for_small_ones(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();

    for (int i = 0; i < 40; i++) {
        char *small = arena_strdup(a, "small");
        char *large = arena_alloc(a, 100000 + (size_t)i);
        memset(large, 'x', 100000 + (size_t)i);
        assert_string_equal(small, "small");
    }
    char *huge = arena_alloc(a, 5 * 1024 * 1024);
    huge[5 * 1024 * 1024 - 1] = 1;
}

static void strings(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();
    char name[1000];

    assert_null(arena_strdup(a, NULL));
    assert_string_equal(arena_strndup(a, "hello", 2), "he");
    assert_string_equal(arena_strndup(a, NULL, 0), "");
    assert_memory_equal(arena_copy(a, "a\0b", 3), "a\0b", 3);
    assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    char *s = arena_printf(a, "<%s>", name);
    assert_int_equal(strlen(s), 1001);
    assert_int_equal(s[1000], '>');
    memset(name + 255, 0, 1); /* around the size of the buffer on the stack */
    assert_int_equal(strlen(arena_printf(a, "%s", name)), 255);
    assert_int_equal(strlen(arena_printf(a, "%sx", name)), 256);
}

static void undone_last_first(void **state)
{
    (void)state;
    struct record r = { 0 };
    struct note n[3] = { { &r, 'a' }, { &r, 'b' }, { &r, 'c' } };
    struct arena *a = arena_new();

    for (int i = 0; i < 3; i++) {
        arena_defer(a, say, &n[i]);
        arena_alloc(a, 20000);
    }
    arena_reset(a);
    assert_string_equal(r.s, "cba");
    assert_int_equal(arena_size(a), 0);
    arena_defer(a, say, &n[1]);
    arena_free(a);
    assert_string_equal(r.s, "cbab");
    arena_free(NULL);
}

struct nested {
    struct arena *a;
    struct note *n;
};

static void defer_again(void *arg)
{
    struct nested *n = arg;

    arena_defer(n->a, say, n->n);
}

static void an_undo_may_defer(void **state)
{
    (void)state;
    struct record r = { 0 };
    struct note n = { &r, 'x' };
    struct arena *a = arena_new();

    arena_defer(a, defer_again, &(struct nested){ a, &n });
    arena_free(a);
    assert_string_equal(r.s, "x");
}

static void memory_is_clean_after_reset(void **state)
{
    (void)state;
    _arena_ struct arena *a = arena_new();

    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 100; i++) {
            char *p = arena_alloc(a, 1000);
            for (int k = 0; k < 1000; k++)
                assert_int_equal(p[k], 0);
            memset(p, 0xff, 1000);
        }
        arena_reset(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_zeroed_aligned_and_apart),
        cmocka_unit_test(large_blocks_leave_room_for_small_ones),
        cmocka_unit_test(strings),
        cmocka_unit_test(undone_last_first),
        cmocka_unit_test(an_undo_may_defer),
        cmocka_unit_test(memory_is_clean_after_reset),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
