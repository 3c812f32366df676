/* A few small worlds, under the sanitizers; simulate_routing lives through millions of commands.  A seed that fails is
 * printed; ROUTING_SEED replays it. */
#include "routing/simulation/simulation.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h> /* after what it needs */

enum { COMMANDS = 5000, SEEDS = 8 };

static struct simulated live(uint64_t seed)
{
    _arena_ struct arena *a = arena_new();
    struct simulation x = { .seed = seed, .commands = COMMANDS, .folder = simulation_folder(a) };
    struct simulated sum = { 0 };

    simulate(&x, &sum);
    simulation_forget(x.folder);
    return sum;
}

static void many_worlds(void **state)
{
    const char *only = getenv("ROUTING_SEED");
    struct simulated sum, all = { 0 };
    int64_t seed;

    (void)state;
    if (only && str_to_int(only, &seed)) {
        live((uint64_t)seed);
        return;
    }
    for (uint64_t i = 1; i <= SEEDS; i++) {
        sum = live(i);
        all.offers += sum.offers;
        all.crashes += sum.crashes;
        all.starts += sum.starts;
        all.undone += sum.undone;
        assert_true(sum.refused < sum.commands / 2); /* or it would be a life of nothing but refusals */
    }
    assert_true(all.offers > SEEDS * COMMANDS / 20 && all.crashes && all.starts && all.undone);
}

static void a_seed_is_a_world(void **state)
{
    struct simulated one = live(7), two = live(7), other = live(8);

    (void)state;
    assert_int_equal(one.digest, two.digest);
    assert_int_not_equal(one.digest, other.digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(many_worlds), cmocka_unit_test(a_seed_is_a_world) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
