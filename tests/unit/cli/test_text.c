#include "test.h"

#include "text.h"

#include "base/banned.h"

#define NOON 1795435200123456ull /* 2026-11-23T12:00:00.123456Z */

static uint64_t fixed_now(void *ctx)
{
    (void)ctx;
    return NOON;
}

static enum writ_status counting(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(0xa0 + i);
    return WRIT_OK;
}

static enum writ_status no_random(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    (void)out;
    (void)n;
    return WRIT_IO;
}

static void head(void **state)
{
    const struct writ_env env = { fixed_now, counting, NULL };
    json_t *text = json_object();
    struct writ_err err;
    WRIT_AUTO_BUF out;

    (void)state;
    writ_buf_init(&out, 2 * WRIT_TEXT_MAX);
    assert_int_equal(writ_text_set(text, "human", "alice", &err), WRIT_OK);
    assert_int_equal(writ_text_head(env, "writ.human", WRIT_LIT("x.example/a"), 'c', text, &err),
                     WRIT_OK);
    assert_int_equal(writ_text_canonical(text, &out, &err), WRIT_OK);
    assert_true(writ_slice_is(writ_buf_slice(&out),
                              "{\"cell\":\"x.example/a\",\"human\":\"alice\","
                              "\"id\":\"c-a0a1a2a3a4a5a6a7\",\"issued\":\"2026-11-23T12:00:00Z\","
                              "\"type\":\"writ.human\",\"v\":1}"));
    json_decref(text);
}

/* A head that is made anew replaces the old: an id is used once. */
static void head_again(void **state)
{
    const struct writ_env env = { fixed_now, counting, NULL };
    json_t *text = json_pack("{s:s,s:s}", "id", "g-old", "type", "writ.lift");
    struct writ_err err;

    (void)state;
    assert_int_equal(writ_text_head(env, "writ.grant", WRIT_LIT("c"), 'g', text, &err), WRIT_OK);
    assert_string_equal(json_string_value(json_object_get(text, "id")), "g-a0a1a2a3a4a5a6a7");
    assert_string_equal(json_string_value(json_object_get(text, "type")), "writ.grant");
    json_decref(text);
}

static void no_randomness_no_id(void **state)
{
    const struct writ_env env = { fixed_now, no_random, NULL };
    char id[WRIT_ID_TEXT] = "untouched";
    struct writ_err err;

    (void)state;
    assert_int_equal(writ_id_make(env, 'g', id, &err), WRIT_IO);
    assert_string_equal(id, "untouched");
}

static void lists(void **state)
{
    json_t *text = json_object();
    struct writ_err err;

    (void)state;
    assert_int_equal(writ_text_commas(text, "roles", "operator,approver", &err), WRIT_OK);
    assert_int_equal(json_array_size(json_object_get(text, "roles")), 2);
    assert_int_equal(writ_text_append(text, "roles", "policy", &err), WRIT_OK);
    assert_int_equal(json_array_size(json_object_get(text, "roles")), 3);
    assert_int_equal(writ_text_commas(text, "x", "a,,b", &err), WRIT_ARG);
    assert_int_equal(writ_text_commas(text, "x", "a,", &err), WRIT_ARG);
    assert_int_equal(writ_text_commas(text, "x", "", &err), WRIT_ARG);
    json_decref(text);
}

static void only_utf8(void **state)
{
    json_t *text = json_object();
    struct writ_err err;

    (void)state;
    assert_int_equal(writ_text_set(text, "purpose", "a\xff", &err), WRIT_ARG);
    assert_null(json_object_get(text, "purpose"));
    json_decref(text);
}

static void too_long(void **state)
{
    json_t *text = json_object();
    char long_text[WRIT_TEXT_MAX + 1];
    struct writ_err err;
    WRIT_AUTO_BUF out;

    (void)state;
    writ_buf_init(&out, 4 * WRIT_TEXT_MAX);
    memset(long_text, 'a', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    assert_int_equal(writ_text_set(text, "purpose", long_text, &err), WRIT_OK);
    assert_int_equal(writ_text_canonical(text, &out, &err), WRIT_LIMIT);
    json_decref(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head),
        cmocka_unit_test(head_again),
        cmocka_unit_test(no_randomness_no_id),
        cmocka_unit_test(lists),
        cmocka_unit_test(only_utf8),
        cmocka_unit_test(too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
