#include "auth/internal.h"
#include "base/text.h"
#include <argon2.h>
#include <assert.h>
#include <string.h>

/* OWASP's recommendation for Argon2id: 19 MiB, two passes, one lane. */
enum { MEMORY_KIB = 19 * 1024, PASSES = 2, LANES = 1, SALT_SIZE = 16, HASH_SIZE = 32, ENCODED_SIZE = 160 };

/* Of random bytes that nobody kept: what an unknown user's password is compared with, at the price of a known one's. */
static const char nobodys_hash[] =
    "$argon2id$v=19$m=19456,t=2,p=1$+n03RYI+ztYCYQe6Bh91iA$fWf5kz3upsMbMqMnW3zChg9oB+LG/ImAOfqTWnLrhrA";

char *password_hash(struct arena *a, const char *password)
{
    unsigned char salt[SALT_SIZE];
    char *encoded = arena_alloc(a, ENCODED_SIZE);
    int result;

    assert(strlen(password) <= PASSWORD_LENGTH_MAX);
    random_bytes(salt, sizeof salt);
    result = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password, strlen(password), salt, sizeof salt, HASH_SIZE,
                                   encoded, ENCODED_SIZE);
    assert(result == ARGON2_OK); /* fixed parameters: nothing but memory can be missing */
    (void)result;
    return encoded;
}

bool password_is(const char *hash, const char *password)
{
    size_t n = strlen(password);
    bool known = hash && n <= PASSWORD_LENGTH_MAX;

    if (n > PASSWORD_LENGTH_MAX)
        n = PASSWORD_LENGTH_MAX;
    return argon2id_verify(known ? hash : nobodys_hash, password, n) == ARGON2_OK && known;
}
