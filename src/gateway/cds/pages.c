/* pages: items of lists and maps, page by page.  A page's token names the item that it follows or precedes: so it stays
 * right while items come and go. */
#include "gateway/cds/internal.h"

#include "base/text.h"
#include "gateway/cds/token.h"
#include <string.h>

struct wanted {
    struct sync_page page;
    bool backwards;   /* the page before a token's item: read from there in the other direction, and turned round */
    bool exact;       /* one item, or none */
    const char *only; /* its key or index, as text */
};

static fault_t place(struct op *op, enum sync_type t, const char *text, struct sync_page *p)
{
    if (t != SYNC_LIST) {
        p->key = text;
        return NULL;
    }
    if (str_to_int(text, &p->index) && p->index >= 0)
        return NULL;
    return refuse(op, F_SYNC_FROM, "'%.40s' is not the index of an item", text);
}

static fault_t read_size(struct op *op, struct wanted *w)
{
    const char *text = op_param(op, "PageSize");
    int64_t size = CDS_PAGE_SIZE;

    if (text && *text && (!str_to_int(text, &size) || size < 1 || size > SYNC_PAGE_MAX))
        return refuse(op, F_SYNC_PAGE_SIZE, "PageSize '%.32s' is not a number from 1 to %d", text, SYNC_PAGE_MAX);
    w->page.size = (size_t)size;
    return NULL;
}

static fault_t read_order(struct op *op, struct wanted *w)
{
    const char *order = op_param(op, "Order"), *bounds = op_param(op, "Bounds");

    if (order && *order && !str_ieq(order, "asc") && !str_ieq(order, "desc"))
        return refuse(op, F_SYNC_ORDER, "Order '%.16s' is not asc or desc", order);
    if (bounds && *bounds && !str_ieq(bounds, "inclusive") && !str_ieq(bounds, "exclusive"))
        return refuse(op, F_SYNC_BOUNDS, "Bounds '%.16s' is not inclusive or exclusive", bounds);
    w->page.descending = str_ieq(order, "desc");
    w->page.exclusive = str_ieq(bounds, "exclusive");
    return NULL;
}

static fault_t read_token(struct op *op, enum sync_type t, const char *token, struct wanted *w)
{
    const char *given = op_param(op, "PageSize");
    struct page_token read;

    if (!page_token_read(op->arena, token, &read) || place(op, t, read.place, &w->page))
        return refuse(op, F_SYNC_PAGE_TOKEN, "PageToken '%.64s' is not valid for this list", token);
    if (!given || !*given)
        w->page.size = read.size;
    w->backwards = read.before;
    w->page.descending = read.falling != read.before;
    w->page.exclusive = true;
    return NULL;
}

static fault_t read_wanted(struct op *op, enum sync_type t, struct wanted *w)
{
    const char *token = op_param(op, "PageToken"), *from = op_param(op, "From");
    fault_t f = read_size(op, w);

    f = f ? f : read_order(op, w);
    w->page.index = NO_VALUE;
    w->only = op_param(op, t == SYNC_LIST ? "Index" : "Key");
    w->exact = w->only && *w->only;
    if (f)
        return f;
    if (w->exact) {
        w->page.size = 1;
        w->page.descending = w->page.exclusive = false;
        return place(op, t, w->only, &w->page);
    }
    if (token && *token)
        return read_token(op, t, token, w);
    return from && *from ? place(op, t, from, &w->page) : NULL;
}

static bool is_it(const struct sync_page *p, const struct sync_item *i)
{
    return i->key ? str_eq(i->key, p->key) : i->index == p->index;
}

static void turn_round(struct sync_items *items)
{
    bool more = items->more_before;

    for (size_t i = 0; i + 1 < items->n - i; i++) {
        struct sync_item kept = items->rows[i];
        items->rows[i] = items->rows[items->n - 1 - i];
        items->rows[items->n - 1 - i] = kept;
    }
    items->more_before = items->more_after;
    items->more_after = more;
}

static const char *token_of(struct op *op, const struct sync_item *i, size_t size, bool before, bool falling)
{
    const char *text = i->key ? i->key : arena_printf(op->arena, "%lld", (long long)i->index);

    return page_token_write(op->arena, &(struct page_token){ before, falling, size, text });
}

fault_t cds_page(struct op *op, struct sync_ask *ask, const struct cds_type *t, const struct sync_object *x,
                 struct json_out *o)
{
    struct wanted w = { 0 };
    struct sync_items items = { 0 };
    fault_t f = read_wanted(op, t->type, &w);

    f = f ? f : sync_items(cds_sync(op), ask, x, &w.page, &items);
    if (f)
        return f;
    bool falling = w.page.descending != w.backwards;
    if (w.exact && items.n && !is_it(&w.page, &items.rows[0]))
        items.n = 0;
    if (w.exact)
        items.more_before = items.more_after = false;
    if (w.backwards && items.n)
        turn_round(&items);
    json_key(o, "items");
    json_open(o, '[');
    for (size_t i = 0; i < items.n; i++) {
        json_open(o, '{');
        cds_put_item(op, o, t, x->sid, &items.rows[i], true);
        json_close(o, '}');
    }
    json_close(o, ']');
    json_key(o, "meta");
    json_open(o, '{');
    json_pair_str(o, "key", "items");
    json_pair_int(o, "page_size", (int64_t)w.page.size);
    json_pair_str(o, "previous_token",
                  items.n && items.more_before ? token_of(op, &items.rows[0], w.page.size, true, falling) : NULL);
    json_pair_str(o, "next_token",
                  items.n && items.more_after ? token_of(op, &items.rows[items.n - 1], w.page.size, false, falling)
                                              : NULL);
    json_close(o, '}');
    return NULL;
}

fault_t cds_one(struct op *op, struct sync_ask *ask, const struct sync_object *x, const char *key,
                struct sync_item *out)
{
    struct sync_page page = { .index = NO_VALUE, .size = 1 };
    struct sync_items items = { 0 };
    bool list = x->type == SYNC_LIST;
    fault_t f = place(op, x->type, key, &page) ? NULL : sync_items(cds_sync(op), ask, x, &page, &items);

    if (!f && items.n && is_it(&page, &items.rows[0])) {
        *out = items.rows[0];
        return NULL;
    }
    return f ? f
             : refuse(op, list ? F_SYNC_LIST_ITEM_UNKNOWN : F_SYNC_MAP_ITEM_UNKNOWN, "%s has no item %.320s", x->sid,
                      key);
}
