#include "test.h"

#include "base/text.h"
#include "wire/frame.h"

#include "base/banned.h"

#define ID 0x01020304u

static const uint8_t filler[256] = { 7 };

/* A valid AUTHORIZE with everything that may be in it. */
static void build_authorize(struct writ_buf *b)
{
    struct writ_frame_out o;

    writ_frame_begin(&o, b, WRIT_FRAME_AUTHORIZE, ID);
    writ_frame_add(&o, WRIT_TAG_AGENT, WRIT_LIT("invoice-bot"));
    writ_frame_add(&o, WRIT_TAG_TXN, WRIT_LIT("t-1"));
    writ_frame_add(&o, WRIT_TAG_ACTION, WRIT_LIT("files/tools/read_file"));
    writ_frame_add(&o, WRIT_TAG_ARGUMENTS, WRIT_LIT("{\"path\":\"/a\"}"));
    writ_frame_add_some(&o, WRIT_TAG_GRANT, writ_slice(NULL, 0));
    writ_frame_add(&o, WRIT_TAG_NONCE, writ_slice(filler, 16));
    writ_frame_add_number(&o, WRIT_TAG_ISSUED, UINT64_C(1763928000000000));
    writ_frame_add(&o, WRIT_TAG_SIGNATURE, writ_slice(filler, 64));
    /* A required field is last, or a cut before the optional ones would be a good frame. */
    writ_frame_add(&o, WRIT_TAG_SALT, writ_slice(filler, 32));
    assert_int_equal(writ_frame_end(&o, NULL), WRIT_OK);
}

static void test_what_is_written_is_read(void **state)
{
    WRIT_AUTO_BUF b;
    struct writ_frame f;
    size_t size = 0;

    (void)state;
    writ_buf_init(&b, 4096);
    build_authorize(&b);
    assert_int_equal(writ_frame_size(writ_buf_slice(&b), &size, NULL), WRIT_OK);
    assert_int_equal(size, b.len);
    assert_int_equal(writ_frame_read(writ_buf_slice(&b), &f, NULL), WRIT_OK);
    assert_int_equal(f.type, WRIT_FRAME_AUTHORIZE);
    assert_int_equal(f.id, ID);
    assert_true(writ_slice_is(writ_frame_bytes(&f, WRIT_TAG_AGENT), "invoice-bot"));
    assert_true(writ_frame_number(&f, WRIT_TAG_ISSUED, 0) == UINT64_C(1763928000000000));
    assert_false(writ_frame_has(&f, WRIT_TAG_GRANT));
    assert_int_equal(writ_frame_bytes(&f, WRIT_TAG_GRANT).len, 0);
    assert_int_equal(writ_frame_number(&f, WRIT_TAG_DURATION, 5), 5);
}

static void test_every_truncation_is_refused(void **state)
{
    WRIT_AUTO_BUF b;
    struct writ_frame f;

    (void)state;
    writ_buf_init(&b, 4096);
    build_authorize(&b);
    for (size_t n = 0; n < b.len; n++) {
        /* On the heap, so that a read beyond the end is seen by the sanitizer. */
        uint8_t *cut = malloc(n > 0 ? n : 1);
        assert_non_null(cut);
        memcpy(cut, b.ptr, n);
        assert_int_not_equal(writ_frame_read(writ_slice(cut, n), &f, NULL), WRIT_OK);
        /* The same with a length that admits to it. */
        if (n >= 4) {
            writ_put_be32(cut, (uint32_t)(n - 4));
            assert_int_not_equal(writ_frame_read(writ_slice(cut, n), &f, NULL), WRIT_OK);
        }
        free(cut);
    }
}

struct raw_row {
    const char *rule;
    const char *hex; /* the frame behind its length */
    enum writ_status expect;
};

