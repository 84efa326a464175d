#include "test.h"

#include "gateway/state.h"

#include "base/banned.h"

static const uint8_t key[WRIT_STATE_KEY_LEN] = { 1, 2, 3 };
static const struct writ_state sealed = { .approval = "ap-7f3a",
                                          .params = { { 9, 9 } },
                                          .expires = 1000 };

static void seal(struct writ_buf *out)
{
    writ_buf_init(out, WRIT_STATE_MAX);
    assert_int_equal(writ_state_seal(key, &sealed, out), WRIT_OK);
}

static void a_sealed_state_opens_for_its_own_call_in_time(void **state)
{
    static const uint8_t other_key[WRIT_STATE_KEY_LEN] = { 1, 2, 4 };
    static const struct writ_hash other_call = { { 9, 8 } };
    const struct {
        const char *rule;
        const uint8_t *key;
        const struct writ_hash *params;
        uint64_t now;
        enum writ_status want;
    } rows[] = {
        { "the same call, in time", key, &sealed.params, 999, WRIT_OK },
        { "at its expiry", key, &sealed.params, 1000, WRIT_TIME },
        { "another call", key, &other_call, 999, WRIT_CONFLICT },
        { "another process", other_key, &sealed.params, 999, WRIT_SIGNATURE },
    };
    WRIT_AUTO_BUF text;

    (void)state;
    seal(&text);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_state got = { .approval = "untouched" };
        enum writ_status st =
            writ_state_open(rows[i].key, writ_buf_slice(&text), rows[i].params, rows[i].now, &got);
        if (st != rows[i].want)
            fail_msg("%s: %s", rows[i].rule, writ_status_text(st));
        assert_string_equal(got.approval, st == WRIT_OK ? "ap-7f3a" : "untouched");
    }
}

static void every_change_of_a_state_is_seen(void **state)
{
    WRIT_AUTO_BUF text;

    (void)state;
    seal(&text);
    for (size_t i = 0; i < text.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            struct writ_state got;
            text.ptr[i] ^= (uint8_t)(1u << bit);
            enum writ_status st =
                writ_state_open(key, writ_buf_slice(&text), &sealed.params, 0, &got);
            if (st != WRIT_SIGNATURE && st != WRIT_NOT_FOUND)
                fail_msg("bit %d of byte %zu: %s", bit, i, writ_status_text(st));
            text.ptr[i] ^= (uint8_t)(1u << bit);
        }
        struct writ_state got;
        assert_int_not_equal(writ_state_open(key, writ_slice(text.ptr, i), &sealed.params, 0, &got),
                             WRIT_OK);
    }
    assert_int_equal(writ_buf_add_byte(&text, 'A'), WRIT_OK);
    struct writ_state got;
    assert_int_equal(writ_state_open(key, writ_buf_slice(&text), &sealed.params, 0, &got),
                     WRIT_SIGNATURE);
}

static void what_is_not_ours_is_another_servers(void **state)
{
    static const struct {
        const char *text;
        enum writ_status want;
    } rows[] = {
        { "", WRIT_NOT_FOUND },
        { "v1.eyJ.mac", WRIT_NOT_FOUND },
        { "writ.v1", WRIT_NOT_FOUND },
        { "writ.v1.", WRIT_SIGNATURE },
        { "writ.v1..", WRIT_SIGNATURE },
        { "writ.v1.AA.AA", WRIT_SIGNATURE },
        { "writ.v1.=.=", WRIT_SIGNATURE },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_state got;
        assert_int_equal(writ_state_open(key, writ_cstr(rows[i].text), &sealed.params, 0, &got),
                         rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_state_opens_for_its_own_call_in_time),
        cmocka_unit_test(every_change_of_a_state_is_seen),
        cmocka_unit_test(what_is_not_ours_is_another_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
