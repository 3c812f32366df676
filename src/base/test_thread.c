#include "base/thread.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

struct item {
    struct mail mail;
    int sender, number;
};

static void in_order_and_in_bites(void **state)
{
    (void)state;
    struct mailbox *b = mailbox_new(0);
    struct item it[5];

    assert_null(mailbox_take(b, 1, 0));
    for (int i = 0; i < 5; i++) {
        it[i].number = i;
        assert_true(mailbox_send(b, &it[i].mail));
    }
    assert_int_equal(mailbox_length(b), 5);
    struct mail *m = mailbox_take(b, 2, 0);
    assert_ptr_equal(m, &it[0].mail);
    assert_ptr_equal(m->next, &it[1].mail);
    assert_null(m->next->next);
    assert_true(mailbox_send(b, &it[0].mail));
    m = mailbox_take(b, 100, -1);
    assert_ptr_equal(m, &it[2].mail);
    assert_ptr_equal(m->next->next->next, &it[0].mail);
    assert_null(it[0].mail.next);
    assert_int_equal(mailbox_length(b), 0);
    assert_true(mailbox_send(b, &it[3].mail)); /* the end was found again */
    assert_ptr_equal(mailbox_take(b, 1, -1), &it[3].mail);
    mailbox_free(b);
    mailbox_free(NULL);
}

static void full_and_closed(void **state)
{
    (void)state;
    struct mailbox *b = mailbox_new(2);
    struct item it[3];

    assert_true(mailbox_send(b, &it[0].mail));
    assert_true(mailbox_send(b, &it[1].mail));
    assert_false(mailbox_send(b, &it[2].mail));
    mailbox_close(b);
    assert_false(mailbox_closed(b));
    assert_ptr_equal(mailbox_take(b, 1, -1), &it[0].mail);
    assert_false(mailbox_send(b, &it[2].mail));
    assert_ptr_equal(mailbox_take(b, 1, -1), &it[1].mail);
    assert_true(mailbox_closed(b));
    assert_null(mailbox_take(b, 1, -1));
    mailbox_free(b);
}

static void a_wake_is_not_lost(void **state)
{
    (void)state;
    struct mailbox *b = mailbox_new(0);

    mailbox_wake(b); /* before the reader waits */
    assert_null(mailbox_take(b, 1, -1));
    assert_null(mailbox_take(b, 1, 1)); /* and it counted once: this is the time-out */
    mailbox_free(b);
}

enum { SENDERS = 4, EACH = 2000 };
struct sender {
    struct mailbox *to;
    int number;
    struct item items[EACH];
};

static void send_all(void *arg)
{
    struct sender *s = arg;

    for (int i = 0; i < EACH; i++) {
        s->items[i] = (struct item){ .sender = s->number, .number = i };
        if (!mailbox_send(s->to, &s->items[i].mail))
            abort();
    }
}

static void many_senders_keep_their_order(void **state)
{
    (void)state;
    struct mailbox *b = mailbox_new(0);
    struct sender *s = calloc(SENDERS, sizeof *s);
    struct thread *t[SENDERS];
    int next[SENDERS] = { 0 }, got = 0;

    for (int i = 0; i < SENDERS; i++) {
        s[i].to = b;
        s[i].number = i;
        t[i] = thread_start("sender", send_all, &s[i]);
    }
    while (got < SENDERS * EACH)
        for (struct mail *m = mailbox_take(b, 64, -1); m; m = m->next, got++) {
            struct item *it = (struct item *)m;
            assert_int_equal(it->number, next[it->sender]++);
        }
    for (int i = 0; i < SENDERS; i++)
        thread_join(t[i]);
    thread_join(NULL);
    mailbox_free(b);
    free(s);
}

struct counter {
    atomic_int started, stopped, done;
};
struct own {
    struct counter *all;
    int jobs;
};

static void *on_start(void *arg)
{
    struct own *o = calloc(1, sizeof *o);

    o->all = arg;
    atomic_fetch_add(&o->all->started, 1);
    return o;
}

