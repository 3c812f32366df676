/* Lanes: whose turn it is at one URL of one account.
 *
 * The order is that of `place`, and only the head flies.  Who waits is a row in the store, found by its place when the
 * one before it has landed; but rows of the batch under way are not in the store yet, so they are also in a list of the
 * lane until their commit.  A lane with neither head nor anybody waiting is forgotten. */
#include "webhook/internal.h"

#include "base/log.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a over the URL that is called: the same on every start.  Two URLs of an account with one number would only share
 * a lane. */
int64_t lane_number(const char *url)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (; *url && *url != '#'; url++)
        h = (h ^ (unsigned char)*url) * 0x100000001b3u;
    return (int64_t)(h >> 1);
}

/* --- the lanes there are ---------------------------------------------------------------------------------- */

static void put_key(char key[static SID_SIZE + 20], const char *account_sid, int64_t number)
{
    snprintf(key, SID_SIZE + 20, "%.34s:%llx", account_sid, (unsigned long long)number);
}

static struct lane *lane_find(const struct webhooks *w, const struct delivery *d)
{
    char key[SID_SIZE + 20];

    put_key(key, d->account_sid, d->lane);
    return map_get(&w->lanes, key);
}

static struct lane *lane_of(struct webhooks *w, const char *account_sid, int64_t number)
{
    char key[SID_SIZE + 20];
    struct lane *lane;

    put_key(key, account_sid, number);
    if ((lane = map_get(&w->lanes, key)))
        return lane;
    if (!(lane = calloc(1, sizeof *lane)))
        abort();
    memcpy(lane->key, key, sizeof key);
    snprintf(lane->account_sid, SID_SIZE, "%s", account_sid);
    lane->number = number;
    list_init(&lane->fresh);
    map_put(&w->lanes, lane->key, lane);
    return lane;
}

static void forget_if_empty(struct webhooks *w, struct lane *lane)
{
    if (*lane->head || lane->more || !list_empty(&lane->fresh))
        return;
    map_remove(&w->lanes, lane->key);
    free(lane);
}

static void forget_all(void *arg)
{
    struct webhooks *w = arg;
    struct lane *lane;

    for (size_t i = 0; (lane = map_next(&w->lanes, &i));)
        free(lane);
    map_clear(&w->lanes);
}

/* --- what a lane knows of its rows ------------------------------------------------------------------------ */

static void copy_sid(char to[static SID_SIZE], const char *from)
{
    snprintf(to, SID_SIZE, "%s", from ? from : "");
}

static void link_fresh(struct lane *lane, struct delivery_live *d)
{
    struct link *at = lane->fresh.next;

    while (at != &lane->fresh && strcmp(CONTAINER_OF(at, struct delivery_live, in_lane)->row.place, d->row.place) < 0)
        at = at->next;
    list_insert_before(at, &d->in_lane);
}

void lane_relink(void *webhooks, struct tx *tx, void *row)
{
    struct webhooks *w = webhooks;
    struct delivery_live *d = row;

    (void)tx;
    if (d->row.lane == NO_VALUE)
        return;
    struct lane *lane = lane_of(w, d->row.account_sid, d->row.lane);
    list_remove(&d->in_lane);
    if (d->row.status == DELIVERY_FLYING) {
        copy_sid(lane->head, d->row.sid);
        copy_sid(lane->last, d->row.place);
        return;
    }
    if (str_eq(lane->head, d->row.sid))
        lane->head[0] = '\0';
    if (d->row.status == DELIVERY_WAITING) {
        lane->more = true;
        if (row_is_live(d)) /* else the store has it already */
            link_fresh(lane, d);
    }
    forget_if_empty(w, lane);
}

static void unlink_delivery(void *webhooks, void *row)
{
    struct webhooks *w = webhooks;
    struct delivery_live *d = row;
    struct lane *lane = d->row.lane == NO_VALUE || !d->row.account_sid ? NULL : lane_find(w, &d->row);

    list_remove(&d->in_lane);
    if (!lane)
        return;
    if (str_eq(lane->head, d->row.sid))
        lane->head[0] = '\0';
    forget_if_empty(w, lane);
}

void lanes_setup(struct webhooks *w)
{
    ledger_hooks(w->ledger, "delivery",
                 &(struct live_hooks){ sizeof(struct delivery_live), lane_relink, unlink_delivery, w });
    ledger_on_reset(w->ledger, forget_all, w);
}

