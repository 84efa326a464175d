/* A package holds up offline, and stops holding up when anything in it is changed. */
#include "test.h"

#include "base/json.h"
#include "replay/package.h"
#include "support/acts.h"

struct made {
    struct acts acts;
    struct writ_buf package;
};

static int make(void **state)
{
    struct made *m = calloc(1, sizeof(*m));
    struct writ_err err = { 0 };
    enum writ_verdict v;

    assert_non_null(m);
    acts_open(&m->acts, NULL);
    for (int i = 0; i < 4; i++) {
        uint64_t at = acts_decide(&m->acts, i < 3 ? "t-1" : "t-2", "files/tools/read_file", "{}",
                                  i % 2 == 0, &v);
        acts_complete(&m->acts, at);
    }
    (void)acts_decide(&m->acts, "t-1", "files/tools/read_file", "{}", true, &v);
    (void)acts_decide(&m->acts, "t-1", "other/tools/read_file", "{}", true, &v);
    acts_seal(&m->acts);
    writ_buf_init(&m->package, WRIT_PACKAGE_MAX);
    assert_int_equal(writ_package_export(m->acts.home.ledger, WRIT_LIT("t-1"), &m->package, &err),
                     WRIT_OK);
    *state = m;
    return 0;
}

static int unmake(void **state)
{
    struct made *m = *state;

    writ_buf_release(&m->package);
    acts_close(&m->acts);
    free(m);
    return 0;
}

static enum writ_status verify(struct writ_slice package, struct writ_slice trusted,
                               struct writ_package_report *out, struct writ_err *err)
{
    *err = (struct writ_err){ 0 };
    return writ_package_verify(package, trusted, out, err);
}

static void a_whole_package_holds(void **state)
{
    struct made *m = *state;
    struct writ_package_report r;
    struct writ_err err;

    enum writ_status st = verify(writ_buf_slice(&m->package), WRIT_LIT(""), &r, &err);
    if (st != WRIT_OK)
        print_message("  %s\n", err.text);
    assert_int_equal(st, WRIT_OK);
    assert_string_equal(r.cell, TEST_CELL);
    assert_string_equal(r.txn, "t-1");
    assert_string_equal(r.operator_name, TEST_HUMAN);
    assert_int_equal(r.actions, 5);
    assert_int_equal(r.allowed, 4);
    assert_int_equal(r.denied, 1);
    assert_int_equal(r.in_doubt, 1);
    assert_int_equal(r.proofs, r.records);
    assert_int_equal(r.signatures_agent, 2);
    assert_int_equal(r.unsigned_actions, 1);
    assert_int_equal(r.signatures_session, 1);
    assert_false(r.key_trusted);

    assert_int_equal(verify(writ_buf_slice(&m->package), writ_cstr(r.ledger_key), &r, &err),
                     WRIT_OK);
    assert_true(r.key_trusted);
    static const struct writ_slice OTHER =
        WRIT_SLICE_INIT("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
    assert_int_equal(verify(writ_buf_slice(&m->package), OTHER, &r, &err), WRIT_SIGNATURE);
}

static void an_unknown_transaction_has_no_package(void **state)
{
    struct made *m = *state;
    struct writ_err err = { 0 };
    WRIT_AUTO_BUF out;

    writ_buf_init(&out, WRIT_PACKAGE_MAX);
    assert_int_equal(writ_package_export(m->acts.home.ledger, WRIT_LIT("t-none"), &out, &err),
                     WRIT_NOT_FOUND);
    assert_int_equal(out.len, 0);
}

/* Any byte changed: refused. The package is canonical, so nothing in it is free to vary but the
   white space that is not there. */
static void no_byte_of_a_package_can_be_changed(void **state)
{
    struct made *m = *state;
    struct writ_package_report r;
    struct writ_err err;
    size_t step = m->package.len / 400 + 1, tried = 0;

    for (size_t i = 0; i < m->package.len; i += step) {
        m->package.ptr[i] ^= 1;
        if (verify(writ_buf_slice(&m->package), WRIT_LIT(""), &r, &err) == WRIT_OK) {
            print_message("  byte %zu of %zu: %.60s\n", i, m->package.len,
                          (const char *)m->package.ptr + (i < 30 ? 0 : i - 30));
            fail();
        }
        m->package.ptr[i] ^= 1;
        tried++;
    }
    assert_true(tried > 300);
}

static void dropping_any_record_is_noticed_where_the_rest_stands_on_it(void **state)
{
    struct made *m = *state;
    WRIT_AUTO_JSON *package = NULL;
    struct writ_package_report r;
    struct writ_err err;
    size_t noticed = 0;

    assert_int_equal(
        writ_json_parse_object(writ_buf_slice(&m->package), WRIT_PACKAGE_MAX, &package, &err),
        WRIT_OK);
    json_t *records = json_object_get(package, "records");
    for (size_t i = 0; i < json_array_size(records); i++) {
        WRIT_AUTO_BUF text;
        writ_buf_init(&text, WRIT_PACKAGE_MAX);
        WRIT_AUTO_JSON *item = json_incref(json_array_get(records, i));
        (void)json_array_remove(records, i);
        assert_int_equal(writ_json_canonical(package, &text, &err), WRIT_OK);
        noticed += verify(writ_buf_slice(&text), WRIT_LIT(""), &r, &err) != WRIT_OK;
        (void)json_array_insert(records, i, item);
    }
    /* All but outcomes, denied or unfinished actions: what those leave behind is still true, and
       a missing outcome shows as in doubt. */
    assert_true(noticed >= json_array_size(records) - 8);
    assert_true(noticed >= 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_package_holds, make, unmake),
        cmocka_unit_test_setup_teardown(an_unknown_transaction_has_no_package, make, unmake),
        cmocka_unit_test_setup_teardown(no_byte_of_a_package_can_be_changed, make, unmake),
        cmocka_unit_test_setup_teardown(dropping_any_record_is_noticed_where_the_rest_stands_on_it,
                                        make, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
