/* All that is in memory, as a text: equal memories have equal texts. */
#include "base/text.h"
#include "ledger/internal.h"
#include <stdlib.h>
#include <string.h>

static void put_row(struct text *t, const struct row_head *h)
{
    const struct kind *k = h->kind->kind;

    text_put(t, k->name);
    for (EACH_FIELD(f, k)) {
        if (!field_is_column(f))
            continue;
        text_putf(t, " %s=", f->name);
        if (f->type == T_BOOL)
            text_put(t, *field_bool(f, row_of(h)) ? "true" : "false");
        else if (f->type == T_ENUM)
            text_put(t, f->names[*field_enum(f, row_of(h))]);
        else if (!field_is_text(f))
            text_put_int(t, *field_int(f, row_of(h)));
        else
            text_put(t, *field_text(f, row_of(h)) ? *field_text(f, row_of(h)) : "(none)");
    }
    text_putc(t, '\n');
}

static int by_sid(const void *a, const void *b)
{
    return strcmp(row_sid(*(struct row_head *const *)a), row_sid(*(struct row_head *const *)b));
}

const char *ledger_fingerprint(struct tx *tx, struct arena *a)
{
    struct ledger *l = tx->ledger;
    struct text t = { .arena = a };

    for (size_t i = 0; i < l->nkinds; i++) {
        struct live_kind *lk = &l->kinds[i];
        struct row_head *h, **rows = arena_alloc(a, lk->rows.n * sizeof(struct row_head *));
        size_t n = 0;
        for (size_t at = 0; (h = map_next(&lk->rows, &at));)
            rows[n++] = h;
        qsort(rows, n, sizeof *rows, by_sid);
        for (size_t j = 0; j < n; j++)
            put_row(&t, rows[j]);
    }
    return text_str(&t);
}
