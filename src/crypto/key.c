#include "crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "key_internal.h"

#include "base/banned.h"

static const struct kind_row {
    enum writ_key_kind kind;
    const char *prefix;
    size_t public_len;
} KINDS[] = {
    { WRIT_KEY_ED25519, "ed25519:", WRIT_ED25519_LEN },
    { WRIT_KEY_P256, "p256:", WRIT_P256_POINT_LEN },
};

static const struct kind_row *row_of(enum writ_key_kind kind)
{
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
        if (KINDS[i].kind == kind)
            return &KINDS[i];
    return NULL;
}

/*
 * RFC 8032 encodings, without the sign bit, of the points of order 1, 2, 4 and 8. Under such a
 * public key one signature can hold for many texts: it names nobody.
 */
static bool ed25519_small_order(const uint8_t p[WRIT_ED25519_LEN])
{
    static const char *const POINTS[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    uint8_t unsigned_point[WRIT_ED25519_LEN];
    char text[2 * WRIT_ED25519_LEN + 1];

    memcpy(unsigned_point, p, sizeof(unsigned_point));
    unsigned_point[WRIT_ED25519_LEN - 1] &= 0x7f;
    writ_hex(text, unsigned_point, sizeof(unsigned_point));
    for (size_t i = 0; i < sizeof(POINTS) / sizeof(POINTS[0]); i++)
        if (strcmp(text, POINTS[i]) == 0)
            return true;
    return false;
}

static enum writ_status p256_public(struct writ_slice raw, EVP_PKEY **out, struct writ_err *err)
{
    char curve[] = "prime256v1";
    uint8_t point[WRIT_P256_POINT_LEN];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end(),
    };

    /* 04: uncompressed. Hybrid and compressed forms would be second texts for the same key. */
    if (raw.len != sizeof(point) || raw.ptr[0] != 0x04)
        return writ_fail(err, WRIT_FORMAT, "not an uncompressed P-256 point");
    memcpy(point, raw.ptr, sizeof(point));
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
    if (ctx == NULL)
        return writ_fail_nomem(err);
    bool good = EVP_PKEY_fromdata_init(ctx) == 1 &&
                EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) == 1;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return good ? WRIT_OK : writ_fail(err, WRIT_FORMAT, "not a point on P-256");
}

static enum writ_status wrap(EVP_PKEY **pkey, enum writ_key_kind kind, struct writ_slice raw,
                             bool private_part, struct writ_key **out, struct writ_err *err)
{
    struct writ_key *key = calloc(1, sizeof(*key));

    if (key == NULL)
        return writ_fail_nomem(err);
    key->pkey = *pkey;
    *pkey = NULL; /* transferred */
    key->kind = kind;
    key->private_part = private_part;
    key->public_len = raw.len;
    memcpy(key->public_part, raw.ptr, raw.len);
    *out = key;
    return WRIT_OK;
}

enum writ_status writ_key_public(enum writ_key_kind kind, struct writ_slice raw,
                                 struct writ_key **out, struct writ_err *err)
{
    const struct kind_row *row = row_of(kind);
    WRIT_AUTO_PKEY *pkey = NULL;

    if (row == NULL)
        return writ_fail(err, WRIT_ARG, "unknown kind of key");
    if (raw.len != row->public_len)
        return writ_fail(err, WRIT_FORMAT, "public key of %zu bytes, expected %zu", raw.len,
                         row->public_len);
    if (kind == WRIT_KEY_ED25519) {
        if (ed25519_small_order(raw.ptr))
            return writ_fail(err, WRIT_FORMAT, "an Ed25519 point that is nobody's key");
        pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw.ptr, raw.len);
        if (pkey == NULL)
            return writ_fail_nomem(err);
    } else {
        WRIT_TRY(p256_public(raw, &pkey, err));
    }
    return wrap(&pkey, kind, raw, false, out, err);
}

static enum writ_status adopt(EVP_PKEY **pkey, struct writ_key **out, struct writ_err *err)
{
    uint8_t raw[WRIT_P256_POINT_LEN];
    size_t len = sizeof(raw);

