#include "base/list.h"
#include "base/map.h"
#include "base/tree.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

enum { MANY = 5000 };
struct thing {
    char key[16];
    bool in;
    struct link link;
    RB_ENTRY(thing) node;
};

static struct thing *things(void)
{
    struct thing *t = calloc(MANY, sizeof *t);

    for (int i = 0; i < MANY; i++)
        snprintf(t[i].key, sizeof t[i].key, "key%d", i);
    return t;
}

static void empty(void **state)
{
    (void)state;
    struct map m = { 0 };
    size_t i = 0;

    assert_null(map_get(&m, "x"));
    assert_null(map_remove(&m, "x"));
    assert_null(map_next(&m, &i));
    map_clear(&m);
}

static void replaces_value_and_key(void **state)
{
    (void)state;
    struct map m = { 0 };
    char first[] = "same", second[] = "same";

    assert_null(map_put(&m, first, first));
    assert_ptr_equal(map_put(&m, second, second), first);
    memset(first, 'x', 4); /* the first is gone; nothing may look at it */
    assert_ptr_equal(map_get(&m, "same"), second);
    assert_int_equal(m.n, 1);
    assert_null(map_put(&m, "", &m)); /* the empty key is a key */
    assert_ptr_equal(map_get(&m, ""), &m);
    assert_ptr_equal(map_remove(&m, ""), &m);
    assert_null(map_get(&m, ""));
    map_clear(&m);
}

/* Against a model: a flag in each thing. */
static void behaves_as_a_set(void **state)
{
    (void)state;
    struct thing *t = things();
    struct map m = { 0 };
    size_t n = 0;
    unsigned dice = 12345;

    for (int round = 0; round < 200000; round++) {
        dice = dice * 1103515245 + 12345;
        struct thing *it = &t[dice / 65536 % (round % 50000 < 25000 ? MANY : 50)];
        if (dice & 0x8000) {
            assert_ptr_equal(map_put(&m, it->key, it), it->in ? it : NULL);
            n += !it->in;
            it->in = true;
        } else {
            assert_ptr_equal(map_remove(&m, it->key), it->in ? it : NULL);
            n -= it->in;
            it->in = false;
        }
        assert_int_equal(m.n, n);
        assert_true(m.cap == 0 || m.n + m.dead < m.cap);
    }
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(map_get(&m, t[i].key), t[i].in ? &t[i] : NULL);
    map_clear(&m);
    free(t);
}

static void a_small_map_that_lives_long_stays_small(void **state)
{
    (void)state;
    struct thing *t = things();
    struct map m = { 0 };

    for (int i = 0; i < 100000; i++) {
        map_put(&m, t[i % MANY].key, &t[i % MANY]);
        if (i >= 3)
            assert_non_null(map_remove(&m, t[(i - 3) % MANY].key));
    }
    assert_int_equal(m.n, 3);
    assert_int_equal(m.cap, 16);
    map_clear(&m);
    free(t);
}

static void iterates_while_removing(void **state)
{
    (void)state;
    struct thing *t = things(), *it;
    struct map m = { 0 };
    size_t i = 0, seen = 0;

    for (int k = 0; k < MANY; k++)
        map_put(&m, t[k].key, &t[k]);
    while ((it = map_next(&m, &i))) {
        seen++;
        assert_false(it->in);
        it->in = true;
        if (seen % 2)
            assert_ptr_equal(map_remove(&m, it->key), it);
    }
    assert_int_equal(seen, MANY);
    assert_int_equal(m.n, MANY / 2);
    map_clear(&m);
    free(t);
}

static void hash_depends_on_every_byte(void **state)
{
    (void)state;
    unsigned char bytes[32] = { 0 };

    for (size_t n = 0; n < sizeof bytes; n++) {
        uint64_t h = hash_bytes(bytes, n);
        assert_true(h == hash_bytes(bytes, n));
        assert_true(h != hash_bytes(bytes, n + 1));
        for (size_t i = 0; i < n; i++) {
            bytes[i] ^= 0x40;
            assert_true(h != hash_bytes(bytes, n));
            bytes[i] ^= 0x40;
        }
    }
}

static void lists(void **state)
{
    (void)state;
    struct link head;
    struct thing a = { .key = "a" }, b = { .key = "b" }, c = { .key = "c" };
    char order[8] = "";

    list_init(&head);
    assert_true(list_empty(&head));
    list_remove(&a.link); /* never linked */
    list_append(&head, &a.link);
    list_append(&head, &c.link);
    list_insert_before(&c.link, &b.link);
    for (LIST_EACH(l, &head)) {
        strcat(order, CONTAINER_OF(l, struct thing, link)->key);
        if (l == &b.link)
            list_remove(l);
    }
    assert_string_equal(order, "abc");
    assert_false(list_linked(&b.link));
    list_remove(&b.link);
    assert_ptr_equal(a.link.next, &c.link);
    list_remove(&a.link);
    list_remove(&c.link);
    assert_true(list_empty(&head));
}

static int by_key(struct thing *a, struct thing *b)
{
    return strcmp(a->key, b->key);
}
RB_HEAD(thing_tree, thing);
RB_GENERATE_STATIC(thing_tree, thing, node, by_key)

static void trees(void **state)
{
    (void)state;
    struct thing_tree tree = RB_INITIALIZER(&tree);
    struct thing t[3] = { { .key = "m" }, { .key = "z" }, { .key = "a" } }, *it;
    char order[8] = "";

    for (int i = 0; i < 3; i++)
        assert_null(RB_INSERT(thing_tree, &tree, &t[i]));
    RB_FOREACH(it, thing_tree, &tree)
    strcat(order, it->key);
    assert_string_equal(order, "amz");
    RB_REMOVE(thing_tree, &tree, &t[0]);
    assert_null(RB_FIND(thing_tree, &tree, &t[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),
        cmocka_unit_test(replaces_value_and_key),
        cmocka_unit_test(behaves_as_a_set),
        cmocka_unit_test(a_small_map_that_lives_long_stays_small),
        cmocka_unit_test(iterates_while_removing),
        cmocka_unit_test(hash_depends_on_every_byte),
        cmocka_unit_test(lists),
        cmocka_unit_test(trees),
    };
    return cmocka_run_group_tests_name("map, list, tree", tests, NULL, NULL);
}
