#include "test.h"

#include "world.h"

#include "base/banned.h"

static const char *const VIEWS[] = {
    "status", "humans", "agents", "targets", "grants", "approvals"
};

static void test_every_type_is_met(void **state)
{
    bool met[32] = { false };
    struct world w;

    (void)state;
    world_init(&w);
    world_busy(&w);
    for (size_t i = 0; i < w.len; i++) {
        WRIT_AUTO_ARENA arena;
        struct writ_record r;
        writ_arena_init(&arena, 1 << 20);
        assert_int_equal(writ_record_decode(w.records[i], &arena, &r, NULL), WRIT_OK);
        met[r.type] = true;
    }
#define X(num, name, text, shape) \
    if (!met[num])                \
        fail_msg("no record of type %s", text);
    WRIT_RECORD_MAP(X)
#undef X
    world_release(&w);
}

/* The fold is the state: what it shows, and what it decides. */
static void test_fold_is_the_state(void **state)
{
    static const struct ask ASKS[] = { { .grant = "g", .salt = 1, .nonce = 501 },
                                       { .grant = "ap", .salt = 4, .nonce = 502 },
                                       { .salt = 1, .nonce = 503 },
                                       { .agent = HELPER, .grant = "d", .salt = 1, .nonce = 504 },
                                       { .grant = "g", .salt = 1, .nonce = 99 } };
    struct world w;

    (void)state;
    world_init(&w);
    world_busy(&w);
    struct writ_authority *again = world_fold(&w, w.len);
    for (size_t i = 0; i < ARRAY_LEN(VIEWS); i++)
        assert_string_equal(world_view(&w, w.a, VIEWS[i], ""), world_view(&w, again, VIEWS[i], ""));
    for (size_t i = 0; i < ARRAY_LEN(ASKS); i++) {
        struct writ_slice one = world_bytes(&w, w.a, &ASKS[i]),
                          two = world_bytes(&w, w.a, &ASKS[i]),
                          folded = world_bytes(&w, again, &ASKS[i]);
        assert_true(one.len != 0);
        assert_true(writ_slice_eq(one, two));
        assert_true(writ_slice_eq(one, folded));
    }
    assert_int_equal(writ_authority_next_index(again), w.len);
    assert_int_equal(writ_authority_last_time(again), writ_authority_last_time(w.a));
    assert_int_equal(writ_authority_in_flight(again), writ_authority_in_flight(w.a));
    assert_true(writ_slice_is(writ_authority_cell(again), WORLD_CELL));
    assert_true(writ_slice_is(writ_authority_ledger_key(again), WORLD_CELL "+0badcafe+AQID"));
    writ_authority_free(again);
    world_release(&w);
}

static void test_views(void **state)
{
    struct world w;
    WRIT_AUTO_BUF out;

    (void)state;
    writ_buf_init(&out, 1 << 20);
    world_init(&w);
    world_busy(&w);
    for (size_t i = 0; i < ARRAY_LEN(VIEWS); i++) {
        WRIT_AUTO_JSON *o = json_loads(world_view(&w, w.a, VIEWS[i], ""), 0, NULL);
        assert_non_null(o);
    }
    assert_non_null(strstr(world_view(&w, w.a, "agents", "fourth"), "\"state\":\"retired\""));
    assert_non_null(strstr(world_view(&w, w.a, "humans", "bob"), "\"state\":\"suspended\""));
    assert_non_null(strstr(world_view(&w, w.a, "grants", "ap"), "\"state\":\"revoked\""));
    assert_non_null(strstr(world_view(&w, w.a, "grants", "d"), "\"parent\":\"g\""));
    assert_string_equal(world_view(&w, w.a, "grants", "none"), "{\"items\":[]}");
    assert_int_equal(
        writ_authority_view(w.a, WRIT_LIT("secrets"), WRIT_LIT(""), true, w.now, &out, &w.err),
        WRIT_NOT_FOUND);
    assert_int_equal(
        writ_authority_view(w.a, WRIT_LIT("grants"), WRIT_LIT(""), false, w.now, &out, &w.err),
        WRIT_OK);
    assert_null(memmem(out.ptr, out.len, "revoked", 7)); /* the dead only when asked for */
    world_release(&w);
}

/* A record that cannot follow is refused: missing, twice, in another order, older. */
static void test_out_of_order(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_busy(&w);
    for (size_t i = 0; i < w.len; i++) {
        struct writ_authority *a = world_fold(&w, i);
        assert_int_equal(writ_authority_apply(a, i + 1, w.records[i], &w.err), WRIT_CORRUPT);
        if (i > 0) {
            assert_int_equal(writ_authority_apply(a, i - 1, w.records[i - 1], &w.err),
                             WRIT_CORRUPT);
            assert_int_equal(writ_authority_apply(a, i, w.records[0], &w.err), WRIT_CORRUPT);
        }
        writ_authority_free(a);
    }
    struct writ_authority *a = world_fold(&w, w.len);
    struct writ_record old = writ_authority_clock_stepped(w.now - 1, 0);
    WRIT_AUTO_BUF bytes;
    writ_buf_init(&bytes, 1000);
    assert_int_equal(writ_record_encode(&old, &bytes, NULL), WRIT_OK);
    assert_int_equal(writ_authority_apply(a, w.len, writ_buf_slice(&bytes), &w.err), WRIT_CORRUPT);
    writ_authority_free(a);
    world_release(&w);
}

/* When the arguments are erased, what does not depend on them is decided again all the same. */
static void test_erased_arguments(void **state)
{
    static const struct {
        const char *rule, *grant, *resource;
        bool undecidable;
        enum writ_verdict verdict;
    } ROWS[] = {
        { "the resource on record is within", "plain", "file:///srv/a", true, WRIT_ALLOW },
        { "the resource on record is outside", "plain", "file:///etc/a", true, WRIT_DENY },
        { "a rule cannot be matched", "rules", "file:///srv/a", true, WRIT_ALLOW },
        { "no grant of this id", "none", "file:///srv/a", false, WRIT_DENY },
    };
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "plain", "{}");
    world_grant(&w, "rules", "{'arguments':{'files/tools/read':{'path':{'exact':'/srv/b'}}}}");
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct writ_slice resource = writ_cstr(ROWS[i].resource);
        struct writ_texts recorded = { 1, &resource };
        struct writ_action_request r;
        struct writ_decision d;
        world_request(&w, &(struct ask){ .grant = ROWS[i].grant }, &r);
        r.arguments = (struct writ_slice){ NULL, 0 };
        r.salt = (struct writ_slice){ NULL, 0 };
        r.erased_resources = &recorded;
        assert_int_equal(writ_authority_decide(w.a, &r, w.now, &w.arena, &d, &w.err), WRIT_OK);
        if (d.undecidable != ROWS[i].undecidable || d.verdict != ROWS[i].verdict)
            fail_msg("%s: verdict %d", ROWS[i].rule, (int)d.verdict);
    }
    world_release(&w);
}

static void test_time(void **state)
{
    struct world w;
    bool stepped;

    (void)state;
    world_init(&w);
    uint64_t last = writ_authority_last_time(w.a);
    assert_int_equal(writ_authority_time(w.a, last + 5, &stepped), last + 5);
    assert_false(stepped);
    assert_int_equal(writ_authority_time(w.a, last - 1000, &stepped), last);
    assert_false(stepped);
    assert_int_equal(writ_authority_time(w.a, last - 1001, &stepped), last + 1);
    assert_true(stepped);
    world_release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_is_met),
        cmocka_unit_test(test_fold_is_the_state),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_out_of_order),
        cmocka_unit_test(test_erased_arguments),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
