/* static: files of a folder (the built desktop), read once at start into memory, with ETag, gzip and cache headers.
 * A path that has no file gets the folder's index.html when the request accepts HTML (client-side routes). */
#pragma once
#include "net/http.h"

struct static_files;
struct static_files *static_load(const char *folder);   /* NULL when the folder cannot be read */
void                 static_free(struct static_files *f);
/* Answers the request if path (already without prefix, decoded) names a file or, with fallback, index.html; else false. */
bool                 static_serve(const struct static_files *f, struct http_request *r, const char *path, bool fallback);
