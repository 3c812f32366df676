/* thread: how threads hand work to each other.  The only locks of the program, with store/'s, are here.
 *
 * A mailbox is a queue with many senders and one reader; items are intrusive.  A pool is a fixed
 * number of threads that take jobs in order; each has its own state made by on_start (a reader's
 * database connection, for instance). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mail { struct mail *next; };

struct mailbox;
struct mailbox *mailbox_new(size_t limit);                 /* 0: unlimited */
void            mailbox_free(struct mailbox *b);           /* must be empty */
bool            mailbox_send(struct mailbox *b, struct mail *m); /* false: full or closed, the sender keeps m */
/* Up to `most` items, oldest first, linked by next; waits at most wait_ms (negative: for ever) for the first.
 * NULL after a time-out, a mailbox_wake(), or when closed and drained. */
struct mail    *mailbox_take(struct mailbox *b, size_t most, int64_t wait_ms);
void            mailbox_wake(struct mailbox *b);           /* makes a waiting reader return */
void            mailbox_close(struct mailbox *b);          /* no more sends; what is in it is still delivered */
bool            mailbox_closed(struct mailbox *b);         /* closed and empty */
size_t          mailbox_length(struct mailbox *b);

struct job { struct mail mail; void (*run)(struct job *job, void *state); };

struct pool;
struct pool *pool_new(const char *name, int threads, size_t limit, void *(*on_start)(void *arg), void (*on_stop)(void *state), void *arg);
bool         pool_send(struct pool *p, struct job *j);     /* false: full or closed */
void         pool_free(struct pool *p);                    /* finishes what was sent, joins */

struct thread;
struct thread *thread_start(const char *name, void (*run)(void *arg), void *arg);
void           thread_join(struct thread *t);              /* and frees */

/* For the rare table that all threads share (auth's throttle): held for a few instructions, never while calling out. */
struct lock;
struct lock *lock_new(void);
void         lock_free(struct lock *l);                    /* NULL is a no-op */
void         lock_take(struct lock *l);
void         lock_give(struct lock *l);
