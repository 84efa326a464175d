#include "test.h"

#include "table.h"

#include "base/banned.h"

static const char *const HEAD[] = { "NAME", "STATE", "TEXT", NULL };

/* Prints rows of three cells for a terminal of `width` cells, 0 for no terminal. */
static char *print(const char *const (*rows)[3], size_t n, size_t width)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    struct writ_out out = { f, width != 0, false, width };
    struct writ_err err;
    WRIT_AUTO_TABLE t;

    writ_table_init(&t, HEAD);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < 3; c++)
            writ_table_addf(&t, WRIT_STYLE_GOOD, "%s", rows[i][c]);
    assert_int_equal(writ_table_print(&t, &out, &err), WRIT_OK);
    (void)fclose(f);
    return text;
}

static void aligned(void **state)
{
    static const char *const ROWS[][3] = { { "bot", "active", "one" },
                                           { "日本", "gone", "two" },
                                           { "e\xcc\x81t\xc3\xa9", "x", "" } };
    char *text = print(ROWS, 3, 0);

    (void)state;
    assert_string_equal(text, "NAME  STATE   TEXT\n"
                              "bot   active  one\n"
                              "日本  gone    two\n"
                              "e\xcc\x81t\xc3\xa9   x       -\n");
    free(text);
}

static void hostile(void **state)
{
    static const char *const ROWS[][3] = {
        { "a\nb", "\033[31m",
          "\xc2\x9b"
          "2J\xe2\x80\xae" },
        { "\xff\xfe", "ok", "fine" },
    };
    char *text = print(ROWS, 2, 0);
    size_t lines = 0;

    (void)state;
    for (const char *c = text; *c != '\0'; c++) {
        assert_true(*c == '\n' || (*c >= 0x20 && *c != 0x7f)); /* ASCII only is left */
        lines += *c == '\n';
    }
    assert_int_equal(lines, 3);
    assert_non_null(strstr(text, "a\\nb"));
    assert_non_null(strstr(text, "\\x1b[31m"));
    free(text);
}

static void cut_at_the_edge(void **state)
{
    static const char *const ROWS[][3] = { { "a", "b", "0123456789abcdef" },
                                           { "a", "b", "日本日本日本日本" },
                                           { "a", "b", "fits" } };
    char *text = print(ROWS, 3, 23); /* 13 for the first two columns, 10 are left */

    (void)state;
    assert_string_equal(text, "NAME  STATE  TEXT\n"
                              "a     b      012345678…\n"
                              "a     b      日本日本…\n"
                              "a     b      fits\n");
    free(text);
}

static void many_rows(void **state)
{
    struct writ_out out = { fopen("/dev/null", "w"), false, false, 0 };
    struct writ_err err;
    WRIT_AUTO_TABLE t;

    (void)state;
    writ_table_init(&t, HEAD);
    for (size_t i = 0; i < 3000; i++)
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%zu", i);
    assert_int_equal(t.cells, 3000);
    assert_int_equal(writ_table_print(&t, &out, &err), WRIT_OK);
    (void)fclose(out.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligned),
        cmocka_unit_test(hostile),
        cmocka_unit_test(cut_at_the_edge),
        cmocka_unit_test(many_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
