#include "test.h"

#include "base/buf.h"

#include "base/banned.h"

static void test_ceiling(void **state)
{
    static const struct {
        const char *rule;
        size_t max, before, more;
        enum writ_status want;
    } rows[] = {
        { "below the ceiling", 10, 4, 5, WRIT_OK },
        { "exactly the ceiling", 10, 4, 6, WRIT_OK },
        { "one byte beyond", 10, 4, 7, WRIT_LIMIT },
        { "nothing fits into nothing", 0, 0, 1, WRIT_LIMIT },
        { "nothing added to nothing", 0, 0, 0, WRIT_OK },
        { "growth past the first allocation", 1000, 60, 300, WRIT_OK },
        { "growth stops at an odd ceiling", 65, 64, 1, WRIT_OK },
    };
    uint8_t bytes[512];

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_BUF b;
        writ_buf_init(&b, rows[i].max);
        assert_int_equal(writ_buf_add(&b, writ_slice(bytes, rows[i].before)), WRIT_OK);
        enum writ_status st = writ_buf_add(&b, writ_slice(bytes, rows[i].more));
        if (st != rows[i].want)
            fail_msg("%s: got %s", rows[i].rule, writ_status_text(st));
        size_t want = rows[i].before + (st == WRIT_OK ? rows[i].more : 0);
        if (b.len != want)
            fail_msg("%s: holds %zu bytes, expected %zu", rows[i].rule, b.len, want);
    }
}

static void test_addf(void **state)
{
    WRIT_AUTO_BUF b;

    (void)state;
    writ_buf_init(&b, 8);
    assert_int_equal(writ_buf_addf(&b, "%s", "exactly8"), WRIT_OK);
    assert_true(writ_slice_is(writ_buf_slice(&b), "exactly8"));
    assert_int_equal(writ_buf_addf(&b, "%d", 1), WRIT_LIMIT);
    assert_true(writ_slice_is(writ_buf_slice(&b), "exactly8"));
}

static void test_integers_and_strings(void **state)
{
    WRIT_AUTO_BUF b;

    (void)state;
    writ_buf_init(&b, 64);
    assert_int_equal(writ_buf_add_byte(&b, 1), WRIT_OK);
    assert_int_equal(writ_buf_add_be16(&b, 0x0203), WRIT_OK);
    assert_int_equal(writ_buf_add_be32(&b, 0x04050607), WRIT_OK);
    assert_int_equal(writ_buf_add_be64(&b, UINT64_C(0x08090a0b0c0d0e0f)), WRIT_OK);
    for (size_t i = 0; i < b.len; i++)
        assert_int_equal(b.ptr[i], i + 1);
    writ_buf_clear(&b);
    assert_int_equal(writ_buf_add_str32(&b, WRIT_LIT("ab")), WRIT_OK);
    assert_memory_equal(b.ptr, "\0\0\0\2ab", 6);
    assert_int_equal(b.len, 6);
}

static void test_str32_all_or_nothing(void **state)
{
    WRIT_AUTO_BUF b;

    (void)state;
    writ_buf_init(&b, 5);
    assert_int_equal(writ_buf_add_str32(&b, WRIT_LIT("ab")), WRIT_LIMIT);
    assert_int_equal(b.len, 0); /* not the length without its bytes */
}

static void test_reserve_overflow(void **state)
{
    WRIT_AUTO_BUF b;
    uint8_t *at = NULL;

    (void)state;
    writ_buf_init(&b, SIZE_MAX);
    assert_int_equal(writ_buf_add_cstr(&b, "x"), WRIT_OK);
    assert_int_equal(writ_buf_reserve(&b, SIZE_MAX, &at), WRIT_LIMIT);
    assert_int_equal(writ_buf_reserve(&b, SIZE_MAX - 1, &at), WRIT_NOMEM);
    assert_null(at);
    assert_int_equal(b.len, 1);
}

static void test_drop_take_wipe(void **state)
{
    WRIT_AUTO_BUF b;

    (void)state;
    writ_buf_init(&b, 64);
    assert_int_equal(writ_buf_add_cstr(&b, "abcdef"), WRIT_OK);
    writ_buf_drop(&b, 2);
    assert_true(writ_slice_is(writ_buf_slice(&b), "cdef"));
    WRIT_SECRET_BUF moved = writ_buf_take(&b);
    assert_int_equal(b.len, 0);
    assert_null(b.ptr);
    assert_int_equal(b.max, 64);
    assert_true(writ_slice_is(writ_buf_slice(&moved), "cdef"));
    writ_buf_drop(&moved, 100);
    assert_int_equal(moved.len, 0);
    writ_buf_wipe(&moved);
    writ_buf_wipe(&moved); /* twice is harmless */
    writ_buf_release(&moved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_addf),
        cmocka_unit_test(test_integers_and_strings),
        cmocka_unit_test(test_str32_all_or_nothing),
        cmocka_unit_test(test_reserve_overflow),
        cmocka_unit_test(test_drop_take_wipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
