#include "test.h"

#include "output.h"

#include "base/banned.h"

struct row {
    const char *rule;
    struct writ_slice in;
    const char *want;
    size_t width; /* of what comes out */
};

/* clang-format off */
static const struct row ROWS[] = {
    { "plain text stays",                WRIT_SLICE_INIT("abc 1"), "abc 1", 5 },
    { "so do other scripts",             WRIT_SLICE_INIT("Grüße"), "Grüße", 5 },
    { "escape sequences are shown",      WRIT_SLICE_INIT("\033[2Jx"), "\\x1b[2Jx", 8 },
    { "newlines are shown",              WRIT_SLICE_INIT("a\nb\rc"), "a\\nb\\x0dc", 9 },
    { "tabs are shown",                  WRIT_SLICE_INIT("a\tb"), "a\\tb", 4 },
    { "NUL is shown",                    WRIT_SLICE_INIT("a\0b"), "a\\x00b", 6 },
    { "DEL is shown",                    WRIT_SLICE_INIT("\177"), "\\x7f", 4 },
    { "C1 CSI in UTF-8 is shown",        WRIT_SLICE_INIT("\xc2\x9b" "31m"), "\\u{9b}31m", 9 },
    { "C1 CSI as a byte is shown",       WRIT_SLICE_INIT("\x9b" "31m"), "\\x9b31m", 7 },
    { "right-to-left override is shown", WRIT_SLICE_INIT("a\xe2\x80\xae" "b"), "a\\u{202e}b", 10 },
    { "isolates are shown",              WRIT_SLICE_INIT("\xe2\x81\xa6"), "\\u{2066}", 8 },
    { "zero-width space is shown",       WRIT_SLICE_INIT("\xe2\x80\x8b"), "\\u{200b}", 8 },
    { "line separator is shown",         WRIT_SLICE_INIT("\xe2\x80\xa8"), "\\u{2028}", 8 },
    { "byte order mark is shown",        WRIT_SLICE_INIT("\xef\xbb\xbf"), "\\u{feff}", 8 },
    { "tag characters are shown",        WRIT_SLICE_INIT("\xf3\xa0\x81\x81"), "\\u{e0041}", 9 },
    { "overlong forms are bytes",        WRIT_SLICE_INIT("\xc0\xaf"), "\\xc0\\xaf", 8 },
    { "a cut character is bytes",        WRIT_SLICE_INIT("a\xe2\x82"), "a\\xe2\\x82", 9 },
    { "wide characters take two cells",  WRIT_SLICE_INIT("日本"), "日本", 4 },
    { "combining marks take none",       WRIT_SLICE_INIT("e\xcc\x81"), "e\xcc\x81", 1 },
    { "empty",                           { NULL, 0 }, "", 0 },
};
/* clang-format on */

static void safe_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct row *t = &ROWS[i];
        WRIT_AUTO_BUF out;
        WRIT_AUTO_BUF again;

        print_message("  %s\n", t->rule);
        writ_buf_init(&out, 256);
        writ_buf_init(&again, 256);
        assert_int_equal(writ_safe_text(&out, t->in), WRIT_OK);
        assert_true(writ_slice_is(writ_buf_slice(&out), t->want));
        assert_int_equal(writ_text_width(writ_buf_slice(&out)), t->width);
        /* Safe text stays as it is. */
        assert_int_equal(writ_safe_text(&again, writ_buf_slice(&out)), WRIT_OK);
        assert_true(writ_slice_eq(writ_buf_slice(&out), writ_buf_slice(&again)));
    }
}

static void fit(void **state)
{
    (void)state;
    assert_int_equal(writ_text_fit(WRIT_LIT("abcdef"), 3), 3);
    assert_int_equal(writ_text_fit(WRIT_LIT("日本"), 3), 3); /* a half does not fit */
    assert_int_equal(writ_text_fit(WRIT_LIT("e\xcc\x81x"), 1), 3);
    assert_int_equal(writ_text_fit(WRIT_LIT("ab"), 9), 2);
}

/* One call, one line: data cannot make a second. */
static void one_line(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    struct writ_out out = { f, false, false, 0 };

    (void)state;
    writ_say(&out, "purpose: %s", "x\napproved by alice\033[0m");
    writ_put_style(&out, WRIT_STYLE_BAD, "no colour");
    writ_newline(&out);
    (void)fclose(f);
    assert_string_equal(text, "purpose: x\\napproved by alice\\x1b[0m\nno colour\n");
    free(text);
}

static void json_for_a_terminal(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    struct writ_out out = { f, true, false, 0 };
    json_t *value = json_pack("[s]", "\xc2\x9b");

    (void)state;
    writ_put_json(&out, value);
    (void)fclose(f);
    json_decref(value);
    assert_string_equal(text, "[\n  \"\\u009B\"\n]\n");
    free(text);
}

static void exact_for_a_program(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    struct writ_out out = { f, false, false, 0 };

    (void)state;
    writ_put_line_exactly(&out, WRIT_LIT("{\"a\":\"\xc2\x9b\"}"));
    out.tty = true;
    writ_put_line_exactly(&out, WRIT_LIT("{\"a\":\"\xc2\x9b\"}"));
    (void)fclose(f);
    assert_string_equal(text, "{\"a\":\"\xc2\x9b\"}\n{\"a\":\"\\u{9b}\"}\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(safe_table),
        cmocka_unit_test(fit),
        cmocka_unit_test(one_line),
        cmocka_unit_test(json_for_a_terminal),
        cmocka_unit_test(exact_for_a_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
