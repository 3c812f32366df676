/* jwt: signed tokens (JWS compact, HS256/384/512) by libjose.
 *
 * jwt_sign() makes one; jwt_peek() reads the claims without trusting them (to learn who signed);
 * jwt_verify() checks the signature with the key and returns the claims.  Times are the caller's
 * business.  Nothing here logs a token or a key.
 *
 * A token cannot choose how it is verified: any other algorithm ("none" above all) and a critical header
 * are refused, and so is a key shorter than the hash (RFC 7518): 32 bytes for HS256, 48 and 64 for the others. */
#pragma once
#include "codec/json.h"

enum { JWT_SIZE_MAX = 16 * 1024, JWT_KEY_MIN = 32 };

char   *jwt_sign(struct arena *a, const json_t *header, const json_t *claims, const char *key);  /* header may be NULL or name alg; HS256 else.  NULL: alg or key refused */
json_t *jwt_peek(struct arena *a, const char *token, json_t **header);  /* NULL when it is no JWS; header may be NULL */
json_t *jwt_verify(struct arena *a, const char *token, const char *key);/* NULL when the signature is not the key's */
