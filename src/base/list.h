/* list: an intrusive doubly linked list.  The link is a member of what is listed; an unlinked
 * link points to itself, so list_remove() is idempotent.  The head is a link, too. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct link { struct link *next, *prev; };

#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

static inline void list_init(struct link *l) { l->next = l->prev = l; }
static inline bool list_empty(const struct link *head) { return head->next == head; }
static inline bool list_linked(const struct link *l) { return l->next && l->next != l; }
static inline void list_insert_before(struct link *at, struct link *l)
{
    l->next = at;
    l->prev = at->prev;
    at->prev->next = l;
    at->prev = l;
}
static inline void list_append(struct link *head, struct link *l) { list_insert_before(head, l); }
static inline void list_remove(struct link *l)
{
    if (!l->next)
        return;
    l->prev->next = l->next;
    l->next->prev = l->prev;
    list_init(l);
}
/* l may be removed in the body. */
#define LIST_EACH(l, head) struct link *l = (head)->next, *l##_next = l->next; l != (head); l = l##_next, l##_next = l->next
