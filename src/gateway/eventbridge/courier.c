/* The courier: a thread that holds frames back until they are due.
 *
 * It exists because a client must see the reply to its request before the events that the request caused, although the
 * two travel on different connections; and because the SDK needs a moment after its lists.  It knows nothing of what it
 * carries.  Time here is the machine's own and runs while a test's clock stands still. */
#include "gateway/eventbridge/internal.h"

#include <assert.h>
#include <stdlib.h>

enum { TAKE = 256 };

struct courier {
    struct mailbox *box;
    struct thread *thread;
    struct lock *posting;
    bool stopping;
    struct link bag; /* by due; frames of one session stay in their order, because their dues do not fall */
};

int64_t steady_ms(void)
{
    return monotonic_ns() / 1000000;
}

static void stow(struct courier *c, struct frame *f)
{
    struct link *at = c->bag.prev;

    while (at != &c->bag && CONTAINER_OF(at, struct frame, link)->due > f->due)
        at = at->prev;
    list_insert_before(at->next, &f->link);
}

/* A socket that has closed is gone when its server is: so `closed` is looked at, and the frame sent, in one. */
static void post(struct courier *c, struct frame *f)
{
    struct session *s = f->to;

    lock_take(c->posting);
    if (!atomic_load(&s->closed))
        socket_send(s->socket, f->text, f->n, true);
    lock_give(c->posting);
    atomic_fetch_sub(&s->travelling, 1);
}

static void carry(struct courier *c, struct frame *f)
{
    struct session *s = f->to;

    if (f->what == FRAME_TEXT)
        post(c, f);
    else if (f->what == FRAME_LAST)
        session_free(s);
    else if (!ledger_send(s->bridge->ledger, &s->bye) && !c->stopping) {
        f->due = steady_ms() + BYE_AGAIN_MS;
        stow(c, f);
        return;
    }
    free(f);
}

static void post_due(struct courier *c, bool all)
{
    while (!list_empty(&c->bag)) {
        struct frame *f = CONTAINER_OF(c->bag.next, struct frame, link);
        if (!all && f->due > steady_ms())
            return;
        list_remove(&f->link);
        carry(c, f);
    }
}

static int64_t patience(const struct courier *c)
{
    if (list_empty(&c->bag))
        return -1;
    int64_t left = CONTAINER_OF(c->bag.next, struct frame, link)->due - steady_ms();
    return left > 0 ? left : 0;
}

static void work(void *arg)
{
    struct courier *c = arg;

    while (!mailbox_closed(c->box)) {
        for (struct mail *m = mailbox_take(c->box, TAKE, patience(c)), *next; m; m = next) {
            next = m->next;
            stow(c, CONTAINER_OF(m, struct frame, mail));
        }
        post_due(c, false);
    }
    c->stopping = true; /* nobody sends any more */
    post_due(c, true);
}

struct courier *courier_start(void)
{
    struct courier *c = calloc(1, sizeof(*c));

    if (!c)
        abort();
    list_init(&c->bag);
    c->box = mailbox_new(0);
    c->posting = lock_new();
    c->thread = thread_start("courier", work, c);
    return c;
}

void courier_send(struct courier *c, struct frame *f)
{
    bool sent = mailbox_send(c->box, &f->mail);

    assert(sent); /* it is stopped after the ledger, which alone sends */
}

void courier_lock(struct courier *c)
{
    lock_take(c->posting);
}

void courier_unlock(struct courier *c)
{
    lock_give(c->posting);
}

void courier_stop(struct courier *c)
{
    mailbox_close(c->box);
    thread_join(c->thread);
    mailbox_free(c->box);
    lock_free(c->posting);
    free(c);
}
