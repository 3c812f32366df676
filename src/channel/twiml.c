/* TwiML of messaging: <Response> with <Message> and <Redirect>.  A small strict reader: elements, attributes, text,
 * CDATA, comments, the predefined entities and numeric ones; no DTD. */
#include "channel/internal.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8, ATTRIBUTES_MAX = 16 };

struct reader {
    struct arena *arena;
    const char *at, *end;
    const char *why;
};

struct tag {
    const char *name;
    const char *names[ATTRIBUTES_MAX], *values[ATTRIBUTES_MAX];
    size_t n;
    bool closing, empty;
};

static bool fail(struct reader *r, const char *why)
{
    if (!r->why)
        r->why = why;
    return false;
}

static bool at(const struct reader *r, const char *s)
{
    size_t n = strlen(s);

    return (size_t)(r->end - r->at) >= n && !memcmp(r->at, s, n);
}

static bool skip_past(struct reader *r, const char *s)
{
    const char *found = memmem(r->at, (size_t)(r->end - r->at), s, strlen(s));

    if (!found)
        return fail(r, "something is not closed");
    r->at = found + strlen(s);
    return true;
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at))
        r->at++;
}

/* --- text ------------------------------------------------------------------------------------------------- */

static void put_utf8(struct text *t, unsigned long c)
{
    if (c < 0x80)
        text_putc(t, (char)c);
    else if (c < 0x800)
        text_putf(t, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 0x3f)));
    else if (c < 0x10000)
        text_putf(t, "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3f)), (int)(0x80 | (c & 0x3f)));
    else
        text_putf(t, "%c%c%c%c", (int)(0xf0 | c >> 18), (int)(0x80 | (c >> 12 & 0x3f)), (int)(0x80 | (c >> 6 & 0x3f)),
                  (int)(0x80 | (c & 0x3f)));
}

