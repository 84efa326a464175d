#include "test.h"

#include "base/text.h"
#include "crypto/hash.h"

#include "base/banned.h"

static void hash_is(const char *rule, struct writ_hash h, const char *want)
{
    char text[2 * WRIT_HASH_LEN + 1];

    writ_hex(text, h.b, sizeof(h.b));
    if (strcmp(text, want) != 0)
        fail_msg("%s: got %s", rule, text);
}

/* The examples that NIST publishes with FIPS 180-4. */
static void test_sha256(void **state)
{
    static const struct {
        const char *rule, *text, *want;
    } rows[] = {
        { "empty", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "one block", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        { "many blocks",
          "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnop"
          "qrlmnopqrsmnopqrstnopqrstu",
          "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        hash_is(rows[i].rule, writ_sha256(writ_cstr(rows[i].text)), rows[i].want);
    hash_is("empty, as NULL", writ_sha256(writ_slice(NULL, 0)), rows[0].want);
}

static void test_sha256_in_pieces(void **state)
{
    struct writ_sha256 c;
    char thousand[1000];

    (void)state;
    memset(thousand, 'a', sizeof(thousand));
    writ_sha256_init(&c);
    for (int i = 0; i < 1000; i++)
        writ_sha256_add(&c, writ_slice(thousand, sizeof(thousand)));
    hash_is("a million times a", writ_sha256_done(&c),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    /* Every way to cut a text in two gives the same digest. */
    struct writ_slice text = writ_slice(thousand, 130);
    struct writ_hash whole = writ_sha256(text);
    for (size_t cut = 0; cut <= text.len; cut++) {
        writ_sha256_init(&c);
        writ_sha256_add(&c, writ_slice(text.ptr, cut));
        writ_sha256_add(&c, writ_slice_from(text, cut));
        struct writ_hash h = writ_sha256_done(&c);
        assert_true(writ_hash_eq(&h, &whole));
    }
}

/* RFC 4231 section 4; case 5 is about truncation, which nothing here does. */
static void test_hmac(void **state)
{
    static const struct {
        const char *rule;
        int key_byte; /* repeated key_len times, or -1: the key is text */
        size_t key_len;
        const char *key;
        int data_byte; /* likewise */
        size_t data_len;
        const char *data, *want;
    } rows[] = {
        { "case 1", 0x0b, 20, NULL, -1, 0, "Hi There",
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
        { "case 2: short key", -1, 0, "Jefe", -1, 0, "what do ya want for nothing?",
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { "case 3", 0xaa, 20, NULL, 0xdd, 50, NULL,
          "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
        { "case 6: key longer than a block", 0xaa, 131, NULL, -1, 0,
          "Test Using Larger Than Block-Size Key - Hash Key First",
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        { "case 7: both longer than a block", 0xaa, 131, NULL, -1, 0,
          "This is a test using a larger than block-size key and a larger than block-size data. "
          "The key needs to be hashed before being used by the HMAC algorithm.",
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t key_bytes[131], data_bytes[50];
        struct writ_slice key = writ_cstr(rows[i].key), data = writ_cstr(rows[i].data);
        if (rows[i].key_byte >= 0) {
            memset(key_bytes, rows[i].key_byte, sizeof(key_bytes));
            key = writ_slice(key_bytes, rows[i].key_len);
        }
        if (rows[i].data_byte >= 0) {
            memset(data_bytes, rows[i].data_byte, sizeof(data_bytes));
            data = writ_slice(data_bytes, rows[i].data_len);
        }
        hash_is(rows[i].rule, writ_hmac_sha256(key, data), rows[i].want);
    }
}

static void test_eq(void **state)
{
    struct writ_hash a = writ_sha256(WRIT_LIT("a")), b = a;

    (void)state;
    assert_true(writ_hash_eq(&a, &b));
    for (size_t bit = 0; bit < 8 * WRIT_HASH_LEN; bit++) {
        b.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(writ_hash_eq(&a, &b));
        b = a;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_sha256_in_pieces),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_eq),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
