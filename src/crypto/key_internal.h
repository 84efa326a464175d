/*
 * key_internal: what the files of src/crypto know about a key and nobody else does.
 *
 * Source:    FIPS 186-4 (uncompressed points), RFC 8032.
 * Units:     bytes.
 * Limits:    a public part is 32 (Ed25519) or 65 bytes (P-256).
 * Errors:    WRIT_FORMAT for bytes that are no key of that kind, WRIT_NOMEM.
 * Ownership: writ_key_adopt takes the EVP_PKEY on success only.
 * Threads:   as in key.h.
 */
#ifndef WRIT_CRYPTO_KEY_INTERNAL_H
#define WRIT_CRYPTO_KEY_INTERNAL_H

#include <openssl/evp.h>

#include "crypto/key.h"

#define WRIT_ED25519_LEN    32
#define WRIT_P256_POINT_LEN 65
#define WRIT_P256_SCALAR    32

struct writ_key {
    EVP_PKEY *pkey;
    enum writ_key_kind kind;
    bool private_part;
    size_t public_len;
    uint8_t public_part[WRIT_P256_POINT_LEN];
};

static inline void writ_pkey_drop(EVP_PKEY **pkey)
{
    EVP_PKEY_free(*pkey);
}
#define WRIT_AUTO_PKEY __attribute__((cleanup(writ_pkey_drop))) EVP_PKEY

/* A key from its public bytes. */
WRIT_MUST_CHECK enum writ_status writ_key_public(enum writ_key_kind kind, struct writ_slice raw,
                                                 struct writ_key **out, struct writ_err *err);
/* Wraps a pair that OpenSSL made or read; refuses kinds and curves that are not ours. */
WRIT_MUST_CHECK enum writ_status writ_key_adopt(EVP_PKEY *pkey, struct writ_key **out,
                                                struct writ_err *err);

#endif
