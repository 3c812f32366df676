/* media: the files that people send each other.
 *
 * A medium is a row (ME…) and a file of the folder `media` beside the database, outside of what is served as the site.  Nothing is
 * overwritten and nothing is renamed: the row comes first, then the file under a name of its own that nobody can guess, on disk
 * before anything is acknowledged, then the row says that it is there.  So a crash leaves at worst a row that no message holds, and
 * what no message holds for a day is removed, file and row.  What a message holds goes with it, or with its conversation.
 *
 * What a file is, is told by its bytes and not by its sender (media_sniff).  Images, sound, film and PDF are shown by a browser; all
 * else is something to save, and whatever it is runs nothing and is nobody's page (media_serve).
 *
 * A link to a file is signed and expires; it needs no credentials, since an <img> cannot send any.
 *
 * Rows: the ledger's thread.  Files: any thread, but it waits for the disk; media_pool() has threads for that. */
#pragma once
#include "ledger/ledger.h"

enum { MEDIA_NAME_MAX = 255, MEDIA_TYPE_MAX = 100, MEDIA_LINK_MS = 5 * 60 * 1000, MEDIA_ORPHAN_MS = 24 * 60 * 60 * 1000 };
enum media_category { MEDIA_MEDIA, MEDIA_BODY, MEDIA_HISTORY };
extern const char *const media_category_names[];

struct medium {
    const char *sid, *account_sid, *chat_service_sid;
    const char *conversation_sid, *message_sid; /* who holds it; NULL: nobody yet */
    const char *author, *filename;              /* filename NULL: it was given none */
    const char *content_type;                   /* what it is */
    const char *file;                           /* its name on disk */
    unsigned    category;                       /* enum media_category */
    bool        ready, removed;                 /* the file is there; the file is to go */
    int64_t     size, date_created, date_updated;
};
extern const struct kind medium_kind;

/* Paths of the media service below its label ("mcs"), for those who hand out links; %s: the service. */
#define MEDIA_PATH     "/v1/Services/%s/Media"
#define MEDIA_SET_PATH "/v1/Services/%s/MediaSet"
bool media_is_upload(const char *path, size_t n); /* is it one of those? (http_config.is_upload) */

struct media;
struct pool;
struct media *media_new(struct ledger *l, struct arena *a, const char *data_folder, int64_t max); /* before ledger_start() */
void          media_free(struct media *m);                             /* waits for its threads */
int64_t       media_max(const struct media *m);                        /* bytes of a file */
struct pool  *media_pool(struct media *m);

/* --- in ------------------------------------------------------------------------------------------------------- */

/* May this author send so many bytes now?  RATE_LIMIT if not.  The ledger's thread. */
fault_t media_allowed(struct media *m, struct tx *tx, const char *service_sid, const char *author, size_t n);
/* A row like this one (account, service, author, filename, category; file NULL: made), for a file to come. */
struct medium *media_begin(struct tx *tx, const struct medium *like);
/* Writes the bytes as that row's file, and waits until they are on disk.  Any thread. */
fault_t media_write(struct media *m, struct arena *a, const char *file, const void *bytes, size_t n);
/* The file is there. */
void media_ready(struct tx *tx, struct medium *row, const char *content_type, int64_t size);
/* A name for a file, where it is written before there is a row (what a channel brings): it goes into `like`. */
const char *media_file_new(struct arena *a);

/* A message takes these, in this order: they are of its service, nobody else's, and there.  *json is what a message's `media` says:
 * [{"sid", "category", "filename", "content_type", "size"}, …].  CHAT_MEDIA_UNKNOWN if one is not to be had. */
fault_t media_claim(struct tx *tx, const char *service_sid, const char *author, const char *const *sids, size_t n, const char *conversation_sid,
                    const char *message_sid, const char **json); /* author: whose they must be; NULL: anybody's */

/* --- out ------------------------------------------------------------------------------------------------------ */

/* The bytes, until the arena goes; NULL: they are not there. */
const void *media_bytes(struct media *m, struct arena *a, const struct medium *row);
/* How a browser is told to take it: a type that cannot harm, inline or to be saved. */
struct media_headers { const char *content_type, *disposition; };
struct media_headers media_serve(struct arena *a, const struct medium *row);
/* What stands in a link in place of credentials; secret: of the account. */
const char *media_pass(struct arena *a, const char *secret, const char *sid, int64_t expires);
const char *media_pass_sid(struct arena *a, const char *pass); /* of which medium it says to be; NULL: it is none */
bool        media_pass_good(struct arena *a, const char *secret, const char *pass, int64_t now);

/* --- what strangers send ---------------------------------------------------------------------------------------- */

/* What these bytes are; declared: what the sender says, believed where it can do no harm and is not contradicted. */
const char *media_sniff(struct arena *a, const void *bytes, size_t n, const char *declared);
/* The last part of a path, without what does not belong into a name; NULL: nothing is left. */
const char *media_name(struct arena *a, const char *given);
/* The file in a multipart/form-data body: the first part with a file name, or else the first. */
struct media_part { const char *bytes; size_t n; const char *filename, *content_type; };
bool media_part_find(struct arena *a, const char *content_type, const char *body, size_t n, struct media_part *out);
