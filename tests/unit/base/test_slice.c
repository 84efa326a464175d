#include "test.h"

#include "base/slice.h"

#include "base/banned.h"

static void test_order(void **state)
{
    static const struct {
        const char *rule, *a, *b;
        int sign;
    } rows[] = {
        { "equal", "abc", "abc", 0 },
        { "both empty", "", "", 0 },
        { "empty first", "", "a", -1 },
        { "shorter first when a prefix", "ab", "abc", -1 },
        { "bytes decide before length", "b", "abc", 1 },
        { "bytes are unsigned", "\x7f", "\x80", -1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_slice a = writ_cstr(rows[i].a), b = writ_cstr(rows[i].b);
        int c = writ_slice_cmp(a, b), back = writ_slice_cmp(b, a);
        if ((c > 0) - (c < 0) != rows[i].sign || (back > 0) - (back < 0) != -rows[i].sign)
            fail_msg("%s", rows[i].rule);
        if (writ_slice_eq(a, b) != (rows[i].sign == 0))
            fail_msg("eq: %s", rows[i].rule);
    }
}

static void test_views(void **state)
{
    struct writ_slice s = WRIT_LIT("grant.signed"), nothing = { NULL, 0 };

    (void)state;
    assert_true(writ_slice_starts(s, WRIT_LIT("grant.")));
    assert_true(writ_slice_starts(s, nothing));
    assert_false(writ_slice_starts(WRIT_LIT("grant"), s));
    assert_true(writ_slice_is(writ_slice_from(s, 6), "signed"));
    assert_int_equal(writ_slice_from(s, s.len).len, 0);
    assert_int_equal(writ_slice_from(s, SIZE_MAX).len, 0);
    assert_true(writ_slice_eq(nothing, WRIT_LIT("")));
    assert_int_equal(writ_cstr(NULL).len, 0);
    assert_int_equal(writ_slice_cmp(nothing, WRIT_LIT("")), 0);
}

static void test_hash(void **state)
{
    (void)state;
    assert_true(writ_slice_hash(WRIT_LIT("a"), 1) == writ_slice_hash(WRIT_LIT("a"), 1));
    assert_true(writ_slice_hash(WRIT_LIT("a"), 1) != writ_slice_hash(WRIT_LIT("b"), 1));
    assert_true(writ_slice_hash(WRIT_LIT("a"), 1) != writ_slice_hash(WRIT_LIT("a"), 2));
}

static void test_reader_reads_what_put_wrote(void **state)
{
    uint8_t raw[1 + 2 + 4 + 8 + 4 + 3];

    (void)state;
    raw[0] = 0xfe;
    writ_put_be16(raw + 1, 0xfedc);
    writ_put_be32(raw + 3, 0xfedcba98u);
    writ_put_be64(raw + 7, UINT64_C(0xfedcba9876543210));
    writ_put_be32(raw + 15, 3);
    memcpy(raw + 19, "abc", 3);
    struct writ_reader r = writ_reader(writ_slice(raw, sizeof(raw)));
    assert_int_equal(writ_read_u8(&r), 0xfe);
    assert_int_equal(writ_read_be16(&r), 0xfedc);
    assert_true(writ_read_be32(&r) == 0xfedcba98u);
    assert_true(writ_read_be64(&r) == UINT64_C(0xfedcba9876543210));
    assert_true(writ_slice_is(writ_read_str32(&r), "abc"));
    assert_false(r.bad);
    assert_int_equal(r.rest.len, 0);
}

static void test_reader_stays_failed(void **state)
{
    struct writ_reader r = writ_reader(WRIT_LIT("abc"));

    (void)state;
    assert_int_equal(writ_read_be32(&r), 0);
    assert_true(r.bad);
    assert_int_equal(writ_read_u8(&r), 0); /* there are bytes, but it has failed */
    assert_int_equal(r.rest.len, 3);

    /* A length that points past the end. */
    r = writ_reader(writ_slice("\xff\xff\xff\xff"
                               "a",
                               5));
    assert_int_equal(writ_read_str32(&r).len, 0);
    assert_true(r.bad);

    /* Half of a u64 is not one. */
    r = writ_reader(WRIT_LIT("abcdefg"));
    (void)writ_read_be64(&r);
    assert_true(r.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_reader_reads_what_put_wrote),
        cmocka_unit_test(test_reader_stays_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