/* 03 = AUTHORIZE, 04 = COMPLETE, 06 = AWAIT (tag 0x18), 05 = LIST. */
static const struct raw_row raw_rows[] = {
    { "a request without fields",
      "01"
      "00000001",
      WRIT_OK },
    { "id 0 and the greatest id are ids",
      "01"
      "ffffffff",
      WRIT_OK },
    { "an AWAIT with its approval",
      "06"
      "00000001"
      "18"
      "00000002"
      "6131",
      WRIT_OK },
    { "no type and id: too short", "01000000", WRIT_FORMAT },
    { "type 0 is unknown", "0000000001", WRIT_FORMAT },
    { "type 8 is unknown", "0800000001", WRIT_FORMAT },
    { "type 0x88 is unknown", "8800000001", WRIT_FORMAT },
    { "a missing field", "0600000001", WRIT_FORMAT },
    { "tag 0 is unknown", "0600000001000000000018000000026131", WRIT_FORMAT },
    { "tag 39 is unknown", "060000000118000000026131270000000161", WRIT_FORMAT },
    { "tag 255 is unknown", "060000000118000000026131ff0000000161", WRIT_FORMAT },
    { "a tag twice", "0600000001180000000161180000000161", WRIT_FORMAT },
    { "a tag of another type", "0600000001180000000161040000000161", WRIT_FORMAT },
    { "a field longer than the frame", "060000000118000000036131", WRIT_FORMAT },
    { "a field length of four gigabytes", "060000000118ffffffff6131", WRIT_FORMAT },
    { "a tag without a length", "060000000118", WRIT_FORMAT },
    { "a number of seven bytes", "04000000010b00000007000000000000001a000000026f6b", WRIT_FORMAT },
    { "a number of nine bytes", "04000000010b000000090000000000000000001a000000026f6b",
      WRIT_FORMAT },
    { "an outcome with its index", "04000000010b0000000800000000000000071a000000026f6b", WRIT_OK },
    { "a result without a salt", "04000000010b0000000800000000000000071a000000026f6b1b000000027b7d",
      WRIT_FORMAT },
    { "a list without elements",
      "050000000104000000016129000000"
      "0000",
      WRIT_FORMAT },
    { "list tags may repeat",
      "05000000010400000001611d0000000166"
      "1e00000005746f6f6c731f00000001611f0000000162",
      WRIT_OK },
    { "a reply needs its fields", "8600000001", WRIT_FORMAT },
    { "an ERROR with its status",
      "ff00000000250000000800000000000000"
      "03",
      WRIT_OK },
};

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(raw_rows); i++) {
        const struct raw_row *r = &raw_rows[i];
        uint8_t raw[256];
        struct writ_frame f;
        struct writ_err err = { 0 };
        size_t n = strlen(r->hex) / 2;
        writ_put_be32(raw, (uint32_t)n);
        assert_int_equal(writ_hex_decode(writ_cstr(r->hex), raw + 4, n), WRIT_OK);
        enum writ_status st = writ_frame_read(writ_slice(raw, n + 4), &f, &err);
        if (st != r->expect)
            fail_msg("%s: %s (%s)", r->rule, writ_status_text(st), err.text);
    }
}

static void test_half_a_proof_is_refused(void **state)
{
    static const enum writ_tag without[] = { WRIT_TAG_NONCE, WRIT_TAG_ISSUED, WRIT_TAG_SIGNATURE };
    WRIT_AUTO_BUF whole, cut;
    struct writ_frame f;

    (void)state;
    writ_buf_init(&whole, 4096);
    writ_buf_init(&cut, 4096);
    build_authorize(&whole);
    assert_int_equal(writ_frame_read(writ_buf_slice(&whole), &f, NULL), WRIT_OK);
    for (size_t i = 0; i < ARRAY_LEN(without); i++) {
        struct writ_frame_out o;
        struct writ_slice value;
        enum writ_tag tag;
        size_t at = 0;
        writ_frame_begin(&o, &cut, f.type, f.id);
        while (writ_frame_next(&f, &at, WRIT_TAG_NONE, &tag, &value))
            if (tag != without[i])
                writ_frame_add(&o, tag, value);
        assert_int_equal(writ_frame_end(&o, NULL), WRIT_FORMAT);
        assert_int_equal(cut.len, 0);
    }
}

static void test_lengths_have_limits(void **state)
{
    uint8_t raw[4] = { 0 };
    size_t size = 99;

    (void)state;
    assert_int_equal(writ_frame_size(writ_slice(raw, 0), &size, NULL), WRIT_OK);
    assert_int_equal(size, 0);
    writ_put_be32(raw, 4);
    assert_int_equal(writ_frame_size(writ_slice(raw, 4), &size, NULL), WRIT_FORMAT);
    writ_put_be32(raw, 5);
    assert_int_equal(writ_frame_size(writ_slice(raw, 4), &size, NULL), WRIT_OK);
    assert_int_equal(size, 9);
    writ_put_be32(raw, WRIT_FRAME_MAX);
    assert_int_equal(writ_frame_size(writ_slice(raw, 4), &size, NULL), WRIT_OK);
    writ_put_be32(raw, WRIT_FRAME_MAX + 1);
    assert_int_equal(writ_frame_size(writ_slice(raw, 4), &size, NULL), WRIT_LIMIT);
    writ_put_be32(raw, UINT32_MAX);
    assert_int_equal(writ_frame_size(writ_slice(raw, 4), &size, NULL), WRIT_LIMIT);
}