    if (EVP_PKEY_is_a(*pkey, "ED25519")) {
        if (EVP_PKEY_get_raw_public_key(*pkey, raw, &len) != 1 || len != WRIT_ED25519_LEN)
            return writ_fail(err, WRIT_FORMAT, "Ed25519 key without a public part");
        return wrap(pkey, WRIT_KEY_ED25519, writ_slice(raw, len), true, out, err);
    }
    char curve[32] = "";
    if (!EVP_PKEY_is_a(*pkey, "EC") ||
        EVP_PKEY_get_utf8_string_param(*pkey, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof(curve),
                                       NULL) != 1 ||
        strcmp(curve, "prime256v1") != 0)
        return writ_fail(err, WRIT_FORMAT, "neither an Ed25519 nor a P-256 key");
    if (EVP_PKEY_set_utf8_string_param(*pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                       "uncompressed") != 1 ||
        EVP_PKEY_get_octet_string_param(*pkey, OSSL_PKEY_PARAM_PUB_KEY, raw, sizeof(raw), &len) !=
            1 ||
        len != sizeof(raw) || raw[0] != 0x04)
        return writ_fail(err, WRIT_FORMAT, "P-256 key without a public part");
    return wrap(pkey, WRIT_KEY_P256, writ_slice(raw, len), true, out, err);
}

enum writ_status writ_key_adopt(EVP_PKEY *pkey, struct writ_key **out, struct writ_err *err)
{
    enum writ_status st = adopt(&pkey, out, err);

    ERR_clear_error();
    return st;
}

enum writ_status writ_key_generate(enum writ_key_kind kind, struct writ_key **out,
                                   struct writ_err *err)
{
    WRIT_AUTO_PKEY *pkey = NULL;

    if (row_of(kind) == NULL)
        return writ_fail(err, WRIT_ARG, "unknown kind of key");
    pkey =
        kind == WRIT_KEY_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_EC_gen("P-256");
    if (pkey == NULL) {
        ERR_clear_error();
        return writ_fail(err, WRIT_NOMEM, "the system's generator made no key");
    }
    WRIT_TRY(writ_key_adopt(pkey, out, err));
    pkey = NULL; /* transferred */
    return WRIT_OK;
}

enum writ_status writ_key_from_seed(const uint8_t seed[32], struct writ_key **out,
                                    struct writ_err *err)
{
    WRIT_AUTO_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);

    if (pkey == NULL)
        return writ_fail_nomem(err);
    WRIT_TRY(writ_key_adopt(pkey, out, err));
    pkey = NULL; /* transferred */
    return WRIT_OK;
}

enum writ_status writ_key_parse(struct writ_slice text, struct writ_key **out, struct writ_err *err)
{
    WRIT_AUTO_BUF raw;

    writ_buf_init(&raw, WRIT_P256_POINT_LEN);
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        struct writ_slice prefix = writ_cstr(KINDS[i].prefix);
        if (!writ_slice_starts(text, prefix))
            continue;
        enum writ_status st = writ_base64url_decode(&raw, writ_slice_from(text, prefix.len));
        if (st == WRIT_NOMEM)
            return writ_fail_nomem(err);
        if (st != WRIT_OK)
            return writ_fail_at(err, WRIT_FORMAT, prefix.len, "key text: not base64url of a key");
        return writ_key_public(KINDS[i].kind, writ_buf_slice(&raw), out, err);
    }
    return writ_fail(err, WRIT_FORMAT, "key text must begin with \"ed25519:\" or \"p256:\"");
}

void writ_key_free(struct writ_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey); /* wipes the private part */
    free(key);
}

enum writ_key_kind writ_key_kind(const struct writ_key *key)
{
    return key->kind;
}

void writ_key_text(const struct writ_key *key, char out[WRIT_KEY_TEXT])
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *p = key->public_part;
    size_t at = (size_t)snprintf(out, WRIT_KEY_TEXT, "%s", row_of(key->kind)->prefix);

    /* Not writ_base64url_encode: this function has no way to say that memory is out. */
    for (size_t i = 0; i < key->public_len; i += 3) {
        size_t have = key->public_len - i < 3 ? key->public_len - i : 3;
        uint32_t v = (uint32_t)p[i] << 16;
        v |= have > 1 ? (uint32_t)p[i + 1] << 8 : 0;
        v |= have > 2 ? p[i + 2] : 0;
        for (size_t k = 0; k <= have; k++)
            out[at++] = DIGITS[v >> (18 - 6 * k) & 63];
    }
    out[at] = '\0';
}

struct writ_hash writ_key_thumbprint(const struct writ_key *key)
{
    char text[WRIT_KEY_TEXT];

    writ_key_text(key, text);
    return writ_sha256(writ_cstr(text));
}

bool writ_key_ed25519_public(const struct writ_key *key, uint8_t out[32])
{
    if (key->kind != WRIT_KEY_ED25519)
        return false;
    memcpy(out, key->public_part, WRIT_ED25519_LEN);
    return true;
}
