#include "test.h"

#include "alloc_fail.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"

#include "base/banned.h"

/* More tries than any row has allocations; reaching it means that a row never ends. */
#define TRIES 500

static enum writ_status run_parse(void)
{
    json_t *out = NULL;
    struct writ_err err = { .status = WRIT_OK };
    enum writ_status st = writ_json_parse(
        WRIT_LIT(
            "{\"a\":[1,2.5,\"text\",{\"b\":null}],\"long key\":{\"c\":true,\"d\":\"\\u20ac\"}}"),
        1000, &out, &err);

    if (st != WRIT_OK && (out != NULL || err.status != st))
        return WRIT_ARG;
    json_decref(out);
    return st;
}

static enum writ_status run_buf(void)
{
    WRIT_AUTO_BUF b;

    writ_buf_init(&b, 4096);
    for (int i = 0; i < 200; i++) {
        size_t before = b.len;
        enum writ_status st = writ_buf_add_str32(&b, WRIT_LIT("piece"));
        if (st != WRIT_OK)
            return b.len == before ? st : WRIT_ARG;
    }
    return WRIT_OK;
}

static enum writ_status run_arena(void)
{
    WRIT_AUTO_ARENA a;

    writ_arena_init(&a, 1 << 20);
    for (int i = 0; i < 20; i++) {
        size_t left = a.left;
        if (writ_arena_alloc(&a, 1000) == NULL)
            return a.left == left ? WRIT_NOMEM : WRIT_ARG;
    }
    return WRIT_OK;
}

static enum writ_status run_base64(void)
{
    WRIT_AUTO_BUF b;

    writ_buf_init(&b, 4096);
    WRIT_TRY(writ_base64_encode(&b, WRIT_LIT("some text to encode")));
    writ_buf_release(&b);
    WRIT_TRY(writ_base64url_decode(&b, WRIT_LIT("Zm9vYmFy")));
    writ_buf_release(&b);
    return writ_hex_encode(&b, WRIT_LIT("abc"));
}

/* Made before the failures begin: only the writing of it is under test. */
static json_t *wide_object(void)
{
    json_t *v = json_object();

    for (int i = 0; i < 60; i++) {
        char key[8];
        (void)snprintf(key, sizeof(key), "key%d", i);
        assert_int_equal(json_object_set_new(v, key, json_real(i + 0.1)), 0);
    }
    return v;
}

static json_t *wide;

static enum writ_status run_canonical(void)
{
    WRIT_AUTO_BUF b;

    writ_buf_init(&b, 4096);
    enum writ_status st = writ_json_canonical(wide, &b, NULL);
    return st != WRIT_OK && b.len != 0 ? WRIT_ARG : st;
}

static void test_every_allocation(void **state)
{
    static const struct {
        const char *what;
        enum writ_status (*run)(void);
        size_t least; /* allocations that a run must have, or the row tests nothing */
    } rows[] = {
        { "parsing", run_parse, 15 },           { "a growing buffer", run_buf, 3 },
        { "an arena", run_arena, 3 },           { "text encodings", run_base64, 3 },
        { "canonical form", run_canonical, 3 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t n = 1;
        /* What libraries set up once (hash seed, stdio) is not a leak of the run. */
        assert_int_equal(rows[i].run(), WRIT_OK);
        for (; n < TRIES; n++) {
            alloc_fail_at(n);
            enum writ_status st = rows[i].run();
            bool reached = alloc_fail_end();
            if (alloc_fail_live != 0)
                fail_msg("%s: allocation %zu fails, %ld blocks leak", rows[i].what, n,
                         alloc_fail_live);
            if (st != (reached ? WRIT_NOMEM : WRIT_OK))
                fail_msg("%s: allocation %zu fails, got: %s", rows[i].what, n,
                         writ_status_text(st));
            if (!reached)
                break;
        }
        if (n <= rows[i].least || n == TRIES)
            fail_msg("%s: only %zu allocations", rows[i].what, n - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_allocation) };

    json_set_alloc_funcs(alloc_fail_malloc, alloc_fail_free);
    wide = wide_object();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    json_decref(wide);
    return failed;
}