static bool put_entity(struct text *t, const char *s, size_t n)
{
    static const struct {
        const char *name;
        char c;
    } known[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' } };
    char digits[12] = "", *rest;

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (strlen(known[i].name) == n && !memcmp(known[i].name, s, n)) {
            text_putc(t, known[i].c);
            return true;
        }
    if (n < 2 || n > 10 || s[0] != '#')
        return false;
    bool hex = s[1] == 'x';
    memcpy(digits, s + 1 + hex, n - 1 - hex);
    if (!digits[0] || !strchr("0123456789abcdefABCDEF", digits[0]))
        return false;
    unsigned long c = strtoul(digits, &rest, hex ? 16 : 10);
    if (*rest || !c || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return false;
    put_utf8(t, c);
    return true;
}

static bool put_text(struct reader *r, struct text *t, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *semicolon = s[i] == '&' ? memchr(s + i, ';', n - i) : NULL;
        if (s[i] == '&' && (!semicolon || !put_entity(t, s + i + 1, (size_t)(semicolon - s) - i - 1)))
            return fail(r, "an entity is not known");
        if (semicolon)
            i = (size_t)(semicolon - s);
        else
            text_putc(t, s[i]);
    }
    return true;
}

/* --- tags ------------------------------------------------------------------------------------------------- */

static const char *take_name(struct reader *r)
{
    const char *from = r->at;

    while (r->at < r->end && !strchr(" \t\r\n/>=<&\"'", *r->at))
        r->at++;
    return arena_strndup(r->arena, from, (size_t)(r->at - from));
}

static bool take_attribute(struct reader *r, struct tag *t)
{
    const char *name = take_name(r), *end;
    struct text value = { .arena = r->arena };

    skip_blanks(r);
    if (!*name || r->at >= r->end || *r->at++ != '=')
        return fail(r, "an attribute has no value");
    skip_blanks(r);
    if (r->at >= r->end || (*r->at != '"' && *r->at != '\''))
        return fail(r, "an attribute's value has no quotes");
    if (!(end = memchr(r->at + 1, *r->at, (size_t)(r->end - r->at) - 1)))
        return fail(r, "an attribute's value does not end");
    if (t->n == ATTRIBUTES_MAX)
        return fail(r, "an element has too many attributes");
    if (!put_text(r, &value, r->at + 1, (size_t)(end - r->at) - 1))
        return false;
    t->names[t->n] = name;
    t->values[t->n++] = text_str(&value);
    r->at = end + 1;
    return true;
}

/* From behind the '<'. */
static bool take_tag(struct reader *r, struct tag *t)
{
    *t = (struct tag){ .closing = at(r, "/") };
    r->at += t->closing;
    t->name = take_name(r);
    if (!*t->name)
        return fail(r, "a tag has no name");
    for (;;) {
        skip_blanks(r);
        if (r->at >= r->end)
            return fail(r, "a tag does not end");
        if (*r->at == '>' || at(r, "/>")) {
            t->empty = *r->at == '/';
            r->at += 1 + t->empty;
            return !(t->closing && (t->empty || t->n)) || fail(r, "a closing tag has more than a name");
        }
        if (!take_attribute(r, t))
            return false;
    }
}

static const char *attribute(const struct tag *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (!strcmp(t->names[i], name))
            return t->values[i];
    return NULL;
}

/* --- verbs ------------------------------------------------------------------------------------------------ */

struct open {
    const char *name;
    struct text text;
};

static const char *trimmed(struct arena *a, const struct text *t)
{
    const char *s = text_str(t);
    size_t n;

    s += strspn(s, " \t\r\n");
    n = strlen(s);
    while (n && strchr(" \t\r\n", s[n - 1]))
        n--;
    return arena_strndup(a, s, n);
}

static bool begin(struct reader *r, struct twiml *out, const struct tag *t, int depth)
{
    struct twiml_verb *v = out->n ? &out->verbs[out->n - 1] : NULL;

    if (depth == 0)
        return !strcmp(t->name, "Response") || fail(r, "the outermost element is not Response");
    if (depth == 1) {
        bool message = !strcmp(t->name, "Message") || !strcmp(t->name, "Sms");
        if (!message && strcmp(t->name, "Redirect"))
            return fail(r, "14110: an element of Response is neither Message nor Redirect");
        if (out->n == TWIML_VERBS_MAX)
            return fail(r, "too many verbs");
        out->verbs[out->n++] = (struct twiml_verb){ .verb = message ? TWIML_MESSAGE : TWIML_REDIRECT,
                                                    .to = attribute(t, "to"),
                                                    .from = attribute(t, "from"),
                                                    .method = attribute(t, "method"),
                                                    .status_callback = attribute(t, "statusCallback") };
        return true;
    }
    if (depth == 2 && v->verb == TWIML_MESSAGE && (!strcmp(t->name, "Body") || !strcmp(t->name, "Media")))
        return true;
    return fail(r, "an element stands where it has no meaning");
}

static bool finish(struct reader *r, struct twiml *out, struct open *o, int depth)
{
    struct twiml_verb *v = out->n ? &out->verbs[out->n - 1] : NULL;

    if (depth == 2 && !strcmp(o->name, "Body"))
        v->text = text_str(&o->text);
    else if (depth == 2 && v->nmedia == SMS_MEDIA_MAX)
        return fail(r, "a message has too many media");
    else if (depth == 2)
        v->media[v->nmedia++] = trimmed(r->arena, &o->text);
    else if (depth == 1 && !v->text)
        v->text = trimmed(r->arena, &o->text);
    return true;
}

static bool element(struct reader *r, struct twiml *out, struct open *stack, int *depth)
{
    struct tag t;

    if (!take_tag(r, &t))
        return false;
    if (t.closing) {
        if (!*depth || strcmp(stack[*depth - 1].name, t.name))
            return fail(r, "elements do not nest");
        --*depth;
        return finish(r, out, &stack[*depth], *depth);
    }
    if (*depth == DEPTH_MAX || !begin(r, out, &t, *depth))
        return fail(r, "elements nest too deep");
    stack[*depth] = (struct open){ .name = t.name, .text = { .arena = r->arena } };
    if (t.empty)
        return finish(r, out, &stack[*depth], *depth);
    ++*depth;
    return true;
}

/* What lies between tags: of a message its text. */
static bool words(struct reader *r, struct open *stack, int depth)
{
    const char *end = memchr(r->at, '<', (size_t)(r->end - r->at)), *from = r->at;

    r->at = end ? end : r->end;
    if (depth)
        return put_text(r, &stack[depth - 1].text, from, (size_t)(r->at - from));
    for (; from < r->at; from++)
        if (!strchr(" \t\r\n", *from))
            return fail(r, "there is text outside of Response");
    return true;
}

static bool cdata(struct reader *r, struct open *stack, int depth)
{
    const char *from = r->at + 9;

    if (!skip_past(r, "]]>"))
        return false;
    if (!depth)
        return fail(r, "there is text outside of Response");
    text_putn(&stack[depth - 1].text, from, (size_t)(r->at - from) - 3);
    return true;
}

static bool next(struct reader *r, struct twiml *out, struct open *stack, int *depth)
{
    if (*r->at != '<')
        return words(r, stack, *depth);
    if (at(r, "<!--"))
        return skip_past(r, "-->");
    if (at(r, "<?"))
        return skip_past(r, "?>");
    if (at(r, "<![CDATA["))
        return cdata(r, stack, *depth);
    if (at(r, "<!"))
        return fail(r, "a document type is not allowed");
    r->at++;
    return element(r, out, stack, depth);
}

bool twiml_read(struct arena *a, const char *xml, size_t n, struct twiml *out, const char **why)
{
    struct reader r = { .arena = a, .at = xml, .end = xml + n };
    struct open stack[DEPTH_MAX + 1];
    int depth = 0;
    bool good = n <= TWIML_MAX || fail(&r, "11750: the document is too large");

    *out = (struct twiml){ 0 };
    good = good && ((utf8_valid(xml, n) && !memchr(xml, '\0', n)) || fail(&r, "the document is not UTF-8"));
    if (good && n >= 3 && !memcmp(xml, "\xef\xbb\xbf", 3))
        r.at += 3;
    while (good && r.at < r.end)
        good = next(&r, out, stack, &depth);
    if (good && depth)
        good = fail(&r, "an element is not closed");
    *why = r.why;
    return good;
}
