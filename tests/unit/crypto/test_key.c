#include "test.h"

#include "base/text.h"
#include "crypto/key.h"

#include "base/banned.h"

/* RFC 8032 section 7.1, tests 1 to 3. */
static const struct rfc8032 {
    const char *seed, *public_hex, *text, *message_hex, *signature;
} RFC8032[] = {
    { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
      "b46bd25bf5f0595bbe24655141438e7a100b" },
    { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      "ed25519:PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
      "1d8c387b2eaeb4302aeeb00d291612bb0c00" },
    { "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      "ed25519:_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
      "c6594a7c15e9716ed28dc027beceea1ec40a" },
};

static void test_rfc8032(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(RFC8032); i++) {
        const struct rfc8032 *row = &RFC8032[i];
        uint8_t seed[32], public_part[32], message[2], want[64], got[64], raw[32];
        size_t len = strlen(row->message_hex) / 2;
        char text[WRIT_KEY_TEXT];
        WRIT_AUTO_KEY *pair = NULL;
        WRIT_AUTO_KEY *pub = NULL;

        assert_int_equal(writ_hex_decode(writ_cstr(row->seed), seed, 32), WRIT_OK);
        assert_int_equal(writ_hex_decode(writ_cstr(row->public_hex), public_part, 32), WRIT_OK);
        assert_int_equal(writ_hex_decode(writ_cstr(row->message_hex), message, len), WRIT_OK);
        assert_int_equal(writ_hex_decode(writ_cstr(row->signature), want, 64), WRIT_OK);
        assert_int_equal(writ_key_from_seed(seed, &pair, NULL), WRIT_OK);
        writ_key_text(pair, text);
        assert_string_equal(text, row->text);
        assert_true(writ_key_ed25519_public(pair, raw));
        assert_memory_equal(raw, public_part, 32);
        assert_int_equal(writ_key_sign(pair, writ_slice(message, len), got, NULL), WRIT_OK);
        assert_memory_equal(got, want, 64); /* deterministic: equal byte for byte */
        assert_int_equal(writ_key_parse(writ_cstr(text), &pub, NULL), WRIT_OK);
        assert_int_equal(writ_key_verify(pub, writ_slice(message, len), writ_slice(got, 64)),
                         WRIT_OK);
        struct writ_hash thumb = writ_key_thumbprint(pub), of_text = writ_sha256(writ_cstr(text));
        assert_true(writ_hash_eq(&thumb, &of_text));
    }
}

static void check_signatures(const struct writ_key *pair, const struct writ_key *pub,
                             const struct writ_key *other)
{
    struct writ_slice message = WRIT_LIT("pay 100 to Alice");
    uint8_t sig[WRIT_SIGNATURE_LEN + 1] = { 0 };

    assert_int_equal(writ_key_sign(pair, message, sig, NULL), WRIT_OK);
    assert_int_equal(writ_key_verify(pub, message, writ_slice(sig, 64)), WRIT_OK);
    assert_int_equal(writ_key_verify(pair, message, writ_slice(sig, 64)), WRIT_OK);
    assert_int_equal(writ_key_verify(other, message, writ_slice(sig, 64)), WRIT_SIGNATURE);
    assert_int_equal(writ_key_verify(pub, WRIT_LIT("pay 900 to Alice"), writ_slice(sig, 64)),
                     WRIT_SIGNATURE);
    assert_int_equal(writ_key_verify(pub, message, writ_slice(sig, 63)), WRIT_SIGNATURE);
    assert_int_equal(writ_key_verify(pub, message, writ_slice(sig, 65)), WRIT_SIGNATURE);
    assert_int_equal(writ_key_verify(pub, message, writ_slice(NULL, 0)), WRIT_SIGNATURE);
    for (size_t i = 0; i < WRIT_SIGNATURE_LEN; i++) {
        sig[i] ^= 0x10;
        assert_int_equal(writ_key_verify(pub, message, writ_slice(sig, 64)), WRIT_SIGNATURE);
        sig[i] ^= 0x10;
    }
    memset(sig, 0, sizeof(sig)); /* r = s = 0 */
    assert_int_equal(writ_key_verify(pub, message, writ_slice(sig, 64)), WRIT_SIGNATURE);
    memset(sig, 0xff, sizeof(sig)); /* beyond the order */
    assert_int_equal(writ_key_verify(pub, message, writ_slice(sig, 64)), WRIT_SIGNATURE);
}

