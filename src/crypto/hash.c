/*
 * The EVP interface looks the algorithm up and allocates a context for every digest, which costs
 * more than hashing a tree node does. The functions used here are the same code beneath it; they
 * are deprecated since OpenSSL 3.0 but have no substitute without an allocation.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/hash.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/banned.h"

#define BLOCK_LEN 64 /* FIPS 180-4: SHA-256 reads 512 bits at a time */

static_assert(sizeof(SHA256_CTX) <= sizeof(struct writ_sha256), "room for OpenSSL's context");
static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct writ_sha256), "aligned as it needs");
static_assert(SHA256_DIGEST_LENGTH == WRIT_HASH_LEN, "FIPS 180-4");

/* The bytes behind `opaque` are only ever read as a SHA256_CTX, by OpenSSL. */
static SHA256_CTX *ctx(struct writ_sha256 *c)
{
    return (SHA256_CTX *)(void *)c->opaque;
}

void writ_sha256_init(struct writ_sha256 *c)
{
    (void)SHA256_Init(ctx(c));
}

void writ_sha256_add(struct writ_sha256 *c, struct writ_slice s)
{
    if (s.len != 0)
        (void)SHA256_Update(ctx(c), s.ptr, s.len);
}

struct writ_hash writ_sha256_done(struct writ_sha256 *c)
{
    struct writ_hash h;

    (void)SHA256_Final(h.b, ctx(c));
    return h;
}

struct writ_hash writ_sha256(struct writ_slice s)
{
    struct writ_sha256 c;

    writ_sha256_init(&c);
    writ_sha256_add(&c, s);
    return writ_sha256_done(&c);
}

struct writ_hash writ_hmac_sha256(struct writ_slice key, struct writ_slice message)
{
    struct writ_sha256 c;
    struct writ_hash inner, outer;
    uint8_t block[BLOCK_LEN] = { 0 };

    /* RFC 2104: a key longer than a block is replaced by its digest. */
    if (key.len > sizeof(block)) {
        inner = writ_sha256(key);
        memcpy(block, inner.b, sizeof(inner.b));
    } else if (key.len != 0) {
        memcpy(block, key.ptr, key.len);
    }
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36;
    writ_sha256_init(&c);
    writ_sha256_add(&c, writ_slice(block, sizeof(block)));
    writ_sha256_add(&c, message);
    inner = writ_sha256_done(&c);
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36 ^ 0x5c;
    writ_sha256_init(&c);
    writ_sha256_add(&c, writ_slice(block, sizeof(block)));
    writ_sha256_add(&c, writ_slice(inner.b, sizeof(inner.b)));
    outer = writ_sha256_done(&c);
    OPENSSL_cleanse(block, sizeof(block));
    OPENSSL_cleanse(&inner, sizeof(inner));
    OPENSSL_cleanse(&c, sizeof(c));
    return outer;
}

bool writ_hash_eq(const struct writ_hash *a, const struct writ_hash *b)
{
    return CRYPTO_memcmp(a->b, b->b, WRIT_HASH_LEN) == 0;
}
