#include "test.h"

#include "options.h"

#include "base/banned.h"

/* clang-format off */
static const struct writ_option GLOBAL[] = {
    { WRIT_OPTION_ONE, "home", NULL, "DIR", "", false },
    { WRIT_OPTION_FLAG, "json", NULL, NULL, "", false },
    WRIT_OPTIONS_DONE,
};
static const struct writ_option OWN[] = {
    { WRIT_OPTION_ONE, "reason", NULL, "TEXT", "", true },
    { WRIT_OPTION_ONE, "human", "sign-as", "NAME", "", false },
    { WRIT_OPTION_MANY, "action", NULL, "PATTERN", "", false },
    { WRIT_OPTION_FLAG, "yes", "y", NULL, "", false },
    WRIT_OPTIONS_DONE,
};

#define ARGS_MAX 8
struct row {
    const char *rule;
    const char *argv[ARGS_MAX]; /* ends with NULL */
    enum writ_status parsed, complete;
    const char *error; /* a part of its text */
    const char *rendered; /* with spaces for NUL, when parsed */
};

static const struct row ROWS[] = {
    { "a value is the next argument",   { "--reason", "x" }, WRIT_OK, WRIT_OK, NULL, "--reason=x -- " },
    { "or stands after an equals sign", { "--reason=x" }, WRIT_OK, WRIT_OK, NULL, "--reason=x -- " },
    { "a value may hold equals signs",  { "--reason=a=b" }, WRIT_OK, WRIT_OK, NULL, "--reason=a=b -- " },
    { "a value may begin with a dash",  { "--reason", "-x" }, WRIT_OK, WRIT_OK, NULL, "--reason=-x -- " },
    { "an alias is the option itself",  { "--reason=x", "--sign-as", "al" }, WRIT_OK, WRIT_OK, NULL, "--reason=x --human=al -- " },
    { "alias and name are one option",  { "--sign-as=a", "--human=b" }, WRIT_ARG, WRIT_OK, "--human is given twice", NULL },
    { "a letter takes one dash",        { "-y", "--reason=x" }, WRIT_OK, WRIT_OK, NULL, "--yes --reason=x -- " },
    { "and not two",                    { "--y" }, WRIT_ARG, WRIT_OK, "unknown option --y", NULL },
    { "a name takes two dashes",        { "-yes" }, WRIT_ARG, WRIT_OK, "unknown option -yes", NULL },
    { "global options are known too",   { "--json", "--reason=x" }, WRIT_OK, WRIT_OK, NULL, "--json --reason=x -- " },
    { "a list option repeats",          { "--action=a", "--action=b", "--reason=x" }, WRIT_OK, WRIT_OK, NULL, "--action=a --action=b --reason=x -- " },
    { "another does not",               { "--reason=a", "--reason=b" }, WRIT_ARG, WRIT_OK, "--reason is given twice", NULL },
    { "a flag does not repeat either",  { "--yes", "-y" }, WRIT_ARG, WRIT_OK, "--yes is given twice", NULL },
    { "a flag takes no value",          { "--yes=1" }, WRIT_ARG, WRIT_OK, "--yes takes no value", NULL },
    { "a value is needed",              { "--reason" }, WRIT_ARG, WRIT_OK, "--reason needs a value", NULL },
    { "an empty value is refused",      { "--reason", "" }, WRIT_ARG, WRIT_OK, "--reason needs a value", NULL },
    { "also after an equals sign",      { "--reason=" }, WRIT_ARG, WRIT_OK, "--reason needs a value", NULL },
    { "unknown: the nearest is named",  { "--raeson=x" }, WRIT_ARG, WRIT_OK, "did you mean --reason?", NULL },
    { "unknown: a beginning is enough", { "--rea=x" }, WRIT_ARG, WRIT_OK, "did you mean --reason?", NULL },
    { "unknown: nothing is near",       { "--zzzzzz" }, WRIT_ARG, WRIT_OK, "unknown option --zzzzzz", NULL },
    { "words stand anywhere",           { "one", "--reason=x" }, WRIT_OK, WRIT_OK, NULL, "--reason=x -- one " },
    { "too many words",                 { "one", "two" }, WRIT_ARG, WRIT_OK, "unexpected argument \"two\"", NULL },
    { "an empty word is refused",       { "" }, WRIT_ARG, WRIT_OK, "an argument is empty", NULL },
    { "after -- all are words",         { "--reason=x", "--", "--yes" }, WRIT_OK, WRIT_OK, NULL, "--reason=x -- --yes " },
    { "one dash is a word",             { "--reason=x", "-" }, WRIT_OK, WRIT_OK, NULL, "--reason=x -- - " },
    { "a needed option is missing",     { "one" }, WRIT_OK, WRIT_ARG, "--reason TEXT is missing", "-- one " },
    { "control bytes do not come back", { "--\033[2J" }, WRIT_ARG, WRIT_OK, "unknown option --?[2J", NULL },
};
/* clang-format on */

