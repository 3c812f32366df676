/* A centre that lives through thousands of random commands, in two ways at once: what is true between commands is asked
 * again and again (story_check), memory is compared with what a reload makes of the store, and commands are undone
 * after they have been done. A seed that fails is printed; ROUTING_SEED replays it. */
#include "routing/story.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h> /* after what it needs */

enum { WORKERS = 16, QUEUES = 6, TASKS = 48, COMMANDS = 5000 };

struct dice {
    uint64_t state;
};

static uint64_t roll(struct dice *d, uint64_t below)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return d->state % below;
}

static const char *pick(struct dice *d, const char *const *of, size_t n)
{
    return of[roll(d, n)];
}
#define PICK(d, ...)                                                                                                   \
    pick(d, (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

struct play {
    struct story s;
    struct dice d;
    int tasks;
};

static const char *worker(struct play *p)
{
    return arena_printf(p->s.arena, "W%d", (int)roll(&p->d, WORKERS));
}
static const char *queue(struct play *p)
{
    return arena_printf(p->s.arena, "Q%d", (int)roll(&p->d, QUEUES));
}
static const char *task(struct play *p)
{
    int oldest = p->tasks > TASKS ? p->tasks - TASKS : 0;

    return arena_printf(p->s.arena, "T%d", oldest + (int)roll(&p->d, (uint64_t)(p->tasks - oldest)));
}

static const char *skills(struct play *p)
{
    return arena_printf(p->s.arena, "{\"skills\":[\"%s\",\"%s\"],\"level\":%d,\"lang\":\"%s\"}",
                        PICK(&p->d, "a", "b", "c"), PICK(&p->d, "c", "d"), (int)roll(&p->d, 5),
                        PICK(&p->d, "en", "fr"));
}

static const char *needs(struct play *p)
{
    return arena_printf(p->s.arena, "{\"kind\":%d,\"lang\":\"%s\",\"agent\":\"W%d\"}", (int)roll(&p->d, 7),
                        PICK(&p->d, "en", "fr"), (int)roll(&p->d, WORKERS));
}

static const char *configuration(struct play *p)
{
    return arena_printf(
        p->s.arena,
        "{\"task_routing\":{\"filters\":["
        "{\"expression\":\"kind == "
        "0\",\"targets\":[{\"queue\":\"@Q0\",\"timeout\":%d},{\"queue\":\"@Q1\",\"priority\":%d,\"timeout\":20},{"
        "\"timeout\":9}]},"
        "{\"expression\":\"kind == 1\",\"targets\":[{\"queue\":\"@Q2\",\"expression\":\"worker.lang == "
        "task.lang\",\"order_by\":\"worker.level DESC\"}]},"
        "{\"expression\":\"kind == 2\",\"targets\":[{\"queue\":\"@Q%d\",\"skip_if\":\"workers.available < "
        "2\",\"timeout\":30},{\"queue\":\"@Q5\",\"skip_if\":\"workers.available == 0\"}]},"
        "{\"expression\":\"kind == "
        "3\",\"targets\":[{\"queue\":\"@Q3\",\"known_worker_friendly_name\":\"task.agent\",\"timeout\":15},{\"queue\":"
        "\"@Q3\"}]},"
        "{\"expression\":\"kind == 4\",\"targets\":[{\"queue\":\"@Q4\",\"expression\":\"%s\"}]}],"
        "\"default_filter\":{\"queue\":\"@Q5\"}}}",
        5 + (int)roll(&p->d, 20), (int)roll(&p->d, 9), (int)roll(&p->d, QUEUES),
        PICK(&p->d, "worker.channel.voice.assigned_tasks == 0", "worker.channel.voice.assigned_tasks == 0",
             "worker.level < 3"));
}

static const char *new_task(struct play *p)
{
    const char *target = roll(&p->d, 12)  ? ""
                         : roll(&p->d, 2) ? arena_printf(p->s.arena, " target=%s", worker(p))
                                          : arena_printf(p->s.arena, " target=%s", queue(p));

    return arena_printf(p->s.arena, "task T%d priority=%d channel=%s timeout=%d start=-%d%s %s %s", p->tasks,
                        (int)roll(&p->d, 3), PICK(&p->d, "default", "voice", "chat"), 20 + (int)roll(&p->d, 100),
                        (int)roll(&p->d, 50), target, roll(&p->d, 2) ? "respectful" : "", needs(p));
}

/* Life in a centre: mostly tasks and answers, seldom somebody who changes the rules. */
static const char *any_line(struct play *p)
{
    struct arena *a = p->s.arena;
    uint64_t what = roll(&p->d, 100);

    if (what < 22)
        return new_task(p);
    if (what < 40)
        return arena_printf(a, "accept %s %s", task(p), worker(p));
    if (what < 47)
        return arena_printf(a, "%s %s", PICK(&p->d, "finish", "wrapup", "cancel", "delete"), task(p));
    if (what < 55)
        return arena_printf(a, "%s %s %s", PICK(&p->d, "reject", "complete", "wrap", "fail"), task(p), worker(p));
    if (what < 58)
        return arena_printf(a, "reject %s %s %s", task(p), worker(p), PICK(&p->d, "Break", "Offline", "Available"));
    if (what < 72)
        return arena_printf(a, "activity %s %s%s", worker(p),
                            PICK(&p->d, "Available", "Available", "Available", "Offline", "Break"),
                            roll(&p->d, 4) ? "" : " rejecting");
    if (what < 76)
        return arena_printf(a, "attributes %s %s", worker(p), skills(p));
    if (what < 82)
        return arena_printf(a, "update %s priority=%d channel=%s %s", task(p), (int)roll(&p->d, 9),
                            PICK(&p->d, "default", "voice", "chat"), needs(p));
    if (what < 86)
        return arena_printf(a, "capacity %s %s %d", worker(p), PICK(&p->d, "default", "voice", "chat"),
                            (int)roll(&p->d, 4));
    if (what < 89)
        return arena_printf(a, "availability %s %s %s", worker(p), PICK(&p->d, "default", "voice", "chat"),
                            PICK(&p->d, "yes", "yes", "no"));
    if (what < 91)
        return arena_printf(
            a, "target %s : %s", queue(p),
            PICK(&p->d, "1==1", "skills HAS 'a'", "skills HAS 'c' AND level > 1", "activity_name != 'Break'", ""));
    if (what < 92)
        return arena_printf(a, "order %s %s", queue(p), PICK(&p->d, "FIFO", "LIFO"));
    if (what < 93)
        return arena_printf(a, "prefer %s", PICK(&p->d, "FIFO", "LIFO"));
    if (what < 95)
        return arena_printf(a, "rewrite Main%s %s", roll(&p->d, 2) ? " again" : "", configuration(p));
    if (what < 97)
        return arena_printf(a, "name %s W%d", worker(p), (int)roll(&p->d, WORKERS));
    return arena_printf(a, "worker %s Available %s", arena_printf(a, "W%d", WORKERS), skills(p)); /* comes, … */
}

static void set_up(struct play *p)
{
    for (int i = 0; i < QUEUES; i++)
        story_play(&p->s,
                   arena_printf(p->s.arena, "queue Q%d most=%d %s : %s", i, i == 3 ? 3 : 1, i % 3 == 2 ? "LIFO" : "",
                                PICK(&p->d, "1==1", "skills HAS 'a'", "skills HAS 'b' OR level > 2")));
    story_play(&p->s, arena_printf(p->s.arena, "workflow Main timeout=12 %s", configuration(p)));
    for (int i = 0; i < WORKERS; i++)
        story_play(&p->s,
                   arena_printf(p->s.arena, "worker W%d %s %s", i, PICK(&p->d, "Available", "Offline"), skills(p)));
    story_play(&p->s, "task T0 {\"kind\":6}");
    p->tasks = 1;
}

static void compare_with_reload(struct play *p)
{
    const char *before = story_memory(&p->s);

    ledger_reload(p->s.ledger);
    if (!str_eq(story_memory(&p->s), before))
        story_wrong(&p->s, "a reload makes something else");
}

static void try_and_undo(struct play *p, const char *line)
{
    const char *before = story_memory(&p->s);

    p->s.line = line;
    if (!story_line(&p->s, arena_printf(p->s.arena, "undo %s", line)))
        story_wrong(&p->s, "was not undone");
    if (!str_eq(story_memory(&p->s), before))
        story_wrong(&p->s, "left a trace\n%s\n---\n%s", before, story_memory(&p->s));
}

static void simulate(uint64_t seed)
{
    struct play p = { .d = { seed * 0x9e3779b97f4a7c15 + 1 } };
    char title[64];
    int done = 0;

    snprintf(title, sizeof title, "ROUTING_SEED=%llu", (unsigned long long)seed);
    p.s.title = title;
    story_open(&p.s);
    set_up(&p);
    for (int i = 0; i < COMMANDS; i++) {
        const char *line = any_line(&p);
        if (roll(&p.d, 20) == 0)
            try_and_undo(&p, line);
        if (str_starts(line, "worker "))
            continue; /* … but only to be undone: the company is complete */
        bool made = !story_line(&p.s, line);
        p.tasks += made && str_starts(line, "task ");
        done += made;
        if (roll(&p.d, 6) == 0)
            ledger_turn(p.s.ledger, (int64_t)roll(&p.d, 4000));
        if (i % 5 == 0)
            story_check(&p.s);
        if (i % 500 == 0)
            compare_with_reload(&p);
        p.s.told.n = 0;
    }
    assert_true(done > COMMANDS / 4);
    story_close(&p.s);
}

static void simulation(void **state)
{
    const char *only = getenv("ROUTING_SEED");
    int64_t seed;

    (void)state;
    if (only && str_to_int(only, &seed)) {
        simulate((uint64_t)seed);
        return;
    }
    for (uint64_t i = 1; i <= 4; i++)
        simulate(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(simulation) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
