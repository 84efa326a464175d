/*
 * hash: SHA-256 and HMAC-SHA-256.
 *
 * Source:    FIPS 180-4, RFC 2104.
 * Units:     bytes.
 * Limits:    none.
 * Errors:    none: with memory at hand these cannot fail.
 * Ownership: contexts are the caller's; a context holds a copy of part of the input.
 * Threads:   one context, one thread.
 */
#ifndef WRIT_CRYPTO_HASH_H
#define WRIT_CRYPTO_HASH_H

#include "base/slice.h"

#define WRIT_HASH_LEN 32

/* 32 bytes by value, so that a digest cannot be confused with a pointer to one. */
struct writ_hash {
    uint8_t b[WRIT_HASH_LEN];
};

struct writ_sha256 {
    /* Room for OpenSSL's SHA256_CTX; hash.c asserts that it fits. */
    uint64_t opaque[16];
};

void writ_sha256_init(struct writ_sha256 *c);
void writ_sha256_add(struct writ_sha256 *c, struct writ_slice s);
struct writ_hash writ_sha256_done(struct writ_sha256 *c);
struct writ_hash writ_sha256(struct writ_slice s);
struct writ_hash writ_hmac_sha256(struct writ_slice key, struct writ_slice message);

/* Constant time. */
bool writ_hash_eq(const struct writ_hash *a, const struct writ_hash *b);

#endif
