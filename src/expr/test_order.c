/* order_by: who comes first, who comes last, and when the order is void. */
#include "expr/expr.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A worker is a letter and attributes; the tie-break is the alphabet. */
struct row {
    const char *order_by, *workers[6], *sorted;
    bool is_void;
};

/* clang-format off */
static const struct row rows[] = {
    { "worker.level", { "c{\"level\":1}", "b{\"level\":3}", "a{\"level\":2}" }, "cab" },
    { "worker.level ASC", { "c{\"level\":1}", "b{\"level\":3}", "a{\"level\":2}" }, "cab" },
    { "worker.level desc", { "c{\"level\":1}", "b{\"level\":3}", "a{\"level\":2}" }, "bac" },
    /* ties fall to the tie-break, and only they */
    { "worker.level DESC", { "c{\"level\":1}", "b{\"level\":1}", "a{\"level\":0}" }, "bca" },
    /* the second clause decides where the first cannot */
    { "worker.level DESC, worker.cost ASC", { "a{\"level\":1,\"cost\":1}", "b{\"level\":2,\"cost\":9}", "c{\"level\":2,\"cost\":-5}" }, "cba" },
    /* absent and null stand last in both directions */
    { "worker.level ASC", { "a{}", "b{\"level\":3}", "c{\"level\":null}", "d{\"level\":2}" }, "dbac" },
    { "worker.level DESC", { "a{}", "b{\"level\":3}", "c{\"level\":null}", "d{\"level\":2}" }, "bdac" },
    { "worker.level DESC, worker.cost", { "a{}", "b{\"cost\":1}", "c{\"level\":-9}" }, "cba" },
    /* nested */
    { "worker.o.a[1]", { "a{\"o\":{\"a\":[0,2]}}", "b{\"o\":{\"a\":[0,1]}}" }, "ba" },
    { "worker.level", { "a{\"level\":9223372036854775807}", "b{\"level\":-9223372036854775807}" }, "ba" },
    /* one who is no integer makes it void, whichever clause */
    { "worker.level DESC", { "c{\"level\":1}", "b{\"level\":\"3\"}", "a{\"level\":0}" }, "abc", true },
    { "worker.level DESC", { "c{\"level\":1}", "b{\"level\":3.0}", "a{\"level\":0}" }, "abc", true },
    { "worker.level DESC", { "c{\"level\":1}", "b{\"level\":true}", "a{\"level\":0}" }, "abc", true },
    { "worker.level DESC", { "c{\"level\":1}", "b{\"level\":[1]}", "a{\"level\":0}" }, "abc", true },
    { "worker.level DESC, worker.cost", { "c{\"level\":1}", "b{\"level\":3,\"cost\":\"x\"}", "a{\"level\":0}" }, "abc", true },
    /* blank orders nothing and is not void */
    { "", { "b{}", "a{}" }, "ab" },
    { NULL, { "b{}", "a{}" }, "ab" },
    { "worker.level", { "a{}" }, "a" },
    { "worker.level", { NULL }, "" },
};

static const struct { const char *source, *message; int column; } refused[] = {
    { "level ASC", "'level' must begin with worker.", 1 },
    { "task.level", "'task' must begin with worker.", 1 },
    { "worker", "'worker' must begin with worker.", 1 },
    { "worker.a,", "mismatched input '<EOF>' expecting NAME", 10 },
    { ", worker.a", "extraneous input ',' expecting NAME", 1 },
    { "worker.a UP", "extraneous input 'UP' expecting ASC, DESC or ','", 10 },
    { "worker.a ASC DESC", "extraneous input 'DESC' expecting ASC, DESC or ','", 14 },
    { "worker.a worker.b", "mismatched input 'worker' expecting ASC, DESC or ','", 10 },
    { "worker.a > 1", "mismatched input '>' expecting ASC, DESC or ','", 10 },
    { "worker.a-b", "token recognition error at: '-b'", 9 },
    { "1", "mismatched input '1' expecting NAME", 1 },
};
/* clang-format on */

static int by_letter(const struct expr_candidate *a, const struct expr_candidate *b, void *arg)
{
    assert_string_equal(arg, "arg");
    return *(const char *)a->subject - *(const char *)b->subject;
}

static void every_row_sorts(void **state)
{
    struct arena *a = arena_new();
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct expr_candidate c[6];
        struct expr_error err;
        size_t n = 0;
        char sorted[8] = "", arg[] = "arg";

        for (; rows[i].workers[n]; n++)
            c[n] = (struct expr_candidate){ json_loads(rows[i].workers[n] + 1, 0, NULL), (void *)rows[i].workers[n] };
        const struct expr_order *o = expr_order_compile(a, rows[i].order_by, &err);
        assert_non_null(o);
        bool stands = expr_order_sort(o, c, n, by_letter, arg);
        for (size_t k = 0; k < n; k++) {
            sorted[k] = *(const char *)c[k].subject;
            json_decref((json_t *)c[k].worker);
        }
        if (stands == rows[i].is_void || strcmp(sorted, rows[i].sorted) != 0) {
            print_error("row %zu, %s: %s%s\n", i, rows[i].order_by, sorted, stands ? "" : ", void");
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    arena_free(a);
}

static void every_refusal_says_what_and_where(void **state)
{
    struct arena *a = arena_new();
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct expr_error err;
        if (expr_order_compile(a, refused[i].source, &err)) {
            print_error("%s: was accepted\n", refused[i].source);
        } else if (strcmp(err.message, refused[i].message) != 0 || err.column != refused[i].column) {
            print_error("%s: %s at %d\n", refused[i].source, err.message, err.column);
        } else
            continue;
        wrong++;
    }
    assert_int_equal(wrong, 0);
    arena_free(a);
}

static void no_order_is_the_tie_break(void **state)
{
    struct expr_candidate c[] = { { NULL, (char[]){ "b" } }, { NULL, (char[]){ "a" } } };
    char arg[] = "arg";

    (void)state;
    assert_false(expr_order_sort(NULL, c, 2, by_letter, arg));
    assert_string_equal(c[0].subject, "a");
}

static void clauses_are_limited(void **state)
{
    struct arena *a = arena_new();
    struct text t = { .arena = a };
    struct expr_error err;

    (void)state;
    for (int i = 0; i < EXPR_LIST_MAX; i++)
        text_put(&t, i ? ",worker.a" : "worker.a");
    assert_non_null(expr_order_compile(a, t.s, &err));
    text_put(&t, ",worker.a");
    assert_null(expr_order_compile(a, t.s, &err));
    assert_string_equal(err.message, "the order has more than 1000 clauses");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_sorts),
        cmocka_unit_test(every_refusal_says_what_and_where),
        cmocka_unit_test(no_order_is_the_tie_break),
        cmocka_unit_test(clauses_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