/* --- the next one ----------------------------------------------------------------------------------------- */

static struct delivery *next_stored(struct tx *tx, struct lane *lane)
{
    const struct condition waits[] = {
        { .column = "status", .compare = IS, .value = value_int(DELIVERY_WAITING) },
        { .column = "account_sid", .compare = IS, .value = value_text(lane->account_sid) },
        { .column = "lane", .compare = IS, .value = value_int(lane->number) },
        { .column = "place", .compare = MORE, .value = value_text(lane->last) },
    };
    const struct order by_place = { .column = "place" };
    struct delivery *found;

    if (!lane->more)
        return NULL;
    if (record_first(tx->db, tx->arena, &delivery_kind,
                     &(struct selection){ .conditions = waits, .nconditions = 4, .orders = &by_place, .norders = 1 },
                     (void **)&found) != DB_OK) {
        log_error("webhook.lane", "%s", db_error(tx->db)); /* `more` stands: the next delivery looks again */
        return NULL;
    }
    if (!found)
        lane->more = !list_empty(&lane->fresh);
    return found ? row_find(tx, &delivery_kind, found->sid) : NULL;
}

static struct delivery *next_of(struct tx *tx, struct lane *lane)
{
    struct delivery *stored = next_stored(tx, lane), *fresh = NULL;

    if (!list_empty(&lane->fresh))
        fresh = &CONTAINER_OF(lane->fresh.next, struct delivery_live, in_lane)->row;
    return !fresh || (stored && strcmp(stored->place, fresh->place) < 0) ? stored : fresh;
}

static bool start(struct webhooks *w, struct tx *tx, struct delivery *d)
{
    row_edit(tx, d);
    d->status = DELIVERY_FLYING;
    lane_relink(w, tx, d);
    if (flight_launch(w, tx, d))
        return true;
    d->status = DELIVERY_DEAD; /* its account is gone: nobody can sign it, nor ask for it */
    lane_relink(w, tx, d);
    row_delete(tx, d);
    return false;
}

static void advance(struct webhooks *w, struct tx *tx, const char *key)
{
    struct lane *lane;
    struct delivery *d;

    /* What start() gives up may have been the lane's last. */
    while ((lane = map_get(&w->lanes, key)) && !*lane->head && (d = next_of(tx, lane)))
        if (start(w, tx, d))
            return;
    if (lane)
        forget_if_empty(w, lane);
}

void lane_enter(struct webhooks *w, struct tx *tx, struct delivery *d)
{
    struct lane *lane = d->lane == NO_VALUE ? NULL : lane_find(w, d);
    char key[SID_SIZE + 20];

    if (!lane) {
        start(w, tx, d);
        return;
    }
    memcpy(key, lane->key, sizeof key);
    row_edit(tx, d);
    d->status = DELIVERY_WAITING;
    lane_relink(w, tx, d);
    advance(w, tx, key);
    if (d->status == DELIVERY_WAITING) /* one that was dead is not in the store as waiting before the command's end */
        lane_of(w, d->account_sid, d->lane)->more = true;
}

void lane_leave(struct webhooks *w, struct tx *tx, const struct delivery *d)
{
    char key[SID_SIZE + 20];

    if (d->lane == NO_VALUE)
        return;
    put_key(key, d->account_sid, d->lane);
    advance(w, tx, key);
}

/* --- after loading ---------------------------------------------------------------------------------------- */

static bool take_lane(void *arg, struct columns *c)
{
    const char *account_sid = column_text(c, 0);

    if (account_sid && column_int(c, 1) != NO_VALUE)
        lane_of(arg, account_sid, column_int(c, 1))->more = true;
    return true;
}

/* advance() may forget the lane that it is at, which a walk over the map bears. */
void lanes_resume(struct webhooks *w, struct tx *tx)
{
    struct lane *lane;

    if (db_run(tx->db, "SELECT DISTINCT account_sid, lane FROM delivery WHERE status = 'waiting'", NULL, 0, take_lane,
               w) != DB_OK)
        log_error("webhook.lanes", "%s", db_error(tx->db));
    for (size_t i = 0; (lane = map_next(&w->lanes, &i));) {
        char key[SID_SIZE + 20];
        memcpy(key, lane->key, sizeof key);
        advance(w, tx, key);
    }
}
