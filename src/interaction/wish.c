/* What a caller asked for, read: the Channel parameter, and whether a Routing parameter can be understood. */
#include "interaction/internal.h"

enum { GUESTS_MAX = 50, NAME_CHARS_MAX = 256 };

static fault_t not_valid(struct tx *tx, const char *what, const char *why)
{
    return fault(tx->arena, F_INVALID_PARAMETER, "%s %s", what, why);
}

static fault_t read_word(struct tx *tx, const json_t *o, const char *key, const char *const *words, unsigned *out)
{
    const char *word = json_get_string(o, key);

    for (unsigned i = 0; word && words[i]; i++)
        if (str_ieq(words[i], word)) {
            *out = i;
            return NULL;
        }
    return fault(tx->arena, F_INVALID_PARAMETER, "Channel.%s '%.64s' is not known", key, word ? word : "");
}

static const char *short_text(const json_t *o, const char *key)
{
    const char *s = json_get_string(o, key);

    return s && *s && utf8_length(s) <= NAME_CHARS_MAX ? s : NULL;
}

static fault_t read_guests(struct tx *tx, const json_t *list, struct interaction_wish *out)
{
    size_t n = json_array_size(list);
    struct interaction_guest *guests = arena_alloc(tx->arena, (n + 1) * sizeof *guests);

    if (list && (!json_is_array(list) || n > GUESTS_MAX))
        return not_valid(tx, "Channel.participants", "is not a list of at most fifty");
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(list, i);
        guests[i] = (struct interaction_guest){ .identity = short_text(one, "identity"),
                                                .address = short_text(one, "address"),
                                                .proxy_address = short_text(one, "proxy_address"),
                                                .name = short_text(one, "name") };
        if (!guests[i].identity && !guests[i].address)
            return not_valid(tx, "Channel.participants", "has one without identity or address");
    }
    out->guests = guests;
    out->nguests = n;
    return NULL;
}

/* media_channel_sid of old stood beside the properties, as `sid`. */
static fault_t check_medium(struct tx *tx, const struct interaction_wish *w)
{
    if (w->media_channel_sid && !sid_valid(w->media_channel_sid, "CH"))
        return not_valid(tx, "Channel.properties.media_channel_sid", "is not the SID of a conversation");
    if (w->type == CHANNEL_VOICE)
        return not_valid(tx, "Channel.type", "voice has no conversation; calls are not interactions here");
    if (w->by == FROM_CUSTOMER && !w->media_channel_sid)
        return not_valid(tx, "Channel.properties.media_channel_sid",
                         "is missing: the customer writes in a conversation already");
    if (w->by == FROM_AGENT && !w->nguests && !w->media_channel_sid)
        return not_valid(tx, "Channel.participants", "does not say whom the agent writes to");
    return NULL;
}

fault_t interaction_wish_read(struct tx *tx, const char *channel, struct interaction_wish *out)
{
    const json_t *o = object_of(tx->arena, channel), *properties = json_object_get(o, "properties");
    unsigned type = 0, by = 0;
    fault_t f = read_word(tx, o, "type", channel_type_names, &type);

    *out = (struct interaction_wish){ 0 };
    f = f ? f : read_word(tx, o, "initiated_by", initiated_by_names, &by);
    if (f)
        return f;
    out->type = type;
    out->by = by;
    out->media_channel_sid = json_get_string(properties, "media_channel_sid");
    if (!out->media_channel_sid && sid_valid(json_get_string(o, "sid") ? json_get_string(o, "sid") : "", "CH"))
        out->media_channel_sid = json_get_string(o, "sid");
    out->from = short_text(properties, "from");
    out->from_name = short_text(properties, "from_name");
    f = read_guests(tx, json_object_get(o, "participants"), out);
    return f ? f : check_medium(tx, out);
}

/* --- routing ------------------------------------------------------------------------------------------------------ */

/* clang-format off */
static const struct { const char *name, *prefix; } sids[] = {
    { "workspace_sid", "WS" }, { "workflow_sid", "WW" }, { "queue_sid", "WQ" }, { "worker_sid", "WK" }, { "task_channel_sid", "TC" },
};
static const char *const numbers[] = { "priority", "timeout" };
/* clang-format on */

static bool wrong(struct arena *a, const char **why, const char *name, const char *is_not)
{
    *why = arena_printf(a, "Routing.properties.%s is not %s", name, is_not);
    return false;
}

static bool is_number(const json_t *v)
{
    int64_t number;

    return json_is_integer(v) ? json_integer_value(v) >= 0
                              : json_is_string(v) && str_to_int(json_string_value(v), &number) && number >= 0;
}

bool routing_is_sound(struct arena *a, const char *routing, const char **why)
{
    const json_t *o = routing ? json_parse_object(a, routing, strlen(routing), NULL) : NULL,
                 *p = json_object_get(o, "properties"), *v;

    *why = NULL;
    if (routing && (!o || (p && !json_is_object(p)))) {
        *why = "Routing is not a JSON object with an object called properties";
        return false;
    }
    for (size_t i = 0; i < sizeof sids / sizeof *sids; i++)
        if ((v = json_object_get(p, sids[i].name)) && !json_is_null(v) &&
            !(json_is_string(v) && (!*json_string_value(v) || sid_valid(json_string_value(v), sids[i].prefix))))
            return wrong(a, why, sids[i].name, "a SID of its kind");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if ((v = json_object_get(p, numbers[i])) && !json_is_null(v) && !is_number(v))
            return wrong(a, why, numbers[i], "a number from 0");
    v = json_object_get(p, "attributes");
    if (v && !json_is_object(v) && !json_is_null(v) &&
        !(json_is_string(v) && json_parse_object(a, json_string_value(v), strlen(json_string_value(v)), NULL)))
        return wrong(a, why, "attributes", "a JSON object");
    return true;
}