static int count(const char *const *argv)
{
    int n = 0;

    while (n < ARGS_MAX && argv[n] != NULL)
        n++;
    return n;
}

static void parse_table(void **state)
{
    const struct writ_args_spec spec = { GLOBAL, OWN, 0, 1, false };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct row *t = &ROWS[i];
        struct writ_args args = { .len = 77 };
        struct writ_err err = { 0 };
        WRIT_AUTO_BUF rendered;

        print_message("  %s\n", t->rule);
        writ_buf_init(&rendered, 4096);
        assert_int_equal(
            writ_args_parse(&spec, count(t->argv), (char *const *)(uintptr_t)t->argv, &args, &err),
            t->parsed);
        if (t->parsed != WRIT_OK) {
            assert_int_equal(args.len, 77); /* untouched */
            assert_non_null(strstr(err.text, t->error));
            continue;
        }
        assert_int_equal(writ_args_complete(&spec, &args, &err), t->complete);
        if (t->complete != WRIT_OK)
            assert_non_null(strstr(err.text, t->error));
        assert_int_equal(writ_args_render(&args, &rendered), WRIT_OK);
        for (size_t k = 0; k < rendered.len; k++)
            if (rendered.ptr[k] == '\0')
                rendered.ptr[k] = ' ';
        assert_true(writ_slice_is(writ_buf_slice(&rendered), t->rendered));
    }
}

static void tail(void **state)
{
    static const char *const ARGV[] = { "--json", "--", "npx", "--yes", "", NULL };
    const struct writ_args_spec spec = { GLOBAL, OWN, 0, 0, true };
    struct writ_args args;
    struct writ_err err;

    (void)state;
    assert_int_equal(writ_args_parse(&spec, 5, (char *const *)(uintptr_t)ARGV, &args, &err),
                     WRIT_OK);
    assert_int_equal(args.tail_len, 3);
    assert_string_equal(args.tail[1], "--yes");
    assert_null(args.tail[3]);
    assert_false(writ_args_has(&args, "yes"));
    assert_int_equal(writ_args_parse(&spec, 1, (char *const *)(uintptr_t)ARGV, &args, &err),
                     WRIT_OK);
    assert_int_equal(writ_args_complete(&(struct writ_args_spec){ .tail = true }, &args, &err),
                     WRIT_ARG);
}

static void leading(void **state)
{
    static const char *const ARGV[] = { "--home", "/x", "status", "--json", NULL };
    struct writ_args args;
    struct writ_err err;
    int used = 0;

    (void)state;
    assert_int_equal(
        writ_args_leading(GLOBAL, 4, (char *const *)(uintptr_t)ARGV, &args, &used, &err), WRIT_OK);
    assert_int_equal(used, 2);
    assert_string_equal(writ_args_value(&args, "home"), "/x");
    assert_false(writ_args_has(&args, "json"));
}

static void distance(void **state)
{
    (void)state;
    assert_int_equal(writ_text_distance(WRIT_LIT("stauts"), WRIT_LIT("status")), 1);
    assert_int_equal(writ_text_distance(WRIT_LIT(""), WRIT_LIT("abc")), 3);
    assert_int_equal(writ_text_distance(WRIT_LIT("kitten"), WRIT_LIT("sitting")), 3);
    assert_int_equal(writ_text_distance(WRIT_LIT("same"), WRIT_LIT("same")), 0);
    assert_true(writ_text_distance(WRIT_LIT("0123456789012345678901234567890123456789"),
                                   WRIT_LIT("x")) == SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_table),
        cmocka_unit_test(tail),
        cmocka_unit_test(leading),
        cmocka_unit_test(distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
