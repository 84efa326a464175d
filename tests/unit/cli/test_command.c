#include "test.h"

#include "command.h"

#include "base/banned.h"

struct row {
    const char *rule;
    const char *argv[6];
    int want;
    const char *out, *note; /* parts of what is printed */
};

/* No home, no daemon: what can be said without them. */
/* clang-format off */
static const struct row ROWS[] = {
    { "no command", { NULL }, 2, "", "Operators run the authority" },
    { "help", { "help" }, 0, "A first session:", "" },
    { "--help is the same", { "--help" }, 0, "A first session:", "" },
    { "help of a command", { "help", "grant" }, 0, "usage: writ grant", "" },
    { "help of two words", { "help", "human", "add" }, 0, "usage: writ human add", "" },
    { "help of a family", { "help", "human" }, 0, "human suspend", "" },
    { "help of nothing", { "help", "nothing" }, 2, "", "no command" },
    { "--help behind a command, without what it needs", { "show", "--help" }, 0, "usage: writ show", "" },
    { "version", { "--version" }, 0, "writ ", "" },
    { "an unknown command", { "stauts" }, 2, "", "did you mean status?" },
    { "half a command", { "human" }, 2, "", "human remove" },
    { "a needed option", { "init" }, 2, "", "--cell NAME is missing" },
    { "a needed word", { "show" }, 2, "", "an argument is missing" },
    { "one word too many", { "show", "a", "b" }, 2, "", "unexpected argument" },
    { "an option twice, before and behind", { "--home=/a", "status", "--home=/b" }, 2, "", "--home is given twice" },
    { "no home", { "--home=/nowhere", "status" }, 1, "", "is not a home of Writ" },
    { "no home, for a program", { "--home=/nowhere", "--json", "status" }, 1, "\"status\": \"no such thing\"", "writ: " },
    { "a shell that we do not know", { "completion", "fish" }, 2, "", "bash and zsh" },
    { "completion", { "completion", "bash" }, 0, "complete -o default -F _writ writ", "" },
    { "mcp without a command", { "mcp", "--target=t", "--agent=a", "--" }, 2, "", "the command to run is missing" },
    { "control bytes are not repeated", { "\033[2J" }, 2, "", "no command \"?[2J\"" },
};
/* clang-format on */

static void command_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct row *t = &ROWS[i];
        const char *argv[8] = { "writ" };
        int argc = 1;
        char *out = NULL, *note = NULL;
        size_t out_len = 0, note_len = 0;
        FILE *out_file = open_memstream(&out, &out_len);
        FILE *note_file = open_memstream(&note, &note_len);

        print_message("  %s\n", t->rule);
        for (; argc < 7 && t->argv[argc - 1] != NULL; argc++)
            argv[argc] = t->argv[argc - 1];
        int got = writ_cli_main(argc, (char *const *)(uintptr_t)argv,
                                (struct writ_out){ out_file, false, false, 0 },
                                (struct writ_out){ note_file, false, false, 0 });
        (void)fclose(out_file);
        (void)fclose(note_file);
        assert_int_equal(got, t->want);
        assert_non_null(strstr(out, t->out));
        assert_non_null(strstr(note, t->note));
        free(out);
        free(note);
    }
}

/* What every row of the table promises to help and completion. */
static void table_is_whole(void **state)
{
    (void)state;
    for (const struct writ_command *c = WRIT_COMMANDS; c->name != NULL; c++) {
        size_t n = strlen(c->detail);

        print_message("  %s\n", c->name);
        assert_true(c->group != WRIT_GROUP_NONE && c->run != NULL && c->options != NULL);
        assert_true(c->words_min <= c->words_max);
        assert_true(n > 0 && c->detail[n - 1] == '\n');
        assert_non_null(strstr(c->example, "writ "));
        assert_true(c->summary[strlen(c->summary) - 1] != '.');
        for (const struct writ_option *o = c->options; o->kind != WRIT_OPTION_END; o++) {
            assert_true((o->kind == WRIT_OPTION_FLAG) == (o->value == NULL));
            assert_true(o->help != NULL && *o->help != '\0');
            for (const struct writ_option *g = WRIT_GLOBAL_OPTIONS; g->kind != WRIT_OPTION_END; g++)
                assert_string_not_equal(o->name, g->name);
            for (const struct writ_option *p = c->options; p != o; p++)
                assert_string_not_equal(o->name, p->name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(command_table),
                                        cmocka_unit_test(table_is_whole) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
