#include "codec/jwt.h"
#include "codec/base64.h"
#include <jose/cfg.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <string.h>

/* The pieces of "header.payload.signature": as they stand in the token, and what the first two say. */
struct parts {
    const char *text[3];
    size_t n[3];
    json_t *header, *claims;
};

static json_t *decode_object(struct arena *a, const char *s, size_t n)
{
    size_t length;
    const char *json = base64url_decode(a, s, n, &length);

    return json ? json_parse_object(a, json, length, NULL) : NULL;
}

/* Only shared keys; above all not "none", and nothing critical that we do not know. */
static bool acceptable(const json_t *header)
{
    const char *alg = json_get_string(header, "alg");

    return (str_eq(alg, "HS256") || str_eq(alg, "HS384") || str_eq(alg, "HS512")) && !json_object_get(header, "crit");
}

static bool split(struct arena *a, const char *token, struct parts *p)
{
    if (!token || strnlen(token, JWT_SIZE_MAX + 1) > JWT_SIZE_MAX)
        return false;
    for (int i = 0; i < 3; i++) {
        p->text[i] = token;
        p->n[i] = strcspn(token, ".");
        token += p->n[i];
        if (*token != (i < 2 ? '.' : '\0') || memchr(p->text[i], '=', p->n[i]))
            return false;
        token += i < 2;
    }
    if (!base64url_decode(a, p->text[2], p->n[2], NULL))
        return false;
    p->header = decode_object(a, p->text[0], p->n[0]);
    p->claims = decode_object(a, p->text[1], p->n[1]);
    return p->header && p->claims;
}

json_t *jwt_peek(struct arena *a, const char *token, json_t **header)
{
    struct parts p;

    if (!split(a, token, &p))
        return NULL;
    if (header)
        *header = p.header;
    return p.claims;
}

/* libjose tells stderr what it does not like, unless somebody else listens. */
static void say_nothing(void *misc, const char *file, int line, uint64_t err, const char *fmt, va_list ap)
{
    (void)misc, (void)file, (void)line, (void)err, (void)fmt, (void)ap;
}

static void release_cfg(void *cfg)
{
    jose_cfg_decref(cfg);
}
static void release_json(void *v)
{
    json_decref(v);
}

static jose_cfg_t *quiet(struct arena *a)
{
    jose_cfg_t *cfg = jose_cfg();

    if (cfg) {
        jose_cfg_set_err_func(cfg, say_nothing, NULL);
        arena_defer(a, release_cfg, cfg);
    }
    return cfg;
}

static json_t *keep(struct arena *a, json_t *v)
{
    if (v)
        arena_defer(a, release_json, v);
    return v;
}

static json_t *jwk_of(struct arena *a, const char *key)
{
    return keep(a, json_pack("{s:s, s:s}", "kty", "oct", "k", base64url_encode(a, key, strlen(key))));
}

json_t *jwt_verify(struct arena *a, const char *token, const char *key)
{
    struct parts p;

    if (!split(a, token, &p) || !acceptable(p.header))
        return NULL;
    json_t *jws = keep(a, json_pack("{s:s%, s:s%, s:s%}", "protected", p.text[0], p.n[0], "payload", p.text[1], p.n[1],
                                    "signature", p.text[2], p.n[2]));
    json_t *jwk = jwk_of(a, key);
    jose_cfg_t *cfg = quiet(a);

    return jws && jwk && cfg && jose_jws_ver(cfg, jws, NULL, jwk, false) ? p.claims : NULL;
}

char *jwt_sign(struct arena *a, const json_t *header, const json_t *claims, const char *key)
{
    const char *payload = json_text(a, claims);
    json_t *full = header ? json_deep_copy(header) : json_pack("{s:s}", "typ", "JWT");

    if (full && !json_object_get(full, "alg"))
        json_object_set_new(full, "alg", json_string("HS256"));
    json_t *sig = keep(a, json_pack("{s:o}", "protected", full));
    json_t *jws = keep(a, json_pack("{s:s}", "payload", base64url_encode(a, payload, strlen(payload))));
    json_t *jwk = jwk_of(a, key);
    jose_cfg_t *cfg = quiet(a);

    if (!sig || !jws || !jwk || !cfg || !acceptable(full) || !jose_jws_sig(cfg, jws, sig, jwk))
        return NULL;
    return arena_printf(a, "%s.%s.%s", json_get_string(jws, "protected"), json_get_string(jws, "payload"),
                        json_get_string(jws, "signature"));
}
