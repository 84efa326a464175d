#include "test.h"

#include <errno.h>

#include "base/status.h"

#include "base/banned.h"

static void test_every_status_has_a_text(void **state)
{
    static const struct {
        enum writ_status s;
        const char *text;
    } rows[] = {
#define X(num, name, text) { WRIT_##name, text },
        WRIT_STATUS_MAP(X)
#undef X
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(rows[i].s, i); /* numbers are part of the protocol: no gaps */
        assert_string_equal(writ_status_text(rows[i].s), rows[i].text);
    }
    assert_string_equal(writ_status_text((enum writ_status)99), "unknown status");
}

static void test_messages(void **state)
{
    static const struct {
        const char *rule, *in, *want;
    } rows[] = {
        { "plain text stays", "a file", "a file" },
        { "control bytes cannot reach a terminal", "a\x1b[31m\nb\x7f", "a?[31m?b?" },
        { "UTF-8 stays", "na\xc3\xafve", "na\xc3\xafve" },
    };
    struct writ_err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        memset(&err, 0xff, sizeof(err));
        assert_int_equal(writ_fail_at(&err, WRIT_FORMAT, 7, "%s", rows[i].in), WRIT_FORMAT);
        if (strcmp(err.text, rows[i].want) != 0)
            fail_msg("%s: got %s", rows[i].rule, err.text);
        assert_int_equal(err.status, WRIT_FORMAT);
        assert_int_equal(err.offset, 7);
        assert_int_equal(err.sys_errno, 0);
    }
}

static void test_long_text_is_cut(void **state)
{
    struct writ_err err;
    char long_text[1000];

    (void)state;
    memset(long_text, 'x', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    errno = ENOENT;
    assert_int_equal(writ_fail_sys(&err, "%s", long_text), WRIT_IO);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void test_errno_is_kept_and_told(void **state)
{
    struct writ_err err;

    (void)state;
    errno = ENOENT;
    assert_int_equal(writ_fail_sys(&err, "policy %d", 3), WRIT_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(err.sys_errno, ENOENT);
    assert_string_equal(err.text, "policy 3: No such file or directory");
}

static void test_null_err(void **state)
{
    (void)state;
    assert_int_equal(writ_fail(NULL, WRIT_LIMIT, "x"), WRIT_LIMIT);
    assert_int_equal(writ_fail_at(NULL, WRIT_TIME, 1, "x"), WRIT_TIME);
    assert_int_equal(writ_fail_sys(NULL, "x"), WRIT_IO);
    assert_int_equal(writ_fail_nomem(NULL), WRIT_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_has_a_text),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_long_text_is_cut),
        cmocka_unit_test(test_errno_is_kept_and_told),
        cmocka_unit_test(test_null_err),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
