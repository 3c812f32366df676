/* People: who of a service is there, however many windows they have open.
 *
 * What the ledger is told is not each coming and going but how it stands: who was told to be online and is not, or the
 * reverse, waits in `owed` until a command has said so; then one look decides whether there is something to say again.
 */
#include "gateway/twilsock/internal.h"

#include <stdlib.h>
#include <string.h>

enum { PRESENT = sizeof(((struct hub *)NULL)->present) / sizeof(atomic_uint) };

static const char *person_key(struct arena *a, const char *account_sid, const char *service_sid, const char *identity)
{
    return arena_printf(a, "%s/%s/%s", account_sid, service_sid, identity);
}

static void owe(struct person *p)
{
    if (!p->telling && !list_linked(&p->in_owed))
        list_append(&p->hub->owed, &p->in_owed);
}

static struct person *person_of(struct hub *h, const char *account_sid, const char *service_sid, const char *identity)
{
    _arena_ struct arena *a = arena_new_sized(512);
    const char *key = person_key(a, account_sid, service_sid, identity);
    struct person *p = map_get(&h->people, key);

    if (p)
        return p;
    size_t account = strlen(account_sid) + 1, service = strlen(service_sid) + 1, n = strlen(key) + 1;
    p = must_calloc(sizeof(*p) + account + service + n);
    char *texts = (char *)(p + 1);
    p->key = memcpy(texts, key, n);
    p->identity = p->key + account + service;
    p->account_sid = memcpy(texts + n, account_sid, account);
    p->service_sid = memcpy(texts + n + account, service_sid, service);
    p->hub = h;
    list_init(&p->seats);
    list_init(&p->in_owed);
    map_put(&h->people, p->key, p);
    return p;
}

static void sit(struct client *c, const char *service_sid)
{
    const struct principal *who = &c->caller->who;

    if (!service_sid)
        return;
    struct person *p = person_of(c->hub, who->account_sid, service_sid, who->identity);
    for (size_t i = 0; i < SEATS_MAX; i++) {
        struct seat *s = &c->seats[i];
        if (s->person == p)
            return;
        if (s->person)
            continue;
        *s = (struct seat){ .person = p, .client = c };
        list_append(&p->seats, &s->in_person);
        atomic_fetch_add(&c->hub->present[interest_slot(p->identity, PRESENT)], 1);
        if (p->n++ == 0)
            owe(p);
        return;
    }
}

void person_sit(struct client *c)
{
    const struct principal *who = &c->caller->who;

    sit(c, who->chat_service_sid);
    sit(c, who->sync_service_sid);
    sit(c, who->insights_service);
}

void person_stand(struct client *c)
{
    for (size_t i = 0; i < SEATS_MAX; i++) {
        struct seat *s = &c->seats[i];
        if (!s->person)
            continue;
        list_remove(&s->in_person);
        atomic_fetch_sub(&c->hub->present[interest_slot(s->person->identity, PRESENT)], 1);
        if (--s->person->n == 0)
            owe(s->person);
        s->person = NULL;
    }
}

size_t clients_of(struct hub *h, const struct caller *c)
{
    const char *services[] = { c->who.chat_service_sid, c->who.sync_service_sid, c->who.insights_service };
    size_t most = 0;

    for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++) {
        _arena_ struct arena *a = arena_new_sized(512);
        const struct person *p =
            services[i] ? map_get(&h->people, person_key(a, c->who.account_sid, services[i], c->who.identity)) : NULL;
        most = p && p->n > most ? p->n : most;
    }
    return most;
}

/* --- telling the ledger ----------------------------------------------------------------------------------- */

static fault_t run_tell(struct tx *tx, struct command *command)
{
    struct person *p = CONTAINER_OF(command, struct person, command);

    sync_present(p->hub->sync, tx,
                 &(struct sync_presence){ .account_sid = p->account_sid,
                                          .service_sid = p->service_sid,
                                          .identity = p->identity,
                                          .online = p->telling_online });
    return NULL;
}

static void come_back(struct hub *h, struct note *n)
{
    struct person *p = CONTAINER_OF(n, struct person, back);

    (void)h;
    arena_free(p->command.arena);
    p->telling = false;
    if (p->told != (p->n > 0))
        owe(p);
    else if (!p->n) {
        map_remove(&p->hub->people, p->key);
        free(p);
    }
}

static void tell_done(struct command *command, fault_t f)
{
    struct person *p = CONTAINER_OF(command, struct person, command);

    if (!f)
        p->told = p->telling_online;
    p->back.run = come_back;
    (void)hub_send(p->hub, &p->back); /* refused: the hub frees what there is */
}

static void tell(struct person *p)
{
    struct arena *a = arena_new_sized(1024);

    p->telling = true;
    p->telling_online = p->n > 0;
    p->command = (struct command){ .arena = a, .run = run_tell, .done = tell_done };
    if (ledger_send(p->hub->site->ledger, &p->command))
        return;
    p->telling = false;
    arena_free(a);
    list_append(&p->hub->owed, &p->in_owed);
}

void people_tell(struct hub *h)
{
    struct link owed;

    if (list_empty(&h->owed))
        return;
    list_init(&owed); /* whom the ledger cannot hear now is owed again, and asked again at the next turn */
    for (LIST_EACH(l, &h->owed)) {
        list_remove(l);
        list_append(&owed, l);
    }
    for (LIST_EACH(l, &owed)) {
        struct person *p = CONTAINER_OF(l, struct person, in_owed);
        list_remove(l);
        if (p->told != (p->n > 0))
            tell(p);
        else if (!p->n) {
            map_remove(&h->people, p->key);
            free(p);
        }
    }
}

void people_free(struct hub *h)
{
    struct person *p;

    for (size_t i = 0; (p = map_next(&h->people, &i));) {
        map_remove(&h->people, p->key);
        if (p->telling)
            arena_free(p->command.arena);
        free(p);
    }
    map_clear(&h->people);
}

/* --- notices ---------------------------------------------------------------------------------------------- */

void notice_arrive(struct hub *h, struct note *note)
{
    struct notice *n = CONTAINER_OF(note, struct notice, note);
    const struct sync_notice *what = &n->notice;
    const struct person *p =
        map_get(&h->people, person_key(n->arena, what->account_sid, what->service_sid, what->identity));

    if (p) {
        size_t size;
        const char *bytes = notification(n->arena, what->message_type, what->payload, &size);
        for (LIST_EACH(l, &p->seats)) {
            struct client *c = CONTAINER_OF(l, struct seat, in_person)->client;
            if (client_wants(c, what->message_type))
                client_send(c, bytes, size);
        }
    }
    arena_free(n->arena);
}
