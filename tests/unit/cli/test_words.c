#include "test.h"

#include "words.h"

#include "base/banned.h"

struct row {
    const char *rule, *constraint, *want;
};

/* clang-format off */
static const struct row CONSTRAINTS[] = {
    { "exact",    "{\"exact\":\"x\"}", "is exactly \"x\"" },
    { "one of",   "{\"one_of\":[1,2]}", "is one of [1,2]" },
    { "prefix",   "{\"kind\":\"path\",\"prefix\":\"/srv/\"}", "begins with \"/srv/\", as a path" },
    { "range",    "{\"kind\":\"number\",\"range\":{\"min\":1,\"max\":5}}", "is at least 1 and at most 5, as a number" },
    { "from",     "{\"range\":{\"min\":1}}", "is at least 1" },
    { "up to",    "{\"range\":{\"max\":5}}", "is at most 5" },
    { "subset",   "{\"subset\":[\"a\"]}", "has only elements of [\"a\"]" },
    { "any",      "{\"any\":true}", "may be anything" },
    { "absent",   "{\"absent\":true}", "must not be there" },
    { "optional", "{\"exact\":1,\"optional\":true}", "is exactly 1, or is left out" },
};
/* clang-format on */

static void constraints(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CONSTRAINTS); i++) {
        json_t *c = json_loads(CONSTRAINTS[i].constraint, 0, NULL);
        WRIT_AUTO_BUF out;

        print_message("  %s\n", CONSTRAINTS[i].rule);
        writ_buf_init(&out, 4096);
        writ_words_constraint(c, &out);
        assert_true(writ_slice_is(writ_buf_slice(&out), CONSTRAINTS[i].want));
        json_decref(c);
    }
}

static char *words(void (*print)(struct writ_out *out, const json_t *value), const char *json)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    struct writ_out out = { f, false, false, 0 };
    json_t *value = json_loads(json, 0, NULL);

    assert_non_null(value);
    print(&out, value);
    json_decref(value);
    (void)fclose(f);
    return text;
}

#define GRANT                                                                             \
    "{\"human\":\"alice\",\"holder\":\"bot\",\"purpose\":\"read\\n  until  for ever\","   \
    "\"parent\":null,\"actions\":[\"files/tools/a\",\"files/tools/b*\"],"                 \
    "\"resources\":[\"file:///srv/*\"],\"arguments\":{\"files/tools/a\":{}},"             \
    "\"not_before\":\"2026-11-23T20:00:00Z\",\"expires\":\"2026-11-23T20:30:00Z\","       \
    "\"limits\":{\"calls\":20,\"spend\":{\"unit\":\"EUR\",\"max\":0.5}},\"max_depth\":1," \
    "\"proof\":\"none\",\"approval\":[{\"actions\":[\"files/tools/b*\"],\"quorum\":2,"    \
    "\"four_eyes\":true,\"within_s\":600}]}"

static void grant(void **state)
{
    static const char *const LINES[] = {
        "alice lets the agent bot act\n",
        "  to          read\\n  until  for ever\n", /* a purpose cannot forge a line */
        "  by          files/tools/a\n              files/tools/b*\n",
        "  on          file:///srv/*\n",
        "has no arguments\n",
        "20 calls, 0.5 EUR in all\n",
        "from 2 approvers other than the grant's own human, within 10 min\n",
        "2026-11-23T20:30:00Z (30 min)\n",
        "allowed, 1 level deep\n",
        "an authenticated session is enough\n",
    };
    char *text = words(writ_words_grant, GRANT);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++)
        assert_non_null(strstr(text, LINES[i]));
    assert_null(strstr(text, "within      ")); /* no parent */
    free(text);
}

static void no_limits(void **state)
{
    char *text = words(writ_words_grant, "{\"limits\":{},\"parent\":\"g-1\"}");

    (void)state;
    assert_non_null(strstr(text, "no limit of calls, rate, spending or concurrency"));
    assert_non_null(strstr(text, "within      g-1\n"));
    assert_non_null(strstr(text, "not allowed\n"));
    free(text);
}

static void target(void **state)
{
    char *text = words(writ_words_target,
                       "{\"target\":\"files\",\"environment\":\"test\",\"third_party\":true,"
                       "\"resources\":{\"rm\":[\"file://{p}\"]},\"on_new_tool\":\"hold\"}");

    (void)state;
    assert_non_null(strstr(text, "Target files (test, third party)\n"));
    assert_non_null(strstr(text, "rm  [\"file://{p}\"]\n"));
    assert_non_null(strstr(text, "are held until somebody accepts them\n"));
    free(text);
}

/* The arguments are shown whole, and as JSON that cannot act on the terminal. */
static void approval(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    struct writ_out out = { f, false, false, 0 };
    json_t *item = json_pack("{s:s,s:s,s:[s],s:i}", "id", "a-1", "action", "files/tools/rm",
                             "resources", "file:///x", "quorum", 1);
    json_t *args = json_pack("{s:s}", "path", "/x\033[2J\xe2\x80\xae");

    (void)state;
    writ_words_approval(&out, item, args);
    writ_words_approval(&out, item, NULL);
    (void)fclose(f);
    assert_non_null(strstr(text, "files/tools/rm\n"));
    assert_non_null(strstr(text, "/x\\u001B[2J\\u{202e}"));
    assert_non_null(strstr(text, "(not there any more)"));
    assert_null(strchr(text, '\033'));
    json_decref(item);
    json_decref(args);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constraints), cmocka_unit_test(grant),    cmocka_unit_test(no_limits),
        cmocka_unit_test(target),      cmocka_unit_test(approval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
