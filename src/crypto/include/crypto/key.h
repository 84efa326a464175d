/*
 * key: the signing keys of agents and of the ledger: Ed25519 and ECDSA P-256 with SHA-256.
 *
 * Source:    RFC 8032, FIPS 186-4; key text is Writ's own (docs/FORMATS.md).
 * Units:     signatures are 64 bytes: Ed25519's own form, or r and s as fixed 32-byte integers.
 * Limits:    WRIT_KEY_TEXT bytes of public key text.
 * Errors:    WRIT_SIGNATURE when a signature does not verify, WRIT_FORMAT for malformed keys,
 *            WRIT_REFUSED for a key file that others may read, WRIT_CONFLICT for one that
 *            exists already, WRIT_ARG for signing with a public key, WRIT_IO, WRIT_NOMEM.
 * Ownership: writ_key_free wipes private parts; NULL is a no-op.
 * Threads:   immutable after creation; sign and verify may run on any number of threads.
 */
#ifndef WRIT_CRYPTO_KEY_H
#define WRIT_CRYPTO_KEY_H

#include "base/buf.h"
#include "crypto/hash.h"

#define WRIT_SIGNATURE_LEN 64
#define WRIT_KEY_TEXT      160

enum writ_key_kind { WRIT_KEY_NONE = 0, WRIT_KEY_ED25519 = 1, WRIT_KEY_P256 = 2 };

struct writ_key; /* opaque: a public key, or a pair */

/* A new pair from the system's generator. */
WRIT_MUST_CHECK enum writ_status writ_key_generate(enum writ_key_kind kind, struct writ_key **out,
                                                   struct writ_err *err);
/* An Ed25519 pair from its 32-byte seed (RFC 8032); for tests and the ledger's key. */
WRIT_MUST_CHECK enum writ_status writ_key_from_seed(const uint8_t seed[32], struct writ_key **out,
                                                    struct writ_err *err);
/* "ed25519:" or "p256:" and the public key in base64url: 32 raw bytes, or the 65-byte point. */
WRIT_MUST_CHECK enum writ_status writ_key_parse(struct writ_slice text, struct writ_key **out,
                                                struct writ_err *err);
/* A private key file: PKCS#8 PEM, mode 0600 or stricter, owned by the caller's user. */
WRIT_MUST_CHECK enum writ_status writ_key_load(const char *path, struct writ_key **out,
                                               struct writ_err *err);
/* Creates the file with mode 0600; it must not exist. Durable on return. */
WRIT_MUST_CHECK enum writ_status writ_key_store(const struct writ_key *key, const char *path,
                                                struct writ_err *err);
void writ_key_free(struct writ_key *key);
static inline void writ_key_drop(struct writ_key **key)
{
    writ_key_free(*key);
}
#define WRIT_AUTO_KEY __attribute__((cleanup(writ_key_drop))) struct writ_key

enum writ_key_kind writ_key_kind(const struct writ_key *key);
/* The text writ_key_parse reads; NUL-terminated. */
void writ_key_text(const struct writ_key *key, char out[WRIT_KEY_TEXT]);
/* SHA-256 over the key text: the thumbprint in records. */
struct writ_hash writ_key_thumbprint(const struct writ_key *key);
/* The 32 raw bytes of an Ed25519 public key; false for other kinds. */
bool writ_key_ed25519_public(const struct writ_key *key, uint8_t out[32]);

WRIT_MUST_CHECK enum writ_status writ_key_sign(const struct writ_key *key,
                                               struct writ_slice message,
                                               uint8_t out[WRIT_SIGNATURE_LEN],
                                               struct writ_err *err);
/* WRIT_OK only when `signature` is a good one by `key` over `message`. The key decides how. */
WRIT_MUST_CHECK enum writ_status
writ_key_verify(const struct writ_key *key, struct writ_slice message, struct writ_slice signature);

#endif
