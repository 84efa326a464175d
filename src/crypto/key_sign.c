#include "crypto/key.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "key_internal.h"

#include "base/banned.h"

/* SEQUENCE of two INTEGERs of at most 33 bytes, each with two bytes of header. */
#define DER_MAX 72

static_assert(2 * WRIT_P256_SCALAR == WRIT_SIGNATURE_LEN, "r and s, fixed length");

static void md_drop(EVP_MD_CTX **md)
{
    EVP_MD_CTX_free(*md);
}
#define AUTO_MD __attribute__((cleanup(md_drop))) EVP_MD_CTX

/* Ed25519 hashes inside; the key alone decides, never the signature. */
static const EVP_MD *digest_of(const struct writ_key *key)
{
    return key->kind == WRIT_KEY_P256 ? EVP_sha256() : NULL;
}

static bool der_to_raw(const uint8_t *der, size_t der_len, uint8_t out[WRIT_SIGNATURE_LEN])
{
    const uint8_t *p = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der_len);
    bool good = sig != NULL &&
                BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, WRIT_P256_SCALAR) == WRIT_P256_SCALAR &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + WRIT_P256_SCALAR, WRIT_P256_SCALAR) ==
                    WRIT_P256_SCALAR;

    ECDSA_SIG_free(sig);
    return good;
}

/*
 * DER INTEGER: no leading zeros but one where the first bit is set. r and s of zero become
 * INTEGER 0, which verification then refuses.
 */
static size_t put_integer(uint8_t *der, const uint8_t scalar[WRIT_P256_SCALAR])
{
    size_t skip = 0, at = 2;

    while (skip < WRIT_P256_SCALAR - 1 && scalar[skip] == 0)
        skip++;
    if ((scalar[skip] & 0x80) != 0)
        der[at++] = 0;
    memcpy(der + at, scalar + skip, WRIT_P256_SCALAR - skip);
    at += WRIT_P256_SCALAR - skip;
    der[0] = 0x02;
    der[1] = (uint8_t)(at - 2);
    return at;
}

static size_t raw_to_der(const uint8_t raw[WRIT_SIGNATURE_LEN], uint8_t der[DER_MAX])
{
    size_t at = 2;

    at += put_integer(der + at, raw);
    at += put_integer(der + at, raw + WRIT_P256_SCALAR);
    der[0] = 0x30;
    der[1] = (uint8_t)(at - 2);
    return at;
}

enum writ_status writ_key_sign(const struct writ_key *key, struct writ_slice message,
                               uint8_t out[WRIT_SIGNATURE_LEN], struct writ_err *err)
{
    uint8_t made[DER_MAX], raw[WRIT_SIGNATURE_LEN];
    size_t len = sizeof(made);
    AUTO_MD *md = EVP_MD_CTX_new();

    if (!key->private_part)
        return writ_fail(err, WRIT_ARG, "a public key cannot sign");
    if (md == NULL)
        return writ_fail_nomem(err);
    if (EVP_DigestSignInit(md, NULL, digest_of(key), NULL, key->pkey) != 1 ||
        EVP_DigestSign(md, made, &len, message.ptr, message.len) != 1) {
        ERR_clear_error();
        return writ_fail(err, WRIT_NOMEM, "signing failed");
    }
    if (key->kind == WRIT_KEY_ED25519 && len == sizeof(raw))
        memcpy(raw, made, sizeof(raw));
    else if (key->kind != WRIT_KEY_P256 || !der_to_raw(made, len, raw))
        return writ_fail_nomem(err);
    memcpy(out, raw, sizeof(raw));
    return WRIT_OK;
}

enum writ_status writ_key_verify(const struct writ_key *key, struct writ_slice message,
                                 struct writ_slice signature)
{
    uint8_t der[DER_MAX];
    const uint8_t *sig = signature.ptr;
    size_t len = signature.len;

    if (len != WRIT_SIGNATURE_LEN)
        return WRIT_SIGNATURE;
    if (key->kind == WRIT_KEY_P256) {
        len = raw_to_der(signature.ptr, der);
        sig = der;
    }
    AUTO_MD *md = EVP_MD_CTX_new();
    if (md == NULL || EVP_DigestVerifyInit(md, NULL, digest_of(key), NULL, key->pkey) != 1) {
        ERR_clear_error();
        return WRIT_NOMEM;
    }
    int good = EVP_DigestVerify(md, sig, len, message.ptr, message.len);
    if (good != 1)
        ERR_clear_error();
    return good == 1 ? WRIT_OK : WRIT_SIGNATURE;
}