static void on_stop(void *state)
{
    struct own *o = state;

    atomic_fetch_add(&o->all->stopped, 1);
    atomic_fetch_add(&o->all->done, o->jobs);
    free(o);
}

static void count(struct job *job, void *state)
{
    (void)job;
    ((struct own *)state)->jobs++;
}

static void a_pool_finishes_what_was_sent(void **state)
{
    (void)state;
    struct counter c = { 0 };
    struct pool *p = pool_new("a pool with a very long name", 3, 0, on_start, on_stop, &c);
    struct job *jobs = calloc(1000, sizeof *jobs);

    for (int i = 0; i < 1000; i++) {
        jobs[i].run = count;
        assert_true(pool_send(p, &jobs[i]));
    }
    pool_free(p);
    assert_int_equal(c.started, 3);
    assert_int_equal(c.stopped, 3);
    assert_int_equal(c.done, 1000);
    pool_free(NULL);
    free(jobs);
}

struct gate {
    struct job job;
    pthread_barrier_t *open;
};

static void hold(struct job *job, void *state)
{
    assert_null(state);
    pthread_barrier_wait(((struct gate *)job)->open); /* it runs */
    pthread_barrier_wait(((struct gate *)job)->open); /* it may end */
}

static void nothing(struct job *job, void *state)
{
    (void)job, (void)state;
}

static void a_pool_refuses_when_full(void **state)
{
    (void)state;
    pthread_barrier_t open;
    struct pool *p = pool_new("gate", 1, 2, NULL, NULL, NULL);
    struct gate g = { { .run = hold }, &open };
    struct job j[3] = { { .run = nothing }, { .run = nothing }, { .run = nothing } };

    pthread_barrier_init(&open, NULL, 2);
    assert_true(pool_send(p, &g.job));
    pthread_barrier_wait(&open);
    assert_true(pool_send(p, &j[0]));
    assert_true(pool_send(p, &j[1]));
    assert_false(pool_send(p, &j[2]));
    pthread_barrier_wait(&open);
    pool_free(p);
    pthread_barrier_destroy(&open);
}

static void look(void *arg)
{
    sigset_t *mask = arg;
    char name[16] = "";

    pthread_sigmask(SIG_SETMASK, NULL, mask);
    pthread_getname_np(pthread_self(), name, sizeof name);
    assert_string_equal(name, "a name that is ");
}

static void threads_have_names_and_leave_signals_to_main(void **state)
{
    (void)state;
    sigset_t theirs, ours;

    thread_join(thread_start("a name that is too long", look, &theirs));
    pthread_sigmask(SIG_SETMASK, NULL, &ours);
    assert_true(sigismember(&theirs, SIGTERM));
    assert_false(sigismember(&theirs, SIGSEGV));
    assert_false(sigismember(&ours, SIGTERM));
}

struct tally {
    struct lock *lock;
    long n;
};

static void add_many(void *arg)
{
    struct tally *t = arg;

    for (int i = 0; i < 20000; i++) {
        lock_take(t->lock);
        t->n++;
        lock_give(t->lock);
    }
}

static void a_lock_lets_one_in(void **state)
{
    struct tally t = { .lock = lock_new() };
    struct thread *one = thread_start("one", add_many, &t), *two = thread_start("two", add_many, &t);

    (void)state;
    thread_join(one);
    thread_join(two);
    assert_int_equal(t.n, 40000);
    lock_free(t.lock);
    lock_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_and_in_bites),
        cmocka_unit_test(full_and_closed),
        cmocka_unit_test(a_wake_is_not_lost),
        cmocka_unit_test(many_senders_keep_their_order),
        cmocka_unit_test(a_pool_finishes_what_was_sent),
        cmocka_unit_test(a_pool_refuses_when_full),
        cmocka_unit_test(a_lock_lets_one_in),
        cmocka_unit_test(threads_have_names_and_leave_signals_to_main),
    };
    return cmocka_run_group_tests_name("thread", tests, NULL, NULL);
}
