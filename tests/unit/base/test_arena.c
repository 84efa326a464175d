#include "test.h"

#include <stdalign.h>

#include "base/arena.h"

#include "base/banned.h"

static void test_budget(void **state)
{
    static const struct {
        const char *rule;
        size_t budget, count, size;
        bool given;
    } rows[] = {
        { "within the budget", 1024, 1, 1000, true },
        { "the whole budget", 1024, 1, 1024, true },
        { "beyond the budget", 1024, 1, 1025, false },
        { "no bytes", 1024, 0, 8, false },
        { "a product that overflows", 1024, SIZE_MAX / 2, 4, false },
        { "more than memory has", SIZE_MAX, 1, SIZE_MAX - 8, false },
        { "larger than a block", 1 << 20, 1, 100000, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_ARENA a;
        writ_arena_init(&a, rows[i].budget);
        const uint8_t *p = writ_arena_array(&a, rows[i].count, rows[i].size);
        if ((p != NULL) != rows[i].given)
            fail_msg("%s", rows[i].rule);
        if (p == NULL && a.left != rows[i].budget)
            fail_msg("%s: a refusal took from the budget", rows[i].rule);
        for (size_t k = 0; p != NULL && k < rows[i].count * rows[i].size; k++)
            if (p[k] != 0)
                fail_msg("%s: not zeroed", rows[i].rule);
    }
}

static void test_pieces_do_not_overlap(void **state)
{
    WRIT_AUTO_ARENA a;
    uint8_t *p[200];

    (void)state;
    writ_arena_init(&a, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(p); i++) {
        p[i] = writ_arena_alloc(&a, i + 1);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % alignof(max_align_t), 0);
        memset(p[i], (int)i, i + 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(p); i++)
        for (size_t k = 0; k <= i; k++)
            assert_int_equal(p[i][k], i);
}

static void test_alignment_counts(void **state)
{
    WRIT_AUTO_ARENA a;

    (void)state;
    writ_arena_init(&a, 2 * alignof(max_align_t));
    assert_non_null(writ_arena_alloc(&a, 1));
    assert_non_null(writ_arena_alloc(&a, 1));
    assert_null(writ_arena_alloc(&a, alignof(max_align_t)));
}

static void test_copies(void **state)
{
    WRIT_AUTO_ARENA a;
    struct writ_slice out = WRIT_LIT("before");

    (void)state;
    writ_arena_init(&a, 64);
    assert_true(writ_arena_copy(&a, WRIT_LIT("text"), &out));
    assert_true(writ_slice_is(out, "text"));
    assert_string_equal(writ_arena_cstr(&a, WRIT_LIT("name")), "name");
    assert_string_equal(writ_arena_cstr(&a, WRIT_LIT("")), "");
    assert_false(writ_arena_copy(&a, writ_slice("x", 100), &out));
    assert_true(writ_slice_is(out, "text")); /* untouched */
    assert_null(writ_arena_cstr(&a, writ_slice("x", SIZE_MAX)));
    assert_true(writ_arena_copy(&a, WRIT_LIT(""), &out));
    assert_int_equal(out.len, 0);
}

static void test_reset(void **state)
{
    WRIT_AUTO_ARENA a;

    (void)state;
    writ_arena_init(&a, 100000);
    uint8_t *first = writ_arena_alloc(&a, 32);
    assert_non_null(first);
    memset(first, 0xff, 32);
    assert_non_null(writ_arena_alloc(&a, 50000));
    writ_arena_reset(&a, 64);
    assert_int_equal(a.used, 0);
    assert_int_equal(a.left, 64);
    uint8_t *again = writ_arena_alloc(&a, 32);
    assert_ptr_equal(again, first); /* the first block was kept */
    for (int i = 0; i < 32; i++)
        assert_int_equal(again[i], 0);
    assert_null(writ_arena_alloc(&a, 64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_pieces_do_not_overlap),
        cmocka_unit_test(test_alignment_counts),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
