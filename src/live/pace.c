/* The pause between a change and the look at it: a thread that waits, and then sends the look to the ledger as a
 * command.  Pauses are the machine's own time, and pass while a test's clock stands still. */
#include "live/internal.h"
#include <stdlib.h>

enum { AGAIN_MS = 5 }; /* the ledger's queue was full */

struct pacer {
    struct ledger *ledger;
    struct mailbox *box;
    struct thread *thread;
    bool stopping;
    struct link bag; /* by due */
};

static int64_t steady_ms(void)
{
    return monotonic_ns() / 1000000;
}

static void stow(struct pacer *p, struct beat *b)
{
    struct link *at = p->bag.prev;

    while (at != &p->bag && CONTAINER_OF(at, struct beat, in_bag)->due > b->due)
        at = at->prev;
    list_insert_before(at->next, &b->in_bag);
}

static void send_due(struct pacer *p)
{
    while (!list_empty(&p->bag)) {
        struct beat *b = CONTAINER_OF(p->bag.next, struct beat, in_bag);
        if (b->due > steady_ms() && !p->stopping)
            return;
        list_remove(&b->in_bag);
        if (ledger_send(p->ledger, &b->command) || p->stopping)
            continue;
        b->due = steady_ms() + AGAIN_MS;
        stow(p, b);
        return;
    }
}

static int64_t patience(const struct pacer *p)
{
    if (list_empty(&p->bag))
        return -1;
    int64_t left = CONTAINER_OF(p->bag.next, struct beat, in_bag)->due - steady_ms();
    return left > 0 ? left : 0;
}

static void work(void *arg)
{
    struct pacer *p = arg;

    while (!mailbox_closed(p->box)) {
        for (struct mail *m = mailbox_take(p->box, 16, patience(p)), *next; m; m = next) {
            next = m->next;
            stow(p, CONTAINER_OF(m, struct beat, mail));
        }
        send_due(p);
    }
    p->stopping = true; /* the ledger has stopped: it takes nothing any more */
    send_due(p);
}

struct pacer *pacer_start(struct ledger *l)
{
    struct pacer *p = calloc(1, sizeof *p);

    if (!p)
        abort();
    p->ledger = l;
    list_init(&p->bag);
    p->box = mailbox_new(0);
    p->thread = thread_start("live", work, p);
    return p;
}

void pacer_stop(struct pacer *p)
{
    mailbox_close(p->box);
    thread_join(p->thread);
    mailbox_free(p->box);
    free(p);
}

static void done(struct command *c, fault_t f)
{
    struct beat *b = CONTAINER_OF(c, struct beat, command);

    (void)f; /* what was marked is still marked, or everything is: there is a reload after a failure */
    arena_reset(c->arena);
    b->under_way = false;
    if (b->again)
        beat_start(b);
}

void beat_init(struct beat *b, struct pacer *p, int64_t pause, fault_t (*run)(struct tx *tx, struct command *c))
{
    *b = (struct beat){ .pacer = p, .pause = pause };
    b->command = (struct command){ .arena = arena_new(), .run = run, .done = done };
    list_init(&b->in_bag);
}

void beat_start(struct beat *b)
{
    b->again = b->under_way;
    if (b->under_way)
        return;
    b->under_way = true;
    b->due = steady_ms() + b->pause;
    mailbox_send(b->pacer->box, &b->mail);
}

void beat_free(struct beat *b)
{
    arena_free(b->command.arena);
}
