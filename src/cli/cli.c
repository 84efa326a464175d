#include "command.h"

#include <stdlib.h>

#include "connect.h"
#include "help.h"

#include "base/banned.h"

#ifndef WRIT_VERSION
#define WRIT_VERSION "0"
#endif

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_UNREACHABLE = 3 };

const char *writ_cli_value(const struct writ_cli *cli, const char *option, const char *variable)
{
    const char *value = writ_args_value(&cli->args, option);

    if (value == NULL)
        value = getenv(variable);
    return value != NULL && *value != '\0' ? value : NULL;
}

enum writ_status writ_cli_need(const struct writ_cli *cli, const char *option, const char *variable,
                               const char **out, struct writ_err *err)
{
    const char *value = writ_cli_value(cli, option, variable);

    if (value == NULL)
        return writ_fail(err, WRIT_ARG, "--%s is missing, and %s is not set", option, variable);
    *out = value;
    return WRIT_OK;
}

/* With --json a program reads the error where it would have read the answer. */
static void print_error(struct writ_cli *cli, const struct writ_err *err)
{
    if (cli->json && !cli->printed) {
        WRIT_AUTO_JSON *e = json_pack("{s:{s:s, s:s}}", "error", "status",
                                      writ_status_text(err->status), "text", err->text);
        writ_put_json(&cli->out, e);
    }
    writ_put_style(&cli->note, WRIT_STYLE_BAD, "writ: ");
    writ_say(&cli->note, "%s", err->text);
    if (err->status == WRIT_ARG && cli->command != NULL)
        writ_say(&cli->note, "Try `writ %s --help`.", cli->command->name);
}

static int exit_code(enum writ_status st, const struct writ_cli *cli)
{
    if (st == WRIT_OK)
        return cli->exit;
    if (st == WRIT_ARG)
        return EXIT_USAGE;
    return st == WRIT_CLOSED ? EXIT_UNREACHABLE : EXIT_REFUSED;
}

static enum writ_status unknown_command(struct writ_cli *cli, const char *word,
                                        struct writ_err *err)
{
    const char *nearest = writ_command_nearest(writ_cstr(word));

    if (writ_help_family(&cli->note, word))
        return writ_fail(err, WRIT_ARG, "writ %s needs one of the words above", word);
    if (nearest != NULL)
        return writ_fail(err, WRIT_ARG, "there is no command \"%s\"; did you mean %s?", word,
                         nearest);
    return writ_fail(err, WRIT_ARG, "there is no command \"%s\"; see `writ help`", word);
}

/* Options that stood before the command count as if they stood behind it. */
static enum writ_status merge(struct writ_args *args, const struct writ_args *leading,
                              struct writ_err *err)
{
    for (size_t i = 0; i < leading->len; i++) {
        const struct writ_arg *a = &leading->at[i];

        if (writ_args_has(args, a->option->name))
            return writ_fail(err, WRIT_ARG, "--%s is given twice", a->option->name);
        if (args->len == WRIT_ARGS_MAX)
            return writ_fail(err, WRIT_ARG, "more than %d options", WRIT_ARGS_MAX);
        args->at[args->len++] = *a;
    }
    return WRIT_OK;
}

static enum writ_status run(struct writ_cli *cli, int argc, char *const *argv, struct writ_err *err)
{
    struct writ_args leading;
    int used = 0, words = 0;

    WRIT_TRY(writ_args_leading(WRIT_GLOBAL_OPTIONS, argc, argv, &leading, &used, err));
    argc -= used;
    argv += used;
    cli->json = writ_args_has(&leading, "json");
    if (writ_args_has(&leading, "version")) {
        writ_say(&cli->out, "writ %s", WRIT_VERSION);
        return WRIT_OK;
    }
    if (argc == 0 && writ_args_has(&leading, "help")) {
        writ_help_overview(&cli->out);
        return WRIT_OK;
    }
    if (argc == 0) {
        writ_help_overview(&cli->note);
        return writ_fail(err, WRIT_ARG, "say which command");
    }
    cli->command = writ_command_find(argc, argv, &words);
    if (cli->command == NULL)
        return unknown_command(cli, argv[0], err);
    struct writ_args_spec spec = writ_command_spec(cli->command);
    WRIT_TRY(writ_args_parse(&spec, argc - words, argv + words, &cli->args, err));
    WRIT_TRY(merge(&cli->args, &leading, err));
    cli->json = writ_args_has(&cli->args, "json");
    if (writ_args_has(&cli->args, "help")) {
        writ_help_command(&cli->out, cli->command);
        return WRIT_OK;
    }
    if (writ_args_has(&cli->args, "version")) {
        writ_say(&cli->out, "writ %s", WRIT_VERSION);
        return WRIT_OK;
    }
    WRIT_TRY(writ_args_complete(&spec, &cli->args, err));
    return cli->command->run(cli, err);
}

int writ_cli_main(int argc, char *const *argv, struct writ_out out, struct writ_out note)
{
    struct writ_cli *cli = calloc(1, sizeof(*cli));
    struct writ_err err = { 0 };

    if (cli == NULL) {
        writ_say(&note, "writ: out of memory");
        return EXIT_REFUSED;
    }
    cli->env = writ_env_system();
    cli->out = out;
    cli->note = note;
    enum writ_status st = run(cli, argc - 1, argv + 1, &err);
    if (st == WRIT_OK)
        st = writ_out_close(&cli->out, &err);
    if (st != WRIT_OK) {
        if (err.text[0] == '\0')
            (void)writ_fail(&err, st, "%s", writ_status_text(st));
        err.status = st;
        print_error(cli, &err);
        (void)fflush(cli->out.file);
    }
    int code = exit_code(st, cli);
    writ_call_close(cli);
    free(cli);
    return code;
}
