#include "auth/internal.h"
#include "base/text.h"
#include "codec/base64.h"
#include <string.h>
#include <strings.h>

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

static const char *after_word(const char *s, const char *word)
{
    size_t n = strlen(word);

    if (strncasecmp(s, word, n) != 0 || s[n] != ' ')
        return NULL;
    return s + n + strspn(s + n, " ");
}

/* flex-sdk sends a stray ')' behind the base64, so reading ends where the base64 does. */
static bool basic_read(struct arena *a, const char *s, struct authorization *out)
{
    size_t n = 0, bytes;
    char *text, *colon;

    while (is_base64(s[n]))
        n++;
    for (int padding = 0; padding < 2 && s[n] == '='; padding++)
        n++;
    text = base64_decode(a, s, n, &bytes);
    if (!text || strlen(text) != bytes || !(colon = strchr(text, ':')))
        return false;
    *colon = '\0';
    *out = (struct authorization){ .scheme = SCHEME_BASIC, .user = text, .secret = colon + 1 };
    return true;
}

bool authorization_read(struct arena *a, const char *header, struct authorization *out)
{
    const char *s;

    if (!header)
        return false;
    header += strspn(header, " \t");
    if ((s = after_word(header, "Basic")))
        return basic_read(a, s, out);
    if ((s = after_word(header, "Bearer"))) {
        *out = (struct authorization){ .scheme = SCHEME_BEARER, .secret = arena_strndup(a, s, strcspn(s, " \t,")) };
        return *out->secret != '\0';
    }
    return false;
}

const char *cookie_find(struct arena *a, const char *header, const char *name)
{
    size_t n = strlen(name);

    while (header && *header) {
        size_t length;

        header += strspn(header, " \t;");
        length = strcspn(header, ";");
        if (length > n && header[n] == '=' && memcmp(header, name, n) == 0) {
            size_t end = length;

            while (end > n + 1 && (header[end - 1] == ' ' || header[end - 1] == '\t'))
                end--;
            return arena_strndup(a, header + n + 1, end - n - 1);
        }
        header += length;
    }
    return NULL;
}

bool session_cookie_read(struct arena *a, const char *value, const char **sid, char hash[static 65])
{
    const char *dot = value ? strchr(value, '.') : NULL;
    size_t bytes;
    void *secret;

    if (!dot || dot - value != SID_LENGTH)
        return false;
    *sid = arena_strndup(a, value, SID_LENGTH);
    if (!sid_valid(*sid, "FS"))
        return false;
    secret = base64url_decode(a, dot + 1, strlen(dot + 1), &bytes);
    if (!secret || bytes != SESSION_SECRET_BYTES)
        return false;
    sha256_hex(secret, bytes, hash);
    return true;
}
