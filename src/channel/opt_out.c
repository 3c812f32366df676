/* Words by which somebody wants no more messages of a number, or wants them again. */
#include "channel/internal.h"

#include <string.h>
#include <strings.h>

/* clang-format off */
static const struct { const char *word; enum opt_word means; } words[] = {
    { "STOP", OPT_STOP }, { "STOPALL", OPT_STOP }, { "UNSUBSCRIBE", OPT_STOP }, { "CANCEL", OPT_STOP }, { "END", OPT_STOP }, { "QUIT", OPT_STOP },
    { "REVOKE", OPT_STOP }, { "OPTOUT", OPT_STOP },
    { "START", OPT_START }, { "YES", OPT_START }, { "UNSTOP", OPT_START },
    { "HELP", OPT_HELP }, { "INFO", OPT_HELP },
};
/* clang-format on */

/* The whole message is the word, in any case, blanks and a full stop around it aside. */
enum opt_word opt_word_of(const char *body)
{
    body = body ? body + strspn(body, " \t\r\n") : "";
    size_t n = strlen(body);

    while (n && strchr(" \t\r\n.!", body[n - 1]))
        n--;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strlen(words[i].word) == n && !strncasecmp(words[i].word, body, n))
            return words[i].means;
    return OPT_NONE;
}

const char *opt_word_name(enum opt_word w)
{
    static const char *const names[] = { NULL, "STOP", "START", "HELP" };

    return names[w];
}

static const char *key_of(struct arena *a, const char *account_sid, const char *ours, const char *theirs)
{
    return arena_printf(a, "%s:%s\x1f%s", account_sid, ours, theirs);
}

bool opted_out(struct tx *tx, const char *account_sid, const char *ours, const char *theirs)
{
    return row_find(tx, &opt_out_kind, key_of(tx->arena, account_sid, ours, theirs)) != NULL;
}

const char *opt_take(struct tx *tx, const struct sms *m, enum opt_word w)
{
    const char *key = key_of(tx->arena, m->account_sid, m->to, m->from);
    void *out = row_find(tx, &opt_out_kind, key);

    if (w == OPT_STOP && !out) {
        row_new(tx, &opt_out_kind, key);
        return "You have successfully been unsubscribed. You will not receive any more messages from this number. "
               "Reply "
               "START to resubscribe.";
    }
    if (w == OPT_START && out) {
        row_delete(tx, out);
        return "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP "
               "to "
               "unsubscribe.";
    }
    if (w == OPT_HELP)
        return "Reply STOP to unsubscribe.";
    return NULL;
}
