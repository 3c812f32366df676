#include "base/thread.h"
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void must(int error)
{
    if (error)
        abort();
}

static void *need(size_t n)
{
    void *p = calloc(1, n);

    if (!p)
        abort();
    return p;
}

/* --- mailboxes */

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct mail *oldest, **end; /* where the next is linked */
    size_t length, limit;
    bool closed, woken;
};

struct mailbox *mailbox_new(size_t limit)
{
    struct mailbox *b = need(sizeof *b);
    pthread_condattr_t attr;

    b->end = &b->oldest;
    b->limit = limit;
    must(pthread_mutex_init(&b->lock, NULL));
    must(pthread_condattr_init(&attr));
    must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC)); /* a set clock must not stretch a wait */
    must(pthread_cond_init(&b->change, &attr));
    pthread_condattr_destroy(&attr);
    return b;
}

void mailbox_free(struct mailbox *b)
{
    if (!b)
        return;
    assert(!b->oldest);
    pthread_cond_destroy(&b->change);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

bool mailbox_send(struct mailbox *b, struct mail *m)
{
    must(pthread_mutex_lock(&b->lock));
    bool accepted = !b->closed && (!b->limit || b->length < b->limit);
    if (accepted) {
        m->next = NULL;
        *b->end = m;
        b->end = &m->next;
        b->length++;
        must(pthread_cond_signal(&b->change));
    }
    must(pthread_mutex_unlock(&b->lock));
    return accepted;
}

static struct timespec after(int64_t ms)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += ms / 1000;
    ts.tv_nsec += ms % 1000 * 1000000;
    if (ts.tv_nsec >= 1000000000) {
        ts.tv_sec++;
        ts.tv_nsec -= 1000000000;
    }
    return ts;
}

/* Until there is something to return for. */
static void wait_for_mail(struct mailbox *b, int64_t wait_ms)
{
    struct timespec due = after(wait_ms > 0 ? wait_ms : 0);

    while (!b->oldest && !b->closed && !b->woken && wait_ms != 0) {
        if (wait_ms < 0) {
            must(pthread_cond_wait(&b->change, &b->lock));
            continue;
        }
        int error = pthread_cond_timedwait(&b->change, &b->lock, &due);
        if (error == ETIMEDOUT)
            return;
        must(error);
    }
}

struct mail *mailbox_take(struct mailbox *b, size_t most, int64_t wait_ms)
{
    assert(most > 0);
    must(pthread_mutex_lock(&b->lock));
    wait_for_mail(b, wait_ms);
    b->woken = false;
    struct mail *first = b->oldest, *last = NULL;
    if (most >= b->length) { /* all of it: no need to walk */
        b->oldest = NULL;
        b->length = 0;
    }
    for (; b->oldest && most; most--) {
        last = b->oldest;
        b->oldest = last->next;
        b->length--;
    }
    if (last)
        last->next = NULL;
    if (!b->oldest)
        b->end = &b->oldest;
    must(pthread_mutex_unlock(&b->lock));
    return first;
}

void mailbox_wake(struct mailbox *b)
{
    must(pthread_mutex_lock(&b->lock));
    b->woken = true;
    must(pthread_cond_signal(&b->change));
    must(pthread_mutex_unlock(&b->lock));
}

void mailbox_close(struct mailbox *b)
{
    must(pthread_mutex_lock(&b->lock));
    b->closed = true;
    must(pthread_cond_broadcast(&b->change));
    must(pthread_mutex_unlock(&b->lock));
}

bool mailbox_closed(struct mailbox *b)
{
    must(pthread_mutex_lock(&b->lock));
    bool closed = b->closed && !b->oldest;
    must(pthread_mutex_unlock(&b->lock));
    return closed;
}

size_t mailbox_length(struct mailbox *b)
{
    must(pthread_mutex_lock(&b->lock));
    size_t length = b->length;
    must(pthread_mutex_unlock(&b->lock));
    return length;
}

/* --- threads */

struct thread {
    pthread_t id;
    char name[16]; /* what the kernel keeps */
    void (*run)(void *arg);
    void *arg;
};

static void *thread_main(void *arg)
{
    struct thread *t = arg;

    pthread_setname_np(pthread_self(), t->name);
    t->run(t->arg);
    return NULL;
}

struct thread *thread_start(const char *name, void (*run)(void *arg), void *arg)
{
    static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPROF };
    struct thread *t = need(sizeof *t);
    sigset_t others, before;

    strncpy(t->name, name, sizeof t->name - 1);
    t->run = run;
    t->arg = arg;
    /* Signals for the process are the main thread's; a new thread inherits the mask. */
    sigfillset(&others);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(&others, own[i]);
    must(pthread_sigmask(SIG_BLOCK, &others, &before));
    must(pthread_create(&t->id, NULL, thread_main, t));
    must(pthread_sigmask(SIG_SETMASK, &before, NULL));
    return t;
}

void thread_join(struct thread *t)
{
    if (!t)
        return;
    must(pthread_join(t->id, NULL));
    free(t);
}

/* --- pools: several readers of one mailbox, each takes one at a time */

struct pool {
    struct mailbox *jobs;
    void *(*on_start)(void *arg);
    void (*on_stop)(void *state);
    void *arg;
    int n;
    struct thread *threads[];
};

static void pool_main(void *arg)
{
    struct pool *p = arg;
    void *state = p->on_start ? p->on_start(p->arg) : NULL;
    struct mail *m;

    while ((m = mailbox_take(p->jobs, 1, -1))) {
        struct job *j = (struct job *)m;
        j->run(j, state);
    }
    if (p->on_stop)
        p->on_stop(state);
}

struct pool *pool_new(const char *name, int threads, size_t limit, void *(*on_start)(void *arg),
                      void (*on_stop)(void *state), void *arg)
{
    assert(threads > 0);
    struct pool *p = need(sizeof *p + (size_t)threads * sizeof *p->threads);

    p->jobs = mailbox_new(limit);
    p->on_start = on_start;
    p->on_stop = on_stop;
    p->arg = arg;
    p->n = threads;
    for (int i = 0; i < threads; i++)
        p->threads[i] = thread_start(name, pool_main, p);
    return p;
}

bool pool_send(struct pool *p, struct job *j)
{
    return mailbox_send(p->jobs, &j->mail);
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    mailbox_close(p->jobs);
    for (int i = 0; i < p->n; i++)
        thread_join(p->threads[i]);
    mailbox_free(p->jobs);
    free(p);
}

/* --- locks */

struct lock {
    pthread_mutex_t mutex;
};

struct lock *lock_new(void)
{
    struct lock *l = need(sizeof *l);

    must(pthread_mutex_init(&l->mutex, NULL));
    return l;
}

void lock_free(struct lock *l)
{
    if (!l)
        return;
    must(pthread_mutex_destroy(&l->mutex));
    free(l);
}

void lock_take(struct lock *l)
{
    must(pthread_mutex_lock(&l->mutex));
}

void lock_give(struct lock *l)
{
    must(pthread_mutex_unlock(&l->mutex));
}