static void test_a_frame_that_would_be_refused_is_not_written(void **state)
{
    WRIT_AUTO_BUF b;
    struct writ_frame_out o;

    (void)state;
    writ_buf_init(&b, 4096);
    assert_int_equal(writ_buf_add_cstr(&b, "before"), WRIT_OK);
    writ_frame_begin(&o, &b, WRIT_FRAME_AWAIT, 1);
    writ_frame_add(&o, WRIT_TAG_AGENT, WRIT_LIT("not a field of AWAIT"));
    assert_int_equal(writ_frame_end(&o, NULL), WRIT_FORMAT);
    writ_frame_begin(&o, &b, WRIT_FRAME_AWAIT, 1);
    writ_frame_add(&o, WRIT_TAG_APPROVAL, writ_slice(filler, sizeof(filler)));
    for (int i = 0; i < 20; i++) /* beyond the buffer's ceiling */
        writ_frame_add(&o, WRIT_TAG_APPROVAL, writ_slice(filler, sizeof(filler)));
    assert_int_equal(writ_frame_end(&o, NULL), WRIT_LIMIT);
    assert_true(writ_slice_is(writ_buf_slice(&b), "before"));
}

static void test_garbage(void **state)
{
    uint8_t raw[96];
    struct writ_frame f;
    uint64_t x = 88172645463325252u;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        for (size_t i = 0; i < sizeof(raw); i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            raw[i] = (uint8_t)x;
        }
        writ_put_be32(raw, sizeof(raw) - 4);
        raw[4] = (uint8_t)(raw[4] % 9); /* else the type alone would refuse nearly all */
        if (writ_frame_read(writ_slice(raw, sizeof(raw)), &f, NULL) == WRIT_OK)
            assert_true(f.type != WRIT_FRAME_NONE);
    }
}

static void test_error_frames(void **state)
{
    WRIT_AUTO_BUF b;
    struct writ_frame f;
    char text[3000];

    (void)state;
    writ_buf_init(&b, 8192);
    memset(text, 'x', sizeof(text));
    assert_int_equal(writ_frame_error(&b, 9, WRIT_LIMIT, writ_slice(text, sizeof(text))), WRIT_OK);
    assert_int_equal(writ_frame_read(writ_buf_slice(&b), &f, NULL), WRIT_OK);
    assert_int_equal(f.id, 9);
    assert_int_equal(writ_frame_number(&f, WRIT_TAG_STATUS, 0), WRIT_LIMIT);
    assert_int_equal(writ_frame_bytes(&f, WRIT_TAG_TEXT).len, 1024);
}

static void test_lists_are_walked(void **state)
{
    WRIT_AUTO_BUF b;
    struct writ_frame_out o;
    struct writ_frame f;
    struct writ_slice v;
    enum writ_tag tag;
    size_t at = 0;

    (void)state;
    writ_buf_init(&b, 4096);
    writ_frame_begin(&o, &b, WRIT_FRAME_LIST, 3);
    writ_frame_add(&o, WRIT_TAG_AGENT, WRIT_LIT("bot"));
    writ_frame_add(&o, WRIT_TAG_NAME, WRIT_LIT("one"));
    writ_frame_add(&o, WRIT_TAG_DIGEST, WRIT_LIT(""));
    writ_frame_add(&o, WRIT_TAG_TARGET, WRIT_LIT("files"));
    writ_frame_add(&o, WRIT_TAG_KIND, WRIT_LIT("tools"));
    writ_frame_add(&o, WRIT_TAG_NAME, WRIT_LIT("two"));
    writ_frame_add(&o, WRIT_TAG_DIGEST, WRIT_LIT("d2"));
    assert_int_equal(writ_frame_end(&o, NULL), WRIT_OK);
    assert_int_equal(writ_frame_read(writ_buf_slice(&b), &f, NULL), WRIT_OK);
    assert_true(writ_frame_next(&f, &at, WRIT_TAG_NAME, &tag, &v));
    assert_true(writ_slice_is(v, "one"));
    assert_true(writ_frame_next(&f, &at, WRIT_TAG_NAME, &tag, &v));
    assert_true(writ_slice_is(v, "two"));
    assert_false(writ_frame_next(&f, &at, WRIT_TAG_NAME, &tag, &v));
    assert_false(writ_frame_next(&f, &at, WRIT_TAG_NAME, &tag, &v));
    at = 0;
    assert_true(writ_frame_next(&f, &at, WRIT_TAG_DIGEST, &tag, &v));
    assert_int_equal(v.len, 0);
    assert_true(writ_frame_next(&f, &at, WRIT_TAG_DIGEST, &tag, &v));
    assert_true(writ_slice_is(v, "d2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_half_a_proof_is_refused),
        cmocka_unit_test(test_lengths_have_limits),
        cmocka_unit_test(test_a_frame_that_would_be_refused_is_not_written),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_error_frames),
        cmocka_unit_test(test_lists_are_walked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
