#include "test.h"

#include "command.h"

#include "base/banned.h"

/* The page, whole; NUL-terminated. */
static char *page(void)
{
    static char text[256 * 1024];
    FILE *f = fopen(WRIT_MAN_PAGE, "r");

    assert_non_null(f);
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    (void)fclose(f);
    text[n] = '\0';
    return text;
}

/* A line that begins with `start` and goes on with a space, a newline or the end. */
static const char *line_of(const char *from, const char *until, const char *start)
{
    size_t n = strlen(start);

    for (const char *at = from; (at = strstr(at, start)) != NULL && at < until; at++)
        if ((at == from || at[-1] == '\n') && (at[n] == ' ' || at[n] == '\n' || at[n] == '\0'))
            return at;
    return NULL;
}

static void check_options(const char *from, const char *until, const struct writ_option *table)
{
    for (const struct writ_option *o = table; o->kind != WRIT_OPTION_END; o++) {
        char plain[64], lettered[80];

        (void)snprintf(plain, sizeof(plain), ".It Fl \\-%s", o->name);
        (void)snprintf(lettered, sizeof(lettered), ".It Fl %s , Fl \\-%s",
                       o->alias != NULL ? o->alias : "", o->name);
        print_message("    --%s\n", o->name);
        assert_true(line_of(from, until, plain) != NULL || line_of(from, until, lettered) != NULL);
    }
}

/* Each command has an item of its own, and each of its options one within it. */
static void commands_and_options(void **state)
{
    const char *text = page(), *end = text + strlen(text);

    (void)state;
    check_options(text, end, WRIT_GLOBAL_OPTIONS);
    for (const struct writ_command *c = WRIT_COMMANDS; c->name != NULL; c++) {
        char item[64];

        (void)snprintf(item, sizeof(item), ".It Nm writ Cm %s", c->name);
        print_message("  %s\n", c->name);
        const char *from = line_of(text, end, item);
        assert_non_null(from);
        const char *until = strstr(from + 1, "\n.It Nm writ Cm ");
        check_options(from, until != NULL ? until : end, c->options);
    }
}

/* And nothing else: an item for every command that there is, and no more. */
static void no_others(void **state)
{
    size_t items = 0, commands = 0;

    (void)state;
    for (const char *at = page(); (at = strstr(at, "\n.It Nm writ Cm ")) != NULL; at++)
        items++;
    while (WRIT_COMMANDS[commands].name != NULL)
        commands++;
    assert_int_equal(items, commands);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(commands_and_options),
                                        cmocka_unit_test(no_others) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