static void test_both_kinds(void **state)
{
    static const enum writ_key_kind kinds[] = { WRIT_KEY_ED25519, WRIT_KEY_P256 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        char text[WRIT_KEY_TEXT], again[WRIT_KEY_TEXT];
        uint8_t raw[32], sig[WRIT_SIGNATURE_LEN] = { 7 };
        WRIT_AUTO_KEY *pair = NULL;
        WRIT_AUTO_KEY *other = NULL;
        WRIT_AUTO_KEY *pub = NULL;

        assert_int_equal(writ_key_generate(kinds[i], &pair, NULL), WRIT_OK);
        assert_int_equal(writ_key_generate(kinds[i], &other, NULL), WRIT_OK);
        assert_int_equal(writ_key_kind(pair), kinds[i]);
        writ_key_text(pair, text);
        assert_int_equal(writ_key_parse(writ_cstr(text), &pub, NULL), WRIT_OK);
        assert_int_equal(writ_key_kind(pub), kinds[i]);
        writ_key_text(pub, again);
        assert_string_equal(text, again);
        assert_true(writ_key_ed25519_public(pub, raw) == (kinds[i] == WRIT_KEY_ED25519));
        check_signatures(pair, pub, other);
        assert_int_equal(writ_key_sign(pub, WRIT_LIT("x"), sig, NULL), WRIT_ARG);
        assert_int_equal(sig[0], 7);
    }
}

/* RFC 6979 A.2.5, P-256 and SHA-256, "sample": a signature that OpenSSL did not make. */
static void test_p256_vector(void **state)
{
    uint8_t point[65] = { 4 }, sig[64];
    WRIT_AUTO_BUF text;
    WRIT_AUTO_KEY *key = NULL;

    (void)state;
    assert_int_equal(
        writ_hex_decode(
            WRIT_LIT("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"),
            point + 1, 64),
        WRIT_OK);
    assert_int_equal(
        writ_hex_decode(
            WRIT_LIT("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"),
            sig, 64),
        WRIT_OK);
    writ_buf_init(&text, WRIT_KEY_TEXT);
    assert_int_equal(writ_buf_add_cstr(&text, "p256:"), WRIT_OK);
    assert_int_equal(writ_base64url_encode(&text, writ_slice(point, sizeof(point))), WRIT_OK);
    assert_int_equal(writ_key_parse(writ_buf_slice(&text), &key, NULL), WRIT_OK);
    assert_int_equal(writ_key_verify(key, WRIT_LIT("sample"), writ_slice(sig, 64)), WRIT_OK);
    assert_int_equal(writ_key_verify(key, WRIT_LIT("test"), writ_slice(sig, 64)), WRIT_SIGNATURE);
}

static void test_key_text_refused(void **state)
{
    static const struct {
        const char *rule, *text;
    } rows[] = {
        { "empty", "" },
        { "no prefix", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
        { "unknown prefix", "rsa:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
        { "prefix in capitals", "Ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
        { "prefix only", "ed25519:" },
        { "one digit less", "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR" },
        { "one byte more", "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURoA" },
        { "spare bits", "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp" },
        { "padding", "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=" },
        { "white space after", "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\n" },
        { "standard alphabet", "ed25519:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw" },
        { "an Ed25519 key called P-256", "p256:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
        { "Ed25519: the neutral point", "ed25519:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
        { "Ed25519: a point of order 4", "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
        { "Ed25519: order 4 with a sign", "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA" },
        { "Ed25519: a point of order 8", "ed25519:JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU" },
        { "P-256: not on the curve",
          "p256:"
          "BAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
          "AAA" },
        { "far too long",
          "ed25519:"
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_key *key = NULL;
        struct writ_err err = { .text = "" };
        if (writ_key_parse(writ_cstr(rows[i].text), &key, &err) != WRIT_FORMAT || key != NULL ||
            err.text[0] == '\0')
            fail_msg("%s: accepted", rows[i].rule);
    }
}

static void test_unknown_kind(void **state)
{
    struct writ_key *key = NULL;

    (void)state;
    assert_int_equal(writ_key_generate(WRIT_KEY_NONE, &key, NULL), WRIT_ARG);
    assert_null(key);
    writ_key_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc8032),      cmocka_unit_test(test_both_kinds),
        cmocka_unit_test(test_p256_vector),  cmocka_unit_test(test_key_text_refused),
        cmocka_unit_test(test_unknown_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
